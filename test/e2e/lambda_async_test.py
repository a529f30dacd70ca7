# SPDX-License-Identifier: Apache-2.0
"""Asynchronous invocations: retries on weir's clock, dead letters, destinations, age, throttling,
holds, and events that other services send. What ran is seen in a queue that handlers write to."""
import json

import pytest
from lambda_run_kit import Kit, refused, until
from weir_server import ACCOUNT, REGION

# A handler that notes in a queue what it was given, and then does what the event says.
SOURCE = """
import json, os, time, urllib.request
def note(queue, body):
    scope = os.environ["AWS_ACCESS_KEY_ID"] + "/20260101/us-east-1/sqs/aws4_request"
    url = os.environ["AWS_ENDPOINT_URL"]
    ask = urllib.request.Request(url, method="POST",
        data=json.dumps({"QueueUrl": url + "/111122223333/" + queue,
                         "MessageBody": json.dumps(body)}).encode(),
        headers={"X-Amz-Target": "AmazonSQS.SendMessage", "X-Amz-Date": "20260101T000000Z",
                 "Content-Type": "application/x-amz-json-1.0",
                 "Authorization": "AWS4-HMAC-SHA256 Credential=" + scope +
                 ", SignedHeaders=host;x-amz-date, Signature=" + "0" * 64})
    urllib.request.urlopen(ask).read()
def handler(event, context):
    note(os.environ["NOTES"], {"event": event, "id": context.aws_request_id})
    if isinstance(event, dict) and event.get("fail"):
        raise RuntimeError(event["fail"])
    if isinstance(event, dict) and event.get("sleep"):
        time.sleep(event["sleep"])
    return {"did": event}
"""


def arn_of(name):
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


class AsyncKit(Kit):
    def noting(self, name, **more):
        """A function and the queue that it notes its events in."""
        notes = self.queue(f"{name}-notes")
        variables = {"NOTES": f"{name}-notes"}
        self.function(name, SOURCE, Environment={"Variables": variables}, **more)
        return notes

    def notes(self, queue, count):
        return [json.loads(message["Body"]) for message in self.messages(queue, count)]

    def tells(self, name, function=None):
        """A destination queue of a function."""
        arn = self.queue(name)
        assert function is None
        return arn


@pytest.fixture(scope="module")
def kit(weir):
    return AsyncKit(weir)


@pytest.fixture(scope="module")
def timed(clocked):
    return AsyncKit(clocked)


def test_an_event_is_accepted_with_202_and_runs(kit):
    notes = kit.noting("accepts")
    request_id = kit.send("accepts", {"n": 1})
    assert kit.notes(notes, 1) == [{"event": {"n": 1}, "id": request_id}]


def test_invoke_async_of_2014_does_the_same(kit):
    notes = kit.noting("older")
    assert kit.functions.invoke_async(FunctionName="older", InvokeArgs=b'{"old": true}')["Status"] \
        == 202
    large = json.dumps({"old": "x" * 200000}).encode()
    assert kit.functions.invoke_async(FunctionName="older", InvokeArgs=large)["Status"] == 202
    got = sorted(len(json.dumps(note["event"])) for note in kit.notes(notes, 2))
    assert got == [13, len(large)]
    refused("InvalidRequestContentException", kit.functions.invoke_async, FunctionName="older",
            InvokeArgs=b"{")


def test_an_event_of_one_megabyte_goes_in_and_one_byte_more_does_not(kit):
    kit.noting("megabyte")
    most = 1024 * 1024
    text = json.dumps("x" * (most - 2))
    assert kit.functions.invoke(FunctionName="megabyte", InvocationType="Event",
                                Payload=text)["StatusCode"] == 202
    answer = refused("RequestTooLargeException", kit.functions.invoke, status=413,
                     FunctionName="megabyte", InvocationType="Event", Payload=text + " ")
    assert "1048577 byte payload is too large for the Event invocation type" in \
        answer["Error"]["Message"]


