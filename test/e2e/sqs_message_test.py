# SPDX-License-Identifier: Apache-2.0
"""Messages of standard queues: contents, attributes and their sums, visibility, delays, retention,
long polling, batches, handles, limits."""
import concurrent.futures
import json
import time

import pytest
from sqs_kit import (bodies, counts, drain, make, md5, md5_of_attributes, receive, refused,
                     send)
from weir_server import ACCOUNT

BAD = "InvalidParameterValue"
BAD_HANDLE = "ReceiptHandleIsInvalid"
MIB = 1 << 20


@pytest.fixture(scope="module")
def sqs(weir):
    return weir.client("sqs")


@pytest.fixture(scope="module")
def still(clocked):
    """A client of a server whose clock stands still."""
    return clocked.client("sqs")


# ---- contents ----

@pytest.mark.parametrize("body", ["x", " ", "größe ☃ 😀", "\t\n\r", "<a>&amp;</a>", '{"a": "\\u0000"}',
                                  "\u0085\ud7ff\ue000\ufffd", "x" * 70_000])
def test_a_body_comes_as_it_went(sqs, body):
    url = make(sqs)
    sent = sqs.send_message(QueueUrl=url, MessageBody=body)
    assert sent["MD5OfMessageBody"] == md5(body)
    assert "MD5OfMessageAttributes" not in sent and "SequenceNumber" not in sent
    got = receive(sqs, url)[0]
    assert (got["Body"], got["MessageId"], got["MD5OfBody"]) == (
        body, sent["MessageId"], sent["MD5OfMessageBody"])
    assert set(got) == {"Body", "MessageId", "MD5OfBody", "ReceiptHandle"}


@pytest.mark.parametrize("body", ["\0", "a\x01b", "\x0b", "\x1f", "\ufffe", "\uffff"])
def test_characters_that_a_body_must_not_have(sqs, body):
    message = refused("InvalidMessageContents", sqs.send_message, QueueUrl=make(sqs),
                      MessageBody=body)
    assert "#x20 to #xD7FF" in message


def test_a_body_must_be_there(sqs):
    url = make(sqs)
    refused("MissingParameter", sqs.send_message, QueueUrl=url, MessageBody="")
    assert refused("MissingParameter", sqs.send_message, QueueUrl=url) == (
        "The request must contain the parameter MessageBody.")


def test_attributes_of_every_type_and_their_sum(sqs):
    url = make(sqs)
    given = {
        "zeta": {"DataType": "String", "StringValue": "größe"},
        "Alpha": {"DataType": "Number", "StringValue": "-12.50e3"},
        "bytes": {"DataType": "Binary", "BinaryValue": bytes(range(256))},
        "labelled": {"DataType": "String.json", "StringValue": "{}"},
        "png": {"DataType": "Binary.png", "BinaryValue": b"\x89PNG"},
        "int": {"DataType": "Number.int", "StringValue": "7"},
        "dotted.name-1_x": {"DataType": "String", "StringValue": " "},
    }
    sent = sqs.send_message(QueueUrl=url, MessageBody="b", MessageAttributes=given)
    assert sent["MD5OfMessageAttributes"] == md5_of_attributes(given)
    got = receive(sqs, url, MessageAttributeNames=["All"])[0]
    assert got["MessageAttributes"] == given
    assert got["MD5OfMessageAttributes"] == md5_of_attributes(given)


@pytest.mark.parametrize("wanted,names", [
    ([], []), (["All"], ["a", "foo.x", "foo.y", "other"]), ([".*"], ["a", "foo.x", "foo.y", "other"]),
    (["a"], ["a"]), (["foo.*"], ["foo.x", "foo.y"]), (["nothing"], []), (["a", "other"], ["a", "other"]),
])
def test_attributes_are_given_when_asked_for(sqs, wanted, names):
    url = make(sqs)
    given = {name: {"DataType": "String", "StringValue": name}
             for name in ("a", "foo.x", "foo.y", "other")}
    send(sqs, url, "b", MessageAttributes=given)
    got = receive(sqs, url, MessageAttributeNames=wanted)[0]
    assert got.get("MessageAttributes", {}) == {name: given[name] for name in names}
    assert got.get("MD5OfMessageAttributes") == (
        md5_of_attributes({name: given[name] for name in names}) if names else None)


