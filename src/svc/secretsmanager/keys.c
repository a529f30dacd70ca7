/* SPDX-License-Identifier: Apache-2.0
 *
 * Key and record bytes of secrets; nobody else knows them. Trees are cell/shelf.h's.
 *
 *   ("secretsmanager", "secret", account, region, name)         tree: DescribeSecret
 *   ("secretsmanager", "version", account, region, name, id)    tree: of ListSecretVersionIds
 *   ("secretsmanager", "value", account, region, name, id)      tree: GetSecretValue
 *   ("secretsmanager", "policy", account, region, name)         u8 1, the document
 *   ("secretsmanager", "rotation", account, region, name)       u8 1, str token, u8 step, u8 test,
 *                                                               var attempts, zigzag retry_ms
 */
#include "base/cursor.h"
#include "bus/timer.h"
#include "cell/cell.h"
#include "svc/secretsmanager/secretsmanager_int.h"

#include <assert.h>

#define VERSION 1
#define SUFFIX_BYTES 7 /* "-" and six characters, at the end of an ARN */

static uint32_t about_shape(void)
{
    return shelf_shape(SECRETS_SERVICE, "DescribeSecret", "");
}

static struct key row_key(struct arena *arena, const char *kind, const struct secret *secret)
{
    struct key key = key_of(arena, SECRETS_SERVICE);

    key_str(&key, str_c(kind));
    key_str(&key, secret->account);
    key_str(&key, secret->region);
    key_str(&key, secret->name);
    return key;
}

static struct str row(struct call *c, const char *kind, const struct secret *secret)
{
    struct key key = row_key(c->arena, kind, secret);

    return key_end(&key);
}

static struct str row_of(struct call *c, const char *kind, const struct secret *secret,
                         struct str id)
{
    struct key key = row_key(c->arena, kind, secret);

    key_str(&key, id);
    return key_end(&key);
}

/* ---- secrets ---- */

struct str secret_arn(const struct secret *secret)
{
    return get_str(secret->about, "ARN");
}

struct value *secret_about_new(struct call *c)
{
    return value_struct(c->arena, about_shape());
}

void secret_save(struct call *c, const struct secret *secret)
{
    shelf_put(c, row(c, "secret", secret), secret->about);
    call_on(c, secret_arn(secret));
}

static bool load(struct call *c, struct secret *secret)
{
    secret->about = shelf_get(c, row(c, "secret", secret), about_shape());
    return secret->about != NULL;
}

bool secret_of_name(struct call *c, struct str name, struct secret *ret_secret)
{
    struct secret secret = {c->account, c->region, name, NULL};

    if (!load(c, &secret)) {
        return false;
    }
    *ret_secret = secret;
    return true;
}

/* Account, region and what stands behind "secret:". */
static bool place_of_arn(struct str text, struct secret *ret_place)
{
    struct arn arn;

    if (!arn_read(text, &arn) || !str_eq(arn.service, STR("secretsmanager")) ||
        !str_starts(arn.resource, STR("secret:"))) {
        return false;
    }
    *ret_place = (struct secret){
        arn.account, arn.region, str_slice(arn.resource, STR("secret:").bytes, arn.resource.bytes),
        NULL};
    return true;
}

/* The name in a whole ARN; STR_NONE: it has no such end. */
static struct str name_of_whole(struct str rest)
{
    if (rest.bytes <= SUFFIX_BYTES || rest.at[rest.bytes - SUFFIX_BYTES] != '-') {
        return STR_NONE;
    }
    return str_slice(rest, 0, rest.bytes - SUFFIX_BYTES);
}

status secret_of_id(struct call *c, struct str id, struct secret *ret_secret)
{
    struct secret secret, whole;

    if (!str_starts(id, STR("arn:"))) {
        return secret_of_name(c, id, ret_secret)
                   ? OK
                   : fail(c, &SECRETS_NOT_FOUND,
                          "Secrets Manager can't find the specified secret.");
    }
    if (place_of_arn(id, &secret) && str_eq(secret.region, c->region)) {
        whole = secret;
        whole.name = name_of_whole(secret.name);
        if (whole.name.at != NULL && load(c, &whole) && str_eq(secret_arn(&whole), id)) {
            *ret_secret = whole;
            return OK;
        }
        if (load(c, &secret)) { /* a partial ARN */
            *ret_secret = secret;
            return OK;
        }
    }
    return fail(c, &SECRETS_NOT_FOUND, "Secrets Manager can't find the specified secret.");
}