def test_a_failed_event_is_tried_again_after_one_and_two_minutes_and_then_buried(timed):
    dead = timed.queue("buried")
    notes = timed.noting("retries", DeadLetterConfig={"TargetArn": dead})
    request_id = timed.send("retries", {"fail": "no good"})
    expected = {"event": {"fail": "no good"}, "id": request_id}
    assert timed.notes(notes, 1) == [expected]
    settled(timed, "retries", 1)
    timed.weir.advance("59s")
    assert timed.nothing_in(notes)
    timed.weir.advance("1s")
    assert timed.notes(notes, 1) == [expected]
    settled(timed, "retries", 2)
    timed.weir.advance("119s")
    assert timed.nothing_in(notes)
    assert timed.nothing_in(dead)
    timed.weir.advance("1s")
    assert timed.notes(notes, 1) == [expected]
    buried, = timed.messages(dead, 1)
    assert json.loads(buried["Body"]) == {"fail": "no good"}
    attributes = buried["MessageAttributes"]
    assert attributes["RequestID"]["StringValue"] == request_id
    assert attributes["ErrorCode"] == {"StringValue": "200", "DataType": "Number"}
    assert attributes["ErrorMessage"]["StringValue"] == "no good"
    timed.weir.advance("1h")
    assert timed.nothing_in(notes)


def settled(kit, function, tries):
    """The function has failed so often, and weir knows it."""
    arn = arn_of(function)

    def known():
        trace = json.loads(kit.weir.ask("GET", "/_weir/trace?count=1000")[2])
        return sum(hop["to"] == arn and hop["outcome"].startswith("retry in")
                   for hop in trace["hops"]) >= tries

    until(known, f"{tries} failures")


def test_success_and_failure_are_told_to_their_destinations(timed):
    good = timed.queue("told-success")
    bad = timed.queue("told-failure")
    timed.noting("tells")
    timed.functions.put_function_event_invoke_config(
        FunctionName="tells", MaximumRetryAttempts=0, DestinationConfig={
            "OnSuccess": {"Destination": good}, "OnFailure": {"Destination": bad}})
    request_id = timed.send("tells", {"n": 1})
    record = json.loads(timed.messages(good, 1)[0]["Body"])
    assert record["version"] == "1.0"
    assert record["timestamp"].endswith("Z")
    assert record["requestContext"] == {
        "requestId": request_id, "functionArn": f"{arn_of('tells')}:$LATEST",
        "condition": "Success", "approximateInvokeCount": 1}
    assert record["requestPayload"] == {"n": 1}
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}
    assert record["responsePayload"] == {"did": {"n": 1}}
    timed.send("tells", {"fail": "bad"})
    record = json.loads(timed.messages(bad, 1)[0]["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST",
                                         "functionError": "Unhandled"}
    assert record["responsePayload"]["errorMessage"] == "bad"
    assert timed.nothing_in(good)


def test_a_destination_may_be_a_topic_a_function_or_a_bucket(timed):
    heard = timed.noting("hears")
    s3 = timed.weir.client("s3")
    s3.create_bucket(Bucket="records")
    topic = timed.sns.create_topic(Name="records")["TopicArn"]
    listener = timed.queue("listener")
    timed.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=listener,
                        Attributes={"RawMessageDelivery": "true"})
    timed.noting("tells-many")
    put = timed.functions.put_function_event_invoke_config
    put(FunctionName="tells-many", DestinationConfig={
        "OnSuccess": {"Destination": arn_of("hears")}})
    timed.send("tells-many", {"n": 1})
    assert timed.notes(heard, 1)[0]["event"]["responsePayload"] == {"did": {"n": 1}}
    put(FunctionName="tells-many", DestinationConfig={"OnSuccess": {"Destination": topic}})
    timed.send("tells-many", {"n": 2})
    assert json.loads(timed.messages(listener, 1)[0]["Body"])["requestPayload"] == {"n": 2}
    put(FunctionName="tells-many", MaximumRetryAttempts=0, DestinationConfig={
        "OnFailure": {"Destination": "arn:aws:s3:::records"}})
    timed.send("tells-many", {"fail": "to a bucket"})
    found = until(lambda: s3.list_objects_v2(Bucket="records").get("Contents"), "the record")
    assert found[0]["Key"].startswith("aws/lambda/async/tells-many/2026/11/2")
    record = json.load(s3.get_object(Bucket="records", Key=found[0]["Key"])["Body"])
    assert record["responsePayload"]["errorMessage"] == "to a bucket"


