/* SPDX-License-Identifier: Apache-2.0
 *
 * Key and record bytes of user pools; users have theirs in keys_user.c, sessions in session.c. All
 * version 1.
 *
 *   ("cognito-idp", "pool", id)           u8 1, str account, str region, str JSON of it, str JSON
 *                                         of its MFA
 *   ("cognito-idp", "pool-of", account, region, id)   empty
 *   ("cognito-idp", "keys", id)           u8 1, POOL_KEYS times str kid, str PKCS#8
 *   ("cognito-idp", "users", id)          u8 1, var how many users
 *   ("cognito-idp", "gone", id)           empty: its rows are to be swept
 *   ("cognito-idp", kind, pool, name)     a thing: u8 1, JSON
 *   ("cognito-idp", kind, first[, second]) a small row: u8 1, the text
 */
#include "svc/cognito/keys.h"

#include "base/cursor.h"
#include "cell/cell.h"
#include "wire/json.h"

#include <assert.h>

#define VERSION 1
#define THING_BYTES_MAX (1u << 20)
#define SWEEP_ROOM 1000 /* changes that a sweep leaves to others */

/* What a pool has, and loses with it. */
static const char *const kinds_of_pool[] = {
    "keys", "users", "client", "group", "server", "user", "name", "member", "group-of", "code",
    "device", "thing", "secret", "domain-of", "jwks", "sign-in", "refresh", "grant", "browser",
};

static struct key key_kind(struct arena *arena, const char *kind)
{
    struct key key = key_of(arena, "cognito-idp");

    key_str(&key, str_c(kind));
    return key;
}

static struct key key_first(struct arena *arena, const char *kind, struct str first)
{
    struct key key = key_kind(arena, kind);

    key_str(&key, first);
    return key;
}

/* ---- shapes ---- */

static const struct shape *output_of(const char *operation)
{
    const struct operation *found =
        model_operation(model_service(STR("cognito-idp")), str_c(operation));

    assert(found != NULL);
    return model_shape(found->output);
}

uint32_t shape_out(const char *operation)
{
    return (uint32_t)(output_of(operation) - model_shapes);
}

uint32_t shape_in(const char *operation, const char *member)
{
    const struct shape *output = output_of(operation);
    int index = model_member_index(output, str_c(member));
    uint32_t shape;

    assert(index >= 0);
    shape = model_members[output->first + (uint32_t)index].shape;
    return model_shape(shape)->kind == SHAPE_LIST ? model_members[model_shape(shape)->first].shape
                                                  : shape;
}

/* ---- trees as JSON ---- */

static void write_about(struct buf *packed, const struct value *about)
{
    struct buf text;

    buf_init(&text, THING_BYTES_MAX);
    json_write(&text, about, TIME_EPOCH);
    assert(!buf_spent(&text));
    write_str(packed, buf_str(&text));
    buf_done(&text);
}

static struct value *read_about(struct call *c, struct str text, uint32_t shape)
{
    struct value *about = ARENA_NEW(c->arena, struct value);
    status read = json_read(arena_dup(c->arena, text), shape, c->arena, &c->why, about);

    assert(read == OK); /* written by write_about() */
    return about;
}

/* ---- things ---- */

static struct str thing_key(struct call *c, const struct thing *thing)
{
    struct key key = key_first(c->arena, thing->kind, thing->pool);

    key_str(&key, thing->name);
    return key_end(&key);
}

