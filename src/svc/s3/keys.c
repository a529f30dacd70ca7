/* SPDX-License-Identifier: Apache-2.0
 *
 * Key and record bytes of objects and their content; nobody else knows them. (Buckets and uploads
 * have theirs in bucket_keys.c and upload_keys.c.)
 *
 *   ("s3", "object", bucket, key)              newest version or delete marker of a key, version 1
 *   ("s3", "version", bucket, key, ~sequence)  an older one; the same record
 *   ("s3", "null", bucket, key)                sequence of the null version, if an older one
 *   ("s3", "body", id, id)                     bytes of a small content
 *   ("s3", "list", id, id)                     parts and pieces of a large one, version 1
 *   ("s3", "shared", id, id)                   how many refer to a body, list or blob; 1: no row
 *
 * bucket is the bucket's number, so listing a bucket's current objects is one ordered scan; the
 * inverted sequence sorts a key's versions newest first. An id is 16 bytes as two numbers; a blob's
 * is its name's.
 *
 * An object's record: version u8, flags var, sequence var, modified zigzag; unless a delete marker:
 * size var, content kind u8, [bytes str | id 16], [iv 16], md5 16, parts var, storage class u8,
 * encryption u8, [checksum kind u8, sum]; then attributes, each tag u8 and str, ended by a 0.
 */
#include "base/cursor.h"
#include "svc/s3/s3_core.h"

#include <assert.h>

#define VERSION 1
#define RECORD_BYTES_MAX (512u * 1024)
#define REPLICATION_SHIFT 8 /* enum replication stands above the flags */
#define LIST_BYTES_MAX (16u * 1024 * 1024)

enum flag {
    FLAG_MARKER = 1,
    FLAG_NULL = 2,
    FLAG_ENCIPHERED = 4,
    FLAG_BUCKET_KEY = 8,
    FLAG_LEGAL_HOLD = 16,
    FLAG_CHECKSUM = 32,
    FLAG_COMPOSITE = 64,
    FLAG_LEGAL_HOLD_SET = 128,
};

enum attribute {
    ATTRIBUTE_END = 0,
    ATTRIBUTE_HEADER = 1, /* + enum object_header */
    ATTRIBUTE_METADATA = 20,
    ATTRIBUTE_TAGS = 21,
    ATTRIBUTE_ACL = 22,
    ATTRIBUTE_KMS_KEY = 23,
    ATTRIBUTE_KMS_CONTEXT = 24,
    ATTRIBUTE_KEY_PROOF = 25,
    ATTRIBUTE_RETENTION = 26,
    ATTRIBUTE_RESTORE = 27,
};

/* ---- keys ---- */

static struct key key_in_bucket(struct arena *arena, const char *kind, const struct bucket *bucket)
{
    struct key key = key_of(arena, "s3");

    key_str(&key, str_c(kind));
    key_u64(&key, bucket->id);
    return key;
}

struct str key_of_object(struct arena *arena, const struct bucket *bucket, struct str name)
{
    struct key key = key_in_bucket(arena, "object", bucket);

    key_str(&key, name);
    return key_end(&key);
}

struct str key_of_version(struct arena *arena, const struct bucket *bucket, struct str name,
                          uint64_t sequence)
{
    struct key key = key_in_bucket(arena, "version", bucket);

    key_str(&key, name);
    key_u64(&key, ~sequence);
    return key_end(&key);
}

struct str prefix_of_versions(struct arena *arena, const struct bucket *bucket, struct str name)
{
    struct key key = key_in_bucket(arena, "version", bucket);

    key_str(&key, name);
    return key_end(&key);
}

struct str prefix_of_objects(struct arena *arena, const struct bucket *bucket, const char *kind,
                             struct str key_prefix)
{
    struct key key = key_in_bucket(arena, kind, bucket);

    if (key_prefix.bytes == 0) {
        return key_end(&key);
    }
    key_str(&key, key_prefix);
    return str_slice(key_end(&key), 0, key.bytes - 2); /* without the text's end */
}

