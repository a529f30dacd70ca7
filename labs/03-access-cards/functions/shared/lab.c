/* SPDX-License-Identifier: Apache-2.0
 *
 * Set-up, calls and checks.
 */
#include "lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct weir_aws *lab_aws;
const char *lab_table;
const char *lab_store;
struct weir_buf lab_request;

int lab_run(weir_handler *handler)
{
#ifdef LAB_TLS
    const struct weir_aws_options options = {.tls = &weir_tls};
#else
    const struct weir_aws_options options = {.tls = NULL};
#endif

    weir_buf_init(&lab_request, LAB_REQUEST_BYTES_MAX);
    lab_table = getenv("TABLE");
    lab_store = getenv("STORE");
    lab_aws = weir_aws_new(&options);
    if (lab_table == NULL || lab_aws == NULL) {
        return weir_lambda_init_failed("Lab.NotConfigured", "TABLE is to name the table");
    }
    return weir_lambda_run(handler);
}

/* ---- calls ---- */

struct weir_buf *lab_begin(void)
{
    weir_buf_clear(&lab_request);
    return &lab_request;
}

bool lab_call(const struct weir_invocation *in, const char *service, const char *operation,
              const char *expected, struct weir_aws_answer *ret_answer)
{
    if (lab_request.failed) {
        weir_lambda_log(in, WEIR_ERROR, "%s: the request is too large", operation);
        *ret_answer = (struct weir_aws_answer){.error_code = WEIR_TEXT("TooLarge")};
        return false;
    }
    if (weir_aws_call(lab_aws, service, operation, lab_request.at, ret_answer)) {
        return true;
    }
    if (expected == NULL || !weir_text_is(ret_answer->error_code, expected)) {
        weir_lambda_log(in, WEIR_ERROR, "%s: %.*s: %.*s", operation,
                        WEIR_ARG(ret_answer->error_code), WEIR_ARG(ret_answer->error_message));
    }
    return false;
}

struct weir_text lab_cancelled(const struct weir_aws_answer *answer, int item)
{
    char path[48];

    (void)snprintf(path, sizeof path, "CancellationReasons[%d].Code", item);
    return lab_plain(answer->json, path);
}

enum lab_put lab_put_event(const struct weir_invocation *in, const char *key,
                           struct weir_text event)
{
    struct weir_aws_answer answer;
    struct weir_aws_input input = {.body = event};

    weir_json_add(lab_begin(),
                  "{'Bucket':%s,'Key':%s,'ContentType':'application/json','IfNoneMatch':'*'}",
                  lab_store, key);
    input.json = weir_buf_text(&lab_request);
    if (weir_aws_call_body(lab_aws, "s3", "PutObject", input, &answer)) {
        return LAB_PUT;
    }
    if (answer.http_status == 412) {
        return LAB_PUT_BEFORE;
    }
    weir_lambda_log(in, WEIR_ERROR, "%s: %.*s: %.*s", key, WEIR_ARG(answer.error_code),
                    WEIR_ARG(answer.error_message));
    return LAB_PUT_FAILED;
}

/* ---- checks ---- */

struct weir_text lab_plain(struct weir_text document, const char *path)
{
    struct weir_text value = weir_json_get(document, path);

    if (weir_json_kind(value) != WEIR_JSON_STRING || value.bytes < 2 ||
        memchr(value.at, '\\', value.bytes) != NULL) {
        return WEIR_NONE;
    }
    return (struct weir_text){value.at + 1, value.bytes - 2};
}

bool lab_is_id(struct weir_text text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              c == '-')) {
            return false;
        }
    }
    return text.bytes > 0 && text.bytes <= 64;
}

bool lab_is_moment(struct weir_text text)
{
    static const char form[] = "0000-00-00T00:00:00.000Z";

    if (text.bytes != sizeof form - 1) {
        return false;
    }
    for (size_t i = 0; i < text.bytes; i++) {
        bool digit = text.at[i] >= '0' && text.at[i] <= '9';
        if (form[i] == '0' ? !digit : text.at[i] != form[i]) {
            return false;
        }
    }
    return true;
}

void lab_key(char to[160], const char *kind, struct weir_text moment, struct weir_text id)
{
    (void)snprintf(to, 160, "%s/%.4s/%.2s/%.2s/%.*s.json", kind, moment.at, moment.at + 5,
                   moment.at + 8, WEIR_ARG(id));
}

/* ---- lists ---- */

void lab_add_text(struct weir_buf *out, struct weir_text item, const char *attribute)
{
    struct weir_text value = weir_json_get(weir_json_member(item, weir_text(attribute)), "S");

    if (value.at != NULL) {
        weir_json_add(out, ",%s:%j", attribute, value);
    }
}

void lab_add_start(struct weir_buf *request, const struct weir_invocation *in)
{
    struct weir_text next = lab_plain(in->event, "queryStringParameters.next");
    struct weir_buf key;

    weir_buf_init(&key, 4096);
    if (next.bytes > 0 && weir_base64_decode(&key, next) && weir_json_check(weir_buf_text(&key))) {
        weir_json_add(request, ",'ExclusiveStartKey':%j", weir_buf_text(&key));
    }
    weir_buf_done(&key);
}

void lab_add_next(struct weir_buf *out, const struct weir_aws_answer *answer)
{
    struct weir_text last = weir_json_get(answer->json, "LastEvaluatedKey");

    if (last.at != NULL) {
        weir_json_add(out, ",'next':%v", last);
    }
}
