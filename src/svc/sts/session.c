/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions: what limits them, what they are called, how long they last. Source: AssumeRole,
 * GetFederationToken and GetSessionToken, AWS STS API reference.
 */
#include "svc/sts/sts_int.h"

/* ---- what limits them ---- */

static status policy_check(struct call *c, struct str text)
{
    struct policy *policy;
    struct why why;
    status read;

    if (text.bytes > POLICY_CHARS_MAX) {
        return fail(c, &STS_TOO_LARGE, "Packed policy consumes %zu%% of allotted space, please "
                    "use smaller policy.", text.bytes * 100 / POLICY_CHARS_MAX);
    }
    read = policy_compile(text, POLICY_OF_IDENTITY, &why, &policy);
    if (read != OK) {
        return fail(c, &STS_MALFORMED, "%s",
                    read == &POLICY_MALFORMED ? why.text : "Syntax errors in policy.");
    }
    policy_drop(policy);
    return OK;
}

status session_policies(struct call *c, struct identity *wish)
{
    const struct value *arns = arg(c, "PolicyArns");
    struct str *texts = arena_alloc(c->arena, IDENTITY_POLICIES_MAX * sizeof(texts[0]));
    size_t count = 0;
    size_t packed = 0;

    if (arns != NULL && arns->count > POLICY_ARNS_MAX) {
        return fail(c, &STS_VALIDATION, "The number of policy ARNs exceeds the limit of %d.",
                    POLICY_ARNS_MAX);
    }
    if (arg_has(c, "Policy")) {
        TRY(policy_check(c, arg_str(c, "Policy")));
        texts[count++] = arg_str(c, "Policy");
        packed = arg_str(c, "Policy").bytes;
    }
    for (uint32_t i = 0; arns != NULL && i < arns->count; i++) {
        struct str arn = get_str(&arns->items[i], "arn");

        if (!directory_policy(c->cell, wish->account, arn, &texts[count])) {
            return fail(c, &STS_MALFORMED, "The policy %.*s does not exist.", STR_ARG(arn));
        }
        packed += arn.bytes;
        count++;
    }
    wish->policies = texts;
    wish->policy_count = count;
    if (packed > 0) {
        put_int(c, "PackedPolicySize", (int64_t)(1 + packed * 99 / (2 * POLICY_CHARS_MAX)));
    }
    return OK;
}

/* ---- tags ---- */

static bool is_in(const struct value *keys, struct str key)
{
    for (uint32_t i = 0; keys != NULL && i < keys->count; i++) {
        if (str_eq_nocase(keys->items[i].str, key)) {
            return true;
        }
    }
    return false;
}

static status tag_join(struct call *c, struct identity_tag *tags, size_t *count,
                       const struct identity_tag *tag)
{
    for (size_t i = 0; i < *count; i++) {
        if (str_eq_nocase(tags[i].key, tag->key)) {
            return fail(c, &STS_VALIDATION,
                        "Duplicate tag keys found. Please note that Tag keys are case "
                        "insensitive.");
        }
    }
    if (*count == IDENTITY_TAGS_MAX) {
        return fail(c, &STS_VALIDATION, "The number of session tags exceeds the limit of %d.",
                    IDENTITY_TAGS_MAX);
    }
    tags[(*count)++] = *tag;
    return OK;
}

status session_tags(struct call *c, struct identity *wish)
{
    const struct identity *caller = c->identity;
    const struct value *list = arg(c, "Tags");
    const struct value *transitive =
        wish->kind == IDENTITY_ROLE ? arg(c, "TransitiveTagKeys") : NULL;
    struct identity_tag *tags = arena_alloc(c->arena, IDENTITY_TAGS_MAX * sizeof(tags[0]));
    size_t count = 0;

    for (size_t i = 0; caller != NULL && i < caller->tag_count; i++) {
        if (caller->tags[i].transitive && wish->kind == IDENTITY_ROLE) {
            TRY(tag_join(c, tags, &count, &caller->tags[i]));
        }
    }
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        struct identity_tag tag = {.key = get_str(&list->items[i], "Key"),
                                   .value = get_str(&list->items[i], "Value")};

        tag.transitive = is_in(transitive, tag.key);
        TRY(tag_join(c, tags, &count, &tag));
    }
    wish->tags = tags;
    wish->tag_count = count;
    return OK;
}

/* ---- of roles ---- */

status role_of_call(struct call *c, struct role_facts *ret_role)
{
    if (!directory_role(c->cell, arg_str(c, "RoleArn"), c->arena, ret_role)) {
        return fail(c, &STS_DENIED,
                    "User: %.*s is not authorized to perform: sts:%.*s on resource: %.*s",
                    STR_ARG(c->principal), STR_ARG(call_name(c)),
                    STR_ARG(arg_str(c, "RoleArn")));
    }
    return OK;
}

status duration_of_call(struct call *c, const struct role_facts *role, int64_t *ret_seconds)
{
    int64_t seconds = arg_int(c, "DurationSeconds", ASSUMED_SECONDS);

    if (seconds > role->session_seconds_max) {
        return fail(c, &STS_VALIDATION, "The requested DurationSeconds exceeds the "
                    "MaxSessionDuration set for this role.");
    }
    *ret_seconds = seconds;
    return OK;
}

status session_of_role(struct call *c, const struct role_facts *role, struct identity *wish)
{
    struct value *user;

    directory_name_session(role, arg_str(c, "RoleSessionName"), c->arena, wish);
    TRY(session_policies(c, wish));
    user = put_struct(c, "AssumedRoleUser");
    set_str(user, "AssumedRoleId", wish->user_id);
    set_str(user, "Arn", wish->principal);
    return OK;
}

/* ---- credentials ---- */

status session_begin(struct call *c, struct identity *wish, int64_t seconds)
{
    struct identity session;
    struct value *out;

    wish->active = true;
    wish->expires_ms = c->now - c->now % 1000 + seconds * 1000;
    if (identity_session(c, wish, &session) != OK) {
        return fail(c, &STS_DENIED, "weir keeps at most %d access keys.", IDENTITIES_MAX);
    }
    out = put_struct(c, "Credentials");
    set_str(out, "AccessKeyId", session.access_key);
    set_str(out, "SecretAccessKey", session.secret);
    set_str(out, "SessionToken", session.token);
    set_time(out, "Expiration", session.expires_ms);
    call_on(c, wish->principal);
    return OK;
}
