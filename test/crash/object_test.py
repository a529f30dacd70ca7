# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments over one data directory while objects come, change and go.

What it proves, after every kill: each key's content is that of its last acknowledged write, or of
one write after it that was sent and not answered (all of it or nothing of it); a deletion that was
acknowledged stays one; an upload goes on with the parts that were acknowledged; of a versioned key
each acknowledged version and marker is there, in order, one of them the latest, and what was erased
is not; and `weir fsck` finds nothing wrong, so no file is left without a row and no row without its
file.

How: writers are threads with keys of their own, which write contents of every kind of place (record,
row, blob, parts) and note what they sent before they send it. WEIR_CRASH_ROUNDS sets the rounds.
"""
import hashlib
import os
import random
import threading

from botocore.exceptions import BotoCoreError, ClientError
from weir_server import WeirServer, run_weir

ROUNDS = max(2, int(os.environ.get("WEIR_CRASH_ROUNDS", "250")) // 10)
SEED = int(os.environ.get("WEIR_CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
WRITERS, KEYS = 3, 4
ACKS_MAX = 80  # acknowledged steps before a kill, at most
SIZES = [0, 100, 5000, 60_000, 70_000, 300_000]
GONE = None


def content_of(number, size):
    block = hashlib.sha256(str(number).encode()).digest()
    return (block * (size // 32 + 1))[:size]


class Versions:
    """What is known of the versions of one key; None is a marker's content."""

    def __init__(self):
        self.acknowledged = {}  # id: content, in the order of the answers
        self.sent = []          # contents whose answer may be missing
        self.erasing = {}       # the same of those whose deletion may have happened
        self.erased = set()     # ids whose deletion was acknowledged

    def verify(self, s3, key):
        answer = s3.list_object_versions(Bucket="versioned", Prefix=key)
        rows = answer.get("Versions", []) + answer.get("DeleteMarkers", [])
        there = {row["VersionId"]: row for row in rows}
        markers = {row["VersionId"] for row in answer.get("DeleteMarkers", [])}
        assert len(there) == len(rows) and not there.keys() & self.erased
        assert sum(row["IsLatest"] for row in rows) == (1 if rows else 0)
        for version, state in self.acknowledged.items():
            assert version in there, f"{key} lost {version} (seed {SEED})"
            assert (version in markers) == (state is GONE)
        for version in there.keys() - markers:
            content = s3.get_object(Bucket="versioned", Key=key, VersionId=version)["Body"].read()
            state = {**self.acknowledged, **self.erasing}.get(version)
            assert content in ([content_of(*state)] if state else
                               [content_of(*one) for one in self.sent if one]), version
        self.settle(there, s3, key)

    def settle(self, there, s3, key):
        """What nobody heard of is erased, so that the next round knows what there is."""
        for version in there.keys() - self.acknowledged.keys():
            s3.delete_object(Bucket="versioned", Key=key, VersionId=version)
            self.erased.add(version)
        self.erasing.clear()
        self.sent.clear()


