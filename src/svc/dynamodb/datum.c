/* SPDX-License-Identifier: Apache-2.0
 *
 * Packed attribute values: reading and writing. The format is in the header; this file is the only
 * one that knows it.
 *
 * Rules
 *  1. Reading goes through cursors; whatever the bytes are, nothing outside them is touched.
 *  2. Recursion is bounded by DATUM_DEPTH_MAX.
 */
#include "svc/dynamodb/datum.h"

#include "svc/dynamodb/number.h"

#include <assert.h>

#define LENGTH_FOLLOWS 15
#define CONTAINER_HEAD_BYTES 5

static const struct str type_names[] = {
    STR_INIT(""),   STR_INIT("S"),  STR_INIT("N"), STR_INIT("B"), STR_INIT("SS"),   STR_INIT("NS"),
    STR_INIT("BS"), STR_INIT("L"),  STR_INIT("M"), STR_INIT("BOOL"), STR_INIT("NULL"),
};

struct str datum_type_name(uint8_t type)
{
    assert(type <= DATUM_NULL);
    return type_names[type];
}

bool datum_type_of(struct str name, uint8_t *ret_type)
{
    for (int type = DATUM_S; type <= DATUM_NULL; type++) {
        if (str_eq(type_names[type], name)) {
            *ret_type = (uint8_t)type;
            return true;
        }
    }
    return false;
}

static bool is_container(uint8_t type)
{
    return type >= DATUM_SS && type <= DATUM_M;
}

/* ---- reading ---- */

static struct datum broken(struct cursor *cursor)
{
    cursor->bad = true;
    cursor->rest = STR_NONE;
    return DATUM_ABSENT;
}

struct datum datum_read(struct cursor *list)
{
    uint8_t tag = read_u8(list);
    uint8_t type = tag & 0x0f;
    uint64_t bytes = tag >> 4;
    struct datum datum = {type, STR_NONE};

    if (type == DATUM_NONE || type > DATUM_NULL) {
        return broken(list);
    }
    if (is_container(type)) {
        if (bytes != 0) {
            return broken(list);
        }
        bytes = read_u32(list);
    } else if (bytes == LENGTH_FOLLOWS) {
        bytes = read_var(list);
        if (bytes < LENGTH_FOLLOWS) {
            return broken(list);
        }
    }
    datum.body = read_bytes(list, bytes);
    return cursor_ok(list) ? datum : DATUM_ABSENT;
}

struct datum datum_read_pair(struct cursor *map, struct str *ret_name)
{
    *ret_name = read_str(map);
    return datum_read(map);
}

struct datum datum_read_member(struct cursor *set, uint8_t set_type)
{
    struct str body = read_str(set);

    return cursor_ok(set) ? (struct datum){datum_member_type(set_type), body} : DATUM_ABSENT;
}

struct datum datum_find(struct str map_body, struct str name)
{
    struct cursor map = cursor_of(map_body);

    while (map.rest.bytes > 0) {
        struct str found;
        struct datum datum = datum_read_pair(&map, &found);
        int order = str_cmp(found, name);

        if (order >= 0) {
            return order == 0 ? datum : DATUM_ABSENT;
        }
    }
    return DATUM_ABSENT;
}

struct datum datum_at(struct datum list, uint32_t index)
{
    struct cursor cursor = cursor_of(list.body);

    if (list.type != DATUM_L) {
        return DATUM_ABSENT;
    }
    while (cursor.rest.bytes > 0) {
        struct datum datum = datum_read(&cursor);

        if (index-- == 0) {
            return datum;
        }
    }
    return DATUM_ABSENT;
}

/* The next element, whatever it is inside of. */
static struct datum read_element(struct cursor *cursor, uint8_t type)
{
    struct str name;

    if (datum_is_set(type)) {
        return datum_read_member(cursor, type);
    }
    return type == DATUM_M ? datum_read_pair(cursor, &name) : datum_read(cursor);
}

size_t datum_count(struct datum many)
{
    struct cursor cursor = cursor_of(many.body);
    size_t count = 0;

    assert(is_container(many.type));
    while (cursor.rest.bytes > 0) {
        count += read_element(&cursor, many.type).type != DATUM_NONE;
    }
    return count;
}

bool datum_has(struct datum many, struct datum element)
{
    struct cursor cursor = cursor_of(many.body);

    if (datum_is_set(many.type) && element.type != datum_member_type(many.type)) {
        return false;
    }
    while (cursor.rest.bytes > 0) {
        if (datum_eq(read_element(&cursor, many.type), element)) {
            return true;
        }
    }
    return false;
}

bool datum_eq(struct datum a, struct datum b)
{
    return a.type == b.type && str_eq(a.body, b.body);
}

int datum_cmp(struct datum a, struct datum b)
{
    assert(a.type == b.type);
    assert(datum_is_scalar_key(a.type));
    return str_cmp(a.body, b.body);
}

/* ---- sizes ---- */

static bool measure_number(struct str packed, size_t *ret_bytes)
{
    struct number number;

    if (!number_unpack(packed, &number)) {
        return false;
    }
    *ret_bytes = number_bytes(&number);
    return true;
}

static bool measure_set(struct datum set, size_t *ret_bytes)
{
    struct cursor cursor = cursor_of(set.body);
    size_t sum = 0;

    while (cursor.rest.bytes > 0) {
        struct datum member = datum_read_member(&cursor, set.type);
        size_t bytes = member.body.bytes;

        if (member.type == DATUM_N && !measure_number(member.body, &bytes)) {
            return false;
        }
        sum += bytes;
    }
    *ret_bytes = sum;
    return cursor_ok(&cursor);
}

