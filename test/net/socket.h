/* SPDX-License-Identifier: Apache-2.0
 *
 * A blocking client for tests of the real server: plain sockets, bounded waits, and a way to run
 * the real clients (curl, nghttp, h2load) and read what they print.
 */
#ifndef WEIR_TEST_NET_SOCKET_H
#define WEIR_TEST_NET_SOCKET_H

#include "fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WAIT_MS 5000

static inline int dial(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static inline int dial_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static inline void send_text(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Reads until needle was seen (true) or the peer closed or time is up (false). */
static inline bool read_until(int fd, const char *needle, struct buf *got)
{
    while (needle == NULL || !has(buf_str(got), needle)) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        char *at = buf_reserve(got, 65536);
        ssize_t bytes;

        assert_non_null(at);
        if (poll(&wait, 1, WAIT_MS) != 1) {
            fail_msg("nothing came in %d ms", WAIT_MS);
        }
        bytes = recv(fd, at, 65536, 0);
        if (bytes <= 0) {
            return false;
        }
        buf_used(got, (size_t)bytes);
    }
    return true;
}

/* Sends text, reads until needle, fails without it; with NULL reads until the peer closes. */
static inline void expect(int fd, const char *text, const char *needle)
{
    struct buf got;
    bool found;

    buf_init(&got, 64 << 20);
    send_text(fd, text);
    found = read_until(fd, needle, &got);
    if (found != (needle != NULL)) {
        fail_msg("no '%s' in '%.*s'", needle, STR_ARG(buf_str(&got)));
    }
    buf_done(&got);
}

/* Nothing arrives, and the connection stays, for so long. */
static inline void expect_silence(int fd, int for_ms)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};

    assert_int_equal(poll(&wait, 1, for_ms), 0);
}

static inline bool has_program(const char *name)
{
    char command[128];

    (void)snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", name);
    return system(command) == 0;
}

/* What a command prints. */
static inline struct str run(struct buf *out, const char *format, ...)
{
    char command[2048];
    va_list args;
    FILE *pipe;
    char *at;
    size_t bytes;

    va_start(args, format);
    (void)vsnprintf(command, sizeof command, format, args);
    va_end(args);
    buf_clear(out);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    while ((at = buf_reserve(out, 65536)) != NULL && (bytes = fread(at, 1, 65536, pipe)) > 0) {
        buf_used(out, bytes);
    }
    (void)pclose(pipe);
    return buf_str(out);
}

#endif
