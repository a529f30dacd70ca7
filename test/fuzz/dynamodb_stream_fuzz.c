/* SPDX-License-Identifier: Apache-2.0
 *
 * Sequence numbers and iterators of streams, as clients send them back, and records of the change
 * log. What is read must be written as it was.
 */
#include "svc/dynamodb/stream.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_of(data, size);
    struct arena *arena = arena_new(1u << 20);
    struct stream_sequence sequence;
    struct stream_iterator iterator;
    struct changed changed;

    if (stream_sequence_read(text, &sequence)) {
        assert(str_eq(stream_sequence_text(arena, sequence), text));
    }
    if (stream_iterator_read(arena, text, &iterator)) {
        assert(str_eq(stream_iterator_text(arena, &iterator), text));
    }
    change_read(text, &changed);
    arena_free(arena);
    return 0;
}
