/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens of web identities, which anybody may send without a signature: what is read lies in the
 * arena, has an issuer and a subject, and times that can be compared.
 */
#include "svc/sts/sts_int.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(4u << 20);
    struct token token;

    if (token_read(str_of(data, size), arena, &token)) {
        assert(token.issuer.bytes > 0);
        assert(token.subject.bytes > 0);
        assert(token.audience_count <= AUDIENCES_MAX);
        assert(token.expires_ms >= 0);
        assert(token.issued_ms >= 0);
        assert(token.claims.kind == VALUE_MAP);
        assert(size <= TOKEN_BYTES_MAX);
    }
    arena_free(arena);
    return 0;
}
