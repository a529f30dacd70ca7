# SPDX-License-Identifier: Apache-2.0
"""Every operation of every service, in every protocol that the service may be spoken in.

Parameters are made from the model by a seeded generator; botocore's own serializer makes a request of
them and weir must find the operation and read the same parameters; outputs are made likewise, weir
encodes them and botocore's own parser must read the same. And for every error. What a protocol cannot
say (an empty list in a form, a fraction of a second in an HTTP date) is not generated.
"""
import base64
import gzip
import io
import os
import random
import time
import urllib.parse

import botocore.eventstream
import botocore.parsers
import botocore.serialize
import botocore.session
import pytest
from botocore.awsrequest import HeadersDict, create_request_object, prepare_request_dict

from wire_oracle import (ROOT, BUILD, XML_PROTOCOLS, Oracle, build, is_document, is_json_value, plain,
                         prune, sayable, to_tree)

SEED = int(os.environ.get("WEIR_SEED", "20261123"))
ROUNDS = int(os.environ.get("WEIR_ROUNDS", "1"))
SECONDS_MAX = 60
DEPTH_MAX = 4
TEXTS = ["a", "plain text", "with / slash", "per%20cent", "a+b=c&d", "<tag attr='x'>&amp;", "é€😀",
         'quo"te', "back\\slash", "line\nbreak", "\ttab", " space ", "x" * 300]
HEADER_TEXTS = ["a", "plain text", "a/b", "x" * 100, "semi;colon", "100%"]
LABEL_TEXTS = ["a", "plain text", "with / slash", "per%20cent", "a+b=c&d", "é€😀", "a:b", "x.y-z_~"]


def overlay(name):
    lines = (ROOT / "overlay" / name).read_text().split("\n")
    return [line.split() for line in lines if line.strip() and not line.startswith("#")]


def services():
    session = botocore.session.get_session()
    known = session.get_available_services()
    spoken = {}
    for (name,) in overlay("services"):
        if name in known:
            model = session.get_service_model(name)
            listed = list(model.metadata.get("protocols") or [model.metadata["protocol"]])
            extra = [p for s, p in overlay("protocols") if s == name and p not in listed]
            spoken[name] = (model, listed + extra)
    return spoken


SPOKEN = services()


# Superseded operations of S3, whose routes their successors have; one that differs from ListBuckets
# by its host only; and one that botocore reads by a function of its own, for its model says something
# else.
UNKNOWN = [("s3", operation) for operation in (
    "GetBucketLifecycle", "PutBucketLifecycle", "GetBucketNotification", "PutBucketNotification",
    "ListDirectoryBuckets", "GetBucketLocation")]
# SQS's Query names are no longer in botocore: test/wire/query_test.c has them.
NAMELESS = ("sqs", "query")


