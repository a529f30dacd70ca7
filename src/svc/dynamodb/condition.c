/* SPDX-License-Identifier: Apache-2.0
 *
 * Conditions and filters: reading them, and whether they hold for an item.
 *
 * Rules
 *  1. Holding never fails. A comparison of different types, or with what is not there, is false,
 *     except <>, which is true; NOT turns either around.
 *  2. Nothing is allocated; an operand is a view into the item or the request. Only size() makes a
 *     value, in its caller's scratch.
 *  3. Cost is at most the number of operands times the item's bytes; recursion is bounded by
 *     EXPR_NESTING_MAX.
 */
#include "svc/dynamodb/expr_int.h"
#include "svc/dynamodb/number.h"

#include <assert.h>

status condition_read(struct terms *terms, enum expr_kind kind, struct str text,
                      const struct expr **ret_condition)
{
    struct parser parser;
    struct expr *condition = NULL;

    assert(kind == EXPR_CONDITION || kind == EXPR_FILTER || kind == EXPR_KEY_CONDITION ||
           kind == EXPR_SEARCH);
    TRY(parser_begin(&parser, terms, kind, text));
    TRY(parse_condition(&parser, &condition));
    TRY(check_condition(terms, kind, condition));
    *ret_condition = condition;
    return OK;
}

struct datum path_find(const struct path *path, struct str attributes)
{
    struct datum found = datum_find(attributes, path->steps[0].name);

    for (uint32_t i = 1; i < path->count && found.type != DATUM_NONE; i++) {
        const struct step *step = &path->steps[i];

        if (step->is_index) {
            found = datum_at(found, step->index);
        } else {
            found = found.type == DATUM_M ? datum_find(found.body, step->name) : DATUM_ABSENT;
        }
    }
    return found;
}

/* Units of UTF-16, which is what AWS counts as a text's length. */
static size_t text_length(struct str text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.bytes; i++) {
        uint8_t byte = (uint8_t)text.at[i];

        count += (byte & 0xc0) != 0x80;
        count += byte >= 0xf0;
    }
    return count;
}

static struct datum size_of(struct datum value, char *scratch)
{
    struct number number;
    size_t size = 0;

    switch ((enum datum_type)value.type) {
    case DATUM_S:
        size = text_length(value.body);
        break;
    case DATUM_B:
        size = value.body.bytes;
        break;
    case DATUM_SS:
    case DATUM_NS:
    case DATUM_BS:
    case DATUM_L:
    case DATUM_M:
        size = datum_count(value);
        break;
    default:
        return DATUM_ABSENT;
    }
    number_of_u64(size, &number);
    return (struct datum){DATUM_N, str_of(scratch, number_pack(&number, scratch))};
}

struct datum operand_value(const struct expr *operand, struct str attributes, char *scratch)
{
    char inner[NUMBER_PACKED_BYTES_MAX];

    switch ((enum expr_op)operand->op) {
    case OP_PATH:
        return path_find(operand->path, attributes);
    case OP_VALUE:
        return operand->value;
    default:
        assert(operand->op == OP_SIZE);
        return size_of(operand_value(operand->first, attributes, inner), scratch);
    }
}

static bool ordered(struct datum a, struct datum b)
{
    return a.type == b.type && datum_is_scalar_key(a.type);
}

static bool comparison_holds(enum expr_op op, struct datum a, struct datum b)
{
    if (op == OP_EQ || op == OP_NE) {
        bool same = a.type != DATUM_NONE && datum_eq(a, b);

        return same == (op == OP_EQ);
    }
    if (!ordered(a, b)) {
        return false;
    }
    switch (op) {
    case OP_LT:
        return datum_cmp(a, b) < 0;
    case OP_LE:
        return datum_cmp(a, b) <= 0;
    case OP_GT:
        return datum_cmp(a, b) > 0;
    default:
        return datum_cmp(a, b) >= 0;
    }
}

