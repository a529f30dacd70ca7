/* SPDX-License-Identifier: Apache-2.0
 *
 * What `weir logs` asks for, as JSON:
 *
 *   /_weir/logs?group=…[&since=…][&stream=…][&filter=…][&next=…][&cut=…]
 *       {"events":[…],"next":"f/…","cut":"N","after":"LOG.SEQUENCE.INDEX"}
 *   /_weir/logs?group=…&after=…[&stream=…][&filter=…]
 *       waits until there is something: {"events":[…],"after":"…"}
 *
 * The first form reads by time what had come when it was asked first (cut), a page at a time; the
 * second goes on with what came after, by arrival: so nothing is missed and nothing shown twice. A
 * group that is not there is waited for, if follow is given. stream is how streams' names begin.
 */
#include "svc/logs/keys.h"
#include "svc/logs/logs_ops.h"
#include "svc/logs/tail.h"
#include "wire/json.h"

#include <stdarg.h>
#include <stdio.h>

#define TEXT_BYTES_MAX (32u << 20)
#define SENTENCE_BYTES_MAX 1024
#define WAIT_MS (20 * MS_PER_SECOND)
#define PAGE_EVENTS 1000

static status refuse(struct call *c, int http, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static status refuse(struct call *c, int http, const char *format, ...)
{
    char sentence[SENTENCE_BYTES_MAX];
    struct buf text;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(sentence, sizeof(sentence), format, args);
    va_end(args);
    buf_init(&text, 16 * SENTENCE_BYTES_MAX);
    buf_add(&text, STR("{\"message\":"));
    json_write_str(&text, str_c(sentence));
    buf_add(&text, STR("}\n"));
    call_answer(c, http, "application/json", arena_dup(c->arena, buf_str(&text)));
    buf_done(&text);
    c->why.text[0] = '\0';
    return OK;
}

static void answer(struct call *c, struct buf *text)
{
    struct str body = buf_spent(text) ? STR("{\"message\":\"The answer is too long.\"}\n")
                                      : arena_dup(c->arena, buf_str(text));

    call_answer(c, buf_spent(text) ? 500 : 200, "application/json", body);
    buf_done(text);
}

/* A name without a slash is a function's first. */
static struct group *group_asked(struct call *c)
{
    struct str name = page_arg(c, "group");
    struct group *group = NULL;

    if (str_find(name, '/', 0) == name.bytes) {
        group = group_anywhere(c, arena_printf(c->arena, "/aws/lambda/%.*s", STR_ARG(name)));
    }
    return group != NULL ? group : group_anywhere(c, name);
}

static void add_event(struct buf *text, const struct found *found, bool first)
{
    buf_add(text, first ? STR("\n{\"stream\":") : STR(",\n{\"stream\":"));
    json_write_str(text, found->name);
    buf_printf(text, ",\"timestamp\":%lld,\"ingestionTime\":%lld,\"message\":",
               (long long)found->place.ms, (long long)found->ingested_ms);
    json_write_str(text, found->message);
    buf_add_c(text, '}');
}

/* ---- by time ---- */

struct asked {
    struct wish wish;        /* what is looked for */
    struct filter *filter;   /* its own */
    uint64_t cut;            /* no chunk behind that one */
};

static status streams_asked(struct call *c, struct wish *wish)
{
    struct streams_span span = {.group = wish->group, .prefix = page_arg(c, "stream")};
    uint64_t *numbers = arena_alloc(c->arena, STREAM_NAMES_MAX * sizeof(*numbers));
    struct txn_scan *scan;
    struct stream stream;
    size_t count = 0;

    if (span.prefix.bytes == 0) {
        return OK;
    }
    wish->prefix = span.prefix;
    scan = streams_scan(c, &span);
    while (streams_next(c, wish->group, scan, &stream)) {
        if (count == STREAM_NAMES_MAX) { /* by the group's index then */
            txn_scan_close(scan);
            return OK;
        }
        numbers[count++] = stream.number;
    }
    wish->streams = numbers;
    wish->stream_count = count;
    return OK;
}

/* What is wrong is said already when it is not OK. */
static bool asked_read(struct call *c, struct asked *asked)
{
    struct str since = page_arg(c, "since");
    struct str next = page_arg(c, "next");
    struct why why = {""};
    bool backwards;

    asked->wish.to_ms = INT64_MAX;
    asked->wish.count_max = PAGE_EVENTS;
    asked->wish.bytes_max = READ_BYTES_MAX;
    asked->cut = txn_log_state(c->txn, asked->wish.group->log).last;
    if (since.bytes > 0 && !moment_from_text(since, c->now, &asked->wish.from_ms)) {
        (void)refuse(c, 400, "\"%.*s\" is no moment; say 10m, 2026-11-23T08:55:00Z or 1795424100.",
                     STR_ARG(str_slice(since, 0, 64)));
        return false;
    }
    if ((next.bytes > 0 && !place_read(next, &backwards, &asked->wish.place)) ||
        (page_arg(c, "cut").bytes > 0 && !str_to_u64(page_arg(c, "cut"), &asked->cut))) {
        (void)refuse(c, 400, "next and cut are what an answer before said.");
        return false;
    }
    asked->wish.placed = next.bytes > 0;
    if (filter_new(page_arg(c, "filter"), &why, &asked->filter) != OK) {
        (void)refuse(c, 400, "%s", why.text);
        return false;
    }
    asked->wish.filter = asked->filter;
    return streams_asked(c, &asked->wish) == OK;
}

static status by_time(struct call *c, struct group *group)
{
    struct asked asked = {.wish = {.group = group}};
    struct walked walked;
    struct buf text;
    bool first = true;
    status done;

    if (!asked_read(c, &asked)) {
        return OK;
    }
    done = events_walk(c, &asked.wish, &walked);
    filter_free(asked.filter);
    TRY(done);
    buf_init(&text, TEXT_BYTES_MAX);
    buf_printf(&text, "{\"cut\":\"%llu\",\"after\":\"%llu.%llu.0\"", (unsigned long long)asked.cut,
               (unsigned long long)group->log, (unsigned long long)asked.cut + 1);
    if (walked.more) {
        buf_printf(&text, ",\"next\":\"%.*s\"", STR_ARG(place_token(c, false, walked.next)));
    }
    buf_add(&text, STR(",\"events\":["));
    for (size_t i = 0; i < walked.count; i++) {
        if (walked.events[i].place.sequence <= asked.cut) {
            add_event(&text, &walked.events[i], first);
            first = false;
        }
    }
    buf_add(&text, STR("]}\n"));
    answer(c, &text);
    return OK;
}

/* ---- by arrival ---- */

/* A follower that waits; in the call's keep. */
struct follower {
    struct tail tail;        /* how far it came */
    int64_t until_ms;        /* then it is told that there is nothing */
};

static bool tail_asked(struct call *c, struct tail *ret_tail)
{
    struct str rest = page_arg(c, "after");

    return str_to_u64(str_split(&rest, '.'), &ret_tail->log) &&
           str_to_u64(str_split(&rest, '.'), &ret_tail->sequence) &&
           str_to_u64(rest, &ret_tail->index);
}

static status follow(struct call *c);

static void answer_tailed(struct call *c, const struct tail *tail, const struct found *found,
                          size_t count)
{
    struct buf text;

    buf_init(&text, TEXT_BYTES_MAX);
    buf_printf(&text, "{\"after\":\"%llu.%llu.%llu\",\"events\":[", (unsigned long long)tail->log,
               (unsigned long long)tail->sequence, (unsigned long long)tail->index);
    for (size_t i = 0; i < count; i++) {
        add_event(&text, &found[i], i == 0);
    }
    buf_add(&text, STR("]}\n"));
    answer(c, &text);
}

/* A group that was made anew is followed from its beginning. */
static status look(struct call *c, struct follower *follower, size_t *ret_count,
                   struct found *found)
{
    struct str prefix = page_arg(c, "stream");
    struct tail_wish wish = {.names = prefix.bytes > 0 ? &prefix : NULL,
                             .name_count = prefix.bytes > 0 ? 1 : 0, .prefixes = true};
    struct group *group = group_asked(c);
    struct filter *filter;
    struct why why = {""};
    status read;

    *ret_count = 0;
    if (group == NULL) {
        return OK;
    }
    if (group->log != follower->tail.log) {
        follower->tail = (struct tail){group->log, 1, 0};
    }
    if (!tail_any(c, &follower->tail)) {
        return OK;
    }
    TRY(filter_new(page_arg(c, "filter"), &why, &filter));
    wish.filter = filter;
    read = tail_read(c, &follower->tail, &wish, found, ret_count);
    filter_free(filter);
    return read;
}

static status follow(struct call *c)
{
    struct follower *follower = c->kept;
    struct found *found = arena_alloc(c->arena, TAIL_EVENTS_MAX * sizeof(*found));
    size_t count;

    TRY(look(c, follower, &count, found));
    if (count == 0 && c->now < follower->until_ms) {
        call_park(c, &groups_of(c)->tails, follower->until_ms, follow);
        return OK;
    }
    answer_tailed(c, &follower->tail, found, count);
    return OK;
}

static status by_arrival(struct call *c)
{
    struct follower *follower = ARENA_NEW(c->keep, struct follower);
    struct filter *filter;
    struct why why = {""};

    if (!tail_asked(c, &follower->tail)) {
        return refuse(c, 400, "after is what an answer before said.");
    }
    if (filter_new(page_arg(c, "filter"), &why, &filter) != OK) {
        return refuse(c, 400, "%s", why.text);
    }
    filter_free(filter);
    follower->until_ms = c->now + WAIT_MS;
    c->kept = follower;
    return follow(c);
}

/* GET /_weir/logs */
status logs_page(struct call *c)
{
    struct group *group;

    if (page_arg(c, "after").bytes > 0) {
        return by_arrival(c);
    }
    group = group_asked(c);
    if (group != NULL) {
        return by_time(c, group);
    }
    if (page_arg(c, "follow").bytes > 0) {
        answer_tailed(c, &(struct tail){0, 1, 0}, NULL, 0);
        return OK;
    }
    return refuse(c, 404, "There is no log group \"%.*s\"; several of one name are told apart by "
                  "their ARN.", STR_ARG(str_slice(page_arg(c, "group"), 0, 512)));
}
