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
 *  3. Who syncs: the loop itself when few wait (a lone client then needs no thread switch), else
 *     the commit thread, so that the loop can go on reading.
 *  4. A turn's answers are all handed over before the loop sleeps; net sends each connection's in
 *     one write.
 */
#include "cell/door_int.h"

#include "base/mem.h"
#include "sys/log.h"

#include <assert.h>

#define INLINE_SYNC_MAX 8 /* with at most this many waiting the loop syncs by itself */

static void send_answer(struct visit *visit, struct answer *answer)
{
    if (visit->home->door->relaxed) {
        assert(answer->header_count < WIRE_HEADERS_MAX);
        answer->headers[answer->header_count++] =
            (struct http_header){STR("x-weir-durability"), STR("relaxed")};
    }
    exchange_answer(visit->x, answer->http, answer->headers, answer->header_count, answer->body);
}

static struct str request_id(const struct visit *visit)
{
    return str_of(visit->request_id, sizeof(visit->request_id));
}

/* What a status says on the wire: the environment's errors become AWS's two words for them. */
static struct fault fault_of(const struct visit *visit, status code)
{
    const struct call *c = &visit->task.call;
    struct fault fault = {code, str_c(c->why.text), c->detail, c->resource};

    if (code == &ERR_FULL || code == &ERR_CLOSED) {
        fault.code = &WIRE_UNAVAILABLE;
    } else if (code == &ERR_LIMIT) {
        fault.code = &WIRE_TOO_LARGE;
    } else if (code == &ERR_IO || code == &ERR_CORRUPT || code == &ERR_NOT_FOUND ||
               code == &ERR_EXISTS || code == &ERR_BUSY || code == &ERR_MALFORMED ||
               code == &ERR_VERSION) {
        log_write(LOG_ERROR, "door", "%.*s: %s: %s", STR_ARG(request_id(visit)), code->code,
                  c->why.text);
        fault.code = &WIRE_INTERNAL;
        fault.message = STR("The service could not complete the request; weir's log says why.");
        fault.detail = NULL;
    }
    return fault;
}

static void end_visit(struct visit *visit)
{
    if (visit->task.ended != NULL) {
        struct cell *cell = visit->home->door->cell;

        cell_enter(cell);
        cell_end(cell, &visit->task);
        cell_leave(cell);
    }
    exchange_set_user(visit->x, NULL);
    task_done_with(&visit->task);
}

static void answer_error(struct visit *visit, status code)
{
    struct fault fault = fault_of(visit, code);
    struct answer answer;

    wire_encode_error(&visit->route, &fault, request_id(visit), exchange_arena(visit->x), &answer);
    end_visit(visit);
    send_answer(visit, &answer);
}

static void answer_output(struct visit *visit)
{
    struct answer answer;
    status encoded = wire_encode(&visit->route, visit->task.call.out, request_id(visit),
                                 exchange_arena(visit->x), &answer);

    if (encoded != OK) {
        answer_error(visit, encoded);
        return;
    }
    end_visit(visit);
    send_answer(visit, &answer);
}

/* ---- event streams ---- */

static void to_batch(struct visit *visit)
{
    visit->place = VISIT_BATCH;
    list_push(&visit->home->batch, &visit->at_home);
}

static void again(struct loop_work *work)
{
    struct visit *visit = LINK_OWNER(work, struct visit, back);

    to_batch(visit);
}

static void drained(struct exchange *x)
{
    struct visit *visit = exchange_user(x);

    if (visit != NULL && visit->place == VISIT_DRAIN) {
        visit->place = VISIT_CELL;
        visit->back.run = again;
        loop_post(visit->home->loop, &visit->back);
    }
}

/* The next event is made when the peer has taken this one. */
static void ask_for_more(struct visit *visit)
{
    visit->place = VISIT_DRAIN;
    exchange_on_drain(visit->x, drained);
    if (exchange_backlog(visit->x) == 0) {
        drained(visit->x);
    }
}

static status send_head(struct visit *visit)
{
    struct answer answer;
    struct str first;

    wire_encode_event_head(&visit->route, request_id(visit), exchange_arena(visit->x), &answer);
    TRY(wire_encode_event_first(&visit->route, visit->task.call.out, visit->task.call.arena,
                                &first));
    visit->head_sent = true;
    exchange_begin(visit->x, answer.http, answer.headers, answer.header_count);
    exchange_send(visit->x, first);
    return OK;
}

