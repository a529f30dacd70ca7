/* SPDX-License-Identifier: Apache-2.0
 *
 * Domain names and values of records: a name, a type and a value, a line each. A name that is kept
 * is kept the same again, reversed twice it is the same, and it lies within itself.
 */
#include "svc/route53/name.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(1u << 20);
    struct str value = str_of(data, size < 4096 ? size : 4096);
    struct str text = str_split(&value, '\n');
    struct str type = value.at == NULL ? STR("A") : str_split(&value, '\n');
    struct str name, again;

    if (name_keep(arena, text, &name)) {
        if (!name_keep(arena, name, &again) || !str_eq(name, again) ||
            !str_eq(name_reversed(arena, name_reversed(arena, name)), name) ||
            !name_within(name, name)) {
            abort();
        }
        (void)name_wildcard(arena, name);
    }
    (void)record_wrong(type, value.at == NULL ? STR("") : value);
    arena_free(arena);
    return 0;
}
