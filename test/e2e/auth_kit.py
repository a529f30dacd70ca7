# SPDX-License-Identifier: Apache-2.0
"""What tests of one service under --auth=on share: a server that checks, its root, users of whom
policies say what they may."""
import itertools

import pytest
from auth_test import SignedServer
from iam_kit import client_of, document

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


def users_of(service):
    """The fixture user(statement, …): a client of a new user who may that and nothing else; and its
    ARN."""
    @pytest.fixture
    def user(weir, root):
        iam = client_of(weir, "iam", root)

        def make(*statements):
            name = f"{service}-user-{next(numbers)}"
            arn = iam.create_user(UserName=name)["User"]["Arn"]
            if statements:
                iam.put_user_policy(UserName=name, PolicyName="p",
                                    PolicyDocument=document(*statements))
            key = iam.create_access_key(UserName=name)["AccessKey"]
            return client_of(weir, service, key), arn
        return make
    return user


def may(call, **more):
    """Whether the call is allowed; it must not fail in another way."""
    try:
        call(**more)
        return True
    except Exception as error:
        assert error.response["Error"]["Code"] == "AccessDeniedException", error
        return False
