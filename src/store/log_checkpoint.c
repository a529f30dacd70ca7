/* SPDX-License-Identifier: Apache-2.0
 *
 * Checkpoints of the logs, and what opening makes of the last one.
 *
 *   begin  (in the cell)  queues every fresh chunk that is not a tail, which gives each record its
 *                         place; writes down all logs, tails included, as the manifest's bytes;
 *                         notes the segments to be synced and the files that go afterwards
 *   wait   (any thread)   until the writer wrote what was queued up to begin; syncs the segments,
 *                         then writes, syncs and renames the manifest
 *   noted  (same thread)  the store's note names it: the former manifest and the doomed files go
 *
 * A crash before the note leaves two manifests; the note says which one counts. Segment files only
 * ever grow, so the older manifest stays true until its files are removed, which is after the note.
 */
#include "store/log_int.h"

#include "base/mem.h"
#include "sys/log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define TEMPORARY_NAME "manifest.tmp"

static void queue_all(struct logs *logs)
{
    struct link *next = NULL;

    for (struct link *at = logs->fresh.next; at != &logs->fresh; at = next) {
        struct chunk *chunk = LINK_OWNER(at, struct chunk, link);

        next = at->next;
        if (!log_chunk_is_tail(chunk)) {
            log_chunk_queue(logs, chunk);
        }
    }
}

static void dirty_take(struct logs *logs, struct log_checkpoint *checkpoint)
{
    size_t count = 0;

    for (struct link *at = logs->dirty.next; at != &logs->dirty; at = at->next) {
        count++;
    }
    checkpoint->dirty = mem_alloc((count + 1) * sizeof(checkpoint->dirty[0]));
    while (!link_alone(&logs->dirty)) {
        struct log_segment *segment = LINK_OWNER(logs->dirty.next, struct log_segment, dirty);

        link_remove(&segment->dirty);
        checkpoint->dirty[checkpoint->dirty_count].log = segment->log;
        checkpoint->dirty[checkpoint->dirty_count++].segment = segment->number;
    }
    assert(checkpoint->dirty_count == count);
}

void logs_checkpoint_begin(struct logs *logs, uint64_t position)
{
    struct log_checkpoint *checkpoint = MEM_NEW(struct log_checkpoint);

    assert(logs->checkpoint == NULL);
    assert(position >= logs->noted);
    assert(!logs->read_only);
    log_chunks_drain(logs);
    queue_all(logs);
    checkpoint->position = position;
    buf_init(&checkpoint->manifest, LOG_MANIFEST_BYTES_MAX);
    log_manifest_write(logs, position, &checkpoint->manifest);
    dirty_take(logs, checkpoint);
    checkpoint->doomed = logs->doomed;
    logs->doomed = NULL;
    checkpoint->ticket = logs->spill.queued_count;
    logs->checkpoint = checkpoint;
}

/* A sync that fails is final: what was written may be gone, and asking again would deny it. */
static void sync_segments(struct logs *logs, const struct log_checkpoint *checkpoint)
{
    for (size_t i = 0; i < checkpoint->dirty_count; i++) {
        char path[LOG_PATH_BYTES_MAX];
        struct file *file = NULL;
        status synced = OK;

        log_segment_path(logs->dir, checkpoint->dirty[i].log, checkpoint->dirty[i].segment, path,
                         sizeof(path));
        synced = file_open(logs->options.files, path, FILE_WRITE, &file);
        if (synced == OK) {
            synced = file_sync(file);
        }
        file_close(file);
        if (synced != OK) {
            sys_die("logs", "cannot sync %s (%s)", path, synced->code);
        }
    }
}

static status manifest_save(struct logs *logs, const struct log_checkpoint *checkpoint)
{
    const struct files *files = logs->options.files;
    char temporary[LOG_PATH_BYTES_MAX];
    char path[LOG_PATH_BYTES_MAX];
    struct file *file = NULL;
    status saved = OK;
    status synced = OK;
    int bytes = snprintf(temporary, sizeof(temporary), "%s/" TEMPORARY_NAME, logs->dir);

    assert(bytes > 0);
    assert((size_t)bytes < sizeof(temporary));
    log_manifest_path(logs->dir, checkpoint->position, path, sizeof(path));
    TRY(file_open(files, temporary, FILE_WRITE, &file));
    saved = file_resize(file, 0);
    if (saved == OK) {
        saved = file_write(file, 0, checkpoint->manifest.at, checkpoint->manifest.bytes);
    }
    synced = saved == OK ? file_sync(file) : OK;
    file_close(file);
    if (synced != OK) {
        sys_die("logs", "cannot sync %s", temporary);
    }
    TRY(saved);
    TRY(files->rename(files->ctx, temporary, path));
    return files->sync_dir(files->ctx, logs->dir);
}

status logs_checkpoint_wait(struct logs *logs)
{
    struct log_checkpoint *checkpoint = logs->checkpoint;

    assert(checkpoint != NULL);
    log_spill_wait(logs, checkpoint->ticket);
    sync_segments(logs, checkpoint);
    TRY(manifest_save(logs, checkpoint));
    checkpoint->written = true;
    return OK;
}

/* Nobody needs the file any more; if it cannot be removed now, the next start will. */
static void remove_quietly(struct logs *logs, const char *path)
{
    status removed = logs->options.files->remove(logs->options.files->ctx, path);

    if (removed != OK && removed != &ERR_NOT_FOUND) {
        log_write(LOG_WARNING, "logs", "cannot remove %s", path);
    }
}

