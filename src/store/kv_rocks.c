/* SPDX-License-Identifier: Apache-2.0
 *
 * The index in RocksDB, its own write-ahead log off: the journal is the log.
 *
 * It is written in checkpoints only, on a thread outside the cell, and read in the cell meanwhile
 * (kv_fresh.c has what is newer).
 *
 * What makes that sound is one rule: *what is on disk is the state at exactly one position*. So:
 *
 *   - nothing is flushed but by a checkpoint. The write buffer is far larger than a checkpoint lets
 *     it grow, closing does not flush, and a failed flush is not retried behind our back;
 *   - checkpoint_begin writes the position under POSITION_KEY and has RocksDB switch to a new write
 *     buffer. Only the writing of the old one happens in the background;
 *   - a flush becomes visible by one synced MANIFEST record: all of it or nothing.
 *
 * RocksDB refuses to write after an I/O error. Then so do we: the process ends, and the next start
 * replays the journal.
 */
#include "store/kv_int.h"

#include "base/mem.h"
#include "sys/log.h"
#include "sys/thread.h"

#include <assert.h>
#include <rocksdb/c.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* The buffer is never to be full: a checkpoint comes at about 256 MiB. */
#define WRITE_BUFFER_BYTES (UINT64_C(16) << 30)
#define ARENA_BLOCK_BYTES (128u * 1024)
#define OPEN_FILES_MAX 256
#define BLOOM_BITS_PER_KEY 10
/* What a pair costs in the write buffer beside its own bytes, about. */
#define PAIR_OVERHEAD_BYTES 64
/* A batch that grew beyond this is not kept for the next entry. */
#define BATCH_KEEP_BYTES (1024u * 1024)
#define SCANS_KEPT 8

static const char POSITION_KEY[] = {KV_OWN_KEY_BYTE, 'p', 'o', 's', 'i', 't', 'i', 'o', 'n'};

struct rocks {
    struct kv kv;                        /* first: the seam */
    rocksdb_t *db;                       /* the open index */
    rocksdb_options_t *options;          /* of it */
    rocksdb_cache_t *cache;              /* of blocks, indexes and filters */
    rocksdb_readoptions_t *read;         /* of every get */
    rocksdb_writeoptions_t *write;       /* of every apply: no log */
    rocksdb_flushoptions_t *flush;       /* of checkpoints: do not wait */
    rocksdb_writebatch_t *batch;         /* reused by every apply */
    uint64_t position;                   /* applied up to here */
    uint64_t dirty_bytes;                /* applied since the last checkpoint_begin */
    _Atomic uint64_t flushing_bytes;     /* of a checkpoint that is under way */
    struct kv_scan *spare[SCANS_KEPT];   /* closed scans, to be used again */
    size_t spare_count;                  /* of them */
    size_t scans_open;                   /* must be 0 at the end */
    struct lock lock;                    /* for waiting in checkpoint_wait */
    struct cond tick;                    /* never signalled: a bounded pause */
    bool read_only;                      /* opened for fsck */
};

/* Bounds live in the scan: RocksDB keeps pointers to them. */
struct kv_scan {
    struct kv_scan_head head;          /* first */
    struct rocks *rocks;               /* whose it is */
    rocksdb_readoptions_t *options;    /* with the bounds */
    rocksdb_iterator_t *iterator;      /* NULL: nothing can be in the range */
    char *bounds;                      /* from, then to */
    size_t bounds_room;                /* allocated */
    bool descending;                   /* direction */
    bool started;                      /* the iterator stands on a pair that was given out */
};

static struct rocks *rocks_of(struct kv *kv)
{
    return (struct rocks *)(void *)kv;
}

/* RocksDB's own words, freed at once. */
_Noreturn static void die_of(const char *doing, char *error)
{
    sys_die("index", "%s: %s", doing, error);
}

