# SPDX-License-Identifier: Apache-2.0
"""Signing in: SRP as a client calculates it, refresh tokens, second factors by software token, SMS and
e-mail, choice, locks, and what is refused."""
import datetime

import pytest
from cognito_kit import OTHER, PASSWORD, Kit, Srp, claims, secret_hash, totp

INCORRECT = "Incorrect username or password."


@pytest.fixture(scope="module")
def idp(weir):
    return weir.client("cognito-idp")


@pytest.fixture(scope="module")
def kit(weir, idp):
    return Kit(weir, idp)


@pytest.fixture(scope="module")
def slow(clocked):
    """A pool whose clock stands, with software tokens."""
    kit = Kit(clocked, clocked.client("cognito-idp"))
    kit.idp.set_user_pool_mfa_config(UserPoolId=kit.pool, MfaConfiguration="OPTIONAL",
                                     SoftwareTokenMfaConfiguration={"Enabled": True})
    return kit


def now_s(server):
    return datetime.datetime.fromisoformat(server.now().replace("Z", "+00:00")).timestamp()


def srp_challenge(kit, name, srp, **more):
    return kit.idp.initiate_auth(ClientId=kit.client, AuthFlow="USER_SRP_AUTH", AuthParameters={
        "USERNAME": name, "SRP_A": srp.public, **more})


def test_srp_proves_the_password(kit, name, refused):
    kit.user(name)
    for _ in range(4):  # salts, B and u that begin with any bit
        srp = Srp(kit.pool)
        challenge = srp_challenge(kit, name, srp)
        assert challenge["ChallengeName"] == "PASSWORD_VERIFIER"
        answer = srp.answer(challenge["ChallengeParameters"], PASSWORD)
        assert kit.respond(challenge, answer)["AuthenticationResult"]["AccessToken"]
    refused("NotAuthorizedException", kit.respond, challenge, answer)  # a block is used once
    srp = Srp(kit.pool)
    challenge = srp_challenge(kit, name, srp)
    wrong = srp.answer(challenge["ChallengeParameters"], OTHER)
    assert refused("NotAuthorizedException", kit.respond, challenge, wrong) == INCORRECT


def test_srp_of_nobody_is_answered_when_that_is_hidden(weir, idp, name, refused):
    kit = Kit(weir, idp, client={"PreventUserExistenceErrors": "ENABLED"})
    srp = Srp(kit.pool)
    first = srp_challenge(kit, name, srp)
    again = srp_challenge(kit, name, srp)
    assert first["ChallengeParameters"]["SALT"] == again["ChallengeParameters"]["SALT"]
    answer = srp.answer(first["ChallengeParameters"], PASSWORD)
    assert refused("NotAuthorizedException", kit.respond, first, answer) == INCORRECT


def test_srp_refuses_what_is_no_number(kit, name, refused):
    kit.user(name)
    for bad in ("0", "zz", "f" * 800):
        refused("InvalidParameterException", kit.idp.initiate_auth, ClientId=kit.client,
                AuthFlow="USER_SRP_AUTH", AuthParameters={"USERNAME": name, "SRP_A": bad})
    assert refused("InvalidParameterException", kit.idp.initiate_auth, ClientId=kit.client,
                   AuthFlow="USER_SRP_AUTH", AuthParameters={"USERNAME": name}) == (
        "Missing required parameter SRP_A")


def test_srp_goes_on_with_a_new_password_and_a_secret(weir, idp, refused):
    kit = Kit(weir, idp, client={"GenerateSecret": True})
    idp.admin_create_user(UserPoolId=kit.pool, Username="jo", TemporaryPassword=PASSWORD)
    srp = Srp(kit.pool)
    hashed = secret_hash(kit.client, kit.secret, "jo")
    challenge = srp_challenge(kit, "jo", srp, SECRET_HASH=hashed)
    answer = {**srp.answer(challenge["ChallengeParameters"], PASSWORD), "SECRET_HASH": hashed}
    challenge = kit.respond(challenge, answer)
    assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    result = kit.respond(challenge, {"USERNAME": "jo", "NEW_PASSWORD": OTHER,
                                     "SECRET_HASH": hashed})["AuthenticationResult"]
    about = {"ClientId": kit.client, "AuthFlow": "REFRESH_TOKEN_AUTH"}
    token = {"REFRESH_TOKEN": result["RefreshToken"]}
    refused("NotAuthorizedException", idp.initiate_auth, AuthParameters=token, **about)
    again = idp.initiate_auth(AuthParameters={**token, "SECRET_HASH": hashed}, **about)
    assert claims(again["AuthenticationResult"]["AccessToken"])["username"] == "jo"


