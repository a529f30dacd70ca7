/* SPDX-License-Identifier: Apache-2.0
 *
 * Where an asynchronous invocation ends: its function's dead-letter queue or topic, and the
 * destinations for success and failure, with AWS's record. What cannot be delivered there is noted
 * as a hop.
 *
 * Sources: "Capturing records of Lambda asynchronous invocations", "Adding a dead-letter queue",
 * Lambda developer guide.
 */
#include "base/time.h"
#include "bus/pattern.h"
#include "bus/sink.h"
#include "bus/trace.h"
#include "cell/authorize.h"
#include "svc/lambda/async.h"
#include "svc/lambda/payload.h"
#include "wire/json.h"

#define RECORD_BYTES_MAX (16u * 1024 * 1024)
#define MESSAGE_BYTES_MAX 1024 /* of ErrorMessage, as AWS has it */

/* ---- how it is configured ---- */

static const struct value *member(const struct value *document, const char *name)
{
    return document != NULL && document->kind == VALUE_MAP ? map_find(document, str_c(name))
                                                           : NULL;
}

static struct str destination_of(const struct value *config, const char *when)
{
    const struct value *arn =
        member(member(member(config, "DestinationConfig"), when), "Destination");

    return arn != NULL && arn->kind == VALUE_STR ? arn->str : STR_NONE;
}

static int64_t number_of(const struct value *config, const char *name, int64_t otherwise)
{
    const struct value *number = member(config, name);

    return number != NULL && number->kind == VALUE_INT ? number->number : otherwise;
}

void async_config_of(struct call *c, const struct target *target, struct str qualifier,
                     struct async_config *ret_config)
{
    bool latest = qualifier_is_latest(qualifier);
    struct target of = target_with(target, latest ? STR("$LATEST") : qualifier);
    const struct value *config = NULL;
    struct str json;

    if (setting_get(c, "invoke-config", &of, &json)) {
        config = pattern_document(json, c->arena);
    }
    *ret_config = (struct async_config){
        .retries = (uint32_t)number_of(config, "MaximumRetryAttempts", ASYNC_RETRIES),
        .age_ms_max = MS_PER_SECOND *
                      number_of(config, "MaximumEventAgeInSeconds", ASYNC_AGE_SECONDS),
        .on_success = destination_of(config, "OnSuccess"),
        .on_failure = destination_of(config, "OnFailure"),
    };
}

/* ---- the record ---- */

/* 2026-11-23T08:55:00.000Z: always with milliseconds. */
static void add_moment(struct buf *text, int64_t at_ms)
{
    struct time_parts t = time_parts_of(at_ms);

    buf_printf(text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", t.year, t.month, t.day, t.hour,
               t.minute, t.second, t.ms);
}

/* As it is, if it is JSON; else as a text. */
static void add_json(struct buf *text, struct str json)
{
    struct why why;

    if (json.bytes > 0 && payload_is_json(json, &why)) {
        buf_add(text, json);
    } else {
        json_write_str(text, json);
    }
}

static struct str version_arn(struct call *c, const struct target *target, struct str version)
{
    struct target of = target_with(target, version.bytes > 0 ? version
                                           : target->qualifier.bytes > 0 ? target->qualifier
                                                                         : STR("$LATEST"));

    return target_arn(c->arena, &of);
}

/* STR_NONE: it is larger than anything takes. */
static struct str record_of(struct call *c, const struct target *target,
                            const struct async_event *event, const struct async_end *end)
{
    struct buf text;
    struct str made = STR_NONE;

    buf_init(&text, RECORD_BYTES_MAX);
    buf_add(&text, STR("{\"version\":\"1.0\",\"timestamp\":\""));
    add_moment(&text, c->now);
    buf_printf(&text, "\",\"requestContext\":{\"requestId\":\"%.*s\",\"functionArn\":\"%.*s\","
               "\"condition\":\"%s\",\"approximateInvokeCount\":%u},\"requestPayload\":",
               STR_ARG(event->request_id), STR_ARG(version_arn(c, target, end->version)),
               end->condition, event->attempts + (end->answer.at != NULL && !end->failed));
    add_json(&text, event->payload);
    if (end->answer.at != NULL) {
        buf_printf(&text, ",\"responseContext\":{\"statusCode\":200,\"executedVersion\":"
                   "\"%.*s\"%s},\"responsePayload\":", STR_ARG(end->version),
                   end->failed ? ",\"functionError\":\"Unhandled\"" : "");
        add_json(&text, end->answer);
    }
    buf_add_c(&text, '}');
    if (!buf_spent(&text)) {
        made = arena_dup(c->arena, buf_str(&text));
    }
    buf_done(&text);
    return made;
}

/* ---- sending it ---- */

/* What a function's role needs for a target; NULL: a kind that cannot be one. */
static const char *action_for(struct str service)
{
    static const char *const actions[][2] = {
        {"sqs", "sqs:SendMessage"}, {"sns", "sns:Publish"}, {"lambda", "lambda:InvokeFunction"},
        {"events", "events:PutEvents"}, {"s3", "s3:PutObject"},
    };

    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (str_eq(service, str_c(actions[i][0]))) {
            return actions[i][1];
        }
    }
    return NULL;
}

