# SPDX-License-Identifier: Apache-2.0
"""libweir from Python: what `make` builds of it, a client that speaks through it, and the other side of
the Lambda Runtime API.
"""
import base64
import http.server
import json
import os
import pathlib
import queue
import subprocess
import sys
import threading

from wire_oracle import BUILD, ROOT

SDK = pathlib.Path(os.environ.get("WEIR_SDK", BUILD / "sdk"))  # one that was built otherwise
WAIT_SECONDS_MAX = 60


def build(*targets):
    """Builds libweir and what is named; the folder where it lies. Test files run side by side."""
    if "WEIR_SDK" in os.environ:
        return SDK
    SDK.mkdir(parents=True, exist_ok=True)
    subprocess.run(["flock", SDK / ".lock", "make", "-s", "-C", str(ROOT / "sdk"), f"B={os.path.relpath(SDK, ROOT / 'sdk')}",
                    f"PYTHON={sys.executable}", *targets], check=True)
    return SDK


def bare_environment(**more):
    """Without anything that AWS's tools would read."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    return {**kept, "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "us-east-1", **more}


class Answer:
    """What came back of one call."""

    def __init__(self, said):
        self.ok, self.json = said["ok"], said["json"]
        self.code, self.message = said["code"], said["message"]
        self.status, self.attempts, self.request_id = said["status"], said["attempts"], said["request_id"]
        self.body = base64.b64decode(said["body"] or "")


class Caller:
    """One client of libweir, in a process of its own."""

    def __init__(self, environment):
        self.process = subprocess.Popen([SDK / "weir-call"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env=environment)

    def call(self, service, operation, body=None, **members):
        return self._ask(service=service, operation=operation, json=members, body=body)

    def send(self, service, method, path, body=None, headers=None):
        return self._ask(service=service, method=method, path=path, body=body, headers=headers)

    def presign(self, service, operation, seconds, **members):
        return self._ask(service=service, operation=operation, json=members, presign=seconds)

    def good(self, service, operation, body=None, **members):
        """A call that is to succeed; its document."""
        answer = self.call(service, operation, body, **members)
        assert answer.ok, (answer.code, answer.message)
        return answer.json

    def _ask(self, body=None, **command):
        if body is not None:
            command["body"] = base64.b64encode(body).decode()
        given = {k: v for k, v in command.items() if v is not None}
        self.process.stdin.write(json.dumps(given).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"weir-call ended with {self.process.wait(10)}"
        return Answer(json.loads(line))

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(WAIT_SECONDS_MAX) == 0


class Server:
    """A little HTTP server: `script` answers each request with (status, headers, body), or None to
    hang up."""

    def __init__(self, script):
        self.seen = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                outer.seen.append((self.command, self.path, dict(self.headers), body))
                said = script(len(outer.seen), self.command, self.path, self.headers)
                if said is None:
                    self.close_connection = True
                    self.connection.close()
                    return
                status, headers, body = said
                self.send_response_only(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = answer

            def log_message(self, *words):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


class Runtime:
    """The Runtime API's other side. Events go in by `invoke`, which waits for the answer. keeps: whether
    connections stay open."""

    def __init__(self, keeps=True):
        self.events = queue.Queue()
        self.answers = queue.Queue()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                event = outer.events.get()
                if event is None:
                    self.close_connection = True
                    self.connection.close()
                    return
                body, headers = event
                self.send_response(200)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end(body)

            def end(self, body):
                if not keeps:
                    self.send_header("Connection", "close")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                headers = {k.lower(): v for k, v in self.headers.items()}
                if headers.get("transfer-encoding") == "chunked":
                    body = self.chunks(headers)
                else:
                    body = self.rfile.read(int(headers["content-length"]))
                self.send_response(202)
                self.end(b'{"status":"OK"}\n')
                outer.answers.put((self.path, headers, body))

            def chunks(self, headers):
                pieces = []
                while (size := int(self.rfile.readline(), 16)) > 0:
                    pieces.append(self.rfile.read(size))
                    self.rfile.readline()
                while (line := self.rfile.readline().strip()):
                    name, _, value = line.decode().partition(":")
                    headers[name.lower()] = value.strip()
                return pieces

            def log_message(self, *words):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.processes = []
        self.ids = 0

    def start(self, program, **environment):
        address = f"127.0.0.1:{self.http.server_port}"
        process = subprocess.Popen([program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env=bare_environment(AWS_LAMBDA_RUNTIME_API=address, **environment))
        self.processes.append(process)
        return process

    def invoke(self, event, **headers):
        """Path, headers and body (or pieces) of the answer."""
        self.ids += 1
        text = event if isinstance(event, bytes) else json.dumps(event).encode()
        self.events.put((text, {
            "Lambda-Runtime-Aws-Request-Id": f"request-{self.ids}",
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:1:function:f",
            "Lambda-Runtime-Deadline-Ms": "32503680000000",
            **{k.replace("_", "-"): v for k, v in headers.items()}}))
        return self.answers.get(timeout=WAIT_SECONDS_MAX)

    def end(self, process):
        """Lets the process go; its code and what it printed."""
        self.events.put(None)
        out, error = process.communicate(timeout=WAIT_SECONDS_MAX)
        return process.returncode, out, error

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait()
        self.http.shutdown()
        self.http.server_close()
