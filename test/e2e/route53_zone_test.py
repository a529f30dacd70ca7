# SPDX-License-Identifier: Apache-2.0
"""Route 53: hosted zones, record sets and their order, batches and what is wrong with them,
answers, health checks, tags."""
import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from weir_server import REGION

numbers = itertools.count(1)


@pytest.fixture(scope="module")
def route53(weir):
    return weir.client("route53")


def refused(code, call, status=400, **more):
    with pytest.raises(ClientError) as caught:
        call(**more)
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    return error["Message"]


def zone(route53, name="example.com", **more):
    """A new zone's id."""
    made = route53.create_hosted_zone(Name=name, CallerReference=f"r{next(numbers)}", **more)
    return made["HostedZone"]["Id"].split("/")[-1]


def record(name, kind="A", *values, ttl=300, **more):
    return {"Name": name, "Type": kind, **({"TTL": ttl, "ResourceRecords": [
        {"Value": value} for value in values]} if values else {}), **more}


def change(route53, zone_id, *changes):
    """Changes are (action, record)."""
    return route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={
        "Changes": [{"Action": action, "ResourceRecordSet": one} for action, one in changes]})


def wrong(route53, zone_id, *changes):
    with pytest.raises(ClientError) as caught:
        change(route53, zone_id, *changes)
    error = caught.value.response["Error"]
    assert error["Code"] == "InvalidChangeBatch", error
    return error["Message"]


def listed(route53, zone_id, **more):
    pages = route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone_id,
                                                                        **more)
    return [(one["Name"], one["Type"]) for page in pages for one in page["ResourceRecordSets"]]


# ---- zones ----

def test_a_zone_is_made_told_and_deleted(route53):
    made = route53.create_hosted_zone(Name="Example.COM", CallerReference="first",
                                      HostedZoneConfig={"Comment": "c"})
    told = made["HostedZone"]
    assert told["Name"] == "example.com." and told["Id"].startswith("/hostedzone/Z")
    assert told["Config"] == {"Comment": "c", "PrivateZone": False}
    assert told["ResourceRecordSetCount"] == 2 and told["CallerReference"] == "first"
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert made["Location"].endswith(told["Id"])
    assert len(made["DelegationSet"]["NameServers"]) == 4
    assert made["ChangeInfo"]["Status"] == "PENDING"
    got = route53.get_change(Id=made["ChangeInfo"]["Id"])["ChangeInfo"]
    assert got["Status"] == "INSYNC" and got["Id"] == made["ChangeInfo"]["Id"]
    route53.get_waiter("resource_record_sets_changed").wait(
        Id=made["ChangeInfo"]["Id"], WaiterConfig={"Delay": 0})
    assert refused("HostedZoneAlreadyExists", route53.create_hosted_zone, 409, Name="other.com",
                   CallerReference="first") == (
        "A hosted zone has already been created with the specified caller reference.")
    read = route53.get_hosted_zone(Id=told["Id"])
    assert read["HostedZone"] == told and read["DelegationSet"] == made["DelegationSet"]
    records = route53.list_resource_record_sets(HostedZoneId=told["Id"])["ResourceRecordSets"]
    assert [(r["Type"], r["TTL"]) for r in records] == [("NS", 172800), ("SOA", 900)]
    assert records[0]["ResourceRecords"][0]["Value"] == \
        made["DelegationSet"]["NameServers"][0] + "."
    changed = route53.update_hosted_zone_comment(Id=told["Id"], Comment="new")
    assert changed["HostedZone"]["Config"]["Comment"] == "new"
    change(route53, told["Id"], ("CREATE", record("a.example.com", "A", "1.2.3.4")))
    assert refused("HostedZoneNotEmpty", route53.delete_hosted_zone, Id=told["Id"]).startswith(
        "The specified hosted zone contains non-required resource record sets")
    change(route53, told["Id"], ("DELETE", record("a.example.com", "A", "1.2.3.4")))
    assert route53.delete_hosted_zone(Id=told["Id"])["ChangeInfo"]["Status"] == "PENDING"
    gone = told["Id"].split("/")[-1]
    assert refused("NoSuchHostedZone", route53.get_hosted_zone, 404, Id=gone) == (
        f"No hosted zone found with ID: {gone}")
    refused("NoSuchChange", route53.get_change, 404, Id="C123")


