/* SPDX-License-Identifier: Apache-2.0
 *
 * Running functions: the way of one invocation from a call in the cell to the engine (fn/fn.h) and
 * back. Everything here happens in the cell.
 *
 *   run_start ──► its version is made ready (once) ──► what it came from is durable ──► engine
 *                                                                                        │
 *   done, in a visit of the cell ◄───────────────────────────────────────────────────────┘
 */
#ifndef WEIR_SVC_LAMBDA_RUN_H
#define WEIR_SVC_LAMBDA_RUN_H

#include "fn/fn.h"
#include "svc/lambda/lambda_int.h"

#define RUNS_MAX 20000 /* on their way at a time; beyond it they are refused as throttled */
#define RUNS_BYTES_MAX (UINT64_C(1) << 30) /* of their payloads; the same */

/* One invocation on its way; its maker keeps it until done was called, then frees it. */
struct run;

struct run_wish {
    const struct version *version; /* which */
    struct str qualifier;        /* as invoked: an alias, a number; empty: none was given */
    struct str payload;          /* copied, as all texts here */
    struct str client_context;   /* JSON; empty: none */
    struct str trace;            /* X-Ray header; empty: the call's */
    struct str request_id;       /* a UUID; empty: made */
    bool tail;                   /* log tail wanted */
    bool alone;                  /* nothing of the state that the call saw is in the payload */
    void (*piece)(struct cell *cell, struct run *run); /* there is more of a streamed response;
                                  * NULL: it is wanted whole */
    void (*done)(struct cell *cell, struct run *run); /* in a visit, once; steps: cell_step() */
    void *user;                  /* the maker's own */
};

/* LAMBDA_TOO_MANY_REQUESTS: reserved or account concurrency is used up, or RUNS_MAX are under way;
 * LAMBDA_SERVICE: no functions run here. Then nothing happens. Else the call may not fail any
 * more. The handler sees the event only when what the call stages and saw is durable. */
status run_start(struct call *c, const struct run_wish *wish, struct run **ret_run);
/* Whether run_start() would refuse it for its concurrency. */
status run_check(struct call *c, const struct target *target);

void *run_user(const struct run *run);
void run_leave(struct run *run); /* its maker is gone: it has no user, what it streams is let go */
struct str run_request_id(const struct run *run);
struct str run_version(const struct run *run);    /* "$LATEST", "3": what ran */
struct str run_trace(const struct run *run);      /* X-Ray header, as its handler has it */

/* In done, until run_free(). */
enum fn_outcome run_outcome(const struct run *run);
struct str run_answer(const struct run *run);     /* the response, the error's document, or why */
struct str run_log_tail(const struct run *run);
uint64_t run_took_us(const struct run *run);
void run_free(struct run *run);                   /* NULL is fine */

/* Streamed responses: the next of what has come, in the arena; STR_NONE: nothing now. */
#define RUN_PIECE_BYTES_MAX (1024u * 1024)
struct str run_piece_take(struct run *run, struct arena *arena);
bool run_has_piece(struct run *run);
struct str run_content_type(struct run *run, struct arena *arena); /* of the stream */

#endif