class Writer(threading.Thread):
    """One after the other: a put, a deletion, an upload in parts, a copy."""

    def __init__(self, weir, number, ledger, answered, seed):
        super().__init__()
        self.s3 = weir.client("s3")
        self.number, self.ledger, self.answered = number, ledger, answered
        self.random = random.Random(seed)
        self.failure = None

    def run(self):
        try:
            while True:
                self.step()
                self.answered.release()
        except (BotoCoreError, ClientError, OSError) as error:
            if isinstance(error, ClientError) and error.response["ResponseMetadata"].get(
                    "HTTPStatusCode", 500) < 500:
                self.failure = error  # the server was there and said no

    def step(self):
        if self.random.random() < 0.3:
            self.version_step(self.ledger.setdefault(f"{self.number}/versions", Versions()))
            return
        key = f"{self.number}/{self.random.randrange(KEYS)}"
        number, size = self.random.getrandbits(60), self.random.choice(SIZES)
        states = self.ledger.setdefault(key, [GONE])
        choice = self.random.random()
        if choice < 0.2:
            states.append(GONE)
            self.s3.delete_object(Bucket="bucket", Key=key)
        elif choice < 0.3 and states[-1] is not GONE:
            to = f"{self.number}/copy"
            copied = self.ledger.setdefault(to, [GONE])
            copied.append(states[-1])
            self.s3.copy_object(Bucket="bucket", Key=to, CopySource=f"bucket/{key}")
            del copied[:-1]
            return
        else:
            states.append((number, size))
            (self.in_parts if choice > 0.85 else self.at_once)(key, content_of(number, size))
        del states[:-1]  # it was acknowledged: nothing before it may come back

    def version_step(self, versions):
        ask = {"Bucket": "versioned", "Key": f"{self.number}/versions"}
        choice = self.random.random()
        if versions.acknowledged and (choice < 0.2 or len(versions.acknowledged) > 20):
            version = self.random.choice(list(versions.acknowledged))
            versions.erasing[version] = versions.acknowledged.pop(version)
            self.s3.delete_object(**ask, VersionId=version)
            del versions.erasing[version]
            versions.erased.add(version)
        elif choice < 0.35:
            versions.sent.append(GONE)
            versions.acknowledged[self.s3.delete_object(**ask)["VersionId"]] = GONE
        else:
            state = (self.random.getrandbits(60), self.random.choice(SIZES))
            versions.sent.append(state)
            answer = self.s3.put_object(**ask, Body=content_of(*state))
            versions.acknowledged[answer["VersionId"]] = state

    def at_once(self, key, content):
        self.s3.put_object(Bucket="bucket", Key=key, Body=content)

    def in_parts(self, key, content):
        ask = {"Bucket": "bucket", "Key": key}
        upload = self.s3.create_multipart_upload(**ask)["UploadId"]
        part = self.s3.upload_part(**ask, UploadId=upload, PartNumber=1, Body=content)
        self.s3.complete_multipart_upload(**ask, UploadId=upload, MultipartUpload={"Parts": [
            {"PartNumber": 1, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]}]})


def found(s3, key):
    try:
        return s3.get_object(Bucket="bucket", Key=key)["Body"].read()
    except ClientError as error:
        assert error.response["Error"]["Code"] == "NoSuchKey", error
        return GONE


def verify(s3, ledger):
    listed = {o["Key"] for o in s3.list_objects_v2(Bucket="bucket").get("Contents", [])}
    for key, states in ledger.items():
        if isinstance(states, Versions):
            states.verify(s3, key)
            continue
        content = found(s3, key)
        matching = [state for state in states
                    if content == (GONE if state is GONE else content_of(*state))]
        assert matching, f"{key} is none of what was written (seed {SEED})"
        assert (key in listed) == (content is not GONE)
        ledger[key] = [matching[-1]]


def test_objects_survive_kills():
    chance = random.Random(SEED)
    weir = WeirServer().start()
    ledger = {}
    try:
        s3 = weir.client("s3")
        s3.create_bucket(Bucket="bucket")
        s3.create_bucket(Bucket="versioned")
        s3.put_bucket_versioning(Bucket="versioned",
                                 VersioningConfiguration={"Status": "Enabled"})
        for number in range(ROUNDS):
            answered = threading.Semaphore(0)
            writers = [Writer(weir, i, ledger, answered, chance.getrandbits(32))
                       for i in range(WRITERS)]
            for writer in writers:
                writer.start()
            for _ in range(chance.randrange(ACKS_MAX)):
                assert answered.acquire(timeout=30), f"no answer any more (seed {SEED})"
            weir.kill()
            for writer in writers:
                writer.join()
                assert writer.failure is None, f"{writer.failure} (seed {SEED})"
            if number % 5 == 0:
                checked = run_weir("fsck", weir.data)
                assert checked.returncode == 0, f"{checked.stdout}{checked.stderr} (seed {SEED})"
            weir.start()
            verify(weir.client("s3"), ledger)
    finally:
        weir.close()
