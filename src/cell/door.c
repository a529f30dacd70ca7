/* SPDX-License-Identifier: Apache-2.0
 *
 * A request's way, all of it but the handler:
 *
 *   request   route → signature → decode → check → the loop's batch           outside the cell
 *   turn      enter the cell once, run the batch, leave                        inside
 *   gate      wait until the newest position it saw is durable                 outside
 *   finish    encode in the caller's protocol, hand to net                     outside
 *
 * Rules:
 *  1. A visit is touched by its home loop's thread only, except while it is parked in the cell.
 *  2. Nothing leaves before its gate is durable; errors wait too, for what they say may rest on
 *     something not yet durable.
 *  3. Who syncs: the loop itself when few wait for little (a lone client then needs no thread
 *     switch), else the commit thread, so that the loop can go on reading.
 *  4. A large body does not wait for the turn's end: until then others would be read and decoded,
 *     and nothing of it would be left in the processor's cache.
 *  5. A turn's answers are all handed over before the loop sleeps; net sends each connection's in
 *     one write.
 */
#include "cell/posted.h"

#include "base/mem.h"
#include "sys/log.h"

#include <assert.h>

#define INLINE_SYNC_MAX 8 /* with at most this many waiting the loop syncs by itself */
#define INLINE_SYNC_BYTES_MAX (256u * 1024) /* ... that brought no more than this together */
#define RUN_NOW_BYTES_MIN (64u * 1024) /* a body that the processor's cache would lose meanwhile */
#define BODY_THREADS_MIN 4 /* some wait for the disk while others compute */
#define BODY_THREADS_MAX 16

/* ---- the gate ---- */

static void finish(struct visit *visit)
{
    if (visit->task.gone) { /* nobody listens: let the exchange go */
        door_answer_nobody(visit);
    } else if (visit->task.streaming) {
        door_stream_on(visit);
    } else if (visit->task.result != OK) {
        door_answer_error(visit, visit->task.result);
    } else if (arena_spent(visit->task.call.arena) || arena_spent(exchange_arena(visit->x))) {
        door_answer_error(visit, &ERR_LIMIT);
    } else {
        door_answer_output(visit);
    }
}

static void to_gate(struct visit *visit)
{
    visit->place = VISIT_GATE;
    list_push(&visit->home->gated, &visit->at_home);
    visit->home->gated_count++;
    visit->home->gated_bytes += visit->task.weight;
}

/* Lets out everything whose gate is durable. */
static void release(struct door_loop *home)
{
    uint64_t durable = journal_durable(home->door->journal);

    while (!link_alone(&home->gated)) {
        struct visit *visit = LINK_OWNER(home->gated.next, struct visit, at_home);

        if (visit->task.gate > durable) {
            return;
        }
        link_remove(&visit->at_home);
        home->gated_count--;
        home->gated_bytes -= visit->task.weight;
        finish(visit);
    }
}

static void open_gate(struct door_loop *home)
{
    struct journal *journal = home->door->journal;

    release(home);
    if (home->gated_count == 0) {
        return;
    }
    if (home->gated_count <= INLINE_SYNC_MAX && home->gated_bytes <= INLINE_SYNC_BYTES_MAX) {
        journal_sync(journal);
        release(home);
        assert(home->gated_count == 0);
        return;
    }
    __atomic_store_n(&home->waiting, true, __ATOMIC_SEQ_CST);
    journal_wake(journal);
    release(home); /* it may have become durable before we said that we wait */
}

/* On whichever thread synced. */
static void on_durable(void *arg)
{
    struct door *door = arg;

    for (size_t i = 0; i < LOOPS_MAX; i++) {
        struct door_loop *home = &door->loops[i];

        if (__atomic_load_n(&home->waiting, __ATOMIC_SEQ_CST) &&
            __atomic_exchange_n(&home->waiting, false, __ATOMIC_SEQ_CST) &&
            !__atomic_exchange_n(&home->told, true, __ATOMIC_SEQ_CST)) {
            loop_post(home->loop, &home->durable);
        } /* else it is on its way there already, and will see this too */
    }
}

