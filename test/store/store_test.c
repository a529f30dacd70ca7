/* SPDX-License-Identifier: Apache-2.0
 *
 * The store (store/store.h): committing, reading, checkpoints, opening again, blobs, and what it
 * refuses to open. Crashes are store_crash_test.c's, fsck is store_fsck_test.c's.
 */
#include "store_world.h"

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
    write_text(f, "format", "weir data 3\n");
    expect_refused(f, &ERR_VERSION, "format 3");
    write_text(f, "format", "something else\n");
    expect_refused(f, &ERR_CORRUPT, "format");
    write_text(f, "format", "weir data 0\n");
    expect_refused(f, &ERR_CORRUPT, "format");
    write_text(f, "format", "");
    expect_refused(f, &ERR_CORRUPT, "format");
}

/* What it holds is as it was, what is added is not for the weir that made it. */
static void an_older_format_is_read_and_becomes_this_one(void **state)
{
    struct fixture *f = *state;
    struct why why = {""};
    char path[STORE_PATH_BYTES_MAX];
    char text[32] = "";
    FILE *file;

    commit(f, 3);
    close_store(f);
    write_text(f, "format", "weir data 1\n");
    assert_int_equal(store_open(&f->options, &why, &f->store), OK);
    store_path(f->dir, "format", path);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof(text), file));
    assert_int_equal(fclose(file), 0);
    assert_string_equal(text, "weir data 2\n");
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

int main(void)
{
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
        ON_REAL(an_older_format_is_read_and_becomes_this_one),
        ON_REAL(a_directory_that_lost_its_format_is_refused),
        ON_REAL(a_damaged_note_is_refused),
        ON_REAL(an_index_ahead_of_the_journal_is_refused),
        ON_REAL(lost_logs_are_refused),
        ON_REAL(an_index_behind_the_journals_beginning_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
