/* SPDX-License-Identifier: Apache-2.0
 *
 * Key and record bytes of EventBridge; nobody else knows them. All version 1.
 *
 *   ("events", "bus", account, region, name)
 *       zigzag created_ms, zigzag modified_ms, str description, KMS key, dead-letter ARN,
 *       log level, log detail, policy; tags
 *   ("events", "rule", account, region, bus, name)
 *       str pattern, schedule, description, role; u8 state; tags
 *   ("events", "target", account, region, bus, rule, id)
 *       str the model's Target as JSON
 *
 * Tags: var count, then str key and str value of each.
 */
#include "base/cursor.h"
#include "cell/cell.h"
#include "svc/events/events_int.h"

#define VERSION 1
#define VALUE_BYTES_MAX (2u * 1024 * 1024)
#define LOAD_BYTES_MAX (16u * 1024 * 1024)

static struct key key_in(struct arena *arena, const char *kind, const struct event_bus *bus)
{
    struct key key = key_of(arena, "events");

    key_str(&key, str_c(kind));
    key_str(&key, bus->account);
    key_str(&key, bus->region);
    key_str(&key, bus->name);
    return key;
}

static struct str key_of_rule(struct arena *arena, const struct rule *rule)
{
    struct key key = key_in(arena, "rule", rule->bus);

    key_str(&key, rule->name);
    return key_end(&key);
}

static struct str key_of_target(struct arena *arena, const struct rule *rule, struct str id)
{
    struct key key = key_in(arena, "target", rule->bus);

    key_str(&key, rule->name);
    key_str(&key, id);
    return key_end(&key);
}

static void write_tags(struct buf *packed, const struct settings *tags)
{
    write_var(packed, tags->count);
    for (size_t i = 0; i < tags->count; i++) {
        write_str(packed, tags->items[i].name);
        write_str(packed, tags->items[i].text);
    }
}

static void read_tags(struct cursor *cursor, struct settings *tags)
{
    for (uint64_t left = read_var(cursor); left > 0 && cursor_ok(cursor); left--) {
        struct str name = read_str(cursor);

        setting_set(tags, name, read_str(cursor));
    }
}

/* ---- writing ---- */

void bus_save(struct call *c, struct event_bus *bus)
{
    struct key key = key_in(c->arena, "bus", bus);
    struct buf packed;

    if (!bus->stored && bus->created_ms == 0) { /* a default bus, which was always there */
        bus->created_ms = bus->modified_ms = c->now;
    }
    bus->stored = true;
    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_zigzag(&packed, bus->created_ms);
    write_zigzag(&packed, bus->modified_ms);
    write_str(&packed, bus->description);
    write_str(&packed, bus->kms_key);
    write_str(&packed, bus->dead_arn);
    write_str(&packed, bus->log_level);
    write_str(&packed, bus->log_detail);
    write_str(&packed, bus->policy);
    write_tags(&packed, &bus->tags);
    txn_put_packed(c->txn, key_end(&key), &packed);
}

void bus_erase(struct call *c, const struct event_bus *bus)
{
    struct key key = key_in(c->arena, "bus", bus);

    txn_delete(c->txn, key_end(&key));
}

void rule_save(struct call *c, const struct rule *rule)
{
    struct buf packed;

    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_str(&packed, rule->pattern_text);
    write_str(&packed, rule->schedule_text);
    write_str(&packed, rule->description);
    write_str(&packed, rule->role);
    write_u8(&packed, rule->state);
    write_tags(&packed, &rule->tags);
    txn_put_packed(c->txn, key_of_rule(c->arena, rule), &packed);
}

void rule_erase(struct call *c, const struct rule *rule)
{
    for (const struct target *at = rule->targets; at != NULL; at = at->next) {
        target_erase(c, rule, at->id);
    }
    txn_delete(c->txn, key_of_rule(c->arena, rule));
}

void target_save(struct call *c, const struct rule *rule, const struct target *target)
{
    struct buf packed;

    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_str(&packed, target_json(c->arena, target));
    txn_put_packed(c->txn, key_of_target(c->arena, rule, target->id), &packed);
}

void target_erase(struct call *c, const struct rule *rule, struct str id)
{
    txn_delete(c->txn, key_of_target(c->arena, rule, id));
}

/* ---- loading ---- */

struct loader {
    struct events *events;    /* gets what is read */
    struct arena *arena;      /* of the current row */
    struct key_reader rest;   /* of the key, behind the bus's name */
    struct event_bus *bus;    /* of the row; of a row of kind "bus" just made */
};

