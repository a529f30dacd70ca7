# SPDX-License-Identifier: Apache-2.0
"""Users and groups: making, finding, listing, renaming, membership, deleting."""
import re

import pytest
from iam_kit import IAM, allow, document, iam, pages, refused  # noqa: F401


def test_a_user_has_an_arn_an_id_and_a_date_in_whole_seconds(iam):
    user = iam.create_user(UserName="ann", Path="/team/a/")["User"]
    assert user["Arn"] == IAM + "user/team/a/ann"
    assert re.fullmatch("AIDA[A-Z2-7]{17}", user["UserId"])
    assert user["CreateDate"].microsecond == 0
    assert "Tags" not in user
    assert iam.get_user(UserName="ann")["User"] == user


def test_names_that_differ_in_case_only_are_one_name(iam):
    iam.create_user(UserName="Case")
    assert refused("EntityAlreadyExists", iam.create_user, 409, UserName="cASE") == \
        "User with name cASE already exists."
    assert refused("NoSuchEntity", iam.get_user, 404, UserName="case") == \
        "The user with name case cannot be found."


@pytest.mark.parametrize("name", ["", "x" * 65])
def test_a_name_has_a_length(iam, name):
    assert "at 'userName' failed to satisfy constraint: Member must have length" in refused(
        "ValidationError", iam.create_user, UserName=name)


@pytest.mark.parametrize("name", ["a b", "a/b", "\u00fc"])
def test_a_name_has_letters_digits_and_a_few_signs(iam, name):
    assert refused("ValidationError", iam.create_user, UserName=name) == \
        "The specified value for userName is invalid. It must contain only alphanumeric " \
        "characters and/or the following: +=,.@_-"


@pytest.mark.parametrize("path", ["team/", "/team", "/te am/"])
def test_a_bad_path_is_refused(iam, path):
    refused("ValidationError", iam.create_user, UserName="pathless", Path=path)


def test_users_are_listed_by_name_in_pieces_below_a_path(iam):
    for name in ("l3", "l1", "l2", "L4"):
        iam.create_user(UserName=name, Path="/listed/")
    found = pages(iam, "list_users", "Users", PathPrefix="/listed/")
    assert [[u["UserName"] for u in page] for page in found] == [["l1", "l2"], ["l3", "L4"]]
    assert "Tags" not in found[0][0]


def test_a_list_goes_on_behind_a_user_that_was_deleted_meanwhile(iam):
    for name in ("m1", "m2", "m3"):
        iam.create_user(UserName=name, Path="/meanwhile/")
    first = iam.list_users(PathPrefix="/meanwhile/", MaxItems=1)
    assert first["IsTruncated"]
    iam.delete_user(UserName="m1")
    rest = iam.list_users(PathPrefix="/meanwhile/", Marker=first["Marker"])
    assert [u["UserName"] for u in rest["Users"]] == ["m2", "m3"]
    assert not rest["IsTruncated"]


def test_a_marker_that_weir_did_not_make_is_refused(iam):
    refused("ValidationError", iam.list_users, Marker="????")


def test_without_a_name_the_user_is_who_calls(iam, weir):
    key = iam.create_user(UserName="me") and iam.create_access_key(UserName="me")["AccessKey"]
    me = weir.client("iam", access_key=key["AccessKeyId"])
    assert me.get_user()["User"]["UserName"] == "me"
    assert me.list_access_keys()["AccessKeyMetadata"][0]["AccessKeyId"] == key["AccessKeyId"]
    assert iam.get_user()["User"]["Arn"] == IAM + "root"


def test_a_renamed_user_keeps_id_groups_and_keys(iam, weir):
    before = iam.create_user(UserName="old")["User"]
    iam.create_group(GroupName="friends")
    iam.add_user_to_group(GroupName="friends", UserName="old")
    key = iam.create_access_key(UserName="old")["AccessKey"]
    iam.create_user(UserName="taken")
    refused("EntityAlreadyExists", iam.update_user, 409, UserName="old", NewUserName="TAKEN")
    iam.update_user(UserName="old", NewUserName="new", NewPath="/x/")
    after = iam.get_user(UserName="new")["User"]
    assert (after["UserId"], after["Arn"]) == (before["UserId"], IAM + "user/x/new")
    assert iam.get_group(GroupName="friends")["Users"][0]["UserName"] == "new"
    whose = weir.client("sts", access_key=key["AccessKeyId"]).get_caller_identity()
    assert whose["Arn"] == IAM + "user/x/new"
    refused("NoSuchEntity", iam.get_user, 404, UserName="old")


