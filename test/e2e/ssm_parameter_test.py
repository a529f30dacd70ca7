# SPDX-License-Identifier: Apache-2.0
"""Parameter Store: parameters, versions, labels, paths, filters, policies, tags."""
import base64
import datetime
import json
import subprocess
import sys
from pathlib import Path

import pytest
from weir_server import ACCOUNT, REGION

ARN = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter"


@pytest.fixture(scope="module")
def ssm(weir):
    return weir.client("ssm")


def put(ssm, name, value="v", kind="String", **more):
    return ssm.put_parameter(Name=name, Value=value, Type=kind, **more)


def get(ssm, name, **more):
    return ssm.get_parameter(Name=name, **more)["Parameter"]


# ---- parameters ----

def test_a_parameter_is_put_and_read(ssm, name):
    put(ssm, f"/{name}/a")
    read = get(ssm, f"/{name}/a")
    assert read["Value"] == "v" and read["Version"] == 1 and read["Type"] == "String"
    assert read["ARN"] == f"{ARN}/{name}/a" and read["DataType"] == "text"
    assert "Selector" not in read
    made = put(ssm, name, "plain")
    assert made["Version"] == 1 and made["Tier"] == "Standard"
    assert get(ssm, name)["ARN"] == f"{ARN}/{name}"
    assert get(ssm, f"{ARN}/{name}")["Value"] == "plain"
    assert get(ssm, f"{ARN}/{name}/a")["Value"] == "v"


def test_versions_are_kept_and_named(ssm, name, refused):
    put(ssm, name, "1")
    assert refused("ParameterAlreadyExists", put, ssm, name, "2") == (
        "The parameter already exists. To overwrite this value, set the overwrite option in the "
        "request to true.")
    assert ssm.put_parameter(Name=name, Value="2", Overwrite=True)["Version"] == 2
    assert get(ssm, name)["Value"] == "2" and get(ssm, f"{name}:1")["Value"] == "1"
    assert get(ssm, f"{name}:1")["Selector"] == ":1"
    assert refused("ParameterVersionNotFound", get, ssm, f"{name}:3") == (
        f"Systems Manager could not find version 3 of {name}. Verify the version and try again.")
    history = ssm.get_parameter_history(Name=name)["Parameters"]
    assert [(h["Version"], h["Value"], h["Labels"]) for h in history] == [(1, "1", []),
                                                                         (2, "2", [])]
    pages = ssm.get_paginator("get_parameter_history").paginate(
        Name=name, PaginationConfig={"PageSize": 1})
    assert [[h["Version"] for h in page["Parameters"]] for page in pages] == [[1], [2]]


def test_labels_move(ssm, name, refused):
    put(ssm, name, "1")
    put(ssm, name, "2", Overwrite=True)
    answer = ssm.label_parameter_version(Name=name, ParameterVersion=1,
                                         Labels=["prod", "1st", "awsX", "a b"])
    assert answer["InvalidLabels"] == ["1st", "awsX", "a b"] and answer["ParameterVersion"] == 1
    assert get(ssm, f"{name}:prod")["Value"] == "1"
    assert get(ssm, f"{name}:prod")["Selector"] == ":prod"
    ssm.label_parameter_version(Name=name, Labels=["prod", "new"])
    assert get(ssm, f"{name}:prod")["Value"] == "2"
    removed = ssm.unlabel_parameter_version(Name=name, ParameterVersion=2, Labels=["prod", "x"])
    assert removed["RemovedLabels"] == ["prod"] and removed["InvalidLabels"] == ["x"]
    assert "could not find label prod" in refused("ParameterVersionNotFound", get, ssm,
                                                  f"{name}:prod")
    ssm.label_parameter_version(Name=name, Labels=[f"l{i}" for i in range(9)])
    refused("ParameterVersionLabelLimitExceeded", ssm.label_parameter_version, Name=name,
            Labels=["one-more"])


