/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves that what is written is read back, byte by byte in the stated form, and that a cursor over
 * anything shorter or malformed turns bad, gives zeros and never reads beyond its end.
 */
#include "base/cursor.h"

#include "base/mem.h"
#include "seeded.h"

static void the_form_is_as_stated(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 100);
    write_u8(&buf, 0xfe);
    write_u16(&buf, 0x0102);
    write_u32(&buf, 0x03040506);
    write_u64(&buf, 0x0708090a0b0c0d0e);
    write_var(&buf, 0);
    write_var(&buf, 127);
    write_var(&buf, 128);
    write_var(&buf, 300);
    write_zigzag(&buf, -1);
    write_zigzag(&buf, 1);
    write_str(&buf, STR("hi"));
    assert_str(buf_str(&buf), "\xfe\x02\x01\x06\x05\x04\x03\x0e\x0d\x0c\x0b\x0a\x09\x08\x07"
                              "\x00\x7f\x80\x01\xac\x02\x01\x02\x02hi");
    buf_done(&buf);
}

static void numbers_of_every_size_come_back(void **state)
{
    (void)state;
    struct seeded seeded = {41};
    struct buf buf;
    buf_init(&buf, 1000);
    for (int round = 0; round < 5000; round++) {
        uint64_t n = round == 0 ? UINT64_MAX : round == 1 ? 0 : seeded_number(&seeded);
        int64_t z = round == 0 ? INT64_MIN : round == 1 ? INT64_MAX : (int64_t)(0 - n);
        buf_clear(&buf);
        write_var(&buf, n);
        write_zigzag(&buf, z);
        write_u64(&buf, n);
        write_u32(&buf, (uint32_t)n);
        write_u16(&buf, (uint16_t)n);
        write_u8(&buf, (uint8_t)n);
        write_str(&buf, STR("tail"));
        struct cursor cursor = cursor_of(buf_str(&buf));
        assert_true(read_var(&cursor) == n);
        assert_true(read_zigzag(&cursor) == z);
        assert_true(read_u64(&cursor) == n);
        assert_int_equal(read_u32(&cursor), (uint32_t)n);
        assert_int_equal(read_u16(&cursor), (uint16_t)n);
        assert_int_equal(read_u8(&cursor), (uint8_t)n);
        assert_false(cursor_done(&cursor));
        assert_str(read_str(&cursor), "tail");
        assert_true(cursor_ok(&cursor));
        assert_true(cursor_done(&cursor));
    }
    buf_done(&buf);
}

static void every_cut_turns_the_cursor_bad(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000);
    write_u8(&buf, 1);
    write_u16(&buf, 2);
    write_u32(&buf, 3);
    write_u64(&buf, 4);
    write_var(&buf, UINT64_MAX);
    write_str(&buf, STR("string"));
    for (size_t cut = 0; cut <= buf.bytes; cut++) {
        char *exact = mem_dup(buf.at, cut);
        exact = mem_grow(exact, cut); /* without mem_dup's zero, for the sanitizer */
        struct cursor cursor = cursor_of(str_of(exact, cut));
        (void)read_u8(&cursor);
        (void)read_u16(&cursor);
        (void)read_u32(&cursor);
        (void)read_u64(&cursor);
        (void)read_var(&cursor);
        (void)read_str(&cursor);
        assert_int_equal(cursor_ok(&cursor), cut == buf.bytes);
        assert_int_equal(cursor_done(&cursor), cut == buf.bytes);
        mem_free(exact);
    }
    buf_done(&buf);
}

static void a_bad_cursor_gives_zeros_for_ever(void **state)
{
    (void)state;
    struct cursor cursor = cursor_of(STR("\x01\x02\x03"));
    assert_int_equal(read_u32(&cursor), 0);
    assert_false(cursor_ok(&cursor));
    assert_int_equal(cursor.rest.bytes, 0); /* loops over the rest end */
    assert_int_equal(read_u8(&cursor), 0);
    assert_int_equal(read_u16(&cursor), 0);
    assert_int_equal(read_u64(&cursor), 0);
    assert_int_equal(read_var(&cursor), 0);
    assert_int_equal(read_zigzag(&cursor), 0);
    assert_int_equal(read_bytes(&cursor, 0).bytes, 0);
    assert_null(read_str(&cursor).at);
    assert_false(cursor_done(&cursor));
}

static void a_var_has_one_form_only(void **state)
{
    (void)state;
    const struct str bad[] = {
        STR_INIT(""),
        STR_INIT("\x80"),
        STR_INIT("\x80\x00"),
        STR_INIT("\xff\x80\x00"),
        STR_INIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
        STR_INIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
        STR_INIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00"),
        STR_INIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        STR_INIT("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"),
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct cursor cursor = cursor_of(bad[i]);
        assert_true(read_var(&cursor) == 0);
        assert_false(cursor_ok(&cursor));
    }
    struct cursor cursor = cursor_of(STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
    assert_true(read_var(&cursor) == UINT64_MAX);
    assert_true(cursor_done(&cursor));
}

static void lengths_from_outside_cannot_pass_the_end(void **state)
{
    (void)state;
    struct cursor cursor = cursor_of(STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01xyz"));
    assert_int_equal(read_str(&cursor).bytes, 0);
    assert_false(cursor_ok(&cursor));
    cursor = cursor_of(STR("abc"));
    assert_int_equal(read_bytes(&cursor, SIZE_MAX).bytes, 0);
    assert_false(cursor_ok(&cursor));
}

static void empty_input_is_done_at_once(void **state)
{
    (void)state;
    struct cursor cursor = cursor_of(STR_NONE);
    assert_true(cursor_done(&cursor));
    assert_int_equal(read_bytes(&cursor, 0).bytes, 0);
    assert_true(cursor_done(&cursor));
    assert_int_equal(read_u8(&cursor), 0);
    assert_false(cursor_ok(&cursor));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_form_is_as_stated),
        cmocka_unit_test(numbers_of_every_size_come_back),
        cmocka_unit_test(every_cut_turns_the_cursor_bad),
        cmocka_unit_test(a_bad_cursor_gives_zeros_for_ever),
        cmocka_unit_test(a_var_has_one_form_only),
        cmocka_unit_test(lengths_from_outside_cannot_pass_the_end),
        cmocka_unit_test(empty_input_is_done_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
