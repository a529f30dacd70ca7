/* SPDX-License-Identifier: Apache-2.0
 *
 * The store (store/store.h) against a model. What entry number p does follows from p and the state
 * before it, so the state after any number of entries can be computed again, and a recovered store
 * must equal the state after exactly as many entries as its journal has: never fewer than were
 * acknowledged, never anything in between.
 *
 * Crashes are made three ways: a disk that loses what was not synced (the index is in memory then:
 * RocksDB is not behind the seam), closing without sync, and kill -9 of another process.
 */
#include "store/store.h"
#include "store/key.h"
#include "store/store_int.h"

#include "base/mem.h"
#include "sys/faulty.h"
#include "sys/log.h"
#include "sys/rand.h"

#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ARENA_BYTES (512u * 1024 * 1024)
#define KEYS 40
#define LOGS 5
#define FIRST_MS INT64_C(1790000000000)

/* ---- the model ---- */

struct model {
    uint64_t put_at[KEYS];  /* entry that put the key; 0: not there */
    uint64_t log[LOGS];     /* number; 0: none */
    uint64_t first[LOGS];   /* sequence */
    uint64_t last[LOGS];    /* sequence */
    uint64_t highest;       /* log number ever made */
};

static struct str model_key(struct arena *arena, size_t i)
{
    struct key key = key_of(arena, "test");

    key_u64(&key, i);
    return key_end(&key);
}

static struct str model_value(struct arena *arena, size_t i, uint64_t position)
{
    size_t bytes = (i * 37 + position * 11) % 300;
    char *at = arena_alloc(arena, bytes + 1);

    for (size_t b = 0; b < bytes; b++) {
        at[b] = (char)(i + position * 3 + b);
    }
    return str_of(at, bytes);
}

static struct str model_record(struct arena *arena, uint64_t log, uint64_t sequence)
{
    size_t bytes = (log * 53 + sequence * 17) % 500;
    char *at = arena_alloc(arena, bytes + 1);

    for (size_t b = 0; b < bytes; b++) {
        at[b] = (char)(log * 5 + sequence + b);
    }
    return str_of(at, bytes);
}

static struct change *change_add(struct entry *entry, uint8_t kind)
{
    struct change *change = &entry->changes[entry->change_count++];

    *change = (struct change){.kind = kind};
    return change;
}

static void log_step(struct model *m, struct rand *rand, struct arena *arena, struct entry *entry)
{
    size_t i = rand_below(rand, LOGS);

    if (m->log[i] == 0) {
        m->log[i] = ++m->highest;
        m->first[i] = 0;
        m->last[i] = 0;
        change_add(entry, CHANGE_LOG)->log = m->log[i];
    }
    for (uint64_t count = rand_below(rand, 6); count > 0; count--) {
        struct change *change = change_add(entry, CHANGE_APPEND);

        change->log = m->log[i];
        change->sequence = ++m->last[i];
        change->at_ms = FIRST_MS + (int64_t)m->last[i];
        change->data = model_record(arena, m->log[i], m->last[i]);
        m->first[i] = m->first[i] == 0 ? 1 : m->first[i];
    }
    if (m->last[i] > 0 && rand_below(rand, 8) == 0) {
        struct change *change = change_add(entry, CHANGE_TRIM);

        change->log = m->log[i];
        change->sequence = m->first[i] + rand_below(rand, m->last[i] - m->first[i] + 2);
        m->first[i] = change->sequence;
    }
    if (rand_below(rand, 25) == 0) {
        change_add(entry, CHANGE_DROP)->log = m->log[i];
        m->log[i] = 0;
    }
}

/* What entry `position` is, and the state after it. */
static void model_step(struct model *m, uint64_t position, struct arena *arena,
                       struct entry *ret_entry)
{
    struct rand rand;

    rand_init(&rand, position * 7919);
    *ret_entry = (struct entry){.at_ms = FIRST_MS + (int64_t)position,
                                .principal = STR("arn:aws:iam::000000000000:root"),
                                .account = STR("000000000000"),
                                .region = STR("us-east-1"),
                                .service = STR("kinesis"),
                                .operation = STR("Test")};
    ret_entry->changes = arena_alloc(arena, 32 * sizeof(struct change));
    for (uint64_t count = 1 + rand_below(&rand, 4); count > 0; count--) {
        size_t i = rand_below(&rand, KEYS);
        bool put = rand_below(&rand, 3) > 0;
        struct change *change = change_add(ret_entry, put ? CHANGE_PUT : CHANGE_DELETE);

        change->key = model_key(arena, i);
        change->data = put ? model_value(arena, i, position) : STR_NONE;
        m->put_at[i] = put ? position : 0;
    }
    if (rand_below(&rand, 2) == 0) {
        log_step(m, &rand, arena, ret_entry);
    }
}

