/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory by lifetime: an arena hands out pieces and frees them all at once. A call has one; what is
 * to outlive the call is copied by whoever keeps it.
 *
 * An arena has a maximum. arena_try refuses to pass it (NULL) and is what anything sized by
 * somebody outside uses: bodies, value trees, lists of a request. arena_alloc is for the small
 * pieces in between: it goes over the maximum when it must, so it never returns NULL (without
 * memory at all the process ends, as mem_alloc does). Either way the arena is then *spent*, and its
 * owner, who asks arena_spent() before answering, says 503.
 */
#ifndef WEIR_BASE_ARENA_H
#define WEIR_BASE_ARENA_H

#include "base/str.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;

/* bytes_max bounds the sum of all blocks. The first block comes with the first piece. */
struct arena *arena_new(size_t bytes_max);
void arena_free(struct arena *arena);
/* Forgets everything, keeps one block for the next use. */
void arena_clear(struct arena *arena);

/* Aligned to 16. Never NULL. */
void *arena_alloc(struct arena *arena, size_t bytes);
void *arena_zero(struct arena *arena, size_t bytes);
/* NULL without memory or beyond the maximum (which also makes the arena spent). */
void *arena_try(struct arena *arena, size_t bytes);
/* Grows the newest piece in place when it can, else copies. NULL as arena_try. */
void *arena_grow_try(struct arena *arena, void *old, size_t old_bytes, size_t bytes);
bool arena_spent(const struct arena *arena);
size_t arena_bytes(const struct arena *arena); /* held in blocks */

/* A copy, with a zero behind it. */
struct str arena_dup(struct arena *arena, struct str s);
struct str arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct str arena_vprintf(struct arena *arena, const char *format, va_list args);

#define ARENA_NEW(arena, type) ((type *)arena_zero((arena), sizeof(type)))

#endif
