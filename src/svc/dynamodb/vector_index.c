/* SPDX-License-Identifier: Apache-2.0
 *
 * Vector indexes as requests want them, checked with AWS's sentences, and as answers tell them.
 * Sources: API reference, VectorIndex; developer guide, "Quotas", Vector indexes.
 */
#include "svc/dynamodb/tables.h"
#include "svc/dynamodb/vector.h"

#include "base/mem.h"

#include <assert.h>

#define INVALID "One or more parameter values were invalid: "

static const struct str distances[] = {
    [DISTANCE_COSINE] = STR_INIT("COSINE"),
    [DISTANCE_EUCLIDEAN] = STR_INIT("EUCLIDEAN"),
    [DISTANCE_DOT_PRODUCT] = STR_INIT("DOT_PRODUCT"),
};

static uint8_t distance_of(struct str name)
{
    uint8_t distance = DISTANCE_COSINE;

    while (!str_eq(distances[distance], name)) { /* the model has no others */
        distance++;
        assert(distance < sizeof(distances) / sizeof(distances[0]));
    }
    return distance;
}

static struct str attribute_of(const struct value *given)
{
    return get_str(get(given, "VectorAttribute"), "AttributeName");
}

static bool is_hash(const struct value *element)
{
    return str_eq(get_str(element, "SearchSchemaElementType"), STR("HASH"));
}

/* ---- checking ---- */

status vectors_need_on_demand(struct call *c)
{
    return fail(c, &DDB_VALIDATION,
                INVALID "Vector indexes are only supported for PAY_PER_REQUEST tables");
}

size_t vectors_count(const struct table *table)
{
    size_t count = 0;

    for (size_t i = 0; i < table->index_count; i++) {
        count += table->indexes[i]->kind == INDEX_VECTOR;
    }
    return count;
}

static status count_check(struct call *c, const char *what, uint32_t count, uint32_t most)
{
    return count <= most ? OK
                         : fail(c, &DDB_VALIDATION, INVALID "Value '%u' at 'SearchSchema' failed "
                                "to satisfy constraint: Member must have %s count less than or "
                                "equal to %u", count, what, most);
}

static status elements_check(struct call *c, const struct table *table, const struct value *schema)
{
    uint32_t hashes = 0;

    for (uint32_t i = 0; i < schema->count; i++) {
        hashes += is_hash(&schema->items[i]);
    }
    TRY(count_check(c, "HASH", hashes, 1));
    TRY(count_check(c, "INLINE_FILTER", schema->count - hashes, VECTOR_FILTERS_MAX));
    for (uint32_t i = 0; i < schema->count; i++) {
        struct str name = get_str(&schema->items[i], "AttributeName");

        for (uint32_t j = 0; j < i; j++) {
            if (str_eq(name, get_str(&schema->items[j], "AttributeName"))) {
                return fail(c, &DDB_VALIDATION, INVALID "Duplicate element in SearchSchema: %.*s",
                            STR_ARG(name));
            }
        }
        if (attribute_find(table, name) == NULL) {
            return fail(c, &DDB_VALIDATION, INVALID "One element in SearchSchema is not defined in "
                                                    "attribute definitions");
        }
    }
    return OK;
}

static status conflict(struct call *c, struct str name)
{
    return fail(c, &DDB_VALIDATION, INVALID "Conflicting attribute definition for '%.*s'. An "
                "attribute cannot be defined in AttributeDefinitions when used as a "
                "VectorAttribute.", STR_ARG(name));
}

status vectors_conflict(struct call *c, const struct table *table, const struct table *draft)
{
    for (size_t i = 0; i < table->index_count; i++) {
        const struct index *index = table->indexes[i];

        if (index->kind == INDEX_VECTOR && attribute_find(draft, index->vector->attribute)) {
            return conflict(c, index->vector->attribute);
        }
    }
    return OK;
}