class Generator:
    """Values for shapes; the protocol says what can be said."""

    def __init__(self, seed, protocol, answer=False):
        self.random = random.Random(seed)
        self.xml = protocol in XML_PROTOCOLS
        self.protocol = protocol
        self.answer = answer

    def text(self, shape, texts):
        if getattr(shape, "enum", None):
            return self.random.choice(shape.enum)
        return self.random.choice(texts)

    def scalar(self, shape, texts):
        r, kind = self.random, shape.type_name
        if kind in ("string", "character"):
            return {"a": [1, "x"]} if is_json_value(shape) else self.text(shape, texts)
        if kind == "boolean":
            return r.random() < 0.5
        if kind in ("integer", "short", "byte"):
            return r.choice([0, 1, -1, 7, 2**31 - 1, -2**31])
        if kind in ("long", "bigInteger"):
            return r.choice([0, 1, -1, 2**53, 2**63 - 1, -2**63])
        if kind in ("float", "double", "bigDecimal"):
            return r.choice([0.0, 1.0, -1.5, 0.25, 1e10, 123456.75])
        if kind == "timestamp":
            return self.moment(shape)
        return r.randbytes(r.choice([1, 2, 3, 16, 100]))

    def moment(self, shape):
        fraction = 0
        if self.answer and shape.serialization.get("location") is None and \
                shape.serialization.get("timestampFormat") != "rfc822":
            fraction = self.random.choice([0, 0.5, 0.123])
        return 1732352100 + self.random.randrange(10**6) + fraction

    def value(self, shape, depth=0, texts=TEXTS):
        r, kind = self.random, shape.type_name
        if is_document(shape):
            return {"a": [1, "x", True, None, {"b": 1.5}]}
        if kind == "structure":
            return self.structure(shape, depth)
        few = 1 if depth >= DEPTH_MAX else r.choice([1, 1, 2, 3])
        if kind == "list":
            if depth > DEPTH_MAX + 3:
                return []
            return [self.value(shape.member, depth + 1, texts) for _ in range(few)]
        if kind == "map":
            if depth > DEPTH_MAX + 3:
                return {}
            return {self.text(shape.key, texts) + ("" if getattr(shape.key, "enum", None) else str(i)):
                    self.value(shape.value, depth + 1, texts) for i in range(few)}
        return self.scalar(shape, texts)

    def structure(self, shape, depth):
        names = list(shape.members)
        union = getattr(shape, "is_tagged_union", False)
        if not names or depth > DEPTH_MAX and not union:
            return {}
        if union:  # one member, deep down the simplest
            kinds = [shape.members[n].type_name in ("structure", "list", "map") for n in names]
            flat = [n for n, kind in zip(names, kinds) if not kind]
            names = [self.random.choice(flat if depth > DEPTH_MAX and flat else names)]
        made = {}
        for name in names:
            if union or self.random.random() >= 0.3 * depth:
                made[name] = self.value(shape.members[name], depth + 1)
        return made

    def is_special(self, name, member):
        """S3's Expires, a text, which botocore alone has as a moment and again as ExpiresString."""
        return name in ("Expires", "ExpiresString") and member.serialization.get("location")

    def top(self, shape):
        made = {}
        for name, member in shape.members.items():
            location = member.serialization.get("location")
            if member.serialization.get("eventstream") or self.is_special(name, member):
                continue
            if location == "statusCode":
                made[name] = 201
            elif member.metadata.get("hostLabel") or member.serialization.get("hostLabel"):
                made[name] = "123456789012"
            elif location == "uri":
                made[name] = self.value(member, 1, LABEL_TEXTS)
            elif name not in shape.required_members and self.random.random() < 0.2:
                continue
            elif location == "header":
                made[name] = self.value(member, 1, HEADER_TEXTS)
            elif location == "headers":
                made[name] = {"key-a": "value a", "key-b": "b"}
            elif location == "querystring":
                made[name] = self.value(member, 1, LABEL_TEXTS)
            else:
                made[name] = self.value(member, 1)
        return made


class KinesisSerializer(botocore.serialize.CBORSerializer):
    """AWS JSON in CBOR's bytes, moments in milliseconds: what the SDKs for Java and Go send."""

    def _serialize_type_timestamp(self, serialized, value, shape, key):
        serialized.extend(b"\xc1")
        self._serialize_type_integer(serialized, value * 1000, shape, key)

    def serialize_to_request(self, parameters, operation):
        body = bytearray()
        self._serialize_data_item(body, parameters, operation.input_shape)
        target = f"{operation.metadata['targetPrefix']}.{operation.name}"
        return {"url_path": "/", "query_string": "", "method": "POST", "body": bytes(body),
                "headers": {"X-Amz-Target": target, "Content-Type": "application/x-amz-cbor-1.1"}}


class KinesisParser(botocore.parsers.BaseCBORParser):
    """Its answers."""

    def parse(self, response, shape):
        stream = self.get_peekable_stream_from_bytes(response["body"])
        return self._parse_shape(shape, self.parse_data_item(stream))

    def _parse_tag(self, stream, additional_info):
        assert additional_info == 1
        return self.parse_data_item(stream) / 1000

    def _handle_timestamp(self, shape, value):
        return value


def serializer_of(protocol):
    if protocol == "cbor":
        return KinesisSerializer()
    return botocore.serialize.create_serializer(protocol, include_validation=False)


def parser_of(protocol):
    return KinesisParser() if protocol == "cbor" else botocore.parsers.create_parser(protocol)


@pytest.fixture(scope="module")
def oracle():
    empty = BUILD / "protocol" / "none"
    empty.mkdir(parents=True, exist_ok=True)
    started = Oracle(build(empty))
    yield started
    started.close()


@pytest.fixture(scope="module")
def budget():
    return time.monotonic() + SECONDS_MAX


def raw_request(serialized):
    """As botocore would send it, but for the endpoint and the signature."""
    if "url_path" not in serialized:
        serialized["url_path"] = "/"
    prepare_request_dict(serialized, "http://127.0.0.1:4566")
    request = create_request_object(serialized).prepare()
    url = urllib.parse.urlsplit(request.url)
    target = url.path + ("?" + url.query if url.query else "")
    body = request.body if request.body is not None else b""
    if hasattr(body, "read"):
        body = body.read()
    body = body.encode() if isinstance(body, str) else bytes(body)
    headers = [[k.lower(), v.decode() if isinstance(v, bytes) else v]
               for k, v in request.headers.items()]
    headers.append(["host", url.netloc])
    return {"method": request.method, "target": target, "headers": headers,
            "body": base64.b64encode(body).decode()}


