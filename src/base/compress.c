/* SPDX-License-Identifier: Apache-2.0
 *
 * gzip by zlib, zstd by its library, both at their usual level unless asked to be fast. gzip's
 * header says no time and no name, so that the same text always gives the same bytes.
 */
#include "base/compress.h"

#include <assert.h>
#include <zlib.h>
#include <zstd.h>

#define GZIP_WINDOW (15 + 16) /* zlib's way of asking for gzip's header */
#define GZIP_MEMORY 8

static status gzip_add(struct buf *out, int level, struct str plain)
{
    z_stream stream = {0};
    size_t room;
    char *at;
    int ended;

    if (deflateInit2(&stream, level, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        return &ERR_LIMIT;
    }
    room = deflateBound(&stream, plain.bytes);
    at = room > UINT32_MAX || plain.bytes > UINT32_MAX ? NULL : buf_reserve(out, room);
    if (at == NULL) {
        (void)deflateEnd(&stream);
        return &ERR_LIMIT;
    }
    stream.next_in = (Bytef *)(uintptr_t)plain.at;
    stream.avail_in = (uInt)plain.bytes;
    stream.next_out = (Bytef *)at;
    stream.avail_out = (uInt)room;
    ended = deflate(&stream, Z_FINISH);
    assert(ended == Z_STREAM_END);
    buf_used(out, stream.total_out);
    (void)deflateEnd(&stream);
    return OK;
}

static status zstd_add(struct buf *out, struct str plain)
{
    size_t room = ZSTD_compressBound(plain.bytes);
    char *at = buf_reserve(out, room);
    size_t packed;

    if (at == NULL) {
        return &ERR_LIMIT;
    }
    packed = ZSTD_compress(at, room, plain.at, plain.bytes, ZSTD_CLEVEL_DEFAULT);
    if (ZSTD_isError(packed)) {
        return &ERR_LIMIT;
    }
    buf_used(out, packed);
    return OK;
}

status compress_add(struct buf *out, enum compression compression, struct str plain)
{
    switch (compression) {
    case COMPRESSION_GZIP:
        return gzip_add(out, Z_DEFAULT_COMPRESSION, plain);
    case COMPRESSION_GZIP_FAST:
        return gzip_add(out, Z_BEST_SPEED, plain);
    case COMPRESSION_ZSTD:
        return zstd_add(out, plain);
    default:
        buf_add(out, plain);
        return buf_spent(out) ? &ERR_LIMIT : OK;
    }
}
