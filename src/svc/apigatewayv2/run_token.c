/* SPDX-License-Identifier: Apache-2.0
 *
 * Known tokens: from the token's digest to the digest of the keys that were looked at.
 */
#include "svc/apigatewayv2/run_token.h"

#include "base/digest.h"
#include "base/map.h"
#include "base/mem.h"

struct tokens {
    struct map *map;             /* the token's SHA-256 → that of the keys, owned */
};

struct tokens *tokens_new(void)
{
    struct tokens *tokens = MEM_NEW(struct tokens);

    tokens->map = map_new(TOKENS_MAX);
    return tokens;
}

static void forget(struct tokens *tokens)
{
    size_t position = 0;
    struct str token;
    void *sum;

    while (map_next(tokens->map, &position, &token, &sum)) {
        mem_free(sum);
    }
    map_free(tokens->map);
}

void tokens_free(struct tokens *tokens)
{
    if (tokens != NULL) {
        forget(tokens);
        mem_free(tokens);
    }
}

bool tokens_know(const struct tokens *tokens, struct str token, struct str keys)
{
    uint8_t sum[SHA256_BYTES];
    const uint8_t *known;

    sha256(token, sum);
    known = map_get(tokens->map, str_of(sum, sizeof(sum)));
    if (known == NULL) {
        return false;
    }
    sha256(keys, sum);
    return memcmp(known, sum, sizeof(sum)) == 0;
}

void tokens_keep(struct tokens *tokens, struct str token, struct str keys)
{
    uint8_t *sum = mem_alloc(SHA256_BYTES);
    uint8_t name[SHA256_BYTES];
    void *former = NULL;

    if (map_count(tokens->map) >= TOKENS_MAX) {
        forget(tokens);
        tokens->map = map_new(TOKENS_MAX);
    }
    sha256(token, name);
    sha256(keys, sum);
    if (!map_set(tokens->map, str_of(name, sizeof(name)), sum, &former)) {
        former = sum;
    }
    mem_free(former);
}
