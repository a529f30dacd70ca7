/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes by itself: events that are older than their group keeps, and rows of groups and streams
 * that were deleted. A step is small, so that others come in; the next comes by a durable timer, at
 * once, as a call of its own.
 *
 * An event's time may be up to two hours after its coming. So all of a chunk that came two hours
 * before the horizon is older than that, and the log is trimmed to there.
 */
#include "bus/timer.h"
#include "svc/logs/event.h"
#include "svc/logs/export.h"
#include "svc/logs/keys.h"

#define STEP_CHANGES 4000 /* of one step, about: some ten milliseconds */
#define SWEEP "sweep"   /* the timer's name */

void sweep_soon(struct call *c)
{
    bus_timer_set(c, "logs", STR(SWEEP), c->now, STR_NONE);
}

/* Rows of seconds that are over; false: there are more. */
static bool rows_expire(struct call *c, struct group *group, int64_t horizon_ms, size_t spare)
{
    struct chunk_span span = {.group = group->log, .to = (uint64_t)(horizon_ms / 1000)};
    struct txn_scan *scan;
    struct chunk_row row;
    bool any = true;

    if (horizon_ms < 1000) {
        return true;
    }
    span.to = (uint64_t)(horizon_ms / 1000) - 1;
    scan = chunks_scan(c, &span);
    while (txn_room(c->txn) > spare && (any = chunks_next(scan, &row))) {
        chunk_forget(c, group->log, &row);
    }
    txn_scan_close(scan);
    return !any;
}

static void log_trim(struct call *c, const struct group *group, int64_t horizon_ms)
{
    struct log_state state = txn_log_state(c->txn, group->log);
    uint64_t before;

    if (state.last == 0 || state.first > state.last ||
        txn_log_seek(c->txn, group->log, horizon_ms - TOO_NEW_MS, &before) != OK) {
        return; /* the next minute tries again */
    }
    if (before > state.first) {
        txn_log_trim(c->txn, group->log, before);
    }
}

/* When to look again: as soon as a row is over, or in an hour, for the log lags behind its rows. */
static int64_t next_look_ms(struct call *c, const struct group *group)
{
    struct chunk_span span = {.group = group->log, .to = UINT64_MAX};
    struct txn_scan *scan = chunks_scan(c, &span);
    struct log_state state = txn_log_state(c->txn, group->log);
    struct chunk_row row;
    int64_t next_ms = state.last != 0 && state.first <= state.last
                          ? c->now + MS_PER_HOUR
                          : INT64_MAX;

    if (chunks_next(scan, &row)) {
        int64_t over_ms = (int64_t)(row.second + 1) * 1000 + group->retention_days * MS_PER_DAY;

        next_ms = over_ms < next_ms ? over_ms : next_ms;
    }
    txn_scan_close(scan);
    return next_ms;
}

/* False: there is more to do. */
static bool group_expire(struct call *c, struct group *group, size_t spare)
{
    int64_t horizon_ms = group_horizon_ms(c, group);

    if (group->retention_days == 0 || c->now < group->expires_ms) {
        return true;
    }
    if (!rows_expire(c, group, horizon_ms, spare)) {
        return false;
    }
    log_trim(c, group, horizon_ms);
    group->expires_ms = next_look_ms(c, group);
    return true;
}

static bool step(struct call *c)
{
    struct log_groups *logs = groups_of(c);
    size_t room = txn_room(c->txn);
    size_t spare = room > STEP_CHANGES ? room - STEP_CHANGES : 0;
    bool done = gone_sweep(c, spare);
    struct str key;
    void *group;

    for (size_t i = 0; done && map_next(logs->groups, &i, &key, &group);) {
        done = txn_room(c->txn) > spare && group_expire(c, group, spare);
    }
    return done;
}

void logs_expire(struct call *c)
{
    if (!step(c)) {
        sweep_soon(c);
    }
}

status logs_timer(struct call *c, struct str name, struct str payload)
{
    (void)payload;
    if (str_eq(name, STR(SWEEP))) {
        logs_expire(c);
    } else if (str_starts(name, STR(EXPORT_TIMER))) {
        export_fire(c, str_slice(name, STR(EXPORT_TIMER).bytes, name.bytes));
    }
    return OK;
}
