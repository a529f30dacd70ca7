/* SPDX-License-Identifier: Apache-2.0
 *
 * Buffers of one size for bodies on their way in and out, used again by whichever thread comes
 * next: the heap would spread them over its threads' arenas and keep several times what is in use.
 */
#ifndef WEIR_CELL_BUFFERS_H
#define WEIR_CELL_BUFFERS_H

#include "sys/thread.h"

#include <stddef.h>

#define BUFFER_BYTES ((size_t)256 * 1024)
#define BUFFERS_KEPT_MAX 64 /* 16 MiB; those beyond go back to the heap */

struct buffers {
    struct lock lock;             /* everything below */
    size_t kept;                  /* of at */
    void *at[BUFFERS_KEPT_MAX];   /* free ones */
};

void buffers_init(struct buffers *buffers);
void buffers_done(struct buffers *buffers); /* all are back */
/* From any thread: BUFFER_BYTES. */
void *buffer_take(struct buffers *buffers);
void buffer_give(struct buffers *buffers, void *at); /* NULL is fine */

#endif
