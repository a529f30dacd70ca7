# SPDX-License-Identifier: Apache-2.0
"""Stacks under --auth=on: who may ask, and as whom resources are made: the caller, remembered by the
key, or the stack's role, remembered for later operations."""
import json

import pytest
from auth_kit import root, users_of, weir  # noqa: F401
from cloudformation_kit import delete, ended, events, ids, queue, template, update
from iam_kit import client_of

user = users_of("cloudformation")
BODY = template({"Q": queue()})
ALL = {"Effect": "Allow", "Action": "cloudformation:*", "Resource": "*"}
QUEUES = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}


@pytest.fixture
def role(weir, root):
    """role(name, service, statement…): the ARN of a role that this service may assume."""
    iam = client_of(weir, "iam", root)

    def make(name, service, *statements):
        trust = {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))[
            "Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(
                {"Version": "2012-10-17", "Statement": list(statements)}))
        return arn
    return make


def error_of(call, **more):
    with pytest.raises(Exception) as caught:
        call(**more)
    return caught.value.response["Error"]


def create(cfn, name, **more):
    cfn.create_stack(StackName=name, TemplateBody=BODY, **more)
    return ended(cfn, name)


def test_a_caller_without_rights_makes_nothing(user):
    cfn, arn = user()
    error = error_of(cfn.create_stack, StackName="none", TemplateBody=BODY)
    assert error["Code"] == "AccessDenied"
    assert arn in error["Message"] and "cloudformation:CreateStack" in error["Message"]


def test_policies_name_stacks(user):
    cfn, _ = user({"Effect": "Allow", "Action": "cloudformation:*",
                   "Resource": "arn:aws:cloudformation:*:*:stack/mine-*/*"}, QUEUES)
    assert create(cfn, "mine-1")["StackStatus"] == "CREATE_COMPLETE"
    assert error_of(cfn.create_stack, StackName="other", TemplateBody=BODY)["Code"] == \
        "AccessDenied"
    stack_id = cfn.describe_stacks(StackName="mine-1")["Stacks"][0]["StackId"]
    cfn.delete_stack(StackName=stack_id)
    assert ended(cfn, stack_id)["StackStatus"] == "DELETE_COMPLETE"


def test_resources_are_made_as_the_caller(user):
    cfn, arn = user(ALL)
    stack = create(cfn, "as-caller")
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    reason = [one[2] for one in events(cfn, "as-caller") if one[1] == "CREATE_FAILED"][0]
    assert arn in reason and "sqs:createqueue" in reason.lower() and "AccessDenied" in reason
    may, _ = user(ALL, QUEUES)
    assert create(may, "as-one-who-may")["StackStatus"] == "CREATE_COMPLETE"


def test_resources_are_made_as_the_role_then_and_later(user, role):
    """Who asks may nothing with queues; the role may, and deletes them too."""
    arn = role("stacks-queues", "cloudformation.amazonaws.com", QUEUES)
    cfn, _ = user(ALL, {"Effect": "Allow", "Action": "iam:PassRole", "Resource": arn})
    stack = create(cfn, "as-role", RoleARN=arn)
    assert stack["StackStatus"] == "CREATE_COMPLETE" and stack["RoleARN"] == arn
    assert update(cfn, "as-role", template({"Q": queue(DelaySeconds=1)}))["StackStatus"] == \
        "UPDATE_COMPLETE"
    assert delete(cfn, "as-role")["StackStatus"] == "DELETE_COMPLETE"


def test_roles_are_passed_and_trusted(user, role):
    arn = role("stacks-other", "lambda.amazonaws.com", QUEUES)
    cfn, _ = user(ALL, {"Effect": "Allow", "Action": "iam:PassRole", "Resource": arn})
    error = error_of(cfn.create_stack, StackName="untrusted", TemplateBody=BODY, RoleARN=arn)
    assert error["Message"] == f"Role {arn} is invalid or cannot be assumed"
    trusted = role("stacks-unpassed", "cloudformation.amazonaws.com", QUEUES)
    error = error_of(cfn.create_stack, StackName="unpassed", TemplateBody=BODY, RoleARN=trusted)
    assert error["Code"] == "AccessDenied" and "iam:PassRole" in error["Message"]


def test_templates_in_buckets_are_read_as_the_caller(weir, root, user):
    s3 = client_of(weir, "s3", root)
    s3.create_bucket(Bucket="auth-templates")
    s3.put_object(Bucket="auth-templates", Key="t.json", Body=BODY)
    url = f"{weir.url}/auth-templates/t.json"
    cfn, _ = user(ALL, QUEUES)
    assert error_of(cfn.create_stack, StackName="read", TemplateURL=url)["Message"].startswith(
        "S3 error: Access Denied")
    cfn, _ = user(ALL, QUEUES, {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})
    cfn.create_stack(StackName="read", TemplateURL=url)
    assert ended(cfn, "read")["StackStatus"] == "CREATE_COMPLETE"


def test_a_key_that_is_gone_makes_nothing(weir, root, user):
    """A stack that waits goes on after a restart as who asked; without its key it fails."""
    iam = client_of(weir, "iam", root)
    cfn, arn = user(ALL, QUEUES)
    wait = {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
            "Wait": {"Type": "AWS::CloudFormation::WaitCondition",
                     "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "1"}}}
    cfn.create_stack(StackName="keyless", TemplateBody=template({"Q": queue(), **wait}))
    name = arn.rsplit("/", 1)[1]
    key = iam.list_access_keys(UserName=name)["AccessKeyMetadata"][0]["AccessKeyId"]
    iam.delete_access_key(UserName=name, AccessKeyId=key)
    weir.restart(hard=True)
    admin = client_of(weir, "cloudformation", root)
    stack = ended(admin, "keyless")
    assert stack["StackStatus"] == "ROLLBACK_FAILED"
    assert any(one[:2] == ("Q", "DELETE_FAILED") and "security token" in one[2]
               for one in events(admin, "keyless"))
    admin.delete_stack(StackName="keyless")
    assert ended(admin, stack["StackId"])["StackStatus"] == "DELETE_COMPLETE"
    assert ids(admin, stack["StackId"])
