# SPDX-License-Identifier: Apache-2.0
"""A weir server of a test's own: its process, its data directory, its clients.

Rules: everything lies in a temporary directory; a server is stopped by its own process id and by
nothing else; a client never retries, so that a test sees each answer as it came.
"""
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path

import boto3
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[2]
REGION = "us-east-1"
ACCOUNT = "111122223333"  # a 12-digit access key names the account while auth is off
START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 30


def weir_path():
    """The program under test: WEIR, else what `make` built."""
    return os.environ.get("WEIR", str(ROOT / "build" / "weir"))


def run_weir(*words, **more):
    """Runs one weir command to its end; the answer has returncode, stdout and stderr."""
    return subprocess.run([weir_path(), *words], capture_output=True, text=True, timeout=120,
                          check=False, **more)


class WeirServer:
    """`weir serve` on a free port, over a data directory that outlives the process."""

    def __init__(self, *flags, data=None, clock=None, listen_port=0):
        self.flags = list(flags)
        self.clock = clock
        self.listen_port = listen_port  # 0: a free one at every start
        self.owned = data is None
        self.home = Path(tempfile.mkdtemp(prefix="weir-e2e-")) if self.owned else Path(data).parent
        self.data = str(data or self.home / "data")
        self.log_path = self.home / "server.log"
        self.process = None
        self.port = None
        self.ready = None

    # ---- life ----

    def start(self):
        assert self.process is None, "this server runs already"
        assert os.access(weir_path(), os.X_OK), f"{weir_path()} is not there; run make first"
        command = [weir_path(), "serve", "--data", self.data, "--listen",
                   f"127.0.0.1:{self.listen_port}", "--json", *self.flags]
        if self.clock is not None:
            command += ["--clock", self.clock]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        line = self._first_line()
        self.ready = json.loads(line)
        self.port = urllib.parse.urlsplit(self.ready["url"]).port
        return self

    def _first_line(self):
        line = self.process.stdout.readline()
        while line and not line.startswith("{"):  # the root key's lines come first
            line = self.process.stdout.readline()
        if not line:
            code = self.process.wait(START_SECONDS_MAX)
            self._forget()
            raise RuntimeError(f"weir did not start (exit {code}): {self.log_tail()}")
        return line

    def _forget(self):
        self.process.stdout.close()
        self.process = None

    def stop(self):
        """Asks it to finish, as an operator does; gives the exit code."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self._forget()
            raise RuntimeError(f"weir did not stop on SIGTERM: {self.log_tail()}") from None
        self._forget()
        return code

    def kill(self):
        """kill -9: nothing is finished, nothing is said."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self._forget()

    def restart(self, hard=False, clock=None):
        """The same data directory, a new process and port; a stopped clock goes on where it was."""
        at = clock or (self.now() if self.clock is not None else None)
        self.kill() if hard else self.stop()
        self.clock = at
        return self.start()

    def close(self):
        self.kill()
        if self.owned:
            shutil.rmtree(self.home, ignore_errors=True)

    def log_tail(self):
        try:
            return self.log_path.read_text(errors="replace")[-4000:]
        except FileNotFoundError:
            return ""

    def alive(self):
        return self.process is not None and self.process.poll() is None

    # ---- talking to it ----

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def client(self, service="kinesis", region=REGION, access_key=ACCOUNT, **config):
        return boto3.client(
            service, endpoint_url=self.url, region_name=region, aws_access_key_id=access_key,
            aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=False,
                          connect_timeout=5, read_timeout=60, max_pool_connections=32, **config))

    def environment(self):
        """For other programs that speak AWS: the CLI, other languages' SDKs."""
        return {**{k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
                "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": self.url,
                "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
                "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1"}

    def ask(self, method, target, body=None, headers=None):
        """Plain HTTP: status, headers (lower case), body bytes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, target, body, headers or {})
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def call(self, operation, body, content_type="application/x-amz-json-1.1", region=REGION):
        """A Kinesis request whose body is sent as it stands: a dict as JSON, bytes raw. Gives the
        HTTP status and the answer's JSON; a client library could not send what this can."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, _, text = self.ask("POST", "/", raw, self.headers(operation, content_type, region))
        return status, json.loads(text) if text else {}

    def headers(self, operation, content_type="application/x-amz-json-1.1", region=REGION):
        """Of a Kinesis request, with a signature that is well-formed and, with auth off, not
        checked."""
        scope = f"{ACCOUNT}/20260101/{region}/kinesis/aws4_request"
        return {"Content-Type": content_type, "X-Amz-Target": f"Kinesis_20131202.{operation}",
                "X-Amz-Date": "20260101T000000Z",
                "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, "
                                 f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}"}

    def health(self):
        return json.loads(self.ask("GET", "/_weir/health")[2])

    def now(self):
        return json.loads(self.ask("GET", "/_weir/clock")[2])["now"]

    def advance(self, duration):
        """Moves a stopped clock on: 90s, 15m, 12h, 3d."""
        status, _, body = self.ask("POST", f"/_weir/clock?advance={duration}")
        assert status == 200, body
        return json.loads(body)["now"]

    def fsck(self):
        """Only while it is stopped."""
        assert self.process is None
        return run_weir("fsck", self.data)

    def settle(self, handles):
        """Waits until it has let go of all handles but so many: of connections that ended."""
        for _ in range(600):
            if self.handles() <= handles:
                return
            time.sleep(0.05)
        raise AssertionError("connections that ended are still open")

    def handles(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def resident_bytes(self):
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) * 1024


class SignedServer(WeirServer):
    """Keeps the root key that the first start prints."""

    key = None

    def _first_line(self):
        text = ""
        line = self.process.stdout.readline()
        while line and not line.startswith("{"):
            text += line
            line = self.process.stdout.readline()
        if found := re.search(r"AWS_ACCESS_KEY_ID=(\S+)\s+export AWS_SECRET_ACCESS_KEY=(\S+)",
                              text):
            self.key = found.groups()
        assert line, self.log_tail()
        return line

    def signed(self, access_key, secret, service="kinesis", **config):
        return boto3.client(service, endpoint_url=self.url, region_name=REGION,
                            aws_access_key_id=access_key, aws_secret_access_key=secret,
                            config=Config(retries={"total_max_attempts": 1}, **config))


def shared(server):
    """One server for a file's tests, which must live through them and then stop cleanly."""
    server.start()
    try:
        yield server
        assert server.alive(), f"weir died during the tests: {server.log_tail()}"
        code = server.stop()
        assert code == 0, f"weir ended with {code}: {server.log_tail()}"
    finally:
        server.close()
