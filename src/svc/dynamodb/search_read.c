/* SPDX-License-Identifier: Apache-2.0
 *
 * A SearchVectors request, read and checked. A condition is of equalities about the search schema,
 * joined by AND. Sources: API reference, SearchVectors; developer guide, "Troubleshooting vector
 * indexes".
 */
#include "svc/dynamodb/search.h"

#include "svc/dynamodb/legacy.h"

#define BAD_COMPARATOR "Invalid SearchConditionExpression: Invalid comparator used in " \
                       "SearchConditionExpression"

/* ---- without the table ---- */

static status equality_add(struct call *c, struct search *search, const struct expr *equal)
{
    const struct expr *path = equal->first->op == OP_PATH ? equal->first : equal->last;
    const struct expr *value = equal->first->op == OP_PATH ? equal->last : equal->first;

    if (path->op != OP_PATH || value->op != OP_VALUE) {
        return fail(c, &DDB_VALIDATION, BAD_COMPARATOR);
    }
    if (path->path->count > 1) {
        return fail(c, &DDB_VALIDATION, "SearchConditionExpression cannot have conditions on "
                                        "nested attributes");
    }
    for (size_t i = 0; i < search->equality_count; i++) {
        if (path_cmp(search->equalities[i].path, path->path) == 0) {
            return fail(c, &DDB_VALIDATION, "SearchConditionExpression must only contain one "
                                            "condition per attribute");
        }
    }
    if (search->equality_count == CONDITIONS_MAX) {
        return fail(c, &DDB_VALIDATION, "Invalid SearchConditionExpression: "
                    "SearchConditionExpression cannot have more than 1 partition key and more than "
                    "%d inline filter key attributes", VECTOR_FILTERS_MAX);
    }
    search->equalities[search->equality_count++] = (struct equality){path->path, value->value};
    return OK;
}

/* Equalities, joined by AND; the depth is that of the expression. */
static status equalities_of(struct call *c, struct search *search, const struct expr *expr)
{
    if (expr->op == OP_EQ) {
        return equality_add(c, search, expr);
    }
    if (expr->op != OP_AND) {
        return fail(c, &DDB_VALIDATION, BAD_COMPARATOR);
    }
    for (const struct expr *child = expr->first; child != NULL; child = child->next) {
        TRY(equalities_of(c, search, child));
    }
    return OK;
}

status search_read(struct call *c, struct search *search)
{
    int64_t k = arg_int(c, "TopK", 0);
    struct terms terms;

    TRY(parameters_check(c->keep, c->in, &parameters_search, &c->why));
    if (k < 1 || k > SEARCH_K_MAX) {
        return fail(c, &DDB_VALIDATION, "Provided TopK value '%lld' is out of valid range. The "
                    "value must be between 1 and %d inclusive", (long long)k, SEARCH_K_MAX);
    }
    nearest_init(&search->nearest, c->keep, (size_t)k);
    TRY(terms_read(c->keep, arg(c, "ExpressionAttributeNames"),
                   arg(c, "ExpressionAttributeValues"), &c->why, &terms));
    if (arg_has(c, "SearchConditionExpression")) {
        TRY(condition_read(&terms, EXPR_SEARCH, arg_str(c, "SearchConditionExpression"),
                           &search->condition));
        TRY(equalities_of(c, search, search->condition));
    }
    if (arg_has(c, "ProjectionExpression")) {
        TRY(projection_read(&terms, arg_str(c, "ProjectionExpression"), &search->paths));
    }
    return terms_all_used(&terms);
}

/* ---- with the table ---- */

status search_no_index(struct call *c)
{
    return fail(c, &DDB_VALIDATION, "The table does not have the specified index: %.*s",
                STR_ARG(arg_str(c, "IndexName")));
}

status search_index(struct call *c, const struct table *table, struct index **ret_index)
{
    struct index *index = table_index(table, arg_str(c, "IndexName"));

    if (index == NULL || index->kind != INDEX_VECTOR || index->state == INDEX_DELETING) {
        return search_no_index(c);
    }
    if (index->state == INDEX_CREATING) {
        return fail(c, &DDB_VALIDATION, "Cannot search backfilling vector index: %.*s",
                    STR_ARG(index->name));
    }
    *ret_index = index;
    return OK;
}

static status vector_of_call(struct call *c, const struct index *index, struct search *search)
{
    const struct value *given = arg(c, "SearchVector");
    uint32_t dimensions = index->vector->dimensions;
    float *floats = arena_alloc(c->keep, (given->count + 1) * sizeof(float));

    for (uint32_t i = 0; i < given->count; i++) {
        struct datum number;

        TRY(datum_from_value(c->arena, &given->items[i], &c->why, &number));
        if (!vector_float(number, &floats[i])) {
            return fail(c, &DDB_VALIDATION, "Search vector contains invalid values. All values in "
                        "the search vector must be a 32-bit floating-point number attribute");
        }
    }
    if (given->count != dimensions) {
        return fail(c, &DDB_VALIDATION, "Input search vector dimension %u does not match vector "
                    "index dimension %u", given->count, dimensions);
    }
    search->quarry = quarry_of(index->vector->distance, floats, dimensions);
    return OK;
}

static const struct vector_element *element_of(const struct index *index, struct str name)
{
    for (size_t i = 0; i < index->vector->element_count; i++) {
        if (str_eq(index->vector->elements[i].name, name)) {
            return &index->vector->elements[i];
        }
    }
    return NULL;
}

/* The condition is about the search schema and names its HASH element, whose partition is where to
 * look. */
static status condition_bind(struct call *c, const struct table *table, const struct index *index,
                             struct search *search)
{
    struct str rows = rows_of_index(c->keep, table->number, index->number);
    const struct datum *hash = NULL;

    for (size_t i = 0; i < search->equality_count; i++) {
        const struct equality *equality = &search->equalities[i];
        struct str name = equality->path->steps[0].name;
        const struct vector_element *element = element_of(index, name);

        if (element == NULL) {
            return fail(c, &DDB_VALIDATION, "SearchConditionExpression must not contain any "
                        "attributes that is not in SearchSchema. Invalid attribute: %.*s",
                        STR_ARG(name));
        }
        if (element->type != equality->value.type) {
            return fail(c, &DDB_VALIDATION, "Search condition value for attribute '%.*s' does not "
                        "match type in search schema", STR_ARG(name));
        }
        hash = element->hash ? &equality->value : hash;
    }
    if (hash == NULL && index->schema.count > 0) {
        return fail(c, &DDB_VALIDATION, "SearchConditionExpression must be provided when "
                                        "SearchSchema has a HASH key");
    }
    if (hash != NULL) {
        rows = row_index(c->keep, table, index, suffix_of_partition(c->keep, hash, 1));
    }
    search->from = rows;
    search->to = key_after_prefix(c->keep, rows);
    return OK;
}

status search_bind(struct call *c, struct search *search, struct index **ret_index)
{
    struct table *table;

    TRY(table_of_call(c, &table));
    TRY(search_index(c, table, ret_index));
    TRY(vector_of_call(c, *ret_index, search));
    TRY(condition_bind(c, table, *ret_index, search));
    search->table_number = table->number;
    search->index_number = (*ret_index)->number;
    return OK;
}
