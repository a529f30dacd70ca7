# SPDX-License-Identifier: Apache-2.0
"""Steps that many Kinesis tests take."""
import contextlib
import threading

from weir_server import ACCOUNT, REGION

HASH_MAX = 2**128 - 1
RULE = "1 validation error detected: Value {} at '{}' failed to satisfy constraint: {}"


def stream_arn(name, region=REGION, account=ACCOUNT):
    return f"arn:aws:kinesis:{region}:{account}:stream/{name}"


def queue_arn(name):
    return f"arn:aws:kinesis:{REGION}:{ACCOUNT}:queue/{name}"


def shard_id(number):
    return f"shardId-{number:012}"


def invalid(value, member, constraint):
    """AWS's sentence for one broken rule of the model."""
    shown = "null" if value is None else f"'{value}'"
    return RULE.format(shown, member, constraint)


def shards_of(kinesis, name, **more):
    return kinesis.list_shards(StreamName=name, **more)["Shards"]


def open_shards(kinesis, name):
    return [s for s in shards_of(kinesis, name)
            if "EndingSequenceNumber" not in s["SequenceNumberRange"]]


def hash_range(shard):
    return (int(shard["HashKeyRange"]["StartingHashKey"]),
            int(shard["HashKeyRange"]["EndingHashKey"]))


def put(kinesis, name, data, key="k", **more):
    return kinesis.put_record(StreamName=name, Data=data, PartitionKey=key, **more)


def iterator(kinesis, name, shard=0, kind="TRIM_HORIZON", **more):
    return kinesis.get_shard_iterator(StreamName=name, ShardId=shard_id(shard),
                                      ShardIteratorType=kind, **more)["ShardIterator"]


def read_from(kinesis, at, **more):
    """Every record from an iterator on, until the reader has caught up or the shard ends."""
    records = []
    while at:
        answer = kinesis.get_records(ShardIterator=at, **more)
        records += answer["Records"]
        at = answer.get("NextShardIterator")
        if answer["MillisBehindLatest"] == 0 and not answer["Records"]:
            break
    return records


def read_shard(kinesis, name, shard=0):
    return read_from(kinesis, iterator(kinesis, name, shard))


def read_stream(kinesis, name):
    return [r for s in shards_of(kinesis, name)
            for r in read_shard(kinesis, name, int(s["ShardId"][8:]))]


def data_of(records):
    return [r["Data"] for r in records]


def subscribe(kinesis, consumer_arn, shard=0, **position):
    """The event stream of SubscribeToShard, closed at the end of a with block."""
    answer = kinesis.subscribe_to_shard(ConsumerARN=consumer_arn, ShardId=shard_id(shard),
                                        StartingPosition=position or {"Type": "LATEST"})
    return contextlib.closing(answer["EventStream"])


def events(stream):
    """The events alone, without the member's name around them."""
    for event in stream:
        yield event["SubscribeToShardEvent"]


@contextlib.contextmanager
def in_background(call, **more):
    """Runs a blocking call while the block goes on; the block gets a function that waits for its
    answer."""
    box = {}

    def run():
        try:
            box["answer"] = call(**more)
        except BaseException as error:  # the waiting side raises it
            box["error"] = error

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def answer(seconds=30):
        thread.join(seconds)
        assert not thread.is_alive(), "the call is still waiting"
        if "error" in box:
            raise box["error"]
        return box["answer"]

    answer.waiting = thread.is_alive
    yield answer
