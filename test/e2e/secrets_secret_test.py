# SPDX-License-Identifier: Apache-2.0
"""Secrets Manager: secrets, their values, versions and labels, lists, policies, passwords."""
import json
import string
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from weir_server import ACCOUNT, REGION

GONE = "Secrets Manager can't find the specified secret."
MARKED = ("You can't perform this operation on the secret because it was marked for deletion.")


@pytest.fixture(scope="module")
def secrets(weir):
    return weir.client("secretsmanager")


def pages(call, member, size, **more):
    """All pages of a list."""
    found, at = [], {}
    while True:
        page = call(MaxResults=size, **more, **at)
        found.append(page[member])
        if "NextToken" not in page:
            return found
        at = {"NextToken": page["NextToken"]}


def token():
    return str(uuid.uuid4())


# ---- secrets ----

def test_a_secret_is_made_read_and_told(secrets, name):
    made = secrets.create_secret(Name=name, SecretString="hidden", Description="d",
                                 Tags=[{"Key": "a", "Value": "1"}])
    prefix = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-"
    assert made["ARN"].startswith(prefix) and len(made["ARN"]) == len(prefix) + 6
    assert made["Name"] == name
    read = secrets.get_secret_value(SecretId=name)
    assert read["SecretString"] == "hidden" and read["VersionStages"] == ["AWSCURRENT"]
    assert read["VersionId"] == made["VersionId"] and read["ARN"] == made["ARN"]
    for known in (made["ARN"], made["ARN"][:-7]):  # whole and partial
        assert secrets.get_secret_value(SecretId=known)["SecretString"] == "hidden"
    told = secrets.describe_secret(SecretId=name)
    assert told["VersionIdsToStages"] == {made["VersionId"]: ["AWSCURRENT"]}
    assert told["Description"] == "d" and told["Tags"] == [{"Key": "a", "Value": "1"}]
    assert told["LastAccessedDate"].hour == 0 and "RotationEnabled" not in told
    assert "KmsKeyId" not in told and "DeletedDate" not in told


def test_binary_values(secrets, name):
    secrets.create_secret(Name=name, SecretBinary=b"\0\xff bytes")
    read = secrets.get_secret_value(SecretId=name)
    assert read["SecretBinary"] == b"\0\xff bytes" and "SecretString" not in read


def test_what_cannot_be_made(secrets, name, refused):
    assert refused("ValidationException", secrets.create_secret, Name="a b").startswith(
        "Invalid name. Must be a valid name containing alphanumeric characters")
    refused("InvalidParameterException", secrets.create_secret, Name=name, SecretString="a",
            SecretBinary=b"b")
    secrets.create_secret(Name=name, SecretString="a")
    assert refused("ResourceExistsException", secrets.create_secret, Name=name) == \
        f"The operation failed because the secret {name} already exists."
    assert refused("ResourceNotFoundException", secrets.describe_secret, SecretId="none") == GONE
    other = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-aaaaaa"
    assert refused("ResourceNotFoundException", secrets.get_secret_value, SecretId=other) == GONE


def test_a_token_makes_creating_and_putting_idempotent(secrets, name, refused):
    one = token()
    made = secrets.create_secret(Name=name, SecretString="a", ClientRequestToken=one)
    again = secrets.create_secret(Name=name, SecretString="a", ClientRequestToken=one)
    assert made["VersionId"] == again["VersionId"] == one and made["ARN"] == again["ARN"]
    refused("ResourceExistsException", secrets.create_secret, Name=name, SecretString="b",
            ClientRequestToken=one)
    secrets.put_secret_value(SecretId=name, SecretString="a", ClientRequestToken=one)
    message = refused("ResourceExistsException", secrets.put_secret_value, SecretId=name,
                      SecretString="b", ClientRequestToken=one)
    assert message == (f"You can't use ClientRequestToken {one} because that value is already in "
                       f"use for a version of secret {made['ARN']}.")
    assert len(secrets.list_secret_version_ids(SecretId=name)["Versions"]) == 1


