/* SPDX-License-Identifier: Apache-2.0
 *
 * Small things that the template language does with documents: building, names for sentences, the
 * pieces of Fn::Sub's texts.
 */
#include "svc/cloudformation/template_int.h"

#include <assert.h>

#define NAMES_BYTES_MAX 1500u /* a sentence has WHY_BYTES_MAX */

/* ---- building ---- */

struct value template_list(struct arena *arena, size_t room)
{
    struct value list = {.kind = VALUE_LIST, .room = (uint32_t)room};

    list.items = arena_zero(arena, (room + 1) * sizeof(struct value));
    return list;
}

struct value template_map(struct arena *arena, size_t room)
{
    struct value map = {.kind = VALUE_MAP, .room = (uint32_t)room};

    map.pairs = arena_zero(arena, (room + 1) * sizeof(struct pair));
    return map;
}

struct value *template_list_add(struct value *list)
{
    assert(list->kind == VALUE_LIST);
    assert(list->count < list->room);
    return &list->items[list->count++];
}

struct value *template_map_add(struct value *map, struct str key)
{
    assert(map->kind == VALUE_MAP);
    assert(map->count < map->room);
    map->pairs[map->count].key = key;
    return &map->pairs[map->count++].value;
}

bool template_has_unknown(const struct value *value)
{
    if (value->kind != VALUE_LIST && value->kind != VALUE_MAP) {
        return value->kind == VALUE_NONE;
    }
    for (uint32_t i = 0; i < value->count; i++) {
        if (template_has_unknown(value->kind == VALUE_LIST ? &value->items[i]
                                                           : &value->pairs[i].value)) {
            return true;
        }
    }
    return false;
}

bool template_as_text(struct arena *arena, const struct value *value, struct value *ret_text)
{
    if (value->kind == VALUE_NONE) {
        *ret_text = *value;
        return true;
    }
    if (!template_is_scalar(value)) {
        return false;
    }
    *ret_text = template_text(doc_text(arena, value));
    return true;
}

/* ---- names ---- */

void template_names_add(struct template_names *names, struct str name)
{
    for (uint32_t i = 0; i < names->count; i++) {
        if (str_eq(names->at[i], name)) {
            return;
        }
    }
    if (names->count == names->room) {
        uint32_t room = names->room == 0 ? 8 : names->room * 2;
        struct str *at = arena_alloc(names->arena, room * sizeof(struct str));

        if (names->count > 0) {
            memcpy(at, names->at, names->count * sizeof(struct str));
        }
        names->at = at;
        names->room = room;
    }
    names->at[names->count++] = name;
}

struct str template_names_text(const struct template_names *names)
{
    struct str text = STR("");

    for (uint32_t i = 0; i < names->count && text.bytes < NAMES_BYTES_MAX; i++) {
        text = arena_printf(names->arena, "%.*s%s%.*s", STR_ARG(text), i == 0 ? "" : ", ",
                            STR_ARG(names->at[i]));
    }
    return text;
}

/* ---- Fn::Sub ---- */

bool template_variable_good(struct str name)
{
    for (size_t i = 0; i < name.bytes; i++) {
        char c = name.at[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '.' || c == ':')) {
            return false;
        }
    }
    return name.bytes > 0;
}

bool template_piece_next(struct str *rest, struct template_piece *ret_piece)
{
    size_t open = str_find_str(*rest, STR("${"));
    size_t close = open == rest->bytes ? rest->bytes : str_find(*rest, '}', open);

    if (rest->bytes == 0) {
        return false;
    }
    if (close == rest->bytes) { /* an open one that nothing closes is text */
        *ret_piece = (struct template_piece){.text = *rest};
        *rest = STR_NONE;
        return true;
    }
    *ret_piece = (struct template_piece){
        .text = str_slice(*rest, 0, open),
        .variable = str_slice(*rest, open + 2, close),
    };
    if (ret_piece->variable.bytes > 0 && ret_piece->variable.at[0] == '!') {
        ret_piece->literal = true;
        ret_piece->variable = str_slice(ret_piece->variable, 1, ret_piece->variable.bytes);
    }
    *rest = str_slice(*rest, close + 1, rest->bytes);
    return true;
}

/* ---- references ---- */

bool template_dotted(struct str text, struct str *ret_first, struct str *ret_second)
{
    size_t dot = str_find(text, '.', 0);

    if (dot == 0 || dot + 1 >= text.bytes) {
        return false;
    }
    *ret_first = str_slice(text, 0, dot);
    *ret_second = str_slice(text, dot + 1, text.bytes);
    return true;
}

bool template_get_att_parts(const struct value *argument, struct str *ret_resource,
                            struct value *ret_attribute)
{
    struct str second;

    if (template_is_text(argument)) {
        if (!template_dotted(argument->str, ret_resource, &second)) {
            return false;
        }
        *ret_attribute = template_text(second);
        return true;
    }
    if (argument->kind != VALUE_LIST || argument->count != 2 ||
        !template_is_text(&argument->items[0]) || argument->items[0].str.bytes == 0) {
        return false;
    }
    *ret_resource = argument->items[0].str;
    *ret_attribute = argument->items[1];
    return argument->items[1].kind == VALUE_MAP ||
           (template_is_text(&argument->items[1]) && argument->items[1].str.bytes > 0);
}

bool template_is_pseudo(struct str name)
{
    static const char *const names[] = {
        "AWS::AccountId", "AWS::NotificationARNs", "AWS::NoValue",   "AWS::Partition",
        "AWS::Region",    "AWS::StackId",          "AWS::StackName", "AWS::URLSuffix",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_eq(name, str_c(names[i]))) {
            return true;
        }
    }
    return false;
}

int32_t template_resource_index(const struct template *t, struct str name)
{
    uint32_t at = (uint32_t)str_hash(name);

    if (t->places == NULL) {
        return -1;
    }
    for (at &= t->place_mask; t->places[at] != 0; at = (at + 1) & t->place_mask) {
        if (str_eq(t->resources[t->places[at] - 1].name, name)) {
            return (int32_t)t->places[at] - 1;
        }
    }
    return -1;
}

/* At most half full. */
void template_place_resources(struct template *t, struct arena *arena)
{
    uint32_t size = 4;

    while (size < 2 * t->resource_count) {
        size *= 2;
    }
    t->places = arena_zero(arena, size * sizeof(t->places[0]));
    t->place_mask = size - 1;
    for (uint32_t i = 0; i < t->resource_count; i++) {
        uint32_t at = (uint32_t)str_hash(t->resources[i].name) & t->place_mask;

        while (t->places[at] != 0) {
            at = (at + 1) & t->place_mask;
        }
        t->places[at] = i + 1;
    }
}

const struct template_resource *template_resource_find(const struct template *t, struct str name)
{
    int32_t index = template_resource_index(t, name);

    return index < 0 ? NULL : &t->resources[index];
}

int32_t template_parameter_index(const struct template *t, struct str name)
{
    for (uint32_t i = 0; i < t->parameter_count; i++) {
        if (str_eq(t->parameters[i].name, name)) {
            return (int32_t)i;
        }
    }
    return -1;
}
