# SPDX-License-Identifier: Apache-2.0
"""kill -9 while users sign up, confirm, sign in, change, join groups and are deleted.

What it proves, after every kill: a user is as the last acknowledged step left it, or as the one that
was under way would have, and nothing in between; the names it signs in by lead to it and to nobody
else; groups, the pool's count and codes agree with the users; who was signed in is, with the same
tokens; the password is one of those two; and the pool's keys are still the same.

How: workers are threads with users of their own, which go round a user's life, never retry, and note
what is possible. The kill comes after a random number of acknowledgements.
"""
import os
import random
import threading

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from cognito_kit import OTHER, PASSWORD, Kit, attributes, listed
from weir_server import WeirServer

ROUNDS = max(int(os.environ.get("WEIR_CRASH_ROUNDS", "250")) // 25, 3)
SEED = int(os.environ.get("WEIR_CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
WORKERS = 3
ACKS_MAX = 25


def life(kit, idp, name):
    """What each step does, and what the user then is (None: not there)."""
    pool, client = {"UserPoolId": kit.pool}, {"ClientId": kit.client}
    mail, fresh = f"{name}@example.com", f"{name}@example.org"
    state = {"name": name, "status": "UNCONFIRMED", "email": mail, "verified": "false",
             "groups": [], "password": PASSWORD}
    tokens = {}

    def sign_in():
        tokens.update(idp.initiate_auth(
            AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": mail, "PASSWORD": PASSWORD},
            **client)["AuthenticationResult"])
        return tokens

    yield lambda: idp.sign_up(Username=name, Password=PASSWORD, UserAttributes=listed(email=mail),
                              **client), state
    state = {**state, "status": "CONFIRMED", "verified": "true"}
    yield lambda: idp.confirm_sign_up(Username=name, ConfirmationCode=kit.code(mail), **client), \
        state
    yield sign_in, state
    state = {**state, "groups": ["g"]}
    yield lambda: idp.admin_add_user_to_group(Username=name, GroupName="g", **pool), state
    state = {**state, "password": OTHER}
    yield lambda: idp.change_password(AccessToken=tokens["AccessToken"], PreviousPassword=PASSWORD,
                                      ProposedPassword=OTHER), state
    state = {**state, "email": fresh, "verified": "false"}
    yield lambda: idp.update_user_attributes(AccessToken=tokens["AccessToken"],
                                             UserAttributes=listed(email=fresh)), state
    state = {**state, "verified": "true"}
    yield lambda: idp.verify_user_attribute(AccessToken=tokens["AccessToken"],
                                            AttributeName="email", Code=kit.code(fresh)), state
    yield lambda: idp.admin_delete_user(Username=name, **pool), None


class Worker(threading.Thread):
    """Goes round lives of users called w<number>-<counter> until the server is gone."""

    def __init__(self, kit, number, counter, on_ack):
        super().__init__(daemon=True)
        self.kit, self.idp = kit, kit.weir.client("cognito-idp")
        self.number, self.counter, self.on_ack = number, counter, on_ack
        self.possible, self.tokens, self.wrong = [None], None, None

    def run(self):
        try:
            while True:
                self.counter += 1
                self.tokens = None
                for act, state in life(self.kit, self.idp, f"w{self.number}-{self.counter}"):
                    self.possible = [self.possible[-1], state]
                    answer = act()
                    self.possible = [state]
                    if answer and "RefreshToken" in answer:
                        self.tokens = answer
                    self.on_ack()
        except ClientError as error:
            self.wrong = error
        except (BotoCoreError, OSError):
            pass  # killed, as it should be


def signs_in(kit, name, password):
    try:
        kit.sign_in(name, password)
        return True
    except kit.idp.exceptions.UserNotConfirmedException:
        return True  # which is only told to who knows the password
    except kit.idp.exceptions.NotAuthorizedException:
        return False


def look(kit, name):
    """What a user is."""
    about = kit.about_user(name)
    mine = attributes(about["UserAttributes"])
    groups = kit.idp.admin_list_groups_for_user(UserPoolId=kit.pool, Username=name)["Groups"]
    if mine["email_verified"] == "true":
        assert kit.about_user(mine["email"])["Username"] == name
    else:
        with pytest.raises(ClientError):
            kit.about_user(mine["email"])
    password = OTHER if signs_in(kit, name, OTHER) else PASSWORD
    assert signs_in(kit, name, password)
    return {"name": name, "status": about["UserStatus"], "email": mine["email"],
            "verified": mine["email_verified"], "groups": [g["GroupName"] for g in groups],
            "password": password}


def check(kit, workers):
    users = [look(kit, user["Username"])
             for user in kit.idp.list_users(UserPoolId=kit.pool)["Users"]]
    for worker in workers:
        mine = [u for u in users if u["name"].startswith(f"w{worker.number}-")]
        assert len(mine) <= 1, f"worker {worker.number}: {mine}"
        found = mine[0] if mine else None
        assert found in worker.possible, f"worker {worker.number}: {found}, not of " \
                                         f"{worker.possible}"
        if worker.tokens is not None and found is not None and found in worker.possible[-1:]:
            kit.idp.get_user(AccessToken=worker.tokens["AccessToken"])
            kit.idp.initiate_auth(
                ClientId=kit.client, AuthFlow="REFRESH_TOKEN_AUTH",
                AuthParameters={"REFRESH_TOKEN": worker.tokens["RefreshToken"]})
    members = kit.idp.list_users_in_group(UserPoolId=kit.pool, GroupName="g")["Users"]
    assert {u["Username"] for u in members} == {u["name"] for u in users if u["groups"]}
    pool = kit.idp.describe_user_pool(UserPoolId=kit.pool)["UserPool"]
    assert pool["EstimatedNumberOfUsers"] == len(users)
    for user in users:
        kit.idp.admin_delete_user(UserPoolId=kit.pool, Username=user["name"])
    return len(users)


def one_round(weir, kit, chance, counters):
    enough = threading.Event()
    left = [chance.randint(1, ACKS_MAX)]

    def on_ack():
        left[0] -= 1
        if left[0] <= 0:
            enough.set()

    workers = [Worker(kit, number, counters[number], on_ack) for number in range(WORKERS)]
    for worker in workers:
        worker.start()
    assert enough.wait(120), [worker.wrong for worker in workers]
    weir.kill()
    for worker in workers:
        worker.join(60)
        assert not worker.is_alive()
        assert worker.wrong is None, worker.wrong
        counters[worker.number] = worker.counter
    weir.start()
    kit.idp = weir.client("cognito-idp")
    return check(kit, workers)


def test_users_survive_kills():
    chance = random.Random(SEED)
    print(f"WEIR_CRASH_SEED={SEED}")
    weir = WeirServer()
    try:
        weir.start()
        kit = Kit(weir, weir.client("cognito-idp"), AliasAttributes=["email"],
                  AutoVerifiedAttributes=["email"])
        kit.idp.create_group(UserPoolId=kit.pool, GroupName="g")
        keys = weir.ask("GET", f"/{kit.pool}/.well-known/jwks.json")[2]
        counters = [0] * WORKERS
        seen = sum(one_round(weir, kit, chance, counters) for _ in range(ROUNDS))
        assert seen > 0
        assert weir.ask("GET", f"/{kit.pool}/.well-known/jwks.json")[2] == keys
        assert weir.stop() == 0
        checked = weir.fsck()
        assert checked.returncode == 0, checked.stdout + checked.stderr
    finally:
        weir.close()
