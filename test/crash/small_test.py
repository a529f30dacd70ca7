# SPDX-License-Identifier: Apache-2.0
"""kill -9 while writers change what the small services keep.

What it proves, for each service and after every kill: the newest change that was acknowledged is
there, or the one that was under way, and nothing in between; what goes with it (versions and
labels of a secret, the versions of a parameter …) says the same.

How: a writer is a thread with a thing of its own that it changes again and again, counting; it
never retries. The kill comes after a random number of acknowledgements.

WEIR_CRASH_ROUNDS sets the number of rounds (a tenth of it), WEIR_CRASH_SEED repeats its choices.
"""
import os
import random
import threading

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from weir_server import WeirServer

ROUNDS = max(int(os.environ.get("WEIR_CRASH_ROUNDS", "250")) // 10, 3)
SEED = int(os.environ.get("WEIR_CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
WRITERS = 3
ACKS_MAX = 60


class Secrets:
    """A secret's value; two labels follow it."""

    def __init__(self, weir):
        self.client = weir.client("secretsmanager")

    def make(self, name):
        self.client.create_secret(Name=name, SecretString="0")

    def put(self, name, number):
        self.client.put_secret_value(SecretId=name, SecretString=str(number))

    def get(self, name):
        number = int(self.client.get_secret_value(SecretId=name)["SecretString"])
        stages = self.client.describe_secret(SecretId=name)["VersionIdsToStages"]
        assert len(stages) == min(number + 1, 2), stages
        if number > 0:
            before = self.client.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")
            assert int(before["SecretString"]) == number - 1
        return number


class Parameters:
    """A parameter's versions: as many as changes, each with its value."""

    def __init__(self, weir):
        self.client = weir.client("ssm")

    def make(self, name):
        self.client.put_parameter(Name=name, Value="0", Type="String")

    def put(self, name, number):
        self.client.put_parameter(Name=name, Value=str(number), Overwrite=True)

    def get(self, name):
        read = self.client.get_parameter(Name=name)["Parameter"]
        pages = self.client.get_paginator("get_parameter_history").paginate(Name=name)
        values = [int(v["Value"]) for page in pages for v in page["Parameters"]]
        number = int(read["Value"])
        assert read["Version"] == number + 1
        assert values == list(range(max(0, number - 99), number + 1)), values
        return number


class Certificates:
    """Certificates requested one after the other, each with its text."""

    def __init__(self, weir):
        self.client = weir.client("acm")

    def make(self, name):
        pass

    def put(self, name, number):
        self.client.request_certificate(DomainName=f"n{number}.{name}.example",
                                        ValidationMethod="DNS", KeyAlgorithm="EC_prime256v1")

    def get(self, name):
        pages = self.client.get_paginator("list_certificates").paginate(
            Includes={"keyTypes": ["EC_prime256v1"]})
        there = {one["DomainName"]: one["CertificateArn"] for page in pages
                 for one in page["CertificateSummaryList"]
                 if one["DomainName"].endswith(f".{name}.example")}
        number = len(there)
        assert set(there) == {f"n{i}.{name}.example" for i in range(1, number + 1)}
        if number > 0:
            text = self.client.get_certificate(
                CertificateArn=there[f"n{number}.{name}.example"])["Certificate"]
            assert text.startswith("-----BEGIN CERTIFICATE-----")
        return number


class Zones:
    """A zone's records: a batch each, of two records or none; the zone counts them."""

    def __init__(self, weir):
        self.client = weir.client("route53")

    def zone(self, name):
        return self.client.list_hosted_zones_by_name(
            DNSName=f"{name}.example", MaxItems="1")["HostedZones"][0]

    def make(self, name):
        self.client.create_hosted_zone(Name=f"{name}.example", CallerReference=name)

    def put(self, name, number):
        self.client.change_resource_record_sets(
            HostedZoneId=self.zone(name)["Id"], ChangeBatch={"Changes": [
                {"Action": "CREATE", "ResourceRecordSet": {
                    "Name": f"r{number}.{name}.example", "Type": kind, "TTL": 1,
                    "ResourceRecords": [{"Value": value}]}}
                for kind, value in (("A", "1.2.3.4"), ("AAAA", "::1"))]})

    def get(self, name):
        zone = self.zone(name)
        pages = self.client.get_paginator("list_resource_record_sets").paginate(
            HostedZoneId=zone["Id"])
        there = [(one["Name"], one["Type"]) for page in pages
                 for one in page["ResourceRecordSets"]]
        number = len(there) // 2 - 1
        assert zone["ResourceRecordSetCount"] == len(there) == 2 * number + 2
        assert set(there[2:]) == {(f"r{i}.{name}.example.", kind) for kind in ("A", "AAAA")
                                  for i in range(1, number + 1)}
        return number


class Writer(threading.Thread):
    def __init__(self, kit, name, number, on_ack):
        super().__init__(daemon=True)
        self.kit, self.name, self.number, self.on_ack = kit, name, number, on_ack
        self.wrong = None

    def run(self):
        try:
            while True:
                self.kit.put(self.name, self.number + 1)
                self.number += 1
                self.on_ack()
        except ClientError as error:
            self.wrong = error
        except (BotoCoreError, OSError):
            pass  # killed, as it should be


@pytest.fixture
def weir():
    server = WeirServer()
    yield server
    server.close()


def one_round(weir, service, numbers, chance):
    """Writers go on from numbers until the kill; gives what is there then."""
    countdown = threading.Semaphore(0)
    writers = [Writer(service(weir), name, number, countdown.release)
               for name, number in numbers.items()]
    for writer in writers:
        writer.start()
    for _ in range(chance.randrange(1, ACKS_MAX)):
        assert countdown.acquire(timeout=60)
    weir.kill()
    for writer in writers:
        writer.join(60)
        assert not writer.is_alive() and writer.wrong is None, writer.wrong
    weir.start()
    there = {writer.name: service(weir).get(writer.name) for writer in writers}
    for writer in writers:
        assert there[writer.name] in (writer.number, writer.number + 1), (writer.name, there)
    return there


@pytest.mark.parametrize("service", [Secrets, Parameters, Certificates, Zones])
def test_what_was_acknowledged_is_there(weir, service):
    chance = random.Random(SEED)
    weir.start()
    numbers = {f"{service.__name__.lower()}-{i}": 0 for i in range(WRITERS)}
    for name in numbers:
        service(weir).make(name)
    for number in range(1, ROUNDS + 1):
        try:
            numbers = one_round(weir, service, numbers, chance)
        except BaseException as error:
            raise AssertionError(
                f"round {number} of {ROUNDS}, WEIR_CRASH_SEED={SEED}: {error}") from error
    assert weir.stop() == 0
    checked = weir.fsck()
    assert checked.returncode == 0, checked.stdout + checked.stderr
