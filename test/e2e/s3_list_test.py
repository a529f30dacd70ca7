# SPDX-License-Identifier: Apache-2.0
"""Listing objects: order, prefixes, delimiters, pages; checked against a model in Python."""
import random

import pytest
from s3_kit import keys, make_bucket, prefixes, raw, refused

KEYS = sorted(["a", "a/", "a/1", "a/2", "a/b/1", "a/b/2", "ab", "b//1", "b//2", "b/1", "c", "c-1",
               "ü/1", "ü/2", "z z", "z+z", "x" * 200, "日本/1", "d|1", "d|2", "dd"],
              key=lambda k: k.encode())


@pytest.fixture(scope="module")
def s3(weir):
    return weir.client("s3")


@pytest.fixture(scope="module")
def bucket(s3):
    name = make_bucket(s3)
    shuffled = KEYS[:]
    random.Random(7).shuffle(shuffled)
    for key in shuffled:
        s3.put_object(Bucket=name, Key=key, Body=key.encode())
    return name


def expected(prefix, delimiter, after=""):
    """What a list without limits has, in order."""
    rows = []
    for key in KEYS:
        if not key.startswith(prefix) or key.encode() <= after.encode():
            continue
        at = key.find(delimiter, len(prefix)) if delimiter else -1
        row = key if at < 0 else ("prefix", key[:at + len(delimiter)])
        if row not in rows:
            rows.append(row)
    return rows


def rows(answer):
    listed = keys(answer) + [("prefix", p) for p in prefixes(answer)]
    return sorted(listed, key=lambda r: (r if isinstance(r, str) else r[1]).encode())


QUESTIONS = [(prefix, delimiter) for prefix in ("", "a", "a/", "a/b", "b/", "ü", "nothing", "d")
             for delimiter in ("", "/", "//", "|", "/1", "b")]


@pytest.mark.parametrize("prefix,delimiter", QUESTIONS)
def test_pages_of_every_size_make_the_whole_list(s3, bucket, prefix, delimiter):
    wanted = expected(prefix, delimiter)
    ask = {"Bucket": bucket, "Prefix": prefix, **({"Delimiter": delimiter} if delimiter else {})}
    for size in (1, 2, 3, 1000):
        seen, token = [], {}
        while True:
            page = s3.list_objects_v2(MaxKeys=size, **ask, **token)
            assert page["KeyCount"] == len(rows(page)) <= size
            seen += rows(page)
            if not page["IsTruncated"]:
                assert "NextContinuationToken" not in page
                break
            token = {"ContinuationToken": page["NextContinuationToken"]}
        assert seen == sorted(wanted, key=lambda r: (r if isinstance(r, str) else r[1]).encode())


@pytest.mark.parametrize("delimiter", ["", "/"])
def test_the_older_list_goes_on_behind_its_marker(s3, bucket, delimiter):
    ask = {"Bucket": bucket, **({"Delimiter": delimiter} if delimiter else {})}
    for size in (1, 2, 5):
        seen, marker = [], {}
        while True:
            page = s3.list_objects(MaxKeys=size, **ask, **marker)
            seen += rows(page)
            assert all("Owner" in o for o in page.get("Contents", []))
            if not page["IsTruncated"]:
                break
            if delimiter:
                marker = {"Marker": page["NextMarker"]}
            else:
                assert "NextMarker" not in page
                marker = {"Marker": page["Contents"][-1]["Key"]}
        assert seen == sorted(expected("", delimiter),
                              key=lambda r: (r if isinstance(r, str) else r[1]).encode())


def test_start_after_need_not_be_a_key(s3, bucket):
    for after in ("a/2", "aa", "zzz", "a/1x"):
        page = s3.list_objects_v2(Bucket=bucket, StartAfter=after)
        assert keys(page) == expected("", "", after) and page["StartAfter"] == after


def test_what_a_list_says_of_an_object(s3, bucket):
    one = s3.list_objects_v2(Bucket=bucket, Prefix="ab")["Contents"][0]
    assert one["Size"] == 2 and one["StorageClass"] == "STANDARD" and "Owner" not in one
    head = s3.head_object(Bucket=bucket, Key="ab")
    assert one["ETag"] == head["ETag"] and one["LastModified"] == head["LastModified"]
    one = s3.list_objects_v2(Bucket=bucket, Prefix="ab", FetchOwner=True)["Contents"][0]
    assert len(one["Owner"]["ID"]) == 64


