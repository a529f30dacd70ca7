# SPDX-License-Identifier: Apache-2.0
"""IAM and Cognito in templates: one stack each with every type and its properties, read by the
services' own calls, then changed (in place and by replacement), then gone without a trace."""
import pytest
from botocore.exceptions import ClientError
from cloudformation_kit import create, delete, drifts, events, ids, outputs, template, update

TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
     "Action": "sts:AssumeRole"}]}
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


def may(action):
    return {"Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


@pytest.fixture(scope="module")
def cfn(weir):
    return weir.client("cloudformation")


@pytest.fixture(scope="module")
def iam(weir):
    return weir.client("iam")


@pytest.fixture(scope="module")
def idp(weir):
    return weir.client("cognito-idp")


def refused(call, **more):
    with pytest.raises(ClientError) as caught:
        call(**more)
    return caught.value.response["Error"]["Code"]


def kind(name, properties, **more):
    return {"Type": name, "Properties": properties, **more}


# ---- IAM ----

def people():
    """Every type of IAM, as it is made."""
    return {
        "Role": kind("AWS::IAM::Role", {
            "AssumeRolePolicyDocument": TRUST, "Description": "works", "Path": "/app/",
            "MaxSessionDuration": 7200, "ManagedPolicyArns": [READ_ONLY],
            "PermissionsBoundary": ADMIN,
            "Policies": [{"PolicyName": "inline", "PolicyDocument": may("s3:GetObject")}],
            "Tags": [{"Key": "k", "Value": "v"}]}),
        "Group": kind("AWS::IAM::Group", {
            "Path": "/teams/", "ManagedPolicyArns": [READ_ONLY],
            "Policies": [{"PolicyName": "inline", "PolicyDocument": may("s3:PutObject")}]}),
        "User": kind("AWS::IAM::User", {
            "UserName": "types-user", "Groups": [{"Ref": "Group"}], "Path": "/people/",
            "LoginProfile": {"Password": "Sesame-123456", "PasswordResetRequired": True},
            "ManagedPolicyArns": [{"Ref": "Managed"}],
            "Policies": [{"PolicyName": "inline", "PolicyDocument": may("sqs:*")}],
            "Tags": [{"Key": "k", "Value": "v"}]}),
        "Key": kind("AWS::IAM::AccessKey", {"UserName": {"Ref": "User"}, "Status": "Active"}),
        "Other": kind("AWS::IAM::Group", {}),
        "Added": kind("AWS::IAM::UserToGroupAddition", {
            "GroupName": {"Ref": "Other"}, "Users": [{"Ref": "User"}]}),
        "Managed": kind("AWS::IAM::ManagedPolicy", {
            "Description": "d", "Path": "/app/", "PolicyDocument": may("sns:*"),
            "Roles": [{"Ref": "Role"}], "Groups": [{"Ref": "Group"}]}),
        "Policy": kind("AWS::IAM::Policy", {
            "PolicyName": "shared", "PolicyDocument": may("kinesis:*"),
            "Roles": [{"Ref": "Role"}], "Users": [{"Ref": "User"}],
            "Groups": [{"Ref": "Group"}]}),
        "RolePolicy": kind("AWS::IAM::RolePolicy", {
            "PolicyName": "own", "RoleName": {"Ref": "Role"}, "PolicyDocument": may("logs:*")}),
        "UserPolicy": kind("AWS::IAM::UserPolicy", {
            "PolicyName": "own", "UserName": {"Ref": "User"}, "PolicyDocument": may("logs:*")}),
        "GroupPolicy": kind("AWS::IAM::GroupPolicy", {
            "PolicyName": "own", "GroupName": {"Ref": "Group"}, "PolicyDocument": may("logs:*")}),
        "Profile": kind("AWS::IAM::InstanceProfile", {
            "Path": "/app/", "Roles": [{"Ref": "Role"}]}),
        "Oidc": kind("AWS::IAM::OIDCProvider", {
            "Url": "https://id.types.example", "ClientIdList": ["one", "two"],
            "ThumbprintList": ["990f4193972f2becf12ddeda5237f9c952f20d9e"]}),
        "Linked": kind("AWS::IAM::ServiceLinkedRole", {
            "AWSServiceName": "autoscaling.amazonaws.com", "Description": "d"}),
    }


OUTPUTS = {name: {"Value": {"Fn::GetAtt": value.split(".")}} for name, value in {
    "RoleArn": "Role.Arn", "RoleId": "Role.RoleId", "GroupArn": "Group.Arn", "UserArn": "User.Arn",
    "Secret": "Key.SecretAccessKey", "PolicyId": "Managed.PolicyId",
    "Attached": "Managed.AttachmentCount", "ProfileArn": "Profile.Arn", "OidcArn": "Oidc.Arn",
    "LinkedName": "Linked.RoleName", "AddedId": "Added.Id"}.items()}


def test_people_roles_and_policies(cfn, iam):
    stack = create(cfn, "people", template(people(), Outputs=OUTPUTS),
                   Tags=[{"Key": "team", "Value": "blue"}])
    assert stack["StackStatus"] == "CREATE_COMPLETE", events(cfn, "people")
    # what another resource of the stack attaches is more than these say of themselves
    assert {one[0] for one in drifts(cfn, "people")} <= {"Role", "User", "Group"}
    names, told = ids(cfn, "people"), outputs(stack)
    role = iam.get_role(RoleName=names["Role"])["Role"]
    assert (role["Arn"], role["RoleId"]) == (told["RoleArn"], told["RoleId"])
    assert names["Role"].startswith("people-Role-")
    assert (role["Description"], role["MaxSessionDuration"]) == ("works", 7200)
    assert role["AssumeRolePolicyDocument"] == TRUST
    assert {tag["Key"]: tag["Value"] for tag in role["Tags"]}.items() >= {
        ("k", "v"), ("team", "blue")}
    assert set(iam.list_role_policies(RoleName=names["Role"])["PolicyNames"]) == {
        "inline", "own", "shared"}
    assert {one["PolicyArn"] for one in iam.list_attached_role_policies(
        RoleName=names["Role"])["AttachedPolicies"]} == {READ_ONLY, names["Managed"]}
    groups = iam.list_groups_for_user(UserName="types-user")["Groups"]
    assert {one["GroupName"] for one in groups} == {names["Group"], names["Other"]}
    assert told["GroupArn"].split(":")[-1] == f"group/teams/{names['Group']}"
    assert iam.get_login_profile(UserName="types-user")["LoginProfile"]["PasswordResetRequired"]
    keys = iam.list_access_keys(UserName="types-user")["AccessKeyMetadata"]
    assert [(one["AccessKeyId"], one["Status"]) for one in keys] == [(names["Key"], "Active")]
    assert len(told["Secret"]) == 40
    assert names["RolePolicy"] == f"own|{names['Role']}"
    assert told["LinkedName"] == names["Linked"] == "AWSServiceRoleForAutoScaling"
    profile = iam.get_instance_profile(InstanceProfileName=names["Profile"])["InstanceProfile"]
    assert [one["RoleName"] for one in profile["Roles"]] == [names["Role"]]

    changed = people()
    changed["Role"]["Properties"] = {"AssumeRolePolicyDocument": TRUST, "Path": "/app/"}
    changed["User"]["Properties"] = {"UserName": "types-user", "Groups": [{"Ref": "Other"}]}
    changed["Key"]["Properties"]["Status"] = "Inactive"
    changed["Managed"]["Properties"]["PolicyDocument"] = may("lambda:*")
    changed["Policy"]["Properties"] = {"PolicyName": "renamed", "PolicyDocument": may("events:*"),
                                       "Roles": [{"Ref": "Role"}]}
    changed["Oidc"]["Properties"]["ClientIdList"] = ["two", "three"]
    changed["Other"]["Properties"] = {"GroupName": "types-other"}
    del changed["GroupPolicy"]
    stack = update(cfn, "people", template(changed, Outputs=OUTPUTS))
    assert stack["StackStatus"] == "UPDATE_COMPLETE", events(cfn, "people")
    assert {one[0] for one in drifts(cfn, "people")} <= {"Role", "User", "Group"}
    now = ids(cfn, "people")
    assert now["Role"] == names["Role"] and now["Other"] == "types-other"
    assert refused(iam.get_group, GroupName=names["Other"]) == "NoSuchEntity"
    role = iam.get_role(RoleName=names["Role"])["Role"]
    assert role.get("Description", "") == "" and role["MaxSessionDuration"] == 3600
    assert "PermissionsBoundary" not in role
    assert set(iam.list_role_policies(RoleName=names["Role"])["PolicyNames"]) == {
        "own", "renamed"}
    assert iam.list_user_policies(UserName="types-user")["PolicyNames"] == ["own"]
    assert refused(iam.get_login_profile, UserName="types-user") == "NoSuchEntity"
    groups = iam.list_groups_for_user(UserName="types-user")["Groups"]
    assert [one["GroupName"] for one in groups] == ["types-other"]
    assert iam.list_access_keys(UserName="types-user")["AccessKeyMetadata"][0][
        "Status"] == "Inactive"
    policy = iam.get_policy(PolicyArn=names["Managed"])["Policy"]
    version = iam.get_policy_version(PolicyArn=names["Managed"],
                                     VersionId=policy["DefaultVersionId"])["PolicyVersion"]
    assert version["Document"] == may("lambda:*")
    assert outputs(stack)["Secret"] == told["Secret"]

    assert delete(cfn, "people")["StackStatus"] == "DELETE_COMPLETE", events(cfn, stack["StackId"])
    assert refused(iam.get_role, RoleName=names["Role"]) == "NoSuchEntity"
    assert refused(iam.get_user, UserName="types-user") == "NoSuchEntity"
    assert refused(iam.get_policy, PolicyArn=names["Managed"]) == "NoSuchEntity"
    assert refused(iam.get_instance_profile,
                   InstanceProfileName=names["Profile"]) == "NoSuchEntity"
    assert refused(iam.get_role, RoleName="AWSServiceRoleForAutoScaling") == "NoSuchEntity"


def test_a_role_is_made_whole_or_not_at_all(cfn, iam):
    broken = {"Role": kind("AWS::IAM::Role", {
        "RoleName": "types-broken", "AssumeRolePolicyDocument": TRUST,
        "ManagedPolicyArns": ["arn:aws:iam::aws:policy/NoSuchPolicy"]})}
    stack = create(cfn, "broken", template(broken))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert refused(iam.get_role, RoleName="types-broken") == "NoSuchEntity"
    reasons = [reason for logical, status, reason in events(cfn, "broken")
               if status == "CREATE_FAILED"]
    assert "NoSuchPolicy" in reasons[0] and "HandlerErrorCode: NotFound" in reasons[0]


# ---- Cognito ----

def pool():
    return {
        "Pool": kind("AWS::Cognito::UserPool", {
            "UserPoolName": "types", "AutoVerifiedAttributes": ["email"],
            "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True},
            "AccountRecoverySetting": {"RecoveryMechanisms": [
                {"Name": "verified_email", "Priority": 1}]},
            "DeletionProtection": "INACTIVE", "EnabledMfas": ["SOFTWARE_TOKEN_MFA"],
            "MfaConfiguration": "OPTIONAL",
            "Policies": {"PasswordPolicy": {"MinimumLength": 12, "RequireSymbols": False}},
            "Schema": [{"Name": "site", "AttributeDataType": "String", "Mutable": True}],
            "UsernameConfiguration": {"CaseSensitive": False},
            "UserPoolTags": {"k": "v"},
            "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_CODE",
                                            "EmailSubject": "code"}}),
        "Server": kind("AWS::Cognito::UserPoolResourceServer", {
            "UserPoolId": {"Ref": "Pool"}, "Identifier": "cards", "Name": "Cards",
            "Scopes": [{"ScopeName": "read", "ScopeDescription": "reads"}]}),
        "Client": kind("AWS::Cognito::UserPoolClient", {
            "UserPoolId": {"Ref": "Pool"}, "ClientName": "web", "GenerateSecret": True,
            "AllowedOAuthFlows": ["code"], "AllowedOAuthFlowsUserPoolClient": True,
            "AllowedOAuthScopes": ["openid", "cards/read"],
            "CallbackURLs": ["https://app.example/in"], "LogoutURLs": ["https://app.example/out"],
            "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            "SupportedIdentityProviders": ["COGNITO"], "AccessTokenValidity": 10,
            "TokenValidityUnits": {"AccessToken": "minutes"},
            "PreventUserExistenceErrors": "ENABLED"}, DependsOn="Server"),
        "Domain": kind("AWS::Cognito::UserPoolDomain", {
            "UserPoolId": {"Ref": "Pool"}, "Domain": "types-cards", "ManagedLoginVersion": 1}),
        "Hr": kind("AWS::Cognito::UserPoolGroup", {
            "UserPoolId": {"Ref": "Pool"}, "GroupName": "hr", "Description": "people",
            "Precedence": 2}),
        "Ann": kind("AWS::Cognito::UserPoolUser", {
            "UserPoolId": {"Ref": "Pool"}, "Username": "ann", "MessageAction": "SUPPRESS",
            "UserAttributes": [{"Name": "email", "Value": "ann@example.com"}]}),
        "Member": kind("AWS::Cognito::UserPoolUserToGroupAttachment", {
            "UserPoolId": {"Ref": "Pool"}, "GroupName": {"Ref": "Hr"},
            "Username": {"Ref": "Ann"}}),
    }


