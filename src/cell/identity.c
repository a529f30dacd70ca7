/* SPDX-License-Identifier: Apache-2.0
 *
 * Access keys in memory: rows by their key, under one lock that is held for a look-up. A row is
 * counted: whoever found it keeps it whole while the key is replaced or deleted.
 */
#include "cell/identity_int.h"

#include "base/codec.h"
#include "base/map.h"
#include "base/mem.h"
#include "cell/cell_int.h"

#include <assert.h>

#define ROOT_ACCOUNT "000000000000"
#define SECRET_BYTES 40
#define TOKEN_RANDOM_BYTES 192 /* a multiple of three: base64 without padding */
#define ROW_BYTES_MAX (IDENTITY_POLICIES_BYTES_MAX + 256u * 1024)
#define SWEEP_MAX 5000         /* keys that one call removes; the next goes on */

struct row {
    struct identity identity; /* strings in text; first */
    uint32_t holders;         /* atomic: the map, and who found it */
    char *text;               /* access key and record */
    struct arena *lists;      /* of policies and tags, where there are any */
};

struct identities {
    struct lock lock;         /* the map */
    struct cell *cell;        /* whose */
    struct map *by_key;       /* access key → struct row */
    size_t temporary;         /* rows that expire */
};

static struct str store_key(struct arena *arena, struct str access_key)
{
    struct key key = key_of(arena, "iam");

    key_str(&key, STR("access-key"));
    if (access_key.bytes > 0) {
        key_str(&key, access_key);
    }
    return key_end(&key);
}

/* ---- rows ---- */

static void row_drop(struct row *row)
{
    if (row != NULL && __atomic_sub_fetch(&row->holders, 1, __ATOMIC_ACQ_REL) == 0) {
        arena_free(row->lists);
        mem_free(row->text);
        mem_free(row);
    }
}

/* NULL: the record is none. */
static struct row *row_new(struct str access_key, struct str record)
{
    struct row *row = MEM_NEW(struct row);

    row->holders = 1;
    row->text = mem_alloc(access_key.bytes + record.bytes + 1);
    memcpy(row->text, access_key.at, access_key.bytes);
    memcpy(row->text + access_key.bytes, record.at, record.bytes);
    row->lists = arena_new(ROW_BYTES_MAX);
    row->identity.access_key = str_of(row->text, access_key.bytes);
    if (!identity_read(str_of(row->text + access_key.bytes, record.bytes), row->lists,
                       &row->identity)) {
        row_drop(row);
        return NULL;
    }
    return row;
}

void identity_drop(const struct identity *identity)
{
    if (identity != NULL) {
        row_drop(LINK_OWNER(identity, struct row, identity));
    }
}

/* Takes over the row; false: there is no room for another, the row is gone. */
static bool row_keep(struct identities *identities, struct row *row)
{
    void *former = NULL;
    bool kept;

    lock_take(&identities->lock);
    kept = map_set(identities->by_key, row->identity.access_key, row, &former);
    identities->temporary += kept && row->identity.expires_ms > 0;
    identities->temporary -= former != NULL && ((struct row *)former)->identity.expires_ms > 0;
    lock_give(&identities->lock);
    row_drop(kept ? former : row);
    return kept;
}

static void row_remove(struct identities *identities, struct str access_key)
{
    struct row *former;

    lock_take(&identities->lock);
    former = map_remove(identities->by_key, access_key);
    identities->temporary -= former != NULL && former->identity.expires_ms > 0;
    lock_give(&identities->lock);
    row_drop(former);
}

/* ---- opening ---- */

static status load_one(struct identities *identities, struct arena *arena, struct str key,
                       struct str value)
{
    struct key_reader parts = {key};
    struct str service;
    struct str kind;
    struct str access_key;
    struct row *row;

    if (!key_read_str(&parts, arena, &service) || !key_read_str(&parts, arena, &kind) ||
        !key_read_str(&parts, arena, &access_key)) {
        return &ERR_CORRUPT;
    }
    row = row_new(access_key, value);
    return row != NULL && row_keep(identities, row) ? OK : &ERR_CORRUPT;
}

status identities_open(struct cell *cell, struct why *why, struct identities **ret_identities)
{
    struct identities *identities = MEM_NEW(struct identities);
    struct arena *arena = arena_new(ROW_BYTES_MAX);
    struct str from = store_key(arena, STR_NONE);
    struct kv_scan *scan = store_scan(cell->store, from, key_after_prefix(arena, from), false);
    struct str key;
    struct str value;
    status loaded = OK;

    lock_init(&identities->lock);
    identities->cell = cell;
    identities->by_key = map_new(IDENTITIES_MAX);
    while (loaded == OK && store_scan_next(scan, &key, &value)) {
        struct arena *scratch = arena_new(ROW_BYTES_MAX);

        loaded = load_one(identities, scratch, key, value);
        arena_free(scratch);
    }
    store_scan_close(scan);
    arena_free(arena);
    if (loaded != OK) {
        identities_close(identities);
        return why_set(why, loaded, "an access key's record cannot be read");
    }
    *ret_identities = identities;
    return OK;
}

