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

#define LONG_MS (24u * 3600 * 1000) /* a clock that stands still lets a server wait for ever */
#define SIGNED_HEADERS_MAX 3 /* moment, token, signature */

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

/* Signed when the environment has credentials, which a server with --auth=on wants. Adds at most
 * SIGNED_HEADERS_MAX headers; gives how many. */
static size_t sign(const struct client_request *request, struct arena *arena,
                   struct http_header *headers)
{
    const char *access_key = getenv("AWS_ACCESS_KEY_ID");
    const char *secret = getenv("AWS_SECRET_ACCESS_KEY");
    const char *token = getenv("AWS_SESSION_TOKEN");
    struct str target = request->target;
    size_t query = str_find(target, '?', 0);
    struct buf date;
    struct clock clock;

    if (access_key == NULL || secret == NULL) {
        return 0;
    }
    clock_init_real(&clock);
    int64_t now = clock_now_ms(&clock);

    buf_init(&date, 64);
    buf_add_sigv4_date(&date, now);
    headers[0] = (struct http_header){STR("x-amz-date"), arena_dup(arena, buf_str(&date))};
    buf_done(&date);
    size_t count = 1;

    if (token != NULL && token[0] != '\0') {
        headers[count++] = (struct http_header){STR("x-amz-security-token"), str_c(token)};
    }
    struct http_header covered[SIGNED_HEADERS_MAX] = {
        {STR("host"), arena_printf(arena, "%s:%u", request->host, (unsigned)request->port)},
        headers[0], headers[1]};
    struct http_request shown = {
        .method = str_c(request->method),
        .target = target,
        .path = str_slice(target, 0, query),
        .query = str_slice(target, query + 1, target.bytes),
        .authority = covered[0].value,
        .headers = covered,
        .header_count = count + 1,
    };

    headers[count++] = (struct http_header){
        STR("authorization"), sigv4_sign(&shown, str_c(access_key), str_c(secret),
                                         STR("us-east-1"), STR("weir"), now, arena)};
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

/* request says what and how patiently. */
static status ask(const struct args *args, struct client_request request, struct arena *arena,
                  struct client_answer *ret_answer)
{
    char host[64];
    struct http_header headers[SIGNED_HEADERS_MAX] = {{STR_NONE, STR_NONE}};
    struct why why = {""};
    const char *server = flag_value(args, "server");
    status asked;

    if (!listen_read(server, host, &request.port)) {
        usage_error(args, "--server %s is not ADDR:PORT.", server);
        return &ERR_MALFORMED;
    }
    request.host = host;
    request.headers = headers;
    request.header_count = sign(&request, arena, headers);
    asked = client_call(&request, arena, &why, ret_answer);
    if (asked != OK) {
        trouble(args, "%s. Is `weir serve` running there? --server names another.", why.text);
        return asked;
    }
    if (ret_answer->http != 200) {
        return refused(args, arena, ret_answer);
    }
    return OK;
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
