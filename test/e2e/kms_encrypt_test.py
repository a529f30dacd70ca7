# SPDX-License-Identifier: Apache-2.0
"""Encrypting: contexts, ciphertexts, data keys, pairs, chance, and who says no in which words. What
RSA encrypted here OpenSSL's command line decrypts, and the other way round."""
import base64
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kms_kit import ARN, make, needs_openssl, openssl, refused

OAEP = {"RSAES_OAEP_SHA_1": "sha1", "RSAES_OAEP_SHA_256": "sha256"}


@pytest.fixture(scope="module")
def kms(weir):
    return weir.client("kms")


@pytest.fixture(scope="module")
def key(kms):
    return make(kms)


@pytest.fixture(scope="module")
def rsa(kms):
    return make(kms, "RSA_2048", "ENCRYPT_DECRYPT")


def test_what_was_encrypted_says_under_what(kms, key):
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"secret")
    assert sealed["KeyId"] == key["Arn"] and sealed["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    opened = kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"])
    assert opened["Plaintext"] == b"secret" and opened["KeyId"] == key["Arn"]
    assert opened["KeyMaterialId"] == key["CurrentKeyMaterialId"]
    again = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"secret")["CiphertextBlob"]
    assert again != sealed["CiphertextBlob"] and b"secret" not in again


@settings(max_examples=30, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plain=st.binary(min_size=1, max_size=4096),
       context=st.dictionaries(st.text(max_size=20), st.text(max_size=40), max_size=6))
def test_anything_comes_back_under_its_context(kms, key, plain, context):
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=plain, EncryptionContext=context)
    backwards = dict(reversed(context.items()))
    assert kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"],
                       EncryptionContext=backwards)["Plaintext"] == plain
    assert refused("InvalidCiphertextException", kms.decrypt,
                   CiphertextBlob=sealed["CiphertextBlob"],
                   EncryptionContext={**context, "one": "more"}) == ""


def test_the_context_is_part_of_it(kms, key):
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x",
                         EncryptionContext={"a": "bc", "d": ""})["CiphertextBlob"]
    for wrong in ({}, {"a": "bc"}, {"a": "bc", "D": ""}, {"ab": "c", "d": ""},
                  {"a": "bc", "d": "", "e": ""}):
        refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=sealed,
                EncryptionContext=wrong)


def test_a_ciphertext_that_was_touched_is_refused(kms, key):
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"a secret text")["CiphertextBlob"]
    for place in range(len(sealed)):
        broken = bytearray(sealed)
        broken[place] ^= 1
        with pytest.raises(Exception) as caught:
            kms.decrypt(CiphertextBlob=bytes(broken))
        assert caught.value.response["Error"]["Code"] in (
            "InvalidCiphertextException", "AccessDeniedException"), place
    for cut in (0, 4, 20, len(sealed) - 1):
        refused("ValidationException" if cut == 0 else "InvalidCiphertextException", kms.decrypt,
                CiphertextBlob=sealed[:cut])


def test_the_wrong_key_and_a_key_that_is_not_there(weir, kms, key):
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert refused("IncorrectKeyException", kms.decrypt, CiphertextBlob=sealed,
                   KeyId=make(kms)["KeyId"]) == ("The key ID in the request does not identify a "
                                                 "CMK that can perform this operation.")
    assert kms.decrypt(CiphertextBlob=sealed, KeyId=key["Arn"])["Plaintext"] == b"x"
    away = weir.client("kms", region="eu-west-1")
    assert refused("AccessDeniedException", away.decrypt, CiphertextBlob=sealed) == (
        "The ciphertext refers to a customer master key that does not exist, does not exist in "
        "this region, or you are not allowed to access.")


