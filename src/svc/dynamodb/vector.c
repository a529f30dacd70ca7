/* SPDX-License-Identifier: Apache-2.0
 *
 * What a vector index has of its own, vectors as floats and back, entries.
 *
 * An index's extra: u8 version 1, str attribute, var dimensions, u8 distance, var count of the
 * search schema's elements, each str name, u8 type, u8 hash.
 *
 * Items from before the index whose vector or search schema's attributes are not as they should be
 * have no entry. Source: developer guide, "Data synchronization between tables and vector indexes".
 */
#include "svc/dynamodb/vector.h"

#include "base/mem.h"
#include "svc/dynamodb/number.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define VERSION 1
#define EXTRA_BYTES_MAX (2u << 20)
#define FLOAT_TEXT_BYTES_MAX 64
#define FLOAT_DIGITS_MIN 6  /* of which some floats' shortest texts are */
#define FLOAT_DIGITS_MAX 9  /* enough for every float */

/* ---- the spec ---- */

void vector_free(struct vector_spec *spec)
{
    if (spec == NULL) {
        return;
    }
    for (size_t i = 0; i < spec->element_count; i++) {
        text_set(&spec->elements[i].name, STR_NONE);
    }
    text_set(&spec->attribute, STR_NONE);
    mem_free(spec->elements);
    mem_free(spec);
}

