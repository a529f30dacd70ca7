/* SPDX-License-Identifier: Apache-2.0
 *
 * Deliveries: rows, their tries on a pool of threads, their ends.
 *
 *   ("bus", "delivery", id)              version 1, see delivery_write
 *   ("bus", "delivery-due", at_ms, id)   "" or "s": its turn at the target is reserved
 *   ("bus", "delivery-held", via, id)    empty: due when that subscription is released
 *   ("bus", "delivery-order", key, id)   empty: who goes before whom
 *
 * Rules
 *  1. A delivery is due at a moment, or held, or behind another of its order key: one of them.
 *  2. Nothing is written when a try begins. Its end goes, with what it causes, into one entry:
 *     until then a crash means again.
 *  3. A try begins when what asked for it is durable: nobody hears of what may yet be lost.
 *  4. Of one order key only the oldest is tried; when it ends, the next becomes due.
 *  5. What is more than its target takes (PER_TARGET_MAX at once, or so many a second) moves to the
 *     next free moment there, once: a slow target holds up nobody but itself.
 *  6. The pump, one timer of the cell, begins what is due, LOOKS_MAX rows a turn.
 */
#include "base/cursor.h"
#include "base/mem.h"
#include "base/time.h"
#include "bus/bus_int.h"
#include "bus/delivery_int.h"
#include "bus/http.h"
#include "bus/retry.h"
#include "cell/cell.h"
#include "cell/doing.h"
#include "sys/log.h"
#include "sys/pool.h"
#include "sys/thread.h"

#include <assert.h>

#define VERSION 1
#define ROW_BYTES_MAX (4u * 1024 * 1024)
#define ARENA_BYTES_MAX (32u * 1024 * 1024)
#define PER_TARGET_MAX 8          /* tries of one target at once */
#define LOOKS_MAX 200             /* due rows looked at in a turn */
#define MOVES_MAX 1000            /* rows made due in an entry */
#define PACED_MAX 10000           /* targets whose turns are reserved; beyond it nobody waits */
#define WATCH_MS MS_PER_SECOND    /* while tries are under way: for those that could not end */
#define ANSWER_BYTES_MAX 512
#define ROOM_MIN 64               /* changes that a call must have left to ask for one more */

struct deliveries {
    struct pool *pool;          /* tries happen on its threads */
    struct map *under_way;      /* "delivery/ID" → struct trial */
    struct map *busy;           /* target → tries under way */
    struct map *paced;          /* target → when its next turn may be given */
    uint64_t last;              /* id given last */
    uint64_t count;             /* rows */
    struct timer pump;          /* begins what is due */
    struct lock lock;           /* of what follows, which threads outside the cell touch */
    struct link unended;        /* trials whose end the store did not take: they come again */
    bool closing;               /* no try begins any more */
};

/* One try. */
struct trial {
    struct pool_work work;        /* in the pool's queue */
    struct link link;             /* in unended */
    struct bus *bus;              /* whose */
    struct arena *arena;          /* holds all of it */
    struct str name;              /* "delivery/ID" */
    uint64_t id;                  /* of the row */
    int64_t due_ms;               /* its due row's moment */
    uint64_t gate;                /* position that must be durable before the try begins */
    struct delivery_row row;      /* as read */
    struct carrier_entry carrier; /* who does it */
    struct carrying carrying;     /* what it is given, and what came back */
    status result;                /* OK: delivered */
    bool ended;                   /* its end is in the store */
};

/* ---- rows ---- */

static struct str row_key(struct arena *arena, uint64_t id)
{
    struct key key = key_of(arena, "bus");

    key_str(&key, STR("delivery"));
    key_u64(&key, id);
    return key_end(&key);
}

static struct key order_prefix(struct arena *arena, struct str order_key)
{
    struct key key = key_of(arena, "bus");

    key_str(&key, STR("delivery-order"));
    key_str(&key, order_key);
    return key;
}

static struct str order_key_of(struct arena *arena, struct str order_key, uint64_t id)
{
    struct key key = order_prefix(arena, order_key);

    key_u64(&key, id);
    return key_end(&key);
}

static struct str due_key(struct arena *arena, int64_t at_ms, uint64_t id)
{
    struct key key = key_of(arena, "bus");

