/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads, locks and conditions: POSIX's, with its errors turned into asserts. Where the system has
 * no thread left to give, the process ends.
 */
#ifndef WEIR_SYS_THREAD_H
#define WEIR_SYS_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct lock {
    pthread_mutex_t mutex; /* not recursive */
};

/* A condition that threads wait for, always with its lock held. */
struct cond {
    pthread_cond_t cond; /* on the monotonic clock */
};

struct thread {
    pthread_t id; /* until it was joined */
};

void lock_init(struct lock *lock);
void lock_done(struct lock *lock);
void lock_take(struct lock *lock);
bool lock_try(struct lock *lock);
void lock_give(struct lock *lock);

void cond_init(struct cond *cond);
void cond_done(struct cond *cond);
void cond_wait(struct cond *cond, struct lock *lock);
/* False when the time ran out first. */
bool cond_wait_ms(struct cond *cond, struct lock *lock, uint32_t timeout_ms);
void cond_wake_one(struct cond *cond);
void cond_wake_all(struct cond *cond);

/* name: at most 15 characters, shown by ps and perf. */
void thread_start(struct thread *thread, const char *name, void (*run)(void *arg), void *arg);
void thread_join(struct thread *thread);
uint32_t thread_cores(void); /* processors this process may use */

#endif