/* ---- fixture ---- */

struct fixture {
    struct faulty *disk;          /* NULL: real files */
    char dir[64];                 /* DIR */
    struct store_options options; /* of every opening */
    struct store *store;          /* open, or NULL */
    struct arena *arena;          /* scratch */
    struct model model;           /* after everything committed */
    uint64_t committed;           /* position */
};

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
    (void)info;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static void remove_tree(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct store *open_store(struct fixture *f)
{
    struct why why = {""};

    if (store_open(&f->options, &why, &f->store) != OK) {
        fail_msg("%s", why.text);
    }
    return f->store;
}

static void fixture_init(struct fixture *f, bool real, uint64_t seed)
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

static void fixture_done(struct fixture *f)
{
    if (f->disk != NULL) {
        faulty_free(f->disk);
    } else {
        remove_tree(f->dir);
    }
    arena_free(f->arena);
}

static int setup(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);

    fixture_init(f, true, 0);
    open_store(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    store_close(f->store);
    fixture_done(f);
    mem_free(f);
    return 0;
}

static void commit(struct fixture *f, int count)
{
    for (int i = 0; i < count; i++) {
        struct entry entry;

        arena_clear(f->arena);
        model_step(&f->model, f->committed + 1, f->arena, &entry);
        assert_int_equal(store_commit(f->store, &entry), f->committed + 1);
        f->committed++;
    }
}

static void commit_put(struct fixture *f, const char *key, struct str value)
{
    struct key made = key_of(f->arena, "other");
    struct change change = {.kind = CHANGE_PUT, .data = value};
    struct entry entry = {.at_ms = FIRST_MS, .service = STR("other"), .changes = &change,
                          .change_count = 1};

    key_str(&made, str_c(key));
    change.key = key_end(&made);
    store_commit(f->store, &entry);
}

static void commit_blob(struct fixture *f, uint8_t kind, struct str id)
{
    struct change change = {.kind = kind, .key = id};
    struct entry entry = {.at_ms = FIRST_MS, .service = STR("s3"), .changes = &change,
                          .change_count = 1};

    store_commit(f->store, &entry);
}

static void checkpoint(struct fixture *f)
{
    store_checkpoint_begin(f->store);
    assert_int_equal(store_checkpoint_wait(f->store), OK);
}

static void expect_keys(struct fixture *f, const struct model *m)
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

static void expect_log(struct fixture *f, uint64_t log, uint64_t first, uint64_t last)
{
    struct log_state s = logs_state(store_logs(f->store), log);
    struct log_record record;
    size_t count = 0;

    assert_int_equal(s.first, first);
    assert_int_equal(s.last, last);
    for (uint64_t sequence = first; sequence > 0 && sequence <= last; sequence++) {
        assert_int_equal(logs_read(store_logs(f->store), log, sequence, 1, 1, f->arena, &record,
                                   &count),
                         OK);
        assert_int_equal(count, 1);
        assert_int_equal(record.sequence, sequence);
        assert_int_equal(record.at_ms, FIRST_MS + (int64_t)sequence);
        assert_true(str_eq(record.data, model_record(f->arena, log, sequence)));
    }
}

static void expect_model(struct fixture *f, const struct model *m)
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

/* The state after `position` entries of the model. */
static struct model model_at(struct fixture *f, uint64_t position)
{
    struct model m = {.highest = 0};
    struct entry entry;

    for (uint64_t p = 1; p <= position; p++) {
        arena_clear(f->arena);
        model_step(&m, p, f->arena, &entry);
    }
    return m;
}

/* After a crash: whatever the journal kept is the state, and it is at least what was acknowledged. */
static void expect_recovered(struct fixture *f, uint64_t acknowledged)
{
    uint64_t last = journal_last(store_journal(f->store));

    assert_true(last >= acknowledged);
    assert_true(last <= f->committed + 1); /* one may have been under way */
    f->model = model_at(f, last);
    f->committed = last;
    expect_model(f, &f->model);
}

/* ---- in order ---- */

static void what_is_committed_is_read_at_once(void **state)
{
    struct fixture *f = *state;

    commit(f, 300);
    expect_model(f, &f->model);
}

static void an_orderly_stop_leaves_nothing_to_replay(void **state)
{
    struct fixture *f = *state;

    commit(f, 300);
    store_close(f->store);
    open_store(f);
    assert_int_equal(store_recovered(f->store)->checkpoint, 300);
    assert_int_equal(store_recovered(f->store)->entries, 0);
    expect_model(f, &f->model);
    store_close(f->store); /* and again, with nothing done */
    open_store(f);
    expect_model(f, &f->model);
    commit(f, 10);
    expect_model(f, &f->model);
}

static void what_was_synced_is_replayed_from_the_checkpoint(void **state)
{
    struct fixture *f = *state;

    commit(f, 100);
    checkpoint(f);
    commit(f, 150);
    journal_sync(store_journal(f->store));
    store_abandon(f->store);
    open_store(f);
    assert_int_equal(store_recovered(f->store)->checkpoint, 100);
    assert_int_equal(store_recovered(f->store)->entries, 150);
    assert_true(store_recovered(f->store)->bytes > 1000);
    expect_recovered(f, 250);
}

static void work_goes_on_while_a_checkpoint_is_written(void **state)
{
    struct fixture *f = *state;

    for (int round = 0; round < 20; round++) {
        commit(f, 30);
        store_checkpoint_begin(f->store);
        assert_false(store_wants_checkpoint(f->store));
        commit(f, 30);
        assert_int_equal(store_checkpoint_wait(f->store), OK);
    }
    commit(f, 5);
    journal_sync(store_journal(f->store));
    store_abandon(f->store);
    open_store(f);
    assert_int_equal(store_recovered(f->store)->checkpoint, 1170);
    expect_recovered(f, 1205);
}

/* Index and logs were flushed, the note was not: each part goes on from where it is. */
static void an_index_ahead_of_the_note_is_not_given_entries_twice(void **state)
{
    struct fixture *f = *state;

    commit(f, 50);
    checkpoint(f);
    commit(f, 70);
    store_checkpoint_begin(f->store);
    assert_int_equal(f->store->kv->ops->checkpoint_wait(f->store->kv), OK);
    assert_int_equal(logs_checkpoint_wait(f->store->logs), OK);
    store_abandon(f->store);
    open_store(f);
    assert_int_equal(store_recovered(f->store)->checkpoint, 50);
    assert_int_equal(f->store->kv->ops->position(f->store->kv), 120);
    expect_recovered(f, 120);
    commit(f, 10);
    checkpoint(f);
    store_abandon(f->store);
    open_store(f);
    expect_recovered(f, 130);
}

static void a_log_number_is_given_once(void **state)
{
    struct fixture *f = *state;
    struct change changes[2] = {{.kind = CHANGE_LOG}, {.kind = CHANGE_DROP}};
    struct entry entry = {.at_ms = FIRST_MS, .changes = changes, .change_count = 2};
    uint64_t first = store_log_new(f->store);
    uint64_t second = store_log_new(f->store);

    assert_int_equal(first, 1);
    assert_int_equal(second, 2);
    changes[0].log = changes[1].log = second;
    store_commit(f->store, &entry);
    store_close(f->store);
    open_store(f);
    assert_int_equal(store_log_new(f->store), 3); /* dropped, and never given again */
}

static void a_checkpoint_is_wanted_after_enough_work(void **state)
{
    struct fixture *f = *state;

    store_close(f->store);
    f->options.checkpoint_bytes = 20000;
    open_store(f);
    assert_false(store_wants_checkpoint(f->store));
    commit(f, 1);
    assert_false(store_wants_checkpoint(f->store));
    commit(f, 200);
    assert_true(store_wants_checkpoint(f->store));
    checkpoint(f);
    assert_false(store_wants_checkpoint(f->store));
}

/* More than the index may hold unflushed: recovery makes a checkpoint on the way. */
static void a_long_recovery_does_not_hold_everything_in_memory(void **state)
{
    struct fixture *f = *state;
    size_t bytes = 1u << 20;
    char *value = mem_alloc(bytes);

    memset(value, 'v', bytes);
    for (int i = 0; i < 140; i++) {
        arena_clear(f->arena);
        commit_put(f, arena_printf(f->arena, "k%d", i).at, str_of(value, bytes));
    }
    mem_free(value);
    journal_sync(store_journal(f->store));
    store_abandon(f->store);
    open_store(f);
    assert_int_equal(store_recovered(f->store)->entries, 140);
    assert_true(f->store->kv->ops->dirty_bytes(f->store->kv) < STORE_DIRTY_BYTES_WANTED / 2);
    assert_true(f->store->noted > 100);
    store_abandon(f->store);
    open_store(f); /* from there */
    assert_true(store_recovered(f->store)->checkpoint > 100);
}

/* ---- blobs ---- */

static struct str blob_make(struct fixture *f, char digit)
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

static bool blob_there(struct fixture *f, struct str id)
{
    struct blob *blob = NULL;

    if (blob_open(store_blobs(f->store), id, &blob) != OK) {
        return false;
    }
    blob_close(blob);
    return true;
}

static void a_blob_nobody_published_is_swept_at_the_next_start(void **state)
{
    struct fixture *f = *state;
    struct str kept = blob_make(f, 'a');
    struct str lost = blob_make(f, 'b');

    commit_blob(f, CHANGE_BLOB, kept);
    journal_sync(store_journal(f->store));
    store_abandon(f->store);
    open_store(f);
    assert_true(blob_there(f, kept));
    assert_false(blob_there(f, lost));
    store_close(f->store);
    open_store(f);
    assert_true(blob_there(f, kept));
}

static void a_blob_no_longer_needed_goes_with_the_next_checkpoint(void **state)
{
    struct fixture *f = *state;
    struct str id = blob_make(f, 'a');

    commit_blob(f, CHANGE_BLOB, id);
    checkpoint(f);
    commit_blob(f, CHANGE_UNBLOB, id);
    assert_true(blob_there(f, id)); /* a crash now must find it */
    checkpoint(f);
    assert_false(blob_there(f, id));
}

static void many_blobs_to_be_removed_ask_for_a_checkpoint(void **state)
{
    struct fixture *f = *state;
    char id[BLOB_ID_BYTES + 1];

    for (int i = 0; i < STORE_UNBLOBS_WANTED; i++) {
        assert_false(store_wants_checkpoint(f->store));
        snprintf(id, sizeof(id), "%032d", i);
        commit_blob(f, CHANGE_UNBLOB, str_of(id, BLOB_ID_BYTES));
    }
    assert_true(store_wants_checkpoint(f->store));
}

/* ---- refusals ---- */

static void write_text(struct fixture *f, const char *name, const char *text)
{
    char path[STORE_PATH_BYTES_MAX];
    FILE *file = NULL;

    store_path(f->dir, name, path);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void expect_refused(struct fixture *f, status expected, const char *mentions)
{
    struct why why = {""};
    status opened = store_open(&f->options, &why, &f->store);

    if (opened != expected || strstr(why.text, mentions) == NULL) {
        fail_msg("%s: %s", opened == OK ? "OK" : opened->code, why.text);
    }
}

static void close_store(struct fixture *f)
{
    store_close(f->store);
    f->store = NULL;
}

static void a_directory_in_use_is_refused(void **state)
{
    struct fixture *f = *state;
    struct store *second = NULL;
    struct why why = {""};

    assert_int_equal(store_open(&f->options, &why, &second), &ERR_BUSY);
    assert_non_null(strstr(why.text, "in use by another weir"));
    assert_non_null(strstr(why.text, f->dir));
    assert_null(second);
}

static void a_newer_format_is_refused_by_name(void **state)
{
    struct fixture *f = *state;

    close_store(f);
    write_text(f, "format", "weir data 2\n");
    expect_refused(f, &ERR_VERSION, "format 2");
    write_text(f, "format", "something else\n");
    expect_refused(f, &ERR_CORRUPT, "format");
    write_text(f, "format", "weir data 0\n");
    expect_refused(f, &ERR_CORRUPT, "format");
    write_text(f, "format", "");
    expect_refused(f, &ERR_CORRUPT, "format");
}

static void a_directory_that_lost_its_format_is_refused(void **state)
{
    struct fixture *f = *state;
    char path[STORE_PATH_BYTES_MAX];

    commit(f, 1);
    close_store(f);
    store_path(f->dir, "format", path);
    assert_int_equal(remove(path), 0);
    expect_refused(f, &ERR_CORRUPT, "no format");
}

static void a_damaged_note_is_refused(void **state)
{
    struct fixture *f = *state;

    commit(f, 10);
    close_store(f);
    write_text(f, "checkpoint", "weir checkpoint 00000000000000000009 crc32c 00000000\n");
    expect_refused(f, &ERR_CORRUPT, "checkpoint");
    write_text(f, "checkpoint", "");
    expect_refused(f, &ERR_CORRUPT, "checkpoint");
}

static void an_index_ahead_of_the_journal_is_refused(void **state)
{
    struct fixture *f = *state;
    char path[STORE_PATH_BYTES_MAX];

    commit(f, 10);
    close_store(f);
    store_path(f->dir, "journal", path);
    remove_tree(path);
    expect_refused(f, &ERR_CORRUPT, "at position 10, but the journal ends at 0");
    store_path(f->dir, "checkpoint", path); /* never empty, never silently */
    assert_int_equal(remove(path), 0);
    expect_refused(f, &ERR_CORRUPT, "at position 10, but the journal ends at 0");
}

static void lost_logs_are_refused(void **state)
{
    struct fixture *f = *state;
    char path[STORE_PATH_BYTES_MAX];

    commit(f, 100);
    close_store(f);
    store_path(f->dir, "logs", path);
    remove_tree(path);
    expect_refused(f, &ERR_CORRUPT, "manifest-00000000000000000100");
}

/* The journal's beginning is gone, which is fine while index and logs are beyond it. */
static void an_index_behind_the_journals_beginning_is_refused(void **state)
{
    struct fixture *f = *state;
    char path[STORE_PATH_BYTES_MAX];
    char value[100000];

    memset(value, 'v', sizeof(value));
    close_store(f);
    f->options.keep_bytes = 1;
    f->options.keep_ms = 1;
    f->options.threads = false;
    open_store(f);
    for (int i = 0; i < 3000 && journal_first(store_journal(f->store)) == 1; i++) {
        commit_put(f, "k", str_of(value, sizeof(value)));
        arena_clear(f->arena);
        if (i % 100 == 99) {
            checkpoint(f);
        }
    }
    assert_true(journal_first(store_journal(f->store)) > 1);
    close_store(f);
    open_store(f);
    close_store(f);
    store_path(f->dir, "kv", path);
    remove_tree(path);
    expect_refused(f, &ERR_CORRUPT, "entry 1 is needed next, but the journal begins at");
}

/* ---- power cuts, on a disk that loses what was not synced ---- */

static jmp_buf died;

static void die_jump(void)
{
    longjmp(died, 1);
}

/* Dying in the middle of an opening leaves what it had made so far to nobody: a sanitizer that looks
 * for leaks, if there is one, is told not to count that. */
extern void __lsan_disable(void) __attribute__((weak));
extern void __lsan_enable(void) __attribute__((weak));

static void leaks_count(bool count)
{
    void (*tell)(void) = count ? __lsan_enable : __lsan_disable;

    if (tell != NULL) {
        tell();
    }
}

/* Opens and works until the power goes (or the work is done); what was acknowledged. */
static uint64_t work_until_dark(struct fixture *f, int steps, uint64_t seed)
{
    static uint64_t acknowledged; /* must outlive the jump */
    struct rand rand;
    struct why why = {""};

    acknowledged = 0;
    rand_init(&rand, seed);
    sys_die_hook(die_jump);
    leaks_count(false);
    if (setjmp(died) == 0 && store_open(&f->options, &why, &f->store) == OK) {
        acknowledged = journal_last(store_journal(f->store));
        for (int i = 0; i < steps && !faulty_dark(f->disk); i++) {
            commit(f, 1 + (int)rand_below(&rand, 5));
            journal_sync(store_journal(f->store));
            acknowledged = journal_durable(store_journal(f->store));
            if (rand_below(&rand, 6) == 0) {
                store_checkpoint_begin(f->store);
                if (rand_below(&rand, 2) == 0) {
                    commit(f, 3);
                }
                if (store_checkpoint_wait(f->store) != OK) {
                    break;
                }
            }
        }
    }
    leaks_count(true);
    sys_die_hook(NULL);
    store_abandon(f->store);
    f->store = NULL;
    return acknowledged;
}

/* Twice: the second time the power goes while recovering from the first. */
static void cut_round(uint64_t seed, uint64_t sync, bool *ret_cut)
{
    struct fixture f;
    uint64_t acknowledged = 0;

    fixture_init(&f, false, seed);
    faulty_cut_at_sync(f.disk, sync);
    acknowledged = work_until_dark(&f, 12, seed);
    *ret_cut = faulty_dark(f.disk);
    for (uint64_t again = 1; faulty_dark(f.disk) && again < 4; again++) {
        uint64_t more = 0;

        faulty_power(f.disk);
        open_store(&f);
        expect_recovered(&f, acknowledged);
        store_abandon(f.store);
        f.store = NULL;
        faulty_cut_at_sync(f.disk, faulty_syncs(f.disk) + again * 3);
        more = work_until_dark(&f, 6, seed + again);
        acknowledged = more > acknowledged ? more : acknowledged;
    }
    if (faulty_dark(f.disk)) {
        faulty_power(f.disk);
    }
    faulty_cut_at_sync(f.disk, 0);
    open_store(&f);
    expect_recovered(&f, acknowledged);
    commit(&f, 20);
    close_store(&f);
    open_store(&f);
    expect_model(&f, &f.model);
    close_store(&f);
    fixture_done(&f);
}

static void a_power_cut_at_any_sync_loses_nothing_acknowledged(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        bool cut = true;
        uint64_t sync = 1;

        for (; cut && sync < 400; sync++) {
            cut_round(seed * 1000 + sync, sync, &cut);
        }
        assert_true(sync > 15); /* it did run through the work */
    }
}

/* Any one operation fails: the process may end, a call may say so, but nothing acknowledged goes. */
static void a_failing_operation_loses_nothing_acknowledged(void **state)
{
    uint64_t operations = UINT64_MAX; /* of a run without a failure, which is the first */

    (void)state;
    for (uint64_t at = 0; at <= operations; at += 1 + at / 60) {
        struct fixture f;
        uint64_t acknowledged = 0;

        fixture_init(&f, false, at);
        faulty_fail_at(f.disk, at, at % 3 == 0 ? &ERR_FULL : &ERR_IO);
        acknowledged = work_until_dark(&f, 12, 5);
        operations = at == 0 ? faulty_operations(f.disk) : operations;
        faulty_fail_at(f.disk, 0, OK);
        if (at % 2 == 0) {
            faulty_cut(f.disk);
            faulty_power(f.disk);
        }
        open_store(&f);
        expect_recovered(&f, acknowledged);
        close_store(&f);
        fixture_done(&f);
    }
    assert_true(operations > 50);
}

/* ---- kill -9 ---- */

/* The other process: commits, acknowledges each durable position by a line, until it is killed. */
static int child(const char *dir)
{
    struct fixture f = {.arena = arena_new(ARENA_BYTES)};

    snprintf(f.dir, sizeof(f.dir), "%s", dir);
    f.options = (struct store_options){
        .files = files_real(), .dir = f.dir, .threads = true, .checkpoint_bytes = 30000};
    open_store(&f);
    f.committed = journal_last(store_journal(f.store));
    f.model = model_at(&f, f.committed);
    for (;;) {
        uint64_t durable = 0;

        commit(&f, 7);
        if (f.committed % 2 == 0) {
            journal_sync(store_journal(f.store));
        } else {
            journal_wake(store_journal(f.store));
        }
        durable = journal_durable(store_journal(f.store));
        if (write(STDOUT_FILENO, &durable, sizeof(durable)) != sizeof(durable)) {
            return 1;
        }
        if (store_wants_checkpoint(f.store)) {
            store_checkpoint_begin(f.store);
            commit(&f, 3);
            if (store_checkpoint_wait(f.store) != OK) {
                return 1;
            }
        }
    }
}

static uint64_t run_and_kill(struct fixture *f, uint64_t acknowledgements)
{
    int ends[2];
    pid_t pid = 0;
    uint64_t acknowledged = 0;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl("/proc/self/exe", "store_test", "child", f->dir, (char *)NULL);
        _exit(2);
    }
    close(ends[1]);
    for (uint64_t i = 0; i < acknowledgements; i++) {
        assert_int_equal(read(ends[0], &acknowledged, sizeof(acknowledged)), sizeof(acknowledged));
    }
    kill(pid, SIGKILL);
    while (read(ends[0], &acknowledged, sizeof(acknowledged)) == sizeof(acknowledged)) {
        /* What it said before it was killed counts too. */
    }
    close(ends[0]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    return acknowledged;
}

static void a_killed_process_leaves_everything_acknowledged(void **state)
{
    struct fixture *f = *state;
    struct rand rand;

    rand_init(&rand, 3);
    close_store(f);
    for (int round = 0; round < 12; round++) {
        uint64_t acknowledged = run_and_kill(f, 1 + rand_below(&rand, 60));

        f->committed = UINT64_MAX / 2; /* how far it came is not known */
        open_store(f);
        expect_recovered(f, acknowledged);
        if (round % 3 == 0) {
            close_store(f);
        } else {
            store_abandon(f->store);
            f->store = NULL;
        }
    }
}

/* ---- fsck ---- */

struct findings {
    uint64_t count;       /* lines */
    char all[20000];      /* of them, as far as they fit */
};

static void note_finding(void *arg, const char *line)
{
    struct findings *findings = arg;
    size_t used = strlen(findings->all);

    findings->count++;
    snprintf(findings->all + used, sizeof(findings->all) - used, "%s\n", line);
}

static struct store_fsck expect_fsck(struct fixture *f, const char *mentions)
{
    struct findings findings = {0};
    struct store_fsck result = {0};
    status checked = store_fsck(f->options.files, f->dir, note_finding, &findings, &result);

    assert_int_equal(result.findings, findings.count);
    assert_int_equal(checked, mentions == NULL ? OK : &ERR_CORRUPT);
    if (mentions != NULL ? strstr(findings.all, mentions) == NULL : findings.count != 0) {
        fail_msg("%s", findings.all);
    }
    return result;
}

/* A directory with a checkpoint, entries behind it, logs with segments, and a blob. */
static void make_sound(struct fixture *f)
{
    commit(f, 400);
    commit_blob(f, CHANGE_BLOB, blob_make(f, 'c'));
    checkpoint(f);
    for (int i = 0; i < 10; i++) {
        commit_put(f, "later", STR("v"));
    }
    journal_sync(store_journal(f->store));
    store_abandon(f->store);
    f->store = NULL;
}

static void fsck_of_a_directory_in_use_says_so(void **state)
{
    struct fixture *f = *state;
    struct findings findings = {0};
    struct store_fsck result = {0};

    assert_int_equal(store_fsck(f->options.files, f->dir, note_finding, &findings, &result),
                     &ERR_BUSY);
    assert_non_null(strstr(findings.all, "in use"));
}

static void fsck_counts_what_it_looked_at(void **state)
{
    struct fixture *f = *state;
    struct store_fsck result;
    uint64_t keys = 1; /* the blob's */
    uint64_t records = 0;

    make_sound(f);
    for (size_t i = 0; i < KEYS; i++) {
        keys += f->model.put_at[i] > 0;
    }
    for (size_t i = 0; i < LOGS; i++) {
        records += f->model.log[i] != 0 && f->model.last[i] > 0
                       ? f->model.last[i] - f->model.first[i] + 1
                       : 0;
    }
    result = expect_fsck(f, NULL);
    assert_int_equal(result.entries, 411);
    assert_int_equal(result.keys, keys);
    assert_true(result.records >= records);
    assert_int_equal(result.blobs, 1);
    open_store(f); /* and it changed nothing */
    expect_model(f, &f->model);
}

static void flip_in(struct fixture *f, const char *name, long offset)
{
    char path[STORE_PATH_BYTES_MAX];
    FILE *file = NULL;
    int byte = 0;

    store_path(f->dir, name, path);
    file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, offset, offset < 0 ? SEEK_END : SEEK_SET), 0);
    byte = fgetc(file);
    assert_true(byte != EOF);
    assert_int_equal(fseek(file, -1, SEEK_CUR), 0);
    fputc(byte ^ 4, file);
    fclose(file);
}

