# SPDX-License-Identifier: Apache-2.0
"""weir speaks AWS's protocols as AWS's own client library does.

The rules: botocore's published protocol tests. Every request they show is decoded and must give the
parameters it was made from; every result they show is encoded and must be read back by botocore's own
parsers. They come with botocore's source distribution only: a folder is named by
WEIR_PROTOCOL_RULES, or the distribution is fetched once into the build folder.
"""
import base64
import json
import os
import pathlib
import subprocess
import sys
import tarfile

import botocore
import botocore.parsers
import pytest
from botocore.awsrequest import HeadersDict
from botocore.model import ServiceModel

from wire_oracle import BUILD, XML_PROTOCOLS, Oracle, build, plain, prune, sayable, to_tree

# What is not compared, and why.
SKIPPED = {
    "RestJsonInputAndOutputWithTimestampHeaders": "botocore's parser cuts dates at their comma",
    "InputAndOutputWithTimestampHeaders": "botocore's parser cuts dates at their comma",
    "RestJsonInputAndOutputWithQuotedStringHeaders": "botocore's parser knows no quotes in headers",
    "InputAndOutputWithQuotedStringHeaders": "botocore's parser knows no quotes in headers",
    "Ec2XmlLists": "botocore's parser takes a flattened list's name from its member",
    "QueryXmlLists": "botocore's parser takes a flattened list's name from its member",
    "XmlLists": "no service names the elements of a flattened list apart from it",
    "BodyWithXmlName": "botocore does not put its own name around this body",
    "IgnoreQueryParamsInResponse": "no service has an output that would be in the query",
    "RestJsonHttpPayloadWithUnsetUnion": "botocore's parser refuses a union without a member",
    "RestXmlHttpPayloadWithUnsetUnion": "botocore's parser refuses a union without a member",
    "HttpPrefixHeadersResponse": "no service has an empty prefix, which would take all headers",
}


def find_rules():
    named = os.environ.get("WEIR_PROTOCOL_RULES")
    if named:
        return pathlib.Path(named)
    folder = BUILD / "protocol"
    found = sorted(folder.glob("botocore-*/tests/unit/protocols"))
    if found:
        return found[-1]
    folder.mkdir(parents=True, exist_ok=True)
    fetched = subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", "botocore", "-d",
         str(folder), f"botocore=={botocore.__version__}"], stderr=subprocess.DEVNULL)
    for archive in folder.glob("botocore-*.tar.gz"):
        with tarfile.open(archive) as tar:
            tar.extractall(folder, [m for m in tar.getmembers() if "/tests/unit/protocols" in m.name])
    found = sorted(folder.glob("botocore-*/tests/unit/protocols"))
    return found[-1] if found and fetched.returncode == 0 else None


RULES = find_rules()


class Case:
    """One rule: a service of its own with one operation."""

    def __init__(self, direction, file, suite, suite_index, index):
        self.case = suite["cases"][index]
        self.direction = direction
        self.name = f"{direction}-{file}-{suite_index}-{index}"
        self.id = self.case.get("id") or self.name
        self.operation = self.case["given"].get("name", "OperationName")
        given = {k: v for k, v in self.case["given"].items()}
        given.setdefault("http", {"method": "POST", "requestUri": "/"})
        given["name"] = self.operation
        if suite["metadata"]["protocol"] == "query" and "output" in given:
            wrapper = {"resultWrapper": f"{self.operation}Result"}  # which the rules take for granted
            given["output"] = {**wrapper, **given["output"]}
        metadata = {"apiVersion": "2020-01-01", "endpointPrefix": "x" + self.name, **suite["metadata"]}
        metadata.setdefault("serviceId", self.name)
        errors = [{"shape": n} for n, s in suite["shapes"].items() if s.get("exception")]
        shapes = suite["shapes"]
        for shape in [given.get("input"), given.get("output")]:
            assert shape is None or shape["shape"] in shapes
        if errors:
            given.setdefault("errors", errors)
        self.description = {"metadata": metadata, "shapes": shapes,
                            "operations": {self.operation: given}}
        self.model = ServiceModel(self.description, self.name)
        self.protocol = metadata["protocol"]

    def op(self):
        return self.model.operation_model(self.operation)


def all_cases():
    cases = []
    for direction in ("input", "output"):
        for path in sorted((RULES / direction).glob("*.json")) if RULES else ():
            for i, suite in enumerate(json.loads(path.read_text())):
                cases += [Case(direction, path.stem, suite, i, j) for j in range(len(suite["cases"]))]
    return cases


