# SPDX-License-Identifier: Apache-2.0
"""Multipart uploads: their rules, their ETags and checksums, copied parts, what survives."""
import base64
import hashlib
import os
import zlib

import pytest
from s3_kit import MIB, body, make_bucket, refused, status

PART = 5 * MIB


@pytest.fixture(scope="module")
def s3(weir):
    return weir.client("s3")


@pytest.fixture(scope="module")
def bucket(s3):
    return make_bucket(s3)


@pytest.fixture(scope="module")
def content():
    return os.urandom(2 * PART + 1000)


def begin(s3, bucket, key, **more):
    return s3.create_multipart_upload(Bucket=bucket, Key=key, **more)["UploadId"]


def upload(s3, bucket, key, content, size=PART, part=None, **more):
    """Begins and sends all parts; gives the id and what completing wants."""
    upload_id = begin(s3, bucket, key, **more)
    parts = []
    for number, at in enumerate(range(0, len(content), size), 1):
        sent = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload_id, PartNumber=number,
                              Body=content[at:at + size], **(part or {}))
        parts.append({"PartNumber": number, "ETag": sent["ETag"],
                      **{k: v for k, v in sent.items()
                         if k.startswith("Checksum") and k != "ChecksumType"}})
    return upload_id, parts


def complete(s3, bucket, key, upload_id, parts, **more):
    return s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id,
                                        MultipartUpload={"Parts": parts}, **more)


def multi_etag(content, size=PART):
    digests = [hashlib.md5(content[at:at + size]).digest()
               for at in range(0, len(content), size)]
    return f'"{hashlib.md5(b"".join(digests)).hexdigest()}-{len(digests)}"'


def test_parts_become_an_object(s3, bucket, content):
    upload_id, parts = upload(s3, bucket, "whole", content, Metadata={"a": "b"},
                              ContentType="text/plain", Tagging="t=1")
    done = complete(s3, bucket, "whole", upload_id, parts)
    assert done["ETag"] == multi_etag(content) and done["Key"] == "whole"
    assert done["Location"].endswith(f"/{bucket}/whole")
    got = s3.get_object(Bucket=bucket, Key="whole")
    assert body(got) == content and got["ETag"] == done["ETag"]
    assert got["Metadata"] == {"a": "b"} and got["ContentType"] == "text/plain"
    assert got["TagCount"] == 1 and "PartsCount" not in got
    refused("NoSuchUpload", 404, s3.list_parts, Bucket=bucket, Key="whole", UploadId=upload_id)


@pytest.mark.parametrize("first,last", [(0, 0), (PART - 1, PART), (PART, PART), (1, 2 * PART + 998),
                                        (2 * PART - 3, 2 * PART + 5), (2 * PART + 999, None)])
def test_a_range_goes_over_the_edges_of_parts(s3, bucket, content, first, last):
    upload_id, parts = upload(s3, bucket, "range", content)
    complete(s3, bucket, "range", upload_id, parts)
    header = f"bytes={first}-{'' if last is None else last}"
    got = s3.get_object(Bucket=bucket, Key="range", Range=header)
    assert status(got) == 206 and body(got) == content[first:None if last is None else last + 1]


def test_one_part_can_be_read(s3, bucket, content):
    upload_id, parts = upload(s3, bucket, "by-part", content)
    complete(s3, bucket, "by-part", upload_id, parts)
    for number in (1, 2, 3):
        got = s3.get_object(Bucket=bucket, Key="by-part", PartNumber=number)
        assert status(got) == 206 and got["PartsCount"] == 3
        assert body(got) == content[(number - 1) * PART:number * PART]
    head = s3.head_object(Bucket=bucket, Key="by-part", PartNumber=3)
    assert head["ContentLength"] == 1000 and head["PartsCount"] == 3
    refused("InvalidPartNumber", 416, s3.get_object, Bucket=bucket, Key="by-part", PartNumber=4)


def test_part_numbers_may_have_gaps_and_parts_be_sent_again(s3, bucket, content):
    upload_id = begin(s3, bucket, "gaps")
    sent = {}
    for number, piece in ((7, content[:PART]), (9999, b"tail"), (7, content[5:PART + 5]),
                          (8, b"not used")):
        sent[number] = s3.upload_part(Bucket=bucket, Key="gaps", UploadId=upload_id,
                                      PartNumber=number, Body=piece)["ETag"]
    done = complete(s3, bucket, "gaps", upload_id,
                    [{"PartNumber": n, "ETag": sent[n]} for n in (7, 9999)])
    assert done["ETag"].endswith('-2"')
    assert body(s3.get_object(Bucket=bucket, Key="gaps")) == content[5:PART + 5] + b"tail"


