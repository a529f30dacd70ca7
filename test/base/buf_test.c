/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves that a buffer holds what was written, up to its maximum exactly, and that what does not
 * fit spends it and changes nothing.
 */
#include "base/buf.h"

#include "base/mem.h"
#include "seeded.h"

#include <inttypes.h>
#include <stdio.h>

static void writes_add_up(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000);
    buf_add(&buf, STR_NONE);
    assert_null(buf.at);
    buf_add(&buf, STR("ab"));
    buf_add_c(&buf, ':');
    buf_add_u64(&buf, 0);
    buf_add_c(&buf, ',');
    buf_add_u64(&buf, UINT64_MAX);
    buf_add_c(&buf, ',');
    buf_add_i64(&buf, INT64_MIN);
    buf_add_c(&buf, ',');
    buf_add_i64(&buf, -1);
    buf_printf(&buf, "<%s %d>", "x", 5);
    assert_str(buf_str(&buf), "ab:0,18446744073709551615,-9223372036854775808,-1<x 5>");
    assert_false(buf_spent(&buf));
    buf_clear(&buf);
    assert_str(buf_str(&buf), "");
    buf_done(&buf);
    buf_done(NULL);
}

static void it_is_usable_again_when_done(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 10);
    buf_add(&buf, STR("0123456789"));
    buf_done(&buf);
    buf_done(&buf);
    buf_add(&buf, STR("abc"));
    assert_str(buf_str(&buf), "abc");
    buf_done(&buf);
}

static void it_fills_to_its_maximum_and_no_further(void **state)
{
    (void)state;
    for (size_t maximum = 0; maximum < 200; maximum++) {
        struct buf buf;
        buf_init(&buf, maximum);
        for (size_t i = 0; i < maximum; i++) {
            buf_add_c(&buf, (char)i);
        }
        assert_false(buf_spent(&buf));
        assert_int_equal(buf.bytes, maximum);
        assert_true(buf.room <= maximum);
        buf_add_c(&buf, 'x');
        assert_true(buf_spent(&buf));
        assert_int_equal(buf.bytes, maximum);
        buf_clear(&buf);
        buf_printf(&buf, "%*s", (int)maximum, "");
        assert_false(buf_spent(&buf));
        assert_int_equal(buf.bytes, maximum);
        buf_clear(&buf);
        buf_printf(&buf, "%*s", (int)maximum + 1, "");
        assert_true(buf_spent(&buf));
        buf_done(&buf);
    }
}

static void a_spent_buffer_takes_nothing(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 4);
    buf_add(&buf, STR("abc"));
    buf_add(&buf, STR("de"));
    buf_add(&buf, STR("f")); /* would fit, but comes after something that did not */
    buf_add_u64(&buf, 1);
    buf_printf(&buf, "x");
    assert_null(buf_reserve(&buf, 0));
    assert_true(buf_spent(&buf));
    assert_str(buf_str(&buf), "abc");
    buf_clear(&buf);
    assert_false(buf_spent(&buf));
    buf_add(&buf, STR("f"));
    assert_str(buf_str(&buf), "f");
    buf_done(&buf);
}

static void without_memory_it_is_spent(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000000);
    buf_add(&buf, STR("abc"));
    mem_fail_after(1);
    assert_null(buf_reserve(&buf, 500000));
    assert_true(buf_spent(&buf));
    assert_str(buf_str(&buf), "abc");
    buf_done(&buf);
}

static void room_is_reserved_in_place(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 100000);
    for (size_t bytes = 0; bytes < 300; bytes++) {
        char *at = buf_reserve(&buf, bytes);
        assert_non_null(at);
        memset(at, 'r', bytes);
        buf_used(&buf, bytes);
    }
    assert_int_equal(buf.bytes, 300 * 299 / 2);
    for (size_t i = 0; i < buf.bytes; i++) {
        assert_int_equal(buf.at[i], 'r');
    }
    assert_null(buf_reserve(&buf, SIZE_MAX));
    buf_done(&buf);
}

static void growing_is_by_doubling(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1 << 24);
    uint64_t before = mem_count();
    for (size_t i = 0; i < (1 << 20); i++) {
        buf_add_c(&buf, 'x');
    }
    assert_in_range(mem_count() - before, 1, 16);
    before = mem_count();
    buf_clear(&buf);
    for (size_t i = 0; i < (1 << 20); i++) {
        buf_add_c(&buf, 'x');
    }
    assert_int_equal(mem_count(), before);
    buf_done(&buf);
}

static void numbers_are_written_as_printf_would(void **state)
{
    (void)state;
    struct seeded seeded = {31};
    struct buf buf;
    buf_init(&buf, 100);
    for (int round = 0; round < 20000; round++) {
        uint64_t number = seeded_number(&seeded);
        char expected[64];
        int bytes = snprintf(expected, sizeof(expected), "%" PRIu64 " %" PRId64, number,
                             -(int64_t)(number >> 1));
        buf_clear(&buf);
        buf_add_u64(&buf, number);
        buf_add_c(&buf, ' ');
        buf_add_i64(&buf, -(int64_t)(number >> 1));
        assert_int_equal(buf.bytes, bytes);
        assert_memory_equal(buf.at, expected, buf.bytes);
    }
    buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_add_up),
        cmocka_unit_test(it_is_usable_again_when_done),
        cmocka_unit_test(it_fills_to_its_maximum_and_no_further),
        cmocka_unit_test(a_spent_buffer_takes_nothing),
        cmocka_unit_test(without_memory_it_is_spent),
        cmocka_unit_test(room_is_reserved_in_place),
        cmocka_unit_test(growing_is_by_doubling),
        cmocka_unit_test(numbers_are_written_as_printf_would),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
