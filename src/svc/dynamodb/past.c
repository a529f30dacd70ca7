/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the past: merges of "item" rows and "past" rows, which have the same order.
 *
 * Rules
 *  1. Of an item with many records only those at its cuts are looked for: a walk steps over a few
 *     rows, and seeks when there are more.
 *  2. What a walk gives lies in the call's arena. What it reads is bounded by its looks; whoever
 *     walks stages afterwards, not meanwhile.
 */
#include "svc/dynamodb/past.h"

#include <assert.h>

#define STEPS_BEFORE_SEEK 8
#define LOOKS_OF_STEP 4000

status past_cut(struct call *c, const struct table *table, int64_t at_ms, uint64_t *ret_cut)
{
    uint64_t behind;

    if (at_ms < table->trimmed_ms) {
        return &ERR_NOT_FOUND;
    }
    TRY(txn_log_seek(c->txn, table->log, at_ms + 1, &behind));
    *ret_cut = behind > 0 ? behind - 1 : 0;
    return OK;
}

bool past_reaches(struct call *c, const struct past_of *of, uint64_t cut)
{
    struct log_state state;

    if (of->log == 0 || cut == PAST_NOW) {
        return true;
    }
    state = txn_log_state(c->txn, of->log);
    return state.last == 0 || cut + 1 >= state.first;
}

/* ---- rows ---- */

struct str past_joined(struct arena *arena, struct str a, struct str b)
{
    char *all = arena_alloc(arena, a.bytes + b.bytes + 1);

    memcpy(all, a.at, a.bytes);
    if (b.bytes > 0) {
        memcpy(all + a.bytes, b.at, b.bytes);
    }
    return str_of(all, a.bytes + b.bytes);
}

static struct str past_row(const struct past_walk *walk, struct str suffix, uint64_t sequence)
{
    struct arena *arena = walk->c->arena;
    struct key key = {arena, NULL, 0, 0};

    key_u64(&key, sequence);
    return past_joined(arena, past_joined(arena, walk->past_prefix, suffix), key_end(&key));
}

static struct str end_of(const struct past_walk *walk, struct str prefix)
{
    return key_after_prefix(walk->c->arena,
                            past_joined(walk->c->arena, prefix, walk->range->within));
}

static struct str begin_of(const struct past_walk *walk, struct str prefix)
{
    const struct past_range *range = walk->range;

    return range->after.bytes > 0
               ? key_after_prefix(walk->c->arena, past_joined(walk->c->arena, prefix, range->after))
               : past_joined(walk->c->arena, prefix, range->within);
}

static void step_item(struct past_walk *walk)
{
    struct str key;

    walk->has_item = walk->items != NULL && txn_scan_next(walk->items, &key, &walk->item_packed);
    if (walk->has_item) {
        walk->item_suffix = row_rest(key, walk->items_prefix);
        walk->looks++;
    }
}

static void step_past(struct past_walk *walk)
{
    static const size_t sequence_bytes = 9; /* a number part: store/key.h */
    struct str key, value, rest;

    walk->has_past = walk->past != NULL && txn_scan_next(walk->past, &key, &value);
    if (walk->has_past) {
        rest = row_rest(key, walk->past_prefix);
        assert(rest.bytes > sequence_bytes);
        walk->past_suffix = str_slice(rest, 0, rest.bytes - sequence_bytes);

        struct key_reader reader = {str_slice(rest, rest.bytes - sequence_bytes, rest.bytes)};
        bool good = key_read_u64(&reader, &walk->past_sequence);

        assert(good);
        walk->looks++;
    }
}

static void seek_past(struct past_walk *walk, struct str from)
{
    txn_scan_close(walk->past);
    walk->past = txn_scan(walk->c->txn, from, end_of(walk, walk->past_prefix), false);
    step_past(walk);
}

static bool past_is_of(const struct past_walk *walk, struct str suffix)
{
    return walk->has_past && str_eq(walk->past_suffix, suffix);
}

