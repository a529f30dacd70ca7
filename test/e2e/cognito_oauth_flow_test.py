# SPDX-License-Identifier: Apache-2.0
"""OAuth 2.0 and OpenID Connect at a pool's domain: codes, tokens, who it is, and the end of both."""
import base64
import json
import urllib.parse

import pytest
from cognito_oauth_kit import BACK, PASSWORD, Web, back_query, claims, make, part, pkce
from weir_server import REGION


@pytest.fixture(scope="module")
def idp(weir):
    return weir.client("cognito-idp")


@pytest.fixture(scope="module")
def pool(idp):
    made = make(idp, "flows")
    idp.create_group(UserPoolId=made.pool, GroupName="late", Precedence=9,
                     RoleArn="arn:aws:iam::123456789012:role/late")
    idp.create_group(UserPoolId=made.pool, GroupName="first", Precedence=1,
                     RoleArn="arn:aws:iam::123456789012:role/first")
    for group in ("late", "first"):
        idp.admin_add_user_to_group(UserPoolId=made.pool, Username="ann", GroupName=group)
    return made


@pytest.fixture
def web(weir, pool):
    return Web(weir, pool)


def user_info(web, token):
    answer = web.ask("GET", web.base + "/oauth2/userInfo",
                     headers={"Authorization": f"Bearer {token}"} if token else {})
    return answer, json.loads(answer.text)


def test_a_code_with_pkce_becomes_tokens(web, pool, weir):
    verifier, challenge = pkce()
    answer = web.sign_in(scope="openid email", state="a b&c", nonce="n-1",
                         code_challenge=challenge, code_challenge_method="S256")
    back = back_query(answer)
    assert answer.status == 302 and back["state"] == "a b&c" and set(back) == {"code", "state"}
    status, tokens = web.token(grant_type="authorization_code", code=back["code"],
                               redirect_uri=BACK, code_verifier=verifier)
    assert status == 200
    assert list(tokens) == ["id_token", "access_token", "refresh_token", "expires_in", "token_type"]
    assert (tokens["expires_in"], tokens["token_type"]) == (3600, "Bearer")
    head = part(tokens["id_token"].split(".")[0])
    assert list(head) == ["kid", "alg"] and head["alg"] == "RS256"
    mine, access = claims(tokens["id_token"]), claims(tokens["access_token"])
    assert mine["iss"] == access["iss"] == f"{weir.url}/{pool.pool}"
    assert mine["sub"] == access["sub"] == pool.sub
    assert mine["aud"] == access["client_id"] == pool.client
    assert (mine["token_use"], access["token_use"]) == ("id", "access")
    assert mine["nonce"] == "n-1" and mine["cognito:username"] == "ann" == access["username"]
    assert mine["email"] == "ann@example.com" and mine["email_verified"] is True
    assert mine["cognito:groups"] == access["cognito:groups"] == ["first", "late"]
    assert mine["cognito:preferred_role"] == "arn:aws:iam::123456789012:role/first"
    assert mine["cognito:roles"] == [f"arn:aws:iam::123456789012:role/{one}"
                                     for one in ("first", "late")]
    assert access["scope"] == "openid email" and access["version"] == 2
    assert mine["origin_jti"] == access["origin_jti"] and mine["jti"] != access["jti"]
    assert mine["event_id"] == access["event_id"] and mine["exp"] - mine["iat"] == 3600
    assert "nonce" not in access and "aud" not in access and "cognito:roles" not in access
    import hashlib
    half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    assert mine["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()


def test_a_code_is_good_once_and_for_who_asked(web, weir, pool, idp):
    verifier, challenge = pkce()
    again = {"code_challenge": challenge, "code_challenge_method": "S256"}
    for form in ({"code_verifier": pkce()[0]}, {}, {"redirect_uri": BACK + "/", "code_verifier": verifier}):
        code = web.code(**again)
        web.cookies.clear()
        status, answer = web.token(**{"grant_type": "authorization_code", "code": code,
                                      "redirect_uri": BACK, **form})
        assert (status, answer) == (400, {"error": "invalid_grant"})
    code = web.code(**again)
    right = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK,
             "code_verifier": verifier}
    other = idp.create_user_pool_client(
        UserPoolId=pool.pool, ClientName="other", CallbackURLs=[BACK],
        AllowedOAuthFlowsUserPoolClient=True, AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid"])["UserPoolClient"]["ClientId"]
    assert web.token(**right)[0] == 200
    assert web.token(**right) == (400, {"error": "invalid_grant"})
    web.cookies.clear()
    code = web.code(**again)
    assert web.token(**{**right, "code": code, "client_id": other}) == (
        400, {"error": "invalid_grant"})


def test_codes_end_after_five_minutes(clocked):
    idp = clocked.client("cognito-idp")
    pool = make(idp, "ends")
    web = Web(clocked, pool)
    code = web.code()
    clocked.advance("301s")
    assert web.token(grant_type="authorization_code", code=code, redirect_uri=BACK) == (
        400, {"error": "invalid_grant"})
    web.cookies.clear()
    tokens = web.tokens()
    clocked.advance("3601s")
    answer, words = user_info(web, tokens["access_token"])
    assert (answer.status, words["error"]) == (401, "invalid_token")
    status, again = web.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert status == 200 and claims(again["id_token"])["auth_time"] < claims(
        again["id_token"])["iat"]
    clocked.advance("30d")
    assert web.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"]) == (
        400, {"error": "invalid_grant"})


