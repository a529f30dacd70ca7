/* SPDX-License-Identifier: Apache-2.0
 *
 * Parameters from before expressions.
 *
 * A condition of Expected and of a filter is read into a struct comparison first, which both share;
 * from that a node is made. Values are checked as everywhere, before what is said about them.
 */
#include "svc/dynamodb/legacy.h"

#include "svc/dynamodb/errors.h"
#include "svc/dynamodb/expr_int.h"

#include <assert.h>
#include <stdlib.h>

#define INVALID "One or more parameter values were invalid: "

const struct parameters parameters_put_item = {{"ConditionExpression"}, {"Expected"}};
const struct parameters parameters_update_item = {
    {"UpdateExpression", "ConditionExpression"},
    {"AttributeUpdates", "Expected"},
};
const struct parameters parameters_get_item = {{"ProjectionExpression"}, {"AttributesToGet"}};
const struct parameters parameters_query = {
    {"ProjectionExpression", "FilterExpression", "KeyConditionExpression"},
    {"AttributesToGet", "QueryFilter", "ConditionalOperator", "KeyConditions"},
};
const struct parameters parameters_scan = {
    {"ProjectionExpression", "FilterExpression"},
    {"AttributesToGet", "ScanFilter", "ConditionalOperator"},
};
const struct parameters parameters_search = {
    {"ProjectionExpression", "SearchConditionExpression"},
    {NULL},
};

struct legacy {
    struct arena *arena; /* everything made */
    struct why *why;     /* the sentence */
};

struct comparison {
    struct str attribute;   /* its name */
    struct str word;        /* "EQ" */
    struct datum *values;   /* what it is compared with */
    uint32_t count;         /* of the values */
};

/* ---- which parameters ---- */

/* "A, B" of those that are there. */
static struct str given(struct arena *arena, const struct value *in, const char *const *members,
                        const char *except)
{
    struct str text = STR("");

    for (; *members != NULL; members++) {
        if (has(in, *members) && (except == NULL || strcmp(*members, except) != 0)) {
            text = arena_printf(arena, "%.*s%s%s", STR_ARG(text), text.bytes > 0 ? ", " : "",
                                *members);
        }
    }
    return text;
}

/* Expressions that values could be used in: "A and B are null". */
static status values_without(const struct value *in, const struct parameters *parameters,
                             struct arena *arena, struct why *why)
{
    struct str text = STR("");
    int count = 0;

    for (size_t i = 0; parameters->expressions[i] != NULL; i++) {
        const char *member = parameters->expressions[i];

        if (strcmp(member, "ProjectionExpression") == 0) {
            continue;
        }
        if (has(in, member)) {
            return OK;
        }
        text = arena_printf(arena, "%.*s%s%s", STR_ARG(text), count++ > 0 ? " and " : "", member);
    }
    if (count == 0) {
        return OK;
    }
    return why_set(why, &DDB_VALIDATION, "ExpressionAttributeValues can only be specified when "
                   "using expressions: %.*s %s null", STR_ARG(text), count > 1 ? "are" : "is");
}

static bool has_member(const struct value *in, const char *member)
{
    return model_member_index(model_shape(in->shape), str_c(member)) >= 0 && has(in, member);
}

status parameters_check(struct arena *arena, const struct value *in,
                        const struct parameters *parameters, struct why *why)
{
    struct str expressions = given(arena, in, parameters->expressions, NULL);
    bool old_keys = has_member(in, "KeyConditions") && !has_member(in, "KeyConditionExpression");
    struct str legacy = given(arena, in, parameters->legacy, old_keys ? "KeyConditions" : NULL);

    if (expressions.bytes > 0 && legacy.bytes > 0) {
        return why_set(why, &DDB_VALIDATION, "Can not use both expression and non-expression "
                       "parameters in the same request: Non-expression parameters: {%.*s} "
                       "Expression parameters: {%.*s}", STR_ARG(legacy), STR_ARG(expressions));
    }
    if (expressions.bytes == 0 && has_member(in, "ExpressionAttributeNames")) {
        return why_set(why, &DDB_VALIDATION,
                       "ExpressionAttributeNames can only be specified when using expressions");
    }
    if (has_member(in, "ExpressionAttributeValues")) {
        return values_without(in, parameters, arena, why);
    }
    return OK;
}

/* ---- comparisons ---- */

