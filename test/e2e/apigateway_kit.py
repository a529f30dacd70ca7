# SPDX-License-Identifier: Apache-2.0
"""What the tests of API Gateway's control plane share."""
import pytest
from botocore.exceptions import ClientError
from weir_server import ACCOUNT, REGION

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
INVOKE = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/12345678-1234-1234-1234-123456789012"


def refused(code, http, call, **more):
    """The call must fail so; gives the message."""
    with pytest.raises(ClientError) as caught:
        call(**more)
    answer = caught.value.response
    found = (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"])
    assert found == (code, http), answer
    return answer["Error"]["Message"]


def plain(answer):
    """An answer without what the client adds."""
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


class Kit:
    """APIs and what belongs to them, on one server."""

    def __init__(self, weir, **more):
        self.weir = weir
        self.gateway = weir.client("apigatewayv2", **more)

    def api(self, name="api", **more):
        return self.gateway.create_api(Name=name, ProtocolType="HTTP", **more)["ApiId"]

    def integration(self, api, **more):
        asked = {"IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION,
                 "PayloadFormatVersion": "2.0", **more}
        return self.gateway.create_integration(ApiId=api, **asked)["IntegrationId"]

    def route(self, api, key="$default", integration=None, **more):
        if integration is not None:
            more["Target"] = f"integrations/{integration}"
        return self.gateway.create_route(ApiId=api, RouteKey=key, **more)["RouteId"]

    def stage(self, api, name="$default", **more):
        return self.gateway.create_stage(ApiId=api, StageName=name, **more)

    def authorizer(self, api, name="jwt", **more):
        asked = {"AuthorizerType": "JWT", "IdentitySource": ["$request.header.Authorization"],
                 "JwtConfiguration": {"Audience": ["a"], "Issuer": "https://issuer.example"},
                 **more}
        return self.gateway.create_authorizer(ApiId=api, Name=name, **asked)["AuthorizerId"]
