/* SPDX-License-Identifier: Apache-2.0
 *
 * Ciphertexts of KMS: what was read is all of it, in bounds, and a shorter head is none.
 */
#include "svc/kms/ciphertext.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_of(data, size);
    struct arena *arena = arena_new(1u << 20);
    struct ciphertext read, again;

    if (ciphertext_read(text, arena, &read)) {
        if (read.head.bytes + read.sealed.bytes != size || read.account.bytes != 12 ||
            read.key_id.bytes == 0 || read.key_id.bytes > KEY_ID_BYTES_MAX ||
            read.material.bytes != CIPHERTEXT_MATERIAL_BYTES ||
            read.sealed.bytes < GCM_EXTRA_BYTES || read.sealed.at + read.sealed.bytes !=
            text.at + text.bytes) {
            abort();
        }
        if (ciphertext_read(str_slice(text, 0, read.head.bytes + GCM_EXTRA_BYTES - 1), arena,
                            &again)) {
            abort();
        }
    }
    arena_free(arena);
    return 0;
}
