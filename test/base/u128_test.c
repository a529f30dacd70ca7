/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves wide numbers by known values at the edges of words and of 19-digit chunks, by a naive
 * division, and by going there and back.
 */
#include "base/u128.h"

#include "seeded.h"

#include <inttypes.h>
#include <stdio.h>

struct known {
    struct u256 number; /* as words */
    const char *text;   /* as decimal text */
};

static const struct known knowns[] = {
    {{{0x0000000000000000ULL, 0x0000000000000000ULL, 0x0000000000000000ULL, 0x0000000000000000ULL}},
     "0"},
    {{{0x0000000000000000ULL, 0x0000000000000000ULL, 0x0000000000000000ULL, 0x0000000000000001ULL}},
     "1"},
    {{{0x0000000000000000ULL, 0x0000000000000000ULL, 0x0000000000000000ULL, 0x0000000000000009ULL}},
     "9"},
    {{{0x0000000000000000ULL, 0x0000000000000000ULL, 0x0000000000000000ULL, 0x000000000000000aULL}},
     "10"},
    {{{0x0000000000000000ULL, 0x0000000000000000ULL, 0x0000000000000000ULL, 0x8ac7230489e7ffffULL}},
     "9999999999999999999"},
    {{{0x0000000000000000ULL, 0x0000000000000000ULL, 0x0000000000000000ULL, 0x8ac7230489e80000ULL}},
     "10000000000000000000"},
    {{{0x0000000000000000ULL, 0x0000000000000000ULL, 0x0000000000000000ULL, 0x8ac7230489e80001ULL}},
     "10000000000000000001"},
    {{{0x0000000000000000ULL, 0x0000000000000000ULL, 0x0000000000000000ULL, 0xffffffffffffffffULL}},
     "18446744073709551615"},
    {{{0x0000000000000000ULL, 0x0000000000000000ULL, 0x0000000000000001ULL, 0x0000000000000000ULL}},
     "18446744073709551616"},
    {{{0x0000000000000000ULL, 0x0000000000000000ULL, 0x4b3b4ca85a86c47aULL, 0x098a223fffffffffULL}},
     "99999999999999999999999999999999999999"},
    {{{0x0000000000000000ULL, 0x0000000000000000ULL, 0x4b3b4ca85a86c47aULL, 0x098a224000000000ULL}},
     "100000000000000000000000000000000000000"},
    {{{0x0000000000000000ULL, 0x0000000000000000ULL, 0xffffffffffffffffULL, 0xffffffffffffffffULL}},
     "340282366920938463463374607431768211455"},
    {{{0x0000000000000000ULL, 0x0000000000000001ULL, 0x0000000000000000ULL, 0x0000000000000000ULL}},
     "340282366920938463463374607431768211456"},
    {{{0x0000000000000000ULL, 0x28c87cb5c89a2571ULL, 0xebfdcb54864ada83ULL, 0x49ffffffffffffffULL}},
     "999999999999999999999999999999999999999999999999999999999"},
    {{{0x0000000000000000ULL, 0x28c87cb5c89a2571ULL, 0xebfdcb54864ada83ULL, 0x4a00000000000000ULL}},
     "1000000000000000000000000000000000000000000000000000000000"},
    {{{0x0000000000000000ULL, 0x0205bf4e5c260000ULL, 0x000067648a170005ULL, 0xc181eea000000062ULL}},
     "49590338271490256608559692538361571095921575989136588898"},
    {{{0x0000000000000000ULL, 0x03ffffffffffffffULL, 0xffffffffffffffffULL, 0xffffffffffffffffULL}},
     "98079714615416886934934209737619787751599303819750539263"},
    {{{0x0000000000000001ULL, 0x0000000000000000ULL, 0x0000000000000000ULL, 0x0000000000000000ULL}},
     "6277101735386680763835789423207666416102355444464034512896"},
    {{{0x161bcca7119915b5ULL, 0x0764b4abe8652979ULL, 0x7775a5f171950fffULL, 0xffffffffffffffffULL}},
     "9999999999999999999999999999999999999999999999999999999999999999999999999999"},
    {{{0x161bcca7119915b5ULL, 0x0764b4abe8652979ULL, 0x7775a5f171951000ULL, 0x0000000000000000ULL}},
     "10000000000000000000000000000000000000000000000000000000000000000000000000000"},
    {{{0xdd15fe86affad912ULL, 0x49ef0eb713f39ebeULL, 0xaa987b6e6fd2a000ULL, 0x0000000000000000ULL}},
     "100000000000000000000000000000000000000000000000000000000000000000000000000000"},
    {{{0x8000000000000000ULL, 0x0000000000000000ULL, 0x0000000000000000ULL, 0x0000000000000000ULL}},
     "57896044618658097711785492504343953926634992332820282019728792003956564819968"},
    {{{0xffffffffffffffffULL, 0xffffffffffffffffULL, 0xffffffffffffffffULL, 0xffffffffffffffffULL}},
     "115792089237316195423570985008687907853269984665640564039457584007913129639935"},
    {{{0xffffffffffffffffULL, 0xffffffffffffffffULL, 0xffffffffffffffffULL, 0xfffffffffffffffeULL}},
     "115792089237316195423570985008687907853269984665640564039457584007913129639934"},
};

