# SPDX-License-Identifier: Apache-2.0
"""Lambda triggers: one function plays all of them, does what the user's name or metadata tells it to,
and writes the events it saw into its log."""
import json

import pytest
from cognito_kit import OTHER, PASSWORD, Kit, Srp, attributes, claims
from lambda_run_kit import Kit as Functions
from lambda_run_kit import until
from weir_server import ACCOUNT, REGION

SOURCE = '''
import json


def handler(event, context):
    print("SAW " + json.dumps(event))
    source, name = event["triggerSource"], event["userName"]
    request, response = event["request"], event["response"]
    metadata = request.get("clientMetadata") or {}
    if metadata.get("fail") == source.split("_")[0]:
        raise Exception("not today")
    if metadata.get("garbage") == source.split("_")[0]:
        return "garbage"
    if source == "PreSignUp_SignUp" and metadata.get("auto"):
        response.update(autoConfirmUser=True, autoVerifyEmail=True)
    if source.startswith("CustomMessage"):
        response["emailSubject"] = "From " + source
        response["emailMessage"] = "<b>" + request["codeParameter"] + "</b>"
        response["smsMessage"] = "sms " + request["codeParameter"]
    if source == "UserMigration_Authentication":
        if request["password"] != "0ld-Passw0rd":
            raise Exception("Bad password")
        response.update(userAttributes={"email": name + "@old.example", "email_verified": "true"},
                        finalUserStatus="CONFIRMED", messageAction="SUPPRESS")
    if source.startswith("DefineAuthChallenge"):
        session = request["session"]
        last = session[-1] if session else None
        response.update(issueTokens=False, failAuthentication=False)
        if last and last["challengeName"] == "SRP_A":
            response["challengeName"] = "PASSWORD_VERIFIER"
        elif last and last["challengeName"] == "CUSTOM_CHALLENGE" and last["challengeResult"]:
            response["issueTokens"] = True
        elif len([s for s in session if s["challengeName"] == "CUSTOM_CHALLENGE"]) >= 2:
            response["failAuthentication"] = True
        else:
            response["challengeName"] = "CUSTOM_CHALLENGE"
    if source.startswith("CreateAuthChallenge"):
        response.update(publicChallengeParameters={"question": "6*7"},
                        privateChallengeParameters={"answer": "42"}, challengeMetadata="MATHS")
    if source.startswith("VerifyAuthChallengeResponse"):
        response["answerCorrect"] = (
            request["challengeAnswer"] == request["privateChallengeParameters"]["answer"])
    return event
'''


@pytest.fixture(scope="module")
def idp(weir):
    return weir.client("cognito-idp")


@pytest.fixture(scope="module")
def functions(weir):
    return Functions(weir)


@pytest.fixture(scope="module")
def trigger(functions):
    arn = functions.function("triggers", SOURCE)
    functions.functions.add_permission(
        FunctionName="triggers", StatementId="pools", Action="lambda:InvokeFunction",
        Principal="cognito-idp.amazonaws.com", SourceAccount=ACCOUNT)
    return arn


@pytest.fixture(scope="module")
def kit(weir, idp, trigger):
    names = ("PreSignUp", "PostConfirmation", "PreAuthentication", "PostAuthentication",
             "CustomMessage", "UserMigration", "DefineAuthChallenge", "CreateAuthChallenge",
             "VerifyAuthChallengeResponse")
    return Kit(weir, idp, AutoVerifiedAttributes=["email"],
               LambdaConfig={name: trigger for name in names})


@pytest.fixture
def seen(weir, name):
    """The newest event of a source about this test's user."""
    logs = weir.client("logs")

    def all_of(source):
        lines = logs.filter_log_events(logGroupName="/aws/lambda/triggers",
                                       filterPattern=f'"{name}"')["events"]
        events = [json.loads(line["message"].partition("SAW ")[2]) for line in lines
                  if line["message"].startswith("SAW ")]
        return [event for event in events
                if event["userName"] == name and event["triggerSource"] == source]

    def newest(source, at_least=1):
        return until(lambda: (all_of(source)[at_least - 1:] or [None])[-1], source)

    return newest


