# SPDX-License-Identifier: Apache-2.0
"""Tags, resource policies, Contributor Insights, limits and endpoints; what stays 501."""
import json

import pytest
from dynamodb_kit import VALIDATION, index, make, refused

INVALID = "One or more parameter values were invalid: "
NOT_FOUND = "ResourceNotFoundException"
NO_POLICY = "PolicyNotFoundException"
PREFIX = "arn:aws:dynamodb:us-east-1:111122223333:table/"


@pytest.fixture(scope="module")
def ddb(weir):
    return weir.client("dynamodb")


def arn_of(table):
    return PREFIX + table


# ---- tags ----


def tag(ddb, table, **tags):
    ddb.tag_resource(ResourceArn=arn_of(table),
                     Tags=[{"Key": k, "Value": v} for k, v in tags.items()])


def tags(ddb, table):
    answer = ddb.list_tags_of_resource(ResourceArn=arn_of(table))
    assert "NextToken" not in answer
    return {one["Key"]: one["Value"] for one in answer["Tags"]}


def test_tags_are_set_replaced_and_taken_away(ddb):
    table = make(ddb, Tags=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": ""}])
    tag(ddb, table, c="3", a="1")
    assert tags(ddb, table) == {"a": "1", "b": "2", "c": "3"}
    ddb.untag_resource(ResourceArn=arn_of(table), TagKeys=["b", "not there"])
    assert tags(ddb, table) == {"a": "1", "c": "3"}


def test_tags_have_limits(ddb):
    table = make(ddb)
    tag(ddb, table, **{f"k{n}": "v" for n in range(49)})
    assert refused(VALIDATION, tag, ddb, table, k49="v", k50="v") == (
        "Number of Tags exceed the current limit for the provided ResourceArn")
    tag(ddb, table, k49="v", k0="w")
    assert len(tags(ddb, table)) == 50
    for given, sentence in [
            ([], "Atleast one Tag needs to be provided as Input."),
            ([{"Key": "AWS:x", "Value": "v"}], "Tag Key cannot be prefixed with aws:, Key: AWS:x"),
            ([{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}],
             "Duplicate Tag Keys provided as input: Duplicate Tag Key found a"),
            ([{"Key": "a*", "Value": "1"}], "The Tag Key provided is invalid, Key: a*"),
            ([{"Key": "a", "Value": "<"}], "The Tag Value provided is invalid, Value: <")]:
        assert refused(VALIDATION, ddb.tag_resource, ResourceArn=arn_of(table),
                       Tags=given) == sentence
    assert refused(VALIDATION, ddb.untag_resource, ResourceArn=arn_of(table), TagKeys=[]) == (
        "Atleast one Tag Key needs to be provided as Input.")


def test_what_is_tagged_is_named_by_its_arn(ddb):
    table = make(ddb, globals_=[index("glob", "a")])
    list_tags = ddb.list_tags_of_resource
    assert refused(VALIDATION, list_tags, ResourceArn=table) == (
        INVALID + f"ARNs must start with 'arn:': {table}")
    other = "arn:aws:sqs:us-east-1:111122223333:queue"
    assert refused(VALIDATION, list_tags, ResourceArn=other) == (
        INVALID + f"Provided Arn is not a DynamoDB resource arn: {other}")
    inner = arn_of(table) + "/index/glob"
    assert refused(VALIDATION, list_tags, ResourceArn=inner) == (
        INVALID + "Invalid resource arn provided, only table or stream is accepted. Provided "
        f"resource arn: {inner}")
    gone = arn_of("gone")
    assert refused(NOT_FOUND, list_tags, ResourceArn=gone) == (
        f"Requested resource not found: ResourcArn: {gone} not found")


# ---- policies ----


def policy(sid):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Sid": sid, "Effect": "Allow", "Principal": "*", "Action": "dynamodb:GetItem",
         "Resource": "*"}]})


