# SPDX-License-Identifier: Apache-2.0
"""Signatures, MACs, public keys and shared secrets: what was made here OpenSSL's command line takes
for what it is called, and the other way round."""
import hashlib

import pytest
from kms_kit import SIGNING, make, needs_openssl, openssl, refused

BITS = {f"_{bits}": f"sha{bits}" for bits in (256, 384, 512)}
MACS = {"HMAC_224": "sha224", "HMAC_256": "sha256", "HMAC_384": "sha384", "HMAC_512": "sha512"}


@pytest.fixture(scope="module")
def kms(weir):
    return weir.client("kms")


@pytest.fixture(scope="module")
def keys(kms):
    """Of every spec that signs; the large RSA ones too."""
    return {spec: make(kms, spec, "SIGN_VERIFY")
            for spec in [*SIGNING, "RSA_3072", "RSA_4096"]}


def digest_of(algorithm):
    return BITS[algorithm[-4:]]


def options(algorithm):
    if "PSS" not in algorithm:
        return []
    return ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest",
            "-sigopt", f"rsa_mgf1_md:{digest_of(algorithm)}"]


@needs_openssl
@pytest.mark.parametrize("spec, algorithm", [(spec, algorithm) for spec in SIGNING
                                             for algorithm in SIGNING[spec]])
def test_a_signature_is_what_openssl_says(kms, keys, tmp_path, spec, algorithm):
    key = keys[spec]["KeyId"]
    message = b"a message to sign"
    told = kms.get_public_key(KeyId=key)
    assert told["KeySpec"] == told["CustomerMasterKeySpec"] == spec
    assert told["KeyUsage"] == "SIGN_VERIFY" and told["SigningAlgorithms"] == SIGNING[spec]
    (tmp_path / "der").write_bytes(told["PublicKey"])
    openssl("pkey", "-pubin", "-inform", "DER", "-in", tmp_path / "der", "-out", tmp_path / "pem")
    digest = hashlib.new(digest_of(algorithm), message).digest()
    for more in ({"Message": message}, {"Message": digest, "MessageType": "DIGEST"}):
        signed = kms.sign(KeyId=key, SigningAlgorithm=algorithm, **more)
        assert signed["KeyId"] == keys[spec]["Arn"] and signed["SigningAlgorithm"] == algorithm
        (tmp_path / "signature").write_bytes(signed["Signature"])
        assert b"Verified OK" in openssl(
            "dgst", f"-{digest_of(algorithm)}", *options(algorithm), "-verify", tmp_path / "pem",
            "-signature", tmp_path / "signature", data=message)
        for way in ({"Message": message}, {"Message": digest, "MessageType": "DIGEST"}):
            assert kms.verify(KeyId=key, SigningAlgorithm=algorithm,
                              Signature=signed["Signature"], **way)["SignatureValid"] is True


@pytest.mark.parametrize("spec", ["RSA_3072", "RSA_4096"])
def test_large_keys_sign(kms, keys, spec):
    signed = kms.sign(KeyId=keys[spec]["KeyId"], Message=b"m",
                      SigningAlgorithm="RSASSA_PSS_SHA_512")["Signature"]
    assert len(signed) == int(spec[4:]) // 8
    kms.verify(KeyId=keys[spec]["KeyId"], Message=b"m", Signature=signed,
               SigningAlgorithm="RSASSA_PSS_SHA_512")


