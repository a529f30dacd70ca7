/* SPDX-License-Identifier: Apache-2.0
 *
 * Login profiles and the account's password policy. weir has no console that one could log in to:
 * a password is a record, kept as a slow hash (PBKDF2, HMAC-SHA-256), and compared when it is
 * changed.
 *
 *   16 bytes salt, 32 bytes hash
 */
#include "base/codec.h"
#include "base/digest.h"
#include "svc/iam/iam_ops.h"

#include <openssl/evp.h>

#include <assert.h>

#define SALT_BYTES 16
#define HASH_BYTES 32
#define HASH_ROUNDS 20000 /* 10 ms in the cell, and only here */
#define LENGTH_MIN_USUAL 6
#define LENGTH_MIN_WITHOUT 8

static void hash(struct str password, const uint8_t salt[SALT_BYTES], uint8_t out[HASH_BYTES])
{
    int made = PKCS5_PBKDF2_HMAC(password.at, (int)password.bytes, salt, SALT_BYTES, HASH_ROUNDS,
                                 EVP_sha256(), HASH_BYTES, out);

    assert(made == 1);
}

static void password_set(struct call *c, struct user *user, struct str password)
{
    uint8_t record[SALT_BYTES + HASH_BYTES];

    rand_secret(record, SALT_BYTES);
    hash(password, record, record + SALT_BYTES);
    text_set(&user->password, str_of(record, sizeof(record)));
    user->password_set_ms = iam_now(c);
}

static bool password_is(const struct user *user, struct str password)
{
    uint8_t sum[HASH_BYTES];

    if (user->password.bytes != SALT_BYTES + HASH_BYTES) {
        return false;
    }
    hash(password, (const uint8_t *)user->password.at, sum);
    return bytes_eq_const_time(sum, user->password.at + SALT_BYTES, HASH_BYTES);
}

/* ---- what the policy says ---- */

