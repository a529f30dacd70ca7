# SPDX-License-Identifier: Apache-2.0
"""Moving dead letters: StartMessageMoveTask, its list and cancelling, and `weir redrive`."""
import base64
import json

import pytest
from sqs_kit import (arn_of, bodies, counts, drain, make, make_fifo, make_with_dead, receive,
                     refused, send)
from weir_server import ACCOUNT, REGION, run_weir

BAD = "InvalidParameterValue"
NOT_FOUND = "ResourceNotFoundException"
UNSUPPORTED = "AWS.SimpleQueueService.UnsupportedOperation"


@pytest.fixture
def weir(fresh):
    """Its clock stands still; a test's own."""
    return fresh(clock="2026-11-23T08:00:00Z")


@pytest.fixture
def sqs(weir):
    return weir.client("sqs")


def kill_messages(sqs, url, *texts, **more):
    """Sends them and receives them until they are dead."""
    send(sqs, url, *texts, **more)
    while receive(sqs, url, VisibilityTimeout=0):
        pass


def moves(sqs, url, count=10):
    return sqs.list_message_move_tasks(SourceArn=arn_of(url), MaxResults=count)["Results"]


def settled(weir, sqs, url):
    """The newest move, once it has ended; the clock goes on meanwhile."""
    for _ in range(200):
        newest = moves(sqs, url)[0]
        if newest["Status"] != "RUNNING":
            return newest
        weir.advance("1s")
    raise AssertionError(newest)


def redrive(weir, *words):
    run = run_weir("redrive", *words, "--server", weir.address, "--json")
    return run.returncode, json.loads(run.stdout) if run.stdout.startswith("{") else run.stderr


def test_dead_letters_go_back_to_where_they_died(weir, sqs):
    one, dead = make_with_dead(sqs)
    policy = json.dumps({"deadLetterTargetArn": arn_of(dead), "maxReceiveCount": 1})
    two = make(sqs, RedrivePolicy=policy)
    kill_messages(sqs, one, "a", "b")
    kill_messages(sqs, two, "c")
    old = {m["Body"]: m for m in receive(sqs, dead, VisibilityTimeout=0)}
    sqs.start_message_move_task(SourceArn=arn_of(dead))
    done = settled(weir, sqs, dead)
    assert done["Status"] == "COMPLETED" and done["SourceArn"] == arn_of(dead)
    assert done["ApproximateNumberOfMessagesMoved"] == 3
    assert done["ApproximateNumberOfMessagesToMove"] == 3
    assert "TaskHandle" not in done and "DestinationArn" not in done
    assert counts(sqs, dead) == (0, 0, 0)
    got = receive(sqs, one, AttributeNames=["All"])
    assert sorted(bodies(got)) == ["a", "b"] and drain(sqs, two) == ["c"]
    assert got[0]["MessageId"] != old[got[0]["Body"]]["MessageId"]  # new, as AWS says
    assert got[0]["Attributes"]["ApproximateReceiveCount"] == "1"
    assert "DeadLetterQueueSourceArn" not in got[0]["Attributes"]


def test_or_to_another_queue_at_a_rate(weir, sqs):
    url, dead = make_with_dead(sqs)
    other = make(sqs)
    kill_messages(sqs, url, *map(str, range(25)))
    sqs.start_message_move_task(SourceArn=arn_of(dead), DestinationArn=arn_of(other),
                                MaxNumberOfMessagesPerSecond=10)
    weir.advance("0s")
    assert counts(sqs, other) == (10, 0, 0)
    running = moves(sqs, dead)[0]
    assert running["Status"] == "RUNNING" and running["TaskHandle"]
    assert running["MaxNumberOfMessagesPerSecond"] == 10
    assert running["DestinationArn"] == arn_of(other)
    assert running["ApproximateNumberOfMessagesMoved"] == 10
    weir.advance("1s")
    assert counts(sqs, other) == (20, 0, 0)
    weir.advance("1s")
    assert settled(weir, sqs, dead)["ApproximateNumberOfMessagesMoved"] == 25
    assert sorted(map(int, drain(sqs, other))) == list(range(25))


