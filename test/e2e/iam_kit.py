# SPDX-License-Identifier: Apache-2.0
"""What the tests of IAM and STS share: documents, refusals, clients with real credentials."""
import json

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from weir_server import ACCOUNT, REGION

IAM = f"arn:aws:iam::{ACCOUNT}:"
AWS = "arn:aws:iam::aws:policy/"
BASIC = AWS + "service-role/AWSLambdaBasicExecutionRole"


def document(*statements, version="2012-10-17"):
    return json.dumps({"Version": version, "Statement": list(statements)})


def allow(action="s3:GetObject", resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action, resource="*", **more):
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def trust(principal=None, action="sts:AssumeRole", **more):
    return document({"Effect": "Allow", "Principal": principal or
                     {"Service": "lambda.amazonaws.com"}, "Action": action, **more})


def refused(code, call, status=400, **more):
    """The call must fail with that code and HTTP status; gives the message."""
    with pytest.raises(ClientError) as caught:
        call(**more)
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    return error["Message"]


def pages(client, operation, member, size=2, **more):
    """A list's pieces, by the SDK's paginator."""
    paginator = client.get_paginator(operation)
    return [page[member] for page in
            paginator.paginate(PaginationConfig={"PageSize": size}, **more)]


def client_of(weir, service, credentials, region=REGION):
    """A client with these credentials, as CreateAccessKey or STS gave them."""
    return boto3.client(
        service, endpoint_url=weir.url, region_name=region,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials.get("SessionToken"),
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False,
                      connect_timeout=5, read_timeout=60))


@pytest.fixture(scope="module")
def iam(weir):
    return weir.client("iam")


@pytest.fixture(scope="module")
def sts(weir):
    return weir.client("sts")
