/* SPDX-License-Identifier: Apache-2.0
 *
 * Key and record bytes of buckets and their settings.
 *
 *   ("s3", "bucket", name)                   version 1
 *   ("s3", "setting", bucket, kind, name)    the setting's text
 */
#include "base/cursor.h"
#include "base/mem.h"
#include "cell/cell.h"
#include "svc/s3/s3_core.h"

#include <assert.h>
#include <stdlib.h>

#define VERSION 1
#define RECORD_BYTES_MAX 1024

static struct str key_of_bucket(struct arena *arena, const struct bucket *bucket)
{
    struct key key = key_of(arena, "s3");

    key_str(&key, STR("bucket"));
    key_str(&key, bucket->name);
    return key_end(&key);
}

void bucket_save(struct call *c, const struct bucket *bucket)
{
    struct buf packed;

    buf_init(&packed, RECORD_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_var(&packed, bucket->id);
    write_str(&packed, bucket->account);
    write_str(&packed, bucket->region);
    write_zigzag(&packed, bucket->created_ms);
    write_u8(&packed, bucket->versioning);
    write_u8(&packed, (uint8_t)(bucket->mfa_delete | bucket->lock_enabled << 1));
    write_u8(&packed, bucket->lock_mode);
    write_var(&packed, bucket->lock_days);
    write_var(&packed, bucket->lock_years);
    assert(!buf_spent(&packed));
    txn_put(c->txn, key_of_bucket(c->arena, bucket), arena_dup(c->arena, buf_str(&packed)));
    buf_done(&packed);
}

void bucket_row_delete(struct call *c, const struct bucket *bucket)
{
    txn_delete(c->txn, key_of_bucket(c->arena, bucket));
}

static struct str key_of_setting(struct arena *arena, const struct bucket *bucket,
                                 const struct setting *setting)
{
    struct key key = key_of(arena, "s3");

    key_str(&key, STR("setting"));
    key_u64(&key, bucket->id);
    key_u64(&key, setting->kind);
    key_str(&key, setting->name);
    return key_end(&key);
}

void setting_row_put(struct call *c, const struct bucket *bucket, const struct setting *setting)
{
    txn_put(c->txn, key_of_setting(c->arena, bucket, setting),
            arena_dup(c->arena, setting->text));
}

void setting_row_delete(struct call *c, const struct bucket *bucket,
                        const struct setting *setting)
{
    txn_delete(c->txn, key_of_setting(c->arena, bucket, setting));
}

bool bucket_has_rows(struct call *c, const struct bucket *bucket)
{
    struct txn_scan *scan = txn_scan_prefix(
        c->txn, prefix_of_objects(c->arena, bucket, "object", STR_NONE));
    struct str key;
    struct str value;
    bool any = txn_scan_next(scan, &key, &value);

    txn_scan_close(scan);
    return any; /* there is no older version without a newest one */
}

/* ---- loading ---- */

struct loading {
    struct s3 *s3;              /* what is filled */
    struct bucket **by_id;      /* buckets so far, as they came */
    size_t count, room;         /* of them */
    struct arena *arena;        /* of the row at hand */
};

static status load_bucket(struct loading *loading, struct key_reader *key, struct str value)
{
    struct cursor cursor = cursor_of(value);
    struct str name;
    struct bucket *bucket;

    if (!key_read_str(key, loading->arena, &name) || read_u8(&cursor) != VERSION) {
        return &ERR_CORRUPT;
    }
    uint64_t id = read_var(&cursor);
    struct str account = read_str(&cursor);
    struct str region = read_str(&cursor);

    bucket = bucket_new(name, account, region);
    bucket->id = id;
    bucket->created_ms = read_zigzag(&cursor);
    bucket->versioning = read_u8(&cursor);
    uint8_t flags = read_u8(&cursor);

    bucket->mfa_delete = flags & 1;
    bucket->lock_enabled = flags & 2;
    bucket->lock_mode = read_u8(&cursor);
    bucket->lock_days = (uint32_t)read_var(&cursor);
    bucket->lock_years = (uint32_t)read_var(&cursor);
    if (!cursor_done(&cursor) || !bucket_add(loading->s3, bucket)) {
        bucket_free(bucket);
        return &ERR_CORRUPT;
    }
    if (loading->count == loading->room) {
        loading->room = loading->room == 0 ? 64 : 2 * loading->room;
        loading->by_id = mem_grow(loading->by_id, loading->room * sizeof(struct bucket *));
    }
    loading->by_id[loading->count++] = bucket;
    return OK;
}

static int by_id(const void *a, const void *b)
{
    uint64_t left = (*(struct bucket *const *)a)->id;
    uint64_t right = (*(struct bucket *const *)b)->id;

    return left < right ? -1 : left > right;
}

static struct bucket *loaded_bucket(const struct loading *loading, uint64_t id)
{
    struct bucket wanted = {.id = id};
    const struct bucket *at = &wanted;
    struct bucket **found = loading->count == 0
                                ? NULL
                                : bsearch(&at, loading->by_id, loading->count,
                                          sizeof(struct bucket *), by_id);

    return found == NULL ? NULL : *found;
}

static status load_setting(struct loading *loading, struct key_reader *key, struct str value)
{
    uint64_t id;
    uint64_t kind;
    struct setting setting;
    struct bucket *bucket;

    if (!key_read_u64(key, &id) || !key_read_u64(key, &kind) ||
        !key_read_str(key, loading->arena, &setting.name) || kind >= SETTING_COUNT) {
        return &ERR_CORRUPT;
    }
    bucket = loaded_bucket(loading, id);
    if (bucket == NULL) {
        return &ERR_CORRUPT;
    }
    setting.kind = (uint8_t)kind;
    setting.text = value;
    setting_keep(bucket, &setting);
    return OK;
}

static status load_kind(struct loading *loading, const char *kind,
                        status (*load)(struct loading *loading, struct key_reader *key,
                                       struct str value))
{
    struct arena *arena = arena_new(1u << 20);
    struct key prefix = key_of(arena, "s3");
    struct str key;
    struct str value;
    status loaded = OK;

    key_str(&prefix, str_c(kind));
    struct kv_scan *scan =
        store_scan(cell_store(loading->s3->cell), key_end(&prefix),
                   key_after_prefix(arena, key_end(&prefix)), false);

    while (loaded == OK && store_scan_next(scan, &key, &value)) {
        struct key_reader reader = {str_slice(key, key_end(&prefix).bytes, key.bytes)};

        arena_clear(loading->arena);
        loaded = load(loading, &reader, value);
    }
    store_scan_close(scan);
    arena_free(arena);
    return loaded;
}

status buckets_load(struct s3 *s3)
{
    struct loading loading = {.s3 = s3, .arena = arena_new(1u << 20)};
    status loaded = load_kind(&loading, "bucket", load_bucket);

    if (loaded == OK) {
        if (loading.count > 0) {
            qsort(loading.by_id, loading.count, sizeof(struct bucket *), by_id);
        }
        loaded = load_kind(&loading, "setting", load_setting);
    }
    mem_free(loading.by_id);
    arena_free(loading.arena);
    return loaded;
}