TEXT = {"DataType": "String", "StringValue": "v"}


@pytest.mark.parametrize("given", [
    {"": TEXT}, {".a": TEXT}, {"a.": TEXT}, {"a..b": TEXT}, {"AWS.x": TEXT}, {"aMaZon.x": TEXT},
    {"a b": TEXT}, {"x" * 257: TEXT}, {"größe": TEXT},
    {"a": {"DataType": "", "StringValue": "v"}}, {"a": {"DataType": "Text", "StringValue": "v"}},
    {"a": {"DataType": "Strings", "StringValue": "v"}}, {"a": {"DataType": "String"}},
    {"a": {"DataType": "String", "StringValue": ""}},
    {"a": {"DataType": "Number", "StringValue": "seven"}},
    {"a": {"DataType": "Number", "StringValue": "NaN"}},
    {"a": {"DataType": "Number", "StringValue": "1" * 39}},
    {"a": {"DataType": "Number", "StringValue": "1e200"}},
    {"a": {"DataType": "Binary", "StringValue": "v"}},
    {"a": {"DataType": "Binary", "BinaryValue": b""}},
    {"a": {"DataType": "String." + "x" * 250, "StringValue": "v"}},
    {f"a{i}": TEXT for i in range(11)},
])
def test_attributes_that_are_none(sqs, given):
    url = make(sqs)
    refused(BAD, sqs.send_message, QueueUrl=url, MessageBody="b", MessageAttributes=given)
    assert receive(sqs, url) == []


def test_lists_as_attribute_values_are_not_supported(sqs):
    refused("AWS.SimpleQueueService.UnsupportedOperation", sqs.send_message, QueueUrl=make(sqs),
            MessageBody="b",
            MessageAttributes={"a": {"DataType": "String", "StringListValues": ["x"]}})


def test_system_attributes(clocked, still):
    url = make(still)
    header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": header}}
    sent = still.send_message(QueueUrl=url, MessageBody="b", MessageSystemAttributes=trace)
    assert sent["MD5OfMessageSystemAttributes"] == md5_of_attributes(trace)
    sent_at = clocked.now()
    clocked.advance("5s")
    first = receive(still, url, AttributeNames=["All"])[0]["Attributes"]
    millis = int(first["SentTimestamp"])
    assert first == {"AWSTraceHeader": header, "SenderId": ACCOUNT, "SentTimestamp": str(millis),
                     "ApproximateReceiveCount": "1",
                     "ApproximateFirstReceiveTimestamp": str(millis + 5000)}
    assert sent_at.startswith(time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(millis / 1000)))
    clocked.advance("30s")
    again = receive(still, url, MessageSystemAttributeNames=[
        "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp"])[0]["Attributes"]
    assert again == {"ApproximateReceiveCount": "2",
                     "ApproximateFirstReceiveTimestamp": str(millis + 5000)}


def test_a_trace_in_the_http_header_is_kept_too(sqs, weir):
    url = make(sqs)
    headers = {**weir.headers("x"), "Content-Type": "application/x-amz-json-1.0",
               "X-Amz-Target": "AmazonSQS.SendMessage",
               "X-Amzn-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793"}
    headers["Authorization"] = headers["Authorization"].replace("/kinesis/", "/sqs/")
    status, _, answer = weir.ask("POST", "/", json.dumps({"QueueUrl": url, "MessageBody": "b"}),
                                 headers)
    assert status == 200 and b"SystemAttributes" not in answer
    got = receive(sqs, url, AttributeNames=["AWSTraceHeader"])[0]["Attributes"]
    assert got["AWSTraceHeader"].startswith("Root=1-5759e988-bd862e3fe1be46a994272793")


@pytest.mark.parametrize("given", [
    {"Other": TEXT}, {"AWSTraceHeader": {"DataType": "Number", "StringValue": "1"}},
    {"AWSTraceHeader": {"DataType": "String", "StringValue": ""}}])
