# SPDX-License-Identifier: Apache-2.0
"""Identity providers, certificates, service-specific credentials, virtual MFA devices."""
import base64
import datetime
import hashlib
import hmac
import subprocess

import pytest
from iam_kit import IAM, iam, refused  # noqa: F401
from weir_server import ACCOUNT

THUMBPRINT = "a" * 40
METADATA = "<EntityDescriptor>" + "x" * 1000 + "</EntityDescriptor>"


def test_an_oidc_provider_has_clients_and_thumbprints(iam):
    arn = iam.create_open_id_connect_provider(
        Url="https://id.example.com/pool/1", ClientIDList=["b", "a"],
        ThumbprintList=[THUMBPRINT])["OpenIDConnectProviderArn"]
    assert arn == IAM + "oidc-provider/id.example.com/pool/1"
    named = {"OpenIDConnectProviderArn": arn}
    iam.add_client_id_to_open_id_connect_provider(**named, ClientID="c")
    iam.add_client_id_to_open_id_connect_provider(**named, ClientID="c")
    iam.remove_client_id_from_open_id_connect_provider(**named, ClientID="a")
    iam.update_open_id_connect_provider_thumbprint(**named, ThumbprintList=["b" * 40])
    got = iam.get_open_id_connect_provider(**named)
    assert (got["Url"], got["ClientIDList"], got["ThumbprintList"]) == \
        ("id.example.com/pool/1", ["b", "c"], ["b" * 40])
    assert {"Arn": arn} in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    assert refused("EntityAlreadyExists", iam.create_open_id_connect_provider, 409,
                   Url="https://id.example.com/pool/1/") == \
        "Provider with url https://id.example.com/pool/1 already exists."
    iam.delete_open_id_connect_provider(**named)
    iam.delete_open_id_connect_provider(**named)
    assert refused("NoSuchEntity", iam.get_open_id_connect_provider, 404, **named) == \
        f"OpenIDConnect Provider not found for arn {arn}"


@pytest.mark.parametrize("url", ["http://id.example.com", "id.example.com", "https://"])
def test_a_providers_url_is_https(iam, url):
    refused("ValidationError", iam.create_open_id_connect_provider, Url=url)


def test_a_saml_provider_is_a_record(iam):
    arn = iam.create_saml_provider(Name="corp", SAMLMetadataDocument=METADATA)["SAMLProviderArn"]
    assert arn == IAM + "saml-provider/corp"
    assert iam.get_saml_provider(SAMLProviderArn=arn)["SAMLMetadataDocument"] == METADATA
    iam.update_saml_provider(SAMLProviderArn=arn, SAMLMetadataDocument=METADATA + " ")
    assert arn in [p["Arn"] for p in iam.list_saml_providers()["SAMLProviderList"]]
    refused("InvalidInput", iam.create_saml_provider, Name="bad", SAMLMetadataDocument="x" * 1000)
    iam.delete_saml_provider(SAMLProviderArn=arn)
    refused("NoSuchEntity", iam.delete_saml_provider, 404, SAMLProviderArn=arn)


def made_certificate(folder, name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
                    "-subj", "/CN=example.com", "-keyout", folder / f"{name}.key", "-out",
                    folder / f"{name}.pem"], check=True, capture_output=True)
    return (folder / f"{name}.pem").read_text(), (folder / f"{name}.key").read_text()


def test_a_server_certificate_is_kept_with_its_key(iam, tmp_path):
    body, key = made_certificate(tmp_path, "one")
    _, other = made_certificate(tmp_path, "two")
    refused("KeyPairMismatch", iam.upload_server_certificate, ServerCertificateName="web",
            CertificateBody=body, PrivateKey=other)
    refused("MalformedCertificate", iam.upload_server_certificate, ServerCertificateName="web",
            CertificateBody="none", PrivateKey=key)
    made = iam.upload_server_certificate(
        ServerCertificateName="web", Path="/c/", CertificateBody=body,
        PrivateKey=key)["ServerCertificateMetadata"]
    assert made["Arn"] == IAM + "server-certificate/c/web"
    assert made["Expiration"] > made["UploadDate"]
    assert iam.get_server_certificate(ServerCertificateName="web")["ServerCertificate"][
        "CertificateBody"].strip() == body.strip()
    iam.update_server_certificate(ServerCertificateName="web", NewServerCertificateName="www")
    assert [c["ServerCertificateName"] for c in
            iam.list_server_certificates()["ServerCertificateMetadataList"]] == ["www"]
    iam.delete_server_certificate(ServerCertificateName="www")
    assert refused("NoSuchEntity", iam.get_server_certificate, 404,
                   ServerCertificateName="www") == \
        "The Server Certificate with name www cannot be found."


