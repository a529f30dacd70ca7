# SPDX-License-Identifier: Apache-2.0
"""Keys: how they are made, named, told of, tagged, switched off and deleted; aliases; policies; and
what of that is there after kill -9."""
import json

import pytest
from iam_kit import pages
from kms_kit import ARN, SIGNING, make, refused, state


@pytest.fixture(scope="module")
def kms(clocked):
    return clocked.client("kms")


def test_a_symmetric_key_is_told_as_aws_tells_it(kms):
    key = make(kms, Description="for tests", Tags=[{"TagKey": "team", "TagValue": "blue"}])
    assert key["Arn"] == ARN + "key/" + key["KeyId"] and len(key["KeyId"]) == 36
    assert len(key.pop("CurrentKeyMaterialId")) == 64
    again = kms.describe_key(KeyId=key["Arn"])["KeyMetadata"]
    again.pop("CurrentKeyMaterialId")
    assert again == key
    key.pop("CreationDate")
    assert key == {
        "AWSAccountId": "111122223333", "KeyId": key["KeyId"], "Arn": key["Arn"], "Enabled": True,
        "Description": "for tests", "KeyUsage": "ENCRYPT_DECRYPT", "KeyState": "Enabled",
        "Origin": "AWS_KMS", "KeyManager": "CUSTOMER",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT", "KeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"], "MultiRegion": False}


@pytest.mark.parametrize("spec", SIGNING)
def test_keys_that_sign_say_by_which_algorithms(kms, spec):
    assert make(kms, spec, "SIGN_VERIFY")["SigningAlgorithms"] == SIGNING[spec]


def test_other_usages_say_theirs(kms):
    assert make(kms, "HMAC_224", "GENERATE_VERIFY_MAC")["MacAlgorithms"] == ["HMAC_SHA_224"]
    assert make(kms, "ECC_NIST_P256", "KEY_AGREEMENT")["KeyAgreementAlgorithms"] == ["ECDH"]
    assert make(kms, "RSA_2048", "ENCRYPT_DECRYPT")["EncryptionAlgorithms"] == [
        "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]


@pytest.mark.parametrize("code, wish", [
    ("ValidationException", {"KeySpec": "RSA_2048"}),
    ("ValidationException", {"KeySpec": "HMAC_256", "KeyUsage": "SIGN_VERIFY"}),
    ("ValidationException", {"KeySpec": "ECC_SECG_P256K1", "KeyUsage": "KEY_AGREEMENT"}),
    ("ValidationException", {"KeySpec": "RSA_2048", "CustomerMasterKeySpec": "RSA_2048",
                             "KeyUsage": "SIGN_VERIFY"}),
    ("UnsupportedOperationException", {"KeySpec": "SM2", "KeyUsage": "SIGN_VERIFY"}),
    ("UnsupportedOperationException", {"KeySpec": "ML_DSA_44", "KeyUsage": "SIGN_VERIFY"}),
    ("UnsupportedOperationException", {"Origin": "AWS_CLOUDHSM"}),
    ("MalformedPolicyDocumentException", {"Policy": "{}"}),
    ("LimitExceededException", {"Policy": " " * 32769}),
    ("TagException", {"Tags": [{"TagKey": "a", "TagValue": ""}, {"TagKey": "a", "TagValue": ""}]}),
    ("TagException", {"Tags": [{"TagKey": "aws:a", "TagValue": ""}]}),
])
def test_what_cannot_be_made_is_refused(kms, code, wish):
    refused(code, kms.create_key, **wish)


def test_names_of_keys(kms):
    key = make(kms)
    kms.create_alias(AliasName="alias/names", TargetKeyId=key["KeyId"])
    for name in (key["KeyId"], key["Arn"], "alias/names", ARN + "alias/names"):
        assert kms.describe_key(KeyId=name)["KeyMetadata"]["KeyId"] == key["KeyId"]
    missing = "0d990263-018e-4e65-a703-eff731de951e"
    assert refused("NotFoundException", kms.describe_key, KeyId=missing) == \
        f"Key '{ARN}key/{missing}' does not exist"
    assert refused("NotFoundException", kms.describe_key, KeyId="alias/nobody") == \
        f"Alias {ARN}alias/nobody is not found."
    assert refused("NotFoundException", kms.describe_key, KeyId="key") == "Invalid keyId 'key'"
    assert refused("NotFoundException", kms.describe_key,
                   KeyId=key["Arn"].replace("us-east-1", "eu-west-1")) == "Invalid arn eu-west-1"
    refused("InvalidArnException", kms.describe_key, KeyId="arn:aws:iam::1:role/x")
    refused("NotFoundException", kms.enable_key, KeyId="alias/names")  # takes keys only


def test_lists_come_in_pages(fresh):
    kms = fresh().client("kms")
    keys = [make(kms)["KeyId"] for _ in range(5)]
    for i, key in enumerate(keys):
        kms.create_alias(AliasName=f"alias/{i}", TargetKeyId=key)
    found = pages(kms, "list_keys", "Keys")
    assert [len(page) for page in found] == [2, 2, 1]
    assert {item["KeyId"] for page in found for item in page} == set(keys)
    names = [item["AliasName"] for page in pages(kms, "list_aliases", "Aliases") for item in page]
    assert names == [f"alias/{i}" for i in range(5)]
    only = kms.list_aliases(KeyId=keys[3])["Aliases"]
    assert [item["AliasName"] for item in only] == ["alias/3"]
    assert kms.list_keys()["Truncated"] is False
    refused("InvalidMarkerException", kms.list_keys, Marker="no marker")
    kms.tag_resource(KeyId=keys[0], Tags=[{"TagKey": str(i), "TagValue": ""} for i in range(5)])
    tags = pages(kms, "list_resource_tags", "Tags", KeyId=keys[0])
    assert [[tag["TagKey"] for tag in page] for page in tags] == [["0", "1"], ["2", "3"], ["4"]]


def test_aliases_lead_and_are_led_elsewhere(clocked, kms):
    one, two, other = make(kms), make(kms), make(kms, "HMAC_256", "GENERATE_VERIFY_MAC")
    kms.create_alias(AliasName="alias/app/main", TargetKeyId=one["Arn"])
    assert refused("AlreadyExistsException", kms.create_alias, AliasName="alias/app/main",
                   TargetKeyId=two["KeyId"]) == \
        f"An alias with the name {ARN}alias/app/main already exists"
    made = kms.list_aliases(KeyId=one["KeyId"])["Aliases"][0]
    clocked.advance("1h")
    kms.update_alias(AliasName="alias/app/main", TargetKeyId=two["KeyId"])
    now = kms.list_aliases(KeyId=two["KeyId"])["Aliases"][0]
    assert now["CreationDate"] == made["CreationDate"] < now["LastUpdatedDate"]
    assert kms.list_aliases(KeyId=one["KeyId"])["Aliases"] == []
    refused("ValidationException", kms.update_alias, AliasName="alias/app/main",
            TargetKeyId=other["KeyId"])
    kms.delete_alias(AliasName="alias/app/main")
    assert refused("NotFoundException", kms.delete_alias, AliasName="alias/app/main") == \
        f"Alias {ARN}alias/app/main is not found."


def test_aliases_that_may_not_be(kms):
    key = make(kms)["KeyId"]
    refused("ValidationException", kms.create_alias, AliasName="app", TargetKeyId=key)
    refused("ValidationException", kms.create_alias, AliasName="alias/a:b", TargetKeyId=key)
    refused("InvalidAliasNameException", kms.create_alias, AliasName="alias/aws/x",
            TargetKeyId=key)
    refused("ValidationException", kms.create_alias, AliasName="alias/to",
            TargetKeyId="alias/other")
    for i in range(50):
        kms.create_alias(AliasName=f"alias/many{i}", TargetKeyId=key)
    refused("LimitExceededException", kms.create_alias, AliasName="alias/more", TargetKeyId=key)


def test_the_default_policy_is_awss_to_the_letter(kms):
    key = make(kms)["KeyId"]
    policy = kms.get_key_policy(KeyId=key, PolicyName="default")
    assert policy["PolicyName"] == "default"
    assert policy["Policy"] == """{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:aws:iam::111122223333:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}"""
    assert kms.list_key_policies(KeyId=key)["PolicyNames"] == ["default"]
    other = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}]})
    kms.put_key_policy(KeyId=key, Policy=other)
    assert kms.get_key_policy(KeyId=key)["Policy"] == other
    refused("MalformedPolicyDocumentException", kms.put_key_policy, KeyId=key, Policy="[]")
    refused("NotFoundException", kms.get_key_policy, KeyId=key, PolicyName="another")


