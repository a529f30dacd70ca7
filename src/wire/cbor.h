/* SPDX-License-Identifier: Apache-2.0
 *
 * CBOR (RFC 8949) guided by shapes, for Smithy RPC v2 and for Kinesis, which speaks AWS JSON in
 * CBOR's bytes. Limits are wire.h's.
 */
#ifndef WEIR_WIRE_CBOR_H
#define WEIR_WIRE_CBOR_H

#include "base/buf.h"
#include "base/error.h"
#include "wire/value.h"

/* What is read: Kinesis counts moments in milliseconds, everybody else in seconds. */
struct cbor_text {
    struct str bytes; /* one item and nothing behind it; strings of the tree lie in it */
    bool times_ms;    /* whole numbers in tag 1 are milliseconds */
};

/* shape 0 reads a document. WIRE_SERIALIZATION, ERR_LIMIT. */
status cbor_read(struct cbor_text text, uint32_t shape, struct arena *arena, struct why *why,
                 struct value *ret_value);

/* Definite lengths, the shortest heads, members in the shape's order, unset ones left out. */
void cbor_write(struct buf *out, const struct value *value, bool times_ms);

/* For what is no value tree: a map of unknown length, its keys and texts, its end. */
void cbor_write_open(struct buf *out);
void cbor_write_text(struct buf *out, struct str text);
void cbor_write_close(struct buf *out);

#endif
