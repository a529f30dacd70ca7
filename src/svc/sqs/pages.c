/* SPDX-License-Identifier: Apache-2.0
 *
 * weir's own doors to queues:
 *
 *   POST /_weir/sqs/redrive?queue=&where=PATTERN&rate=N&to=QUEUE&dry-run=1
 *        {"messages": could be moved, "matching": of them, "task": id of the move, if one began}
 *   GET  /_weir/sqs/queues?prefix=
 *        {"queues": [{"name", "arn", "visible", "in_flight", "delayed", "held", "held_groups",
 *         "duplicates"}], "more": true when there are more than SHOWN_MAX}
 *
 * Counting what matches reads every message, so it goes in steps, and others go between them.
 */
#include "base/codec.h"
#include "bus/hold.h"
#include "cell/cell.h"
#include "svc/sqs/sqs_move.h"
#include "svc/sqs/sqs_ops.h"
#include "wire/json.h"

#define LOOK_MAX 500
#define RATE_MAX 100000
#define SHOWN_MAX 10000
#define TEXT_BYTES_MAX (16u << 20)

static status answer_problem(struct call *c, int http, const char *sentence)
{
    struct buf text;

    buf_init(&text, 16 * 1024);
    buf_add(&text, STR("{\"message\":"));
    json_write_str(&text, str_c(sentence));
    buf_add(&text, STR("}\n"));
    call_answer(c, http, "application/json", arena_dup(c->arena, buf_str(&text)));
    buf_done(&text);
    c->why.text[0] = '\0';
    return OK;
}

/* ---- redrive ---- */

/* A redrive that is being prepared; kept while its messages are counted. */
struct redrive {
    struct str queue_arn;      /* out of which */
    struct str to;             /* ARN; empty: where each came from */
    struct str where;          /* pattern; empty: all */
    struct pattern *pattern;   /* of where; NULL: all */
    uint32_t rate;             /* messages a second; 0: as fast as it goes */
    bool dry_run;              /* count only */
    uint64_t messages;         /* that could be moved, so far */
    uint64_t matching;         /* of them */
    uint64_t beyond;           /* sequences up to this one were counted */
};

static void redrive_ended(struct call *c)
{
    struct redrive *redrive = c->kept;

    pattern_free(redrive->pattern);
    redrive->pattern = NULL;
}

/* False: more is to be counted. */
static bool count_some(struct call *c, struct queue *queue, struct redrive *redrive)
{
    struct message_walk walk;
    struct content content;
    struct message *message = NULL;

    queue_settle(c->cell, queue, c->now);
    message_walk_open(c, queue, redrive->beyond, &walk);
    for (int looked = 0; looked < LOOK_MAX; looked++) {
        message = message_walk_next(c, &walk, &content);
        if (message == NULL) {
            break;
        }
        redrive->beyond = message->sequence;
        if (message_receivable(queue, message)) {
            redrive->messages++;
            redrive->matching += message_matches(redrive->pattern, message, &content);
        }
    }
    message_walk_close(&walk);
    return message == NULL;
}

static status redrive_end(struct call *c, struct queue *queue, struct redrive *redrive)
{
    struct wish wish = {queue, redrive->to, redrive->where, redrive->rate};
    struct str task = STR("");

    if (!redrive->dry_run) {
        struct move *move;

        if (wish_check(c, &wish) != OK) {
            return answer_problem(c, 409, arena_dup(c->arena, str_c(c->why.text)).at);
        }
        move = move_begin(c, &wish, redrive->pattern);
        redrive->pattern = NULL; /* the move's */
        task = str_of(move->id, MESSAGE_ID_BYTES);
    }
    call_answer(c, 200, "application/json",
                arena_printf(c->arena, "{\"messages\":%llu,\"matching\":%llu,\"task\":\"%.*s\"}\n",
                             (unsigned long long)redrive->messages,
                             (unsigned long long)redrive->matching, STR_ARG(task)));
    return OK;
}

static status redrive_on(struct call *c)
{
    struct redrive *redrive = c->kept;
    struct queue *queue = queue_of_arn(sqs_of(c), redrive->queue_arn);

    if (queue == NULL) {
        return answer_problem(c, 404, "The queue was deleted meanwhile.");
    }
    while (!count_some(c, queue, redrive)) {
        if (!cell_clock(c->cell)->manual) { /* a made-up clock would not go on by itself */
            call_park(c, NULL, c->now, redrive_on);
            return OK;
        }
    }
    return redrive_end(c, queue, redrive);
}