def test_completing_is_checked(s3, bucket, content):
    upload_id, parts = upload(s3, bucket, "checked", content)
    ask = {"Bucket": bucket, "Key": "checked", "UploadId": upload_id}

    def wrong(code, parts, status=400, **more):
        return refused(code, status, s3.complete_multipart_upload, **ask,
                       MultipartUpload={"Parts": parts}, **more)

    wrong("InvalidPartOrder", [parts[1], parts[0], parts[2]])
    wrong("InvalidPartOrder", [parts[0], parts[0]])
    wrong("InvalidPart", [parts[0], {**parts[1], "ETag": parts[0]["ETag"]}])
    wrong("InvalidPart", [parts[0], {"PartNumber": 5, "ETag": parts[0]["ETag"]}])
    wrong("InvalidRequest", parts, MpuObjectSize=5)
    refused("InvalidRequest", 400, s3.complete_multipart_upload, **ask)
    small, small_parts = upload(s3, bucket, "small", b"x" * 3000, 1000)
    refused("EntityTooSmall", 400, s3.complete_multipart_upload, Bucket=bucket, Key="small",
            UploadId=small, MultipartUpload={"Parts": small_parts})
    refused("NoSuchUpload", 404, s3.complete_multipart_upload, Bucket=bucket, Key="other",
            UploadId=upload_id, MultipartUpload={"Parts": parts})
    complete(s3, bucket, "checked", upload_id, parts, MpuObjectSize=len(content))


def test_completing_again_answers_the_same(s3, bucket, content):
    upload_id, parts = upload(s3, bucket, "again", content)
    first = complete(s3, bucket, "again", upload_id, parts)
    second = complete(s3, bucket, "again", upload_id, parts)
    assert first["ETag"] == second["ETag"] and first["Location"] == second["Location"]


def test_completing_can_be_conditional(s3, bucket, content):
    s3.put_object(Bucket=bucket, Key="if", Body=b"there")
    upload_id, parts = upload(s3, bucket, "if", content)
    refused("PreconditionFailed", 412, s3.complete_multipart_upload, Bucket=bucket, Key="if",
            UploadId=upload_id, MultipartUpload={"Parts": parts}, IfNoneMatch="*")
    etag = s3.head_object(Bucket=bucket, Key="if")["ETag"]
    complete(s3, bucket, "if", upload_id, parts, IfMatch=etag)
    assert s3.head_object(Bucket=bucket, Key="if")["ContentLength"] == len(content)


def test_part_numbers_have_limits(s3, bucket):
    upload_id = begin(s3, bucket, "limits")
    for number in (0, 10001, -1):
        refused("InvalidArgument", 400, s3.upload_part, Bucket=bucket, Key="limits",
                UploadId=upload_id, PartNumber=number, Body=b"x")
    refused("NoSuchUpload", 404, s3.upload_part, Bucket=bucket, Key="limits", UploadId="nonsense",
            PartNumber=1, Body=b"x")
    s3.abort_multipart_upload(Bucket=bucket, Key="limits", UploadId=upload_id)
    refused("NoSuchUpload", 404, s3.abort_multipart_upload, Bucket=bucket, Key="limits",
            UploadId=upload_id)


def test_parts_are_listed_in_pages(s3, bucket):
    upload_id, parts = upload(s3, bucket, "parts", b"0123456789", 2)
    seen, marker = [], 0
    while True:
        page = s3.list_parts(Bucket=bucket, Key="parts", UploadId=upload_id, MaxParts=2,
                             PartNumberMarker=marker)
        seen += [(p["PartNumber"], p["ETag"], p["Size"]) for p in page["Parts"]]
        assert page["StorageClass"] == "STANDARD" and len(page["Owner"]["ID"]) == 64
        if not page["IsTruncated"]:
            break
        marker = page["NextPartNumberMarker"]
    assert seen == [(p["PartNumber"], p["ETag"], 2) for p in parts]


