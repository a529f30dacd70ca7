# SPDX-License-Identifier: Apache-2.0
"""--auth=on: key policies must consent, IAM decides where they let it, grants add to both; condition
keys of KMS; and who may do what to a key's grants and policy."""
import itertools

import pytest
from auth_test import SignedServer
from iam_kit import allow, client_of, deny, document
from kms_kit import make, refused
from weir_server import REGION

ACCOUNT = "000000000000"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def weir():
    server = SignedServer("--auth", "on").start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def root(weir):
    key, secret = weir.key
    return {"AccessKeyId": key, "SecretAccessKey": secret}


@pytest.fixture(scope="module")
def kms(weir, root):
    return client_of(weir, "kms", root)


@pytest.fixture
def user(weir, root):
    """user(statement, …): KMS's client of a new user who may that and nothing else; his ARN."""
    iam = client_of(weir, "iam", root)

    def create(*statements):
        name = f"kms-user-{next(numbers)}"
        arn = iam.create_user(UserName=name)["User"]["Arn"]
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="p",
                                PolicyDocument=document(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return client_of(weir, "kms", key), arn
    return create


def may(call, **more):
    try:
        call(**more)
        return True
    except Exception as error:
        assert error.response["Error"]["Code"] == "AccessDeniedException", error
        return False


def policy(*statements, root_too=True):
    whole = [{"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}]
    return document(*(whole if root_too else []), *statements)


def test_the_default_policy_lets_iam_decide(kms, user):
    key, other = make(kms), make(kms)
    him, _ = user(allow("kms:Encrypt", key["Arn"]))
    nobody, arn = user()
    assert may(him.encrypt, KeyId=key["KeyId"], Plaintext=b"x")
    assert not may(him.encrypt, KeyId=other["KeyId"], Plaintext=b"x")
    sealed = him.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert not may(him.decrypt, CiphertextBlob=sealed)
    words = refused("AccessDeniedException", nobody.encrypt, KeyId=key["KeyId"], Plaintext=b"x")
    assert words.startswith(f"User: {arn} is not authorized to perform: kms:Encrypt on resource: "
                            f"{key['Arn']} because no identity-based policy allows")
    assert may(kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x")  # the root


def test_a_policy_that_does_not_name_the_account_keeps_iam_out(kms, user):
    him, arn = user(allow("kms:*"))
    friend, friends_arn = user()
    key = make(kms, Policy=policy(
        {"Effect": "Allow", "Principal": {"AWS": friends_arn}, "Action": "kms:*",
         "Resource": "*"}, root_too=False), BypassPolicyLockoutSafetyCheck=True)
    assert not may(him.encrypt, KeyId=key["KeyId"], Plaintext=b"x")
    assert not may(kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x")  # nor the root
    assert not may(kms.put_key_policy, KeyId=key["KeyId"], Policy=policy())
    assert may(friend.encrypt, KeyId=key["KeyId"], Plaintext=b"x")
    friend.put_key_policy(KeyId=key["KeyId"], Policy=policy(),
                          BypassPolicyLockoutSafetyCheck=True)
    assert may(him.encrypt, KeyId=key["KeyId"], Plaintext=b"x")
    assert not may(friend.encrypt, KeyId=key["KeyId"], Plaintext=b"x")


def test_nobody_locks_himself_out_by_mistake(kms):
    one_only = policy({"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/u"},
                       "Action": "kms:*", "Resource": "*"}, root_too=False)
    words = "The new key policy will not allow you to update the key policy in the future."
    assert refused("MalformedPolicyDocumentException", kms.create_key, Policy=one_only) == words
    key = make(kms)["KeyId"]
    assert refused("MalformedPolicyDocumentException", kms.put_key_policy, KeyId=key,
                   Policy=one_only) == words


def test_a_deny_beats_everything(kms, user):
    him, arn = user(allow("kms:*"))
    key = make(kms, Policy=policy(
        {"Effect": "Deny", "Principal": {"AWS": arn}, "Action": "kms:Encrypt", "Resource": "*"}))
    kms.create_grant(KeyId=key["KeyId"], GranteePrincipal=arn, Operations=["Encrypt"])
    assert not may(him.encrypt, KeyId=key["KeyId"], Plaintext=b"x")
    assert may(him.generate_data_key, KeyId=key["KeyId"], KeySpec="AES_256")
    denied, arn = user(allow("kms:*"), deny("kms:GenerateDataKey"))
    kms.create_grant(KeyId=key["KeyId"], GranteePrincipal=arn, Operations=["GenerateDataKey"])
    assert not may(denied.generate_data_key, KeyId=key["KeyId"], KeySpec="AES_256")


def test_conditions_on_the_encryption_context(kms, user):
    key = make(kms)
    him, _ = user(allow("kms:Encrypt", key["Arn"], Condition={
        "StringEquals": {"kms:EncryptionContext:team": "blue"},
        "ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["team", "app"]}}))
    assert may(him.encrypt, KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext={"team": "blue"})
    for context in ({}, {"team": "red"}, {"team": "blue", "more": "x"}):
        assert not may(him.encrypt, KeyId=key["KeyId"], Plaintext=b"x",
                       EncryptionContext=context)


def test_conditions_on_keys_and_algorithms(kms, user):
    rsa, key = make(kms, "RSA_2048", "SIGN_VERIFY"), make(kms, Tags=[
        {"TagKey": "team", "TagValue": "blue"}])
    kms.create_alias(AliasName="alias/by-condition", TargetKeyId=key["KeyId"])
    him, _ = user(
        allow("kms:Sign", Condition={"StringLike": {"kms:SigningAlgorithm": "RSASSA_PSS*"}}),
        allow("kms:DescribeKey", Condition={"StringEquals": {"kms:KeySpec": "RSA_2048"}}),
        allow("kms:Encrypt", Condition={"ForAnyValue:StringEquals": {
            "kms:ResourceAliases": "alias/by-condition"}}),
        allow("kms:GenerateDataKey", Condition={"StringEquals": {
            "aws:ResourceTag/team": "blue", "kms:RequestAlias": "alias/by-condition"}}),
        allow("kms:CreateKey", Condition={"StringEquals": {"kms:KeyUsage": "SIGN_VERIFY"}}))
    assert may(him.sign, KeyId=rsa["KeyId"], Message=b"m", SigningAlgorithm="RSASSA_PSS_SHA_256")
    assert not may(him.sign, KeyId=rsa["KeyId"], Message=b"m",
                   SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256")
    assert may(him.describe_key, KeyId=rsa["KeyId"])
    assert not may(him.describe_key, KeyId=key["KeyId"])
    assert may(him.encrypt, KeyId=key["KeyId"], Plaintext=b"x")
    assert may(him.generate_data_key, KeyId="alias/by-condition", KeySpec="AES_256")
    assert not may(him.generate_data_key, KeyId=key["KeyId"], KeySpec="AES_256")
    assert may(him.create_key, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    assert not may(him.create_key, KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT")


def test_via_service_and_caller_account(kms, user):
    him, _ = user()
    key = make(kms, Policy=policy(
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:Encrypt", "Resource": "*",
         "Condition": {"StringEquals": {"kms:CallerAccount": ACCOUNT}}},
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:Decrypt", "Resource": "*",
         "Condition": {"StringEquals": {"kms:ViaService": f"ssm.{REGION}.amazonaws.com"}}}))
    sealed = him.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert not may(him.decrypt, CiphertextBlob=sealed)


def test_an_aws_managed_key_is_for_its_service_only(kms, user):
    him, _ = user(allow("kms:*"))
    key = kms.describe_key(KeyId="alias/aws/ssm")["KeyMetadata"]["KeyId"]
    for who in (him, kms):
        assert may(who.describe_key, KeyId=key)
        assert not may(who.encrypt, KeyId=key, Plaintext=b"x")
        assert not may(who.schedule_key_deletion, KeyId=key)
        assert not may(who.put_key_policy, KeyId=key, Policy=policy())


def test_a_grant_lets_its_grantee(kms, user):
    key = make(kms)["KeyId"]
    him, arn = user()
    other, _ = user()
    made = kms.create_grant(KeyId=key, GranteePrincipal=arn, Operations=["Encrypt", "DescribeKey"],
                            Constraints={"EncryptionContextSubset": {"a": "1"}})
    assert may(him.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext={"a": "1", "b": "2"})
    assert may(him.describe_key, KeyId=key)
    assert not may(him.encrypt, KeyId=key, Plaintext=b"x")
    assert not may(him.generate_data_key, KeyId=key, KeySpec="AES_256",
                   EncryptionContext={"a": "1"})
    assert not may(other.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext={"a": "1"})
    kms.create_grant(KeyId=key, GranteePrincipal=arn, Operations=["GenerateDataKey"],
                     Constraints={"EncryptionContextEquals": {"a": "1"}})
    assert may(him.generate_data_key, KeyId=key, KeySpec="AES_256", EncryptionContext={"a": "1"},
               GrantTokens=[made["GrantToken"]])
    assert not may(him.generate_data_key, KeyId=key, KeySpec="AES_256",
                   EncryptionContext={"a": "1", "b": "2"})
    kms.revoke_grant(KeyId=key, GrantId=made["GrantId"])
    assert not may(him.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext={"a": "1"})


def test_who_may_end_a_grant(kms, user):
    key = make(kms)["KeyId"]
    grantee, grantees_arn = user()
    retiree, retirees_arn = user()
    other, _ = user()

    def grant(*operations):
        return kms.create_grant(KeyId=key, GranteePrincipal=grantees_arn,
                                RetiringPrincipal=retirees_arn,
                                Operations=["Encrypt", *operations])["GrantToken"]
    token = grant()
    assert not may(other.retire_grant, GrantToken=token)
    assert not may(grantee.retire_grant, GrantToken=token)
    assert may(retiree.retire_grant, GrantToken=token)
    assert may(grantee.retire_grant, GrantToken=grant("RetireGrant"))
    allowed, _ = user(allow("kms:RetireGrant"))
    assert may(allowed.retire_grant, GrantToken=grant())


def test_grants_are_made_by_whom_the_policy_names(kms, user):
    key = make(kms)
    him, arn = user(allow("kms:CreateGrant", key["Arn"], Condition={
        "ForAllValues:StringEquals": {"kms:GrantOperations": ["Encrypt", "DescribeKey"]}}))
    service, _ = user(allow("kms:CreateGrant", key["Arn"], Condition={
        "Bool": {"kms:GrantIsForAWSResource": "true"}}))
    wish = {"KeyId": key["KeyId"], "GranteePrincipal": arn}
    assert may(him.create_grant, **wish, Operations=["Encrypt"])
    assert not may(him.create_grant, **wish, Operations=["Encrypt", "Decrypt"])
    assert not may(service.create_grant, **wish, Operations=["Encrypt"])


def test_who_may_not_ask_does_not_learn_what_is_there(kms, user):
    him, _ = user()
    missing = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0d990263-018e-4e65-a703-eff731de951e"
    assert not may(him.describe_key, KeyId=missing)
    assert not may(him.encrypt, KeyId="alias/nobody", Plaintext=b"x")
    refused("NotFoundException", kms.describe_key, KeyId=missing)
    assert not may(him.list_keys)
    assert not may(him.generate_random, NumberOfBytes=8)


def test_a_session_of_a_role_is_limited(weir, root, kms, user):
    iam = client_of(weir, "iam", root)
    him, arn = user(allow("sts:AssumeRole"))
    name = f"kms-role-{next(numbers)}"
    trust = document({"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "sts:AssumeRole"})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    key = make(kms)["KeyId"]
    kms.create_grant(KeyId=key, GranteePrincipal=role, Operations=["Encrypt"])
    users_sts = client_of(weir, "sts", iam.create_access_key(
        UserName=arn.rsplit("/", 1)[1])["AccessKey"])
    session = users_sts.assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    assert may(client_of(weir, "kms", session).encrypt, KeyId=key, Plaintext=b"x")
    assert not may(client_of(weir, "kms", session).decrypt, CiphertextBlob=kms.encrypt(
        KeyId=key, Plaintext=b"x")["CiphertextBlob"])
