/* SPDX-License-Identifier: Apache-2.0
 *
 * A store to be tested: on real files with RocksDB and all threads, or on a disk that loses what
 * was not synced, with the index in memory and without threads, so that a run repeats exactly.
 */
#ifndef WEIR_TEST_STORE_WORLD_H
#define WEIR_TEST_STORE_WORLD_H

#include "store/store.h"
#include "store/store_int.h"
#include "store_model.h"

#include "base/mem.h"
#include "sys/faulty.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define ARENA_BYTES (512u * 1024 * 1024)

struct fixture {
    struct faulty *disk;          /* NULL: real files */
    char dir[64];                 /* DIR */
    struct store_options options; /* of every opening */
    struct store *store;          /* open, or NULL */
    struct arena *arena;          /* scratch */
    struct model model;           /* after everything committed */
    uint64_t committed;           /* position */
};

static inline int remove_one(const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
    (void)info;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static inline void remove_tree(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline struct store *open_store(struct fixture *f)
{
    struct why why = {""};

    if (store_open(&f->options, &why, &f->store) != OK) {
        fail_msg("%s", why.text);
    }
    return f->store;
}

static inline void fixture_init(struct fixture *f, bool real, uint64_t seed)
{
    *f = (struct fixture){.arena = arena_new(ARENA_BYTES)};
    if (real) {
        snprintf(f->dir, sizeof(f->dir), "/tmp/weir-store-XXXXXX");
        assert_non_null(mkdtemp(f->dir));
    } else {
        f->disk = faulty_new(seed);
        snprintf(f->dir, sizeof(f->dir), "/data");
    }
    f->options = (struct store_options){
        .files = real ? files_real() : faulty_files(f->disk),
        .dir = f->dir,
        .memory_index = !real,
        .threads = real,
        .reserve_bytes = real ? 0 : 1,
    };
}

static inline void fixture_done(struct fixture *f)
{
    if (f->disk != NULL) {
        faulty_free(f->disk);
    } else {
        remove_tree(f->dir);
    }
    arena_free(f->arena);
}

static inline int setup(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);

    fixture_init(f, true, 0);
    open_store(f);
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;

    store_close(f->store);
    fixture_done(f);
    mem_free(f);
    return 0;
}

static inline void commit(struct fixture *f, int count)
{
    for (int i = 0; i < count; i++) {
        struct entry entry;

        arena_clear(f->arena);
        model_step(&f->model, f->committed + 1, f->arena, &entry);
        assert_int_equal(store_commit(f->store, &entry), f->committed + 1);
        f->committed++;
    }
}

static inline void commit_put(struct fixture *f, const char *key, struct str value)
{
    struct key made = key_of(f->arena, "other");
    struct change change = {.kind = CHANGE_PUT, .data = value};
    struct entry entry = {.at_ms = FIRST_MS, .service = STR("other"), .changes = &change,
                          .change_count = 1};

    key_str(&made, str_c(key));
    change.key = key_end(&made);
    store_commit(f->store, &entry);
}

static inline void commit_blob(struct fixture *f, uint8_t kind, struct str id)
{
    struct change change = {.kind = kind, .key = id};
    struct entry entry = {.at_ms = FIRST_MS, .service = STR("s3"), .changes = &change,
                          .change_count = 1};

    store_commit(f->store, &entry);
}

static inline void checkpoint(struct fixture *f)
{
    store_checkpoint_begin(f->store);
    assert_int_equal(store_checkpoint_wait(f->store), OK);
}

static inline void expect_keys(struct fixture *f, const struct model *m)
{
    struct key prefix = key_of(f->arena, "test");
    struct str from = key_end(&prefix);
    struct kv_scan *scan = NULL;
    struct str key;
    struct str value;

    scan = store_scan(f->store, from, key_after_prefix(f->arena, from), false);
    for (size_t i = 0; i < KEYS; i++) {
        struct str got;
        bool there = store_get(f->store, f->arena, model_key(f->arena, i), &got);

        assert_int_equal(there, m->put_at[i] > 0);
        if (there) {
            struct str expected = model_value(f->arena, i, m->put_at[i]);

            assert_true(str_eq(got, expected));
            assert_true(store_scan_next(scan, &key, &value));
            assert_true(str_eq(key, model_key(f->arena, i)));
            assert_true(str_eq(value, expected));
        }
    }
    assert_false(store_scan_next(scan, &key, &value));
    store_scan_close(scan);
}

static inline void expect_log(struct fixture *f, uint64_t log, uint64_t first, uint64_t last)
{
    struct log_state s = logs_state(store_logs(f->store), log);
    struct log_record record;
    size_t count = 0;

    assert_int_equal(s.first, first);
    assert_int_equal(s.last, last);
    for (uint64_t sequence = first; sequence > 0 && sequence <= last; sequence++) {
        struct log_range range = {log, sequence, 1, 1};

        assert_int_equal(logs_read(store_logs(f->store), &range, f->arena, &record, &count), OK);
        assert_int_equal(count, 1);
        assert_int_equal(record.sequence, sequence);
        assert_int_equal(record.at_ms, FIRST_MS + (int64_t)sequence);
        assert_true(str_eq(record.data, model_record(f->arena, log, sequence)));
    }
}

static inline void expect_model(struct fixture *f, const struct model *m)
{
    arena_clear(f->arena);
    expect_keys(f, m);
    for (size_t i = 0; i < LOGS; i++) {
        if (m->log[i] != 0) {
            expect_log(f, m->log[i], m->first[i], m->last[i]);
        }
    }
    assert_int_equal(logs_highest(store_logs(f->store)), m->highest);
    arena_clear(f->arena);
}

/* After a crash: what the journal kept is the state, and it is at least what was acknowledged. */
static inline void expect_recovered(struct fixture *f, uint64_t acknowledged)
{
    uint64_t last = journal_last(store_journal(f->store));

    assert_true(last >= acknowledged);
    assert_true(last <= f->committed + 1); /* one may have been under way */
    f->model = model_at(f->arena, last);
    f->committed = last;
    expect_model(f, &f->model);
}

static inline void close_store(struct fixture *f)
{
    store_close(f->store);
    f->store = NULL;
}

static inline struct str blob_make(struct fixture *f, char digit)
{
    char *id = arena_alloc(f->arena, BLOB_ID_BYTES);
    struct blob_writer *writer = NULL;
    uint64_t bytes = 0;

    memset(id, digit, BLOB_ID_BYTES);
    assert_int_equal(blob_create(store_blobs(f->store), str_of(id, BLOB_ID_BYTES), &writer), OK);
    assert_int_equal(blob_write(writer, STR("a large body")), OK);
    assert_int_equal(blob_finish(writer, &bytes), OK);
    return str_of(id, BLOB_ID_BYTES);
}

#define ON_REAL(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif
