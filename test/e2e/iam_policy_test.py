# SPDX-License-Identifier: Apache-2.0
"""Managed policies and versions, AWS's own, attaching, inline policies, boundaries."""
import json

import pytest
from iam_kit import (AWS, BASIC, IAM, allow, deny, document, iam, pages, refused,  # noqa: F401
                     trust)


@pytest.fixture(scope="module")
def three(iam):
    """A user, a group and a role, all called "three"."""
    iam.create_user(UserName="three")
    iam.create_group(GroupName="three")
    iam.create_role(RoleName="three", AssumeRolePolicyDocument=trust())


KINDS = ["user", "group", "role"]


def op(iam, template, kind, **more):
    return getattr(iam, template.format(kind))(**{kind.capitalize() + "Name": "three"}, **more)


def test_a_policy_has_a_first_version(iam):
    text = document(allow("s3:*"))
    made = iam.create_policy(PolicyName="first", Path="/p/", PolicyDocument=text,
                             Description="what it is for",
                             Tags=[{"Key": "k", "Value": "v"}])["Policy"]
    assert made["Arn"] == IAM + "policy/p/first"
    assert made["PolicyId"].startswith("ANPA")
    assert (made["DefaultVersionId"], made["AttachmentCount"], made["IsAttachable"]) == \
        ("v1", 0, True)
    got = iam.get_policy(PolicyArn=made["Arn"])["Policy"]
    assert got["Description"] == "what it is for"
    version = iam.get_policy_version(PolicyArn=made["Arn"], VersionId="v1")["PolicyVersion"]
    assert version["Document"] == json.loads(text)
    assert version["IsDefaultVersion"]


def test_a_name_is_taken_once(iam):
    iam.create_policy(PolicyName="twice", PolicyDocument=document(allow()))
    assert refused("EntityAlreadyExists", iam.create_policy, 409, PolicyName="TWICE",
                   PolicyDocument=document(allow())) == \
        "A policy called TWICE already exists. Duplicate names are not allowed."


@pytest.mark.parametrize("text, says", [
    ("not json", "Syntax errors in policy."),
    (document(allow(), version="2012-10-18"), "Syntax errors in policy."),
    (document({**allow(), "Principal": "*"}), "Policy document should not specify a principal."),
    (document(allow("nothing")), "Actions/Conditions must be prefaced by a vendor, e.g., iam, "
     "sdb, ec2, etc."),
    (document(allow(resource="bucket")), 'Resource bucket must be in ARN format or "*".'),
])
def test_malformed_documents_are_refused_in_awss_words(iam, text, says):
    assert refused("MalformedPolicyDocument", iam.create_policy, PolicyName="malformed",
                   PolicyDocument=text) == says
    refused("NoSuchEntity", iam.get_policy, 404, PolicyArn=IAM + "policy/malformed")


def test_a_policy_has_five_versions_and_one_default(iam):
    arn = iam.create_policy(PolicyName="five", PolicyDocument=document(allow()))["Policy"]["Arn"]
    for i in range(2, 6):
        version = iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(
            allow(f"s3:Get{i}")), SetAsDefault=i == 3)["PolicyVersion"]
        assert version["VersionId"] == f"v{i}"
    assert "up to 5 versions" in refused("LimitExceeded", iam.create_policy_version, 409,
                                         PolicyArn=arn, PolicyDocument=document(allow()))
    assert [[v["VersionId"] for v in page] for page in
            pages(iam, "list_policy_versions", "Versions", 3, PolicyArn=arn)] == \
        [["v5", "v4", "v3"], ["v2", "v1"]]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v3"
    assert refused("DeleteConflict", iam.delete_policy_version, 409, PolicyArn=arn,
                   VersionId="v3") == "Cannot delete the default version of a policy."
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    iam.delete_policy_version(PolicyArn=arn, VersionId="v3")
    refused("NoSuchEntity", iam.get_policy_version, 404, PolicyArn=arn, VersionId="v3")
    assert iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(
        allow()))["PolicyVersion"]["VersionId"] == "v6"
    assert "more than one version" in refused("DeleteConflict", iam.delete_policy, 409,
                                              PolicyArn=arn)
    for version in ("v2", "v4", "v5", "v6"):
        iam.delete_policy_version(PolicyArn=arn, VersionId=version)
    iam.delete_policy(PolicyArn=arn)
    assert refused("NoSuchEntity", iam.get_policy, 404, PolicyArn=arn) == \
        f"Policy {arn} was not found."


