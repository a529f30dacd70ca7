/* SPDX-License-Identifier: Apache-2.0
 *
 * Names and calls of a whole template, whether anybody will evaluate them or not: every call has
 * its shape, stands where it may, and names what there is.
 *
 * Rules
 *  1. Resources and Outputs may refer to parameters, pseudo parameters and resources, Conditions
 *     to parameters and pseudo parameters alone.
 *  2. Names that are missed are gathered and told at once, per section.
 *  3. While transforms are still to run, nothing is looked at: they may make it, or take it away.
 */
#include "svc/cloudformation/template_int.h"

/* Looking through one section. */
struct looking {
    const struct template *t;      /* the template */
    struct arena *arena;           /* for names */
    struct why *why;               /* for the sentence */
    struct template_names missing; /* what is not there */
    bool conditions;               /* in the Conditions section */
    bool import;                   /* inside an Fn::ImportValue */
};

static status look(struct looking *looking, const struct value *document);

static status look_all(struct looking *looking, const struct value *value)
{
    if (value->kind == VALUE_LIST) {
        for (uint32_t i = 0; i < value->count; i++) {
            TRY(look(looking, &value->items[i]));
        }
    } else if (value->kind == VALUE_MAP) {
        for (uint32_t i = 0; i < value->count; i++) {
            TRY(look(looking, &value->pairs[i].value));
        }
    }
    return OK;
}

static status no_import(struct looking *looking)
{
    return template_wrong(looking->why,
                          "Template error: the attribute in Fn::ImportValue must not depend on any "
                          "resources, imported values, or Fn::GetAZs");
}

static status look_name(struct looking *looking, struct str name)
{
    bool resource = template_resource_index(looking->t, name) >= 0;

    if (template_is_pseudo(name) || template_parameter_index(looking->t, name) >= 0) {
        return OK;
    }
    if (resource && looking->import) {
        return no_import(looking);
    }
    if (!resource || looking->conditions) {
        template_names_add(&looking->missing, name);
    }
    return OK;
}

static status look_get_att(struct looking *looking, const struct value *argument)
{
    struct str name;
    struct value attribute;

    (void)template_get_att_parts(argument, &name, &attribute);
    if (looking->conditions) {
        template_names_add(&looking->missing, name);
        return OK;
    }
    if (template_resource_index(looking->t, name) < 0) {
        return template_wrong(
            looking->why,
            "Template error: instance of Fn::GetAtt references undefined resource %.*s",
            STR_ARG(name));
    }
    return looking->import ? no_import(looking) : look(looking, &attribute);
}

static status look_variable(struct looking *looking, struct str name)
{
    struct str first;
    struct str second;

    if (!template_variable_good(name)) {
        return template_wrong(looking->why,
                              "Template error: variable names in Fn::Sub syntax must contain only "
                              "alphanumeric characters, underscores, periods, and colons");
    }
    if (!template_dotted(name, &first, &second)) {
        return look_name(looking, name);
    }
    if (template_resource_index(looking->t, first) < 0) {
        return template_wrong(
            looking->why,
            "Template error: instance of Fn::Sub references invalid resource attribute %.*s",
            STR_ARG(name));
    }
    return looking->import ? no_import(looking) : OK;
}

static status look_sub(struct looking *looking, const struct value *argument)
{
    bool list = argument->kind == VALUE_LIST;
    const struct value *given = list ? &argument->items[1] : NULL;
    struct str rest = list ? doc_text(looking->arena, &argument->items[0])
                           : doc_text(looking->arena, argument);
    struct template_piece piece;

    for (uint32_t i = 0; given != NULL && i < given->count; i++) {
        struct str key = given->pairs[i].key;

        if (!template_variable_good(key) || str_find(key, '.', 0) < key.bytes ||
            str_find(key, ':', 0) < key.bytes) {
            return template_wrong(looking->why,
                                  "Template error: every key of the context object of every "
                                  "Fn::Sub object must contain only alphanumeric characters and "
                                  "underscores");
        }
        TRY(look(looking, &given->pairs[i].value));
    }
    while (template_piece_next(&rest, &piece)) {
        bool named = piece.variable.at != NULL && !piece.literal;

        if (named && (given == NULL || map_find(given, piece.variable) == NULL)) {
            TRY(look_variable(looking, piece.variable));
        }
    }
    return OK;
}

static status look_find(struct looking *looking, const struct value *argument)
{
    const struct value *name = &argument->items[0];
    const struct value *mappings = looking->t->mappings;

    if (template_is_text(name) && argument->count == 3) {
        TRY(template_find_check(mappings, argument, looking->arena, looking->why));
    }
    return look_all(looking, argument);
}

static bool has_condition(const struct template *t, struct str name)
{
    return t->conditions != NULL && map_find(t->conditions, name) != NULL;
}

static status look_if(struct looking *looking, const struct value *argument)
{
    if (!has_condition(looking->t, argument->items[0].str)) {
        return template_wrong(looking->why,
                              "Template error: unresolved condition dependency %.*s in Fn::If",
                              STR_ARG(argument->items[0].str));
    }
    return look_all(looking, argument);
}

static status look_import(struct looking *looking, const struct value *argument)
{
    bool outer = looking->import;
    status looked;

    if (outer) {
        return no_import(looking);
    }
    looking->import = true;
    looked = look(looking, argument);
    looking->import = outer;
    return looked;
}

/* Condition functions where values stand. */
static status misplaced(struct looking *looking, const struct template_call *call)
{
    return template_wrong(looking->why,
                          "Template format error: %.*s is not supported outside of the Conditions "
                          "and Rules blocks of the template",
                          STR_ARG(call->name));
}

