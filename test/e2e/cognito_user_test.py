# SPDX-License-Identifier: Apache-2.0
"""Users: signing up and confirming, forgotten and changed passwords, attributes and their codes,
aliases, groups, what administrators do, and lists."""
import botocore
import pytest
from cognito_kit import OTHER, PASSWORD, Kit, attributes, listed, secret_hash

INCORRECT = "Incorrect username or password."
WRONG_CODE = "Invalid verification code provided, please try again."


@pytest.fixture(scope="module")
def idp(weir):
    return weir.client("cognito-idp")


@pytest.fixture(scope="module")
def kit(weir, idp):
    return Kit(weir, idp, AutoVerifiedAttributes=["email"], Schema=[
        {"Name": "team", "Mutable": True, "StringAttributeConstraints": {"MaxLength": "8"}},
        {"Name": "born", "AttributeDataType": "Number"}])


@pytest.fixture
def mail(name):
    return f"{name}@example.com"


def test_sign_up_sends_a_code_which_confirms(kit, idp, name, mail, refused):
    answer = kit.sign_up(name, email=mail, custom__team="red")
    assert answer["UserConfirmed"] is False
    assert answer["CodeDeliveryDetails"] == {"Destination": "s***@e***", "DeliveryMedium": "EMAIL",
                                             "AttributeName": "email"}
    about = kit.about_user(name)
    assert about["UserStatus"] == "UNCONFIRMED"
    assert attributes(about["UserAttributes"]) == {
        "sub": answer["UserSub"], "email": mail, "custom:team": "red", "email_verified": "false"}
    assert refused("UserNotConfirmedException", kit.sign_in, name) == "User is not confirmed."
    assert kit.messages(mail)[-1]["subject"] == "Your verification code"
    wrong = "%06d" % ((int(kit.code(mail)) + 1) % 1000000)
    assert refused("CodeMismatchException", idp.confirm_sign_up, ClientId=kit.client,
                   Username=name, ConfirmationCode=wrong) == WRONG_CODE
    idp.confirm_sign_up(ClientId=kit.client, Username=name, ConfirmationCode=kit.code(mail))
    about = kit.about_user(name)
    assert about["UserStatus"] == "CONFIRMED"
    assert attributes(about["UserAttributes"])["email_verified"] == "true"
    assert refused("NotAuthorizedException", idp.confirm_sign_up, ClientId=kit.client,
                   Username=name, ConfirmationCode="1") == (
        "User cannot be confirmed. Current status is CONFIRMED")
    assert kit.sign_in(name)["AuthenticationResult"]["TokenType"] == "Bearer"


def test_sign_up_comes_unsigned(weir, kit, name, mail):
    bare = weir.client("cognito-idp", signature_version=botocore.UNSIGNED)
    assert bare.sign_up(ClientId=kit.client, Username=name, Password=PASSWORD)["UserSub"]


@pytest.mark.parametrize("password,words", [
    ("Sh0rt!", "Password not long enough"),
    ("passw0rd!", "Password must have uppercase characters"),
    ("PASSW0RD!", "Password must have lowercase characters"),
    ("Password!", "Password must have numeric characters"),
    ("Passw0rds", "Password must have symbol characters")])
def test_passwords_conform_with_the_policy(kit, name, password, words, refused):
    assert refused("InvalidPasswordException", kit.sign_up, name, password) == (
        f"Password did not conform with policy: {words}")


def test_attributes_conform_to_the_schema(kit, name, refused):
    invalid = "InvalidParameterException"
    assert refused(invalid, kit.sign_up, name, custom__none="x") == (
        "Attributes did not conform to the schema: custom:none: "
        "Attribute does not exist in the schema.\n")
    assert refused(invalid, kit.sign_up, name, email="no mail") == "Invalid email address format."
    assert refused(invalid, kit.sign_up, name, phone_number="123") == (
        "Invalid phone number format.")
    refused(invalid, kit.sign_up, name, custom__team="far too long")
    refused(invalid, kit.sign_up, name, custom__born="yesterday")
    assert refused("NotAuthorizedException", kit.sign_up, name, email_verified="true") == (
        "A client attempted to write unauthorized attribute")


def test_username_is_taken_once(kit, name, refused):
    kit.sign_up(name)
    assert refused("UsernameExistsException", kit.sign_up, name) == "User already exists"


