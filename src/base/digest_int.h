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

/* True when crc32c and crc32 use the processor's instructions here. */
bool crc_is_wide(void);

#endif