static void end_stream(struct visit *visit, status code)
{
    if (code != OK && code != &ERR_CLOSED) {
        struct fault fault = fault_of(visit, code);
        struct str message;

        if (wire_encode_event_error(&visit->route, &fault, visit->task.call.arena, &message) ==
            OK) {
            exchange_send(visit->x, message);
        }
    }
    struct exchange *x = visit->x;

    end_visit(visit);
    exchange_end(x);
}

static void stream_on(struct visit *visit)
{
    struct task *task = &visit->task;
    struct str message;
    status code = task->result;

    if (!visit->head_sent) {
        if (code == OK) {
            code = send_head(visit);
        }
        if (code != OK) {
            answer_error(visit, code);
            return;
        }
        ask_for_more(visit);
        return;
    }
    if (code == OK && task->event != NULL) {
        code = wire_encode_event(&visit->route, task->event, task->event_value, task->call.arena,
                                 &message);
        if (code == OK) {
            exchange_send(visit->x, message);
            ask_for_more(visit);
            return;
        }
    }
    end_stream(visit, code);
}

/* ---- the gate ---- */

static void finish(struct visit *visit)
{
    if (visit->task.gone) { /* nobody listens: let the exchange go */
        struct exchange *x = visit->x;
        bool begun = visit->head_sent;

        end_visit(visit);
        if (begun) {
            exchange_end(x);
        } else {
            exchange_answer(x, 503, NULL, 0, STR_NONE);
        }
    } else if (visit->task.streaming) {
        stream_on(visit);
    } else if (visit->task.result != OK) {
        answer_error(visit, visit->task.result);
    } else if (arena_spent(visit->task.call.arena) || arena_spent(exchange_arena(visit->x))) {
        answer_error(visit, &ERR_LIMIT);
    } else {
        answer_output(visit);
    }
}

static void to_gate(struct visit *visit)
{
    visit->place = VISIT_GATE;
    list_push(&visit->home->gated, &visit->at_home);
    visit->home->gated_count++;
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
    if (home->gated_count <= INLINE_SYNC_MAX) {
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
            __atomic_exchange_n(&home->waiting, false, __ATOMIC_SEQ_CST)) {
            loop_post(home->loop, &home->durable);
        }
    }
}

