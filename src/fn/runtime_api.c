/* SPDX-License-Identifier: Apache-2.0
 *
 * The Lambda Runtime API, on a port of each worker's own: the port says who asks.
 *
 *   GET  /2018-06-01/runtime/invocation/next            waits, then the event
 *   POST /2018-06-01/runtime/invocation/ID/response     whole, or streamed
 *   POST /2018-06-01/runtime/invocation/ID/error
 *   POST /2018-06-01/runtime/init/error
 *
 * A worker is not trusted: whatever it sends out of turn is answered 4xx and changes nothing.
 * Source: Lambda developer guide, "Using the Lambda runtime API for custom runtimes".
 */
#include "fn/fn_int.h"

#include <assert.h>
#include <stdio.h>

#define RESPONSE_BYTES_MAX 6291556u /* as AWS's error says */
#define HEADERS_MAX 8

static const struct str base = STR_INIT("/2018-06-01/runtime/");

static void answer_json(struct exchange *x, int status_code, struct str body)
{
    const struct http_header headers[] = {{STR("content-type"), STR("application/json")}};

    exchange_answer(x, status_code, headers, 1, body);
}

static void answer_error(struct exchange *x, int status_code, const char *type,
                         const char *sentence)
{
    answer_json(x, status_code,
                arena_printf(exchange_arena(x), "{\"errorMessage\":\"%s\",\"errorType\":\"%s\"}",
                             sentence, type));
}

/* ---- next ---- */

void runtime_api_give(struct worker *worker)
{
    const struct fn_version *version = worker->pool->version;
    struct fn_invocation *invocation = worker->invocation;
    struct exchange *x = worker->waiting;
    struct arena *arena = exchange_arena(x);
    struct http_header headers[HEADERS_MAX] = {
        {STR("content-type"), STR("application/json")},
        {STR("lambda-runtime-aws-request-id"), str_of(invocation->request_id, 36)},
        {STR("lambda-runtime-invoked-function-arn"), invocation->invoked_arn}};
    struct clock clock;
    long long deadline_ms;
    size_t count = 3;

    clock_init_real(&clock); /* the handler compares it with its own */
    deadline_ms = clock_now_ms(&clock);
    deadline_ms += version->timeout_ms;
    headers[count++] = (struct http_header){
        STR("lambda-runtime-deadline-ms"),
        arena_printf(arena, "%lld", deadline_ms)};
    if (invocation->trace.bytes > 0) {
        headers[count++] =
            (struct http_header){STR("lambda-runtime-trace-id"), invocation->trace};
    }
    if (invocation->client_context.bytes > 0) {
        headers[count++] = (struct http_header){STR("lambda-runtime-client-context"),
                                                invocation->client_context};
    }
    assert(count <= HEADERS_MAX);
    worker->waiting = NULL;
    exchange_set_user(x, NULL);
    exchange_answer(x, 200, headers, count, arena_dup(arena, invocation->payload));
    extensions_tell(worker, arena_printf(arena,
        "{\"eventType\":\"INVOKE\",\"deadlineMs\":%.*s,\"requestId\":\"%.36s\","
        "\"invokedFunctionArn\":\"%.*s\"}", STR_ARG(headers[3].value), invocation->request_id,
        STR_ARG(invocation->invoked_arn)));
}

static void next(struct worker *worker, struct exchange *x)
{
    uint64_t now_ns = clock_monotonic_ns();

    if (worker->state == WORKER_ENDING || worker->waiting != NULL ||
        (worker->state == WORKER_BUSY && worker->invocation != NULL)) {
        answer_error(x, 403, "InvalidStateTransition", "State transition is not allowed");
        return;
    }
    if (worker->state == WORKER_STARTING) {
        worker->init_ns = now_ns - worker->since_ns;
        worker->pool->starting--;
    }
    worker->state = WORKER_IDLE;
    worker->since_ns = now_ns;
    worker->waiting = x;
    exchange_set_user(x, worker);
    pool_idle(worker->fn, worker);
}

/* ---- answers ---- */

/* "ID/response" of the invocation under way: what is behind the id; STR_NONE: of another. */
static struct str step_of(const struct worker *worker, struct str rest)
{
    struct str id = str_split(&rest, '/');

    if (worker->state != WORKER_BUSY || worker->invocation == NULL ||
        !str_eq(id, str_of(worker->invocation->request_id, 36))) {
        return STR_NONE;
    }
    return rest;
}

static bool is_streamed(const struct http_request *request)
{
    return str_eq_nocase(
        http_header(request, STR("lambda-runtime-function-response-mode")), STR("streaming"));
}

static void too_large(struct worker *worker, struct exchange *x)
{
    char text[256];

    answer_error(x, 413, "RequestEntityTooLarge",
                 "Exceeded maximum allowed payload size (6291556 bytes).");
    (void)snprintf(text, sizeof text,
                   "{\"errorType\":\"Function.ResponseSizeTooLarge\",\"errorMessage\":\"Response "
                   "payload size exceeded maximum allowed payload size (%u bytes).\"}",
                   RESPONSE_BYTES_MAX);
    worker_answer(worker->fn, worker, FN_FAILED, str_c(text));
}

