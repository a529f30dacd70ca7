# SPDX-License-Identifier: Apache-2.0
"""What is set beside versions: asynchronous invocations, URLs, tags, signing, recursion, runtimes."""
import pytest
from lambda_kit import arn, create, function_name, refused
from weir_server import ACCOUNT, REGION

BAD = "InvalidParameterValueException"
GONE = "ResourceNotFoundException"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:topic"


@pytest.fixture(scope="module")
def functions(weir):
    return weir.client("lambda")


@pytest.fixture
def made(functions):
    """A function with a version and an alias of it."""
    name = create(functions, Publish=True)["FunctionName"]
    functions.create_alias(FunctionName=name, Name="prod", FunctionVersion="1")
    return name


# ---- asynchronous invocations ----

def test_an_invoke_config_is_put_whole_and_updated_in_parts(functions, made):
    put = functions.put_function_event_invoke_config(FunctionName=made, MaximumRetryAttempts=1)
    assert put["FunctionArn"] == arn(made, "$LATEST")
    assert put["MaximumRetryAttempts"] == 1
    assert put["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {}}
    assert "MaximumEventAgeInSeconds" not in put
    updated = functions.update_function_event_invoke_config(
        FunctionName=made, MaximumEventAgeInSeconds=60,
        DestinationConfig={"OnFailure": {"Destination": QUEUE}})
    assert (updated["MaximumRetryAttempts"], updated["MaximumEventAgeInSeconds"]) == (1, 60)
    got = functions.get_function_event_invoke_config(FunctionName=made)
    assert got["DestinationConfig"]["OnFailure"] == {"Destination": QUEUE}
    put = functions.put_function_event_invoke_config(FunctionName=made,
                                                     MaximumEventAgeInSeconds=90)
    assert "MaximumRetryAttempts" not in put
    functions.delete_function_event_invoke_config(FunctionName=made)
    assert refused(GONE, functions.get_function_event_invoke_config, 404, FunctionName=made) == (
        f"The function {arn(made, '$LATEST')} doesn't have an EventInvokeConfig")
    refused(GONE, functions.delete_function_event_invoke_config, 404, FunctionName=made)
    refused(GONE, functions.update_function_event_invoke_config, 404, FunctionName=made,
            MaximumRetryAttempts=1)


def test_invoke_configs_are_listed_by_qualifier(functions, made):
    for qualifier in ("1", "prod", "$LATEST"):
        functions.put_function_event_invoke_config(FunctionName=made, Qualifier=qualifier,
                                                   MaximumRetryAttempts=0)
    pages = list(functions.get_paginator("list_function_event_invoke_configs").paginate(
        FunctionName=made, PaginationConfig={"PageSize": 2}))
    assert [c["FunctionArn"] for page in pages for c in page["FunctionEventInvokeConfigs"]] == [
        arn(made, q) for q in ("$LATEST", "1", "prod")]


def test_invoke_configs_that_make_no_sense(functions, made):
    put = functions.put_function_event_invoke_config

    def to(success=None, failure=None):
        put(FunctionName=made, DestinationConfig={
            **({"OnSuccess": {"Destination": success}} if success else {}),
            **({"OnFailure": {"Destination": failure}} if failure else {})})

    assert refused(BAD, put, FunctionName=made) == (
        "You must specify at least one of error handling or destination setting.")
    refused("ValidationException", put, FunctionName=made, MaximumRetryAttempts=3)
    refused("ValidationException", put, FunctionName=made, MaximumEventAgeInSeconds=59)
    assert refused(GONE, put, 404, FunctionName="nobody", MaximumRetryAttempts=0) == (
        "The function doesn't exist.")
    refused(GONE, put, 404, FunctionName=made, Qualifier="none", MaximumRetryAttempts=0)
    bad = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t"
    assert refused(BAD, to, failure=bad) == (
        "The provided destination config DestinationConfig(onSuccess=null, "
        f"onFailure=OnFailure(destination={bad})) is invalid.")
    refused(BAD, to, success="arn:aws:s3:::bucket")
    to(failure="arn:aws:s3:::bucket")
    assert refused(BAD, to, success=arn(made)) == (
        "You can't specify the function as a destination for itself.")
    assert refused(BAD, to, success=arn("nobody")) == (
        f"The destination ARN {arn('nobody')} is invalid.")
    to(success=TOPIC, failure=QUEUE)


# ---- URLs ----

def test_a_url_is_made_changed_and_deleted(functions, weir, made):
    put = functions.create_function_url_config(
        FunctionName=made, AuthType="NONE", Cors={"AllowOrigins": ["*"], "MaxAge": 10})
    assert put["ResponseMetadata"]["HTTPStatusCode"] == 201
    host, rest = put["FunctionUrl"].removeprefix("http://").split(".lambda-url.")
    assert len(host) == 32
    assert rest == f"{REGION}.localhost:{weir.port}/"
    assert (put["FunctionArn"], put["AuthType"], put["InvokeMode"]) == (
        arn(made), "NONE", "BUFFERED")
    updated = functions.update_function_url_config(
        FunctionName=made, AuthType="AWS_IAM", InvokeMode="RESPONSE_STREAM")
    assert updated["Cors"] == {"AllowOrigins": ["*"], "MaxAge": 10}
    got = functions.get_function_url_config(FunctionName=made)
    assert (got["AuthType"], got["InvokeMode"]) == ("AWS_IAM", "RESPONSE_STREAM")
    assert got["FunctionUrl"] == put["FunctionUrl"]
    assert got["CreationTime"] == put["CreationTime"]
    assert "exists for this Lambda function" in refused(
        "ResourceConflictException", functions.create_function_url_config, 409,
        FunctionName=made, AuthType="NONE")
    functions.delete_function_url_config(FunctionName=made)
    assert refused(GONE, functions.get_function_url_config, 404, FunctionName=made) == (
        "The resource you requested does not exist.")
    refused(GONE, functions.delete_function_url_config, 404, FunctionName=made)
    refused(GONE, functions.update_function_url_config, 404, FunctionName=made, AuthType="NONE")


def test_aliases_have_urls_of_their_own_and_versions_none(functions, made):
    urls = {functions.create_function_url_config(FunctionName=made, AuthType="NONE", **more)[
        "FunctionUrl"] for more in ({}, {"Qualifier": "prod"})}
    assert len(urls) == 2
    pages = functions.get_paginator("list_function_url_configs").paginate(
        FunctionName=made, PaginationConfig={"PageSize": 1})
    listed = [c for page in pages for c in page["FunctionUrlConfigs"]]
    assert [c["FunctionArn"] for c in listed] == [arn(made), arn(made, "prod")]
    assert {c["FunctionUrl"] for c in listed} == urls
    refused("ValidationException", functions.create_function_url_config, FunctionName=made,
            Qualifier="1", AuthType="NONE")
    assert refused(GONE, functions.create_function_url_config, 404, FunctionName=made,
                   Qualifier="none", AuthType="NONE") == "Function does not exist"
    refused(BAD, functions.create_function_url_config, FunctionName=made, AuthType="NONE",
            Cors={"AllowMethods": ["LOOK"]})


def test_a_url_is_the_same_after_a_restart(fresh):
    weir = fresh()
    functions = weir.client("lambda")
    name = create(functions)["FunctionName"]
    before = functions.create_function_url_config(FunctionName=name, AuthType="NONE")
    weir.restart(hard=True)
    after = weir.client("lambda").get_function_url_config(FunctionName=name)
    assert after["FunctionUrl"].split(":")[1] == before["FunctionUrl"].split(":")[1]
    assert after["FunctionUrl"].endswith(f":{weir.port}/")


# ---- tags ----

def test_tags_are_added_replaced_and_taken_away(functions, made):
    where = {"Resource": arn(made)}
    assert functions.list_tags(**where)["Tags"] == {}
    functions.tag_resource(**where, Tags={"a": "1", "b": "2"})
    functions.tag_resource(**where, Tags={"b": "3", "größe": "x"})
    assert functions.list_tags(**where)["Tags"] == {"a": "1", "b": "3", "größe": "x"}
    assert functions.get_function(FunctionName=made)["Tags"] == {
        "a": "1", "b": "3", "größe": "x"}
    functions.untag_resource(**where, TagKeys=["a", "none"])
    functions.untag_resource(**where, TagKeys=["b", "größe"])
    assert functions.list_tags(**where)["Tags"] == {}


def test_event_source_mappings_have_tags(functions, weir, made):
    queue = weir.client("sqs").create_queue(QueueName=made)["QueueUrl"].rsplit("/", 1)[1]
    mapping = functions.create_event_source_mapping(
        FunctionName=made, EventSourceArn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}",
        Enabled=False, Tags={"a": "1"})
    where = {"Resource": mapping["EventSourceMappingArn"]}
    functions.tag_resource(**where, Tags={"b": "2"})
    assert functions.list_tags(**where)["Tags"] == {"a": "1", "b": "2"}
    functions.untag_resource(**where, TagKeys=["a"])
    assert functions.list_tags(**where)["Tags"] == {"b": "2"}
    functions.delete_event_source_mapping(UUID=mapping["UUID"])
    other = where["Resource"][:-36] + "0" * 8 + "-0000-4000-8000-" + "0" * 12
    refused(GONE, functions.list_tags, 404, Resource=other)