    key_str(&key, STR("delivery-due"));
    key_u64(&key, at_ms < 0 ? 0 : (uint64_t)at_ms);
    key_u64(&key, id);
    return key_end(&key);
}

static struct key held_prefix(struct arena *arena, struct str via)
{
    struct key key = key_of(arena, "bus");

    key_str(&key, STR("delivery-held"));
    key_str(&key, via);
    return key;
}

static struct str held_key(struct arena *arena, struct str via, uint64_t id)
{
    struct key key = held_prefix(arena, via);

    key_u64(&key, id);
    return key_end(&key);
}

static struct str name_of(struct arena *arena, uint64_t id)
{
    return arena_printf(arena, "delivery/%llu", (unsigned long long)id);
}

static void retry_write(struct buf *packed, const struct retry *retry)
{
    write_var(packed, retry->retries);
    write_var(packed, retry->no_delay);
    write_var(packed, retry->min_delay);
    write_var(packed, retry->max_delay);
    write_zigzag(packed, retry->min_ms);
    write_zigzag(packed, retry->max_ms);
    write_u8(packed, (uint8_t)retry->backoff);
    write_var(packed, retry->per_second_max);
    write_zigzag(packed, retry->age_ms_max);
}

static void retry_read(struct cursor *cursor, struct retry *retry)
{
    retry->retries = (uint32_t)read_var(cursor);
    retry->no_delay = (uint32_t)read_var(cursor);
    retry->min_delay = (uint32_t)read_var(cursor);
    retry->max_delay = (uint32_t)read_var(cursor);
    retry->min_ms = read_zigzag(cursor);
    retry->max_ms = read_zigzag(cursor);
    retry->backoff = (enum backoff)read_u8(cursor);
    retry->per_second_max = (uint32_t)read_var(cursor);
    retry->age_ms_max = read_zigzag(cursor);
}

