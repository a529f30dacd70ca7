/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts on the heap, tokens and limits of pages.
 */
#include "base/codec.h"
#include "base/mem.h"
#include "svc/logs/logs_int.h"

#define TOKEN_BYTES_MAX 8192 /* of two names and what is between them */

void text_set(struct str *owned, struct str text)
{
    char *copy = text.bytes == 0 ? NULL : mem_dup(text.at, text.bytes);

    mem_free((char *)(uintptr_t)owned->at);
    *owned = str_of(copy, text.bytes);
}

struct str token_of(struct call *c, struct str name)
{
    char *hex = arena_alloc(c->arena, 2 * name.bytes + 1);

    hex_encode(name, hex);
    return str_of(hex, 2 * name.bytes);
}

status token_read(struct call *c, const char *member, struct str *ret_name)
{
    struct str token = arg_str(c, member);
    char *name = arena_alloc(c->arena, TOKEN_BYTES_MAX / 2 + 1);

    if (token.bytes > TOKEN_BYTES_MAX || token.bytes % 2 != 0 || !hex_decode(token, name)) {
        return fail(c, &LOGS_INVALID, "The specified nextToken is invalid.");
    }
    *ret_name = str_of(name, token.bytes / 2);
    return OK;
}

size_t limit_of_call(struct call *c, const char *member, size_t fallback)
{
    return (size_t)arg_int(c, member, (int64_t)fallback);
}

struct str uuid_new(struct call *c)
{
    char *id = arena_alloc(c->arena, 36);

    rand_uuid(c->rand, id);
    return str_of(id, 36);
}
