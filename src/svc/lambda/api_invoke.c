/* SPDX-License-Identifier: Apache-2.0
 *
 * Invoke: synchronously the call waits, parked, until its run is done; asynchronously the event is
 * queued (async.c). A caller that goes away leaves its function running.
 */
#include "base/codec.h"
#include "bus/depot.h"
#include "bus/hold.h"
#include "cell/cell.h"
#include "svc/lambda/async.h"
#include "svc/lambda/invoke.h"
#include "svc/lambda/lineage.h"
#include "svc/lambda/ops.h"
#include "svc/lambda/payload.h"

#define CONTEXT_BYTES_MAX 3583             /* of ClientContext, base64 */
#define LOOK_BYTES_MAX (128u * 1024)       /* of a payload that is looked at in the cell */
#define INVOKE_ARGS_BYTES_MAX (256u * 1024) /* of InvokeAsync, which is older than 1 MB */

/* ---- what is asked ---- */

static status size_check(struct call *c, struct str payload, size_t bytes_max)
{
    if (payload.bytes > bytes_max && bytes_max == PAYLOAD_BYTES_MAX) {
        return lambda_fail(c, &LAMBDA_TOO_LARGE, "Request must be smaller than %zu bytes for the "
                           "InvokeFunction operation", bytes_max);
    }
    if (payload.bytes > bytes_max) {
        return lambda_fail(c, &LAMBDA_TOO_LARGE, "%zu byte payload is too large for the Event "
                           "invocation type (limit %zu bytes)", payload.bytes, bytes_max);
    }
    return OK;
}

static status no_json(struct call *c, const char *why)
{
    return lambda_fail(c, &LAMBDA_BAD_CONTENT, "Could not parse request body into json: Could not "
                       "parse payload into json: %s", why);
}

/* No payload is an empty object. */
status payload_check(struct call *c, struct str payload, size_t bytes_max)
{
    struct why why = {""};

    TRY(size_check(c, payload, bytes_max));
    return payload.bytes == 0 || payload_is_json(payload, &why) ? OK : no_json(c, why.text);
}

/* A large payload, looked at outside the cell; c->kept. */
struct looked {
    struct str payload;          /* the request's */
    struct why why;              /* why it is no JSON */
    bool good;                   /* it is JSON */
};

static void look_at_payload(void *arg)
{
    struct looked *looked = arg;

    looked->good = payload_is_json(looked->payload, &looked->why);
}

status invoke_look(struct call *c, status (*go)(struct call *c))
{
    struct str payload = arg_str(c, "Payload");
    struct looked *looked;

    if (payload.bytes <= LOOK_BYTES_MAX || payload.bytes > PAYLOAD_BYTES_MAX) {
        return go(c);
    }
    looked = ARENA_NEW(c->keep, struct looked);
    looked->payload = payload;
    c->kept = looked;
    call_work(c, look_at_payload, looked, go);
    return OK;
}

status invoke_payload(struct call *c, size_t bytes_max, struct str *ret_payload)
{
    struct str payload = arg_str(c, "Payload");
    const struct looked *looked = c->kept;

    TRY(size_check(c, payload, bytes_max));
    if (looked == NULL) {
        TRY(payload_check(c, payload, bytes_max));
    } else if (!looked->good) {
        return no_json(c, looked->why.text);
    }
    *ret_payload = payload.bytes == 0 ? STR("{}") : payload;
    return OK;
}

/* base64 of JSON, in a header. */
static status context_read(struct call *c, struct str *ret_context)
{
    struct str text = arg_str(c, "ClientContext");
    struct why why = {""};
    size_t bytes = 0;
    char *plain;

    *ret_context = STR_NONE;
    if (text.bytes == 0) {
        return OK;
    }
    plain = arena_alloc(c->arena, text.bytes + 1);
    if (text.bytes > CONTEXT_BYTES_MAX || !base64_decode(text, plain, &bytes) ||
        !payload_is_json(str_of(plain, bytes), &why)) {
        return lambda_fail(c, &LAMBDA_BAD_CONTENT, "Client context must be a valid "
                           "Base64-encoded JSON object.");
    }
    *ret_context = str_of(plain, bytes);
    return OK;
}