def test_each_version_and_alias_has_its_own_configuration(timed):
    told = timed.queue("alias-told")
    timed.noting("aliased")
    version = timed.functions.publish_version(FunctionName="aliased")["Version"]
    timed.functions.create_alias(FunctionName="aliased", Name="live", FunctionVersion=version)
    timed.functions.put_function_event_invoke_config(
        FunctionName="aliased", Qualifier="live",
        DestinationConfig={"OnSuccess": {"Destination": told}})
    timed.send("aliased", {"who": "latest"})
    timed.send("aliased", {"who": "live"}, Qualifier="live")
    record = json.loads(timed.messages(told, 1)[0]["Body"])
    assert record["requestPayload"] == {"who": "live"}
    assert record["requestContext"]["functionArn"] == f"{arn_of('aliased')}:{version}"
    assert timed.nothing_in(told)


def test_an_event_that_is_too_old_ends_untried(timed):
    dead = timed.queue("too-old")
    notes = timed.noting("ages")
    timed.functions.put_function_event_invoke_config(
        FunctionName="ages", MaximumEventAgeInSeconds=60,
        DestinationConfig={"OnFailure": {"Destination": dead}})
    timed.send("ages", {"fail": "once"})
    timed.notes(notes, 1)
    settled(timed, "ages", 1)
    timed.weir.advance("61s")
    record = json.loads(timed.messages(dead, 1)[0]["Body"])
    assert record["requestContext"]["condition"] == "EventAgeExceeded"
    assert "responsePayload" not in record
    assert timed.nothing_in(notes)


def test_with_no_concurrency_at_all_events_end_at_once(timed):
    dead = timed.queue("stopped")
    timed.noting("stops")
    timed.functions.put_function_event_invoke_config(
        FunctionName="stops", DestinationConfig={"OnFailure": {"Destination": dead}})
    timed.functions.put_function_concurrency(FunctionName="stops", ReservedConcurrentExecutions=0)
    timed.send("stops", {"n": 1})
    record = json.loads(timed.messages(dead, 1)[0]["Body"])
    assert record["requestContext"]["condition"] == "ZeroReservedConcurrency"


def test_throttled_events_wait_for_their_turn(kit):
    notes = kit.noting("narrow", Timeout=30)
    kit.functions.put_function_concurrency(FunctionName="narrow", ReservedConcurrentExecutions=1)
    for n in range(6):
        kit.send("narrow", {"n": n, "sleep": 0.1})
    assert sorted(note["event"]["n"] for note in kit.notes(notes, 6)) == list(range(6))


def test_a_slow_function_blocks_nobody_else(kit):
    slow = kit.noting("slow-one", Timeout=60)
    quick = kit.noting("quick-one")
    for n in range(40):
        kit.send("slow-one", {"n": n, "sleep": 5})
    kit.notes(slow, 20)
    for n in range(10):
        kit.send("quick-one", {"n": n})
    assert len(kit.notes(quick, 10)) == 10
    kit.functions.delete_function(FunctionName="slow-one")


def test_a_function_that_invokes_itself_for_ever_is_stopped(kit):
    dead = kit.queue("looped")
    source = SOURCE + """
def loops(event, context):
    handler(event, context)
    url = os.environ["AWS_ENDPOINT_URL"] + "/2015-03-31/functions/loops/invocations"
    scope = os.environ["AWS_ACCESS_KEY_ID"] + "/20260101/us-east-1/lambda/aws4_request"
    ask = urllib.request.Request(url, method="POST", data=json.dumps(event + 1).encode(), headers={
        "X-Amz-Invocation-Type": "Event", "X-Amzn-Trace-Id": os.environ["_X_AMZN_TRACE_ID"],
        "X-Amz-Date": "20260101T000000Z",
        "Authorization": "AWS4-HMAC-SHA256 Credential=" + scope +
        ", SignedHeaders=host;x-amz-date, Signature=" + "0" * 64})
    urllib.request.urlopen(ask).read()
"""
    notes = kit.queue("loops-notes")
    kit.function("loops", source, handler="app.loops", DeadLetterConfig={"TargetArn": dead},
                 Environment={"Variables": {"NOTES": "loops-notes"}})
    kit.send("loops", 1)
    stopped, = kit.messages(dead, 1)
    assert json.loads(stopped["Body"]) == 17
    assert sorted(note["event"] for note in kit.notes(notes, 16)) == list(range(1, 17))
    assert kit.nothing_in(notes)


def test_held_events_wait_and_go_on_after_the_release(timed):
    notes = timed.noting("waits")
    hold = f"kind=function&name={arn_of('waits')}"
    assert timed.weir.ask("POST", f"/_weir/hold?{hold}")[0] == 200
    timed.send("waits", {"n": 1})
    timed.send("waits", {"n": 2})
    timed.weir.advance("8h")  # longer than events live while nobody holds them
    assert timed.nothing_in(notes)
    assert timed.weir.ask("POST", f"/_weir/release?{hold}")[0] == 200
    assert sorted(note["event"]["n"] for note in timed.notes(notes, 2)) == [1, 2]


