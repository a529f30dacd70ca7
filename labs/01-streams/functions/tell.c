/* SPDX-License-Identifier: Apache-2.0
 *
 * Takes notifications of stored objects from the queue, unpacks each object and writes its events
 * into the log, a line each. A message whose object cannot be read is reported singly: it comes
 * again, and ends in the dead-letter queue.
 */
#include "client.h"

#include <string.h>
#include <zlib.h>

#define OBJECT_BYTES_MAX (64u << 20)

static struct weir_buf text;    /* texts of a message, if they had escapes */
static struct weir_buf key;     /* an object's */
static struct weir_buf request; /* for it */
static struct weir_buf content; /* unpacked */

static int hex(char c)
{
    static const char digits[] = "0123456789ABCDEFabcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    int value = at == NULL ? -1 : (int)(at - digits);

    return value > 15 ? value - 6 : value;
}

/* A notification has the key as forms write texts: a + is a space, %3D an equals sign. */
static void unescape(struct weir_text from, struct weir_buf *to)
{
    for (size_t i = 0; i < from.bytes; i++) {
        char c = from.at[i];

        if (c == '+') {
            c = ' ';
        } else if (c == '%' && i + 2 < from.bytes && hex(from.at[i + 1]) >= 0 &&
                   hex(from.at[i + 2]) >= 0) {
            c = (char)(hex(from.at[i + 1]) * 16 + hex(from.at[i + 2]));
            i += 2;
        }
        weir_buf_add(to, &c, 1);
    }
}

/* Unpacks a whole gzip file, of one member or several. */
static bool unpack(struct weir_text packed)
{
    z_stream stream = {.next_in = (z_const Bytef *)packed.at, .avail_in = (uInt)packed.bytes};
    bool good = true;
    int said = Z_OK;

    if (packed.bytes > OBJECT_BYTES_MAX || inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) {
        return false;
    }
    weir_buf_clear(&content);
    while (good && (stream.avail_in > 0 || said != Z_STREAM_END)) {
        char *to = weir_buf_need(&content, 64u << 10);

        if (said == Z_STREAM_END) {
            (void)inflateReset(&stream);
        }
        stream.next_out = (Bytef *)to;
        stream.avail_out = 64u << 10;
        said = to == NULL ? Z_MEM_ERROR : inflate(&stream, Z_NO_FLUSH);
        good = said == Z_OK || said == Z_STREAM_END;
        content.bytes += good ? (64u << 10) - stream.avail_out : 0;
    }
    (void)inflateEnd(&stream);
    return good;
}

static void tell_lines(struct weir_invocation *in)
{
    const char *at = content.at;
    const char *end = content.at + content.bytes;

    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t bytes = (size_t)((stop == NULL ? end : stop) - at);

        weir_lambda_log(in, WEIR_INFO, "event %.*s", (int)bytes, at);
        at += bytes + 1;
    }
}

static bool tell_object(struct weir_invocation *in, struct weir_text change)
{
    struct weir_aws_answer answer;
    struct weir_text bucket;

    weir_buf_clear(&key);
    weir_buf_clear(&request);
    unescape(weir_json_string(weir_json_get(change, "s3.object.key"), &text), &key);
    bucket = weir_json_get(change, "s3.bucket.name");
    weir_json_add(&request, "{'Bucket':%j,'Key':%t}", bucket, weir_buf_text(&key));
    if (!client_call(in, "s3", "GetObject", &request, &answer)) {
        return false;
    }
    if (!unpack(answer.body)) {
        weir_lambda_log(in, WEIR_ERROR, "%.*s is no gzip file of at most 64 MiB",
                        WEIR_ARG(weir_buf_text(&key)));
        return false;
    }
    weir_lambda_log(in, WEIR_INFO, "object %.*s, %zu bytes", WEIR_ARG(weir_buf_text(&key)),
                    content.bytes);
    tell_lines(in);
    return true;
}

static bool tell(struct weir_invocation *in, struct weir_text record)
{
    struct weir_json_each changes;
    bool done = true;

    weir_buf_clear(&text);
    changes = weir_json_each(
        weir_json_get(weir_json_string(weir_json_get(record, "body"), &text), "Records"));
    while (done && weir_json_next(&changes)) {
        done = tell_object(in, changes.value);
    }
    return done;
}

static void handle(struct weir_invocation *in)
{
    struct weir_json_each each = weir_json_each(weir_json_get(in->event, "Records"));
    const char *comma = "";

    weir_json_add(&in->answer, "{'batchItemFailures':[");
    while (weir_json_next(&each)) {
        if (!tell(in, each.value)) {
            weir_buf_add_c(&in->answer, comma);
            weir_json_add(&in->answer, "{'itemIdentifier':%j}",
                          weir_json_get(each.value, "messageId"));
            comma = ",";
        }
    }
    weir_json_add(&in->answer, "]}");
}

int main(void)
{
    weir_buf_init(&text, 1u << 20);
    weir_buf_init(&key, 64u << 10);
    weir_buf_init(&request, 1u << 20);
    weir_buf_init(&content, OBJECT_BYTES_MAX);
    if (!client_open() || weir_buf_need(&text, (1u << 20) - 1) == NULL) {
        return weir_lambda_init_failed("Streams.NoMemory", "there is no memory for the client");
    }
    return weir_lambda_run(handle);
}
