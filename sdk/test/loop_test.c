/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves what the loop promises beyond its protocol: that once its buffers have grown an invocation
 * takes no memory, and that an answer is one write. The other side of the Runtime API is a process
 * that says the same again and again.
 */
#include "weir_lambda.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <sys/socket.h>

#define INVOCATIONS 200
#define GROWN 20 /* after so many the buffers have their size */

void *__real_realloc(void *at, size_t bytes);
void *__wrap_realloc(void *at, size_t bytes);
ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);

static unsigned allocations;
static unsigned writes;
static unsigned invocations;
static unsigned allocations_then; /* when the buffers had grown */

void *__wrap_realloc(void *at, size_t bytes)
{
    allocations++;
    return __real_realloc(at, bytes);
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
    writes++;
    return __real_sendmsg(fd, message, flags);
}

static void handle(struct weir_invocation *in)
{
    struct weir_json_each each = weir_json_each(weir_json_get(in->event, "Records"));

    if (++invocations == GROWN) {
        allocations_then = allocations;
    }
    while (weir_json_next(&each)) {
        weir_json_add(&in->answer, "%s{'is':%j,'of':%t}", in->answer.bytes > 0 ? "," : "[",
                      each.value, in->request_id);
    }
    if (invocations % 7 == 0) {
        weir_lambda_fail(in, "Seventh", "the %uth", invocations);
    }
}

/* Reads to the end of a request, whose body is short and comes with its head. */
static bool take(int fd)
{
    char text[8192];
    ssize_t got = recv(fd, text, sizeof text, 0);

    return got > 0;
}

static bool say(int fd, const char *text)
{
    return send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

static void serve(int listener)
{
    int fd = accept(listener, NULL, NULL);
    bool good = true;

    for (int i = 0; i < INVOCATIONS && good; i++) {
        good = take(fd) &&
               say(fd, "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: r\r\n"
                       "Content-Length: 25\r\n\r\n{\"Records\":[1,{\"a\":[2]}]}") &&
               take(fd) && say(fd, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
    }
    (void)close(fd);
    _exit(good ? 0 : 1);
}

static void an_invocation_takes_no_memory_and_two_writes(void **state)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    socklen_t bytes = sizeof at;
    char address[32];
    int status = -1;
    pid_t server;

    (void)state;
    assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &bytes), 0);
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", (unsigned)ntohs(at.sin_port));
    (void)setenv("AWS_LAMBDA_RUNTIME_API", address, 1);
    (void)setenv("AWS_LAMBDA_LOG_LEVEL", "FATAL", 1);
    server = fork();
    if (server == 0) {
        serve(listener);
    }
    assert_int_equal(weir_lambda_run(handle), 0);
    assert_int_equal(waitpid(server, &status, 0), server);
    assert_int_equal(status, 0);
    (void)close(listener);
    assert_int_equal(invocations, INVOCATIONS);
    assert_int_equal(allocations, allocations_then);
    assert_int_equal(writes, 2 * INVOCATIONS + 1); /* next, and an answer; and the last next */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_invocation_takes_no_memory_and_two_writes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
