/* SPDX-License-Identifier: Apache-2.0
 *
 * What an update would do: resource by resource, those first that others need, so that what is not
 * known of one is not known in the others that name it.
 */
#include "svc/cloudformation/difference.h"
#include "svc/cloudformation/rows.h"

#include <stdlib.h>

/* ---- the world before ---- */

static bool is_open(const struct differ *differ, const struct template_question *question)
{
    size_t at = (size_t)(question->resource - differ->wish->template.resources);

    return question->kind == TEMPLATE_REF ? differ->fates[at] < FATE_MAY_REPLACE
                                          : differ->fates[at] < FATE_CHANGES;
}

static status answer(void *context, const struct template_question *question,
                     struct value *ret_value)
{
    struct differ *differ = context;
    struct world *world = &differ->wish->world;

    if ((question->kind == TEMPLATE_REF || question->kind == TEMPLATE_ATTRIBUTE) &&
        (differ->stack == NULL || !is_open(differ, question))) {
        return OK;
    }
    return world->of.answer(world->of.context, question, ret_value);
}

static bool has_type(void *context, struct str type)
{
    struct world *world = &((struct differ *)context)->wish->world;

    return world->of.has_type == NULL || world->of.has_type(world->of.context, type);
}

static bool has_attribute(void *context, const struct template_resource *resource, struct str name)
{
    struct world *world = &((struct differ *)context)->wish->world;

    return world->of.has_attribute == NULL ||
           world->of.has_attribute(world->of.context, resource, name);
}

static void world_make(struct differ *differ)
{
    differ->world = differ->wish->world.of;
    differ->world.context = differ;
    differ->world.answer = answer;
    differ->world.has_type = has_type;
    differ->world.has_attribute = has_attribute;
    differ->world.keeps_dynamic = true;
    differ->wish->run.world = &differ->world;
}

/* ---- one change ---- */

static struct value *change_add(struct differ *differ, const char *action,
                                const struct template_resource *resource)
{
    struct value *change = list_add(differ->c->arena, differ->list);
    struct value *told;

    set_str(change, "Type", STR("Resource"));
    told = set_struct(differ->c->arena, change, "ResourceChange");
    set_str(told, "Action", str_c(action));
    if (resource != NULL) {
        set_str(told, "LogicalResourceId", resource->name);
        set_str(told, "ResourceType", resource->type);
    }
    return told;
}

static void put_context(struct differ *differ, struct value *told, const char *member,
                        const struct value *properties, const struct value *metadata)
{
    struct arena *arena = differ->c->arena;
    struct value *map = doc_map(arena);
    struct str text;

    if (properties != NULL) {
        *doc_put(arena, map, STR("Properties")) = *known_text(differ, properties);
    }
    if (metadata != NULL) {
        *doc_put(arena, map, STR("Metadata")) = *known_text(differ, metadata);
    }
    text = doc_json(arena, map);
    differ->context_bytes += text.bytes;
    if (differ->context_bytes <= CONTEXT_BYTES_MAX) {
        set_str(told, member, text);
    }
}

static status evaluate(struct differ *differ, const struct value *document,
                       struct value *ret_value)
{
    *ret_value = (struct value){.kind = VALUE_MAP};
    if (document == NULL) {
        return OK;
    }
    TRY(template_evaluate(&differ->wish->run, document, ret_value, NULL));
    if (ret_value->kind != VALUE_MAP) {
        *ret_value = (struct value){.kind = VALUE_MAP};
    }
    return OK;
}

static status add_new(struct differ *differ, const struct template_resource *resource)
{
    struct value *told = change_add(differ, "Add", resource);
    struct value properties;

    TRY(evaluate(differ, resource->properties, &properties));
    put_context(differ, told, "AfterContext", &properties,
                doc_get(resource->definition, "Metadata"));
    (void)set_list(differ->c->arena, told, "Scope", 0);
    (void)set_list(differ->c->arena, told, "Details", 0);
    return OK;
}

