/* SPDX-License-Identifier: Apache-2.0
 *
 * Chunks: the part of the logs that is in memory, and how it is kept below its bound.
 *
 *   - up to half of the bound may be fresh; beyond that the oldest fresh chunks are queued;
 *   - written chunks stay as long as three quarters of the bound are not reached: whoever reads
 *     right behind the writers reads memory;
 *   - at the bound an append waits for the writer. A single record bigger than the bound is let in
 *     once everything else is gone.
 *
 * A tail (log_chunk_is_tail) is passed over once in a round, so that thousands of quiet logs do not
 * each get a file for a handful of records; when there are only tails, they go as well.
 */
#include "store/log_int.h"

#include "base/digest.h"
#include "base/mem.h"

#include <assert.h>

#define SLOTS_FIRST 8u
#define SLOTS_SHARE 16u           /* of a block's data: as much room for slots */
#define SUM_BYTES_MIN (4u * 1024) /* summed in one go while they are in the cache */

size_t log_chunk_block_bytes(const struct logs *logs)
{
    size_t bytes = LOG_FRAME_HEADER_BYTES + logs->chunk_bytes + logs->chunk_bytes / SLOTS_SHARE;

    return (bytes + LOG_BLOCK_BYTES - 1) / LOG_BLOCK_BYTES * LOG_BLOCK_BYTES;
}

/* What a block holds beside the data is not counted. */
static uint64_t chunk_cost(const struct chunk *chunk)
{
    return sizeof(*chunk) + chunk->data_room + chunk->slot_room * sizeof(struct log_slot);
}

struct log_view log_chunk_view(const struct chunk *chunk)
{
    return (struct log_view){&chunk->frame, chunk->slots, chunk->data};
}

static bool is_newest(const struct chunk *chunk)
{
    const struct log *log = chunk->log;

    return log != NULL && log->chunks[log->chunk_count - 1] == chunk;
}

bool log_chunk_is_tail(const struct chunk *chunk)
{
    return chunk->state == CHUNK_FRESH && chunk->frame.data_bytes <= LOG_TAIL_BYTES &&
           chunk->frame.count <= LOG_TAIL_BYTES / 8 && is_newest(chunk);
}

/* ---- memory of one chunk ---- */

/* The chunk's data, of room bytes: in a block if it is to be a full one. */
static void data_take(struct logs *logs, struct chunk *chunk, uint32_t room)
{
    chunk->data_room = room;
    if (room != logs->chunk_bytes) {
        chunk->data = mem_alloc(room);
        return;
    }
    chunk->block = logs->spare_count > 0
                       ? logs->spare[--logs->spare_count]
                       : mem_aligned(LOG_BLOCK_BYTES, log_chunk_block_bytes(logs));
    chunk->data = chunk->block + LOG_FRAME_HEADER_BYTES;
}

static void data_give(struct logs *logs, struct chunk *chunk)
{
    if (chunk->block == NULL) {
        mem_free(chunk->data);
    } else if (logs->chunk_bytes == LOG_CHUNK_BYTES && logs->spare_count < LOG_SPARE_CHUNKS_MAX) {
        logs->spare[logs->spare_count++] = chunk->block;
    } else {
        mem_free(chunk->block);
    }
}

static void data_grow(struct logs *logs, struct chunk *chunk, uint32_t room)
{
    if (room != logs->chunk_bytes) {
        chunk->data = mem_grow(chunk->data, room);
        chunk->data_room = room;
        return;
    }
    char *outgrown = chunk->data;

    data_take(logs, chunk, room);
    memcpy(chunk->data, outgrown, chunk->frame.data_bytes);
    mem_free(outgrown);
}

static void chunk_free(struct logs *logs, struct chunk *chunk)
{
    uint64_t cost = chunk_cost(chunk);

    assert(logs->memory_bytes >= cost);
    logs->memory_bytes -= cost;
    if (chunk->state == CHUNK_FRESH) {
        assert(logs->fresh_bytes >= cost);
        logs->fresh_bytes -= cost;
    }
    link_remove(&chunk->link);
    data_give(logs, chunk);
    mem_free(chunk->slots);
    mem_free(chunk);
}

void log_chunk_shift(struct logs *logs, struct log *log)
{
    struct chunk *chunk = log->chunks[0];

    assert(log->chunk_count > 0);
    log->chunk_count--;
    memmove(log->chunks, log->chunks + 1, log->chunk_count * sizeof(log->chunks[0]));
    if (chunk->state == CHUNK_QUEUED) { /* the writer has it: freed when it comes back */
        chunk->log = NULL;
        chunk->segment = NULL;
        return;
    }
    chunk_free(logs, chunk);
}

/* ---- keeping the bound ---- */

