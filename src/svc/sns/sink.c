/* SPDX-License-Identifier: Apache-2.0
 *
 * SNS on the bus: topics take events; subscriptions can be held.
 */
#include "bus/hold.h"
#include "bus/timer.h"
#include "cell/authorize.h"
#include "svc/sns/sns_int.h"

/* A topic whose policy was never set takes everything while auth is off. */
static status policy_lets(struct call *c, const struct bus_event *event)
{
    struct service_wish wish = {
        .service = event->principal,
        .action = "sns:Publish",
        .resource = event->target,
        .source = event->source,
        .source_account = event->account,
        .lax = true,
    };

    return event->allowed || service_may(c, &wish)
               ? OK
               : fail(c, &BUS_REFUSED,
                      "The policy of %.*s does not let %.*s publish to it from %.*s",
                      STR_ARG(event->target), STR_ARG(event->principal), STR_ARG(event->source));
}

static status check(struct call *c, const struct bus_event *event)
{
    struct topic *topic = topic_find(sns_of(c), event->target);

    if (topic == NULL) {
        return fail(c, &BUS_NO_TARGET, "There is no topic %.*s", STR_ARG(event->target));
    }
    TRY(policy_lets(c, event));
    if (topic->fifo) {
        return fail(c, &BUS_REFUSED, "%.*s is a FIFO topic, to which services do not publish",
                    STR_ARG(event->target));
    }
    if (event->body.bytes > MESSAGE_BYTES_MAX ||
        fan_out_check(c, topic, &(struct message){.text = event->body}, 1) != OK) {
        return fail(c, &BUS_TOO_LARGE, "The event is larger than a topic takes");
    }
    return OK;
}

static status take(struct call *c, const struct bus_event *event)
{
    struct message message = {
        .subject = event->subject,
        .text = event->body,
        .attributes = event->attributes,
        .attribute_count = event->attribute_count,
        .at_ms = c->now,
    };
    struct published published;

    topic_publish(c, topic_find(sns_of(c), event->target), &message, &published);
    return OK;
}

static const struct sink sink = {"sns", check, take, NULL};

/* "topic:endpoint", or an ARN. */
static status find(struct call *c, struct str name, struct str *ret_arn)
{
    struct subscription *found = map_get(sns_of(c)->subscriptions, name);
    struct str topic_name = str_slice(name, 0, str_find(name, ':', 0));
    struct str endpoint = str_slice(name, topic_name.bytes + 1, name.bytes);
    struct str key;
    void *value;

    for (size_t i = 0; found == NULL && map_next(sns_of(c)->subscriptions, &i, &key, &value);) {
        struct subscription *subscription = value;

        if (str_eq(subscription->topic->name, topic_name) &&
            (str_eq(subscription->endpoint, endpoint) ||
             str_ends(subscription->endpoint, endpoint))) {
            found = subscription;
        }
    }
    if (found == NULL) {
        return &ERR_NOT_FOUND;
    }
    *ret_arn = found->arn;
    return OK;
}

static const struct hold_owner owner = {HOLD_SUBSCRIPTION, "sns", find, NULL};

static status timer(struct call *c, struct str name, struct str payload)
{
    (void)payload;
    if (str_starts(name, STR("replay/"))) {
        replay_timer(c, name);
    } else {
        confirmation_timer(c, name);
    }
    return OK;
}

void sns_join_bus(struct cell *cell)
{
    bus_sink_add(cell, &sink);
    hold_owner_add(cell, &owner);
    bus_timer_owner(cell, "sns", timer);
}
