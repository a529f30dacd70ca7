# SPDX-License-Identifier: Apache-2.0
"""Layers: versions of packages that functions share, who may use them, functions that have them."""
import base64
import hashlib

import pytest
from lambda_kit import create, download, function_name, package, refused
from weir_server import ACCOUNT, REGION

BAD = "InvalidParameterValueException"
GONE = "ResourceNotFoundException"


@pytest.fixture(scope="module")
def functions(weir):
    return weir.client("lambda")


def layer_name():
    return function_name().replace("function", "layer")


def layer_arn(name, version=None):
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{name}" + (f":{version}" if version else "")


def publish(functions, name, files=None, **more):
    return functions.publish_layer_version(
        LayerName=name, Content={"ZipFile": package(files or {"python/a.py": "x"})}, **more)


def test_a_layers_versions_are_numbered_and_told(functions):
    name, code = layer_name(), package({"python/a.py": "x = 1"})
    made = functions.publish_layer_version(
        LayerName=name, Content={"ZipFile": code}, Description="first",
        CompatibleRuntimes=["python3.12"], CompatibleArchitectures=["x86_64"], LicenseInfo="MIT")
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert made["Version"] == 1
    assert made["LayerArn"] == layer_arn(name)
    assert made["LayerVersionArn"] == layer_arn(name, 1)
    assert made["Content"]["CodeSize"] == len(code)
    assert made["Content"]["CodeSha256"] == base64.b64encode(
        hashlib.sha256(code).digest()).decode()
    assert download(made["Content"]["Location"]) == (200, code)
    assert publish(functions, name)["Version"] == 2
    got = functions.get_layer_version(LayerName=name, VersionNumber=1)
    assert (got["Description"], got["LicenseInfo"]) == ("first", "MIT")
    assert got["CompatibleRuntimes"] == ["python3.12"]
    assert got["CompatibleArchitectures"] == ["x86_64"]
    by_arn = functions.get_layer_version_by_arn(Arn=layer_arn(name, 1))
    assert by_arn["CreatedDate"] == got["CreatedDate"]
    assert functions.get_layer_version(LayerName=layer_arn(name), VersionNumber=2)["Version"] == 2


def test_a_layer_comes_from_a_bucket(weir, functions):
    s3 = weir.client("s3")
    s3.create_bucket(Bucket="layer-bucket")
    s3.put_object(Bucket="layer-bucket", Key="l.zip", Body=package({"bin/tool": "x"}))
    assert functions.publish_layer_version(LayerName=layer_name(), Content={
        "S3Bucket": "layer-bucket", "S3Key": "l.zip"})["Version"] == 1
    refused(BAD, functions.publish_layer_version, LayerName=layer_name(), Content={
        "S3Bucket": "layer-bucket", "S3Key": "none.zip"})
    refused(BAD, functions.publish_layer_version, LayerName=layer_name(),
            Content={"ZipFile": b"no zip"})


def test_a_deleted_version_is_gone_and_its_number_too(functions):
    name = layer_name()
    publish(functions, name)
    functions.delete_layer_version(LayerName=name, VersionNumber=1)
    functions.delete_layer_version(LayerName=name, VersionNumber=1)  # fine
    assert refused(GONE, functions.get_layer_version, 404, LayerName=name, VersionNumber=1) == (
        "The resource you requested does not exist.")
    refused(GONE, functions.get_layer_version_by_arn, 404, Arn=layer_arn(name, 1))
    assert publish(functions, name)["Version"] == 2
    refused(BAD, functions.get_layer_version, LayerName=name, VersionNumber=0)


def test_layers_are_listed_with_their_newest_versions_that_fit(fresh):
    functions = fresh().client("lambda")
    publish(functions, "b", CompatibleRuntimes=["python3.12"])
    publish(functions, "b", CompatibleRuntimes=["nodejs22.x"])
    publish(functions, "a")
    publish(functions, "c", CompatibleArchitectures=["arm64"])
    listed = functions.list_layers()["Layers"]
    assert [(entry["LayerName"], entry["LatestMatchingVersion"]["Version"])
            for entry in listed] == [("a", 1), ("b", 2), ("c", 1)]
    assert listed[0]["LayerArn"] == layer_arn("a")
    assert [entry["LatestMatchingVersion"]["Version"] for entry in functions.list_layers(
        CompatibleRuntime="python3.12")["Layers"]] == [1]
    assert [entry["LayerName"] for entry in functions.list_layers(
        CompatibleArchitecture="arm64")["Layers"]] == ["c"]
    pages = list(functions.get_paginator("list_layers").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["Layers"]) for page in pages] == [2, 1]
    for _ in range(3):
        publish(functions, "b")
    pages = list(functions.get_paginator("list_layer_versions").paginate(
        LayerName="b", PaginationConfig={"PageSize": 2}))
    assert [[v["Version"] for v in page["LayerVersions"]] for page in pages] == [
        [5, 4], [3, 2], [1]]
    assert [v["Version"] for v in functions.list_layer_versions(
        LayerName="b", CompatibleRuntime="nodejs22.x")["LayerVersions"]] == [2]
    assert functions.list_layer_versions(LayerName="none")["LayerVersions"] == []


