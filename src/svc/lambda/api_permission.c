/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource policies of functions: statement by statement (AddPermission) or whole
 * (PutResourcePolicy): one text, a setting of kind "policy" by function and qualifier. A policy's
 * revision is that of the version or alias it belongs to, and changes with it.
 */
#include "cell/cell.h"
#include "svc/lambda/config.h"
#include "svc/lambda/ops.h"
#include "svc/lambda/policy.h"
#include "wire/json.h"

/* ---- what a policy belongs to ---- */

struct owner {
    struct target target;        /* as it was named */
    struct value *alias;         /* or NULL: */
    struct version version;      /* what has the revision */
};

static status owner_find(struct call *c, const struct target *target, struct owner *ret_owner)
{
    uint64_t number;

    *ret_owner = (struct owner){.target = *target};
    if (qualifier_is_version(target->qualifier, &number)) {
        return version_find(c, target, &ret_owner->version);
    }
    return setting_get_value(c, "alias", target, shape_of("GetAlias", NULL), &ret_owner->alias)
               ? OK
               : lambda_fail(c, &LAMBDA_NOT_FOUND, "Cannot find alias arn: %.*s",
                             STR_ARG(target_arn(c->arena, target)));
}

static struct str owner_revision(const struct owner *owner)
{
    return get_str(owner->alias != NULL ? owner->alias : owner->version.config, "RevisionId");
}

/* A new revision: of the alias, or of the version, whose workers go on. */
static struct str owner_revise(struct call *c, struct owner *owner)
{
    struct str revision = revision_new(c);

    if (owner->alias != NULL) {
        set_str(owner->alias, "RevisionId", revision);
        setting_put_value(c, "alias", &owner->target, owner->alias);
    } else {
        set_str(owner->version.config, "RevisionId", revision);
        version_put(c, &owner->version);
    }
    return revision;
}

static status owner_of_call(struct call *c, struct owner *ret_owner)
{
    struct target target;

    TRY(target_of_call(c, &target));
    return owner_find(c, &target, ret_owner);
}

static struct target policy_target(const struct owner *owner)
{
    return target_with(&owner->target, qualifier_is_latest(owner->target.qualifier)
                                           ? STR_NONE
                                           : owner->target.qualifier);
}

static void policy_save(struct call *c, const struct owner *owner, struct str policy)
{
    struct target target = policy_target(owner);

    if (policy.bytes > 0) {
        setting_put(c, "policy", &target, policy);
    } else {
        setting_delete(c, "policy", &target);
    }
}

static struct str policy_of(struct call *c, const struct owner *owner)
{
    struct target target = policy_target(owner);
    struct str policy;

    return setting_get(c, "policy", &target, &policy) ? policy : STR_NONE;
}

/* ---- a statement ---- */

/* {"Service":"s3.amazonaws.com"}, {"AWS":"arn:…"}, "*" */
static status principal_write(struct call *c, struct str principal, struct str *ret_text)
{
    struct str partition = arn_partition(c->region);
    uint64_t digits;

    if (str_eq(principal, STR("*"))) {
        *ret_text = STR("\"*\"");
        return OK;
    }
    if (principal.bytes == 12 && str_to_u64(principal, &digits)) {
        *ret_text = arena_printf(c->arena, "{\"AWS\":\"arn:%.*s:iam::%.*s:root\"}",
                                 STR_ARG(partition), STR_ARG(principal));
        return OK;
    }
    if (str_ends(principal, STR(".amazonaws.com")) ||
        str_ends(principal, STR(".amazon.com"))) {
        *ret_text =
            arena_printf(c->arena, "{\"Service\":%.*s}", STR_ARG(quoted(c, principal)));
        return OK;
    }
    if (str_starts(principal, STR("arn:")) &&
        str_find_str(principal, STR(":iam::")) < principal.bytes) {
        *ret_text = arena_printf(c->arena, "{\"AWS\":%.*s}", STR_ARG(quoted(c, principal)));
        return OK;
    }
    return lambda_fail(c, &LAMBDA_BAD_VALUE,
                       "The provided principal was invalid. Please check the principal and try "
                       "again.");
}

struct conditions {
    struct buf *out;             /* gets them */
    const char *operator;        /* of the last; NULL: none yet */
};

static void condition_add(struct call *c, struct conditions *conditions, const char *operator,
                          const char *key, struct str value)
{
    if (value.bytes == 0) {
        return;
    }
    if (conditions->operator == NULL) {
        buf_add(conditions->out, STR(",\"Condition\":{"));
    } else if (strcmp(conditions->operator, operator) != 0) {
        buf_add(conditions->out, STR("},"));
    } else {
        buf_add(conditions->out, STR(","));
    }
    if (conditions->operator == NULL || strcmp(conditions->operator, operator) != 0) {
        buf_printf(conditions->out, "\"%s\":{", operator);
    }
    conditions->operator = operator;
    buf_printf(conditions->out, "\"%s\":%.*s", key, STR_ARG(quoted(c, value)));
}