def test_a_hundred_versions_are_kept(ssm, name, refused):
    put(ssm, name, "1")
    for i in range(2, 102):
        put(ssm, name, str(i), Overwrite=True)
    refused("ParameterVersionNotFound", get, ssm, f"{name}:1")
    assert get(ssm, f"{name}:2")["Value"] == "2"
    ssm.label_parameter_version(Name=name, ParameterVersion=2, Labels=["old"])
    message = refused("ParameterMaxVersionLimitExceeded", put, ssm, name, "x", Overwrite=True)
    assert "Version 2, the oldest version, can't be deleted" in message


@pytest.mark.parametrize("bad,code", [
    ("aws-x", "ValidationException"), ("SSMx", "ValidationException"),
    ("/aws/x", "ValidationException"), ("a/b", "ValidationException"),
    ("/a//b", "ValidationException"), ("/a b", "ValidationException"),
    ("/a/", "ValidationException"), ("x:1", "ValidationException"),
    ("/" + "/".join("abcdefghijklmnop"), "HierarchyLevelLimitExceededException")])
def test_names_that_are_none(ssm, refused, bad, code):
    refused(code, put, ssm, bad)


def test_values_fit_their_tier(ssm, name, refused):
    message = refused("ValidationException", put, ssm, name, "x" * 4097)
    assert message.startswith("Standard tier parameters support a maximum parameter value of 4096")
    assert put(ssm, name, "x" * 4097, Tier="Intelligent-Tiering")["Tier"] == "Advanced"
    assert put(ssm, f"{name}i", "x", Tier="Intelligent-Tiering")["Tier"] == "Standard"
    refused("ValidationException", put, ssm, name, "x" * 8193, Overwrite=True)
    refused("ValidationException", put, ssm, name, "x", Tier="Standard", Overwrite=True)
    assert put(ssm, name, "x", Overwrite=True)["Tier"] == "Advanced"


def test_values_fit_patterns_and_types(ssm, name, refused):
    put(ssm, name, "12", AllowedPattern=r"^\d+$")
    assert refused("ParameterPatternMismatchException", put, ssm, name, "a", Overwrite=True,
                   AllowedPattern=r"^\d+$") == (
        r"Parameter value, cannot be validated against allowedPattern: ^\d+$")
    refused("InvalidAllowedPatternException", put, ssm, f"{name}p", AllowedPattern="(")
    refused("HierarchyTypeMismatchException", put, ssm, name, "1", "SecureString", Overwrite=True)
    assert refused("ValidationException", ssm.put_parameter, Name=f"{name}n", Value="1") == (
        "A parameter type is required when you create a parameter.")
    put(ssm, f"{name}ami", "ami-0123456789abcdef0", DataType="aws:ec2:image")
    refused("ValidationException", put, ssm, f"{name}bad", "x", DataType="aws:ec2:image")
    assert refused("ValidationException", put, ssm, f"{name}bad", "x", DataType="no") == (
        "The following data type is not supported: no (Data type names are all lowercase.)")
    refused("ValidationException", put, ssm, f"{name}ref", "{{ssm:x}}")


def test_secure_strings_are_sealed(weir, ssm, name, refused):
    kms = weir.client("kms")
    put(ssm, name, "hidden", "SecureString")
    sealed = get(ssm, name)["Value"]
    assert "hidden" not in sealed and sealed.startswith("AQICAH") and len(sealed) > 100
    assert get(ssm, name)["Value"] == sealed
    assert get(ssm, name, WithDecryption=True)["Value"] == "hidden"
    told = ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [name]}])
    assert told["Parameters"][0]["KeyId"] == "alias/aws/ssm"
    refused("InvalidKeyId", put, ssm, name, "other", "SecureString", Overwrite=True,
            KeyId="alias/mine")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    put(ssm, name, "other", "SecureString", Overwrite=True, KeyId="alias/mine")
    history = ssm.get_parameter_history(Name=name, WithDecryption=True)["Parameters"]
    assert [(h["Value"], h["KeyId"]) for h in history] == [
        ("hidden", "alias/aws/ssm"), ("other", "alias/mine")]
    opened = kms.decrypt(CiphertextBlob=base64.b64decode(get(ssm, name)["Value"]),
                         EncryptionContext={"PARAMETER_ARN": get(ssm, name)["ARN"]})
    assert opened["Plaintext"] == b"other" and opened["KeyId"].endswith(key)
    kms.disable_key(KeyId=key)
    refused("InvalidKeyId", get, ssm, name, WithDecryption=True)
    kms.enable_key(KeyId=key)


