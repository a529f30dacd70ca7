# SPDX-License-Identifier: Apache-2.0
"""Access keys, SSH keys, login profiles, the password policy."""
import re

import pytest
from iam_kit import client_of, iam, refused  # noqa: F401

PASSWORD = "correct horse battery"
SSH = ("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7vbqajDhA8XBHBQ4hfxYbYtNLxyC2TQGWhXEJQ2yMZ7mhH0lYk1"
       "Zr2dWmY2u0dGQY0vY2l8oJb5m4h3Y9Jb2m5rGqF8eY3s2o3m8u1Yq0r5v4w3x2y1z0 me")


def test_a_user_has_two_keys_at_most(iam):
    iam.create_user(UserName="keys")
    made = [iam.create_access_key(UserName="keys")["AccessKey"] for _ in range(2)]
    for key in made:
        assert re.fullmatch("AKIA[A-Z2-7]{16}", key["AccessKeyId"])
        assert re.fullmatch("[A-Za-z0-9+/]{40}", key["SecretAccessKey"])
        assert (key["UserName"], key["Status"]) == ("keys", "Active")
    assert refused("LimitExceeded", iam.create_access_key, 409, UserName="keys") == \
        "Cannot exceed quota for AccessKeysPerUser: 2"
    listed = iam.list_access_keys(UserName="keys")["AccessKeyMetadata"]
    assert [k["AccessKeyId"] for k in listed] == [k["AccessKeyId"] for k in made]
    assert "SecretAccessKey" not in listed[0]
    iam.delete_access_key(UserName="keys", AccessKeyId=made[0]["AccessKeyId"])
    assert [k["AccessKeyId"] for k in iam.list_access_keys(UserName="keys")[
        "AccessKeyMetadata"]] == [made[1]["AccessKeyId"]]


def test_a_key_that_is_not_there_cannot_be_changed(iam):
    iam.create_user(UserName="keyless")
    other = iam.create_user(UserName="other") and iam.create_access_key(
        UserName="other")["AccessKey"]["AccessKeyId"]
    for key in ("AKIAAAAAAAAAAAAAAAAA", other):
        assert refused("NoSuchEntity", iam.delete_access_key, 404, UserName="keyless",
                       AccessKeyId=key) == f"The Access Key with id {key} cannot be found."
        refused("NoSuchEntity", iam.update_access_key, 404, UserName="keyless", AccessKeyId=key,
                Status="Inactive")


def test_a_key_is_made_inactive_and_active(iam):
    iam.create_user(UserName="toggled")
    key = iam.create_access_key(UserName="toggled")["AccessKey"]["AccessKeyId"]
    for status in ("Inactive", "Active"):
        iam.update_access_key(UserName="toggled", AccessKeyId=key, Status=status)
        assert iam.list_access_keys(UserName="toggled")["AccessKeyMetadata"][0]["Status"] == status


