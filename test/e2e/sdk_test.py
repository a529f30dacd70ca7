# SPDX-License-Identifier: Apache-2.0
"""libweir's client against `weir serve`, with signatures checked; and against little servers that fail,
for retries, and that give credentials."""
import base64
import json
import os
import time

import pytest

from auth_test import SignedServer
from sdk_kit import Caller, Server, bare_environment, build


@pytest.fixture(scope="module", autouse=True)
def sdk():
    return build("tools")


@pytest.fixture(scope="module")
def server():
    server = SignedServer("--auth", "on").start()
    yield server
    server.close()


def keys(server):
    return {"AWS_ACCESS_KEY_ID": server.key[0], "AWS_SECRET_ACCESS_KEY": server.key[1]}


@pytest.fixture
def callers():
    made = []

    def make(**environment):
        made.append(Caller(bare_environment(**environment)))
        return made[-1]

    yield make
    for caller in made:
        caller.close()


@pytest.fixture
def aws(callers, server):
    return callers(AWS_ENDPOINT_URL=server.url, **keys(server))


@pytest.fixture
def servers():
    made = []

    def make(script):
        made.append(Server(script))
        return made[-1]

    yield make
    for each in made:
        each.close()


def header(seen, name):
    return {k.lower(): v for k, v in seen[2].items()}.get(name)


# ---- services, by their protocols ----

def test_dynamodb_keeps_an_item(aws):
    aws.good("dynamodb", "CreateTable", TableName="cards", BillingMode="PAY_PER_REQUEST",
             AttributeDefinitions=[{"AttributeName": "card", "AttributeType": "N"}],
             KeySchema=[{"AttributeName": "card", "KeyType": "HASH"}])
    item = {"card": {"N": "17"}, "door": {"S": "nörth"}, "raw": {"B": base64.b64encode(b"\0\xff").decode()}}
    aws.good("dynamodb", "PutItem", TableName="cards", Item=item)
    assert aws.good("dynamodb", "GetItem", TableName="cards", Key={"card": {"N": "17"}})["Item"] == item
    described = aws.good("dynamodb", "DescribeTable", TableName="cards")["Table"]
    assert described["CreationDateTime"].startswith("20") and described["CreationDateTime"].endswith("Z")


def test_a_modelled_error_has_code_and_message(aws):
    answer = aws.call("dynamodb", "GetItem", TableName="nowhere", Key={"card": {"N": "17"}})
    assert not answer.ok
    assert answer.code == "ResourceNotFoundException"
    assert answer.status == 400
    assert answer.attempts == 1
    assert answer.request_id


def test_sqs_gives_back_a_message(aws):
    url = aws.good("sqs", "CreateQueue", QueueName="work")["QueueUrl"]
    aws.good("sqs", "SendMessage", QueueUrl=url, MessageBody="hello <é> & \"you\"")
    messages = aws.good("sqs", "ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [m["Body"] for m in messages] == ["hello <é> & \"you\""]
    assert aws.call("sqs", "GetQueueUrl", QueueName="none").code == \
        "AWS.SimpleQueueService.NonExistentQueue"


