/* SPDX-License-Identifier: Apache-2.0
 *
 * What a simulation asks of cell/policy.h, and how its answer is told. Source: SimulateCustomPolicy
 * and SimulatePrincipalPolicy, IAM API reference. A result names the statements that decide it: of
 * a denial only those that deny.
 */
#include "svc/iam/simulate.h"
#include "cell/arn.h"

#include <assert.h>

/* ---- what of the request is known ---- */

static const struct simulation *simulation_of(const struct policy_context *context)
{
    const char *at = (const char *)context;

    return (const struct simulation *)(const void *)(at - offsetof(struct simulation, context));
}

static bool entry_find(const struct call *c, struct str key, struct policy_values *ret_values)
{
    const struct value *entries = arg(c, "ContextEntries");

    for (uint32_t i = 0; entries != NULL && i < entries->count; i++) {
        const struct value *list = get(&entries->items[i], "ContextKeyValues");
        struct str *values;

        if (!str_eq_nocase(get_str(&entries->items[i], "ContextKeyName"), key) || list == NULL) {
            continue;
        }
        values = arena_alloc(c->arena, (list->count + 1) * sizeof(values[0]));
        for (uint32_t k = 0; k < list->count; k++) {
            values[k] = list->items[k].str;
        }
        ret_values->values = values;
        ret_values->count = list->count;
        return true;
    }
    return false;
}

static bool context_find(const struct policy_context *context, struct str key,
                         struct policy_values *ret_values)
{
    const struct simulation *simulation = simulation_of(context);
    const struct policy_principal *principal = &simulation->principal;
    struct str one = STR_NONE;
    size_t slash = principal->arn.bytes;

    if (entry_find(simulation->c, key, ret_values)) {
        return true;
    }
    while (slash > 0 && principal->arn.at[slash - 1] != '/') {
        slash--;
    }
    if (str_eq_nocase(key, STR("aws:PrincipalArn"))) {
        one = principal->source;
    } else if (str_eq_nocase(key, STR("aws:PrincipalAccount"))) {
        one = principal->account;
    } else if (str_eq_nocase(key, STR("aws:username")) && principal->kind == CALLER_USER) {
        one = str_slice(principal->arn, slash, principal->arn.bytes);
    }
    if (one.bytes == 0) {
        return false;
    }
    ret_values->one = one;
    ret_values->values = &ret_values->one;
    ret_values->count = 1;
    return true;
}

/* ---- what a decision says ---- */

static void heard_match(struct policy_listener *listener, const struct policy_heard *heard)
{
    struct simulation *simulation = (struct simulation *)(void *)listener;

    if (simulation->matched_count < MATCHED_MAX) {
        simulation->matched[simulation->matched_count++] = *heard;
    }
}

static void heard_missing(struct policy_listener *listener, struct str key)
{
    struct simulation *simulation = (struct simulation *)(void *)listener;

    for (size_t i = 0; i < simulation->missing_count; i++) {
        if (str_eq_nocase(simulation->missing[i], key)) {
            return;
        }
    }
    if (simulation->missing_count < MISSING_MAX) {
        simulation->missing[simulation->missing_count++] = key;
    }
}

/* ---- life ---- */

void simulation_init(struct simulation *simulation, struct call *c)
{
    *simulation = (struct simulation){
        .listener = {.matched = heard_match, .missing = heard_missing},
        .context = {.find = context_find},
        .c = c,
        .made_room = 3 * SIMULATED_POLICIES_MAX,
    };
    simulation->made = arena_alloc(c->arena, simulation->made_room * sizeof(struct policy *));
}

void simulation_done(struct simulation *simulation)
{
    for (size_t i = 0; i < simulation->made_count; i++) {
        policy_drop(simulation->made[i]);
    }
}

static status compile(struct simulation *simulation, struct str text, enum policy_kind kind,
                      struct policy **ret_policy)
{
    struct why why;

    if (simulation->made_count == simulation->made_room) {
        return fail(simulation->c, &IAM_INVALID, "Too many policies.");
    }
    if (policy_compile(text, kind, &why, ret_policy) != OK) {
        return fail(simulation->c, &IAM_INVALID, "Invalid policy document: %s", why.text);
    }
    simulation->made[simulation->made_count++] = *ret_policy;
    return OK;
}