/* What an operator takes, and the node it becomes. */
static const struct comparator {
    const char *name;    /* of the operator */
    uint8_t op;          /* enum expr_op */
    uint8_t count_min;   /* values */
    uint8_t count_max;   /* values; 255: any */
    bool negated;        /* NOT around it */
    uint16_t types;      /* bits of the values' types */
} comparators[] = {
#define ANY 0xffff
#define SCALAR (1 << DATUM_S | 1 << DATUM_N | 1 << DATUM_B)
#define PLAIN (SCALAR | 1 << DATUM_BOOL | 1 << DATUM_NULL)
    {"EQ", OP_EQ, 1, 1, false, ANY},
    {"NE", OP_NE, 1, 1, false, ANY},
    {"LE", OP_LE, 1, 1, false, SCALAR},
    {"LT", OP_LT, 1, 1, false, SCALAR},
    {"GE", OP_GE, 1, 1, false, SCALAR},
    {"GT", OP_GT, 1, 1, false, SCALAR},
    {"NOT_NULL", OP_EXISTS, 0, 0, false, ANY},
    {"NULL", OP_NOT_EXISTS, 0, 0, false, ANY},
    {"CONTAINS", OP_CONTAINS, 1, 1, false, PLAIN},
    {"NOT_CONTAINS", OP_CONTAINS, 1, 1, true, PLAIN},
    {"BEGINS_WITH", OP_BEGINS, 1, 1, false, 1 << DATUM_S | 1 << DATUM_B},
    {"IN", OP_IN, 1, 255, false, SCALAR},
    {"BETWEEN", OP_BETWEEN, 2, 2, false, SCALAR},
};

/* NULL for what the model's enumeration does not have. */
static const struct comparator *comparator_of(struct str name)
{
    for (size_t i = 0; i < sizeof(comparators) / sizeof(comparators[0]); i++) {
        if (str_eq(str_c(comparators[i].name), name)) {
            return &comparators[i];
        }
    }
    return NULL;
}

static status values_of(const struct legacy *l, const struct value *list, struct comparison *ret)
{
    struct datum *values = arena_alloc(l->arena, (list->count + 1) * sizeof(*values));

    for (uint32_t i = 0; i < list->count; i++) {
        TRY(datum_from_value(l->arena, &list->items[i], l->why, &values[i]));
    }
    ret->values = values;
    ret->count = list->count;
    return OK;
}

static status check_values(const struct legacy *l, const struct comparison *c,
                           const struct comparator *comparator)
{
    for (uint32_t i = 1; i < c->count; i++) {
        if (c->values[i].type != c->values[0].type) {
            return why_set(l->why, &DDB_VALIDATION, INVALID "AttributeValues inside "
                           "AttributeValueList must be of same type");
        }
    }
    if (c->count > 0 && (comparator->types >> c->values[0].type & 1) == 0) {
        return why_set(l->why, &DDB_VALIDATION,
                       INVALID "ComparisonOperator %s is not valid for %.*s AttributeValue type",
                       comparator->name, STR_ARG(datum_type_name(c->values[0].type)));
    }
    if (comparator->op == OP_BETWEEN && datum_cmp(c->values[0], c->values[1]) > 0) {
        return why_set(l->why, &DDB_VALIDATION, "The BETWEEN condition was provided a range where "
                                                "the lower bound is greater than the upper bound");
    }
    return OK;
}

static status check_comparison(const struct legacy *l, const struct comparison *c,
                               const struct comparator **ret_comparator)
{
    const struct comparator *comparator = comparator_of(c->word);

    if (comparator == NULL) {
        return why_set(l->why, &DDB_VALIDATION, "ComparisonOperator %.*s is unknown",
                       STR_ARG(c->word));
    }
    if (c->count < comparator->count_min ||
        (comparator->count_max != 255 && c->count > comparator->count_max)) {
        return why_set(l->why, &DDB_VALIDATION, INVALID "Invalid number of argument(s) for the "
                       "%s ComparisonOperator", comparator->name);
    }
    TRY(check_values(l, c, comparator));
    *ret_comparator = comparator;
    return OK;
}

static struct path *path_of(struct arena *arena, struct str name)
{
    struct path *path = ARENA_NEW(arena, struct path);

    path->steps = ARENA_NEW(arena, struct step);
    path->steps[0].name = name;
    path->count = 1;
    return path;
}

static struct expr *value_node(struct arena *arena, struct datum value)
{
    struct expr *node = expr_new(arena, OP_VALUE, STR_NONE);

    node->value = value;
    return node;
}

static struct expr *comparison_node(struct arena *arena, const struct comparison *c,
                                    const struct comparator *comparator)
{
    struct expr *node = expr_new(arena, (enum expr_op)comparator->op, c->word);
    struct expr *path = expr_new(arena, OP_PATH, c->attribute);

    path->path = path_of(arena, c->attribute);
    expr_add(node, path);
    for (uint32_t i = 0; i < c->count; i++) {
        expr_add(node, value_node(arena, c->values[i]));
    }
    if (comparator->negated) {
        struct expr *negated = expr_new(arena, OP_NOT, STR("NOT"));

        expr_add(negated, node);
        return negated;
    }
    return node;
}

/* ---- Expected ---- */

