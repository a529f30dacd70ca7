# SPDX-License-Identifier: Apache-2.0
"""What tests of change sets, drift, custom resources and nested stacks share."""
import json
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError
from lambda_run_kit import Kit, until

BUSY = "_IN_PROGRESS"


def resource(kind, properties=None, **more):
    return {"Type": kind, **({"Properties": properties} if properties else {}), **more}


def template(resources, **sections):
    return json.dumps({"Resources": resources, **sections})


def put(url, document, content_type=""):
    """PUTs a document (bytes as they are); the HTTP status."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    asked = urllib.request.Request(url, data=body, method="PUT",
                                   headers={"Content-Type": content_type})
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        error.read()
        return error.code


def refused(code, call, **more):
    """The call must fail with that code; gives the message."""
    with pytest.raises(ClientError) as caught:
        call(**more)
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    return error["Message"]


class Stacks:
    """Stacks of one server."""

    def __init__(self, weir):
        self.weir = weir
        self.client = weir.client("cloudformation")
        self.functions = Kit(weir)

    def create(self, name, body, **more):
        """Begins; the id."""
        return self.client.create_stack(StackName=name, TemplateBody=body, **more)["StackId"]

    def update(self, name, body, **more):
        return self.client.update_stack(StackName=name, TemplateBody=body, **more)["StackId"]

    def about(self, name):
        return self.client.describe_stacks(StackName=name)["Stacks"][0]

    def settled(self, name, expected=None):
        """What it is when nothing is under way any more."""
        def look():
            stack = self.about(name)
            return None if stack["StackStatus"].endswith(BUSY) else stack
        stack = until(look, f"the end of {name}")
        if expected is not None:
            assert stack["StackStatus"] == expected, self.reasons(name)
        return stack

    def made(self, name, body, **more):
        self.create(name, body, **more)
        return self.settled(name, "CREATE_COMPLETE")

    def updated(self, name, body, **more):
        self.update(name, body, **more)
        return self.settled(name, "UPDATE_COMPLETE")

    def deleted(self, name):
        stack_id = self.about(name)["StackId"]
        self.client.delete_stack(StackName=name)
        return self.settled(stack_id, "DELETE_COMPLETE")

    def events(self, name):
        """Oldest first."""
        pages = self.client.get_paginator("describe_stack_events").paginate(StackName=name)
        return [event for page in pages for event in page["StackEvents"]][::-1]

    def reasons(self, name):
        return [(event["LogicalResourceId"], event["ResourceStatus"],
                 event.get("ResourceStatusReason", "")) for event in self.events(name)]

    def reason(self, name, logical_id, status):
        """Of the first event of that resource with that status."""
        found = [reason for own, was, reason in self.reasons(name)
                 if own == logical_id and was == status]
        assert found, self.reasons(name)
        return found[0]

    def outputs(self, name):
        return {output["OutputKey"]: output["OutputValue"]
                for output in self.about(name).get("Outputs", [])}

    def resource(self, name, logical_id):
        return self.client.describe_stack_resource(
            StackName=name, LogicalResourceId=logical_id)["StackResourceDetail"]

    def change_set(self, stack, name, body=None, **more):
        """Made, and what it then is."""
        if body is not None:
            more["TemplateBody"] = body
        self.client.create_change_set(StackName=stack, ChangeSetName=name, **more)

        def look():
            found = self.client.describe_change_set(StackName=stack, ChangeSetName=name,
                                                    IncludePropertyValues=True)
            return found if found["Status"] in ("CREATE_COMPLETE", "FAILED") else None
        return until(look, f"the change set {name}")


@pytest.fixture(scope="module")
def stacks(weir):
    return Stacks(weir)
