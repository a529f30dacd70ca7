# SPDX-License-Identifier: Apache-2.0
"""Tables: what CreateTable takes and refuses, in AWS's words and order; what DescribeTable tells;
UpdateTable's throughput, streams, encryption, class and protection; deleting; listing."""
import boto3
import pytest
from dynamodb_kit import VALIDATION, index, item, make, put, refused, schema, table_name

INVALID = "One or more parameter values were invalid: "
NOT_FOUND = "ResourceNotFoundException"
IN_USE = "ResourceInUseException"


@pytest.fixture(scope="module")
def ddb(weir):
    return weir.client("dynamodb")


def types(*names, kind="S"):
    return [{"AttributeName": name, "AttributeType": kind} for name in names]


def create(ddb, **more):
    """CreateTable with what every one of them has, which may be replaced or (None) left out."""
    given = {"TableName": table_name(), "AttributeDefinitions": types("pk"),
             "KeySchema": schema("pk"), "BillingMode": "PAY_PER_REQUEST", **more}
    return ddb.create_table(**{k: v for k, v in given.items() if v is not None})


def told(ddb, name):
    return ddb.describe_table(TableName=name)["Table"]


# ---- making ----


def test_a_table_is_creating_in_the_answer_and_active_when_asked(ddb):
    name = table_name()
    answer = create(ddb, TableName=name)["TableDescription"]
    assert answer["TableStatus"] == "CREATING"
    ddb.get_waiter("table_exists").wait(TableName=name)
    table = told(ddb, name)
    assert table.pop("TableStatus") == "ACTIVE"
    del answer["TableStatus"]
    assert table == answer
    assert table["TableArn"] == f"arn:aws:dynamodb:us-east-1:111122223333:table/{name}"
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["ProvisionedThroughput"] == {
        "NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
    assert table["WarmThroughput"] == {
        "ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"}
    assert table["DeletionProtectionEnabled"] is False
    for absent in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes", "StreamSpecification",
                   "LatestStreamArn", "SSEDescription", "TableClassSummary", "OnDemandThroughput"):
        assert absent not in table


