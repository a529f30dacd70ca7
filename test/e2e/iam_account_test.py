# SPDX-License-Identifier: Apache-2.0
"""The account: alias, summary, everything at once, the credential report; tags of all nouns."""
import csv
import io

import pytest
from iam_kit import BASIC, IAM, allow, document, iam, pages, refused, trust  # noqa: F401

TAGS = [{"Key": "team", "Value": "a"}, {"Key": "empty", "Value": ""}]


def test_an_account_has_one_alias_that_is_nobody_elses(iam, weir):
    iam.create_account_alias(AccountAlias="first-name")
    iam.create_account_alias(AccountAlias="second-name")
    assert iam.list_account_aliases()["AccountAliases"] == ["second-name"]
    other = weir.client("iam", access_key="444455556666")
    assert refused("EntityAlreadyExists", other.create_account_alias, 409,
                   AccountAlias="second-name") == "The account alias second-name already exists."
    refused("ValidationError", iam.create_account_alias, AccountAlias="Not_good")
    iam.delete_account_alias(AccountAlias="second-name")
    refused("NoSuchEntity", iam.delete_account_alias, 404, AccountAlias="second-name")
    assert iam.list_account_aliases()["AccountAliases"] == []


def test_the_summary_counts(fresh):
    iam = fresh().client("iam")
    iam.create_user(UserName="u")
    iam.create_group(GroupName="g")
    iam.create_policy(PolicyName="p", PolicyDocument=document(allow()))
    summary = iam.get_account_summary()["SummaryMap"]
    assert {k: summary[k] for k in ("Users", "Groups", "Roles", "Policies", "UsersQuota",
                                    "PolicyVersionsInUse", "AccessKeysPerUserQuota")} == {
        "Users": 1, "Groups": 1, "Roles": 0, "Policies": 1, "UsersQuota": 5000,
        "PolicyVersionsInUse": 1, "AccessKeysPerUserQuota": 2}


@pytest.fixture
def small(fresh):
    """An account with a little of everything."""
    iam = fresh().client("iam")
    arn = iam.create_policy(PolicyName="p", PolicyDocument=document(allow()))["Policy"]["Arn"]
    iam.create_group(GroupName="g")
    iam.put_group_policy(GroupName="g", PolicyName="gi", PolicyDocument=document(allow("s3:*")))
    for user in ("u1", "u2"):
        iam.create_user(UserName=user, Tags=TAGS)
        iam.add_user_to_group(GroupName="g", UserName=user)
    iam.attach_user_policy(UserName="u1", PolicyArn=arn)
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust())
    iam.attach_role_policy(RoleName="r", PolicyArn=BASIC)
    iam.create_instance_profile(InstanceProfileName="i")
    iam.add_role_to_instance_profile(InstanceProfileName="i", RoleName="r")
    return iam


def test_authorization_details_have_everything(small):
    details = small.get_account_authorization_details()
    users = {u["UserName"]: u for u in details["UserDetailList"]}
    assert users["u1"]["GroupList"] == ["g"]
    assert users["u1"]["AttachedManagedPolicies"][0]["PolicyName"] == "p"
    assert users["u2"]["Tags"] == sorted(TAGS, key=lambda t: t["Key"])
    group = details["GroupDetailList"][0]
    assert group["GroupPolicyList"][0]["PolicyDocument"]["Statement"][0]["Action"] == "s3:*"
    role = details["RoleDetailList"][0]
    assert role["InstanceProfileList"][0]["InstanceProfileName"] == "i"
    assert role["AssumeRolePolicyDocument"]["Version"] == "2012-10-17"
    assert {p["PolicyName"]: len(p["PolicyVersionList"]) for p in details["Policies"]} == {
        "AWSLambdaBasicExecutionRole": 1, "p": 1}


def test_authorization_details_are_filtered_and_come_in_pieces(small):
    details = small.get_account_authorization_details(Filter=["Role", "LocalManagedPolicy"])
    assert [len(details[part]) for part in ("UserDetailList", "GroupDetailList", "RoleDetailList",
                                            "Policies")] == [0, 0, 1, 1]
    found, marker = [], None
    while True:
        page = small.get_account_authorization_details(
            MaxItems=1, **({"Marker": marker} if marker else {}))
        found += [item.get("UserName") or item.get("GroupName") or item.get("RoleName") or
                  item["PolicyName"] for part in ("UserDetailList", "GroupDetailList",
                                                  "RoleDetailList", "Policies")
                  for item in page[part]]
        if not page["IsTruncated"]:
            break
        marker = page["Marker"]
    assert found == ["u1", "u2", "g", "r", "AWSLambdaBasicExecutionRole", "p"]


