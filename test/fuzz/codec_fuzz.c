/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts of bytes: both ways of base64 agree and in place too, what is accepted is what encoding
 * writes, percent-decoding and UTF-8 checking stay within their input.
 */
#include "base/codec_int.h"
#include "base/mem.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool held)
{
    if (!held) {
        abort();
    }
}

static void try_base64(struct str s)
{
    char *plain = mem_alloc(s.bytes / 4 * 3);
    char *in_place = mem_dup(s.at, s.bytes);
    size_t bytes = 0;
    size_t plain_bytes = 0;
    bool fine = base64_decode_plain(s, plain, &plain_bytes);
    demand(base64_decode(str_of(in_place, s.bytes), in_place, &bytes) == fine);
    if (fine) {
        demand(str_eq(str_of(plain, plain_bytes), str_of(in_place, bytes)));
        demand(base64_encoded_bytes(bytes) == s.bytes);
        char *again = mem_alloc(s.bytes);
        base64_encode(str_of(plain, plain_bytes), again);
        demand(str_eq(str_of(again, s.bytes), s));
        mem_free(again);
    }
    mem_free(plain);
    mem_free(in_place);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = str_of(data, size);
    try_base64(s);
    char *bytes = mem_alloc(size / 2);
    (void)hex_decode(s, bytes);
    mem_free(bytes);
    struct arena *arena = arena_new(1 << 20);
    struct str plain;
    struct str again;
    if (percent_decode(arena, s, size % 2 == 0, &plain)) {
        struct buf buf;
        buf_init(&buf, 1 << 24);
        buf_add_percent(&buf, plain, false);
        demand(percent_decode(arena, buf_str(&buf), false, &again));
        demand(str_eq(again, plain));
        buf_done(&buf);
    }
    demand(!utf8_valid(s) || utf8_count(s) <= s.bytes);
    arena_free(arena);
    return 0;
}