void log_chunk_queue(struct logs *logs, struct chunk *chunk)
{
    uint64_t bytes = log_frame_bytes(&chunk->frame);
    struct log_segment *segment = log_segment_for(logs, chunk->log, bytes);

    assert(chunk->state == CHUNK_FRESH);
    assert(chunk->frame.count > 0);
    chunk->log->last_chunk_bytes = chunk->frame.data_bytes;
    chunk->segment = segment;
    chunk->number = segment->number;
    chunk->offset = segment->bytes;
    log_segment_add(logs, segment, &chunk->frame);
    segment->unwritten++;
    chunk->state = CHUNK_QUEUED;
    logs->fresh_bytes -= chunk_cost(chunk);
    link_remove(&chunk->link);
    list_push(&logs->settled, &chunk->link);
    log_spill_push(logs, chunk);
}

void log_chunks_drain(struct logs *logs)
{
    struct chunk *next = NULL;

    for (struct chunk *chunk = log_spill_take_done(logs); chunk != NULL; chunk = next) {
        next = chunk->next;
        assert(chunk->state == CHUNK_QUEUED);
        chunk->state = CHUNK_WRITTEN;
        if (chunk->log == NULL) {
            chunk_free(logs, chunk);
        } else {
            assert(chunk->segment->unwritten > 0);
            chunk->segment->unwritten--;
        }
    }
}

/* Queues the oldest fresh chunks until at most bytes_max of them are left. */
static void queue_down_to(struct logs *logs, uint64_t bytes_max)
{
    const struct chunk *first_spared = NULL;
    bool sparing = true;

    while (logs->fresh_bytes > bytes_max && !link_alone(&logs->fresh)) {
        struct chunk *chunk = LINK_OWNER(logs->fresh.next, struct chunk, link);

        sparing = sparing && chunk != first_spared; /* once round: only tails are left */
        if (sparing && log_chunk_is_tail(chunk)) {
            first_spared = first_spared == NULL ? chunk : first_spared;
            link_remove(&chunk->link);
            list_push(&logs->fresh, &chunk->link);
            continue;
        }
        log_chunk_queue(logs, chunk);
    }
}

/* Frees the oldest settled chunk if it is written; false when it is not (or there is none). */
static bool free_oldest(struct logs *logs)
{
    struct chunk *chunk = NULL;

    if (link_alone(&logs->settled)) {
        return false;
    }
    chunk = LINK_OWNER(logs->settled.next, struct chunk, link);
    if (chunk->state != CHUNK_WRITTEN) {
        return false;
    }
    assert(chunk->log->chunks[0] == chunk);
    log_chunk_shift(logs, chunk->log);
    return true;
}

/* Makes room for bytes more, waiting if it must. */
static void make_room(struct logs *logs, uint64_t bytes)
{
    uint64_t bytes_max = logs->options.memory_bytes_max;

    if (logs->memory_bytes + bytes <= bytes_max / 2) {
        return;
    }
    queue_down_to(logs, bytes_max / 2 > bytes ? bytes_max / 2 - bytes : 0);
    log_chunks_drain(logs);
    while (logs->memory_bytes + bytes > bytes_max / 4 * 3 && free_oldest(logs)) {
    }
    while (logs->memory_bytes + bytes > bytes_max) {
        if (free_oldest(logs)) {
            continue;
        }
        if (link_alone(&logs->settled)) {
            if (link_alone(&logs->fresh)) {
                return; /* a giant, alone */
            }
            queue_down_to(logs, 0);
        }
        log_spill_wait_any(logs);
        log_chunks_drain(logs);
    }
}

/* ---- appending ---- */

static struct chunk *chunk_new(struct logs *logs, struct log *log, size_t data_bytes, int64_t at_ms)
{
    uint32_t room = LOG_CHUNK_FIRST_BYTES;
    struct chunk *chunk = NULL;

    if (log->last_chunk_bytes >= logs->chunk_bytes / 2) {
        room = logs->chunk_bytes;
    } else if (log->last_chunk_bytes / 2 > room) {
        room = log->last_chunk_bytes / 2;
    }
    if (room < data_bytes) {
        room = (uint32_t)data_bytes;
    }
    make_room(logs, sizeof(*chunk) + room + SLOTS_FIRST * sizeof(struct log_slot));
    chunk = MEM_NEW(struct chunk);
    chunk->log = log;
    data_take(logs, chunk, room);
    chunk->slot_room = SLOTS_FIRST;
    chunk->slots = mem_alloc(SLOTS_FIRST * sizeof(struct log_slot));
    chunk->frame.log = log->number;
    chunk->frame.first = log->state.last + 1;
    chunk->frame.first_at_ms = at_ms;
    list_push(&logs->fresh, &chunk->link);
    logs->memory_bytes += chunk_cost(chunk);
    logs->fresh_bytes += chunk_cost(chunk);
    if (log->chunk_count == log->chunk_room) {
        log->chunk_room = log->chunk_room == 0 ? 1 : 2 * log->chunk_room;
        log->chunks = mem_grow(log->chunks, log->chunk_room * sizeof(log->chunks[0]));
    }
    log->chunks[log->chunk_count++] = chunk;
    return chunk;
}

