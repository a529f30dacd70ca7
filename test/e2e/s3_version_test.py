# SPDX-License-Identifier: Apache-2.0
"""Versions, delete markers, and the null version, exactly as S3 keeps them."""
import pytest
from s3_kit import body, headers, make_bucket, refused


@pytest.fixture(scope="module")
def s3(weir):
    return weir.client("s3")


def put(s3, bucket, content, key="k"):
    return s3.put_object(Bucket=bucket, Key=key, Body=content).get("VersionId")


def versions(s3, bucket, **more):
    """(version or marker, id, is latest) of all, in the order of the list."""
    answer = s3.list_object_versions(Bucket=bucket, **more)
    rows = [("version", v["Key"], v["VersionId"], v["IsLatest"])
            for v in answer.get("Versions", [])]
    rows += [("marker", m["Key"], m["VersionId"], m["IsLatest"])
             for m in answer.get("DeleteMarkers", [])]
    return rows


def test_an_unversioned_bucket_tells_no_versions(s3):
    bucket = make_bucket(s3)
    assert put(s3, bucket, b"1") is None
    assert put(s3, bucket, b"2") is None
    assert "VersionId" not in s3.get_object(Bucket=bucket, Key="k")
    assert versions(s3, bucket) == [("version", "k", "null", True)]
    assert body(s3.get_object(Bucket=bucket, Key="k", VersionId="null")) == b"2"
    assert "VersionId" not in s3.delete_object(Bucket=bucket, Key="k")
    assert versions(s3, bucket) == []
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)


def test_every_put_is_a_version(s3):
    bucket = make_bucket(s3, "Enabled")
    ids = [put(s3, bucket, str(i).encode()) for i in range(5)]
    assert len(set(ids)) == 5 and all(len(one) == 32 for one in ids)
    for i, one in enumerate(ids):
        got = s3.get_object(Bucket=bucket, Key="k", VersionId=one)
        assert body(got) == str(i).encode() and got["VersionId"] == one
    assert s3.head_object(Bucket=bucket, Key="k")["VersionId"] == ids[-1]
    assert versions(s3, bucket) == [("version", "k", one, one == ids[-1]) for one in ids[::-1]]
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["k"]


def test_a_delete_marker_hides_and_can_be_taken_away(s3):
    bucket = make_bucket(s3, "Enabled")
    first = put(s3, bucket, b"1")
    gone = s3.delete_object(Bucket=bucket, Key="k")
    assert gone["DeleteMarker"] is True
    marker = gone["VersionId"]
    answer = refused("NoSuchKey", 404, s3.get_object, Bucket=bucket, Key="k")
    assert headers(answer)["x-amz-delete-marker"] == "true"
    assert headers(answer)["x-amz-version-id"] == marker
    answer = refused("MethodNotAllowed", 405, s3.get_object, Bucket=bucket, Key="k",
                     VersionId=marker)
    assert headers(answer)["x-amz-delete-marker"] == "true"
    assert headers(answer)["allow"] == "DELETE"
    refused("405", 405, s3.head_object, Bucket=bucket, Key="k", VersionId=marker)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    assert versions(s3, bucket) == [("version", "k", first, False), ("marker", "k", marker, True)]
    back = s3.delete_object(Bucket=bucket, Key="k", VersionId=marker)
    assert back["DeleteMarker"] is True and back["VersionId"] == marker
    assert body(s3.get_object(Bucket=bucket, Key="k")) == b"1"
    assert versions(s3, bucket) == [("version", "k", first, True)]


def test_a_marker_comes_even_where_nothing_is(s3):
    bucket = make_bucket(s3, "Enabled")
    one = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    two = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    assert versions(s3, bucket) == [("marker", "k", two, True), ("marker", "k", one, False)]


def test_deleting_the_newest_version_brings_the_one_before(s3):
    bucket = make_bucket(s3, "Enabled")
    ids = [put(s3, bucket, str(i).encode()) for i in range(3)]
    gone = s3.delete_object(Bucket=bucket, Key="k", VersionId=ids[2])
    assert gone["VersionId"] == ids[2] and "DeleteMarker" not in gone
    assert body(s3.get_object(Bucket=bucket, Key="k")) == b"1"
    s3.delete_object(Bucket=bucket, Key="k", VersionId=ids[0])
    assert versions(s3, bucket) == [("version", "k", ids[1], True)]
    refused("NoSuchVersion", 404, s3.get_object, Bucket=bucket, Key="k", VersionId=ids[0])
    s3.delete_object(Bucket=bucket, Key="k", VersionId=ids[0])  # again: fine
    refused("InvalidArgument", 400, s3.get_object, Bucket=bucket, Key="k", VersionId="nonsense")
    refused("NoSuchVersion", 404, s3.get_object, Bucket=bucket, Key="other", VersionId=ids[1])