static void add_removed(struct differ *differ, const struct stack_resource *own)
{
    struct value *told = change_add(differ, "Remove", NULL);
    struct str policy = own->deletion.bytes == 0 ? STR("Delete") : own->deletion;

    set_str(told, "LogicalResourceId", own->logical_id);
    set_str(told, "PhysicalResourceId", own->id);
    set_str(told, "ResourceType", own->type);
    set_str(told, "PolicyAction",
            str_eq(policy, STR("RetainExceptOnCreate")) ? STR("Retain") : policy);
    put_context(differ, told, "BeforeContext", own->properties, own->metadata);
    (void)set_list(differ->c->arena, told, "Scope", 0);
    (void)set_list(differ->c->arena, told, "Details", 0);
}

/* A nested stack may be another although nothing of it says so. */
static void add_automatic(struct difference *d)
{
    struct arena *arena = d->differ->c->arena;
    struct value *detail;

    if (d->fate != FATE_STAYS || !str_eq(d->own->type, STR("AWS::CloudFormation::Stack"))) {
        return;
    }
    detail = list_add(arena, d->details);
    struct value *target = set_struct(arena, detail, "Target");

    set_str(target, "Attribute", STR("Properties"));
    set_str(target, "RequiresRecreation", STR("Never"));
    set_str(detail, "Evaluation", STR("Dynamic"));
    set_str(detail, "ChangeSource", STR("Automatic"));
    d->fate = FATE_CHANGES;
    d->scope |= 1u << SCOPE_PROPERTIES;
}

static void put_policy(struct value *told, const struct difference *d)
{
    struct str policy = d->resource->replacement.at == NULL ? STR("Delete")
                                                            : d->resource->replacement;

    if (d->fate != FATE_REPLACES) {
        return;
    }
    set_str(told, "PolicyAction",
            str_eq(policy, STR("Retain"))     ? STR("ReplaceAndRetain")
            : str_eq(policy, STR("Snapshot")) ? STR("ReplaceAndSnapshot")
                                              : STR("ReplaceAndDelete"));
}

static void add_modified(struct difference *d)
{
    struct differ *differ = d->differ;
    struct value *told = change_add(differ, "Modify", d->resource);
    struct value *scope;

    put_policy(told, d);
    set_str(told, "PhysicalResourceId", d->own->id);
    set_str(told, "Replacement", d->fate == FATE_REPLACES      ? STR("True")
                                 : d->fate == FATE_MAY_REPLACE ? STR("Conditional")
                                                               : STR("False"));
    scope = set_list(differ->c->arena, told, "Scope", SCOPES);
    for (int i = 0; i < SCOPES; i++) {
        if ((d->scope & 1u << i) != 0) {
            list_add_str(scope, str_c(scope_names[i]));
        }
    }
    set_value(told, "Details", d->details);
    put_context(differ, told, "BeforeContext", d->own->properties, d->own->metadata);
    put_context(differ, told, "AfterContext", d->want,
                doc_get(d->resource->definition, "Metadata"));
}

static struct value *details_new(struct arena *arena)
{
    uint32_t shape = shelf_shape(CFN_SERVICE, "DescribeChangeSet", "Changes.ResourceChange");

    return set_list(arena, value_struct(arena, shape), "Details", DETAILS_MAX + 1);
}

static status look_at(struct differ *differ, uint32_t at)
{
    const struct template_resource *resource = &differ->wish->template.resources[at];
    struct stack_resource *own = resource_find(differ->rows, differ->row_count, resource->name);
    struct difference d = {.differ = differ, .resource = resource, .own = own};
    struct value want;

    if (own == NULL || own->id.bytes == 0) {
        differ->fates[at] = FATE_NEW;
        return add_new(differ, resource);
    }
    TRY(evaluate(differ, resource->properties, &want));
    d.type = type_of(differ->c->cell, resource->type);
    d.want = &want;
    d.details = details_new(differ->c->arena);
    difference_look(&d);
    add_automatic(&d);
    if (d.fate == FATE_STAYS && str_ends(own->status, STR("_FAILED"))) {
        d.fate = FATE_CHANGES;
    }
    differ->fates[at] = (uint8_t)d.fate;
    if (d.fate != FATE_STAYS) {
        add_modified(&d);
    }
    return OK;
}

