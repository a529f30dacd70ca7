# SPDX-License-Identifier: Apache-2.0
"""--auth=on: what a user may do is what policies say, call by call, in each service's words."""
import pytest
from botocore import UNSIGNED
from botocore.exceptions import ClientError
from lambda_kit import package
from policy_kit import (HOME, IAM, allow, denied, deny, document, let, numbers, person,  # noqa: F401
                        role, weir)  # noqa: F401
from weir_server import REGION


def stream_arn(name):
    return f"arn:aws:kinesis:{REGION}:{HOME}:stream/{name}"


def queue_arn(name):
    return f"arn:aws:sqs:{REGION}:{HOME}:{name}"


def topic_arn(name):
    return f"arn:aws:sns:{REGION}:{HOME}:{name}"


def table_arn(name):
    return f"arn:aws:dynamodb:{REGION}:{HOME}:table/{name}"


@pytest.fixture
def queue(weir):
    """A queue's URL and ARN."""
    name = f"queue-{next(numbers)}"
    return weir.root("sqs").create_queue(QueueName=name)["QueueUrl"], queue_arn(name)


@pytest.fixture
def topic(weir):
    return weir.root("sns").create_topic(Name=f"topic-{next(numbers)}")["TopicArn"]


@pytest.fixture
def table(weir):
    name = f"table-{next(numbers)}"
    ddb = weir.root("dynamodb")
    ddb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST",
                     AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"}
                                           for n in ("pk", "kind")],
                     KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                     GlobalSecondaryIndexes=[{
                         "IndexName": "by-kind", "Projection": {"ProjectionType": "ALL"},
                         "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}]}])
    return name


# ---- each service's words ----

def test_a_user_without_policies_may_do_nothing(person, queue, topic):
    url, arn = queue
    assert denied(person.client("kinesis").list_streams) == (
        f"User: {person.arn} is not authorized to perform: kinesis:ListStreams on resource: * "
        "because no identity-based policy allows the kinesis:ListStreams action")
    assert denied(person.client("sqs").send_message, "AccessDenied", QueueUrl=url,
                  MessageBody="x") == (
        f"User: {person.arn} is not authorized to perform: sqs:sendmessage on resource: {arn} "
        "because no identity-based policy allows the sqs:sendmessage action")
    assert "sns:Publish on resource: " + topic in denied(
        person.client("sns").publish, "AuthorizationError", TopicArn=topic, Message="x")
    assert "dynamodb:ListTables on resource: *" in denied(person.client("dynamodb").list_tables)
    assert "s3:ListAllMyBuckets" in denied(person.client("s3").list_buckets, "AccessDenied")
    assert f"iam:ListUsers on resource: {IAM}user/" in denied(
        person.client("iam").list_users, "AccessDenied")
    assert person.client("sts").get_caller_identity()["Arn"] == person.arn


@pytest.mark.parametrize("service,call,code,http", [
    ("kinesis", "list_streams", "AccessDeniedException", 400),
    ("dynamodb", "list_tables", "AccessDeniedException", 400),
    ("sqs", "list_queues", "AccessDenied", 403), ("sns", "list_topics", "AuthorizationError", 403),
    ("s3", "list_buckets", "AccessDenied", 403), ("iam", "list_users", "AccessDenied", 403),
    ("lambda", "list_functions", "AccessDeniedException", 403)])
def test_a_refusal_has_the_services_code(person, service, call, code, http):
    with pytest.raises(ClientError) as caught:
        getattr(person.client(service), call)()
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == http


def test_the_root_may_do_everything(weir, queue):
    weir.root("sqs").send_message(QueueUrl=queue[0], MessageBody="x")
    weir.root("kinesis").list_streams()


# ---- identity policies ----

def test_a_policy_allows_its_actions_on_its_resources(weir, person, queue):
    url, arn = queue
    person.may(allow(["sqs:Send*", "sqs:GetQueueUrl"], arn))
    sqs = person.client("sqs")
    sqs.send_message(QueueUrl=url, MessageBody="x")
    sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "x"}])
    sqs.get_queue_url(QueueName=arn.rsplit(":", 1)[1])
    denied(sqs.receive_message, "AccessDenied", QueueUrl=url)
    other = weir.root("sqs").create_queue(QueueName=f"queue-{next(numbers)}")["QueueUrl"]
    denied(sqs.send_message, "AccessDenied", QueueUrl=other, MessageBody="x")
    person.may_nothing()
    denied(sqs.send_message, "AccessDenied", QueueUrl=url, MessageBody="x")


