# SPDX-License-Identifier: Apache-2.0
"""PutLogEvents, GetLogEvents and FilterLogEvents: AWS's rules of batches, order, tokens that stay,
pages, and what a retention takes away."""
import itertools
import random

import pytest
from logs_kit import ARN, Kit

SECOND, HOUR, DAY = 1000, 3600 * 1000, 24 * 3600 * 1000


@pytest.fixture
def kit(clocked):
    return Kit(clocked)


@pytest.fixture
def group(kit, name):
    return kit.group(name, "s")


# ---- putting ----


def test_events_come_back_as_they_were_put(kit, group):
    now = kit.now
    kit.put(group, "s", (now - 5, "first"), (now, "second\n"), (now, "ü \u2028 \"quoted\""))
    assert kit.get(group, "s", startFromHead=True)["events"] == [
        {"timestamp": now - 5, "message": "first", "ingestionTime": now},
        {"timestamp": now, "message": "second\n", "ingestionTime": now},
        {"timestamp": now, "message": "ü \u2028 \"quoted\"", "ingestionTime": now}]


def test_a_batch_is_in_the_order_of_time(kit, group, refused):
    message = refused("InvalidParameterException", kit.put, group, "s", (kit.now, "b"),
                      (kit.now - 1, "a"))
    assert "chronological order" in message
    assert kit.messages(group, "s") == []


def test_a_batch_spans_a_day_at_most(kit, group, refused):
    now = kit.now
    refused("InvalidParameterException", kit.put, group, "s", (now - DAY - 1, "a"), (now, "b"))
    kit.put(group, "s", (now - DAY, "a"), (now, "b"))
    assert kit.messages(group, "s") == ["a", "b"]