static void rocks_free(struct rocks *rocks)
{
    assert(rocks->scans_open == 0);
    for (size_t i = 0; i < rocks->spare_count; i++) {
        rocksdb_readoptions_destroy(rocks->spare[i]->options);
        mem_free(rocks->spare[i]->bounds);
        mem_free(rocks->spare[i]);
    }
    if (rocks->db != NULL) {
        rocksdb_close(rocks->db);
    }
    rocksdb_writebatch_destroy(rocks->batch);
    rocksdb_flushoptions_destroy(rocks->flush);
    rocksdb_writeoptions_destroy(rocks->write);
    rocksdb_readoptions_destroy(rocks->read);
    rocksdb_options_destroy(rocks->options);
    rocksdb_cache_destroy(rocks->cache);
    cond_done(&rocks->tick);
    lock_done(&rocks->lock);
    mem_free(rocks);
}

static void rocks_close(struct kv *kv)
{
    rocks_free(rocks_of(kv));
}

static uint64_t rocks_position(struct kv *kv)
{
    return rocks_of(kv)->position;
}

static void write_batch(struct rocks *rocks)
{
    char *error = NULL;

    rocksdb_write(rocks->db, rocks->write, rocks->batch, &error);
    if (error != NULL) {
        die_of("cannot apply an entry", error);
    }
}

static void rocks_apply(struct kv *kv, uint64_t position, const struct kv_write *writes,
                        size_t count)
{
    struct rocks *rocks = rocks_of(kv);
    uint64_t bytes = 0;

    assert(!rocks->read_only);
    assert(position >= rocks->position);
    rocks->position = position;
    if (count == 0) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct kv_write *w = &writes[i];

        assert(w->key.bytes > 0);
        assert(w->key.at[0] != KV_OWN_KEY_BYTE);
        if (w->value.at != NULL) {
            rocksdb_writebatch_put(rocks->batch, w->key.at, w->key.bytes, w->value.at,
                                   w->value.bytes);
        } else {
            rocksdb_writebatch_delete(rocks->batch, w->key.at, w->key.bytes);
        }
        bytes += w->key.bytes + w->value.bytes + PAIR_OVERHEAD_BYTES;
    }
    write_batch(rocks);
    rocks->dirty_bytes += bytes;
    if (bytes > BATCH_KEEP_BYTES) {
        rocksdb_writebatch_destroy(rocks->batch);
        rocks->batch = rocksdb_writebatch_create();
    } else {
        rocksdb_writebatch_clear(rocks->batch);
    }
}

static bool rocks_get(struct kv *kv, struct arena *arena, struct str key, struct str *ret_value)
{
    struct rocks *rocks = rocks_of(kv);
    char *error = NULL;
    size_t bytes = 0;
    rocksdb_pinnableslice_t *slice =
        rocksdb_get_pinned(rocks->db, rocks->read, key.at, key.bytes, &error);

    if (error != NULL) {
        die_of("cannot read", error);
    }
    if (slice == NULL) {
        return false;
    }
    const char *at = rocksdb_pinnableslice_value(slice, &bytes);

    *ret_value = arena_dup(arena, str_of(at, bytes));
    rocksdb_pinnableslice_destroy(slice);
    return true;
}

/* ---- scans ---- */

static struct kv_scan *scan_take(struct rocks *rocks)
{
    struct kv_scan *scan = NULL;

    rocks->scans_open++;
    if (rocks->spare_count > 0) {
        return rocks->spare[--rocks->spare_count];
    }
    scan = MEM_NEW(struct kv_scan);
    scan->head.ops = rocks->kv.ops;
    scan->rocks = rocks;
    scan->options = rocksdb_readoptions_create();
    return scan;
}

static struct kv_scan *rocks_scan(struct kv *kv, struct str from, struct str to, bool descending)
{
    struct kv_scan *scan = scan_take(rocks_of(kv));
    static const struct str lowest = STR_INIT("\x01"); /* behind the index's own keys */

    if (str_cmp(from, lowest) < 0) {
        from = lowest;
    }
    if (scan->bounds_room < from.bytes + to.bytes) {
        scan->bounds_room = from.bytes + to.bytes;
        scan->bounds = mem_grow(scan->bounds, scan->bounds_room);
    }
    scan->descending = descending;
    scan->started = false;
    scan->iterator = NULL;
    if (str_cmp(from, to) >= 0) {
        return scan;
    }
    memcpy(scan->bounds, from.at, from.bytes);
    memcpy(scan->bounds + from.bytes, to.at, to.bytes);
    rocksdb_readoptions_set_iterate_lower_bound(scan->options, scan->bounds, from.bytes);
    rocksdb_readoptions_set_iterate_upper_bound(scan->options, scan->bounds + from.bytes,
                                                to.bytes);
    scan->iterator = rocksdb_create_iterator(scan->rocks->db, scan->options);
    return scan;
}

