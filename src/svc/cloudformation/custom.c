/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS::CloudFormation::CustomResource and Custom::X: made, changed and removed by a function or by
 * who listens to a topic, which says how it went at an address (reply.h).
 *
 * Rules
 *  1. The request is sent in the step that begins the resource: the event to the function is a row
 *     in the same entry. So a kill loses neither, and sends none twice that was not there.
 *  2. What came is judged when it is looked at (settled, gone); then its address is closed.
 *  3. A function that fails is tried again as all asynchronous invocations are. When it is given up
 *     the resource fails at once, in the words in which it fails on AWS when the hour is over.
 *  4. Until it has said its own name the resource has one that weir made, so that a Delete follows
 *     a Create that failed.
 */
#include "svc/cloudformation/custom.h"

#include "base/time.h"
#include "bus/sink.h"
#include "cell/authorize.h"
#include "svc/cloudformation/reply.h"
#include "wire/json.h"

#define TIMEOUT_SECONDS 3600
#define ID_BYTES_MAX 1024
#define NOTE_TOKEN "reply"     /* of the address that is open */
#define NOTE_REQUEST "request" /* RequestId, for sentences */
#define NOTE_DATA "data"       /* the response's Data, as JSON */
#define NOTE_KIND "kind"       /* RequestType of what is open */

static const struct resource_property properties[] = {
    {"ServiceToken", "", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"ServiceTimeout", "", RESOURCE_IN_PLACE, 0},
};

static const char *const attributes[] = {"*", NULL}; /* whatever Data says */

/* ---- the request ---- */

/* Every scalar as a text, as AWS sends them. */
static void put_texts(struct arena *arena, const struct value *from, struct value *to)
{
    *to = (struct value){.kind = VALUE_STR, .str = STR("")};
    if (from->kind == VALUE_MAP) {
        *to = (struct value){.kind = VALUE_MAP};
        for (uint32_t i = 0; i < from->count; i++) {
            put_texts(arena, &from->pairs[i].value, doc_put(arena, to, from->pairs[i].key));
        }
    } else if (from->kind == VALUE_LIST) {
        *to = (struct value){.kind = VALUE_LIST};
        for (uint32_t i = 0; i < from->count; i++) {
            put_texts(arena, &from->items[i], doc_add(arena, to));
        }
    } else if (from->kind != VALUE_NULL) {
        to->str = doc_text(arena, from);
    }
}

static struct str type_name(const struct resource *r)
{
    return r->type_name.bytes > 0 ? r->type_name : str_c(r->type->name);
}

static struct str request_text(struct resource *r, const char *kind, struct str request_id,
                               struct str url)
{
    struct arena *arena = r->c->arena;
    struct value *map = doc_map(arena);

    doc_put_text(arena, map, "RequestType", str_c(kind));
    doc_put_text(arena, map, "ServiceToken", resource_str(r, "ServiceToken"));
    doc_put_text(arena, map, "ResponseURL", url);
    doc_put_text(arena, map, "StackId", r->stack_id);
    doc_put_text(arena, map, "RequestId", request_id);
    doc_put_text(arena, map, "LogicalResourceId", r->logical_id);
    if (strcmp(kind, "Create") != 0) {
        doc_put_text(arena, map, "PhysicalResourceId", r->id);
    }
    doc_put_text(arena, map, "ResourceType", type_name(r));
    put_texts(arena, r->want, doc_put(arena, map, STR("ResourceProperties")));
    if (strcmp(kind, "Update") == 0) {
        put_texts(arena, r->had, doc_put(arena, map, STR("OldResourceProperties")));
    }
    return doc_json(arena, map);
}

/* ---- sending it ---- */

/* May who makes the stack invoke the function? As a call of theirs would be asked. */
static status may_invoke(struct resource *r, struct str function)
{
    struct call as = *r->c;
    status may;

    as.identity = r->caller.identity;
    as.principal = r->caller.principal;
    as.account = r->caller.account;
    as.guarded = as.identity != NULL && cell_auth(as.cell);
    may = call_may(&as, "lambda:InvokeFunction", function);
    return may == OK ? OK : resource_fail(r, may, "%s", as.why.text);
}

