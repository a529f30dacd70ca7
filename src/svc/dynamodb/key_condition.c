/* SPDX-License-Identifier: Apache-2.0
 *
 * Key conditions: from a KeyConditionExpression, against a key's schema, to a range of rows.
 */
#include "svc/dynamodb/errors.h"
#include "svc/dynamodb/expr_int.h"

#include <assert.h>

#define SORT_END_BYTES 2 /* what key_str writes behind a text */
#define TOO_MANY "Conditions can be of length 1 or 2 only"
#define NOT_SUPPORTED "Query key condition not supported"

struct key_reading {
    struct terms *terms;              /* why */
    struct key_condition condition;   /* so far */
};

static status refuse(struct terms *terms, const char *sentence, struct str what)
{
    return why_set(terms->why, &DDB_VALIDATION, "%s%.*s", sentence, STR_ARG(what));
}

static enum expr_op mirrored(enum expr_op op)
{
    switch (op) {
    case OP_LT:
        return OP_GT;
    case OP_LE:
        return OP_GE;
    case OP_GT:
        return OP_LT;
    case OP_GE:
        return OP_LE;
    default:
        return op;
    }
}

/* Operators and functions that no key condition has. */
static status check_operator(struct key_reading *k, const struct expr *expr)
{
    switch ((enum expr_op)expr->op) {
    case OP_EQ:
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE:
    case OP_BETWEEN:
    case OP_BEGINS:
        return OK;
    default:
        return refuse(k->terms, "Invalid operator used in KeyConditionExpression: ", expr->text);
    }
}

static status check_operands(struct key_reading *k, const struct expr *expr)
{
    const struct expr *key = NULL;

    if (expr->first->op != OP_PATH && (expr->op == OP_BETWEEN || expr->op == OP_BEGINS)) {
        why_set(k->terms->why, &DDB_VALIDATION, "Invalid condition in KeyConditionExpression: %.*s "
                "operator must have the key attribute as its first operand", STR_ARG(expr->text));
        return &DDB_VALIDATION;
    }
    for (const struct expr *one = expr->first; one != NULL; one = one->next) {
        if (one->op == OP_SIZE) {
            return refuse(k->terms, "KeyConditionExpressions cannot contain nested operations",
                          STR(""));
        }
        if (one->op == OP_PATH && key != NULL) {
            return refuse(k->terms, "Invalid condition in KeyConditionExpression: Multiple "
                                    "attribute names used in one condition", STR(""));
        }
        if (one->op == OP_PATH && one->path->count > 1) {
            return refuse(k->terms, "KeyConditionExpressions cannot have conditions on nested "
                                    "attributes", STR(""));
        }
        key = one->op == OP_PATH ? one : key;
    }
    if (key == NULL) {
        return refuse(k->terms, "Invalid condition in KeyConditionExpression: No key attribute "
                                "specified", STR(""));
    }
    return OK;
}

static status add_term(struct key_reading *k, const struct expr *expr)
{
    struct key_term term = {.op = expr->op};
    size_t values = 0;

    TRY(check_operator(k, expr));
    TRY(check_operands(k, expr));
    if (expr->first->op != OP_PATH) {
        term.op = (uint8_t)mirrored((enum expr_op)expr->op);
    }
    for (const struct expr *one = expr->first; one != NULL; one = one->next) {
        if (one->op == OP_PATH) {
            term.name = one->path->steps[0].name;
        } else {
            term.values[values++] = one->value;
        }
    }
    for (size_t i = 0; i < k->condition.count; i++) {
        if (str_eq(k->condition.terms[i].name, term.name)) {
            return refuse(k->terms, "KeyConditionExpressions must only contain one condition per "
                                    "key", STR(""));
        }
    }
    if (k->condition.count == KEY_PARTS_MAX) {
        return refuse(k->terms, TOO_MANY, STR(""));
    }
    k->condition.terms[k->condition.count++] = term;
    return OK;
}

static status read_terms(struct key_reading *k, const struct expr *expr)
{
    if (expr->op != OP_AND) {
        return add_term(k, expr);
    }
    for (const struct expr *child = expr->first; child != NULL; child = child->next) {
        TRY(read_terms(k, child));
    }
    return OK;
}

status key_condition_of(struct terms *terms, const struct expr *condition,
                        struct key_condition *ret_condition)
{
    struct key_reading k = {.terms = terms};

    TRY(read_terms(&k, condition));
    *ret_condition = k.condition;
    return OK;
}

/* ---- against a schema ---- */

static bool is_indexable(uint8_t op)
{
    return op == OP_EQ || (op >= OP_LT && op <= OP_BETWEEN) || op == OP_BEGINS;
}

static size_t term_values(const struct key_term *term)
{
    return term->op == OP_BETWEEN ? 2 : 1;
}

