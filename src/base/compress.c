/* SPDX-License-Identifier: Apache-2.0
 *
 * gzip by zlib, zstd by its library, both at their usual level unless asked to be fast. gzip's
 * header says no time and no name, so that the same text always gives the same bytes.
 *
 * Snappy's framing format: a stream identifier, then chunks of at most 64 KiB of plain text, each
 * with its kind, three bytes of length and the masked CRC32C of the plain text, little-endian.
 * Hadoop's: blocks of 256 KiB, each the plain length, the packed length, the packed bytes,
 * big-endian.
 */
#include "base/compress.h"

#include "base/checksum.h"
#include "base/cursor.h"
#include "base/time.h"

#include <assert.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#define GZIP_WINDOW (15 + 16) /* zlib's way of asking for gzip's header */
#define GZIP_MEMORY 8
#define DEFLATE_WINDOW (-15)          /* without any header */
#define SNAPPY_CHUNK_BYTES (64u * 1024)
#define HADOOP_BLOCK_BYTES (256u * 1024)
#define ZIP_DEFLATED 8
#define ZIP_VERSION 20                /* 2.0: deflate */

static status deflate_add(struct buf *out, int level, int window, struct str plain)
{
    z_stream stream = {0};
    size_t room;
    char *at;
    int ended;

    if (deflateInit2(&stream, level, Z_DEFLATED, window, GZIP_MEMORY,
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

/* ---- snappy ---- */

static uint32_t crc_of(enum checksum_kind kind, struct str bytes)
{
    uint8_t sum[CHECKSUM_BYTES_MAX];
    struct checksum checksum;

    checksum_begin(&checksum, kind);
    checksum_add(&checksum, bytes);
    checksum_end(&checksum, sum);
    return (uint32_t)sum[0] << 24 | (uint32_t)sum[1] << 16 | (uint32_t)sum[2] << 8 | sum[3];
}

/* Packs at out's end; NULL: no room. */
static char *snappy_pack(struct buf *out, struct str plain, size_t *ret_bytes)
{
    char *at = buf_reserve(out, snappy_max_compressed_length(plain.bytes));
    snappy_status packed;

    *ret_bytes = snappy_max_compressed_length(plain.bytes);
    if (at == NULL) {
        return NULL;
    }
    packed = snappy_compress(plain.at, plain.bytes, at, ret_bytes);
    assert(packed == SNAPPY_OK);
    return at;
}

static status snappy_add(struct buf *out, struct str plain)
{
    buf_add(out, STR("\xff\x06\x00\x00sNaPpY"));
    for (size_t at = 0; at < plain.bytes; at += SNAPPY_CHUNK_BYTES) {
        struct str part = str_slice(plain, at, at + SNAPPY_CHUNK_BYTES);
        uint32_t crc = crc_of(CHECKSUM_CRC32C, part);
        size_t begin = out->bytes;
        size_t bytes;

        write_u32(out, 0); /* kind 0, packed; its length is known below */
        write_u32(out, ((crc >> 15) | (crc << 17)) + 0xa282ead8u);
        if (snappy_pack(out, part, &bytes) == NULL) {
            return &ERR_LIMIT;
        }
        buf_used(out, bytes);
        for (size_t i = 0; i < 3; i++) {
            out->at[begin + 1 + i] = (char)((bytes + 4) >> (8 * i));
        }
    }
    return buf_spent(out) ? &ERR_LIMIT : OK;
}

static void add_be32(struct buf *out, size_t number)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        buf_add_c(out, (char)(number >> shift));
    }
}

static status hadoop_add(struct buf *out, struct str plain)
{
    for (size_t at = 0; at < plain.bytes; at += HADOOP_BLOCK_BYTES) {
        struct str part = str_slice(plain, at, at + HADOOP_BLOCK_BYTES);
        size_t begin;
        size_t bytes;

        add_be32(out, part.bytes);
        begin = out->bytes;
        add_be32(out, 0);
        if (snappy_pack(out, part, &bytes) == NULL) {
            return &ERR_LIMIT;
        }
        buf_used(out, bytes);
        for (size_t i = 0; i < 4; i++) {
            out->at[begin + i] = (char)(bytes >> (24 - 8 * i));
        }
    }
    return buf_spent(out) ? &ERR_LIMIT : OK;
}

/* ---- zip ---- */

/* What the local header and the central directory both say. */
struct zip_sizes {
    uint32_t crc;             /* of the content */
    size_t packed;            /* bytes of it */
};

static void zip_common(struct buf *out, const struct zip_file *file, const struct zip_sizes *sizes)
{
    struct time_parts at = time_parts_of(file->at_ms);
    int year = at.year < 1980 ? 1980 : at.year;

    write_u16(out, ZIP_VERSION);
    write_u16(out, 1u << 11); /* the name is UTF-8 */
    write_u16(out, ZIP_DEFLATED);
    write_u16(out, (uint16_t)(at.hour << 11 | at.minute << 5 | at.second / 2));
    write_u16(out, (uint16_t)((year - 1980) << 9 | at.month << 5 | at.day));
    write_u32(out, sizes->crc);
    write_u32(out, (uint32_t)sizes->packed);
    write_u32(out, (uint32_t)file->plain.bytes);
    write_u16(out, (uint16_t)file->name.bytes);
    write_u16(out, 0); /* nothing more */
}

status compress_zip(struct buf *out, const struct zip_file *file)
{
    struct zip_sizes sizes = {.crc = crc_of(CHECKSUM_CRC32, file->plain)};
    size_t begin = out->bytes;
    size_t directory;

    assert(file->name.bytes <= UINT16_MAX);
    buf_add(out, STR("PK\3\4"));
    zip_common(out, file, &sizes);
    buf_add(out, file->name);
    sizes.packed = out->bytes;
    TRY(deflate_add(out, Z_DEFAULT_COMPRESSION, DEFLATE_WINDOW, file->plain));
    sizes.packed = out->bytes - sizes.packed;
    for (size_t i = 0; i < 4; i++) { /* in the header, where it stood as 0 */
        out->at[begin + 18 + i] = (char)(sizes.packed >> (8 * i));
    }
    directory = out->bytes - begin;
    buf_add(out, STR("PK\1\2"));
    write_u16(out, ZIP_VERSION);
    zip_common(out, file, &sizes);
    for (int i = 0; i < 3; i++) { /* comment, disk, inner attributes */
        write_u16(out, 0);
    }
    write_u32(out, 0); /* outer attributes */
    write_u32(out, 0); /* where the local header is */
    buf_add(out, file->name);
    sizes.packed = out->bytes - begin - directory;
    buf_add(out, STR("PK\5\6\0\0\0\0"));
    write_u16(out, 1);
    write_u16(out, 1);
    write_u32(out, (uint32_t)sizes.packed);
    write_u32(out, (uint32_t)directory);
    write_u16(out, 0);
    return buf_spent(out) ? &ERR_LIMIT : OK;
}

status compress_add(struct buf *out, enum compression compression, struct str plain)
{
    switch (compression) {
    case COMPRESSION_GZIP:
        return deflate_add(out, Z_DEFAULT_COMPRESSION, GZIP_WINDOW, plain);
    case COMPRESSION_GZIP_FAST:
        return deflate_add(out, Z_BEST_SPEED, GZIP_WINDOW, plain);
    case COMPRESSION_ZSTD:
        return zstd_add(out, plain);
    case COMPRESSION_SNAPPY:
        return snappy_add(out, plain);
    case COMPRESSION_HADOOP_SNAPPY:
        return hadoop_add(out, plain);
    default:
        buf_add(out, plain);
        return buf_spent(out) ? &ERR_LIMIT : OK;
    }
}