def simplified(protocol, value):
    return prune(value) if protocol in XML_PROTOCOLS else value


def asked(protocol, shape, value):
    return simplified(protocol, sayable(shape, value))


def pairs():
    return [pytest.param(name, protocol, id=f"{name}-{protocol}")
            for name, (_, protocols) in SPOKEN.items() for protocol in protocols
            if (name, protocol) != NAMELESS]


def cases(name, direction, budget):
    """Operations in an order of their own, as many as there is time for."""
    model, _ = SPOKEN[name]
    names = sorted(model.operation_names)
    for round_ in range(ROUNDS):
        for operation in names:
            if time.monotonic() > budget:
                return
            made = model.operation_model(operation)
            if not (name, operation) in UNKNOWN:
                yield made, f"{SEED}-{round_}-{name}-{operation}-{direction}"


def scope_of(name):
    model, _ = SPOKEN[name]
    return model.metadata.get("signingName") or model.metadata["endpointPrefix"]


@pytest.mark.parametrize("name, protocol", pairs())
def test_weir_reads_what_botocore_sends(oracle, budget, name, protocol):
    wrong = []
    serializer = serializer_of(protocol)
    for operation, seed in cases(name, "in", budget):
        shape = operation.input_shape
        params = Generator(seed, protocol).top(shape) if shape else {}
        if shape and any(m.serialization.get("eventstream") for m in shape.members.values()):
            continue
        request = raw_request(serializer.serialize_to_request(dict(params), operation))
        answer = oracle.ask(do="route", scope=scope_of(name), **request)
        expected = {"service": name, "operation": operation.name, "protocol": protocol,
                    "value": asked(protocol, shape, plain(shape, params)) if shape else {}}
        if "value" in answer and shape:
            answer["value"] = asked(protocol, shape, plain(shape, answer["value"], dumped=True))
            if "ContentLength" not in params:  # HTTP itself says it
                answer["value"].pop("ContentLength", None)
        if answer != expected:
            wrong.append((operation.name, seed, expected, answer, request))
    assert not wrong, report(wrong)


def report(wrong):
    lines = [f"{len(wrong)} operations: {' '.join(w[0] for w in wrong)[:2000]}"]
    for operation, seed, expected, actual, sent in wrong[:3]:
        lines += [f"{operation} ({seed})", f"  expected {different(expected, actual)}",
                  f"  actual   {different(actual, expected)}", f"  sent     {str(sent)[:1500]}"]
    return "\n".join(lines)