CASES = all_cases()


@pytest.fixture(scope="module")
def oracle():
    extra = BUILD / "protocol" / "extra"
    extra.mkdir(parents=True, exist_ok=True)
    for old in extra.glob("*.json"):
        old.unlink()
    for case in CASES:
        (extra / f"{case.name}.json").write_text(json.dumps(case.description))
    started = Oracle(build(extra))
    yield started
    started.close()


def is_skipped(case):
    if "ContentEncoding" in case.id or "AppendsGzip" in case.id or "AppendedGzip" in case.id:
        return "the rule shows a header and no body; protocol_services_test.py packs one"
    return SKIPPED.get(case.id)


def params(direction, is_error=False):
    return [pytest.param(c, id=c.id, marks=[pytest.mark.skip(is_skipped(c))] if is_skipped(c) else [])
            for c in CASES if c.direction == direction and ("error" in c.case) == is_error]


def body_of(case, body):
    if body is None:
        return b""
    return base64.b64decode(body) if case.protocol == "smithy-rpc-v2-cbor" else body.encode()


def simplified(case, shape, value):
    value = sayable(shape, value)
    return prune(value) if case.protocol in XML_PROTOCOLS else value


@pytest.mark.skipif(not CASES, reason="no protocol rules found")
def test_rules_are_there():
    assert len(CASES) > 600


@pytest.mark.parametrize("case", params("input"))
def test_a_request_means_the_parameters_it_was_made_from(oracle, case):
    sent = case.case["serialized"]
    uri = sent.get("uri") or "/"
    answer = oracle.ask(
        do="decode", service=case.name, operation=case.operation, protocol=case.protocol,
        method=sent.get("method", "POST"), target=uri,
        headers=[[k.lower(), v] for k, v in sent.get("headers", {}).items()],
        body=base64.b64encode(body_of(case, sent.get("body"))).decode())
    assert "value" in answer, answer
    shape = case.op().input_shape
    if shape is None:
        assert answer["value"] == {}
        return
    expected = simplified(case, shape, plain(shape, case.case["params"]))
    actual = simplified(case, shape, plain(shape, answer["value"], dumped=True))
    for name, member in shape.members.items():
        if member.metadata.get("idempotencyToken") and name not in expected:
            actual.pop(name, None)
    assert actual == expected


def parse(case, answer, shape):
    parser = botocore.parsers.create_parser(case.protocol)
    response = {"status_code": answer["status"], "headers": HeadersDict(dict(answer["headers"])),
                "body": base64.b64decode(answer["body"]),
                "context": {"operation_name": case.operation}}
    parsed = parser.parse(response, shape)
    parsed.pop("ResponseMetadata", None)
    return parsed


@pytest.mark.parametrize("case", params("output"))
def test_a_result_is_read_back_by_botocore(oracle, case):
    shape = case.op().output_shape
    result = case.case["result"]
    answer = oracle.ask(do="encode", service=case.name, operation=case.operation,
                        protocol=case.protocol, value=to_tree(shape, result) if shape else {})
    assert "status" in answer, answer
    if shape is None:
        return
    assert answer["status"] == case.case["response"].get("status_code", 200)
    parsed = parse(case, answer, shape)
    assert simplified(case, shape, plain(shape, parsed)) == simplified(case, shape, plain(shape, result))


@pytest.mark.parametrize("case", params("output", is_error=True))
def test_an_error_is_read_back_by_botocore(oracle, case):
    rule = case.case
    code = rule.get("errorCode", "")
    shape = next((s for s in case.model.error_shapes if code in (s.name, s.error_code)), None)
    detail = {k: v for k, v in rule["error"].items() if shape and k in shape.members}
    answer = oracle.ask(do="fail", service=case.name, operation=case.operation,
                        protocol=case.protocol, code=shape.name if shape else code,
                        http=rule["response"]["status_code"], message=rule.get("errorMessage", ""),
                        detail=to_tree(shape, detail) if shape else {})
    parsed = parse(case, answer, case.op().output_shape)
    assert parsed["Error"]["Code"] == code
    assert (parsed["Error"].get("Message") or "") == rule.get("errorMessage", "")
    if shape:
        again = parse(case, answer, shape)
        expected = simplified(case, shape, plain(shape, detail))
        actual = simplified(case, shape, plain(shape, again))
        assert {k: actual.get(k) for k in expected} == expected