static bool has_any(struct str text, const char *of)
{
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.at[i] != '\0' && strchr(of, text.at[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static status password_check(struct call *c, const struct account *account, struct str password)
{
    const struct password_policy *policy = &account->passwords;
    uint32_t length_min = policy->set ? policy->length_min : LENGTH_MIN_WITHOUT;

    if (utf8_count(password) < length_min) {
        return fail(c, &IAM_PASSWORD,
                    "Password should have a minimum length of %u", length_min);
    }
    if (policy->symbols && !has_any(password, "!@#$%^&*()_+-=[]{}|'")) {
        return fail(c, &IAM_PASSWORD, "Password should have at least one symbol");
    }
    if (policy->numbers && !has_any(password, "0123456789")) {
        return fail(c, &IAM_PASSWORD, "Password should have at least one number");
    }
    if (policy->uppers && !has_any(password, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
        return fail(c, &IAM_PASSWORD, "Password should have at least one uppercase letter");
    }
    if (policy->lowers && !has_any(password, "abcdefghijklmnopqrstuvwxyz")) {
        return fail(c, &IAM_PASSWORD, "Password should have at least one lowercase letter");
    }
    return OK;
}

/* ---- login profiles ---- */

static status login_changed(struct call *c, const struct user *user)
{
    thing_save(c, &user->principal.thing);
    call_on(c, thing_arn(c->arena, &user->principal.thing));
    return OK;
}

static void put_login(struct call *c, const struct user *user)
{
    struct value *out = put_struct(c, "LoginProfile");

    set_str(out, "UserName", user->principal.thing.name);
    set_time(out, "CreateDate", user->password_ms);
    set_bool(out, "PasswordResetRequired", user->password_reset);
}

/* CreateLoginProfile */
status iam_create_login(struct call *c)
{
    struct user *user;

    TRY(user_or_caller(c, &user));
    if (user->password.bytes > 0) {
        return fail(c, &IAM_EXISTS, "Login Profile for user %.*s already exists.",
                    STR_ARG(user->principal.thing.name));
    }
    if (!arg_has(c, "Password")) {
        return fail(c, &IAM_VALIDATION, "Password must be specified.");
    }
    TRY(password_check(c, user->principal.thing.account, arg_str(c, "Password")));
    password_set(c, user, arg_str(c, "Password"));
    user->password_ms = iam_now(c);
    user->password_reset = arg_bool(c, "PasswordResetRequired", false);
    put_login(c, user);
    return login_changed(c, user);
}

static status login_of_call(struct call *c, struct user **ret_user)
{
    struct user *user;

    TRY(user_or_caller(c, &user));
    if (user->password.bytes == 0) {
        return fail(c, &IAM_NO_SUCH, "Login Profile for User %.*s cannot be found.",
                    STR_ARG(user->principal.thing.name));
    }
    *ret_user = user;
    return OK;
}

/* GetLoginProfile */
status iam_get_login(struct call *c)
{
    struct user *user;

    TRY(login_of_call(c, &user));
    put_login(c, user);
    return OK;
}

/* UpdateLoginProfile */
status iam_update_login(struct call *c)
{
    struct user *user;

    TRY(login_of_call(c, &user));
    if (arg_has(c, "Password")) {
        TRY(password_check(c, user->principal.thing.account, arg_str(c, "Password")));
        password_set(c, user, arg_str(c, "Password"));
    }
    user->password_reset = arg_bool(c, "PasswordResetRequired", user->password_reset);
    return login_changed(c, user);
}

/* DeleteLoginProfile */
status iam_delete_login(struct call *c)
{
    struct user *user;

    TRY(login_of_call(c, &user));
    text_set(&user->password, STR_NONE);
    user->password_ms = user->password_set_ms = 0;
    return login_changed(c, user);
}

/* ChangePassword: one's own. */
status iam_change_password(struct call *c)
{
    struct user *user = caller_user(c);

    if (user == NULL) {
        return fail(c, &IAM_NOT_A_USER, "Only IAM Users can change their own password.");
    }
    if (user->password.bytes == 0) {
        return fail(c, &IAM_NO_SUCH, "Login Profile for User %.*s cannot be found.",
                    STR_ARG(user->principal.thing.name));
    }
    if (!password_is(user, arg_str(c, "OldPassword"))) {
        return fail(c, &IAM_VALIDATION, "The old password was incorrect.");
    }
    TRY(password_check(c, user->principal.thing.account, arg_str(c, "NewPassword")));
    password_set(c, user, arg_str(c, "NewPassword"));
    user->password_reset = false;
    return login_changed(c, user);
}

/* ---- the account's policy ---- */

/* UpdateAccountPasswordPolicy: what it does not say is as it was before there was one. */
status iam_update_password_policy(struct call *c)
{
    struct account *account;

    TRY(account_of_call(c, &account));
    account->passwords = (struct password_policy){
        .set = true,
        .length_min = (uint32_t)arg_int(c, "MinimumPasswordLength", LENGTH_MIN_USUAL),
        .symbols = arg_bool(c, "RequireSymbols", false),
        .numbers = arg_bool(c, "RequireNumbers", false),
        .uppers = arg_bool(c, "RequireUppercaseCharacters", false),
        .lowers = arg_bool(c, "RequireLowercaseCharacters", false),
        .change_allowed = arg_bool(c, "AllowUsersToChangePassword", false),
        .age_days_max = (uint32_t)arg_int(c, "MaxPasswordAge", 0),
        .reuse = (uint32_t)arg_int(c, "PasswordReusePrevention", 0),
        .hard_expiry = arg_bool(c, "HardExpiry", false),
    };
    account_save(c, account);
    return OK;
}

static status policy_of_account(struct call *c, struct account **ret_account)
{
    struct account *account;

    TRY(account_of_call(c, &account));
    if (!account->passwords.set) {
        return fail(c, &IAM_NO_SUCH,
                    "The Password Policy with domain name %.*s cannot be found.",
                    STR_ARG(c->account));
    }
    *ret_account = account;
    return OK;
}

/* GetAccountPasswordPolicy */
status iam_get_password_policy(struct call *c)
{
    const struct password_policy *policy;
    struct account *account;
    struct value *out;

    TRY(policy_of_account(c, &account));
    policy = &account->passwords;
    out = put_struct(c, "PasswordPolicy");
    set_int(out, "MinimumPasswordLength", policy->length_min);
    set_bool(out, "RequireSymbols", policy->symbols);
    set_bool(out, "RequireNumbers", policy->numbers);
    set_bool(out, "RequireUppercaseCharacters", policy->uppers);
    set_bool(out, "RequireLowercaseCharacters", policy->lowers);
    set_bool(out, "AllowUsersToChangePassword", policy->change_allowed);
    set_bool(out, "ExpirePasswords", policy->age_days_max > 0);
    if (policy->age_days_max > 0) {
        set_int(out, "MaxPasswordAge", policy->age_days_max);
    }
    if (policy->reuse > 0) {
        set_int(out, "PasswordReusePrevention", policy->reuse);
    }
    set_bool(out, "HardExpiry", policy->hard_expiry);
    return OK;
}

/* DeleteAccountPasswordPolicy */
status iam_delete_password_policy(struct call *c)
{
    struct account *account;

    TRY(policy_of_account(c, &account));
    account->passwords = (struct password_policy){.set = false};
    account_save(c, account);
    return OK;
}
