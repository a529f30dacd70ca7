/* SPDX-License-Identifier: Apache-2.0
 *
 * Items and the wire.
 *
 * Rules
 *  1. Packing asks first how large it can become, then writes into one piece of the arena; so
 *     nothing is checked while writing, and a request can cost no more than a small multiple of
 *     its own bytes.
 *  2. Sets and maps are sorted here and nowhere else.
 *  3. What AWS refuses is refused in AWS's order: the value's own faults before its having two
 *     types.
 */
#include "svc/dynamodb/item.h"

#include "base/codec.h"
#include "svc/dynamodb/errors.h"
#include "svc/dynamodb/number.h"

#include <assert.h>
#include <stdlib.h>

#define ITEM_VERSION 1
#define COLLECTION_TEXT_BYTES_MAX 1024
#define INVALID "One or more parameter values were invalid: "

struct packing {
    struct arena *arena; /* for sorting, and numbers of sets */
    struct why *why;     /* the sentence */
    char *to;            /* where the next byte goes */
};

static status pack_value(struct packing *p, const struct value *wire, unsigned depth);

/* ---- how large ---- */

static size_t room_value(const struct value *wire);

static size_t room_field(uint8_t type, const struct value *field)
{
    size_t sum = DATUM_HEAD_BYTES_MAX;

    switch (field->kind) {
    case VALUE_STR:
    case VALUE_BLOB:
        return sum + (type == DATUM_N ? NUMBER_PACKED_BYTES_MAX : field->str.bytes);
    case VALUE_LIST:
        for (uint32_t i = 0; i < field->count; i++) {
            sum += datum_is_set(type) ? room_field(datum_member_type(type), &field->items[i])
                                      : room_value(&field->items[i]);
        }
        return sum;
    case VALUE_MAP:
        for (uint32_t i = 0; i < field->count; i++) {
            sum += DATUM_HEAD_BYTES_MAX + field->pairs[i].key.bytes +
                   room_value(&field->pairs[i].value);
        }
        return sum;
    default:
        return sum + 1;
    }
}

/* The type that a field of AttributeValue stands for. */
static uint8_t field_type(const struct value *wire, uint32_t index)
{
    uint32_t member = model_shape(wire->shape)->first + index;
    uint8_t type = DATUM_NONE;
    bool known = datum_type_of(model_text(model_members[member].name), &type);

    assert(known);
    return type;
}

static size_t room_value(const struct value *wire)
{
    size_t sum = 0;

    for (uint32_t i = 0; i < wire->count; i++) {
        if (wire->items[i].kind != VALUE_NONE) {
            sum += room_field(field_type(wire, i), &wire->items[i]);
        }
    }
    return sum;
}

static status packing_begin(struct packing *p, size_t room)
{
    p->to = arena_try(p->arena, room);
    if (p->to == NULL) {
        return why_set(p->why, &ERR_LIMIT, "no memory for an item of %zu bytes", room);
    }
    return OK;
}

/* ---- sets ---- */

