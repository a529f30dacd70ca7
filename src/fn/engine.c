/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine's life, and the way of invocations to its thread. Whatever comes from other threads is
 * posted to the loop; the keeper's news come by its socket.
 */
#include "fn/fn_int.h"

#include "base/mem.h"
#include "sys/log.h"
#include "sys/thread.h"

#include <assert.h>
#include <stdatomic.h>

#define WORKERS_DEFAULT 64

/* ---- versions ---- */

struct fn_version *fn_version_new(void)
{
    struct fn_version *version = MEM_NEW(struct fn_version);

    version->count = 1;
    return version;
}

struct fn_version *fn_version_hold(struct fn_version *version)
{
    (void)__atomic_add_fetch(&version->count, 1, __ATOMIC_RELAXED);
    return version;
}

static void text_free(struct str *text)
{
    mem_free((void *)(uintptr_t)text->at);
    *text = STR_NONE;
}

void fn_version_variable(struct fn_version *version, struct str name, struct str value)
{
    struct fn_variable *variable;

    assert(version->variable_count < FN_VARIABLES_MAX);
    version->variables = mem_grow(version->variables,
                                  (version->variable_count + 1) * sizeof(struct fn_variable));
    variable = &version->variables[version->variable_count++];
    variable->name = str_of(mem_dup(name.at, name.bytes), name.bytes);
    variable->value = str_of(mem_dup(value.at, value.bytes), value.bytes);
}

void fn_version_drop(struct fn_version *version)
{
    if (version == NULL || __atomic_sub_fetch(&version->count, 1, __ATOMIC_ACQ_REL) > 0) {
        return;
    }
    for (size_t i = 0; i < version->variable_count; i++) {
        text_free(&version->variables[i].name);
        text_free(&version->variables[i].value);
    }
    mem_free(version->variables);
    text_free(&version->account);
    text_free(&version->region);
    text_free(&version->arn);
    text_free(&version->name);
    text_free(&version->version);
    text_free(&version->runtime);
    text_free(&version->handler);
    text_free(&version->code_dir);
    text_free(&version->opt_dir);
    text_free(&version->log_group);
    mem_free(version);
}

void fn_invocation_done_with(struct fn_invocation *invocation)
{
    mem_free(invocation->answer);
    invocation->answer = NULL;
    fn_version_drop(invocation->version);
    invocation->version = NULL;
}

/* ---- on the engine's thread ---- */

static void say_once(struct fn *fn)
{
    const char *misses = keeper_misses(fn->options.keeper);

    if (!fn->told && misses[0] != '\0') {
        log_write(LOG_WARNING, "fn", "functions run without %s: the system does not allow it here",
                  misses);
    }
    fn->told = true;
}

static void arrive(struct loop_work *work)
{
    struct fn_invocation *invocation = LINK_OWNER(work, struct fn_invocation, work);
    struct fn *fn = invocation->fn;
    struct pool_of_version *pool;

    say_once(fn);
    if (fn->stopping || fn->waiting_count >= FN_WAITING_MAX) {
        invocation_end(invocation, FN_NOT_RUN, fn->stopping ? STR("weir is stopping")
                                                            : STR("too many invocations wait"));
        return;
    }
    pool = pool_of(fn, invocation->version);
    list_push(&pool->waiting, &invocation->link);
    pool->waiting_count++;
    fn->waiting_count++;
    pool_run(fn, pool);
}

void fn_submit(struct fn *fn, struct fn_invocation *invocation)
{
    invocation->fn = fn;
    invocation->outcome = FN_NOT_RUN;
    invocation->answer = NULL;
    invocation->answer_bytes = 0;
    link_init(&invocation->link);
    link_init(&invocation->work.link);
    invocation->work.run = arrive;
    loop_post(fn->loop, &invocation->work);
}

/* A response that may go on, on its way to the engine's thread. */
struct flow {
    struct loop_work work;       /* on its way */
    struct fn *fn;               /* whose */
    char request_id[36];         /* which */
};

static void take_flow(struct loop_work *work)
{
    struct flow *flow = LINK_OWNER(work, struct flow, work);

    for (struct link *p = flow->fn->pools.next; p != &flow->fn->pools; p = p->next) {
        struct pool_of_version *pool = LINK_OWNER(p, struct pool_of_version, link);

        for (struct link *l = pool->workers.next; l != &pool->workers; l = l->next) {
            struct worker *worker = LINK_OWNER(l, struct worker, link);

            if (worker->held != NULL && worker->invocation != NULL &&
                memcmp(worker->invocation->request_id, flow->request_id, 36) == 0) {
                runtime_api_flow(worker);
            }
        }
    }
    mem_free(flow);
}

void fn_flow(struct fn *fn, const char *request_id)
{
    struct flow *flow = MEM_NEW(struct flow);

    flow->fn = fn;
    memcpy(flow->request_id, request_id, sizeof(flow->request_id));
    link_init(&flow->work.link);
    flow->work.run = take_flow;
    loop_post(fn->loop, &flow->work);
}

/* A word about a version, on its way to the engine's thread. */
struct notice {
    struct loop_work work;       /* on its way */
    struct fn *fn;               /* whose */
    struct fn_version *version;  /* held */
    uint32_t count;              /* fn_prepare()'s */
    bool forget;                 /* which of the two */
};

