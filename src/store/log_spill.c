/* SPDX-License-Identifier: Apache-2.0
 *
 * The writer of segments. Chunks come in order, immutable, with their place given; each is written
 * in one direct piece, unsynced (checkpoints sync), and goes onto the done list, where the
 * cell finds it. Without a thread the same happens at once, in the caller.
 *
 * A write that fails ends the process: the journal has every record, and the next start writes them
 * again.
 */
#include "store/log_int.h"

#include "base/digest.h"
#include "base/mem.h"
#include "sys/log.h"

#include <assert.h>

/* Where the frame is made as it will lie in the file: in the chunk's own block, around its data, or
 * in the writer's, with a copy. Either is aligned, so one direct write takes it past the page
 * cache: copying fresh pages there was half of all work when records came at hundreds of MB/s. */
static char *block_for(struct logs *logs, const struct chunk *chunk)
{
    struct log_spill *spill = &logs->spill;
    size_t bytes = (size_t)log_frame_bytes(&chunk->frame);

    if (chunk->block != NULL && bytes <= log_chunk_block_bytes(logs)) {
        return chunk->block;
    }
    if (bytes > spill->block_room) {
        mem_free(spill->block);
        spill->block = mem_aligned(LOG_BLOCK_BYTES, bytes);
        spill->block_room = bytes;
    }
    memcpy(spill->block + LOG_FRAME_HEADER_BYTES, chunk->data, chunk->frame.data_bytes);
    return spill->block;
}

/* Readers use the chunk's data and slots meanwhile; what is written into its block stands before
 * and behind the data. */
static const char *make_block(struct logs *logs, const struct chunk *chunk)
{
    struct log_spill *spill = &logs->spill;
    struct log_frame frame = chunk->frame;
    char *block = block_for(logs, chunk);
    char *body = block + LOG_FRAME_HEADER_BYTES;
    size_t slots_at = (size_t)log_frame_slots_at(&frame);
    size_t body_bytes = (size_t)log_frame_body_bytes(&frame);

    memset(body + frame.data_bytes, 0, slots_at - frame.data_bytes);
    memcpy(body + slots_at, chunk->slots, frame.count * sizeof(struct log_slot));
    memset(body + body_bytes, 0,
           (size_t)log_frame_bytes(&frame) - LOG_FRAME_HEADER_BYTES - body_bytes);
    frame.body_crc = crc32c(chunk->data_crc,
                            str_of(body + chunk->summed_bytes, body_bytes - chunk->summed_bytes));
    buf_clear(&spill->head);
    log_frame_put(&frame, &spill->head);
    assert(!buf_spent(&spill->head));
    memcpy(block, spill->head.at, LOG_FRAME_HEADER_BYTES);
    return block;
}

static void write_frame(struct logs *logs, const struct chunk *chunk)
{
    struct log_spill *spill = &logs->spill;
    const struct log_frame *frame = &chunk->frame;
    struct file *file = NULL;
    const char *block = NULL;
    status wrote = OK;

    lock_take(&spill->files_lock);
    block = make_block(logs, chunk);
    wrote = log_files_get(&spill->files, logs, frame->log, chunk->number, &file);
    if (wrote == OK) {
        wrote = file_write(file, chunk->offset, block, (size_t)log_frame_bytes(frame));
    }
    lock_give(&spill->files_lock);
    if (wrote != OK) {
        sys_die("logs", "cannot write a segment in %s (%s)", logs->dir, wrote->code);
    }
}

static void note_done(struct log_spill *spill, struct chunk *chunk)
{
    chunk->next = NULL;
    *spill->done_end = chunk;
    spill->done_end = &chunk->next;
    spill->written_count++;
    atomic_store(&spill->any_done, true);
    cond_wake_all(&spill->written);
}

static void run(void *arg)
{
    struct logs *logs = arg;
    struct log_spill *spill = &logs->spill;

    lock_take(&spill->lock);
    for (;;) {
        while (spill->queue == NULL && !spill->stop) {
            cond_wait(&spill->work, &spill->lock);
        }
        if (spill->queue == NULL || spill->abandon) {
            break;
        }
        struct chunk *chunk = spill->queue;

        spill->queue = chunk->next;
        if (spill->queue == NULL) {
            spill->queue_end = &spill->queue;
        }
        lock_give(&spill->lock);
        write_frame(logs, chunk);
        lock_take(&spill->lock);
        note_done(spill, chunk);
    }
    lock_give(&spill->lock);
}

void log_spill_start(struct logs *logs)
{
    struct log_spill *spill = &logs->spill;

    lock_init(&spill->lock);
    lock_init(&spill->files_lock);
    cond_init(&spill->work);
    cond_init(&spill->written);
    buf_init(&spill->head, LOG_FRAME_HEADER_BYTES);
    spill->queue_end = &spill->queue;
    spill->done_end = &spill->done;
    if (logs->options.thread && !logs->read_only) {
        spill->running = true;
        thread_start(&spill->thread, "weir-spill", run, logs);
    }
}

void log_spill_stop(struct logs *logs, bool abandon)
{
    struct log_spill *spill = &logs->spill;

    if (spill->running) {
        lock_take(&spill->lock);
        spill->stop = true;
        spill->abandon = abandon;
        cond_wake_all(&spill->work);
        lock_give(&spill->lock);
        thread_join(&spill->thread);
        spill->running = false;
    }
    while (spill->queue != NULL) { /* abandoned: never to be written */
        struct chunk *chunk = spill->queue;

        spill->queue = chunk->next;
        note_done(spill, chunk);
    }
    log_files_close(&spill->files);
    buf_done(&spill->head);
    mem_free(spill->block);
    spill->block = NULL;
    spill->block_room = 0;
}

void log_spill_push(struct logs *logs, struct chunk *chunk)
{
    struct log_spill *spill = &logs->spill;

    chunk->next = NULL;
    if (!spill->running) {
        write_frame(logs, chunk);
        spill->queued_count++;
        note_done(spill, chunk);
        return;
    }
    lock_take(&spill->lock);
    *spill->queue_end = chunk;
    spill->queue_end = &chunk->next;
    spill->queued_count++;
    cond_wake_one(&spill->work);
    lock_give(&spill->lock);
}

struct chunk *log_spill_take_done(struct logs *logs)
{
    struct log_spill *spill = &logs->spill;
    struct chunk *done = NULL;

    if (!atomic_load(&spill->any_done)) {
        return NULL;
    }
    lock_take(&spill->lock);
    done = spill->done;
    spill->done = NULL;
    spill->done_end = &spill->done;
    atomic_store(&spill->any_done, false);
    lock_give(&spill->lock);
    return done;
}

void log_spill_wait_any(struct logs *logs)
{
    struct log_spill *spill = &logs->spill;

    lock_take(&spill->lock);
    assert(spill->done != NULL || spill->queued_count > spill->written_count);
    while (spill->done == NULL) {
        cond_wait(&spill->written, &spill->lock);
    }
    lock_give(&spill->lock);
}

void log_spill_wait(struct logs *logs, uint64_t ticket)
{
    struct log_spill *spill = &logs->spill;

    lock_take(&spill->lock);
    while (spill->written_count < ticket) {
        cond_wait(&spill->written, &spill->lock);
    }
    lock_give(&spill->lock);
}

void log_spill_forget(struct logs *logs, uint64_t log, uint32_t segment)
{
    lock_take(&logs->spill.files_lock);
    log_files_forget(&logs->spill.files, log, segment);
    lock_give(&logs->spill.files_lock);
}
