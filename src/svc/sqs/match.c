/* SPDX-License-Identifier: Apache-2.0
 *
 * A message as a document for patterns, as functions see messages of a queue:
 *
 *   {"messageId": "…", "body": …, "attributes": {"SentTimestamp": "…", …},
 *    "messageAttributes": {"colour": "red", …}}
 *
 * The body stands there as JSON when it is JSON, else as a text; an attribute's value as a text,
 * a Binary's in base64.
 */
#include "base/codec.h"
#include "svc/sqs/sqs_move.h"
#include "wire/json.h"

#include <assert.h>

#define DOCUMENT_BYTES_MAX (8u << 20)
#define SCRATCH_BYTES_MAX (64u << 20)

/* ---- walking ---- */

void message_walk_open(struct call *c, struct queue *queue, uint64_t beyond,
                       struct message_walk *ret_walk)
{
    struct key from = row_below(c->arena, "message", queue->rows);
    struct key prefix = row_below(c->arena, "message", queue->rows);

    key_u64(&from, beyond + 1);
    ret_walk->queue = queue;
    ret_walk->scan = txn_scan(c->txn, key_end(&from),
                              key_after_prefix(c->arena, key_end(&prefix)), false);
}

struct message *message_walk_next(struct call *c, struct message_walk *walk,
                                  struct content *ret_content)
{
    struct str key;
    struct str packed;

    while (txn_scan_next(walk->scan, &key, &packed)) {
        struct key_reader reader = {key};
        struct message *message;
        struct str skipped;
        uint64_t rows;
        uint64_t sequence;
        bool good = key_read_str(&reader, c->arena, &skipped) &&
                    key_read_str(&reader, c->arena, &skipped) && key_read_u64(&reader, &rows) &&
                    key_read_u64(&reader, &sequence);

        assert(good);
        message = message_find(walk->queue, sequence);
        if (message != NULL) {
            content_unpack(packed, c->arena, ret_content);
            return message;
        }
    }
    return NULL;
}

void message_walk_close(struct message_walk *walk)
{
    txn_scan_close(walk->scan);
}

/* ---- matching ---- */

static void add_member(struct buf *text, bool *first, struct str name, struct str value)
{
    if (value.at == NULL) {
        return;
    }
    buf_add(text, *first ? STR("") : STR(","));
    json_write_str(text, name);
    buf_add_c(text, ':');
    json_write_str(text, value);
    *first = false;
}

static void add_number(struct buf *text, bool *first, struct str name, uint64_t number)
{
    struct buf packed;

    buf_init(&packed, 32);
    buf_add_u64(&packed, number);
    add_member(text, first, name, buf_str(&packed));
    buf_done(&packed);
}

static void add_system(struct buf *text, const struct message *message,
                       const struct content *content)
{
    bool first = true;

    add_member(text, &first, STR("SenderId"), content->sender);
    add_number(text, &first, STR("SentTimestamp"), (uint64_t)content->sent_ms);
    add_number(text, &first, STR("ApproximateReceiveCount"),
               content->receives_before + message->receives);
    add_member(text, &first, STR("MessageGroupId"), content->group);
    add_member(text, &first, STR("MessageDeduplicationId"), content->deduplication);
    add_member(text, &first, STR("DeadLetterQueueSourceArn"), content->dead_source);
    add_member(text, &first, STR("AWSTraceHeader"), content->trace);
}

static void add_attributes(struct buf *text, const struct content *content)
{
    bool first = true;

    for (size_t i = 0; i < content->attribute_count; i++) {
        const struct message_attribute *attribute = &content->attributes[i];

        if (!str_starts(attribute->type, STR("Binary"))) {
            add_member(text, &first, attribute->name, attribute->value);
            continue;
        }
        buf_add(text, first ? STR("") : STR(","));
        json_write_str(text, attribute->name);
        buf_add(text, STR(":\""));
        buf_add_base64(text, attribute->value);
        buf_add_c(text, '"');
        first = false;
    }
}

static bool is_json(struct str body, struct arena *scratch)
{
    struct value document;
    struct why why;

    return json_read(arena_dup(scratch, body), 0, scratch, &why, &document) == OK;
}

bool message_matches(const struct pattern *pattern, const struct message *message,
                     const struct content *content)
{
    struct arena *scratch;
    struct buf text;
    bool found;

    if (pattern == NULL) {
        return true;
    }
    scratch = arena_new(SCRATCH_BYTES_MAX);
    buf_init(&text, DOCUMENT_BYTES_MAX);
    buf_add(&text, STR("{\"messageId\":"));
    json_write_str(&text, content->id);
    buf_add(&text, STR(",\"attributes\":{"));
    add_system(&text, message, content);
    buf_add(&text, STR("},\"messageAttributes\":{"));
    add_attributes(&text, content);
    buf_add(&text, STR("},\"body\":"));
    if (is_json(content->body, scratch)) {
        buf_add(&text, content->body);
    } else {
        json_write_str(&text, content->body);
    }
    buf_add_c(&text, '}');
    found = !buf_spent(&text) && pattern_match_json(pattern, buf_str(&text), scratch);
    buf_done(&text);
    arena_free(scratch);
    return found;
}