def test_what_was_there_before_versioning_is_the_null_version(s3):
    bucket = make_bucket(s3)
    put(s3, bucket, b"old")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert s3.get_object(Bucket=bucket, Key="k")["VersionId"] == "null"
    new = put(s3, bucket, b"new")
    assert versions(s3, bucket) == [("version", "k", new, True), ("version", "k", "null", False)]
    assert body(s3.get_object(Bucket=bucket, Key="k", VersionId="null")) == b"old"
    s3.delete_object(Bucket=bucket, Key="k", VersionId="null")
    assert versions(s3, bucket) == [("version", "k", new, True)]


def test_a_suspended_bucket_replaces_its_null_version_only(s3):
    bucket = make_bucket(s3, "Enabled")
    one = put(s3, bucket, b"1")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert put(s3, bucket, b"2") is None
    assert put(s3, bucket, b"3") is None
    assert versions(s3, bucket) == [("version", "k", "null", True), ("version", "k", one, False)]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    four = put(s3, bucket, b"4")
    assert [v[2] for v in versions(s3, bucket)] == [four, "null", one]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    put(s3, bucket, b"5")  # the older null version goes
    assert [v[2] for v in versions(s3, bucket)] == ["null", four, one]
    assert body(s3.get_object(Bucket=bucket, Key="k", VersionId="null")) == b"5"


def test_deleting_in_a_suspended_bucket_puts_a_null_marker(s3):
    bucket = make_bucket(s3, "Enabled")
    one = put(s3, bucket, b"1")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    put(s3, bucket, b"2")
    gone = s3.delete_object(Bucket=bucket, Key="k")
    assert gone["DeleteMarker"] is True and gone["VersionId"] == "null"
    assert versions(s3, bucket) == [("version", "k", one, False), ("marker", "k", "null", True)]
    s3.delete_object(Bucket=bucket, Key="k")
    assert len(versions(s3, bucket)) == 2
    s3.delete_object(Bucket=bucket, Key="k", VersionId="null")
    assert body(s3.get_object(Bucket=bucket, Key="k")) == b"1"


def test_versions_are_listed_in_pages(s3):
    bucket = make_bucket(s3, "Enabled")
    for key in ("a", "b", "b/1", "b/2", "c"):
        for i in range(3):
            put(s3, bucket, str(i).encode(), key)
    s3.delete_object(Bucket=bucket, Key="b")
    everything = s3.list_object_versions(Bucket=bucket)
    assert len(everything["Versions"]) == 15 and len(everything["DeleteMarkers"]) == 1
    for size in (1, 2, 3, 7, 16):
        seen, marker = [], {}
        while True:
            page = s3.list_object_versions(Bucket=bucket, MaxKeys=size, **marker)
            rows = page.get("Versions", []) + page.get("DeleteMarkers", [])
            assert len(rows) <= size
            seen += [(row["Key"], row["VersionId"]) for row in rows]
            if not page["IsTruncated"]:
                break
            marker = {"KeyMarker": page["NextKeyMarker"],
                      "VersionIdMarker": page["NextVersionIdMarker"]}
        expected = [(v["Key"], v["VersionId"])
                    for v in everything["Versions"] + everything["DeleteMarkers"]]
        assert sorted(seen) == sorted(expected), size
    rolled = s3.list_object_versions(Bucket=bucket, Delimiter="/")
    assert [p["Prefix"] for p in rolled["CommonPrefixes"]] == ["b/"]
    assert {v["Key"] for v in rolled["Versions"]} == {"a", "b", "c"}
    inside = s3.list_object_versions(Bucket=bucket, Prefix="b/")
    assert {v["Key"] for v in inside["Versions"]} == {"b/1", "b/2"}


