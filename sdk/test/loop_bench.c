/* SPDX-License-Identifier: Apache-2.0
 *
 * How many invocations a second the loop can do: a process that speaks the other side of the
 * Runtime API as simply as it goes, over loopback, and one that is a handler. Prints one line.
 *
 *   loop_bench [INVOCATIONS]
 */
#include "weir_lambda.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void handle(struct weir_invocation *in)
{
    weir_json_add(&in->answer, "{'n':%j}", weir_json_get(in->event, "n"));
}

static double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Reads one request; with a body, if its head says so. */
static bool take(int fd)
{
    char text[4096];
    size_t bytes = 0;

    for (;;) {
        ssize_t got = recv(fd, text + bytes, sizeof text - 1 - bytes, 0);
        if (got <= 0) {
            return false;
        }
        bytes += (size_t)got;
        text[bytes] = '\0';
        const char *end = strstr(text, "\r\n\r\n");
        const char *length = strstr(text, "Content-Length: ");
        if (end != NULL &&
            (length == NULL || text + bytes == end + 4 + (size_t)strtod(length + 16, NULL))) {
            return true;
        }
    }
}

static bool say(int fd, const char *text)
{
    return send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

static void serve(int fd, int count)
{
    double begin = now();

    for (int i = 0; i < count; i++) {
        if (!take(fd) ||
            !say(fd,
                 "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                 "lambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n"
                 "lambda-runtime-deadline-ms: 1542409706888\r\n"
                 "lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:1:function:f\r\n"
                 "content-length: 8\r\n\r\n{\"n\":17}") ||
            !take(fd) ||
            !say(fd, "HTTP/1.1 202 Accepted\r\ncontent-length: 16\r\n\r\n{\"status\":\"OK\"}\n")) {
            fprintf(stderr, "loop_bench: the handler is gone\n");
            exit(1);
        }
    }
    printf("%.0f invocations a second\n", count / (now() - begin));
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? (int)strtod(argv[1], NULL) : 200000;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t bytes = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int one = 1;
    char address[32];

    if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&at, &bytes) != 0) {
        return 1;
    }
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", (unsigned)ntohs(at.sin_port));
    (void)setenv("AWS_LAMBDA_RUNTIME_API", address, 1);
    if (fork() == 0) {
        _exit(weir_lambda_run(handle));
    }
    int fd = accept(listener, NULL, NULL);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    serve(fd, count);
    (void)close(fd);
    (void)wait(NULL);
    return 0;
}