def test_a_secret_without_a_value(secrets, name, refused):
    made = secrets.create_secret(Name=name)
    assert "VersionId" not in made
    assert refused("ResourceNotFoundException", secrets.get_secret_value, SecretId=name) == (
        "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT")
    refused("InvalidRequestException", secrets.put_secret_value, SecretId=name)
    secrets.put_secret_value(SecretId=name, SecretString="x", VersionStages=["MINE"])
    read = secrets.get_secret_value(SecretId=name)
    assert sorted(read["VersionStages"]) == ["AWSCURRENT", "MINE"]


# ---- versions ----

def test_labels_follow_values(secrets, name):
    one = secrets.create_secret(Name=name, SecretString="1")["VersionId"]
    two = secrets.put_secret_value(SecretId=name, SecretString="2")["VersionId"]
    three = secrets.update_secret(SecretId=name, SecretString="3", Description="new")["VersionId"]
    stages = secrets.describe_secret(SecretId=name)
    assert stages["VersionIdsToStages"] == {two: ["AWSPREVIOUS"], three: ["AWSCURRENT"]}
    assert stages["Description"] == "new"
    read = secrets.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")
    assert read["SecretString"] == "2"
    assert secrets.get_secret_value(SecretId=name, VersionId=one)["SecretString"] == "1"
    listed = secrets.list_secret_version_ids(SecretId=name)["Versions"]
    assert {v["VersionId"] for v in listed} == {two, three}
    everything = secrets.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)["Versions"]
    assert {v["VersionId"] for v in everything} == {one, two, three}
    there = pages(secrets.list_secret_version_ids, "Versions", 1, SecretId=name,
                  IncludeDeprecated=True)
    assert [len(page) for page in there] == [1, 1, 1]


def test_a_pending_version_becomes_current(secrets, name, refused):
    one = secrets.create_secret(Name=name, SecretString="1")["VersionId"]
    two = secrets.put_secret_value(SecretId=name, SecretString="2",
                                   VersionStages=["AWSPENDING"])["VersionId"]
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "1"
    message = refused("InvalidParameterException", secrets.update_secret_version_stage,
                      SecretId=name, VersionStage="AWSCURRENT", MoveToVersionId=two)
    assert message == ("The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT "
                       f"is currently attached to version {one}, so you must explicitly reference "
                       "that version in RemoveFromVersionId.")
    refused("InvalidParameterException", secrets.update_secret_version_stage, SecretId=name,
            VersionStage="AWSCURRENT", RemoveFromVersionId=one)
    refused("InvalidParameterException", secrets.update_secret_version_stage, SecretId=name,
            VersionStage="AWSCURRENT", RemoveFromVersionId=two, MoveToVersionId=two)
    secrets.update_secret_version_stage(SecretId=name, VersionStage="AWSCURRENT",
                                        MoveToVersionId=two, RemoveFromVersionId=one)
    secrets.update_secret_version_stage(SecretId=name, VersionStage="AWSPENDING",
                                        RemoveFromVersionId=two)
    assert secrets.describe_secret(SecretId=name)["VersionIdsToStages"] == {
        one: ["AWSPREVIOUS"], two: ["AWSCURRENT"]}
    refused("InvalidRequestException", secrets.get_secret_value, SecretId=name, VersionId=one,
            VersionStage="AWSCURRENT")
    refused("ResourceNotFoundException", secrets.get_secret_value, SecretId=name,
            VersionId=token())


def test_a_secret_has_twenty_labels(secrets, name, refused):
    secrets.create_secret(Name=name, SecretString="1")
    secrets.put_secret_value(SecretId=name, SecretString="2",
                             VersionStages=[f"l{i}" for i in range(19)])
    refused("LimitExceededException", secrets.put_secret_value, SecretId=name, SecretString="3",
            VersionStages=["x"])


# ---- deleting ----

