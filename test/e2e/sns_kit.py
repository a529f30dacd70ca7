# SPDX-License-Identifier: Apache-2.0
"""What the tests of SNS share: topics, queues, what came, an HTTP endpoint, verified signatures.

Names are unique in a file: `name` is a fixture of conftest. Waiting is for something to happen,
with a limit, and never for time to pass.
"""
import base64
import http.server
import json
import queue
import subprocess
import tempfile
import threading
import urllib.request
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from weir_server import ACCOUNT, REGION

WAIT_SECONDS_MAX = 30
LONG = {"Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
        "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token",
                                     "TopicArn", "Type")}
LONG["UnsubscribeConfirmation"] = LONG["SubscriptionConfirmation"]


def refused(code, call, *words, status=400, **more):
    """The call must fail with that code; gives the message."""
    with pytest.raises(ClientError) as caught:
        call(*words, **more)
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert error["Type"] == "Sender"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    return error["Message"]


class Kit:
    """Topics and queues of one server."""

    def __init__(self, weir):
        self.weir = weir
        self.sns = weir.client("sns")
        self.sqs = weir.client("sqs")

    def topic(self, name, **attributes):
        if name.endswith(".fifo"):
            attributes = {"FifoTopic": "true", **attributes}
        return self.sns.create_topic(Name=name, Attributes=attributes)["TopicArn"]

    def queue(self, name, **attributes):
        if name.endswith(".fifo"):
            attributes = {"FifoQueue": "true", **attributes}
        self.sqs.create_queue(QueueName=name, Attributes=attributes)
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def subscribe(self, topic, endpoint, protocol="sqs", **attributes):
        return self.sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint,
                                  Attributes=attributes,
                                  ReturnSubscriptionArn=True)["SubscriptionArn"]

    def pair(self, name, **attributes):
        """A topic and a queue that is subscribed to it: (topic, queue, subscription)."""
        fifo = ".fifo" if name.endswith(".fifo") else ""
        topic = self.topic(name)
        into = self.queue(name.removesuffix(".fifo") + "-queue" + fifo)
        return topic, into, self.subscribe(topic, into, **attributes)

    def take(self, into):
        """All messages of a queue, which are deleted, in order."""
        url = self.sqs.get_queue_url(QueueName=into.rsplit(":", 1)[1])["QueueUrl"]
        found = []
        while got := self.sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["All"]).get("Messages"):
            found += got
            self.sqs.delete_message_batch(QueueUrl=url, Entries=[
                {"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(got)])
        return found

    def bodies(self, into):
        return [message["Body"] for message in self.take(into)]

    def texts(self, into):
        """The messages inside the envelopes."""
        return [json.loads(body)["Message"] for body in self.bodies(into)]

    def outbox(self, to):
        """What was kept for that address, oldest first."""
        kept = json.loads(self.weir.ask("GET", "/_weir/outbox")[2])
        return [m for m in reversed(kept["messages"]) if m["to"] == to]

    def trace(self):
        return json.loads(self.weir.ask("GET", "/_weir/trace")[2])


@pytest.fixture(scope="module")
def kit(weir):
    return Kit(weir)


@pytest.fixture(scope="module")
def clocked_kit(clocked):
    return Kit(clocked)


# ---- an HTTP endpoint ----

class Endpoint:
    """An HTTP server on 127.0.0.1 that keeps what is posted to it, and answers as it is told."""

    def __init__(self):
        self.posts = queue.Queue()
        self.answers = queue.Queue()  # statuses to come; 200 when there are none
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    status = outer.answers.get_nowait()
                except queue.Empty:
                    status = 200
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                outer.posts.put(({k.lower(): v for k, v in self.headers.items()}, body.decode()))

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/events"

    def next(self):
        """The next post: (headers, body)."""
        return self.posts.get(timeout=WAIT_SECONDS_MAX)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def endpoint():
    server = Endpoint()
    yield server
    server.close()


def visit(url):
    """Follows a link, as a person does: without a signature."""
    with urllib.request.urlopen(url, timeout=WAIT_SECONDS_MAX) as answer:
        return answer.read().decode()


# ---- signatures ----

def verify(text):
    """Checks a message's signature by openssl with the certificate at its SigningCertURL."""
    message = json.loads(text)
    signed = "".join(f"{field}\n{message[field]}\n" for field in LONG[message["Type"]]
                     if field in message)
    digest = {"1": "-sha1", "2": "-sha256"}[message["SignatureVersion"]]
    with tempfile.TemporaryDirectory(prefix="weir-sign-") as folder:
        home = Path(folder)
        (home / "certificate.pem").write_text(visit(message["SigningCertURL"]))
        (home / "signature").write_bytes(base64.b64decode(message["Signature"]))
        (home / "signed").write_text(signed)
        key = subprocess.run(["openssl", "x509", "-in", home / "certificate.pem", "-pubkey",
                              "-noout"], capture_output=True, check=True).stdout
        (home / "key.pem").write_bytes(key)
        checked = subprocess.run(["openssl", "dgst", digest, "-verify", home / "key.pem",
                                  "-signature", home / "signature", home / "signed"],
                                 capture_output=True, text=True, check=False)
    return checked.returncode == 0 and "Verified OK" in checked.stdout
