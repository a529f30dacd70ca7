# SPDX-License-Identifier: Apache-2.0
"""Event source mappings themselves: made, read, listed, changed, tagged, deleted; and what weir
adds: positions shown, streams read again, mappings, shards and keys held."""
import json
import re
import subprocess

import pytest
from lambda_mapping_kit import Mappings
from lambda_run_kit import refused, until
from weir_server import ACCOUNT, REGION, ROOT, run_weir

PICKY = """
import base64
def handler(event, context):
    texts = [base64.b64decode(r["kinesis"]["data"]).decode() for r in event["Records"]]
    tell(" ".join(texts))
"""


@pytest.fixture(scope="module")
def kit(weir):
    return Mappings(weir)


@pytest.fixture
def cli(weir):
    """Runs a weir command against the server; gives what it printed."""

    def run(*words, code=0):
        ran = run_weir(*words, "--server", f"127.0.0.1:{weir.port}")
        assert ran.returncode == code, ran.stdout + ran.stderr
        return ran.stdout + ran.stderr
    return run


@pytest.fixture
def fed(kit, name):
    """A function with a stream of its name; the mapping's UUID."""
    stream = kit.stream(name)
    kit.telling(name, PICKY)
    return kit.mapping(name, stream, StartingPosition="LATEST")


# ---- the operations ----

def test_a_stream_mapping_is_told_with_its_defaults(kit, name):
    stream = kit.stream(name)
    function = kit.telling(name, PICKY)
    made = kit.functions.create_event_source_mapping(
        FunctionName=name, EventSourceArn=stream, StartingPosition="LATEST")
    status = made.pop("ResponseMetadata")["HTTPStatusCode"]
    assert status == 202
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made["UUID"])
    assert made.pop("LastModified")
    uuid = made.pop("UUID")
    assert made == {
        "StartingPosition": "LATEST", "BatchSize": 100, "MaximumBatchingWindowInSeconds": 0,
        "ParallelizationFactor": 1, "EventSourceArn": stream, "FunctionArn": function,
        "LastProcessingResult": "No records processed", "State": "Creating",
        "StateTransitionReason": "User action", "DestinationConfig": {"OnFailure": {}},
        "MaximumRecordAgeInSeconds": -1, "BisectBatchOnFunctionError": False,
        "MaximumRetryAttempts": -1, "TumblingWindowInSeconds": 0, "FunctionResponseTypes": [],
        "EventSourceMappingArn":
            f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{uuid}"}
    got = kit.functions.get_event_source_mapping(UUID=uuid)
    assert got["State"] == "Enabled"
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_queue_mapping_is_told_with_its_defaults(kit, name):
    queue = kit.queue(name)
    kit.telling(name, PICKY)
    made = kit.functions.create_event_source_mapping(FunctionName=name, EventSourceArn=queue)
    assert made["BatchSize"] == 10
    assert made["StateTransitionReason"] == "USER_INITIATED"
    for absent in ("StartingPosition", "ParallelizationFactor", "LastProcessingResult",
                   "DestinationConfig", "TumblingWindowInSeconds"):
        assert absent not in made


def test_a_second_mapping_of_the_same_two_is_refused(kit, fed, name):
    stream = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}"
    answer = refused("ResourceConflictException", kit.functions.create_event_source_mapping,
                     FunctionName=name, EventSourceArn=stream, StartingPosition="LATEST",
                     status=409)
    assert fed in answer["Error"]["Message"]


def test_mappings_are_listed_by_function_and_by_source(kit, name):
    queues = [kit.queue(f"{name}-{i}") for i in range(3)]
    kit.telling(name, PICKY)
    kit.telling(f"{name}-other", PICKY)
    uuids = [kit.mapping(name, queue) for queue in queues]
    other = kit.mapping(f"{name}-other", queues[0])
    listed = kit.functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    assert sorted(m["UUID"] for m in listed) == sorted(uuids)
    listed = kit.functions.list_event_source_mappings(
        EventSourceArn=queues[0])["EventSourceMappings"]
    assert sorted(m["UUID"] for m in listed) == sorted([uuids[0], other])
    paged = kit.functions.get_paginator("list_event_source_mappings").paginate(
        FunctionName=name, PaginationConfig={"PageSize": 2})
    assert [len(page["EventSourceMappings"]) for page in paged] == [2, 1]


def test_a_mapping_is_changed_and_works_as_it_was_changed(kit, fed, name):
    changed = kit.functions.update_event_source_mapping(
        UUID=fed, BatchSize=1, MaximumRetryAttempts=3, FilterCriteria={"Filters": [
            {"Pattern": '{"data": [{"prefix": "y"}]}'}]})
    assert changed["State"] == "Updating"
    assert changed["BatchSize"] == 1
    assert changed["StartingPosition"] == "LATEST"
    kit.put(name, "k", "yes", "no", "y2")
    assert kit.told(name, 2) == ["yes", "y2"]
    changed = kit.functions.update_event_source_mapping(UUID=fed, FilterCriteria={"Filters": []})
    assert "FilterCriteria" not in changed
    kit.put(name, "k", "no")
    assert kit.told(name, 1) == ["no"]


