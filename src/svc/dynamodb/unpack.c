/* SPDX-License-Identifier: Apache-2.0
 *
 * Unpacking gzip and zstd as it comes. A gzip file may be several streams one after the other.
 */
#include "svc/dynamodb/import.h"

#include "base/mem.h"

#include <zlib.h>
#include <zstd.h>

#define GZIP_ONLY (MAX_WBITS + 16)
#define ROOM ((size_t)256 * 1024)

struct unpacking {
    enum compression compression; /* which */
    z_stream gzip;                /* COMPRESSION_GZIP */
    ZSTD_DStream *zstd;           /* COMPRESSION_ZSTD */
    bool inside;                  /* of a stream that is not complete */
    bool broken;                  /* it could not begin */
};

struct unpacking *unpack_begin(enum compression compression)
{
    struct unpacking *unpacking = MEM_NEW(struct unpacking);

    unpacking->compression = compression;
    if (compression == COMPRESSION_GZIP) {
        unpacking->broken = inflateInit2(&unpacking->gzip, GZIP_ONLY) != Z_OK;
    } else if (compression == COMPRESSION_ZSTD) {
        unpacking->zstd = ZSTD_createDStream();
        unpacking->broken = unpacking->zstd == NULL;
    }
    return unpacking;
}

static status more_gzip(struct unpacking *unpacking, struct str packed, struct buf *out)
{
    z_stream *stream = &unpacking->gzip;
    int result = Z_OK;

    stream->next_in = (Bytef *)(uintptr_t)packed.at;
    stream->avail_in = (uInt)packed.bytes;
    do {
        char *at = buf_reserve(out, ROOM);

        if (at == NULL) {
            return &ERR_LIMIT;
        }
        if (!unpacking->inside && stream->avail_in > 0 && inflateReset(stream) != Z_OK) {
            return &ERR_MALFORMED;
        }
        unpacking->inside |= stream->avail_in > 0;
        stream->next_out = (Bytef *)at;
        stream->avail_out = (uInt)ROOM;
        result = inflate(stream, Z_NO_FLUSH);
        buf_used(out, ROOM - stream->avail_out);
        if (result == Z_STREAM_END) {
            unpacking->inside = false;
        } else if (result != Z_OK && result != Z_BUF_ERROR) {
            return &ERR_MALFORMED;
        }
    } while (stream->avail_in > 0 || stream->avail_out == 0);
    return OK;
}

static status more_zstd(struct unpacking *unpacking, struct str packed, struct buf *out)
{
    ZSTD_inBuffer in = {packed.at, packed.bytes, 0};
    bool full = false;

    while (in.pos < in.size || full) {
        char *at = buf_reserve(out, ROOM);
        ZSTD_outBuffer to = {at, ROOM, 0};
        size_t result;

        if (at == NULL) {
            return &ERR_LIMIT;
        }
        result = ZSTD_decompressStream(unpacking->zstd, &to, &in);
        if (ZSTD_isError(result)) {
            return &ERR_MALFORMED;
        }
        buf_used(out, to.pos);
        unpacking->inside = result != 0;
        full = to.pos == to.size;
    }
    return OK;
}

status unpack_more(struct unpacking *unpacking, struct str packed, struct buf *out)
{
    if (unpacking->broken) {
        return &ERR_LIMIT;
    }
    if (packed.bytes == 0) {
        return OK;
    }
    if (unpacking->compression == COMPRESSION_GZIP) {
        return more_gzip(unpacking, packed, out);
    }
    if (unpacking->compression == COMPRESSION_ZSTD) {
        return more_zstd(unpacking, packed, out);
    }
    buf_add(out, packed);
    return buf_spent(out) ? &ERR_LIMIT : OK;
}

bool unpack_whole(const struct unpacking *unpacking)
{
    return !unpacking->inside;
}

void unpack_free(struct unpacking *unpacking)
{
    if (unpacking == NULL) {
        return;
    }
    if (unpacking->compression == COMPRESSION_GZIP && !unpacking->broken) {
        (void)inflateEnd(&unpacking->gzip);
    }
    ZSTD_freeDStream(unpacking->zstd);
    mem_free(unpacking);
}