def test_a_document_has_a_maximum_size_without_white_space(iam):
    big = document(*[allow("s3:GetObject", f"arn:aws:s3:::bucket-{i}/*") for i in range(80)])
    assert refused("LimitExceeded", iam.create_policy, 409, PolicyName="big",
                   PolicyDocument=big) == "Cannot exceed quota for PolicySize: 6144"
    iam.create_policy(PolicyName="wide", PolicyDocument=document(allow()) + "\n" * 7000)


@pytest.mark.parametrize("name", [
    "AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess", "IAMFullAccess",
    "AmazonS3FullAccess", "AmazonS3ReadOnlyAccess", "AmazonSQSFullAccess", "AmazonSNSFullAccess",
    "AmazonDynamoDBFullAccess", "AmazonKinesisFullAccess", "CloudWatchLogsFullAccess",
    "AWSXRayDaemonWriteAccess", "AWSLambda_FullAccess",
    "service-role/AWSLambdaBasicExecutionRole", "service-role/AWSLambdaKinesisExecutionRole",
    "service-role/AWSLambdaSQSQueueExecutionRole", "service-role/AWSLambdaVPCAccessExecutionRole",
    "service-role/AWSLambdaDynamoDBExecutionRole",
    "service-role/AmazonAPIGatewayPushToCloudWatchLogs"])
def test_policies_of_aws_are_there(iam, name):
    policy = iam.get_policy(PolicyArn=AWS + name)["Policy"]
    assert policy["Arn"] == AWS + name
    version = iam.get_policy_version(PolicyArn=AWS + name, VersionId=policy["DefaultVersionId"])
    assert version["PolicyVersion"]["Document"]["Version"] == "2012-10-17"


def test_policies_of_aws_cannot_be_changed(iam):
    refused("InvalidInput", iam.delete_policy, PolicyArn=BASIC)
    refused("InvalidInput", iam.create_policy_version, PolicyArn=BASIC,
            PolicyDocument=document(allow()))
    refused("InvalidInput", iam.tag_policy, PolicyArn=BASIC, Tags=[{"Key": "a", "Value": "b"}])


def test_policies_are_listed_by_scope_and_use(iam):
    arn = iam.create_policy(PolicyName="listed", Path="/scope/",
                            PolicyDocument=document(allow()))["Policy"]["Arn"]
    local = {p["PolicyName"] for page in pages(iam, "list_policies", "Policies", Scope="Local")
             for p in page}
    assert "listed" in local
    assert "AdministratorAccess" not in local
    every = [p["PolicyName"] for page in pages(iam, "list_policies", "Policies", 7) for p in page]
    assert local < set(every)
    assert len(every) == len(set(every))
    assert every == sorted(every, key=str.lower)
    assert iam.list_policies(OnlyAttached=True, PathPrefix="/scope/")["Policies"] == []
    iam.create_user(UserName="user-of-listed", PermissionsBoundary=arn)
    assert iam.list_policies(PolicyUsageFilter="PermissionsBoundary",
                             PathPrefix="/scope/")["Policies"][0]["PolicyName"] == "listed"


@pytest.mark.parametrize("kind", KINDS)
def test_policies_are_attached_and_detached(iam, three, kind):
    arn = iam.create_policy(PolicyName=f"to-{kind}", PolicyDocument=document(
        allow()))["Policy"]["Arn"]
    before = iam.get_policy(PolicyArn=BASIC)["Policy"]["AttachmentCount"]
    for policy in (arn, BASIC, BASIC):  # twice is fine
        op(iam, "attach_{}_policy", kind, PolicyArn=policy)
    assert op(iam, "list_attached_{}_policies", kind)["AttachedPolicies"] == [
        {"PolicyName": "AWSLambdaBasicExecutionRole", "PolicyArn": BASIC},
        {"PolicyName": f"to-{kind}", "PolicyArn": arn}]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    assert iam.get_policy(PolicyArn=BASIC)["Policy"]["AttachmentCount"] == before + 1
    assert refused("DeleteConflict", iam.delete_policy, 409, PolicyArn=arn) == \
        "Cannot delete a policy attached to entities."
    found = iam.list_entities_for_policy(PolicyArn=arn)
    assert {member: [e[kind.capitalize() + "Name"] for e in found[member]] for member in
            ("PolicyUsers", "PolicyGroups", "PolicyRoles") if found[member]} == \
        {f"Policy{kind.capitalize()}s": ["three"]}
    for policy in (arn, BASIC):
        op(iam, "detach_{}_policy", kind, PolicyArn=policy)
    assert op(iam, "list_attached_{}_policies", kind)["AttachedPolicies"] == []
    assert iam.get_policy(PolicyArn=BASIC)["Policy"]["AttachmentCount"] == before
    iam.delete_policy(PolicyArn=arn)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_there_is_not_attached(iam, three, kind):
    for arn in (IAM + "policy/none", AWS + "NoSuchPolicy", IAM + "policy/wrong/path/first"):
        with pytest.raises(iam.exceptions.NoSuchEntityException) as caught:
            op(iam, "attach_{}_policy", kind, PolicyArn=arn)
        assert caught.value.response["Error"]["Message"] == \
            f"Policy {arn} does not exist or is not attachable."
        with pytest.raises(iam.exceptions.NoSuchEntityException) as caught:
            op(iam, "detach_{}_policy", kind, PolicyArn=arn)
        assert caught.value.response["Error"]["Message"] == f"Policy {arn} was not found."