@pytest.mark.parametrize("name", ["a..com", ".com", "x" * 64 + ".com"])
def test_names_that_are_none(route53, name):
    refused("InvalidDomainName", route53.create_hosted_zone, Name=name, CallerReference=name)


def test_zones_are_listed(fresh):
    route53 = fresh().client("route53")
    names = ["b.com", "example.org", "a.com", "www.a.com", "a.com"]
    ids = [zone(route53, name) for name in names]
    assert route53.get_hosted_zone_count()["HostedZoneCount"] == 5
    pages = route53.get_paginator("list_hosted_zones").paginate(PaginationConfig={"PageSize": 2})
    there = [[z["Id"].split("/")[-1] for z in page["HostedZones"]] for page in pages]
    assert [len(page) for page in there] == [2, 2, 1] and sorted(sum(there, [])) == sorted(ids)
    by = route53.list_hosted_zones_by_name()
    assert [z["Name"] for z in by["HostedZones"]] == [
        "a.com.", "a.com.", "www.a.com.", "b.com.", "example.org."]
    by = route53.list_hosted_zones_by_name(DNSName="www.a.com", MaxItems="1")
    assert [z["Name"] for z in by["HostedZones"]] == ["www.a.com."] and by["IsTruncated"]
    assert by["NextDNSName"] == "b.com." and by["MaxItems"] == "1"
    by = route53.list_hosted_zones_by_name(DNSName="b.com",
                                           HostedZoneId=by["NextHostedZoneId"])
    assert [z["Name"] for z in by["HostedZones"]] == ["b.com.", "example.org."]


def test_private_zones(route53):
    vpc = {"VPCRegion": REGION, "VPCId": "vpc-1"}
    one = zone(route53, "inside.local", VPC=vpc)
    told = route53.get_hosted_zone(Id=one)
    assert told["HostedZone"]["Config"]["PrivateZone"] and told["VPCs"] == [vpc]
    refused("InvalidVPCId", route53.create_hosted_zone, Name="x.local", CallerReference="p",
            HostedZoneConfig={"PrivateZone": True})
    only = route53.list_hosted_zones(HostedZoneType="PrivateHostedZone")["HostedZones"]
    assert [z["Name"] for z in only] == ["inside.local."]


# ---- records ----

def test_records_are_put_and_listed_in_order(route53):
    one = zone(route53)
    change(route53, one, *[("CREATE", record(f"{name}example.com", "A", "1.2.3.4"))
                           for name in ("www.", "a.www.", "b.", "*.", "")],
           ("CREATE", record("www.example.com", "AAAA", "::1")),
           ("CREATE", record("t.example.com", "TXT", '"a" "b"')))
    assert listed(route53, one) == [
        ("example.com.", "A"), ("example.com.", "NS"), ("example.com.", "SOA"),
        ("\\052.example.com.", "A"), ("b.example.com.", "A"), ("t.example.com.", "TXT"),
        ("www.example.com.", "A"), ("www.example.com.", "AAAA"), ("a.www.example.com.", "A")]
    assert listed(route53, one, PaginationConfig={"PageSize": 2}) == listed(route53, one)
    from_there = route53.list_resource_record_sets(
        HostedZoneId=one, StartRecordName="www.example.com", StartRecordType="AAAA", MaxItems="1")
    assert [r["Type"] for r in from_there["ResourceRecordSets"]] == ["AAAA"]
    assert from_there["IsTruncated"] and from_there["NextRecordName"] == "a.www.example.com."
    assert route53.get_hosted_zone(Id=one)["HostedZone"]["ResourceRecordSetCount"] == 9
    change(route53, one, ("UPSERT", record("WWW.example.com.", "A", "5.6.7.8", ttl=60)))
    got = route53.list_resource_record_sets(HostedZoneId=one, StartRecordName="www.example.com",
                                            MaxItems="1")["ResourceRecordSets"][0]
    assert got == {"Name": "www.example.com.", "Type": "A", "TTL": 60,
                   "ResourceRecords": [{"Value": "5.6.7.8"}]}
    refused("InvalidInput", route53.list_resource_record_sets, HostedZoneId=one,
            StartRecordType="A")


