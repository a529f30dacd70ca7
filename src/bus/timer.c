/* SPDX-License-Identifier: Apache-2.0
 *
 * Durable timers.
 *
 *   ("bus", "timer", service, name)        version 1: u8 1, zigzag at_ms, str payload
 *   ("bus", "due", at_ms, service, name)   empty
 *
 * Rules
 *  1. The rows are the truth; in memory is one timer of the cell, for the soonest due row, found by
 *     a scan that stops at its first key.
 *  2. A timer fires as a call of its own: its rows go in the txn in which its owner acts, so it
 *     fires once, whatever is killed when. One whose owner failed comes again a minute later.
 *     While the disk is full nothing fires, and it is tried every second.
 *  4. FIRES_MAX fire in a turn; then others come into the cell before the rest.
 *  3. A moment is not negative; rows sort by it.
 */
#include "base/cursor.h"
#include "base/mem.h"
#include "base/time.h"
#include "bus/bus_int.h"
#include "cell/cell.h"
#include "cell/doing.h"
#include "sys/log.h"

#include <assert.h>

#define VERSION 1
#define FIRES_MAX 16                    /* timers in one turn */
#define AGAIN_MS MS_PER_MINUTE          /* after a failure of its owner */
#define FULL_MS MS_PER_SECOND           /* after a failure of the disk */
#define PAYLOAD_BYTES_MAX (1024u * 1024)
#define ARENA_BYTES_MAX (64u * 1024 * 1024)

static struct str timer_key(struct arena *arena, struct str service, struct str name)
{
    struct key key = key_of(arena, "bus");

    key_str(&key, STR("timer"));
    key_str(&key, service);
    key_str(&key, name);
    return key_end(&key);
}

static struct str due_key(struct arena *arena, int64_t at_ms, struct str service, struct str name)
{
    struct key key = key_of(arena, "bus");

    key_str(&key, STR("due"));
    key_u64(&key, at_ms < 0 ? 0 : (uint64_t)at_ms);
    key_str(&key, service);
    key_str(&key, name);
    return key_end(&key);
}

struct due {
    int64_t at_ms;             /* when */
    struct str service, name;  /* whose, which */
};

static void put_rows(struct call *c, struct str service, struct str name, int64_t at_ms,
                     struct str payload);

static bool due_read(struct arena *arena, struct str key, struct due *due)
{
    struct key_reader reader = {key};
    struct str skipped;
    uint64_t at_ms;

    if (!key_read_str(&reader, arena, &skipped) || !key_read_str(&reader, arena, &skipped) ||
        !key_read_u64(&reader, &at_ms) || !key_read_str(&reader, arena, &due->service) ||
        !key_read_str(&reader, arena, &due->name)) {
        return false;
    }
    due->at_ms = (int64_t)at_ms;
    return true;
}

/* The soonest row in the store. */
static bool soonest(struct bus *bus, struct arena *arena, struct due *due)
{
    struct key prefix = key_of(arena, "bus");
    struct str key;
    struct str value;
    bool found;

    key_str(&prefix, STR("due"));
    struct kv_scan *scan =
        store_scan(cell_store(bus->cell), key_end(&prefix),
                   key_after_prefix(arena, key_end(&prefix)), false);

    found = store_scan_next(scan, &key, &value) && due_read(arena, arena_dup(arena, key), due);
    store_scan_close(scan);
    return found;
}

static struct timer_owner *owner_of(struct bus *bus, struct str service)
{
    for (size_t i = 0; i < bus->timer_owner_count; i++) {
        if (str_eq(str_c(bus->timer_owners[i].service), service)) {
            return &bus->timer_owners[i];
        }
    }
    return NULL;
}

static struct str payload_of(struct call *c, struct str key)
{
    struct cursor cursor;
    struct str value;

    if (!txn_get(c->txn, key, &value)) {
        return STR_NONE;
    }
    cursor = cursor_of(value);
    (void)read_u8(&cursor);
    (void)read_zigzag(&cursor);
    return arena_dup(c->arena, read_str(&cursor));
}

