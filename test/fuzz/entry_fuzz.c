/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as an entry's body: refused, or read and written again to the very same bytes.
 */
#include "store/entry.h"

#include "base/mem.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str body = str_of(data, size);
    struct arena *arena = arena_new(1u << 24);
    struct why why = {""};
    struct entry entry;

    if (entry_read(body, arena, &why, &entry) == OK) {
        struct str *parts = mem_alloc((2 * entry.change_count + 1) * sizeof(parts[0]));
        struct buf scratch;
        size_t count = 0;

        buf_init(&scratch, 1u << 24);
        assert(entry_bytes(&entry) == size);
        count = entry_parts(&entry, &scratch, parts);
        for (size_t i = 0; i < count; i++) {
            assert(str_starts(body, parts[i]));
            body = str_slice(body, parts[i].bytes, body.bytes);
        }
        assert(body.bytes == 0);
        buf_done(&scratch);
        mem_free(parts);
    }
    arena_free(arena);
    return 0;
}
