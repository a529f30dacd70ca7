/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys of identity providers, as a provider's server answers them: whatever they are, no token that
 * nobody signed is good.
 */
#include "wire/jwt.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const algorithms[] = {"RS256", "PS512", "ES256", "ES384", "ES512"};
    struct arena *arena = arena_new(16u << 20);
    char signature[256] = {1};

    for (size_t i = 0; i < 5; i++) {
        struct jwt token = {.algorithm = str_c(algorithms[i]),
                              .key_id = STR("one"),
                              .signed_text = STR("e30.e30"),
                              .signature = str_of(signature, i < 2 ? 256 : i == 2 ? 64 : 96)};

        assert(jwt_check(&token, str_of(data, size), arena) != JWT_GOOD);
    }
    arena_free(arena);
    return 0;
}
