/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows that end by themselves.
 */
#include "svc/cognito/passing.h"

#include "base/cursor.h"

#include <assert.h>

#define VERSION 1
#define SWEEP_ROOM 1000 /* changes that a sweep leaves to others */

static void key_rest(struct key *key, const struct passing *passing)
{
    key_str(key, str_c(passing->kind));
    key_str(key, passing->pool);
    key_str(key, passing->name);
}

static struct str row_key(struct call *c, const struct passing *passing)
{
    struct key key = key_of(c->arena, "cognito-idp");

    key_rest(&key, passing);
    return key_end(&key);
}

static struct str until_key(struct call *c, const struct passing *passing, int64_t until_ms)
{
    struct key key = key_of(c->arena, "cognito-idp");

    key_str(&key, STR("until"));
    key_u64(&key, (uint64_t)until_ms);
    key_rest(&key, passing);
    return key_end(&key);
}

/* As it lies there, over or not. */
static bool row_read(struct call *c, const struct passing *passing, int64_t *ret_until_ms,
                     struct str *ret_record)
{
    struct cursor cursor;
    struct str packed;
    uint8_t version;

    if (!txn_get(c->txn, row_key(c, passing), &packed)) {
        return false;
    }
    cursor = cursor_of(packed);
    version = read_u8(&cursor);
    *ret_until_ms = read_zigzag(&cursor);
    *ret_record = cursor.rest;
    assert(version == VERSION);
    assert(cursor_ok(&cursor));
    return true;
}

void passing_put(struct call *c, const struct passing *passing, int64_t until_ms,
                 struct buf *record)
{
    struct buf packed;

    assert(!buf_spent(record));
    assert(until_ms >= 0);
    passing_erase(c, passing);
    buf_init(&packed, PASSING_BYTES_MAX + 16);
    write_u8(&packed, VERSION);
    write_zigzag(&packed, until_ms);
    buf_add(&packed, buf_str(record));
    buf_done(record);
    txn_put_packed(c->txn, row_key(c, passing), &packed);
    txn_put(c->txn, until_key(c, passing, until_ms), STR(""));
}

bool passing_get(struct call *c, const struct passing *passing, struct str *ret_record)
{
    int64_t until_ms;
    struct str record;

    if (!row_read(c, passing, &until_ms, &record) || until_ms <= c->now) {
        return false;
    }
    *ret_record = arena_dup(c->arena, record);
    return true;
}

int64_t passing_until(struct call *c, const struct passing *passing)
{
    int64_t until_ms;
    struct str record;

    return row_read(c, passing, &until_ms, &record) && until_ms > c->now ? until_ms : 0;
}

void passing_erase(struct call *c, const struct passing *passing)
{
    int64_t until_ms;
    struct str record;

    if (row_read(c, passing, &until_ms, &record)) {
        txn_delete(c->txn, row_key(c, passing));
        txn_delete(c->txn, until_key(c, passing, until_ms));
    }
}

/* What an until key is about. */
static void until_read(struct call *c, struct str key, struct passing *ret_passing,
                       int64_t *ret_until_ms)
{
    struct key_reader reader = {key};
    struct str part;
    struct str kind;
    uint64_t until_ms;
    bool good = key_read_str(&reader, c->arena, &part) &&
                key_read_str(&reader, c->arena, &part) && key_read_u64(&reader, &until_ms) &&
                key_read_str(&reader, c->arena, &kind) &&
                key_read_str(&reader, c->arena, &ret_passing->pool) &&
                key_read_str(&reader, c->arena, &ret_passing->name);

    assert(good);
    ret_passing->kind = arena_dup(c->arena, kind).at;
    *ret_until_ms = (int64_t)until_ms;
}

bool passing_sweep(struct call *c)
{
    struct key prefix = key_of(c->arena, "cognito-idp");
    struct txn_scan *scan;
    struct passing passing;
    int64_t until_ms;
    struct str key;
    struct str value;
    bool done = true;

    key_str(&prefix, STR("until"));
    scan = txn_scan_prefix(c->txn, key_end(&prefix));
    while (txn_scan_next(scan, &key, &value)) {
        key = arena_dup(c->arena, key);
        until_read(c, key, &passing, &until_ms);
        if (until_ms > c->now) {
            break;
        }
        if (txn_room(c->txn) <= SWEEP_ROOM || arena_spent(c->arena)) {
            done = false;
            break;
        }
        txn_delete(c->txn, key);
        txn_delete(c->txn, row_key(c, &passing)); /* also one whose pool is swept already */
    }
    txn_scan_close(scan);
    return done;
}
