/* SPDX-License-Identifier: Apache-2.0
 *
 * A growing byte buffer with a maximum. Passing the maximum (or having no memory for more than
 * 64 KiB; for less the process ends, as mem_alloc does) makes the buffer *spent*: later writes do
 * nothing, and its owner asks buf_spent() once at the end.
 */
#ifndef WEIR_BASE_BUF_H
#define WEIR_BASE_BUF_H

#include "base/str.h"

struct buf {
    char *at;         /* the bytes; NULL before the first write */
    size_t bytes;     /* written */
    size_t room;      /* allocated */
    size_t bytes_max; /* never more than this */
    bool spent;       /* a write did not fit: the content is not to be used */
};

void buf_init(struct buf *buf, size_t bytes_max);
void buf_done(struct buf *buf);
void buf_clear(struct buf *buf); /* empty again, memory kept */
bool buf_spent(const struct buf *buf);

/* Room for bytes more, in place; NULL when spent. buf_used() then says how many were written. */
char *buf_reserve(struct buf *buf, size_t bytes);
static inline void buf_used(struct buf *buf, size_t bytes)
{
    buf->bytes += bytes;
}

void buf_add(struct buf *buf, struct str s);
void buf_add_bytes(struct buf *buf, const void *at, size_t bytes);
void buf_add_c(struct buf *buf, char c);
void buf_add_u64(struct buf *buf, uint64_t number);  /* decimal */
void buf_add_i64(struct buf *buf, int64_t number);   /* decimal */
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline struct str buf_str(const struct buf *buf)
{
    return (struct str){buf->at, buf->bytes};
}

#endif