/* The first file of a folder with that ending, as folder/name. */
static void file_like(struct fixture *f, const char *folder, const char *ending, char out[256])
{
    char command[256];
    char name[128] = "";
    FILE *listing = NULL;

    snprintf(command, sizeof(command), "cd %s/%s && ls | grep -E '%s' | head -1", f->dir, folder,
             ending);
    listing = popen(command, "r");
    assert_non_null(listing);
    assert_non_null(fgets(name, sizeof(name), listing));
    pclose(listing);
    name[strcspn(name, "\n")] = 0;
    snprintf(out, 256, "%s/%s", folder, name);
}

static void fsck_finds_flipped_bytes_in_every_part(void **state)
{
    static const struct {
        const char *folder, *ending, *mentions;
        long offset;
    } parts[] = {
        {"journal", "wj$", "position 1,", 4096 + 100},
        {"journal", "wj$", "wj", 9},
        {"logs", "seg$", ".seg, offset 0", 70},
        {"logs", "^manifest", "manifest-", 40},
        {"kv", "sst$", "index", 60},
        {"kv", "^MANIFEST", "index", 30},
        {"blobs/cc", "c$", "blob cccccccccccccccccccccccccccccccc", 3},
        {".", "^checkpoint$", "checkpoint", 20},
        {".", "^format$", "format", 3},
    };
    struct fixture *f = *state;

    make_sound(f);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        char name[256];

        file_like(f, parts[i].folder, parts[i].ending, name);
        flip_in(f, name, parts[i].offset);
        expect_fsck(f, parts[i].mentions);
        flip_in(f, name, parts[i].offset);
        expect_fsck(f, NULL);
    }
}

