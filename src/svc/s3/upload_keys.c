/* SPDX-License-Identifier: Apache-2.0
 *
 * Key and record bytes of multipart uploads, of completions that may be repeated, and of what is to
 * be removed bit by bit.
 *
 *   ("s3", "upload", bucket, key, sequence)         version 1: initiated zigzag, flags u8, checksum
 *                                                   kind u8, the object's record as str
 *   ("s3", "part", bucket, key, sequence, number)   version 1: as in a list
 *   ("s3", "completed", bucket, key, sequence)      version 1: what the completion answered
 *   ("s3", "done", at, bucket, key, sequence)       empty: completions by time
 *   ("s3", "garbage", sequence, random)             kind u8, then what it is
 */
#include "base/cursor.h"
#include "svc/s3/s3_core.h"

#include "base/time.h"

#include <assert.h>

#define VERSION 1
#define RECORD_BYTES_MAX (600u * 1024)
#define SWEEP_ROOM 8000 /* changes that a sweep leaves to others */

enum flag { FLAG_ASKED = 1, FLAG_COMPOSITE = 2, FLAG_REPLACES = 4 };

static struct key key_in_bucket(struct arena *arena, const char *kind, uint64_t bucket)
{
    struct key key = key_of(arena, "s3");

    key_str(&key, str_c(kind));
    key_u64(&key, bucket);
    return key;
}

/* The name of an upload's rows; sequence and number follow. */
static struct key key_of_upload(struct arena *arena, const char *kind, const struct upload *upload)
{
    struct key key = key_in_bucket(arena, kind, upload->bucket->id);

    key_str(&key, upload->key);
    key_u64(&key, upload->sequence);
    return key;
}

static void put_packed(struct call *c, struct str key, struct buf *packed)
{
    assert(!buf_spent(packed));
    txn_put(c->txn, key, arena_dup(c->arena, buf_str(packed)));
    buf_done(packed);
}

/* ---- uploads ---- */

