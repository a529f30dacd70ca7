/* SPDX-License-Identifier: Apache-2.0
 *
 * Policies of advanced parameters: a parameter that expires, an event before it does, an event when
 * it has not changed for long. Source: "Assigning parameter policies in Parameter Store", Systems
 * Manager user guide.
 *
 *   timer "Expiration/ARN", "ExpirationNotification/ARN", "NoChangeNotification/ARN"
 */
#include "bus/timer.h"
#include "svc/ssm/ssm_int.h"
#include "wire/json.h"

static const char *const kinds[] = {"Expiration", "ExpirationNotification",
                                    "NoChangeNotification"};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* ---- reading ---- */

static struct str text_in(const struct value *map, const char *key)
{
    const struct value *found = map == NULL || map->kind != VALUE_MAP
                                    ? NULL : map_find(map, str_c(key));

    return found != NULL && found->kind == VALUE_STR ? found->str : STR_NONE;
}

/* "30" and "Days" or "Hours"; false: it is neither. */
static bool span_of(const struct value *attributes, const char *key, int64_t *ret_ms)
{
    struct str unit = text_in(attributes, "Unit");
    uint64_t number;

    if (!str_to_u64(text_in(attributes, key), &number) || number == 0 || number > 100000 ||
        !(str_eq(unit, STR("Days")) || str_eq(unit, STR("Hours")))) {
        return false;
    }
    *ret_ms = (int64_t)number * (str_eq(unit, STR("Days")) ? MS_PER_DAY : MS_PER_HOUR);
    return true;
}

/* A policy's text, taken apart; NULL: it is none. */
static const struct value *policy_read(struct call *c, struct str text)
{
    struct value *document = ARENA_NEW(c->arena, struct value);

    return json_read(arena_dup(c->arena, text), 0, c->arena, NULL, document) == OK &&
                   document->kind == VALUE_MAP
               ? document : NULL;
}

static status one_check(struct call *c, const struct value *policy)
{
    const struct value *attributes = map_find(policy, STR("Attributes"));
    struct str type = text_in(policy, "Type");
    int64_t moment_ms;
    bool good;

    if (str_eq(type, STR("Expiration"))) {
        good = time_from_iso(text_in(attributes, "Timestamp"), &moment_ms);
    } else if (str_eq(type, STR("ExpirationNotification"))) {
        good = span_of(attributes, "Before", &moment_ms);
    } else if (str_eq(type, STR("NoChangeNotification"))) {
        good = span_of(attributes, "After", &moment_ms);
    } else {
        return fail(c, &SSM_POLICY_TYPE, "The policy type is not supported: %.*s",
                    STR_ARG(type));
    }
    return good ? OK
                : fail(c, &SSM_POLICY_ATTRIBUTE, "A policy attribute or its value is invalid: "
                       "%.*s", STR_ARG(type));
}

/* All of them together: none twice, no notice of an expiration that never is. */
static status set_check(struct call *c, const struct value *list)
{
    size_t counts[KINDS] = {0};

    for (uint32_t i = 0; i < list->count; i++) {
        if (list->items[i].kind != VALUE_MAP) {
            return fail(c, &SSM_POLICY_TYPE, "The parameter policies are not well-formed.");
        }
        TRY(one_check(c, &list->items[i]));
        for (size_t k = 0; k < KINDS; k++) {
            counts[k] += str_eq(text_in(&list->items[i], "Type"), str_c(kinds[k])) ? 1 : 0;
        }
    }
    if (list->count > POLICIES_MAX) {
        return fail(c, &SSM_POLICIES, "You specified more than the maximum number of allowed "
                    "policies for the parameter. The maximum is %d.", POLICIES_MAX);
    }
    if (counts[0] > 1 || (counts[1] > 0 && counts[0] == 0)) {
        return fail(c, &SSM_POLICY_BOTH, "There is a conflict in the policies specified for this "
                    "parameter.");
    }
    return OK;
}

status policies_of_call(struct call *c, const struct value *old, struct value *about)
{
    struct value list = {.kind = VALUE_LIST};
    struct value *policies;

    if (!arg_has(c, "Policies")) {
        if (old != NULL && has(old, "Policies")) {
            set_value(about, "Policies", get(old, "Policies"));
        } else {
            set_list(c->arena, about, "Policies", 0);
        }
        return OK;
    }
    if (json_read(arena_dup(c->arena, arg_str(c, "Policies")), 0, c->arena, NULL, &list) != OK ||
        !(list.kind == VALUE_LIST || (list.kind == VALUE_MAP && list.count == 0))) {
        return fail(c, &SSM_POLICY_TYPE, "The parameter policies are not well-formed.");
    }
    TRY(set_check(c, &list));
    if (list.count > 0 && !str_eq(tier_of_call(c, old), STR("Advanced"))) {
        return fail(c, &SSM_VALIDATION, "Parameter policies are only supported by parameters of "
                    "the advanced-parameter tier.");
    }
    policies = set_list(c->arena, about, "Policies", list.count);
    for (uint32_t i = 0; i < list.count; i++) {
        struct value *policy = list_add(c->arena, policies);
        struct buf text;

        buf_init(&text, 8192);
        json_write(&text, &list.items[i], TIME_EPOCH);
        set_str(policy, "PolicyText", arena_dup(c->arena, buf_str(&text)));
        buf_done(&text);
        set_str(policy, "PolicyType", text_in(&list.items[i], "Type"));
        set_str(policy, "PolicyStatus", STR("Pending"));
    }
    return OK;
}

