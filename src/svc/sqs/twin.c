/* SPDX-License-Identifier: Apache-2.0
 *
 * What is remembered for five minutes: the sends of a FIFO queue, so that a second one with the
 * same id is known as the first one's twin, and receives that may be asked for again.
 *
 *   ("sqs", "twin", queue id, slot, scope, de-duplication id)   u8 1, zigzag sent_ms, var number,
 *                                                               str message id
 *   ("sqs", "attempt", queue id, slot, attempt id)              u8 1, zigzag at_ms, var count, of
 *                                                               each: var sequence, var receives
 *
 * A slot is five minutes of weir's clock: what is looked for is in the present slot or in the one
 * before, and slots that are over are swept from the front, whatever is in them.
 */
#include "svc/sqs/sqs_rows.h"

#include <assert.h>

#define VERSION 1

static int64_t slot_of(int64_t at_ms)
{
    return at_ms / DEDUPLICATION_MS;
}

static struct key slot_key(struct call *c, const char *kind, const struct queue *queue,
                           int64_t slot)
{
    struct key key = row_below(c->arena, kind, queue->id);

    key_u64(&key, (uint64_t)slot);
    return key;
}

/* What was put there less than five minutes ago; cursor stands behind its moment. */
static bool young(struct call *c, struct str key, struct cursor *ret_cursor)
{
    struct str packed;

    if (!txn_get(c->txn, key, &packed)) {
        return false;
    }
    *ret_cursor = cursor_of(packed);
    uint8_t version = read_u8(ret_cursor);

    assert(version == VERSION);
    return c->now - read_zigzag(ret_cursor) < DEDUPLICATION_MS;
}

/* ---- twins ---- */

static struct str twin_key(struct call *c, const struct queue *queue, int64_t slot,
                           const struct content *content)
{
    struct key key = slot_key(c, "twin", queue, slot);

    key_str(&key, queue->dedup_by_group ? content->group : STR(""));
    key_str(&key, content->deduplication);
    return key_end(&key);
}

bool twin_find(struct call *c, const struct queue *queue, const struct content *content,
               struct twin *ret_twin)
{
    int64_t slot = slot_of(c->now);
    struct cursor cursor;

    if (!young(c, twin_key(c, queue, slot, content), &cursor) &&
        !young(c, twin_key(c, queue, slot - 1, content), &cursor)) {
        return false;
    }
    ret_twin->number = read_var(&cursor);
    ret_twin->id = read_str(&cursor);
    assert(cursor_done(&cursor));
    return true;
}

void twin_save(struct call *c, const struct queue *queue, const struct content *content)
{
    struct buf packed;

    buf_init(&packed, 256);
    write_u8(&packed, VERSION);
    write_zigzag(&packed, c->now);
    write_var(&packed, content->number);
    write_str(&packed, content->id);
    row_put(c, twin_key(c, queue, slot_of(c->now), content), &packed);
}

/* ---- attempts ---- */

static struct str attempt_key(struct call *c, const struct queue *queue, int64_t slot,
                              struct str id)
{
    struct key key = slot_key(c, "attempt", queue, slot);

    key_str(&key, id);
    return key_end(&key);
}

bool attempt_find(struct call *c, const struct queue *queue, struct str id,
                  struct attempt *ret_attempt)
{
    int64_t slot = slot_of(c->now);
    struct cursor cursor;

    if (!young(c, attempt_key(c, queue, slot, id), &cursor) &&
        !young(c, attempt_key(c, queue, slot - 1, id), &cursor)) {
        return false;
    }
    *ret_attempt = (struct attempt){.id = id, .count = read_var(&cursor)};
    assert(ret_attempt->count <= BATCH_MAX);
    for (size_t i = 0; i < ret_attempt->count; i++) {
        ret_attempt->sequences[i] = read_var(&cursor);
        ret_attempt->receives[i] = (uint32_t)read_var(&cursor);
    }
    assert(cursor_done(&cursor));
    return true;
}

void attempt_save(struct call *c, const struct queue *queue, const struct attempt *attempt)
{
    struct buf packed;

    buf_init(&packed, 512);
    write_u8(&packed, VERSION);
    write_zigzag(&packed, c->now);
    write_var(&packed, attempt->count);
    for (size_t i = 0; i < attempt->count; i++) {
        write_var(&packed, attempt->sequences[i]);
        write_var(&packed, attempt->receives[i]);
    }
    row_put(c, attempt_key(c, queue, slot_of(c->now), attempt->id), &packed);
}

/* ---- sweeping ---- */

static bool sweep_kind(struct call *c, const char *kind, struct queue *queue, size_t *left)
{
    struct key from = slot_key(c, kind, queue, queue->swept_slot);
    struct key to = slot_key(c, kind, queue, slot_of(c->now) - 1);

    return txn_sweep(c->txn, (struct txn_span){key_end(&from), key_end(&to)}, &queue->swept, left);
}

bool slots_sweep(struct call *c, struct queue *queue, size_t changes_max)
{
    size_t left = changes_max;

    if (!queue->fifo || queue->swept_slot >= slot_of(c->now) - 1) {
        return true;
    }
    if (!sweep_kind(c, "twin", queue, &left) || !sweep_kind(c, "attempt", queue, &left)) {
        return false;
    }
    queue->swept_slot = slot_of(c->now) - 1;
    return true;
}