def test_a_batch_is_all_or_nothing(route53):
    one = zone(route53)
    change(route53, one, ("CREATE", record("a.example.com", "A", "1.1.1.1")))
    message = wrong(route53, one, ("CREATE", record("b.example.com", "A", "1.1.1.1")),
                    ("CREATE", record("a.example.com", "A", "2.2.2.2")),
                    ("DELETE", record("c.example.com", "A", "2.2.2.2")),
                    ("DELETE", record("a.example.com", "A", "9.9.9.9")))
    assert message == (
        "[Tried to create resource record set [name='a.example.com.', type='A'] but it already "
        "exists, Tried to delete resource record set [name='c.example.com.', type='A'] but it was "
        "not found, Tried to delete resource record set [name='a.example.com.', type='A'] but the "
        "values provided do not match the current values]")
    assert len(listed(route53, one)) == 3
    change(route53, one, ("DELETE", record("a.example.com", "A", "1.1.1.1")),
           ("CREATE", record("a.example.com", "CNAME", "b.example.com")),
           ("CREATE", record("b.example.com", "A", "2.2.2.2", "3.3.3.3")))
    change(route53, one, ("DELETE", record("b.example.com", "A", "3.3.3.3", "2.2.2.2")))
    assert listed(route53, one)[-1] == ("a.example.com.", "CNAME")


@pytest.mark.parametrize("one,words", [
    (record("a.example.org", "A", "1.1.1.1"),
     "[RRSet with DNS name a.example.org. is not permitted in zone example.com.]"),
    (record("notexample.com", "A", "1.1.1.1"),
     "[RRSet with DNS name notexample.com. is not permitted in zone example.com.]"),
    (record("example.com", "CNAME", "x.com"),
     "[RRSet of type CNAME with DNS name example.com. is not permitted at apex in zone "
     "example.com.]"),
    (record("there.example.com", "CNAME", "x.com"),
     "[RRSet of type CNAME with DNS name there.example.com. is not permitted as it conflicts with "
     "other records with the same DNS name in zone example.com.]"),
    (record("a.example.com", "A", "1.1.1"),
     "[Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid "
     "IPv4 address) encountered with '1.1.1'']"),
    (record("a.example.com", "TXT", "text"),
     "[Invalid Resource Record: 'FATAL problem: InvalidCharacterString (Value should be enclosed "
     "in quotation marks) encountered with 'text'']"),
    (record("a.example.com", "MX", "mail"),
     "[Invalid Resource Record: 'FATAL problem: MXRRDATANotTwoFields (MX record doesn't have 2 "
     "fields) encountered with 'mail'']"),
    (record("a.example.com", "A", "1.1.1.1", "1.1.1.1"),
     "[Duplicate Resource Record: '1.1.1.1']"),
])
def test_what_cannot_be_created(route53, one, words):
    at = zone(route53)
    change(route53, at, ("CREATE", record("there.example.com", "A", "1.1.1.1")))
    assert wrong(route53, at, ("CREATE", one)) == words
    assert len(listed(route53, at)) == 3


def test_the_zones_own_records_stay(route53):
    one = zone(route53)
    soa = route53.list_resource_record_sets(HostedZoneId=one)["ResourceRecordSets"][1]
    assert wrong(route53, one, ("DELETE", soa)) == (
        "[A HostedZone must contain exactly one SOA record.]")


def test_requests_that_are_not_formed(route53):
    one = zone(route53)
    ask = lambda *words, **more: refused(  # noqa: E731
        "InvalidInput", route53.change_resource_record_sets, HostedZoneId=one, ChangeBatch={
            "Changes": [{"Action": "CREATE", "ResourceRecordSet": record(*words, **more)}]})
    assert ask("a.example.com", "A") == (
        "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], "
        "or TrafficPolicyInstanceId], but found none in Change with [Action=CREATE, "
        "Name=a.example.com, Type=A, SetIdentifier=null]")
    assert "Missing field 'SetIdentifier'" in ask("a.example.com", "A", "1.1.1.1", Weight=1)
    assert "but found none" in ask("a.example.com", "A", "1.1.1.1", SetIdentifier="x")
    assert "but found more than one" in ask("a.example.com", "A", "1.1.1.1", SetIdentifier="x",
                                            Weight=1, Region="us-east-1")
    refused("NoSuchHostedZone", route53.change_resource_record_sets, 404, HostedZoneId="Z0",
            ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record(
                "a.example.com", "A", "1.1.1.1")}]})