def test_what_is_denied_is_denied(person, queue):
    person.may(allow("sqs:*"), deny("sqs:DeleteQueue"))
    message = denied(person.client("sqs").delete_queue, "AccessDenied", QueueUrl=queue[0])
    assert message.endswith("with an explicit deny in an identity-based policy")
    person.client("sqs").send_message(QueueUrl=queue[0], MessageBody="x")


def test_a_group_gives_its_policies(weir, person, queue):
    iam = weir.root("iam")
    group = f"group-{next(numbers)}"
    iam.create_group(GroupName=group)
    iam.put_group_policy(GroupName=group, PolicyName="p", PolicyDocument=document(
        allow("sqs:SendMessage", queue[1])))
    iam.add_user_to_group(GroupName=group, UserName=person.name)
    person.client("sqs").send_message(QueueUrl=queue[0], MessageBody="x")
    iam.remove_user_from_group(GroupName=group, UserName=person.name)
    denied(person.client("sqs").send_message, "AccessDenied", QueueUrl=queue[0], MessageBody="x")


def test_a_managed_policy_and_its_versions_count(weir, person):
    iam = weir.root("iam")
    arn = iam.create_policy(PolicyName=f"policy-{next(numbers)}", PolicyDocument=document(
        allow("kinesis:List*")))["Policy"]["Arn"]
    iam.attach_user_policy(UserName=person.name, PolicyArn=arn)
    person.client("kinesis").list_streams()
    iam.create_policy_version(PolicyArn=arn, SetAsDefault=True, PolicyDocument=document(
        allow("kinesis:Describe*")))
    denied(person.client("kinesis").list_streams)


def test_a_boundary_is_the_most_that_a_policy_gives(weir, person, queue):
    iam = weir.root("iam")
    boundary = iam.create_policy(PolicyName=f"policy-{next(numbers)}", PolicyDocument=document(
        allow("sqs:SendMessage")))["Policy"]["Arn"]
    person.may(allow("sqs:*"))
    iam.put_user_permissions_boundary(UserName=person.name, PermissionsBoundary=boundary)
    person.client("sqs").send_message(QueueUrl=queue[0], MessageBody="x")
    assert "because no permissions boundary allows the sqs:receivemessage action" in denied(
        person.client("sqs").receive_message, "AccessDenied", QueueUrl=queue[0])


# ---- conditions ----

