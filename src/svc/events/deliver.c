/* SPDX-License-Identifier: Apache-2.0
 *
 * From a rule to a target: what the target gets, and what becomes of an event that it refuses.
 *
 * Rules
 *  1. Targets take events in the sender's entry. What a function does with it is the function's own
 *     affair: its asynchronous invocation has retries and destinations of its own, as on AWS.
 *  2. A target that is not there, or does not let the rule, is not tried again. One that is busy
 *     is, by the target's retry policy, with durable timers.
 *  3. What fails for good goes to the target's dead-letter queue: the event as it came, with AWS's
 *     attributes.
 *  4. An event that came from another bus goes to no third one.
 *
 * Source: "Event retry policy and using dead-letter queues", EventBridge user guide.
 */
#include "base/cursor.h"
#include "base/time.h"
#include "bus/timer.h"
#include "bus/trace.h"
#include "cell/authorize.h"
#include "svc/events/events_int.h"
#include "svc/events/text.h"

#include <assert.h>

#define VERSION 1
#define PAYLOAD_BYTES_MAX (1024u * 1024)
#define RETRY_FIRST_MS 1000
#define RETRY_LAST_MS (10 * MS_PER_MINUTE)
#define ATTRIBUTES 6
#define MESSAGE_BYTES_MAX 1024

/* One event for one target. */
struct sending {
    const struct rule *rule;     /* whose target */
    const struct target *target; /* gets it */
    const struct event *event;   /* what */
    uint32_t attempts;           /* tries that failed */
    int64_t first_ms;            /* when it was tried first */
    const char *error;           /* ERROR_CODE, when it fails */
    const char *exhausted;       /* EXHAUSTED_RETRY_CONDITION; NULL: none */
};

/* ---- what it gets ---- */

static struct str body_of(struct call *c, const struct sending *sending)
{
    const struct target *target = sending->target;
    const struct event *event = sending->event;
    struct str found;

    if (target->input.at != NULL) {
        return target->input;
    }
    if (target->input_path.at != NULL) {
        found = path_find(c->arena, event->text, target->input_path);
        return found.at == NULL ? STR("null") : found;
    }
    if (target->transform != NULL) {
        struct transform_input input = {event->text, sending->rule->arn, sending->rule->name,
                                        event->ingested_ms};

        return transform_fill(c->arena, target->transform, &input);
    }
    return event->text;
}

static struct str partition_key(struct call *c, const struct sending *sending)
{
    struct str found = STR_NONE;

    if (sending->target->key_path.bytes > 0) {
        found = path_find(c->arena, sending->event->text, sending->target->key_path);
    }
    found = found.at == NULL ? STR_NONE : text_plain(c->arena, found);
    return found.bytes > 0 && found.bytes <= 256 ? found : sending->event->id;
}

/* A log stream of the target's group; {"timestamp": …, "message": …} of a transformer says both. */
static void to_log(struct call *c, const struct sending *sending, struct bus_event *told)
{
    struct str group = sending->target->arn;
    struct bus_attribute *attribute = ARENA_NEW(c->arena, struct bus_attribute);
    struct str message = path_find(c->arena, told->body, STR("$.message"));
    struct str moment = path_find(c->arena, told->body, STR("$.timestamp"));
    int64_t ms;

    if (str_ends(group, STR(":*"))) {
        group = str_slice(group, 0, group.bytes - 2);
    }
    told->target = arena_printf(c->arena, "%.*s:log-stream:%.*s", STR_ARG(group),
                                STR_ARG(sending->event->id));
    if (sending->target->transform == NULL || message.at == NULL || moment.at == NULL) {
        return;
    }
    told->body = text_plain(c->arena, message);
    moment = text_plain(c->arena, moment);
    if (str_to_i64(moment, &ms) || time_from_iso(moment, &ms)) {
        *attribute = (struct bus_attribute){STR("timestamp"), STR("Number"),
                                            arena_printf(c->arena, "%lld", (long long)ms)};
        told->attributes = attribute;
        told->attribute_count = 1;
    }
}

/* ---- what fails ---- */