def test_sns_is_spoken_in_forms_and_xml(aws):
    topic = aws.good("sns", "CreateTopic", Name="events", Tags=[{"Key": "a", "Value": "b&c"}])["TopicArn"]
    url = aws.good("sqs", "CreateQueue", QueueName="heard")["QueueUrl"]
    arn = aws.good("sqs", "GetQueueAttributes", QueueUrl=url,
                   AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": arn}]}
    aws.good("sqs", "SetQueueAttributes", QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    aws.good("sns", "Subscribe", TopicArn=topic, Protocol="sqs", Endpoint=arn,
             Attributes={"RawMessageDelivery": "true"})
    aws.good("sns", "Publish", TopicArn=topic, Message="a=b&c <d>",
             MessageAttributes={"kind": {"DataType": "String", "StringValue": "x y"}})
    messages = aws.good("sqs", "ReceiveMessage", QueueUrl=url, MessageAttributeNames=["All"],
                        WaitTimeSeconds=10)["Messages"]
    assert messages[0]["Body"] == "a=b&c <d>"
    assert messages[0]["MessageAttributes"]["kind"]["StringValue"] == "x y"
    attributes = aws.good("sns", "GetTopicAttributes", TopicArn=topic)["Attributes"]
    assert attributes["TopicArn"] == topic
    assert aws.good("sns", "ListTagsForResource", ResourceArn=topic)["Tags"] == \
        [{"Key": "a", "Value": "b&c"}]
    answer = aws.call("sns", "GetTopicAttributes", TopicArn=topic + "x")
    assert (answer.code, answer.status) == ("NotFound", 404)


@pytest.mark.parametrize("size", [0, 5, 70_000, 9_000_000])
def test_s3_keeps_bytes(aws, size):
    bucket = f"bytes-{size}"
    body = (bytes(range(256)) * (size // 256 + 1))[:size]
    aws.good("s3", "CreateBucket", Bucket=bucket)
    put = aws.good("s3", "PutObject", body, Bucket=bucket, Key="a b/ü+~.bin", ContentType="x/y",
                   Metadata={"Colour": "red"})
    answer = aws.call("s3", "GetObject", Bucket=bucket, Key="a b/ü+~.bin")
    assert answer.body == body
    assert answer.json["ETag"] == put["ETag"]
    assert answer.json["ContentLength"] == size
    assert answer.json["ContentType"] == "x/y"
    assert {k.lower(): v for k, v in answer.json["Metadata"].items()} == {"colour": "red"}
    assert answer.json["LastModified"].startswith("20")


def test_s3_lists_and_deletes(aws):
    aws.good("s3", "CreateBucket", Bucket="listed")
    for key in ("a/1", "a/2", "<b>&"):
        aws.good("s3", "PutObject", b"x", Bucket="listed", Key=key)
    listed = aws.good("s3", "ListObjectsV2", Bucket="listed")
    assert [c["Key"] for c in listed["Contents"]] == ["<b>&", "a/1", "a/2"]
    assert [c["Size"] for c in listed["Contents"]] == [1, 1, 1]
    assert listed["KeyCount"] == 3 and listed["IsTruncated"] is False
    grouped = aws.good("s3", "ListObjectsV2", Bucket="listed", Delimiter="/")
    assert grouped["CommonPrefixes"] == [{"Prefix": "a/"}]
    gone = aws.good("s3", "DeleteObjects", Bucket="listed",
                    Delete={"Objects": [{"Key": "a/1"}, {"Key": "<b>&"}]})
    assert sorted(d["Key"] for d in gone["Deleted"]) == ["<b>&", "a/1"]
    assert aws.call("s3", "HeadObject", Bucket="listed", Key="a/1").code == "404"
    answer = aws.call("s3", "GetObject", Bucket="listed", Key="a/1")
    assert (answer.code, answer.status) == ("NoSuchKey", 404)


def test_s3_says_where_a_bucket_is(aws):
    aws.good("s3", "CreateBucket", Bucket="west",
             CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert aws.good("s3", "GetBucketLocation", Bucket="west") == {"LocationConstraint": "eu-west-1"}


def test_lambda_is_called_with_bytes_and_answers_with_bytes(aws):
    answer = aws.call("lambda", "Invoke", b"{}", FunctionName="nobody")
    assert (answer.code, answer.status) == ("ResourceNotFoundException", 404)
    assert aws.good("lambda", "ListFunctions") == {"Functions": []}


def test_iam_and_sts_are_spoken_in_forms(aws):
    aws.good("iam", "CreateUser", UserName="ana", Tags=[{"Key": "team", "Value": "doors + locks"}])
    user = aws.good("iam", "GetUser", UserName="ana")["User"]
    assert user["Tags"] == [{"Key": "team", "Value": "doors + locks"}]
    assert user["CreateDate"].endswith("Z")
    assert aws.call("iam", "GetUser", UserName="bob").code == "NoSuchEntity"
    assert set(aws.good("sts", "GetCallerIdentity")) == {"UserId", "Account", "Arn"}


def test_s3_takes_a_policy_as_a_text(aws):
    aws.good("s3", "CreateBucket", Bucket="ruled")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
         "Action": "s3:GetObject", "Resource": "arn:aws:s3:::ruled/*"}]})
    aws.good("s3", "PutBucketPolicy", Bucket="ruled", Policy=policy)
    assert json.loads(aws.good("s3", "GetBucketPolicy", Bucket="ruled")["Policy"]) == json.loads(policy)


def test_kinesis_carries_records_in_order(aws):
    aws.good("kinesis", "CreateStream", StreamName="scans", ShardCount=1)
    for data in (b"one", b"two"):
        aws.good("kinesis", "PutRecord", StreamName="scans", PartitionKey="k",
                 Data=base64.b64encode(data).decode())
    iterator = aws.good("kinesis", "GetShardIterator", StreamName="scans",
                        ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    records = aws.good("kinesis", "GetRecords", ShardIterator=iterator)["Records"]
    assert [base64.b64decode(r["Data"]) for r in records] == [b"one", b"two"]
    at = records[1]["ApproximateArrivalTimestamp"]
    later = aws.good("kinesis", "GetShardIterator", StreamName="scans", ShardId="shardId-000000000000",
                     ShardIteratorType="AT_TIMESTAMP", Timestamp=at)["ShardIterator"]
    seen = aws.good("kinesis", "GetRecords", ShardIterator=later)["Records"]
    assert [base64.b64decode(r["Data"]) for r in seen][-1] == b"two"


def test_any_request_can_be_sent(aws):
    aws.good("s3", "CreateBucket", Bucket="any")
    aws.send("s3", "PUT", "/any/a%20key?x-id=PutObject", b"bytes", "Content-Type: text/plain\n")
    answer = aws.send("s3", "GET", "/any/a%20key")
    assert (answer.ok, answer.body) == (True, b"bytes")
    answer = aws.send("sqs", "POST", "/", b'{"QueueNamePrefix":"zzz"}',
                      "X-Amz-Target: AmazonSQS.ListQueues\nContent-Type: application/x-amz-json-1.0\n")
    assert answer.ok


# ---- signatures ----

def test_an_address_is_signed_for_somebody_without_keys(aws, server):
    aws.good("s3", "CreateBucket", Bucket="presigned")
    made = aws.presign("s3", "PutObject", 300, Bucket="presigned", Key="a key/17.json",
                       ContentType="application/json", Metadata={"by": "ann"}, IfNoneMatch="*").json
    assert made["Method"] == "PUT" and made["Headers"] == {
        "content-type": "application/json", "if-none-match": "*", "x-amz-meta-by": "ann"}
    target = made["Url"].split(server.address, 1)[1]
    other = server.ask("PUT", target, b"{}", {**made["Headers"], "x-amz-meta-by": "eve"})
    assert other[0] == 403 and b"SignatureDoesNotMatch" in other[2]
    assert server.ask("PUT", target, b"{}", made["Headers"])[0] == 200
    assert server.ask("PUT", target, b"{}", made["Headers"])[0] == 412
    seen = aws.call("s3", "GetObject", Bucket="presigned", Key="a key/17.json")
    assert (seen.body, seen.json["Metadata"]) == (b"{}", {"by": "ann"})
    url = aws.presign("s3", "GetObject", 1, Bucket="presigned", Key="a key/17.json").json["Url"]
    assert server.ask("GET", url.split(server.address, 1)[1])[2] == b"{}"


def test_an_address_is_good_for_a_week_at_most(aws, callers, servers):
    for seconds in (0, 604801):
        assert aws.presign("s3", "GetObject", seconds, Bucket="b", Key="k").code == "BadInput"
    assert aws.presign("s3", "Nothing", 60).code == "UnknownOperation"
    with_token = callers(AWS_ACCESS_KEY_ID="ASIA", AWS_SECRET_ACCESS_KEY="s",
                         AWS_SESSION_TOKEN="the token")
    url = with_token.presign("s3", "GetObject", 60, Bucket="scans", Key="k").json["Url"]
    assert url.startswith("https://scans.s3.us-east-1.amazonaws.com/k?")
    assert "X-Amz-Security-Token=the%20token" in url


def test_a_wrong_secret_is_refused(callers, server):
    aws = callers(AWS_ENDPOINT_URL=server.url, AWS_ACCESS_KEY_ID=server.key[0],
                  AWS_SECRET_ACCESS_KEY="wrong")
    answer = aws.call("dynamodb", "ListTables")
    assert (answer.ok, answer.code) == (False, "InvalidSignatureException")
    assert aws.call("s3", "ListBuckets").code == "SignatureDoesNotMatch"


def test_temporary_credentials_carry_their_token(callers, servers):
    echo = servers(lambda *words: (200, {}, b"{}"))
    aws = callers(AWS_ENDPOINT_URL=echo.url, AWS_ACCESS_KEY_ID="ASIA", AWS_SECRET_ACCESS_KEY="s",
                  AWS_SESSION_TOKEN="the token")
    assert aws.call("dynamodb", "ListTables").ok
    assert header(echo.seen[0], "x-amz-security-token") == "the token"
    assert "x-amz-security-token" in header(echo.seen[0], "authorization")


def test_a_clock_that_is_wrong_is_put_right(callers, servers):
    def script(count, *words):
        if count == 1:
            return 403, {"Date": "Mon, 23 Nov 2037 08:00:00 GMT"}, \
                b'{"__type":"InvalidSignatureException","message":"Signature expired"}'
        return 200, {}, b"{}"
    there = servers(script)
    aws = callers(AWS_ENDPOINT_URL=there.url, AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="s")
    assert aws.call("dynamodb", "ListTables").ok
    dates = [header(seen, "x-amz-date")[:8] for seen in there.seen]
    assert dates[1] == "20371123" and dates[0] != dates[1]


# ---- where to ----

def test_a_service_has_an_endpoint_of_its_own(callers, servers):
    one, other = servers(lambda *words: (200, {}, b"{}")), servers(lambda *words: (200, {}, b"{}"))
    aws = callers(AWS_ENDPOINT_URL=one.url, AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=other.url + "/base/",
                  AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="s")
    assert aws.call("cognito-idp", "ListUserPools", MaxResults=1).ok
    assert aws.call("logs", "DescribeLogGroups").ok
    assert [seen[1] for seen in other.seen] == ["/base/"]
    assert len(one.seen) == 1


def test_without_a_region_nothing_is_sent(callers, servers):
    there = servers(lambda *words: (200, {}, b"{}"))
    aws = callers(AWS_ENDPOINT_URL=there.url, AWS_REGION="", AWS_ACCESS_KEY_ID="a",
                  AWS_SECRET_ACCESS_KEY="s")
    assert aws.call("dynamodb", "ListTables").code == "NoRegion"
    assert there.seen == []


def test_what_is_not_known_says_so(callers):
    aws = callers()
    assert aws.call("nosuch", "X").code == "UnknownService"
    assert aws.call("s3", "MakeCoffee").code == "UnknownOperation"
    assert aws.call("kinesis", "SubscribeToShard", ConsumerARN="a", ShardId="b",
                    StartingPosition={"Type": "LATEST"}).code == "NotSupported"
    assert aws.call("s3", "GetObject", Bucket="b").code == "BadInput"


# ---- retries and connections ----

def failing(times, status, body, then=b'{"TableNames":[]}'):
    return lambda count, *words: (status, {}, body) if count <= times else (200, {}, then)


def keyed(callers, there, **more):
    return callers(AWS_ENDPOINT_URL=there.url, AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="s", **more)


@pytest.mark.parametrize("status, body", [
    (400, b'{"__type":"com.amazonaws#ThrottlingException","message":"slowly"}'),
    (400, b'{"__type":"ProvisionedThroughputExceededException"}'),
    (500, b"{}"), (503, b"<html>"), (429, b"")])
def test_what_may_pass_is_tried_again(callers, servers, status, body):
    there = servers(failing(2, status, body))
    answer = keyed(callers, there).call("dynamodb", "ListTables")
    assert (answer.ok, answer.attempts) == (True, 3)
    assert len(there.seen) == 3
    assert len({header(seen, "authorization") for seen in there.seen}) >= 1


def test_an_error_of_the_caller_is_not_tried_again(callers, servers):
    there = servers(failing(1, 400, b'{"__type":"ValidationException","message":"no"}'))
    answer = keyed(callers, there).call("dynamodb", "ListTables")
    assert (answer.ok, answer.code, answer.attempts) == (False, "ValidationException", 1)
    assert (answer.message, answer.json["message"]) == ("no", "no")


def test_attempts_have_an_end(callers, servers):
    there = servers(failing(99, 503, b'{"__type":"Down"}'))
    answer = keyed(callers, there, AWS_MAX_ATTEMPTS="2").call("dynamodb", "ListTables")
    assert (answer.ok, answer.code, answer.status, answer.attempts) == (False, "Down", 503, 2)


def test_a_connection_that_breaks_is_made_anew(callers, servers):
    there = servers(lambda count, *words: None if count == 2 else (200, {}, b"{}"))
    aws = keyed(callers, there)
    assert aws.call("dynamodb", "ListTables").attempts == 1
    answer = aws.call("dynamodb", "ListTables")  # the kept connection is closed on it: no attempt
    assert (answer.ok, answer.attempts) == (True, 1)
    assert len(there.seen) == 3


def test_nobody_there_is_an_error_after_all_attempts(callers, servers):
    there = servers(lambda *words: None)
    there.close()
    answer = keyed(callers, there).call("dynamodb", "ListTables")
    assert (answer.ok, answer.code, answer.status, answer.attempts) == (False, "ConnectionFailed", 0, 3)
    assert answer.message.startswith("no connection to 127.0.0.1 port")


def test_an_error_within_a_good_answer_of_s3_is_one(callers, servers):
    bad = b'<?xml version="1.0"?>\n<Error><Code>InternalError</Code><Message>inside</Message></Error>'
    good = b'<CopyObjectResult><ETag>"x"</ETag></CopyObjectResult>'
    there = servers(failing(1, 200, bad, good))
    answer = keyed(callers, there).call("s3", "CopyObject", Bucket="b", Key="k", CopySource="b/c")
    assert (answer.ok, answer.attempts) == (True, 2)
    assert answer.json["CopyObjectResult"]["ETag"] == '"x"'


def test_an_answer_that_is_not_what_it_should_be_is_an_error(callers, servers):
    there = servers(lambda *words: (200, {}, b'{"TableNames":['))
    assert keyed(callers, there).call("dynamodb", "ListTables").code == "BadAnswer"


def test_an_idempotency_token_is_made_up_once_for_all_attempts(callers, servers):
    there = servers(failing(1, 500, b"", b'{"ComponentBuildVersionArn":"x"}'))
    answer = keyed(callers, there).call("imagebuilder", "CreateComponent", name="n", semanticVersion="1.0.0",
                                        platform="Linux")
    assert answer.ok, answer.message
    tokens = {json.loads(seen[3])["clientToken"] for seen in there.seen}
    assert len(there.seen) == 2 and len(tokens) == 1
    assert len(tokens.pop()) == 36


# ---- credentials ----

def document(name, seconds=3600):
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
    return json.dumps({"AccessKeyId": name, "SecretAccessKey": "s/+=", "Token": "t",
                       "Expiration": at}).encode()


def access_key(seen):
    return header(seen, "authorization").split("Credential=")[1].split("/")[0]


def test_without_credentials_nothing_is_sent(callers, servers):
    there = servers(lambda *words: (200, {}, b"{}"))
    assert callers(AWS_ENDPOINT_URL=there.url).call("dynamodb", "ListTables").code == "NoCredentials"
    assert there.seen == []


def test_credentials_region_and_endpoint_come_from_the_profile(callers, servers, tmp_path):
    there = servers(lambda *words: (200, {}, b"{}"))
    (tmp_path / "credentials").write_text(
        "[default]\naws_access_key_id = D\naws_secret_access_key = s\n"
        "# a comment\n[team]\naws_access_key_id=TEAM\n  nested = x\naws_secret_access_key= s \n")
    (tmp_path / "config").write_text(
        f"[default]\nregion = us-west-2\n[profile team]\nregion = eu-central-1\nendpoint_url = {there.url}\n")
    aws = callers(AWS_CONFIG_FILE=str(tmp_path / "config"), AWS_PROFILE="team", AWS_REGION="",
                  AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "credentials"))
    assert aws.call("dynamodb", "ListTables").ok
    assert "Credential=TEAM/" in header(there.seen[0], "authorization")
    assert "/eu-central-1/dynamodb/" in header(there.seen[0], "authorization")


def test_a_containers_credentials_are_fetched_with_its_token(callers, servers, tmp_path):
    there = servers(lambda *words: (200, {}, b"{}"))
    container = servers(lambda count, *words: (200, {}, document(f"C{count}")))
    (tmp_path / "token").write_text("from a file\n")
    aws = callers(AWS_ENDPOINT_URL=there.url,
                  AWS_CONTAINER_CREDENTIALS_FULL_URI=container.url + "/creds?x=1",
                  AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(tmp_path / "token"))
    for _ in range(2):
        assert aws.call("dynamodb", "ListTables").ok
    assert container.seen[0][1] == "/creds?x=1"
    assert header(container.seen[0], "authorization") == "from a file"
    assert len(container.seen) == 1
    assert [access_key(seen) for seen in there.seen] == ["C1", "C1"]
    assert header(there.seen[0], "x-amz-security-token") == "t"


def test_credentials_are_fetched_again_before_they_expire(callers, servers):
    there = servers(lambda *words: (200, {}, b"{}"))
    container = servers(lambda count, *words: (200, {}, document(f"C{count}", 200)))
    aws = callers(AWS_ENDPOINT_URL=there.url, AWS_CONTAINER_CREDENTIALS_FULL_URI=container.url)
    for _ in range(2):
        assert aws.call("dynamodb", "ListTables").ok
    assert [access_key(seen) for seen in there.seen] == ["C1", "C2"]


def test_credentials_serve_to_their_end_when_there_are_no_new_ones(callers, servers):
    there = servers(lambda *words: (200, {}, b"{}"))
    container = servers(lambda count, *words: (200, {}, document("C", 200)) if count == 1
                        else (500, {}, b""))
    aws = callers(AWS_ENDPOINT_URL=there.url, AWS_CONTAINER_CREDENTIALS_FULL_URI=container.url)
    for _ in range(2):
        assert aws.call("dynamodb", "ListTables").ok
    assert [access_key(seen) for seen in there.seen] == ["C", "C"]


def test_credentials_are_not_asked_for_far_away_without_tls(callers, servers):
    there = servers(lambda *words: (200, {}, b"{}"))
    aws = callers(AWS_ENDPOINT_URL=there.url, AWS_CONTAINER_CREDENTIALS_FULL_URI="http://192.0.2.1/")
    assert aws.call("dynamodb", "ListTables").code == "NoCredentials"


def test_an_instances_role_is_found_by_imdsv2(callers, servers):
    there = servers(lambda *words: (200, {}, b"{}"))

    def metadata(_, method, path, headers):
        if (method, path) == ("PUT", "/latest/api/token"):
            assert headers["X-aws-ec2-metadata-token-ttl-seconds"] == "21600"
            return 200, {}, b"the-token"
        if headers.get("X-aws-ec2-metadata-token") != "the-token":
            return 401, {}, b""
        base = "/latest/meta-data/iam/security-credentials/"
        return 200, {}, b"my-role" if path == base else document("I") if path == base + "my-role" else b""
    instance = servers(metadata)
    aws = callers(AWS_ENDPOINT_URL=there.url, AWS_EC2_METADATA_SERVICE_ENDPOINT=instance.url,
                  AWS_EC2_METADATA_DISABLED="")
    assert aws.call("dynamodb", "ListTables").ok
    assert access_key(there.seen[0]) == "I"


# ---- TLS ----

def test_https_works_with_a_certificate_that_is_trusted(callers, server, tmp_path):
    ca = tmp_path / "ca.pem"
    ca.write_bytes(server.ask("GET", "/_weir/ca")[2])
    if not ca.read_bytes().startswith(b"-----BEGIN"):
        pytest.skip("this weir does not give its certificate")
    url = server.url.replace("http://127.0.0.1", "https://localhost")
    aws = callers(AWS_ENDPOINT_URL=url, AWS_CA_BUNDLE=str(ca), **keys(server))
    assert aws.call("dynamodb", "ListTables").ok
    answer = callers(AWS_ENDPOINT_URL=url, AWS_CA_BUNDLE=os.devnull, AWS_MAX_ATTEMPTS="1",
                     **keys(server)).call("dynamodb", "ListTables")
    assert (answer.ok, answer.code) == (False, "ConnectionFailed")