void object_key_read(struct arena *arena, struct str row, struct str *ret_key)
{
    struct key_reader reader = {row};
    struct str text;
    uint64_t bucket;
    bool good = key_read_str(&reader, arena, &text) && key_read_str(&reader, arena, &text) &&
                key_read_u64(&reader, &bucket) && key_read_str(&reader, arena, ret_key);

    assert(good);
}

/* ---- objects ---- */

static void write_attribute(struct buf *packed, uint8_t tag, struct str value)
{
    if (value.bytes > 0) {
        write_u8(packed, tag);
        write_str(packed, value);
    }
}

static void write_numbers(struct buf *packed, uint8_t tag, const uint64_t *numbers, size_t count)
{
    char room[64];
    struct buf value = {.at = room, .room = sizeof(room), .bytes_max = sizeof(room)};

    for (size_t i = 0; i < count; i++) {
        write_var(&value, numbers[i]);
    }
    assert(!buf_spent(&value));
    write_attribute(packed, tag, buf_str(&value));
}

static void write_checksum(struct buf *packed, const struct object_checksum *checksum)
{
    write_u8(packed, checksum->kind);
    buf_add_bytes(packed, checksum->sum, checksum_bytes(checksum->kind));
}

static void read_checksum(struct cursor *cursor, struct object_checksum *checksum)
{
    struct str sum;

    checksum->is = true;
    checksum->kind = read_u8(cursor);
    sum = read_bytes(cursor, checksum_bytes(checksum->kind));
    if (cursor_ok(cursor)) {
        memcpy(checksum->sum, sum.at, sum.bytes);
    }
}

static void read_fixed(struct cursor *cursor, uint8_t *at, size_t bytes)
{
    struct str fixed = read_bytes(cursor, bytes);

    if (cursor_ok(cursor)) {
        memcpy(at, fixed.at, bytes);
    }
}

static void write_content(struct buf *packed, const struct content *content)
{
    write_u8(packed, content->kind);
    if (content->kind == CONTENT_BYTES) {
        write_str(packed, content->bytes);
    } else if (content->kind != CONTENT_NONE) {
        buf_add_bytes(packed, content->id, PIECE_ID_BYTES);
    }
    if (content->enciphered) {
        buf_add_bytes(packed, content->iv, sizeof(content->iv));
    }
}

static void read_content(struct cursor *cursor, struct content *content)
{
    content->kind = read_u8(cursor);
    if (content->kind == CONTENT_BYTES) {
        content->bytes = read_str(cursor);
    } else if (content->kind != CONTENT_NONE) {
        read_fixed(cursor, content->id, PIECE_ID_BYTES);
    }
    if (content->enciphered) {
        read_fixed(cursor, content->iv, sizeof(content->iv));
    }
}

static uint64_t flags_of(const struct object *object)
{
    return (object->delete_marker ? FLAG_MARKER : 0u) | (object->null_version ? FLAG_NULL : 0u) |
           (object->content.enciphered ? FLAG_ENCIPHERED : 0u) |
           (object->bucket_key ? FLAG_BUCKET_KEY : 0u) |
           (object->legal_hold ? FLAG_LEGAL_HOLD : 0u) |
           (object->legal_hold_set ? FLAG_LEGAL_HOLD_SET : 0u) |
           (object->checksum.is ? FLAG_CHECKSUM : 0u) |
           (object->checksum.composite ? FLAG_COMPOSITE : 0u) |
           (uint64_t)object->replication << REPLICATION_SHIFT;
}

