/* SPDX-License-Identifier: Apache-2.0
 *
 * What handlers call: failing in AWS's words, names, parking, event streams.
 */
#include "cell/call.h"

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

struct str call_arn(struct call *c, const char *service, const char *format, ...)
{
    struct arn arn = {arn_partition(c->region), str_c(service), c->region, c->account, STR_NONE};
    va_list args;

    va_start(args, format);
    arn.resource = arena_vprintf(c->arena, format, args);
    va_end(args);
    return arn_write(c->arena, &arn);
}

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
    assert(task->state == TASK_PARKED);
    timer_unset(&cell->timers, &task->timer);
    link_remove(&task->link);
    list_push(&cell->ready, &task->link);
    task->state = TASK_READY;
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

    assert(task->state != TASK_PARKED);
    task->run = resume;
    task->state = TASK_PARKED;
    task->timer.fire = task_deadline;
    timer_set(&c->cell->timers, &task->timer, until_ms);
    if (on != NULL) {
        list_push(&on->head, &task->link);
    }
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
