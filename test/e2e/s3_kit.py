# SPDX-License-Identifier: Apache-2.0
"""What the tests of S3 share: clients, buckets of a test's own, and how refusals are told."""
import itertools
import urllib.parse

import pytest
from botocore.exceptions import ClientError

numbers = itertools.count(1)
MIB = 1 << 20
BOUNDARY = "----WebKitFormBoundaryweir"  # of posted forms


def bucket_name():
    """A name that no other bucket of this run has."""
    return f"bucket-{next(numbers)}"


def make_bucket(s3, versioning=None, **more):
    name = bucket_name()
    s3.create_bucket(Bucket=name, **more)
    if versioning:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": versioning})
    return name


def refused(code, status, call, **arguments):
    """The call must fail with that code and HTTP status; gives the whole answer."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    assert answer["Error"]["Code"] == code, answer
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status, answer
    return answer


def keys(answer):
    return [item["Key"] for item in answer.get("Contents", [])]


def prefixes(answer):
    return [item["Prefix"] for item in answer.get("CommonPrefixes", [])]


def body(answer):
    return answer["Body"].read()


def headers(answer):
    return answer["ResponseMetadata"]["HTTPHeaders"]


def raw(weir, method, operation, headers=None, **params):
    """That operation by plain HTTP, signed in the query: status, headers, body."""
    url = urllib.parse.urlsplit(weir.client("s3", signature_version="s3v4").generate_presigned_url(
        operation, Params=params, HttpMethod=method))
    return weir.ask(method, f"{url.path}?{url.query}", headers=headers)


def status(answer):
    return answer["ResponseMetadata"]["HTTPStatusCode"]


def form_of(fields, content, filename="a.txt", behind=()):
    """A form's bytes; fields in order, then the file."""
    out = b""
    parts = [(f'name="{name}"', value) for name, value in fields.items()]
    if content is not None:
        parts.append((f'name="file"; filename="{filename}"\r\nContent-Type: text/plain', content))
    parts += [(f'name="{name}"', value) for name, value in behind]
    for head, value in parts:
        value = value if isinstance(value, bytes) else value.encode()
        out += (f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + value +
                b"\r\n")
    return out + f"--{BOUNDARY}--\r\n".encode()


def post(weir, path, fields, content=b"hello", headers=None, **more):
    return weir.ask("POST", path, form_of(fields, content, **more), {
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}", **(headers or {})})