/* Writes to the index behind the journal's back. */
static void index_write(struct fixture *f, size_t key, struct str value)
{
    char path[STORE_PATH_BYTES_MAX];
    struct key later = key_of(f->arena, "other");
    struct kv_write w[2] = {{model_key(f->arena, key), value}};
    struct why why = {""};
    struct kv *kv = NULL;
    uint64_t position = 0;

    key_str(&later, STR("later")); /* what the entries behind the checkpoint put */
    w[1] = (struct kv_write){key_end(&later), STR("v")};
    store_path(f->dir, "kv", path);
    assert_int_equal(kv_rocks_open(path, STORE_CACHE_BYTES, &why, &kv), OK);
    position = kv->ops->position(kv) + 1;
    kv->ops->apply(kv, position, w, 2);
    kv->ops->checkpoint_begin(kv, position);
    assert_int_equal(kv->ops->checkpoint_wait(kv), OK);
    kv->ops->close(kv);
}

static void fsck_finds_keys_that_the_journal_contradicts(void **state)
{
    struct fixture *f = *state;
    size_t put = 0;
    size_t deleted = 0;
    struct model m;

    make_sound(f);
    m = f->model;
    for (size_t i = 0; i < KEYS; i++) {
        put = m.put_at[i] > 0 ? i : put;
        deleted = m.put_at[i] == 0 ? i : deleted;
    }
    index_write(f, put, STR("wrong"));
    expect_fsck(f, "has another value than was put by entry");
    index_write(f, put, STR_NONE);
    expect_fsck(f, "a key that was put by entry");
    index_write(f, put, model_value(f->arena, put, m.put_at[put]));
    expect_fsck(f, NULL);
    index_write(f, deleted, STR("back again"));
    expect_fsck(f, "is there, although it was deleted by entry");
}

