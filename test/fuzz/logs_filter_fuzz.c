/* SPDX-License-Identifier: Apache-2.0
 *
 * Filter patterns of CloudWatch Logs: the pattern up to a zero byte, then the message. Whatever
 * comes, nothing is touched outside; a pattern that compiles answers the same twice, and takes
 * nothing out of what it does not match.
 */
#include "svc/logs/filter.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_of(data, size);
    size_t end = str_find(text, '\0', 0);
    struct str message = str_slice(text, end + 1, size);
    struct filter *filter = NULL;
    struct why why;

    if (filter_new(str_slice(text, 0, end), &why, &filter) == OK) {
        struct arena *scratch = arena_new(16u << 20);
        struct extract extracts[FILTER_FIELDS_MAX];
        bool matches = filter_match(filter, message, scratch);
        size_t count = filter_extract(filter, message, scratch, extracts, FILTER_FIELDS_MAX);

        if (filter_match(filter, message, scratch) != matches || (!matches && count > 0)) {
            abort();
        }
        arena_free(scratch);
        filter_free(filter);
    }
    return 0;
}
