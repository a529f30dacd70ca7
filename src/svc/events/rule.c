/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules in memory, and the index that finds the few of a bus's many rules that an event may match:
 * most patterns say what the source is.
 */
#include "base/mem.h"
#include "svc/events/events_int.h"

#include <assert.h>
#include <string.h>

/* ---- lists ---- */

static size_t place(const struct rule_list *list, struct str name)
{
    size_t low = 0;
    size_t high = list->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (str_cmp(list->rules[middle]->name, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void list_put(struct rule_list *list, struct rule *rule)
{
    size_t at = place(list, rule->name);

    list->rules = mem_grow(list->rules, (list->count + 1) * sizeof(*list->rules));
    memmove(list->rules + at + 1, list->rules + at, (list->count - at) * sizeof(*list->rules));
    list->rules[at] = rule;
    list->count++;
}

/* ---- rules ---- */

struct rule *rule_new(struct event_bus *bus, struct str name)
{
    struct rule *rule = MEM_NEW(struct rule);
    struct arena *arena = arena_new(4096);
    struct str resource =
        str_eq(bus->name, STR("default"))
            ? arena_printf(arena, "rule/%.*s", STR_ARG(name))
            : arena_printf(arena, "rule/%.*s/%.*s", STR_ARG(bus->name), STR_ARG(name));
    struct arn arn = {arn_partition(bus->region), STR("events"), bus->region, bus->account,
                      resource};

    rule->bus = bus;
    rule->state = RULE_ENABLED;
    text_set(&rule->name, name);
    text_set(&rule->arn, arn_write(arena, &arn));
    arena_free(arena);
    return rule;
}

void rule_free(struct rule *rule)
{
    struct target *next;

    for (struct target *at = rule->targets; at != NULL; at = next) {
        next = at->next;
        target_free(at);
    }
    pattern_free(rule->pattern);
    settings_done(&rule->tags);
    text_set(&rule->name, STR_NONE);
    text_set(&rule->arn, STR_NONE);
    text_set(&rule->pattern_text, STR_NONE);
    text_set(&rule->schedule_text, STR_NONE);
    text_set(&rule->description, STR_NONE);
    text_set(&rule->role, STR_NONE);
    mem_free(rule);
}

struct rule *rule_find(const struct event_bus *bus, struct str name)
{
    size_t at = place(&bus->rules, name);

    return at < bus->rules.count && str_eq(bus->rules.rules[at]->name, name)
               ? bus->rules.rules[at]
               : NULL;
}

struct rule *rule_of_arn(struct events *events, struct str text)
{
    struct event_bus *bus;
    struct str bus_name;
    struct str name;
    struct arn arn;
    size_t slash;

    if (!arn_read(text, &arn) || !str_starts(arn.resource, STR("rule/"))) {
        return NULL;
    }
    name = str_slice(arn.resource, STR("rule/").bytes, arn.resource.bytes);
    for (slash = name.bytes; slash > 0 && name.at[slash - 1] != '/'; slash--) {
    }
    bus_name = slash == 0 ? STR("default") : str_slice(name, 0, slash - 1);
    bus = bus_find(events, arn.account, arn.region, bus_name);
    return bus == NULL ? NULL : rule_find(bus, str_slice(name, slash, name.bytes));
}

void rule_add(struct rule *rule)
{
    list_put(&rule->bus->rules, rule);
    rule->bus->indexed = false;
}

void rule_remove(struct rule *rule)
{
    struct rule_list *list = &rule->bus->rules;
    size_t at = place(list, rule->name);

    assert(list->rules[at] == rule);
    bus_index_drop(rule->bus);
    list->count--;
    memmove(list->rules + at, list->rules + at + 1, (list->count - at) * sizeof(*list->rules));
    rule_free(rule);
}

bool rule_is_on(const struct rule *rule)
{
    return rule->state != RULE_DISABLED;
}

static const char *const states[RULE_STATES] = {
    [RULE_DISABLED] = "DISABLED",
    [RULE_ENABLED] = "ENABLED",
    [RULE_ENABLED_ALL] = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
};

struct str rule_state_text(uint8_t state)
{
    return str_c(states[state]);
}

uint8_t rule_state_of(struct str text)
{
    for (size_t i = 0; i < RULE_STATES; i++) {
        if (str_eq(text, str_c(states[i]))) {
            return (uint8_t)i;
        }
    }
    return RULE_ENABLED;
}

/* ---- the index ---- */

void bus_index_drop(struct event_bus *bus)
{
    struct str key;
    void *list;

    for (size_t i = 0; bus->by_source != NULL && map_next(bus->by_source, &i, &key, &list);) {
        mem_free(((struct rule_list *)list)->rules);
        mem_free(list);
    }
    if (bus->by_source != NULL) {
        map_free(bus->by_source);
    }
    mem_free(bus->others.rules);
    bus->by_source = NULL;
    bus->others = (struct rule_list){NULL, 0};
    bus->indexed = false;
}

static void index_under(struct event_bus *bus, struct str source, struct rule *rule)
{
    struct rule_list *list = map_get(bus->by_source, source);

    if (list == NULL) {
        list = MEM_NEW(struct rule_list);
        (void)map_set(bus->by_source, source, list, NULL);
    }
    if (list->count == 0 || list->rules[list->count - 1] != rule) { /* a source named twice */
        list_put(list, rule);
    }
}

static void bus_index(struct event_bus *bus)
{
    bus_index_drop(bus);
    bus->by_source = map_new((size_t)1 << 30);
    for (size_t i = 0; i < bus->rules.count; i++) {
        struct rule *rule = bus->rules.rules[i];
        struct str source;

        if (rule->pattern == NULL) {
            continue;
        }
        if (!pattern_text_of(rule->pattern, STR("source"), 0, &source)) {
            list_put(&bus->others, rule);
        }
        for (uint32_t k = 0; pattern_text_of(rule->pattern, STR("source"), k, &source); k++) {
            index_under(bus, source, rule);
        }
    }
    bus->indexed = true;
}

struct rule_walk rules_for(struct event_bus *bus, struct str source)
{
    if (!bus->indexed) {
        bus_index(bus);
    }
    return (struct rule_walk){map_get(bus->by_source, source), &bus->others, 0, 0};
}

struct rule *rule_walk_next(struct rule_walk *walk)
{
    struct rule *named = walk->named != NULL && walk->at_named < walk->named->count
                             ? walk->named->rules[walk->at_named]
                             : NULL;
    struct rule *other = walk->at_others < walk->others->count
                             ? walk->others->rules[walk->at_others]
                             : NULL;

    if (named != NULL && (other == NULL || str_cmp(named->name, other->name) < 0)) {
        walk->at_named++;
        return named;
    }
    walk->at_others += other != NULL;
    return other;
}
