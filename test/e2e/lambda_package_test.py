# SPDX-License-Identifier: Apache-2.0
"""Packages as functions see them: unpacked once, whole, with their layers, and gone when unused."""
import hashlib
import shutil
from pathlib import Path

import pytest
from lambda_kit import create, download, function_name, invoke, package, refused

@pytest.fixture(scope="module")
def functions(weir):
    return weir.client("lambda")


def folders(weir, kind="code"):
    return sorted(p.name for p in (Path(weir.data) / "functions" / kind).glob("*"))


def test_a_handler_sees_its_files_with_their_modes_and_links(functions):
    body = """
import os, subprocess
def handler(event, context):
    return [open("data/a.txt").read(), os.readlink("link"), open("link").read(),
            subprocess.run(["./tool"], capture_output=True, text=True).stdout,
            oct(os.stat("plain").st_mode & 0o777), os.getcwd(), os.access("index.py", os.W_OK)]
"""
    name = create(functions, Code={"ZipFile": package(
        {"index.py": body, "data/a.txt": "text", "link": "data/a.txt", "plain": "x",
         "tool": "#!/bin/sh\necho ran"},
        {"link": 0o120777, "tool": 0o100711, "plain": 0o100600})})["FunctionName"]
    assert invoke(functions, name)[1] == [
        "text", "data/a.txt", "text", "ran\n", "0o644", "/var/task", False]


def test_layers_lie_over_one_another_in_opt(functions):
    arns = [functions.publish_layer_version(
        LayerName=function_name(), Content={"ZipFile": package(files)})["LayerVersionArn"]
        for files in ({"python/helper.py": "who = 'first'", "a": "1"},
                      {"python/helper.py": "who = 'second'", "b": "2"})]
    body = """
import helper, os
def handler(event, context):
    return [helper.who, sorted(os.listdir("/opt"))]
"""
    name = create(functions, files={"index.py": body}, Layers=arns)["FunctionName"]
    assert invoke(functions, name)[1] == ["second", ["a", "b", "python"]]
    functions.update_function_configuration(FunctionName=name, Layers=arns[::-1])
    assert invoke(functions, name)[1] == ["first", ["a", "b", "python"]]
    functions.update_function_configuration(FunctionName=name, Layers=arns[:1])
    assert invoke(functions, name)[1] == ["first", ["a", "python"]]


def test_a_large_package_unpacks_once(functions, weir):
    files = {f"lib/module_{i}.py": f"value = {i}\n" * 400 for i in range(3000)}
    body = "from lib.module_2999 import value\ndef handler(event, context):\n    return value\n"
    code = package({"index.py": body, **files})
    digest = hashlib.sha256(code).hexdigest()
    first = create(functions, Code={"ZipFile": code})["FunctionName"]
    folder = Path(weir.data) / "functions" / "code" / digest
    born = (folder.stat().st_ino, folder.stat().st_ctime_ns)
    second = create(functions, Code={"ZipFile": code})["FunctionName"]
    for name in (first, second):
        assert invoke(functions, name)[1] == 2999
    assert (folder.stat().st_ino, folder.stat().st_ctime_ns) == born
    functions.delete_function(FunctionName=first)
    assert invoke(functions, second)[1] == 2999  # which has it still


def test_a_folder_that_was_lost_is_made_again(fresh):
    weir = fresh()
    functions = weir.client("lambda")
    name = create(functions)["FunctionName"]
    assert invoke(functions, name, {"a": 1})[1] == {"a": 1}
    weir.stop()
    shutil.rmtree(Path(weir.data) / "functions")
    weir.start()
    assert invoke(weir.client("lambda"), name, {"a": 2})[1] == {"a": 2}
    assert len(folders(weir)) == 1


def test_what_nobody_needs_goes_after_an_hour(fresh):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    functions = weir.client("lambda")
    layer = functions.publish_layer_version(LayerName="l", Content={
        "ZipFile": package({"python/x.py": "x"})})["LayerVersionArn"]
    kept, gone = (create(functions, name, {"index.py": f"# {name}"}, Layers=[layer])
                  for name in ("kept", "gone"))
    location = functions.get_function(FunctionName="gone")["Code"]["Location"]
    assert len(folders(weir)) == 3
    functions.delete_function(FunctionName="gone")
    functions.delete_layer_version(LayerName="l", VersionNumber=1)
    weir.advance("9m")
    assert download(location)[0] == 200  # who runs it still may need it
    assert len(folders(weir)) == 3
    weir.advance("2h")
    weir.advance("2m")
    sums = {hashlib.sha256(package({"index.py": f"# {n}"})).hexdigest(): n
            for n in ("kept", "gone")}
    assert sorted(sums.get(f, "layer") for f in folders(weir)) == ["kept", "layer"]
    assert [c["CodeSha256"] for c in functions.list_functions()["Functions"]] == [
        kept["CodeSha256"]]
    assert gone["CodeSha256"] != kept["CodeSha256"]
    functions.delete_function(FunctionName="kept")
    weir.advance("2h")
    weir.advance("2m")
    assert folders(weir) == []
    again = create(functions, "again", {"index.py": "# gone"})
    assert again["CodeSha256"] == gone["CodeSha256"]
    assert len(folders(weir)) == 1


def test_leftovers_of_a_start_before_are_removed(fresh):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    create(weir.client("lambda"), "f")
    places = [Path(weir.data) / "functions" / kind / name for kind, name in (
        ("tmp", "0123456789abcdef-1"), ("code", "0" * 64), ("layers", "0" * 24 + "-" + "1" * 24))]
    for place in places:
        (place / "deep").mkdir(parents=True)
        (place / "deep" / "file").write_text("x")
    weir.advance("2m")
    weir.advance("2m")
    for _ in range(100):  # they are removed beside
        if not any(place.exists() for place in places):
            break
        weir.ask("GET", "/_weir/health")
    assert [place for place in places if place.exists()] == []
    assert len(folders(weir)) == 1


def test_a_package_as_large_as_aws_takes_in_a_request(functions):
    noise = hashlib.shake_256(b"noise").digest(52_000_000)
    code = package({"index.py": "def handler(e, c):\n    return 1\n", "noise": noise})
    assert 52_000_000 < len(code) < 52_428_800
    name = create(functions, Code={"ZipFile": code})["FunctionName"]
    assert functions.get_function_configuration(FunctionName=name)["CodeSize"] == len(code)
    assert invoke(functions, name)[1] == 1
    more = package({"index.py": "x", "noise": noise + noise[:500_000]})
    assert refused("RequestEntityTooLargeException", create, 413, client=functions,
                   Code={"ZipFile": more}) == "Zipped size must be smaller than 52428800 bytes"
