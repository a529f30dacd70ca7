/* SPDX-License-Identifier: Apache-2.0
 *
 * Base64 in two speeds: tables (any processor) and AVX2, chosen at run time per call.
 *
 * Rules
 *  1. The wide loops do whole groups from the front and leave at least the last group to the
 *     tables, which alone know about padding. Both refuse exactly the same texts.
 *  2. Decoding in place works because a group is read before it is written and 3 bytes are written
 *     for 4 read: what a store spills over its group lies at or before the last byte read.
 *     A spill never passes the end of out (bytes / 4 * 3).
 *  3. A bad character does not stop a loop; it is remembered and refused at the end. Bad texts are
 *     rare and out is then undefined anyway.
 */
#include "base/codec_int.h"

#include <assert.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

static const char letters[64] = {
    'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P',
    'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'a', 'b', 'c', 'd', 'e', 'f',
    'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v',
    'w', 'x', 'y', 'z', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '+', '/'};

/* Two letters for twelve bits. */
static char pairs[4096][2];
/* What a letter at place 0 to 3 of a group adds to the group's three bytes, which are the low ones
 * of the word in the order of memory; BAD for what is no letter. */
static uint32_t places[4][256];

#define BAD 0xff000000U

/* Before main: 12 KiB, a few microseconds. */
__attribute__((constructor)) static void make_tables(void)
{
    for (size_t i = 0; i < 4096; i++) {
        pairs[i][0] = letters[i >> 6];
        pairs[i][1] = letters[i & 63];
    }
    for (size_t i = 0; i < 256; i++) {
        places[0][i] = places[1][i] = places[2][i] = places[3][i] = BAD;
    }
    for (uint32_t v = 0; v < 64; v++) {
        unsigned char c = (unsigned char)letters[v];
        places[0][c] = v << 2;
        places[1][c] = v >> 4 | (v & 15) << 12;
        places[2][c] = (v >> 2) << 8 | (v & 3) << 22;
        places[3][c] = v << 16;
    }
}

/* ---- tables ---- */

void base64_encode_plain(struct str s, char *out)
{
    const unsigned char *in = (const unsigned char *)s.at;
    size_t left = s.bytes;
    /* Six bytes are one word of 48 bits: four lookups. Eight are loaded, so eight must be there. */
    for (; left >= 8; left -= 6, in += 6, out += 8) {
        uint64_t word;
        memcpy(&word, in, 8);
        word = __builtin_bswap64(word);
        memcpy(out, pairs[word >> 52], 2);
        memcpy(out + 2, pairs[word >> 40 & 4095], 2);
        memcpy(out + 4, pairs[word >> 28 & 4095], 2);
        memcpy(out + 6, pairs[word >> 16 & 4095], 2);
    }
    for (; left >= 3; left -= 3, in += 3, out += 4) {
        memcpy(out, pairs[in[0] << 4 | in[1] >> 4], 2);
        memcpy(out + 2, pairs[(in[1] & 15) << 8 | in[2]], 2);
    }
    if (left == 1) {
        memcpy(out, pairs[in[0] << 4], 2);
        memcpy(out + 2, "==", 2);
    } else if (left == 2) {
        memcpy(out, pairs[in[0] << 4 | in[1] >> 4], 2);
        out[2] = letters[(in[1] & 15) << 2];
        out[3] = '=';
    }
}

static inline uint32_t group_of(const unsigned char *in)
{
    return places[0][in[0]] | places[1][in[1]] | places[2][in[2]] | places[3][in[3]];
}

/* The last group, the only one that may be padded. */
static bool decode_last(const unsigned char *in, char *out, size_t *ret_bytes)
{
    size_t bytes = in[3] != '=' ? 3 : in[2] != '=' ? 2 : 1;
    uint32_t group = places[0][in[0]] | places[1][in[1]];
    group |= bytes > 1 ? places[2][in[2]] : 0;
    group |= bytes > 2 ? places[3][in[3]] : 0;
    /* BAD lies above the three bytes, and so do the unused bits above fewer bytes. */
    if (group >> (8 * bytes) != 0) {
        return false;
    }
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (char)(group >> (8 * i));
    }
    *ret_bytes = bytes;
    return true;
}

