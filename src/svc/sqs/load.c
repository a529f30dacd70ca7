/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory from rows, at the start: queues, then messages and their states side by side (both lie in
 * the order of rows and sequence), then counts of duplicates, then moves.
 */
#include "base/mem.h"
#include "cell/cell.h"
#include "cell/doing.h"
#include "svc/sqs/sqs_rows.h"

#define VERSION 1
#define ROW_BYTES_MAX (16u << 20)

struct loader {
    struct sqs *sqs;           /* gets what is read */
    struct map *by_number;     /* eight bytes of id, or of rows → struct queue */
    struct arena *arena;       /* of the current row */
};

/* A walk over the rows of a kind. */
struct walk {
    struct kv_scan *scan;      /* of the store */
    struct str packed;         /* of the row it stands at */
    struct key_reader rest;    /* of its key, behind the kind */
    bool have;                 /* it stands at a row */
};

static struct str number_key(const uint64_t *number)
{
    return str_of(number, sizeof(*number));
}

static status walk_next(struct loader *loader, struct walk *walk)
{
    struct str key;
    struct str skipped;

    walk->have = store_scan_next(walk->scan, &key, &walk->packed);
    if (!walk->have) {
        return OK;
    }
    walk->rest = (struct key_reader){key};
    return key_read_str(&walk->rest, loader->arena, &skipped) &&
                   key_read_str(&walk->rest, loader->arena, &skipped)
               ? OK
               : &ERR_CORRUPT;
}

static status walk_begin(struct loader *loader, const char *kind, struct walk *ret_walk)
{
    struct arena *arena = arena_new(1u << 16);
    struct key prefix = row_kind(arena, kind);

    ret_walk->scan = store_scan(cell_store(loader->sqs->cell), key_end(&prefix),
                                key_after_prefix(arena, key_end(&prefix)), false);
    arena_free(arena);
    return walk_next(loader, ret_walk);
}

/* ---- queues ---- */

static void settings_unpack(struct cursor *cursor, struct queue *queue)
{
    uint8_t flags = read_u8(cursor);

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
}

static status load_queue(struct loader *loader, struct walk *walk)
{
    struct cursor cursor = cursor_of(walk->packed);
    struct str account;
    struct str region;
    struct str name;
    struct queue *queue;
    uint64_t count;

    if (!key_read_str(&walk->rest, loader->arena, &account) ||
        !key_read_str(&walk->rest, loader->arena, &region) ||
        !key_read_str(&walk->rest, loader->arena, &name) || read_u8(&cursor) != VERSION) {
        return &ERR_CORRUPT;
    }
    queue = queue_new(loader->sqs, account, region, name);
    queue->id = read_var(&cursor);
    queue->rows = read_var(&cursor);
    queue->created_ms = read_zigzag(&cursor);
    queue->modified_ms = read_zigzag(&cursor);
    settings_unpack(&cursor, queue);
    count = read_var(&cursor);
    for (uint64_t i = 0; i < count && cursor_ok(&cursor); i++) {
        struct str key = read_str(&cursor);

        tag_set(queue, key, read_str(&cursor));
    }
    if (!cursor_done(&cursor) || queue_add(loader->sqs, queue) != OK) {
        queue_free(queue);
        return &ERR_CORRUPT;
    }
    return map_set(loader->by_number, number_key(&queue->id), queue, NULL) &&
                   map_set(loader->by_number, number_key(&queue->rows), queue, NULL)
               ? OK
               : &ERR_CORRUPT;
}

static status load_duplicates(struct loader *loader, struct walk *walk)
{
    struct cursor cursor = cursor_of(walk->packed);
    struct queue *queue;
    uint64_t id;

    if (!key_read_u64(&walk->rest, &id) || read_u8(&cursor) != VERSION) {
        return &ERR_CORRUPT;
    }
    queue = map_get(loader->by_number, number_key(&id));
    if (queue != NULL) {
        queue->duplicates = read_var(&cursor);
    }
    return OK;
}

static status load_kind(struct loader *loader, const char *kind,
                        status (*load)(struct loader *loader, struct walk *walk))
{
    struct walk walk;
    status loaded = walk_begin(loader, kind, &walk);

    while (loaded == OK && walk.have) {
        loaded = load(loader, &walk);
        arena_clear(loader->arena);
        if (loaded == OK) {
            loaded = walk_next(loader, &walk);
        }
    }
    store_scan_close(walk.scan);
    return loaded;
}