def test_a_move_is_cancelled(weir, sqs):
    url, dead = make_with_dead(sqs)
    kill_messages(sqs, url, *map(str, range(30)))
    handle = sqs.start_message_move_task(SourceArn=arn_of(dead),
                                         MaxNumberOfMessagesPerSecond=10)["TaskHandle"]
    assert json.loads(base64.b64decode(handle))["sourceArn"] == arn_of(dead)
    assert "already a task running" in refused(
        UNSUPPORTED, sqs.start_message_move_task, SourceArn=arn_of(dead))
    weir.advance("1s")
    answer = sqs.cancel_message_move_task(TaskHandle=handle)
    moved = answer["ApproximateNumberOfMessagesMoved"]
    assert 10 <= moved <= 20
    assert moves(sqs, dead)[0]["Status"] == "CANCELLED"
    weir.advance("60s")
    assert counts(sqs, dead) == (30 - moved, 0, 0) and counts(sqs, url) == (moved, 0, 0)
    refused(UNSUPPORTED, sqs.cancel_message_move_task, TaskHandle=handle)
    for bad in ("x", "e30=", base64.b64encode(json.dumps(
            {"taskId": "x", "sourceArn": arn_of(dead)}).encode()).decode(), "A" * 5000):
        refused(NOT_FOUND, sqs.cancel_message_move_task, TaskHandle=bad)


def test_a_move_goes_on_after_a_kill(weir, sqs):
    url, dead = make_with_dead(sqs)
    kill_messages(sqs, url, *map(str, range(40)))
    sqs.start_message_move_task(SourceArn=arn_of(dead), MaxNumberOfMessagesPerSecond=10)
    weir.advance("1s")
    weir.restart(hard=True)
    sqs = weir.client("sqs")
    assert moves(sqs, dead)[0]["Status"] == "RUNNING"
    assert settled(weir, sqs, dead)["ApproximateNumberOfMessagesMoved"] == 40
    assert sorted(map(int, drain(sqs, url))) == list(range(40))
    weir.restart(hard=True)
    assert moves(weir.client("sqs"), dead)[0]["Status"] == "COMPLETED"


def test_the_last_moves_are_listed_newest_first(weir, sqs):
    url, dead = make_with_dead(sqs)
    for i in range(12):
        weir.advance("10s")
        kill_messages(sqs, url, str(i))
        sqs.start_message_move_task(SourceArn=arn_of(dead))
        settled(weir, sqs, dead)
    found = moves(sqs, dead)
    began = [move["StartedTimestamp"] for move in found]
    assert len(found) == 10 and began == sorted(began, reverse=True)
    assert moves(sqs, dead, 3) == found[:3]
    default = sqs.list_message_move_tasks(SourceArn=arn_of(dead))["Results"]
    assert default == found[:1]
    weir.restart(hard=True)
    assert moves(weir.client("sqs"), dead) == found


def test_what_a_move_needs(weir, sqs):
    url, dead = make_with_dead(sqs)
    nowhere = f"arn:aws:sqs:{REGION}:{ACCOUNT}:nowhere"
    assert "Dead Letter Queue" in refused(BAD, sqs.start_message_move_task, SourceArn=arn_of(url))
    refused(NOT_FOUND, sqs.start_message_move_task, SourceArn=nowhere)
    refused(NOT_FOUND, sqs.start_message_move_task, SourceArn=arn_of(dead), DestinationArn=nowhere)
    refused(NOT_FOUND, sqs.list_message_move_tasks, SourceArn=nowhere)
    refused(BAD, sqs.start_message_move_task, SourceArn=arn_of(dead), DestinationArn=arn_of(dead))
    refused(BAD, sqs.start_message_move_task, SourceArn=arn_of(dead),
            DestinationArn=arn_of(make_fifo(sqs)))
    for bad in (0, -1, 501):
        refused(BAD, sqs.start_message_move_task, SourceArn=arn_of(dead),
                MaxNumberOfMessagesPerSecond=bad)
    for bad in (0, 11):
        refused(BAD, sqs.list_message_move_tasks, SourceArn=arn_of(dead), MaxResults=bad)
    assert moves(sqs, dead) == []


def test_a_message_without_a_source_fails_the_move(weir, sqs):
    _, dead = make_with_dead(sqs)
    send(sqs, dead, "was never anywhere else")
    sqs.start_message_move_task(SourceArn=arn_of(dead))
    failed = settled(weir, sqs, dead)
    assert failed["Status"] == "FAILED" and failed["FailureReason"]
    assert counts(sqs, dead) == (1, 0, 0)


def test_what_dies_again_meanwhile_is_not_moved_again(weir, sqs):
    url, dead = make_with_dead(sqs)
    kill_messages(sqs, url, "a", "b")
    sqs.start_message_move_task(SourceArn=arn_of(dead), MaxNumberOfMessagesPerSecond=1)
    weir.advance("0s")
    while receive(sqs, url, VisibilityTimeout=0):
        pass
    assert counts(sqs, dead) == (2, 0, 0)  # the moved one died again
    done = settled(weir, sqs, dead)
    assert done["Status"] == "COMPLETED" and done["ApproximateNumberOfMessagesMoved"] == 2


