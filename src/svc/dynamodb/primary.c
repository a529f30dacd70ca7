/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys as requests give them, checked in AWS's words.
 */
#include "svc/dynamodb/dynamodb_int.h"
#include "svc/dynamodb/vector.h"

#define MISMATCH "The provided key element does not match the schema"

status primary_of_key_item(struct call *c, const struct table *table, const struct item *key,
                           struct str *ret_suffix)
{
    const struct key_schema *schema = &table->schema;
    struct datum all = {DATUM_M, key->attributes};

    if (datum_count(all) != schema->count) {
        return fail(c, &DDB_VALIDATION, MISMATCH);
    }
    for (uint8_t i = 0; i < schema->count; i++) {
        struct datum part = datum_find(key->attributes, schema->names[i]);

        if (part.type != schema->types[i]) {
            return fail(c, &DDB_VALIDATION, MISMATCH);
        }
        TRY(key_datum_check(part, schema->names[i], i < schema->hashes, &c->why));
    }
    *ret_suffix = suffix_of_item(c->arena, schema, key);
    return OK;
}

status primary_of_key(struct call *c, const struct table *table, const struct value *key,
                      struct item *ret_key, struct str *ret_suffix)
{
    struct item item;

    TRY(item_from_value(c->arena, key, &c->why, &item));
    TRY(primary_of_key_item(c, table, &item, ret_suffix));
    *ret_key = item;
    return OK;
}

status primary_of_item(struct call *c, const struct table *table, const struct item *item,
                       struct str *ret_suffix)
{
    const struct key_schema *schema = &table->schema;

    for (uint8_t i = 0; i < schema->count; i++) {
        struct datum part = datum_find(item->attributes, schema->names[i]);

        if (part.type == DATUM_NONE) {
            return fail(c, &DDB_VALIDATION, "One or more parameter values were invalid: Missing "
                        "the key %.*s in the item", STR_ARG(schema->names[i]));
        }
        if (part.type != schema->types[i]) {
            return fail(c, &DDB_VALIDATION, "One or more parameter values were invalid: Type "
                        "mismatch for key %.*s expected: %.*s actual: %.*s",
                        STR_ARG(schema->names[i]),
                        STR_ARG(datum_type_name(schema->types[i])),
                        STR_ARG(datum_type_name(part.type)));
        }
        TRY(key_datum_check(part, schema->names[i], i < schema->hashes, &c->why));
    }
    *ret_suffix = suffix_of_item(c->arena, schema, item);
    return OK;
}

static status index_part_check(struct call *c, const struct index *index, uint8_t i,
                               struct datum part)
{
    struct str name = index->schema.names[i];
    bool hash = i < index->schema.hashes;

    if (part.type != index->schema.types[i]) {
        return fail(c, &DDB_VALIDATION, "One or more parameter values were invalid: Type mismatch "
                    "for Index Key %.*s Expected: %.*s Actual: %.*s IndexName: %.*s",
                    STR_ARG(name), STR_ARG(datum_type_name(index->schema.types[i])),
                    STR_ARG(datum_type_name(part.type)), STR_ARG(index->name));
    }
    if (part.body.bytes == 0) {
        return fail(c, &DDB_VALIDATION, "One or more parameter values are not valid. A value "
                    "specified for a secondary index key is not supported. The AttributeValue for "
                    "a key attribute cannot contain an empty %s value. IndexName: %.*s, "
                    "IndexKey: %.*s", part.type == DATUM_S ? "string" : "binary",
                    STR_ARG(index->name), STR_ARG(name));
    }
    return key_datum_check(part, name, hash, &c->why);
}

/* The same in the words for updates. */
static status index_part_check_update(struct call *c, const struct index *index, uint8_t i,
                                      struct datum part)
{
    size_t bytes_max = i < index->schema.hashes ? HASH_KEY_BYTES_MAX : RANGE_KEY_BYTES_MAX;

    if (part.type != index->schema.types[i]) {
        return fail(c, &DDB_VALIDATION, "The update expression attempted to update the secondary "
                    "index key to unsupported type");
    }
    if (part.body.bytes == 0) {
        return fail(c, &DDB_VALIDATION, "One or more parameter values are not valid. The update "
                    "expression attempted to update a secondary index key to a value that is not "
                    "supported. The AttributeValue for a key attribute cannot contain an empty %s "
                    "value.", part.type == DATUM_S ? "string" : "binary");
    }
    if (part.body.bytes > bytes_max) {
        return fail(c, &DDB_VALIDATION, "The update expression attempted to update the secondary "
                    "index key beyond allowed size limits");
    }
    return OK;
}

static status index_key_check(struct call *c, const struct index *index, const struct item *item,
                              bool update)
{
    size_t bytes[2] = {0, 0}; /* of RANGE attributes together, of HASH ones */

    for (uint8_t i = 0; i < index->schema.count; i++) {
        struct datum part = datum_find(item->attributes, index->schema.names[i]);

        if (part.type == DATUM_NONE) {
            continue; /* it has no entry there */
        }
        TRY(update ? index_part_check_update(c, index, i, part)
                   : index_part_check(c, index, i, part));
        bytes[i < index->schema.hashes] += part.body.bytes;
    }
    if (bytes[1] <= HASH_KEY_BYTES_MAX && bytes[0] <= RANGE_KEY_BYTES_MAX) {
        return OK;
    }
    if (update) {
        return fail(c, &DDB_VALIDATION, "The update expression attempted to update the secondary "
                    "index key beyond allowed size limits");
    }
    return fail(c, &DDB_VALIDATION, "One or more parameter values were invalid: Aggregated size of "
                "all %s keys has exceeded the size limit of %d bytes",
                bytes[1] > HASH_KEY_BYTES_MAX ? "hash" : "range",
                bytes[1] > HASH_KEY_BYTES_MAX ? HASH_KEY_BYTES_MAX : RANGE_KEY_BYTES_MAX);
}

status index_keys_check(struct call *c, const struct table *table, const struct item *item,
                        bool update)
{
    for (size_t at = 0; at < table->index_count; at++) {
        const struct index *index = table->indexes[at];

        if (index->kind == INDEX_VECTOR && !update) {
            TRY(vector_check(c, index, &ITEM_ABSENT, item));
        } else if (index->kind != INDEX_VECTOR && index->state != INDEX_DELETING) {
            TRY(index_key_check(c, index, item, update));
        }
    }
    return OK;
}