void identities_close(struct identities *identities)
{
    struct str key;
    void *row;

    if (identities == NULL) {
        return;
    }
    for (size_t i = 0; map_next(identities->by_key, &i, &key, &row);) {
        row_drop(row);
    }
    map_free(identities->by_key);
    lock_done(&identities->lock);
    mem_free(identities);
}

struct identities *cell_identities(struct cell *cell)
{
    return cell->identities;
}

/* ---- looking up ---- */

size_t identities_count(struct identities *identities)
{
    lock_take(&identities->lock);
    size_t count = map_count(identities->by_key);

    lock_give(&identities->lock);
    return count;
}

const struct identity *identity_find(struct identities *identities, struct str access_key)
{
    struct row *row;

    lock_take(&identities->lock);
    row = map_get(identities->by_key, access_key);
    if (row != NULL) {
        __atomic_add_fetch(&row->holders, 1, __ATOMIC_RELAXED);
    }
    lock_give(&identities->lock);
    return row == NULL ? NULL : &row->identity;
}

/* ---- fresh ones ---- */

struct str identity_fresh_key(struct arena *arena, bool temporary)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint8_t random[16];
    char *key = arena_alloc(arena, 20);

    rand_secret(random, sizeof(random));
    memcpy(key, temporary ? "ASIA" : "AKIA", 4);
    for (int i = 0; i < 16; i++) {
        key[4 + i] = letters[random[i] % 32];
    }
    return str_of(key, 20);
}

struct str identity_fresh_secret(struct arena *arena)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789+/";
    uint8_t random[SECRET_BYTES];
    char *secret = arena_alloc(arena, SECRET_BYTES);

    rand_secret(random, sizeof(random));
    for (int i = 0; i < SECRET_BYTES; i++) {
        secret[i] = letters[random[i] % 64];
    }
    return str_of(secret, SECRET_BYTES);
}

struct str identity_fresh_token(struct arena *arena)
{
    uint8_t random[TOKEN_RANDOM_BYTES];
    size_t bytes = base64_encoded_bytes(sizeof(random));
    char *token = arena_alloc(arena, bytes);

    rand_secret(random, sizeof(random));
    base64_encode(str_of(random, sizeof(random)), token);
    return str_of(token, bytes);
}

/* ---- changing ---- */

void identity_delete(struct call *c, struct str access_key)
{
    const struct identity *found = identity_find(cell_identities(c->cell), access_key);

    if (found == NULL) {
        return;
    }
    identity_drop(found);
    txn_delete(c->txn, store_key(c->arena, access_key));
    row_remove(cell_identities(c->cell), access_key);
}

/* Removes what expired before that moment. */
static void sweep(struct call *c, int64_t before_ms)
{
    struct identities *identities = cell_identities(c->cell);
    struct str *keys;
    size_t count = 0;
    struct str key;
    void *at;

    lock_take(&identities->lock);
    bool any = identities->temporary > 0;

    lock_give(&identities->lock);
    if (!any) {
        return;
    }
    keys = arena_alloc(c->arena, SWEEP_MAX * sizeof(*keys));
    lock_take(&identities->lock);
    for (size_t i = 0; count < SWEEP_MAX && map_next(identities->by_key, &i, &key, &at);) {
        const struct row *row = at;

        if (row->identity.expires_ms > 0 && row->identity.expires_ms <= before_ms) {
            keys[count++] = arena_dup(c->arena, key);
        }
    }
    lock_give(&identities->lock);
    for (size_t i = 0; i < count && txn_room(c->txn) > SWEEP_MAX; i++) {
        identity_delete(c, keys[i]);
    }
}

status identities_tick(struct call *c)
{
    sweep(c, c->now - IDENTITY_KEEP_MS);
    return OK;
}

static bool within_limits(const struct identity *identity)
{
    size_t bytes = 0;

    for (size_t i = 0; i < identity->policy_count; i++) {
        bytes += identity->policies[i].bytes;
    }
    return identity->policy_count <= IDENTITY_POLICIES_MAX &&
           identity->tag_count <= IDENTITY_TAGS_MAX && bytes <= IDENTITY_POLICIES_BYTES_MAX;
}

