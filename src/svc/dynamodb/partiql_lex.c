/* SPDX-License-Identifier: Apache-2.0
 *
 * Lexemes of PartiQL, and the sentences that point at them.
 *
 *   name      letter, _ or $, then letters, digits, _ $; or anything in " ", a " doubled
 *   text      anything in ' ', a ' doubled
 *   number    digits with a point, an exponent; its sign is not a part of it
 *   between   blanks, -- to the line's end, slash star to star slash
 *
 * Words that SQL-92 reserves are no names unless quoted; so AWS, except for the parts of a date.
 */
#include "svc/dynamodb/partiql_int.h"

#include <stdlib.h>

#define MALFORMED "Statement wasn't well formed, can't be processed: "
#define KEYWORD_BYTES_MAX 24
#define EXPONENT_MAX INT64_C(2147483647) /* Java's BigDecimal */

/* Ascending. SQL-92's reserved words, and PartiQL's own. */
static const char *const keywords[] = {
    "ABSOLUTE", "ACTION", "ADD", "ALL", "ALLOCATE", "ALTER", "AND", "ANY", "ARE", "AS", "ASC",
    "ASSERTION", "AT", "AUTHORIZATION", "AVG", "BEGIN", "BETWEEN", "BIT", "BIT_LENGTH", "BOTH",
    "BY", "CASCADE", "CASCADED", "CASE", "CAST", "CATALOG", "CHAR", "CHARACTER",
    "CHARACTER_LENGTH", "CHAR_LENGTH", "CHECK", "CLOSE", "COALESCE", "COLLATE", "COLLATION",
    "COLUMN", "COMMIT", "CONNECT", "CONNECTION", "CONSTRAINT", "CONSTRAINTS", "CONTINUE",
    "CONVERT", "CORRESPONDING", "COUNT", "CREATE", "CROSS", "CURRENT", "CURRENT_DATE",
    "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_USER", "CURSOR", "DATE", "DEALLOCATE", "DEC",
    "DECIMAL", "DECLARE", "DEFAULT", "DEFERRABLE", "DEFERRED", "DELETE", "DESC", "DESCRIBE",
    "DESCRIPTOR", "DIAGNOSTICS", "DISCONNECT", "DISTINCT", "DOMAIN", "DOUBLE", "DROP", "ELSE",
    "END", "ESCAPE", "EXCEPT", "EXCEPTION", "EXEC", "EXECUTE", "EXISTS", "EXTERNAL",
    "EXTRACT", "FALSE", "FETCH", "FIRST", "FLOAT", "FOR", "FOREIGN", "FOUND", "FROM", "FULL",
    "GET", "GLOBAL", "GO", "GOTO", "GRANT", "GROUP", "HAVING", "IDENTITY", "IMMEDIATE", "IN",
    "INDICATOR", "INITIALLY", "INNER", "INPUT", "INSENSITIVE", "INSERT", "INT", "INTEGER",
    "INTERSECT", "INTERVAL", "INTO", "IS", "ISOLATION", "JOIN", "KEY", "LANGUAGE", "LAST",
    "LEADING", "LEFT", "LEVEL", "LIKE", "LIMIT", "LOCAL", "LOWER", "MATCH", "MAX", "MIN",
    "MISSING", "MODULE", "NAMES", "NATIONAL", "NATURAL", "NCHAR", "NEXT", "NO", "NOT", "NULL",
    "NULLIF", "NUMERIC", "OCTET_LENGTH", "OF", "ON", "ONLY", "OPEN", "OPTION", "OR", "ORDER",
    "OUTER", "OUTPUT", "OVERLAPS", "PAD", "PARTIAL", "PIVOT", "POSITION", "PRECISION", "PREPARE",
    "PRESERVE", "PRIMARY", "PRIOR", "PRIVILEGES", "PROCEDURE", "PUBLIC", "READ", "REAL",
    "REFERENCES", "RELATIVE", "REMOVE", "RESTRICT", "RETURNING", "REVOKE", "RIGHT", "ROLLBACK",
    "ROWS", "SCHEMA", "SCROLL", "SECTION", "SELECT", "SESSION", "SESSION_USER", "SET", "SIZE",
    "SMALLINT", "SOME", "SPACE", "SQL", "SQLCODE", "SQLERROR", "SQLSTATE", "SUBSTRING", "SUM",
    "SYSTEM_USER", "TABLE", "TEMPORARY", "THEN", "TIME", "TIMESTAMP", "TO", "TRAILING",
    "TRANSACTION", "TRANSLATE", "TRANSLATION", "TRIM", "TRUE", "TUPLE", "UNION", "UNIQUE",
    "UNKNOWN", "UNPIVOT", "UPDATE", "UPPER", "USAGE", "USER", "USING", "VALUE", "VALUES",
    "VARCHAR", "VARYING", "VIEW", "WHEN", "WHENEVER", "WHERE", "WITH", "WORK", "WRITE", "ZONE",
};

static int keyword_cmp(const void *word, const void *keyword)
{
    return strcmp(word, *(const char *const *)keyword);
}

