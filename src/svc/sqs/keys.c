/* SPDX-License-Identifier: Apache-2.0
 *
 * Key and record bytes of SQS; nobody else knows them. All version 1; var, str and zigzag as in
 * base/cursor.h.
 *
 *   ("sqs", "queue", account, region, name)    the queue
 *   ("sqs", "message", queue id, sequence)     what a message says
 *   ("sqs", "state", queue id, sequence)       u8 1, zigzag visible_ms, var receives, var receipt,
 *                                              zigzag first_received_ms, u8 delayed
 *   ("sqs", "twin", queue id, scope, dedup id) u8 1, zigzag sent_ms, var number, str id
 *   ("sqs", "doomed", queue id)                empty: a queue that is gone, its rows being swept
 */
#include "base/cursor.h"
#include "base/mem.h"
#include "cell/cell.h"
#include "svc/sqs/sqs_int.h"

#include <assert.h>

#define VERSION 1
#define VALUE_BYTES_MAX (8u * 1024 * 1024)
#define SWEEP_ROWS_MAX 10000

static struct key kind_of(struct arena *arena, const char *kind)
{
    struct key key = key_of(arena, "sqs");

    key_str(&key, str_c(kind));
    return key;
}

static struct str row_of(struct arena *arena, const char *kind, uint64_t queue_id,
                         uint64_t sequence)
{
    struct key key = kind_of(arena, kind);

    key_u64(&key, queue_id);
    key_u64(&key, sequence);
    return key_end(&key);
}

static void put_packed(struct call *c, struct str key, struct buf *packed)
{
    assert(!buf_spent(packed));
    txn_put(c->txn, key, arena_dup(c->arena, buf_str(packed)));
    buf_done(packed);
}

/* ---- queues ---- */

static struct str key_of_queue(struct arena *arena, const struct queue *queue)
{
    struct key key = kind_of(arena, "queue");

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
    put_packed(c, key_of_queue(c->arena, queue), &packed);
}

void queue_erase(struct call *c, const struct queue *queue)
{
    txn_delete(c->txn, key_of_queue(c->arena, queue));
}

void queue_rows_doom(struct call *c, const struct queue *queue)
{
    struct key key = kind_of(c->arena, "doomed");

    key_u64(&key, queue->id);
    txn_put(c->txn, key_end(&key), STR(""));
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
    }
    write_var(&packed, content->attribute_count);
    for (size_t i = 0; i < content->attribute_count; i++) {
        write_str(&packed, content->attributes[i].name);
        write_str(&packed, content->attributes[i].type);
        write_str(&packed, content->attributes[i].value);
    }
    write_str(&packed, content->body);
    put_packed(c, row_of(c->arena, "message", queue->id, sequence), &packed);
}

static void content_unpack(struct cursor *cursor, struct arena *arena, struct content *content)
{
    uint8_t there = read_u8(cursor);
    struct message_attribute *attributes;
    uint64_t count;

    content->sent_ms = read_zigzag(cursor);
    content->group = there & HAS_GROUP ? read_str(cursor) : STR_NONE;
    content->id = read_str(cursor);
    content->number = read_var(cursor);
    content->sender = read_str(cursor);
    content->trace = there & HAS_TRACE ? read_str(cursor) : STR_NONE;
    content->deduplication = there & HAS_DEDUPLICATION ? read_str(cursor) : STR_NONE;
    content->dead_source = there & HAS_DEAD_SOURCE ? read_str(cursor) : STR_NONE;
    count = read_var(cursor);
    count = count > 64 ? 64 : count;
    attributes = arena_alloc(arena, (count + 1) * sizeof(*attributes));
    for (uint64_t i = 0; i < count; i++) {
        attributes[i].name = read_str(cursor);
        attributes[i].type = read_str(cursor);
        attributes[i].value = read_str(cursor);
    }
    content->attributes = attributes;
    content->attribute_count = count;
    content->body = read_str(cursor);
}

