/* SPDX-License-Identifier: Apache-2.0
 *
 * InvokeWithResponseStream: the response as it comes, as events. The head waits for the first
 * piece, or for the end of a function that does not stream.
 */
#include "svc/lambda/invoke.h"
#include "svc/lambda/ops.h"
#include "svc/lambda/payload.h"

static void emit_end(struct call *c, struct waiting_call *waiting)
{
    struct value *complete = call_emit(c, "InvokeComplete");

    waiting->told = true;
    if (run_outcome(waiting->run) != FN_ANSWERED) {
        set_str(complete, "ErrorCode", STR("Unhandled"));
        set_str(complete, "ErrorDetails", arena_dup(c->arena, run_answer(waiting->run)));
    }
    if (waiting->tail) {
        set_str(complete, "LogResult", invoke_tail(c, waiting));
    }
}

static status stream_next(struct call *c)
{
    struct waiting_call *waiting = c->kept;
    struct str piece = run_piece_take(waiting->run, c->arena);

    if (piece.bytes > 0) {
        set_blob(call_emit(c, "PayloadChunk"), "Payload", piece);
    } else if (!waiting->ended) {
        call_park(c, &waiting->waiters, INT64_MAX, stream_next);
    } else if (!waiting->told) {
        emit_end(c, waiting);
    }
    return OK; /* after the last event: nothing, and the stream ends */
}

static status stream_begin(struct call *c)
{
    struct waiting_call *waiting = c->kept;

    if (!waiting->ended && !run_has_piece(waiting->run)) {
        call_park(c, &waiting->waiters, INT64_MAX, stream_begin);
        return OK;
    }
    if (waiting->ended && run_outcome(waiting->run) == FN_NOT_RUN) {
        return lambda_fail(c, &LAMBDA_SERVICE, "The function did not run: %.*s",
                           STR_ARG(run_answer(waiting->run)));
    }
    put_header(c, "x-amz-executed-version", arena_dup(c->keep, run_version(waiting->run)));
    put_int(c, "StatusCode", 200);
    call_stream(c, stream_next);
    return OK;
}

static status invoke(struct call *c)
{
    struct run_wish wish = {.piece = invoke_woken};
    struct target target;
    struct version version;

    TRY(invoke_version(c, &target, &version));
    TRY(invoke_payload(c, PAYLOAD_BYTES_MAX, &wish.payload));
    if (str_eq(arg_str(c, "InvocationType"), STR("DryRun"))) {
        put_int(c, "StatusCode", 204);
        return OK;
    }
    return invoke_start(c, &target, &version, &wish, stream_begin);
}

/* InvokeWithResponseStream */
status lambda_invoke_with_response_stream(struct call *c)
{
    return invoke_look(c, invoke);
}
