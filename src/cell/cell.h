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
    bool unknown_types;                     /* --allow-unknown-types: templates may have them */
    uint64_t seed;                          /* of randomness; 0: from the system */
};

status cell_open(const struct cell_options *options, struct why *why, struct cell **ret_cell);
void cell_close(struct cell *cell);

/* Before a stop: every parked call and every stream ends now, and so does what would park later. */
void cell_wait_no_more(struct cell *cell);

struct store *cell_store(struct cell *cell);
struct clock *cell_clock(struct cell *cell);
bool cell_auth(const struct cell *cell); /* signatures are checked, policies hold */
/* Where programs on this machine find weir, "http://127.0.0.1:4566": in links that it hands out.
 * Set once it listens; until then that of the usual port. */
void cell_address_set(struct cell *cell, struct str url);
struct str cell_address(struct cell *cell);
bool cell_allows_unknown(const struct cell *cell); /* resource types; they are recorded only */
/* A service's state, for its own handlers' helpers; NULL when there is no such service. */
void *cell_state(struct cell *cell, const char *service);

/* What a call said about its answer beside its output. Lies in the call's arena; blobs are not kept
 * for the reader. */
struct cell_answer {
    int http;                           /* call_answer(): its status; 0: none */
    const struct http_header *headers;  /* put_header(), and call_answer()'s content-type */
    size_t header_count;                /* of them */
    struct str body;                    /* call_answer() */
    const struct call_extent *extents;  /* call_send() */
    size_t extent_count;                /* of them */
    struct str resource;                /* call_on() */
    const struct value *detail;         /* fail_detail() */
};

/* Runs one call from start to durable answer, without a network: for tests and for weir's own
 * doings, on any thread that is not in the cell. Both input and output lie in arena. Not for event
 * streams; a call that parks or works keeps this thread until it is done. A body's blob stays the
 * caller's when the call does not publish it. */
struct cell_request {
    const char *service;      /* "kinesis" */
    const char *operation;    /* "PutRecord" */
    const char *page;         /* instead of an operation: a path of the service's pages */
    struct str account;       /* empty: 000000000000 */
    struct str region;        /* empty: us-east-1 */
    struct str trace;         /* X-Amzn-Trace-Id; may be empty */
    struct value *input;      /* shaped as the operation's input; NULL: nothing set */
    const struct call_body *body;     /* a streaming payload, or NULL */
    const struct http_request *http;  /* as c->request, or NULL */
    struct cell_answer *answer;       /* gets what the call said beside its output, or NULL */
};
status cell_call(struct cell *cell, const struct cell_request *request, struct arena *arena,
                 struct why *why, struct value **ret_out);

/* Moves a made-up (or real) clock on, as a journaled entry of its own, and lets everything that is
 * now due happen. */
status cell_advance(struct cell *cell, int64_t by_ms, struct why *why);

#endif
