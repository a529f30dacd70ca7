# SPDX-License-Identifier: Apache-2.0
"""The lab's functions one by one, each asked with the events that AWS's services send: what they
answer, what they change in the table, and that everything may come twice."""
import base64
import concurrent.futures
import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest
from weir_server import ACCOUNT

BUILD = Path(__file__).resolve().parent / "build"
AT = "2026-11-23T08:00:00.000Z"
LATER = "2026-11-23T12:00:00.000Z"


def package(name):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo("bootstrap")
        info.external_attr = 0o100755 << 16
        archive.writestr(info, (BUILD / name / "bootstrap").read_bytes())
    return made.getvalue()


class Lab:
    def __init__(self, weir):
        self.weir = weir
        self.functions, self.s3 = weir.client("lambda"), weir.client("s3")
        self.dynamodb = weir.client("dynamodb")
        self.s3.create_bucket(Bucket="store")
        keys = ("pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk")
        self.dynamodb.create_table(
            TableName="cards", BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            KeySchema=self.schema("pk", "sk"),
            GlobalSecondaryIndexes=[
                {"IndexName": f"gsi{n}", "Projection": {"ProjectionType": "ALL"},
                 "KeySchema": self.schema(f"gsi{n}pk", f"gsi{n}sk")} for n in (1, 2)])
        self.made = set()

    @staticmethod
    def schema(pk, sk):
        return [{"AttributeName": pk, "KeyType": "HASH"}, {"AttributeName": sk, "KeyType": "RANGE"}]

    def ask(self, name, event):
        if name not in self.made:
            self.functions.create_function(
                FunctionName=name, Runtime="provided.al2023", Handler="bootstrap", Timeout=20,
                Role=f"arn:aws:iam::{ACCOUNT}:role/lab", Code={"ZipFile": package(name)},
                Environment={"Variables": {"TABLE": "cards", "STORE": "store"}})
            self.made.add(name)
        answer = self.functions.invoke(FunctionName=name, Payload=json.dumps(event))
        said = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, said
        return said

    def http(self, name, body=None, path=None, query=None, **authorizer):
        """An HTTP API's request: (status, answer)."""
        event = {"version": "2.0", "isBase64Encoded": False,
                 "requestContext": {"authorizer": authorizer}}
        if body is not None:
            event["body"] = body if isinstance(body, str) else json.dumps(body)
        event |= {"pathParameters": path} if path else {}
        event |= {"queryStringParameters": query} if query else {}
        answer = self.ask(name, event)
        return answer["statusCode"], json.loads(answer["body"])

    def event(self, name, *keys):
        """A batch of messages that tell of these objects: positions of those that failed."""
        records = [{"messageId": str(i), "body": json.dumps({"Records": [
            {"s3": {"bucket": {"name": "store"}, "object": {"key": key}}}]})}
            for i, key in enumerate(keys)]
        return [int(one["itemIdentifier"]) for one in
                self.ask(name, {"Records": records})["batchItemFailures"]]

    def put(self, **attributes):
        self.dynamodb.put_item(TableName="cards", Item={
            name: {"S": value} for name, value in attributes.items()})

    def item(self, pk, sk):
        found = self.dynamodb.get_item(TableName="cards", Key={"pk": {"S": pk}, "sk": {"S": sk}})
        return {name: value["S"] for name, value in found.get("Item", {}).items()}

    def keys(self, prefix):
        return [one["Key"] for one in self.s3.list_objects_v2(
            Bucket="store", Prefix=prefix).get("Contents", [])]

    def keep(self, key, event):
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        self.s3.put_object(Bucket="store", Key=key, Body=body)
        return key

    def employee(self, name, *buildings, card=None):
        pk = f"EMPLOYEE#{name}"
        self.put(pk=pk, sk="EMPLOYEE", employee=name, name=f'Ann "{name}" Ünal',
                 department="Sales", gsi1pk="EMPLOYEES", gsi1sk=f"{name} ann#{name}")
        for building in buildings:
            self.put(pk=pk, sk=f"MAY#{building}", building=building)
        if card:
            key = self.keep(f"card-issued/{card}.json", {
                "card": card, "employee": name, "at": "2026-11-01T00:00:00.000Z"})
            assert self.event("link", key) == []

    def enter(self, scan, card, at=AT, building="b1"):
        return self.http("enter", {"scan": scan, "card": card, "at": at},
                         **{"lambda": {"device": "d1", "building": building, "door": "D1"}})

    def exit(self, scan, card, at=LATER):
        key = f"exit/2026/11/23/{scan}.json"
        return self.event("leave", self.keep(key, {
            "scan": scan, "card": card, "at": at, "building": "b1", "door": "D2"}))