def test_user_info_shows_what_scopes_allow(web):
    tokens = web.tokens(scope="openid email")
    answer, words = user_info(web, tokens["access_token"])
    assert answer.status == 200 and answer.headers["Access-Control-Allow-Origin"] == "*"
    assert words == {"sub": claims(tokens["access_token"])["sub"], "email": "ann@example.com",
                     "email_verified": "true", "username": "ann"}
    web.cookies.clear()
    tokens = web.tokens(scope="openid phone")
    assert set(user_info(web, tokens["access_token"])[1]) == {"sub", "username"}
    answer, words = user_info(web, tokens["id_token"])
    assert answer.status == 401
    assert words == {"error": "invalid_token", "error_description": "Access token is expired, "
                     "disabled, or deleted, or the user has globally signed out."}
    assert answer.headers["WWW-Authenticate"].startswith('error="invalid_token"')
    answer, words = user_info(web, None)
    assert (answer.status, words["error"]) == (400, "invalid_request")


def test_refresh_tokens_live_until_they_are_revoked(web, idp):
    tokens = web.tokens()
    status, again = web.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert status == 200 and "refresh_token" not in again
    first, second = claims(tokens["access_token"]), claims(again["access_token"])
    assert first["origin_jti"] == second["origin_jti"] and first["jti"] != second["jti"]
    assert first["scope"] == second["scope"] and first["auth_time"] == second["auth_time"]
    assert user_info(web, again["access_token"])[0].status == 200
    form = {"client_id": web.pool.client, "token": tokens["refresh_token"]}
    answer = web.post("/oauth2/revoke", form)
    assert (answer.status, answer.text) == (200, "")
    assert web.post("/oauth2/revoke", form).status == 200
    assert web.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"]) == (
        400, {"error": "invalid_grant"})
    for token in (tokens["access_token"], again["access_token"]):
        assert user_info(web, token)[0].status == 401
    answer = web.post("/oauth2/revoke", {**form, "token": tokens["access_token"]})
    assert (answer.status, json.loads(answer.text)) == (400, {"error": "unsupported_token_type"})
    assert json.loads(web.post("/oauth2/revoke", {"client_id": web.pool.client}).text)[
        "error"] == "invalid_request"


def test_global_sign_out_ends_tokens_and_browsers(web, idp, pool):
    tokens = web.tokens()
    assert web.begin().to.startswith(BACK)  # the browser is signed in
    idp.admin_user_global_sign_out(UserPoolId=pool.pool, Username="ann")
    assert user_info(web, tokens["access_token"])[0].status == 401
    assert web.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])[0] == 400
    assert "/login?" in web.begin().to
    assert user_info(web, web.tokens()["access_token"])[0].status == 200


def test_rotation_retires_refresh_tokens(idp, weir, name):
    pool = make(idp, name, client={
        "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0},
        "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"]})
    web = Web(weir, pool)
    first = web.tokens()
    status, second = web.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert status == 200 and second["refresh_token"] != first["refresh_token"]
    assert web.token(grant_type="refresh_token", refresh_token=first["refresh_token"]) == (
        400, {"error": "invalid_grant"})
    with pytest.raises(idp.exceptions.RefreshTokenReuseException):
        idp.get_tokens_from_refresh_token(ClientId=pool.client,
                                          RefreshToken=first["refresh_token"])
    third = idp.get_tokens_from_refresh_token(ClientId=pool.client,
                                              RefreshToken=second["refresh_token"])
    assert third["AuthenticationResult"]["RefreshToken"] != second["refresh_token"]


