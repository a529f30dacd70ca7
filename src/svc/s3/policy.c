/* SPDX-License-Identifier: Apache-2.0
 *
 * Bucket policies: whether a text is one, and whether it lets everybody in. What it says of a
 * request is cell/policy.h's. Source: "Policies and permissions in Amazon S3" and "The meaning of
 * public", AWS documentation.
 */
#include "cell/policy.h"
#include "svc/s3/settings_int.h"
#include "wire/json.h"

static const struct value *member(const struct value *map, const char *name)
{
    return map != NULL && map->kind == VALUE_MAP ? map_find(map, str_c(name)) : NULL;
}

/* One or many: both are written. */
static size_t many(const struct value *value, const struct value **ret_first)
{
    if (value == NULL) {
        return 0;
    }
    *ret_first = value->kind == VALUE_LIST ? value->items : value;
    return value->kind == VALUE_LIST ? value->count : 1;
}

/* ---- is it one ---- */

static bool is_s3_action(const struct bucket *bucket, struct str text)
{
    (void)bucket;
    return str_starts_nocase(text, STR("s3:")) || str_eq(text, STR("*"));
}

static bool is_of_bucket(const struct bucket *bucket, struct str text)
{
    size_t colons = str_find_str(text, STR(":::"));
    struct str name = str_slice(text, colons + 3, text.bytes);
    size_t end = str_find(name, '/', 0);

    return str_eq(text, STR("*")) ||
           (str_starts(text, STR("arn:")) &&
            text_like(str_slice(name, 0, end), bucket->name, true));
}

static bool all_are(const struct value *value, const struct bucket *bucket,
                    bool (*good)(const struct bucket *bucket, struct str text))
{
    const struct value *first = NULL;
    size_t count = many(value, &first);

    for (size_t i = 0; i < count; i++) {
        if (first[i].kind != VALUE_STR || !good(bucket, first[i].str)) {
            return false;
        }
    }
    return count > 0;
}

static bool is_account_or_arn(const struct bucket *bucket, struct str text)
{
    uint64_t number;

    (void)bucket;
    return str_eq(text, STR("*")) || (text.bytes == 12 && str_to_u64(text, &number)) ||
           str_starts(text, STR("arn:aws"));
}

static bool is_principal(const struct value *value)
{
    static const char *const kinds[] = {"AWS", "CanonicalUser", "Federated", "Service"};
    size_t known = 0;

    if (value->kind == VALUE_STR) {
        return str_eq(value->str, STR("*"));
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        known += member(value, kinds[i]) != NULL;
    }
    return value->kind == VALUE_MAP && known > 0 && known == value->count &&
           (member(value, "AWS") == NULL ||
            all_are(member(value, "AWS"), NULL, is_account_or_arn));
}

static status statement_check(struct call *c, const struct bucket *bucket,
                              const struct value *statement)
{
    const struct value *effect = member(statement, "Effect");
    const struct value *who = member(statement, "Principal");
    const struct value *action = member(statement, "Action");
    const struct value *resource = member(statement, "Resource");

    who = who != NULL ? who : member(statement, "NotPrincipal");
    action = action != NULL ? action : member(statement, "NotAction");
    resource = resource != NULL ? resource : member(statement, "NotResource");
    if (effect == NULL || effect->kind != VALUE_STR ||
        (!str_eq(effect->str, STR("Allow")) && !str_eq(effect->str, STR("Deny")))) {
        return fail(c, &S3_INVALID_POLICY, "Missing required field Effect");
    }
    if (who == NULL) {
        return fail(c, &S3_INVALID_POLICY, "Missing required field Principal");
    }
    if (!is_principal(who)) {
        return fail(c, &S3_INVALID_POLICY, "Invalid principal in policy");
    }
    if (action == NULL) {
        return fail(c, &S3_INVALID_POLICY, "Missing required field Action");
    }
    if (!all_are(action, bucket, is_s3_action)) {
        return fail(c, &S3_INVALID_POLICY, "Policy has invalid action");
    }
    if (resource == NULL) {
        return fail(c, &S3_INVALID_POLICY, "Missing required field Resource");
    }
    if (!all_are(resource, bucket, is_of_bucket)) {
        return fail(c, &S3_INVALID_POLICY, "Policy has invalid resource");
    }
    return OK;
}

static status version_check(struct call *c, const struct value *policy)
{
    const struct value *version = member(policy, "Version");

    if (version != NULL && (version->kind != VALUE_STR ||
                            (!str_eq(version->str, STR("2012-10-17")) &&
                             !str_eq(version->str, STR("2008-10-17"))))) {
        return fail(c, &S3_INVALID_POLICY, "The policy must contain a valid version string");
    }
    return OK;
}