/* The turn's end, which follows any posted work, does the rest. */
static void heard(struct loop_work *work)
{
    struct door_loop *home = LINK_OWNER(work, struct door_loop, durable);

    __atomic_store_n(&home->told, false, __ATOMIC_SEQ_CST);
}

/* ---- the turn ---- */

static void back_home(struct loop_work *work)
{
    struct visit *visit = LINK_OWNER(work, struct visit, back);

    to_gate(visit);
}

/* In the cell, on any thread: a resumed visit is done. */
static void done_elsewhere(struct task *task)
{
    struct visit *visit = LINK_OWNER(task, struct visit, task);

    visit->back.run = back_home;
    loop_post(visit->home->loop, &visit->back);
}

static void run_batch(struct door_loop *home)
{
    struct cell *cell = home->door->cell;

    cell_enter(cell);
    while (!link_alone(&home->batch)) {
        struct visit *visit = LINK_OWNER(home->batch.next, struct visit, at_home);
        bool resumed = visit->task.streaming;

        link_remove(&visit->at_home);
        if (resumed) {
            if (visit->task.scratch == NULL) {
                visit->task.scratch = arena_new(HTTP_BODY_BYTES_MAX);
            }
            arena_clear(visit->task.scratch);
            visit->task.call.arena = visit->task.scratch;
        }
        visit->place = VISIT_CELL;
        cell_run(cell, &visit->task);
        if (visit->task.state == TASK_DONE) {
            to_gate(visit);
        }
    }
    cell_leave(cell);
}

static void turn(void *ctx, uint32_t loop_index)
{
    struct door *door = ctx;
    struct door_loop *home = &door->loops[loop_index];

    assert(loop_index < LOOPS_MAX);
    for (int i = 0; i < 4 && !link_alone(&home->batch); i++) {
        run_batch(home);
        open_gate(home);
    }
    if (home->gated_count > 0) {
        open_gate(home);
    }
}

void door_to_batch(struct visit *visit)
{
    visit->place = VISIT_BATCH;
    list_push(&visit->home->batch, &visit->at_home);
}

/* ---- coming in ---- */

/* Streaming payloads: a small one is read now, a large one on its way. */
static status read_body(struct visit *visit, struct http_request *request,
                        const struct sigv4 *sigv4, struct call_body **ret_small)
{
    struct call *c = &visit->task.call;
    bool checked = visit->home->door->auth && sigv4->present;
    struct body_source source = {request, sigv4, checked ? &visit->home->seed : NULL, NULL};

    if (sigv4->body_later) {
        return intake_begin(visit, &source);
    }
    TRY(body_read_whole(&source, c->arena, &c->why, ret_small));
    request->body = (*ret_small)->bytes;
    return OK;
}

/* streams: only the head is here, the body will come in pieces. */
static status read_call(struct visit *visit, struct http_request *request, bool streams)
{
    struct task *task = &visit->task;
    struct call *c = &task->call;
    struct sigv4 sigv4 = {.present = false};
    struct call_body *small = NULL;
    struct value *input;
    const struct op *op;
    status signature = sigv4_read(request, c->arena, &c->why, &sigv4);
    status routed = wire_route(request, sigv4.present ? sigv4.service : STR_NONE, c->arena,
                               &c->why, &visit->route);

    sigv4.body_later = streams;
    visit->route.origin = http_header(request, STR("origin"));
    TRY(signature);
    TRY(door_identify(visit, request, &sigv4));
    TRY(routed);
    c->operation = visit->route.operation;
    task->model = visit->route.service;
    op = cell_op(c->cell, c->operation);
    if (op == NULL) {
        return fail(c, &WIRE_NOT_IMPLEMENTED, "%.*s %.*s is not implemented by weir.",
                    STR_ARG(model_text(visit->route.service->id)),
                    STR_ARG(model_text(c->operation->name)));
    }
    if ((c->operation->flags & OPERATION_STREAM_IN) != 0 && !streams) {
        TRY(read_body(visit, request, &sigv4, &small));
    }
    TRY(wire_decode(&visit->route, request, c->arena, &c->why, &input));
    TRY(wire_check(c->operation, input, c->arena, &c->why));
    task->run = op->run;
    c->state = cell_service_of_model(c->cell, visit->route.service)->state;
    c->in = input;
    c->out = value_struct(c->arena, c->operation->output);
    c->body = small;
    return streams ? read_body(visit, request, &sigv4, NULL) : OK;
}

