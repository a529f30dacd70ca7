/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves the string functions at their edges (empty, NULL, whole, one byte off) and holds searching
 * and number reading against naive or library versions. Strings to be searched live in pieces of
 * memory of exactly their size, so that the address sanitizer sees a byte too many.
 */
#include "base/str.h"

#include "base/mem.h"
#include "seeded.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void equality_is_by_content(void **state)
{
    (void)state;
    assert_true(str_eq(STR("abc"), str_c("abc")));
    assert_false(str_eq(STR("abc"), STR("abd")));
    assert_false(str_eq(STR("abc"), STR("ab")));
    assert_true(str_eq(STR_NONE, STR("")));
    assert_true(str_eq_nocase(STR("Content-TYPE@["), STR("content-type@[")));
    assert_false(str_eq_nocase(STR("@"), STR("`")));   /* 0x20 apart but no letters */
    assert_false(str_eq_nocase(STR("\xc4"), STR("\xe4"))); /* not ASCII */
    assert_true(str_eq_nocase(STR_NONE, STR("")));
}

static void order_is_bytewise_and_shorter_first(void **state)
{
    (void)state;
    assert_int_equal(str_cmp(STR("a"), STR("b")), -1);
    assert_int_equal(str_cmp(STR("b"), STR("a")), 1);
    assert_int_equal(str_cmp(STR("a"), STR("ab")), -1);
    assert_int_equal(str_cmp(STR("ab"), STR("a")), 1);
    assert_int_equal(str_cmp(STR("ab"), STR("ab")), 0);
    assert_int_equal(str_cmp(STR("\x7f"), STR("\x80")), -1); /* unsigned */
    assert_int_equal(str_cmp(STR_NONE, STR("")), 0);
    assert_int_equal(str_cmp(STR_NONE, STR("a")), -1);
}

static void starts_and_ends_are_found(void **state)
{
    (void)state;
    assert_true(str_starts(STR("arn:aws"), STR("arn:")));
    assert_true(str_starts(STR("arn"), STR("arn")));
    assert_true(str_starts(STR_NONE, STR("")));
    assert_false(str_starts(STR("ar"), STR("arn")));
    assert_false(str_starts(STR("aws"), STR("arn")));
    assert_true(str_starts_nocase(STR("BEARER x"), STR("bearer ")));
    assert_false(str_starts_nocase(STR("bear"), STR("bearer")));
    assert_true(str_ends(STR("queue.fifo"), STR(".fifo")));
    assert_true(str_ends(STR(".fifo"), STR(".fifo")));
    assert_true(str_ends(STR_NONE, STR("")));
    assert_false(str_ends(STR("fifo"), STR(".fifo")));
    assert_false(str_ends(STR("queue.fif0"), STR(".fifo")));
}

static size_t naive_find(struct str s, struct str needle)
{
    for (size_t i = 0; i + needle.bytes <= s.bytes; i++) {
        if (memcmp(s.at + i, needle.at, needle.bytes) == 0) {
            return i;
        }
    }
    return s.bytes;
}

static void searching_agrees_with_the_naive_way(void **state)
{
    (void)state;
    struct seeded seeded = {11};
    for (int round = 0; round < 5000; round++) {
        /* Two letters, so that partial matches abound. */
        size_t bytes = 1 + seeded_below(&seeded, 60);
        char *text = mem_alloc(bytes);
        for (size_t i = 0; i < bytes; i++) {
            text[i] = (char)('a' + seeded_below(&seeded, 2));
        }
        char needle[6];
        size_t needle_bytes = 1 + seeded_below(&seeded, sizeof(needle));
        for (size_t i = 0; i < needle_bytes; i++) {
            needle[i] = (char)('a' + seeded_below(&seeded, 2));
        }
        struct str s = str_of(text, bytes);
        struct str n = str_of(needle, needle_bytes);
        assert_int_equal(str_find_str(s, n), naive_find(s, n));
        size_t from = seeded_below(&seeded, bytes + 3);
        size_t expected = from;
        while (expected < bytes && text[expected] != 'b') {
            expected++;
        }
        assert_int_equal(str_find(s, 'b', from), expected < bytes ? expected : bytes);
        mem_free(text);
    }
    assert_int_equal(str_find_str(STR_NONE, STR("")), 0);
    assert_int_equal(str_find_str(STR_NONE, STR("a")), 0);
    assert_int_equal(str_find_str(STR("ab"), STR("")), 0);
    assert_int_equal(str_find(STR_NONE, 'a', 0), 0);
    assert_int_equal(str_find(STR("ab"), 'a', SIZE_MAX), 2);
}

