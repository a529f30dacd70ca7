/* SPDX-License-Identifier: Apache-2.0
 *
 * What handlers call: failing in AWS's words, names, answers beyond the model, parking, work on
 * other threads, event streams.
 */
#include "cell/call.h"

#include "base/codec.h"
#include "cell/cell_int.h"

#include <assert.h>
#include <stdio.h>

static struct task *task_of(struct call *c)
{
    static_assert(offsetof(struct task, call) == 0, "a call is the head of its task");
    return (struct task *)(void *)c;
}

status fail(struct call *c, status code, const char *format, ...)
{
    va_list args;

    assert(code != OK);
    va_start(args, format);
    vsnprintf(c->why.text, sizeof(c->why.text), format, args);
    va_end(args);
    return code;
}

struct value *fail_detail(struct call *c, status code)
{
    const struct shape *shape = model_error(c->operation, str_c(code->code));

    assert(shape != NULL);
    c->detail = value_struct(c->arena, (uint32_t)(shape - model_shapes));
    return c->detail;
}

void fail_more(struct call *c, const char *element, struct str value)
{
    assert(c->more_count < CALL_MORE_MAX);
    if (c->more == NULL) {
        c->more = arena_zero(c->keep, CALL_MORE_MAX * sizeof(c->more[0]));
    }
    c->more[c->more_count++] = (struct fault_more){str_c(element), arena_dup(c->keep, value)};
}

struct str call_arn(struct call *c, const char *service, const char *format, ...)
{
    struct arn arn = {arn_partition(c->region), str_c(service), c->region, c->account, STR_NONE};
    va_list args;

    va_start(args, format);
    arn.resource = arena_vprintf(c->arena, format, args);
    va_end(args);
    return arn_write(c->arena, &arn);
}

/* ---- answers beyond the model ---- */

static struct call_reply *reply_of(struct call *c)
{
    if (c->reply == NULL) {
        c->reply = ARENA_NEW(c->keep, struct call_reply);
    }
    return c->reply;
}

/* What a resumed run says lies in an arena that is gone when the answer leaves. */
static struct str kept(struct call *c, struct str s)
{
    return c->arena == c->keep || s.bytes == 0 ? s : arena_dup(c->keep, s);
}

void put_header(struct call *c, const char *name, struct str value)
{
    struct call_reply *reply = reply_of(c);

    assert(reply->header_count < CALL_HEADERS_MAX);
    reply->headers[reply->header_count++] = (struct http_header){str_c(name), kept(c, value)};
}

void put_header_more(struct call *c, const char *name, struct str value)
{
    put_header(c, name, value);
    c->reply->more[c->reply->header_count - 1] = true;
}

void call_answer(struct call *c, int http, const char *content_type, struct str body)
{
    struct call_reply *reply = reply_of(c);

    assert(http >= 200);
    assert(http <= 599);
    if (content_type != NULL) {
        put_header(c, "content-type", str_c(content_type));
    }
    reply->http = http;
    reply->body = kept(c, body);
}

int call_answered(const struct call *c)
{
    return c->reply == NULL ? 0 : c->reply->http;
}

uint64_t call_sends(const struct call *c)
{
    return c->reply == NULL ? 0 : c->reply->size;
}

void call_send(struct call *c, const struct call_extent *extents, size_t count)
{
    struct call_reply *reply = reply_of(c);
    struct blobs *blobs = store_blobs(c->cell->store);

    assert(!reply->pinned);
    reply->extents = arena_alloc(c->keep, (count + 1) * sizeof(extents[0]));
    reply->extent_count = count;
    reply->size = 0;
    for (size_t i = 0; i < count; i++) {
        struct call_extent *extent = &reply->extents[i];

        *extent = extents[i];
        reply->size += extent->size;
        if (extent->blob.bytes == 0) {
            assert(extent->offset + extent->size <= extent->bytes.bytes);
            extent->bytes = kept(c, extent->bytes);
            continue;
        }
        extent->blob = arena_dup(c->keep, extent->blob);
        if (extent->cipher != NULL) {
            struct call_cipher *cipher = arena_alloc(c->keep, sizeof(*cipher));

            *cipher = *extent->cipher;
            extent->cipher = cipher;
        }
        blobs_pin(blobs, extent->blob);
        reply->pinned = true;
    }
}

void reply_unpin(struct cell *cell, struct call_reply *reply)
{
    if (reply == NULL || !reply->pinned) {
        return;
    }
    reply->pinned = false;
    for (size_t i = 0; i < reply->extent_count; i++) {
        if (reply->extents[i].blob.bytes > 0) {
            blobs_unpin(store_blobs(cell->store), reply->extents[i].blob);
        }
    }
}

/* ---- pages ---- */

/* name=value pairs joined by '&', as in a query or a form. */
static bool pair_find(struct call *c, struct str pairs, const char *name, struct str *ret_value)
{
    while (pairs.at != NULL) {
        struct str piece = str_split(&pairs, '&');
        size_t equals = str_find(piece, '=', 0);
        struct str key;

        if (percent_decode(c->arena, str_slice(piece, 0, equals), true, &key) &&
            str_eq(key, str_c(name)) &&
            percent_decode(c->arena, str_slice(piece, equals + 1, piece.bytes), true, ret_value)) {
            return true;
        }
    }
    return false;
}

struct str page_arg(struct call *c, const char *name)
{
    const struct http_request *request = c->request;
    struct str value = STR_NONE;