def test_ways_of_routing_are_kept(route53):
    one = zone(route53)
    check = route53.create_health_check(CallerReference="w", HealthCheckConfig={
        "Type": "HTTP", "FullyQualifiedDomainName": "x.com"})["HealthCheck"]["Id"]
    sets = [record("w.example.com", "A", "1.1.1.1", SetIdentifier="one", Weight=0),
            record("w.example.com", "A", "2.2.2.2", SetIdentifier="two", Weight=9,
                   HealthCheckId=check),
            record("f.example.com", "A", "3.3.3.3", SetIdentifier="p", Failover="PRIMARY"),
            record("f.example.com", "A", "4.4.4.4", SetIdentifier="s", Failover="SECONDARY"),
            record("g.example.com", "A", "5.5.5.5", SetIdentifier="d",
                   GeoLocation={"CountryCode": "*"}),
            record("g.example.com", "A", "6.6.6.6", SetIdentifier="de",
                   GeoLocation={"CountryCode": "DE"}),
            record("l.example.com", "A", "7.7.7.7", SetIdentifier="r", Region="eu-west-1"),
            record("m.example.com", "A", "8.8.8.8", SetIdentifier="1", MultiValueAnswer=True),
            record("m.example.com", "A", "9.9.9.9", SetIdentifier="2", MultiValueAnswer=True)]
    change(route53, one, *[("CREATE", each) for each in sets])
    got = route53.list_resource_record_sets(HostedZoneId=one)["ResourceRecordSets"]
    by = {(r["Name"], r.get("SetIdentifier")): r for r in got}
    for each in sets:
        kept = by[each["Name"] + ".", each["SetIdentifier"]]
        assert {**kept, "Name": each["Name"]} == each
    assert "cannot be created as other RRSets exist" in wrong(
        route53, one, ("CREATE", record("w.example.com", "A", "1.1.1.1")))
    ask = lambda name: route53.test_dns_answer(  # noqa: E731
        HostedZoneId=one, RecordName=f"{name}.example.com", RecordType="A")["RecordData"]
    assert ask("w") == ["2.2.2.2"] and ask("f") == ["3.3.3.3"] and ask("g") == ["5.5.5.5"]
    assert ask("m") == ["8.8.8.8", "9.9.9.9"]
    refused("NoSuchHealthCheck", route53.change_resource_record_sets, 404, HostedZoneId=one,
            ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record(
                "h.example.com", "A", "1.1.1.1", HealthCheckId="none")}]})


def alias(target, zone_id):
    return {"AliasTarget": {"HostedZoneId": zone_id, "DNSName": target,
                            "EvaluateTargetHealth": False}}


def test_aliases(route53):
    one = zone(route53)
    change(route53, one, ("CREATE", record("a.example.com", "A", "1.1.1.1")),
           ("CREATE", record("example.com", "A", **alias("A.example.com", one))),
           ("CREATE", record("lb.example.com", "A", **alias("x.elb.amazonaws.com", "Z35SXDOTRQ7X7K")
                             )))
    assert "but that target was not found" in wrong(
        route53, one, ("CREATE", record("b.example.com", "A", **alias("none.example.com", one))))
    assert "does not lie within the target zone" in wrong(
        route53, one, ("CREATE", record("b.example.com", "A", **alias("a.example.org", one))))
    got = route53.list_resource_record_sets(HostedZoneId=one)["ResourceRecordSets"][0]
    assert got["AliasTarget"]["DNSName"] == "a.example.com." and "TTL" not in got
    answer = route53.test_dns_answer(HostedZoneId=one, RecordName="example.com", RecordType="A")
    assert answer["RecordData"] == ["1.1.1.1"] and answer["ResponseCode"] == "NOERROR"


def test_answers(route53):
    one = zone(route53)
    change(route53, one, ("CREATE", record("*.example.com", "A", "1.1.1.1")),
           ("CREATE", record("real.example.com", "TXT", '"x"')),
           ("CREATE", record("c.example.com", "CNAME", "real.example.com")))
    ask = lambda name, kind="A": route53.test_dns_answer(  # noqa: E731
        HostedZoneId=one, RecordName=name, RecordType=kind)
    assert ask("any.example.com")["RecordData"] == ["1.1.1.1"]
    assert ask("deep.any.example.com")["RecordData"] == ["1.1.1.1"]
    assert ask("real.example.com")["RecordData"] == []
    assert ask("c.example.com")["RecordData"] == ["real.example.com"]
    assert ask("example.com")["ResponseCode"] == "NOERROR"
    other = zone(route53, "empty.net")
    assert route53.test_dns_answer(HostedZoneId=other, RecordName="x.empty.net",
                                   RecordType="A")["ResponseCode"] == "NXDOMAIN"