static void slices_are_clamped(void **state)
{
    (void)state;
    assert_str(str_slice(STR("abcdef"), 2, 4), "cd");
    assert_str(str_slice(STR("abcdef"), 2, SIZE_MAX), "cdef");
    assert_str(str_slice(STR("abcdef"), 4, 2), "");
    assert_str(str_slice(STR("abcdef"), SIZE_MAX, SIZE_MAX), "");
    assert_str(str_slice(STR_NONE, 0, 5), "");
}

static void trimming_takes_spaces_and_tabs_only(void **state)
{
    (void)state;
    assert_str(str_trim(STR(" \t a b\t ")), "a b");
    assert_str(str_trim(STR("\r\nx")), "\r\nx");
    assert_str(str_trim(STR(" \t ")), "");
    assert_str(str_trim(STR_NONE), "");
}

static void splitting_visits_every_piece(void **state)
{
    (void)state;
    struct str rest = STR("a,,bc,");
    assert_str(str_split(&rest, ','), "a");
    assert_str(str_split(&rest, ','), "");
    assert_str(str_split(&rest, ','), "bc");
    assert_non_null(rest.at); /* the empty piece behind the last comma is still to come */
    assert_str(str_split(&rest, ','), "");
    assert_null(rest.at);
    assert_int_equal(rest.bytes, 0);
    int pieces = 0;
    for (rest = STR("x"); rest.at != NULL; pieces++) {
        assert_str(str_split(&rest, ','), "x");
    }
    assert_int_equal(pieces, 1);
}

static void unsigned_numbers_are_read_whole(void **state)
{
    (void)state;
    uint64_t number = 5;
    assert_true(str_to_u64(STR("18446744073709551615"), &number));
    assert_int_equal(number, UINT64_MAX);
    assert_true(str_to_u64(STR("0007"), &number));
    assert_int_equal(number, 7);
    const char *bad[] = {"", "-1", "+1", " 1", "1 ", "1x", "18446744073709551616", "0x10",
                         "99999999999999999999", "184467440737095516150", "1.0", "\xb2"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(str_to_u64(str_c(bad[i]), &number));
        assert_int_equal(number, 7);
    }
    assert_false(str_to_u64(STR_NONE, &number));
}

static void signed_numbers_reach_both_ends(void **state)
{
    (void)state;
    int64_t number = 5;
    assert_true(str_to_i64(STR("-9223372036854775808"), &number));
    assert_true(number == INT64_MIN);
    assert_true(str_to_i64(STR("9223372036854775807"), &number));
    assert_true(number == INT64_MAX);
    assert_true(str_to_i64(STR("-0"), &number));
    assert_true(number == 0);
    const char *bad[] = {"", "-", "--1", "+1", "9223372036854775808", "-9223372036854775809"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(str_to_i64(str_c(bad[i]), &number));
        assert_true(number == 0);
    }
}

static void numbers_come_back_from_their_text(void **state)
{
    (void)state;
    struct seeded seeded = {12};
    for (int round = 0; round < 20000; round++) {
        uint64_t sent = seeded_number(&seeded);
        char text[32];
        int bytes = snprintf(text, sizeof(text), "%" PRIu64, sent);
        uint64_t got = ~sent;
        assert_true(str_to_u64(str_of(text, (size_t)bytes), &got));
        assert_true(got == sent);
        int64_t sent_signed = (int64_t)seeded_next(&seeded) >> seeded_below(&seeded, 64);
        bytes = snprintf(text, sizeof(text), "%" PRId64, sent_signed);
        int64_t got_signed = ~sent_signed;
        assert_true(str_to_i64(str_of(text, (size_t)bytes), &got_signed));
        assert_true(got_signed == sent_signed);
    }
}

static void doubles_come_back_from_their_text(void **state)
{
    (void)state;
    struct seeded seeded = {13};
    for (int round = 0; round < 20000; round++) {
        uint64_t bits = seeded_next(&seeded);
        double sent;
        memcpy(&sent, &bits, sizeof(sent));
        if (!isfinite(sent)) {
            continue;
        }
        char text[40];
        int bytes = snprintf(text, sizeof(text), "%.17g", sent);
        double got = 0;
        assert_true(str_to_double(str_of(text, (size_t)bytes), &got));
        assert_memory_equal(&got, &sent, sizeof(got));
    }
}

