/* SPDX-License-Identifier: Apache-2.0
 *
 * Unpacking with zlib. The room doubles from four times what came, so that a bomb is noticed while
 * it goes off and costs no more than what was allowed.
 */
#include "wire/gunzip.h"

#include "wire/mismatch.h"
#include "wire/wire.h"

#include <zlib.h>

#define GZIP_ONLY (MAX_WBITS + 16)
#define ROOM_MIN ((size_t)4096)

static void *zlib_alloc(void *arena, unsigned count, unsigned bytes)
{
    return arena_try(arena, (size_t)count * bytes);
}

static void zlib_free(void *arena, void *at)
{
    (void)arena;
    (void)at; /* goes with the arena */
}

static status too_large(struct why *why)
{
    return why_set(why, &WIRE_TOO_LARGE, "The request is too large when unpacked.");
}

/* Unpacks until the end, giving the stream more room as it asks. */
static status run(z_stream *stream, size_t bytes_max, struct arena *arena, struct why *why)
{
    size_t room = 0;
    char *to = NULL;
    int result;

    do {
        size_t more = room == 0 ? (size_t)stream->avail_in * 4 + ROOM_MIN : room * 2;
        if (room > bytes_max) {
            return too_large(why);
        }
        more = more > bytes_max + 1 ? bytes_max + 1 : more;
        to = arena_grow_try(arena, to, room, more);
        if (to == NULL) {
            return &ERR_LIMIT;
        }
        stream->next_out = (Bytef *)to + room;
        stream->avail_out = (uInt)(more - room);
        room = more;
        result = inflate(stream, Z_NO_FLUSH);
    } while (result == Z_OK && stream->avail_out == 0);
    stream->next_out = (Bytef *)to; /* where all of it lies */
    if (result != Z_STREAM_END || stream->avail_in != 0) {
        return malformed(why);
    }
    return stream->total_out > bytes_max ? too_large(why) : OK;
}

status gunzip(struct str packed, size_t bytes_max, struct arena *arena, struct why *why,
              struct str *ret_plain)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)packed.at,
                       .avail_in = (uInt)packed.bytes,
                       .zalloc = zlib_alloc,
                       .zfree = zlib_free,
                       .opaque = arena};

    if (packed.bytes > bytes_max || packed.bytes > UINT32_MAX) {
        return too_large(why);
    }
    if (inflateInit2(&stream, GZIP_ONLY) != Z_OK) {
        return &ERR_LIMIT;
    }
    status unpacked = run(&stream, bytes_max, arena, why);
    if (unpacked == OK) {
        *ret_plain = str_of(stream.next_out, stream.total_out);
    }
    (void)inflateEnd(&stream);
    return unpacked;
}
