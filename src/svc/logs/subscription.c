/* SPDX-License-Identifier: Apache-2.0
 *
 * What subscription filters hand on: events that match, as JSON packed by gzip, to a stream, a
 * delivery stream or a function, in the entry that has the events. A function gets it in base64, as
 * {"awslogs":{"data":"…"}}. What is too large for a destination goes in halves. One that refuses
 * has its refusal in the trace, and the events are in their log all the same.
 *
 * A new destination (but a function) is told so by a CONTROL_MESSAGE.
 */
#include "base/codec.h"
#include "base/compress.h"
#include "bus/hold.h"
#include "bus/sink.h"
#include "svc/logs/event.h"
#include "svc/logs/keys.h"
#include "svc/logs/logs_ops.h"
#include "wire/json.h"

#define PACKED_BYTES_MAX (16u << 20)  /* JSON of a whole batch, every letter escaped */
#define SCRATCH_BYTES_MAX (16u << 20)

/* One filter's share of what was put. */
struct share {
    const struct put *put;             /* the batch */
    struct subscription *subscription; /* whose share */
    const size_t *picked;              /* indices of events that match */
    struct arena *scratch;             /* of the filter */
};

/* ---- where to ---- */

/* A destination of PutDestination leads on to its target; STR_NONE: it is not there. */
static struct str target_of(struct call *c, const struct subscription *subscription)
{
    struct arn arn;

    if (!arn_read(subscription->destination, &arn) || !str_eq(arn.service, STR("logs"))) {
        return subscription->destination;
    }
    return destination_target(c, &arn);
}

static bool goes_to(const struct bus_event *event, const char *service)
{
    struct arn arn;

    return arn_read(event->target, &arn) && str_eq(arn.service, str_c(service));
}

/* Permissions of functions say "logs.amazonaws.com", older ones "logs.us-east-1.amazonaws.com". */
static void principal_choose(struct call *c, const struct group *group, struct bus_event *event)
{
    struct str usual = event->principal;

    if (goes_to(event, "lambda") && bus_check(c, event) == &BUS_REFUSED) {
        event->principal =
            arena_printf(c->arena, "logs.%.*s.amazonaws.com", STR_ARG(group->region));
        if (bus_check(c, event) != OK) {
            event->principal = usual;
        }
    }
}

struct str subscription_arn(struct call *c, const struct group *group,
                            const struct subscription *subscription)
{
    return arena_printf(c->arena, "%.*s:subscription-filter:%.*s", STR_ARG(group_arn(c, group)),
                        STR_ARG(subscription->name));
}

static struct bus_event event_to(struct call *c, const struct group *group,
                                 const struct subscription *subscription)
{
    struct bus_event event = {
        .target = target_of(c, subscription),
        .source = group_arn(c, group),
        .principal = STR("logs.amazonaws.com"),
        .via = subscription_arn(c, group, subscription),
        .account = group->account,
    };

    principal_choose(c, group, &event);
    return event;
}

/* ---- what ---- */

static void add_member(struct buf *text, const char *name, struct str value)
{
    buf_printf(text, "\"%s\":", name);
    json_write_str(text, value);
}

/* Fields of a message that has spaces between. */
static void add_extracted(struct buf *text, const struct share *share, struct str message)
{
    struct extract extracts[FILTER_FIELDS_MAX];
    size_t count = filter_extract(share->subscription->filter, message, share->scratch, extracts,
                                  FILTER_FIELDS_MAX);

    for (size_t i = 0; i < count; i++) {
        buf_add(text, i == 0 ? STR(",\"extractedFields\":{") : STR(","));
        json_write_str(text, str_slice(extracts[i].name, 1, extracts[i].name.bytes));
        buf_add_c(text, ':');
        json_write_str(text, extracts[i].value);
    }
    buf_add(text, count > 0 ? STR("}") : STR(""));
}

static void add_events(struct call *c, struct buf *text, const struct share *share, size_t from,
                       size_t to)
{
    const struct put *put = share->put;
    bool fields = filter_has_fields(share->subscription->filter);

    for (size_t i = from; i < to; i++) {
        size_t at = share->picked[i];

        buf_add(text, i == from ? STR("{") : STR(",{"));
        add_member(text, "id", event_id(c, put->stream->group, put->places[at]));
        buf_printf(text, ",\"timestamp\":%lld,", (long long)put->events[at].ms);
        add_member(text, "message", put->events[at].message);
        if (fields) {
            add_extracted(text, share, put->events[at].message);
        }
        buf_add_c(text, '}');
    }
}

static void add_data(struct call *c, struct buf *text, const struct share *share, size_t from,
                     size_t to)
{
    const struct stream *stream = share->put->stream;

    buf_add(text, STR("{\"messageType\":\"DATA_MESSAGE\","));
    add_member(text, "owner", stream->group->account);
    buf_add_c(text, ',');
    add_member(text, "logGroup", stream->group->name);
    buf_add_c(text, ',');
    add_member(text, "logStream", stream->name);
    buf_add(text, STR(",\"subscriptionFilters\":["));
    json_write_str(text, share->subscription->name);
    buf_add(text, STR("],\"logEvents\":["));
    add_events(c, text, share, from, to);
    buf_add(text, STR("]}"));
}

/* As its destination wants it; STR_NONE: too much. Takes the text. */
static struct str packed(struct call *c, struct buf *text, bool function)
{
    struct buf zipped;
    struct str body = STR_NONE;

