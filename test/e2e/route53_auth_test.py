# SPDX-License-Identifier: Apache-2.0
"""--auth=on: who may do what with which hosted zone and certificate, by ARN and by tag."""
import itertools

import pytest
from auth_test import SignedServer
from iam_kit import allow, client_of, document

numbers = itertools.count(1)


@pytest.fixture(scope="module")
def weir():
    server = SignedServer("--auth", "on").start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def root(weir):
    key, secret = weir.key
    return {"AccessKeyId": key, "SecretAccessKey": secret}


@pytest.fixture
def user(weir, root):
    """user(service, statement, …): a client of a new user who may that and nothing else."""
    iam = client_of(weir, "iam", root)

    def make(service, *statements):
        name = f"user-{next(numbers)}"
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return client_of(weir, service, key)
    return make


def may(call, **more):
    try:
        call(**more)
        return True
    except Exception as error:
        assert error.response["Error"]["Code"] in ("AccessDeniedException", "AccessDenied"), error
        return False


@pytest.fixture
def zone(weir, root, name):
    """zone(name): a new zone's id."""
    route53 = client_of(weir, "route53", root)
    return lambda domain: route53.create_hosted_zone(
        Name=domain, CallerReference=f"{name}-{domain}")["HostedZone"]["Id"].split("/")[-1]


def test_a_zones_arn_decides(user, zone):
    one, two = zone("one.example"), zone("two.example")
    editor = user("route53", allow("route53:ChangeResourceRecordSets",
                                   f"arn:aws:route53:::hostedzone/{one}"))
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": {
        "Name": "a.one.example", "Type": "A", "TTL": 1,
        "ResourceRecords": [{"Value": "1.2.3.4"}]}}]}
    assert may(editor.change_resource_record_sets, HostedZoneId=one, ChangeBatch=batch)
    assert not may(editor.change_resource_record_sets, HostedZoneId=two, ChangeBatch=batch)
    assert not may(editor.get_hosted_zone, Id=one)
    assert not may(editor.list_hosted_zones)


def test_a_zones_tags_decide(weir, root, user, zone):
    one, two = zone("open.example"), zone("shut.example")
    client_of(weir, "route53", root).change_tags_for_resource(
        ResourceType="hostedzone", ResourceId=one, AddTags=[{"Key": "L", "Value": "open"}])
    reader = user("route53", allow("route53:GetHostedZone", "*", Condition={
        "StringEquals": {"aws:ResourceTag/L": "open"}}))
    assert may(reader.get_hosted_zone, Id=one)
    assert not may(reader.get_hosted_zone, Id=two)


def test_a_certificates_arn_and_tags_decide(weir, root, user):
    acm = client_of(weir, "acm", root)
    one, two = [acm.request_certificate(DomainName=f"{end}.example", KeyAlgorithm="EC_prime256v1",
                                        ValidationMethod="DNS",
                                        Tags=[{"Key": "L", "Value": end}])["CertificateArn"]
                for end in "ab"]
    reader = user("acm", allow("acm:DescribeCertificate", one))
    assert may(reader.describe_certificate, CertificateArn=one)
    assert not may(reader.describe_certificate, CertificateArn=two)
    assert not may(reader.request_certificate, DomainName="c.example")
    tagged = user("acm", allow("acm:GetCertificate", "*", Condition={
        "StringEquals": {"aws:ResourceTag/L": "b"}}))
    assert may(tagged.get_certificate, CertificateArn=two)
    assert not may(tagged.get_certificate, CertificateArn=one)
