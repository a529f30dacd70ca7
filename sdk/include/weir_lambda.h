/* SPDX-License-Identifier: Apache-2.0
 *
 * A Lambda function in C. Link with libweir, name the program `bootstrap`, and it runs under
 * provided.* runtimes: on AWS and on weir unchanged.
 *
 *     static void handle(struct weir_invocation *in)
 *     {
 *         weir_json_add(&in->answer, "{'got':%j}", in->event);
 *     }
 *
 *     int main(void)
 *     {
 *         return weir_lambda_run(handle);
 *     }
 *
 * The loop speaks the Runtime API over one connection that stays open. It reuses its two buffers,
 * so an invocation takes no memory once they have grown. One invocation runs at a time; that is how
 * Lambda works. Everything of an invocation is good until the handler returns.
 */
#ifndef WEIR_LAMBDA_H
#define WEIR_LAMBDA_H

#include "weir_json.h"

/* What Lambda takes of an answer that is not streamed. */
#define WEIR_LAMBDA_ANSWER_BYTES_MAX 6291556u

struct weir_lambda; /* the loop's own */

struct weir_invocation {
    struct weir_text event;            /* the payload: JSON, as a rule */
    struct weir_text request_id;       /* of this invocation */
    struct weir_text function_arn;     /* as the caller named it, with its alias or version */
    struct weir_text trace_id;         /* X-Ray's header; weir_aws.h passes it on by itself */
    struct weir_text client_context;   /* JSON of a mobile caller; or nothing */
    struct weir_text cognito_identity; /* JSON likewise */
    struct weir_text tenant_id;        /* or nothing */
    int64_t deadline_ms;               /* since 1970: when Lambda gives up */
    struct weir_buf answer;            /* to be filled; empty is answered as null */
    struct weir_lambda *loop;          /* the loop's own */
};

typedef void weir_handler(struct weir_invocation *in);

/* Serves invocations until the process is ended; gives main's result. */
int weir_lambda_run(weir_handler *handler);

/* Tells Lambda that the function cannot start, and why; gives main's result. To be called instead
 * of weir_lambda_run. */
int weir_lambda_init_failed(const char *error_type, const char *message);

/* How long the handler may still take: never below 0. */
int64_t weir_lambda_remaining_ms(const struct weir_invocation *in);

/* The invocation fails: Lambda gets type and message instead of the answer. The last call counts.
 * After weir_lambda_stream it ends the stream with the error. */
void weir_lambda_fail(struct weir_invocation *in, const char *error_type, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Answers in pieces, each sent as it is written. content_type NULL: application/octet-stream. What
 * is in in->answer at that time is the first piece. False: Lambda is gone, or no longer listens. */
bool weir_lambda_stream(struct weir_invocation *in, const char *content_type);
bool weir_lambda_write(struct weir_invocation *in, struct weir_text piece);

/* Lines for CloudWatch Logs, text or JSON and from the level on that the function is set to
 * (AWS_LAMBDA_LOG_FORMAT, AWS_LAMBDA_LOG_LEVEL). One write a line; it needs no flush. */
enum weir_level { WEIR_TRACE, WEIR_DEBUG, WEIR_INFO, WEIR_WARN, WEIR_ERROR, WEIR_FATAL };
void weir_lambda_log(const struct weir_invocation *in, enum weir_level level, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));

#endif
