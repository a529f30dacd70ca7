/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves base64, hex, percent-encoding and UTF-8 against naive versions written here, for every
 * length from 0 to 300 and for random bytes; that both ways of base64 refuse exactly the same
 * texts; and that in-place decoding works. Inputs and outputs have exactly their size, so that the
 * address sanitizer sees a byte too many.
 */
#include "base/codec_int.h"

#include "base/mem.h"
#include "seeded.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void naive_encode(const unsigned char *in, size_t bytes, char *out)
{
    for (size_t i = 0; i < bytes; i += 3) {
        size_t left = bytes - i;
        unsigned group = (unsigned)in[i] << 16;
        group |= left > 1 ? (unsigned)in[i + 1] << 8 : 0;
        group |= left > 2 ? (unsigned)in[i + 2] : 0;
        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 63];
        *out++ = left > 1 ? alphabet[group >> 6 & 63] : '=';
        *out++ = left > 2 ? alphabet[group & 63] : '=';
    }
}

/* By definition: a text is base64 when it is what encoding some bytes gives. */
static bool naive_decode(const char *in, size_t bytes, char *out, size_t *ret_bytes)
{
    size_t bits = 0;
    unsigned held = 0;
    size_t count = 0;
    for (size_t i = 0; i < bytes && in[i] != '='; i++) {
        const char *at = memchr(alphabet, in[i], 64);
        if (at == NULL) {
            return false;
        }
        held = held << 6 | (unsigned)(at - alphabet);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[count++] = (char)(held >> bits);
        }
    }
    char again[1024];
    assert_true(base64_encoded_bytes(count) <= sizeof(again));
    naive_encode((const unsigned char *)out, count, again);
    *ret_bytes = count;
    return base64_encoded_bytes(count) == bytes && memcmp(again, in, bytes) == 0;
}

static void base64_agrees_with_the_naive_way_at_every_length(void **state)
{
    (void)state;
    struct seeded seeded = {61};
    for (size_t bytes = 0; bytes <= 300; bytes++) {
        size_t text_bytes = base64_encoded_bytes(bytes);
        char *plain = mem_alloc(bytes);
        char *text = mem_alloc(text_bytes);
        char *expected = mem_alloc(text_bytes);
        char *back = mem_alloc(text_bytes / 4 * 3);
        for (int round = 0; round < 20; round++) {
            seeded_fill(&seeded, plain, bytes);
            naive_encode((unsigned char *)plain, bytes, expected);
            base64_encode(str_of(plain, bytes), text);
            assert_memory_equal(text, expected, text_bytes);
            memset(text, 0, text_bytes);
            base64_encode_plain(str_of(plain, bytes), text);
            assert_memory_equal(text, expected, text_bytes);
            size_t got = SIZE_MAX;
            assert_true(base64_decode_plain(str_of(text, text_bytes), back, &got));
            assert_int_equal(got, bytes);
            assert_memory_equal(back, plain, bytes);
            memset(back, 0, text_bytes / 4 * 3);
            assert_true(base64_decode(str_of(text, text_bytes), back, &got));
            assert_int_equal(got, bytes);
            assert_memory_equal(back, plain, bytes);
            assert_true(base64_decode(str_of(text, text_bytes), text, &got));
            assert_int_equal(got, bytes);
            assert_memory_equal(text, plain, bytes);
        }
        mem_free(plain);
        mem_free(text);
        mem_free(expected);
        mem_free(back);
    }
}

static void base64_knows_every_letter_in_every_place(void **state)
{
    (void)state;
    /* 256 letters: what is decoded wide and what is decoded by table both see each of the 256
     * values of a byte at each place of a group. */
    char text[256];
    char out[192];
    for (size_t place = 0; place < sizeof(text) - 4; place++) {
        for (unsigned c = 0; c < 256; c++) {
            memset(text, 'A', sizeof(text));
            text[place] = (char)c;
            size_t got;
            size_t got_plain;
            bool valid = memchr(alphabet, (int)c, 64) != NULL;
            assert_int_equal(base64_decode(str_of(text, sizeof(text)), out, &got), valid);
            assert_int_equal(base64_decode_plain(str_of(text, sizeof(text)), out, &got_plain),
                             valid);
            if (valid) {
                char again[256];
                base64_encode(str_of(out, got), again);
                assert_memory_equal(again, text, sizeof(text));
            }
        }
    }
}

