# SPDX-License-Identifier: Apache-2.0
"""Websites: index and error documents, redirects and routing rules, as a browser gets them; one is
opened in headless Chromium, which sees the page with its script and its style.
"""
import json
import os
import shutil
import subprocess

import pytest
from s3_kit import make_bucket, refused

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which(
    "google-chrome")


@pytest.fixture(scope="module")
def s3(weir):
    return weir.client("s3")


def site(s3, configuration=None, **pages):
    """A bucket that is a website, with pages: name of the key, "/" as "__"."""
    bucket = make_bucket(s3)
    for name, text in pages.items():
        s3.put_object(Bucket=bucket, Key=name.replace("__", "/"), Body=text,
                      ContentType="text/html")
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=configuration or {
        "IndexDocument": {"Suffix": "index"}, "ErrorDocument": {"Key": "error"}})
    return bucket


def visit(weir, bucket, path, method="GET", **headers):
    """By the host's name, as browsers do: status, headers, text."""
    host = f"{bucket}.s3-website-us-east-1.amazonaws.com"
    return weir.ask(method, path, headers={"Host": host, **headers})


def test_folders_have_their_index(weir, s3):
    bucket = site(s3, index="top", docs__index="docs")
    for path, text in (("/", b"top"), ("/index", b"top"), ("/docs/", b"docs")):
        status, headers, body = visit(weir, bucket, path)
        assert (status, body, headers["content-type"]) == (200, text, "text/html")
    status, headers, body = visit(weir, bucket, "/docs")
    assert (status, headers["location"], body) == (302, "/docs/", b"")


def test_hosts_of_both_forms_and_a_path_lead_there(weir, s3):
    bucket = site(s3, index="top", docs__index="docs")
    for host in (f"{bucket}.s3-website.eu-central-1.amazonaws.com",
                 f"{bucket}.s3-website.localhost:{weir.port}"):
        assert weir.ask("GET", "/", headers={"Host": host})[2] == b"top"
    base = f"/_aws/s3-website/{bucket}"
    assert weir.ask("GET", f"{base}/")[2] == b"top"
    assert weir.ask("GET", f"{base}/docs")[1]["location"] == f"{base}/docs/"


def test_what_is_missing_is_told_by_the_error_document(weir, s3):
    bucket = site(s3, index="top", error="<h1>gone</h1>")
    status, headers, body = visit(weir, bucket, "/nowhere")
    assert (status, body) == (404, b"<h1>gone</h1>")
    assert headers["x-amz-error-code"] == "NoSuchKey"
    s3.delete_object(Bucket=bucket, Key="error")
    status, headers, body = visit(weir, bucket, "/nowhere%3Cb%3E")
    assert status == 404 and headers["content-type"].startswith("text/html")
    assert b"<li>Code: NoSuchKey</li>" in body and b"<li>Key: nowhere&lt;b&gt;</li>" in body
    assert b"An Error Occurred While Attempting to Retrieve a Custom Error Document" in body


def test_an_object_may_redirect(weir, s3):
    bucket = site(s3, index="top")
    s3.put_object(Bucket=bucket, Key="old", WebsiteRedirectLocation="/new")
    status, headers, _ = visit(weir, bucket, "/old")
    assert (status, headers["location"]) == (301, "/new")


def test_everything_may_redirect(weir, s3):
    bucket = site(s3, {"RedirectAllRequestsTo": {"HostName": "example.com", "Protocol": "https"}})
    status, headers, _ = visit(weir, bucket, "/a%20b?x=1")
    assert status == 301
    assert headers["location"].startswith("https://example.com/a%20b")


def test_rules_route_by_prefix_and_by_error(weir, s3):
    bucket = site(s3, {"IndexDocument": {"Suffix": "index"}, "RoutingRules": [
        {"Condition": {"KeyPrefixEquals": "docs/"}, "Redirect": {
            "ReplaceKeyPrefixWith": "documents/"}},
        {"Condition": {"HttpErrorCodeReturnedEquals": "404", "KeyPrefixEquals": "img/"},
         "Redirect": {"HostName": "example.com", "ReplaceKeyWith": "none.png",
                      "HttpRedirectCode": "307"}}]}, index="top", img__there="x")
    status, headers, _ = visit(weir, bucket, "/docs/a")
    assert (status, headers["location"]) == (301, "/documents/a")
    status, headers, _ = visit(weir, bucket, "/img/nowhere")
    assert (status, headers["location"]) == (307, "http://example.com/none.png")
    assert visit(weir, bucket, "/img/there")[0] == 200
    assert visit(weir, bucket, "/elsewhere")[0] == 404


