/* SPDX-License-Identifier: Apache-2.0
 *
 * What lifecycle rules do. At each midnight (UTC, on weir's clock) a bucket with rules is *walked
 * through*: its uploads, then its versions, in steps that are journal entries of their own.
 *
 *   midnight ──► first step ──► nothing left: over
 *                    └──► progress is kept ──► the walker takes step after step ──► over
 *
 * Rules
 *  1. The first step is done by the bucket's durable timer, which is set to the next midnight in
 *     the same entry. So small buckets are done at once.
 *  2. How far a walk came is the bucket's progress, kept with each step; the *walker*, one thread
 *     for all buckets, takes a step of some bucket that has progress until none has. The minute's
 *     tick starts it where it is missing (after a crash). A step looks at a bounded number of
 *     versions, so others get in between.
 *  3. Expiring beats moving; of several moves that are due the coldest class wins; nothing is moved
 *     to a warmer one. What is locked stays.
 *  4. A version may be seen twice (a crash, a change): doing it again changes nothing.
 */
#include "base/cursor.h"
#include "base/map.h"
#include "bus/timer.h"
#include "cell/doing.h"
#include "svc/s3/lifecycle_int.h"

#include <assert.h>

#define STEP_VERSIONS 500
#define STEP_WORK 50000          /* versions times rules */
#define ROOM_MIN (8 * OBJECT_ERASE_CHANGES)
#define PROGRESS_VERSION 1
#define ARENA_BYTES_MAX (64u * 1024 * 1024)

#define PROGRESS_NAME STR("lifecycle")

enum phase { PHASE_UPLOADS, PHASE_VERSIONS, PHASE_OVER };

/* Where a walk stands: behind that upload or version. */
struct walk {
    struct call *c;             /* of the step */
    struct bucket *bucket;      /* which */
    const struct value *rules;  /* its */
    uint32_t left;              /* things that this step may still look at */
    uint8_t phase;              /* enum phase */
    struct str key;             /* of the last one seen; empty: none yet */
    uint64_t sequence;          /* and its sequence */
    int64_t newer_ms;           /* moment of the next newer version of this key */
    uint64_t newer;             /* noncurrent versions of this key that are newer */
};

/* ---- progress ---- */

static bool has_progress(const struct bucket *bucket)
{
    return bucket_setting(bucket, SETTING_PROGRESS, PROGRESS_NAME).bytes > 0;
}

static void walk_read(struct walk *walk)
{
    struct str text = bucket_setting(walk->bucket, SETTING_PROGRESS, PROGRESS_NAME);
    struct cursor cursor = cursor_of(text);

    if (text.bytes == 0) {
        return;
    }
    (void)read_u8(&cursor);
    walk->phase = read_u8(&cursor);
    walk->key = arena_dup(walk->c->arena, read_str(&cursor));
    walk->sequence = read_var(&cursor);
    walk->newer_ms = read_zigzag(&cursor);
    walk->newer = read_var(&cursor);
    assert(cursor_done(&cursor));
}

/* Nothing is kept of a walk that is over. */
static void walk_keep(const struct walk *walk)
{
    struct buf text;

    if (walk->phase == PHASE_OVER) {
        bucket_set_setting(walk->c, walk->bucket, SETTING_PROGRESS, PROGRESS_NAME, STR_NONE);
        return;
    }
    buf_init(&text, 2 * KEY_TEXT_BYTES_MAX);
    write_u8(&text, PROGRESS_VERSION);
    write_u8(&text, walk->phase);
    write_str(&text, walk->key);
    write_var(&text, walk->sequence);
    write_zigzag(&text, walk->newer_ms);
    write_var(&text, walk->newer);
    bucket_set_setting(walk->c, walk->bucket, SETTING_PROGRESS, PROGRESS_NAME, buf_str(&text));
    buf_done(&text);
}

/* May the step go on to one more? */
static bool walk_may(struct walk *walk)
{
    if (walk->left == 0 || txn_room(walk->c->txn) < ROOM_MIN) {
        return false;
    }
    walk->left--;
    return true;
}

static void walk_to(struct walk *walk, enum phase phase)
{
    walk->phase = (uint8_t)phase;
    walk->key = STR_NONE;
    walk->sequence = 0;
}

/* ---- what is due ---- */

static bool expires(const struct walk *walk, const struct object *object)
{
    const struct value *rules = walk->rules;

    for (uint32_t i = 0; i < rules->count; i++) {
        const struct value *expiration = get(&rules->items[i], "Expiration");

        if (expiration != NULL && action_due(expiration, object->modified_ms) <= walk->c->now &&
            rule_is_for(&rules->items[i], object->key, object)) {
            return true;
        }
    }
    return false;
}

