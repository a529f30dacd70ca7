# SPDX-License-Identifier: Apache-2.0
"""Push: platform applications, endpoints, publishing to them directly and by topics; what would be
pushed stands in the outbox. And the SMS sandbox."""
import json

import pytest
from sns_kit import Kit, kit, refused  # noqa: F401
from weir_server import ACCOUNT, REGION

PREFIX = f"arn:aws:sns:{REGION}:{ACCOUNT}:"


@pytest.fixture
def app(kit, name):
    return make(kit, name)


def make(kit, name, platform="GCM", **attributes):
    return kit.sns.create_platform_application(
        Name=name, Platform=platform,
        Attributes={"PlatformCredential": "secret", "PlatformPrincipal": "principal",
                    **attributes})["PlatformApplicationArn"]


def device(kit, app, token="token", **more):
    return kit.sns.create_platform_endpoint(PlatformApplicationArn=app, Token=token,
                                            **more)["EndpointArn"]


def of_endpoint(kit, endpoint):
    return kit.sns.get_endpoint_attributes(EndpointArn=endpoint)["Attributes"]


def test_an_application(kit, name):
    app = make(kit, name, "APNS")
    assert app == f"{PREFIX}app/APNS/{name}"
    assert make(kit, name, "APNS") == app

    def got():
        return kit.sns.get_platform_application_attributes(
            PlatformApplicationArn=app)["Attributes"]

    assert got() == {"Enabled": "true"}  # never the credentials
    kit.sns.set_platform_application_attributes(PlatformApplicationArn=app, Attributes={
        "Enabled": "false", "SuccessFeedbackSampleRate": "10"})
    assert got() == {"Enabled": "false", "SuccessFeedbackSampleRate": "10"}
    for _ in range(2):
        kit.sns.delete_platform_application(PlatformApplicationArn=app)
    assert refused("NotFound", kit.sns.get_platform_application_attributes,
                   PlatformApplicationArn=app,
                   status=404) == "PlatformApplication does not exist"


def test_applications_that_are_refused(kit, name):
    def text(**more):
        return refused("InvalidParameter", kit.sns.create_platform_application, **{
            "Name": name, "Platform": "GCM", "Attributes": {"PlatformCredential": "x"}, **more})

    assert text(Platform="PIGEON") == ("Invalid parameter: Platform Reason: PIGEON is not "
                                       "supported")
    assert text(Name="a b").startswith("Invalid parameter: Name Reason: ")
    assert text(Attributes={"Enabled": "true"}).endswith("PlatformCredential is required")
    assert text(Platform="APNS").endswith("PlatformPrincipal is required")
    assert text(Attributes={"PlatformCredential": "x", "Nonsense": "y"}) == (
        "Invalid parameter: Attributes Reason: Invalid attribute name: Nonsense")


def test_an_endpoint(kit, app, name):
    endpoint = device(kit, app, CustomUserData="user 1")
    assert endpoint.startswith(f"{PREFIX}endpoint/GCM/{name}/")
    assert of_endpoint(kit, endpoint) == {"Enabled": "true", "Token": "token",
                                          "CustomUserData": "user 1"}
    kit.sns.set_endpoint_attributes(EndpointArn=endpoint, Attributes={
        "Token": "new token", "Enabled": "false"})
    assert of_endpoint(kit, endpoint) == {"Enabled": "false", "Token": "new token",
                                          "CustomUserData": "user 1"}
    assert device(kit, app, "token") != endpoint  # the former token is free
    for _ in range(2):
        kit.sns.delete_endpoint(EndpointArn=endpoint)
    assert refused("NotFound", kit.sns.get_endpoint_attributes, EndpointArn=endpoint,
                   status=404) == "Endpoint does not exist"
    assert device(kit, app, "new token") != endpoint


