/* SPDX-License-Identifier: Apache-2.0
 *
 * A client as a program, for test/e2e/sdk_test.py: one call a line, one answer a line. Everything
 * else is the environment's.
 *
 *   {"service","operation","json":{…},"body":base64}
 *   {"service","operation","json":{…},"presign":seconds}    by weir_aws_presign
 *   {"service","method","path","headers","body":base64}     by weir_aws_send
 *                          → {"ok","json","body","code","message","request_id","status","attempts"}
 */
#include "weir_aws.h"

#include <stdio.h>
#include <stdlib.h>

#define BYTES_MAX ((size_t)256 << 20)
#define TEXTS 6

static struct weir_buf texts[TEXTS];

/* A string of the command as C text; NULL: there is none. */
static const char *c_text(struct weir_text command, const char *name, struct weir_buf *to)
{
    struct weir_buf scratch;
    struct weir_text text;

    weir_buf_init(&scratch, BYTES_MAX);
    weir_buf_clear(to);
    text = weir_json_string(weir_json_get(command, name), &scratch);
    weir_buf_add(to, text.at, text.bytes);
    weir_buf_done(&scratch);
    return text.at == NULL ? NULL : to->at;
}

static bool obey(struct weir_aws *aws, struct weir_text command, struct weir_aws_answer *answer)
{
    struct weir_aws_input input = {.json = weir_json_get(command, "json")};
    struct weir_aws_request request = {.service = c_text(command, "service", &texts[0])};
    const char *operation = c_text(command, "operation", &texts[1]);
    const char *body = c_text(command, "body", &texts[2]);
    int64_t seconds;

    weir_buf_clear(&texts[3]);
    if (body != NULL && weir_base64_decode(&texts[3], weir_text(body))) {
        input.body = weir_buf_text(&texts[3]);
    }
    if (weir_json_int(weir_json_get(command, "presign"), &seconds)) {
        struct weir_aws_presign what = {input.json, (int)seconds};
        return weir_aws_presign(aws, request.service, operation, what, answer);
    }
    if (operation != NULL) {
        return weir_aws_call_body(aws, request.service, operation, input, answer);
    }
    request.method = c_text(command, "method", &texts[1]);
    request.path = c_text(command, "path", &texts[4]);
    request.headers = c_text(command, "headers", &texts[5]);
    request.body = input.body;
    return weir_aws_send(aws, &request, answer);
}

int main(void)
{
    const struct weir_aws_options options = {.tls = &weir_tls};
    struct weir_aws *aws = weir_aws_new(&options);
    char *line = NULL;
    size_t room = 0;
    ssize_t bytes;
    struct weir_buf out;

    if (aws == NULL) {
        return 1;
    }
    weir_buf_init(&out, BYTES_MAX);
    for (int i = 0; i < TEXTS; i++) {
        weir_buf_init(&texts[i], BYTES_MAX);
    }
    while ((bytes = getline(&line, &room, stdin)) > 0) {
        struct weir_aws_answer answer;
        bool ok = obey(aws, (struct weir_text){line, (size_t)bytes}, &answer);
        weir_buf_clear(&out);
        weir_json_add(&out,
                      "{'ok':%b,'json':%j,'body':%v,'code':%t,'message':%t,'request_id':%t,"
                      "'status':%d,'attempts':%d}\n",
                      ok, answer.json, answer.body, answer.error_code, answer.error_message,
                      answer.request_id, answer.http_status, answer.attempts);
        fwrite(out.at, 1, out.bytes, stdout);
        fflush(stdout);
    }
    for (int i = 0; i < TEXTS; i++) {
        weir_buf_done(&texts[i]);
    }
    weir_buf_done(&out);
    free(line);
    weir_aws_free(aws);
    return 0;
}
