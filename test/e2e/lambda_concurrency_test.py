# SPDX-License-Identifier: Apache-2.0
"""Concurrency as it is set: reserved and provisioned, the account's limits and what is used."""
import pytest
from lambda_kit import arn, create, package, refused

BAD = "InvalidParameterValueException"
GONE = "ResourceNotFoundException"
NO_CONFIG = "ProvisionedConcurrencyConfigNotFoundException"


@pytest.fixture
def functions(fresh):
    return fresh().client("lambda")  # of the test's own: limits are the account's


def unreserved(functions):
    return functions.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]


def test_account_settings(functions):
    code = package()
    create(functions, "a", Code={"ZipFile": code}, Publish=True)
    create(functions, "b", Code={"ZipFile": code})
    functions.publish_layer_version(LayerName="l", Content={"ZipFile": code})
    settings = functions.get_account_settings()
    assert settings["AccountLimit"] == {
        "TotalCodeSize": 80530636800, "CodeSizeUnzipped": 262144000, "CodeSizeZipped": 52428800,
        "ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}
    assert settings["AccountUsage"] == {"TotalCodeSize": 4 * len(code), "FunctionCount": 2}


def test_reserved_concurrency_is_taken_from_the_account(functions):
    create(functions, "a")
    assert "ReservedConcurrentExecutions" not in functions.get_function_concurrency(
        FunctionName="a")
    put = functions.put_function_concurrency(FunctionName="a", ReservedConcurrentExecutions=300)
    assert put["ReservedConcurrentExecutions"] == 300
    assert functions.get_function_concurrency(FunctionName="a")[
        "ReservedConcurrentExecutions"] == 300
    assert functions.get_function(FunctionName="a")["Concurrency"] == {
        "ReservedConcurrentExecutions": 300}
    assert unreserved(functions) == 700
    functions.put_function_concurrency(FunctionName="a", ReservedConcurrentExecutions=900)
    functions.put_function_concurrency(FunctionName="a", ReservedConcurrentExecutions=0)
    assert functions.get_function_concurrency(FunctionName="a")[
        "ReservedConcurrentExecutions"] == 0
    functions.delete_function_concurrency(FunctionName="a")
    assert unreserved(functions) == 1000


def test_a_hundred_stay_for_everybody(functions):
    create(functions, "a")
    create(functions, "b")
    functions.put_function_concurrency(FunctionName="a", ReservedConcurrentExecutions=500)
    assert refused(BAD, functions.put_function_concurrency, FunctionName="b",
                   ReservedConcurrentExecutions=401) == (
        "Specified ReservedConcurrentExecutions for function decreases account's "
        "UnreservedConcurrentExecution below its minimum value of [100].")
    functions.put_function_concurrency(FunctionName="b", ReservedConcurrentExecutions=400)
    functions.delete_function(FunctionName="b")
    assert unreserved(functions) == 500


def test_concurrency_is_the_functions_not_a_versions(functions):
    create(functions, "a", Publish=True)
    refused(BAD, functions.put_function_concurrency, FunctionName="a:1",
            ReservedConcurrentExecutions=1)
    refused(GONE, functions.put_function_concurrency, 404, FunctionName="nobody",
            ReservedConcurrentExecutions=1)


def test_provisioned_concurrency_of_a_version_and_of_an_alias(functions):
    create(functions, "a", Publish=True)
    functions.update_function_configuration(FunctionName="a", Timeout=4)
    functions.publish_version(FunctionName="a")
    functions.create_alias(FunctionName="a", Name="prod", FunctionVersion="2")
    put = functions.put_provisioned_concurrency_config(
        FunctionName="a", Qualifier="1", ProvisionedConcurrentExecutions=2)
    assert put["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert put["RequestedProvisionedConcurrentExecutions"] == 2
    functions.put_provisioned_concurrency_config(
        FunctionName="a", Qualifier="prod", ProvisionedConcurrentExecutions=3)
    got = functions.get_provisioned_concurrency_config(FunctionName="a", Qualifier="prod")
    assert (got["RequestedProvisionedConcurrentExecutions"], got["Status"]) == (3, "READY")
    pages = functions.get_paginator("list_provisioned_concurrency_configs").paginate(
        FunctionName="a", PaginationConfig={"PageSize": 1})
    assert [c["FunctionArn"] for page in pages
            for c in page["ProvisionedConcurrencyConfigs"]] == [arn("a", "1"), arn("a", "prod")]
    assert unreserved(functions) == 995
    functions.delete_provisioned_concurrency_config(FunctionName="a", Qualifier="1")
    functions.delete_provisioned_concurrency_config(FunctionName="a", Qualifier="1")  # fine
    assert refused(NO_CONFIG, functions.get_provisioned_concurrency_config, 404,
                   FunctionName="a", Qualifier="1") == (
        "No Provisioned Concurrency Config found for this function")


def test_what_cannot_be_provisioned(functions):
    create(functions, "a", Publish=True)
    functions.create_alias(FunctionName="a", Name="prod", FunctionVersion="1")

    def put(qualifier, count=1):
        functions.put_provisioned_concurrency_config(
            FunctionName="a", Qualifier=qualifier, ProvisionedConcurrentExecutions=count)

    assert refused(BAD, put, qualifier="$LATEST") == (
        "Provisioned Concurrency Configs cannot be applied to unpublished function versions.")
    assert refused(BAD, functions.get_provisioned_concurrency_config, FunctionName="a",
                   Qualifier="$LATEST") == (
        "The function resource provided must be an alias or a published version.")
    functions.create_alias(FunctionName="a", Name="latest", FunctionVersion="$LATEST")
    refused(BAD, put, qualifier="latest")
    refused(GONE, put, 404, qualifier="7")
    refused(GONE, put, 404, qualifier="none")
    refused("ValidationException", put, qualifier="1", count=0)
    refused(BAD, put, qualifier="1", count=901)
    functions.put_function_concurrency(FunctionName="a", ReservedConcurrentExecutions=5)
    assert refused(BAD, put, qualifier="1", count=6) == (
        "Requested Provisioned Concurrency should not be greater than the "
        "reservedConcurrentExecution for function")
    put("1", 5)
    functions.put_function_concurrency(FunctionName="a", ReservedConcurrentExecutions=20)
    refused("ResourceConflictException", put, 409, qualifier="prod")
    assert "should not be lower than function's total provisioned concurrency [5]" in refused(
        BAD, functions.put_function_concurrency, FunctionName="a",
        ReservedConcurrentExecutions=4)
    functions.delete_provisioned_concurrency_config(FunctionName="a", Qualifier="1")
    put("prod", 5)
    refused("ResourceConflictException", put, 409, qualifier="1")