status simulation_add(struct simulation *simulation, enum policy_part part, const char *member)
{
    struct call *c = simulation->c;
    const struct value *list = arg(c, member);
    struct policy_set *set = &simulation->sets[part];
    struct policy_named *all;

    if (list == NULL || list->count == 0) {
        return OK;
    }
    if (list->count > SIMULATED_POLICIES_MAX) {
        return fail(c, &IAM_INVALID, "%s has more than %d policies.", member,
                    SIMULATED_POLICIES_MAX);
    }
    all = arena_alloc(c->arena, (set->count + list->count) * sizeof(all[0]));
    for (size_t i = 0; i < set->count; i++) {
        all[i] = set->policies[i];
    }
    for (uint32_t i = 0; i < list->count; i++) {
        struct policy *policy;

        TRY(compile(simulation, list->items[i].str, POLICY_OF_IDENTITY, &policy));
        all[set->count + i] = (struct policy_named){
            policy, arena_printf(c->arena, "%s.%u", member, i + 1)};
    }
    set->policies = all;
    set->count += list->count;
    set->present = true;
    return OK;
}

static void principal_of_arn(struct simulation *simulation, struct str arn)
{
    struct policy_principal *principal = &simulation->principal;
    struct arn parts;

    *principal = (struct policy_principal){
        .kind = CALLER_USER, .arn = arn, .source = arn, .account = simulation->c->account};
    if (!arn_read(arn, &parts)) {
        return;
    }
    principal->account = parts.account;
    if (str_eq(parts.resource, STR("root"))) {
        principal->kind = CALLER_ROOT;
    } else if (str_starts(parts.resource, STR("role/")) ||
               str_starts(parts.resource, STR("assumed-role/"))) {
        principal->kind = CALLER_ROLE;
    }
}

status simulation_caller(struct simulation *simulation, struct str fallback)
{
    struct call *c = simulation->c;
    struct str caller = arg_has(c, "CallerArn") ? arg_str(c, "CallerArn") : fallback;
    struct str owner = arg_str(c, "ResourceOwner");
    struct policy_set *set = &simulation->sets[PART_RESOURCE];
    struct policy_named *named;
    struct policy *policy;
    struct arn arn;

    principal_of_arn(simulation, caller);
    if (owner.bytes > 0) {
        simulation->owner = arn_read(owner, &arn) ? arn.account : owner;
    }
    if (!arg_has(c, "ResourcePolicy")) {
        return OK;
    }
    TRY(compile(simulation, arg_str(c, "ResourcePolicy"), POLICY_OF_RESOURCE, &policy));
    named = ARENA_NEW(c->arena, struct policy_named);
    *named = (struct policy_named){policy, STR("ResourcePolicy")};
    *set = (struct policy_set){.policies = named, .count = 1, .present = true};
    return OK;
}

/* ---- one result ---- */

static void put_position(struct call *c, struct value *item, const char *member, uint32_t line,
                         uint32_t column)
{
    struct value *position = set_struct(c->arena, item, member);

    set_int(position, "Line", line);
    set_int(position, "Column", column);
}

static void put_matched(struct simulation *simulation, const struct policy_decision *decision,
                        struct value *out)
{
    struct call *c = simulation->c;
    struct value *list = set_list(c->arena, out, "MatchedStatements", simulation->matched_count);

    for (size_t i = 0; i < simulation->matched_count; i++) {
        const struct policy_heard *matched = &simulation->matched[i];
        struct policy_place place = policy_place(matched->policy->policy, matched->statement);
        struct value *item;

        if (place.allows == decision->denied) {
            continue; /* it is not what decided */
        }
        item = list_add(c->arena, list);
        set_str(item, "SourcePolicyId", matched->policy->name);
        set_str(item, "SourcePolicyType", STR("IAM Policy"));
        put_position(c, item, "StartPosition", place.begin_line, place.begin_column);
        put_position(c, item, "EndPosition", place.end_line, place.end_column);
    }
}

void simulation_run(struct simulation *simulation, struct str action, struct str resource,
                    struct value *out)
{
    struct call *c = simulation->c;
    struct policy_request request = {
        .principal = simulation->principal, .action = action, .resource = resource,
        .account = simulation->owner, .context = &simulation->context};
    struct policy_decision decision;
    struct value *missing;

    simulation->matched_count = simulation->missing_count = 0;
    policy_decide(&request, simulation->sets, &simulation->listener, &decision);
    set_str(out, "EvalActionName", action);
    set_str(out, "EvalResourceName", resource);
    set_str(out, "EvalDecision",
            decision.allowed ? STR("allowed")
                             : decision.denied ? STR("explicitDeny") : STR("implicitDeny"));
    put_matched(simulation, &decision, out);
    missing = set_list(c->arena, out, "MissingContextValues", simulation->missing_count);
    for (size_t i = 0; i < simulation->missing_count; i++) {
        list_add_str(missing, simulation->missing[i]);
    }
    if (simulation->sets[PART_BOUNDARY].present) {
        set_bool(set_struct(c->arena, out, "PermissionsBoundaryDecisionDetail"),
                 "AllowedByPermissionsBoundary",
                 decision.said[PART_BOUNDARY] == SAID_ALLOW);
    }
}
