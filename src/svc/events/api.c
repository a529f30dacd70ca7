/* SPDX-License-Identifier: Apache-2.0
 *
 * Amazon EventBridge: the table of operations, in the order of the API reference, its errors, and
 * the service's life.
 */
#include "base/mem.h"
#include "cell/cell.h"
#include "svc/events/cfn.h"
#include "svc/events/events_ops.h"

#include <assert.h>

const struct error EVENTS_NOT_FOUND = {"ResourceNotFoundException", NULL, 400, false};
const struct error EVENTS_EXISTS = {"ResourceAlreadyExistsException", NULL, 400, false};
const struct error EVENTS_VALIDATION = {"ValidationException", NULL, 400, false};
const struct error EVENTS_PATTERN = {"InvalidEventPatternException", NULL, 400, false};
const struct error EVENTS_LIMIT = {"LimitExceededException", NULL, 400, false};
const struct error EVENTS_POLICY_LENGTH = {"PolicyLengthExceededException", NULL, 400, false};
const struct error EVENTS_NOT_THERE = {"NotImplemented", NULL, 501, false};

static const struct op ops[] = {
    {"CreateEventBus", events_create_bus},
    {"DeleteEventBus", events_delete_bus},
    {"DeleteRule", events_delete_rule},
    {"DescribeEventBus", events_describe_bus},
    {"DescribeRule", events_describe_rule},
    {"DisableRule", events_disable_rule},
    {"EnableRule", events_enable_rule},
    {"ListEventBuses", events_list_buses},
    {"ListRuleNamesByTarget", events_list_rule_names},
    {"ListRules", events_list_rules},
    {"ListTagsForResource", events_list_tags},
    {"ListTargetsByRule", events_list_targets},
    {"PutEvents", events_put_events},
    {"PutPermission", events_put_permission},
    {"PutRule", events_put_rule},
    {"PutTargets", events_put_targets},
    {"RemovePermission", events_remove_permission},
    {"RemoveTargets", events_remove_targets},
    {"TagResource", events_tag},
    {"TestEventPattern", events_test_pattern},
    {"UntagResource", events_untag},
    {"UpdateEventBus", events_update_bus},
};

static void events_close(void *state)
{
    struct events *events = state;
    struct str key;
    void *bus;

    if (events == NULL) {
        return;
    }
    for (size_t i = 0; map_next(events->buses, &i, &key, &bus);) {
        bus_free(bus);
    }
    map_free(events->buses);
    mem_free(events);
}

/* The shape of PutTargets' items. */
static uint32_t target_shape(void)
{
    const struct operation *put = model_operation(model_service(STR("events")), STR("PutTargets"));
    const struct shape *input = model_shape(put->input);
    int index = model_member_index(input, STR("Targets"));
    const struct shape *list;

    assert(index >= 0);
    list = model_shape(model_members[input->first + (uint32_t)index].shape);
    return model_members[list->first].shape;
}

static status events_open(struct cell *cell, void **ret_state)
{
    struct events *events = MEM_NEW(struct events);

    events->cell = cell;
    events->buses = map_new(BUSES_MAX);
    events->target_shape = target_shape();
    *ret_state = events; /* closed by the cell also when loading failed */
    events_join_bus(cell);
    events_join_policies(cell);
    return events_load(events);
}

const struct service events_service = {
    .id = "events",
    OPS(ops),
    .open = events_open,
    .close = events_close,
    .types = events_types,
    .type_count = EVENTS_TYPES,
};