void thing_save(struct call *c, const struct thing *thing, const struct value *about)
{
    struct buf packed;

    buf_init(&packed, THING_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_about(&packed, about);
    txn_put_packed(c->txn, thing_key(c, thing), &packed);
}

static struct value *thing_read(struct call *c, struct str packed, uint32_t shape)
{
    struct cursor cursor = cursor_of(packed);
    uint8_t version = read_u8(&cursor);
    struct str text = read_str(&cursor);

    assert(version == VERSION);
    assert(cursor_done(&cursor));
    return read_about(c, text, shape);
}

struct value *thing_load(struct call *c, const struct thing *thing, uint32_t shape)
{
    struct str packed;

    return txn_get(c->txn, thing_key(c, thing), &packed) ? thing_read(c, packed, shape) : NULL;
}

bool thing_there(struct call *c, const struct thing *thing)
{
    struct str packed;

    return txn_get(c->txn, thing_key(c, thing), &packed);
}

bool thing_erase(struct call *c, const struct thing *thing)
{
    if (!thing_there(c, thing)) {
        return false;
    }
    txn_delete(c->txn, thing_key(c, thing));
    return true;
}

/* All keys that begin with prefix, behind that last part. */
static struct txn_scan *scan_after(struct call *c, struct key prefix, struct str after)
{
    struct str begin = arena_dup(c->arena, key_end(&prefix));
    struct str from = begin;

    if (after.bytes > 0) {
        key_str(&prefix, after);
        from = key_after_prefix(c->arena, key_end(&prefix));
    }
    return txn_scan(c->txn, from, key_after_prefix(c->arena, begin), false);
}

/* The last part of a key of three, which follows kind and first. */
static struct str last_part(struct call *c, struct str key)
{
    struct key_reader reader = {key};
    struct str part = STR_NONE;

    for (int i = 0; i < 4; i++) {
        bool good = key_read_str(&reader, c->arena, &part);

        assert(good);
    }
    return part;
}

bool things_next(struct call *c, struct things *things, struct thing *ret_thing,
                 struct value **ret_about)
{
    struct str key, packed;

    if (things->scan == NULL) {
        things->scan =
            scan_after(c, key_first(c->arena, things->kind, things->pool), things->after);
    }
    if (!txn_scan_next(things->scan, &key, &packed)) {
        things_close(things);
        return false;
    }
    *ret_thing = (struct thing){things->kind, things->pool, last_part(c, key)};
    if (ret_about != NULL) {
        *ret_about = thing_read(c, packed, things->shape);
    }
    return true;
}

void things_close(struct things *things)
{
    if (things->scan != NULL) {
        txn_scan_close(things->scan);
        things->scan = NULL;
    }
}

size_t things_count(struct call *c, const char *kind, struct str pool)
{
    struct things things = {.kind = kind, .pool = pool};
    struct thing thing;
    size_t count = 0;

    while (things_next(c, &things, &thing, NULL)) {
        count++;
    }
    return count;
}

/* ---- pools ---- */

static struct str key_of_account(struct call *c, const struct pool *pool)
{
    struct key key = key_kind(c->arena, "pool-of");

    key_str(&key, pool->account);
    key_str(&key, pool->region);
    key_str(&key, pool->id);
    return key_end(&key);
}

static struct str key_of_pool(struct call *c, const char *kind, struct str id)
{
    struct key key = key_first(c->arena, kind, id);

    return key_end(&key);
}

void pool_save(struct call *c, const struct pool *pool)
{
    struct buf packed;

    buf_init(&packed, THING_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_str(&packed, pool->account);
    write_str(&packed, pool->region);
    write_about(&packed, pool->about);
    write_about(&packed, pool->mfa);
    txn_put_packed(c->txn, key_of_pool(c, "pool", pool->id), &packed);
    txn_put(c->txn, key_of_account(c, pool), STR(""));
}

void pool_save_keys(struct call *c, const struct pool *pool,
                    const struct pool_key keys[POOL_KEYS])
{
    struct buf packed;

    buf_init(&packed, THING_BYTES_MAX);
    write_u8(&packed, VERSION);
    for (size_t i = 0; i < POOL_KEYS; i++) {
        write_str(&packed, keys[i].kid);
        write_str(&packed, keys[i].private_der);
    }
    txn_put_packed(c->txn, key_of_pool(c, "keys", pool->id), &packed);
}

void pool_keys(struct call *c, const struct pool *pool, struct pool_key ret_keys[POOL_KEYS])
{
    struct str packed;
    bool there = txn_get(c->txn, key_of_pool(c, "keys", pool->id), &packed);
    struct cursor cursor = cursor_of(there ? arena_dup(c->arena, packed) : STR_NONE);
    uint8_t version = read_u8(&cursor);

    for (size_t i = 0; i < POOL_KEYS; i++) {
        ret_keys[i].kid = read_str(&cursor);
        ret_keys[i].private_der = read_str(&cursor);
    }
    assert(version == VERSION);
    assert(cursor_done(&cursor));
}

void pool_save_users(struct call *c, const struct pool *pool)
{
    struct buf packed;

    buf_init(&packed, 64);
    write_u8(&packed, VERSION);
    write_var(&packed, pool->users);
    txn_put_packed(c->txn, key_of_pool(c, "users", pool->id), &packed);
}

bool pool_load(struct call *c, struct str id, struct pool *ret_pool)
{
    struct pool pool = {.id = id};
    struct cursor cursor;
    struct str packed;
    const struct value *names;

    if (!txn_get(c->txn, key_of_pool(c, "pool", id), &packed)) {
        return false;
    }
    cursor = cursor_of(arena_dup(c->arena, packed));
    (void)read_u8(&cursor);
    pool.account = read_str(&cursor);
    pool.region = read_str(&cursor);
    pool.about = read_about(c, read_str(&cursor), shape_in("DescribeUserPool", "UserPool"));
    pool.mfa = read_about(c, read_str(&cursor), shape_out("SetUserPoolMfaConfig"));
    assert(cursor_done(&cursor));
    if (txn_get(c->txn, key_of_pool(c, "users", id), &packed)) {
        cursor = cursor_of(packed);
        (void)read_u8(&cursor);
        pool.users = read_var(&cursor);
    }
    names = get(pool.about, "UsernameConfiguration");
    pool.case_sensitive = names == NULL || get_bool(names, "CaseSensitive", true);
    *ret_pool = pool;
    return true;
}

void pool_erase(struct call *c, const struct pool *pool)
{
    struct things clients = {.kind = "client", .pool = pool->id};
    struct thing thing;

    while (things_next(c, &clients, &thing, NULL)) {
        small_erase(c, (struct small){"client-id", thing.name, STR_NONE});
    }
    txn_delete(c->txn, key_of_pool(c, "pool", pool->id));
    txn_delete(c->txn, key_of_account(c, pool));
    txn_put(c->txn, key_of_pool(c, "gone", pool->id), STR(""));
}

/* One deleted pool's rows; false: there are more. */
static bool sweep_pool(struct call *c, struct str id)
{
    for (size_t i = 0; i < sizeof(kinds_of_pool) / sizeof(kinds_of_pool[0]); i++) {
        struct key prefix = key_first(c->arena, kinds_of_pool[i], id);
        size_t left = txn_room(c->txn) > SWEEP_ROOM ? txn_room(c->txn) - SWEEP_ROOM : 0;
        struct txn_mark mark = {NULL, 0};
        bool done =
            txn_sweep(c->txn, txn_below(c->txn, key_end(&prefix)), &mark, &left);

        txn_mark_done(&mark);
        if (!done) {
            return false;
        }
    }
    return true;
}

bool pools_sweep(struct call *c)
{
    struct key prefix = key_kind(c->arena, "gone");
    struct txn_scan *scan = txn_scan_prefix(c->txn, key_end(&prefix));
    struct str key, value, id;
    bool done = true;

    while (done && txn_scan_next(scan, &key, &value)) {
        struct key_reader reader = {arena_dup(c->arena, key)};
        bool good = key_read_str(&reader, c->arena, &id) && key_read_str(&reader, c->arena, &id) &&
                    key_read_str(&reader, c->arena, &id);

        assert(good);
        done = sweep_pool(c, id);
        if (done) {
            txn_delete(c->txn, key_of_pool(c, "gone", id));
        }
    }
    txn_scan_close(scan);
    return done;
}

bool pools_next(struct call *c, struct pools *pools, struct str *ret_id)
{
    struct key_reader reader;
    struct str key, value;

    if (pools->scan == NULL) {
        struct key prefix = key_first(c->arena, "pool-of", c->account);

        key_str(&prefix, c->region);
        pools->scan = scan_after(c, prefix, pools->after);
    }
    if (!txn_scan_next(pools->scan, &key, &value)) {
        pools_close(pools);
        return false;
    }
    reader = (struct key_reader){key};
    for (int i = 0; i < 5; i++) {
        bool good = key_read_str(&reader, c->arena, ret_id);

        assert(good);
    }
    return true;
}

void pools_close(struct pools *pools)
{
    if (pools->scan != NULL) {
        txn_scan_close(pools->scan);
        pools->scan = NULL;
    }
}

/* ---- small rows ---- */

static struct str small_key(struct call *c, struct small small)
{
    struct key key = key_first(c->arena, small.kind, small.first);

    if (small.second.bytes > 0) {
        key_str(&key, small.second);
    }
    return key_end(&key);
}

void small_put(struct call *c, struct small small, struct str text)
{
    struct buf packed;

    buf_init(&packed, text.bytes + 1);
    write_u8(&packed, VERSION);
    buf_add(&packed, text);
    txn_put_packed(c->txn, small_key(c, small), &packed);
}

bool small_get(struct call *c, struct small small, struct str *ret_text)
{
    struct str packed;

    if (!txn_get(c->txn, small_key(c, small), &packed)) {
        return false;
    }
    *ret_text = arena_dup(c->arena, str_slice(packed, 1, packed.bytes));
    return true;
}

void small_erase(struct call *c, struct small small)
{
    struct str packed;

    if (txn_get(c->txn, small_key(c, small), &packed)) {
        txn_delete(c->txn, small_key(c, small));
    }
}

bool smalls_next(struct call *c, struct smalls *smalls, struct str *ret_second,
                 struct str *ret_text)
{
    struct str key, packed;

    if (smalls->scan == NULL) {
        smalls->scan =
            scan_after(c, key_first(c->arena, smalls->kind, smalls->first), smalls->after);
    }
    if (!txn_scan_next(smalls->scan, &key, &packed)) {
        smalls_close(smalls);
        return false;
    }
    *ret_second = last_part(c, key);
    if (ret_text != NULL) {
        *ret_text = arena_dup(c->arena, str_slice(packed, 1, packed.bytes));
    }
    return true;
}

void smalls_close(struct smalls *smalls)
{
    if (smalls->scan != NULL) {
        txn_scan_close(smalls->scan);
        smalls->scan = NULL;
    }
}

struct str pair_of(struct call *c, struct str first, struct str second)
{
    char *at = arena_alloc(c->arena, first.bytes + second.bytes + 1);

    memcpy(at, first.at, first.bytes);
    at[first.bytes] = '\0';
    if (second.bytes > 0) {
        memcpy(at + first.bytes + 1, second.at, second.bytes);
    }
    return str_of(at, first.bytes + 1 + second.bytes);
}

struct str pair_rest(struct str pair, struct str first)
{
    return str_slice(pair, first.bytes + 1, pair.bytes);
}
