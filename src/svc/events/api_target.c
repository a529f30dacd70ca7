/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations of targets.
 */
#include "cell/authorize.h"
#include "svc/events/events_ops.h"

/* ---- PutTargets ---- */

static status roles_check(struct call *c, const struct value *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (has(&list->items[i], "RoleArn")) {
            TRY(call_may(c, "iam:PassRole", get_str(&list->items[i], "RoleArn")));
        }
    }
    return OK;
}

/* Compiles all of them, or none. */
static status compile_all(struct call *c, const struct value *list, struct target **targets)
{
    for (uint32_t i = 0; i < list->count; i++) {
        status compiled = target_compile(c, &list->items[i], &targets[i]);

        if (compiled != OK) {
            while (i > 0) {
                target_free(targets[--i]);
            }
            return compiled;
        }
    }
    return OK;
}

static bool named_before(const struct value *list, uint32_t index)
{
    for (uint32_t i = 0; i < index; i++) {
        if (str_eq(get_str(&list->items[i], "Id"), get_str(&list->items[index], "Id"))) {
            return true;
        }
    }
    return false;
}

static status number_check(struct call *c, const struct rule *rule, const struct value *list)
{
    size_t count = rule->target_count;

    for (uint32_t i = 0; i < list->count; i++) {
        count += !named_before(list, i) &&
                 target_find(rule, get_str(&list->items[i], "Id")) == NULL;
    }
    return count <= TARGETS_PER_RULE_MAX
               ? OK
               : fail(c, &EVENTS_LIMIT,
                      "The requested resource exceeds the maximum number allowed.");
}

/* PutTargets */
status events_put_targets(struct call *c)
{
    const struct value *list = arg(c, "Targets");
    struct target **targets = arena_alloc(c->arena, list->count * sizeof(*targets));
    struct rule *rule;

    TRY(rule_of_call(c, "Rule", "events:PutTargets", &rule));
    TRY(roles_check(c, list));
    TRY(number_check(c, rule, list));
    TRY(compile_all(c, list, targets));
    for (uint32_t i = 0; i < list->count; i++) {
        target_save(c, rule, targets[i]);
        target_put(rule, targets[i]);
    }
    put_int(c, "FailedEntryCount", 0);
    (void)put_list(c, "FailedEntries", 0);
    return OK;
}

/* ---- the others ---- */

/* RemoveTargets */
status events_remove_targets(struct call *c)
{
    const struct value *ids = arg(c, "Ids");
    struct value *failed;
    struct rule *rule;
    int64_t count = 0;

    TRY(rule_of_call(c, "Rule", "events:RemoveTargets", &rule));
    failed = put_list(c, "FailedEntries", ids->count);
    for (uint32_t i = 0; i < ids->count; i++) {
        struct str id = ids->items[i].str;

        if (target_remove(rule, id)) {
            target_erase(c, rule, id);
            continue;
        }
        struct value *entry = list_add(c->arena, failed);

        set_str(entry, "TargetId", id);
        set_str(entry, "ErrorCode", STR("ResourceNotFoundException"));
        set_str(entry, "ErrorMessage",
                arena_printf(c->arena, "Rule '%.*s' does not have a target with the Id '%.*s'.",
                             STR_ARG(rule->name), STR_ARG(id)));
        count++;
    }
    put_int(c, "FailedEntryCount", count);
    return OK;
}

/* ListTargetsByRule */
status events_list_targets(struct call *c)
{
    struct paging paging;
    struct value *list;
    struct rule *rule;

    TRY(rule_of_call(c, "Rule", "events:ListTargetsByRule", &rule));
    TRY(paging_of_call(c, &paging));
    list = put_list(c, "Targets", rule->target_count);
    for (const struct target *at = rule->targets; at != NULL; at = at->next) {
        if (paging_is_behind(&paging, at->id)) {
            continue;
        }
        if (!paging_takes(c, &paging, at->id)) {
            break;
        }
        *list_add(c->arena, list) = *at->value;
    }
    return OK;
}

static bool has_target(const struct rule *rule, struct str arn)
{
    for (const struct target *at = rule->targets; at != NULL; at = at->next) {
        if (str_eq(at->arn, arn)) {
            return true;
        }
    }
    return false;
}

/* ListRuleNamesByTarget */
status events_list_rule_names(struct call *c)
{
    struct event_bus *bus;
    struct paging paging;
    struct value *list;

    TRY(call_may(c, "events:ListRuleNamesByTarget", STR("*")));
    TRY(bus_named(c, arg_str(c, "EventBusName"), &bus));
    TRY(paging_of_call(c, &paging));
    list = put_list(c, "RuleNames", paging.limit);
    for (size_t i = 0; i < bus->rules.count; i++) {
        const struct rule *rule = bus->rules.rules[i];

        if (!has_target(rule, arg_str(c, "TargetArn")) ||
            paging_is_behind(&paging, rule->name)) {
            continue;
        }
        if (!paging_takes(c, &paging, rule->name)) {
            break;
        }
        list_add_str(list, rule->name);
    }
    return OK;
}
