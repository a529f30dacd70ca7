/* SPDX-License-Identifier: Apache-2.0
 *
 * Deliveries: durable to-dos for what cannot be done inside a commit: an HTTP endpoint, a function.
 * A delivery is a row, staged in the call that causes it; once that is durable a *carrier* does it
 * on a worker thread outside the cell; then, in the cell, it is done (row gone), tried again later
 * (back-off on weir's clock), or has failed for good and ends as an event in a dead-letter sink, or
 * noted as lost.
 *
 *   STAGED ──commit──► DUE ──carry──► done
 *                       ▲      └─failed──► WAITING (next_ms) ─┐  └─► dead letter
 *                       └───────────────────────────────────────┘
 *
 * After a crash every row is due again: at least once.
 */
#ifndef WEIR_BUS_DELIVERY_H
#define WEIR_BUS_DELIVERY_H

#include "bus/sink.h"

#define DELIVERIES_MAX 100000        /* rows; beyond it a new one is refused, ERR_LIMIT */
#define DELIVERY_AT_ONCE_MAX 32      /* under way at a time */

enum backoff { BACKOFF_LINEAR, BACKOFF_ARITHMETIC, BACKOFF_GEOMETRIC, BACKOFF_EXPONENTIAL };

/* How often and when again; as SNS's delivery policies say it, others fill what they use. */
struct retry {
    uint32_t retries;          /* after the first try; the sum of all phases */
    uint32_t no_delay;         /* of them: at once */
    uint32_t min_delay;        /* of them: each after min_ms */
    uint32_t max_delay;        /* of them, at the end: each after max_ms */
    int64_t min_ms, max_ms;    /* between them the back-off phase climbs */
    enum backoff backoff;
    uint32_t per_second_max;   /* to one target; 0: no limit */
    int64_t age_ms_max;        /* given up when older; 0: never */
};

struct delivery {
    struct str carrier;        /* "http", "function" */
    struct str target;         /* URL or ARN */
    struct str payload;        /* what the carrier understands; at most 1 MiB + headers */
    struct str via;            /* subscription ARN: for holds and traces */
    struct str order_key;      /* those of one key go one after the other; STR_NONE: any order */
    struct retry retry;
    struct bus_event dead;     /* sent when it failed for good; dead.target STR_NONE: nowhere */
};

status bus_deliver(struct call *c, const struct delivery *delivery); /* OK, or ERR_LIMIT */

/* One try. On a worker thread: touches neither cell nor service. */
struct carrying {
    const struct delivery *delivery; /* what to carry where */
    uint32_t attempt;          /* 1: the first */
    struct arena *arena;       /* for what it needs */
    bool fatal;                /* set when trying again is of no use (HTTP 4xx but 429) */
    struct str answer;         /* what came back, for logs and traces; in the arena */
    struct why why;            /* what went wrong */
};
struct carrier {
    const char *name;          /* "http" */
    status (*carry)(void *state, struct carrying *carrying); /* OK: delivered */
};
void bus_carrier_add(struct cell *cell, const struct carrier *carrier, void *state);

/* The "http" carrier comes with the bus (net/outgoing.h): target is the URL, payload is made by
 * this: header lines, an empty line, the body of a POST. */
struct str delivery_http_payload(struct arena *arena, const struct http_header *headers,
                                 size_t header_count, struct str body);

#endif
