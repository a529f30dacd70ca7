# SPDX-License-Identifier: Apache-2.0
"""What the tests of user pools share: pools with clients and users, codes from the outbox, one-time
passwords, and SRP as a client calculates it."""
import base64
import binascii
import datetime
import hashlib
import hmac
import json
import os
import re
import struct

PASSWORD = "Passw0rd!"
OTHER = "N3w-Passw0rd"
PRIME = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E34"
    "04DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6"
    "F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A6916"
    "3FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C"
    "32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA95"
    "6AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA7157"
    "5D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D876"
    "02733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E"
    "4B82D120A93AD2CAFFFFFFFFFFFFFFFF", 16)
ALL_FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH",
             "ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_AUTH"]


def pad(number):
    digits = number if isinstance(number, str) else "%x" % number
    if len(digits) % 2:
        return "0" + digits
    return "00" + digits if digits[0] in "89abcdefABCDEF" else digits


def hashed(data):
    return hashlib.sha256(data).hexdigest()


class Srp:
    """One sign-in of a client: A, then the claim for what the challenge says."""

    def __init__(self, pool):
        self.pool = pool.split("_")[1]
        self.a = int(binascii.hexlify(os.urandom(64)), 16)
        self.public = "%x" % pow(2, self.a, PRIME)

    def answer(self, challenge, password):
        user = challenge["USER_ID_FOR_SRP"]
        b = int(challenge["SRP_B"], 16)
        k = int(hashed(bytes.fromhex("00%x02" % PRIME)), 16)
        u = int(hashed(bytes.fromhex(pad(self.public) + pad(b))), 16)
        inner = hashed(f"{self.pool}{user}:{password}".encode())
        x = int(hashed(bytes.fromhex(pad(challenge["SALT"].lstrip("0") or "0") + inner)), 16)
        s = pow((b - k * pow(2, x, PRIME)) % PRIME, self.a + u * x, PRIME)
        key = hmac.new(bytes.fromhex(pad(u)), bytes.fromhex(pad(s)), hashlib.sha256).digest()
        key = hmac.new(key, b"Caldera Derived Key\x01", hashlib.sha256).digest()[:16]
        now = datetime.datetime.now(datetime.timezone.utc)
        stamp = re.sub(r" 0(\d) ", r" \1 ", now.strftime("%a %b %d %H:%M:%S UTC %Y"))
        claimed = (self.pool + user).encode() + base64.b64decode(challenge["SECRET_BLOCK"])
        claim = hmac.new(key, claimed + stamp.encode(), hashlib.sha256).digest()
        return {"USERNAME": user, "TIMESTAMP": stamp,
                "PASSWORD_CLAIM_SECRET_BLOCK": challenge["SECRET_BLOCK"],
                "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(claim).decode()}


def totp(secret, moment_s):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    made = hmac.new(key, struct.pack(">Q", int(moment_s) // 30), hashlib.sha1).digest()
    at = made[-1] & 15
    return "%06d" % ((struct.unpack(">I", made[at:at + 4])[0] & 0x7fffffff) % 1000000)


def secret_hash(client, secret, username):
    made = hmac.new(secret.encode(), (username + client).encode(), hashlib.sha256).digest()
    return base64.b64encode(made).decode()


def claims(token):
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def attributes(listed):
    return {one["Name"]: one["Value"] for one in listed}


def listed(**more):
    return [{"Name": name.replace("__", ":"), "Value": value} for name, value in more.items()]


class Kit:
    """A pool with one client, and what its users do."""

    def __init__(self, weir, idp, client=None, **pool):
        self.weir, self.idp = weir, idp
        self.about = idp.create_user_pool(PoolName="pool", **pool)["UserPool"]
        self.pool = self.about["Id"]
        made = idp.create_user_pool_client(UserPoolId=self.pool, ClientName="app",
                                           **{"ExplicitAuthFlows": ALL_FLOWS, **(client or {})})
        self.client = made["UserPoolClient"]["ClientId"]
        self.secret = made["UserPoolClient"].get("ClientSecret")

    def messages(self, to):
        """What was sent there, the newest last."""
        kept = json.loads(self.weir.ask("GET", "/_weir/outbox")[2])
        return [one for one in reversed(kept["messages"]) if one["to"] == to]

    def code(self, to):
        return re.search(r"\b\d{6}\b", self.messages(to)[-1]["body"]).group()

    def user(self, name, /, password=PASSWORD, **more):
        """One who is confirmed."""
        self.idp.admin_create_user(UserPoolId=self.pool, Username=name, MessageAction="SUPPRESS",
                                   UserAttributes=listed(**more))
        self.idp.admin_set_user_password(UserPoolId=self.pool, Username=name, Password=password,
                                         Permanent=True)
        return self.about_user(name)

    def about_user(self, name):
        return self.idp.admin_get_user(UserPoolId=self.pool, Username=name)

    def sign_up(self, name, /, password=PASSWORD, metadata=None, **more):
        return self.idp.sign_up(ClientId=self.client, Username=name, Password=password,
                                UserAttributes=listed(**more), ClientMetadata=metadata or {})

    def sign_in(self, name, password=PASSWORD, flow="USER_PASSWORD_AUTH", **more):
        return self.idp.initiate_auth(
            ClientId=self.client, AuthFlow=flow,
            AuthParameters={"USERNAME": name, "PASSWORD": password, **more})

    def tokens(self, name, password=PASSWORD):
        return self.sign_in(name, password)["AuthenticationResult"]

    def access(self, name, password=PASSWORD):
        return self.tokens(name, password)["AccessToken"]

    def respond(self, challenge, answer, **more):
        about = {"ClientId": self.client, "ChallengeName": challenge["ChallengeName"],
                 "ChallengeResponses": answer, **more}
        if "Session" in challenge:
            about["Session"] = challenge["Session"]
        return self.idp.respond_to_auth_challenge(**about)
