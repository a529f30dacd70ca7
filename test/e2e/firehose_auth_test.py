# SPDX-License-Identifier: Apache-2.0
"""Delivery streams with auth on: who may use them, roles that must be there, trust Firehose and
have leave to write, read and invoke."""
import pytest
from botocore.exceptions import ClientError
from firehose_kit import until
from policy_kit import allow, denied, role
from policy_kit import person, weir  # noqa: F401 (fixtures)

ACCOUNT = "000000000000"
FIREHOSE = {"Service": "firehose.amazonaws.com"}


def arn(name):
    return f"arn:aws:firehose:us-east-1:{ACCOUNT}:deliverystream/{name}"


def destination(role_arn, bucket, **more):
    return {"RoleARN": role_arn, "BucketARN": f"arn:aws:s3:::{bucket}",
            "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0}, **more}


def test_who_may_use_a_stream(weir, person, name):  # noqa: F811
    weir.root("s3").create_bucket(Bucket=f"bucket-{name}")
    writes = role(weir, f"writes-{name}", FIREHOSE, allow("s3:PutObject"))
    firehose = person.client("firehose")
    create = dict(DeliveryStreamName=name,
                  ExtendedS3DestinationConfiguration=destination(writes, f"bucket-{name}"))
    person.may(allow("firehose:CreateDeliveryStream", arn(name)))
    assert "iam:PassRole" in denied(firehose.create_delivery_stream, **create)
    person.may(allow("firehose:*", arn(name)), allow("iam:PassRole", writes))
    firehose.create_delivery_stream(**create)
    firehose.put_record(DeliveryStreamName=name, Record={"Data": b"x"})
    denied(firehose.list_delivery_streams)
    person.may(allow("firehose:PutRecordBatch", arn("other")))
    denied(firehose.put_record_batch, DeliveryStreamName=name, Records=[{"Data": b"x"}])
    found = until(lambda: weir.root("s3").list_objects_v2(Bucket=f"bucket-{name}").get(
        "Contents", []), len)
    assert len(found) == 1


def test_a_role_that_does_not_trust(weir, name):  # noqa: F811
    other = role(weir, f"other-{name}", {"Service": "lambda.amazonaws.com"}, allow("s3:*"))
    for role_arn in (other, f"arn:aws:iam::{ACCOUNT}:role/nobody"):
        with pytest.raises(ClientError) as caught:
            weir.root("firehose").create_delivery_stream(
                DeliveryStreamName=name,
                ExtendedS3DestinationConfiguration=destination(role_arn, "bucket"))
        assert caught.value.response["Error"]["Code"] == "InvalidArgumentException"
        assert "unable to assume role" in caught.value.response["Error"]["Message"]


def test_a_role_without_leave_writes_nothing(weir, name):  # noqa: F811
    s3, firehose, logs = (weir.root(service) for service in ("s3", "firehose", "logs"))
    s3.create_bucket(Bucket=f"bucket-{name}")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s3")
    reads = role(weir, f"reads-{name}", FIREHOSE, allow("s3:GetObject"))
    firehose.create_delivery_stream(
        DeliveryStreamName=name, ExtendedS3DestinationConfiguration=destination(
            reads, f"bucket-{name}", CloudWatchLoggingOptions={
                "Enabled": True, "LogGroupName": name, "LogStreamName": "s3"}))
    firehose.put_record(DeliveryStreamName=name, Record={"Data": b"x"})
    (event, *_) = until(
        lambda: logs.get_log_events(logGroupName=name, logStreamName="s3")["events"], len)
    assert '"errorCode":"S3.AccessDenied"' in event["message"]
    assert "Contents" not in s3.list_objects_v2(Bucket=f"bucket-{name}")
