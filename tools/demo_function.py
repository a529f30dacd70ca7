# SPDX-License-Identifier: Apache-2.0
"""The demo's function: a handler in C (sdk/examples/card_ledger.c) that an event source mapping feeds
with the stream's scans, from the first one on, while the day passes and the server is killed."""
import io
import os
import time
import zipfile
from pathlib import Path

NAME = LEDGER = "card-ledger"
BATCH = 100
WAIT_SECONDS_MAX = 120


def handler_path():
    """The handler that `make demo` built, a static program."""
    return Path(os.environ.get("WEIR_DEMO_HANDLER", "build/sdk/card_ledger"))


def package():
    """A zip whose bootstrap is the handler."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo("bootstrap")
        info.external_attr = 0o100755 << 16
        info.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(info, handler_path().read_bytes())
    return made.getvalue()


def make(server, stream):
    """Table, function and mapping."""
    server.client("dynamodb").create_table(
        TableName=LEDGER, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "card", "AttributeType": "N"}],
        KeySchema=[{"AttributeName": "card", "KeyType": "HASH"}])
    functions = server.client("lambda")
    made = functions.create_function(
        FunctionName=NAME, Runtime="provided.al2023", Handler="bootstrap", Timeout=60,
        Role="arn:aws:iam::000000000000:role/demo", Code={"ZipFile": package()},
        Environment={"Variables": {"TABLE": LEDGER}})
    arn = server.client().describe_stream_summary(StreamName=stream)
    functions.create_event_source_mapping(
        FunctionName=NAME, EventSourceArn=arn["StreamDescriptionSummary"]["StreamARN"],
        StartingPosition="TRIM_HORIZON", BatchSize=BATCH,
        FunctionResponseTypes=["ReportBatchItemFailures"])
    return made


def read_ledger(dynamodb):
    """{card: (scans, how often they came, the last)}"""
    pages = dynamodb.get_paginator("scan").paginate(TableName=LEDGER, ConsistentRead=True)
    return {int(item["card"]["N"]): ({int(n) for n in item["scans"]["NS"]},
                                     int(item["times"]["N"]), int(item["last"]["N"]))
            for page in pages for item in page["Items"]}


def wait(server, total):
    """The ledger, once it has so many different scans, or will not get them; seconds it took."""
    dynamodb, began = server.client("dynamodb"), time.perf_counter()
    while True:
        ledger, waited = read_ledger(dynamodb), time.perf_counter() - began
        if sum(len(scans) for scans, _, _ in ledger.values()) >= total or waited > WAIT_SECONDS_MAX:
            return ledger, waited
        time.sleep(0.05)


def compare(server, ledger, wanted):
    """What is wrong with the ledger; wanted: {card: number of its scans}."""
    wrong = []
    for card, count in wanted.items():
        scans, _, last = ledger.get(card, (set(), 0, 0))
        if scans != set(range(1, count + 1)):
            wrong.append(f"the function saw {len(scans)} scans of card {card}, which had {count}")
        elif last != count:
            wrong.append(f"the last scan of card {card} that the function saw was {last} of {count}")
    if len(ledger) != len(wanted):
        wrong.append(f"the function saw {len(ledger)} cards, there are {len(wanted)}")
    told = server.client("logs").filter_log_events(
        logGroupName=f"/aws/lambda/{NAME}", filterPattern="came behind")["events"]
    if told:
        wrong.append(f"{len(told)} scans overtook others, first: {told[0]['message'].strip()}")
    return wrong


def invocations(server):
    """How many there were, by the reports in its log."""
    pages = server.client("logs").get_paginator("filter_log_events").paginate(
        logGroupName=f"/aws/lambda/{NAME}", filterPattern='"REPORT RequestId"')
    return sum(len(page["events"]) for page in pages)
