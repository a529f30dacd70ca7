/* SPDX-License-Identifier: Apache-2.0
 *
 * Lanes: a shard's records of some keys, batch after batch. Sources: Lambda developer guide, "How
 * Lambda processes records from stream and queue-based event sources", "Configuring partial batch
 * response", "Implementing stateful Kinesis Data Streams processing".
 *
 *   IDLE ──records──► gathering ──► BATCH ──done──► position moves, IDLE
 *                                     │
 *                                     └─failed──► cut in two, at once
 *                                             └─► the same again, later each time
 *                                             └─► given up: the destination is told, as if done
 *
 * Rules
 *  1. A position moves when everything before it is done, filtered out, set aside or given up, in
 *     the entry that says so.
 *  2. A batch that failed is tried again as it was: the last of lane.ends says where it ends. When
 *     it is cut in two, the half's end is put behind; what ends goes off the list.
 *  3. Cutting does not count as a try. A function that says how far it came is tried from there.
 *  4. Windows begin at multiples of their length since 1970. A batch is of one window; when a
 *     record of a later one comes, or time has passed its end, the function is called for the last
 *     time of it.
 */
#include "bus/hold.h"
#include "bus/sink.h"
#include "bus/trace.h"
#include "svc/lambda/mapping_ops.h"

#include <assert.h>

#define BACKOFF_MS_MIN 100
#define BACKOFF_MS_MAX 30000
#define NOT_RUN_MS 1000
#define LOOKED_MAX 10000       /* positions passed without a record of its own, then noted */

int64_t mapping_backoff_ms(uint32_t tries)
{
    int64_t delay_ms = BACKOFF_MS_MIN;

    for (uint32_t i = 1; i < tries && delay_ms < BACKOFF_MS_MAX; i++) {
        delay_ms *= 2;
    }
    return delay_ms < BACKOFF_MS_MAX ? delay_ms : BACKOFF_MS_MAX;
}

static void window_close(struct window *window)
{
    mapping_text_set(&window->state, STR_NONE);
    *window = (struct window){.open = false};
}

/* Everything before next is done. */
static void lane_move(struct call *c, struct lane *lane, uint64_t next)
{
    lane->next = next;
    lane->looked = lane->looked > next ? lane->looked : next;
    lane->tries = 0;
    lane->not_before_ms = 0;
    while (lane->end_count > 0 && lane->ends[lane->end_count - 1] <= next) {
        lane->end_count--;
    }
    lane_save(c, lane);
}

void lane_seek(struct lane *lane, uint64_t next)
{
    lane->next = lane->looked = next;
    lane->tries = 0;
    lane->end_count = 0;
    lane->not_before_ms = 0;
    lane->gather_since_ms = 0;
    lane->epoch++;
    window_close(&lane->window);
}

/* ---- which records are this lane's ---- */

static bool is_own(void *arg, struct str key)
{
    const struct lane *lane = arg;

    /* FNV-1a: the same over restarts, which positions rely on */
    uint64_t hash = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < key.bytes; i++) {
        hash = (hash ^ (uint8_t)key.at[i]) * UINT64_C(1099511628211);
    }
    return (hash ^ hash >> 32) % lane->shard->lane_count == lane->index;
}

/* ---- forming a batch ---- */

/* A look at what comes next. */
struct looking {
    struct lane *lane;             /* whose */
    struct source_reading reading; /* how far it goes */
    struct source_record *records; /* what is there, in order */
    size_t count;                  /* of them */
    uint64_t from;                 /* where it began */
    bool moved;                    /* something is staged that lane.next must go with */
    struct str role;               /* the function's: who reads */
};

static status read_next(struct call *c, struct looking *looking, size_t count_max, uint64_t before)
{
    struct lane *lane = looking->lane;
    const struct mapping *mapping = lane->shard->mapping;
    struct source_ask ask = {.arn = mapping->source, .count_max = count_max,
                             .bytes_max = MAPPING_EVENT_BYTES_MAX, .identity = looking->role,
                             .wanted = lane->shard->lane_count > 1 ? is_own : NULL, .arg = lane};
    uint64_t end = lane->end_count > 0 ? lane->ends[lane->end_count - 1] : 0;

    looking->from = lane->tries == 0 && lane->end_count == 0 ? lane->looked : lane->next;
    looking->reading = (struct source_reading){
        .shard = lane->shard->number,
        .next = looking->from,
        .before = end == 0 || (before != 0 && before < end) ? before : end,
    };
    looking->records = arena_alloc(c->arena, (count_max + 1) * sizeof(struct source_record));
    return bus_source_read(c, &ask, &looking->reading, looking->records, &looking->count);
}

