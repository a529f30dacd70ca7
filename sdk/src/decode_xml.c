/* SPDX-License-Identifier: Apache-2.0
 *
 * From XML to JSON. Members that are not listed are texts, or structures when they have children;
 * of EC2's answers, whose names begin in lower case, the first letter becomes upper case.
 */
#include "wire.h"

#include "text.h"

/* Of the element at hand, its first letter as EC2's documents have it. */
static void add_unlisted_name(struct weir_buf *out, struct weir_text name)
{
    char first = name.bytes > 0 ? weir_upper(name.at[0]) : '_';

    weir_buf_add(out, "\"", 1);
    weir_json_add_escaped(out, (struct weir_text){&first, 1});
    weir_json_add_escaped(out,
                          (struct weir_text){name.at + 1, name.bytes > 0 ? name.bytes - 1 : 0});
    weir_buf_add(out, "\":", 2);
}

static bool is_flat(uint16_t node)
{
    enum model_kind kind = model_kind(node);

    return (kind == KIND_LIST || kind == KIND_MAP) && model_many(node).is_flat;
}

/* A map's entry: its key and value, by their names. */
static void add_entry(struct weir_buf *out, struct weir_xml *xml, uint32_t element, uint16_t node)
{
    struct model_many many = model_many(node);
    uint32_t key = WEIR_XML_NONE;
    uint32_t value = WEIR_XML_NONE;

    for (uint32_t child = weir_xml_child(xml, element, NULL); child != WEIR_XML_NONE;
         child = weir_xml_at(xml, child)->next) {
        struct weir_text name = weir_xml_at(xml, child)->name;
        if (many.is_named ? model_text_is(many.names[0], name) : weir_text_is(name, "key")) {
            key = child;
        } else {
            value = child;
        }
    }
    if (key == WEIR_XML_NONE) {
        return;
    }
    weir_comma(out);
    weir_json_add_string(out, weir_xml_at(xml, key)->text);
    weir_buf_add(out, ":", 1);
    if (value == WEIR_XML_NONE) {
        weir_buf_add_c(out, "\"\"");
    } else {
        weir_from_xml(out, xml, value, many.node);
    }
}

static void add_item(struct weir_buf *out, struct weir_xml *xml, uint32_t element, uint16_t node)
{
    if (model_kind(node) == KIND_MAP) {
        add_entry(out, xml, element, node);
    } else {
        weir_comma(out);
        weir_from_xml(out, xml, element, model_many(node).node);
    }
}

static void add_many(struct weir_buf *out, struct weir_xml *xml, uint32_t first, uint16_t node)
{
    bool is_map = model_kind(node) == KIND_MAP;

    weir_buf_add(out, is_map ? "{" : "[", 1);
    for (uint32_t item = first; item != WEIR_XML_NONE; item = weir_xml_at(xml, item)->next) {
        add_item(out, xml, item, node);
    }
    weir_buf_add(out, is_map ? "}" : "]", 1);
}

/* All elements of one name, from the first one on; marks them. */
static void add_flat(struct weir_buf *out, struct weir_xml *xml, uint32_t first, uint16_t node)
{
    struct weir_text name = weir_xml_at(xml, first)->name;
    bool is_map = model_kind(node) == KIND_MAP;

    weir_buf_add(out, is_map ? "{" : "[", 1);
    for (uint32_t item = first; item != WEIR_XML_NONE; item = weir_xml_at(xml, item)->next) {
        if (weir_text_eq(weir_xml_at(xml, item)->name, name)) {
            weir_xml_at(xml, item)->taken = true;
            add_item(out, xml, item, node);
        }
    }
    weir_buf_add(out, is_map ? "}" : "]", 1);
}

static void add_attributes(struct weir_buf *out, struct weir_xml *xml, uint32_t element,
                           uint16_t node)
{
    struct model_members members = model_members(node);
    struct model_member member;
    struct weir_text value;
    char name[MODEL_TEXT_MAX];

    while (model_member_next(&members, &member)) {
        if (!member.is_attribute) {
            continue;
        }
        model_wire_put(name, &member);
        if (weir_xml_attribute(weir_xml_at(xml, element), name, &value)) {
            weir_comma(out);
            weir_buf_add(out, "\"", 1);
            model_text_add(out, member.name);
            weir_buf_add(out, "\":", 2);
            weir_json_add_string(out, value);
        }
    }
}

void weir_members_from_xml(struct weir_buf *out, struct weir_xml *xml, uint32_t element,
                           uint16_t node)
{
    add_attributes(out, xml, element, node);
    for (uint32_t child = weir_xml_child(xml, element, NULL); child != WEIR_XML_NONE;
         child = weir_xml_at(xml, child)->next) {
        struct weir_text name = weir_xml_at(xml, child)->name;
        struct model_member member;
        if (weir_xml_at(xml, child)->taken) {
            continue;
        }
        weir_comma(out);
        if (model_member_find_wire(node, name, &member)) {
            weir_buf_add(out, "\"", 1);
            model_text_add(out, member.name);
            weir_buf_add(out, "\":", 2);
        } else {
            add_unlisted_name(out, name);
        }
        if (is_flat(member.node)) {
            add_flat(out, xml, child, member.node);
        } else {
            weir_from_xml(out, xml, child, member.node);
        }
    }
}

void weir_from_xml(struct weir_buf *out, struct weir_xml *xml, uint32_t element, uint16_t node)
{
    enum model_kind kind = model_kind(node);
    uint32_t child = weir_xml_child(xml, element, NULL);

    if (kind == KIND_LIST || kind == KIND_MAP) {
        add_many(out, xml, child, node);
    } else if (kind == KIND_STRUCT || node == LEAF_STRUCT || child != WEIR_XML_NONE) {
        weir_buf_add(out, "{", 1);
        weir_members_from_xml(out, xml, element, node);
        weir_buf_add(out, "}", 1);
    } else {
        weir_leaf_from_text(out, weir_xml_at(xml, element)->text, node);
    }
}
