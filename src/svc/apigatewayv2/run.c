/* SPDX-License-Identifier: Apache-2.0
 *
 * A request at an HTTP API: http://API.execute-api.REGION.localhost:PORT/STAGE/…,
 * http://127.0.0.1:PORT/_aws/execute-api/API/STAGE/…, or any path at a custom domain name.
 *
 *     where ──► route ──► preflight? ──► throttled? ──► authorized? ──► integration ──► answer
 *
 * Rules
 *  1. The first part of a path is the stage when a stage has that name; else the stage is $default.
 *     At a custom domain name the mapping says API and stage.
 *  2. A configured CORS answers preflights before anything else is asked; without, OPTIONS is a
 *     method as any.
 *  3. What goes out is copied: it may be of the stage's live form, or of what an authorizer said,
 *     which are let go before the answer leaves.
 *  4. Whatever the end, the answer carries apigw-requestid, CORS's headers in place of the
 *     integration's, and is logged where the stage has a log.
 */
#include "base/mem.h"
#include "bus/trace.h"
#include "svc/apigatewayv2/run.h"
#include "svc/apigatewayv2/run_grant.h"
#include "svc/apigatewayv2/run_token.h"
#include "wire/json.h"

#define HOST_PART ".execute-api."
#define PATH_PART "/_aws/execute-api/"
#define ID_BYTES 15

const struct page run_domain_page = {"(a custom domain name)", PAGE_TOLD | PAGE_CHANGES,
                                     page_execute};

/* ---- life ---- */

static void authorizers_reset(struct call *c, struct str api, struct str stage)
{
    grants_forget(run_of(c)->grants,
                  arena_printf(c->arena, "%.*s/%.*s/", STR_ARG(api), STR_ARG(stage)));
}

void run_open(struct gateway *gateway)
{
    struct run_memory *memory = MEM_NEW(struct run_memory);

    memory->grants = grants_new();
    memory->tokens = tokens_new();
    gateway->run = memory;
    gateway->authorizers_reset = authorizers_reset;
}

void run_close(struct gateway *gateway)
{
    struct run_memory *memory = gateway->run;

    grants_free(memory->grants);
    tokens_free(memory->tokens);
    mem_free(memory);
    gateway->run = NULL;
}

/* ---- the end ---- */

static void ended(struct call *c)
{
    struct meeting *meeting = meeting_of(c);

    live_drop(meeting->live);
    meeting->live = NULL;
    granted_drop(meeting->granted);
    meeting->granted = NULL;
    http_job_free(meeting->job);
    meeting->job = NULL;
}

static void put_cors(struct call *c, struct meeting *meeting, bool preflight)
{
    struct http_answer *answer = &meeting->answer;
    struct http_header headers[CORS_HEADERS_MAX];
    size_t kept = 0, count;

    if (meeting->plan == NULL || meeting->plan->cors == NULL) {
        return;
    }
    for (size_t i = 0; i < answer->header_count; i++) {
        if (!cors_is_own(answer->headers[i].name)) {
            answer->headers[kept++] = answer->headers[i];
        }
    }
    answer->header_count = kept;
    count = cors_headers(meeting->plan->cors, &meeting->http, preflight, c->keep, headers);
    for (size_t i = 0; i < count; i++) {
        put_header(c, headers[i].name.at, headers[i].value);
    }
}

static status give(struct call *c, struct meeting *meeting, bool preflight)
{
    struct http_answer *answer = &meeting->answer;

    put_cors(c, meeting, preflight);
    for (size_t i = 0; i < answer->header_count; i++) {
        put_header_more(c, arena_dup(c->keep, answer->headers[i].name).at,
                        arena_dup(c->keep, answer->headers[i].value));
    }
    put_header(c, "apigw-requestid", meeting->id);
    call_answer(c, answer->http, NULL, answer->body);
    if (meeting->plan != NULL && meeting->plan->log_target.bytes > 0) {
        meeting_log(c, meeting);
    }
    return OK;
}

status meeting_answer(struct call *c, struct meeting *meeting)
{
    if (meeting->route != NULL && meeting->route->answer_count > 0) {
        map_answer(c, meeting);
    }
    return give(c, meeting, false);
}

