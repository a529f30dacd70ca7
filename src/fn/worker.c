/* SPDX-License-Identifier: Apache-2.0
 *
 * One worker's life: started, given invocations, ended. What it fails with when it ends in the
 * middle is AWS's: an exit is Runtime.ExitError, too much memory is Runtime.OutOfMemory.
 */
#include "fn/fn_int.h"

#include "base/mem.h"
#include "base/time.h"

#include <assert.h>
#include <stdio.h>
#include <unistd.h>

#define NS_PER_MS UINT64_C(1000000)
#define ANSWER_BYTES_MAX ((size_t)FN_STREAM_BYTES_MAX)

struct worker *worker_of_port(struct fn *fn, uint16_t port)
{
    struct worker *worker = fn->by_port[port % PORT_SLOTS];

    while (worker != NULL && worker->port != port) {
        worker = worker->next_by_port;
    }
    return worker;
}

struct worker *worker_of_id(struct fn *fn, uint64_t id)
{
    for (struct link *p = fn->pools.next; p != &fn->pools; p = p->next) {
        struct pool_of_version *pool = LINK_OWNER(p, struct pool_of_version, link);

        for (struct link *l = pool->workers.next; l != &pool->workers; l = l->next) {
            struct worker *worker = LINK_OWNER(l, struct worker, link);

            if (worker->id == id) {
                return worker;
            }
        }
    }
    return NULL;
}

static void port_forget(struct fn *fn, struct worker *worker)
{
    struct worker **at = &fn->by_port[worker->port % PORT_SLOTS];

    while (*at != NULL && *at != worker) {
        at = &(*at)->next_by_port;
    }
    if (*at == worker) {
        *at = worker->next_by_port;
    }
}

/* 2026/12/01/[$LATEST]32 hex digits */
static void name_stream(struct fn *fn, struct worker *worker)
{
    struct time_parts at = time_parts_of(clock_now_ms(fn->options.clock));
    uint64_t mixed = (fn->streams++ + 1) * UINT64_C(0x9e3779b97f4a7c15);
    uint64_t again = mixed * UINT64_C(0xbf58476d1ce4e5b9);

    (void)snprintf(worker->stream, sizeof worker->stream, "%04d/%02d/%02d/[%.*s]%016llx%016llx",
                   at.year, at.month, at.day, STR_ARG(worker->pool->version->version),
                   (unsigned long long)mixed ^ clock_monotonic_ns(), (unsigned long long)again);
}

static void on_tick(void *arg)
{
    pools_tick(arg);
}

/* There is somebody whose time runs. */
static void tick_needed(struct fn *fn)
{
    if (fn->tick == NULL) {
        fn->tick = loop_timer_start(fn->loop, TICK_MS, TICK_MS, on_tick, fn);
    }
}

status worker_start(struct fn *fn, struct pool_of_version *pool, struct why *why)
{
    struct worker *worker = MEM_NEW(struct worker);
    int write_fd = -1;
    status started;

    worker->pool = pool;
    worker->fn = fn;
    worker->id = fn->next_id++;
    worker->first = true;
    worker->out_fd = -1;
    worker->since_ns = clock_monotonic_ns();
    worker->deadline_ns = worker->since_ns + FN_INIT_MS * NS_PER_MS;
    link_init(&worker->link);
    link_init(&worker->extensions);
    buf_init(&worker->line, LINE_BYTES_MAX);
    buf_init(&worker->answer, ANSWER_BYTES_MAX);
    name_stream(fn, worker);
    started = server_listen(fn->server, why, &worker->listener, &worker->port);
    if (started == OK) {
        worker->next_by_port = fn->by_port[worker->port % PORT_SLOTS];
        fn->by_port[worker->port % PORT_SLOTS] = worker;
        started = output_open(fn, worker, &write_fd, why);
    }
    if (started == OK) {
        started = worker_spawn(fn, worker, write_fd, why);
    }
    if (write_fd >= 0) {
        (void)close(write_fd);
    }
    list_push(&pool->workers, &worker->link);
    pool->worker_count++;
    pool->starting++;
    fn->worker_count++;
    if (started != OK) {
        worker_free(fn, worker);
        return started;
    }
    tick_needed(fn);
    return OK;
}

void worker_give(struct fn *fn, struct worker *worker, struct fn_invocation *invocation)
{
    assert(worker->state == WORKER_IDLE);
    assert(worker->waiting != NULL);
    if (worker->frozen) {
        keeper_thaw(fn->options.keeper, worker->id);
        worker->frozen = false;
    }
    worker->state = WORKER_BUSY;
    worker->invocation = invocation;
    worker->answered = false;
    worker->streams = false;
    worker->streamed = 0;
    worker->since_ns = clock_monotonic_ns();
    worker->deadline_ns =
        worker->since_ns + (uint64_t)worker->pool->version->timeout_ms * NS_PER_MS;
    invocation->log_tail_bytes = 0;
    output_begin(fn, worker);
    runtime_api_give(worker);
    tick_needed(fn);
}

void worker_answer(struct fn *fn, struct worker *worker, enum fn_outcome outcome,
                   struct str answer)
{
    struct fn_invocation *invocation = worker->invocation;

