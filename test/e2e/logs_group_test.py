# SPDX-License-Identifier: Apache-2.0
"""Log groups and log streams: made, told of, paged through, tagged, protected, deleted."""
import json

import pytest
from logs_kit import ARN, Kit
from weir_server import run_weir

RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557,
              2922, 3288, 3653)


@pytest.fixture
def kit(clocked):
    return Kit(clocked)


@pytest.fixture
def logs(kit):
    return kit.logs


def described(logs, name):
    return next(g for g in logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
                if g["logGroupName"] == name)


def test_a_group_is_told_as_it_was_made(kit, logs, name):
    logs.create_log_group(logGroupName=f"/app/{name}", tags={"team": "a"}, kmsKeyId="arn:key",
                          deletionProtectionEnabled=True)
    told = described(logs, f"/app/{name}")
    assert told == {
        "logGroupName": f"/app/{name}", "creationTime": kit.now, "metricFilterCount": 0,
        "arn": f"{ARN}:log-group:/app/{name}:*", "storedBytes": 0, "kmsKeyId": "arn:key",
        "logGroupClass": "STANDARD", "logGroupArn": f"{ARN}:log-group:/app/{name}",
        "deletionProtectionEnabled": True}
    assert logs.list_tags_log_group(logGroupName=f"/app/{name}")["tags"] == {"team": "a"}


def test_a_group_of_that_name_is_there_once(logs, name, refused):
    logs.create_log_group(logGroupName=name)
    message = refused("ResourceAlreadyExistsException", logs.create_log_group, logGroupName=name)
    assert message == "The specified log group already exists"


@pytest.mark.parametrize("bad", ["", "a b", "x" * 513, "star*"])
def test_names_that_aws_refuses_are_refused(logs, bad, refused):
    refused("InvalidParameterException", logs.create_log_group, logGroupName=bad)


def test_what_is_not_there_is_not_found(logs, name, refused):
    for call, more in ((logs.delete_log_group, {}), (logs.describe_log_streams, {}),
                       (logs.put_retention_policy, {"retentionInDays": 7}),
                       (logs.create_log_stream, {"logStreamName": "s"}),
                       (logs.get_log_events, {"logStreamName": "s"}),
                       (logs.filter_log_events, {}), (logs.list_tags_log_group, {})):
        message = refused("ResourceNotFoundException", call, logGroupName=name, **more)
        assert message == "The specified log group does not exist."


def test_groups_are_paged_by_name(logs, name):
    names = [f"{name}/{i:03}" for i in range(60)]
    for one in names:
        logs.create_log_group(logGroupName=one)
    pages = list(logs.get_paginator("describe_log_groups").paginate(
        logGroupNamePrefix=f"{name}/", PaginationConfig={"PageSize": 25}))
    assert [len(p["logGroups"]) for p in pages] == [25, 25, 10]
    assert [g["logGroupName"] for p in pages for g in p["logGroups"]] == names
    some = logs.describe_log_groups(logGroupNamePattern=f"{name}/05")["logGroups"]
    assert [g["logGroupName"] for g in some] == names[50:60]
    listed = logs.list_log_groups(logGroupNamePattern=f"^{name}/00|^{name}/01", limit=1000)
    assert [g["logGroupName"] for g in listed["logGroups"]] == names[:20]


def test_groups_are_listed_by_class_and_tags(logs, name):
    logs.create_log_group(logGroupName=f"{name}-a", tags={"k": "1"})
    logs.create_log_group(logGroupName=f"{name}-b", tags={"k": "2"},
                          logGroupClass="INFREQUENT_ACCESS")
    pick = lambda **more: [g["logGroupName"] for g in logs.list_log_groups(  # noqa: E731
        logGroupNamePattern=name, **more)["logGroups"]]
    assert pick(logGroupTags=[{"key": "k", "values": ["2"]}]) == [f"{name}-b"]
    assert pick(logGroupTags=[{"key": "k"}]) == [f"{name}-a", f"{name}-b"]
    assert pick(logGroupClass="INFREQUENT_ACCESS") == [f"{name}-b"]


