/* SPDX-License-Identifier: Apache-2.0
 *
 * store_fsck: nothing is found in a sound directory, and every kind of finding is provoked: flipped
 * bytes in every part, and files whose checksums agree but that say something else than the
 * journal.
 */
#include "store_world.h"

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

/* As a writer leaves it that is killed: of nobody, so it is not said. The next start sweeps it. */
static void fsck_leaves_an_unfinished_blob_alone(void **state)
{
    struct fixture *f = *state;
    char path[STORE_PATH_BYTES_MAX];
    FILE *file = NULL;

    make_sound(f);
    store_path(f->dir, "blobs/cc/cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd", path);
    file = fopen(path, "wb");
    assert_non_null(file);
    fputs("half of what was to be", file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(expect_fsck(f, NULL).blobs, 2);
}

/* Published behind the checkpoint: only the journal knows. */
static void fsck_finds_damage_of_a_blob_that_the_journal_published(void **state)
{
    struct fixture *f = *state;
    struct str back = blob_make(f, 'e');

    commit(f, 20);
    checkpoint(f);
    commit_blob(f, CHANGE_BLOB, blob_make(f, 'd'));
    commit_blob(f, CHANGE_BLOB, back);
    commit_blob(f, CHANGE_UNBLOB, back);
    journal_sync(store_journal(f->store));
    store_abandon(f->store);
    f->store = NULL;
    expect_fsck(f, NULL);
    flip_in(f, "blobs/ee/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee", 0);
    expect_fsck(f, NULL); /* taken back: of nobody */
    flip_in(f, "blobs/dd/dddddddddddddddddddddddddddddddd", 0);
    expect_fsck(f, "blob dddddddddddddddddddddddddddddddd: its checksum does not agree");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_REAL(fsck_of_a_directory_in_use_says_so),
        ON_REAL(fsck_counts_what_it_looked_at),
        ON_REAL(fsck_finds_flipped_bytes_in_every_part),
        ON_REAL(fsck_finds_keys_that_the_journal_contradicts),
        ON_REAL(fsck_finds_an_index_ahead_of_the_journal),
        ON_REAL(fsck_finds_records_that_the_journal_contradicts),
        ON_REAL(fsck_finds_a_published_blob_without_a_file),
        ON_REAL(fsck_leaves_an_unfinished_blob_alone),
        ON_REAL(fsck_finds_damage_of_a_blob_that_the_journal_published),
        ON_REAL(fsck_finds_a_missing_beginning),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
