# SPDX-License-Identifier: Apache-2.0
"""libweir's Lambda loop against the other side of the Runtime API: static programs, as they would run
on AWS."""
import base64
import json
import os
import subprocess

import pytest

from lambda_run_kit import Kit
from sdk_kit import Runtime, Server, build
from weir_server import WeirServer
from wire_oracle import ROOT


@pytest.fixture(scope="module")
def sdk():
    return build("all")


@pytest.fixture
def runtime():
    made = Runtime()
    yield made
    made.close()


def test_an_example_is_a_static_program(sdk):
    headers = subprocess.run(["readelf", "-lW", sdk / "echo"], capture_output=True, text=True, check=True)
    assert "INTERP" not in headers.stdout


def test_an_event_is_answered_with_what_the_handler_wrote(sdk, runtime):
    runtime.start(sdk / "echo")
    path, headers, body = runtime.invoke({"a": ["é", 1.5, None]})
    assert path == "/2018-06-01/runtime/invocation/request-1/response"
    assert headers["content-type"] == "application/json"
    answer = json.loads(body)
    assert answer["event"] == {"a": ["é", 1.5, None]}
    assert answer["request_id"] == "request-1"
    assert answer["function_arn"] == "arn:aws:lambda:us-east-1:1:function:f"
    assert answer["remaining_ms"] > 10**12


def test_a_mobile_callers_context_is_handed_on(sdk, runtime):
    runtime.start(sdk / "echo")
    context = json.dumps({"custom": {"a": "b"}})
    _, _, body = runtime.invoke({}, Lambda_Runtime_Client_Context=context)
    assert json.loads(body)["client_context"] == {"custom": {"a": "b"}}
    assert json.loads(runtime.invoke({})[2])["client_context"] is None


def test_one_process_serves_many_invocations_of_all_sizes(sdk, runtime):
    runtime.start(sdk / "echo")
    for size in (0, 1, 10_000, 1_000_000, 5_000_000, 3):
        _, _, body = runtime.invoke({"text": "x" * size})
        assert len(json.loads(body)["event"]["text"]) == size


def test_a_connection_that_is_closed_after_each_answer_is_made_anew(sdk):
    runtime = Runtime(keeps=False)
    runtime.start(sdk / "echo")
    for i in range(5):
        assert json.loads(runtime.invoke({"n": i})[2])["event"] == {"n": i}
    assert runtime.invoke({"fail": 1})[0].endswith("/error")
    assert runtime.invoke({"stream": 2})[2] == [b"piece 0\n", b"piece 1\n"]
    assert json.loads(runtime.invoke({"n": 9})[2])["event"] == {"n": 9}
    runtime.close()


def test_an_answer_that_is_too_large_is_an_error(sdk, runtime):
    runtime.start(sdk / "echo")
    path, headers, body = runtime.invoke({"text": "x" * 7_000_000})
    assert path.endswith("/error")
    assert json.loads(body)["errorType"] == "Function.ResponseSizeTooLarge"
    _, _, body = runtime.invoke({"n": 1})
    assert json.loads(body)["event"] == {"n": 1}


def test_a_failure_has_type_and_message(sdk, runtime):
    runtime.start(sdk / "echo")
    path, headers, body = runtime.invoke({"fail": "please \"now\""})
    assert path == "/2018-06-01/runtime/invocation/request-1/error"
    assert headers["lambda-runtime-function-error-type"] == "Echo.Asked"
    assert json.loads(body) == {"errorType": "Echo.Asked", "stackTrace": [],
                                "errorMessage": 'was asked to fail: "please \\"now\\""'}


def test_a_stream_comes_in_pieces(sdk, runtime):
    runtime.start(sdk / "echo")
    path, headers, pieces = runtime.invoke({"stream": 3})
    assert path.endswith("/response")
    assert headers["lambda-runtime-function-response-mode"] == "streaming"
    assert headers["content-type"] == "text/plain"
    assert pieces == [b"piece 0\n", b"piece 1\n", b"piece 2\n"]


def test_a_stream_that_fails_ends_with_the_error(sdk, runtime):
    runtime.start(sdk / "echo")
    _, headers, pieces = runtime.invoke({"stream": 1, "fail": 1})
    assert pieces == [b"piece 0\n"]
    assert headers["lambda-runtime-function-error-type"] == "Echo.Asked"
    document = json.loads(base64.b64decode(headers["lambda-runtime-function-error-body"]))
    assert document["errorMessage"] == "was asked to fail: 1"
    _, _, body = runtime.invoke({"n": 2})
    assert json.loads(body)["event"] == {"n": 2}


