# SPDX-License-Identifier: Apache-2.0
"""The tools people have: aws s3, s3cmd, rclone, and a browser, unmodified, as users run them."""
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from weir_server import ACCOUNT, REGION

LARGE = int(os.environ.get("WEIR_LARGE_BYTES", str(1 << 30)))  # aws s3 cp of a file in parts


def run(words, weir, **more):
    done = subprocess.run(words, env={**weir.environment(), **more}, capture_output=True, text=True,
                          timeout=300, check=False)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}{weir.log_tail()}"
    return done.stdout


def aws(weir, *words):
    return run([str(Path(sys.executable).parent / "aws"), *words], weir)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(
            hashlib, "file_digest") else hashlib.sha256(file.read()).hexdigest()


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A small site: folders, odd names, an empty file, one of some megabytes."""
    top = tmp_path_factory.mktemp("tree")
    for name, body in {"index.html": b"<h1>scans</h1>", "empty": b"",
                       "a b/ü+é&=.txt": "größe".encode(), "deep/er/still/file.bin": b"\0\1" * 999,
                       "large.bin": os.urandom(9_000_000)}.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(body)
        an_hour_ago = time.time() - 3600  # S3 tells times in whole seconds: sync would find it newer
        os.utime(top / name, (an_hour_ago, an_hour_ago))
    return top


def files_below(top):
    return {str(path.relative_to(top)): path.read_bytes()
            for path in Path(top).rglob("*") if path.is_file()}


def test_aws_s3_syncs_a_tree_there_and_back(weir, tree, tmp_path):
    aws(weir, "s3", "mb", "s3://cli-sync")
    aws(weir, "s3", "sync", str(tree), "s3://cli-sync/site")
    listed = aws(weir, "s3", "ls", "--recursive", "s3://cli-sync")
    assert len(listed.splitlines()) == len(files_below(tree))
    aws(weir, "s3", "sync", "s3://cli-sync/site", str(tmp_path))
    assert files_below(tmp_path) == files_below(tree)
    assert aws(weir, "s3", "sync", str(tree), "s3://cli-sync/site") == ""  # nothing to do
    aws(weir, "s3", "mv", "s3://cli-sync/site/index.html", "s3://cli-sync/moved.html")
    aws(weir, "s3", "rb", "--force", "s3://cli-sync")


def test_aws_s3_copies_a_gibibyte_in_parts_in_bounded_memory(fresh, tmp_path):
    if shutil.disk_usage(tmp_path).free < 5 * LARGE:
        pytest.skip("not enough disk space for a large file three times")
    weir = fresh()
    source, back = tmp_path / "large.bin", tmp_path / "back.bin"
    with open(source, "wb") as file:
        block = os.urandom(1 << 20)
        for i in range(LARGE >> 20):
            file.write(i.to_bytes(8, "little") + block[8:])
    aws(weir, "s3", "mb", "s3://large")
    aws(weir, "s3", "cp", "--no-progress", str(source), "s3://large/file")
    assert weir.resident_bytes() < 192 << 20  # ten parts at a time
    head = weir.client("s3").head_object(Bucket="large", Key="file")
    assert head["ContentLength"] == LARGE
    assert head["ETag"].endswith(f'-{LARGE // (8 << 20)}"')
    aws(weir, "s3", "cp", "--no-progress", "s3://large/file", str(back))
    assert digest(back) == digest(source)
    assert weir.resident_bytes() < 192 << 20


def test_one_large_put_takes_a_few_mebibytes(fresh, tmp_path):
    weir = fresh()
    s3 = weir.client("s3")
    s3.create_bucket(Bucket="large")
    before = weir.resident_bytes()
    path = tmp_path / "large.bin"
    with open(path, "wb") as file:
        file.truncate(LARGE // 4)
    with open(path, "rb") as file:
        s3.put_object(Bucket="large", Key="one", Body=file)
    assert weir.resident_bytes() - before < 32 << 20
    assert s3.head_object(Bucket="large", Key="one")["ContentLength"] == LARGE // 4


@pytest.mark.skipif(not shutil.which("s3cmd"), reason="s3cmd is not installed")
def test_s3cmd_puts_lists_gets_and_removes(weir, tree, tmp_path):
    def s3cmd(*words):
        return run(["s3cmd", "--no-ssl", f"--host={weir.address}",
                    f"--host-bucket={weir.address}/%(bucket)s", f"--access_key={ACCOUNT}",
                    "--secret_key=secret", f"--region={REGION}", "--no-progress",
                    f"--config={os.devnull}", *words], weir)

    s3cmd("mb", "s3://s3cmd")
    s3cmd("put", "--recursive", f"{tree}/", "s3://s3cmd/")
    assert "s3://s3cmd/a b/ü+é&=.txt" in s3cmd("ls", "--recursive", "s3://s3cmd")
    s3cmd("get", "s3://s3cmd/large.bin", str(tmp_path / "large.bin"))
    assert digest(tmp_path / "large.bin") == digest(tree / "large.bin")
    s3cmd("cp", "s3://s3cmd/index.html", "s3://s3cmd/copy.html")
    assert "14" in s3cmd("info", "s3://s3cmd/copy.html")
    weir.client("s3").put_bucket_ownership_controls(Bucket="s3cmd", OwnershipControls={
        "Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    weir.client("s3").delete_public_access_block(Bucket="s3cmd")
    s3cmd("setacl", "--acl-public", "s3://s3cmd/copy.html")
    assert "anon" in s3cmd("info", "s3://s3cmd/copy.html")
    s3cmd("rb", "--force", "--recursive", "s3://s3cmd")


@pytest.mark.skipif(not shutil.which("rclone"), reason="rclone is not installed")
def test_rclone_syncs_checks_and_purges(weir, tree, tmp_path):
    def rclone(*words):
        return run(["rclone", "--config", os.devnull, "--s3-provider", "Other", "--s3-endpoint",
                    weir.url, "--s3-access-key-id", ACCOUNT, "--s3-secret-access-key", "secret",
                    "--s3-region", REGION, "--s3-force-path-style=true",
                    "--s3-upload-cutoff", "6M", "--s3-chunk-size", "5M", *words], weir)

    rclone("mkdir", ":s3:rclone")
    rclone("sync", str(tree), ":s3:rclone/site")
    rclone("check", str(tree), ":s3:rclone/site")
    rclone("sync", ":s3:rclone/site", str(tmp_path))
    assert files_below(tmp_path) == files_below(tree)
    rclone("purge", ":s3:rclone")
