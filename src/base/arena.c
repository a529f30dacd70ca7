/* SPDX-License-Identifier: Apache-2.0
 *
 * An arena is a stack of blocks; pieces are cut from the newest one.
 *
 *      arena -> newest block -> older block -> ... -> NULL
 *               [head|piece|piece|  free   ]
 *                          ^next          ^end
 *
 * Rules
 *  1. Every piece starts at a multiple of 16, because a block does (malloc), its head is a multiple
 *     of 16 and sizes are rounded up.
 *  2. Blocks grow from 4 KiB, each twice its predecessor, to 1 MiB. A piece that does not fit the
 *     next block gets one of its own size. What the old block still had free is given up.
 *  3. held is the sum of all blocks with their heads. Only arena_alloc's blocks pass bytes_max, and
 *     doing so makes the arena spent.
 *  4. arena_clear keeps the largest block of at most 64 KiB: a connection that once carried a large
 *     body does not hold its memory for ever, and the usual call never asks malloc.
 */
#include "base/arena.h"

#include "base/mem.h"

#include <assert.h>
#include <stdalign.h>
#include <stdio.h>

#define PIECE_ALIGNMENT ((size_t)16)
#define BLOCK_BYTES_MIN ((size_t)4 << 10)
#define BLOCK_BYTES_MAX ((size_t)1 << 20)
#define KEPT_BYTES_MAX ((size_t)64 << 10)

struct block {
    struct block *older; /* the block before this one, or NULL */
    size_t bytes;        /* size with this head */
};

struct arena {
    struct block *newest; /* pieces come from here; NULL before the first */
    char *next;           /* where the next piece starts */
    char *end;            /* behind the newest block's last byte */
    char *last_piece;     /* the newest piece, which may grow in place; NULL when there is none */
    size_t held;          /* bytes of all blocks */
    size_t bytes_max;     /* what held is to stay within */
    size_t block_bytes;   /* size of the next block, unless a piece wants more */
    bool spent;           /* something did not fit within bytes_max */
};

_Static_assert(sizeof(struct block) % 16 == 0, "a block's first piece is aligned to 16");
_Static_assert(alignof(max_align_t) >= 16, "malloc aligns to 16");

struct arena *arena_new(size_t bytes_max)
{
    struct arena *arena = MEM_NEW(struct arena);
    arena->bytes_max = bytes_max;
    arena->block_bytes = BLOCK_BYTES_MIN;
    return arena;
}

static void free_blocks(struct block *block)
{
    while (block != NULL) {
        struct block *older = block->older;
        mem_free(block);
        block = older;
    }
}

void arena_free(struct arena *arena)
{
    if (arena == NULL) {
        return;
    }
    free_blocks(arena->newest);
    mem_free(arena);
}

static void cut_from(struct arena *arena, struct block *block)
{
    arena->newest = block;
    arena->next = (char *)block + sizeof(*block);
    arena->end = (char *)block + block->bytes;
    arena->last_piece = NULL;
}

void arena_clear(struct arena *arena)
{
    arena->spent = false;
    struct block *kept = arena->newest;
    if (kept == NULL) {
        return;
    }
    if (kept->older == NULL && kept->bytes <= KEPT_BYTES_MAX) {
        cut_from(arena, kept);
        return;
    }
    kept = NULL;
    for (struct block *b = arena->newest; b != NULL; b = b->older) {
        if (b->bytes <= KEPT_BYTES_MAX && (kept == NULL || b->bytes > kept->bytes)) {
            kept = b;
        }
    }
    struct block *older;
    for (struct block *b = arena->newest; b != NULL; b = older) {
        older = b->older;
        if (b != kept) {
            mem_free(b);
        }
    }
    arena->newest = NULL;
    arena->next = arena->end = arena->last_piece = NULL;
    arena->held = 0;
    arena->block_bytes = BLOCK_BYTES_MIN;
    if (kept != NULL) {
        kept->older = NULL;
        arena->held = kept->bytes;
        arena->block_bytes = kept->bytes < BLOCK_BYTES_MIN ? BLOCK_BYTES_MIN : kept->bytes * 2;
        cut_from(arena, kept);
    }
}

/* Rounded up; 0 when that overflows. A piece of 0 bytes takes 16, so that it is nobody else's. */
static inline size_t rounded_up(size_t bytes)
{
    return ((bytes == 0 ? 1 : bytes) + (PIECE_ALIGNMENT - 1)) & ~(PIECE_ALIGNMENT - 1);
}