def test_admin_signs_in(kit, idp, name, refused):
    kit.user(name)
    about = {"UserPoolId": kit.pool, "ClientId": kit.client}
    names = {"USERNAME": name, "PASSWORD": PASSWORD}
    tokens = idp.admin_initiate_auth(AuthFlow="ADMIN_USER_PASSWORD_AUTH", AuthParameters=names,
                                     **about)["AuthenticationResult"]
    body = claims(tokens["IdToken"])
    assert body["cognito:username"] == name and body["aud"] == kit.client
    assert refused("InvalidParameterException", idp.initiate_auth, ClientId=kit.client,
                   AuthFlow="ADMIN_USER_PASSWORD_AUTH", AuthParameters=names) == (
        "Initiate Auth method not supported.")
    idp.admin_user_global_sign_out(UserPoolId=kit.pool, Username=name)
    refused("NotAuthorizedException", idp.initiate_auth, ClientId=kit.client,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]})


def test_flows_are_the_clients(weir, idp, refused):
    kit = Kit(weir, idp, client={"ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"]})
    kit.user("jo")
    assert refused("InvalidParameterException", kit.sign_in, "jo") == (
        "USER_PASSWORD_AUTH flow not enabled for this client")
    assert refused("InvalidParameterException", srp_challenge, kit, "jo", Srp(kit.pool)) == (
        "USER_SRP_AUTH is not enabled for the client.")
    refused("ResourceNotFoundException", idp.initiate_auth, ClientId="none",
            AuthFlow="USER_PASSWORD_AUTH", AuthParameters={})


def test_wrong_passwords_lock_for_a_while(clocked, slow, refused):
    slow.user("thief")
    for _ in range(5):
        assert refused("NotAuthorizedException", slow.sign_in, "thief", "wrong") == INCORRECT
    assert refused("NotAuthorizedException", slow.sign_in, "thief") == "Password attempts exceeded"
    clocked.advance("2s")
    slow.sign_in("thief")


def set_up_token(kit, access):
    secret = kit.idp.associate_software_token(AccessToken=access)["SecretCode"]
    code = totp(secret, now_s(kit.weir))
    assert kit.idp.verify_software_token(AccessToken=access, UserCode=code)["Status"] == "SUCCESS"
    return secret


