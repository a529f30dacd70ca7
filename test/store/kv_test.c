/* SPDX-License-Identifier: Apache-2.0
 *
 * The index's contract (store/kv.h), proved on both backings by the same tests, and then what only
 * RocksDB has: that nothing but a checkpoint reaches the disk, and that it is the state at exactly
 * one position. The model is a plain array of all keys there can be.
 */
#include "store/kv.h"
#include "store/kv_int.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "sys/rand.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CACHE_BYTES (8u * 1024 * 1024)

struct fixture {
    bool rocks;           /* which backing */
    char dir[64];         /* of RocksDB */
    struct kv *kv;        /* under test */
    struct arena *arena;  /* of values */
    uint64_t position;    /* last applied */
};

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
    (void)info;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static void open_kv(struct fixture *f)
{
    struct why why = {""};
    status opened = f->rocks ? kv_rocks_open(f->dir, CACHE_BYTES, &why, &f->kv)
                             : kv_mem_open(&f->kv);

    if (opened != OK) {
        fail_msg("%s", why.text);
    }
}

static int setup(void **state, bool rocks)
{
    struct fixture *f = MEM_NEW(struct fixture);

    f->rocks = rocks;
    snprintf(f->dir, sizeof(f->dir), "/tmp/weir-kv-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->arena = arena_new(1u << 30);
    open_kv(f);
    *state = f;
    return 0;
}

static int setup_rocks(void **state)
{
    return setup(state, true);
}

static int setup_mem(void **state)
{
    return setup(state, false);
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    f->kv->ops->close(f->kv);
    arena_free(f->arena);
    nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    mem_free(f);
    return 0;
}

static void put(struct fixture *f, const char *key, const char *value)
{
    struct kv_write w = {str_c(key), value == NULL ? STR_NONE : str_c(value)};

    f->kv->ops->apply(f->kv, ++f->position, &w, 1);
}

static void expect(struct fixture *f, const char *key, const char *value)
{
    struct str got = STR_NONE;
    bool there = f->kv->ops->get(f->kv, f->arena, str_c(key), &got);

    assert_int_equal(there, value != NULL);
    if (value != NULL) {
        assert_true(str_eq(got, str_c(value)));
    }
}

/* The scan's keys, joined by spaces. */
static struct str keys_of(struct fixture *f, const char *from, const char *to, bool descending)
{
    struct kv_scan *scan = f->kv->ops->scan(f->kv, str_c(from), str_c(to), descending);
    struct str key;
    struct str value;
    struct str all = STR("");

    while (f->kv->ops->scan_next(scan, &key, &value)) {
        all = arena_printf(f->arena, "%.*s%.*s ", STR_ARG(all), STR_ARG(key));
    }
    assert_false(f->kv->ops->scan_next(scan, &key, &value)); /* the end stays the end */
    f->kv->ops->scan_close(scan);
    return all;
}

static void expect_keys(struct fixture *f, const char *from, const char *to, bool descending,
                        const char *expected)
{
    struct str got = keys_of(f, from, to, descending);

    if (!str_eq(got, str_c(expected))) {
        fail_msg("got %.*s, expected %s", STR_ARG(got), expected);
    }
}

static void a_value_put_is_read_replaced_and_deleted(void **state)
{
    struct fixture *f = *state;

    expect(f, "a", NULL);
    put(f, "a", "1");
    expect(f, "a", "1");
    put(f, "a", "a longer value than before");
    expect(f, "a", "a longer value than before");
    put(f, "a", NULL);
    expect(f, "a", NULL);
    put(f, "a", NULL); /* deleting what is not there is fine */
    assert_int_equal(f->kv->ops->position(f->kv), 4);
}

static void an_empty_value_is_not_a_missing_one(void **state)
{
    struct fixture *f = *state;

    put(f, "a", "");
    expect(f, "a", "");
}

static void keys_and_values_may_hold_any_byte(void **state)
{
    struct fixture *f = *state;
    struct str key = STR("\x02" "a\0b\0\0");
    struct str other = STR("\x02" "a\0b\0\1");
    struct str value = STR("\0\0\xff");
    struct kv_write w[2] = {{key, value}, {other, STR("x")}};
    struct str got;

    f->kv->ops->apply(f->kv, ++f->position, w, 2);
    assert_true(f->kv->ops->get(f->kv, f->arena, key, &got));
    assert_true(str_eq(got, value));
    assert_true(f->kv->ops->get(f->kv, f->arena, other, &got));
    assert_true(str_eq(got, STR("x")));
}

static void the_last_write_of_an_entry_wins(void **state)
{
    struct fixture *f = *state;
    struct kv_write w[4] = {{STR("a"), STR("1")},
                            {STR("a"), STR_NONE},
                            {STR("b"), STR_NONE},
                            {STR("b"), STR("2")}};

    f->kv->ops->apply(f->kv, ++f->position, w, 4);
    expect(f, "a", NULL);
    expect(f, "b", "2");
}

static void an_entry_without_writes_moves_the_position(void **state)
{
    struct fixture *f = *state;

    f->kv->ops->apply(f->kv, 7, NULL, 0);
    assert_int_equal(f->kv->ops->position(f->kv), 7);
}

static void a_scan_takes_its_start_and_leaves_its_end(void **state)
{
    struct fixture *f = *state;
    static const char *const keys[] = {"d", "b", "a", "e", "c", "cc"};

    for (size_t i = 0; i < 6; i++) {
        put(f, keys[i], "v");
    }
    expect_keys(f, "b", "d", false, "b c cc ");
    expect_keys(f, "b", "d", true, "cc c b ");
    expect_keys(f, "", "zz", false, "a b c cc d e ");
    expect_keys(f, "", "zz", true, "e d cc c b a ");
    expect_keys(f, "c", "c", false, "");
    expect_keys(f, "d", "b", false, "");
    expect_keys(f, "d", "b", true, "");
    expect_keys(f, "ca", "cb", false, "");
    expect_keys(f, "f", "g", true, "");
    put(f, "c", NULL);
    expect_keys(f, "b", "d", false, "b cc ");
    expect_keys(f, "b", "d", true, "cc b ");
}

static void the_index_does_not_show_keys_of_its_own(void **state)
{
    struct fixture *f = *state;

    put(f, "a", "v");
    f->kv->ops->checkpoint_begin(f->kv, f->position);
    assert_int_equal(f->kv->ops->checkpoint_wait(f->kv), OK);
    expect_keys(f, "", "\xff", false, "a ");
    expect_keys(f, "", "\xff", true, "a ");
}

static void two_scans_run_side_by_side(void **state)
{
    struct fixture *f = *state;
    struct kv_scan *up = NULL;
    struct kv_scan *down = NULL;
    struct str key;
    struct str value;

    put(f, "a", "1");
    put(f, "b", "2");
    up = f->kv->ops->scan(f->kv, STR("a"), STR("z"), false);
    down = f->kv->ops->scan(f->kv, STR("a"), STR("z"), true);
    assert_true(f->kv->ops->scan_next(up, &key, &value));
    assert_true(str_eq(key, STR("a")));
    assert_true(f->kv->ops->scan_next(down, &key, &value));
    assert_true(str_eq(key, STR("b")));
    assert_true(str_eq(value, STR("2")));
    assert_true(f->kv->ops->scan_next(up, &key, &value));
    assert_true(str_eq(key, STR("b")));
    f->kv->ops->scan_close(down);
    assert_false(f->kv->ops->scan_next(up, &key, &value));
    f->kv->ops->scan_close(up);
}

/* Whether it shows what changed meanwhile is left open; that it ends, in order, is not. */
static void a_scan_survives_changes_between_its_steps(void **state)
{
    struct fixture *f = *state;

    for (int descending = 0; descending < 2; descending++) {
        struct kv_scan *scan = NULL;
        struct str key;
        struct str value;
        struct str before = STR_NONE;
        int steps = 0;

        for (int i = 0; i < 50; i++) {
            put(f, arena_printf(f->arena, "k%02d", i).at, "v");
        }
        scan = f->kv->ops->scan(f->kv, STR("k"), STR("l"), descending);
        while (f->kv->ops->scan_next(scan, &key, &value)) {
            int order = before.at == NULL ? 0 : str_cmp(before, key);

            assert_true(before.at == NULL || (descending ? order > 0 : order < 0));
            before = arena_dup(f->arena, key);
            put(f, before.at, NULL); /* the pair just given out */
            put(f, arena_printf(f->arena, "k%02d", (steps * 7) % 50).at, NULL);
            assert_true(str_eq(key, before)); /* and it is still valid */
            steps++;
        }
        assert_true(steps >= 10);
        assert_true(steps <= 50);
        f->kv->ops->scan_close(scan);
    }
}

static void large_values_come_back_whole(void **state)
{
    struct fixture *f = *state;
    size_t bytes = 3u * 1024 * 1024;
    char *big = mem_alloc(bytes);
    struct kv_write w = {STR("big"), str_of(big, bytes)};
    struct str got;

    for (size_t i = 0; i < bytes; i++) {
        big[i] = (char)(i * 31);
    }
    f->kv->ops->apply(f->kv, ++f->position, &w, 1);
    assert_true(f->kv->ops->get(f->kv, f->arena, STR("big"), &got));
    assert_true(str_eq(got, w.value));
    mem_free(big);
}

#define MODEL_KEYS 400

static void compare_with_model(struct fixture *f, int *model, struct rand *rand)
{
    uint64_t from = rand_below(rand, MODEL_KEYS);
    uint64_t to = rand_below(rand, MODEL_KEYS + 1);
    bool descending = rand_below(rand, 2) == 1;
    struct str a = arena_printf(f->arena, "m%03d", (int)from);
    struct str b = arena_printf(f->arena, "m%03d", (int)to);
    struct kv_scan *scan = f->kv->ops->scan(f->kv, a, b, descending);
    struct str key;
    struct str value;

    for (uint64_t step = 0; from + step < to; step++) {
        uint64_t i = descending ? to - 1 - step : from + step;

        if (model[i] >= 0) {
            assert_true(f->kv->ops->scan_next(scan, &key, &value));
            assert_true(str_eq(key, arena_printf(f->arena, "m%03d", (int)i)));
            assert_true(str_eq(value, arena_printf(f->arena, "%d", model[i])));
        }
    }
    assert_false(f->kv->ops->scan_next(scan, &key, &value));
    f->kv->ops->scan_close(scan);
}

static void thousands_of_random_writes_agree_with_a_model(void **state)
{
    struct fixture *f = *state;
    int model[MODEL_KEYS];
    struct rand rand;

    rand_init(&rand, 42);
    memset(model, 0xff, sizeof(model));
    for (int round = 0; round < 3000; round++) {
        struct kv_write w[8];
        size_t count = 1 + rand_below(&rand, 8);

        for (size_t i = 0; i < count; i++) {
            uint64_t k = rand_below(&rand, MODEL_KEYS);

            model[k] = rand_below(&rand, 3) == 0 ? -1 : (int)rand_below(&rand, 100000);
            w[i].key = arena_printf(f->arena, "m%03d", (int)k);
            w[i].value = model[k] < 0 ? STR_NONE : arena_printf(f->arena, "%d", model[k]);
        }
        f->kv->ops->apply(f->kv, ++f->position, w, count);
        if (round % 10 == 0) {
            compare_with_model(f, model, &rand);
            arena_clear(f->arena);
        }
        if (round % 500 == 499) {
            f->kv->ops->checkpoint_begin(f->kv, f->position);
            assert_int_equal(f->kv->ops->checkpoint_wait(f->kv), OK);
        }
    }
}

/* ---- RocksDB alone ---- */

static void reopen(struct fixture *f)
{
    f->kv->ops->close(f->kv);
    open_kv(f);
    f->position = f->kv->ops->position(f->kv);
}

static void without_a_checkpoint_nothing_is_kept(void **state)
{
    struct fixture *f = *state;

    put(f, "a", "1");
    assert_true(f->kv->ops->dirty_bytes(f->kv) > 0);
    reopen(f);
    assert_int_equal(f->position, 0);
    expect(f, "a", NULL);
    assert_int_equal(f->kv->ops->dirty_bytes(f->kv), 0);
}

static void a_checkpoint_keeps_the_state_as_it_was_when_it_began(void **state)
{
    struct fixture *f = *state;

    put(f, "a", "1");
    put(f, "b", "1");
    f->kv->ops->checkpoint_begin(f->kv, f->position);
    put(f, "a", "2"); /* after begin, before wait: not part of it */
    put(f, "b", NULL);
    put(f, "c", "2");
    assert_int_equal(f->kv->ops->checkpoint_wait(f->kv), OK);
    expect(f, "a", "2");
    expect(f, "b", NULL);
    reopen(f);
    assert_int_equal(f->position, 2);
    expect(f, "a", "1");
    expect(f, "b", "1");
    expect(f, "c", NULL);
}

static void checkpoints_follow_one_another(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 12; i++) { /* beyond the compaction trigger */
        put(f, arena_printf(f->arena, "k%d", i).at, "v");
        put(f, "same", arena_printf(f->arena, "%d", i).at);
        if (i > 0) {
            put(f, arena_printf(f->arena, "k%d", i - 1).at, NULL);
        }
        f->kv->ops->checkpoint_begin(f->kv, f->position);
        assert_int_equal(f->kv->ops->checkpoint_wait(f->kv), OK);
        assert_int_equal(f->kv->ops->dirty_bytes(f->kv), 0);
    }
    uint64_t position = f->position;

    reopen(f);
    assert_int_equal(f->position, position);
    expect(f, "same", "11");
    expect_keys(f, "", "z", false, "k11 same ");
}

