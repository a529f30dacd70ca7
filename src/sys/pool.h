/* SPDX-License-Identifier: Apache-2.0
 *
 * A few threads for long work: reading and writing large bodies, syncing them, compressing. Threads
 * are made when there is something to do and nobody free to do it, at most as many as were asked
 * for; they stay until the pool is freed.
 *
 * The queue has no memory of its own: a work lies in what its poster keeps (an upload, a call), of
 * which there are only so many. Works begin in the order in which they were posted.
 */
#ifndef WEIR_SYS_POOL_H
#define WEIR_SYS_POOL_H

#include "base/list.h"

#include <stddef.h>
#include <stdint.h>

#define POOL_THREADS_MAX 64

struct pool;

/* Owned by the poster, who keeps it until run was called; run may free it or post it again. */
struct pool_work {
    struct link link;                    /* in the queue */
    void (*run)(struct pool_work *work); /* on one of the pool's threads */
};

/* name: at most 11 characters, shown by ps and perf with a number behind it. */
struct pool *pool_new(const char *name, uint32_t threads_max);
/* Runs what is queued, also what that posts, then ends the threads. NULL is fine. */
void pool_free(struct pool *pool);
/* From any thread. */
void pool_post(struct pool *pool, struct pool_work *work);
/* Waits until nothing is queued or running. */
void pool_settle(struct pool *pool);

#endif