static void bury(struct call *c, const struct sending *sending)
{
    struct bus_attribute attributes[ATTRIBUTES] = {
        {STR("RULE_ARN"), STR("String"), sending->rule->arn},
        {STR("TARGET_ARN"), STR("String"), sending->target->arn},
        {STR("ERROR_CODE"), STR("String"), str_c(sending->error)},
        {STR("ERROR_MESSAGE"), STR("String"),
         str_slice(arena_printf(c->arena, "%s", c->why.text), 0, MESSAGE_BYTES_MAX)},
        {STR("RETRY_ATTEMPTS"), STR("Number"),
         arena_printf(c->arena, "%u", sending->attempts)},
    };
    struct bus_event dead = {
        .target = sending->target->dead_arn,
        .source = sending->rule->arn,
        .principal = STR("events.amazonaws.com"),
        .account = sending->rule->bus->account,
        .body = sending->event->text,
        .about = sending->event->id,
        .attributes = attributes,
        .attribute_count = ATTRIBUTES - 1,
    };

    if (sending->exhausted != NULL) {
        attributes[dead.attribute_count++] = (struct bus_attribute){
            STR("EXHAUSTED_RETRY_CONDITION"), STR("String"), str_c(sending->exhausted)};
    }
    if (dead.target.bytes > 0) {
        (void)bus_send(c, &dead);
    }
    c->why.text[0] = '\0';
}

/* Refused before anybody was asked. */
static void refuse(struct call *c, struct sending *sending, const char *error, const char *why)
{
    struct hop hop = {sending->rule->arn, sending->target->arn, STR_NONE,
                      arena_printf(c->arena, "refused: %s", why), sending->event->id};

    trace_hop(c, &hop);
    sending->error = error;
    (void)why_set(&c->why, &BUS_REFUSED, "%s", why);
    bury(c, sending);
}

/* Waits longer each time, and not all of them equally long. */
static int64_t pause_ms(struct call *c, uint32_t attempts)
{
    int64_t pause = RETRY_FIRST_MS;

    for (uint32_t i = 1; i < attempts && pause < RETRY_LAST_MS; i++) {
        pause *= 2;
    }
    pause = pause < RETRY_LAST_MS ? pause : RETRY_LAST_MS;
    return pause / 2 + (int64_t)rand_below(c->rand, (uint64_t)pause / 2 + 1);
}

static void try_later(struct call *c, const struct sending *sending, int64_t at_ms)
{
    const struct event *event = sending->event;
    struct buf packed;
    char uuid[36];

    rand_uuid(c->rand, uuid);
    buf_init(&packed, PAYLOAD_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_str(&packed, sending->rule->arn);
    write_str(&packed, sending->target->id);
    write_str(&packed, event->id);
    write_str(&packed, event->account);
    write_str(&packed, event->text);
    write_zigzag(&packed, event->ingested_ms);
    write_u8(&packed, event->forwarded);
    write_var(&packed, sending->attempts);
    write_zigzag(&packed, sending->first_ms);
    assert(!buf_spent(&packed)); /* an event is smaller */
    bus_timer_set(c, "events", arena_printf(c->arena, "retry/%.36s", uuid), at_ms,
                  arena_dup(c->arena, buf_str(&packed)));
    buf_done(&packed);
    c->why.text[0] = '\0';
}

/* Busy: again later, or given up. */
static void busy(struct call *c, struct sending *sending)
{
    const struct target *target = sending->target;
    int64_t at_ms = c->now + pause_ms(c, sending->attempts + 1);

    if (sending->attempts >= target->retries) {
        sending->exhausted = "MaximumRetryAttempts";
    } else if (at_ms - sending->first_ms > target->age_ms_max) {
        sending->exhausted = "MaximumEventAgeInSeconds";
    } else {
        sending->attempts++;
        try_later(c, sending, at_ms);
        return;
    }
    sending->error = "THROTTLING";
    bury(c, sending);
}

/* AWS's codes. */
static const char *error_code(status refused, const char *why)
{
    if (refused == &BUS_NO_TARGET) {
        return "NO_RESOURCE";
    }
    return refused == &BUS_REFUSED && strncmp(why, "The policy of ", 14) == 0
               ? "NO_PERMISSIONS"
               : "ERROR_FROM_TARGET";
}

/* ---- sending ---- */

/* What a target's role must be allowed; NULL: nothing that is known. */
static const char *action_of(struct str service)
{
    static const char *const actions[][2] = {
        {"kinesis", "kinesis:PutRecord"}, {"firehose", "firehose:PutRecord"},
        {"events", "events:PutEvents"},   {"sqs", "sqs:SendMessage"},
        {"sns", "sns:Publish"},           {"lambda", "lambda:InvokeFunction"},
    };

    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (str_eq(service, str_c(actions[i][0]))) {
            return actions[i][1];
        }
    }
    return NULL;
}

