/* SPDX-License-Identifier: Apache-2.0
 *
 * StartLiveTail: events of up to ten groups as they come, for up to three hours.
 *
 *   start ──► sessionStart ──► [look] ──events──► sessionUpdate, look again when the peer took it
 *                                │ none
 *                                └──► parked ──put, or a second──► sessionUpdate (maybe empty)
 *
 * Where AWS takes samples of more than 500 events in a second, weir gives all of them, 500 to an
 * update, at the peer's pace: what waits is in the log.
 */
#include "base/mem.h"
#include "svc/logs/keys.h"
#include "svc/logs/logs_ops.h"
#include "svc/logs/tail.h"

#define GROUPS_AT_ONCE 10
#define SESSION_MS (3 * MS_PER_HOUR)
#define UPDATE_MS 1000

static const struct error session_timeout = {"SessionTimeoutException", NULL, 400, false};

struct session {
    struct tail tails[GROUPS_AT_ONCE]; /* one for each group */
    struct str arns[GROUPS_AT_ONCE];   /* of the groups; in the call's keep, as all texts here */
    size_t count;                      /* of them */
    struct tail_wish wish;             /* its filter is owned */
    struct filter *filter;             /* owned */
    int64_t started_ms;
    bool greeted;                      /* sessionStart was sent */
    bool waited;                       /* the last run parked: an update now, even an empty one */
};

static void ended(struct call *c)
{
    struct session *session = c->kept;

    filter_free(session->filter);
    session->filter = NULL;
}

static status next_update(struct call *c);

static void put_texts(struct call *c, struct value *structure, const char *member,
                      const struct value *texts)
{
    struct value *list;

    if (texts == NULL) {
        return;
    }
    list = set_list(c->arena, structure, member, texts->count);
    for (uint32_t i = 0; i < texts->count; i++) {
        list_add_str(list, texts->items[i].str);
    }
}

static void greet(struct call *c)
{
    struct value *start = call_emit(c, "sessionStart");

    set_str(start, "requestId", c->request_id);
    set_str(start, "sessionId", uuid_new(c));
    put_texts(c, start, "logGroupIdentifiers", arg(c, "logGroupIdentifiers"));
    put_texts(c, start, "logStreamNames", arg(c, "logStreamNames"));
    put_texts(c, start, "logStreamNamePrefixes", arg(c, "logStreamNamePrefixes"));
    set_str(start, "logEventFilterPattern", arg_str(c, "logEventFilterPattern"));
}

static void put_found(struct call *c, struct value *list, struct str arn,
                       const struct found *found)
{
    struct value *item = list_add(c->arena, list);

    set_str(item, "logStreamName", found->name);
    set_str(item, "logGroupIdentifier", arn);
    set_str(item, "message", found->message);
    set_int(item, "timestamp", found->place.ms);
    set_int(item, "ingestionTime", found->ingested_ms);
}

/* The first group that has something; the others have their turn afterwards. */
static status update(struct call *c, struct session *session)
{
    struct value *event = call_emit(c, "sessionUpdate");
    struct found *found = arena_alloc(c->arena, TAIL_EVENTS_MAX * sizeof(*found));
    struct value *list = set_list(c->arena, event, "sessionResults", TAIL_EVENTS_MAX);
    size_t count = 0;

    set_bool(set_struct(c->arena, event, "sessionMetadata"), "sampled", false);
    for (size_t i = 0; count == 0 && i < session->count; i++) {
        if (tail_any(c, &session->tails[i])) {
            TRY(tail_read(c, &session->tails[i], &session->wish, found, &count));
            for (size_t k = 0; k < count; k++) {
                put_found(c, list, session->arns[i], &found[k]);
            }
        }
    }
    return OK;
}

static bool anything(struct call *c, const struct session *session)
{
    for (size_t i = 0; i < session->count; i++) {
        if (tail_any(c, &session->tails[i])) {
            return true;
        }
    }
    return false;
}

static status next_update(struct call *c)
{
    struct session *session = c->kept;

    if (!session->greeted) {
        session->greeted = true;
        greet(c);
        return OK;
    }
    if (c->now - session->started_ms >= SESSION_MS) {
        return fail(c, &session_timeout, "The session has been open for three hours.");
    }
    if (!session->waited && !anything(c, session)) {
        session->waited = true;
        call_park(c, &groups_of(c)->tails, c->now + UPDATE_MS, next_update);
        return OK;
    }
    session->waited = false;
    return update(c, session);
}

/* ---- the start ---- */

static status groups_read(struct call *c, struct session *session)
{
    const struct value *list = arg(c, "logGroupIdentifiers");

    for (uint32_t i = 0; i < list->count && i < GROUPS_AT_ONCE; i++) {
        struct group *group;

        TRY(group_of_identifier(c, list->items[i].str, &group));
        if (group->class != CLASS_STANDARD) {
            return fail(c, &LOGS_OPERATION,
                        "Live Tail is not supported for log groups of this class.");
        }
        session->tails[session->count] = tail_begin(c, group);
        session->arns[session->count++] = arena_dup(c->keep, group_arn(c, group));
    }
    return OK;
}

static void names_read(struct call *c, struct session *session, const struct value *list,
                       bool prefixes)
{
    struct str *names;

    if (list == NULL) {
        return;
    }
    names = arena_alloc(c->keep, (list->count + 1) * sizeof(*names));
    for (uint32_t i = 0; i < list->count; i++) {
        names[i] = arena_dup(c->keep, list->items[i].str);
    }
    session->wish.names = names;
    session->wish.name_count = list->count;
    session->wish.prefixes = prefixes;
}

static status names_check(struct call *c)
{
    bool names = arg_has(c, "logStreamNames");
    bool prefixes = arg_has(c, "logStreamNamePrefixes");

    if (names && prefixes) {
        return fail(c, &LOGS_INVALID,
                    "logStreamNames and logStreamNamePrefixes are mutually exclusive.");
    }
    if ((names || prefixes) && arg(c, "logGroupIdentifiers")->count > 1) {
        return fail(c, &LOGS_INVALID,
                    "Log streams can be named for one log group only.");
    }
    return OK;
}

/* StartLiveTail */
status logs_start_live_tail(struct call *c)
{
    struct session *session = ARENA_NEW(c->keep, struct session);

    TRY(names_check(c));
    TRY(groups_read(c, session));
    TRY(filter_of_call(c, "logEventFilterPattern", &session->filter));
    names_read(c, session, arg(c, "logStreamNames"), false);
    names_read(c, session, arg(c, "logStreamNamePrefixes"), true);
    session->wish.filter = session->filter;
    session->started_ms = c->now;
    c->kept = session;
    call_on_end(c, ended);
    call_stream(c, next_update);
    return OK;
}
