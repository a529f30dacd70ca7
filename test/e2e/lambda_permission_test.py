# SPDX-License-Identifier: Apache-2.0
"""Resource policies of functions: statements one by one, in AWS's own words, and whole policies."""
import json

import pytest
from lambda_kit import arn, create, refused
from weir_server import ACCOUNT

BAD = "InvalidParameterValueException"
GONE = "ResourceNotFoundException"
INVOKE = "lambda:InvokeFunction"


@pytest.fixture(scope="module")
def functions(weir):
    return weir.client("lambda")


@pytest.fixture
def made(functions):
    return create(functions)["FunctionName"]


def add(functions, name, sid="s1", action=INVOKE, principal="s3.amazonaws.com", **more):
    return functions.add_permission(FunctionName=name, StatementId=sid, Action=action,
                                    Principal=principal, **more)


def policy(functions, name, **more):
    return json.loads(functions.get_policy(FunctionName=name, **more)["Policy"])


def test_a_statement_is_written_as_aws_writes_it(functions, made):
    added = add(functions, made, "s3", SourceArn="arn:aws:s3:::bucket", SourceAccount=ACCOUNT)
    assert added["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert added["Statement"] == (
        '{"Sid":"s3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},'
        f'"Action":"lambda:InvokeFunction","Resource":"{arn(made)}",'
        f'"Condition":{{"StringEquals":{{"AWS:SourceAccount":"{ACCOUNT}"}},'
        '"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::bucket"}}}')
    got = functions.get_policy(FunctionName=made)
    assert got["Policy"] == ('{"Version":"2012-10-17","Id":"default","Statement":['
                             + added["Statement"] + "]}")
    assert got["RevisionId"] == functions.get_function_configuration(
        FunctionName=made)["RevisionId"]


@pytest.mark.parametrize("principal, written", [
    ("444455556666", {"AWS": "arn:aws:iam::444455556666:root"}),
    ("arn:aws:iam::444455556666:role/r", {"AWS": "arn:aws:iam::444455556666:role/r"}),
    ("*", "*"), ("events.amazonaws.com", {"Service": "events.amazonaws.com"})])
def test_principals(functions, made, principal, written):
    added = add(functions, made, principal=principal)
    assert json.loads(added["Statement"])["Principal"] == written


def test_conditions(functions, made):
    statement = json.loads(add(
        functions, made, action="lambda:InvokeFunctionUrl", principal="*",
        FunctionUrlAuthType="NONE", PrincipalOrgID="o-0123456789ab", EventSourceToken="token",
        InvokedViaFunctionUrl=True)["Statement"])
    assert statement["Condition"] == {
        "StringEquals": {"lambda:FunctionUrlAuthType": "NONE",
                         "aws:PrincipalOrgID": "o-0123456789ab",
                         "lambda:EventSourceToken": "token"},
        "Bool": {"lambda:InvokedViaFunctionUrl": "true"}}


def test_statements_come_and_go(functions, made):
    for sid in ("a", "b", "c"):
        add(functions, made, sid)
    functions.remove_permission(FunctionName=made, StatementId="b")
    assert [s["Sid"] for s in policy(functions, made)["Statement"]] == ["a", "c"]
    assert refused("ResourceConflictException", add, 409, functions=functions, name=made,
                   sid="a") == ("The statement id (a) provided already exists. Please provide a "
                                "new statement id, or remove the existing statement.")
    assert refused(GONE, functions.remove_permission, 404, FunctionName=made,
                   StatementId="b") == "Statement b is not found in resource policy."
    for sid in ("a", "c"):
        functions.remove_permission(FunctionName=made, StatementId=sid)
    assert refused(GONE, functions.get_policy, 404, FunctionName=made) == (
        "The resource you requested does not exist.")
    assert refused(GONE, functions.remove_permission, 404, FunctionName=made,
                   StatementId="a") == "No policy is associated with the given resource."


