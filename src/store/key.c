/* SPDX-License-Identifier: Apache-2.0
 *
 * Making and reading tuple keys.
 *
 * Why they sort as their parts do: a part begins with its kind, so texts and numbers never mix; a
 * zero inside a text is followed by 0xff and the end of a text by 0x00, so the end sorts before any
 * further byte; a number is big-endian. So comparing bytes compares part by part.
 */
#include "store/key.h"

#include <assert.h>

#define KIND_TEXT 0x02
#define KIND_NUMBER 0x05
#define ZERO_MARK ((char)0xff)
#define ROOM_MIN 128

/* Room for bytes more. */
static char *key_more(struct key *key, size_t bytes)
{
    assert(key->bytes + bytes <= KEY_BYTES_MAX);
    if (key->bytes + bytes > key->room) {
        size_t room = key->room * 2 > key->bytes + bytes ? key->room * 2 : key->bytes + bytes;
        char *at = arena_alloc(key->arena, room);

        if (key->bytes > 0) {
            memcpy(at, key->at, key->bytes);
        }
        key->at = at;
        key->room = room;
    }
    return key->at + key->bytes;
}

struct key key_of(struct arena *arena, const char *service)
{
    struct key key = {.arena = arena, .at = arena_alloc(arena, ROOM_MIN), .room = ROOM_MIN};

    key_str(&key, str_c(service));
    return key;
}

void key_str(struct key *key, struct str part)
{
    size_t zeros = 0;
    char *to = NULL;

    for (size_t i = 0; i < part.bytes; i++) {
        zeros += part.at[i] == 0;
    }
    to = key_more(key, part.bytes + zeros + 3);
    *to++ = KIND_TEXT;
    if (zeros == 0 && part.bytes > 0) {
        memcpy(to, part.at, part.bytes);
        to += part.bytes;
    }
    for (size_t i = 0; zeros > 0 && i < part.bytes; i++) {
        *to++ = part.at[i];
        if (part.at[i] == 0) {
            *to++ = ZERO_MARK;
        }
    }
    *to++ = 0;
    *to++ = 0;
    key->bytes += part.bytes + zeros + 3;
    assert(to == key->at + key->bytes);
}

void key_u64(struct key *key, uint64_t part)
{
    char *to = key_more(key, 9);

    to[0] = KIND_NUMBER;
    for (size_t i = 0; i < 8; i++) {
        to[1 + i] = (char)(part >> (56 - 8 * i));
    }
    key->bytes += 9;
}

struct str key_after_prefix(struct arena *arena, struct str prefix)
{
    size_t bytes = prefix.bytes;
    char *after = NULL;

    while (bytes > 0 && (unsigned char)prefix.at[bytes - 1] == 0xff) {
        bytes--;
    }
    assert(bytes > 0); /* a key begins with a kind, which is not 0xff */
    after = arena_alloc(arena, bytes);
    memcpy(after, prefix.at, bytes);
    after[bytes - 1] = (char)(after[bytes - 1] + 1);
    return str_of(after, bytes);
}

/* Bytes of the text part at the front without its kind and end; false when it does not end. */
static bool text_end(struct str rest, size_t *ret_bytes, size_t *ret_zeros)
{
    size_t zeros = 0;

    for (size_t i = 1; i + 1 < rest.bytes; i++) {
        if (rest.at[i] != 0) {
            continue;
        }
        if (rest.at[i + 1] == 0) {
            *ret_bytes = i - 1;
            *ret_zeros = zeros;
            return true;
        }
        if (rest.at[i + 1] != ZERO_MARK) {
            return false;
        }
        zeros++;
        i++;
    }
    return false;
}

bool key_read_str(struct key_reader *reader, struct arena *arena, struct str *ret_part)
{
    struct str rest = reader->rest;
    size_t bytes = 0;
    size_t zeros = 0;
    char *part = NULL;

    if (rest.bytes == 0 || rest.at[0] != KIND_TEXT || !text_end(rest, &bytes, &zeros)) {
        return false;
    }
    part = arena_alloc(arena, bytes - zeros + 1);
    for (size_t from = 0, to = 0; from < bytes; from++, to++) {
        part[to] = rest.at[1 + from];
        from += part[to] == 0; /* its mark */
    }
    part[bytes - zeros] = 0;
    reader->rest = str_of(rest.at + bytes + 3, rest.bytes - bytes - 3);
    *ret_part = str_of(part, bytes - zeros);
    return true;
}

bool key_read_u64(struct key_reader *reader, uint64_t *ret_part)
{
    struct str rest = reader->rest;
    uint64_t part = 0;

    if (rest.bytes < 9 || rest.at[0] != KIND_NUMBER) {
        return false;
    }
    for (size_t i = 1; i < 9; i++) {
        part = part << 8 | (unsigned char)rest.at[i];
    }
    reader->rest = str_of(rest.at + 9, rest.bytes - 9);
    *ret_part = part;
    return true;
}
