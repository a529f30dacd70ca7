/* SPDX-License-Identifier: Apache-2.0
 *
 * What AWS says when a value in a body is of another kind than the model has it. One sentence per
 * pair, the same for JSON and CBOR, which AWS reads with one piece of code.
 */
#ifndef WEIR_WIRE_MISMATCH_H
#define WEIR_WIRE_MISMATCH_H

#include "base/error.h"
#include "wire/model.h"

/* What stands in the body. */
enum found {
    FOUND_STRING,
    FOUND_NUMBER,
    FOUND_TRUE,
    FOUND_FALSE,
    FOUND_BYTES, /* CBOR only */
    FOUND_LIST,
    FOUND_MAP,
};

/* Returns WIRE_SERIALIZATION, with AWS's sentence for found where shape was expected. */
status mismatch(struct why *why, enum found found, uint32_t shape);
/* Bytes that are no JSON or CBOR at all: WIRE_SERIALIZATION without a sentence, as AWS has it. */
status malformed(struct why *why);

/* S3's word for a body it cannot read, or that breaks the model. */
status why_malformed_xml(struct why *why) __attribute__((returns_nonnull));

#endif
