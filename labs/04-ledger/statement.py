#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints an account's statement of a month: one query.

What was there at the month's beginning is the sum of all earlier months, so a line that comes late
into an old month is in every later statement, too.

    python3 statement.py ledger DE001000 2026-11
"""
import argparse

import boto3
from check import plain
from load import outputs


def euros(cents):
    """Whole numbers all the way: no float knows what a cent is."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100:,}.{abs(cents) % 100:02}"


def rows_of(dynamodb, table, account, prefix):
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table, ConsistentRead=True,
        KeyConditionExpression="pk = :account AND begins_with(sk, :prefix)",
        ExpressionAttributeValues={":account": {"S": f"account#{account}"},
                                   ":prefix": {"S": prefix}})
    return [plain(item) for page in pages for item in page["Items"]]


def statement(dynamodb, table, account, month):
    """(balance before, lines by time, balance after); in cents, of what is actually there."""
    months = {row["sk"].split("#")[1]: row["credits"] - row["debits"]
              for row in rows_of(dynamodb, table, account, "statement#")}
    before = sum(change for name, change in months.items() if name < month)
    return before, rows_of(dynamodb, table, account, f"line#{month}"), before + months.get(month, 0)


def main():
    words = argparse.ArgumentParser(description=__doc__,
                                    formatter_class=argparse.RawDescriptionHelpFormatter)
    for word in ("stack", "account", "month"):
        words.add_argument(word)
    given = words.parse_args()
    table = outputs(given.stack)["AccountsTable"]
    before, lines, after = statement(boto3.client("dynamodb"), table, given.account, given.month)
    print(f"{'before':41}{euros(before):>15}")
    balance = before
    for line in lines:
        balance += line["actual_change"]
        time = line["sk"].split("#")[1]
        with_whom = line.get("with", "")
        print(f"{time[5:16].replace('T', ' ')}  {line['type']:19}{with_whom:9}"
              f"{euros(line['actual_change']):>15}")
    print(f"{'after':41}{euros(after):>15}")
    return 0 if balance == after else 1


if __name__ == "__main__":
    raise SystemExit(main())