static status load_bus(struct loader *loader, struct cursor *cursor)
{
    struct event_bus *bus = loader->bus;

    bus->stored = true;
    bus->created_ms = read_zigzag(cursor);
    bus->modified_ms = read_zigzag(cursor);
    text_set(&bus->description, read_str(cursor));
    text_set(&bus->kms_key, read_str(cursor));
    text_set(&bus->dead_arn, read_str(cursor));
    text_set(&bus->log_level, read_str(cursor));
    text_set(&bus->log_detail, read_str(cursor));
    text_set(&bus->policy, read_str(cursor));
    read_tags(cursor, &bus->tags);
    return cursor_done(cursor) ? OK : &ERR_CORRUPT;
}

static bool rule_settle(struct rule *rule)
{
    struct why why;

    return (rule->pattern_text.bytes == 0 ||
            pattern_compile(rule->pattern_text, PATTERN_EVENTS, &why, &rule->pattern) == OK) &&
           (rule->schedule_text.bytes == 0 ||
            schedule_read(rule->schedule_text, &rule->schedule)) &&
           rule->state < RULE_STATES;
}

static status load_rule(struct loader *loader, struct cursor *cursor)
{
    struct rule *rule;
    struct str name;

    if (!key_read_str(&loader->rest, loader->arena, &name)) {
        return &ERR_CORRUPT;
    }
    rule = rule_new(loader->bus, name);
    rule_add(rule);
    text_set(&rule->pattern_text, read_str(cursor));
    text_set(&rule->schedule_text, read_str(cursor));
    text_set(&rule->description, read_str(cursor));
    text_set(&rule->role, read_str(cursor));
    rule->state = read_u8(cursor);
    read_tags(cursor, &rule->tags);
    return cursor_done(cursor) && rule_settle(rule) ? OK : &ERR_CORRUPT;
}

static status load_target(struct loader *loader, struct cursor *cursor)
{
    struct target *target;
    struct rule *rule;
    struct str name;

    if (!key_read_str(&loader->rest, loader->arena, &name)) {
        return &ERR_CORRUPT;
    }
    rule = rule_find(loader->bus, name);
    if (rule == NULL || target_load(loader->events, read_str(cursor), &target) != OK) {
        return &ERR_CORRUPT;
    }
    target_put(rule, target);
    return cursor_done(cursor) ? OK : &ERR_CORRUPT;
}

/* The bus that a row is of; one that is not there yet is made. */
static bool row_bus(struct loader *loader, struct str row)
{
    struct str skipped;
    struct str account;
    struct str region;
    struct str name;

    loader->rest = (struct key_reader){row};
    if (!key_read_str(&loader->rest, loader->arena, &skipped) ||
        !key_read_str(&loader->rest, loader->arena, &skipped) ||
        !key_read_str(&loader->rest, loader->arena, &account) ||
        !key_read_str(&loader->rest, loader->arena, &region) ||
        !key_read_str(&loader->rest, loader->arena, &name)) {
        return false;
    }
    loader->bus = bus_find(loader->events, account, region, name);
    if (loader->bus == NULL) {
        loader->bus = bus_new(account, region, name);
        if (!bus_add(loader->events, loader->bus)) {
            bus_free(loader->bus);
            return false;
        }
    }
    return true;
}

static status load_kind(struct loader *loader, const char *kind,
                        status (*load)(struct loader *loader, struct cursor *cursor))
{
    struct arena *arena = arena_new(1u << 20);
    struct key prefix = key_of(arena, "events");
    status loaded = OK;
    struct str row;
    struct str value;

    key_str(&prefix, str_c(kind));
    struct kv_scan *scan = store_scan(cell_store(loader->events->cell), key_end(&prefix),
                                      key_after_prefix(arena, key_end(&prefix)), false);

    while (loaded == OK && store_scan_next(scan, &row, &value)) {
        struct cursor cursor = cursor_of(value);

        arena_clear(loader->arena);
        loaded = row_bus(loader, row) && read_u8(&cursor) == VERSION ? load(loader, &cursor)
                                                                     : &ERR_CORRUPT;
    }
    store_scan_close(scan);
    arena_free(arena);
    return loaded;
}

status events_load(struct events *events)
{
    struct loader loader = {.events = events, .arena = arena_new(LOAD_BYTES_MAX)};
    status loaded = load_kind(&loader, "bus", load_bus);

    if (loaded == OK) {
        loaded = load_kind(&loader, "rule", load_rule);
    }
    if (loaded == OK) {
        loaded = load_kind(&loader, "target", load_target);
    }
    arena_free(loader.arena);
    return loaded;
}