static void write_attributes(struct buf *packed, const struct object *object)
{
    for (size_t i = 0; i < HEADER_COUNT; i++) {
        write_attribute(packed, (uint8_t)(ATTRIBUTE_HEADER + i), object->headers[i]);
    }
    write_attribute(packed, ATTRIBUTE_METADATA, object->metadata);
    write_attribute(packed, ATTRIBUTE_TAGS, object->tags);
    write_attribute(packed, ATTRIBUTE_ACL, object->acl);
    write_attribute(packed, ATTRIBUTE_KMS_KEY, object->kms_key);
    write_attribute(packed, ATTRIBUTE_KMS_CONTEXT, object->kms_context);
    if (object->encryption == ENCRYPTION_CUSTOMER) {
        write_attribute(packed, ATTRIBUTE_KEY_PROOF,
                        str_of(object->key_proof, sizeof(object->key_proof)));
    }
    if (object->lock_mode != LOCK_NONE) {
        write_numbers(packed, ATTRIBUTE_RETENTION,
                      (uint64_t[]){object->lock_mode, (uint64_t)object->retain_until_ms}, 2);
    }
    if (object->restore_ready_ms != 0 || object->restored_until_ms != 0) {
        write_numbers(packed, ATTRIBUTE_RESTORE,
                      (uint64_t[]){(uint64_t)object->restore_ready_ms,
                                   (uint64_t)object->restored_until_ms, object->restore_days},
                      3);
    }
    write_u8(packed, ATTRIBUTE_END);
}

static void object_write_record(struct buf *packed, const struct object *object)
{
    write_u8(packed, VERSION);
    write_var(packed, flags_of(object));
    write_var(packed, object->sequence);
    write_zigzag(packed, object->modified_ms);
    if (object->delete_marker) {
        return;
    }
    write_var(packed, object->size);
    write_content(packed, &object->content);
    buf_add_bytes(packed, object->md5, sizeof(object->md5));
    write_var(packed, object->part_count);
    write_u8(packed, object->storage_class);
    write_u8(packed, object->encryption);
    if (object->checksum.is) {
        write_checksum(packed, &object->checksum);
    }
    write_attributes(packed, object);
}

/* At least what the record takes: it is written where it stays. */
static size_t record_room(const struct object *object)
{
    size_t room = 256 + object->content.bytes.bytes + object->metadata.bytes + object->tags.bytes +
                  object->acl.bytes + object->kms_key.bytes + object->kms_context.bytes;

    for (size_t i = 0; i < HEADER_COUNT; i++) {
        room += object->headers[i].bytes + 8;
    }
    return room;
}

struct str object_pack(struct arena *arena, const struct object *object)
{
    size_t room = record_room(object);
    struct buf packed = {.at = arena_alloc(arena, room), .room = room, .bytes_max = room};

    assert(room <= RECORD_BYTES_MAX);
    object_write_record(&packed, object);
    assert(!buf_spent(&packed));
    return buf_str(&packed);
}

static void read_numbers(struct object *object, uint8_t tag, struct str value)
{
    struct cursor cursor = cursor_of(value);

    if (tag == ATTRIBUTE_RETENTION) {
        object->lock_mode = (uint8_t)read_var(&cursor);
        object->retain_until_ms = (int64_t)read_var(&cursor);
    } else {
        object->restore_ready_ms = (int64_t)read_var(&cursor);
        object->restored_until_ms = (int64_t)read_var(&cursor);
        object->restore_days = (uint32_t)read_var(&cursor);
    }
    assert(cursor_done(&cursor));
}

static void read_attribute(struct object *object, uint8_t tag, struct str value)
{
    switch (tag) {
    case ATTRIBUTE_METADATA:
        object->metadata = value;
        break;
    case ATTRIBUTE_TAGS:
        object->tags = value;
        break;
    case ATTRIBUTE_ACL:
        object->acl = value;
        break;
    case ATTRIBUTE_KMS_KEY:
        object->kms_key = value;
        break;
    case ATTRIBUTE_KMS_CONTEXT:
        object->kms_context = value;
        break;
    case ATTRIBUTE_KEY_PROOF:
        assert(value.bytes == sizeof(object->key_proof));
        memcpy(object->key_proof, value.at, value.bytes);
        break;
    case ATTRIBUTE_RETENTION:
    case ATTRIBUTE_RESTORE:
        read_numbers(object, tag, value);
        break;
    default:
        assert(tag >= ATTRIBUTE_HEADER);
        assert(tag < ATTRIBUTE_HEADER + HEADER_COUNT);
        object->headers[tag - ATTRIBUTE_HEADER] = value;
    }
}

