/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations of event buses.
 */
#include "bus/hold.h"
#include "cell/authorize.h"
#include "svc/events/events_ops.h"

#include <stdlib.h>

/* ---- what is set ---- */

static status settings_check(struct call *c)
{
    const struct value *dead = arg(c, "DeadLetterConfig");
    struct str text = dead == NULL ? STR_NONE : get_str(dead, "Arn");
    struct arn arn;

    if (text.bytes > 0 && (!arn_read(text, &arn) || !str_eq(arn.service, STR("sqs")))) {
        return fail(c, &EVENTS_VALIDATION, "Parameter DeadLetterConfig.Arn is not valid.");
    }
    return OK;
}

/* What is not said stays, or (all) goes. */
static void settings_set(struct call *c, struct event_bus *bus, bool all)
{
    const struct value *dead = arg(c, "DeadLetterConfig");
    const struct value *log = arg(c, "LogConfig");

    if (all || arg_has(c, "Description")) {
        text_set(&bus->description, arg_str(c, "Description"));
    }
    if (all || arg_has(c, "KmsKeyIdentifier")) {
        text_set(&bus->kms_key, arg_str(c, "KmsKeyIdentifier"));
    }
    if (all || dead != NULL) {
        text_set(&bus->dead_arn, dead == NULL ? STR_NONE : get_str(dead, "Arn"));
    }
    if (all || log != NULL) {
        text_set(&bus->log_level, log == NULL ? STR_NONE : get_str(log, "Level"));
        text_set(&bus->log_detail, log == NULL ? STR_NONE : get_str(log, "IncludeDetail"));
    }
    bus->modified_ms = c->now;
}

static void put_text(struct call *c, const char *member, struct str text)
{
    if (text.bytes > 0) {
        put_str(c, member, text);
    }
}

static void put_settings(struct call *c, const struct event_bus *bus)
{
    put_text(c, "Description", bus->description);
    put_text(c, "KmsKeyIdentifier", bus->kms_key);
    if (bus->dead_arn.bytes > 0) {
        set_str(put_struct(c, "DeadLetterConfig"), "Arn", bus->dead_arn);
    }
    if (bus->log_level.bytes + bus->log_detail.bytes > 0) {
        struct value *log = put_struct(c, "LogConfig");

        if (bus->log_detail.bytes > 0) {
            set_str(log, "IncludeDetail", bus->log_detail);
        }
        if (bus->log_level.bytes > 0) {
            set_str(log, "Level", bus->log_level);
        }
    }
}

/* ---- operations ---- */

static size_t buses_here(struct call *c)
{
    struct events *events = events_of(c);
    size_t count = 0;
    struct str key;
    void *value;

    for (size_t i = 0; map_next(events->buses, &i, &key, &value);) {
        const struct event_bus *bus = value;

        count += str_eq(bus->account, c->account) && str_eq(bus->region, c->region);
    }
    return count;
}

/* CreateEventBus */
status events_create_bus(struct call *c)
{
    struct str name = arg_str(c, "Name");
    struct event_bus *bus;

    TRY(call_may(c, "events:CreateEventBus", bus_arn_of(c, name)));
    if (arg_has(c, "EventSourceName")) {
        return fail(c, &EVENTS_NOT_THERE, "weir has no partner event sources");
    }
    if (str_find(name, '/', 0) < name.bytes) {
        return fail(c, &EVENTS_VALIDATION, "Event bus name must not contain '/'.");
    }
    if (bus_find(events_of(c), c->account, c->region, name) != NULL) {
        return fail(c, &EVENTS_EXISTS, "Event bus %.*s already exists.", STR_ARG(name));
    }
    TRY(settings_check(c));
    TRY(tags_check(c, arg(c, "Tags"), 0));
    if (c->limits && buses_here(c) > BUSES_PER_ACCOUNT) {
        return fail(c, &EVENTS_LIMIT,
                    "The requested resource exceeds the maximum number allowed.");
    }
    bus = bus_new(c->account, c->region, name);
    if (!bus_add(events_of(c), bus)) {
        bus_free(bus);
        return fail(c, &EVENTS_LIMIT,
                    "The requested resource exceeds the maximum number allowed.");
    }
    bus->created_ms = c->now;
    settings_set(c, bus, true);
    tags_set(&bus->tags, arg(c, "Tags"));
    bus_save(c, bus);
    call_on(c, bus->arn);
    put_str(c, "EventBusArn", bus->arn);
    put_settings(c, bus);
    return OK;
}

