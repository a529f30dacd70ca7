/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers against tables, and against 128-bit integers for generated ones: text, order, packed
 * order, sums, sizes.
 */
#include "svc/dynamodb/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define ROUNDS 20000

static uint64_t seed = 20261124;

static uint64_t chance(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (seed >> 11) % below;
}

static struct number number_of(const char *text)
{
    struct number number;
    struct why why;

    assert_true(number_parse(str_c(text), &why, &number) == OK);
    return number;
}

static void assert_text(const struct number *number, const char *text)
{
    char out[NUMBER_TEXT_BYTES_MAX + 1] = {0};

    number_text(number, out);
    assert_string_equal(out, text);
}

static void a_number_has_one_text(void **state)
{
    static const char *const rows[][2] = {
        {"0", "0"}, {"-0", "0"}, {"0e999", "0"}, {"000.000", "0"}, {"1", "1"}, {"+1", "1"},
        {"-1", "-1"}, {"1.0", "1"}, {"1.10", "1.1"}, {"100", "100"}, {"1e2", "100"},
        {"1E+2", "100"}, {"12e-1", "1.2"}, {".5", "0.5"}, {"5.", "5"}, {"-.5e1", "-5"},
        {"0.00012", "0.00012"}, {"120.034", "120.034"}, {"1e-3", "0.001"},
        {"0000012345678901234567890123456789012345678", "12345678901234567890123456789012345678"},
        {"-00001.23456789012345678901234567890123456780000",
         "-1.2345678901234567890123456789012345678"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct number number = number_of(rows[i][0]);

        assert_text(&number, rows[i][1]);
    }
}

static void the_ends_of_the_range_fit(void **state)
{
    char zeros[256];
    struct number number = number_of("9.9999999999999999999999999999999999999e125");
    int bytes = snprintf(zeros, sizeof(zeros), "%038d", 0);

    (void)state;
    memset(zeros, '9', 38);
    memset(zeros + 38, '0', 88);
    zeros[126] = 0;
    assert_int_equal(bytes, 38);
    assert_text(&number, zeros);
    number = number_of("-1e-130");
    memcpy(zeros, "-0.", 3);
    memset(zeros + 3, '0', 129);
    memcpy(zeros + 132, "1", 2);
    assert_text(&number, zeros);
}

static void what_is_no_number_is_refused_in_AWS_words(void **state)
{
    static const char *const rows[][2] = {
        {"", "The parameter cannot be converted to a numeric value"},
        {"b", "The parameter cannot be converted to a numeric value: b"},
        {" 1", "The parameter cannot be converted to a numeric value:  1"},
        {"1 ", "The parameter cannot be converted to a numeric value: 1 "},
        {"1.2.3", "The parameter cannot be converted to a numeric value: 1.2.3"},
        {"-", "The parameter cannot be converted to a numeric value: -"},
        {".", "The parameter cannot be converted to a numeric value: ."},
        {"1e", "The parameter cannot be converted to a numeric value: 1e"},
        {"1e+", "The parameter cannot be converted to a numeric value: 1e+"},
        {"1e1.5", "The parameter cannot be converted to a numeric value: 1e1.5"},
        {"NaN", "The parameter cannot be converted to a numeric value: NaN"},
        {"1e99999999999999999999",
         "The parameter cannot be converted to a numeric value: 1e99999999999999999999"},
        {"123456789012345678901234567890123456789",
         "Attempting to store more than 38 significant digits in a Number"},
        {"-1.23456789012345678901234567890123456789",
         "Attempting to store more than 38 significant digits in a Number"},
        {"1e126", "Number overflow. Attempting to store a number with magnitude larger than "
                  "supported range"},
        {"-1e126", "Number overflow. Attempting to store a number with magnitude larger than "
                   "supported range"},
        {"1e-131", "Number underflow. Attempting to store a number with magnitude smaller than "
                   "supported range"},
        {"-1e-131", "Number underflow. Attempting to store a number with magnitude smaller than "
                    "supported range"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct number number;
        struct why why;

        assert_true(number_parse(str_c(rows[i][0]), &why, &number) != OK);
        assert_string_equal(why.text, rows[i][1]);
    }
}

static void sums_are_exact_or_refused(void **state)
{
    static const char *const rows[][4] = {
        {"1", "2", "3", "-1"},
        {"1", "-1", "0", "2"},
        {"0.1", "0.2", "0.3", "-0.1"},
        {"99", "1", "100", "98"},
        {"1e37", "1", "10000000000000000000000000000000000001",
         "9999999999999999999999999999999999999"},
        {"1e38", "1", NULL, "99999999999999999999999999999999999999"},
        {"1e125", "1e-130", NULL, NULL},
        {"9e125", "1e125", NULL, "800000000000000000000000000000000000000000000000000000000000000"
                                 "000000000000000000000000000000000000000000000000000000000000000"},
        {"0", "-5", "-5", "5"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct number a = number_of(rows[i][0]);
        struct number b = number_of(rows[i][1]);
        struct number made;
        struct why why;

        if (number_add(&a, &b, &why, &made) == OK) {
            assert_text(&made, rows[i][2]);
        } else {
            assert_null(rows[i][2]);
        }
        if (number_subtract(&a, &b, &why, &made) == OK) {
            assert_text(&made, rows[i][3]);
        } else {
            assert_null(rows[i][3]);
        }
    }
}

static void a_difference_below_the_range_is_an_underflow(void **state)
{
    struct number a = number_of("1.1e-130");
    struct number b = number_of("1e-130");
    struct number made;
    struct why why;

    (void)state;
    assert_true(number_subtract(&a, &b, &why, &made) != OK);
    assert_string_equal(why.text, "Number underflow. Attempting to store a number with magnitude "
                                  "smaller than supported range");
}

static void sizes_are_what_AWS_counts(void **state)
{
    static const struct {
        const char *text; /* as sent */
        size_t bytes;     /* counted */
    } rows[] = {
        {"0", 1}, {"1", 2}, {"-1", 3}, {"12", 2}, {"1.2", 3}, {"123", 3}, {"1e125", 2},
        {"1.1e125", 2}, {"1.1111e125", 4}, {"1.11111e125", 4}, {"1.111111e125", 5},
        {"1.1111111111111111111111111111111111111e125", 20},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct number number = number_of(rows[i].text);

        assert_int_equal(number_bytes(&number), rows[i].bytes);
    }
}

/* An integer of up to 17 digits times 10^-6, as number and as integer. */
static struct number small(int64_t *ret_plain)
{
    char text[64];
    int64_t plain;
    uint64_t digits = 1 + chance(17);
    uint64_t below = 1;

    while (digits-- > 0) {
        below *= 10;
    }
    plain = (int64_t)chance(below);
    plain = chance(2) ? -plain : plain;
    snprintf(text, sizeof(text), "%llde-6", (long long)plain);
    *ret_plain = plain;
    return number_of(text);
}

static int sign_of(int64_t x)
{
    return (x > 0) - (x < 0);
}

static struct str packed(const struct number *number, char out[NUMBER_PACKED_BYTES_MAX])
{
    return str_of(out, number_pack(number, out));
}

static void generated_sums_and_orders_agree_with_integers(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        char x_bytes[NUMBER_PACKED_BYTES_MAX];
        char y_bytes[NUMBER_PACKED_BYTES_MAX];
        char text[64];
        int64_t x = 0;
        int64_t y = 0;
        struct number a = small(&x);
        struct number b = small(&y);
        struct number made;
        struct number wanted;

        assert_int_equal(sign_of(number_cmp(&a, &b)), sign_of(x - y));
        assert_int_equal(sign_of(str_cmp(packed(&a, x_bytes), packed(&b, y_bytes))),
                         sign_of(x - y));
        assert_true(number_add(&a, &b, NULL, &made) == OK);
        snprintf(text, sizeof(text), "%llde-6", (long long)(x + y));
        wanted = number_of(text);
        assert_int_equal(number_cmp(&made, &wanted), 0);
        assert_true(number_subtract(&a, &b, NULL, &made) == OK);
        snprintf(text, sizeof(text), "%llde-6", (long long)(x - y));
        wanted = number_of(text);
        assert_int_equal(number_cmp(&made, &wanted), 0);
        assert_memory_equal(&made, &wanted, sizeof(made));
    }
}

/* Any canonical number. */
static struct number any(void)
{
    struct number number = {.sign = chance(2) ? 1 : -1};

    number.count = (uint8_t)(1 + chance(chance(2) ? 4 : NUMBER_DIGITS_MAX));
    number.exponent = (int16_t)((int)chance(chance(2) ? 3 : 256) + NUMBER_EXPONENT_MIN);
    for (int i = 0; i < number.count; i++) {
        bool end = i == 0 || i == number.count - 1;

        number.digits[i] = (uint8_t)(chance(end ? 9 : 10) + end);
    }
    return number;
}

static void packed_and_text_come_back_and_sort(void **state)
{
    struct number former = number_of("0");

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        char bytes[NUMBER_PACKED_BYTES_MAX];
        char former_bytes[NUMBER_PACKED_BYTES_MAX];
        char text[NUMBER_TEXT_BYTES_MAX];
        struct number number = any();
        struct number back;

        assert_true(number_unpack(packed(&number, bytes), &back));
        assert_memory_equal(&number, &back, sizeof(number));
        assert_true(number_parse(str_of(text, number_text(&number, text)), NULL, &back) == OK);
        assert_memory_equal(&number, &back, sizeof(number));
        assert_int_equal(
            sign_of(str_cmp(packed(&number, bytes), packed(&former, former_bytes))),
            sign_of(number_cmp(&number, &former)));
        former = number;
    }
}

static void bytes_that_no_number_packs_to_are_refused(void **state)
{
    static const struct str rows[] = {
        STR_INIT(""),         STR_INIT("\x80\x80"), STR_INIT("\xc0\x82"), STR_INIT("\xc0\x82\x00"),
        STR_INIT("\xc0\x82\x66"), STR_INIT("\xc0\x82\x01"), STR_INIT("\xc0\x82\x02\x01"),
        STR_INIT("\xc0\x82\x02"), STR_INIT("\x3f\x7d\xf4"), STR_INIT("\x40\x82\x0b"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct number number;

        assert_false(number_unpack(rows[i], &number));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_has_one_text),
        cmocka_unit_test(the_ends_of_the_range_fit),
        cmocka_unit_test(what_is_no_number_is_refused_in_AWS_words),
        cmocka_unit_test(sums_are_exact_or_refused),
        cmocka_unit_test(a_difference_below_the_range_is_an_underflow),
        cmocka_unit_test(sizes_are_what_AWS_counts),
        cmocka_unit_test(generated_sums_and_orders_agree_with_integers),
        cmocka_unit_test(packed_and_text_come_back_and_sort),
        cmocka_unit_test(bytes_that_no_number_packs_to_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
