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
};

/* Appends plain, packed, to out. ERR_LIMIT: out's maximum, or no memory. */
status compress_add(struct buf *out, enum compression compression, struct str plain);

#endif