def test_the_same_token_again(kit, app):
    endpoint = device(kit, app, CustomUserData="a")
    assert device(kit, app, CustomUserData="a") == endpoint
    assert device(kit, app, CustomUserData="a", Attributes={"Enabled": "true"}) == endpoint
    for more in ({"CustomUserData": "b"}, {}, {"CustomUserData": "a",
                                               "Attributes": {"Enabled": "false"}}):
        assert refused("InvalidParameter", device, kit, app, **more) == (
            f"Invalid parameter: Token Reason: Endpoint {endpoint} already exists with the same "
            "Token, but different attributes.")
    other = device(kit, app, "other")
    assert endpoint in refused("InvalidParameter", kit.sns.set_endpoint_attributes,
                               EndpointArn=other, Attributes={"Token": "token"})


def test_endpoints_that_are_refused(kit, app):
    refused("InvalidParameter", device, kit, app, "")
    refused("InvalidParameter", device, kit, app, CustomUserData="x" * 2048)
    refused("InvalidParameter", device, kit, app, Attributes={"Nonsense": "x"})
    refused("InvalidParameter", device, kit, app, Attributes={"Enabled": "perhaps"})
    refused("NotFound", device, kit, app + "x", status=404)
    refused("InvalidParameter", device, kit, "nonsense")


def test_publishing_to_a_device(kit, app):
    endpoint = device(kit, app)
    assert kit.sns.publish(TargetArn=endpoint, Message="plain", Subject="s")["MessageId"]
    kit.sns.publish(TargetArn=endpoint, MessageStructure="json", Message=json.dumps(
        {"default": "for all", "GCM": '{"notification": {"text": "for androids"}}'}))
    assert [(m["kind"], m.get("subject"), m["body"]) for m in kit.outbox(endpoint)] == [
        ("push", "s", "plain"), ("push", None, '{"notification": {"text": "for androids"}}')]


def test_devices_that_cannot_be_published_to(kit, app):
    endpoint = device(kit, app)

    def publish():
        kit.sns.publish(TargetArn=endpoint, Message="m")

    kit.sns.set_endpoint_attributes(EndpointArn=endpoint, Attributes={"Enabled": "false"})
    assert refused("EndpointDisabled", publish) == "Endpoint is disabled"
    kit.sns.set_endpoint_attributes(EndpointArn=endpoint, Attributes={"Enabled": "true"})
    kit.sns.set_platform_application_attributes(PlatformApplicationArn=app,
                                                Attributes={"Enabled": "false"})
    refused("PlatformApplicationDisabled", publish)
    kit.sns.delete_endpoint(EndpointArn=endpoint)
    assert refused("InvalidParameter", publish) == (
        "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified")
    assert kit.outbox(endpoint) == []


def test_a_device_at_a_topic(kit, app, name):
    topic = kit.topic(name)
    dead = kit.queue(name + "-dead")
    endpoint = device(kit, app)
    subscription = kit.subscribe(topic, endpoint, "application", RedrivePolicy=json.dumps(
        {"deadLetterTargetArn": dead}))
    assert subscription.startswith(topic)
    kit.sns.publish(TopicArn=topic, MessageStructure="json",
                    Message='{"default": "d", "GCM": "g"}')
    assert [m["body"] for m in kit.outbox(endpoint)] == ["g"]
    kit.sns.set_endpoint_attributes(EndpointArn=endpoint, Attributes={"Enabled": "false"})
    kit.sns.publish(TopicArn=topic, Message="to nobody")
    assert len(kit.outbox(endpoint)) == 1
    assert kit.bodies(dead) == ["to nobody"]
    assert "invalid" in refused("InvalidParameter", kit.subscribe, topic, endpoint + "x",
                                "application")


