/* SPDX-License-Identifier: Apache-2.0
 *
 * The ordered map in memory: against a sorted array of the same keys, under keys that share long
 * beginnings, end in zeros, ascend, descend or come by chance; forwards, backwards and by search.
 */
#include "store/btree.h"

#include "base/arena.h"
#include "base/mem.h"
#include "sys/rand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define KEYS 5000
#define KEY_BYTES_MAX 40

struct model {
    struct str keys[KEYS];   /* all there can be, sorted, no two the same */
    int values[KEYS];        /* -1: nothing, -2: gone */
    size_t count;            /* of keys */
    char bytes[KEYS][KEY_BYTES_MAX];
};

static int by_key(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Few bytes, zeros among them, and beginnings of others' keys. */
static struct str key_by_chance(struct rand *rand, char *at)
{
    static const char *const starts[] = {"", "queue\1one\1", "queue\1one\1\0\0\0\0\0",
                                         "queue\1two"};
    static const size_t sizes[] = {0, 10, 15, 9};
    uint64_t start = rand_below(rand, 4);
    size_t bytes = sizes[start];
    size_t more = 1 + rand_below(rand, 20);

    memcpy(at, starts[start], bytes);
    for (size_t i = 0; i < more; i++) {
        at[bytes++] = (char)(rand_below(rand, 3) * (rand_below(rand, 4) == 0 ? 85 : 1));
    }
    return str_of(at, bytes);
}

static struct model *model_new(struct rand *rand)
{
    struct model *m = mem_zero(sizeof(*m));
    size_t kept = 0;

    for (size_t i = 0; i < KEYS; i++) {
        m->keys[i] = key_by_chance(rand, m->bytes[i]);
    }
    qsort(m->keys, KEYS, sizeof(m->keys[0]), by_key);
    for (size_t i = 0; i < KEYS; i++) {
        if (kept == 0 || !str_eq(m->keys[kept - 1], m->keys[i])) {
            m->keys[kept++] = m->keys[i];
        }
    }
    m->count = kept;
    memset(m->values, 0xff, sizeof(m->values));
    return m;
}

static void expect_at(const struct btree_spot *spot, const struct model *m, size_t i)
{
    struct str key;
    struct str value;

    assert_non_null(spot->leaf);
    btree_at(spot, &key, &value);
    assert_true(str_eq(key, m->keys[i]));
    if (m->values[i] == -2) {
        assert_null(value.at);
    } else {
        assert_int_equal(value.bytes, (size_t)m->values[i] % 97);
        for (size_t at = 0; at < value.bytes; at++) {
            assert_int_equal(value.at[at], (char)m->values[i]);
        }
    }
}

static void expect_all(const struct btree *tree, const struct model *m)
{
    struct btree_spot spot;
    size_t there = 0;

    btree_seek(tree, STR(""), &spot);
    for (size_t i = 0; i < m->count; i++) {
        struct str value;
        enum btree_found found = btree_get(tree, m->keys[i], &value);

        assert_int_equal(found, m->values[i] == -1   ? BTREE_NOTHING
                                : m->values[i] == -2 ? BTREE_GONE
                                                     : BTREE_VALUE);
        if (m->values[i] != -1) {
            expect_at(&spot, m, i);
            btree_next(&spot);
            there++;
        }
    }
    assert_null(spot.leaf);
    assert_int_equal(btree_count(tree), there);
    btree_seek_before(tree, STR("\xff\xff"), &spot);
    for (size_t i = m->count; i-- > 0;) {
        if (m->values[i] != -1) {
            expect_at(&spot, m, i);
            btree_prev(&spot);
        }
    }
    assert_null(spot.leaf);
}

static void expect_seeks(const struct btree *tree, const struct model *m, size_t i)
{
    struct btree_spot spot;
    size_t behind = i;
    size_t before = i;

    while (behind < m->count && m->values[behind] == -1) {
        behind++;
    }
    btree_seek(tree, m->keys[i], &spot);
    if (behind < m->count) {
        expect_at(&spot, m, behind);
    } else {
        assert_null(spot.leaf);
    }
    while (before > 0 && m->values[before - 1] == -1) {
        before--;
    }
    btree_seek_before(tree, m->keys[i], &spot);
    if (before > 0) {
        expect_at(&spot, m, before - 1);
    } else {
        assert_null(spot.leaf);
    }
}

static void change(struct btree *tree, struct model *m, size_t i, int value)
{
    char bytes[128];

    m->values[i] = value;
    if (value == -1) {
        btree_remove(tree, m->keys[i]);
    } else if (value == -2) {
        btree_put(tree, m->keys[i], STR_NONE);
    } else {
        memset(bytes, (char)value, sizeof(bytes));
        btree_put(tree, m->keys[i], str_of(bytes, (size_t)value % 97));
    }
}

static void chance_agrees_with_a_sorted_array(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct btree *tree = btree_new();
        struct rand rand;
        struct model *m;

        rand_init(&rand, seed);
        m = model_new(&rand);
        for (int round = 0; round < 60000; round++) {
            size_t i = rand_below(&rand, m->count);
            uint64_t kind = rand_below(&rand, 10);
            /* at times more is removed than put, so that leaves become empty */
            bool falling = round / 15000 % 2 == 1;

            change(tree, m, i,
                   kind < (falling ? 8u : 2u) ? -1 : kind == 9 ? -2 : (int)rand_below(&rand, 1000));
            expect_seeks(tree, m, rand_below(&rand, m->count));
            if (round % 10000 == 9999) {
                expect_all(tree, m);
            }
        }
        mem_free(m);
        btree_free(tree);
    }
}

static void keys_in_order_and_in_reverse_fill_it(void **state)
{
    (void)state;
    for (int reverse = 0; reverse < 2; reverse++) {
        struct btree *tree = btree_new();
        struct rand rand;
        struct model *m;

        rand_init(&rand, 9);
        m = model_new(&rand);
        for (size_t i = 0; i < m->count; i++) {
            change(tree, m, reverse ? m->count - 1 - i : i, (int)i);
        }
        expect_all(tree, m);
        mem_free(m);
        btree_free(tree);
    }
}

static void large_values_grow_and_shrink_and_are_freed(void **state)
{
    struct btree *tree = btree_new();
    size_t bytes = 1u << 20;
    char *big = mem_zero(bytes);
    uint64_t before = btree_bytes(tree);
    struct str value;

    (void)state;
    for (size_t size = 1; size <= bytes; size *= 2) {
        btree_put(tree, STR("a"), str_of(big, size));
        assert_int_equal(btree_get(tree, STR("a"), &value), BTREE_VALUE);
        assert_int_equal(value.bytes, size);
    }
    assert_true(btree_bytes(tree) > bytes);
    btree_put(tree, STR("a"), STR("")); /* takes the place of what was there */
    assert_int_equal(btree_get(tree, STR("a"), &value), BTREE_VALUE);
    assert_int_equal(value.bytes, 0);
    btree_remove(tree, STR("a"));
    assert_int_equal(btree_bytes(tree), before);
    btree_put(tree, STR("b"), str_of(big, bytes)); /* freed with the tree */
    btree_free(tree);
    mem_free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chance_agrees_with_a_sorted_array),
        cmocka_unit_test(keys_in_order_and_in_reverse_fill_it),
        cmocka_unit_test(large_values_grow_and_shrink_and_are_freed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
