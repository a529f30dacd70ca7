# SPDX-License-Identifier: Apache-2.0
"""libweir's documents against botocore: every operation of every service that it has.

Parameters are made from the model by the generator of protocol_services_test. libweir's request must be
the one that botocore's serializer makes of them; outputs are encoded by weir's wire layer, and libweir
must read what was put in. What the protocols cannot say is not generated.
"""
import base64
import datetime
import json
import urllib.parse
import xml.etree.ElementTree as ElementTree

import botocore.serialize
import botocore.session
import pytest

from protocol_services_test import SEED, Generator, overlay, raw_request, report
from sdk_kit import build as build_sdk
from wire_oracle import BUILD, ROOT, XML_PROTOCOLS, Oracle, build, is_document, is_json_value, plain, \
    prune, sayable, to_tree

CHOICE = ["json", "rest-json", "rest-xml", "query", "ec2"]
NAMES = [word for line in (ROOT / "sdk" / "services").read_text().split("\n")
         for word in line.split("#")[0].split()]
SESSION = botocore.session.get_session()
NAMES = [name for name in NAMES if name in SESSION.get_available_services()]
MODELS = {name: SESSION.get_service_model(name) for name in NAMES}
OWN_HEADERS = {"content-length", "host", "user-agent", "accept", "content-md5", "x-amz-checksum-crc32"}
# Superseded operations of S3 whose answers weir does not encode.
UNKNOWN = [("s3", name) for name in (
    "GetBucketLifecycle", "PutBucketLifecycle", "GetBucketNotification", "PutBucketNotification",
    "ListDirectoryBuckets", "GetBucketLocation")]


def protocol_of(model):
    listed = model.metadata.get("protocols") or [model.metadata["protocol"]]
    return next(p for p in CHOICE if p in listed)


@pytest.fixture(scope="module")
def sdk():
    started = Oracle(build_sdk("tools") / "oracle")
    yield started
    started.close()


@pytest.fixture(scope="module")
def weir_oracle():
    """weir's wire layer, with the models of services that weir does not have."""
    extra = BUILD / "protocol" / "sdk"
    extra.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        if [name] not in overlay("services"):
            model = SESSION.get_component("data_loader").load_service_model(name, "service-2")
            (extra / f"{name}.json").write_text(json.dumps(model))
    started = Oracle(build(extra))
    yield started
    started.close()


def to_json(shape, value, moments):
    """What a caller of libweir writes: blobs in base64, moments as texts or numbers in turn."""
    if value is None or is_document(shape):
        return value
    kind = shape.type_name
    if kind == "structure":
        return {k: to_json(shape.members[k], v, moments) for k, v in value.items()}
    if kind == "list":
        return [to_json(shape.member, v, moments) for v in value]
    if kind == "map":
        return {k: to_json(shape.value, v, moments) for k, v in value.items()}
    if kind == "blob":
        return base64.b64encode(value if isinstance(value, bytes) else value.encode()).decode()
    if kind == "timestamp":
        moments.append(value)
        moment = datetime.datetime.fromtimestamp(value, datetime.timezone.utc)
        return value if len(moments) % 2 else moment.isoformat()
    return value


def tree_of(element):
    text = (element.text or "") if not len(element) else ""
    return [element.tag, text, sorted(element.attrib.items()), [tree_of(e) for e in element]]


def number_or_text(text):
    try:
        return float(text)
    except ValueError:
        return text


def body_of(protocol, body):
    """A body in a form that can be compared."""
    if not body or protocol not in ("json", "rest-json", "rest-xml", "query", "ec2"):
        return body
    if protocol in ("query", "ec2"):
        pairs = urllib.parse.parse_qsl(body.decode(), keep_blank_values=True)
        return sorted((k, str(number_or_text(v))) for k, v in pairs)
    if protocol == "rest-xml":
        try:
            return tree_of(ElementTree.fromstring(body))
        except ElementTree.ParseError:
            return body
    try:
        return json.loads(body)
    except ValueError:
        return body


def botocore_request(protocol, operation, params):
    serializer = botocore.serialize.create_serializer(protocol, include_validation=False)
    request = raw_request(serializer.serialize_to_request(dict(params), operation))
    path, _, query = request["target"].partition("?")
    return {"method": request["method"], "path": path or "/",
            "query": sorted(urllib.parse.parse_qsl(query, keep_blank_values=True)),
            "headers": {k: v for k, v in request["headers"] if k not in OWN_HEADERS},
            "body": body_of(protocol, base64.b64decode(request["body"]))}


def own_request(protocol, answer):
    unquoted = [(urllib.parse.unquote(k), urllib.parse.unquote(v)) for k, v in answer["query"]]
    return {"method": answer["method"], "path": answer["path"] or "/", "query": sorted(unquoted),
            "headers": {k: v for k, v in answer["headers"] if k not in OWN_HEADERS},
            "body": body_of(protocol, base64.b64decode(answer["body"]))}


def has_events(shape):
    return shape is not None and any(m.serialization.get("eventstream") for m in shape.members.values())


def blob_payload(shape):
    """The member that is the whole body, as bytes."""
    payload = shape.serialization.get("payload") if shape else None
    return payload if payload and shape.members[payload].type_name == "blob" else None


