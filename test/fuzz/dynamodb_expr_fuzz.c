/* SPDX-License-Identifier: Apache-2.0
 *
 * Expressions: the first byte chooses the kind, the rest is the text. One that is accepted is
 * evaluated against an item; what an update or a projection makes must be sound.
 */
#include "svc/dynamodb/expr.h"
#include "wire/json.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char request[] =
    "{\"Item\":{\"a\":{\"N\":\"1\"},\"b\":{\"S\":\"x\"},\"l\":{\"L\":[{\"S\":\"p\"},{\"L\":[]}]},"
    "\"m\":{\"M\":{\"k\":{\"N\":\"5\"}}},\"s\":{\"SS\":[\"x\",\"y\"]}},"
    "\"ExpressionAttributeNames\":{\"#a\":\"a\",\"#m\":\"m\"},"
    "\"ExpressionAttributeValues\":{\":n\":{\"N\":\"2\"},\":s\":{\"S\":\"x\"},"
    "\":l\":{\"L\":[{\"N\":\"3\"}]},\":t\":{\"SS\":[\"x\"]}}}";

static void try_update(struct terms *terms, struct str text, const struct item *item)
{
    struct update update;
    struct item made;

    if (update_read(terms, text, &update) == OK &&
        update_apply(terms->arena, &update, item, terms->why, &made) == OK) {
        assert(item_sound(made.packed));
        if (projection_apply(terms->arena, &update.touched, &made, &made) == OK) {
            assert(item_sound(made.packed));
        }
    }
}

static void try_projection(struct terms *terms, struct str text, const struct item *item)
{
    struct paths paths;
    struct item made;

    if (projection_read(terms, text, &paths) == OK &&
        projection_apply(terms->arena, &paths, item, &made) == OK) {
        assert(item_sound(made.packed));
    }
}

static void try_condition(struct terms *terms, enum expr_kind kind, struct str text,
                          const struct item *item)
{
    const struct expr *condition = NULL;
    struct key_condition key;

    if (condition_read(terms, kind, text, &condition) == OK) {
        condition_holds(condition, item->attributes);
        condition_holds(condition, STR_NONE);
        key_condition_of(terms, condition, &key);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(64u << 20);
    uint32_t shape = model_operation(model_service(STR("dynamodb")), STR("PutItem"))->input;
    struct value in;
    struct why why;
    struct terms terms;
    struct item item;
    bool good = json_read(arena_dup(arena, str_c(request)), shape, arena, &why, &in) == OK &&
                terms_read(arena, get(&in, "ExpressionAttributeNames"),
                           get(&in, "ExpressionAttributeValues"), &why, &terms) == OK &&
                item_from_value(arena, get(&in, "Item"), &why, &item) == OK;

    assert(good);
    if (size > 0) {
        struct str text = str_of(data + 1, size - 1);

        switch (data[0] % 3) {
        case 0:
            try_update(&terms, text, &item);
            break;
        case 1:
            try_projection(&terms, text, &item);
            break;
        default:
            try_condition(&terms, EXPR_KEY_CONDITION, text, &item);
        }
    }
    arena_free(arena);
    return 0;
}
