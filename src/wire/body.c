/* SPDX-License-Identifier: Apache-2.0
 *
 * Guessing and making bodies. A buffer whose room is its maximum never grows, so it can stand in
 * an arena; one byte more than its room belongs to it (base/buf.c).
 */
#include "wire/body.h"

#include "base/codec.h"

#define SCALAR_BYTES 32 /* a number, a moment or a truth, with its comma */
#define SLACK_BYTES 256 /* also for a body without a tree */

static size_t member_keys_bytes(const struct value *structure)
{
    const struct shape *shape = model_shape(structure->shape);
    size_t bytes = 0;

    for (uint32_t i = 0; i < structure->count; i++) {
        if (structure->items[i].kind != VALUE_NONE) {
            uint32_t place = shape->first + value_place(structure, i);

            bytes += model_text(model_members[place].name).bytes + 4;
        }
    }
    return bytes;
}

static size_t tree_bytes(const struct value *value)
{
    size_t bytes = 4;

    switch ((enum value_kind)value->kind) {
    case VALUE_STR:
        return value->str.bytes + 8;
    case VALUE_BLOB:
        return base64_encoded_bytes(value->str.bytes) + 12;
    case VALUE_STRUCT:
    case VALUE_ONE:
        bytes += member_keys_bytes(value);
        /* fall through */
    case VALUE_LIST:
        for (uint32_t i = 0; i < value->count; i++) {
            bytes += tree_bytes(&value->items[i]);
        }
        return bytes;
    case VALUE_MAP:
        for (uint32_t i = 0; i < value->count; i++) {
            bytes += value->pairs[i].key.bytes + 4 + tree_bytes(&value->pairs[i].value);
        }
        return bytes;
    case VALUE_NONE:
        return 0;
    default:
        return SCALAR_BYTES;
    }
}

size_t body_guess(const struct value *value)
{
    return SLACK_BYTES + (value == NULL ? 0 : tree_bytes(value));
}

status body_make(struct arena *arena, size_t guess,
                 void (*write)(struct buf *out, const void *what), const void *what,
                 struct str *ret_body)
{
    struct buf out;

    do {
        char *at = arena_try(arena, guess + 1);
        if (at == NULL) {
            return &ERR_LIMIT;
        }
        out = (struct buf){.at = at, .room = guess, .bytes_max = guess};
        write(&out, what);
        guess *= 2;
    } while (buf_spent(&out));
    *ret_body = buf_str(&out);
    return OK;
}
