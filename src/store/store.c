/* SPDX-License-Identifier: Apache-2.0
 *
 * The store: one entry is appended to the journal, then its changes are applied to the index (as
 * one batch) and to the logs. All three are in memory then; the journal's sync makes it durable,
 * and a checkpoint writes down index and logs, so that recovery need not begin at the beginning.
 *
 * A checkpoint at position P, in this order, each step durable before the next:
 *
 *   1. the journal is synced: nothing derived may reach the disk before its entry
 *   2. the index's flush and the logs' segments and manifest, each saying P
 *   3. DIR/checkpoint says P
 *   4. what only earlier checkpoints needed goes: the logs' old files, removed blobs, journal
 *      segments outside the kept window
 *
 * A crash between 2 and 3 leaves the index at P and the note before it; recovery asks each part how
 * far it is. With memory_index the index is never on disk: the journal is then kept whole.
 */
#include "store/store_int.h"

#include "base/mem.h"
#include "store/key.h"
#include "sys/log.h"

#include <assert.h>

#define SCRATCH_BYTES_MAX (JOURNAL_BODY_BYTES_MAX)
#define KEYS_BYTES_MAX (256u * 1024 * 1024)
#define FIRST_ROOM 64

/* ---- applying ---- */

struct str store_blob_key(struct arena *arena, struct str id)
{
    struct key key = key_of(arena, "weir");

    key_str(&key, STR("blob"));
    key_str(&key, id);
    return key_end(&key);
}

void store_blob_ids_add(struct blob_ids *ids, struct str id)
{
    assert(id.bytes == BLOB_ID_BYTES);
    if (ids->count == ids->room) {
        ids->room = ids->room == 0 ? FIRST_ROOM : 2 * ids->room;
        ids->at = mem_grow(ids->at, ids->room * BLOB_ID_BYTES);
    }
    memcpy(ids->at + ids->count++ * BLOB_ID_BYTES, id.at, BLOB_ID_BYTES);
}

static void stage(struct store *store, struct str key, struct str value)
{
    if (store->write_count == store->write_room) {
        store->write_room = store->write_room == 0 ? FIRST_ROOM : 2 * store->write_room;
        store->writes = mem_grow(store->writes, store->write_room * sizeof(store->writes[0]));
    }
    store->writes[store->write_count++] = (struct kv_write){key, value};
}

void store_stage_index(struct store *store, uint64_t position, const struct change *change)
{
    char *number = NULL;

    switch (change->kind) {
    case CHANGE_PUT:
        stage(store, change->key, change->data.at == NULL ? STR("") : change->data);
        break;
    case CHANGE_DELETE:
        stage(store, change->key, STR_NONE);
        break;
    case CHANGE_BLOB: /* which entry published it */
        number = arena_alloc(store->keys, sizeof(position));
        memcpy(number, &position, sizeof(position));
        stage(store, store_blob_key(store->keys, change->key), str_of(number, sizeof(position)));
        break;
    case CHANGE_UNBLOB:
        stage(store, store_blob_key(store->keys, change->key), STR_NONE);
        store_blob_ids_add(&store->unblobs, change->key);
        break;
    default:
        break;
    }
}

void store_apply_index(struct store *store, uint64_t position)
{
    store->kv->ops->apply(store->kv, position, store->writes, store->write_count);
    store->write_count = 0;
    if (arena_bytes(store->keys) > 0) {
        arena_clear(store->keys);
    }
}

void store_apply_logs(struct store *store, const struct entry *entry)
{
    struct log_record record;

    for (size_t i = 0; i < entry->change_count; i++) {
        const struct change *change = &entry->changes[i];

        switch (change->kind) {
        case CHANGE_APPEND:
            record = (struct log_record){change->sequence, change->at_ms, change->data};
            logs_append_headed(store->logs, change->log, change->head, &record);
            break;
        case CHANGE_TRIM:
            logs_trim(store->logs, change->log, change->sequence);
            break;
        case CHANGE_DROP:
            logs_drop(store->logs, change->log);
            break;
        case CHANGE_LOG:
            logs_make(store->logs, change->log);
            break;
        default:
            break;
        }
    }
}

/* ---- committing and reading ---- */

status store_admit(struct store *store, uint64_t bytes)
{
    if (store->kv->ops->dirty_bytes(store->kv) > STORE_DIRTY_BYTES_MAX) {
        return &ERR_FULL; /* a checkpoint is under way and the disk cannot follow */
    }
    return journal_admit(store->journal, bytes);
}

