/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames as bytes, and the few files that are kept open. Format: log_format.h.
 */
#include "store/log_int.h"

#include "base/cursor.h"
#include "base/digest.h"

#include <assert.h>
#include <stdio.h>

/* What the header's own checksum covers. */
#define HEADER_CRC_FROM 8u

void log_frame_put(const struct log_frame *frame, struct buf *out)
{
    size_t start = out->bytes;

    assert(!frame->slots_first);
    write_u32(out, LOG_FRAME_MAGIC);
    write_u32(out, 0); /* set below */
    write_u32(out, frame->body_crc);
    write_u32(out, frame->count);
    write_u64(out, frame->log);
    write_u64(out, frame->first);
    write_u64(out, (uint64_t)frame->first_at_ms);
    write_u64(out, (uint64_t)frame->last_at_ms);
    write_u32(out, frame->data_bytes);
    write_u32(out, 0);
    write_u64(out, 0);
    assert(buf_spent(out) || out->bytes - start == LOG_FRAME_HEADER_BYTES);
    if (!buf_spent(out)) {
        uint32_t crc = crc32c(0, str_of(out->at + start + HEADER_CRC_FROM,
                                        LOG_FRAME_HEADER_BYTES - HEADER_CRC_FROM));

        memcpy(out->at + start + 4, &crc, sizeof(crc));
    }
}

bool log_frame_get(const char at[LOG_FRAME_HEADER_BYTES], struct log_frame *ret_frame)
{
    struct cursor cursor = cursor_of(str_of(at, LOG_FRAME_HEADER_BYTES));
    struct log_frame frame = {0};
    uint32_t magic = read_u32(&cursor);
    uint32_t crc = read_u32(&cursor);

    frame.body_crc = read_u32(&cursor);
    frame.count = read_u32(&cursor);
    frame.log = read_u64(&cursor);
    frame.first = read_u64(&cursor);
    frame.first_at_ms = (int64_t)read_u64(&cursor);
    frame.last_at_ms = (int64_t)read_u64(&cursor);
    frame.data_bytes = read_u32(&cursor);
    frame.slots_first = magic == LOG_FRAME_MAGIC_1;
    if ((magic != LOG_FRAME_MAGIC && !frame.slots_first) ||
        crc != crc32c(0, str_of(at + HEADER_CRC_FROM, LOG_FRAME_HEADER_BYTES - HEADER_CRC_FROM))) {
        return false;
    }
    if (frame.count == 0 || frame.count > LOG_FRAME_RECORDS_MAX ||
        frame.data_bytes > LOG_RECORD_BYTES_MAX + LOG_CHUNK_BYTES ||
        frame.last_at_ms < frame.first_at_ms) {
        return false;
    }
    *ret_frame = frame;
    return true;
}

const char *log_frame_fault(const struct log_frame *frame, const char *body)
{
    const void *slots_at = body + log_frame_slots_at(frame);
    const struct log_slot *slots = slots_at;
    struct log_slot last = {0, 0};

    if (crc32c(0, str_of(body, (size_t)log_frame_body_bytes(frame))) != frame->body_crc) {
        return "the checksum of its records does not agree";
    }
    for (uint32_t i = 0; i < frame->count; i++) {
        if (slots[i].end < last.end || slots[i].after_ms < last.after_ms) {
            return "its slots do not ascend";
        }
        last = slots[i];
    }
    if (last.end != frame->data_bytes || slots[0].after_ms != 0 ||
        frame->first_at_ms + last.after_ms != frame->last_at_ms) {
        return "its slots do not agree with its header";
    }
    return NULL;
}

/* ---- open files ---- */

status log_files_get(struct log_files *set, const struct logs *logs, uint64_t log,
                     uint32_t segment, struct file **ret_file)
{
    char path[LOG_PATH_BYTES_MAX];
    int mode = set == &logs->files ? FILE_READ : FILE_WRITE | FILE_DIRECT;
    size_t oldest = 0;

    set->tick++;
    for (size_t i = 0; i < LOG_FILES_MAX; i++) {
        if (set->open[i].file != NULL && set->open[i].log == log &&
            set->open[i].segment == segment) {
            set->open[i].used = set->tick;
            *ret_file = set->open[i].file;
            return OK;
        }
        if (set->open[i].used < set->open[oldest].used) {
            oldest = i;
        }
    }
    file_close(set->open[oldest].file);
    set->open[oldest].file = NULL;
    set->open[oldest].used = 0;
    log_segment_path(logs->dir, log, segment, path, sizeof(path));
    TRY(file_open(logs->options.files, path, mode, &set->open[oldest].file));
    set->open[oldest].log = log;
    set->open[oldest].segment = segment;
    set->open[oldest].used = set->tick;
    *ret_file = set->open[oldest].file;
    return OK;
}

void log_files_forget(struct log_files *set, uint64_t log, uint32_t segment)
{
    for (size_t i = 0; i < LOG_FILES_MAX; i++) {
        if (set->open[i].file != NULL && set->open[i].log == log &&
            set->open[i].segment == segment) {
            file_close(set->open[i].file);
            set->open[i].file = NULL;
            set->open[i].used = 0;
        }
    }
}

void log_files_close(struct log_files *set)
{
    for (size_t i = 0; i < LOG_FILES_MAX; i++) {
        file_close(set->open[i].file);
        set->open[i].file = NULL;
        set->open[i].used = 0;
    }
}