static void fsck_finds_an_index_ahead_of_the_journal(void **state)
{
    struct fixture *f = *state;

    make_sound(f);
    for (int i = 0; i < 20; i++) {
        index_write(f, KEYS + 1, STR("x"));
    }
    expect_fsck(f, "but the journal ends at 411");
}

/* The log is made anew with other records, in files whose checksums agree. */
static void fsck_finds_records_that_the_journal_contradicts(void **state)
{
    struct fixture *f = *state;
    char path[STORE_PATH_BYTES_MAX];
    struct logs_options options = {.files = files_real(), .dir = path};
    struct logs *logs = NULL;
    struct why why = {""};
    size_t i = 0;

    make_sound(f);
    while (f->model.log[i] == 0 || f->model.last[i] < 5) {
        assert_true(++i < LOGS);
    }
    uint64_t log = f->model.log[i];

    store_path(f->dir, "logs", path);
    assert_int_equal(logs_open(&options, 401, &why, &logs), OK);
    logs_drop(logs, log);
    logs_checkpoint_begin(logs, 401);
    assert_int_equal(logs_checkpoint_wait(logs), OK);
    logs_checkpoint_noted(logs);
    expect_fsck(f, arena_printf(f->arena, "log %llu is missing", (unsigned long long)log).at);
    logs_make(logs, log);
    logs_append(logs, log, 1, FIRST_MS + 1, STR("not what was appended"));
    logs_checkpoint_begin(logs, 401);
    assert_int_equal(logs_checkpoint_wait(logs), OK);
    logs_checkpoint_noted(logs);
    logs_close(logs);
    expect_fsck(f, arena_printf(f->arena, "log %llu: record 1, appended by entry",
                                (unsigned long long)log)
                       .at);
    expect_fsck(f, "is missing");
}

