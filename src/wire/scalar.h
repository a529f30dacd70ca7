/* SPDX-License-Identifier: Apache-2.0
 *
 * Scalars as XML and Query write them: plain text, whatever the kind.
 */
#ifndef WEIR_WIRE_SCALAR_H
#define WEIR_WIRE_SCALAR_H

#include "base/error.h"
#include "wire/value.h"

/* What a text is to become. */
struct scalar {
    uint32_t shape;      /* index; of a scalar, or a document (then a string) */
    uint8_t time_format; /* the member's; TIME_DEFAULT: the shape's, then ISO */
};

static inline struct scalar scalar_of(const struct member *member)
{
    return (struct scalar){member->shape, member->time_format};
}

/* Strings are not copied: text lives as long as the tree. ERR_MALFORMED: not such a scalar;
 * ERR_LIMIT: no room. An integer that 32 bits do not hold becomes the nearest that fits, so that
 * the model's range refuses it. Moments are taken in any of AWS's forms. */
status scalar_read(struct scalar scalar, struct str text, struct arena *arena,
                   struct value *ret_value);

#endif
