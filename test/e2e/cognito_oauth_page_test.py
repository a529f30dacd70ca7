# SPDX-License-Identifier: Apache-2.0
"""The hosted pages: signing in and up, second factors, forgotten passwords, and what keeps others
out."""
import json
import re
import urllib.request

import pytest
from cognito_oauth_kit import BACK, PASSWORD, Web, back_query, make


@pytest.fixture(scope="module")
def idp(weir):
    return weir.client("cognito-idp")


@pytest.fixture(scope="module")
def pool(idp):
    return make(idp, "pages")


@pytest.fixture
def web(weir, pool):
    return Web(weir, pool)


def newest_code(weir, to):
    """What was sent last to that address."""
    with urllib.request.urlopen(f"{weir.url}/_weir/outbox") as answer:
        text = answer.read().decode()
    messages = [one for one in json.loads(text)["messages"] if to in json.dumps(one)]
    return re.search(r"\b(\d{6})\b", json.dumps(messages[0]["body"]))[1]


def test_a_wrong_password_is_shown_as_such(web):
    page = web.sign_in(password="wrong")
    assert page.status == 400
    assert '<p class="problem" role="alert">Incorrect username or password.</p>' in page.text
    assert web.submit(page, username="ann", password=PASSWORD).status == 302


def test_pages_are_guarded(web):
    page = web.ask("GET", web.begin().to)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "script" not in page.text and "http" not in re.sub(r"redirect_uri=[^\"]*", "", page.text)
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Content-Type-Options"] == "nosniff"


def test_forms_of_other_sites_are_refused(web):
    page = web.ask("GET", web.begin().to)
    web.cookies["XSRF-TOKEN"] = "x" * 43
    refused = web.submit(page, username="ann", password=PASSWORD)
    assert refused.to.startswith(f"{web.base}/error?error=csrf")
    web.cookies.clear()
    assert "/error?error=csrf" in web.submit(page, username="ann", password=PASSWORD).to


def test_what_people_type_is_escaped(web):
    bad = "<script>alert('x')</script>\""
    page = web.sign_in(username=bad, password="x")
    assert page.status == 400 and "<script" not in page.text
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;" in page.text
    page = web.ask("GET", web.begin(state='"><script>').to)
    assert "<script" not in page.text


def test_somebody_signs_up_confirms_and_signs_in(weir, idp, name):
    pool = make(idp, name, user=False, pool={"AutoVerifiedAttributes": ["email"]})
    web = Web(weir, pool)
    page = web.ask("GET", web.begin().to.replace("/login?", "/signup?"))
    assert 'name="attribute.email" type="email"' in page.text
    weak = web.submit(page, **{"username": "eve", "password": "short",
                               "attribute.email": "eve@example.com"})
    assert weak.status == 400 and "role=\"alert\"" in weak.text
    sent = web.submit(weak, **{"username": "eve", "password": PASSWORD,
                               "attribute.email": "eve@example.com"})
    assert sent.status == 302 and "/confirm?" in sent.to
    page = web.ask("GET", sent.to)
    wrong = web.submit(page, code="000000")
    assert wrong.status == 400
    done = web.submit(wrong, code=newest_code(weir, "eve@example.com"))
    assert done.status == 302 and "note=confirmed" in done.to
    page = web.ask("GET", done.to)
    assert "Your account is confirmed" in page.text
    assert "code" in back_query(web.submit(page, username="eve", password=PASSWORD))


def test_who_is_not_confirmed_is_asked_for_the_code(weir, idp, name):
    pool = make(idp, name, user=False, pool={"AutoVerifiedAttributes": ["email"]})
    web = Web(weir, pool)
    idp.sign_up(ClientId=pool.client, Username="bob", Password=PASSWORD,
                UserAttributes=[{"Name": "email", "Value": "bob@example.com"}])
    answer = web.sign_in(username="bob")
    assert answer.status == 302 and "/confirm?" in answer.to and "username=bob" in answer.to


def test_a_forgotten_password_is_changed(weir, idp, name):
    pool = make(idp, name)
    web = Web(weir, pool)
    page = web.ask("GET", web.begin().to.replace("/login?", "/forgotPassword?"))
    page = web.submit(page, username="ann")
    assert page.status == 200 and "A code was sent" in page.text
    done = web.submit(page, code=newest_code(weir, "ann@example.com"), password="An0ther!pass")
    assert done.status == 302 and "note=reset" in done.to
    assert web.submit(web.ask("GET", done.to), username="ann", password="An0ther!pass").status == 302


def test_a_temporary_password_is_replaced(weir, idp, name):
    pool = make(idp, name)
    idp.admin_create_user(UserPoolId=pool.pool, Username="new", MessageAction="SUPPRESS",
                          TemporaryPassword="Temp0rary!")
    web = Web(weir, pool)
    page = web.sign_in(username="new", password="Temp0rary!")
    assert page.status == 200 and "Choose a new password" in page.text
    weak = web.submit(page, code="weak")
    assert weak.status == 400 and "Choose a new password" in weak.text
    assert "code" in back_query(web.submit(weak, code="Fin4l!pass"))
    web.cookies.clear()
    assert web.sign_in(username="new", password="Fin4l!pass").status == 302


def test_an_authenticator_is_set_up_and_asked(weir, idp, name):
    import base64
    import hashlib
    import hmac
    import struct

    def code_of(secret, step):
        key = base64.b32decode(secret + "=" * (-len(secret) % 8))
        digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
        at = digest[-1] & 15
        return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7fffffff) % 10 ** 6:06}"

    import time
    pool = make(idp, name)
    idp.set_user_pool_mfa_config(UserPoolId=pool.pool, MfaConfiguration="ON",
                                 SoftwareTokenMfaConfiguration={"Enabled": True})
    web = Web(weir, pool)
    page = web.sign_in()
    assert page.status == 200, page.text
    secret = re.search(r'name="secret" type="hidden" value="([A-Z2-7]+)"', page.text)[1]
    wrong = web.submit(page, code="000000")
    assert wrong.status == 400 and secret in wrong.text
    step = int(time.time()) // 30
    done = web.submit(wrong, code=code_of(secret, step))
    assert done.status == 302, done.text
    assert "code" in back_query(done)
    web.cookies.clear()
    page = web.sign_in()
    assert page.status == 200 and "authenticator" in page.text
    assert web.submit(page, code="000000").status == 400
    assert web.submit(page, code=code_of(secret, step + 1)).status == 302


def test_an_app_without_cognito_has_no_pages(weir, idp, name):
    pool = make(idp, name, client={"SupportedIdentityProviders": []}, user=False)
    page = Web(weir, pool)
    assert "login_pages_unavailable" in page.begin().to
