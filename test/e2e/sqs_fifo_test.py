# SPDX-License-Identifier: Apache-2.0
"""FIFO queues: order within groups, groups beside each other, de-duplication, attempts, handles."""
import concurrent.futures
import json

import pytest
from sqs_kit import (bodies, counts, delete, drain, make, make_fifo, receive, refused, send)

BAD = "InvalidParameterValue"


@pytest.fixture(scope="module")
def still(clocked):
    return clocked.client("sqs")


@pytest.fixture(scope="module")
def sqs(weir):
    return weir.client("sqs")


def duplicates(weir, url):
    """How many sends de-duplication swallowed."""
    name = url.rsplit("/", 1)[1]
    found = json.loads(weir.ask("GET", f"/_weir/sqs/queues?prefix={name}")[2])["queues"]
    return found[0]["duplicates"]


# ---- order ----

def test_a_group_waits_for_its_first_message(sqs):
    url = make_fifo(sqs)
    send(sqs, url, "a1", "a2", "a3", MessageGroupId="a")
    send(sqs, url, "b1", "b2", MessageGroupId="b")
    first = receive(sqs, url, 1)
    assert bodies(first) == ["a1"]
    assert bodies(receive(sqs, url, 1)) == ["b1"]
    assert receive(sqs, url) == []
    delete(sqs, url, first)
    assert bodies(receive(sqs, url)) == ["a2", "a3"]


def test_a_receive_takes_of_one_group_first_and_in_order(sqs):
    url = make_fifo(sqs)
    for i in range(4):
        send(sqs, url, f"a{i}", MessageGroupId="a")
        send(sqs, url, f"b{i}", MessageGroupId="b")
    got = bodies(receive(sqs, url, 6))
    assert [m for m in got if m[0] == "a"] == [f"a{i}" for i in range(4)]
    assert [m for m in got if m[0] == "b"] == ["b0", "b1"]


def test_a_message_that_comes_back_comes_first_again(clocked, still):
    url = make_fifo(still, VisibilityTimeout="10")
    send(still, url, "1", "2", "3", MessageGroupId="g")
    got = receive(still, url, 2)
    assert bodies(got) == ["1", "2"]
    delete(still, url, got[1:])
    clocked.advance("10s")
    assert bodies(receive(still, url)) == ["1", "3"]


