/* SPDX-License-Identifier: Apache-2.0
 *
 * The index as the store has it: what was applied since the last checkpoint in a tree in memory, in
 * front of RocksDB, or of nothing.
 *
 *   apply ──► now ──checkpoint_begin──► old ──checkpoint_wait──► RocksDB, on disk
 *                                        └──checkpoint_end, _clear──► gone
 *
 * Rules
 *  1. A key is as the first of now, old and RocksDB says that knows it; a deleted one is known, as
 *     gone, while RocksDB may still have it.
 *  2. RocksDB is written by checkpoint_wait only, outside the cell, with all of old and its
 *     position: what is on disk is the state at exactly that position (kv_rocks.c). Meanwhile
 *     RocksDB may show some of old already: it lies behind old, so nobody sees a difference.
 *  3. Nobody changes old. It goes in checkpoint_end, in the cell, when RocksDB has it, and is freed
 *     outside: that takes long.
 *
 * Why: whatever lives shorter than from one checkpoint to the next (a message that is received and
 * deleted, an item that is written again and again) never reaches RocksDB, and reading and changing
 * what is fresh costs a tenth of what RocksDB's own buffer takes for it.
 *
 * A scan takes no snapshot. What it gives out is a copy of its own; when the tree changed since, it
 * looks for its place again by the key it gave out last.
 */
#include "store/kv_int.h"

#include "base/mem.h"
#include "store/btree.h"

#include <assert.h>
#include <stdatomic.h>

#define SCANS_KEPT 8
#define ROOM_KEPT (256u * 1024) /* of a scan that is used again */
#define BATCH_WRITES 1024       /* handed to RocksDB at once */
#define BATCH_BYTES (1024u * 1024)

struct fresh {
    struct kv kv;                    /* first: the seam */
    struct kv *under;                /* RocksDB; NULL: nothing */
    struct btree *now;                /* applied since the last checkpoint_begin */
    struct btree *old;                /* of the checkpoint under way; NULL: none */
    struct btree *dead;               /* to be freed by checkpoint_clear; NULL: none */
    uint64_t position;               /* applied up to here */
    uint64_t old_position;           /* of old */
    _Atomic uint64_t old_bytes;      /* of old, until it is on disk */
    _Atomic bool old_there;          /* RocksDB has it, on disk */
    uint64_t layers;                 /* counts changes of which trees there are, for scans */
    struct kv_scan *spare[SCANS_KEPT]; /* closed scans, to be used again */
    size_t spare_count;              /* of them */
    size_t scans_open;               /* must be 0 at the end */
};

/* A tree's part in a scan. */
struct branch {
    const struct btree *tree;  /* NULL: nothing more of it */
    struct btree_spot spot;    /* its next pair */
    uint64_t changes;         /* the tree's when spot was found */
    struct str key, value;    /* what stands at spot, when have */
    bool have;                /* they are set */
};

struct kv_scan {
    struct kv_scan_head head; /* first */
    struct fresh *fresh;      /* whose it is */
    uint64_t layers;          /* fresh's when it began, or began again */
    struct branch branches[2]; /* now, old */
    struct kv_scan *under;    /* RocksDB's; NULL: there is none */
    struct str under_key, under_value; /* its next pair, when have */
    bool under_have;          /* they are set */
    bool under_used;          /* and were given out or hidden: step before the next look */
    bool under_over;          /* it has no more */
    bool descending;          /* direction */
    bool began;               /* last is set */
    char *bounds;             /* from, then to */
    size_t from_bytes, to_bytes; /* of them */
    size_t bounds_room;       /* allocated */
    char *last;               /* key and value given out last */
    size_t last_key_bytes;    /* of the key in it */
    size_t last_room;         /* allocated */
};

static struct fresh *fresh_of(struct kv *kv)
{
    return (struct fresh *)(void *)kv;
}

/* ---- reading and changing ---- */

static void fresh_apply(struct kv *kv, uint64_t position, const struct kv_write *writes,
                        size_t count)
{
    struct fresh *fresh = fresh_of(kv);

    assert(position > fresh->position);
    fresh->position = position;
    for (size_t i = 0; i < count; i++) {
        const struct kv_write *w = &writes[i];

        assert(w->key.bytes > 0);
        assert(w->key.at[0] != KV_OWN_KEY_BYTE);
        if (w->value.at == NULL && fresh->under == NULL) {
            btree_remove(fresh->now, w->key);
        } else {
            btree_put(fresh->now, w->key, w->value);
        }
    }
}

