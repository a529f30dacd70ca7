/* SPDX-License-Identifier: Apache-2.0
 *
 * Queries of the authorization endpoint and forms of the token endpoint and of pages, which anybody
 * may send: what is read is text within limits, each name once.
 */
#include "svc/cognito/web.h"

#include "base/codec.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(16u << 20);
    struct params *params = arena_alloc(arena, sizeof(*params));

    params_read(str_of(data, size), arena, params);
    assert(params->count <= PARAMS_MAX);
    for (size_t i = 0; i < params->count; i++) {
        struct str value = params->at[i].value;

        assert(utf8_valid(params->at[i].name));
        assert(utf8_valid(value));
        assert(value.bytes == 0 || memchr(value.at, '\0', value.bytes) == NULL);
        for (size_t j = 0; j < i; j++) {
            assert(!str_eq(params->at[i].name, params->at[j].name));
        }
    }
    arena_free(arena);
    return 0;
}
