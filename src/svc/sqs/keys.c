/* SPDX-License-Identifier: Apache-2.0
 *
 * Key and record bytes of SQS (those of twins and attempts are in twin.c, of moves in move.c). All
 * version 1; var, str and zigzag as in base/cursor.h.
 *
 *   ("sqs", "numbers")                         u8 1, var the number given last
 *   ("sqs", "queue", account, region, name)    the queue, see queue_save
 *   ("sqs", "duplicates", queue id)            u8 1, var sends that de-duplication swallowed
 *   ("sqs", "message", rows, sequence)         what a message says, see content_save
 *   ("sqs", "state", rows, sequence)           u8 1, zigzag visible_ms, var receives, zigzag
 *                                              first_ms, zigzag last_ms, u8 delayed
 *   ("sqs", "doomed", number)                  empty: what is below that number is being swept
 */
#include "base/mem.h"
#include "cell/cell.h"
#include "svc/sqs/sqs_rows.h"

#include <assert.h>

#define VERSION 1
#define VALUE_BYTES_MAX (8u * 1024 * 1024)
#define UNPACKED_ATTRIBUTES_MAX 64

struct key row_kind(struct arena *arena, const char *kind)
{
    struct key key = key_of(arena, "sqs");

    key_str(&key, str_c(kind));
    return key;
}

struct key row_below(struct arena *arena, const char *kind, uint64_t number)
{
    struct key key = row_kind(arena, kind);

    key_u64(&key, number);
    return key;
}

static struct str row_of(struct arena *arena, const char *kind, const struct queue *queue,
                         uint64_t sequence)
{
    struct key key = row_below(arena, kind, queue->rows);

    key_u64(&key, sequence);
    return key_end(&key);
}

void row_put(struct call *c, struct str key, struct buf *packed)
{
    assert(!buf_spent(packed));
    txn_put(c->txn, key, arena_dup(c->arena, buf_str(packed)));
    buf_done(packed);
}

/* ---- numbers ---- */

uint64_t number_new(struct call *c)
{
    struct key key = row_kind(c->arena, "numbers");
    struct buf packed;

    buf_init(&packed, 16);
    write_u8(&packed, VERSION);
    write_var(&packed, ++sqs_of(c)->numbers);
    row_put(c, key_end(&key), &packed);
    return sqs_of(c)->numbers;
}

void number_doom(struct call *c, uint64_t number)
{
    struct key key = row_below(c->arena, "doomed", number);

    txn_put(c->txn, key_end(&key), STR(""));
    sweep_soon(sqs_of(c), c->now);
}

/* ---- queues ---- */

static struct str key_of_queue(struct arena *arena, const struct queue *queue)
{
    struct key key = row_kind(arena, "queue");

    key_str(&key, queue->account);
    key_str(&key, queue->region);
    key_str(&key, queue->name);
    return key_end(&key);
}

void queue_save(struct call *c, const struct queue *queue)
{
    struct buf packed;

    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_var(&packed, queue->id);
    write_var(&packed, queue->rows);
    write_zigzag(&packed, queue->created_ms);
    write_zigzag(&packed, queue->modified_ms);
    write_u8(&packed, (uint8_t)(queue->content_dedup | queue->dedup_by_group << 1 |
                                queue->throughput_by_group << 2 | queue->managed_sse << 3));
    write_var(&packed, queue->delay_seconds);
    write_var(&packed, queue->visibility_seconds);
    write_var(&packed, queue->wait_seconds);
    write_var(&packed, queue->retention_seconds);
    write_var(&packed, queue->message_bytes_max);
    write_var(&packed, queue->kms_reuse_seconds);
    write_var(&packed, queue->receives_max);
    write_str(&packed, queue->kms_key);
    write_str(&packed, queue->policy);
    write_str(&packed, queue->redrive);
    write_str(&packed, queue->redrive_allow);
    write_str(&packed, queue->dead_arn);
    write_zigzag(&packed, queue->purged_ms);
    write_var(&packed, queue->tag_count);
    for (size_t i = 0; i < queue->tag_count; i++) {
        write_str(&packed, queue->tags[i].key);
        write_str(&packed, queue->tags[i].value);
    }
    row_put(c, key_of_queue(c->arena, queue), &packed);
}

