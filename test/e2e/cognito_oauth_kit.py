# SPDX-License-Identifier: Apache-2.0
"""A pool with a domain, an app and a user, and a browser of the plainest kind: it keeps cookies, sees
forms, follows nothing."""
import base64
import hashlib
import html
import http.client
import json
import re
import secrets
import types
import urllib.parse

PASSWORD = "Passw0rd!"
BACK = "http://localhost:3000/back"


def part(text):
    """A token's part, read."""
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def claims(token):
    return part(token.split(".")[1])


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def pkce():
    verifier = secrets.token_urlsafe(48)
    return verifier, b64url(hashlib.sha256(verifier.encode()).digest())


def make(idp, name, *, client=None, pool=None, user=True):
    """A pool, its domain, a client that may use codes, and (with user) somebody confirmed."""
    made = types.SimpleNamespace(domain=name.lower().replace("_", "-"), username="ann")
    made.pool = idp.create_user_pool(PoolName=name, **(pool or {}))["UserPool"]["Id"]
    idp.create_user_pool_domain(UserPoolId=made.pool, Domain=made.domain)
    given = idp.create_user_pool_client(UserPoolId=made.pool, **{
        "ClientName": "app", "CallbackURLs": [BACK], "LogoutURLs": ["http://localhost:3000/bye"],
        "SupportedIdentityProviders": ["COGNITO"], "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid", "email", "profile", "phone"],
        **(client or {})})["UserPoolClient"]
    made.client, made.secret = given["ClientId"], given.get("ClientSecret")
    if user:
        idp.admin_create_user(UserPoolId=made.pool, Username="ann", MessageAction="SUPPRESS",
                              UserAttributes=[{"Name": "email", "Value": "ann@example.com"},
                                              {"Name": "email_verified", "Value": "true"}])
        idp.admin_set_user_password(UserPoolId=made.pool, Username="ann", Password=PASSWORD,
                                    Permanent=True)
        made.sub = {one["Name"]: one["Value"] for one in idp.admin_get_user(
            UserPoolId=made.pool, Username="ann")["UserAttributes"]}["sub"]
    return made


class Web:
    """One browser at a pool's domain, by path."""

    def __init__(self, weir, pool):
        self.weir, self.pool, self.base = weir, pool, f"/_aws/cognito/{pool.domain}"
        self.cookies = {}

    def ask(self, method, path, body=None, headers=None):
        line = http.client.HTTPConnection(self.weir.url.split("//")[1], timeout=20)
        fields = {**({"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
                     if self.cookies else {}), **(headers or {})}
        if isinstance(body, dict):
            body = urllib.parse.urlencode(body)
            fields.setdefault("Content-Type", "application/x-www-form-urlencoded")
        line.request(method, path, body, fields)
        answer = line.getresponse()
        text = answer.read().decode()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                pair = value.split(";")[0].split("=", 1)
                self.cookies[pair[0]] = pair[1]
                if "Max-Age=0" in value:
                    del self.cookies[pair[0]]
        line.close()
        return types.SimpleNamespace(status=answer.status, text=text, headers=answer.headers,
                                     to=answer.headers["Location"])

    def get(self, path, **query):
        return self.ask("GET", self.base + path + ("?" + urllib.parse.urlencode(query)
                                                   if query else ""))

    def post(self, path, form, **headers):
        return self.ask("POST", self.base + path, form, headers)

    def begin(self, **more):
        """GET /oauth2/authorize"""
        return self.get("/oauth2/authorize", **{
            "client_id": self.pool.client, "response_type": "code", "redirect_uri": BACK, **more})

    def submit(self, page, **fields):
        """The page's form, filled in."""
        action = html.unescape(re.search(r'<form method="post" action="([^"]*)"', page.text)[1])
        form = {html.unescape(name): html.unescape(value) for name, value in re.findall(
            r'<input name="([^"]*)" type="hidden"(?: value="([^"]*)")?', page.text)}
        return self.ask("POST", action, {**form, **fields})

    def sign_in(self, username="ann", password=PASSWORD, **more):
        """Through authorize and the page, to where the app is."""
        page = self.ask("GET", self.begin(**more).to)
        assert page.status == 200, page.text
        return self.submit(page, username=username, password=password)

    def code(self, **more):
        answer = self.sign_in(**more)
        assert answer.status == 302, answer.text
        return back_query(answer)["code"]

    def token(self, **form):
        headers = {}
        if self.pool.secret:
            pair = f"{self.pool.client}:{self.pool.secret}".encode()
            headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        else:
            form.setdefault("client_id", self.pool.client)
        answer = self.post("/oauth2/token", form, **headers)
        return answer.status, json.loads(answer.text)

    def tokens(self, **more):
        status, answer = self.token(grant_type="authorization_code", code=self.code(**more),
                                    redirect_uri=BACK)
        assert status == 200, answer
        return answer


def back_query(answer):
    """What the app was told in its redirect."""
    assert answer.to.startswith(BACK), answer.to
    return dict(urllib.parse.parse_qsl(answer.to.split("?", 1)[1]))