def test_the_credential_report_has_a_line_for_each_user(fresh):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    iam = weir.client("iam")
    refused("ReportNotPresent", iam.get_credential_report, 410)
    iam.create_user(UserName="u")
    iam.create_access_key(UserName="u")
    iam.create_login_profile(UserName="u", Password="correct horse")
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    report = iam.get_credential_report()
    assert report["ReportFormat"] == "text/csv"
    rows = list(csv.DictReader(io.StringIO(report["Content"].decode())))
    assert [row["user"] for row in rows] == ["<root_account>", "u"]
    assert rows[1]["user_creation_time"] == "2026-11-23T08:00:00+00:00"
    assert (rows[1]["password_enabled"], rows[1]["access_key_1_active"],
            rows[1]["access_key_2_active"], rows[1]["mfa_active"]) == \
        ("true", "true", "false", "false")
    weir.advance("5h")
    refused("ReportExpired", iam.get_credential_report, 410)


def nouns(iam):
    """Of each noun that has tags: the calls' names, and how it is named."""
    iam.create_user(UserName="tagged", Tags=TAGS)
    iam.create_role(RoleName="tagged", AssumeRolePolicyDocument=trust(), Tags=TAGS)
    iam.create_policy(PolicyName="tagged", PolicyDocument=document(allow()), Tags=TAGS)
    iam.create_instance_profile(InstanceProfileName="tagged", Tags=TAGS)
    iam.create_open_id_connect_provider(Url="https://tagged.example.com", Tags=TAGS)
    iam.create_saml_provider(Name="tagged", SAMLMetadataDocument="<EntityDescriptor/>" + " " * 1000,
                             Tags=TAGS)
    iam.create_virtual_mfa_device(VirtualMFADeviceName="tagged", Tags=TAGS)
    return [("user", {"UserName": "tagged"}), ("role", {"RoleName": "tagged"}),
            ("policy", {"PolicyArn": IAM + "policy/tagged"}),
            ("instance_profile", {"InstanceProfileName": "tagged"}),
            ("open_id_connect_provider",
             {"OpenIDConnectProviderArn": IAM + "oidc-provider/tagged.example.com"}),
            ("saml_provider", {"SAMLProviderArn": IAM + "saml-provider/tagged"}),
            ("mfa_device", {"SerialNumber": IAM + "mfa/tagged"})]


def test_everything_has_tags(fresh):
    iam = fresh().client("iam")
    for noun, named in nouns(iam):
        def listed(**more):
            return getattr(iam, f"list_{noun}_tags")(**named, **more)

        assert listed()["Tags"] == sorted(TAGS, key=lambda t: t["Key"]), noun
        getattr(iam, f"tag_{noun}")(**named, Tags=[{"Key": "Team", "Value": "b"},
                                                   {"Key": "more", "Value": "c"}])
        assert {t["Key"]: t["Value"] for t in listed()["Tags"]} == {
            "Team": "b", "empty": "", "more": "c"}, noun
        first = listed(MaxItems=2)
        assert first["IsTruncated"]
        assert len(listed(Marker=first["Marker"])["Tags"]) == 1
        getattr(iam, f"untag_{noun}")(**named, TagKeys=["TEAM", "none"])
        assert [t["Key"] for t in listed()["Tags"]] == ["empty", "more"], noun


def test_tags_have_rules(iam):
    iam.create_user(UserName="rules")
    assert "Duplicate tag keys" in refused("InvalidInput", iam.tag_user, UserName="rules", Tags=[
        {"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}])
    refused("InvalidInput", iam.tag_user, UserName="rules", Tags=[{"Key": "aws:x", "Value": "1"}])
    iam.tag_user(UserName="rules", Tags=[{"Key": f"k{i}", "Value": "v"} for i in range(50)])
    refused("LimitExceeded", iam.tag_user, 409, UserName="rules",
            Tags=[{"Key": "one more", "Value": "v"}])
    assert [len(page) for page in pages(iam, "list_user_tags", "Tags", 20, UserName="rules")] == \
        [20, 20, 10]