uint64_t store_commit(struct store *store, const struct entry *entry)
{
    size_t parts_max = 2 * entry->change_count + 1;
    size_t part_count = 0;
    uint64_t position = 0;

    if (store->part_room < parts_max) {
        store->part_room = 2 * parts_max;
        store->parts = mem_grow(store->parts, store->part_room * sizeof(store->parts[0]));
    }
    part_count = entry_parts(entry, &store->scratch, store->parts);
    assert(part_count <= parts_max);
    assert(!buf_spent(&store->scratch));
    position = journal_append(store->journal, entry->at_ms, store->parts, part_count);
    for (size_t i = 0; i < part_count; i++) {
        store->since_bytes += store->parts[i].bytes;
    }
    for (size_t i = 0; i < entry->change_count; i++) {
        store_stage_index(store, position, &entry->changes[i]);
    }
    store_apply_index(store, position);
    store_apply_logs(store, entry);
    return position;
}

bool store_get(struct store *store, struct arena *arena, struct str key, struct str *ret_value)
{
    return store->kv->ops->get(store->kv, arena, key, ret_value);
}

struct kv_scan *store_scan(struct store *store, struct str from, struct str to, bool descending)
{
    return store->kv->ops->scan(store->kv, from, to, descending);
}

/* A scan does not say whose it is; each backing's begins with its ops. */
bool store_scan_next(struct kv_scan *scan, struct str *ret_key, struct str *ret_value)
{
    return kv_scan_ops(scan)->scan_next(scan, ret_key, ret_value);
}

void store_scan_close(struct kv_scan *scan)
{
    kv_scan_ops(scan)->scan_close(scan);
}

struct logs *store_logs(struct store *store)
{
    return store->logs;
}

int64_t store_keep_ms(const struct store *store)
{
    return store->options.keep_ms;
}

struct journal *store_journal(struct store *store)
{
    return store->journal;
}

struct blobs *store_blobs(struct store *store)
{
    return store->blobs;
}

const struct store_recovery *store_recovered(const struct store *store)
{
    return &store->recovery;
}

uint64_t store_log_new(struct store *store)
{
    uint64_t highest = logs_highest(store->logs);

    if (store->log_next <= highest) {
        store->log_next = highest + 1;
    }
    return store->log_next++;
}

/* ---- checkpoints ---- */

bool store_wants_checkpoint(const struct store *store)
{
    if (atomic_load(&store->under_way)) {
        return false;
    }
    return store->since_bytes >= store->options.checkpoint_bytes ||
           store->unblobs.count >= STORE_UNBLOBS_WANTED ||
           store->kv->ops->dirty_bytes(store->kv) >= STORE_DIRTY_BYTES_WANTED;
}

void store_checkpoint_begin(struct store *store)
{
    struct blob_ids empty = store->removing;

    assert(!atomic_load(&store->under_way));
    assert(empty.count == 0);
    journal_sync(store->journal);
    store->checkpoint = journal_last(store->journal);
    store->kv->ops->checkpoint_begin(store->kv, store->checkpoint);
    logs_checkpoint_begin(store->logs, store->checkpoint);
    store->since_bytes = 0;
    store->removing = store->unblobs;
    store->unblobs = empty;
    atomic_store(&store->under_way, true);
}

static void blobs_removed(struct store *store)
{
    for (size_t i = 0; i < store->removing.count; i++) {
        struct str id = str_of(store->removing.at + i * BLOB_ID_BYTES, BLOB_ID_BYTES);
        status removed = blob_remove(store->blobs, id);

        if (removed != OK && removed != &ERR_NOT_FOUND) { /* the next start's sweep takes it */
            log_write(LOG_WARNING, "store", "cannot remove blob %.*s", STR_ARG(id));
        }
    }
    store->removing.count = 0;
}

status store_checkpoint_wait(struct store *store)
{
    assert(atomic_load(&store->under_way));
    TRY(store->kv->ops->checkpoint_wait(store->kv));
    TRY(logs_checkpoint_wait(store->logs));
    TRY(store_note_write(store->options.files, store->dir, store->checkpoint));
    store->noted = store->checkpoint;
    logs_checkpoint_noted(store->logs);
    blobs_removed(store);
    if (!store->options.memory_index) {
        journal_release(store->journal, store->checkpoint);
    }
    atomic_store(&store->under_way, false);
    return OK;
}

void store_checkpoint_end(struct store *store)
{
    store->kv->ops->checkpoint_end(store->kv);
}

void store_checkpoint_clear(struct store *store)
{
    store->kv->ops->checkpoint_clear(store->kv);
}

/* ---- opening and closing ---- */

static void store_free(struct store *store, bool abandon)
{
    if (store->journal != NULL) {
        (abandon ? journal_abandon : journal_close)(store->journal);
    }
    if (store->kv != NULL) {
        store->kv->ops->close(store->kv);
    }
    (abandon ? logs_abandon : logs_close)(store->logs);
    if (store->blobs != NULL) {
        blobs_close(store->blobs);
    }
    file_close(store->lock);
    buf_done(&store->scratch);
    mem_free(store->parts);
    mem_free(store->writes);
    arena_free(store->keys);
    mem_free(store->unblobs.at);
    mem_free(store->removing.at);
    mem_free(store->dir);
    mem_free(store);
}