bool content_load(struct call *c, const struct queue *queue, uint64_t sequence,
                  struct content *ret_content)
{
    struct content content = {.first_received_ms = 0};
    struct cursor cursor;
    struct str value;
    uint8_t version;

    if (!txn_get(c->txn, row_of(c->arena, "message", queue->id, sequence), &value)) {
        return false;
    }
    cursor = cursor_of(value);
    version = read_u8(&cursor);
    assert(version == VERSION);
    content_unpack(&cursor, c->arena, &content);
    assert(cursor_done(&cursor));
    *ret_content = content;
    return true;
}

void state_save(struct call *c, const struct queue *queue, struct message *message,
                int64_t first_received_ms)
{
    struct buf packed;

    buf_init(&packed, 64);
    write_u8(&packed, VERSION);
    write_zigzag(&packed, message->timer.index != 0 ? message->timer.at_ms : 0);
    write_var(&packed, message->receives);
    write_var(&packed, message->receipt);
    write_zigzag(&packed, first_received_ms);
    write_u8(&packed, message->delayed);
    message->has_state = true;
    put_packed(c, row_of(c->arena, "state", queue->id, message->sequence), &packed);
}

int64_t state_first_received(struct call *c, const struct queue *queue, uint64_t sequence)
{
    struct cursor cursor;
    struct str value;

    if (!txn_get(c->txn, row_of(c->arena, "state", queue->id, sequence), &value)) {
        return 0;
    }
    cursor = cursor_of(value);
    (void)read_u8(&cursor);
    (void)read_zigzag(&cursor);
    (void)read_var(&cursor);
    (void)read_var(&cursor);
    return read_zigzag(&cursor);
}

void message_erase(struct call *c, const struct queue *queue, const struct message *message)
{
    txn_delete(c->txn, row_of(c->arena, "message", queue->id, message->sequence));
    if (message->has_state) {
        txn_delete(c->txn, row_of(c->arena, "state", queue->id, message->sequence));
    }
}

/* ---- twins ---- */

static struct str key_of_twin(struct call *c, const struct queue *queue,
                              const struct content *content)
{
    struct key key = kind_of(c->arena, "twin");

    key_u64(&key, queue->id);
    key_str(&key, queue->dedup_by_group ? content->group : STR(""));
    key_str(&key, content->deduplication);
    return key_end(&key);
}

bool twin_find(struct call *c, const struct queue *queue, const struct content *content,
               struct twin *ret_twin)
{
    struct twin twin;
    struct cursor cursor;
    struct str value;

    if (!txn_get(c->txn, key_of_twin(c, queue, content), &value)) {
        return false;
    }
    cursor = cursor_of(value);
    (void)read_u8(&cursor);
    twin.sent_ms = read_zigzag(&cursor);
    twin.number = read_var(&cursor);
    twin.id = read_str(&cursor);
    assert(cursor_done(&cursor));
    if (c->now - twin.sent_ms >= DEDUPLICATION_MS) {
        return false;
    }
    *ret_twin = twin;
    return true;
}

void twin_save(struct call *c, const struct queue *queue, const struct content *content)
{
    struct buf packed;

    buf_init(&packed, 256);
    write_u8(&packed, VERSION);
    write_zigzag(&packed, content->sent_ms);
    write_var(&packed, content->number);
    write_str(&packed, content->id);
    put_packed(c, key_of_twin(c, queue, content), &packed);
}

/* ---- sweeping ---- */

/* Deletes rows below prefix for which old says so; true when it came to the end. */
static bool sweep(struct call *c, struct str prefix, bool (*old)(struct call *c, struct str value))
{
    struct txn_scan *scan = txn_scan_prefix(c->txn, prefix);
    bool ended = true;
    struct str key;
    struct str value;
    int seen = 0;

    while (txn_scan_next(scan, &key, &value)) {
        if (seen++ == SWEEP_ROWS_MAX || txn_room(c->txn) < SWEEP_ROWS_MAX) {
            ended = false;
            break;
        }
        if (old == NULL || old(c, value)) {
            txn_delete(c->txn, arena_dup(c->arena, key));
        }
    }
    txn_scan_close(scan);
    return ended;
}