@pytest.fixture(scope="module")
def lab(weir):
    return Lab(weir)


# ---- devices ----

def test_a_device_is_known_by_its_key(lab):
    lab.put(pk="DEVICE#d-1", sk="DEVICE", building="b1", door="D1", state="active",
            key_sha256=hashlib.sha256(b"secret.with.dots").hexdigest())
    lab.put(pk="DEVICE#d-2", sk="DEVICE", building="b1", door="D2", state="lost",
            key_sha256=hashlib.sha256(b"secret").hexdigest())

    def ask(key):
        return lab.ask("authorize", {"version": "2.0", "type": "REQUEST", "identitySource": [key]})

    assert ask("d-1.secret.with.dots") == {"isAuthorized": True, "context": {
        "device": "d-1", "building": "b1", "door": "D1"}}
    for wrong in ("d-1.secret", "d-1", "", "d-1.", "d-2.secret", "d-3.secret", "a b.secret", ".x"):
        assert ask(wrong) == {"isAuthorized": False}, wrong


# ---- cards ----

def test_a_card_is_linked_and_replaces_the_one_before(lab):
    lab.employee("e-link", "b1", card="l-1")
    assert lab.item("CARD#l-1", "CARD") | {"issued": ""} == {
        "pk": "CARD#l-1", "sk": "CARD", "gsi1pk": "EMPLOYEE#e-link", "card": "l-1", "issued": "",
        "gsi1sk": "CARD#2026-11-01T00:00:00.000Z", "employee": "e-link", "state": "active",
        "name": 'Ann "e-link" Ünal', "issued_by": "import"}
    second = lab.keep("card-issued/l-2.json", {"card": "l-2", "employee": "e-link", "at": LATER})
    between = lab.keep("card-issued/l-3.json", {"card": "l-3", "employee": "e-link", "at": AT})
    for _ in range(2):
        assert lab.event("link", second, between, "card-issued/l-1.json") == []
    states = {card: lab.item(f"CARD#{card}", "CARD")["state"] for card in ("l-1", "l-2", "l-3")}
    assert states == {"l-1": "replaced", "l-2": "active", "l-3": "replaced"}
    assert lab.item("EMPLOYEE#e-link", "EMPLOYEE")["card"] == "l-2"


def test_an_event_that_cannot_be_fails_alone(lab):
    lab.employee("e-alone", card="a-1")
    lab.employee("e-other")
    keys = [lab.keep("card-issued/bad.json", b"{no"),
            lab.keep("card-issued/a-2.json", {"card": "a-2", "employee": "nobody", "at": AT}),
            lab.keep("card-issued/a 3.json", {"card": "a-3", "employee": "e-alone", "at": AT}),
            lab.keep("card-issued/a-4.json", {"card": "a-1", "employee": "e-other", "at": AT}),
            lab.keep("card-issued/a-5.json", {"card": "a-5", "employee": "e-other", "at": "now"}),
            "card-issued/missing.json"]
    keys[2] = "card-issued/a+3.json"  # as notifications write it
    assert lab.event("link", *keys) == [0, 1, 3, 4, 5]
    assert lab.item("CARD#a-3", "CARD")["state"] == "active"
    assert lab.item("CARD#a-1", "CARD")["employee"] == "e-alone"
    assert lab.ask("link", {"Records": [{"messageId": "t", "body": json.dumps(
        {"Service": "Amazon S3", "Event": "s3:TestEvent"})}]}) == {"batchItemFailures": []}