static status check_held(struct call *c, const struct target *target)
{
    struct target whole = target_with(target, STR_NONE);
    struct str arn = target_arn(c->arena, &whole);

    if (hold_on(c, HOLD_FUNCTION, arn, STR_NONE)) {
        return lambda_fail(c, &LAMBDA_CONFLICT, "The function %.*s is held: it takes no "
                           "synchronous invocations until it is released (weir release function "
                           "%.*s).", STR_ARG(arn), STR_ARG(target->name));
    }
    return OK;
}

static status check_state(struct call *c, const struct version *version)
{
    struct str state = get_str(version->config, "State");

    if (str_eq(state, STR("Pending")) || str_eq(state, STR("Failed"))) {
        return lambda_fail(c, &LAMBDA_CONFLICT, "The operation cannot be performed at this time. "
                           "The function is currently in the following state: %.*s",
                           STR_ARG(state));
    }
    return OK;
}

status invoke_version(struct call *c, struct target *ret_target, struct version *ret_version)
{
    TRY(target_of_call(c, ret_target));
    TRY(version_find(c, ret_target, ret_version));
    return check_state(c, ret_version);
}

/* ---- waiting for it ---- */

static void run_done(struct cell *cell, struct run *run)
{
    struct waiting_call *waiting = run_user(run);

    if (waiting == NULL) {
        run_free(run);
        return;
    }
    waiting->ended = true;
    waiters_wake(cell, &waiting->waiters);
}

void invoke_woken(struct cell *cell, struct run *run)
{
    struct waiting_call *waiting = run_user(run);

    if (waiting != NULL) {
        waiters_wake(cell, &waiting->waiters);
    }
}

/* The call is over: answered, or its caller is gone. */
static void call_ended(struct call *c)
{
    struct waiting_call *waiting = c->kept;

    if (waiting->run != NULL && waiting->ended) {
        run_free(waiting->run);
    } else if (waiting->run != NULL) {
        run_leave(waiting->run);
    }
    waiting->run = NULL;
}

struct str invoke_tail(struct call *c, const struct waiting_call *waiting)
{
    struct str tail = run_log_tail(waiting->run);
    char *text = arena_alloc(c->arena, base64_encoded_bytes(tail.bytes) + 1);

    base64_encode(tail, text);
    return str_of(text, base64_encoded_bytes(tail.bytes));
}

status invoke_start(struct call *c, const struct target *target, const struct version *version,
                    struct run_wish *wish, status (*resume)(struct call *c))
{
    struct waiting_call *waiting = ARENA_NEW(c->keep, struct waiting_call);

    wish->version = version;
    wish->qualifier = target->qualifier;
    wish->request_id = c->request_id;
    wish->alone = true;
    wish->tail = str_eq(arg_str(c, "LogType"), STR("Tail"));
    wish->done = run_done;
    wish->user = waiting;
    TRY(context_read(c, &wish->client_context));
    TRY(check_held(c, target));
    if (lineage_is_loop(c, target, c->trace)) {
        return lambda_fail(c, &LAMBDA_RECURSION, "Lambda has detected your function being invoked "
                           "in a recursive loop and stopped it.");
    }
    TRY(run_start(c, wish, &waiting->run));
    waiting->tail = wish->tail;
    waiters_init(&waiting->waiters);
    c->kept = waiting;
    call_on_end(c, call_ended);
    call_park(c, &waiting->waiters, INT64_MAX, resume);
    return OK;
}

