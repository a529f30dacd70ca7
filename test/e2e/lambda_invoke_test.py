# SPDX-License-Identifier: Apache-2.0
"""Invoke, as SDKs and the CLI see it: answers, errors of functions and of callers, log tails,
versions, concurrency, holds."""
import base64
import http.client
import json
import os
import select
import socket
import subprocess
import threading

import pytest
from auth_test import SignedServer
from lambda_run_kit import Kit, refused, until
from weir_server import ACCOUNT, REGION, ROOT

SOURCE = """
import json, os, time
count = 0
def handler(event, context):
    global count
    count += 1
    print("hello", count)
    return {"event": event, "count": count, "version": context.function_version,
            "arn": context.invoked_function_arn, "id": context.aws_request_id,
            "log": context.log_group_name, "memory": context.memory_limit_in_mb,
            "client": context.client_context.custom if context.client_context else None}
def fails(event, context):
    raise ValueError("no good")
def exits(event, context):
    os._exit(3)
def slow(event, context):
    time.sleep(event.get("seconds", 60) if event else 60)
    return "slept"
def env(event, context):
    return dict(os.environ)
def large(event, context):
    return "x" * event
def says(event, context):
    for i in range(1000):
        print("line", i)
"""


@pytest.fixture(scope="module")
def kit(weir):
    return Kit(weir)


@pytest.fixture(scope="module")
def hello(kit):
    kit.function("hello", SOURCE)
    return "hello"


