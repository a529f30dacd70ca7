# SPDX-License-Identifier: Apache-2.0
"""kill -9 while users sign in, refresh with rotation, sign out and revoke.

What it proves, after every kill: the newest refresh token that was acknowledged works, the ones
before it do not; what was revoked or signed out stays so; an authorization code that was taken is
taken. An answer that never came may have happened, or not: then either token is the newest.

How: each writer has a user, signs in, and goes on from refresh token to refresh token; it never
retries, and notes what was sent and what was acknowledged. The kill comes after a random number of
acknowledgements.

WEIR_CRASH_ROUNDS sets the number of rounds (a twentieth of it), WEIR_CRASH_SEED repeats its choices.
"""
import os
import random
import threading

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from cognito_oauth_kit import BACK, PASSWORD, Web, make
from weir_server import WeirServer

ROUNDS = max(int(os.environ.get("WEIR_CRASH_ROUNDS", "250")) // 20, 2)
SEED = int(os.environ.get("WEIR_CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
WRITERS = 2
ACKS_MAX = 25


class Writer(threading.Thread):
    """Refreshes until the server is gone."""

    def __init__(self, idp, pool, number, chance, on_ack):
        super().__init__(daemon=True)
        self.idp, self.pool, self.user, self.chance = idp, pool, f"user{number}", chance
        self.on_ack, self.wrong = on_ack, None
        self.newest = self.sent = None   # a refresh token; the one that is on its way
        self.access, self.old, self.ended = None, [], []

    def run(self):
        try:
            while True:
                self.step()
                self.on_ack()
        except ClientError as error:
            self.wrong = error
        except (BotoCoreError, OSError):
            pass  # killed, as it should be

    def step(self):
        if self.newest is None:
            self.sent = "sign in"
            self.take(self.idp.initiate_auth(
                ClientId=self.pool.client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={
                    "USERNAME": self.user, "PASSWORD": PASSWORD}))
        elif self.chance.random() < 0.25:
            self.sent = "end"
            if self.chance.random() < 0.5:
                self.idp.revoke_token(ClientId=self.pool.client, Token=self.newest)
            else:
                self.idp.admin_user_global_sign_out(UserPoolId=self.pool.pool, Username=self.user)
            self.ended.append((self.newest, self.access))
            self.newest = None
        else:
            self.sent = "refresh"
            self.take(self.idp.get_tokens_from_refresh_token(ClientId=self.pool.client,
                                                             RefreshToken=self.newest))
        self.sent = None

    def take(self, answer):
        result = answer["AuthenticationResult"]
        if self.newest is not None:
            self.old.append(self.newest)
        self.newest, self.access = result["RefreshToken"], result["AccessToken"]


def refused(idp, pool, token):
    try:
        idp.get_tokens_from_refresh_token(ClientId=pool.client, RefreshToken=token)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def look(idp, pool, writer):
    for token in writer.old[-5:]:
        assert refused(idp, pool, token) in ("RefreshTokenReuseException",
                                             "NotAuthorizedException")
    for token, access in writer.ended[-5:]:
        assert refused(idp, pool, token) in ("RefreshTokenReuseException",
                                             "NotAuthorizedException")
        with pytest.raises(idp.exceptions.NotAuthorizedException):
            idp.get_user(AccessToken=access)
    if writer.newest is not None and writer.sent in (None, "sign in"):
        assert refused(idp, pool, writer.newest) is None, "an acknowledged token is lost"
    elif writer.newest is not None:
        assert refused(idp, pool, writer.newest) in (
            None, "RefreshTokenReuseException", "NotAuthorizedException")


@pytest.fixture
def weir():
    server = WeirServer()
    yield server
    server.close()


def test_tokens_that_were_given_last_and_ended_ones_stay_ended(weir):
    chance = random.Random(SEED)
    weir.start()
    idp = weir.client("cognito-idp")
    pool = make(idp, "crash", client={
        "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"],
        "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}})
    for number in range(WRITERS):
        idp.admin_create_user(UserPoolId=pool.pool, Username=f"user{number}",
                              MessageAction="SUPPRESS")
        idp.admin_set_user_password(UserPoolId=pool.pool, Username=f"user{number}",
                                    Password=PASSWORD, Permanent=True)
    for turn in range(ROUNDS):
        web = Web(weir, pool)
        code = web.code()
        assert web.token(grant_type="authorization_code", code=code, redirect_uri=BACK)[0] == 200
        countdown = threading.Semaphore(0)
        writers = [Writer(idp, pool, i, random.Random(f"{SEED}/{turn}/{i}"), countdown.release)
                   for i in range(WRITERS)]
        for writer in writers:
            writer.start()
        for _ in range(chance.randrange(1, ACKS_MAX)):
            assert countdown.acquire(timeout=120), [w.wrong for w in writers]
        weir.restart(hard=True)
        idp = weir.client("cognito-idp")
        for writer in writers:
            writer.join(60)
            assert not writer.is_alive() and writer.wrong is None, (SEED, writer.wrong)
            look(idp, pool, writer)
        assert Web(weir, pool).token(grant_type="authorization_code", code=code,
                                     redirect_uri=BACK) == (400, {"error": "invalid_grant"}), SEED