    if (request == NULL || pair_find(c, request->query, name, &value)) {
        return value;
    }
    if (str_starts(http_header(request, STR("content-type")),
                   STR("application/x-www-form-urlencoded"))) {
        (void)pair_find(c, request->body, name, &value);
    }
    return value;
}

/* ---- waiting ---- */

void waiters_init(struct waiters *waiters)
{
    link_init(&waiters->head);
}

bool waiters_any(const struct waiters *waiters)
{
    return !link_alone(&waiters->head);
}

static void make_ready(struct cell *cell, struct task *task)
{
    assert(task->state == TASK_PARKED || task->state == TASK_AT_WORK);
    timer_unset(&cell->timers, &task->timer);
    link_remove(&task->link);
    list_push(&cell->ready, &task->link);
    task->state = TASK_READY;
}

void waiters_wake_some(struct cell *cell, struct waiters *waiters, size_t count)
{
    for (; count > 0 && waiters_any(waiters); count--) {
        make_ready(cell, LINK_OWNER(waiters->head.next, struct task, link));
    }
}

void waiters_wake(struct cell *cell, struct waiters *waiters)
{
    while (waiters_any(waiters)) {
        make_ready(cell, LINK_OWNER(waiters->head.next, struct task, link));
    }
}

void task_deadline(struct cell *cell, struct timer *timer)
{
    make_ready(cell, LINK_OWNER(timer, struct task, timer));
}

void call_park(struct call *c, struct waiters *on, int64_t until_ms,
               status (*resume)(struct call *c))
{
    struct task *task = task_of(c);

    assert(task->state == TASK_NEW);
    task->run = resume;
    task->state = TASK_PARKED;
    task->timer.fire = task_deadline;
    timer_set(&c->cell->timers, &task->timer, until_ms);
    if (on != NULL) {
        list_push(&on->head, &task->link);
    }
}

/* On a worker thread. It waits for the cell, so the run that asked for this is over by then. */
static void job_run(struct pool_work *work)
{
    struct call_job *job = LINK_OWNER(work, struct call_job, work);
    struct task *task = job->task;
    struct cell *cell = task->call.cell;

    job->run(job->arg);
    cell_enter(cell);
    task->must_run = true;
    make_ready(cell, task);
    cell_leave(cell);
}

void call_work(struct call *c, void (*run)(void *arg), void *arg,
               status (*resume)(struct call *c))
{
    struct task *task = task_of(c);

    assert(task->state == TASK_NEW);
    task->run = resume;
    task->state = TASK_AT_WORK;
    task->job = (struct call_job){.task = task, .run = run, .arg = arg};
    task->job.work.run = job_run;
    if (task->inner) {
        run(arg);
        task->state = TASK_READY;
    } else if (c->cell->closing) {
        run(arg);
        task->must_run = true;
        make_ready(c->cell, task);
    } else {
        pool_post(c->cell->workers, &task->job.work);
    }
}

void call_last(struct call *c, status (*last)(struct call *c, status result, void *arg), void *arg)
{
    struct task *task = LINK_OWNER(c, struct task, call);

    assert(!task->inner);
    task->last = last;
    task->last_arg = arg;
}

void call_on_end(struct call *c, void (*ended)(struct call *c))
{
    task_of(c)->ended = ended;
}

void call_stream(struct call *c, status (*next)(struct call *c))
{
    struct task *task = task_of(c);

    task->streaming = true;
    task->run = next;
}

/* The member of the output that is the event stream, then the event's member in it. */
static const struct member *event_member(const struct call *c, const char *event)
{
    const struct shape *output = model_shape(c->operation->output);

    for (uint32_t i = 0; i < output->count; i++) {
        const struct shape *stream = model_shape(model_members[output->first + i].shape);

        if (stream->flags & SHAPE_EVENTSTREAM) {
            int index = model_member_index(stream, str_c(event));

            return index < 0 ? NULL : &model_members[stream->first + (uint32_t)index];
        }
    }
    return NULL;
}

struct value *call_emit(struct call *c, const char *event)
{
    struct task *task = task_of(c);
    const struct member *member = event_member(c, event);

    assert(member != NULL);
    assert(task->event == NULL);
    task->event = event;
    task->event_value = value_struct(c->arena, member->shape);
    return task->event_value;
}

void call_emit_piece(struct call *c, struct str piece)
{
    struct task *task = task_of(c);

    assert(c->operation == NULL);
    assert(task->event == NULL);
    assert(piece.bytes > 0);
    task->event = "piece";
    task->event_piece = piece;
}

/* ---- links ---- */

struct str call_host(const struct call *c)
{
    struct str own;

    if (c->request != NULL && c->request->authority.bytes > 0) {
        return c->request->authority;
    }
    own = cell_address(c->cell);
    return str_slice(own, str_find_str(own, STR("://")) + 3, own.bytes);
}

struct str call_port(const struct call *c)
{
    struct str host = call_host(c);
    size_t colon = host.bytes;

    while (colon > 0 && host.at[colon - 1] >= '0' && host.at[colon - 1] <= '9') {
        colon--; /* what stands behind the last colon of "[::1]:4566", too */
    }
    return colon > 0 && host.at[colon - 1] == ':' ? str_slice(host, colon - 1, host.bytes)
                                                  : STR("");
}

bool call_tls(const struct call *c)
{
    return c->request != NULL && c->request->authority.bytes > 0
               ? c->request->tls
               : str_starts(cell_address(c->cell), STR("https://"));
}
