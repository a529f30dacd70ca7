/* SPDX-License-Identifier: Apache-2.0
 *
 * For tests of readers and writers: shapes by name, trees as text.
 */
#ifndef WEIR_TEST_WIRE_TREE_H
#define WEIR_TEST_WIRE_TREE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "wire/value.h"
#include "wire/wire.h"

#define TREE_ARENA_BYTES_MAX (256u << 20)

static inline const struct operation *operation_of(const char *service, const char *name)
{
    const struct service_model *model = model_service(str_c(service));

    assert_non_null(model);
    const struct operation *operation = model_operation(model, str_c(name));
    assert_non_null(operation);
    return operation;
}

/* A shape of the service by its name: found below an operation's input or output. */
static inline uint32_t member_shape_of(uint32_t structure, const char *member)
{
    int index = model_member_index(model_shape(structure), str_c(member));

    assert_true(index >= 0);
    return model_members[model_shape(structure)->first + (uint32_t)index].shape;
}

/* Zero-ended, in the arena. */
static inline const char *dump_of(struct arena *arena, const struct value *value)
{
    struct buf out;

    buf_init(&out, TREE_ARENA_BYTES_MAX);
    value_dump(&out, value);
    assert_false(buf_spent(&out));
    const char *text = arena_dup(arena, buf_str(&out)).at;
    buf_done(&out);
    return text;
}

#endif
