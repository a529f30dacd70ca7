/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP proxy integrations: the request goes to the integration's URL, on a worker thread, and what
 * comes back goes out as it is.
 *
 * Rules
 *  1. {name} in the URL is the path parameter of that name, escaped anew, so that what is sent is
 *     the path that routes were looked for with. The query goes along.
 *  2. Headers go along but for those that belong to the connection; Host is the backend's, and who
 *     asked is in Forwarded.
 *  3. Nothing of the meeting is touched outside the cell: what is sent is copied before, but for
 *     the body, which nobody changes.
 */
#include "net/outgoing.h"
#include "svc/apigatewayv2/run.h"

#define JOB_BYTES_MAX (64u << 20)
#define URL_BYTES_MAX 8192

struct http_job {
    struct arena *arena;         /* of all of it */
    struct outgoing request;     /* what is sent */
    struct outgoing_answer answer; /* what came */
    status result;               /* how it went */
    struct why why;              /* why not */
};

void http_job_free(struct http_job *job)
{
    if (job != NULL) {
        arena_free(job->arena);
    }
}

/* ---- the URL ---- */

/* slashes: they stay, as in a greedy parameter. */
static void add_escaped(struct buf *text, struct str s, bool slashes)
{
    for (size_t i = 0; i < s.bytes; i++) {
        unsigned char c = (unsigned char)s.at[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            strchr("-._~!$&'()*+,;=:@", c) != NULL || (slashes && c == '/')) {
            buf_add_c(text, (char)c);
        } else {
            buf_printf(text, "%%%02X", c);
        }
    }
}

static struct str parameter_of(const struct meeting *meeting, struct str name)
{
    if (str_ends(name, STR("+"))) {
        name = str_slice(name, 0, name.bytes - 1);
    }
    for (size_t i = 0; i < meeting->parameter_count; i++) {
        if (str_eq(meeting->parameters[i].name, name)) {
            return meeting->parameters[i].value;
        }
    }
    return STR_NONE;
}

static void add_filled(struct buf *text, const struct meeting *meeting, struct str uri)
{
    size_t at = 0;

    while (at < uri.bytes) {
        size_t open = str_find(uri, '{', at);
        size_t close = str_find(uri, '}', open);

        buf_add(text, str_slice(uri, at, open));
        if (open < uri.bytes && close < uri.bytes) {
            add_escaped(text, parameter_of(meeting, str_slice(uri, open + 1, close)), true);
        }
        at = close == uri.bytes ? uri.bytes : close + 1;
    }
}

/* overwrite:path replaces what is behind the host. */
static size_t host_end(struct str uri)
{
    size_t scheme = str_find_str(uri, STR("://"));

    return str_find(uri, '/', scheme < uri.bytes ? scheme + 3 : 0);
}

static struct str url_of(struct call *c, struct meeting *meeting, struct arena *arena)
{
    struct str uri = get_str(meeting->route->live->integration, "IntegrationUri");
    struct text text = text_read(uri, false, c->arena);
    struct str query = meeting->sent.query, made;
    struct buf url;

    buf_init(&url, URL_BYTES_MAX);
    if (text.piece_count > 1 || (text.piece_count == 1 && text.pieces[0].kind != TEXT_LITERAL)) {
        uri = meeting_text(c, meeting, &text);
    }
    if (meeting->overwritten.at != NULL) {
        buf_add(&url, str_slice(uri, 0, host_end(uri)));
        buf_add(&url, str_starts(meeting->overwritten, STR("/")) ? STR("") : STR("/"));
        add_escaped(&url, meeting->overwritten, true);
    } else {
        add_filled(&url, meeting, uri);
    }
    if (query.bytes > 0) {
        buf_add_c(&url, str_find(buf_str(&url), '?', 0) < url.bytes ? '&' : '?');
        buf_add(&url, query);
    }
    made = buf_spent(&url) ? STR_NONE : arena_dup(arena, buf_str(&url));
    buf_done(&url);
    return made;
}

/* ---- the request ---- */

