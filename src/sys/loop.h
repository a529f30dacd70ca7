/* SPDX-License-Identifier: Apache-2.0
 *
 * A loop is one libuv loop on one thread, plus the two things libuv leaves to us: work posted from
 * other threads, and a hook at the end of each turn (after all that was ready has been read, before
 * the loop sleeps). net puts connections on it; the door enters the cell in the hook.
 */
#ifndef WEIR_SYS_LOOP_H
#define WEIR_SYS_LOOP_H

#include "base/error.h"
#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct loop;

/* A piece of work for a loop; owned by the poster, who keeps it until run was called. */
struct loop_work {
    struct link link;                      /* in the loop's queue */
    void (*run)(struct loop_work *work);   /* on the loop's thread */
};

struct loop *loop_new(uint32_t index);
void loop_free(struct loop *loop); /* after loop_run returned; runs what is still posted */
uv_loop_t *loop_uv(struct loop *loop);
uint32_t loop_index(const struct loop *loop);

/* Called at the end of every turn in which something happened; any number of hooks up to 8. */
void loop_on_turn(struct loop *loop, void (*hook)(void *arg), void *arg);
/* From any thread, until loop_free: work posted after loop_stop is run too, by loop_run while it
 * lasts, else by loop_free. Coalesced: one wake-up per turn. */
void loop_post(struct loop *loop, struct loop_work *work);
/* Runs until loop_stop (from any thread, also before) and all other handles are closed. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Once, or again every repeat_ms (0: once), on the loop's thread; monotonic time. */
struct loop_timer;
struct loop_timer *loop_timer_start(struct loop *loop, uint64_t after_ms, uint64_t repeat_ms,
                                    void (*run)(void *arg), void *arg);
void loop_timer_stop(struct loop_timer *timer); /* frees; NULL is fine; no once-timer that ran */

#endif