static status invoke_answer(struct call *c)
{
    struct waiting_call *waiting = c->kept;
    struct run *run = waiting->run;
    struct str answer = run_answer(run);

    if (!waiting->ended) {
        call_park(c, &waiting->waiters, INT64_MAX, invoke_answer);
        return OK;
    }
    if (run_outcome(run) == FN_NOT_RUN) {
        return lambda_fail(c, &LAMBDA_SERVICE, "The function did not run: %.*s", STR_ARG(answer));
    }
    put_int(c, "StatusCode", 200);
    put_str(c, "ExecutedVersion", arena_dup(c->keep, run_version(run)));
    if (run_outcome(run) == FN_FAILED) {
        put_str(c, "FunctionError", STR("Unhandled"));
    }
    if (waiting->tail) {
        put_str(c, "LogResult", invoke_tail(c, waiting));
    }
    set_blob(c->out, "Payload", arena_dup(c->arena, answer));
    put_header(c, "content-type", STR("application/json"));
    put_header(c, "x-amzn-remapped-content-length", STR("0"));
    put_header(c, "x-amzn-trace-id", arena_dup(c->arena, run_trace(run)));
    return OK;
}

/* Queues it; 202 says that it is durable. */
static status invoke_later(struct call *c, const struct target *target, struct str payload)
{
    struct async_event event = {.payload = payload, .request_id = c->request_id};
    struct target whole = target_with(target, STR_NONE);

    TRY(async_add(c, target, &event));
    call_on(c, target_arn(c->arena, &whole));
    return OK;
}

static status invoke(struct call *c)
{
    struct str kind = arg_str(c, "InvocationType");
    bool event = str_eq(kind, STR("Event"));
    struct run_wish wish = {.payload = STR_NONE};
    struct target target;
    struct version version;

    TRY(invoke_version(c, &target, &version));
    TRY(invoke_payload(c, event ? PAYLOAD_ASYNC_BYTES_MAX : PAYLOAD_BYTES_MAX, &wish.payload));
    if (event) {
        TRY(invoke_later(c, &target, wish.payload));
        put_int(c, "StatusCode", 202);
        return OK;
    }
    if (str_eq(kind, STR("DryRun"))) {
        put_int(c, "StatusCode", 204);
        return OK;
    }
    return invoke_start(c, &target, &version, &wish, invoke_answer);
}

/* Invoke: runs a function, now or later. */
status lambda_invoke(struct call *c)
{
    return invoke_look(c, invoke);
}

/* ---- InvokeAsync, of 2014 ---- */

/* A payload that came as a blob, read outside the cell; c->kept. */
struct late_payload {
    struct cell *cell;           /* where */
    struct call_extent extent;   /* all of it */
    char *text;                  /* gets it */
    status read;                 /* how that went */
};

static void read_payload(void *arg)
{
    struct late_payload *late = arg;
    struct depot_bytes bytes = {&late->extent, 1};

    late->read = bus_fetch(late->cell, &bytes, late->text);
}

static status invoke_async(struct call *c, struct str payload)
{
    struct target target;
    struct version version;

    TRY(target_of_call(c, &target));
    TRY(version_find(c, &target, &version));
    TRY(check_state(c, &version));
    TRY(payload_check(c, payload, INVOKE_ARGS_BYTES_MAX));
    TRY(invoke_later(c, &target, payload.bytes == 0 ? STR("{}") : payload));
    put_int(c, "Status", 202);
    return OK;
}

static status payload_was_read(struct call *c)
{
    struct late_payload *late = c->kept;

    TRY(late->read);
    return invoke_async(c, str_of(late->text, late->extent.size));
}

/* InvokeAsync */
status lambda_invoke_async(struct call *c)
{
    const struct call_body *body = c->body;
    struct late_payload *late;

    if (body == NULL || body->blob.bytes == 0) {
        return invoke_async(c, body == NULL ? STR_NONE : body->bytes);
    }
    if (body->size > INVOKE_ARGS_BYTES_MAX) {
        return lambda_fail(c, &LAMBDA_TOO_LARGE, "%llu byte payload is too large for the Event "
                           "invocation type (limit %u bytes)", (unsigned long long)body->size,
                           INVOKE_ARGS_BYTES_MAX);
    }
    late = ARENA_NEW(c->keep, struct late_payload);
    late->cell = c->cell;
    late->extent = (struct call_extent){.blob = body->blob, .size = body->size};
    late->text = arena_alloc(c->keep, body->size + 1);
    blobs_pin(store_blobs(cell_store(c->cell)), body->blob);
    c->kept = late;
    call_work(c, read_payload, late, payload_was_read);
    return OK;
}
