# SPDX-License-Identifier: Apache-2.0
"""Secrets at rest: their values are sealed under a key of KMS; what becomes of them when the key is
not to be had, and who needs the key too with auth on."""
import itertools
from pathlib import Path

import pytest
from auth_test import SignedServer
from iam_kit import allow, client_of, deny, document, refused
from weir_server import REGION

numbers = itertools.count(1)


@pytest.fixture(scope="module")
def secrets(weir):
    return weir.client("secretsmanager")


def test_a_value_is_nowhere_in_the_clear(fresh):
    weir = fresh()
    secrets = weir.client("secretsmanager")
    plain = "a-value-that-would-be-found"
    secrets.create_secret(Name="one", SecretString=plain)
    secrets.create_secret(Name="two", SecretBinary=plain.encode())
    weir.restart(hard=True)
    secrets = weir.client("secretsmanager")
    assert secrets.get_secret_value(SecretId="one")["SecretString"] == plain
    assert secrets.get_secret_value(SecretId="two")["SecretBinary"] == plain.encode()
    assert weir.stop() == 0
    for path in Path(weir.data).rglob("*"):
        assert not path.is_file() or plain.encode() not in path.read_bytes(), path


def test_the_key_decides_whether_there_is_a_value(weir, secrets, name):
    kms = weir.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    refused("EncryptionFailure", secrets.create_secret, Name=name, SecretString="x",
            KmsKeyId="alias/none-such")
    secrets.create_secret(Name=name, SecretString="x", KmsKeyId=key)
    kms.disable_key(KeyId=key)
    refused("DecryptionFailure", secrets.get_secret_value, SecretId=name)
    refused("EncryptionFailure", secrets.put_secret_value, SecretId=name, SecretString="y")
    batch = secrets.batch_get_secret_value(SecretIdList=[name])
    assert [error["ErrorCode"] for error in batch["Errors"]] == ["DecryptionFailure"]
    kms.enable_key(KeyId=key)
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "x"
    secrets.update_secret(SecretId=name, KmsKeyId="alias/aws/secretsmanager", SecretString="y")
    kms.disable_key(KeyId=key)
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "y"
    refused("DecryptionFailure", secrets.get_secret_value, SecretId=name,
            VersionStage="AWSPREVIOUS")


@pytest.fixture
def signed():
    server = SignedServer("--auth", "on").start()
    yield server
    server.close()


def may(call, **more):
    try:
        call(**more)
        return True
    except Exception as error:
        assert error.response["Error"]["Code"] == "AccessDeniedException", error
        return False


def test_who_reads_a_secret_needs_its_key_too(signed):
    key, secret = signed.key
    root = {"AccessKeyId": key, "SecretAccessKey": secret}
    iam = client_of(signed, "iam", root)
    secrets, kms = client_of(signed, "secretsmanager", root), client_of(signed, "kms", root)

    def user(*statements):
        name = f"user-{next(numbers)}"
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(
            allow("secretsmanager:*"), *statements))
        return client_of(signed, "secretsmanager", iam.create_access_key(
            UserName=name)["AccessKey"])
    own = kms.create_key()["KeyMetadata"]["Arn"]
    secrets.create_secret(Name="own", SecretString="x", KmsKeyId=own)
    secrets.create_secret(Name="aws", SecretString="x")
    plain = user()
    through = user(allow(["kms:Decrypt"], own, Condition={
        "StringEquals": {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"},
        "StringLike": {"kms:EncryptionContext:SecretARN": "*:secret:own-*"}}))
    denied = user(deny("kms:Decrypt"))
    assert may(plain.get_secret_value, SecretId="aws")
    assert not may(plain.get_secret_value, SecretId="own")
    assert may(through.get_secret_value, SecretId="own")
    assert not may(through.put_secret_value, SecretId="own", SecretString="y")
    assert not may(denied.get_secret_value, SecretId="aws")