def test_a_batch_has_a_mebibyte_at_most(kit, group, refused):
    fits = "x" * (1024 * 1024 // 4 - 26)
    kit.put(group, "s", fits, fits, fits, fits)
    message = refused("InvalidParameterException", kit.put, group, "s", fits, fits, fits,
                      fits + "x")
    assert message == "Upload too large: 1048577 bytes exceeds limit of 1048576"
    message = refused("InvalidParameterException", kit.put, group, "s", "x" * (1024 * 1024))
    assert "Log event too large" in message


def test_a_batch_has_ten_thousand_events_at_most(kit, group, refused):
    kit.put(group, "s", *["x"] * 10000)
    refused("InvalidParameterException", kit.put, group, "s", *["x"] * 10001)


def test_too_old_and_too_new_are_rejected_and_the_rest_taken(kit, group):
    now = kit.now
    answer = kit.put(group, "s", (now + 1, "a"), (now + 2 * HOUR, "b"), (now + 2 * HOUR + 1, "c"))
    assert answer["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 2}
    answer = kit.put(group, "s", (now - 14 * DAY - 1, "c"), (now - 14 * DAY, "d"))
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    answer = kit.put(group, "s", (now - 20 * DAY, "e"))
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    assert kit.messages(group, "s") == ["d", "a", "b"]


def test_what_a_retention_does_not_keep_is_rejected(kit, group):
    kit.logs.put_retention_policy(logGroupName=group, retentionInDays=1)
    answer = kit.put(group, "s", (kit.now - DAY - 1, "a"), (kit.now - DAY, "b"))
    assert answer["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}
    assert kit.messages(group, "s") == ["b"]


def test_sequence_tokens_are_ignored(kit, group):
    first = kit.put(group, "s", "a")
    assert first["nextSequenceToken"]
    kit.logs.put_log_events(logGroupName=group, logStreamName="s", sequenceToken="nonsense",
                            logEvents=[{"timestamp": kit.now, "message": "b"}])
    assert kit.messages(group, "s") == ["a", "b"]


def test_a_stream_that_is_not_there_is_told(kit, group, refused):
    message = refused("ResourceNotFoundException", kit.put, group, "other", "x")
    assert message == "The specified log stream does not exist."


# ---- order ----


def test_events_are_in_the_order_of_time_however_they_came(kit, group):
    now = kit.now
    events = [(now - i * 377, f"{i}") for i in range(500)]
    random.Random(4).shuffle(events)
    for i in range(0, 500, 25):
        kit.put(group, "s", *sorted(events[i:i + 25]))
    in_order = [m for _, m in sorted(events)]
    assert kit.messages(group, "s") == in_order
    assert kit.filtered(group) == in_order
    assert kit.filtered(group, startFromHead=False) == in_order[::-1]


def test_events_of_one_moment_are_in_the_order_they_came(kit, group):
    now = kit.now
    for i in range(40):
        kit.put(group, "s", (now, f"{2 * i}"), (now, f"{2 * i + 1}"))
    assert kit.messages(group, "s") == [str(i) for i in range(80)]
    assert kit.messages(group, "s", startFromHead=False, limit=3) == ["77", "78", "79"]


# ---- GetLogEvents' tokens ----


def test_pages_forward_give_everything_once_and_the_last_token_stays(kit, group):
    now = kit.now
    kit.put(group, "s", *[(now + i // 3, str(i)) for i in range(100)])
    seen, token = [], None
    while True:
        more = {"nextToken": token} if token else {}
        page = kit.get(group, "s", startFromHead=True, limit=7, **more)
        seen += [e["message"] for e in page["events"]]
        if page["nextForwardToken"] == token:
            break
        token = page["nextForwardToken"]
    assert seen == [str(i) for i in range(100)]
    kit.put(group, "s", (now + 1000, "later"))
    page = kit.get(group, "s", nextToken=token)
    assert [e["message"] for e in page["events"]] == ["later"]


def test_pages_backward_give_everything_once_and_the_last_token_stays(kit, group):
    kit.put(group, "s", *[(kit.now + i // 3, str(i)) for i in range(100)])
    seen, token = [], None
    while True:
        more = {"nextToken": token} if token else {}
        page = kit.get(group, "s", limit=9, **more)
        seen = [e["message"] for e in page["events"]] + seen
        if page["nextBackwardToken"] == token:
            break
        token = page["nextBackwardToken"]
    assert seen == [str(i) for i in range(100)]


def test_one_may_turn_round(kit, group):
    kit.put(group, "s", *[str(i) for i in range(10)])
    page = kit.get(group, "s", startFromHead=True, limit=4)
    forward = kit.get(group, "s", nextToken=page["nextForwardToken"], limit=3)
    assert [e["message"] for e in forward["events"]] == ["4", "5", "6"]
    back = kit.get(group, "s", nextToken=forward["nextBackwardToken"], limit=3)
    assert [e["message"] for e in back["events"]] == ["1", "2", "3"]
    end = kit.get(group, "s", nextToken=kit.get(group, "s")["nextForwardToken"])
    assert end["events"] == []
    last = kit.get(group, "s", nextToken=end["nextBackwardToken"], limit=1)
    assert [e["message"] for e in last["events"]] == ["9"]


def test_a_token_of_an_empty_stream_finds_what_comes(kit, group):
    token = kit.get(group, "s")["nextForwardToken"]
    kit.put(group, "s", "x")
    assert [e["message"] for e in kit.get(group, "s", nextToken=token)["events"]] == ["x"]


@pytest.mark.parametrize("token", ["x", "f/1", "f/" + "9" * 57, "q/" + "0" * 56])
def test_a_token_that_is_none_is_refused(kit, group, token, refused):
    refused("InvalidParameterException", kit.get, group, "s", nextToken=token)


def test_times_bound_what_is_given(kit, group, refused):
    now = kit.now
    kit.put(group, "s", *[(now + i, str(i)) for i in range(10)])
    assert kit.messages(group, "s", startTime=now + 3, endTime=now + 6) == ["3", "4", "5"]
    assert kit.filtered(group, startTime=now + 3, endTime=now + 6) == ["3", "4", "5", "6"]
    assert kit.messages(group, "s", startTime=now + 20) == []
    refused("InvalidParameterException", kit.get, group, "s", startTime=5, endTime=4)


def test_a_group_is_named_one_way(kit, group, refused):
    kit.put(group, "s", "x")
    for arn in (f"{ARN}:log-group:{group}", group):
        assert kit.logs.get_log_events(logGroupIdentifier=arn, logStreamName="s")["events"]
    refused("InvalidParameterException", kit.get, group, "s", logGroupIdentifier=group)
    refused("InvalidParameterException", kit.logs.get_log_events, logStreamName="s")


def test_a_page_has_a_mebibyte_at_most(kit, group):
    for i in range(5):
        kit.put(group, "s", *[f"{i}" + "x" * 100_000] * 10)
    page = kit.get(group, "s", startFromHead=True)
    assert 9 <= len(page["events"]) <= 10
    assert len(kit.filtered(group)) == 50


# ---- FilterLogEvents ----


def test_streams_are_interleaved_and_named(kit, name):
    kit.group(name, "a1", "a2", "b")
    now = kit.now
    for i, stream in zip(range(30), itertools.cycle(("b", "a2", "a1"))):
        kit.put(name, stream, (now + i, str(i)))
    page = kit.logs.filter_log_events(logGroupName=name)
    assert [e["message"] for e in page["events"]] == [str(i) for i in range(30)]
    assert [e["logStreamName"] for e in page["events"][:3]] == ["b", "a2", "a1"]
    assert len({e["eventId"] for e in page["events"]}) == 30
    assert page["searchedLogStreams"] == []
    assert kit.filtered(name, logStreamNames=["b", "a1"])[:4] == ["0", "2", "3", "5"]
    assert kit.filtered(name, logStreamNamePrefix="a")[:4] == ["1", "2", "4", "5"]
    assert kit.filtered(name, logStreamNamePrefix="zzz") == []


def test_names_and_prefix_exclude_each_other(kit, group, refused):
    refused("InvalidParameterException", kit.logs.filter_log_events, logGroupName=group,
            logStreamNames=["s"], logStreamNamePrefix="s")
    refused("ResourceNotFoundException", kit.logs.filter_log_events, logGroupName=group,
            logStreamNames=["nothing"])
    refused("InvalidParameterException", kit.logs.filter_log_events, logGroupName=group,
            filterPattern="foo-bar")


def test_many_streams_of_a_prefix_are_read_by_the_group(kit, name):
    streams = [f"p{i:03}" for i in range(120)]
    kit.group(name, *streams, "other")
    for stream in (*streams, "other"):
        kit.put(name, stream, stream)
    assert kit.filtered(name, logStreamNamePrefix="p") == streams


def test_pages_of_a_filter_give_everything_once(kit, name):
    kit.group(name, "a", "b")
    now = kit.now
    for i in range(0, 200, 4):
        kit.put(name, "ab"[i // 4 % 2], *[(now + (i + k) * 100, f"{'ERROR' if k % 2 else 'ok'} {i + k}")
                                         for k in range(4)])
    wanted = [f"ERROR {i}" for i in range(200) if i % 2]
    for size in (1, 3, 50):
        assert kit.filtered(name, "ERROR", PaginationConfig={"PageSize": size}) == wanted
        assert kit.filtered(name, "ERROR", startFromHead=False,
                            PaginationConfig={"PageSize": size}) == wanted[::-1]


def test_a_sparse_match_comes_over_empty_pages(kit, group):
    filler = "x" * 50_000
    for i in range(10):
        kit.put(group, "s", *[(kit.now + i * SECOND, filler)] * 20)
    kit.put(group, "s", (kit.now + 11 * SECOND, "needle"))
    pages = list(kit.logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, filterPattern="needle"))
    assert len(pages) > 1
    assert [e["message"] for p in pages for e in p["events"]] == ["needle"]


def test_patterns_choose(kit, group):
    kit.put(group, "s", '{"level":"ERROR","n":5}', "plain ERROR line", '{"level":"INFO","n":7}',
            '10.0.0.1 - bob [x y] "GET /" 404 12')
    assert len(kit.filtered(group, "ERROR")) == 2
    assert kit.filtered(group, '{ $.level = "INFO" }') == ['{"level":"INFO","n":7}']
    assert len(kit.filtered(group, "{ $.n > 4 }")) == 2
    assert len(kit.filtered(group, "[ip, id, user, when, request, status = 4*, bytes]")) == 1
    assert len(kit.filtered(group, "?bob ?plain")) == 2
    assert kit.filtered(group, "-ERROR -INFO")[0].startswith("10.0.0.1")
    assert len(kit.filtered(group, "%[0-9]{3}%")) == 1


# ---- single events ----


def test_a_record_is_found_by_its_id(kit, group, refused):
    kit.put(group, "s", '{"a":{"b":1},"c":"x"}', "other")
    event = kit.logs.filter_log_events(logGroupName=group)["events"][0]
    record = kit.logs.get_log_record(logRecordPointer=event["eventId"])["logRecord"]
    assert record["@message"] == '{"a":{"b":1},"c":"x"}'
    assert record["@logStream"] == "s"
    assert record["@timestamp"] == str(event["timestamp"])
    assert record["c"] == "x"
    refused("InvalidParameterException", kit.logs.get_log_record, logRecordPointer="x")
    refused("ResourceNotFoundException", kit.logs.get_log_record, logRecordPointer="1" * 56)


def test_fields_of_a_group_are_counted(kit, group):
    kit.put(group, "s", '{"a":1,"b":2}', '{"a":1}', "plain", "plain")
    fields = {f["name"]: f["percent"] for f in
              kit.logs.get_log_group_fields(logGroupName=group)["logGroupFields"]}
    assert fields["@message"] == 100
    assert fields["a"] == 50
    assert fields["b"] == 25


# ---- retention ----


def test_a_retention_takes_events_away(fresh):
    server = fresh(clock="2026-11-23T08:00:00Z")
    kit = Kit(server)
    kit.group("g", "s")
    kit.put("g", "s", *["old"] * 100)
    kit.logs.put_retention_policy(logGroupName="g", retentionInDays=1)
    assert kit.logs.describe_log_groups()["logGroups"][0]["storedBytes"] > 0
    server.advance("23h")
    kit.put("g", "s", "new")
    assert len(kit.filtered("g")) == 101
    server.advance("61m")
    assert kit.filtered("g") == ["new"]
    assert kit.messages("g", "s") == ["new"]
    server.advance("3d")
    assert kit.logs.describe_log_groups()["logGroups"][0]["storedBytes"] == 0
    server.restart(hard=True)
    assert Kit(server).filtered("g") == []
    server.stop()
    assert server.fsck().returncode == 0


def test_a_shorter_retention_hides_at_once(kit, group):
    kit.put(group, "s", (kit.now - 2 * DAY, "old"), (kit.now - 2 * DAY, "old"))
    kit.put(group, "s", "new")
    assert len(kit.messages(group, "s")) == 3
    kit.logs.put_retention_policy(logGroupName=group, retentionInDays=1)
    assert kit.messages(group, "s") == ["new"]
    assert kit.filtered(group) == ["new"]