def test_a_wrong_signature_is_no_answer_but_an_error(kms, keys):
    key = keys["ECC_NIST_P256"]["KeyId"]
    signed = kms.sign(KeyId=key, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")["Signature"]
    broken = signed[:-1] + bytes([signed[-1] ^ 1])
    for more in ({"Message": b"n", "Signature": signed}, {"Message": b"m", "Signature": broken},
                 {"Message": b"m", "Signature": b"x"}, {"Message": b"m", "Signature": signed + b"x"}):
        assert refused("KMSInvalidSignatureException", kms.verify, KeyId=key,
                       SigningAlgorithm="ECDSA_SHA_256", **more) == ""


def test_what_does_not_fit_a_signature(kms, keys):
    key = keys["RSA_2048"]
    symmetric = make(kms)
    assert refused("ValidationException", kms.sign, KeyId=key["KeyId"], Message=b"short",
                   MessageType="DIGEST", SigningAlgorithm="RSASSA_PSS_SHA_256") == \
        "Digest is invalid length for algorithm RSASSA_PSS_SHA_256."
    assert refused("InvalidKeyUsageException", kms.sign, KeyId=keys["ECC_NIST_P384"]["KeyId"],
                   Message=b"m", SigningAlgorithm="RSASSA_PSS_SHA_256") == \
        "Algorithm RSASSA_PSS_SHA_256 is incompatible with key spec ECC_NIST_P384."
    refused("InvalidKeyUsageException", kms.sign, KeyId=keys["ECC_NIST_P384"]["KeyId"],
            Message=b"m", SigningAlgorithm="ECDSA_SHA_256")
    assert refused("InvalidKeyUsageException", kms.sign, KeyId=symmetric["KeyId"], Message=b"m",
                   SigningAlgorithm="ECDSA_SHA_256") == (
        symmetric["Arn"] + " key usage is ENCRYPT_DECRYPT which is not valid for Sign.")
    refused("ValidationException", kms.sign, KeyId=key["KeyId"], Message=b"m" * 4097,
            SigningAlgorithm="RSASSA_PSS_SHA_256")
    refused("DryRunOperationException", kms.sign, KeyId=key["KeyId"], Message=b"m", DryRun=True,
            SigningAlgorithm="RSASSA_PSS_SHA_256")
    refused("UnsupportedOperationException", kms.get_public_key, KeyId=symmetric["KeyId"])


@pytest.mark.parametrize("spec", MACS)
def test_macs(kms, spec):
    key = make(kms, spec, "GENERATE_VERIFY_MAC")
    algorithm = spec.replace("HMAC_", "HMAC_SHA_")
    made = kms.generate_mac(KeyId=key["KeyId"], Message=b"m", MacAlgorithm=algorithm)
    assert len(made["Mac"]) == int(spec[5:]) // 8 and made["MacAlgorithm"] == algorithm
    assert kms.generate_mac(KeyId=key["KeyId"], Message=b"m",
                            MacAlgorithm=algorithm)["Mac"] == made["Mac"]
    assert kms.verify_mac(KeyId=key["KeyId"], Message=b"m", Mac=made["Mac"],
                          MacAlgorithm=algorithm)["MacValid"] is True
    for more in ({"Message": b"n", "Mac": made["Mac"]}, {"Message": b"m", "Mac": made["Mac"][:-1]},
                 {"Message": b"m", "Mac": b"x" * len(made["Mac"])}):
        assert refused("KMSInvalidMacException", kms.verify_mac, KeyId=key["KeyId"],
                       MacAlgorithm=algorithm, **more) == ""
    other = "HMAC_SHA_256" if spec != "HMAC_256" else "HMAC_SHA_512"
    refused("InvalidKeyUsageException", kms.generate_mac, KeyId=key["KeyId"], Message=b"m",
            MacAlgorithm=other)


@needs_openssl
@pytest.mark.parametrize("spec, curve", [("ECC_NIST_P256", "P-256"), ("ECC_NIST_P384", "P-384"),
                                         ("ECC_NIST_P521", "P-521")])
def test_two_sides_share_a_secret(kms, tmp_path, spec, curve):
    key = make(kms, spec, "KEY_AGREEMENT")
    mine, theirs, public = tmp_path / "mine", tmp_path / "theirs", tmp_path / "public"
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}", "-out", mine)
    peer = openssl("pkey", "-in", mine, "-pubout", "-outform", "DER")
    told = kms.derive_shared_secret(KeyId=key["KeyId"], KeyAgreementAlgorithm="ECDH",
                                    PublicKey=peer)
    theirs.write_bytes(kms.get_public_key(KeyId=key["KeyId"])["PublicKey"])
    openssl("pkey", "-pubin", "-inform", "DER", "-in", theirs, "-out", public)
    assert told["SharedSecret"] == openssl("pkeyutl", "-derive", "-inkey", mine, "-peerkey",
                                           public)
    assert told["KeyId"] == key["Arn"] and told["KeyOrigin"] == "AWS_KMS"
    for wrong in (b"no key", peer[:-1], peer + b"x",
                  kms.get_public_key(KeyId=make(kms, "ECC_SECG_P256K1", "SIGN_VERIFY")["KeyId"])[
                      "PublicKey"]):
        refused("ValidationException", kms.derive_shared_secret, KeyId=key["KeyId"],
                KeyAgreementAlgorithm="ECDH", PublicKey=wrong)