static bool twin_is_old(struct call *c, struct str value)
{
    struct cursor cursor = cursor_of(value);

    (void)read_u8(&cursor);
    return c->now - read_zigzag(&cursor) >= DEDUPLICATION_MS;
}

static bool sweep_doomed(struct call *c, uint64_t queue_id)
{
    static const char *const kinds[] = {"message", "state", "twin", "move"};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct key prefix = kind_of(c->arena, kinds[i]);

        key_u64(&prefix, queue_id);
        if (!sweep(c, key_end(&prefix), NULL)) {
            return false;
        }
    }
    return true;
}

void rows_sweep(struct call *c)
{
    struct key doomed = kind_of(c->arena, "doomed");
    struct key twins = kind_of(c->arena, "twin");
    struct txn_scan *scan = txn_scan_prefix(c->txn, key_end(&doomed));
    struct str key;
    struct str value;

    while (txn_scan_next(scan, &key, &value)) {
        struct key_reader reader = {key};
        struct str skipped;
        uint64_t id;

        if (key_read_str(&reader, c->arena, &skipped) &&
            key_read_str(&reader, c->arena, &skipped) && key_read_u64(&reader, &id) &&
            sweep_doomed(c, id)) {
            txn_delete(c->txn, arena_dup(c->arena, key));
        }
        if (txn_room(c->txn) < SWEEP_ROWS_MAX) {
            break;
        }
    }
    txn_scan_close(scan);
    if (txn_room(c->txn) > SWEEP_ROWS_MAX) {
        (void)sweep(c, key_end(&twins), twin_is_old);
    }
}

/* ---- loading ---- */

struct loader {
    struct sqs *sqs;           /* gets what is read */
    struct map *by_id;         /* eight bytes of id → struct queue */
    struct arena *arena;       /* of the current row */
    struct key_reader rest;    /* of the key, behind its kind */
};

static struct str id_text(const uint64_t *id)
{
    return str_of(id, sizeof(*id));
}

static status load_queue(struct loader *loader, struct cursor *cursor)
{
    struct str account;
    struct str region;
    struct str name;
    struct queue *queue;
    uint8_t flags;
    uint64_t count;

    if (!key_read_str(&loader->rest, loader->arena, &account) ||
        !key_read_str(&loader->rest, loader->arena, &region) ||
        !key_read_str(&loader->rest, loader->arena, &name)) {
        return &ERR_CORRUPT;
    }
    queue = queue_new(account, region, name);
    queue->id = read_var(cursor);
    queue->created_ms = read_zigzag(cursor);
    queue->modified_ms = read_zigzag(cursor);
    flags = read_u8(cursor);
    queue->content_dedup = flags & 1;
    queue->dedup_by_group = flags & 2;
    queue->throughput_by_group = flags & 4;
    queue->managed_sse = flags & 8;
    queue->delay_seconds = (uint32_t)read_var(cursor);
    queue->visibility_seconds = (uint32_t)read_var(cursor);
    queue->wait_seconds = (uint32_t)read_var(cursor);
    queue->retention_seconds = (uint32_t)read_var(cursor);
    queue->message_bytes_max = (uint32_t)read_var(cursor);
    queue->kms_reuse_seconds = (uint32_t)read_var(cursor);
    queue->receives_max = (uint32_t)read_var(cursor);
    text_set(&queue->kms_key, read_str(cursor));
    text_set(&queue->policy, read_str(cursor));
    text_set(&queue->redrive, read_str(cursor));
    text_set(&queue->redrive_allow, read_str(cursor));
    text_set(&queue->dead_arn, read_str(cursor));
    queue->purged_ms = read_zigzag(cursor);
    count = read_var(cursor);
    for (uint64_t i = 0; i < count && cursor_ok(cursor); i++) {
        struct str key = read_str(cursor);

        tag_set(queue, key, read_str(cursor));
    }
    if (!cursor_done(cursor) || queue_add(loader->sqs, queue) != OK ||
        !map_set(loader->by_id, id_text(&queue->id), queue, NULL)) {
        queue_free(queue);
        return &ERR_CORRUPT;
    }
    loader->sqs->queue_id = queue->id > loader->sqs->queue_id ? queue->id : loader->sqs->queue_id;
    return OK;
}

