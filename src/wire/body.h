/* SPDX-License-Identifier: Apache-2.0
 *
 * An answer's body, made straight in the arena: its size is guessed from the tree, and only a body
 * that turns out larger (many escapes, long element names) is made again.
 */
#ifndef WEIR_WIRE_BODY_H
#define WEIR_WIRE_BODY_H

#include "base/buf.h"
#include "wire/wire.h"

/* About how many bytes a tree takes as JSON or CBOR; value may be NULL. */
size_t body_guess(const struct value *value);
/* write puts what into out; it may be called again, from the start. ERR_LIMIT: no room. */
status body_make(struct arena *arena, size_t guess,
                 void (*write)(struct buf *out, const void *what), const void *what,
                 struct str *ret_body);

#endif
