#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the constant tables of src/wire/model.h from botocore's data files and overlay/.

  tools/gen_model.py --out build/gen/model.c [--botocore DIR] [--extra DIR]

botocore's data is taken from --botocore (a folder that holds `data`), from the Python that runs this,
or from Debian's python3-botocore, in this order. --extra adds every NAME.json below DIR as a service
of that name (for tests). The same input gives the same output, byte by byte.
"""
import argparse
import gzip
import importlib.util
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

KINDS = {"structure": "SHAPE_STRUCTURE", "list": "SHAPE_LIST", "map": "SHAPE_MAP",
         "string": "SHAPE_STRING", "character": "SHAPE_STRING", "blob": "SHAPE_BLOB",
         "boolean": "SHAPE_BOOLEAN", "integer": "SHAPE_INTEGER", "long": "SHAPE_LONG",
         "bigInteger": "SHAPE_LONG", "short": "SHAPE_INTEGER", "byte": "SHAPE_INTEGER",
         "float": "SHAPE_FLOAT", "double": "SHAPE_DOUBLE", "bigDecimal": "SHAPE_DOUBLE",
         "timestamp": "SHAPE_TIMESTAMP"}
TIMES = {None: "TIME_DEFAULT", "iso8601": "TIME_ISO", "unixTimestamp": "TIME_EPOCH",
         "rfc822": "TIME_HTTP"}
LOCATIONS = {None: "AT_BODY", "header": "AT_HEADER", "headers": "AT_HEADERS", "uri": "AT_URI",
             "querystring": "AT_QUERY", "statusCode": "AT_STATUS_CODE"}
PROTOCOLS = {"json": "PROTOCOL_JSON", "query": "PROTOCOL_QUERY", "ec2": "PROTOCOL_EC2",
             "rest-json": "PROTOCOL_REST_JSON", "rest-xml": "PROTOCOL_REST_XML",
             "smithy-rpc-v2-cbor": "PROTOCOL_RPC_CBOR", "cbor": "PROTOCOL_CBOR"}
METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"]
READ_VERBS = ("Get", "List", "Describe", "Head", "Query", "Scan", "BatchGet", "Search", "Lookup",
              "Simulate", "Preview", "Select", "Validate", "Test", "Estimate", "Check", "View",
              "TransactGet")


def read_lines(name):
    path = ROOT / "overlay" / name
    return [line.split() for line in path.read_text().split("\n")
            if line.strip() and not line.startswith("#")]


def find_botocore(asked):
    if asked:
        return pathlib.Path(asked), "given"
    spec = importlib.util.find_spec("botocore")
    if spec and spec.origin:
        return pathlib.Path(spec.origin).parent, "importable"
    debian = pathlib.Path("/usr/lib/python3/dist-packages/botocore")
    if debian.exists():
        return debian, "Debian's"
    sys.exit("gen_model: no botocore found: run tools/setup, or name one with --botocore DIR")


def botocore_version(folder):
    match = re.search(r"__version__ = '([^']+)'", (folder / "__init__.py").read_text())
    return match.group(1) if match else "unknown"


def load(folder, service):
    base = folder / "data" / service
    if not base.exists():
        return None
    version = sorted(p.name for p in base.iterdir() if re.match(r"\d{4}-", p.name))[-1]
    for name, opener in (("service-2.json.gz", gzip.open), ("service-2.json", open)):
        path = base / version / name
        if path.exists():
            with opener(path, "rt", encoding="utf-8") as file:
                return json.load(file)
    return None


class Tables:
    """Everything that becomes an array, in the order it is met."""

    def __init__(self):
        self.pool = bytearray(b"\0\0\0")  # text 0 is "" : two length bytes, then its end
        self.offsets = {"": 2}
        self.shapes = ["{.kind = SHAPE_DOCUMENT}"]
        self.members = []
        self.operations = []
        self.services = []
        self.enum_texts = []
        self.error_shapes = []
        self.dropped = []

    def text(self, value):
        """Offset of a text in the pool; 2 (the empty text) is written as 0 by callers' choice."""
        value = "" if value is None else str(value)
        if value in self.offsets:
            return self.offsets[value]
        data = value.encode("utf-8")
        if len(data) > 65535:
            self.dropped.append(value[:40])
            return 2
        self.pool += len(data).to_bytes(2, "little")
        offset = len(self.pool)
        self.pool += data + b"\0"
        self.offsets[value] = offset
        return offset

    def some(self, value):
        """Offset, or 0 for nothing."""
        return self.text(value) if value else 0