/* The queue of a message's row; NULL: a doomed queue's. */
static bool message_key(struct loader *loader, struct queue **ret_queue, uint64_t *ret_sequence)
{
    uint64_t id;

    if (!key_read_u64(&loader->rest, &id) || !key_read_u64(&loader->rest, ret_sequence)) {
        return false;
    }
    *ret_queue = map_get(loader->by_id, id_text(&id));
    return true;
}

static status load_message(struct loader *loader, struct cursor *cursor)
{
    struct message *message;
    struct queue *queue;
    uint64_t sequence;
    int64_t sent_ms;
    uint8_t there;

    if (!message_key(loader, &queue, &sequence)) {
        return &ERR_CORRUPT;
    }
    if (queue == NULL) {
        return OK;
    }
    there = read_u8(cursor);
    sent_ms = read_zigzag(cursor);
    message = message_add(queue, sequence, there & HAS_GROUP ? read_str(cursor) : STR(""));
    if (message == NULL) {
        return &ERR_CORRUPT;
    }
    message->sent_ms = sent_ms;
    queue->last = sequence > queue->last ? sequence : queue->last;
    return cursor_ok(cursor) ? OK : &ERR_CORRUPT;
}

static status load_state(struct loader *loader, struct cursor *cursor)
{
    struct message *message;
    struct queue *queue;
    uint64_t sequence;
    int64_t visible_ms;
    bool delayed;

    if (!message_key(loader, &queue, &sequence)) {
        return &ERR_CORRUPT;
    }
    if (queue == NULL) {
        return OK;
    }
    message = message_find(queue, sequence);
    if (message == NULL) {
        return &ERR_CORRUPT;
    }
    visible_ms = read_zigzag(cursor);
    message->receives = (uint32_t)read_var(cursor);
    message->receipt = (uint32_t)read_var(cursor);
    message->has_state = true;
    (void)read_zigzag(cursor);
    delayed = read_u8(cursor) != 0;
    message_wait(queue, message, visible_ms, delayed, 0); /* the first look settles what is due */
    return cursor_done(cursor) ? OK : &ERR_CORRUPT;
}

static status load_kind(struct loader *loader, const char *kind,
                        status (*load)(struct loader *loader, struct cursor *cursor))
{
    struct arena *arena = arena_new(1u << 20);
    struct key prefix = kind_of(arena, kind);
    status loaded = OK;
    struct str key;
    struct str value;

    struct kv_scan *scan = store_scan(cell_store(loader->sqs->cell), key_end(&prefix),
                                      key_after_prefix(arena, key_end(&prefix)), false);

    while (loaded == OK && store_scan_next(scan, &key, &value)) {
        struct cursor cursor = cursor_of(value);
        struct str skipped;

        arena_clear(loader->arena);
        loader->rest = (struct key_reader){key};
        if (!key_read_str(&loader->rest, loader->arena, &skipped) ||
            !key_read_str(&loader->rest, loader->arena, &skipped) || read_u8(&cursor) != VERSION) {
            loaded = &ERR_CORRUPT;
        } else {
            loaded = load(loader, &cursor);
        }
    }
    store_scan_close(scan);
    arena_free(arena);
    return loaded;
}

status sqs_load(struct sqs *sqs)
{
    struct loader loader = {.sqs = sqs, .by_id = map_new(QUEUES_MAX),
                            .arena = arena_new(16u << 20)};
    status loaded = load_kind(&loader, "queue", load_queue);

    if (loaded == OK) {
        loaded = load_kind(&loader, "message", load_message);
    }
    if (loaded == OK) {
        loaded = load_kind(&loader, "state", load_state);
    }
    map_free(loader.by_id);
    arena_free(loader.arena);
    return loaded;
}
