/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes on later: after work on another thread, after a function answered. c->kept has the one
 * thing that a call waits for; whoever waits says what is to run then, with an argument in c->keep.
 * So a trigger, a slow hash and a token's signature follow one another without knowing of each
 * other.
 */
#ifndef WEIR_SVC_COGNITO_LATER_H
#define WEIR_SVC_COGNITO_LATER_H

#include "cell/call.h"

struct later {
    status (*run)(struct call *c, void *arg); /* in the cell; may go on later again, or answer */
    void *arg;                                /* its; in c->keep */
};

/* work runs on a worker thread (see call_work()), then then does. Return OK right after it. */
void later_work(struct call *c, void (*work)(void *arg), void *arg, struct later then);
/* What this step staged is committed; then runs at once, in a step of its own. */
void later_now(struct call *c, struct later then);
/* The error is answered although something was staged (a count of wrong codes). */
status later_fail(struct call *c, status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