def test_deleting_waits_and_can_be_taken_back(clocked, name, refused):
    secrets = clocked.client("secretsmanager")
    secrets.create_secret(Name=name, SecretString="1")
    deleted = secrets.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    assert deleted["DeletionDate"].isoformat()[:10] > clocked.now()[:10]
    for call, more in ((secrets.get_secret_value, {}), (secrets.put_secret_value,
                       {"SecretString": "2"}), (secrets.update_secret, {}),
                       (secrets.delete_secret, {})):
        assert refused("InvalidRequestException", call, SecretId=name, **more) == MARKED
    assert refused("InvalidRequestException", secrets.create_secret, Name=name) == (
        "You can't create this secret because a secret with this name is already scheduled for "
        "deletion.")
    assert secrets.describe_secret(SecretId=name)["DeletedDate"] == deleted["DeletionDate"]
    listed = lambda **more: [s["Name"] for s in secrets.list_secrets(  # noqa: E731
        **more)["SecretList"]]
    assert name not in listed() and name in listed(IncludePlannedDeletion=True)
    secrets.restore_secret(SecretId=name)
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "1"
    secrets.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    clocked.advance("6d")
    secrets.describe_secret(SecretId=name)
    clocked.advance("1d")
    assert refused("ResourceNotFoundException", secrets.describe_secret, SecretId=name) == GONE
    again = secrets.create_secret(Name=name, SecretString="new")
    assert secrets.list_secret_version_ids(SecretId=name)["Versions"][0]["VersionId"] == \
        again["VersionId"]


def test_deleting_at_once(secrets, name, refused):
    made = secrets.create_secret(Name=name, SecretString="1")
    refused("InvalidParameterException", secrets.delete_secret, SecretId=name,
            RecoveryWindowInDays=6)
    refused("InvalidParameterException", secrets.delete_secret, SecretId=name,
            RecoveryWindowInDays=9, ForceDeleteWithoutRecovery=True)
    secrets.delete_secret(SecretId=made["ARN"], ForceDeleteWithoutRecovery=True)
    assert refused("ResourceNotFoundException", secrets.get_secret_value, SecretId=name) == GONE
    secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)  # no mistake
    assert secrets.create_secret(Name=name)["ARN"] != made["ARN"]


# ---- lists, tags ----

def test_lists_filter_sort_and_page(fresh):
    secrets = fresh(clock="2026-11-23T08:00:00Z").client("secretsmanager")
    for i, description in enumerate(("Blue one", "red two", "blue three")):
        secrets.create_secret(Name=f"db/{i}", Description=description,
                              Tags=[{"Key": "Team", "Value": f"t{i}"}])
    secrets.create_secret(Name="other")
    names = lambda **more: [s["Name"] for s in secrets.list_secrets(  # noqa: E731
        SortBy="name", SortOrder="asc", **more)["SecretList"]]
    by = lambda key, *values: names(Filters=[{"Key": key,  # noqa: E731
                                              "Values": list(values)}])
    assert by("name", "db/") == ["db/0", "db/1", "db/2"] and by("name", "DB/") == []
    assert by("name", "!db/") == ["other"]
    assert by("description", "BLUE") == ["db/0", "db/2"]
    assert by("tag-key", "Te") == ["db/0", "db/1", "db/2"] and by("tag-value", "t1") == ["db/1"]
    assert by("all", "blue three") == ["db/2"] and by("all", "T2") == ["db/2"]
    assert by("name", "db/0", "oth") == ["db/0", "other"]
    there = pages(secrets.list_secrets, "SecretList", 3, SortBy="name", SortOrder="desc")
    assert [[s["Name"] for s in page] for page in there] == [["other", "db/2", "db/1"], ["db/0"]]


