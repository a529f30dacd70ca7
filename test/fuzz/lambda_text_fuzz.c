/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of functions and layers from anywhere, one a line: what is taken for one says the same when
 * it is written as an ARN and read again.
 */
#include "svc/lambda/config.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void function_text(struct arena *arena, struct str text)
{
    struct target target = {.account = STR("000000000000"), .region = STR("us-east-1")};
    struct target again = {.account = STR_NONE};

    if (!target_parse(text, &target)) {
        return;
    }
    bool good = target_parse(target_arn(arena, &target), &again);

    assert(good);
    assert(str_eq(target.account, again.account));
    assert(str_eq(target.region, again.region));
    assert(str_eq(target.name, again.name));
    assert(str_eq(target.qualifier, again.qualifier));
}

static void layer_text(struct arena *arena, struct str text)
{
    struct target target;
    uint64_t number = 0;

    if (layer_parse(arena, text, &target, &number)) {
        assert(target.name.bytes > 0);
        assert((number == 0) == (target.qualifier.bytes == 0));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(16u << 20);
    struct str rest = str_of(data, size);
    uint64_t number;

    while (rest.at != NULL && rest.bytes > 0) {
        struct str line = str_split(&rest, '\n');

        function_text(arena, line);
        layer_text(arena, line);
        (void)qualifier_is_version(line, &number);
    }
    arena_free(arena);
    return 0;
}