static bool delivery_write(struct call *c, uint64_t id, const struct delivery_row *row)
{
    const struct delivery *delivery = &row->delivery;
    struct buf packed;
    bool fits;

    buf_init(&packed, ROW_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_str(&packed, delivery->carrier);
    write_str(&packed, delivery->target);
    write_str(&packed, delivery->payload);
    write_str(&packed, delivery->via);
    write_str(&packed, delivery->order_key);
    retry_write(&packed, &delivery->retry);
    bus_event_write(&packed, &delivery->dead);
    write_str(&packed, row->trace);
    write_zigzag(&packed, row->made_ms);
    write_var(&packed, row->attempts);
    write_str(&packed, row->answer);
    fits = !buf_spent(&packed);
    if (fits) {
        txn_put(c->txn, row_key(c->arena, id), arena_dup(c->arena, buf_str(&packed)));
    }
    buf_done(&packed);
    return fits;
}

bool delivery_read(struct str value, struct arena *arena, struct delivery_row *ret_row)
{
    struct cursor cursor = cursor_of(value);
    struct delivery *delivery = &ret_row->delivery;

    if (read_u8(&cursor) != VERSION) {
        return false;
    }
    delivery->carrier = arena_dup(arena, read_str(&cursor));
    delivery->target = arena_dup(arena, read_str(&cursor));
    delivery->payload = arena_dup(arena, read_str(&cursor));
    delivery->via = arena_dup(arena, read_str(&cursor));
    delivery->order_key = arena_dup(arena, read_str(&cursor));
    retry_read(&cursor, &delivery->retry);
    bus_event_read(&cursor, arena, &delivery->dead);
    ret_row->trace = arena_dup(arena, read_str(&cursor));
    ret_row->made_ms = read_zigzag(&cursor);
    ret_row->attempts = (uint32_t)read_var(&cursor);
    ret_row->answer = arena_dup(arena, read_str(&cursor));
    return cursor_done(&cursor);
}

bool delivery_get(struct call *c, uint64_t id, struct arena *arena, struct delivery_row *ret_row)
{
    struct str value;

    if (!txn_get(c->txn, row_key(c->arena, id), &value)) {
        return false;
    }
    bool good = delivery_read(value, arena, ret_row);

    assert(good);
    return true;
}

/* Scans due rows from a moment on. */
static struct txn_scan *due_scan(struct call *c, int64_t from_ms, int64_t to_ms)
{
    return txn_scan(c->txn, due_key(c->arena, from_ms, 0), due_key(c->arena, to_ms, 0), false);
}

static bool due_read(struct arena *arena, struct str key, int64_t *ret_at_ms, uint64_t *ret_id)
{
    struct key_reader reader = {key};
    struct str skipped;
    uint64_t at_ms = 0;
    bool good = key_read_str(&reader, arena, &skipped) &&
                key_read_str(&reader, arena, &skipped) && key_read_u64(&reader, &at_ms) &&
                key_read_u64(&reader, ret_id);

    *ret_at_ms = (int64_t)at_ms;
    return good;
}

bool delivery_next(struct call *c, struct txn_scan **scan, uint64_t *ret_id, int64_t *ret_at_ms)
{
    struct str key;
    struct str value;

    if (*scan == NULL) {
        *scan = due_scan(c, 0, INT64_MAX);
    }
    if (!txn_scan_next(*scan, &key, &value)) {
        txn_scan_close(*scan);
        return false;
    }
    bool good = due_read(c->arena, key, ret_at_ms, ret_id);

    assert(good);
    return true;
}

uint64_t deliveries_count(const struct bus *bus)
{
    return bus->deliveries->count;
}

static void make_due(struct call *c, uint64_t id, int64_t at_ms)
{
    struct timer *pump = &bus_of(c->cell)->deliveries->pump;

    txn_put(c->txn, due_key(c->arena, at_ms, id), STR(""));
    if (pump->index == 0 || at_ms < pump->at_ms) {
        cell_timer_set(c->cell, pump, at_ms);
    }
}

/* ---- making ---- */

/* The oldest of an order key. */
static bool first_of_order(struct call *c, struct str order_key, uint64_t *ret_id)
{
    struct key prefix = order_prefix(c->arena, order_key);
    struct txn_scan *scan = txn_scan_prefix(c->txn, key_end(&prefix));
    struct str key;
    struct str value;
    struct str skipped;
    bool found = txn_scan_next(scan, &key, &value);

    if (found) {
        struct key_reader reader = {key};

        found = key_read_str(&reader, c->arena, &skipped) &&
                key_read_str(&reader, c->arena, &skipped) &&
                key_read_str(&reader, c->arena, &skipped) && key_read_u64(&reader, ret_id);
        assert(found);
    }
    txn_scan_close(scan);
    return found;
}

status bus_deliver(struct call *c, const struct delivery *delivery)
{
    struct bus *bus = bus_of(c->cell);
    struct deliveries *deliveries = bus->deliveries;
    struct str trace = c->trace.bytes > 0
                           ? c->trace
                           : arena_printf(c->arena, "Root=%.*s", STR_ARG(c->request_id));
    struct delivery_row row = {*delivery, trace, c->now, 0, STR("")};
    uint64_t before;
    bool behind;

    if (deliveries->count >= DELIVERIES_MAX || txn_room(c->txn) < ROOM_MIN ||
        !delivery_write(c, deliveries->last + 1, &row)) {
        return fail(c, &ERR_LIMIT, "There are %d deliveries waiting already, or this is too large",
                    DELIVERIES_MAX);
    }
    deliveries->last++;
    deliveries->count++;
    behind = delivery->order_key.bytes > 0 && first_of_order(c, delivery->order_key, &before);
    if (delivery->order_key.bytes > 0) {
        txn_put(c->txn, order_key_of(c->arena, delivery->order_key, deliveries->last), STR(""));
    }
    if (!behind) {
        make_due(c, deliveries->last, c->now);
    }
    return OK;
}

void bus_carrier_add(struct cell *cell, const struct carrier *carrier, void *state)
{
    struct bus *bus = bus_of(cell);

    assert(bus->carrier_count < CARRIERS_MAX);
    bus->carriers[bus->carrier_count++] = (struct carrier_entry){carrier, state};
}

static bool carrier_of(struct bus *bus, struct str name, struct carrier_entry *ret_carrier)
{
    for (size_t i = 0; i < bus->carrier_count; i++) {
        if (str_eq(str_c(bus->carriers[i].carrier->name), name)) {
            *ret_carrier = bus->carriers[i];
            return true;
        }
    }
    return false;
}

/* ---- ending, in the cell ---- */

static void end_row(struct call *c, const struct trial *trial)
{
    struct deliveries *deliveries = trial->bus->deliveries;
    struct str order_key = trial->row.delivery.order_key;
    uint64_t next;

    txn_delete(c->txn, row_key(c->arena, trial->id));
    txn_delete(c->txn, due_key(c->arena, trial->due_ms, trial->id));
    deliveries->count--;
    if (order_key.bytes == 0) {
        return;
    }
    txn_delete(c->txn, order_key_of(c->arena, order_key, trial->id));
    if (first_of_order(c, order_key, &next)) {
        make_due(c, next, c->now);
    }
}

static void hop_of(struct call *c, const struct trial *trial, struct str outcome)
{
    const struct delivery *delivery = &trial->row.delivery;
    struct hop hop = {delivery->dead.source, delivery->target, delivery->via, outcome,
                      delivery->dead.about};

    trace_hop(c, &hop);
}

/* It failed for good: to its dead-letter end, if it has one. */
static void end_dead(struct call *c, const struct trial *trial)
{
    const struct bus_event *dead = &trial->row.delivery.dead;
    const char *reason = trial->carrying.why.text;

    if (dead->target.bytes == 0) {
        hop_of(c, trial, arena_printf(c->arena, "lost: %s", reason));
    } else {
        hop_of(c, trial, arena_printf(c->arena, "dead-letter: %s", reason));
        (void)bus_send_now(c, dead);
    }
    end_row(c, trial);
}

/* In the cell: it is not under way any more. */
static void let_go(struct trial *trial)
{
    struct deliveries *deliveries = trial->bus->deliveries;
    struct str target = trial->row.delivery.target;
    uintptr_t tries = (uintptr_t)map_get(deliveries->busy, target);

    (void)map_remove(deliveries->under_way, trial->name);
    if (tries > 1) {
        (void)map_set(deliveries->busy, target, (void *)(tries - 1), NULL);
    } else {
        (void)map_remove(deliveries->busy, target);
    }
}

static status end_trial(struct call *c, void *arg)
{
    struct trial *trial = arg;
    struct delivery_row row = trial->row;
    struct str value;
    int64_t delay_ms;

    let_go(trial);
    trial->ended = true;
    cell_timer_set(c->cell, &trial->bus->deliveries->pump, c->now); /* a place is free */
    c->trace = row.trace;
    if (!txn_get(c->txn, row_key(c->arena, trial->id), &value)) {
        return OK; /* ended by somebody else */
    }
    call_on(c, row.delivery.via);
    row.attempts++;
    if (trial->result == OK) {
        hop_of(c, trial, STR("delivered"));
        end_row(c, trial);
        return OK;
    }
    delay_ms = trial->carrying.fatal ? -1 : retry_delay_ms(&row.delivery.retry, row.attempts);
    if (delay_ms < 0 || (row.delivery.retry.age_ms_max > 0 &&
                         c->now - row.made_ms > row.delivery.retry.age_ms_max)) {
        end_dead(c, trial);
        return OK;
    }
    hop_of(c, trial, arena_printf(c->arena, "retry in %lld ms: %s", (long long)delay_ms,
                                  trial->carrying.why.text));
    row.answer = str_slice(str_c(trial->carrying.why.text), 0, ANSWER_BYTES_MAX);
    (void)delivery_write(c, trial->id, &row);
    txn_delete(c->txn, due_key(c->arena, trial->due_ms, trial->id));
    make_due(c, trial->id, c->now + delay_ms);
    return OK;
}

/* ---- trying, outside ---- */

static void trial_free(struct trial *trial)
{
    arena_free(trial->carrying.arena);
    arena_free(trial->arena);
}

static bool is_closing(struct deliveries *deliveries)
{
    lock_take(&deliveries->lock);
    bool closing = deliveries->closing;

    lock_give(&deliveries->lock);
    return closing;
}

static void try_it(struct pool_work *work)
{
    struct trial *trial = LINK_OWNER(work, struct trial, work);
    struct bus *bus = trial->bus;
    struct journal *journal = store_journal(cell_store(bus->cell));
    struct doing ending = {"bus", "EndDelivery", STR_NONE, STR_NONE, end_trial, trial};
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct why why;

    if (!is_closing(bus->deliveries)) {
        if (journal_durable(journal) < trial->gate) {
            journal_sync(journal);
        }
        trial->result = trial->carrier.carrier->carry(trial->carrier.state, &trial->carrying);
        if (cell_do(bus->cell, &ending, arena, &why) != OK) {
            log_write(LOG_ERROR, "bus", "%.*s: %s", STR_ARG(trial->name), why.text);
        }
    }
    arena_free(arena);
    if (trial->ended) {
        trial_free(trial);
        return;
    }
    lock_take(&bus->deliveries->lock);
    list_push(&bus->deliveries->unended, &trial->link);
    lock_give(&bus->deliveries->lock);
}

/* Those whose end could not be written are due as they were. */
static void sweep_unended(struct deliveries *deliveries)
{
    lock_take(&deliveries->lock);
    while (!link_alone(&deliveries->unended)) {
        struct trial *trial = LINK_OWNER(deliveries->unended.next, struct trial, link);

        link_remove(&trial->link);
        let_go(trial);
        trial_free(trial);
    }
    lock_give(&deliveries->lock);
}

/* ---- beginning, in the cell ---- */

static void forget_old_turns(struct map *paced, int64_t now_ms)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct str *old = arena_alloc(arena, PACED_MAX * sizeof(*old));
    size_t count = 0;
    struct str target;
    void *at;

    for (size_t i = 0; map_next(paced, &i, &target, &at);) {
        if ((int64_t)(uintptr_t)at <= now_ms) {
            old[count++] = arena_dup(arena, target);
        }
    }
    for (size_t i = 0; i < count; i++) {
        (void)map_remove(paced, old[i]);
    }
    arena_free(arena);
}

