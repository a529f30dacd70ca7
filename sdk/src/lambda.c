/* SPDX-License-Identifier: Apache-2.0
 *
 * The Lambda Runtime API, spoken over one connection:
 *
 *   GET  …/invocation/next            waits, then the event; what is about it is in headers
 *   POST …/invocation/ID/response     the answer: head and body in one sendmsg; or in chunks
 *   POST …/invocation/ID/error        {"errorType","errorMessage","stackTrace"}
 *   POST …/init/error                 the same, before the first invocation
 *
 * An invocation's texts lie in the buffer its head and body were read into; the answer to the POST
 * is read into it too, after the handler has returned. Source: Lambda developer guide, "Using the
 * Lambda runtime API for custom runtimes".
 */
#include "weir_lambda.h"

#include "net.h"
#include "sys.h"
#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define API "/2018-06-01/runtime/"
#define EVENT_BYTES_MAX (32u << 20)
#define MESSAGE_BYTES_MAX 4096
#define TYPE_BYTES_MAX 128
#define CONNECT_MS 5000
#define PIECES_MAX 3

enum stream_state { STREAM_NONE, STREAM_OPEN, STREAM_BROKEN };

struct weir_lambda {
    struct weir_link link;              /* to the Runtime API */
    char host[WEIR_HOST_BYTES_MAX + 1]; /* where that is */
    uint16_t port;                      /* and its port */
    const char *address;                /* both, as the environment has them */
    struct weir_buf in;                 /* what is read */
    struct weir_buf head;               /* of what is written */
    struct weir_buf error;              /* the document of an error; empty: none */
    char error_type[TYPE_BYTES_MAX];    /* its type */
    enum stream_state stream;           /* of the answer */
};

static void say(const char *what, const char *why)
{
    (void)fprintf(stderr, "libweir: %s: %s\n", what, why);
}

/* ---- sending ---- */

/* All pieces, in one call unless the kernel takes less. */
static bool send_pieces(struct weir_lambda *loop, const struct weir_text *pieces, size_t count)
{
    struct iovec parts[PIECES_MAX];
    struct msghdr message = {.msg_iov = parts};

    for (size_t i = 0; i < count; i++) {
        parts[i] = (struct iovec){(char *)pieces[i].at, pieces[i].bytes};
    }
    message.msg_iovlen = count;
    while (message.msg_iovlen > 0) {
        ssize_t sent = sendmsg(loop->link.fd, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0) {
            return false;
        }
        while (message.msg_iovlen > 0 && (size_t)sent >= message.msg_iov[0].iov_len) {
            sent -= (ssize_t)message.msg_iov[0].iov_len;
            message.msg_iov++;
            message.msg_iovlen--;
        }
        if (message.msg_iovlen > 0) {
            message.msg_iov[0].iov_base = (char *)message.msg_iov[0].iov_base + sent;
            message.msg_iov[0].iov_len -= (size_t)sent;
        }
    }
    return true;
}

static bool connect_again(struct weir_lambda *loop)
{
    struct weir_patience patience = {.connect_ms = CONNECT_MS, .read_ms = 0};

    weir_link_close(&loop->link);
    if (weir_link_open(loop->host, loop->port, patience, &loop->link) != NET_OK) {
        say("no connection to the Runtime API", loop->address);
        return false;
    }
    return true;
}

/* Reads an answer; its status, or 0. */
static int read_answer(struct weir_lambda *loop, struct weir_http_answer *ret_answer)
{
    enum net_result result = weir_http_read(&loop->link, &loop->in, false, ret_answer);

    if (result != NET_OK) {
        if (result != NET_CLOSED) {
            say("the Runtime API",
                result == NET_TOO_LARGE ? "the event is too large" : "no answer");
        }
        return 0;
    }
    if (!ret_answer->keeps) { /* what was read stays in the buffer */
        weir_link_close(&loop->link);
    }
    return ret_answer->status;
}

/* The head of a POST is begun; its headers follow. */
static void begin_post(struct weir_lambda *loop, struct weir_text id, const char *step)
{
    weir_buf_clear(&loop->head);
    weir_buf_printf(&loop->head, "POST " API "%s%.*s%s HTTP/1.1\r\nHost: %s\r\n",
                    id.bytes > 0 ? "invocation/" : "", WEIR_ARG(id), step, loop->address);
}

