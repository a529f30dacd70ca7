/* SPDX-License-Identifier: Apache-2.0
 *
 * Events on their way from the store: bucket, topic, queue, processor. A message is the bucket's
 * notification as it is (raw delivery); the object is the event.
 */
#include "lab.h"

#include <string.h>

static struct weir_buf notification; /* what the message says */
static struct weir_buf key;          /* of the object */
static struct weir_buf content;      /* the object and who put it, which outlive further calls */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Keys are written as in forms: a plus is a space, %XX a byte. */
static void read_key(struct weir_text said)
{
    weir_buf_clear(&key);
    for (size_t i = 0; i < said.bytes; i++) {
        char c = said.at[i] == '+' ? ' ' : said.at[i];
        if (c == '%' && i + 2 < said.bytes && hex_digit(said.at[i + 1]) >= 0 &&
            hex_digit(said.at[i + 2]) >= 0) {
            c = (char)(hex_digit(said.at[i + 1]) << 4 | hex_digit(said.at[i + 2]));
            i += 2;
        }
        weir_buf_add(&key, &c, 1);
    }
}

/* Fetches the object and lets it be taken. */
static bool take_object(struct weir_invocation *in, struct weir_text s3, lab_taker *take)
{
    struct weir_aws_answer answer;
    struct lab_event event;
    size_t bytes;

    read_key(lab_plain(s3, "object.key"));
    weir_json_add(lab_begin(), "{'Bucket':%j,'Key':%t}", weir_json_get(s3, "bucket.name"),
                  weir_buf_text(&key));
    if (!lab_call(in, "s3", "GetObject", NULL, &answer)) {
        return false;
    }
    event.by = lab_plain(answer.json, "Metadata.by");
    bytes = answer.body.bytes;
    weir_buf_clear(&content);
    weir_buf_add(&content, answer.body.at, bytes);
    weir_buf_add(&content, event.by.at, event.by.bytes);
    if (content.failed || !weir_json_check((struct weir_text){content.at, bytes})) {
        weir_lambda_log(in, WEIR_ERROR, "%.*s is no JSON", WEIR_ARG(weir_buf_text(&key)));
        return false;
    }
    event.key = weir_buf_text(&key);
    event.json = (struct weir_text){content.at, bytes};
    event.by = event.by.at == NULL ? WEIR_NONE
                                   : (struct weir_text){content.at + bytes, event.by.bytes};
    return take(in, &event);
}

/* A notification tells of one object or more; a test notification of none. */
static bool take_message(struct weir_invocation *in, struct weir_text message, lab_taker *take)
{
    struct weir_text body;
    struct weir_json_each each;

    weir_buf_clear(&notification);
    body = weir_json_string(weir_json_get(message, "body"), &notification);
    each = weir_json_each(weir_json_get(body, "Records"));
    while (weir_json_next(&each)) {
        if (!take_object(in, weir_json_get(each.value, "s3"), take)) {
            return false;
        }
    }
    return true;
}

void lab_each_event(struct weir_invocation *in, lab_taker *take)
{
    struct weir_json_each each = weir_json_each(weir_json_get(in->event, "Records"));
    bool first = true;

    if (content.bytes_max == 0) {
        weir_buf_init(&notification, LAB_REQUEST_BYTES_MAX);
        weir_buf_init(&key, 8192);
        weir_buf_init(&content, LAB_REQUEST_BYTES_MAX);
    }
    weir_json_add(&in->answer, "{'batchItemFailures':[");
    while (weir_json_next(&each)) {
        if (!take_message(in, each.value, take)) {
            weir_json_add(&in->answer, first ? "{'itemIdentifier':%j}" : ",{'itemIdentifier':%j}",
                          weir_json_get(each.value, "messageId"));
            first = false;
        }
    }
    weir_json_add(&in->answer, "]}");
}