@pytest.mark.parametrize("days", RETENTIONS)
def test_retention_takes_awss_periods(kit, logs, name, days):
    kit.group(name)
    logs.put_retention_policy(logGroupName=name, retentionInDays=days)
    assert described(logs, name)["retentionInDays"] == days
    logs.delete_retention_policy(logGroupName=name)
    assert "retentionInDays" not in described(logs, name)


def test_another_retention_is_refused(kit, logs, name, refused):
    kit.group(name)
    message = refused("InvalidParameterException", logs.put_retention_policy, logGroupName=name,
                      retentionInDays=2)
    assert "enum value set: [1, 3, 5, 7, 14" in message


def test_a_protected_group_is_not_deleted(kit, logs, name, refused):
    kit.group(name, "s")
    logs.put_log_group_deletion_protection(logGroupIdentifier=f"{ARN}:log-group:{name}",
                                           deletionProtectionEnabled=True)
    refused("ValidationException", logs.delete_log_group, logGroupName=name)
    refused("ValidationException", logs.delete_log_stream, logGroupName=name, logStreamName="s")
    logs.put_log_group_deletion_protection(logGroupIdentifier=name,
                                           deletionProtectionEnabled=False)
    logs.delete_log_group(logGroupName=name)


def test_a_group_made_again_is_empty(kit, logs, name):
    for _ in range(2):
        kit.group(name, "s", tags={"a": "b"})
        assert kit.messages(name, "s") == []
        kit.put(name, "s", "x")
        logs.put_metric_filter(logGroupName=name, filterName="f", filterPattern="",
                               metricTransformations=[{"metricName": "m", "metricNamespace": "n",
                                                       "metricValue": "1"}])
        assert described(logs, name)["metricFilterCount"] == 1
        logs.delete_log_group(logGroupName=name)
    kit.group(name)
    assert logs.describe_metric_filters(logGroupName=name)["metricFilters"] == []
    assert logs.list_tags_log_group(logGroupName=name)["tags"] == {}
    assert logs.describe_log_streams(logGroupName=name)["logStreams"] == []


def test_tags_are_set_by_arn_and_by_name(kit, logs, name, refused):
    kit.group(name)
    arn = f"{ARN}:log-group:{name}"
    logs.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
    logs.tag_log_group(logGroupName=name, tags={"b": "3", "c": ""})
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "1", "b": "3", "c": ""}
    logs.untag_resource(resourceArn=arn, tagKeys=["a", "nothing"])
    logs.untag_log_group(logGroupName=name, tags=["b"])
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"c": ""}
    refused("TooManyTagsException", logs.tag_resource, resourceArn=arn,
            tags={f"k{i}": "" for i in range(50)})
    refused("InvalidParameterException", logs.tag_resource, resourceArn=arn, tags={"aws:x": ""})


def test_a_key_is_kept(kit, logs, name):
    kit.group(name)
    logs.associate_kms_key(logGroupName=name, kmsKeyId="arn:aws:kms:x")
    assert described(logs, name)["kmsKeyId"] == "arn:aws:kms:x"
    logs.disassociate_kms_key(resourceIdentifier=f"{ARN}:log-group:{name}")
    assert "kmsKeyId" not in described(logs, name)


# ---- streams ----


def test_a_stream_is_told_with_its_times(kit, logs, name, clocked):
    kit.group(name, "s")
    made = kit.now
    assert logs.describe_log_streams(logGroupName=name)["logStreams"] == [
        {"logStreamName": "s", "creationTime": made, "storedBytes": 0,
         "arn": f"{ARN}:log-group:{name}:log-stream:s"}]
    clocked.advance("10s")
    kit.put(name, "s", (made + 5, "a"), (made + 7, "b"))
    told = logs.describe_log_streams(logGroupIdentifier=f"{ARN}:log-group:{name}")["logStreams"][0]
    assert told["firstEventTimestamp"] == made + 5
    assert told["lastEventTimestamp"] == made + 7
    assert told["lastIngestionTime"] == kit.now


