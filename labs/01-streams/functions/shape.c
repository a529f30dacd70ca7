/* SPDX-License-Identifier: Apache-2.0
 *
 * Firehose asks it what becomes of each record before it is stored: an event becomes a line of JSON
 * with its place in the stream, a heartbeat is dropped, and what is no event has failed, so that
 * Firehose keeps it apart with the reason.
 */
#include "weir_lambda.h"

static struct weir_buf text; /* a record's data, if it had escapes */
static struct weir_buf data; /* its bytes */
static struct weir_buf line; /* what it becomes */

static void shape(struct weir_invocation *in, struct weir_text record)
{
    struct weir_text place = weir_json_get(record, "kinesisRecordMetadata");
    struct weir_text event;

    weir_buf_clear(&text);
    weir_buf_clear(&data);
    weir_buf_clear(&line);
    weir_json_add(&in->answer, "{'recordId':%j", weir_json_get(record, "recordId"));
    if (!weir_base64_decode(&data, weir_json_string(weir_json_get(record, "data"), &text)) ||
        !weir_json_check(weir_buf_text(&data)) ||
        weir_json_get(weir_buf_text(&data), "event").at == NULL) {
        weir_json_add(&in->answer, ",'result':'ProcessingFailed','data':%v}", weir_buf_text(&data));
        return;
    }
    event = weir_buf_text(&data);
    if (weir_json_string_is(weir_json_get(event, "type"), "heartbeat")) {
        weir_json_add(&in->answer, ",'result':'Dropped','data':%v}", event);
        return;
    }
    weir_json_add(&line,
                  "{'id':%j,'received_ms':%j,'type':%j,'source':%j,'sequence':%j,'event':%j}\n",
                  weir_json_get(event, "id"), weir_json_get(event, "received_ms"),
                  weir_json_get(event, "type"), weir_json_get(event, "source"),
                  weir_json_get(place, "sequenceNumber"), weir_json_get(event, "event"));
    weir_json_add(&in->answer, ",'result':'Ok','data':%v}", weir_buf_text(&line));
}

static void handle(struct weir_invocation *in)
{
    struct weir_json_each each = weir_json_each(weir_json_get(in->event, "records"));
    const char *comma = "";

    weir_json_add(&in->answer, "{'records':[");
    while (weir_json_next(&each)) {
        weir_buf_add_c(&in->answer, comma);
        shape(in, each.value);
        comma = ",";
    }
    weir_json_add(&in->answer, "]}");
}

int main(void)
{
    weir_buf_init(&text, 8u << 20);
    weir_buf_init(&data, 8u << 20);
    weir_buf_init(&line, 8u << 20);
    return weir_lambda_run(handle);
}
