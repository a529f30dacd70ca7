/* SPDX-License-Identifier: Apache-2.0
 *
 * Packing whole texts, for what is written to buckets. Takes milliseconds per MiB: not for the
 * cell.
 */
#ifndef WEIR_BASE_COMPRESS_H
#define WEIR_BASE_COMPRESS_H

#include "base/buf.h"
#include "base/error.h"

enum compression {
    COMPRESSION_NONE,
    COMPRESSION_GZIP,
    COMPRESSION_ZSTD,
    COMPRESSION_GZIP_FAST, /* three times as fast, a little longer: where it must be in the cell */
    COMPRESSION_SNAPPY,    /* its framing format */
    COMPRESSION_HADOOP_SNAPPY, /* blocks as Hadoop's codec frames them */
};

/* Appends plain, packed, to out. ERR_LIMIT: out's maximum, or no memory. */
status compress_add(struct buf *out, enum compression compression, struct str plain);

/* Appends a zip archive with one file of that name and moment. */
struct zip_file {
    struct str name;    /* in the archive */
    int64_t at_ms;      /* when it was made */
    struct str plain;   /* its content */
};
status compress_zip(struct buf *out, const struct zip_file *file);

#endif
