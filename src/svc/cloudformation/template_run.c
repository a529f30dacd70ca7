/* SPDX-License-Identifier: Apache-2.0
 *
 * One use of a template: what exists, and what its documents are worth.
 */
#include "svc/cloudformation/template_int.h"

/* ---- what only the world knows ---- */

static bool is_known_type(const struct template_world *world, struct str type)
{
    return world->has_type == NULL || str_starts(type, STR("Custom::")) ||
           world->has_type(world->context, type);
}

static status check_types(const struct template *t, const struct template_world *world,
                          const bool *exists, const struct template_names *into, struct why *why)
{
    struct template_names unknown = *into;

    for (uint32_t i = 0; i < t->resource_count; i++) {
        bool there = exists == NULL || exists[i];

        if (there && !is_known_type(world, t->resources[i].type)) {
            template_names_add(&unknown, t->resources[i].type);
        }
    }
    return unknown.count == 0
               ? OK
               : template_wrong(why, "Template format error: Unrecognized resource types: [%s]",
                                template_names_text(&unknown).at);
}

/* Looking for attributes that types do not have. */
struct attributes {
    const struct template *t;           /* the template */
    const struct template_world *world; /* who knows */
    struct arena *arena;                /* for texts */
    struct why *why;                    /* for the sentence */
};

static status check_attribute(const struct attributes *attributes, struct str name,
                              struct str attribute)
{
    const struct template_resource *resource = template_resource_find(attributes->t, name);

    return resource == NULL || attributes->world->has_attribute(attributes->world->context,
                                                                resource, attribute)
               ? OK
               : template_wrong(attributes->why,
                                "Template error: resource %.*s does not support attribute type "
                                "%.*s in Fn::GetAtt",
                                STR_ARG(name), STR_ARG(attribute));
}

static status check_sub(const struct attributes *attributes, const struct value *argument)
{
    const struct value *text = argument->kind == VALUE_LIST ? &argument->items[0] : argument;
    struct str rest = doc_text(attributes->arena, text);
    struct template_piece piece;
    struct str first;
    struct str second;

    while (template_piece_next(&rest, &piece)) {
        if (!piece.literal && template_dotted(piece.variable, &first, &second)) {
            TRY(check_attribute(attributes, first, second));
        }
    }
    return OK;
}

static status check_attributes(const struct attributes *attributes, const struct value *value)
{
    struct template_call call = template_call_of(value);
    struct str name;
    struct value attribute;

    if (call.function == FUNCTION_GET_ATT &&
        template_get_att_parts(call.argument, &name, &attribute) &&
        attribute.kind == VALUE_STR) {
        return check_attribute(attributes, name, attribute.str);
    }
    if (call.function == FUNCTION_SUB) {
        TRY(check_sub(attributes, call.argument));
    }
    for (uint32_t i = 0; value->kind == VALUE_LIST && i < value->count; i++) {
        TRY(check_attributes(attributes, &value->items[i]));
    }
    for (uint32_t i = 0; value->kind == VALUE_MAP && i < value->count; i++) {
        TRY(check_attributes(attributes, &value->pairs[i].value));
    }
    return OK;
}

static status check_all_attributes(const struct attributes *attributes)
{
    const struct template *t = attributes->t;

    if (attributes->world->has_attribute == NULL) {
        return OK;
    }
    for (uint32_t i = 0; i < t->resource_count; i++) {
        TRY(check_attributes(attributes, t->resources[i].definition));
    }
    for (uint32_t i = 0; i < t->output_count; i++) {
        TRY(check_attributes(attributes, t->outputs[i].value));
    }
    return OK;
}

status template_check(const struct template *t, const struct template_world *world,
                      struct arena *arena, struct why *why)
{
    struct attributes attributes = {t, world, arena, why};
    struct template_names none = {.arena = arena};
    struct template_run run = {.of = t, .world = world, .arena = arena, .why = why};

    if (t->pending) {
        return OK;
    }
    TRY(check_types(t, world, NULL, &none, why));
    TRY(template_dynamic_check(t, NULL, arena, why));
    TRY(check_all_attributes(&attributes));
    run.conditions = template_map(arena, 0);
    run.exists = arena_alloc(arena, t->resource_count + 1);
    memset(run.exists, true, t->resource_count);
    return template_order(&run);
}

/* ---- beginning ---- */

static status work_out_conditions(struct template_run *run)
{
    const struct value *section = run->of->conditions;

    run->conditions = template_map(run->arena, section == NULL ? 0 : section->count);
    for (uint32_t i = 0; section != NULL && i < section->count; i++) {
        template_map_add(&run->conditions, section->pairs[i].key);
    }
    for (uint32_t i = 0; section != NULL && i < section->count; i++) {
        struct value named = template_map(run->arena, 1);
        bool truth;

        *template_map_add(&named, STR("Condition")) = template_text(section->pairs[i].key);
        TRY(template_truth(run, &named, &truth));
    }
    return OK;
}

bool template_condition(const struct template_run *run, struct str name)
{
    const struct value *truth = name.bytes == 0 ? NULL : map_find(&run->conditions, name);

    return name.bytes == 0 || (truth != NULL && truth->kind == VALUE_BOOL && truth->truth);
}

status template_begin(struct template_run *run)
{
    const struct template *t = run->of;
    struct attributes attributes = {t, run->world, run->arena, run->why};
    struct template_names none = {.arena = run->arena};

    TRY(work_out_conditions(run));
    run->exists = arena_zero(run->arena, t->resource_count + 1);
    for (uint32_t i = 0; i < t->resource_count; i++) {
        run->exists[i] = template_condition(run, t->resources[i].condition);
    }
    TRY(check_types(t, run->world, run->exists, &none, run->why));
    TRY(template_dynamic_check(t, run->exists, run->arena, run->why));
    TRY(check_all_attributes(&attributes));
    TRY(template_rules(run));
    return template_order(run);
}

/* ---- evaluating ---- */

status template_evaluate(struct template_run *run, const struct value *document,
                         struct value *ret_value, bool *ret_unknown)
{
    struct value value;

    TRY(template_value(run, document, &value));
    if (!run->world->keeps_dynamic && template_has_dynamic(&value)) {
        value = *doc_copy(run->arena, &value); /* what was found in a mapping stays as it is */
        TRY(template_dynamic(run, &value));
    }
    if (arena_spent(run->arena)) {
        return why_set(run->why, &ERR_LIMIT, "the template is too large");
    }
    if (ret_unknown != NULL) {
        *ret_unknown = template_has_unknown(&value);
    }
    *ret_value = value;
    return OK;
}

status template_evaluate_text(struct template_run *run, const struct value *document,
                              struct value *ret_value)
{
    struct value value;

    TRY(template_value(run, document, &value));
    return template_as_text(run->arena, &value, ret_value)
               ? OK
               : template_wrong(run->why,
                                "Template format error: Every Value member must be a string.");
}
