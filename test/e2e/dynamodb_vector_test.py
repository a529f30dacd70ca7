# SPDX-License-Identifier: Apache-2.0
"""Vector indexes: made with a table and added to a live one, kept as items change, searched against
a brute-force model, after kills too; what is refused."""
import math
import random
import struct

import pytest
from dynamodb_kit import (VALIDATION, item, make, plain, put, refused, schema, table_name, until,
                          values)

INVALID = "One or more parameter values were invalid: "
TWICE = ("One or more parameter values are not valid. One or more parameter values were "
         "invalid . ")
IN_USE = "ResourceInUseException"
LIMIT = "LimitExceededException"
DISTANCES = ("COSINE", "EUCLIDEAN", "DOT_PRODUCT")


@pytest.fixture(scope="module")
def ddb(weir):
    return weir.client("dynamodb")


def numbers(vector):
    return [{"N": repr(x)} for x in vector]


def vector_index(name="vix", dimensions=3, distance="COSINE", attribute="v", projection="ALL",
                 include=(), hash_=None, filters=()):
    what = {"ProjectionType": "INCLUDE" if include else projection}
    if include:
        what["NonKeyAttributes"] = list(include)
    search = [{"AttributeName": hash_, "SearchSchemaElementType": "HASH"}] if hash_ else []
    search += [{"AttributeName": f, "SearchSchemaElementType": "INLINE_FILTER"} for f in filters]
    return {"IndexName": name, "VectorAttribute": {"AttributeName": attribute},
            "Dimensions": dimensions, "DistanceFunction": distance, "Projection": what,
            **({"SearchSchema": search} if search else {})}


def definitions(**types):
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]


def create(ddb, *indexes, types=None, **more):
    name = more.pop("TableName", None) or table_name()
    ddb.create_table(**{"TableName": name, "KeySchema": schema("pk"),
                        "BillingMode": "PAY_PER_REQUEST",
                        "AttributeDefinitions": definitions(pk="S", **(types or {})),
                        "VectorIndexes": list(indexes), **more})
    return name


def add(ddb, table, one, **types):
    return ddb.update_table(TableName=table, VectorIndexUpdates=[{"Create": one}],
                            AttributeDefinitions=definitions(**types))["TableDescription"]


def drop(ddb, table, name="vix"):
    return ddb.update_table(TableName=table, VectorIndexUpdates=[
        {"Delete": {"IndexName": name}}])["TableDescription"]


def told(ddb, table):
    listed = ddb.describe_table(TableName=table)["Table"].get("VectorIndexes", [])
    return {one["IndexName"]: one for one in listed}


def wait_active(ddb, table, name="vix"):
    until(lambda: told(ddb, table)[name]["IndexStatus"] == "ACTIVE")


def put_vector(ddb, table, pk, vector, **more):
    return ddb.put_item(TableName=table, Item={**item(pk=pk, **more), "v": {"L": numbers(vector)}})


def fill(ddb, table, items):
    for at in range(0, len(items), 25):
        asked = {table: [{"PutRequest": {"Item": one}} for one in items[at:at + 25]]}
        assert not ddb.batch_write_item(RequestItems=asked)["UnprocessedItems"]


def search(ddb, table, vector, k=10, name="vix", **more):
    return ddb.search_vectors(TableName=table, IndexName=name, SearchVector=numbers(vector),
                              TopK=k, **more)


def found(answer):
    return [(one["Item"]["pk"]["S"], one["Score"]) for one in answer["SearchResults"]]


# ---- the model ----

