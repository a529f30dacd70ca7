# SPDX-License-Identifier: Apache-2.0
"""What the tests of KMS share: keys of every kind, and OpenSSL's command line, which knows nothing
of weir and says whether what it made is what it is called."""
import shutil
import subprocess

import pytest
from iam_kit import refused  # noqa: F401

OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")
ARN = "arn:aws:kms:us-east-1:111122223333:"
SIGNING = {"RSA_2048": [f"RSASSA_{pad}_SHA_{bits}" for pad in ("PKCS1_V1_5", "PSS")
                        for bits in (256, 384, 512)],
           "ECC_NIST_P256": ["ECDSA_SHA_256"], "ECC_NIST_P384": ["ECDSA_SHA_384"],
           "ECC_NIST_P521": ["ECDSA_SHA_512"], "ECC_SECG_P256K1": ["ECDSA_SHA_256"]}


def openssl(*words, data=b"", code=0):
    done = subprocess.run([OPENSSL, *[str(word) for word in words]], input=data,
                          capture_output=True, timeout=60, check=False)
    assert done.returncode == code, (words, done.stdout, done.stderr)
    return done.stdout


def make(kms, spec="SYMMETRIC_DEFAULT", usage=None, **more):
    """A new key's metadata."""
    usage = {"KeyUsage": usage} if usage else {}
    return kms.create_key(KeySpec=spec, **usage, **more)["KeyMetadata"]


def state(kms, key):
    return kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
