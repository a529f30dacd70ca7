/* SPDX-License-Identifier: Apache-2.0
 *
 * PutLogEvents: AWS's rules of a batch.
 *
 *   0 ... too old, expired ... | taken | ... too new
 *
 * A batch is in the order of its events' time, so what is too old stands in front and what is too
 * new behind; both are told, the rest is taken.
 */
#include "svc/logs/event.h"
#include "svc/logs/keys.h"
#include "svc/logs/logs_ops.h"

static int64_t time_at(const struct value *list, size_t i)
{
    return get_int(&list->items[i], "timestamp", 0);
}

static status size_check(struct call *c, const struct value *list)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < list->count; i++) {
        size_t message = get_str(&list->items[i], "message").bytes + EVENT_EXTRA_BYTES;

        if (message > BATCH_BYTES_MAX) {
            return fail(c, &LOGS_INVALID, "Log event too large: %zu bytes exceeds limit of %u",
                        message, BATCH_BYTES_MAX);
        }
        bytes += message;
    }
    if (bytes > BATCH_BYTES_MAX) {
        return fail(c, &LOGS_INVALID, "Upload too large: %zu bytes exceeds limit of %u", bytes,
                    BATCH_BYTES_MAX);
    }
    return OK;
}

static status order_check(struct call *c, const struct value *list)
{
    for (uint32_t i = 1; i < list->count; i++) {
        if (time_at(list, i) < time_at(list, i - 1)) {
            return fail(c, &LOGS_INVALID,
                        "Log events in a single PutLogEvents request must be in chronological "
                        "order.");
        }
    }
    return OK;
}

/* Which of a batch are taken: [from, to). */
struct taken {
    size_t from, to;     /* indices */
    size_t too_old;      /* so many in front are older than 14 days */
    size_t expired;      /* so many in front are older than the group keeps */
};

static struct taken taken_of(const struct call *c, const struct group *group,
                             const struct value *list)
{
    struct taken taken = {.to = list->count};

    while (taken.too_old < list->count && time_at(list, taken.too_old) < c->now - TOO_OLD_MS) {
        taken.too_old++;
    }
    while (taken.expired < list->count &&
           time_at(list, taken.expired) < group_horizon_ms(c, group)) {
        taken.expired++;
    }
    taken.from = taken.too_old > taken.expired ? taken.too_old : taken.expired;
    while (taken.to > taken.from && time_at(list, taken.to - 1) > c->now + TOO_NEW_MS) {
        taken.to--;
    }
    return taken;
}

/* An end is the index behind the last that was rejected. */
static void put_rejected(struct call *c, const struct taken *taken, size_t count)
{
    struct value *info;

    if (taken->from == 0 && taken->to == count) {
        return;
    }
    info = put_struct(c, "rejectedLogEventsInfo");
    if (taken->to < count) {
        set_int(info, "tooNewLogEventStartIndex", (int64_t)taken->to);
    }
    if (taken->too_old > 0) {
        set_int(info, "tooOldLogEventEndIndex", (int64_t)taken->too_old);
    }
    if (taken->expired > taken->too_old) {
        set_int(info, "expiredLogEventEndIndex", (int64_t)taken->expired);
    }
}

/* PutLogEvents */
status logs_put_events(struct call *c)
{
    const struct value *list = arg(c, "logEvents");
    struct group *group;
    struct stream stream;
    struct taken taken;
    struct event *events;
    struct put put = {.stream = &stream};

    TRY(group_of_call(c, &group));
    TRY(stream_of_name(c, group, arg_str(c, "logStreamName"), &stream));
    TRY(size_check(c, list));
    TRY(order_check(c, list));
    taken = taken_of(c, group, list);
    if (taken.from < taken.to &&
        time_at(list, taken.to - 1) - time_at(list, taken.from) > MS_PER_DAY) {
        return fail(c, &LOGS_INVALID,
                    "The batch of log events in a single PutLogEvents request cannot span more "
                    "than 24 hours.");
    }
    put_rejected(c, &taken, list->count);
    put_str(c, "nextSequenceToken", arena_printf(c->arena, "%056lld", (long long)c->now));
    if (taken.from == taken.to) {
        return OK;
    }
    events = arena_alloc(c->arena, (taken.to - taken.from) * sizeof(*events));
    for (size_t i = taken.from; i < taken.to; i++) {
        events[i - taken.from] =
            (struct event){time_at(list, i), get_str(&list->items[i], "message")};
    }
    put.events = events;
    put.count = taken.to - taken.from;
    events_put(c, &put);
    call_on(c, stream_arn(c, &stream));
    return OK;
}
