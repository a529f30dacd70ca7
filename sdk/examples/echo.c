/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers with what it was given, and what it knows about the invocation. An event with "fail"
 * fails, one with "stream" is answered in pieces.
 */
#include "weir_lambda.h"

static void stream(struct weir_invocation *in, int64_t pieces)
{
    struct weir_buf piece;

    weir_buf_init(&piece, 1024);
    if (weir_lambda_stream(in, "text/plain")) {
        for (int64_t i = 0; i < pieces; i++) {
            weir_buf_clear(&piece);
            weir_json_add(&piece, "piece %l\n", (long long)i);
            if (!weir_lambda_write(in, weir_buf_text(&piece))) {
                break;
            }
        }
    }
    weir_buf_done(&piece);
}

static void handle(struct weir_invocation *in)
{
    struct weir_text fail = weir_json_get(in->event, "fail");
    int64_t pieces;

    weir_lambda_log(in, WEIR_INFO, "%zu bytes", in->event.bytes);
    if (weir_json_int(weir_json_get(in->event, "stream"), &pieces)) {
        stream(in, pieces);
    }
    if (fail.at != NULL) {
        weir_lambda_fail(in, "Echo.Asked", "was asked to fail: %.*s", WEIR_ARG(fail));
        return;
    }
    weir_json_add(
        &in->answer,
        "{'event':%j,'request_id':%t,'function_arn':%t,'client_context':%j,'remaining_ms':%l}",
        in->event, in->request_id, in->function_arn, in->client_context,
        (long long)weir_lambda_remaining_ms(in));
}

int main(void)
{
    return weir_lambda_run(handle);
}
