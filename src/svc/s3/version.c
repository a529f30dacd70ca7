/* SPDX-License-Identifier: Apache-2.0
 *
 * Versions of a key: how they follow each other, what becomes of the null version, what a deletion
 * does.
 *
 *   bucket       PUT                                     DELETE without a version
 *   never        replaces the (null) version             removes it
 *   enabled      newest moves to the older ones          a delete marker is put
 *   suspended    replaces the null version, wherever     a null delete marker is put
 *                it is; any other newest moves
 *
 * A version id says its sequence: 192 bits in an alphabet of 64 letters, the sequence mixed and two
 * words that follow from it, so that an id that weir never gave is seen as such.
 */
#include "svc/s3/s3_core.h"

#include <assert.h>

#define VERSION_SALT UINT64_C(0x76657273696f6e31)
#define UPLOAD_SALT UINT64_C(0x75706c6f61642d31)

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";

/* ---- ids ---- */

uint64_t sequence_next(struct call *c)
{
    struct s3 *s3 = s3_of(c);
    uint64_t by_clock = (uint64_t)c->now << 12;

    s3->sequence = by_clock > s3->sequence ? by_clock : s3->sequence + 1;
    return s3->sequence;
}

/* Steele and Vigna's mixer of 64 bits; every step can be undone. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t unmix(uint64_t x)
{
    x = (x ^ x >> 31 ^ x >> 62) * UINT64_C(0x319642b2d24d8ec3);
    x = (x ^ x >> 27 ^ x >> 54) * UINT64_C(0x96de1b173f119089);
    return x ^ x >> 30 ^ x >> 60;
}

static void id_write(uint64_t sequence, uint64_t salt, char out[VERSION_TEXT_BYTES])
{
    uint64_t words[3] = {mix(sequence ^ salt)};

    words[1] = mix(words[0] + salt);
    words[2] = mix(words[1] + salt);
    for (size_t i = 0; i < VERSION_TEXT_BYTES; i++) {
        size_t bit = 6 * i;
        uint64_t value = words[bit / 64] >> bit % 64;

        if (bit % 64 > 58) {
            value |= words[bit / 64 + 1] << (64 - bit % 64);
        }
        out[i] = letters[value & 63];
    }
}

static bool id_read(struct str text, uint64_t salt, uint64_t *ret_sequence)
{
    char again[VERSION_TEXT_BYTES];
    uint64_t word = 0;

    if (text.bytes != VERSION_TEXT_BYTES) {
        return false;
    }
    for (size_t i = 0; i < 11; i++) {
        const char *letter = memchr(letters, text.at[i], 64);

        if (letter == NULL) {
            return false;
        }
        word |= (uint64_t)(letter - letters) << 6 * i;
    }
    word = unmix(word) ^ salt;
    id_write(word, salt, again);
    if (memcmp(again, text.at, VERSION_TEXT_BYTES) != 0) {
        return false;
    }
    *ret_sequence = word;
    return true;
}

static struct str id_text(struct arena *arena, uint64_t sequence, uint64_t salt)
{
    char *text = arena_alloc(arena, VERSION_TEXT_BYTES);

    id_write(sequence, salt, text);
    return str_of(text, VERSION_TEXT_BYTES);
}

struct str version_text(struct arena *arena, uint64_t sequence)
{
    return id_text(arena, sequence, VERSION_SALT);
}

bool version_text_read(struct str text, uint64_t *ret_sequence)
{
    return id_read(text, VERSION_SALT, ret_sequence);
}

struct str upload_text(struct arena *arena, uint64_t sequence)
{
    return id_text(arena, sequence, UPLOAD_SALT);
}

bool upload_text_read(struct str text, uint64_t *ret_sequence)
{
    return id_read(text, UPLOAD_SALT, ret_sequence);
}

struct str object_version_text(struct arena *arena, const struct object *object)
{
    return object->null_version ? STR("null") : version_text(arena, object->sequence);
}

struct str answer_version(struct call *c, const struct object *object)
{
    if (object->bucket->versioning == VERSIONING_NEVER) {
        return STR_NONE;
    }
    return object_version_text(c->arena, object);
}

/* ---- finding ---- */

bool object_newest(struct call *c, struct bucket *bucket, struct str key,
                   struct object *ret_object)
{
    struct str value;