def test_a_policy_comes_with_a_revision(ddb):
    table = make(ddb)
    arn = arn_of(table)
    assert refused(NO_POLICY, ddb.get_resource_policy, ResourceArn=arn) == (
        f"Resource-based policy not found for the provided ResourceArn: {arn}")
    first = ddb.put_resource_policy(ResourceArn=arn, Policy=policy("one"),
                                    ExpectedRevisionId="NO_POLICY")["RevisionId"]
    assert ddb.put_resource_policy(ResourceArn=arn, Policy=policy("one"))["RevisionId"] == first
    answer = ddb.get_resource_policy(ResourceArn=arn)
    assert (answer["Policy"], answer["RevisionId"]) == (policy("one"), first)
    second = ddb.put_resource_policy(ResourceArn=arn, Policy=policy("two"),
                                     ExpectedRevisionId=first)["RevisionId"]
    assert second != first
    head = "Resource-based policy not found for the provided ResourceArn: "
    assert refused(NO_POLICY, ddb.put_resource_policy, ResourceArn=arn, Policy=policy("three"),
                   ExpectedRevisionId=first) == (
        f"{head}Requested update for policy with revision id {first}, but the policy associated "
        f"to target table {table} has revision id {second}.")
    assert refused(NO_POLICY, ddb.put_resource_policy, ResourceArn=arn, Policy=policy("three"),
                   ExpectedRevisionId="NO_POLICY") == (
        f"{head}Requested policy update expecting none to be present for table {table}, but a "
        f"policy exists with revision id {second}.")
    refused(NO_POLICY, ddb.delete_resource_policy, ResourceArn=arn, ExpectedRevisionId=first)
    assert ddb.delete_resource_policy(ResourceArn=arn)["RevisionId"] == second
    assert "RevisionId" not in ddb.delete_resource_policy(ResourceArn=arn)
    refused(NO_POLICY, ddb.get_resource_policy, ResourceArn=arn)


def test_a_stream_has_a_policy_of_its_own(ddb):
    stream = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    table = make(ddb, StreamSpecification=stream)
    arn = ddb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    ddb.put_resource_policy(ResourceArn=arn, Policy=policy("stream"))
    refused(NO_POLICY, ddb.get_resource_policy, ResourceArn=arn_of(table))
    assert ddb.get_resource_policy(ResourceArn=arn)["Policy"] == policy("stream")
    ddb.update_table(TableName=table, StreamSpecification={"StreamEnabled": False})
    ddb.update_table(TableName=table, StreamSpecification=stream)
    newer = ddb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    refused(NO_POLICY, ddb.get_resource_policy, ResourceArn=newer)
    refused(NOT_FOUND, ddb.get_resource_policy, ResourceArn=arn)


def test_policies_are_looked_at(ddb):
    arn = arn_of(make(ddb))
    for given, sentence in [
            ("{", "Invalid policy document: This policy contains invalid Json"),
            ("[]", "Invalid policy document: This policy contains invalid Json"),
            ("{}", "Invalid policy document: Could not parse the policy: Statement is empty!"),
            (policy("x" * 20480), "Maximum policy size of 20480 bytes exceeded")]:
        assert refused(VALIDATION, ddb.put_resource_policy, ResourceArn=arn,
                       Policy=given) == INVALID + sentence


# ---- insights ----


