/* SPDX-License-Identifier: Apache-2.0
 *
 * Deliveries: rows, their tries on a pool of threads, their ends.
 *
 *   ("bus", "delivery", id)              version 1, see delivery_write
 *   ("bus", "delivery-order", key, id)   empty: who goes before whom
 *   a durable timer "delivery/ID" of the bus for each that is due or waits
 *
 * Rules
 *  1. A row goes in the entry that says how it ended; until then a crash means: again.
 *  2. Of one order key only the oldest is tried; when it ends, the next becomes due.
 *  3. While a try is under way the delivery is in the map of those; a second firing finds it there.
 *  4. What is held (via) stays due and is looked at again shortly.
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

#include <assert.h>

#define VERSION 1
#define THREADS_MAX 16
#define ROW_BYTES_MAX (4u * 1024 * 1024)
#define ARENA_BYTES_MAX (32u * 1024 * 1024)
#define LOOK_AGAIN_MS (2 * MS_PER_SECOND)
#define RECOVER_AT_ONCE 1000
#define ANSWER_BYTES_MAX 512

struct deliveries {
    struct pool *pool;          /* tries happen on its threads */
    struct map *under_way;      /* "delivery/ID" → struct trial */
    struct map *paced;          /* target → when the next try may begin, by per_second_max */
    uint64_t last;              /* id given last */
    uint64_t count;             /* rows */
    struct timer recover;       /* after a start: everything is due */
    uint64_t recovered;         /* ids up to this have been made due */
};

/* One try. */
struct trial {
    struct pool_work work;        /* in the pool's queue */
    struct bus *bus;              /* whose */
    struct arena *arena;          /* holds all of it */
    struct str name;              /* "delivery/ID" */
    uint64_t id;                  /* of the row */
    struct delivery_row row;      /* as read */
    struct carrier_entry carrier; /* who does it */
    struct carrying carrying;     /* what it is given, and what came back */
    status result;                /* OK: delivered */
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

bool delivery_next(struct call *c, struct txn_scan **scan, uint64_t *ret_id,
                   struct delivery_row *ret_row)
{
    struct key prefix = key_of(c->arena, "bus");
    struct str key;
    struct str value;
    struct str skipped;

    if (*scan == NULL) {
        key_str(&prefix, STR("delivery"));
        *scan = txn_scan_prefix(c->txn, key_end(&prefix));
    }
    if (!txn_scan_next(*scan, &key, &value)) {
        txn_scan_close(*scan);
        return false;
    }
    struct key_reader reader = {key};
    bool good = key_read_str(&reader, c->arena, &skipped) &&
                key_read_str(&reader, c->arena, &skipped) && key_read_u64(&reader, ret_id) &&
                delivery_read(value, c->arena, ret_row);

