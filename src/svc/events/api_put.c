/* SPDX-License-Identifier: Apache-2.0
 *
 * PutEvents and TestEventPattern.
 */
#include "bus/trace.h"
#include "cell/authorize.h"
#include "svc/events/events_ops.h"
#include "wire/json.h"

#define TIME_BYTES 14 /* what an entry's Time counts for */

/* ---- PutEvents ---- */

static size_t put_bytes(const struct value *entry)
{
    const struct value *resources = get(entry, "Resources");
    size_t bytes = has(entry, "Time") ? TIME_BYTES : 0;

    bytes += get_str(entry, "Source").bytes + get_str(entry, "DetailType").bytes +
             get_str(entry, "Detail").bytes;
    for (uint32_t i = 0; resources != NULL && i < resources->count; i++) {
        bytes += resources->items[i].str.bytes;
    }
    return bytes;
}

static status puts_check(struct call *c, const struct value *entries)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < entries->count; i++) {
        struct str arn = bus_arn_of(c, get_str(&entries->items[i], "EventBusName"));

        TRY(call_may(c, "events:PutEvents", arn));
        bytes += put_bytes(&entries->items[i]);
    }
    if (bytes > ENTRIES_BYTES_MAX) {
        return fail(c, &EVENTS_VALIDATION,
                    "Total size of the entries in the request is over the limit.");
    }
    return OK;
}

/* Why an entry is not taken. */
struct refusal {
    struct str code, sentence;
};

static bool put_missing(struct call *c, const struct value *entry, struct refusal *refusal)
{
    static const char *const needed[] = {"Source", "DetailType", "Detail"};

    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (get_str(entry, needed[i]).bytes == 0) {
            refusal->code = STR("InvalidArgument");
            refusal->sentence =
                arena_printf(c->arena, "Parameter %s is not valid. Reason: %s is a required "
                                       "argument.", needed[i], needed[i]);
            return true;
        }
    }
    return false;
}

/* The entry as an event; false: it is refused. */
static bool put_read(struct call *c, const struct value *entry, struct event *ret_event,
                       struct refusal *refusal)
{
    struct value *detail = ARENA_NEW(c->arena, struct value);
    struct event_parts parts = {
        .type = get_str(entry, "DetailType"),
        .source = get_str(entry, "Source"),
        .account = c->account,
        .region = c->region,
        .time_ms = get_time(entry, "Time", c->now),
        .resources = get(entry, "Resources"),
        .detail = get_str(entry, "Detail"),
        .detail_value = detail,
    };
    struct why why;

    if (put_missing(c, entry, refusal)) {
        return false;
    }
    if (str_starts(parts.source, STR("aws."))) {
        *refusal = (struct refusal){STR("NotAuthorizedForSourceException"),
                                    STR("Not authorized for the source.")};
        return false;
    }
    if (json_read(arena_dup(c->arena, parts.detail), 0, c->arena, &why, detail) != OK ||
        detail->kind != VALUE_MAP || !event_make(c, &parts, ret_event)) {
        *refusal = (struct refusal){STR("MalformedDetail"), STR("Detail is malformed.")};
        return false;
    }
    return true;
}

/* An event bus that is not there swallows what it gets, as on AWS; the hop says so. */
static void put_send(struct call *c, const struct value *entry, const struct event *event)
{
    struct str arn = bus_arn_of(c, get_str(entry, "EventBusName"));
    struct event_bus *bus = bus_of_arn(events_of(c), arn);
    struct hop hop = {c->principal, arn, STR_NONE, STR("taken"), event->id};
    struct str trace = c->trace;

    if (has(entry, "TraceHeader")) {
        c->trace = get_str(entry, "TraceHeader");
    }
    if (bus == NULL) {
        hop.outcome = STR("lost: there is no such event bus");
    }
    trace_hop(c, &hop);
    if (bus != NULL) {
        dispatch(c, bus, event, STR_NONE);
    }
    c->trace = trace;
}

/* PutEvents */
status events_put_events(struct call *c)
{
    const struct value *entries = arg(c, "Entries");
    struct value *results;
    int64_t failed = 0;

    if (arg_has(c, "EndpointId")) {
        return fail(c, &EVENTS_NOT_THERE, "weir has no global endpoints");
    }
    TRY(puts_check(c, entries));
    call_on(c, bus_arn_of(c, get_str(&entries->items[0], "EventBusName")));
    results = put_list(c, "Entries", entries->count);
    for (uint32_t i = 0; i < entries->count; i++) {
        struct value *result = list_add(c->arena, results);
        struct refusal refusal;
        struct event event;

        if (put_read(c, &entries->items[i], &event, &refusal)) {
            put_send(c, &entries->items[i], &event);
            set_str(result, "EventId", event.id);
        } else {
            set_str(result, "ErrorCode", refusal.code);
            set_str(result, "ErrorMessage", refusal.sentence);
            failed++;
        }
    }
    put_int(c, "FailedEntryCount", failed);
    return OK;
}

/* ---- TestEventPattern ---- */

static status event_check(struct call *c, const struct value *event)
{
    static const char *const needed[] = {"id", "account", "source", "time", "region",
                                         "resources", "detail-type"};

    if (event->kind != VALUE_MAP) {
        return fail(c, &EVENTS_VALIDATION, "Parameter Event is not valid.");
    }
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (map_find(event, str_c(needed[i])) == NULL) {
            return fail(c, &EVENTS_VALIDATION, "Parameter Event is not valid.");
        }
    }
    return OK;
}

/* TestEventPattern */
status events_test_pattern(struct call *c)
{
    const struct value *event;
    struct pattern *pattern;
    struct why why;

    TRY(call_may(c, "events:TestEventPattern", STR("*")));
    event = pattern_document(arg_str(c, "Event"), c->arena);
    TRY(event_check(c, event));
    if (pattern_compile_placed(arg_str(c, "EventPattern"), &why, &pattern) != OK) {
        return fail(c, &EVENTS_PATTERN, "Event pattern is not valid. Reason: %s", why.text);
    }
    put_bool(c, "Result", pattern_match(pattern, event));
    pattern_free(pattern);
    return OK;
}
