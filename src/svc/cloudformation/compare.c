/* SPDX-License-Identifier: Apache-2.0
 *
 * What an update changes: of one resource, and whether it changes anything at all.
 */
#include "svc/cloudformation/custom.h"
#include "svc/cloudformation/deploy.h"

/* ---- one resource ---- */

static enum difference property_change(struct resource *r, struct str name)
{
    const struct resource_property *property = resource_property_find(r->type, name);

    if (doc_same(map_find(r->had, name), map_find(r->want, name))) {
        return DIFFERS_NOT;
    }
    if (r->type->change == NULL && r->type->make != NULL) {
        return DIFFERS_REPLACES;
    }
    if (property == NULL) {
        return DIFFERS_IN_PLACE;
    }
    if (property->update == RESOURCE_DECIDES) {
        return r->type->replaces != NULL && r->type->replaces(r, property) ? DIFFERS_REPLACES
                                                                           : DIFFERS_IN_PLACE;
    }
    return property->update == RESOURCE_REPLACES ? DIFFERS_REPLACES : DIFFERS_IN_PLACE;
}

static enum difference properties_change(struct resource *r)
{
    enum difference change = DIFFERS_NOT;

    for (uint32_t i = 0; i < r->want->count; i++) {
        enum difference one = property_change(r, r->want->pairs[i].key);

        change = one > change ? one : change;
    }
    for (uint32_t i = 0; i < r->had->count; i++) {
        enum difference one = property_change(r, r->had->pairs[i].key);

        change = one > change ? one : change;
    }
    return change;
}

static bool takes_tags(const struct resource_type *type)
{
    for (size_t i = 0; i < type->property_count; i++) {
        if ((type->properties[i].flags & RESOURCE_TAGS) != 0) {
            return type->change != NULL && type->properties[i].update != RESOURCE_REPLACES;
        }
    }
    return false;
}

enum difference resource_differs(struct call *c, struct deploy *d, const struct stack_resource *own,
                            const struct value *want)
{
    struct resource r;
    enum difference change;

    resource_of_row(c, &d->stack, own, &d->caller, &r);
    r.had = own->properties;
    r.want = want;
    change = properties_change(&r);
    if (change == DIFFERS_NOT && str_ends(own->status, STR("_FAILED"))) {
        return DIFFERS_IN_PLACE;
    }
    if (change == DIFFERS_NOT && r.type == &nested_type) { /* its template may be another */
        return DIFFERS_IN_PLACE;
    }
    if (change == DIFFERS_NOT && takes_tags(r.type) &&
        !doc_same(r.stack_tags, doc_get(d->stack.plan, "tags_had"))) {
        return DIFFERS_IN_PLACE;
    }
    return change;
}

/* ---- a whole stack ---- */

static bool same_document(struct stack_wish *wish, const struct value *document,
                          const struct value *had)
{
    struct value now = {.kind = VALUE_NONE};

    if (document == NULL) {
        return had == NULL || (had->kind == VALUE_MAP && had->count == 0);
    }
    return wish_evaluate(wish, document, true, &now) == OK && doc_same(&now, had);
}

static bool same_resource(struct stack_wish *wish, const struct template_resource *resource)
{
    const struct stack_resource *own = world_resource(&wish->world, resource);

    return own != NULL && own->id.bytes > 0 && !str_ends(own->status, STR("_FAILED")) &&
           str_eq(own->type, resource->type) && str_eq(own->deletion, resource->deletion) &&
           str_eq(own->replacement, resource->replacement) &&
           same_document(wish, doc_get(resource->definition, "Metadata"), own->metadata) &&
           same_document(wish, resource->properties, own->properties);
}

static bool same_outputs(struct call *c, struct stack *stack, struct stack_wish *wish)
{
    struct value *about = value_copy(c->arena, stack->about);
    const struct value *had = get(stack->about, "Outputs");
    const struct value *now;

    unset(about, "Outputs");
    if (outputs_evaluate(c, wish, about) != OK) {
        return false;
    }
    now = get(about, "Outputs");
    if ((had == NULL ? 0 : had->count) != (now == NULL ? 0 : now->count)) {
        return false;
    }
    for (uint32_t i = 0; now != NULL && i < now->count; i++) {
        static const char *const members[] = {"OutputKey", "OutputValue", "Description",
                                              "ExportName"};

        for (size_t m = 0; m < sizeof(members) / sizeof(members[0]); m++) {
            if (!str_eq(get_str(&now->items[i], members[m]), get_str(&had->items[i], members[m]))) {
                return false;
            }
        }
    }
    return true;
}

static bool same_settings(struct call *c, const struct stack *stack, const struct value *about)
{
    const struct value *had = get(stack->about, "NotificationARNs");
    const struct value *now = get(about, "NotificationARNs");
    uint32_t count = now == NULL ? 0 : now->count;

    if (!doc_same(tags_document(c, get(about, "Tags")),
                  tags_document(c, get(stack->about, "Tags"))) ||
        count != (had == NULL ? 0 : had->count)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!str_eq(had->items[i].str, now->items[i].str)) {
            return false;
        }
    }
    return true;
}

bool wish_is_idle(struct call *c, struct stack *stack, struct stack_wish *wish)
{
    uint32_t existing = 0;
    size_t current = 0;
    bool same = wish->failed.at == NULL && same_settings(c, stack, wish->about);

    wish->world.resource_count = stack_resources(c, stack, &wish->world.resources);
    wish->world.finished = true;
    for (size_t i = 0; i < wish->world.resource_count; i++) {
        current += wish->world.resources[i].part == PART_CURRENT;
    }
    for (uint32_t i = 0; same && i < wish->template.resource_count; i++) {
        if (wish->run.exists[i]) {
            existing++;
            same = same_resource(wish, &wish->template.resources[i]);
        }
    }
    same = same && existing == current && same_outputs(c, stack, wish);
    wish->world.finished = false;
    c->why.text[0] = '\0';
    return same;
}