static int member_cmp(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* "[a, b, a]", as they came. */
static status duplicates(const struct value *list, uint8_t type, struct why *why)
{
    struct buf text;

    if (type == DATUM_NS) {
        return why_set(why, &DDB_VALIDATION, "Input collection contains duplicates");
    }
    buf_init(&text, COLLECTION_TEXT_BYTES_MAX);
    for (uint32_t i = 0; i < list->count && !buf_spent(&text); i++) {
        buf_add(&text, i > 0 ? STR(", ") : STR(""));
        if (type == DATUM_BS) {
            buf_add_base64(&text, list->items[i].str);
        } else {
            buf_add(&text, list->items[i].str);
        }
    }
    why_set(why, &DDB_VALIDATION, INVALID "Input collection [%.*s]%s contains duplicates.",
            STR_ARG(buf_str(&text)), type == DATUM_BS ? "of type BS" : "");
    buf_done(&text);
    return &DDB_VALIDATION;
}

static status member_read(struct packing *p, struct str text, uint8_t type, struct str *ret_member)
{
    struct number number;
    char *packed;

    if (type == DATUM_NS) {
        TRY(number_parse(text, p->why, &number));
        packed = arena_alloc(p->arena, NUMBER_PACKED_BYTES_MAX);
        *ret_member = str_of(packed, number_pack(&number, packed));
        return OK;
    }
    if (text.bytes == 0) {
        return why_set(p->why, &DDB_VALIDATION, INVALID "%s",
                       type == DATUM_SS ? "An string set may not have a empty string as a member"
                                        : "Binary sets may not contain null or empty values");
    }
    *ret_member = text;
    return OK;
}

static status pack_set(struct packing *p, const struct value *list, uint8_t type)
{
    struct str *members = arena_try(p->arena, (list->count + 1) * sizeof(*members));
    char *head = p->to;

    if (members == NULL) {
        return why_set(p->why, &ERR_LIMIT, "no memory for a set");
    }
    if (list->count == 0) {
        return why_set(p->why, &DDB_VALIDATION, INVALID "%s",
                       type == DATUM_SS   ? "An string set  may not be empty"
                       : type == DATUM_NS ? "An number set  may not be empty"
                                          : "Binary sets should not be empty");
    }
    for (uint32_t i = 0; i < list->count; i++) {
        TRY(member_read(p, list->items[i].str, type, &members[i]));
    }
    qsort(members, list->count, sizeof(*members), member_cmp);
    p->to = datum_open(head);
    for (uint32_t i = 0; i < list->count; i++) {
        if (i > 0 && str_eq(members[i - 1], members[i])) {
            return duplicates(list, type, p->why);
        }
        p->to = datum_put_str(p->to, members[i]);
    }
    datum_close(head, type, p->to);
    return OK;
}

/* ---- lists and maps ---- */

static status pack_list(struct packing *p, const struct value *list, unsigned depth)
{
    char *head = p->to;

    p->to = datum_open(head);
    for (uint32_t i = 0; i < list->count; i++) {
        TRY(pack_value(p, &list->items[i], depth + 1));
    }
    datum_close(head, DATUM_L, p->to);
    return OK;
}

static int pair_cmp(const void *a, const void *b)
{
    return str_cmp((*(const struct pair *const *)a)->key, (*(const struct pair *const *)b)->key);
}

static status pack_pairs(struct packing *p, const struct value *map, unsigned depth)
{
    const struct pair **pairs = arena_try(p->arena, (map->count + 1) * sizeof(struct pair *));

    if (pairs == NULL) {
        return why_set(p->why, &ERR_LIMIT, "no memory for a map");
    }
    for (uint32_t i = 0; i < map->count; i++) {
        pairs[i] = &map->pairs[i];
    }
    qsort(pairs, map->count, sizeof(struct pair *), pair_cmp);
    for (uint32_t i = 0; i < map->count; i++) {
        p->to = datum_put_str(p->to, pairs[i]->key);
        TRY(pack_value(p, &pairs[i]->value, depth));
    }
    return OK;
}

static status pack_map(struct packing *p, const struct value *map, unsigned depth)
{
    char *head = p->to;

    p->to = datum_open(head);
    TRY(pack_pairs(p, map, depth + 1));
    datum_close(head, DATUM_M, p->to);
    return OK;
}

/* ---- values ---- */

static status pack_number(struct packing *p, struct str text)
{
    struct number number;
    char packed[NUMBER_PACKED_BYTES_MAX];

    TRY(number_parse(text, p->why, &number));
    p->to = datum_put(p->to, (struct datum){DATUM_N, str_of(packed, number_pack(&number, packed))});
    return OK;
}

static status pack_field(struct packing *p, uint8_t type, const struct value *field, unsigned depth)
{
    switch ((enum datum_type)type) {
    case DATUM_S:
    case DATUM_B:
        p->to = datum_put(p->to, (struct datum){type, field->str});
        return OK;
    case DATUM_N:
        return pack_number(p, field->str);
    case DATUM_SS:
    case DATUM_NS:
    case DATUM_BS:
        return pack_set(p, field, type);
    case DATUM_L:
        return pack_list(p, field, depth);
    case DATUM_M:
        return pack_map(p, field, depth);
    case DATUM_BOOL:
        p->to = datum_put(p->to, (struct datum){type, str_of(field->truth ? "\1" : "\0", 1)});
        return OK;
    case DATUM_NULL:
        if (!field->truth) {
            return why_set(p->why, &DDB_VALIDATION, INVALID
                           "Null attribute value types must have the value of true");
        }
        p->to = datum_put(p->to, (struct datum){type, STR_NONE});
        return OK;
    case DATUM_NONE:
        break;
    }
    return OK;
}

static status pack_value(struct packing *p, const struct value *wire, unsigned depth)
{
    unsigned types = 0;

    if (depth > DATUM_DEPTH_MAX) {
        return why_set(p->why, &DDB_VALIDATION, "Nesting Levels have exceeded supported limits: "
                       "Attributes in the item have nested levels beyond supported limit");
    }
    for (uint32_t i = 0; i < wire->count; i++) {
        if (wire->items[i].kind != VALUE_NONE) {
            TRY(pack_field(p, field_type(wire, i), &wire->items[i], depth));
            types++;
        }
    }
    if (types == 0) {
        return why_set(p->why, &DDB_VALIDATION, "Supplied AttributeValue is empty, must contain "
                                                "exactly one of the supported datatypes");
    }
    if (types > 1) {
        return why_set(p->why, &DDB_VALIDATION,
                       "Supplied AttributeValue has more than one datatypes set, must contain "
                       "exactly one of the supported datatypes");
    }
    return OK;
}

status datum_from_value(struct arena *arena, const struct value *wire, struct why *why,
                        struct datum *ret_datum)
{
    struct packing p = {arena, why, NULL};
    struct cursor cursor;
    char *start;

    TRY(packing_begin(&p, room_value(wire) + 1));
    start = p.to;
    TRY(pack_value(&p, wire, 1));
    cursor = cursor_of(str_of(start, (size_t)(p.to - start)));
    *ret_datum = datum_read(&cursor);
    assert(cursor_done(&cursor));
    return OK;
}

status item_from_value(struct arena *arena, const struct value *wire, struct why *why,
                       struct item *ret_item)
{
    struct packing p = {arena, why, NULL};
    char *body;

    assert(wire->kind == VALUE_MAP);
    TRY(packing_begin(&p, ITEM_HEAD_BYTES_MAX + room_field(DATUM_M, wire)));
    body = p.to += ITEM_HEAD_BYTES_MAX;
    TRY(pack_pairs(&p, wire, 1));
    return item_make(body, p.to, why, ret_item);
}

/* ---- packed items ---- */

status item_make(char *body, const char *end, struct why *why, struct item *ret_item)
{
    struct item item = {.attributes = str_of(body, (size_t)(end - body))};
    char head[ITEM_HEAD_BYTES_MAX] = {ITEM_VERSION};
    size_t head_bytes = 1;
    size_t left;

    if (!datum_measure_pairs(item.attributes, DATUM_DEPTH_MAX, &item.bytes)) {
        return why_set(why, &DDB_VALIDATION, "Nesting Levels have exceeded supported limits: "
                       "Attributes in the item have nested levels beyond supported limit");
    }
    for (left = item.bytes; left >= 0x80; left >>= 7) {
        head[head_bytes++] = (char)(left | 0x80);
    }
    head[head_bytes++] = (char)left;
    memcpy(body - head_bytes, head, head_bytes);
    item.packed = str_of(body - head_bytes, head_bytes + item.attributes.bytes);
    *ret_item = item;
    return OK;
}

bool item_open(struct str packed, struct item *ret_item)
{
    struct cursor cursor = cursor_of(packed);
    uint8_t version = read_u8(&cursor);
    uint64_t bytes = read_var(&cursor);

    if (!cursor_ok(&cursor) || version != ITEM_VERSION) {
        return false;
    }
    *ret_item = (struct item){packed, cursor.rest, bytes};
    return true;
}

bool item_sound(struct str packed)
{
    struct item item;
    size_t bytes;

    return item_open(packed, &item) && datum_sound_pairs(item.attributes, DATUM_DEPTH_MAX) &&
           datum_measure_pairs(item.attributes, DATUM_DEPTH_MAX, &bytes) && bytes == item.bytes;
}

status item_fits(const struct item *item, bool update, struct why *why)
{
    if (item->bytes <= ITEM_BYTES_MAX) {
        return OK;
    }
    return why_set(why, &DDB_VALIDATION, "Item size %shas exceeded the maximum allowed size",
                   update ? "to update " : "");
}

status key_datum_check(struct datum datum, struct str name, bool hash, struct why *why)
{
    assert(datum_is_scalar_key(datum.type));
    if (datum.body.bytes == 0) {
        return why_set(why, &DDB_VALIDATION, "One or more parameter values are not valid. The "
                       "AttributeValue for a key attribute cannot contain an empty %s value. "
                       "Key: %.*s", datum.type == DATUM_S ? "string" : "binary", STR_ARG(name));
    }
    if (hash && datum.body.bytes > HASH_KEY_BYTES_MAX) {
        return why_set(why, &DDB_VALIDATION, INVALID "Size of hashkey has exceeded the maximum "
                       "size limit of%d bytes", HASH_KEY_BYTES_MAX);
    }
    if (!hash && datum.body.bytes > RANGE_KEY_BYTES_MAX) {
        return why_set(why, &DDB_VALIDATION, INVALID "Aggregated size of all range keys has "
                       "exceeded the size limit of %d bytes", RANGE_KEY_BYTES_MAX);
    }
    return OK;
}

/* ---- to the wire ---- */

static struct str number_for_wire(struct arena *arena, struct str packed)
{
    char text[NUMBER_TEXT_BYTES_MAX];
    struct number number = {0};
    bool sound = number_unpack(packed, &number);

    assert(sound);
    return arena_dup(arena, str_of(text, number_text(&number, text)));
}

static void set_to_value(struct arena *arena, struct datum set, struct value *wire)
{
    const char *member = datum_type_name(set.type).at;
    struct value *list = set_list(arena, wire, member, datum_count(set));
    struct cursor cursor = cursor_of(set.body);

    while (cursor.rest.bytes > 0) {
        struct datum element = datum_read_member(&cursor, set.type);

        if (element.type == DATUM_N) {
            list_add_str(list, number_for_wire(arena, element.body));
        } else {
            list_add_str(list, element.body);
            list->items[list->count - 1].kind = element.type == DATUM_B ? VALUE_BLOB : VALUE_STR;
        }
    }
}

static void list_to_value(struct arena *arena, struct datum list, struct value *wire)
{
    struct value *to = set_list(arena, wire, "L", datum_count(list));
    struct cursor cursor = cursor_of(list.body);

    while (cursor.rest.bytes > 0) {
        struct datum datum = datum_read(&cursor);
        const char *type = datum_type_name(datum.type).at;

        datum_to_value(arena, datum, list_add_one(arena, to, type));
    }
}

static void pairs_to_map(struct arena *arena, struct str body, struct value *to)
{
    struct cursor cursor = cursor_of(body);

    while (cursor.rest.bytes > 0) {
        struct str name;
        struct datum value = datum_read_pair(&cursor, &name);

        const char *type = datum_type_name(value.type).at;

        datum_to_value(arena, value, map_add_one(arena, to, name, type));
    }
}

static void pairs_to_value(struct arena *arena, struct str body, struct value *structure,
                           const char *member)
{
    struct datum map = {DATUM_M, body};

    pairs_to_map(arena, body, set_map(arena, structure, member, datum_count(map)));
}

void datum_to_value(struct arena *arena, struct datum datum, struct value *wire)
{
    switch ((enum datum_type)datum.type) {
    case DATUM_S:
        set_str(wire, "S", datum.body);
        return;
    case DATUM_N:
        set_str(wire, "N", number_for_wire(arena, datum.body));
        return;
    case DATUM_B:
        set_blob(wire, "B", datum.body);
        return;
    case DATUM_SS:
    case DATUM_NS:
    case DATUM_BS:
        set_to_value(arena, datum, wire);
        return;
    case DATUM_L:
        list_to_value(arena, datum, wire);
        return;
    case DATUM_M:
        pairs_to_value(arena, datum.body, wire, "M");
        return;
    case DATUM_BOOL:
        set_bool(wire, "BOOL", datum.body.at[0] != 0);
        return;
    case DATUM_NULL:
        set_bool(wire, "NULL", true);
        return;
    case DATUM_NONE:
        break;
    }
    assert(datum.type != DATUM_NONE);
}

void item_to_value(struct arena *arena, const struct item *item, struct value *structure,
                   const char *member)
{
    pairs_to_value(arena, item->attributes, structure, member);
}

void item_to_list(struct arena *arena, const struct item *item, struct value *list)
{
    struct datum map = {DATUM_M, item->attributes};

    pairs_to_map(arena, item->attributes, list_add_map(arena, list, datum_count(map)));
}