class Guards:
    """What a call of an operation must be allowed to do, from overlay/resources: "action=template"
    pairs with spaces between, or "-". All that the model can decide is decided here."""

    def __init__(self, service, lines):
        self.shapes = service.model["shapes"]
        self.vendor = service.meta.get("signingName") or service.meta["endpointPrefix"]
        self.prefix = None
        self.own, self.any = {}, []
        for operation, *templates in lines:
            if operation == "vendor":
                self.vendor = templates[0]
            elif operation == "prefix":
                self.prefix = templates[0]
            elif operation == "*":
                self.any.append(templates)
            else:
                self.own[operation] = templates
        if self.prefix is None:
            self.prefix = "arn:{@partition}:%s:{@region}:{@account}:" % self.vendor

    def has(self, shape, path):
        """Whether a member A.B is there, through lists and maps."""
        name, _, rest = path.partition(".")
        shape = self.shapes.get(shape, {})
        while shape.get("type") == "list":
            shape = self.shapes[shape["member"]["shape"]]
        if shape.get("type") == "map":
            return name == "*"
        if name not in shape.get("members", {}):
            return False
        return not rest or self.has(shape["members"][name]["shape"], rest)

    def fitted(self, template, shape):
        """The template with only members that the shape has; None when one is missing."""
        def choice(match):
            kept = [a for a in match.group(1).split("|") if a[0] == "@" or self.has(shape, a)]
            return "{%s}" % "|".join(kept)
        text = re.sub(r"\{([^{}]+)\}", choice, template)
        text = re.sub(r"\[[^\[\]]*\{\}[^\[\]]*\]", "", text)
        members = [a for m in re.findall(r"\{([^{}]*)\}", text) for a in m.split("|")]
        known = not "{" in template or any(a and a[0] != "@" for a in members) \
            or "{@" in template
        return text if known and "" not in members else None

    def pair(self, template, action, shape):
        named = re.match(r"([A-Za-z:]+)=(.*)", template)
        if named:
            action, template = named.groups()
        text = self.fitted(template, shape)
        if text is None:
            return None
        if text != "*" and not text.startswith("arn:"):
            text = self.prefix + text
        return "%s=%s" % (action if ":" in action else self.vendor + ":" + action, text)

    def by_uri(self, uri, shape):
        """@uri: the operation's path is the resource, without the version in front of it."""
        members = self.shapes.get(shape, {}).get("members", {})
        names = {m.get("locationName", n): n for n, m in members.items()}
        path = re.sub(r"\{([^{}+]+)\+?\}", lambda m: "{%s}" % names[m.group(1)], uri)
        return re.sub(r"^/v\d+/", "/", path)

    def of(self, operation, action, op):
        shape = op.get("input", {}).get("shape")
        found = [self.own[operation]] if operation in self.own else self.any
        for templates in found:
            if "@uri" in templates:
                uri = self.by_uri(op["http"]["requestUri"], shape)
                templates = [uri if t == "@uri" else t for t in templates]
            if templates == ["-"]:
                return "-"
            pairs = [self.pair(t, action, shape) for t in templates]
            if None not in pairs:
                return " ".join(pairs)
            if operation in self.own:
                sys.exit("gen_model: overlay/resources: %s has no such member" % operation)
        return "%s:%s=*" % (self.vendor, action)