static void fsck_finds_a_published_blob_without_a_file(void **state)
{
    struct fixture *f = *state;
    char path[STORE_PATH_BYTES_MAX];

    make_sound(f);
    store_path(f->dir, "blobs/cc/cccccccccccccccccccccccccccccccc", path);
    assert_int_equal(remove(path), 0);
    expect_fsck(f, "cccccccccccccccccccccccccccccccc is published and has no file");
}

static void fsck_finds_a_missing_beginning(void **state)
{
    struct fixture *f = *state;
    char path[STORE_PATH_BYTES_MAX];

    make_sound(f);
    store_path(f->dir, "journal", path);
    remove_tree(path);
    expect_fsck(f, "journal");
}

#define ON_REAL(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "child") == 0) {
        return child(argv[2]);
    }
    const struct CMUnitTest tests[] = {
        ON_REAL(what_is_committed_is_read_at_once),
        ON_REAL(an_orderly_stop_leaves_nothing_to_replay),
        ON_REAL(what_was_synced_is_replayed_from_the_checkpoint),
        ON_REAL(work_goes_on_while_a_checkpoint_is_written),
        ON_REAL(an_index_ahead_of_the_note_is_not_given_entries_twice),
        ON_REAL(a_log_number_is_given_once),
        ON_REAL(a_checkpoint_is_wanted_after_enough_work),
        ON_REAL(a_long_recovery_does_not_hold_everything_in_memory),
        ON_REAL(a_blob_nobody_published_is_swept_at_the_next_start),
        ON_REAL(a_blob_no_longer_needed_goes_with_the_next_checkpoint),
        ON_REAL(many_blobs_to_be_removed_ask_for_a_checkpoint),
        ON_REAL(a_directory_in_use_is_refused),
        ON_REAL(a_newer_format_is_refused_by_name),
        ON_REAL(a_directory_that_lost_its_format_is_refused),
        ON_REAL(a_damaged_note_is_refused),
        ON_REAL(an_index_ahead_of_the_journal_is_refused),
        ON_REAL(lost_logs_are_refused),
        ON_REAL(an_index_behind_the_journals_beginning_is_refused),
        cmocka_unit_test(a_power_cut_at_any_sync_loses_nothing_acknowledged),
        cmocka_unit_test(a_failing_operation_loses_nothing_acknowledged),
        ON_REAL(a_killed_process_leaves_everything_acknowledged),
        ON_REAL(fsck_of_a_directory_in_use_says_so),
        ON_REAL(fsck_counts_what_it_looked_at),
        ON_REAL(fsck_finds_flipped_bytes_in_every_part),
        ON_REAL(fsck_finds_keys_that_the_journal_contradicts),
        ON_REAL(fsck_finds_an_index_ahead_of_the_journal),
        ON_REAL(fsck_finds_records_that_the_journal_contradicts),
        ON_REAL(fsck_finds_a_published_blob_without_a_file),
        ON_REAL(fsck_finds_a_missing_beginning),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
