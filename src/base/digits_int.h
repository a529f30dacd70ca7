/* SPDX-License-Identifier: Apache-2.0
 *
 * Decimal digits by pairs and in short independent runs: dividing is what writing a number costs,
 * and a run of eight divides 32-bit numbers only.
 */
#ifndef WEIR_BASE_DIGITS_INT_H
#define WEIR_BASE_DIGITS_INT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* "00" to "99". */
static const char digit_pairs[201] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

/* Exactly eight digits of a number below 10^8. */
static inline void digits_put_8(uint32_t number, char *out)
{
    uint32_t high = number / 10000;
    uint32_t low = number % 10000;
    memcpy(out, digit_pairs + 2 * (high / 100), 2);
    memcpy(out + 2, digit_pairs + 2 * (high % 100), 2);
    memcpy(out + 4, digit_pairs + 2 * (low / 100), 2);
    memcpy(out + 6, digit_pairs + 2 * (low % 100), 2);
}

/* As many digits as number has, ending before end; returns where they start. */
static inline char *digits_put(uint64_t number, char *end)
{
    while (number >= 100000000) {
        end -= 8;
        digits_put_8((uint32_t)(number % 100000000), end);
        number /= 100000000;
    }
    uint32_t left = (uint32_t)number;
    while (left >= 100) {
        end -= 2;
        memcpy(end, digit_pairs + (size_t)2 * (left % 100), 2);
        left /= 100;
    }
    if (left >= 10) {
        end -= 2;
        memcpy(end, digit_pairs + (size_t)2 * left, 2);
    } else {
        *--end = (char)('0' + left);
    }
    return end;
}

#endif
