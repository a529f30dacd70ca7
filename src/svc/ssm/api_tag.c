/* SPDX-License-Identifier: Apache-2.0
 *
 * Tags and resource policies of parameters.
 */
#include "base/codec.h"
#include "base/digest.h"
#include "cell/policy.h"
#include "svc/ssm/ssm_ops.h"

/* ---- tags ---- */

status tags_check(struct call *c, const struct value *old, const struct value *tags)
{
    size_t count = old == NULL ? 0 : old->count;

    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        struct str key = get_str(&tags->items[i], "Key");

        if (str_starts_nocase(key, STR("aws:"))) {
            return fail(c, &SSM_VALIDATION,
                        "Tag keys that begin with aws: are reserved for AWS.");
        }
        count += tag_find(old, key).at == NULL ? 1 : 0;
    }
    if (count > TAGS_MAX) {
        return fail(c, &SSM_TAGS, "The Targets parameter includes too many tags: a resource can "
                    "have %d.", TAGS_MAX);
    }
    return OK;
}

static status tagged(struct call *c, struct parameter *ret_parameter)
{
    if (!str_eq(arg_str(c, "ResourceType"), STR("Parameter"))) {
        return fail(c, &SSM_RESOURCE_TYPE, "%.*s is not a valid resource type here.",
                    STR_ARG(arg_str(c, "ResourceType")));
    }
    if (!parameter_of_name(c, arg_str(c, "ResourceId"), ret_parameter)) {
        return fail(c, &SSM_RESOURCE_ID,
                    "The resource ID \"%.*s\" is not valid. Verify the ID and try again.",
                    STR_ARG(arg_str(c, "ResourceId")));
    }
    return OK;
}

/* AddTagsToResource */
status ssm_add_tags(struct call *c)
{
    struct parameter parameter;
    struct value *tags;

    TRY(tagged(c, &parameter));
    tags = tags_load(c, &parameter);
    TRY(tags_check(c, get(tags, "TagList"), arg(c, "Tags")));
    tags_lay(c->arena, tags, "TagList", arg(c, "Tags"));
    tags_save(c, &parameter, tags);
    call_on(c, get_str(parameter.about, "ARN"));
    return OK;
}

/* RemoveTagsFromResource */
status ssm_remove_tags(struct call *c)
{
    struct parameter parameter;
    struct value *tags;

    TRY(tagged(c, &parameter));
    tags = tags_load(c, &parameter);
    tags_take(tags, "TagList", arg(c, "TagKeys"));
    tags_save(c, &parameter, tags);
    call_on(c, get_str(parameter.about, "ARN"));
    return OK;
}

/* ListTagsForResource */
status ssm_list_tags(struct call *c)
{
    struct parameter parameter;

    TRY(tagged(c, &parameter));
    set_members(c->arena, c->out, tags_load(c, &parameter));
    if (!has(c->out, "TagList")) {
        put_list(c, "TagList", 0);
    }
    return OK;
}

/* ---- resource policies ---- */

static status policied(struct call *c, struct parameter *ret_parameter)
{
    if (parameter_of_text(c, arg_str(c, "ResourceArn"), ret_parameter) != OK) {
        return fail(c, &SSM_NO_RESOURCE, "The specified parameter to be shared could not be "
                    "found.");
    }
    return OK;
}

static struct str hash_of(struct call *c, struct str text)
{
    uint8_t sum[SHA256_BYTES];
    char *hex = arena_alloc(c->arena, (size_t)2 * SHA256_BYTES);

    sha256(text, sum);
    hex_encode(str_of(sum, sizeof(sum)), hex);
    return str_of(hex, (size_t)2 * SHA256_BYTES);
}

/* The policy that the call names by id and hash. */
static status policy_named(struct call *c, const struct value *policy)
{
    if (policy == NULL || !str_eq(get_str(policy, "PolicyId"), arg_str(c, "PolicyId"))) {
        return fail(c, &SSM_NO_POLICY, "No policies with the specified policy ID and hash could "
                    "be found.");
    }
    if (!str_eq(get_str(policy, "PolicyHash"), arg_str(c, "PolicyHash"))) {
        return fail(c, &SSM_POLICY_CONFLICT, "The hash provided in the call doesn't match the "
                    "stored hash.");
    }
    return OK;
}

/* PutResourcePolicy */
status ssm_put_policy(struct call *c)
{
    struct str text = arg_str(c, "Policy");
    struct policy *compiled = NULL;
    struct parameter parameter;
    struct value *policy;
    char *id = arena_alloc(c->arena, 36);

    TRY(policied(c, &parameter));
    if (!str_eq(get_str(parameter.about, "Tier"), STR("Advanced"))) {
        return fail(c, &SSM_VALIDATION, "Only parameters of the advanced-parameter tier can have "
                    "a resource policy.");
    }
    if (policy_compile(text, POLICY_OF_RESOURCE, NULL, &compiled) != OK) {
        return fail(c, &SSM_POLICY_TEXT, "The specified policy document is malformed or isn't "
                    "supported.");
    }
    policy_drop(compiled);
    policy = policy_load(c, &parameter);
    if (arg_has(c, "PolicyId")) {
        TRY(policy_named(c, policy));
    } else if (policy != NULL) {
        return fail(c, &SSM_POLICY_LIMIT, "A parameter can have one resource policy.");
    } else {
        policy = value_struct(c->arena,
                              shelf_shape(SSM_SERVICE, "GetResourcePolicies", "Policies"));
        rand_uuid(c->rand, id);
        set_str(policy, "PolicyId", str_of(id, 36));
    }
    set_str(policy, "Policy", text);
    set_str(policy, "PolicyHash", hash_of(c, text));
    policy_save(c, &parameter, policy);
    call_on(c, get_str(parameter.about, "ARN"));
    put_str(c, "PolicyId", get_str(policy, "PolicyId"));
    put_str(c, "PolicyHash", get_str(policy, "PolicyHash"));
    return OK;
}

/* GetResourcePolicies */
status ssm_get_policies(struct call *c)
{
    struct parameter parameter;
    struct value *policy, *list;

    TRY(policied(c, &parameter));
    policy = policy_load(c, &parameter);
    list = put_list(c, "Policies", 1);
    if (policy != NULL) {
        set_members(c->arena, list_add(c->arena, list), policy);
    }
    return OK;
}

/* DeleteResourcePolicy */
status ssm_delete_policy(struct call *c)
{
    struct parameter parameter;

    TRY(policied(c, &parameter));
    TRY(policy_named(c, policy_load(c, &parameter)));
    policy_erase(c, &parameter);
    call_on(c, get_str(parameter.about, "ARN"));
    return OK;
}