def test_uploads_are_listed_in_pages(s3):
    bucket = make_bucket(s3)
    wanted = [(key, begin(s3, bucket, key)) for key in ("a", "a", "b/1", "b/2", "c")]
    assert [(u["Key"], u["UploadId"])
            for u in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == wanted
    for size in (1, 2, 3):
        seen, marker = [], {}
        while True:
            page = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=size, **marker)
            seen += [(u["Key"], u["UploadId"]) for u in page.get("Uploads", [])]
            if not page["IsTruncated"]:
                break
            marker = {"KeyMarker": page["NextKeyMarker"],
                      "UploadIdMarker": page["NextUploadIdMarker"]}
        assert seen == wanted
    rolled = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [p["Prefix"] for p in rolled["CommonPrefixes"]] == ["b/"]
    assert [u["Key"] for u in rolled["Uploads"]] == ["a", "a", "c"]
    inside = s3.list_multipart_uploads(Bucket=bucket, Prefix="b/")
    assert [u["Key"] for u in inside["Uploads"]] == ["b/1", "b/2"]


def test_a_part_can_be_a_stretch_of_another_object(s3, bucket, content):
    s3.put_object(Bucket=bucket, Key="source", Body=content)
    upload_id = begin(s3, bucket, "of-copies")
    parts = []
    for number, (first, last) in enumerate([(0, PART - 1), (100, PART + 99), (7, 20)], 1):
        answer = s3.upload_part_copy(
            Bucket=bucket, Key="of-copies", UploadId=upload_id, PartNumber=number,
            CopySource={"Bucket": bucket, "Key": "source"},
            CopySourceRange=f"bytes={first}-{last}")["CopyPartResult"]
        wanted = hashlib.md5(content[first:last + 1]).hexdigest()
        assert answer["ETag"] == f'"{wanted}"'
        parts.append({"PartNumber": number, "ETag": answer["ETag"],
                      **{k: v for k, v in answer.items() if k.startswith("Checksum")}})
    complete(s3, bucket, "of-copies", upload_id, parts)
    s3.delete_object(Bucket=bucket, Key="source")  # what was shared stays
    expected = content[:PART] + content[100:PART + 100] + content[7:21]
    assert body(s3.get_object(Bucket=bucket, Key="of-copies")) == expected


def test_copied_parts_are_checked(s3, bucket):
    s3.put_object(Bucket=bucket, Key="little", Body=b"0123456789")
    upload_id = begin(s3, bucket, "copied-parts")
    ask = {"Bucket": bucket, "Key": "copied-parts", "UploadId": upload_id, "PartNumber": 1,
           "CopySource": {"Bucket": bucket, "Key": "little"}}
    for wrong in ("bytes=5-", "bytes=-5", "bytes=5-4", "5-6", "bytes=5-10"):
        refused("InvalidArgument", 400, s3.upload_part_copy, **ask, CopySourceRange=wrong)
    refused("PreconditionFailed", 412, s3.upload_part_copy, **ask, CopySourceIfMatch='"x"')
    answer = s3.upload_part_copy(**ask, CopySourceRange="bytes=2-5")
    assert answer["CopyPartResult"]["ETag"] == f'"{hashlib.md5(b"2345").hexdigest()}"'
    whole = s3.upload_part_copy(**{**ask, "PartNumber": 2})
    complete(s3, bucket, "copied-parts", upload_id,
             [{"PartNumber": 2, "ETag": whole["CopyPartResult"]["ETag"],
               **{k: v for k, v in whole["CopyPartResult"].items() if k.startswith("Checksum")}}])
    assert body(s3.get_object(Bucket=bucket, Key="copied-parts")) == b"0123456789"