def test_code_expires_and_is_sent_again(clocked, refused):
    kit = Kit(clocked, clocked.client("cognito-idp"), AutoVerifiedAttributes=["email"])
    kit.sign_up("late", email="late@example.com")
    first = kit.code("late@example.com")
    clocked.advance("25h")
    confirm = {"ClientId": kit.client, "Username": "late"}
    assert refused("ExpiredCodeException", kit.idp.confirm_sign_up, ConfirmationCode=first,
                   **confirm) == "Invalid code provided, please request a code again."
    kit.idp.resend_confirmation_code(**confirm)
    kit.idp.confirm_sign_up(ConfirmationCode=kit.code("late@example.com"), **confirm)
    assert refused("InvalidParameterException", kit.idp.resend_confirmation_code, **confirm) == (
        "User is already confirmed.")


def test_too_many_wrong_codes(kit, idp, name, mail, refused):
    kit.sign_up(name, email=mail)
    wrong = "%06d" % ((int(kit.code(mail)) + 1) % 1000000)
    about = {"ClientId": kit.client, "Username": name}
    for _ in range(5):
        refused("CodeMismatchException", idp.confirm_sign_up, ConfirmationCode=wrong, **about)
    assert refused("LimitExceededException", idp.confirm_sign_up,
                   ConfirmationCode=kit.code(mail), **about) == (
        "Attempt limit exceeded, please try after some time.")


def test_forgotten_password(kit, idp, name, mail, refused):
    kit.user(name, email=mail, email_verified="true")
    about = {"ClientId": kit.client, "Username": name}
    sent = idp.forgot_password(**about)["CodeDeliveryDetails"]
    assert sent["AttributeName"] == "email"
    refused("InvalidPasswordException", idp.confirm_forgot_password, Password="short",
            ConfirmationCode=kit.code(mail), **about)
    assert refused("CodeMismatchException", idp.confirm_forgot_password, Password=OTHER,
                   ConfirmationCode="x", **about) == WRONG_CODE
    idp.confirm_forgot_password(Password=OTHER, ConfirmationCode=kit.code(mail), **about)
    assert refused("NotAuthorizedException", kit.sign_in, name) == INCORRECT
    kit.sign_in(name, OTHER)
    refused("ExpiredCodeException", idp.confirm_forgot_password, Password=OTHER,
            ConfirmationCode=kit.code(mail), **about)


def test_nothing_to_reset_a_password_by(kit, idp, name, refused):
    kit.user(name)
    assert "no registered/verified email" in refused(
        "InvalidParameterException", idp.forgot_password, ClientId=kit.client, Username=name)


def test_admin_resets_a_password(kit, idp, name, mail, refused):
    kit.user(name, email=mail, email_verified="true")
    idp.admin_reset_user_password(UserPoolId=kit.pool, Username=name)
    assert kit.about_user(name)["UserStatus"] == "RESET_REQUIRED"
    assert refused("PasswordResetRequiredException", kit.sign_in, name) == (
        "Password reset required for the user")
    idp.confirm_forgot_password(ClientId=kit.client, Username=name, Password=OTHER,
                                ConfirmationCode=kit.code(mail))
    kit.sign_in(name, OTHER)


def test_invited_user_chooses_a_password(kit, idp, name, mail, refused):
    made = idp.admin_create_user(UserPoolId=kit.pool, Username=name,
                                 UserAttributes=listed(email=mail))["User"]
    assert made["UserStatus"] == "FORCE_CHANGE_PASSWORD" and made["Enabled"]
    body = kit.messages(mail)[-1]["body"]
    assert body.startswith(f"Your username is {name} and temporary password is ")
    temporary = body.split(" ")[-1][:-1]
    challenge = kit.sign_in(name, temporary)
    assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert challenge["ChallengeParameters"]["requiredAttributes"] == "[]"
    answer = {"USERNAME": name, "NEW_PASSWORD": "short"}
    refused("InvalidPasswordException", kit.respond, challenge, answer)
    answer = {"USERNAME": name, "NEW_PASSWORD": OTHER, "userAttributes.name": "Jo"}
    assert kit.respond(challenge, answer)["AuthenticationResult"]["IdToken"]
    assert "session" in refused("NotAuthorizedException", kit.respond, challenge, answer)
    about = kit.about_user(name)
    assert about["UserStatus"] == "CONFIRMED"
    assert attributes(about["UserAttributes"])["name"] == "Jo"
    refused("UnsupportedUserStateException", idp.admin_create_user, UserPoolId=kit.pool,
            Username=name, MessageAction="RESEND")
    assert refused("UsernameExistsException", idp.admin_create_user, UserPoolId=kit.pool,
                   Username=name) == "User account already exists"


