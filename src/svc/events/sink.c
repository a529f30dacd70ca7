/* SPDX-License-Identifier: Apache-2.0
 *
 * EventBridge on the bus: event buses take events of services and of other event buses; a rule
 * takes its event from its bus, and can be held. Timers.
 *
 *   body, to a bus    the whole event as JSON: source, detail-type, detail; resources, time, id,
 *                     account, region where they are not what goes without saying
 *   body, to a rule   the event as AWS lays it out; key: when it came in, in ms
 */
#include "bus/hold.h"
#include "bus/timer.h"
#include "svc/events/events_int.h"

static bool from_events(const struct bus_event *event)
{
    return str_eq(event->principal, STR("events.amazonaws.com"));
}

static status check_rule(struct call *c, const struct bus_event *event)
{
    if (!from_events(event)) {
        return fail(c, &BUS_REFUSED, "A rule takes events from its event bus only");
    }
    return rule_of_arn(events_of(c), event->target) != NULL
               ? OK
               : fail(c, &BUS_NO_TARGET, "There is no rule %.*s", STR_ARG(event->target));
}

static bool is_rule(const struct bus_event *event)
{
    struct arn arn;

    return arn_read(event->target, &arn) && str_starts(arn.resource, STR("rule/"));
}

static status check(struct call *c, const struct bus_event *event)
{
    const struct event_bus *bus;

    if (is_rule(event)) {
        return check_rule(c, event);
    }
    bus = bus_of_arn(events_of(c), event->target);
    if (bus == NULL) {
        return fail(c, &BUS_NO_TARGET, "There is no event bus %.*s",
                    STR_ARG(str_slice(event->target, 0, 512)));
    }
    if (event->account.bytes > 0 && !str_eq(event->account, bus->account) &&
        !bus_lets(c, bus, event->account)) {
        return fail(c, &BUS_REFUSED, "The policy of %.*s does not let account %.*s put events",
                    STR_ARG(event->target), STR_ARG(event->account));
    }
    return OK;
}

static status take_bus(struct call *c, const struct bus_event *sent)
{
    struct event event;
    status read = event_read(c, sent, &event);

    if (read == &ERR_LIMIT) {
        return fail(c, &BUS_TOO_LARGE, "The event is larger than an event bus takes");
    }
    if (read != OK) {
        return fail(c, &BUS_REFUSED, "The event is not one of EventBridge's");
    }
    event.forwarded = from_events(sent);
    dispatch(c, bus_of_arn(events_of(c), sent->target), &event, STR_NONE);
    return OK;
}

static status take_rule(struct call *c, const struct bus_event *sent)
{
    const struct event *current = events_of(c)->current;
    const struct rule *rule = rule_of_arn(events_of(c), sent->target);
    struct event kept;

    if (current != NULL && current->text.at == sent->body.at) {
        rule_run(c, rule, current);
        return OK;
    }
    if (event_read(c, sent, &kept) != OK) {
        return fail(c, &BUS_REFUSED, "The event is not one of EventBridge's");
    }
    kept.forwarded = sent->subject.bytes > 0;
    (void)str_to_i64(sent->key, &kept.ingested_ms);
    rule_run(c, rule, &kept);
    return OK;
}

static status take(struct call *c, const struct bus_event *event)
{
    return is_rule(event) ? take_rule(c, event) : take_bus(c, event);
}

static const struct sink sink = {"events", check, take, NULL};

/* ---- holds ---- */

/* A rule of the default bus, BUS/RULE, or an ARN. */
static status find(struct call *c, struct str name, struct str *ret_arn)
{
    struct rule *rule = rule_of_arn(events_of(c), name);
    struct arn arn = {arn_partition(c->region), STR("events"), c->region, c->account,
                      arena_printf(c->arena, "rule/%.*s", STR_ARG(name))};

    if (rule == NULL) {
        rule = rule_of_arn(events_of(c), arn_write(c->arena, &arn));
    }
    if (rule == NULL) {
        return &ERR_NOT_FOUND;
    }
    *ret_arn = rule->arn;
    return OK;
}

static const struct hold_owner owner = {HOLD_SUBSCRIPTION, "events", find, NULL};

/* ---- timers ---- */

static status timer(struct call *c, struct str name, struct str payload)
{
    if (str_starts(name, STR("tick/"))) {
        tick_fire(c, name, payload);
    } else if (str_starts(name, STR("go-on/"))) {
        dispatch_go_on(c, payload);
    } else {
        target_again(c, payload);
    }
    return OK;
}

void events_join_bus(struct cell *cell)
{
    bus_sink_add(cell, &sink);
    hold_owner_add(cell, &owner);
    bus_timer_owner(cell, "events", timer);
}
