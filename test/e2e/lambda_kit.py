# SPDX-License-Identifier: Apache-2.0
"""What the tests of Lambda share: packages made of texts, functions of a test's own, waiting."""
import io
import itertools
import json
import urllib.request
import zipfile

import pytest
from botocore.exceptions import ClientError
from weir_server import ACCOUNT, REGION

numbers = itertools.count(1)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/lambda-role"
PYTHON = "python3.12"

ECHO = """
def handler(event, context):
    return event
"""


def function_name():
    """A name that no other function of this run has."""
    return f"function-{next(numbers)}"


def package(files=None, modes=None):
    """A zip of texts or bytes by name, with modes (0o644) by name; one handler that echoes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in ({"index.py": ECHO} if files is None else files).items():
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            info.external_attr = (modes or {}).get(name, 0o100644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return made.getvalue()


def create(client, name=None, files=None, **more):
    """A function of Python files; its configuration. By default one that echoes."""
    more.setdefault("Runtime", PYTHON)
    more.setdefault("Handler", "index.handler")
    more.setdefault("Role", ROLE)
    more.setdefault("Code", {"ZipFile": package(files)})
    return client.create_function(FunctionName=name or function_name(), **more)


def create_with(client, body, name=None, **more):
    """A function whose handler's file is that text; its name."""
    return create(client, name, {"index.py": body}, **more)["FunctionName"]


def arn(name, qualifier=None, region=REGION):
    return f"arn:aws:lambda:{region}:{ACCOUNT}:function:{name}" + (
        f":{qualifier}" if qualifier else "")


def invoke(client, name, event=None, **more):
    """The answer and what the handler gave, read as JSON."""
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event).encode(), **more)
    text = answer["Payload"].read()
    return answer, json.loads(text) if text else None


def refused(code, call, status=400, **arguments):
    """The call must fail with that code and status; gives the message."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    assert answer["Error"]["Code"] == code, answer["Error"]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status, answer
    return answer["Error"]["Message"]


def download(url):
    """Status and bytes of a plain GET."""
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