status secret_alive(struct call *c, const struct secret *secret)
{
    if (has(secret->about, "DeletedDate")) {
        return fail(c, &SECRETS_REQUEST,
                    "You can't perform this operation on the secret because it was marked for "
                    "deletion.");
    }
    return OK;
}

status secret_of_call(struct call *c, struct secret *ret_secret)
{
    struct secret secret;

    TRY(secret_of_id(c, arg_str(c, "SecretId"), &secret));
    TRY(secret_alive(c, &secret));
    *ret_secret = secret;
    return OK;
}

/* The place of the secret that an ARN, whole or partial, is about. */
static struct value *peek_place(struct cell *cell, struct arena *arena, struct str arn,
                                struct secret *ret_place)
{
    struct value *about = NULL;
    struct secret place, whole;

    if (!place_of_arn(arn, &place)) {
        return NULL;
    }
    whole = place;
    whole.name = name_of_whole(place.name);
    if (whole.name.at != NULL) {
        struct key key = row_key(arena, "secret", &whole);

        about = shelf_peek(cell, arena, key_end(&key), about_shape());
    }
    if (about != NULL && str_eq(get_str(about, "ARN"), arn)) {
        *ret_place = whole;
        return about;
    }
    struct key key = row_key(arena, "secret", &place);

    *ret_place = place;
    return shelf_peek(cell, arena, key_end(&key), about_shape());
}

struct value *secret_peek(struct cell *cell, struct arena *arena, struct str arn)
{
    struct secret place;

    return peek_place(cell, arena, arn, &place);
}

struct txn_scan *secrets_scan(struct call *c)
{
    struct key key = shelf_key(c, SECRETS_SERVICE, "secret");

    return txn_scan_prefix(c->txn, key_end(&key));
}

bool secrets_next(struct call *c, struct txn_scan *scan, struct secret *ret_secret)
{
    struct secret secret = {.account = c->account, .region = c->region};
    struct str key, packed;

    if (!txn_scan_next(scan, &key, &packed)) {
        txn_scan_close(scan);
        return false;
    }
    secret.about = shelf_read(c->arena, packed, about_shape());
    secret.name = get_str(secret.about, "Name");
    *ret_secret = secret;
    return true;
}

static void erase_below(struct call *c, const char *kind, const struct secret *secret)
{
    struct txn_scan *scan = txn_scan_prefix(c->txn, row(c, kind, secret));
    struct str key, packed;

    while (txn_scan_next(scan, &key, &packed)) {
        txn_delete(c->txn, arena_dup(c->arena, key));
    }
    txn_scan_close(scan);
}

void secret_purge(struct call *c, const struct secret *secret)
{
    rotation_forget(c, secret);
    erase_below(c, "version", secret);
    erase_below(c, "value", secret);
    policy_erase(c, secret);
    txn_delete(c->txn, row(c, "secret", secret));
    bus_timer_unset(c, SECRETS_SERVICE,
                    arena_printf(c->arena, "purge/%.*s", STR_ARG(secret_arn(secret))));
    call_on(c, secret_arn(secret));
}

/* ---- versions ---- */

static uint32_t version_shape(void)
{
    return shelf_shape(SECRETS_SERVICE, "ListSecretVersionIds", "Versions");
}

struct value *version_load(struct call *c, const struct secret *secret, struct str id)
{
    return shelf_get(c, row_of(c, "version", secret, id), version_shape());
}

void version_save(struct call *c, const struct secret *secret, const struct value *version)
{
    shelf_put(c, row_of(c, "version", secret, get_str(version, "VersionId")), version);
}

void version_add_empty(struct call *c, const struct secret *secret, struct str id)
{
    struct value *version = value_struct(c->arena, version_shape());

    set_str(version, "VersionId", id);
    set_time(version, "CreatedDate", c->now);
    version_save(c, secret, version);
}

void version_erase(struct call *c, const struct secret *secret, struct str id)
{
    struct str value;

    txn_delete(c->txn, row_of(c, "version", secret, id));
    if (txn_get(c->txn, row_of(c, "value", secret, id), &value)) {
        txn_delete(c->txn, row_of(c, "value", secret, id));
    }
}

struct txn_scan *versions_scan(struct call *c, const struct secret *secret)
{
    return txn_scan_prefix(c->txn, row(c, "version", secret));
}

struct value *versions_next(struct call *c, struct txn_scan *scan)
{
    struct str key, packed;

    if (!txn_scan_next(scan, &key, &packed)) {
        txn_scan_close(scan);
        return NULL;
    }
    return shelf_read(c->arena, packed, version_shape());
}

