# SPDX-License-Identifier: Apache-2.0
"""PreTokenGeneration: what the function is told, and what it may change of which token."""
import json

import pytest
from cognito_oauth_kit import BACK, PASSWORD, Web, claims, make
from lambda_run_kit import Kit as Functions
from weir_server import ACCOUNT

SOURCE = '''
import json

def handler(event, context):
    told = {"version": event["version"], "source": event["triggerSource"],
            "user": event["userName"], "client": event["callerContext"]["clientId"],
            "groups": event["request"]["groupConfiguration"],
            "scopes": event["request"].get("scopes"),
            "was": event["response"], "metadata": event["request"].get("clientMetadata")}
    if event["userName"] == "bad":
        raise Exception("not today")
    if event["userName"] == "odd":
        event["response"] = {"claimsOverrideDetails": 7, "claimsAndScopeOverrideDetails": 7}
    elif event["version"] == "1":
        event["response"] = {"claimsOverrideDetails": {
            "claimsToAddOrOverride": {"told": json.dumps(told), "email": "x@example.com",
                                      "sub": "root", "aud": "root", "cognito:username": "root"},
            "claimsToSuppress": ["email_verified", "exp"],
            "groupOverrideDetails": {"groupsToOverride": ["a", "b"],
                                     "iamRolesToOverride": ["arn:aws:iam::123456789012:role/r"],
                                     "preferredRole": "arn:aws:iam::123456789012:role/r"}}}
    else:
        event["response"] = {"claimsAndScopeOverrideDetails": {
            "idTokenGeneration": {"claimsToAddOrOverride": {"told": json.dumps(told)},
                                  "claimsToSuppress": ["email"]},
            "accessTokenGeneration": {
                "claimsToAddOrOverride": {"tenant": {"id": 7, "tags": ["a", True, None]},
                                          "level": 3, "client_id": "root", "username": "root",
                                          "aud": "root"},
                "claimsToSuppress": ["jti", "cognito:groups"],
                "scopesToAdd": ["pets/read", "aws.cognito.signin.user.admin2", "a b"],
                "scopesToSuppress": ["email"]}}}
    return event
'''


@pytest.fixture(scope="module")
def idp(weir):
    return weir.client("cognito-idp")


@pytest.fixture(scope="module")
def function(weir):
    functions = Functions(weir)
    arn = functions.function("pre-token", SOURCE)
    functions.functions.add_permission(
        FunctionName="pre-token", StatementId="pools", Action="lambda:InvokeFunction",
        Principal="cognito-idp.amazonaws.com", SourceAccount=ACCOUNT)
    return arn


