# SPDX-License-Identifier: Apache-2.0
"""The demo's front door: an HTTP API through which turnstiles scan cards. Its one route puts the scan
into the stream by itself, without a function."""
import http.client
import json
import urllib.parse

ROLE = "arn:aws:iam::000000000000:role/demo"


def make(server, stream):
    """The API; gives its address, as a stack would put it out."""
    gateway = server.client("apigatewayv2")
    api = gateway.create_api(Name="turnstiles", ProtocolType="HTTP")
    integration = gateway.create_integration(
        ApiId=api["ApiId"], IntegrationType="AWS_PROXY", IntegrationSubtype="Kinesis-PutRecord",
        PayloadFormatVersion="1.0", CredentialsArn=ROLE,
        RequestParameters={"StreamName": stream, "Data": "$request.body",
                           "PartitionKey": "$request.body.card"})["IntegrationId"]
    gateway.create_route(ApiId=api["ApiId"], RouteKey="POST /scans",
                         Target=f"integrations/{integration}")
    gateway.create_stage(ApiId=api["ApiId"], StageName="$default", AutoDeploy=True)
    return api["ApiEndpoint"]


class Turnstile:
    """One connection to the API, opened again when it was lost."""

    def __init__(self, endpoint):
        self.host = urllib.parse.urlsplit(endpoint).netloc
        self.connection = None

    def scan(self, text):
        """(shard, sequence number) once it is acknowledged; None: it may be there, or not."""
        try:
            if self.connection is None:
                port = int(self.host.rsplit(":", 1)[1])
                self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            self.connection.request("POST", "/scans", text, {
                "Host": self.host, "Content-Type": "application/json"})
            answer = self.connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return None
        if answer.status != 200:
            return None
        put = json.loads(content)
        return put["ShardId"], put["SequenceNumber"]

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None