/* By its role, as all that a function does. */
static void hand_on(struct call *c, const struct target *target, const struct bus_event *event)
{
    struct hop hop = {event->source, event->target, STR_NONE,
                      STR("refused: the function's role may not"), event->about};
    struct arn arn;
    const char *action = arn_read(event->target, &arn) ? action_for(arn.service) : NULL;
    struct str resource = event->target;
    struct version version;

    if (version_find(c, target, &version) != OK || action == NULL) {
        return;
    }
    if (str_eq(arn.service, STR("s3"))) {
        resource = arena_printf(c->arena, "%.*s/%.*s", STR_ARG(event->target),
                                STR_ARG(event->key));
    }
    if (!role_may(c, get_str(version.config, "Role"), action, resource)) {
        trace_hop(c, &hop);
        return;
    }
    (void)bus_send(c, event); /* a refusal is noted as a hop */
}

static struct bus_event event_to(struct call *c, const struct target *target, struct str arn,
                                 const struct async_event *event)
{
    struct target whole = target_with(target, STR_NONE);

    return (struct bus_event){
        .target = arn,
        .source = target_arn(c->arena, &whole),
        .principal = STR("lambda.amazonaws.com"),
        .allowed = true, /* by the function's role, which is asked before */
        .account = target->account,
        .about = event->request_id,
    };
}

/* aws/lambda/async/NAME/2026/11/23/2026-11-23T08.55.00-UUID */
static struct str object_key(struct call *c, const struct target *target)
{
    struct time_parts t = time_parts_of(c->now);
    char uuid[36];

    rand_uuid(c->rand, uuid);
    return arena_printf(c->arena, "aws/lambda/async/%.*s/%04d/%02d/%02d/%04d-%02d-%02dT%02d.%02d."
                        "%02d-%.36s", STR_ARG(target->name), t.year, t.month, t.day, t.year,
                        t.month, t.day, t.hour, t.minute, t.second, uuid);
}

/* A record as EventBridge's event; the bus fills in the rest. */
static struct str bridged(struct call *c, const struct bus_event *told, struct str version,
                          const struct async_end *end)
{
    return arena_printf(c->arena,
                        "{\"detail-type\":\"Lambda Function Invocation Result - %s\","
                        "\"source\":\"lambda\",\"resources\":[\"%.*s\",\"%.*s\"],"
                        "\"detail\":%.*s}",
                        strcmp(end->condition, "Success") == 0 ? "Success" : "Failure",
                        STR_ARG(told->target), STR_ARG(version), STR_ARG(told->body));
}

static void tell_destination(struct call *c, const struct target *target, struct str arn,
                             const struct async_event *event, const struct async_end *end)
{
    struct bus_event told = event_to(c, target, arn, event);
    struct arn parts;

    told.body = record_of(c, target, event, end);
    if (told.body.at == NULL || !arn_read(arn, &parts)) {
        return;
    }
    if (str_eq(parts.service, STR("s3"))) {
        told.key = object_key(c, target);
    } else if (str_eq(parts.service, STR("events"))) {
        told.body = bridged(c, &told, version_arn(c, target, end->version), end);
    }
    hand_on(c, target, &told);
}

/* "errorMessage" of the error's document, as much as AWS says of it. */
static struct str error_message(struct call *c, const struct async_end *end)
{
    const struct value *message = NULL;

    if (end->answer.at != NULL) {
        message = member(pattern_document(end->answer, c->arena), "errorMessage");
    }
    if (message != NULL && message->kind == VALUE_STR && message->str.bytes > 0) {
        return str_slice(message->str, 0, MESSAGE_BYTES_MAX);
    }
    return str_c(end->condition);
}

static void tell_dead_letter(struct call *c, const struct target *target,
                             const struct async_event *event, const struct async_end *end)
{
    struct version version;
    const struct value *config;
    struct bus_event dead;

    if (version_find(c, target, &version) != OK) {
        return;
    }
    config = get(version.config, "DeadLetterConfig");
    if (config == NULL || get_str(config, "TargetArn").bytes == 0) {
        return;
    }
    struct bus_attribute attributes[3] = {
        {STR("RequestID"), STR("String"), event->request_id},
        {STR("ErrorCode"), STR("Number"), end->answer.at != NULL ? STR("200") : STR("429")},
        {STR("ErrorMessage"), STR("String"), error_message(c, end)},
    };

    dead = event_to(c, target, get_str(config, "TargetArn"), event);
    dead.body = event->payload;
    dead.attributes = attributes;
    dead.attribute_count = 3;
    hand_on(c, target, &dead);
}

void async_tell(struct call *c, const struct target *target, const struct async_event *event,
                const struct async_end *end)
{
    struct async_config config;
    bool success = strcmp(end->condition, "Success") == 0;
    struct str arn;

    async_config_of(c, target, event->qualifier, &config);
    arn = success ? config.on_success : config.on_failure;
    if (arn.bytes > 0) {
        tell_destination(c, target, arn, event, end);
    }
    if (!success) {
        tell_dead_letter(c, target, event, end);
    }
}