def test_conditions_look_at_the_request(person, queue):
    sqs = person.client("sqs")

    def tried(condition):
        person.may(allow("sqs:SendMessage", queue[1], Condition=condition))
        try:
            sqs.send_message(QueueUrl=queue[0], MessageBody="x")
            return True
        except ClientError:
            return False

    assert tried({"StringEquals": {"aws:username": person.name}})
    assert tried({"StringEquals": {"aws:username": "${aws:username}"}})
    assert tried({"ArnEquals": {"aws:PrincipalArn": person.arn}})
    assert tried({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}})
    assert not tried({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})
    assert tried({"Bool": {"aws:SecureTransport": "false"}})
    assert tried({"StringEquals": {"aws:RequestedRegion": REGION}})
    assert not tried({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}})
    assert tried({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}})
    assert not tried({"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}})
    assert tried({"StringLike": {"aws:UserAgent": "*Boto3*"}})
    assert tried({"Null": {"aws:MultiFactorAuthPresent": "true"}})
    assert not tried({"Bool": {"aws:MultiFactorAuthPresent": "true"}})
    assert tried({"StringEquals": {"aws:PrincipalType": "User"}})
    assert tried({"StringEquals": {"aws:PrincipalAccount": HOME}})


def test_tags_of_caller_resource_and_request_are_conditions(weir, person, queue):
    weir.root("iam").tag_user(UserName=person.name, Tags=[{"Key": "team", "Value": "blue"}])
    sqs = person.client("sqs")
    same = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    person.may(allow("sqs:SendMessage", Condition=same))
    denied(sqs.send_message, "AccessDenied", QueueUrl=queue[0], MessageBody="x")
    weir.root("sqs").tag_queue(QueueUrl=queue[0], Tags={"team": "blue"})
    sqs.send_message(QueueUrl=queue[0], MessageBody="x")
    person.may(allow("sqs:TagQueue", Condition={
        "StringEquals": {"aws:RequestTag/team": "red"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["team", "stage"]}}))
    sqs.tag_queue(QueueUrl=queue[0], Tags={"team": "red", "stage": "x"})
    denied(sqs.tag_queue, "AccessDenied", QueueUrl=queue[0], Tags={"team": "blue"})
    denied(sqs.tag_queue, "AccessDenied", QueueUrl=queue[0], Tags={"team": "red", "x": "y"})


def test_sns_tells_protocol_and_endpoint(person, topic):
    person.may(allow("sns:Subscribe", topic, Condition={
        "StringEquals": {"sns:Protocol": "email"},
        "StringLike": {"sns:Endpoint": "*@example.com"}}))
    sns = person.client("sns")
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ann@example.com")
    denied(sns.subscribe, "AuthorizationError", TopicArn=topic, Protocol="email",
           Endpoint="ann@elsewhere.org")
    denied(sns.subscribe, "AuthorizationError", TopicArn=topic, Protocol="sms",
           Endpoint="+15555550100")


# ---- resource policies ----

def test_a_queues_policy_lets_a_user_in(weir, person, queue):
    url, arn = queue
    root = weir.root("sqs")

    def policy(*statements):
        root.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document(*statements)})

    policy(let({"AWS": person.arn}, "sqs:SendMessage", arn))
    person.client("sqs").send_message(QueueUrl=url, MessageBody="x")
    denied(person.client("sqs").purge_queue, "AccessDenied", QueueUrl=url)
    policy(let({"AWS": HOME}, "sqs:SendMessage", arn))  # only lets identity policies allow
    denied(person.client("sqs").send_message, "AccessDenied", QueueUrl=url, MessageBody="x")
    policy({**let({"AWS": person.arn}, "sqs:*", arn), "Effect": "Deny"})
    person.may(allow("sqs:*"))
    assert denied(person.client("sqs").send_message, "AccessDenied", QueueUrl=url,
                  MessageBody="x").endswith("with an explicit deny in a resource-based policy")


def test_even_the_root_is_kept_out_by_a_resources_policy(weir):
    name = f"bucket-{next(numbers)}"
    s3 = weir.root("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_policy(Bucket=name, Policy=document(
        {**let("*", "s3:*", [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]),
         "Effect": "Deny"}))
    denied(s3.put_object, "AccessDenied", Bucket=name, Key="k")
    s3.delete_bucket_policy(Bucket=name)  # or nobody could ever correct it
    s3.put_object(Bucket=name, Key="k")


def test_a_topics_policy_lets_a_user_in(weir, person, topic):
    weir.root("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy",
        AttributeValue=document(let({"AWS": person.arn}, "sns:Publish", topic)))
    person.client("sns").publish(TopicArn=topic, Message="x")


def test_streams_and_tables_have_policies(weir, person, table):
    name = f"stream-{next(numbers)}"
    weir.root("kinesis").create_stream(StreamName=name, ShardCount=1)
    weir.root("kinesis").put_resource_policy(ResourceARN=stream_arn(name), Policy=document(
        let({"AWS": person.arn}, "kinesis:DescribeStreamSummary", stream_arn(name))))
    person.client("kinesis").describe_stream_summary(StreamName=name)
    denied(person.client("kinesis").list_shards, StreamName=name)
    weir.root("dynamodb").put_resource_policy(ResourceArn=table_arn(table), Policy=document(
        let({"AWS": person.arn}, "dynamodb:PutItem", table_arn(table))))
    person.client("dynamodb").put_item(TableName=table, Item={"pk": {"S": "a"}})
    denied(person.client("dynamodb").get_item, TableName=table, Key={"pk": {"S": "a"}})