    if (!txn_get(c->txn, key_of_object(c->arena, bucket, key), &value)) {
        return false;
    }
    *ret_object = (struct object){.bucket = bucket, .key = key, .latest = true};
    object_read(value, ret_object);
    return true;
}

static bool older_get(struct call *c, struct bucket *bucket, struct str key, uint64_t sequence,
                      struct object *ret_object)
{
    struct str value;

    if (!txn_get(c->txn, key_of_version(c->arena, bucket, key, sequence), &value)) {
        return false;
    }
    *ret_object = (struct object){.bucket = bucket, .key = key};
    object_read(value, ret_object);
    return true;
}

bool object_of_sequence(struct call *c, struct bucket *bucket, struct str key, uint64_t sequence,
                        struct object *ret_object)
{
    if (object_newest(c, bucket, key, ret_object) && ret_object->sequence == sequence) {
        return true;
    }
    return older_get(c, bucket, key, sequence, ret_object);
}

/* The null version, wherever it is. */
static bool null_get(struct call *c, struct bucket *bucket, struct str key,
                     struct object *ret_object)
{
    uint64_t sequence;

    if (object_newest(c, bucket, key, ret_object) && ret_object->null_version) {
        return true;
    }
    return null_find(c, bucket, key, &sequence) &&
           older_get(c, bucket, key, sequence, ret_object);
}

static status fail_version(struct call *c, struct str key, struct str version)
{
    status failed = fail_with(c, &S3_NO_VERSION, "Key", key);

    fail_more(c, "VersionId", version);
    return failed;
}

status object_find(struct call *c, struct bucket *bucket, struct str key, struct str version,
                   struct object *ret_object)
{
    uint64_t sequence;

    if (version.at == NULL) {
        return object_newest(c, bucket, key, ret_object)
                   ? OK
                   : fail_with(c, &S3_NO_KEY, "Key", key);
    }
    if (str_eq(version, STR("null"))) {
        return null_get(c, bucket, key, ret_object) ? OK : fail_version(c, key, version);
    }
    if (!version_text_read(version, &sequence)) {
        return fail_argument(c, "versionId", version, "Invalid version id specified");
    }
    if (object_newest(c, bucket, key, ret_object) && ret_object->sequence == sequence &&
        !ret_object->null_version) {
        return OK;
    }
    if (older_get(c, bucket, key, sequence, ret_object) && !ret_object->null_version) {
        return OK;
    }
    return fail_version(c, key, version);
}

/* ---- changing ---- */

static struct str row_of(struct call *c, const struct object *object)
{
    return object->latest ? key_of_object(c->arena, object->bucket, object->key)
                          : key_of_version(c->arena, object->bucket, object->key,
                                           object->sequence);
}

void object_save(struct call *c, const struct object *object)
{
    txn_put(c->txn, row_of(c, object), object_pack(c->arena, object));
}

/* The newest becomes an older one. */
static void move_down(struct call *c, struct object *newest)
{
    newest->latest = false;
    object_save(c, newest);
    if (newest->null_version) {
        null_set(c, newest->bucket, newest->key, newest->sequence);
    }
}

/* The null version among the older ones goes, when there is one. */
static void older_null_drop(struct call *c, struct bucket *bucket, struct str key)
{
    struct object null;
    uint64_t sequence;

    if (!null_find(c, bucket, key, &sequence)) {
        return;
    }
    bool there = older_get(c, bucket, key, sequence, &null);

    assert(there);
    content_drop(c, &null.content);
    txn_delete(c->txn, key_of_version(c->arena, bucket, key, sequence));
    null_unset(c, bucket, key);
}

void object_push(struct call *c, struct object *object, struct object *newest)
{
    object->replication = REPLICATION_NONE;
    object_push_at(c, object, newest, sequence_next(c));
}

void object_push_at(struct call *c, struct object *object, struct object *newest,
                    uint64_t sequence)
{
    struct bucket *bucket = object->bucket;

    object->sequence = sequence;
    if (newest != NULL && newest->sequence >= object->sequence) {
        object->sequence = newest->sequence + 1;
    }
    object->latest = true;
    object->null_version = bucket->versioning != VERSIONING_ENABLED;
    if (object->null_version && newest != NULL && newest->null_version) {
        content_drop(c, &newest->content);
    } else {
        if (object->null_version && bucket->versioning != VERSIONING_NEVER) {
            older_null_drop(c, bucket, object->key);
        }
        if (newest != NULL) {
            move_down(c, newest);
        }
    }
    object_save(c, object);
}