static bool fresh_get(struct kv *kv, struct arena *arena, struct str key, struct str *ret_value)
{
    struct fresh *fresh = fresh_of(kv);
    struct str value;
    enum btree_found found = btree_get(fresh->now, key, &value);

    if (found == BTREE_NOTHING && fresh->old != NULL) {
        found = btree_get(fresh->old, key, &value);
    }
    if (found == BTREE_NOTHING && fresh->under != NULL) {
        return fresh->under->ops->get(fresh->under, arena, key, ret_value);
    }
    if (found != BTREE_VALUE) {
        return false;
    }
    *ret_value = arena_dup(arena, value);
    return true;
}

static uint64_t fresh_position(struct kv *kv)
{
    return fresh_of(kv)->position;
}

static uint64_t fresh_dirty_bytes(struct kv *kv)
{
    struct fresh *fresh = fresh_of(kv);
    uint64_t now = btree_count(fresh->now) == 0 ? 0 : btree_bytes(fresh->now);

    return fresh->under == NULL ? 0 : now + atomic_load(&fresh->old_bytes);
}

/* ---- scans ---- */

static struct str scan_from(const struct kv_scan *scan)
{
    return str_of(scan->bounds, scan->from_bytes);
}

static struct str scan_to(const struct kv_scan *scan)
{
    return str_of(scan->bounds + scan->from_bytes, scan->to_bytes);
}

/* Looks at what stands at its spot, which may be behind the scan's end. */
static void branch_look(const struct kv_scan *scan, struct branch *branch)
{
    branch->have = branch->spot.leaf != NULL;
    if (!branch->have) {
        return;
    }
    btree_at(&branch->spot, &branch->key, &branch->value);
    branch->have = scan->descending ? str_cmp(branch->key, scan_from(scan)) >= 0
                                    : str_cmp(branch->key, scan_to(scan)) < 0;
}

static void branch_step(const struct kv_scan *scan, struct branch *branch)
{
    (scan->descending ? btree_prev : btree_next)(&branch->spot);
    branch_look(scan, branch);
}

/* Finds its place: at the scan's begin, or behind what was given out last. */
static void branch_seek(const struct kv_scan *scan, struct branch *branch)
{
    struct str last = str_of(scan->last, scan->last_key_bytes);

    branch->changes = btree_changes(branch->tree);
    if (scan->descending) {
        btree_seek_before(branch->tree, scan->began ? last : scan_to(scan), &branch->spot);
        branch_look(scan, branch);
        return;
    }
    btree_seek(branch->tree, scan->began ? last : scan_from(scan), &branch->spot);
    branch_look(scan, branch);
    if (scan->began && branch->have && str_eq(branch->key, last)) {
        branch_step(scan, branch);
    }
}

static void under_open(struct kv_scan *scan)
{
    struct kv *under = scan->fresh->under;
    struct str from = scan_from(scan);
    struct str to = scan_to(scan);
    struct str last = str_of(scan->last, scan->last_key_bytes);

    if (scan->began && scan->descending) {
        to = last;
    } else if (scan->began) {
        from = last; /* which is passed over */
    }
    scan->under_have = false;
    scan->under_used = true;
    scan->under_over = under == NULL;
    scan->under = under == NULL ? NULL : under->ops->scan(under, from, to, scan->descending);
}

static void under_close(struct kv_scan *scan)
{
    if (scan->under != NULL) {
        kv_scan_ops(scan->under)->scan_close(scan->under);
        scan->under = NULL;
    }
}

static void under_step(struct kv_scan *scan)
{
    struct str last = str_of(scan->last, scan->last_key_bytes);

    scan->under_used = false;
    scan->under_have = false;
    while (!scan->under_over && !scan->under_have) {
        scan->under_over = !kv_scan_ops(scan->under)->scan_next(scan->under, &scan->under_key,
                                                                &scan->under_value);
        scan->under_have = !scan->under_over &&
                           !(scan->began && str_eq(scan->under_key, last));
    }
}

static void scan_begin(struct kv_scan *scan)
{
    const struct fresh *fresh = scan->fresh;
    const struct btree *trees[] = {fresh->now, fresh->old};

    scan->layers = fresh->layers;
    for (size_t i = 0; i < 2; i++) {
        scan->branches[i].tree = trees[i];
        scan->branches[i].have = false;
        if (trees[i] != NULL) {
            branch_seek(scan, &scan->branches[i]);
        }
    }
    under_open(scan);
}

static struct kv_scan *scan_take(struct fresh *fresh)
{
    struct kv_scan *scan;

    fresh->scans_open++;
    if (fresh->spare_count > 0) {
        return fresh->spare[--fresh->spare_count];
    }
    scan = MEM_NEW(struct kv_scan);
    scan->head.ops = fresh->kv.ops;
    scan->fresh = fresh;
    return scan;
}

