/* SPDX-License-Identifier: Apache-2.0
 *
 * Asking queries. A value of kind VALUE_NONE is jq's empty: nothing comes out of what has it in it,
 * but // goes on with the other side.
 */
#include "svc/firehose/query_int.h"

#include "base/buf.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

static status run_node(struct query_run *run, const struct node *node, const struct value *input,
                       struct value *ret_value);

status query_wrong(struct query_run *run, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(run->why->text, sizeof(run->why->text), format, args);
    va_end(args);
    return &ERR_MALFORMED;
}

bool query_number(const struct value *value, double *ret_number)
{
    if (value->kind != VALUE_INT && value->kind != VALUE_DOUBLE) {
        return false;
    }
    *ret_number = value->kind == VALUE_INT ? (double)value->number : value->real;
    return true;
}

void query_set_number(struct value *value, double number)
{
    bool whole = isfinite(number) && fabs(number) < 9007199254740992.0 &&
                 number == (double)(int64_t)number;

    *value = whole ? (struct value){.kind = VALUE_INT, .number = (int64_t)number}
                   : (struct value){.kind = VALUE_DOUBLE, .real = number};
}

struct value query_plain(const struct value *value)
{
    struct value plain = *value;

    if (value->kind == VALUE_DOUBLE) {
        query_set_number(&plain, value->real);
    }
    return plain;
}

status query_text(struct query_run *run, const char *at, size_t bytes, struct value *ret_value)
{
    run->bytes += bytes;
    if (run->bytes > QUERY_BYTES_MAX) {
        return query_wrong(run, "the query makes too much text");
    }
    *ret_value = (struct value){.kind = VALUE_STR, .str = arena_dup(run->arena, str_of(at, bytes))};
    return OK;
}

const char *query_type(const struct value *value)
{
    switch (value->kind) {
    case VALUE_BOOL:
        return "boolean";
    case VALUE_INT:
    case VALUE_DOUBLE:
        return "number";
    case VALUE_STR:
        return "string";
    case VALUE_LIST:
        return "array";
    case VALUE_MAP:
        return "object";
    default:
        return "null";
    }
}

static bool is_true(const struct value *value)
{
    return value->kind != VALUE_NULL && !(value->kind == VALUE_BOOL && !value->truth);
}

static const struct value null_value = {.kind = VALUE_NULL};

/* ---- order ---- */

static int rank(const struct value *value)
{
    switch (value->kind) {
    case VALUE_NULL:
        return 0;
    case VALUE_BOOL:
        return value->truth ? 2 : 1;
    case VALUE_INT:
    case VALUE_DOUBLE:
        return 3;
    case VALUE_STR:
        return 4;
    case VALUE_LIST:
        return 5;
    default:
        return 6;
    }
}

/* Values without parts; those with parts are not compared. */
static status order(struct query_run *run, const struct value *a, const struct value *b,
                    int *ret_order)
{
    double left;
    double right;

    if (rank(a) >= 5 && rank(a) == rank(b)) {
        return query_wrong(run, "%s values are not compared", query_type(a));
    }
    if (rank(a) != rank(b)) {
        *ret_order = rank(a) < rank(b) ? -1 : 1;
    } else if (query_number(a, &left) && query_number(b, &right)) {
        *ret_order = left < right ? -1 : left > right;
    } else {
        *ret_order = a->kind == VALUE_STR ? str_cmp(a->str, b->str) : 0;
    }
    return OK;
}

static status compare(struct query_run *run, const struct node *node, const struct value *a,
                      const struct value *b, struct value *ret_value)
{
    int found = 0;
    bool holds;

    TRY(order(run, a, b, &found));
    holds = node->compare == COMPARE_EQ   ? found == 0
            : node->compare == COMPARE_NE ? found != 0
            : node->compare == COMPARE_LT ? found < 0
            : node->compare == COMPARE_LE ? found <= 0
            : node->compare == COMPARE_GT ? found > 0
                                          : found >= 0;
    *ret_value = (struct value){.kind = VALUE_BOOL, .truth = holds};
    return OK;
}

