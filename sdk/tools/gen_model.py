#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the tables of src/model.h from botocore's data files: what each service's wire form has that
the library would not do by itself.

  tools/gen_model.py --services FILE --out model.c [--botocore DIR]

A structure lists only members that are not simply copied under their own name; an operation of a
protocol with one door (JSON, Query) that has nothing to list is not there at all. What is left is
merged wherever two places say the same, and texts are packed as pairs of pairs of characters. src/model.h draws the format. The same input gives the same output, byte by byte.
"""
import argparse
import collections
import gzip
import importlib.util
import json
import pathlib
import re
import sys

# Leaves and kinds of nodes, as in src/model.h.
(ANY, NUMBER, BOOLEAN, TIME_ISO, TIME_EPOCH, TIME_HTTP, RAW, STRUCT, DOCUMENT, TEXT,
 PACKED) = range(11)
NODE_STRUCT, NODE_LIST, NODE_MAP = 1, 2, 3
LEAVES = 16
PAIRS_MAX = 2600
LEAD = 246  # from this byte on, a pair's number has a second byte
LOCATIONS = {None: 0, "header": 1, "headers": 2, "uri": 3, "querystring": 4, "statusCode": 5}
PAYLOAD, EVENTS = 6, 7
WIRE_SAME, WIRE_OWN, WIRE_LOWER = 0, 1, 2
PROTOCOLS = ["json", "query", "ec2", "rest-json", "rest-xml"]
CHOICE = ["json", "rest-json", "rest-xml", "query", "ec2"]
METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"]
TIMES = {"iso8601": TIME_ISO, "unixTimestamp": TIME_EPOCH, "rfc822": TIME_HTTP}
NUMBERS = ("integer", "long", "short", "byte", "float", "double", "bigInteger", "bigDecimal")


def find_botocore(asked):
    if asked:
        return pathlib.Path(asked)
    spec = importlib.util.find_spec("botocore")
    if spec and spec.origin:
        return pathlib.Path(spec.origin).parent
    debian = pathlib.Path("/usr/lib/python3/dist-packages/botocore")
    if debian.exists():
        return debian
    sys.exit("gen_model: no botocore found; name one with --botocore DIR")


def load(folder, service):
    base = folder / "data" / service
    version = sorted(p.name for p in base.iterdir() if re.match(r"\d{4}-", p.name))[-1]
    for name, opener in (("service-2.json.gz", gzip.open), ("service-2.json", open)):
        if (base / version / name).exists():
            with opener(base / version / name, "rt", encoding="utf-8") as file:
                return json.load(file)
    sys.exit(f"gen_model: no model of {service}")


def global_regions(folder):
    """Endpoint prefix → region that signs, of services that have one endpoint for all regions."""
    with gzip.open(folder / "data" / "endpoints.json.gz", "rt") if \
            (folder / "data" / "endpoints.json.gz").exists() else \
            open(folder / "data" / "endpoints.json", encoding="utf-8") as file:
        services = json.load(file)["partitions"][0]["services"]
    return {name for name, s in services.items() if s.get("isRegionalized") is False}


class Node:
    """A shape in one direction of one protocol. Members: (name, wire, location, bits, node)."""

    def __init__(self, kind):
        self.kind = kind       # a leaf, or (NODE_…,)
        self.members = []      # of a structure
        self.item = None       # of a list or map
        self.flat = False
        self.names = ("", "")  # item name; key and value names
        self.default = False   # copying does


def leaf(kind):
    return Node(kind)


class Shapes:
    """Makes nodes of one service's shapes, for one direction."""

    def __init__(self, model, protocol, out):
        self.shapes = model["shapes"]
        self.protocol = protocol
        self.out = out
        self.json = protocol in ("json", "rest-json")
        self.made = {}
        self.nodes = []

    def time_of(self, shape, ref, location):
        said = ref.get("timestampFormat") or shape.get("timestampFormat")
        if said:
            return TIMES[said]
        if location == "header":
            return TIME_HTTP
        return TIME_EPOCH if self.json and location is None else TIME_ISO

    def scalar(self, shape, ref, location):
        kind = shape["type"]
        if kind == "timestamp":
            time = self.time_of(shape, ref, location)
            return ANY if self.out and time == TIME_ISO else time
        if location == "header" and (ref.get("jsonvalue") or shape.get("jsonvalue")):
            return PACKED
        if self.out and (location or not self.json):
            if kind in NUMBERS:
                return NUMBER
            if kind == "boolean":
                return BOOLEAN
        return ANY

    def node(self, ref, location=None):
        shape = self.shapes[ref["shape"]]
        if ref.get("document") or shape.get("document"):
            return leaf(DOCUMENT)
        if shape["type"] not in ("structure", "list", "map"):
            return leaf(self.scalar(shape, ref, location))
        flat = bool(ref.get("flattened") or shape.get("flattened"))
        key = (ref["shape"], flat, location)
        if key not in self.made:
            self.made[key] = node = Node((NODE_STRUCT,))
            self.nodes.append(node)
            self.fill(node, shape, flat, location)
        return self.made[key]

    def fill(self, node, shape, flat, location):
        if shape["type"] == "structure":
            for name, ref in shape.get("members", {}).items():
                node.members.append(self.member(name, ref, shape))
            return
        node.flat = flat and not self.json
        if shape["type"] == "list":
            node.kind = (NODE_LIST,)
            name = shape["member"].get("locationName", "member")
            if not (self.json or self.out or node.flat or name == "member" or self.protocol == "ec2"):
                node.names = (name, "")
            node.item = self.node(shape["member"], "header" if location == "header" else None)
            return
        node.kind = (NODE_MAP,)
        names = (shape["key"].get("locationName", "key"),
                 shape["value"].get("locationName", "value"))
        if not self.json and names != ("key", "value"):
            node.names = names
        node.item = self.node(shape["value"])

    def wire(self, name, ref, shape):
        if self.protocol == "ec2" and not self.out:
            own = ref.get("queryName")
            text = ref.get("locationName") or name
            return own or text[:1].upper() + text[1:] if ref.get("locationName") or own else name
        flat_list = shape["type"] == "list" and (ref.get("flattened") or shape.get("flattened"))
        if flat_list and not self.json and (self.out or self.protocol == "query"):
            own = shape["member"].get("locationName")
            if own:
                return own
        return ref.get("locationName") or name

    def member(self, name, ref, owner):
        shape = self.shapes[ref["shape"]]
        location = ref.get("location")
        number = LOCATIONS[location]
        node = self.node(ref, location)
        if owner.get("payload") == name:
            number = PAYLOAD
            if shape["type"] in ("blob", "string") and not shape.get("document"):
                node = leaf(RAW if shape["type"] == "blob" else TEXT)
        if ref.get("eventstream") or shape.get("eventstream"):
            number, node = EVENTS, leaf(ANY)
        token = bool(ref.get("idempotencyToken")) and not self.out
        attribute = bool(ref.get("xmlAttribute")) and self.protocol == "rest-xml"
        return (name, self.wire(name, ref, shape), number, token, attribute, node)

    def is_plain_member(self, member):
        name, wire, location, token, attribute, node = member
        if self.out and not self.json and location == 0:
            wire = wire[:1].upper() + wire[1:]  # the rule of XML for members not listed
        return name == wire and not location and not token and not attribute and node.default

    def settle(self):
        """Which nodes are copied as they are: the largest set that agrees with itself."""
        every = {}

        def walk(node):
            if id(node) in every:
                return
            every[id(node)] = node
            for member in node.members:
                walk(member[5])
            if node.item is not None:
                walk(node.item)
        for node in self.nodes:
            walk(node)
        for node in every.values():
            node.default = isinstance(node.kind, tuple) or node.kind == ANY \
                or node.kind == DOCUMENT and self.json
        changed = True
        while changed:
            changed = False
            for node in every.values():
                if node.default and isinstance(node.kind, tuple) and not self.stays(node):
                    node.default, changed = False, True

    def stays(self, node):
        if node.kind == (NODE_STRUCT,):
            return (self.json or not self.out) and all(self.is_plain_member(m) for m in node.members)
        if self.json:
            return node.item.default
        if node.kind == (NODE_MAP,):
            return False
        if self.out:
            return False
        return node.item.default and not node.flat and node.names == ("", "")

    def trim(self):
        """Leaves out what is not needed to be listed."""
        for node in self.nodes:
            if node.kind == (NODE_STRUCT,):
                node.members = [m for m in node.members if not self.is_plain_member(m)]
            if node.default:
                node.kind, node.members, node.item = ANY, [], None
            elif node.kind == (NODE_STRUCT,) and not node.members:
                node.kind = STRUCT