# ---- operations about several things ----

def test_records_are_read_by_who_may_read_their_stream(weir, person):
    name = f"stream-{next(numbers)}"
    root = weir.root("kinesis")
    root.create_stream(StreamName=name, ShardCount=1)
    iterator = root.get_shard_iterator(StreamName=name, ShardId="shardId-000000000000",
                                       ShardIteratorType="LATEST")["ShardIterator"]
    assert stream_arn(name) in denied(person.client("kinesis").get_records,
                                      ShardIterator=iterator)
    person.may(allow("kinesis:GetRecords", stream_arn(name)))
    person.client("kinesis").get_records(ShardIterator=iterator)


def test_a_query_of_an_index_is_about_the_index(person, table):
    query = {"TableName": table, "IndexName": "by-kind",
             "KeyConditionExpression": "kind = :x",
             "ExpressionAttributeValues": {":x": {"S": "x"}}}
    person.may(allow("dynamodb:Query", table_arn(table)))
    assert f"{table_arn(table)}/index/by-kind" in denied(person.client("dynamodb").query, **query)
    person.may(allow("dynamodb:Query", f"{table_arn(table)}/index/*"))
    person.client("dynamodb").query(**query)


def test_batches_and_transactions_ask_for_every_table(weir, person, table):
    ddb = person.client("dynamodb")
    keys = {"Keys": [{"pk": {"S": "a"}}]}
    other = f"table-{next(numbers)}"
    weir.root("dynamodb").create_table(
        TableName=other, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}])
    person.may(allow(["dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:ConditionCheckItem"],
                     table_arn(table)))
    ddb.batch_get_item(RequestItems={table: keys})
    assert table_arn(other) in denied(ddb.batch_get_item, RequestItems={table: keys, other: keys})
    put = {"Put": {"TableName": table, "Item": {"pk": {"S": "a"}}}}
    check = {"ConditionCheck": {"TableName": table, "Key": {"pk": {"S": "b"}},
                                "ConditionExpression": "attribute_not_exists(pk)"}}
    ddb.transact_write_items(TransactItems=[put, check])
    delete = {"Delete": {"TableName": table, "Key": {"pk": {"S": "c"}}}}
    assert "dynamodb:DeleteItem" in denied(ddb.transact_write_items, TransactItems=[put, delete])


def test_a_statement_of_partiql_asks_for_what_it_does(person, table):
    ddb = person.client("dynamodb")
    person.may(allow("dynamodb:PartiQLSelect", table_arn(table)))
    select = f"SELECT * FROM \"{table}\" WHERE pk = 'a'"
    insert = f"INSERT INTO \"{table}\" VALUE {{'pk': 'q'}}"
    ddb.execute_statement(Statement=select)
    assert f"dynamodb:PartiQLInsert on resource: {table_arn(table)}" in denied(
        ddb.execute_statement, Statement=insert)
    denied(ddb.execute_transaction, TransactStatements=[{"Statement": insert}])
    person.may(allow("dynamodb:PartiQLInsert", table_arn(table)),
               deny("dynamodb:PartiQLInsert", table_arn(table), Condition={
                   "ForAnyValue:StringEquals": {"dynamodb:LeadingKeys": "q"}}))
    answers = ddb.batch_execute_statement(Statements=[
        {"Statement": f"INSERT INTO \"{table}\" VALUE {{'pk': 'p'}}"},
        {"Statement": insert}])["Responses"]
    assert "Error" not in answers[0]
    assert answers[1]["Error"]["Code"] == "AccessDenied"
    person.may(allow("dynamodb:PartiQL*", table_arn(table)))
    ddb.execute_statement(Statement=insert)
    person.may(allow("dynamodb:PartiQLSelect", f"{table_arn(table)}/index/by-kind"))
    ddb.execute_statement(Statement=f"SELECT * FROM \"{table}\".\"by-kind\" WHERE kind = 'a'")
    denied(ddb.execute_statement, Statement=select)


