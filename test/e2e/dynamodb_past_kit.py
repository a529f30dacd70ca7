# SPDX-License-Identifier: Apache-2.0
"""What the tests of the past share: a table of numbered items, its contents, waiting for statuses."""
import datetime

UTC = datetime.timezone.utc
LOOKS_MAX = 20000


def make(ddb, name, index=False, **more):
    """A table with keys pk (S) and sk (N); index: a global one by kind."""
    attributes = [("pk", "S"), ("sk", "N")] + ([("kind", "S")] if index else [])
    if index:
        more["GlobalSecondaryIndexes"] = [{
            "IndexName": "by-kind", "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"}}]
    ddb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, t in attributes],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"},
                   {"AttributeName": "sk", "KeyType": "RANGE"}], **more)


def item(number, **more):
    return {"pk": {"S": str(number % 10)}, "sk": {"N": str(number)},
            "kind": {"S": "odd" if number % 2 else "even"}, **more}


def put(ddb, name, numbers, **more):
    for number in numbers:
        ddb.put_item(TableName=name, Item=item(number, **more))


def contents(ddb, name):
    """The numbers of all items, each once."""
    found, page = [], {}
    while page is not None:
        answer = ddb.scan(TableName=name, **page)
        found += [int(i["sk"]["N"]) for i in answer["Items"]]
        last = answer.get("LastEvaluatedKey")
        page = {"ExclusiveStartKey": last} if last else None
    assert len(found) == len(set(found))
    return set(found)


def moment(weir):
    return datetime.datetime.fromisoformat(weir.now().replace("Z", "+00:00"))


def until(look, good):
    for _ in range(LOOKS_MAX):
        seen = look()
        if good(seen):
            return seen
    raise AssertionError(f"it never came: {seen}")


def until_active(ddb, name):
    return until(lambda: ddb.describe_table(TableName=name)["Table"],
                 lambda table: table["TableStatus"] == "ACTIVE")


def until_available(ddb, arn):
    return until(lambda: ddb.describe_backup(BackupArn=arn)["BackupDescription"],
                 lambda told: told["BackupDetails"]["BackupStatus"] == "AVAILABLE")
