# SPDX-License-Identifier: Apache-2.0
"""Live Tail, by its event stream; exports to S3."""
import datetime
import gzip

import botocore
import pytest
from logs_kit import ARN, Kit, until


@pytest.fixture
def kit(clocked):
    return Kit(clocked)


def tail(server, *groups, **more):
    logs = server.client("logs", inject_host_prefix=False)
    return iter(logs.start_live_tail(
        logGroupIdentifiers=[f"{ARN}:log-group:{g}" for g in groups], **more)["responseStream"])


def events_of(stream, count):
    """Waits until so many came."""
    got = []
    while len(got) < count:
        got += next(stream)["sessionUpdate"]["sessionResults"]
    return got


def test_a_session_begins_by_telling_what_it_shows(kit, clocked, name):
    kit.group(name, "s")
    start = next(tail(clocked, name, logStreamNames=["s"],
                      logEventFilterPattern="ERROR"))["sessionStart"]
    assert start["logGroupIdentifiers"] == [f"{ARN}:log-group:{name}"]
    assert start["logStreamNames"] == ["s"]
    assert start["logEventFilterPattern"] == "ERROR"
    assert start["sessionId"]


def test_what_comes_is_shown_and_what_was_is_not(kit, clocked, name):
    kit.group(name, "s")
    kit.put(name, "s", "before")
    stream = tail(clocked, name)
    next(stream)
    kit.put(name, "s", (kit.now - 5, "one"), (kit.now, "two"))
    got = events_of(stream, 2)
    assert [e["message"] for e in got] == ["one", "two"]
    assert got[0] == {"logStreamName": "s", "logGroupIdentifier": f"{ARN}:log-group:{name}",
                      "message": "one", "timestamp": kit.now - 5, "ingestionTime": kit.now}


def test_many_events_come_all_of_them(kit, clocked, name):
    kit.group(name, "s")
    stream = tail(clocked, name)
    next(stream)
    kit.put(name, "s", *[str(i) for i in range(1700)])
    assert [e["message"] for e in events_of(stream, 1700)] == [str(i) for i in range(1700)]


def test_several_groups_streams_and_a_pattern_choose(kit, clocked, name):
    kit.group(f"{name}-a", "s1", "s2", "t")
    kit.group(f"{name}-b", "s")
    both = tail(clocked, f"{name}-a", f"{name}-b", logEventFilterPattern="ERROR")
    some = tail(clocked, f"{name}-a", logStreamNamePrefixes=["s"])
    next(both)
    next(some)
    kit.put(f"{name}-a", "t", "ERROR t")
    kit.put(f"{name}-a", "s1", "INFO s1")
    kit.put(f"{name}-a", "s2", "ERROR s2")
    kit.put(f"{name}-b", "s", "ERROR b")
    assert {e["message"] for e in events_of(both, 3)} == {"ERROR t", "ERROR s2", "ERROR b"}
    assert [e["message"] for e in events_of(some, 2)] == ["INFO s1", "ERROR s2"]


def test_an_update_comes_every_second_and_the_end_after_three_hours(kit, clocked, name):
    kit.group(name)
    stream = tail(clocked, name)
    next(stream)
    clocked.advance("1s")
    assert next(stream)["sessionUpdate"]["sessionResults"] == []
    clocked.advance("3h")
    with pytest.raises(botocore.exceptions.EventStreamError) as caught:
        for _ in stream:
            pass
    assert "SessionTimeoutException" in str(caught.value)


def test_a_session_that_cannot_be_is_refused(kit, clocked, name, refused):
    kit.group(name)
    kit.group(f"{name}-2")
    start = clocked.client("logs", inject_host_prefix=False).start_live_tail
    arns = [f"{ARN}:log-group:{name}", f"{ARN}:log-group:{name}-2"]
    refused("ResourceNotFoundException", start,
            logGroupIdentifiers=[f"{ARN}:log-group:nothing"])
    refused("InvalidParameterException", start, logGroupIdentifiers=arns, logStreamNames=["s"])
    refused("InvalidParameterException", start, logGroupIdentifiers=arns[:1],
            logEventFilterPattern="a-b")


def test_a_session_outlives_its_group(kit, clocked, name):
    kit.group(f"{name}-gone", "s")
    kit.group(f"{name}-stays", "s")
    stream = tail(clocked, f"{name}-gone", f"{name}-stays")
    next(stream)
    kit.put(f"{name}-gone", "s", "before")
    assert [e["message"] for e in events_of(stream, 1)] == ["before"]
    kit.logs.delete_log_group(logGroupName=f"{name}-gone")
    kit.put(f"{name}-stays", "s", "after")
    assert [e["message"] for e in events_of(stream, 1)] == ["after"]


