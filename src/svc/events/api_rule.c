/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations of rules.
 */
#include "bus/hold.h"
#include "cell/authorize.h"
#include "svc/events/events_ops.h"

/* ---- PutRule ---- */

/* What is to be set, checked. */
struct trigger {
    struct pattern *pattern;  /* of EventPattern; NULL: none */
    struct schedule schedule; /* of ScheduleExpression */
};

static status trigger_check(struct call *c, const struct event_bus *bus, struct trigger *trigger)
{
    struct str pattern = arg_str(c, "EventPattern");
    struct str schedule = arg_str(c, "ScheduleExpression");
    struct why why;

    if (pattern.bytes == 0 && schedule.bytes == 0) {
        return fail(c, &EVENTS_VALIDATION,
                    "Parameter(s) EventPattern or ScheduleExpression must be specified.");
    }
    if (schedule.bytes > 0 && !str_eq(bus->name, STR("default"))) {
        return fail(c, &EVENTS_VALIDATION,
                    "ScheduleExpression is supported only on the default event bus.");
    }
    if (schedule.bytes > 0 && !schedule_read(schedule, &trigger->schedule)) {
        return fail(c, &EVENTS_VALIDATION, "Parameter ScheduleExpression is not valid.");
    }
    if (pattern.bytes > 0 &&
        pattern_compile_placed(pattern, &why, &trigger->pattern) != OK) {
        return fail(c, &EVENTS_PATTERN, "Event pattern is not valid. Reason: %s", why.text);
    }
    return OK;
}

static status number_check(struct call *c, const struct event_bus *bus)
{
    size_t most = c->limits ? RULES_PER_BUS : RULES_PER_BUS_MAX;

    return bus->rules.count < most
               ? OK
               : fail(c, &EVENTS_LIMIT,
                      "The requested resource exceeds the maximum number allowed.");
}

static void rule_set(struct call *c, struct rule *rule, const struct trigger *trigger)
{
    struct str schedule = arg_str(c, "ScheduleExpression");
    bool was_on = rule_is_on(rule) && rule->schedule_text.bytes > 0;
    bool same = was_on && str_eq(rule->schedule_text, schedule);

    bus_index_drop(rule->bus);
    pattern_free(rule->pattern);
    rule->pattern = trigger->pattern;
    rule->schedule = trigger->schedule;
    text_set(&rule->pattern_text, arg_str(c, "EventPattern"));
    text_set(&rule->schedule_text, schedule);
    text_set(&rule->description, arg_str(c, "Description"));
    text_set(&rule->role, arg_str(c, "RoleArn"));
    rule->state = rule_state_of(arg_str(c, "State"));
    if (schedule.bytes > 0 && rule_is_on(rule)) {
        if (!same) {
            tick_begin(c, rule);
        }
    } else if (was_on) {
        tick_end(c, rule);
    }
}

static status rule_change(struct call *c, struct event_bus *bus, struct rule *rule,
                          const struct trigger *trigger)
{
    if (rule == NULL) {
        TRY(number_check(c, bus));
        TRY(tags_check(c, arg(c, "Tags"), 0));
        rule = rule_new(bus, arg_str(c, "Name"));
        rule_add(rule);
        tags_set(&rule->tags, arg(c, "Tags"));
    }
    rule_set(c, rule, trigger);
    rule_save(c, rule);
    call_on(c, rule->arn);
    put_str(c, "RuleArn", rule->arn);
    return OK;
}

/* PutRule */
status events_put_rule(struct call *c)
{
    struct str arn = rule_arn_of(c, arg_str(c, "EventBusName"), arg_str(c, "Name"));
    struct trigger trigger = {.pattern = NULL};
    struct event_bus *bus;
    status changed;

    TRY(call_may(c, "events:PutRule", arn));
    if (arg_has(c, "RoleArn")) {
        TRY(call_may(c, "iam:PassRole", arg_str(c, "RoleArn")));
    }
    TRY(bus_named(c, arg_str(c, "EventBusName"), &bus));
    TRY(trigger_check(c, bus, &trigger));
    changed = rule_change(c, bus, rule_find(bus, arg_str(c, "Name")), &trigger);
    if (changed != OK) {
        pattern_free(trigger.pattern);
    }
    return changed;
}

/* ---- the others ---- */

/* DeleteRule */
status events_delete_rule(struct call *c)
{
    struct str name = arg_str(c, "Name");
    struct event_bus *bus;
    struct rule *rule;

    TRY(call_may(c, "events:DeleteRule", rule_arn_of(c, arg_str(c, "EventBusName"), name)));
    TRY(bus_named(c, arg_str(c, "EventBusName"), &bus));
    rule = rule_find(bus, name);
    if (rule == NULL) {
        return OK;
    }
    if (rule->target_count > 0) {
        return fail(c, &EVENTS_VALIDATION, "Rule can't be deleted since it has targets.");
    }
    call_on(c, arena_dup(c->arena, rule->arn));
    if (rule->schedule_text.bytes > 0) {
        tick_end(c, rule);
    }
    hold_forget(c, HOLD_SUBSCRIPTION, c->resource);
    rule_erase(c, rule);
    rule_remove(rule);
    return OK;
}

static void set_text(struct value *item, const char *member, struct str text)
{
    if (text.bytes > 0) {
        set_str(item, member, text);
    }
}

static void rule_show(struct value *item, const struct rule *rule)
{
    set_str(item, "Name", rule->name);
    set_str(item, "Arn", rule->arn);
    set_text(item, "EventPattern", rule->pattern_text);
    set_text(item, "ScheduleExpression", rule->schedule_text);
    set_str(item, "State", rule_state_text(rule->state));
    set_text(item, "Description", rule->description);
    set_text(item, "RoleArn", rule->role);
    set_str(item, "EventBusName", rule->bus->name);
}

/* DescribeRule */
status events_describe_rule(struct call *c)
{
    struct rule *rule;

    TRY(rule_of_call(c, "Name", "events:DescribeRule", &rule));
    rule_show(c->out, rule);
    put_str(c, "CreatedBy", rule->bus->account);
    return OK;
}

/* DisableRule */
status events_disable_rule(struct call *c)
{
    struct rule *rule;

    TRY(rule_of_call(c, "Name", "events:DisableRule", &rule));
    rule->state = RULE_DISABLED;
    if (rule->schedule_text.bytes > 0) {
        tick_end(c, rule);
    }
    rule_save(c, rule);
    return OK;
}

/* EnableRule */
status events_enable_rule(struct call *c)
{
    struct rule *rule;

    TRY(rule_of_call(c, "Name", "events:EnableRule", &rule));
    if (!rule_is_on(rule) && rule->schedule_text.bytes > 0) {
        tick_begin(c, rule);
    }
    rule->state = RULE_ENABLED;
    rule_save(c, rule);
    return OK;
}

/* ListRules */
status events_list_rules(struct call *c)
{
    struct event_bus *bus;
    struct paging paging;
    struct value *list;

    TRY(call_may(c, "events:ListRules", STR("*")));
    TRY(bus_named(c, arg_str(c, "EventBusName"), &bus));
    TRY(paging_of_call(c, &paging));
    list = put_list(c, "Rules", paging.limit);
    for (size_t i = 0; i < bus->rules.count; i++) {
        const struct rule *rule = bus->rules.rules[i];

        if (!str_starts(rule->name, arg_str(c, "NamePrefix")) ||
            paging_is_behind(&paging, rule->name)) {
            continue;
        }
        if (!paging_takes(c, &paging, rule->name)) {
            break;
        }
        rule_show(list_add(c->arena, list), rule);
    }
    return OK;
}
