# SPDX-License-Identifier: Apache-2.0
"""User pools as their developers set them up: pools and their schemas, app clients, domains, groups,
resource servers, tags."""
import pytest
from weir_server import ACCOUNT, REGION


@pytest.fixture(scope="module")
def idp(weir):
    return weir.client("cognito-idp")


@pytest.fixture
def pool(idp, name):
    return idp.create_user_pool(PoolName=name)["UserPool"]["Id"]


def test_pool_has_the_defaults_of_aws(idp, name):
    pool = idp.create_user_pool(PoolName=name)["UserPool"]
    assert pool["Id"].startswith(f"{REGION}_") and len(pool["Id"]) == len(REGION) + 10
    assert pool["Arn"] == f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{pool['Id']}"
    assert pool["Policies"]["PasswordPolicy"] == {
        "MinimumLength": 8, "RequireUppercase": True, "RequireLowercase": True,
        "RequireNumbers": True, "RequireSymbols": True, "TemporaryPasswordValidityDays": 7}
    assert pool["MfaConfiguration"] == "OFF" and pool["DeletionProtection"] == "INACTIVE"
    assert pool["EstimatedNumberOfUsers"] == 0 and pool["LambdaConfig"] == {}
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": False,
                                             "UnusedAccountValidityDays": 7}
    assert pool["VerificationMessageTemplate"] == {"DefaultEmailOption": "CONFIRM_WITH_CODE"}
    assert pool["UserPoolTier"] == "ESSENTIALS"
    names = [one["Name"] for one in pool["SchemaAttributes"]]
    assert names[0] == "sub" and "email" in names and "updated_at" in names
    assert idp.describe_user_pool(UserPoolId=pool["Id"])["UserPool"] == pool


def test_schema_changes_standard_attributes_and_adds_custom_ones(idp, name, refused):
    pool = idp.create_user_pool(PoolName=name, Schema=[
        {"Name": "email", "Required": True, "Mutable": False},
        {"Name": "team", "AttributeDataType": "String", "Mutable": True,
         "StringAttributeConstraints": {"MinLength": "2", "MaxLength": "5"}},
        {"Name": "age", "AttributeDataType": "Number"}])["UserPool"]
    schema = {one["Name"]: one for one in pool["SchemaAttributes"]}
    assert schema["email"]["Required"] and not schema["email"]["Mutable"]
    assert schema["custom:team"]["StringAttributeConstraints"] == {"MinLength": "2",
                                                                   "MaxLength": "5"}
    assert not schema["custom:age"]["Mutable"]
    idp.add_custom_attributes(UserPoolId=pool["Id"], CustomAttributes=[
        {"Name": "shoe", "AttributeDataType": "Number", "DeveloperOnlyAttribute": True}])
    schema = idp.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]["SchemaAttributes"]
    assert schema[-1]["Name"] == "dev:custom:shoe"
    assert refused("InvalidParameterException", idp.add_custom_attributes, UserPoolId=pool["Id"],
                   CustomAttributes=[{"Name": "team"}]) == (
        "custom:team: Existing attribute already has name custom:team.")
    assert refused("InvalidParameterException", idp.create_user_pool, PoolName=name,
                   Schema=[{"Name": "x", "Required": True}]) == (
        "Required custom attributes are not supported currently.")
    refused("InvalidParameterException", idp.create_user_pool, PoolName=name,
            Schema=[{"Name": "email", "AttributeDataType": "Number"}])


def test_update_puts_back_what_it_does_not_say(idp, name):
    pool = idp.create_user_pool(
        PoolName=name, AutoVerifiedAttributes=["email"],
        Policies={"PasswordPolicy": {"MinimumLength": 12}})["UserPool"]
    assert pool["Policies"]["PasswordPolicy"]["RequireSymbols"] is False
    idp.update_user_pool(UserPoolId=pool["Id"], PoolName="other", UserPoolTier="PLUS")
    pool = idp.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]
    assert pool["Name"] == "other" and pool["UserPoolTier"] == "PLUS"
    assert "AutoVerifiedAttributes" not in pool
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] == 8


def test_pools_are_listed_in_pages_and_deleted(idp, name, refused):
    made = {idp.create_user_pool(PoolName=name)["UserPool"]["Id"] for _ in range(3)}
    listed = [pool for page in idp.get_paginator("list_user_pools").paginate(
        PaginationConfig={"PageSize": 2}) for pool in page["UserPools"]]
    assert made <= {pool["Id"] for pool in listed}
    gone = made.pop()
    idp.delete_user_pool(UserPoolId=gone)
    assert refused("ResourceNotFoundException", idp.describe_user_pool, UserPoolId=gone) == (
        f"User pool {gone} does not exist.")
    kept = idp.create_user_pool(PoolName=name, DeletionProtection="ACTIVE")["UserPool"]["Id"]
    assert "deletion protection is activated" in refused(
        "InvalidParameterException", idp.delete_user_pool, UserPoolId=kept)


