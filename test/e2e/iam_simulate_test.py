# SPDX-License-Identifier: Apache-2.0
"""The policy simulators, and which context keys policies ask for."""
import pytest
from iam_kit import BASIC, IAM, allow, deny, document, iam, pages, refused, trust  # noqa: F401


def decisions(results):
    return [(r["EvalActionName"], r["EvalResourceName"], r["EvalDecision"]) for r in results]


def test_each_action_on_each_resource_has_a_result(iam):
    results = iam.simulate_custom_policy(
        PolicyInputList=[document(allow("s3:Get*", "arn:aws:s3:::a/*"),
                                  deny("s3:GetObject", "arn:aws:s3:::a/secret"))],
        ActionNames=["s3:GetObject", "s3:PutObject"],
        ResourceArns=["arn:aws:s3:::a/x", "arn:aws:s3:::a/secret"])["EvaluationResults"]
    assert decisions(results) == [
        ("s3:GetObject", "arn:aws:s3:::a/x", "allowed"),
        ("s3:GetObject", "arn:aws:s3:::a/secret", "explicitDeny"),
        ("s3:PutObject", "arn:aws:s3:::a/x", "implicitDeny"),
        ("s3:PutObject", "arn:aws:s3:::a/secret", "implicitDeny")]


def test_a_result_names_the_statements_that_decided(iam):
    first = '{"Version": "2012-10-17", "Statement": [\n  '
    text = first + '{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
    matched = iam.simulate_custom_policy(
        PolicyInputList=[document(allow("sqs:*")), text],
        ActionNames=["s3:GetObject"])["EvaluationResults"][0]["MatchedStatements"]
    assert [(m["SourcePolicyId"], m["SourcePolicyType"]) for m in matched] == \
        [("PolicyInputList.2", "IAM Policy")]
    assert matched[0]["StartPosition"] == {"Line": 2, "Column": 3}
    assert matched[0]["EndPosition"]["Line"] == 2


