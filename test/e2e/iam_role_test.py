# SPDX-License-Identifier: Apache-2.0
"""Roles, their trust policies, service-linked roles, instance profiles, waiters."""
import json

import pytest
from iam_kit import BASIC, IAM, allow, document, iam, pages, refused, trust  # noqa: F401


def test_a_role_shows_its_trust_policy_as_it_was_given(iam):
    text = trust({"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]})
    made = iam.create_role(RoleName="shown", Path="/service/", AssumeRolePolicyDocument=text,
                           Description="does things", MaxSessionDuration=7200,
                           Tags=[{"Key": "a", "Value": "b"}])["Role"]
    assert made["Arn"] == IAM + "role/service/shown"
    assert made["RoleId"].startswith("AROA")
    assert made["AssumeRolePolicyDocument"] == json.loads(text)
    role = iam.get_role(RoleName="shown")["Role"]
    assert role == made
    assert (role["Description"], role["MaxSessionDuration"]) == ("does things", 7200)
    assert role["RoleLastUsed"] == {}


def test_roles_are_listed_below_a_path(iam):
    for name in ("one", "two", "three"):
        iam.create_role(RoleName=name, Path="/app/", AssumeRolePolicyDocument=trust())
    found = pages(iam, "list_roles", "Roles", PathPrefix="/app/")
    assert [[r["RoleName"] for r in page] for page in found] == [["one", "three"], ["two"]]


def test_what_is_no_trust_policy_is_refused_in_awss_words(iam):
    def says(text):
        return refused("MalformedPolicyDocument", iam.create_role, RoleName="bad",
                       AssumeRolePolicyDocument=text)

    assert says("{").endswith(("Json", "policy."))
    assert says(document({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole",
                          "Resource": "*"})) == "Has prohibited field Resource"
    assert says(trust(action="s3:GetObject")) == \
        "AssumeRole policy may only specify STS AssumeRole actions."
    assert "Principal" in says(document({"Effect": "Allow", "Action": "sts:AssumeRole"}))


def test_a_trust_policy_names_who_is_there(iam):
    nobody = IAM + "user/nobody"
    for principal in (nobody, [IAM + "root", nobody]):
        assert refused("MalformedPolicyDocument", iam.create_role, RoleName="trusting",
                       AssumeRolePolicyDocument=trust({"AWS": principal})) == \
            f'Invalid principal in policy: "AWS":"{nobody}"'
    iam.create_user(UserName="somebody", Path="/x/")
    iam.create_role(RoleName="trusting", AssumeRolePolicyDocument=trust(
        {"AWS": [IAM + "user/x/somebody", "arn:aws:iam::444455556666:user/elsewhere"]}))
    refused("MalformedPolicyDocument", iam.update_assume_role_policy, RoleName="trusting",
            PolicyDocument=trust({"AWS": IAM + "role/none"}))
    iam.update_assume_role_policy(RoleName="trusting", PolicyDocument=trust(
        {"AWS": IAM + "role/trusting"}))


def test_a_trust_policy_has_a_maximum_size_without_white_space(iam):
    sids = [{"Sid": f"s{i}", "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
             "Action": "sts:AssumeRole"} for i in range(20)]
    assert refused("LimitExceeded", iam.create_role, 409, RoleName="big",
                   AssumeRolePolicyDocument=document(*sids)) == \
        "Cannot exceed quota for ACLSizePerRole: 2048"
    iam.create_role(RoleName="spaced", AssumeRolePolicyDocument=trust() + " " * 3000)


def test_a_role_that_is_there_is_not_made_again(iam):
    iam.create_role(RoleName="once", AssumeRolePolicyDocument=trust())
    assert refused("EntityAlreadyExists", iam.create_role, 409, RoleName="Once",
                   AssumeRolePolicyDocument=trust()) == "Role with name Once already exists."


def test_a_role_is_changed(iam):
    iam.create_role(RoleName="changed", AssumeRolePolicyDocument=trust(), MaxSessionDuration=7200)
    iam.update_role(RoleName="changed", Description="new")
    role = iam.get_role(RoleName="changed")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("new", 3600)
    assert iam.update_role_description(RoleName="changed", Description="newer")["Role"][
        "Description"] == "newer"
    other = trust({"AWS": IAM + "root"})
    iam.update_assume_role_policy(RoleName="changed", PolicyDocument=other)
    assert iam.get_role(RoleName="changed")["Role"]["AssumeRolePolicyDocument"] == \
        json.loads(other)
    assert refused("NoSuchEntity", iam.update_role, 404, RoleName="none") == \
        "The role with name none cannot be found."


def test_the_session_duration_has_bounds(iam):
    for seconds in (3599, 43201):
        refused("ValidationError", iam.create_role, RoleName="long",
                AssumeRolePolicyDocument=trust(), MaxSessionDuration=seconds)


def test_a_role_that_has_something_is_not_deleted(iam):
    iam.create_role(RoleName="used", AssumeRolePolicyDocument=trust())
    iam.create_instance_profile(InstanceProfileName="used")
    iam.add_role_to_instance_profile(InstanceProfileName="used", RoleName="used")
    iam.attach_role_policy(RoleName="used", PolicyArn=BASIC)
    iam.put_role_policy(RoleName="used", PolicyName="p", PolicyDocument=document(allow()))
    says = []
    for undo in (lambda: iam.remove_role_from_instance_profile(InstanceProfileName="used",
                                                               RoleName="used"),
                 lambda: iam.detach_role_policy(RoleName="used", PolicyArn=BASIC),
                 lambda: iam.delete_role_policy(RoleName="used", PolicyName="p")):
        says.append(refused("DeleteConflict", iam.delete_role, 409, RoleName="used"))
        undo()
    iam.delete_role(RoleName="used")
    assert says == ["Cannot delete entity, must remove roles from instance profile first.",
                    "Cannot delete entity, must detach all policies first.",
                    "Cannot delete entity, must delete policies first."]


def test_an_instance_profile_holds_one_role(iam):
    for name in ("p1", "p2"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust())
    made = iam.create_instance_profile(InstanceProfileName="holder", Path="/i/")["InstanceProfile"]
    assert made["Arn"] == IAM + "instance-profile/i/holder"
    assert made["Roles"] == []
    assert made["InstanceProfileId"].startswith("AIPA")
    iam.add_role_to_instance_profile(InstanceProfileName="holder", RoleName="p1")
    assert "InstanceSessionsPerInstanceProfile: 1" in refused(
        "LimitExceeded", iam.add_role_to_instance_profile, 409, InstanceProfileName="holder",
        RoleName="p2")
    assert refused("NoSuchEntity", iam.remove_role_from_instance_profile, 404,
                   InstanceProfileName="holder", RoleName="p2").endswith("cannot be found.")
    profile = iam.get_instance_profile(InstanceProfileName="holder")["InstanceProfile"]
    assert [r["RoleName"] for r in profile["Roles"]] == ["p1"]
    assert [p["InstanceProfileName"] for p in iam.list_instance_profiles_for_role(
        RoleName="p1")["InstanceProfiles"]] == ["holder"]
    assert [p["InstanceProfileName"] for p in iam.list_instance_profiles(
        PathPrefix="/i/")["InstanceProfiles"]] == ["holder"]
    refused("DeleteConflict", iam.delete_instance_profile, 409, InstanceProfileName="holder")
    assert refused("NoSuchEntity", iam.get_instance_profile, 404, InstanceProfileName="none") == \
        "Instance Profile none cannot be found."
    assert refused("EntityAlreadyExists", iam.create_instance_profile, 409,
                   InstanceProfileName="holder") == "Instance Profile holder already exists."


def test_a_service_linked_role_is_its_services(iam):
    role = iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com",
                                          CustomSuffix="x")["Role"]
    name = "AWSServiceRoleForAutoScaling_x"
    assert role["RoleName"] == name
    assert role["Arn"] == IAM + f"role/aws-service-role/autoscaling.amazonaws.com/{name}"
    refused("InvalidInput", iam.create_service_linked_role,
            AWSServiceName="autoscaling.amazonaws.com", CustomSuffix="x")
    assert "protected role" in refused("UnmodifiableEntity", iam.attach_role_policy,
                                       RoleName=name, PolicyArn=BASIC)
    refused("UnmodifiableEntity", iam.delete_role, RoleName=name)
    task = iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"]
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == \
        "SUCCEEDED"
    refused("NoSuchEntity", iam.get_role, 404, RoleName=name)


@pytest.mark.parametrize("waiter, more", [
    ("user_exists", {"UserName": "waited"}), ("role_exists", {"RoleName": "waited"}),
    ("policy_exists", {"PolicyArn": IAM + "policy/waited"}),
    ("instance_profile_exists", {"InstanceProfileName": "waited"})])
def test_waiters_see_what_is_there(iam, waiter, more):
    if waiter == "user_exists":
        iam.create_user(UserName="waited")
        iam.create_role(RoleName="waited", AssumeRolePolicyDocument=trust())
        iam.create_policy(PolicyName="waited", PolicyDocument=document(allow()))
        iam.create_instance_profile(InstanceProfileName="waited")
    iam.get_waiter(waiter).wait(**more, WaiterConfig={"Delay": 1, "MaxAttempts": 1})
