/* SPDX-License-Identifier: Apache-2.0
 *
 * A stack on its way, shown to who waits: on a terminal a tree that is drawn anew, elsewhere a line
 * for every event.
 */
#ifndef WEIR_CLI_PROGRESS_H
#define WEIR_CLI_PROGRESS_H

#include "base/arena.h"
#include "cli/cli.h"
#include "wire/value.h"

#define PROGRESS_STATUS_BYTES 64
#define PROGRESS_ID_BYTES 256

/* What is waited for. */
struct progress {
    const struct args *args;                 /* --json: nothing is shown */
    char stack[PROGRESS_ID_BYTES];           /* its id: also when it is gone in the end */
    char seen[PROGRESS_ID_BYTES];            /* the newest event that was there before; empty: all
                                              * are news */
    char status[PROGRESS_STATUS_BYTES];      /* in the end */
    int drawn;                               /* rows of the tree on the terminal */
};

/* Notes what happened before. To be called before the operation is asked for; a stack that is not
 * there has no past. */
int progress_begin(struct progress *progress, const struct args *args, const char *stack);
/* Until its status is not one of IN_PROGRESS any more. */
int progress_wait(struct progress *progress);
/* Says why it failed: the events that failed by themselves. */
void progress_blame(struct progress *progress);

/* DescribeStacks of one. NULL: there is no such stack. */
int stack_describe(const struct args *args, const char *stack, struct arena *arena,
                   const struct value **ret_stack);
/* Its outputs as a table. */
void stack_outputs(const struct value *stack);

#endif
