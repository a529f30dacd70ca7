# SPDX-License-Identifier: Apache-2.0
"""Events that failed: which, why, and their way back. A dead-letter queue keeps the notification; the
event itself is in the store, and can be looked at, or put right, before it is sent again."""
import json
import time
import urllib.parse

FAILED = {"CardFailed": "CardQueue", "EntryFailed": "EntryQueue", "ExitFailed": "ExitQueue"}


def keys(stack, queue):
    """Objects that the messages of a queue tell of; the messages are put back."""
    sqs, url, taken = stack.client("sqs"), stack[queue], []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10,
                                          VisibilityTimeout=60).get("Messages"):
        taken += messages
    for message in taken:
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"],
                                      VisibilityTimeout=0)
    return [urllib.parse.unquote_plus(record["s3"]["object"]["key"])
            for message in taken for record in json.loads(message["Body"])["Records"]]


def reasons(stack, key):
    """What the functions' log says of an object or of the card in it."""
    word = key.rsplit("/", 1)[-1].removesuffix(".json")
    events = stack.client("logs").filter_log_events(
        logGroupName=stack["Logs"], filterPattern=json.dumps(word))["events"]
    return sorted({event["message"].strip().split("\t")[-1] for event in events})


def show(stack):
    for queue in FAILED:
        for key in keys(stack, queue):
            print(f"{queue}  s3://{stack['Store']}/{key}")
            for reason in reasons(stack, key):
                print(f"    {reason}")


def redrive(stack):
    """What `aws sqs start-message-move-task --source-arn …` does, for each queue, to its end."""
    sqs = stack.client("sqs")
    for queue in FAILED:
        arn = sqs.get_queue_attributes(QueueUrl=stack[queue], AttributeNames=["QueueArn"])
        source = arn["Attributes"]["QueueArn"]
        sqs.start_message_move_task(SourceArn=source)
        while True:
            task = sqs.list_message_move_tasks(SourceArn=source)["Results"][0]
            if task["Status"] != "RUNNING":
                break
            time.sleep(0.1)
        print(f"{queue}: {task.get('ApproximateNumberOfMessagesMoved', 0)} sent again")