/* Whether the target takes it now; else *ret_at_ms is its turn there. */
static bool has_turn(struct bus *bus, const struct delivery *delivery, bool reserved,
                     int64_t now_ms, int64_t *ret_at_ms)
{
    struct deliveries *deliveries = bus->deliveries;
    bool full = (uintptr_t)map_get(deliveries->busy, delivery->target) >= PER_TARGET_MAX;
    uint32_t rate = delivery->retry.per_second_max;
    int64_t next_ms = (int64_t)(uintptr_t)map_get(deliveries->paced, delivery->target);
    int64_t step_ms;

    if (!full && (reserved || rate == 0)) {
        return true;
    }
    rate = rate == 0 ? PER_TARGET_MAX : rate;
    step_ms = (MS_PER_SECOND + rate - 1) / rate;
    if (map_count(deliveries->paced) == PACED_MAX) {
        forget_old_turns(deliveries->paced, now_ms);
    }
    if (!full && next_ms <= now_ms) {
        (void)map_set(deliveries->paced, delivery->target, (void *)(uintptr_t)(now_ms + step_ms),
                      NULL);
        return true;
    }
    *ret_at_ms = next_ms > now_ms ? next_ms : now_ms + step_ms;
    return !map_set(deliveries->paced, delivery->target,
                    (void *)(uintptr_t)(*ret_at_ms + step_ms), NULL);
}

