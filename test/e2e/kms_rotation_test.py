# SPDX-License-Identifier: Apache-2.0
"""Rotation: by the clock and on demand; what was encrypted before stays readable. Multi-Region keys:
what one Region encrypted another decrypts, also after rotations."""
import pytest
from iam_kit import pages
from kms_kit import make, refused, state


@pytest.fixture
def kms(clocked):
    return clocked.client("kms")


def test_a_key_rotates_when_its_period_is_over(clocked, kms):
    key = make(kms)
    status = kms.get_key_rotation_status(KeyId=key["KeyId"])
    assert status["KeyRotationEnabled"] is False and "NextRotationDate" not in status
    kms.enable_key_rotation(KeyId=key["KeyId"], RotationPeriodInDays=90)
    status = kms.get_key_rotation_status(KeyId=key["KeyId"])
    assert status["KeyRotationEnabled"] is True and status["RotationPeriodInDays"] == 90
    assert status["KeyId"] == key["Arn"]
    sealed = [kms.encrypt(KeyId=key["KeyId"], Plaintext=b"0")["CiphertextBlob"]]
    materials = [key["CurrentKeyMaterialId"]]
    for i in range(1, 4):
        clocked.advance("90d")
        sealed.append(kms.encrypt(KeyId=key["KeyId"], Plaintext=b"%d" % i)["CiphertextBlob"])
        materials.append(kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"][
            "CurrentKeyMaterialId"])
    assert len(set(materials)) == 4
    for i, blob in enumerate(sealed):
        opened = kms.decrypt(CiphertextBlob=blob)
        assert opened["Plaintext"] == b"%d" % i and opened["KeyMaterialId"] == materials[i]
    rotations = kms.list_key_rotations(KeyId=key["KeyId"])["Rotations"]
    assert [item["RotationType"] for item in rotations] == ["AUTOMATIC"] * 3
    assert [item["KeyMaterialId"] for item in rotations] == materials[1:]
    assert rotations[1]["RotationDate"] == status["NextRotationDate"] + (
        rotations[1]["RotationDate"] - rotations[0]["RotationDate"])
    everything = kms.list_key_rotations(KeyId=key["KeyId"], IncludeKeyMaterial="ALL_KEY_MATERIAL")
    assert [item["KeyMaterialState"] for item in everything["Rotations"]] == \
        ["NON_CURRENT"] * 3 + ["CURRENT"]


def test_a_clock_that_jumps_misses_no_rotation(clocked, kms):
    key = make(kms)["KeyId"]
    kms.enable_key_rotation(KeyId=key)
    clocked.advance("1100d")
    rotations = pages(kms, "list_key_rotations", "Rotations", KeyId=key)
    assert [len(page) for page in rotations] == [2, 1]
    kms.disable_key_rotation(KeyId=key)
    clocked.advance("400d")
    assert len(kms.list_key_rotations(KeyId=key)["Rotations"]) == 3


def test_rotations_on_demand(kms):
    key = make(kms)["KeyId"]
    for _ in range(25):
        kms.rotate_key_on_demand(KeyId=key)
    refused("LimitExceededException", kms.rotate_key_on_demand, KeyId=key)
    assert {item["RotationType"] for item in kms.list_key_rotations(
        KeyId=key)["Rotations"]} == {"ON_DEMAND"}


def test_keys_that_do_not_rotate(kms):
    mac = make(kms, "HMAC_256", "GENERATE_VERIFY_MAC")["KeyId"]
    external = make(kms, Origin="EXTERNAL")["KeyId"]
    disabled = make(kms)["KeyId"]
    kms.disable_key(KeyId=disabled)
    for call in (kms.enable_key_rotation, kms.disable_key_rotation, kms.rotate_key_on_demand,
                 kms.get_key_rotation_status, kms.list_key_rotations):
        refused("UnsupportedOperationException", call, KeyId=mac)
    refused("UnsupportedOperationException", kms.enable_key_rotation, KeyId=external)
    refused("DisabledException", kms.enable_key_rotation, KeyId=disabled)
    refused("ValidationException", kms.enable_key_rotation, KeyId=disabled,
            RotationPeriodInDays=89)


def test_rotations_are_there_after_a_kill(fresh):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    kms = weir.client("kms")
    key = make(kms)["KeyId"]
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=100)
    sealed = kms.encrypt(KeyId=key, Plaintext=b"old")["CiphertextBlob"]
    weir.advance("150d")
    before = kms.list_key_rotations(KeyId=key)["Rotations"]
    status = kms.get_key_rotation_status(KeyId=key)["NextRotationDate"]
    weir.restart(hard=True)
    kms = weir.client("kms")
    assert kms.list_key_rotations(KeyId=key)["Rotations"] == before and len(before) == 1
    assert kms.get_key_rotation_status(KeyId=key)["NextRotationDate"] == status
    weir.advance("60d")
    assert len(kms.list_key_rotations(KeyId=key)["Rotations"]) == 2
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"old"


def test_a_replica_is_the_same_key_elsewhere(clocked, kms):
    key = make(kms, MultiRegion=True)
    assert key["KeyId"].startswith("mrk-") and key["MultiRegion"] is True
    assert key["MultiRegionConfiguration"] == {
        "MultiRegionKeyType": "PRIMARY", "ReplicaKeys": [],
        "PrimaryKey": {"Arn": key["Arn"], "Region": "us-east-1"}}
    made = kms.replicate_key(KeyId=key["KeyId"], ReplicaRegion="eu-west-1", Description="away",
                             Tags=[{"TagKey": "a", "TagValue": "b"}])
    replica = made["ReplicaKeyMetadata"]
    assert replica["KeyId"] == key["KeyId"] and ":eu-west-1:" in replica["Arn"]
    assert replica["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"
    assert made["ReplicaTags"] == [{"TagKey": "a", "TagValue": "b"}]
    away = clocked.client("kms", region="eu-west-1")
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert away.decrypt(CiphertextBlob=sealed)["KeyId"] == replica["Arn"]
    kms.rotate_key_on_demand(KeyId=key["KeyId"])
    sealed = away.encrypt(KeyId=key["KeyId"], Plaintext=b"y")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"y"
    refused("UnsupportedOperationException", away.rotate_key_on_demand, KeyId=key["KeyId"])
    refused("AlreadyExistsException", kms.replicate_key, KeyId=key["KeyId"],
            ReplicaRegion="eu-west-1")
    refused("UnsupportedOperationException", kms.schedule_key_deletion, KeyId=key["KeyId"])
    kms.update_primary_region(KeyId=key["KeyId"], PrimaryRegion="eu-west-1")
    assert away.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["MultiRegionConfiguration"] == {
        "MultiRegionKeyType": "PRIMARY", "PrimaryKey": {"Arn": replica["Arn"],
                                                        "Region": "eu-west-1"},
        "ReplicaKeys": [{"Arn": key["Arn"], "Region": "us-east-1"}]}
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    clocked.advance("8d")
    refused("NotFoundException", kms.describe_key, KeyId=key["KeyId"])
    assert state(away, key["KeyId"]) == "Enabled"
    assert away.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"y"
    refused("UnsupportedOperationException", kms.replicate_key, KeyId=make(kms)["KeyId"],
            ReplicaRegion="eu-west-1")
