/* SPDX-License-Identifier: Apache-2.0
 *
 * What workers say: their standard output and errors through one pipe, line by line, with AWS's
 * START, END and REPORT lines around each invocation (or the platform's events in JSON).
 * Before an invocation is answered the pipe is emptied, so the tail has everything that was said.
 */
#include "fn/fn_int.h"

#include "base/mem.h"
#include "base/time.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define READ_PIECE_BYTES 65536
#define DRAIN_BYTES_MAX (4u << 20) /* read at one go; the rest comes with the loop's next turn */

static void tail_add(struct fn_invocation *invocation, struct str text)
{
    size_t keep = invocation->log_tail_bytes;

    if (text.bytes >= FN_TAIL_BYTES) {
        text = str_slice(text, text.bytes - FN_TAIL_BYTES, text.bytes);
        keep = 0;
    } else if (keep + text.bytes > FN_TAIL_BYTES) {
        size_t drop = keep + text.bytes - FN_TAIL_BYTES;

        memmove(invocation->log_tail, invocation->log_tail + drop, keep - drop);
        keep -= drop;
    }
    memcpy(invocation->log_tail + keep, text.at, text.bytes);
    invocation->log_tail_bytes = keep + text.bytes;
}

void output_say(struct fn *fn, struct worker *worker, struct str text)
{
    struct fn_line line = {.version = worker->pool->version,
                           .stream = str_c(worker->stream),
                           .at_ms = clock_now_ms(fn->options.clock),
                           .text = text};

    if (worker->invocation != NULL && worker->invocation->tail) {
        tail_add(worker->invocation, text);
        tail_add(worker->invocation, STR("\n"));
    }
    if (fn->options.log != NULL) {
        fn->options.log(fn->options.ctx, &line);
    }
}

/* ---- the pipe ---- */

static void take_bytes(struct fn *fn, struct worker *worker, struct str bytes)
{
    while (bytes.bytes > 0) {
        size_t end = str_find(bytes, '\n', 0);
        struct str piece = str_slice(bytes, 0, end);

        if (end == bytes.bytes && worker->line.bytes + piece.bytes < LINE_BYTES_MAX) {
            buf_add(&worker->line, piece);
            return;
        }
        if (worker->line.bytes > 0) {
            if (worker->line.bytes + piece.bytes <= LINE_BYTES_MAX) {
                buf_add(&worker->line, piece);
                piece = STR_NONE;
            }
            output_say(fn, worker, buf_str(&worker->line));
            buf_clear(&worker->line);
        }
        if (piece.at != NULL) {
            output_say(fn, worker, str_slice(piece, 0, LINE_BYTES_MAX));
        }
        bytes = str_slice(bytes, end + 1, bytes.bytes);
    }
}

void output_drain(struct fn *fn, struct worker *worker)
{
    static char piece[READ_PIECE_BYTES]; /* one thread */
    size_t taken = 0;
    ssize_t got = 0;

    while (worker->out_fd >= 0 && taken < DRAIN_BYTES_MAX &&
           (got = read(worker->out_fd, piece, sizeof piece)) > 0) {
        take_bytes(fn, worker, str_of(piece, (size_t)got));
        taken += (size_t)got;
    }
    if (worker->line.bytes > 0 && worker->state != WORKER_STARTING) {
        output_say(fn, worker, buf_str(&worker->line)); /* without its end */
        buf_clear(&worker->line);
    }
    if (got == 0 && worker->out_poll != NULL && taken < DRAIN_BYTES_MAX) {
        (void)uv_poll_stop(worker->out_poll); /* nobody holds the other end any more */
    }
}

static void on_output(uv_poll_t *poll, int error, int events)
{
    struct worker *worker = poll->data;

    (void)error;
    (void)events;
    output_drain(worker->fn, worker);
}

static void on_poll_closed(uv_handle_t *handle)
{
    mem_free(handle);
}

status output_open(struct fn *fn, struct worker *worker, int *ret_write_fd, struct why *why)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0) {
        return why_set(why, &ERR_LIMIT, "cannot make a pipe: %s", strerror(errno));
    }
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    worker->out_fd = ends[0];
    worker->out_poll = MEM_NEW(uv_poll_t);
    worker->out_poll->data = worker;
    int failed = uv_poll_init(loop_uv(fn->loop), worker->out_poll, ends[0]);

    assert(failed == 0);
    (void)uv_poll_start(worker->out_poll, UV_READABLE, on_output);
    *ret_write_fd = ends[1];
    return OK;
}

