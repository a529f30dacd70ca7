/* SPDX-License-Identifier: Apache-2.0
 *
 * What reading and writing JSON share.
 */
#ifndef WEIR_WIRE_JSON_INT_H
#define WEIR_WIRE_JSON_INT_H

#include "wire/json.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

/* The least double that no int64_t holds. */
#define TWO_TO_63 9223372036854775808.0

/* A member's key. A flattened list's wire name is that of its elements in XML and Query, which
 * JSON does not know. */
static inline struct str json_key(const struct member *member)
{
    return model_text(member->flags & MEMBER_FLATTENED ? member->name : member->wire_name);
}

/* Whether an output's member travels in a REST body. What a request would have in its path or query
 * has no other place in an answer. */
static inline bool in_answer_body(const struct member *member)
{
    return member->location == AT_BODY || member->location == AT_URI ||
           member->location == AT_QUERY;
}

/* The members that travel in a REST body; json_write takes all, as the RPC protocols do. */
void json_write_body(struct buf *out, const struct value *structure, enum time_format fallback);
/* Seconds with as many digits behind the point as a millisecond needs. */
void json_write_epoch(struct buf *out, int64_t moment_ms);
/* The member's, else the shape's, else fallback. member may be NULL. */
enum time_format time_format_of(const struct member *member, uint32_t shape,
                                enum time_format fallback);

/* How many bytes from the front stand in a JSON string as they are: neither quote, backslash nor
 * control character. *high gets a bit set when one of them is not ASCII. */
static inline size_t plain_run(const char *at, size_t bytes, unsigned *high)
{
    size_t done = 0;

#if defined(__x86_64__)
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i escape = _mm_set1_epi8('\\');
    const __m128i control = _mm_set1_epi8(0x1f);

    for (; bytes - done >= 16; done += 16) {
        __m128i text = _mm_loadu_si128((const __m128i *)(const void *)(at + done));
        __m128i stop = _mm_or_si128(_mm_cmpeq_epi8(text, quote), _mm_cmpeq_epi8(text, escape));
        stop = _mm_or_si128(stop, _mm_cmpeq_epi8(_mm_min_epu8(text, control), text));
        unsigned stops = (unsigned)_mm_movemask_epi8(stop);
        unsigned wide = (unsigned)_mm_movemask_epi8(text);
        if (stops != 0) {
            *high |= wide & (stops - 1) & ~stops;
            return done + (size_t)__builtin_ctz(stops);
        }
        *high |= wide;
    }
#endif
    for (; done < bytes; done++) {
        unsigned char c = (unsigned char)at[done];
        if (c == '"' || c == '\\' || c < 0x20) {
            break;
        }
        *high |= c & 0x80U;
    }
    return done;
}

#endif