def test_a_function_that_cannot_start_says_why(sdk, runtime):
    process = runtime.start(sdk / "sqs_to_table")
    path, headers, body = runtime.answers.get(timeout=60)
    assert path == "/2018-06-01/runtime/init/error"
    assert headers["lambda-runtime-function-error-type"] == "Example.NotConfigured"
    assert json.loads(body)["errorMessage"] == "TABLE is to name the table"
    assert process.wait(60) == 1


def test_lines_are_texts_with_level_and_request(sdk, runtime):
    process = runtime.start(sdk / "echo")
    runtime.invoke({})
    code, out, _ = runtime.end(process)
    assert code == 0
    level, moment, request, message = out.rstrip("\n").split("\t")
    assert (level, request, message) == ("[INFO]", "request-1", "2 bytes")
    assert moment.endswith("Z")


def test_lines_are_json_when_the_function_is_set_to_it(sdk, runtime):
    process = runtime.start(sdk / "echo", AWS_LAMBDA_LOG_FORMAT="JSON")
    runtime.invoke({"fail": 1})
    _, out, _ = runtime.end(process)
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(line["level"], line["message"]) for line in lines] == [
        ("INFO", "11 bytes"), ("ERROR", "Echo.Asked: was asked to fail: 1")]
    assert {line["requestId"] for line in lines} == {"request-1"}


def test_lines_below_the_level_are_not_written(sdk, runtime):
    process = runtime.start(sdk / "echo", AWS_LAMBDA_LOG_LEVEL="WARN")
    runtime.invoke({})
    assert runtime.end(process)[1] == ""


def test_without_the_runtime_api_it_says_what_it_is(sdk):
    done = subprocess.run([sdk / "echo"], capture_output=True, text=True, env={}, check=False)
    assert done.returncode == 1
    assert "this program is a Lambda function" in done.stderr


# ---- the other examples, with weir behind them ----

@pytest.fixture(scope="module")
def weir():
    server = WeirServer().start()
    yield server
    server.close()


def table(weir, name, key):
    dynamodb = weir.client("dynamodb")
    dynamodb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST",
                          AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
                          KeySchema=[{"AttributeName": key, "KeyType": "HASH"}])
    return dynamodb


def aws(weir):
    return {k: v for k, v in weir.environment().items() if k.startswith("AWS_")}


def test_messages_of_a_queue_become_items(sdk, runtime, weir):
    dynamodb = table(weir, "messages", "id")
    runtime.start(sdk / "sqs_to_table", **aws(weir), TABLE="messages")
    records = [{"messageId": f"m-{i}", "body": f"text \"{i}\" é\n", "attributes": {"SentTimestamp": str(i)}}
               for i in range(3)]
    _, _, body = runtime.invoke({"Records": records})
    assert json.loads(body) == {"batchItemFailures": []}
    items = {item["id"]["S"]: item for item in dynamodb.scan(TableName="messages")["Items"]}
    assert items["m-1"] == {"id": {"S": "m-1"}, "body": {"S": 'text "1" é\n'}, "sent": {"N": "1"}}
    assert len(items) == 3


def test_a_message_that_cannot_be_put_is_reported_singly(sdk, runtime, weir):
    table(weir, "some", "id")
    runtime.start(sdk / "sqs_to_table", **aws(weir), TABLE="some")
    records = [{"messageId": "good", "body": "x", "attributes": {"SentTimestamp": "1"}},
               {"messageId": "", "body": "x", "attributes": {"SentTimestamp": "2"}}]
    _, _, body = runtime.invoke({"Records": records})
    assert json.loads(body) == {"batchItemFailures": [{"itemIdentifier": ""}]}


def test_records_of_a_stream_are_counted(sdk, runtime, weir):
    dynamodb = table(weir, "doors", "door")
    runtime.start(sdk / "kinesis_count", **aws(weir), TABLE="doors")
    data = [b'{"door":"north"}', b'{"door":"south"}', b"not json", b'{"door":"north"}']
    records = [{"kinesis": {"data": base64.b64encode(d).decode(), "sequenceNumber": str(i)}}
               for i, d in enumerate(data)]
    _, _, body = runtime.invoke({"Records": records})
    assert json.loads(body) == {"batchItemFailures": []}
    seen = {i["door"]["S"]: i["seen"]["N"] for i in dynamodb.scan(TableName="doors")["Items"]}
    assert seen == {"north": "2", "south": "1"}


