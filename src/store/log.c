/* SPDX-License-Identifier: Apache-2.0
 *
 * Logs as their users see them: opening, appending, trimming, dropping. Memory is log_chunk.c's,
 * files are log_segment.c's, checkpoints log_checkpoint.c's, reading log_read.c's.
 *
 * Invariants of a log: chunks in memory are its newest records without gaps; segments hold, without
 * gaps, everything from the oldest kept record to the newest queued one; what is in both is equal.
 */
#include "store/log_int.h"

#include "base/mem.h"

#include <assert.h>
#include <stdio.h>

#define CHUNK_BYTES_MIN 4096u

struct log *log_find(struct logs *logs, uint64_t number)
{
    if (logs->newest == NULL || logs->newest->number != number) {
        logs->newest = log_table_get(&logs->table, number);
    }
    return logs->newest;
}

void logs_make(struct logs *logs, uint64_t number)
{
    struct log *log = NULL;

    assert(number > 0);
    if (log_find(logs, number) != NULL) {
        return;
    }
    log = MEM_NEW(struct log);
    log->number = number;
    log_table_add(&logs->table, log);
    logs->highest = number > logs->highest ? number : logs->highest;
}

uint64_t logs_highest(const struct logs *logs)
{
    return logs->highest;
}

struct log_state logs_state(struct logs *logs, uint64_t number)
{
    struct log *log = log_find(logs, number);

    return log == NULL ? (struct log_state){0} : log->state;
}

void logs_append_headed(struct logs *logs, uint64_t number, struct str head,
                        const struct log_record *record)
{
    struct log *log = log_find(logs, number);
    size_t bytes = head.bytes + record->data.bytes;
    struct chunk *chunk = NULL;

    assert(log != NULL);
    assert(bytes <= LOG_RECORD_BYTES_MAX);
    if (record->sequence <= log->state.last) {
        return;
    }
    assert(record->sequence == log->state.last + 1);
    assert(log->state.last == 0 || record->at_ms >= log->state.last_at_ms);
    chunk = log_chunk_for(logs, log, bytes, record->at_ms);
    log_chunk_add(chunk, record->at_ms, head, record->data);
    log->state.last = record->sequence;
    log->state.last_at_ms = record->at_ms;
    log->state.first = log->state.first == 0 ? 1 : log->state.first;
    log->state.bytes += bytes;
}

void logs_append(struct logs *logs, uint64_t number, uint64_t sequence, int64_t at_ms,
                 struct str data)
{
    struct log_record record = {sequence, at_ms, data};

    logs_append_headed(logs, number, STR_NONE, &record);
}

static void bytes_gone(struct log *log, uint64_t bytes)
{
    log->state.bytes -= bytes < log->state.bytes ? bytes : log->state.bytes;
}

void logs_trim(struct logs *logs, uint64_t number, uint64_t before_sequence)
{
    struct log *log = log_find(logs, number);
    uint64_t first = before_sequence;

    if (log == NULL || log->state.last == 0) {
        return;
    }
    first = first > log->state.last + 1 ? log->state.last + 1 : first;
    if (first <= log->state.first) {
        return;
    }
    log->state.first = first;
    while (log->chunk_count > 0) {
        const struct chunk *chunk = log->chunks[0];

        if (chunk->frame.first + chunk->frame.count > first) {
            break;
        }
        if (chunk->segment == NULL) { /* else it goes with its segment */
            bytes_gone(log, chunk->frame.data_bytes);
        }
        log_chunk_shift(logs, log);
    }
    while (log->segment_count > 0 && log->segments[0]->last < first) {
        bytes_gone(log, log->segments[0]->data_bytes);
        log_segment_doom(logs, log);
    }
    if (first == log->state.last + 1) {
        log->state.bytes = 0;
    }
}

static void log_free(struct log *log)
{
    for (uint32_t i = 0; i < log->segment_count; i++) {
        log_segment_free(log->segments[i]);
    }
    mem_free(log->segments);
    mem_free(log->chunks);
    mem_free(log);
}

void logs_drop(struct logs *logs, uint64_t number)
{
    struct log *log = log_find(logs, number);

    if (log == NULL) {
        return;
    }
    while (log->chunk_count > 0) {
        log_chunk_shift(logs, log);
    }
    while (log->segment_count > 0) {
        log_segment_doom(logs, log);
    }
    log_table_remove(&logs->table, number);
    log_free(log);
    logs->newest = NULL;
}

/* ---- opening and closing ---- */

static struct logs *logs_new(const struct logs_options *options, bool read_only)
{
    struct logs *logs = MEM_NEW(struct logs);

    logs->options = *options;
    logs->dir = mem_dup(options->dir, str_c(options->dir).bytes);
    logs->options.dir = logs->dir;
    logs->read_only = read_only;
    if (logs->options.memory_bytes_max == 0) {
        logs->options.memory_bytes_max = LOG_MEMORY_BYTES_DEFAULT;
    }
    if (logs->options.segment_bytes == 0) {
        logs->options.segment_bytes = LOG_SEGMENT_BYTES_DEFAULT;
    }
    logs->chunk_bytes = LOG_CHUNK_BYTES;
    while (logs->chunk_bytes > CHUNK_BYTES_MIN &&
           logs->chunk_bytes > logs->options.memory_bytes_max / 16) {
        logs->chunk_bytes /= 2;
    }
    link_init(&logs->fresh);
    link_init(&logs->settled);
    link_init(&logs->dirty);
    link_init(&logs->loaded);
    log_spill_start(logs);
    return logs;
}

static void logs_end(struct logs *logs, bool abandon)
{
    struct log *log = NULL;

    log_spill_stop(logs, abandon);
    log_checkpoint_free(logs);
    log_chunks_free(logs);
    for (size_t i = 0; log_table_next(&logs->table, &i, &log);) {
        log_free(log);
    }
    log_table_done(&logs->table);
    while (logs->doomed != NULL) {
        struct log_segment *next = logs->doomed->next;

        log_segment_free(logs->doomed);
        logs->doomed = next;
    }
    log_cache_clear(logs);
    log_files_close(&logs->files);
    mem_free(logs->dir);
    mem_free(logs);
}

void logs_close(struct logs *logs)
{
    if (logs != NULL) {
        logs_end(logs, false);
    }
}

void logs_abandon(struct logs *logs)
{
    if (logs != NULL) {
        logs_end(logs, true);
    }
}

static status open_logs(const struct logs_options *options, bool read_only, uint64_t position,
                        struct why *why, struct logs **ret_logs)
{
    struct logs *logs = logs_new(options, read_only);
    const struct files *files = options->files;
    status opened = read_only ? OK : files->dir(files->ctx, logs->dir, NULL, NULL);

    if (opened != OK) {
        why_set(why, opened, "logs: cannot make %s", logs->dir);
    } else if (position > 0) {
        opened = log_manifest_read(logs, position, why);
    }
    if (opened == OK && !read_only) { /* fsck looks for itself */
        logs->noted = position;
        opened = log_files_check(logs, why);
    }
    if (opened != OK) {
        logs_close(logs);
        return opened;
    }
    *ret_logs = logs;
    return OK;
}

status logs_open(const struct logs_options *options, uint64_t position, struct why *why,
                 struct logs **ret_logs)
{
    return open_logs(options, false, position, why, ret_logs);
}

status logs_open_read(const struct logs_options *options, uint64_t position, struct why *why,
                      struct logs **ret_logs)
{
    return open_logs(options, true, position, why, ret_logs);
}
