/* SPDX-License-Identifier: Apache-2.0
 *
 * Walking through the versions of a bucket in the order of lists: by key, newest first. The newest
 * ones and the older ones are two kinds of rows, so two scans run side by side, and the smaller key
 * goes first; a key's newest before its older ones.
 */
#include "svc/s3/s3_core.h"

#include <assert.h>

/* One of the two. Its next row is read ahead; key and value belong to the scan until stepped. */
struct side {
    struct txn_scan *scan; /* NULL: this kind is not asked for, or is over */
    struct str row;        /* as the store has it; valid until the next step */
    struct str value;      /* the same */
    struct str key;        /* the object's, in its own arena */
    bool have;             /* there is a next row */
};

struct object_scan {
    struct call *c;             /* whose */
    struct bucket *bucket;      /* what is walked through */
    struct str prefix;          /* only keys that start so */
    struct side newest, older;  /* the two kinds */
    const char *given;          /* the side whose row was given out: "newest", "older"; or NULL */
};

static void side_step(struct object_scan *scan, struct side *side)
{
    side->have = side->scan != NULL && txn_scan_next(side->scan, &side->row, &side->value);
    if (side->have) {
        object_key_read(scan->c->arena, side->row, &side->key);
    }
}

static void side_open(struct object_scan *scan, struct side *side, const char *kind,
                      struct str from)
{
    struct arena *arena = scan->c->arena;
    struct str all = prefix_of_objects(arena, scan->bucket, kind, scan->prefix);

    if (side->scan != NULL) {
        txn_scan_close(side->scan);
    }
    if (from.at == NULL || str_cmp(from, all) < 0) {
        from = all;
    }
    side->scan = txn_scan(scan->c->txn, from, key_after_prefix(arena, all), false);
    side_step(scan, side);
}

/* The first row behind all of that key. */
static struct str behind_key(struct arena *arena, const struct bucket *bucket, const char *kind,
                             struct str key)
{
    struct key row = key_of(arena, "s3");

    key_str(&row, str_c(kind));
    key_u64(&row, bucket->id);
    key_str(&row, key);
    return key_after_prefix(arena, key_end(&row));
}

struct object_scan *object_scan(struct call *c, struct bucket *bucket,
                                const struct object_scan_from *from)
{
    struct object_scan *scan = ARENA_NEW(c->arena, struct object_scan);
    struct str newest = STR_NONE;
    struct str older = STR_NONE;

    scan->c = c;
    scan->bucket = bucket;
    scan->prefix = from->prefix;
    if (from->after_key.bytes > 0) {
        newest = behind_key(c->arena, bucket, "object", from->after_key);
        older = behind_key(c->arena, bucket, "version", from->after_key);
    } else if (from->from_key.bytes > 0 && from->below_sequence > 0) {
        newest = behind_key(c->arena, bucket, "object", from->from_key);
        older = key_of_version(c->arena, bucket, from->from_key, from->below_sequence - 1);
    } else if (from->from_key.bytes > 0) {
        newest = key_of_object(c->arena, bucket, from->from_key);
        older = prefix_of_versions(c->arena, bucket, from->from_key);
    }
    side_open(scan, &scan->newest, "object", newest);
    if (from->versions && bucket->versioning != VERSIONING_NEVER) {
        side_open(scan, &scan->older, "version", older);
    }
    return scan;
}

bool object_scan_next(struct object_scan *scan, struct object *ret_object)
{
    struct side *side;

    if (scan->given != NULL) {
        side_step(scan, scan->given[0] == 'n' ? &scan->newest : &scan->older);
        scan->given = NULL;
    }
    if (!scan->newest.have && !scan->older.have) {
        return false;
    }
    if (!scan->older.have) {
        side = &scan->newest;
    } else if (!scan->newest.have) {
        side = &scan->older;
    } else {
        side = str_cmp(scan->newest.key, scan->older.key) <= 0 ? &scan->newest : &scan->older;
    }
    *ret_object = (struct object){
        .bucket = scan->bucket, .key = side->key, .latest = side == &scan->newest};
    object_read(side->value, ret_object);
    scan->given = side == &scan->newest ? "newest" : "older";
    return true;
}

void object_scan_skip(struct object_scan *scan, struct str prefix)
{
    struct arena *arena = scan->c->arena;

    scan->given = NULL;
    side_open(scan, &scan->newest, "object",
              key_after_prefix(arena, prefix_of_objects(arena, scan->bucket, "object", prefix)));
    if (scan->older.scan != NULL) {
        side_open(scan, &scan->older, "version",
                  key_after_prefix(arena,
                                   prefix_of_objects(arena, scan->bucket, "version", prefix)));
    }
}

void object_scan_close(struct object_scan *scan)
{
    txn_scan_close(scan->newest.scan);
    if (scan->older.scan != NULL) {
        txn_scan_close(scan->older.scan);
    }
}

/* ---- uploads ---- */

struct upload_scan {
    struct call *c;             /* whose */
    struct bucket *bucket;      /* what is walked through */
    struct str prefix;          /* only keys that start so */
    struct txn_scan *scan;      /* of their rows */
};

static void upload_scan_open(struct upload_scan *scan, struct str from)
{
    struct arena *arena = scan->c->arena;
    struct str all = prefix_of_objects(arena, scan->bucket, "upload", scan->prefix);

    if (from.at == NULL || str_cmp(from, all) < 0) {
        from = all;
    }
    scan->scan = txn_scan(scan->c->txn, from, key_after_prefix(arena, all), false);
}

struct upload_scan *upload_scan(struct call *c, struct bucket *bucket, struct str prefix,
                                struct str after_key, uint64_t after_sequence)
{
    struct upload_scan *scan = ARENA_NEW(c->arena, struct upload_scan);
    struct str from = STR_NONE;

    scan->c = c;
    scan->bucket = bucket;
    scan->prefix = prefix;
    if (after_key.bytes > 0 && after_sequence > 0) {
        from = row_of_upload(c->arena, bucket, after_key, after_sequence + 1);
    } else if (after_key.bytes > 0) {
        from = behind_key(c->arena, bucket, "upload", after_key);
    }
    upload_scan_open(scan, from);
    return scan;
}

bool upload_scan_next(struct upload_scan *scan, struct upload *ret_upload)
{
    struct str row;
    struct str value;

    if (!txn_scan_next(scan->scan, &row, &value)) {
        return false;
    }
    *ret_upload = (struct upload){.bucket = scan->bucket};
    upload_row_read(scan->c->arena, row, value, ret_upload);
    return true;
}

void upload_scan_skip(struct upload_scan *scan, struct str prefix)
{
    struct arena *arena = scan->c->arena;

    txn_scan_close(scan->scan);
    upload_scan_open(scan, key_after_prefix(arena, prefix_of_objects(arena, scan->bucket, "upload",
                                                                     prefix)));
}

void upload_scan_close(struct upload_scan *scan)
{
    txn_scan_close(scan->scan);
}