def test_system_attributes_that_are_none(sqs, given):
    refused(BAD, sqs.send_message, QueueUrl=make(sqs), MessageBody="b",
            MessageSystemAttributes=given)


def test_a_group_of_a_standard_queue_is_kept(sqs):
    url = make(sqs)
    send(sqs, url, "b", MessageGroupId="tenant")
    got = receive(sqs, url, AttributeNames=["All"])[0]["Attributes"]
    assert got["MessageGroupId"] == "tenant"
    assert "not valid for this queue type" in refused(
        BAD, sqs.send_message, QueueUrl=url, MessageBody="b", MessageDeduplicationId="d")


# ---- sizes ----

def test_a_message_of_one_mebibyte(sqs):
    url = make(sqs)
    attribute = {"k": {"DataType": "String", "StringValue": "v" * 100}}
    room = MIB - len("k") - len("String") - 100
    send(sqs, url, "x" * room, MessageAttributes=attribute)
    assert len(receive(sqs, url)[0]["Body"]) == room
    message = refused(BAD, sqs.send_message, QueueUrl=url, MessageBody="x" * (room + 1),
                      MessageAttributes=attribute)
    assert message == ("One or more parameters are invalid. Reason: Message must be shorter than "
                       "1048576 bytes.")


def test_a_queue_may_take_less(sqs):
    url = make(sqs, MaximumMessageSize="1024")
    send(sqs, url, "ü" * 512)
    refused(BAD, sqs.send_message, QueueUrl=url, MessageBody="ü" * 512 + "x")
    assert len(drain(sqs, url)) == 1


# ---- visibility ----

def test_what_was_received_is_hidden_until_its_time_is_over(clocked, still):
    url = make(still, VisibilityTimeout="10")
    send(still, url, "m")
    assert bodies(receive(still, url)) == ["m"]
    assert counts(still, url) == (0, 1, 0)
    clocked.advance("9s")
    assert receive(still, url) == []
    clocked.advance("1s")
    assert counts(still, url) == (1, 0, 0)
    assert bodies(receive(still, url, VisibilityTimeout=60)) == ["m"]
    clocked.advance("59s")
    assert receive(still, url) == []
    clocked.advance("1s")
    assert bodies(receive(still, url, VisibilityTimeout=0)) == ["m"]
    assert bodies(receive(still, url)) == ["m"]


def test_the_time_can_be_changed(clocked, still):
    url = make(still)
    send(still, url, "m")
    handle = receive(still, url)[0]["ReceiptHandle"]
    still.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=100)
    clocked.advance("99s")
    assert receive(still, url) == []
    still.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    assert bodies(receive(still, url)) == ["m"]


def test_the_time_cannot_be_changed_when_it_is_over(clocked, still):
    url = make(still)
    send(still, url, "m")
    handle = receive(still, url)[0]["ReceiptHandle"]
    clocked.advance("30s")
    refused("AWS.SimpleQueueService.MessageNotInflight", still.change_message_visibility,
            QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=5)
    newer = receive(still, url)[0]["ReceiptHandle"]
    refused(BAD, still.change_message_visibility, QueueUrl=url, ReceiptHandle=handle,
            VisibilityTimeout=5)
    still.delete_message(QueueUrl=url, ReceiptHandle=newer)
    assert "does not exist" in refused(BAD, still.change_message_visibility, QueueUrl=url,
                                       ReceiptHandle=newer, VisibilityTimeout=5)


def test_twelve_hours_from_the_receive_is_the_most(clocked, still):
    url = make(still)
    send(still, url, "m")
    handle = receive(still, url)[0]["ReceiptHandle"]
    for bad in (-1, 43201):
        refused(BAD, still.change_message_visibility, QueueUrl=url, ReceiptHandle=handle,
                VisibilityTimeout=bad)
        refused(BAD, still.receive_message, QueueUrl=url, VisibilityTimeout=bad)
    clocked.advance("10s")
    assert "beyond the limit" in refused(
        BAD, still.change_message_visibility, QueueUrl=url, ReceiptHandle=handle,
        VisibilityTimeout=43191)
    still.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=43190)


