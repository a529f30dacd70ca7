/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts that S3's handlers read themselves: ranges, version ids, tags in a header, sources of
 * copies, continuation tokens, keys to be rolled up. Nothing may be read or written beyond them,
 * and what was read must make sense.
 */
#include "svc/s3/s3_copy.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_range(struct str text)
{
    static const uint64_t sizes[] = {0, 1, 10, UINT64_C(1) << 40};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint64_t offset;
        uint64_t bytes;

        if (range_read(text, sizes[i], &offset, &bytes) == RANGE_OK) {
            assert(bytes > 0);
            assert(offset < sizes[i]);
            assert(bytes <= sizes[i] - offset);
        }
    }
}

static void try_id(struct arena *arena, struct str text)
{
    uint64_t sequence;

    if (version_text_read(text, &sequence)) {
        assert(str_eq(version_text(arena, sequence), text));
    }
    if (upload_text_read(text, &sequence)) {
        assert(str_eq(upload_text(arena, sequence), text));
    }
}

static void try_tags(struct call *c, struct str text)
{
    struct str packed = STR_NONE;

    if (tags_of_header(c, text, &packed) == OK) {
        assert(pairs_count(packed) <= OBJECT_TAGS_MAX);
    }
}

static void try_source(struct call *c, struct str text)
{
    const struct operation *copy = model_operation(model_service(STR("s3")), STR("CopyObject"));
    struct value *in = value_struct(c->arena, copy->input);
    struct copy_source source;

    set_str(in, "CopySource", text);
    c->in = in;
    if (copy_source_names(c, &source) == OK) {
        assert(source.bucket_name.bytes > 0);
        assert(source.key.bytes > 0);
    }
}

static void try_list(struct call *c, struct str text)
{
    size_t half = text.bytes / 2;
    struct str prefix = str_slice(text, 0, half);
    struct str rolled = key_rolled(text, prefix, str_slice(text, half / 2, half / 2 + 1));
    struct str token = STR_NONE;

    assert(rolled.bytes <= text.bytes);
    if (list_token_read(c, text, &token) == OK) {
        assert(str_eq(list_token_write(c, token), text));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(1u << 20);
    struct call *c = ARENA_NEW(arena, struct call);
    struct str text = str_of(data, size);

    c->arena = c->keep = arena;
    try_range(text);
    try_id(arena, text);
    try_tags(c, text);
    c->more_count = 0;
    try_source(c, text);
    c->more_count = 0;
    try_list(c, text);
    arena_free(arena);
    return 0;
}