bool word_is_keyword(struct str word)
{
    char upper[KEYWORD_BYTES_MAX + 1];

    if (word.bytes > KEYWORD_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < word.bytes; i++) {
        char c = word.at[i];

        upper[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    upper[word.bytes] = 0;
    return bsearch(upper, keywords, sizeof(keywords) / sizeof(keywords[0]), sizeof(keywords[0]),
                   keyword_cmp) != NULL;
}

/* ---- characters ---- */

static char char_at(const struct reader *r, size_t at)
{
    return at < r->text.bytes ? r->text.at[at] : 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

/* Moves to at, counting lines and characters. */
static void move_to(struct reader *r, size_t at)
{
    while (r->at < at) {
        char c = r->text.at[r->at++];

        if (c == '\n') {
            r->line++;
            r->column = 1;
        } else if (((uint8_t)c & 0xc0) != 0x80) {
            r->column++;
        }
    }
}

/* ---- what stands between ---- */

static size_t line_comment_end(const struct reader *r, size_t at)
{
    while (at < r->text.bytes && r->text.at[at] != '\n') {
        at++;
    }
    return at;
}

/* 0: it does not end. */
static size_t block_comment_end(const struct reader *r, size_t at)
{
    for (at += 2; at + 1 < r->text.bytes; at++) {
        if (r->text.at[at] == '*' && r->text.at[at + 1] == '/') {
            return at + 2;
        }
    }
    return 0;
}

/* False: a comment that does not end. */
static bool skip_between(struct reader *r)
{
    for (;;) {
        size_t at = r->at;

        if (at < r->text.bytes && is_blank(r->text.at[at])) {
            at++;
        } else if (char_at(r, at) == '-' && char_at(r, at + 1) == '-') {
            at = line_comment_end(r, at);
        } else if (char_at(r, at) == '/' && char_at(r, at + 1) == '*') {
            at = block_comment_end(r, at);
        }
        if (at == 0 && r->text.bytes > 0 && r->text.at[r->at] == '/') {
            return false;
        }
        if (at == r->at) {
            return true;
        }
        move_to(r, at);
    }
}

/* ---- lexemes ---- */

/* Behind the closing quote; 0: there is none. */
static size_t quote_end(const struct reader *r, size_t at, char quote)
{
    for (at++; at < r->text.bytes; at++) {
        if (r->text.at[at] != quote) {
            continue;
        }
        if (char_at(r, at + 1) != quote) {
            return at + 1;
        }
        at++;
    }
    return 0;
}

/* What stands between the quotes, each doubled quote once. */
static struct str unquote(const struct reader *r, struct str text)
{
    struct str inner = str_slice(text, 1, text.bytes - 1);
    char *plain;
    size_t bytes = 0;

    if (memchr(inner.at, text.at[0], inner.bytes) == NULL) {
        return inner;
    }
    plain = arena_alloc(r->terms.arena, inner.bytes);
    for (size_t i = 0; i < inner.bytes; i++) {
        plain[bytes++] = inner.at[i];
        i += inner.at[i] == text.at[0];
    }
    return str_of(plain, bytes);
}

/* Digits, a point, digits, an exponent with digits. */
static size_t number_end(const struct reader *r, size_t at)
{
    size_t exponent;

    while (is_digit(char_at(r, at))) {
        at++;
    }
    if (char_at(r, at) == '.') {
        at++;
    }
    while (is_digit(char_at(r, at))) {
        at++;
    }
    if (char_at(r, at) != 'e' && char_at(r, at) != 'E') {
        return at;
    }
    exponent = at + 1;
    exponent += char_at(r, exponent) == '+' || char_at(r, exponent) == '-';
    if (!is_digit(char_at(r, exponent))) {
        return at;
    }
    while (is_digit(char_at(r, exponent))) {
        exponent++;
    }
    return exponent;
}

/* Whether exponent and scale fit Java's integers: what does not is no number at all to AWS. */
static bool number_fits(struct str text)
{
    const char *e = memchr(text.at, 'e', text.bytes);
    const char *point = memchr(text.at, '.', text.bytes);
    const char *end = text.at + text.bytes;
    int64_t exponent = 0;
    int64_t scale;

    e = e != NULL ? e : memchr(text.at, 'E', text.bytes);
    if (e != NULL) {
        struct str digits = str_of(e + 1, (size_t)(end - e - 1));

        digits = digits.at[0] == '+' ? str_slice(digits, 1, digits.bytes) : digits;
        if (!str_to_i64(digits, &exponent) || exponent > EXPONENT_MAX ||
            exponent < -EXPONENT_MAX - 1) {
            return false;
        }
        end = e;
    }
    scale = (point != NULL ? end - point - 1 : 0) - exponent;
    return scale <= EXPONENT_MAX && scale >= -EXPONENT_MAX - 1;
}

static size_t sign_end(const struct reader *r, size_t at)
{
    static const char *const pairs[] = {"<=", ">=", "<>", "!=", "<<", ">>", "||", NULL};
    char first = char_at(r, at);

    for (const char *const *pair = pairs; *pair != NULL; pair++) {
        if (first == (*pair)[0] && char_at(r, at + 1) == (*pair)[1]) {
            return at + 2;
        }
    }
    return first != 0 && strchr("()[]{},.:;+-*/%?=<>", first) != NULL ? at + 1 : 0;
}

static size_t word_end(const struct reader *r, size_t at)
{
    while (is_name_start(char_at(r, at)) || is_digit(char_at(r, at))) {
        at++;
    }
    return at;
}

static size_t lexeme_end(const struct reader *r, uint8_t *ret_kind)
{
    char first = char_at(r, r->at);
    bool number = is_digit(first) || (first == '.' && is_digit(char_at(r, r->at + 1)));

    if (first == '"' || first == '\'') {
        *ret_kind = first == '"' ? LEXEME_QUOTED : LEXEME_STRING;
        return quote_end(r, r->at, first);
    }
    if (number) {
        *ret_kind = LEXEME_NUMBER;
        return number_end(r, r->at);
    }
    if (is_name_start(first)) {
        *ret_kind = LEXEME_WORD;
        return word_end(r, r->at);
    }
    *ret_kind = LEXEME_SIGN;
    return sign_end(r, r->at);
}

static struct lexeme lexeme_read(struct reader *r)
{
    bool between = skip_between(r);
    struct lexeme lexeme = {.kind = LEXEME_BAD, .line = r->line, .column = r->column};
    size_t from = r->at;
    size_t end;

    lexeme.text = lexeme.name = str_slice(r->text, from, r->text.bytes);
    if (from == r->text.bytes) {
        lexeme.kind = LEXEME_END;
        return lexeme;
    }
    end = between ? lexeme_end(r, &lexeme.kind) : 0;
    if (end == 0) {
        lexeme.kind = LEXEME_BAD;
        return lexeme;
    }
    lexeme.text = lexeme.name = str_slice(r->text, from, end);
    if (lexeme.kind == LEXEME_QUOTED || lexeme.kind == LEXEME_STRING) {
        lexeme.name = unquote(r, lexeme.text);
    } else if (lexeme.kind == LEXEME_WORD && word_is_keyword(lexeme.text)) {
        lexeme.kind = LEXEME_KEYWORD;
    } else if (lexeme.kind == LEXEME_NUMBER && !number_fits(lexeme.text)) {
        lexeme.kind = LEXEME_BAD;
        return lexeme;
    }
    move_to(r, end);
    return lexeme;
}

void reader_begin(struct reader *r, struct str text)
{
    r->text = text;
    r->at = 0;
    r->line = r->column = 1;
    r->now = lexeme_read(r);
    r->next = lexeme_read(r);
}

void reader_step(struct reader *r)
{
    r->now = r->next;
    if (r->now.kind != LEXEME_END && r->now.kind != LEXEME_BAD) {
        r->next = lexeme_read(r);
    }
}

bool lexeme_is(const struct lexeme *lexeme, const char *sign_or_word)
{
    switch (lexeme->kind) {
    case LEXEME_WORD:
    case LEXEME_KEYWORD:
        return str_eq_nocase(lexeme->text, str_c(sign_or_word));
    case LEXEME_SIGN:
        return str_eq(lexeme->text, str_c(sign_or_word));
    default:
        return false;
    }
}

bool reader_skip(struct reader *r, const char *sign_or_word)
{
    if (!now_is(r, sign_or_word)) {
        return false;
    }
    reader_step(r);
    return true;
}

status reader_nest(struct reader *r)
{
    if (++r->nesting > EXPR_NESTING_MAX) {
        return why_set(r->terms.why, &DDB_VALIDATION, "The expression has too many nesting levels; "
                       "nesting levels: %u", r->nesting);
    }
    return OK;
}

/* ---- sentences ---- */

status reader_refuse(const struct reader *r, const char *detail)
{
    return why_set(r->terms.why, &DDB_VALIDATION, MALFORMED "%s",
                   r->now.kind == LEXEME_BAD ? "" : detail);
}

status reader_refuse_term(const struct reader *r)
{
    static const char *const operators[] = {"AND", "OR", "IS",  "IN", "LIKE", "BETWEEN", "=",
                                            "<>",  "!=", "<",   "<=", ">",    ">=",      "*",
                                            "/",   "%",  "||",  NULL};

    for (const char *const *one = operators; *one != NULL; one++) {
        if (now_is(r, *one)) {
            return reader_refuse(r, "Unexpected operator");
        }
    }
    return reader_refuse(r, r->now.kind == LEXEME_KEYWORD ? "Unexpected keyword"
                                                          : "Unexpected term");
}

status reader_refuse_at(const struct reader *r, const struct lexeme *where, const char *format, ...)
{
    va_list args;
    struct str text;
    size_t characters = 0;

    for (size_t i = 0; i < where->text.bytes; i++) {
        characters += ((uint8_t)where->text.at[i] & 0xc0) != 0x80;
    }
    va_start(args, format);
    text = arena_vprintf(r->terms.arena, format, args);
    va_end(args);
    return why_set(r->terms.why, &DDB_VALIDATION, "%.*s at %u:%u:%zu", STR_ARG(text), where->line,
                   where->column, characters);
}