bool base64_decode_plain(struct str s, char *out, size_t *ret_bytes)
{
    if (s.bytes % 4 != 0) {
        return false;
    }
    if (s.bytes == 0) {
        *ret_bytes = 0;
        return true;
    }
    const unsigned char *in = (const unsigned char *)s.at;
    const unsigned char *last = in + s.bytes - 4;
    char *to = out;
    uint32_t seen = 0;
    for (; last - in >= 8; in += 8, to += 6) {
        uint32_t first = group_of(in);
        uint32_t second = group_of(in + 4);
        seen |= first | second;
        memcpy(to, &first, 4);
        memcpy(to + 3, &second, 4);
    }
    for (; in < last; in += 4, to += 3) {
        uint32_t group = group_of(in);
        seen |= group;
        memcpy(to, &group, 4);
    }
    size_t rest;
    if ((seen & BAD) != 0 || !decode_last(last, to, &rest)) {
        return false;
    }
    *ret_bytes = (size_t)(to - out) + rest;
    return true;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the words above are in memory's order");

/* ---- AVX2 ---- */

#if defined(__x86_64__)

#define WIDE __attribute__((target("avx2")))
/* Below this the tables are as fast. */
#define WIDE_BYTES_MIN 64

bool base64_is_wide(void)
{
    return __builtin_cpu_supports("avx2") != 0;
}

/* 24 bytes, 12 in each half from its first byte on, to 32 letters. */
WIDE static inline __m256i letters_of(__m256i bytes)
{
    /* Every 32-bit lane gets one group as the bytes b1 b0 b2 b1, so that in the low half (b0:b1)
     * and the high half (b1:b2) each six-bit value lies whole. */
    const __m256i spread = _mm256_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10,
                                            1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
    __m256i lanes = _mm256_shuffle_epi8(bytes, spread);
    /* Multiplying by a power of two is a shift that differs per half: the values 0 and 2 go down
     * (by 10 and 6), the values 1 and 3 go up (by 4 and 8). */
    __m256i even = _mm256_mulhi_epu16(_mm256_and_si256(lanes, _mm256_set1_epi32(0x0fc0fc00)),
                                      _mm256_set1_epi32(0x04000040));
    __m256i odd = _mm256_mullo_epi16(_mm256_and_si256(lanes, _mm256_set1_epi32(0x003f03f0)),
                                     _mm256_set1_epi32(0x01000010));
    __m256i values = _mm256_or_si256(even, odd);
    /* The distance to the letter is one of five: 0 lower case, 1 to 10 digits, 11 plus, 12 slash,
     * 13 upper case. */
    __m256i kind = _mm256_subs_epu8(values, _mm256_set1_epi8(51));
    __m256i upper = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), values);
    kind = _mm256_or_si256(kind, _mm256_and_si256(upper, _mm256_set1_epi8(13)));
    const char low = 'a' - 26;
    const char dig = '0' - 52;
    const char plus = '+' - 62;
    const char slash = '/' - 63;
    const __m256i distance = _mm256_setr_epi8(
        low, dig, dig, dig, dig, dig, dig, dig, dig, dig, dig, plus, slash, 'A', 0, 0,
        low, dig, dig, dig, dig, dig, dig, dig, dig, dig, dig, plus, slash, 'A', 0, 0);
    return _mm256_add_epi8(values, _mm256_shuffle_epi8(distance, kind));
}

/* Returns how many bytes it encoded: a multiple of 24. */
WIDE static size_t encode_wide(struct str s, char *out)
{
    size_t done = 0;
    /* The second half is loaded as 16 bytes from the 12th on: 28 must be there. */
    for (; s.bytes - done >= 28; done += 24, out += 32) {
        const char *in = s.at + done;
        __m128i first = _mm_loadu_si128((const __m128i *)(const void *)in);
        __m128i second = _mm_loadu_si128((const __m128i *)(const void *)(in + 12));
        __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(first), second, 1);
        _mm256_storeu_si256((__m256i *)(void *)out, letters_of(both));
    }
    return done;
}

/* A letter is checked by its two halves: the high one names a class (a bit), the low one the
 * classes in which it is no letter. A common bit is a bad character. */
enum {
    SIGNS = 1,  /* 0x2_: only + (b) and / (f) */
    DIGITS = 2, /* 0x3_: 0 to 9 */
    HEADS = 4,  /* 0x4_ and 0x6_: not 0 */
    TAILS = 8,  /* 0x5_ and 0x7_: 0 to a */
    NEVER = 16, /* all others */
};

/* 32 letters to their values; bits of *bad are set where one is none. */
WIDE static inline __m256i values_of(__m256i text, __m256i *bad)
{
    const char zero = SIGNS | HEADS | NEVER;
    const char most = SIGNS | NEVER;
    const char ten = SIGNS | DIGITS | NEVER;
    const char sign = DIGITS | TAILS | NEVER;
    const char high = SIGNS | DIGITS | TAILS | NEVER;
    const __m256i refused = _mm256_setr_epi8(
        zero, most, most, most, most, most, most, most, most, most, ten, sign, high, high, high,
        sign, zero, most, most, most, most, most, most, most, most, most, ten, sign, high, high,
        high, sign);
    const __m256i classes = _mm256_setr_epi8(
        NEVER, NEVER, SIGNS, DIGITS, HEADS, TAILS, HEADS, TAILS, NEVER, NEVER, NEVER, NEVER, NEVER,
        NEVER, NEVER, NEVER, NEVER, NEVER, SIGNS, DIGITS, HEADS, TAILS, HEADS, TAILS, NEVER, NEVER,
        NEVER, NEVER, NEVER, NEVER, NEVER, NEVER);
    /* By high half, one lower for the slash alone (which leaves 1 free for it). */
    const __m256i distance = _mm256_setr_epi8(
        0, 63 - '/', 62 - '+', 52 - '0', -'A', -'A', 26 - 'a', 26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0,
        0, 63 - '/', 62 - '+', 52 - '0', -'A', -'A', 26 - 'a', 26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0);
    const __m256i half = _mm256_set1_epi8(15);
    __m256i upper = _mm256_and_si256(_mm256_srli_epi32(text, 4), half);
    __m256i lower = _mm256_and_si256(text, half);
    __m256i wrong = _mm256_and_si256(_mm256_shuffle_epi8(classes, upper),
                                     _mm256_shuffle_epi8(refused, lower));
    *bad = _mm256_or_si256(*bad, wrong);
    /* cmpeq gives -1 for the slash. */
    __m256i kind = _mm256_add_epi8(_mm256_cmpeq_epi8(text, _mm256_set1_epi8('/')), upper);
    return _mm256_add_epi8(text, _mm256_shuffle_epi8(distance, kind));
}

