/* SPDX-License-Identifier: Apache-2.0
 *
 * Holds.
 *
 *   ("bus", "hold", kind, ARN, key)   version 1: u8 1, zigzag since_ms; key empty: all of it
 *   ("bus", "kept", via, sequence)    version 1: u8 1, trace header, the event (bus_event_write)
 *
 * Rules
 *  1. Memory mirrors the hold rows; events kept are in the store only.
 *  2. After a release what was kept goes on in its order, KEPT_AT_ONCE in an entry (fewer when they
 *     are large), as a durable timer. Until the last is gone, new events of that subscription queue
 *     up behind it, so order holds. Then its deliveries are due.
 *  3. Holding what is held, or releasing what is not, changes nothing and says so.
 */
#include "base/cursor.h"
#include "base/mem.h"
#include "bus/bus_int.h"
#include "bus/delivery_int.h"
#include "cell/cell.h"

#include <assert.h>

#define VERSION 1
#define KEPT_AT_ONCE 100
#define KEPT_BYTES_AT_ONCE (4u * 1024 * 1024)
#define KEPT_ROOM_MIN 1000 /* changes that must be left for one more in the same entry */
#define DROPS_MAX 1000     /* rows dropped in an entry */
#define EVENT_BYTES_MAX (8u * 1024 * 1024)

static struct str memory_key(struct arena *arena, enum hold_kind kind, struct str arn,
                             struct str key)
{
    char *at = arena_alloc(arena, arn.bytes + key.bytes + 2);

    at[0] = (char)('0' + kind);
    memcpy(at + 1, arn.at, arn.bytes);
    at[1 + arn.bytes] = '\0';
    if (key.bytes > 0) {
        memcpy(at + 2 + arn.bytes, key.at, key.bytes);
    }
    return str_of(at, arn.bytes + key.bytes + 2);
}

static struct str row_key(struct arena *arena, enum hold_kind kind, struct str arn, struct str key)
{
    struct key row = key_of(arena, "bus");

    key_str(&row, STR("hold"));
    key_u64(&row, kind);
    key_str(&row, arn);
    key_str(&row, key);
    return key_end(&row);
}

static bool is_held(struct bus *bus, struct arena *arena, enum hold_kind kind, struct str arn,
                    struct str key)
{
    return map_get(bus->holds, memory_key(arena, kind, arn, key)) != NULL;
}

bool hold_on(struct call *c, enum hold_kind kind, struct str arn, struct str key)
{
    struct bus *bus = bus_of(c->cell);

    if (map_count(bus->holds) == 0) {
        return false;
    }
    return is_held(bus, c->arena, kind, arn, STR("")) ||
           (key.bytes > 0 && is_held(bus, c->arena, kind, arn, key));
}

bool hold_on_any_key(struct call *c, enum hold_kind kind, struct str arn)
{
    struct bus *bus = bus_of(c->cell);

    return map_count(bus->held_keys) > 0 &&
           map_get(bus->held_keys, memory_key(c->arena, kind, arn, STR(""))) != NULL;
}

/* ---- memory ---- */

static bool remember(struct bus *bus, struct arena *arena, enum hold_kind kind, struct str arn,
                     struct str key)
{
    struct str of_arn = memory_key(arena, kind, arn, STR(""));
    uintptr_t keys = (uintptr_t)map_get(bus->held_keys, of_arn);

    if (!map_set(bus->holds, memory_key(arena, kind, arn, key), bus, NULL)) {
        return false;
    }
    if (key.bytes > 0) {
        (void)map_set(bus->held_keys, of_arn, (void *)(keys + 1), NULL);
    }
    return true;
}

static void forget(struct bus *bus, struct arena *arena, enum hold_kind kind, struct str arn,
                   struct str key)
{
    struct str of_arn = memory_key(arena, kind, arn, STR(""));
    uintptr_t keys = (uintptr_t)map_get(bus->held_keys, of_arn);

    (void)map_remove(bus->holds, memory_key(arena, kind, arn, key));
    if (key.bytes > 0 && keys > 1) {
        (void)map_set(bus->held_keys, of_arn, (void *)(keys - 1), NULL);
    } else if (key.bytes > 0) {
        (void)map_remove(bus->held_keys, of_arn);
    }
}