struct value *value_load(struct call *c, const struct secret *secret, struct str id)
{
    return shelf_get(c, row_of(c, "value", secret, id),
                     shelf_shape(SECRETS_SERVICE, "GetSecretValue", ""));
}

void value_save(struct call *c, const struct secret *secret, struct str id,
                const struct value *value)
{
    shelf_put(c, row_of(c, "value", secret, id), value);
}

/* ---- policies ---- */

struct str policy_load(struct call *c, const struct secret *secret)
{
    struct str packed;

    return txn_get(c->txn, row(c, "policy", secret), &packed)
               ? str_slice(packed, 1, packed.bytes) : STR_NONE;
}

struct str policy_peek(struct cell *cell, struct arena *arena, struct str arn)
{
    struct secret place;
    struct str packed;

    if (peek_place(cell, arena, arn, &place) == NULL) {
        return STR_NONE;
    }
    struct key key = row_key(arena, "policy", &place);

    return store_get(cell_store(cell), arena, key_end(&key), &packed)
               ? str_slice(packed, 1, packed.bytes) : STR_NONE;
}

void policy_save(struct call *c, const struct secret *secret, struct str text)
{
    txn_put(c->txn, row(c, "policy", secret),
            arena_printf(c->arena, "%c%.*s", VERSION, STR_ARG(text)));
}

void policy_erase(struct call *c, const struct secret *secret)
{
    if (policy_load(c, secret).at != NULL) {
        txn_delete(c->txn, row(c, "policy", secret));
    }
}

/* ---- rotations ---- */

bool rotation_load(struct call *c, const struct secret *secret, struct rotation *ret_rotation)
{
    struct rotation rotation;
    struct cursor cursor;
    struct str packed;
    bool good;

    if (!txn_get(c->txn, row(c, "rotation", secret), &packed)) {
        return false;
    }
    cursor = cursor_of(arena_dup(c->arena, packed));
    good = read_u8(&cursor) == VERSION;
    rotation.token = read_str(&cursor);
    rotation.step = read_u8(&cursor);
    rotation.test = read_u8(&cursor) != 0;
    rotation.attempts = read_var(&cursor);
    rotation.retry_ms = read_zigzag(&cursor);
    good = good && cursor_done(&cursor);
    assert(good);
    *ret_rotation = rotation;
    return true;
}

void rotation_save(struct call *c, const struct secret *secret, const struct rotation *rotation)
{
    struct buf packed;

    buf_init(&packed, 1024);
    write_u8(&packed, VERSION);
    write_str(&packed, rotation->token);
    write_u8(&packed, rotation->step);
    write_u8(&packed, rotation->test);
    write_var(&packed, rotation->attempts);
    write_zigzag(&packed, rotation->retry_ms);
    txn_put_packed(c->txn, row(c, "rotation", secret), &packed);
}

void rotation_erase(struct call *c, const struct secret *secret)
{
    struct rotation rotation;

    if (rotation_load(c, secret, &rotation)) {
        txn_delete(c->txn, row(c, "rotation", secret));
    }
}

static struct str rotations_prefix(struct arena *arena)
{
    struct key key = key_of(arena, SECRETS_SERVICE);

    key_str(&key, STR("rotation"));
    return key_end(&key);
}

struct txn_scan *rotations_scan(struct call *c)
{
    return txn_scan_prefix(c->txn, rotations_prefix(c->arena));
}

bool rotations_any(struct cell *cell)
{
    struct arena *arena = arena_new(1u << 16);
    struct str from = rotations_prefix(arena);
    struct kv_scan *scan = store_scan(cell_store(cell), from, key_after_prefix(arena, from), false);
    struct str key, value;
    bool any = store_scan_next(scan, &key, &value);

    store_scan_close(scan);
    arena_free(arena);
    return any;
}

bool rotations_next(struct call *c, struct txn_scan *scan, struct secret *ret_secret)
{
    struct str key, packed, part;

    if (!txn_scan_next(scan, &key, &packed)) {
        txn_scan_close(scan);
        return false;
    }
    struct key_reader reader = {arena_dup(c->arena, key)};
    struct secret secret = {.about = NULL};
    bool good = key_read_str(&reader, c->arena, &part) && key_read_str(&reader, c->arena, &part) &&
                key_read_str(&reader, c->arena, &secret.account) &&
                key_read_str(&reader, c->arena, &secret.region) &&
                key_read_str(&reader, c->arena, &secret.name) && load(c, &secret);

    assert(good);
    *ret_secret = secret;
    return true;
}