def test_tags_are_set_replaced_and_taken_off(kms):
    key = make(kms)["KeyId"]
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "1"},
                                      {"TagKey": "b", "TagValue": "2"}])
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "b", "TagValue": "3"}])
    kms.untag_resource(KeyId=key, TagKeys=["a", "never"])
    assert kms.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "b", "TagValue": "3"}]
    refused("TagException", kms.tag_resource, KeyId=key,
            Tags=[{"TagKey": f"t{i}", "TagValue": ""} for i in range(50)])


def test_a_disabled_key_does_nothing_until_it_is_enabled(kms):
    key = make(kms)
    kms.disable_key(KeyId=key["KeyId"])
    assert state(kms, key["KeyId"]) == "Disabled"
    assert refused("DisabledException", kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x") == \
        key["Arn"] + " is disabled."
    kms.enable_key(KeyId=key["Arn"])
    kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    kms.update_key_description(KeyId=key["KeyId"], Description="new")
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["Description"] == "new"


def test_a_key_is_deleted_when_its_time_has_come(clocked, kms):
    key = make(kms)
    kms.create_alias(AliasName="alias/doomed", TargetKeyId=key["KeyId"])
    kms.create_grant(KeyId=key["KeyId"], GranteePrincipal="arn:aws:iam::111122223333:user/a",
                     Operations=["Encrypt"], RetiringPrincipal="arn:aws:iam::111122223333:user/r")
    refused("ValidationException", kms.schedule_key_deletion, KeyId=key["KeyId"],
            PendingWindowInDays=6)
    told = kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    assert told["KeyState"] == "PendingDeletion" and told["PendingWindowInDays"] == 7
    assert told["KeyId"] == key["Arn"]
    about = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    assert about["DeletionDate"] == told["DeletionDate"] and about["Enabled"] is False
    for call, more in ((kms.encrypt, {"Plaintext": b"x"}), (kms.schedule_key_deletion, {}),
                       (kms.enable_key, {}), (kms.generate_data_key, {"KeySpec": "AES_256"})):
        assert refused("KMSInvalidStateException", call, KeyId=key["KeyId"], **more) == \
            key["Arn"] + " is pending deletion."
    clocked.advance("6d")
    assert state(kms, "alias/doomed") == "PendingDeletion"
    clocked.advance("1d")
    refused("NotFoundException", kms.describe_key, KeyId=key["KeyId"])
    refused("NotFoundException", kms.describe_key, KeyId="alias/doomed")
    assert kms.list_retirable_grants(
        RetiringPrincipal="arn:aws:iam::111122223333:user/r")["Grants"] == []


def test_a_deletion_that_was_cancelled_leaves_the_key_disabled(clocked, kms):
    key = make(kms)
    assert refused("KMSInvalidStateException", kms.cancel_key_deletion, KeyId=key["KeyId"]) == \
        key["Arn"] + " is not pending deletion."
    kms.schedule_key_deletion(KeyId=key["KeyId"])
    assert kms.cancel_key_deletion(KeyId=key["KeyId"])["KeyId"] == key["Arn"]
    clocked.advance("31d")
    assert state(kms, key["KeyId"]) == "Disabled"


def test_awss_own_aliases_get_their_keys_when_asked_for(kms):
    key = kms.describe_key(KeyId="alias/aws/ssm")["KeyMetadata"]
    assert key["KeyManager"] == "AWS" and kms.describe_key(
        KeyId="alias/aws/ssm")["KeyMetadata"]["KeyId"] == key["KeyId"]
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["RotationPeriodInDays"] == 365
    policy = json.loads(kms.get_key_policy(KeyId=key["KeyId"])["Policy"])
    assert policy["Statement"][0]["Condition"]["StringEquals"] == {
        "kms:CallerAccount": "111122223333", "kms:ViaService": "ssm.us-east-1.amazonaws.com"}
    refused("AccessDeniedException", kms.schedule_key_deletion, KeyId=key["KeyId"])
    refused("NotFoundException", kms.describe_key, KeyId="alias/aws/none-such")
    by_arn = kms.describe_key(KeyId=ARN + "alias/aws/xray")["KeyMetadata"]
    assert kms.describe_key(KeyId="alias/aws/xray")["KeyMetadata"]["KeyId"] == by_arn["KeyId"]


def test_accounts_and_regions_are_apart(clocked, kms):
    key = make(kms)
    other = clocked.client("kms", access_key="999988887777")
    away = clocked.client("kms", region="eu-west-1")
    refused("NotFoundException", other.describe_key, KeyId=key["KeyId"])
    refused("NotFoundException", away.describe_key, KeyId=key["KeyId"])
    assert key["KeyId"] not in [item["KeyId"] for item in other.list_keys()["Keys"]]


def test_what_is_not_there_says_so(clocked):
    kms = clocked.client("kms")
    refused("NotImplemented", kms.describe_custom_key_stores, status=501)
    refused("NotImplemented", kms.get_key_last_usage, status=501, KeyId="x")


def test_everything_is_there_after_a_kill(fresh):
    weir = fresh()
    kms = weir.client("kms")
    keys = [make(kms), make(kms, "ECC_NIST_P256", "SIGN_VERIFY"),
            make(kms, "HMAC_256", "GENERATE_VERIFY_MAC", Description="kept")]
    kms.create_alias(AliasName="alias/kept", TargetKeyId=keys[0]["KeyId"])
    kms.tag_resource(KeyId=keys[0]["KeyId"], Tags=[{"TagKey": "a", "TagValue": "1"}])
    sealed = kms.encrypt(KeyId="alias/kept", Plaintext=b"kept")["CiphertextBlob"]
    signed = kms.sign(KeyId=keys[1]["KeyId"], Message=b"m",
                      SigningAlgorithm="ECDSA_SHA_256")["Signature"]
    weir.restart(hard=True)
    kms = weir.client("kms")
    assert [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in keys] == keys
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"kept"
    assert kms.verify(KeyId=keys[1]["KeyId"], Message=b"m", SigningAlgorithm="ECDSA_SHA_256",
                      Signature=signed)["SignatureValid"]
    assert kms.list_resource_tags(KeyId=keys[0]["KeyId"])["Tags"]


def test_without_its_master_key_weir_does_not_start(fresh):
    from pathlib import Path
    weir = fresh()
    make(weir.client("kms"))
    secret = Path(weir.data) / "kms.secret"
    assert secret.stat().st_mode & 0o777 == 0o600
    kept = secret.read_bytes()
    weir.stop()
    secret.write_bytes(kept.replace(b"weir secret ", b"weir secret f", 1))
    with pytest.raises(RuntimeError, match="kms.secret"):
        weir.start()
    secret.unlink()
    with pytest.raises(RuntimeError, match="kms.secret"):
        weir.start()
    secret.write_bytes(kept)
    weir.start()
    assert len(weir.client("kms").list_keys()["Keys"]) == 1