def test_tags_come_and_go(secrets, name, refused):
    secrets.create_secret(Name=name, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
    secrets.tag_resource(SecretId=name, Tags=[{"Key": "a", "Value": "2"}, {"Key": "c"}])
    secrets.untag_resource(SecretId=name, TagKeys=["b", "none"])
    assert secrets.describe_secret(SecretId=name)["Tags"] == [{"Key": "a", "Value": "2"},
                                                              {"Key": "c"}]
    refused("InvalidParameterException", secrets.tag_resource, SecretId=name,
            Tags=[{"Key": "aws:x", "Value": "1"}])
    refused("InvalidParameterException", secrets.tag_resource, SecretId=name,
            Tags=[{"Key": f"k{i}", "Value": "1"} for i in range(49)])


def test_many_values_at_once(secrets, name, refused):
    for i in range(3):
        secrets.create_secret(Name=f"{name}-{i}", SecretString=str(i))
    got = secrets.batch_get_secret_value(SecretIdList=[f"{name}-1", f"{name}-none", f"{name}-0"])
    assert [v["SecretString"] for v in got["SecretValues"]] == ["1", "0"]
    assert got["Errors"] == [{"SecretId": f"{name}-none", "Message": GONE,
                              "ErrorCode": "ResourceNotFoundException"}]
    there = pages(secrets.batch_get_secret_value, "SecretValues", 2,
                  Filters=[{"Key": "name", "Values": [f"{name}-"]}])
    assert [[v["SecretString"] for v in page] for page in there] == [["0", "1"], ["2"]]
    refused("InvalidParameterException", secrets.batch_get_secret_value)


# ---- passwords, policies ----

def test_passwords_have_what_they_must(secrets, refused):
    made = lambda **more: secrets.get_random_password(**more)["RandomPassword"]  # noqa: E731
    one = made()
    assert len(one) == 32 and made() != one
    for kind in (string.ascii_lowercase, string.ascii_uppercase, string.digits,
                 string.punctuation):
        assert set(one) & set(kind)
    assert set(made(PasswordLength=200, ExcludePunctuation=True, ExcludeNumbers=True,
                    ExcludeLowercase=True, ExcludeCharacters="A")) <= set(
                        string.ascii_uppercase) - {"A"}
    assert " " in made(PasswordLength=4, ExcludeLowercase=True, IncludeSpace=True)
    assert len(made(PasswordLength=4096)) == 4096
    refused("InvalidParameterException", secrets.get_random_password, PasswordLength=3)
    refused("InvalidParameterException", secrets.get_random_password, ExcludeLowercase=True,
            ExcludeUppercase=True, ExcludeNumbers=True, ExcludePunctuation=True)


def policy(principal):
    return json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": principal, "Action": "secretsmanager:GetSecretValue",
        "Resource": "*"}]})


def test_resource_policies(secrets, name, refused):
    made = secrets.create_secret(Name=name)
    assert "ResourcePolicy" not in secrets.get_resource_policy(SecretId=name)
    good = policy({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    assert secrets.put_resource_policy(SecretId=name, ResourcePolicy=good)["ARN"] == made["ARN"]
    assert secrets.get_resource_policy(SecretId=name)["ResourcePolicy"] == good
    assert secrets.list_resource_policies(SecretId=name)["ResourcePolicies"] == [
        {"PolicyName": "default"}]
    refused("MalformedPolicyDocumentException", secrets.put_resource_policy, SecretId=name,
            ResourcePolicy="{}")
    refused("PublicPolicyException", secrets.put_resource_policy, SecretId=name,
            ResourcePolicy=policy("*"), BlockPublicPolicy=True)
    secrets.delete_resource_policy(SecretId=name)
    assert "ResourcePolicy" not in secrets.get_resource_policy(SecretId=name)
    assert secrets.validate_resource_policy(ResourcePolicy=good)["PolicyValidationPassed"]
    assert not secrets.validate_resource_policy(
        ResourcePolicy=policy("*"))["PolicyValidationPassed"]


def test_replication_is_refused(secrets, name):
    with pytest.raises(Exception) as caught:
        secrets.create_secret(Name=name, AddReplicaRegions=[{"Region": "eu-west-1"}])
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_the_cli_knows_it(weir, name):
    def aws(*words):
        run = subprocess.run([str(Path(sys.executable).with_name("aws")), "secretsmanager", *words],
                             env=weir.environment(), capture_output=True, text=True, timeout=60,
                             check=True)
        return json.loads(run.stdout)
    made = aws("create-secret", "--name", name, "--secret-string", '{"user":"u"}')
    assert aws("get-secret-value", "--secret-id", name)["SecretString"] == '{"user":"u"}'
    assert aws("delete-secret", "--secret-id", made["ARN"], "--force-delete-without-recovery")[
        "Name"] == name
