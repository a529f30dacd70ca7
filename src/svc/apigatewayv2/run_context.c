/* SPDX-License-Identifier: Apache-2.0
 *
 * What variables are: $context.…, $request.…, $stageVariables.…, $response.….
 *
 * Source: "Customize HTTP API access logs", API Gateway developer guide, for the names.
 */
#include "base/time.h"
#include "bus/pattern.h"
#include "cell/identity.h"
#include "svc/apigatewayv2/run.h"
#include "svc/apigatewayv2/run_grant.h"

#define NUMBER_TEXT(arena, n) arena_printf((arena), "%lld", (long long)(n))

static struct str text_of_value(struct call *c, const struct value *value)
{
    struct buf text;
    struct str made;

    if (value == NULL || value->kind == VALUE_NULL || value->kind == VALUE_NONE) {
        return STR_NONE;
    }
    if (value->kind == VALUE_STR) {
        return value->str.at == NULL ? STR("") : value->str;
    }
    buf_init(&text, RUN_MAPPED_BYTES_MAX);
    value_dump(&text, value);
    made = buf_spent(&text) ? STR_NONE : arena_dup(c->keep, buf_str(&text));
    buf_done(&text);
    return made;
}

/* "claims.sub" of a token; a member of what a function said. */
static struct str authorizer_member(struct call *c, struct meeting *meeting, struct str name)
{
    if (str_eq(name, STR("error"))) {
        return meeting->authorizer_error;
    }
    if (str_starts(name, STR("claims."))) {
        return meeting->claims == NULL
                   ? STR_NONE
                   : text_of_value(c, map_find(meeting->claims, str_slice(name, 7, name.bytes)));
    }
    if (meeting->granted == NULL) {
        return STR_NONE;
    }
    if (str_eq(name, STR("principalId"))) {
        return granted_principal(meeting->granted);
    }
    return granted_member(meeting->granted, name);
}

static struct str clf_time(struct call *c, int64_t moment_ms)
{
    struct buf text;
    struct str made;

    buf_init(&text, 64);
    http_add_clf_time(&text, moment_ms);
    made = arena_dup(c->keep, buf_str(&text));
    buf_done(&text);
    return made;
}

enum what {
    ACCOUNT_ID, API_ID, AWS_ENDPOINT_ID, BASE_PATH, DATA_PROCESSED, DOMAIN_NAME, DOMAIN_PREFIX,
    ERROR_MESSAGE, ERROR_STRING, ERROR_TYPE, EXTENDED_ID, METHOD, CALLER_ACCOUNT, CALLER,
    SOURCE_IP, CALLER_USER, USER_AGENT, USER_ARN, INTEGRATION_ERROR, INTEGRATION_STATUS,
    INTEGRATION_LATENCY, INTEGRATION_ID, PATH, PROTOCOL, REQUEST_ID, REQUEST_TIME,
    REQUEST_TIME_EPOCH, RESPONSE_LATENCY, RESPONSE_LENGTH, ROUTE_KEY, STAGE, STATUS,
};

struct variable {
    const char *name;            /* behind "context." */
    enum what what;              /* which */
};

static const struct variable variables[] = {
    {"accountId", ACCOUNT_ID}, {"apiId", API_ID},
    {"awsEndpointRequestId", AWS_ENDPOINT_ID}, {"awsEndpointRequestId2", INTEGRATION_ID},
    {"customDomain.basePathMatched", BASE_PATH}, {"dataProcessed", DATA_PROCESSED},
    {"domainName", DOMAIN_NAME}, {"domainPrefix", DOMAIN_PREFIX},
    {"error.message", ERROR_MESSAGE}, {"error.messageString", ERROR_STRING},
    {"error.responseType", ERROR_TYPE}, {"extendedRequestId", EXTENDED_ID},
    {"httpMethod", METHOD}, {"identity.accountId", CALLER_ACCOUNT},
    {"identity.caller", CALLER}, {"identity.sourceIp", SOURCE_IP},
    {"identity.user", CALLER_USER}, {"identity.userAgent", USER_AGENT},
    {"identity.userArn", USER_ARN}, {"integration.error", INTEGRATION_ERROR},
    {"integration.integrationStatus", INTEGRATION_STATUS},
    {"integration.latency", INTEGRATION_LATENCY}, {"integration.requestId", INTEGRATION_ID},
    {"integration.status", INTEGRATION_STATUS}, {"integrationErrorMessage", INTEGRATION_ERROR},
    {"integrationLatency", INTEGRATION_LATENCY}, {"integrationStatus", INTEGRATION_STATUS},
    {"path", PATH}, {"protocol", PROTOCOL}, {"requestId", REQUEST_ID},
    {"requestTime", REQUEST_TIME}, {"requestTimeEpoch", REQUEST_TIME_EPOCH},
    {"responseLatency", RESPONSE_LATENCY}, {"responseLength", RESPONSE_LENGTH},
    {"routeKey", ROUTE_KEY}, {"stage", STAGE}, {"status", STATUS},
};