status identity_put(struct call *c, const struct identity *identity)
{
    struct identities *identities = cell_identities(c->cell);
    struct buf packed;
    struct str record;
    struct row *row;

    assert(identity->access_key.bytes > 0);
    if (!within_limits(identity)) {
        return &ERR_LIMIT;
    }
    buf_init(&packed, ROW_BYTES_MAX);
    identity_write(&packed, identity);
    record = buf_spent(&packed) ? STR_NONE : arena_dup(c->arena, buf_str(&packed));
    buf_done(&packed);
    row = record.bytes == 0 ? NULL : row_new(identity->access_key, record);
    if (row == NULL) {
        return &ERR_LIMIT;
    }
    if (identities_count(identities) >= IDENTITIES_MAX) {
        sweep(c, c->now);
    }
    if (!row_keep(identities, row)) {
        return &ERR_LIMIT;
    }
    txn_put(c->txn, store_key(c->arena, arena_dup(c->arena, identity->access_key)), record);
    return OK;
}

status identity_session(struct call *c, const struct identity *wish, struct identity *ret_identity)
{
    struct identity made = *wish;

    assert(made.expires_ms > c->now);
    assert(made.principal.bytes > 0);
    made.access_key = identity_fresh_key(c->arena, true);
    made.secret = identity_fresh_secret(c->arena);
    made.token = identity_fresh_token(c->arena);
    made.made_ms = c->now;
    made.active = true;
    TRY(identity_put(c, &made));
    *ret_identity = made;
    return OK;
}

/* ---- the root ---- */

static void root_store(struct identities *identities, struct arena *arena,
                       const struct identity *root, struct str record)
{
    struct cell *cell = identities->cell;
    struct change change = {.kind = CHANGE_PUT};
    uint64_t position;

    change.key = store_key(arena, root->access_key);
    change.data = record;
    cell_enter(cell);
    struct entry entry = {
        .at_ms = cell->now,
        .principal = root->principal,
        .account = root->account,
        .service = STR("weir"),
        .operation = STR("CreateRootAccessKey"),
        .resource = root->principal,
        .changes = &change,
        .change_count = 1,
    };
    position = store_commit(cell->store, &entry);
    cell_leave(cell);
    if (journal_durable(store_journal(cell->store)) < position) {
        journal_sync(store_journal(cell->store));
    }
}

static bool root_find(struct identities *identities, struct arena *arena,
                      struct identity *ret_identity)
{
    struct str key;
    void *at;
    bool found = false;

    lock_take(&identities->lock);
    for (size_t i = 0; !found && map_next(identities->by_key, &i, &key, &at);) {
        const struct identity *is = &((const struct row *)at)->identity;

        found = is->kind == IDENTITY_ROOT && is->token.bytes == 0;
        if (found) {
            *ret_identity = (struct identity){
                .access_key = arena_dup(arena, is->access_key),
                .secret = arena_dup(arena, is->secret),
                .made_ms = is->made_ms,
                .kind = IDENTITY_ROOT,
                .active = is->active,
                .account = arena_dup(arena, is->account),
                .principal = arena_dup(arena, is->principal),
                .source = arena_dup(arena, is->source),
                .user_id = arena_dup(arena, is->user_id),
            };
        }
    }
    lock_give(&identities->lock);
    return found;
}

status identity_root(struct identities *identities, struct arena *arena, struct why *why,
                     struct identity *ret_identity, bool *ret_made)
{
    struct str root_arn = STR("arn:aws:iam::" ROOT_ACCOUNT ":root");
    struct identity root = {
        .made_ms = clock_now_ms(identities->cell->clock),
        .kind = IDENTITY_ROOT,
        .active = true,
        .account = STR(ROOT_ACCOUNT),
        .principal = root_arn,
        .source = root_arn,
        .user_id = STR(ROOT_ACCOUNT),
    };
    struct buf packed;
    struct str record;
    struct row *row;

    if (root_find(identities, arena, ret_identity)) {
        *ret_made = false;
        return OK;
    }
    TRY(store_admit(identities->cell->store, ROW_BYTES_MAX));
    root.access_key = identity_fresh_key(arena, false);
    root.secret = identity_fresh_secret(arena);
    buf_init(&packed, ROW_BYTES_MAX);
    identity_write(&packed, &root);
    record = arena_dup(arena, buf_str(&packed));
    buf_done(&packed);
    row = row_new(root.access_key, record);
    assert(row != NULL);
    if (!row_keep(identities, row)) {
        return why_set(why, &ERR_LIMIT, "no room for another access key");
    }
    root_store(identities, arena, &root, record);
    *ret_identity = root;
    *ret_made = true;
    return OK;
}