def test_what_is_in_flight_stays(weir, sqs):
    url, dead = make_with_dead(sqs)
    kill_messages(sqs, url, "a", "b", "c")
    held = receive(sqs, dead, 1)
    sqs.start_message_move_task(SourceArn=arn_of(dead))
    assert settled(weir, sqs, dead)["ApproximateNumberOfMessagesMoved"] == 2
    assert counts(sqs, dead)[1] <= 1 and counts(sqs, url) == (2, 0, 0)
    assert bodies(held)[0] not in bodies(receive(sqs, url))


def test_fifo_dead_letters_go_back_in_order(weir, sqs):
    url, dead = make_with_dead(sqs, fifo=True)
    kill_messages(sqs, url, *[f"m{i}" for i in range(8)], MessageGroupId="g")
    sqs.start_message_move_task(SourceArn=arn_of(dead))
    assert settled(weir, sqs, dead)["Status"] == "COMPLETED"
    assert drain(sqs, url) == [f"m{i}" for i in range(8)]


# ---- weir redrive ----

def test_a_redrive_says_first_what_it_would_do(weir, sqs):
    url, dead = make_with_dead(sqs)
    for i in range(10):
        kill_messages(sqs, url, json.dumps({"card": i % 3, "amount": i}))
    name = dead.rsplit("/", 1)[1]
    code, said = redrive(weir, name, "--where", '{"body": {"card": [1]}}', "--dry-run")
    assert (code, said["messages"], said["matching"], said["task"]) == (0, 10, 3, "")
    weir.advance("10s")
    assert counts(sqs, dead) == (10, 0, 0) and moves(sqs, dead) == []
    code, said = redrive(weir, name, "--where", '{"body": {"card": [1]}}')
    assert (code, said["matching"]) == (0, 3) and said["task"]
    assert settled(weir, sqs, dead)["ApproximateNumberOfMessagesMoved"] == 3
    assert sorted(json.loads(b)["amount"] for b in drain(sqs, url)) == [1, 4, 7]
    assert counts(sqs, dead) == (7, 0, 0)


@pytest.mark.parametrize("where,found", [
    ('{"body": {"amount": [{"numeric": [">=", 8]}]}}', 2),
    ('{"messageAttributes": {"kind": ["even"]}}', 5),
    ('{"messageAttributes": {"kind": [{"exists": false}]}}', 0),
    ('{"attributes": {"ApproximateReceiveCount": ["1"]}}', 10),
    ('{"body": {"card": [{"anything-but": [0]}]}, "messageAttributes": {"kind": ["odd"]}}', 3),
    ('{"body": ["no text"]}', 0),
])
def test_patterns_see_the_whole_message(weir, sqs, where, found):
    url, dead = make_with_dead(sqs)
    for i in range(10):
        kill_messages(sqs, url, json.dumps({"card": i % 3, "amount": i}), MessageAttributes={
            "kind": {"DataType": "String", "StringValue": "odd" if i % 2 else "even"}})
    code, said = redrive(weir, dead.rsplit("/", 1)[1], "--where", where, "--dry-run")
    assert (code, said["messages"], said["matching"]) == (0, 10, found)


def test_a_redrive_has_a_rate_and_a_destination(weir, sqs):
    url, other = make(sqs), make(sqs)
    send(sqs, url, *map(str, range(10)))
    code, said = redrive(weir, url.rsplit("/", 1)[1], "--rate", "4", "--to",
                         other.rsplit("/", 1)[1])
    assert code == 0, said
    weir.advance("0s")
    assert counts(sqs, other) == (4, 0, 0)
    weir.advance("1s")
    assert counts(sqs, other) == (8, 0, 0)
    weir.advance("1s")
    assert sorted(drain(sqs, other)) == [str(i) for i in range(10)]


def test_redrives_that_are_refused(weir, sqs):
    url, dead = make_with_dead(sqs)
    name, dead_name = url.rsplit("/", 1)[1], dead.rsplit("/", 1)[1]
    for words in (("nowhere",), (name,), (dead_name, "--where", "{"),
                  (dead_name, "--where", '{"body": "x"}'), (dead_name, "--rate", "0"),
                  (dead_name, "--to", "nowhere"), (dead_name, "--to", dead_name)):
        code, said = redrive(weir, *words)
        assert code != 0, (words, said)
    assert moves(sqs, dead) == []
