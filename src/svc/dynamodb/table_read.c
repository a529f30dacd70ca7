/* SPDX-License-Identifier: Apache-2.0
 *
 * A table as a request wants it: attributes, keys, indexes, throughput, checked with AWS's
 * sentences in AWS's order.
 *
 * AttributeDefinitions and the attributes that keys name are the same set. A table's and a local
 * index's key is one attribute or two; a global index's has up to four HASH and four RANGE ones.
 */
#include "svc/dynamodb/tables.h"
#include "svc/dynamodb/vector.h"

#include "base/buf.h"
#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

#define HASHES_MAX 4
#define RANGES_MAX 4
#define TEXT_BYTES_MAX 800
#define INVALID "One or more parameter values were invalid: "

/* ---- attributes ---- */

const struct attribute *attribute_find(const struct table *table, struct str name)
{
    for (size_t i = 0; i < table->attribute_count; i++) {
        if (str_eq(table->attributes[i].name, name)) {
            return &table->attributes[i];
        }
    }
    return NULL;
}

static void attributes_add(struct table *table, const struct value *list)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        struct str name = get_str(&list->items[i], "AttributeName");
        struct attribute attribute = {STR_NONE, DATUM_NONE};

        if (attribute_find(table, name) != NULL) {
            continue;
        }
        text_set(&attribute.name, name);
        bool known = datum_type_of(get_str(&list->items[i], "AttributeType"), &attribute.type);

        assert(known);
        table->attributes = mem_grow(table->attributes, (table->attribute_count + 1) *
                                                            sizeof(struct attribute));
        table->attributes[table->attribute_count++] = attribute;
    }
}

static bool schema_names(const struct key_schema *schema, struct str name)
{
    for (uint8_t i = 0; i < schema->count; i++) {
        if (str_eq(schema->names[i], name)) {
            return true;
        }
    }
    return false;
}

static bool is_used(const struct table *table, struct str name)
{
    bool used = schema_names(&table->schema, name);

    for (size_t i = 0; i < table->index_count && !used; i++) {
        used = schema_names(&table->indexes[i]->schema, name) ||
               vector_uses(table->indexes[i], name);
    }
    return used;
}

void attributes_trim(struct table *table)
{
    size_t kept = 0;

    for (size_t i = 0; i < table->attribute_count; i++) {
        if (is_used(table, table->attributes[i].name)) {
            table->attributes[kept++] = table->attributes[i];
        } else {
            text_set(&table->attributes[i].name, STR_NONE);
        }
    }
    table->attribute_count = kept;
}

status attributes_read(struct call *c, const struct value *list, struct table *table)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        struct str name = get_str(&list->items[i], "AttributeName");

        for (uint32_t j = 0; j < i; j++) {
            if (str_eq(get_str(&list->items[j], "AttributeName"), name)) {
                return fail(c, &DDB_VALIDATION, "Attribute Name is duplicated: %.*s",
                            STR_ARG(name));
            }
        }
    }
    attributes_add(table, list);
    return OK;
}

/* ---- names in sentences ---- */

static void text_add(struct buf *text, struct str name)
{
    if (text->bytes > 0) {
        buf_add(text, STR(", "));
    }
    buf_add(text, name);
}

static struct str text_end(struct call *c, struct buf *text)
{
    struct str kept = arena_dup(c->arena, buf_spent(text) ? STR("...") : buf_str(text));

    buf_done(text);
    return kept;
}

static struct str schema_text(struct call *c, const struct value *schema)
{
    struct buf text;

    buf_init(&text, TEXT_BYTES_MAX);
    for (uint32_t i = 0; i < schema->count; i++) {
        text_add(&text, get_str(&schema->items[i], "AttributeName"));
    }
    return text_end(c, &text);
}

static struct str attributes_text(struct call *c, const struct table *table, bool used_only)
{
    struct buf text;

    buf_init(&text, TEXT_BYTES_MAX);
    for (size_t i = 0; i < table->attribute_count; i++) {
        if (!used_only || is_used(table, table->attributes[i].name)) {
            text_add(&text, table->attributes[i].name);
        }
    }
    return text_end(c, &text);
}

/* ---- keys ---- */

static bool is_hash(const struct value *schema, uint32_t at)
{
    return str_eq(get_str(&schema->items[at], "KeyType"), STR("HASH"));
}

static bool is_doubled(const struct value *schema)
{
    for (uint32_t i = 0; i < schema->count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (str_eq(get_str(&schema->items[i], "AttributeName"),
                       get_str(&schema->items[j], "AttributeName"))) {
                return true;
            }
        }
    }
    return false;
}