def test_many_are_read_and_deleted(ssm, name, refused):
    for end in "abc":
        put(ssm, f"{name}{end}", end)
    got = ssm.get_parameters(Names=[f"{name}b", f"{name}x", f"{name}a:1"])
    assert [p["Value"] for p in got["Parameters"]] == ["b", "a"]
    assert got["InvalidParameters"] == [f"{name}x"]
    assert refused("ParameterNotFound", get, ssm, f"{name}x") == ""
    ssm.delete_parameter(Name=f"{name}c")
    refused("ParameterNotFound", ssm.delete_parameter, Name=f"{name}c")
    gone = ssm.delete_parameters(Names=[f"{name}a", f"{name}c", f"{name}b"])
    assert gone["DeletedParameters"] == [f"{name}a", f"{name}b"]
    assert gone["InvalidParameters"] == [f"{name}c"]
    put(ssm, f"{name}a", "again")
    assert get(ssm, f"{name}a")["Version"] == 1


# ---- hierarchies, lists ----

def test_paths(ssm, name, refused):
    for leaf in ("a", "b", "c/d", "c/e", "c/f/g"):
        put(ssm, f"/{name}/{leaf}", leaf)
    put(ssm, f"/{name}x/a")
    by = lambda path, **more: [p["Value"] for page in ssm.get_paginator(  # noqa: E731
        "get_parameters_by_path").paginate(Path=path, PaginationConfig={"PageSize": 2}, **more)
        for p in page["Parameters"]]
    assert by(f"/{name}") == ["a", "b"] and by(f"/{name}/") == ["a", "b"]
    assert by(f"/{name}", Recursive=True) == ["a", "b", "c/d", "c/e", "c/f/g"]
    assert by(f"/{name}/c") == ["c/d", "c/e"] and by(f"/{name}/c/d") == []
    ssm.label_parameter_version(Name=f"/{name}/b", Labels=["mine"])
    assert by(f"/{name}", ParameterFilters=[{"Key": "Label", "Values": ["mine"]}]) == ["b"]
    assert by(f"/{name}", ParameterFilters=[{"Key": "Type", "Values": ["SecureString"]}]) == []
    refused("ValidationException", ssm.get_parameters_by_path, Path="a")
    refused("InvalidFilterKey", ssm.get_parameters_by_path, Path="/",
            ParameterFilters=[{"Key": "Name", "Values": ["x"]}])
    refused("InvalidFilterOption", ssm.get_parameters_by_path, Path="/",
            ParameterFilters=[{"Key": "Type", "Option": "Contains", "Values": ["String"]}])
    refused("InvalidFilterValue", ssm.get_parameters_by_path, Path="/",
            ParameterFilters=[{"Key": "Type", "Values": ["Number"]}])
    refused("InvalidNextToken", ssm.get_parameters_by_path, Path="/", NextToken="??")


