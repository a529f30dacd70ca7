# SPDX-License-Identifier: Apache-2.0
"""PartiQL against a model: generated conditions over a small table must find what the same condition
in Python finds, whichever partitions and ranges are chosen for it, and page by page the same."""
import random

import pytest
from botocore.exceptions import ClientError
from dynamodb_kit import index, make, plain, put

STATEMENTS = 160
COMPARE = {
    "=": lambda a, b: a == b, "<>": lambda a, b: a != b, "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}
MIRRORED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def written(value):
    return f"'{value}'" if isinstance(value, str) else str(value)


def comparison(rng, name, value):
    """Text and meaning; what is not there is unlike anything."""
    sign = rng.choice(list(COMPARE))

    def holds(row):
        return COMPARE[sign](row[name], value) if name in row else sign == "<>"

    left, right = name, written(value)
    if rng.random() < 0.2:
        return f"{right} {MIRRORED[sign]} {left}", holds
    return f"{left} {sign} {right}", holds


def leaf(rng):
    name = rng.choice(["pk", "pk", "pk", "sk", "sk", "v", "w"])
    value = rng.choice("abcd") if name in ("pk", "w") else rng.randrange(6)
    form = rng.random()
    if name == "pk" and form < 0.6:
        return f"pk = {written(value)}", lambda row: row["pk"] == value
    if form < 0.7:
        return comparison(rng, name, value)
    if form < 0.85:
        chosen = [rng.choice("abcd") if isinstance(value, str) else rng.randrange(6)
                  for _ in range(rng.randrange(1, 4))]
        listed = ", ".join(map(written, chosen))
        text = f"{name} IN [{listed}]" if rng.random() < 0.5 else f"{name} IN ({listed})"
        return text, lambda row: row.get(name) in chosen
    if form < 0.93 and name in ("sk", "v"):
        low = rng.randrange(4)
        high = low + rng.randrange(3)
        return (f"{name} BETWEEN {low} AND {high}",
                lambda row: name in row and low <= row[name] <= high)
    missing = rng.random() < 0.5
    return (f"{name} IS {'' if missing else 'NOT '}MISSING",
            lambda row: (name not in row) == missing)


def condition(rng, depth):
    form = rng.random()
    if depth == 0 or form < 0.25:
        return leaf(rng)
    if form < 0.35:
        text, holds = condition(rng, depth - 1)
        return f"NOT ({text})", lambda row: not holds(row)
    parts = [condition(rng, depth - 1) for _ in range(rng.randrange(2, 4))]
    if form < 0.75:
        return (" AND ".join(f"({text})" for text, _ in parts),
                lambda row: all(holds(row) for _, holds in parts))
    return (" OR ".join(f"({text})" for text, _ in parts),
            lambda row: any(holds(row) for _, holds in parts))


@pytest.fixture(scope="module")
def ddb(weir):
    return weir.client("dynamodb")


@pytest.fixture(scope="module")
def table(ddb):
    name = make(ddb, "pk", "sk", {"sk": "N"}, globals_=[index("by_w", "w", "sk")])
    rng = random.Random(7)
    rows = []
    for pk in "abc":
        for sk in range(5):
            row = {"pk": pk, "sk": sk}
            if rng.random() < 0.8:
                row["v"] = rng.randrange(6)
            if rng.random() < 0.7:
                row["w"] = rng.choice("abcd")
            put(ddb, name, **row)
            rows.append(row)
    return name, rows


def found(ddb, statement, **more):
    """All rows of all pages, in their order."""
    rows = []
    while True:
        answer = ddb.execute_statement(Statement=statement, **more)
        rows += [plain(row) for row in answer["Items"]]
        if "NextToken" not in answer:
            return rows
        more["NextToken"] = answer["NextToken"]


def key(row):
    return row["pk"], row["sk"]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("source", ["table", "index"])
def test_generated_conditions_find_what_the_model_finds(ddb, table, seed, source):
    name, rows = table
    rng = random.Random(1000 + seed)
    path = f'"{name}"' if source == "table" else f'"{name}"."by_w"'
    there = rows if source == "table" else [row for row in rows if "w" in row]
    overlaps = 0
    for _ in range(STATEMENTS // 2):
        text, holds = condition(rng, 3)
        statement = f"SELECT * FROM {path} WHERE {text}"
        wanted = sorted((row for row in there if holds(row)), key=key)
        try:
            rows_found = found(ddb, statement)
        except ClientError as error:
            assert "Overlapping conditions" in str(error), statement
            overlaps += 1
            continue
        assert sorted(rows_found, key=key) == wanted, statement
        assert found(ddb, statement, Limit=rng.randrange(1, 4)) == rows_found, statement
    assert overlaps < STATEMENTS // 4  # most of them ran


def test_generated_writes_happen_where_the_model_says(ddb, table):
    name = make(ddb, "pk", "sk", {"sk": "N"})
    rng = random.Random(5)
    rows = {key(row): dict(row) for row in table[1]}
    for row in rows.values():
        put(ddb, name, **row)
    done = 0
    for step in range(STATEMENTS):
        at = rng.choice("abcd"), rng.randrange(6)
        text, holds = condition(rng, 2)
        where = f"pk = '{at[0]}' AND sk = {at[1]} AND ({text})"
        deletes = rng.random() < 0.2
        statement = (f'DELETE FROM "{name}" WHERE {where}' if deletes else
                     f'UPDATE "{name}" SET v = {step} WHERE {where}')
        try:
            ddb.execute_statement(Statement=statement)
            happened = True
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ConditionalCheckFailedException", statement
            happened = False
        fits = at in rows and holds(rows[at])
        assert happened == (fits or (deletes and at not in rows)), statement
        if fits and deletes:
            del rows[at]
        elif fits:
            rows[at]["v"] = step
        done += fits
    assert sorted(found(ddb, f'SELECT * FROM "{name}"'), key=key) == sorted(rows.values(), key=key)
    assert done > STATEMENTS // 10