static inline void *cut(struct arena *arena, size_t rounded)
{
    char *piece = arena->next;
    arena->next += rounded;
    arena->last_piece = piece;
    return piece;
}

static inline bool has_room(const struct arena *arena, size_t rounded)
{
    return (size_t)(arena->end - arena->next) >= rounded;
}

/* A block for a piece of rounded bytes. Within the maximum, or (over) whatever it takes. */
static bool add_block(struct arena *arena, size_t rounded, bool over)
{
    size_t needed;
    if (rounded == 0 || __builtin_add_overflow(rounded, sizeof(struct block), &needed)) {
        arena->spent = true;
        return false;
    }
    size_t left = arena->held < arena->bytes_max ? arena->bytes_max - arena->held : 0;
    size_t bytes = needed > arena->block_bytes ? needed : arena->block_bytes;
    if (bytes > left) {
        bytes = left; /* a smaller last block, if the piece fits it */
    }
    if (bytes < needed) {
        arena->spent = true;
        if (!over) {
            return false;
        }
        /* At least the smallest block, so that a run of small pieces is not a run of mallocs. */
        bytes = needed < BLOCK_BYTES_MIN ? BLOCK_BYTES_MIN : needed;
    }
    struct block *block = over ? mem_alloc(bytes) : mem_try(bytes);
    if (block == NULL) {
        arena->spent = true;
        return false;
    }
    block->older = arena->newest;
    block->bytes = bytes;
    arena->held += bytes;
    if (arena->block_bytes < BLOCK_BYTES_MAX) {
        arena->block_bytes *= 2;
    }
    cut_from(arena, block);
    return true;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    size_t rounded = rounded_up(bytes);
    if (rounded == 0 || !has_room(arena, rounded)) {
        if (!add_block(arena, rounded, true)) {
            return mem_alloc(bytes); /* a size beyond any memory: ends the process */
        }
    }
    return cut(arena, rounded);
}

void *arena_zero(struct arena *arena, size_t bytes)
{
    return memset(arena_alloc(arena, bytes), 0, bytes);
}

void *arena_try(struct arena *arena, size_t bytes)
{
    size_t rounded = rounded_up(bytes);
    if (rounded == 0 || !has_room(arena, rounded)) {
        if (!add_block(arena, rounded, false)) {
            return NULL;
        }
    }
    return cut(arena, rounded);
}

void *arena_grow_try(struct arena *arena, void *old, size_t old_bytes, size_t bytes)
{
    assert(old != NULL || old_bytes == 0);
    size_t rounded = rounded_up(bytes);
    if (old != NULL && (char *)old == arena->last_piece && rounded != 0 &&
        (size_t)(arena->end - arena->last_piece) >= rounded) {
        arena->next = arena->last_piece + rounded;
        return old;
    }
    if (old != NULL && bytes <= old_bytes) {
        return old;
    }
    void *piece = arena_try(arena, bytes);
    if (piece != NULL && old_bytes > 0) {
        memcpy(piece, old, old_bytes);
    }
    return piece;
}

bool arena_spent(const struct arena *arena)
{
    return arena->spent;
}

size_t arena_bytes(const struct arena *arena)
{
    return arena->held;
}

struct str arena_dup(struct arena *arena, struct str s)
{
    char *copy = arena_alloc(arena, s.bytes + 1);
    if (s.bytes > 0) {
        memcpy(copy, s.at, s.bytes);
    }
    copy[s.bytes] = 0;
    return (struct str){copy, s.bytes};
}

struct str arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct str s = arena_vprintf(arena, format, args);
    va_end(args);
    return s;
}

struct str arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    /* Written straight into the free part; only a text that does not fit is formatted twice. */
    va_list again;
    va_copy(again, args);
    size_t room = (size_t)(arena->end - arena->next);
    int length = vsnprintf(arena->next, room, format, args);
    if (length < 0) {
        va_end(again);
        return arena_dup(arena, STR(""));
    }
    size_t bytes = (size_t)length + 1;
    char *text = arena_alloc(arena, bytes);
    if (bytes > room) {
        (void)vsnprintf(text, bytes, format, again);
    }
    va_end(again);
    return (struct str){text, bytes - 1};
}