static struct kv_scan *fresh_scan(struct kv *kv, struct str from, struct str to, bool descending)
{
    struct kv_scan *scan = scan_take(fresh_of(kv));

    if (scan->bounds_room < from.bytes + to.bytes) {
        scan->bounds_room = from.bytes + to.bytes;
        scan->bounds = mem_grow(scan->bounds, scan->bounds_room);
    }
    if (from.bytes > 0) {
        memcpy(scan->bounds, from.at, from.bytes);
    }
    if (to.bytes > 0) {
        memcpy(scan->bounds + from.bytes, to.at, to.bytes);
    }
    scan->from_bytes = from.bytes;
    scan->to_bytes = to.bytes;
    scan->descending = descending;
    scan->began = false;
    scan->last_key_bytes = 0;
    if (str_cmp(from, to) >= 0) { /* nothing can be in it; else a tree would be left at once */
        scan->to_bytes = 0;
        scan->from_bytes = 0;
    }
    scan_begin(scan);
    return scan;
}

/* Brings all parts up to what was changed since the last step. */
static void scan_refresh(struct kv_scan *scan)
{
    if (scan->layers != scan->fresh->layers) {
        under_close(scan);
        scan_begin(scan);
    }
    for (size_t i = 0; i < 2; i++) {
        struct branch *branch = &scan->branches[i];

        if (branch->tree != NULL && branch->changes != btree_changes(branch->tree)) {
            branch_seek(scan, branch);
        }
    }
    if (scan->under_used) {
        under_step(scan);
    }
}

/* The next key of all parts, and what the first says that has it. False: there is none. */
static bool scan_pick(const struct kv_scan *scan, struct str *ret_key, struct str *ret_value)
{
    bool have = scan->under_have;
    struct str key = scan->under_key;
    struct str value = scan->under_value;

    for (size_t i = 2; i-- > 0;) { /* the newest last: it wins */
        const struct branch *branch = &scan->branches[i];
        int order = !branch->have ? 1 : !have ? -1 : str_cmp(branch->key, key);

        if (branch->have && have && scan->descending) {
            order = -order;
        }
        if (order <= 0) {
            have = true;
            key = branch->key;
            value = branch->value;
        }
    }
    *ret_key = key;
    *ret_value = value;
    return have;
}

static void scan_pass(struct kv_scan *scan, struct str key)
{
    if (scan->under_have && str_eq(scan->under_key, key)) {
        scan->under_used = true; /* stepped later: the pair may lie in it */
    }
    for (size_t i = 0; i < 2; i++) {
        struct branch *branch = &scan->branches[i];

        if (branch->have && str_eq(branch->key, key)) {
            branch_step(scan, branch);
        }
    }
}

static void keep_last(struct kv_scan *scan, struct str key, struct str value)
{
    if (scan->last_room < key.bytes + value.bytes) {
        scan->last_room = 2 * (key.bytes + value.bytes);
        mem_free(scan->last);
        scan->last = mem_alloc(scan->last_room);
    }
    memcpy(scan->last, key.at, key.bytes);
    if (value.bytes > 0) {
        memcpy(scan->last + key.bytes, value.at, value.bytes);
    }
    scan->last_key_bytes = key.bytes;
    scan->began = true;
}

static bool fresh_scan_next(struct kv_scan *scan, struct str *ret_key, struct str *ret_value)
{
    struct str key;
    struct str value;

    scan_refresh(scan);
    while (scan_pick(scan, &key, &value)) {
        if (value.at != NULL) {
            keep_last(scan, key, value);
            *ret_key = str_of(scan->last, key.bytes);
            *ret_value = str_of(scan->last + key.bytes, value.bytes);
            scan_pass(scan, *ret_key);
            return true;
        }
        scan_pass(scan, key);
        if (scan->under_used) {
            under_step(scan);
        }
    }
    return false;
}

static void scan_free(struct kv_scan *scan)
{
    mem_free(scan->bounds);
    mem_free(scan->last);
    mem_free(scan);
}

static void fresh_scan_close(struct kv_scan *scan)
{
    struct fresh *fresh = scan->fresh;

    under_close(scan);
    assert(fresh->scans_open > 0);
    fresh->scans_open--;
    if (fresh->spare_count < SCANS_KEPT && scan->last_room <= ROOM_KEPT) {
        fresh->spare[fresh->spare_count++] = scan;
    } else {
        scan_free(scan);
    }
}

/* ---- checkpoints ---- */

static void fresh_checkpoint_end(struct kv *kv)
{
    struct fresh *fresh = fresh_of(kv);

    if (fresh->old != NULL && atomic_load(&fresh->old_there)) {
        assert(fresh->dead == NULL);
        fresh->dead = fresh->old;
        fresh->old = NULL;
        fresh->layers++;
    }
}