def test_a_stream_of_that_name_is_there_once(kit, logs, name, refused):
    kit.group(name, "s")
    refused("ResourceAlreadyExistsException", logs.create_log_stream, logGroupName=name,
            logStreamName="s")
    refused("InvalidParameterException", logs.create_log_stream, logGroupName=name,
            logStreamName="a:b")


def test_streams_are_paged_by_name_both_ways(kit, logs, name):
    names = [f"s/{i:02}" for i in range(30)]
    kit.group(name, *names, "t")
    for descending in (False, True):
        pages = logs.get_paginator("describe_log_streams").paginate(
            logGroupName=name, logStreamNamePrefix="s/", descending=descending,
            PaginationConfig={"PageSize": 7})
        told = [s["logStreamName"] for p in pages for s in p["logStreams"]]
        assert told == sorted(names, reverse=descending)


def test_streams_are_paged_by_their_last_event(kit, logs, name, refused):
    names = [f"s{i}" for i in range(8)]
    kit.group(name, *names, "empty")
    now = kit.now
    order = [3, 1, 7, 0, 5, 2, 6, 4]
    for place, i in enumerate(order):
        kit.put(name, f"s{i}", (now - 1000 + place, "x"))
    pages = logs.get_paginator("describe_log_streams").paginate(
        logGroupName=name, orderBy="LastEventTime", descending=True,
        PaginationConfig={"PageSize": 4})
    told = [s["logStreamName"] for p in pages for s in p["logStreams"]]
    assert told == [f"s{i}" for i in reversed(order)] + ["empty"]
    refused("InvalidParameterException", logs.describe_log_streams, logGroupName=name,
            orderBy="LastEventTime", logStreamNamePrefix="s")


def test_a_deleted_streams_events_are_gone_and_others_stay(kit, logs, name, refused):
    kit.group(name, "a", "b")
    kit.put(name, "a", "of a")
    kit.put(name, "b", "of b")
    logs.delete_log_stream(logGroupName=name, logStreamName="a")
    refused("ResourceNotFoundException", kit.get, name, "a")
    assert kit.filtered(name) == ["of b"]
    logs.create_log_stream(logGroupName=name, logStreamName="a")
    assert kit.messages(name, "a") == []
    assert kit.messages(name, "b") == ["of b"]


def test_all_of_it_survives_kill_9(fresh):
    server = fresh(clock="2026-11-23T08:00:00Z")
    kit = Kit(server)
    kit.group("g", "s", "t", tags={"a": "b"})
    kit.logs.put_retention_policy(logGroupName="g", retentionInDays=7)
    kit.put("g", "s", "one", "two")
    before = (kit.logs.describe_log_groups()["logGroups"],
              kit.logs.describe_log_streams(logGroupName="g")["logStreams"])
    server.restart(hard=True)
    kit = Kit(server)
    assert (kit.logs.describe_log_groups()["logGroups"],
            kit.logs.describe_log_streams(logGroupName="g")["logStreams"]) == before
    assert kit.messages("g", "s") == ["one", "two"]
    assert kit.logs.list_tags_log_group(logGroupName="g")["tags"] == {"a": "b"}
    kit.logs.create_log_stream(logGroupName="g", logStreamName="new")
    kit.put("g", "new", "three")
    assert kit.filtered("g") == ["one", "two", "three"]


def test_much_is_swept_after_its_group_is_gone(fresh):
    server = fresh(clock="2026-11-23T08:00:00Z")
    kit = Kit(server)
    kit.group("g", "s")
    now = kit.now
    for i in range(3):  # chunks of a second each: many rows
        kit.put("g", "s", *[(now - (9000 - 3000 * i - k) * 1000, "x") for k in range(3000)])
    assert len(kit.filtered("g")) == 9000
    kit.logs.delete_log_group(logGroupName="g")
    kit.group("g", "s")
    kit.put("g", "s", "new")
    server.advance("5m")
    assert kit.filtered("g") == ["new"]
    server.restart(hard=True)
    assert Kit(server).filtered("g") == ["new"]
    server.stop()
    checked = json.loads(run_weir("fsck", server.data, "--json").stdout)
    assert checked["good"] and checked["keys"] < 50, checked
