# SPDX-License-Identifier: Apache-2.0
"""What the tests of streams share: reading all there is to read."""
import threading

from dynamodb_kit import plain


def stream_of(ddb, table):
    """The ARN of a table's newest stream."""
    return ddb.describe_table(TableName=table)["Table"]["LatestStreamArn"]


def stream(view="NEW_AND_OLD_IMAGES"):
    """For CreateTable and UpdateTable."""
    return {"StreamEnabled": True, "StreamViewType": view}


def shards_of(streams, arn, **more):
    return streams.describe_stream(StreamArn=arn, **more)["StreamDescription"]["Shards"]


def iterator(streams, arn, shard, kind="TRIM_HORIZON", **more):
    return streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"],
                                      ShardIteratorType=kind, **more)["ShardIterator"]


def read_from(streams, at, **more):
    """What there is from an iterator on, and the iterator for what is to come; None: the end."""
    found = []
    while at:
        answer = streams.get_records(ShardIterator=at, **more)
        found += answer["Records"]
        at = answer.get("NextShardIterator")
        if not answer["Records"]:
            break
    return found, at


def records_of(streams, arn, **more):
    """All of a stream, parents before their children."""
    found = []
    for shard in shards_of(streams, arn):
        found += read_from(streams, iterator(streams, arn, shard), **more)[0]
    return found


def told(records):
    """(name, old image, new image) of each record, as Python's."""
    return [(r["eventName"], plain(r["dynamodb"].get("OldImage", {})),
             plain(r["dynamodb"].get("NewImage", {}))) for r in records]


def sequences(records):
    return [r["dynamodb"]["SequenceNumber"] for r in records]


def wait_for(ready, seconds=20):
    """For what comes by itself, looking often."""
    for _ in range(seconds * 100):
        if ready():
            return
        threading.Event().wait(0.01)
    assert ready()