def test_a_handler_gets_the_event_and_its_answer_comes_back(kit, hello):
    answer = kit.call(hello, {"a": [1, None, "ü"]})
    assert answer["StatusCode"] == 200
    assert answer["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in answer
    assert answer["Payload"]["event"] == {"a": [1, None, "ü"]}
    assert answer["Payload"]["version"] == "$LATEST"
    assert answer["Payload"]["arn"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:hello"
    assert answer["Payload"]["id"] == answer["ResponseMetadata"]["RequestId"]
    assert answer["Payload"]["log"] == "/aws/lambda/hello"
    fields = answer["ResponseMetadata"]["HTTPHeaders"]
    assert fields["content-type"] == "application/json"
    assert fields["x-amzn-trace-id"].startswith("Root=")


def test_a_worker_stays_warm_between_invocations(kit):
    kit.function("warm", SOURCE)
    assert [kit.invoke("warm")["count"] for _ in range(3)] == [1, 2, 3]


def test_no_payload_is_an_empty_object(kit, hello):
    answer = kit.functions.invoke(FunctionName=hello)
    assert json.load(answer["Payload"])["event"] == {}


@pytest.mark.parametrize("event", [None, True, 3, "text", [1, 2], {}])
def test_any_json_is_an_event(kit, hello, event):
    assert kit.invoke(hello, event)["event"] == event


@pytest.mark.parametrize("text", ["{", "abc", "{'a': 1}", '{"a": 1} x', '{"a" 1}', "01", '"\\x"'])
def test_what_is_not_json_is_refused(kit, hello, text):
    answer = refused("InvalidRequestContentException", kit.functions.invoke, FunctionName=hello,
                     Payload=text)
    assert answer["Error"]["Message"].startswith("Could not parse request body into json: ")
    assert answer["Type"] == "User"


def test_a_payload_of_six_megabytes_goes_in_and_one_byte_more_does_not(kit):
    kit.function("sizes", SOURCE, handler="app.env", MemorySize=512)
    most = 6 * 1024 * 1024
    answer = kit.functions.invoke(FunctionName="sizes", Payload=json.dumps("x" * (most - 2)))
    assert "FunctionError" not in answer
    answer = refused("InvalidRequestContentException", kit.functions.invoke,
                     FunctionName="sizes", Payload=json.dumps("x" * 1000000) + "}")
    assert "Unexpected character ('}' (code 125))" in answer["Error"]["Message"]
    answer = refused("RequestTooLargeException", kit.functions.invoke, status=413,
                     FunctionName="sizes", Payload=json.dumps("x" * (most - 1)))
    assert answer["Error"]["Message"] == \
        "Request must be smaller than 6291456 bytes for the InvokeFunction operation"


def test_a_response_of_more_than_six_megabytes_is_the_functions_error(kit):
    kit.function("large", SOURCE, handler="app.large", MemorySize=512)
    assert len(kit.invoke("large", 6000000)) == 6000000
    answer = kit.call("large", 6291600)
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "Function.ResponseSizeTooLarge"


def test_an_exception_is_the_functions_error_and_status_200(kit):
    kit.function("fails", SOURCE, handler="app.fails")
    answer = kit.call("fails")
    assert answer["StatusCode"] == 200
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorMessage"] == "no good"
    assert answer["Payload"]["errorType"] == "ValueError"
    assert any("raise ValueError" in line for line in answer["Payload"]["stackTrace"])


def test_an_exit_is_the_functions_error_and_the_next_invocation_works(kit):
    kit.function("exits", SOURCE, handler="app.exits")
    for _ in range(2):
        answer = kit.call("exits")
        assert answer["FunctionError"] == "Unhandled"
        assert answer["Payload"]["errorType"] == "Runtime.ExitError"
        assert "exit status 3" in answer["Payload"]["errorMessage"]


def test_a_timeout_is_the_functions_error_and_its_log_says_when(kit):
    kit.function("slow", SOURCE, handler="app.slow", Timeout=1)
    answer = kit.call("slow", {"seconds": 60}, LogType="Tail")
    request_id = answer["ResponseMetadata"]["RequestId"]
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert answer["FunctionError"] == "Unhandled"
    assert "Task timed out after 1.00 seconds" in answer["Payload"]["errorMessage"]
    assert f"{request_id} Task timed out after 1.00 seconds" in tail


def test_the_log_tail_is_the_last_four_kilobytes(kit, hello):
    answer = kit.call(hello, LogType="Tail")
    tail = base64.b64decode(answer["LogResult"]).decode()
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert tail.startswith(f"START RequestId: {request_id} Version: $LATEST\nhello ")
    assert f"END RequestId: {request_id}\nREPORT RequestId: {request_id}\tDuration: " in tail
    kit.function("says", SOURCE, handler="app.says")
    tail = base64.b64decode(kit.call("says", LogType="Tail")["LogResult"])
    assert len(tail) == 4096
    assert b"line 999\n" in tail
    assert b"line 0\n" not in tail
    assert "LogResult" not in kit.call(hello)


def test_the_client_context_reaches_the_handler(kit, hello):
    context = base64.b64encode(json.dumps({"custom": {"k": "v"}}).encode()).decode()
    assert kit.invoke(hello, ClientContext=context)["client"] == {"k": "v"}
    refused("InvalidRequestContentException", kit.functions.invoke, FunctionName=hello,
            ClientContext="{no base64}")


def test_a_dry_run_runs_nothing(kit):
    kit.function("dry", SOURCE)
    assert kit.functions.invoke(FunctionName="dry", InvocationType="DryRun")["StatusCode"] == 204
    assert kit.invoke("dry")["count"] == 1


def test_versions_and_aliases_run_what_they_name(kit):
    arn = kit.function("versioned", SOURCE)
    assert kit.functions.publish_version(FunctionName="versioned")["Version"] == "1"
    kit.functions.create_alias(FunctionName="versioned", Name="live", FunctionVersion="1")
    for qualifier in ("1", "live"):
        answer = kit.call("versioned", Qualifier=qualifier)
        assert answer["ExecutedVersion"] == "1"
        assert answer["Payload"]["version"] == "1"
        assert answer["Payload"]["arn"] == f"{arn}:{qualifier}"
    assert kit.call(f"{arn}:live")["ExecutedVersion"] == "1"
    assert kit.call("versioned")["ExecutedVersion"] == "$LATEST"
    refused("ResourceNotFoundException", kit.functions.invoke, status=404,
            FunctionName="versioned", Qualifier="nobody")


def test_what_is_not_there_is_not_found(kit):
    answer = refused("ResourceNotFoundException", kit.functions.invoke, status=404,
                     FunctionName="nobody")
    assert answer["Error"]["Message"] == \
        f"Function not found: arn:aws:lambda:{REGION}:{ACCOUNT}:function:nobody"


def test_new_code_and_configuration_hold_from_the_next_invocation_on(kit):
    kit.function("changing", SOURCE, Environment={"Variables": {"WHO": "first"}})
    kit.invoke("changing")
    kit.functions.update_function_configuration(
        FunctionName="changing", Handler="app.env", Environment={"Variables": {"WHO": "second"}})
    until(lambda: kit.functions.get_function_configuration(
        FunctionName="changing")["LastUpdateStatus"] == "Successful")
    seen = kit.invoke("changing")
    assert seen["WHO"] == "second"
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "changing"
    assert seen["AWS_REGION"] == REGION
    assert seen["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "128"
    assert seen["_HANDLER"] == "app.env"
    assert seen["AWS_ENDPOINT_URL"] == kit.weir.url


def test_a_handler_may_call_weir_with_what_its_environment_says(kit):
    kit.queue("from-inside")
    source = """
import hashlib, json, os, urllib.parse, urllib.request
def handler(event, context):
    scope = os.environ["AWS_ACCESS_KEY_ID"] + "/20260101/us-east-1/sqs/aws4_request"
    ask = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], method="POST",
        data=json.dumps({"QueueName": "from-inside"}).encode(),
        headers={"X-Amz-Target": "AmazonSQS.GetQueueUrl", "X-Amz-Date": "20260101T000000Z",
                 "Content-Type": "application/x-amz-json-1.0",
                 "Authorization": "AWS4-HMAC-SHA256 Credential=" + scope +
                 ", SignedHeaders=host;x-amz-date, Signature=" + "0" * 64})
    return json.load(urllib.request.urlopen(ask))
"""
    kit.function("calls", source)
    assert kit.invoke("calls")["QueueUrl"].endswith(f"/{ACCOUNT}/from-inside")


def test_reserved_concurrency_throttles(kit):
    kit.function("reserved", SOURCE, handler="app.slow", Timeout=30)
    kit.functions.put_function_concurrency(FunctionName="reserved",
                                           ReservedConcurrentExecutions=0)
    answer = refused("TooManyRequestsException", kit.functions.invoke, status=429,
                     FunctionName="reserved", Payload="{}")
    assert answer["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert answer["Error"]["Message"] == "Rate Exceeded."
    kit.functions.put_function_concurrency(FunctionName="reserved",
                                           ReservedConcurrentExecutions=1)
    first = threading.Thread(target=kit.call, args=("reserved", {"seconds": 3}))
    first.start()

    def throttled():
        try:
            kit.weir.client("lambda").invoke(FunctionName="reserved", Payload='{"seconds": 0}')
            return False
        except kit.functions.exceptions.TooManyRequestsException:
            return True

    until(throttled, "a throttled invocation")
    first.join()
    assert kit.invoke("reserved", {"seconds": 0}) == "slept"


def test_many_invocations_at_once_run_beside_one_another(kit):
    kit.function("beside", SOURCE, handler="app.slow", Timeout=30)
    answers = []

    def call():
        answers.append(kit.weir.client("lambda").invoke(
            FunctionName="beside", Payload='{"seconds": 0.5}')["Payload"].read())

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [b'"slept"'] * 8


def test_a_held_function_refuses_and_says_why(kit):
    kit.function("held", SOURCE)
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:held"
    assert kit.weir.ask("POST", f"/_weir/hold?kind=function&name={arn}")[0] == 200
    answer = refused("ResourceConflictException", kit.functions.invoke, status=409,
                     FunctionName="held")
    assert "weir release function held" in answer["Error"]["Message"]
    assert kit.weir.ask("POST", f"/_weir/release?kind=function&name={arn}")[0] == 200
    assert kit.invoke("held")["count"] == 1


def test_a_deleted_function_is_gone_and_its_worker_with_it(kit):
    kit.function("deleted", SOURCE)
    kit.invoke("deleted")
    kit.functions.delete_function(FunctionName="deleted")
    refused("ResourceNotFoundException", kit.functions.invoke, status=404, FunctionName="deleted")
    kit.function("deleted", SOURCE)
    assert kit.invoke("deleted")["count"] == 1


def test_a_caller_that_goes_away_leaves_its_function_running(kit):
    source = """
import os, time
def handler(event, context):
    if event == "look":
        return os.path.exists("/tmp/done")
    time.sleep(1)
    open("/tmp/done", "w").close()
"""
    kit.function("alone", source, Timeout=10)
    kit.functions.put_function_concurrency(FunctionName="alone", ReservedConcurrentExecutions=1)
    leaver = http.client.HTTPConnection("127.0.0.1", kit.weir.port, timeout=0.5)
    scope = f"{ACCOUNT}/20260101/{REGION}/lambda/aws4_request"
    leaver.request("POST", "/2015-03-31/functions/alone/invocations", "1", {
        "X-Amz-Date": "20260101T000000Z",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, "
                         f"Signature={'0' * 64}"})
    with pytest.raises(TimeoutError):
        leaver.getresponse()
    leaver.close()

    def look():
        try:
            return kit.invoke("alone", "look")
        except kit.functions.exceptions.TooManyRequestsException:
            return False

    assert until(look, "the end of the abandoned invocation")


def test_the_cli_invokes(kit, hello, tmp_path):
    out = tmp_path / "out.json"
    done = subprocess.run(
        [str(ROOT / "build" / "venv" / "bin" / "aws"), "lambda", "invoke", "--function-name", hello,
         "--payload", '{"cli": true}', str(out)],
        env=kit.weir.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(out.read_text())["event"] == {"cli": True}
    assert json.loads(done.stdout)["StatusCode"] == 200


def test_functions_are_there_after_kill_9(fresh):
    server = fresh()
    kit = Kit(server)
    kit.function("survives", SOURCE)
    assert kit.invoke("survives")["count"] == 1
    server.restart(hard=True)
    assert Kit(server).invoke("survives")["count"] == 1


def workers_of(name):
    """Process ids of a function's workers."""
    found = []
    for pid in os.listdir("/proc"):
        try:
            with open(f"/proc/{pid}/environ", "rb") as environment:
                if f"AWS_LAMBDA_FUNCTION_NAME={name}\0".encode() in environment.read():
                    found.append(pid)
        except OSError:
            pass
    return found


def test_provisioned_concurrency_has_workers_before_anybody_asks(fresh):
    server = fresh()
    kit = Kit(server)
    name = f"provisioned-{server.port}"
    kit.function(name, SOURCE)
    version = kit.functions.publish_version(FunctionName=name)["Version"]
    kit.functions.put_provisioned_concurrency_config(
        FunctionName=name, Qualifier=version, ProvisionedConcurrentExecutions=2)
    until(lambda: len(workers_of(name)) >= 2, "two workers")
    server.restart()
    until(lambda: len(workers_of(name)) >= 2, "two workers after a restart")
    assert Kit(server).invoke(name, Qualifier=version)["version"] == version


SIGNED = """
import datetime, hashlib, hmac, json, os, urllib.error, urllib.request

def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()

def handler(event, context):
    url = os.environ["AWS_ENDPOINT_URL"]
    host = url.split("//")[1]
    body = json.dumps(event["body"])
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    token = os.environ["AWS_SESSION_TOKEN"]
    names = "host;x-amz-date;x-amz-security-token;x-amz-target"
    canonical = "\\n".join(["POST", "/", "", f"host:{host}", f"x-amz-date:{now}",
                            f"x-amz-security-token:{token}", f"x-amz-target:{event['target']}",
                            "", names, hashlib.sha256(body.encode()).hexdigest()])
    scope = f"{now[:8]}/us-east-1/sqs/aws4_request"
    text = "\\n".join(["AWS4-HMAC-SHA256", now, scope,
                       hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"]).encode()
    for part in scope.split("/"):
        key = sign(key, part)
    ask = urllib.request.Request(url, method="POST", data=body.encode(), headers={
        "X-Amz-Target": event["target"], "X-Amz-Date": now, "X-Amz-Security-Token": token,
        "Content-Type": "application/x-amz-json-1.0",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, "
                         f"SignedHeaders={names}, Signature={sign(key, text).hex()}"})
    try:
        return json.load(urllib.request.urlopen(ask))
    except urllib.error.HTTPError as error:
        return json.load(error)
"""


def test_with_auth_on_a_handler_may_do_what_its_role_may():
    server = SignedServer("--auth", "on").start()
    try:
        kit = Kit(server)
        kit.functions = server.signed(*server.key, "lambda")
        iam = server.signed(*server.key, "iam")
        sqs = server.signed(*server.key, "sqs")
        queue = sqs.create_queue(QueueName="allowed")["QueueUrl"]
        kit.role = iam.create_role(RoleName="runs", AssumeRolePolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole"}]}))["Role"]["Arn"]
        iam.put_role_policy(RoleName="runs", PolicyName="send", PolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]}))
        kit.function("signs", SIGNED)
        sent = kit.invoke("signs", {"target": "AmazonSQS.SendMessage",
                                    "body": {"QueueUrl": queue, "MessageBody": "hello"}})
        assert "MessageId" in sent, sent
        refusal = kit.invoke("signs", {"target": "AmazonSQS.PurgeQueue",
                                       "body": {"QueueUrl": queue}})
        assert "assumed-role/runs/signs is not authorized to perform: sqs:purgequeue" in \
            refusal["message"]
    finally:
        server.close()


def test_a_busy_function_does_not_keep_all_workers(fresh):
    kit = Kit(fresh("--workers", "2"))
    kit.function("hog", SOURCE, handler="app.slow", Timeout=30)
    kit.function("guest", SOURCE, handler="app.slow", Timeout=30)
    ended = []

    def call(name):
        kit.weir.client("lambda").invoke(FunctionName=name, Payload='{"seconds": 0.3}')
        ended.append(name)

    kit.invoke("hog", {"seconds": 0})
    threads = [threading.Thread(target=call, args=("hog",)) for _ in range(16)]
    for thread in threads:
        thread.start()
    until(lambda: ended, "the first to end")
    guest = threading.Thread(target=call, args=("guest",))
    guest.start()
    for thread in (*threads, guest):
        thread.join()
    assert ended.index("guest") < 12


def test_with_awss_limits_an_account_has_what_nobody_reserved(fresh):
    kit = Kit(fresh("--limits", "aws", "--workers", "1"))
    kit.function("reserving", SOURCE)
    kit.function("sleeping", SOURCE, handler="app.slow", Timeout=60)
    kit.functions.put_function_concurrency(FunctionName="reserving",
                                           ReservedConcurrentExecutions=900)
    scope = f"{ACCOUNT}/20260101/{REGION}/lambda/aws4_request"
    head = ("POST /2015-03-31/functions/sleeping/invocations HTTP/1.1\r\nHost: weir\r\n"
            f"Authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, "
            f"Signature={'0' * 64}\r\nX-Amz-Date: 20260101T000000Z\r\nContent-Length: 2\r\n\r\n{{}}")
    callers = [socket.create_connection(("127.0.0.1", kit.weir.port)) for _ in range(103)]
    for caller in callers:  # they wait for the one worker, and count as running
        caller.sendall(head.encode())
    answered = set()
    while len(answered) < 3:
        ready, _, _ = select.select([c for c in callers if c not in answered], [], [], 60)
        assert ready, "nobody was refused"
        for caller in ready:
            answer = caller.recv(65536).decode()
            assert answer.startswith("HTTP/1.1 429 ")
            assert '"Reason":"ConcurrentInvocationLimitExceeded"' in answer
        answered |= set(ready)
    for caller in callers:
        caller.close()
