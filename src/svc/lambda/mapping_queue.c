/* SPDX-License-Identifier: Apache-2.0
 *
 * Draining queues. Source: Lambda developer guide, "Using Lambda with Amazon SQS", "Configuring
 * scaling behavior", "Handling errors".
 *
 * Rules
 *  1. Messages stay in the queue while they are gathered; they are in flight, with the queue's
 *     visibility timeout, only while a batch runs.
 *  2. What the function did is removed in one step; what failed comes again by its visibility
 *     timeout, so the queue's own redrive policy counts and buries it.
 *  3. Batches at once begin at five and grow by one whenever one ends well and more is waiting, up
 *     to MaximumConcurrency; a failure takes one away. The order within FIFO groups is the queue's.
 */
#include "bus/hold.h"
#include "bus/trace.h"
#include "svc/lambda/mapping_ops.h"

#define CONCURRENCY_MIN 2
#define ROUNDS_MAX 64          /* batches begun in one look; then others come in */
#define ROOM_MIN 25000         /* changes that must be left for one more batch */

/* ---- taking ---- */

/* Whom wanted asks. */
struct groups {
    struct call *c;
    const struct mapping *mapping; /* whose held keys are groups */
};

static bool group_wanted(void *arg, struct str group)
{
    const struct groups *groups = arg;

    return !hold_on(groups->c, HOLD_MAPPING, groups->mapping->arn, group);
}

/* What becomes visible again, or goes on because of what was removed, rings as what arrives does;
 * but it is durable. */
static size_t visible_in(struct call *c, struct mapping *mapping)
{
    uint64_t rang = mapping->rang;
    size_t visible = bus_source_visible(c, mapping->source);

    mapping->rang = rang;
    return visible;
}

static void remove_from(struct call *c, struct mapping *mapping,
                        const struct source_record *records, size_t count)
{
    uint64_t rang = mapping->rang;

    bus_source_remove(c, mapping->source, records, count);
    mapping->rang = rang;
}

/* False: there is nothing, or more is to be gathered. */
static bool is_time(struct call *c, struct mapping *mapping)
{
    const struct mapping_settings *settings = &mapping->settings;
    size_t visible = visible_in(c, mapping);

    if (visible == 0) {
        mapping->gather_since_ms = 0;
        return false;
    }
    if (settings->gather_ms == 0 || visible >= settings->batch_size) {
        return true;
    }
    if (mapping->gather_since_ms == 0) {
        mapping->gather_since_ms = c->now;
    }
    if (c->now < mapping->gather_since_ms + settings->gather_ms) {
        mapping_look_by(mapping, mapping->gather_since_ms + settings->gather_ms);
        return false;
    }
    return true;
}

/* Those that no filter lets pass are done; the others move to the front. */
static size_t sift(struct call *c, struct mapping *mapping, struct source_record *records,
                   size_t count)
{
    struct source_record *dropped;
    struct arena *scratch;
    size_t kept = 0;
    size_t drops = 0;

    if (mapping->settings.filter_count == 0) {
        return count;
    }
    dropped = arena_alloc(c->arena, (count + 1) * sizeof(*dropped));
    scratch = arena_new(64u << 20);
    for (size_t i = 0; i < count; i++) {
        if (filter_passes(mapping, &records[i], scratch)) {
            records[kept++] = records[i];
        } else {
            dropped[drops++] = records[i];
        }
        arena_clear(scratch);
    }
    arena_free(scratch);
    remove_from(c, mapping, dropped, drops);
    return kept;
}

/* One batch; false: there is none now. */
static bool take(struct call *c, struct mapping *mapping, const struct version *version)
{
    size_t count = mapping->settings.batch_size;
    struct groups groups = {c, mapping};
    bool some_held = mapping->fifo && hold_on_any_key(c, HOLD_MAPPING, mapping->arn);
    struct source_ask ask = {.arn = mapping->source, .count_max = count,
                             .bytes_max = MAPPING_EVENT_BYTES_MAX,
                             .wanted = some_held ? group_wanted : NULL, .arg = &groups};
    struct source_record *records = arena_alloc(c->arena, count * sizeof(*records));
    struct batch *batch;

    if (bus_source_take(c, &ask, records, &count) != OK) {
        mapping_result(mapping, "PROBLEM: %s", c->why.text);
        return false;
    }
    mapping->gather_since_ms = 0;
    if (count == 0) {
        return false;
    }
    count = sift(c, mapping, records, count);
    if (count == 0) {
        return true;
    }
    batch = batch_new(mapping, NULL);
    batch_keep(batch, records, count);
    if (batch_start(c, batch, version, records) != OK) { /* refused after all */
        bus_source_give_back(c, mapping->source, records, count);
        return false;
    }
    return true;
}

void queue_look(struct call *c, struct mapping *mapping)
{
    struct version version = {.config = NULL};
    bool more = true;

    for (int i = 0; more && i < ROUNDS_MAX; i++) {
        if (mapping->batch_count >= mapping->concurrency || !is_time(c, mapping) ||
            !mapping_may_run(c, mapping, &version)) {
            return;
        }
        if (txn_room(c->txn) < ROOM_MIN) {
            break;
        }
        more = take(c, mapping, &version);
    }
    if (more) {
        mapping_look_by(mapping, c->now);
    }
}

/* ---- the end of a batch ---- */

static void scale(struct call *c, struct mapping *mapping, bool well)
{
    if (!well && mapping->concurrency > CONCURRENCY_MIN) {
        mapping->concurrency--;
    } else if (well && mapping->concurrency < mapping->settings.concurrency_max &&
               visible_in(c, mapping) >= mapping->settings.batch_size) {
        mapping->concurrency++;
    }
}

/* Those that succeeded, at the front. */
static size_t succeeded(struct call *c, struct batch *batch)
{
    bool *failed = arena_zero(c->arena, batch->count + 1);
    size_t good = 0;

    if (batch->how.ran != RAN_OK) {
        return 0;
    }
    if (!batch->mapping->settings.reports) {
        return batch->count;
    }
    if (batch_report(batch->how.answer, batch->records, batch->count, c->arena, failed) ==
        ITEMS_ALL) {
        return 0;
    }
    for (size_t i = 0; i < batch->count; i++) {
        if (!failed[i]) {
            batch->records[good++] = batch->records[i];
        }
    }
    return good;
}

static void note(struct call *c, const struct batch *batch, size_t good)
{
    const struct mapping *mapping = batch->mapping;
    struct hop hop = {mapping->source, mapping->function_arn, mapping->arn, STR("delivered"),
                      batch->records[0].id};

    if (good < batch->count) {
        hop.outcome = arena_printf(c->arena, "failed: %zu of %zu messages", batch->count - good,
                                   batch->count);
    } else if (batch->count > 1) {
        hop.outcome = arena_printf(c->arena, "delivered: %zu messages", batch->count);
    }
    trace_hop(c, &hop);
}

void queue_finish(struct call *c, struct batch *batch)
{
    struct mapping *mapping = batch->mapping;
    size_t good;

    good = succeeded(c, batch); /* changes the order */
    note(c, batch, good);
    remove_from(c, mapping, batch->records, good);
    scale(c, mapping, good == batch->count);
}
