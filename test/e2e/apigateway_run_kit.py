# SPDX-License-Identifier: Apache-2.0
"""What the tests of requests at HTTP APIs share: APIs with their functions, and raw requests."""
import http.client
import json

import apigateway_kit
import lambda_run_kit
from weir_server import ACCOUNT, REGION

ECHO = """
def handler(event, context):
    return event
"""
ANSWERS = """
import json
def handler(event, context):
    return json.loads(event["body"])
"""


class Answer:
    def __init__(self, answer):
        self.status = answer.status
        self.fields = [(name.lower(), value) for name, value in answer.getheaders()]
        self.headers = dict(self.fields)
        self.raw = answer.read()

    @property
    def text(self):
        return self.raw.decode()

    @property
    def json(self):
        return json.loads(self.raw)

    def is_message(self, status, message):
        assert (self.status, self.raw) == (status, json.dumps({"message": message}).replace(
            ": ", ":").encode()), (self.status, self.raw)
        assert self.headers["content-type"] == "application/json"
        assert len(self.headers["apigw-requestid"]) == 16
        return self


class RunKit(lambda_run_kit.Kit, apigateway_kit.Kit):
    def __init__(self, weir, **more):
        lambda_run_kit.Kit.__init__(self, weir, **more)
        apigateway_kit.Kit.__init__(self, weir)

    def served(self, arn, key="$default", integration=None, stage="$default", **more):
        """An API whose one route asks that function; deployed as it changes."""
        api = self.api()
        self.asks(api, arn, key, integration, **more)
        self.stage(api, stage, AutoDeploy=True)
        return api

    def asks(self, api, arn, key="$default", integration=None, **more):
        made = self.integration(api, IntegrationUri=arn, **(integration or {}))
        self.route(api, key, made, **more)
        self.may(arn, api)
        return made

    def may(self, arn, api):
        statement = f"s-{api}"
        try:
            self.functions.add_permission(
                FunctionName=arn, StatementId=statement, Action="lambda:InvokeFunction",
                Principal="apigateway.amazonaws.com",
                SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/*")
        except self.functions.exceptions.ResourceConflictException:
            pass

    def ask(self, api, path="/", method="GET", body=None, headers=None, host=None):
        """At the API's host (or another)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.weir.port, timeout=60)
        host = host or f"{api}.execute-api.{REGION}.localhost:{self.weir.port}"
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers = {"Content-Type": "application/json", **(headers or {})}
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", host)
        items = headers.items() if isinstance(headers, dict) else headers or []
        for name, value in items:
            connection.putheader(name, value)
        raw = body.encode() if isinstance(body, str) else body
        if raw is not None:
            connection.putheader("Content-Length", str(len(raw)))
        connection.endheaders(raw)
        answer = Answer(connection.getresponse())
        connection.close()
        return answer

    def ask_by_path(self, api, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.weir.port, timeout=60)
        connection.request("GET", f"/_aws/execute-api/{api}{path}")
        answer = Answer(connection.getresponse())
        connection.close()
        return answer
