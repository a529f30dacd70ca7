/* SPDX-License-Identifier: Apache-2.0
 *
 * Ranges of keys, and keys as people type them.
 *
 * Keys are compared attribute by attribute, as a query would; a range's key that leaves out its
 * last attributes means all that begin with it. A range within one partition is a range of rows;
 * any other is looked for in the whole table, whose order is that of hashes.
 */
#include "svc/dynamodb/backup.h"

#include "base/codec.h"
#include "base/cursor.h"
#include "svc/dynamodb/number.h"
#include "wire/json.h"

#define KEY_JSON_BYTES_MAX (64u * 1024)

/* The item's key against one that may be shorter: below 0, 0 (as far as it goes), above 0. */
static int key_cmp(const struct key_schema *schema, const struct item *item,
                   const struct item *key)
{
    for (uint8_t i = 0; i < schema->count; i++) {
        struct datum of_key = datum_find(key->attributes, schema->names[i]);
        int order;

        if (of_key.type == DATUM_NONE) {
            return 0;
        }
        order = datum_cmp(datum_find(item->attributes, schema->names[i]), of_key);
        if (order != 0) {
            return order;
        }
    }
    return 0;
}

bool key_range_has(const struct key_schema *schema, const struct key_range *range,
                   const struct item *item)
{
    return (range->from.packed.bytes == 0 || key_cmp(schema, item, &range->from) >= 0) &&
           (range->to.packed.bytes == 0 || key_cmp(schema, item, &range->to) <= 0);
}

struct str key_range_within(struct arena *arena, const struct key_schema *schema,
                            const struct key_range *range)
{
    struct datum hashes[KEY_PARTS_MAX];

    if (range->from.packed.bytes == 0 || range->to.packed.bytes == 0) {
        return STR_NONE;
    }
    for (uint8_t i = 0; i < schema->hashes; i++) {
        struct datum to = datum_find(range->to.attributes, schema->names[i]);

        hashes[i] = datum_find(range->from.attributes, schema->names[i]);
        if (hashes[i].type == DATUM_NONE || to.type == DATUM_NONE || !datum_eq(hashes[i], to)) {
            return STR_NONE;
        }
    }
    if (datum_count((struct datum){DATUM_M, range->from.attributes}) == schema->count &&
        str_eq(range->from.packed, range->to.packed)) {
        return suffix_of_item(arena, schema, &range->from);
    }
    return suffix_of_partition(arena, hashes, schema->hashes);
}

struct str key_range_pack(struct arena *arena, const struct key_range *range)
{
    struct buf packed;
    struct str text;

    if (range->from.packed.bytes == 0 && range->to.packed.bytes == 0) {
        return STR_NONE;
    }
    buf_init(&packed, 2 * KEY_JSON_BYTES_MAX);
    write_str(&packed, range->from.packed);
    write_str(&packed, range->to.packed);
    text = arena_dup(arena, buf_str(&packed));
    buf_done(&packed);
    return text;
}

static bool open_or_absent(struct str packed, struct item *ret_item)
{
    *ret_item = ITEM_ABSENT;
    return packed.bytes == 0 || item_open(packed, ret_item);
}

bool key_range_unpack(struct str packed, struct key_range *ret_range)
{
    struct cursor cursor = cursor_of(packed);

    *ret_range = (struct key_range){ITEM_ABSENT, ITEM_ABSENT};
    return packed.bytes == 0 || (open_or_absent(read_str(&cursor), &ret_range->from) &&
                                 open_or_absent(read_str(&cursor), &ret_range->to) &&
                                 cursor_done(&cursor));
}

/* ---- keys as people type them ---- */

static status no_key(struct call *c, struct str name, uint8_t type)
{
    return fail(c, &DDB_VALIDATION, "The key's \"%.*s\" is to be of type %.*s.", STR_ARG(name),
                STR_ARG(datum_type_name(type)));
}

/* The text of a plain JSON value, or of DynamoDB's {"S": "text"}; STR_NONE: neither. */
static struct str text_of(struct arena *arena, const struct value *given, uint8_t type)
{
    const struct value *inner;
    struct buf text;
    struct str kept;

