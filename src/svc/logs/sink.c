/* SPDX-License-Identifier: Apache-2.0
 *
 * CloudWatch Logs on the bus: a log stream takes events as log events. Its ARN is
 * arn:aws:logs:REGION:ACCOUNT:log-group:GROUP:log-stream:STREAM.
 *
 *   body                       one message, at the call's moment
 *   attribute "timestamp"      (Number) another moment, in ms
 *   attribute "batch" "json"   body is [{"timestamp":1732350000123,"message":"…"}, …]
 *
 * From Lambda a group and a stream that are not there are made, from EventBridge and API Gateway a
 * stream. What PutLogEvents would reject is taken all the same: output of a function is not lost
 * because its clock is wrong. A message that is too long is cut, an empty one passed over; what is
 * no UTF-8 in it becomes question marks.
 */
#include "bus/sink.h"

#include "base/codec.h"
#include "svc/logs/event.h"
#include "svc/logs/keys.h"
#include "wire/json.h"

#include <stdlib.h>

#define MESSAGE_BYTES_MAX (BATCH_BYTES_MAX - EVENT_EXTRA_BYTES)
#define EVENTS_MAX 20000                        /* in one hand-off: of three changes at most */
#define BODY_BYTES_MAX (8u * 1024 * 1024)       /* of it */

/* Whose events they will be. */
struct end {
    struct str group, stream; /* names, in the event's ARN */
};

static bool is_group_name(struct str name)
{
    for (size_t i = 0; i < name.bytes; i++) {
        char ch = name.at[i];

        if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
              strchr(".-_/#", ch) != NULL) || ch == '\0') {
            return false;
        }
    }
    return name.bytes > 0 && name.bytes <= LOGS_NAME_BYTES_MAX;
}

static bool is_stream_name(struct str name)
{
    return name.bytes > 0 && name.bytes <= LOGS_NAME_BYTES_MAX &&
           str_find(name, ':', 0) == name.bytes && str_find(name, '*', 0) == name.bytes;
}

static bool end_of(const struct bus_event *event, struct end *ret_end)
{
    struct str between = STR(":log-stream:");
    struct str rest;
    struct arn arn;
    size_t at;

    if (!arn_read(event->target, &arn) || !str_starts(arn.resource, STR("log-group:"))) {
        return false;
    }
    rest = str_slice(arn.resource, STR("log-group:").bytes, arn.resource.bytes);
    at = str_find_str(rest, between);
    ret_end->group = str_slice(rest, 0, at);
    ret_end->stream = str_slice(rest, at + between.bytes, rest.bytes);
    return is_group_name(ret_end->group) && is_stream_name(ret_end->stream);
}

static bool may_make(const struct bus_event *event)
{
    return str_eq(event->principal, STR("lambda.amazonaws.com"));
}

static bool may_make_stream(const struct bus_event *event)
{
    return may_make(event) || str_eq(event->principal, STR("events.amazonaws.com")) ||
           str_eq(event->principal, STR("apigateway.amazonaws.com"));
}

static struct str attribute_of(const struct bus_event *event, const char *name)
{
    for (size_t i = 0; i < event->attribute_count; i++) {
        if (str_eq(event->attributes[i].name, str_c(name))) {
            return event->attributes[i].value;
        }
    }
    return STR_NONE;
}

static status check(struct call *c, const struct bus_event *event)
{
    struct group *group;
    struct stream stream;
    struct end end;

    if (!end_of(event, &end)) {
        return fail(c, &BUS_NO_TARGET, "%.*s is not a log stream's ARN",
                    STR_ARG(str_slice(event->target, 0, 512)));
    }
    if (event->body.bytes > BODY_BYTES_MAX) {
        return fail(c, &BUS_TOO_LARGE, "A log stream takes at most %u bytes at once",
                    BODY_BYTES_MAX);
    }
    group = group_find(groups_of(c), c->account, c->region, end.group);
    if (may_make(event)) {
        return group != NULL || map_count(groups_of(c)->groups) < GROUPS_MAX
                   ? OK
                   : fail(c, &BUS_REFUSED, "There are %d log groups", GROUPS_MAX);
    }
    if (group == NULL ||
        (!may_make_stream(event) && !stream_load(c, group, end.stream, &stream))) {
        return fail(c, &BUS_NO_TARGET, "There is no log stream %.*s",
                    STR_ARG(str_slice(event->target, 0, 512)));
    }
    return OK;
}

/* ---- what it brings ---- */

struct lines {
    struct event *events;   /* in the call's arena */
    size_t count;           /* of them */
};