static status load_numbers(struct loader *loader)
{
    struct key key = row_kind(loader->arena, "numbers");
    struct str packed;

    if (store_get(cell_store(loader->sqs->cell), loader->arena, key_end(&key), &packed)) {
        struct cursor cursor = cursor_of(packed);

        if (read_u8(&cursor) != VERSION) {
            return &ERR_CORRUPT;
        }
        loader->sqs->numbers = read_var(&cursor);
    }
    arena_clear(loader->arena);
    return OK;
}

/* ---- messages ---- */

/* Where a row of a message stands: numbers of rows, sequence. */
static status place_read(struct walk *walk, uint64_t *ret_rows, uint64_t *ret_sequence)
{
    return key_read_u64(&walk->rest, ret_rows) && key_read_u64(&walk->rest, ret_sequence)
               ? OK
               : &ERR_CORRUPT;
}

/* What a message waits for, when the walk over states stands at its row. */
struct state {
    struct walk walk;          /* over the rows of states */
    uint64_t rows, sequence;   /* of the row it stands at */
};

static status state_next(struct loader *loader, struct state *state)
{
    TRY(walk_next(loader, &state->walk));
    return state->walk.have ? place_read(&state->walk, &state->rows, &state->sequence) : OK;
}

static status load_state(struct loader *loader, struct state *state, struct queue *queue,
                         struct message *message)
{
    struct message read;
    struct received received;

    if (!state_unpack(state->walk.packed, &read, &received)) {
        return &ERR_CORRUPT;
    }
    message->receives = read.receives & RECEIVES_MASK;
    message->has_state = true;
    message_wait(queue, message, read.until_ms, read.delayed, cell_now(loader->sqs->cell));
    return state_next(loader, state);
}

static status load_message(struct loader *loader, struct walk *walk, struct state *state)
{
    struct message *message;
    struct queue *queue;
    struct str group;
    uint64_t rows;
    uint64_t sequence;
    int64_t sent_ms;

    TRY(place_read(walk, &rows, &sequence));
    while (state->walk.have && (state->rows < rows || /* of a message that is being swept */
                                (state->rows == rows && state->sequence < sequence))) {
        TRY(state_next(loader, state));
    }
    queue = map_get(loader->by_number, number_key(&rows));
    if (queue == NULL) {
        return OK; /* doomed */
    }
    if (!content_peek(walk->packed, &sent_ms, &group)) {
        return &ERR_CORRUPT;
    }
    message = message_add(queue, sequence, sent_ms, group);
    if (message == NULL) {
        return &ERR_CORRUPT;
    }
    queue->last = sequence;
    return state->walk.have && state->rows == rows && state->sequence == sequence
               ? load_state(loader, state, queue, message)
               : OK;
}

static status load_messages(struct loader *loader)
{
    struct state state = {.rows = 0};
    struct walk walk = {.have = false};
    status loaded = walk_begin(loader, "state", &state.walk);

    if (loaded == OK && state.walk.have) {
        loaded = place_read(&state.walk, &state.rows, &state.sequence);
    }
    if (loaded == OK) {
        loaded = walk_begin(loader, "message", &walk);
    }
    while (loaded == OK && walk.have) {
        loaded = load_message(loader, &walk, &state);
        arena_clear(loader->arena);
        if (loaded == OK) {
            loaded = walk_next(loader, &walk);
        }
    }
    if (walk.scan != NULL) {
        store_scan_close(walk.scan);
    }
    store_scan_close(state.walk.scan);
    return loaded;
}

status sqs_load(struct sqs *sqs)
{
    struct loader loader = {.sqs = sqs, .by_number = map_new(2 * QUEUES_MAX),
                            .arena = arena_new(ROW_BYTES_MAX)};
    status loaded = load_numbers(&loader);

    if (loaded == OK) {
        loaded = load_kind(&loader, "queue", load_queue);
    }
    if (loaded == OK) {
        loaded = load_kind(&loader, "duplicates", load_duplicates);
    }
    if (loaded == OK) {
        loaded = load_messages(&loader);
    }
    if (loaded == OK) {
        loaded = moves_load(sqs);
    }
    map_free(loader.by_number);
    arena_free(loader.arena);
    return loaded;
}