def test_a_deleted_functions_events_are_gone(timed):
    notes = timed.noting("leaves")
    timed.weir.ask("POST", f"/_weir/hold?kind=function&name={arn_of('leaves')}")
    timed.send("leaves", {"n": 1})
    timed.functions.delete_function(FunctionName="leaves")
    timed.weir.ask("POST", f"/_weir/release?kind=function&name={arn_of('leaves')}")
    timed.function("leaves", SOURCE, Environment={"Variables": {"NOTES": "leaves-notes"}})
    timed.send("leaves", {"n": 2})
    assert [note["event"]["n"] for note in timed.notes(notes, 1)] == [2]


def test_a_topic_invokes_its_function_with_awss_record(kit):
    notes = kit.noting("subscribed")
    topic = kit.sns.create_topic(Name="news")["TopicArn"]
    kit.functions.add_permission(FunctionName="subscribed", StatementId="news",
                                 Action="lambda:InvokeFunction", Principal="sns.amazonaws.com",
                                 SourceArn=topic)
    subscription = kit.sns.subscribe(TopicArn=topic, Protocol="lambda", ReturnSubscriptionArn=True,
                                     Endpoint=arn_of("subscribed"))["SubscriptionArn"]
    published = kit.sns.publish(TopicArn=topic, Message="hello", Subject="greeting",
                                MessageAttributes={"k": {"DataType": "String",
                                                         "StringValue": "v"}})
    record, = kit.notes(notes, 1)[0]["event"]["Records"]
    assert record["EventSource"] == "aws:sns"
    assert record["EventVersion"] == "1.0"
    assert record["EventSubscriptionArn"] == subscription
    assert record["Sns"]["MessageId"] == published["MessageId"]
    assert record["Sns"]["Message"] == "hello"
    assert record["Sns"]["Subject"] == "greeting"
    assert record["Sns"]["MessageAttributes"] == {"k": {"Type": "String", "Value": "v"}}


def test_a_bucket_invokes_its_function(kit):
    notes = kit.noting("notified")
    s3 = kit.weir.client("s3")
    s3.create_bucket(Bucket="notifying")
    kit.functions.add_permission(FunctionName="notified", StatementId="bucket",
                                 Action="lambda:InvokeFunction", Principal="s3.amazonaws.com",
                                 SourceArn="arn:aws:s3:::notifying", SourceAccount=ACCOUNT)
    s3.put_bucket_notification_configuration(
        Bucket="notifying", NotificationConfiguration={"LambdaFunctionConfigurations": [
            {"LambdaFunctionArn": arn_of("notified"), "Events": ["s3:ObjectCreated:*"]}]})
    s3.put_object(Bucket="notifying", Key="a b", Body=b"content")
    record, = kit.notes(notes, 1)[0]["event"]["Records"]
    assert record["eventSource"] == "aws:s3"
    assert record["eventName"] == "ObjectCreated:Put"
    assert record["s3"]["object"]["key"] == "a+b"
    assert record["s3"]["object"]["size"] == 7


def test_without_permission_a_bucket_may_not_invoke(kit):
    kit.noting("not-asked")
    s3 = kit.weir.client("s3")
    s3.create_bucket(Bucket="asking")
    answer = refused("InvalidArgument", s3.put_bucket_notification_configuration,
                     Bucket="asking", NotificationConfiguration={"LambdaFunctionConfigurations": [
                         {"LambdaFunctionArn": arn_of("not-asked"),
                          "Events": ["s3:ObjectCreated:*"]}]})
    assert answer["Error"]["Message"] == \
        "Unable to validate the following destination configurations"


def test_accepted_events_run_after_kill_9(fresh):
    server = fresh()
    kit = AsyncKit(server)
    notes = kit.noting("survivor", Timeout=30)
    kit.functions.put_function_concurrency(FunctionName="survivor",
                                           ReservedConcurrentExecutions=1)
    for n in range(5):
        kit.send("survivor", {"n": n, "sleep": 0.5})
    server.restart(hard=True)
    kit = AsyncKit(server)
    seen = set()
    while len(seen) < 5:
        seen |= {note["event"]["n"] for note in kit.notes(notes, 1)}
    assert seen == set(range(5))
