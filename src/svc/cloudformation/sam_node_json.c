/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents as the texts that SAM's ids are hashed from: JSON with keys sorted, everything that is
 * not ASCII as \uXXXX, no spaces (or lines with an indent, as state machines' definitions are
 * written).
 */
#include "svc/cloudformation/sam_node.h"

#include "base/digest.h"
#include "base/mem.h"
#include "wire/json.h"

#include <stdlib.h>

#define TEXT_BYTES_MAX (8u << 20) /* of a document's JSON; longer ones are cut, which ids survive */

/* ---- texts ---- */

static void write_unit(struct buf *out, unsigned unit)
{
    buf_printf(out, "\\u%04x", unit & 0xffffu);
}

/* The character at *at, which is moved behind it; bytes that are no UTF-8 count as themselves. */
static unsigned next_character(struct str s, size_t *at)
{
    unsigned char first = (unsigned char)s.at[(*at)++];
    unsigned more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
    unsigned code = more == 0 ? first : first & (0x3fu >> more);

    for (; more > 0 && *at < s.bytes; more--) {
        code = code << 6 | ((unsigned char)s.at[(*at)++] & 63u);
    }
    return code;
}

static void write_character(struct buf *out, unsigned code)
{
    static const char letters[] = "btnvfr"; /* of 8 to 13; 11 has none in JSON */

    if (code == '"' || code == '\\') {
        buf_add_c(out, '\\');
        buf_add_c(out, (char)code);
    } else if (code >= 8 && code <= 13 && code != 11) {
        buf_add_c(out, '\\');
        buf_add_c(out, letters[code - 8]);
    } else if (code >= 0x20 && code < 0x7f) {
        buf_add_c(out, (char)code);
    } else if (code == 0x7f) {
        buf_add_c(out, (char)code);
    } else if (code < 0x10000) {
        write_unit(out, code);
    } else {
        write_unit(out, 0xd800u + ((code - 0x10000) >> 10));
        write_unit(out, 0xdc00u + ((code - 0x10000) & 0x3ffu));
    }
}

static void write_text(struct buf *out, struct str s)
{
    buf_add_c(out, '"');
    for (size_t at = 0; at < s.bytes;) {
        write_character(out, next_character(s, &at));
    }
    buf_add_c(out, '"');
}

/* ---- values ---- */

static int by_key(const void *a, const void *b)
{
    return str_cmp((*(const struct pair *const *)a)->key, (*(const struct pair *const *)b)->key);
}

static void write_line(struct buf *out, unsigned indent, unsigned depth)
{
    if (indent > 0) {
        buf_printf(out, "\n%*s", (int)(indent * depth), "");
    }
}

static void write_value(struct buf *out, const struct value *value, unsigned indent,
                        unsigned depth);

static void write_list(struct buf *out, const struct value *list, unsigned indent, unsigned depth)
{
    for (uint32_t i = 0; i < list->count; i++) {
        buf_add(out, i == 0 ? STR("[") : STR(","));
        write_line(out, indent, depth + 1);
        write_value(out, &list->items[i], indent, depth + 1);
    }
    if (list->count == 0) {
        buf_add_c(out, '[');
    } else {
        write_line(out, indent, depth);
    }
    buf_add_c(out, ']');
}

static void write_map(struct buf *out, const struct value *map, unsigned indent, unsigned depth)
{
    const struct pair **sorted = mem_alloc((map->count + 1) * sizeof(*sorted));

    for (uint32_t i = 0; i < map->count; i++) {
        sorted[i] = &map->pairs[i];
    }
    qsort(sorted, map->count, sizeof(*sorted), by_key);
    for (uint32_t i = 0; i < map->count; i++) {
        buf_add(out, i == 0 ? STR("{") : STR(","));
        write_line(out, indent, depth + 1);
        write_text(out, sorted[i]->key);
        buf_add(out, indent > 0 ? STR(": ") : STR(":"));
        write_value(out, &sorted[i]->value, indent, depth + 1);
    }
    if (map->count == 0) {
        buf_add_c(out, '{');
    } else {
        write_line(out, indent, depth);
    }
    buf_add_c(out, '}');
    mem_free(sorted);
}

static void write_value(struct buf *out, const struct value *value, unsigned indent,
                        unsigned depth)
{
    switch (value->kind) {
    case VALUE_BOOL:
        buf_add(out, value->truth ? STR("true") : STR("false"));
        break;
    case VALUE_INT:
        buf_add_i64(out, value->number);
        break;
    case VALUE_DOUBLE:
        json_write_double(out, value->real);
        break;
    case VALUE_STR:
        write_text(out, value->str);
        break;
    case VALUE_LIST:
        write_list(out, value, indent, depth);
        break;
    case VALUE_MAP:
        write_map(out, value, indent, depth);
        break;
    default:
        buf_add(out, STR("null"));
        break;
    }
}

void node_json(struct buf *out, const struct value *value, unsigned indent)
{
    static const struct value null = {.kind = VALUE_NULL};

    write_value(out, value == NULL ? &null : value, indent, 0);
}

/* ---- hashes ---- */

struct str node_hash(struct arena *arena, struct str text)
{
    uint8_t sum[SHA1_BYTES];

    sha1(text, sum);
    return arena_printf(arena, "%02x%02x%02x%02x%02x", sum[0], sum[1], sum[2], sum[3], sum[4]);
}

struct str node_hash_of(struct arena *arena, const struct value *value)
{
    struct buf text;
    struct str made;

    if (!node_true(value)) {
        return STR("");
    }
    if (node_is(value, VALUE_STR)) {
        return node_hash(arena, value->str);
    }
    buf_init(&text, TEXT_BYTES_MAX);
    node_json(&text, value, 0);
    made = node_hash(arena, buf_str(&text));
    buf_done(&text);
    return made;
}

/* ---- as Python shows them ---- */

static void show(struct buf *out, const struct value *value)
{
    bool map = value->kind == VALUE_MAP;

    if (value->kind == VALUE_STR) {
        buf_printf(out, "'%.*s'", STR_ARG(value->str));
    } else if (value->kind == VALUE_BOOL) {
        buf_add(out, value->truth ? STR("True") : STR("False"));
    } else if (!map && value->kind != VALUE_LIST) {
        value->kind == VALUE_NULL ? buf_add(out, STR("None")) : write_value(out, value, 0, 0);
    } else {
        buf_add_c(out, map ? '{' : '[');
        for (uint32_t i = 0; i < value->count; i++) {
            buf_add(out, i > 0 ? STR(", ") : STR(""));
            if (map) {
                buf_printf(out, "'%.*s': ", STR_ARG(value->pairs[i].key));
            }
            show(out, map ? &value->pairs[i].value : &value->items[i]);
        }
        buf_add_c(out, map ? '}' : ']');
    }
}

struct str node_shown(struct arena *arena, const struct value *value)
{
    struct buf text;
    struct str made;

    if (value == NULL) {
        return STR("None");
    }
    if (value->kind == VALUE_STR) {
        return value->str;
    }
    buf_init(&text, TEXT_BYTES_MAX);
    show(&text, value);
    made = arena_dup(arena, buf_spent(&text) ? STR_NONE : buf_str(&text));
    buf_done(&text);
    return made;
}