/* What every service refuses: elements, operators, variables. */
static status compiled_check(struct call *c, struct str text)
{
    struct policy *policy;
    struct why why = {""};

    if (policy_compile(text, POLICY_OF_RESOURCE, &why, &policy) != OK) {
        return fail(c, &S3_INVALID_POLICY, "%s", why.text);
    }
    policy_drop(policy);
    return OK;
}

status policy_check(struct call *c, const struct bucket *bucket, struct str text)
{
    const struct value *first = NULL;
    struct value policy;
    struct why why;
    size_t count;

    if (text.bytes == 0 || text.at[0] != '{') {
        return fail_s3(c, &S3_INVALID_POLICY);
    }
    if (json_read(arena_dup(c->arena, text), 0, c->arena, &why, &policy) != OK) {
        return fail(c, &S3_INVALID_POLICY, "This policy contains invalid Json");
    }
    TRY(version_check(c, &policy));
    count = many(member(&policy, "Statement"), &first);
    if (count == 0) {
        return fail(c, &S3_INVALID_POLICY, "Missing required field Statement");
    }
    for (size_t i = 0; i < count; i++) {
        TRY(statement_check(c, bucket, &first[i]));
    }
    TRY(compiled_check(c, text));
    if (policy_is_public(&policy) && public_access_blocked(bucket, BLOCK_POLICY)) {
        return fail(c, &S3_ACCESS_DENIED,
                    "User: %.*s is not authorized to perform: s3:PutBucketPolicy on resource: "
                    "\"arn:aws:s3:::%.*s\" because public policies are prevented by the "
                    "BlockPublicPolicy setting in S3 Block Public Access.",
                    STR_ARG(c->principal), STR_ARG(bucket->name));
    }
    return OK;
}

/* ---- is it public ---- */

static bool is_everybody(const struct value *principal)
{
    const struct value *first = NULL;
    size_t count;

    if (principal == NULL) {
        return false;
    }
    count = many(principal->kind == VALUE_MAP ? member(principal, "AWS") : principal, &first);
    for (size_t i = 0; i < count; i++) {
        if (first[i].kind == VALUE_STR && str_eq(first[i].str, STR("*"))) {
            return true;
        }
    }
    return false;
}

/* Keys whose fixed values make a statement not public. */
static bool is_narrowing(struct str key)
{
    static const struct str keys[] = {
        STR_INIT("aws:SourceArn"), STR_INIT("aws:SourceVpc"), STR_INIT("aws:SourceVpce"),
        STR_INIT("aws:SourceOwner"), STR_INIT("aws:SourceAccount"), STR_INIT("aws:SourceIp"),
        STR_INIT("aws:userid"), STR_INIT("aws:PrincipalOrgID"), STR_INIT("aws:PrincipalOrgPaths"),
        STR_INIT("aws:PrincipalArn"), STR_INIT("aws:PrincipalAccount"),
        STR_INIT("s3:x-amz-server-side-encryption-aws-kms-key-id"),
        STR_INIT("s3:DataAccessPointArn"), STR_INIT("s3:DataAccessPointAccount"),
    };

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (str_eq_nocase(key, keys[i])) {
            return true;
        }
    }
    return false;
}

static bool is_fixed(const struct bucket *bucket, struct str text)
{
    (void)bucket;
    return str_find(text, '*', 0) == text.bytes && str_find(text, '?', 0) == text.bytes &&
           str_find_str(text, STR("${")) == text.bytes && !str_ends(text, STR("/0"));
}

static bool is_narrowed(const struct value *condition)
{
    for (uint32_t i = 0; condition != NULL && condition->kind == VALUE_MAP && i < condition->count;
         i++) {
        const struct value *keys = &condition->pairs[i].value;

        if (str_find_str(condition->pairs[i].key, STR("Not")) < condition->pairs[i].key.bytes) {
            continue;
        }
        for (uint32_t k = 0; keys->kind == VALUE_MAP && k < keys->count; k++) {
            if (is_narrowing(keys->pairs[k].key) &&
                all_are(&keys->pairs[k].value, NULL, is_fixed)) {
                return true;
            }
        }
    }
    return false;
}

static bool effect_is(const struct value *statement, const char *effect)
{
    const struct value *is = member(statement, "Effect");

    return is != NULL && is->kind == VALUE_STR && str_eq(is->str, str_c(effect));
}

bool policy_is_public(const struct value *policy)
{
    const struct value *first = NULL;
    size_t count = many(member(policy, "Statement"), &first);

    for (size_t i = 0; i < count; i++) {
        if (effect_is(&first[i], "Allow") && !is_narrowed(member(&first[i], "Condition")) &&
            (is_everybody(member(&first[i], "Principal")) ||
             member(&first[i], "NotPrincipal") != NULL)) {
            return true;
        }
    }
    return false;
}