/* Goes on to the item's first record behind the cut; false: it has none. */
static bool past_behind(struct past_walk *walk, struct str suffix, uint64_t cut)
{
    for (int i = 0; past_is_of(walk, suffix) && walk->past_sequence <= cut; i++) {
        if (i < STEPS_BEFORE_SEEK) {
            step_past(walk);
        } else {
            seek_past(walk, past_row(walk, suffix, cut + 1));
        }
    }
    return past_is_of(walk, suffix);
}

static void past_skip(struct past_walk *walk, struct str suffix)
{
    for (int i = 0; past_is_of(walk, suffix); i++) {
        if (i < STEPS_BEFORE_SEEK) {
            step_past(walk);
        } else {
            seek_past(walk, key_after_prefix(walk->c->arena, past_joined(walk->c->arena,
                                                                    walk->past_prefix, suffix)));
        }
    }
}

/* What the item was before the record. */
static status read_old(struct call *c, uint64_t log, uint64_t sequence, struct item *ret_item)
{
    struct log_range range = {log, sequence, 1, LOG_RECORD_BYTES_MAX};
    struct log_record record;
    struct changed changed;
    size_t count = 0;

    TRY(txn_log_read(c->txn, &range, &record, &count));
    if (count != 1 || record.sequence != sequence || !change_read(record.data, &changed)) {
        return &ERR_CORRUPT;
    }
    *ret_item = changed.existed ? changed.old : ITEM_ABSENT;
    return OK;
}

static bool opened(struct str packed, struct item *ret_item)
{
    bool good = item_open(packed, ret_item);

    assert(good);
    return good;
}

static struct item item_now(const struct past_walk *walk, struct str suffix)
{
    struct str row = past_joined(walk->c->arena, walk->items_prefix, suffix);
    struct str packed;
    struct item item;

    return txn_get(walk->c->txn, row, &packed) && opened(packed, &item) ? item : ITEM_ABSENT;
}

/* ---- walks ---- */

void past_walk_open(struct past_walk *walk, struct call *c, const struct past_range *range)
{
    *walk = (struct past_walk){.c = c, .range = range, .after = range->after};
    walk->items_prefix = rows_of(c->arena, "item", range->of.number);
    walk->past_prefix = rows_of(c->arena, "past", range->of.number);
    if (!range->changes) {
        walk->items = txn_scan(c->txn, begin_of(walk, walk->items_prefix),
                               end_of(walk, walk->items_prefix), false);
    }
    if (range->of.log != 0 && range->cut != PAST_NOW) {
        walk->past = txn_scan(c->txn, begin_of(walk, walk->past_prefix),
                              end_of(walk, walk->past_prefix), false);
    }
    step_item(walk);
    step_past(walk);
}

void past_walk_close(struct past_walk *walk)
{
    if (walk->items != NULL) {
        txn_scan_close(walk->items);
    }
    if (walk->past != NULL) {
        txn_scan_close(walk->past);
    }
}

bool past_walk_ended(const struct past_walk *walk)
{
    return walk->failed == OK && !walk->has_item && !walk->has_past;
}

/* The next suffix of either kind of row. */
static struct str next_suffix(const struct past_walk *walk)
{
    bool item = walk->has_item &&
                (!walk->has_past || str_cmp(walk->item_suffix, walk->past_suffix) <= 0);

    return arena_dup(walk->c->arena, item ? walk->item_suffix : walk->past_suffix);
}

/* All there was at the cut: one item, or the gap where it was not. */
static bool look_at_all(struct past_walk *walk, struct past_item *item)
{
    struct str suffix = next_suffix(walk);
    bool now = walk->has_item && str_eq(walk->item_suffix, suffix);
    bool changed = past_behind(walk, suffix, walk->range->cut);

    *item = (struct past_item){.suffix = suffix, .before = ITEM_ABSENT, .after = ITEM_ABSENT};
    if (changed) {
        walk->failed = read_old(walk->c, walk->range->of.log, walk->past_sequence, &item->before);
    } else if (now) {
        opened(arena_dup(walk->c->arena, walk->item_packed), &item->before);
    }
    if (now) {
        step_item(walk);
    }
    past_skip(walk, suffix);
    return item->before.packed.bytes > 0;
}