/* ---- timers ---- */

static struct str timer_name(struct call *c, struct str type, const struct parameter *parameter)
{
    return arena_printf(c->arena, "%.*s/%.*s", STR_ARG(type),
                        STR_ARG(get_str(parameter->about, "ARN")));
}

static int64_t expires_ms(struct call *c, const struct value *policies)
{
    int64_t at_ms = INT64_MAX;

    for (uint32_t i = 0; i < policies->count; i++) {
        if (str_eq(get_str(&policies->items[i], "PolicyType"), STR("Expiration"))) {
            const struct value *policy = policy_read(c, get_str(&policies->items[i], "PolicyText"));

            (void)time_from_iso(text_in(map_find(policy, STR("Attributes")), "Timestamp"),
                                &at_ms);
        }
    }
    return at_ms;
}

static int64_t policy_moment(struct call *c, const struct parameter *parameter,
                             const struct value *entry)
{
    const struct value *policy = policy_read(c, get_str(entry, "PolicyText"));
    const struct value *attributes = map_find(policy, STR("Attributes"));
    int64_t end_ms = expires_ms(c, get(parameter->about, "Policies"));
    int64_t span_ms = 0;

    if (str_eq(get_str(entry, "PolicyType"), STR("Expiration"))) {
        return end_ms;
    }
    if (str_eq(get_str(entry, "PolicyType"), STR("ExpirationNotification"))) {
        return span_of(attributes, "Before", &span_ms) ? end_ms - span_ms : end_ms;
    }
    (void)span_of(attributes, "After", &span_ms);
    return get_time(parameter->about, "LastModifiedDate", 0) + span_ms;
}

void policies_forget(struct call *c, const struct parameter *parameter)
{
    for (size_t k = 0; k < KINDS; k++) {
        bus_timer_unset(c, SSM_SERVICE, timer_name(c, str_c(kinds[k]), parameter));
    }
}

/* Each kind's timer for the soonest of its policies that has not acted. */
void policies_plan(struct call *c, const struct parameter *parameter)
{
    const struct value *policies = get(parameter->about, "Policies");

    policies_forget(c, parameter);
    for (size_t k = 0; k < KINDS && policies != NULL; k++) {
        int64_t at_ms = INT64_MAX;

        for (uint32_t i = 0; i < policies->count; i++) {
            const struct value *entry = &policies->items[i];

            if (str_eq(get_str(entry, "PolicyType"), str_c(kinds[k])) &&
                str_eq(get_str(entry, "PolicyStatus"), STR("Pending"))) {
                int64_t moment_ms = policy_moment(c, parameter, entry);

                at_ms = moment_ms < at_ms ? moment_ms : at_ms;
            }
        }
        if (at_ms != INT64_MAX) {
            bus_timer_set(c, SSM_SERVICE, timer_name(c, str_c(kinds[k]), parameter), at_ms,
                          STR_NONE);
        }
    }
}

/* Those of that kind whose moment has come. */
static void act(struct call *c, struct parameter *parameter, struct str kind)
{
    struct value *policies = (struct value *)(uintptr_t)get(parameter->about, "Policies");

    for (uint32_t i = 0; i < policies->count; i++) {
        struct value *entry = &policies->items[i];

        if (str_eq(get_str(entry, "PolicyType"), kind) &&
            str_eq(get_str(entry, "PolicyStatus"), STR("Pending")) &&
            policy_moment(c, parameter, entry) <= c->now) {
            event_policy(c, parameter, entry);
            set_str(entry, "PolicyStatus", STR("Finished"));
        }
    }
}

status ssm_timer(struct call *c, struct str name, struct str payload)
{
    size_t slash = str_find(name, '/', 0);
    struct str arn_text = str_slice(name, slash + 1, name.bytes);
    struct str kind = str_slice(name, 0, slash);
    struct parameter parameter;
    struct arn arn;

    (void)payload;
    if (!arn_read(arn_text, &arn)) {
        return OK;
    }
    c->account = arn.account;
    c->region = arn.region;
    if (parameter_of_text(c, arn_text, &parameter) != OK || !has(parameter.about, "Policies")) {
        return OK;
    }
    act(c, &parameter, kind);
    if (str_eq(kind, STR("Expiration")) &&
        expires_ms(c, get(parameter.about, "Policies")) <= c->now) {
        event_change(c, &parameter, "Delete");
        policies_forget(c, &parameter);
        parameter_purge(c, &parameter);
        return OK;
    }
    parameter_save(c, &parameter);
    policies_plan(c, &parameter);
    return OK;
}
