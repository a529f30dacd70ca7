/* SPDX-License-Identifier: Apache-2.0
 *
 * Message archives of FIFO topics and replays from them. Source: "Amazon SNS message archiving and
 * replay for FIFO topics", AWS documentation.
 *
 * Rules
 *  1. An archive is one log of the store: a record is a message (message_pack) at its moment.
 *  2. A replay gives its subscription the archived messages of a span of time, through its filter,
 *     in steps; each step is an entry that also says where the next one goes on.
 *  3. A replayed message gets a de-duplication id of its own, or a queue that had it in the last
 *     five minutes would swallow it.
 */
#include "base/time.h"
#include "bus/timer.h"
#include "svc/sns/sns_int.h"
#include "wire/json.h"

#define STEP_MAX 50
#define STEP_BYTES_MAX (4u * 1024 * 1024)

void archive_add(struct call *c, struct topic *topic, const struct message *message)
{
    if (topic->archive == 0) {
        topic->archive = txn_log_make(c->txn);
        topic->archive_began_ms = c->now;
        topic_save(c, topic);
    }
    txn_log_append(c->txn, topic->archive, c->now, message_pack(c->arena, message));
}

void archive_trim(struct call *c, struct topic *topic)
{
    int64_t horizon_ms = c->now - topic->archive_days * MS_PER_DAY;
    uint64_t kept;

    if (topic->archive != 0 && topic->archive_days > 0 &&
        txn_log_state(c->txn, topic->archive).last > 0 &&
        txn_log_seek(c->txn, topic->archive, horizon_ms, &kept) == OK &&
        kept > txn_log_state(c->txn, topic->archive).first) {
        txn_log_trim(c->txn, topic->archive, kept);
    }
}

static bool moment_read(const struct value *map, const char *name, int64_t *ret_ms)
{
    const struct value *value = map_find(map, str_c(name));

    return value != NULL && value->kind == VALUE_STR && time_from_iso(value->str, ret_ms);
}

/* {"PointType":"Timestamp","StartingPoint":"…","EndingPoint":"…"} */
static bool policy_read(struct call *c, struct str text, int64_t *ret_from_ms, int64_t *ret_to_ms)
{
    const struct value *type;
    struct value map;
    struct why why;

    if (json_read(arena_dup(c->arena, text), 0, c->arena, &why, &map) != OK ||
        map.kind != VALUE_MAP) {
        return false;
    }
    type = map_find(&map, STR("PointType"));
    if (type == NULL || type->kind != VALUE_STR || !str_eq(type->str, STR("Timestamp")) ||
        !moment_read(&map, "StartingPoint", ret_from_ms)) {
        return false;
    }
    *ret_to_ms = INT64_MAX;
    return map_find(&map, STR("EndingPoint")) == NULL ||
           moment_read(&map, "EndingPoint", ret_to_ms);
}

status replay_check(struct call *c, const struct subscription *subscription, struct str text)
{
    int64_t from_ms;
    int64_t to_ms;

    if (text.bytes == 0) {
        return OK;
    }
    if (subscription->topic->archive_days == 0) {
        return fail(c, &SNS_BAD_PARAMETER,
                    "Invalid parameter: ReplayPolicy: the topic has no ArchivePolicy");
    }
    if (!policy_read(c, text, &from_ms, &to_ms) || from_ms > to_ms) {
        return fail(c, &SNS_BAD_PARAMETER,
                    "Invalid parameter: ReplayPolicy: invalid replay policy");
    }
    if (from_ms > c->now) {
        return fail(c, &SNS_BAD_PARAMETER,
                    "Invalid parameter: ReplayPolicy: StartingPoint is in the future");
    }
    return OK;
}

static struct str timer_name(struct arena *arena, const struct subscription *subscription)
{
    return arena_printf(arena, "replay/%.*s", STR_ARG(subscription->arn));
}

void replay_begin(struct call *c, struct subscription *subscription)
{
    struct str text = setting_get(&subscription->attributes, "ReplayPolicy");
    struct topic *topic = subscription->topic;
    int64_t from_ms;

    subscription->replay_to_ms = 0;
    if (text.bytes == 0 || topic->archive == 0 ||
        !policy_read(c, text, &from_ms, &subscription->replay_to_ms) ||
        txn_log_seek(c->txn, topic->archive, from_ms, &subscription->replay_next) != OK) {
        bus_timer_unset(c, "sns", timer_name(c->arena, subscription));
        return;
    }
    /* up to now at most: what comes from now on is delivered anyway */
    if (subscription->replay_to_ms > c->now) {
        subscription->replay_to_ms = c->now;
    }
    bus_timer_set(c, "sns", timer_name(c->arena, subscription), c->now, STR_NONE);
}

/* Some more of the archive; false: that was all. */
static bool step(struct call *c, struct subscription *subscription)
{
    struct topic *topic = subscription->topic;
    struct log_state state = txn_log_state(c->txn, topic->archive);
    struct log_record *records = arena_alloc(c->arena, STEP_MAX * sizeof(*records));
    uint64_t from = subscription->replay_next > state.first ? subscription->replay_next
                                                            : state.first;
    uint64_t there = from <= state.last ? state.last - from + 1 : 0;
    struct log_range range = {topic->archive, from, there < STEP_MAX ? (size_t)there : STEP_MAX,
                              STEP_BYTES_MAX};
    size_t count = 0;

    if (there == 0 || txn_log_read(c->txn, &range, records, &count) != OK) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct message message;

        if (records[i].at_ms > subscription->replay_to_ms) {
            return false;
        }
        if (message_unpack(c->arena, records[i].data, &message)) {
            subscription_give(c, subscription, &message);
        }
        subscription->replay_next = records[i].sequence + 1;
    }
    return true;
}

void replay_timer(struct call *c, struct str name)
{
    struct subscription *subscription =
        map_get(sns_of(c)->subscriptions, str_slice(name, strlen("replay/"), name.bytes));

    if (subscription == NULL || subscription->replay_to_ms == 0) {
        return;
    }
    call_on(c, subscription->arn);
    if (step(c, subscription)) {
        bus_timer_set(c, "sns", name, c->now, STR_NONE);
    } else {
        subscription->replay_to_ms = 0;
    }
    subscription_save(c, subscription);
}
