# SPDX-License-Identifier: Apache-2.0
"""The wire layer from Python: builds test/wire/oracle.c and talks to it.

Also the two translations that the comparison rests on: botocore's parameters to the oracle's trees,
and both sides' values to one plain form in which they can be compared.
"""
import base64
import calendar
import datetime
import json
import math
import os
import pathlib
import re
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("WEIR_BUILD", ROOT / "build")).resolve()
CFLAGS = ["-std=c17", "-D_GNU_SOURCE", "-iquote", str(ROOT / "src")]
LIBS = re.search(r"^LIBS\s*:=(.*)$", (ROOT / "Makefile").read_text(), re.M).group(1).split()
XML_PROTOCOLS = ("query", "ec2", "rest-xml")


def build(extra):
    """The oracle with the services of folder extra beside the real ones; its path. It lies in a folder
    of its own, for files of tests run side by side."""
    folder = BUILD / "protocol" / f"{extra.name}-oracle"
    folder.mkdir(parents=True, exist_ok=True)
    archives = [BUILD / f"lib{layer}.a" for layer in ("wire", "net", "sys", "base")]
    run = lambda *args: subprocess.run([str(a) for a in args], check=True, cwd=ROOT,
                                       stdout=subprocess.DEVNULL)
    run("make", f"B={os.path.relpath(BUILD, ROOT)}", f"PYTHON={sys.executable}", "-j2",
        *[os.path.relpath(a, ROOT) for a in archives])
    run(sys.executable, "tools/gen_model.py", "--out", folder / "model.c", "--extra", extra)
    run("cc", *CFLAGS, "-O0", "-c", "-o", folder / "model.o", folder / "model.c")
    run("cc", *CFLAGS, "-O1", "-g", "-o", folder / "oracle", "test/wire/oracle.c",
        folder / "model.o", *archives, *LIBS)
    return folder / "oracle"


class Oracle:
    def __init__(self, path):
        self.process = subprocess.Popen([str(path)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def ask(self, **command):
        line = json.dumps(command, allow_nan=False) + "\n"
        self.process.stdin.write(line.encode())
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise AssertionError(f"the oracle died on {line[:2000]}")
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(10) == 0


def is_document(shape):
    return getattr(shape, "is_document_type", False)


def is_json_value(shape):
    return bool(shape.serialization.get("jsonvalue"))


def moment_ms(value):
    if isinstance(value, datetime.datetime):
        whole = calendar.timegm(value.utctimetuple()) * 1000
        return whole + value.microsecond // 1000
    return round(float(value) * 1000)


def real(value):
    """A number, or the word for what JSON has no number for."""
    if isinstance(value, str):
        return value
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return float(value)


def to_bytes(value):
    if hasattr(value, "read"):
        value = value.read()
    return value.encode() if isinstance(value, str) else bytes(value)


def to_tree(shape, value):
    """What botocore takes or gives, as the oracle's tree."""
    if value is None or is_document(shape):
        return value
    kind = shape.type_name
    if kind == "structure":
        return {k: to_tree(shape.members[k], v) for k, v in value.items() if v is not None}
    if kind == "list":
        return [to_tree(shape.member, v) for v in value]
    if kind == "map":
        return {k: to_tree(shape.value, v) for k, v in value.items()}
    if kind == "blob":
        return base64.b64encode(to_bytes(value)).decode()
    if kind == "timestamp":
        return moment_ms(value)
    if kind in ("float", "double"):
        return real(value)
    if is_json_value(shape):
        return json.dumps(value)
    return value


def single(value):
    """The float nearest to a number; what a 32-bit member can carry."""
    if isinstance(value, str):
        return value
    return struct.unpack("f", struct.pack("f", value))[0]


def plain(shape, value, dumped=False):
    """One form for both sides: nulls gone, blobs in base64, moments in milliseconds.

    dumped: value is a tree that the oracle printed."""
    if value is None or is_document(shape):
        return value
    kind = shape.type_name
    if kind == "structure":
        result = {k: plain(shape.members[k], v, dumped) for k, v in value.items()
                  if k in shape.members and v is not None}
        return {k: v for k, v in result.items() if v is not None}
    if kind == "list":
        return [plain(shape.member, v, dumped) for v in value if v is not None]
    if kind == "map":
        return {k: plain(shape.value, v, dumped) for k, v in value.items() if v is not None}
    if kind == "blob":
        return value if dumped else base64.b64encode(to_bytes(value)).decode()
    if kind == "timestamp":
        return moment_ms(value)
    if kind == "float":
        return single(real(value))
    if kind == "double":
        return real(value)
    if is_json_value(shape):
        return json.loads(value) if isinstance(value, str) else value
    return value


def sayable(shape, value):
    """Without what no client can say: an empty list in a header or a query, an empty payload, and in
    the map that takes the rest of the query the names of other members."""
    said = {name: member.serialization for name, member in shape.members.items()}
    bound = {said[name].get("name", name) for name, member in shape.members.items()
             if said[name].get("location") == "querystring" and member.type_name != "map"}
    result = {}
    for name, member in value.items():
        where = said[name].get("location")
        if where == "querystring" and isinstance(member, dict):
            member = {k: v for k, v in member.items() if k not in bound}
        nothing = [[], {}] if where in ("header", "headers", "querystring") else []
        nothing = [[], {}, ""] if shape.serialization.get("payload") == name else nothing
        if member not in nothing:
            result[name] = member
    return result


def prune(value):
    """Without empty lists, maps and structures, which XML and forms cannot say."""
    if isinstance(value, dict):
        pruned = {k: prune(v) for k, v in value.items()}
        return {k: v for k, v in pruned.items() if v not in ({}, [])}
    if isinstance(value, list):
        return [v for v in (prune(v) for v in value) if v not in ({}, [])]
    return value