static const char *error_type(const struct meeting *meeting)
{
    switch (meeting->answer.http) {
    case 401:
        return "UNAUTHORIZED";
    case 403:
        return "ACCESS_DENIED";
    case 404:
        return "MISSING_ROUTE";
    case 413:
        return "REQUEST_TOO_LARGE";
    case 429:
        return "THROTTLED";
    case 503:
        return "INTEGRATION_FAILURE";
    default:
        return meeting->answer.http < 500 ? "DEFAULT_4XX" : "DEFAULT_5XX";
    }
}

/* Who signed. */
static struct str caller(struct call *c, const struct meeting *meeting, enum what what)
{
    if (!meeting->iam) {
        return STR_NONE;
    }
    switch (what) {
    case CALLER_ACCOUNT:
        return c->account;
    case USER_ARN:
        return c->principal;
    default:
        return c->identity != NULL && c->identity->user_id.bytes > 0 ? c->identity->user_id
                                                                     : c->access_key;
    }
}

/* What happened, where it is known only at the end. */
static struct str outcome(struct call *c, struct meeting *meeting, enum what what)
{
    bool asked = meeting->integration_status != 0;

    switch (what) {
    case ERROR_MESSAGE:
        return meeting->error;
    case ERROR_STRING:
        return meeting->error.bytes == 0
                   ? STR_NONE
                   : arena_printf(c->keep, "\"%.*s\"", STR_ARG(meeting->error));
    case ERROR_TYPE:
        return meeting->error.bytes == 0 ? STR_NONE : str_c(error_type(meeting));
    case INTEGRATION_ERROR:
        return meeting->integration_error;
    case INTEGRATION_STATUS:
        return asked ? NUMBER_TEXT(c->keep, meeting->integration_status) : STR_NONE;
    case INTEGRATION_LATENCY:
        return asked ? NUMBER_TEXT(c->keep, meeting->integration_ms) : STR_NONE;
    case INTEGRATION_ID:
        return meeting->integration_id;
    case RESPONSE_LATENCY:
        return NUMBER_TEXT(c->keep, c->now - meeting->began_ms);
    case RESPONSE_LENGTH:
        return NUMBER_TEXT(c->keep, meeting->answer.body.bytes);
    case STATUS:
        return NUMBER_TEXT(c->keep, meeting->answer.http);
    default:
        return STR_NONE;
    }
}

static struct str context_of(struct call *c, struct meeting *meeting, enum what what)
{
    const struct http_request *http = &meeting->http;
    const struct live *live = meeting->live;

    switch (what) {
    case ACCOUNT_ID:
        return live == NULL ? STR_NONE : live->account;
    case API_ID:
        return live == NULL ? STR_NONE : live->api_id;
    case STAGE:
        return live == NULL ? STR_NONE : live->stage_name;
    case BASE_PATH:
        return meeting->base_path;
    case DATA_PROCESSED:
        return NUMBER_TEXT(c->keep, http->body.bytes);
    case DOMAIN_NAME:
        return meeting->host;
    case DOMAIN_PREFIX:
        return meeting->prefix;
    case AWS_ENDPOINT_ID:
    case EXTENDED_ID:
    case REQUEST_ID:
        return meeting->id;
    case METHOD:
        return http->method;
    case SOURCE_IP:
        return http->peer;
    case USER_AGENT:
        return http_readable(c->keep, http_header(http, STR("user-agent")));
    case PATH:
        return meeting->raw_path;
    case PROTOCOL:
        return http->version == 20 ? STR("HTTP/2.0") : STR("HTTP/1.1");
    case REQUEST_TIME:
        return clf_time(c, meeting->began_ms);
    case REQUEST_TIME_EPOCH:
        return NUMBER_TEXT(c->keep, meeting->began_ms);
    case ROUTE_KEY:
        return meeting->route == NULL ? STR_NONE : meeting->route->key_text;
    case CALLER_ACCOUNT:
    case CALLER:
    case CALLER_USER:
    case USER_ARN:
        return caller(c, meeting, what);
    default:
        return outcome(c, meeting, what);
    }
}

