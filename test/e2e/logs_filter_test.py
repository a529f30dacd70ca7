# SPDX-License-Identifier: Apache-2.0
"""Metric filters, subscription filters into Kinesis, destinations, and what is kept beside: resource
policies and query definitions."""
import json

import pytest
from logs_kit import ARN, Kit, Records, unpacked, until
from weir_server import ACCOUNT, REGION, run_weir

METRIC = [{"metricName": "errors", "metricNamespace": "app", "metricValue": "1",
           "defaultValue": 0.0}]


@pytest.fixture
def kit(clocked):
    return Kit(clocked)


@pytest.fixture
def logs(kit):
    return kit.logs


@pytest.fixture
def records(clocked, name):
    return Records(clocked, name)


def subscribe(kit, group, records, pattern="", name="sub", **more):
    kit.logs.put_subscription_filter(logGroupName=group, filterName=name, filterPattern=pattern,
                                     destinationArn=records.arn, roleArn="arn:aws:iam::1:role/r",
                                     **more)


# ---- subscription filters ----


def test_a_new_destination_hears_of_it(kit, records, name):
    kit.group(name, "s")
    subscribe(kit, name, records)
    (told,) = records.next()
    assert told == {"messageType": "CONTROL_MESSAGE", "owner": "CloudwatchLogs", "logGroup": "",
                    "logStream": "", "subscriptionFilters": [],
                    "logEvents": [{"id": "", "timestamp": kit.now, "message":
                                   "CWL CONTROL MESSAGE: Checking health of destination Kinesis "
                                   "stream."}]}


def test_what_matches_is_handed_on(kit, records, name):
    kit.group(name, "a/1")
    subscribe(kit, name, records, "ERROR")
    records.next()
    now = kit.now
    kit.put(name, "a/1", (now - 2, "ok"), (now - 1, "ERROR one"), (now, "ERROR \"two\"\n"))
    kit.put(name, "a/1", "nothing of it")
    raw = records.raw()
    assert [r["PartitionKey"] for r in raw] == ["a/1"]
    data = unpacked(raw[0])
    events = {e["message"]: e["eventId"] for e in
              kit.logs.filter_log_events(logGroupName=name)["events"]}
    assert data == {
        "messageType": "DATA_MESSAGE", "owner": ACCOUNT, "logGroup": name, "logStream": "a/1",
        "subscriptionFilters": ["sub"],
        "logEvents": [
            {"id": events["ERROR one"], "timestamp": now - 1, "message": "ERROR one"},
            {"id": events["ERROR \"two\"\n"], "timestamp": now, "message": "ERROR \"two\"\n"}]}


def test_fields_are_taken_out_for_who_has_a_pattern_of_fields(kit, records, name):
    kit.group(name, "s")
    subscribe(kit, name, records, "[ip, ..., status = 4*]")
    records.next()
    kit.put(name, "s", "10.0.0.1 x 404", "10.0.0.1 x 200")
    (data,) = records.next()
    assert data["logEvents"][0]["extractedFields"] == {"ip": "10.0.0.1", "2": "x",
                                                       "status": "404"}


def test_a_large_batch_goes_in_parts(kit, records, name):
    kit.group(name, "s")
    subscribe(kit, name, records, distribution="Random")
    records.next()
    import random
    rand = random.Random(1)
    lines = ["".join(chr(rand.randrange(0x4e00, 0x9000)) for _ in range(10_000))
             for _ in range(34)]  # three bytes each, hardly packed
    kit.put(name, "s", *lines)
    got = []
    while len(got) < len(lines):
        for data in records.next():
            got += [e["message"] for e in data["logEvents"]]
    assert got == lines


def test_a_group_has_two_subscription_filters_at_most(kit, logs, records, name, refused):
    kit.group(name)
    subscribe(kit, name, records, name="b")
    subscribe(kit, name, records, name="a", distribution="Random")
    refused("LimitExceededException", subscribe, kit, name, records, name="c")
    subscribe(kit, name, records, "ERROR", name="b")
    told = logs.describe_subscription_filters(logGroupName=name)["subscriptionFilters"]
    assert [(f["filterName"], f["filterPattern"], f["distribution"]) for f in told] == [
        ("a", "", "Random"), ("b", "ERROR", "ByLogStream")]
    page = logs.describe_subscription_filters(logGroupName=name, limit=1)
    more = logs.describe_subscription_filters(logGroupName=name, nextToken=page["nextToken"])
    assert [f["filterName"] for f in more["subscriptionFilters"]] == ["b"]
    logs.delete_subscription_filter(logGroupName=name, filterName="a")
    refused("ResourceNotFoundException", logs.delete_subscription_filter, logGroupName=name,
            filterName="a")


