/* SPDX-License-Identifier: Apache-2.0
 *
 * Function URLs: http://ID.lambda-url.REGION.localhost:4566/… and, where names of that kind lead
 * nowhere, http://HOST/_aws/lambda-url/ID/….
 *
 * Rules
 *  1. A preflight is answered here when the URL has CORS settings; else it goes to the function.
 *  2. AWS_IAM asks who signed; NONE lets everybody in whom the function's policy lets in. Policies
 *     are looked at where signatures are checked.
 *  3. A streamed answer's head waits for its prelude, or for the first bytes when it has none.
 */
#include "svc/lambda/url.h"

#include "bus/hold.h"
#include "bus/trace.h"
#include "cell/authorize.h"
#include "svc/lambda/live.h"
#include "svc/lambda/ops.h"
#include "svc/lambda/payload.h"
#include "wire/json.h"

#include <assert.h>

#define HOST_PART ".lambda-url."
#define PATH_PART "/_aws/lambda-url/"
#define PRELUDE_TYPE "application/vnd.awslambda.http-integration-response"
#define CORS_FIELDS_MAX 6
#define AUTHORIZER_BYTES_MAX (64u * 1024)
#define UNTYPED STR("application/octet-stream")

/* A call that waits for its function; in its keep. */
struct calling {
    struct url url;              /* what was called */
    struct waiters waiters;      /* the call */
    struct run *run;             /* NULL: nobody waits for it any more */
    bool ended;                  /* the run is done */
    bool begun;                  /* the head has gone out */
    struct str head;             /* streamed so far, before the head is known; in the keep */
};

/* ---- which ---- */

static bool url_place(struct call *c, struct str *ret_id, struct str *ret_path)
{
    struct str path = c->request->path;
    struct str host = c->request->authority;

    if (str_starts(path, STR(PATH_PART))) {
        struct str rest = str_slice(path, sizeof(PATH_PART) - 1, path.bytes);

        *ret_id = str_slice(rest, 0, str_find(rest, '/', 0));
        *ret_path = ret_id->bytes == rest.bytes ? STR("/")
                                                : str_slice(rest, ret_id->bytes, rest.bytes);
        return true;
    }
    *ret_id = str_slice(host, 0, str_find_str(host, STR(HOST_PART)));
    *ret_path = path.bytes == 0 ? STR("/") : path;
    return ret_id->bytes < host.bytes;
}

static bool url_of_call(struct call *c, struct url *ret_url)
{
    struct str host = c->request->authority;
    struct url url = {.cors = NULL};
    struct value *config;

    if (!url_place(c, &url.id, &url.path) || !url_find(c, url.id, &url.target, &config)) {
        return false;
    }
    url.id = arena_dup(c->keep, url.id);
    url.target.account = arena_dup(c->keep, url.target.account);
    url.target.region = arena_dup(c->keep, url.target.region);
    url.target.name = arena_dup(c->keep, url.target.name);
    url.target.qualifier = arena_dup(c->keep, url.target.qualifier);
    url.host = str_slice(host, 0, str_find(host, ':', 0));
    if (str_find_str(host, STR(HOST_PART)) == host.bytes) {
        url.host = arena_printf(c->keep, "%.*s" HOST_PART "%.*s.localhost", STR_ARG(url.id),
                                STR_ARG(url.target.region));
    }
    url.iam = str_eq(get_str(config, "AuthType"), STR("AWS_IAM"));
    url.streams = str_eq(get_str(config, "InvokeMode"), STR("RESPONSE_STREAM"));
    url.cors = get(config, "Cors");
    *ret_url = url;
    return true;
}

/* ---- answers ---- */

static void answer_words(struct call *c, int http, const char *body)
{
    call_answer(c, http, "application/json", str_c(body));
}

static void put_fields(struct call *c, const struct http_header *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put_header(c, arena_dup(c->keep, fields[i].name).at, fields[i].value);
    }
}

static void put_cors(struct call *c, const struct url *url, bool preflight)
{
    struct http_header fields[CORS_FIELDS_MAX];
    size_t count = url->cors == NULL ? 0
                                     : url_cors_fields(url->cors, c->request, preflight, c->arena,
                                                       fields);

    assert(count <= CORS_FIELDS_MAX);
    put_fields(c, fields, count);
}

static void answer_with(struct call *c, const struct calling *calling,
                        const struct http_answer *answer)
{
    put_fields(c, answer->headers, answer->header_count);
    put_cors(c, &calling->url, false);
    call_answer(c, answer->http, NULL, answer->body);
}

static void answer_bad_gateway(struct call *c, const struct calling *calling)
{
    put_cors(c, &calling->url, false);
    answer_words(c, 502, "Internal Server Error");
}

