# SPDX-License-Identifier: Apache-2.0
"""What the tests of SQS share: queues of a test's own, sending and receiving, AWS's sums."""
import hashlib
import itertools
import json
import struct

import pytest
from botocore.exceptions import ClientError
from weir_server import ACCOUNT, REGION

numbers = itertools.count(1)
NO_QUEUE = "AWS.SimpleQueueService.NonExistentQueue"


def queue_name(fifo=False):
    """A name that no other queue of this run has."""
    return f"queue-{next(numbers)}" + (".fifo" if fifo else "")


def make(sqs, name=None, tags=None, **attributes):
    """A standard queue; its URL."""
    more = {"tags": tags} if tags else {}
    return sqs.create_queue(QueueName=name or queue_name(), Attributes=attributes, **more)[
        "QueueUrl"]


def make_fifo(sqs, name=None, **attributes):
    attributes.setdefault("ContentBasedDeduplication", "true")
    return make(sqs, name or queue_name(fifo=True), FifoQueue="true", **attributes)


def arn_of(url, region=REGION):
    return f"arn:aws:sqs:{region}:{ACCOUNT}:{url.rsplit('/', 1)[1]}"


def make_with_dead(sqs, receives=1, fifo=False, **attributes):
    """A queue and its dead-letter queue: their URLs."""
    maker = make_fifo if fifo else make
    dead = maker(sqs)
    policy = {"deadLetterTargetArn": arn_of(dead), "maxReceiveCount": receives}
    return maker(sqs, RedrivePolicy=json.dumps(policy), **attributes), dead


def send(sqs, url, *bodies, **more):
    """Singly, in order; the last answer."""
    for body in bodies:
        answer = sqs.send_message(QueueUrl=url, MessageBody=body, **more)
    return answer


def receive(sqs, url, count=10, **more):
    more.setdefault("MaxNumberOfMessages", min(count, 10))
    return sqs.receive_message(QueueUrl=url, **more).get("Messages", [])


def bodies(messages):
    return [message["Body"] for message in messages]


def delete(sqs, url, messages):
    for message in messages:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def drain(sqs, url, **more):
    """Everything that can be received, deleted; bodies in the order they came."""
    found = []
    while messages := receive(sqs, url, **more):
        found += bodies(messages)
        delete(sqs, url, messages)
    return found


def attributes(sqs, url, *names):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names) or ["All"]).get(
        "Attributes", {})


def counts(sqs, url):
    """Visible, in flight, delayed."""
    found = attributes(sqs, url, "ApproximateNumberOfMessages",
                       "ApproximateNumberOfMessagesNotVisible",
                       "ApproximateNumberOfMessagesDelayed")
    return tuple(int(found["ApproximateNumberOfMessages" + end])
                 for end in ("", "NotVisible", "Delayed"))


def refused(code, call, **arguments):
    """The call must fail with that code and status 400; gives the message."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    assert answer["Error"]["Code"] == code, answer["Error"]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400, answer
    return answer["Error"]["Message"]


def md5(text):
    return hashlib.md5(text.encode() if isinstance(text, str) else text).hexdigest()


def md5_of_attributes(given):
    """As AWS's developer guide says: by name; name, type and value each with its length."""
    def sized(raw):
        return struct.pack(">I", len(raw)) + raw

    packed = b""
    for name in sorted(given):
        value = given[name]
        packed += sized(name.encode()) + sized(value["DataType"].encode())
        if value["DataType"].startswith("Binary"):
            packed += b"\2" + sized(value["BinaryValue"])
        else:
            packed += b"\1" + sized(value["StringValue"].encode())
    return md5(packed)
