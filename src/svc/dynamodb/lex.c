/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens of an expression, and the sentences that name them.
 *
 * Keywords are words here: which of them mean something depends on the expression (parse.c).
 */
#include "svc/dynamodb/errors.h"
#include "svc/dynamodb/expr_int.h"

#include <assert.h>

struct str expr_kind_name(enum expr_kind kind)
{
    static const struct str names[] = {
        [EXPR_CONDITION] = STR_INIT("ConditionExpression"),
        [EXPR_FILTER] = STR_INIT("FilterExpression"),
        [EXPR_KEY_CONDITION] = STR_INIT("KeyConditionExpression"),
        [EXPR_PROJECTION] = STR_INIT("ProjectionExpression"),
        [EXPR_UPDATE] = STR_INIT("UpdateExpression"),
        [EXPR_SEARCH] = STR_INIT("SearchConditionExpression"),
        [EXPR_STATEMENT] = STR_INIT("Statement"),
    };

    return names[kind];
}

status expr_refuse(const struct terms *terms, enum expr_kind kind, const char *format, ...)
{
    va_list args;
    struct str text;

    va_start(args, format);
    text = arena_vprintf(terms->arena, format, args);
    va_end(args);
    if (kind == EXPR_STATEMENT) {
        return why_set(terms->why, &DDB_VALIDATION, "%.*s", STR_ARG(text));
    }
    return why_set(terms->why, &DDB_VALIDATION, "Invalid %.*s: %.*s",
                   STR_ARG(expr_kind_name(kind)), STR_ARG(text));
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The end of the letters, digits and _ from at on. */
static size_t word_end(struct str text, size_t at)
{
    while (at < text.bytes && (is_letter(text.at[at]) || is_digit(text.at[at]) ||
                               text.at[at] == '_')) {
        at++;
    }
    return at;
}

static size_t int_end(struct str text, size_t at)
{
    if (text.at[at] == '0') {
        return at + 1;
    }
    while (at < text.bytes && is_digit(text.at[at])) {
        at++;
    }
    return at;
}

static size_t comparator_end(struct str text, size_t at)
{
    char c = text.at[at];
    char second = at + 1 < text.bytes ? text.at[at + 1] : 0;

    return at + ((second == '=' && c != '=') || (second == '>' && c == '<') ? 2 : 1);
}

/* One character of UTF-8, or one byte of what is none. */
static size_t bad_end(struct str text, size_t at)
{
    at++;
    while (at < text.bytes && ((uint8_t)text.at[at] & 0xc0) == 0x80) {
        at++;
    }
    return at;
}

static struct token token_at(struct str text, size_t at)
{
    char c = text.at[at];
    uint8_t kind = TOKEN_BAD;
    size_t end;

    if (is_letter(c)) {
        kind = TOKEN_WORD;
        end = word_end(text, at);
    } else if (c == '#' || c == ':') {
        end = word_end(text, at + 1);
        if (end > at + 1) {
            kind = c == '#' ? TOKEN_NAME : TOKEN_VALUE;
        }
    } else if (is_digit(c)) {
        kind = TOKEN_INT;
        end = int_end(text, at);
    } else if (c == '=' || c == '<' || c == '>') {
        kind = TOKEN_COMPARATOR;
        end = comparator_end(text, at);
    } else if (c != 0 && strchr("()[],.+-", c) != NULL) {
        kind = TOKEN_SIGN;
        end = at + 1;
    } else {
        end = bad_end(text, at);
    }
    return (struct token){kind, str_slice(text, at, end)};
}

status parser_begin(struct parser *parser, struct terms *terms, enum expr_kind kind,
                    struct str text)
{
    size_t at = 0;

    *parser = (struct parser){.terms = terms, .kind = kind, .text = text};
    if (text.bytes == 0) {
        return expr_refuse(terms, kind, "The expression can not be empty;");
    }
    if (text.bytes > EXPR_BYTES_MAX) {
        return expr_refuse(terms, kind, "Expression size has exceeded the maximum allowed size; "
                                        "expression size: %zu", text.bytes);
    }
    parser->tokens = arena_alloc(terms->arena, (text.bytes + 1) * sizeof(*parser->tokens));
    while (at < text.bytes) {
        if (strchr(" \t\r\n", text.at[at]) != NULL && text.at[at] != 0) {
            at++;
            continue;
        }
        parser->tokens[parser->count] = token_at(text, at);
        at += parser->tokens[parser->count++].text.bytes;
    }
    parser->tokens[parser->count++] = (struct token){TOKEN_END, str_slice(text, at, at)};
    assert(parser->count <= text.bytes + 1);
    return OK;
}

status parser_refuse_here(const struct parser *parser)
{
    size_t at = parser->at;
    struct str token = parser->tokens[at].text;
    struct str after = parser->tokens[at + 1 < parser->count ? at + 1 : at].text;
    const char *from = at > 0 ? parser->tokens[at - 1].text.at : parser->text.at;

    if (parser->tokens[at].kind == TOKEN_END) {
        token = STR("<EOF>");
    }
    return expr_refuse(parser->terms, parser->kind,
                       "Syntax error; token: \"%.*s\", near: \"%.*s\"", STR_ARG(token),
                       (int)(after.at + after.bytes - from), from);
}

bool token_is(const struct parser *parser, char sign)
{
    const struct token *token = token_now(parser);

    return token->kind == TOKEN_SIGN && token->text.at[0] == sign;
}

bool token_is_word(const struct parser *parser, const char *word)
{
    const struct token *token = token_now(parser);

    return token->kind == TOKEN_WORD && str_eq_nocase(token->text, str_c(word));
}
