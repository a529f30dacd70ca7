/* SPDX-License-Identifier: Apache-2.0
 *
 * Events: how they are put, and read in the order of their time.
 *
 * A chunk, as a record of the group's log: u8 version 1, var stream, var count of events, zigzag
 * time of the first in ms, then for each event var ms after the one before, var bytes, message.
 * When it came is the record's moment. A chunk is of one second of events' time, about
 * CHUNK_BYTES at most, and its events are in order. Its rows in the index say when the first and
 * the last of them happened.
 *
 * Events are ordered by *place*: their time, then their chunk's sequence, then their index in it.
 * So events of one millisecond are in the order they came in, and a place is a cursor that stays
 * good whatever comes later.
 */
#ifndef WEIR_SVC_LOGS_EVENT_H
#define WEIR_SVC_LOGS_EVENT_H

#include "svc/logs/logs_int.h"

#define CHUNK_BYTES (60u * 1024)

struct place {
    int64_t ms;           /* the event's time */
    uint64_t sequence;    /* of its chunk; 0: before all of that time */
    uint64_t index;       /* in the chunk */
};

struct event {
    int64_t ms;           /* when it happened */
    struct str message;
};

/* What is put at once: events of one stream. */
struct put {
    struct stream *stream;      /* whose; its row is saved */
    const struct event *events; /* in the order of their time */
    size_t count;               /* of them, at least 1 */
    struct place *places;       /* made by events_put(), one for each */
};
/* Stages the events and all that they cause, and wakes who waits for them. */
void events_put(struct call *c, struct put *put);

/* ---- chunks ---- */

struct chunk {
    uint64_t sequence;    /* in its log */
    int64_t ingested_ms;  /* when it came */
    uint64_t stream;      /* whose */
    uint64_t count;       /* of events still to be read */
    uint64_t index;       /* of the next */
    int64_t ms;           /* of the one before */
    struct str rest;      /* what is still to be read */
};
bool chunk_read(struct str data, struct chunk *ret_chunk);
bool chunk_next(struct chunk *chunk, struct event *ret_event); /* false: no more */

/* ---- reading ---- */

struct found {
    struct place place;   /* of the event */
    int64_t ingested_ms;  /* when it came */
    uint64_t stream;      /* whose */
    struct str name;      /* of the stream; events_walk() says it */
    struct str message;
};

/* What is looked for. */
struct wish {
    struct group *group;       /* where */
    const uint64_t *streams;   /* only of these; NULL: of all */
    size_t stream_count;       /* of them */
    struct str prefix;         /* of streams' names; empty: any */
    int64_t from_ms, to_ms;    /* the first included, the second not */
    bool backwards;            /* the newest first */
    bool placed;               /* place is given */
    struct place place;        /* forwards: from it on; backwards: what is before it */
    const struct filter *filter; /* NULL: all */
    size_t count_max;          /* at least 1 */
    size_t bytes_max;          /* messages and what AWS adds; one event always fits */
};
struct walked {
    struct found *events;      /* in the order asked for; the call's */
    size_t count;              /* of them */
    bool more;                 /* it stopped before the end */
    struct place next;         /* where to go on, when there is more */
};
/* Reads until the page is full, nothing is left, or it has looked at much. */
status events_walk(struct call *c, const struct wish *wish, struct walked *ret_walked);

struct place place_after(struct place place);
int place_cmp(struct place a, struct place b);
/* "f/…", "b/…" and 56 digits; the other way false on anything else. */
struct str place_token(struct call *c, bool backwards, struct place place);
bool place_read(struct str token, bool *ret_backwards, struct place *ret_place);
/* 56 digits that are an event's alone; the other way false on anything else. */
struct str event_id(struct call *c, const struct group *group, struct place place);
bool event_id_read(struct str id, uint64_t *ret_group, struct place *ret_place);

#endif