static void base64_refuses_what_encoding_never_writes(void **state)
{
    (void)state;
    char out[64];
    size_t got = 7;
    const char *bad[] = {"A", "AA", "AAA", "AAAAA", "====", "A===", "=AAA", "AA=A", "AB==",
                         "AAB=", "AA==AAAA", "AAA=AAAA", "AAAA====", "AA==\n", "AAAA\n", " AAAA",
                         "AA-_", "AAA\n", "AA A", "AA==AA==", "QUJD\r\n", "AA=", "//==", "///="};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(base64_decode(str_c(bad[i]), out, &got));
        assert_int_equal(got, 7);
    }
    assert_true(base64_decode(STR_NONE, out, &got));
    assert_int_equal(got, 0);
}

static void base64_agrees_with_the_naive_way_on_damaged_texts(void **state)
{
    (void)state;
    struct seeded seeded = {62};
    size_t accepted = 0;
    for (int round = 0; round < 30000; round++) {
        char plain[300];
        char text[400];
        char out[300];
        char expected[300];
        size_t bytes = 1 + seeded_below(&seeded, sizeof(plain));
        seeded_fill(&seeded, plain, bytes);
        naive_encode((unsigned char *)plain, bytes, text);
        size_t text_bytes = base64_encoded_bytes(bytes);
        size_t from_end = seeded_below(&seeded, 2) == 0 && text_bytes > 5 ? 5 : text_bytes;
        const char marks[] = "=A+/_\n\x80\xff";
        text[text_bytes - 1 - seeded_below(&seeded, from_end)] =
            marks[seeded_below(&seeded, sizeof(marks) - 1)];
        if (seeded_below(&seeded, 8) == 0) {
            text_bytes -= 1 + seeded_below(&seeded, 3);
        }
        size_t got = 0;
        size_t got_plain = 0;
        size_t want = 0;
        struct str s = str_of(text, text_bytes);
        bool fine = naive_decode(text, text_bytes, expected, &want);
        assert_int_equal(base64_decode_plain(s, out, &got_plain), fine);
        assert_int_equal(base64_decode(s, out, &got), fine);
        if (fine) {
            assert_int_equal(got, want);
            assert_int_equal(got_plain, want);
            assert_memory_equal(out, expected, want);
            accepted++;
        }
    }
    assert_in_range(accepted, 1000, 29000);
}

static void base64_runs_end_before_the_first_stranger(void **state)
{
    (void)state;
    struct seeded seeded = {63};
    size_t quick = 0;
    for (int round = 0; round < 20000; round++) {
        char plain[300];
        char text[450];
        size_t bytes = seeded_below(&seeded, sizeof(plain) + 1);
        size_t letters = bytes / 3 * 4;
        seeded_fill(&seeded, plain, bytes);
        seeded_fill(&seeded, text, sizeof(text));
        naive_encode((unsigned char *)plain, bytes, text);
        text[letters] = "=\"\\\n\x80"[seeded_below(&seeded, 5)];
        size_t done = base64_decode_run(str_of(text, sizeof(text)), text);
        assert_int_equal(done % 4, 0);
        assert_in_range(done, 0, letters);
        assert_memory_equal(text, plain, done / 4 * 3);
        quick += done;
    }
    assert_true(!base64_is_wide() || quick > 20000 * 64);
}

static void base64_is_added_to_buffers(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 13);
    buf_add_c(&buf, '"');
    buf_add_base64(&buf, STR("foob"));
    assert_str(buf_str(&buf), "\"Zm9vYg==");
    buf_add_base64(&buf, STR("f"));
    assert_false(buf_spent(&buf));
    buf_add_base64(&buf, STR_NONE);
    assert_false(buf_spent(&buf));
    buf_add_base64(&buf, STR("f"));
    assert_true(buf_spent(&buf));
    buf_done(&buf);
}

