/* SPDX-License-Identifier: Apache-2.0
 *
 * DynamoDB's numbers: exact decimals of up to 38 significant digits whose first digit stands for
 * 10^-130 to 10^125.
 *
 * A number has one struct, one packed form and one text, so equal numbers have equal bytes. The
 * packed form sorts as numbers do; it is kept in items and is a part of keys:
 *
 *   zero      0x80
 *   positive  0xc0, exponent + 130, two digits a byte as 1 + 10*d + d
 *   negative  the same with every byte inverted (0x3f ...), then 0xff
 *
 * An odd last digit is paired with 0. A digit byte is 1 to 100, so a longer positive number sorts
 * after its beginning, and 0xff makes a longer negative one sort before it.
 *
 * Source: developer guide, "Supported data types and naming rules", Number.
 */
#ifndef WEIR_SVC_DYNAMODB_NUMBER_H
#define WEIR_SVC_DYNAMODB_NUMBER_H

#include "base/error.h"
#include "base/str.h"

#define NUMBER_DIGITS_MAX 38
#define NUMBER_EXPONENT_MIN (-130)
#define NUMBER_EXPONENT_MAX 125
#define NUMBER_PACKED_BYTES_MAX 22 /* sign, exponent, 19 pairs, end */
#define NUMBER_TEXT_BYTES_MAX 176  /* -0., 129 zeros, 38 digits */

struct number {
    int8_t sign;                       /* -1, 0, 1 */
    uint8_t count;                     /* significant digits; 0 for zero */
    int16_t exponent;                  /* of the first digit; 0 for zero */
    uint8_t digits[NUMBER_DIGITS_MAX]; /* 0 to 9; neither the first nor the last is 0 */
};

/* Sign, digits with a point, an exponent: what Java's BigDecimal reads. DDB_VALIDATION otherwise,
 * and for what is too large, too small or has too many digits. */
status number_parse(struct str text, struct why *why, struct number *ret_number);
void number_of_u64(uint64_t plain, struct number *ret_number);

/* Without exponent, point only where needed. Returns the bytes written. */
size_t number_text(const struct number *number, char out[NUMBER_TEXT_BYTES_MAX]);

/* The packed form, and back; false when packed is not exactly what number_pack writes. */
size_t number_pack(const struct number *number, char out[NUMBER_PACKED_BYTES_MAX]);
bool number_unpack(struct str packed, struct number *ret_number);

/* Exact; DDB_VALIDATION when the result is out of range or needs more than 38 digits. */
status number_add(const struct number *a, const struct number *b, struct why *why,
                  struct number *ret_sum);
status number_subtract(const struct number *a, const struct number *b, struct why *why,
                       struct number *ret_difference);

int number_cmp(const struct number *a, const struct number *b); /* below 0, 0, above 0 */

/* What AWS counts for it in an item's size: a byte a pair of digits of base 100, one more, one more
 * for a minus. */
size_t number_bytes(const struct number *number);

#endif