def test_another_function_takes_over(kit, fed, name):
    kit.telling(f"{name}-2", PICKY)
    kit.put(name, "k", "a")
    assert kit.told(name, 1) == ["a"]
    changed = kit.functions.update_event_source_mapping(UUID=fed, FunctionName=f"{name}-2")
    assert changed["FunctionArn"].endswith(f":function:{name}-2")
    kit.put(name, "k", "b")
    assert kit.told(f"{name}-2", 1) == ["b"]


def test_a_deleted_mapping_is_gone(kit, fed, name):
    assert kit.functions.delete_event_source_mapping(UUID=fed)["State"] == "Deleting"

    def gone():
        try:
            return kit.functions.get_event_source_mapping(UUID=fed)["State"] != "Deleting"
        except kit.functions.exceptions.ResourceNotFoundException:
            return True
    until(gone)
    refused("ResourceNotFoundException", kit.functions.get_event_source_mapping, UUID=fed,
            status=404)
    kit.put(name, "k", "a")
    uuid = kit.mapping(name, f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}",
                       StartingPosition="TRIM_HORIZON")
    assert uuid != fed
    assert kit.told(name, 1) == ["a"]


def test_mappings_have_tags(kit, name):
    queue = kit.queue(name)
    kit.telling(name, PICKY)
    made = kit.functions.create_event_source_mapping(FunctionName=name, EventSourceArn=queue,
                                                     Tags={"a": "1"})
    arn = made["EventSourceMappingArn"]
    assert kit.functions.list_tags(Resource=arn)["Tags"] == {"a": "1"}
    kit.functions.tag_resource(Resource=arn, Tags={"b": "2"})
    kit.functions.untag_resource(Resource=arn, TagKeys=["a"])
    assert kit.functions.list_tags(Resource=arn)["Tags"] == {"b": "2"}
    refused("ResourceNotFoundException", kit.functions.list_tags, status=404,
            Resource=arn[:-12] + "000000000000")


def test_sources_that_weir_does_not_have_are_refused_by_name(kit, name):
    kit.telling(name, PICKY)
    create = kit.functions.create_event_source_mapping
    cluster = f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/c/11111111-1111-1111-1111-111111111111-1"
    for more in ({"EventSourceArn": cluster, "Topics": ["tt"]},
                 {"EventSourceArn": f"arn:aws:mq:{REGION}:{ACCOUNT}:broker:b:b-1",
                  "Queues": ["q"]},
                 {"SelfManagedEventSource": {"Endpoints": {
                     "KAFKA_BOOTSTRAP_SERVERS": ["localhost:9092"]}}, "Topics": ["tt"]}):
        answer = refused("NotImplemented", create, FunctionName=name, status=501, **more)
        assert "not implemented" in answer["Error"]["Message"]
    answer = refused("InvalidParameterValueException", create, FunctionName=name,
                     EventSourceArn=f"arn:aws:sns:{REGION}:{ACCOUNT}:topic")
    assert "Unrecognized event source" in answer["Error"]["Message"]
    queue = kit.queue(name)
    refused("ResourceNotFoundException", create, FunctionName="nobody", EventSourceArn=queue,
            status=404)


# ---- beyond AWS ----

def test_mappings_are_shown_with_what_waits(kit, cli, fed, name):
    kit.held("hold", fed)
    kit.put(name, "k", "a", "b", "c")
    shown = json.loads(cli("mappings", f"{name}:{name}", "--json"))["mappings"][0]
    assert shown["uuid"] == fed
    assert shown["held"]
    assert shown["behind"] == 3
    [lane] = shown["lanes"]
    assert lane["shard"] == "shardId-000000000000"
    assert re.fullmatch(r"\d{56}", lane["position"])
    assert name in cli("mappings")
    assert "shardId-000000000000" in cli("mappings", fed)
    kit.held("release", fed)
    assert kit.told(name, 1) == ["a b c"]
    assert "no such mapping" in cli("mappings", "nobody:nothing", code=1)


def test_a_stream_is_read_again(kit, cli, fed, name):
    kit.put(name, "k", "a", "b")
    assert " ".join(kit.told(name, 1)) == "a b"
    assert "goes on from there, in 1 shard." in cli("seek", f"{name}:{name}", "--at",
                                                    "TRIM_HORIZON")
    assert " ".join(kit.told(name, 1)) == "a b"
    cli("seek", fed, "--at", "10m", "--shard", "shardId-000000000000")
    assert " ".join(kit.told(name, 1)) == "a b"
    kit.held("hold", fed)
    kit.put(name, "k", "skipped")
    cli("seek", fed, "--at", "LATEST")
    kit.held("release", fed)
    kit.put(name, "k", "c")
    assert kit.told(name, 1) == ["c"]