/* The newest record of the item up to until; it has one behind cut. */
static uint64_t last_record(struct past_walk *walk, struct str suffix, uint64_t first)
{
    struct txn_scan *scan = txn_scan(walk->c->txn, past_row(walk, suffix, first),
                                     walk->range->until == PAST_NOW
                                         ? key_after_prefix(walk->c->arena,
                                                            past_joined(walk->c->arena,
                                                                   walk->past_prefix, suffix))
                                         : past_row(walk, suffix, walk->range->until + 1),
                                     true);
    struct str key, value;
    uint64_t last = first;

    if (txn_scan_next(scan, &key, &value)) {
        struct key_reader reader = {str_slice(key, key.bytes - 9, key.bytes)};

        (void)key_read_u64(&reader, &last);
    }
    txn_scan_close(scan);
    return last;
}

/* What became of one item between the cuts; false: nothing happened to it. */
static bool look_at_change(struct past_walk *walk, struct past_item *item)
{
    const struct past_range *range = walk->range;
    struct str suffix = next_suffix(walk);
    bool changed = past_behind(walk, suffix, range->cut) && walk->past_sequence <= range->until;

    *item = (struct past_item){.suffix = suffix, .before = ITEM_ABSENT, .after = ITEM_ABSENT};
    if (changed) {
        walk->failed = read_old(walk->c, range->of.log, walk->past_sequence, &item->before);
        item->last = last_record(walk, suffix, walk->past_sequence);
        if (walk->failed == OK && range->until != PAST_NOW &&
            past_behind(walk, suffix, range->until)) {
            walk->failed = read_old(walk->c, range->of.log, walk->past_sequence, &item->after);
        } else {
            item->after = item_now(walk, suffix);
        }
    }
    past_skip(walk, suffix);
    return changed;
}

bool past_walk_next(struct past_walk *walk, struct past_item *ret_item)
{
    while (walk->failed == OK && (walk->has_item || walk->has_past)) {
        bool found;

        if (walk->range->looks_max > 0 && walk->looks > walk->range->looks_max &&
            walk->after.at != walk->range->after.at) {
            return false; /* one suffix at least: so every walk comes to its end */
        }
        found = walk->range->changes ? look_at_change(walk, ret_item)
                                     : look_at_all(walk, ret_item);
        if (walk->failed != OK) {
            return false;
        }
        walk->after = ret_item->suffix;
        if (found) {
            return true;
        }
    }
    return false;
}

status past_gather(struct call *c, const struct past_range *range, struct past_step *ret_step)
{
    struct past_range bounded = *range;
    struct past_step step = {.items = arena_alloc(c->arena, PAST_STEP_ITEMS *
                                                                sizeof(struct past_item))};
    struct past_walk walk;
    size_t bytes = 0;

    if (bounded.looks_max == 0) {
        bounded.looks_max = LOOKS_OF_STEP;
    }
    if (!past_reaches(c, &range->of, range->cut)) {
        return &ERR_NOT_FOUND;
    }
    past_walk_open(&walk, c, &bounded);
    while (step.count < PAST_STEP_ITEMS && bytes < PAST_STEP_BYTES &&
           past_walk_next(&walk, &step.items[step.count])) {
        bytes += step.items[step.count].before.packed.bytes;
        bytes += step.items[step.count].after.packed.bytes;
        step.count++;
    }
    step.after = walk.after;
    step.ended = past_walk_ended(&walk);
    past_walk_close(&walk);
    *ret_step = step;
    return walk.failed;
}

/* ---- one item ---- */

status past_item(struct call *c, const struct past_of *of, struct str suffix, uint64_t cut,
                 struct item *ret_item)
{
    struct past_range range = {.of = *of, .cut = cut, .within = suffix};
    struct past_walk walk;
    struct past_item item = {.before = ITEM_ABSENT};

    if (!past_reaches(c, of, cut)) {
        return &ERR_NOT_FOUND;
    }
    past_walk_open(&walk, c, &range);
    *ret_item = past_walk_next(&walk, &item) ? item.before : ITEM_ABSENT;
    past_walk_close(&walk);
    return walk.failed;
}