/* ---- arithmetic ---- */

static status add_texts(struct query_run *run, struct str a, struct str b,
                        struct value *ret_value)
{
    run->bytes += a.bytes + b.bytes;
    if (run->bytes > QUERY_BYTES_MAX) {
        return query_wrong(run, "the query makes too much text");
    }
    *ret_value = (struct value){.kind = VALUE_STR, .str = str_join(run->arena, a, b)};
    return OK;
}

static status arithmetic(struct query_run *run, char operation, const struct value *a,
                         const struct value *b, struct value *ret_value)
{
    double left;
    double right;

    if (operation == '+' && (a->kind == VALUE_NULL || b->kind == VALUE_NULL)) {
        *ret_value = a->kind == VALUE_NULL ? *b : *a;
        return OK;
    }
    if (operation == '+' && a->kind == VALUE_STR && b->kind == VALUE_STR) {
        return add_texts(run, a->str, b->str, ret_value);
    }
    if (!query_number(a, &left) || !query_number(b, &right)) {
        return query_wrong(run, "%s and %s have no %c", query_type(a), query_type(b), operation);
    }
    if ((operation == '/' || operation == '%') &&
        (right == 0 || (operation == '%' && fabs(right) < 1))) {
        return query_wrong(run, "division by zero");
    }
    query_set_number(ret_value, operation == '+'   ? left + right
                                : operation == '-' ? left - right
                                : operation == '*' ? left * right
                                : operation == '/' ? left / right
                                                   : fmod(trunc(left), trunc(right)));
    return OK;
}

/* ---- parts ---- */

static bool place(const struct value *index, size_t count, size_t *ret_at)
{
    double at;

    if (!query_number(index, &at) || !isfinite(at)) {
        return false;
    }
    at = floor(at) < 0 ? floor(at) + (double)count : floor(at);
    if (at < 0 || at >= (double)count) {
        return false;
    }
    *ret_at = (size_t)at;
    return true;
}

static status index_value(struct query_run *run, const struct value *of, const struct value *index,
                          struct value *ret_value)
{
    const struct value *found = NULL;
    size_t at = 0;
    double number;

    if (of->kind == VALUE_MAP && index->kind == VALUE_STR) {
        found = map_find(of, index->str);
    } else if (of->kind == VALUE_LIST && query_number(index, &number)) {
        found = place(index, of->count, &at) ? &of->items[at] : NULL;
    } else if (of->kind != VALUE_NULL ||
               (index->kind != VALUE_STR && !query_number(index, &number))) {
        return query_wrong(run, "Cannot index %s with %s", query_type(of), query_type(index));
    }
    *ret_value = found == NULL ? null_value : *found;
    return OK;
}

/* Where a slice begins or ends. */
static status bound(struct query_run *run, const struct value *value, size_t count, size_t *at)
{
    double number;

    if (value->kind == VALUE_NULL) {
        return OK;
    }
    if (!query_number(value, &number) || !isfinite(number)) {
        return query_wrong(run, "a slice has numbers");
    }
    number = number < 0 ? number + (double)count : number;
    number = number < 0 ? 0 : number > (double)count ? (double)count : number;
    *at = (size_t)number;
    return OK;
}

/* Bytes of the first so many letters. */
static size_t letters(struct str text, size_t count)
{
    size_t at = 0;

    for (; at < text.bytes; at++) {
        if (((unsigned char)text.at[at] & 0xc0) != 0x80 && count-- == 0) {
            break;
        }
    }
    return at;
}

static size_t letter_count(struct str text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.bytes; i++) {
        count += ((unsigned char)text.at[i] & 0xc0) != 0x80;
    }
    return count;
}

