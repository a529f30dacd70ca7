# SPDX-License-Identifier: Apache-2.0
"""kill -9 while keys are made, changed, rotated, granted and used.

What it proves, after every kill: every key, alias and grant whose making was acknowledged is there as
it was said to be; every ciphertext that was given out opens, whatever was rotated since, and every
signature holds; a key's newest material is the last one told or one that followed; a key whose
disabling was acknowledged is disabled. Nothing is there twice. The master key is the one of the
first start.

How: workers are threads with keys of their own; they never retry, and note what was sent and what
was acknowledged. The kill comes after a random number of acknowledgements. Some rounds stop
cleanly.

WEIR_CRASH_ROUNDS sets the number of rounds (a tenth of it), WEIR_CRASH_SEED repeats its choices.
"""
import os
import random
import threading
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from weir_server import ACCOUNT, WeirServer

ROUNDS = max(int(os.environ.get("WEIR_CRASH_ROUNDS", "250")) // 10, 3)
SEED = int(os.environ.get("WEIR_CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
WORKERS = 3
ACKS_MAX = 60
USER = f"arn:aws:iam::{ACCOUNT}:user/"


class Known:
    """What a worker was told, over all rounds."""

    def __init__(self):
        self.keys = {}         # id → description, as it was made
        self.disabled = {}     # id → what was acknowledged; None: not known
        self.rotations = {}    # id → (acknowledged, asked for)
        self.aliases = {}      # name → id; None: asked for, not known
        self.grants = {}       # grant id → key id; those that were revoked are gone
        self.revoking = set()  # grant ids: perhaps gone
        self.sealed = []       # ciphertext, plain text
        self.signed = []       # key id, message, signature


class Worker(threading.Thread):
    """Does things until the server is gone."""

    def __init__(self, weir, number, turn, known, on_ack):
        super().__init__(daemon=True)
        self.kms = weir.client("kms")
        self.number, self.turn, self.known, self.on_ack = number, turn, known, on_ack
        self.random = random.Random(f"{SEED}/{number}/{turn}")
        self.wrong = None

    def run(self):
        acts = [self.make, self.alias, self.rotate, self.seal, self.seal, self.sign, self.grant,
                self.revoke, self.switch]
        try:
            while True:
                self.turn += 1
                self.random.choice(acts if self.known.keys else [self.make])()
                self.on_ack()
        except ClientError as error:
            self.wrong = error
        except (BotoCoreError, OSError):
            pass  # killed, as it should be

    def key(self):
        return self.random.choice(list(self.known.keys))

    def make(self):
        spec = self.random.choice(["SYMMETRIC_DEFAULT"] * 3 + ["ECC_NIST_P256"])
        usage = "ENCRYPT_DECRYPT" if spec.startswith("SYM") else "SIGN_VERIFY"
        about = f"{self.number}/{self.turn}/{spec}"
        key = self.kms.create_key(Description=about, KeySpec=spec, KeyUsage=usage)["KeyMetadata"]
        self.known.keys[key["KeyId"]] = about
        self.known.disabled[key["KeyId"]] = False
        self.known.rotations[key["KeyId"]] = (0, 0)

    def alias(self):
        name, key = f"alias/w{self.number}/{self.turn}", self.key()
        self.known.aliases[name] = None
        try:
            self.kms.create_alias(AliasName=name, TargetKeyId=key)
        except self.kms.exceptions.LimitExceededException:
            del self.known.aliases[name]
            return
        self.known.aliases[name] = key

    def rotate(self):
        key = self.key()
        done, asked = self.known.rotations[key]
        if "SYM" not in self.known.keys[key] or asked >= 20 or self.known.disabled[key]:
            return
        self.known.rotations[key] = (done, asked + 1)
        try:
            self.kms.rotate_key_on_demand(KeyId=key)
        except self.kms.exceptions.DisabledException:
            assert self.known.disabled[key] is None
            self.known.rotations[key] = (done, asked)
            return
        self.known.rotations[key] = (done + 1, asked + 1)

    def seal(self):
        key, plain = self.key(), os.urandom(self.random.randrange(1, 100))
        if "SYM" in self.known.keys[key] and self.known.disabled[key] is False:
            sealed = self.kms.encrypt(KeyId=key, Plaintext=plain)["CiphertextBlob"]
            self.known.sealed.append((sealed, plain))

    def sign(self):
        key = self.key()
        if "ECC" in self.known.keys[key] and self.known.disabled[key] is False:
            signed = self.kms.sign(KeyId=key, Message=b"m%d" % self.turn,
                                   SigningAlgorithm="ECDSA_SHA_256")["Signature"]
            self.known.signed.append((key, b"m%d" % self.turn, signed))

    def grant(self):
        key = self.key()
        if self.known.disabled[key] is False:
            made = self.kms.create_grant(KeyId=key, GranteePrincipal=USER + str(self.number),
                                         Operations=["DescribeKey"])
            self.known.grants[made["GrantId"]] = key

    def revoke(self):
        if not self.known.grants:
            return
        grant = self.random.choice(list(self.known.grants))
        if grant not in self.known.revoking:
            self.known.revoking.add(grant)
            self.kms.revoke_grant(KeyId=self.known.grants[grant], GrantId=grant)
            del self.known.grants[grant]

    def switch(self):
        key = self.key()
        off = self.random.random() < 0.3
        self.known.disabled[key] = None
        (self.kms.disable_key if off else self.kms.enable_key)(KeyId=key)
        self.known.disabled[key] = off


def work_and_kill(weir, turns, known, chance):
    countdown = threading.Semaphore(0)
    workers = [Worker(weir, i, turns[i], known[i], countdown.release) for i in range(WORKERS)]
    for worker in workers:
        worker.start()
    for _ in range(chance.randrange(1, ACKS_MAX)):
        assert countdown.acquire(timeout=60), [w.wrong for w in workers]
    if chance.random() < 0.1:
        weir.stop()
    else:
        weir.kill()
    for worker in workers:
        worker.join(60)
        assert not worker.is_alive()
        assert worker.wrong is None or "Unavail" in str(worker.wrong), worker.wrong
        turns[worker.number] = worker.turn


def pages(client, operation, member, **more):
    return [item for page in client.get_paginator(operation).paginate(**more)
            for item in page[member]]


def look_at_keys(kms, known):
    """Every key is as it was said to be; what is not known is read and known from then on."""
    for key, about in known.keys.items():
        told = kms.describe_key(KeyId=key)["KeyMetadata"]
        assert told["Description"] == about
        assert known.disabled[key] in (None, told["KeyState"] == "Disabled"), key
        known.disabled[key] = told["KeyState"] == "Disabled"
        if "SYM" in about:
            done, asked = known.rotations[key]
            rotations = kms.list_key_rotations(KeyId=key)["Rotations"]
            assert done <= len(rotations) <= asked, (key, done, asked)
            assert len({item["KeyMaterialId"] for item in rotations}) == len(rotations)
            known.rotations[key] = (len(rotations), len(rotations))
            assert not rotations or rotations[-1]["KeyMaterialId"] == told["CurrentKeyMaterialId"]


def look_at_grants(kms, known):
    there = {item["GrantId"] for key in known.keys
             for item in pages(kms, "list_grants", "Grants", KeyId=key)}
    sure = set(known.grants) - known.revoking
    assert sure <= there, "a grant is lost"
    for grant in known.revoking & set(known.grants):
        if grant not in there:
            del known.grants[grant]
    for grant in known.revoking - set(known.grants):
        assert grant not in there, "a revoked grant is there"
    known.revoking &= set(known.grants)
    known.revoking.clear()


def look(weir, known):
    kms = weir.client("kms")
    ids = [item["KeyId"] for item in pages(kms, "list_keys", "Keys")]
    assert len(ids) == len(set(ids))
    aliases = {item["AliasName"]: item["TargetKeyId"]
               for item in pages(kms, "list_aliases", "Aliases")}
    for one in known:
        look_at_keys(kms, one)
        look_at_grants(kms, one)
        for name, key in one.aliases.items():
            assert key is None or aliases.get(name) == key, name
        for sealed, plain in one.sealed[-50:]:
            try:
                assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == plain
            except kms.exceptions.DisabledException:
                pass
        for key, message, signature in one.signed[-10:]:
            if not one.disabled[key]:
                kms.verify(KeyId=key, Message=message, Signature=signature,
                           SigningAlgorithm="ECDSA_SHA_256")


@pytest.fixture
def weir():
    server = WeirServer(clock="2026-11-23T08:00:00Z")
    yield server
    server.close()


def test_keys_and_what_they_sealed_survive(weir, capsys):
    chance = random.Random(SEED)
    turns = [0] * WORKERS
    known = [Known() for _ in range(WORKERS)]
    weir.start()
    secret = None
    for number in range(1, ROUNDS + 1):
        try:
            work_and_kill(weir, turns, known, chance)
            weir.start()
            look(weir, known)
            path = Path(weir.data) / "kms.secret"
            secret = secret or (path.read_bytes() if path.exists() else None)
            assert secret is None or path.read_bytes() == secret
        except BaseException as error:
            raise AssertionError(
                f"round {number} of {ROUNDS}, WEIR_CRASH_SEED={SEED}: {error!r}") from error
    assert weir.stop() == 0
    checked = weir.fsck()
    assert checked.returncode == 0, checked.stdout + checked.stderr
    with capsys.disabled():
        print(f"\n{ROUNDS} kills: {sum(len(one.keys) for one in known)} keys, "
              f"{sum(len(one.sealed) for one in known)} ciphertexts, seed {SEED}")


def test_what_becomes_of_keys_by_the_clock_happens_once(weir):
    """The clock is moved and the server killed right behind: rotations and deletions that were due
    have happened, or happen at the next start, once each."""
    kms = weir.start().client("kms")
    keys = [kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(8)]
    for key in keys[:4]:
        kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    for key in keys[4:]:
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    for rounds in range(1, 4):
        weir.advance("90d")
        weir.restart(hard=True)
        kms = weir.client("kms")
        for key in keys[:4]:
            assert len(kms.list_key_rotations(KeyId=key)["Rotations"]) == rounds
        assert {item["KeyId"] for item in kms.list_keys()["Keys"]} == set(keys[:4])