/* ---- waiting ---- */

static void on_done(struct cell *cell, struct run *run)
{
    struct calling *calling = run_user(run);

    if (calling == NULL) {
        run_free(run);
        return;
    }
    calling->ended = true;
    waiters_wake(cell, &calling->waiters);
}

static void on_piece(struct cell *cell, struct run *run)
{
    struct calling *calling = run_user(run);

    if (calling != NULL) {
        waiters_wake(cell, &calling->waiters);
    }
}

static void call_ended(struct call *c)
{
    struct calling *calling = c->kept;

    if (calling->run != NULL && calling->ended) {
        run_free(calling->run);
    } else if (calling->run != NULL) {
        run_leave(calling->run);
    }
    calling->run = NULL;
}

static status buffered(struct call *c, const struct calling *calling)
{
    struct http_answer answer;
    struct why why;

    if (run_outcome(calling->run) == FN_ANSWERED &&
        http_answer_read(run_answer(calling->run), c->arena, &answer) &&
        (!answer.bare || payload_is_json(answer.body, &why))) {
        answer_with(c, calling, &answer);
    } else {
        answer_bad_gateway(c, calling);
    }
    return OK;
}

/* ---- streams ---- */

static status url_next(struct call *c)
{
    struct calling *calling = c->kept;
    struct str piece = run_piece_take(calling->run, c->arena);

    if (piece.bytes > 0) {
        call_emit_piece(c, piece);
    } else if (!calling->ended) {
        call_park(c, &calling->waiters, INT64_MAX, url_next);
    }
    return OK;
}

static void begin_stream(struct call *c, struct calling *calling, struct http_answer *answer,
                         struct str rest)
{
    answer->body = rest;
    calling->begun = true;
    answer_with(c, calling, answer);
    call_stream(c, url_next);
}

/* What came so far, with what is new. */
static void gather(struct call *c, struct calling *calling)
{
    struct str piece = run_piece_take(calling->run, c->arena);

    struct str head = calling->head;
    char *both;

    if (piece.bytes > 0) { /* before the prelude is whole: a few KiB */
        both = arena_alloc(c->keep, head.bytes + piece.bytes);
        memcpy(both, head.at == NULL ? "" : head.at, head.bytes);
        memcpy(both + head.bytes, piece.at, piece.bytes);
        calling->head = str_of(both, head.bytes + piece.bytes);
    }
}

static status url_resume(struct call *c);

static status streamed(struct call *c, struct calling *calling)
{
    struct http_answer answer = {.http = 200};
    struct str type = run_content_type(calling->run, c->arena);
    bool failed = calling->ended && run_outcome(calling->run) != FN_ANSWERED;
    size_t bytes = 0;

    gather(c, calling);
    if (calling->head.bytes == 0 && failed) {
        answer_bad_gateway(c, calling);
    } else if (calling->head.bytes == 0 && !calling->ended) {
        call_park(c, &calling->waiters, INT64_MAX, url_resume);
    } else if (!str_eq(type, STR(PRELUDE_TYPE))) { /* who does not stream at all says no type */
        answer.headers[answer.header_count++] =
            (struct http_header){STR("content-type"), type.bytes > 0 ? type : UNTYPED};
        begin_stream(c, calling, &answer, calling->head);
    } else if (http_prelude_read(calling->head, c->arena, &answer, &bytes)) {
        begin_stream(c, calling, &answer, str_slice(calling->head, bytes, calling->head.bytes));
    } else if (bytes > 0 || calling->ended) {
        answer_bad_gateway(c, calling);
    } else {
        call_park(c, &calling->waiters, INT64_MAX, url_resume);
    }
    return OK;
}

static status url_resume(struct call *c)
{
    struct calling *calling = c->kept;

    if (calling->url.streams) {
        return streamed(c, calling);
    }
    if (!calling->ended) {
        call_park(c, &calling->waiters, INT64_MAX, url_resume);
        return OK;
    }
    return buffered(c, calling);
}

/* ---- calling ---- */

/* Who signed, as the event says it. */
static struct str authorizer_of(struct call *c)
{
    struct buf text;
    struct str made;

    buf_init(&text, AUTHORIZER_BYTES_MAX);
    buf_add(&text, STR("{\"iam\":{"));
    http_add_member(&text, "accessKey", c->access_key);
    http_add_member(&text, "accountId", c->account);
    http_add_member(&text, "callerId", c->access_key);
    buf_add(&text, STR("\"cognitoIdentity\":null,\"principalOrgId\":null,"));
    http_add_member(&text, "userArn", c->principal);
    buf_add(&text, STR("\"userId\":"));
    json_write_str(&text, c->access_key);
    buf_add(&text, STR("}}"));
    made = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return made;
}

