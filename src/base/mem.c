/* SPDX-License-Identifier: Apache-2.0
 *
 * Every allocation of the program passes through allowed(), which counts it and, when a test asked
 * for that, makes one of them fail.
 *
 * Rules
 *  1. A request has a number: one atomic addition gives it, so the count is exact with any number
 *     of threads and exactly one request meets the number that is to fail.
 *  2. Without memory mem_alloc and its kin write one line with write(2), which needs no memory, and
 *     end the process with 70 (EX_SOFTWARE). Nothing is flushed or unwound: the journal is what
 *     makes a sudden end safe.
 *  3. A request for 0 bytes is a request for 1, so that NULL always means "no memory".
 */
#include "base/mem.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_NO_MEMORY 70

static _Atomic uint64_t requests;      /* made so far */
static _Atomic uint64_t request_fails; /* the number of the request to fail; 0 for none */

void mem_fail_after(uint64_t count)
{
    uint64_t number = count == 0 ? 0 : atomic_load(&requests) + count;
    atomic_store(&request_fails, number);
}

uint64_t mem_count(void)
{
    return atomic_load(&requests);
}

static bool allowed(void)
{
    uint64_t number = atomic_fetch_add_explicit(&requests, 1, memory_order_relaxed) + 1;
    return number != atomic_load_explicit(&request_fails, memory_order_relaxed);
}

static _Noreturn void no_memory(size_t bytes)
{
    char line[96];
    int length =
        snprintf(line, sizeof(line), "weir: out of memory: %zu bytes were refused\n", bytes);
    if (length > 0) {
        /* A failing stderr changes nothing about what happens next. */
        ssize_t written = write(STDERR_FILENO, line, (size_t)length);
        (void)written;
    }
    _exit(EXIT_NO_MEMORY);
}

void *mem_try(size_t bytes)
{
    return allowed() ? malloc(bytes == 0 ? 1 : bytes) : NULL;
}

void *mem_alloc(size_t bytes)
{
    void *at = mem_try(bytes);
    if (at == NULL) {
        no_memory(bytes);
    }
    return at;
}

void *mem_zero(size_t bytes)
{
    /* calloc knows which pages come fresh from the system and does not touch them again. */
    void *at = allowed() ? calloc(1, bytes == 0 ? 1 : bytes) : NULL;
    if (at == NULL) {
        no_memory(bytes);
    }
    return at;
}

void *mem_grow_try(void *old, size_t bytes)
{
    return allowed() ? realloc(old, bytes == 0 ? 1 : bytes) : NULL;
}

void *mem_grow(void *old, size_t bytes)
{
    void *at = mem_grow_try(old, bytes);
    if (at == NULL) {
        no_memory(bytes);
    }
    return at;
}

void *mem_aligned(size_t alignment, size_t bytes)
{
    assert(alignment >= sizeof(void *));
    assert((alignment & (alignment - 1)) == 0);
    void *at = NULL;
    if (!allowed() || posix_memalign(&at, alignment, bytes == 0 ? 1 : bytes) != 0) {
        no_memory(bytes);
    }
    return at;
}

void mem_free(void *at)
{
    free(at);
}

char *mem_dup(const char *at, size_t bytes)
{
    assert(at != NULL || bytes == 0);
    assert(bytes < SIZE_MAX);
    char *copy = mem_alloc(bytes + 1);
    if (bytes > 0) {
        memcpy(copy, at, bytes);
    }
    copy[bytes] = 0;
    return copy;
}
