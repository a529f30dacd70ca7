/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading events: GetLogEvents, FilterLogEvents, and what is about single events.
 *
 * GetLogEvents' tokens are places between two events. Forwards from one is what is behind it,
 * backwards what is before; at the end a token comes back as it was given, and is good for what
 * comes later.
 */
#include "svc/logs/event.h"
#include "svc/logs/keys.h"
#include "svc/logs/logs_ops.h"
#include "wire/json.h"

#define FIELDS_MAX 1000            /* names told of by GetLogGroupFields */
#define FIELDS_RECENT_MS (15 * MS_PER_MINUTE)
#define FIELDS_AROUND_MS (8 * MS_PER_MINUTE)
#define SCRATCH_BYTES_MAX (16u << 20)

static __attribute__((returns_nonnull)) status bad_token(struct call *c)
{
    return fail(c, &LOGS_INVALID, "The specified nextToken is invalid.");
}

static status times_check(struct call *c)
{
    if (arg_has(c, "endTime") && arg_int(c, "endTime", 0) < arg_int(c, "startTime", 0)) {
        return fail(c, &LOGS_INVALID, "endTime cannot be before startTime");
    }
    return OK;
}

/* ---- GetLogEvents ---- */

static void put_events(struct call *c, const struct walked *walked, bool backwards)
{
    struct value *list = put_list(c, "events", walked->count);

    for (size_t i = 0; i < walked->count; i++) {
        const struct found *found = &walked->events[backwards ? walked->count - 1 - i : i];
        struct value *item = list_add(c->arena, list);

        set_int(item, "timestamp", found->place.ms);
        set_str(item, "message", found->message);
        set_int(item, "ingestionTime", found->ingested_ms);
    }
}

/* The places before the first event given and behind the last; without any, where it looked. */
static void put_tokens(struct call *c, const struct wish *wish, const struct walked *walked)
{
    struct place before = wish->placed ? wish->place : (struct place){wish->from_ms, 0, 0};
    struct place behind = before;

    if (walked->count > 0) {
        const struct found *first = &walked->events[wish->backwards ? walked->count - 1 : 0];
        const struct found *last = &walked->events[wish->backwards ? 0 : walked->count - 1];

        before = first->place;
        behind = place_after(last->place);
    }
    put_str(c, "nextForwardToken", place_token(c, false, behind));
    put_str(c, "nextBackwardToken", place_token(c, true, before));
}

/* GetLogEvents */
status logs_get_events(struct call *c)
{
    struct wish wish = {
        .from_ms = arg_int(c, "startTime", 0),
        .to_ms = arg_int(c, "endTime", INT64_MAX),
        .backwards = !arg_bool(c, "startFromHead", false),
        .placed = arg_has(c, "nextToken"),
        .count_max = limit_of_call(c, "limit", READ_EVENTS_MAX),
        .bytes_max = READ_BYTES_MAX,
    };
    struct stream stream;
    struct walked walked;

    TRY(group_of_either(c, &wish.group));
    TRY(stream_of_name(c, wish.group, arg_str(c, "logStreamName"), &stream));
    TRY(times_check(c));
    if (wish.placed && !place_read(arg_str(c, "nextToken"), &wish.backwards, &wish.place)) {
        return bad_token(c);
    }
    wish.streams = &stream.number;
    wish.stream_count = 1;
    TRY(events_walk(c, &wish, &walked));
    put_events(c, &walked, wish.backwards);
    put_tokens(c, &wish, &walked);
    return OK;
}

/* ---- FilterLogEvents ---- */

static status named_streams(struct call *c, struct wish *wish, const struct value *names)
{
    uint64_t *numbers = arena_alloc(c->arena, (names->count + 1) * sizeof(*numbers));

    for (uint32_t i = 0; i < names->count; i++) {
        struct stream stream;

        TRY(stream_of_name(c, wish->group, names->items[i].str, &stream));
        numbers[i] = stream.number;
        for (uint32_t k = 0; k < i; k++) {
            if (numbers[k] == numbers[i]) {
                return fail(c, &LOGS_INVALID, "logStreamNames has a name twice");
            }
        }
    }
    wish->streams = numbers;
    wish->stream_count = names->count;
    return OK;
}

/* Few streams are read by their own indices, many by the group's. */
static void prefixed_streams(struct call *c, struct wish *wish, struct str prefix)
{
    uint64_t *numbers = arena_alloc(c->arena, STREAM_NAMES_MAX * sizeof(*numbers));
    struct streams_span span = {.group = wish->group, .prefix = prefix};
    struct txn_scan *scan = streams_scan(c, &span);
    struct stream stream;
    size_t count = 0;

    wish->prefix = prefix;
    while (streams_next(c, wish->group, scan, &stream)) {
        if (count == STREAM_NAMES_MAX) {
            txn_scan_close(scan);
            return;
        }
        numbers[count++] = stream.number;
    }
    wish->streams = numbers;
    wish->stream_count = count;
}