def settle(shape, ours, theirs):
    """What differs and means the same: the type of a body that has none in botocore, spaces in JSON."""
    for side in (ours, theirs):
        for member in shape.members.values() if shape else ():
            name = member.serialization.get("name", "").lower()
            if is_json_value(member) and name in side["headers"]:
                side["headers"][name] = str(json.loads(base64.b64decode(side["headers"][name])))
    for side, other in ((ours, theirs), (theirs, ours)):
        if "content-type" in side["headers"] and "content-type" not in other["headers"]:
            side["headers"].pop("content-type")
        for name, value in side["headers"].items():
            side["headers"][name] = value.strip()


@pytest.mark.parametrize("name", NAMES)
def test_a_request_is_the_one_that_botocore_makes(sdk, name):
    wrong = []
    model = MODELS[name]
    protocol = protocol_of(model)
    for operation_name in model.operation_names:
        operation = model.operation_model(operation_name)
        shape = operation.input_shape
        seed = f"{SEED}-{name}-{operation_name}-sdk"
        params = sayable(shape, Generator(seed, protocol).top(shape)) if shape else {}
        if has_events(shape) or has_events(operation.output_shape):
            continue
        for token in operation.idempotent_members:
            params.setdefault(token, "a-token")
        params.pop("ChecksumAlgorithm", None)  # adds a checksum of its own
        given = to_json(shape, params, []) if shape else {}
        command = {"do": "encode", "service": name, "operation": operation_name}
        payload = blob_payload(shape)
        if payload in given:
            command["body"] = given.pop(payload)
        answer = sdk.ask(json=given, **command)
        theirs = botocore_request(protocol, operation, params)
        if "error" in answer:
            wrong.append((operation_name, seed, theirs, answer, given))
            continue
        ours = own_request(protocol, answer)
        settle(shape, ours, theirs)
        if ours != theirs:
            wrong.append((operation_name, seed, theirs, ours, given))
    assert not wrong, report(wrong)


def answered(shape, value):
    """What libweir answers: blobs in base64, moments as milliseconds to compare, no bytes that are the
    body."""
    return plain(shape, {k: v for k, v in value.items() if k != blob_payload(shape)})


def read_back(shape, value):
    if value is None or is_document(shape):
        return value
    kind = shape.type_name
    if kind == "structure":
        return {k: read_back(shape.members[k], v) if k in shape.members else v for k, v in value.items()}
    if kind == "list":
        return [read_back(shape.member, v) for v in value]
    if kind == "map":
        return {k: read_back(shape.value, v) for k, v in value.items()}
    if kind == "timestamp":
        moment = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
        return round(moment.timestamp() * 1000)
    if kind == "float":
        return plain(shape, value)
    if is_json_value(shape):
        return json.loads(value) if isinstance(value, str) else value
    return value


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_is_read_as_what_was_said(sdk, weir_oracle, name):
    wrong = []
    model = MODELS[name]
    protocol = protocol_of(model)
    for operation_name in model.operation_names:
        operation = model.operation_model(operation_name)
        shape = operation.output_shape
        if shape is None or has_events(shape) or has_events(operation.input_shape) \
                or (name, operation_name) in UNKNOWN:
            continue
        seed = f"{SEED}-{name}-{operation_name}-sdk-out"
        output = Generator(seed, protocol, answer=True).top(shape)
        encoded = weir_oracle.ask(do="encode", service=name, operation=operation_name,
                                  protocol=protocol, value=to_tree(shape, output))
        head = f"HTTP/1.1 {encoded['status']} X\r\n" + "".join(
            f"{k}: {v}\r\n" for k, v in encoded["headers"]) + "\r\n"
        answer = sdk.ask(do="decode", service=name, operation=operation_name,
                         status=encoded["status"], head=head, body=encoded["body"])
        expected = answered(shape, output)
        actual = answer
        if "json" in answer:
            actual = read_back(shape, answer["json"])
        if protocol in XML_PROTOCOLS or protocol == "rest-json":
            expected, actual = prune(expected), prune(actual)
        if operation.http["method"] != "HEAD":  # elsewhere the length is that of the body
            expected.pop("ContentLength", None)
            actual.pop("ContentLength", None)
        actual = {k: v for k, v in actual.items() if k in expected or not is_nothing(shape, k, v)}
        if actual != expected:
            wrong.append((operation_name, seed, expected, actual, encoded))
    assert not wrong, report(wrong)


def is_nothing(shape, name, value):
    """An empty payload, and the type of a body that has none."""
    said = shape.members[name].serialization if name in shape.members else {}
    return value in ("", {}, []) or said.get("name", "").lower() == "content-type"


@pytest.mark.parametrize("name", NAMES)
def test_an_error_is_read_with_its_code_and_sentence(sdk, weir_oracle, name):
    wrong = []
    model = MODELS[name]
    protocol = protocol_of(model)
    seen = set()
    for operation_name in model.operation_names:
        for shape in model.operation_model(operation_name).error_shapes:
            if shape.name in seen:
                continue
            seen.add(shape.name)
            said = "Said <so> & \"so\"."
            encoded = weir_oracle.ask(do="fail", service=name, operation=operation_name,
                                      protocol=protocol, code=shape.name, http=400, message=said,
                                      detail={})
            head = "HTTP/1.1 400 X\r\n" + "".join(f"{k}: {v}\r\n" for k, v in encoded["headers"]) + "\r\n"
            answer = sdk.ask(do="fault", service=name, operation=operation_name, status=400, head=head,
                             body=encoded["body"])
            code = shape.name
            if protocol in XML_PROTOCOLS or "awsQueryCompatible" in model.metadata:
                code = shape.error_code or shape.name
            if (answer["code"], answer["message"]) != (code, said):
                wrong.append((shape.name, "", {"code": code}, answer, encoded))
    assert not wrong, report(wrong)