/* The owner's part of a due timer, with the rows gone in the same txn. */
static status fire_one(struct call *c, void *arg)
{
    const struct due *due = arg;
    struct bus *bus = c->state;
    struct timer_owner *owner = owner_of(bus, due->service);
    struct str key = timer_key(c->arena, due->service, due->name);
    struct str payload = payload_of(c, key);
    status fired = &ERR_NOT_FOUND;
    size_t room;

    txn_delete(c->txn, key);
    txn_delete(c->txn, due_key(c->arena, due->at_ms, due->service, due->name));
    if (owner != NULL) {
        if (owner->state == NULL) {
            owner->state = cell_state(c->cell, owner->service);
        }
        c->state = owner->state;
        room = txn_room(c->txn);
        fired = owner->fire(c, due->name, payload);
        assert(fired == OK || txn_room(c->txn) == room); /* who fails has staged nothing */
        c->state = bus;
    }
    if (fired != OK) {
        log_write(LOG_ERROR, "bus", "timer %.*s of %.*s: %s %s", STR_ARG(due->name),
                  STR_ARG(due->service), fired->code, c->why.text);
        put_rows(c, due->service, due->name, c->now + AGAIN_MS, payload);
    }
    return OK;
}

/* The cell's timer: fires what is due, a bounded number, then says when to come again. */
static void timers_fire(struct cell *cell, struct timer *timer)
{
    struct bus *bus = LINK_OWNER(timer, struct bus, soonest);
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    int64_t again_ms = INT64_MAX;
    struct due due;

    bus->firing = true;
    for (int i = 0; i < FIRES_MAX && soonest(bus, arena, &due) && due.at_ms <= cell_now(cell);
         i++) {
        struct doing doing = {"bus", "FireTimer", STR_NONE, STR_NONE, fire_one, &due};
        struct why why;

        if (cell_step(cell, &doing, arena, &why) != OK) {
            again_ms = cell_now(cell) + FULL_MS;
            break;
        }
        arena_clear(arena);
    }
    bus->firing = false;
    arena_free(arena);
    if (again_ms < INT64_MAX) {
        cell_timer_set(cell, &bus->soonest, again_ms);
    } else {
        timers_arm(bus);
    }
}

void timers_arm(struct bus *bus)
{
    struct arena *arena = arena_new(1u << 20);
    struct due due = {.at_ms = -1};

    bus->soonest.fire = timers_fire;
    cell_timer_unset(bus->cell, &bus->soonest);
    if (soonest(bus, arena, &due) && due.at_ms <= cell_now(bus->cell)) {
        cell_timer_next_turn(bus->cell, &bus->soonest);
    } else if (due.at_ms >= 0) {
        cell_timer_set(bus->cell, &bus->soonest, due.at_ms);
    }
    arena_free(arena);
}

/* ---- what services call ---- */

void bus_timer_owner(struct cell *cell, const char *service,
                     status (*fire)(struct call *c, struct str name, struct str payload))
{
    struct bus *bus = bus_of(cell);

    assert(bus->timer_owner_count < OWNERS_MAX);
    bus->timer_owners[bus->timer_owner_count++] = (struct timer_owner){service, NULL, fire};
}

/* Forgets the due row of a timer that is set; its own row stays. */
static void forget_due(struct call *c, struct str service, struct str name, struct str key)
{
    struct cursor cursor;
    struct str value;

    if (txn_get(c->txn, key, &value)) {
        cursor = cursor_of(value);
        (void)read_u8(&cursor);
        txn_delete(c->txn, due_key(c->arena, read_zigzag(&cursor), service, name));
    }
}

static void put_rows(struct call *c, struct str service, struct str name, int64_t at_ms,
                     struct str payload)
{
    struct bus *bus = bus_of(c->cell);
    struct str key = timer_key(c->arena, service, name);
    struct buf packed;

    at_ms = at_ms < 0 ? 0 : at_ms;
    buf_init(&packed, PAYLOAD_BYTES_MAX + 64);
    write_u8(&packed, VERSION);
    write_zigzag(&packed, at_ms);
    write_str(&packed, payload);
    assert(!buf_spent(&packed));
    forget_due(c, service, name, key);
    txn_put(c->txn, key, arena_dup(c->arena, buf_str(&packed)));
    txn_put(c->txn, due_key(c->arena, at_ms, service, name), STR(""));
    buf_done(&packed);
    if (!bus->firing && (bus->soonest.index == 0 || at_ms < bus->soonest.at_ms)) {
        cell_timer_set(c->cell, &bus->soonest, at_ms);
    }
}

void bus_timer_set(struct call *c, const char *service, struct str name, int64_t at_ms,
                   struct str payload)
{
    put_rows(c, str_c(service), name, at_ms, payload);
}

void bus_timer_unset(struct call *c, const char *service, struct str name)
{
    struct str key = timer_key(c->arena, str_c(service), name);
    struct str value;

    if (txn_get(c->txn, key, &value)) {
        forget_due(c, str_c(service), name, key);
        txn_delete(c->txn, key);
    }
}

bool bus_timer_is_set(struct call *c, const char *service, struct str name)
{
    struct str value;

    return txn_get(c->txn, timer_key(c->arena, str_c(service), name), &value);
}
