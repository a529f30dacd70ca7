/* SPDX-License-Identifier: Apache-2.0
 *
 * The only file that calls malloc. Two kinds of request:
 *
 *   mem_alloc  never returns NULL: without memory the process says so and ends (exit code 70).
 *              The journal makes that safe: what was acknowledged is on disk. For small things.
 *   mem_try    may return NULL: for sizes that somebody outside chose (bodies, arena blocks of a
 *              request); the caller answers 503.
 *
 * mem_fail_after(n) makes the n-th request from now fail, which is how the torture tests visit
 * every allocation. Zeroed memory is asked for by name.
 */
#ifndef WEIR_BASE_MEM_H
#define WEIR_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

void *mem_alloc(size_t bytes);
void *mem_zero(size_t bytes);                    /* mem_alloc, filled with zeros */
void *mem_try(size_t bytes);                     /* NULL without memory */
void *mem_grow(void *old, size_t bytes);         /* realloc; ends the process without memory */
void *mem_grow_try(void *old, size_t bytes);     /* realloc; NULL leaves old as it was */
void *mem_aligned(size_t alignment, size_t bytes); /* for O_DIRECT; freed by mem_free */
void mem_free(void *at);                         /* NULL is fine */
char *mem_dup(const char *at, size_t bytes);     /* a copy with a zero behind it */

#define MEM_NEW(type) ((type *)mem_zero(sizeof(type)))

/* Test door: the count-th request from now on fails once (0: never). */
void mem_fail_after(uint64_t count);
/* Requests made so far; a test's allocation budget. */
uint64_t mem_count(void);

#endif
