# SPDX-License-Identifier: Apache-2.0
"""Random puts, updates and deletes, and after each of them random queries and scans of the table and
of its indexes, against a model of a dozen lines: a dict of items, and what an index is. The model is
compared after every step, and again after each kill -9 with everything read.

WEIR_SEED and WEIR_STEPS choose another run; a failure names the seed.
"""
import os
import random
from decimal import Decimal

import pytest
from botocore.exceptions import ClientError
from dynamodb_kit import VALIDATION, index, item, make, plain

SEED = int(os.environ.get("WEIR_SEED", "20261124"))
STEPS = int(os.environ.get("WEIR_STEPS", "160"))
KILLS = 3

TYPES = {"sk": "N", "n": "N", "b": "B"}
PKS = ["p", "q", "r\x00", "ä"]
POOL = {  # small, so that keys meet
    "sk": [Decimal(x) for x in ("-1E+20", "-2", "-0.5", "0", "1", "2", "10", "3E-5", "1E+30")],
    "n": [Decimal(x) for x in ("-7", "0", "0.25", "3", "12", "1E+3")],
    "s": ["a", "ab", "abc", "b", "ba", "z\x00", "z", "é"],
    "b": [b"\x00", b"\x00\x01", b"a", b"\xff", b"\xff\xff"],
    "v": [1, "x", True, None, [1, {"k": "v"}], {"deep": {"er": 1}}, {1, 2}, {"x"}],
}
INDEXES = [  # kind, description
    ("local", index("l-n", "pk", "n", projection="KEYS_ONLY")),
    ("local", index("l-s", "pk", "s")),
    ("global", index("g-s", "s", include=["v"])),
    ("global", index("g-sn", "s", "n")),
    ("global", index("g-many", ["s", "b"], ["n", "sk"], projection="KEYS_ONLY")),
]


def exact(value):
    """Python's 1 == True == Decimal("1.0"); here kinds differ, and numbers have one form."""
    kind = type(value).__name__
    if kind == "Binary":
        return exact(value.value)
    if isinstance(value, dict):
        return "M", tuple((name, exact(inside)) for name, inside in sorted(value.items()))
    if isinstance(value, list):
        return "L", tuple(exact(inside) for inside in value)
    if isinstance(value, set):
        return "set", tuple(sorted(exact(inside) for inside in value))
    if kind in ("int", "Decimal"):
        return "N", str(Decimal(value).normalize())
    return kind, value


def read(wire):
    return {name: value.value if type(value).__name__ == "Binary" else value
            for name, value in plain(wire).items()}


def same(found, expected):
    """Of one item or of several, in order."""
    if isinstance(found, list):
        return [exact(i) for i in found] == [exact(i) for i in expected]
    return exact(found) == exact(expected)


def rank(value):
    return value.encode() if isinstance(value, str) else value


class Model:
    """What the table should hold: (pk, sk) to item."""

    def __init__(self):
        self.items = {}

    def entries(self, described):
        """An index's entries, or the table's items: hash names, range names, items."""
        if described is None:
            return ["pk"], ["sk"], list(self.items.values())
        keys = described["KeySchema"]
        hashes = [k["AttributeName"] for k in keys if k["KeyType"] == "HASH"]
        ranges = [k["AttributeName"] for k in keys if k["KeyType"] == "RANGE"]
        what = described["Projection"]
        names = {"pk", "sk", *hashes, *ranges, *what.get("NonKeyAttributes", [])}
        there = [i for i in self.items.values() if all(a in i for a in hashes + ranges)]
        if what["ProjectionType"] != "ALL":
            there = [{a: v for a, v in i.items() if a in names} for i in there]
        return hashes, ranges, there