def single(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def score(distance, a, b):
    a, b = [single(x) for x in a], [single(x) for x in b]
    dot = math.fsum(x * y for x, y in zip(a, b))
    if distance == "DOT_PRODUCT":
        return dot
    if distance == "EUCLIDEAN":
        return math.sqrt(math.fsum((x - y) ** 2 for x, y in zip(a, b)))
    norms = math.sqrt(math.fsum(x * x for x in a)) * math.sqrt(math.fsum(y * y for y in b))
    return 1 - dot / norms if norms else 1.0


def agree(answer, distance, vector, expected, k):
    """expected: pk to vector, of all that may be found."""
    scores = {pk: score(distance, vector, v) for pk, v in expected.items()}
    best = sorted(scores.values(), reverse=distance == "DOT_PRODUCT")[:k]
    got = found(answer)
    assert len({pk for pk, _ in got}) == len(got) == len(best)
    for (pk, told_score), should in zip(got, best):
        assert told_score == pytest.approx(scores[pk], abs=1e-9, rel=1e-9)
        assert told_score == pytest.approx(should, abs=1e-9, rel=1e-9)


def random_vector(rng, dimensions):
    kind = rng.randrange(12)
    if kind == 0:
        return [0.0] * dimensions
    if kind == 1:
        return [float(rng.randrange(-2, 3)) for _ in range(dimensions)]
    scale = 10.0 ** rng.randrange(-6, 7)
    return [rng.gauss(0, 1) * scale for _ in range(dimensions)]


# ---- what is told ----

def test_a_table_s_vector_indexes_are_told_also_after_a_kill(fresh):
    server = fresh()
    ddb = server.client("dynamodb")
    ones = [vector_index("one", 3, "COSINE", hash_="tenant", filters=["kind", "year"],
                         include=["b", "a"]),
            vector_index("two", 3, "DOT_PRODUCT", projection="KEYS_ONLY"),
            vector_index("six", 4096, "EUCLIDEAN", attribute="w")]
    answer = ddb.create_table(
        TableName="told", KeySchema=schema("pk"), BillingMode="PAY_PER_REQUEST", VectorIndexes=ones,
        AttributeDefinitions=definitions(pk="S", tenant="S", kind="S", year="N"))
    assert [one["IndexStatus"] for one in answer["TableDescription"]["VectorIndexes"]] == (
        ["CREATING"] * 3)
    before = told(ddb, "told")
    for one in ones:
        about = dict(before[one["IndexName"]])
        assert about.pop("IndexArn").endswith(f":table/told/index/{one['IndexName']}")
        assert about.pop("IndexStatus") == "ACTIVE"
        assert (about.pop("ItemCount"), about.pop("IndexSizeBytes")) == (0, 0)
        if "NonKeyAttributes" in one["Projection"]:
            one["Projection"]["NonKeyAttributes"].sort()
        assert about == one
    put_vector(ddb, "told", "p", [1.0, 2.0, 3.0], tenant="t", a="x" * 100, other="y")
    assert told(ddb, "told")["one"]["ItemCount"] == 1
    # 4 bytes a dimension, names and values: pk p, tenant t, a x…, v
    assert told(ddb, "told")["one"]["IndexSizeBytes"] == 12 + 3 + 7 + 101 + 1
    assert told(ddb, "told")["two"]["IndexSizeBytes"] == 12 + 3 + 1
    before = told(ddb, "told")
    names = ddb.describe_table(TableName="told")["Table"]["AttributeDefinitions"]
    server.kill()
    ddb = server.start().client("dynamodb")
    assert told(ddb, "told") == before
    assert ddb.describe_table(TableName="told")["Table"]["AttributeDefinitions"] == names
    assert found(search(ddb, "told", [1, 2, 3], name="two")) == [("p", 14.0)]


# ---- searching ----

@pytest.mark.parametrize("distance", DISTANCES)
def test_the_nearest_are_found_as_items_change(fresh, distance):
    server = fresh()
    ddb = server.client("dynamodb")
    rng = random.Random(DISTANCES.index(distance))
    table = create(ddb, vector_index(dimensions=7, distance=distance, hash_="t", filters=["f"]),
                   vector_index("all", 7, distance, projection="KEYS_ONLY"),
                   types={"t": "S", "f": "N"})
    model = {}
    for step in range(6):
        for _ in range(80):
            pk = f"k{rng.randrange(150)}"
            kind = rng.randrange(10)
            if kind == 0:
                ddb.delete_item(TableName=table, Key=item(pk=pk))
                model.pop(pk, None)
            elif kind == 1 and pk in model:
                ddb.update_item(TableName=table, Key=item(pk=pk), UpdateExpression="REMOVE v")
                model[pk].pop("v", None)
            elif kind == 2 and pk in model:
                f = rng.randrange(3)
                ddb.update_item(TableName=table, Key=item(pk=pk),
                                UpdateExpression="SET f = :f REMOVE #t",
                                ExpressionAttributeNames={"#t": "t"},
                                ExpressionAttributeValues=values(f=f))
                model[pk]["f"] = f
                model[pk].pop("t", None)
            else:
                more = {"t": f"t{rng.randrange(2)}"}
                if rng.randrange(3):
                    more["f"] = rng.randrange(3)
                vector = random_vector(rng, 7)
                put_vector(ddb, table, pk, vector, **more)
                model[pk] = {**more, "v": vector}
        if step % 2:
            server.kill()
            ddb = server.start().client("dynamodb")
        for _ in range(6):
            vector, k = random_vector(rng, 7), rng.choice([1, 3, 10, 100])
            everything = {pk: m["v"] for pk, m in model.items() if "v" in m}
            agree(search(ddb, table, vector, k, "all"), distance, vector, everything, k)
            t = {pk: m["v"] for pk, m in model.items() if "v" in m and m.get("t") == "t1"}
            agree(search(ddb, table, vector, k, SearchConditionExpression="#t = :t",
                         ExpressionAttributeNames={"#t": "t"},
                         ExpressionAttributeValues=values(t="t1")), distance, vector, t, k)
            f = {pk: v for pk, v in t.items() if model[pk].get("f") == 2}
            agree(search(ddb, table, vector, k, SearchConditionExpression="f = :f AND t = :t",
                         ExpressionAttributeValues=values(t="t1", f=2)), distance, vector, f, k)
        counts = told(ddb, table)
        assert counts["all"]["ItemCount"] == sum("v" in m for m in model.values())
        assert counts["vix"]["ItemCount"] == sum("v" in m and "t" in m for m in model.values())


def test_a_long_search_goes_in_steps_with_others_in_between(ddb):
    table = create(ddb, vector_index(dimensions=1024, distance="EUCLIDEAN"))
    rng = random.Random(5)
    model = {f"k{n:05}": [rng.randrange(-99, 100) / 8 for _ in range(1024)] for n in range(440)}
    fill(ddb, table, [{**item(pk=pk), "v": {"L": numbers(v)}, "big": {"S": "x" * 9000}}
                      for pk, v in model.items()])  # more than two steps
    vector = [rng.gauss(0, 8) for _ in range(1024)]
    answer = search(ddb, table, vector, 50, ReturnConsumedCapacity="TOTAL")
    agree(answer, "EUCLIDEAN", vector, model, 50)
    assert answer["ConsumedCapacity"] == {
        "VectorSearchRequestBytes": float(told(ddb, table)["vix"]["IndexSizeBytes"])}
    wide = search(ddb, table, vector, 100, ProjectionExpression="pk, v")
    agree(wide, "EUCLIDEAN", vector, model, 100)
    for one in wide["SearchResults"]:
        assert [float(n["N"]) for n in one["Item"]["v"]["L"]] == model[one["Item"]["pk"]["S"]]


def test_scores_at_their_borders(ddb):
    table = create(ddb, *[vector_index(d.lower(), 2, d) for d in DISTANCES])
    huge = 3.4028235e38
    for pk, vector in {"same": [3, 4], "long": [6, 8], "zero": [0, 0], "away": [-3, -4],
                       "huge": [huge, -huge]}.items():
        put_vector(ddb, table, pk, [float(x) for x in vector])
    assert found(search(ddb, table, [3, 4], 4, "cosine"))[:2] == [("long", 0.0), ("same", 0.0)] or (
        found(search(ddb, table, [3, 4], 4, "cosine"))[:2] == [("same", 0.0), ("long", 0.0)])
    cosine = dict(found(search(ddb, table, [3, 4], 9, "cosine")))
    assert (cosine["zero"], cosine["away"]) == (1.0, 2.0)
    assert set(dict(found(search(ddb, table, [0, 0], 9, "cosine"))).values()) == {1.0}
    euclidean = dict(found(search(ddb, table, [3, 4], 9, "euclidean")))
    assert (euclidean["same"], euclidean["long"], euclidean["zero"]) == (0.0, 5.0, 5.0)
    assert euclidean["huge"] == pytest.approx(huge, rel=1e-7)  # kept within a float
    dots = found(search(ddb, table, [3, 4], 9, "dot_product"))
    assert dots[0] == ("long", 50.0)
    assert dots[-1][0] == "huge"
    assert dict(dots)["away"] == -25.0


def test_what_is_shown(ddb):
    table = create(ddb, vector_index("all", hash_="t", filters=["f"]),
                   vector_index("keys", projection="KEYS_ONLY", filters=["f"]),
                   vector_index("some", include=["a"]), types={"t": "S", "f": "S"})
    put_vector(ddb, table, "p", [0.1, 1 / 3, 1e-40], t="t", f="f", a={"b": [1, 2]}, z="z", m="m")
    of_t = {"SearchConditionExpression": "t = :t", "ExpressionAttributeValues": values(t="t")}

    def shown(name, **more):
        one, = search(ddb, table, [1, 0, 0], name=name, **more)["SearchResults"]
        return plain(one["Item"])

    assert shown("all", **of_t) == {"pk": "p", "t": "t", "f": "f", "a": {"b": [1, 2]}, "z": "z",
                                    "m": "m"}
    assert shown("keys") == {"pk": "p", "f": "f"}
    assert shown("some") == {"pk": "p", "a": {"b": [1, 2]}}
    assert shown("some", ProjectionExpression="pk, z") == {"pk": "p"}
    assert shown("all", ProjectionExpression="a.b[1], z", **of_t) == {"a": {"b": [2]}, "z": "z"}
    for name, more in [("keys", {}), ("all", of_t)]:
        one, = search(ddb, table, [1, 0, 0], name=name, ProjectionExpression="z, v, f, m",
                      **more)["SearchResults"]
        told_vector = [n["N"] for n in one["Item"]["v"]["L"]]
        assert told_vector[:2] == ["0.1", "0.33333334"]  # as a float
        assert single(float(told_vector[2])) == single(1e-40)
        assert ("z" in one["Item"]) == (name == "all")
    assert plain(ddb.get_item(TableName=table, Key=item(pk="p"))["Item"])["v"][1] != 0


def test_what_is_read_elsewhere(ddb):
    table = create(ddb, vector_index())
    assert refused(VALIDATION, ddb.scan, TableName=table, IndexName="vix") == (
        "Scan operation not supported on this index type.")
    assert refused(VALIDATION, ddb.query, TableName=table, IndexName="vix",
                   KeyConditionExpression="pk = :p",
                   ExpressionAttributeValues=values(p="p")) == (
        "Query operation not supported on this index type.")


# ---- what is refused ----

@pytest.fixture(scope="module")
def two(ddb):
    return create(ddb, vector_index("plain"), vector_index("schema", hash_="t", filters=["f"]),
                  types={"t": "S", "f": "N"}, TableName="two-indexes")


COMPARATOR = ("Invalid SearchConditionExpression: Invalid comparator used in "
              "SearchConditionExpression")


@pytest.mark.parametrize("name, vector, more, sentence", [
    ("none", [1, 0, 0], {}, "The table does not have the specified index: none"),
    ("plain", [1, 0], {}, "Input search vector dimension 2 does not match vector index dimension "
                          "3"),
    ("plain", [1, 0, 1e39], {}, "Search vector contains invalid values. All values in the search "
     "vector must be a 32-bit floating-point number attribute"),
    ("plain", [1, 0, 0], {"TopK": 101}, "Provided TopK value '101' is out of valid range. The "
     "value must be between 1 and 100 inclusive"),
    ("plain", [1, 0, 0], {"SearchConditionExpression": "t = :t",
                          "ExpressionAttributeValues": values(t="t")},
     "SearchConditionExpression must not contain any attributes that is not in SearchSchema. "
     "Invalid attribute: t"),
    ("schema", [1, 0, 0], {}, "SearchConditionExpression must be provided when SearchSchema has a "
                              "HASH key"),
    ("schema", [1, 0, 0], {"SearchConditionExpression": "f = :f",
                           "ExpressionAttributeValues": values(f=1)},
     "SearchConditionExpression must be provided when SearchSchema has a HASH key"),
    ("schema", [1, 0, 0], {"SearchConditionExpression": "t = :t AND f < :f",
                           "ExpressionAttributeValues": values(t="t", f=1)}, COMPARATOR),
    ("schema", [1, 0, 0], {"SearchConditionExpression": "t = :t OR f = :f",
                           "ExpressionAttributeValues": values(t="t", f=1)}, COMPARATOR),
    ("schema", [1, 0, 0], {"SearchConditionExpression": "t = f"}, COMPARATOR),
    ("schema", [1, 0, 0], {"SearchConditionExpression": "t = :t AND t = :f",
                           "ExpressionAttributeValues": values(t="t", f="u")},
     "SearchConditionExpression must only contain one condition per attribute"),
    ("schema", [1, 0, 0], {"SearchConditionExpression": "t = :t AND f = :f",
                           "ExpressionAttributeValues": values(t="t", f="u")},
     "Search condition value for attribute 'f' does not match type in search schema"),
    ("plain", [1, 0, 0], {"ExpressionAttributeValues": values(t="t")},
     "ExpressionAttributeValues can only be specified when using expressions: "
     "SearchConditionExpression is null"),
])
def test_searches_are_refused(ddb, two, name, vector, more, sentence):
    k = more.get("TopK", 1)
    rest = {key: value for key, value in more.items() if key != "TopK"}
    assert refused(VALIDATION, search, ddb, two, vector, k, name, **rest) == sentence


def test_an_unknown_table_and_elements_that_are_no_numbers(ddb, two):
    assert refused("ResourceNotFoundException", search, ddb, "nowhere", [1, 0, 0]) == (
        "Requested resource not found")
    for element in ({"S": "1"}, {"L": numbers([1, 0, 0])}):
        assert refused(VALIDATION, ddb.search_vectors, TableName=two, IndexName="plain", TopK=1,
                       SearchVector=[element]).startswith("Search vector contains invalid values")


@pytest.mark.parametrize("given, sentence", [
    ({"v": {"L": numbers([1.0, 2.0])}}, TWICE + "Invalid size for parameter v, Expected: 3, "
     "Actual: 2. IndexName: plain"),
    ({"v": {"L": numbers([1.0] * 4)}}, TWICE + "Invalid size for parameter v, Expected: 3, "
     "Actual: 4. IndexName: plain"),
    ({"v": {"S": "no"}}, TWICE + "Invalid type for parameter v, Expected: L, Actual: S. "
     "IndexName: plain"),
    ({"v": {"L": [{"N": "1"}, {"S": "x"}, {"N": "1"}]}},
     "One or more parameter values were invalid. Invalid type for parameter v[1], Expected: 32-bit "
     "floating point number, Actual: S. IndexName: plain"),
    ({"v": {"L": numbers([1.0, 2.0, 1e39])}}, TWICE + "Invalid value for parameter v[2], Value: "
     "1.0E39 is outside valid range [-3.4028235E38, 3.4028235E38]. IndexName: plain"),
    ({"t": {"N": "1"}}, "One or more parameter values were invalid. Attribute 't' type mismatch. "
     "Expected: S, Actual: N. IndexName: schema"),
    ({"f": {"S": "1"}}, "One or more parameter values were invalid. Attribute 'f' type mismatch. "
     "Expected: N, Actual: S. IndexName: schema"),
    ({"t": {"S": ""}}, "One or more parameter values are not valid. A value specified for a "
     "secondary index key is not supported. The AttributeValue for a key attribute cannot contain "
     "an empty string value. IndexName: schema, IndexKey: t"),
])
def test_writes_are_refused(ddb, two, given, sentence):
    assert refused(VALIDATION, ddb.put_item, TableName=two,
                   Item={**item(pk="bad"), **given}) == sentence
    (name, value), = given.items()
    assert refused(VALIDATION, ddb.update_item, TableName=two, Key=item(pk="bad"),
                   UpdateExpression="SET #n = :v", ExpressionAttributeNames={"#n": name},
                   ExpressionAttributeValues={":v": value}) == sentence
    assert refused(VALIDATION, ddb.batch_write_item, RequestItems={
        two: [{"PutRequest": {"Item": {**item(pk="bad"), **given}}}]}) == sentence
    assert "Item" not in ddb.get_item(TableName=two, Key=item(pk="bad"))


def test_writing_is_counted_in_bytes(ddb):
    table = create(ddb, vector_index(dimensions=1024, hash_="tenant", attribute="emb"),
                   vector_index("keys", 1024, attribute="emb", projection="KEYS_ONLY"),
                   types={"tenant": "S"})
    vector = {"L": numbers([0.1] * 1024)}

    def cost(call, **more):
        about = call(TableName=table, ReturnConsumedCapacity="INDEXES", **more)["ConsumedCapacity"]
        assert about["CapacityUnits"] == about["Table"]["CapacityUnits"]
        return {name: one["VectorWriteRequestBytes"]
                for name, one in about.get("VectorIndexes", {}).items()}

    one = {**item(pk="b1", tenant="t1"), "emb": vector}
    assert cost(ddb.put_item, Item=one) == {"vix": 4111.0, "keys": 4096.0 + 4 + 3}
    assert cost(ddb.put_item, Item=one) == {}
    assert cost(ddb.put_item, Item={**one, **item(blob="x" * 2000)}) == {"vix": 6115.0}
    assert cost(ddb.put_item, Item={**one, **item(tenant="t2")}) == {"vix": 6115.0 + 4111.0}
    assert cost(ddb.delete_item, Key=item(pk="b1")) == {"vix": 4111.0, "keys": 4103.0}


ELEMENT = INVALID + "One element in SearchSchema is not defined in attribute definitions"


@pytest.mark.parametrize("indexes, types, sentence", [
    ([vector_index(dimensions=4097)], {},
     INVALID + "Number of dimensions must be between 1 and 4096 inclusive."),
    ([vector_index(f"vix-{n}") for n in range(6)], {},
     INVALID + "VectorIndex count exceeds the per-table limit of 5"),
    ([vector_index(hash_="t")], {}, ELEMENT),
    ([vector_index(filters=["f"])], {}, ELEMENT),
    ([vector_index()], {"v": "S"}, INVALID + "Conflicting attribute definition for 'v'. An "
     "attribute cannot be defined in AttributeDefinitions when used as a VectorAttribute."),
    ([vector_index(attribute="pk")], {}, INVALID + "Conflicting attribute definition for 'pk'. An "
     "attribute cannot be defined in AttributeDefinitions when used as a VectorAttribute."),
    ([vector_index(), vector_index("other", 4)], {}, INVALID + "Conflicting attribute definition "
     "for 'v'. All VectorIndexes on the same vector attribute must use the same dimensions."),
    ([vector_index(), vector_index()], {}, INVALID + "Duplicate index name: vix"),
    ([vector_index(filters=[f"f{n}" for n in range(19)])], {},
     INVALID + "Value '19' at 'SearchSchema' failed to satisfy constraint: Member must have "
     "INLINE_FILTER count less than or equal to 18"),
    ([{**vector_index(), "SearchSchema": [
        {"AttributeName": n, "SearchSchemaElementType": "HASH"} for n in "ab"]}], {},
     INVALID + "Value '2' at 'SearchSchema' failed to satisfy constraint: Member must have HASH "
     "count less than or equal to 1"),
    ([{**vector_index(), "Projection": {"ProjectionType": "INCLUDE"}}], {},
     INVALID + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified"),
    ([vector_index()], {"unused": "S"}, INVALID + "Some AttributeDefinitions are not used. "
     "AttributeDefinitions: [pk, unused], keys used: [pk]"),
])
def test_indexes_are_refused(ddb, indexes, types, sentence):
    assert refused(VALIDATION, create, ddb, *indexes, types=types) == sentence


ON_DEMAND = INVALID + "Vector indexes are only supported for PAY_PER_REQUEST tables"


def test_only_tables_on_demand_have_them(ddb):
    units = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    assert refused(VALIDATION, create, ddb, vector_index(), BillingMode="PROVISIONED",
                   ProvisionedThroughput=units) == ON_DEMAND
    table = create(ddb, vector_index())
    assert refused(VALIDATION, ddb.update_table, TableName=table, BillingMode="PROVISIONED",
                   ProvisionedThroughput=units) == ON_DEMAND


# ---- a live table ----

def test_an_index_is_filled_while_items_change(fresh):
    server = fresh()
    ddb = server.client("dynamodb")
    rng = random.Random(9)
    table = make(ddb, TableName="live")
    model = {f"k{n:04}": random_vector(rng, 5) for n in range(2500)}
    fill(ddb, table, [{**item(pk=pk, note="x" * 50), "v": {"L": numbers(v)}}
                      for pk, v in model.items()])
    odd = [{"v": {"L": numbers([1.0])}}, {"v": {"S": "x"}}, {"v": {"L": [{"S": "1"}] * 5}}, {}]
    for n, more in enumerate(odd):
        ddb.put_item(TableName=table, Item={**item(pk=f"odd{n}"), **more})
    answer = add(ddb, table, vector_index(dimensions=5))
    made, = answer["VectorIndexes"]
    assert answer["TableStatus"] == "UPDATING"
    assert (made["IndexStatus"], made["Backfilling"]) == ("CREATING", False)
    early = []
    for n in range(300):
        pk = f"k{rng.randrange(3000):04}"
        if n == 60:
            server.kill()
            ddb = server.start().client("dynamodb")
        if told(ddb, table)["vix"]["IndexStatus"] == "CREATING" and len(early) < 3:
            try:
                search(ddb, table, [1] * 5)
            except ddb.exceptions.ClientError as error:
                early.append(error.response["Error"]["Message"])
        if n % 3:
            model[pk] = random_vector(rng, 5)
            put_vector(ddb, table, pk, model[pk])
        else:
            ddb.delete_item(TableName=table, Key=item(pk=pk))
            model.pop(pk, None)
    wait_active(ddb, table)
    assert set(early) <= {"Cannot search backfilling vector index: vix"}
    assert "Backfilling" not in told(ddb, table)["vix"]
    assert told(ddb, table)["vix"]["ItemCount"] == len(model)
    for _ in range(5):
        vector = random_vector(rng, 5)
        agree(search(ddb, table, vector, 40), "COSINE", vector, model, 40)
    # what was written before the index stays as it is, and may be changed otherwise
    ddb.update_item(TableName=table, Key=item(pk="odd0"), UpdateExpression="SET a = :a",
                    ExpressionAttributeValues=values(a=1))
    assert "Invalid size for parameter v" in refused(
        VALIDATION, ddb.update_item, TableName=table, Key=item(pk="odd0"),
        UpdateExpression="SET v = list_append(v, :a)",
        ExpressionAttributeValues={":a": {"L": numbers([2.0])}})
    assert drop(ddb, table)["VectorIndexes"][0]["IndexStatus"] == "DELETING"
    assert refused(VALIDATION, search, ddb, table, [1] * 5) == (
        "The table does not have the specified index: vix")
    until(lambda: not told(ddb, table))
    put_vector(ddb, table, "odd0", [1.0])
    add(ddb, table, vector_index(dimensions=1))
    wait_active(ddb, table)
    assert found(search(ddb, table, [2])) == [("odd0", 0.0)]


def test_updates_are_refused(ddb):
    table = create(ddb, vector_index(), vector_index("other", 4, attribute="w"))
    table_2 = make(ddb)

    def change(*updates, **more):
        return ddb.update_table(TableName=table, VectorIndexUpdates=list(updates), **more)

    new = {"Create": vector_index("new")}
    gone = {"Delete": {"IndexName": "vix"}}
    one_online = ("Subscriber limit exceeded: Only 1 online index can be created or deleted "
                  "simultaneously per table")
    assert refused(LIMIT, change, new, gone) == one_online
    assert refused(LIMIT, change, new, GlobalSecondaryIndexUpdates=[{"Create": {
        "IndexName": "glob", "KeySchema": schema("a"),
        "Projection": {"ProjectionType": "ALL"}}}]) == one_online
    assert refused(VALIDATION, change, {"Create": vector_index("other")}) == (
        "Attempting to create an index which already exists")
    assert "must use the same dimensions" in refused(VALIDATION, change,
                                                     {"Create": vector_index("new", 9)})
    assert refused(VALIDATION, change, {"Create": vector_index("new", hash_="t")}) == ELEMENT
    assert refused(VALIDATION, change, {"Create": vector_index("new", attribute="pk")}) == (
        INVALID + "Attributes cannot be redefined. Please check that your attribute has the same "
        "type as previously defined. Existing schema: Schema:[SchemaElement: key{pk:S:HASH}] New "
        "schema: VectorIndexSchema:[VectorAttribute: key{pk:L:3}]")
    assert refused("ResourceNotFoundException", change, {"Delete": {"IndexName": "none"}}) == (
        "Requested resource not found: Index: none not found")
    assert "Conflicting attribute definition for 'v'" in refused(
        VALIDATION, ddb.update_table, TableName=table, AttributeDefinitions=definitions(v="S"),
        GlobalSecondaryIndexUpdates=[{"Create": {"IndexName": "glob", "KeySchema": schema("v"),
                                                 "Projection": {"ProjectionType": "ALL"}}}])
    for n in range(5):
        add(ddb, table_2, vector_index(f"vix-{n}", hash_="t"), t="S")
        wait_active(ddb, table_2, f"vix-{n}")
    assert refused(LIMIT, add, ddb, table_2, vector_index("more")) == (
        "Subscriber limit exceeded: Number of vector secondary indexes exceeds per-table limit of "
        "5")


def test_a_step_at_a_time(fresh):
    server = fresh(clock="2026-11-23T08:00:00Z")
    ddb = server.client("dynamodb")
    table = create(ddb, vector_index(dimensions=2))
    fill(ddb, table, [{**item(pk=f"k{n}"), "v": {"L": numbers([float(n), 1.0])}}
                      for n in range(4500)])  # a made-up clock waits for no step
    assert found(search(ddb, table, [1, 0], 1)) == [
        ("k4499", pytest.approx(score("COSINE", [1, 0], [4499.0, 1.0])))]


# ---- beside the table ----

def test_backups_bring_vector_indexes_back(ddb):
    table = create(ddb, vector_index(hash_="t"), vector_index("bye"), types={"t": "S"})
    put_vector(ddb, table, "p", [1.0, 2.0, 3.0], t="t")
    arn = ddb.create_backup(TableName=table, BackupName="backup")["BackupDetails"]["BackupArn"]
    until(lambda: ddb.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"][
        "BackupStatus"] == "AVAILABLE")
    about = ddb.describe_backup(BackupArn=arn)["BackupDescription"]["SourceTableFeatureDetails"]
    assert about["VectorIndexes"] == [vector_index(hash_="t"), vector_index("bye")]

    def restore(**more):
        name = table_name()
        ddb.restore_table_from_backup(TargetTableName=name, BackupArn=arn, **more)
        until(lambda: ddb.describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE")
        return name

    whole = restore()
    assert found(search(ddb, whole, [1, 2, 3], name="bye")) == [("p", 0.0)]
    one = restore(VectorIndexOverride=[vector_index(hash_="t")])
    assert set(told(ddb, one)) == {"vix"}
    assert found(search(ddb, one, [1, 2, 3], SearchConditionExpression="t = :t",
                        ExpressionAttributeValues=values(t="t"))) == [("p", 0.0)]
    assert "override does not match" in refused(
        VALIDATION, restore, VectorIndexOverride=[vector_index("bye", distance="EUCLIDEAN")])
    assert refused(VALIDATION, restore, BillingModeOverride="PROVISIONED",
                   ProvisionedThroughputOverride={"ReadCapacityUnits": 1,
                                                  "WriteCapacityUnits": 1}) == ON_DEMAND


def test_vectors_in_other_writes(ddb):
    table = create(ddb, vector_index())
    ddb.transact_write_items(TransactItems=[
        {"Put": {"TableName": table, "Item": {**item(pk="t"), "v": {"L": numbers([1.0, 0, 0])}}}}])
    ddb.execute_statement(Statement=f"INSERT INTO \"{table}\" VALUE {{'pk': 'q', 'v': [0, 1, 0]}}")
    put(ddb, table, pk="none")
    assert found(search(ddb, table, [1, 0, 0])) == [("t", 0.0), ("q", 1.0)]
    assert "Invalid size for parameter v" in refused(
        VALIDATION, ddb.execute_statement,
        Statement=f"UPDATE \"{table}\" SET v = [1] WHERE pk = 'q'")
