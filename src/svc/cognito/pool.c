/* SPDX-License-Identifier: Apache-2.0
 *
 * Pools: which one a call means, what it is described by, what follows from that.
 */
#include "svc/cognito/pool.h"

status pool_find(struct call *c, struct str id, struct pool *ret_pool)
{
    if (!pool_load(c, id, ret_pool)) {
        return fail(c, &COGNITO_NOT_FOUND, "User pool %.*s does not exist.", STR_ARG(id));
    }
    return OK;
}

status pool_of_call(struct call *c, struct pool *ret_pool)
{
    struct str id = arg_str(c, "UserPoolId");
    struct pool pool;

    if (!pool_load(c, id, &pool) || !str_eq(pool.account, c->account) ||
        !str_eq(pool.region, c->region)) {
        return fail(c, &COGNITO_NOT_FOUND, "User pool %.*s does not exist.", STR_ARG(id));
    }
    *ret_pool = pool;
    return OK;
}

struct str pool_arn(struct arena *arena, const struct pool *pool)
{
    struct arn arn = {arn_partition(pool->region), STR("cognito-idp"), pool->region,
                      pool->account, arena_printf(arena, "userpool/%.*s", STR_ARG(pool->id))};

    return arn_write(arena, &arn);
}

const struct value *pool_attribute(const struct pool *pool, struct str name)
{
    const struct value *list = get(pool->about, "SchemaAttributes");

    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (str_eq(get_str(&list->items[i], "Name"), name)) {
            return &list->items[i];
        }
    }
    return NULL;
}

struct str pool_trigger(const struct pool *pool, const char *trigger)
{
    const struct value *config = get(pool->about, "LambdaConfig");
    const struct value *second;

    if (config == NULL) {
        return STR_NONE;
    }
    if (str_eq(str_c(trigger), STR("PreTokenGeneration")) &&
        (second = get(config, "PreTokenGenerationConfig")) != NULL) {
        return get_str(second, "LambdaArn");
    }
    return get_str(config, trigger);
}

const struct value *pool_password_policy(const struct pool *pool)
{
    return get(get(pool->about, "Policies"), "PasswordPolicy");
}

struct str pool_mfa(const struct pool *pool)
{
    return get_str(pool->about, "MfaConfiguration");
}

uint8_t pool_mfa_kinds(const struct pool *pool)
{
    const struct value *totp = get(pool->mfa, "SoftwareTokenMfaConfiguration");
    bool sms = has(pool->mfa, "SmsMfaConfiguration") || has(pool->about, "SmsConfiguration");
    bool by_totp = totp != NULL && get_bool(totp, "Enabled", false);
    bool email = has(pool->mfa, "EmailMfaConfiguration");

    if (str_eq(pool_mfa(pool), STR("OFF"))) {
        return 0;
    }
    return (uint8_t)((sms ? 1 << MFA_SMS : 0) | (by_totp ? 1 << MFA_TOTP : 0) |
                     (email ? 1 << MFA_EMAIL : 0));
}

bool pool_alias(const struct pool *pool, const char *name)
{
    return list_has(get(pool->about, "AliasAttributes"), str_c(name));
}

bool pool_username_is(const struct pool *pool, const char *name)
{
    return list_has(get(pool->about, "UsernameAttributes"), str_c(name));
}

bool pool_verifies(const struct pool *pool, const char *name)
{
    return list_has(get(pool->about, "AutoVerifiedAttributes"), str_c(name));
}

/* ---- what it is described by ---- */

static void put_password_policy(struct call *c, struct value *policies, const struct value *wish)
{
    static const char *const needs[] = {"RequireUppercase", "RequireLowercase", "RequireNumbers",
                                        "RequireSymbols"};
    const struct value *given = wish == NULL ? NULL : get(wish, "PasswordPolicy");
    struct value *policy = set_struct(c->arena, policies, "PasswordPolicy");

    set_int(policy, "MinimumLength",
            given == NULL ? 8 : get_int(given, "MinimumLength", 8));
    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
        set_bool(policy, needs[i], given == NULL || get_bool(given, needs[i], false));
    }
    if (given != NULL && has(given, "PasswordHistorySize")) {
        set_int(policy, "PasswordHistorySize", get_int(given, "PasswordHistorySize", 0));
    }
    set_int(policy, "TemporaryPasswordValidityDays",
            given == NULL ? 7 : get_int(given, "TemporaryPasswordValidityDays", 7));
}

static void put_policies(struct call *c, struct value *about)
{
    const struct value *wish = arg(c, "Policies");
    struct value *policies = set_struct(c->arena, about, "Policies");

    put_password_policy(c, policies, wish);
    if (wish != NULL && has(wish, "SignInPolicy")) {
        set_value(policies, "SignInPolicy", get(wish, "SignInPolicy"));
    } else {
        struct value *policy = set_struct(c->arena, policies, "SignInPolicy");

        list_add_str(set_list(c->arena, policy, "AllowedFirstAuthFactors", 1), STR("PASSWORD"));
    }
}