def test_temporary_password_expires(clocked, refused):
    kit = Kit(clocked, clocked.client("cognito-idp"))
    kit.idp.admin_create_user(UserPoolId=kit.pool, Username="slow", TemporaryPassword=PASSWORD)
    clocked.advance("8d")
    assert refused("NotAuthorizedException", kit.sign_in, "slow") == (
        "Temporary password has expired and must be reset by an administrator.")
    kit.idp.admin_create_user(UserPoolId=kit.pool, Username="slow", TemporaryPassword=OTHER,
                              MessageAction="RESEND")
    assert kit.sign_in("slow", OTHER)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_get_user_and_change_password(kit, idp, name, mail, refused):
    kit.user(name, email=mail)
    token = kit.access(name)
    shown = idp.get_user(AccessToken=token)
    assert shown["Username"] == name and attributes(shown["UserAttributes"])["email"] == mail
    assert refused("NotAuthorizedException", idp.change_password, AccessToken=token,
                   PreviousPassword="wrong", ProposedPassword=OTHER) == INCORRECT
    refused("InvalidPasswordException", idp.change_password, AccessToken=token,
            PreviousPassword=PASSWORD, ProposedPassword="short")
    idp.change_password(AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword=OTHER)
    kit.sign_in(name, OTHER)
    refused("NotAuthorizedException", idp.get_user, AccessToken="a.b.c")
    idp.delete_user(AccessToken=token)
    refused("UserNotFoundException", kit.about_user, name)


def test_password_history(weir, idp, refused):
    kit = Kit(weir, idp, Policies={"PasswordPolicy": {"MinimumLength": 6,
                                                      "PasswordHistorySize": 2}})
    kit.user("jo", "first1")
    for password in ("second", "third1"):
        idp.admin_set_user_password(UserPoolId=kit.pool, Username="jo", Password=password,
                                    Permanent=True)
    refused("PasswordHistoryPolicyViolationException", idp.admin_set_user_password,
            UserPoolId=kit.pool, Username="jo", Password="second", Permanent=True)
    idp.admin_set_user_password(UserPoolId=kit.pool, Username="jo", Password="first1",
                                Permanent=True)


def test_attributes_are_changed_and_verified(kit, idp, name, mail, refused):
    kit.user(name, email=mail, email_verified="true", custom__born="1990")
    token = kit.access(name)
    fresh = f"new-{mail}"
    sent = idp.update_user_attributes(AccessToken=token,
                                      UserAttributes=listed(email=fresh, custom__team="blue"))
    assert sent["CodeDeliveryDetailsList"][0]["AttributeName"] == "email"
    now = attributes(kit.about_user(name)["UserAttributes"])
    assert now["email"] == fresh and now["email_verified"] == "false"
    assert refused("CodeMismatchException", idp.verify_user_attribute, AccessToken=token,
                   AttributeName="email", Code="x") == WRONG_CODE
    idp.verify_user_attribute(AccessToken=token, AttributeName="email", Code=kit.code(fresh))
    assert attributes(kit.about_user(name)["UserAttributes"])["email_verified"] == "true"
    assert refused("InvalidParameterException", idp.update_user_attributes, AccessToken=token,
                   UserAttributes=listed(custom__born="1991")) == (
        "user.custom:born: Attribute cannot be updated.\n")
    idp.delete_user_attributes(AccessToken=token, UserAttributeNames=["custom:team"])
    assert "custom:team" not in attributes(kit.about_user(name)["UserAttributes"])
    idp.get_user_attribute_verification_code(AccessToken=token, AttributeName="email")
    assert len(kit.messages(fresh)) == 2


def test_new_address_waits_for_its_code(weir, idp):
    kit = Kit(weir, idp, AutoVerifiedAttributes=["email"], UserAttributeUpdateSettings={
        "AttributesRequireVerificationBeforeUpdate": ["email"]})
    kit.user("jo", email="old@example.org", email_verified="true")
    token = kit.access("jo")
    idp.update_user_attributes(AccessToken=token, UserAttributes=listed(email="new@example.org"))
    now = attributes(kit.about_user("jo")["UserAttributes"])
    assert now["email"] == "old@example.org" and now["email_verified"] == "true"
    idp.verify_user_attribute(AccessToken=token, AttributeName="email",
                              Code=kit.code("new@example.org"))
    now = attributes(kit.about_user("jo")["UserAttributes"])
    assert now["email"] == "new@example.org" and now["email_verified"] == "true"