POOL_OUTPUTS = {name: {"Value": {"Fn::GetAtt": value.split(".")}} for name, value in {
    "Arn": "Pool.Arn", "Provider": "Pool.ProviderName", "Url": "Pool.ProviderURL",
    "Secret": "Client.ClientSecret", "Name": "Client.Name",
    "Front": "Domain.CloudFrontDistribution"}.items()}


def test_a_user_pool_and_what_it_has(cfn, idp):
    stack = create(cfn, "pool", template(pool(), Outputs=POOL_OUTPUTS),
                   Tags=[{"Key": "team", "Value": "blue"}])
    assert stack["StackStatus"] == "CREATE_COMPLETE", events(cfn, "pool")
    assert drifts(cfn, "pool") == []
    names, told = ids(cfn, "pool"), outputs(stack)
    pool_id = names["Pool"]
    about = idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    assert about["Arn"] == told["Arn"] and told["Provider"].endswith(f"/{pool_id}")
    assert told["Url"].endswith(f"/{pool_id}")
    assert about["Policies"]["PasswordPolicy"]["MinimumLength"] == 12
    assert about["UserPoolTags"] == {"k": "v", "team": "blue"}
    assert about["MfaConfiguration"] == "OPTIONAL"
    assert "custom:site" in [one["Name"] for one in about["SchemaAttributes"]]
    client = idp.describe_user_pool_client(UserPoolId=pool_id,
                                           ClientId=names["Client"])["UserPoolClient"]
    assert (client["ClientSecret"], client["ClientName"]) == (told["Secret"], "web")
    assert client["AllowedOAuthScopes"] == ["openid", "cards/read"]
    assert (names["Server"], names["Domain"], names["Hr"], names["Ann"]) == (
        "cards", "types-cards", "hr", "ann")
    users = idp.list_users_in_group(UserPoolId=pool_id, GroupName="hr")["Users"]
    assert [one["Username"] for one in users] == ["ann"]

    changed = pool()
    changed["Pool"]["Properties"] = {
        "UserPoolName": "types", "UsernameConfiguration": {"CaseSensitive": False},
        "AutoVerifiedAttributes": ["email"],
        "Schema": [{"Name": "site", "AttributeDataType": "String", "Mutable": True},
                   {"Name": "floor", "AttributeDataType": "Number"}]}
    changed["Client"]["Properties"] = {"UserPoolId": {"Ref": "Pool"}, "ClientName": "renamed",
                                       "GenerateSecret": True}
    changed["Hr"]["Properties"]["GroupName"] = "people"
    del changed["Domain"]
    told_still = {name: value for name, value in POOL_OUTPUTS.items() if name != "Front"}
    stack = update(cfn, "pool", template(changed, Outputs=told_still))
    assert stack["StackStatus"] == "UPDATE_COMPLETE", events(cfn, "pool")
    assert drifts(cfn, "pool") == []
    now = ids(cfn, "pool")
    assert (now["Pool"], now["Client"]) == (pool_id, names["Client"])
    about = idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    assert about["Policies"]["PasswordPolicy"]["MinimumLength"] == 8
    assert about["MfaConfiguration"] == "OFF" and "Domain" not in about
    assert "custom:floor" in [one["Name"] for one in about["SchemaAttributes"]]
    assert [one["GroupName"] for one in idp.list_groups(UserPoolId=pool_id)["Groups"]] == [
        "people"]
    groups = idp.admin_list_groups_for_user(UserPoolId=pool_id, Username="ann")["Groups"]
    assert [one["GroupName"] for one in groups] == ["people"]
    assert outputs(stack)["Name"] == "renamed" and outputs(stack)["Secret"] == told["Secret"]

    assert delete(cfn, "pool")["StackStatus"] == "DELETE_COMPLETE", events(cfn, stack["StackId"])
    assert refused(idp.describe_user_pool, UserPoolId=pool_id) == "ResourceNotFoundException"


def test_what_a_pool_cannot_change_rolls_back(cfn, idp):
    body = {"Pool": kind("AWS::Cognito::UserPool", {"UsernameAttributes": ["email"]})}
    create(cfn, "fixed", template(body))
    body["Pool"]["Properties"]["UsernameAttributes"] = ["phone_number"]
    stack = update(cfn, "fixed", template(body))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert any("Updates are not allowed for property - UsernameAttributes." in reason
               for _, _, reason in events(cfn, "fixed"))
    pool_id = ids(cfn, "fixed")["Pool"]
    assert idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]["UsernameAttributes"] == [
        "email"]
    assert delete(cfn, "fixed")["StackStatus"] == "DELETE_COMPLETE"
