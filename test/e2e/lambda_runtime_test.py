# SPDX-License-Identifier: Apache-2.0
"""Handlers in Python, in Node and of their own bootstrap, as people bring them to AWS."""
import base64
import os
import shutil
import subprocess
import zipfile

import pytest
from lambda_run_kit import ROLE, Kit, until, zip_of

PYTHON = "python3.12"
NODE = "nodejs20.x"


@pytest.fixture(scope="module")
def kit(weir):
    return Kit(weir)


# ---- Python ----

def test_python_values_become_json_as_on_aws(kit):
    kit.function("py-values", """
import datetime, decimal
def handler(event, context):
    return {"decimal": decimal.Decimal("1.50"), "bytes": b"raw", "tuple": (1, 2), "none": None,
            "text": "\\u00fc\\U0001f600", "float": 0.1, "large": 2 ** 60}
""")
    assert kit.invoke("py-values") == {"decimal": 1.5, "bytes": "raw", "tuple": [1, 2],
                                       "none": None, "text": "ü😀", "float": 0.1, "large": 2 ** 60}


def test_python_that_returns_no_json_fails_with_a_marshal_error(kit):
    kit.function("py-marshal", "def handler(event, context):\n    return {1, 2}\n")
    answer = kit.call("py-marshal")
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "Runtime.MarshalError"


def test_python_modules_of_the_package_are_found(kit):
    kit.function("py-modules", {
        "pkg/app.py": "from pkg.deep.more import WORD\nimport beside\n"
                      "def handler(event, context):\n    return WORD + beside.word()\n",
        "pkg/deep/more.py": "WORD = 'deep '\n", "pkg/__init__.py": "", "pkg/deep/__init__.py": "",
        "beside.py": "def word():\n    return open('/var/task/data/word.txt').read()\n",
        "data/word.txt": "beside"}, handler="pkg.app.handler")
    assert kit.invoke("py-modules") == "deep beside"


@pytest.mark.parametrize("handler, source, kind", [
    ("app.nobody", "def handler(event, context):\n    pass\n", "Runtime.HandlerNotFound"),
    ("missing.handler", "def handler(event, context):\n    pass\n", "Runtime.ImportModuleError"),
    ("app.handler", "def handler(event, context:\n    pass\n", "Runtime.UserCodeSyntaxError")])
def test_python_that_cannot_begin_says_why(kit, handler, source, kind):
    name = f"py-{kind.split('.')[1]}"
    kit.function(name, source, handler=handler)
    for _ in range(2):
        answer = kit.call(name)
        assert answer["FunctionError"] == "Unhandled"
        assert answer["Payload"]["errorType"] == kind


def test_python_logging_goes_to_the_log_with_the_request_id(kit):
    kit.function("py-logs", """
import logging
logging.getLogger().setLevel(logging.INFO)
def handler(event, context):
    logging.info("informed")
""")
    answer = kit.call("py-logs", LogType="Tail")
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert f"{answer['ResponseMetadata']['RequestId']}\tinformed" in tail
    assert "[INFO]\t" in tail


def test_the_trace_header_is_in_the_environment(kit):
    kit.function("py-trace", "import os\ndef handler(event, context):\n"
                             "    return os.environ['_X_AMZN_TRACE_ID']\n")
    assert kit.invoke("py-trace").startswith("Root=1-")


# ---- Node ----

@pytest.mark.parametrize("name, files", [
    ("async", {"app.js": "exports.handler = async (event) => ({got: event});"}),
    ("callback", {"app.js": "exports.handler = (event, context, callback) => "
                            "setTimeout(() => callback(null, {got: event}), 5);"}),
    ("esm", {"app.mjs": "export const handler = async (event) => ({got: event});"}),
    ("module", {"package.json": '{"type": "module"}',
                "app.js": "export async function handler(event) { return {got: event}; }"}),
    ("dependency", {"app.js": "const word = require('word');\n"
                              "exports.handler = async (event) => ({got: event, word});",
                    "node_modules/word/index.js": "module.exports = 'found';"})])
def test_node_handlers_of_all_kinds(kit, name, files):
    kit.function(f"js-{name}", files, runtime=NODE)
    got = kit.invoke(f"js-{name}", {"n": 1})
    assert got["got"] == {"n": 1}
    assert got.get("word", "found") == "found"


def test_node_errors_are_told_as_on_aws(kit):
    kit.function("js-fails", {"app.js": "exports.handler = async () => { throw new TypeError('no');"
                                        " };"}, runtime=NODE)
    answer = kit.call("js-fails")
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "TypeError"
    assert answer["Payload"]["errorMessage"] == "no"
    assert isinstance(answer["Payload"]["trace"], list)
    kit.function("js-calls-back", {"app.js": "exports.handler = (event, context, callback) => "
                                             "callback(new Error('called back'));"}, runtime=NODE)
    assert kit.call("js-calls-back")["Payload"]["errorMessage"] == "called back"


def test_node_knows_its_context(kit):
    kit.function("js-context", """
export const handler = async (event, context) => ({
    id: context.awsRequestId, name: context.functionName, left: context.getRemainingTimeInMillis(),
    memory: context.memoryLimitInMB, arn: context.invokedFunctionArn});
""", runtime=NODE)
    answer = kit.call("js-context")
    assert answer["Payload"]["id"] == answer["ResponseMetadata"]["RequestId"]
    assert answer["Payload"]["name"] == "js-context"
    assert 0 < answer["Payload"]["left"] <= 3000
    assert answer["Payload"]["memory"] == "128"


# ---- a bootstrap of one's own ----

