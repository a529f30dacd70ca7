/* SPDX-License-Identifier: Apache-2.0
 *
 * Where in a pattern's text something is wrong, as EventBridge says it:
 *
 *   at [Source: (String)"{"a": 1}"; line: 1, column: 8]
 *
 * A place is behind the token that was read last: behind the bracket that opens an object or a
 * list, behind the quote that opens a text, or behind all of it.
 *
 * A value is found by its number, counted in the order of the text, in the tree and in the text.
 */
#include "bus/pattern_int.h"

#include <stdio.h>

#define SOURCE_BYTES_MAX 500

/* ---- in the tree ---- */

/* Counts values until wanted, which is not counted; false: it is not below. */
static bool number_of(const struct value *value, const struct value *wanted, uint32_t *number)
{
    if (value == wanted) {
        return true;
    }
    ++*number;
    for (uint32_t i = 0; value->kind == VALUE_LIST && i < value->count; i++) {
        if (number_of(&value->items[i], wanted, number)) {
            return true;
        }
    }
    for (uint32_t i = 0; value->kind == VALUE_MAP && i < value->count; i++) {
        if (number_of(&value->pairs[i].value, wanted, number)) {
            return true;
        }
    }
    return false;
}

/* ---- in the text ---- */

struct search {
    struct str json;     /* valid */
    size_t at;           /* the next byte */
    uint32_t left;       /* values before the wanted one */
    bool found;          /* it was met */
    size_t token, end;   /* behind its first token; behind all of it */
};

static void pass(struct search *search, const char *bytes)
{
    while (search->at < search->json.bytes && search->json.at[search->at] != '\0' &&
           strchr(bytes, search->json.at[search->at]) != NULL) {
        search->at++;
    }
}

static void pass_text(struct search *search)
{
    for (search->at++; search->at < search->json.bytes && search->json.at[search->at] != '"';
         search->at++) {
        search->at += search->json.at[search->at] == '\\';
    }
    search->at++;
}

static void pass_value(struct search *search);

static void pass_members(struct search *search, bool object)
{
    search->at++;
    pass(search, " \t\r\n");
    while (search->at < search->json.bytes && search->json.at[search->at] != ']' &&
           search->json.at[search->at] != '}') {
        if (object) {
            pass_text(search);
            pass(search, " \t\r\n:");
        }
        pass_value(search);
        pass(search, " \t\r\n,");
    }
    search->at++;
}

static void pass_value(struct search *search)
{
    bool mine = !search->found && search->left == 0;
    char begin;

    pass(search, " \t\r\n");
    begin = search->at < search->json.bytes ? search->json.at[search->at] : '\0';
    search->left -= search->left > 0;
    if (mine) {
        search->found = true;
        search->token = search->at + 1;
    }
    if (begin == '{' || begin == '[') {
        pass_members(search, begin == '{');
    } else if (begin == '"') {
        pass_text(search);
    } else {
        while (search->at < search->json.bytes &&
               strchr(" \t\r\n,]}", search->json.at[search->at]) == NULL) {
            search->at++;
        }
        search->token = mine ? search->at : search->token;
    }
    if (mine) {
        search->end = search->at;
    }
}

/* ---- the sentence ---- */

static void add_place(struct str json, size_t at, struct why *why)
{
    size_t used = strlen(why->text);
    size_t line = 1;
    size_t column = 1;
    struct str shown = str_slice(json, 0, SOURCE_BYTES_MAX);
    char cut[64] = "";

    for (size_t i = 0; i < at && i < json.bytes; i++) {
        column = json.at[i] == '\n' ? 1 : column + 1;
        line += json.at[i] == '\n';
    }
    if (shown.bytes < json.bytes) {
        snprintf(cut, sizeof(cut), "[truncated %zu chars]", json.bytes - shown.bytes);
    }
    snprintf(why->text + used, sizeof(why->text) - used,
             "\n at [Source: (String)\"%.*s\"%s; line: %zu, column: %zu]", STR_ARG(shown), cut,
             line, column);
}

void pattern_place_add(struct str json, const struct value *document,
                       const struct pattern_place *place, struct why *why)
{
    struct search search = {.json = json};

    if (place->value == NULL || !number_of(document, place->value, &search.left)) {
        return;
    }
    pass_value(&search);
    for (int i = 0; search.found && i < (place->twice ? 2 : 1); i++) {
        add_place(json, place->end ? search.end : search.token, why);
    }
}