static void scan_step(struct kv_scan *scan)
{
    if (scan->started && scan->descending) {
        rocksdb_iter_prev(scan->iterator);
    } else if (scan->started) {
        rocksdb_iter_next(scan->iterator);
    } else if (scan->descending) {
        rocksdb_iter_seek_to_last(scan->iterator);
    } else {
        rocksdb_iter_seek_to_first(scan->iterator);
    }
    scan->started = true;
}

static bool rocks_scan_next(struct kv_scan *scan, struct str *ret_key, struct str *ret_value)
{
    size_t bytes = 0;
    const char *at = NULL;

    if (scan->iterator == NULL) {
        return false;
    }
    scan_step(scan);
    if (!rocksdb_iter_valid(scan->iterator)) {
        char *error = NULL;

        rocksdb_iter_get_error(scan->iterator, &error);
        if (error != NULL) {
            die_of("cannot read", error);
        }
        rocksdb_iter_destroy(scan->iterator);
        scan->iterator = NULL;
        return false;
    }
    at = rocksdb_iter_key(scan->iterator, &bytes);
    *ret_key = str_of(at, bytes);
    at = rocksdb_iter_value(scan->iterator, &bytes);
    *ret_value = str_of(at, bytes);
    return true;
}

static void rocks_scan_close(struct kv_scan *scan)
{
    struct rocks *rocks = scan->rocks;

    if (scan->iterator != NULL) {
        rocksdb_iter_destroy(scan->iterator);
        scan->iterator = NULL;
    }
    assert(rocks->scans_open > 0);
    rocks->scans_open--;
    if (rocks->spare_count < SCANS_KEPT) {
        rocks->spare[rocks->spare_count++] = scan;
        return;
    }
    rocksdb_readoptions_destroy(scan->options);
    mem_free(scan->bounds);
    mem_free(scan);
}

/* ---- checkpoints ---- */

static void rocks_checkpoint_begin(struct kv *kv, uint64_t position)
{
    struct rocks *rocks = rocks_of(kv);
    char *error = NULL;
    uint8_t value[8];

    assert(!rocks->read_only);
    assert(position >= rocks->position);
    assert(atomic_load(&rocks->flushing_bytes) == 0); /* one at a time */
    for (int i = 0; i < 8; i++) {
        value[i] = (uint8_t)(position >> (8 * i));
    }
    rocksdb_writebatch_put(rocks->batch, POSITION_KEY, sizeof(POSITION_KEY), (const char *)value,
                           sizeof(value));
    write_batch(rocks);
    rocksdb_writebatch_clear(rocks->batch);
    rocksdb_flush(rocks->db, rocks->flush, &error);
    if (error != NULL) {
        die_of("cannot begin a checkpoint", error);
    }
    rocks->position = position;
    atomic_store(&rocks->flushing_bytes, rocks->dirty_bytes + 1);
    rocks->dirty_bytes = 0;
}

static int property(struct rocks *rocks, const char *name)
{
    uint64_t number = 0;
    int failed = rocksdb_property_int(rocks->db, name, &number);

    assert(failed == 0);
    return number > INT32_MAX ? INT32_MAX : (int)number;
}

/* The C API has no listener, so the number of buffers not yet on disk is asked for. It falls to 0
 * only after the MANIFEST names the new file and is synced. */
static status rocks_checkpoint_wait(struct kv *kv)
{
    struct rocks *rocks = rocks_of(kv);
    uint32_t pause_ms = 1;

    while (property(rocks, "rocksdb.num-immutable-mem-table") != 0) {
        if (property(rocks, "rocksdb.background-errors") != 0) {
            log_write(LOG_ERROR, "index", "a checkpoint could not be written");
            return &ERR_IO;
        }
        lock_take(&rocks->lock);
        cond_wait_ms(&rocks->tick, &rocks->lock, pause_ms);
        lock_give(&rocks->lock);
        pause_ms = pause_ms < 16 ? 2 * pause_ms : 16;
    }
    atomic_store(&rocks->flushing_bytes, 0);
    return OK;
}

