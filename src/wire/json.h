/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON (RFC 8259), read in place at memory speed and guided by shapes: strings without escapes stay
 * where they are in the text, blobs are base64-decoded over themselves, unknown members are
 * skipped. Strict: one value, nothing behind it but white space, no comments, valid UTF-8,
 * duplicate keys take the last. Depth and count limits are wire.h's.
 */
#ifndef WEIR_WIRE_JSON_H
#define WEIR_WIRE_JSON_H

#include "base/buf.h"
#include "base/error.h"
#include "wire/value.h"

/* text is changed in place. shape 0 reads a document. WIRE_SERIALIZATION, ERR_LIMIT. */
status json_read(struct str text, uint32_t shape, struct arena *arena, struct why *why,
                 struct value *ret_value);
/* A document; where it is refused, *ret_at says behind how many bytes. */
status json_read_at(struct str text, struct arena *arena, struct why *why, struct value *ret_value,
                    size_t *ret_at);
/* Members in the shape's order, unset ones left out; by wire name when wire_names (REST-JSON and
 * AWS JSON both use it). Times as the member, shape and then fallback say. */
void json_write(struct buf *out, const struct value *value, enum time_format fallback);
void json_write_str(struct buf *out, struct str s); /* quoted and escaped */
/* Shortest text that reads back as the same number: 1.0 stays "1.0", NaN and infinities are
 * strings, as AWS does. */
void json_write_double(struct buf *out, double number);

#endif
