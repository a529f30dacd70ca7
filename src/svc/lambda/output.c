/* SPDX-License-Identifier: Apache-2.0
 *
 * Batches of log lines, one for each log stream: the events of the bus have the lines as a JSON
 * array of {"timestamp", "message"} and say so by the attribute "batch". They are quiet: no hop
 * tells of a log line.
 */
#include "svc/lambda/output.h"

#include "base/buf.h"
#include "base/codec.h"
#include "base/mem.h"
#include "bus/sink.h"
#include "cell/arn.h"
#include "cell/doing.h"
#include "svc/lambda/live.h"
#include "sys/log.h"
#include "wire/json.h"

#define NS_PER_MS UINT64_C(1000000)
#define ARENA_BYTES_MAX (64u * 1024 * 1024)
#define ARN_BYTES_MAX 2048

struct batch {
    struct link link;            /* in its output's list */
    struct str target;           /* ARN of the log stream, owned */
    struct str account, region;  /* owned */
    struct buf lines;            /* the array, without its end */
};

struct output {
    struct live *live;           /* whose */
    struct lock lock;            /* of what follows */
    struct link batches;         /* oldest first */
    size_t bytes;                /* of their lines */
    uint64_t since_ns;           /* when the oldest line came; 0: there is none */
    uint64_t lost;               /* lines that found no room, not told of yet */
};

struct output *lambda_output_open(struct live *live)
{
    struct output *output = MEM_NEW(struct output);

    output->live = live;
    lock_init(&output->lock);
    link_init(&output->batches);
    return output;
}

static void batch_free(struct batch *batch)
{
    owned_free(batch->target);
    owned_free(batch->account);
    owned_free(batch->region);
    buf_done(&batch->lines);
    mem_free(batch);
}

void lambda_output_close(struct output *output)
{
    if (output == NULL) {
        return;
    }
    while (!link_alone(&output->batches)) {
        struct batch *batch = LINK_OWNER(output->batches.next, struct batch, link);

        link_remove(&batch->link);
        batch_free(batch);
    }
    lock_done(&output->lock);
    mem_free(output);
}

/* ---- gathering ---- */

static struct batch *batch_of(struct output *output, const struct fn_line *line)
{
    const struct fn_version *version = line->version;
    struct str partition = arn_partition(version->region);
    struct batch *batch;
    struct buf arn;

    buf_init(&arn, ARN_BYTES_MAX);
    buf_printf(&arn, "arn:%.*s:logs:%.*s:%.*s:log-group:%.*s:log-stream:%.*s", STR_ARG(partition),
               STR_ARG(version->region), STR_ARG(version->account), STR_ARG(version->log_group),
               STR_ARG(line->stream));
    for (struct link *l = output->batches.prev; l != &output->batches; l = l->prev) {
        batch = LINK_OWNER(l, struct batch, link);
        if (str_eq(batch->target, buf_str(&arn)) &&
            batch->lines.bytes + line->text.bytes < OUTPUT_BATCH_BYTES_MAX) {
            buf_done(&arn);
            return batch;
        }
    }
    batch = MEM_NEW(struct batch);
    batch->target = owned(buf_str(&arn));
    batch->account = owned(version->account);
    batch->region = owned(version->region);
    buf_init(&batch->lines, OUTPUT_BYTES_MAX);
    list_push(&output->batches, &batch->link);
    buf_done(&arn);
    return batch;
}

/* Programs say what they like: bytes that are no UTF-8 become question marks. */
static void add_text(struct buf *lines, struct str text)
{
    char *clean;

    if (utf8_valid(text)) {
        json_write_str(lines, text);
        return;
    }
    clean = mem_dup(text.at, text.bytes);
    for (size_t i = 0; i < text.bytes; i++) {
        clean[i] = (unsigned char)clean[i] < 0x80 ? clean[i] : '?';
    }
    json_write_str(lines, str_of(clean, text.bytes));
    mem_free(clean);
}

void output_add(struct output *output, const struct fn_line *line)
{
    struct batch *batch;
    size_t before;

    if (line->text.bytes == 0) {
        return;
    }
    lock_take(&output->lock);
    if (output->bytes + line->text.bytes > OUTPUT_BYTES_MAX) {
        output->lost++;
        lock_give(&output->lock);
        return;
    }
    batch = batch_of(output, line);
    before = batch->lines.bytes;
    buf_printf(&batch->lines, "%s{\"timestamp\":%lld,\"message\":", before == 0 ? "[" : ",",
               (long long)line->at_ms);
    add_text(&batch->lines, line->text);
    buf_add_c(&batch->lines, '}');
    output->bytes += batch->lines.bytes - before;
    if (output->since_ns == 0) {
        output->since_ns = clock_monotonic_ns();
    }
    lock_give(&output->lock);
}

bool output_is_due(struct output *output)
{
    bool due;

    lock_take(&output->lock);
    due = output->since_ns > 0 &&
          clock_monotonic_ns() - output->since_ns > OUTPUT_WAIT_MS * NS_PER_MS;
    lock_give(&output->lock);
    return due;
}

/* ---- handing on, in the cell ---- */

/* What was gathered, taken away. */
struct taken {
    struct link batches;         /* struct batch */
    uint64_t lost;               /* lines */
};

static void take_all(struct output *output, struct taken *taken)
{
    link_init(&taken->batches);
    lock_take(&output->lock);
    while (!link_alone(&output->batches)) {
        struct link *first = output->batches.next;

        link_remove(first);
        list_push(&taken->batches, first);
    }
    taken->lost = output->lost;
    output->lost = 0;
    output->bytes = 0;
    output->since_ns = 0;
    lock_give(&output->lock);
}

static status send_all(struct call *c, void *arg)
{
    const struct taken *taken = arg;
    static const struct bus_attribute batched = {STR_INIT("batch"), STR_INIT("String"),
                                                 STR_INIT("json")};

    for (struct link *l = taken->batches.next; l != &taken->batches; l = l->next) {
        struct batch *batch = LINK_OWNER(l, struct batch, link);
        struct bus_event event = {
            .target = batch->target,
            .source = batch->target,
            .principal = STR("lambda.amazonaws.com"),
            .account = batch->account,
            .quiet = true,
            .attributes = &batched,
            .attribute_count = 1,
        };

        buf_add_c(&batch->lines, ']');
        event.body = arena_dup(c->arena, buf_str(&batch->lines));
        (void)bus_send(c, &event); /* without such a service, or refused: they are let go */
    }
    return OK;
}

void output_flush(struct cell *cell, struct output *output)
{
    struct taken taken;
    struct doing doing = {"lambda", "Log", STR_NONE, STR_NONE, send_all, &taken};
    struct arena *arena;
    struct why why;

    take_all(output, &taken);
    if (taken.lost > 0) {
        log_write(LOG_WARNING, "lambda", "%llu log lines of functions found no room",
                  (unsigned long long)taken.lost);
    }
    if (link_alone(&taken.batches)) {
        return;
    }
    arena = arena_new(ARENA_BYTES_MAX);
    (void)cell_step(cell, &doing, arena, &why); /* a full disk takes no logs */
    arena_free(arena);
    while (!link_alone(&taken.batches)) {
        struct batch *batch = LINK_OWNER(taken.batches.next, struct batch, link);

        link_remove(&batch->link);
        batch_free(batch);
    }
}