static void rocks_checkpoint_over(struct kv *kv)
{
    (void)kv; /* it keeps nothing of its own */
}

static uint64_t rocks_dirty_bytes(struct kv *kv)
{
    struct rocks *rocks = rocks_of(kv);

    return rocks->dirty_bytes + atomic_load(&rocks->flushing_bytes);
}

static const struct kv_ops ROCKS_OPS = {
    .close = rocks_close,
    .position = rocks_position,
    .apply = rocks_apply,
    .get = rocks_get,
    .scan = rocks_scan,
    .scan_next = rocks_scan_next,
    .scan_close = rocks_scan_close,
    .checkpoint_begin = rocks_checkpoint_begin,
    .checkpoint_wait = rocks_checkpoint_wait,
    .checkpoint_end = rocks_checkpoint_over,
    .checkpoint_clear = rocks_checkpoint_over,
    .dirty_bytes = rocks_dirty_bytes,
};

/* ---- opening ---- */

static void options_table(struct rocks *rocks)
{
    rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();

    rocksdb_block_based_options_set_block_cache(table, rocks->cache);
    rocksdb_block_based_options_set_filter_policy(
        table, rocksdb_filterpolicy_create_bloom_full(BLOOM_BITS_PER_KEY));
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(table, 1);
    rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(table, 1);
    /* In pieces: the index and filter of a large file as one block are larger than what the cache
     * keeps of one thing, and would be read anew, megabytes of them, for every get. */
    rocksdb_block_based_options_set_index_type(
        table, rocksdb_block_based_table_index_type_two_level_index_search);
    rocksdb_block_based_options_set_partition_filters(table, 1);
    rocksdb_block_based_options_set_pin_top_level_index_and_filter(table, 1);
    rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(table, 1);
    rocksdb_block_based_options_set_format_version(table, 5);
    rocksdb_options_set_block_based_table_factory(rocks->options, table);
    rocksdb_block_based_options_destroy(table);
}

/* Options without a setter in the C API go by their names. */
static void options_by_name(struct rocks *rocks)
{
    static const char names[] = "avoid_flush_during_shutdown=true;max_bgerror_resume_count=0;"
                                "manifest_preallocation_size=65536";
    rocksdb_options_t *named = rocksdb_options_create();
    char *error = NULL;

    rocksdb_get_options_from_string(rocks->options, names, named, &error);
    assert(error == NULL);
    rocksdb_options_destroy(rocks->options);
    rocks->options = named;
}

static void options_make(struct rocks *rocks, uint64_t cache_bytes)
{
    rocksdb_options_t *o = rocksdb_options_create();

    rocks->options = o;
    rocks->cache = rocksdb_cache_create_lru(cache_bytes);
    rocksdb_options_set_create_if_missing(o, rocks->read_only ? 0 : 1);
    rocksdb_options_set_paranoid_checks(o, 1);
    rocksdb_options_set_write_buffer_size(o, WRITE_BUFFER_BYTES);
    rocksdb_options_set_arena_block_size(o, ARENA_BLOCK_BYTES);
    rocksdb_options_set_max_write_buffer_number(o, 4);
    rocksdb_options_set_allow_concurrent_memtable_write(o, 0);
    rocksdb_options_set_enable_write_thread_adaptive_yield(o, 0);
    rocksdb_options_set_max_open_files(o, OPEN_FILES_MAX);
    rocksdb_options_set_max_file_opening_threads(o, 1);
    rocksdb_options_set_max_background_jobs(o, 2);
    rocksdb_options_set_skip_stats_update_on_db_open(o, 1);
    rocksdb_options_set_skip_checking_sst_file_sizes_on_db_open(o, 1);
    rocksdb_options_set_compression(o, rocksdb_lz4_compression);
    /* Compaction is never allowed to hold back the cell. */
    rocksdb_options_set_level0_file_num_compaction_trigger(o, 4);
    rocksdb_options_set_level0_slowdown_writes_trigger(o, 1 << 20);
    rocksdb_options_set_level0_stop_writes_trigger(o, 1 << 21);
    rocksdb_options_set_soft_pending_compaction_bytes_limit(o, 0);
    rocksdb_options_set_hard_pending_compaction_bytes_limit(o, 0);
    rocksdb_options_set_info_log_level(o, 4); /* fatal */
    rocksdb_options_set_keep_log_file_num(o, 1);
    rocksdb_options_set_stats_dump_period_sec(o, 0);
    rocksdb_options_set_stats_persist_period_sec(o, 0);
    options_table(rocks);
    options_by_name(rocks);
}