def test_a_user_that_has_something_is_not_deleted(iam):
    iam.create_user(UserName="busy")
    iam.create_group(GroupName="busy")
    iam.add_user_to_group(GroupName="busy", UserName="busy")
    iam.put_user_policy(UserName="busy", PolicyName="p", PolicyDocument=document(allow()))
    key = iam.create_access_key(UserName="busy")["AccessKey"]["AccessKeyId"]
    iam.create_login_profile(UserName="busy", Password="correct horse")
    says = []
    for undo in (lambda: iam.remove_user_from_group(GroupName="busy", UserName="busy"),
                 lambda: iam.delete_user_policy(UserName="busy", PolicyName="p"),
                 lambda: iam.delete_access_key(UserName="busy", AccessKeyId=key),
                 lambda: iam.delete_login_profile(UserName="busy")):
        says.append(refused("DeleteConflict", iam.delete_user, 409, UserName="busy"))
        undo()
    iam.delete_user(UserName="busy")
    assert says == ["Cannot delete entity, must remove users from group first.",
                    "Cannot delete entity, must delete policies first.",
                    "Cannot delete entity, must delete access keys first.",
                    "Cannot delete entity, must delete login profile first."]


def test_groups_have_members_and_users_have_groups(iam):
    for user in ("u2", "u1"):
        iam.create_user(UserName=user)
    for group in ("g2", "g1"):
        made = iam.create_group(GroupName=group, Path="/g/")["Group"]
        assert made["Arn"] == IAM + f"group/g/{group}"
        assert made["GroupId"].startswith("AGPA")
        for user in ("u2", "u1", "u1"):  # twice is fine
            iam.add_user_to_group(GroupName=group, UserName=user)
    assert [u["UserName"] for u in iam.get_group(GroupName="g1")["Users"]] == ["u1", "u2"]
    assert pages(iam, "get_group", "Users", 1, GroupName="g1")[1][0]["UserName"] == "u2"
    assert [g["GroupName"] for g in iam.list_groups_for_user(UserName="u1")["Groups"]] == \
        ["g1", "g2"]
    iam.remove_user_from_group(GroupName="g1", UserName="u1")
    iam.remove_user_from_group(GroupName="g1", UserName="u1")
    assert [u["UserName"] for u in iam.get_group(GroupName="g1")["Users"]] == ["u2"]
    assert refused("DeleteConflict", iam.delete_group, 409, GroupName="g2") == \
        "Cannot delete entity, must remove users from group first."
    assert refused("NoSuchEntity", iam.get_group, 404, GroupName="none") == \
        "The group with name none cannot be found."


def test_a_user_is_in_ten_groups_at_most(iam):
    iam.create_user(UserName="joiner")
    for i in range(11):
        iam.create_group(GroupName=f"ten{i}")
    for i in range(10):
        iam.add_user_to_group(GroupName=f"ten{i}", UserName="joiner")
    assert refused("LimitExceeded", iam.add_user_to_group, 409, GroupName="ten10",
                   UserName="joiner") == "Cannot exceed quota for GroupsPerUser: 10"


def test_a_renamed_group_keeps_its_members(iam):
    iam.create_user(UserName="member")
    iam.create_group(GroupName="before")
    iam.add_user_to_group(GroupName="before", UserName="member")
    iam.update_group(GroupName="before", NewGroupName="after", NewPath="/later/")
    group = iam.get_group(GroupName="after")
    assert group["Group"]["Path"] == "/later/"
    assert [u["UserName"] for u in group["Users"]] == ["member"]
    assert iam.list_groups_for_user(UserName="member")["Groups"][0]["GroupName"] == "after"


def test_accounts_do_not_see_one_another(iam, weir):
    iam.create_user(UserName="secret")
    other = weir.client("iam", access_key="444455556666")
    refused("NoSuchEntity", other.get_user, 404, UserName="secret")
    other.create_user(UserName="secret")


def test_iam_is_the_same_in_every_region(iam, weir):
    iam.create_user(UserName="everywhere")
    there = weir.client("iam", region="eu-west-3").get_user(UserName="everywhere")["User"]
    assert there["Arn"] == IAM + "user/everywhere"


def test_everything_outlives_a_kill(fresh):
    weir = fresh()
    iam = weir.client("iam")
    iam.create_policy(PolicyName="mine", PolicyDocument=document(allow()))
    iam.create_group(GroupName="g")
    iam.create_user(UserName="u", Path="/p/", Tags=[{"Key": "k", "Value": "v"}],
                    PermissionsBoundary=IAM + "policy/mine")
    iam.add_user_to_group(GroupName="g", UserName="u")
    iam.attach_user_policy(UserName="u", PolicyArn=IAM + "policy/mine")
    iam.put_group_policy(GroupName="g", PolicyName="i", PolicyDocument=document(allow()))
    iam.create_access_key(UserName="u")
    iam.create_login_profile(UserName="u", Password="correct horse")
    before = iam.get_account_authorization_details()
    report = [iam.get_login_profile(UserName="u")["LoginProfile"],
              iam.list_access_keys(UserName="u")["AccessKeyMetadata"]]
    weir.restart(hard=True)
    iam = weir.client("iam")
    after = iam.get_account_authorization_details()
    for part in ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"):
        assert after[part] == before[part]
    assert report == [iam.get_login_profile(UserName="u")["LoginProfile"],
                      iam.list_access_keys(UserName="u")["AccessKeyMetadata"]]
    refused("DeleteConflict", iam.delete_policy, 409, PolicyArn=IAM + "policy/mine")