static struct door_loop *home_of(struct door *door, struct exchange *x)
{
    struct loop *loop = exchange_loop(x);
    struct door_loop *home = &door->loops[loop_index(loop)];

    assert(loop_index(loop) < LOOPS_MAX);
    if (home->loop == NULL) {
        home->loop = loop;
        home->keys = sigv4_keys_new();
        rand_init_system(&home->rand);
    }
    return home;
}

static struct visit *visit_new(struct door *door, struct exchange *x)
{
    struct arena *arena = exchange_arena(x);
    const struct http_request *request = exchange_request(x);
    struct visit *visit = arena_alloc(arena, sizeof(*visit));
    struct call *c = &visit->task.call;

    task_init(&visit->task, door->cell, arena);
    memset((char *)visit + sizeof(struct task), 0, sizeof(*visit) - sizeof(struct task));
    visit->task.done = done_elsewhere;
    visit->task.weight = request->body.bytes;
    visit->x = x;
    visit->home = home_of(door, x);
    rand_uuid(&visit->home->rand, visit->request_id);
    c->request_id = str_of(visit->request_id, sizeof(visit->request_id));
    c->request = request;
    c->trace = http_header(request, STR("x-amzn-trace-id"));
    exchange_set_user(x, visit);
    return visit;
}

static void request(void *ctx, struct exchange *x)
{
    struct door *door = ctx;
    struct http_request read = *exchange_request(x);
    struct visit *visit = exchange_user(x);
    const struct cell_service *slot;
    const struct page *page;
    struct route route;
    status readable;

    if (visit != NULL) {
        intake_whole(visit->intake);
        return;
    }
    page = cell_page(door->cell, read.path, read.authority, &slot);
    if (page == NULL && admin_is(&read)) {
        admin_answer(door, x);
        return;
    }
    visit = visit_new(door, x);
    if (page != NULL) {
        readable = page_begin(visit, page, slot);
    } else if (other_asked(door, x, &route, &slot)) {
        visit->route = route;
        readable = other_begin(visit, slot);
    } else if (posted_asked(door, x, &route, &slot)) {
        visit->route = route;
        readable = posted_begin(visit, slot, false);
    } else {
        readable = read_call(visit, &read, false);
    }

    if (readable == OK && arena_spent(exchange_arena(x))) {
        readable = fail(&visit->task.call, &ERR_LIMIT, "The request is too large.");
    }
    if (readable != OK) {
        door_answer_error(visit, readable);
        return;
    }
    door_to_batch(visit);
    if (read.body.bytes >= RUN_NOW_BYTES_MIN) {
        run_batch(visit->home);
    }
}

/* Whether the body belongs into a blob: a streaming operation that weir has, or a form with a file,
 * not known to be small. *ret_form: the form's service. */
static bool takes_stream(struct door *door, struct exchange *x, struct route *ret_route,
                         const struct cell_service **ret_form)
{
    const struct http_request *request = exchange_request(x);
    const struct cell_service *slot;
    struct sigv4 sigv4 = {.present = false};
    struct why why;

    *ret_form = NULL;
    if (exchange_body_expected(x) <= CALL_BODY_INLINE_MAX ||
        cell_page(door->cell, request->path, request->authority, &slot) != NULL ||
        admin_is(request)) {
        return false;
    }
    if (posted_asked(door, x, ret_route, &slot)) {
        *ret_form = slot;
        return true;
    }
    (void)sigv4_read(request, exchange_arena(x), &why, &sigv4);
    return wire_route(request, sigv4.present ? sigv4.service : STR_NONE, exchange_arena(x), &why,
                      ret_route) == OK &&
           (ret_route->operation->flags & OPERATION_STREAM_IN) != 0 &&
           cell_op(door->cell, ret_route->operation) != NULL;
}

