# SPDX-License-Identifier: Apache-2.0
"""The Kinesis Client Library itself, in Java, as its users run it: leases and coordination in
DynamoDB tables, records by enhanced fan-out and by polling, checkpoints that a second run goes on
from. Where Java or Maven is missing, or the library cannot be had, this is left out and said."""
import shutil
import subprocess
from pathlib import Path

import pytest
from weir_server import ACCOUNT

HERE = Path(__file__).resolve().parent / "java"
HOME = Path(__file__).resolve().parents[2] / "build" / "kcl"
RECORDS = 200


@pytest.fixture(scope="module")
def library():
    """The library's jars, fetched once."""
    if not shutil.which("java") or not shutil.which("mvn"):
        pytest.skip("needs java and mvn")
    jars = HOME / "jars"
    if not (HOME / "whole").exists():
        HOME.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / "pom.xml", HOME)
        try:
            subprocess.run(
                ["mvn", "-q", "dependency:copy-dependencies", f"-DoutputDirectory={jars}"],
                cwd=HOME, capture_output=True, timeout=120, check=True)
        except subprocess.SubprocessError:
            pytest.skip("the library cannot be fetched")
        (HOME / "whole").touch()
    return jars


def consume(weir, library, application, count, way):
    """Runs the consumer until it has seen so many; the numbers it saw, by partition key."""
    ran = subprocess.run(
        ["java", "-cp", f"{library}/*", str(HERE / "Consumer.java"), weir.url, "kcl", application,
         str(count), way, ACCOUNT], capture_output=True, text=True, timeout=240, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    seen = {}
    for line in ran.stdout.splitlines():
        _, key, data = line.split()
        seen.setdefault(key, []).append(int(data))
    return seen


def put(kinesis, numbers):
    kinesis.put_records(StreamName="kcl", Records=[
        {"Data": str(n).encode(), "PartitionKey": f"card-{n % 7}"} for n in numbers])


@pytest.fixture
def stream(weir):
    kinesis = weir.client("kinesis")
    kinesis.create_stream(StreamName="kcl", ShardCount=2)
    put(kinesis, range(RECORDS))
    yield kinesis
    kinesis.delete_stream(StreamName="kcl", EnforceConsumerDeletion=True)


def test_the_client_library_sees_every_record_in_order_by_enhanced_fan_out(weir, library, stream):
    seen = consume(weir, library, "app-fanout", RECORDS, "fanout")
    assert seen == {f"card-{k}": list(range(k, RECORDS, 7)) for k in range(7)}


def test_the_client_library_goes_on_from_its_checkpoint(weir, library, stream):
    seen = consume(weir, library, "app-polling", RECORDS, "polling")
    assert seen == {f"card-{k}": list(range(k, RECORDS, 7)) for k in range(7)}
    put(stream, range(RECORDS, RECORDS + 50))
    again = consume(weir, library, "app-polling", 50, "polling")
    assert sorted(n for numbers in again.values() for n in numbers) == list(
        range(RECORDS, RECORDS + 50))