/* Held, or more than its target takes: not now. */
static bool is_put_off(struct call *c, const struct trial *trial, bool reserved)
{
    const struct delivery *delivery = &trial->row.delivery;
    int64_t at_ms = 0;

    if (delivery->via.bytes > 0 && hold_on(c, HOLD_SUBSCRIPTION, delivery->via, STR_NONE)) {
        txn_delete(c->txn, due_key(c->arena, trial->due_ms, trial->id));
        txn_put(c->txn, held_key(c->arena, delivery->via, trial->id), STR(""));
        return true;
    }
    if (!has_turn(trial->bus, delivery, reserved, c->now, &at_ms)) {
        txn_delete(c->txn, due_key(c->arena, trial->due_ms, trial->id));
        txn_put(c->txn, due_key(c->arena, at_ms, trial->id), STR("s"));
        return true;
    }
    return false;
}

static void begin(struct call *c, struct trial *trial)
{
    struct deliveries *deliveries = trial->bus->deliveries;
    struct str target = trial->row.delivery.target;
    uintptr_t tries = (uintptr_t)map_get(deliveries->busy, target);

    trial->carrying.delivery = &trial->row.delivery;
    trial->carrying.attempt = trial->row.attempts + 1;
    trial->carrying.arena = arena_new(ARENA_BYTES_MAX);
    trial->gate = journal_last(store_journal(cell_store(c->cell)));
    trial->work.run = try_it;
    (void)map_set(deliveries->under_way, trial->name, trial, NULL);
    (void)map_set(deliveries->busy, target, (void *)(tries + 1), NULL);
    pool_post(deliveries->pool, &trial->work);
}