/* The 24 bytes that 32 values stand for; 8 of zeros follow. */
WIDE static inline __m256i bytes_of(__m256i values)
{
    const __m256i join = _mm256_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1,
                                          2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
    const __m256i close_up = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7);
    /* Neighbours to 12 bits, neighbours of those to 24, then the bytes into their order. */
    __m256i twelve = _mm256_maddubs_epi16(values, _mm256_set1_epi32(0x01400140));
    __m256i groups = _mm256_madd_epi16(twelve, _mm256_set1_epi32(0x00011000));

    return _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(groups, join), close_up);
}

/* Returns how many letters it decoded (a multiple of 32, never the last group), or SIZE_MAX when
 * one of them is none. */
WIDE static size_t decode_wide(struct str s, char *out)
{
    __m256i bad = _mm256_setzero_si256();
    size_t done = 0;
    /* 32 bytes are stored for 24: with 48 letters left, out has room for 36 or more. */
    for (; s.bytes - done >= 48; done += 32, out += 24) {
        __m256i text = _mm256_loadu_si256((const __m256i *)(const void *)(s.at + done));

        _mm256_storeu_si256((__m256i *)(void *)out, bytes_of(values_of(text, &bad)));
    }
    return _mm256_testz_si256(bad, bad) ? done : SIZE_MAX;
}

/* As decode_wide, and stops before the first 32 letters that are not all letters. */
WIDE static size_t decode_run(struct str s, char *out)
{
    size_t done = 0;

    /* 32 bytes are stored for 24: out + 32 is not behind the letters just read. */
    for (; s.bytes - done >= 32; done += 32, out += 24) {
        __m256i bad = _mm256_setzero_si256();
        __m256i text = _mm256_loadu_si256((const __m256i *)(const void *)(s.at + done));
        __m256i values = values_of(text, &bad);

        if (!_mm256_testz_si256(bad, bad)) {
            break;
        }
        _mm256_storeu_si256((__m256i *)(void *)out, bytes_of(values));
    }
    return done;
}

size_t base64_decode_run(struct str s, char *out)
{
    assert(out <= s.at);
    return s.bytes >= WIDE_BYTES_MIN && base64_is_wide() ? decode_run(s, out) : 0;
}

void base64_encode(struct str s, char *out)
{
    if (s.bytes >= WIDE_BYTES_MIN && base64_is_wide()) {
        size_t done = encode_wide(s, out);
        s = str_slice(s, done, s.bytes);
        out += done / 3 * 4;
    }
    base64_encode_plain(s, out);
}

bool base64_decode(struct str s, char *out, size_t *ret_bytes)
{
    size_t ahead = 0;
    if (s.bytes >= WIDE_BYTES_MIN && s.bytes % 4 == 0 && base64_is_wide()) {
        size_t done = decode_wide(s, out);
        if (done == SIZE_MAX) {
            return false;
        }
        s = str_slice(s, done, s.bytes);
        ahead = done / 4 * 3;
    }
    size_t rest;
    if (!base64_decode_plain(s, out + ahead, &rest)) {
        return false;
    }
    *ret_bytes = ahead + rest;
    return true;
}

#else

bool base64_is_wide(void)
{
    return false;
}

size_t base64_decode_run(struct str s, char *out)
{
    (void)s;
    (void)out;
    return 0;
}

void base64_encode(struct str s, char *out)
{
    base64_encode_plain(s, out);
}

bool base64_decode(struct str s, char *out, size_t *ret_bytes)
{
    return base64_decode_plain(s, out, ret_bytes);
}

#endif

void buf_add_base64(struct buf *buf, struct str s)
{
    if (s.bytes > SIZE_MAX / 2) {
        buf->spent = true;
        return;
    }
    size_t bytes = base64_encoded_bytes(s.bytes);
    char *out = buf_reserve(buf, bytes);
    if (out != NULL) {
        base64_encode(s, out);
        buf_used(buf, bytes);
    }
}
