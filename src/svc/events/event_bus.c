/* SPDX-License-Identifier: Apache-2.0
 *
 * Event buses in memory. A default bus is there in every account and region: it is made when
 * somebody looks for it, and gets a row when something about it is set.
 */
#include "base/mem.h"
#include "svc/events/events_int.h"

#include <assert.h>

struct event_bus *bus_new(struct str account, struct str region, struct str name)
{
    struct event_bus *bus = MEM_NEW(struct event_bus);
    struct arena *arena = arena_new(4096);
    struct str resource = arena_printf(arena, "event-bus/%.*s", STR_ARG(name));
    struct arn arn = {arn_partition(region), STR("events"), region, account, resource};

    text_set(&bus->account, account);
    text_set(&bus->region, region);
    text_set(&bus->name, name);
    text_set(&bus->arn, arn_write(arena, &arn));
    arena_free(arena);
    return bus;
}

void bus_free(struct event_bus *bus)
{
    struct str *const texts[] = {&bus->account, &bus->region, &bus->name, &bus->arn,
                                 &bus->description, &bus->kms_key, &bus->dead_arn,
                                 &bus->log_level, &bus->log_detail, &bus->policy};

    bus_index_drop(bus);
    for (size_t i = 0; i < bus->rules.count; i++) {
        rule_free(bus->rules.rules[i]);
    }
    mem_free(bus->rules.rules);
    settings_done(&bus->tags);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        text_set(texts[i], STR_NONE);
    }
    mem_free(bus);
}

bool bus_add(struct events *events, struct event_bus *bus)
{
    char key[ARN_NAME_KEY_BYTES_MAX];
    void *former = NULL;
    bool added = map_set(events->buses, arn_name_key(key, bus->account, bus->region, bus->name),
                         bus, &former);

    assert(former == NULL);
    return added;
}

void bus_remove(struct events *events, struct event_bus *bus)
{
    char key[ARN_NAME_KEY_BYTES_MAX];

    (void)map_remove(events->buses, arn_name_key(key, bus->account, bus->region, bus->name));
    bus_free(bus);
}

struct event_bus *bus_find(struct events *events, struct str account, struct str region,
                           struct str name)
{
    char key[ARN_NAME_KEY_BYTES_MAX];
    struct event_bus *bus = map_get(events->buses, arn_name_key(key, account, region, name));

    if (bus == NULL && str_eq(name, STR("default"))) {
        bus = bus_new(account, region, name);
        if (!bus_add(events, bus)) {
            bus_free(bus);
            return NULL;
        }
    }
    return bus;
}

/* Whose bus a text names: an ARN, a name, or nothing. */
static struct arn parts_of(const struct call *c, struct str text)
{
    struct arn arn;

    if (arn_read(text, &arn) && str_eq(arn.service, STR("events")) &&
        str_starts(arn.resource, STR("event-bus/"))) {
        arn.resource = str_slice(arn.resource, STR("event-bus/").bytes, arn.resource.bytes);
        return arn;
    }
    return (struct arn){arn_partition(c->region), STR("events"), c->region, c->account,
                        text.bytes == 0 ? STR("default") : text};
}

struct str bus_arn_of(struct call *c, struct str text)
{
    struct arn arn = parts_of(c, text);

    arn.resource = arena_printf(c->arena, "event-bus/%.*s", STR_ARG(arn.resource));
    return arn_write(c->arena, &arn);
}

status bus_named(struct call *c, struct str text, struct event_bus **ret_bus)
{
    struct arn arn = parts_of(c, text);
    struct event_bus *bus = bus_find(events_of(c), arn.account, arn.region, arn.resource);

    if (bus == NULL) {
        return fail(c, &EVENTS_NOT_FOUND, "Event bus %.*s does not exist.",
                    STR_ARG(arn.resource));
    }
    *ret_bus = bus;
    return OK;
}

struct event_bus *bus_of_arn(struct events *events, struct str text)
{
    struct str prefix = STR("event-bus/");
    struct arn arn;

    if (!arn_read(text, &arn) || !str_starts(arn.resource, prefix)) {
        return NULL;
    }
    return bus_find(events, arn.account, arn.region,
                    str_slice(arn.resource, prefix.bytes, arn.resource.bytes));
}