def test_versions_and_aliases_have_policies_of_their_own(functions, made):
    functions.publish_version(FunctionName=made)
    functions.create_alias(FunctionName=made, Name="prod", FunctionVersion="1")
    add(functions, made, "of-function")
    add(functions, made, "of-version", Qualifier="1")
    statement = json.loads(add(functions, made, "of-alias", Qualifier="prod")["Statement"])
    assert statement["Resource"] == arn(made, "prod")
    for qualifier, sid in ((None, "of-function"), ("1", "of-version"), ("prod", "of-alias")):
        more = {"Qualifier": qualifier} if qualifier else {}
        assert [s["Sid"] for s in policy(functions, made, **more)["Statement"]] == [sid]
    assert functions.get_policy(FunctionName=made, Qualifier="prod")["RevisionId"] == (
        functions.get_alias(FunctionName=made, Name="prod")["RevisionId"])
    assert refused(BAD, add, functions=functions, name=made, Qualifier="$LATEST") == (
        "We currently do not support adding policies for $LATEST.")
    assert refused(GONE, add, 404, functions=functions, name=made, Qualifier="none") == (
        f"Cannot find alias arn: {arn(made, 'none')}")
    refused(GONE, add, 404, functions=functions, name=made, Qualifier="7")
    refused(GONE, add, 404, functions=functions, name="nobody")


def test_a_change_may_depend_on_the_revision_and_makes_a_new_one(functions, made):
    before = functions.get_function_configuration(FunctionName=made)
    add(functions, made, RevisionId=before["RevisionId"])
    after = functions.get_function_configuration(FunctionName=made)
    assert after["RevisionId"] != before["RevisionId"]
    assert after["LastModified"] == before["LastModified"]
    refused("PreconditionFailedException", add, 412, functions=functions, name=made, sid="s2",
            RevisionId=before["RevisionId"])
    refused("PreconditionFailedException", functions.remove_permission, 412, FunctionName=made,
            StatementId="s1", RevisionId=before["RevisionId"])


def test_principals_that_are_none_and_policies_that_are_too_long(functions, made):
    assert refused(BAD, add, functions=functions, name=made, principal="me") == (
        "The provided principal was invalid. Please check the principal and try again.")
    refused("ValidationException", add, functions=functions, name=made, sid="a b")
    refused("ValidationException", add, functions=functions, name=made, action="s3:GetObject")
    source = "arn:aws:s3:::" + "x" * 2000
    for i in range(9):
        add(functions, made, f"s{i}", SourceArn=source)
    assert "is bigger than the limit (20480)" in refused(
        "PolicyLengthExceededException", add, functions=functions, name=made, SourceArn=source,
        sid="s9")


def test_a_whole_policy_replaces_the_statements(functions, made):
    add(functions, made, "old")
    whole = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Sid": "new", "Effect": "Deny", "Principal": "*", "Action": "lambda:*",
         "Resource": arn(made)}]})
    put = functions.put_resource_policy(ResourceArn=arn(made), Policy=whole)
    assert put["Policy"] == whole
    got = functions.get_resource_policy(ResourceArn=arn(made))
    assert (got["Policy"], got["RevisionId"]) == (whole, put["RevisionId"])
    assert functions.get_policy(FunctionName=made)["Policy"] == whole
    add(functions, made, "more")
    assert [s["Sid"] for s in policy(functions, made)["Statement"]] == ["new", "more"]
    refused("PreconditionFailedException", functions.delete_resource_policy, 412,
            ResourceArn=arn(made), RevisionId=put["RevisionId"])
    functions.delete_resource_policy(ResourceArn=arn(made))
    refused(GONE, functions.get_resource_policy, 404, ResourceArn=arn(made))
    refused(GONE, functions.delete_resource_policy, 404, ResourceArn=arn(made))
    refused(BAD, functions.put_resource_policy, ResourceArn=arn(made), Policy="{}")
    refused(GONE, functions.put_resource_policy, 404, ResourceArn=arn("nobody"), Policy=whole)