/* Text, and not too long. */
static struct str clean(struct call *c, struct str message)
{
    size_t end = message.bytes < MESSAGE_BYTES_MAX ? message.bytes : MESSAGE_BYTES_MAX;
    char *text;

    while (end < message.bytes && end > 0 && ((unsigned char)message.at[end] & 0xc0) == 0x80) {
        end--; /* not within a letter */
    }
    message = str_slice(message, 0, end);
    if (utf8_valid(message)) {
        return message;
    }
    text = arena_alloc(c->arena, message.bytes);
    for (size_t i = 0; i < message.bytes; i++) {
        text[i] = (unsigned char)message.at[i] < 0x80 ? message.at[i] : '?';
    }
    return str_of(text, message.bytes);
}

static void line_add(struct call *c, struct lines *lines, int64_t ms, struct str message)
{
    if (message.bytes > 0) {
        lines->events[lines->count++] =
            (struct event){ms < 0 || ms > TIME_MS_MAX ? c->now : ms, clean(c, message)};
    }
}

static status read_batch(struct call *c, struct str body, struct lines *lines)
{
    struct value document;
    struct why why;

    if (json_read(arena_dup(c->arena, body), 0, c->arena, &why, &document) != OK ||
        document.kind != VALUE_LIST) {
        return fail(c, &BUS_REFUSED, "A batch of log events is a JSON array");
    }
    if (document.count > EVENTS_MAX) {
        return fail(c, &BUS_TOO_LARGE, "A batch has at most %d log events", EVENTS_MAX);
    }
    lines->events = arena_alloc(c->arena, (document.count + 1) * sizeof(struct event));
    for (uint32_t i = 0; i < document.count; i++) {
        const struct value *item = &document.items[i];
        const struct value *ms =
            item->kind == VALUE_MAP ? map_find(item, STR("timestamp")) : NULL;
        const struct value *message =
            item->kind == VALUE_MAP ? map_find(item, STR("message")) : NULL;

        if (message != NULL && message->kind == VALUE_STR) {
            line_add(c, lines, ms != NULL && ms->kind == VALUE_INT ? ms->number : c->now,
                     message->str);
        }
    }
    return OK;
}

static status read_lines(struct call *c, const struct bus_event *event, struct lines *lines)
{
    int64_t ms = c->now;

    if (str_eq(attribute_of(event, "batch"), STR("json"))) {
        return read_batch(c, event->body, lines);
    }
    (void)str_to_i64(attribute_of(event, "timestamp"), &ms);
    lines->events = arena_alloc(c->arena, sizeof(struct event));
    line_add(c, lines, ms, event->body);
    return OK;
}

/* In the order of their time; those of one moment as they came. */
static void sort(struct call *c, struct lines *lines)
{
    struct event *from = lines->events;
    struct event *to;
    bool sorted = true;

    for (size_t i = 1; i < lines->count; i++) {
        sorted &= from[i - 1].ms <= from[i].ms;
    }
    if (sorted) {
        return;
    }
    to = arena_alloc(c->arena, lines->count * sizeof(*to));
    for (size_t width = 1; width < lines->count; width *= 2) { /* merging keeps what is equal */
        for (size_t at = 0; at < lines->count; at += 2 * width) {
            size_t middle = at + width < lines->count ? at + width : lines->count;
            size_t end = at + 2 * width < lines->count ? at + 2 * width : lines->count;
            size_t left = at, right = middle;

            for (size_t i = at; i < end; i++) {
                bool takes_left =
                    left < middle && (right == end || from[left].ms <= from[right].ms);

                to[i] = takes_left ? from[left++] : from[right++];
            }
        }
        struct event *was = from;

        from = to;
        to = was;
    }
    lines->events = from;
}

static status take(struct call *c, const struct bus_event *event)
{
    struct lines lines = {.count = 0};
    struct stream stream;
    struct put put = {.stream = &stream};
    struct group *group;
    struct end end;

    (void)end_of(event, &end); /* checked */
    TRY(read_lines(c, event, &lines));
    group = group_find(groups_of(c), c->account, c->region, end.group);
    if (group == NULL) {
        group = group_create(c, end.group, CLASS_STANDARD);
    }
    if (!stream_load(c, group, end.stream, &stream)) {
        (void)stream_create(c, group, end.stream, &stream);
    }
    if (lines.count > 0) {
        sort(c, &lines);
        put.events = lines.events;
        put.count = lines.count;
        events_put(c, &put);
    }
    return OK;
}

static const struct sink sink = {"logs", check, take, NULL};

void logs_join_bus(struct cell *cell)
{
    bus_sink_add(cell, &sink);
    subscriptions_join_bus(cell);
}