# ---- entries ----

def test_nobody_comes_in_twice(lab):
    lab.employee("e-in", "b1", card="in-1")
    status, answer = lab.enter("s-1", "in-1")
    assert (status, answer) == (200, {"open": True, "scan": "s-1", "employee": "e-in",
                                      "name": 'Ann "e-in" Ünal'})
    assert lab.enter("s-1", "in-1")[0] == 200  # the device did not get the answer
    status, answer = lab.enter("s-2", "in-1", LATER)
    assert (status, answer["reason"]) == (409, "inside")
    presence = lab.item("EMPLOYEE#e-in", "PRESENCE")
    assert (presence["gsi1pk"], presence["entry_scan"]) == ("INSIDE#b1", "s-1")
    assert lab.keys("entry/2026/11/23/s-1") == ["entry/2026/11/23/s-1.json"]
    assert lab.keys("entry-refused/2026/11/23/s-2") == ["entry-refused/2026/11/23/s-2.json"]
    body = lab.s3.get_object(Bucket="store", Key="entry/2026/11/23/s-1.json")["Body"].read()
    assert json.loads(body) == {"type": "entry", "scan": "s-1", "card": "in-1", "at": AT,
                                "building": "b1", "door": "D1", "device": "d1", "employee": "e-in"}


def test_who_may_not_is_refused_with_the_reason(lab):
    lab.employee("e-may", "b1", card="m-1")
    lab.put(pk="EMPLOYEE#e-may", sk="MAY#b3", building="b3",
            valid_until="2026-11-23T07:59:59.999Z")
    assert lab.enter("m1", "nothing")[1]["reason"] == "unknown-card"
    assert lab.enter("m2", "m-1", building="b2")[1]["reason"] == "no-permission"
    assert lab.enter("m3", "m-1", building="b3")[1]["reason"] == "no-permission"
    newer = lab.keep("card-issued/m-2.json", {"card": "m-2", "employee": "e-may", "at": AT})
    assert lab.event("link", newer) == []
    status, answer = lab.enter("m4", "m-1")
    assert (status, answer["reason"]) == (403, "card-not-active")
    assert answer["message"] == "This card was replaced or blocked."
    assert lab.enter("m5", "m-2")[0] == 200
    for bad in ("", "{", {"scan": "x", "card": "m-1"}, {"scan": "a b", "card": "c", "at": AT},
                {"scan": "x", "card": "c", "at": "2026-11-23"}):
        assert lab.http("enter", bad, **{"lambda": {"building": "b1"}})[0] == 400


def test_many_at_once_let_one_in(lab):
    lab.employee("e-many", "b1", card="many-1")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: lab.enter(f"many-{n}", "many-1")[0], range(8)))
    assert sorted(answers)[0] == 200 and answers.count(200) == 1, answers
    assert set(answers) <= {200, 409, 503}


# ---- exits ----

def test_exits_become_objects(lab):
    def record(number, data):
        raw = data if isinstance(data, bytes) else json.dumps(data).encode()
        return {"kinesis": {"sequenceNumber": str(number), "partitionKey": "k",
                            "data": base64.b64encode(raw).decode()}}
    good = {"scan": "x-1", "card": "c", "at": AT, "door": "é"}
    for _ in range(2):
        assert lab.ask("capture", {"Records": [record(1, good), record(2, b"\xff no"),
                                               record(3, {"scan": "x-2"})]}) == \
            {"batchItemFailures": []}
    assert lab.keys("exit/2026/11/23/x-") == ["exit/2026/11/23/x-1.json"]
    assert lab.keys("exit-invalid/") == ["exit-invalid/2", "exit-invalid/3"]
    body = lab.s3.get_object(Bucket="store", Key="exit-invalid/2")["Body"].read()
    assert body == b"\xff no"


