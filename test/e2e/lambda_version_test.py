# SPDX-License-Identifier: Apache-2.0
"""Versions: published as $LATEST is, kept as they were, listed, deleted one by one."""
import pytest
from lambda_kit import arn, create, package, refused

BAD = "InvalidParameterValueException"
GONE = "ResourceNotFoundException"


@pytest.fixture(scope="module")
def functions(weir):
    return weir.client("lambda")


@pytest.fixture
def made(functions):
    return create(functions)["FunctionName"]


def numbers(functions, name, **more):
    return [v["Version"] for v in functions.list_versions_by_function(
        FunctionName=name, **more)["Versions"]]


def test_a_version_is_latest_as_it_was(functions, made):
    first = functions.publish_version(FunctionName=made, Description="first")
    assert first["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert first["Version"] == "1"
    assert first["FunctionArn"] == arn(made, "1")
    assert first["Description"] == "first"
    functions.update_function_configuration(FunctionName=made, Timeout=42)
    kept = functions.get_function_configuration(FunctionName=made, Qualifier="1")
    assert kept["Timeout"] == 3
    assert kept["FunctionArn"] == arn(made, "1")
    assert kept["RevisionId"] == first["RevisionId"]
    second = functions.publish_version(FunctionName=made)
    assert (second["Version"], second["Timeout"], second["Description"]) == ("2", 42, "")


def test_nothing_new_makes_no_version(functions, made):
    first = functions.publish_version(FunctionName=made)
    again = functions.publish_version(FunctionName=made, Description="x")
    assert [again[member] for member in ("Version", "Description", "RevisionId")] == [
        first[member] for member in ("Version", "Description", "RevisionId")]
    assert numbers(functions, made) == ["$LATEST", "1"]
    functions.update_function_code(FunctionName=made, ZipFile=package())  # the same bytes
    assert functions.publish_version(FunctionName=made)["Version"] == "1"
    functions.update_function_code(FunctionName=made, ZipFile=package({"index.py": "new"}))
    assert functions.publish_version(FunctionName=made)["Version"] == "2"
    functions.update_function_code(FunctionName=made, ZipFile=package())  # as version 1 was
    assert functions.publish_version(FunctionName=made)["Version"] == "3"


def test_publishing_may_depend_on_code_and_revision(functions, made):
    latest = functions.get_function_configuration(FunctionName=made)
    assert "is different from current CodeSHA256 in $LATEST" in refused(
        BAD, functions.publish_version, FunctionName=made, CodeSha256="x" * 44)
    refused("PreconditionFailedException", functions.publish_version, 412, FunctionName=made,
            RevisionId="0" * 8 + "-0000-4000-8000-" + "0" * 12)
    assert functions.publish_version(FunctionName=made, CodeSha256=latest["CodeSha256"],
                                     RevisionId=latest["RevisionId"])["Version"] == "1"


def test_create_and_update_publish_when_asked(functions):
    made = create(functions, Publish=True)
    name = made["FunctionName"]
    assert made["Version"] == "1"
    updated = functions.update_function_code(FunctionName=name, Publish=True,
                                             ZipFile=package({"index.py": "two"}))
    assert (updated["Version"], updated["FunctionArn"]) == ("2", arn(name, "2"))
    assert numbers(functions, name) == ["$LATEST", "1", "2"]


def test_versions_are_listed_in_order_and_in_pages(functions, made):
    for i in range(11):  # so that 10 is behind 9
        functions.update_function_configuration(FunctionName=made, Description=str(i))
        functions.publish_version(FunctionName=made)
    wanted = ["$LATEST"] + [str(i) for i in range(1, 12)]
    assert numbers(functions, made) == wanted
    pages = list(functions.get_paginator("list_versions_by_function").paginate(
        FunctionName=made, PaginationConfig={"PageSize": 5}))
    assert [v["Version"] for page in pages for v in page["Versions"]] == wanted
    assert [v["FunctionArn"] for v in pages[0]["Versions"]][:2] == [
        arn(made, "$LATEST"), arn(made, "1")]


def test_a_deleted_version_is_gone_and_its_number_is_not_used_again(functions, made):
    functions.publish_version(FunctionName=made)
    functions.delete_function(FunctionName=made, Qualifier="1")
    refused(GONE, functions.get_function, 404, FunctionName=made, Qualifier="1")
    functions.update_function_configuration(FunctionName=made, Timeout=8)
    assert functions.publish_version(FunctionName=made)["Version"] == "2"
    functions.delete_function(FunctionName=f"{made}:2")
    assert numbers(functions, made) == ["$LATEST"]
    assert functions.publish_version(FunctionName=made)["Version"] == "3"
    functions.delete_function(FunctionName=made, Qualifier="77")  # fine, as AWS's


def test_what_cannot_be_deleted(functions, made):
    functions.publish_version(FunctionName=made)
    functions.create_alias(FunctionName=made, Name="prod", FunctionVersion="1")
    assert refused(BAD, functions.delete_function, FunctionName=made, Qualifier="$LATEST") == (
        "$LATEST version cannot be deleted without deleting the function.")
    functions.create_alias(FunctionName=made, Name="next", FunctionVersion="1")
    assert refused("ResourceConflictException", functions.delete_function, 409,
                   FunctionName=made, Qualifier="1") == (
        "Unable to delete version because the following aliases reference it: [next, prod]")
    functions.delete_alias(FunctionName=made, Name="next")
    functions.delete_alias(FunctionName=made, Name="prod")
    functions.delete_function(FunctionName=made, Qualifier="1")


def test_a_version_that_is_not_there(functions, made):
    for call in (functions.get_function, functions.get_function_configuration):
        assert refused(GONE, call, 404, FunctionName=made, Qualifier="5") == (
            f"Function not found: {arn(made, '5')}")
    refused(GONE, functions.publish_version, 404, FunctionName="nobody")
    refused(GONE, functions.list_versions_by_function, 404, FunctionName="nobody")


def test_a_snap_start_is_on_for_published_versions(functions):
    name = create(functions, SnapStart={"ApplyOn": "PublishedVersions"})["FunctionName"]
    assert functions.get_function_configuration(FunctionName=name)["SnapStart"] == {
        "ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"}
    assert functions.publish_version(FunctionName=name)["SnapStart"] == {
        "ApplyOn": "PublishedVersions", "OptimizationStatus": "On"}
