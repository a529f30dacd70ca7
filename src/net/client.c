/* SPDX-License-Identifier: Apache-2.0
 *
 * The blocking client: connect, send, read to the end of the connection, take the answer apart. It
 * asks for `connection: close`, so the body ends where its content-length or the connection does.
 */
#include "net/client.h"

#include "base/buf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define TIMEOUT_MS_DEFAULT 10000

static status open_socket(const struct client_request *request, struct why *why, int *ret_fd)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(request->port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(request->port)};
    bool is_v6 = inet_pton(AF_INET6, request->host, &v6.sin6_addr) == 1;
    int fd;

    if (!is_v6 && inet_pton(AF_INET, request->host, &v4.sin_addr) != 1) {
        return why_set(why, &ERR_MALFORMED, "%s is not an address", request->host);
    }
    fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return why_set(why, &ERR_IO, "no socket: %s", strerror(errno));
    }
    if (connect(fd, is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
                is_v6 ? sizeof(v6) : sizeof(v4)) != 0) {
        int error = errno;

        close(fd);
        return why_set(why, error == ECONNREFUSED ? &ERR_NOT_FOUND : &ERR_IO,
                       "nothing answers on %s port %u (%s)", request->host,
                       (unsigned)request->port, strerror(error));
    }
    *ret_fd = fd;
    return OK;
}

static status ready(int fd, short events, uint32_t timeout_ms, struct why *why)
{
    struct pollfd poll_fd = {fd, events, 0};
    int count;

    do {
        count = poll(&poll_fd, 1, timeout_ms == 0 ? TIMEOUT_MS_DEFAULT : (int)timeout_ms);
    } while (count < 0 && errno == EINTR);
    return count > 0 ? OK : why_set(why, &ERR_IO, "the server does not answer");
}

static status send_all(int fd, struct str bytes, uint32_t timeout_ms, struct why *why)
{
    while (bytes.bytes > 0) {
        TRY(ready(fd, POLLOUT, timeout_ms, why));
        ssize_t sent = send(fd, bytes.at, bytes.bytes, MSG_NOSIGNAL);

        if (sent < 0) {
            return why_set(why, &ERR_IO, "sending failed: %s", strerror(errno));
        }
        bytes = str_slice(bytes, (size_t)sent, bytes.bytes);
    }
    return OK;
}

static status receive_all(int fd, uint32_t timeout_ms, struct buf *answer, struct why *why)
{
    for (;;) {
        char *at = buf_reserve(answer, 64 * 1024);

        if (at == NULL) {
            return why_set(why, &ERR_LIMIT, "the answer is too large");
        }
        TRY(ready(fd, POLLIN, timeout_ms, why));
        ssize_t got = recv(fd, at, 64 * 1024, 0);

        if (got < 0) {
            return why_set(why, &ERR_IO, "receiving failed: %s", strerror(errno));
        }
        if (got == 0) {
            return OK;
        }
        buf_used(answer, (size_t)got);
    }
}

static struct str lower(struct arena *arena, struct str s)
{
    char *at = arena_alloc(arena, s.bytes + 1);

    for (size_t i = 0; i < s.bytes; i++) {
        at[i] = (char)(s.at[i] >= 'A' && s.at[i] <= 'Z' ? s.at[i] + 32 : s.at[i]);
    }
    return str_of(at, s.bytes);
}

static status parse(struct str text, struct arena *arena, struct why *why,
                    struct client_answer *answer)
{
    size_t end = str_find_str(text, STR("\r\n\r\n"));
    struct str rest = str_slice(text, 0, end);
    struct str line = str_split(&rest, '\n');
    uint64_t http;

    if (end == text.bytes || !str_starts(line, STR("HTTP/1.1 ")) ||
        !str_to_u64(str_slice(line, 9, 12), &http)) {
        return why_set(why, &ERR_MALFORMED, "that was no HTTP answer");
    }
    *answer = (struct client_answer){.http = (int)http};
    answer->headers = arena_zero(arena, HTTP_HEADERS_MAX * sizeof(struct http_header));
    while (rest.at != NULL && answer->header_count < HTTP_HEADERS_MAX) {
        struct str field = str_split(&rest, '\n');
        size_t colon = str_find(field, ':', 0);
        struct str value = str_slice(field, colon + 1, field.bytes);

        if (str_ends(value, STR("\r"))) {
            value.bytes--;
        }
        answer->headers[answer->header_count++] = (struct http_header){
            lower(arena, str_slice(field, 0, colon)), arena_dup(arena, str_trim(value))};
    }
    answer->body = arena_dup(arena, str_slice(text, end + 4, text.bytes));
    return OK;
}

static void compose(const struct client_request *request, struct buf *out)
{
    buf_printf(out, "%s %.*s HTTP/1.1\r\nhost: %s:%u\r\nconnection: close\r\n", request->method,
               STR_ARG(request->target), request->host, (unsigned)request->port);
    for (size_t i = 0; i < request->header_count; i++) {
        buf_printf(out, "%.*s: %.*s\r\n", STR_ARG(request->headers[i].name),
                   STR_ARG(request->headers[i].value));
    }
    buf_printf(out, "content-length: %zu\r\n\r\n", request->body.bytes);
    buf_add(out, request->body);
}

status client_call(const struct client_request *request, struct arena *arena, struct why *why,
                   struct client_answer *ret_answer)
{
    struct buf out;
    struct buf in;
    struct client_answer answer;
    status done;
    int fd;

    TRY(open_socket(request, why, &fd));
    buf_init(&out, CLIENT_ANSWER_BYTES_MAX);
    buf_init(&in, CLIENT_ANSWER_BYTES_MAX);
    compose(request, &out);
    done = buf_spent(&out) ? why_set(why, &ERR_LIMIT, "the request is too large")
                           : send_all(fd, buf_str(&out), request->timeout_ms, why);
    if (done == OK) {
        done = receive_all(fd, request->timeout_ms, &in, why);
    }
    if (done == OK) {
        done = parse(buf_str(&in), arena, why, &answer);
    }
    close(fd);
    buf_done(&out);
    buf_done(&in);
    if (done == OK) {
        *ret_answer = answer;
    }
    return done;
}

struct str client_header(const struct client_answer *answer, struct str name)
{
    for (size_t i = 0; i < answer->header_count; i++) {
        if (str_eq(answer->headers[i].name, name)) {
            return answer->headers[i].value;
        }
    }
    return STR_NONE;
}