static status expected_refused(const struct legacy *l, const char *sentence, struct str attribute)
{
    return why_set(l->why, &DDB_VALIDATION, INVALID "%s for Attribute: %.*s", sentence,
                   STR_ARG(attribute));
}

static status check_expected(const struct legacy *l, const struct value *expected,
                             struct str attribute)
{
    bool list = has(expected, "AttributeValueList");
    bool value = has(expected, "Value");
    bool exists = get_bool(expected, "Exists", true);
    struct str word = get_str(expected, "ComparisonOperator");

    if (list && value) {
        return expected_refused(l, "Value and AttributeValueList cannot be used together",
                                attribute);
    }
    if (has(expected, "ComparisonOperator")) {
        if (has(expected, "Exists")) {
            return expected_refused(l, "Exists and ComparisonOperator cannot be used together",
                                    attribute);
        }
        if (!list && !value && !str_eq(word, STR("NULL")) &&
            !str_eq(word, STR("NOT_NULL"))) {
            return why_set(l->why, &DDB_VALIDATION, INVALID "Value or AttributeValueList must be "
                           "used with ComparisonOperator: %.*s for Attribute: %.*s",
                           STR_ARG(word), STR_ARG(attribute));
        }
        return OK;
    }
    if (list) {
        return expected_refused(l, "AttributeValueList can only be used with a ComparisonOperator",
                                attribute);
    }
    if (exists && !value) {
        return expected_refused(l, has(expected, "Exists")
                                       ? "Value must be provided when Exists is true"
                                       : "Value must be provided when Exists is null",
                                attribute);
    }
    if (!exists && value) {
        return expected_refused(l, "Value cannot be used when Exists is false", attribute);
    }
    return OK;
}

static status expected_read(const struct legacy *l, const struct value *expected,
                            struct str attribute, struct comparison *ret_comparison)
{
    struct comparison c = {.attribute = attribute};

    TRY(check_expected(l, expected, attribute));
    c.word = STR("EQ");
    if (has(expected, "ComparisonOperator")) {
        c.word = get_str(expected, "ComparisonOperator");
    } else if (!get_bool(expected, "Exists", true)) {
        c.word = STR("NULL");
    }
    if (has(expected, "AttributeValueList")) {
        TRY(values_of(l, get(expected, "AttributeValueList"), &c));
    } else if (has(expected, "Value")) {
        c.values = ARENA_NEW(l->arena, struct datum);
        c.count = 1;
        TRY(datum_from_value(l->arena, get(expected, "Value"), l->why, c.values));
    }
    *ret_comparison = c;
    return OK;
}

static status filter_read(const struct legacy *l, const struct value *condition,
                          struct str attribute, struct comparison *ret_comparison)
{
    struct comparison c = {.attribute = attribute,
                           .word = get_str(condition, "ComparisonOperator")};

    if (has(condition, "AttributeValueList")) {
        TRY(values_of(l, get(condition, "AttributeValueList"), &c));
    }
    *ret_comparison = c;
    return OK;
}

/* ---- conditions ---- */

/* Several are joined by ConditionalOperator; AND without. */
static status check_joined(const struct legacy *l, const struct value *in, uint32_t count)
{
    if (!has(in, "ConditionalOperator") || count > 1) {
        return OK;
    }
    return why_set(l->why, &DDB_VALIDATION, "%s",
                   count == 0 ? "ConditionalOperator cannot be used without Filter or Expected"
                              : "ConditionalOperator can only be used when Filter or Expected has "
                                "two or more elements");
}

typedef status reader(const struct legacy *l, const struct value *one, struct str attribute,
                      struct comparison *ret_comparison);

static status conditions_read(const struct legacy *l, const struct value *in, const char *member,
                              reader *read, const struct expr **ret_condition)
{
    const struct value *map = get(in, member);
    uint32_t count = map != NULL ? map->count : 0;
    bool any = str_eq(get_str(in, "ConditionalOperator"), STR("OR"));
    struct expr *joined = expr_new(l->arena, any ? OP_OR : OP_AND, any ? STR("OR") : STR("AND"));

    TRY(check_joined(l, in, count));
    for (uint32_t i = 0; i < count; i++) {
        const struct comparator *comparator = NULL;
        struct comparison c;

        TRY(read(l, &map->pairs[i].value, map->pairs[i].key, &c));
        TRY(check_comparison(l, &c, &comparator));
        expr_add(joined, comparison_node(l->arena, &c, comparator));
    }
    *ret_condition = count == 0 ? NULL : count == 1 ? joined->first : joined;
    return OK;
}

status legacy_expected(struct arena *arena, const struct value *in, struct why *why,
                       const struct expr **ret_condition)
{
    struct legacy l = {arena, why};

    return conditions_read(&l, in, "Expected", expected_read, ret_condition);
}

status legacy_filter(struct arena *arena, const struct value *in, const char *member,
                     struct why *why, const struct expr **ret_condition)
{
    struct legacy l = {arena, why};