static bool role_lets(struct call *c, const struct target *target, const struct arn *arn)
{
    const char *action = action_of(arn->service);

    return target->role.bytes == 0 || action == NULL ||
           role_may(c, target->role, action, target->arn);
}

static void send_now(struct call *c, struct sending *sending)
{
    const struct target *target = sending->target;
    struct bus_event told = {
        .target = target->arn,
        .source = sending->rule->arn,
        .principal = STR("events.amazonaws.com"),
        .account = sending->rule->bus->account,
        .body = sending->event->text,
        .group = target->group.bytes > 0 ? target->group : STR_NONE,
        .about = sending->event->id,
    };
    struct arn arn;
    status sent;

    (void)arn_read(target->arn, &arn); /* checked when it was put */
    bool to_bus = str_eq(arn.service, STR("events"));

    if (to_bus && sending->event->forwarded) {
        refuse(c, sending, str_eq(arn.region, sending->rule->bus->region)
                               ? "THIRD_ACCOUNT_HOP_DETECTED"
                               : "THIRD_REGION_HOP_DETECTED",
               "An event that came from another event bus is not sent to a third one");
        return;
    }
    if (!role_lets(c, target, &arn)) {
        refuse(c, sending, "NO_PERMISSIONS", "The target's role may not");
        return;
    }
    if (!to_bus) {
        told.body = body_of(c, sending);
    }
    if (told.body.at == NULL) {
        refuse(c, sending, "INVALID_JSON", "The input transformer does not make JSON of the event");
        return;
    }
    if (str_eq(arn.service, STR("kinesis"))) {
        told.key = partition_key(c, sending);
    } else if (str_eq(arn.service, STR("logs"))) {
        to_log(c, sending, &told);
    }
    sent = bus_send(c, &told);
    if (sent == &BUS_BUSY) {
        busy(c, sending);
    } else if (sent != OK) {
        sending->error = error_code(sent, c->why.text);
        bury(c, sending);
    }
}

void target_send(struct call *c, const struct rule *rule, const struct target *target,
                 const struct event *event)
{
    struct sending sending = {.rule = rule, .target = target, .event = event, .first_ms = c->now};

    send_now(c, &sending);
}

void target_again(struct call *c, struct str payload)
{
    struct cursor cursor = cursor_of(payload);
    struct sending sending = {.attempts = 0};
    struct event event = {.document = NULL};
    struct str rule_arn;
    struct str id;

    if (read_u8(&cursor) != VERSION) {
        return;
    }
    rule_arn = read_str(&cursor);
    id = read_str(&cursor);
    event.id = read_str(&cursor);
    event.account = read_str(&cursor);
    event.text = read_str(&cursor);
    event.ingested_ms = read_zigzag(&cursor);
    event.forwarded = read_u8(&cursor) != 0;
    sending.attempts = (uint32_t)read_var(&cursor);
    sending.first_ms = read_zigzag(&cursor);
    sending.rule = rule_of_arn(events_of(c), rule_arn);
    sending.target = sending.rule == NULL ? NULL : target_find(sending.rule, id);
    sending.event = &event;
    if (cursor_done(&cursor) && sending.target != NULL) {
        send_now(c, &sending); /* else it was removed meanwhile */
    }
}