def test_ten_policies_are_attached_at_most(iam):
    iam.create_role(RoleName="ten", AssumeRolePolicyDocument=trust())
    for i in range(11):
        iam.create_policy(PolicyName=f"ten{i}", PolicyDocument=document(allow()))
    for i in range(10):
        iam.attach_role_policy(RoleName="ten", PolicyArn=IAM + f"policy/ten{i}")
    assert refused("LimitExceeded", iam.attach_role_policy, 409, RoleName="ten",
                   PolicyArn=IAM + "policy/ten10") == "Cannot exceed quota for PoliciesPerRole: 10"
    assert [len(page) for page in pages(iam, "list_attached_role_policies", "AttachedPolicies", 4,
                                        RoleName="ten")] == [4, 4, 2]


@pytest.mark.parametrize("kind", KINDS)
def test_inline_policies_are_kept_as_they_came(iam, three, kind):
    for name in ("b", "a"):
        op(iam, "put_{}_policy", kind, PolicyName=name, PolicyDocument=document(allow()))
    op(iam, "put_{}_policy", kind, PolicyName="a", PolicyDocument=document(deny("s3:*")))
    got = op(iam, "get_{}_policy", kind, PolicyName="a")
    assert got["PolicyDocument"] == json.loads(document(deny("s3:*")))
    assert got[kind.capitalize() + "Name"] == "three"
    assert op(iam, "list_{}_policies", kind)["PolicyNames"] == ["a", "b"]
    for name in ("a", "b"):
        op(iam, "delete_{}_policy", kind, PolicyName=name)
    with pytest.raises(iam.exceptions.NoSuchEntityException) as caught:
        op(iam, "get_{}_policy", kind, PolicyName="a")
    assert caught.value.response["Error"]["Message"] == \
        f"The {kind} policy with name a cannot be found."


@pytest.mark.parametrize("kind, quota", [("user", 2048), ("group", 5120), ("role", 10240)])
def test_inline_policies_have_a_quota_together(iam, three, kind, quota):
    half = document(allow("s3:GetObject", "arn:aws:s3:::" + "b" * (quota // 2 - 140)))
    op(iam, "put_{}_policy", kind, PolicyName="one", PolicyDocument=half)
    op(iam, "put_{}_policy", kind, PolicyName="one", PolicyDocument=half)
    op(iam, "put_{}_policy", kind, PolicyName="two", PolicyDocument=half)
    with pytest.raises(iam.exceptions.LimitExceededException) as caught:
        op(iam, "put_{}_policy", kind, PolicyName="three", PolicyDocument=half)
    assert caught.value.response["Error"]["Message"] == \
        f"Maximum policy size of {quota} bytes exceeded for {kind} three"
    for name in ("one", "two"):
        op(iam, "delete_{}_policy", kind, PolicyName=name)


@pytest.mark.parametrize("kind", ["user", "role"])
def test_a_boundary_is_put_shown_counted_and_removed(iam, three, kind):
    arn = iam.create_policy(PolicyName=f"bound-{kind}", PolicyDocument=document(
        allow("*")))["Policy"]["Arn"]
    op(iam, "put_{}_permissions_boundary", kind, PermissionsBoundary=arn)
    shown = op(iam, "get_{}", kind)[kind.capitalize()]["PermissionsBoundary"]
    assert shown["PermissionsBoundaryArn"] == arn
    assert iam.get_policy(PolicyArn=arn)["Policy"]["PermissionsBoundaryUsageCount"] == 1
    refused("DeleteConflict", iam.delete_policy, 409, PolicyArn=arn)
    op(iam, "delete_{}_permissions_boundary", kind)
    assert "PermissionsBoundary" not in op(iam, "get_{}", kind)[kind.capitalize()]
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        op(iam, "put_{}_permissions_boundary", kind, PermissionsBoundary=IAM + "policy/nowhere")
    iam.delete_policy(PolicyArn=arn)
