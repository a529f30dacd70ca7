/* SPDX-License-Identifier: Apache-2.0
 *
 * What opening does after the parts are open: applies the entries that index and logs do not have
 * yet, each part from where it is. Entries are applied to the index many at a time, as one batch:
 * nobody looks in between.
 *
 * Refused, with the positions: an index or logs that are ahead of the journal (somebody replaced
 * it), and a journal that begins behind what is to be applied.
 *
 * A part that grows beyond what a running store would hold in memory gets a checkpoint on the way.
 */
#include "store/store_int.h"

#include "base/mem.h"
#include "sys/clock.h"

#include <assert.h>

#define BATCH_BYTES (1024u * 1024)
#define BATCH_WRITES 4096
#define ENTRY_BYTES_MAX (UINT64_C(2) << 30) /* of an entry's changes, taken apart */

struct recovery {
    struct store *store;      /* being opened */
    struct arena *arena;      /* of one entry */
    uint64_t index_position;  /* the index has everything up to here */
    uint64_t logs_position;   /* so have the logs */
    uint64_t applied;         /* newest entry staged for the index */
};

static status refuse_ahead(const struct store *store, const char *part, uint64_t position,
                           struct why *why)
{
    return why_set(why, &ERR_CORRUPT,
                   "%s: the %s is at position %llu, but the journal ends at %llu: "
                   "the journal is not the one this data was made with, or its end is missing",
                   store->dir, part, (unsigned long long)position,
                   (unsigned long long)journal_last(store->journal));
}

static void index_flush(struct recovery *recovery)
{
    struct store *store = recovery->store;

    if (recovery->applied > store->kv->ops->position(store->kv)) {
        store_apply_index(store, recovery->applied);
    }
}

/* The entry's body is gone with the next one, so what the index needs is copied. */
static void index_stage(struct recovery *recovery, uint64_t position, const struct entry *entry)
{
    struct store *store = recovery->store;

    for (size_t i = 0; i < entry->change_count; i++) {
        struct change change = entry->changes[i];

        if (change.kind == CHANGE_PUT || change.kind == CHANGE_DELETE) {
            change.key = arena_dup(store->keys, change.key);
        }
        if (change.kind == CHANGE_PUT) {
            change.data = arena_dup(store->keys, change.data);
        }
        store_stage_index(store, position, &change);
    }
    recovery->applied = position;
    if (store->write_count >= BATCH_WRITES || arena_bytes(store->keys) >= BATCH_BYTES) {
        index_flush(recovery);
    }
}

static status apply_entry(struct recovery *recovery, const struct journal_entry *raw,
                          struct why *why)
{
    struct store *store = recovery->store;
    struct entry entry;
    struct why inner = {""};
    status read = OK;

    arena_clear(recovery->arena);
    read = entry_read(raw->body, recovery->arena, &inner, &entry);
    if (read != OK) {
        return why_set(why, read, "%s: journal entry %llu: %s", store->dir,
                       (unsigned long long)raw->position, inner.text);
    }
    if (raw->position > recovery->index_position) {
        index_stage(recovery, raw->position, &entry);
    }
    if (raw->position > recovery->logs_position) {
        store_apply_logs(store, &entry);
    }
    store->recovery.entries++;
    store->recovery.bytes += raw->body.bytes;
    store->since_bytes += raw->body.bytes;
    return OK;
}

/* The journal's read entries are durable, but its end is newer than what was applied so far: the
 * parts are told the position that they have. */
static status checkpoint_on_the_way(struct recovery *recovery, uint64_t position)
{
    struct store *store = recovery->store;

    index_flush(recovery);
    store->kv->ops->checkpoint_begin(store->kv, position);
    logs_checkpoint_begin(store->logs, position);
    store->since_bytes = 0;
    TRY(store->kv->ops->checkpoint_wait(store->kv));
    TRY(logs_checkpoint_wait(store->logs));
    TRY(store_note_write(store->options.files, store->dir, position));
    store->noted = position;
    logs_checkpoint_noted(store->logs);
    store_checkpoint_end(store);
    store_checkpoint_clear(store);
    return OK;
}

