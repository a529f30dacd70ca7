/* SPDX-License-Identifier: Apache-2.0
 *
 * What commands share: where data lives, addresses, and asking a running weir.
 */
#include "cli/cli.h"

#include "base/arena.h"
#include "base/time.h"
#include "net/client.h"
#include "sys/clock.h"
#include "wire/json.h"
#include "wire/sigv4.h"

#include <stdio.h>
#include <stdlib.h>

#define AWS_MS (120u * 1000)
#define LONG_MS (24u * 3600 * 1000) /* a clock that stands still lets a server wait for ever */
#define SIGNED_HEADERS_MAX 3 /* moment, token, signature */
#define ASK_HEADERS_MAX 8    /* with those of the request */

const char *default_data_dir(void)
{
    static char dir[4096];
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");

    if (state != NULL && state[0] == '/') {
        snprintf(dir, sizeof(dir), "%s/weir", state);
    } else {
        snprintf(dir, sizeof(dir), "%s/.local/state/weir", home != NULL ? home : "/tmp");
    }
    return dir;
}

bool listen_read(const char *text, char *ret_host, uint16_t *ret_port)
{
    struct str whole = str_c(text);
    struct str host = STR("127.0.0.1");
    struct str port = whole;
    size_t colon = whole.bytes;
    uint64_t number;

    while (colon > 0 && whole.at[colon - 1] != ':') {
        colon--;
    }
    if (colon > 0) {
        host = str_slice(whole, 0, colon - 1);
        port = str_slice(whole, colon, whole.bytes);
    }
    if (str_starts(host, STR("[")) && str_ends(host, STR("]"))) {
        host = str_slice(host, 1, host.bytes - 1);
    }
    if (str_eq(host, STR("localhost"))) {
        host = STR("127.0.0.1");
    }
    if (host.bytes == 0 || host.bytes > 63 || !str_to_u64(port, &number) || number > 65535) {
        return false;
    }
    memcpy(ret_host, host.at, host.bytes);
    ret_host[host.bytes] = '\0';
    *ret_port = (uint16_t)number;
    return true;
}

/* As who, and for what. */
struct signing {
    const char *access_key; /* NULL: unsigned */
    const char *secret;     /* its own */
    const char *token;      /* of a session; NULL or empty: none */
    const char *service;    /* of the scope */
    const char *region;     /* the same */
    char host[64];          /* of the request */
    struct http_header headers[ASK_HEADERS_MAX]; /* of the request, then its signature's */
};

/* Adds at most SIGNED_HEADERS_MAX headers behind those that are there; gives how many there are. */
static size_t sign(const struct client_request *request, struct signing *as, struct arena *arena)
{
    struct http_header *headers = as->headers;
    struct str target = request->target;
    size_t count = request->header_count;
    size_t query = str_find(target, '?', 0);
    struct http_header covered[ASK_HEADERS_MAX + 1];
    struct buf date;
    struct clock clock;
    int64_t now;

    if (as->access_key == NULL || as->secret == NULL) {
        return count;
    }
    clock_init_real(&clock);
    now = clock_now_ms(&clock);
    buf_init(&date, 64);
    buf_add_sigv4_date(&date, now);
    headers[count++] = (struct http_header){STR("x-amz-date"), arena_dup(arena, buf_str(&date))};
    buf_done(&date);
    if (as->token != NULL && as->token[0] != '\0') {
        headers[count++] = (struct http_header){STR("x-amz-security-token"), str_c(as->token)};
    }
    memcpy(covered, headers, count * sizeof(covered[0]));
    covered[count] = (struct http_header){
        STR("host"), arena_printf(arena, "%s:%u", request->host, (unsigned)request->port)};
    struct http_request shown = {
        .method = str_c(request->method),
        .target = target,
        .path = str_slice(target, 0, query),
        .query = str_slice(target, query + 1, target.bytes),
        .authority = covered[count].value,
        .headers = covered,
        .header_count = count + 1,
        .body = request->body,
    };

    headers[count++] = (struct http_header){
        STR("authorization"), sigv4_sign(&shown, str_c(as->access_key), str_c(as->secret),
                                         str_c(as->region), str_c(as->service), now, arena)};
    return count;
}