def test_checks_of_the_model_are_invalid_parameters(idp, refused):
    assert refused("InvalidParameterException", idp.describe_user_pool, UserPoolId="none").startswith(
        "1 validation error detected: Value 'none' at 'userPoolId' failed")
    assert refused("InvalidParameterException", idp.create_user_pool, PoolName="x",
                   AliasAttributes=["email"], UsernameAttributes=["email"]).startswith("Only one")


def test_client_has_the_defaults_of_aws(idp, pool, refused):
    client = idp.create_user_pool_client(UserPoolId=pool, ClientName="web")["UserPoolClient"]
    assert len(client["ClientId"]) == 26 and "ClientSecret" not in client
    assert client["RefreshTokenValidity"] == 30 and client["AuthSessionValidity"] == 3
    assert client["EnableTokenRevocation"] and client["TokenValidityUnits"] == {}
    assert idp.describe_user_pool_client(UserPoolId=pool, ClientId=client["ClientId"])[
        "UserPoolClient"] == client
    idp.update_user_pool_client(UserPoolId=pool, ClientId=client["ClientId"],
                                AccessTokenValidity=10,
                                TokenValidityUnits={"AccessToken": "minutes"})
    listed = idp.list_user_pool_clients(UserPoolId=pool)["UserPoolClients"]
    assert listed == [{"ClientId": client["ClientId"], "UserPoolId": pool, "ClientName": "web"}]
    assert refused("InvalidParameterException", idp.update_user_pool_client, UserPoolId=pool,
                   ClientId=client["ClientId"], AccessTokenValidity=1,
                   TokenValidityUnits={"AccessToken": "minutes"}) == (
        "Invalid range for token validity.")
    idp.delete_user_pool_client(UserPoolId=pool, ClientId=client["ClientId"])
    assert refused("ResourceNotFoundException", idp.describe_user_pool_client, UserPoolId=pool,
                   ClientId=client["ClientId"]) == (
        f"User pool client {client['ClientId']} does not exist.")


def test_client_has_up_to_two_secrets(idp, pool, refused):
    client = idp.create_user_pool_client(UserPoolId=pool, ClientName="app",
                                         GenerateSecret=True)["UserPoolClient"]
    about = {"UserPoolId": pool, "ClientId": client["ClientId"]}
    first = idp.list_user_pool_client_secrets(**about)["ClientSecrets"][0]["ClientSecretId"]
    second = idp.add_user_pool_client_secret(**about)["ClientSecretDescriptor"]
    refused("LimitExceededException", idp.add_user_pool_client_secret, **about)
    idp.delete_user_pool_client_secret(ClientSecretId=first, **about)
    kept = idp.describe_user_pool_client(**about)["UserPoolClient"]["ClientSecret"]
    assert kept == second["ClientSecretValue"] != client["ClientSecret"]
    refused("InvalidParameterException", idp.delete_user_pool_client_secret,
            ClientSecretId=second["ClientSecretId"], **about)


def test_oauth_settings_are_checked(idp, pool, refused):
    def make(**more):
        return idp.create_user_pool_client(UserPoolId=pool, ClientName="oauth", **more)

    oauth = {"AllowedOAuthFlowsUserPoolClient": True, "AllowedOAuthFlows": ["code"],
             "AllowedOAuthScopes": ["openid"], "CallbackURLs": ["https://example.com/in"]}
    make(**oauth)
    make(**{**oauth, "CallbackURLs": ["http://localhost:3000", "http://site.s3.localhost:4566/in"]})
    for plain in ("http://example.com", "http://localhost.example.com/", "http://x/localhost"):
        refused("InvalidParameterException", make, **{**oauth, "CallbackURLs": [plain]})
    refused("InvalidParameterException", make, **{**oauth, "DefaultRedirectURI": "https://x.org"})
    refused("ScopeDoesNotExistException", make, **{**oauth, "AllowedOAuthScopes": ["api/read"]})
    refused("InvalidOAuthFlowException", make,
            **{**oauth, "AllowedOAuthFlows": ["code", "client_credentials"]})
    idp.create_resource_server(UserPoolId=pool, Identifier="api", Name="API", Scopes=[
        {"ScopeName": "read", "ScopeDescription": "Reads"}])
    make(AllowedOAuthFlowsUserPoolClient=True, AllowedOAuthFlows=["client_credentials"],
         AllowedOAuthScopes=["api/read"], GenerateSecret=True)
    refused("InvalidParameterException", make, ReadAttributes=["custom:none"])