def test_pool_that_signs_in_by_email(weir, idp, refused):
    kit = Kit(weir, idp, UsernameAttributes=["email"], AutoVerifiedAttributes=["email"],
              UsernameConfiguration={"CaseSensitive": False})
    assert refused("InvalidParameterException", kit.sign_up, "jo") == (
        "Username should be an email.")
    sub = kit.sign_up("Jo@example.com")["UserSub"]
    assert kit.about_user("jo@example.com")["Username"] == sub
    assert kit.about_user(sub)["UserStatus"] == "UNCONFIRMED"
    assert refused("UsernameExistsException", kit.sign_up, "jo@EXAMPLE.com") == (
        "An account with the given email already exists.")
    idp.confirm_sign_up(ClientId=kit.client, Username="jo@example.com",
                        ConfirmationCode=kit.code("Jo@example.com"))
    kit.sign_in("JO@example.com")
    kit.user("two@example.com")
    assert refused("AliasExistsException", idp.admin_update_user_attributes,
                   UserPoolId=kit.pool, Username="two@example.com",
                   UserAttributes=listed(email="jo@example.com")) == (
        "An account with the given email already exists.")


def test_verified_alias_belongs_to_one(weir, idp, refused):
    kit = Kit(weir, idp, AliasAttributes=["email", "preferred_username"],
              AutoVerifiedAttributes=["email"])
    mail = "shared@example.net"
    for name in ("one", "two"):
        kit.sign_up(name, email=mail)
        code = kit.code(mail)
        about = {"ClientId": kit.client, "Username": name, "ConfirmationCode": code}
        if name == "two":
            assert refused("AliasExistsException", idp.confirm_sign_up, **about) == (
                "An account with the email already exists.")
            assert kit.about_user(mail)["Username"] == "one"
            about["ForceAliasCreation"] = True
        idp.confirm_sign_up(**about)
    assert kit.about_user(mail)["Username"] == "two"
    assert attributes(kit.about_user("one")["UserAttributes"])["email_verified"] == "false"
    assert refused("InvalidParameterException", kit.sign_up, "x@example.com") == (
        "Username cannot be of email format, since user pool is configured for email alias.")
    idp.admin_update_user_attributes(UserPoolId=kit.pool, Username="one",
                                     UserAttributes=listed(preferred_username="ace"))
    kit.sign_in("ace")


def test_required_attributes(weir, idp, refused):
    kit = Kit(weir, idp, Schema=[{"Name": "given_name", "Required": True}])
    assert refused("InvalidParameterException", kit.sign_up, "jo") == (
        "Attributes did not conform to the schema: given_name: The attribute is required\n")
    kit.sign_up("jo", given_name="Jo")


def test_client_secret_guards(weir, idp, refused):
    kit = Kit(weir, idp, client={"GenerateSecret": True})
    about = {"ClientId": kit.client, "Username": "jo", "Password": PASSWORD}
    assert refused("NotAuthorizedException", idp.sign_up, **about) == (
        f"Client {kit.client} is configured with secret but SECRET_HASH was not received")
    assert refused("NotAuthorizedException", idp.sign_up, SecretHash="eA==", **about) == (
        f"Unable to verify secret hash for client {kit.client}")
    idp.sign_up(SecretHash=secret_hash(kit.client, kit.secret, "jo"), **about)
    idp.admin_confirm_sign_up(UserPoolId=kit.pool, Username="jo")
    refused("NotAuthorizedException", kit.sign_in, "jo")
    kit.sign_in("jo", SECRET_HASH=secret_hash(kit.client, kit.secret, "jo"))


def test_client_may_hide_who_is_there(weir, idp, kit, name, refused):
    assert refused("UserNotFoundException", kit.sign_in, name) == "User does not exist."
    assert refused("UserNotFoundException", idp.forgot_password, ClientId=kit.client,
                   Username=name) == "Username/client id combination not found."
    shy = Kit(weir, idp, client={"PreventUserExistenceErrors": "ENABLED"})
    assert refused("NotAuthorizedException", shy.sign_in, name) == INCORRECT
    sent = idp.forgot_password(ClientId=shy.client, Username="who@example.com")
    assert sent["CodeDeliveryDetails"]["Destination"] == "w***@e***"
    refused("ExpiredCodeException", idp.confirm_sign_up, ClientId=shy.client, Username=name,
            ConfirmationCode="1")


def test_administrators_disable_and_delete(kit, idp, name, refused):
    kit.user(name)
    idp.admin_disable_user(UserPoolId=kit.pool, Username=name)
    assert kit.about_user(name)["Enabled"] is False
    assert refused("NotAuthorizedException", kit.sign_in, name) == "User is disabled."
    idp.admin_enable_user(UserPoolId=kit.pool, Username=name)
    kit.sign_in(name)
    idp.admin_delete_user_attributes(UserPoolId=kit.pool, Username=name,
                                     UserAttributeNames=["nickname"])
    idp.admin_delete_user(UserPoolId=kit.pool, Username=name)
    assert refused("UserNotFoundException", kit.about_user, name) == "User does not exist."


