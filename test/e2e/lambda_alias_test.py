# SPDX-License-Identifier: Apache-2.0
"""Aliases: names for versions, with a weight for a second one."""
import pytest
from lambda_kit import arn, create, refused

BAD = "InvalidParameterValueException"
GONE = "ResourceNotFoundException"


@pytest.fixture(scope="module")
def functions(weir):
    return weir.client("lambda")


@pytest.fixture
def made(functions):
    """A function with two versions."""
    name = create(functions, Publish=True)["FunctionName"]
    functions.update_function_configuration(FunctionName=name, Description="two")
    functions.publish_version(FunctionName=name)
    return name


def test_an_alias_is_made_told_and_followed(functions, made):
    alias = functions.create_alias(FunctionName=made, Name="prod", FunctionVersion="1",
                                   Description="in use")
    assert alias["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert alias["AliasArn"] == arn(made, "prod")
    assert (alias["Name"], alias["FunctionVersion"], alias["Description"]) == (
        "prod", "1", "in use")
    assert len(alias["RevisionId"]) == 36
    got = functions.get_alias(FunctionName=made, Name="prod")
    assert got["RevisionId"] == alias["RevisionId"]
    through = functions.get_function_configuration(FunctionName=made, Qualifier="prod")
    assert (through["Version"], through["FunctionArn"]) == ("1", arn(made, "prod"))
    assert functions.get_function(FunctionName=f"{made}:prod")["Configuration"]["Version"] == "1"


def test_an_alias_moves(functions, made):
    alias = functions.create_alias(FunctionName=made, Name="prod", FunctionVersion="1")
    moved = functions.update_alias(FunctionName=made, Name="prod", FunctionVersion="2")
    assert moved["FunctionVersion"] == "2"
    assert moved["Description"] == ""
    assert moved["RevisionId"] != alias["RevisionId"]
    refused("PreconditionFailedException", functions.update_alias, 412, FunctionName=made,
            Name="prod", FunctionVersion="1", RevisionId=alias["RevisionId"])
    functions.update_alias(FunctionName=made, Name="prod", Description="x",
                           RevisionId=moved["RevisionId"])
    got = functions.get_alias(FunctionName=made, Name="prod")
    assert (got["FunctionVersion"], got["Description"]) == ("2", "x")


def test_weights_share_calls_between_two_versions(functions, made):
    weights = {"AdditionalVersionWeights": {"2": 0.25}}
    alias = functions.create_alias(FunctionName=made, Name="canary", FunctionVersion="1",
                                   RoutingConfig=weights)
    assert alias["RoutingConfig"] == weights
    seen = [functions.get_function_configuration(FunctionName=made, Qualifier="canary")["Version"]
            for _ in range(200)]
    assert 10 < seen.count("2") < 100  # of 50 that are to be expected
    functions.update_alias(FunctionName=made, Name="canary", RoutingConfig={})
    assert "RoutingConfig" not in functions.get_alias(FunctionName=made, Name="canary")


def test_weights_that_make_no_sense(functions, made):
    def make(weights, version="1"):
        functions.create_alias(FunctionName=made, Name="bad", FunctionVersion=version,
                               RoutingConfig={"AdditionalVersionWeights": weights})

    assert refused(BAD, make, weights={"2": 0.1, "3": 0.1}) == (
        "Number of items in AdditionalVersionWeights cannot be greater than 1")
    assert "already included in routing configuration" in refused(BAD, make, weights={"1": 0.5})
    assert refused(BAD, make, weights={"1": 0.5}, version="$LATEST") == (
        "$LATEST is not supported for an alias pointing to more than 1 version")
    assert refused(GONE, make, 404, weights={"9": 0.5}) == (
        f"Function not found: {arn(made, '9')}")
    refused("ValidationException", make, weights={"2": 1.5})
    refused("ValidationException", make, weights={"$LATEST": 0.5})


def test_a_name_is_taken_once_and_is_no_number(functions, made):
    functions.create_alias(FunctionName=made, Name="prod", FunctionVersion="$LATEST")
    assert refused("ResourceConflictException", functions.create_alias, 409, FunctionName=made,
                   Name="prod", FunctionVersion="1") == (
        f"Alias already exists: {arn(made, 'prod')}")
    refused("ValidationException", functions.create_alias, FunctionName=made, Name="17",
            FunctionVersion="1")


def test_what_is_not_there(functions, made):
    assert refused(GONE, functions.get_alias, 404, FunctionName=made, Name="none") == (
        f"Cannot find alias arn: {arn(made, 'none')}")
    refused(GONE, functions.update_alias, 404, FunctionName=made, Name="none", Description="x")
    refused(GONE, functions.create_alias, 404, FunctionName=made, Name="a", FunctionVersion="9")
    refused(GONE, functions.create_alias, 404, FunctionName="nobody", Name="a",
            FunctionVersion="$LATEST")
    functions.delete_alias(FunctionName=made, Name="none")  # fine, as AWS's
    refused(GONE, functions.get_function, 404, FunctionName=made, Qualifier="none")


def test_aliases_are_listed_by_name_in_pages_and_by_version(functions, made):
    for name, version in (("c", "1"), ("a", "1"), ("b", "2"), ("d", "$LATEST")):
        functions.create_alias(FunctionName=made, Name=name, FunctionVersion=version)
    pages = list(functions.get_paginator("list_aliases").paginate(
        FunctionName=made, PaginationConfig={"PageSize": 3}))
    assert [[a["Name"] for a in page["Aliases"]] for page in pages] == [["a", "b", "c"], ["d"]]
    assert [a["Name"] for a in functions.list_aliases(
        FunctionName=made, FunctionVersion="1")["Aliases"]] == ["a", "c"]


def test_a_deleted_alias_takes_its_settings_with_it(functions, made):
    functions.create_alias(FunctionName=made, Name="prod", FunctionVersion="1")
    functions.put_function_event_invoke_config(FunctionName=made, Qualifier="prod",
                                               MaximumRetryAttempts=0)
    functions.create_function_url_config(FunctionName=made, Qualifier="prod", AuthType="NONE")
    functions.delete_alias(FunctionName=made, Name="prod")
    functions.create_alias(FunctionName=made, Name="prod", FunctionVersion="1")
    refused(GONE, functions.get_function_event_invoke_config, 404, FunctionName=made,
            Qualifier="prod")
    refused(GONE, functions.get_function_url_config, 404, FunctionName=made, Qualifier="prod")
