# SPDX-License-Identifier: Apache-2.0
"""Event buses: their life, settings, permissions, tags, pages; events from bus to bus, across
regions and accounts."""
import json

from events_kit import Kit, bus_arn, kit, refused  # noqa: F401
from weir_server import ACCOUNT, REGION


def test_life(kit, name):
    made = kit.events.create_event_bus(
        Name=name, Description="d", KmsKeyIdentifier="alias/k",
        DeadLetterConfig={"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"},
        LogConfig={"IncludeDetail": "FULL", "Level": "INFO"}, Tags=[{"Key": "a", "Value": "b"}])
    assert made["EventBusArn"] == bus_arn(name)
    assert (made["Description"], made["KmsKeyIdentifier"]) == ("d", "alias/k")
    shown = kit.events.describe_event_bus(Name=name)
    assert shown["Arn"] == bus_arn(name) and shown["Name"] == name
    assert shown["CreationTime"] == shown["LastModifiedTime"]
    assert shown["DeadLetterConfig"]["Arn"].endswith(":dead")
    assert shown["LogConfig"] == {"IncludeDetail": "FULL", "Level": "INFO"}
    assert "Policy" not in shown
    assert kit.events.describe_event_bus(Name=bus_arn(name))["Name"] == name
    changed = kit.events.update_event_bus(Name=name, Description="e")
    assert (changed["Name"], changed["Description"]) == (name, "e")
    assert kit.events.describe_event_bus(Name=name)["KmsKeyIdentifier"] == "alias/k"
    assert kit.events.list_tags_for_resource(ResourceARN=bus_arn(name))["Tags"] == [
        {"Key": "a", "Value": "b"}]
    assert refused("ResourceAlreadyExistsException", kit.events.create_event_bus, Name=name) == (
        f"Event bus {name} already exists.")
    kit.events.delete_event_bus(Name=name)
    kit.events.delete_event_bus(Name=name)
    assert refused("ResourceNotFoundException", kit.events.describe_event_bus, Name=name) == (
        f"Event bus {name} does not exist.")


def test_default_is_always_there(kit, weir):
    elsewhere = weir.client("events", region="eu-west-1")
    assert elsewhere.describe_event_bus()["Arn"] == bus_arn(region="eu-west-1")
    assert [bus["Name"] for bus in elsewhere.list_event_buses()["EventBuses"]] == ["default"]
    assert refused("ValidationException", kit.events.delete_event_bus, Name="default") == (
        "Cannot delete event bus default.")
    refused("ResourceAlreadyExistsException", kit.events.create_event_bus, Name="default")


def test_refusals(kit, name):
    assert refused("ValidationException", kit.events.create_event_bus, Name="a/b") == (
        "Event bus name must not contain '/'.")
    refused("ValidationException", kit.events.create_event_bus, Name="a b")
    refused("ValidationException", kit.events.create_event_bus, Name=name,
            DeadLetterConfig={"Arn": "arn:aws:sns:us-east-1:111122223333:x"})
    refused("NotImplemented", kit.events.create_event_bus, Name="aws.partner/a/b",
            EventSourceName="aws.partner/a/b", status=501)
    refused("NotImplemented", kit.events.list_archives, status=501)
    kit.events.create_event_bus(Name=name)
    kit.rule("r", {"source": ["x"]}, name)
    assert refused("ValidationException", kit.events.delete_event_bus, Name=name) == (
        "EventBus can't be deleted since it has rules.")