def test_lists(fresh):
    kit = Kit(fresh())
    apps = [make(kit, f"app{i:03}") for i in range(105)]
    pages = list(kit.sns.get_paginator("list_platform_applications").paginate())
    assert [len(page["PlatformApplications"]) for page in pages] == [100, 5]
    assert [a["PlatformApplicationArn"] for page in pages
            for a in page["PlatformApplications"]] == apps
    endpoints = {device(kit, apps[0], f"t{i}") for i in range(201)}
    device(kit, apps[1])
    pages = list(kit.sns.get_paginator("list_endpoints_by_platform_application").paginate(
        PlatformApplicationArn=apps[0]))
    assert [len(page["Endpoints"]) for page in pages] == [100, 100, 1]
    assert {e["EndpointArn"] for page in pages for e in page["Endpoints"]} == endpoints
    kit.sns.delete_platform_application(PlatformApplicationArn=apps[0])
    assert make(kit, "app000") == apps[0]
    assert kit.sns.list_endpoints_by_platform_application(
        PlatformApplicationArn=apps[0])["Endpoints"] == []


def test_all_of_it_survives_a_kill(fresh):
    kit = Kit(fresh())
    app = make(kit, "kept", EventEndpointCreated="arn:aws:sns:us-east-1:111122223333:none")
    endpoint = device(kit, app, CustomUserData="u")
    topic = kit.topic("t")
    kit.subscribe(topic, endpoint, "application")
    kit.weir.restart(hard=True)
    kit = Kit(kit.weir)
    assert device(kit, app, CustomUserData="u") == endpoint
    kit.sns.publish(TopicArn=topic, Message="m")
    assert [m["body"] for m in kit.outbox(endpoint)] == ["m"]


def test_a_topic_hears_of_endpoints(kit, name):
    topic, queue, _ = kit.pair(name, RawMessageDelivery="true")
    app = make(kit, name, EventEndpointCreated=topic, EventEndpointDeleted=topic,
               EventEndpointUpdated=topic)
    endpoint = device(kit, app)
    kit.sns.set_endpoint_attributes(EndpointArn=endpoint, Attributes={"Enabled": "false"})
    kit.sns.delete_endpoint(EndpointArn=endpoint)
    heard = [json.loads(body) for body in kit.bodies(queue)]
    assert [h["EventType"] for h in heard] == ["EndpointCreated", "EndpointUpdated",
                                               "EndpointDeleted"]
    assert {(h["EndpointArn"], h["Resource"]) for h in heard} == {(endpoint, app)}


# ---- text messages ----

def test_the_sandbox(fresh):
    kit = Kit(fresh())
    numbers = [f"+1555123{i:04}" for i in range(5)]
    for number in numbers:
        kit.sns.create_sms_sandbox_phone_number(PhoneNumber=number)
    code = kit.outbox(numbers[0])[0]["body"].split()[-1]
    refused("VerificationException", kit.sns.verify_sms_sandbox_phone_number,
            PhoneNumber=numbers[0], OneTimePassword=f"{int(code) + 1:06}")
    kit.sns.verify_sms_sandbox_phone_number(PhoneNumber=numbers[0], OneTimePassword=code)
    pages = list(kit.sns.get_paginator("list_sms_sandbox_phone_numbers").paginate(
        PaginationConfig={"PageSize": 2}))
    listed = [(n["PhoneNumber"], n["Status"]) for page in pages for n in page["PhoneNumbers"]]
    assert listed == [(numbers[0], "Verified"), *((n, "Pending") for n in numbers[1:])]
    assert len(pages) == 3
    kit.sns.delete_sms_sandbox_phone_number(PhoneNumber=numbers[0])
    refused("ResourceNotFound", kit.sns.delete_sms_sandbox_phone_number, PhoneNumber=numbers[0],
            status=404)


def test_sms_attributes(kit):
    kit.sns.set_sms_attributes(attributes={"DefaultSMSType": "Transactional",
                                           "MonthlySpendLimit": "1"})
    assert kit.sns.get_sms_attributes(attributes=["DefaultSMSType"])["attributes"] == {
        "DefaultSMSType": "Transactional"}
    assert len(kit.sns.get_sms_attributes()["attributes"]) == 2
    refused("InvalidParameter", kit.sns.set_sms_attributes, attributes={"Nonsense": "x"})
    assert kit.sns.check_if_phone_number_is_opted_out(phoneNumber="+15551230000")[
        "isOptedOut"] is False
    assert kit.sns.list_phone_numbers_opted_out()["phoneNumbers"] == []
