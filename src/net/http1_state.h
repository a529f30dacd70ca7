/* SPDX-License-Identifier: Apache-2.0
 *
 * Where an HTTP/1.1 connection is in its reading. The moves are in http1.c and http1_chunk.c.
 */
#ifndef WEIR_NET_HTTP1_STATE_H
#define WEIR_NET_HTTP1_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exchange;

/* HTTP/1.1's reading place. DISCARD: whatever comes, nobody wants it. */
enum http1_state { HTTP1_HEAD, HTTP1_LENGTH, HTTP1_CHUNKED, HTTP1_DISCARD };

enum chunk_state {
    CHUNK_SIZE, CHUNK_EXTENSION, CHUNK_SIZE_LF, CHUNK_DATA, CHUNK_DATA_CR, CHUNK_DATA_LF,
    CHUNK_TRAILER, CHUNK_TRAILER_LINE, CHUNK_TRAILER_LF, CHUNK_END_LF, CHUNK_DONE
};

/* A chunked body's reading place, see http1_chunk.c. */
struct chunk_reader {
    enum chunk_state state;  /* what comes next */
    uint64_t left;           /* of this chunk's size or data */
    uint32_t digits;         /* of the size */
    uint32_t line_bytes;     /* of this extension or trailer line */
    uint32_t extra_bytes;    /* of all extensions and trailers */
    uint32_t trailers;       /* lines so far */
    bool colon;              /* the trailer's name has ended */
};

struct http1 {
    enum http1_state state;      /* what comes next */
    size_t scan_at;              /* head bytes looked at already */
    size_t scan_line;            /* where the line at scan_at starts */
    uint32_t scan_lines;         /* whole lines so far */
    struct exchange *current;    /* whose body is being read */
    uint64_t left;               /* bytes of it to come (HTTP1_LENGTH) */
    struct chunk_reader chunks;  /* HTTP1_CHUNKED */
    bool line_skipped;           /* an empty line before a request line was let pass */
};

#endif
