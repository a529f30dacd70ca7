/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of items and expressions share: AttributeValues written as JSON become the wire's
 * value trees by the wire's own reader, and items come back as JSON to be compared. In JSON here '
 * stands for ".
 */
#ifndef WEIR_TEST_SVC_DYNAMODB_WORLD_H
#define WEIR_TEST_SVC_DYNAMODB_WORLD_H

#include "base/mem.h"
#include "svc/dynamodb/item.h"
#include "wire/json.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#undef fail

struct world {
    struct arena *arena;
    struct why why;
};

static inline uint32_t input_shape(const char *operation)
{
    return model_operation(model_service(STR("dynamodb")), str_c(operation))->input;
}

static inline struct str quoted(struct arena *arena, const char *json)
{
    struct str text = arena_dup(arena, str_c(json));
    char *at = (char *)(uintptr_t)text.at;

    for (size_t i = 0; i < text.bytes; i++) {
        at[i] = at[i] == '\'' ? '"' : at[i];
    }
    return text;
}

/* An operation's input from JSON. */
static inline struct value *input_of(struct arena *arena, const char *operation, const char *json)
{
    struct value *in = value_struct(arena, input_shape(operation));
    struct str text = quoted(arena, json);
    struct why why = {""};

    if (json_read(text, input_shape(operation), arena, &why, in) != OK) {
        print_error("%s\n%s\n", json, why.text);
        assert_true(!"JSON of a test");
    }
    return in;
}

/* A map of AttributeValues: {'a':{'S':'x'}} */
static inline const struct value *map_of(struct arena *arena, const char *json)
{
    struct str text = arena_printf(arena, "{\"Item\":%s}", json);

    return get(input_of(arena, "PutItem", text.at), "Item");
}

static inline struct item item_of(struct world *w, const char *json)
{
    struct item item = ITEM_ABSENT;

    if (item_from_value(w->arena, map_of(w->arena, json), &w->why, &item) != OK) {
        print_error("%s\n%s\n", json, w->why.text);
        assert_true(!"an item of a test");
    }
    assert_true(item_sound(item.packed));
    return item;
}

/* The item as JSON; for the arena's life. */
static inline const char *text_of(struct world *w, const struct item *item)
{
    uint32_t get_item = model_operation(model_service(STR("dynamodb")), STR("GetItem"))->output;
    struct value *out = value_struct(w->arena, get_item);
    struct buf buf;
    const char *text;

    item_to_value(w->arena, item, out, "Item");
    buf_init(&buf, 4u << 20);
    value_dump(&buf, get(out, "Item"));
    text = arena_dup(w->arena, buf_str(&buf)).at;
    buf_done(&buf);
    return text;
}

static inline int world_open(void **state)
{
    struct world *w = mem_zero(sizeof(*w));

    w->arena = arena_new(64u << 20);
    *state = w;
    return 0;
}

static inline int world_close(void **state)
{
    struct world *w = *state;

    arena_free(w->arena);
    mem_free(w);
    return 0;
}

/* A test with a world of its own. */
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_open, world_close)

/* Chance with a seed. */
static uint64_t world_seed = 20261124;

static inline uint64_t chance(uint64_t below)
{
    world_seed ^= world_seed << 13;
    world_seed ^= world_seed >> 7;
    world_seed ^= world_seed << 17;
    return (world_seed >> 11) % below;
}

#endif