/* The vector's attribute has no type of its own, and one count of dimensions. */
static status attribute_check(struct call *c, const struct table *table, struct str name,
                              int64_t dimensions)
{
    for (size_t i = 0; i < table->index_count; i++) {
        const struct vector_spec *spec = table->indexes[i]->vector;

        if (spec != NULL && str_eq(spec->attribute, name) && spec->dimensions != dimensions) {
            return fail(c, &DDB_VALIDATION, INVALID "Conflicting attribute definition for '%.*s'. "
                        "All VectorIndexes on the same vector attribute must use the same "
                        "dimensions.", STR_ARG(name));
        }
    }
    return OK;
}

/* What the table has already, which the request may not say otherwise. */
static status there_check(struct call *c, const struct table *there, const struct value *given)
{
    struct str name = attribute_of(given);
    int64_t dimensions = get_int(given, "Dimensions", 0);
    const struct attribute *known = attribute_find(there, name);

    if (known != NULL) {
        bool range = there->schema.count > 1 && str_eq(there->schema.names[1], name);

        return fail(c, &DDB_VALIDATION, INVALID "Attributes cannot be redefined. Please check that "
                    "your attribute has the same type as previously defined. Existing schema: "
                    "Schema:[SchemaElement: key{%.*s:%.*s:%s}] New schema: VectorIndexSchema:"
                    "[VectorAttribute: key{%.*s:L:%lld}]", STR_ARG(name),
                    STR_ARG(datum_type_name(known->type)), range ? "RANGE" : "HASH",
                    STR_ARG(name), (long long)dimensions);
    }
    return attribute_check(c, there, name, dimensions);
}

static status given_check(struct call *c, const struct table *table, const struct value *given)
{
    const struct value *schema = get(given, "SearchSchema");
    int64_t dimensions = get_int(given, "Dimensions", 0);
    struct str name = get_str(given, "IndexName");

    if (dimensions < 1 || dimensions > VECTOR_DIMENSIONS_MAX) {
        return fail(c, &DDB_VALIDATION, INVALID "Number of dimensions must be between 1 and %d "
                    "inclusive.", VECTOR_DIMENSIONS_MAX);
    }
    if (attribute_find(table, attribute_of(given)) != NULL) {
        return conflict(c, attribute_of(given));
    }
    if (schema != NULL) {
        TRY(elements_check(c, table, schema));
    }
    TRY(index_projection_check(c, get(given, "Projection")));
    TRY(attribute_check(c, table, attribute_of(given), dimensions));
    return table_index(table, name) == NULL
               ? OK
               : fail(c, &DDB_VALIDATION, INVALID "Duplicate index name: %.*s", STR_ARG(name));
}

/* ---- making ---- */

static void elements_make(const struct table *table, const struct value *schema,
                          struct index *index)
{
    struct vector_spec *spec = index->vector;
    uint32_t count = schema == NULL ? 0 : schema->count;

    spec->elements = mem_zero((count + 1) * sizeof(struct vector_element));
    for (uint32_t i = 0; i < count; i++) {
        struct vector_element *element = &spec->elements[spec->element_count++];

        text_set(&element->name, get_str(&schema->items[i], "AttributeName"));
        element->type = attribute_find(table, element->name)->type;
        element->hash = is_hash(&schema->items[i]);
        if (element->hash) {
            schema_add(&index->schema, element->name, element->type, true);
        }
    }
}

status vector_read(struct call *c, struct table *table, const struct table *there,
                   const struct value *given)
{
    struct index *index;

    TRY(given_check(c, table, given));
    if (there != NULL) {
        TRY(there_check(c, there, given));
    }
    index = index_new(table);
    index->kind = INDEX_VECTOR;
    index->created_ms = c->now;
    index->vector = MEM_NEW(struct vector_spec);
    text_set(&index->name, get_str(given, "IndexName"));
    text_set(&index->vector->attribute, attribute_of(given));
    index->vector->dimensions = (uint32_t)get_int(given, "Dimensions", 0);
    index->vector->distance = distance_of(get_str(given, "DistanceFunction"));
    elements_make(table, get(given, "SearchSchema"), index);
    index_projection_make(get(given, "Projection"), index);
    vector_pack(index);
    return index->included_count + index->vector->element_count < PROJECTED_MAX
               ? OK
               : projected_too_many(c);
}