#define KNOWN_COUNT (sizeof(knowns) / sizeof(knowns[0]))

static void known_numbers_are_written_and_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        const struct known *k = &knowns[i];
        char text[U256_TEXT_BYTES_MAX];
        struct u256 got = {{7, 7, 7, 7}};
        size_t bytes = u256_to_text(k->number, text);
        assert_int_equal(bytes, strlen(k->text));
        assert_memory_equal(text, k->text, bytes);
        assert_true(u256_from_text(str_of(text, bytes), &got));
        assert_int_equal(u256_cmp(got, k->number), 0);
        bool fits = k->number.word[0] == 0 && k->number.word[1] == 0;
        u128 expected = (u128)k->number.word[2] << 64 | k->number.word[3];
        u128 narrow = 7;
        assert_int_equal(u128_from_text(str_of(text, bytes), &narrow), fits);
        assert_true(narrow == (fits ? expected : 7));
        if (fits) {
            assert_int_equal(u128_to_text(expected, text), bytes);
            assert_memory_equal(text, k->text, bytes);
        }
    }
}

static void the_largest_texts_fill_their_space(void **state)
{
    (void)state;
    char text[U256_TEXT_BYTES_MAX];
    assert_int_equal(u128_to_text(U128_MAX, text), U128_TEXT_BYTES_MAX);
    struct u256 largest = {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};
    assert_int_equal(u256_to_text(largest, text), U256_TEXT_BYTES_MAX);
}

static void order_is_that_of_the_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        for (size_t k = 0; k < KNOWN_COUNT; k++) {
            /* Texts without leading zeros: longer is larger, then bytewise. */
            struct str a = str_c(knowns[i].text);
            struct str b = str_c(knowns[k].text);
            int expected = a.bytes != b.bytes ? (a.bytes < b.bytes ? -1 : 1) : str_cmp(a, b);
            assert_int_equal(u256_cmp(knowns[i].number, knowns[k].number), expected);
        }
    }
}

static void what_does_not_fit_or_is_no_digit_is_refused(void **state)
{
    (void)state;
    char long_text[201];
    memset(long_text, '9', 200);
    long_text[200] = 0;
    const char *bad[] = {
        "", "-1", "+1", " 1", "1 ", "1x", "0x1", "1.0", "1e5", "\xb2", long_text,
        /* 2^256 and ten times the largest number */
        "115792089237316195423570985008687907853269984665640564039457584007913129639936",
        "1157920892373161954235709850086879078532699846656405640394575840079131296399350",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct u256 wide = {{1, 2, 3, 4}};
        u128 narrow = 7;
        assert_false(u256_from_text(str_c(bad[i]), &wide));
        assert_false(u128_from_text(str_c(bad[i]), &narrow));
        assert_true(narrow == 7);
        assert_true(wide.word[0] == 1 && wide.word[3] == 4);
    }
    struct u256 wide;
    u128 narrow = 7;
    assert_false(u256_from_text(STR_NONE, &wide));
    assert_false(u128_from_text(STR("340282366920938463463374607431768211456"), &narrow));
    assert_true(u128_from_text(STR("340282366920938463463374607431768211455"), &narrow));
    assert_true(narrow == U128_MAX);
}

static void leading_zeros_do_not_matter(void **state)
{
    (void)state;
    char text[200];
    memset(text, '0', sizeof(text));
    memcpy(text + 195, "12345", 5);
    struct u256 wide;
    u128 narrow;
    assert_true(u256_from_text(str_of(text, 200), &wide));
    assert_true(u128_from_text(str_of(text, 200), &narrow));
    assert_true(wide.word[3] == 12345 && wide.word[2] == 0 && narrow == 12345);
}

