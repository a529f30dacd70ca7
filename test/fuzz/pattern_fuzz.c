/* SPDX-License-Identifier: Apache-2.0
 *
 * Patterns: the first byte chooses the dialect, then the pattern up to a zero byte, then the
 * document. Whatever comes, nothing is touched outside; a pattern that compiles answers the same
 * twice.
 */
#include "bus/pattern.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pattern *pattern = NULL;
    struct str text = str_of(data, size);
    struct why why;
    size_t end;

    if (size < 2) {
        return 0;
    }
    end = str_find(text, '\0', 1);
    if (pattern_compile(str_slice(text, 1, end), data[0] % 3, &why, &pattern) == OK) {
        struct arena *arena = arena_new(64u << 20);
        struct str document = str_slice(text, end + 1, size);

        if (pattern_match_json(pattern, document, arena) !=
            pattern_match_json(pattern, document, arena)) {
            abort();
        }
        arena_free(arena);
        pattern_free(pattern);
    }
    return 0;
}