    assert(worker->state == WORKER_BUSY);
    assert(invocation != NULL);
    invocation->took_us = (clock_monotonic_ns() - worker->since_ns) / 1000;
    output_drain(fn, worker);
    output_end(fn, worker, outcome == FN_ANSWERED ? NULL : "error");
    worker->invocation = NULL;
    worker->answered = true;
    worker->first = false;
    invocation_end(invocation, outcome, answer);
}

void worker_end(struct fn *fn, struct worker *worker, struct str failure)
{
    if (worker->state == WORKER_ENDING) {
        return;
    }
    if (worker->state == WORKER_STARTING) {
        worker->pool->starting--;
    }
    worker->state = WORKER_ENDING;
    if (failure.bytes > 0) {
        mem_free((void *)(uintptr_t)worker->failure.at);
        worker->failure = str_of(mem_dup(failure.at, failure.bytes), failure.bytes);
    }
    keeper_kill(fn->options.keeper, worker->id);
}

/* What its invocation, or whoever waits for it to begin, fails with. */
static void failure_of(const struct worker *worker, const struct keeper_news *news,
                       const struct fn_invocation *invocation, struct buf *text)
{
    if (worker->failure.bytes > 0) {
        buf_add(text, worker->failure);
        return;
    }
    buf_printf(text, "{\"errorType\":\"%s\",\"errorMessage\":\"RequestId: %.36s Error: Runtime "
               "exited", news->memory ? "Runtime.OutOfMemory" : "Runtime.ExitError",
               invocation->request_id);
    if (news->exit_code > 128) {
        buf_printf(text, " with error: signal: %s",
                   news->exit_code == 128 + 9 ? "killed" : "terminated");
    } else if (news->exit_code > 0) {
        buf_printf(text, " with error: exit status %d", news->exit_code);
    } else {
        buf_add(text, STR(" without providing a reason"));
    }
    buf_add(text, STR("\"}"));
}

static void log_failure(struct fn *fn, struct worker *worker,
                        const struct fn_invocation *invocation, struct str document)
{
    struct buf line;

    buf_init(&line, LINE_BYTES_MAX);
    if (str_find_str(document, STR("Task timed out")) < document.bytes) {
        struct time_parts at = time_parts_of(clock_now_ms(fn->options.clock));

        buf_printf(&line, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ %.36s Task timed out after "
                   "%u.%02u seconds", at.year, at.month, at.day, at.hour, at.minute, at.second,
                   at.ms, invocation->request_id, worker->pool->version->timeout_ms / 1000,
                   worker->pool->version->timeout_ms % 1000 / 10);
    } else {
        buf_add(&line, document);
    }
    output_say(fn, worker, buf_str(&line));
    buf_done(&line);
}

void worker_ended(struct fn *fn, struct worker *worker, const struct keeper_news *news)
{
    struct pool_of_version *pool = worker->pool;
    struct fn_invocation *invocation = worker->invocation;
    bool starting = worker->state == WORKER_STARTING || (worker->first && invocation == NULL &&
                                                         worker->failure.bytes > 0);
    struct buf text;

    output_drain(fn, worker);
    buf_init(&text, LINE_BYTES_MAX);
    if (invocation == NULL && starting && !link_alone(&pool->waiting)) {
        /* it did not come to its first invocation: the oldest of those who wait hears why */
        invocation = LINK_OWNER(pool->waiting.next, struct fn_invocation, link);
        link_remove(&invocation->link);
        pool->waiting_count--;
        fn->waiting_count--;
        worker->invocation = invocation;
        output_begin(fn, worker);
    }
    if (invocation != NULL) {
        invocation->took_us = (clock_monotonic_ns() - worker->since_ns) / 1000;
        failure_of(worker, news, invocation, &text);
        log_failure(fn, worker, invocation, buf_str(&text));
        output_end(fn, worker, str_find_str(worker->failure, STR("Sandbox.Timedout")) <
                                       worker->failure.bytes
                                   ? "timeout"
                                   : "error");
        worker->invocation = NULL;
        invocation_end(invocation, FN_FAILED, buf_str(&text));
    }
    buf_done(&text);
    if (worker->state == WORKER_STARTING) {
        pool->starting--;
        worker->state = WORKER_ENDING;
    }
    pool_gone(fn, worker);
}

void worker_free(struct fn *fn, struct worker *worker)
{
    struct pool_of_version *pool = worker->pool;

    if (worker->state == WORKER_STARTING) {
        pool->starting--;
    }
    if (worker->invocation != NULL) {
        invocation_end(worker->invocation, FN_NOT_RUN, STR("weir is stopping"));
    }
    if (worker->waiting != NULL) {
        exchange_set_user(worker->waiting, NULL);
        exchange_answer(worker->waiting, 410, NULL, 0, STR(""));
    }
    runtime_api_flow(worker);
    extensions_done(worker);
    output_close(worker);
    port_forget(fn, worker);
    server_unlisten(worker->listener);
    link_remove(&worker->link);
    pool->worker_count--;
    fn->worker_count--;
    buf_done(&worker->line);
    buf_done(&worker->answer);
    mem_free((void *)(uintptr_t)worker->failure.at);
    mem_free(worker);
}