def test_implicit_grants_come_in_the_fragment(idp, weir, name):
    pool = make(idp, name, client={"AllowedOAuthFlows": ["implicit"]})
    web = Web(weir, pool)
    answer = web.sign_in(response_type="token", scope="openid", state="s", nonce="n")
    where, fragment = answer.to.split("#")
    given = dict(urllib.parse.parse_qsl(fragment))
    assert where == BACK and set(given) == {"id_token", "access_token", "expires_in", "token_type",
                                            "state"}
    assert claims(given["id_token"])["nonce"] == "n"
    assert back_query(web.begin(response_type="code"))["error"] == "unauthorized_client"


def test_client_credentials_get_the_scopes_of_resource_servers(idp, weir, name):
    pool = make(idp, name, user=False)
    idp.create_resource_server(UserPoolId=pool.pool, Identifier="https://api", Name="api", Scopes=[
        {"ScopeName": "read", "ScopeDescription": "r"}, {"ScopeName": "write",
                                                         "ScopeDescription": "w"}])
    given = idp.create_user_pool_client(
        UserPoolId=pool.pool, ClientName="machine", GenerateSecret=True,
        AllowedOAuthFlowsUserPoolClient=True, AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=["https://api/read", "https://api/write"])["UserPoolClient"]
    pool.client, pool.secret = given["ClientId"], given["ClientSecret"]
    web = Web(weir, pool)
    status, tokens = web.token(grant_type="client_credentials", scope="https://api/read")
    assert status == 200 and set(tokens) == {"access_token", "expires_in", "token_type"}
    access = claims(tokens["access_token"])
    assert access["sub"] == access["client_id"] == pool.client
    assert access["scope"] == "https://api/read" and access["version"] == 2
    assert "username" not in access and access["iss"] == f"{weir.url}/{pool.pool}"
    status, tokens = web.token(grant_type="client_credentials")
    assert claims(tokens["access_token"])["scope"] == "https://api/read https://api/write"
    assert web.token(grant_type="client_credentials", scope="https://api/none") == (
        400, {"error": "invalid_scope"})
    form = {"grant_type": "client_credentials", "client_id": pool.client,
            "client_secret": pool.secret}
    assert web.post("/oauth2/token", form).status == 200
    wrong = web.post("/oauth2/token", {**form, "client_secret": "x" * 30})
    assert (wrong.status, json.loads(wrong.text)) == (
        400, {"error": "invalid_client", "error_description": "invalid_client_secret"})
    assert json.loads(web.post("/oauth2/token", {
        "grant_type": "client_credentials", "client_id": pool.client}).text) == {
            "error": "invalid_client"}


@pytest.mark.parametrize("form,error", [
    ({}, "invalid_request"),
    ({"grant_type": "authorization_code"}, "invalid_request"),
    ({"grant_type": "authorization_code", "code": "x"}, "invalid_request"),
    ({"grant_type": "authorization_code", "code": "x", "redirect_uri": BACK}, "invalid_grant"),
    ({"grant_type": "refresh_token"}, "invalid_request"),
    ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
    ({"grant_type": "password"}, "unsupported_grant_type"),
    ({"grant_type": "client_credentials"}, "unauthorized_client"),
    ({"grant_type": "refresh_token", "client_id": "nobody"}, "invalid_client")])
def test_what_is_asked_wrongly_is_named(web, form, error):
    assert web.token(**form) == (400, {"error": error})


def test_forms_are_forms_and_methods_are_named(web):
    plain = web.post("/oauth2/token", "grant_type=refresh_token", **{"Content-Type": "text/plain"})
    assert (plain.status, json.loads(plain.text)) == (400, {"error": "invalid_request"})
    twice = web.post("/oauth2/token", f"grant_type=refresh_token&grant_type=x&client_id={web.pool.client}",
                     **{"Content-Type": "application/x-www-form-urlencoded"})
    assert json.loads(twice.text) == {"error": "invalid_request"}
    assert web.get("/oauth2/token").status == 405
    asked = web.ask("OPTIONS", web.base + "/oauth2/token", headers={
        "Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type"})
    assert asked.status == 200 and asked.headers["Access-Control-Allow-Origin"] == "*"
    assert asked.headers["Access-Control-Allow-Headers"] == "content-type"