def test_a_key_that_was_never_used_says_so(iam):
    iam.create_user(UserName="unused")
    key = iam.create_access_key(UserName="unused")["AccessKey"]["AccessKeyId"]
    used = iam.get_access_key_last_used(AccessKeyId=key)
    assert used["UserName"] == "unused"
    assert used["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}
    refused("NoSuchEntity", iam.get_access_key_last_used, 404, AccessKeyId="AKIAAAAAAAAAAAAAAAAA")


def test_a_keys_last_use_is_known_and_outlives_a_restart(fresh):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    iam = weir.client("iam")
    iam.create_user(UserName="used")
    key = iam.create_access_key(UserName="used")["AccessKey"]["AccessKeyId"]
    weir.advance("1h")
    weir.client("sqs", access_key=key, region="eu-west-1").list_queues()
    told = iam.get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"]
    assert told["LastUsedDate"].isoformat().startswith("2026-11-23T09:00:00")
    assert (told["ServiceName"], told["Region"]) == ("sqs", "eu-west-1")
    weir.advance("2m")
    weir.restart(hard=True)
    assert weir.client("iam").get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"] == told


def test_the_root_has_to_name_a_user(iam):
    assert iam.list_access_keys()["AccessKeyMetadata"] == []
    assert refused("ValidationError", iam.create_access_key) == \
        "Must specify userName when calling with non-User credentials"


def test_ssh_keys_are_records(iam):
    iam.create_user(UserName="ssh")
    key = iam.upload_ssh_public_key(UserName="ssh", SSHPublicKeyBody=SSH)["SSHPublicKey"]
    assert re.fullmatch("([0-9a-f]{2}:){15}[0-9a-f]{2}", key["Fingerprint"])
    identity = {"UserName": "ssh", "SSHPublicKeyId": key["SSHPublicKeyId"]}
    refused("DuplicateSSHPublicKey", iam.upload_ssh_public_key, UserName="ssh",
            SSHPublicKeyBody=SSH)
    refused("InvalidPublicKey", iam.upload_ssh_public_key, UserName="ssh",
            SSHPublicKeyBody="ssh-rsa nothing")
    iam.update_ssh_public_key(**identity, Status="Inactive")
    got = iam.get_ssh_public_key(**identity, Encoding="SSH")["SSHPublicKey"]
    assert (got["SSHPublicKeyBody"], got["Status"]) == (SSH, "Inactive")
    assert len(iam.list_ssh_public_keys(UserName="ssh")["SSHPublicKeys"]) == 1
    refused("DeleteConflict", iam.delete_user, 409, UserName="ssh")
    iam.delete_ssh_public_key(**identity)
    refused("NoSuchEntity", iam.delete_ssh_public_key, 404, **identity)
    iam.delete_user(UserName="ssh")


def test_a_login_profile_is_a_record(iam):
    iam.create_user(UserName="login")
    assert refused("NoSuchEntity", iam.get_login_profile, 404, UserName="login") == \
        "Login Profile for User login cannot be found."
    made = iam.create_login_profile(UserName="login", Password=PASSWORD,
                                    PasswordResetRequired=True)["LoginProfile"]
    assert made["PasswordResetRequired"]
    assert refused("EntityAlreadyExists", iam.create_login_profile, 409, UserName="login",
                   Password=PASSWORD) == "Login Profile for user login already exists."
    iam.update_login_profile(UserName="login", Password=PASSWORD + "!", PasswordResetRequired=False)
    assert not iam.get_login_profile(UserName="login")["LoginProfile"]["PasswordResetRequired"]
    iam.delete_login_profile(UserName="login")
    refused("NoSuchEntity", iam.delete_login_profile, 404, UserName="login")


def test_one_changes_ones_own_password_knowing_the_old_one(iam, weir):
    iam.create_user(UserName="self")
    iam.create_login_profile(UserName="self", Password=PASSWORD)
    me = client_of(weir, "iam", iam.create_access_key(UserName="self")["AccessKey"])
    refused("ValidationError", me.change_password, OldPassword="wrong", NewPassword="something")
    me.change_password(OldPassword=PASSWORD, NewPassword="something else")
    me.change_password(OldPassword="something else", NewPassword=PASSWORD)
    refused("InvalidUserType", iam.change_password, OldPassword="a", NewPassword="b")


def test_a_password_is_what_the_policy_wants(fresh):
    iam = fresh().client("iam")
    iam.create_user(UserName="u")
    refused("NoSuchEntity", iam.get_account_password_policy, 404)
    refused("PasswordPolicyViolation", iam.create_login_profile, UserName="u", Password="short")
    iam.update_account_password_policy(
        MinimumPasswordLength=10, RequireSymbols=True, RequireNumbers=True,
        RequireUppercaseCharacters=True, RequireLowercaseCharacters=True, MaxPasswordAge=30)
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    assert (policy["MinimumPasswordLength"], policy["ExpirePasswords"]) == (10, True)
    assert "PasswordReusePrevention" not in policy
    for password in ("Aa1!", "aaaaaaaaa1!", "AAAAAAAAA1!", "aaaaaaaaA!!", "aaaaaaaaA11"):
        refused("PasswordPolicyViolation", iam.create_login_profile, UserName="u",
                Password=password)
    iam.create_login_profile(UserName="u", Password="aaaaaaaaA1!")
    iam.delete_account_password_policy()
    refused("NoSuchEntity", iam.delete_account_password_policy, 404)


@pytest.mark.parametrize("length", [5, 129])
def test_the_length_of_passwords_has_bounds(iam, length):
    refused("ValidationError", iam.update_account_password_policy, MinimumPasswordLength=length)