    return conditions_read(&l, in, member, filter_read, ret_condition);
}

status legacy_key_condition(struct arena *arena, const struct value *in, struct why *why,
                            struct key_condition *ret_condition)
{
    struct legacy l = {arena, why};
    const struct value *map = get(in, "KeyConditions");
    struct key_condition condition = {0};

    for (uint32_t i = 0; map != NULL && i < map->count; i++) {
        const struct comparator *comparator = NULL;
        struct key_term term = {.name = map->pairs[i].key};
        struct comparison c;

        TRY(filter_read(&l, &map->pairs[i].value, term.name, &c));
        TRY(check_comparison(&l, &c, &comparator));
        term.op = comparator->negated ? (uint8_t)OP_NOT : comparator->op;
        for (uint32_t j = 0; j < c.count && j < 2; j++) {
            term.values[j] = c.values[j];
        }
        if (i < KEY_PARTS_MAX) {
            condition.terms[condition.count++] = term;
        }
    }
    if (map == NULL || map->count == 0 || map->count > KEY_PARTS_MAX) {
        return why_set(why, &DDB_VALIDATION, "Conditions can be of length 1 or 2 only");
    }
    *ret_condition = condition;
    return OK;
}

/* ---- AttributeUpdates ---- */

static status update_refused(const struct legacy *l, const char *word, uint8_t type)
{
    return why_set(l->why, &DDB_VALIDATION, INVALID "%s is not supported for the type %.*s", word,
                   STR_ARG(datum_type_name(type)));
}

static status action_read(const struct legacy *l, const struct value *wire, struct action *action)
{
    struct str word = get_str(wire, "Action");
    bool deletes = str_eq(word, STR("DELETE"));
    struct datum value = DATUM_ABSENT;

    action->kind = ACTION_SET;
    if (!has(wire, "Value")) {
        if (!deletes) {
            return why_set(l->why, &DDB_VALIDATION, INVALID "Only DELETE action is allowed when no "
                                                            "attribute value is specified");
        }
        action->kind = ACTION_REMOVE;
        return OK;
    }
    TRY(datum_from_value(l->arena, get(wire, "Value"), l->why, &value));
    action->value = value_node(l->arena, value);
    if (deletes) {
        action->kind = ACTION_DELETE;
        return datum_is_set(value.type) ? OK
                                        : update_refused(l, "DELETE action with value", value.type);
    }
    if (str_eq(word, STR("ADD"))) {
        action->kind = ACTION_ADD;
        return datum_is_set(value.type) || value.type == DATUM_N || value.type == DATUM_L
                   ? OK
                   : update_refused(l, "ADD action", value.type);
    }
    return OK;
}

static int path_at_cmp(const void *a, const void *b)
{
    return path_cmp(*(struct path *const *)a, *(struct path *const *)b);
}

status legacy_update(struct arena *arena, const struct value *in, struct why *why,
                     struct update *ret_update)
{
    struct legacy l = {arena, why};
    const struct value *map = get(in, "AttributeUpdates");
    uint32_t count = map != NULL ? map->count : 0;
    struct update update = {.legacy = true};

    update.touched.at = arena_alloc(arena, (count + 1) * sizeof(*update.touched.at));
    for (uint32_t i = 0; i < count; i++) {
        struct action *action = ARENA_NEW(arena, struct action);

        action->path = path_of(arena, map->pairs[i].key);
        TRY(action_read(&l, &map->pairs[i].value, action));
        if (update.last == NULL) {
            update.first = action;
        } else {
            update.last->next = action;
        }
        update.last = action;
        update.touched.at[update.count++] = action->path;
    }
    update.touched.count = update.count;
    qsort(update.touched.at, update.count, sizeof(*update.touched.at), path_at_cmp);
    *ret_update = update;
    return OK;
}

/* ---- AttributesToGet ---- */

status legacy_paths(struct arena *arena, const struct value *in, struct why *why,
                    struct paths *ret_paths)
{
    const struct value *list = get(in, "AttributesToGet");
    uint32_t count = list != NULL ? list->count : 0;
    struct paths paths = {.at = arena_alloc(arena, (count + 1) * sizeof(*paths.at))};

    for (; paths.count < count; paths.count++) {
        paths.at[paths.count] = path_of(arena, list->items[paths.count].str);
    }
    qsort(paths.at, paths.count, sizeof(*paths.at), path_at_cmp);
    for (size_t i = 1; i < paths.count; i++) {
        if (path_cmp(paths.at[i - 1], paths.at[i]) == 0) {
            return why_set(why, &DDB_VALIDATION, INVALID "Duplicate value in attribute name: %.*s",
                           STR_ARG(paths.at[i]->steps[0].name));
        }
    }
    *ret_paths = paths;
    return OK;
}
