# SPDX-License-Identifier: Apache-2.0
"""What tests of Firehose share: streams into buckets, and what has landed there."""
import time

from weir_server import ACCOUNT, REGION

ROLE = f"arn:aws:iam::{ACCOUNT}:role/firehose"


def stream_arn(name):
    return f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/{name}"


def until(look, wanted, seconds=10):
    """Looks until what it sees is wanted; gives what it saw last."""
    end = time.monotonic() + seconds
    seen = look()
    while not wanted(seen) and time.monotonic() < end:
        time.sleep(0.02)
        seen = look()
    return seen


class Kit:
    """A server, its clients, and one bucket."""

    def __init__(self, weir, bucket):
        self.weir = weir
        self.bucket = bucket
        self.firehose = weir.client("firehose")
        self.s3 = weir.client("s3")
        self.s3.create_bucket(Bucket=bucket)

    def destination(self, seconds=60, size=1, **more):
        return {"RoleARN": ROLE, "BucketARN": f"arn:aws:s3:::{self.bucket}",
                "BufferingHints": {"SizeInMBs": size, "IntervalInSeconds": seconds}, **more}

    def create(self, name, seconds=60, size=1, stream=None, **more):
        """A delivery stream into the bucket; stream: more of CreateDeliveryStream."""
        return self.firehose.create_delivery_stream(
            DeliveryStreamName=name, **(stream or {}),
            ExtendedS3DestinationConfiguration=self.destination(seconds, size, **more))

    def put(self, name, *records):
        answer = self.firehose.put_record_batch(
            DeliveryStreamName=name,
            Records=[{"Data": r if isinstance(r, bytes) else r.encode()} for r in records])
        assert answer["FailedPutCount"] == 0
        return answer

    def objects(self, count=1, prefix="", bucket=None, seconds=10):
        """{key: content} once there are so many."""
        bucket = bucket or self.bucket

        def look():
            return self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])

        found = until(look, lambda seen: len(seen) >= count, seconds)
        return {o["Key"]: self.s3.get_object(Bucket=bucket, Key=o["Key"])["Body"].read()
                for o in found}

    def landed(self, count=1, prefix="", advance="60s"):
        """The same while time goes by: what is processed waits a second time."""
        def look():
            self.weir.advance(advance)
            return self.objects(count, prefix, seconds=0.3)

        return until(look, lambda seen: len(seen) >= count, 30)


def processors(*items):
    """ProcessingConfiguration: each a type, or (type, {parameter: value})."""
    listed = [i if isinstance(i, tuple) else (i, {}) for i in items]
    return {"Enabled": True, "Processors": [
        {"Type": kind, "Parameters": [{"ParameterName": n, "ParameterValue": v}
                                      for n, v in parameters.items()]}
        for kind, parameters in listed]}
