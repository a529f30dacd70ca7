#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Puts a month (month.py) into a ledger's new-events bucket, day by day.

An event's object is removed when everything has been done for it. So a day is over when the bucket
is empty, however long that takes; nothing here depends on how fast anything is.

    python3 load.py ledger month.json
"""
import argparse
import concurrent.futures
import json
import time

import boto3

DAY_SECONDS_MAX = 300


def outputs(stack, cloudformation=None):
    """The stack's outputs by name."""
    client = cloudformation or boto3.client("cloudformation")
    said = client.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    return {output["OutputKey"]: output["OutputValue"] for output in said}


def left(s3, bucket):
    """How many objects wait in the bucket; it keeps versions, so none hides another."""
    return len(s3.list_object_versions(Bucket=bucket, MaxKeys=1000).get("Versions", []))


def wait_until_empty(s3, bucket, seconds_max=DAY_SECONDS_MAX, pause_seconds=0.05):
    end = time.monotonic() + seconds_max
    while count := left(s3, bucket):
        if time.monotonic() > end:
            raise TimeoutError(f"{count} events are still in {bucket}: look into the dead-letter "
                               "queues and the functions' logs")
        time.sleep(pause_seconds)


def put_day(s3, bucket, day, threads=8):
    def put(item):
        s3.put_object(Bucket=bucket, Key=item[0], Body=item[1].encode(),
                      ContentType="application/json")

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        list(pool.map(put, day))


def load(s3, bucket, month, say=lambda text: None):
    """The whole month; gives the seconds that it took."""
    began = time.monotonic()
    for number, day in enumerate(month["days"]):
        put_day(s3, bucket, day)
        wait_until_empty(s3, bucket)
        say(f"{number + 1} of {len(month['days'])} days, {len(day)} objects")
    return time.monotonic() - began


def main():
    words = argparse.ArgumentParser(description=__doc__,
                                    formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("stack")
    words.add_argument("month", type=argparse.FileType())
    given = words.parse_args()
    month = json.load(given.month)
    took = load(boto3.client("s3"), outputs(given.stack)["NewEventsBucket"], month, print)
    print(f"{month['expected']['puts']} objects in {took:.1f} s")


if __name__ == "__main__":
    main()