class Run:
    def __init__(self, server, seed):
        self.server = server
        self.chance = random.Random(seed)
        self.ddb = server.client("dynamodb")
        self.model = Model()
        self.table = make(self.ddb, "pk", "sk", TYPES,
                          locals_=[d for kind, d in INDEXES if kind == "local"],
                          globals_=[d for kind, d in INDEXES if kind == "global"])

    # ---- changes ----

    def key(self):
        if self.model.items and self.chance.random() < 0.5:
            return self.chance.choice(sorted(self.model.items, key=repr))
        return self.chance.choice(PKS), self.chance.choice(POOL["sk"])

    def value(self, name):
        """Now and then of a type that an index key may not have."""
        pool = POOL[self.chance.choice("nsb") if self.chance.random() < 0.03 else name]
        return self.chance.choice(pool)

    def refused_by_index(self, one):
        kinds = {"n": (int, Decimal), "s": str, "b": bytes}
        return any(a in one and not isinstance(one[a], kind) for a, kind in kinds.items())

    def change(self):
        pk, sk = self.key()
        old = self.model.items.get((pk, sk))
        kind = self.chance.choice(["put", "put", "update", "update", "delete"])
        if kind == "delete":
            new, call = None, lambda: self.ddb.delete_item(
                TableName=self.table, Key=item(pk=pk, sk=sk), ReturnValues="ALL_OLD")
        elif kind == "put":
            names = [a for a in ("n", "s", "b", "v") if self.chance.random() < 0.75]
            new = {"pk": pk, "sk": sk, **{a: self.value(a) for a in names}}
            call = lambda: self.ddb.put_item(TableName=self.table, Item=item(**new),
                                             ReturnValues="ALL_OLD")
        else:
            new, call = self.update(pk, sk, old)
        if new is not None and self.refused_by_index(new):
            with pytest.raises(ClientError) as caught:
                call()
            assert caught.value.response["Error"]["Code"] == VALIDATION
            return
        returned = call().get("Attributes")
        if kind == "update":
            assert same(read(returned), new)
        else:
            assert same(read(returned) if returned else None, old)
        if new is None:
            self.model.items.pop((pk, sk), None)
        else:
            self.model.items[pk, sk] = new

    def update(self, pk, sk, old):
        names = self.chance.sample(["n", "s", "b", "v"], 2)
        gone = names.pop() if self.chance.random() < 0.5 else None
        sets = {a: self.value(a) for a in names}
        new = {**(old or {"pk": pk, "sk": sk}), **sets}
        text = "SET " + ", ".join(f"{a} = :{a}" for a in sets)
        if gone:
            new.pop(gone, None)
            text += f" REMOVE {gone}"
        given = {f":{a}": v for a, v in item(**sets).items()}
        return new, lambda: self.ddb.update_item(
            TableName=self.table, Key=item(pk=pk, sk=sk), UpdateExpression=text,
            ExpressionAttributeValues=given, ReturnValues="ALL_NEW")

    # ---- reading ----

    def pages(self, call, **more):
        """All items; each page keeps its limit and its counts."""
        found, start = [], {}
        if self.chance.random() < 0.7:
            more["Limit"] = self.chance.choice([1, 2, 3, 7, 50])
        while True:
            answer = call(TableName=self.table, **more, **start)
            assert answer["Count"] == len(answer["Items"])
            assert answer["Count"] <= answer["ScannedCount"] <= more.get("Limit", 10**6)
            found += [read(i) for i in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                return found
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def term(self, name):
        """A condition on a range attribute: its text, its values, what it means."""
        a, b = sorted((self.chance.choice(POOL[name]) for _ in range(2)), key=rank)
        x, y = f":{name}x", f":{name}y"
        texts = {
            "=": (f"{name} = {x}", {x: a}, lambda v: v == a),
            "<": (f"{name} < {x}", {x: a}, lambda v: rank(v) < rank(a)),
            "<=": (f"{name} <= {x}", {x: a}, lambda v: rank(v) <= rank(a)),
            ">": (f"{name} > {x}", {x: a}, lambda v: rank(v) > rank(a)),
            ">=": (f"{name} >= {x}", {x: a}, lambda v: rank(v) >= rank(a)),
            "between": (f"{name} BETWEEN {x} AND {y}", {x: a, y: b},
                        lambda v: rank(a) <= rank(v) <= rank(b)),
        }
        if name in ("s", "b"):
            texts["begins"] = (f"begins_with({name}, {x})", {x: a}, lambda v: v.startswith(a))
        op = self.chance.choice(sorted(texts))
        return op, *texts[op]

    def filter(self):
        kind = self.chance.choice(["v", "none", "none"])
        if kind == "none":
            return None, {}, lambda i: True
        if self.chance.random() < 0.5:
            return "attribute_exists(v)", {}, lambda i: "v" in i
        return "attribute_type(v, :t)", {":t": "N"}, lambda i: type(i.get("v")) in (int, Decimal)

    def query(self, described):
        hashes, ranges, there = self.model.entries(described)
        pools = {"pk": PKS, **POOL}
        want = {a: self.chance.choice(pools[a]) for a in hashes}
        parts = [f"{a} = :{a}" for a in hashes]
        given = {f":{a}": v for a, v in want.items()}
        tests = [(a, lambda v, w=w: v == w) for a, w in want.items()]
        for name in ranges[:self.chance.randint(0, len(ranges))]:
            op, text, more, holds = self.term(name)
            parts.append(text)
            given |= more
            tests.append((name, holds))
            if op != "=":
                break
        self.chance.shuffle(parts)
        forward = self.chance.random() < 0.5
        more = {"IndexName": described["IndexName"]} if described else {}
        projected = described is None or described["Projection"]["ProjectionType"] != "KEYS_ONLY"
        text, values, passes = self.filter() if projected else (None, {}, lambda i: True)
        if text:
            more["FilterExpression"] = text
        found = self.pages(
            self.ddb.query, KeyConditionExpression=" AND ".join(parts), ScanIndexForward=forward,
            ExpressionAttributeValues={n: item(v=v)["v"] for n, v in (given | values).items()},
            **more)
        expected = [i for i in there if all(holds(i[a]) for a, holds in tests) and passes(i)]
        order = [*ranges, "pk", "sk"]  # weir's order among equals
        expected.sort(key=lambda i: [rank(i[a]) for a in order], reverse=not forward)
        assert same(found, expected), (described and described["IndexName"], parts, given)

    def scan(self, described, segments=1):
        _, _, there = self.model.entries(described)
        more = {"IndexName": described["IndexName"]} if described else {}
        text, values, passes = self.filter()
        if text:
            more["FilterExpression"] = text
        if values:
            more["ExpressionAttributeValues"] = {n: item(v=v)["v"] for n, v in values.items()}
        found = []
        for segment in range(segments):
            apart = {"Segment": segment, "TotalSegments": segments} if segments > 1 else {}
            found += self.pages(self.ddb.scan, **more, **apart)
        expected = [i for i in there if passes(i)]
        assert same(sorted(found, key=exact), sorted(expected, key=exact)), described

    def get(self):
        pk, sk = self.key()
        answer = self.ddb.get_item(TableName=self.table, Key=item(pk=pk, sk=sk)).get("Item")
        assert same(read(answer) if answer else None, self.model.items.get((pk, sk)))

    def step(self):
        self.change()
        self.get()
        described = self.chance.choice([None] + [d for _, d in INDEXES])
        for _ in range(2):
            self.query(described)
        self.scan(described, self.chance.choice([1, 1, 2, 5]))

    def everything(self):
        for described in [None] + [d for _, d in INDEXES]:
            for segments in (1, 3):
                self.scan(described, segments)
            for _ in range(10):
                self.query(described)


def test_reads_agree_with_a_model_through_kills(fresh):
    run = Run(fresh(), SEED)
    try:
        for step in range(STEPS):
            if step % (STEPS // (KILLS + 1) + 1) == STEPS // (KILLS + 1):
                run.server.restart(hard=True)
                run.ddb = run.server.client("dynamodb")
                run.everything()
            run.step()
        run.everything()
        assert len(run.model.items) > 10
    except AssertionError as error:
        raise AssertionError(f"seed {SEED}, step {step}") from error
    assert run.server.stop() == 0
