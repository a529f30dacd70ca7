/* SPDX-License-Identifier: Apache-2.0
 *
 * Conditions and rules: what holds for the parameters that were given.
 */
#include "svc/cloudformation/template_int.h"

/* While a condition is worked out it stands among the conditions as VALUE_NULL. */

static status condition_named(struct template_run *run, struct str name, bool *ret_truth)
{
    const struct value *section = run->of->conditions;
    const struct value *document = section == NULL ? NULL : map_find(section, name);
    struct value *known = (struct value *)(uintptr_t)map_find(&run->conditions, name);

    if (document == NULL || known == NULL) {
        return template_wrong(run->why,
                              "Template format error: Unresolved condition dependency %.*s in the "
                              "Conditions block of the template",
                              STR_ARG(name));
    }
    if (known->kind == VALUE_NULL) {
        return template_wrong(run->why,
                              "Template error: Found circular condition dependency: %.*s",
                              STR_ARG(name));
    }
    if (known->kind == VALUE_NONE) {
        bool truth;

        known->kind = VALUE_NULL;
        TRY(template_truth(run, document, &truth));
        *known = (struct value){.kind = VALUE_BOOL, .truth = truth};
    }
    *ret_truth = known->truth;
    return OK;
}

/* ---- functions ---- */

static status equals(struct template_run *run, const struct value *argument, bool *ret_truth)
{
    struct value first;
    struct value second;

    TRY(template_value(run, &argument->items[0], &first));
    TRY(template_value(run, &argument->items[1], &second));
    *ret_truth = first.kind != VALUE_NONE && second.kind != VALUE_NONE && doc_same(&first, &second);
    return OK;
}

static status all_or_any(struct template_run *run, const struct value *argument, bool all,
                         bool *ret_truth)
{
    bool holds = all;

    for (uint32_t i = 0; i < argument->count; i++) {
        bool truth;

        TRY(template_truth(run, &argument->items[i], &truth));
        holds = all ? holds && truth : holds || truth;
    }
    *ret_truth = holds;
    return OK;
}

static status negated(struct template_run *run, const struct value *argument, bool *ret_truth)
{
    bool truth;

    TRY(template_truth(run, &argument->items[0], &truth));
    *ret_truth = !truth;
    return OK;
}

static status members_of(struct template_run *run, const struct value *document,
                         struct value *ret_list)
{
    struct template_call call = template_call_of(document);
    struct template_question question = {.arena = run->arena, .why = run->why};

    if (call.function == FUNCTION_REF_ALL) {
        question.kind = TEMPLATE_ALL;
        question.name = call.argument->str;
        return template_ask(run->world, &question, ret_list);
    }
    if (call.function == FUNCTION_VALUE_OF_ALL || call.function == FUNCTION_VALUE_OF) {
        struct value name = call.argument->items[0];

        question.kind = TEMPLATE_VALUE;
        question.name = doc_text(run->arena, &call.argument->items[1]);
        if (call.function == FUNCTION_VALUE_OF) {
            struct value text;
            struct value ref = template_map(run->arena, 1);

            *template_map_add(&ref, STR("Ref")) = name;
            TRY(template_value(run, &ref, &text));
            name = text;
        }
        question.of = doc_text(run->arena, &name);
        return template_ask(run->world, &question, ret_list);
    }
    return template_value(run, document, ret_list);
}

static bool is_in(const struct value *list, const struct value *item)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (doc_same(&list->items[i], item)) {
            return true;
        }
    }
    return false;
}

/* What is not known cannot be judged, and holds. */
static status membership(struct template_run *run, const struct template_call *call,
                         bool *ret_truth)
{
    struct value list;
    struct value other;
    bool holds = true;

    TRY(members_of(run, &call->argument->items[0], &list));
    TRY(members_of(run, &call->argument->items[1], &other));
    if (list.kind == VALUE_NONE || other.kind == VALUE_NONE) {
        *ret_truth = true;
        return OK;
    }
    if (list.kind != VALUE_LIST ||
        (call->function == FUNCTION_EACH_IN && other.kind != VALUE_LIST)) {
        return template_wrong(run->why, "Template error: %.*s requires a list of strings",
                              STR_ARG(call->name));
    }
    if (call->function == FUNCTION_CONTAINS) {
        *ret_truth = is_in(&list, &other);
        return OK;
    }
    for (uint32_t i = 0; i < list.count; i++) {
        holds = holds && (call->function == FUNCTION_EACH_IN ? is_in(&other, &list.items[i])
                                                             : doc_same(&list.items[i], &other));
    }
    *ret_truth = holds;
    return OK;
}