static void doubles_follow_the_grammar_of_json(void **state)
{
    (void)state;
    double number = 5;
    const char *good[] = {"0", "-0", "0.5", "10", "1e5", "1E+5", "1e-5", "-12.25e2", "1e-400"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(str_to_double(str_c(good[i]), &number));
        assert_true(number == strtod(good[i], NULL));
    }
    assert_true(str_to_double(STR("NaN"), &number));
    assert_true(isnan(number));
    assert_true(str_to_double(STR("-Infinity"), &number));
    assert_true(isinf(number) && number < 0);
    assert_true(str_to_double(STR("Infinity"), &number));
    assert_true(isinf(number) && number > 0);
    number = 5;
    const char *bad[] = {"", "-", "+1", "01", "-01", ".5", "1.", "1e", "1e+", "0x10", "1 ", " 1",
                         "inf", "nan", "infinity", "1e400", "-1e400", "1,5", "1.e5", "--1", "1e5.5",
                         "nan(1)", "+Infinity"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(str_to_double(str_c(bad[i]), &number));
        assert_true(number == 5);
    }
}

static void doubles_of_more_than_64_bytes_are_refused(void **state)
{
    (void)state;
    char text[65];
    memset(text, '1', sizeof(text));
    double number = 5;
    assert_false(str_to_double(str_of(text, 65), &number));
    assert_true(number == 5);
    assert_true(str_to_double(str_of(text, 64), &number));
    assert_true(number > 1e63 && number < 1.2e63);
}

static int compare_words(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

#define HASHES 40000

static void hashes_of_like_strings_differ(void **state)
{
    (void)state;
    /* Strings of every length up to 300, one bit set anywhere or none: no two the same hash, and
     * every slot of a small table used about as often as every other. */
    static uint64_t hashes[HASHES];
    static size_t slots[256];
    size_t count = 0;
    char text[300] = {0};
    for (size_t bytes = 0; bytes <= 300; bytes++) {
        hashes[count++] = str_hash(str_of(text, bytes));
        for (size_t bit = 0; bit < bytes * 8 && count < HASHES; bit += bytes < 64 ? 1 : 61) {
            text[bit / 8] = (char)(1 << bit % 8);
            hashes[count++] = str_hash(str_of(text, bytes));
            text[bit / 8] = 0;
        }
    }
    for (size_t i = 0; i < count; i++) {
        slots[hashes[i] & 255]++;
    }
    size_t fair = count / 256;
    assert_true(count > 20000);
    for (size_t i = 0; i < 256; i++) {
        assert_in_range(slots[i], fair / 2, fair * 2);
    }
    qsort(hashes, count, sizeof(hashes[0]), compare_words);
    for (size_t i = 1; i < count; i++) {
        assert_true(hashes[i - 1] != hashes[i]);
    }
}

static void hashes_read_nothing_beyond_and_depend_on_the_seed(void **state)
{
    (void)state;
    struct seeded seeded = {14};
    for (size_t bytes = 0; bytes <= 200; bytes++) {
        char *exact = mem_alloc(bytes);
        char shifted[208];
        seeded_fill(&seeded, exact, bytes);
        memcpy(shifted + 7, exact, bytes);
        uint64_t hash = str_hash(str_of(exact, bytes));
        assert_true(str_hash(str_of(shifted + 7, bytes)) == hash);
        hash_seed(bytes + 1);
        uint64_t reseeded = str_hash(str_of(exact, bytes));
        assert_true(reseeded != hash);
        hash_seed(bytes + 1);
        assert_true(str_hash(str_of(exact, bytes)) == reseeded);
        mem_free(exact);
    }
    (void)str_hash(STR_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equality_is_by_content),
        cmocka_unit_test(order_is_bytewise_and_shorter_first),
        cmocka_unit_test(starts_and_ends_are_found),
        cmocka_unit_test(searching_agrees_with_the_naive_way),
        cmocka_unit_test(slices_are_clamped),
        cmocka_unit_test(trimming_takes_spaces_and_tabs_only),
        cmocka_unit_test(splitting_visits_every_piece),
        cmocka_unit_test(unsigned_numbers_are_read_whole),
        cmocka_unit_test(signed_numbers_reach_both_ends),
        cmocka_unit_test(numbers_come_back_from_their_text),
        cmocka_unit_test(doubles_come_back_from_their_text),
        cmocka_unit_test(doubles_follow_the_grammar_of_json),
        cmocka_unit_test(doubles_of_more_than_64_bytes_are_refused),
        cmocka_unit_test(hashes_of_like_strings_differ),
        cmocka_unit_test(hashes_read_nothing_beyond_and_depend_on_the_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