static void fresh_checkpoint_clear(struct kv *kv)
{
    struct fresh *fresh = fresh_of(kv);

    btree_free(fresh->dead);
    fresh->dead = NULL;
}

static void fresh_checkpoint_begin(struct kv *kv, uint64_t position)
{
    struct fresh *fresh = fresh_of(kv);

    assert(position >= fresh->position);
    if (fresh->under == NULL) {
        return;
    }
    fresh_checkpoint_end(kv); /* of the last, when nobody said so */
    fresh_checkpoint_clear(kv);
    assert(fresh->old == NULL); /* one at a time */
    fresh->position = position;
    fresh->old_position = position;
    fresh->old = fresh->now;
    fresh->now = btree_new();
    fresh->layers++;
    atomic_store(&fresh->old_there, false);
    atomic_store(&fresh->old_bytes, btree_bytes(fresh->old));
}

/* What is gone is only written where there is something for it to hide. */
static bool is_wanted(struct fresh *fresh, struct arena *arena, const struct kv_write *write)
{
    struct str value;
    bool wanted = write->value.at != NULL ||
                  fresh->under->ops->get(fresh->under, arena, write->key, &value);

    if (arena_bytes(arena) > 0) {
        arena_clear(arena);
    }
    return wanted;
}

static void old_write(struct fresh *fresh)
{
    struct kv_write *batch = mem_alloc(BATCH_WRITES * sizeof(*batch));
    struct arena *arena = arena_new(UINT64_C(1) << 30);
    struct kv *under = fresh->under;
    struct btree_spot spot;
    size_t count = 0;
    size_t bytes = 0;

    btree_seek(fresh->old, STR(""), &spot);
    for (; spot.leaf != NULL; btree_next(&spot)) {
        btree_at(&spot, &batch[count].key, &batch[count].value);
        if (!is_wanted(fresh, arena, &batch[count])) {
            continue;
        }
        bytes += batch[count].key.bytes + batch[count].value.bytes;
        if (++count == BATCH_WRITES || bytes >= BATCH_BYTES) {
            under->ops->apply(under, fresh->old_position, batch, count);
            count = 0;
            bytes = 0;
        }
    }
    under->ops->apply(under, fresh->old_position, batch, count);
    arena_free(arena);
    mem_free(batch);
}

static status fresh_checkpoint_wait(struct kv *kv)
{
    struct fresh *fresh = fresh_of(kv);
    struct kv *under = fresh->under;

    if (under == NULL || fresh->old == NULL) {
        return OK;
    }
    old_write(fresh);
    under->ops->checkpoint_begin(under, fresh->old_position);
    TRY(under->ops->checkpoint_wait(under));
    atomic_store(&fresh->old_bytes, 0);
    atomic_store(&fresh->old_there, true);
    return OK;
}

/* ---- life ---- */

static void fresh_close(struct kv *kv)
{
    struct fresh *fresh = fresh_of(kv);

    assert(fresh->scans_open == 0);
    for (size_t i = 0; i < fresh->spare_count; i++) {
        scan_free(fresh->spare[i]);
    }
    if (fresh->under != NULL) {
        fresh->under->ops->close(fresh->under);
    }
    btree_free(fresh->now);
    btree_free(fresh->old);
    btree_free(fresh->dead);
    mem_free(fresh);
}

static const struct kv_ops FRESH_OPS = {
    .close = fresh_close,
    .position = fresh_position,
    .apply = fresh_apply,
    .get = fresh_get,
    .scan = fresh_scan,
    .scan_next = fresh_scan_next,
    .scan_close = fresh_scan_close,
    .checkpoint_begin = fresh_checkpoint_begin,
    .checkpoint_wait = fresh_checkpoint_wait,
    .checkpoint_end = fresh_checkpoint_end,
    .checkpoint_clear = fresh_checkpoint_clear,
    .dirty_bytes = fresh_dirty_bytes,
};

static struct kv *fresh_over(struct kv *under)
{
    struct fresh *fresh = MEM_NEW(struct fresh);

    fresh->kv.ops = &FRESH_OPS;
    fresh->under = under;
    fresh->now = btree_new();
    fresh->position = under == NULL ? 0 : under->ops->position(under);
    return &fresh->kv;
}

status kv_mem_open(struct kv **ret_kv)
{
    *ret_kv = fresh_over(NULL);
    return OK;
}

status kv_rocks_open(const char *dir, uint64_t cache_bytes, struct why *why, struct kv **ret_kv)
{
    struct kv *under;

    TRY(kv_rocks_open_under(dir, cache_bytes, why, &under));
    *ret_kv = fresh_over(under);
    return OK;
}
