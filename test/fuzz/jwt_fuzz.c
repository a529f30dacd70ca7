/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens, which anybody may send: what is read lies in the arena and within limits, times can be
 * compared, and the signed text is the token's front.
 */
#include "wire/jwt.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(4u << 20);
    struct jwt token;

    if (jwt_read(str_of(data, size), arena, &token)) {
        assert(token.signed_text.at == (const char *)data);
        assert(token.signed_text.bytes < size);
        assert(token.audience_count <= JWT_AUDIENCES_MAX);
        assert(token.expires_ms >= 0);
        assert(token.issued_ms >= 0);
        assert(token.not_before_ms >= 0);
        assert(token.claims.kind == VALUE_MAP);
        assert(size <= JWT_BYTES_MAX);
    }
    arena_free(arena);
    return 0;
}
