# SPDX-License-Identifier: Apache-2.0
"""weir's runtime for handlers in Python: speaks the Lambda Runtime API over one raw socket that is
kept open, which is several times faster than a general HTTP client. What handlers see (context,
logging, errors, how values become JSON) is as in AWS's own runtime.
"""
import decimal
import importlib
import json
import logging
import math
import os
import re
import socket
import sys
import time
import traceback

API = "/2018-06-01/runtime/"
CRLF = b"\r\n"


REPLY = "/_weir/cloudformation/reply/"
reply_at = []


def answers_go_to(url):
    """Handlers that answer a stack often speak TLS on port 443, whatever the ResponseURL says, for
    that is where AWS takes answers. Such a request, and no other, goes to where weir takes them."""
    if not isinstance(url, str) or not url.startswith("http:") or REPLY not in url:
        return
    patched = bool(reply_at)
    reply_at[:] = url[len("http://"):].split("/", 1)[0].rsplit(":", 1)
    if patched:
        return
    from http.client import HTTPConnection, HTTPSConnection
    begin, connect = HTTPSConnection.putrequest, HTTPSConnection.connect

    def putrequest(self, method, path, *words, **more):
        self.weir_reply = str(path).startswith(REPLY)
        return begin(self, method, path, *words, **more)

    def connect_there(self):
        if not getattr(self, "weir_reply", False):
            return connect(self)
        self.host, self.port = reply_at[0], int(reply_at[1])
        return HTTPConnection.connect(self)

    HTTPSConnection.putrequest, HTTPSConnection.connect = putrequest, connect_there


class Api:
    """The Runtime API: one connection, one request at a time."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.host = address
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""
        self.next_request = f"GET {API}invocation/next HTTP/1.1\r\nHost: {address}\r\n\r\n".encode()

    def _read_head(self):
        rest = self.rest
        while (end := rest.find(b"\r\n\r\n")) < 0:
            piece = self.socket.recv(65536)
            if not piece:
                sys.exit(0)
            rest += piece
        self.rest = rest[end + 4:]
        return rest[:end]

    def _read_body(self, count):
        rest = self.rest
        if len(rest) >= count:
            self.rest = rest[count:]
            return rest[:count]
        pieces = [rest]
        missing = count - len(rest)
        while missing > 0:
            piece = self.socket.recv(min(missing, 1 << 20))
            if not piece:
                sys.exit(0)
            pieces.append(piece)
            missing -= len(piece)
        self.rest = b""
        return b"".join(pieces)

    def _answer(self):
        lines = self._read_head().split(CRLF)
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(b":")
            headers[name.lower()] = value.strip()
        return headers, self._read_body(int(headers.get(b"content-length", 0)))

    def next(self):
        self.socket.sendall(self.next_request)
        return self._answer()

    def post(self, path, body, more=""):
        self.socket.sendall(
            f"POST {API}{path} HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: application/json\r\n"
            f"{more}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return self._answer()


# ---- JSON, as AWS's runtime writes it ----

MARK = f"\x00{os.urandom(8).hex()}:"


def plain(value):
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, decimal.Decimal):
        return math.nan if value.is_nan() else f"{MARK}{value}"
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


ENCODER = json.JSONEncoder(ensure_ascii=False, default=plain)
MARKED = re.compile('"' + re.escape(json.dumps(MARK)[1:-1]) + '([^"]*)"')


def to_json(value):
    """Decimals as the numbers they are, bytes as text."""
    text = ENCODER.encode(value)
    if "\\u0000" in text:
        text = MARKED.sub(r"\1", text)
    return text.encode("utf-8")


# ---- what a handler is given ----

class CognitoIdentity:
    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")


class Client:
    __slots__ = ("installation_id", "app_title", "app_version_name", "app_version_code",
                 "app_package_name")


class ClientContext:
    __slots__ = ("custom", "env", "client")


def fill(target, values):
    for name in target.__slots__:
        setattr(target, name, (values or {}).get(name))
    return target


class LambdaContext:
    def __init__(self, headers):
        self.aws_request_id = headers[b"lambda-runtime-aws-request-id"].decode()
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get(b"lambda-runtime-invoked-function-arn", b"").decode()
        self.tenant_id = None
        self.client_context = None
        if text := headers.get(b"lambda-runtime-client-context"):
            values = json.loads(text)
            context = fill(ClientContext(), values)
            if values.get("client"):
                context.client = fill(Client(), values["client"])
            self.client_context = context
        self.identity = fill(CognitoIdentity(), None)
        if text := headers.get(b"lambda-runtime-cognito-identity"):
            values = json.loads(text)
            self.identity.cognito_identity_id = values.get("cognitoIdentityId")
            self.identity.cognito_identity_pool_id = values.get("cognitoIdentityPoolId")
        self._deadline_ms = int(headers.get(b"lambda-runtime-deadline-ms", b"0"))

    def get_remaining_time_in_millis(self):
        return max(self._deadline_ms - int(time.time() * 1000), 0)

    def log(self, message):
        sys.stdout.write(str(message))


class RequestIdFilter(logging.Filter):
    request_id = ""

    def filter(self, record):
        record.aws_request_id = self.request_id
        return True


class JsonFormatter(logging.Formatter):
    def format(self, record):
        line = {"timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
                "level": record.levelname, "message": record.getMessage(), "logger": record.name,
                "requestId": getattr(record, "aws_request_id", "")}
        if record.exc_info:
            kind, error, trace = record.exc_info
            line["errorType"] = kind.__name__
            line["errorMessage"] = str(error)
            line["stackTrace"] = traceback.format_tb(trace)
        return json.dumps(line, ensure_ascii=False)


def set_up_logging():
    handler = logging.StreamHandler(sys.stdout)
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON":
        handler.setFormatter(JsonFormatter())
    else:
        formatter = logging.Formatter(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s",
            "%Y-%m-%dT%H:%M:%S")
        formatter.converter = time.gmtime
        handler.setFormatter(formatter)
    ids = RequestIdFilter()
    handler.addFilter(ids)
    logging.getLogger().addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL")
    if level:
        logging.getLogger().setLevel({"TRACE": "DEBUG", "WARN": "WARNING",
                                      "FATAL": "CRITICAL"}.get(level, level))
    return ids


# ---- errors ----

def fault(message, kind, trace=(), request_id=None):
    body = {"errorMessage": message, "errorType": kind}
    if request_id is not None:
        body["requestId"] = request_id
    body["stackTrace"] = list(trace)
    return body


def say_fault(body):
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON":
        print(json.dumps({"level": "ERROR", **body}, ensure_ascii=False), flush=True)
        return
    text = f"[ERROR] {body['errorType']}: {body['errorMessage']}\n"
    if body["stackTrace"]:
        text += "Traceback (most recent call last):\n" + "".join(body["stackTrace"])
    print(text.rstrip("\n"), flush=True)


def own_frames(error):
    """The traceback without this file."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__]
    return traceback.format_list(frames)