def test_insights_are_switched_and_shown(ddb):
    table = make(ddb, "pk", "sk", globals_=[index("glob", "a")], locals_=[index("loc", "pk", "a")])
    assert ddb.describe_contributor_insights(TableName=table)[
        "ContributorInsightsStatus"] == "DISABLED"
    answer = ddb.update_contributor_insights(TableName=table, ContributorInsightsAction="ENABLE")
    assert answer["ContributorInsightsStatus"] == "ENABLING"
    told = ddb.describe_contributor_insights(TableName=table)
    assert told["ContributorInsightsStatus"] == "ENABLED"
    assert told["ContributorInsightsMode"] == "ACCESSED_AND_THROTTLED_KEYS"
    stamp = int(told["LastUpdateDateTime"].timestamp() * 1000)
    assert told["ContributorInsightsRuleList"] == [
        f"DynamoDBContributorInsights-{kind}-{table}-{stamp}"
        for kind in ("PKC", "SKC", "PKT", "SKT")]
    ddb.update_contributor_insights(TableName=table, IndexName="glob",
                                    ContributorInsightsAction="ENABLE",
                                    ContributorInsightsMode="THROTTLED_KEYS")
    told = ddb.describe_contributor_insights(TableName=table, IndexName="glob")
    rule, = told["ContributorInsightsRuleList"]
    assert rule.startswith(f"DynamoDBContributorInsights-PKT-{table}-glob-")
    assert ddb.update_contributor_insights(
        TableName=table, ContributorInsightsAction="ENABLE")["ContributorInsightsStatus"] == (
        "ENABLED")
    listed = ddb.list_contributor_insights(TableName=table)["ContributorInsightsSummaries"]
    assert [(one["TableName"], one.get("IndexName")) for one in listed] == [
        (table, None), (table, "glob")]
    assert ddb.update_contributor_insights(
        TableName=table, ContributorInsightsAction="DISABLE")["ContributorInsightsStatus"] == (
        "DISABLING")
    told = ddb.describe_contributor_insights(TableName=table)
    assert told["ContributorInsightsStatus"] == "DISABLED"
    assert "ContributorInsightsRuleList" not in told
    for name in ("loc", "gone"):
        refused(NOT_FOUND, ddb.describe_contributor_insights, TableName=table, IndexName=name)
    refused(NOT_FOUND, ddb.update_contributor_insights, TableName="gone",
            ContributorInsightsAction="ENABLE")


def test_insights_are_listed_by_pages(weir):
    ddb = weir.client("dynamodb", region="eu-central-1")
    made = []
    for n in range(4):
        table = make(ddb, TableName=f"seen-{n}", globals_=[index("glob", "a")])
        for more in ({}, {"IndexName": "glob"}):
            ddb.update_contributor_insights(TableName=table, ContributorInsightsAction="ENABLE",
                                            **more)
            made.append((table, more.get("IndexName")))
    token, seen = {}, []
    while True:
        page = ddb.list_contributor_insights(MaxResults=3, **token)
        seen += [(one["TableName"], one.get("IndexName"))
                 for one in page["ContributorInsightsSummaries"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert seen == made
    refused(VALIDATION, ddb.list_contributor_insights, NextToken="?")


# ---- the rest ----


def test_limits_and_endpoints(weir, ddb):
    assert {k: v for k, v in ddb.describe_limits().items() if k != "ResponseMetadata"} == {
        "AccountMaxReadCapacityUnits": 80000, "AccountMaxWriteCapacityUnits": 80000,
        "TableMaxReadCapacityUnits": 40000, "TableMaxWriteCapacityUnits": 40000}
    assert ddb.describe_endpoints()["Endpoints"] == [
        {"Address": f"127.0.0.1:{weir.port}", "CachePeriodInMinutes": 1440}]


def test_global_tables_are_not_there(ddb):
    table = make(ddb)
    for call, more in [
            (ddb.create_global_table, {"GlobalTableName": table, "ReplicationGroup": []}),
            (ddb.describe_global_table, {"GlobalTableName": table}),
            (ddb.describe_global_table_settings, {"GlobalTableName": table}),
            (ddb.list_global_tables, {}),
            (ddb.update_global_table, {"GlobalTableName": table, "ReplicaUpdates": []}),
            (ddb.describe_table_replica_auto_scaling, {"TableName": table}),
            (ddb.update_table_replica_auto_scaling, {"TableName": table})]:
        with pytest.raises(ddb.exceptions.ClientError) as caught:
            call(**more)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
