/* SPDX-License-Identifier: Apache-2.0
 *
 * Integrations of AWS services: the operation runs inside the request's own call, as a session of
 * the integration's role. A record is put in the entry that answers the request.
 *
 * Source: "Integration subtype reference", API Gateway developer guide.
 */
#include "base/time.h"
#include "cell/inner.h"
#include "svc/apigatewayv2/run.h"
#include "wire/json.h"
#include "wire/wire.h"

#define WAIT_SECONDS_MAX 20 /* more is for SQS to refuse */

struct subtype {
    const char *name;            /* "Kinesis-PutRecord" */
    const char *service;         /* the model's id; NULL: weir does not have it */
    const char *operation;       /* of it */
};

static const struct subtype subtypes[] = {
    {"EventBridge-PutEvents", "events", "PutEvents"},
    {"Kinesis-PutRecord", "kinesis", "PutRecord"},
    {"SQS-SendMessage", "sqs", "SendMessage"},
    {"SQS-ReceiveMessage", "sqs", "ReceiveMessage"},
    {"SQS-DeleteMessage", "sqs", "DeleteMessage"},
    {"SQS-PurgeQueue", "sqs", "PurgeQueue"},
};

static const struct subtype *subtype_of(struct str name)
{
    for (size_t i = 0; i < sizeof(subtypes) / sizeof(subtypes[0]); i++) {
        if (str_eq(str_c(subtypes[i].name), name)) {
            return &subtypes[i];
        }
    }
    return NULL;
}

/* ---- the input ---- */

static void bad(struct meeting *meeting, const struct parameter *parameter)
{
    if (meeting->unresolved == NULL) {
        meeting->unresolved = parameter;
    }
}

/* A text by the kind of the member: numbers and truths are read, structures are JSON. */
static void member_set(struct call *c, struct meeting *meeting, struct value *in,
                       const struct parameter *parameter)
{
    const struct shape *shape = model_shape(in->shape);
    int index = model_member_index(shape, parameter->name);
    struct str text = meeting_text(c, meeting, &parameter->text);
    const struct member *member;
    struct value *value;
    int64_t number;
    struct why why;

    if (text.at == NULL) {
        bad(meeting, parameter);
        return;
    }
    if (index < 0) { /* Region, and what the service does not know */
        return;
    }
    member = &model_members[shape->first + (uint32_t)index];
    value = &in->items[index];
    switch (model_shape(member->shape)->kind) {
    case SHAPE_STRING:
        *value = (struct value){.kind = VALUE_STR, .shape = member->shape, .str = text};
        break;
    case SHAPE_BLOB:
        *value = (struct value){.kind = VALUE_BLOB, .shape = member->shape, .str = text};
        break;
    case SHAPE_INTEGER:
    case SHAPE_LONG:
        if (!str_to_i64(text, &number)) {
            bad(meeting, parameter);
            return;
        }
        *value = (struct value){.kind = VALUE_INT, .shape = member->shape, .number = number};
        break;
    case SHAPE_TIMESTAMP:
        if (!time_from_iso(text, &number) && !time_from_epoch_seconds(text, &number)) {
            bad(meeting, parameter);
            return;
        }
        *value = (struct value){.kind = VALUE_TIME, .shape = member->shape, .moment_ms = number};
        break;
    default:
        if (json_read(arena_dup(c->arena, text), member->shape, c->arena, &why, value) != OK) {
            bad(meeting, parameter);
        }
    }
}

/* EventBridge's parameters are those of one entry. */
static struct value *place_of(struct call *c, struct value *in, const struct subtype *subtype)
{
    if (strcmp(subtype->operation, "PutEvents") != 0) {
        return in;
    }
    return list_add(c->arena, set_list(c->arena, in, "Entries", 1));
}

static struct str parameter_text(struct call *c, struct meeting *meeting, struct str name)
{
    for (size_t i = 0; i < meeting->route->parameter_count; i++) {
        if (str_eq(meeting->route->parameters[i].name, name)) {
            return meeting_text(c, meeting, &meeting->route->parameters[i].text);
        }
    }
    return STR_NONE;
}

