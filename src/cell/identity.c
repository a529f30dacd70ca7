/* SPDX-License-Identifier: Apache-2.0
 *
 * Access keys in memory under one lock; records are never freed while open, so what a look-up gives
 * may be used without it.
 */
#include "cell/identity.h"

#include "base/cursor.h"
#include "base/map.h"
#include "base/mem.h"
#include "cell/cell_int.h"

#include <assert.h>

#define RECORD_VERSION 1
#define ROOT_ACCOUNT "000000000000"
#define SECRET_BYTES 40

struct identities {
    struct lock lock;
    struct cell *cell;
    struct map *by_key;      /* access key → struct identity */
    struct arena *arena;     /* holds all of them */
};

static struct str key_of_access_key(struct arena *arena, struct str access_key)
{
    struct key key = key_of(arena, "iam");

    key_str(&key, STR("access-key"));
    if (access_key.bytes > 0) {
        key_str(&key, access_key);
    }
    return key_end(&key);
}

static struct identity *keep(struct identities *identities, const struct identity *identity)
{
    struct identity *kept = ARENA_NEW(identities->arena, struct identity);
    void *former;

    kept->access_key = arena_dup(identities->arena, identity->access_key);
    kept->secret = arena_dup(identities->arena, identity->secret);
    kept->account = arena_dup(identities->arena, identity->account);
    kept->principal = arena_dup(identities->arena, identity->principal);
    return map_set(identities->by_key, kept->access_key, kept, &former) ? kept : NULL;
}

static status load_one(struct identities *identities, struct str key, struct str value)
{
    struct key_reader parts = {key};
    struct cursor cursor = cursor_of(value);
    struct identity identity;
    struct str service;
    struct str kind;

    if (!key_read_str(&parts, identities->arena, &service) ||
        !key_read_str(&parts, identities->arena, &kind) ||
        !key_read_str(&parts, identities->arena, &identity.access_key) ||
        read_u8(&cursor) != RECORD_VERSION) {
        return &ERR_CORRUPT;
    }
    identity.secret = read_str(&cursor);
    identity.account = read_str(&cursor);
    identity.principal = read_str(&cursor);
    if (!cursor_done(&cursor) || keep(identities, &identity) == NULL) {
        return &ERR_CORRUPT;
    }
    return OK;
}

status identities_open(struct cell *cell, struct why *why, struct identities **ret_identities)
{
    struct identities *identities = MEM_NEW(struct identities);
    struct str from;
    struct str key;
    struct str value;
    status loaded = OK;

    lock_init(&identities->lock);
    identities->cell = cell;
    identities->by_key = map_new(IDENTITIES_MAX);
    identities->arena = arena_new(64u * 1024 * 1024);
    from = key_of_access_key(identities->arena, STR_NONE);
    cell_enter(cell);
    struct kv_scan *scan =
        store_scan(cell->store, from, key_after_prefix(identities->arena, from), false);

    while (loaded == OK && store_scan_next(scan, &key, &value)) {
        loaded = load_one(identities, key, value);
    }
    store_scan_close(scan);
    cell_leave(cell);
    if (loaded != OK) {
        identities_close(identities);
        return why_set(why, loaded, "an access key's record cannot be read");
    }
    *ret_identities = identities;
    return OK;
}

void identities_close(struct identities *identities)
{
    if (identities == NULL) {
        return;
    }
    map_free(identities->by_key);
    arena_free(identities->arena);
    lock_done(&identities->lock);
    mem_free(identities);
}

size_t identities_count(struct identities *identities)
{
    lock_take(&identities->lock);
    size_t count = map_count(identities->by_key);

    lock_give(&identities->lock);
    return count;
}

bool identity_find(struct identities *identities, struct str access_key,
                   struct identity *ret_identity)
{
    lock_take(&identities->lock);
    const struct identity *found = map_get(identities->by_key, access_key);

    lock_give(&identities->lock);
    if (found == NULL) {
        return false;
    }
    *ret_identity = *found;
    return true;
}

/* AKIA and 16 of A-Z2-7; a secret of 40 letters, digits, '+' and '/'. */
static void fresh_key(char access_key[20], char secret[SECRET_BYTES])
{
    static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t random[16 + SECRET_BYTES];

    rand_secret(random, sizeof(random));
    memcpy(access_key, "AKIA", 4);
    for (int i = 0; i < 16; i++) {
        access_key[4 + i] = base32[random[i] % 32];
    }
    for (int i = 0; i < SECRET_BYTES; i++) {
        secret[i] = base64[random[16 + i] % 64];
    }
}

static void store_key(struct identities *identities, const struct identity *identity)
{
    struct cell *cell = identities->cell;
    struct change change = {.kind = CHANGE_PUT};
    struct buf value;
    uint64_t position;

    buf_init(&value, 4096);
    write_u8(&value, RECORD_VERSION);
    write_str(&value, identity->secret);
    write_str(&value, identity->account);
    write_str(&value, identity->principal);
    assert(!buf_spent(&value));
    change.key = key_of_access_key(identities->arena, identity->access_key);
    change.data = buf_str(&value);
    cell_enter(cell);
    struct entry entry = {
        .at_ms = cell->now,
        .principal = identity->principal,
        .account = identity->account,
        .service = STR("weir"),
        .operation = STR("CreateRootAccessKey"),
        .resource = identity->principal,
        .changes = &change,
        .change_count = 1,
    };
    position = store_commit(cell->store, &entry);
    cell_leave(cell);
    if (journal_durable(store_journal(cell->store)) < position) {
        journal_sync(store_journal(cell->store));
    }
    buf_done(&value);
}

status identity_root(struct identities *identities, struct why *why, struct identity *ret_identity,
                     bool *ret_made)
{
    char access_key[20];
    char secret[SECRET_BYTES];
    struct identity *kept;

    if (identities_count(identities) > 0) {
        size_t position = 0;
        struct str key;
        void *first;

        lock_take(&identities->lock);
        map_next(identities->by_key, &position, &key, &first);
        lock_give(&identities->lock);
        *ret_identity = *(struct identity *)first;
        *ret_made = false;
        return OK;
    }
    TRY(store_admit(identities->cell->store, 4096));
    fresh_key(access_key, secret);
    struct identity root = {str_of(access_key, sizeof(access_key)), str_of(secret, sizeof(secret)),
                            STR(ROOT_ACCOUNT), STR("arn:aws:iam::" ROOT_ACCOUNT ":root")};

    lock_take(&identities->lock);
    kept = keep(identities, &root);
    lock_give(&identities->lock);
    if (kept == NULL) {
        return why_set(why, &ERR_LIMIT, "no room for another access key");
    }
    store_key(identities, kept);
    *ret_identity = *kept;
    *ret_made = true;
    return OK;
}