static void forget(struct fn *fn, struct pool_of_version *pool)
{
    struct link *next;

    pool->forgotten = true;
    for (struct link *l = pool->workers.next; l != &pool->workers; l = next) {
        struct worker *worker = LINK_OWNER(l, struct worker, link);

        next = l->next;
        worker->retire = true;
        if (worker->state == WORKER_IDLE && pool->waiting_count == 0) {
            worker_end(fn, worker, STR_NONE);
        }
    }
}

static void take_notice(struct loop_work *work)
{
    struct notice *notice = LINK_OWNER(work, struct notice, work);
    struct fn *fn = notice->fn;
    struct why why = {""};

    if (!fn->stopping) {
        struct pool_of_version *pool = pool_of(fn, notice->version);

        if (notice->forget) {
            forget(fn, pool);
        }
        pool->kept = notice->count;
        while (!notice->forget && pool->worker_count < notice->count &&
               worker_start(fn, pool, &why) == OK) {
        }
    }
    fn_version_drop(notice->version);
    mem_free(notice);
}

static void give_notice(struct fn *fn, struct fn_version *version, uint32_t count, bool forget)
{
    struct notice *notice = MEM_NEW(struct notice);

    *notice = (struct notice){.fn = fn, .version = fn_version_hold(version), .count = count,
                              .forget = forget};
    link_init(&notice->work.link);
    notice->work.run = take_notice;
    loop_post(fn->loop, &notice->work);
}

void fn_forget(struct fn *fn, struct fn_version *version)
{
    give_notice(fn, version, 0, true);
}

void fn_prepare(struct fn *fn, struct fn_version *version, uint32_t count)
{
    give_notice(fn, version, count, false);
}

static void on_news(uv_poll_t *poll, int error, int events)
{
    struct fn *fn = poll->data;
    struct keeper_news news;

    (void)error;
    (void)events;
    while (keeper_next(fn->options.keeper, &news)) {
        struct worker *worker = worker_of_id(fn, news.id);

        if (news.event == KEEPER_ENDED && worker != NULL) {
            worker_ended(fn, worker, &news);
        }
    }
}

static void on_turn(void *arg)
{
    struct fn *fn = arg;

    if (fn->options.turn != NULL) {
        fn->options.turn(fn->options.ctx);
    }
}

/* ---- life ---- */

/* A step that the starting or stopping thread waits for. */
struct step {
    struct loop_work work;           /* on its way */
    struct fn *fn;                   /* whose */
    void (*run)(struct fn *fn);      /* what */
    struct lock lock;                /* over done */
    struct cond changed;             /* done became true */
    bool done;                       /* it ran */
};

static void run_step(struct loop_work *work)
{
    struct step *step = LINK_OWNER(work, struct step, work);

    step->run(step->fn);
    lock_take(&step->lock);
    step->done = true;
    cond_wake_all(&step->changed);
    lock_give(&step->lock);
}

static void run_on_loop(struct fn *fn, void (*run)(struct fn *fn))
{
    struct step step = {.fn = fn, .run = run};

    lock_init(&step.lock);
    cond_init(&step.changed);
    link_init(&step.work.link);
    step.work.run = run_step;
    loop_post(fn->loop, &step.work);
    lock_take(&step.lock);
    while (!step.done) {
        cond_wait(&step.changed, &step.lock);
    }
    lock_give(&step.lock);
    cond_done(&step.changed);
    lock_done(&step.lock);
}

static void begin(struct fn *fn)
{
    int failed = uv_poll_init(loop_uv(fn->loop), &fn->keeper_poll,
                              keeper_fd(fn->options.keeper));

    assert(failed == 0);
    fn->keeper_poll.data = fn;
    (void)uv_poll_start(&fn->keeper_poll, UV_READABLE, on_news);
    loop_on_turn(fn->loop, on_turn, fn);
}

static void end(struct fn *fn)
{
    fn->stopping = true;
    pools_end(fn);
    if (fn->tick != NULL) {
        loop_timer_stop(fn->tick);
        fn->tick = NULL;
    }
    (void)uv_poll_stop(&fn->keeper_poll);
    uv_close((uv_handle_t *)&fn->keeper_poll, NULL);
}

static void fn_free(struct fn *fn)
{
    server_free(fn->server);
    runtimes_done(fn);
    mem_free((void *)(uintptr_t)fn->options.endpoint.at);
    mem_free((void *)(uintptr_t)fn->options.dir);
    mem_free(fn);
}

status fn_start(const struct fn_options *options, struct why *why, struct fn **ret_fn)
{
    struct fn *fn = MEM_NEW(struct fn);
    struct server_options server = {.loop_count = 1, .connections_max = 4 * FN_WORKERS_MAX};
    status started;

    fn->options = *options;
    fn->options.dir = mem_dup(options->dir, strlen(options->dir));
    fn->options.endpoint.at = mem_dup(options->endpoint.at, options->endpoint.bytes);
    if (fn->options.workers_max == 0) {
        fn->options.workers_max = WORKERS_DEFAULT;
    }
    fn->next_id = 8; /* the keeper's smallest */
    link_init(&fn->pools);
    runtime_api_init(fn);
    server.app = &fn->app;
    started = runtimes_find(fn, why);
    if (started == OK) {
        started = server_start(&server, why, &fn->server);
    }
    if (started != OK) {
        fn_free(fn);
        return started;
    }
    fn->loop = server_loop(fn->server, 0);
    run_on_loop(fn, begin);
    *ret_fn = fn;
    return OK;
}

void fn_stop(struct fn *fn)
{
    if (fn == NULL) {
        return;
    }
    run_on_loop(fn, end);
    server_stop(fn->server, 0);
    fn_free(fn);
}