/* A delete marker is all that is left of its key. */
static bool is_alone(struct call *c, const struct object *marker)
{
    struct txn_scan *scan =
        txn_scan_prefix(c->txn, prefix_of_versions(c->arena, marker->bucket, marker->key));
    struct str row;
    struct str value;
    bool older = txn_scan_next(scan, &row, &value);

    txn_scan_close(scan);
    return !older;
}

/* Days also takes markers away that are as old. */
static bool marker_expires(const struct walk *walk, const struct object *marker)
{
    const struct value *rules = walk->rules;

    for (uint32_t i = 0; i < rules->count; i++) {
        const struct value *expiration = get(&rules->items[i], "Expiration");

        if (expiration != NULL && rule_is_for(&rules->items[i], marker->key, marker) &&
            (get_bool(expiration, "ExpiredObjectDeleteMarker", false) ||
             (has(expiration, "Days") &&
              action_due(expiration, marker->modified_ms) <= walk->c->now))) {
            return is_alone(walk->c, marker);
        }
    }
    return false;
}

static bool older_expires(const struct walk *walk, const struct object *object)
{
    const struct value *rules = walk->rules;

    for (uint32_t i = 0; i < rules->count; i++) {
        const struct value *expiration = get(&rules->items[i], "NoncurrentVersionExpiration");

        if (expiration != NULL &&
            (int64_t)walk->newer >= get_int(expiration, "NewerNoncurrentVersions", 0) &&
            days_due(get_int(expiration, "NoncurrentDays", 0), walk->newer_ms) <= walk->c->now &&
            rule_is_for(&rules->items[i], object->key, object)) {
            return true;
        }
    }
    return false;
}

/* Is that item of a list of transitions due for the version? */
static bool move_due(const struct walk *walk, const struct value *item,
                     const struct object *object)
{
    if (object->latest) {
        return action_due(item, object->modified_ms) <= walk->c->now;
    }
    return (int64_t)walk->newer >= get_int(item, "NewerNoncurrentVersions", 0) &&
           days_due(get_int(item, "NoncurrentDays", 0), walk->newer_ms) <= walk->c->now;
}

/* The coldest class that one rule moves the version to now; what it has, when none. */
static enum storage_class class_due(const struct walk *walk, const struct value *rule,
                                    const struct object *object, enum storage_class class)
{
    const struct value *list =
        get(rule, object->latest ? "Transitions" : "NoncurrentVersionTransitions");

    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        enum storage_class to;

        if (storage_class_read(get_str(&list->items[i], "StorageClass"), &to) &&
            storage_class_rank(to) > storage_class_rank(class) &&
            move_due(walk, &list->items[i], object) &&
            size_may_move(walk->bucket, rule, to, object->size)) {
            class = to;
        }
    }
    return class;
}

static void move(const struct walk *walk, struct object *object)
{
    enum storage_class class = (enum storage_class)object->storage_class;

    for (uint32_t i = 0; i < walk->rules->count; i++) {
        enum storage_class due = class_due(walk, &walk->rules->items[i], object, class);

        if (due != class && rule_is_for(&walk->rules->items[i], object->key, object)) {
            class = due;
        }
    }
    if (class != (enum storage_class)object->storage_class && object->restore_ready_ms == 0) {
        object->storage_class = (uint8_t)class;
        object_save(walk->c, object);
        object_told(walk->c, object, "LifecycleTransition");
    }
}

/* ---- a step ---- */

static void act_on_newest(const struct walk *walk, struct object *object)
{
    struct object_removal removal;
    bool locked =
        walk->bucket->versioning == VERSIONING_NEVER && object_protected(walk->c, object);

    if (object->delete_marker) {
        if (marker_expires(walk, object)) {
            object_erase(walk->c, object, "LifecycleExpiration", &removal);
        }
    } else if (!locked && expires(walk, object)) {
        object_remove(walk->c, walk->bucket, object->key, "LifecycleExpiration", &removal);
    } else {
        move(walk, object);
    }
}

/* True: it is gone. */
static bool act_on_older(const struct walk *walk, struct object *object)
{
    struct object_removal removal;

    if (older_expires(walk, object) && !object_protected(walk->c, object)) {
        object_erase(walk->c, object, "LifecycleExpiration", &removal);
        return true;
    }
    if (!object->delete_marker) {
        move(walk, object);
    }
    return false;
}

static void walk_uploads(struct walk *walk)
{
    struct upload_scan *scan =
        upload_scan(walk->c, walk->bucket, STR(""), walk->key, walk->sequence);
    struct upload upload;
    struct str rule;
    int64_t at_ms;
    bool more = true;

    while (walk_may(walk) && (more = upload_scan_next(scan, &upload))) {
        walk->key = arena_dup(walk->c->arena, upload.key);
        walk->sequence = upload.sequence;
        if (upload_abort_date(walk->c, &upload, &at_ms, &rule) && at_ms <= walk->c->now) {
            upload_abort(walk->c, &upload);
        }
    }
    upload_scan_close(scan);
    if (!more) {
        walk_to(walk, PHASE_VERSIONS);
    }
}