def test_sign_up_asks_and_tells(kit, idp, name, seen):
    mail = f"{name}@example.com"
    kit.sign_up(name, email=mail, metadata={"way": "web"})
    event = seen("PreSignUp_SignUp")
    assert event["version"] == "1" and event["region"] == REGION
    assert event["userPoolId"] == kit.pool and event["userName"] == name
    assert event["callerContext"] == {"awsSdkVersion": "aws-sdk-unknown-unknown",
                                      "clientId": kit.client}
    assert event["request"] == {"userAttributes": {"email": mail}, "validationData": None,
                                "clientMetadata": {"way": "web"}}
    assert event["response"] == {"autoConfirmUser": False, "autoVerifyEmail": False,
                                 "autoVerifyPhone": False}
    asked = seen("CustomMessage_SignUp")["request"]
    assert asked["codeParameter"] == "{####}" and asked["usernameParameter"] is None
    assert asked["userAttributes"]["cognito:user_status"] == "UNCONFIRMED"
    message = kit.messages(mail)[-1]
    assert message["subject"] == "From CustomMessage_SignUp"
    assert message["body"] == f"<b>{kit.code(mail)}</b>"
    idp.confirm_sign_up(ClientId=kit.client, Username=name, ConfirmationCode=kit.code(mail))
    told = seen("PostConfirmation_ConfirmSignUp")["request"]["userAttributes"]
    assert told["email_verified"] == "true" and told["cognito:user_status"] == "CONFIRMED"
    kit.sign_in(name)
    assert seen("PreAuthentication_Authentication")["request"]["userNotFound"] is False
    assert seen("PostAuthentication_Authentication")["request"]["newDeviceUsed"] is False


def test_pre_sign_up_confirms(kit, name, seen):
    answer = kit.sign_up(name, email=f"{name}@example.com", metadata={"auto": "1"})
    assert answer["UserConfirmed"] and "CodeDeliveryDetails" not in answer
    about = kit.about_user(name)
    assert about["UserStatus"] == "CONFIRMED"
    assert attributes(about["UserAttributes"])["email_verified"] == "true"
    assert seen("PostConfirmation_ConfirmSignUp")


def test_error_of_a_function_is_the_users(kit, name, refused):
    assert refused("UserLambdaValidationException", kit.sign_up, name,
                   metadata={"fail": "PreSignUp"}) == "PreSignUp failed with error not today."
    assert refused("InvalidLambdaResponseException", kit.sign_up, name,
                   metadata={"garbage": "PreSignUp"}) == "Unrecognizable lambda output"
    refused("UserNotFoundException", kit.about_user, f"{name}-none")
    kit.user(name)
    assert refused("UserLambdaValidationException", kit.idp.initiate_auth, ClientId=kit.client,
                   AuthFlow="USER_PASSWORD_AUTH", ClientMetadata={"fail": "PostAuthentication"},
                   AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD}) == (
        "PostAuthentication failed with error not today.")


