# SPDX-License-Identifier: Apache-2.0
"""Exports to buckets: the files lie and read as the developer guide says, full ones hold the table
as of their moment, incremental ones each changed item once; what cannot be is refused or FAILED."""
import base64
import datetime
import gzip
import hashlib
import json

import pytest
from botocore.exceptions import ClientError
from dynamodb_past_kit import contents, item, make, moment, put, until
from weir_server import ACCOUNT, REGION

ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table"


@pytest.fixture
def ddb(clocked):
    return clocked.client("dynamodb")


@pytest.fixture
def s3(clocked):
    return clocked.client("s3")


@pytest.fixture
def bucket(s3, name):
    s3.create_bucket(Bucket=f"exports-{name}")
    return f"exports-{name}"


@pytest.fixture
def table(ddb, name):
    make(ddb, name)
    ddb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification={
        "PointInTimeRecoveryEnabled": True})
    return name


def ended(ddb, arn):
    return until(lambda: ddb.describe_export(ExportArn=arn)["ExportDescription"],
                 lambda told: told["ExportStatus"] != "IN_PROGRESS")


def export(ddb, table, bucket, **more):
    told = ddb.export_table_to_point_in_time(TableArn=f"{ARN}/{table}", S3Bucket=bucket,
                                             **more)["ExportDescription"]
    assert told["ExportStatus"] == "IN_PROGRESS"
    return ended(ddb, told["ExportArn"])


def body(s3, bucket, key):
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def files_of(s3, bucket, told, prefix=""):
    """Everything the manifests say, checked against what lies there; the lines of all files."""
    folder = f"{prefix}AWSDynamoDB/{told['ExportArn'].split('/')[-1]}"
    assert told["ExportManifest"] == f"{folder}/manifest-summary.json"
    assert body(s3, bucket, f"{folder}/_started") == b""
    for manifest in ["manifest-summary", "manifest-files"]:
        sum_of = hashlib.md5(body(s3, bucket, f"{folder}/{manifest}.json")).digest()
        assert body(s3, bucket, f"{folder}/{manifest}.checksum") == base64.b64encode(sum_of)
    summary = json.loads(body(s3, bucket, f"{folder}/manifest-summary.json"))
    assert summary["exportArn"] == told["ExportArn"]
    assert summary["manifestFilesS3Key"] == f"{folder}/manifest-files.json"
    assert summary["itemCount"] == told["ItemCount"]
    assert summary["tableId"] == told["TableId"]
    assert summary["outputFormat"] == "DYNAMODB_JSON" and summary["s3Bucket"] == bucket
    lines, counts = [], 0
    for line in body(s3, bucket, f"{folder}/manifest-files.json").decode().splitlines():
        file = json.loads(line)
        packed = body(s3, bucket, file["dataFileS3Key"])
        assert file["md5Checksum"] == base64.b64encode(hashlib.md5(packed).digest()).decode()
        head = s3.head_object(Bucket=bucket, Key=file["dataFileS3Key"])
        assert head["ETag"] == f'"{file["etag"]}"'
        found = gzip.decompress(packed).decode().splitlines()
        assert len(found) == file["itemCount"]
        counts += file["itemCount"]
        lines += [json.loads(one) for one in found]
    assert counts == told["ItemCount"]
    return summary, lines, folder


