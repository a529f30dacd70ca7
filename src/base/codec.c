/* SPDX-License-Identifier: Apache-2.0
 *
 * Hex, percent-encoding and UTF-8 (base64 has a file of its own).
 *
 * Rules
 *  1. Hex digits are read in both cases and written in lower case; percent escapes are written in
 *     upper case, as signatures want them.
 *  2. Percent-decoding does not judge what the bytes are: %00 and broken UTF-8 pass, and whoever
 *     gives the text a meaning refuses them.
 */
#include "base/codec.h"

#include <assert.h>

static const char hex_lower[16] = {'0', '1', '2', '3', '4', '5', '6', '7',
                                   '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
static const char hex_upper[16] = {'0', '1', '2', '3', '4', '5', '6', '7',
                                   '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'};

/* A digit's value, or 255, in which the upper half is set. */
static inline unsigned nibble(char c)
{
    unsigned u = (unsigned char)c;
    if (u - '0' < 10) {
        return u - '0';
    }
    u |= 0x20;
    return u - 'a' < 6 ? u - 'a' + 10 : 255;
}

void hex_encode(struct str s, char *out)
{
    for (size_t i = 0; i < s.bytes; i++) {
        unsigned char c = (unsigned char)s.at[i];
        out[2 * i] = hex_lower[c >> 4];
        out[2 * i + 1] = hex_lower[c & 15];
    }
}

bool hex_decode(struct str s, char *out)
{
    if (s.bytes % 2 != 0) {
        return false;
    }
    for (size_t i = 0; i < s.bytes; i += 2) {
        unsigned high = nibble(s.at[i]);
        unsigned low = nibble(s.at[i + 1]);
        if ((high | low) > 15) {
            return false;
        }
        out[i / 2] = (char)(high << 4 | low);
    }
    return true;
}

bool percent_decode(struct arena *arena, struct str s, bool plus_is_space, struct str *ret_plain)
{
    char *plain = arena_alloc(arena, s.bytes + 1);
    size_t bytes = 0;
    for (size_t i = 0; i < s.bytes; i++) {
        char c = s.at[i];
        if (c == '%') {
            if (s.bytes - i < 3) {
                return false;
            }
            unsigned high = nibble(s.at[i + 1]);
            unsigned low = nibble(s.at[i + 2]);
            if ((high | low) > 15) {
                return false;
            }
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        plain[bytes++] = c;
    }
    plain[bytes] = 0;
    *ret_plain = (struct str){plain, bytes};
    return true;
}

static inline bool unreserved(char c, bool keep_slash)
{
    unsigned u = (unsigned char)c;
    return (u | 0x20) - 'a' < 26 || u - '0' < 10 || c == '-' || c == '.' || c == '_' || c == '~' ||
           (keep_slash && c == '/');
}

void buf_add_percent(struct buf *buf, struct str s, bool keep_slash)
{
    size_t from = 0;
    for (size_t i = 0; i < s.bytes; i++) {
        if (unreserved(s.at[i], keep_slash)) {
            continue;
        }
        unsigned char c = (unsigned char)s.at[i];
        const char escape[3] = {'%', hex_upper[c >> 4], hex_upper[c & 15]};
        buf_add(buf, str_slice(s, from, i));
        buf_add_bytes(buf, escape, sizeof(escape));
        from = i + 1;
    }
    buf_add(buf, str_slice(s, from, s.bytes));
}

#define EVERY_BYTE UINT64_C(0x0101010101010101)

static inline uint64_t eight_bytes(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return word;
}

/* How many bytes the character at the front has (2 to 4); 0 when it is not well-formed. Which
 * second bytes are right depends on the first: that is where overlong forms (e0, f0), surrogates
 * (ed) and numbers past 10ffff (f4) are caught. */
static size_t wide_character(const unsigned char *at, size_t left)
{
    unsigned char lead = at[0];
    size_t bytes = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (lead < 0xc2 || lead > 0xf4 || left < bytes) {
        return 0;
    }
    unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (at[1] < low || at[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < bytes; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return bytes;
}

bool utf8_valid(struct str s)
{
    size_t i = 0;
    while (i < s.bytes) {
        /* Most text is ASCII: 32 bytes a step. */
        while (s.bytes - i >= 32 &&
               ((eight_bytes(s.at + i) | eight_bytes(s.at + i + 8) | eight_bytes(s.at + i + 16) |
                 eight_bytes(s.at + i + 24)) & (EVERY_BYTE << 7)) == 0) {
            i += 32;
        }
        while (i < s.bytes && (s.at[i] & 0x80) == 0) {
            i++;
        }
        while (i < s.bytes && (s.at[i] & 0x80) != 0) {
            size_t bytes = wide_character((const unsigned char *)s.at + i, s.bytes - i);
            if (bytes == 0) {
                return false;
            }
            i += bytes;
        }
    }
    return true;
}

size_t utf8_count(struct str s)
{
    /* Every byte but the continuations (10xxxxxx) begins a character. */
    size_t continuations = 0;
    size_t i = 0;
    for (; s.bytes - i >= 8; i += 8) {
        uint64_t word = eight_bytes(s.at + i);
        uint64_t marks = (word >> 7) & (~word >> 6) & EVERY_BYTE;
        continuations += (size_t)(marks * EVERY_BYTE >> 56);
    }
    for (; i < s.bytes; i++) {
        continuations += (s.at[i] & 0xc0) == 0x80;
    }
    return s.bytes - continuations;
}

size_t utf8_put(uint32_t code_point, char *out)
{
    assert(code_point <= 0x10ffff);
    assert(code_point < 0xd800 || code_point > 0xdfff);
    if (code_point < 0x80) {
        out[0] = (char)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = (char)(0xc0 | code_point >> 6);
        out[1] = (char)(0x80 | (code_point & 0x3f));
        return 2;
    }
    if (code_point < 0x10000) {
        out[0] = (char)(0xe0 | code_point >> 12);
        out[1] = (char)(0x80 | (code_point >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code_point & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code_point >> 18);
    out[1] = (char)(0x80 | (code_point >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code_point >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code_point & 0x3f));
    return 4;
}