void object_read(struct str value, struct object *object)
{
    struct cursor cursor = cursor_of(value);
    uint8_t version = read_u8(&cursor);
    uint64_t flags = read_var(&cursor);

    assert(version == VERSION);
    object->delete_marker = flags & FLAG_MARKER;
    object->null_version = flags & FLAG_NULL;
    object->content.enciphered = flags & FLAG_ENCIPHERED;
    object->bucket_key = flags & FLAG_BUCKET_KEY;
    object->legal_hold = flags & FLAG_LEGAL_HOLD;
    object->legal_hold_set = flags & FLAG_LEGAL_HOLD_SET;
    object->checksum.composite = flags & FLAG_COMPOSITE;
    object->replication = (uint8_t)(flags >> REPLICATION_SHIFT & 3);
    object->sequence = read_var(&cursor);
    object->modified_ms = read_zigzag(&cursor);
    if (object->delete_marker) {
        assert(cursor_done(&cursor));
        return;
    }
    object->size = read_var(&cursor);
    read_content(&cursor, &object->content);
    read_fixed(&cursor, object->md5, sizeof(object->md5));
    object->part_count = (uint32_t)read_var(&cursor);
    object->storage_class = read_u8(&cursor);
    object->encryption = read_u8(&cursor);
    if (flags & FLAG_CHECKSUM) {
        read_checksum(&cursor, &object->checksum);
    }
    for (uint8_t tag = read_u8(&cursor); tag != ATTRIBUTE_END; tag = read_u8(&cursor)) {
        read_attribute(object, tag, read_str(&cursor));
    }
    assert(cursor_done(&cursor));
}

/* ---- the null version ---- */

static struct str key_of_null(struct arena *arena, const struct bucket *bucket, struct str name)
{
    struct key key = key_in_bucket(arena, "null", bucket);

    key_str(&key, name);
    return key_end(&key);
}

bool null_find(struct call *c, const struct bucket *bucket, struct str key,
               uint64_t *ret_sequence)
{
    struct str value;
    struct cursor cursor;

    if (!txn_get(c->txn, key_of_null(c->arena, bucket, key), &value)) {
        return false;
    }
    cursor = cursor_of(value);
    *ret_sequence = read_var(&cursor);
    assert(cursor_done(&cursor));
    return true;
}

static struct str number_pack(struct arena *arena, uint64_t number)
{
    struct buf packed;
    struct str value;

    buf_init(&packed, 16);
    write_var(&packed, number);
    value = arena_dup(arena, buf_str(&packed));
    buf_done(&packed);
    return value;
}

void null_set(struct call *c, const struct bucket *bucket, struct str key, uint64_t sequence)
{
    txn_put(c->txn, key_of_null(c->arena, bucket, key), number_pack(c->arena, sequence));
}

void null_unset(struct call *c, const struct bucket *bucket, struct str key)
{
    txn_delete(c->txn, key_of_null(c->arena, bucket, key));
}

/* ---- content ---- */

static uint64_t half(const uint8_t *at)
{
    uint64_t number = 0;

    for (int i = 0; i < 8; i++) {
        number = number << 8 | at[i];
    }
    return number;
}

static struct str key_of_id(struct arena *arena, const char *kind,
                            const uint8_t id[PIECE_ID_BYTES])
{
    struct key key = key_of(arena, "s3");

    key_str(&key, str_c(kind));
    key_u64(&key, half(id));
    key_u64(&key, half(id + 8));
    return key_end(&key);
}

void id_row_put(struct call *c, const char *kind, const uint8_t id[PIECE_ID_BYTES],
                struct str value)
{
    txn_put(c->txn, key_of_id(c->arena, kind, id), value);
}

void id_row_delete(struct call *c, const char *kind, const uint8_t id[PIECE_ID_BYTES])
{
    txn_delete(c->txn, key_of_id(c->arena, kind, id));
}

bool id_row_get(struct call *c, const char *kind, const uint8_t id[PIECE_ID_BYTES],
                struct str *ret_value)
{
    return txn_get(c->txn, key_of_id(c->arena, kind, id), ret_value);
}