static void response(struct worker *worker, struct exchange *x, struct str body)
{
    worker->held = NULL; /* it is whole */
    if (!worker->streams && body.bytes > RESPONSE_BYTES_MAX) {
        too_large(worker, x);
        return;
    }
    answer_json(x, 202, STR("{\"status\":\"OK\"}\n"));
    worker_answer(worker->fn, worker, FN_ANSWERED,
                  worker->streams ? buf_str(&worker->answer) : body);
    buf_clear(&worker->answer);
}

static void posted(struct worker *worker, struct exchange *x)
{
    const struct http_request *request = exchange_request(x);
    struct str rest = str_slice(request->path, base.bytes, request->path.bytes);
    struct str step;

    if (str_eq(rest, STR("init/error"))) {
        answer_json(x, 202, STR("{\"status\":\"OK\"}\n"));
        worker_end(worker->fn, worker, request->body.bytes > 0
                                           ? request->body
                                           : STR("{\"errorType\":\"Runtime.Unknown\"}"));
        return;
    }
    if (!str_starts(rest, STR("invocation/"))) {
        answer_error(x, 404, "NotFound", "There is no such path in the Runtime API");
        return;
    }
    step = step_of(worker, str_slice(rest, 11, rest.bytes));
    if (str_eq(step, STR("response"))) {
        response(worker, x, request->body);
    } else if (str_eq(step, STR("error"))) {
        answer_json(x, 202, STR("{\"status\":\"OK\"}\n"));
        worker_answer(worker->fn, worker, FN_FAILED, request->body);
    } else {
        answer_error(x, 400, "InvalidRequestID", "Invalid request ID");
    }
}

/* ---- the app ---- */

static enum http_body on_head(void *ctx, struct exchange *x, uint64_t *ret_bytes_max)
{
    const struct http_request *request = exchange_request(x);
    struct worker *worker = worker_of_port(ctx, request->port);
    bool is_response = str_ends(request->path, STR("/response"));

    if (worker == NULL) {
        exchange_answer(x, 403, NULL, 0, STR(""));
        return BODY_REFUSE;
    }
    if (is_response && is_streamed(request) && worker->state == WORKER_BUSY &&
        worker->invocation != NULL) {
        worker->streams = true;
        buf_clear(&worker->answer);
        return BODY_STREAM;
    }
    if (is_response && exchange_body_expected(x) != UINT64_MAX &&
        exchange_body_expected(x) > RESPONSE_BYTES_MAX && worker->state == WORKER_BUSY &&
        worker->invocation != NULL) {
        too_large(worker, x);
        return BODY_REFUSE;
    }
    *ret_bytes_max = RESPONSE_BYTES_MAX + 1024;
    return BODY_BUFFER;
}

static void on_data(void *ctx, struct exchange *x, struct str piece)
{
    const struct http_request *request = exchange_request(x);
    struct worker *worker = worker_of_port(ctx, request->port);

    if (worker == NULL || worker->state != WORKER_BUSY || worker->invocation == NULL) {
        return;
    }
    worker->streamed += piece.bytes;
    if (worker->streamed > FN_STREAM_BYTES_MAX) {
        worker_answer(worker->fn, worker, FN_FAILED, STR(
            "{\"errorType\":\"Function.ResponseSizeTooLarge\",\"errorMessage\":\"Response payload "
            "size exceeded maximum allowed payload size (209715200 bytes).\"}"));
    } else if (worker->invocation->piece == NULL) {
        buf_add(&worker->answer, piece);
    } else if (!worker->invocation->piece(worker->invocation,
                                          http_header(request, STR("content-type")), piece)) {
        worker->held = x;
        exchange_pause(x);
    }
}

void runtime_api_flow(struct worker *worker)
{
    struct exchange *x = worker->held;

    worker->held = NULL;
    if (x != NULL) {
        exchange_resume(x);
    }
}

static void on_request(void *ctx, struct exchange *x)
{
    const struct http_request *request = exchange_request(x);
    struct worker *worker = worker_of_port(ctx, request->port);

    if (worker == NULL) {
        exchange_answer(x, 403, NULL, 0, STR(""));
    } else if (str_eq(request->method, STR("GET")) &&
               str_eq(request->path, STR("/2018-06-01/runtime/invocation/next"))) {
        next(worker, x);
    } else if (str_eq(request->method, STR("POST")) && str_starts(request->path, base)) {
        posted(worker, x);
    } else if (!extension_request(worker, x)) {
        answer_error(x, 404, "NotFound", "There is no such path in the Runtime API");
    }
}

/* A worker that closes while it waits is on its way out. */
static void on_gone(void *ctx, struct exchange *x)
{
    struct worker *worker = worker_of_port(ctx, exchange_request(x)->port);

    if (worker != NULL && worker->held == x) {
        worker->held = NULL;
    }
    if (worker != NULL && worker->waiting == x) {
        worker->waiting = NULL;
        worker_end(worker->fn, worker, STR_NONE);
    } else if (worker != NULL) {
        (void)extension_gone(worker, x);
    }
    exchange_answer(x, 410, NULL, 0, STR(""));
}

static void on_turn(void *ctx, uint32_t loop_index)
{
    (void)ctx;
    (void)loop_index;
}

void runtime_api_init(struct fn *fn)
{
    fn->app = (struct http_app){.ctx = fn, .head = on_head, .data = on_data,
                                .request = on_request, .gone = on_gone, .turn = on_turn};
}