def test_descriptions_are_filtered(fresh):
    ssm = fresh().client("ssm")
    put(ssm, "/app/one", Description="first", Tags=[{"Key": "team", "Value": "a"}])
    put(ssm, "/app/two/x", kind="SecureString", Tags=[{"Key": "team", "Value": "b"}])
    put(ssm, "plain", "x", kind="StringList", Tier="Advanced")
    by = lambda key, *values, **more: [p["Name"] for p in ssm.describe_parameters(  # noqa: E731
        ParameterFilters=[{"Key": key, **({"Values": list(values)} if values else {}), **more}])[
            "Parameters"]]
    assert by("Name", "/app/one") == ["/app/one"]
    assert by("Name", "/app", Option="BeginsWith") == ["/app/one", "/app/two/x"]
    assert by("Name", "two", "lai", Option="Contains") == ["/app/two/x", "plain"]
    assert by("Type", "StringList") == ["plain"] and by("Tier", "Advanced") == ["plain"]
    assert by("KeyId", "alias/aws/ssm") == ["/app/two/x"]
    assert by("Path", "/app") == ["/app/one"]
    assert by("Path", "/app", Option="Recursive") == ["/app/one", "/app/two/x"]
    assert by("tag:team", "a") == ["/app/one"] and by("tag:team") == ["/app/one", "/app/two/x"]
    told = ssm.describe_parameters(Filters=[{"Key": "Name", "Values": ["/app/one"]}])
    one = told["Parameters"][0]
    assert one["Description"] == "first" and one["Tier"] == "Standard" and one["Policies"] == []
    pages = ssm.get_paginator("describe_parameters").paginate(PaginationConfig={"PageSize": 2})
    assert [[p["Name"] for p in page["Parameters"]] for page in pages] == [
        ["/app/one", "/app/two/x"], ["plain"]]


# ---- tags, policies ----

def test_tags(ssm, name, refused):
    put(ssm, name, Tags=[{"Key": "a", "Value": "1"}])
    refused("ValidationException", put, ssm, name, Overwrite=True,
            Tags=[{"Key": "a", "Value": "1"}])
    about = {"ResourceType": "Parameter", "ResourceId": name}
    ssm.add_tags_to_resource(Tags=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "3"}],
                             **about)
    assert ssm.list_tags_for_resource(**about)["TagList"] == [
        {"Key": "a", "Value": "3"}, {"Key": "b", "Value": "2"}]
    ssm.remove_tags_from_resource(TagKeys=["a", "b"], **about)
    assert ssm.list_tags_for_resource(**about)["TagList"] == []
    refused("InvalidResourceId", ssm.list_tags_for_resource, ResourceType="Parameter",
            ResourceId="none")
    refused("InvalidResourceType", ssm.list_tags_for_resource, ResourceType="Document",
            ResourceId=name)


def policy(kind, **attributes):
    return {"Type": kind, "Version": "1.0", "Attributes": attributes}


def test_policies_act_when_their_moment_comes(clocked, name, refused):
    ssm = clocked.client("ssm")
    end = datetime.datetime.fromisoformat(clocked.now().replace("Z", "+00:00")) + \
        datetime.timedelta(days=10)
    policies = [policy("Expiration", Timestamp=end.strftime("%Y-%m-%dT%H:%M:%S.000Z")),
                policy("ExpirationNotification", Before="5", Unit="Days"),
                policy("NoChangeNotification", After="48", Unit="Hours")]
    put(ssm, name, Tier="Advanced", Policies=json.dumps(policies))
    status = lambda: {p["PolicyType"]: p["PolicyStatus"]  # noqa: E731
                      for p in ssm.describe_parameters(ParameterFilters=[
                          {"Key": "Name", "Values": [name]}])["Parameters"][0]["Policies"]}
    assert set(status().values()) == {"Pending"}
    clocked.advance("3d")
    assert status() == {"Expiration": "Pending", "ExpirationNotification": "Pending",
                        "NoChangeNotification": "Finished"}
    clocked.advance("3d")
    assert status()["ExpirationNotification"] == "Finished"
    get(ssm, name)
    clocked.advance("5d")
    refused("ParameterNotFound", get, ssm, name)


