/* SPDX-License-Identifier: Apache-2.0
 *
 * The generator is xoshiro256** (its published first numbers), the same for the same seed, and
 * even; identifiers have version 4's form; secrets differ.
 */
#include "sys/rand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void the_numbers_are_the_published_ones(void **state)
{
    struct rand rand = {{1, 2, 3, 4}};

    (void)state;
    assert_true(rand_u64(&rand) == 11520);
    assert_true(rand_u64(&rand) == 0);
    assert_true(rand_u64(&rand) == 1509978240);
    assert_true(rand_u64(&rand) == UINT64_C(1215971899390074240));
}

static void the_same_seed_gives_the_same_numbers(void **state)
{
    struct rand a;
    struct rand b;

    (void)state;
    rand_init(&a, 42);
    rand_init(&b, 42);
    for (int i = 0; i < 100; i++) {
        assert_true(rand_u64(&a) == rand_u64(&b));
    }
    rand_init(&b, 43);
    assert_true(rand_u64(&a) != rand_u64(&b));
    rand_init(&a, 0); /* zero is a seed as any other */
    assert_true((a.state[0] | a.state[1] | a.state[2] | a.state[3]) != 0);
}

static void numbers_below_a_limit_are_spread_evenly(void **state)
{
    struct rand rand;
    uint64_t seen[10] = {0};
    uint64_t high = 0;

    (void)state;
    rand_init(&rand, 42);
    for (int i = 0; i < 10000; i++) {
        seen[rand_below(&rand, 10)]++;
        /* A plain remainder would give the lower half of this range two times of three. */
        high += rand_below(&rand, UINT64_C(3) << 62) >= UINT64_C(3) << 61;
    }
    for (int i = 0; i < 10; i++) {
        assert_in_range(seen[i], 850, 1150);
    }
    assert_in_range(high, 4800, 5200);
    assert_int_equal(rand_below(&rand, 1), 0);
}

static void filling_reaches_the_last_byte_and_no_further(void **state)
{
    struct rand rand;

    (void)state;
    rand_init(&rand, 1);
    for (size_t bytes = 0; bytes < 20; bytes++) {
        unsigned char changed[24] = {0};

        for (int round = 0; round < 20; round++) {
            unsigned char at[24] = {0};

            rand_fill(&rand, at, bytes);
            for (size_t i = 0; i < sizeof(at); i++) {
                changed[i] |= at[i];
            }
        }
        for (size_t i = 0; i < sizeof(changed); i++) {
            assert_true((changed[i] != 0) == (i < bytes));
        }
    }
}

static void identifiers_have_the_form_of_version_4(void **state)
{
    struct rand rand;
    char first[36];
    char uuid[37] = "";

    (void)state;
    rand_init(&rand, 7);
    rand_uuid(&rand, first);
    for (int i = 0; i < 100; i++) {
        rand_uuid(&rand, uuid);
        assert_int_equal(strspn(uuid, "0123456789abcdef-"), 36);
        assert_int_equal(uuid[36], '\0');
        for (int j = 0; j < 36; j++) {
            assert_true((uuid[j] == '-') == (j == 8 || j == 13 || j == 18 || j == 23));
        }
        assert_int_equal(uuid[14], '4');
        assert_non_null(strchr("89ab", uuid[19]));
        assert_memory_not_equal(uuid, first, 36);
    }
}

static void the_systems_seeds_and_secrets_differ(void **state)
{
    struct rand a;
    struct rand b;
    char one[32] = "";
    char other[32] = "";

    (void)state;
    rand_init_system(&a);
    rand_init_system(&b);
    assert_true(rand_u64(&a) != rand_u64(&b));
    rand_secret(one, sizeof(one));
    rand_secret(other, sizeof(other));
    assert_memory_not_equal(one, other, sizeof(one));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_numbers_are_the_published_ones),
        cmocka_unit_test(the_same_seed_gives_the_same_numbers),
        cmocka_unit_test(numbers_below_a_limit_are_spread_evenly),
        cmocka_unit_test(filling_reaches_the_last_byte_and_no_further),
        cmocka_unit_test(identifiers_have_the_form_of_version_4),
        cmocka_unit_test(the_systems_seeds_and_secrets_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