def test_a_seek_that_cannot_be_is_refused(kit, cli, fed, name):
    queue = kit.queue(name)
    kit.telling(f"{name}-q", PICKY)
    kit.mapping(f"{name}-q", queue)
    assert "A queue has no positions" in cli("seek", f"{name}-q:{name}", "--at", "LATEST", code=1)
    assert "Say where" in cli("seek", fed, "--at", "yesterday", code=1)
    assert "no such shard" in cli("seek", fed, "--at", "LATEST", "--shard", "x", code=1)
    assert "say which mapping" in cli("seek", fed, code=2)


def test_a_held_key_waits_and_others_flow(kit, cli, fed, name):
    assert "is held" in cli("hold", "mapping", f"{name}:{name}", "--key", "bad")
    kit.put(name, "bad", "1")
    kit.put(name, "good", "2")
    kit.put(name, "bad", "3")
    assert kit.told(name, 1) == ["2"]
    until(lambda: kit.shown(fed)[0]["behind"] == 0)
    assert kit.shown(fed)[0]["aside"] == 1
    assert "goes on" in cli("release", "mapping", fed, "--key", "bad")
    assert kit.told(name, 1) == ["1 3"]
    kit.put(name, "bad", "4")
    assert kit.told(name, 1) == ["4"]


def test_a_held_function_takes_nothing(kit, cli, fed, name):
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    cli("hold", "function", function)
    kit.put(name, "k", "a")
    assert kit.shown(fed)[0]["behind"] == 1
    cli("release", "function", function)
    assert kit.told(name, 1) == ["a"]


def test_a_restart_forgets_nothing(fresh):
    kit = Mappings(fresh())
    stream = kit.stream("s", shards=2)
    kit.telling("f", PICKY)
    uuid = kit.mapping("f", stream, StartingPosition="LATEST")
    kit.put("s", "k", "a")
    assert kit.told("f", 1) == ["a"]
    kit.held("hold", uuid, "bad")
    kit.put("s", "bad", "1")
    until(lambda: kit.shown(uuid)[0]["aside"] == 1)
    kit.weir.restart(hard=True)
    kit = Mappings(kit.weir)
    kit.is_in_state(uuid, "Enabled")
    kit.put("s", "bad", "2")
    kit.put("s", "k", "b")
    assert kit.told("f", 1) == ["b"]
    until(lambda: kit.shown(uuid)[0]["behind"] == 0)
    kit.held("release", uuid, "bad")
    assert kit.told("f", 1) == ["1 2"]


def test_more_lanes_than_one_entry_takes_are_made_and_swept(kit, name):
    stream = kit.stream(name, shards=6600)
    kit.telling(name, PICKY)
    uuid = kit.mapping(name, stream, StartingPosition="TRIM_HORIZON", ParallelizationFactor=10)
    for key in "abc":
        kit.put(name, key, key)
    assert sorted(kit.told(name, 3)) == ["a", "b", "c"]
    kit.functions.delete_event_source_mapping(UUID=uuid)
    until(lambda: uuid not in json.dumps(kit.shown()))


def test_the_aws_cli_makes_changes_and_deletes_a_mapping(kit, weir, name):
    def aws(*words):
        ran = subprocess.run(
            [str(ROOT / "build" / "venv" / "bin" / "aws"), "lambda", *words, "--output", "json",
             "--endpoint-url", weir.url],
            capture_output=True, text=True, timeout=60, check=False, env=weir.environment())
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    stream = kit.stream(name)
    kit.telling(name, PICKY)
    kit.put(name, "k", "a", "b")
    uuid = aws("create-event-source-mapping", "--function-name", name, "--event-source-arn",
               stream, "--starting-position", "AT_TIMESTAMP", "--starting-position-timestamp",
               "2026-01-01T00:00:00Z", "--batch-size", "1")["UUID"]
    assert kit.told(name, 2) == ["a", "b"]
    got = aws("get-event-source-mapping", "--uuid", uuid)
    assert got["State"] == "Enabled"
    assert got["StartingPositionTimestamp"] == 1767225600
    changed = aws("update-event-source-mapping", "--uuid", uuid, "--no-enabled",
                  "--filter-criteria", '{"Filters": [{"Pattern": "{\\"data\\": [\\"x\\"]}"}]}')
    assert changed["State"] == "Disabling"
    assert changed["FilterCriteria"]["Filters"] == [{"Pattern": '{"data": ["x"]}'}]
    listed = aws("list-event-source-mappings", "--event-source-arn", stream)
    assert [m["UUID"] for m in listed["EventSourceMappings"]] == [uuid]
    assert aws("delete-event-source-mapping", "--uuid", uuid)["State"] == "Deleting"