void output_close(struct worker *worker)
{
    if (worker->out_poll != NULL) {
        (void)uv_poll_stop(worker->out_poll);
        uv_close((uv_handle_t *)worker->out_poll, on_poll_closed);
        worker->out_poll = NULL;
    }
    if (worker->out_fd >= 0) {
        (void)close(worker->out_fd);
        worker->out_fd = -1;
    }
}

/* ---- the platform's lines ---- */

static void say_event(struct fn *fn, struct worker *worker, const char *type, struct buf *record)
{
    struct buf line;

    buf_init(&line, LINE_BYTES_MAX);
    buf_add(&line, STR("{\"time\":\""));
    buf_add_iso(&line, clock_now_ms(fn->options.clock));
    buf_printf(&line, "\",\"type\":\"%s\",\"record\":{\"requestId\":\"%.36s\"", type,
               worker->invocation->request_id);
    buf_add(&line, buf_str(record));
    buf_add(&line, STR("}}"));
    output_say(fn, worker, buf_str(&line));
    buf_done(&line);
}

void output_begin(struct fn *fn, struct worker *worker)
{
    const struct fn_version *version = worker->pool->version;
    struct buf text;

    buf_init(&text, LINE_BYTES_MAX);
    if (version->log_json) {
        buf_printf(&text, ",\"version\":\"%.*s\"", STR_ARG(version->version));
        say_event(fn, worker, "platform.start", &text);
    } else {
        buf_printf(&text, "START RequestId: %.36s Version: %.*s", worker->invocation->request_id,
                   STR_ARG(version->version));
        output_say(fn, worker, buf_str(&text));
    }
    buf_done(&text);
}

static void report_json(struct fn *fn, struct worker *worker, struct buf *text,
                        const char *outcome)
{
    const struct fn_version *version = worker->pool->version;
    double took_ms = (double)worker->invocation->took_us / 1000;

    buf_printf(text, ",\"metrics\":{\"durationMs\":%.3f,\"billedDurationMs\":%llu,"
               "\"memorySizeMB\":%u,\"maxMemoryUsedMB\":%llu", took_ms,
               (unsigned long long)(took_ms + 0.999), version->memory_mb,
               (unsigned long long)(keeper_memory(fn->options.keeper, worker->id) >> 20));
    if (worker->first) {
        buf_printf(text, ",\"initDurationMs\":%.3f", (double)worker->init_ns / 1e6);
    }
    buf_printf(text, "},\"status\":\"%s\"", outcome == NULL ? "success" : outcome);
    say_event(fn, worker, "platform.report", text);
}

void output_end(struct fn *fn, struct worker *worker, const char *outcome)
{
    const struct fn_version *version = worker->pool->version;
    const struct fn_invocation *invocation = worker->invocation;
    double took_ms = (double)invocation->took_us / 1000;
    struct buf text;

    buf_init(&text, LINE_BYTES_MAX);
    if (version->log_json) {
        report_json(fn, worker, &text, outcome);
        buf_done(&text);
        return;
    }
    buf_printf(&text, "END RequestId: %.36s", invocation->request_id);
    output_say(fn, worker, buf_str(&text));
    buf_clear(&text);
    buf_printf(&text, "REPORT RequestId: %.36s\tDuration: %.2f ms\tBilled Duration: %llu ms\t"
               "Memory Size: %u MB\tMax Memory Used: %llu MB\t", invocation->request_id, took_ms,
               (unsigned long long)(took_ms + 0.999), version->memory_mb,
               (unsigned long long)(keeper_memory(fn->options.keeper, worker->id) >> 20));
    if (worker->first) {
        buf_printf(&text, "Init Duration: %.2f ms\t", (double)worker->init_ns / 1e6);
    }
    if (outcome != NULL) {
        buf_printf(&text, "Status: %s\t", outcome);
    }
    output_say(fn, worker, buf_str(&text));
    buf_done(&text);
}
