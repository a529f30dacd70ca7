/* SPDX-License-Identifier: Apache-2.0
 *
 * Lambda authorizers: a function is asked, what it says is kept for as long as the authorizer says,
 * by the values of its identity sources.
 *
 * Source: "Control access to HTTP APIs with AWS Lambda authorizers", API Gateway developer guide.
 */
#include "bus/pattern.h"
#include "cell/authorize.h"
#include "svc/apigatewayv2/run.h"
#include "svc/apigatewayv2/run_grant.h"
#include "wire/json.h"

#define ASK_MS 10000
#define CONTEXT_BYTES_MAX (256u * 1024)

static bool is_simple(const struct value *authorizer)
{
    return get_bool(authorizer, "EnableSimpleResponses", false);
}

static bool is_two(const struct value *authorizer)
{
    return str_eq(get_str(authorizer, "AuthorizerPayloadFormatVersion"), STR("2.0"));
}

/* ---- what the integration is told ---- */

static void add_context(struct buf *text, const struct granted *granted, bool first)
{
    const struct value *context = granted_context(granted);

    for (uint32_t i = 0; context != NULL && i < context->count; i++) {
        buf_add(text, first && i == 0 ? STR("") : STR(","));
        json_write_str(text, context->pairs[i].key);
        buf_add_c(text, ':');
        value_dump(text, &context->pairs[i].value);
    }
}

static void tell(struct call *c, struct meeting *meeting)
{
    const struct granted *granted = meeting->granted;
    bool some = granted_context(granted) != NULL && granted_context(granted)->count > 0;
    struct buf text;

    buf_init(&text, CONTEXT_BYTES_MAX);
    buf_add(&text, some ? STR("{\"lambda\":{") : STR("{\"lambda\":null}"));
    if (some) {
        add_context(&text, granted, true);
        buf_add(&text, STR("}}"));
    }
    meeting->authorizer = arena_dup(c->keep, buf_str(&text));
    buf_clear(&text);
    buf_add(&text, STR("{\"principalId\":"));
    json_write_str(&text, granted_principal(granted));
    add_context(&text, granted, false);
    buf_add_c(&text, '}');
    meeting->authorizer_1 = arena_dup(c->keep, buf_str(&text));
    buf_done(&text);
}

static status judge(struct call *c, struct meeting *meeting, const struct granted *granted)
{
    meeting->granted = granted_hold(granted);
    if (!granted_allows(granted, auth_arn(c, meeting))) {
        meeting->authorizer_error = STR("The authorizer refused");
        return meeting_fail(c, meeting, 403, "Forbidden");
    }
    tell(c, meeting);
    return meeting_integrate(c);
}

/* ---- asking ---- */

static struct str event_for(struct call *c, struct meeting *meeting,
                            const struct str *identity)
{
    size_t count = meeting->route->identity_count;
    struct http_event event;
    struct buf head;
    struct str made;

    meeting->sent = meeting->http;
    if (!is_two(meeting->route->live->authorizer)) {
        return event_one(c, meeting, "REQUEST");
    }
    buf_init(&head, CONTEXT_BYTES_MAX);
    buf_add(&head, STR("\"type\":\"REQUEST\","));
    http_add_member(&head, "routeArn", auth_arn(c, meeting));
    buf_add(&head, STR("\"identitySource\":"));
    buf_add(&head, count == 0 ? STR("null,") : STR("["));
    for (size_t i = 0; i < count; i++) {
        buf_add(&head, i == 0 ? STR("") : STR(","));
        json_write_str(&head, http_readable(c->arena, identity[i]));
    }
    buf_add(&head, count == 0 ? STR("") : STR("],"));
    event = event_two_of(meeting);
    event.head = arena_dup(c->arena, buf_str(&head));
    event.bodiless = true;
    made = http_event_write(&event, c->arena);
    buf_done(&head);
    return made;
}

