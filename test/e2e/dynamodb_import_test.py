# SPDX-License-Identifier: Apache-2.0
"""Imports from buckets: DynamoDB JSON and CSV, packed or not, become a new table with its indexes;
what is no item is counted and passed over; what an export wrote can be imported."""
import base64
import gzip
import json

import pytest
from botocore.exceptions import ClientError
from dynamodb_past_kit import contents, item, make, put, until
from weir_server import ACCOUNT, REGION


@pytest.fixture
def ddb(weir):
    return weir.client("dynamodb")


@pytest.fixture
def s3(weir):
    return weir.client("s3")


@pytest.fixture
def bucket(s3, name):
    s3.create_bucket(Bucket=f"imports-{name}")
    return f"imports-{name}"


def wish(name, index=False):
    attributes = [("pk", "S"), ("sk", "N")] + ([("kind", "S")] if index else [])
    more = {"GlobalSecondaryIndexes": [{
        "IndexName": "by-kind", "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"}}]} if index else {}
    return {"TableName": name, "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": n, "AttributeType": t}
                                     for n, t in attributes],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"},
                          {"AttributeName": "sk", "KeyType": "RANGE"}], **more}


def ended(ddb, arn):
    return until(lambda: ddb.describe_import(ImportArn=arn)["ImportTableDescription"],
                 lambda told: told["ImportStatus"] != "IN_PROGRESS")


def run_import(ddb, bucket, name, index=False, **more):
    told = ddb.import_table(
        S3BucketSource={"S3Bucket": bucket, "S3KeyPrefix": more.pop("prefix", "")},
        TableCreationParameters=wish(name, index),
        **{"InputFormat": "DYNAMODB_JSON", **more})["ImportTableDescription"]
    assert told["ImportStatus"] == "IN_PROGRESS"
    return ended(ddb, told["ImportArn"])


def lines(numbers):
    return "".join(json.dumps({"Item": item(n)}) + "\n" for n in numbers).encode()


def zstd(data):
    """A zstd frame of raw blocks: magic, a descriptor (single segment, 4-byte size), the blocks."""
    blocks = [data[i:i + 100_000] for i in range(0, len(data), 100_000)] or [b""]
    framed = b"".join((len(b) << 3 | (i + 1 == len(blocks))).to_bytes(3, "little") + b
                      for i, b in enumerate(blocks))
    return b"\x28\xb5\x2f\xfd\xa0" + len(data).to_bytes(4, "little") + framed


@pytest.mark.parametrize("packing,pack", [("NONE", bytes), ("GZIP", gzip.compress),
                                          ("ZSTD", zstd)])
def test_lines_become_a_table(ddb, s3, bucket, name, packing, pack):
    s3.put_object(Bucket=bucket, Key="data/a", Body=pack(lines(range(1500))))
    s3.put_object(Bucket=bucket, Key="data/b", Body=pack(lines(range(1500, 1510))[:-1]))
    s3.put_object(Bucket=bucket, Key="other", Body=b"not a line of these")
    told = run_import(ddb, bucket, name, index=True, prefix="data/", InputCompressionType=packing)
    assert told["ImportStatus"] == "COMPLETED", told
    assert (told["ImportedItemCount"], told["ProcessedItemCount"], told["ErrorCount"]) == (
        1510, 1510, 0)
    sizes = [o["Size"] for o in s3.list_objects_v2(Bucket=bucket, Prefix="data/")["Contents"]]
    assert told["ProcessedSizeBytes"] == sum(sizes)
    table = ddb.describe_table(TableName=name)["Table"]
    assert table["TableStatus"] == "ACTIVE" and table["ItemCount"] == 1510
    assert table["GlobalSecondaryIndexes"][0]["ItemCount"] == 1510
    assert contents(ddb, name) == set(range(1510))


def test_what_is_no_item_is_counted_and_passed_over(ddb, s3, bucket, name):
    bad = [b"{", b'{"Item":{"pk":{"S":"1"}}}', b'{"Item":{"pk":{"N":"1"},"sk":{"N":"1"}}}', b"[]",
           b'{"Item":{"pk":{"S":"1"},"sk":{"N":"x"}}}', b'{"item":{}}',
           b'{"Item":{"pk":{"S":"1"},"sk":{"N":"7"},"kind":{"N":"1"}}}',
           json.dumps({"Item": item(5, text={"S": "x" * 410_000})}).encode()]
    s3.put_object(Bucket=bucket, Key="a", Body=b"\n".join([lines([1]), b"", *bad, lines([2])]))
    told = run_import(ddb, bucket, name, index=True)
    assert told["ImportStatus"] == "COMPLETED"
    assert (told["ImportedItemCount"], told["ErrorCount"]) == (2, len(bad))
    assert contents(ddb, name) == {1, 2}


def test_the_last_of_two_wins(ddb, s3, bucket, name):
    two = [item(1, v={"S": "first"}), item(1, v={"S": "last"})]
    s3.put_object(Bucket=bucket, Key="a", Body="\n".join(json.dumps({"Item": i}) for i in two))
    run_import(ddb, bucket, name)
    assert ddb.scan(TableName=name)["Items"] == [two[1]]
    assert ddb.describe_table(TableName=name)["Table"]["ItemCount"] == 1


