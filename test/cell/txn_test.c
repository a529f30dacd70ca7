/* SPDX-License-Identifier: Apache-2.0
 *
 * txn_get and txn_scan (cell/txn.h) see what the call staged over what the store has: random
 * commits, random staging, and reading of random ranges in both directions, against arrays. On the
 * index in memory and on RocksDB.
 */
#include "cell/txn.h"

#include "base/mem.h"
#include "sys/faulty.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define KEYS 60
#define ARENA_BYTES (64u << 20)

struct world {
    struct faulty *disk;         /* NULL: real files */
    char dir[64];                /* of the store */
    struct store *store;         /* open */
    struct arena *arena;         /* of the call */
    unsigned committed[KEYS];    /* value by key, 0: none */
    unsigned seen[KEYS];         /* the same with what is staged */
    uint64_t seed;               /* of chance() */
    int64_t now;                 /* of the entries */
};

static uint64_t chance(struct world *w, uint64_t below)
{
    w->seed ^= w->seed << 13;
    w->seed ^= w->seed >> 7;
    w->seed ^= w->seed << 17;
    return (w->seed >> 11) % below;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
    (void)info;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static struct world *world_new(bool real)
{
    struct world *w = mem_zero(sizeof(*w));
    struct store_options options = {.memory_index = !real, .reserve_bytes = real ? 0 : 1};
    struct why why = {""};

    w->seed = 20261201;
    w->arena = arena_new(ARENA_BYTES);
    snprintf(w->dir, sizeof(w->dir), real ? "/tmp/weir-txn-XXXXXX" : "/data");
    if (real) {
        assert_non_null(mkdtemp(w->dir));
    } else {
        w->disk = faulty_new(1);
    }
    options.files = real ? files_real() : faulty_files(w->disk);
    options.dir = w->dir;
    if (store_open(&options, &why, &w->store) != OK) {
        fail_msg("%s", why.text);
    }
    return w;
}

static void world_free(struct world *w)
{
    store_close(w->store);
    if (w->disk != NULL) {
        faulty_free(w->disk);
    } else {
        nftw(w->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
    arena_free(w->arena);
    mem_free(w);
}

/* Keys have gaps between them, and some are the beginning of others. */
static struct str key_at(struct world *w, size_t at)
{
    return arena_printf(w->arena, "k%02zu%s", at / 2, at % 2 == 0 ? "" : "x");
}

static void stage(struct world *w, struct txn *txn, unsigned *value)
{
    size_t count = chance(w, 4) == 0 ? 0 : chance(w, 40);

    for (size_t i = 0; i < count; i++) {
        size_t at = chance(w, KEYS);

        value[at] = chance(w, 3) == 0 ? 0 : 1 + (unsigned)chance(w, 1000);
        if (value[at] == 0) {
            txn_delete(txn, key_at(w, at));
        } else {
            txn_put(txn, key_at(w, at), arena_printf(w->arena, "%u", value[at]));
        }
    }
}

static void expect_pair(struct world *w, size_t at, struct str key, struct str value)
{
    uint64_t number = 0;

    assert_true(str_eq(key, key_at(w, at)));
    assert_true(str_to_u64(value, &number));
    assert_int_equal(number, w->seen[at]);
}

static void expect_scan(struct world *w, struct txn *txn, bool descending)
{
    size_t from = chance(w, KEYS);
    size_t to = from + chance(w, KEYS - from + 1);
    struct str end = to == KEYS ? STR("l") : key_at(w, to);
    struct txn_scan *scan = txn_scan(txn, key_at(w, from), end, descending);
    size_t stop = chance(w, 4) == 0 ? 1 + chance(w, 5) : KEYS + 1; /* before the end, too */
    struct str key, value;

    for (size_t i = 0; i < to - from && stop > 0; i++) {
        size_t at = descending ? to - 1 - i : from + i;

        if (w->seen[at] != 0) {
            assert_true(txn_scan_next(scan, &key, &value));
            expect_pair(w, at, key, value);
            stop--;
        }
    }
    if (stop > 0) {
        assert_false(txn_scan_next(scan, &key, &value));
        assert_false(txn_scan_next(scan, &key, &value));
    }
    txn_scan_close(scan);
}

static void expect_gets(struct world *w, struct txn *txn)
{
    for (size_t at = 0; at < KEYS; at++) {
        struct str value;
        bool there = txn_get(txn, key_at(w, at), &value);

        assert_int_equal(there, w->seen[at] != 0);
        if (there) {
            expect_pair(w, at, key_at(w, at), value);
        }
    }
}

static void run(bool real, int rounds)
{
    struct world *w = world_new(real);

    for (int round = 0; round < rounds; round++) {
        struct txn *txn = txn_new(w->store, w->arena);
        struct entry entry = {.at_ms = ++w->now, .service = STR("test")};

        memcpy(w->seen, w->committed, sizeof(w->seen));
        for (int step = 0; step < 4; step++) {
            stage(w, txn, w->seen);
            expect_gets(w, txn);
            for (int i = 0; i < 6; i++) {
                expect_scan(w, txn, i % 2 == 1);
            }
        }
        if (!txn_empty(txn) && chance(w, 3) != 0) { /* else it was only looked at */
            txn_commit(txn, &entry);
            memcpy(w->committed, w->seen, sizeof(w->committed));
        }
        arena_clear(w->arena);
    }
    world_free(w);
}

static void a_scan_sees_what_is_staged_over_the_index_in_memory(void **state)
{
    (void)state;
    run(false, 200);
}

static void a_scan_sees_what_is_staged_over_RocksDB(void **state)
{
    (void)state;
    run(true, 200);
}

/* Steps of a sweep: each goes on where the last one stopped, and takes nothing beside. */
static void a_sweep_takes_all_below_a_prefix_in_steps(void **state)
{
    struct world *w = world_new(true);
    struct txn_mark mark = {NULL, 0};
    struct str prefix = STR("sweep/");
    struct str beside[] = {STR("sweep."), STR("sweep0")};
    struct txn *txn = txn_new(w->store, w->arena);
    struct entry entry = {.at_ms = ++w->now, .service = STR("test")};
    int steps = 0;
    bool ended = false;

    (void)state;
    for (int i = 0; i < 25; i++) {
        txn_put(txn, arena_printf(w->arena, "sweep/%02d", i), STR("x"));
    }
    for (int i = 0; i < 2; i++) {
        txn_put(txn, beside[i], STR("x"));
    }
    txn_commit(txn, &entry);
    while (!ended) {
        size_t left = 10;

        txn = txn_new(w->store, w->arena);
        entry = (struct entry){.at_ms = ++w->now, .service = STR("test")};
        ended = txn_sweep(txn, txn_below(txn, prefix), &mark, &left);
        assert_int_equal(left, ended ? 5 : 0);
        txn_commit(txn, &entry);
        steps++;
    }
    assert_int_equal(steps, 3);
    assert_null(mark.key);
    txn = txn_new(w->store, w->arena);
    for (int i = 0; i < 2; i++) {
        struct str value;

        assert_true(txn_get(txn, beside[i], &value));
    }
    struct str key, value;
    struct txn_scan *scan = txn_scan_prefix(txn, prefix);

    assert_false(txn_scan_next(scan, &key, &value));
    txn_scan_close(scan);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scan_sees_what_is_staged_over_the_index_in_memory),
        cmocka_unit_test(a_scan_sees_what_is_staged_over_RocksDB),
        cmocka_unit_test(a_sweep_takes_all_below_a_prefix_in_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
