/* SPDX-License-Identifier: Apache-2.0
 *
 * A value tree as XML.
 *
 * Rules
 *  1. Elements in the shape's order, unset members left out, empty lists and structures written as
 *     empty elements (flattened ones as nothing).
 *  2. Escaped are & < > " and, since readers would change them, carriage returns; what XML cannot
 *     hold at all is written as a character reference, as AWS does.
 *  3. A member's name space is declared where it has a prefix (xmlns:xsi), the root's always.
 *  4. Moments are ISO; epoch seconds or an HTTP date where the model says so.
 */
#include "wire/json_int.h"
#include "wire/names.h"
#include "wire/xml.h"

#include "base/codec.h"
#include "base/time.h"

#include <assert.h>

/* ---- texts ---- */

static bool is_plain(unsigned char c)
{
    return c >= 0x20 ? c != '&' && c != '<' && c != '>' && c != '"' : c == '\n' || c == '\t';
}

static void write_escape(struct buf *out, unsigned char c)
{
    switch (c) {
    case '&': buf_add(out, STR("&amp;")); return;
    case '<': buf_add(out, STR("&lt;")); return;
    case '>': buf_add(out, STR("&gt;")); return;
    case '"': buf_add(out, STR("&quot;")); return;
    default: buf_printf(out, "&#x%x;", c);
    }
}

void xml_write_text(struct buf *out, struct str s)
{
    size_t from = 0;

    for (size_t i = 0; i < s.bytes; i++) {
        if (!is_plain((unsigned char)s.at[i])) {
            buf_add(out, str_slice(s, from, i));
            write_escape(out, (unsigned char)s.at[i]);
            from = i + 1;
        }
    }
    buf_add(out, str_slice(s, from, s.bytes));
}

/* In an attribute line ends and tabs would become spaces. */
static void write_attribute(struct buf *out, struct str name, struct str value)
{
    buf_add_c(out, ' ');
    buf_add(out, name);
    buf_add(out, STR("=\""));
    for (size_t i = 0; i < value.bytes; i++) {
        unsigned char c = (unsigned char)value.at[i];
        if (is_plain(c) && c >= 0x20) {
            buf_add_c(out, (char)c);
        } else {
            write_escape(out, c);
        }
    }
    buf_add_c(out, '"');
}

static void open_without_end(struct buf *out, struct str name, struct str xmlns)
{
    buf_add_c(out, '<');
    buf_add(out, name);
    if (xmlns.bytes > 0) {
        write_attribute(out, STR("xmlns"), xmlns);
    }
}

void xml_open(struct buf *out, struct str name, struct str xmlns)
{
    open_without_end(out, name, xmlns);
    buf_add_c(out, '>');
}

/* The members of a structure that are attributes of its element. */
static void write_attributes(struct buf *out, const struct value *value)
{
    for (uint32_t i = 0; value->kind == VALUE_STRUCT && i < value->count; i++) {
        const struct member *field = &model_members[model_shape(value->shape)->first + i];

        if ((field->flags & MEMBER_XML_ATTRIBUTE) && value->items[i].kind == VALUE_STR) {
            write_attribute(out, model_text(field->wire_name), value->items[i].str);
        }
    }
}

void xml_open_root(struct buf *out, struct str name, struct str xmlns, const struct value *value)
{
    open_without_end(out, name, xmlns);
    write_attributes(out, value);
    buf_add_c(out, '>');
}

void xml_close(struct buf *out, struct str name)
{
    buf_add(out, STR("</"));
    buf_add(out, name);
    buf_add_c(out, '>');
}

void xml_leaf(struct buf *out, struct str name, struct str text)
{
    xml_open(out, name, STR_NONE);
    xml_write_text(out, text);
    xml_close(out, name);
}

/* ---- scalars ---- */

static void write_time(struct buf *out, const struct member *member, const struct value *value,
                       struct xml_style style)
{
    switch (time_format_of(member, value->shape, TIME_ISO)) {
    case TIME_HTTP:
        buf_add_http_date(out, value->moment_ms);
        return;
    case TIME_EPOCH:
        json_write_epoch(out, value->moment_ms);
        return;
    default:
        buf_add_iso(out, value->moment_ms);
        if (style.whole_ms && value->moment_ms % MS_PER_SECOND == 0 && !buf_spent(out)) {
            out->bytes--; /* the Z */
            buf_add(out, STR(".000Z"));
        }
    }
}

static void write_real(struct buf *out, double real)
{
    size_t from = out->bytes;

    json_write_double(out, real);
    if (!buf_spent(out) && out->at[from] == '"') { /* NaN and its kin, here without quotes */
        memmove(out->at + from, out->at + from + 1, out->bytes - from - 2);
        out->bytes -= 2;
    }
}

