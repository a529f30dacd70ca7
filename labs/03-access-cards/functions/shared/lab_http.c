/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests of the HTTP API and their answers, payload format 2.0.
 */
#include "lab.h"

static struct weir_buf text; /* the body, as it is in the event */
static struct weir_buf body; /* and what it was before base64 */

struct weir_text lab_body(const struct weir_invocation *in)
{
    struct weir_text said;
    bool is_base64 = false;

    if (text.bytes_max == 0) {
        weir_buf_init(&text, LAB_REQUEST_BYTES_MAX);
        weir_buf_init(&body, LAB_REQUEST_BYTES_MAX);
    }
    weir_buf_clear(&text);
    weir_buf_clear(&body);
    said = weir_json_string(weir_json_get(in->event, "body"), &text);
    (void)weir_json_bool(weir_json_get(in->event, "isBase64Encoded"), &is_base64);
    if (is_base64) {
        said = weir_base64_decode(&body, said) ? weir_buf_text(&body) : WEIR_NONE;
    }
    return weir_json_check(said) ? said : WEIR_NONE;
}

void lab_answer(struct weir_invocation *in, int status, struct weir_text json)
{
    weir_buf_clear(&in->answer);
    weir_json_add(&in->answer,
                  "{'statusCode':%d,'headers':{'content-type':'application/json',"
                  "'cache-control':'no-store'},'body':%t}",
                  status, json);
}

void lab_refuse(struct weir_invocation *in, int status, const char *reason, const char *message)
{
    struct weir_buf json;

    weir_buf_init(&json, 4096);
    weir_json_add(&json, "{'open':false,'reason':%s,'message':%s}", reason, message);
    lab_answer(in, status, weir_buf_text(&json));
    weir_buf_done(&json);
}

void lab_fail(struct weir_invocation *in)
{
    lab_refuse(in, 503, "try-again", "Something did not work. Please try again.");
}