def test_policies_that_are_none(ssm, name, refused):
    wrong = lambda code, *policies, **more: refused(  # noqa: E731
        code, put, ssm, name, Policies=json.dumps(policies), **{"Tier": "Advanced", **more})
    wrong("InvalidPolicyTypeException", policy("Other"))
    wrong("InvalidPolicyAttributeException", policy("Expiration", Timestamp="soon"))
    wrong("InvalidPolicyAttributeException", policy("NoChangeNotification", After="1", Unit="Y"))
    wrong("IncompatiblePolicyException", policy("ExpirationNotification", Before="1", Unit="Days"))
    wrong("ValidationException", policy("NoChangeNotification", After="1", Unit="Days"),
          Tier="Standard")
    refused("InvalidPolicyTypeException", put, ssm, name, Policies="[", Tier="Advanced")


def test_resource_policies(ssm, name, refused):
    put(ssm, name, Tier="Advanced")
    text = json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "ssm:GetParameter", "Resource": f"{ARN}/{name}"}]})
    made = ssm.put_resource_policy(ResourceArn=f"{ARN}/{name}", Policy=text)
    kept = ssm.get_resource_policies(ResourceArn=f"{ARN}/{name}")["Policies"]
    assert kept == [{"PolicyId": made["PolicyId"], "PolicyHash": made["PolicyHash"],
                     "Policy": text}]
    refused("ResourcePolicyLimitExceededException", ssm.put_resource_policy,
            ResourceArn=f"{ARN}/{name}", Policy=text)
    refused("ResourcePolicyConflictException", ssm.delete_resource_policy,
            ResourceArn=f"{ARN}/{name}", PolicyId=made["PolicyId"], PolicyHash="x")
    ssm.delete_resource_policy(ResourceArn=f"{ARN}/{name}", PolicyId=made["PolicyId"],
                               PolicyHash=made["PolicyHash"])
    assert ssm.get_resource_policies(ResourceArn=f"{ARN}/{name}")["Policies"] == []
    refused("ResourceNotFoundException", ssm.put_resource_policy, ResourceArn=f"{ARN}/none",
            Policy=text)


# ---- secrets, the CLI ----

def test_a_secret_is_read_as_a_parameter(weir, ssm, name, refused):
    secrets = weir.client("secretsmanager")
    made = secrets.create_secret(Name=f"a/{name}", SecretString="hidden")
    path = f"/aws/reference/secretsmanager/a/{name}"
    read = get(ssm, path, WithDecryption=True)
    assert read["Value"] == "hidden" and read["Type"] == "SecureString" and read["Version"] == 0
    assert read["ARN"] == made["ARN"] and json.loads(read["SourceResult"])["name"] == f"a/{name}"
    secrets.put_secret_value(SecretId=made["ARN"], SecretString="new")
    assert get(ssm, f"{path}:AWSPREVIOUS", WithDecryption=True)["Value"] == "hidden"
    assert get(ssm, f"{path}:{made['VersionId']}", WithDecryption=True)["Value"] == "hidden"
    refused("ValidationException", get, ssm, path)
    assert refused("ParameterNotFound", get, ssm, f"{path}x", WithDecryption=True)
    got = ssm.get_parameters(Names=[path, f"{path}x"], WithDecryption=True)
    assert [p["Value"] for p in got["Parameters"]] == ["new"]
    assert got["InvalidParameters"] == [f"{path}x"]


def test_the_rest_of_systems_manager_is_not_there(ssm):
    with pytest.raises(Exception) as caught:
        ssm.list_documents()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_the_cli_knows_it(weir, name):
    def aws(*words):
        run = subprocess.run([str(Path(sys.executable).with_name("aws")), "ssm", *words],
                             env=weir.environment(), capture_output=True, text=True, timeout=60,
                             check=True)
        return json.loads(run.stdout)
    assert aws("put-parameter", "--name", f"/{name}/x", "--value", "1", "--type", "String")[
        "Version"] == 1
    got = aws("get-parameters-by-path", "--path", f"/{name}")
    assert [p["Value"] for p in got["Parameters"]] == ["1"]