static status look_call(struct looking *looking, const struct template_call *call)
{
    TRY(template_call_check(call, looking->why));
    if (call->function >= FUNCTION_CONTAINS ||
        (call->function >= FUNCTION_EQUALS && !looking->conditions)) {
        return misplaced(looking, call);
    }
    switch (call->function) {
    case FUNCTION_REF:
        return look_name(looking, call->argument->str);
    case FUNCTION_GET_ATT:
        return look_get_att(looking, call->argument);
    case FUNCTION_SUB:
        return look_sub(looking, call->argument);
    case FUNCTION_FIND_IN_MAP:
        return look_find(looking, call->argument);
    case FUNCTION_IF:
        return look_if(looking, call->argument);
    case FUNCTION_IMPORT_VALUE:
        return look_import(looking, call->argument);
    case FUNCTION_GET_AZS:
        return looking->import ? no_import(looking) : look(looking, call->argument);
    default:
        return look(looking, call->argument);
    }
}

static status look(struct looking *looking, const struct value *document)
{
    struct template_call call = template_call_of(document);
    struct str condition = looking->conditions ? template_condition_named(document) : STR_NONE;

    if (call.function != FUNCTION_NONE) {
        return look_call(looking, &call);
    }
    if (condition.bytes > 0 && !has_condition(looking->t, condition)) {
        return template_wrong(looking->why,
                              "Template format error: Unresolved condition dependency %.*s in the "
                              "Conditions block of the template",
                              STR_ARG(condition));
    }
    return look_all(looking, document);
}

/* ---- sections ---- */

static struct looking looking_of(const struct template *t, struct arena *arena, struct why *why)
{
    return (struct looking){.t = t, .arena = arena, .why = why, .missing = {.arena = arena}};
}

static status refer_conditions(const struct template *t, struct arena *arena, struct why *why)
{
    struct looking looking = looking_of(t, arena, why);

    looking.conditions = true;
    if (t->conditions != NULL) {
        TRY(look_all(&looking, t->conditions));
    }
    if (looking.missing.count > 0) {
        return template_wrong(why,
                              "Template format error: Unresolved dependencies [%s]. Cannot "
                              "reference resources in the Conditions block of the template",
                              template_names_text(&looking.missing).at);
    }
    return OK;
}

static status condition_check(const struct looking *looking, struct str name, const char *block)
{
    return name.bytes == 0 || has_condition(looking->t, name)
               ? OK
               : template_wrong(looking->why,
                                "Template format error: Unresolved condition dependency %.*s in "
                                "the %s block of the template",
                                STR_ARG(name), block);
}

static status refer_depends_on(struct looking *looking, const struct value *value)
{
    if (value == NULL) {
        return OK;
    }
    if (template_is_text(value)) {
        return template_resource_index(looking->t, value->str) < 0
                   ? (template_names_add(&looking->missing, value->str), OK)
                   : OK;
    }
    if (value->kind != VALUE_LIST) {
        return template_wrong(looking->why, "Template format error: DependsOn must be a string or "
                                            "list of strings.");
    }
    for (uint32_t i = 0; i < value->count; i++) {
        if (!template_is_text(&value->items[i])) {
            return template_wrong(looking->why,
                                  "Template format error: Every DependsOn value must be a string.");
        }
        TRY(refer_depends_on(looking, &value->items[i]));
    }
    return OK;
}

static status refer_resource(struct looking *looking, const struct template_resource *resource)
{
    const struct value *definition = resource->definition;

    for (uint32_t i = 0; i < definition->count; i++) {
        struct str key = definition->pairs[i].key;
        const struct value *value = &definition->pairs[i].value;

        if (str_eq(key, STR("DependsOn"))) {
            TRY(refer_depends_on(looking, value));
        } else if (!str_eq(key, STR("Condition"))) {
            TRY(look(looking, value));
        }
    }
    return condition_check(looking, resource->condition, "Resources");
}

static status refer_resources(const struct template *t, struct arena *arena, struct why *why)
{
    struct looking looking = looking_of(t, arena, why);

    for (uint32_t i = 0; i < t->resource_count; i++) {
        TRY(refer_resource(&looking, &t->resources[i]));
    }
    if (looking.missing.count > 0) {
        return template_wrong(why,
                              "Template format error: Unresolved resource dependencies [%s] in the "
                              "Resources block of the template",
                              template_names_text(&looking.missing).at);
    }
    return OK;
}

static status refer_outputs(const struct template *t, struct arena *arena, struct why *why)
{
    struct looking looking = looking_of(t, arena, why);

    for (uint32_t i = 0; i < t->output_count; i++) {
        const struct template_output *output = &t->outputs[i];

        TRY(look(&looking, output->value));
        if (output->export_name != NULL) {
            TRY(look(&looking, output->export_name));
        }
        TRY(condition_check(&looking, output->condition, "Outputs"));
    }
    if (looking.missing.count > 0) { /* AWS says this one without its prefix */
        return template_wrong(why,
                              "Unresolved resource dependencies [%s] in the Outputs block of the "
                              "template",
                              template_names_text(&looking.missing).at);
    }
    return OK;
}

status template_refer(const struct template *t, struct arena *arena, struct why *why)
{
    if (t->pending) {
        return OK;
    }
    TRY(refer_conditions(t, arena, why));
    TRY(refer_resources(t, arena, why));
    return refer_outputs(t, arena, why);
}