static status load_one(struct bus *bus, struct arena *arena, struct str row)
{
    struct key_reader reader = {row};
    struct str skipped;
    struct str arn;
    struct str key;
    uint64_t kind;

    if (!key_read_str(&reader, arena, &skipped) || !key_read_str(&reader, arena, &skipped) ||
        !key_read_u64(&reader, &kind) || kind < HOLD_QUEUE || kind > HOLD_ROUTE ||
        !key_read_str(&reader, arena, &arn) || !key_read_str(&reader, arena, &key) ||
        !remember(bus, arena, (enum hold_kind)kind, arn, key)) {
        return &ERR_CORRUPT;
    }
    return OK;
}

static void backlog_load(struct bus *bus);

status holds_open(struct bus *bus)
{
    struct arena *arena = arena_new(1u << 20);
    struct arena *scratch = arena_new(1u << 20);
    struct key prefix = key_of(arena, "bus");
    status loaded = OK;
    struct str key;
    struct str value;

    bus->holds = map_new(HOLDS_MAX);
    bus->held_keys = map_new(HOLDS_MAX);
    bus->backlog = map_new(HOLDS_MAX);
    key_str(&prefix, STR("hold"));
    struct kv_scan *scan =
        store_scan(cell_store(bus->cell), key_end(&prefix),
                   key_after_prefix(arena, key_end(&prefix)), false);

    while (loaded == OK && store_scan_next(scan, &key, &value)) {
        loaded = load_one(bus, scratch, key);
        arena_clear(scratch);
    }
    store_scan_close(scan);
    arena_free(scratch);
    arena_free(arena);
    backlog_load(bus);
    return loaded;
}

void holds_close(struct bus *bus)
{
    if (bus->holds != NULL) {
        map_free(bus->holds);
        map_free(bus->held_keys);
        map_free(bus->backlog);
    }
}

/* ---- owners ---- */

void hold_owner_add(struct cell *cell, const struct hold_owner *owner)
{
    struct bus *bus = bus_of(cell);

    assert(bus->hold_owner_count < OWNERS_MAX);
    bus->hold_owners[bus->hold_owner_count++] = owner;
}

static const struct hold_owner *owner_of(struct bus *bus, enum hold_kind kind)
{
    for (size_t i = 0; i < bus->hold_owner_count; i++) {
        if (bus->hold_owners[i]->kind == kind) {
            return bus->hold_owners[i];
        }
    }
    return NULL;
}

static void tell_owner(struct call *c, const struct hold_owner *owner, const struct held *held,
                       bool on)
{
    if (owner != NULL && owner->changed != NULL) {
        void *was = c->state;

        c->state = cell_state(c->cell, owner->service);
        owner->changed(c, held->arn, held->key, on);
        c->state = was;
    }
}

status hold_find(struct call *c, enum hold_kind kind, struct str name, struct str *ret_arn)
{
    struct bus *bus = bus_of(c->cell);
    void *was = c->state;
    status found = &ERR_NOT_FOUND;

    for (size_t i = 0; found != OK && i < bus->hold_owner_count; i++) {
        const struct hold_owner *owner = bus->hold_owners[i];

        if (owner->kind == kind) {
            c->state = cell_state(c->cell, owner->service);
            found = owner->find(c, name, ret_arn);
            c->state = was;
        }
    }
    return found;
}

static uintptr_t keys_held(struct bus *bus, struct arena *arena, const struct held *held)
{
    return (uintptr_t)map_get(bus->held_keys, memory_key(arena, held->kind, held->arn, STR("")));
}

status hold_set(struct call *c, const struct held *held, bool *ret_changed)
{
    struct bus *bus = bus_of(c->cell);
    struct buf packed;

    if (is_held(bus, c->arena, held->kind, held->arn, held->key)) {
        *ret_changed = false;
        return OK;
    }
    if (keys_held(bus, c->arena, held) >= HOLD_KEYS_MAX ||
        !remember(bus, c->arena, held->kind, held->arn, held->key)) {
        return &ERR_LIMIT;
    }
    buf_init(&packed, 64);
    write_u8(&packed, VERSION);
    write_zigzag(&packed, c->now);
    txn_put(c->txn, row_key(c->arena, held->kind, held->arn, held->key),
            arena_dup(c->arena, buf_str(&packed)));
    buf_done(&packed);
    call_on(c, held->arn);
    tell_owner(c, owner_of(bus, held->kind), held, true);
    *ret_changed = true;
    return OK;
}

static void go_on_now(struct call *c, struct str via)
{
    bus_timer_set(c, "bus", arena_printf(c->arena, "kept/%.*s", STR_ARG(via)), c->now, STR_NONE);
}