def test_a_trace_goes_on_to_what_the_handler_calls(sdk, runtime):
    server = Server(lambda *words: (200, {}, b"{}"))
    runtime.start(sdk / "sqs_to_table", TABLE="t", AWS_ENDPOINT_URL=server.url, AWS_ACCESS_KEY_ID="a",
                  AWS_SECRET_ACCESS_KEY="b")
    record = {"messageId": "m", "body": "x", "attributes": {"SentTimestamp": "1"}}
    runtime.invoke({"Records": [record]}, Lambda_Runtime_Trace_Id="Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700")
    server.close()
    headers = {k.lower(): v for k, v in server.seen[0][2].items()}
    assert headers["x-amzn-trace-id"] == "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700"


def test_weir_runs_a_static_program_as_a_function(sdk, weir):
    kit = Kit(weir)
    kit.function("echo", {"bootstrap": (sdk / "echo").read_bytes()}, runtime="provided.al2023")
    answer = kit.invoke("echo", {"a": 1})
    assert answer["event"] == {"a": 1}
    assert answer["function_arn"].endswith(":function:echo")
    assert 0 < answer["remaining_ms"] <= 3000
    failed = kit.call("echo", {"fail": True})
    assert failed["FunctionError"] == "Unhandled"
    assert failed["Payload"]["errorType"] == "Echo.Asked"
    assert kit.invoke("echo", 2)["event"] == 2


def test_weir_hands_messages_to_a_static_program_that_calls_it(sdk, weir):
    kit = Kit(weir)
    dynamodb = table(weir, "handed", "id")
    queue = kit.queue("handed")
    kit.function("handed", {"bootstrap": (sdk / "sqs_to_table").read_bytes()},
                 runtime="provided.al2023", Environment={"Variables": {"TABLE": "handed"}})
    event = {"Records": [{"messageId": "m", "body": "through weir", "eventSourceARN": queue,
                          "attributes": {"SentTimestamp": "1"}}]}
    assert kit.invoke("handed", event) == {"batchItemFailures": []}
    item = dynamodb.get_item(TableName="handed", Key={"id": {"S": "m"}})["Item"]
    assert item["body"] == {"S": "through weir"}


def test_the_manuals_function_is_one(sdk, runtime, tmp_path):
    manual = (ROOT / "sdk" / "README.md").read_text().split("## A function\n")[1].split("\n- ")[0]
    source = "\n".join(line[4:] for line in manual.split("\n"))
    (tmp_path / "door.c").write_text("#include <stdio.h>\n" + source)
    subprocess.run(["cc", "-Wall", "-Werror", "-I", ROOT / "sdk" / "include", "-static", "-o",
                    tmp_path / "bootstrap", tmp_path / "door.c", sdk / "libweir.a"], check=True)
    runtime.start(tmp_path / "bootstrap")
    assert json.loads(runtime.invoke({"card": 17})[2]) == {"open": True, "card": 17}
    assert runtime.invoke({})[1]["lambda-runtime-function-error-type"] == "Door.NoCard"


def test_it_can_be_installed_and_found(sdk, tmp_path):
    subprocess.run(["make", "-s", "-C", ROOT / "sdk", f"B={sdk}", f"PREFIX={tmp_path}", "install"],
                   check=True)
    said = subprocess.run(["pkg-config", "--cflags", "--libs", "libweir"], capture_output=True,
                          text=True, check=True,
                          env={**os.environ, "PKG_CONFIG_PATH": str(tmp_path / "lib/pkgconfig")})
    (tmp_path / "main.c").write_text(
        '#include <weir_aws.h>\nint main(void) { weir_aws_free(weir_aws_new(NULL)); }\n')
    subprocess.run(["cc", "-o", tmp_path / "main", tmp_path / "main.c", *said.stdout.split()],
                   check=True)
    subprocess.run([tmp_path / "main"], check=True)


def test_the_archive_is_small_enough(sdk):
    assert os.path.getsize(sdk / "libweir.a") < 300 * 1000
