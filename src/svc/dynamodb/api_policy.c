/* SPDX-License-Identifier: Apache-2.0
 *
 * PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy: of a table and of its newest stream.
 */
#include "svc/dynamodb/ops.h"
#include "svc/dynamodb/resource.h"

#define NOT_FOUND "Resource-based policy not found for the provided ResourceArn: "

static struct str policy_of(const struct resource *resource)
{
    return resource->table->extras[resource->stream ? EXTRA_STREAM_POLICY : EXTRA_POLICY];
}

static struct str revision_of(const struct resource *resource)
{
    return resource->table->extras[resource->stream ? EXTRA_STREAM_POLICY_REVISION
                                                    : EXTRA_POLICY_REVISION];
}

/* What is expected of the policy that is there. */
static status expected_check(struct call *c, const struct resource *resource)
{
    struct str expected = arg_str(c, "ExpectedRevisionId");
    struct str revision = revision_of(resource);
    struct str name = resource->table->name;

    if (expected.bytes == 0 || str_eq(expected, revision) ||
        (revision.bytes == 0 && str_eq(expected, STR("NO_POLICY")))) {
        return OK;
    }
    if (str_eq(expected, STR("NO_POLICY"))) {
        return fail(c, &DDB_POLICY_NOT_FOUND, NOT_FOUND "Requested policy update expecting none to "
                    "be present for table %.*s, but a policy exists with revision id %.*s.",
                    STR_ARG(name), STR_ARG(revision));
    }
    if (revision.bytes == 0) {
        return fail(c, &DDB_POLICY_NOT_FOUND, NOT_FOUND "Requested update for policy with revision "
                    "id %.*s, but no policy is associated to target table %.*s.",
                    STR_ARG(expected), STR_ARG(name));
    }
    return fail(c, &DDB_POLICY_NOT_FOUND, NOT_FOUND "Requested update for policy with revision id "
                "%.*s, but the policy associated to target table %.*s has revision id %.*s.",
                STR_ARG(expected), STR_ARG(name), STR_ARG(revision));
}

static void policy_keep(struct call *c, const struct resource *resource, struct str policy)
{
    policy_set(c, resource->table, resource->stream, policy);
    table_save(c, resource->table);
    call_on(c, table_arn(c->arena, resource->table));
}

/* GetResourcePolicy */
status ddb_get_policy(struct call *c)
{
    struct resource resource;

    TRY(resource_of_call(c, true, &resource));
    if (policy_of(&resource).bytes == 0) {
        return fail(c, &DDB_POLICY_NOT_FOUND, NOT_FOUND "%.*s",
                    STR_ARG(arg_str(c, "ResourceArn")));
    }
    put_str(c, "Policy", arena_dup(c->arena, policy_of(&resource)));
    put_str(c, "RevisionId", arena_dup(c->arena, revision_of(&resource)));
    return OK;
}

/* PutResourcePolicy: the same again keeps its revision. */
status ddb_put_policy(struct call *c)
{
    struct str policy = arg_str(c, "Policy");
    struct resource resource;

    TRY(resource_of_call(c, true, &resource));
    TRY(policy_check(c, policy));
    TRY(expected_check(c, &resource));
    if (!str_eq(policy, policy_of(&resource))) {
        policy_keep(c, &resource, policy);
    }
    put_str(c, "RevisionId", arena_dup(c->arena, revision_of(&resource)));
    return OK;
}

/* DeleteResourcePolicy: also where there is none. */
status ddb_delete_policy(struct call *c)
{
    struct resource resource;

    TRY(resource_of_call(c, true, &resource));
    TRY(expected_check(c, &resource));
    if (policy_of(&resource).bytes > 0) {
        put_str(c, "RevisionId", arena_dup(c->arena, revision_of(&resource)));
        policy_keep(c, &resource, STR_NONE);
    }
    return OK;
}