static void hex_comes_back_at_every_length(void **state)
{
    (void)state;
    struct seeded seeded = {63};
    for (size_t bytes = 0; bytes <= 300; bytes++) {
        char *plain = mem_alloc(bytes);
        char *text = mem_alloc(2 * bytes);
        char *back = mem_alloc(bytes);
        seeded_fill(&seeded, plain, bytes);
        hex_encode(str_of(plain, bytes), text);
        for (size_t i = 0; i < 2 * bytes; i++) {
            int nibble = (unsigned char)plain[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15;
            assert_int_equal(text[i], "0123456789abcdef"[nibble]);
        }
        assert_true(hex_decode(str_of(text, 2 * bytes), back));
        assert_memory_equal(back, plain, bytes);
        mem_free(plain);
        mem_free(text);
        mem_free(back);
    }
}

static void hex_reads_both_cases_and_nothing_else(void **state)
{
    (void)state;
    char out[2];
    assert_true(hex_decode(STR("aFFa"), out));
    assert_memory_equal(out, "\xaf\xfa", 2);
    assert_false(hex_decode(STR("abc"), out));
    for (unsigned c = 0; c < 256; c++) {
        bool digit = c != 0 && strchr("0123456789abcdefABCDEF", (int)c) != NULL;
        const char first[2] = {(char)c, '0'};
        const char second[2] = {'0', (char)c};
        assert_int_equal(hex_decode(str_of(first, 2), out), digit);
        assert_int_equal(hex_decode(str_of(second, 2), out), digit);
    }
}

static void percent_escapes_all_but_the_unreserved(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000);
    for (unsigned c = 0; c < 256; c++) {
        char one = (char)c;
        char expected[4] = {one, 0, 0, 0};
        const char *kept = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
        bool plain = c != 0 && strchr(kept, (int)c) != NULL;
        if (!plain) {
            expected[0] = '%';
            expected[1] = "0123456789ABCDEF"[c >> 4];
            expected[2] = "0123456789ABCDEF"[c & 15];
        }
        buf_clear(&buf);
        buf_add_percent(&buf, str_of(&one, 1), true);
        assert_int_equal(buf.bytes, plain ? 1 : 3);
        assert_memory_equal(buf.at, expected, buf.bytes);
    }
    buf_clear(&buf);
    buf_add_percent(&buf, STR("a/b c"), false);
    assert_str(buf_str(&buf), "a%2Fb%20c");
    buf_clear(&buf);
    buf_add_percent(&buf, STR_NONE, false);
    assert_str(buf_str(&buf), "");
    buf_done(&buf);
}

static void percent_escapes_come_back(void **state)
{
    (void)state;
    struct seeded seeded = {64};
    struct arena *arena = arena_new(1 << 20);
    struct buf buf;
    buf_init(&buf, 1000);
    for (int round = 0; round < 2000; round++) {
        char plain[300];
        size_t bytes = seeded_below(&seeded, sizeof(plain));
        struct str back;
        seeded_fill(&seeded, plain, bytes);
        buf_clear(&buf);
        buf_add_percent(&buf, str_of(plain, bytes), round % 2 == 0);
        assert_true(percent_decode(arena, buf_str(&buf), round % 4 < 2, &back));
        assert_int_equal(back.bytes, bytes);
        assert_memory_equal(back.at, plain, bytes);
        assert_int_equal(back.at[bytes], 0);
        arena_clear(arena);
    }
    buf_done(&buf);
    arena_free(arena);
}

static void percent_decoding_knows_forms_and_refuses_broken_escapes(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct str plain = STR("untouched");
    assert_true(percent_decode(arena, STR("a+b%2Bc%2f"), true, &plain));
    assert_str(plain, "a b+c/");
    assert_true(percent_decode(arena, STR("a+b%2Bc"), false, &plain));
    assert_str(plain, "a+b+c");
    const char *bad[] = {"%", "%2", "a%", "a%2", "%G0", "%0G", "%%20", "%-1", "%+1", "% 1"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(percent_decode(arena, str_c(bad[i]), false, &plain));
        assert_str(plain, "a+b+c");
    }
    arena_free(arena);
}

/* Every code point's bytes by the definition's table. */
static void every_code_point_is_written_and_valid(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        if (c >= 0xd800 && c <= 0xdfff) {
            continue;
        }
        char text[4];
        size_t bytes = utf8_put(c, text);
        const unsigned char *u = (const unsigned char *)text;
        uint32_t back = bytes == 1   ? u[0]
                        : bytes == 2 ? (u[0] & 0x1fU) << 6 | (u[1] & 0x3fU)
                        : bytes == 3 ? (u[0] & 0x0fU) << 12 | (u[1] & 0x3fU) << 6 | (u[2] & 0x3fU)
                                     : (u[0] & 0x07U) << 18 | (u[1] & 0x3fU) << 12 |
                                           (u[2] & 0x3fU) << 6 | (u[3] & 0x3fU);
        bool right = back == c && bytes == (c < 0x80 ? 1U : c < 0x800 ? 2U : c < 0x10000 ? 3U : 4U);
        if (!right || !utf8_valid(str_of(text, bytes)) || utf8_count(str_of(text, bytes)) != 1) {
            fail_msg("code point %x", c);
        }
        if (bytes > 1 && utf8_valid(str_of(text, bytes - 1))) {
            fail_msg("code point %x cut", c);
        }
    }
}