def test_function_needs_a_permission(weir, idp, functions, refused):
    arn = functions.function("shut", SOURCE)
    kit = Kit(weir, idp, LambdaConfig={"PreSignUp": arn})
    functions.functions.add_permission(
        FunctionName="shut", StatementId="other", Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com")
    assert refused("UnexpectedLambdaException", kit.sign_up, "jo") == (
        "PreSignUp invocation failed due to error AccessDeniedException.")
    gone = Kit(weir, idp, LambdaConfig={"PreSignUp": arn + "-gone"})
    refused("UnexpectedLambdaException", gone.sign_up, "jo")


def test_slow_function_is_given_up(weir, idp, functions, refused):
    arn = functions.function("slow", "import time\ndef handler(event, context):\n"
                                     "    time.sleep(20)\n", Timeout=30)
    functions.functions.add_permission(
        FunctionName="slow", StatementId="pools", Action="lambda:InvokeFunction",
        Principal="cognito-idp.amazonaws.com")
    kit = Kit(weir, idp, LambdaConfig={"PreSignUp": arn})
    assert "Socket timeout" in refused("UnexpectedLambdaException", kit.sign_up, "jo")


def test_administrator_creates(kit, idp, name, seen):
    mail = f"{name}@example.com"
    idp.admin_create_user(UserPoolId=kit.pool, Username=name, TemporaryPassword=OTHER,
                          UserAttributes=[{"Name": "email", "Value": mail}],
                          ValidationData=[{"Name": "why", "Value": "new"}])
    event = seen("PreSignUp_AdminCreateUser")
    assert event["request"]["validationData"] == {"why": "new"}
    assert event["callerContext"]["clientId"] == "CLIENT_ID_NOT_APPLICABLE"
    asked = seen("CustomMessage_AdminCreateUser")["request"]
    assert asked["usernameParameter"] == "{username}"
    assert kit.messages(mail)[-1]["body"] == f"<b>{OTHER}</b>"


def test_user_migrates(kit, name, seen, refused):
    assert refused("UserLambdaValidationException", kit.sign_in, name) == (
        "UserMigration failed with error Bad password.")
    assert kit.sign_in(name, "0ld-Passw0rd")["AuthenticationResult"]
    event = seen("UserMigration_Authentication", 2)
    assert event["userName"] == name and event["request"]["password"] == "0ld-Passw0rd"
    about = kit.about_user(name)
    assert about["UserStatus"] == "CONFIRMED"
    assert attributes(about["UserAttributes"])["email"] == f"{name}@old.example"
    assert kit.sign_in(name, "0ld-Passw0rd")["AuthenticationResult"]


def custom(kit, name, **more):
    return kit.idp.initiate_auth(ClientId=kit.client, AuthFlow="CUSTOM_AUTH",
                                 AuthParameters={"USERNAME": name, **more})


def test_custom_challenges(kit, name, seen, refused):
    kit.user(name)
    challenge = custom(kit, name)
    assert challenge["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert challenge["ChallengeParameters"] == {"USERNAME": name, "question": "6*7"}
    wrong = kit.respond(challenge, {"USERNAME": name, "ANSWER": "41"})
    assert wrong["ChallengeName"] == "CUSTOM_CHALLENGE"
    history = seen("DefineAuthChallenge_Authentication", 2)["request"]["session"]
    assert history == [{"challengeName": "CUSTOM_CHALLENGE", "challengeResult": False,
                        "challengeMetadata": "MATHS"}]
    refused("NotAuthorizedException", kit.respond, challenge, {"USERNAME": name, "ANSWER": "42"})
    right = kit.respond(wrong, {"USERNAME": name, "ANSWER": "42"})
    assert claims(right["AuthenticationResult"]["AccessToken"])["username"] == name
    challenge = custom(kit, name)
    challenge = kit.respond(challenge, {"USERNAME": name, "ANSWER": "x"})
    assert refused("NotAuthorizedException", kit.respond, challenge,
                   {"USERNAME": name, "ANSWER": "y"}) == "Incorrect username or password."


def test_custom_challenges_after_srp(kit, name):
    kit.user(name)
    srp = Srp(kit.pool)
    challenge = custom(kit, name, CHALLENGE_NAME="SRP_A", SRP_A=srp.public)
    assert challenge["ChallengeName"] == "PASSWORD_VERIFIER"
    answer = srp.answer(challenge["ChallengeParameters"], PASSWORD)
    challenge = kit.respond(challenge, answer)
    assert challenge["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert kit.respond(challenge, {"USERNAME": name, "ANSWER": "42"})["AuthenticationResult"]


def test_event_is_json(kit, name, seen):
    odd = 'quote " and \\\\ and ü'
    kit.sign_up(name, nickname=odd, metadata={"k": odd})
    event = seen("PreSignUp_SignUp")
    assert event["request"]["userAttributes"]["nickname"] == odd
    assert json.loads(json.dumps(event["request"]["clientMetadata"])) == {"k": odd}