def test_who_leaves_is_outside_and_may_come_again(lab):
    lab.employee("e-out", "b1", card="o-1")
    assert lab.enter("o1", "o-1")[0] == 200
    assert lab.exit("o2", "o-1") == [] and lab.exit("o2", "o-1") == []
    presence = lab.item("EMPLOYEE#e-out", "PRESENCE")
    assert "gsi1pk" not in presence and presence["gone"] == LATER
    assert lab.item("EMPLOYEE#e-out", f"SCAN#{LATER}#o2")["outcome"] == "left"
    assert lab.exit("o3", "o-1", "2026-11-23T13:00:00.000Z") == []
    assert lab.item("EMPLOYEE#e-out", "SCAN#2026-11-23T13:00:00.000Z#o3")["outcome"] == \
        "was not inside"
    assert lab.enter("o4", "o-1", "2026-11-23T11:00:00.000Z")[1]["reason"] == "late"
    assert lab.enter("o5", "o-1", "2026-11-23T14:00:00.000Z")[0] == 200
    assert lab.exit("o2", "o-1") == []  # very late, once more
    assert lab.item("EMPLOYEE#e-out", "PRESENCE")["gsi1pk"] == "INSIDE#b1"
    assert lab.exit("o6", "nobodys") == [0]


# ---- what people ask ----

def test_history_is_reviewed_by_person_and_by_card(lab):
    lab.employee("e-aud", "b1", card="aud-1")
    lab.enter("u1", "aud-1")
    lab.enter("u2", "aud-1", "2026-11-23T09:00:00.000Z")
    lab.enter("u3", "aud-none", "2026-11-23T09:30:00.000Z")
    assert lab.event("record", "entry/2026/11/23/u1.json", "entry-refused/2026/11/23/u2.json",
                     "entry-refused/2026/11/23/u3.json", "entry/2026/11/23/u1.json") == []
    assert lab.exit("u4", "aud-1") == []
    status, answer = lab.http("audit", path={"employee": "e-aud"})
    assert status == 200 and answer == {"scans": [
        {"at": LATER, "kind": "exit", "outcome": "left", "card": "aud-1", "building": "b1",
         "door": "D2", "employee": "e-aud"},
        {"at": "2026-11-23T09:00:00.000Z", "kind": "entry", "outcome": "refused",
         "reason": "inside", "card": "aud-1", "building": "b1", "door": "D1", "employee": "e-aud",
         "device": "d1"},
        {"at": AT, "kind": "entry", "outcome": "entered", "card": "aud-1", "building": "b1",
         "door": "D1", "employee": "e-aud", "device": "d1"}]}
    some = lab.http("audit", path={"employee": "e-aud"}, query={
        "from": "2026-11-23T08:30", "until": "2026-11-23T10"})[1]["scans"]
    assert [one["reason"] for one in some] == ["inside"]
    assert len(lab.http("audit", path={"card": "aud-1"})[1]["scans"]) == 3
    assert lab.http("audit", path={"card": "aud-none"})[1]["scans"][0]["reason"] == "unknown-card"
    assert lab.http("audit", path={"employee": "e-none"})[1] == {"scans": []}
    assert lab.http("audit", path={"employee": "e'none"})[0] == 404


def test_a_long_history_comes_in_pages(lab):
    for n in range(130):
        lab.put(pk="EMPLOYEE#e-long", sk=f"SCAN#2026-11-23T08:{n // 60:02}:{n % 60:02}.000Z#s{n}",
                at=f"2026-11-23T08:{n // 60:02}:{n % 60:02}.000Z", kind="entry", outcome="entered")
    first = lab.http("audit", path={"employee": "e-long"})[1]
    second = lab.http("audit", path={"employee": "e-long"}, query={"next": first["next"]})[1]
    times = [one["at"] for one in first["scans"] + second["scans"]]
    assert len(times) == 130 and times == sorted(times, reverse=True) and "next" not in second