static bool post(struct weir_lambda *loop, struct weir_text body)
{
    struct weir_http_answer answer;
    int status;

    weir_buf_printf(&loop->head, "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                    body.bytes);
    if (loop->head.failed ||
        !send_pieces(loop, (struct weir_text[]){weir_buf_text(&loop->head), body}, 2)) {
        return false;
    }
    status = read_answer(loop, &answer);
    if (status >= 300) {
        say("the Runtime API refused an answer",
            status == 413 ? "it is too large" : "not accepted");
    }
    return status != 0;
}

/* ---- errors ---- */

static void write_error(struct weir_lambda *loop, const char *type, const char *message)
{
    size_t bytes = 0;

    for (const char *c = type; *c != '\0' && bytes + 1 < sizeof loop->error_type; c++) {
        loop->error_type[bytes++] = *c > ' ' && *c < 127 ? *c : '_'; /* it becomes a header */
    }
    loop->error_type[bytes] = '\0';
    weir_buf_clear(&loop->error);
    weir_json_add(&loop->error, "{'errorType':%s,'errorMessage':%s,'stackTrace':[]}",
                  loop->error_type, message);
}

static bool post_error(struct weir_lambda *loop, struct weir_text id, const char *step)
{
    begin_post(loop, id, step);
    weir_buf_printf(&loop->head, "Lambda-Runtime-Function-Error-Type: %s\r\n", loop->error_type);
    return post(loop, loop->error.failed ? WEIR_TEXT("{\"errorType\":\"Runtime.OutOfMemory\"}")
                                         : weir_buf_text(&loop->error));
}

void weir_lambda_fail(struct weir_invocation *in, const char *error_type, const char *format, ...)
{
    char message[MESSAGE_BYTES_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    weir_lambda_log(in, WEIR_ERROR, "%s: %s", error_type, message);
    write_error(in->loop, error_type, message);
}

/* ---- streams ---- */

bool weir_lambda_write(struct weir_invocation *in, struct weir_text piece)
{
    struct weir_lambda *loop = in->loop;
    char size[24];
    int bytes = snprintf(size, sizeof size, "%zx\r\n", piece.bytes);
    struct weir_text parts[] = {{size, (size_t)bytes}, piece, WEIR_TEXT("\r\n")};

    if (loop->stream != STREAM_OPEN) {
        return false;
    }
    if (piece.bytes > 0 && !send_pieces(loop, parts, 3)) {
        loop->stream = STREAM_BROKEN;
    }
    return loop->stream == STREAM_OPEN;
}

bool weir_lambda_stream(struct weir_invocation *in, const char *content_type)
{
    struct weir_lambda *loop = in->loop;

    if (loop->stream != STREAM_NONE) {
        return false;
    }
    begin_post(loop, in->request_id, "/response");
    weir_buf_printf(&loop->head, "Content-Type: %s\r\n",
                    content_type == NULL ? "application/octet-stream" : content_type);
    weir_buf_add_c(&loop->head, "Lambda-Runtime-Function-Response-Mode: streaming\r\n"
                                "Transfer-Encoding: chunked\r\n"
                                "Trailer: Lambda-Runtime-Function-Error-Type, "
                                "Lambda-Runtime-Function-Error-Body\r\n\r\n");
    bool begun = (loop->link.fd >= 0 || connect_again(loop)) && !loop->head.failed &&
                 send_pieces(loop, (struct weir_text[]){weir_buf_text(&loop->head)}, 1);
    loop->stream = begun ? STREAM_OPEN : STREAM_BROKEN;
    return weir_lambda_write(in, weir_buf_text(&in->answer));
}

static bool end_stream(struct weir_lambda *loop)
{
    struct weir_http_answer answer;

    weir_buf_clear(&loop->head);
    weir_buf_add_c(&loop->head, "0\r\n");
    if (loop->error.bytes > 0) {
        weir_buf_printf(&loop->head,
                        "Lambda-Runtime-Function-Error-Type: %s\r\n"
                        "Lambda-Runtime-Function-Error-Body: ",
                        loop->error_type);
        weir_base64_add(&loop->head, weir_buf_text(&loop->error));
        weir_buf_add_c(&loop->head, "\r\n");
    }
    weir_buf_add_c(&loop->head, "\r\n");
    if (loop->stream == STREAM_BROKEN ||
        !send_pieces(loop, (struct weir_text[]){weir_buf_text(&loop->head)}, 1) ||
        read_answer(loop, &answer) == 0) {
        weir_link_close(&loop->link); /* Lambda stopped listening; there may be a next one */
    }
    return true;
}

/* ---- the loop ---- */

/* Fills the invocation from the headers of `next`. */
static void read_headers(struct weir_text head, struct weir_invocation *in)
{
    static const char prefix[] = "lambda-runtime-";
    const struct {
        const char *name;
        struct weir_text *to;
    } texts[] = {
        {"aws-request-id", &in->request_id},
        {"invoked-function-arn", &in->function_arn},
        {"trace-id", &in->trace_id},
        {"client-context", &in->client_context},
        {"cognito-identity", &in->cognito_identity},
        {"aws-tenant-id", &in->tenant_id},
    };
    const size_t skip = sizeof prefix - 1;
    struct weir_text name;
    struct weir_text value;

    while (weir_http_next(&head, &name, &value)) {
        if (name.bytes <= skip ||
            !weir_text_same((struct weir_text){name.at, skip}, WEIR_TEXT("lambda-runtime-"))) {
            continue;
        }
        name.at += skip;
        name.bytes -= skip;
        if (weir_text_same(name, WEIR_TEXT("deadline-ms"))) {
            (void)weir_json_int(value, &in->deadline_ms);
        }
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
            if (weir_text_same(name, weir_text(texts[i].name))) {
                *texts[i].to = value;
            }
        }
    }
}

/* Waits for an invocation. False: there will be none; *ret_code is why. */
static bool next(struct weir_lambda *loop, struct weir_invocation *in, int *ret_code)
{
    struct weir_http_answer answer;
    int status;

    *ret_code = 1;
    if (loop->link.fd < 0 && !connect_again(loop)) {
        return false;
    }
    weir_buf_clear(&loop->head);
    weir_buf_printf(&loop->head, "GET " API "invocation/next HTTP/1.1\r\nHost: %s\r\n\r\n",
                    loop->address);
    if (!send_pieces(loop, (struct weir_text[]){weir_buf_text(&loop->head)}, 1)) {
        return false;
    }
    status = read_answer(loop, &answer);
    if (status != 200) {
        *ret_code = status == 0 ? 0 : 1;
        return false;
    }
    *in = (struct weir_invocation){.answer = in->answer, .loop = loop, .event = answer.body};
    read_headers(answer.head, in);
    (void)snprintf(weir_trace_id, sizeof weir_trace_id, "%.*s", WEIR_ARG(in->trace_id));
    weir_buf_clear(&in->answer);
    weir_buf_clear(&loop->error);
    loop->stream = STREAM_NONE;
    return true;
}

static bool answer(struct weir_lambda *loop, struct weir_invocation *in)
{
    if (loop->stream != STREAM_NONE) {
        return end_stream(loop);
    }
    if (loop->link.fd < 0 && !connect_again(loop)) {
        return false;
    }
    if (in->answer.failed && loop->error.bytes == 0) {
        weir_lambda_fail(in, "Function.ResponseSizeTooLarge",
                         "Response payload size exceeded maximum allowed payload size (%u bytes).",
                         WEIR_LAMBDA_ANSWER_BYTES_MAX);
    }
    if (loop->error.bytes > 0) {
        return post_error(loop, in->request_id, "/error");
    }
    begin_post(loop, in->request_id, "/response");
    return post(loop, in->answer.bytes > 0 ? weir_buf_text(&in->answer) : WEIR_TEXT("null"));
}

static bool open_loop(struct weir_lambda *loop)
{
    const char *address = weir_env("AWS_LAMBDA_RUNTIME_API");
    struct weir_text host = weir_text(address);
    int64_t port = 80;

    *loop = (struct weir_lambda){.link = {.fd = -1}, .address = address};
    weir_buf_init(&loop->in, EVENT_BYTES_MAX);
    weir_buf_init(&loop->head, EVENT_BYTES_MAX);
    weir_buf_init(&loop->error, EVENT_BYTES_MAX);
    if (address == NULL) {
        say("AWS_LAMBDA_RUNTIME_API", "not set: this program is a Lambda function");
        return false;
    }
    for (size_t i = host.bytes; i > 0; i--) {
        if (address[i - 1] == ':') {
            host.bytes = i - 1;
            if (!weir_json_int(weir_text(address + i), &port)) {
                port = 0;
            }
            break;
        }
    }
    if (host.bytes >= sizeof loop->host || port < 1 || port > 65535) {
        say("AWS_LAMBDA_RUNTIME_API", address);
        return false;
    }
    memcpy(loop->host, host.at, host.bytes);
    loop->port = (uint16_t)port;
    return connect_again(loop);
}

static void close_loop(struct weir_lambda *loop)
{
    weir_link_close(&loop->link);
    weir_buf_done(&loop->in);
    weir_buf_done(&loop->head);
    weir_buf_done(&loop->error);
}

int weir_lambda_run(weir_handler *handler)
{
    struct weir_lambda loop;
    struct weir_invocation in = {.loop = &loop};
    int code = 1;

    if (open_loop(&loop)) {
        weir_buf_init(&in.answer, WEIR_LAMBDA_ANSWER_BYTES_MAX);
        while (next(&loop, &in, &code)) {
            handler(&in);
            if (!answer(&loop, &in)) {
                code = 1;
                break;
            }
        }
        weir_buf_done(&in.answer);
    }
    close_loop(&loop);
    return code;
}

int weir_lambda_init_failed(const char *error_type, const char *message)
{
    struct weir_lambda loop;

    say(error_type, message);
    if (open_loop(&loop)) {
        write_error(&loop, error_type, message);
        (void)post_error(&loop, WEIR_NONE, "init/error");
    }
    close_loop(&loop);
    return 1;
}

int64_t weir_lambda_remaining_ms(const struct weir_invocation *in)
{
    int64_t left = in->deadline_ms - weir_now_ms();

    return left < 0 ? 0 : left;
}