static void conditions_write(struct call *c, struct buf *out)
{
    struct conditions conditions = {.out = out};
    bool via = arg_bool(c, "InvokedViaFunctionUrl", false);

    condition_add(c, &conditions, "StringEquals", "lambda:FunctionUrlAuthType",
                  arg_str(c, "FunctionUrlAuthType"));
    condition_add(c, &conditions, "StringEquals", "aws:PrincipalOrgID",
                  arg_str(c, "PrincipalOrgID"));
    condition_add(c, &conditions, "StringEquals", "AWS:SourceAccount",
                  arg_str(c, "SourceAccount"));
    condition_add(c, &conditions, "StringEquals", "lambda:EventSourceToken",
                  arg_str(c, "EventSourceToken"));
    condition_add(c, &conditions, "ArnLike", "AWS:SourceArn", arg_str(c, "SourceArn"));
    condition_add(c, &conditions, "Bool", "lambda:InvokedViaFunctionUrl",
                  via ? STR("true") : STR_NONE);
    if (conditions.operator != NULL) {
        buf_add(out, STR("}}"));
    }
}

static status statement_write(struct call *c, const struct target *target, struct str *ret_text)
{
    struct str principal;
    struct buf out;

    TRY(principal_write(c, arg_str(c, "Principal"), &principal));
    buf_init(&out, ROW_BYTES_MAX);
    buf_printf(&out,
               "{\"Sid\":%.*s,\"Effect\":\"Allow\",\"Principal\":%.*s,\"Action\":%.*s,"
               "\"Resource\":%.*s",
               STR_ARG(quoted(c, arg_str(c, "StatementId"))), STR_ARG(principal),
               STR_ARG(quoted(c, arg_str(c, "Action"))),
               STR_ARG(quoted(c, target_arn(c->arena, target))));
    conditions_write(c, &out);
    buf_add_c(&out, '}');
    *ret_text = arena_dup(c->arena, buf_str(&out));
    buf_done(&out);
    return OK;
}

/* ---- operations ---- */

/* AddPermission */
status lambda_add_permission(struct call *c)
{
    struct owner owner;
    struct str statement;
    struct str policy;

    TRY(owner_of_call(c, &owner));
    if (str_eq(owner.target.qualifier, STR("$LATEST"))) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "We currently do not support adding policies for $LATEST.");
    }
    TRY(revision_check(c, owner_revision(&owner), "GetFunction/GetAlias"));
    TRY(statement_write(c, &owner.target, &statement));
    TRY(policy_add(c, policy_of(c, &owner), statement, arg_str(c, "StatementId"), &policy));
    policy_save(c, &owner, policy);
    owner_revise(c, &owner);
    put_str(c, "Statement", statement);
    return OK;
}

/* RemovePermission */
status lambda_remove_permission(struct call *c)
{
    struct owner owner;
    struct str policy;

    TRY(owner_of_call(c, &owner));
    policy = policy_of(c, &owner);
    if (policy.bytes == 0) {
        return lambda_fail(c, &LAMBDA_NOT_FOUND,
                           "No policy is associated with the given resource.");
    }
    TRY(policy_remove(c, policy, arg_str(c, "StatementId"), &policy));
    TRY(revision_check(c, owner_revision(&owner), "GetFunction/GetAlias"));
    policy_save(c, &owner, policy);
    owner_revise(c, &owner);
    return OK;
}

static status no_policy(struct call *c)
{
    return lambda_fail(c, &LAMBDA_NOT_FOUND, "The resource you requested does not exist.");
}

static status policy_tell(struct call *c, const struct owner *owner)
{
    struct str policy = policy_of(c, owner);

    if (policy.bytes == 0) {
        return no_policy(c);
    }
    put_str(c, "Policy", policy);
    put_str(c, "RevisionId", owner_revision(owner));
    return OK;
}

/* GetPolicy */
status lambda_get_policy(struct call *c)
{
    struct owner owner;

    TRY(owner_of_call(c, &owner));
    return policy_tell(c, &owner);
}

static status owner_of_resource(struct call *c, struct owner *ret_owner)
{
    struct target target;

    TRY(target_read(c, arg_str(c, "ResourceArn"), STR_NONE, &target));
    call_on(c, target_arn(c->arena, &target));
    TRY(function_check(c, &target, "The resource you requested does not exist."));
    return owner_find(c, &target, ret_owner);
}

/* GetResourcePolicy */
status lambda_get_resource_policy(struct call *c)
{
    struct owner owner;

    TRY(owner_of_resource(c, &owner));
    return policy_tell(c, &owner);
}

/* A document with statements, each with an effect. */
static status policy_check(struct call *c, struct str policy)
{
    struct value document;
    const struct value *statements = NULL;
    struct why why;

    if (json_read(arena_dup(c->arena, policy), 0, c->arena, &why, &document) == OK &&
        document.kind == VALUE_MAP) {
        statements = map_find(&document, STR("Statement"));
    }
    if (statements == NULL || statements->kind != VALUE_LIST || statements->count == 0) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE, "The provided policy document is invalid.");
    }
    return OK;
}

/* PutResourcePolicy */
status lambda_put_resource_policy(struct call *c)
{
    struct owner owner;

    TRY(owner_of_resource(c, &owner));
    TRY(policy_check(c, arg_str(c, "Policy")));
    TRY(revision_check(c, owner_revision(&owner), "GetResourcePolicy"));
    policy_save(c, &owner, arg_str(c, "Policy"));
    put_str(c, "Policy", arg_str(c, "Policy"));
    put_str(c, "RevisionId", owner_revise(c, &owner));
    return OK;
}

/* DeleteResourcePolicy */
status lambda_delete_resource_policy(struct call *c)
{
    struct owner owner;

    TRY(owner_of_resource(c, &owner));
    if (policy_of(c, &owner).bytes == 0) {
        return no_policy(c);
    }
    TRY(revision_check(c, owner_revision(&owner), "GetResourcePolicy"));
    policy_save(c, &owner, STR_NONE);
    owner_revise(c, &owner);
    return OK;
}
