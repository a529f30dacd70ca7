# SPDX-License-Identifier: Apache-2.0
"""What the tests of DynamoDB share: tables of a test's own, values, AWS's refusals."""
import itertools
import time

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

numbers = itertools.count(1)
VALIDATION = "ValidationException"


def table_name():
    """A name that no other table of this run has."""
    return f"table-{next(numbers)}"


def schema(hashes, ranges=()):
    """A KeySchema; each a name, or several in a list."""
    listed = [hashes] if isinstance(hashes, str) else list(hashes)
    more = [ranges] if isinstance(ranges, str) else list(ranges)
    return ([{"AttributeName": name, "KeyType": "HASH"} for name in listed] +
            [{"AttributeName": name, "KeyType": "RANGE"} for name in more])


def index(name, hashes, ranges=(), projection="ALL", include=()):
    """A local or global index' description."""
    what = {"ProjectionType": "INCLUDE" if include else projection}
    if include:
        what["NonKeyAttributes"] = list(include)
    return {"IndexName": name, "KeySchema": schema(hashes, ranges), "Projection": what}


def make(ddb, hashes="pk", ranges=(), types=None, locals_=(), globals_=(), **more):
    """A table on demand; its name. types: of key attributes that are not S."""
    name = more.pop("TableName", None) or table_name()
    keys = schema(hashes, ranges)
    used = {k["AttributeName"] for k in keys}
    for one in [*locals_, *globals_]:
        used |= {k["AttributeName"] for k in one["KeySchema"]}
    if locals_:
        more["LocalSecondaryIndexes"] = list(locals_)
    if globals_:
        more["GlobalSecondaryIndexes"] = list(globals_)
    ddb.create_table(
        TableName=name, KeySchema=keys, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": a, "AttributeType": (types or {}).get(a, "S")}
                              for a in sorted(used)], **more)
    return name


def item(**attributes):
    """A Python dict as an Item."""
    return {name: TypeSerializer().serialize(value) for name, value in attributes.items()}


def plain(wire):
    """An Item as a Python dict."""
    return {name: TypeDeserializer().deserialize(value) for name, value in wire.items()}


def values(**given):
    """ExpressionAttributeValues: values(a=1) is {":a": {"N": "1"}}."""
    return {f":{name}": value for name, value in item(**given).items()}


def put(ddb, table, **attributes):
    return ddb.put_item(TableName=table, Item=item(**attributes))


def refused(code, call, *words, **more):
    """The call must fail with that code; its sentence."""
    with pytest.raises(ClientError) as caught:
        call(*words, **more)
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return error.get("Message", "")


def until(condition, seconds=30):
    """Asks again until it holds: what goes on step by step comes to its end."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