void log_checkpoint_free(struct logs *logs)
{
    struct log_checkpoint *checkpoint = logs->checkpoint;

    if (checkpoint == NULL) {
        return;
    }
    while (checkpoint->doomed != NULL) {
        struct log_segment *next = checkpoint->doomed->next;

        log_segment_free(checkpoint->doomed);
        checkpoint->doomed = next;
    }
    buf_done(&checkpoint->manifest);
    mem_free(checkpoint->dirty);
    mem_free(checkpoint);
    logs->checkpoint = NULL;
}

void logs_checkpoint_noted(struct logs *logs)
{
    struct log_checkpoint *checkpoint = logs->checkpoint;
    char path[LOG_PATH_BYTES_MAX];

    assert(checkpoint != NULL);
    assert(checkpoint->written);
    for (const struct log_segment *segment = checkpoint->doomed; segment != NULL;
         segment = segment->next) {
        log_spill_forget(logs, segment->log, segment->number);
        log_segment_path(logs->dir, segment->log, segment->number, path, sizeof(path));
        remove_quietly(logs, path);
    }
    if (logs->noted != 0 && logs->noted != checkpoint->position) {
        log_manifest_path(logs->dir, logs->noted, path, sizeof(path));
        remove_quietly(logs, path);
    }
    logs->noted = checkpoint->position;
    log_checkpoint_free(logs);
}

/* ---- after opening ---- */

/* What looking through the folder gathers. */
struct stray {
    struct logs *logs;  /* being opened */
    struct buf names;   /* of files to be removed, each with a zero behind it */
};

static bool digits_read(const char *text, size_t count, unsigned base, uint64_t *ret_number)
{
    uint64_t number = 0;

    for (size_t i = 0; i < count; i++) {
        char c = text[i];
        unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                                                : base;

        if (digit >= base) {
            return false;
        }
        number = number * base + digit;
    }
    *ret_number = number;
    return true;
}

static const struct log_segment *segment_named(struct logs *logs, const char *name)
{
    uint64_t number = 0;
    uint64_t segment = 0;
    const struct log *log = NULL;

    if (str_c(name).bytes != 29 || name[16] != '-' || !str_ends(str_c(name), STR(".seg")) ||
        !digits_read(name, 16, 16, &number) || !digits_read(name + 17, 8, 16, &segment)) {
        return NULL;
    }
    log = log_find(logs, number);
    for (uint32_t i = 0; log != NULL && i < log->segment_count; i++) {
        if (log->segments[i]->number == segment) {
            return log->segments[i];
        }
    }
    return NULL;
}

static void look(void *arg, const char *name)
{
    struct stray *stray = arg;
    struct str text = str_c(name);
    char wanted[LOG_PATH_BYTES_MAX];

    if (segment_named(stray->logs, name) != NULL) {
        return;
    }
    log_manifest_path("", stray->logs->noted, wanted, sizeof(wanted));
    if (stray->logs->noted != 0 && str_eq(text, str_c(wanted + 1))) {
        return;
    }
    if (str_ends(text, STR(".seg")) || str_starts(text, STR("manifest"))) {
        buf_add(&stray->names, str_of(name, text.bytes + 1));
    }
}

static status segment_check(struct logs *logs, const struct log_segment *segment, struct why *why)
{
    char path[LOG_PATH_BYTES_MAX];
    struct file *file = NULL;
    uint64_t bytes = 0;
    status checked = OK;

    log_segment_path(logs->dir, segment->log, segment->number, path, sizeof(path));
    checked = file_open(logs->options.files, path, FILE_READ, &file);
    if (checked == &ERR_NOT_FOUND) {
        return why_set(why, &ERR_CORRUPT, "logs: %s is missing", path);
    }
    if (checked == OK) {
        checked = file_size(file, &bytes);
        file_close(file);
    }
    if (checked == OK && bytes < segment->bytes) {
        return why_set(why, &ERR_CORRUPT, "logs: %s has %llu bytes, its checkpoint says %llu", path,
                       (unsigned long long)bytes, (unsigned long long)segment->bytes);
    }
    if (checked == OK && bytes > segment->bytes) {
        checked = file_open(logs->options.files, path, FILE_WRITE, &file);
        if (checked == OK) {
            checked = file_resize(file, segment->bytes);
            file_close(file);
        }
    }
    return checked == OK ? OK : why_set(why, checked, "logs: cannot open %s", path);
}

static status stray_remove(struct stray *stray, struct why *why)
{
    const struct files *files = stray->logs->options.files;
    struct str rest = buf_str(&stray->names);

    while (rest.bytes > 0) {
        char path[LOG_PATH_BYTES_MAX];
        size_t end = str_find(rest, '\0', 0);
        int bytes = snprintf(path, sizeof(path), "%s/%s", stray->logs->dir, rest.at);
        status removed = OK;

        assert(bytes > 0);
        assert((size_t)bytes < sizeof(path));
        removed = files->remove(files->ctx, path);
        if (removed != OK) {
            return why_set(why, removed, "logs: cannot remove %s", path);
        }
        rest = str_slice(rest, end + 1, rest.bytes);
    }
    return OK;
}

status log_files_check(struct logs *logs, struct why *why)
{
    const struct files *files = logs->options.files;
    struct stray stray = {.logs = logs};
    struct log *log = NULL;
    status checked = OK;

    for (size_t i = 0; log_table_next(&logs->table, &i, &log);) {
        for (uint32_t s = 0; s < log->segment_count; s++) {
            TRY(segment_check(logs, log->segments[s], why));
        }
    }
    buf_init(&stray.names, LOG_MANIFEST_BYTES_MAX);
    checked = files->dir(files->ctx, logs->dir, look, &stray);
    if (checked == OK) {
        checked = stray_remove(&stray, why);
    } else {
        why_set(why, checked, "logs: cannot look through %s", logs->dir);
    }
    buf_done(&stray.names);
    return checked;
}
