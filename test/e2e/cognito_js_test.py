# SPDX-License-Identifier: Apache-2.0
"""amazon-cognito-identity-js, unmodified, against a user pool: above all its own SRP."""
import json
import subprocess

from cognito_kit import OTHER, PASSWORD, Kit, listed
from js_test import home  # noqa: F401


def test_browsers_library_signs_in_by_srp(weir, home):  # noqa: F811
    kit = Kit(weir, weir.client("cognito-idp"), AutoVerifiedAttributes=["email"])
    kit.idp.set_user_pool_mfa_config(UserPoolId=kit.pool, MfaConfiguration="OPTIONAL",
                                     SoftwareTokenMfaConfiguration={"Enabled": True})
    kit.idp.admin_create_user(UserPoolId=kit.pool, Username="guest", TemporaryPassword=OTHER,
                              UserAttributes=listed(email="guest@example.com"))
    run = subprocess.run(
        ["node", "cognito.mjs", weir.url, kit.pool, kit.client, "guest", OTHER], cwd=home,
        env=weir.environment(), capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr + run.stdout + weir.log_tail()
    assert json.loads(run.stdout) == {
        "sent": "EMAIL", "confirmed": "SUCCESS", "wrong": "NotAuthorizedException", "valid": True,
        "subject": "js", "email": "js@example.com", "refreshed": True, "changed": "SUCCESS",
        "totp": True, "second": True, "asked": ["email"], "chosen": True}


def test_remembered_device_stands_for_the_second_factor(weir, home):  # noqa: F811
    kit = Kit(weir, weir.client("cognito-idp"), DeviceConfiguration={
        "ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False})
    kit.user("jo")
    run = subprocess.run(
        ["node", "cognito_device.mjs", weir.url, kit.pool, kit.client, "jo", PASSWORD], cwd=home,
        env=weir.environment(), capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr + run.stdout + weir.log_tail()
    seen = json.loads(run.stdout)
    assert seen["asked"][:3] == ["InitiateAuth", "PASSWORD_VERIFIER", "ConfirmDevice"]
    assert seen["asked"][3:7] == ["InitiateAuth", "PASSWORD_VERIFIER", "DEVICE_SRP_AUTH",
                                  "DEVICE_PASSWORD_VERIFIER"]
    assert (seen["count"], seen["status"], seen["left"]) == (1, "remembered", 0)
    assert kit.idp.admin_list_devices(UserPoolId=kit.pool, Username="jo")["Devices"] == []
