/* SPDX-License-Identifier: Apache-2.0
 *
 * Checking the logs' files, nothing opened for writing: the manifest's checksum and rules, then
 * every frame of every segment it names, in order: header, checksum of the records, whose log, gap
 * or overlap, and that frames and records end where the manifest says. What lies behind that end
 * was written after the checkpoint and is not looked at: the next start cuts it.
 */
#include "store/log_int.h"

#include "base/mem.h"

#include <assert.h>
#include <stdio.h>

#define LINE_BYTES_MAX (LOG_PATH_BYTES_MAX + 256)

struct check {
    struct logs *logs;                            /* opened to read */
    void (*report)(void *arg, const char *line);  /* the caller's */
    void *arg;                                    /* for it */
    uint64_t findings;                            /* reported */
    uint64_t records;                             /* looked at */
};

static void say(struct check *check, const struct log_segment *segment, uint64_t offset,
                const char *what)
{
    char line[LINE_BYTES_MAX];

    snprintf(line, sizeof(line), "logs: %s/%016llx-%08x.seg, offset %llu: %s", check->logs->dir,
             (unsigned long long)segment->log, segment->number, (unsigned long long)offset, what);
    check->report(check->arg, line);
    check->findings++;
}

/* NULL, or what is wrong with the frame at offset. */
static const char *frame_check(struct check *check, const struct log_segment *segment,
                               struct file *file, uint64_t offset, struct log_frame *frame)
{
    char header[LOG_FRAME_HEADER_BYTES];
    size_t got = 0;
    const char *fault = NULL;

    if (file_read(file, offset, header, sizeof(header), &got) != OK) {
        return "cannot be read";
    }
    if (got < sizeof(header) || !log_frame_get(header, frame) ||
        offset + log_frame_bytes(frame) > segment->bytes) {
        return "no frame begins here";
    }
    size_t used = (size_t)log_frame_body_bytes(frame);
    size_t bytes = (size_t)log_frame_bytes(frame) - sizeof(header);
    char *body = mem_alloc(bytes);

    if (file_read(file, offset + sizeof(header), body, bytes, &got) != OK) {
        fault = "cannot be read";
    } else if (got < bytes) {
        fault = "the file is too short";
    } else {
        fault = log_frame_fault(frame, body);
    }
    for (size_t i = used; fault == NULL && i < bytes; i++) {
        fault = body[i] == 0 ? NULL : "what stands behind the frame is not zero";
    }
    mem_free(body);
    check->records += frame->count;
    return fault;
}

static void frames_check(struct check *check, const struct log_segment *segment, struct file *file)
{
    uint64_t sequence = segment->first;
    int64_t at_ms = segment->first_at_ms;

    for (uint64_t offset = 0; offset < segment->bytes;) {
        struct log_frame frame = {0};
        const char *fault = frame_check(check, segment, file, offset, &frame);

        if (fault == NULL && frame.log != segment->log) {
            fault = "the frame is another log's";
        } else if (fault == NULL && frame.first != sequence) {
            fault = "records are missing or there twice";
        } else if (fault == NULL && frame.first_at_ms < at_ms) {
            fault = "time goes back";
        }
        if (fault != NULL) {
            say(check, segment, offset, fault);
            return; /* where the next one begins is not known */
        }
        sequence += frame.count;
        at_ms = frame.last_at_ms;
        offset += log_frame_bytes(&frame);
    }
    if (sequence != segment->last + 1 || at_ms != segment->last_at_ms) {
        say(check, segment, segment->bytes, "does not end where the checkpoint says");
    }
}

static void segment_check(struct check *check, const struct log_segment *segment)
{
    char path[LOG_PATH_BYTES_MAX];
    struct file *file = NULL;
    uint64_t bytes = 0;

    log_segment_path(check->logs->dir, segment->log, segment->number, path, sizeof(path));
    if (file_open(check->logs->options.files, path, FILE_READ, &file) != OK) {
        say(check, segment, 0, "is missing");
        return;
    }
    if (file_size(file, &bytes) != OK || bytes < segment->bytes) {
        say(check, segment, bytes, "is shorter than its checkpoint says");
    } else {
        frames_check(check, segment, file);
    }
    file_close(file);
}

static void logs_check(struct check *check)
{
    struct log *log = NULL;

    for (size_t i = 0; log_table_next(&check->logs->table, &i, &log);) {
        for (uint32_t s = 0; s < log->segment_count; s++) {
            segment_check(check, log->segments[s]);
        }
        for (uint32_t c = 0; c < log->chunk_count; c++) {
            check->records += log->chunks[c]->frame.count; /* the manifest's checksum has them */
        }
    }
}

status logs_fsck_at(const struct logs_options *options, uint64_t position,
                    void (*report)(void *arg, const char *line), void *arg, uint64_t *ret_records)
{
    struct check check = {.report = report, .arg = arg};
    struct why why = {""};
    status opened = logs_open_read(options, position, &why, &check.logs);

    if (opened != OK) {
        report(arg, why.text);
        *ret_records = 0;
        return &ERR_CORRUPT;
    }
    logs_check(&check);
    logs_close(check.logs);
    *ret_records = check.records;
    return check.findings == 0 ? OK : &ERR_CORRUPT;
}

static void newest_manifest(void *arg, const char *name)
{
    static const struct str prefix = STR_INIT("manifest-");
    uint64_t *newest = arg;
    struct str text = str_c(name);
    uint64_t position = 0;

    if (str_starts(text, prefix) &&
        str_to_u64(str_slice(text, prefix.bytes, text.bytes), &position) && position > *newest) {
        *newest = position;
    }
}

status logs_fsck(const struct files *files, const char *dir,
                 void (*report)(void *arg, const char *line), void *arg, uint64_t *ret_records)
{
    struct logs_options options = {.files = files, .dir = dir};
    uint64_t position = 0;
    status looked = files->dir(files->ctx, dir, newest_manifest, &position);

    if (looked != OK) {
        report(arg, "logs: the folder cannot be looked through");
        return looked;
    }
    return logs_fsck_at(&options, position, report, arg, ret_records);
}
