/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations that ask what policies would say: the simulators, and which context keys policies
 * ask for. Results come one for each action and resource.
 */
#include "svc/iam/iam_ops.h"
#include "svc/iam/simulate.h"
#include "svc/iam/source.h"

/* ---- the policies of somebody, by ARN ---- */

static status source_of_call(struct call *c, struct principal **ret_principal)
{
    static const uint8_t kinds[] = {USER, GROUP, ROLE};
    struct str arn = arg_str(c, "PolicySourceArn");
    struct account *account;

    TRY(account_of_call(c, &account));
    for (size_t i = 0; i < sizeof(kinds); i++) {
        struct thing *thing = thing_of_arn(account, kinds[i], arn);

        if (thing != NULL) {
            *ret_principal = (struct principal *)thing;
            return OK;
        }
    }
    if (str_find_str(arn, STR(":user/")) == arn.bytes &&
        str_find_str(arn, STR(":group/")) == arn.bytes &&
        str_find_str(arn, STR(":role/")) == arn.bytes) {
        return fail(c, &IAM_INVALID, "Invalid Entity Arn: %.*s does not clearly define entity "
                    "type and name.", STR_ARG(arn));
    }
    return fail(c, &IAM_NO_SUCH, "The entity with ARN %.*s cannot be found.", STR_ARG(arn));
}

/* ---- the simulators ---- */

static status simulate(struct simulation *simulation)
{
    struct call *c = simulation->c;
    const struct value *actions = arg(c, "ActionNames");
    const struct value *resources = arg(c, "ResourceArns");
    uint32_t resource_count = resources == NULL || resources->count == 0 ? 1 : resources->count;
    size_t pairs = (size_t)actions->count * resource_count;
    struct piece piece;

    if (pairs > SIMULATED_PAIRS_MAX) {
        return fail(c, &IAM_INVALID, "weir simulates at most %d actions on resources at a time.",
                    SIMULATED_PAIRS_MAX);
    }
    TRY(piece_begin(c, "EvaluationResults", pairs, &piece));
    for (size_t i = 0; i < pairs; i++) {
        struct str action = actions->items[i / resource_count].str;
        struct str resource = resources == NULL || resources->count == 0
                                  ? STR("*")
                                  : resources->items[i % resource_count].str;

        if (str_find(action, ':', 0) == action.bytes && !str_eq(action, STR("*"))) {
            return fail(c, &IAM_INVALID, "Invalid Input Action: %.*s must be in the form "
                        "vendor:action.", STR_ARG(action));
        }
        if (piece_takes(&piece, arena_printf(c->arena, "%06zu", i + 1))) {
            simulation_run(simulation, action, resource, list_add(c->arena, piece.list));
        }
    }
    return OK;
}

static status simulate_custom(struct simulation *simulation)
{
    struct call *c = simulation->c;

    simulation->sets[PART_IDENTITY].present = true;
    TRY(simulation_add(simulation, PART_IDENTITY, "PolicyInputList"));
    TRY(simulation_add(simulation, PART_BOUNDARY, "PermissionsBoundaryPolicyInputList"));
    TRY(simulation_caller(simulation, arena_printf(c->arena, "arn:aws:iam::%.*s:user/simulated",
                                                   STR_ARG(c->account))));
    return simulate(simulation);
}

/* SimulateCustomPolicy */
status iam_simulate_custom(struct call *c)
{
    struct simulation *simulation = arena_alloc(c->arena, sizeof(*simulation));
    status result;

    simulation_init(simulation, c);
    result = simulate_custom(simulation);
    simulation_done(simulation);
    return result;
}

static status simulate_principal(struct simulation *simulation, const struct principal *principal)
{
    struct call *c = simulation->c;
    struct policy_set *identity = &simulation->sets[PART_IDENTITY];
    struct policy_set *boundary = &simulation->sets[PART_BOUNDARY];
    struct principal_policies *all = ARENA_NEW(c->arena, struct principal_policies);

    principal_all(principal, c->arena, all);
    *identity = (struct policy_set){.policies = all->policies, .count = all->count,
                                    .present = true};
    if (all->boundary.policy != NULL && !arg_has(c, "PermissionsBoundaryPolicyInputList")) {
        *boundary = (struct policy_set){.policies = &all->boundary, .count = 1, .present = true};
    }
    TRY(simulation_add(simulation, PART_IDENTITY, "PolicyInputList"));
    TRY(simulation_add(simulation, PART_BOUNDARY, "PermissionsBoundaryPolicyInputList"));
    TRY(simulation_caller(simulation, thing_arn(c->arena, &principal->thing)));
    return simulate(simulation);
}

/* SimulatePrincipalPolicy: with the boundary that the entity has, unless another is given. */
status iam_simulate_principal(struct call *c)
{
    struct simulation *simulation = arena_alloc(c->arena, sizeof(*simulation));
    struct principal *principal;
    status result;

    TRY(source_of_call(c, &principal));
    simulation_init(simulation, c);
    result = simulate_principal(simulation, principal);
    simulation_done(simulation);
    return result;
}

/* ---- context keys ---- */

static void add_keys(struct texts *keys, const struct policy *policy)
{
    size_t position = 0;
    struct str key;

    while (policy_next_key(policy, &position, &key)) {
        texts_set(keys, key, STR_NONE);
    }
}

static status keys_of_input(struct call *c, struct texts *keys)
{
    const struct value *list = arg(c, "PolicyInputList");

    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        struct policy *policy;
        struct why why;

        if (policy_compile(list->items[i].str, POLICY_OF_IDENTITY, &why, &policy) != OK) {
            return fail(c, &IAM_INVALID, "Invalid policy document: %s", why.text);
        }
        add_keys(keys, policy);
        policy_drop(policy);
    }
    return OK;
}

static void put_keys(struct call *c, const struct texts *keys)
{
    struct value *list = put_list(c, "ContextKeyNames", keys->count);

    for (size_t i = 0; i < keys->count; i++) {
        list_add_str(list, arena_dup(c->arena, keys->items[i].name));
    }
}

/* GetContextKeysForCustomPolicy */
status iam_keys_for_custom(struct call *c)
{
    struct texts keys = {NULL, 0};
    status result = keys_of_input(c, &keys);

    if (result == OK) {
        put_keys(c, &keys);
    }
    texts_done(&keys);
    return result;
}

/* GetContextKeysForPrincipalPolicy */
status iam_keys_for_principal(struct call *c)
{
    struct principal_policies all;
    struct principal *principal;
    struct texts keys = {NULL, 0};
    status result;

    TRY(source_of_call(c, &principal));
    principal_all(principal, c->arena, &all);
    result = keys_of_input(c, &keys);
    if (result == OK) {
        for (size_t i = 0; i < all.count; i++) {
            add_keys(&keys, all.policies[i].policy);
        }
        put_keys(c, &keys);
    }
    texts_done(&keys);
    return result;
}