struct str meeting_context(struct call *c, struct meeting *meeting, struct str name)
{
    if (str_starts(name, STR("authorizer."))) {
        return authorizer_member(c, meeting, str_slice(name, 11, name.bytes));
    }
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        if (str_eq(name, str_c(variables[i].name))) {
            return context_of(c, meeting, variables[i].what);
        }
    }
    return STR_NONE;
}

/* ---- the others ---- */

static struct str header_of(struct call *c, const struct http_header *headers, size_t count,
                            struct str name)
{
    struct str joined = STR_NONE;

    for (size_t i = 0; i < count; i++) {
        if (!str_eq_nocase(headers[i].name, name)) {
            continue;
        }
        joined = joined.at == NULL
                     ? (headers[i].value.bytes == 0 ? STR("") : headers[i].value)
                     : arena_printf(c->keep, "%.*s,%.*s", STR_ARG(joined),
                                    STR_ARG(headers[i].value));
    }
    return joined;
}

static struct str pair_of(const struct http_pair *pairs, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(pairs[i].name, name)) {
            return pairs[i].value.bytes == 0 ? STR("") : pairs[i].value;
        }
    }
    return STR_NONE;
}

static struct str query_of(struct call *c, const struct meeting *meeting, struct str name)
{
    struct http_pair *pairs;
    size_t count = http_query_joined(meeting->http.query, c->keep, &pairs);

    return pair_of(pairs, count, name);
}

/* Read once; beyond the limit it is cut, and so no JSON, as at AWS. */
static struct str body_at(struct call *c, const struct value **document, struct str body,
                          struct str path)
{
    if (*document == NULL) {
        *document = body.bytes > RUN_BODY_PATH_BYTES_MAX ? ARENA_NEW(c->keep, struct value)
                                                         : pattern_document(body, c->keep);
    }
    return text_of_value(c, text_json_at(*document, path));
}

struct str meeting_piece(struct call *c, struct meeting *meeting,
                         const struct text_piece *piece)
{
    const struct http_request *http = &meeting->http;

    switch (piece->kind) {
    case TEXT_LITERAL:
        return piece->text;
    case TEXT_HEADER:
        return str_eq_nocase(piece->text, STR("host"))
                   ? http->authority
                   : header_of(c, http->headers, http->header_count, piece->text);
    case TEXT_QUERY:
        return query_of(c, meeting, piece->text);
    case TEXT_PATH_PARAMETER:
        return pair_of(meeting->parameters, meeting->parameter_count, piece->text);
    case TEXT_PATH:
        return meeting->path.decoded;
    case TEXT_BODY:
        return http->body.bytes == 0 ? STR("") : http->body;
    case TEXT_BODY_AT:
        return body_at(c, &meeting->body, http->body, piece->text);
    case TEXT_CONTEXT:
        return meeting_context(c, meeting, piece->text);
    case TEXT_STAGE_VARIABLE:
        return pair_of(meeting->plan->variables, meeting->plan->variable_count, piece->text);
    case TEXT_ANSWER_HEADER:
        return header_of(c, meeting->answer.headers, meeting->answer.header_count, piece->text);
    case TEXT_ANSWER_BODY:
        return meeting->answer.body;
    default:
        return body_at(c, &meeting->answer_body, meeting->answer.body, piece->text);
    }
}

struct str meeting_text(struct call *c, struct meeting *meeting, const struct text *text)
{
    struct buf whole;
    struct str made;

    if (text->piece_count == 1) {
        return meeting_piece(c, meeting, &text->pieces[0]);
    }
    buf_init(&whole, RUN_MAPPED_BYTES_MAX);
    for (size_t i = 0; i < text->piece_count; i++) {
        buf_add(&whole, meeting_piece(c, meeting, &text->pieces[i]));
    }
    made = buf_spent(&whole) ? STR_NONE : arena_dup(c->keep, buf_str(&whole));
    buf_done(&whole);
    return made;
}
