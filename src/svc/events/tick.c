/* SPDX-License-Identifier: Apache-2.0
 *
 * Scheduled rules. Each that is enabled has one durable timer, whose payload is the moment it is
 * for; firing it sends the event and sets the next in one entry, so no tick is lost or doubled,
 * whatever is killed when.
 *
 * Rules
 *  1. A rate counts from when the rule was put, enabled, or given another schedule.
 *  2. Ticks that were missed while weir did not run (or its clock was moved) come one after the
 *     other, each with its own time; what is older than CATCH_UP_MS is left out.
 */
#include "base/cursor.h"
#include "base/time.h"
#include "bus/timer.h"
#include "svc/events/events_int.h"

#define VERSION 1
#define CATCH_UP_MS (31 * MS_PER_DAY)

static struct str timer_name(struct call *c, const struct rule *rule)
{
    return arena_printf(c->arena, "tick/%.*s", STR_ARG(rule->arn));
}

static void set_timer(struct call *c, const struct rule *rule, int64_t at_ms)
{
    struct buf packed;

    buf_init(&packed, 64);
    write_u8(&packed, VERSION);
    write_zigzag(&packed, at_ms);
    bus_timer_set(c, "events", timer_name(c, rule), at_ms, arena_dup(c->arena, buf_str(&packed)));
    buf_done(&packed);
}

void tick_begin(struct call *c, const struct rule *rule)
{
    int64_t next_ms;

    if (schedule_next(&rule->schedule, c->now - c->now % MS_PER_SECOND, &next_ms)) {
        set_timer(c, rule, next_ms);
    } else {
        tick_end(c, rule); /* its years are over */
    }
}

void tick_end(struct call *c, const struct rule *rule)
{
    bus_timer_unset(c, "events", timer_name(c, rule));
}

static void tell(struct call *c, const struct rule *rule, int64_t at_ms)
{
    struct value detail = {.kind = VALUE_MAP};
    struct value arn = {.kind = VALUE_STR, .str = rule->arn};
    struct value resources = {.kind = VALUE_LIST, .count = 1, .room = 1, .items = &arn};
    struct event_parts parts = {
        .type = STR("Scheduled Event"),
        .source = STR("aws.events"),
        .account = rule->bus->account,
        .region = rule->bus->region,
        .time_ms = at_ms,
        .resources = &resources,
        .detail = STR("{}"),
        .detail_value = &detail,
    };
    struct event event;

    if (!event_make(c, &parts, &event)) {
        return; /* it is small */
    }
    struct bus_event told = {
        .target = rule->arn,
        .source = rule->bus->arn,
        .principal = STR("events.amazonaws.com"),
        .via = rule->arn,
        .account = rule->bus->account,
        .body = event.text,
        .key = arena_printf(c->arena, "%lld", (long long)c->now),
        .about = event.id,
    };

    (void)bus_send(c, &told);
    c->why.text[0] = '\0';
}

/* The first tick that is not too old to be made up for. */
static bool recent(const struct schedule *schedule, int64_t now_ms, int64_t *at_ms)
{
    int64_t oldest_ms = now_ms - CATCH_UP_MS;

    if (*at_ms >= oldest_ms) {
        return true;
    }
    if (schedule->every_ms > 0) {
        *at_ms += (oldest_ms - *at_ms + schedule->every_ms - 1) / schedule->every_ms *
                  schedule->every_ms;
        return *at_ms <= now_ms;
    }
    return schedule_next(schedule, oldest_ms, at_ms) && *at_ms <= now_ms;
}

void tick_fire(struct call *c, struct str name, struct str payload)
{
    struct cursor cursor = cursor_of(payload);
    const struct rule *rule =
        rule_of_arn(events_of(c), str_slice(name, STR("tick/").bytes, name.bytes));
    int64_t at_ms;
    int64_t next_ms;

    if (read_u8(&cursor) != VERSION || rule == NULL || rule->schedule_text.bytes == 0 ||
        !rule_is_on(rule)) {
        return;
    }
    at_ms = read_zigzag(&cursor);
    if (recent(&rule->schedule, c->now, &at_ms)) {
        tell(c, rule, at_ms);
    }
    if (schedule_next(&rule->schedule, at_ms, &next_ms)) {
        set_timer(c, rule, next_ms);
    }
}