/* Decodes and asks whether that was the shortest form of something that may be. */
static bool naive_valid(const unsigned char *at, size_t bytes)
{
    for (size_t i = 0; i < bytes;) {
        size_t more = at[i] < 0x80 ? 0 : at[i] >> 5 == 6 ? 1 : at[i] >> 4 == 14 ? 2 : 3;
        if ((more == 3 && at[i] >> 3 != 30) || more >= bytes - i) {
            return false;
        }
        uint32_t c = more == 0 ? at[i] : at[i] & (0x3fU >> more);
        for (size_t k = 1; k <= more; k++) {
            if (at[i + k] >> 6 != 2) {
                return false;
            }
            c = c << 6 | (at[i + k] & 0x3fU);
        }
        const uint32_t least[4] = {0, 0x80, 0x800, 0x10000};
        if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
            return false;
        }
        i += more + 1;
    }
    return true;
}

static void utf8_agrees_with_the_naive_way(void **state)
{
    (void)state;
    struct seeded seeded = {65};
    /* All texts of two and three bytes, then random ones of tempting bytes amid ASCII. */
    for (uint32_t n = 0; n < 0x1000000; n += n < 0x10000 ? 1 : 251) {
        const unsigned char text[3] = {(unsigned char)n, (unsigned char)(n >> 8),
                                       (unsigned char)(n >> 16)};
        for (size_t bytes = 2; bytes <= 3; bytes++) {
            if (utf8_valid(str_of(text, bytes)) != naive_valid(text, bytes)) {
                fail_msg("%02x %02x %02x, %zu bytes", text[0], text[1], text[2], bytes);
            }
        }
    }
    const char tempting[] = "\x00\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xe1\xec\xed\xee"
                            "\xef\xf0\xf1\xf3\xf4\xf5\xf8\xfe\xff";
    for (int round = 0; round < 200000; round++) {
        size_t bytes = 1 + seeded_below(&seeded, 100);
        unsigned char *text = mem_alloc(bytes);
        memset(text, 'a', bytes);
        size_t from = seeded_below(&seeded, bytes);
        for (size_t i = from; i < bytes && i < from + 4; i++) {
            text[i] = (unsigned char)tempting[seeded_below(&seeded, sizeof(tempting) - 1)];
        }
        assert_int_equal(utf8_valid(str_of(text, bytes)), naive_valid(text, bytes));
        mem_free(text);
    }
    assert_true(utf8_valid(STR_NONE));
}

static void characters_are_counted(void **state)
{
    (void)state;
    struct seeded seeded = {66};
    assert_int_equal(utf8_count(STR_NONE), 0);
    for (size_t characters = 0; characters <= 300; characters++) {
        char text[1200];
        size_t bytes = 0;
        for (size_t i = 0; i < characters; i++) {
            const uint32_t some[4] = {'a', 0xe9, 0x20ac, 0x1f600};
            bytes += utf8_put(some[seeded_below(&seeded, 4)], text + bytes);
        }
        assert_int_equal(utf8_count(str_of(text, bytes)), characters);
    }
}

int main(void)
{
    print_message("base64: %s\n", base64_is_wide() ? "AVX2 and tables" : "tables only");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_agrees_with_the_naive_way_at_every_length),
        cmocka_unit_test(base64_knows_every_letter_in_every_place),
        cmocka_unit_test(base64_refuses_what_encoding_never_writes),
        cmocka_unit_test(base64_agrees_with_the_naive_way_on_damaged_texts),
        cmocka_unit_test(base64_runs_end_before_the_first_stranger),
        cmocka_unit_test(base64_is_added_to_buffers),
        cmocka_unit_test(hex_comes_back_at_every_length),
        cmocka_unit_test(hex_reads_both_cases_and_nothing_else),
        cmocka_unit_test(percent_escapes_all_but_the_unreserved),
        cmocka_unit_test(percent_escapes_come_back),
        cmocka_unit_test(percent_decoding_knows_forms_and_refuses_broken_escapes),
        cmocka_unit_test(every_code_point_is_written_and_valid),
        cmocka_unit_test(utf8_agrees_with_the_naive_way),
        cmocka_unit_test(characters_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