/* Records were trimmed before they were read. */
static void note_lost(struct call *c, struct looking *looking)
{
    struct lane *lane = looking->lane;
    const struct mapping *mapping = lane->shard->mapping;
    struct hop hop = {mapping->source, mapping->function_arn, mapping->arn, STR_NONE,
                      lane->shard->id};

    hop.outcome = arena_printf(c->arena, "lost: %llu records were older than the stream keeps",
                               (unsigned long long)looking->reading.lost);
    trace_hop(c, &hop);
    looking->from += looking->reading.lost;
    lane_move(c, lane, looking->from);
}

/* More is to be gathered: there is less than a batch, and its time has not come. */
static bool gathers(struct call *c, struct lane *lane, uint64_t there)
{
    struct mapping *mapping = lane->shard->mapping;
    const struct mapping_settings *settings = &mapping->settings;
    int64_t until_ms;

    if (settings->gather_ms == 0 || lane->end_count > 0 || lane->tries > 0 ||
        there >= settings->batch_size * lane->shard->lane_count) {
        lane->gather_since_ms = 0;
        return false;
    }
    if (lane->gather_since_ms == 0) {
        lane->gather_since_ms = c->now;
    }
    until_ms = lane->gather_since_ms + settings->gather_ms;
    if (c->now >= until_ms) {
        lane->gather_since_ms = 0;
        return false;
    }
    mapping_look_by(mapping, until_ms);
    return true;
}

/* Those that are too old are given up, in their own entry's step; they are the first. */
static void drop_old(struct call *c, struct looking *looking)
{
    struct lane *lane = looking->lane;
    struct mapping *mapping = lane->shard->mapping;
    size_t old = 0;

    while (mapping->settings.age_ms >= 0 && old < looking->count &&
           c->now - looking->records[old].at_ms > mapping->settings.age_ms) {
        old++;
    }
    if (old > 0) {
        struct batch none = {.mapping = mapping, .lane = lane, .role = looking->role};
        struct given_up given_up = {&none, "RecordAgeExceeded", looking->records, old,
                                    lane->tries};

        batch_give_up(c, &given_up);
        looking->from = old < looking->count ? looking->records[old - 1].number + 1
                                             : looking->reading.next;
        looking->records += old;
        looking->count -= old;
        lane_move(c, lane, looking->from);
    }
}

/* What filters keep away, and what waits for its key, is not the batch's. */
static void sift(struct call *c, struct looking *looking)
{
    const struct mapping *mapping = looking->lane->shard->mapping;
    bool asides = map_count(mapping->aside) > 0 ||
                  hold_on_any_key(c, HOLD_MAPPING, mapping->arn);
    struct arena *scratch = NULL;
    size_t kept = 0;

    if (mapping->settings.filter_count == 0 && !asides) {
        return;
    }
    scratch = arena_new(64u << 20);
    for (size_t i = 0; i < looking->count; i++) {
        const struct source_record *record = &looking->records[i];

        if (!filter_passes(mapping, record, scratch)) {
            continue;
        }
        if (asides && aside_wanted(c, mapping, record->key) &&
            aside_put(c, looking->lane, record)) {
            looking->moved = true;
        } else {
            looking->records[kept++] = *record;
        }
        arena_clear(scratch);
    }
    arena_free(scratch);
    looking->count = kept;
}

static int64_t window_of(const struct mapping *mapping, int64_t at_ms)
{
    return at_ms - at_ms % mapping->settings.window_ms;
}

/* A batch is of one window. True: the window that is open is to be closed first. */
static bool fit_window(struct call *c, struct looking *looking)
{
    struct lane *lane = looking->lane;
    struct mapping *mapping = lane->shard->mapping;
    struct window *window = &lane->window;
    int64_t end_ms;

    if (mapping->settings.window_ms == 0) {
        return false;
    }
    if (window->open && window->early) {
        return true;
    }
    if (looking->count == 0) {
        end_ms = window->start_ms + mapping->settings.window_ms;
        if (window->open && c->now < end_ms) {
            mapping_look_by(mapping, end_ms);
        }
        return window->open && c->now >= end_ms && looking->reading.there == 0;
    }
    if (window->open && window_of(mapping, looking->records[0].at_ms) != window->start_ms) {
        return true;
    }
    if (!window->open) {
        window->open = true;
        window->start_ms = window_of(mapping, looking->records[0].at_ms);
    }
    end_ms = window->start_ms + mapping->settings.window_ms;
    for (size_t i = 1; i < looking->count; i++) {
        if (looking->records[i].at_ms >= end_ms) {
            looking->reading.next = looking->records[i].number;
            looking->count = i;
        }
    }
    if (end_ms > c->now) {
        mapping_look_by(mapping, end_ms);
    }
    return false;
}