def test_a_slow_reader_misses_nothing(kit, clocked, name):
    kit.group(name, "s")
    stream = tail(clocked, name)
    next(stream)
    for i in range(20):
        kit.put(name, "s", *[f"{i} {k} {'x' * 900}" for k in range(300)])
    got = [e["message"].rsplit(" ", 1)[0] for e in events_of(stream, 6000)]
    assert got == [f"{i} {k}" for i in range(20) for k in range(300)]


# ---- exports ----


@pytest.fixture
def s3(clocked):
    return clocked.client("s3")


def ended(kit, task):
    return until(lambda: kit.logs.describe_export_tasks(taskId=task)["exportTasks"][0],
                 lambda told: told["status"]["code"] not in ("PENDING", "RUNNING"))


def iso(ms):
    moment = datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def objects(s3, bucket):
    listed = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {o["Key"]: s3.get_object(Bucket=bucket, Key=o["Key"])["Body"].read() for o in listed}


def test_an_export_writes_each_streams_events(kit, clocked, s3, name):
    s3.create_bucket(Bucket=f"b-{name}")
    kit.group(name, "app/1", "app/2", "empty", "other")
    now = kit.now
    kit.put(name, "app/1", (now - 1, "one"), (now, "two"))
    kit.put(name, "app/2", (now, "three"), (now + 5000, "too late"))
    kit.put(name, "other", "not asked for")
    task = kit.logs.create_export_task(logGroupName=name, fromTime=now - 1000, to=now,
                                       destination=f"b-{name}", destinationPrefix="logs",
                                       logStreamNamePrefix="app/", taskName="t")["taskId"]
    told = ended(kit, task)
    assert told["status"] == {"code": "COMPLETED", "message": "Completed successfully"}
    assert told["executionInfo"] == {"creationTime": now, "completionTime": now}
    got = objects(s3, f"b-{name}")
    assert got.pop("logs/aws-logs-write-test") == b"Permission Check Successful"
    assert {k: gzip.decompress(v).decode() for k, v in got.items()} == {
        f"logs/{task}/app-1/000000.gz": f"{iso(now - 1)} one\n{iso(now)} two\n",
        f"logs/{task}/app-2/000000.gz": f"{iso(now)} three\n"}


def test_a_large_stream_is_written_in_several_objects(kit, s3, name):
    import random
    rand = random.Random(3)
    s3.create_bucket(Bucket=f"b-{name}")
    kit.group(name, "s")
    now = kit.now
    lines = ["%0100x" % rand.getrandbits(400) for _ in range(25_000)]
    for at in range(0, len(lines), 5000):
        kit.put(name, "s", *[(now + at + i, line) for i, line in enumerate(lines[at:at + 5000])])
    task = kit.logs.create_export_task(logGroupName=name, fromTime=0, to=now + 10**6,
                                       destination=f"b-{name}")["taskId"]
    assert ended(kit, task)["status"]["code"] == "COMPLETED"
    got = objects(s3, f"b-{name}")
    keys = [k for k in got if task in k]
    assert keys == [f"exportedlogs/{task}/s/{i:06}.gz" for i in range(len(keys))]
    assert len(keys) >= 3
    text = b"".join(gzip.decompress(got[k]) for k in keys).decode()
    assert [line.split(" ", 1)[1] for line in text.splitlines()] == lines


def test_one_export_at_a_time_and_a_cancelled_one_is_over(kit, s3, name, refused):
    s3.create_bucket(Bucket=f"b-{name}")
    kit.group(name, "s")
    begin = lambda: kit.logs.create_export_task(  # noqa: E731
        logGroupName=name, fromTime=0, to=1, destination=f"b-{name}")["taskId"]
    task = begin()
    told = ended(kit, task)
    refused("InvalidOperationException", kit.logs.cancel_export_task, taskId=task)
    refused("ResourceNotFoundException", kit.logs.cancel_export_task, taskId="nothing")
    assert begin() != task
    listed = kit.logs.describe_export_tasks(statusCode="COMPLETED")["exportTasks"]
    assert told in listed


def test_an_export_that_cannot_be_is_refused(kit, s3, name, refused):
    kit.group(name)
    begin = kit.logs.create_export_task
    message = refused("InvalidParameterException", begin, logGroupName=name, fromTime=0, to=1,
                      destination="no-such-bucket")
    assert message == "The given bucket does not exist. Please provide a valid bucket."
    refused("InvalidParameterException", begin, logGroupName=name, fromTime=2, to=1,
            destination="no-such-bucket")
    refused("ResourceNotFoundException", begin, logGroupName="nothing", fromTime=0, to=1,
            destination="no-such-bucket")