void queue_erase(struct call *c, const struct queue *queue)
{
    txn_delete(c->txn, key_of_queue(c->arena, queue));
}

void duplicates_save(struct call *c, const struct queue *queue)
{
    struct key key = row_below(c->arena, "duplicates", queue->id);
    struct buf packed;

    buf_init(&packed, 16);
    write_u8(&packed, VERSION);
    write_var(&packed, queue->duplicates);
    row_put(c, key_end(&key), &packed);
}

/* ---- messages ---- */

enum { HAS_TRACE = 1, HAS_GROUP = 2, HAS_DEDUPLICATION = 4, HAS_DEAD_SOURCE = 8 };

void content_save(struct call *c, const struct queue *queue, uint64_t sequence,
                  const struct content *content)
{
    uint8_t there = (uint8_t)((content->trace.at != NULL) * HAS_TRACE |
                              (content->group.at != NULL) * HAS_GROUP |
                              (content->deduplication.at != NULL) * HAS_DEDUPLICATION |
                              (content->dead_source.at != NULL) * HAS_DEAD_SOURCE);
    struct buf packed;

    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_u8(&packed, there);
    write_zigzag(&packed, content->sent_ms);
    if (there & HAS_GROUP) {
        write_str(&packed, content->group);
    }
    write_str(&packed, content->id);
    write_var(&packed, content->number);
    write_str(&packed, content->sender);
    if (there & HAS_TRACE) {
        write_str(&packed, content->trace);
    }
    if (there & HAS_DEDUPLICATION) {
        write_str(&packed, content->deduplication);
    }
    if (there & HAS_DEAD_SOURCE) {
        write_str(&packed, content->dead_source);
        write_var(&packed, content->receives_before);
    }
    write_var(&packed, content->attribute_count);
    for (size_t i = 0; i < content->attribute_count; i++) {
        write_str(&packed, content->attributes[i].name);
        write_str(&packed, content->attributes[i].type);
        write_str(&packed, content->attributes[i].value);
    }
    write_str(&packed, content->body);
    row_put(c, row_of(c->arena, "message", queue, sequence), &packed);
}

/* An empty text that is there is not STR_NONE. */
static struct str read_there(struct cursor *cursor, bool there)
{
    struct str text = there ? read_str(cursor) : STR_NONE;

    return there && text.at == NULL ? STR("") : text;
}

bool content_peek(struct str packed, int64_t *ret_sent_ms, struct str *ret_group)
{
    struct cursor cursor = cursor_of(packed);
    uint8_t version = read_u8(&cursor);
    uint8_t there = read_u8(&cursor);
    int64_t sent_ms = read_zigzag(&cursor);
    struct str group = read_there(&cursor, there & HAS_GROUP);

    if (version != VERSION || !cursor_ok(&cursor)) {
        return false;
    }
    *ret_sent_ms = sent_ms;
    *ret_group = group;
    return true;
}

void content_unpack(struct str packed, struct arena *arena, struct content *ret_content)
{
    struct content content = {.receives_before = 0};
    struct cursor cursor = cursor_of(packed);
    struct message_attribute *attributes;
    uint8_t version = read_u8(&cursor);
    uint8_t there = read_u8(&cursor);
    uint64_t count;

    assert(version == VERSION);
    content.sent_ms = read_zigzag(&cursor);
    content.group = read_there(&cursor, there & HAS_GROUP);
    content.id = read_str(&cursor);
    content.number = read_var(&cursor);
    content.sender = read_str(&cursor);
    content.trace = read_there(&cursor, there & HAS_TRACE);
    content.deduplication = read_there(&cursor, there & HAS_DEDUPLICATION);
    content.dead_source = read_there(&cursor, there & HAS_DEAD_SOURCE);
    if (there & HAS_DEAD_SOURCE) {
        content.receives_before = read_var(&cursor);
    }
    count = read_var(&cursor);
    assert(count <= UNPACKED_ATTRIBUTES_MAX);
    attributes = arena_alloc(arena, (count + 1) * sizeof(*attributes));
    for (uint64_t i = 0; i < count; i++) {
        attributes[i].name = read_str(&cursor);
        attributes[i].type = read_str(&cursor);
        attributes[i].value = read_str(&cursor);
    }
    content.attributes = attributes;
    content.attribute_count = count;
    content.body = read_str(&cursor);
    assert(cursor_done(&cursor));
    *ret_content = content;
}