/* Temporary passwords' validity has two names, of which the older gives way. */
static void put_invitation(struct call *c, struct value *about)
{
    const struct value *wish = arg(c, "AdminCreateUserConfig");
    struct value *policy = tree_at(tree_at(about, "Policies"), "PasswordPolicy");
    struct value *config = set_struct(c->arena, about, "AdminCreateUserConfig");
    const struct value *policies = arg(c, "Policies");
    const struct value *given = policies == NULL ? NULL : get(policies, "PasswordPolicy");
    bool newer = given != NULL && has(given, "TemporaryPasswordValidityDays");

    set_bool(config, "AllowAdminCreateUserOnly",
             wish != NULL && get_bool(wish, "AllowAdminCreateUserOnly", false));
    if (wish != NULL && has(wish, "UnusedAccountValidityDays") && !newer) {
        set_int(policy, "TemporaryPasswordValidityDays",
                get_int(wish, "UnusedAccountValidityDays", 7));
    }
    set_int(config, "UnusedAccountValidityDays",
            get_int(policy, "TemporaryPasswordValidityDays", 7));
    if (wish != NULL && has(wish, "InviteMessageTemplate")) {
        set_value(config, "InviteMessageTemplate", get(wish, "InviteMessageTemplate"));
    }
}

/* Old members and the template say the same. */
static void put_messages(struct call *c, struct value *about)
{
    static const char *const names[][2] = {{"SmsVerificationMessage", "SmsMessage"},
                                           {"EmailVerificationMessage", "EmailMessage"},
                                           {"EmailVerificationSubject", "EmailSubject"}};
    const struct value *wish = arg(c, "VerificationMessageTemplate");
    struct value *template = set_struct(c->arena, about, "VerificationMessageTemplate");

    if (wish != NULL) {
        *template = *wish;
        template->items = arena_alloc(c->arena, wish->count * sizeof(struct value));
        memcpy(template->items, wish->items, wish->count * sizeof(struct value));
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (arg_has(c, names[i][0]) && !has(template, names[i][1])) {
            set_str(template, names[i][1], arg_str(c, names[i][0]));
        }
        if (has(template, names[i][1])) {
            set_str(about, names[i][0], get_str(template, names[i][1]));
        }
    }
    if (!has(template, "DefaultEmailOption")) {
        set_str(template, "DefaultEmailOption", STR("CONFIRM_WITH_CODE"));
    }
}

static void put_recovery(struct call *c, struct value *about)
{
    static const char *const names[] = {"verified_email", "verified_phone_number"};
    struct value *recovery, *list;

    if (arg_has(c, "AccountRecoverySetting")) {
        set_value(about, "AccountRecoverySetting", arg(c, "AccountRecoverySetting"));
        return;
    }
    recovery = set_struct(c->arena, about, "AccountRecoverySetting");
    list = set_list(c->arena, recovery, "RecoveryMechanisms", 2);
    for (int i = 0; i < 2; i++) {
        struct value *one = list_add(c->arena, list);

        set_int(one, "Priority", i + 1);
        set_str(one, "Name", str_c(names[i]));
    }
}

static status mfa_check(struct call *c)
{
    struct str mfa = arg_str(c, "MfaConfiguration");

    if (mfa.bytes > 0 && !str_eq(mfa, STR("OFF")) && !arg_has(c, "SmsConfiguration") &&
        str_eq(call_name(c), STR("CreateUserPool"))) {
        return fail(c, &COGNITO_INVALID,
                    "SMS configuration and Auto verification for phone_number are required when "
                    "MFA is required/optional");
    }
    return OK;
}

status pool_describe(struct call *c, struct value *about)
{
    static const char *const kept[] = {
        "DeletionProtection", "LambdaConfig", "AutoVerifiedAttributes", "SmsAuthenticationMessage",
        "UserAttributeUpdateSettings", "DeviceConfiguration", "EmailConfiguration",
        "SmsConfiguration", "UserPoolTags", "UserPoolAddOns", "DcrConfiguration", "UserPoolTier",
        "KeyConfiguration", "IssuerConfiguration", "AcrConfiguration", "MfaConfiguration", NULL};

    TRY(mfa_check(c));
    copy_members(c, about, kept);
    put_policies(c, about);
    put_invitation(c, about);
    put_messages(c, about);
    put_recovery(c, about);
    if (!has(about, "DeletionProtection")) {
        set_str(about, "DeletionProtection", STR("INACTIVE"));
    }
    if (!has(about, "LambdaConfig")) {
        (void)set_struct(c->arena, about, "LambdaConfig");
    }
    if (!has(about, "MfaConfiguration")) {
        set_str(about, "MfaConfiguration", STR("OFF"));
    }
    if (!has(about, "EmailConfiguration")) {
        set_str(set_struct(c->arena, about, "EmailConfiguration"), "EmailSendingAccount",
                STR("COGNITO_DEFAULT"));
    }
    if (!has(about, "UserAttributeUpdateSettings")) {
        (void)set_list(c->arena,
                       set_struct(c->arena, about, "UserAttributeUpdateSettings"),
                       "AttributesRequireVerificationBeforeUpdate", 0);
    }
    if (!has(about, "UserPoolTier")) {
        set_str(about, "UserPoolTier", STR("ESSENTIALS"));
    }
    set_time(about, "LastModifiedDate", c->now);
    return OK;
}

void pool_answer(struct call *c, struct pool *pool)
{
    struct str prefix = domain_of_pool(c, pool, false);
    struct str custom = domain_of_pool(c, pool, true);

    set_int(pool->about, "EstimatedNumberOfUsers", (int64_t)pool->users);
    if (prefix.bytes > 0) {
        set_str(pool->about, "Domain", prefix);
    }
    if (custom.bytes > 0) {
        set_str(pool->about, "CustomDomain", custom);
    }
    set_value(c->out, "UserPool", pool->about);
}