/* Says what the server said: the message of its JSON, or all of it. */
static status refused(const struct args *args, struct arena *arena,
                      const struct client_answer *answer)
{
    const struct value *message = NULL;
    struct value document;
    struct why why;

    if (json_read(arena_dup(arena, answer->body), 0, arena, &why, &document) == OK &&
        document.kind == VALUE_MAP) {
        message = map_find(&document, STR("message"));
    }
    if (message != NULL && message->kind == VALUE_STR) {
        trouble(args, "%.*s", STR_ARG(message->str));
    } else {
        trouble(args, "the server answered %d: %.*s", answer->http, STR_ARG(answer->body));
    }
    return &ERR_IO;
}

/* Whatever it answers. The request has room for SIGNED_HEADERS_MAX more headers. */
static status ask_signed(const struct args *args, struct client_request *request,
                         struct signing *as, struct arena *arena,
                         struct client_answer *ret_answer)
{
    const char *server = flag_value(args, "server");
    struct why why = {""};
    status asked;

    if (!listen_read(server, as->host, &request->port)) {
        usage_error(args, "--server %s is not ADDR:PORT.", server);
        return &ERR_MALFORMED;
    }
    request->host = as->host;
    request->headers = as->headers;
    request->header_count = sign(request, as, arena);
    asked = client_call(request, arena, &why, ret_answer);
    if (asked != OK) {
        trouble(args, "%s. Is `weir serve` running there? --server names another.", why.text);
    }
    return asked;
}

/* A door of weir's own: signed when the environment has credentials, which a server with --auth=on
 * wants. request says what and how patiently. */
static status ask(const struct args *args, struct client_request request, struct arena *arena,
                  struct client_answer *ret_answer)
{
    struct signing as = {getenv("AWS_ACCESS_KEY_ID"), getenv("AWS_SECRET_ACCESS_KEY"),
                         getenv("AWS_SESSION_TOKEN"), "weir", "us-east-1", "",
                         {{STR_NONE, STR_NONE}}};

    TRY(ask_signed(args, &request, &as, arena, ret_answer));
    return ret_answer->http == 200 ? OK : refused(args, arena, ret_answer);
}

const char *default_region(void)
{
    const char *region = getenv("AWS_REGION");

    if (region == NULL || region[0] == '\0') {
        region = getenv("AWS_DEFAULT_REGION");
    }
    return region == NULL || region[0] == '\0' ? "us-east-1" : region;
}

status ask_aws(const struct args *args, const struct aws_request *asked, struct arena *arena,
               struct client_answer *ret_answer)
{
    struct client_request request = {.method = asked->method, .target = asked->target,
                                     .body = asked->body, .timeout_ms = AWS_MS};
    struct signing as = {getenv("AWS_ACCESS_KEY_ID"), getenv("AWS_SECRET_ACCESS_KEY"),
                         getenv("AWS_SESSION_TOKEN"), asked->service, default_region(), "",
                         {{STR_NONE, STR_NONE}}};

    if (as.access_key == NULL || as.secret == NULL) { /* whoever it is: the scope has the region */
        as.access_key = "test";
        as.secret = "test";
        as.token = NULL;
    }
    if (asked->content_type != NULL) {
        as.headers[request.header_count++] =
            (struct http_header){STR("content-type"), str_c(asked->content_type)};
    }
    if (strcmp(asked->service, "s3") == 0) {
        as.headers[request.header_count++] =
            (struct http_header){STR("x-amz-content-sha256"), STR("UNSIGNED-PAYLOAD")};
    }
    return ask_signed(args, &request, &as, arena, ret_answer);
}

status ask_server(const struct args *args, const char *method, struct str target,
                  struct arena *arena, struct client_answer *ret_answer)
{
    struct client_request request = {.method = method, .target = target};

    return ask(args, request, arena, ret_answer);
}

status ask_server_long(const struct args *args, const char *method, struct str target,
                       struct arena *arena, struct client_answer *ret_answer)
{
    struct client_request request = {.method = method, .target = target,
                                     .timeout_ms = LONG_MS};

    return ask(args, request, arena, ret_answer);
}