uint64_t shared_count(struct call *c, const uint8_t id[PIECE_ID_BYTES])
{
    struct str value;
    struct cursor cursor;
    uint64_t count;

    if (!id_row_get(c, "shared", id, &value)) {
        return 1;
    }
    cursor = cursor_of(value);
    count = read_var(&cursor);
    assert(cursor_done(&cursor));
    assert(count > 1);
    return count;
}

void shared_set(struct call *c, const uint8_t id[PIECE_ID_BYTES], uint64_t count)
{
    if (count == 1) {
        id_row_delete(c, "shared", id);
    } else {
        id_row_put(c, "shared", id, number_pack(c->arena, count));
    }
}

/* ---- parts and pieces: also the record of an upload's part ---- */

static void write_piece(struct buf *packed, const struct piece *piece)
{
    write_u8(packed, (uint8_t)(piece->kind | (piece->enciphered ? 16 : 0)));
    buf_add_bytes(packed, piece->id, PIECE_ID_BYTES);
    if (piece->enciphered) {
        buf_add_bytes(packed, piece->iv, sizeof(piece->iv));
    }
    write_var(packed, piece->offset);
    write_var(packed, piece->size);
}

static void read_piece(struct cursor *cursor, struct piece *piece)
{
    uint8_t kind = read_u8(cursor);

    piece->kind = kind & 15;
    piece->enciphered = kind & 16;
    read_fixed(cursor, piece->id, PIECE_ID_BYTES);
    if (piece->enciphered) {
        read_fixed(cursor, piece->iv, sizeof(piece->iv));
    }
    piece->offset = read_var(cursor);
    piece->size = read_var(cursor);
}

void part_write(struct buf *packed, const struct part *part)
{
    write_var(packed, part->number);
    write_var(packed, part->size);
    buf_add_bytes(packed, part->md5, sizeof(part->md5));
    write_zigzag(packed, part->modified_ms);
    write_u8(packed, part->checksum.is);
    if (part->checksum.is) {
        write_checksum(packed, &part->checksum);
    }
    write_var(packed, part->piece_count);
    for (uint32_t i = 0; i < part->piece_count; i++) {
        write_piece(packed, &part->pieces[i]);
    }
}

void part_read(struct cursor *cursor, struct arena *arena, struct part *part)
{
    *part = (struct part){.number = (uint32_t)read_var(cursor), .size = read_var(cursor)};
    read_fixed(cursor, part->md5, sizeof(part->md5));
    part->modified_ms = read_zigzag(cursor);
    if (read_u8(cursor) != 0) {
        read_checksum(cursor, &part->checksum);
    }
    part->piece_count = (uint32_t)read_var(cursor);
    assert(cursor_ok(cursor));
    assert(part->piece_count <= cursor->rest.bytes / PIECE_ID_BYTES);
    part->pieces = arena_zero(arena, (part->piece_count + 1) * sizeof(struct piece));
    for (uint32_t i = 0; i < part->piece_count; i++) {
        read_piece(cursor, &part->pieces[i]);
    }
}

struct str list_pack(struct arena *arena, const struct part_list *list)
{
    struct buf packed;
    struct str value;

    buf_init(&packed, LIST_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_var(&packed, list->count);
    for (size_t i = 0; i < list->count; i++) {
        part_write(&packed, &list->parts[i]);
    }
    assert(!buf_spent(&packed));
    value = arena_dup(arena, buf_str(&packed));
    buf_done(&packed);
    return value;
}

void list_read(struct arena *arena, struct str value, struct part_list *ret_list)
{
    struct cursor cursor = cursor_of(value);
    uint8_t version = read_u8(&cursor);
    uint64_t count = read_var(&cursor);

    assert(version == VERSION);
    assert(count <= PART_NUMBER_MAX);
    ret_list->parts = arena_alloc(arena, (count + 1) * sizeof(struct part));
    ret_list->count = count;
    for (uint64_t i = 0; i < count; i++) {
        part_read(&cursor, arena, &ret_list->parts[i]);
    }
    assert(cursor_done(&cursor));
}
