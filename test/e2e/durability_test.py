# SPDX-License-Identifier: Apache-2.0
"""What a data directory promises: damage is told with its place and never passed over, a torn tail
costs only what was not acknowledged, a clean stop loses nothing of what is under way.
"""
import json
import re
import threading
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from kinesis_kit import data_of, put, read_shard, read_stream
from weir_server import weir_path


def filled(weir, count=40):
    kinesis = weir.client()
    kinesis.create_stream(StreamName="s", ShardCount=1)
    for i in range(count):
        put(kinesis, "s", f"<record {i:04}>".encode() * 20)
    return kinesis


def damage(weir, text):
    """Changes one byte behind the first place where text lies in the journal."""
    for path in sorted((Path(weir.data) / "journal").iterdir()):
        at = path.read_bytes().find(text)
        if at >= 0:
            with open(path, "r+b") as segment:
                segment.seek(at + 3)
                segment.write(b"#")
            return
    raise AssertionError(f"{text} is not in the journal")


def test_damaged_entry_stops_the_start_with_its_position(fresh):
    weir = fresh()
    filled(weir)
    weir.kill()
    damage(weir, b"<record 0007>")
    with pytest.raises(RuntimeError) as caught:
        weir.start()
    position = int(re.search(r"position (\d+)", str(caught.value)).group(1))
    assert 7 <= position <= 15 and "checksum" in str(caught.value)
    checked = weir.fsck()
    assert checked.returncode != 0
    assert f"position {position}" in checked.stdout + checked.stderr
    with pytest.raises(RuntimeError):  # and it goes on refusing
        weir.start()


def test_torn_last_entry_is_cut_and_the_rest_is_there(fresh):
    weir = fresh()
    filled(weir)
    weir.kill()
    damage(weir, b"<record 0039>")
    weir.start()
    kinesis = weir.client()
    records = data_of(read_shard(kinesis, "s"))
    assert len(records) == 39 and records[-1].startswith(b"<record 0038>")
    put(kinesis, "s", b"goes on")
    kinesis = weir.restart(hard=True).client()
    assert data_of(read_shard(kinesis, "s")) == records + [b"goes on"]


def test_missing_segment_is_noticed(fresh):
    weir = fresh()
    kinesis = filled(weir, 10)
    for _ in range(8):
        put(kinesis, "s", b"x" * 1_000_000)  # fills a segment or more
    weir.kill()
    first = min((Path(weir.data) / "journal").iterdir())
    first.unlink()
    with pytest.raises(RuntimeError):
        weir.start()
    assert weir.fsck().returncode != 0


def test_directory_of_a_newer_format_is_refused_by_name(fresh):
    weir = fresh()
    weir.stop()
    mark = Path(weir.data) / "format"
    mark.write_bytes(re.sub(rb"\d+", b"999", mark.read_bytes(), count=1))
    with pytest.raises(RuntimeError) as caught:
        weir.start()
    assert "999" in str(caught.value)


def test_clean_stop_finishes_what_is_under_way(fresh):
    weir = fresh()
    weir.client().create_stream(StreamName="s", ShardCount=1)
    acknowledged, begun = [], threading.Semaphore(0)

    def write(writer):
        client = weir.client()
        for i in range(100_000):
            try:
                put(client, "s", json.dumps([writer, i]).encode())
            except (BotoCoreError, ClientError):
                return
            acknowledged.append((writer, i))
            begun.release()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(100):
        assert begun.acquire(timeout=30)
    assert weir.stop() == 0
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    weir.start()
    found = [tuple(json.loads(r["Data"])) for r in read_stream(weir.client(), "s")]
    assert len(found) == len(set(found))
    assert set(acknowledged) <= set(found)


def test_start_after_a_clean_stop_recovers_nothing(fresh):
    weir = fresh()
    filled(weir)
    weir.stop()
    weir.start()
    assert weir.ready["recovered"] == 0
    assert len(read_shard(weir.client(), "s")) == 40


def test_empty_server_is_small_and_starts_fast(fresh):
    weir = fresh()
    assert weir.client().list_streams()["StreamNames"] == []
    sanitized = b"__asan_init" in Path(weir_path()).read_bytes()
    # most of it is the pages of shared libraries; what weir holds itself is about 5 MiB
    assert weir.resident_bytes() < (100 if sanitized else 25) * 1024 * 1024
    assert weir.ready["took_ms"] < 1000
