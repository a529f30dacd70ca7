/* SPDX-License-Identifier: Apache-2.0
 *
 * Following groups by their logs.
 */
#include "svc/logs/tail.h"

#include "svc/logs/keys.h"

#define CHUNKS_AT_ONCE 64
#define BYTES_AT_ONCE (1u << 20)
#define SCRATCH_BYTES_MAX (64u << 20)

struct tail tail_begin(struct call *c, const struct group *group)
{
    return (struct tail){group->log, txn_log_state(c->txn, group->log).last + 1, 0};
}

bool tail_any(struct call *c, const struct tail *tail)
{
    return txn_log_state(c->txn, tail->log).last >= tail->sequence;
}

static bool name_is_wanted(const struct tail_wish *wish, struct str name)
{
    for (size_t i = 0; i < wish->name_count; i++) {
        if (wish->prefixes ? str_starts(name, wish->names[i]) : str_eq(name, wish->names[i])) {
            return true;
        }
    }
    return wish->names == NULL;
}

/* What a reading gathers. */
struct reading {
    const struct tail_wish *wish; /* which events */
    struct arena *scratch;        /* of its filter */
    struct found *events;        /* the caller's */
    size_t count;                 /* of them */
};

/* From the event on that the tail is at. False: there is no room for more. */
static bool record_look(struct call *c, struct reading *reading, struct tail *tail,
                        const struct log_record *record)
{
    const struct filter *filter = reading->wish->filter;
    struct chunk chunk;
    struct event event;
    struct str name;

    if (record->sequence != tail->sequence) { /* what was between was trimmed */
        tail->index = 0;
        tail->sequence = record->sequence;
    }
    if (!chunk_read(record->data, &chunk) || !stream_name_of(c, chunk.stream, &name) ||
        !name_is_wanted(reading->wish, name)) {
        return true;
    }
    while (chunk_next(&chunk, &event)) {
        struct found found = {.place = {event.ms, record->sequence, chunk.index - 1},
                              .ingested_ms = record->at_ms, .stream = chunk.stream,
                              .name = name, .message = event.message};

        if (chunk.index <= tail->index) {
            continue;
        }
        if (reading->count == TAIL_EVENTS_MAX) {
            tail->index = chunk.index - 1;
            return false;
        }
        if (filter == NULL || filter_match(filter, event.message, reading->scratch)) {
            reading->events[reading->count++] = found;
        }
    }
    return true;
}

status tail_read(struct call *c, struct tail *tail, const struct tail_wish *wish,
                 struct found *ret_events, size_t *ret_count)
{
    struct log_range range = {tail->log, tail->sequence, CHUNKS_AT_ONCE, BYTES_AT_ONCE};
    struct reading reading = {.wish = wish, .events = ret_events};
    struct log_record records[CHUNKS_AT_ONCE];
    bool room = true;
    size_t count;

    TRY(txn_log_read(c->txn, &range, records, &count));
    reading.scratch = arena_new(SCRATCH_BYTES_MAX);
    for (size_t i = 0; room && i < count; i++) {
        room = record_look(c, &reading, tail, &records[i]);
        if (room) {
            tail->sequence = records[i].sequence + 1;
            tail->index = 0;
        }
    }
    arena_free(reading.scratch);
    *ret_count = reading.count;
    return OK;
}
