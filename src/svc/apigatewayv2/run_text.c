/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts with variables: "$request.header.a", "a ${request.path.id} b", "$context.requestId". A name
 * without braces ends where no letter of names follows; what is no variable is text.
 *
 * Source: "Transform API requests and responses for HTTP APIs", "Customize HTTP API access logs",
 * API Gateway developer guide.
 */
#include "svc/apigatewayv2/run_pure.h"

#define PIECES_MAX 1000 /* of one text; what follows is text */

struct place {
    const char *prefix;          /* "request.header." */
    enum text_kind kind;         /* what follows it is the name of */
    bool whole;                  /* it is all: no name follows */
};

static const struct place places[] = {
    {"request.header.", TEXT_HEADER, false},
    {"request.querystring.", TEXT_QUERY, false},
    {"request.path.", TEXT_PATH_PARAMETER, false},
    {"request.path", TEXT_PATH, true},
    {"request.body.", TEXT_BODY_AT, false},
    {"request.body[", TEXT_BODY_AT, false},
    {"request.body", TEXT_BODY, true},
    {"response.header.", TEXT_ANSWER_HEADER, false},
    {"response.body.", TEXT_ANSWER_BODY_AT, false},
    {"response.body[", TEXT_ANSWER_BODY_AT, false},
    {"response.body", TEXT_ANSWER_BODY, true},
    {"context.", TEXT_CONTEXT, false},
    {"stageVariables.", TEXT_STAGE_VARIABLE, false},
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("._-[]'", c) != NULL);
}

/* A variable's words, without "$" and braces. */
static bool variable_read(struct str words, bool of_log, struct text_piece *ret_piece)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct str prefix = str_c(places[i].prefix);
        bool at = places[i].kind == TEXT_BODY_AT || places[i].kind == TEXT_ANSWER_BODY_AT;

        if ((of_log && places[i].kind != TEXT_CONTEXT) || !str_starts(words, prefix) ||
            (places[i].whole ? words.bytes > prefix.bytes : words.bytes == prefix.bytes)) {
            continue;
        }
        ret_piece->kind = places[i].kind;
        ret_piece->text = str_slice(words, prefix.bytes - (at ? 1 : 0), words.bytes);
        return true;
    }
    return false;
}

/* At a '$': how many bytes are a variable; 0: none. */
static size_t variable_at(struct str text, size_t at, bool of_log, struct text_piece *ret_piece)
{
    size_t end = at + 1;

    if (end < text.bytes && text.at[end] == '{') {
        end = str_find(text, '}', at);
        return end < text.bytes &&
                       variable_read(str_slice(text, at + 2, end), of_log, ret_piece)
                   ? end + 1 - at
                   : 0;
    }
    while (end < text.bytes && is_letter(text.at[end])) {
        end++;
    }
    while (end > at + 1 && strchr(".-'[", text.at[end - 1]) != NULL) { /* the sentence's, not its */
        end--;
    }
    if (of_log) { /* "[$context.a]" */
        end = at + str_find(str_slice(text, at, end), ']', 0);
        end = at + str_find(str_slice(text, at, end), '\'', 0);
    }
    return variable_read(str_slice(text, at + 1, end), of_log, ret_piece) ? end - at : 0;
}

struct text text_read(struct str text, bool of_log, struct arena *arena)
{
    struct str whole = arena_dup(arena, text);
    struct text_piece *pieces;
    size_t room = 3, count = 0, from = 0, at = 0;

    for (size_t i = 0; i < whole.bytes; i++) {
        room += whole.at[i] == '$' ? 2 : 0;
    }
    room = room < PIECES_MAX ? room : PIECES_MAX;
    pieces = arena_alloc(arena, room * sizeof(*pieces));
    while ((at = str_find(whole, '$', at)) < whole.bytes && count + 3 <= room) {
        struct text_piece piece = {.text = STR_NONE};
        size_t bytes = variable_at(whole, at, of_log, &piece);

        if (bytes == 0) {
            at++;
            continue;
        }
        if (at > from) {
            pieces[count++] = (struct text_piece){TEXT_LITERAL, str_slice(whole, from, at)};
        }
        pieces[count++] = piece;
        at += bytes;
        from = at;
    }
    if (from < whole.bytes) {
        pieces[count++] =
            (struct text_piece){TEXT_LITERAL, str_slice(whole, from, whole.bytes)};
    }
    return (struct text){pieces, count};
}

/* ---- JSON paths ---- */

static const struct value *member_of(const struct value *value, struct str name)
{
    return value->kind == VALUE_MAP ? map_find(value, name) : NULL;
}

static const struct value *item_of(const struct value *value, struct str number)
{
    uint64_t index;

    if (number.bytes >= 2 && strchr("'\"", number.at[0]) != NULL &&
        number.at[number.bytes - 1] == number.at[0]) {
        return member_of(value, str_slice(number, 1, number.bytes - 1));
    }
    return value->kind == VALUE_LIST && str_to_u64(number, &index) && index < value->count
               ? &value->items[index]
               : NULL;
}

const struct value *text_json_at(const struct value *document, struct str path)
{
    const struct value *at = document;
    size_t from = 0;

    while (at != NULL && from < path.bytes) {
        size_t end = from + 1;

        if (path.at[from] == '[') {
            end = str_find(path, ']', from);
            at = end < path.bytes ? item_of(at, str_slice(path, from + 1, end)) : NULL;
            from = end + 1;
        } else if (path.at[from] == '.') {
            while (end < path.bytes && path.at[end] != '.' && path.at[end] != '[') {
                end++;
            }
            at = end > from + 1 ? member_of(at, str_slice(path, from + 1, end)) : NULL;
            from = end;
        } else {
            return NULL;
        }
    }
    return at;
}
