/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes on their way out: a queue of chunks that never move, so that a write under way may point
 * into them. A chunk holds copied bytes, borrows an answer's body where it lies, or names a piece
 * of a file.
 */
#ifndef WEIR_NET_CHAIN_H
#define WEIR_NET_CHAIN_H

#include "base/str.h"

#define CHUNK_BYTES (16u * 1024 - 64)
#define CHUNKS_KEPT_MAX 64

struct exchange;

struct chunk {
    struct chunk *next;     /* towards the end */
    const char *at;         /* first byte not yet gone */
    size_t bytes;           /* bytes not yet gone */
    size_t room;            /* bytes that may still be added behind them; 0 when borrowed */
    struct exchange *owner; /* held until the bytes are gone; NULL: the chunk's own memory */
    int fd;                 /* a piece of that file, closed when it is gone; -1: bytes at at */
    uint64_t offset;        /* of the piece's first byte in the file */
};

/* Free chunks, kept for the next writer; one per loop. */
struct chunk_pool {
    struct chunk *first; /* newest */
    size_t count;        /* at most CHUNKS_KEPT_MAX */
};

struct chain {
    struct chunk *first;     /* oldest; NULL when empty */
    struct chunk *last;      /* newest */
    size_t bytes;            /* in all chunks */
    struct chunk_pool *pool; /* where chunks come from */
};

static inline void chain_init(struct chain *chain, struct chunk_pool *pool)
{
    *chain = (struct chain){NULL, NULL, 0, pool};
}

void chain_add_slow(struct chain *chain, struct str s);

static inline void chain_add(struct chain *chain, struct str s)
{
    struct chunk *last = chain->last;

    if (last != NULL && last->room >= s.bytes && s.bytes > 0) {
        memcpy((char *)last->at + last->bytes, s.at, s.bytes);
        last->bytes += s.bytes;
        last->room -= s.bytes;
        chain->bytes += s.bytes;
        return;
    }
    chain_add_slow(chain, s);
}

/* Room for bytes (at most CHUNK_BYTES) in one piece; chain_used() then says how many it took. */
char *chain_reserve(struct chain *chain, size_t bytes);
void chain_used(struct chain *chain, size_t bytes);
/* The bytes stay where they are; node belongs to owner, who is held by the caller's word. */
void chain_borrow(struct chain *chain, struct chunk *node, struct str s, struct exchange *owner);
/* A piece of a file, of which the chain has a descriptor of its own; false: there was none left. */
bool chain_add_file(struct chain *chain, int fd, uint64_t offset, uint64_t bytes);
/* Reads the beginning of the first chunk, a piece of a file, into a chunk before it. False when the
 * file does not have it. */
bool chain_read_file(struct chain *chain);
/* All of from behind chain; from is then empty. */
void chain_splice(struct chain *chain, struct chain *from);
/* The first bytes are gone. */
void chain_consume(struct chain *chain, size_t bytes);
void chain_clear(struct chain *chain);
void chunk_pool_done(struct chunk_pool *pool);

#endif