def test_who_is_inside_is_listed_by_building(lab):
    for b in ("w-1", "w-2"):
        lab.put(pk=f"BUILDING#{b}", sk="BUILDING", building=b, name=f"House {b}", city="Lisbon",
                gsi1pk="BUILDINGS", gsi1sk=b)
    for n in range(3):
        lab.employee(f"e-w{n}", "w-1", card=f"w-{n}")
        assert lab.enter(f"w{n}", f"w-{n}", f"2026-11-23T08:0{n}:00.000Z", "w-1")[0] == 200
    assert lab.exit("wx", "w-1") == []
    assert lab.http("inside")[1] == {"buildings": [
        {"building": "w-1", "inside": 2, "name": "House w-1", "city": "Lisbon"},
        {"building": "w-2", "inside": 0, "name": "House w-2", "city": "Lisbon"}]}
    people = lab.http("inside", path={"building": "w-1"})[1]["people"]
    assert [(one["employee"], one["entered"], one["door"], one["card"]) for one in people] == [
        ("e-w2", "2026-11-23T08:02:00.000Z", "D1", "w-2"),
        ("e-w0", "2026-11-23T08:00:00.000Z", "D1", "w-0")]
    assert lab.http("inside", path={"building": "w-2"})[1]["people"] == []


def test_employees_are_found_by_name_and_id(lab):
    lab.employee("e-fx", "b1", "b2", card="f-1")
    found = lab.http("people", query={"find": "E-FX An"})[1]
    assert found == {"employees": [{"employee": "e-fx", "name": 'Ann "e-fx" Ünal',
                                    "department": "Sales", "card": "f-1",
                                    "card_issued": "2026-11-01T00:00:00.000Z"}]}
    assert [one["employee"] for one in lab.http("people", query={"find": "e-fx"})[1]["employees"]] \
        == ["e-fx"]
    assert lab.http("people", query={"find": 'zz"'})[1] == {"employees": []}
    assert lab.http("people")[1] == {"employees": []}
    one = lab.http("people", path={"employee": "e-fx"})[1]
    assert [b["building"] for b in one["buildings"]] == ["b1", "b2"]
    assert [(c["card"], c["state"]) for c in one["cards"]] == [("f-1", "active")]
    assert lab.http("people", path={"employee": "none"})[0] == 404


def test_hr_gets_an_address_for_one_event(lab):
    lab.employee("e-iss", card="iss-1")
    who = {"jwt": {"claims": {"username": "harriet"}, "scopes": ["cards/issue"]}}
    status, answer = lab.http("issue", {"card": "iss-2", "employee": "e-iss"}, **who)
    assert status == 200
    upload, event = answer["upload"], answer["event"]
    assert upload["Method"] == "PUT" and upload["Headers"]["x-amz-meta-by"] == "harriet"
    target = upload["Url"].split("://", 1)[1].split("/", 1)[1]
    put = lab.weir.ask("PUT", "/" + target, json.dumps(event).encode(), upload["Headers"])
    assert put[0] == 200, put
    key = target.split("?")[0].split("/", 1)[1]
    assert key.endswith("/iss-2.json") and lab.event("link", key) == []
    assert lab.item("CARD#iss-2", "CARD")["issued_by"] == "harriet"
    assert lab.http("issue", {"card": "iss-1", "employee": "e-iss"}, **who)[1]["message"] == \
        "This card was issued before."
    assert lab.http("issue", {"card": "x", "employee": "nobody"}, **who)[0] == 404
    assert lab.http("issue", "nonsense", **who)[0] == 400


def test_scopes_follow_from_groups(lab):
    event = {"version": "2", "triggerSource": "TokenGeneration_HostedAuth", "userName": "ann",
             "request": {"groupConfiguration": {"groupsToOverride": ["hr", "other", "auditors"]},
                         "scopes": ["openid"]},
             "response": {"claimsAndScopeOverrideDetails": None}}
    answer = lab.ask("scopes", event)
    assert answer.pop("response") == {"claimsAndScopeOverrideDetails": {
        "accessTokenGeneration": {"scopesToAdd": ["cards/issue", "cards/audit"]}}}
    assert answer == {key: event[key] for key in ("version", "triggerSource", "userName", "request")}