static struct str event_of(struct call *c, const struct url *url, struct str trace)
{
    struct http_event event = {
        .http = c->request,
        .route_key = STR("$default"),
        .stage = STR("$default"),
        .path = url->path,
        .api = url->id,
        .host = url->host,
        .prefix = url->id,
        .request_id = c->request_id,
        .trace = trace,
        .account = url->iam ? c->account : STR("anonymous"),
        .authorizer = url->iam ? authorizer_of(c) : STR_NONE,
        .now_ms = c->now,
    };

    return http_event_write(&event, c->arena);
}

/* What policies say, where signatures are checked. */
static bool is_allowed(struct call *c, const struct url *url)
{
    struct authorize_key key = {.name = "lambda:FunctionUrlAuthType",
                                .value = url->iam ? STR("AWS_IAM") : STR("NONE"), .count = 1};
    struct authorize_wish wish = {"lambda:InvokeFunctionUrl",
                                  target_arn(c->arena, &url->target), &key, 1};
    struct policy_decision decision;
    struct asked *asked;

    if (!cell_auth(c->cell)) {
        return true;
    }
    if (url->iam && c->identity == NULL) {
        return false;
    }
    asked = call_ask(c, &wish, &decision);
    (void)asked_end(asked, &decision, NULL);
    c->why.text[0] = '\0';
    return decision.allowed;
}

/* Whether it may be called; else it is answered. */
static bool may_call(struct call *c, const struct url *url)
{
    bool may = is_allowed(c, url);

    if (!may) {
        put_cors(c, url, false);
        answer_words(c, 403, "{\"Message\":\"Forbidden\"}");
    }
    return may;
}

static bool is_ready(struct call *c, const struct url *url, struct version *ret_version)
{
    struct target whole = target_with(&url->target, STR_NONE);
    struct str state;

    if (version_find(c, &url->target, ret_version) != OK) {
        answer_words(c, 404, "{\"Message\":null}");
        return false;
    }
    state = get_str(ret_version->config, "State");
    if (str_eq(state, STR("Pending")) || str_eq(state, STR("Failed"))) {
        answer_words(c, 502, "{\"Message\":\"The function is not ready\"}");
        return false;
    }
    if (hold_on(c, HOLD_FUNCTION, target_arn(c->arena, &whole), STR_NONE)) {
        answer_words(c, 503, "{\"Message\":\"The function is held (weir release function)\"}");
        return false;
    }
    return true;
}

static void answer_refused(struct call *c, const struct url *url, status refused)
{
    put_cors(c, url, false);
    if (refused == &LAMBDA_TOO_MANY_REQUESTS) {
        answer_words(c, 429, arena_printf(c->keep, "{\"Reason\":\"%s\",\"Type\":\"User\","
                                          "\"message\":\"Rate Exceeded.\"}",
                                          lambda_of(c)->live->reason).at);
    } else {
        answer_words(c, 502, "Internal Server Error");
    }
}

static void call_function(struct call *c, struct calling *calling, const struct version *version)
{
    const struct url *url = &calling->url;
    struct run_wish wish = {
        .version = version,
        .qualifier = url->target.qualifier,
        .request_id = c->request_id,
        .trace = trace_header(c),
        .alone = true,
        .piece = url->streams ? on_piece : NULL,
        .done = on_done,
        .user = calling,
    };
    status started;

    wish.payload = event_of(c, url, wish.trace);
    if (wish.payload.at == NULL || wish.payload.bytes > PAYLOAD_BYTES_MAX) {
        answer_words(c, 413, "{\"Message\":\"Request Entity Too Large\"}");
        return;
    }
    waiters_init(&calling->waiters);
    started = run_start(c, &wish, &calling->run);
    if (started != OK) {
        answer_refused(c, url, started);
        return;
    }
    c->kept = calling;
    call_on_end(c, call_ended);
    call_park(c, &calling->waiters, INT64_MAX, url_resume);
}

/* A function URL is called. */
status page_url(struct call *c)
{
    struct calling *calling = ARENA_NEW(c->keep, struct calling);
    struct version version;

    if (!url_of_call(c, &calling->url)) {
        answer_words(c, 404, "{\"Message\":null}");
        return OK;
    }
    if (calling->url.cors != NULL && url_is_preflight(c->request)) {
        put_cors(c, &calling->url, true);
        call_answer(c, 200, NULL, STR(""));
        return OK;
    }
    if (may_call(c, &calling->url) && is_ready(c, &calling->url, &version)) {
        call_function(c, calling, &version);
    }
    return OK;
}
