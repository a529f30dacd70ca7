/* SPDX-License-Identifier: Apache-2.0
 *
 * What the door says: outputs, errors, answers by hand, event streams.
 *
 * Rules
 *  1. What a call put into its reply goes out with its answer as well as with its error; a header
 *     of the reply replaces the encoder's of that name.
 *  2. A whole body must outlive the call: one that lies in a resumed run's arena is copied first.
 *  3. A page's errors are JSON, {"message": …}, whatever else weir speaks.
 */
#include "cell/posted.h"

#include "sys/log.h"
#include "wire/answer.h"
#include "wire/json.h"

#include <assert.h>

static struct str request_id(const struct visit *visit)
{
    return str_of(visit->request_id, sizeof(visit->request_id));
}

void door_add_header(struct answer *answer, struct str name, struct str value)
{
    bool many = str_eq(name, STR("set-cookie")); /* each is a field of its own */

    for (size_t i = 0; !many && i < answer->header_count; i++) {
        if (str_eq_nocase(answer->headers[i].name, name)) {
            answer->headers[i].value = value;
            return;
        }
    }
    if (!answer_add(answer, name, value)) {
        log_write(LOG_WARNING, "door", "an answer has more than %d fields", WIRE_HEADERS_MAX);
    }
}

/* Rule 1. */
static void add_reply(const struct visit *visit, struct answer *answer)
{
    const struct call_reply *reply = visit->task.call.reply;

    for (size_t i = 0; reply != NULL && i < reply->header_count; i++) {
        if (!reply->more[i]) {
            door_add_header(answer, reply->headers[i].name, reply->headers[i].value);
        } else if (!answer_add(answer, reply->headers[i].name, reply->headers[i].value)) {
            log_write(LOG_WARNING, "door", "an answer has more than %d fields", WIRE_HEADERS_MAX);
        }
    }
    if (visit->home->door->relaxed) {
        door_add_header(answer, STR("x-weir-durability"), STR("relaxed"));
    }
}

static void send_answer(struct visit *visit, const struct answer *answer)
{
    exchange_answer(visit->x, answer->http, answer->headers, answer->header_count, answer->body);
}

/* What a status says on the wire: the environment's errors become AWS's two words for them. */
static struct fault fault_of(const struct visit *visit, status code)
{
    const struct call *c = &visit->task.call;
    struct fault fault = {code,        str_c(c->why.text), c->detail,
                          c->resource, c->more,            c->more_count};

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

void door_end_visit(struct visit *visit)
{
    struct cell *cell = visit->home->door->cell;

    if (visit->task.ended != NULL) {
        cell_enter(cell);
        cell_end(cell, &visit->task);
        cell_leave(cell);
    }
    reply_unpin(cell, visit->task.call.reply);
    identity_drop(visit->task.call.identity);
    visit->task.call.identity = NULL;
    intake_end(visit->intake, visit->task.blob_kept);
    posted_end(visit->posted);
    exchange_set_user(visit->x, NULL);
    task_done_with(&visit->task);
}

/* Rule 3. */
static void encode_page_error(const struct visit *visit, const struct fault *fault,
                              struct answer *answer)
{
    struct arena *arena = exchange_arena(visit->x);
    struct buf text;