/* Digit by digit: the whole number divided by ten, 32 bits at a time. */
static size_t naive_text(struct u256 number, char out[U256_TEXT_BYTES_MAX])
{
    char backwards[U256_TEXT_BYTES_MAX];
    size_t count = 0;
    bool left;
    do {
        uint64_t rest = 0;
        left = false;
        for (size_t i = 0; i < 4; i++) {
            uint64_t high = rest << 32 | number.word[i] >> 32;
            uint64_t low = high % 10 << 32 | (number.word[i] & 0xffffffff);
            number.word[i] = high / 10 << 32 | low / 10;
            rest = low % 10;
            left = left || number.word[i] != 0;
        }
        backwards[count++] = (char)('0' + rest);
    } while (left);
    for (size_t i = 0; i < count; i++) {
        out[i] = backwards[count - 1 - i];
    }
    return count;
}

static void numbers_of_every_size_go_there_and_back(void **state)
{
    (void)state;
    struct seeded seeded = {91};
    for (int round = 0; round < 20000; round++) {
        struct u256 number = {{0}};
        for (size_t i = 4 - (size_t)(round % 5); i < 4; i++) {
            /* Words of all zeros and all ones are where corrections of a quotient happen. */
            size_t kind = seeded_below(&seeded, 4);
            number.word[i] = kind == 0 ? 0 : kind == 1 ? UINT64_MAX : seeded_number(&seeded);
        }
        char text[U256_TEXT_BYTES_MAX];
        char expected[U256_TEXT_BYTES_MAX];
        struct u256 back;
        size_t bytes = u256_to_text(number, text);
        assert_int_equal(bytes, naive_text(number, expected));
        assert_memory_equal(text, expected, bytes);
        assert_true(u256_from_text(str_of(text, bytes), &back));
        assert_int_equal(u256_cmp(back, number), 0);
        u128 narrow = (u128)number.word[2] << 64 | number.word[3];
        u128 narrow_back = 0;
        bytes = u128_to_text(narrow, text);
        assert_true(u128_from_text(str_of(text, bytes), &narrow_back));
        assert_true(narrow_back == narrow);
    }
}

static void multiples_of_a_chunk_end_in_zeros(void **state)
{
    (void)state;
    struct seeded seeded = {92};
    const uint64_t chunk = 10000000000000000000ULL;
    for (int round = 0; round < 200000; round++) {
        /* Quotients of every size, and those next to what a word holds: there the rest comes out
         * as 0 or as chunk - 1 and an estimate that is off by one shows. */
        uint64_t quotient = seeded_number(&seeded);
        quotient = round % 2 == 0 ? quotient : ~quotient;
        u128 number = (u128)quotient * chunk + (round % 4 < 2 ? 0 : chunk - 1);
        char text[U128_TEXT_BYTES_MAX];
        char expected[U128_TEXT_BYTES_MAX + 1];
        size_t bytes = u128_to_text(number, text);
        int expected_bytes =
            quotient == 0 ? snprintf(expected, sizeof(expected), "%" PRIu64, (uint64_t)number)
                          : snprintf(expected, sizeof(expected), "%" PRIu64 "%s", quotient,
                                     round % 4 < 2 ? "0000000000000000000" : "9999999999999999999");
        assert_int_equal(bytes, expected_bytes);
        assert_memory_equal(text, expected, bytes);
    }
}

static void sixteen_bytes_are_read_most_significant_first(void **state)
{
    (void)state;
    const uint8_t bytes[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    u128 number = u128_from_be(bytes);
    assert_true((uint64_t)(number >> 64) == 0x0102030405060708);
    assert_true((uint64_t)number == 0x090a0b0c0d0e0f10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_numbers_are_written_and_read),
        cmocka_unit_test(the_largest_texts_fill_their_space),
        cmocka_unit_test(order_is_that_of_the_numbers),
        cmocka_unit_test(what_does_not_fit_or_is_no_digit_is_refused),
        cmocka_unit_test(leading_zeros_do_not_matter),
        cmocka_unit_test(numbers_of_every_size_go_there_and_back),
        cmocka_unit_test(multiples_of_a_chunk_end_in_zeros),
        cmocka_unit_test(sixteen_bytes_are_read_most_significant_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