void content_load(struct call *c, const struct queue *queue, uint64_t sequence,
                  struct content *ret_content)
{
    struct str packed;
    bool there = txn_get(c->txn, row_of(c->arena, "message", queue, sequence), &packed);

    assert(there);
    content_unpack(packed, c->arena, ret_content);
}

void state_save(struct call *c, const struct queue *queue, struct message *message,
                const struct received *received)
{
    struct buf packed;

    buf_init(&packed, 64);
    write_u8(&packed, VERSION);
    write_zigzag(&packed, message_waits(message) ? message->until_ms : 0);
    write_var(&packed, message->receives);
    write_zigzag(&packed, received->first_ms);
    write_zigzag(&packed, received->last_ms);
    write_u8(&packed, message->delayed);
    message->has_state = true;
    row_put(c, row_of(c->arena, "state", queue, message->sequence), &packed);
}

bool state_unpack(struct str packed, struct message *ret_state, struct received *ret_received)
{
    struct cursor cursor = cursor_of(packed);
    uint8_t version = read_u8(&cursor);

    ret_state->until_ms = read_zigzag(&cursor);
    ret_state->receives = read_var(&cursor) & RECEIVES_MASK;
    ret_received->first_ms = read_zigzag(&cursor);
    ret_received->last_ms = read_zigzag(&cursor);
    ret_state->delayed = (read_u8(&cursor) & 1u) != 0;
    return version == VERSION && cursor_done(&cursor);
}

void state_load(struct call *c, const struct queue *queue, const struct message *message,
                struct received *ret_received)
{
    struct str packed;
    struct message state;

    *ret_received = (struct received){0, 0};
    if (message->has_state) {
        bool there =
            txn_get(c->txn, row_of(c->arena, "state", queue, message->sequence), &packed) &&
            state_unpack(packed, &state, ret_received);

        assert(there);
    }
}

void message_erase(struct call *c, const struct queue *queue, const struct message *message)
{
    txn_delete(c->txn, row_of(c->arena, "message", queue, message->sequence));
    if (message->has_state) {
        txn_delete(c->txn, row_of(c->arena, "state", queue, message->sequence));
    }
}

/* ---- sweeping ---- */

static bool sweep_number(struct call *c, uint64_t number, size_t *left)
{
    static const char *const kinds[] = {"message", "state",      "twin",
                                        "attempt", "duplicates", "move"};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct key prefix = row_below(c->arena, kinds[i], number);

        if (!txn_sweep(c->txn, txn_below(c->txn, key_end(&prefix)), &sqs_of(c)->swept, left)) {
            return false;
        }
    }
    return true;
}

bool doomed_sweep(struct call *c, size_t changes_max)
{
    struct key doomed = row_kind(c->arena, "doomed");
    struct txn_scan *scan = txn_scan_prefix(c->txn, key_end(&doomed));
    size_t left = changes_max;
    bool ended = true;
    struct str key;
    struct str value;

    while (ended && txn_scan_next(scan, &key, &value)) {
        struct str row = arena_dup(c->arena, key);
        struct key_reader reader = {row};
        struct str skipped;
        uint64_t number;
        bool good = key_read_str(&reader, c->arena, &skipped) &&
                    key_read_str(&reader, c->arena, &skipped) && key_read_u64(&reader, &number);

        assert(good);
        ended = sweep_number(c, number, &left) && left > 0;
        if (ended) {
            left--;
            txn_delete(c->txn, row);
        }
    }
    txn_scan_close(scan);
    return ended;
}
