/* SPDX-License-Identifier: Apache-2.0
 *
 * TagResource, UntagResource, ListTagsOfResource. At most 50 tags fit one page, so there is never a
 * next one.
 */
#include "svc/dynamodb/ops.h"
#include "svc/dynamodb/resource.h"
#include "svc/dynamodb/tags.h"

static void tags_keep(struct call *c, struct table *table, struct str packed)
{
    text_set(&table->extras[EXTRA_TAGS], packed);
    table_save(c, table);
    call_on(c, table_arn(c->arena, table));
}

/* ListTagsOfResource */
status ddb_list_tags(struct call *c)
{
    struct tag tags[TAGS_MAX];
    struct resource resource;
    struct value *list;
    size_t count;

    TRY(resource_of_call(c, false, &resource));
    if (arg_has(c, "NextToken")) {
        return fail(c, &DDB_VALIDATION, "Invalid NextToken");
    }
    count = tags_unpack(arena_dup(c->arena, resource.table->extras[EXTRA_TAGS]), tags);
    list = put_list(c, "Tags", count);
    for (size_t i = 0; i < count; i++) {
        struct value *tag = list_add(c->arena, list);

        set_str(tag, "Key", tags[i].key);
        set_str(tag, "Value", tags[i].value);
    }
    return OK;
}

/* TagResource: those that are there already get the new values. */
status ddb_tag_resource(struct call *c)
{
    struct resource resource;
    struct str packed;

    TRY(resource_of_call(c, false, &resource));
    if (arg(c, "Tags")->count == 0) {
        return fail(c, &DDB_VALIDATION, "Atleast one Tag needs to be provided as Input.");
    }
    TRY(tags_join(c, resource.table->extras[EXTRA_TAGS], arg(c, "Tags"), &packed));
    tags_keep(c, resource.table, packed);
    return OK;
}

static bool is_listed(const struct value *keys, struct str key)
{
    for (uint32_t i = 0; i < keys->count; i++) {
        if (str_eq(keys->items[i].str, key)) {
            return true;
        }
    }
    return false;
}

/* UntagResource: keys that are not there are passed over. */
status ddb_untag_resource(struct call *c)
{
    const struct value *keys = arg(c, "TagKeys");
    struct tag tags[TAGS_MAX];
    struct resource resource;
    size_t kept = 0;
    size_t count;

    TRY(resource_of_call(c, false, &resource));
    if (keys->count == 0) {
        return fail(c, &DDB_VALIDATION, "Atleast one Tag Key needs to be provided as Input.");
    }
    count = tags_unpack(resource.table->extras[EXTRA_TAGS], tags);
    for (size_t i = 0; i < count; i++) {
        if (!is_listed(keys, tags[i].key)) {
            tags[kept++] = tags[i];
        }
    }
    tags_keep(c, resource.table, tags_pack(c->arena, tags, kept));
    return OK;
}
