# SPDX-License-Identifier: Apache-2.0
"""What the tests of CloudWatch Logs share: a server whose clock stands still, groups and streams,
events, and what a stream of Kinesis got."""
import datetime
import gzip
import json
import time

from weir_server import ACCOUNT, REGION

ARN = f"arn:aws:logs:{REGION}:{ACCOUNT}"
WAIT_SECONDS_MAX = 30


def moment_ms(server):
    """weir's now, in ms."""
    text = server.now().replace("Z", "+00:00")
    return round(datetime.datetime.fromisoformat(text).timestamp() * 1000)


def until(ask, good):
    """Asks until the answer is good, and gives it."""
    end = time.monotonic() + WAIT_SECONDS_MAX
    while True:
        answer = ask()
        if good(answer):
            return answer
        assert time.monotonic() < end, f"still {answer}"


class Kit:
    """Groups and events of one server."""

    def __init__(self, server):
        self.server = server
        self.logs = server.client("logs")

    @property
    def now(self):
        return moment_ms(self.server)

    def group(self, name, *streams, **more):
        self.logs.create_log_group(logGroupName=name, **more)
        for stream in streams:
            self.logs.create_log_stream(logGroupName=name, logStreamName=stream)
        return name

    def put(self, group, stream, *events):
        """Events are (ms, message), or messages of now."""
        now = self.now
        return self.logs.put_log_events(
            logGroupName=group, logStreamName=stream,
            logEvents=[{"timestamp": e[0], "message": e[1]} if isinstance(e, tuple)
                       else {"timestamp": now, "message": e} for e in events])

    def get(self, group, stream, **more):
        return self.logs.get_log_events(logGroupName=group, logStreamName=stream, **more)

    def messages(self, group, stream, **more):
        return [e["message"] for e in
                self.get(group, stream, **{"startFromHead": True, **more})["events"]]

    def filtered(self, group, pattern="", **more):
        """Messages of all pages."""
        pages = self.logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, filterPattern=pattern, **more)
        return [e["message"] for page in pages for e in page["events"]]


def unpacked(record):
    """What a subscription filter put into a record."""
    return json.loads(gzip.decompress(record["Data"]))


class Records:
    """A Kinesis stream, and what came into it, unpacked."""

    def __init__(self, server, name):
        self.kinesis = server.client("kinesis")
        self.kinesis.create_stream(StreamName=name, ShardCount=1)
        self.arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}"
        self.iterator = self.kinesis.get_shard_iterator(
            StreamName=name, ShardId="shardId-000000000000",
            ShardIteratorType="TRIM_HORIZON")["ShardIterator"]

    def raw(self):
        answer = self.kinesis.get_records(ShardIterator=self.iterator)
        self.iterator = answer["NextShardIterator"]
        return answer["Records"]

    def next(self):
        return [unpacked(record) for record in self.raw()]
