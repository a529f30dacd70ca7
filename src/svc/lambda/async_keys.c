/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of asynchronous invocations; nobody else knows their bytes.
 *
 *   ("lambda", "async", account, region, name, id)           u8 version 1, then as event_write()
 *   ("lambda", "async-due", account, region, name, at_ms, id)   empty
 *   ("lambda", "async-released", account, region, name)      u8 version 1, zigzag moment
 */
#include "base/cursor.h"
#include "svc/lambda/async.h"

#include <assert.h>

#define VERSION 1
#define EVENT_BYTES_MAX (2u * 1024 * 1024)
#define SCAN_ARENA_BYTES_MAX (1u << 20)

static struct key key_below(struct arena *arena, const char *kind, const struct target *target)
{
    struct key key = key_of(arena, "lambda");

    key_str(&key, str_c(kind));
    key_str(&key, target->account);
    key_str(&key, target->region);
    key_str(&key, target->name);
    return key;
}

static struct str event_key(struct call *c, const struct target *target, uint64_t id)
{
    struct key key = key_below(c->arena, "async", target);

    key_u64(&key, id);
    return key_end(&key);
}

static struct str due_key(struct call *c, const struct target *target, struct async_place place)
{
    struct key key = key_below(c->arena, "async-due", target);

    key_u64(&key, place.at_ms < 0 ? 0 : (uint64_t)place.at_ms);
    key_u64(&key, place.id);
    return key_end(&key);
}

/* ---- events ---- */

static void event_write(struct buf *packed, const struct async_event *event)
{
    write_u8(packed, VERSION);
    write_str(packed, event->qualifier);
    write_str(packed, event->payload);
    write_str(packed, event->request_id);
    write_str(packed, event->trace);
    write_str(packed, event->source);
    write_zigzag(packed, event->made_ms);
    write_var(packed, event->attempts);
    write_var(packed, event->stalls);
}

void async_put(struct call *c, const struct target *target, uint64_t id,
               const struct async_event *event)
{
    struct buf packed;

    buf_init(&packed, EVENT_BYTES_MAX);
    event_write(&packed, event);
    assert(!buf_spent(&packed)); /* payloads are bounded where they come in */
    txn_put(c->txn, event_key(c, target, id), arena_dup(c->arena, buf_str(&packed)));
    buf_done(&packed);
}

bool async_get(struct call *c, const struct target *target, uint64_t id,
               struct async_event *ret_event)
{
    struct str value;
    struct cursor cursor;

    if (!txn_get(c->txn, event_key(c, target, id), &value)) {
        return false;
    }
    cursor = cursor_of(arena_dup(c->arena, value));
    if (read_u8(&cursor) != VERSION) {
        return false;
    }
    ret_event->qualifier = read_str(&cursor);
    ret_event->payload = read_str(&cursor);
    ret_event->request_id = read_str(&cursor);
    ret_event->trace = read_str(&cursor);
    ret_event->source = read_str(&cursor);
    ret_event->made_ms = read_zigzag(&cursor);
    ret_event->attempts = (uint32_t)read_var(&cursor);
    ret_event->stalls = (uint32_t)read_var(&cursor);
    bool good = cursor_done(&cursor);

    assert(good);
    return true;
}

void async_erase(struct call *c, const struct target *target, struct async_place place)
{
    txn_delete(c->txn, event_key(c, target, place.id));
    async_due_erase(c, target, place);
}

/* ---- when they are due ---- */

void async_due_put(struct call *c, const struct target *target, struct async_place place)
{
    txn_put(c->txn, due_key(c, target, place), STR(""));
}

void async_due_erase(struct call *c, const struct target *target, struct async_place place)
{
    txn_delete(c->txn, due_key(c, target, place));
}

static bool skip_texts(struct key_reader *reader, struct arena *arena, size_t count)
{
    struct str skipped;
    bool good = true;

    for (size_t i = 0; good && i < count; i++) {
        good = key_read_str(reader, arena, &skipped);
    }
    return good;
}

static bool read_place(struct key_reader *reader, struct async_place *ret_place)
{
    uint64_t at_ms = 0;
    bool good = key_read_u64(reader, &at_ms) && key_read_u64(reader, &ret_place->id);

    ret_place->at_ms = (int64_t)at_ms;
    return good;
}

bool async_due_next(struct call *c, const struct target *target, struct async_place behind,
                    struct txn_scan **scan, struct async_place *ret_place)
{
    struct key prefix = key_below(c->arena, "async-due", target);
    struct str key;
    struct str value;

    if (*scan == NULL) {
        behind.id++;
        *scan = txn_scan(c->txn, due_key(c, target, behind),
                         key_after_prefix(c->arena, key_end(&prefix)), false);
    }
    if (!txn_scan_next(*scan, &key, &value)) {
        txn_scan_close(*scan);
        *scan = NULL;
        return false;
    }
    struct key_reader reader = {key};
    bool good = skip_texts(&reader, c->arena, 5) && read_place(&reader, ret_place);

    assert(good);
    return true;
}

/* ---- since when they age ---- */

static struct str released_key(struct call *c, const struct target *target)
{
    struct key key = key_below(c->arena, "async-released", target);

    return key_end(&key);
}

void async_released_put(struct call *c, const struct target *target, int64_t at_ms)
{
    struct buf packed;

    buf_init(&packed, 32);
    write_u8(&packed, VERSION);
    write_zigzag(&packed, at_ms);
    txn_put(c->txn, released_key(c, target), arena_dup(c->arena, buf_str(&packed)));
    buf_done(&packed);
}

int64_t async_released_get(struct call *c, const struct target *target)
{
    struct str value;
    struct cursor cursor;

    if (!txn_get(c->txn, released_key(c, target), &value)) {
        return 0;
    }
    cursor = cursor_of(value);
    return read_u8(&cursor) == VERSION ? read_zigzag(&cursor) : 0;
}

/* ---- all of them ---- */

status async_rows_read(struct store *store,
                       void (*row)(void *arg, const struct target *target,
                                   struct async_place place), void *arg)
{
    struct arena *arena = arena_new(SCAN_ARENA_BYTES_MAX);
    struct key prefix = key_of(arena, "lambda");
    struct kv_scan *scan;
    struct str key;
    struct str value;
    bool good = true;

    key_str(&prefix, STR("async-due"));
    scan = store_scan(store, key_end(&prefix), key_after_prefix(arena, key_end(&prefix)), false);
    while (good && store_scan_next(scan, &key, &value)) {
        struct key_reader reader = {key};
        struct target target = {.qualifier = STR_NONE};
        struct async_place place;

        arena_clear(arena);
        good = skip_texts(&reader, arena, 2) && key_read_str(&reader, arena, &target.account) &&
               key_read_str(&reader, arena, &target.region) &&
               key_read_str(&reader, arena, &target.name) && read_place(&reader, &place);
        if (good) {
            row(arg, &target, place);
        }
    }
    store_scan_close(scan);
    arena_free(arena);
    return good ? OK : &ERR_CORRUPT;
}
