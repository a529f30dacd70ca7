/* SPDX-License-Identifier: Apache-2.0
 *
 * Tags of functions, event source mappings and signing configurations: a setting of kind "tags" by
 * the resource's name ("things" of other kinds have a prefix no function can have).
 */
#include "cell/cell.h"
#include "svc/lambda/config.h"
#include "svc/lambda/mapping.h"
#include "svc/lambda/ops.h"

status tags_check(struct call *c, const struct value *tags)
{
    return tags == NULL || tags->count <= TAGS_MAX
               ? OK
               : lambda_fail(c, &LAMBDA_BAD_VALUE, "Number of tags exceeds resource tag limit.");
}

/* Where the tags of that resource are. */
static struct target tags_target(const struct arn *arn)
{
    struct str name = arn->resource;

    if (str_starts(name, STR("function:"))) {
        name = str_slice(name, 9, name.bytes);
    }
    return (struct target){arn->account, arn->region, name, STR_NONE};
}

static status resource_there(struct call *c, const struct target *target, struct str resource)
{
    struct function function;

    if (str_starts(target->name, STR("code-signing-config:"))) {
        return signing_config_check(c, resource);
    }
    if (str_starts(target->name, STR("event-source-mapping:"))) {
        return mapping_check(c, resource);
    }
    return function_get(c, target, &function)
               ? OK
               : lambda_fail(c, &LAMBDA_NOT_FOUND, "Function not found: %.*s", STR_ARG(resource));
}

static status resource_of_call(struct call *c, struct target *ret_target)
{
    struct str resource = arg_str(c, "Resource");
    struct arn arn;

    if (!arn_read(resource, &arn)) { /* the model's pattern says it is one */
        return lambda_fail(c, &LAMBDA_BAD_VALUE, "Invalid resource: %.*s",
                           STR_ARG(str_slice(resource, 0, 256)));
    }
    *ret_target = tags_target(&arn);
    call_on(c, resource);
    if (str_starts(arn.resource, STR("function:")) &&
        str_find(ret_target->name, ':', 0) < ret_target->name.bytes) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "Tags on function aliases and versions are not supported. Please "
                           "specify a function ARN.");
    }
    return resource_there(c, ret_target, resource);
}

static bool tags_get(struct call *c, const struct target *target, struct value **ret_tags)
{
    return setting_get_value(c, "tags", target, shape_of("ListTags", "Tags"), ret_tags);
}

/* ListTags */
status lambda_list_tags(struct call *c)
{
    struct target target;
    struct value *tags;

    TRY(resource_of_call(c, &target));
    if (tags_get(c, &target, &tags)) {
        set_value(c->out, "Tags", tags);
    } else {
        (void)set_map(c->arena, c->out, "Tags", 0);
    }
    return OK;
}

/* A tree to hold tags: the output of ListTags. */
static struct value *tags_new(struct call *c, size_t count_max)
{
    struct value *holder = value_struct(c->arena, shape_of("ListTags", NULL));

    return set_map(c->arena, holder, "Tags", count_max);
}

/* TagResource */
status lambda_tag_resource(struct call *c)
{
    const struct value *more = arg(c, "Tags");
    struct target target;
    struct value *had;
    struct value *tags;

    TRY(resource_of_call(c, &target));
    if (more->count == 0) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "An error occurred and the request cannot be processed.");
    }
    if (!tags_get(c, &target, &had)) {
        had = tags_new(c, 0);
    }
    tags = tags_new(c, had->count + more->count);
    for (uint32_t i = 0; i < had->count; i++) {
        if (map_find(more, had->pairs[i].key) == NULL) {
            map_add_str(tags, had->pairs[i].key, had->pairs[i].value.str);
        }
    }
    for (uint32_t i = 0; i < more->count; i++) {
        map_add_str(tags, more->pairs[i].key, more->pairs[i].value.str);
    }
    TRY(tags_check(c, tags));
    setting_put_value(c, "tags", &target, tags);
    return OK;
}

static bool is_named(const struct value *keys, struct str key)
{
    for (uint32_t i = 0; i < keys->count; i++) {
        if (str_eq(keys->items[i].str, key)) {
            return true;
        }
    }
    return false;
}

/* UntagResource */
status lambda_untag_resource(struct call *c)
{
    const struct value *keys = arg(c, "TagKeys");
    struct target target;
    struct value *had;
    struct value *tags;

    TRY(resource_of_call(c, &target));
    if (!tags_get(c, &target, &had)) {
        return OK;
    }
    tags = tags_new(c, had->count);
    for (uint32_t i = 0; i < had->count; i++) {
        if (!is_named(keys, had->pairs[i].key)) {
            map_add_str(tags, had->pairs[i].key, had->pairs[i].value.str);
        }
    }
    if (tags->count == 0) {
        setting_delete(c, "tags", &target);
    } else {
        setting_put_value(c, "tags", &target, tags);
    }
    return OK;
}