bool hold_clear(struct call *c, const struct held *held)
{
    struct bus *bus = bus_of(c->cell);

    if (!is_held(bus, c->arena, held->kind, held->arn, held->key)) {
        return false;
    }
    forget(bus, c->arena, held->kind, held->arn, held->key);
    txn_delete(c->txn, row_key(c->arena, held->kind, held->arn, held->key));
    call_on(c, held->arn);
    if (held->kind == HOLD_SUBSCRIPTION) {
        (void)map_set(bus->backlog, held->arn, bus, NULL);
        go_on_now(c, held->arn);
    }
    tell_owner(c, owner_of(bus, held->kind), held, false);
    return true;
}

/* The next row of a scan. */
static bool hold_read(struct call *c, struct txn_scan *scan, struct held *ret_held,
                      int64_t *ret_since_ms)
{
    struct str row;
    struct str value;
    struct str skipped;
    uint64_t kind;

    if (!txn_scan_next(scan, &row, &value)) {
        txn_scan_close(scan);
        return false;
    }
    struct key_reader reader = {row};
    struct cursor cursor = cursor_of(value);
    bool good = key_read_str(&reader, c->arena, &skipped) &&
                key_read_str(&reader, c->arena, &skipped) && key_read_u64(&reader, &kind) &&
                key_read_str(&reader, c->arena, &ret_held->arn) &&
                key_read_str(&reader, c->arena, &ret_held->key) && read_u8(&cursor) == VERSION;

    assert(good);
    ret_held->kind = (enum hold_kind)kind;
    *ret_since_ms = read_zigzag(&cursor);
    return true;
}

bool hold_next(struct call *c, struct txn_scan **scan, struct held *ret_held, int64_t *ret_since_ms)
{
    if (*scan == NULL) {
        struct key prefix = key_of(c->arena, "bus");

        key_str(&prefix, STR("hold"));
        *scan = txn_scan_prefix(c->txn, key_end(&prefix));
    }
    return hold_read(c, *scan, ret_held, ret_since_ms);
}

/* ---- events of held subscriptions ---- */

static struct key kept_prefix(struct arena *arena, struct str via)
{
    struct key key = key_of(arena, "bus");

    key_str(&key, STR("kept"));
    key_str(&key, via);
    return key;
}

/* The sequence of the last event kept for it; 0: none. */
static uint64_t kept_last(struct call *c, struct str via)
{
    struct key prefix = kept_prefix(c->arena, via);
    struct txn_scan *scan = txn_scan(c->txn, key_end(&prefix),
                                     key_after_prefix(c->arena, key_end(&prefix)), true);
    uint64_t sequence = 0;
    struct str key;
    struct str value;

    if (txn_scan_next(scan, &key, &value)) {
        struct key_reader reader = {key};
        struct str skipped;
        bool good = key_read_str(&reader, c->arena, &skipped) &&
                    key_read_str(&reader, c->arena, &skipped) &&
                    key_read_str(&reader, c->arena, &skipped) && key_read_u64(&reader, &sequence);

        assert(good);
    }
    txn_scan_close(scan);
    return sequence;
}