@pytest.mark.parametrize("more,error", [
    ({"response_type": "id_token"}, "invalid_request"),
    ({"code_challenge": "x" * 43}, "invalid_request"),
    ({"code_challenge": "x" * 43, "code_challenge_method": "plain"}, "invalid_request"),
    ({"scope": "openid nothing"}, "invalid_scope"),
    ({"response_type": "token"}, "unauthorized_client"),
    ({"prompt": "none"}, "login_required")])
def test_what_the_app_asks_wrongly_it_is_told(web, more, error):
    answer = web.begin(state="s", **more)
    told = answer.to.split("#" if more.get("response_type") == "token" else "?", 1)[1]
    told = dict(urllib.parse.parse_qsl(told))
    assert answer.status == 302 and answer.to.startswith(BACK)
    assert (told["error"], told["state"]) == (error, "s")


@pytest.mark.parametrize("more,error", [
    ({"redirect_uri": "http://localhost:3000/other"}, "redirect_mismatch"),
    ({"redirect_uri": BACK + "/../x"}, "redirect_mismatch"),
    ({"redirect_uri": BACK.upper()}, "redirect_mismatch"),
    ({"redirect_uri": "//evil.example"}, "redirect_mismatch"),
    ({"redirect_uri": ""}, "invalid_request"),
    ({"client_id": "nobody"}, "unauthorized_client"),
    ({"client_id": ""}, "invalid_request")])
def test_nobody_is_sent_where_no_app_has_said(web, more, error):
    answer = web.begin(**more)
    assert answer.status == 302
    assert answer.to.startswith(f"{web.base}/error?error={error}")
    page = web.ask("GET", answer.to)
    assert page.status == 400 and error in page.text


def test_a_browser_signs_in_once(web, weir, pool):
    first = web.sign_in()
    assert first.status == 302
    cookie = first.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and f"Path={web.base}/" in cookie
    again = web.begin(state="t")
    assert back_query(again)["state"] == "t" and "code" in back_query(again)
    assert back_query(web.begin(prompt="none"))["code"]
    assert "/login?" in web.begin(prompt="login").to
    out = web.get("/logout", client_id=pool.client, logout_uri="http://localhost:3000/bye")
    assert (out.status, out.to) == (302, "http://localhost:3000/bye")
    assert "/login?" in web.begin().to
    wrong = web.get("/logout", client_id=pool.client, logout_uri="http://evil.example/")
    assert wrong.to.startswith(f"{web.base}/error?")


def test_a_custom_domain_is_a_host(fresh):
    weir = fresh()
    idp = weir.client("cognito-idp")
    pool = make(idp, "custom", user=False)
    idp.create_user_pool_domain(
        UserPoolId=pool.pool, Domain="auth.example.com", CustomDomainConfig={
            "CertificateArn": f"arn:aws:acm:us-east-1:000000000000:certificate/{'1' * 8}-1111"})

    def begun():
        query = urllib.parse.urlencode({"client_id": pool.client, "response_type": "code",
                                        "redirect_uri": BACK})
        return Web(weir, pool).ask("GET", f"/oauth2/authorize?{query}",
                                   headers={"Host": "AUTH.example.com:4566"})

    assert begun().to.startswith("/login?client_id=")
    weir.restart(hard=True)
    assert begun().to.startswith("/login?client_id=")
    idp = weir.client("cognito-idp")
    idp.delete_user_pool_domain(UserPoolId=pool.pool, Domain="auth.example.com")
    assert begun().status != 302


def test_a_domain_has_a_host_of_its_own(web, weir, pool):
    port = weir.url.rsplit(":", 1)[1]
    host = f"{pool.domain}.auth.{REGION}.localhost:{port}"
    query = urllib.parse.urlencode({"client_id": pool.client, "response_type": "code",
                                    "redirect_uri": BACK})
    answer = web.ask("GET", f"/oauth2/authorize?{query}", headers={"Host": host})
    assert (answer.status, answer.to) == (302, f"/login?{query}".replace(
        f"client_id={pool.client}&response_type=code", f"client_id={pool.client}&response_type=code"))
    page = web.ask("GET", answer.to, headers={"Host": host})
    assert page.status == 200 and "Sign in" in page.text
    nobody = web.ask("GET", "/login", headers={"Host": f"nobody.auth.{REGION}.localhost:{port}"})
    assert nobody.status == 404
