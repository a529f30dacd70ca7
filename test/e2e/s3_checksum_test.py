# SPDX-License-Identifier: Apache-2.0
"""What proves a body: Content-MD5, checksums in headers and trailers, the signed hash."""
import base64
import hashlib
import zlib

import pytest
from s3_kit import body, make_bucket, refused

CONTENT = b"some content " * 100
KINDS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]


@pytest.fixture(scope="module")
def s3(weir):
    return weir.client("s3")


@pytest.fixture(scope="module")
def bucket(s3):
    return make_bucket(s3)


def b64(raw_bytes):
    return base64.b64encode(raw_bytes).decode()


def crc(content, polynomial, bits):
    """A reflected CRC with all bits set at both ends, as CRC32C and CRC64NVME are."""
    ones = (1 << bits) - 1
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (polynomial if byte & 1 else 0)
        table.append(byte)
    value = ones
    for byte in content:
        value = value >> 8 ^ table[(value ^ byte) & 255]
    return (value ^ ones).to_bytes(bits // 8, "big")


def checksum(kind, content):
    return b64({"CRC32": lambda: zlib.crc32(content).to_bytes(4, "big"),
                "CRC32C": lambda: crc(content, 0x82f63b78, 32),
                "CRC64NVME": lambda: crc(content, 0x9a6c9329ac4bc9b5, 64),
                "SHA1": lambda: hashlib.sha1(content).digest(),
                "SHA256": lambda: hashlib.sha256(content).digest()}[kind]())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [0, 1300, 200_000])
def test_each_kind_is_compared_kept_and_told(s3, bucket, kind, size):
    content = (CONTENT * (size // len(CONTENT) + 1))[:size]
    wanted = {f"Checksum{kind}": checksum(kind, content)}
    put = s3.put_object(Bucket=bucket, Key="sum", Body=content, **wanted)
    assert put["ChecksumType"] == "FULL_OBJECT" and wanted.items() <= put.items()
    head = s3.head_object(Bucket=bucket, Key="sum", ChecksumMode="ENABLED")
    assert head[f"Checksum{kind}"] == put[f"Checksum{kind}"]
    assert f"Checksum{kind}" not in s3.head_object(Bucket=bucket, Key="sum")
    assert body(s3.get_object(Bucket=bucket, Key="sum", ChecksumMode="ENABLED")) == content
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="sum")["Contents"][0]
    assert listed["ChecksumAlgorithm"] == [kind]


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_sum_is_refused(s3, bucket, kind):
    refused("BadDigest", 400, s3.put_object, Bucket=bucket, Key="wrong", Body=CONTENT + b"!",
            **{f"Checksum{kind}": checksum(kind, CONTENT)})
    refused("InvalidRequest", 400, s3.put_object, Bucket=bucket, Key="wrong", Body=CONTENT,
            **{f"Checksum{kind}": "short"})
    refused("404", 404, s3.head_object, Bucket=bucket, Key="wrong")


def test_one_checksum_at_a_time(s3, bucket):
    refused("InvalidRequest", 400, s3.put_object, Bucket=bucket, Key="two", Body=b"x",
            ChecksumCRC32="AAAAAA==", ChecksumSHA1="AAAAAAAAAAAAAAAAAAAAAAAAAAA=")


def test_content_md5(s3, bucket):
    right = b64(hashlib.md5(CONTENT).digest())
    s3.put_object(Bucket=bucket, Key="md5", Body=CONTENT, ContentMD5=right)
    refused("BadDigest", 400, s3.put_object, Bucket=bucket, Key="md5", Body=CONTENT + b"!",
            ContentMD5=right)
    refused("InvalidDigest", 400, s3.put_object, Bucket=bucket, Key="md5", Body=CONTENT,
            ContentMD5="not base64")


def test_what_nobody_asked_for_is_crc64nvme(weir, bucket):
    quiet = weir.client("s3", request_checksum_calculation="when_required")
    put = quiet.put_object(Bucket=bucket, Key="default", Body=b"123456789")
    assert put["ChecksumCRC64NVME"] == "rosUhgp5mIg="  # its published check value
    assert put["ChecksumType"] == "FULL_OBJECT"


def test_kinds_that_weir_does_not_compute_say_so(s3, bucket):
    refused("NotImplemented", 501, s3.put_object, Bucket=bucket, Key="x", Body=b"x",
            ChecksumXXHASH64="AAAAAAAAAAA=")


def test_a_wrong_md5_is_told_with_both(s3, bucket):
    sent = hashlib.md5(CONTENT)
    wrong = refused("BadDigest", 400, s3.put_object, Bucket=bucket, Key="md5", Body=b"other",
                    ContentMD5=b64(sent.digest()))["Error"]
    assert wrong["ExpectedDigest"] == sent.hexdigest()
    assert wrong["CalculatedDigest"] == b64(hashlib.md5(b"other").digest())