def test_a_broken_file_does_not_hide_the_others(ddb, s3, bucket, name):
    s3.put_object(Bucket=bucket, Key="a", Body=gzip.compress(lines(range(10))))
    s3.put_object(Bucket=bucket, Key="b", Body=b"no gzip at all")
    s3.put_object(Bucket=bucket, Key="c", Body=gzip.compress(lines(range(10, 20)))[:-12])
    s3.put_object(Bucket=bucket, Key="d", Body=gzip.compress(lines(range(20, 30))))
    told = run_import(ddb, bucket, name, InputCompressionType="GZIP")
    assert told["ErrorCount"] >= 2
    assert set(range(10)) | set(range(20, 30)) <= contents(ddb, name)


def test_csv_has_a_header_quotes_and_types_of_keys(ddb, s3, bucket, name):
    text = ('pk,sk,note,empty\r\n'
            'a,1,"says ""hi"", twice",\r\n'
            'a,2,"two\nlines",x\n'
            'a,x,no number,\n'
            'a,3,too,many,fields\n'
            'b,10,plain\n')
    s3.put_object(Bucket=bucket, Key="a.csv", Body=text.encode())
    told = run_import(ddb, bucket, name, InputFormat="CSV")
    assert (told["ImportedItemCount"], told["ErrorCount"]) == (3, 2)
    items = sorted(ddb.scan(TableName=name)["Items"], key=lambda i: int(i["sk"]["N"]))
    assert items == [
        {"pk": {"S": "a"}, "sk": {"N": "1"}, "note": {"S": 'says "hi", twice'},
         "empty": {"S": ""}},
        {"pk": {"S": "a"}, "sk": {"N": "2"}, "note": {"S": "two\nlines"}, "empty": {"S": "x"}},
        {"pk": {"S": "b"}, "sk": {"N": "10"}, "note": {"S": "plain"}}]


def test_csv_with_its_own_delimiter_and_header(ddb, s3, bucket, name):
    s3.put_object(Bucket=bucket, Key="a", Body=b"a;1;x\nb;2;y\n")
    s3.put_object(Bucket=bucket, Key="b", Body=b"c;3;z")
    told = run_import(ddb, bucket, name, InputFormat="CSV", InputFormatOptions={
        "Csv": {"Delimiter": ";", "HeaderList": ["pk", "sk", "v"]}})
    assert told["ImportedItemCount"] == 3
    assert contents(ddb, name) == {1, 2, 3}


def test_large_files_are_read_in_pieces(ddb, s3, bucket, name):
    text = base64.b64encode(bytes(range(256)) * 30).decode()
    data = "".join(json.dumps({"Item": item(n, t={"S": text})}) + "\n" for n in range(600))
    s3.put_object(Bucket=bucket, Key="a", Body=data.encode())
    assert len(data) > 4_000_000
    told = run_import(ddb, bucket, name)
    assert told["ImportedItemCount"] == 600
    assert contents(ddb, name) == set(range(600))


def test_an_export_can_be_imported(ddb, s3, bucket, name):
    make(ddb, name)
    ddb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification={
        "PointInTimeRecoveryEnabled": True})
    put(ddb, name, range(40), m={"M": {"l": {"L": [{"B": b"\x01"}]}}})
    arn = ddb.export_table_to_point_in_time(
        TableArn=f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}",
        S3Bucket=bucket)["ExportDescription"]["ExportArn"]
    until(lambda: ddb.describe_export(ExportArn=arn)["ExportDescription"]["ExportStatus"],
          lambda state: state == "COMPLETED")
    told = run_import(ddb, bucket, f"{name}-again", prefix=f"AWSDynamoDB/{arn.split('/')[-1]}/data/",
                      InputCompressionType="GZIP")
    assert told["ImportedItemCount"] == 40

    def sorted_items(table):
        return sorted(ddb.scan(TableName=table)["Items"], key=lambda i: int(i["sk"]["N"]))
    assert sorted_items(name) == sorted_items(f"{name}-again")


def test_imports_that_cannot_be(ddb, s3, bucket, name):
    told = run_import(ddb, "not-a-bucket-of-anybody", name)
    assert (told["ImportStatus"], told["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
    told = run_import(ddb, bucket, name, prefix="nothing/")
    assert (told["ImportStatus"], told["FailureCode"]) == ("FAILED", "S3NoSuchKey")
    assert name not in ddb.list_tables()["TableNames"]
    make(ddb, name)
    with pytest.raises(ClientError) as caught:
        run_import(ddb, bucket, name)
    assert caught.value.response["Error"]["Code"] == "ResourceInUseException"
    with pytest.raises(ClientError) as caught:
        ddb.describe_import(ImportArn=f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/x/import/0")
    assert caught.value.response["Error"]["Code"] == "ImportNotFoundException"


def test_imports_are_listed(ddb, s3, bucket, name):
    s3.put_object(Bucket=bucket, Key="a", Body=lines(range(3)))
    arns = [run_import(ddb, bucket, f"{name}-{i}")["ImportArn"] for i in range(3)]
    found, page = [], {}
    while page is not None:
        answer = ddb.list_imports(PageSize=2, **page)
        found += [s["ImportArn"] for s in answer["ImportSummaryList"]]
        page = {"NextToken": answer["NextToken"]} if "NextToken" in answer else None
    assert set(arns) <= set(found) and len(found) == len(set(found))
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}-1"
    assert [s["ImportArn"] for s in ddb.list_imports(TableArn=table)["ImportSummaryList"]] == [
        arns[1]]