static void walk_version(struct walk *walk, struct object *object)
{
    int64_t modified_ms = object->modified_ms;

    if (object->latest) {
        walk->newer = 0;
        act_on_newest(walk, object);
    } else if (!act_on_older(walk, object)) {
        walk->newer++;
    }
    walk->newer_ms = modified_ms;
}

static void walk_versions(struct walk *walk)
{
    struct object_scan_from from = {.from_key = walk->key, .below_sequence = walk->sequence,
                                    .versions = true};
    struct object_scan *scan = object_scan(walk->c, walk->bucket, &from);
    struct object object;
    bool more = true;

    while (walk_may(walk) && (more = object_scan_next(scan, &object))) {
        walk->key = object.key;
        walk->sequence = object.sequence;
        walk_version(walk, &object);
    }
    object_scan_close(scan);
    if (!more) {
        walk_to(walk, PHASE_OVER);
    }
}

/* One step of a bucket's walk, which begins when there is no progress. */
static void walk_step(struct call *c, struct bucket *bucket)
{
    struct walk walk = {.c = c, .bucket = bucket, .rules = lifecycle_rules(bucket)};

    call_on(c, bucket_arn(c->arena, bucket->name));
    c->account = bucket->account;
    c->region = bucket->region;
    walk_read(&walk);
    if (walk.rules == NULL) {
        walk_to(&walk, PHASE_OVER);
    } else {
        walk.left = STEP_WORK / walk.rules->count;
        walk.left = walk.left > STEP_VERSIONS ? STEP_VERSIONS : walk.left;
    }
    if (walk.phase == PHASE_UPLOADS) {
        walk_uploads(&walk);
    }
    if (walk.phase == PHASE_VERSIONS) {
        walk_versions(&walk);
    }
    walk_keep(&walk);
}

/* ---- the walker ---- */

static struct bucket *bucket_under_way(const struct s3 *s3)
{
    struct str name;
    void *value;

    for (size_t i = 0; map_next(s3->buckets, &i, &name, &value);) {
        if (has_progress(value)) {
            return value;
        }
    }
    return NULL;
}

/* arg: the bucket's name, in the thread's arena; none: find one. */
static status walker_step(struct call *c, void *arg)
{
    struct str *name = arg;
    struct s3 *s3 = s3_of(c);
    struct bucket *bucket = name->bytes > 0 ? bucket_find(s3, *name) : NULL;

    if (bucket == NULL || !has_progress(bucket)) {
        bucket = bucket_under_way(s3);
    }
    text_keep(name, bucket == NULL ? STR_NONE : bucket->name);
    if (bucket != NULL) {
        walk_step(c, bucket);
    }
    return OK;
}

static void walker_run(struct cell *cell, void *arg)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct str name = STR_NONE;
    struct doing doing = {"s3", "Lifecycle", STR_NONE, STR_NONE, walker_step, &name};
    struct s3 *s3 = arg;
    struct why why;
    status done;

    do {
        arena_clear(arena);
        done = cell_do(cell, &doing, arena, &why);
    } while (done == OK && name.bytes > 0 && !cell_ending(cell));
    s3->walking = false; /* one that failed (the disk is full) is started by the next tick */
    text_keep(&name, STR_NONE);
    arena_free(arena);
}

void lifecycle_walk_on(struct s3 *s3)
{
    if (!s3->walking && bucket_under_way(s3) != NULL) {
        s3->walking = true;
        cell_spawn(s3->cell, walker_run, s3);
    }
}

/* ---- the timer ---- */

static struct str timer_name(struct call *c, const struct bucket *bucket)
{
    return arena_printf(c->arena, "lifecycle/%.*s", STR_ARG(bucket->name));
}

void lifecycle_set(struct call *c, struct bucket *bucket, const struct value *former)
{
    struct str name = timer_name(c, bucket);

    (void)former;
    lifecycle_minimum_set(c, bucket);
    if (lifecycle_rules(bucket) == NULL) {
        bus_timer_unset(c, "s3", name);
    } else {
        bus_timer_set(c, "s3", name, midnight_after(c->now + 1), STR_NONE);
    }
}

status lifecycle_timer(struct call *c, struct str name)
{
    struct s3 *s3 = s3_of(c);
    struct str rest = str_slice(name, sizeof("lifecycle/") - 1, name.bytes);
    struct bucket *bucket = bucket_find(s3, rest);

    if (bucket == NULL || lifecycle_rules(bucket) == NULL) {
        return OK;
    }
    bus_timer_set(c, "s3", name, midnight_after(c->now + 1), STR_NONE);
    if (!has_progress(bucket)) { /* else yesterday's walk goes on */
        walk_step(c, bucket);
    }
    lifecycle_walk_on(s3);
    return OK;
}
