/* SPDX-License-Identifier: Apache-2.0
 *
 * Chunks: taken from a loop's pool, given back to it, never moved in between. Small writes fill the
 * newest chunk; a borrowed body is a chunk of its own that points at the body and holds its
 * exchange, so the arena stays until the last byte has left.
 */
#include "net/chain.h"

#include "base/mem.h"
#include "net/net_int.h"
#include "sys/file.h"

static struct chunk *chunk_take(struct chunk_pool *pool)
{
    struct chunk *chunk = pool->first;

    if (chunk != NULL) {
        pool->first = chunk->next;
        pool->count--;
    } else {
        chunk = mem_alloc(sizeof *chunk + CHUNK_BYTES);
    }
    *chunk = (struct chunk){.at = (const char *)(chunk + 1), .room = CHUNK_BYTES, .fd = -1};
    return chunk;
}

static void chunk_give(struct chunk_pool *pool, struct chunk *chunk)
{
    if (chunk->fd >= 0) {
        handle_close(chunk->fd);
    }
    if (chunk->owner != NULL) {
        exchange_drop(chunk->owner);
    } else if (pool->count < CHUNKS_KEPT_MAX) {
        chunk->next = pool->first;
        pool->first = chunk;
        pool->count++;
    } else {
        mem_free(chunk);
    }
}

static void chain_link(struct chain *chain, struct chunk *chunk)
{
    if (chain->last != NULL) {
        chain->last->next = chunk;
    } else {
        chain->first = chunk;
    }
    chain->last = chunk;
}

void chain_add_slow(struct chain *chain, struct str s)
{
    while (s.bytes > 0) {
        struct chunk *last = chain->last;
        size_t piece;

        if (last == NULL || last->room == 0) {
            last = chunk_take(chain->pool);
            chain_link(chain, last);
        }
        piece = s.bytes < last->room ? s.bytes : last->room;
        memcpy((char *)last->at + last->bytes, s.at, piece);
        last->bytes += piece;
        last->room -= piece;
        chain->bytes += piece;
        s.at += piece;
        s.bytes -= piece;
    }
}

char *chain_reserve(struct chain *chain, size_t bytes)
{
    assert(bytes <= CHUNK_BYTES);
    if (chain->last == NULL || chain->last->room < bytes) {
        chain_link(chain, chunk_take(chain->pool));
    }
    return (char *)chain->last->at + chain->last->bytes;
}

void chain_used(struct chain *chain, size_t bytes)
{
    assert(bytes > 0);
    assert(bytes <= chain->last->room);
    chain->last->bytes += bytes;
    chain->last->room -= bytes;
    chain->bytes += bytes;
}

void chain_borrow(struct chain *chain, struct chunk *node, struct str s, struct exchange *owner)
{
    assert(s.bytes > 0);
    assert(owner != NULL);
    exchange_hold(owner);
    *node = (struct chunk){.at = s.at, .bytes = s.bytes, .owner = owner, .fd = -1};
    chain_link(chain, node);
    chain->bytes += s.bytes;
}

bool chain_add_file(struct chain *chain, int fd, uint64_t offset, uint64_t bytes)
{
    int own = handle_dup(fd);
    struct chunk *chunk;

    if (own < 0) {
        return false;
    }
    chunk = chunk_take(chain->pool);
    *chunk = (struct chunk){.bytes = bytes, .fd = own, .offset = offset};
    chain_link(chain, chunk);
    chain->bytes += bytes;
    return true;
}

bool chain_read_file(struct chain *chain)
{
    struct chunk *file = chain->first;
    struct chunk *chunk;
    size_t wanted;
    size_t got;

    assert(file->fd >= 0);
    wanted = file->bytes < CHUNK_BYTES ? file->bytes : CHUNK_BYTES;
    chunk = chunk_take(chain->pool);
    got = handle_read(file->fd, file->offset, (char *)chunk->at, wanted);
    if (got == 0) {
        chunk_give(chain->pool, chunk);
        return false;
    }
    chunk->bytes = got;
    chunk->room = 0;
    chain_consume(chain, got); /* from the file's piece, which may be gone then */
    chain->bytes += got;
    chunk->next = chain->first;
    chain->first = chunk;
    if (chunk->next == NULL) {
        chain->last = chunk;
    }
    return true;
}

void chain_splice(struct chain *chain, struct chain *from)
{
    struct chunk *first = from->first;

    assert(chain->pool == from->pool);
    /* Short answers are put together, so that a write has few pieces. */
    while (first != NULL && first->owner == NULL && first->fd < 0 &&
           first->bytes <= BORROW_BYTES_MIN) {
        chain_add(chain, str_of(first->at, first->bytes));
        chain_consume(from, first->bytes);
        first = from->first;
    }
    if (first == NULL) {
        return;
    }
    chain_link(chain, from->first);
    chain->last = from->last;
    chain->bytes += from->bytes;
    chain_init(from, from->pool);
}

void chain_consume(struct chain *chain, size_t bytes)
{
    assert(bytes <= chain->bytes);
    chain->bytes -= bytes;
    while (bytes > 0) {
        struct chunk *first = chain->first;
        size_t piece = bytes < first->bytes ? bytes : first->bytes;

        if (first->fd >= 0) {
            first->offset += piece;
        } else {
            first->at += piece;
        }
        first->bytes -= piece;
        bytes -= piece;
        if (first->bytes == 0) {
            chain->first = first->next;
            if (chain->first == NULL) {
                chain->last = NULL;
            }
            chunk_give(chain->pool, first);
        }
    }
}

void chain_clear(struct chain *chain)
{
    chain_consume(chain, chain->bytes);
    assert(chain->first == NULL);
}

void chunk_pool_done(struct chunk_pool *pool)
{
    while (pool->first != NULL) {
        struct chunk *chunk = pool->first;

        pool->first = chunk->next;
        mem_free(chunk);
    }
    pool->count = 0;
}