static bool measure_list(struct datum list, unsigned depth_max, size_t *ret_bytes)
{
    struct cursor cursor = cursor_of(list.body);
    size_t sum = 3;

    while (cursor.rest.bytes > 0) {
        struct datum element = datum_read(&cursor);
        size_t bytes = 0;

        if (!datum_measure(element, depth_max, &bytes)) {
            return false;
        }
        sum += 1 + bytes;
    }
    *ret_bytes = sum;
    return cursor_ok(&cursor);
}

bool datum_measure_pairs(struct str map_body, unsigned depth_max, size_t *ret_bytes)
{
    struct cursor cursor = cursor_of(map_body);
    size_t sum = 0;

    while (cursor.rest.bytes > 0) {
        struct str name;
        struct datum value = datum_read_pair(&cursor, &name);
        size_t bytes = 0;

        if (!datum_measure(value, depth_max, &bytes)) {
            return false;
        }
        sum += name.bytes + bytes;
    }
    *ret_bytes = sum;
    return cursor_ok(&cursor);
}

bool datum_measure(struct datum datum, unsigned depth_max, size_t *ret_bytes)
{
    if (depth_max == 0) {
        return false;
    }
    switch ((enum datum_type)datum.type) {
    case DATUM_S:
    case DATUM_B:
        *ret_bytes = datum.body.bytes;
        return true;
    case DATUM_N:
        return measure_number(datum.body, ret_bytes);
    case DATUM_SS:
    case DATUM_NS:
    case DATUM_BS:
        return measure_set(datum, ret_bytes);
    case DATUM_L:
        return measure_list(datum, depth_max - 1, ret_bytes);
    case DATUM_M:
        if (!datum_measure_pairs(datum.body, depth_max - 1, ret_bytes)) {
            return false;
        }
        *ret_bytes += 3 + datum_count(datum);
        return true;
    case DATUM_BOOL:
    case DATUM_NULL:
        *ret_bytes = 1;
        return true;
    case DATUM_NONE:
        break;
    }
    return false;
}

/* ---- soundness ---- */

static bool sound_number(struct str packed)
{
    struct number number;

    return number_unpack(packed, &number);
}

static bool sound_set(struct datum set)
{
    struct cursor cursor = cursor_of(set.body);
    struct str former = STR_NONE;
    bool first = true;

    while (cursor.rest.bytes > 0) {
        struct datum member = datum_read_member(&cursor, set.type);

        if ((!first && str_cmp(former, member.body) >= 0) ||
            (member.type == DATUM_N && !sound_number(member.body))) {
            return false;
        }
        former = member.body;
        first = false;
    }
    return cursor_ok(&cursor) && !first;
}

bool datum_sound_pairs(struct str map_body, unsigned depth_max)
{
    struct cursor cursor = cursor_of(map_body);
    struct str former = STR_NONE;
    bool first = true;

    while (cursor.rest.bytes > 0) {
        struct str name;
        struct datum value = datum_read_pair(&cursor, &name);

        if ((!first && str_cmp(former, name) >= 0) || !datum_sound(value, depth_max)) {
            return false;
        }
        former = name;
        first = false;
    }
    return cursor_ok(&cursor);
}

static bool sound_list(struct datum list, unsigned depth_max)
{
    struct cursor cursor = cursor_of(list.body);

    while (cursor.rest.bytes > 0) {
        if (!datum_sound(datum_read(&cursor), depth_max)) {
            return false;
        }
    }
    return cursor_ok(&cursor);
}

bool datum_sound(struct datum datum, unsigned depth_max)
{
    if (depth_max == 0) {
        return false;
    }
    switch ((enum datum_type)datum.type) {
    case DATUM_S:
    case DATUM_B:
        return true;
    case DATUM_N:
        return sound_number(datum.body);
    case DATUM_SS:
    case DATUM_NS:
    case DATUM_BS:
        return sound_set(datum);
    case DATUM_L:
        return sound_list(datum, depth_max - 1);
    case DATUM_M:
        return datum_sound_pairs(datum.body, depth_max - 1);
    case DATUM_BOOL:
        return datum.body.bytes == 1 && (datum.body.at[0] == 0 || datum.body.at[0] == 1);
    case DATUM_NULL:
        return datum.body.bytes == 0;
    case DATUM_NONE:
        break;
    }
    return false;
}

/* ---- writing ---- */

static char *bytes_put(char *to, struct str s)
{
    if (s.bytes > 0) {
        memcpy(to, s.at, s.bytes);
    }
    return to + s.bytes;
}

char *datum_put_str(char *to, struct str s)
{
    return bytes_put(datum_put_var(to, s.bytes), s);
}

char *datum_put(char *to, struct datum datum)
{
    assert(datum.type != DATUM_NONE);
    if (is_container(datum.type)) {
        char *end = bytes_put(datum_open(to), datum.body);

        datum_close(to, datum.type, end);
        return end;
    }
    if (datum.body.bytes < LENGTH_FOLLOWS) {
        *to++ = (char)(datum.body.bytes << 4 | datum.type);
    } else {
        *to++ = (char)(LENGTH_FOLLOWS << 4 | datum.type);
        to = datum_put_var(to, datum.body.bytes);
    }
    return bytes_put(to, datum.body);
}

char *datum_open(char *to)
{
    return to + CONTAINER_HEAD_BYTES;
}

void datum_close(char *head, uint8_t type, const char *end)
{
    size_t bytes = (size_t)(end - head) - CONTAINER_HEAD_BYTES;

    assert(is_container(type));
    assert(bytes <= UINT32_MAX);
    head[0] = (char)type;
    for (int i = 0; i < 4; i++) {
        head[1 + i] = (char)(bytes >> (8 * i));
    }
}