static status rate_read(struct call *c, uint32_t *ret_rate)
{
    uint64_t rate = 0;

    if (page_arg(c, "rate").bytes > 0 &&
        (!str_to_u64(page_arg(c, "rate"), &rate) || rate == 0 || rate > RATE_MAX)) {
        return fail(c, &SQS_BAD_PARAMETER, "rate is a number of messages a second.");
    }
    *ret_rate = (uint32_t)rate;
    return OK;
}

/* Where to: as asked, else where each message came from. */
static status to_read(struct call *c, const struct queue *queue, struct str *ret_to)
{
    struct str name = page_arg(c, "to");
    struct queue *to;

    if (name.bytes == 0) {
        *ret_to = STR("");
        return is_dead_letter_queue(c, queue)
                   ? OK
                   : fail(c, &SQS_BAD_PARAMETER, "This is no dead-letter queue: say where to.");
    }
    to = queue_named(c, name);
    if (to == NULL) {
        return fail(c, &SQS_BAD_PARAMETER, "There is no such queue to move to.");
    }
    *ret_to = arena_dup(c->keep, to->arn);
    return OK;
}

static status redrive_read(struct call *c, struct queue *queue, struct redrive *redrive)
{
    struct wish wish;

    TRY(rate_read(c, &redrive->rate));
    TRY(to_read(c, queue, &redrive->to));
    redrive->queue_arn = arena_dup(c->keep, queue->arn);
    redrive->where = arena_dup(c->keep, page_arg(c, "where"));
    redrive->dry_run = page_arg(c, "dry-run").bytes > 0;
    wish = (struct wish){queue, redrive->to, redrive->where, redrive->rate};
    if (!redrive->dry_run) {
        TRY(wish_check(c, &wish));
    }
    return redrive->where.bytes == 0
               ? OK
               : pattern_compile(redrive->where, PATTERN_EVENTS, &c->why, &redrive->pattern);
}

/* POST /_weir/sqs/redrive */
status page_redrive(struct call *c)
{
    struct redrive *redrive = arena_zero(c->keep, sizeof(*redrive));
    struct queue *queue;

    if (!str_eq(c->request->method, STR("POST"))) {
        return answer_problem(c, 405, "A redrive is asked for by POST.");
    }
    queue = queue_named(c, page_arg(c, "queue"));
    if (queue == NULL) {
        return answer_problem(c, 404, "There is no such queue.");
    }
    if (redrive_read(c, queue, redrive) != OK) {
        return answer_problem(c, 400, arena_dup(c->arena, str_c(c->why.text)).at);
    }
    c->kept = redrive;
    call_on_end(c, redrive_ended);
    return redrive_on(c);
}

/* ---- queues ---- */

static void add_queue(struct call *c, struct buf *text, struct queue *queue, bool first)
{
    queue_settle(c->cell, queue, c->now);
    buf_printf(text,
               "%s\n{\"name\":\"%.*s\",\"arn\":\"%.*s\",\"visible\":%zu,\"in_flight\":%zu,"
               "\"delayed\":%zu,\"held\":%s,\"held_groups\":%s,\"duplicates\":%llu}",
               first ? "" : ",", STR_ARG(queue->name), STR_ARG(queue->arn), queue_visible(queue),
               queue->in_flight, queue->delayed,
               hold_on(c, HOLD_QUEUE, queue->arn, STR_NONE) ? "true" : "false",
               hold_on_any_key(c, HOLD_GROUP, queue->arn) ? "true" : "false",
               (unsigned long long)queue->duplicates);
}

/* GET /_weir/sqs/queues: all accounts' and regions'. */
status page_queues(struct call *c)
{
    struct str prefix = page_arg(c, "prefix");
    struct buf text;
    struct str key;
    void *queue;
    size_t count = 0;
    bool more = false;

    buf_init(&text, TEXT_BYTES_MAX);
    buf_add(&text, STR("{\"queues\":["));
    for (size_t i = 0; map_next(sqs_of(c)->queues, &i, &key, &queue) && !more;) {
        if (!str_starts(((struct queue *)queue)->name, prefix)) {
            continue;
        }
        more = count == SHOWN_MAX;
        if (!more) {
            add_queue(c, &text, queue, count++ == 0);
        }
    }
    buf_printf(&text, "],\"more\":%s}\n", more ? "true" : "false");
    call_answer(c, 200, "application/json", arena_dup(c->arena, buf_str(&text)));
    buf_done(&text);
    return OK;
}