    if (given->kind == VALUE_STR) {
        return given->str;
    }
    if (given->kind == VALUE_INT && type == DATUM_N) {
        return arena_printf(arena, "%lld", (long long)given->number);
    }
    if (given->kind == VALUE_DOUBLE && type == DATUM_N) {
        buf_init(&text, 64);
        json_write_double(&text, given->real);
        kept = arena_dup(arena, buf_str(&text));
        buf_done(&text);
        return kept;
    }
    if (given->kind != VALUE_MAP || given->count != 1) {
        return STR_NONE;
    }
    inner = map_find(given, datum_type_name(type));
    return inner != NULL && inner->kind == VALUE_STR ? inner->str : STR_NONE;
}

static status datum_read_text(struct call *c, struct str name, uint8_t type, struct str text,
                              struct datum *ret_datum)
{
    struct number number;
    char *out = arena_alloc(c->arena, text.bytes + NUMBER_PACKED_BYTES_MAX);
    size_t bytes = text.bytes;

    ret_datum->type = type;
    ret_datum->body = text;
    if (type == DATUM_N) {
        TRY(number_parse(text, &c->why, &number));
        bytes = number_pack(&number, out);
        ret_datum->body = str_of(out, bytes);
    } else if (type == DATUM_B) {
        if (!base64_decode(text, out, &bytes)) {
            return no_key(c, name, type);
        }
        ret_datum->body = str_of(out, bytes);
    }
    return OK;
}

/* The attributes as an item; their names in a map's order. */
static status make_key(struct call *c, const struct key_schema *schema, struct datum *parts,
                       uint8_t count, struct item *ret_key)
{
    size_t bytes = ITEM_HEAD_BYTES_MAX;
    char *body;
    char *at;

    for (uint8_t i = 0; i < count; i++) {
        bytes += datum_packed_bytes_max(parts[i]) + schema->names[i].bytes + DATUM_HEAD_BYTES_MAX;
    }
    body = (char *)arena_alloc(c->arena, bytes) + ITEM_HEAD_BYTES_MAX;
    at = body;
    for (uint8_t done = 0; done < count; done++) {
        uint8_t least = count;

        for (uint8_t j = 0; j < count; j++) {
            if (parts[j].type != DATUM_NONE &&
                (least == count || str_cmp(schema->names[j], schema->names[least]) < 0)) {
                least = j;
            }
        }
        at = datum_put_str(at, schema->names[least]);
        at = datum_put(at, parts[least]);
        parts[least].type = DATUM_NONE;
    }
    return item_make(body, at, &c->why, ret_key);
}

status key_read(struct call *c, const struct key_schema *schema, struct str json,
                struct item *ret_key)
{
    struct datum parts[KEY_PARTS_MAX];
    struct value given;
    uint8_t count = 0;

    if (json.bytes > KEY_JSON_BYTES_MAX ||
        json_read(arena_dup(c->arena, json), 0, c->arena, &c->why, &given) != OK ||
        given.kind != VALUE_MAP) {
        return fail(c, &DDB_VALIDATION, "A key is a JSON object such as {\"%.*s\": …}.",
                    STR_ARG(schema->names[0]));
    }
    for (uint8_t i = 0; i < schema->count; i++) {
        const struct value *part = map_find(&given, schema->names[i]);
        struct str text;

        if (part == NULL) {
            break;
        }
        text = text_of(c->arena, part, schema->types[i]);
        if (text.at == NULL) {
            return no_key(c, schema->names[i], schema->types[i]);
        }
        TRY(datum_read_text(c, schema->names[i], schema->types[i], text, &parts[i]));
        TRY(key_datum_check(parts[i], schema->names[i], i < schema->hashes, &c->why));
        count++;
    }
    if (count != given.count || count < schema->hashes) {
        return fail(c, &DDB_VALIDATION, "A key of this table has \"%.*s\"%s and nothing else.",
                    STR_ARG(schema->names[0]), schema->count > 1 ? ", and its sort key," : "");
    }
    return make_key(c, schema, parts, count, ret_key);
}