    assert(good);
    return true;
}

/* ---- making ---- */

status bus_deliver(struct call *c, const struct delivery *delivery)
{
    struct bus *bus = bus_of(c->cell);
    struct deliveries *deliveries = bus->deliveries;
    struct str trace = c->trace.bytes > 0
                           ? c->trace
                           : arena_printf(c->arena, "Root=%.*s", STR_ARG(c->request_id));
    struct delivery_row row = {*delivery, trace, c->now, 0, STR("")};

    if (deliveries->count >= DELIVERIES_MAX || !delivery_write(c, deliveries->last + 1, &row)) {
        return fail(c, &ERR_LIMIT, "There are %d deliveries waiting already, or this is too large",
                    DELIVERIES_MAX);
    }
    deliveries->last++;
    deliveries->count++;
    if (delivery->order_key.bytes > 0) {
        txn_put(c->txn, order_key_of(c->arena, delivery->order_key, deliveries->last), STR(""));
    }
    bus_timer_set(c, "bus", name_of(c->arena, deliveries->last), c->now, STR_NONE);
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

/* The oldest of an order key, or the next one: becomes due. */
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

static void end_row(struct call *c, const struct trial *trial)
{
    struct deliveries *deliveries = trial->bus->deliveries;
    struct str order_key = trial->row.delivery.order_key;
    uint64_t next;

    txn_delete(c->txn, row_key(c->arena, trial->id));
    bus_timer_unset(c, "bus", trial->name);
    deliveries->count--;
    if (order_key.bytes == 0) {
        return;
    }
    txn_delete(c->txn, order_key_of(c->arena, order_key, trial->id));
    if (first_of_order(c, order_key, &next)) {
        bus_timer_set(c, "bus", name_of(c->arena, next), c->now, STR_NONE);
    }
}

static void hop_of(struct call *c, const struct trial *trial, struct str outcome)
{
    const struct delivery *delivery = &trial->row.delivery;
    struct hop hop = {delivery->dead.source, delivery->target, delivery->via, outcome};

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

static status end_trial(struct call *c, void *arg)
{
    struct trial *trial = arg;
    struct delivery_row row = trial->row;
    struct str value;
    int64_t delay_ms;

    (void)map_remove(trial->bus->deliveries->under_way, trial->name);
    c->trace = row.trace;
    if (!txn_get(c->txn, row_key(c->arena, trial->id), &value)) {
        return OK; /* ended by somebody else: a subscription that went away */
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
    bus_timer_set(c, "bus", trial->name, c->now + delay_ms, STR_NONE);
    return OK;
}

/* ---- trying, outside ---- */

static void try_it(struct pool_work *work)
{
    struct trial *trial = LINK_OWNER(work, struct trial, work);
    struct doing ending = {"bus", "EndDelivery", STR_NONE, STR_NONE, end_trial, trial};
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct why why;

    trial->result = trial->carrier.carrier->carry(trial->carrier.state, &trial->carrying);
    if (cell_do(trial->bus->cell, &ending, arena, &why) != OK) {
        log_write(LOG_ERROR, "bus", "%.*s: %s", STR_ARG(trial->name), why.text);
    }
    arena_free(arena);
    arena_free(trial->carrying.arena);
    arena_free(trial->arena);
}

/* Too many a second to one target: not before the moment given. */
static bool paced(struct bus *bus, const struct delivery *delivery, int64_t now_ms,
                  int64_t *ret_at_ms)
{
    struct map *map = bus->deliveries->paced;
    uint32_t rate = delivery->retry.per_second_max;
    int64_t next_ms;

    if (rate == 0) {
        return false;
    }
    next_ms = (int64_t)(uintptr_t)map_get(map, delivery->target);
    if (next_ms > now_ms) {
        *ret_at_ms = next_ms;
        return true;
    }
    (void)map_set(map, delivery->target,
                  (void *)(uintptr_t)(now_ms + (MS_PER_SECOND + rate - 1) / rate), NULL);
    return false;
}

/* Whether it has to wait, and is dealt with. */
static bool must_wait(struct call *c, struct bus *bus, const struct trial *trial)
{
    const struct delivery *delivery = &trial->row.delivery;
    uint64_t first = trial->id;
    int64_t at_ms = c->now + LOOK_AGAIN_MS;

    if (delivery->order_key.bytes > 0 && first_of_order(c, delivery->order_key, &first) &&
        first != trial->id) {
        return true; /* comes when the one before it has ended */
    }
    if (map_count(bus->deliveries->under_way) >= DELIVERY_AT_ONCE_MAX ||
        (delivery->via.bytes > 0 && hold_on(c, HOLD_SUBSCRIPTION, delivery->via, STR_NONE)) ||
        paced(bus, delivery, c->now, &at_ms)) {
        bus_timer_set(c, "bus", trial->name, at_ms, STR_NONE);
        return true;
    }
    return false;
}

status delivery_due(struct call *c, struct str name)
{
    struct bus *bus = bus_of(c->cell);
    struct arena *arena;
    struct trial *trial;
    struct str value;
    uint64_t id;

    if (!str_starts(name, STR("delivery/")) || !str_to_u64(str_slice(name, 9, name.bytes), &id) ||
        map_get(bus->deliveries->under_way, name) != NULL ||
        !txn_get(c->txn, row_key(c->arena, id), &value)) {
        return OK;
    }
    arena = arena_new(ARENA_BYTES_MAX);
    trial = ARENA_NEW(arena, struct trial);
    trial->arena = arena;
    trial->bus = bus;
    trial->id = id;
    trial->name = arena_dup(arena, name);
    bool good = delivery_read(value, arena, &trial->row);

    assert(good);
    if (must_wait(c, bus, trial)) {
        arena_free(arena);
        return OK;
    }
    if (!carrier_of(bus, trial->row.delivery.carrier, &trial->carrier)) {
        why_set(&trial->carrying.why, &ERR_NOT_FOUND, "weir has no carrier for %.*s",
                STR_ARG(trial->row.delivery.carrier));
        end_dead(c, trial);
        arena_free(arena);
        return OK;
    }
    trial->carrying.delivery = &trial->row.delivery;
    trial->carrying.attempt = trial->row.attempts + 1;
    trial->carrying.arena = arena_new(ARENA_BYTES_MAX);
    trial->work.run = try_it;
    (void)map_set(bus->deliveries->under_way, trial->name, trial, NULL);
    pool_post(bus->deliveries->pool, &trial->work);
    return OK;
}

status delivery_all_now(struct call *c, uint64_t *ret_count)
{
    struct txn_scan *scan = NULL;
    struct delivery_row row;
    uint64_t count = 0;
    uint64_t id;

    while (delivery_next(c, &scan, &id, &row)) {
        if (map_get(bus_of(c->cell)->deliveries->under_way, name_of(c->arena, id)) == NULL) {
            bus_timer_set(c, "bus", name_of(c->arena, id), c->now, STR_NONE);
            count++;
        }
    }
    *ret_count = count;
    return OK;
}

/* ---- life ---- */

/* After a start: what was under way when the last process ended has no timer row; all get one. */
static status recover_some(struct call *c, void *arg)
{
    struct deliveries *deliveries = arg;
    struct key from = key_of(c->arena, "bus");
    struct key prefix = key_of(c->arena, "bus");
    struct str key;
    struct str value;
    struct str skipped;
    int count = 0;

    key_str(&from, STR("delivery"));
    key_u64(&from, deliveries->recovered + 1);
    key_str(&prefix, STR("delivery"));
    struct txn_scan *scan = txn_scan(c->txn, key_end(&from),
                                     key_after_prefix(c->arena, key_end(&prefix)), false);

    while (count < RECOVER_AT_ONCE && txn_scan_next(scan, &key, &value)) {
        struct key_reader reader = {key};
        struct str name;

        if (!key_read_str(&reader, c->arena, &skipped) ||
            !key_read_str(&reader, c->arena, &skipped) ||
            !key_read_u64(&reader, &deliveries->recovered)) {
            break;
        }
        name = name_of(c->arena, deliveries->recovered);
        if (!bus_timer_is_set(c, "bus", name)) {
            bus_timer_set(c, "bus", name, c->now, STR_NONE);
        }
        count++;
    }
    txn_scan_close(scan);
    if (count == RECOVER_AT_ONCE) {
        cell_timer_set(c->cell, &deliveries->recover, c->now);
    }
    return OK;
}

static void recover_fire(struct cell *cell, struct timer *timer)
{
    struct deliveries *deliveries = LINK_OWNER(timer, struct deliveries, recover);
    struct doing doing = {"bus", "RecoverDeliveries", STR_NONE, STR_NONE, recover_some, deliveries};
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct why why;

    (void)cell_step(cell, &doing, arena, &why);
    arena_free(arena);
}

status deliveries_open(struct bus *bus)
{
    struct deliveries *deliveries = MEM_NEW(struct deliveries);
    struct arena *arena = arena_new(1u << 20);
    struct key prefix = key_of(arena, "bus");
    struct str key;
    struct str value;

    bus->deliveries = deliveries;
    deliveries->pool = pool_new("deliver", THREADS_MAX);
    deliveries->under_way = map_new(DELIVERY_AT_ONCE_MAX);
    deliveries->paced = map_new(DELIVERIES_MAX);
    deliveries->recover.fire = recover_fire;
    key_str(&prefix, STR("delivery"));
    struct kv_scan *scan =
        store_scan(cell_store(bus->cell), key_end(&prefix),
                   key_after_prefix(arena, key_end(&prefix)), false);

    while (store_scan_next(scan, &key, &value)) {
        struct key_reader reader = {key};
        struct str skipped;

        if (!key_read_str(&reader, arena, &skipped) || !key_read_str(&reader, arena, &skipped) ||
            !key_read_u64(&reader, &deliveries->last)) {
            store_scan_close(scan);
            arena_free(arena);
            return &ERR_CORRUPT;
        }
        deliveries->count++;
        arena_clear(arena);
    }
    store_scan_close(scan);
    arena_free(arena);
    if (deliveries->count > 0) {
        cell_timer_set(bus->cell, &deliveries->recover, cell_now(bus->cell));
    }
    bus->carriers[bus->carrier_count++] = (struct carrier_entry){&http_carrier, NULL};
    return OK;
}

void deliveries_close(struct bus *bus)
{
    if (bus->deliveries == NULL) {
        return;
    }
    pool_free(bus->deliveries->pool);
    map_free(bus->deliveries->under_way);
    map_free(bus->deliveries->paced);
    mem_free(bus->deliveries);
}