static enum http_body head(void *ctx, struct exchange *x, uint64_t *ret_bytes_max)
{
    struct door *door = ctx;
    const struct cell_service *form;
    struct route route;
    status readable;

    (void)ret_bytes_max;
    if (!takes_stream(door, x, &route, &form)) {
        return BODY_BUFFER;
    }
    struct http_request read = *exchange_request(x);
    struct visit *visit = visit_new(door, x);

    if (form != NULL) {
        visit->route = route;
        readable = posted_begin(visit, form, true);
    } else {
        readable = read_call(visit, &read, true);
    }
    if (readable != OK) {
        door_answer_error(visit, readable);
        return BODY_REFUSE;
    }
    return BODY_STREAM;
}

static void data(void *ctx, struct exchange *x, struct str piece)
{
    struct visit *visit = exchange_user(x);

    (void)ctx;
    intake_data(visit->intake, piece);
}

static void gone_in_cell(struct visit *visit)
{
    struct cell *cell = visit->home->door->cell;

    cell_enter(cell);
    bool parked = cell_may_cancel(&visit->task);

    visit->task.gone = true;
    if (parked) {
        cell_cancel(cell, &visit->task);
    }
    cell_leave(cell);
    if (parked) {
        finish(visit);
    } /* else it was just posted back or is at work, and ends when it arrives */
}

static void gone(void *ctx, struct exchange *x)
{
    struct visit *visit = exchange_user(x);

    (void)ctx;
    if (visit == NULL) { /* it went away in the middle of its request */
        exchange_answer(x, 503, NULL, 0, STR_NONE);
        return;
    }
    switch (visit->place) {
    case VISIT_BATCH:
    case VISIT_GATE:
        visit->task.gone = true;
        return; /* on its way out already; finish() sees that nobody listens */
    case VISIT_INTAKE:
        visit->task.gone = true;
        intake_gone(visit->intake);
        return;
    case VISIT_SEND:
        visit->task.gone = true;
        send_gone(visit->sending);
        return;
    case VISIT_DRAIN:
        visit->task.gone = true;
        finish(visit);
        return;
    case VISIT_CELL:
        gone_in_cell(visit);
        return;
    }
}

struct door *door_new(const struct door_options *options)
{
    struct door *door = MEM_NEW(struct door);
    uint32_t threads = thread_cores() < BODY_THREADS_MAX ? thread_cores() : BODY_THREADS_MAX;

    door->cell = options->cell;
    door->journal = store_journal(cell_store(options->cell));
    door->auth = options->auth;
    cell_enter(door->cell); /* it may be at work already */
    door->cell->auth = options->auth;
    cell_leave(door->cell);
    door->relaxed = options->relaxed;
    door->version = options->version;
    door->ca_path = options->ca_path;
    door->pool = pool_new("body", threads < BODY_THREADS_MIN ? BODY_THREADS_MIN : threads);
    buffers_init(&door->buffers);
    door->app = (struct http_app){door, head, data, request, gone, turn};
    for (size_t i = 0; i < LOOPS_MAX; i++) {
        struct door_loop *home = &door->loops[i];

        home->door = door;
        link_init(&home->batch);
        link_init(&home->gated);
        home->durable.run = heard;
    }
    journal_on_durable(door->journal, on_durable, door);
    return door;
}

void door_free(struct door *door)
{
    if (door == NULL) {
        return;
    }
    pool_free(door->pool);
    buffers_done(&door->buffers);
    journal_off_durable(door->journal, on_durable, door);
    for (size_t i = 0; i < LOOPS_MAX; i++) {
        sigv4_keys_free(door->loops[i].keys);
    }
    mem_free(door);
}

void door_settle(struct door *door)
{
    if (door != NULL) {
        pool_settle(door->pool);
        pool_settle(door->cell->workers);
    }
}

const struct http_app *door_app(struct door *door)
{
    return &door->app;
}