def different(one, other):
    """Only what differs, of two trees."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {k: different(v, other.get(k)) for k, v in one.items() if other.get(k) != v}
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [different(a, b) for a, b in zip(one, other) if a != b]
    return one


def response_of(answer, shape):
    body = base64.b64decode(answer["body"])
    payload = shape.serialization.get("payload")
    if payload and shape.members[payload].type_name == "blob":
        body = io.BytesIO(body)
    return {"status_code": answer["status"], "headers": HeadersDict(dict(answer["headers"])),
            "body": body, "context": {"operation_name": "x"}}


@pytest.mark.parametrize("name, protocol", pairs())
def test_botocore_reads_what_weir_answers(oracle, budget, name, protocol):
    wrong = []
    parser = parser_of(protocol)
    for operation, seed in cases(name, "out", budget):
        shape = operation.output_shape
        if shape is None or operation.has_event_stream_output:
            continue
        output = Generator(seed, protocol, answer=True).top(shape)
        answer = oracle.ask(do="encode", service=name, operation=operation.name, protocol=protocol,
                            value=to_tree(shape, output))
        expected = simplified(protocol, plain(shape, output))
        if operation.http["method"] != "HEAD":  # elsewhere the length is that of the body
            expected.pop("ContentLength", None)
        if "body" in answer:
            parsed = parser.parse(response_of(answer, shape), shape)
            parsed.pop("ResponseMetadata", None)
            actual = simplified(protocol, plain(shape, parsed))
            actual = without_nothing(shape, expected, actual)
        else:
            actual = answer
        if actual != expected:
            wrong.append((operation.name, seed, expected, actual, answer))
    assert not wrong, report(wrong)


def without_nothing(shape, expected, actual):
    """botocore gives an empty payload and an empty map of headers where there was none, and there is
    no body without a Content-Type."""
    def is_nothing(k, v):
        said = shape.members[k].serialization
        if v in ({}, "", []):
            return said.get("location") == "headers" or shape.serialization.get("payload") == k
        return said.get("name", "").lower() == "content-type"
    return {k: v for k, v in actual.items() if k in expected or not is_nothing(k, v)}


@pytest.mark.parametrize("name, protocol", pairs())
def test_botocore_reads_the_errors_that_weir_answers(oracle, budget, name, protocol):
    if protocol == "cbor":
        pytest.skip("botocore has no parser for it; test/wire/encode_test.c looks at the bytes")
    model, _ = SPOKEN[name]
    parser = parser_of(protocol)
    wrong = []
    seen = set()
    for operation, seed in cases(name, "error", budget):
        for shape in operation.error_shapes:
            if shape.name in seen:
                continue
            seen.add(shape.name)
            generator = Generator(seed + shape.name, protocol, answer=True)
            detail = {k: v for k, v in generator.top(shape).items() if k.lower() != "message"}
            answer = oracle.ask(do="fail", service=name, operation=operation.name, protocol=protocol,
                                code=shape.name, http=shape.metadata.get("error", {}).get(
                                    "httpStatusCode", 400), message="Said <so> & \"so\".",
                                detail=to_tree(shape, detail))
            expected = {"Code": shape.error_code or shape.name, "Message": "Said <so> & \"so\"."}
            if protocol in ("json", "rest-json", "smithy-rpc-v2-cbor"):
                expected["Code"] = shape.name
            if "awsQueryCompatible" in model.metadata and protocol != "query":
                expected["Code"] = shape.error_code or shape.name
            parsed = parser.parse(response_of(answer, shape), operation.output_shape)
            actual = {k: parsed.get("Error", {}).get(k) for k in expected}
            if actual != expected:
                wrong.append((shape.name, seed, expected, actual, answer))
    assert not wrong, report(wrong)


def test_a_packed_request_is_unpacked(oracle):
    model, _ = SPOKEN["cloudwatch"]
    operation = model.operation_model("PutMetricData")
    params = {"Namespace": "n", "MetricData": [{"MetricName": f"m{i}", "Value": 1.5}
                                               for i in range(500)]}
    for protocol in SPOKEN["cloudwatch"][1]:
        serialized = serializer_of(protocol).serialize_to_request(params, operation)
        request = raw_request(serialized)
        request["body"] = base64.b64encode(gzip.compress(base64.b64decode(request["body"]))).decode()
        request["headers"].append(["content-encoding", "gzip"])
        answer = oracle.ask(do="decode", service="cloudwatch", operation="PutMetricData",
                            protocol=protocol, **request)
        assert plain(operation.input_shape, answer["value"], dumped=True) == params


EVENT_PARSERS = {"json": botocore.parsers.EventStreamJSONParser,
                 "rest-json": botocore.parsers.EventStreamJSONParser,
                 "rest-xml": botocore.parsers.EventStreamXMLParser,
                 "smithy-rpc-v2-cbor": botocore.parsers.EventStreamCBORParser}


def streaming_operations():
    for name, (model, protocols) in SPOKEN.items():
        for operation in model.operation_names:
            made = model.operation_model(operation)
            for protocol in protocols:
                if made.has_event_stream_output and protocol in EVENT_PARSERS:
                    yield pytest.param(name, made, protocol, id=f"{name}-{operation}-{protocol}")


@pytest.mark.parametrize("name, operation, protocol", list(streaming_operations()))
def test_botocore_reads_the_events_that_weir_sends(oracle, name, operation, protocol):
    stream = operation.get_event_stream_output()
    parser = EVENT_PARSERS[protocol]()
    for event, shape in stream.members.items():
        if shape.metadata.get("exception"):
            continue
        generator = Generator(f"{SEED}-{name}-{operation.name}-{event}", protocol, answer=True)
        value = generator.structure(shape, 0)
        answer = oracle.ask(do="event", service=name, operation=operation.name, protocol=protocol,
                            event=event, value=to_tree(shape, value))
        buffer = botocore.eventstream.EventStreamBuffer()
        buffer.add_data(base64.b64decode(answer["body"]))
        messages = list(buffer)
        assert len(messages) == 1
        parsed = parser.parse(messages[0].to_response_dict(), stream)[event]
        assert simplified(protocol, plain(shape, parsed)) == \
            simplified(protocol, plain(shape, value)), event
