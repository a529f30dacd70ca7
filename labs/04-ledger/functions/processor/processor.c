/* SPDX-License-Identifier: Apache-2.0
 *
 * Takes events from the postings queue, an account's one after the other, and books them.
 *
 *     event ── has it a row? ── yes, of another text ─> rejected: IdReused
 *                │      └────── yes, of this one ─────> what is still to be done after booking
 *                no
 *                │
 *              the bank's rules ── early ────────────-> back to the intake queue, a little later
 *                │      └───────── against them ──────> a row that says so ─> rejected bucket
 *              booked: one transaction
 *                │      └── somebody was faster ──────> again, from the beginning
 *              command bucket, archive bucket, removed from the new-events bucket
 *
 * Every arrow can be walked twice: after a crash anywhere the queue's next delivery goes on from
 * what the table says.
 */
#include "rows.h"

#include <string.h>
#include <time.h>

#define SCRATCH_BYTES (2u << 20)
#define ROUNDS_MAX 12 /* of reading and writing, when others are faster */
#define TRIES_MAX 5   /* of an event that comes early: after 1, 2, 4, 8 and 16 seconds */

static struct weir_buf scratch; /* texts that had escapes; as large as it gets, so it never moves */
static struct weir_buf request;

static struct weir_text text_at(struct weir_text document, const char *path)
{
    return weir_json_string(weir_json_get(document, path), &scratch);
}

static bool same(struct weir_text a, struct weir_text b)
{
    return a.bytes == b.bytes && memcmp(a.at, b.at, a.bytes) == 0;
}

static void pause_ms(int milliseconds)
{
    struct timespec length = {0, milliseconds * 1000000l};

    (void)nanosleep(&length, NULL);
}

/* ---- after the table ---- */

static bool keep_commands(struct weir_invocation *in, struct weir_text row)
{
    struct weir_json_each keys = weir_json_each(weir_json_get(row, "command_keys.L"));
    struct weir_text command = text_at(row, "command.S");

    while (weir_json_next(&keys)) {
        if (!desk_put_once(in, desk_setting("COMMANDS"), text_at(keys.value, "S"), command)) {
            return false;
        }
    }
    return true;
}

/* What is to be done once the event's row is there, also when it was there before. The names are
 * those of the event's first arrival, so that a later one writes nothing new. */
static bool finish(struct weir_invocation *in, const struct arrival *arrival, struct weir_text text,
                   struct weir_text row)
{
    struct arrival first = *arrival;

    if (!same(text, text_at(row, "text.S"))) {
        return desk_reject(in, arrival, text, WEIR_TEXT("IdReused"),
                           WEIR_TEXT("another event has this id")) &&
               desk_remove(in, arrival);
    }
    first.key = text_at(row, "key.S");
    first.version = text_at(row, "object_version.S");
    if (!same(first.version, arrival->version)) {
        weir_lambda_log(in, WEIR_WARN, "%.*s came before, as %.*s: nothing is changed",
                        WEIR_ARG(arrival->key), WEIR_ARG(first.key));
    }
    if (weir_json_string_is(weir_json_get(row, "result.S"), "rejected")) {
        return desk_reject(in, &first, text, text_at(row, "reason.S"),
                           text_at(row, "message.S")) &&
               desk_remove(in, arrival);
    }
    return keep_commands(in, row) && desk_put_once(in, desk_setting("ARCHIVE"), first.key, text) &&
           desk_remove(in, arrival);
}

/* ---- early events ---- */

static void add_escaped(struct weir_buf *to, struct weir_text text)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char c = (unsigned char)text.at[i];
        char escaped[] = {'%', hex[c >> 4], hex[c & 15]};

        weir_buf_add(to, escaped, sizeof escaped);
    }
}

/* Sends the notification again, as if it came later. The account goes on with what is behind it. */
static bool send_back(struct weir_invocation *in, const struct arrival *arrival,
                      struct verdict verdict)
{
    struct weir_buf body;
    struct weir_buf key;
    bool done;

    weir_lambda_log(in, WEIR_INFO, "%.*s is early (%s): it comes again", WEIR_ARG(arrival->key),
                    verdict.reason);
    weir_buf_init(&body, 256u << 10);
    weir_buf_init(&key, 64u << 10);
    add_escaped(&key, arrival->key);
    weir_json_add(&body,
                  "{'Records':[{'tries':%l,'s3':{'bucket':{'name':%t},'object':{'key':%t,"
                  "'versionId':%t,'sequencer':%t}}}]}",
                  (long long)arrival->tries + 1, arrival->bucket, weir_buf_text(&key),
                  arrival->version, arrival->sequencer);
    weir_buf_clear(&request);
    weir_json_add(&request, "{'QueueUrl':%s,'DelaySeconds':%d,'MessageBody':%t}",
                  desk_setting("INTAKE"), 1 << arrival->tries, weir_buf_text(&body));
    done = !body.failed && !key.failed && desk_call(in, "sqs", "SendMessage", &request, NULL);
    weir_buf_done(&body);
    weir_buf_done(&key);
    return done;
}

