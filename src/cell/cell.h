/* SPDX-License-Identifier: Apache-2.0
 *
 * A cell: one store, one lock, and the services whose handlers run inside it one at a time. The
 * door (cell/door.h) brings calls in from the network and takes answers out when they are durable;
 * tests may call cell_call() instead.
 */
#ifndef WEIR_CELL_CELL_H
#define WEIR_CELL_CELL_H

#include "cell/service.h"
#include "sys/clock.h"

struct cell;

struct cell_options {
    struct store *store;                    /* open; stays the caller's */
    struct clock *clock;
    const struct service *const *services;  /* ended by NULL */
    bool limits;                            /* --limits=aws */
    uint64_t seed;                          /* of randomness; 0: from the system */
};

status cell_open(const struct cell_options *options, struct why *why, struct cell **ret_cell);
void cell_close(struct cell *cell);

/* Before a stop: every parked call and every stream ends now, and so does what would park later. */
void cell_wait_no_more(struct cell *cell);

struct store *cell_store(struct cell *cell);
struct clock *cell_clock(struct cell *cell);
/* A service's state, for its own handlers' helpers; NULL when there is no such service. */
void *cell_state(struct cell *cell, const char *service);

/* Runs one call from start to durable answer on this thread, without a network: for tests and for
 * weir's own doings. input may be NULL. *ret_out is NULL on failure; both lie in arena. Not for
 * operations that park for long or stream. */
struct cell_request {
    const char *service;      /* "kinesis" */
    const char *operation;    /* "PutRecord" */
    struct str account;       /* empty: 000000000000 */
    struct str region;        /* empty: us-east-1 */
    struct value *input;      /* shaped as the operation's input */
};
status cell_call(struct cell *cell, const struct cell_request *request, struct arena *arena,
                 struct why *why, struct value **ret_out);

/* Moves a made-up (or real) clock on, as a journaled entry of its own, and lets everything that is
 * now due happen. */
status cell_advance(struct cell *cell, int64_t by_ms, struct why *why);

#endif
