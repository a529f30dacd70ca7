/* SPDX-License-Identifier: Apache-2.0
 *
 * Manifests as bytes: what all logs were at one position. Format: log_format.h. Reading one checks
 * everything that the rest of the code relies on; a manifest that breaks a rule is corrupt, even
 * when its checksum agrees.
 */
#include "store/log_int.h"

#include "base/cursor.h"
#include "base/digest.h"
#include "base/mem.h"

#include <assert.h>
#include <stdio.h>

size_t log_manifest_path(const char *dir, uint64_t position, char *out, size_t room)
{
    int bytes = snprintf(out, room, "%s/manifest-%020llu", dir, (unsigned long long)position);

    assert(bytes > 0);
    assert((size_t)bytes < room);
    return (size_t)bytes;
}

/* ---- writing ---- */

static void put_segment(const struct log_segment *segment, struct buf *out)
{
    write_var(out, segment->number);
    write_var(out, segment->first);
    write_var(out, segment->last - segment->first + 1);
    write_zigzag(out, segment->first_at_ms);
    write_var(out, (uint64_t)(segment->last_at_ms - segment->first_at_ms));
    write_var(out, segment->bytes);
    write_var(out, segment->data_bytes);
}

static void put_tail(const struct log *log, struct buf *out)
{
    const struct chunk *tail = log->chunk_count > 0 ? log->chunks[log->chunk_count - 1] : NULL;
    uint32_t start = 0;

    if (tail == NULL || tail->state != CHUNK_FRESH) {
        write_var(out, 0);
        return;
    }
    write_var(out, tail->frame.count);
    for (uint32_t i = 0; i < tail->frame.count; i++) {
        write_zigzag(out, tail->frame.first_at_ms + tail->slots[i].after_ms);
        write_str(out, str_of(tail->data + start, tail->slots[i].end - start));
        start = tail->slots[i].end;
    }
}

void log_manifest_write(struct logs *logs, uint64_t position, struct buf *out)
{
    struct log *log = NULL;
    uint64_t body_bytes = 0;
    uint32_t crc = 0;

    buf_add(out, STR(LOG_MANIFEST_MAGIC));
    write_u32(out, LOG_MANIFEST_VERSION);
    write_u32(out, 0); /* checksum and size are set below */
    write_u64(out, 0);
    write_u64(out, position);
    write_var(out, logs->highest);
    write_var(out, logs->table.count);
    for (size_t i = 0; log_table_next(&logs->table, &i, &log);) {
        write_var(out, log->number);
        write_var(out, log->state.first);
        write_var(out, log->state.last);
        write_zigzag(out, log->state.last_at_ms);
        write_var(out, log->next_segment);
        write_var(out, log->segment_count);
        for (uint32_t s = 0; s < log->segment_count; s++) {
            put_segment(log->segments[s], out);
        }
        put_tail(log, out);
    }
    assert(!buf_spent(out));
    body_bytes = out->bytes - LOG_MANIFEST_HEADER_BYTES;
    crc = crc32c(0, str_of(out->at + LOG_MANIFEST_HEADER_BYTES, body_bytes));
    memcpy(out->at + 12, &crc, sizeof(crc));
    memcpy(out->at + 16, &body_bytes, sizeof(body_bytes));
}

/* ---- reading ---- */

static bool get_segment(struct cursor *cursor, struct log *log)
{
    struct log_segment *segment = MEM_NEW(struct log_segment);
    uint64_t number = read_var(cursor);
    uint64_t first = read_var(cursor);
    uint64_t count = read_var(cursor);
    int64_t first_at_ms = read_zigzag(cursor);
    uint64_t span_ms = read_var(cursor);
    const struct log_segment *former =
        log->segment_count > 0 ? log->segments[log->segment_count - 1] : NULL;

    link_init(&segment->dirty);
    link_init(&segment->loaded);
    log_segment_push(log, segment);
    segment->log = log->number;
    segment->number = (uint32_t)number;
    segment->first = first;
    segment->last = first + count - 1;
    segment->first_at_ms = first_at_ms;
    segment->last_at_ms = (int64_t)((uint64_t)first_at_ms + span_ms);
    segment->bytes = read_var(cursor);
    segment->data_bytes = read_var(cursor);
    if (!cursor_ok(cursor) || number >= log->next_segment || first == 0 || count == 0 ||
        segment->last > log->state.last || segment->last < segment->first ||
        segment->last_at_ms < first_at_ms || segment->data_bytes > segment->bytes) {
        return false;
    }
    log->state.bytes += segment->data_bytes;
    return former == NULL ? first <= log->state.first
                          : former->last + 1 == first && former->number < number &&
                                former->last_at_ms <= first_at_ms;
}

/* The tail goes back into memory by being appended. */
static bool get_tail(struct logs *logs, struct cursor *cursor, struct log *log, uint64_t last)
{
    uint64_t count = read_var(cursor);

    if (count > LOG_FRAME_RECORDS_MAX || count > last) {
        return false;
    }
    log->state.last = last - count;
    if (log->segment_count > 0 &&
        log->segments[log->segment_count - 1]->last != log->state.last) {
        return false;
    }
    if (log->segment_count > 0) {
        log->state.last_at_ms = log->segments[log->segment_count - 1]->last_at_ms;
    }
    for (uint64_t i = 0; i < count; i++) {
        int64_t at_ms = read_zigzag(cursor);
        struct str data = read_str(cursor);
        bool first_ever = log->segment_count == 0 && i == 0;

        if (!cursor_ok(cursor) || data.bytes > LOG_RECORD_BYTES_MAX ||
            (!first_ever && at_ms < log->state.last_at_ms)) {
            return false;
        }
        log->state.last_at_ms = at_ms; /* what a trimmed log had is not older */
        logs_append(logs, log->number, log->state.last + 1, at_ms, data);
    }
    return true;
}