    answer_begin(&visit->route, request_id(visit), arena, answer);
    answer->http = fault->code->http;
    answer_add(answer, STR("content-type"), STR("application/json"));
    buf_init(&text, 16384);
    buf_add(&text, STR("{\"message\":"));
    json_write_str(&text, fault->message);
    buf_add(&text, STR("}\n"));
    answer->body = buf_spent(&text) ? STR_NONE : arena_dup(arena, buf_str(&text));
    buf_done(&text);
}

void door_answer_error(struct visit *visit, status code)
{
    struct fault fault = fault_of(visit, code);
    struct answer answer;

    if (visit->task.doing != NULL) {
        encode_page_error(visit, &fault, &answer);
    } else {
        wire_encode_error(&visit->route, &fault, request_id(visit), exchange_arena(visit->x),
                          &answer);
    }
    add_reply(visit, &answer);
    send_answer(visit, &answer);
    door_end_visit(visit);
}

/* Whether the body may be a value of the output tree as it lies there, not encoded. */
static bool body_is_value(const struct operation *operation)
{
    const struct shape *shape = model_shape(operation->output);

    for (uint32_t i = 0; i < shape->count; i++) {
        if (model_members[shape->first + i].flags & MEMBER_PAYLOAD) {
            return true;
        }
    }
    return false;
}

static status encode_output(struct visit *visit, struct answer *answer)
{
    const struct call *c = &visit->task.call;
    struct arena *arena = exchange_arena(visit->x);

    if (c->reply != NULL && c->reply->http != 0) {
        answer_begin(&visit->route, request_id(visit), arena, answer);
        answer->http = c->reply->http;
        answer->body = c->reply->body;
        return OK;
    }
    if (c->operation == NULL) { /* a page that says nothing */
        answer_begin(&visit->route, request_id(visit), arena, answer);
        answer->http = 204;
        return OK;
    }
    TRY(wire_encode(&visit->route, c->out, request_id(visit), arena, answer));
    if (visit->task.scratch != NULL && body_is_value(c->operation)) { /* rule 2 */
        answer->body = arena_dup(arena, answer->body);
    }
    return OK;
}

void door_answer_output(struct visit *visit)
{
    struct answer answer;
    status encoded = encode_output(visit, &answer);

    if (encoded != OK) {
        door_answer_error(visit, encoded);
        return;
    }
    add_reply(visit, &answer);
    if (visit->task.call.reply != NULL && visit->task.call.reply->extents != NULL) {
        send_begin(visit, &answer);
        return;
    }
    send_answer(visit, &answer);
    door_end_visit(visit);
}

/* ---- event streams ---- */

static void again(struct loop_work *work)
{
    struct visit *visit = LINK_OWNER(work, struct visit, back);

    door_to_batch(visit);
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

/* A page's answer in pieces. */
static void send_page_head(struct visit *visit)
{
    struct answer answer;
    const struct call_reply *reply = visit->task.call.reply;

    assert(reply != NULL);
    answer_begin(&visit->route, request_id(visit), exchange_arena(visit->x), &answer);
    add_reply(visit, &answer);
    visit->head_sent = true;
    exchange_begin(visit->x, reply->http, answer.headers, answer.header_count);
    exchange_send(visit->x, reply->body);
}

/* What a run emitted, as it goes out. */
static status emitted(const struct visit *visit, struct str *ret_message)
{
    const struct task *task = &visit->task;

    if (task->call.operation == NULL) {
        *ret_message = task->event_piece;
        return OK;
    }
    return wire_encode_event(&visit->route, task->event, task->event_value, task->call.arena,
                             ret_message);
}

static status send_head(struct visit *visit)
{
    struct answer answer;
    struct str first;

    if (visit->task.call.operation == NULL) {
        send_page_head(visit);
        return OK;
    }
    wire_encode_event_head(&visit->route, request_id(visit), exchange_arena(visit->x), &answer);
    add_reply(visit, &answer);
    TRY(wire_encode_event_first(&visit->route, visit->task.call.out, visit->task.call.arena,
                                &first));
    visit->head_sent = true;
    exchange_begin(visit->x, answer.http, answer.headers, answer.header_count);
    exchange_send(visit->x, first);
    return OK;
}

static void end_stream(struct visit *visit, status code)
{
    if (code != OK && code != &ERR_CLOSED && visit->task.call.operation != NULL) {
        struct fault fault = fault_of(visit, code);
        struct str message;

        if (wire_encode_event_error(&visit->route, &fault, visit->task.call.arena, &message) ==
            OK) {
            exchange_send(visit->x, message);
        }
    }
    struct exchange *x = visit->x;

    door_end_visit(visit);
    exchange_end(x);
}

void door_stream_on(struct visit *visit)
{
    struct task *task = &visit->task;
    struct str message;
    status code = task->result;

    if (!visit->head_sent) {
        if (code == OK) {
            code = send_head(visit);
        }
        if (code != OK) {
            door_answer_error(visit, code);
            return;
        }
        ask_for_more(visit);
        return;
    }
    if (code == OK && task->event != NULL) {
        code = emitted(visit, &message);
        if (code == OK) {
            exchange_send(visit->x, message);
            ask_for_more(visit);
            return;
        }
    }
    end_stream(visit, code);
}


void door_answer_nobody(struct visit *visit)
{
    struct exchange *x = visit->x;
    bool begun = visit->head_sent;

    door_end_visit(visit);
    if (begun) {
        exchange_end(x);
    } else {
        exchange_answer(x, 503, NULL, 0, STR_NONE);
    }
}