bool hold_keep(struct call *c, const struct bus_event *event)
{
    struct bus *bus = bus_of(c->cell);
    struct key key;
    struct buf packed;

    if (!hold_on(c, HOLD_SUBSCRIPTION, event->via, STR_NONE) &&
        (map_count(bus->backlog) == 0 || map_get(bus->backlog, event->via) == NULL)) {
        return false;
    }
    key = kept_prefix(c->arena, event->via);
    key_u64(&key, kept_last(c, event->via) + 1);
    buf_init(&packed, EVENT_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_str(&packed, c->trace.bytes > 0
                           ? c->trace
                           : arena_printf(c->arena, "Root=%.*s", STR_ARG(c->request_id)));
    bus_event_write(&packed, event);
    assert(!buf_spent(&packed)); /* a topic's message is far smaller */
    txn_put(c->txn, key_end(&key), arena_dup(c->arena, buf_str(&packed)));
    buf_done(&packed);
    return true;
}

/* A kept event goes on; its row goes with it. */
static void send_kept(struct call *c, struct str key, struct str value)
{
    struct cursor cursor = cursor_of(arena_dup(c->arena, value));
    struct bus_event event;
    uint8_t version = read_u8(&cursor);
    struct str trace = c->trace;

    assert(version == VERSION);
    c->trace = read_str(&cursor);
    bus_event_read(&cursor, c->arena, &event);
    txn_delete(c->txn, arena_dup(c->arena, key));
    (void)bus_send_now(c, &event); /* a refusal is noted as a hop, as it would have been then */
    c->trace = trace;
}

/* true: none is left. */
static bool send_some_kept(struct call *c, struct str via)
{
    struct key prefix = kept_prefix(c->arena, via);
    struct txn_scan *scan = txn_scan_prefix(c->txn, key_end(&prefix));
    struct str key;
    struct str value;
    size_t bytes = 0;
    int sent = 0;
    bool more;

    while ((more = txn_scan_next(scan, &key, &value)) && sent < KEPT_AT_ONCE &&
           bytes < KEPT_BYTES_AT_ONCE && txn_room(c->txn) > KEPT_ROOM_MIN) {
        bytes += value.bytes;
        send_kept(c, key, value);
        sent++;
    }
    txn_scan_close(scan);
    return !more;
}

/* What was kept for something that is gone. true: none is left. */
static bool drop_some_kept(struct call *c, struct str via)
{
    struct key prefix = kept_prefix(c->arena, via);
    struct txn_scan *scan = txn_scan_prefix(c->txn, key_end(&prefix));
    struct str key;
    struct str value;
    int dropped = 0;
    bool more;

    while ((more = txn_scan_next(scan, &key, &value)) && dropped < DROPS_MAX) {
        txn_delete(c->txn, arena_dup(c->arena, key));
        dropped++;
    }
    txn_scan_close(scan);
    return !more;
}

status hold_go_on(struct call *c, struct str via)
{
    struct bus *bus = bus_of(c->cell);

    if (hold_on(c, HOLD_SUBSCRIPTION, via, STR_NONE)) {
        return OK; /* held again: the next release starts anew */
    }
    if (!send_some_kept(c, via)) {
        go_on_now(c, via);
        return OK;
    }
    (void)map_remove(bus->backlog, via);
    if (!deliveries_released(c, via)) {
        go_on_now(c, via);
    }
    return OK;
}

status hold_drop(struct call *c, struct str via)
{
    if (!drop_some_kept(c, via)) {
        bus_timer_set(c, "bus", arena_printf(c->arena, "gone/%.*s", STR_ARG(via)), c->now,
                      STR_NONE);
    } else if (!deliveries_released(c, via)) { /* under way to somebody: they end as they end */
        go_on_now(c, via);
    }
    return OK;
}

void hold_forget(struct call *c, enum hold_kind kind, struct str arn)
{
    struct bus *bus = bus_of(c->cell);
    struct key prefix = key_of(c->arena, "bus");
    struct txn_scan *scan;
    struct held held;
    int64_t since_ms;

    if (map_count(bus->holds) + map_count(bus->backlog) == 0) {
        return;
    }
    key_str(&prefix, STR("hold"));
    key_u64(&prefix, kind);
    key_str(&prefix, arn);
    scan = txn_scan_prefix(c->txn, key_end(&prefix));
    while (hold_read(c, scan, &held, &since_ms)) {
        forget(bus, c->arena, kind, arn, held.key);
        txn_delete(c->txn, row_key(c->arena, kind, arn, held.key));
    }
    if (kind == HOLD_SUBSCRIPTION) {
        (void)map_remove(bus->backlog, arn);
        bus_timer_unset(c, "bus", arena_printf(c->arena, "kept/%.*s", STR_ARG(arn)));
        (void)hold_drop(c, arn);
    }
}

/* The first kept event's subscription from a key on; false: none. */
static bool next_kept(struct bus *bus, struct arena *arena, struct str from, struct str to,
                      struct str *ret_via)
{
    struct kv_scan *scan = store_scan(cell_store(bus->cell), from, to, false);
    struct str key;
    struct str value;
    struct str skipped;
    bool found = store_scan_next(scan, &key, &value);

    if (found) {
        struct key_reader reader = {key};

        found = key_read_str(&reader, arena, &skipped) && key_read_str(&reader, arena, &skipped) &&
                key_read_str(&reader, arena, ret_via);
        assert(found);
    }
    store_scan_close(scan);
    return found;
}

/* Subscriptions that have kept events and are not held: they are going on. One step for each, not
 * for each of its events. */
static void backlog_load(struct bus *bus)
{
    struct arena *arena = arena_new(64u << 20);
    struct key prefix = key_of(arena, "bus");
    struct str from;
    struct str to;
    struct str via;

    key_str(&prefix, STR("kept"));
    from = key_end(&prefix);
    to = key_after_prefix(arena, from);
    while (next_kept(bus, arena, from, to, &via)) {
        struct key of_via = kept_prefix(arena, via);

        if (!is_held(bus, arena, HOLD_SUBSCRIPTION, via, STR(""))) {
            (void)map_set(bus->backlog, via, bus, NULL);
        }
        from = key_after_prefix(arena, key_end(&of_via));
    }
    arena_free(arena);
}
