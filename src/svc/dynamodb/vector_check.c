/* SPDX-License-Identifier: Apache-2.0
 *
 * What writes may put where a vector index looks. Source: developer guide, "Creating and searching
 * vector indexes"; sentences as public conformance suites have them, with their oddities.
 */
#include "svc/dynamodb/vector.h"

#include "svc/dynamodb/number.h"

#define TWICE "One or more parameter values are not valid. One or more parameter values were " \
              "invalid . "
#define ONCE "One or more parameter values were invalid. "

/* As AWS shows it: 1.0E39 */
static struct str scientific(struct arena *arena, struct datum datum)
{
    struct number n;
    char digits[NUMBER_DIGITS_MAX + 1] = "0";

    if (!number_unpack(datum.body, &n)) {
        return STR_NONE;
    }
    for (uint8_t i = 1; i < n.count; i++) {
        digits[i - 1] = (char)('0' + n.digits[i]);
    }
    return arena_printf(arena, "%s%d.%.*sE%d", n.sign < 0 ? "-" : "", n.digits[0],
                        n.count > 1 ? n.count - 1 : 1, digits, n.exponent);
}

static status number_check(struct call *c, const struct index *index, struct datum number,
                           uint32_t at)
{
    struct str name = index->vector->attribute;
    float plain;

    if (number.type != DATUM_N) {
        return fail(c, &DDB_VALIDATION, ONCE "Invalid type for parameter %.*s[%u], Expected: "
                    "32-bit floating point number, Actual: %.*s. IndexName: %.*s", STR_ARG(name),
                    at, STR_ARG(datum_type_name(number.type)), STR_ARG(index->name));
    }
    if (!vector_float(number, &plain)) {
        return fail(c, &DDB_VALIDATION, TWICE "Invalid value for parameter %.*s[%u], Value: %.*s "
                    "is outside valid range [-3.4028235E38, 3.4028235E38]. IndexName: %.*s",
                    STR_ARG(name), at, STR_ARG(scientific(c->arena, number)),
                    STR_ARG(index->name));
    }
    return OK;
}

static status list_check(struct call *c, const struct index *index, struct datum list)
{
    const struct vector_spec *spec = index->vector;
    struct cursor cursor = cursor_of(list.body);
    size_t count;

    if (list.type != DATUM_L) {
        return fail(c, &DDB_VALIDATION, TWICE "Invalid type for parameter %.*s, Expected: L, "
                    "Actual: %.*s. IndexName: %.*s", STR_ARG(spec->attribute),
                    STR_ARG(datum_type_name(list.type)), STR_ARG(index->name));
    }
    count = datum_count(list);
    if (count != spec->dimensions) {
        return fail(c, &DDB_VALIDATION, TWICE "Invalid size for parameter %.*s, Expected: %u, "
                    "Actual: %zu. IndexName: %.*s", STR_ARG(spec->attribute), spec->dimensions,
                    count, STR_ARG(index->name));
    }
    for (uint32_t i = 0; cursor.rest.bytes > 0; i++) {
        TRY(number_check(c, index, datum_read(&cursor), i));
    }
    return OK;
}

static status element_check(struct call *c, const struct index *index,
                            const struct vector_element *element, struct datum value)
{
    if (value.type != element->type) {
        return fail(c, &DDB_VALIDATION, ONCE "Attribute '%.*s' type mismatch. Expected: %.*s, "
                    "Actual: %.*s. IndexName: %.*s", STR_ARG(element->name),
                    STR_ARG(datum_type_name(element->type)),
                    STR_ARG(datum_type_name(value.type)), STR_ARG(index->name));
    }
    if (element->hash && value.body.bytes == 0) {
        return fail(c, &DDB_VALIDATION, "One or more parameter values are not valid. A value "
                    "specified for a secondary index key is not supported. The AttributeValue for "
                    "a key attribute cannot contain an empty %s value. IndexName: %.*s, "
                    "IndexKey: %.*s", value.type == DATUM_S ? "string" : "binary",
                    STR_ARG(index->name), STR_ARG(element->name));
    }
    if (element->hash && value.body.bytes > HASH_KEY_BYTES_MAX) {
        return fail(c, &DDB_VALIDATION, "One or more parameter values were invalid: Aggregate size "
                    "for HASH key attributes exceeds the maximum of %d bytes", HASH_KEY_BYTES_MAX);
    }
    if (value.body.bytes > VECTOR_FILTER_BYTES_MAX) {
        return fail(c, &DDB_VALIDATION, "One or more parameter values were invalid: Size limit "
                    "exceeded for SearchSchema attribute '%.*s': maximum %d bytes",
                    STR_ARG(element->name), VECTOR_FILTER_BYTES_MAX);
    }
    return OK;
}

/* What the item has of that name; DATUM_ABSENT when it had the same before. */
static struct datum changed(const struct item *old, const struct item *item, struct str name)
{
    struct datum value = datum_find(item->attributes, name);
    struct datum before = datum_find(old->attributes, name);

    return before.type == value.type && datum_eq(before, value) ? DATUM_ABSENT : value;
}

status vector_check(struct call *c, const struct index *index, const struct item *old,
                    const struct item *item)
{
    const struct vector_spec *spec = index->vector;
    struct datum vector = changed(old, item, spec->attribute);

    if (index->state == INDEX_DELETING) {
        return OK;
    }
    if (vector.type != DATUM_NONE) {
        TRY(list_check(c, index, vector));
    }
    for (size_t i = 0; i < spec->element_count; i++) {
        struct datum value = changed(old, item, spec->elements[i].name);

        if (value.type != DATUM_NONE) {
            TRY(element_check(c, index, &spec->elements[i], value));
        }
    }
    return OK;
}

status vectors_check(struct call *c, const struct table *table, const struct item *old,
                     const struct item *item)
{
    for (size_t i = 0; i < table->index_count; i++) {
        if (table->indexes[i]->kind == INDEX_VECTOR) {
            TRY(vector_check(c, table->indexes[i], old, item));
        }
    }
    return OK;
}
