# SPDX-License-Identifier: Apache-2.0
"""Grants: making, finding, listing, ending them. Whom they let do what with auth on is in
kms_auth_test.py."""
import pytest
from iam_kit import pages
from kms_kit import make, refused

USER = "arn:aws:iam::111122223333:user/"


@pytest.fixture(scope="module")
def kms(clocked):
    return clocked.client("kms")


def grant(kms, key, who="a", operations=("Encrypt", "Decrypt"), **more):
    return kms.create_grant(KeyId=key, GranteePrincipal=USER + who, Operations=list(operations),
                            **more)


def test_a_grant_is_told_as_it_was_made(kms):
    key = make(kms)
    made = grant(kms, key["KeyId"], Name="first", RetiringPrincipal=USER + "r",
                 Constraints={"EncryptionContextSubset": {"a": "b"}})
    assert len(made["GrantId"]) == 64 and made["GrantToken"]
    listed = kms.list_grants(KeyId=key["Arn"])["Grants"]
    listed[0].pop("CreationDate")
    assert listed == [{
        "KeyId": key["Arn"], "GrantId": made["GrantId"], "Name": "first",
        "GranteePrincipal": USER + "a", "RetiringPrincipal": USER + "r",
        "IssuingAccount": "arn:aws:iam::111122223333:root", "Operations": ["Decrypt", "Encrypt"],
        "Constraints": {"EncryptionContextSubset": {"a": "b"}}}]


def test_the_same_grant_with_a_name_is_one_grant(kms):
    key = make(kms)["KeyId"]
    first = grant(kms, key, Name="one", Constraints={"EncryptionContextEquals": {"a": "b"}})
    again = grant(kms, key, Name="one", Constraints={"EncryptionContextEquals": {"a": "b"}})
    assert again["GrantId"] == first["GrantId"]
    assert grant(kms, key, Name="one")["GrantId"] != first["GrantId"]
    assert grant(kms, key)["GrantId"] != grant(kms, key)["GrantId"]  # without a name: each anew


@pytest.mark.parametrize("code, more", [
    ("ValidationException", {"Operations": []}),
    ("ValidationException", {"Operations": ["Sign"]}),
    ("ValidationException", {"Operations": ["GetPublicKey"]}),
    ("ValidationException", {"Operations": ["Nothing"]}),
    ("InvalidArnException", {"GranteePrincipal": "somebody"}),
    ("InvalidArnException", {"RetiringPrincipal": "somebody"}),
    ("ValidationException", {"Constraints": {"EncryptionContextSubset": {"a": "b"},
                                             "EncryptionContextEquals": {"a": "b"}}}),
    ("InvalidGrantTokenException", {"GrantTokens": ["no token"]}),
    ("DryRunOperationException", {"DryRun": True}),
])
def test_grants_that_may_not_be(kms, code, more):
    key = make(kms)["KeyId"]
    refused(code, kms.create_grant, KeyId=key, **{
        "GranteePrincipal": USER + "a", "Operations": ["Encrypt"], **more})
    assert kms.list_grants(KeyId=key)["Grants"] == []


def test_lists_are_chosen_and_come_in_pages(kms):
    key = make(kms)["KeyId"]
    made = [grant(kms, key, who, RetiringPrincipal=USER + "lister")["GrantId"]
            for who in "aabab"]
    found = pages(kms, "list_grants", "Grants", KeyId=key)
    assert [len(page) for page in found] == [2, 2, 1]
    assert {item["GrantId"] for page in found for item in page} == set(made)
    of_b = kms.list_grants(KeyId=key, GranteePrincipal=USER + "b")["Grants"]
    assert {item["GrantId"] for item in of_b} == {made[2], made[4]}
    assert [item["GrantId"] for item in kms.list_grants(
        KeyId=key, GrantId=made[1])["Grants"]] == [made[1]]
    other = make(kms)["KeyId"]
    made.append(grant(kms, other, RetiringPrincipal=USER + "lister")["GrantId"])
    retirable = pages(kms, "list_retirable_grants", "Grants",
                      RetiringPrincipal=USER + "lister")
    assert {item["GrantId"] for page in retirable for item in page} == set(made)
    assert [len(page) for page in retirable] == [2, 2, 2]


def test_grants_end(kms):
    key = make(kms)
    made = [grant(kms, key["KeyId"]) for _ in range(3)]
    refused("DryRunOperationException", kms.revoke_grant, KeyId=key["KeyId"],
            GrantId=made[0]["GrantId"], DryRun=True)
    kms.revoke_grant(KeyId=key["KeyId"], GrantId=made[0]["GrantId"])
    refused("NotFoundException", kms.revoke_grant, KeyId=key["KeyId"],
            GrantId=made[0]["GrantId"])
    kms.retire_grant(GrantToken=made[1]["GrantToken"])
    kms.retire_grant(KeyId=key["Arn"], GrantId=made[2]["GrantId"])
    refused("NotFoundException", kms.retire_grant, GrantToken=made[1]["GrantToken"])
    refused("InvalidGrantTokenException", kms.retire_grant, GrantToken="none")
    refused("ValidationException", kms.retire_grant, KeyId=key["Arn"])
    assert kms.list_grants(KeyId=key["KeyId"])["Grants"] == []


def test_grants_are_there_after_a_kill(fresh):
    weir = fresh()
    kms = weir.client("kms")
    key = make(kms)["KeyId"]
    made = [grant(kms, key, Constraints={"EncryptionContextEquals": {"a": "b"}})["GrantId"]
            for _ in range(3)]
    kms.revoke_grant(KeyId=key, GrantId=made[0])
    listed = kms.list_grants(KeyId=key)["Grants"]
    weir.restart(hard=True)
    kms = weir.client("kms")
    assert kms.list_grants(KeyId=key)["Grants"] == listed
    assert {item["GrantId"] for item in listed} == set(made[1:])
