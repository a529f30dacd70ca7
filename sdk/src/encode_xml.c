/* SPDX-License-Identifier: Apache-2.0
 *
 * REST with XML: documents as elements. What a value is, its JSON says, as in forms.
 */
#include "wire.h"

#include "text.h"

#include <stdio.h>

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
    weir_buf_drop(&text, &out->failed);
}

/* A member's own name as C text. */
static void key_name(struct weir_buf *out, struct weir_text key, char to[MODEL_TEXT_MAX])
{
    struct weir_buf text;
    struct weir_text name;

    weir_buf_init(&text, key.bytes + 1);
    name = weir_json_string(key, &text);
    out->failed = out->failed || name.bytes >= MODEL_TEXT_MAX; /* nothing is called so */
    (void)snprintf(to, MODEL_TEXT_MAX, "%.*s", WEIR_ARG(name));
    weir_buf_drop(&text, &out->failed);
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
    char name[MODEL_TEXT_MAX];

    while (weir_json_next(&each)) {
        key_name(out, each.key, name);
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
    char name[MODEL_TEXT_MAX];

    while (weir_json_next(&each)) {
        key_name(out, each.key, name);
        if (model_member_find(node, weir_text(name), &member)) {
            if (member.is_attribute || member.location != AT_BODY) {
                continue;
            }
            model_wire_put(name, &member);
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
    char own[MODEL_TEXT_MAX] = "member";

    if (model_kind(node) == KIND_LIST) {
        many = model_many(node);
    }
    if (many.is_named) {
        model_text_put(own, many.names[0]);
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
    char names[2][MODEL_TEXT_MAX] = {"key", "value"};

    for (unsigned i = 0; i < 2 && many.is_named; i++) {
        model_text_put(names[i], many.names[i]);
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
