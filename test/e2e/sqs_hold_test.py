# SPDX-License-Identifier: Apache-2.0
"""Holding: a queue or one message group keeps what comes, everything else flows, nothing is lost."""
import concurrent.futures
import json

import pytest
from sqs_kit import (arn_of, bodies, counts, delete, drain, make, make_fifo, make_with_dead, receive,
                     send)
from weir_server import run_weir


@pytest.fixture(scope="module")
def sqs(weir):
    return weir.client("sqs")


def command(weir, *words):
    """A weir command against that server; its standard output, or None when it failed."""
    run = run_weir(*words, "--server", weir.address)
    return run.stdout if run.returncode == 0 else None


def name_of(url):
    return url.rsplit("/", 1)[1]


def held(weir):
    return json.loads(command(weir, "holds", "--json"))["holds"]


def shown(weir, url):
    return json.loads(weir.ask("GET", f"/_weir/sqs/queues?prefix={name_of(url)}")[2])["queues"][0]


def test_a_held_queue_accumulates_while_others_flow(weir, sqs):
    url, other = make(sqs), make(sqs)
    send(sqs, url, "before")
    assert "is held" in command(weir, "hold", "queue", name_of(url))
    send(sqs, url, "during")
    send(sqs, other, "elsewhere")
    assert receive(sqs, url) == [] and drain(sqs, other) == ["elsewhere"]
    assert counts(sqs, url) == (2, 0, 0) and shown(weir, url)["held"] is True
    assert [h["arn"] for h in held(weir)] == [arn_of(url)]
    assert "was held already" in command(weir, "hold", "queue", name_of(url))
    assert "goes on" in command(weir, "release", "queue", name_of(url))
    assert drain(sqs, url) == ["before", "during"]
    assert held(weir) == [] and shown(weir, url)["held"] is False


def test_what_was_in_flight_can_still_be_finished(weir, sqs):
    url = make(sqs)
    send(sqs, url, "a", "b")
    got = receive(sqs, url)
    command(weir, "hold", "queue", url)  # by its URL
    delete(sqs, url, got[:1])
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=got[1]["ReceiptHandle"],
                                  VisibilityTimeout=0)
    assert receive(sqs, url) == [] and counts(sqs, url) == (1, 0, 0)
    command(weir, "release", "queue", arn_of(url))  # by its ARN
    assert drain(sqs, url) == ["b"]


def test_one_who_waits_gets_them_at_the_release(weir, sqs):
    url = make(sqs)
    command(weir, "hold", "queue", name_of(url))
    send(sqs, url, "m")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(receive, sqs, url, WaitTimeSeconds=20)
        command(weir, "release", "queue", name_of(url))
        assert bodies(waiting.result(timeout=15)) == ["m"]


def test_one_held_group_accumulates_while_others_flow(weir, sqs):
    url = make_fifo(sqs)
    send(sqs, url, "a1", MessageGroupId="card-17")
    assert "is held" in command(weir, "hold", "group", name_of(url), "--key", "card-17")
    for i in range(3):
        send(sqs, url, f"b{i}", MessageGroupId="card-18")
    send(sqs, url, "a2", MessageGroupId="card-17")
    assert drain(sqs, url) == ["b0", "b1", "b2"]
    assert counts(sqs, url) == (2, 0, 0) and shown(weir, url)["held_groups"] is True
    assert [(h["kind"], h["key"]) for h in held(weir)] == [("group", "card-17")]
    command(weir, "release", "group", name_of(url), "--key", "card-17")
    assert drain(sqs, url) == ["a1", "a2"]


def test_groups_are_fifo_queues(weir, sqs):
    url = make(sqs)
    assert command(weir, "hold", "group", name_of(url), "--key", "g") is None
    assert command(weir, "hold", "group", name_of(make_fifo(sqs))) is None
    assert command(weir, "hold", "queue", "nowhere") is None


def test_holds_survive_a_kill(fresh):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    sqs = weir.client("sqs")
    url, fifo = make(sqs), make_fifo(sqs)
    send(sqs, url, "m")
    send(sqs, fifo, "a", MessageGroupId="a")
    send(sqs, fifo, "b", MessageGroupId="b")
    command(weir, "hold", "queue", name_of(url))
    command(weir, "hold", "group", name_of(fifo), "--key", "a")
    weir.restart(hard=True)
    sqs = weir.client("sqs")
    assert receive(sqs, url) == [] and drain(sqs, fifo) == ["b"]
    command(weir, "release", "queue", name_of(url))
    command(weir, "release", "group", name_of(fifo), "--key", "a")
    weir.restart(hard=True)
    sqs = weir.client("sqs")
    assert drain(sqs, url) == ["m"] and drain(sqs, fifo) == ["a"]


def test_nothing_dies_or_is_counted_while_it_is_held(weir, sqs):
    url, dead = make_with_dead(sqs, receives=1)
    send(sqs, url, "m")
    command(weir, "hold", "queue", name_of(url))
    for _ in range(3):
        assert receive(sqs, url, VisibilityTimeout=0) == []
    command(weir, "release", "queue", name_of(url))
    got = receive(sqs, url, AttributeNames=["All"])
    assert got[0]["Attributes"]["ApproximateReceiveCount"] == "1"
    assert counts(sqs, dead) == (0, 0, 0)