def test_many_versions_are_deleted_at_once(s3):
    bucket = make_bucket(s3, "Enabled")
    ids = [put(s3, bucket, b"x") for _ in range(3)]
    answer = s3.delete_objects(Bucket=bucket, Delete={
        "Objects": [{"Key": "k", "VersionId": ids[0]}, {"Key": "k"}]})
    assert answer["Deleted"][0] == {"Key": "k", "VersionId": ids[0]}
    assert answer["Deleted"][1]["DeleteMarker"] is True
    marker = answer["Deleted"][1]["DeleteMarkerVersionId"]
    assert [v[2] for v in versions(s3, bucket)] == [ids[2], ids[1], marker]


def test_a_version_may_be_copied_and_tagged(s3):
    bucket = make_bucket(s3, "Enabled")
    one, two = put(s3, bucket, b"1"), put(s3, bucket, b"2")
    copied = s3.copy_object(Bucket=bucket, Key="copy",
                            CopySource={"Bucket": bucket, "Key": "k", "VersionId": one})
    assert copied["CopySourceVersionId"] == one
    assert body(s3.get_object(Bucket=bucket, Key="copy")) == b"1"
    s3.put_object_tagging(Bucket=bucket, Key="k", VersionId=one,
                          Tagging={"TagSet": [{"Key": "of", "Value": "one"}]})
    assert s3.get_object_tagging(Bucket=bucket, Key="k", VersionId=two)["TagSet"] == []
    assert s3.get_object_tagging(Bucket=bucket, Key="k", VersionId=one)["TagSet"] != []


def test_versions_survive_a_crash(fresh):
    weir = fresh()
    s3 = weir.client("s3")
    s3.create_bucket(Bucket="kept")
    put(s3, "kept", b"null")
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    ids = [put(s3, "kept", str(i).encode()) for i in range(3)]
    s3.delete_object(Bucket="kept", Key="k")
    before = versions(s3, "kept")
    weir.restart(hard=True)
    s3 = weir.client("s3")
    assert versions(s3, "kept") == before
    assert body(s3.get_object(Bucket="kept", Key="k", VersionId=ids[1])) == b"1"
    assert put(s3, "kept", b"later") not in ids


def test_only_enabled_and_suspended_are_states(s3):
    bucket = make_bucket(s3)
    refused("IllegalVersioningConfigurationException", 400, s3.put_bucket_versioning,
            Bucket=bucket, VersioningConfiguration={})
    refused("MalformedXML", 400, s3.put_bucket_versioning, Bucket=bucket,
            VersioningConfiguration={"Status": "Sometimes"})


def test_errors_tell_the_key_and_the_version(s3):
    bucket = make_bucket(s3, "Enabled")
    version = put(s3, bucket, b"1")
    s3.delete_object(Bucket=bucket, Key="k", VersionId=version)
    wrong = refused("NoSuchVersion", 404, s3.get_object, Bucket=bucket, Key="k",
                    VersionId=version)["Error"]
    assert wrong["Key"] == "k" and wrong["VersionId"] == version
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    wrong = refused("MethodNotAllowed", 405, s3.get_object, Bucket=bucket, Key="k",
                    VersionId=marker)["Error"]
    assert wrong["Method"] == "GET" and wrong["ResourceType"] == "DeleteMarker"
    wrong = refused("BucketNotEmpty", 409, s3.delete_bucket, Bucket=bucket)["Error"]
    assert "You must delete all versions" in wrong["Message"]


def test_a_marker_has_no_tags(s3):
    bucket = make_bucket(s3, "Enabled")
    put(s3, bucket, b"1")
    s3.delete_object(Bucket=bucket, Key="k")
    ask = {"Bucket": bucket, "Key": "k"}
    refused("MethodNotAllowed", 405, s3.get_object_tagging, **ask)
    refused("MethodNotAllowed", 405, s3.delete_object_tagging, **ask)
    refused("MethodNotAllowed", 405, s3.put_object_tagging, **ask, Tagging={"TagSet": []})
    refused("NoSuchKey", 404, s3.get_object_attributes, **ask, ObjectAttributes=["ETag"])


def test_a_copy_tells_null_where_a_put_does_not(s3):
    bucket = make_bucket(s3)
    put(s3, bucket, b"1")
    copy = {"Bucket": bucket, "Key": "k", "CopySource": f"{bucket}/k",
            "MetadataDirective": "REPLACE"}
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    answer = s3.copy_object(**copy)
    assert answer["VersionId"] == "null" and "CopySourceVersionId" not in answer
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.copy_object(**copy)
    assert len(first["VersionId"]) == 32 and "CopySourceVersionId" not in first
    assert s3.copy_object(**copy)["CopySourceVersionId"] == first["VersionId"]
