/* SPDX-License-Identifier: Apache-2.0
 *
 * AES-256-CTR by OpenSSL. The counter of byte n is iv + n / 16, big-endian, as NIST SP 800-38A has
 * it; a beginning inside a block skips that block's first bytes.
 */
#include "cell/cipher.h"

#include "base/mem.h"
#include "sys/log.h"

#include <assert.h>
#include <openssl/evp.h>

#define BLOCK_BYTES 16
#define APPLY_BYTES_MAX ((size_t)1 << 30) /* OpenSSL counts in int */

struct cipher_run {
    EVP_CIPHER_CTX *context; /* OpenSSL's */
};

static void count_on(uint8_t iv[BLOCK_BYTES], uint64_t blocks)
{
    for (size_t i = BLOCK_BYTES; i-- > 0 && blocks > 0;) {
        blocks += iv[i];
        iv[i] = (uint8_t)blocks;
        blocks >>= 8;
    }
}

struct cipher_run *cipher_begin(const struct call_cipher *cipher, uint64_t offset)
{
    struct cipher_run *run = MEM_NEW(struct cipher_run);
    uint8_t iv[BLOCK_BYTES];
    uint8_t skipped[BLOCK_BYTES] = {0};

    memcpy(iv, cipher->iv, sizeof(iv));
    count_on(iv, offset / BLOCK_BYTES);
    run->context = EVP_CIPHER_CTX_new();
    if (run->context == NULL ||
        EVP_EncryptInit_ex(run->context, EVP_aes_256_ctr(), NULL, cipher->key, iv) != 1) {
        sys_die("cell", "AES-256 cannot be begun");
    }
    cipher_apply(run, skipped, offset % BLOCK_BYTES);
    return run;
}

void cipher_apply(struct cipher_run *run, void *at, size_t bytes)
{
    unsigned char *next = at;

    while (bytes > 0) {
        int piece = (int)(bytes < APPLY_BYTES_MAX ? bytes : APPLY_BYTES_MAX);
        int made = 0;

        if (EVP_EncryptUpdate(run->context, next, &made, next, piece) != 1 || made != piece) {
            sys_die("cell", "AES-256 failed");
        }
        next += piece;
        bytes -= (size_t)piece;
    }
}

void cipher_end(struct cipher_run *run)
{
    if (run != NULL) {
        EVP_CIPHER_CTX_free(run->context);
        mem_free(run);
    }
}