static void a_checkpoint_without_changes_moves_the_position(void **state)
{
    struct fixture *f = *state;

    f->kv->ops->apply(f->kv, 5, NULL, 0);
    f->kv->ops->checkpoint_begin(f->kv, 5);
    assert_int_equal(f->kv->ops->checkpoint_wait(f->kv), OK);
    reopen(f);
    assert_int_equal(f->position, 5);
}

/* More than RocksDB's default write buffer, which would have been flushed several times. */
static void many_megabytes_without_a_checkpoint_stay_in_memory(void **state)
{
    struct fixture *f = *state;
    char value[65536];

    memset(value, 'x', sizeof(value));
    for (int i = 0; i < 3000; i++) {
        struct kv_write w = {arena_printf(f->arena, "k%d", i), str_of(value, sizeof(value))};

        f->kv->ops->apply(f->kv, ++f->position, &w, 1);
    }
    assert_true(f->kv->ops->dirty_bytes(f->kv) > 190u * 1000 * 1000);
    reopen(f);
    assert_int_equal(f->position, 0);
    expect_keys(f, "", "z", false, "");
}

/* The child is this program anew: RocksDB's threads would not survive a fork. */
static int child(const char *dir)
{
    struct fixture f = {.rocks = true, .arena = arena_new(1u << 20)};

    snprintf(f.dir, sizeof(f.dir), "%s", dir);
    open_kv(&f);
    put(&f, "a", "1");
    f.kv->ops->checkpoint_begin(f.kv, f.position);
    if (f.kv->ops->checkpoint_wait(f.kv) != OK) {
        return 1;
    }
    put(&f, "a", "2");
    f.kv->ops->checkpoint_begin(f.kv, f.position); /* under way when it dies */
    _exit(0);
}