static void begin_or_put_off(struct call *c, struct bus *bus, uint64_t id, int64_t due_ms,
                             bool reserved)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct trial *trial = ARENA_NEW(arena, struct trial);

    trial->arena = arena;
    trial->bus = bus;
    trial->id = id;
    trial->due_ms = due_ms;
    trial->name = name_of(arena, id);
    link_init(&trial->link);
    bool there = delivery_get(c, id, arena, &trial->row);

    assert(there);
    if (is_put_off(c, trial, reserved)) {
        arena_free(arena);
        return;
    }
    if (!carrier_of(bus, trial->row.delivery.carrier, &trial->carrier)) {
        why_set(&trial->carrying.why, &ERR_NOT_FOUND, "weir has no carrier for %.*s",
                STR_ARG(trial->row.delivery.carrier));
        c->trace = arena_dup(c->arena, trial->row.trace);
        end_dead(c, trial);
        arena_free(arena);
        return;
    }
    begin(c, trial);
}

static status begin_some(struct call *c, void *arg)
{
    struct bus *bus = arg;
    struct deliveries *deliveries = bus->deliveries;
    struct txn_scan *scan = due_scan(c, 0, c->now + 1);
    struct str key;
    struct str value;

    for (int i = 0; i < LOOKS_MAX && map_count(deliveries->under_way) < DELIVERY_AT_ONCE_MAX &&
                    txn_scan_next(scan, &key, &value);
         i++) {
        bool reserved = value.bytes > 0;
        int64_t at_ms;
        uint64_t id;
        bool good = due_read(c->arena, key, &at_ms, &id);

        assert(good);
        if (map_get(deliveries->under_way, name_of(c->arena, id)) == NULL) {
            begin_or_put_off(c, bus, id, at_ms, reserved);
        }
    }
    txn_scan_close(scan);
    return OK;
}

/* When the pump is to come again: for the first that is not under way, if a place is free. */
static int64_t next_pump_ms(struct bus *bus, struct arena *arena)
{
    struct deliveries *deliveries = bus->deliveries;
    bool any = map_count(deliveries->under_way) > 0;
    int64_t watch_ms = any ? cell_now(bus->cell) + WATCH_MS : INT64_MAX;
    int64_t at_ms = INT64_MAX;
    struct str key;
    struct str value;
    uint64_t id;

    if (map_count(deliveries->under_way) >= DELIVERY_AT_ONCE_MAX) {
        return watch_ms;
    }
    struct kv_scan *scan = store_scan(cell_store(bus->cell), due_key(arena, 0, 0),
                                      due_key(arena, INT64_MAX, 0), false);

    while (at_ms == INT64_MAX && store_scan_next(scan, &key, &value)) {
        bool good = due_read(arena, key, &at_ms, &id);

        assert(good);
        if (map_get(deliveries->under_way, name_of(arena, id)) != NULL) {
            at_ms = INT64_MAX;
        }
    }
    store_scan_close(scan);
    return at_ms < watch_ms ? at_ms : watch_ms;
}

static void pump_fire(struct cell *cell, struct timer *timer)
{
    struct deliveries *deliveries = LINK_OWNER(timer, struct deliveries, pump);
    struct bus *bus = bus_of(cell);
    struct doing doing = {"bus", "BeginDeliveries", STR_NONE, STR_NONE, begin_some, bus};
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct why why;

    sweep_unended(deliveries);
    if (is_closing(deliveries)) {
        arena_free(arena);
        return;
    }
    if (cell_step(cell, &doing, arena, &why) != OK) { /* the disk is full */
        cell_timer_set(cell, timer, cell_now(cell) + WATCH_MS);
    } else {
        int64_t at_ms = next_pump_ms(bus, arena);

        if (at_ms <= cell_now(cell)) {
            cell_timer_next_turn(cell, timer);
        } else if (at_ms < INT64_MAX) {
            cell_timer_set(cell, timer, at_ms);
        }
    }
    arena_free(arena);
}

/* ---- moving ---- */

