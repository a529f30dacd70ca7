# SPDX-License-Identifier: Apache-2.0
"""The tour (tour.sh): it makes every resource by the AWS CLI, its events come through with every
policy checked, and its clean-up leaves nothing behind."""
import os
import subprocess
from pathlib import Path

import pytest
from stack_kit import AuthServer

LAB = Path(__file__).resolve().parent
ROOT = LAB.parents[1]
SECONDS_MAX = 600


@pytest.fixture(scope="module")
def weir():
    server = AuthServer().start()
    yield server
    server.close()


@pytest.fixture
def tour(weir):
    environment = weir.environment()
    environment["PATH"] = f"{ROOT / 'build' / 'venv' / 'bin'}{os.pathsep}{environment['PATH']}"

    def run(*words):
        done = subprocess.run(["bash", LAB / "tour.sh", *words], env=environment, text=True,
                              capture_output=True, timeout=SECONDS_MAX, check=False)
        assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
        return done.stdout

    return run


def left_behind(weir):
    """Everything of the account that the tour could have made, by kind."""
    return {
        "apis": weir.client("apigatewayv2").get_apis()["Items"],
        "streams": weir.client("kinesis").list_streams()["StreamNames"],
        "deliveries": weir.client("firehose").list_delivery_streams()["DeliveryStreamNames"],
        "topics": weir.client("sns").list_topics()["Topics"],
        "queues": weir.client("sqs").list_queues().get("QueueUrls", []),
        "functions": weir.client("lambda").list_functions()["Functions"],
        "mappings": weir.client("lambda").list_event_source_mappings()["EventSourceMappings"],
        "roles": weir.client("iam").list_roles()["Roles"],
        "groups": weir.client("logs").describe_log_groups()["logGroups"],
        "buckets": weir.client("s3").list_buckets()["Buckets"],
    }


def settled(weir):
    """What is left once streams and the like that are being deleted are gone."""
    for name in weir.client("kinesis").list_streams()["StreamNames"]:
        weir.client("kinesis").get_waiter("stream_not_exists").wait(
            StreamName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})
    return {kind: found for kind, found in left_behind(weir).items() if found}


def test_the_tour_brings_three_events_through_and_cleans_up(weir, tour):
    said = tour("walk")

    assert said.count("\n== ") == 12
    told = [line for line in said.splitlines() if "event {" in line]
    assert len(told) == 3
    assert not [line for line in told if "heartbeat" in line]
    assert said.count(".gz\n") >= 1  # objects: how many is Firehose's matter
    assert all(left_behind(weir)[kind] for kind in left_behind(weir))

    tour("clean", "walk")

    assert settled(weir) == {}
