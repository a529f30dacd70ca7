# SPDX-License-Identifier: Apache-2.0
"""A web app in a real browser: it sends its user to the hosted page, gets a code with PKCE, changes
it for tokens and calls an HTTP API that asks for them, each of another origin."""
import http.server
import json
import threading

import chromium_kit
import pytest
from apigateway_run_kit import ECHO, RunKit
from cognito_oauth_kit import PASSWORD, claims, make
from weir_server import REGION

pytestmark = pytest.mark.skipif(not chromium_kit.available(), reason="chromium is not installed")

APP = """<!doctype html><meta charset="utf-8"><title>app</title><body><script>
const app = %s;
const b64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
  .replace(/[+]/g, '-').replace(/[/]/g, '_').replace(/=/g, '');
async function begin() {
  const verifier = b64(crypto.getRandomValues(new Uint8Array(48)));
  sessionStorage.setItem('verifier', verifier);
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  location = app.domain + '/oauth2/authorize?' + new URLSearchParams({
    client_id: app.client, response_type: 'code', redirect_uri: app.back, scope: 'openid email',
    state: 'here', code_challenge: b64(hash), code_challenge_method: 'S256' });
}
async function back() {
  const query = new URLSearchParams(location.search);
  const token = await fetch(app.domain + '/oauth2/token', { method: 'POST',
    body: new URLSearchParams({ grant_type: 'authorization_code', client_id: app.client,
      code: query.get('code'), redirect_uri: app.back,
      code_verifier: sessionStorage.getItem('verifier') }) });
  const tokens = await token.json();
  const call = (value) => fetch(app.api, { headers: { authorization: 'Bearer ' + value } });
  const good = await call(tokens.id_token);
  const said = await good.json();
  const bad = await call(tokens.id_token.slice(0, -8) + 'AAAAAAAA');
  window.seen = JSON.stringify({ state: query.get('state'), id: tokens.id_token,
    good: good.status, said: said.requestContext.authorizer.jwt.claims, bad: bad.status });
}
(location.pathname === '/back' ? back() : begin()).catch((error) => {
  window.seen = JSON.stringify({ error: String(error) }); });
</script>"""


@pytest.fixture
def app():
    """A web server of its own origin; what it serves is set when everything is known."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = self.server.page.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html;charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def browser():
    chromium = chromium_kit.Chromium()
    yield chromium
    chromium.close()


def test_an_app_signs_its_user_in_and_calls_its_api(weir, app, browser):
    idp, kit = weir.client("cognito-idp"), RunKit(weir)
    origin = f"http://localhost:{app.server_port}"
    pool = make(idp, "browser", client={"CallbackURLs": [origin + "/back"]})
    api = kit.api(CorsConfiguration={"AllowOrigins": [origin], "AllowHeaders": ["authorization"],
                                     "AllowMethods": ["GET"]})
    authorizer = kit.authorizer(api, IdentitySource=["$request.header.Authorization"],
                                JwtConfiguration={"Audience": [pool.client], "Issuer":
                                    f"https://cognito-idp.{REGION}.amazonaws.com/{pool.pool}"})
    kit.asks(api, kit.function("echo", ECHO), "GET /me", AuthorizationType="JWT",
             AuthorizerId=authorizer)
    kit.stage(api, AutoDeploy=True)
    app.page = APP % json.dumps({
        "client": pool.client, "back": origin + "/back",
        "domain": f"http://{pool.domain}.auth.{REGION}.localhost:{weir.port}",
        "api": f"http://{api}.execute-api.{REGION}.localhost:{weir.port}/me"})
    browser.go(origin + "/")
    browser.until_true("document.querySelector('input[name=password]') !== null")
    assert browser.run("document.querySelector('h1').innerText") == "Sign in"
    assert browser.run("document.activeElement.name") == "username"
    assert browser.run("getComputedStyle(document.querySelector('main')).borderRadius") == "12px"
    browser.run("document.querySelector('input[name=username]').value = 'ann'")
    browser.run("document.querySelector('input[name=password]').value = 'wrong'")
    browser.run("document.querySelector('button').click()")
    browser.until_true("document.querySelector('[role=alert]') !== null")
    browser.run(f"document.querySelector('input[name=password]').value = '{PASSWORD}'")
    browser.run("document.querySelector('button').click()")
    seen = json.loads(browser.until_true("window.seen"))
    assert "error" not in seen, seen
    assert (seen["state"], seen["good"], seen["bad"]) == ("here", 200, 401)
    assert seen["said"]["email"] == "ann@example.com" and seen["said"]["sub"] == pool.sub
    assert claims(seen["id"])["iss"] == f"http://localhost:{weir.port}/{pool.pool}"