bool deliveries_released(struct call *c, struct str via)
{
    struct key prefix = held_prefix(c->arena, via);
    struct txn_scan *scan = txn_scan_prefix(c->txn, key_end(&prefix));
    struct str key;
    struct str value;
    struct str skipped;
    int moved = 0;

    while (moved < MOVES_MAX && txn_scan_next(scan, &key, &value)) {
        struct key_reader reader = {key};
        uint64_t id;
        bool good = key_read_str(&reader, c->arena, &skipped) &&
                    key_read_str(&reader, c->arena, &skipped) &&
                    key_read_str(&reader, c->arena, &skipped) && key_read_u64(&reader, &id);

        assert(good);
        txn_delete(c->txn, arena_dup(c->arena, key));
        make_due(c, id, c->now);
        moved++;
    }
    txn_scan_close(scan);
    return moved < MOVES_MAX;
}

uint64_t deliveries_now(struct call *c)
{
    struct txn_scan *scan = due_scan(c, c->now + 1, INT64_MAX);
    uint64_t moved = 0;
    struct str key;
    struct str value;

    while (moved < MOVES_MAX && txn_scan_next(scan, &key, &value)) {
        int64_t at_ms;
        uint64_t id;
        bool good = due_read(c->arena, key, &at_ms, &id);

        assert(good);
        if (map_get(bus_of(c->cell)->deliveries->under_way, name_of(c->arena, id)) == NULL) {
            txn_delete(c->txn, arena_dup(c->arena, key));
            make_due(c, id, c->now);
            moved++;
        }
    }
    txn_scan_close(scan);
    return moved;
}

/* ---- life ---- */

static status count_rows(struct bus *bus)
{
    struct deliveries *deliveries = bus->deliveries;
    struct arena *arena = arena_new(1u << 20);
    struct key prefix = key_of(arena, "bus");
    status counted = OK;
    struct str key;
    struct str value;

    key_str(&prefix, STR("delivery"));
    struct kv_scan *scan =
        store_scan(cell_store(bus->cell), key_end(&prefix),
                   key_after_prefix(arena, key_end(&prefix)), false);

    while (counted == OK && store_scan_next(scan, &key, &value)) {
        struct key_reader reader = {key};
        struct str skipped;

        if (!key_read_str(&reader, arena, &skipped) || !key_read_str(&reader, arena, &skipped) ||
            !key_read_u64(&reader, &deliveries->last)) {
            counted = &ERR_CORRUPT;
        }
        deliveries->count++;
        arena_clear(arena);
    }
    store_scan_close(scan);
    arena_free(arena);
    return counted;
}

status deliveries_open(struct bus *bus)
{
    struct deliveries *deliveries = MEM_NEW(struct deliveries);

    bus->deliveries = deliveries;
    lock_init(&deliveries->lock);
    link_init(&deliveries->unended);
    deliveries->pool = pool_new("deliver", DELIVERY_AT_ONCE_MAX);
    deliveries->under_way = map_new(DELIVERY_AT_ONCE_MAX);
    deliveries->busy = map_new(DELIVERY_AT_ONCE_MAX);
    deliveries->paced = map_new(PACED_MAX);
    deliveries->pump.fire = pump_fire;
    bus->carriers[bus->carrier_count++] = (struct carrier_entry){&http_carrier, NULL};
    TRY(count_rows(bus));
    if (deliveries->count > 0) {
        cell_timer_set(bus->cell, &deliveries->pump, cell_now(bus->cell));
    }
    return OK;
}

void deliveries_wait(struct bus *bus)
{
    pool_settle(bus->deliveries->pool);
}

void deliveries_settle(struct bus *bus)
{
    struct deliveries *deliveries = bus->deliveries;

    lock_take(&deliveries->lock);
    deliveries->closing = true;
    lock_give(&deliveries->lock);
    deliveries_wait(bus);
}

void deliveries_close(struct bus *bus)
{
    struct deliveries *deliveries = bus->deliveries;

    if (deliveries == NULL) {
        return;
    }
    pool_free(deliveries->pool);
    sweep_unended(deliveries);
    map_free(deliveries->under_way);
    map_free(deliveries->busy);
    map_free(deliveries->paced);
    lock_done(&deliveries->lock);
    mem_free(deliveries);
}
