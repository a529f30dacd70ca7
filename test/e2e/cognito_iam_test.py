# SPDX-License-Identifier: Apache-2.0
"""--auth=on: developers may what policies allow on a pool; apps come unsigned, whoever they are."""
import itertools

import boto3
import botocore
import pytest
from auth_test import SignedServer
from botocore.config import Config
from cognito_kit import OTHER, PASSWORD, Kit
from iam_kit import allow, client_of, document
from weir_server import REGION

numbers = itertools.count(1)


@pytest.fixture(scope="module")
def weir():
    server = SignedServer("--auth", "on").start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def root(weir):
    key, secret = weir.key
    return {"AccessKeyId": key, "SecretAccessKey": secret}


@pytest.fixture(scope="module")
def kit(weir, root):
    return Kit(weir, client_of(weir, "cognito-idp", root))


@pytest.fixture
def user(weir, root):
    """user(statement, …): a client of a new user who may that and nothing else."""
    iam = client_of(weir, "iam", root)

    def make(*statements):
        name = f"pools-user-{next(numbers)}"
        iam.create_user(UserName=name)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(*statements))
        return client_of(weir, "cognito-idp", iam.create_access_key(UserName=name)["AccessKey"])
    return make


def refused(call, **more):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**more)
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException", caught.value
    return caught.value.response["Error"]["Message"]


def test_pool_is_the_resource(kit, user):
    other = kit.idp.create_user_pool(PoolName="other")["UserPool"]
    client = user(allow("cognito-idp:AdminCreateUser", kit.about["Arn"]),
                  allow("cognito-idp:ListUserPools"))
    client.admin_create_user(UserPoolId=kit.pool, Username="made")
    client.list_user_pools(MaxResults=1)
    assert other["Arn"] in refused(client.admin_create_user, UserPoolId=other["Id"], Username="x")
    refused(client.admin_delete_user, UserPoolId=kit.pool, Username="made")
    refused(client.create_user_pool, PoolName="x")
    refused(user().list_users, UserPoolId=kit.pool)


def test_apps_come_unsigned(weir, kit, user):
    bare = boto3.client("cognito-idp", endpoint_url=weir.url, region_name=REGION,
                        config=Config(signature_version=botocore.UNSIGNED))
    bare.sign_up(ClientId=kit.client, Username="app", Password=PASSWORD)
    kit.idp.admin_confirm_sign_up(UserPoolId=kit.pool, Username="app")
    names = {"USERNAME": "app", "PASSWORD": PASSWORD}
    token = bare.initiate_auth(ClientId=kit.client, AuthFlow="USER_PASSWORD_AUTH",
                               AuthParameters=names)["AuthenticationResult"]["AccessToken"]
    bare.change_password(AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword=OTHER)
    assert user().get_user(AccessToken=token)["Username"] == "app"  # a signature changes nothing
    with pytest.raises(botocore.exceptions.ClientError):
        bare.list_users(UserPoolId=kit.pool)
