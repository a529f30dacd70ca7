# SPDX-License-Identifier: Apache-2.0
"""KMS by the AWS CLI, as people type it; and, where it is installed, client-side envelope encryption
by the AWS Encryption SDK, and public keys and signatures as the package cryptography sees them."""
import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
from kms_kit import make

AWS = Path(sys.executable).with_name("aws")
needs_aws = pytest.mark.skipif(not AWS.exists(), reason="the AWS CLI is not installed")


@pytest.fixture
def aws(weir, tmp_path):
    """Runs a command of it; its answer, read."""
    def run(*words):
        done = subprocess.run([str(AWS), "kms", *words, "--output", "json"], capture_output=True,
                              text=True, env=weir.environment(), timeout=60, check=False,
                              cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None
    return run


@needs_aws
def test_a_file_goes_there_and_back(aws, tmp_path):
    key = aws("create-key", "--description", "by the CLI")["KeyMetadata"]
    aws("create-alias", "--alias-name", "alias/cli", "--target-key-id", key["KeyId"])
    (tmp_path / "plain").write_bytes(b"what nobody may read")
    sealed = aws("encrypt", "--key-id", "alias/cli", "--plaintext", "fileb://plain",
                 "--encryption-context", "app=cli,team=blue")
    (tmp_path / "sealed").write_bytes(base64.b64decode(sealed["CiphertextBlob"]))
    opened = aws("decrypt", "--ciphertext-blob", "fileb://sealed", "--encryption-context",
                 "team=blue,app=cli")
    assert base64.b64decode(opened["Plaintext"]) == b"what nobody may read"
    aws("enable-key-rotation", "--key-id", key["KeyId"])
    assert aws("get-key-rotation-status", "--key-id", key["KeyId"])["KeyRotationEnabled"] is True
    assert aws("list-aliases", "--key-id", key["KeyId"])["Aliases"][0]["AliasName"] == "alias/cli"
    aws("schedule-key-deletion", "--key-id", key["KeyId"], "--pending-window-in-days", "7")


@needs_aws
def test_a_file_is_signed(aws, tmp_path):
    key = aws("create-key", "--key-spec", "ECC_NIST_P256", "--key-usage",
              "SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    (tmp_path / "message").write_bytes(b"what I said")
    signed = aws("sign", "--key-id", key, "--message", "fileb://message", "--message-type", "RAW",
                 "--signing-algorithm", "ECDSA_SHA_256")
    (tmp_path / "signature").write_bytes(base64.b64decode(signed["Signature"]))
    assert aws("verify", "--key-id", key, "--message", "fileb://message", "--signature",
               "fileb://signature", "--signing-algorithm",
               "ECDSA_SHA_256")["SignatureValid"] is True


def test_the_encryption_sdk_wraps_and_unwraps(weir):
    """Envelope encryption on the client: data keys of a key here, several of them, and a context."""
    sdk = pytest.importorskip("aws_encryption_sdk")
    from botocore.session import Session

    class Provider(sdk.StrictAwsKmsMasterKeyProvider):
        """Asks this server, whatever Region an ARN names."""

        def add_regional_client(self, region_name):
            self._regional_clients[region_name] = weir.client("kms", region=region_name)

    kms = weir.client("kms")
    keys = [make(kms)["Arn"] for _ in range(2)]
    client = sdk.EncryptionSDKClient(
        commitment_policy=sdk.CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
    session = Session()
    session.set_credentials("111122223333", "secret")
    text = b"a long text " * 20000
    sealed, _ = client.encrypt(
        source=text, encryption_context={"app": "weir"},
        key_provider=Provider(key_ids=keys, botocore_session=session))
    kms.disable_key(KeyId=keys[0])  # the other one opens it
    opened, header = client.decrypt(
        source=sealed, key_provider=Provider(key_ids=keys[1:], botocore_session=session))
    assert opened == text and header.encryption_context["app"] == "weir"


def test_the_package_cryptography_reads_keys_and_signatures(weir):
    hashes = pytest.importorskip("cryptography.hazmat.primitives.hashes")
    from cryptography.hazmat.primitives.asymmetric import ec, padding
    from cryptography.hazmat.primitives.serialization import load_der_public_key
    kms = weir.client("kms")
    rsa = make(kms, "RSA_2048", "SIGN_VERIFY")["KeyId"]
    public = load_der_public_key(kms.get_public_key(KeyId=rsa)["PublicKey"])
    for name, pad in (("PSS", padding.PSS(padding.MGF1(hashes.SHA256()), 32)),
                      ("PKCS1_V1_5", padding.PKCS1v15())):
        public.verify(kms.sign(KeyId=rsa, Message=b"m", SigningAlgorithm=f"RSASSA_{name}_SHA_256")[
            "Signature"], b"m", pad, hashes.SHA256())
    curve = make(kms, "ECC_SECG_P256K1", "SIGN_VERIFY")["KeyId"]
    public = load_der_public_key(kms.get_public_key(KeyId=curve)["PublicKey"])
    assert public.curve.name == "secp256k1"
    public.verify(kms.sign(KeyId=curve, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")[
        "Signature"], b"m", ec.ECDSA(hashes.SHA256()))