status vectors_read(struct call *c, const struct value *list, struct table *table)
{
    if (list->count == 0) {
        return fail(c, &DDB_VALIDATION, INVALID "List of VectorIndexes is empty");
    }
    if (!table->on_demand) {
        return vectors_need_on_demand(c);
    }
    if (list->count > VECTOR_INDEXES_MAX) {
        return fail(c, &DDB_VALIDATION, INVALID "VectorIndex count exceeds the per-table limit of "
                    "%d", VECTOR_INDEXES_MAX);
    }
    for (uint32_t i = 0; i < list->count; i++) {
        TRY(vector_read(c, table, NULL, &list->items[i]));
    }
    return OK;
}

bool vector_same(const struct index *index, const struct value *given)
{
    const struct vector_spec *spec = index->vector;
    const struct value *schema = get(given, "SearchSchema");
    bool same = str_eq(spec->attribute, attribute_of(given)) &&
                spec->dimensions == get_int(given, "Dimensions", 0) &&
                spec->distance == distance_of(get_str(given, "DistanceFunction")) &&
                spec->element_count == (schema == NULL ? 0 : schema->count);

    for (size_t i = 0; same && i < spec->element_count; i++) {
        same = str_eq(spec->elements[i].name, get_str(&schema->items[i], "AttributeName")) &&
               spec->elements[i].hash == is_hash(&schema->items[i]);
    }
    return same;
}

/* ---- telling ---- */

static void put_elements(struct call *c, struct value *about, const struct vector_spec *spec)
{
    struct value *list;

    if (spec->element_count == 0) {
        return;
    }
    list = set_list(c->arena, about, "SearchSchema", spec->element_count);
    for (size_t i = 0; i < spec->element_count; i++) {
        struct value *element = list_add(c->arena, list);

        set_str(element, "AttributeName", arena_dup(c->arena, spec->elements[i].name));
        set_str(element, "SearchSchemaElementType",
                spec->elements[i].hash ? STR("HASH") : STR("INLINE_FILTER"));
    }
}

static void put_state(struct call *c, struct value *about, const struct table *table,
                      const struct index *index, struct str state)
{
    set_str(about, "IndexStatus", index_status(index, state));
    if (index->state == INDEX_CREATING) {
        set_bool(about, "Backfilling", index->filled.bytes > 0);
    }
    set_int(about, "IndexSizeBytes", (int64_t)index->tally.bytes);
    set_int(about, "ItemCount", (int64_t)index->tally.items);
    set_str(about, "IndexArn", index_arn(c->arena, table, index));
}

void put_vectors(struct call *c, struct value *about, const struct table *table, struct str state,
                 bool info)
{
    struct value *list = NULL;

    for (size_t i = 0; i < table->index_count; i++) {
        const struct index *index = table->indexes[i];
        struct value *one;

        if (index->kind != INDEX_VECTOR || (info && index->state == INDEX_DELETING)) {
            continue;
        }
        if (list == NULL) {
            list = set_list(c->arena, about, "VectorIndexes", VECTOR_INDEXES_MAX);
        }
        one = list_add(c->arena, list);
        set_str(one, "IndexName", arena_dup(c->arena, index->name));
        put_elements(c, one, index->vector);
        put_projection(c, one, index);
        set_str(set_struct(c->arena, one, "VectorAttribute"), "AttributeName",
                arena_dup(c->arena, index->vector->attribute));
        set_int(one, "Dimensions", index->vector->dimensions);
        set_str(one, "DistanceFunction", distances[index->vector->distance]);
        if (!info) {
            put_state(c, one, table, index, state);
        }
    }
}