void upload_save(struct call *c, const struct upload *upload)
{
    struct key key = key_of_upload(c->arena, "upload", upload);
    struct buf packed;

    buf_init(&packed, RECORD_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_zigzag(&packed, upload->initiated_ms);
    write_u8(&packed, (uint8_t)((upload->checksum_asked ? FLAG_ASKED : 0) |
                                (upload->checksum_composite ? FLAG_COMPOSITE : 0) |
                                (upload->replaces ? FLAG_REPLACES : 0)));
    write_u8(&packed, upload->checksum_kind);
    write_str(&packed, object_pack(c->arena, &upload->object));
    put_packed(c, key_end(&key), &packed);
}

void upload_row_delete(struct call *c, const struct upload *upload)
{
    struct key key = key_of_upload(c->arena, "upload", upload);

    txn_delete(c->txn, key_end(&key));
}

static void upload_read(struct str value, struct upload *upload)
{
    struct cursor cursor = cursor_of(value);
    uint8_t version = read_u8(&cursor);

    assert(version == VERSION);
    upload->initiated_ms = read_zigzag(&cursor);
    uint8_t flags = read_u8(&cursor);

    upload->checksum_asked = flags & FLAG_ASKED;
    upload->checksum_composite = flags & FLAG_COMPOSITE;
    upload->replaces = flags & FLAG_REPLACES;
    upload->checksum_kind = read_u8(&cursor);
    upload->object = (struct object){.bucket = upload->bucket, .key = upload->key};
    object_read(read_str(&cursor), &upload->object);
    assert(cursor_done(&cursor));
}

void upload_row_read(struct arena *arena, struct str row, struct str value,
                     struct upload *ret_upload)
{
    struct key_reader reader = {row};
    struct str text;
    uint64_t bucket;
    bool good = key_read_str(&reader, arena, &text) && key_read_str(&reader, arena, &text) &&
                key_read_u64(&reader, &bucket) &&
                key_read_str(&reader, arena, &ret_upload->key) &&
                key_read_u64(&reader, &ret_upload->sequence);

    assert(good);
    upload_read(arena_dup(arena, value), ret_upload);
}

bool upload_get(struct call *c, struct bucket *bucket, struct str name, uint64_t sequence,
                struct upload *ret_upload)
{
    struct upload upload = {.bucket = bucket, .key = name, .sequence = sequence};
    struct key key = key_of_upload(c->arena, "upload", &upload);
    struct str value;

    if (!txn_get(c->txn, key_end(&key), &value)) {
        return false;
    }
    upload_read(value, &upload);
    *ret_upload = upload;
    return true;
}

struct str row_of_upload(struct arena *arena, const struct bucket *bucket, struct str name,
                         uint64_t sequence)
{
    struct key key = key_in_bucket(arena, "upload", bucket->id);

    key_str(&key, name);
    key_u64(&key, sequence);
    return key_end(&key);
}

/* ---- parts ---- */

static struct str key_of_part(struct arena *arena, const struct upload *upload, uint64_t number)
{
    struct key key = key_of_upload(arena, "part", upload);

    key_u64(&key, number);
    return key_end(&key);
}

void part_save(struct call *c, const struct upload *upload, const struct part *part)
{
    struct buf packed;

    buf_init(&packed, RECORD_BYTES_MAX);
    write_u8(&packed, VERSION);
    part_write(&packed, part);
    put_packed(c, key_of_part(c->arena, upload, part->number), &packed);
}

void part_row_delete(struct call *c, const struct upload *upload, uint32_t number)
{
    txn_delete(c->txn, key_of_part(c->arena, upload, number));
}

static void part_row_read(struct arena *arena, struct str value, struct part *ret_part)
{
    struct cursor cursor = cursor_of(value);
    uint8_t version = read_u8(&cursor);

    assert(version == VERSION);
    part_read(&cursor, arena, ret_part);
    assert(cursor_done(&cursor));
}

bool part_get(struct call *c, const struct upload *upload, uint32_t number, struct part *ret_part)
{
    struct str value;

    if (!txn_get(c->txn, key_of_part(c->arena, upload, number), &value)) {
        return false;
    }
    part_row_read(c->arena, value, ret_part);
    return true;
}

void parts_after(struct call *c, const struct upload *upload, uint32_t after, size_t count_max,
                 struct part_list *ret_list)
{
    struct key prefix = key_of_upload(c->arena, "part", upload);
    struct txn_scan *scan =
        txn_scan(c->txn, key_of_part(c->arena, upload, (uint64_t)after + 1),
                 key_after_prefix(c->arena, key_end(&prefix)), false);
    struct str key;
    struct str value;
    size_t room = count_max < 64 ? count_max : 64;

    ret_list->parts = arena_alloc(c->arena, (room + 1) * sizeof(struct part));
    ret_list->count = 0;
    while (ret_list->count < count_max && txn_scan_next(scan, &key, &value)) {
        if (ret_list->count == room) {
            struct part *grown = arena_alloc(c->arena, 2 * room * sizeof(struct part));

            memcpy(grown, ret_list->parts, room * sizeof(struct part));
            ret_list->parts = grown;
            room *= 2;
        }
        part_row_read(c->arena, value, &ret_list->parts[ret_list->count++]);
    }
    txn_scan_close(scan);
}

/* ---- completions ---- */

static struct str key_of_done(struct arena *arena, const struct upload *upload, int64_t at_ms)
{
    struct key key = key_of(arena, "s3");

    key_str(&key, STR("done"));
    key_u64(&key, (uint64_t)at_ms);
    key_u64(&key, upload->bucket->id);
    key_str(&key, upload->key);
    key_u64(&key, upload->sequence);
    return key_end(&key);
}

void completion_save(struct call *c, const struct upload *upload,
                     const struct completion *completion)
{
    struct key key = key_of_upload(c->arena, "completed", upload);
    struct buf packed;

    buf_init(&packed, 1024);
    write_u8(&packed, VERSION);
    write_var(&packed, completion->version);
    write_zigzag(&packed, completion->at_ms);
    write_str(&packed, completion->etag);
    write_u8(&packed, completion->versioned);
    put_packed(c, key_end(&key), &packed);
    txn_put(c->txn, key_of_done(c->arena, upload, completion->at_ms), STR_NONE);
}

bool completion_get(struct call *c, struct bucket *bucket, struct str name, uint64_t sequence,
                    struct completion *ret_completion)
{
    struct upload upload = {.bucket = bucket, .key = name, .sequence = sequence};
    struct key key = key_of_upload(c->arena, "completed", &upload);
    struct str value;
    struct cursor cursor;
    uint8_t version;

    if (!txn_get(c->txn, key_end(&key), &value)) {
        return false;
    }
    cursor = cursor_of(value);
    version = read_u8(&cursor);
    assert(version == VERSION);
    ret_completion->version = read_var(&cursor);
    ret_completion->at_ms = read_zigzag(&cursor);
    ret_completion->etag = read_str(&cursor);
    ret_completion->versioned = read_u8(&cursor);
    assert(cursor_done(&cursor));
    return true;
}

void completions_expire(struct call *c)
{
    struct key prefix = key_of(c->arena, "s3");

    key_str(&prefix, STR("done"));
    struct txn_scan *scan = txn_scan_prefix(c->txn, key_end(&prefix));
    struct str row;
    struct str value;

    while (txn_room(c->txn) > SWEEP_ROOM && txn_scan_next(scan, &row, &value)) {
        struct key_reader reader = {str_slice(row, key_end(&prefix).bytes, row.bytes)};
        uint64_t at_ms;
        uint64_t bucket;
        uint64_t sequence;
        struct str name;
        bool good = key_read_u64(&reader, &at_ms) && key_read_u64(&reader, &bucket) &&
                    key_read_str(&reader, c->arena, &name) && key_read_u64(&reader, &sequence);

        assert(good);
        if ((int64_t)at_ms + COMPLETED_KEPT_MS > c->now) {
            break;
        }
        struct key key = key_in_bucket(c->arena, "completed", bucket);

        key_str(&key, name);
        key_u64(&key, sequence);
        txn_delete(c->txn, key_end(&key));
        txn_delete(c->txn, arena_dup(c->arena, row));
    }
    txn_scan_close(scan);
}

/* ---- garbage ---- */

static void garbage_add(struct call *c, struct buf *packed)
{
    struct key key = key_of(c->arena, "s3");

    key_str(&key, STR("garbage"));
    key_u64(&key, sequence_next(c));
    key_u64(&key, rand_u64(c->rand)); /* the clock may stand still over a restart */
    put_packed(c, key_end(&key), packed);
}

void garbage_add_list(struct call *c, const uint8_t id[PIECE_ID_BYTES])
{
    struct buf packed;

    buf_init(&packed, 64);
    write_u8(&packed, GARBAGE_LIST);
    buf_add_bytes(&packed, id, PIECE_ID_BYTES);
    garbage_add(c, &packed);
}

void garbage_add_upload(struct call *c, const struct upload *upload)
{
    struct key prefix = key_of_upload(c->arena, "part", upload);
    struct buf packed;

    buf_init(&packed, 2 * KEY_BYTES_MAX);
    write_u8(&packed, GARBAGE_PARTS);
    buf_add(&packed, key_end(&prefix));
    garbage_add(c, &packed);
}

void garbage_add_bucket(struct call *c, const struct bucket *bucket)
{
    static const char *const kinds[] = {"part", "upload", "completed"};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct key prefix = key_in_bucket(c->arena, kinds[i], bucket->id);
        struct buf packed;

        buf_init(&packed, 2 * KEY_BYTES_MAX);
        write_u8(&packed, i == 0 ? GARBAGE_PARTS : GARBAGE_ROWS);
        buf_add(&packed, key_end(&prefix));
        garbage_add(c, &packed);
    }
}