static void a_killed_process_leaves_its_last_checkpoint(void **state)
{
    struct fixture *f = *state;
    pid_t pid = 0;
    int how = 0;

    f->kv->ops->close(f->kv);
    pid = fork();
    if (pid == 0) {
        execl("/proc/self/exe", "kv_test", "child", f->dir, (char *)NULL);
        _exit(2);
    }
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_int_equal(how, 0);
    open_kv(f);
    f->position = f->kv->ops->position(f->kv);
    assert_true(f->position == 1 || f->position == 2);
    expect(f, "a", f->position == 1 ? "1" : "2");
}

static void a_second_opening_is_refused(void **state)
{
    struct fixture *f = *state;
    struct kv *second = NULL;
    struct why why = {""};

    assert_int_equal(kv_rocks_open(f->dir, CACHE_BYTES, &why, &second), &ERR_IO);
    assert_non_null(strstr(why.text, f->dir));
    assert_null(second);
}

static void names_of_files(const char *dir, struct buf *out)
{
    FILE *listing = NULL;
    char command[128];
    char piece[4096];
    size_t bytes = 0;

    snprintf(command, sizeof(command), "ls -l --time-style=full-iso %s", dir);
    listing = popen(command, "r");
    assert_non_null(listing);
    while ((bytes = fread(piece, 1, sizeof(piece), listing)) > 0) {
        buf_add_bytes(out, piece, bytes);
    }
    pclose(listing);
}