static status slice_value(struct query_run *run, const struct value *of, const struct value *ends,
                          struct value *ret_value)
{
    size_t count = of->kind == VALUE_STR ? letter_count(of->str) : of->count;
    size_t from = 0;
    size_t to = count;

    if (of->kind == VALUE_NULL) {
        *ret_value = null_value;
        return OK;
    }
    if (of->kind != VALUE_STR && of->kind != VALUE_LIST) {
        return query_wrong(run, "Cannot slice %s", query_type(of));
    }
    TRY(bound(run, &ends[0], count, &from));
    TRY(bound(run, &ends[1], count, &to));
    to = to < from ? from : to;
    *ret_value = *of;
    if (of->kind == VALUE_STR) {
        ret_value->str = str_slice(of->str, letters(of->str, from), letters(of->str, to));
    } else {
        ret_value->items = of->items + from;
        ret_value->count = ret_value->room = (uint32_t)(to - from);
    }
    return OK;
}

/* ---- objects and arrays ---- */

static size_t entries(const struct node *node)
{
    size_t count = 0;

    for (const struct node *entry = node->a; entry != NULL; entry = entry->next) {
        count++;
    }
    return count;
}

static status make_object(struct query_run *run, const struct node *node,
                          const struct value *input, struct value *ret_value)
{
    struct value object = {.kind = VALUE_MAP, .room = (uint32_t)entries(node)};

    object.pairs = arena_zero(run->arena, (object.room + 1) * sizeof(struct pair));
    for (const struct node *entry = node->a; entry != NULL; entry = entry->next) {
        struct pair pair;
        struct value key;
        uint32_t at = 0;

        TRY(run_node(run, entry->a, input, &key));
        TRY(run_node(run, entry->b, input, &pair.value));
        if (key.kind == VALUE_NONE || pair.value.kind == VALUE_NONE) {
            *ret_value = (struct value){.kind = VALUE_NONE};
            return OK;
        }
        if (key.kind != VALUE_STR) {
            return query_wrong(run, "Object keys must be strings");
        }
        pair.key = key.str;
        while (at < object.count && !str_eq(object.pairs[at].key, pair.key)) {
            at++;
        }
        object.count += at == object.count;
        object.pairs[at] = pair;
    }
    *ret_value = object;
    return OK;
}

static status make_array(struct query_run *run, const struct node *node,
                         const struct value *input, struct value *ret_value)
{
    struct value array = {.kind = VALUE_LIST, .room = (uint32_t)entries(node)};

    array.items = arena_zero(run->arena, (array.room + 1) * sizeof(struct value));
    for (const struct node *entry = node->a; entry != NULL; entry = entry->next) {
        TRY(run_node(run, entry->b, input, &array.items[array.count]));
        array.count += array.items[array.count].kind != VALUE_NONE;
    }
    *ret_value = array;
    return OK;
}

/* ---- nodes ---- */

static status run_otherwise(struct query_run *run, const struct node *node,
                            const struct value *input, struct value *ret_value)
{
    if (run_node(run, node->a, input, ret_value) == OK && ret_value->kind != VALUE_NONE &&
        is_true(ret_value)) {
        return OK;
    }
    return run_node(run, node->b, input, ret_value);
}

static status run_logic(struct query_run *run, const struct node *node, const struct value *input,
                        struct value *ret_value)
{
    bool decides = node->kind == NODE_OR; /* what the left side must be to decide */
    struct value side;

    TRY(run_node(run, node->a, input, &side));
    if (side.kind != VALUE_NONE && is_true(&side) != decides) {
        TRY(run_node(run, node->b, input, &side));
    }
    *ret_value = side.kind == VALUE_NONE
                     ? side
                     : (struct value){.kind = VALUE_BOOL, .truth = is_true(&side)};
    return OK;
}

/* Those of two sides, of which a then b is asked: empty of either is empty. */
static status run_sides(struct query_run *run, const struct node *node, const struct value *input,
                        struct value *ret_value)
{
    struct value a;
    struct value b = null_value;

