/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves that a map behaves as the simplest possible one (an array indexed by key number) through
 * long random runs of sets, gets and removals, in small and in growing tables, and that its
 * maximum and missing memory refuse without a change.
 */
#include "base/map.h"

#include "base/mem.h"
#include "seeded.h"

#include <stdio.h>

static struct str key_of(size_t number, char text[32])
{
    int bytes = snprintf(text, 32, "%zu", number);
    return str_of(text, (size_t)bytes);
}

static void what_is_set_is_found(void **state)
{
    (void)state;
    int a;
    int b;
    void *former = &a;
    struct map *map = map_new(10);
    assert_null(map_get(map, STR("x")));
    assert_null(map_remove(map, STR("x")));
    assert_true(map_set(map, STR("x"), &a, &former));
    assert_null(former);
    assert_true(map_set(map, STR(""), &b, NULL));
    assert_ptr_equal(map_get(map, STR("x")), &a);
    assert_ptr_equal(map_get(map, STR_NONE), &b);
    assert_null(map_get(map, STR("xx")));
    assert_true(map_set(map, STR("x"), &b, &former));
    assert_ptr_equal(former, &a);
    assert_int_equal(map_count(map), 2);
    assert_ptr_equal(map_remove(map, STR("x")), &b);
    assert_null(map_get(map, STR("x")));
    assert_int_equal(map_count(map), 1);
    map_free(map);
    map_free(NULL);
}

static void keys_are_copied(void **state)
{
    (void)state;
    int a;
    char key[] = "first";
    struct map *map = map_new(10);
    assert_true(map_set(map, str_of(key, 5), &a, NULL));
    memcpy(key, "other", 5);
    assert_ptr_equal(map_get(map, STR("first")), &a);
    assert_null(map_get(map, STR("other")));
    map_free(map);
}

/* keys: how many different ones; more means growth, fewer means long fights over few slots. */
static void live_like_an_array(size_t keys, int steps, uint64_t seed)
{
    struct seeded seeded = {seed};
    struct map *map = map_new(keys);
    char **values = mem_zero(keys * sizeof(*values));
    static char objects[64];
    size_t count = 0;
    for (int step = 0; step < steps; step++) {
        char text[32];
        size_t number = seeded_below(&seeded, keys);
        struct str key = key_of(number, text);
        char *value = &objects[seeded_below(&seeded, sizeof(objects))];
        /* Phases of growing and of shrinking. */
        bool removes = seeded_below(&seeded, 10) < (step / 1000 % 2 == 0 ? 2U : 7U);
        if (removes) {
            assert_ptr_equal(map_remove(map, key), values[number]);
            count -= values[number] != NULL;
            values[number] = NULL;
        } else {
            void *former = NULL;
            assert_true(map_set(map, key, value, &former));
            assert_ptr_equal(former, values[number]);
            count += values[number] == NULL;
            values[number] = value;
        }
        number = seeded_below(&seeded, keys);
        assert_ptr_equal(map_get(map, key_of(number, text)), values[number]);
        assert_int_equal(map_count(map), count);
    }
    for (size_t i = 0; i < keys; i++) {
        char text[32];
        assert_ptr_equal(map_get(map, key_of(i, text)), values[i]);
    }
    mem_free(values);
    map_free(map);
}

static void small_maps_live_like_an_array(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        live_like_an_array((size_t)seed, 3000, seed);
    }
}

static void large_maps_live_like_an_array(void **state)
{
    (void)state;
    live_like_an_array(20000, 100000, 51);
}

static void iterating_visits_every_key_once(void **state)
{
    (void)state;
    static char seen[1000];
    struct map *map = map_new(1000);
    struct str key;
    void *value;
    size_t position = 0;
    assert_false(map_next(map, &position, &key, &value));
    for (size_t i = 0; i < 1000; i++) {
        char text[32];
        assert_true(map_set(map, key_of(i, text), &seen[i], NULL));
    }
    size_t visits = 0;
    for (position = 0; map_next(map, &position, &key, &value);) {
        uint64_t number;
        assert_true(str_to_u64(key, &number));
        assert_ptr_equal(value, &seen[number]);
        assert_int_equal(seen[number], 0);
        seen[number] = 1;
        visits++;
    }
    assert_int_equal(visits, 1000);
    assert_false(map_next(map, &position, &key, &value));
    map_free(map);
}

static void a_full_map_refuses_new_keys_only(void **state)
{
    (void)state;
    int a;
    int b;
    struct map *map = map_new(7);
    for (size_t i = 0; i < 7; i++) {
        char text[32];
        assert_true(map_set(map, key_of(i, text), &a, NULL));
    }
    void *former = &b;
    assert_false(map_set(map, STR("new"), &b, &former));
    assert_ptr_equal(former, &b);
    assert_null(map_get(map, STR("new")));
    assert_int_equal(map_count(map), 7);
    assert_true(map_set(map, STR("3"), &b, &former));
    assert_ptr_equal(former, &a);
    assert_ptr_equal(map_remove(map, STR("4")), &a);
    assert_true(map_set(map, STR("new"), &b, NULL));
    map_free(map);
    map = map_new(0);
    assert_false(map_set(map, STR("new"), &b, NULL));
    map_free(map);
}

static void without_memory_new_keys_are_refused_and_nothing_is_lost(void **state)
{
    (void)state;
    int a;
    struct map *map = map_new(100000);
    size_t refused = 0;
    for (size_t i = 0; i < 3000; i++) {
        char text[32];
        struct str key = key_of(i, text);
        mem_fail_after(1);
        if (!map_set(map, key, &a, NULL)) {
            refused++;
            assert_null(map_get(map, key));
            assert_int_equal(map_count(map), i);
        }
        mem_fail_after(2); /* when the table grows, its key is the second request */
        if (!map_set(map, key, &a, NULL)) {
            assert_int_equal(map_count(map), i);
            mem_fail_after(0);
            assert_true(map_set(map, key, &a, NULL));
        }
        mem_fail_after(0);
        assert_ptr_equal(map_get(map, STR("0")), &a);
    }
    assert_int_equal(refused, 3000);
    assert_int_equal(map_count(map), 3000);
    map_free(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_set_is_found),
        cmocka_unit_test(keys_are_copied),
        cmocka_unit_test(small_maps_live_like_an_array),
        cmocka_unit_test(large_maps_live_like_an_array),
        cmocka_unit_test(iterating_visits_every_key_once),
        cmocka_unit_test(a_full_map_refuses_new_keys_only),
        cmocka_unit_test(without_memory_new_keys_are_refused_and_nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