static status streams_of_call(struct call *c, struct wish *wish)
{
    if (arg_has(c, "logStreamNames") && arg_has(c, "logStreamNamePrefix")) {
        return fail(c, &LOGS_INVALID,
                    "LogStream name prefix and LogStream names are mutually exclusive "
                    "parameters.");
    }
    if (arg_has(c, "logStreamNames")) {
        return named_streams(c, wish, arg(c, "logStreamNames"));
    }
    if (arg_has(c, "logStreamNamePrefix")) {
        prefixed_streams(c, wish, arg_str(c, "logStreamNamePrefix"));
    }
    return OK;
}

static void put_found(struct call *c, const struct wish *wish, const struct walked *walked)
{
    struct value *list = put_list(c, "events", walked->count);

    for (size_t i = 0; i < walked->count; i++) {
        const struct found *found = &walked->events[i];
        struct value *item = list_add(c->arena, list);

        set_str(item, "logStreamName", found->name);
        set_int(item, "timestamp", found->place.ms);
        set_str(item, "message", found->message);
        set_int(item, "ingestionTime", found->ingested_ms);
        set_str(item, "eventId", event_id(c, wish->group, found->place));
    }
    (void)put_list(c, "searchedLogStreams", 0);
    if (walked->more) {
        put_str(c, "nextToken", place_token(c, wish->backwards, walked->next));
    }
}

/* FilterLogEvents */
status logs_filter_events(struct call *c)
{
    int64_t end_ms = arg_int(c, "endTime", INT64_MAX);
    struct wish wish = {
        .from_ms = arg_int(c, "startTime", 0),
        .to_ms = end_ms < INT64_MAX ? end_ms + 1 : end_ms,
        .backwards = !arg_bool(c, "startFromHead", true),
        .placed = arg_has(c, "nextToken"),
        .count_max = limit_of_call(c, "limit", READ_EVENTS_MAX),
        .bytes_max = READ_BYTES_MAX,
    };
    struct filter *filter;
    struct walked walked;
    status done;
    bool backwards;

    TRY(group_of_either(c, &wish.group));
    TRY(times_check(c));
    TRY(streams_of_call(c, &wish));
    if (wish.placed && (!place_read(arg_str(c, "nextToken"), &backwards, &wish.place) ||
                        backwards != wish.backwards)) {
        return bad_token(c);
    }
    TRY(filter_of_call(c, "filterPattern", &filter));
    wish.filter = filter;
    done = events_walk(c, &wish, &walked);
    filter_free(filter);
    TRY(done);
    put_found(c, &wish, &walked);
    return OK;
}

/* ---- single events ---- */

static struct group *group_numbered(struct call *c, uint64_t number)
{
    struct str key;
    void *group;

    for (size_t i = 0; map_next(groups_of(c)->groups, &i, &key, &group);) {
        if (((struct group *)group)->log == number) {
            return group;
        }
    }
    return NULL;
}

static void put_fields(struct call *c, struct value *map, struct str message)
{
    struct value document;
    struct why why;

    if (json_read(arena_dup(c->arena, message), 0, c->arena, &why, &document) != OK ||
        document.kind != VALUE_MAP) {
        return;
    }
    for (uint32_t i = 0; i < document.count && i < FIELDS_MAX; i++) {
        struct buf text;

        if (document.pairs[i].value.kind == VALUE_STR) {
            map_add_str(map, document.pairs[i].key, document.pairs[i].value.str);
            continue;
        }
        buf_init(&text, BATCH_BYTES_MAX);
        json_write(&text, &document.pairs[i].value, TIME_EPOCH);
        map_add_str(map, document.pairs[i].key, arena_dup(c->arena, buf_str(&text)));
        buf_done(&text);
    }
}

