/* SPDX-License-Identifier: Apache-2.0
 *
 * Small things that all of the service uses.
 */
#include "base/mem.h"
#include "svc/apigatewayv2/record.h"

#include <assert.h>

struct str owner_of(struct call *c)
{
    return arena_printf(c->arena, "%.*s/%.*s", STR_ARG(c->account), STR_ARG(c->region));
}

struct str api_owner(struct call *c, const struct api *api)
{
    return arena_printf(c->arena, "%.*s/%.*s", STR_ARG(api->account), STR_ARG(api->region));
}

struct str domain_owner(struct call *c, struct str name)
{
    return arena_printf(c->arena, "%.*s/%.*s/%.*s", STR_ARG(c->account), STR_ARG(c->region),
                        STR_ARG(name));
}

void text_keep(struct str *owned, struct str text)
{
    struct str kept = STR_NONE;

    if (text.bytes > 0) {
        kept = str_of(mem_dup(text.at, text.bytes), text.bytes);
    }
    mem_free((void *)(uintptr_t)owned->at);
    *owned = kept;
}

void copy_members(struct value *to, const struct value *from)
{
    const struct shape *shape = model_shape(to->shape);

    assert(to->kind == VALUE_STRUCT);
    assert(from->kind == VALUE_STRUCT);
    for (uint32_t i = 0; i < shape->count; i++) {
        struct str name = model_text(model_members[shape->first + i].name);
        int index = model_member_index(model_shape(from->shape), name);

        if (index >= 0 && from->items[index].kind != VALUE_NONE) {
            to->items[i] = from->items[index];
        }
    }
}
