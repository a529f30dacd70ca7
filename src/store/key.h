/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys of the index are tuples that sort as their parts do. Parts:
 *
 *   text    0x02, the bytes with 0x00 written as 0x00 0xff, then 0x00 0x00   (a prefix sorts first)
 *   number  0x05, eight bytes big-endian
 *
 * The first part is always the service's name; it keeps services apart in one index.
 */
#ifndef WEIR_STORE_KEY_H
#define WEIR_STORE_KEY_H

#include "base/arena.h"
#include "base/str.h"

#define KEY_BYTES_MAX 16384

/* A key being made, in an arena. */
struct key {
    struct arena *arena; /* holds the bytes */
    char *at;            /* what is there so far */
    size_t bytes;        /* used */
    size_t room;         /* allocated; grows */
};

struct key key_of(struct arena *arena, const char *service);
void key_str(struct key *key, struct str part);
void key_u64(struct key *key, uint64_t part);
static inline struct str key_end(const struct key *key)
{
    return str_of(key->at, key->bytes);
}
/* The smallest key that is behind every key starting with prefix (for scans of a prefix). */
struct str key_after_prefix(struct arena *arena, struct str prefix);

/* Taking a key apart, part by part; false when the next part is of another kind or broken. */
struct key_reader {
    struct str rest; /* what is not yet read */
};
bool key_read_str(struct key_reader *reader, struct arena *arena, struct str *ret_part);
bool key_read_u64(struct key_reader *reader, uint64_t *ret_part);

#endif