/* GetLogRecord: its pointer is an event's id, as FilterLogEvents and subscriptions give it. */
status logs_get_record(struct call *c)
{
    struct str pointer = arg_str(c, "logRecordPointer");
    struct wish wish = {.count_max = 1, .bytes_max = READ_BYTES_MAX, .placed = true};
    struct walked walked;
    struct value *map;
    uint64_t number;

    if (!event_id_read(pointer, &number, &wish.place)) {
        return fail(c, &LOGS_INVALID, "The specified logRecordPointer is invalid.");
    }
    wish.group = group_numbered(c, number);
    wish.from_ms = wish.place.ms;
    wish.to_ms = wish.place.ms + 1;
    if (wish.group == NULL || !str_eq(wish.group->account, c->account)) {
        return fail(c, &LOGS_NOT_FOUND, "The specified log record does not exist.");
    }
    TRY(events_walk(c, &wish, &walked));
    if (walked.count == 0 || place_cmp(walked.events[0].place, wish.place) != 0) {
        return fail(c, &LOGS_NOT_FOUND, "The specified log record does not exist.");
    }
    map = set_map(c->arena, c->out, "logRecord", FIELDS_MAX + 8);
    map_add_str(map, STR("@ptr"), pointer);
    map_add_str(map, STR("@message"), walked.events[0].message);
    map_add_str(map, STR("@timestamp"),
                arena_printf(c->arena, "%lld", (long long)walked.events[0].place.ms));
    map_add_str(map, STR("@ingestionTime"),
                arena_printf(c->arena, "%lld", (long long)walked.events[0].ingested_ms));
    map_add_str(map, STR("@logStream"), walked.events[0].name);
    map_add_str(map, STR("@log"), arena_printf(c->arena, "%.*s:%.*s", STR_ARG(c->account),
                                               STR_ARG(wish.group->name)));
    put_fields(c, map, walked.events[0].message);
    return OK;
}

/* ---- GetLogGroupFields ---- */

/* A field that was seen. */
struct seen {
    struct str name;    /* in the call's arena */
    size_t count;       /* of events that have it */
};

struct fields {
    struct map *by_name;           /* name → struct seen */
    struct seen *seen[FIELDS_MAX]; /* in the order they were seen first */
    size_t count;                  /* of them */
};

static void field_saw(struct call *c, struct fields *fields, struct str name, size_t times)
{
    struct seen *seen = map_get(fields->by_name, name);

    if (seen == NULL && fields->count < FIELDS_MAX) {
        seen = ARENA_NEW(c->arena, struct seen);
        seen->name = arena_dup(c->arena, name);
        fields->seen[fields->count++] = seen;
        (void)map_set(fields->by_name, name, seen, NULL);
    }
    if (seen != NULL) {
        seen->count += times;
    }
}

static void fields_look(struct call *c, struct fields *fields, struct str message,
                        struct arena *scratch)
{
    struct value document;
    struct why why;

    arena_clear(scratch);
    if (!str_starts(str_trim(message), STR("{")) ||
        json_read(arena_dup(scratch, message), 0, scratch, &why, &document) != OK ||
        document.kind != VALUE_MAP) {
        return;
    }
    for (uint32_t i = 0; i < document.count; i++) {
        field_saw(c, fields, document.pairs[i].key, 1);
    }
}

static void put_seen(struct call *c, const struct fields *fields, size_t events)
{
    struct value *list = put_list(c, "logGroupFields", fields->count);

    for (size_t i = 0; events > 0 && i < fields->count; i++) {
        struct value *item = list_add(c->arena, list);

        set_str(item, "name", fields->seen[i]->name);
        set_int(item, "percent", (int64_t)(fields->seen[i]->count * 100 / events));
    }
}

/* GetLogGroupFields: of one page of events, in the time asked for. */
status logs_get_group_fields(struct call *c)
{
    static const char *const own[] = {"@timestamp", "@message", "@logStream", "@log",
                                      "@ingestionTime"};
    struct wish wish = {.from_ms = c->now - FIELDS_RECENT_MS, .to_ms = c->now + 1,
                        .count_max = READ_EVENTS_MAX, .bytes_max = READ_BYTES_MAX};
    struct fields *fields = ARENA_NEW(c->arena, struct fields);
    struct arena *scratch;
    struct walked walked;

    TRY(group_of_either(c, &wish.group));
    if (arg_has(c, "time")) {
        int64_t time_ms = arg_int(c, "time", 0);

        time_ms = time_ms < TIME_MS_MAX ? time_ms : TIME_MS_MAX;
        wish.from_ms = time_ms - FIELDS_AROUND_MS;
        wish.to_ms = time_ms + FIELDS_AROUND_MS + 1;
    }
    TRY(events_walk(c, &wish, &walked));
    fields->by_name = map_new(FIELDS_MAX);
    scratch = arena_new(SCRATCH_BYTES_MAX);
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        field_saw(c, fields, str_c(own[i]), walked.count);
    }
    for (size_t i = 0; i < walked.count; i++) {
        fields_look(c, fields, walked.events[i].message, scratch);
    }
    put_seen(c, fields, walked.count);
    arena_free(scratch);
    map_free(fields->by_name);
    return OK;
}
