/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of parameters: a name with what stands behind it, a line end, a path. The parts of a name
 * are all of it; what is right below a path is below it, and nothing is below itself.
 */
#include "svc/ssm/ssm_int.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_of(data, size);
    size_t end = str_find(text, '\n', 0);
    struct str path = str_slice(text, end + 1, size);
    struct str name, selector;

    text = str_slice(text, 0, end);
    name_split(text, &name, &selector);
    if (name.bytes + (selector.at == NULL ? 0 : selector.bytes + 1) != text.bytes) {
        abort();
    }
    if (is_path(path)) {
        if ((is_below(name, path, false) && !is_below(name, path, true)) ||
            is_below(path, path, true)) {
            abort();
        }
    }
    (void)label_is_good(selector);
    return 0;
}