static void opening_to_read_changes_nothing_on_disk(void **state)
{
    struct fixture *f = *state;
    struct buf before;
    struct buf after;
    struct kv *reader = NULL;
    struct why why = {""};

    put(f, "a", "1");
    f->kv->ops->checkpoint_begin(f->kv, f->position);
    assert_int_equal(f->kv->ops->checkpoint_wait(f->kv), OK);
    f->kv->ops->close(f->kv);
    buf_init(&before, 1u << 20);
    buf_init(&after, 1u << 20);
    names_of_files(f->dir, &before);
    assert_int_equal(kv_rocks_open_read(f->dir, CACHE_BYTES, &why, &reader), OK);
    assert_int_equal(reader->ops->position(reader), 1);
    assert_int_equal(kv_rocks_verify(reader, &why), OK);
    reader->ops->close(reader);
    names_of_files(f->dir, &after);
    assert_true(str_eq(buf_str(&before), buf_str(&after)));
    buf_done(&before);
    buf_done(&after);
    open_kv(f);
}

#define CONTRACT(test)                                                                             \
    cmocka_unit_test_setup_teardown(test, setup_mem, teardown),                                    \
        cmocka_unit_test_setup_teardown(test, setup_rocks, teardown)
#define ROCKS(test) cmocka_unit_test_setup_teardown(test, setup_rocks, teardown)

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "child") == 0) {
        return child(argv[2]);
    }
    const struct CMUnitTest tests[] = {
        CONTRACT(a_value_put_is_read_replaced_and_deleted),
        CONTRACT(an_empty_value_is_not_a_missing_one),
        CONTRACT(keys_and_values_may_hold_any_byte),
        CONTRACT(the_last_write_of_an_entry_wins),
        CONTRACT(an_entry_without_writes_moves_the_position),
        CONTRACT(a_scan_takes_its_start_and_leaves_its_end),
        CONTRACT(the_index_does_not_show_keys_of_its_own),
        CONTRACT(two_scans_run_side_by_side),
        CONTRACT(a_scan_survives_changes_between_its_steps),
        CONTRACT(large_values_come_back_whole),
        CONTRACT(thousands_of_random_writes_agree_with_a_model),
        ROCKS(without_a_checkpoint_nothing_is_kept),
        ROCKS(a_checkpoint_keeps_the_state_as_it_was_when_it_began),
        ROCKS(checkpoints_follow_one_another),
        ROCKS(a_checkpoint_without_changes_moves_the_position),
        ROCKS(many_megabytes_without_a_checkpoint_stay_in_memory),
        ROCKS(a_killed_process_leaves_its_last_checkpoint),
        ROCKS(a_second_opening_is_refused),
        ROCKS(opening_to_read_changes_nothing_on_disk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