# ---- health checks, tags ----

def test_health_checks(route53):
    config = {"Type": "HTTPS", "FullyQualifiedDomainName": "x.com", "ResourcePath": "/"}
    made = route53.create_health_check(CallerReference="hc", HealthCheckConfig=config)
    check = made["HealthCheck"]
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert check["HealthCheckVersion"] == 1 and check["HealthCheckConfig"]["Port"] == 443
    again = route53.create_health_check(CallerReference="hc", HealthCheckConfig=config)
    assert again["HealthCheck"]["Id"] == check["Id"]
    refused("HealthCheckAlreadyExists", route53.create_health_check, 409, CallerReference="hc",
            HealthCheckConfig={**config, "ResourcePath": "/other"})
    changed = route53.update_health_check(HealthCheckId=check["Id"], HealthCheckVersion=1,
                                          Disabled=True, ResetElements=["ResourcePath"])
    assert changed["HealthCheck"]["HealthCheckVersion"] == 2
    config = route53.get_health_check(HealthCheckId=check["Id"])["HealthCheck"][
        "HealthCheckConfig"]
    assert config["Disabled"] and "ResourcePath" not in config
    refused("HealthCheckVersionMismatch", route53.update_health_check, 409,
            HealthCheckId=check["Id"], HealthCheckVersion=1)
    assert check["Id"] in [h["Id"] for h in route53.list_health_checks()["HealthChecks"]]
    assert route53.get_health_check_count()["HealthCheckCount"] >= 1
    route53.delete_health_check(HealthCheckId=check["Id"])
    refused("NoSuchHealthCheck", route53.get_health_check, 404, HealthCheckId=check["Id"])


def test_tags(route53):
    one, two = zone(route53), zone(route53)
    about = {"ResourceType": "hostedzone", "ResourceId": one}
    route53.change_tags_for_resource(AddTags=[{"Key": "a", "Value": "1"},
                                              {"Key": "b", "Value": "2"}], **about)
    route53.change_tags_for_resource(AddTags=[{"Key": "a", "Value": "3"}], RemoveTagKeys=["b"],
                                     **about)
    told = route53.list_tags_for_resource(**about)["ResourceTagSet"]
    assert told == {**about, "Tags": [{"Key": "a", "Value": "3"}]}
    many = route53.list_tags_for_resources(ResourceType="hostedzone", ResourceIds=[two, one])
    assert [len(each["Tags"]) for each in many["ResourceTagSets"]] == [0, 1]
    refused("NoSuchHostedZone", route53.list_tags_for_resource, 404, ResourceType="hostedzone",
            ResourceId="Z0")


# ---- with Certificate Manager; the CLI ----

def test_a_certificate_waits_for_its_record(clocked):
    route53, acm = clocked.client("route53"), clocked.client("acm")
    one = zone(route53, "owned.example")
    arn = acm.request_certificate(DomainName="www.owned.example", ValidationMethod="DNS")[
        "CertificateArn"]
    about = lambda: acm.describe_certificate(CertificateArn=arn)["Certificate"]  # noqa: E731
    assert about()["Status"] == "PENDING_VALIDATION"
    wanted = about()["DomainValidationOptions"][0]["ResourceRecord"]
    clocked.advance("1m")
    assert about()["Status"] == "PENDING_VALIDATION"
    change(route53, one, ("CREATE", record(wanted["Name"], "CNAME", wanted["Value"])))
    clocked.advance("1m")
    assert about()["Status"] == "ISSUED"


def test_the_rest_is_not_there(route53):
    with pytest.raises(ClientError) as caught:
        route53.list_traffic_policies()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_the_cli_knows_it(weir):
    def aws(*words):
        run = subprocess.run([str(Path(sys.executable).with_name("aws")), "route53", *words],
                             env=weir.environment(), capture_output=True, text=True, timeout=60,
                             check=True)
        return json.loads(run.stdout)
    made = aws("create-hosted-zone", "--name", "cli.example", "--caller-reference", "cli")
    batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record(
        "a.cli.example", "A", "1.2.3.4")}]}
    aws("change-resource-record-sets", "--hosted-zone-id", made["HostedZone"]["Id"],
        "--change-batch", json.dumps(batch))
    there = aws("list-resource-record-sets", "--hosted-zone-id", made["HostedZone"]["Id"])
    assert [r["Name"] for r in there["ResourceRecordSets"]][-1] == "a.cli.example."
