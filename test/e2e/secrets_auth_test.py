# SPDX-License-Identifier: Apache-2.0
"""--auth=on: who may read which secret, by name, by tag, and by a secret's own policy."""
import pytest
from auth_kit import may, root, users_of, weir  # noqa: F401
from iam_kit import allow, client_of, document
from weir_server import REGION

ACCOUNT = "000000000000"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:"


@pytest.fixture(scope="module")
def secrets(weir, root):
    return client_of(weir, "secretsmanager", root)


user = users_of("secretsmanager")


def test_names_with_their_random_end_decide(secrets, user, name):
    made = secrets.create_secret(Name=name, SecretString="x")
    secrets.create_secret(Name=f"{name}-other", SecretString="x")
    reader, _ = user(allow("secretsmanager:GetSecretValue", f"{SECRET}{name}-??????"))
    assert may(reader.get_secret_value, SecretId=name)
    assert may(reader.get_secret_value, SecretId=made["ARN"])
    assert not may(reader.get_secret_value, SecretId=f"{name}-other")
    assert not may(reader.put_secret_value, SecretId=name, SecretString="y")
    maker, _ = user(allow("secretsmanager:CreateSecret", f"{SECRET}{name}/*"))
    assert may(maker.create_secret, Name=f"{name}/a")
    assert not may(maker.create_secret, Name=f"{name}b")


def test_tags_decide(secrets, user, name):
    secrets.create_secret(Name=f"{name}-a", SecretString="x", Tags=[{"Key": "L", "Value": "open"}])
    secrets.create_secret(Name=f"{name}-b", SecretString="x")
    reader, _ = user(allow("secretsmanager:GetSecretValue", "*", Condition={
        "StringEquals": {"aws:ResourceTag/L": "open"}}))
    assert may(reader.get_secret_value, SecretId=f"{name}-a")
    assert not may(reader.get_secret_value, SecretId=f"{name}-b")


def test_a_secrets_own_policy_lets_somebody_in(secrets, user, name):
    secrets.create_secret(Name=name, SecretString="x")
    reader, arn = user()
    assert not may(reader.get_secret_value, SecretId=name)
    secrets.put_resource_policy(SecretId=name, ResourcePolicy=document(
        allow("secretsmanager:GetSecretValue", "*", Principal={"AWS": arn})))
    assert may(reader.get_secret_value, SecretId=name)


def test_many_at_once_are_asked_for_each(secrets, user, name):
    for end in "ab":
        secrets.create_secret(Name=f"{name}-{end}", SecretString=end)
    reader, _ = user(allow("secretsmanager:BatchGetSecretValue", "*"),
                     allow("secretsmanager:GetSecretValue", f"{SECRET}{name}-a-*"))
    got = reader.batch_get_secret_value(SecretIdList=[f"{name}-a", f"{name}-b"])
    assert [v["SecretString"] for v in got["SecretValues"]] == ["a"]
    assert [e["ErrorCode"] for e in got["Errors"]] == ["AccessDeniedException"]