static bool is_hop(struct str name)
{
    static const char *const names[] = {"connection", "host", "content-length", "keep-alive",
                                        "transfer-encoding", "upgrade", "te", "trailer", "expect",
                                        "proxy-connection", "x-amzn-trace-id", "via", "forwarded"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_eq(name, str_c(names[i]))) {
            return true;
        }
    }
    return false;
}

static void headers_fill(const struct meeting *meeting, struct http_job *job)
{
    const struct http_request *http = &meeting->sent;
    struct http_header *headers =
        arena_alloc(job->arena, (http->header_count + 6) * sizeof(*headers));
    size_t count = 0;

    for (size_t i = 0; i < http->header_count; i++) {
        if (!is_hop(http->headers[i].name)) {
            headers[count++] =
                (struct http_header){arena_dup(job->arena, http->headers[i].name),
                                     arena_dup(job->arena, http->headers[i].value)};
        }
    }
    headers[count++] = (struct http_header){
        STR("forwarded"),
        arena_printf(job->arena, "by=127.0.0.1;for=%.*s;host=%.*s;proto=%s", STR_ARG(http->peer),
                     STR_ARG(meeting->host), http->tls ? "https" : "http")};
    headers[count++] = (struct http_header){STR("via"), STR("HTTP/1.1 AmazonAPIGateway")};
    headers[count++] = (struct http_header){STR("x-amzn-trace-id"),
                                            arena_dup(job->arena, meeting->trace)};
    job->request.headers = headers;
    job->request.header_count = count;
}

static void job_send(void *arg)
{
    struct http_job *job = arg;

    job->result = outgoing_send(&job->request, job->arena, &job->why, &job->answer);
}

/* ---- the answer ---- */

static status answered(struct call *c)
{
    struct meeting *meeting = meeting_of(c);
    struct http_job *job = meeting->job;

    if (job->result != OK || job->answer.http < 200 || job->answer.http > 599) {
        meeting->integration_error = job->result != OK
                                         ? arena_dup(c->keep, str_c(job->why.text))
                                         : STR("The backend's status is none");
        meeting_asked(c, meeting, 503);
        return meeting_fail(c, meeting, 503, "Service Unavailable");
    }
    if (job->answer.body.bytes > RUN_BODY_BYTES_MAX) {
        meeting->integration_error = STR("The backend's answer is too large");
        meeting_asked(c, meeting, job->answer.http);
        return meeting_fail(c, meeting, 500, "Internal Server Error");
    }
    meeting_asked(c, meeting, job->answer.http);
    meeting->answer.http = job->answer.http;
    meeting->answer.body = arena_dup(c->keep, job->answer.body);
    for (size_t i = 0; i < job->answer.header_count; i++) {
        const struct http_header *header = &job->answer.headers[i];

        if (!is_hop(header->name) && !str_eq(header->name, STR("date"))) {
            http_answer_add(&meeting->answer, arena_dup(c->keep, header->name),
                            arena_dup(c->keep, header->value));
        }
    }
    return meeting_answer(c, meeting);
}

status http_integrate(struct call *c)
{
    struct meeting *meeting = meeting_of(c);
    const struct value *integration = meeting->route->live->integration;
    struct str method = get_str(integration, "IntegrationMethod");
    struct arena *arena = arena_new(JOB_BYTES_MAX);
    struct http_job *job = ARENA_NEW(arena, struct http_job);

    job->arena = arena;
    meeting->job = job;
    meeting->asked_ms = c->now;
    if (method.bytes == 0 || str_eq(method, STR("ANY"))) {
        method = meeting->http.method;
    }
    job->request.method = arena_dup(arena, method).at;
    job->request.url = url_of(c, meeting, arena);
    job->request.body = meeting->http.body; /* stays until the call is over */
    job->request.whole_ms = (uint32_t)target_timeout_ms(meeting);
    job->request.answer_bytes_max = RUN_BODY_BYTES_MAX + 1;
    job->request.wants_headers = true;
    headers_fill(meeting, job);
    if (job->request.url.at == NULL) {
        return meeting_fail(c, meeting, 414, "Request-URI Too Long");
    }
    call_work(c, job_send, job, answered);
    return OK;
}