status meeting_fail(struct call *c, struct meeting *meeting, int http, const char *message)
{
    struct http_answer *answer = &meeting->answer;
    struct buf body;

    meeting->error = str_c(message);
    *answer = (struct http_answer){.http = http};
    http_answer_add(answer, STR("content-type"), STR("application/json"));
    buf_init(&body, WHY_BYTES_MAX);
    buf_add(&body, STR("{\"message\":"));
    json_write_str(&body, meeting->error);
    buf_add_c(&body, '}');
    answer->body = arena_dup(c->keep, buf_str(&body));
    buf_done(&body);
    return give(c, meeting, false);
}

/* ---- where ---- */

static struct str host_of(struct str authority)
{
    return str_slice(authority, 0, str_find(authority, ':', 0));
}

/* The stage that a path begins with, else $default; *ret_rest is what is behind it. */
static struct live *stage_of(struct call *c, struct str api_id, struct str path,
                             struct str *ret_rest)
{
    size_t end = str_find(path, '/', 1);
    struct str name = str_slice(path, 1, end);
    struct live *live = NULL;

    if (name.bytes > 0 && !str_eq(name, STR("$default"))) {
        live = live_of(c, api_id, name);
    }
    if (live != NULL) {
        *ret_rest = end < path.bytes ? str_slice(path, end, path.bytes) : STR("/");
        return live;
    }
    *ret_rest = path;
    return live_of(c, api_id, STR("$default"));
}

/* By path: the API's id, then as by host. */
static struct live *by_path(struct call *c, struct meeting *meeting, struct str *ret_rest)
{
    struct str rest = str_slice(meeting->http.path, strlen(PATH_PART), meeting->http.path.bytes);
    size_t end = str_find(rest, '/', 0);
    struct str api_id = str_slice(rest, 0, end);
    struct live *live = stage_of(c, api_id, end < rest.bytes ? str_slice(rest, end, rest.bytes)
                                                             : STR("/"), ret_rest);

    if (live != NULL) {
        meeting->prefix = live->api_id;
        meeting->host = arena_printf(c->keep, "%.*s" HOST_PART "%.*s.localhost",
                                     STR_ARG(live->api_id), STR_ARG(live->region));
    }
    return live;
}

static struct live *by_host(struct call *c, struct meeting *meeting, struct str *ret_rest)
{
    size_t end = str_find_str(meeting->host, STR(HOST_PART));

    return stage_of(c, str_slice(meeting->host, 0, end),
                    meeting->http.path.bytes > 0 ? meeting->http.path : STR("/"), ret_rest);
}

static struct live *by_domain(struct call *c, struct meeting *meeting, struct str *ret_rest)
{
    struct domain_match match;

    if (!domain_find(c, meeting->host, meeting->http.path, &match) || match.mapping == NULL) {
        return NULL;
    }
    meeting->base_path = arena_dup(c->keep, match.mapping->key);
    *ret_rest = match.rest;
    return live_of(c, match.mapping->api_id, match.mapping->stage);
}

/* What tells of the path, once the stage is known. */
static bool paths_fill(struct call *c, struct meeting *meeting, struct str rest)
{
    bool named = !str_eq(meeting->live->stage_name, STR("$default"));
    struct str key = meeting->base_path;

    if (!route_path_read(rest, c->keep, &meeting->path)) {
        return false;
    }
    meeting->raw_path = meeting->path.decoded;
    if (named) {
        meeting->raw_path =
            arena_printf(c->keep, "/%.*s%.*s", STR_ARG(meeting->live->stage_name),
                         STR_ARG(meeting->path.decoded));
    }
    meeting->key_path = meeting->raw_path;
    if (key.bytes > 0) {
        meeting->key_path = arena_printf(c->keep, "/%.*s%.*s", STR_ARG(key),
                                         STR_ARG(meeting->path.decoded));
    }
    return true;
}

static bool is_custom(struct call *c, const struct meeting *meeting)
{
    struct domain_match match;

    return str_find_str(meeting->host, STR(HOST_PART)) == meeting->host.bytes &&
           domain_find(c, meeting->host, meeting->http.path, &match);
}

static struct live *live_for(struct call *c, struct meeting *meeting, struct str *ret_rest)
{
    bool custom = is_custom(c, meeting);
    struct live *live;

    if (custom) {
        live = by_domain(c, meeting, ret_rest);
    } else if (str_starts(meeting->http.path, STR(PATH_PART))) {
        live = by_path(c, meeting, ret_rest);
    } else {
        live = by_host(c, meeting, ret_rest);
    }
    if (live != NULL && !custom && live->api != NULL &&
        get_bool(live->api, "DisableExecuteApiEndpoint", false)) {
        return NULL;
    }
    return live;
}