def test_software_token_is_a_second_factor(clocked, slow, refused):
    slow.user("jo")
    access = slow.access("jo")
    refused("InvalidParameterException", slow.idp.set_user_mfa_preference, AccessToken=access,
            SoftwareTokenMfaSettings={"Enabled": True})
    refused("SoftwareTokenMFANotFoundException", slow.idp.verify_software_token,
            AccessToken=access, UserCode="123456")
    secret = set_up_token(slow, access)
    slow.idp.set_user_mfa_preference(AccessToken=access, SoftwareTokenMfaSettings={
        "Enabled": True, "PreferredMfa": True})
    about = slow.about_user("jo")
    assert about["PreferredMfaSetting"] == "SOFTWARE_TOKEN_MFA"
    assert about["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]
    challenge = slow.sign_in("jo")
    assert challenge["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    answer = {"USERNAME": "jo", "SOFTWARE_TOKEN_MFA_CODE": "000000"}
    refused("CodeMismatchException", slow.respond, challenge, answer)
    answer["SOFTWARE_TOKEN_MFA_CODE"] = totp(secret, now_s(clocked))
    assert refused("ExpiredCodeException", slow.respond, challenge, answer) == (
        "Your software token has already been used once.")
    clocked.advance("31s")
    answer["SOFTWARE_TOKEN_MFA_CODE"] = totp(secret, now_s(clocked))
    assert slow.respond(challenge, answer)["AuthenticationResult"]["IdToken"]
    challenge = slow.sign_in("jo")
    clocked.advance("4m")
    answer["SOFTWARE_TOKEN_MFA_CODE"] = totp(secret, now_s(clocked))
    assert "session" in refused("NotAuthorizedException", slow.respond, challenge, answer)
    slow.idp.admin_set_user_mfa_preference(UserPoolId=slow.pool, Username="jo",
                                           SoftwareTokenMfaSettings={"Enabled": False})
    slow.tokens("jo")


def test_factor_that_must_be_is_set_up_while_signing_in(clocked, refused):
    kit = Kit(clocked, clocked.client("cognito-idp"))
    kit.user("jo")
    kit.idp.set_user_pool_mfa_config(UserPoolId=kit.pool, MfaConfiguration="ON",
                                     SoftwareTokenMfaConfiguration={"Enabled": True})
    challenge = kit.sign_in("jo")
    assert challenge["ChallengeName"] == "MFA_SETUP"
    assert challenge["ChallengeParameters"]["MFAS_CAN_SETUP"] == '["SOFTWARE_TOKEN_MFA"]'
    refused("InvalidParameterException", kit.respond, challenge, {"USERNAME": "jo"})
    made = kit.idp.associate_software_token(Session=challenge["Session"])
    refused("EnableSoftwareTokenMFAException", kit.idp.verify_software_token,
            Session=made["Session"], UserCode="000000")
    code = totp(made["SecretCode"], now_s(clocked))
    done = kit.idp.verify_software_token(Session=made["Session"], UserCode=code)
    result = kit.respond({**challenge, "Session": done["Session"]}, {"USERNAME": "jo"})
    assert result["AuthenticationResult"]["IdToken"]
    assert kit.sign_in("jo")["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


def test_sms_is_a_second_factor_among_others(weir, idp, refused):
    kit = Kit(weir, idp, SmsConfiguration={"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"},
              MfaConfiguration="OPTIONAL")
    idp.set_user_pool_mfa_config(
        UserPoolId=kit.pool, MfaConfiguration="OPTIONAL",
        SmsMfaConfiguration={"SmsAuthenticationMessage": "Use {####}!"},
        EmailMfaConfiguration={"Subject": "In", "Message": "Enter {####}."})
    kit.user("jo", phone_number="+4915112345678", email="mfa@example.com", email_verified="true")
    settings = {"UserPoolId": kit.pool, "Username": "jo"}
    idp.admin_set_user_mfa_preference(SMSMfaSettings={"Enabled": True}, **settings)
    challenge = kit.sign_in("jo")
    assert challenge["ChallengeName"] == "SMS_MFA"
    told = challenge["ChallengeParameters"]
    assert told["CODE_DELIVERY_DESTINATION"] == "+*********5678"
    assert kit.messages("+4915112345678")[-1]["body"] == f"Use {kit.code('+4915112345678')}!"
    refused("CodeMismatchException", kit.respond, challenge,
            {"USERNAME": "jo", "SMS_MFA_CODE": "x"})
    kit.respond(challenge, {"USERNAME": "jo", "SMS_MFA_CODE": kit.code("+4915112345678")})
    idp.admin_set_user_mfa_preference(EmailMfaSettings={"Enabled": True}, **settings)
    challenge = kit.sign_in("jo")
    assert challenge["ChallengeName"] == "SELECT_MFA_TYPE"
    assert challenge["ChallengeParameters"]["MFAS_CAN_CHOOSE"] == '["SMS_MFA","EMAIL_OTP"]'
    challenge = kit.respond(challenge, {"USERNAME": "jo", "ANSWER": "EMAIL_OTP"})
    assert challenge["ChallengeName"] == "EMAIL_OTP"
    assert kit.messages("mfa@example.com")[-1]["subject"] == "In"
    assert kit.respond(challenge, {"USERNAME": "jo", "EMAIL_OTP_CODE": kit.code(
        "mfa@example.com")})["AuthenticationResult"]


def test_user_chooses_how_to_sign_in(weir, idp, refused):
    kit = Kit(weir, idp, Policies={"SignInPolicy": {
        "AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}})
    kit.user("jo", email="choice@example.com", email_verified="true")

    def begin(**more):
        return idp.initiate_auth(ClientId=kit.client, AuthFlow="USER_AUTH",
                                 AuthParameters={"USERNAME": "jo", **more})

    challenge = begin()
    assert challenge["ChallengeName"] == "SELECT_CHALLENGE"
    assert challenge["AvailableChallenges"] == ["PASSWORD", "PASSWORD_SRP", "EMAIL_OTP"]
    assert kit.respond(challenge, {"USERNAME": "jo", "ANSWER": "PASSWORD",
                                   "PASSWORD": PASSWORD})["AuthenticationResult"]
    challenge = begin(PREFERRED_CHALLENGE="EMAIL_OTP")
    assert challenge["ChallengeName"] == "EMAIL_OTP"
    assert kit.respond(challenge, {"USERNAME": "jo", "EMAIL_OTP_CODE": kit.code(
        "choice@example.com")})["AuthenticationResult"]
    srp = Srp(kit.pool)
    challenge = begin(PREFERRED_CHALLENGE="PASSWORD_SRP", SRP_A=srp.public)
    answer = srp.answer(challenge["ChallengeParameters"], PASSWORD)
    assert kit.respond(challenge, answer)["AuthenticationResult"]
    refused("NotAuthorizedException", begin, PREFERRED_CHALLENGE="PASSWORD", PASSWORD="wrong")


def test_sessions_are_of_their_challenge_and_client(weir, idp, kit, name, refused):
    other = idp.create_user_pool_client(UserPoolId=kit.pool, ClientName="b")["UserPoolClient"]
    idp.admin_create_user(UserPoolId=kit.pool, Username=name, TemporaryPassword=PASSWORD)
    challenge = kit.sign_in(name)
    answer = {"USERNAME": name, "NEW_PASSWORD": OTHER}
    refused("NotAuthorizedException", kit.respond,
            {**challenge, "ChallengeName": "MFA_SETUP"}, answer)
    refused("NotAuthorizedException", kit.respond, challenge, answer,
            ClientId=other["ClientId"])
    refused("NotAuthorizedException", kit.respond,
            {**challenge, "Session": "x" * len(challenge["Session"])}, answer)
    kit.respond(challenge, answer)
