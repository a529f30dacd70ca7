/* SPDX-License-Identifier: Apache-2.0
 *
 * User pools in templates. UpdateUserPool sets back what it is not told, so a property that was
 * taken away needs nothing; second factors have an operation of their own.
 */
#include "svc/cognito/cfn.h"

#define NAME_BYTES_MAX 128
#define MFA_PROPERTIES                                                                            \
    "EmailAuthenticationMessage EmailAuthenticationSubject EnabledMfas MfaConfiguration "         \
    "SmsAuthenticationMessage SmsConfiguration WebAuthnFactorConfiguration "                      \
    "WebAuthnRelyingPartyID WebAuthnUserVerification"

static const struct resource_property pool_properties[] = {
    {"AccountRecoverySetting", NULL, RESOURCE_IN_PLACE, 0},
    {"AdminCreateUserConfig", NULL, RESOURCE_IN_PLACE, 0},
    {"AliasAttributes", NULL, RESOURCE_IN_PLACE, 0},
    {"AutoVerifiedAttributes", NULL, RESOURCE_IN_PLACE, 0},
    {"DeletionProtection", NULL, RESOURCE_IN_PLACE, 0},
    {"DeviceConfiguration", NULL, RESOURCE_IN_PLACE, 0},
    {"EmailAuthenticationMessage", "", RESOURCE_IN_PLACE, 0},
    {"EmailAuthenticationSubject", "", RESOURCE_IN_PLACE, 0},
    {"EmailConfiguration", NULL, RESOURCE_IN_PLACE, 0},
    {"EmailVerificationMessage", NULL, RESOURCE_IN_PLACE, 0},
    {"EmailVerificationSubject", NULL, RESOURCE_IN_PLACE, 0},
    {"EnabledMfas", "", RESOURCE_IN_PLACE, 0},
    {"LambdaConfig", NULL, RESOURCE_IN_PLACE, 0},
    {"MfaConfiguration", "", RESOURCE_IN_PLACE, 0},
    {"Policies", NULL, RESOURCE_IN_PLACE, 0},
    {"Schema", NULL, RESOURCE_IN_PLACE, RESOURCE_SECRET},
    {"SmsAuthenticationMessage", NULL, RESOURCE_IN_PLACE, 0},
    {"SmsConfiguration", NULL, RESOURCE_IN_PLACE, 0},
    {"SmsVerificationMessage", NULL, RESOURCE_IN_PLACE, 0},
    {"UserAttributeUpdateSettings", NULL, RESOURCE_IN_PLACE, 0},
    {"UserPoolAddOns", NULL, RESOURCE_IN_PLACE, 0},
    {"UserPoolName", "PoolName", RESOURCE_IN_PLACE, 0},
    {"UserPoolTags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"UserPoolTier", NULL, RESOURCE_IN_PLACE, 0},
    {"UsernameAttributes", NULL, RESOURCE_IN_PLACE, 0},
    {"UsernameConfiguration", NULL, RESOURCE_IN_PLACE, 0},
    {"VerificationMessageTemplate", NULL, RESOURCE_IN_PLACE, 0},
    {"WebAuthnFactorConfiguration", "", RESOURCE_IN_PLACE, 0},
    {"WebAuthnRelyingPartyID", "", RESOURCE_IN_PLACE, 0},
    {"WebAuthnUserVerification", "", RESOURCE_IN_PLACE, 0},
};
static const char *const pool_attributes[] = {"Arn", "ProviderName", "ProviderURL", "UserPoolId",
                                              NULL};
static const struct resource_default pool_defaults[] = {{"UserPoolTier", "ESSENTIALS"},
                                                        {NULL, NULL}};

static struct str pool_arn(const struct resource *r)
{
    return arena_printf(r->c->arena, "arn:%.*s:cognito-idp:%.*s:%.*s:userpool/%.*s",
                        STR_ARG(arn_partition(r->c->region)), STR_ARG(r->c->region),
                        STR_ARG(r->c->account), STR_ARG(r->id));
}

static status pool_read(struct resource *r, const struct value **ret_pool)
{
    struct inner inner;

    TRY(resource_ask(r, "DescribeUserPool", RESOURCE_ARGS({"UserPoolId", r->id}), &inner));
    *ret_pool = get(inner.out, "UserPool");
    return OK;
}

/* ---- second factors ---- */

static bool enables(const struct resource *r, const char *factor)
{
    const struct value *list = resource_get(r, "EnabledMfas");

    for (uint32_t i = 0; list != NULL && list->kind == VALUE_LIST && i < list->count; i++) {
        if (str_eq(doc_text(r->c->arena, &list->items[i]), str_c(factor))) {
            return true;
        }
    }
    return false;
}

static void put(struct resource *r, struct value *map, const char *key, const char *property)
{
    const struct value *value = resource_get(r, property);

    if (value != NULL) {
        *doc_put(r->c->arena, map, str_c(key)) = *value;
    }
}

static status sms_set(struct resource *r, struct inner *inner)
{
    struct value *sms = doc_map(r->c->arena);

    if (!enables(r, "SMS_MFA")) {
        return OK;
    }
    put(r, sms, "SmsAuthenticationMessage", "SmsAuthenticationMessage");
    put(r, sms, "SmsConfiguration", "SmsConfiguration");
    return resource_set(r, inner, "SmsMfaConfiguration", sms);
}

static status email_set(struct resource *r, struct inner *inner)
{
    struct value *email = doc_map(r->c->arena);

    put(r, email, "Message", "EmailAuthenticationMessage");
    put(r, email, "Subject", "EmailAuthenticationSubject");
    return enables(r, "EMAIL_OTP") || email->count > 0
               ? resource_set(r, inner, "EmailMfaConfiguration", email)
               : OK;
}

static status passkeys_set(struct resource *r, struct inner *inner)
{
    struct value *passkeys = doc_map(r->c->arena);

    put(r, passkeys, "RelyingPartyId", "WebAuthnRelyingPartyID");
    put(r, passkeys, "UserVerification", "WebAuthnUserVerification");
    put(r, passkeys, "FactorConfiguration", "WebAuthnFactorConfiguration");
    return passkeys->count == 0 ? OK
                                : resource_set(r, inner, "WebAuthnConfiguration", passkeys);
}

static bool has_factors(const struct resource *r, const struct value *properties)
{
    static const char *const own[] = {
        "EnabledMfas", "EmailAuthenticationMessage", "EmailAuthenticationSubject",
        "WebAuthnRelyingPartyID", "WebAuthnUserVerification", "WebAuthnFactorConfiguration"};

    (void)r;
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (properties != NULL && doc_get(properties, own[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static status factors_set(struct resource *r)
{
    struct value *authenticator = doc_map(r->c->arena);
    struct str mfa = resource_str(r, "MfaConfiguration");
    struct inner inner;

    if (!has_factors(r, r->want) && !has_factors(r, r->had)) {
        return OK;
    }
    TRY(resource_begin(r, "SetUserPoolMfaConfig", &inner));
    set_str(inner.in, "UserPoolId", r->id);
    set_str(inner.in, "MfaConfiguration", mfa.at == NULL ? STR("OFF") : mfa);
    doc_put_bool(r->c->arena, authenticator, "Enabled", enables(r, "SOFTWARE_TOKEN_MFA"));
    TRY(resource_set(r, &inner, "SoftwareTokenMfaConfiguration", authenticator));
    TRY(sms_set(r, &inner));
    TRY(email_set(r, &inner));
    TRY(passkeys_set(r, &inner));
    return resource_run(r, &inner);
}

/* ---- schema ---- */

static const struct value *attributes_in(const struct value *properties)
{
    const struct value *list = properties == NULL ? NULL : doc_get(properties, "Schema");

    return list != NULL && list->kind == VALUE_LIST ? list : NULL;
}

static const struct value *attribute_of(const struct resource *r, const struct value *list,
                                        struct str name)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (str_eq(doc_text(r->c->arena, doc_get(&list->items[i], "Name")), name)) {
            return &list->items[i];
        }
    }
    return NULL;
}

/* Is all that a template says of it so? What it does not say is as the pool has it. */
static bool says(const struct value *wanted, const struct value *is)
{
    bool same = is != NULL;

    for (uint32_t i = 0; same && i < wanted->count; i++) {
        const struct value *value = map_find(is, wanted->pairs[i].key);

        same = str_eq(wanted->pairs[i].key, STR("Name")) ||
               doc_same(&wanted->pairs[i].value, value) ||
               (wanted->pairs[i].value.kind == VALUE_MAP && value != NULL &&
                value->kind == VALUE_MAP && says(&wanted->pairs[i].value, value));
    }
    return same;
}

static status schema_fixed(struct resource *r)
{
    return resource_fail(r, &RESOURCE_INVALID,
                         "Existing schema attributes cannot be modified or deleted.");
}

/* Custom attributes stay; a standard one is always there, so only what was required counts. */
static status schema_keeps(struct resource *r, const struct value *list)
{
    const struct value *had = attributes_in(r->had);

    for (uint32_t i = 0; had != NULL && i < had->count; i++) {
        struct str name = doc_text(r->c->arena, doc_get(&had->items[i], "Name"));
        const struct value *is = attribute_of(r, list, name);
        bool custom = is == NULL;

        if (attribute_of(r, attributes_in(r->want), name) != NULL) {
            continue;
        }
        is = custom ? attribute_of(r, list,
                                   arena_printf(r->c->arena, "custom:%.*s", STR_ARG(name)))
                    : is;
        if (is != NULL && (custom || doc_same(doc_get(is, "Required"),
                                              &(struct value){.kind = VALUE_BOOL,
                                                              .truth = true}))) {
            return schema_fixed(r);
        }
    }
    return OK;
}

/* Attributes are added, never changed nor taken away: judged by what the pool has, as an update
 * that failed may have come before. */
static status schema_change(struct resource *r, const struct value *pool)
{
    const struct value *list = doc_get(resource_document(r->c->arena, pool), "SchemaAttributes");
    const struct value *want = attributes_in(r->want);
    struct value *more = ARENA_NEW(r->c->arena, struct value);
    struct inner inner;

    more->kind = VALUE_LIST;
    if (!resource_changed(r, "Schema")) {
        return OK;
    }
    TRY(schema_keeps(r, list));
    for (uint32_t i = 0; want != NULL && i < want->count; i++) {
        struct str name = doc_text(r->c->arena, doc_get(&want->items[i], "Name"));
        const struct value *is = attribute_of(r, list, name);

        is = is != NULL ? is
                        : attribute_of(r, list, arena_printf(r->c->arena, "custom:%.*s",
                                                             STR_ARG(name)));
        if (is == NULL) {
            *doc_add(r->c->arena, more) = want->items[i];
        } else if (!says(&want->items[i], is)) {
            return schema_fixed(r);
        }
    }
    if (more->count == 0) {
        return OK;
    }
    TRY(resource_begin(r, "AddCustomAttributes", &inner));
    set_str(inner.in, "UserPoolId", r->id);
    TRY(resource_set(r, &inner, "CustomAttributes", more));
    return resource_run(r, &inner);
}

/* ---- a pool's life ---- */

static status pool_make(struct resource *r)
{
    struct str mfa = resource_str(r, "MfaConfiguration");
    struct inner inner;

    TRY(resource_begin(r, "CreateUserPool", &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "PoolName", resource_short_name(r, "UserPoolName", "", NAME_BYTES_MAX));
    if (mfa.at != NULL && !has_factors(r, r->want)) {
        set_str(inner.in, "MfaConfiguration", mfa);
    }
    TRY(resource_run(r, &inner));
    r->id = get_str(get(inner.out, "UserPool"), "Id");
    return factors_set(r);
}

/* By what the pool is, so that an update that was refused can be taken back. */
static status fixed_check(struct resource *r, const struct value *pool)
{
    static const char *const fixed[] = {"AliasAttributes", "UsernameAttributes",
                                        "UsernameConfiguration"};
    const struct value *is = resource_document(r->c->arena, pool);

    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        if (resource_changed(r, fixed[i]) &&
            !doc_same(doc_get(is, fixed[i]), resource_get(r, fixed[i]))) {
            return resource_fail(r, &RESOURCE_INVALID,
                                 "Updates are not allowed for property - %s.", fixed[i]);
        }
    }
    return OK;
}

static status pool_change(struct resource *r)
{
    static const struct resource_tagging tagging = {"TagResource", "UntagResource", "ResourceArn",
                                                    "Tags", "TagKeys"};
    struct str mfa = resource_str(r, "MfaConfiguration");
    const struct value *pool = NULL;
    struct inner inner;

    TRY(pool_read(r, &pool));
    TRY(fixed_check(r, pool));
    TRY(schema_change(r, pool));
    TRY(resource_begin(r, "UpdateUserPool", &inner));
    TRY(resource_fill(r, &inner));
    TRY(resource_fill_back(r, &inner, pool_defaults));
    set_str(inner.in, "UserPoolId", r->id);
    set_str(inner.in, "PoolName", resource_short_name(r, "UserPoolName", "", NAME_BYTES_MAX));
    if (mfa.at != NULL) {
        set_str(inner.in, "MfaConfiguration", mfa);
    }
    TRY(resource_run(r, &inner));
    if (resource_any_changed(r, MFA_PROPERTIES)) {
        TRY(factors_set(r));
    }
    return resource_tag_by(r, "UserPoolTags", &tagging, pool_arn(r));
}

static status pool_remove(struct resource *r)
{
    return resource_remove_by(r, "DeleteUserPool", "UserPoolId");
}

static status pool_tell(struct resource *r)
{
    struct str provider = arena_printf(r->c->arena, "cognito-idp.%.*s.amazonaws.com/%.*s",
                                       STR_ARG(r->c->region), STR_ARG(r->id));

    resource_attribute(r, "Arn", pool_arn(r));
    resource_attribute(r, "ProviderName", provider);
    /* the issuer as browsers reach it, and not AWS's: what is written there finds its way here */
    resource_attribute(r, "ProviderURL",
                       arena_printf(r->c->arena, "%s://localhost%.*s/%.*s",
                                    call_tls(r->c) ? "https" : "http", STR_ARG(call_port(r->c)),
                                    STR_ARG(r->id)));
    resource_attribute(r, "UserPoolId", r->id);
    return OK;
}

static void text_add(struct resource *r, struct value *list, const char *text)
{
    *doc_add(r->c->arena, list) = (struct value){.kind = VALUE_STR, .str = str_c(text)};
}

static status factors_now(struct resource *r, struct value *ret_properties)
{
    struct value *list = NULL;
    const struct value *email;
    const struct value *authenticator;
    struct inner inner;

    TRY(resource_ask(r, "GetUserPoolMfaConfig", RESOURCE_ARGS({"UserPoolId", r->id}), &inner));
    email = get(inner.out, "EmailMfaConfiguration");
    authenticator = get(inner.out, "SoftwareTokenMfaConfiguration");
    list = doc_put_list(r->c->arena, ret_properties, "EnabledMfas");
    if (has(inner.out, "SmsMfaConfiguration")) {
        text_add(r, list, "SMS_MFA");
    }
    if (authenticator != NULL && get_bool(authenticator, "Enabled", false)) {
        text_add(r, list, "SOFTWARE_TOKEN_MFA");
    }
    if (email == NULL) {
        return OK;
    }
    text_add(r, list, "EMAIL_OTP");
    if (has(email, "Message")) {
        doc_put_text(r->c->arena, ret_properties, "EmailAuthenticationMessage",
                     get_str(email, "Message"));
    }
    if (has(email, "Subject")) {
        doc_put_text(r->c->arena, ret_properties, "EmailAuthenticationSubject",
                     get_str(email, "Subject"));
    }
    return OK;
}

static status pool_now(struct resource *r, struct value *ret_properties)
{
    const struct value *pool = NULL;

    TRY(pool_read(r, &pool));
    resource_now_of(r, pool, ret_properties);
    doc_put_text(r->c->arena, ret_properties, "UserPoolName", get_str(pool, "Name"));
    return factors_now(r, ret_properties);
}

const struct resource_type cfn_user_pool = {
    .name = "AWS::Cognito::UserPool",
    .service = "cognito-idp",
    RESOURCE_TYPE_PROPERTIES(pool_properties),
    .attributes = pool_attributes,
    .make = pool_make,
    .change = pool_change,
    .remove = pool_remove,
    .tell = pool_tell,
    .now = pool_now,
};