def test_composite_checksums(s3, bucket, content):
    upload_id, parts = upload(s3, bucket, "composite", content, ChecksumAlgorithm="SHA256",
                              part={"ChecksumAlgorithm": "SHA256"})
    ask = {"Bucket": bucket, "Key": "composite", "UploadId": upload_id}
    bare = [{"PartNumber": p["PartNumber"], "ETag": p["ETag"]} for p in parts]
    refused("InvalidRequest", 400, s3.complete_multipart_upload, **ask,
            MultipartUpload={"Parts": bare})
    wrong = [{**parts[0], "ChecksumSHA256": parts[1]["ChecksumSHA256"]}, *parts[1:]]
    refused("InvalidPart", 400, s3.complete_multipart_upload, **ask,
            MultipartUpload={"Parts": wrong})
    done = complete(s3, bucket, "composite", upload_id, parts)
    sums = b"".join(hashlib.sha256(content[at:at + PART]).digest()
                    for at in range(0, len(content), PART))
    expected = base64.b64encode(hashlib.sha256(sums).digest()).decode() + "-3"
    assert done["ChecksumSHA256"] == expected and done["ChecksumType"] == "COMPOSITE"
    head = s3.head_object(Bucket=bucket, Key="composite", ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"] == expected
    attributes = s3.get_object_attributes(Bucket=bucket, Key="composite", MaxParts=2,
                                          ObjectAttributes=["Checksum", "ObjectParts"])
    assert attributes["Checksum"]["ChecksumType"] == "COMPOSITE"
    assert attributes["ObjectParts"]["TotalPartsCount"] == 3
    assert [p["ChecksumSHA256"] for p in attributes["ObjectParts"]["Parts"]] == [
        p["ChecksumSHA256"] for p in parts[:2]]
    assert attributes["ObjectParts"]["IsTruncated"] is True


def test_full_object_checksums(s3, bucket, content):
    upload_id, parts = upload(s3, bucket, "full", content, ChecksumAlgorithm="CRC32",
                              ChecksumType="FULL_OBJECT", part={"ChecksumAlgorithm": "CRC32"})
    ask = {"Bucket": bucket, "Key": "full", "UploadId": upload_id,
           "MultipartUpload": {"Parts": parts}, "ChecksumType": "FULL_OBJECT"}
    expected = base64.b64encode(zlib.crc32(content).to_bytes(4, "big")).decode()
    refused("BadDigest", 400, s3.complete_multipart_upload, **ask, ChecksumCRC32="AAAAAA==")
    done = s3.complete_multipart_upload(**ask, ChecksumCRC32=expected)
    assert done["ChecksumCRC32"] == expected and done["ChecksumType"] == "FULL_OBJECT"
    got = s3.get_object(Bucket=bucket, Key="full", ChecksumMode="ENABLED")
    assert body(got) == content  # the client compares it, too


@pytest.mark.parametrize("algorithm,kind", [("SHA256", "FULL_OBJECT"), ("SHA1", "FULL_OBJECT"),
                                            ("CRC64NVME", "COMPOSITE")])
def test_checksum_kinds_that_do_not_go_together(s3, bucket, algorithm, kind):
    refused("InvalidRequest", 400, s3.create_multipart_upload, Bucket=bucket, Key="x",
            ChecksumAlgorithm=algorithm, ChecksumType=kind)


def test_a_part_has_the_uploads_kind_of_checksum(s3, bucket):
    upload_id = begin(s3, bucket, "kind", ChecksumAlgorithm="SHA256")
    refused("InvalidRequest", 400, s3.upload_part, Bucket=bucket, Key="kind", UploadId=upload_id,
            PartNumber=1, Body=b"x", ChecksumAlgorithm="CRC32")


def test_a_customers_key_for_parts(s3, bucket, content):
    key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": os.urandom(32)}
    upload_id, parts = upload(s3, bucket, "sse-c", content, part=key, **key)
    refused("InvalidRequest", 400, s3.upload_part, Bucket=bucket, Key="sse-c", UploadId=upload_id,
            PartNumber=9, Body=b"x")
    complete(s3, bucket, "sse-c", upload_id, parts)
    assert body(s3.get_object(Bucket=bucket, Key="sse-c", **key)) == content
    part = s3.get_object(Bucket=bucket, Key="sse-c", Range=f"bytes={PART - 5}-{PART + 5}", **key)
    assert body(part) == content[PART - 5:PART + 6]
    refused("InvalidRequest", 400, s3.get_object, Bucket=bucket, Key="sse-c")


def test_an_upload_survives_a_crash(fresh, content):
    weir = fresh()
    s3 = weir.client("s3")
    s3.create_bucket(Bucket="kept")
    upload_id, parts = upload(s3, "kept", "k", content[:2 * PART], Metadata={"a": "b"})
    weir.restart(hard=True)
    s3 = weir.client("s3")
    listed = s3.list_parts(Bucket="kept", Key="k", UploadId=upload_id)["Parts"]
    assert [p["ETag"] for p in listed] == [p["ETag"] for p in parts]
    last = s3.upload_part(Bucket="kept", Key="k", UploadId=upload_id, PartNumber=3,
                          Body=content[2 * PART:])
    done = complete(s3, "kept", "k", upload_id,
                    [*parts, {"PartNumber": 3, "ETag": last["ETag"],
                              "ChecksumCRC32": last["ChecksumCRC32"]}])
    weir.restart(hard=True)
    s3 = weir.client("s3")
    got = s3.get_object(Bucket="kept", Key="k")
    assert body(got) == content and got["ETag"] == done["ETag"] and got["Metadata"] == {"a": "b"}


def test_files_go_with_what_they_belonged_to(fresh, content):
    """At the next checkpoint, which a stop makes, the files that nothing refers to are gone."""
    weir = fresh(clock="2026-11-23T08:00:00Z")
    s3 = weir.client("s3")
    s3.create_bucket(Bucket="bbb")
    upload_id, parts = upload(s3, "bbb", "k", content)
    complete(s3, "bbb", "k", upload_id, parts)
    s3.copy_object(Bucket="bbb", Key="copy", CopySource="bbb/k")
    s3.put_object(Bucket="bbb", Key="plain", Body=content)
    s3.put_object(Bucket="bbb", Key="plain", Body=content[1:])
    aborted, _ = upload(s3, "bbb", "aborted", b"x" * 70_000 * 60, 70_000)
    s3.abort_multipart_upload(Bucket="bbb", Key="aborted", UploadId=aborted)
    s3.delete_object(Bucket="bbb", Key="k")
    assert body(s3.get_object(Bucket="bbb", Key="copy")) == content
    s3.delete_object(Bucket="bbb", Key="copy")
    s3.delete_object(Bucket="bbb", Key="plain")
    weir.advance("2m")
    s3.list_buckets()
    assert weir.stop() == 0
    left = [name for _, _, names in os.walk(os.path.join(weir.data, "blobs")) for name in names]
    assert left == []


def test_errors_of_completing_name_the_part(s3, bucket):
    upload_id, parts = upload(s3, bucket, "small", b"x" * 8, 4)
    ask = {"Bucket": bucket, "Key": "small", "UploadId": upload_id}

    def wrong(code, parts):
        return refused(code, 400, s3.complete_multipart_upload, **ask,
                       MultipartUpload={"Parts": parts})["Error"]

    tag = parts[0]["ETag"].strip('"')
    told = wrong("EntityTooSmall", parts)
    assert told["ProposedSize"] == "4" and told["MinSizeAllowed"] == str(PART)
    assert told["PartNumber"] == "1" and told["ETag"] == tag
    told = wrong("InvalidPart", [{"PartNumber": 9, "ETag": tag}])
    assert told["PartNumber"] == "9" and told["ETag"] == tag and told["UploadId"] == upload_id
    assert wrong("InvalidPartOrder", parts[::-1])["UploadId"] == upload_id


def begun(s3, bucket, key):
    """An upload with its part: gives what completes it."""
    upload_id, parts = upload(s3, bucket, key, b"new")
    return lambda **more: complete(s3, bucket, key, upload_id, parts, **more)


def test_what_changed_meanwhile_is_a_conflict(s3, bucket):
    one = s3.put_object(Bucket=bucket, Key="race", Body=b"1")["ETag"]
    finish = begun(s3, bucket, "race")
    two = s3.put_object(Bucket=bucket, Key="race", Body=b"2")["ETag"]
    refused("PreconditionFailed", 412, finish, IfMatch=one)
    told = refused("ConditionalRequestConflict", 409, finish, IfMatch=two)["Error"]
    assert told["Condition"] == "If-Match" and told["Key"] == "race"
    refused("PreconditionFailed", 412, finish, IfNoneMatch="*")
    s3.delete_object(Bucket=bucket, Key="race")
    refused("NoSuchKey", 404, finish, IfMatch=two)
    refused("ConditionalRequestConflict", 409, finish, IfNoneMatch="*")
    begun(s3, bucket, "race")(IfNoneMatch="*")


def test_copied_ranges_are_inside_the_source(s3, bucket):
    s3.put_object(Bucket=bucket, Key="ten", Body=b"0123456789")
    ask = {"Bucket": bucket, "Key": "ranges", "UploadId": begin(s3, bucket, "ranges"),
           "PartNumber": 1, "CopySource": f"{bucket}/ten"}
    told = s3.upload_part_copy(**ask, CopySourceRange="bytes=0-8")["CopyPartResult"]
    assert set(told) == {"ETag", "LastModified"}  # no checksum was asked for
    for wrong in ("0-8", "bytes=1-0", "bytes=-2", "bytes=1-", "bytes=0-1,3-4", "bytes=0-10"):
        answer = refused("InvalidArgument", 400, s3.upload_part_copy, **ask, CopySourceRange=wrong)
        assert answer["Error"]["ArgumentValue"] == wrong
    refused("InvalidRequest", 400, s3.upload_part_copy, **ask, CopySourceRange="bytes=10-11")


def test_uploads_are_listed_with_where_to_go_on(s3):
    bucket = make_bucket(s3)
    empty = s3.list_multipart_uploads(Bucket=bucket)
    assert empty["NextKeyMarker"] == "" and empty["NextUploadIdMarker"] == ""
    ids = [(key, begin(s3, bucket, key)) for key in ("a", "a", "b", "c")]
    page = s3.list_multipart_uploads(Bucket=bucket)
    assert [(u["Key"], u["UploadId"]) for u in page["Uploads"]] == ids
    assert (page["NextKeyMarker"], page["NextUploadIdMarker"]) == ids[3]
    page = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=1, KeyMarker="a",
                                     UploadIdMarker=ids[0][1])
    assert page["Uploads"][0]["UploadId"] == ids[1][1] and page["IsTruncated"] is True
    page = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=1, KeyMarker="a")
    assert page["Uploads"][0]["UploadId"] == ids[2][1]