def test_a_group_whose_first_is_changed_to_now_goes_on(sqs):
    url = make_fifo(sqs)
    send(sqs, url, "1", "2", MessageGroupId="g")
    handle = receive(sqs, url, 1)[0]["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    assert drain(sqs, url) == ["1", "2"]


def test_one_who_waits_gets_the_next_of_a_group_when_the_first_is_deleted(sqs):
    url = make_fifo(sqs)
    send(sqs, url, "1", "2", MessageGroupId="g")
    first = receive(sqs, url, 1)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(receive, sqs, url, WaitTimeSeconds=20)
        delete(sqs, url, first)
        assert bodies(waiting.result(timeout=15)) == ["2"]


def test_ten_consumers_keep_every_groups_order(sqs):
    url = make_fifo(sqs)
    groups, each = 12, 15
    for i in range(each):
        sqs.send_message_batch(QueueUrl=url, Entries=[
            {"Id": str(g), "MessageBody": f"{g}/{i}", "MessageGroupId": str(g)}
            for g in range(10)])
        sqs.send_message_batch(QueueUrl=url, Entries=[
            {"Id": str(g), "MessageBody": f"{g}/{i}", "MessageGroupId": str(g)}
            for g in range(10, groups)])
    seen = []

    def consume(_):
        while len(seen) < groups * each:
            got = receive(sqs, url, 3)
            seen.extend(bodies(got))  # before the delete: nobody gets the group's next until then
            delete(sqs, url, got)

    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        list(pool.map(consume, range(10)))
    for g in range(groups):
        assert [m for m in seen if m.startswith(f"{g}/")] == [f"{g}/{i}" for i in range(each)]


def test_sequence_numbers_rise(fresh):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    sqs = weir.client("sqs")
    url = make_fifo(sqs)
    numbers = []
    for i in range(3):
        numbers += [send(sqs, url, f"{i}{k}", MessageGroupId=str(k))["SequenceNumber"]
                    for k in range(3)]
        weir.restart(hard=True)
        sqs = weir.client("sqs")
    assert numbers == sorted(set(numbers)) and {len(n) for n in numbers} == {20}
    got = receive(sqs, url, AttributeNames=["All"])
    assert {m["Attributes"]["SequenceNumber"] for m in got} == set(numbers)
    assert got[0]["Attributes"]["MessageGroupId"] == "0"
    assert len(got[0]["Attributes"]["MessageDeduplicationId"]) == 64  # SHA-256 of the body


# ---- de-duplication ----

def test_the_same_body_within_five_minutes_is_one_message(clocked, still):
    url = make_fifo(still)
    first = send(still, url, "m", MessageGroupId="g")
    clocked.advance("299s")
    second = send(still, url, "m", MessageGroupId="g")
    assert second["MessageId"] == first["MessageId"]
    assert second["SequenceNumber"] == first["SequenceNumber"]
    assert counts(still, url) == (1, 0, 0) and duplicates(clocked, url) == 1
    clocked.advance("1s")
    third = send(still, url, "m", MessageGroupId="g")
    assert third["MessageId"] != first["MessageId"]
    assert counts(still, url) == (2, 0, 0)


def test_also_when_the_first_was_deleted_already(still):
    url = make_fifo(still)
    send(still, url, "m", MessageGroupId="g")
    assert drain(still, url) == ["m"]
    send(still, url, "m", MessageGroupId="g")
    assert drain(still, url) == []


def test_an_id_of_its_own_counts_before_the_body(still):
    url = make_fifo(still)
    send(still, url, "same", MessageGroupId="g", MessageDeduplicationId="1")
    send(still, url, "same", MessageGroupId="g", MessageDeduplicationId="2")
    send(still, url, "another", MessageGroupId="g", MessageDeduplicationId="1")
    assert drain(still, url) == ["same", "same"]


def test_the_scope_is_the_queue_or_the_group(still):
    queue = make_fifo(still)
    group = make_fifo(still, DeduplicationScope="messageGroup",
                      FifoThroughputLimit="perMessageGroupId")
    for url, found in ((queue, ["m"]), (group, ["m", "m"])):
        for name in ("a", "b", "a"):
            send(still, url, "m", MessageGroupId=name)
        assert drain(still, url) == found


def test_it_survives_a_restart_and_ends_after_it(fresh):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    sqs = weir.client("sqs")
    url = make_fifo(sqs)
    first = send(sqs, url, "m", MessageGroupId="g")
    weir.advance("200s")
    weir.restart(hard=True)
    sqs = weir.client("sqs")
    assert send(sqs, url, "m", MessageGroupId="g")["MessageId"] == first["MessageId"]
    assert duplicates(weir, url) == 1
    weir.advance("100s")
    weir.restart(hard=True)
    sqs = weir.client("sqs")
    assert duplicates(weir, url) == 1
    assert send(sqs, url, "m", MessageGroupId="g")["MessageId"] != first["MessageId"]


def test_twins_within_a_batch_are_one(still):
    url = make_fifo(still)
    answer = still.send_message_batch(QueueUrl=url, Entries=[
        {"Id": i, "MessageBody": "m", "MessageGroupId": "g"} for i in ("a", "b")])
    assert len({e["MessageId"] for e in answer["Successful"]}) == 1
    assert drain(still, url) == ["m"]


# ---- what must be there ----

def test_what_a_fifo_send_must_have(sqs):
    url = make_fifo(sqs, ContentBasedDeduplication="false")
    assert refused("MissingParameter", sqs.send_message, QueueUrl=url, MessageBody="m") == (
        "The request must contain the parameter MessageGroupId.")
    assert refused(BAD, sqs.send_message, QueueUrl=url, MessageBody="m", MessageGroupId="g") == (
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId "
        "provided explicitly")
    for bad in ("", "a b", "größe", "x" * 129):
        refused(BAD, sqs.send_message, QueueUrl=url, MessageBody="m", MessageGroupId=bad,
                MessageDeduplicationId="d")
        refused(BAD, sqs.send_message, QueueUrl=url, MessageBody="m", MessageGroupId="g",
                MessageDeduplicationId=bad)
    assert "not valid for this queue type" in refused(
        BAD, sqs.send_message, QueueUrl=url, MessageBody="m", MessageGroupId="g",
        MessageDeduplicationId="d", DelaySeconds=1)
    answer = sqs.send_message_batch(QueueUrl=url, Entries=[
        {"Id": "good", "MessageBody": "m", "MessageGroupId": "!\"#~", "MessageDeduplicationId": "d"},
        {"Id": "bad", "MessageBody": "m"}])
    assert [e["Id"] for e in answer["Successful"]] == ["good"]
    assert [(e["Id"], e["Code"]) for e in answer["Failed"]] == [("bad", "MissingParameter")]


def test_the_queues_delay_holds_a_group_back(clocked, still):
    url = make_fifo(still, DelaySeconds="5")
    send(still, url, "1", MessageGroupId="g")
    clocked.advance("3s")
    send(still, url, "2", MessageGroupId="g")
    assert counts(still, url) == (0, 0, 2)
    clocked.advance("2s")
    assert bodies(receive(still, url)) == ["1"]
    clocked.advance("3s")
    assert receive(still, url) == []  # 2 is visible, but 1 is in flight


# ---- handles ----

def test_a_handle_whose_time_is_over_is_refused(clocked, still):
    url = make_fifo(still)
    send(still, url, "m", MessageGroupId="g")
    old = receive(still, url)[0]["ReceiptHandle"]
    clocked.advance("30s")
    assert "receipt handle has expired" in refused(BAD, still.delete_message, QueueUrl=url,
                                                   ReceiptHandle=old)
    newer = receive(still, url)[0]["ReceiptHandle"]
    refused(BAD, still.delete_message, QueueUrl=url, ReceiptHandle=old)
    still.delete_message(QueueUrl=url, ReceiptHandle=newer)
    still.delete_message(QueueUrl=url, ReceiptHandle=newer)
    assert counts(still, url) == (0, 0, 0)


# ---- ReceiveRequestAttemptId ----

def test_an_attempt_that_is_made_again_gets_the_same(clocked, still):
    url = make_fifo(still)
    send(still, url, "1", "2", MessageGroupId="g")
    send(still, url, "3", MessageGroupId="h")
    first = receive(still, url, 2, ReceiveRequestAttemptId="try")
    assert bodies(first) == ["1", "2"]
    clocked.advance("20s")
    again = receive(still, url, 2, ReceiveRequestAttemptId="try", AttributeNames=["All"])
    assert [(m["MessageId"], m["ReceiptHandle"]) for m in again] == [
        (m["MessageId"], m["ReceiptHandle"]) for m in first]
    assert again[0]["Attributes"]["ApproximateReceiveCount"] == "1"
    clocked.advance("20s")  # the second attempt began the time anew
    assert counts(still, url) == (1, 2, 0)
    assert bodies(receive(still, url, ReceiveRequestAttemptId="other")) == ["3"]
    delete(still, url, first)
    refused(BAD, still.receive_message, QueueUrl=url, MaxNumberOfMessages=2,
            ReceiveRequestAttemptId="try")


def test_an_attempt_survives_a_restart_and_is_over_after_five_minutes(fresh):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    sqs = weir.client("sqs")
    url = make_fifo(sqs, VisibilityTimeout="600")
    send(sqs, url, "1", "2", MessageGroupId="g")
    first = receive(sqs, url, 1, ReceiveRequestAttemptId="try")
    weir.restart(hard=True)
    sqs = weir.client("sqs")
    again = receive(sqs, url, 1, ReceiveRequestAttemptId="try")
    assert again[0]["ReceiptHandle"] == first[0]["ReceiptHandle"]
    weir.advance("300s")
    assert receive(sqs, url, 1, ReceiveRequestAttemptId="try") == []


def test_attempts_are_for_fifo_queues(sqs):
    assert "not valid for this queue type" in refused(
        BAD, sqs.receive_message, QueueUrl=make(sqs), ReceiveRequestAttemptId="try")
    for bad in ("a b", "x" * 129, ""):
        refused(BAD, sqs.receive_message, QueueUrl=make_fifo(sqs), ReceiveRequestAttemptId=bad)


def test_groups_and_flight_survive_a_kill(fresh):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    sqs = weir.client("sqs")
    url = make_fifo(sqs)
    send(sqs, url, "a1", "a2", MessageGroupId="a")
    send(sqs, url, "b1", "b2", MessageGroupId="b")
    first = receive(sqs, url, 1)
    weir.restart(hard=True)
    sqs = weir.client("sqs")
    assert bodies(receive(sqs, url)) == ["b1", "b2"]
    delete(sqs, url, first)
    assert bodies(receive(sqs, url)) == ["a2"]
    weir.advance("30s")
    assert drain(sqs, url) in (["b1", "b2", "a2"], ["a2", "b1", "b2"])
