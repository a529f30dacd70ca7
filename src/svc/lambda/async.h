/* SPDX-License-Identifier: Apache-2.0
 *
 * Asynchronous invocations: events that wait for their function, as rows. Accepted means durable;
 * each is tried until it succeeds, its retries are used up or it is too old, and then ends in its
 * dead-letter queue and destinations. Everything here happens in the cell.
 *
 *   QUEUED ──begin──► under way ──answered──► gone, OnSuccess
 *      ▲                  │
 *      └─ 1, 2 minutes ───┴─failed──► retries used up, too old ──► gone, dead letter, OnFailure
 *
 * Nothing is written when a try begins: after a crash the event is due as it was. A function that
 * is held or throttled keeps its own events waiting, and nobody else's.
 */
#ifndef WEIR_SVC_LAMBDA_ASYNC_H
#define WEIR_SVC_LAMBDA_ASYNC_H

#include "base/map.h"
#include "cell/timer.h"
#include "svc/lambda/run.h"

#define ASYNC_EVENTS_MAX 1000000           /* waiting, of all functions */
#define ASYNC_AT_ONCE_MAX 32               /* under way, of one function */
#define ASYNC_BYTES_MAX (64u * 1024 * 1024) /* of payloads under way, of all */
#define ASYNC_AGE_SECONDS 21600            /* MaximumEventAgeInSeconds, unless set */
#define ASYNC_RETRIES 2                    /* MaximumRetryAttempts, unless set */

struct live;
struct live_function;

/* One event. Strings live as long as the call. */
struct async_event {
    struct str qualifier;        /* as invoked; empty: none */
    struct str payload;          /* JSON */
    struct str request_id;       /* a UUID, of all its tries */
    struct str trace;            /* X-Ray header */
    struct str source;           /* ARN of what sent it; empty: a caller */
    int64_t made_ms;             /* when it was accepted */
    uint32_t attempts;           /* tries in which the function failed */
    uint32_t stalls;             /* tries in which it could not run, since the last that did */
};

/* Queues it; request_id, trace and made_ms are filled where empty. LAMBDA_TOO_MANY_REQUESTS:
 * ASYNC_EVENTS_MAX wait; nothing was staged. */
status async_add(struct call *c, const struct target *target, struct async_event *event);

/* What happened to an event when it is over. */
struct async_end {
    const char *condition;       /* "Success", "RetriesExhausted", "EventAgeExceeded",
                                  * "ZeroReservedConcurrency", "RecursiveInvocation" */
    struct str version;          /* that ran; empty: none did */
    struct str answer;           /* of the last try; STR_NONE: none ran */
    bool failed;                 /* the answer is an error's document */
};
/* destination.c: dead letter, OnSuccess, OnFailure; staged. */
void async_tell(struct call *c, const struct target *target, const struct async_event *event,
                const struct async_end *end);

/* How a function's asynchronous invocations are configured. */
struct async_config {
    uint32_t retries;            /* MaximumRetryAttempts */
    int64_t age_ms_max;          /* MaximumEventAgeInSeconds */
    struct str on_success;       /* ARN; empty: none */
    struct str on_failure;       /* the same */
};
void async_config_of(struct call *c, const struct target *target, struct str qualifier,
                     struct async_config *ret_config);

/* Something changed for the events of a function: a run of it ended, it was released, its
 * concurrency is another. */
void async_wake(struct live *live, struct live_function *function);
/* A run of whatever function ended: those who wait for the account's concurrency look again. */
void async_wake_starved(struct live *live);
void async_deleted(struct call *c, const struct target *target); /* its events end, too */

struct lanes;
status async_open(struct live *live, struct lanes **ret_lanes); /* reads what waits */
void async_ready(struct lanes *lanes);     /* functions can run from now on */
void async_close(struct lanes *lanes);

/* ---- async_keys.c: rows ---- */

/* An event's place among those of its function. */
struct async_place {
    int64_t at_ms;               /* due then */
    uint64_t id;                 /* its number */
};

void async_put(struct call *c, const struct target *target, uint64_t id,
               const struct async_event *event);
bool async_get(struct call *c, const struct target *target, uint64_t id,
               struct async_event *ret_event);
void async_erase(struct call *c, const struct target *target, struct async_place place);
void async_due_put(struct call *c, const struct target *target, struct async_place place);
void async_due_erase(struct call *c, const struct target *target, struct async_place place);
/* Behind a place, in order; NULL at first; false at the end, which closes it. */
bool async_due_next(struct call *c, const struct target *target, struct async_place behind,
                    struct txn_scan **scan, struct async_place *ret_place);
/* Until when its events did not age, for it was held; 0: never. */
void async_released_put(struct call *c, const struct target *target, int64_t at_ms);
int64_t async_released_get(struct call *c, const struct target *target);
/* At the start: told each due row there is. */
status async_rows_read(struct store *store,
                       void (*row)(void *arg, const struct target *target,
                                   struct async_place place), void *arg);

#endif