def test_pages(kit):
    for i in range(5):
        kit.events.create_event_bus(Name=f"page-{i}")
    names, token = [], {}
    while True:
        page = kit.events.list_event_buses(NamePrefix="page-", Limit=2, **token)
        assert len(page["EventBuses"]) <= 2
        names += [bus["Name"] for bus in page["EventBuses"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert names == [f"page-{i}" for i in range(5)]


def test_permissions(kit, name):
    kit.events.create_event_bus(Name=name)
    put, remove = kit.events.put_permission, kit.events.remove_permission
    put(EventBusName=name, Action="events:PutEvents", Principal="222233334444", StatementId="one")
    put(EventBusName=name, Action="events:PutEvents", Principal="*", StatementId="two",
        Condition={"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": "o-1"})
    policy = json.loads(kit.events.describe_event_bus(Name=name)["Policy"])
    assert policy == {"Version": "2012-10-17", "Statement": [
        {"Sid": "one", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::222233334444:root"},
         "Action": "events:PutEvents", "Resource": bus_arn(name)},
        {"Sid": "two", "Effect": "Allow", "Principal": "*", "Action": "events:PutEvents",
         "Resource": bus_arn(name),
         "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}]}
    remove(EventBusName=name, StatementId="one")
    assert refused("ResourceNotFoundException", remove, EventBusName=name, StatementId="one") == (
        "Statement with the provided id does not exist.")
    remove(EventBusName=name, RemoveAllPermissions=True)
    assert "Policy" not in kit.events.describe_event_bus(Name=name)
    whole = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Sid": "x", "Effect": "Allow", "Principal": {"AWS": "222233334444"},
         "Action": "events:*", "Resource": bus_arn(name)}]})
    put(EventBusName=name, Policy=whole)
    assert kit.events.describe_event_bus(Name=name)["Policy"] == whole
    refused("ValidationException", put, EventBusName=name, Policy="{}")
    refused("ValidationException", put, EventBusName=name, Action="events:PutRule",
            Principal="*", StatementId="s")
    assert refused("ResourceNotFoundException", put, EventBusName="none", StatementId="s",
                   Action="events:PutEvents", Principal="*") == "Event bus none does not exist."


def test_tags(kit, name):
    kit.events.create_event_bus(Name=name)
    arn = bus_arn(name)
    kit.events.tag_resource(ResourceARN=arn, Tags=[{"Key": "k", "Value": "1"}])
    kit.events.tag_resource(ResourceARN=arn, Tags=[{"Key": "k", "Value": "2"},
                                                   {"Key": "j", "Value": "3"}])
    kit.events.untag_resource(ResourceARN=arn, TagKeys=["j", "none"])
    assert kit.events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [
        {"Key": "k", "Value": "2"}]
    refused("ResourceNotFoundException", kit.events.list_tags_for_resource,
            ResourceARN=bus_arn("none"))


def test_from_bus_to_bus_but_to_no_third(kit, name):
    for bus in (f"{name}-a", f"{name}-b", f"{name}-c"):
        kit.events.create_event_bus(Name=bus)
    into, beyond, dead = (kit.queue(f"{name}-{q}") for q in ("into", "beyond", "dead"))
    kit.rule("on", {"source": ["s"]}, f"{name}-a")
    kit.target("on", bus_arn(f"{name}-b"), f"{name}-a")
    kit.rule("on", {"source": ["s"]}, f"{name}-b")
    kit.target("on", into, f"{name}-b")
    kit.target("on", bus_arn(f"{name}-c"), f"{name}-b", id="third",
               DeadLetterConfig={"Arn": dead})
    kit.rule("on", {"source": ["s"]}, f"{name}-c")
    kit.target("on", beyond, f"{name}-c")
    event_id = kit.put("s", {"n": 1}, bus=f"{name}-a")
    [event] = kit.came(into)
    assert event["id"] == event_id and event["detail"] == {"n": 1}
    assert kit.take(beyond) == []
    [message] = kit.take(dead)
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == (
        "THIRD_ACCOUNT_HOP_DETECTED")


def test_across_regions_and_accounts(kit, weir, name):
    far = Kit(weir, region="eu-west-1")
    far_queue = far.flow(name)
    kit.rule(name, {"source": [name]})
    kit.target(name, bus_arn(region="eu-west-1"),
               RoleArn=f"arn:aws:iam::{ACCOUNT}:role/any")
    kit.put(name)
    [event] = far.came(far_queue)
    assert (event["account"], event["region"]) == (ACCOUNT, REGION)

    other = weir.client("events", access_key="222233334444")
    other.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    other.put_targets(Rule=name, Targets=[
        {"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}-across"}])
    into = kit.queue(f"{name}-across")
    kit.target(name, bus_arn(account="222233334444"), id="other")
    kit.put(name)
    [event] = kit.came(into)
    assert event["account"] == ACCOUNT
    other.put_permission(Action="events:PutEvents", Principal="333344445555", StatementId="not-us")
    kit.put(name)
    assert kit.came(into) == []
    other.put_permission(Action="events:PutEvents", Principal=ACCOUNT, StatementId="us")
    kit.put(name)
    assert len(kit.came(into)) == 1


def test_buses_live_through_a_restart(fresh):
    weir = fresh()
    kit = Kit(weir)
    kit.events.create_event_bus(Name="b", Description="d", Tags=[{"Key": "k", "Value": "v"}])
    kit.events.put_permission(Action="events:PutEvents", Principal="*", StatementId="s")
    before = [kit.events.describe_event_bus(Name=n) for n in ("b", "default")]
    weir.restart(hard=True)
    kit = Kit(weir)
    after = [kit.events.describe_event_bus(Name=n) for n in ("b", "default")]
    for one in before + after:
        del one["ResponseMetadata"]
    assert before == after
    assert kit.events.list_tags_for_resource(ResourceARN=bus_arn("b"))["Tags"] == [
        {"Key": "k", "Value": "v"}]
