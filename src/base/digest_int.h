/* SPDX-License-Identifier: Apache-2.0
 *
 * The ways digest.h's checksums can be computed, for the tests that hold them against each other.
 */
#ifndef WEIR_BASE_DIGEST_INT_H
#define WEIR_BASE_DIGEST_INT_H

#include "base/digest.h"

/* As crc32c and crc32, with tables alone, whatever the processor has. */
uint32_t crc32c_plain(uint32_t crc, struct str s);
uint32_t crc32_plain(uint32_t crc, struct str s);
uint64_t crc64nvme_plain(uint64_t crc, struct str s);

#define MD5_SHORT_BYTES_MAX 55 /* what one block of 64 holds beside its ending */

/* As md5, of at most MD5_SHORT_BYTES_MAX bytes. */
void md5_short(struct str s, uint8_t out[MD5_BYTES]);

/* True when crc32c and crc32 use the processor's instructions here. */
bool crc_is_wide(void);

#endif