/* Each value with its length: "a,b" and "c" are not "a" and "b,c". */
static struct str key_of_grant(struct call *c, const struct meeting *meeting,
                               const struct str *identity)
{
    const struct value *authorizer = meeting->route->live->authorizer;
    struct str made;
    struct buf key;

    buf_init(&key, CONTEXT_BYTES_MAX);
    buf_printf(&key, "%.*s/%.*s/%.*s/%d%d/", STR_ARG(meeting->live->api_id),
               STR_ARG(meeting->live->stage_name), STR_ARG(get_str(authorizer, "AuthorizerId")),
               is_simple(authorizer), is_two(authorizer));
    buf_add(&key, get_str(authorizer, "AuthorizerUri"));
    for (size_t i = 0; i < meeting->route->identity_count; i++) {
        buf_printf(&key, "/%zu:", identity[i].bytes);
        buf_add(&key, identity[i]);
    }
    made = buf_spent(&key) ? STR_NONE : arena_dup(c->arena, buf_str(&key));
    buf_done(&key);
    return made;
}

/* A function's way to say 401: its error's message is just that. */
static bool says_unauthorized(struct call *c, const struct invoked *invoked)
{
    const struct value *error =
        invoked->outcome == INVOKE_FAILED ? pattern_document(invoked->answer, c->arena) : NULL;
    const struct value *message = error == NULL || error->kind != VALUE_MAP
                                      ? NULL
                                      : map_find(error, STR("errorMessage"));

    return message != NULL && message->kind == VALUE_STR &&
           str_eq(message->str, STR("Unauthorized"));
}

static status asked(struct call *c)
{
    struct meeting *meeting = meeting_of(c);
    const struct value *authorizer = meeting->route->live->authorizer;
    int64_t keep_ms = get_int(authorizer, "AuthorizerResultTtlInSeconds", 0) * 1000;
    struct granted *granted = NULL;
    struct str *identity;
    status answered;

    if (says_unauthorized(c, &meeting->invoked)) {
        return meeting_unauthorized(c, meeting, "Unauthorized");
    }
    if (meeting->invoked.outcome == INVOKE_ANSWERED) {
        granted = granted_read(meeting->invoked.answer, is_simple(authorizer));
    }
    if (granted == NULL) {
        meeting->authorizer_error = STR("The authorizer's answer is none");
        return meeting_fail(c, meeting, 500, "Internal Server Error");
    }
    if (keep_ms > 0 && auth_identity(c, meeting, &identity) &&
        meeting->route->identity_count > 0) {
        struct str key = key_of_grant(c, meeting, identity);

        if (key.bytes > 0) {
            grants_keep(run_of(c)->grants, key, granted, c->now + keep_ms);
        }
    }
    answered = judge(c, meeting, granted);
    granted_drop(granted);
    return answered;
}

static status ask(struct call *c, struct meeting *meeting, const struct str *identity)
{
    const struct value *authorizer = meeting->route->live->authorizer;
    struct str role = get_str(authorizer, "AuthorizerCredentialsArn");
    struct invoke_wish wish = {
        .function = target_function(c, meeting, get_str(authorizer, "AuthorizerUri")),
        .payload = event_for(c, meeting, identity),
        .principal = STR("apigateway.amazonaws.com"),
        .source = arena_printf(c->arena, "arn:%.*s:execute-api:%.*s:%.*s:%.*s/authorizers/%.*s",
                               STR_ARG(arn_partition(meeting->live->region)),
                               STR_ARG(meeting->live->region), STR_ARG(meeting->live->account),
                               STR_ARG(meeting->live->api_id),
                               STR_ARG(get_str(authorizer, "AuthorizerId"))),
        .account = meeting->live->account,
        .trace = meeting->trace,
        .allowed = role.bytes > 0,
    };
    status started = &BUS_REFUSED;

    if (role.bytes == 0 || role_may(c, role, "lambda:InvokeFunction", wish.function)) {
        started = bus_invoke(c, &wish, c->now + ASK_MS, &meeting->invoked, asked);
    }
    if (started == OK) {
        return OK;
    }
    meeting->authorizer_error = arena_dup(c->keep, str_c(c->why.text));
    c->why.text[0] = '\0';
    return meeting_fail(c, meeting, 500, "Internal Server Error");
}

status ask_authorize(struct call *c)
{
    struct meeting *meeting = meeting_of(c);
    const struct granted *known;
    struct str *identity;
    struct str key;

    if (!auth_identity(c, meeting, &identity) && meeting->route->identity_count > 0) {
        return meeting_unauthorized(c, meeting, "an identity source is missing");
    }
    key = key_of_grant(c, meeting, identity);
    known = key.bytes == 0 ? NULL : grants_find(run_of(c)->grants, key, c->now);
    return known != NULL ? judge(c, meeting, known) : ask(c, meeting, identity);
}