static status apply_from(struct recovery *recovery, uint64_t from, struct why *why)
{
    struct store *store = recovery->store;
    struct journal_reader *reader = NULL;
    struct journal_entry raw;
    uint64_t next = from;
    status read = OK;

    TRY(journal_read_open(store->journal, from, why, &reader));
    while ((read = journal_read_next(reader, why, &raw)) == OK) {
        if (raw.position != next) {
            read = why_set(why, &ERR_CORRUPT, "%s: the journal goes from entry %llu to %llu",
                           store->dir, (unsigned long long)next - 1,
                           (unsigned long long)raw.position);
            break;
        }
        next++;
        read = apply_entry(recovery, &raw, why);
        /* Only once both parts go on from the same entry is there one position to note. */
        if (read == OK && raw.position >= recovery->index_position &&
            raw.position >= recovery->logs_position && !store->options.memory_index &&
            store->kv->ops->dirty_bytes(store->kv) >= STORE_DIRTY_BYTES_WANTED) {
            read = checkpoint_on_the_way(recovery, raw.position);
        }
        if (read != OK) {
            break;
        }
    }
    journal_read_close(reader);
    if (read != &ERR_NOT_FOUND) {
        return read;
    }
    return next == journal_last(store->journal) + 1
               ? OK
               : why_set(why, &ERR_CORRUPT, "%s: the journal ends at %llu instead of %llu",
                         store->dir, (unsigned long long)next - 1,
                         (unsigned long long)journal_last(store->journal));
}

status store_recover(struct store *store, struct why *why)
{
    uint64_t started_ns = clock_monotonic_ns();
    uint64_t last = journal_last(store->journal);
    struct recovery recovery = {
        .store = store,
        .index_position = store->kv->ops->position(store->kv),
        .logs_position = store->noted,
    };
    uint64_t from = 1 + (recovery.index_position < recovery.logs_position
                             ? recovery.index_position
                             : recovery.logs_position);
    status applied = OK;

    if (recovery.index_position > last) {
        return refuse_ahead(store, "index", recovery.index_position, why);
    }
    if (recovery.logs_position > last) {
        return refuse_ahead(store, "checkpoint", recovery.logs_position, why);
    }
    if (from <= last && journal_first(store->journal) > from) {
        return why_set(why, &ERR_CORRUPT,
                       "%s: entry %llu is needed next, but the journal begins at %llu", store->dir,
                       (unsigned long long)from, (unsigned long long)journal_first(store->journal));
    }
    store->recovery.checkpoint = from - 1;
    if (from <= last) {
        recovery.arena = arena_new(ENTRY_BYTES_MAX);
        applied = apply_from(&recovery, from, why);
        arena_free(recovery.arena);
        TRY(applied);
        index_flush(&recovery);
    }
    store->recovery.took_ms = (clock_monotonic_ns() - started_ns) / 1000000;
    return OK;
}

/* ---- blobs that no entry published ---- */

struct sweep {
    struct store *store;   /* being opened */
    struct blob_ids found; /* to be removed */
};

static void sweep_look(void *arg, struct str id, bool good)
{
    struct sweep *sweep = arg;
    struct store *store = sweep->store;
    struct str value;

    (void)good; /* fsck's concern */
    arena_clear(store->keys);
    if (!store_get(store, store->keys, store_blob_key(store->keys, id), &value)) {
        store_blob_ids_add(&sweep->found, id);
    }
}

status store_sweep(struct store *store, struct why *why)
{
    struct sweep sweep = {.store = store};
    status swept = blobs_each(store->blobs, false, sweep_look, &sweep);

    for (size_t i = 0; i < sweep.found.count && swept == OK; i++) {
        swept = blob_remove(store->blobs,
                            str_of(sweep.found.at + i * BLOB_ID_BYTES, BLOB_ID_BYTES));
    }
    mem_free(sweep.found.at);
    arena_clear(store->keys);
    store->unblobs.count = 0; /* recovery may have noted some: they are gone */
    return swept == OK ? OK : why_set(why, swept, "%s: the blobs cannot be swept", store->dir);
}
