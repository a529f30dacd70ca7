/* SPDX-License-Identifier: Apache-2.0
 *
 * YAML reading: whatever comes, nothing is touched behind the end; what is accepted is written and
 * read again to the same tree.
 */
#include "base/buf.h"
#include "wire/wire.h"
#include "wire/yaml.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_BYTES_MAX (64u << 20)

static void demand(bool held)
{
    if (!held) {
        abort();
    }
}

/* The tree as it is written, and that text read again, must look the same. */
static void read_again(const struct value *value, struct arena *arena)
{
    struct buf first;
    struct buf second;
    struct buf text;
    struct value again;
    struct why why;

    buf_init(&first, ARENA_BYTES_MAX);
    buf_init(&second, ARENA_BYTES_MAX);
    buf_init(&text, ARENA_BYTES_MAX);
    value_dump(&first, value);
    yaml_write(&text, value);
    if (!buf_spent(&text)) {
        demand(yaml_read(buf_str(&text), arena, &why, &again) == OK);
        value_dump(&second, &again);
        demand(str_eq(buf_str(&first), buf_str(&second)));
    }
    buf_done(&first);
    buf_done(&second);
    buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + (size == 0));
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct value value;
    struct why why;

    demand(text != NULL);
    memcpy(text, data, size);
    status read = yaml_read(str_of(text, size), arena, &why, &value);
    demand(read == OK || read == &WIRE_SERIALIZATION || read == &ERR_LIMIT);
    if (read == OK && (value.kind == VALUE_MAP || value.kind == VALUE_LIST) && value.count > 0) {
        read_again(&value, arena);
    }
    arena_free(arena);
    free(text);
    return 0;
}
