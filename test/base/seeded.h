/* SPDX-License-Identifier: Apache-2.0
 *
 * Pseudo-random numbers for the tests of base: the same on every run, so that what fails once fails
 * again. Also the head that every cmocka program wants.
 */
#ifndef WEIR_TEST_BASE_SEEDED_H
#define WEIR_TEST_BASE_SEEDED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct seeded {
    uint64_t state; /* the next number's origin */
};

static inline uint64_t seeded_next(struct seeded *seeded)
{
    uint64_t x = seeded->state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* 0 to below - 1. */
static inline size_t seeded_below(struct seeded *seeded, size_t below)
{
    return (size_t)(seeded_next(seeded) % below);
}

static inline void seeded_fill(struct seeded *seeded, void *at, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        ((unsigned char *)at)[i] = (unsigned char)(seeded_next(seeded) >> 24);
    }
}

/* A number of any size: few bits are as likely as many. */
static inline uint64_t seeded_number(struct seeded *seeded)
{
    return seeded_next(seeded) >> seeded_below(seeded, 64);
}

#define assert_str(got, expected)                                                                  \
    do {                                                                                           \
        struct str got_ = (got);                                                                   \
        struct str expected_ = STR(expected);                                                      \
        assert_int_equal(got_.bytes, expected_.bytes);                                             \
        if (got_.bytes > 0) {                                                                      \
            assert_memory_equal(got_.at, expected_.at, got_.bytes);                                \
        }                                                                                          \
    } while (0)

#endif