/* A list that nobody refers to any more: its pieces from the end on, as far as there is room. */
static bool sweep_list(struct call *c, const uint8_t id[PIECE_ID_BYTES])
{
    struct part_list list;
    struct str value;

    if (!id_row_get(c, "list", id, &value)) {
        return true;
    }
    list_read(c->arena, value, &list);
    while (list.count > 0) {
        struct part *last = &list.parts[list.count - 1];

        if (txn_room(c->txn) < SWEEP_ROOM + last->piece_count) {
            id_row_put(c, "list", id, list_pack(c->arena, &list));
            return false;
        }
        for (uint32_t i = 0; i < last->piece_count; i++) {
            piece_drop(c, &last->pieces[i]);
        }
        list.count--;
    }
    id_row_delete(c, "list", id);
    return true;
}

/* All rows that begin with prefix; with what they hold when they are parts. */
static bool sweep_rows(struct call *c, struct str prefix, bool parts)
{
    struct txn_scan *scan = txn_scan_prefix(c->txn, prefix);
    struct str row;
    struct str value;
    bool all = true;

    while (all && txn_scan_next(scan, &row, &value)) {
        if (parts) {
            struct part part;

            part_row_read(c->arena, arena_dup(c->arena, value), &part);
            for (uint32_t i = 0; i < part.piece_count; i++) {
                piece_drop(c, &part.pieces[i]);
            }
        }
        txn_delete(c->txn, arena_dup(c->arena, row));
        all = txn_room(c->txn) > SWEEP_ROOM;
    }
    txn_scan_close(scan);
    return all;
}

void garbage_sweep(struct call *c)
{
    struct key prefix = key_of(c->arena, "s3");

    key_str(&prefix, STR("garbage"));
    struct txn_scan *scan = txn_scan_prefix(c->txn, key_end(&prefix));
    struct str row;
    struct str value;
    bool all = true;

    while (all && txn_room(c->txn) > SWEEP_ROOM && txn_scan_next(scan, &row, &value)) {
        struct str what = arena_dup(c->arena, str_slice(value, 1, value.bytes));
        uint8_t kind = (uint8_t)value.at[0];
        struct str key = arena_dup(c->arena, row);

        if (kind == GARBAGE_LIST) {
            all = sweep_list(c, (const uint8_t *)what.at);
        } else {
            all = sweep_rows(c, what, kind == GARBAGE_PARTS);
        }
        if (all) {
            txn_delete(c->txn, key);
        }
    }
    txn_scan_close(scan);
}
