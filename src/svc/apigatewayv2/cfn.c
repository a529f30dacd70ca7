/* SPDX-License-Identifier: Apache-2.0
 *
 * What lies in an API or at a domain name, in templates; and the list of types.
 */
#include "svc/apigatewayv2/cfn.h"

const struct resource_type *const apigatewayv2_types[APIGATEWAYV2_TYPES] = {
    &cfn_api,         &cfn_api_mapping, &cfn_authorizer,           &cfn_deployment,
    &cfn_domain_name, &cfn_integration, &cfn_integration_response, &cfn_model,
    &cfn_route,       &cfn_route_response, &cfn_stage,             &cfn_vpc_link,
};

static const struct cfn_part *part_of(const struct resource *r)
{
    return r->type->own;
}

static struct str parent_of(const struct resource *r)
{
    return part_of(r)->parents[0] == NULL ? STR("") : resource_str(r, part_of(r)->parents[0]);
}

/* ---- operations ---- */

status cfn_part_begin(struct resource *r, const char *operation, struct inner *ret_inner)
{
    const struct cfn_part *part = part_of(r);

    TRY(resource_begin(r, operation, ret_inner));
    for (size_t i = 0; i < 2 && part->parents[i] != NULL; i++) {
        set_str(ret_inner->in, part->parents[i], resource_str(r, part->parents[i]));
    }
    set_str(ret_inner->in, part->id, r->id);
    return OK;
}

status cfn_map_set(struct resource *r, struct inner *inner, const char *property)
{
    const struct value *want = resource_get(r, property);
    struct value *map = want == NULL ? doc_map(r->c->arena) : doc_copy(r->c->arena, want);
    struct value *gone;
    struct value *more;

    if (map->kind != VALUE_MAP || !resource_changed(r, property)) {
        return OK;
    }
    resource_list_changed(r, property, &gone, &more);
    for (uint32_t i = 0; i < gone->count; i++) {
        struct str key = gone->items[i].str;
        const struct value *had = map_find(doc_get(r->had, property), key);
        bool tree = had != NULL && had->kind == VALUE_MAP;

        *doc_put(r->c->arena, map, key) =
            tree ? (struct value){.kind = VALUE_MAP}
                 : (struct value){.kind = VALUE_STR, .str = STR("")};
    }
    return resource_set(r, inner, property, map);
}

status cfn_part_fill(struct resource *r, struct inner *inner)
{
    const struct cfn_part *part = part_of(r);

    TRY(resource_fill(r, inner));
    if (part->defaults != NULL) {
        TRY(resource_fill_back(r, inner, part->defaults));
    }
    for (size_t i = 0; i < 3 && part->maps[i] != NULL; i++) {
        TRY(cfn_map_set(r, inner, part->maps[i]));
    }
    return OK;
}

status cfn_tags_change(struct resource *r, const char *path)
{
    static const struct resource_tagging tagging = {"TagResource", "UntagResource", "ResourceArn",
                                                    "Tags", "TagKeys"};
    struct str arn = arena_printf(r->c->arena, "arn:%.*s:apigateway:%.*s::%s",
                                  STR_ARG(arn_partition(r->c->region)), STR_ARG(r->c->region),
                                  path);

    return resource_tag_by(r, "Tags", &tagging, arn);
}

/* ---- a type's functions ---- */

status cfn_part_make(struct resource *r)
{
    return resource_make_by(r, part_of(r)->create, part_of(r)->id);
}

status cfn_part_change(struct resource *r)
{
    const struct cfn_part *part = part_of(r);
    struct str parent = parent_of(r);
    struct inner inner;

    TRY(cfn_part_begin(r, part->update, &inner));
    TRY(cfn_part_fill(r, &inner));
    TRY(resource_run(r, &inner));
    if (part->arn == NULL) {
        return OK;
    }
    return cfn_tags_change(
        r, parent.bytes == 0
               ? arena_printf(r->c->arena, "/%s/%.*s", part->arn, STR_ARG(r->id)).at
               : arena_printf(r->c->arena, "/apis/%.*s/%s/%.*s", STR_ARG(parent), part->arn,
                              STR_ARG(r->id)).at);
}

status cfn_part_remove(struct resource *r)
{
    struct inner inner;

    TRY(cfn_part_begin(r, part_of(r)->remove, &inner));
    return resource_run(r, &inner);
}

status cfn_part_tell(struct resource *r)
{
    resource_attribute(r, part_of(r)->id, r->id);
    return OK;
}

status cfn_part_now(struct resource *r, struct value *ret_properties)
{
    const struct cfn_part *part = part_of(r);
    struct inner inner;

    TRY(cfn_part_begin(r, part->read, &inner));
    TRY(resource_run(r, &inner));
    resource_now_of(r, inner.out, ret_properties);
    for (size_t i = 0; i < 2 && part->parents[i] != NULL; i++) {
        if (doc_get(ret_properties, part->parents[i]) == NULL) {
            doc_put_text(r->c->arena, ret_properties, part->parents[i],
                         resource_str(r, part->parents[i]));
        }
    }
    return OK;
}