static status send_to_function(struct resource *r, struct str function, struct str text)
{
    struct bus_event event = {
        .target = function,
        .source = r->stack_id,
        .principal = STR(CFN_PRINCIPAL),
        .account = r->caller.account,
        .body = text,
        .about = r->logical_id,
        .allowed = true,
    };
    status sent;

    TRY(may_invoke(r, function));
    sent = bus_send(r->c, &event);
    if (sent == &BUS_NO_TARGET) {
        return resource_fail(r, sent, "Function not found: %.*s (Service: Lambda, Status Code: "
                             "404, Request ID: %.*s)", STR_ARG(function),
                             STR_ARG(r->c->request_id));
    }
    return sent == OK ? OK : resource_fail(r, sent, "%s", r->c->why.text);
}

static status send_to_topic(struct resource *r, struct str topic, struct str text)
{
    struct inner inner;

    TRY(resource_begin_of(r, "sns", "Publish", &inner));
    set_str(inner.in, "TopicArn", topic);
    set_str(inner.in, "Subject", STR("AWS CloudFormation custom resource request"));
    set_str(inner.in, "Message", text);
    return resource_run(r, &inner);
}

static status deliver(struct resource *r, struct str text)
{
    struct str token = resource_str(r, "ServiceToken");
    struct arn arn;

    if (!arn_read(token, &arn)) {
        return resource_fail(r, &RESOURCE_INVALID, "Invalid service token.");
    }
    if (str_eq(arn.service, STR("lambda"))) {
        return send_to_function(r, token, text);
    }
    if (str_eq(arn.service, STR("sns"))) {
        return send_to_topic(r, token, text);
    }
    return resource_fail(r, &RESOURCE_INVALID, "Invalid service token.");
}

static status request_send(struct resource *r, const char *kind)
{
    int64_t seconds = resource_int(r, "ServiceTimeout", TIMEOUT_SECONDS);
    struct reply reply = {.text = STR_NONE, .given_up = STR_NONE};
    char *request_id = arena_alloc(r->c->arena, 36);
    struct str url;

    if (seconds < 1 || seconds > TIMEOUT_SECONDS) {
        return resource_fail(r, &RESOURCE_INVALID, "Invalid ServiceTimeout: it must be an integer "
                             "from 1 to %d", TIMEOUT_SECONDS);
    }
    reply_end(r->c, resource_noted(r, NOTE_TOKEN));
    reply.until_ms = r->c->now + seconds * MS_PER_SECOND;
    rand_uuid(r->c->rand, request_id);
    reply_new(r, &reply, str_of(request_id, 36), &url);
    TRY(deliver(r, request_text(r, kind, str_of(request_id, 36), url)));
    resource_note(r, NOTE_TOKEN, reply.token);
    resource_note(r, NOTE_REQUEST, str_of(request_id, 36));
    resource_note(r, NOTE_KIND, str_c(kind));
    return OK;
}

/* The function that was to answer failed for good. */
static void given_up(struct call *c, const struct bus_event *event, struct str why)
{
    struct value request;
    struct why unread;

    if (json_read(arena_dup(c->arena, event->body), 0, c->arena, &unread, &request) == OK) {
        reply_give_up(c, doc_text(c->arena, doc_get(&request, "ResponseURL")), why);
    }
}

static status no_target(struct call *c, const struct bus_event *event)
{
    return fail(c, &BUS_NO_TARGET, "%.*s takes no events",
                STR_ARG(str_slice(event->target, 0, 512)));
}

static const struct sink sink = {CFN_SERVICE, no_target, no_target, given_up};

void custom_join_bus(struct cell *cell)
{
    bus_sink_add(cell, &sink);
}

/* ---- the response ---- */

static status not_answered(struct resource *r)
{
    return resource_fail(r, &RESOURCE_INVALID, "CloudFormation did not receive a response from "
                         "your Custom Resource. Please check your logs for requestId [%.*s]. If "
                         "you are using the Python cfn-response module, you may need to update "
                         "your Lambda function code so that CloudFormation can attach the updated "
                         "version.", STR_ARG(resource_noted(r, NOTE_REQUEST)));
}

/* A Create that failed has told what there is to remove; an Update, nothing. */
static status id_take(struct resource *r, const struct value *response, bool good)
{
    struct str id = doc_text(r->c->arena, doc_get(response, "PhysicalResourceId"));

    if (id.bytes == 0 || id.bytes > ID_BYTES_MAX) {
        return resource_fail(r, &RESOURCE_INVALID, "Invalid PhysicalResourceId");
    }
    if (str_eq(resource_noted(r, NOTE_KIND), STR("Create")) || good) {
        r->id = id;
    }
    return OK;
}

