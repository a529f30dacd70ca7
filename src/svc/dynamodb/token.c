/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens of transactions, as rows:
 *
 *   ("token", account, region, token)       u8 version 1, u64 when, SHA-256 of what was asked for
 *   ("due", when, account, region, token)   empty: to find those that are over
 *
 * What was asked for is hashed as a value tree with the pairs of its maps in order, so that it does
 * not matter in which order a client writes them.
 */
#include "svc/dynamodb/token.h"

#include "base/cursor.h"
#include "base/digest.h"

#include <assert.h>
#include <stdlib.h>

#define VERSION 1
#define ROW_BYTES (1 + 8 + SHA256_BYTES)
#define SWEEP_MAX 1000 /* in one tick */

/* ---- rows ---- */

static struct str row_token(struct call *c, struct str token)
{
    struct key key = row_kind(c->arena, "token");

    key_str(&key, c->account);
    key_str(&key, c->region);
    key_str(&key, token);
    return key_end(&key);
}

static struct str row_due(struct call *c, uint64_t at_ms, struct str token_row)
{
    struct key prefix = row_kind(c->arena, "token");
    struct key key = row_kind(c->arena, "due");
    struct key_reader reader = {row_rest(token_row, key_end(&prefix))};
    struct str part;

    key_u64(&key, at_ms);
    while (key_read_str(&reader, c->arena, &part)) {
        key_str(&key, part);
    }
    return key_end(&key);
}

static bool row_read(struct call *c, struct str row, uint64_t *ret_at_ms, struct str *ret_digest)
{
    struct str packed;
    struct cursor cursor;

    if (!txn_get(c->txn, row, &packed)) {
        return false;
    }
    cursor = cursor_of(packed);
    if (read_u8(&cursor) != VERSION) {
        return false;
    }
    *ret_at_ms = read_u64(&cursor);
    *ret_digest = read_bytes(&cursor, SHA256_BYTES);
    return cursor_done(&cursor);
}

/* ---- what was asked for ---- */

static void hash_value(struct sha256_run *run, const struct value *value, struct arena *arena);

static void hash_u64(struct sha256_run *run, uint64_t number)
{
    char bytes[8];

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (char)(number >> (8 * i));
    }
    sha256_more(run, str_of(bytes, sizeof(bytes)));
}

static void hash_str(struct sha256_run *run, struct str s)
{
    hash_u64(run, s.bytes);
    sha256_more(run, s);
}

static int pair_cmp(const void *a, const void *b)
{
    return str_cmp((*(const struct pair *const *)a)->key, (*(const struct pair *const *)b)->key);
}

static void hash_map(struct sha256_run *run, const struct value *map, struct arena *arena)
{
    const struct pair **pairs = arena_alloc(arena, (map->count + 1) * sizeof(struct pair *));

    for (uint32_t i = 0; i < map->count; i++) {
        pairs[i] = &map->pairs[i];
    }
    qsort(pairs, map->count, sizeof(struct pair *), pair_cmp);
    for (uint32_t i = 0; i < map->count; i++) {
        hash_str(run, pairs[i]->key);
        hash_value(run, &pairs[i]->value, arena);
    }
}

/* As deep as the wire lets values nest. */
static void hash_value(struct sha256_run *run, const struct value *value, struct arena *arena)
{
    hash_u64(run, (uint64_t)value->kind << 32 | value->count);
    switch ((enum value_kind)value->kind) {
    case VALUE_STR:
    case VALUE_BLOB:
        hash_str(run, value->str);
        return;
    case VALUE_BOOL:
        hash_u64(run, value->truth);
        return;
    case VALUE_INT:
        hash_u64(run, (uint64_t)value->number);
        return;
    case VALUE_LIST:
    case VALUE_STRUCT:
        for (uint32_t i = 0; i < value->count; i++) {
            hash_value(run, &value->items[i], arena);
        }
        return;
    case VALUE_MAP:
        hash_map(run, value, arena);
        return;
    default:
        return;
    }
}

static struct str digest_of(struct call *c, const struct value *asked)
{
    uint8_t *digest = arena_alloc(c->arena, SHA256_BYTES);
    struct sha256_run *run = sha256_begin();

    hash_value(run, asked, c->arena);
    sha256_end(run, digest);
    return str_of((char *)digest, SHA256_BYTES);
}

/* ---- the token ---- */

status token_check(struct call *c, const struct value *asked, bool *ret_done)
{
    struct str token = arg_str(c, "ClientRequestToken");
    struct str digest;
    uint64_t at_ms;

    *ret_done = false;
    if (token.bytes == 0 || !row_read(c, row_token(c, token), &at_ms, &digest) ||
        (int64_t)at_ms + TOKEN_MS < c->now) {
        return OK;
    }
    if (!str_eq(digest, digest_of(c, asked))) {
        return fail(c, &DDB_IDEMPOTENT_MISMATCH, "The idempotency token was used with a different "
                                                 "request.");
    }
    *ret_done = true;
    return OK;
}

void token_keep(struct call *c, const struct value *asked)
{
    struct str token = arg_str(c, "ClientRequestToken");
    struct buf packed;
    struct str former;
    uint64_t at_ms;
    struct str row;

    if (token.bytes == 0) {
        return;
    }
    row = row_token(c, token);
    if (row_read(c, row, &at_ms, &former)) { /* it is over, or token_check had found it */
        txn_delete(c->txn, row_due(c, at_ms, row));
    }
    buf_init(&packed, ROW_BYTES);
    write_u8(&packed, VERSION);
    write_u64(&packed, (uint64_t)c->now);
    buf_add(&packed, digest_of(c, asked));
    assert(!buf_spent(&packed));
    txn_put(c->txn, row, arena_dup(c->arena, buf_str(&packed)));
    buf_done(&packed);
    txn_put(c->txn, row_due(c, (uint64_t)c->now, row), STR(""));
}

/* The token's row of a due row's key behind the kind; false: it is not over yet. */
static bool token_over(struct call *c, struct str rest, struct str *ret_row)
{
    struct key_reader reader = {rest};
    struct key key = row_kind(c->arena, "token");
    struct str part;
    uint64_t at_ms;

    if (!key_read_u64(&reader, &at_ms) || (int64_t)at_ms + TOKEN_MS >= c->now) {
        return false;
    }
    while (key_read_str(&reader, c->arena, &part)) {
        key_str(&key, part);
    }
    *ret_row = key_end(&key);
    return true;
}

void tokens_sweep(struct call *c)
{
    struct key prefix = row_kind(c->arena, "due");
    struct txn_scan *scan = txn_scan_prefix(c->txn, key_end(&prefix));
    struct str *rows = arena_alloc(c->arena, 2 * SWEEP_MAX * sizeof(rows[0]));
    size_t count = 0;
    struct str row, value;

    while (count + 2 <= 2 * SWEEP_MAX && count + 2 <= txn_room(c->txn) &&
           txn_scan_next(scan, &row, &value)) {
        row = arena_dup(c->arena, row);
        if (!token_over(c, row_rest(row, key_end(&prefix)), &rows[count + 1])) {
            break; /* they are in the order of time */
        }
        rows[count] = row;
        count += 2;
    }
    txn_scan_close(scan);
    for (size_t i = 0; i < count; i++) {
        txn_delete(c->txn, rows[i]);
    }
}