void vector_pack(struct index *index)
{
    const struct vector_spec *spec = index->vector;
    struct buf packed;

    buf_init(&packed, EXTRA_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_str(&packed, spec->attribute);
    write_var(&packed, spec->dimensions);
    write_u8(&packed, spec->distance);
    write_var(&packed, spec->element_count);
    for (size_t i = 0; i < spec->element_count; i++) {
        write_str(&packed, spec->elements[i].name);
        write_u8(&packed, spec->elements[i].type);
        write_u8(&packed, spec->elements[i].hash);
    }
    assert(!buf_spent(&packed));
    text_set(&index->extra, buf_str(&packed));
    buf_done(&packed);
}

struct vector_spec *vector_unpack(struct str packed)
{
    struct cursor cursor = cursor_of(packed);
    struct vector_spec *spec;
    uint64_t count;

    if (read_u8(&cursor) != VERSION) {
        return NULL;
    }
    spec = MEM_NEW(struct vector_spec);
    text_set(&spec->attribute, read_str(&cursor));
    spec->dimensions = (uint32_t)read_var(&cursor);
    spec->distance = read_u8(&cursor);
    count = read_var(&cursor);
    count = count <= VECTOR_FILTERS_MAX + 1 ? count : 0;
    spec->elements = mem_zero((count + 1) * sizeof(struct vector_element));
    for (; spec->element_count < count; spec->element_count++) {
        struct vector_element *element = &spec->elements[spec->element_count];

        text_set(&element->name, read_str(&cursor));
        element->type = read_u8(&cursor);
        element->hash = read_u8(&cursor) != 0;
    }
    if (!cursor_done(&cursor) || spec->dimensions == 0 ||
        spec->dimensions > VECTOR_DIMENSIONS_MAX || spec->distance > DISTANCE_DOT_PRODUCT) {
        vector_free(spec);
        return NULL;
    }
    return spec;
}

bool vector_uses(const struct index *index, struct str name)
{
    for (size_t i = 0; index->vector != NULL && i < index->vector->element_count; i++) {
        if (str_eq(index->vector->elements[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* ---- floats ---- */

/* d.ddde±d, for strtof(), which rounds right. */
bool vector_float(struct datum number, float *ret_float)
{
    struct number n;
    char text[FLOAT_TEXT_BYTES_MAX];
    size_t bytes = 0;

    if (number.type != DATUM_N || !number_unpack(number.body, &n)) {
        return false;
    }
    if (n.sign < 0) {
        text[bytes++] = '-';
    }
    for (uint8_t i = 0; i < n.count; i++) {
        text[bytes++] = (char)('0' + n.digits[i]);
        if (i == 0) {
            text[bytes++] = '.';
        }
    }
    (void)snprintf(text + bytes, sizeof(text) - bytes, n.count > 0 ? "e%d" : "0", n.exponent);
    *ret_float = strtof(text, NULL);
    return isfinite(*ret_float);
}

bool vector_floats(struct datum list, uint32_t dimensions, float *floats)
{
    struct cursor cursor = cursor_of(list.body);
    uint32_t count = 0;

    if (list.type != DATUM_L) {
        return false;
    }
    while (cursor.rest.bytes > 0) {
        if (count == dimensions || !vector_float(datum_read(&cursor), &floats[count++])) {
            return false;
        }
    }
    return count == dimensions;
}

static size_t float_pack(float plain, char out[NUMBER_PACKED_BYTES_MAX])
{
    char text[FLOAT_TEXT_BYTES_MAX];
    struct number number;
    struct why why;

    for (int digits = FLOAT_DIGITS_MIN; digits <= FLOAT_DIGITS_MAX; digits++) {
        (void)snprintf(text, sizeof(text), "%.*g", digits, (double)plain);
        if (strtof(text, NULL) == plain) {
            break;
        }
    }
    status read = number_parse(str_c(text), &why, &number);

    assert(read == OK);
    return number_pack(&number, out);
}

struct datum vector_list(struct arena *arena, const char *floats, uint32_t dimensions)
{
    size_t each = DATUM_HEAD_BYTES_MAX + NUMBER_PACKED_BYTES_MAX;
    char *body = arena_alloc(arena, dimensions * each);
    char *at = body;

    for (uint32_t i = 0; i < dimensions; i++) {
        char packed[NUMBER_PACKED_BYTES_MAX];
        float plain;

        memcpy(&plain, floats + i * sizeof(float), sizeof(float));
        at = datum_put(at, (struct datum){DATUM_N, str_of(packed, float_pack(plain, packed))});
    }
    return (struct datum){DATUM_L, str_of(body, (size_t)(at - body))};
}

/* ---- entries ---- */

static bool elements_sound(const struct vector_spec *spec, const struct item *item)
{
    for (size_t i = 0; i < spec->element_count; i++) {
        const struct vector_element *element = &spec->elements[i];
        struct datum value = datum_find(item->attributes, element->name);

        if (value.type == DATUM_NONE && !element->hash) {
            continue;
        }
        if (value.type != element->type ||
            (element->hash && (value.body.bytes == 0 || value.body.bytes > HASH_KEY_BYTES_MAX)) ||
            value.body.bytes > VECTOR_FILTER_BYTES_MAX) {
            return false;
        }
    }
    return true;
}

bool vector_entry(struct call *c, const struct table *table, const struct index *index,
                  const struct item *item, struct entry_of_index *ret_entry)
{
    const struct vector_spec *spec = index->vector;
    struct datum vector = datum_find(item->attributes, spec->attribute);
    size_t bytes = spec->dimensions * sizeof(float);
    struct item rest;
    char *value;
    float *floats;

    if (vector.type != DATUM_L || !elements_sound(spec, item)) {
        return false;
    }
    floats = arena_alloc(c->arena, bytes);
    if (!vector_floats(vector, spec->dimensions, floats)) {
        return false;
    }
    rest = index_project(c->arena, table, index, item);
    value = arena_alloc(c->arena, bytes + rest.packed.bytes);
    memcpy(value, floats, bytes);
    memcpy(value + bytes, rest.packed.at, rest.packed.bytes);
    ret_entry->row = row_index(c->arena, table, index,
                               index_suffix(c->arena, table, index, item));
    ret_entry->item = rest;
    ret_entry->item.packed = str_of(value, bytes + rest.packed.bytes);
    ret_entry->item.bytes += bytes + spec->attribute.bytes;
    return true;
}

void vector_entry_open(const struct index *index, struct str value, const char **ret_floats,
                       struct item *ret_item)
{
    size_t bytes = index->vector->dimensions * sizeof(float);

    assert(value.bytes > bytes);
    bool good = item_open(str_slice(value, bytes, value.bytes), ret_item);

    assert(good);
    *ret_floats = value.at;
}

static uint64_t request_bytes(const struct item *item)
{
    if (item->packed.bytes == 0) {
        return 0;
    }
    return item->bytes < VECTOR_REQUEST_BYTES_MIN ? VECTOR_REQUEST_BYTES_MIN : item->bytes;
}

uint64_t vector_cost(const struct item *before, const struct item *after, bool moved)
{
    bool written = after->packed.bytes > 0;

    return request_bytes(after) + (moved || !written ? request_bytes(before) : 0);
}
