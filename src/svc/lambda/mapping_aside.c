/* SPDX-License-Identifier: Apache-2.0
 *
 * Records set aside: those of a held key, and all that come of it until the last of them is done.
 * They are rows, so they outlast their stream. Once released they go on in order, a batch of one
 * key at a time; the other keys flow meanwhile.
 *
 * Setting the same record aside again (its batch failed, the mapping was sought back) changes
 * nothing. What is set aside is in no window: its events have none.
 */
#include "bus/hold.h"
#include "bus/trace.h"
#include "svc/lambda/mapping_ops.h"

#include <assert.h>

bool aside_count(struct mapping *mapping, struct str key, int64_t more)
{
    int64_t count = (int64_t)(uintptr_t)map_get(mapping->aside, key) + more;

    assert(count >= 0);
    if (count > 0) {
        return map_set(mapping->aside, key, (void *)(uintptr_t)count, NULL);
    }
    (void)map_remove(mapping->aside, key);
    return true;
}

bool aside_wanted(struct call *c, const struct mapping *mapping, struct str key)
{
    return key.bytes > 0 && (map_get(mapping->aside, key) != NULL ||
                             hold_on(c, HOLD_MAPPING, mapping->arn, key));
}

bool aside_put(struct call *c, const struct lane *lane, const struct source_record *record)
{
    struct mapping *mapping = lane->shard->mapping;
    struct aside aside = {.key = record->key, .shard = lane->shard->number,
                          .number = record->number, .record = *record};
    struct hop hop = {mapping->source, mapping->function_arn, mapping->arn, STR("held"),
                      record->id};

    if (aside_there(c, mapping, &aside)) {
        return true;
    }
    if (!aside_count(mapping, record->key, 1)) {
        return false;
    }
    aside_save(c, mapping, &aside);
    trace_hop(c, &hop);
    return true;
}

/* ---- going on ---- */

/* A key that is not held any more; false: all are. */
static bool released(struct call *c, struct mapping *mapping, struct str *ret_key)
{
    struct str key;
    void *count;

    for (size_t i = 0; map_next(mapping->aside, &i, &key, &count);) {
        if (!hold_on(c, HOLD_MAPPING, mapping->arn, key)) {
            *ret_key = arena_dup(c->arena, key);
            return true;
        }
    }
    return false;
}

/* The first of a key's records, as many as a batch takes. */
static size_t gather(struct call *c, struct mapping *mapping, struct str key,
                     struct source_record *records, struct str *rows)
{
    size_t count_max = mapping->settings.batch_size;
    struct txn_scan *scan = NULL;
    uint64_t bytes = 0;
    struct aside aside;
    size_t count = 0;

    if (mapping->aside_max > 0 && mapping->aside_max < count_max) {
        count_max = mapping->aside_max;
    }
    while (count < count_max && aside_next(c, mapping, key, &scan, &aside)) {
        bytes += aside.record.text.bytes;
        if (count > 0 && bytes > MAPPING_EVENT_BYTES_MAX) {
            break;
        }
        records[count] = aside.record;
        rows[count++] = aside.row;
    }
    txn_scan_close(scan);
    return count;
}

void aside_look(struct call *c, struct mapping *mapping)
{
    size_t room = mapping->settings.batch_size;
    struct source_record *records;
    struct version version = {.config = NULL};
    struct batch *batch;
    struct str *rows;
    struct str key;
    size_t count;

    if (!mapping->aside_changed || mapping->aside_batch != NULL) {
        return;
    }
    if (c->now < mapping->aside_not_before_ms) {
        mapping_look_by(mapping, mapping->aside_not_before_ms);
        return;
    }
    if (!released(c, mapping, &key)) {
        mapping->aside_changed = false;
        return;
    }
    if (!mapping_may_run(c, mapping, &version)) {
        return;
    }
    records = arena_alloc(c->arena, (room + 1) * sizeof(*records));
    rows = arena_alloc(c->arena, (room + 1) * sizeof(*rows));
    count = gather(c, mapping, key, records, rows);
    assert(count > 0);
    batch = batch_new(mapping, NULL);
    batch->aside = true;
    mapping->aside_batch = batch;
    batch_keep(batch, records, count);
    batch->rows = arena_alloc(batch->arena, count * sizeof(*rows));
    for (size_t i = 0; i < count; i++) {
        batch->rows[i] = arena_dup(batch->arena, rows[i]);
    }
    (void)batch_start(c, batch, &version, records); /* refused: it is freed */
}

/* ---- the end of a batch ---- */

static void done(struct call *c, struct batch *batch, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        aside_erase(c, arena_dup(c->arena, batch->rows[i]));
        (void)aside_count(batch->mapping, batch->records[i].key, -1);
    }
    if (count > 0) {
        batch->mapping->aside_tries = 0;
        batch->mapping->aside_not_before_ms = 0;
    }
}

/* How many of the first were done. */
static size_t good_of(struct call *c, const struct batch *batch)
{
    bool *failed = arena_zero(c->arena, batch->count + 1);
    size_t good = 0;

    if (batch->how.ran != RAN_OK) {
        return 0;
    }
    if (batch->mapping->settings.reports &&
        batch_report(batch->how.answer, batch->records, batch->count, c->arena, failed) ==
            ITEMS_ALL) {
        return 0;
    }
    while (good < batch->count && !failed[good]) {
        good++;
    }
    return good;
}

static void again(struct call *c, struct batch *batch)
{
    struct mapping *mapping = batch->mapping;
    struct given_up given_up = {batch, "RetryAttemptsExhausted", batch->records, batch->count,
                                mapping->aside_tries + 1};

    if (mapping->settings.bisect && batch->count > 1) {
        mapping->aside_max = batch->count / 2;
        return;
    }
    mapping->aside_tries++;
    if (batch->how.ran != RAN_NOT && mapping->settings.retries >= 0 &&
        mapping->aside_tries > mapping->settings.retries) {
        batch_give_up(c, &given_up);
        done(c, batch, batch->count);
        return;
    }
    mapping->aside_not_before_ms = c->now + mapping_backoff_ms(mapping->aside_tries);
}

void aside_finish(struct call *c, struct batch *batch)
{
    struct mapping *mapping = batch->mapping;
    size_t good = good_of(c, batch);
    struct hop hop = {mapping->source, mapping->function_arn, mapping->arn, STR_NONE,
                      batch->records[0].id};

    hop.outcome = arena_printf(c->arena, "%s: %zu of %zu held records",
                               good == batch->count ? "delivered" : "failed",
                               good == batch->count ? good : batch->count - good, batch->count);
    trace_hop(c, &hop);
    mapping->aside_changed = true;
    done(c, batch, good);
    if (good == 0) {
        again(c, batch);
    } else if (good == batch->count) {
        mapping->aside_max = 0;
    }
}