def test_permissions_of_a_version(functions):
    name = layer_name()
    publish(functions, name)
    where = {"LayerName": name, "VersionNumber": 1}
    assert refused(GONE, functions.get_layer_version_policy, 404, **where) == (
        "No policy is associated with the given resource.")
    added = functions.add_layer_version_permission(
        **where, StatementId="s1", Action="lambda:GetLayerVersion", Principal="*")
    assert added["Statement"] == (
        '{"Sid":"s1","Effect":"Allow","Principal":"*","Action":"lambda:GetLayerVersion",'
        f'"Resource":"{layer_arn(name, 1)}"}}')
    got = functions.get_layer_version_policy(**where)
    assert got["RevisionId"] == added["RevisionId"]
    assert got["Policy"] == (
        '{"Version":"2012-10-17","Id":"default","Statement":[' + added["Statement"] + "]}")
    assert "provided already exists" in refused(
        "ResourceConflictException", functions.add_layer_version_permission, 409, **where,
        StatementId="s1", Action="lambda:GetLayerVersion", Principal="*")
    refused("PreconditionFailedException", functions.remove_layer_version_permission, 412,
            **where, StatementId="s1", RevisionId="0" * 36)
    refused(GONE, functions.remove_layer_version_permission, 404, **where, StatementId="s2")
    functions.remove_layer_version_permission(**where, StatementId="s1",
                                              RevisionId=added["RevisionId"])
    refused(GONE, functions.get_layer_version_policy, 404, **where)
    assert refused(GONE, functions.get_layer_version_policy, 404, LayerName=name,
                   VersionNumber=7) == f"Layer version {layer_arn(name, 7)} does not exist."


# ---- functions with layers ----

def test_a_function_names_its_layers_in_order(functions):
    names = [layer_name() for _ in range(5)]
    arns = [publish(functions, name)["LayerVersionArn"] for name in names]
    made = create(functions, Layers=arns)
    assert [layer["Arn"] for layer in made["Layers"]] == arns
    assert all(layer["CodeSize"] > 0 for layer in made["Layers"])
    name = made["FunctionName"]
    fewer = functions.update_function_configuration(FunctionName=name, Layers=arns[1:3])
    assert [layer["Arn"] for layer in fewer["Layers"]] == arns[1:3]
    assert "Layers" not in functions.update_function_configuration(FunctionName=name, Layers=[])


def test_layers_that_cannot_be_used(functions):
    name = layer_name()
    arns = [publish(functions, name)["LayerVersionArn"] for _ in range(2)]
    assert refused(BAD, create, client=functions, Layers=[layer_arn(name, 9)]) == (
        f"Layer version {layer_arn(name, 9)} does not exist.")
    assert refused(BAD, create, client=functions, Layers=arns) == (
        "Two different versions of the same layer are not allowed to be referenced in the same "
        f"function. {arns[0]} and {arns[1]} are versions of the same layer.")
    six = [publish(functions, layer_name())["LayerVersionArn"] for _ in range(6)]
    assert refused(BAD, create, client=functions, Layers=six) == (
        "Cannot reference more than 5 layers.")
    refused("ValidationException", create, client=functions, Layers=[layer_arn(name)])


def test_code_and_layers_together_have_a_limit(functions):
    half = {"zeros": bytes(100 << 20)}
    arns = [publish(functions, layer_name(), half)["LayerVersionArn"] for _ in range(2)]
    assert create(functions, Layers=arns)["Layers"]
    name = create(functions, Layers=arns)["FunctionName"]
    message = refused(BAD, functions.update_function_code, FunctionName=name,
                      ZipFile=package(half))
    arns.append(publish(functions, layer_name(), half)["LayerVersionArn"])
    assert refused(BAD, functions.update_function_configuration, FunctionName=name,
                   Layers=arns) == (
        "Layers consume more than the available size of 262144000 bytes")
    assert message == ("Function code combined with layers exceeds the maximum allowed size of "
                       f"262144000 bytes. The actual size is {300 << 20} bytes.")


def test_a_layer_is_kept_by_the_functions_that_have_it(functions):
    name = layer_name()
    made = publish(functions, name)
    owner = create(functions, Layers=[made["LayerVersionArn"]])["FunctionName"]
    functions.delete_layer_version(LayerName=name, VersionNumber=1)
    got = functions.get_function_configuration(FunctionName=owner)
    assert [layer["Arn"] for layer in got["Layers"]] == [made["LayerVersionArn"]]
    assert functions.publish_version(FunctionName=owner)["Layers"] == got["Layers"]
    functions.delete_function(FunctionName=owner)