def test_groups_have_users_and_users_groups(weir, idp, refused):
    kit = Kit(weir, idp)
    for name in ("a", "b", "c"):
        kit.user(name)
    for group in ("readers", "writers"):
        idp.create_group(UserPoolId=kit.pool, GroupName=group)
        for name in ("a", "b", "c"):
            idp.admin_add_user_to_group(UserPoolId=kit.pool, GroupName=group, Username=name)
    idp.admin_remove_user_from_group(UserPoolId=kit.pool, GroupName="readers", Username="b")
    pages = idp.get_paginator("list_users_in_group").paginate(
        UserPoolId=kit.pool, GroupName="readers", PaginationConfig={"PageSize": 1})
    assert sorted(user["Username"] for page in pages for user in page["Users"]) == ["a", "c"]
    pages = idp.get_paginator("admin_list_groups_for_user").paginate(
        UserPoolId=kit.pool, Username="a", PaginationConfig={"PageSize": 1})
    assert [group["GroupName"] for page in pages for group in page["Groups"]] == ["readers",
                                                                                  "writers"]
    idp.delete_group(UserPoolId=kit.pool, GroupName="readers")
    idp.create_group(UserPoolId=kit.pool, GroupName="readers")
    assert idp.list_users_in_group(UserPoolId=kit.pool, GroupName="readers")["Users"] == []
    idp.admin_delete_user(UserPoolId=kit.pool, Username="a")
    assert len(idp.list_users_in_group(UserPoolId=kit.pool, GroupName="writers")["Users"]) == 2
    assert refused("ResourceNotFoundException", idp.admin_add_user_to_group, Username="b",
                   UserPoolId=kit.pool, GroupName="none") == "Group not found."


def test_users_are_listed_by_filter(weir, idp, refused):
    kit = Kit(weir, idp)
    for name in ("ann", "anna", "bob"):
        kit.user(name, email=f"{name}@example.com", name=name.title())
    idp.admin_disable_user(UserPoolId=kit.pool, Username="bob")
    idp.admin_create_user(UserPoolId=kit.pool, Username="new")

    def found(text, **more):
        users = idp.list_users(UserPoolId=kit.pool, Filter=text, **more)["Users"]
        return sorted(user["Username"] for user in users)

    assert found('username = "ann"') == ["ann"]
    assert found('username ^= "ann"') == ["ann", "anna"]
    assert found('email="bob@example.com"') == ["bob"]
    assert found('status = "Disabled"') == ["bob"]
    assert found('cognito:user_status = "force_change_password"') == ["new"]
    assert found('name ^= "Ann"') == ["ann", "anna"]
    assert found("") == ["ann", "anna", "bob", "new"]
    pages = idp.get_paginator("list_users").paginate(UserPoolId=kit.pool,
                                                     AttributesToGet=["email"],
                                                     PaginationConfig={"PageSize": 1})
    users = [user for page in pages for user in page["Users"]]
    assert len(users) == 4
    assert {one["Name"] for user in users for one in user["Attributes"]} == {"email"}
    refused("InvalidParameterException", found, "email = bob")
    refused("InvalidParameterException", found, 'custom:team = "x"')
    assert idp.describe_user_pool(UserPoolId=kit.pool)["UserPool"]["EstimatedNumberOfUsers"] == 4


def test_sign_up_may_be_closed(weir, idp, refused):
    kit = Kit(weir, idp, AdminCreateUserConfig={"AllowAdminCreateUserOnly": True})
    assert refused("NotAuthorizedException", kit.sign_up, "jo") == (
        "SignUp is not permitted for this user pool")


def test_templates_are_the_pools(weir, idp):
    kit = Kit(weir, idp, AutoVerifiedAttributes=["email"], VerificationMessageTemplate={
        "EmailSubject": "Hello", "EmailMessage": "Type {####} now."})
    kit.sign_up("jo", email="jo@templates.example")
    message = kit.messages("jo@templates.example")[-1]
    assert message["subject"] == "Hello" and message["kind"] == "email"
    assert message["body"] == f"Type {kit.code('jo@templates.example')} now."


def test_deleted_users_name_is_free(kit, name):
    first = kit.user(name)["UserAttributes"]
    kit.idp.admin_delete_user(UserPoolId=kit.pool, Username=name)
    assert kit.user(name)["UserAttributes"] != first