def load_handler(name):
    """The function, or the fault that says why not."""
    if "." not in name:
        return None, fault(f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)",
                           "Runtime.MalformedHandlerName")
    module_name, function_name = name.rsplit(".", 1)
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except SyntaxError as error:
        return None, fault(f"Syntax error in module '{module_name}': {error}",
                           "Runtime.UserCodeSyntaxError",
                           [f"  File \"{error.filename}\" Line {error.lineno}\n    {error.text}"])
    except ImportError as error:
        return None, fault(f"Unable to import module '{module_name}': {error}",
                           "Runtime.ImportModuleError")
    except BaseException as error:  # whatever the module does while it is imported
        return None, fault(str(error), type(error).__name__, own_frames(error))
    handler = getattr(module, function_name, None)
    if handler is None:
        return None, fault(f"Handler '{function_name}' missing on module '{module_name}'",
                           "Runtime.HandlerNotFound")
    return handler, None


def serve(api, handler, ids):
    while True:
        headers, event = api.next()
        context = LambdaContext(headers)
        request_id = ids.request_id = context.aws_request_id
        trace = headers.get(b"lambda-runtime-trace-id")
        if trace is not None:
            os.environ["_X_AMZN_TRACE_ID"] = trace.decode()
        else:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        try:
            event = json.loads(event)
            if isinstance(event, dict) and "ResponseURL" in event:
                answers_go_to(event["ResponseURL"])
            result = handler(event, context)
            try:
                body = to_json(result)
            except (TypeError, ValueError) as error:
                raise_marshal(api, request_id, error)
                continue
        except Exception as error:
            report = fault(str(error), type(error).__name__, own_frames(error), request_id)
            say_fault(report)
            fail(api, request_id, report)
            continue
        sys.stdout.flush()
        sys.stderr.flush()
        api.post(f"invocation/{request_id}/response", body)


def raise_marshal(api, request_id, error):
    report = fault(f"Unable to marshal response: {error}", "Runtime.MarshalError", (), request_id)
    say_fault(report)
    fail(api, request_id, report)


def fail(api, request_id, report):
    sys.stdout.flush()
    sys.stderr.flush()
    api.post(f"invocation/{request_id}/error", json.dumps(report, ensure_ascii=False).encode(),
             f"Lambda-Runtime-Function-Error-Type: {report['errorType']}\r\n")


def main():
    api = Api(os.environ["AWS_LAMBDA_RUNTIME_API"])
    sys.path[0:1] = ["/var/task", "/opt/python", f"/opt/python/lib/python{sys.version_info[0]}."
                     f"{sys.version_info[1]}/site-packages"]
    sys.stdout.reconfigure(line_buffering=False)
    ids = set_up_logging()
    handler, broken = load_handler(os.environ.get("_HANDLER", ""))
    if broken is not None:
        say_fault(broken)
        api.post("init/error", json.dumps(broken, ensure_ascii=False).encode(),
                 f"Lambda-Runtime-Function-Error-Type: {broken['errorType']}\r\n")
        sys.exit(1)
    serve(api, handler, ids)


main()