/* UpdateEventBus */
status events_update_bus(struct call *c)
{
    struct event_bus *bus;

    TRY(call_may(c, "events:UpdateEventBus", bus_arn_of(c, arg_str(c, "Name"))));
    TRY(bus_named(c, arg_str(c, "Name"), &bus));
    TRY(settings_check(c));
    settings_set(c, bus, false);
    bus_save(c, bus);
    call_on(c, bus->arn);
    put_str(c, "Arn", bus->arn);
    put_str(c, "Name", bus->name);
    put_settings(c, bus);
    return OK;
}

/* DescribeEventBus */
status events_describe_bus(struct call *c)
{
    struct event_bus *bus;

    TRY(call_may(c, "events:DescribeEventBus", bus_arn_of(c, arg_str(c, "Name"))));
    TRY(bus_named(c, arg_str(c, "Name"), &bus));
    put_str(c, "Name", bus->name);
    put_str(c, "Arn", bus->arn);
    put_settings(c, bus);
    put_text(c, "Policy", bus->policy);
    if (bus->stored) {
        put_time(c, "CreationTime", bus->created_ms);
        put_time(c, "LastModifiedTime", bus->modified_ms);
    }
    return OK;
}

/* DeleteEventBus */
status events_delete_bus(struct call *c)
{
    struct str name = arg_str(c, "Name");
    struct event_bus *bus;

    TRY(call_may(c, "events:DeleteEventBus", bus_arn_of(c, name)));
    if (str_eq(name, STR("default"))) {
        return fail(c, &EVENTS_VALIDATION, "Cannot delete event bus default.");
    }
    bus = bus_find(events_of(c), c->account, c->region, name);
    if (bus == NULL) {
        return OK;
    }
    if (bus->rules.count > 0) {
        return fail(c, &EVENTS_VALIDATION, "EventBus can't be deleted since it has rules.");
    }
    call_on(c, arena_dup(c->arena, bus->arn));
    bus_erase(c, bus);
    bus_remove(events_of(c), bus);
    return OK;
}

static int by_name(const void *a, const void *b)
{
    return str_cmp((*(struct event_bus *const *)a)->name, (*(struct event_bus *const *)b)->name);
}

/* Those of the caller's account and region, in the order of their names. */
static struct event_bus **buses_sorted(struct call *c, size_t *ret_count)
{
    struct map *buses = events_of(c)->buses;
    struct event_bus **sorted;
    size_t count = 0;
    struct str key;
    void *value;

    (void)bus_find(events_of(c), c->account, c->region, STR("default"));
    sorted = arena_alloc(c->arena, (map_count(buses) + 1) * sizeof(*sorted));
    for (size_t i = 0; map_next(buses, &i, &key, &value);) {
        struct event_bus *bus = value;

        if (str_eq(bus->account, c->account) && str_eq(bus->region, c->region)) {
            sorted[count++] = bus;
        }
    }
    qsort(sorted, count, sizeof(*sorted), by_name);
    *ret_count = count;
    return sorted;
}

static void list_bus(struct call *c, struct value *list, const struct event_bus *bus)
{
    struct value *item = list_add(c->arena, list);

    set_str(item, "Name", bus->name);
    set_str(item, "Arn", bus->arn);
    if (bus->description.bytes > 0) {
        set_str(item, "Description", bus->description);
    }
    if (bus->policy.bytes > 0) {
        set_str(item, "Policy", bus->policy);
    }
    if (bus->stored) {
        set_time(item, "CreationTime", bus->created_ms);
        set_time(item, "LastModifiedTime", bus->modified_ms);
    }
}

/* ListEventBuses */
status events_list_buses(struct call *c)
{
    struct event_bus **sorted;
    struct paging paging;
    struct value *list;
    size_t count;

    TRY(call_may(c, "events:ListEventBuses", STR("*")));
    TRY(paging_of_call(c, &paging));
    sorted = buses_sorted(c, &count);
    list = put_list(c, "EventBuses", count);
    for (size_t i = 0; i < count; i++) {
        if (!str_starts(sorted[i]->name, arg_str(c, "NamePrefix")) ||
            paging_is_behind(&paging, sorted[i]->name)) {
            continue;
        }
        if (!paging_takes(c, &paging, sorted[i]->name)) {
            break;
        }
        list_bus(c, list, sorted[i]);
    }
    return OK;
}
