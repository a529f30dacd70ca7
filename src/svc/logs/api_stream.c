/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations of log streams.
 *
 * By name they are listed as their rows lie. By their last event all streams of the group are
 * looked at for each page, of which those that fit are kept: costly where there are very many.
 */
#include "svc/logs/event.h"
#include "svc/logs/keys.h"
#include "svc/logs/logs_ops.h"

#include <stdlib.h>

/* CreateLogStream */
status logs_create_stream(struct call *c)
{
    struct group *group;
    struct stream stream;

    TRY(group_of_call(c, &group));
    TRY(stream_create(c, group, arg_str(c, "logStreamName"), &stream));
    call_on(c, stream_arn(c, &stream));
    return OK;
}

/* Chunks of streams that are gone stay in the group's log until it is trimmed. Where no stream is
 * left, that is now. */
static void log_empty(struct call *c, struct group *group)
{
    struct streams_span span = {.group = group};
    struct log_state state = txn_log_state(c->txn, group->log);
    struct txn_scan *scan = streams_scan(c, &span);
    struct stream stream;

    if (streams_next(c, group, scan, &stream)) {
        txn_scan_close(scan);
    } else if (state.last != 0 && state.first <= state.last) {
        txn_log_trim(c->txn, group->log, state.last + 1);
    }
}

/* DeleteLogStream */
status logs_delete_stream(struct call *c)
{
    struct group *group;
    struct stream stream;

    TRY(group_of_call(c, &group));
    TRY(stream_of_name(c, group, arg_str(c, "logStreamName"), &stream));
    if (group->protected) {
        return fail(c, &LOGS_VALIDATION,
                    "The log stream cannot be deleted because deletion protection is enabled for "
                    "its log group.");
    }
    stream_erase(c, &stream);
    gone_stream(c, group->log, stream.number);
    log_empty(c, group);
    sweep_soon(c);
    call_on(c, stream_arn(c, &stream));
    return OK;
}

/* ---- DescribeLogStreams ---- */

/* Time of the oldest event that is still there; -1: none. */
static int64_t first_ms(struct call *c, const struct stream *stream)
{
    struct wish wish = {.group = stream->group, .streams = &stream->number, .stream_count = 1,
                        .to_ms = INT64_MAX, .count_max = 1, .bytes_max = READ_BYTES_MAX};
    struct walked walked;

    if (stream->last_ms < 0 || events_walk(c, &wish, &walked) != OK || walked.count == 0) {
        return -1;
    }
    return walked.events[0].place.ms;
}

static void put_stream(struct call *c, struct value *item, const struct stream *stream)
{
    int64_t first = first_ms(c, stream);

    set_str(item, "logStreamName", stream->name);
    set_int(item, "creationTime", stream->created_ms);
    if (first >= 0) {
        set_int(item, "firstEventTimestamp", first);
        set_int(item, "lastEventTimestamp", stream->last_ms);
    }
    if (stream->ingested_ms >= 0) {
        set_int(item, "lastIngestionTime", stream->ingested_ms);
        set_str(item, "uploadSequenceToken",
                arena_printf(c->arena, "%056lld", (long long)stream->ingested_ms));
    }
    set_str(item, "arn", stream_arn(c, stream));
    set_int(item, "storedBytes", 0); /* as on AWS, since 2019 */
}

static status by_name(struct call *c, struct group *group, size_t limit)
{
    struct value *list = put_list(c, "logStreams", limit);
    struct streams_span span = {.group = group, .prefix = arg_str(c, "logStreamNamePrefix"),
                                .descending = arg_bool(c, "descending", false)};
    struct txn_scan *scan;
    struct stream stream;

    TRY(token_read(c, "nextToken", &span.after));
    scan = streams_scan(c, &span);
    while (streams_next(c, group, scan, &stream)) {
        if (list->count == limit) {
            put_str(c, "nextToken",
                    token_of(c, get_str(&list->items[limit - 1], "logStreamName")));
            txn_scan_close(scan);
            break;
        }
        put_stream(c, list_add(c->arena, list), &stream);
    }
    return OK;
}

/* The first streams by their last event, in one direction, behind a place in that order. */
struct leaders {
    struct stream *streams;  /* sorted */
    size_t count, room;      /* of them; one more than the page has */
    bool descending;
    struct stream after;     /* behind this one; name empty: from the first */
};

static int compare(const struct leaders *leaders, const struct stream *a, const struct stream *b)
{
    int order = a->last_ms == b->last_ms ? str_cmp(a->name, b->name)
                                         : a->last_ms < b->last_ms ? -1 : 1;

    return leaders->descending ? -order : order;
}

static void leader_add(struct leaders *leaders, const struct stream *stream)
{
    size_t at = leaders->count;

    if (leaders->after.name.bytes > 0 && compare(leaders, stream, &leaders->after) <= 0) {
        return;
    }
    while (at > 0 && compare(leaders, stream, &leaders->streams[at - 1]) < 0) {
        at--;
    }
    if (at == leaders->room) {
        return;
    }
    leaders->count += leaders->count < leaders->room ? 1 : 0;
    memmove(&leaders->streams[at + 1], &leaders->streams[at],
            (leaders->count - at - 1) * sizeof(*leaders->streams));
    leaders->streams[at] = *stream;
}

static status place_of_token(struct call *c, struct stream *ret_after)
{
    struct str text;
    struct str rest;

    TRY(token_read(c, "nextToken", &text));
    rest = text;
    if (text.bytes > 0 && (!str_to_i64(str_split(&rest, ' '), &ret_after->last_ms) ||
                           rest.bytes == 0)) {
        return fail(c, &LOGS_INVALID, "The specified nextToken is invalid.");
    }
    ret_after->name = text.bytes > 0 ? rest : STR_NONE;
    return OK;
}

static status by_last_event(struct call *c, struct group *group, size_t limit)
{
    struct leaders leaders = {.room = limit + 1, .descending = arg_bool(c, "descending", false)};
    struct streams_span span = {.group = group};
    struct value *list = put_list(c, "logStreams", limit);
    struct txn_scan *scan;
    struct stream stream;

    TRY(place_of_token(c, &leaders.after));
    leaders.streams = arena_alloc(c->arena, (limit + 2) * sizeof(*leaders.streams));
    scan = streams_scan(c, &span);
    while (streams_next(c, group, scan, &stream)) {
        leader_add(&leaders, &stream);
    }
    for (size_t i = 0; i < leaders.count && i < limit; i++) {
        put_stream(c, list_add(c->arena, list), &leaders.streams[i]);
    }
    if (leaders.count > limit) {
        const struct stream *last = &leaders.streams[limit - 1];

        put_str(c, "nextToken",
                token_of(c, arena_printf(c->arena, "%lld %.*s", (long long)last->last_ms,
                                         STR_ARG(last->name))));
    }
    return OK;
}

/* DescribeLogStreams */
status logs_describe_streams(struct call *c)
{
    size_t limit = limit_of_call(c, "limit", PAGE_DEFAULT);
    bool by_time = str_eq(arg_str(c, "orderBy"), STR("LastEventTime"));
    struct group *group;

    TRY(group_of_either(c, &group));
    if (by_time && arg_has(c, "logStreamNamePrefix")) {
        return fail(c, &LOGS_INVALID,
                    "Cannot order by LastEventTime with a logStreamNamePrefix.");
    }
    return by_time ? by_last_event(c, group, limit) : by_name(c, group, limit);
}