void store_abandon(struct store *store)
{
    if (store != NULL) {
        store_free(store, true);
    }
}

void store_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    assert(!atomic_load(&store->under_way));
    if (journal_last(store->journal) != store->noted) {
        store_checkpoint_begin(store);
        if (store_checkpoint_wait(store) != OK) {
            log_write(LOG_ERROR, "store", "the last checkpoint could not be written");
        }
    }
    store_free(store, false);
}

static status lock_directory(struct store *store, struct why *why)
{
    const struct files *files = store->options.files;
    char path[STORE_PATH_BYTES_MAX];
    status made = files->dir(files->ctx, store->dir, NULL, NULL);

    if (made != OK) {
        return why_set(why, made, "%s cannot be made (%s)", store->dir, made->code);
    }
    store_path(store->dir, "weir.lock", path);
    made = file_open(files, path, FILE_WRITE | FILE_LOCK, &store->lock);
    if (made == &ERR_BUSY) {
        return why_set(why, made, "%s is in use by another weir", store->dir);
    }
    return made == OK ? OK : why_set(why, made, "%s cannot be opened (%s)", path, made->code);
}

static status open_journal(struct store *store, struct why *why)
{
    char path[STORE_PATH_BYTES_MAX];
    struct journal_options options = {
        .files = store->options.files,
        .dir = path,
        .keep_bytes = store->options.keep_bytes,
        .keep_ms = store->options.keep_ms,
        .reserve_bytes = store->options.reserve_bytes,
        .relaxed = store->options.relaxed,
        .thread = store->options.threads,
    };

    store_path(store->dir, "journal", path);
    return journal_open(&options, why, &store->journal);
}

static status open_index(struct store *store, struct why *why)
{
    char path[STORE_PATH_BYTES_MAX];

    if (store->options.memory_index) {
        return kv_mem_open(&store->kv);
    }
    store_path(store->dir, "kv", path);
    return kv_rocks_open(path, STORE_CACHE_BYTES, why, &store->kv);
}

/* The index being opened while the journal is. */
struct index_opening {
    struct store *store;  /* whose */
    struct thread thread; /* where */
    struct why why;       /* what went wrong */
    status opened;        /* how it went */
};

static void index_open_run(void *arg)
{
    struct index_opening *opening = arg;

    opening->opened = open_index(opening->store, &opening->why);
}

/* Both wait for the disk most of the time, so where there may be threads they do so together. */
static status open_index_and_journal(struct store *store, struct why *why)
{
    struct index_opening opening = {.store = store};
    status opened;

    if (!store->options.threads || store->options.memory_index) {
        TRY(open_index(store, why));
        return open_journal(store, why);
    }
    thread_start(&opening.thread, "weir-index", index_open_run, &opening);
    opened = open_journal(store, why);
    thread_join(&opening.thread);
    if (opening.opened != OK) {
        *why = opening.why;
        return opening.opened;
    }
    return opened;
}

static status open_parts(struct store *store, struct why *why)
{
    char path[STORE_PATH_BYTES_MAX];
    struct logs_options logs = {
        .files = store->options.files,
        .dir = path,
        .thread = store->options.threads,
    };

    TRY(lock_directory(store, why));
    if (store->options.locked != NULL) {
        store->options.locked(store->options.locked_arg);
    }
    TRY(store_format_check(store->options.files, store->dir, false, why));
    TRY(store_note_read(store->options.files, store->dir, why, &store->noted));
    TRY(open_index_and_journal(store, why));
    store_path(store->dir, "logs", path);
    TRY(logs_open(&logs, store->noted, why, &store->logs));
    store_path(store->dir, "blobs", path);
    TRY(blobs_open(store->options.files, path, why, &store->blobs));
    TRY(store_recover(store, why));
    return store_sweep(store, why);
}

static struct store *store_new(const struct store_options *options)
{
    struct store *store = MEM_NEW(struct store);
    struct store_options *own = &store->options;

    *own = *options;
    store->dir = mem_dup(options->dir, str_c(options->dir).bytes);
    own->dir = store->dir;
    own->keep_bytes = own->keep_bytes == 0 ? STORE_KEEP_BYTES_DEFAULT : own->keep_bytes;
    own->keep_ms = own->keep_ms == 0 ? STORE_KEEP_MS_DEFAULT : own->keep_ms;
    if (own->checkpoint_bytes == 0) {
        own->checkpoint_bytes = STORE_CHECKPOINT_BYTES_DEFAULT;
    }
    buf_init(&store->scratch, SCRATCH_BYTES_MAX);
    store->keys = arena_new(KEYS_BYTES_MAX);
    return store;
}

status store_open(const struct store_options *options, struct why *why, struct store **ret_store)
{
    struct store *store = store_new(options);
    status opened = open_parts(store, why);

    if (opened != OK) {
        store_abandon(store);
        return opened;
    }
    *ret_store = store;
    return OK;
}