def test_usages_and_algorithms_must_fit(kms, key, rsa):
    mac = make(kms, "HMAC_256", "GENERATE_VERIFY_MAC")
    assert refused("InvalidKeyUsageException", kms.encrypt, KeyId=mac["KeyId"],
                   Plaintext=b"x") == (mac["Arn"] + " key usage is GENERATE_VERIFY_MAC which is "
                                       "not valid for Encrypt.")
    assert refused("InvalidKeyUsageException", kms.encrypt, KeyId=rsa["KeyId"], Plaintext=b"x") \
        == "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."
    refused("InvalidKeyUsageException", kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x",
            EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    refused("InvalidKeyUsageException", kms.generate_data_key, KeyId=rsa["KeyId"],
            KeySpec="AES_256")
    refused("ValidationException", kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x" * 4097)
    refused("ValidationException", kms.encrypt, KeyId=rsa["KeyId"], Plaintext=b"x",
            EncryptionAlgorithm="RSAES_OAEP_SHA_1", EncryptionContext={"a": "b"})


@needs_openssl
@pytest.mark.parametrize("algorithm", OAEP)
def test_rsa_is_what_openssl_says_it_is(kms, rsa, tmp_path, algorithm):
    (tmp_path / "public.der").write_bytes(kms.get_public_key(KeyId=rsa["KeyId"])["PublicKey"])
    sealed = openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", tmp_path / "public.der",
                     "-keyform", "DER", "-pkeyopt", "rsa_padding_mode:oaep",
                     "-pkeyopt", f"rsa_oaep_md:{OAEP[algorithm]}",
                     "-pkeyopt", f"rsa_mgf1_md:{OAEP[algorithm]}", data=b"from outside")
    assert kms.decrypt(KeyId=rsa["KeyId"], CiphertextBlob=sealed,
                       EncryptionAlgorithm=algorithm)["Plaintext"] == b"from outside"
    mine = kms.encrypt(KeyId=rsa["KeyId"], Plaintext=b"mine", EncryptionAlgorithm=algorithm)
    assert kms.decrypt(KeyId=rsa["KeyId"], CiphertextBlob=mine["CiphertextBlob"],
                       EncryptionAlgorithm=algorithm)["Plaintext"] == b"mine"
    refused("InvalidCiphertextException", kms.decrypt, KeyId=rsa["KeyId"],
            CiphertextBlob=b"x" * 256, EncryptionAlgorithm=algorithm)
    most = 190 if algorithm.endswith("256") else 214
    kms.encrypt(KeyId=rsa["KeyId"], Plaintext=b"x" * most, EncryptionAlgorithm=algorithm)
    assert refused("ValidationException", kms.encrypt, KeyId=rsa["KeyId"],
                   Plaintext=b"x" * (most + 1), EncryptionAlgorithm=algorithm) == (
        f"Algorithm {algorithm} and key spec RSA_2048 cannot encrypt data larger than {most} "
        "bytes.")


def test_re_encrypting_between_kinds_of_keys(kms, key, rsa):
    other = make(kms)
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"moves", EncryptionContext={"a": "1"})
    moved = kms.re_encrypt(CiphertextBlob=sealed["CiphertextBlob"],
                           SourceEncryptionContext={"a": "1"}, DestinationKeyId=other["KeyId"],
                           DestinationEncryptionContext={"b": "2"})
    assert moved["SourceKeyId"] == key["Arn"] and moved["KeyId"] == other["Arn"]
    assert moved["SourceKeyMaterialId"] == key["CurrentKeyMaterialId"]
    assert moved["DestinationKeyMaterialId"] == other["CurrentKeyMaterialId"]
    assert kms.decrypt(CiphertextBlob=moved["CiphertextBlob"],
                       EncryptionContext={"b": "2"})["Plaintext"] == b"moves"
    outside = kms.re_encrypt(CiphertextBlob=moved["CiphertextBlob"],
                             SourceEncryptionContext={"b": "2"}, DestinationKeyId=rsa["KeyId"],
                             DestinationEncryptionAlgorithm="RSAES_OAEP_SHA_256")
    back = kms.re_encrypt(CiphertextBlob=outside["CiphertextBlob"], SourceKeyId=rsa["KeyId"],
                          SourceEncryptionAlgorithm="RSAES_OAEP_SHA_256",
                          DestinationKeyId=rsa["KeyId"],
                          DestinationEncryptionAlgorithm="RSAES_OAEP_SHA_1")
    assert back["SourceEncryptionAlgorithm"] == "RSAES_OAEP_SHA_256"
    assert kms.decrypt(KeyId=rsa["KeyId"], CiphertextBlob=back["CiphertextBlob"],
                       EncryptionAlgorithm="RSAES_OAEP_SHA_1")["Plaintext"] == b"moves"
    home = kms.re_encrypt(CiphertextBlob=back["CiphertextBlob"], SourceKeyId=rsa["KeyId"],
                          SourceEncryptionAlgorithm="RSAES_OAEP_SHA_1",
                          DestinationKeyId=key["KeyId"])
    assert kms.decrypt(CiphertextBlob=home["CiphertextBlob"])["Plaintext"] == b"moves"
    large = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x" * 300)["CiphertextBlob"]
    refused("ValidationException", kms.re_encrypt, CiphertextBlob=large,
            DestinationKeyId=rsa["KeyId"], DestinationEncryptionAlgorithm="RSAES_OAEP_SHA_1")
    refused("InvalidCiphertextException", kms.re_encrypt, CiphertextBlob=large,
            SourceEncryptionContext={"a": "b"}, DestinationKeyId=key["KeyId"])


@pytest.mark.parametrize("wish, size", [({"KeySpec": "AES_256"}, 32), ({"KeySpec": "AES_128"}, 16),
                                        ({"NumberOfBytes": 1024}, 1024), ({"NumberOfBytes": 1}, 1)])
