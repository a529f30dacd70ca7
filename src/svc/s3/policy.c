/* SPDX-License-Identifier: Apache-2.0
 *
 * Bucket policies: whether a text is one, and whether it lets everybody in. Who may do what by a
 * policy is decided when IAM is there; until then it is kept and shown.
 */
#include "svc/s3/s3_settings_ops.h"
#include "wire/json.h"

static const struct value *member(const struct value *map, const char *name)
{
    return map->kind == VALUE_MAP ? map_find(map, str_c(name)) : NULL;
}

/* Statements as a list, be it one or many. */
static size_t statements_of(const struct value *policy, const struct value **ret_first)
{
    const struct value *statement = member(policy, "Statement");

    if (statement == NULL) {
        return 0;
    }
    *ret_first = statement->kind == VALUE_LIST ? statement->items : statement;
    return statement->kind == VALUE_LIST ? statement->count : 1;
}

/* Calls good for a text, or every text of a list; false: something else, or one was not good. */
static bool each_text(const struct value *value, bool (*good)(const void *arg, struct str text),
                      const void *arg)
{
    if (value->kind == VALUE_STR) {
        return good(arg, value->str);
    }
    if (value->kind != VALUE_LIST || value->count == 0) {
        return false;
    }
    for (uint32_t i = 0; i < value->count; i++) {
        if (value->items[i].kind != VALUE_STR || !good(arg, value->items[i].str)) {
            return false;
        }
    }
    return true;
}

static bool is_s3_action(const void *arg, struct str text)
{
    (void)arg;
    return str_starts_nocase(text, STR("s3:")) || str_eq(text, STR("*"));
}

static bool is_of_bucket(const void *arg, struct str text)
{
    const struct bucket *bucket = arg;
    size_t colons = str_find_str(text, STR(":::"));
    struct str name = str_slice(text, colons + 3, text.bytes);

    return str_eq(text, STR("*")) ||
           (str_starts(text, STR("arn:aws")) && str_starts(name, bucket->name) &&
            (name.bytes == bucket->name.bytes || name.at[bucket->name.bytes] == '/' ||
             name.at[bucket->name.bytes] == '*'));
}

static status statement_check(struct call *c, const struct bucket *bucket,
                              const struct value *statement)
{
    const struct value *effect = member(statement, "Effect");
    const struct value *action = member(statement, "Action");
    const struct value *resource = member(statement, "Resource");

    if (effect == NULL || effect->kind != VALUE_STR ||
        (!str_eq(effect->str, STR("Allow")) && !str_eq(effect->str, STR("Deny")))) {
        return fail(c, &S3_INVALID_POLICY, "Missing required field Effect");
    }
    if (member(statement, "Principal") == NULL && member(statement, "NotPrincipal") == NULL) {
        return fail(c, &S3_INVALID_POLICY, "Missing required field Principal");
    }
    if (action == NULL && member(statement, "NotAction") == NULL) {
        return fail(c, &S3_INVALID_POLICY, "Missing required field Action");
    }
    if (action != NULL && !each_text(action, is_s3_action, NULL)) {
        return fail(c, &S3_INVALID_POLICY, "Policy has invalid action");
    }
    if (resource == NULL && member(statement, "NotResource") == NULL) {
        return fail(c, &S3_INVALID_POLICY, "Missing required field Resource");
    }
    if (resource != NULL && !each_text(resource, is_of_bucket, bucket)) {
        return fail(c, &S3_INVALID_POLICY, "Policy has invalid resource");
    }
    return OK;
}

status policy_check(struct call *c, const struct bucket *bucket, struct str text)
{
    const struct value *first = NULL;
    struct value policy;
    struct why why;
    size_t count;

    if (json_read(arena_dup(c->arena, text), 0, c->arena, &why, &policy) != OK ||
        policy.kind != VALUE_MAP) {
        return fail_s3(c, &S3_INVALID_POLICY);
    }
    count = statements_of(&policy, &first);
    if (count == 0) {
        return fail(c, &S3_INVALID_POLICY, "Missing required field Statement");
    }
    for (size_t i = 0; i < count; i++) {
        TRY(statement_check(c, bucket, &first[i]));
    }
    return OK;
}

static bool is_everybody(const struct value *principal)
{
    const struct value *aws;

    if (principal == NULL) {
        return false;
    }
    if (principal->kind == VALUE_STR) {
        return str_eq(principal->str, STR("*"));
    }
    aws = member(principal, "AWS");
    if (aws != NULL && aws->kind == VALUE_LIST && aws->count > 0) {
        aws = &aws->items[0];
    }
    return aws != NULL && aws->kind == VALUE_STR && str_eq(aws->str, STR("*"));
}

bool policy_is_public(struct call *c, struct str text)
{
    const struct value *first = NULL;
    struct value policy;
    struct why why;
    size_t count;

    if (json_read(arena_dup(c->arena, text), 0, c->arena, &why, &policy) != OK) {
        return false;
    }
    count = statements_of(&policy, &first);
    for (size_t i = 0; i < count; i++) {
        const struct value *effect = member(&first[i], "Effect");

        if (effect != NULL && effect->kind == VALUE_STR && str_eq(effect->str, STR("Allow")) &&
            member(&first[i], "Condition") == NULL &&
            is_everybody(member(&first[i], "Principal"))) {
            return true;
        }
    }
    return false;
}