/* The turn's end, which follows any posted work, does the rest. */
static void heard(struct loop_work *work)
{
    (void)work;
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

/* ---- coming in ---- */

static status identify(struct visit *visit, const struct http_request *request,
                       const struct sigv4 *sigv4)
{
    struct door *door = visit->home->door;
    struct call *c = &visit->task.call;
    struct identity identity;

    if (sigv4->present) {
        c->access_key = sigv4->access_key;
        c->region = sigv4->region;
    }
    if (!door->auth) {
        uint64_t digits;

        /* As other emulators have it: a 12-digit access key names the account. */
        if (c->access_key.bytes == 12 && str_to_u64(c->access_key, &digits)) {
            c->account = c->access_key;
            c->principal = arena_printf(c->arena, "arn:aws:iam::%.*s:root",
                                        STR_ARG(c->account));
        }
        return OK;
    }
    if (!sigv4->present) {
        if (visit->route.operation != NULL &&
            (visit->route.operation->flags & OPERATION_NO_AUTH)) {
            return OK;
        }
        return fail(c, &SIGV4_MISSING_TOKEN, "Request is missing Authentication Token");
    }
    if (!identity_find(door->identities, sigv4->access_key, &identity)) {
        return fail(c, &SIGV4_UNKNOWN_KEY,
                    "The security token included in the request is invalid.");
    }
    c->account = identity.account;
    c->principal = identity.principal;
    return sigv4_check(sigv4, request, identity.secret, clock_now_ms(door->cell->clock),
                       visit->home->keys, c->arena, &c->why, NULL);
}

static status read_call(struct visit *visit, struct http_request *request)
{
    struct task *task = &visit->task;
    struct call *c = &task->call;
    struct sigv4 sigv4 = {.present = false};
    struct value *input;
    const struct op *op;
    status signature = sigv4_read(request, c->arena, &c->why, &sigv4);
    status routed = wire_route(request, sigv4.present ? sigv4.service : STR_NONE, c->arena,
                               &c->why, &visit->route);

    visit->route.origin = http_header(request, STR("origin"));
    TRY(signature);
    TRY(identify(visit, request, &sigv4));
    TRY(routed);
    c->operation = visit->route.operation;
    task->model = visit->route.service;
    op = cell_op(c->cell, c->operation);
    if (op == NULL) {
        return fail(c, &WIRE_NOT_IMPLEMENTED, "%.*s %.*s is not implemented by weir.",
                    STR_ARG(model_text(visit->route.service->id)),
                    STR_ARG(model_text(c->operation->name)));
    }
    TRY(wire_decode(&visit->route, request, c->arena, &c->why, &input));
    TRY(wire_check(c->operation, input, c->arena, &c->why));
    task->run = op->run;
    c->state = cell_service_of_model(c->cell, visit->route.service)->state;
    c->in = input;
    c->out = value_struct(c->arena, c->operation->output);
    return OK;
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

static bool is_preflight(const struct http_request *request)
{
    return str_eq(request->method, STR("OPTIONS")) &&
           http_header(request, STR("access-control-request-method")).bytes > 0;
}

/* A browser asks whether it may: yes, as AWS's services say. */
static void answer_preflight(struct exchange *x, const struct http_request *request)
{
    struct http_header headers[5] = {
        {STR("access-control-allow-origin"), STR("*")},
        {STR("access-control-allow-methods"), STR("GET, PUT, POST, DELETE, HEAD, PATCH, OPTIONS")},
        {STR("access-control-max-age"), STR("172800")},
        {STR("access-control-expose-headers"),
         STR("x-amzn-RequestId,x-amzn-ErrorType,x-amz-request-id,x-amz-id-2,ETag,Date")},
        {STR("access-control-allow-headers"),
         http_header(request, STR("access-control-request-headers"))},
    };

    exchange_answer(x, 200, headers, headers[4].value.bytes > 0 ? 5 : 4, STR_NONE);
}

static void request(void *ctx, struct exchange *x)
{
    struct door *door = ctx;
    struct http_request read = *exchange_request(x);

    if (admin_is(&read)) {
        admin_answer(door, x);
        return;
    }
    if (is_preflight(&read)) {
        answer_preflight(x, &read);
        return;
    }
    struct arena *arena = exchange_arena(x);
    struct visit *visit = arena_alloc(arena, sizeof(*visit));
    status readable;

    task_init(&visit->task, door->cell, arena);
    memset((char *)visit + sizeof(struct task), 0, sizeof(*visit) - sizeof(struct task));
    visit->task.done = done_elsewhere;
    visit->task.weight = read.body.bytes;
    visit->x = x;
    visit->home = home_of(door, x);
    rand_uuid(&visit->home->rand, visit->request_id);
    visit->task.call.request_id = request_id(visit);
    exchange_set_user(x, visit);
    readable = read_call(visit, &read);
    if (readable == OK && arena_spent(arena)) {
        readable = fail(&visit->task.call, &ERR_LIMIT, "The request is too large.");
    }
    if (readable != OK) {
        answer_error(visit, readable);
        return;
    }
    to_batch(visit);
}

static enum http_body head(void *ctx, struct exchange *x, uint64_t *ret_bytes_max)
{
    (void)ctx;
    (void)x;
    (void)ret_bytes_max;
    return BODY_BUFFER;
}

static void data(void *ctx, struct exchange *x, struct str piece)
{
    (void)ctx;
    (void)x;
    (void)piece;
    assert(false); /* head never asks for a stream */
}

static void gone(void *ctx, struct exchange *x)
{
    struct door *door = ctx;
    struct visit *visit = exchange_user(x);

    if (visit == NULL) { /* it went away in the middle of its request */
        exchange_answer(x, 503, NULL, 0, STR_NONE);
        return;
    }
    visit->task.gone = true;
    switch (visit->place) {
    case VISIT_BATCH:
    case VISIT_GATE:
        return; /* on its way out already; finish() sees that nobody listens */
    case VISIT_DRAIN:
        finish(visit);
        return;
    case VISIT_CELL:
        cell_enter(door->cell);
        bool parked = visit->task.state == TASK_PARKED || visit->task.state == TASK_READY;

        if (parked) {
            cell_cancel(door->cell, &visit->task);
        }
        cell_leave(door->cell);
        if (parked) {
            finish(visit);
        } /* else it was just posted back, and ends when it arrives */
        return;
    }
}

struct door *door_new(const struct door_options *options)
{
    struct door *door = MEM_NEW(struct door);

    door->cell = options->cell;
    door->journal = store_journal(cell_store(options->cell));
    door->identities = options->identities;
    door->auth = options->auth;
    door->relaxed = options->relaxed;
    door->version = options->version;
    door->ca_path = options->ca_path;
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
    journal_on_durable(door->journal, NULL, NULL);
    for (size_t i = 0; i < LOOPS_MAX; i++) {
        sigv4_keys_free(door->loops[i].keys);
    }
    mem_free(door);
}

const struct http_app *door_app(struct door *door)
{
    return &door->app;
}