def test_resource_servers_live(idp, pool, refused):
    about = {"UserPoolId": pool, "Identifier": "https://api.example.com"}
    scopes = [{"ScopeName": "write", "ScopeDescription": "Writes"}]
    idp.create_resource_server(Name="one", **about)
    refused("InvalidParameterException", idp.create_resource_server, Name="one", **about)
    idp.update_resource_server(Name="two", Scopes=scopes, **about)
    shown = idp.describe_resource_server(**about)["ResourceServer"]
    assert shown == {"Name": "two", "Scopes": scopes, **about}
    assert idp.list_resource_servers(UserPoolId=pool)["ResourceServers"] == [shown]
    idp.delete_resource_server(**about)
    refused("ResourceNotFoundException", idp.describe_resource_server, **about)


def test_domains_live(idp, pool, name, refused):
    idp.create_user_pool_domain(UserPoolId=pool, Domain=name)
    shown = idp.describe_user_pool_domain(Domain=name)["DomainDescription"]
    assert shown["UserPoolId"] == pool and shown["Status"] == "ACTIVE"
    assert idp.describe_user_pool(UserPoolId=pool)["UserPool"]["Domain"] == name
    assert "domain configured" in refused("InvalidParameterException", idp.delete_user_pool,
                                          UserPoolId=pool)
    other = idp.create_user_pool(PoolName="other")["UserPool"]["Id"]
    assert refused("InvalidParameterException", idp.create_user_pool_domain, UserPoolId=other,
                   Domain=name) == "Domain already associated with another user pool."
    refused("InvalidParameterException", idp.create_user_pool_domain, UserPoolId=other,
            Domain="my-cognito")
    idp.delete_user_pool_domain(UserPoolId=pool, Domain=name)
    assert idp.describe_user_pool_domain(Domain=name)["DomainDescription"] == {}
    assert refused("InvalidParameterException", idp.delete_user_pool_domain, UserPoolId=pool,
                   Domain=name) == "No such domain or user pool exists."


def test_custom_domain_is_beside_the_prefix(idp, pool):
    certificate = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/1"
    made = idp.create_user_pool_domain(UserPoolId=pool, Domain="auth.example.com",
                                       CustomDomainConfig={"CertificateArn": certificate})
    assert made["CloudFrontDomain"].endswith(".cloudfront.net")
    assert idp.describe_user_pool(UserPoolId=pool)["UserPool"]["CustomDomain"] == (
        "auth.example.com")


def test_groups_live(idp, pool, refused):
    role = f"arn:aws:iam::{ACCOUNT}:role/reader"
    group = idp.create_group(UserPoolId=pool, GroupName="readers", Precedence=3, RoleArn=role)
    assert group["Group"]["Precedence"] == 3
    assert refused("GroupExistsException", idp.create_group, UserPoolId=pool,
                   GroupName="readers") == "A group with the name already exists."
    idp.update_group(UserPoolId=pool, GroupName="readers", Description="who reads")
    shown = idp.get_group(UserPoolId=pool, GroupName="readers")["Group"]
    assert shown["Description"] == "who reads" and shown["RoleArn"] == role
    assert [one["GroupName"] for one in idp.list_groups(UserPoolId=pool)["Groups"]] == ["readers"]
    idp.delete_group(UserPoolId=pool, GroupName="readers")
    assert refused("ResourceNotFoundException", idp.get_group, UserPoolId=pool,
                   GroupName="readers") == "Group not found."


def test_mfa_configuration(idp, pool, refused):
    assert idp.get_user_pool_mfa_config(UserPoolId=pool)["MfaConfiguration"] == "OFF"
    refused("InvalidParameterException", idp.set_user_pool_mfa_config, UserPoolId=pool,
            MfaConfiguration="ON")
    idp.set_user_pool_mfa_config(UserPoolId=pool, MfaConfiguration="OPTIONAL",
                                 SoftwareTokenMfaConfiguration={"Enabled": True})
    shown = idp.get_user_pool_mfa_config(UserPoolId=pool)
    assert shown["MfaConfiguration"] == "OPTIONAL"
    assert shown["SoftwareTokenMfaConfiguration"] == {"Enabled": True}
    assert idp.describe_user_pool(UserPoolId=pool)["UserPool"]["MfaConfiguration"] == "OPTIONAL"


def test_tags(idp, pool, refused):
    arn = idp.describe_user_pool(UserPoolId=pool)["UserPool"]["Arn"]
    idp.tag_resource(ResourceArn=arn, Tags={"team": "a", "cost": "1"})
    idp.tag_resource(ResourceArn=arn, Tags={"team": "b"})
    idp.untag_resource(ResourceArn=arn, TagKeys=["cost"])
    assert idp.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"team": "b"}
    refused("ResourceNotFoundException", idp.list_tags_for_resource, ResourceArn=arn + "x")