/* The newest of the older ones becomes the newest, or there is none. */
static void move_up(struct call *c, struct bucket *bucket, struct str key)
{
    struct txn_scan *scan =
        txn_scan_prefix(c->txn, prefix_of_versions(c->arena, bucket, key));
    struct object older = {.bucket = bucket, .key = key};
    struct str row;
    struct str value;
    bool there = txn_scan_next(scan, &row, &value);

    if (there) {
        row = arena_dup(c->arena, row);
        value = arena_dup(c->arena, value);
    }
    txn_scan_close(scan);
    if (!there) {
        txn_delete(c->txn, key_of_object(c->arena, bucket, key));
        return;
    }
    object_read(value, &older);
    txn_delete(c->txn, row);
    txn_put(c->txn, key_of_object(c->arena, bucket, key), value);
    if (older.null_version) {
        null_unset(c, bucket, key);
    }
}

static const char *event_name(struct call *c, const char *event, const char *what)
{
    return arena_printf(c->arena, "%s:%s", event == NULL ? "ObjectRemoved" : event, what).at;
}

void object_erase(struct call *c, const struct object *object, const char *event,
                  struct object_removal *ret_removal)
{
    struct bucket *bucket = object->bucket;

    content_drop(c, &object->content);
    if (!object->latest) {
        txn_delete(c->txn,
                   key_of_version(c->arena, bucket, object->key, object->sequence));
        if (object->null_version) {
            null_unset(c, bucket, object->key);
        }
    } else if (bucket->versioning == VERSIONING_NEVER) {
        txn_delete(c->txn, key_of_object(c->arena, bucket, object->key));
    } else {
        move_up(c, bucket, object->key);
    }
    ret_removal->marker = object->delete_marker;
    ret_removal->versioned = bucket->versioning != VERSIONING_NEVER;
    ret_removal->version = answer_version(c, object);
    struct object_change change = {
        .event = event_name(c, event, "Delete"),
        .bucket = bucket,
        .key = object->key,
        .version = ret_removal->version,
        .sequence = sequence_next(c),
    };

    object_changed(c, &change);
}

static void marker_push(struct call *c, struct bucket *bucket, struct str key, const char *event,
                        struct object_removal *ret_removal)
{
    struct object marker = {
        .bucket = bucket, .key = key, .delete_marker = true, .modified_ms = whole_second(c->now)};
    struct object newest;
    bool there = object_newest(c, bucket, key, &newest);

    object_push(c, &marker, there ? &newest : NULL);
    ret_removal->marker = true;
    ret_removal->versioned = true;
    ret_removal->version = answer_version(c, &marker);
    struct object_change change = {
        .event = event_name(c, event, "DeleteMarkerCreated"),
        .bucket = bucket,
        .key = key,
        .version = ret_removal->version,
        .sequence = marker.sequence,
    };

    object_changed(c, &change);
}

void object_remove(struct call *c, struct bucket *bucket, struct str key, const char *event,
                   struct object_removal *ret_removal)
{
    struct object newest;

    *ret_removal = (struct object_removal){.marker = false};
    if (bucket->versioning != VERSIONING_NEVER) {
        marker_push(c, bucket, key, event, ret_removal);
    } else if (object_newest(c, bucket, key, &newest)) {
        object_erase(c, &newest, event, ret_removal);
    }
}

void object_told(struct call *c, const struct object *object, const char *event)
{
    struct str etag = object_etag(c->arena, object);
    bool created = str_starts(str_c(event), STR("ObjectCreated:"));
    struct object_change change = {
        .event = event,
        .bucket = object->bucket,
        .key = object->key,
        .version = answer_version(c, object),
        .etag = str_slice(etag, 1, etag.bytes - 1),
        .size = object->size,
        .sequence = created ? object->sequence : sequence_next(c),
        .object = object,
        .restore_until_ms = object->restored_until_ms,
    };

    object_changed(c, &change);
}