/* ---- which route ---- */

static void route_find(struct call *c, struct meeting *meeting)
{
    struct plan *plan = meeting->plan;
    uint64_t best = 0;

    for (size_t i = 0; i < plan->route_count; i++) {
        uint64_t fit = route_fit(&plan->routes[i].key, meeting->http.method, &meeting->path);

        if (fit > best) {
            best = fit;
            meeting->route = &plan->routes[i];
        }
    }
    if (meeting->route != NULL) {
        meeting->parameter_count = route_parameters(&meeting->route->key, &meeting->path, c->keep,
                                                    &meeting->parameters);
    }
}

static bool passes(struct meeting *meeting, int64_t now_ms)
{
    struct bucket *bucket = meeting->route->bucket.limited ? &meeting->route->bucket
                                                           : &meeting->plan->bucket;

    return bucket_take(bucket, now_ms);
}

static bool is_large(const struct http_request *http)
{
    size_t bytes = 0;

    for (size_t i = 0; i < http->header_count; i++) {
        bytes += http->headers[i].name.bytes + http->headers[i].value.bytes;
    }
    return bytes > RUN_HEADERS_BYTES_MAX;
}

status meeting_integrate(struct call *c)
{
    struct meeting *meeting = meeting_of(c);
    const struct value *integration = meeting->route->live->integration;
    struct str type;

    if (integration == NULL) {
        return meeting_fail(c, meeting, 500, "Internal Server Error");
    }
    type = get_str(integration, "IntegrationType");
    map_request(c, meeting);
    if (has(integration, "IntegrationSubtype")) {
        return aws_integrate(c);
    }
    if (str_eq(type, STR("AWS_PROXY"))) {
        return lambda_integrate(c);
    }
    if (str_eq(type, STR("HTTP_PROXY")) &&
        !str_eq(get_str(integration, "ConnectionType"), STR("VPC_LINK"))) {
        return http_integrate(c);
    }
    return meeting_fail(c, meeting, 501, "VPC links are not implemented by weir");
}

static status meet(struct call *c, struct meeting *meeting)
{
    if (meeting->plan->cors != NULL && cors_is_preflight(&meeting->http)) {
        meeting->answer = (struct http_answer){.http = 204};
        return give(c, meeting, true);
    }
    if (meeting->http.body.bytes > RUN_BODY_BYTES_MAX) {
        return meeting_fail(c, meeting, 413, "Request Entity Too Large");
    }
    if (is_large(&meeting->http)) {
        return meeting_fail(c, meeting, 431, "Request Header Fields Too Large");
    }
    route_find(c, meeting);
    if (meeting->route == NULL) {
        return meeting_fail(c, meeting, 404, "Not Found");
    }
    if (!passes(meeting, c->now)) {
        return meeting_fail(c, meeting, 429, "Too Many Requests");
    }
    return meeting_authorize(c);
}

static struct str fresh_id(struct call *c)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char *id = arena_alloc(c->keep, ID_BYTES + 1);

    for (size_t i = 0; i < ID_BYTES; i++) {
        id[i] = letters[rand_below(c->rand, 64)];
    }
    id[ID_BYTES] = '=';
    return str_of(id, ID_BYTES + 1);
}

status page_execute(struct call *c)
{
    struct meeting *meeting = ARENA_NEW(c->keep, struct meeting);
    struct str rest = STR_NONE;
    struct live *live;

    c->kept = meeting;
    meeting->http = *c->request;
    meeting->sent = meeting->http;
    meeting->began_ms = c->now;
    meeting->host = host_of(meeting->http.authority);
    meeting->prefix = str_slice(meeting->host, 0, str_find(meeting->host, '.', 0));
    meeting->id = fresh_id(c);
    meeting->trace = trace_header(c);
    live = live_for(c, meeting, &rest);
    if (live == NULL) {
        return meeting_fail(c, meeting, 404, "Not Found");
    }
    meeting->live = live_hold(live);
    meeting->plan = plan_of(live);
    call_on_end(c, ended);
    if (!paths_fill(c, meeting, rest)) {
        return meeting_fail(c, meeting, 400, "Bad Request");
    }
    return meet(c, meeting);
}