class Texts:
    def __init__(self):
        self.counts = collections.Counter()

    def add(self, text):
        assert len(text) < 256, "a text does not fit MODEL_TEXT_MAX"
        self.counts[text] += 1

    def pair_up(self, ordered):
        """The texts as numbers: characters, 0 for an end, and from 256 on pairs of two others. The most
        frequent pairs get a number, those of equal rank together, until it does not pay."""
        numbers = [c for text in ordered for c in text.encode("ascii") + b"\0"]
        pairs = []
        while len(pairs) < PAIRS_MAX:
            counted = collections.Counter(p for p in zip(numbers, numbers[1:]) if p[0] and p[1])
            ranked = sorted(counted.items(), key=lambda c: (-c[1], c[0]))[:400]
            least = max(4, ranked[0][1] * 7 // 10)
            used, chosen = set(), {}
            for pair, count in ranked:
                if count >= least and len(pairs) < PAIRS_MAX and not used & set(pair):
                    used |= set(pair)
                    chosen[pair] = 256 + len(pairs)
                    pairs.append(pair)
            if not chosen:
                break
            numbers = self.replaced(numbers, chosen)
        return numbers, pairs

    def replaced(self, numbers, chosen):
        out, i = [], 0
        while i < len(numbers):
            pair = tuple(numbers[i:i + 2])
            out.append(chosen.get(pair, numbers[i]))
            i += 2 if pair in chosen else 1
        return out

    def pack(self):
        """The pool, the pairs, and each text's offset. The most frequent pairs are one byte."""
        ordered = sorted(self.counts, key=lambda t: (-self.counts[t], t))
        numbers, pairs = self.pair_up(ordered)
        counted = collections.Counter(n for n in numbers if n >= 256)
        ranked = sorted(range(256, 256 + len(pairs)), key=lambda n: (-counted[n], n))
        order = {number: rank for rank, number in enumerate(ranked)}
        codes = [*range(1, 32), *range(128, LEAD)]

        def symbol(number):
            return number if number < 256 else 256 + order[number]

        def bytes_of(number):
            if number < 256:
                return bytes([number])
            rank = order[number]
            if rank < len(codes):
                return bytes([codes[rank]])
            lead, rest = divmod(rank - len(codes), 256)
            assert LEAD + lead < 256
            return bytes([LEAD + lead, rest])
        self.pairs = [symbol(half) for number in ranked for half in pairs[number - 256]]
        self.pool, self.offsets = bytearray(), {}
        texts = iter(ordered)
        begins = True
        for number in numbers:
            if begins:
                self.offsets[next(texts)] = len(self.pool)
            self.pool += bytes_of(number)
            begins = number == 0


def merge(nodes):
    """Equal nodes become one: classes are split until they no longer are."""
    def links(node):
        return [m[5] for m in node.members] + ([node.item] if node.item is not None else [])
    every, order = {}, []

    def walk(node):
        stack = [node]
        while stack:
            n = stack.pop()
            if id(n) not in every:
                every[id(n)] = 0
                order.append(n)
                stack += links(n)
    for node in nodes:
        walk(node)

    def own(node):
        return (str(node.kind), node.flat, node.names, tuple(m[:5] for m in node.members))
    number = {}
    for n in order:
        every[id(n)] = number.setdefault(own(n), len(number))
    count = len(number)
    while True:
        number = {}
        after = {id(n): number.setdefault((every[id(n)], tuple(every[id(k)] for k in links(n))),
                                          len(number)) for n in order}
        every = after
        if len(number) == count:
            break
        count = len(number)
    kept = {}
    for n in order:
        kept.setdefault(every[id(n)], n)
    return {id(n): kept[every[id(n)]] for n in order}, list(kept.values())


class Writer:
    def __init__(self, texts, same):
        self.texts, self.same = texts, same
        self.places = {}   # id of a node → offset
        self.data = bytearray(LEAVES)

    def ref(self, node):
        node = self.same[id(node)]
        if isinstance(node.kind, int):
            return node.kind
        return self.places.get(id(node), 0)

    def u16(self, number):
        assert number < 65536, "the tables have become too large for two bytes"
        return number.to_bytes(2, "little")

    def text(self, value):
        """Two bytes, or three with the first one's highest bit; the most frequent texts lie first."""
        at = self.texts.offsets[value]
        return at.to_bytes(2, "big") if at < 0x8000 else (at | 0x800000).to_bytes(3, "big")

    def bytes_of(self, node):
        kind = node.kind[0]
        if kind == NODE_STRUCT:
            out = bytearray([kind, len(node.members)])
            assert len(node.members) < 256
            for member in node.members:
                out += self.member(member)
            return out
        out = bytearray([kind | (16 if node.flat else 0) | (32 if node.names[0] else 0)])
        if node.names[0]:
            out += self.text(node.names[0])
            if kind == NODE_MAP:
                out += self.text(node.names[1])
        return out + self.u16(self.ref(node.item))

    def member(self, member):
        name, wire, location, token, attribute, node = member
        rule = WIRE_OWN
        if wire == name:
            rule = WIRE_SAME
        elif wire == name[:1].lower() + name[1:]:
            rule = WIRE_LOWER
        ref = self.ref(node)
        has = self.same[id(node)].kind != ANY
        bits = location | rule << 3 | token << 5 | attribute << 6 | has << 7
        return self.text(name) + bytes([bits]) + (self.text(wire) if rule == WIRE_OWN else b"") + \
            (self.u16(ref) if has else b"")

    def write(self, nodes):
        """Twice: sizes do not depend on what references say."""
        for _ in range(2):
            self.data = bytearray(LEAVES)
            for node in nodes:
                if not isinstance(node.kind, int):
                    self.places[id(node)] = len(self.data)
                    self.data += self.bytes_of(node)


class Service:
    def __init__(self, name, model, is_global):
        self.name, self.model, self.is_global = name, model, is_global
        self.meta = model["metadata"]
        listed = self.meta.get("protocols") or [self.meta["protocol"]]
        spoken = [p for p in CHOICE if p in listed]
        if not spoken:
            sys.exit(f"gen_model: {name} speaks only {listed}")
        self.protocol = spoken[0]
        self.rest = self.protocol.startswith("rest")
        self.ins = Shapes(model, self.protocol, False)
        self.outs = Shapes(model, self.protocol, True)
        self.operations = []

    def build(self):
        chosen = []
        for name, op in sorted(self.model["operations"].items()):
            ends = [shapes.node({"shape": op[key]["shape"]}) if key in op else leaf(ANY)
                    for shapes, key in ((self.ins, "input"), (self.outs, "output"))]
            chosen.append((name, op, ends))
        for shapes in (self.ins, self.outs):
            shapes.settle()
            shapes.trim()
        for name, op, (given, answer) in chosen:
            self.special(name, given, answer)
            if self.rest or given.kind != ANY or answer.kind not in (ANY, STRUCT) \
                    or self.host_prefix(op):
                self.operations.append((name, op, given, answer))

    def special(self, name, given, answer):
        """S3's GetBucketLocation answers with a root element that is its only member."""
        if (self.name, name) == ("s3", "GetBucketLocation"):
            answer.kind = (NODE_STRUCT,)
            answer.members = [("LocationConstraint", "LocationConstraint", PAYLOAD, False, False,
                               leaf(ANY))]

    def host_prefix(self, op):
        return op.get("endpoint", {}).get("hostPrefix", "")

    def has_body(self, op):
        """Whether something of the input lies in the body."""
        shape = self.model["shapes"].get(op.get("input", {}).get("shape"), {})
        return any("location" not in m for m in shape.get("members", {}).values())

    def root(self, op):
        """The name of the body's outermost element, of an input without payload."""
        return op.get("input", {}).get("locationName", "") if self.protocol == "rest-xml" else ""

    def namespace(self):
        space = self.meta.get("xmlNamespace") or {}
        if isinstance(space, str):
            return space
        if space:
            return space["uri"]
        for op in self.model["operations"].values():
            said = op.get("input", {}).get("xmlNamespace")
            if said:
                return said["uri"]
        for shape in self.model["shapes"].values():
            for ref in shape.get("members", {}).values():
                said = ref.get("xmlNamespace")
                if said and not said.get("prefix"):
                    return said["uri"]
        return ""

    def texts(self):
        yield from (self.name, self.meta.get("serviceId", self.name), self.meta["endpointPrefix"],
                    self.signing(), self.meta.get("targetPrefix", ""), self.meta["apiVersion"],
                    self.namespace() if self.protocol == "rest-xml" else "")
        for name, op, _, _ in self.operations:
            yield name
            if self.rest:
                yield self.uri(op)
                if self.root(op):
                    yield self.root(op)
            if self.host_prefix(op):
                yield self.host_prefix(op)

    def uri(self, op):
        return op["http"]["requestUri"]

    def signing(self):
        return self.meta.get("signingName") or self.meta["endpointPrefix"]

    def operation(self, writer, name, op, given, answer):
        """Drawn in src/model.h."""
        prefix, root = self.host_prefix(op), self.root(op)
        checksum = bool(op.get("httpChecksumRequired") or
                        op.get("httpChecksum", {}).get("requestChecksumRequired"))
        method = METHODS.index(op["http"]["method"]) if self.rest else 1
        bits = method | self.has_body(op) << 3 | checksum << 4 | bool(prefix) << 5 | bool(root) << 6
        out = writer.text(name) + bytes([bits])
        out += writer.u16(writer.ref(given)) + writer.u16(writer.ref(answer))
        if self.rest:
            out += writer.text(self.uri(op))
        if prefix:
            out += writer.text(prefix)
        if root:
            out += writer.text(root)
        return out


def numbers(data):
    return "".join("    " + ",".join(map(str, data[i:i + 32])) + ",\n"
                   for i in range(0, len(data), 32))


def write_tables(services):
    texts = Texts()
    roots = []
    for service in services:
        for text in service.texts():
            texts.add(text)
        for _, _, given, answer in service.operations:
            roots += [given, answer]
    same, nodes = merge(roots)
    for node in nodes:
        for member in node.members:
            texts.add(member[0])
            texts.add(member[1])
        for name in node.names:
            texts.add(name)
    texts.pack()
    writer = Writer(texts, same)
    writer.write(nodes)
    operations = bytearray()
    rows = []
    for s in services:
        first = len(operations)
        for operation in s.operations:
            operations += s.operation(writer, *operation)
        row = [texts.offsets[t] for t in list(s.texts())[:7]]
        rows.append("    {" + ", ".join(map(str, row + [first, len(s.operations),
                    PROTOCOLS.index(s.protocol), int(s.meta.get("jsonVersion", "1.0")[2:]),
                    int(s.is_global), int("awsQueryCompatible" in s.meta)])) + "},\n")
    return texts, writer, operations, rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--services", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--botocore")
    args = parser.parse_args()
    folder = find_botocore(args.botocore)
    listed = [line.split("#")[0].split() for line in open(args.services, encoding="utf-8")]
    everywhere = global_regions(folder)
    services, missing = [], []
    for name in sorted(name for line in listed for name in line):
        if not (folder / "data" / name).exists():
            missing.append(name)
            continue
        model = load(folder, name)
        services.append(Service(name, model, model["metadata"]["endpointPrefix"] in everywhere))
        services[-1].build()
    texts, writer, operations, rows = write_tables(services)
    version = re.search(r"__version__ = '([^']+)'", (folder / "__init__.py").read_text()).group(1)
    pathlib.Path(args.out).write_text(
        f"/* Generated by tools/gen_model.py from botocore {version}; not to be edited. */\n"
        '#include "model.h"\n\n'
        f"const uint8_t model_texts[] = {{\n{numbers(texts.pool)}}};\n"
        f"const uint16_t model_pairs[] = {{\n{numbers(texts.pairs)}}};\n"
        f"const uint8_t model_nodes[] = {{\n{numbers(writer.data)}}};\n"
        f"const uint8_t model_operations[] = {{\n{numbers(operations)}}};\n"
        f"const struct model_service model_services[] = {{\n{''.join(rows)}}};\n"
        f"const uint32_t model_service_count = {len(rows)};\n"
        f'const char model_source[] = "botocore {version}";\n')
    print(f"gen_model: {len(rows)} services, {sum(len(s.operations) for s in services)} operations "
          f"listed, texts {len(texts.pool)} + {2 * len(texts.pairs)}, nodes {len(writer.data)}, operations {len(operations)}")
    if missing:
        print(f"gen_model: botocore {version} has no {' '.join(missing)}")


if __name__ == "__main__":
    main()
