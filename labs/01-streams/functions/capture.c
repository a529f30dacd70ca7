/* SPDX-License-Identifier: Apache-2.0
 *
 * Behind the HTTP API: takes an event, gives it an id and the moment at which it came, and puts it
 * into the stream that STREAM names. Once the stream has it, the answer is 202, with its place.
 *
 * An event is a JSON object with at least {"type":"…","source":"…"}. Events of one source stay in
 * their order: the source is the partition key.
 */
#include "client.h"

#include <stdlib.h>

#define EVENT_BYTES_MAX (256u << 10)

static const char *stream;
static struct weir_buf text;    /* the body, if it had escapes */
static struct weir_buf body;    /* the same, if it came in base64 */
static struct weir_buf record;  /* what goes into the stream */
static struct weir_buf request; /* to the stream */

/* The request's body; nothing: it cannot be read. */
static struct weir_text body_of(struct weir_text event)
{
    struct weir_text said = weir_json_string(weir_json_get(event, "body"), &text);
    bool encoded = false;

    (void)weir_json_bool(weir_json_get(event, "isBase64Encoded"), &encoded);
    if (!encoded) {
        return said;
    }
    return weir_base64_decode(&body, said) ? weir_buf_text(&body) : WEIR_NONE;
}

static bool is_name(struct weir_text value)
{
    return weir_json_kind(value) == WEIR_JSON_STRING && value.bytes > 2 && value.bytes <= 2 + 128;
}

/* NULL: it is an event. */
static const char *what_is_wrong(struct weir_text event)
{
    if (event.bytes > EVENT_BYTES_MAX) {
        return "the event is longer than 256 KiB";
    }
    if (!weir_json_check(event) || weir_json_kind(event) != WEIR_JSON_OBJECT) {
        return "the event is not a JSON object";
    }
    if (!is_name(weir_json_get(event, "type"))) {
        return "type is not a text of 1 to 128 bytes";
    }
    if (!is_name(weir_json_get(event, "source"))) {
        return "source is not a text of 1 to 128 bytes";
    }
    return NULL;
}

static void answer(struct weir_invocation *in, int status, const struct weir_buf *document)
{
    weir_json_add(&in->answer,
                  "{'statusCode':%d,'headers':{'content-type':'application/json'},'body':%t}",
                  status, weir_buf_text(document));
}

static void handle(struct weir_invocation *in)
{
    struct weir_aws_answer put;
    struct weir_text event;
    struct weir_text source;
    const char *wrong;

    weir_buf_clear(&text);
    weir_buf_clear(&body);
    weir_buf_clear(&record);
    weir_buf_clear(&request);
    event = body_of(in->event);
    wrong = what_is_wrong(event);
    if (wrong != NULL) {
        weir_json_add(&record, "{'error':%s}", wrong);
        answer(in, 400, &record);
        return;
    }
    source = weir_json_get(event, "source");
    weir_json_add(&record, "{'id':%t,'received_ms':%j,'type':%j,'source':%j,'event':%j}",
                  in->request_id, weir_json_get(in->event, "requestContext.timeEpoch"),
                  weir_json_get(event, "type"), source, event);
    weir_json_add(&request, "{'StreamName':%s,'PartitionKey':%j,'Data':%v}", stream, source,
                  weir_buf_text(&record));
    weir_buf_clear(&record);
    if (!client_call(in, "kinesis", "PutRecord", &request, &put)) {
        weir_json_add(&record, "{'error':'the event was not taken: send it again'}");
        answer(in, 503, &record);
        return;
    }
    weir_json_add(&record, "{'id':%t,'shard':%j,'sequence':%j}", in->request_id,
                  weir_json_get(put.json, "ShardId"), weir_json_get(put.json, "SequenceNumber"));
    answer(in, 202, &record);
}

int main(void)
{
    weir_buf_init(&text, 8u << 20);
    weir_buf_init(&body, 8u << 20);
    weir_buf_init(&record, 1u << 20);
    weir_buf_init(&request, 2u << 20);
    stream = getenv("STREAM");
    if (stream == NULL || !client_open()) {
        return weir_lambda_init_failed("Streams.NotConfigured", "STREAM is to name the stream");
    }
    return weir_lambda_run(handle);
}