def test_everything_that_is_asked_for_is_told_also_after_a_kill(fresh):
    server = fresh()
    ddb = server.client("dynamodb")
    create(
        ddb, TableName="all", KeySchema=schema("pk", "sk"),
        AttributeDefinitions=types("pk", "sk", "a", "b", "c", "d"),
        LocalSecondaryIndexes=[index("local", "pk", "a", include=["z", "y"])],
        GlobalSecondaryIndexes=[
            {**index("global", ["a", "b"], ["c", "d"], projection="KEYS_ONLY"),
             "OnDemandThroughput": {"MaxReadRequestUnits": 7, "MaxWriteRequestUnits": 8},
             "WarmThroughput": {"ReadUnitsPerSecond": 12001, "WriteUnitsPerSecond": 4001}}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "some-key"},
        OnDemandThroughput={"MaxReadRequestUnits": 100},
        WarmThroughput={"ReadUnitsPerSecond": 13000}, TableClass="STANDARD_INFREQUENT_ACCESS",
        DeletionProtectionEnabled=True, Tags=[{"Key": "team", "Value": "blue"}],
        ResourcePolicy='{"Statement": [{"Effect": "Allow"}]}')
    before = told(ddb, "all")
    server.kill()
    server.start()
    ddb = server.client("dynamodb")
    table = told(ddb, "all")
    assert table == before
    assert table["AttributeDefinitions"] == types("pk", "sk", "a", "b", "c", "d")
    local, = table["LocalSecondaryIndexes"]
    assert local == {
        "IndexName": "local", "KeySchema": schema("pk", "a"), "IndexSizeBytes": 0, "ItemCount": 0,
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["y", "z"]},
        "IndexArn": table["TableArn"] + "/index/local"}
    glob, = table["GlobalSecondaryIndexes"]
    assert glob["KeySchema"] == schema(["a", "b"], ["c", "d"])
    assert glob["IndexStatus"] == "ACTIVE"
    assert glob["OnDemandThroughput"] == {"MaxReadRequestUnits": 7, "MaxWriteRequestUnits": 8}
    assert glob["WarmThroughput"] == {
        "ReadUnitsPerSecond": 12001, "WriteUnitsPerSecond": 4001, "Status": "ACTIVE"}
    assert table["StreamSpecification"] == {
        "StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["LatestStreamArn"] == f"{table['TableArn']}/stream/{table['LatestStreamLabel']}"
    assert table["SSEDescription"] == {
        "Status": "ENABLED", "SSEType": "KMS",
        "KMSMasterKeyArn": "arn:aws:kms:us-east-1:111122223333:key/some-key"}
    assert table["OnDemandThroughput"] == {"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": -1}
    assert table["WarmThroughput"] == {
        "ReadUnitsPerSecond": 13000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"}
    assert table["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert table["DeletionProtectionEnabled"] is True
    assert ddb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"] == [
        {"Key": "team", "Value": "blue"}]
    assert ddb.get_resource_policy(ResourceArn=table["TableArn"])["Policy"].startswith("{")


def test_a_name_is_taken_once_per_region_and_may_be_an_arn(weir, ddb):
    name = make(ddb)
    assert refused(IN_USE, create, ddb, TableName=name) == f"Table already exists: {name}"
    other = weir.client("dynamodb", region="eu-west-1")
    create(other, TableName=name)
    arn = told(other, name)["TableArn"]
    assert ":eu-west-1:" in arn
    assert ddb.describe_table(TableName=arn)["Table"]["TableArn"] == arn
    made = "arn:aws:dynamodb:us-east-1:111122223333:table/by-arn"
    create(ddb, TableName=made)
    assert told(ddb, "by-arn")["TableArn"] == made
    assert refused(NOT_FOUND, ddb.describe_table, TableName="gone") == (
        "Requested resource not found: Table: gone not found")


@pytest.mark.parametrize("more, sentence", [
    ({"BillingMode": None},
     INVALID + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode "
     "is PROVISIONED"),
    ({"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}},
     INVALID + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode "
     "is PAY_PER_REQUEST"),
    ({"BillingMode": None,
      "ProvisionedThroughput": {"ReadCapacityUnits": 1000000000001, "WriteCapacityUnits": 1}},
     "Given value 1000000000001 for ReadCapacityUnits is out of bounds"),
    ({"AttributeDefinitions": types("pk", "pk")}, "Attribute Name is duplicated: pk"),
    ({"AttributeDefinitions": []},
     "Invalid KeySchema: Some index key attribute have no definition"),
    ({"AttributeDefinitions": types("other")},
     INVALID + "Some index key attributes are not defined in AttributeDefinitions. Keys: [pk], "
     "AttributeDefinitions: [other]"),
    ({"AttributeDefinitions": types("pk", "sk"), "KeySchema": schema("pk", "pk")},
     "Both the Hash Key and the Range Key element in the KeySchema have the same name"),
    ({"KeySchema": schema((), "pk")},
     "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"),
    ({"AttributeDefinitions": types("pk", "sk"), "KeySchema": schema(["pk", "sk"])},
     "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"),
    ({"AttributeDefinitions": types("pk", "sk")},
     INVALID + "Number of attributes in KeySchema does not exactly match number of attributes "
     "defined in AttributeDefinitions"),
    ({"AttributeDefinitions": types("pk", "a", "b"), "GlobalSecondaryIndexes": [index("g-1", "a")]},
     INVALID + "Some AttributeDefinitions are not used. AttributeDefinitions: [pk, a, b], keys "
     "used: [pk, a]"),
    ({"LocalSecondaryIndexes": []}, INVALID + "List of LocalSecondaryIndexes is empty"),
    ({"GlobalSecondaryIndexes": []}, INVALID + "List of GlobalSecondaryIndexes is empty"),
    ({"LocalSecondaryIndexes": [index("l-1", "pk", "a")], "AttributeDefinitions": types("pk", "a")},
     INVALID + "Table KeySchema does not have a range key, which is required when specifying a "
     "LocalSecondaryIndex"),
    ({"StreamSpecification": {"StreamEnabled": True}},
     INVALID + "Table is being created with a stream enabled, UpdateViewType is required"),
    ({"StreamSpecification": {"StreamEnabled": False, "StreamViewType": "KEYS_ONLY"}},
     INVALID + "Table is being created with a stream disabled, UpdateViewType should not be "
     "specified"),
    ({"OnDemandThroughput": {"MaxReadRequestUnits": 0}},
     INVALID + "Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid "
     "range"),
    ({"BillingMode": "PROVISIONED", "OnDemandThroughput": {"MaxReadRequestUnits": 1},
      "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}},
     INVALID + "MaxReadRequestUnits for OnDemandThroughput cannot be specified when table "
     "BillingMode is PROVISIONED."),
    ({"WarmThroughput": {"ReadUnitsPerSecond": 1}},
     INVALID + "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than initial "
     "throughput for OnDemand. See: https://docs.aws.amazon.com/amazondynamodb/latest/"
     "developerguide/on-demand-capacity-mode.html#on-demand-capacity-mode-initial"),
    ({"BillingMode": "PROVISIONED", "WarmThroughput": {"WriteUnitsPerSecond": 4},
      "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 5}},
     INVALID + "Requested WriteUnitsPerSecond for WarmThroughput for table is lower than "
     "WriteCapacityUnits of ProvisionedThroughput"),
    ({"SSESpecification": {"Enabled": False, "SSEType": "KMS"}},
     INVALID + "SSEType can not be specified if Enabled is false"),
    ({"SSESpecification": {"Enabled": True, "SSEType": "AES256"}},
     INVALID + "SSEType AES256 is not supported"),
    ({"SSESpecification": {"Enabled": True, "KMSMasterKeyId": "k"}},
     INVALID + "SSEType KMS is required if KMSMasterKeyId is specified"),
    ({"Tags": [{"Key": "aws:x", "Value": "1"}]}, "Tag Key cannot be prefixed with aws:, Key: aws:x"),
    ({"ResourcePolicy": "no"},
     INVALID + "Invalid policy document: This policy contains invalid Json"),
    ({"TableName": "no"},
     "TableName must be at least 3 characters long and at most 255 characters long"),
])
def test_create_is_refused(ddb, more, sentence):
    before = ddb.list_tables()["TableNames"]
    assert refused(VALIDATION, create, ddb, **more) == sentence
    assert ddb.list_tables()["TableNames"] == before


def with_local(one, *more):
    return {"KeySchema": schema("pk", "sk"), "LocalSecondaryIndexes": [one, *more],
            "AttributeDefinitions": types("pk", "sk", "a", "b")}


def with_global(*indexes, attributes=("pk", "a", "b", "c", "d", "e")):
    return {"GlobalSecondaryIndexes": list(indexes), "AttributeDefinitions": types(*attributes)}


@pytest.mark.parametrize("more, sentence", [
    (with_local(index("l-1", "pk", "z")),
     INVALID + "Some index key attributes are not defined in AttributeDefinitions. Keys: [pk, z], "
     "AttributeDefinitions: [pk, sk, a, b]"),
    (with_local(index("l-1", "pk")),
     INVALID + "Index KeySchema does not have a range key for index: l-1"),
    (with_local(index("l-1", "a", "b")),
     INVALID + "Index KeySchema does not have the same leading hash key as table KeySchema for "
     "index: l-1. index hash key: a, table hash key: pk"),
    (with_local(index("l-1", "pk", "a"), index("l-1", "pk", "b")),
     INVALID + "Duplicate index name: l-1"),
    (with_local(*[index(f"l-{n}", "pk", "a") for n in range(6)]),
     INVALID + "Number of LocalSecondaryIndexes exceeds per-table limit of 5"),
    (with_global(*[index(f"g-{n}", "a") for n in range(21)]),
     INVALID + "GlobalSecondaryIndex count exceeds the per-table limit of 20"),
    (with_global({**index("g-1", "a"), "ProvisionedThroughput":
                  {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}),
     INVALID + "ProvisionedThroughput should not be specified for index: g-1 when BillingMode is "
     "PAY_PER_REQUEST"),
    ({**with_global(index("g-1", "a")), "BillingMode": None,
      "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}},
     INVALID + "ProvisionedThroughput is not specified for index: g-1"),
    (with_global(index("g-1", ["a", "b", "c", "d", "e"])),
     INVALID + "The KeySchema exceeds the maximum allowed number of HASH key attributes"),
    (with_global(index("g-1", "pk", ["a", "b", "c", "d", "e"])),
     INVALID + "The KeySchema exceeds the maximum allowed number of RANGE key attributes"),
    (with_global({**index("g-1", "a"), "KeySchema": schema("a", "b") + schema("c")}),
     INVALID + "All HASH key attributes must precede RANGE key attributes in the KeySchema"),
    (with_global(index("g-1", ["a", "b"], "a")),
     "The KeySchema contains multiple key attributes with the same name"),
    (with_global(index("g-1", (), "a")),
     "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"),
    (with_global({**index("g-1", "a"), "Projection": {}}),
     INVALID + "Unknown ProjectionType: null"),
    (with_global({**index("g-1", "a"), "Projection": {"ProjectionType": "INCLUDE"}}),
     INVALID + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified"),
    (with_global({**index("g-1", "a"),
                  "Projection": {"ProjectionType": "ALL", "NonKeyAttributes": ["x"]}}),
     INVALID + "ProjectionType is ALL, but NonKeyAttributes is specified"),
    (with_global(index("g-1", "a", include=["x", "x"])),
     INVALID + "Duplicate element in NonKeyAttributes: x"),
    (with_global(*[index(f"g-{n}", "a", include=[f"x{n}-{m}" for m in range(20)])
                   for n in range(6)]),
     INVALID + "The number of projected attributes across all indexes exceeds the per-table limit "
     "of 100"),
])
def test_indexes_are_refused(ddb, more, sentence):
    assert refused(VALIDATION, create, ddb, **more) == sentence


def test_a_table_s_own_key_has_two_attributes_at_most(ddb):
    assert refused(VALIDATION, create, ddb, KeySchema=schema("a", ["b", "c"]),
                   AttributeDefinitions=types("a", "b", "c")).endswith(
        "at 'keySchema' failed to satisfy constraint: Member must have length less than or equal "
        "to 2")


def test_what_is_not_there_answers_so(ddb):
    name = make(ddb)
    for call, more in [
            (create, {"GlobalTableSourceArn": "arn:aws:dynamodb:eu-west-1:111122223333:table/x"}),
            (update, {"TableName": name, "ReplicaUpdates": [{"Create": {"RegionName": "x"}}]}),
            (update, {"TableName": name, "MultiRegionConsistency": "STRONG"})]:
        with pytest.raises(ddb.exceptions.ClientError) as caught:
            call(ddb, **more)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


# ---- changing ----


def update(ddb, **more):
    return ddb.update_table(**more)["TableDescription"]


def units(read, write):
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": write}


def test_billing_goes_both_ways_and_throughput_up_and_down(ddb):
    name = table_name()
    create(ddb, TableName=name, BillingMode=None, ProvisionedThroughput=units(5, 6))
    assert "BillingModeSummary" not in told(ddb, name)
    assert update(ddb, TableName=name,
                  ProvisionedThroughput=units(7, 6))["TableStatus"] == "UPDATING"
    table = told(ddb, name)
    assert table["TableStatus"] == "ACTIVE"
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 7
    assert "LastIncreaseDateTime" in table["ProvisionedThroughput"]
    update(ddb, TableName=name, ProvisionedThroughput=units(7, 1))
    assert told(ddb, name)["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 1
    assert refused(VALIDATION, update, ddb, TableName=name,
                   ProvisionedThroughput=units(7, 1)) == (
        "The provisioned throughput for the table will not change. The requested value equals the "
        "current value. Current ReadCapacityUnits provisioned for the table: 7. Requested "
        "ReadCapacityUnits: 7. Current WriteCapacityUnits provisioned for the table: 1. Requested "
        "WriteCapacityUnits: 1. Refer to the Amazon DynamoDB Developer Guide for current limits "
        "and how to request higher limits.")
    update(ddb, TableName=name, BillingMode="PAY_PER_REQUEST")
    table = told(ddb, name)
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 0
    assert refused(VALIDATION, update, ddb, TableName=name, ProvisionedThroughput=units(1, 1)) == (
        INVALID + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when "
        "BillingMode is PAY_PER_REQUEST")
    assert refused(VALIDATION, update, ddb, TableName=name, BillingMode="PROVISIONED") == (
        INVALID + "ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
    update(ddb, TableName=name, BillingMode="PROVISIONED", ProvisionedThroughput=units(2, 2))
    assert told(ddb, name)["BillingModeSummary"]["BillingMode"] == "PROVISIONED"


def test_on_demand_maxima_are_set_and_cleared(ddb):
    name = make(ddb)
    update(ddb, TableName=name, OnDemandThroughput={"MaxReadRequestUnits": 5,
                                                   "MaxWriteRequestUnits": 6})
    assert told(ddb, name)["OnDemandThroughput"] == {
        "MaxReadRequestUnits": 5, "MaxWriteRequestUnits": 6}
    update(ddb, TableName=name, OnDemandThroughput={"MaxReadRequestUnits": -1,
                                                   "MaxWriteRequestUnits": -1})
    assert "OnDemandThroughput" not in told(ddb, name)
    assert update(ddb, TableName=name, WarmThroughput={"ReadUnitsPerSecond": 20000})[
        "WarmThroughput"]["ReadUnitsPerSecond"] == 20000
    assert refused(VALIDATION, update, ddb, TableName=name,
                   WarmThroughput={"ReadUnitsPerSecond": 15000}) == (
        INVALID + "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than current "
        "WarmThroughput, decreasing WarmThroughput is not supported")


def test_a_stream_is_switched_on_and_off(ddb):
    name = make(ddb)
    on = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    off = {"StreamEnabled": False}
    assert refused(VALIDATION, update, ddb, TableName=name, StreamSpecification=off) == (
        f"Table has no stream to disable: TableName: {name}")
    first = update(ddb, TableName=name, StreamSpecification=on)["LatestStreamArn"]
    assert refused(VALIDATION, update, ddb, TableName=name, StreamSpecification=on) == (
        f"Table already has an enabled stream: TableName: {name}")
    update(ddb, TableName=name, StreamSpecification=off)
    table = told(ddb, name)
    assert "StreamSpecification" not in table
    assert table["LatestStreamArn"] == first
    update(ddb, TableName=name, StreamSpecification={**on, "StreamViewType": "KEYS_ONLY"})
    assert told(ddb, name)["LatestStreamArn"] != first
    assert refused(VALIDATION, update, ddb, TableName=name,
                   StreamSpecification={"StreamEnabled": True}) == (
        INVALID + "If stream is being enabled then UpdateViewType is required")
    assert refused(VALIDATION, update, ddb, TableName=name, StreamSpecification={
        "StreamEnabled": False, "StreamViewType": "KEYS_ONLY"}) == (
        INVALID + "If stream is being disabled, then UpdateViewType must not be specified")


def test_encryption_and_class_are_changed(ddb):
    name = make(ddb)
    assert refused(VALIDATION, update, ddb, TableName=name, SSESpecification={
        "Enabled": False}) == INVALID + "Table is already encrypted by default"
    update(ddb, TableName=name, SSESpecification={
        "Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/mine"})
    assert told(ddb, name)["SSEDescription"]["KMSMasterKeyArn"].endswith(":alias/mine")
    assert refused(VALIDATION, update, ddb, TableName=name, SSESpecification={
        "Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/mine"}).startswith(
        INVALID + "Table is already encrypted with given KMSMasterKeyId")
    update(ddb, TableName=name, SSESpecification={"Enabled": False})
    assert "SSEDescription" not in told(ddb, name)
    update(ddb, TableName=name, TableClass="STANDARD_INFREQUENT_ACCESS")
    assert "LastUpdateDateTime" in told(ddb, name)["TableClassSummary"]


@pytest.mark.parametrize("more, sentence", [
    ({}, "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
     "GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, "
     "ReplicaTransitRoleArn, MultiRegionConsistency, DeletionProtectionEnabled, "
     "OnDemandThroughput, WarmThroughput or TableClass is required"),
    ({"SSESpecification": {"Enabled": True}, "DeletionProtectionEnabled": True},
     INVALID + "Server-Side Encryption modification must be the only operation in the request"),
    ({"TableClass": "STANDARD", "DeletionProtectionEnabled": True},
     INVALID + "TableClass modification must be the only operation in the request"),
    ({"BillingMode": "PAY_PER_REQUEST", "DeletionProtectionEnabled": True},
     INVALID + "DeletionProtection modification must be the only operation in the request"),
    ({"WarmThroughput": {"ReadUnitsPerSecond": 20000}, "BillingMode": "PAY_PER_REQUEST"},
     INVALID + "WarmThroughput must be the only operation in the request"),
    ({"OnDemandThroughput": {"MaxReadRequestUnits": 1},
      "StreamSpecification": {"StreamEnabled": False}},
     INVALID + "OnDemandThroughput can only be combined with BillingMode in an UpdateTable "
     "request"),
    ({"StreamSpecification": {"StreamEnabled": False}, "ProvisionedThroughput": units(1, 1)},
     INVALID + "You cannot modify stream status while updating table IOPS"),
    ({"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "g-1"}}],
      "ProvisionedThroughput": units(1, 1)},
     INVALID + "You cannot create or delete index while updating table IOPS"),
    ({"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "g-1"}}],
      "StreamSpecification": {"StreamEnabled": False}},
     INVALID + "You cannot create or delete index while changing stream status"),
])
def test_what_does_not_go_together_is_refused_before_the_table_is_looked_for(ddb, more, sentence):
    assert refused(VALIDATION, update, ddb, TableName="not-there", **more) == sentence


# ---- deleting, listing ----


def test_a_deleted_table_is_gone_at_once_and_its_name_free(ddb):
    name = make(ddb)
    put(ddb, name, pk="a")
    assert ddb.delete_table(TableName=name)["TableDescription"]["TableStatus"] == "DELETING"
    ddb.get_waiter("table_not_exists").wait(TableName=name)
    assert refused(NOT_FOUND, ddb.delete_table, TableName=name) == (
        f"Requested resource not found: Table: {name} not found")
    assert refused(NOT_FOUND, ddb.get_item, TableName=name, Key=item(pk="a")) == (
        "Requested resource not found")
    make(ddb, TableName=name)
    assert "Item" not in ddb.get_item(TableName=name, Key=item(pk="a"))
    assert told(ddb, name)["ItemCount"] == 0


def test_a_protected_table_is_not_deleted(ddb):
    name = make(ddb, DeletionProtectionEnabled=True)
    assert refused(VALIDATION, ddb.delete_table, TableName=name) == (
        "Resource cannot be deleted as it is currently protected against deletion. Disable "
        "deletion protection first.")
    assert update(ddb, TableName=name, DeletionProtectionEnabled=False)["TableStatus"] == "ACTIVE"
    ddb.delete_table(TableName=name)


def test_the_stream_of_a_deleted_table_is_read_for_a_day(fresh):
    server = fresh(clock="2026-11-23T08:00:00Z")
    ddb = server.client("dynamodb")
    name = make(ddb, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    put(ddb, name, pk="a")
    arn = told(ddb, name)["LatestStreamArn"]
    ddb.delete_table(TableName=name)
    make(ddb, TableName=name)
    server.kill()
    server.start()
    streams = server.client("dynamodbstreams")
    stream = streams.describe_stream(StreamArn=arn)["StreamDescription"]
    assert stream["StreamStatus"] == "DISABLED"
    iterator = streams.get_shard_iterator(
        StreamArn=arn, ShardId=stream["Shards"][0]["ShardId"],
        ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    record, = streams.get_records(ShardIterator=iterator)["Records"]
    assert record["dynamodb"]["Keys"] == item(pk="a")
    assert [s["StreamArn"] for s in streams.list_streams()["Streams"]] == [arn]
    server.advance("25h")
    assert streams.list_streams()["Streams"] == []
    refused(NOT_FOUND, streams.describe_stream, StreamArn=arn)


def test_tables_are_listed_by_pages_in_the_order_of_their_names(weir):
    ddb = weir.client("dynamodb", region="ap-south-1")
    names = sorted(make(ddb, TableName=f"list-{n:03}") for n in range(105))
    first = ddb.list_tables()
    assert first == {**first, "TableNames": names[:100], "LastEvaluatedTableName": names[99]}
    rest = ddb.list_tables(ExclusiveStartTableName=names[99])
    assert rest["TableNames"] == names[100:]
    assert "LastEvaluatedTableName" not in rest
    pages = list(ddb.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 7}))
    assert [name for page in pages for name in page["TableNames"]] == names
    assert ddb.list_tables(ExclusiveStartTableName="list-0035x", Limit=1)["TableNames"] == [
        "list-004"]
    for limit in (0, 101):
        refused(VALIDATION, ddb.list_tables, Limit=limit)


def test_the_resource_of_boto3_makes_and_waits(weir):
    resource = boto3.resource("dynamodb", endpoint_url=weir.url, region_name="us-east-1",
                              aws_access_key_id="111122223333", aws_secret_access_key="secret")
    table = resource.create_table(TableName="by-resource", KeySchema=schema("pk"),
                                  AttributeDefinitions=types("pk"), BillingMode="PAY_PER_REQUEST")
    table.wait_until_exists()
    table.put_item(Item={"pk": "a", "n": 1})
    table.reload()
    assert table.item_count == 1
    table.delete()
    table.wait_until_not_exists()