# ---- delays and retention ----

def test_delays_of_the_queue_and_of_a_message(clocked, still):
    url = make(still, DelaySeconds="10")
    send(still, url, "queue's")
    send(still, url, "own", DelaySeconds=20)
    send(still, url, "at once", DelaySeconds=0)
    assert counts(still, url) == (1, 0, 2)
    assert drain(still, url) == ["at once"]
    clocked.advance("10s")
    assert drain(still, url) == ["queue's"]
    clocked.advance("10s")
    assert drain(still, url) == ["own"]
    for bad in (-1, 901):
        refused(BAD, still.send_message, QueueUrl=url, MessageBody="m", DelaySeconds=bad)


def test_messages_are_kept_for_so_long_and_no_longer(clocked, still):
    url = make(still, MessageRetentionPeriod="60")
    send(still, url, "old")
    clocked.advance("30s")
    send(still, url, "young")
    clocked.advance("30s")
    assert drain(still, url) == ["young"]
    kept = make(still, MessageRetentionPeriod="1209600")
    send(still, kept, "two weeks")
    clocked.advance("13d")
    assert bodies(receive(still, kept)) == ["two weeks"]
    clocked.advance("2d")
    assert counts(still, kept) == (0, 0, 0)


# ---- long polling ----

def test_who_waits_gets_what_is_sent(sqs):
    url = make(sqs)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(receive, sqs, url, WaitTimeSeconds=20)
        began = time.monotonic()
        while not waiting.running():
            pass
        send(sqs, url, "m")
        assert bodies(waiting.result(timeout=15)) == ["m"]
        assert time.monotonic() - began < 15


def test_who_waits_in_vain_gets_nothing_when_the_time_is_over(clocked, still):
    url = make(still, ReceiveMessageWaitTimeSeconds="20")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(receive, still, url)
        while not waiting.done():  # it may not have parked yet when the clock moves
            clocked.advance("20s")
        assert waiting.result() == []
    assert receive(still, url, WaitTimeSeconds=0) == []
    for bad in (-1, 21):
        refused(BAD, still.receive_message, QueueUrl=url, WaitTimeSeconds=bad)


def test_who_waits_gets_what_becomes_visible(clocked, still):
    url = make(still)
    send(still, url, "m", DelaySeconds=10)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(receive, still, url, WaitTimeSeconds=20)
        while not waiting.done():  # it comes before or after the moment; both are fine
            clocked.advance("1s")
        assert bodies(waiting.result()) == ["m"]


def test_waiting_receivers_share_a_batch(sqs):
    url = make(sqs)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(receive, sqs, url, 1, WaitTimeSeconds=20) for _ in range(8)]
        sqs.send_message_batch(QueueUrl=url, Entries=[
            {"Id": str(i), "MessageBody": f"m{i}"} for i in range(8)])
        got = [bodies(one.result(timeout=15)) for one in waiting]
    assert sorted(sum(got, [])) == [f"m{i}" for i in range(8)]
    assert all(len(one) == 1 for one in got)


@pytest.mark.parametrize("count", [0, -1, 11])
def test_one_to_ten_messages_at_once(sqs, count):
    message = refused(BAD, sqs.receive_message, QueueUrl=make(sqs), MaxNumberOfMessages=count)
    assert message == (f"Value {count} for parameter MaxNumberOfMessages is invalid. Reason: Must "
                       "be between 1 and 10, if provided.")


# ---- handles ----

def test_a_handle_works_once_more_after_its_time_until_somebody_else_receives(clocked, still):
    url = make(still)
    send(still, url, "m")
    first = receive(still, url)[0]["ReceiptHandle"]
    clocked.advance("30s")
    second = receive(still, url)[0]["ReceiptHandle"]
    assert first != second
    still.delete_message(QueueUrl=url, ReceiptHandle=first)  # AWS answers 200 and deletes nothing
    clocked.advance("30s")
    assert counts(still, url) == (1, 0, 0)
    still.delete_message(QueueUrl=url, ReceiptHandle=second)  # the newest, though its time is over
    assert counts(still, url) == (0, 0, 0)
    still.delete_message(QueueUrl=url, ReceiptHandle=second)  # again: nothing happens