def pool_of(idp, name, function, version):
    config = {"PreTokenGeneration": function} if version == 1 else {
        "PreTokenGenerationConfig": {"LambdaVersion": f"V{version}_0", "LambdaArn": function}}
    pool = make(idp, name, pool={"LambdaConfig": config}, client={
        "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]})
    idp.create_group(UserPoolId=pool.pool, GroupName="own")
    idp.admin_add_user_to_group(UserPoolId=pool.pool, Username="ann", GroupName="own")
    return pool


def sign_in(idp, pool, username="ann"):
    return idp.initiate_auth(ClientId=pool.client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={
        "USERNAME": username, "PASSWORD": PASSWORD},
        ClientMetadata={"not": "told"})["AuthenticationResult"]


def test_version_one_changes_id_tokens_and_groups(idp, name, function):
    pool = pool_of(idp, name, function, 1)
    result = sign_in(idp, pool)
    mine, access = claims(result["IdToken"]), claims(result["AccessToken"])
    told = json.loads(mine["told"])
    assert (told["version"], told["source"], told["user"], told["client"]) == (
        "1", "TokenGeneration_Authentication", "ann", pool.client)
    assert told["groups"] == {"groupsToOverride": ["own"], "iamRolesToOverride": [],
                              "preferredRole": None}
    assert told["metadata"] is None  # only answers to challenges pass it on
    assert told["scopes"] is None and told["was"] == {"claimsOverrideDetails": None}
    assert mine["email"] == "x@example.com" and "email_verified" not in mine
    assert (mine["sub"], mine["aud"], mine["cognito:username"]) == (pool.sub, pool.client, "ann")
    assert mine["exp"] - mine["iat"] == 3600
    assert mine["cognito:groups"] == access["cognito:groups"] == ["a", "b"]
    assert mine["cognito:preferred_role"] == "arn:aws:iam::123456789012:role/r"
    assert "told" not in access
    again = idp.initiate_auth(ClientId=pool.client, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={
        "REFRESH_TOKEN": result["RefreshToken"]})["AuthenticationResult"]
    told = json.loads(claims(again["IdToken"])["told"])
    assert told["source"] == "TokenGeneration_RefreshTokens"


def test_answers_to_challenges_pass_metadata_on(idp, name, function):
    pool = pool_of(idp, name, function, 1)
    idp.admin_create_user(UserPoolId=pool.pool, Username="new", MessageAction="SUPPRESS",
                          TemporaryPassword=PASSWORD)
    asked = idp.initiate_auth(ClientId=pool.client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={
        "USERNAME": "new", "PASSWORD": PASSWORD})
    result = idp.respond_to_auth_challenge(
        ClientId=pool.client, ChallengeName=asked["ChallengeName"], Session=asked["Session"],
        ChallengeResponses={"USERNAME": "new", "NEW_PASSWORD": "An0ther!pass"},
        ClientMetadata={"a": "b"})["AuthenticationResult"]
    told = json.loads(claims(result["IdToken"])["told"])
    assert told["source"] == "TokenGeneration_NewPasswordChallenge"
    assert told["metadata"] == {"a": "b"}


def test_version_two_changes_access_tokens_and_scopes(weir, idp, name, function):
    pool = pool_of(idp, name, function, 2)
    tokens = Web(weir, pool).tokens(scope="openid email")
    mine, access = claims(tokens["id_token"]), claims(tokens["access_token"])
    told = json.loads(mine["told"])
    assert (told["version"], told["source"], told["scopes"]) == (
        "2", "TokenGeneration_HostedAuth", ["openid", "email"])
    assert told["was"] == {"claimsAndScopeOverrideDetails": None}
    assert "email" not in mine and mine["cognito:groups"] == ["own"]
    assert access["tenant"] == {"id": 7, "tags": ["a", True, None]} and access["level"] == 3
    assert access["scope"] == "openid pets/read"
    assert (access["client_id"], access["username"]) == (pool.client, "ann")
    assert "jti" in access and "aud" not in access


def test_version_three_is_asked_for_machines_too(weir, idp, name, function):
    pool = pool_of(idp, name, function, 3)
    idp.create_resource_server(UserPoolId=pool.pool, Identifier="api", Name="api", Scopes=[
        {"ScopeName": "read", "ScopeDescription": "r"}])
    given = idp.create_user_pool_client(
        UserPoolId=pool.pool, ClientName="machine", GenerateSecret=True,
        AllowedOAuthFlowsUserPoolClient=True, AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=["api/read"])["UserPoolClient"]
    pool.client, pool.secret = given["ClientId"], given["ClientSecret"]
    status, tokens = Web(weir, pool).token(grant_type="client_credentials")
    access = claims(tokens["access_token"])
    assert status == 200 and access["level"] == 3 and access["scope"] == "api/read pets/read"
    assert access["sub"] == access["client_id"] == pool.client


@pytest.mark.parametrize("username,code,words", [
    ("bad", "UserLambdaValidationException", "PreTokenGeneration failed with error not today."),
    ("odd", "InvalidLambdaResponseException", "Unrecognizable lambda output")])
def test_a_function_that_fails_makes_no_tokens(weir, idp, name, function, username, code, words):
    pool = pool_of(idp, name, function, 1)
    idp.admin_create_user(UserPoolId=pool.pool, Username=username, MessageAction="SUPPRESS")
    idp.admin_set_user_password(UserPoolId=pool.pool, Username=username, Password=PASSWORD,
                                Permanent=True)
    with pytest.raises(idp.exceptions.ClientError) as refused:
        sign_in(idp, pool, username)
    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == (code, words)
    web = Web(weir, pool)
    assert web.token(grant_type="authorization_code", code=web.code(username=username),
                     redirect_uri=BACK) == (
        400, {"error": "invalid_grant", "error_description": words})
