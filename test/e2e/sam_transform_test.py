# SPDX-License-Identifier: Apache-2.0
"""The SAM transform makes what AWS's own makes.

The templates of templates/sam/ go through AWS's published implementation (aws-sam-translator, a test
client) and through weir's, built as the program build/sam-oracle; results and refusals are compared as
JSON. Not compared: the order of what Python keeps in sets and in the order of Python 2's dictionaries,
and the hash in the id of a REST API's deployment.
"""
import copy
import json
import os
import pathlib
import re
import subprocess

import pytest

translator = pytest.importorskip("samtranslator.translator.transform")

from samtranslator.model.exceptions import InvalidDocumentException, InvalidTemplateException  # noqa: E402
from samtranslator.policy_template_processor.processor import PolicyTemplatesProcessor  # noqa: E402
from samtranslator.translator.arn_generator import ArnGenerator  # noqa: E402
from samtranslator.utils.py27hash_fix import Py27Dict  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("WEIR_BUILD", ROOT / "build")).resolve()
REGION = "eu-central-1"
FOLDER = pathlib.Path(__file__).parent / "templates" / "sam"


def cases():
    for path in sorted(FOLDER.glob("*.yaml")):
        for text in path.read_text().split("\n---\n")[1:]:
            yield pytest.param(text, id=f"{path.stem}: {text.splitlines()[0][2:]}")


class NoPolicies:
    """Managed policies by name: those that the implementation brings along are enough."""

    @staticmethod
    def load():
        return {}


@pytest.fixture(scope="module")
def oracle():
    program = BUILD / "sam-oracle"
    if not program.exists():
        subprocess.run(["make", f"B={os.path.relpath(BUILD, ROOT)}", os.path.relpath(program, ROOT)],
                       check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield process
    process.stdin.close()
    assert process.wait(timeout=10) == 0


@pytest.fixture(autouse=True)
def as_written(monkeypatch):
    """Dictionaries keep the order in which they were written, and the region is fixed."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setattr(ArnGenerator, "BOTO_SESSION_REGION_NAME", REGION)
    for name in ("__iter__", "keys", "values", "items"):
        monkeypatch.setattr(Py27Dict, name, getattr(dict, name))


def sort_key(cause):
    if isinstance(cause, InvalidTemplateException):
        return cause._message
    return str(getattr(cause, "_logical_id", None) or cause)


def theirs(template, parameters):
    try:
        return {"template": translator.transform(copy.deepcopy(template), dict(parameters), NoPolicies())}
    except InvalidDocumentException as error:
        causes = sorted(error.causes, key=sort_key)
        return {"error": " ".join([error.message] + [cause.message for cause in causes])}


def ours(process, template, parameters):
    process.stdin.write(json.dumps({"template": template, "parameters": parameters}) + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def ordered(value):
    """Lists that are sets, sorted."""
    if isinstance(value, dict):
        return {key: sorted(map(str, item)) if key == "DependsOn" and isinstance(item, list)
                else sorted((ordered(one) for one in item), key=json.dumps) if key == "Fn::Or"
                else ordered(item) for key, item in value.items()}
    return [ordered(item) for item in value] if isinstance(value, list) else value


def comparable(answer):
    text = json.dumps(ordered(answer))
    for deployment in set(re.findall(r'"(\w+Deployment)([0-9a-f]{10})"', text)):
        text = text.replace("".join(deployment), deployment[0])
    text = re.sub(r"RestApi deployment id: [0-9a-f]{40}", "", text)
    return json.loads(text)


@pytest.mark.parametrize("text", list(cases()))
def test_a_template_becomes_what_aws_makes_of_it(oracle, text):
    template = json.loads(json.dumps(yaml_parse(text)))
    parameters = template.pop("X-Params", {})
    assert comparable(ours(oracle, template, parameters)) == comparable(theirs(template, parameters))


def test_every_policy_template_is_what_aws_makes_of_it(oracle):
    known = PolicyTemplatesProcessor.get_default_policy_templates_json()["Templates"]
    policies = [{name: {parameter: {"Ref": parameter + "Of"} for parameter in template["Parameters"]}}
                for name, template in known.items()]
    template = {"Resources": {"F": {"Type": "AWS::Serverless::Function", "Properties": {
        "Handler": "h", "Runtime": "r", "InlineCode": "x", "Policies": policies}}}}
    assert comparable(ours(oracle, template, {})) == comparable(theirs(template, {}))