@pytest.mark.parametrize("handle", ["x", "AAAA", "größe", "A" * 36, "A" * 5000, "=" * 36])
def test_handles_that_are_none(sqs, handle):
    url = make(sqs)
    assert "receipt handle" in refused(BAD_HANDLE, sqs.delete_message, QueueUrl=url,
                                       ReceiptHandle=handle)
    refused(BAD_HANDLE, sqs.change_message_visibility, QueueUrl=url, ReceiptHandle=handle,
            VisibilityTimeout=1)


def test_a_handle_is_of_its_queue_and_cannot_be_bent(sqs):
    url, other = make(sqs), make(sqs)
    send(sqs, url, "m")
    handle = receive(sqs, url)[0]["ReceiptHandle"]
    refused(BAD_HANDLE, sqs.delete_message, QueueUrl=other, ReceiptHandle=handle)
    for at in (0, 10, 20, 30):
        bent = handle[:at] + ("A" if handle[at] != "A" else "B") + handle[at + 1:]
        refused(BAD_HANDLE, sqs.delete_message, QueueUrl=url, ReceiptHandle=bent)
    assert counts(sqs, url) == (0, 1, 0)


def test_in_flight_state_and_handles_survive_restarts(fresh):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    sqs = weir.client("sqs")
    url = make(sqs, VisibilityTimeout="100")
    send(sqs, url, "a", "b", "c")
    send(sqs, url, "later", DelaySeconds=200)
    got = {m["Body"]: m["ReceiptHandle"] for m in receive(sqs, url)}
    sqs.delete_message(QueueUrl=url, ReceiptHandle=got["a"])
    for hard in (True, False):
        weir.restart(hard=hard)
        sqs = weir.client("sqs")
        assert counts(sqs, url) == (0, 2, 1)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=got["b"], VisibilityTimeout=0)
    again = receive(sqs, url, AttributeNames=["All"])
    assert bodies(again) == ["b"]
    assert again[0]["Attributes"]["ApproximateReceiveCount"] == "2"
    sqs.delete_message(QueueUrl=url, ReceiptHandle=got["b"])  # of the first receive: stale
    assert counts(sqs, url) == (0, 2, 1)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=again[0]["ReceiptHandle"])
    sqs.delete_message(QueueUrl=url, ReceiptHandle=got["c"])
    weir.advance("200s")
    assert drain(sqs, url) == ["later"]
    weir.restart(hard=True)
    assert counts(weir.client("sqs"), url) == (0, 0, 0)


def test_a_new_queue_of_the_same_name_knows_nothing_of_the_old_ones_handles(sqs):
    url = make(sqs)
    send(sqs, url, "old")
    handle = receive(sqs, url)[0]["ReceiptHandle"]
    sqs.delete_queue(QueueUrl=url)
    make(sqs, url.rsplit("/", 1)[1])
    refused(BAD_HANDLE, sqs.delete_message, QueueUrl=url, ReceiptHandle=handle)


# ---- batches ----

