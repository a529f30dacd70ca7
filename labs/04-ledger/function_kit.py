# SPDX-License-Identifier: Apache-2.0
"""The ledger's two functions alone, with what they need around them and nothing that feeds them:
tests ask them with the events that queues would bring."""
import io
import itertools
import json
import zipfile
from pathlib import Path

from check import keys_of, read_table
from weir_server import ACCOUNT

BUILD = Path(__file__).resolve().parent / "build"
TIME = "2026-11-03T10:15:00Z"
numbers = itertools.count(1)


def package(function):
    """A zip of what `make labs` built, as `aws cloudformation package` makes it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo("bootstrap")
        info.external_attr = 0o100755 << 16
        archive.writestr(info, (BUILD / function / "bootstrap").read_bytes())
    return made.getvalue()


def event(kind, account, **more):
    """An event with an id of its own."""
    return {"id": f"event-{next(numbers):08}", "type": kind, "account": account, "currency": "EUR",
            "time": TIME, **more}


class Ledger:
    """Buckets, queues, table and functions of one server."""

    def __init__(self, weir):
        self.weir = weir
        self.s3, self.sqs = weir.client("s3"), weir.client("sqs")
        self.dynamodb, self.functions = weir.client("dynamodb"), weir.client("lambda")
        for bucket in ("new", "archive", "rejected", "commands"):
            self.s3.create_bucket(Bucket=bucket)
            self.s3.put_bucket_versioning(Bucket=bucket,
                                          VersioningConfiguration={"Status": "Enabled"})
        self.intake = self.sqs.create_queue(QueueName="intake")["QueueUrl"]
        self.postings = self.sqs.create_queue(
            QueueName="postings.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
        self.make_table("accounts")
        self.make("intake", POSTINGS=self.postings, REJECTED="rejected")
        self.make("processor", TABLE="accounts", INTAKE=self.intake, ARCHIVE="archive",
                  REJECTED="rejected", COMMANDS="commands")

    def make_table(self, name):
        self.dynamodb.create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}
                                  for key in ("pk", "sk")],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"},
                       {"AttributeName": "sk", "KeyType": "RANGE"}])

    def make(self, name, **variables):
        self.functions.create_function(
            FunctionName=name, Runtime="provided.al2023", Handler="bootstrap", Timeout=30,
            Role=f"arn:aws:iam::{ACCOUNT}:role/ledger", Code={"ZipFile": package(name)},
            Environment={"Variables": variables})

    def ask(self, function, bodies):
        """Invokes it as a queue does; gives the numbers of the messages that failed."""
        records = [{"messageId": str(number), "body": json.dumps(body)}
                   for number, body in enumerate(bodies)]
        answer = self.functions.invoke(FunctionName=function,
                                       Payload=json.dumps({"Records": records}))
        said = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, said
        return [int(failure["itemIdentifier"]) for failure in said["batchItemFailures"]]

    # ---- the way in ----

    def put(self, text, key=None):
        """Puts an object into the new-events bucket; gives it as notifications name it."""
        raw = text.encode() if isinstance(text, str) else text
        key = key or f"events/{next(numbers)}.json"
        made = self.s3.put_object(Bucket="new", Key=key, Body=raw)
        return {"bucket": {"name": "new"},
                "object": {"key": key, "versionId": made["VersionId"], "size": len(raw),
                           "sequencer": f"{next(numbers):016X}"}}

    def arrive(self, *things, **more):
        """Notifications of what was put, to the intake function."""
        failed = self.ask("intake", [{"Records": [{"s3": thing, **more}]} for thing in things])
        assert failed == []

    def messages(self, url):
        """What is in a queue, which is emptied by it."""
        found = []
        while got := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10,
                                              AttributeNames=["All"]).get("Messages"):
            for message in got:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            found += got
        return found

    # ---- booking ----

    def posting(self, what, key=None, tries=0):
        """The message that the intake function would make of an event that is put now."""
        text = json.dumps(what)
        thing = self.put(text, key)
        return {"bucket": "new", "key": thing["object"]["key"], "tries": tries, "text": text,
                "version": thing["object"]["versionId"],
                "sequencer": thing["object"]["sequencer"]}

    def book(self, *events):
        """Has events booked, one after the other."""
        assert self.ask("processor", [self.posting(what) for what in events]) == []

    def opened(self, cents=0):
        """A new account with so much in it."""
        account = f"DE{next(numbers):08}"
        self.book(event("account-opened", account),
                  *([event("payment-incoming", account, amount=cents)] if cents else []))
        return account

    # ---- looking ----

    def rows(self, table="accounts"):
        return read_table(self.dynamodb, table)

    def balances(self, account):
        """(actual, available, version)"""
        row = self.rows()[f"account#{account}"]["account"]
        return row["actual"], row["available"], row["version"]

    def reason(self, what):
        """Why the event was rejected; None: it was not."""
        for key in keys_of(self.s3, "rejected"):
            said = json.loads(self.s3.get_object(Bucket="rejected", Key=key)["Body"].read())
            if said["event"] == what:
                assert said["reason"] == key.split("/")[0]
                return said["reason"]
        return None

    def versions(self, bucket, prefix=""):
        """How many versions of all keys there are."""
        return len(self.s3.list_object_versions(Bucket=bucket, Prefix=prefix).get("Versions", []))
