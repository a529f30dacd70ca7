# SPDX-License-Identifier: Apache-2.0
"""--auth=on: who may read which parameter, by name, by path, by tag, and by a
parameter's own policy."""
import pytest
from auth_kit import may, root, users_of, weir  # noqa: F401
from iam_kit import allow, client_of, document
from weir_server import REGION

ACCOUNT = "000000000000"
PARAMETER = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter"


@pytest.fixture(scope="module")
def ssm(weir, root):
    return client_of(weir, "ssm", root)


user = users_of("ssm")


def put(ssm, name, **more):
    return ssm.put_parameter(Name=name, Value="v", Type="String", **more)


def test_names_decide_whatever_they_are_called_by(ssm, user, name):
    for one in (name, f"/{name}/a", f"/{name}/b"):
        put(ssm, one)
    reader, _ = user(allow("ssm:GetParameter", [f"{PARAMETER}/{name}", f"{PARAMETER}/{name}/a"]))
    assert may(reader.get_parameter, Name=name)
    assert may(reader.get_parameter, Name=f"{name}:1")
    assert may(reader.get_parameter, Name=f"/{name}/a")
    assert may(reader.get_parameter, Name=f"{PARAMETER}/{name}/a")
    assert not may(reader.get_parameter, Name=f"/{name}/b")
    assert not may(reader.put_parameter, Name=f"/{name}/a", Value="x", Overwrite=True)


def test_paths_and_lists_decide(ssm, user, name):
    put(ssm, f"/{name}/a")
    reader, _ = user(allow(["ssm:GetParametersByPath", "ssm:GetParameters"],
                           [f"{PARAMETER}/{name}", f"{PARAMETER}/{name}/*"]))
    assert may(reader.get_parameters_by_path, Path=f"/{name}/")
    assert not may(reader.get_parameters_by_path, Path="/")
    assert may(reader.get_parameters, Names=[f"/{name}/a"])
    assert not may(reader.get_parameters, Names=[f"/{name}/a", "/other"])


def test_tags_decide(ssm, user, name):
    put(ssm, f"{name}a", Tags=[{"Key": "L", "Value": "open"}])
    put(ssm, f"{name}b")
    reader, _ = user(allow("ssm:GetParameter", "*", Condition={
        "StringEquals": {"aws:ResourceTag/L": "open"}}))
    assert may(reader.get_parameter, Name=f"{name}a")
    assert not may(reader.get_parameter, Name=f"{name}b")


def test_a_parameters_own_policy_lets_somebody_in(ssm, user, name):
    put(ssm, name, Tier="Advanced")
    reader, arn = user()
    assert not may(reader.get_parameter, Name=name)
    ssm.put_resource_policy(ResourceArn=f"{PARAMETER}/{name}", Policy=document(
        allow("ssm:GetParameter", "*", Principal={"AWS": arn})))
    assert may(reader.get_parameter, Name=name)


def test_a_secret_behind_a_parameter_is_asked_for_too(weir, root, user, name):
    client_of(weir, "secretsmanager", root).create_secret(Name=name, SecretString="x")
    path = f"/aws/reference/secretsmanager/{name}"
    reader, _ = user(allow("ssm:GetParameter"))
    with pytest.raises(Exception) as caught:
        reader.get_parameter(Name=path, WithDecryption=True)
    assert caught.value.response["Error"]["Code"] == "ParameterNotFound"
    reader, _ = user(allow(["ssm:GetParameter", "secretsmanager:GetSecretValue"]))
    assert may(reader.get_parameter, Name=path, WithDecryption=True)


def test_secure_strings_ask_for_their_key_too(weir, root, ssm, user):
    kms = client_of(weir, "kms", root)
    key = kms.create_key()["KeyMetadata"]["Arn"]
    through = {"StringEquals": {"kms:ViaService": f"ssm.{REGION}.amazonaws.com",
                                "kms:EncryptionContext:PARAMETER_ARN": f"{PARAMETER}/s/own"}}
    plain, _ = user(allow("ssm:*"))
    him, _ = user(allow("ssm:*"), allow(["kms:Decrypt", "kms:Encrypt"], key, Condition=through))
    direct, _ = user(allow("ssm:*"), allow("kms:Decrypt", key, Condition={
        "Null": {"kms:ViaService": "true"}}))
    wish = {"Value": "v", "Type": "SecureString", "KeyId": key}
    assert not may(plain.put_parameter, Name="/s/own", **wish)
    assert may(him.put_parameter, Name="/s/own", **wish)
    assert not may(him.put_parameter, Name="/s/other", **wish)
    assert may(plain.get_parameter, Name="/s/own")
    assert may(him.get_parameter, Name="/s/own", WithDecryption=True)
    for who in (plain, direct):
        assert not may(who.get_parameter, Name="/s/own", WithDecryption=True)
        assert not may(who.get_parameter_history, Name="/s/own", WithDecryption=True)
    assert may(plain.put_parameter, Name="/s/aws", Value="v", Type="SecureString")
    assert may(direct.get_parameter, Name="/s/aws", WithDecryption=True)