static void write_scalar(struct buf *out, const struct member *member, const struct value *value,
                         struct xml_style style)
{
    switch ((enum value_kind)value->kind) {
    case VALUE_NONE:
    case VALUE_NULL:
        return;
    case VALUE_BOOL:
        buf_add(out, value->truth ? STR("true") : STR("false"));
        return;
    case VALUE_INT:
        buf_add_i64(out, value->number);
        return;
    case VALUE_DOUBLE:
        write_real(out, value->real);
        return;
    case VALUE_STR:
        xml_write_text(out, value->str);
        return;
    case VALUE_BLOB:
        buf_add_base64(out, value->str);
        return;
    case VALUE_TIME:
        write_time(out, member, value, style);
        return;
    default:
        assert(false); /* trees are no scalars */
    }
}

/* ---- trees ---- */

static void write_value(struct buf *out, const struct member *member, const struct value *value,
                        struct xml_style style);

/* A value as an element of that name. member: what it is the value of, or NULL. */
static void write_element(struct buf *out, struct str name, const struct member *member,
                          const struct value *value, struct xml_style style)
{
    buf_add_c(out, '<');
    buf_add(out, name);
    if (member != NULL && member->xml_prefix != 0 && member->xml_namespace != 0) {
        buf_add(out, STR(" xmlns:"));
        buf_add(out, model_text(member->xml_prefix));
        buf_add(out, STR("=\""));
        xml_write_text(out, model_text(member->xml_namespace));
        buf_add_c(out, '"');
    }
    write_attributes(out, value);
    buf_add_c(out, '>');
    write_value(out, member, value, style);
    xml_close(out, name);
}

static void write_list(struct buf *out, struct str item, const struct value *list,
                       struct xml_style style)
{
    const struct member *of = &model_members[model_shape(list->shape)->first];

    for (uint32_t i = 0; i < list->count; i++) {
        write_element(out, item, of, &list->items[i], style);
    }
}

static void write_map(struct buf *out, struct str entry, const struct names *names,
                      const struct value *map, struct xml_style style)
{
    const struct member *of = &model_members[model_shape(map->shape)->first + 1];

    for (uint32_t i = 0; i < map->count; i++) {
        xml_open(out, entry, STR_NONE);
        xml_leaf(out, names->key, map->pairs[i].key);
        write_element(out, names->value, of, &map->pairs[i].value, style);
        xml_close(out, entry);
    }
}

/* What stands inside the element; plain lists and maps. */
static void write_value(struct buf *out, const struct member *member, const struct value *value,
                        struct xml_style style)
{
    const struct shape *shape = model_shape(value->shape);

    assert(value->kind != VALUE_ONE);
    if (value->kind == VALUE_STRUCT) {
        xml_write_members(out, value, style);
    } else if (value->kind == VALUE_LIST) {
        write_list(out, model_text(model_members[shape->first].wire_name), value, style);
    } else if (value->kind == VALUE_MAP) {
        struct names names = {.key = model_text(model_members[shape->first].wire_name),
                              .value = model_text(model_members[shape->first + 1].wire_name)};
        write_map(out, STR("entry"), &names, value, style);
    } else {
        write_scalar(out, member, value, style);
    }
}

void xml_write_members(struct buf *out, const struct value *structure, struct xml_style style)
{
    const struct shape *shape = model_shape(structure->shape);

    assert(structure->kind == VALUE_STRUCT);
    for (uint32_t i = 0; i < structure->count; i++) {
        const struct member *member = &model_members[shape->first + i];
        const struct value *value = &structure->items[i];

        if (value->kind == VALUE_NONE || member->location != AT_BODY ||
            (member->flags & MEMBER_XML_ATTRIBUTE)) {
            continue;
        }
        struct names names = names_of(member, style.sqs);

        if (names.flattened && value->kind == VALUE_LIST) {
            write_list(out, names.name, value, style);
        } else if (names.flattened && value->kind == VALUE_MAP) {
            write_map(out, names.name, &names, value, style);
        } else {
            write_element(out, names.name, member, value, style);
        }
    }
}

void xml_write(struct buf *out, const struct value *value, struct str name, struct str xmlns)
{
    const struct xml_style style = {false, false};

    if (xmlns.bytes == 0) {
        write_element(out, name, NULL, value, style);
        return;
    }
    xml_open(out, name, xmlns);
    write_value(out, NULL, value, style);
    xml_close(out, name);
}