def test_tags_that_are_refused(functions, made):
    tag = functions.tag_resource
    assert refused(BAD, tag, Resource=arn(made), Tags={str(i): "" for i in range(51)}) == (
        "Number of tags exceeds resource tag limit.")
    assert refused(BAD, tag, Resource=arn(made), Tags={}) == (
        "An error occurred and the request cannot be processed.")
    assert refused(BAD, tag, Resource=arn(made, "prod"), Tags={"a": "b"}) == (
        "Tags on function aliases and versions are not supported. Please specify a function ARN.")
    assert refused(GONE, tag, 404, Resource=arn("nobody"), Tags={"a": "b"}) == (
        f"Function not found: {arn('nobody')}")
    refused("ValidationException", tag, Resource=made, Tags={"a": "b"})
    assert refused(BAD, create, client=functions, Tags={str(i): "" for i in range(51)}) == (
        "Number of tags exceeds resource tag limit.")


# ---- code signing, as records ----

PUBLISHERS = {"SigningProfileVersionArns": [
    f"arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/profile/0123456789"]}


def test_a_signing_configuration_lives_and_is_given_to_functions(functions, made):
    config = functions.create_code_signing_config(
        AllowedPublishers=PUBLISHERS, Description="d", Tags={"t": "1"})["CodeSigningConfig"]
    which = {"CodeSigningConfigArn": config["CodeSigningConfigArn"]}
    assert config["CodeSigningConfigId"].startswith("csc-")
    assert config["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Warn"}
    assert functions.list_tags(Resource=config["CodeSigningConfigArn"])["Tags"] == {"t": "1"}
    updated = functions.update_code_signing_config(
        **which, CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Enforce"})
    assert updated["CodeSigningConfig"]["Description"] == "d"
    got = functions.get_code_signing_config(**which)["CodeSigningConfig"]
    assert got["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Enforce"}
    functions.put_function_code_signing_config(**which, FunctionName=made)
    assert functions.get_function_code_signing_config(FunctionName=made)[
        "CodeSigningConfigArn"] == config["CodeSigningConfigArn"]
    other = create(functions, CodeSigningConfigArn=config["CodeSigningConfigArn"])["FunctionName"]
    assert functions.list_functions_by_code_signing_config(**which)["FunctionArns"] == sorted(
        [arn(made), arn(other)])
    assert config["CodeSigningConfigId"] in [
        c["CodeSigningConfigId"] for c in functions.list_code_signing_configs()[
            "CodeSigningConfigs"]]
    refused("ResourceConflictException", functions.delete_code_signing_config, 409, **which)
    for name in (made, other):
        functions.delete_function_code_signing_config(FunctionName=name)
    assert "CodeSigningConfigArn" not in functions.get_function_code_signing_config(
        FunctionName=made)
    functions.delete_code_signing_config(**which)
    assert refused(GONE, functions.get_code_signing_config, 404, **which) == (
        f"The Lambda code signing configuration {config['CodeSigningConfigArn']} can not be "
        "found.")
    assert refused("CodeSigningConfigNotFoundException", create, 404, client=functions,
                   **which) == (
        "The code signing configuration cannot be found. Check that the provided configuration "
        f"is not deleted: {config['CodeSigningConfigArn']}.")


# ---- recursion, runtimes, scaling ----

def test_recursion_is_terminated_unless_allowed(functions, made):
    assert functions.get_function_recursion_config(FunctionName=made)[
        "RecursiveLoop"] == "Terminate"
    assert functions.put_function_recursion_config(
        FunctionName=made, RecursiveLoop="Allow")["RecursiveLoop"] == "Allow"
    assert functions.get_function_recursion_config(FunctionName=made)["RecursiveLoop"] == "Allow"
    refused("ValidationException", functions.put_function_recursion_config, FunctionName=made,
            RecursiveLoop="Maybe")
    refused(GONE, functions.get_function_recursion_config, 404, FunctionName="nobody")


def test_runtimes_are_managed_by_version(functions, made):
    assert functions.get_runtime_management_config(FunctionName=made)[
        "UpdateRuntimeOn"] == "Auto"
    runtime = functions.get_function_configuration(FunctionName=made)["RuntimeVersionConfig"][
        "RuntimeVersionArn"]
    put = functions.put_runtime_management_config(
        FunctionName=made, Qualifier="1", UpdateRuntimeOn="Manual", RuntimeVersionArn=runtime)
    assert put["FunctionArn"] == arn(made, "1")
    got = functions.get_runtime_management_config(FunctionName=made, Qualifier="1")
    assert (got["UpdateRuntimeOn"], got["RuntimeVersionArn"]) == ("Manual", runtime)
    assert functions.get_runtime_management_config(FunctionName=made)[
        "UpdateRuntimeOn"] == "Auto"
    refused(BAD, functions.put_runtime_management_config, FunctionName=made,
            UpdateRuntimeOn="Manual")


def test_scaling_is_kept_as_a_record(functions, made):
    scaling = {"MinExecutionEnvironments": 1, "MaxExecutionEnvironments": 4}
    functions.put_function_scaling_config(FunctionName=made, Qualifier="1",
                                          FunctionScalingConfig=scaling)
    got = functions.get_function_scaling_config(FunctionName=made, Qualifier="1")
    assert got["RequestedFunctionScalingConfig"] == scaling
    refused(GONE, functions.get_function_scaling_config, 404, FunctionName=function_name(),
            Qualifier="1")