def test_data_keys(kms, key, wish, size):
    made = kms.generate_data_key(KeyId=key["KeyId"], EncryptionContext={"for": "a file"}, **wish)
    assert len(made["Plaintext"]) == size and made["KeyId"] == key["Arn"]
    assert made["KeyMaterialId"] == key["CurrentKeyMaterialId"]
    assert kms.decrypt(CiphertextBlob=made["CiphertextBlob"],
                       EncryptionContext={"for": "a file"})["Plaintext"] == made["Plaintext"]
    sealed = kms.generate_data_key_without_plaintext(KeyId=key["KeyId"], **wish)
    assert "Plaintext" not in sealed
    assert len(kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"])["Plaintext"]) == size


def test_data_keys_that_may_not_be(kms, key):
    words = "Please specify either number of bytes or key spec."
    assert refused("ValidationException", kms.generate_data_key, KeyId=key["KeyId"]) == words
    assert refused("ValidationException", kms.generate_data_key, KeyId=key["KeyId"],
                   KeySpec="AES_256", NumberOfBytes=32) == words
    refused("ValidationException", kms.generate_data_key, KeyId=key["KeyId"], NumberOfBytes=1025)
    refused("ValidationException", kms.generate_data_key, KeyId=key["KeyId"], KeySpec="AES_256",
            Recipient={"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256",
                       "AttestationDocument": b"x"})


@needs_openssl
@pytest.mark.parametrize("spec", ["RSA_2048", "ECC_NIST_P384", "ECC_SECG_P256K1"])
def test_pairs_of_data_keys_are_pairs(kms, key, tmp_path, spec):
    made = kms.generate_data_key_pair(KeyId=key["KeyId"], KeyPairSpec=spec,
                                      EncryptionContext={"a": "b"})
    assert made["KeyPairSpec"] == spec and made["KeyId"] == key["Arn"]
    (tmp_path / "private.der").write_bytes(made["PrivateKeyPlaintext"])
    assert openssl("pkey", "-in", tmp_path / "private.der", "-inform", "DER", "-pubout",
                   "-outform", "DER") == made["PublicKey"]
    assert kms.decrypt(CiphertextBlob=made["PrivateKeyCiphertextBlob"], EncryptionContext={
        "a": "b"})["Plaintext"] == made["PrivateKeyPlaintext"]
    sealed = kms.generate_data_key_pair_without_plaintext(KeyId=key["KeyId"], KeyPairSpec=spec)
    assert "PrivateKeyPlaintext" not in sealed and sealed["PublicKey"] != made["PublicKey"]
    refused("UnsupportedOperationException", kms.generate_data_key_pair, KeyId=key["KeyId"],
            KeyPairSpec="SM2")


def test_chance(kms):
    assert len(kms.generate_random(NumberOfBytes=1024)["Plaintext"]) == 1024
    assert kms.generate_random(NumberOfBytes=32) != kms.generate_random(NumberOfBytes=32)
    assert refused("ValidationException", kms.generate_random) == "NumberOfBytes is required."


def test_dry_runs_say_what_would_be(kms, key):
    words = "The request would have succeeded, but the DryRun option is set."
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    mac = make(kms, "HMAC_256", "GENERATE_VERIFY_MAC")["KeyId"]
    for call, more in ((kms.encrypt, {"KeyId": key["KeyId"], "Plaintext": b"x"}),
                       (kms.decrypt, {"CiphertextBlob": sealed}),
                       (kms.decrypt, {"KeyId": key["KeyId"],
                                      "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}),
                       (kms.re_encrypt, {"CiphertextBlob": sealed,
                                         "DestinationKeyId": key["KeyId"]}),
                       (kms.generate_data_key, {"KeyId": key["KeyId"], "KeySpec": "AES_128"}),
                       (kms.generate_mac, {"KeyId": mac, "Message": b"x",
                                           "MacAlgorithm": "HMAC_SHA_256"}),
                       (kms.generate_data_key_pair, {"KeyId": key["KeyId"],
                                                     "KeyPairSpec": "RSA_4096"})):
        assert refused("DryRunOperationException", call, DryRun=True, **more) == words
    refused("InvalidKeyUsageException", kms.encrypt, DryRun=True, KeyId=mac, Plaintext=b"x")
    refused("ValidationException", kms.decrypt, KeyId=key["KeyId"])


def test_by_every_name(kms, key):
    kms.create_alias(AliasName="alias/by-name", TargetKeyId=key["KeyId"])
    for name in ("alias/by-name", ARN + "alias/by-name", key["KeyId"], key["Arn"]):
        assert kms.encrypt(KeyId=name, Plaintext=b"x")["KeyId"] == key["Arn"]
    refused("NotFoundException", kms.encrypt, KeyId="alias/none", Plaintext=b"x")


def test_a_client_encrypts_large_things_by_data_keys(kms, key, tmp_path):
    """Envelope encryption as its users do it, with OpenSSL's command line as the user."""
    made = kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256")
    text = os.urandom(1 << 20)
    words = ["enc", "-aes-256-ctr", "-iv", "00" * 16]
    sealed = openssl(*words, "-K", made["Plaintext"].hex(), data=text)
    plain = kms.decrypt(CiphertextBlob=base64.b64decode(
        base64.b64encode(made["CiphertextBlob"])))["Plaintext"]
    assert openssl(*words, "-d", "-K", plain.hex(), data=sealed) == text
