/* SPDX-License-Identifier: Apache-2.0
 *
 * Lambda proxy integrations: the request is an event, the function's answer the answer.
 *
 * Rules
 *  1. The function's policy must let API Gateway invoke it for that route, unless the integration
 *     has a role that may.
 *  2. A function that fails, or answers what is no answer, is 500; one that is not there in time,
 *     or cannot run now, 503.
 */
#include "bus/pattern.h"
#include "cell/authorize.h"
#include "svc/apigatewayv2/run.h"

int64_t target_timeout_ms(const struct meeting *meeting)
{
    return get_int(meeting->route->live->integration, "TimeoutInMillis", RUN_TIMEOUT_MS);
}

void meeting_asked(struct call *c, struct meeting *meeting, int http)
{
    meeting->integration_status = http;
    meeting->integration_ms = c->now - meeting->asked_ms;
}

struct str target_function(struct call *c, struct meeting *meeting, struct str uri)
{
    struct str marker = STR(":lambda:path/2015-03-31/functions/");
    struct str whole = uri;
    size_t at;

    if (str_find(uri, '$', 0) < uri.bytes) {
        struct text text = text_read(uri, false, c->arena);

        whole = meeting_text(c, meeting, &text);
    }
    at = str_find_str(whole, marker);
    if (at == whole.bytes) {
        return whole;
    }
    whole = str_slice(whole, at + marker.bytes, whole.bytes);
    return str_slice(whole, 0, str_find(whole, '/', 0));
}

/* arn:aws:execute-api:…:api/stage/GET/pets/{id} */
static struct str source_of(struct call *c, const struct meeting *meeting)
{
    struct str key = meeting->route->key_text;
    size_t space = str_find(key, ' ', 0);
    struct str method = str_slice(key, 0, space);
    bool any = str_eq(method, STR("ANY"));

    return arena_printf(c->arena, "arn:%.*s:execute-api:%.*s:%.*s:%.*s/%.*s/%.*s%.*s",
                        STR_ARG(arn_partition(meeting->live->region)),
                        STR_ARG(meeting->live->region), STR_ARG(meeting->live->account),
                        STR_ARG(meeting->live->api_id), STR_ARG(meeting->live->stage_name),
                        STR_ARG(any ? STR("*") : method),
                        STR_ARG(str_slice(key, space + 1, key.bytes)));
}

static bool is_one(const struct meeting *meeting)
{
    return str_eq(get_str(meeting->route->live->integration, "PayloadFormatVersion"),
                  STR("1.0"));
}

/* In format 2.0 what is no structure is the body, if it is JSON. */
static bool answer_two(struct str json, struct arena *arena, struct http_answer *ret_answer)
{
    if (!http_answer_read(json, arena, ret_answer)) {
        return false;
    }
    if (!ret_answer->bare) {
        return true;
    }
    const struct value *document = pattern_document(json, arena);

    if (document->kind == VALUE_STR) { /* a text is told without its quotes */
        ret_answer->body = document->str;
    }
    return document->kind != VALUE_NONE;
}

/* Who does not say what it is is text. */
static void type_answer(struct http_answer *answer)
{
    for (size_t i = 0; !answer->bare && !answer->typed && i < answer->header_count; i++) {
        if (str_eq(answer->headers[i].name, STR("content-type"))) {
            answer->headers[i].value = STR("text/plain; charset=utf-8");
        }
    }
}

static status answered(struct call *c)
{
    struct meeting *meeting = meeting_of(c);
    const struct invoked *invoked = &meeting->invoked;

    meeting->integration_id = invoked->request_id;
    if (invoked->outcome == INVOKE_UNDER_WAY || invoked->outcome == INVOKE_NOT_RUN) {
        meeting_asked(c, meeting, 503);
        meeting->integration_error = invoked->outcome == INVOKE_NOT_RUN
                                         ? arena_dup(c->keep, invoked->answer)
                                         : STR("Endpoint request timed out");
        return meeting_fail(c, meeting, 503, "Service Unavailable");
    }
    meeting_asked(c, meeting, 200);
    if (invoked->outcome == INVOKE_FAILED ||
        !(is_one(meeting) ? answer_one(invoked->answer, c->keep, &meeting->answer)
                          : answer_two(invoked->answer, c->keep, &meeting->answer))) {
        meeting->integration_error =
            invoked->outcome == INVOKE_FAILED
                ? STR("The Lambda function returned an error")
                : STR("The response from the Lambda function doesn't match the format that API "
                      "Gateway expects");
        return meeting_fail(c, meeting, 500, "Internal Server Error");
    }
    type_answer(&meeting->answer);
    return meeting_answer(c, meeting);
}

/* A role that may, or the caller's own leave (every user's ARN); none: the function's policy is
 * asked. False: it may not. */
static bool role_lets(struct call *c, struct str role, struct str function)
{
    struct authorize_wish wish = {.action = "lambda:InvokeFunction", .resource = function};
    struct policy_decision decision;

    if (role.bytes == 0 || !cell_auth(c->cell)) {
        return true;
    }
    if (str_eq(role, STR("arn:aws:iam::*:user/*"))) {
        (void)call_ask(c, &wish, &decision);
        return decision.allowed;
    }
    return role_may(c, role, "lambda:InvokeFunction", function);
}

static struct str payload_of(struct call *c, struct meeting *meeting)
{
    if (meeting->sent.body.bytes > INVOKE_PAYLOAD_BYTES_MAX) {
        return STR_NONE;
    }
    if (is_one(meeting)) {
        return event_one(c, meeting, NULL);
    }
    struct http_event event = event_two_of(meeting);

    return http_event_write(&event, c->arena);
}

status lambda_integrate(struct call *c)
{
    struct meeting *meeting = meeting_of(c);
    const struct value *integration = meeting->route->live->integration;
    struct str role = get_str(integration, "CredentialsArn");
    struct invoke_wish wish = {
        .function = target_function(c, meeting, get_str(integration, "IntegrationUri")),
        .payload = payload_of(c, meeting),
        .principal = STR("apigateway.amazonaws.com"),
        .source = source_of(c, meeting),
        .account = meeting->live->account,
        .trace = meeting->trace,
        .allowed = role.bytes > 0,
        .alone = true,
    };
    status started = &BUS_REFUSED;

    meeting->asked_ms = c->now;
    if (role_lets(c, role, wish.function)) {
        started = wish.payload.at == NULL
                      ? &BUS_TOO_LARGE
                      : bus_invoke(c, &wish, c->now + target_timeout_ms(meeting),
                                   &meeting->invoked, answered);
    }
    if (started == OK) {
        return OK;
    }
    meeting->integration_error = arena_dup(c->keep, str_c(c->why.text));
    c->why.text[0] = '\0';
    if (started == &BUS_TOO_LARGE) {
        return meeting_fail(c, meeting, 413, "Request Entity Too Large");
    }
    return started == &BUS_BUSY ? meeting_fail(c, meeting, 503, "Service Unavailable")
                                : meeting_fail(c, meeting, 500, "Internal Server Error");
}
