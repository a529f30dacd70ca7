/* SPDX-License-Identifier: Apache-2.0
 *
 * What policies are told of event buses and rules: a bus's policy, and tags.
 */
#include "cell/authorize.h"
#include "svc/events/events_int.h"

static const struct event_bus *bus_at(struct cell *cell, struct str arn)
{
    return bus_of_arn(cell_state(cell, "events"), arn);
}

static bool find(struct cell *cell, struct str arn, struct arena *arena,
                 struct resource_facts *ret_facts)
{
    const struct event_bus *bus = bus_at(cell, arn);
    const struct rule *rule = rule_of_arn(cell_state(cell, "events"), arn);

    (void)arena;
    if (bus != NULL) {
        *ret_facts = (struct resource_facts){.policy = bus->policy, .account = bus->account};
    } else if (rule != NULL) {
        *ret_facts = (struct resource_facts){.account = rule->bus->account};
    }
    return bus != NULL || rule != NULL;
}

static bool tag(struct cell *cell, struct str arn, struct str key, struct str *ret_value)
{
    const struct event_bus *bus = bus_at(cell, arn);
    const struct rule *rule = rule_of_arn(cell_state(cell, "events"), arn);
    const struct settings *tags = bus != NULL ? &bus->tags : rule != NULL ? &rule->tags : NULL;

    for (size_t i = 0; tags != NULL && i < tags->count; i++) {
        if (str_eq_nocase(tags->items[i].name, key)) {
            *ret_value = tags->items[i].text;
            return true;
        }
    }
    return false;
}

static const struct resource_source source = {.service = "events", .find = find, .tag = tag};

bool bus_lets(struct call *c, const struct event_bus *bus, struct str account)
{
    const struct policy *policy = policy_of_text(c->cell, bus->policy, POLICY_OF_RESOURCE);
    struct str root = arena_printf(c->arena, "arn:%.*s:iam::%.*s:root",
                                   STR_ARG(arn_partition(bus->region)), STR_ARG(account));
    struct policy_request request = {
        .principal = {.kind = CALLER_ROOT, .arn = root, .source = root, .account = account},
        .action = STR("events:PutEvents"),
        .resource = bus->arn,
        .account = bus->account,
    };
    uint32_t statement;

    if (bus->policy.bytes == 0) {
        return !cell_auth(c->cell); /* as queues and topics */
    }
    return policy != NULL && policy_says(policy, &request, &statement) == SAID_ALLOW;
}

void events_join_policies(struct cell *cell)
{
    resource_source_add(cell, &source);
}