SHELL = """#!/bin/sh
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
while :; do
    body=$(curl -sS -D /tmp/head $api/next)
    id=$(grep -i request-id /tmp/head | tr -d '\\r' | cut -d' ' -f2)
    curl -sS -o /dev/null -d "{\\"shell\\": $body, \\"handler\\": \\"$_HANDLER\\"}" $api/$id/response
done
"""

C_SOURCE = r"""
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char in[1 << 16];
static char out[1 << 16];

static void ask(int fd, const char *text, size_t bytes)
{
    size_t got = 0;
    char *end;

    if (write(fd, text, bytes) != (ssize_t)bytes) {
        exit(1);
    }
    for (;;) {
        ssize_t more = read(fd, in + got, sizeof in - 1 - got);
        char *length;

        if (more <= 0) {
            exit(1);
        }
        got += (size_t)more;
        in[got] = 0;
        end = strstr(in, "\r\n\r\n");
        length = strcasestr(in, "content-length: ");
        if (end && length && got >= (size_t)(end + 4 - in) + strtoul(length + 16, NULL, 10)) {
            return;
        }
    }
}

int main(void)
{
    char host[64];
    char id[64];
    struct sockaddr_in to = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char *colon;

    snprintf(host, sizeof host, "%s", getenv("AWS_LAMBDA_RUNTIME_API"));
    colon = strchr(host, ':');
    to.sin_port = htons((unsigned short)atoi(colon + 1));
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        return 1;
    }
    for (;;) {
        const char *next = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n";
        char body[1 << 15];
        int bytes;

        ask(fd, next, strlen(next));
        sscanf(strcasestr(in, "lambda-runtime-aws-request-id: ") + 31, "%36s", id);
        snprintf(body, sizeof body, "{\"c\": %s}", strstr(in, "\r\n\r\n") + 4);
        bytes = snprintf(out, sizeof out, "POST /2018-06-01/runtime/invocation/%s/response "
                         "HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s", id, strlen(body),
                         body);
        ask(fd, out, (size_t)bytes);
    }
}
"""


def test_a_shell_scripts_bootstrap_is_a_runtime(kit):
    kit.function("sh", {"bootstrap": SHELL}, runtime="provided.al2023", handler="what.ever")
    assert kit.invoke("sh", {"a": 1}) == {"shell": {"a": 1}, "handler": "what.ever"}
    assert kit.invoke("sh", [2]) == {"shell": [2], "handler": "what.ever"}


def test_a_program_in_c_is_a_runtime(kit, tmp_path):
    (tmp_path / "boot.c").write_text("#define _GNU_SOURCE\n" + C_SOURCE)
    subprocess.run(["cc", "-O1", "-static", "-o", tmp_path / "bootstrap", tmp_path / "boot.c"],
                   check=True)
    kit.function("c", {"bootstrap": (tmp_path / "bootstrap").read_bytes()},
                 runtime="provided.al2023", handler="none")
    assert [kit.invoke("c", n) for n in range(3)] == [{"c": n} for n in range(3)]


def test_a_package_without_a_bootstrap_says_so(kit):
    kit.function("no-bootstrap", {"nothing": "here"}, runtime="provided.al2023", handler="none")
    answer = kit.call("no-bootstrap")
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "Runtime.InvalidEntrypoint"


# ---- layers, large packages ----

def test_layers_bring_modules_and_later_ones_lie_over_earlier(kit):
    layers = []
    for n in (1, 2):
        made = kit.functions.publish_layer_version(
            LayerName=f"layer-{n}", Content={"ZipFile": zip_of({
                "python/shared.py": f"NUMBER = {n}\n", f"python/only_{n}.py": f"WORD = {n}\n",
                f"data/{n}.txt": str(n)})})
        layers.append(made["LayerVersionArn"])
    kit.function("layered", """
import os, shared, only_1, only_2
def handler(event, context):
    return [shared.NUMBER, only_1.WORD, only_2.WORD, sorted(os.listdir("/opt/data"))]
""", Layers=layers)
    assert kit.invoke("layered") == [2, 1, 2, ["1.txt", "2.txt"]]


def large_package(path):
    """As large as numpy with its kin: 2,000 files, 100 MB unpacked."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        package.writestr("app.py", "import os\ndef handler(event, context):\n"
                                   "    return sum(len(f) for _, _, f in os.walk('/var/task'))\n")
        for n in range(2000):
            raw = os.urandom(2000) + bytes(50000)
            package.writestr(f"dependency/part{n % 40}/file{n}.so", raw)


def test_a_package_of_real_size_is_unpacked_once(fresh, tmp_path):
    server = fresh()
    kit = Kit(server)
    large_package(tmp_path / "large.zip")
    raw = (tmp_path / "large.zip").read_bytes()
    for name in ("large-one", "large-two"):
        kit.functions.create_function(FunctionName=name, Runtime=PYTHON, Handler="app.handler",
                                      Role=ROLE, Code={"ZipFile": raw}, Timeout=30)
        until(lambda name=name: kit.functions.get_function_configuration(
            FunctionName=name)["State"] == "Active", "the function to be active")
        assert kit.invoke(name) == 2001
    code = os.path.join(server.data, "functions", "code")
    folders = os.listdir(code)
    assert len(folders) == 1
    before = os.stat(os.path.join(code, folders[0], "app.py"))
    server.restart()
    assert Kit(server).invoke("large-two") == 2001
    after = os.stat(os.path.join(code, folders[0], "app.py"))
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_folder_that_was_lost_is_made_again(fresh):
    server = fresh()
    kit = Kit(server)
    kit.function("again", "def handler(event, context):\n    return 'here'\n")
    assert kit.invoke("again") == "here"
    server.stop()
    shutil.rmtree(os.path.join(server.data, "functions"))
    server.start()
    assert Kit(server).invoke("again") == "here"