def test_a_list_of_parts_has_parts(weir, s3, bucket):
    upload_id, parts = upload(s3, bucket, "none", b"x")
    ask = {"Bucket": bucket, "Key": "none", "UploadId": upload_id}
    refused("InvalidRequest", 400, s3.complete_multipart_upload, **ask)
    for wrong in ([], [{"PartNumber": 1}], [{"ETag": parts[0]["ETag"]}]):
        refused("MalformedXML", 400, s3.complete_multipart_upload, **ask,
                MultipartUpload={"Parts": wrong})
    complete(s3, bucket, "none", upload_id, parts)


def test_parts_have_the_key_that_the_upload_began_with(s3, bucket):
    one, two = ({"SSECustomerAlgorithm": "AES256", "SSECustomerKey": os.urandom(32)}
                for _ in range(2))
    ask = {"Bucket": bucket, "Key": "keys", "UploadId": begin(s3, bucket, "keys", **one)}
    wrong = refused("InvalidRequest", 400, s3.upload_part, **ask, PartNumber=1, Body=b"x", **two)
    assert "did not match" in wrong["Error"]["Message"]
    s3.upload_part(**ask, PartNumber=1, Body=b"x", **one)


def test_an_upload_that_asked_for_no_checksum_gets_crc64nvme(weir, s3, bucket, content):
    quiet = weir.client("s3", request_checksum_calculation="when_required")
    whole = quiet.put_object(Bucket=bucket, Key="at once", Body=content)["ChecksumCRC64NVME"]
    for part in ({}, {"ChecksumAlgorithm": "SHA256"}, {"ChecksumAlgorithm": "SHA1"}):
        upload_id, parts = upload(s3, bucket, "unasked", content, part=part)
        kinds = {name for one in parts for name in one if name.startswith("Checksum")}
        assert kinds == {f"Checksum{part.get('ChecksumAlgorithm', 'CRC32')}"}
        listed = s3.list_parts(Bucket=bucket, Key="unasked", UploadId=upload_id)["Parts"]
        assert not any(name.startswith("Checksum") for one in listed for name in one)
        done = complete(s3, bucket, "unasked", upload_id,
                        [{"PartNumber": p["PartNumber"], "ETag": p["ETag"]} for p in parts])
        assert done["ChecksumCRC64NVME"] == whole and done["ChecksumType"] == "FULL_OBJECT"
        head = s3.head_object(Bucket=bucket, Key="unasked", ChecksumMode="ENABLED")
        assert head["ChecksumCRC64NVME"] == whole
