/* SPDX-License-Identifier: Apache-2.0
 *
 * What the Invoke operations share: what is asked, and a call that waits for its run.
 */
#ifndef WEIR_SVC_LAMBDA_INVOKE_H
#define WEIR_SVC_LAMBDA_INVOKE_H

#include "svc/lambda/run.h"

/* A call that waits for its run; c->kept, in its keep. */
struct waiting_call {
    struct waiters waiters;      /* the call */
    struct run *run;             /* NULL: nobody waits for it any more */
    bool ended;                  /* the run is done */
    bool tail;                   /* LogType Tail */
    bool told;                   /* a stream's last event was made */
};

/* Which version a call is about; ResourceConflictException when it cannot run yet. */
status invoke_version(struct call *c, struct target *ret_target, struct version *ret_version);
/* Its Payload: RequestTooLargeException, InvalidRequestContentException. A large one is looked at
 * outside the cell first, see invoke_look(). */
status invoke_payload(struct call *c, size_t bytes_max, struct str *ret_payload);
/* Runs go at once, or, when the payload is large, after it was looked at on a worker thread. */
status invoke_look(struct call *c, status (*go)(struct call *c));
status payload_check(struct call *c, struct str payload, size_t bytes_max);
/* Starts a run and parks the call; resume looks at c->kept. piece NULL: wanted whole. */
status invoke_start(struct call *c, const struct target *target, const struct version *version,
                    struct run_wish *wish, status (*resume)(struct call *c));
void invoke_woken(struct cell *cell, struct run *run); /* a piece came */
struct str invoke_tail(struct call *c, const struct waiting_call *waiting); /* LogResult */

#endif
