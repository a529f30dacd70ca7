/* SPDX-License-Identifier: Apache-2.0
 *
 * Tags of hosted zones and health checks.
 */
#include "svc/route53/route53_ops.h"

static status tagged(struct call *c, struct str type, struct str id)
{
    struct zone zone;

    if (str_eq(type, STR("hostedzone"))) {
        return zone_of_id(c, id, &zone);
    }
    return check_load(c, id) != NULL
               ? OK : fail(c, &R53_NO_CHECK, "No health check exists with the specified ID %.*s",
                           STR_ARG(id));
}

/* ChangeTagsForResource */
status r53_change_tags(struct call *c)
{
    struct str type = arg_str(c, "ResourceType"), id = arg_str(c, "ResourceId");
    struct value *tags;

    TRY(tagged(c, type, id));
    if (!arg_has(c, "AddTags") && !arg_has(c, "RemoveTagKeys")) {
        return fail(c, &R53_INPUT, "There are neither tags to add nor keys to remove.");
    }
    tags = tags_load(c, type, id);
    if (arg_has(c, "RemoveTagKeys")) {
        tags_take(tags, "Tags", arg(c, "RemoveTagKeys"));
    }
    tags_lay(c->arena, tags, "Tags", arg(c, "AddTags"));
    if (tags_count(tags, "Tags") > TAGS_MAX) {
        return fail(c, &R53_INPUT, "A resource can have at most %d tags.", TAGS_MAX);
    }
    tags_save(c, type, id, tags);
    call_on(c, arena_printf(c->arena, "arn:%.*s:route53:::%.*s/%.*s",
                            STR_ARG(arn_partition(c->region)), STR_ARG(type), STR_ARG(id)));
    return OK;
}

static void tags_tell(struct call *c, struct str type, struct str id, struct value *out)
{
    set_members(c->arena, out, tags_load(c, type, id));
    if (!has(out, "Tags")) {
        set_list(c->arena, out, "Tags", 0);
    }
}

/* ListTagsForResource */
status r53_list_tags(struct call *c)
{
    TRY(tagged(c, arg_str(c, "ResourceType"), arg_str(c, "ResourceId")));
    tags_tell(c, arg_str(c, "ResourceType"), arg_str(c, "ResourceId"),
              put_struct(c, "ResourceTagSet"));
    return OK;
}

/* ListTagsForResources */
status r53_list_tags_of_many(struct call *c)
{
    const struct value *ids = arg(c, "ResourceIds");
    struct value *list;

    for (uint32_t i = 0; i < ids->count; i++) {
        TRY(tagged(c, arg_str(c, "ResourceType"), ids->items[i].str));
    }
    list = put_list(c, "ResourceTagSets", ids->count);
    for (uint32_t i = 0; i < ids->count; i++) {
        tags_tell(c, arg_str(c, "ResourceType"), ids->items[i].str, list_add(c->arena, list));
    }
    return OK;
}
