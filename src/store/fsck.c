/* SPDX-License-Identifier: Apache-2.0
 *
 * Checking a whole data directory, nothing opened for writing:
 *
 *   1. format, lock, and that the parts' positions go together
 *   2. journal: every header and entry (journal_fsck)
 *   3. logs: every frame of the noted checkpoint (logs_fsck_at)
 *   4. index: every block's checksum
 *   5. blobs: every file's checksum, for 7
 *   6. journal against the rest (fsck_compare.c): for the entries that are kept and that the part
 *      has, each key has the value that the newest of them gave it, or is gone when that deleted
 *      it; each record is in its log, byte for byte, unless trimmed or dropped
 *   7. blobs against index and journal: each published blob has a file, as it was written
 *
 * What is not said: a file of a blob that nothing published, whole or not, is what a writer left
 * that was stopped; the next start sweeps it. A key that no kept entry touched is only covered by
 * RocksDB's own checksums. Entries behind the checkpoint are checked for themselves; they are in no
 * index yet.
 */
#include "store/fsck_int.h"

#include "base/mem.h"

#include <assert.h>
#include <stdio.h>

void fsck_say(struct fsck_run *run, const char *format, ...)
{
    char line[WHY_BYTES_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    run->report(run->arg, line);
    run->result.findings++;
}

/* Findings of the parts go to the caller and are counted. */
static void pass_on(void *arg, const char *line)
{
    struct fsck_run *run = arg;

    fsck_say(run, "%s", line);
}

static bool is_there(const struct fsck_run *run, const char *name)
{
    char path[STORE_PATH_BYTES_MAX];
    struct file *file = NULL;

    store_path(run->dir, name, path);
    if (file_open(run->files, path, FILE_READ, &file) != OK) {
        return false;
    }
    file_close(file);
    return true;
}

static status check_lock(struct fsck_run *run)
{
    char path[STORE_PATH_BYTES_MAX];
    status locked = OK;

    store_path(run->dir, "weir.lock", path);
    locked = file_open(run->files, path, FILE_READ | FILE_LOCK, &run->lock);
    if (locked == &ERR_BUSY) {
        run->report(run->arg, "the directory is in use by a running weir: stop it first");
        return locked;
    }
    return OK; /* without a lock file nobody has it */
}

static void check_notes(struct fsck_run *run)
{
    struct why why = {""};

    run->format_good = store_format_check(run->files, run->dir, true, &why) == OK;
    if (!run->format_good) {
        fsck_say(run, "%s", why.text);
    }
    run->note_good = store_note_read(run->files, run->dir, &why, &run->note) == OK;
    if (!run->note_good) {
        fsck_say(run, "%s", why.text);
    }
}

static void check_logs(struct fsck_run *run)
{
    struct logs_options options = {.files = run->files, .dir = run->logs_dir};
    struct why why = {""};

    if (!run->note_good || run->note == 0) {
        return; /* no checkpoint yet: the logs are in the journal alone */
    }
    if (logs_fsck_at(&options, run->note, pass_on, run, &run->result.records) == OK) {
        run->logs_good = logs_open_read(&options, run->note, &why, &run->logs) == OK;
    }
}

static void check_index(struct fsck_run *run)
{
    char path[STORE_PATH_BYTES_MAX];
    struct why why = {""};

    if (!is_there(run, "kv/CURRENT")) {
        if (run->note > 0 && is_there(run, "kv/LOCK")) {
            fsck_say(run, "index: %s/kv/CURRENT is missing", run->dir);
        }
        return; /* an index in memory leaves nothing to be checked */
    }
    store_path(run->dir, "kv", path);
    if (kv_rocks_open_read(path, STORE_CACHE_BYTES, &why, &run->kv) != OK) {
        fsck_say(run, "%s", why.text);
        return;
    }
    if (kv_rocks_verify(run->kv, &why) != OK) {
        fsck_say(run, "%s", why.text);
        run->kv->ops->close(run->kv);
        run->kv = NULL; /* reading it would end the process */
        return;
    }
    run->kv_position = run->kv->ops->position(run->kv);
}

static void check_blob(void *arg, struct str id, bool good)
{
    struct fsck_run *run = arg;
    void *former = NULL;

    run->result.blobs++;
    map_set(run->blobs, id, good ? &run->blob_good : &run->blob_bad, &former);
}

static void check_blobs(struct fsck_run *run)
{
    char path[STORE_PATH_BYTES_MAX];
    struct blobs *blobs = NULL;
    struct why why = {""};
    status looked = OK;

    if (!run->format_good) {
        return; /* not ours: opening would make a folder there */
    }
    store_path(run->dir, "blobs", path);
    looked = blobs_open(run->files, path, &why, &blobs);
    if (looked == OK) {
        looked = blobs_each(blobs, true, check_blob, run);
        blobs_close(blobs);
    }
    if (looked != OK) {
        fsck_say(run, "blobs: %s cannot be looked through (%s)", path, looked->code);
    }
}

/* Do the positions of the parts go together? */
static void check_positions(struct fsck_run *run, uint64_t first, uint64_t last)
{
    uint64_t needed = run->note;

    if (run->note > last) {
        fsck_say(run, "the checkpoint is at position %llu, but the journal ends at %llu",
                 (unsigned long long)run->note, (unsigned long long)last);
    }
    if (run->kv != NULL && run->kv_position > last) {
        fsck_say(run, "the index is at position %llu, but the journal ends at %llu",
                 (unsigned long long)run->kv_position, (unsigned long long)last);
    }
    if (run->kv != NULL && run->kv_position < needed) {
        needed = run->kv_position;
    }
    if (last > needed && first > needed + 1) {
        fsck_say(run, "entry %llu is needed next, but the journal begins at %llu",
                 (unsigned long long)needed + 1, (unsigned long long)first);
    }
}

static void run_done(struct fsck_run *run)
{
    if (run->kv != NULL) {
        run->kv->ops->close(run->kv);
    }
    logs_close(run->logs);
    map_free(run->blobs);
    file_close(run->lock);
}

status store_fsck(const struct files *files, const char *dir,
                  void (*report)(void *arg, const char *line), void *arg,
                  struct store_fsck *ret_result)
{
    struct fsck_run run = {.files = files, .dir = dir, .report = report, .arg = arg};
    struct why why = {""};
    uint64_t first = 0;
    uint64_t last = 0;

    store_path(dir, "journal", run.journal_dir);
    store_path(dir, "logs", run.logs_dir);
    TRY(check_lock(&run));
    run.blobs = map_new(FSCK_BLOBS_MAX);
    check_notes(&run);
    if (journal_fsck(files, run.journal_dir, pass_on, &run, &run.result.entries) == OK) {
        run.journal_good = true;
    } else if (run.result.findings == 0) {
        fsck_say(&run, "%s cannot be read", run.journal_dir);
    }
    check_logs(&run);
    check_index(&run);
    check_blobs(&run);
    if (run.journal_good && fsck_journal_ends(&run, &why, &first, &last) == OK) {
        check_positions(&run, first, last);
        fsck_compare(&run);
    } else {
        fsck_blobs_all(&run);
    }
    run_done(&run);
    *ret_result = run.result;
    return run.result.findings == 0 ? OK : &ERR_CORRUPT;
}
