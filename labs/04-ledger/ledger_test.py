# SPDX-License-Identifier: Apache-2.0
"""The ledger as a stack: a month goes through it and comes out to the cent, with every policy
checked; another month survives kill -9 on some of its days, and the day after there are lists of
all that is kept; one account is stopped while others flow; nothing is left when it is deleted."""
import gzip
import json

import check
import load
import month
import pytest
from stack_kit import AuthServer, deploy, destroy, until, weir_deploy
from weir_server import run_weir

STACK = "ledger"
NOON = "2026-12-01T12:00:00Z"
VISIBILITY = "181s"  # after a crash a message that was being worked on comes again after this
BUCKETS = ("NewEventsBucket", "ArchiveBucket", "RejectedBucket", "CommandsBucket",
           "InventoryBucket")


@pytest.fixture(scope="module")
def weir():
    server = AuthServer().start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def names(weir):
    return deploy(weir, "04-ledger", STACK)


def test_a_month_comes_out_to_the_cent(weir, names):
    made = month.make(seed=7, accounts=10, month="2026-11")
    s3 = weir.client("s3")

    load.load(s3, names["NewEventsBucket"], made)

    assert check.check(names, made["expected"], weir.client) == []
    reasons = set(made["expected"]["rejected"].values())
    assert reasons >= {"InsufficientFunds", "Malformed", "CurrencyMismatch", "AlreadyDecided",
                       "IdReused"}


def test_an_early_decision_finds_its_payment(weir, names):
    s3, sqs = weir.client("s3"), weir.client("sqs")

    def put(kind, id, **more):
        event = {"id": id, "type": kind, "account": "DE-early", "currency": "EUR",
                 "time": "2026-11-30T10:00:00Z", **more}
        s3.put_object(Bucket=names["NewEventsBucket"], Key=f"{kind}/{id}.json",
                      Body=json.dumps(event).encode())

    def delayed():
        said = sqs.get_queue_attributes(QueueUrl=names["IntakeQueue"], AttributeNames=["All"])
        return said["Attributes"]["ApproximateNumberOfMessagesDelayed"] != "0"

    for kind, id, more in (("account-opened", "early-opening", {}),
                           ("payment-incoming", "early-salary", {"amount": 100})):
        put(kind, id, **more)
        load.wait_until_empty(s3, names["NewEventsBucket"])
    put("payment-accepted", "early-decision", of="early-payment")
    until(delayed, "the decision's way back")
    put("payment-unverified", "early-payment", amount=25)
    load.wait_until_empty(s3, names["NewEventsBucket"])
    rows = check.read_table(weir.client("dynamodb"), names["AccountsTable"])
    account = rows["account#DE-early"]["account"]
    assert (account["actual"], account["available"], account["version"]) == (75, 75, 4)


def test_what_is_kept_has_an_inventory(weir, names):
    s3 = weir.client("s3")
    for bucket in ("ArchiveBucket", "RejectedBucket", "CommandsBucket"):
        said = s3.list_bucket_inventory_configurations(Bucket=names[bucket])
        inventory, = said["InventoryConfigurationList"]
        assert inventory["IsEnabled"]
        to = inventory["Destination"]["S3BucketDestination"]
        assert to["Bucket"] == f"arn:aws:s3:::{names['InventoryBucket']}"


def inventoried(server, names):
    """How many objects of each bucket the newest inventories list."""
    s3, bucket = server.client("s3"), names["InventoryBucket"]
    keys = check.keys_of(s3, bucket)
    counts = {}
    for key in keys:
        if key.endswith("manifest.json") and key.replace(".json", ".checksum") in keys:
            manifest = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
            source = manifest["sourceBucket"].split("-")[1]
            counts[source] = sum(
                len(gzip.decompress(s3.get_object(Bucket=bucket, Key=file["key"])["Body"].read())
                    .splitlines()) for file in manifest["files"])
    return counts


def test_another_deployment_changes_nothing(weir, names):
    assert deploy(weir, "04-ledger", STACK) == names


def test_z_deleting_the_stack_leaves_nothing(weir, names):
    destroy(weir, STACK, [names[bucket] for bucket in BUCKETS])
    assert [b["Name"] for b in weir.client("s3").list_buckets()["Buckets"]] == ["packages"]
    assert weir.client("dynamodb").list_tables()["TableNames"] == []
    assert weir.client("sqs").list_queues().get("QueueUrls", []) == []
    assert weir.client("lambda").list_functions()["Functions"] == []
    assert weir.client("iam").list_roles()["Roles"] == []
    assert weir.client("logs").describe_log_groups()["logGroups"] == []


def test_a_month_survives_that_the_server_is_killed(fresh):
    server = fresh(clock=NOON)
    names = weir_deploy(server, "04-ledger", STACK)
    made = month.make(seed=11, accounts=6, month="2026-11")
    s3, killed = server.client("s3"), 0
    for number, day in enumerate(made["days"]):
        load.put_day(s3, names["NewEventsBucket"], day)
        if number % 8 == 5:
            server.restart(hard=True)
            s3 = server.client("s3")
            killed += load.left(s3, names["NewEventsBucket"]) > 0
            server.advance(VISIBILITY)
        load.wait_until_empty(s3, names["NewEventsBucket"])
    assert check.check(names, made["expected"], server.client) == []
    assert killed > 0

    server.advance("24h")
    kept = made["expected"]
    until(lambda: inventoried(server, names) == {
        "archivebucket": len(kept["booked"]), "rejectedbucket": len(kept["rejected"]),
        "commandsbucket": sum(account["version"] for account in kept["accounts"].values())},
        "the lists of everything that is kept")
    server.stop()
    assert server.fsck().returncode == 0


def test_one_account_is_stopped_while_the_others_flow(fresh):
    server = fresh()
    names = weir_deploy(server, "04-ledger", STACK)
    s3, bucket = server.client("s3"), names["NewEventsBucket"]
    made = month.make(seed=5, accounts=3, month="2026-11", events_a_day=5)
    days = made["days"][:3]
    for day in days[:2]:
        load.put_day(s3, bucket, day)
        load.wait_until_empty(s3, bucket)
    held = [text for _, text in days[2] if json.loads(text)["account"] == "DE001001"]
    other = {"DE001000", "DE001002"}  # a transfer to the held account is the giver's event

    def weir_says(*words):
        done = run_weir(*words, "--server", server.address)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def waiting():
        versions = s3.list_object_versions(Bucket=bucket).get("Versions", [])
        return {version["Key"].split("/")[4] for version in versions}

    weir_says("hold", "group", "ledger-postings.fifo", "--key", "DE001001")
    assert len(held) > 1
    load.put_day(s3, bucket, days[2])
    until(lambda: not waiting() & other, "the other accounts' events")
    assert waiting() == {"DE001001"}
    assert load.left(s3, bucket) >= len(held) - 1  # what is no event never gets so far
    weir_says("release", "group", "ledger-postings.fifo", "--key", "DE001001")
    load.wait_until_empty(s3, bucket)
