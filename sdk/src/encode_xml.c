/* SPDX-License-Identifier: Apache-2.0
 *
 * REST with XML: documents as elements. What a value is, its JSON says, as in forms.
 */
#include "wire.h"

#include "text.h"

#include <stdio.h>

#define NAME_BYTES_MAX 256
#define XSI "http://www.w3.org/2001/XMLSchema-instance"

static void add_escaped(struct weir_buf *out, struct weir_text text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        switch (text.at[i]) {
        case '&':
            weir_buf_add_c(out, "&amp;");
            break;
        case '<':
            weir_buf_add_c(out, "&lt;");
            break;
        case '>':
            weir_buf_add_c(out, "&gt;");
            break;
        case '"':
            weir_buf_add_c(out, "&quot;");
            break;
        case '\r':
            weir_buf_add_c(out, "&#13;");
            break;
        default:
            weir_buf_add(out, text.at + i, 1);
        }
    }
}

static void add_scalar(struct weir_buf *out, struct weir_text value, uint16_t node)
{
    struct weir_buf text;

    weir_buf_init(&text, out->bytes_max);
    weir_scalar_add(&text, value, model_kind(node) == KIND_LEAF ? node : LEAF_ANY);
    add_escaped(out, weir_buf_text(&text));
    out->failed = out->failed || text.failed;
    weir_buf_done(&text);
}

/* A name as C text, from the tables or the document; "" if it is too long to be one. */
static void name_of(char to[NAME_BYTES_MAX], const struct model_member *member,
                    struct weir_text key)
{
    struct weir_buf text;

    weir_buf_init(&text, NAME_BYTES_MAX);
    if (member != NULL) {
        model_wire_add(&text, member);
    } else {
        struct weir_text name = weir_json_string(key, &text);
        if (text.bytes == 0) {
            weir_buf_add_text(&text, name);
        }
    }
    (void)snprintf(to, NAME_BYTES_MAX, "%.*s", (int)text.bytes, text.bytes == 0 ? "" : text.at);
    weir_buf_done(&text);
}

static void add_begin(struct weir_buf *out, const char *name)
{
    weir_buf_add(out, "<", 1);
    weir_buf_add_c(out, name);
    weir_buf_add(out, ">", 1);
}

static void add_end(struct weir_buf *out, const char *name)
{
    weir_buf_add_c(out, "</");
    weir_buf_add_c(out, name);
    weir_buf_add(out, ">", 1);
}

/* Members that are attributes; those of AWS's services all come from XML Schema. */
static void add_attributes(struct weir_buf *out, struct weir_text value, uint16_t node)
{
    struct weir_json_each each = weir_json_each(value);
    struct model_member member;
    char name[NAME_BYTES_MAX];

    while (weir_json_next(&each)) {
        name_of(name, NULL, each.key);
        if (model_member_find(node, weir_text(name), &member) && member.is_attribute) {
            weir_buf_add_c(out, " xmlns:xsi=\"" XSI "\" ");
            model_wire_add(out, &member);
            weir_buf_add_c(out, "=\"");
            add_scalar(out, each.value, member.node);
            weir_buf_add(out, "\"", 1);
        }
    }
}

static void add_struct(struct weir_buf *out, struct weir_text value, uint16_t node)
{
    struct weir_json_each each = weir_json_each(value);
    struct model_member member;
    char name[NAME_BYTES_MAX];

    while (weir_json_next(&each)) {
        name_of(name, NULL, each.key);
        if (model_member_find(node, weir_text(name), &member)) {
            if (member.is_attribute || member.location != AT_BODY) {
                continue;
            }
            name_of(name, &member, WEIR_NONE);
        }
        if (weir_json_kind(each.value) != WEIR_JSON_NULL) {
            weir_to_xml(out, name, each.value, member.node, 0);
        }
    }
}

static void add_list(struct weir_buf *out, const char *name, struct weir_text value, uint16_t node)
{
    struct model_many many = {.node = LEAF_ANY};
    struct weir_json_each each = weir_json_each(value);
    struct model_member item = {.rule = WIRE_SAME};
    char own[NAME_BYTES_MAX] = "member";

    if (model_kind(node) == KIND_LIST) {
        many = model_many(node);
    }
    if (many.is_named) {
        item.name = many.names[0];
        name_of(own, &item, WEIR_NONE);
    }
    if (!many.is_flat) {
        add_begin(out, name);
    }
    while (weir_json_next(&each)) {
        weir_to_xml(out, many.is_flat ? name : own, each.value, many.node, 0);
    }
    if (!many.is_flat) {
        add_end(out, name);
    }
}

static void add_map(struct weir_buf *out, const char *name, struct weir_text value, uint16_t node)
{
    struct model_many many = model_many(node);
    struct weir_json_each each = weir_json_each(value);
    const char *entry = many.is_flat ? name : "entry";
    char names[2][NAME_BYTES_MAX] = {"key", "value"};

    for (unsigned i = 0; i < 2 && many.is_named; i++) {
        struct model_member half = {.rule = WIRE_SAME, .name = many.names[i]};
        name_of(names[i], &half, WEIR_NONE);
    }
    if (!many.is_flat) {
        add_begin(out, name);
    }
    while (weir_json_next(&each)) {
        add_begin(out, entry);
        weir_to_xml(out, names[0], each.key, LEAF_ANY, 0);
        weir_to_xml(out, names[1], each.value, many.node, 0);
        add_end(out, entry);
    }
    if (!many.is_flat) {
        add_end(out, name);
    }
}

void weir_to_xml(struct weir_buf *out, const char *name, struct weir_text value, uint16_t node,
                 uint32_t namespace)
{
    enum weir_json_kind kind = weir_json_kind(value);

    if (kind == WEIR_JSON_ARRAY) {
        add_list(out, name, value, node);
        return;
    }
    if (kind == WEIR_JSON_OBJECT && model_kind(node) == KIND_MAP) {
        add_map(out, name, value, node);
        return;
    }
    weir_buf_add(out, "<", 1);
    weir_buf_add_c(out, name);
    if (namespace != 0) {
        weir_buf_add_c(out, " xmlns=\"");
        model_text_add(out, namespace);
        weir_buf_add(out, "\"", 1);
    }
    if (kind == WEIR_JSON_OBJECT) {
        add_attributes(out, value, node);
        weir_buf_add(out, ">", 1);
        add_struct(out, value, node);
    } else {
        weir_buf_add(out, ">", 1);
        add_scalar(out, value, node);
    }
    add_end(out, name);
}