static bool chunk_takes(const struct logs *logs, const struct chunk *chunk, size_t data_bytes,
                        int64_t at_ms)
{
    return chunk->state == CHUNK_FRESH && chunk->frame.count < LOG_FRAME_RECORDS_MAX &&
           chunk->frame.data_bytes + data_bytes <= logs->chunk_bytes &&
           at_ms - chunk->frame.first_at_ms <= UINT32_MAX;
}

/* Growing may queue this very chunk to make room; then there is a new one to be taken. */
static bool chunk_grow(struct logs *logs, struct chunk *chunk, size_t data_bytes)
{
    struct log *log = chunk->log;
    uint32_t data_room = chunk->data_room;
    uint32_t slot_room = chunk->slot_room;
    uint64_t before = chunk_cost(chunk);

    while (data_room < chunk->frame.data_bytes + data_bytes) {
        data_room *= 2;
    }
    data_room = data_room > logs->chunk_bytes ? logs->chunk_bytes : data_room;
    slot_room = chunk->frame.count == slot_room ? 2 * slot_room : slot_room;
    make_room(logs, data_room - chunk->data_room +
                        (slot_room - chunk->slot_room) * sizeof(struct log_slot));
    if (log->chunk_count == 0 || log->chunks[log->chunk_count - 1] != chunk ||
        chunk->state != CHUNK_FRESH) {
        return false;
    }
    if (data_room != chunk->data_room) {
        data_grow(logs, chunk, data_room);
    }
    if (slot_room != chunk->slot_room) {
        chunk->slots = mem_grow(chunk->slots, slot_room * sizeof(struct log_slot));
        chunk->slot_room = slot_room;
    }
    logs->memory_bytes += chunk_cost(chunk) - before;
    logs->fresh_bytes += chunk_cost(chunk) - before;
    return true;
}

struct chunk *log_chunk_for(struct logs *logs, struct log *log, size_t data_bytes, int64_t at_ms)
{
    if (log->chunk_count > 0) {
        struct chunk *chunk = log->chunks[log->chunk_count - 1];

        if (chunk_takes(logs, chunk, data_bytes, at_ms)) {
            bool fits = chunk->frame.data_bytes + data_bytes <= chunk->data_room &&
                        chunk->frame.count < chunk->slot_room;

            if (fits || chunk_grow(logs, chunk, data_bytes)) {
                return chunk;
            }
        } else if (chunk->state == CHUNK_FRESH) {
            log->last_chunk_bytes = chunk->frame.data_bytes;
        }
    }
    return chunk_new(logs, log, data_bytes, at_ms);
}

static void data_add(struct chunk *chunk, struct str part)
{
    if (part.bytes > 0) {
        memcpy(chunk->data + chunk->frame.data_bytes, part.at, part.bytes);
        chunk->frame.data_bytes += (uint32_t)part.bytes;
    }
}

void log_chunk_add(struct chunk *chunk, int64_t at_ms, struct str head, struct str data)
{
    struct log_frame *frame = &chunk->frame;

    assert(frame->count < chunk->slot_room);
    assert(frame->data_bytes + head.bytes + data.bytes <= chunk->data_room);
    data_add(chunk, head);
    data_add(chunk, data);
    if (frame->data_bytes - chunk->summed_bytes >= SUM_BYTES_MIN) {
        chunk->data_crc = crc32c(chunk->data_crc, str_of(chunk->data + chunk->summed_bytes,
                                                         frame->data_bytes - chunk->summed_bytes));
        chunk->summed_bytes = frame->data_bytes;
    }
    chunk->slots[frame->count++] =
        (struct log_slot){frame->data_bytes, (uint32_t)(at_ms - frame->first_at_ms)};
    frame->last_at_ms = at_ms;
}

void log_chunks_free(struct logs *logs)
{
    struct log *log = NULL;

    log_chunks_drain(logs);
    for (size_t i = 0; log_table_next(&logs->table, &i, &log);) {
        log->chunk_count = 0;
    }
    while (!link_alone(&logs->fresh)) {
        chunk_free(logs, LINK_OWNER(logs->fresh.next, struct chunk, link));
    }
    while (!link_alone(&logs->settled)) {
        chunk_free(logs, LINK_OWNER(logs->settled.next, struct chunk, link));
    }
    assert(logs->memory_bytes == 0);
    assert(logs->fresh_bytes == 0);
    while (logs->spare_count > 0) {
        mem_free(logs->spare[--logs->spare_count]);
    }
}
