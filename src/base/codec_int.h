/* SPDX-License-Identifier: Apache-2.0
 *
 * The ways codec.h's base64 can be computed, for the tests that hold them against each other.
 */
#ifndef WEIR_BASE_CODEC_INT_H
#define WEIR_BASE_CODEC_INT_H

#include "base/codec.h"

/* As base64_encode and base64_decode, with tables alone, whatever the processor has. */
void base64_encode_plain(struct str s, char *out);
bool base64_decode_plain(struct str s, char *out, size_t *ret_bytes);

/* True when base64_encode and base64_decode use AVX2 here. */
bool base64_is_wide(void);

#endif