/* Nothing of it is this lane's to do. */
static void pass_by(struct call *c, struct looking *looking)
{
    struct lane *lane = looking->lane;

    lane->looked = looking->reading.next;
    if (looking->moved || lane->end_count > 0 || lane->tries > 0 ||
        lane->looked - lane->next > LOOKED_MAX) {
        lane_move(c, lane, lane->looked);
    }
}

static void run(struct call *c, struct looking *looking, const struct version *version, bool final)
{
    struct lane *lane = looking->lane;
    struct batch *batch = batch_new(lane->shard->mapping, lane);

    batch->final = final;
    batch->from = looking->from;
    batch->next = final ? looking->from : looking->reading.next;
    batch_keep(batch, looking->records, final ? 0 : looking->count);
    (void)batch_start(c, batch, version, looking->records); /* refused: it is freed */
}

/* Everything of the shard is done by all lanes. */
static void finish_shard(struct call *c, struct mapping_shard *shard, uint64_t end)
{
    for (uint32_t i = 0; i < shard->lane_count; i++) {
        const struct lane *lane = &shard->lanes[i];

        if (lane->batch != NULL || lane->looked < end || lane->window.open) {
            return;
        }
    }
    shard->finished = true;
    shard_save(c, shard);
    shard->mapping->shards_changed = true; /* its children may begin */
    mapping_look_by(shard->mapping, c->now);
}

/* Nothing is there. */
static void idle(struct call *c, struct looking *looking)
{
    struct lane *lane = looking->lane;

    lane->gather_since_ms = 0;
    if (looking->reading.ended) {
        finish_shard(c, lane->shard, looking->reading.next);
    } else if (looking->reading.until_ms < INT64_MAX) {
        mapping_look_by(lane->shard->mapping, looking->reading.until_ms);
    }
}

/* Whether there is something to form a batch of; else it is left waiting. */
static bool is_time(struct call *c, struct looking *looking, uint64_t before)
{
    struct lane *lane = looking->lane;
    struct mapping *mapping = lane->shard->mapping;

    if (read_next(c, looking, 0, before) != OK) {
        mapping_result(mapping, "PROBLEM: %s", c->why.text);
        c->why.text[0] = '\0';
        mapping->shards_changed = true; /* it may be gone: the list shows what there is */
        mapping_look_by(mapping, c->now + NOT_RUN_MS);
        return false;
    }
    if (looking->reading.lost > 0) {
        note_lost(c, looking);
    }
    if (looking->reading.there == 0) {
        if (!fit_window(c, looking)) {
            idle(c, looking);
            return false;
        }
        return true;
    }
    return !gathers(c, lane, looking->reading.there);
}

/* One batch of it. False: there is nothing more to begin now. */
static bool lane_take(struct call *c, struct lane *lane, uint64_t before)
{
    struct mapping *mapping = lane->shard->mapping;
    struct looking looking = {.lane = lane};
    struct version version = {.config = NULL};
    bool final;

    if (!is_time(c, &looking, before) || !mapping_may_run(c, mapping, &version)) {
        return false;
    }
    looking.role = version.config == NULL ? STR_NONE : get_str(version.config, "Role");
    if (looking.reading.there > 0 &&
        read_next(c, &looking, mapping->settings.batch_size, before) != OK) {
        return false;
    }
    drop_old(c, &looking);
    sift(c, &looking);
    final = fit_window(c, &looking);
    if (!final && looking.count == 0) {
        pass_by(c, &looking);
        return true;
    }
    run(c, &looking, &version, final);
    return false;
}

void lane_look(struct call *c, struct lane *lane, uint64_t before)
{
    struct mapping *mapping = lane->shard->mapping;
    bool more = true;

    if (lane->batch != NULL) {
        return;
    }
    if (c->now < lane->not_before_ms) {
        mapping_look_by(mapping, lane->not_before_ms);
        return;
    }
    for (int i = 0; more && i < 8; i++) {
        more = lane_take(c, lane, before);
    }
    if (more) { /* others come in before it passes by more */
        mapping_look_by(mapping, c->now);
    }
}

/* ---- the end of a batch ---- */

static void note(struct call *c, const struct batch *batch, const char *outcome)
{
    const struct mapping *mapping = batch->mapping;
    struct hop hop = {mapping->source, mapping->function_arn, mapping->arn, STR_NONE,
                      batch->count > 0 ? batch->records[0].id : batch->lane->shard->id};

    hop.outcome = arena_printf(c->arena, "%s: %zu records", outcome, batch->count);
    trace_hop(c, &hop);
}