static status schema_defined(struct call *c, const struct table *table,
                             const struct value *schema)
{
    for (uint32_t i = 0; i < schema->count; i++) {
        if (attribute_find(table, get_str(&schema->items[i], "AttributeName")) == NULL) {
            return fail(c, &DDB_VALIDATION, INVALID "Some index key attributes are not defined in "
                        "AttributeDefinitions. Keys: [%.*s], AttributeDefinitions: [%.*s]",
                        STR_ARG(schema_text(c, schema)),
                        STR_ARG(attributes_text(c, table, false)));
        }
    }
    return OK;
}

/* HASH, or HASH and RANGE. where: the member's path. */
static status schema_check(struct call *c, const char *where, const struct value *schema)
{
    if (schema->count > 2) {
        return fail(c, &DDB_VALIDATION, "1 validation error detected: Value '[%.*s]' at '%s' "
                    "failed to satisfy constraint: Member must have length less than or equal to "
                    "2", STR_ARG(schema_text(c, schema)), where);
    }
    if (is_doubled(schema)) {
        return fail(c, &DDB_VALIDATION, "Both the Hash Key and the Range Key element in the "
                    "KeySchema have the same name");
    }
    if (!is_hash(schema, 0)) {
        return fail(c, &DDB_VALIDATION,
                    "Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
    }
    if (schema->count == 2 && is_hash(schema, 1)) {
        return fail(c, &DDB_VALIDATION,
                    "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
    }
    return OK;
}

/* Up to four and four. */
static status global_schema_check(struct call *c, const struct value *schema)
{
    uint32_t hashes = 0;

    if (is_doubled(schema)) {
        return schema->count == 2
                   ? schema_check(c, "keySchema", schema)
                   : fail(c, &DDB_VALIDATION, "The KeySchema contains multiple key attributes "
                                              "with the same name");
    }
    if (!is_hash(schema, 0)) {
        return schema_check(c, "keySchema", schema->count > 2 ? &(struct value){
            .kind = VALUE_LIST, .count = 1, .items = schema->items} : schema);
    }
    while (hashes < schema->count && is_hash(schema, hashes)) {
        hashes++;
    }
    for (uint32_t i = hashes; i < schema->count; i++) {
        if (is_hash(schema, i)) {
            return fail(c, &DDB_VALIDATION, INVALID "All HASH key attributes must precede RANGE "
                        "key attributes in the KeySchema");
        }
    }
    if (hashes > HASHES_MAX || schema->count - hashes > RANGES_MAX) {
        return fail(c, &DDB_VALIDATION, INVALID "The KeySchema exceeds the maximum allowed number "
                    "of %s key attributes", hashes > HASHES_MAX ? "HASH" : "RANGE");
    }
    return OK;
}

static void schema_make(const struct table *table, const struct value *schema,
                        struct key_schema *ret_schema)
{
    for (uint32_t i = 0; i < schema->count; i++) {
        const struct attribute *attribute =
            attribute_find(table, get_str(&schema->items[i], "AttributeName"));

        assert(attribute != NULL);
        schema_add(ret_schema, attribute->name, attribute->type, is_hash(schema, i));
    }
}

/* ---- projections ---- */

static int name_order(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

status index_projection_check(struct call *c, const struct value *projection)
{
    struct str type = get_str(projection, "ProjectionType");
    const struct value *names = get(projection, "NonKeyAttributes");
    bool include = str_eq(type, STR("INCLUDE"));

    if (type.bytes == 0) {
        return fail(c, &DDB_VALIDATION, INVALID "Unknown ProjectionType: null");
    }
    if (include != (names != NULL)) {
        return fail(c, &DDB_VALIDATION, INVALID "ProjectionType is %.*s, but NonKeyAttributes is "
                    "%sspecified", STR_ARG(type), include ? "not " : "");
    }
    for (uint32_t i = 0; names != NULL && i < names->count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (str_eq(names->items[i].str, names->items[j].str)) {
                return fail(c, &DDB_VALIDATION, INVALID "Duplicate element in NonKeyAttributes: "
                            "%.*s", STR_ARG(names->items[i].str));
            }
        }
    }
    return OK;
}

void index_projection_make(const struct value *projection, struct index *index)
{
    struct str type = get_str(projection, "ProjectionType");
    const struct value *names = get(projection, "NonKeyAttributes");

    index->projection = str_eq(type, STR("ALL"))         ? PROJECT_ALL
                        : str_eq(type, STR("KEYS_ONLY")) ? PROJECT_KEYS_ONLY
                                                         : PROJECT_INCLUDE;
    if (names == NULL) {
        return;
    }
    index->included = mem_zero((names->count + 1) * sizeof(struct str));
    for (uint32_t i = 0; i < names->count; i++) {
        text_set(&index->included[index->included_count++], names->items[i].str);
    }
    qsort(index->included, index->included_count, sizeof(struct str), name_order);
}

status projected_too_many(struct call *c)
{
    return fail(c, &DDB_VALIDATION, INVALID "The number of projected attributes across all indexes "
                "exceeds the per-table limit of %d", PROJECTED_MAX);
}

static status projections_check(struct call *c, const struct table *table)
{
    size_t count = 0;

    for (size_t i = 0; i < table->index_count; i++) {
        count += table->indexes[i]->kind == INDEX_VECTOR ? 0 : table->indexes[i]->included_count;
    }
    return count > PROJECTED_MAX ? projected_too_many(c) : OK;
}

/* ---- indexes ---- */

static status local_check(struct call *c, const struct table *table, const struct value *given)
{
    const struct value *schema = get(given, "KeySchema");
    struct str name = get_str(given, "IndexName");
    struct str hash = get_str(&schema->items[0], "AttributeName");

    TRY(schema_check(c, "localSecondaryIndexes.1.member.keySchema", schema));
    if (schema->count != 2) {
        return fail(c, &DDB_VALIDATION, INVALID "Index KeySchema does not have a range key for "
                    "index: %.*s", STR_ARG(name));
    }
    if (!str_eq(hash, table->schema.names[0])) {
        return fail(c, &DDB_VALIDATION, INVALID "Index KeySchema does not have the same leading "
                    "hash key as table KeySchema for index: %.*s. index hash key: %.*s, table hash "
                    "key: %.*s", STR_ARG(name), STR_ARG(hash), STR_ARG(table->schema.names[0]));
    }
    return OK;
}

static status global_throughput(struct call *c, const struct table *table,
                                const struct value *given, struct index *index, bool update)
{
    const struct value *provisioned = get(given, "ProvisionedThroughput");
    const struct value *on_demand = get(given, "OnDemandThroughput");
    const struct value *warm = get(given, "WarmThroughput");
    struct throughput_of of = {index->name, table->on_demand, false};

    if (table->on_demand && provisioned != NULL) {
        return fail(c, &DDB_VALIDATION, INVALID "%s specified for index: %.*s when BillingMode is "
                    "PAY_PER_REQUEST", update ? "Neither ReadCapacityUnits nor WriteCapacityUnits "
                                                "can be"
                                              : "ProvisionedThroughput should not be",
                    STR_ARG(index->name));
    }
    if (!table->on_demand && provisioned == NULL) {
        return fail(c, &DDB_VALIDATION, INVALID "ProvisionedThroughput %s specified for index: "
                    "%.*s", update ? "must be" : "is not", STR_ARG(index->name));
    }
    if (provisioned != NULL) {
        TRY(provisioned_read(c, provisioned, &index->provisioned));
    }
    if (on_demand != NULL) {
        TRY(on_demand_read(c, &of, on_demand, &index->on_demand_max));
    }
    if (warm != NULL) {
        TRY(warm_read(c, &of, warm,
                      warm_of(table->on_demand, index->provisioned, (struct throughput){0, 0}),
                      &index->warm));
    }
    return OK;
}

status index_read(struct call *c, struct table *table, uint8_t kind, const struct value *given,
                  bool update)
{
    const struct value *schema = get(given, "KeySchema");
    const struct value *projection = get(given, "Projection");
    struct str name = get_str(given, "IndexName");
    struct index *index;

    TRY(schema_defined(c, table, schema));
    if (kind == INDEX_LOCAL) {
        TRY(local_check(c, table, given));
    } else {
        TRY(global_schema_check(c, schema));
    }
    TRY(index_projection_check(c, projection));
    if (table_index(table, name) != NULL) {
        return fail(c, &DDB_VALIDATION, INVALID "Duplicate index name: %.*s", STR_ARG(name));
    }
    index = index_new(table);
    index->kind = kind;
    index->created_ms = c->now;
    text_set(&index->name, name);
    schema_make(table, schema, &index->schema);
    index_projection_make(projection, index);
    return kind == INDEX_LOCAL ? OK : global_throughput(c, table, given, index, update);
}

static status locals_read(struct call *c, const struct value *list, struct table *table)
{
    if (list->count == 0) {
        return fail(c, &DDB_VALIDATION, INVALID "List of LocalSecondaryIndexes is empty");
    }
    if (table->schema.count != 2) {
        return fail(c, &DDB_VALIDATION, INVALID "Table KeySchema does not have a range key, which "
                    "is required when specifying a LocalSecondaryIndex");
    }
    if (list->count > LOCAL_INDEXES_MAX) {
        return fail(c, &DDB_VALIDATION, INVALID "Number of LocalSecondaryIndexes exceeds "
                    "per-table limit of %d", LOCAL_INDEXES_MAX);
    }
    for (uint32_t i = 0; i < list->count; i++) {
        TRY(index_read(c, table, INDEX_LOCAL, &list->items[i], false));
    }
    return OK;
}

static status globals_read(struct call *c, const struct value *list, struct table *table)
{
    if (list->count == 0) {
        return fail(c, &DDB_VALIDATION, INVALID "List of GlobalSecondaryIndexes is empty");
    }
    if (list->count > GLOBAL_INDEXES_MAX) {
        return fail(c, &DDB_VALIDATION, INVALID "GlobalSecondaryIndex count exceeds the per-table "
                    "limit of %d", GLOBAL_INDEXES_MAX);
    }
    for (uint32_t i = 0; i < list->count; i++) {
        TRY(index_read(c, table, INDEX_GLOBAL, &list->items[i], false));
    }
    return OK;
}

/* ---- all of it ---- */

static status billing_read(struct call *c, const struct table_wish *wish, struct table *table)
{
    struct throughput_of of = {STR_NONE, str_eq(wish->billing, STR("PAY_PER_REQUEST")), false};

    table->on_demand = of.on_demand;
    table->on_demand_ms = of.on_demand ? c->now : 0;
    if (of.on_demand && wish->provisioned != NULL) {
        return fail(c, &DDB_VALIDATION, INVALID "Neither ReadCapacityUnits nor "
                    "WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST");
    }
    if (!of.on_demand && wish->provisioned == NULL) {
        return fail(c, &DDB_VALIDATION, INVALID "ReadCapacityUnits and WriteCapacityUnits must "
                    "both be specified when BillingMode is PROVISIONED");
    }
    if (wish->provisioned != NULL) {
        TRY(provisioned_read(c, wish->provisioned, &table->provisioned));
    }
    if (wish->on_demand != NULL) {
        TRY(on_demand_read(c, &of, wish->on_demand, &table->on_demand_max));
    }
    if (wish->warm != NULL) {
        TRY(warm_read(c, &of, wish->warm,
                      warm_of(of.on_demand, table->provisioned, (struct throughput){0, 0}),
                      &table->warm));
    }
    return OK;
}

static status keys_read(struct call *c, const struct table_wish *wish, struct table *table)
{
    if (wish->schema->count > table->attribute_count) {
        return fail(c, &DDB_VALIDATION,
                    "Invalid KeySchema: Some index key attribute have no definition");
    }
    TRY(schema_defined(c, table, wish->schema));
    TRY(schema_check(c, "keySchema", wish->schema));
    if (wish->locals == NULL && wish->globals == NULL && wish->vectors == NULL &&
        wish->schema->count != table->attribute_count) {
        return fail(c, &DDB_VALIDATION, INVALID "Number of attributes in KeySchema does not "
                    "exactly match number of attributes defined in AttributeDefinitions");
    }
    schema_make(table, wish->schema, &table->schema);
    return OK;
}

static status null_member(struct call *c, const char *member)
{
    return fail(c, &DDB_VALIDATION, "1 validation error detected: Value null at '%s' failed to "
                "satisfy constraint: Member must not be null", member);
}

status table_read(struct call *c, const struct table_wish *wish, struct table *table)
{
    if (wish->schema == NULL || wish->attributes == NULL) {
        return null_member(c, wish->schema == NULL ? "keySchema" : "attributeDefinitions");
    }
    TRY(billing_read(c, wish, table));
    TRY(attributes_read(c, wish->attributes, table));
    TRY(keys_read(c, wish, table));
    if (wish->locals != NULL) {
        TRY(locals_read(c, wish->locals, table));
    }
    if (wish->globals != NULL) {
        TRY(globals_read(c, wish->globals, table));
    }
    if (wish->vectors != NULL) {
        TRY(vectors_read(c, wish->vectors, table));
    }
    TRY(projections_check(c, table));
    for (size_t i = 0; i < table->attribute_count; i++) {
        if (!is_used(table, table->attributes[i].name)) {
            return fail(c, &DDB_VALIDATION, INVALID "Some AttributeDefinitions are not used. "
                        "AttributeDefinitions: [%.*s], keys used: [%.*s]",
                        STR_ARG(attributes_text(c, table, false)),
                        STR_ARG(attributes_text(c, table, true)));
        }
    }
    return OK;
}
