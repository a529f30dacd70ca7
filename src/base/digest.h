/* SPDX-License-Identifier: Apache-2.0
 *
 * Checksums and hashes. The cryptographic ones are OpenSSL's, with contexts kept per thread
 * (LIMITS.md: three times faster than fetching anew); the CRCs use the processor's instructions
 * where it has them.
 */
#ifndef WEIR_BASE_DIGEST_H
#define WEIR_BASE_DIGEST_H

#include "base/str.h"

#define MD5_BYTES 16
#define SHA1_BYTES 20
#define SHA256_BYTES 32

/* Continue crc (0 to start). */
uint32_t crc32c(uint32_t crc, struct str s);
/* Another symbol for the linker: libz exports a crc32 too, and a program's symbol would take its
 * place inside libz. (A file cannot include both this header and zlib.h.) */
uint32_t crc32(uint32_t crc, struct str s) __asm__("weir_crc32");
uint64_t crc64nvme(uint64_t crc, struct str s);

void md5(struct str s, uint8_t out[MD5_BYTES]);
void sha1(struct str s, uint8_t out[SHA1_BYTES]);
void sha256(struct str s, uint8_t out[SHA256_BYTES]);
void hmac_sha256(struct str key, struct str s, uint8_t out[SHA256_BYTES]);

/* For bodies that arrive in pieces. */
struct sha256_run;
struct sha256_run *sha256_begin(void);
void sha256_more(struct sha256_run *run, struct str s);
void sha256_end(struct sha256_run *run, uint8_t out[SHA256_BYTES]); /* frees run; out may be NULL */

/* Same time whatever the bytes: for signatures. */
bool bytes_eq_const_time(const void *a, const void *b, size_t bytes);

#endif