class Service:
    def __init__(self, tables, name, model, overlay):
        self.t = tables
        self.name = name
        self.model = model
        self.meta = model["metadata"]
        self.overlay = overlay
        self.guards = Guards(self, overlay["resources"].get(name, ()))
        self.index = {}    # shape name → index
        self.order = []

    def protocol_list(self):
        listed = list(self.meta.get("protocols") or [self.meta["protocol"]])
        own = self.meta.get("protocol") or listed[0]
        if own not in listed:
            listed.insert(0, own)
        listed += [p for s, p in self.overlay["protocols"] if s == self.name and p not in listed]
        return own, [p for p in listed if p in PROTOCOLS]

    def assign(self):
        """Every shape gets its index before any is written: they name one another."""
        for name in sorted(self.model["shapes"]):
            self.index[name] = len(self.t.shapes) + len(self.order)
            self.order.append(name)

    def flags_of(self, shape):
        flags = []
        for key, flag in (("union", "SHAPE_UNION"), ("eventstream", "SHAPE_EVENTSTREAM"),
                          ("exception", "SHAPE_EXCEPTION"), ("flattened", "SHAPE_FLATTENED"),
                          ("streaming", "SHAPE_STREAMING"), ("sensitive", "SHAPE_SENSITIVE"),
                          ("fault", "SHAPE_FAULT")):
            if shape.get(key):
                flags.append(flag)
        if "min" in shape:
            flags.append("SHAPE_HAS_MIN")
        if "max" in shape:
            flags.append("SHAPE_HAS_MAX")
        return flags

    def member(self, name, ref, owner):
        flags = []
        shape = self.model["shapes"][ref["shape"]]
        if name in owner.get("required", ()):
            flags.append("MEMBER_REQUIRED")
        for key, flag in (("idempotencyToken", "MEMBER_IDEMPOTENCY_TOKEN"),
                          ("xmlAttribute", "MEMBER_XML_ATTRIBUTE"),
                          ("eventpayload", "MEMBER_EVENT_PAYLOAD"),
                          ("eventheader", "MEMBER_EVENT_HEADER"),
                          ("jsonvalue", "MEMBER_JSON_VALUE"),
                          ("hostLabel", "MEMBER_HOST_LABEL")):
            if ref.get(key) or (key in ("eventpayload", "eventheader") and shape.get(key)):
                flags.append(flag)
        if ref.get("flattened") or shape.get("flattened"):
            flags.append("MEMBER_FLATTENED")
        if ref.get("streaming") or shape.get("streaming"):
            flags.append("MEMBER_STREAMING")
        if owner.get("payload") == name:
            flags.append("MEMBER_PAYLOAD")
        wire = ref.get("locationName")
        if not wire and shape["type"] == "list" and ("MEMBER_FLATTENED" in flags):
            wire = shape["member"].get("locationName") or name
        wire = wire or name
        query = ref.get("queryName")
        if not query:
            query = wire[:1].upper() + wire[1:] if ref.get("locationName") else name[:1].upper() + name[1:]
        space = ref.get("xmlNamespace") or shape.get("xmlNamespace") or {}
        space = {"uri": space} if isinstance(space, str) else space
        prefix = ""
        if ref.get("xmlAttribute") and ":" in wire:
            prefix = wire.split(":")[0]
        elif space.get("prefix"):
            prefix = space["prefix"]
        self.t.members.append(
            "{%d, %d, %d, %d, %d, %d, %s, %s, %s}" % (
                self.t.text(name), self.t.text(wire), self.t.text(query), self.t.some(prefix),
                self.t.some(space.get("uri")), self.ref_index(ref), " | ".join(flags) or "0",
                LOCATIONS.get(ref.get("location"), "AT_BODY"),
                TIMES.get(ref.get("timestampFormat"), "TIME_DEFAULT")))

    def ref_index(self, ref):
        shape = self.model["shapes"][ref["shape"]]
        if ref.get("document") or shape.get("document"):
            return 0
        return self.index[ref["shape"]]

    def shape(self, name):
        shape = self.model["shapes"][name]
        first = len(self.t.members)
        count = 0
        if shape["type"] == "structure":
            for member, ref in shape.get("members", {}).items():
                self.member(member, ref, shape)
            count = len(shape.get("members", {}))
        elif shape["type"] == "list":
            self.member("member", shape["member"], {})
            count = 1
        elif shape["type"] == "map":
            self.member("key", shape["key"], {})
            self.member("value", shape["value"], {})
            count = 2
        enum_first = len(self.t.enum_texts)
        self.t.enum_texts += [self.t.text(value) for value in shape.get("enum", ())]
        error = shape.get("error", {})
        space = shape.get("xmlNamespace") or {}
        space = {"uri": space} if isinstance(space, str) else space
        code = error.get("code") or (name if shape.get("exception") else "")
        fields = [".name = %d" % self.t.text(name), ".first = %d" % first]
        for key, value in (("required", len(shape.get("required", ()))),
                           ("pattern", self.t.some(shape.get("pattern"))),
                           ("enum_first", enum_first if shape.get("enum") else 0),
                           ("xml_namespace", self.t.some(space.get("uri"))),
                           ("wire_code", self.t.some(code)),
                           ("enum_count", len(shape.get("enum", ()))), ("count", count),
                           ("flags", " | ".join(self.flags_of(shape))),
                           ("http", error.get("httpStatusCode", 0))):
            if value:
                fields.append(".%s = %s" % (key, value))
        kind = KINDS[shape["type"]]
        if shape.get("document"):
            kind = "SHAPE_DOCUMENT"
        fields.append(".kind = %s" % kind)
        if shape.get("timestampFormat"):
            fields.append(".time_format = %s" % TIMES[shape["timestampFormat"]])
        for key in ("min", "max"):
            if key in shape:
                value = int(shape[key])
                fields.append(".%s = %s" % (key, "INT64_C(%d)" % max(min(value, 2**63 - 1), 1 - 2**63)))
        self.t.shapes.append("{" + ", ".join(fields) + "}")

    def is_read(self, name):
        if ["+", self.name, name] in self.overlay["reads"]:
            return True
        if ["-", self.name, name] in self.overlay["reads"]:
            return False
        return name.startswith(READ_VERBS)

    def output_events(self, operation):
        out = self.model["shapes"].get(operation.get("output", {}).get("shape"), {})
        return any(self.model["shapes"][m["shape"]].get("eventstream")
                   for m in out.get("members", {}).values())

    def input_streams(self, operation):
        shape = self.model["shapes"].get(operation.get("input", {}).get("shape"), {})
        payload = shape.get("members", {}).get(shape.get("payload"), {})
        return bool(payload) and (payload.get("streaming") or
                                  self.model["shapes"][payload["shape"]].get("streaming"))

    def operation(self, name, service_index):
        op = self.model["operations"][name]
        http = op.get("http", {})
        flags = []
        if self.is_read(name):
            flags.append("OPERATION_READ")
        if op.get("authtype") == "none" or op.get("auth") == ["smithy.api#noAuth"] \
                or [self.name, name] in self.overlay["unsigned"]:
            flags.append("OPERATION_NO_AUTH")
        if self.input_streams(op):
            flags.append("OPERATION_STREAM_IN")
        if self.output_events(op):
            flags.append("OPERATION_EVENTS_OUT")
        if op.get("httpChecksum") or op.get("httpChecksumRequired"):
            flags.append("OPERATION_CHECKSUM")
        path, _, query = http.get("requestUri", "/").partition("?")
        if query:
            flags.append("OPERATION_URI_QUERY")
        if "+}" in path:
            flags.append("OPERATION_URI_GREEDY")
        error_first = len(self.t.error_shapes)
        self.t.error_shapes += [self.index[e["shape"]] for e in op.get("errors", ())]
        refs = {}
        for key in ("input", "output"):
            ref = op.get(key)
            refs[key] = self.index[ref["shape"]] if ref else 0
        space = op.get("input", {}).get("xmlNamespace") or {}
        space = {"uri": space} if isinstance(space, str) else space
        actions = self.overlay["actions"]
        action = actions.get((self.name, name), actions.get((self.name, "*"), name))
        action = http["method"] if action == "@method" else action
        self.t.operations.append(
            "{.name = %d, .service = %d, .input = %d, .output = %d, .result_wrapper = %d, "
            ".uri = %d, .error_first = %d, .input_name = %d, .input_xmlns = %d, .action = %d, "
            ".guards = %d, .error_count = %d, .http = %d, .method = %d, .segments = %d, .flags = %s}" % (
                self.t.text(name), service_index, refs["input"], refs["output"],
                self.t.some(op.get("output", {}).get("resultWrapper")),
                self.t.text(http.get("requestUri", "/")), error_first,
                self.t.some(op.get("input", {}).get("locationName")), self.t.some(space.get("uri")),
                self.t.text(action),
                self.t.text(self.guards.of(name, action, op)),
                len(op.get("errors", ())), http.get("responseCode", 200),
                METHODS.index(http.get("method", "POST")), path.count("/"),
                " | ".join(flags) or "0"))

    def not_replaced(self):
        """Operations without deprecated ones that another has taken the address of (S3 has four)."""
        def address(name):
            http = self.model["operations"][name].get("http", {})
            return (http.get("method"), http.get("requestUri"))
        if not self.protocol_list()[0].startswith("rest"):
            return list(self.model["operations"])
        kept = [n for n, op in self.model["operations"].items() if not op.get("deprecated")]
        taken = {address(n) for n in kept}
        return kept + [n for n, op in self.model["operations"].items()
                       if op.get("deprecated") and address(n) not in taken]

    def write(self):
        own, protocols = self.protocol_list()
        self.assign()
        for name in self.order:
            self.shape(name)
        first = len(self.t.operations)
        names = sorted(self.not_replaced(), key=lambda n: n.encode())
        service_index = len(self.t.services)
        for name in names:
            self.operation(name, service_index)
        bits = " | ".join("1u << %s" % PROTOCOLS[p] for p in protocols)
        self.t.services.append(
            "{.id = %d, .service_id = %d, .endpoint_prefix = %d, .signing_name = %d, "
            ".target_prefix = %d, .api_version = %d, .xml_namespace = %d, .operation_first = %d, "
            ".operation_count = %d, .protocols = %s, .protocol = %s, .json_minor = %d, "
            ".query_compatible = %d}" % (
                self.t.text(self.name), self.t.text(self.meta.get("serviceId", self.name)),
                self.t.text(self.meta["endpointPrefix"]),
                self.t.text(self.meta.get("signingName") or self.meta["endpointPrefix"]),
                self.t.some(self.meta.get("targetPrefix")), self.t.text(self.meta["apiVersion"]),
                self.t.some(self.meta.get("xmlNamespace", {}).get("uri")
                            if isinstance(self.meta.get("xmlNamespace"), dict)
                            else self.meta.get("xmlNamespace")),
                first, len(names), bits, PROTOCOLS[own],
                int(str(self.meta.get("jsonVersion", "1.0")).split(".")[1]),
                int("awsQueryCompatible" in self.meta)))


