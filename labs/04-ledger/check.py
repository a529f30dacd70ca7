#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares a ledger with what a month (month.py) must have made of it, and with itself.

 - Balances, versions and monthly sums are those expected, to the cent.
 - Each account's lines add up to its balances, one line for each version.
 - Each event that was put is in exactly one place: archive, or rejected with the expected reason.
 - Each account's commands are there, numbered without a gap.
 - Nothing is left on the way, and nothing in a dead-letter queue.

    python3 check.py ledger month.json
"""
import argparse
import collections
import json
import sys

import boto3
from load import outputs


def plain(item):
    """DynamoDB's JSON of texts and numbers: whole cents stay whole, however large."""
    return {name: int(value["N"]) if "N" in value else next(iter(value.values()))
            for name, value in item.items()}


def read_table(dynamodb, table):
    """{partition: {sort: row}}"""
    rows = collections.defaultdict(dict)
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    for page in pages:
        for item in page["Items"]:
            row = plain(item)
            rows[row["pk"]][row["sk"]] = row
    return rows


def keys_of(s3, bucket):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return [item["Key"] for page in pages for item in page.get("Contents", [])]


def starting(rows, prefix):
    return [row for sort, row in rows.items() if sort.startswith(prefix)]


def check_account(name, rows, wanted):
    """An account against the expected one, and against its own lines."""
    account = rows.get("account", {})
    for what in ("actual", "available", "version"):
        if account.get(what) != wanted[what]:
            yield f"{name}: {what} is {account.get(what)}, not {wanted[what]}"
    lines = sorted(starting(rows, "line#"), key=lambda line: line["version"])
    if [line["version"] for line in lines] != list(range(1, len(lines) + 1)):
        yield f"{name}: its lines are not numbered 1 to {len(lines)}"
    balance = {"actual": 0, "available": 0}
    for line in lines:
        for what in balance:
            balance[what] += line[f"{what}_change"]
            if line[what] != balance[what] or balance[what] < 0:
                yield (f"{name}: {what} of line {line['version']} is {line[what]}, "
                       f"not {balance[what]}")


def check_rows(rows, expected):
    for name, wanted in expected["accounts"].items():
        yield from check_account(name, rows.get(f"account#{name}", {}), wanted)
    for name, wanted in expected["statements"].items():
        account, month = name.split()
        found = rows.get(f"account#{account}", {}).get(f"statement#{month}", {})
        for what in wanted:
            if found.get(what) != wanted[what]:
                yield f"{name}: {what} are {found.get(what)}, not {wanted[what]}"
    known = {f"account#{name}" for name in expected["accounts"]}
    waiting = sorted(row["sk"].split("#")[1] for partition in known
                     for row in starting(rows[partition], "claim#") if row["state"] == "open")
    if waiting != expected["waiting"]:
        yield f"{len(waiting)} deposits and payments wait, not {len(expected['waiting'])}"
    for partition in rows:
        if partition.startswith("account#") and partition not in known:
            yield f"{partition} should not be there"


def check_objects(s3, names, rows, expected):
    archived = sorted(key.rsplit("/", 1)[1].removesuffix(".json").removesuffix("-again")
                      for key in keys_of(s3, names["ArchiveBucket"]))
    if archived != expected["booked"]:
        missing = set(expected["booked"]) - set(archived)
        yield (f"{len(archived)} events are archived, not {len(expected['booked'])}; "
               f"missing: {missing}")
    rejected = {key.split("/")[-2].removesuffix(".json").removesuffix("-other"): key.split("/")[0]
                for key in keys_of(s3, names["RejectedBucket"])}
    if rejected != expected["rejected"]:
        wrong = set(rejected.items()) ^ set(expected["rejected"].items())
        yield f"{len(rejected)} events are rejected, not {len(expected['rejected'])}: {wrong}"
    commands = sorted(keys_of(s3, names["CommandsBucket"]))
    wanted = sorted(f"{name}/{version:012}.json" for name, account in expected["accounts"].items()
                    for version in range(1, account["version"] + 1))
    if commands != wanted:
        yield f"{len(commands)} commands are kept, not {len(wanted)}"
    if left := keys_of(s3, names["NewEventsBucket"]):
        yield f"{len(left)} events were not processed"


def check_queues(sqs, names):
    for queue in ("IntakeFailuresQueue", "PostingsFailuresQueue"):
        said = sqs.get_queue_attributes(QueueUrl=names[queue],
                                        AttributeNames=["ApproximateNumberOfMessages"])
        if (count := int(said["Attributes"]["ApproximateNumberOfMessages"])) > 0:
            yield f"{count} messages are in {queue}"


def check(names, expected, client=boto3.client):
    """What is wrong, as sentences."""
    rows = read_table(client("dynamodb"), names["AccountsTable"])
    return [*check_rows(rows, expected), *check_objects(client("s3"), names, rows, expected),
            *check_queues(client("sqs"), names)]


def main():
    words = argparse.ArgumentParser(description=__doc__,
                                    formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("stack")
    words.add_argument("month", type=argparse.FileType())
    given = words.parse_args()
    expected = json.load(given.month)["expected"]
    wrong = check(outputs(given.stack), expected)
    counts = {name: len(expected[name]) for name in ("accounts", "booked", "rejected")}
    print("\n".join(wrong) or "all is right: {accounts} accounts, {booked} events booked, "
          "{rejected} rejected".format(**counts))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
