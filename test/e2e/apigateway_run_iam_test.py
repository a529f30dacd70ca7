# SPDX-License-Identifier: Apache-2.0
"""--auth=on: signed requests at HTTP APIs, and roles of integrations."""
import http.client
import json

import apigateway_kit
import pytest
from apigateway_run_kit import Answer
from auth_test import SignedServer
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from iam_kit import allow, client_of, document, trust
from weir_server import REGION

ACCOUNT = "000000000000"  # the root key's


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
def iam(weir, root):
    return client_of(weir, "iam", root)


class IamKit(apigateway_kit.Kit):
    def __init__(self, weir, root):
        self.weir = weir
        self.gateway = client_of(weir, "apigatewayv2", root)


@pytest.fixture(scope="module")
def kit(weir, root):
    return IamKit(weir, root)


def role_of(iam, name, *statements, service="apigateway.amazonaws.com"):
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(
        {"Service": service}))["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(*statements))
    return arn


def sends(kit, queue, role, **more):
    """An API whose POST /x sends to a queue."""
    api = kit.api()
    made = kit.gateway.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationSubtype="SQS-SendMessage",
        PayloadFormatVersion="1.0", CredentialsArn=role,
        RequestParameters={"QueueUrl": queue, "MessageBody": "$request.body"})["IntegrationId"]
    kit.route(api, "POST /x", made, **more)
    kit.stage(api, AutoDeploy=True)
    return api


def ask(weir, api, key=None, service="execute-api", body="hi", path="/x"):
    host = f"{api}.execute-api.{REGION}.localhost:{weir.port}"
    request = AWSRequest("POST", f"http://{host}{path}", data=body, headers={"Host": host})
    if key is not None:
        SigV4Auth(Credentials(key["AccessKeyId"], key["SecretAccessKey"]), service,
                  REGION).add_auth(request)
    connection = http.client.HTTPConnection("127.0.0.1", weir.port, timeout=60)
    connection.request("POST", path, body, dict(request.headers))
    answer = Answer(connection.getresponse())
    connection.close()
    return answer


def test_signed_requests(weir, kit, iam, root):
    sqs = client_of(weir, "sqs", root)
    queue = sqs.create_queue(QueueName="signed")["QueueUrl"]
    api = sends(kit, queue, role_of(iam, "sends", allow("sqs:SendMessage")),
                AuthorizationType="AWS_IAM")
    for name, statements, status in [
            ("may", [allow("execute-api:Invoke",
                           f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/$default/POST/x")], 200),
            ("other", [allow("execute-api:Invoke",
                             f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/*/GET/*")], 403),
            ("none", [], 403)]:
        iam.create_user(UserName=name)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="p",
                                PolicyDocument=document(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        answer = ask(weir, api, key)
        assert answer.status == status, answer.raw
        if status == 200:
            ask(weir, api, key, "sqs").is_message(403, "Forbidden")
            ask(weir, api, {**key, "SecretAccessKey": "x"}).is_message(403, "Forbidden")
    ask(weir, api).is_message(403, "Forbidden")
    assert ask(weir, api, root).status == 200
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in messages] == ["hi", "hi"]


def test_an_integration_is_its_role(weir, kit, iam, root):
    queue = client_of(weir, "sqs", root).create_queue(QueueName="roles")["QueueUrl"]
    may_not = sends(kit, queue, role_of(iam, "reads", allow("sqs:ReceiveMessage")))
    answer = ask(weir, may_not)
    assert answer.status == 403
    assert "AccessDenied" in answer.text
    assert "assumed-role/reads/" in answer.text
    untrusted = sends(kit, queue, role_of(iam, "strange", allow("sqs:*"),
                                          service="lambda.amazonaws.com"))
    ask(weir, untrusted).is_message(500, "Internal Server Error")
    gone = sends(kit, queue, role_of(iam, "gone"))
    iam.delete_role(RoleName="gone")
    ask(weir, gone).is_message(500, "Internal Server Error")
    assert json.loads(ask(weir, "nothere123").raw) == {"message": "Not Found"}
