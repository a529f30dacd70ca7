# SPDX-License-Identifier: Apache-2.0
"""Imported key material, wrapped by OpenSSL's command line as users wrap it: every algorithm, its
end by the clock, deletion, what is not the same material, and rotation to another."""
import datetime
import hashlib
import hmac
import os

import pytest
from kms_kit import make, needs_openssl, openssl, refused, state

pytestmark = needs_openssl
WRAPS = ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "RSA_AES_KEY_WRAP_SHA_1",
         "RSA_AES_KEY_WRAP_SHA_256"]


@pytest.fixture
def kms(clocked):
    return clocked.client("kms")


@pytest.fixture
def wrapper(kms, tmp_path):
    """wrap(key, material): what ImportKeyMaterial wants."""
    def oaep(path, algorithm, data):
        bits = algorithm.rsplit("_", 1)[1]
        return openssl("pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey", path,
                       "-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", f"rsa_oaep_md:sha{bits}",
                       "-pkeyopt", f"rsa_mgf1_md:sha{bits}", data=data)

    def wrap(key, material, algorithm="RSAES_OAEP_SHA_256", spec="RSA_2048"):
        given = kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm=algorithm,
                                              WrappingKeySpec=spec)
        path = tmp_path / "wrapping.der"
        path.write_bytes(given["PublicKey"])
        if algorithm.startswith("RSAES"):
            sealed = oaep(path, algorithm, material)
        else:
            aes = os.urandom(32)
            sealed = oaep(path, algorithm, aes) + openssl(
                "enc", "-id-aes256-wrap-pad", "-K", aes.hex(), "-iv", "A65959A6", data=material)
        return {"KeyId": key, "ImportToken": given["ImportToken"], "EncryptedKeyMaterial": sealed}
    return wrap


FOREVER = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}