static status position_read(struct rocks *rocks, struct why *why)
{
    char *error = NULL;
    size_t bytes = 0;
    char *value = rocksdb_get(rocks->db, rocks->read, POSITION_KEY, sizeof(POSITION_KEY), &bytes,
                              &error);

    if (error != NULL || (value != NULL && bytes != 8)) {
        why_set(why, &ERR_CORRUPT, "index: its position cannot be read: %s",
                error != NULL ? error : "not eight bytes");
        rocksdb_free(error);
        rocksdb_free(value);
        return &ERR_CORRUPT;
    }
    for (int i = 0; value != NULL && i < 8; i++) {
        rocks->position |= (uint64_t)(uint8_t)value[i] << (8 * i);
    }
    rocksdb_free(value);
    return OK;
}

static status rocks_open(const char *dir, uint64_t cache_bytes, bool read_only, struct why *why,
                         struct kv **ret_kv)
{
    struct rocks *rocks = MEM_NEW(struct rocks);
    char *error = NULL;

    rocks->kv.ops = &ROCKS_OPS;
    rocks->read_only = read_only;
    lock_init(&rocks->lock);
    cond_init(&rocks->tick);
    options_make(rocks, cache_bytes);
    rocks->read = rocksdb_readoptions_create();
    rocks->write = rocksdb_writeoptions_create();
    rocksdb_writeoptions_disable_WAL(rocks->write, 1);
    rocks->flush = rocksdb_flushoptions_create();
    rocksdb_flushoptions_set_wait(rocks->flush, 0);
    rocks->batch = rocksdb_writebatch_create();
    rocks->db = read_only ? rocksdb_open_for_read_only(rocks->options, dir, 0, &error)
                          : rocksdb_open(rocks->options, dir, &error);
    if (error != NULL) {
        bool corrupt = strncmp(error, "Corruption", 10) == 0;
        status failed = why_set(why, corrupt ? &ERR_CORRUPT : &ERR_IO, "index %s: %s", dir, error);

        rocksdb_free(error);
        rocks_free(rocks);
        return failed;
    }
    status read = position_read(rocks, why);

    if (read != OK) {
        rocks_free(rocks);
        return read;
    }
    *ret_kv = &rocks->kv;
    return OK;
}

status kv_rocks_open_under(const char *dir, uint64_t cache_bytes, struct why *why,
                           struct kv **ret_kv)
{
    return rocks_open(dir, cache_bytes, false, why, ret_kv);
}

status kv_rocks_open_read(const char *dir, uint64_t cache_bytes, struct why *why,
                          struct kv **ret_kv)
{
    return rocks_open(dir, cache_bytes, true, why, ret_kv);
}

/* Every block's checksum is compared as it is read; what is read is counted for nothing. */
status kv_rocks_verify(struct kv *kv, struct why *why)
{
    struct rocks *rocks = rocks_of(kv);
    rocksdb_readoptions_t *options = rocksdb_readoptions_create();
    rocksdb_iterator_t *iterator = NULL;
    char *error = NULL;

    rocksdb_readoptions_set_verify_checksums(options, 1);
    rocksdb_readoptions_set_fill_cache(options, 0);
    iterator = rocksdb_create_iterator(rocks->db, options);
    rocksdb_iter_seek_to_first(iterator);
    while (rocksdb_iter_valid(iterator)) {
        rocksdb_iter_next(iterator);
    }
    rocksdb_iter_get_error(iterator, &error);
    rocksdb_iter_destroy(iterator);
    rocksdb_readoptions_destroy(options);
    if (error == NULL) {
        return OK;
    }
    why_set(why, &ERR_CORRUPT, "index: %s", error);
    rocksdb_free(error);
    return &ERR_CORRUPT;
}