    TRY(run_node(run, node->a, input, &a));
    if (node->b != NULL) {
        TRY(run_node(run, node->b, input, &b));
    }
    if (a.kind == VALUE_NONE || b.kind == VALUE_NONE) {
        *ret_value = (struct value){.kind = VALUE_NONE};
        return OK;
    }
    switch (node->kind) {
    case NODE_INDEX:
        return index_value(run, &a, &b, ret_value);
    case NODE_COMPARE:
        return compare(run, node, &a, &b, ret_value);
    case NODE_ARITHMETIC:
        return arithmetic(run, node->operation, &a, &b, ret_value);
    default: /* NODE_NEGATE */
        b = (struct value){.kind = VALUE_INT, .number = 0};
        return arithmetic(run, '-', &b, &a, ret_value);
    }
}

static status run_slice(struct query_run *run, const struct node *node, const struct value *input,
                        struct value *ret_value)
{
    struct value ends[2] = {null_value, null_value};
    struct value of;

    TRY(run_node(run, node->a, input, &of));
    if (node->b != NULL) {
        TRY(run_node(run, node->b, input, &ends[0]));
    }
    if (node->c != NULL) {
        TRY(run_node(run, node->c, input, &ends[1]));
    }
    if (of.kind == VALUE_NONE) {
        *ret_value = of;
        return OK;
    }
    return slice_value(run, &of, ends, ret_value);
}

static status run_if(struct query_run *run, const struct node *node, const struct value *input,
                     struct value *ret_value)
{
    struct value condition;

    TRY(run_node(run, node->a, input, &condition));
    if (condition.kind == VALUE_NONE) {
        *ret_value = condition;
        return OK;
    }
    if (is_true(&condition)) {
        return run_node(run, node->b, input, ret_value);
    }
    if (node->c == NULL) {
        *ret_value = *input;
        return OK;
    }
    return run_node(run, node->c, input, ret_value);
}

static status run_call(struct query_run *run, const struct node *node, const struct value *input,
                       struct value *ret_value)
{
    struct value argument = null_value;

    if (node->a != NULL) {
        TRY(run_node(run, node->a, input, &argument));
    }
    if (argument.kind == VALUE_NONE) {
        *ret_value = argument;
        return OK;
    }
    return query_call(run, node->function, input, &argument, ret_value);
}

static status run_node(struct query_run *run, const struct node *node, const struct value *input,
                       struct value *ret_value)
{
    struct value between;

    switch (node->kind) {
    case NODE_IDENTITY:
        *ret_value = *input;
        return OK;
    case NODE_CONSTANT:
        *ret_value = node->constant;
        return OK;
    case NODE_PIPE:
        TRY(run_node(run, node->a, input, &between));
        if (between.kind == VALUE_NONE) {
            *ret_value = between;
            return OK;
        }
        return run_node(run, node->b, &between, ret_value);
    case NODE_TRY:
        if (run_node(run, node->a, input, ret_value) != OK) {
            *ret_value = (struct value){.kind = VALUE_NONE};
        }
        return OK;
    case NODE_OTHERWISE:
        return run_otherwise(run, node, input, ret_value);
    case NODE_OR:
    case NODE_AND:
        return run_logic(run, node, input, ret_value);
    case NODE_SLICE:
        return run_slice(run, node, input, ret_value);
    case NODE_IF:
        return run_if(run, node, input, ret_value);
    case NODE_OBJECT:
        return make_object(run, node, input, ret_value);
    case NODE_ARRAY:
        return make_array(run, node, input, ret_value);
    case NODE_CALL:
        return run_call(run, node, input, ret_value);
    default:
        return run_sides(run, node, input, ret_value);
    }
}

status query_run(const struct query *query, const struct value *input, struct arena *arena,
                 struct why *why, struct value *ret_value)
{
    struct query_run run = {.arena = arena, .why = why};

    return run_node(&run, query->root, input, ret_value);
}