def test_a_signing_certificate_is_a_record(iam, tmp_path):
    iam.create_user(UserName="signer")
    body, _ = made_certificate(tmp_path, "one")
    other, _ = made_certificate(tmp_path, "two")
    made = iam.upload_signing_certificate(UserName="signer", CertificateBody=body)["Certificate"]
    assert made["Status"] == "Active"
    named = {"UserName": "signer", "CertificateId": made["CertificateId"]}
    refused("DuplicateCertificate", iam.upload_signing_certificate, 409, UserName="signer",
            CertificateBody=body)
    refused("MalformedCertificate", iam.upload_signing_certificate, UserName="signer",
            CertificateBody="none")
    iam.upload_signing_certificate(UserName="signer", CertificateBody=other)
    iam.update_signing_certificate(**named, Status="Inactive")
    assert [c["Status"] for c in iam.list_signing_certificates(UserName="signer")[
        "Certificates"]] == ["Inactive", "Active"]
    refused("DeleteConflict", iam.delete_user, 409, UserName="signer")
    iam.delete_signing_certificate(**named)
    refused("NoSuchEntity", iam.delete_signing_certificate, 404, **named)
    assert len(iam.list_signing_certificates(UserName="signer")["Certificates"]) == 1


def test_a_service_specific_credential_is_a_record(fresh):
    weir = fresh()
    iam = weir.client("iam")
    iam.create_user(UserName="coder")
    service = {"UserName": "coder", "ServiceName": "codecommit.amazonaws.com"}
    made = iam.create_service_specific_credential(**service)["ServiceSpecificCredential"]
    assert made["ServiceUserName"] == f"coder-at-{ACCOUNT}"
    assert len(made["ServicePassword"]) == 44
    named = {"UserName": "coder", "ServiceSpecificCredentialId":
             made["ServiceSpecificCredentialId"]}
    assert iam.reset_service_specific_credential(**named)["ServiceSpecificCredential"][
        "ServicePassword"] != made["ServicePassword"]
    iam.create_service_specific_credential(**service)
    refused("LimitExceeded", iam.create_service_specific_credential, 409, **service)
    refused("NotSupportedService", iam.create_service_specific_credential, 404, UserName="coder",
            ServiceName="none.amazonaws.com")
    iam.update_service_specific_credential(**named, Status="Inactive")
    weir.restart(hard=True)
    iam = weir.client("iam")
    for who in ({"UserName": "coder"}, {"AllUsers": True}):
        listed = iam.list_service_specific_credentials(**who)["ServiceSpecificCredentials"]
        assert [k["Status"] for k in listed] == ["Inactive", "Active"]
        assert "ServicePassword" not in listed[0]
    iam.delete_service_specific_credential(**named)
    refused("NoSuchEntity", iam.delete_service_specific_credential, 404, **named)
    refused("DeleteConflict", iam.delete_user, 409, UserName="coder")


def shown(seed, weir, steps):
    """What a device with that seed shows, so many half minutes from weir's now."""
    now = int(datetime.datetime.fromisoformat(weir.now()).timestamp())
    counter = (now // 30 + steps).to_bytes(8, "big")
    digest = hmac.new(base64.b32decode(seed), counter, hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at:at + 4], 'big') & 0x7fffffff) % 1000000:06}"


def test_an_mfa_device_is_enabled_by_what_it_shows(clocked):
    iam = clocked.client("iam")
    iam.create_user(UserName="careful")
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    serial, seed = made["SerialNumber"], made["Base32StringSeed"]
    assert serial == IAM + "mfa/phone"
    named = {"UserName": "careful", "SerialNumber": serial}
    refused("InvalidAuthenticationCode", iam.enable_mfa_device, 403, **named,
            AuthenticationCode1="000000", AuthenticationCode2="000001")
    codes = {"AuthenticationCode1": shown(seed, clocked, -1),
             "AuthenticationCode2": shown(seed, clocked, 0)}
    iam.enable_mfa_device(**named, **codes)
    refused("EntityAlreadyExists", iam.enable_mfa_device, 409, **named, **codes)
    iam.resync_mfa_device(**named, **codes)
    assert iam.list_mfa_devices(UserName="careful")["MFADevices"][0]["SerialNumber"] == serial
    assert iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"][0][
        "User"]["UserName"] == "careful"
    assert iam.get_mfa_device(SerialNumber=serial)["UserName"] == "careful"
    refused("DeleteConflict", iam.delete_virtual_mfa_device, 409, SerialNumber=serial)
    refused("DeleteConflict", iam.delete_user, 409, UserName="careful")
    iam.deactivate_mfa_device(**named)
    iam.delete_virtual_mfa_device(SerialNumber=serial)
    iam.delete_user(UserName="careful")
    refused("NoSuchEntity", iam.delete_virtual_mfa_device, 404, SerialNumber=serial)
