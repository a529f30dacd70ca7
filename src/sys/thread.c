/* SPDX-License-Identifier: Apache-2.0
 *
 * POSIX threads, with errors that only a bug of ours can cause turned into asserts. A thread that
 * the system refuses is not a bug, but nothing here can go on without it.
 */
#include "sys/thread.h"

#include "base/mem.h"
#include "sys/log.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <time.h>

void lock_init(struct lock *lock)
{
    int made = pthread_mutex_init(&lock->mutex, NULL);

    assert(made == 0);
}

void lock_done(struct lock *lock)
{
    int gone = pthread_mutex_destroy(&lock->mutex);

    assert(gone == 0);
}

void lock_take(struct lock *lock)
{
    int taken = pthread_mutex_lock(&lock->mutex);

    assert(taken == 0);
}

bool lock_try(struct lock *lock)
{
    int taken = pthread_mutex_trylock(&lock->mutex);

    assert(taken == 0 || taken == EBUSY);
    return taken == 0;
}

void lock_give(struct lock *lock)
{
    int given = pthread_mutex_unlock(&lock->mutex);

    assert(given == 0);
}

void cond_init(struct cond *cond)
{
    pthread_condattr_t attributes;
    int made;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    made = pthread_cond_init(&cond->cond, &attributes);
    assert(made == 0);
    pthread_condattr_destroy(&attributes);
}

void cond_done(struct cond *cond)
{
    int gone = pthread_cond_destroy(&cond->cond);

    assert(gone == 0);
}

void cond_wait(struct cond *cond, struct lock *lock)
{
    int waited = pthread_cond_wait(&cond->cond, &lock->mutex);

    assert(waited == 0);
}

bool cond_wait_ms(struct cond *cond, struct lock *lock, uint32_t timeout_ms)
{
    struct timespec until;
    int waited;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    waited = pthread_cond_timedwait(&cond->cond, &lock->mutex, &until);
    assert(waited == 0 || waited == ETIMEDOUT);
    return waited == 0;
}

void cond_wake_one(struct cond *cond)
{
    pthread_cond_signal(&cond->cond);
}

void cond_wake_all(struct cond *cond)
{
    pthread_cond_broadcast(&cond->cond);
}

/* What a new thread is told. */
struct start {
    void (*run)(void *arg); /* its work */
    void *arg;              /* the work's own */
    char name[16];          /* what ps shows, with its zero */
};

static void *thread_main(void *arg)
{
    struct start start = *(struct start *)arg;

    mem_free(arg);
    pthread_setname_np(pthread_self(), start.name);
    start.run(start.arg);
    return NULL;
}

void thread_start(struct thread *thread, const char *name, void (*run)(void *arg), void *arg)
{
    struct start *start = MEM_NEW(struct start);
    size_t bytes = strlen(name);
    int started;

    assert(bytes < sizeof(start->name));
    start->run = run;
    start->arg = arg;
    memcpy(start->name, name, bytes + 1);
    started = pthread_create(&thread->id, NULL, thread_main, start);
    if (started != 0) {
        sys_die("thread", "cannot start %s: %s", name, strerror(started));
    }
}

void thread_join(struct thread *thread)
{
    int joined = pthread_join(thread->id, NULL);

    assert(joined == 0);
}

uint32_t thread_cores(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) != 0) {
        return 1;
    }
    return (uint32_t)CPU_COUNT(&set);
}