/* ---- what is not told ---- */

static void hide(struct differ *differ, struct str value)
{
    if (value.bytes > 0) {
        differ->hidden[differ->hidden_count++] = value;
    }
}

/* Those that the stack has (its plan says which) and those that are given. */
static void find_hidden(struct differ *differ)
{
    const struct template *t = &differ->wish->template;
    const struct stack *stack = differ->stack;
    const struct value *had = stack == NULL ? NULL : get(stack->about, "Parameters");
    const struct value *names = stack == NULL ? NULL : doc_get(stack->plan, "no_echo");
    size_t most = t->parameter_count + (had == NULL ? 0 : had->count);

    differ->hidden = arena_alloc(differ->c->arena, (most + 1) * sizeof(differ->hidden[0]));
    for (uint32_t i = 0; i < t->parameter_count; i++) {
        if (t->parameters[i].no_echo) {
            hide(differ, differ->wish->arguments[i].text);
        }
    }
    for (uint32_t i = 0; had != NULL && names != NULL && i < had->count; i++) {
        for (uint32_t j = 0; j < names->count; j++) {
            if (str_eq(names->items[j].str, get_str(&had->items[i], "ParameterKey"))) {
                hide(differ, get_str(&had->items[i], "ParameterValue"));
            }
        }
    }
}

/* ---- all ---- */

static int by_name(const void *a, const void *b)
{
    const struct value *left = get(a, "ResourceChange");
    const struct value *right = get(b, "ResourceChange");

    return str_cmp(get_str(left, "LogicalResourceId"), get_str(right, "LogicalResourceId"));
}

static status look_at_all(struct differ *differ)
{
    const struct template *t = &differ->wish->template;
    const struct template_run *run = &differ->wish->run;

    for (uint32_t rank = 0; rank < run->rank_count; rank++) {
        for (uint32_t i = 0; i < t->resource_count; i++) {
            if (run->exists[i] && run->rank[i] == rank) {
                TRY(look_at(differ, i));
            }
        }
    }
    for (size_t i = 0; i < differ->row_count; i++) {
        const struct stack_resource *own = &differ->rows[i];
        const struct template_resource *stays = template_resource_find(t, own->logical_id);

        if (own->part == PART_CURRENT && own->id.bytes > 0 &&
            (stays == NULL || !run->exists[stays - t->resources])) {
            add_removed(differ, own);
        }
    }
    return OK;
}

status change_set_differ(struct call *c, struct change_set *set, struct stack *stack,
                         struct stack_wish *wish)
{
    struct differ differ = {.c = c, .stack = stack, .wish = wish};
    status looked;

    if (stack != NULL) {
        differ.row_count = stack_resources(c, stack, &differ.rows);
        differ.tags = !doc_same(tags_document(c, get(stack->about, "Tags")),
                                tags_document(c, get(wish->about, "Tags")));
    }
    find_hidden(&differ);
    differ.fates = arena_zero(c->arena, wish->template.resource_count + 1);
    differ.list = set_list(c->arena, set->about, "Changes",
                           wish->template.resource_count + differ.row_count + 1);
    wish->world.resources = differ.rows;
    wish->world.resource_count = differ.row_count;
    wish->world.finished = true;
    world_make(&differ);
    looked = look_at_all(&differ);
    wish->run.world = &wish->world.of;
    wish->world.finished = false;
    if (differ.list->count > 1) {
        qsort(differ.list->items, differ.list->count, sizeof(struct value), by_name);
    }
    return looked;
}
