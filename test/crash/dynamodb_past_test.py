# SPDX-License-Identifier: Apache-2.0
"""kill -9 again and again while a backup is made, a table restored, exported, imported, taken back in
place, and while the past is trimmed.

What it proves: each goes on after every kill and ends right: the backup has the items of its call,
whatever was written since; the restored table those of its moment; an export's manifests name files
that are there with each item once; an import has each item once and counted once; items taken back
are what they were, though writers write elsewhere; after trimming what is kept reads as it was, and
`weir fsck` finds nothing wrong.

How: kills come at random moments of some milliseconds after the job was seen to run, until it was
seen to be over. WEIR_CRASH_ROUNDS sets how many kills a job gets at most.
"""
import gzip
import json
import os
import random
import threading

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from dynamodb_past_kit import contents, item, make, moment
from weir_server import ACCOUNT, REGION, WeirServer, run_weir

KILLS = max(3, int(os.environ.get("WEIR_CRASH_ROUNDS", "250")) // 40)
SEED = int(os.environ.get("WEIR_CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
ITEMS = 4000
ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table"


def fill(ddb, name, numbers, **more):
    """Many at once."""
    todo = [{"PutRequest": {"Item": item(n, **more)}} for n in numbers]
    for i in range(0, len(todo), 25):
        ddb.batch_write_item(RequestItems={name: todo[i:i + 25]})


@pytest.fixture
def weir():
    server = WeirServer(clock="2026-11-23T08:00:00Z").start()
    try:
        yield server
        server.stop()
        checked = server.fsck()
        assert checked.returncode == 0, checked.stderr
    finally:
        server.close()


@pytest.fixture
def table(weir):
    ddb = weir.client("dynamodb")
    make(ddb, "cards", index=True)
    ddb.update_continuous_backups(TableName="cards", PointInTimeRecoverySpecification={
        "PointInTimeRecoveryEnabled": True})
    fill(ddb, "cards", range(ITEMS), v={"N": "1"})
    return "cards"


def kill_until(weir, over, seed):
    """Kills and starts it while over(ddb) is false; how often it was killed."""
    chance = random.Random(seed)
    for kills in range(100_000):
        ddb = weir.client("dynamodb")
        if kills >= KILLS:
            for _ in range(20_000):
                if over(ddb):
                    return kills
            raise AssertionError("it is never over")
        done = threading.Event()
        done.wait(chance.random() * 0.05)  # nobody sets it: a pause of a random length
        if over(ddb):
            return kills
        weir.restart(hard=True)
    raise AssertionError("it is never over")


def test_a_backup_and_its_restore(weir, table):
    ddb = weir.client("dynamodb")
    arn = ddb.create_backup(TableName=table, BackupName="all")["BackupDetails"]["BackupArn"]
    fill(ddb, table, range(ITEMS, ITEMS + 100))

    def available(client):
        told = client.describe_backup(BackupArn=arn)["BackupDescription"]
        return told["BackupDetails"]["BackupStatus"] == "AVAILABLE"
    kill_until(weir, available, SEED)
    ddb = weir.client("dynamodb")
    ddb.restore_table_from_backup(TargetTableName="again", BackupArn=arn)

    def active(client):
        told = client.describe_table(TableName="again")["Table"]
        return told["TableStatus"] == "ACTIVE"
    kills = kill_until(weir, active, SEED + 1)
    ddb = weir.client("dynamodb")
    assert contents(ddb, "again") == set(range(ITEMS)), (kills, SEED)
    told = ddb.describe_table(TableName="again")["Table"]
    assert told["ItemCount"] == ITEMS
    assert told["GlobalSecondaryIndexes"][0]["ItemCount"] == ITEMS


def test_a_restore_to_a_moment_and_in_place(weir, table):
    ddb = weir.client("dynamodb")
    at = moment(weir)
    weir.advance("1m")
    fill(ddb, table, range(0, ITEMS, 2), v={"N": "2"})
    fill(ddb, table, range(ITEMS, ITEMS + 500))
    ddb.restore_table_to_point_in_time(SourceTableName=table, TargetTableName="again",
                                       RestoreDateTime=at)

    def active(client):
        told = client.describe_table(TableName="again")["Table"]
        return told["TableStatus"] == "ACTIVE"
    kill_until(weir, active, SEED + 2)
    ddb = weir.client("dynamodb")
    assert contents(ddb, "again") == set(range(ITEMS))
    status, _, body = weir.ask("POST", f"/_weir/dynamodb/restore?table={ARN}/{table}"
                                       f"&at={int(at.timestamp())}")
    assert status == 200, body

    def like_then(_):
        page = ""
        while True:
            answer = json.loads(weir.ask("GET", f"/_weir/dynamodb/diff?table={ARN}/{table}"
                                                f"&at={int(at.timestamp())}{page}")[2])
            if answer["changes"] or "after" not in answer:
                return answer["changes"] == []
            page = f"&cut={answer['cut']}&after={answer['after']}"
    kills = kill_until(weir, like_then, SEED + 3)
    ddb = weir.client("dynamodb")
    assert contents(ddb, table) == set(range(ITEMS)), (kills, SEED)
    found = ddb.get_item(TableName=table, Key={"pk": {"S": "4"}, "sk": {"N": "4"}})["Item"]
    assert found["v"] == {"N": "1"}


def test_an_export_and_its_import(weir, table):
    ddb, s3 = weir.client("dynamodb"), weir.client("s3")
    s3.create_bucket(Bucket="files")
    arn = ddb.export_table_to_point_in_time(TableArn=f"{ARN}/{table}",
                                            S3Bucket="files")["ExportDescription"]["ExportArn"]
    fill(ddb, table, range(ITEMS, ITEMS + 100))

    def exported(client):
        told = client.describe_export(ExportArn=arn)["ExportDescription"]
        assert told["ExportStatus"] != "FAILED", told
        return told["ExportStatus"] == "COMPLETED"
    kill_until(weir, exported, SEED + 4)
    ddb, s3 = weir.client("dynamodb"), weir.client("s3")
    folder = f"AWSDynamoDB/{arn.split('/')[-1]}"
    found = []
    for line in s3.get_object(Bucket="files",
                              Key=f"{folder}/manifest-files.json")["Body"].read().splitlines():
        data = s3.get_object(Bucket="files", Key=json.loads(line)["dataFileS3Key"])["Body"].read()
        found += [int(json.loads(one)["Item"]["sk"]["N"])
                  for one in gzip.decompress(data).splitlines()]
    assert sorted(found) == list(range(ITEMS)), SEED
    imported = ddb.import_table(
        S3BucketSource={"S3Bucket": "files", "S3KeyPrefix": f"{folder}/data/"},
        InputFormat="DYNAMODB_JSON", InputCompressionType="GZIP", TableCreationParameters={
            "TableName": "again", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"},
                                     {"AttributeName": "sk", "AttributeType": "N"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"},
                          {"AttributeName": "sk", "KeyType": "RANGE"}]})["ImportTableDescription"]

    def there(client):
        told = client.describe_import(ImportArn=imported["ImportArn"])["ImportTableDescription"]
        return told["ImportStatus"] == "COMPLETED"
    kills = kill_until(weir, there, SEED + 5)
    ddb = weir.client("dynamodb")
    told = ddb.describe_import(ImportArn=imported["ImportArn"])["ImportTableDescription"]
    assert (told["ImportedItemCount"], told["ErrorCount"]) == (ITEMS, 0), (kills, SEED)
    assert contents(ddb, "again") == set(range(ITEMS))
    assert ddb.describe_table(TableName="again")["Table"]["ItemCount"] == ITEMS


def test_a_bulk_operation(weir):
    ddb, s3 = weir.client("dynamodb"), weir.client("s3")
    make(ddb, "bulk")
    s3.create_bucket(Bucket="bulk")
    lines = [json.dumps({"Item": item(n)}) if n % 50 else "{" for n in range(ITEMS)]
    for at in range(0, ITEMS, 700):
        s3.put_object(Bucket="bulk", Key=f"in/{at:08}", Body="\n".join(lines[at:at + 700]).encode())
    arn = ddb.start_bulk_put_items(
        TableName="bulk",
        InputS3Configuration={"S3Bucket": "bulk", "S3KeyPrefix": "in/",
                              "InputFormat": "DYNAMODB_JSON"},
        OutputS3Configuration={"S3Bucket": "bulk", "S3KeyPrefix": "out", "OutputType": ["ERROR"]})[
            "BulkOperationDescription"]["BulkOperationArn"]

    def told(client):
        return client.describe_bulk_operation(BulkOperationArn=arn)["BulkOperationDescription"]
    kills = kill_until(weir, lambda client: "EndTime" in told(client), SEED + 7)
    ddb, s3 = weir.client("dynamodb"), weir.client("s3")
    bad = len(range(0, ITEMS, 50))
    counts = told(ddb)["ProcessedItemCount"], told(ddb)["FailedItemCount"]
    assert counts == (ITEMS, bad), (kills, SEED)
    assert contents(ddb, "bulk") == {n for n in range(ITEMS) if n % 50}
    assert ddb.describe_table(TableName="bulk")["Table"]["ItemCount"] == ITEMS - bad
    files = s3.list_objects_v2(Bucket="bulk", Prefix=f"out/AWSDynamoDB/{arn.split('/')[-1]}/error/")
    found = [json.loads(line) for one in files["Contents"] for line in gzip.decompress(
        s3.get_object(Bucket="bulk", Key=one["Key"])["Body"].read()).splitlines()]
    assert [int(one["S3Key"][3:]) + one["RecordNumber"] - 1 for one in found] == list(
        range(0, ITEMS, 50)), (kills, SEED)


def test_trimming(weir):
    ddb = weir.client("dynamodb")
    make(ddb, "cards")
    first = moment(weir)
    fill(ddb, "cards", range(2000))
    weir.advance("1h")
    fill(ddb, "cards", range(2000, 4000))
    weir.advance("7d")
    kept = moment(weir)
    fill(ddb, "cards", range(0, 4000, 4), v={"N": "2"})
    weir.advance("6d")
    fill(ddb, "cards", range(0, 4000, 4), v={"N": "3"})
    chance = random.Random(SEED + 6)
    errors = []

    def advance():  # the kill comes while the minute's tick trims
        try:
            weir.advance("1m")
        except (OSError, BotoCoreError, ClientError, ValueError) as error:
            errors.append(error)
    for _ in range(KILLS):
        thread = threading.Thread(target=advance)
        thread.start()
        threading.Event().wait(chance.random() * 0.03)
        weir.kill()
        thread.join()
        weir.clock = "2026-11-23T08:00:00Z"  # goes on where it was advanced to
        weir.start()
    weir.advance("2m")
    shown = run_weir("table", "show", f"{ARN}/cards", "--at", str(int(kept.timestamp())), "--json",
                     "--server", weir.address)
    assert shown.returncode == 0, shown.stderr
    values = [i.get("v", {}).get("N") for i in json.loads(shown.stdout)["items"]]
    assert (values.count("2"), values.count(None), len(values)) == (1000, 3000, 4000), SEED
    old = run_weir("table", "show", f"{ARN}/cards", "--at", str(int(first.timestamp())),
                   "--server", weir.address)
    assert old.returncode == 1 and "not kept" in old.stderr