static void give_up(struct call *c, struct batch *batch)
{
    struct lane *lane = batch->lane;
    struct given_up given_up = {batch, "RetryAttemptsExhausted", batch->records, batch->count,
                                lane->tries};

    note(c, batch, "given up");
    batch_give_up(c, &given_up);
    if (batch->final) {
        window_close(&lane->window);
    }
    lane_move(c, lane, batch->next);
}

/* The batch goes up to there, however often it is tried. */
static void end_at(struct lane *lane, uint64_t end)
{
    if (lane->end_count == 0 || lane->ends[lane->end_count - 1] > end) {
        assert(lane->end_count < MAPPING_ENDS_MAX);
        lane->ends[lane->end_count++] = end;
    }
}

static void again(struct call *c, struct batch *batch)
{
    struct lane *lane = batch->lane;
    const struct mapping_settings *settings = &batch->mapping->settings;

    if (!batch->final) {
        end_at(lane, batch->next);
    }
    if (settings->bisect && batch->count > 1 && lane->end_count < MAPPING_ENDS_MAX) {
        end_at(lane, batch->records[batch->count / 2].number);
        lane->tries = 0;
        note(c, batch, "failed, cut in two");
    } else {
        lane->tries++;
        if (settings->retries >= 0 && lane->tries > settings->retries) {
            give_up(c, batch);
            return;
        }
        lane->not_before_ms = c->now + mapping_backoff_ms(lane->tries);
        mapping_look_by(batch->mapping, lane->not_before_ms);
        note(c, batch, "failed");
    }
    lane_save(c, lane);
}

/* The function reported what failed: all before the first of it is done. */
static void again_from(struct call *c, struct batch *batch, size_t first)
{
    const struct mapping_settings *settings = &batch->mapping->settings;
    struct lane *lane = batch->lane;

    if (first == 0) {
        again(c, batch);
        return;
    }
    if (settings->retries == 0 && !settings->bisect) { /* that was the only try */
        batch->records += first;
        batch->count -= first;
        lane->tries = 1;
        give_up(c, batch);
        return;
    }
    end_at(lane, batch->next);
    lane->next = batch->records[first].number;
    lane->looked = lane->looked > lane->next ? lane->looked : lane->next;
    lane->tries = settings->bisect ? 0 : 1;
    lane->not_before_ms = c->now + mapping_backoff_ms(1);
    mapping_look_by(batch->mapping, lane->not_before_ms);
    note(c, batch, "failed in part");
    lane_save(c, lane);
}

/* The index of the first record that was reported; count: none. */
static size_t first_failed(struct call *c, const struct batch *batch)
{
    bool *failed = arena_zero(c->arena, batch->count + 1);
    size_t first = 0;
    enum items items;

    if (!batch->mapping->settings.reports) {
        return batch->count;
    }
    items = batch_report(batch->how.answer, batch->records, batch->count, c->arena, failed);
    if (items != ITEMS_SOME) {
        return items == ITEMS_ALL ? 0 : batch->count;
    }
    while (first < batch->count && !failed[first]) {
        first++;
    }
    return first;
}

/* The window's state goes on; false: the function gave none, which is a failure. */
static bool window_go_on(struct call *c, struct batch *batch)
{
    struct window *window = &batch->lane->window;
    struct str state;

    if (batch->mapping->settings.window_ms == 0) {
        return true;
    }
    if (batch->final) {
        bool early = window->early;
        int64_t start_ms = window->start_ms;

        window_close(window);
        if (early) { /* the same window with a fresh state */
            window->open = true;
            window->start_ms = start_ms;
        }
        return true;
    }
    if (!batch_state(batch->how.answer, c->arena, &state)) {
        return false;
    }
    window->early = state.bytes > MAPPING_STATE_BYTES_MAX;
    mapping_text_set(&window->state, state);
    return true;
}

void lane_finish(struct call *c, struct batch *batch)
{
    struct lane *lane = batch->lane;
    size_t first;

    if (batch->how.ran == RAN_NOT) {
        lane->not_before_ms = c->now + NOT_RUN_MS;
        mapping_look_by(batch->mapping, lane->not_before_ms);
        return;
    }
    if (batch->how.ran == RAN_FAILED) {
        again(c, batch);
        return;
    }
    first = first_failed(c, batch);
    if (first == 0 && batch->count > 0) {
        again(c, batch);
    } else if (!window_go_on(c, batch)) {
        again(c, batch);
    } else if (first < batch->count) {
        again_from(c, batch, first);
    } else {
        note(c, batch, "delivered");
        lane_move(c, lane, batch->next);
    }
}