static void fill(struct call *c, struct meeting *meeting, struct inner *inner,
                 const struct subtype *subtype)
{
    struct value *place = place_of(c, inner->in, subtype);
    struct str region = parameter_text(c, meeting, STR("Region"));

    for (size_t i = 0; i < meeting->route->parameter_count; i++) {
        member_set(c, meeting, place, &meeting->route->parameters[i]);
    }
    if (strcmp(subtype->operation, "ReceiveMessage") == 0 &&
        get_int(place, "WaitTimeSeconds", 0) <= WAIT_SECONDS_MAX) {
        set_int(place, "WaitTimeSeconds", 0); /* nothing waits inside a call */
    }
    inner->caller.region = region.bytes > 0 ? region : meeting->live->region;
    if (inner->caller.identity == NULL) {
        inner->caller.account = meeting->live->account;
        inner->caller.principal = arena_printf(c->arena, "arn:aws:iam::%.*s:root",
                                               STR_ARG(meeting->live->account));
    }
}

/* ---- the answer ---- */

/* As the service itself would have answered: SQS in XML, as API Gateway speaks to it, the others in
 * their models' JSON. */
static struct route protocol_of(const struct inner *inner)
{
    const struct service_model *model = model_service_of(inner->operation);
    bool sqs = strcmp(inner->service, "sqs") == 0;

    return (struct route){.service = model, .operation = inner->operation,
                          .protocol = sqs ? PROTOCOL_QUERY : PROTOCOL_JSON, .json_minor = 1,
                          .asked = model_text(inner->operation->name)};
}

static void take(struct meeting *meeting, const struct answer *answer)
{
    meeting->answer.http = answer->http;
    meeting->answer.header_count = 0;
    meeting->answer.body = answer->body;
    for (size_t i = 0; i < answer->header_count; i++) {
        if (str_eq(answer->headers[i].name, STR("x-amzn-requestid"))) {
            continue; /* pages have it, too */
        }
        http_answer_add(&meeting->answer, answer->headers[i].name, answer->headers[i].value);
    }
}

static status answered(struct call *c, struct meeting *meeting, const struct inner *inner,
                       status result)
{
    struct route route = protocol_of(inner);
    struct answer answer;

    if (result == OK) {
        result = wire_encode(&route, inner->out, c->request_id, c->arena, &answer);
    }
    if (result != OK) {
        struct fault fault = {.code = result, .message = str_c(inner->why.text),
                              .detail = inner->detail};

        wire_encode_error(&route, &fault, c->request_id, c->arena, &answer);
        meeting->integration_error = arena_dup(c->keep, fault.message);
    }
    meeting->integration_id = c->request_id;
    take(meeting, &answer);
    meeting_asked(c, meeting, answer.http);
    return meeting_answer(c, meeting);
}

static status not_here(struct call *c, struct meeting *meeting, struct str name)
{
    struct str words = arena_printf(c->keep, "%.*s is not implemented by weir", STR_ARG(name));

    return meeting_fail(c, meeting, 501, words.at);
}

static status unresolved(struct call *c, struct meeting *meeting)
{
    struct str words = arena_printf(
        c->keep,
        "Unable to resolve property %.*s from source %.*s. Please make sure that the request to "
        "API Gateway contains all the necessary fields specified in RequestParameters.",
        STR_ARG(meeting->unresolved->name), STR_ARG(meeting->unresolved->source));

    return meeting_fail(c, meeting, 400, words.at);
}

status aws_integrate(struct call *c)
{
    struct meeting *meeting = meeting_of(c);
    const struct value *integration = meeting->route->live->integration;
    struct str name = get_str(integration, "IntegrationSubtype");
    const struct subtype *subtype = subtype_of(name);
    struct inner inner;

    meeting->asked_ms = c->now;
    if (subtype == NULL || inner_begin(c, subtype->service, subtype->operation, &inner) != OK) {
        c->why.text[0] = '\0';
        return not_here(c, meeting, name);
    }
    if (inner_as_role(c, &inner, get_str(integration, "CredentialsArn"),
                      "apigateway.amazonaws.com") != OK) {
        meeting->integration_error = arena_dup(c->keep, str_c(c->why.text));
        c->why.text[0] = '\0';
        return meeting_fail(c, meeting, 500, "Internal Server Error");
    }
    fill(c, meeting, &inner, subtype);
    if (meeting->unresolved != NULL) {
        return unresolved(c, meeting);
    }
    return answered(c, meeting, &inner, inner_run(c, &inner));
}
