/* SPDX-License-Identifier: Apache-2.0
 *
 * Takes notifications of new events from the intake queue, reads the events, and puts each into the
 * postings queue: first in, first out for each account. What is no event goes to the bucket of what
 * was rejected, with the reason.
 *
 * A message there is de-duplicated by the event's id and by which put and which try it was. So a
 * notification that comes twice is one message, but an event that was put twice is two: that it is
 * the same event again is for the processor to find, and to say.
 */
#include "desk.h"

#include <string.h>

#define SCRATCH_BYTES (1u << 20)

static const char *postings; /* the queue's address */
static struct weir_buf message; /* a request */
static struct weir_buf event;   /* the object */
static struct weir_buf scratch; /* texts that had escapes; as large as it gets, so it never moves */
static struct weir_buf key;     /* the object's */

static int hex(char c)
{
    static const char digits[] = "0123456789ABCDEFabcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    int value = at == NULL ? -1 : (int)(at - digits);

    return value > 15 ? value - 6 : value;
}

/* A notification has the key as forms write texts: a + is a space, %2F a slash. */
static void unescape(struct weir_text text, struct weir_buf *to)
{
    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.at[i];

        if (c == '+') {
            c = ' ';
        } else if (c == '%' && i + 2 < text.bytes && hex(text.at[i + 1]) >= 0 &&
                   hex(text.at[i + 2]) >= 0) {
            c = (char)(hex(text.at[i + 1]) * 16 + hex(text.at[i + 2]));
            i += 2;
        }
        weir_buf_add(to, &c, 1);
    }
}

static struct weir_text text_at(struct weir_text document, const char *path)
{
    return weir_json_string(weir_json_get(document, path), &scratch);
}

/* The object as it was put; if it is no longer there, somebody else is done with it. */
static bool read_object(struct weir_invocation *in, const struct arrival *arrival, bool *ret_gone)
{
    const struct weir_aws_answer *answer = desk_answer();

    weir_buf_clear(&message);
    weir_json_add(&message, "{'Bucket':%t,'Key':%t,'VersionId':%t}", arrival->bucket, arrival->key,
                  arrival->version);
    if (!desk_call(in, "s3", "GetObject", &message, "NoSuchVersion")) {
        return false;
    }
    *ret_gone = answer->error_code.at != NULL;
    weir_buf_clear(&event);
    weir_buf_add(&event, answer->body.at, answer->body.bytes);
    return !event.failed;
}

static bool post(struct weir_invocation *in, const struct arrival *arrival,
                 const struct event *what)
{
    struct weir_buf body;
    bool done;

    weir_buf_init(&body, 256u << 10);
    weir_json_add(&body,
                  "{'bucket':%t,'key':%t,'version':%t,'sequencer':%t,'tries':%l,'text':%t}",
                  arrival->bucket, arrival->key, arrival->version, arrival->sequencer,
                  (long long)arrival->tries, weir_buf_text(&event));
    weir_buf_clear(&message);
    weir_json_add(&message,
                  "{'QueueUrl':%s,'MessageGroupId':%t,'MessageDeduplicationId':'%t:%t:%l',"
                  "'MessageBody':%t}",
                  postings, what->account, what->id, arrival->sequencer,
                  (long long)arrival->tries, weir_buf_text(&body));
    done = !body.failed && desk_call(in, "sqs", "SendMessage", &message, NULL);
    weir_buf_done(&body);
    return done;
}

static bool reject(struct weir_invocation *in, const struct arrival *arrival, const char *why)
{
    return desk_reject(in, arrival, weir_buf_text(&event), WEIR_TEXT("Malformed"),
                       weir_text(why)) &&
           desk_remove(in, arrival);
}

/* One change of the bucket. */
static bool take(struct weir_invocation *in, struct weir_text change)
{
    struct arrival arrival = {0};
    struct event what;
    const char *wrong;
    int64_t bytes;
    bool gone = false;

    weir_buf_clear(&scratch);
    weir_buf_clear(&key);
    unescape(text_at(change, "s3.object.key"), &key);
    arrival.bucket = text_at(change, "s3.bucket.name");
    arrival.key = weir_buf_text(&key);
    arrival.version = text_at(change, "s3.object.versionId");
    arrival.sequencer = text_at(change, "s3.object.sequencer");
    (void)weir_json_int(weir_json_get(change, "tries"), &arrival.tries);
    if (arrival.bucket.bytes == 0 || arrival.key.bytes == 0 || arrival.version.bytes == 0) {
        weir_lambda_log(in, WEIR_WARN, "no change of a bucket with versions: %.*s",
                        WEIR_ARG(change));
        return true; /* it would be no better the next time */
    }
    if (weir_json_int(weir_json_get(change, "s3.object.size"), &bytes) && bytes > EVENT_BYTES_MAX) {
        weir_buf_clear(&event);
        return reject(in, &arrival, "it is longer than an event may be");
    }
    if (!read_object(in, &arrival, &gone)) {
        return false;
    }
    if (gone) {
        weir_lambda_log(in, WEIR_INFO, "%.*s: done before", WEIR_ARG(arrival.key));
        return true;
    }
    wrong = event_read(weir_buf_text(&event), &what);
    if (wrong != NULL) {
        return reject(in, &arrival, wrong);
    }
    return post(in, &arrival, &what);
}

/* A message has one change as a rule; a bucket's test event has none. */
static bool take_message(struct weir_invocation *in, struct weir_text record)
{
    struct weir_buf body;
    struct weir_json_each changes;
    bool done = true;

    weir_buf_init(&body, 1u << 20);
    changes = weir_json_each(
        weir_json_get(weir_json_string(weir_json_get(record, "body"), &body), "Records"));
    while (done && weir_json_next(&changes)) {
        done = take(in, changes.value);
    }
    weir_buf_done(&body);
    return done;
}

static void handle(struct weir_invocation *in)
{
    struct weir_json_each each = weir_json_each(weir_json_get(in->event, "Records"));
    const char *comma = "";

    weir_json_add(&in->answer, "{'batchItemFailures':[");
    while (weir_json_next(&each)) {
        if (!take_message(in, each.value)) {
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
    weir_buf_init(&message, 1u << 20);
    weir_buf_init(&event, 8u << 20);
    weir_buf_init(&scratch, SCRATCH_BYTES);
    weir_buf_init(&key, 64u << 10);
    postings = desk_setting("POSTINGS");
    if (postings == NULL || desk_setting("REJECTED") == NULL || desk_client() == NULL ||
        weir_buf_need(&scratch, SCRATCH_BYTES - 1) == NULL) {
        return weir_lambda_init_failed("Ledger.NotConfigured",
                                       "POSTINGS and REJECTED name a queue and a bucket");
    }
    return weir_lambda_run(handle);
}