    buf_init(&zipped, PACKED_BYTES_MAX);
    if (!buf_spent(text) && compress_add(&zipped, COMPRESSION_GZIP_FAST, buf_str(text)) == OK) {
        if (function) {
            buf_clear(text);
            buf_add(text, STR("{\"awslogs\":{\"data\":\""));
            buf_add_base64(text, buf_str(&zipped));
            buf_add(text, STR("\"}}"));
        }
        body = arena_dup(c->arena, function ? buf_str(text) : buf_str(&zipped));
    }
    buf_done(&zipped);
    buf_done(text);
    return body;
}

/* ---- giving ---- */

/* A part of a share; whether it is not too large. Staged when it is not, or cannot be halved. */
static bool give_part(struct call *c, const struct share *share, size_t from, size_t to)
{
    const struct stream *stream = share->put->stream;
    struct bus_event event = event_to(c, stream->group, share->subscription);
    struct buf text;

    buf_init(&text, PACKED_BYTES_MAX);
    add_data(c, &text, share, from, to);
    event.body = packed(c, &text, goes_to(&event, "lambda"));
    event.key = share->subscription->random ? uuid_new(c) : stream->name;
    event.about = event_id(c, stream->group, share->put->places[share->picked[from]]);
    if (to - from > 1 && (event.body.at == NULL || bus_check(c, &event) == &BUS_TOO_LARGE)) {
        return false;
    }
    if (event.target.bytes > 0 && event.body.at != NULL) {
        (void)bus_send(c, &event); /* refused: the trace says so */
    }
    return true;
}

/* Halves that are too large are halved again; the left one waits on no stack. */
static void give(struct call *c, const struct share *share, size_t count)
{
    size_t from = 0;

    while (from < count) {
        size_t to = count;

        while (!give_part(c, share, from, to)) {
            to = from + (to - from + 1) / 2;
        }
        from = to;
    }
}

void subscriptions_give(struct call *c, const struct put *put)
{
    const struct group *group = put->stream->group;
    size_t *picked;
    struct arena *scratch;

    if (group->subscription_count == 0) {
        return;
    }
    picked = arena_alloc(c->arena, put->count * sizeof(*picked));
    scratch = arena_new(SCRATCH_BYTES_MAX);
    for (size_t i = 0; i < group->subscription_count; i++) {
        struct share share = {put, group->subscriptions[i], picked, scratch};
        size_t count = 0;

        for (size_t k = 0; k < put->count; k++) {
            if (filter_match(share.subscription->filter, put->events[k].message, scratch)) {
                picked[count++] = k;
            }
        }
        give(c, &share, count);
    }
    arena_free(scratch);
    c->why.text[0] = '\0';
}

/* ---- greeting ---- */

static __attribute__((returns_nonnull)) status not_there(struct call *c,
                                                         const struct bus_event *event)
{
    if (goes_to(event, "lambda")) {
        return fail(c, &LOGS_INVALID,
                    "Could not execute the lambda function. Make sure you have given CloudWatch "
                    "Logs permission to execute your function.");
    }
    return fail(c, &LOGS_INVALID,
                "Could not deliver test message to specified %s. Check if the given %s is in "
                "ACTIVE state.",
                goes_to(event, "firehose") ? "Firehose stream" : "Kinesis stream",
                goes_to(event, "firehose") ? "Firehose stream" : "kinesis stream");
}

status subscription_check(struct call *c, const struct group *group,
                          const struct subscription *subscription)
{
    struct bus_event event = event_to(c, group, subscription);

    if (event.target.bytes == 0) {
        return fail(c, &LOGS_INVALID, "The specified destination does not exist.");
    }
    if (!goes_to(&event, "kinesis") && !goes_to(&event, "firehose") &&
        !goes_to(&event, "lambda")) {
        return fail(c, &LOGS_INVALID,
                    "PutSubscriptionFilter operation cannot work with destinationArn for vendor "
                    "%.*s", STR_ARG(subscription->destination));
    }
    return bus_check(c, &event) == OK ? OK : not_there(c, &event);
}

void subscription_greet(struct call *c, const struct group *group,
                        const struct subscription *subscription)
{
    struct bus_event event = event_to(c, group, subscription);
    struct buf text;

    if (goes_to(&event, "lambda")) {
        return;
    }
    buf_init(&text, 4096);
    buf_printf(&text,
               "{\"messageType\":\"CONTROL_MESSAGE\",\"owner\":\"CloudwatchLogs\","
               "\"logGroup\":\"\",\"logStream\":\"\",\"subscriptionFilters\":[],"
               "\"logEvents\":[{\"id\":\"\","
               "\"timestamp\":%lld,\"message\":\"CWL CONTROL MESSAGE: Checking health of "
               "destination %s.\"}]}",
               (long long)c->now, goes_to(&event, "firehose") ? "Firehose" : "Kinesis stream");
    event.body = packed(c, &text, false);
    event.key = uuid_new(c);
    (void)bus_send(c, &event);
    c->why.text[0] = '\0';
}

/* ---- holds ---- */

/* "group:filter", or its ARN. */
static status find(struct call *c, struct str name, struct str *ret_arn)
{
    struct str between = STR(":subscription-filter:");
    size_t at = str_find_str(name, between);
    struct str filter = str_slice(name, at + between.bytes, name.bytes);
    struct subscription *found;
    struct group *group;

    if (at == name.bytes) {
        at = str_find(name, ':', 0);
        filter = str_slice(name, at + 1, name.bytes);
    }
    group = group_anywhere(c, str_slice(name, 0, at));
    found = group == NULL ? NULL : subscription_find(group, filter);
    if (found == NULL) {
        return &ERR_NOT_FOUND;
    }
    *ret_arn = subscription_arn(c, group, found);
    return OK;
}

static const struct hold_owner owner = {HOLD_SUBSCRIPTION, "logs", find, NULL};

void subscriptions_join_bus(struct cell *cell)
{
    hold_owner_add(cell, &owner);
}