def test_context_is_given_or_missing(iam):
    text = document(allow("s3:GetObject", Condition={
        "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}, "StringLike": {"s3:prefix": "a*"}}))

    def simulate(*entries):
        return iam.simulate_custom_policy(
            PolicyInputList=[text], ActionNames=["s3:GetObject"], ContextEntries=[
                {"ContextKeyName": n, "ContextKeyType": t, "ContextKeyValues": [v]}
                for n, t, v in entries])["EvaluationResults"][0]

    nothing = simulate()
    assert nothing["EvalDecision"] == "implicitDeny"
    assert set(nothing["MissingContextValues"]) & {"aws:SourceIp", "s3:prefix"}
    address = ("aws:SourceIp", "ip", "10.1.2.3")
    assert simulate(address)["MissingContextValues"] == ["s3:prefix"]
    assert simulate(address, ("S3:PREFIX", "string", "abc"))["EvalDecision"] == "allowed"
    assert simulate(address, ("s3:prefix", "string", "b"))["EvalDecision"] == "implicitDeny"


def test_a_boundary_limits(iam):
    result = iam.simulate_custom_policy(
        PolicyInputList=[document(allow("*"))],
        PermissionsBoundaryPolicyInputList=[document(allow("s3:*"))],
        ActionNames=["s3:GetObject", "sqs:SendMessage"])["EvaluationResults"]
    assert [(r["EvalDecision"], r["PermissionsBoundaryDecisionDetail"][
        "AllowedByPermissionsBoundary"]) for r in result] == \
        [("allowed", True), ("implicitDeny", False)]


def test_a_resource_policy_counts(iam):
    policy = document({"Effect": "Allow", "Principal": {"AWS": IAM + "user/reader"},
                       "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"})
    result = iam.simulate_custom_policy(
        PolicyInputList=[document(allow("sqs:*"))], ActionNames=["s3:GetObject"],
        ResourceArns=["arn:aws:s3:::b/x"], ResourcePolicy=policy, CallerArn=IAM + "user/reader")
    assert result["EvaluationResults"][0]["EvalDecision"] == "allowed"


def test_a_principals_policies_are_its_own_and_its_groups(iam):
    iam.create_user(UserName="sim", Path="/s/")
    iam.create_group(GroupName="sim")
    iam.add_user_to_group(GroupName="sim", UserName="sim")
    iam.put_user_policy(UserName="sim", PolicyName="own", PolicyDocument=document(allow("s3:*")))
    iam.put_group_policy(GroupName="sim", PolicyName="groups",
                         PolicyDocument=document(allow("sqs:*"), deny("s3:DeleteObject")))
    iam.attach_user_policy(UserName="sim", PolicyArn=BASIC)
    results = iam.simulate_principal_policy(
        PolicySourceArn=IAM + "user/s/sim",
        ActionNames=["s3:GetObject", "s3:DeleteObject", "sqs:SendMessage", "logs:PutLogEvents",
                     "sns:Publish"])["EvaluationResults"]
    assert [r["EvalDecision"] for r in results] == \
        ["allowed", "explicitDeny", "allowed", "allowed", "implicitDeny"]
    assert [r["MatchedStatements"][0]["SourcePolicyId"] for r in results[:4]] == \
        ["own", "groups", "groups", "AWSLambdaBasicExecutionRole"]


def test_a_principal_has_its_boundary(iam):
    arn = iam.create_policy(PolicyName="sim-bound", PolicyDocument=document(
        allow("s3:*")))["Policy"]["Arn"]
    role = iam.create_role(RoleName="sim-bound", AssumeRolePolicyDocument=trust(),
                           PermissionsBoundary=arn)["Role"]["Arn"]
    iam.put_role_policy(RoleName="sim-bound", PolicyName="all", PolicyDocument=document(
        allow("*")))
    results = iam.simulate_principal_policy(
        PolicySourceArn=role, ActionNames=["s3:GetObject", "sqs:SendMessage"])
    assert [r["EvalDecision"] for r in results["EvaluationResults"]] == \
        ["allowed", "implicitDeny"]


def test_results_come_in_pieces(iam):
    found = pages(iam, "simulate_custom_policy", "EvaluationResults", 2,
                  PolicyInputList=[document(allow())],
                  ActionNames=["s3:GetObject", "s3:PutObject", "s3:ListBucket"])
    assert [len(page) for page in found] == [2, 1]


@pytest.mark.parametrize("more, code", [
    ({"PolicyInputList": ["nothing"], "ActionNames": ["s3:GetObject"]}, "InvalidInput"),
    ({"PolicyInputList": [document(allow())], "ActionNames": ["nothing"]}, "InvalidInput")])
def test_bad_input_is_refused(iam, more, code):
    refused(code, iam.simulate_custom_policy, **more)


def test_who_is_not_there_cannot_be_simulated(iam):
    refused("NoSuchEntity", iam.simulate_principal_policy, 404,
            PolicySourceArn=IAM + "user/nobody", ActionNames=["s3:GetObject"])


def test_context_keys_are_gathered_once_each(iam):
    one = document(allow("s3:*", "arn:aws:s3:::b/${aws:username}/*", Condition={
        "StringEquals": {"aws:PrincipalTag/team": "a", "s3:prefix": ["x"]}}))
    assert set(iam.get_context_keys_for_custom_policy(PolicyInputList=[one, one])[
        "ContextKeyNames"]) == {"aws:username", "aws:PrincipalTag/team", "s3:prefix"}
    iam.create_user(UserName="keys-of")
    iam.put_user_policy(UserName="keys-of", PolicyName="p", PolicyDocument=document(
        allow("s3:*", Condition={"Bool": {"aws:SecureTransport": "true"}})))
    assert set(iam.get_context_keys_for_principal_policy(
        PolicySourceArn=IAM + "user/keys-of", PolicyInputList=[one])["ContextKeyNames"]) == {
        "aws:username", "aws:PrincipalTag/team", "s3:prefix", "aws:SecureTransport"}