def test_pages_have_conditions_and_ranges(weir, s3):
    bucket = site(s3, index="0123456789")
    _, headers, _ = visit(weir, bucket, "/")
    assert visit(weir, bucket, "/", **{"If-None-Match": headers["etag"]})[::2] == (304, b"")
    status, headers, body = visit(weir, bucket, "/", Range="bytes=2-4")
    assert (status, body, headers["content-range"]) == (206, b"234", "bytes 2-4/10")
    status, headers, body = visit(weir, bucket, "/", "HEAD")
    assert (status, headers["content-length"], body) == (200, "10", b"")
    assert visit(weir, bucket, "/", "POST")[0] == 405


def test_what_is_no_website_says_so(weir, s3):
    bucket = make_bucket(s3)
    status, headers, _ = visit(weir, bucket, "/")
    assert (status, headers["x-amz-error-code"]) == (404, "NoSuchWebsiteConfiguration")
    status, headers, _ = visit(weir, "no-such-bucket-at-all", "/")
    assert (status, headers["x-amz-error-code"]) == (404, "NoSuchBucket")


def test_configurations_are_checked_kept_and_deleted(s3):
    bucket = make_bucket(s3)
    refused("NoSuchWebsiteConfiguration", 404, s3.get_bucket_website, Bucket=bucket)
    for bad in ({}, {"IndexDocument": {"Suffix": ""}}, {"IndexDocument": {"Suffix": "a/b"}},
                {"ErrorDocument": {"Key": "error"}}):
        assert refused_somehow(s3, bucket, bad) == 400
    whole = {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "error.html"},
             "RoutingRules": [{"Redirect": {"HttpRedirectCode": "302", "HostName": "example.com"}}]}
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=whole)
    answer = s3.get_bucket_website(Bucket=bucket)
    assert {name: answer[name] for name in whole} == whole
    s3.delete_bucket_website(Bucket=bucket)
    refused("NoSuchWebsiteConfiguration", 404, s3.get_bucket_website, Bucket=bucket)


def refused_somehow(s3, bucket, configuration):
    with pytest.raises(s3.exceptions.ClientError) as caught:
        s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=configuration)
    return caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")
def test_chromium_opens_it(weir, s3, tmp_path):
    """The index, which a script changes; the script is an object of its own, and asks for a third
    one; then a page that is not there."""
    bucket = site(s3, error="<p>nobody is here</p>", index="""<!doctype html><title>scans</title>
        <link rel=stylesheet href=style.css><p id=now>loading</p><script src=app/main.js></script>""")
    s3.put_object(Bucket=bucket, Key="style.css", Body="#now { width: 123px }",
                  ContentType="text/css")
    s3.put_object(Bucket=bucket, Key="app/main.js", ContentType="text/javascript", Body="""
        fetch('data/cards.json').then(answer => answer.json()).then(cards => {
            const now = document.getElementById('now');
            now.textContent = cards.length + ' cards, ' + getComputedStyle(now).width;
        });""")
    s3.put_object(Bucket=bucket, Key="data/cards.json", ContentType="application/json",
                  Body=json.dumps(list(range(17))))
    for path, told in (("/", "17 cards, 123px"), ("/nowhere", "nobody is here")):
        shown = subprocess.run(
            [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom",
             "--disable-dev-shm-usage", "--no-first-run", f"--user-data-dir={tmp_path}/profile",
             "--virtual-time-budget=8000",
             "--host-resolver-rules=MAP *.s3-website.localhost 127.0.0.1",
             f"http://{bucket}.s3-website.localhost:{weir.port}{path}"],
            capture_output=True, text=True, timeout=120, check=False,
            env={**os.environ, "HOME": str(tmp_path)})
        assert told in shown.stdout, shown.stdout + shown.stderr[-2000:]
