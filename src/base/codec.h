/* SPDX-License-Identifier: Apache-2.0
 *
 * Text forms of bytes: base64 (RFC 4648, standard alphabet with padding), hex, percent-encoding
 * (RFC 3986), UTF-8 checking. SIMD is chosen at run time where it pays (LIMITS.md).
 */
#ifndef WEIR_BASE_CODEC_H
#define WEIR_BASE_CODEC_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

static inline size_t base64_encoded_bytes(size_t bytes)
{
    return (bytes + 2) / 3 * 4;
}
/* Writes base64_encoded_bytes(s.bytes) bytes at out. */
void base64_encode(struct str s, char *out);
/* Decodes into out (at least s.bytes / 4 * 3 bytes; out may be s.at itself, in place). Strict:
 * padding required, no spaces, unused bits zero. False on anything else; out is then undefined. */
bool base64_decode(struct str s, char *out, size_t *ret_bytes);
/* Decodes, to out at or before s.at, letters at the front of s: as many as go quickly, in whole
 * groups (out may be overwritten up to the last of them). Returns how many letters that were; 0
 * where nothing is quick. What follows is looked at no further. */
size_t base64_decode_run(struct str s, char *out);
void buf_add_base64(struct buf *buf, struct str s);

void hex_encode(struct str s, char *out);     /* 2 * s.bytes lower-case digits */
bool hex_decode(struct str s, char *out);     /* s.bytes / 2 bytes; false on a bad digit */

/* Percent-decodes into the arena; false on a broken escape. plus_is_space as in forms. */
bool percent_decode(struct arena *arena, struct str s, bool plus_is_space, struct str *ret_plain);
/* AWS's form: everything but A-Za-z0-9-._~ (and '/' when keep_slash) becomes %XX, upper case. */
void buf_add_percent(struct buf *buf, struct str s, bool keep_slash);

/* Well-formed UTF-8 without surrogates and overlong forms. */
bool utf8_valid(struct str s);
/* Code points of well-formed UTF-8. */
size_t utf8_count(struct str s);
/* Writes 1 to 4 bytes at out, returns how many. */
size_t utf8_put(uint32_t code_point, char *out);

#endif