def array(kind, name, rows, per_line=1):
    out = ["const %s %s[] = {\n" % (kind, name)]
    for i in range(0, len(rows), per_line):
        out.append("    " + ", ".join(str(r) for r in rows[i:i + per_line]) + ",\n")
    out.append("};\n\n")
    return "".join(out)


def pool_text(pool):
    lines = []
    for i in range(0, len(pool), 24):
        lines.append("    " + ",".join(str(b if b < 128 else b - 256) for b in pool[i:i + 24]) + ",\n")
    return "const char model_texts[] = {\n" + "".join(lines) + "};\n\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--botocore")
    parser.add_argument("--extra")
    args = parser.parse_args()
    folder, how = find_botocore(args.botocore)
    overlay = {"protocols": [tuple(line) for line in read_lines("protocols")],
               "reads": read_lines("reads"), "unsigned": read_lines("unsigned"),
               "actions": {(s, o): action for s, o, action in read_lines("actions")}}
    overlay["resources"] = {}
    for service, *line in read_lines("resources"):
        overlay["resources"].setdefault(service, []).append(line)
    tables = Tables()
    missing = []
    for (name,) in read_lines("services"):
        model = load(folder, name)
        if model is None:
            missing.append(name)
            continue
        for service, shape, pattern in read_lines("patterns"):
            if service == name:
                model["shapes"][shape]["pattern"] = pattern
        Service(tables, name, model, overlay).write()
    if args.extra:
        for path in sorted(pathlib.Path(args.extra).glob("*.json")):
            Service(tables, path.stem, json.loads(path.read_text()), overlay).write()
    source = "botocore " + botocore_version(folder)
    out = ["/* Generated by tools/gen_model.py from %s; not to be edited. */\n" % source,
           '#include "wire/model.h"\n\n',
           pool_text(tables.pool), array("struct shape", "model_shapes", tables.shapes),
           array("struct member", "model_members", tables.members),
           array("struct operation", "model_operations", tables.operations),
           array("struct service_model", "model_services", tables.services),
           array("uint32_t", "model_enum_texts", tables.enum_texts or [0], 16),
           array("uint32_t", "model_error_shapes", tables.error_shapes or [0], 16)]
    for name, rows in (("shape", tables.shapes), ("member", tables.members),
                       ("operation", tables.operations), ("service", tables.services)):
        out.append("const uint32_t model_%s_count = %d;\n" % (name, len(rows)))
    pinned = re.search(r"^botocore==(\S+)$", (ROOT / "tools" / "requirements.txt").read_text(), re.M)
    is_pinned = pinned.group(1) == botocore_version(folder)
    out.append('const char model_source[] = "%s";\n' % source)
    out.append("const bool model_is_pinned = %s;\n" % ("true" if is_pinned else "false"))
    pathlib.Path(args.out).write_text("".join(out))
    print("gen_model: %d services, %d operations, %d shapes from %s (%s)%s" % (
        len(tables.services), len(tables.operations), len(tables.shapes), source, how,
        ", missing: " + " ".join(missing) if missing else ""))
    if not is_pinned:
        print("gen_model: weir is written for botocore %s: what these models do not have is not "
              "there, and tests of it fail" % pinned.group(1))
    for text in tables.dropped:
        print("gen_model: too long, dropped:", text)


if __name__ == "__main__":
    main()