status template_truth(struct template_run *run, const struct value *document, bool *ret_truth)
{
    struct template_call call = template_call_of(document);
    struct str named = template_condition_named(document);

    if (named.bytes > 0) {
        return condition_named(run, named, ret_truth);
    }
    if (call.function != FUNCTION_NONE) {
        TRY(template_call_check(&call, run->why));
    }
    switch (call.function) {
    case FUNCTION_EQUALS:
        return equals(run, call.argument, ret_truth);
    case FUNCTION_AND:
    case FUNCTION_OR:
        return all_or_any(run, call.argument, call.function == FUNCTION_AND, ret_truth);
    case FUNCTION_NOT:
        return negated(run, call.argument, ret_truth);
    case FUNCTION_CONTAINS:
    case FUNCTION_EACH_EQUALS:
    case FUNCTION_EACH_IN:
        return membership(run, &call, ret_truth);
    default:
        return template_wrong(run->why, "Template format error: Conditions can only be boolean "
                                        "operations on parameters and other conditions");
    }
}

/* ---- rules ---- */

static void rule_functions(const struct value *value, struct template_names *names)
{
    struct template_call call = template_call_of(value);
    bool supported = call.function == FUNCTION_NONE || call.function == FUNCTION_REF ||
                     (call.function >= FUNCTION_EQUALS && call.function < FUNCTION_COUNT);

    if (!supported) {
        template_names_add(names, call.name);
    }
    for (uint32_t i = 0; value->kind == VALUE_LIST && i < value->count; i++) {
        rule_functions(&value->items[i], names);
    }
    for (uint32_t i = 0; value->kind == VALUE_MAP && i < value->count; i++) {
        rule_functions(&value->pairs[i].value, names);
    }
}

static status assertion(struct template_run *run, struct str rule, const struct value *document)
{
    const struct value *condition = doc_get(document, "Assert");
    const struct value *description = doc_get(document, "AssertDescription");
    bool holds;

    TRY(template_truth(run, condition, &holds));
    if (holds) {
        return OK;
    }
    return template_wrong(run->why, "Rule %.*s failed: %.*s", STR_ARG(rule),
                          STR_ARG(description == NULL ? STR("an assertion is false")
                                                      : doc_text(run->arena, description)));
}

static status rule_check(struct template_run *run, struct str name, const struct value *rule)
{
    const struct value *condition = doc_get(rule, "RuleCondition");
    const struct value *assertions = doc_get(rule, "Assertions");
    bool applies = true;

    if (condition != NULL) {
        TRY(template_truth(run, condition, &applies));
    }
    for (uint32_t i = 0; applies && i < assertions->count; i++) {
        TRY(assertion(run, name, &assertions->items[i]));
    }
    return OK;
}

/* Every assertion has something to assert. */
static status shape_check(struct str name, const struct value *rule, struct why *why)
{
    const struct value *assertions = doc_get(rule, "Assertions");

    if (assertions == NULL || assertions->kind != VALUE_LIST) {
        return template_wrong(why,
                              "Template format error: Rule %.*s must contain an Assertions list.",
                              STR_ARG(name));
    }
    for (uint32_t i = 0; i < assertions->count; i++) {
        if (doc_get(&assertions->items[i], "Assert") == NULL) {
            return template_wrong(why,
                                  "Template format error: Every assertion of rule %.*s must "
                                  "contain an Assert member.",
                                  STR_ARG(name));
        }
    }
    return OK;
}

status template_rules_check(const struct value *rules, struct arena *arena, struct why *why)
{
    struct template_names wrong = {.arena = arena};

    for (uint32_t i = 0; rules != NULL && i < rules->count; i++) {
        TRY(shape_check(rules->pairs[i].key, &rules->pairs[i].value, why));
    }
    if (rules != NULL) {
        rule_functions(rules, &wrong);
    }
    return wrong.count == 0
               ? OK
               : template_wrong(why,
                                "Template format error: Following functions are not supported in "
                                "the Rules block of the template: [%s]",
                                template_names_text(&wrong).at);
}

status template_rules(struct template_run *run)
{
    const struct value *rules = run->of->rules;

    for (uint32_t i = 0; rules != NULL && i < rules->count; i++) {
        TRY(rule_check(run, rules->pairs[i].key, &rules->pairs[i].value));
    }
    return OK;
}