def test_max_keys_has_its_limits(s3, bucket):
    none = s3.list_objects_v2(Bucket=bucket, MaxKeys=0)
    assert none["KeyCount"] == 0 and none["IsTruncated"] is False
    assert s3.list_objects_v2(Bucket=bucket, MaxKeys=5000)["MaxKeys"] == 1000
    refused("InvalidArgument", 400, s3.list_objects_v2, Bucket=bucket, MaxKeys=-1)
    refused("InvalidArgument", 400, s3.list_objects_v2, Bucket=bucket, ContinuationToken="?")


def test_a_common_prefix_of_thousands_is_one_step(s3):
    bucket = make_bucket(s3)
    for i in range(300):
        s3.put_object(Bucket=bucket, Key=f"big/{i:04}", Body=b"")
    s3.put_object(Bucket=bucket, Key="small", Body=b"")
    page = s3.list_objects_v2(Bucket=bucket, Delimiter="/", MaxKeys=2)
    assert rows(page) == [("prefix", "big/"), "small"] and page["IsTruncated"] is False


def test_what_is_deleted_is_not_listed(s3):
    bucket = make_bucket(s3, "Enabled")
    for i in range(20):
        s3.put_object(Bucket=bucket, Key=f"{i:02}", Body=b"")
    for i in range(0, 20, 2):
        s3.delete_object(Bucket=bucket, Key=f"{i:02}")
    seen, token = [], {}
    while True:
        page = s3.list_objects_v2(Bucket=bucket, MaxKeys=3, **token)
        seen += keys(page)
        if not page["IsTruncated"]:
            break
        token = {"ContinuationToken": page["NextContinuationToken"]}
    assert seen == [f"{i:02}" for i in range(1, 20, 2)]


def test_a_marker_inside_a_common_prefix_leaves_it_behind(s3):
    bucket = make_bucket(s3)
    for key in ("f/a/1", "f/a/2", "f/b", "f/c"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    ask = {"Bucket": bucket, "Prefix": "f/", "Delimiter": "/", "MaxKeys": 1}
    page = s3.list_objects(**ask, Marker="f/a/1")
    assert rows(page) == ["f/b"] and page["NextMarker"] == "f/b"
    page = s3.list_object_versions(**ask, KeyMarker="f/a/1")
    assert [v["Key"] for v in page["Versions"]] == ["f/b"] and page["NextKeyMarker"] == "f/b"
    upload = {key: s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
              for key in ("f/a/1", "f/b", "f/c")}
    page = s3.list_multipart_uploads(Bucket=bucket, Prefix="f/", Delimiter="/", MaxUploads=1,
                                     KeyMarker="f/a/1")
    assert [u["UploadId"] for u in page["Uploads"]] == [upload["f/b"]]


def test_numbers_of_a_query_are_numbers(weir, bucket):
    for text, code in (("blah", 400), ("99999999999999999999", 400), ("", 200)):
        status, _, answer = raw(weir, "GET", "list_objects", Bucket=bucket, MaxKeys=text)
        assert status == code, answer
        assert code == 200 or b"<Code>InvalidArgument</Code>" in answer


def test_a_token_leaves_start_after_behind(s3, bucket):
    token = s3.list_objects_v2(Bucket=bucket, MaxKeys=2)["NextContinuationToken"]
    page = s3.list_objects_v2(Bucket=bucket, StartAfter="z z", ContinuationToken=token)
    assert keys(page) == KEYS[2:] and "StartAfter" not in page


def test_everything_is_encoded_that_may_be(s3):
    bucket = make_bucket(s3)
    for key in ("asdf+b", "foo+1/bar", "quux ab/thud"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    ask = {"Bucket": bucket, "EncodingType": "url"}
    page = s3.list_objects_v2(**ask, Delimiter="/", StartAfter="a +")
    assert keys(page) == ["asdf%2Bb"] and prefixes(page) == ["foo%2B1/", "quux%20ab/"]
    assert page["StartAfter"] == "a%20%2B"
    page = s3.list_object_versions(**ask, MaxKeys=1, KeyMarker="a +", Prefix="asdf+")
    assert page["KeyMarker"] == "a%20%2B" and page["Prefix"] == "asdf%2B"
    s3.create_multipart_upload(Bucket=bucket, Key="a b")
    page = s3.list_multipart_uploads(**ask, Delimiter=" ")
    assert prefixes(page) == ["a%20"] and page["Delimiter"] == "%20"