def test_what_cannot_be_a_destination_is_refused(kit, logs, name, refused):
    kit.group(name)
    put = lambda arn, pattern="": refused(  # noqa: E731
        "InvalidParameterException", logs.put_subscription_filter, logGroupName=name,
        filterName="f", filterPattern=pattern, destinationArn=arn)
    assert "Kinesis stream" in put(f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/nothing")
    assert "vendor" in put(f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue")
    put("nonsense")
    put(f"arn:aws:logs:{REGION}:{ACCOUNT}:destination:nothing")
    assert "Invalid" in put(f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/nothing", "a-b")


def test_events_stay_when_their_destination_is_gone(kit, records, name):
    kit.group(name, "s")
    subscribe(kit, name, records)
    records.kinesis.delete_stream(StreamName=name)
    kit.put(name, "s", "x")
    assert kit.messages(name, "s") == ["x"]


def test_a_destination_leads_to_its_target(kit, logs, records, name, refused):
    kit.group(name, "s")
    refused("InvalidParameterException", logs.put_destination, destinationName=name,
            targetArn="arn:aws:s3:::bucket", roleArn="arn:role")
    told = logs.put_destination(destinationName=name, targetArn=records.arn, roleArn="arn:role",
                                tags={"a": "b"})["destination"]
    assert told["arn"] == f"{ARN}:destination:{name}"
    logs.put_destination_policy(destinationName=name, accessPolicy="{}")
    told = logs.describe_destinations(DestinationNamePrefix=name)["destinations"][0]
    assert (told["targetArn"], told["accessPolicy"]) == (records.arn, "{}")
    assert logs.list_tags_for_resource(resourceArn=told["arn"])["tags"] == {"a": "b"}
    logs.put_subscription_filter(logGroupName=name, filterName="f", filterPattern="",
                                 destinationArn=told["arn"])
    kit.put(name, "s", "by the destination")
    assert records.next()[-1]["logEvents"][0]["message"] == "by the destination"
    logs.delete_destination(destinationName=name)
    refused("ResourceNotFoundException", logs.delete_destination, destinationName=name)


def test_a_held_subscription_filter_keeps_its_events(kit, records, name, clocked):
    kit.group(f"/x/{name}", "s")
    subscribe(kit, f"/x/{name}", records)
    records.next()
    hold = lambda word: run_weir(word, "subscription", f"/x/{name}:sub",  # noqa: E731
                                 "--server", clocked.address)
    assert hold("hold").returncode == 0
    kit.put(f"/x/{name}", "s", "one")
    kit.put(f"/x/{name}", "s", "two")
    assert records.next() == []
    assert hold("release").returncode == 0
    assert [d["logEvents"][0]["message"] for d in until(records.next, bool)] == ["one", "two"]
    assert kit.messages(f"/x/{name}", "s") == ["one", "two"]


def test_subscription_filters_survive_kill_9(fresh):
    server = fresh(clock="2026-11-23T08:00:00Z")
    kit, records = Kit(server), Records(server, "r")
    kit.group("g", "s")
    subscribe(kit, "g", records, "%ERR[A-Z]+%")
    server.restart(hard=True)
    kit = Kit(server)
    kit.put("g", "s", "ERROR", "no")
    records.kinesis = server.client("kinesis")
    assert [e["message"] for e in records.next()[-1]["logEvents"]] == ["ERROR"]


# ---- metric filters ----


def test_metric_filters_are_kept_and_told(kit, logs, name, refused):
    kit.group(name)
    for i in range(5):
        logs.put_metric_filter(logGroupName=name, filterName=f"f{i}", filterPattern="ERROR",
                               metricTransformations=[{**METRIC[0], "metricName": f"m{i}"}])
    told = [f for p in logs.get_paginator("describe_metric_filters").paginate(
        logGroupName=name, PaginationConfig={"PageSize": 2}) for f in p["metricFilters"]]
    assert [f["filterName"] for f in told] == [f"f{i}" for i in range(5)]
    assert told[0]["metricTransformations"] == [{**METRIC[0], "metricName": "m0"}]
    assert told[0]["creationTime"] == kit.now
    some = logs.describe_metric_filters(logGroupName=name, filterNamePrefix="f3")["metricFilters"]
    assert [f["filterName"] for f in some] == ["f3"]
    some = logs.describe_metric_filters(metricName="m2", metricNamespace="app")["metricFilters"]
    assert [f["filterName"] for f in some if f["logGroupName"] == name] == ["f2"]
    logs.delete_metric_filter(logGroupName=name, filterName="f0")
    refused("ResourceNotFoundException", logs.delete_metric_filter, logGroupName=name,
            filterName="f0")
    refused("InvalidParameterException", logs.put_metric_filter, logGroupName=name,
            filterName="bad", filterPattern="{ $.a", metricTransformations=METRIC)


def test_a_group_has_five_filters_with_regular_expressions(kit, logs, name, refused):
    kit.group(name)
    for i in range(5):
        logs.put_metric_filter(logGroupName=name, filterName=f"f{i}", filterPattern="%a+%",
                               metricTransformations=METRIC)
    refused("LimitExceededException", logs.put_metric_filter, logGroupName=name, filterName="f5",
            filterPattern="%a+%", metricTransformations=METRIC)
    logs.put_metric_filter(logGroupName=name, filterName="f4", filterPattern="%b+%",
                           metricTransformations=METRIC)


def test_patterns_are_tried_out(logs, refused):
    lines = ['127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 200 1534',
             '127.0.0.1 - frank [10/Oct/2000:13:35:22 -0700] "GET /index.html HTTP/1.0" 500 5324']
    matches = logs.test_metric_filter(
        filterPattern="[ip, ..., request, status = 5*, size > 1000]",
        logEventMessages=lines)["matches"]
    assert matches == [{"eventNumber": 2, "eventMessage": lines[1], "extractedValues": {
        "$ip": "127.0.0.1", "$2": "-", "$3": "frank", "$4": "10/Oct/2000:13:35:22 -0700",
        "$request": "GET /index.html HTTP/1.0", "$status": "500", "$size": "5324"}}]
    matches = logs.test_metric_filter(filterPattern="{ $.n > 1 && $.s = \"a*\" }",
                                      logEventMessages=['{"n":1}', '{"n":2,"s":"ab"}'])["matches"]
    assert [(m["eventNumber"], m["extractedValues"]) for m in matches] == [
        (2, {"$.n": "2", "$.s": "ab"})]
    assert len(logs.test_metric_filter(filterPattern="", logEventMessages=["x"])["matches"]) == 1
    refused("InvalidParameterException", logs.test_metric_filter, filterPattern="a-b",
            logEventMessages=["x"])


def test_only_standard_groups_have_filters(kit, logs, records, name, refused, clocked):
    kit.group(name, "s", logGroupClass="INFREQUENT_ACCESS")
    refused("InvalidOperationException", subscribe, kit, name, records)
    refused("InvalidOperationException", logs.put_metric_filter, logGroupName=name, filterName="f",
            filterPattern="", metricTransformations=METRIC)
    refused("InvalidOperationException",
            clocked.client("logs", inject_host_prefix=False).start_live_tail,
            logGroupIdentifiers=[f"{ARN}:log-group:{name}"])
    refused("InvalidParameterException", logs.create_log_group, logGroupName=f"{name}-vended",
            logGroupClass="DELIVERY")
    kit.put(name, "s", "x")
    assert kit.messages(name, "s") == ["x"]


# ---- what is kept beside ----


def test_resource_policies_are_kept(logs, refused):
    document = json.dumps({"Version": "2012-10-17", "Statement": []})
    told = logs.put_resource_policy(policyName="p1", policyDocument=document)["resourcePolicy"]
    assert told["policyDocument"] == document
    assert [p["policyName"] for p in logs.describe_resource_policies()["resourcePolicies"]] == [
        "p1"]
    for i in range(2, 11):
        logs.put_resource_policy(policyName=f"p{i}", policyDocument=document)
    refused("LimitExceededException", logs.put_resource_policy, policyName="p11",
            policyDocument=document)
    for i in range(1, 11):
        logs.delete_resource_policy(policyName=f"p{i}")
    message = refused("ResourceNotFoundException", logs.delete_resource_policy, policyName="p1")
    assert message == "Policy with name [p1] does not exist"


def test_a_groups_policy_changes_by_its_revision(kit, logs, name, refused):
    kit.group(name)
    arn = f"{ARN}:log-group:{name}"
    revision = logs.put_resource_policy(policyDocument="{}", resourceArn=arn)["revisionId"]
    refused("OperationAbortedException", logs.put_resource_policy, policyDocument="{}",
            resourceArn=arn, expectedRevisionId="other")
    logs.put_resource_policy(policyDocument="{}", resourceArn=arn, expectedRevisionId=revision)
    told = logs.describe_resource_policies(resourceArn=arn)["resourcePolicies"]
    assert [p["policyScope"] for p in told] == ["RESOURCE"]
    logs.delete_resource_policy(resourceArn=arn, expectedRevisionId=told[0]["revisionId"])


def test_query_definitions_are_kept(logs, name, refused):
    one = logs.put_query_definition(name=f"{name}/one", queryString="fields @message",
                                    logGroupNames=["g"])["queryDefinitionId"]
    logs.put_query_definition(name=f"{name}/two", queryString="fields @ptr")
    logs.put_query_definition(name=f"{name}/uno", queryString="stats count()",
                              queryDefinitionId=one)
    told = logs.describe_query_definitions(queryDefinitionNamePrefix=name)["queryDefinitions"]
    assert {d["name"]: d["queryString"] for d in told} == {
        f"{name}/uno": "stats count()", f"{name}/two": "fields @ptr"}
    assert logs.delete_query_definition(queryDefinitionId=one)["success"] is True
    refused("ResourceNotFoundException", logs.delete_query_definition, queryDefinitionId=one)


@pytest.mark.parametrize("operation", ["describe_queries", "describe_deliveries",
                                       "list_log_anomaly_detectors", "describe_account_policies"])
def test_what_is_not_there_says_so(logs, operation):
    import botocore
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        getattr(logs, operation)()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
