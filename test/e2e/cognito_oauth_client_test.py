# SPDX-License-Identifier: Apache-2.0
"""openid-client, unmodified: it discovers, validates what it is given, refreshes and revokes.

Its pinned packages are installed once, below the build directory, from js_oidc/package-lock.json.
"""
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cognito_oauth_kit import BACK, PASSWORD, Web, make
from weir_server import ROOT

SOURCE = Path(__file__).resolve().parent / "js_oidc"
HOME = Path(os.environ.get("WEIR_BUILD", ROOT / "build")) / "js_oidc"


@pytest.fixture(scope="module")
def home():
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("node and npm are not installed")
    lock = (SOURCE / "package-lock.json").read_text()
    done = HOME / ".done"
    if not done.exists() or done.read_text() != lock:
        shutil.rmtree(HOME, ignore_errors=True)
        HOME.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(SOURCE / name, HOME)
        npm = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
                             cwd=HOME, capture_output=True, text=True, timeout=300, check=False)
        if npm.returncode != 0:
            pytest.skip(f"npm ci could not install the client: {npm.stderr.strip()[-300:]}")
        done.write_text(lock)
    shutil.copy(SOURCE / "sign_in.mjs", HOME)
    return HOME


def test_lock_file_says_nothing_about_where_packages_came_from():
    assert '"resolved"' not in (SOURCE / "package-lock.json").read_text()


def test_a_library_discovers_validates_refreshes_and_revokes(weir, home):
    pool = make(weir.client("cognito-idp"), "library")
    issuer = f"{weir.url}/{pool.pool}"
    run = subprocess.Popen(["node", "sign_in.mjs"], cwd=home, text=True, stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           env={**os.environ, "ISSUER": issuer, "CLIENT_ID": pool.client,
                                "REDIRECT": BACK})
    try:
        url = json.loads(run.stdout.readline() or run.stderr.read())
        web = Web(weir, pool)
        assert url.startswith(weir.url + web.base + "/oauth2/authorize?")
        page = web.ask("GET", web.ask("GET", url[len(weir.url):]).to)
        back = web.submit(page, username="ann", password=PASSWORD).to
        out, err = run.communicate(back + "\n", timeout=120)
        assert run.returncode == 0, err
    finally:
        run.kill()
        run.wait()
    seen = json.loads(out)
    assert seen["issuer"] == seen["claims"]["iss"] == issuer
    assert seen["claims"]["sub"] == seen["user"]["sub"] == seen["again"]["sub"] == pool.sub
    assert seen["user"]["email"] == "ann@example.com" and seen["revoked"] == "invalid_grant"