static status check_term(const struct key_term *term, bool hash, uint8_t type, struct why *why)
{
    if (!is_indexable(term->op)) {
        return why_set(why, &DDB_VALIDATION, "Attempted conditional constraint is not an "
                                             "indexable operation");
    }
    for (size_t i = 0; i < term_values(term); i++) {
        if (term->values[i].type != type) {
            return why_set(why, &DDB_VALIDATION, "One or more parameter values were invalid: "
                           "Condition parameter type does not match schema type");
        }
        TRY(key_datum_check(term->values[i], term->name, hash, why));
    }
    if ((hash && term->op != OP_EQ) || (term->op == OP_BEGINS && type == DATUM_N)) {
        return why_set(why, &DDB_VALIDATION, NOT_SUPPORTED);
    }
    return OK;
}

status key_condition_count(const struct key_condition *condition, const struct key_schema *schema,
                           struct why *why)
{
    if (condition->count <= schema->count) {
        return OK;
    }
    return why_set(why, &DDB_VALIDATION, schema->count == 2 ? TOO_MANY : NOT_SUPPORTED);
}

/* Terms before part are in their places. */
status key_condition_part(struct key_condition *condition, const struct key_schema *schema,
                          uint8_t part, struct why *why)
{
    struct key_term *terms = condition->terms;
    bool hash = part < schema->hashes;
    size_t at = part;

    condition->hashes = schema->hashes;
    while (at < condition->count && !str_eq(terms[at].name, schema->names[part])) {
        at++;
    }
    if (at >= condition->count) {
        return !hash && part >= condition->count
                   ? OK
                   : why_set(why, &DDB_VALIDATION, "Query condition missed key schema element: "
                             "%.*s", STR_ARG(schema->names[part]));
    }
    struct key_term term = terms[at];

    terms[at] = terms[part];
    terms[part] = term;
    TRY(check_term(&term, hash, schema->types[part], why));
    if (part > schema->hashes && terms[part - 1].op != OP_EQ) {
        return why_set(why, &DDB_VALIDATION, NOT_SUPPORTED);
    }
    return OK;
}

status key_condition_bind(struct key_condition *condition, const struct key_schema *schema,
                          struct why *why)
{
    TRY(key_condition_count(condition, schema, why));
    for (uint8_t part = 0; part < schema->count; part++) {
        TRY(key_condition_part(condition, schema, part, why));
    }
    return OK;
}

bool key_term_holds(const struct key_term *term, struct datum value)
{
    int order = datum_cmp(value, term->values[0]);

    switch ((enum expr_op)term->op) {
    case OP_EQ:
        return order == 0;
    case OP_LT:
        return order < 0;
    case OP_LE:
        return order <= 0;
    case OP_GT:
        return order > 0;
    case OP_GE:
        return order >= 0;
    case OP_BETWEEN:
        return order >= 0 && datum_cmp(value, term->values[1]) <= 0;
    default:
        assert(term->op == OP_BEGINS);
        return str_starts(value.body, term->values[0].body);
    }
}

/* ---- rows ---- */

static struct str key_with(struct arena *arena, struct str prefix, struct datum value)
{
    struct key key = {.arena = arena, .room = prefix.bytes + value.body.bytes + 8};

    key.at = arena_alloc(arena, key.room);
    if (prefix.bytes > 0) {
        memcpy(key.at, prefix.at, prefix.bytes);
    }
    key.bytes = prefix.bytes;
    key_datum(&key, value);
    return key_end(&key);
}

void key_term_range(struct arena *arena, struct str prefix, const struct key_term *term,
                    struct str *ret_from, struct str *ret_to)
{
    struct str key = key_with(arena, prefix, term->values[0]);
    struct str end = key_after_prefix(arena, prefix);

    *ret_from = key;
    *ret_to = end;
    switch ((enum expr_op)term->op) {
    case OP_EQ:
        *ret_to = key_after_prefix(arena, key);
        return;
    case OP_LT:
        *ret_from = prefix;
        *ret_to = key;
        return;
    case OP_LE:
        *ret_from = prefix;
        *ret_to = key_after_prefix(arena, key);
        return;
    case OP_GT:
        *ret_from = key_after_prefix(arena, key);
        return;
    case OP_GE:
        return;
    case OP_BETWEEN:
        *ret_to = key_after_prefix(arena, key_with(arena, prefix, term->values[1]));
        return;
    default:
        assert(term->op == OP_BEGINS);
        *ret_from = str_slice(key, 0, key.bytes - SORT_END_BYTES);
        *ret_to = key_after_prefix(arena, *ret_from);
        return;
    }
}

void key_condition_range(struct arena *arena, struct str prefix,
                         const struct key_condition *condition, struct str *ret_from,
                         struct str *ret_to)
{
    size_t last = condition->count - 1;

    if (condition->count == condition->hashes) {
        *ret_from = prefix;
        *ret_to = key_after_prefix(arena, prefix);
        return;
    }
    for (size_t i = condition->hashes; i < last; i++) {
        prefix = key_with(arena, prefix, condition->terms[i].values[0]);
    }
    key_term_range(arena, prefix, &condition->terms[last], ret_from, ret_to);
}
