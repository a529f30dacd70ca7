# SPDX-License-Identifier: Apache-2.0
"""kill -9 while an HTTP API puts records into a stream.

What it proves: a request that was answered 200 is a record, after every kill; a record is of a
request that was made, once; the API answers as before, at its custom domain name, too. How: threads
post numbers until the server dies after a random number of answers, then the stream is read whole.
"""
import http.client
import os
import random
import threading

import pytest
from apigateway_kit import CERTIFICATE
from weir_server import ACCOUNT, REGION, WeirServer

ROUNDS = max(int(os.environ.get("WEIR_CRASH_ROUNDS", "250")) // 50, 3)
SEED = int(os.environ.get("WEIR_CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
THREADS = 4
DOMAIN = "edge.example.com"


@pytest.fixture
def weir():
    server = WeirServer().start()
    yield server
    server.close()


def made(weir):
    """An API before a stream: its id."""
    weir.client("kinesis").create_stream(StreamName="scans", ShardCount=1)
    gateway = weir.client("apigatewayv2")
    api = gateway.create_api(Name="edge", ProtocolType="HTTP")["ApiId"]
    integration = gateway.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationSubtype="Kinesis-PutRecord",
        PayloadFormatVersion="1.0", CredentialsArn=f"arn:aws:iam::{ACCOUNT}:role/edge",
        RequestParameters={"StreamName": "scans", "Data": "$request.body", "PartitionKey": "k"},
    )["IntegrationId"]
    gateway.create_route(ApiId=api, RouteKey="POST /", Target=f"integrations/{integration}")
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    gateway.create_domain_name(DomainName=DOMAIN, DomainNameConfigurations=[
        {"CertificateArn": CERTIFICATE, "EndpointType": "REGIONAL", "SecurityPolicy": "TLS_1_2"}])
    gateway.create_api_mapping(DomainName=DOMAIN, ApiId=api, Stage="$default")
    return api


class Poster(threading.Thread):
    """Posts numbers of its own until the server is gone; notes what was tried and answered."""

    def __init__(self, weir, api, first, on_answer):
        super().__init__(daemon=True)
        self.port, self.next, self.on_answer = weir.port, first, on_answer
        self.host = DOMAIN if first % 2 else f"{api}.execute-api.{REGION}.localhost"
        self.tried, self.answered = set(), set()

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            while True:
                number, self.next = self.next, self.next + THREADS
                self.tried.add(number)
                connection.request("POST", "/", str(number), {"Host": self.host})
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    self.answered.add(number)
                    self.on_answer()
        except (OSError, http.client.HTTPException):
            pass


def records(weir):
    kinesis = weir.client("kinesis")
    iterator = kinesis.get_shard_iterator(
        StreamName="scans", ShardId="shardId-000000000000",
        ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    found = []
    while True:
        page = kinesis.get_records(ShardIterator=iterator)
        found += [int(record["Data"]) for record in page["Records"]]
        iterator = page["NextShardIterator"]
        if not page["Records"] and page["MillisBehindLatest"] == 0:
            return found


def test_what_was_answered_is_a_record(weir):
    chance = random.Random(SEED)
    api = made(weir)
    tried, answered, first = set(), set(), 0
    for _ in range(ROUNDS):
        left, enough = [chance.randrange(1, 200)], threading.Event()

        def on_answer():
            left[0] -= 1
            if left[0] <= 0:
                enough.set()

        posters = [Poster(weir, api, first + i, on_answer) for i in range(THREADS)]
        for poster in posters:
            poster.start()
        assert enough.wait(60), f"seed {SEED}"
        weir.restart(hard=True)
        for poster in posters:
            poster.join(60)
            tried |= poster.tried
            answered |= poster.answered
        first = (max(tried) // THREADS + 1) * THREADS
        found = records(weir)
        assert len(found) == len(set(found)), f"seed {SEED}"
        assert answered <= set(found) <= tried, f"seed {SEED}"