static bool between_holds(const struct expr *expr, struct str attributes)
{
    char scratch[3][NUMBER_PACKED_BYTES_MAX];
    const struct expr *low = expr->first->next;
    struct datum value = operand_value(expr->first, attributes, scratch[0]);
    struct datum from = operand_value(low, attributes, scratch[1]);
    struct datum to = operand_value(low->next, attributes, scratch[2]);

    return ordered(value, from) && ordered(value, to) && datum_cmp(from, value) <= 0 &&
           datum_cmp(value, to) <= 0;
}

static bool in_holds(const struct expr *expr, struct str attributes)
{
    char scratch[2][NUMBER_PACKED_BYTES_MAX];
    struct datum value = operand_value(expr->first, attributes, scratch[0]);

    if (value.type == DATUM_NONE) {
        return false;
    }
    for (const struct expr *one = expr->first->next; one != NULL; one = one->next) {
        if (datum_eq(value, operand_value(one, attributes, scratch[1]))) {
            return true;
        }
    }
    return false;
}

static bool contains_holds(struct datum many, struct datum one)
{
    if (one.type == DATUM_NONE) {
        return false;
    }
    switch ((enum datum_type)many.type) {
    case DATUM_S:
    case DATUM_B:
        return one.type == many.type &&
               (one.body.bytes == 0 || (many.body.bytes >= one.body.bytes &&
                                        memmem(many.body.at, many.body.bytes, one.body.at,
                                               one.body.bytes) != NULL));
    case DATUM_SS:
    case DATUM_NS:
    case DATUM_BS:
    case DATUM_L:
        return datum_has(many, one);
    default:
        return false;
    }
}

static bool begins_holds(struct datum value, struct datum beginning)
{
    return value.type == beginning.type &&
           (value.type == DATUM_S || value.type == DATUM_B) &&
           str_starts(value.body, beginning.body);
}

/* Comparisons and functions of two operands. */
static bool pair_holds(const struct expr *expr, struct str attributes)
{
    char scratch[2][NUMBER_PACKED_BYTES_MAX];
    struct datum a = operand_value(expr->first, attributes, scratch[0]);
    struct datum b = operand_value(expr->first->next, attributes, scratch[1]);

    switch ((enum expr_op)expr->op) {
    case OP_TYPE:
        return a.type != DATUM_NONE && str_eq(datum_type_name(a.type), b.body);
    case OP_BEGINS:
        return begins_holds(a, b);
    case OP_CONTAINS:
        return contains_holds(a, b);
    default:
        return comparison_holds((enum expr_op)expr->op, a, b);
    }
}

bool condition_holds(const struct expr *condition, struct str attributes)
{
    switch ((enum expr_op)condition->op) {
    case OP_OR:
    case OP_AND:
        for (const struct expr *child = condition->first; child != NULL; child = child->next) {
            if (condition_holds(child, attributes) == (condition->op == OP_OR)) {
                return condition->op == OP_OR;
            }
        }
        return condition->op == OP_AND;
    case OP_NOT:
        return !condition_holds(condition->first, attributes);
    case OP_BETWEEN:
        return between_holds(condition, attributes);
    case OP_IN:
        return in_holds(condition, attributes);
    case OP_EXISTS:
        return path_find(condition->first->path, attributes).type != DATUM_NONE;
    case OP_NOT_EXISTS:
        return path_find(condition->first->path, attributes).type == DATUM_NONE;
    default:
        return pair_holds(condition, attributes);
    }
}

bool condition_paths(const struct expr *condition,
                     bool (*seen)(void *context, const struct path *path), void *context)
{
    if (condition->op == OP_PATH) {
        return seen(context, condition->path);
    }
    for (const struct expr *child = condition->first; child != NULL; child = child->next) {
        if (!condition_paths(child, seen, context)) {
            return false;
        }
    }
    return true;
}