def test_a_full_export_is_the_table_as_of_its_moment(clocked, ddb, s3, bucket, table):
    put(ddb, table, range(300), b={"B": b"\x00\xff"}, s={"SS": ["a", "b"]},
        m={"M": {"x": {"L": [{"NULL": True}, {"BOOL": False}, {"N": "1.50"}]}}})
    at, was = moment(clocked), contents(ddb, table)
    clocked.advance("1m")
    put(ddb, table, range(300, 350))
    told = export(ddb, table, bucket, ExportTime=at, S3Prefix="2026/exports")
    assert told["ExportStatus"] == "COMPLETED", told
    assert told["ExportType"] == "FULL_EXPORT" and told["ExportTime"] == at
    summary, lines, folder = files_of(s3, bucket, told, "2026/exports/")
    assert summary["version"] == "2020-06-30" and summary["s3Prefix"] == "2026/exports"
    assert summary["exportTime"] == at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert summary["s3SseAlgorithm"] == "AES256" and summary["s3SseKmsKeyId"] is None
    assert {int(line["Item"]["sk"]["N"]) for line in lines} == was
    assert len(lines) == len(was)
    one = next(line["Item"] for line in lines if line["Item"]["sk"]["N"] == "7")
    assert one == {"pk": {"S": "7"}, "sk": {"N": "7"}, "kind": {"S": "odd"}, "b": {"B": "AP8="},
                   "s": {"SS": ["a", "b"]},
                   "m": {"M": {"x": {"L": [{"NULL": True}, {"BOOL": False}, {"N": "1.5"}]}}}}
    keys = [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert all(key.startswith(folder) for key in keys)
    assert sum(key.startswith(f"{folder}/data/") and key.endswith(".json.gz") for key in keys) == 1


def test_an_empty_table_has_an_empty_file(ddb, s3, bucket, table):
    told = export(ddb, table, bucket)
    _, lines, _ = files_of(s3, bucket, told)
    assert lines == [] and told["ItemCount"] == 0


def test_large_tables_have_many_files(ddb, s3, bucket, table):
    for i in range(60):
        ddb.put_item(TableName=table, Item=item(i, text={"S": "\x01" * 90_000}))
    told = export(ddb, table, bucket)
    _, lines, folder = files_of(s3, bucket, told)
    assert {int(line["Item"]["sk"]["N"]) for line in lines} == set(range(60))
    assert len(s3.list_objects_v2(Bucket=bucket, Prefix=f"{folder}/data/")["Contents"]) > 1


def test_an_incremental_export_has_each_changed_item_once(clocked, ddb, s3, bucket, table):
    put(ddb, table, range(10), v={"N": "1"})
    clocked.advance("1h")
    start = moment(clocked)
    put(ddb, table, [3], v={"N": "2"})
    clocked.advance("1m")
    put(ddb, table, [3], v={"N": "3"})
    last = moment(clocked)
    put(ddb, table, [20], v={"N": "1"})
    ddb.delete_item(TableName=table, Key={"pk": {"S": "4"}, "sk": {"N": "4"}})
    put(ddb, table, [30])
    ddb.delete_item(TableName=table, Key={"pk": {"S": "0"}, "sk": {"N": "30"}})
    clocked.advance("30m")
    end = moment(clocked)
    put(ddb, table, [3], v={"N": "4"})  # at its very end: not in it
    put(ddb, table, [5], v={"N": "9"})
    span = {"ExportFromTime": start, "ExportToTime": end}
    told = export(ddb, table, bucket, ExportType="INCREMENTAL_EXPORT",
                  IncrementalExportSpecification={**span, "ExportViewType": "NEW_AND_OLD_IMAGES"})
    assert told["ExportStatus"] == "COMPLETED"
    summary, lines, _ = files_of(s3, bucket, told)
    assert summary["version"] == "2023-08-01" and summary["exportType"] == "INCREMENTAL_EXPORT"
    assert summary["outputView"] == "NEW_AND_OLD_IMAGES"
    assert summary["exportToTime"] == end.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    by = {int(line["Keys"]["sk"]["N"]): line for line in lines}
    assert set(by) == {3, 4, 20} and len(lines) == 3
    assert by[3]["OldImage"]["v"] == {"N": "1"} and by[3]["NewImage"]["v"] == {"N": "3"}
    assert int(by[3]["Metadata"]["WriteTimestampMicros"]["N"]) == int(last.timestamp()) * 1000000
    assert "OldImage" not in by[20] and by[20]["NewImage"]["v"] == {"N": "1"}
    assert "NewImage" not in by[4] and by[4]["OldImage"]["v"] == {"N": "1"}
    keys = [o["Key"] for o in s3.list_objects_v2(Bucket=bucket, Prefix="AWSDynamoDB/data/")
            ["Contents"]]
    assert len(keys) == 1
    told = export(ddb, table, bucket, ExportType="INCREMENTAL_EXPORT",
                  IncrementalExportSpecification={**span, "ExportViewType": "NEW_IMAGE"})
    _, lines, _ = files_of(s3, bucket, told)
    assert all("OldImage" not in line for line in lines) and len(lines) == 3


def test_a_token_begins_one_export(ddb, s3, bucket, table):
    ask = {"TableArn": f"{ARN}/{table}", "S3Bucket": bucket, "ClientToken": "once"}
    first = ddb.export_table_to_point_in_time(**ask)["ExportDescription"]
    again = ddb.export_table_to_point_in_time(**ask)["ExportDescription"]
    assert again["ExportArn"] == first["ExportArn"]
    with pytest.raises(ClientError) as caught:
        ddb.export_table_to_point_in_time(**ask, S3Prefix="other")
    assert caught.value.response["Error"]["Code"] == "ExportConflictException"
    ended(ddb, first["ExportArn"])


def test_exports_are_listed_the_newest_first(clocked, ddb, bucket, table, name):
    arns = []
    for _ in range(4):
        arns.append(export(ddb, table, bucket)["ExportArn"])
        clocked.advance("1s")
    found, page = [], {}
    while page is not None:
        answer = ddb.list_exports(TableArn=f"{ARN}/{table}", MaxResults=3, **page)
        found += [s["ExportArn"] for s in answer["ExportSummaries"]]
        page = {"NextToken": answer["NextToken"]} if "NextToken" in answer else None
    assert found == arns[::-1]
    assert answer["ExportSummaries"][0]["ExportType"] == "FULL_EXPORT"


def test_a_bucket_that_is_not_there_fails_the_export(ddb, table):
    told = export(ddb, table, "not-a-bucket-of-anybody")
    assert told["ExportStatus"] == "FAILED"
    assert told["FailureCode"] == "S3NoSuchBucket"
    assert told["FailureMessage"] == "The specified bucket does not exist"


def test_exports_that_cannot_be(clocked, ddb, bucket, table, name):
    def code(**more):
        with pytest.raises(ClientError) as caught:
            ddb.export_table_to_point_in_time(
                **{"TableArn": f"{ARN}/{table}", "S3Bucket": bucket, **more})
        return caught.value.response["Error"]["Code"]

    now = moment(clocked)
    assert code(ExportTime=now + datetime.timedelta(hours=1)) == "InvalidExportTimeException"
    assert code(ExportTime=now - datetime.timedelta(days=1)) == "InvalidExportTimeException"
    assert code(TableArn=f"{ARN}/nothing") == "TableNotFoundException"
    assert code(ExportFormat="ION") in ("NotImplemented", "501", "NotImplementedException")
    assert code(ExportType="INCREMENTAL_EXPORT") == "ValidationException"
    make(ddb, f"{name}-off")
    assert code(TableArn=f"{ARN}/{name}-off") == "PointInTimeRecoveryUnavailableException"
    with pytest.raises(ClientError) as caught:
        ddb.describe_export(ExportArn=f"{ARN}/{table}/export/01234567890123-a1b2c3d4")
    assert caught.value.response["Error"]["Code"] == "ExportNotFoundException"