static status judge(struct resource *r, struct str text)
{
    struct arena *arena = r->c->arena;
    struct value response;
    const struct value *data;
    struct str status_text;
    struct why unread;

    if (json_read(arena_dup(arena, text), 0, arena, &unread, &response) != OK ||
        response.kind != VALUE_MAP) {
        return resource_fail(r, &RESOURCE_INVALID, "Invalid Json in response object: the response "
                             "is not a JSON object");
    }
    status_text = doc_text(arena, doc_get(&response, "Status"));
    TRY(id_take(r, &response, str_eq(status_text, STR("SUCCESS")) &&
                                  !str_eq(resource_noted(r, NOTE_KIND), STR("Delete"))));
    if (str_eq(status_text, STR("FAILED"))) {
        return resource_fail(r, &RESOURCE_INVALID, "Received response status [FAILED] from custom "
                             "resource. Message returned: %.*s (RequestId: %.*s)",
                             STR_ARG(doc_text(arena, doc_get(&response, "Reason"))),
                             STR_ARG(resource_noted(r, NOTE_REQUEST)));
    }
    if (!str_eq(status_text, STR("SUCCESS"))) {
        return resource_fail(r, &RESOURCE_INVALID, "Invalid response status [%.*s] from custom "
                             "resource", STR_ARG(str_slice(status_text, 0, 128)));
    }
    data = doc_get(&response, "Data");
    resource_note(r, NOTE_DATA, data == NULL || data->kind != VALUE_MAP ? STR("")
                                                                        : doc_json(arena, data));
    return OK;
}

static status custom_settled(struct resource *r)
{
    struct str token = resource_noted(r, NOTE_TOKEN);
    struct reply reply;

    if (!reply_get(r->c, token, &reply)) {
        return OK;
    }
    if (reply.text.at == NULL && reply.given_up.at == NULL && r->c->now < reply.until_ms) {
        return &RESOURCE_WAITS;
    }
    reply_end(r->c, token);
    resource_note(r, NOTE_TOKEN, STR(""));
    if (reply.text.at == NULL) {
        return not_answered(r);
    }
    return reply.given_up.at == NULL
               ? judge(r, reply.text)
               : resource_fail(r, &RESOURCE_INVALID, "%.*s", STR_ARG(reply.given_up));
}

/* ---- attributes ---- */

/* What is inside is an attribute as well, with dots. */
static void tell_inside(struct resource *r, struct str path, const struct value *value)
{
    for (uint32_t i = 0; value->kind == VALUE_MAP && i < value->count; i++) {
        struct str inside = arena_printf(r->c->arena, "%.*s.%.*s", STR_ARG(path),
                                         STR_ARG(value->pairs[i].key));

        tell_inside(r, inside, &value->pairs[i].value);
    }
    resource_attribute_of(r, arena_dup(r->c->arena, path).at, value);
}

static status custom_tell(struct resource *r)
{
    struct str text = resource_noted(r, NOTE_DATA);
    struct value data;
    struct why unread;

    r->attributes->count = 0; /* those of the response before */
    if (text.bytes == 0 ||
        json_read(arena_dup(r->c->arena, text), 0, r->c->arena, &unread, &data) != OK) {
        return OK;
    }
    for (uint32_t i = 0; i < data.count; i++) {
        struct value *value = ARENA_NEW(r->c->arena, struct value);

        put_texts(r->c->arena, &data.pairs[i].value, value);
        tell_inside(r, data.pairs[i].key, value);
    }
    return OK;
}

/* ---- the type ---- */

static status custom_make(struct resource *r)
{
    TRY(request_send(r, "Create"));
    r->id = resource_name(r, "", 128, false);
    return OK;
}

static status custom_change(struct resource *r)
{
    if (resource_changed(r, "ServiceToken")) {
        return resource_fail(r, &RESOURCE_INVALID, "Modifying service token is not allowed.");
    }
    return request_send(r, "Update");
}

static status custom_remove(struct resource *r)
{
    return request_send(r, "Delete");
}

const struct resource_type custom_type = {
    .name = "AWS::CloudFormation::CustomResource",
    .service = CFN_SERVICE,
    RESOURCE_TYPE_PROPERTIES(properties),
    .attributes = attributes,
    .make = custom_make,
    .change = custom_change,
    .remove = custom_remove,
    .settled = custom_settled,
    .gone = custom_settled,
    .tell = custom_tell,
    .open = true,
};