def test_leading_keys_and_attributes_are_conditions(person, table):
    ddb = person.client("dynamodb")
    person.may(allow("dynamodb:*", table_arn(table), Condition={
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["${aws:username}", "all-*"]}}))
    mine = {"pk": {"S": person.name}}
    theirs = {"pk": {"S": "ann"}}
    ddb.put_item(TableName=table, Item=mine)
    ddb.get_item(TableName=table, Key=mine)
    ddb.get_item(TableName=table, Key={"pk": {"S": "all-x"}})
    denied(ddb.put_item, TableName=table, Item=theirs)
    denied(ddb.get_item, TableName=table, Key=theirs)
    query = {"TableName": table, "KeyConditionExpression": "#k = :k",
             "ExpressionAttributeNames": {"#k": "pk"}}
    ddb.query(**query, ExpressionAttributeValues={":k": mine["pk"]})
    denied(ddb.query, **query, ExpressionAttributeValues={":k": theirs["pk"]})
    denied(ddb.batch_get_item, RequestItems={table: {"Keys": [mine, theirs]}})
    person.may(allow("dynamodb:GetItem", table_arn(table), Condition={
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["pk", "open"]},
        "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}}))
    ddb.get_item(TableName=table, Key=mine, ProjectionExpression="pk, #o",
                 ExpressionAttributeNames={"#o": "open"})
    denied(ddb.get_item, TableName=table, Key=mine, ProjectionExpression="pk, secret")


# ---- S3 ----

def test_s3_asks_for_buckets_and_objects(weir, person):
    name = f"bucket-{next(numbers)}"
    root = weir.root("s3")
    root.create_bucket(Bucket=name)
    for key in ("home/a", "other/b"):
        root.put_object(Bucket=name, Key=key, Body=b"x")
    s3 = person.client("s3")
    person.may(allow("s3:GetObject", f"arn:aws:s3:::{name}/home/*"),
               allow("s3:ListBucket", f"arn:aws:s3:::{name}", Condition={
                   "StringLike": {"s3:prefix": "home/*"},
                   "NumericLessThanEquals": {"s3:max-keys": "10"}}))
    assert s3.get_object(Bucket=name, Key="home/a")["Body"].read() == b"x"
    assert f'on resource: "arn:aws:s3:::{name}/other/b"' in denied(
        s3.get_object, "AccessDenied", Bucket=name, Key="other/b")
    assert s3.list_objects_v2(Bucket=name, Prefix="home/", MaxKeys=10)["KeyCount"] == 1
    denied(s3.list_objects_v2, "AccessDenied", Bucket=name, Prefix="home/", MaxKeys=11)
    denied(s3.list_objects_v2, "AccessDenied", Bucket=name, Prefix="other/")
    denied(s3.create_bucket, "AccessDenied", Bucket=name + "-2")


def test_who_may_not_list_is_not_told_what_is_missing(weir, person):
    name = f"bucket-{next(numbers)}"
    weir.root("s3").create_bucket(Bucket=name)
    person.may(allow("s3:GetObject", f"arn:aws:s3:::{name}/*"))
    denied(person.client("s3").get_object, "AccessDenied", Bucket=name, Key="k")
    person.may(allow("s3:GetObject", f"arn:aws:s3:::{name}/*"),
               allow("s3:ListBucket", f"arn:aws:s3:::{name}"))
    denied(person.client("s3").get_object, "NoSuchKey", Bucket=name, Key="k")


def test_a_copy_asks_for_its_source_and_its_target(weir, person):
    name = f"bucket-{next(numbers)}"
    root = weir.root("s3")
    root.create_bucket(Bucket=name)
    root.put_object(Bucket=name, Key="a", Body=b"x")
    copy = {"Bucket": name, "Key": "b", "CopySource": {"Bucket": name, "Key": "a"}}
    person.may(allow("s3:PutObject", f"arn:aws:s3:::{name}/b"))
    assert "s3:GetObject" in denied(person.client("s3").copy_object, "AccessDenied", **copy)
    person.may(allow("s3:GetObject", f"arn:aws:s3:::{name}/a"))
    assert "s3:PutObject" in denied(person.client("s3").copy_object, "AccessDenied", **copy)
    person.may(allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{name}/*"))
    person.client("s3").copy_object(**copy)


def test_deleting_many_asks_for_each(weir, person):
    name = f"bucket-{next(numbers)}"
    root = weir.root("s3")
    root.create_bucket(Bucket=name)
    person.may(allow("s3:DeleteObject", f"arn:aws:s3:::{name}/mine/*"))
    answer = person.client("s3").delete_objects(Bucket=name, Delete={"Objects": [
        {"Key": "mine/a"}, {"Key": "theirs/b"}]})
    assert [d["Key"] for d in answer["Deleted"]] == ["mine/a"]
    assert [(e["Key"], e["Code"]) for e in answer["Errors"]] == [("theirs/b", "AccessDenied")]


def test_a_policy_survives_kill(weir, person, queue):
    person.may(allow("sqs:SendMessage", queue[1]))
    weir.restart(hard=True)
    url = weir.root("sqs").get_queue_url(QueueName=queue[1].rsplit(":", 1)[1])["QueueUrl"]
    person.client("sqs").send_message(QueueUrl=url, MessageBody="x")
    denied(person.client("sqs").receive_message, "AccessDenied", QueueUrl=url)


# ---- nobody ----

def test_nobody_may_what_a_policy_lets_everybody(weir, queue, topic):
    keys = {"AccessKeyId": "", "SecretAccessKey": ""}
    sqs = weir.signed("sqs", keys, signature_version=UNSIGNED)
    denied(sqs.send_message, "AccessDenied", QueueUrl=queue[0], MessageBody="x")
    weir.root("sqs").set_queue_attributes(QueueUrl=queue[0], Attributes={
        "Policy": document(let("*", "sqs:SendMessage", queue[1], Condition={
            "IpAddress": {"aws:SourceIp": "127.0.0.1"}}))})
    sqs.send_message(QueueUrl=queue[0], MessageBody="x")
    denied(sqs.receive_message, "AccessDenied", QueueUrl=queue[0])
    denied(sqs.list_queues, "MissingAuthenticationToken")
    sns = weir.signed("sns", keys, signature_version=UNSIGNED)
    denied(sns.publish, "AuthorizationError", TopicArn=topic, Message="x")
    weir.root("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy",
        AttributeValue=document(let("*", "sns:Publish", topic)))
    sns.publish(TopicArn=topic, Message="x")
    denied(weir.signed("kinesis", keys, signature_version=UNSIGNED).list_streams,
           "MissingAuthenticationTokenException")


# ---- roles handed to services ----

def test_a_function_gets_a_role_that_its_maker_may_pass(weir, person):
    arn = role(weir, f"role-{next(numbers)}", {"Service": "lambda.amazonaws.com"})
    wanted = {"Runtime": "python3.12", "Handler": "index.handler", "Role": arn,
              "Code": {"ZipFile": package()}}
    person.may(allow("lambda:*"))
    assert f"iam:PassRole on resource: {arn}" in denied(
        person.client("lambda").create_function, FunctionName="passed", **wanted)
    person.may(allow("lambda:*"), allow("iam:PassRole", arn, Condition={
        "StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}))
    denied(person.client("lambda").create_function, FunctionName="passed", **wanted)
    person.may(allow("lambda:*"), allow("iam:PassRole", arn, Condition={
        "StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}))
    person.client("lambda").create_function(FunctionName="passed", **wanted)
    person.may(allow("lambda:*"))
    person.client("lambda").update_function_configuration(FunctionName="passed", Timeout=5)
    denied(person.client("lambda").update_function_configuration, FunctionName="passed", Role=arn)