def test_a_batch_answers_each_entry_for_itself(sqs):
    url = make(sqs)
    answer = sqs.send_message_batch(QueueUrl=url, Entries=[
        {"Id": "good", "MessageBody": "a", "MessageAttributes": {"k": TEXT}},
        {"Id": "bad", "MessageBody": "\x01"}, {"Id": "late", "MessageBody": "b", "DelaySeconds": 901},
        {"Id": "second", "MessageBody": "c", "DelaySeconds": 0}])
    assert [e["Id"] for e in answer["Successful"]] == ["good", "second"]
    assert answer["Successful"][0]["MD5OfMessageBody"] == md5("a")
    assert answer["Successful"][0]["MD5OfMessageAttributes"] == md5_of_attributes({"k": TEXT})
    assert [(e["Id"], e["Code"], e["SenderFault"]) for e in answer["Failed"]] == [
        ("bad", "InvalidMessageContents", True), ("late", BAD, True)]
    got = receive(sqs, url)
    assert bodies(got) == ["a", "c"]
    changed = sqs.change_message_visibility_batch(QueueUrl=url, Entries=[
        {"Id": "x", "ReceiptHandle": got[0]["ReceiptHandle"], "VisibilityTimeout": 0},
        {"Id": "y", "ReceiptHandle": "nonsense", "VisibilityTimeout": 0},
        {"Id": "z", "ReceiptHandle": got[1]["ReceiptHandle"], "VisibilityTimeout": 43201}])
    assert [e["Id"] for e in changed["Successful"]] == ["x"]
    assert [(e["Id"], e["Code"]) for e in changed["Failed"]] == [("y", BAD_HANDLE), ("z", BAD)]
    again = receive(sqs, url)
    assert bodies(again) == ["a"]
    deleted = sqs.delete_message_batch(QueueUrl=url, Entries=[
        {"Id": "x", "ReceiptHandle": again[0]["ReceiptHandle"]},
        {"Id": "y", "ReceiptHandle": "nonsense"}])
    assert [e["Id"] for e in deleted["Successful"]] == ["x"]
    assert [(e["Id"], e["Code"], e["SenderFault"]) for e in deleted["Failed"]] == [
        ("y", BAD_HANDLE, True)]


BATCH = "AWS.SimpleQueueService."


@pytest.mark.parametrize("ids,code", [
    ([], "EmptyBatchRequest"), ([str(i) for i in range(11)], "TooManyEntriesInBatchRequest"),
    (["a", "b", "a"], "BatchEntryIdsNotDistinct"), (["a b"], "InvalidBatchEntryId"),
    ([""], "InvalidBatchEntryId"), (["x" * 81], "InvalidBatchEntryId")])
def test_batches_that_are_refused_whole(sqs, ids, code):
    url = make(sqs)
    refused(BATCH + code, sqs.send_message_batch, QueueUrl=url,
            Entries=[{"Id": i, "MessageBody": "m"} for i in ids])
    refused(BATCH + code, sqs.delete_message_batch, QueueUrl=url,
            Entries=[{"Id": i, "ReceiptHandle": "h"} for i in ids])
    refused(BATCH + code, sqs.change_message_visibility_batch, QueueUrl=url,
            Entries=[{"Id": i, "ReceiptHandle": "h", "VisibilityTimeout": 1} for i in ids])
    assert receive(sqs, url) == []


def test_a_batch_is_a_mebibyte_at_most(sqs):
    url = make(sqs)
    half = "x" * (MIB // 2)
    sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": str(i), "MessageBody": half}
                                                  for i in range(2)])
    message = refused(BATCH + "BatchRequestTooLong", sqs.send_message_batch, QueueUrl=url,
                      Entries=[{"Id": "a", "MessageBody": half}, {"Id": "b", "MessageBody": half},
                               {"Id": "c", "MessageBody": "x"}])
    assert message == ("Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 "
                       "bytes.")
    assert len(drain(sqs, url)) == 2


# ---- order, many ----

def test_a_thousand_messages_come_once_each_in_the_order_of_sending(sqs):
    url = make(sqs)
    for first in range(0, 1000, 10):
        sqs.send_message_batch(QueueUrl=url, Entries=[
            {"Id": str(i), "MessageBody": str(first + i)} for i in range(10)])
    assert drain(sqs, url) == [str(i) for i in range(1000)]
    assert counts(sqs, url) == (0, 0, 0)


def test_consumers_beside_each_other_get_different_messages(sqs):
    url = make(sqs)
    for first in range(0, 300, 10):
        sqs.send_message_batch(QueueUrl=url, Entries=[
            {"Id": str(i), "MessageBody": str(first + i)} for i in range(10)])
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        parts = [one.result() for one in [pool.submit(drain, sqs, url) for _ in range(6)]]
    assert sorted(map(int, sum(parts, []))) == list(range(300))
