/* SPDX-License-Identifier: Apache-2.0
 *
 * Lanes: what waits, how much, since when, and when it is looked at.
 */
#include "svc/firehose/firehose_ops.h"

#include <assert.h>

/* When a lane is full, and how long its oldest record waits at most. */
struct hints {
    uint64_t bytes;   /* that are enough */
    int64_t wait_ms;  /* that is enough */
};

static struct hints hints_of(const struct lane *lane)
{
    const struct plan *plan = lane->stream->plan;

    if (lane->kind == LANE_RAW && plan->processing.any) {
        return (struct hints){plan->processing.size_bytes, plan->processing.interval_ms};
    }
    if (lane->kind == LANE_BACKUP) {
        return (struct hints){plan->backup.size_bytes, plan->backup.interval_ms};
    }
    if (lane->kind != LANE_FAILED && plan->endpoint.url.bytes > 0) {
        return (struct hints){plan->endpoint.size_bytes, plan->endpoint.interval_ms};
    }
    return (struct hints){plan->main.size_bytes, plan->main.interval_ms};
}

void lane_arm(struct lane *lane)
{
    struct cell *cell = lane->stream->firehose->cell;
    struct hints hints;
    int64_t at_ms;

    if (lane->busy || lane->oldest_ms == 0 || lane->stream->plan == NULL) {
        cell_timer_unset(cell, &lane->timer);
        return;
    }
    hints = hints_of(lane);
    at_ms = lane->bytes >= hints.bytes ? 0 : lane->oldest_ms + hints.wait_ms;
    cell_timer_set(cell, &lane->timer, at_ms > lane->not_before_ms ? at_ms : lane->not_before_ms);
}

static void fire(struct cell *cell, struct timer *timer)
{
    struct lane *lane = (struct lane *)(void *)((char *)timer - offsetof(struct lane, timer));

    (void)cell;
    job_begin(lane);
}

void lanes_init(struct stream *stream)
{
    for (int i = 0; i < LANES; i++) {
        stream->lanes[i].stream = stream;
        stream->lanes[i].kind = (enum lane_kind)i;
        stream->lanes[i].timer.fire = fire;
    }
}

void lanes_done(struct stream *stream)
{
    for (int i = 0; i < LANES; i++) {
        cell_timer_unset(stream->firehose->cell, &stream->lanes[i].timer);
    }
}

void lane_append(struct call *c, struct lane *lane, struct str head, struct str data)
{
    int64_t last_ms = txn_log_state(c->txn, lane->log).last_at_ms;
    int64_t at_ms = c->now > last_ms ? c->now : last_ms; /* moments in a log never go back */
    bool first = lane->oldest_ms == 0;
    uint64_t full = hints_of(lane).bytes;
    bool was_full = lane->bytes >= full;

    txn_log_append_headed(c->txn, lane->log, at_ms, head, data);
    lane->bytes += data.bytes;
    if (first) {
        lane->oldest_ms = at_ms;
    }
    if (first || (!was_full && lane->bytes >= full)) {
        lane_arm(lane);
    }
}

/* The moment of a lane's record; 0: there is none. */
static status moment_of(struct call *c, const struct lane *lane, uint64_t sequence,
                        int64_t *ret_at_ms)
{
    struct log_range range = {lane->log, sequence, 1, 1};
    struct log_record record;
    size_t count = 0;

    *ret_at_ms = 0;
    if (sequence <= txn_log_state(c->txn, lane->log).last) {
        TRY(txn_log_read(c->txn, &range, &record, &count));
        *ret_at_ms = count > 0 ? record.at_ms : 0;
    }
    return OK;
}

status lane_trim(struct call *c, struct lane *lane, uint64_t next, uint64_t bytes)
{
    int64_t oldest_ms;

    TRY(moment_of(c, lane, next, &oldest_ms));
    txn_log_trim(c->txn, lane->log, next);
    lane->bytes = oldest_ms == 0 ? 0 : lane->bytes - (bytes < lane->bytes ? bytes : lane->bytes);
    lane->oldest_ms = oldest_ms;
    lane->not_before_ms = 0;
    lane->attempts = 0;
    lane->failing_ms = 0;
    lane->held = 0;
    if (lane->kind == LANE_RAW) {
        ingest_wake(lane->stream);
    }
    return OK;
}

void lane_failed(struct call *c, struct lane *lane, int64_t after_ms)
{
    lane->failing_ms = lane->attempts == 0 ? c->now : lane->failing_ms;
    lane->attempts++;
    lane->not_before_ms = c->now + after_ms;
}

void lane_count(struct lane *lane)
{
    struct store *store = cell_store(lane->stream->firehose->cell);
    struct log_state state = logs_state(store_logs(store), lane->log);
    struct log_range range = {lane->log, state.first, 1, 1};
    struct arena *arena;
    struct log_record record;
    size_t count = 0;

    if (state.last == 0 || state.first > state.last) {
        return;
    }
    arena = arena_new(2u * LOG_RECORD_BYTES_MAX);
    lane->bytes = state.bytes;
    lane->oldest_ms = logs_read(store_logs(store), &range, arena, &record, &count) == OK &&
                              count > 0
                          ? record.at_ms
                          : 1;
    arena_free(arena);
}