@pytest.mark.parametrize("algorithm", WRAPS)
def test_a_key_of_ones_own(kms, wrapper, algorithm):
    key = make(kms, Origin="EXTERNAL")
    assert key["KeyState"] == "PendingImport" and key["Enabled"] is False
    assert refused("KMSInvalidStateException", kms.encrypt, KeyId=key["KeyId"],
                   Plaintext=b"x") == key["Arn"] + " is pending import."
    spec = "RSA_4096" if algorithm == WRAPS[3] else "RSA_2048"
    done = kms.import_key_material(**wrapper(key["KeyId"], os.urandom(32), algorithm, spec),
                                   **FOREVER)
    about = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    assert about["KeyState"] == "Enabled" and about["Origin"] == "EXTERNAL"
    assert about["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE" and "ValidTo" not in about
    assert done["KeyId"] == key["Arn"] and done["KeyMaterialId"] == about["CurrentKeyMaterialId"]
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"


def test_an_imported_hmac_key_is_that_key(kms, wrapper):
    key = make(kms, "HMAC_384", "GENERATE_VERIFY_MAC", Origin="EXTERNAL")["KeyId"]
    material = os.urandom(48)
    kms.import_key_material(**wrapper(key, material), **FOREVER)
    assert kms.generate_mac(KeyId=key, Message=b"m", MacAlgorithm="HMAC_SHA_384")["Mac"] == \
        hmac.new(material, b"m", hashlib.sha384).digest()


@pytest.mark.parametrize("spec, words", [
    ("RSA_2048", ("RSA", "rsa_keygen_bits:2048")), ("ECC_NIST_P256", ("EC", "ec_paramgen_curve:P-256"))])
def test_pairs_are_imported(kms, wrapper, spec, words):
    key = make(kms, spec, "SIGN_VERIFY", Origin="EXTERNAL")["KeyId"]
    pem = openssl("genpkey", "-algorithm", words[0], "-pkeyopt", words[1])
    der = openssl("pkcs8", "-topk8", "-nocrypt", "-outform", "DER", data=pem)
    if spec == "RSA_2048":
        refused("UnsupportedOperationException", kms.get_parameters_for_import, KeyId=key,
                WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_4096")
    kms.import_key_material(**wrapper(key, der, "RSA_AES_KEY_WRAP_SHA_256"), **FOREVER)
    assert kms.get_public_key(KeyId=key)["PublicKey"] == openssl("pkey", "-pubout", "-outform",
                                                                "DER", data=pem)
    other = make(kms, "ECC_NIST_P384", "SIGN_VERIFY", Origin="EXTERNAL")["KeyId"]
    refused("IncorrectKeyMaterialException", kms.import_key_material,
            **wrapper(other, der, "RSA_AES_KEY_WRAP_SHA_256"), **FOREVER)


def test_material_ends_and_comes_again(clocked, kms, wrapper):
    key = make(kms, Origin="EXTERNAL")["KeyId"]
    material = os.urandom(32)
    now = kms.describe_key(KeyId=key)["KeyMetadata"]["CreationDate"]
    kms.import_key_material(**wrapper(key, material), ValidTo=now + datetime.timedelta(days=2))
    about = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert about["ExpirationModel"] == "KEY_MATERIAL_EXPIRES"
    assert about["ValidTo"] == now + datetime.timedelta(days=2)
    sealed = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    clocked.advance("2d")
    assert state(kms, key) == "PendingImport"
    refused("KMSInvalidStateException", kms.decrypt, CiphertextBlob=sealed)
    refused("IncorrectKeyMaterialException", kms.import_key_material,
            **wrapper(key, os.urandom(32)), **FOREVER)
    kms.import_key_material(**wrapper(key, material), **FOREVER)
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    kms.delete_imported_key_material(KeyId=key)
    assert state(kms, key) == "PendingImport"
    kms.import_key_material(**wrapper(key, material), **FOREVER)
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"


def test_another_material_takes_over_on_demand(kms, wrapper):
    key = make(kms, Origin="EXTERNAL")["KeyId"]
    kms.import_key_material(**wrapper(key, os.urandom(32)), **FOREVER)
    old = kms.encrypt(KeyId=key, Plaintext=b"old")["CiphertextBlob"]
    refused("KMSInvalidStateException", kms.rotate_key_on_demand, KeyId=key)
    done = kms.import_key_material(**wrapper(key, os.urandom(32)), **FOREVER,
                                   ImportType="NEW_KEY_MATERIAL",
                                   KeyMaterialDescription="the next one")
    listed = kms.list_key_rotations(KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    assert [item["KeyMaterialState"] for item in listed] == ["CURRENT", "PENDING_ROTATION"]
    assert listed[1]["KeyMaterialDescription"] == "the next one"
    assert listed[1]["ImportState"] == "IMPORTED"
    kms.rotate_key_on_demand(KeyId=key)
    about = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert about["CurrentKeyMaterialId"] == done["KeyMaterialId"]
    assert kms.decrypt(CiphertextBlob=old)["Plaintext"] == b"old"
    assert state(kms, key) == "Enabled"


def test_what_does_not_fit_an_import(clocked, kms, wrapper):
    key = make(kms, Origin="EXTERNAL")["KeyId"]
    own, other = make(kms), make(kms, Origin="EXTERNAL")["KeyId"]
    assert refused("UnsupportedOperationException", kms.get_parameters_for_import,
                   KeyId=own["KeyId"], WrappingAlgorithm=WRAPS[1], WrappingKeySpec="RSA_2048") == \
        own["Arn"] + " origin is AWS_KMS which is not valid for this operation."
    refused("UnsupportedOperationException", kms.get_parameters_for_import, KeyId=key,
            WrappingAlgorithm="RSAES_PKCS1_V1_5", WrappingKeySpec="RSA_2048")
    good = wrapper(key, os.urandom(32))
    refused("ValidationException", kms.import_key_material, **good)
    refused("ValidationException", kms.import_key_material, **good, **FOREVER,
            ValidTo=datetime.datetime(2099, 1, 1))
    refused("InvalidImportTokenException", kms.import_key_material, **{
        **good, "ImportToken": b"x" * 100}, **FOREVER)
    refused("InvalidImportTokenException", kms.import_key_material, **{**good, "KeyId": other},
            **FOREVER)
    refused("InvalidCiphertextException", kms.import_key_material, **{
        **good, "EncryptedKeyMaterial": b"x" * 256}, **FOREVER)
    refused("IncorrectKeyMaterialException", kms.import_key_material,
            **wrapper(key, os.urandom(16)), **FOREVER)
    clocked.advance("25h")
    refused("ExpiredImportTokenException", kms.import_key_material, **good, **FOREVER)
    assert state(kms, key) == "PendingImport"
