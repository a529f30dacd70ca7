/* SPDX-License-Identifier: Apache-2.0
 *
 * Request bodies that came packed (Content-Encoding: gzip).
 */
#ifndef WEIR_WIRE_GUNZIP_H
#define WEIR_WIRE_GUNZIP_H

#include "base/arena.h"
#include "base/error.h"

/* WIRE_SERIALIZATION: not gzip, or more behind it. WIRE_TOO_LARGE: more than bytes_max come out of
 * it. ERR_LIMIT: no room. */
status gunzip(struct str packed, size_t bytes_max, struct arena *arena, struct why *why,
              struct str *ret_plain);

#endif
