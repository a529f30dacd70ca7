# SPDX-License-Identifier: Apache-2.0
"""The whole lab as its README has it: deployed by the AWS CLI, with signatures and policies checked, a
company, a morning and an evacuation, a failed event and its way back, the pages in a browser; and
nothing left of it in the end. The tests of this file use one stack, in their order."""
import http.client
import json
import os
import sys
import types
import urllib.parse
from pathlib import Path

import chromium_kit
import pytest
from lambda_run_kit import until
from weir_server import SignedServer

sys.path.insert(0, str(Path(__file__).resolve().parent))
from access_cards import failures, report  # noqa: E402
from access_cards.company import Company  # noqa: E402
from access_cards.simulate import Plan, Simulation  # noqa: E402
from access_cards.stack import PASSWORD, Stack  # noqa: E402

in_a_browser = pytest.mark.skipif(not chromium_kit.available(), reason="chromium is not installed")


@pytest.fixture(scope="module")
def server():
    server, before = SignedServer("--auth", "on").start(), dict(os.environ)
    key, secret = server.key
    os.environ.update(server.environment(), AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=secret,
                      AWS_MAX_ATTEMPTS="4",
                      PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    yield server
    os.environ.clear()
    os.environ.update(before)
    server.close()


@pytest.fixture(scope="module")
def lab(server):
    """Deployed, with a company whose people have come, and have left one of the buildings."""
    lab = types.SimpleNamespace(server=server, stack=Stack().deploy(RetrySeconds=10))
    lab.company = Company(150, seed=5)
    lab.company.load(lab.stack)
    lab.company.issue(lab.stack)
    report.wait_for_queues(lab.stack, "CardQueue")
    plan = Plan(lab.company, seed=5)
    plan.evacuation()
    lab.simulation = Simulation(lab.stack, lab.company, plan, print).run()
    return lab


@pytest.fixture
def browser():
    chromium = chromium_kit.Chromium()
    yield chromium
    chromium.close()


def at_the_api(lab, method, path, body=None, **headers):
    url = urllib.parse.urlsplit(lab.stack["Api"])
    line = http.client.HTTPConnection("127.0.0.1", url.port, timeout=30)
    line.request(method, path, body and json.dumps(body), {
        "Host": url.netloc, "Content-Type": "application/json", **headers})
    answer = line.getresponse()
    content = answer.read()
    line.close()
    return answer.status, content


# ---- events ----

def test_people_come_and_an_evacuated_building_is_empty(lab):
    assert report.check(lab.stack, lab.company, lab.simulation) == []
    kinds = {key.split("/")[0] for key in report.objects(lab.stack)}
    assert kinds == {"card-issued", "entry", "entry-refused", "exit"}
    inside = set(lab.simulation.inside.values())
    assert len(inside) == len(lab.company.buildings) - 1
    refused = {scan.outcome for scan in lab.simulation.sent if scan.planned.expected}
    assert {"inside", "no-permission"} <= refused


def test_every_day_of_the_plan_is_possible():
    company = Company(200, seed=3)
    plan = Plan(company, seed=3)
    plan.normal_day()
    where = {}
    for slot in sorted(plan.scans):
        people = [scan.employee for scan in plan.scans[slot]]
        assert len(people) == len(set(people)), "nobody scans twice in a slot"
        for scan in plan.scans[slot]:
            if scan.way == "out":
                assert where.pop(scan.employee) == scan.building
            elif scan.expected is None:
                assert scan.employee not in where
                where[scan.employee] = scan.building
    assert where == {}, "in the evening everybody is at home"


def test_doors_are_for_devices_that_are_known(lab):
    scan = {"scan": "stranger", "card": "c-000001", "at": "2026-11-24T08:00:00.000Z"}
    device = lab.company.devices[0]
    for path in ("/scans/entry", "/scans/exit"):
        assert at_the_api(lab, "POST", path, scan)[0] == 401
        for key in ("nonsense", f"{device.id}.wrong", f"nobody.{device.key}"):
            assert at_the_api(lab, "POST", path, scan, **{"X-Api-Key": key})[0] == 403
    key = {"X-Api-Key": f"{device.id}.{device.key}"}
    assert at_the_api(lab, "POST", "/scans/entry", {"scan": "x"}, **key)[0] == 400
    assert at_the_api(lab, "POST", "/scans/exit", {"scan": "x"}, **key)[0] == 400
    assert at_the_api(lab, "GET", "/buildings", **key)[0] == 401
    assert not [key for key in report.objects(lab.stack) if "stranger" in key]


def test_an_event_that_failed_is_seen_and_sent_again(lab, capsys):
    """HR's import has a card for somebody who is not there yet."""
    stack, employee = lab.stack, "e-99999"
    stack.client("sqs").set_queue_attributes(QueueUrl=stack["CardQueue"],
                                             Attributes={"VisibilityTimeout": "1"})
    key, event = Company.issued(employee, "c-999999", "2026-11-20T08:00:00.000Z")
    stack.client("s3").put_object(Bucket=stack["Store"], Key=key, Body=json.dumps(event).encode())
    until(lambda: report.depth(stack, "CardFailed") == 1)
    failures.show(stack)
    told = capsys.readouterr().out
    assert f"CardFailed  s3://{stack['Store']}/{key}" in told
    assert f"card c-999999: there is no employee {employee}" in told
    table = {"TableName": stack["Table"]}
    stack.client("dynamodb").put_item(**table, Item={
        "pk": {"S": f"EMPLOYEE#{employee}"}, "sk": {"S": "EMPLOYEE"}, "employee": {"S": employee},
        "name": {"S": "Late Comer"}, "gsi1pk": {"S": "EMPLOYEES"},
        "gsi1sk": {"S": f"late comer#{employee}"}})
    failures.redrive(stack)
    assert "CardFailed: 1 sent again" in capsys.readouterr().out
    card = {"pk": {"S": "CARD#c-999999"}, "sk": {"S": "CARD"}}
    until(lambda: "Item" in stack.client("dynamodb").get_item(**table, Key=card))
    assert report.check_failures(stack) == []


def test_a_second_deployment_changes_nothing(lab):
    outputs = dict(lab.stack.outputs)
    lab.stack.deploy(RetrySeconds=10)
    assert lab.stack["Url"] == outputs["Url"]
    assert lab.stack.outputs == outputs


# ---- pages ----

class Pages:
    """A browser at the lab's pages."""

    def __init__(self, lab, browser):
        self.lab, self.browser = lab, browser
        self.run, self.until = browser.run, browser.until_true

    def open(self, page=""):
        self.run("window.before = true")
        self.browser.go(self.lab.stack["Url"] + page)
        self.until("!window.before && document.readyState === 'complete'")

    def sign_in(self, user, page=""):
        self.until("document.querySelector('input[name=password]') !== null")
        self.run(f"document.querySelector('input[name=username]').value = '{user}';"
                 f"document.querySelector('input[name=password]').value = '{PASSWORD}';"
                 "document.querySelector('form button').click()")
        self.until(f"location.pathname === '/{page}' && "
                   f"document.getElementById('who')?.textContent.startsWith('{user}')")

    def sign_out(self):
        self.open()
        self.until("document.querySelector('#who button') !== null")
        self.run("document.querySelector('#who button').click()")
        self.until("document.getElementById('sign-in')?.hidden === false")

    def write(self, name, text, button):
        self.run(f"document.getElementById('{name}').value = '{text}';"
                 f"document.querySelector('{button}').click()")

    def text(self, name):
        return self.run(f"document.getElementById('{name}').innerText")

    def rows(self, table):
        return self.run(f"[...document.querySelectorAll('#{table} tbody tr')].map("
                        "(row) => [...row.cells].map((cell) => cell.innerText))")

    def token(self):
        return self.run("JSON.parse(sessionStorage.getItem('tokens')).access")


@in_a_browser
def test_hr_issues_a_card_which_then_opens_doors(lab, browser):
    pages, employee = Pages(lab, browser), lab.company.employees[0]
    pages.open("issue.html")
    pages.sign_in("harriet", "issue.html")
    assert pages.run("document.querySelector('nav a[aria-current]').innerText") == "Issue a card"
    assert pages.run("[...document.querySelectorAll('nav a')].filter((a) => !a.hidden).length") == 1
    pages.write("text", "zzz nobody", "#find button")
    pages.until("document.getElementById('status').innerText.includes('Nobody')")
    pages.write("text", employee.id, "#find button")
    pages.until("document.getElementById('employee').hidden === false")
    assert pages.text("name") == employee.name
    pages.write("card", lab.company.employees[1].card, "#issue button")
    pages.until("document.getElementById('error').hidden === false")
    assert pages.text("error") == "This card was issued before."
    pages.write("card", "c-777777", "#issue button")
    pages.until("document.getElementById('status').innerText.includes('is active')")
    assert pages.run("document.getElementById('error').hidden") is True
    assert [row[:2] + row[3:] for row in pages.rows("cards")[:2]] == [
        ["c-777777", "Active", "harriet"], [employee.card, "Replaced", "import"]]

    def enter(card):
        device = next(d for d in lab.company.devices
                      if d.building == employee.home and d.way == "in")
        return at_the_api(lab, "POST", "/scans/entry", {
            "scan": f"s-{card}", "card": card, "at": "2026-11-24T08:00:00.000Z"},
            **{"X-Api-Key": f"{device.id}.{device.key}"})
    assert json.loads(enter(employee.card)[1])["reason"] == "card-not-active"
    assert enter("c-777777")[0] in (200, 409)  # he may still be inside


@in_a_browser
def test_security_sees_who_is_inside(lab, browser):
    pages = Pages(lab, browser)
    pages.open("inside.html")
    pages.sign_in("sam", "inside.html")
    pages.until("document.querySelectorAll('#buildings tbody tr').length > 0")
    counts = {row[0]: int(row[2]) for row in pages.rows("buildings")}
    names = {b.name: b.id for b in lab.company.buildings}
    inside = {name: sum(where == names[name] for where in lab.simulation.inside.values())
              for name in names}
    assert all(abs(counts[name] - inside[name]) <= 1 for name in names), (counts, inside)
    fullest = max(counts, key=counts.get)
    pages.run("[...document.querySelectorAll('#buildings button')].find("
              f"(one) => one.innerText === '{fullest}').click()")
    pages.until("document.querySelectorAll('#people tbody tr').length > 0")
    assert pages.text("name") == f"{fullest}: {counts[fullest]} inside"
    assert len(pages.rows("people")) == min(counts[fullest], 100)


@in_a_browser
def test_an_auditor_reviews_one_persons_scans(lab, browser):
    pages = Pages(lab, browser)
    sent = [scan for scan in lab.simulation.sent if scan.planned.employee ==
            next(s.planned.employee for s in lab.simulation.sent if s.outcome == "inside")]
    pages.open("audit.html")
    pages.sign_in("ada", "audit.html")
    pages.write("text", sent[0].planned.employee, "#ask button")
    pages.until("document.querySelectorAll('#scans tbody tr').length > 0")
    what = {"open": "Came in", "taken": "Left", "inside": "Refused: counted as inside already",
            "no-permission": "Refused: may not enter",
            "card-not-active": "Refused: card replaced or blocked"}
    assert [row[1] for row in pages.rows("scans")] == [what[s.outcome] for s in reversed(sent)]
    pages.run("document.getElementById('until').value = '2026-11-22'")
    pages.write("text", sent[0].planned.employee, "#ask button")
    pages.until("document.getElementById('status').innerText === 'There are no scans in this time.'")


@in_a_browser
def test_people_may_what_their_groups_may(lab, browser):
    pages = Pages(lab, browser)
    pages.open()
    pages.until("document.getElementById('sign-in').hidden === false")
    pages.run("document.querySelector('#sign-in button').click()")
    pages.sign_in("sam")
    assert pages.text("status") == "Welcome, sam."
    pages.open("audit.html")
    pages.until("document.querySelector('h1').innerText === 'This page is not for you'")
    token = {"Authorization": f"Bearer {pages.token()}"}
    assert at_the_api(lab, "GET", "/buildings", **token)[0] == 200
    for method, path in (("POST", "/cards"), ("GET", "/employees?find=a"),
                         ("GET", "/employees/e-00001"), ("GET", "/employees/e-00001/scans"),
                         ("GET", "/cards/c-000001/scans")):
        assert at_the_api(lab, method, path, **token)[0] == 403, path
    for bad in ({}, {"Authorization": "Bearer x.y.z"}):
        assert at_the_api(lab, "GET", "/buildings", **bad)[0] == 401
    pages.sign_out()
    assert pages.run("sessionStorage.getItem('tokens')") is None
    pages.open("?code=made-up&state=made-up")
    pages.until("document.getElementById('error').hidden === false")
    assert pages.text("error") == "This sign-in was not begun here. Please sign in again."
    status, page = at_the_api(lab, "GET", "/nothing.html")  # 403: strangers may not list the pages
    assert status == 403 and b"There is no such page" in page


# ---- the end ----

def test_nothing_is_left_of_it(lab):
    stack = lab.stack
    stack.destroy()
    assert stack.client("lambda").list_functions()["Functions"] == []
    assert stack.client("dynamodb").list_tables()["TableNames"] == []
    assert "QueueUrls" not in stack.client("sqs").list_queues()
    assert stack.client("iam").list_roles()["Roles"] == []
    buckets = [one["Name"] for one in stack.client("s3").list_buckets()["Buckets"]]
    assert [name for name in buckets if "packages" not in name] == []
