# SPDX-License-Identifier: Apache-2.0
"""Certificate Manager: requested, issued by weir's authority, validated, imported, exported,
renewed; certificates are read and verified by openssl."""
import datetime
import json
import re
import ssl
import subprocess
import sys
import urllib.parse
from pathlib import Path

import pytest
from weir_server import ACCOUNT, REGION

UTC = datetime.timezone.utc


@pytest.fixture(scope="module")
def acm(weir):
    return weir.client("acm")


def openssl(*words, text=""):
    run = subprocess.run(["openssl", *words], input=text, capture_output=True, text=True,
                         timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def about(acm, arn):
    return acm.describe_certificate(CertificateArn=arn)["Certificate"]


def request(acm, domain, method="DNS", **more):
    return acm.request_certificate(DomainName=domain, ValidationMethod=method,
                                   **more)["CertificateArn"]


def made(tmp_path, domain, *words, days="30"):
    """A certificate and a key of somebody else's."""
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/O=Mine/CN={domain}",
            "-addext", f"subjectAltName=DNS:{domain},DNS:www.{domain}", "-days", days,
            "-keyout", str(key), "-out", str(certificate), *words)
    return certificate.read_bytes(), key.read_bytes()


# ---- requested ----

def test_a_certificate_is_requested_and_issued(weir, acm, tmp_path):
    arn = request(acm, "a.example.com", SubjectAlternativeNames=["b.example.com",
                                                                 "a.example.com"])
    assert re.fullmatch(f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/[0-9a-f-]{{36}}", arn)
    told = about(acm, arn)
    assert told["Status"] == "ISSUED" and told["Type"] == "AMAZON_ISSUED"
    assert told["SubjectAlternativeNames"] == ["a.example.com", "b.example.com"]
    assert told["KeyAlgorithm"] == "RSA-2048" and told["InUseBy"] == []
    one = told["DomainValidationOptions"][0]
    assert one["ValidationStatus"] == "SUCCESS" and one["ValidationMethod"] == "DNS"
    record = one["ResourceRecord"]
    assert record["Type"] == "CNAME" and record["Value"].endswith(".acm-validations.aws.")
    assert re.fullmatch(r"_[0-9a-f]{32}\.a\.example\.com\.", record["Name"])
    assert [u["Name"] for u in told["KeyUsages"]] == ["DIGITAL_SIGNATURE", "KEY_ENCIPHERMENT"]
    got = acm.get_certificate(CertificateArn=arn)
    leaf, chain = tmp_path / "leaf.pem", tmp_path / "chain.pem"
    leaf.write_text(got["Certificate"])
    chain.write_text(got["CertificateChain"])
    assert "OK" in openssl("verify", "-CAfile", str(chain), "-verify_hostname", "b.example.com",
                           str(leaf))
    status, _, pem = weir.ask("GET", "/_weir/ca.pem")
    assert status == 200 and pem.decode() == got["CertificateChain"]
    serial = openssl("x509", "-noout", "-serial", "-in", str(leaf)).strip().split("=")[1]
    assert told["Serial"].replace(":", "").upper() == serial
    seconds = ssl.cert_time_to_seconds(openssl(
        "x509", "-noout", "-enddate", "-in", str(leaf)).strip().split("=")[1])
    assert told["NotAfter"].timestamp() == seconds


@pytest.mark.parametrize("algorithm,told", [
    ("EC_prime256v1", "EC_prime256v1"), ("EC_secp384r1", "EC_secp384r1"),
    ("RSA_3072", "RSA-3072")])
def test_keys_of_other_kinds(acm, algorithm, told):
    arn = request(acm, "key.example.com", KeyAlgorithm=algorithm)
    assert about(acm, arn)["KeyAlgorithm"] == told
    listed = acm.list_certificates(Includes={"keyTypes": [algorithm]})["CertificateSummaryList"]
    assert arn in [one["CertificateArn"] for one in listed]
    plain = acm.list_certificates()["CertificateSummaryList"]
    assert arn not in [one["CertificateArn"] for one in plain]


def test_the_same_token_is_the_same_request(acm):
    one = request(acm, "token.example.com", IdempotencyToken="t1")
    assert request(acm, "token.example.com", IdempotencyToken="t1") == one
    assert request(acm, "token.example.com", IdempotencyToken="t2") != one
    assert request(acm, "other.example.com", IdempotencyToken="t1") != one


def test_what_cannot_be_requested(acm, refused):
    refused("ValidationException", acm.request_certificate, DomainName="no domain")
    refused("ValidationException", request, acm, "x.example.com", "HTTP")
    refused("InvalidDomainValidationOptionsException", request, acm, "x.example.com", "EMAIL",
            DomainValidationOptions=[{"DomainName": "x.example.com",
                                      "ValidationDomain": "example.org"}])
    none = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/none"
    assert refused("ResourceNotFoundException", about, acm, none) == (
        f"Could not find certificate {none}.")
    refused("InvalidArnException", about, acm, "arn:aws:acm:us-east-1:1:other/none")


def mails(weir):
    return json.loads(weir.ask("GET", "/_weir/outbox")[2])


def test_a_mail_approves(weir, acm, refused):
    arn = request(acm, "www.mail.example", "EMAIL", DomainValidationOptions=[
        {"DomainName": "www.mail.example", "ValidationDomain": "mail.example"}])
    told = about(acm, arn)
    assert told["Status"] == "PENDING_VALIDATION" and "NotAfter" not in told
    assert "admin@mail.example" in told["DomainValidationOptions"][0]["ValidationEmails"]
    refused("RequestInProgressException", acm.get_certificate, CertificateArn=arn)
    acm.resend_validation_email(CertificateArn=arn, Domain="www.mail.example",
                                ValidationDomain="mail.example")
    text = json.dumps(mails(weir))
    links = re.findall(r"POST (/_weir/acm/approve\S+?code=[0-9a-f]{32})", text)
    links = [link for link in links if arn in link]
    assert len(links) == 10 and len(set(links)) == 1
    wrong = links[0][:-32] + "0" * 32
    assert weir.ask("POST", wrong)[0] == 404 and weir.ask("GET", links[0])[0] != 200
    assert about(acm, arn)["Status"] == "PENDING_VALIDATION"
    status, _, body = weir.ask("POST", urllib.parse.quote(links[0], safe="/?&=:"))
    assert status == 200, body
    assert about(acm, arn)["Status"] == "ISSUED"
    refused("InvalidStateException", acm.resend_validation_email, CertificateArn=arn,
            Domain="www.mail.example", ValidationDomain="mail.example")


def test_validation_times_out(clocked):
    acm = clocked.client("acm")
    arn = request(acm, "late.example", "EMAIL")
    clocked.advance("71h")
    assert about(acm, arn)["Status"] == "PENDING_VALIDATION"
    clocked.advance("2h")
    assert about(acm, arn)["Status"] == "VALIDATION_TIMED_OUT"


def test_certificates_end(clocked):
    acm = clocked.client("acm")
    arn = request(acm, "end.example.com")
    told = about(acm, arn)
    assert (told["NotAfter"] - told["NotBefore"]).days == 197
    clocked.advance("197d")
    assert about(acm, arn)["Status"] == "ISSUED"
    clocked.advance("1d")
    assert about(acm, arn)["Status"] == "EXPIRED"
    listed = acm.list_certificates(CertificateStatuses=["EXPIRED"])["CertificateSummaryList"]
    assert [one["CertificateArn"] for one in listed] == [arn]


# ---- imported, exported ----

def test_a_certificate_is_imported(acm, tmp_path, refused):
    certificate, key = made(tmp_path, "import.example")
    arn = acm.import_certificate(Certificate=certificate, PrivateKey=key, CertificateChain=certificate,
                                 Tags=[{"Key": "a", "Value": "1"}])["CertificateArn"]
    told = about(acm, arn)
    assert told["Type"] == "IMPORTED" and told["DomainName"] == "import.example"
    assert told["SubjectAlternativeNames"] == ["import.example", "www.import.example"]
    assert told["Issuer"] == "Mine" and told["Subject"] == "CN=import.example,O=Mine"
    assert told["SignatureAlgorithm"] == "SHA256WITHRSA" and told["Status"] == "ISSUED"
    assert told["RenewalEligibility"] == "INELIGIBLE" and "DomainValidationOptions" not in told
    got = acm.get_certificate(CertificateArn=arn)
    assert got["Certificate"].encode() == certificate
    assert acm.list_tags_for_certificate(CertificateArn=arn)["Tags"] == [
        {"Key": "a", "Value": "1"}]
    newer, newer_key = made(tmp_path, "import.example", "-set_serial", "77")
    assert refused("ValidationException", acm.import_certificate, Certificate=newer,
                   PrivateKey=key) == (
        "The private key does not match the public key of the certificate.")
    assert acm.import_certificate(CertificateArn=arn, Certificate=newer,
                                  PrivateKey=newer_key)["CertificateArn"] == arn
    assert about(acm, arn)["Serial"] == "4d"
    refused("ValidationException", acm.export_certificate, CertificateArn=arn, Passphrase=b"word")


def test_what_cannot_be_imported(acm, tmp_path, refused):
    certificate, key = made(tmp_path, "bad.example")
    wrong = lambda **more: refused("ValidationException", acm.import_certificate,  # noqa: E731
                                   **{"Certificate": certificate, "PrivateKey": key, **more})
    wrong(Certificate=b"text")
    wrong(Certificate=certificate + certificate)
    wrong(PrivateKey=certificate)
    wrong(CertificateChain=b"text")
    locked = openssl("pkey", "-aes256", "-passout", "pass:word", text=key.decode())
    wrong(PrivateKey=locked.encode())
    mine = request(acm, "mine.example.com")
    wrong(CertificateArn=mine)


def test_a_certificate_is_exported_renewed_and_revoked(acm, refused):
    closed = request(acm, "closed.example.com")
    assert "is not a private certificate" in refused(
        "ValidationException", acm.export_certificate, CertificateArn=closed, Passphrase=b"word")
    refused("ValidationException", acm.renew_certificate, CertificateArn=closed)
    arn = request(acm, "open.example.com", Options={"Export": "ENABLED"})
    exported = acm.export_certificate(CertificateArn=arn, Passphrase=b"word")
    assert exported["PrivateKey"].startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    public = openssl("pkey", "-passin", "pass:word", "-pubout", text=exported["PrivateKey"])
    assert public == openssl("x509", "-noout", "-pubkey", text=exported["Certificate"])
    before = about(acm, arn)
    assert before["RenewalEligibility"] == "ELIGIBLE"
    acm.renew_certificate(CertificateArn=arn)
    assert about(acm, arn)["Serial"] != before["Serial"]
    assert acm.revoke_certificate(CertificateArn=arn, RevocationReason="SUPERSEDED")[
        "CertificateArn"] == arn
    assert about(acm, arn)["Status"] == "REVOKED"


def test_what_was_exported_is_renewed_before_its_end(fresh):
    server = fresh(clock="2026-11-23T08:00:00Z")
    acm = server.client("acm")
    arn = request(acm, "renew.example.com", Options={"Export": "ENABLED"})
    acm.export_certificate(CertificateArn=arn, Passphrase=b"word")
    before = about(acm, arn)
    server.advance("160d")
    after = about(acm, arn)
    assert after["NotAfter"] > before["NotAfter"] and after["Status"] == "ISSUED"


# ---- lists, tags, options ----

def test_lists_page_and_sort(fresh):
    acm = fresh().client("acm")
    arns = [request(acm, f"l{i}.example.com") for i in range(3)]
    pages = acm.get_paginator("list_certificates").paginate(
        SortBy="CREATED_AT", SortOrder="DESCENDING", PaginationConfig={"PageSize": 2})
    there = [[one["CertificateArn"] for one in page["CertificateSummaryList"]] for page in pages]
    assert [len(page) for page in there] == [2, 1]
    assert set(sum(there, [])) == set(arns)
    one = acm.list_certificates()["CertificateSummaryList"][0]
    assert one["Status"] == "ISSUED" and one["InUse"] is False
    assert one["SubjectAlternativeNameSummaries"] == [one["DomainName"]]
    acm.delete_certificate(CertificateArn=arns[0])
    assert len(acm.list_certificates()["CertificateSummaryList"]) == 2


def test_tags_and_options(acm, refused):
    arn = request(acm, "tags.example.com", Tags=[{"Key": "a", "Value": "1"}])
    acm.add_tags_to_certificate(CertificateArn=arn, Tags=[{"Key": "b", "Value": "2"}])
    acm.remove_tags_from_certificate(CertificateArn=arn, Tags=[{"Key": "a", "Value": "other"},
                                                               {"Key": "b"}])
    assert acm.list_tags_for_certificate(CertificateArn=arn)["Tags"] == [
        {"Key": "a", "Value": "1"}]
    refused("InvalidTagException", acm.add_tags_to_certificate, CertificateArn=arn,
            Tags=[{"Key": "aws:x", "Value": "1"}])
    acm.update_certificate_options(CertificateArn=arn, Options={
        "CertificateTransparencyLoggingPreference": "DISABLED"})
    assert about(acm, arn)["Options"]["CertificateTransparencyLoggingPreference"] == "DISABLED"
    assert acm.get_account_configuration()["ExpiryEvents"] == {"DaysBeforeExpiry": 45}
    acm.put_account_configuration(IdempotencyToken="x", ExpiryEvents={"DaysBeforeExpiry": 9})
    assert acm.get_account_configuration()["ExpiryEvents"] == {"DaysBeforeExpiry": 9}


def test_the_cli_knows_it(weir):
    def aws(*words):
        run = subprocess.run([str(Path(sys.executable).with_name("aws")), "acm", *words],
                             env=weir.environment(), capture_output=True, text=True, timeout=60,
                             check=True)
        return json.loads(run.stdout or "{}")
    arn = aws("request-certificate", "--domain-name", "cli.example.com", "--validation-method",
              "DNS")["CertificateArn"]
    assert aws("describe-certificate", "--certificate-arn", arn)["Certificate"][
        "Status"] == "ISSUED"
