# SPDX-License-Identifier: Apache-2.0
"""Pools as issuers: their keys and what discovery says, by the host that is asked."""
import json
import urllib.error
import urllib.request

import pytest
from weir_server import REGION


@pytest.fixture(scope="module")
def idp(weir):
    return weir.client("cognito-idp")


def get(weir, path, host=None):
    request = urllib.request.Request(weir.url + path, headers={"Host": host} if host else {})
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read()), answer.headers


def test_a_pools_keys_are_shown_to_everybody(idp, weir, name):
    pool = idp.create_user_pool(PoolName=name)["UserPool"]["Id"]
    keys, headers = get(weir, f"/{pool}/.well-known/jwks.json")
    assert headers["Content-Type"] == "application/json"
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert len(keys["keys"]) == 2 and len({key["kid"] for key in keys["keys"]}) == 2
    for key in keys["keys"]:
        assert list(key) == ["alg", "e", "kid", "kty", "n", "use"]
        assert (key["alg"], key["e"], key["kty"], key["use"]) == ("RS256", "AQAB", "RSA", "sig")
    assert get(weir, f"/{pool}/.well-known/jwks.json")[0] == keys


def test_discovery_follows_the_host(idp, weir, name):
    pool = idp.create_user_pool(PoolName=name)["UserPool"]["Id"]
    path = f"/{pool}/.well-known/openid-configuration"
    document, _ = get(weir, path)
    assert document["issuer"] == f"{weir.url}/{pool}"
    assert document["jwks_uri"] == f"{weir.url}/{pool}/.well-known/jwks.json"
    assert "token_endpoint" not in document
    idp.create_user_pool_domain(UserPoolId=pool, Domain="discovered")
    document, _ = get(weir, path)
    assert document["token_endpoint"] == f"{weir.url}/_aws/cognito/discovered/oauth2/token"
    port = weir.url.rsplit(":", 1)[1]
    document, _ = get(weir, path, f"localhost:{port}")
    assert document["issuer"] == f"http://localhost:{port}/{pool}"
    assert document["authorization_endpoint"] == \
        f"http://discovered.auth.{REGION}.localhost:{port}/oauth2/authorize"
    document, _ = get(weir, path, f"cognito-idp.{REGION}.amazonaws.com")
    assert document["issuer"] == f"https://cognito-idp.{REGION}.amazonaws.com/{pool}"
    assert document["userinfo_endpoint"] == \
        f"https://discovered.auth.{REGION}.amazoncognito.com/oauth2/userInfo"


def test_a_pool_that_is_not_there_has_no_keys(weir):
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(weir, f"/{REGION}_AbCdEfGhI/.well-known/jwks.json")
    assert refused.value.code == 400
    assert json.loads(refused.value.read())["code"] == "ResourceNotFoundException"