static bool get_log(struct logs *logs, struct cursor *cursor)
{
    uint64_t number = read_var(cursor);
    uint64_t first = read_var(cursor);
    uint64_t last = read_var(cursor);
    int64_t last_at_ms = read_zigzag(cursor);
    uint64_t next_segment = read_var(cursor);
    uint64_t segment_count = read_var(cursor);

    if (!cursor_ok(cursor) || number == 0 || number > logs->highest ||
        log_find(logs, number) != NULL || first > last + 1 || (first == 0) != (last == 0) ||
        last == UINT64_MAX || next_segment > UINT32_MAX || segment_count > next_segment) {
        return false;
    }
    logs_make(logs, number);
    struct log *log = log_find(logs, number);

    log->state.first = first;
    log->state.last = last;
    log->next_segment = (uint32_t)next_segment;
    for (uint64_t i = 0; i < segment_count; i++) {
        if (!get_segment(cursor, log)) {
            return false;
        }
    }
    if (!get_tail(logs, cursor, log, last)) {
        return false;
    }
    assert(log->state.last == last);
    log->state.last_at_ms = last_at_ms;
    if (last == 0 || first == last + 1 || log->segment_count > 0) {
        return true;
    }
    return log->chunk_count > 0 && log->chunks[0]->frame.first <= first;
}

static bool get_body(struct logs *logs, uint64_t position, struct cursor *cursor)
{
    if (read_u64(cursor) != position) {
        return false;
    }
    uint64_t highest = read_var(cursor);
    uint64_t count = read_var(cursor);

    logs->highest = highest;
    for (uint64_t i = 0; i < count; i++) {
        if (!get_log(logs, cursor)) {
            return false;
        }
    }
    return cursor_done(cursor) && logs->highest == highest;
}

static status load(struct logs *logs, const char *path, struct why *why, char **ret_at,
                   size_t *ret_bytes)
{
    struct file *file = NULL;
    uint64_t bytes = 0;
    size_t got = 0;
    char *at = NULL;
    status loaded = file_open(logs->options.files, path, FILE_READ, &file);

    if (loaded != OK) {
        return why_set(why, loaded == &ERR_NOT_FOUND ? &ERR_CORRUPT : loaded,
                       "logs: %s cannot be opened", path);
    }
    loaded = file_size(file, &bytes);
    if (loaded == OK && bytes > LOG_MANIFEST_BYTES_MAX) {
        loaded = &ERR_CORRUPT;
    }
    if (loaded == OK) {
        at = mem_alloc((size_t)bytes + 1);
        loaded = file_read(file, 0, at, (size_t)bytes, &got);
    }
    file_close(file);
    if (loaded != OK) {
        mem_free(at);
        return why_set(why, loaded, "logs: %s cannot be read", path);
    }
    *ret_at = at;
    *ret_bytes = got;
    return OK;
}

static status parse(struct logs *logs, uint64_t position, struct str text, const char *path,
                    struct why *why)
{
    struct cursor cursor = cursor_of(text);
    struct str magic = read_bytes(&cursor, 8);
    uint32_t version = read_u32(&cursor);
    uint32_t crc = read_u32(&cursor);
    uint64_t body_bytes = read_u64(&cursor);

    if (!cursor_ok(&cursor) || !str_eq(magic, STR(LOG_MANIFEST_MAGIC))) {
        return why_set(why, &ERR_CORRUPT, "logs: %s is not a manifest", path);
    }
    if (version > LOG_MANIFEST_VERSION) {
        return why_set(why, &ERR_VERSION, "logs: %s has version %u; this weir reads up to %u", path,
                       version, LOG_MANIFEST_VERSION);
    }
    if (cursor.rest.bytes != body_bytes || crc32c(0, cursor.rest) != crc) {
        return why_set(why, &ERR_CORRUPT, "logs: the checksum of %s does not agree", path);
    }
    if (!get_body(logs, position, &cursor)) {
        return why_set(why, &ERR_CORRUPT, "logs: %s contradicts itself", path);
    }
    return OK;
}

status log_manifest_read(struct logs *logs, uint64_t position, struct why *why)
{
    char path[LOG_PATH_BYTES_MAX];
    char *at = NULL;
    size_t bytes = 0;
    status parsed = OK;
    uint64_t memory_bytes_max = logs->options.memory_bytes_max;

    log_manifest_path(logs->dir, position, path, sizeof(path));
    TRY(load(logs, path, why, &at, &bytes));
    logs->options.memory_bytes_max = UINT64_MAX; /* nothing is to be written while loading */
    parsed = parse(logs, position, str_of(at, bytes), path, why);
    logs->options.memory_bytes_max = memory_bytes_max;
    mem_free(at);
    return parsed;
}
