/* SPDX-License-Identifier: Apache-2.0
 *
 * The one door to chance: a seeded generator (xoshiro256**). The process's is seeded by
 * getrandom(); a cell's calls derive theirs from it, a test seeds its own.
 */
#ifndef WEIR_SYS_RAND_H
#define WEIR_SYS_RAND_H

#include <stddef.h>
#include <stdint.h>

struct rand {
    uint64_t state[4]; /* never all zero */
};

void rand_init(struct rand *rand, uint64_t seed);
void rand_init_system(struct rand *rand);
uint64_t rand_u64(struct rand *rand);
uint64_t rand_below(struct rand *rand, uint64_t limit); /* 0 to limit - 1, unbiased */
void rand_fill(struct rand *rand, void *at, size_t bytes);
/* 36 characters, version 4. */
void rand_uuid(struct rand *rand, char out[36]);
/* Straight from the kernel, for keys and secrets. Ends the process when it cannot. */
void rand_secret(void *at, size_t bytes);

#endif