/* ---- one event ---- */

/* One round: reads, judges, writes. */
static enum rows_result book(struct weir_invocation *in, struct judged *judged, bool *ret_is_early,
                             struct weir_text *ret_row)
{
    struct books books;
    enum rows_result result = rows_read(in, judged->event, &books, ret_row);

    *ret_is_early = false;
    if (result != ROWS_DONE || ret_row->at != NULL) {
        return result;
    }
    judged->verdict = books_apply(&books, judged->event);
    if (judged->verdict.is_early && judged->arrival->tries < TRIES_MAX) {
        *ret_is_early = true;
        return ROWS_DONE;
    }
    return rows_write(in, judged, &books, ret_row);
}

static bool process(struct weir_invocation *in, const struct arrival *arrival,
                    struct weir_text text)
{
    struct event event;
    struct judged judged = {.event = &event, .arrival = arrival, .text = text};
    struct weir_text row = WEIR_NONE;
    const char *wrong = event_read(text, &event);
    enum rows_result result = ROWS_LOST;
    bool is_early = false;

    if (wrong != NULL) {
        return desk_reject(in, arrival, text, WEIR_TEXT("Malformed"), weir_text(wrong)) &&
               desk_remove(in, arrival);
    }
    for (int round = 0; round < ROUNDS_MAX && result == ROWS_LOST; round++) {
        pause_ms(round * 10);
        result = book(in, &judged, &is_early, &row);
    }
    if (result != ROWS_DONE) {
        weir_lambda_log(in, WEIR_ERROR, "%.*s is not booked", WEIR_ARG(arrival->key));
        return false;
    }
    return is_early ? send_back(in, arrival, judged.verdict) : finish(in, arrival, text, row);
}

static bool process_record(struct weir_invocation *in, struct weir_text record)
{
    struct arrival arrival = {0};
    struct weir_text body;

    weir_buf_clear(&scratch);
    body = text_at(record, "body");
    arrival.bucket = text_at(body, "bucket");
    arrival.key = text_at(body, "key");
    arrival.version = text_at(body, "version");
    arrival.sequencer = text_at(body, "sequencer");
    if (arrival.bucket.at == NULL || arrival.key.at == NULL || arrival.version.at == NULL ||
        arrival.sequencer.at == NULL ||
        !weir_json_int(weir_json_get(body, "tries"), &arrival.tries) || arrival.tries < 0) {
        weir_lambda_log(in, WEIR_ERROR, "no posting: %.*s", WEIR_ARG(body));
        return false; /* it ends in the dead-letter queue, to be looked at */
    }
    return process(in, &arrival, text_at(body, "text"));
}

/* The first that fails stops the batch: what is behind it may be of the same account. */
static void handle(struct weir_invocation *in)
{
    struct weir_json_each each = weir_json_each(weir_json_get(in->event, "Records"));
    bool failed = false;
    bool more = false;

    weir_json_add(&in->answer, "{'batchItemFailures':[");
    while (weir_json_next(&each)) {
        failed = failed || !process_record(in, each.value);
        if (failed) {
            weir_json_add(&in->answer, more ? ",{'itemIdentifier':%j}" : "{'itemIdentifier':%j}",
                          weir_json_get(each.value, "messageId"));
            more = true;
        }
    }
    weir_json_add(&in->answer, "]}");
}

int main(void)
{
    weir_buf_init(&scratch, SCRATCH_BYTES);
    weir_buf_init(&request, 1u << 20);
    if (!rows_init() || desk_setting("INTAKE") == NULL || desk_setting("ARCHIVE") == NULL ||
        desk_setting("REJECTED") == NULL || desk_setting("COMMANDS") == NULL ||
        desk_client() == NULL || weir_buf_need(&scratch, SCRATCH_BYTES - 1) == NULL) {
        return weir_lambda_init_failed(
            "Ledger.NotConfigured",
            "TABLE, INTAKE, ARCHIVE, REJECTED and COMMANDS are to name what they say");
    }
    return weir_lambda_run(handle);
}
