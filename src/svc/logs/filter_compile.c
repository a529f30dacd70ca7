/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading filter patterns: a cursor over the text, and one function for each thing of the syntax.
 *
 *   pattern    = "" | "{" any "}" | "[" field *( "," field ) "]" | 1*term
 *   term       = [ "?" | "-" ] ( word | quoted | regex )
 *   field      = [ "..." | name | any ]
 *   any        = all *( "||" all )
 *   all        = one *( "&&" one )
 *   one        = "(" any ")" | subject comparison operand | subject IS kind | subject [NOT] EXISTS
 *   subject    = selector in { }, the field's name in [ ]
 */
#include "svc/logs/filter_int.h"

#include "base/mem.h"

#include <assert.h>
#include <math.h>

#define ARENA_BYTES_MAX (1u << 20) /* of one compiled pattern: some times its text */

struct reader {
    struct str text;       /* the pattern */
    size_t at;             /* how far it is read */
    struct filter *filter; /* being made */
    struct why *why;       /* what is wrong */
    bool fields;           /* between [ and ], else { and } */
    int depth;             /* of parentheses */
};

static __attribute__((returns_nonnull)) status bad(struct reader *reader, const char *what)
{
    return why_set(reader->why, &ERR_MALFORMED, "Invalid filter pattern: %s at character %zu",
                   what, reader->at + 1);
}

static char peek(const struct reader *reader)
{
    return reader->at < reader->text.bytes ? reader->text.at[reader->at] : '\0';
}

static bool is_space(char ch)
{
    return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r';
}

static void skip_spaces(struct reader *reader)
{
    while (is_space(peek(reader))) {
        reader->at++;
    }
}

static bool starts(const struct reader *reader, const char *word)
{
    return str_starts(str_slice(reader->text, reader->at, reader->text.bytes), str_c(word));
}

/* Passes over it, and over white space before. */
static bool accept(struct reader *reader, const char *word)
{
    skip_spaces(reader);
    if (!starts(reader, word)) {
        return false;
    }
    reader->at += strlen(word);
    return true;
}

static bool is_word_letter(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
           ch == '_' || (unsigned char)ch >= 0x80;
}

/* A word of letters, as IS and NOT. */
static bool accept_word(struct reader *reader, const char *word)
{
    size_t was = reader->at;

    if (accept(reader, word) && !is_word_letter(peek(reader))) {
        return true;
    }
    reader->at = was;
    return false;
}

/* "…" with \" and \\ in it. */
static status read_quoted(struct reader *reader, struct str *ret_text)
{
    char *text = arena_alloc(reader->filter->arena, reader->text.bytes + 1);
    size_t bytes = 0;

    assert(peek(reader) == '"');
    for (reader->at++; peek(reader) != '"'; reader->at++) {
        if (reader->at >= reader->text.bytes) {
            return bad(reader, "a quotation mark is missing");
        }
        if (peek(reader) == '\\' && reader->at + 1 < reader->text.bytes) {
            reader->at++;
        }
        text[bytes++] = reader->text.at[reader->at];
    }
    reader->at++;
    *ret_text = str_of(text, bytes);
    return OK;
}

/* %…% */
static status read_regex(struct reader *reader, const struct regex **ret_regex)
{
    size_t from = reader->at + 1;
    size_t to = str_find(reader->text, '%', from);
    struct filter *filter = reader->filter;

    if (to == reader->text.bytes) {
        return bad(reader, "a % is missing");
    }
    if (filter->regex_count == FILTER_REGEXES_MAX) {
        return why_set(reader->why, &ERR_MALFORMED,
                       "Invalid filter pattern: more than %d regular expressions",
                       FILTER_REGEXES_MAX);
    }
    TRY(regex_new(str_slice(reader->text, from, to), reader->why,
                  &filter->regexes[filter->regex_count]));
    *ret_regex = filter->regexes[filter->regex_count++];
    reader->at = to + 1;
    return OK;
}

/* ---- tests ---- */

/* What ends a word without quotes, beside white space. */
static bool ends_operand(const struct reader *reader)
{
    char ch = peek(reader);

    return ch == '\0' || is_space(ch) || ch == ')' || starts(reader, "&&") ||
           starts(reader, "||") || (reader->fields ? ch == ',' || ch == ']' : ch == '}');
}

static status read_operand(struct reader *reader, struct operand *ret_operand)
{
    struct operand operand = {.kind = OPERAND_TEXT};
    size_t from;

    skip_spaces(reader);
    from = reader->at;
    if (peek(reader) == '%') {
        operand.kind = OPERAND_REGEX;
        TRY(read_regex(reader, &operand.regex));
    } else if (peek(reader) == '"') {
        TRY(read_quoted(reader, &operand.text));
    } else {
        while (!ends_operand(reader)) {
            reader->at++;
        }
        operand.text = str_slice(reader->text, from, reader->at);
        if (str_to_double(operand.text, &operand.number) && isfinite(operand.number)) {
            operand.kind = OPERAND_NUMBER;
        } else if (peek(reader) == '\0' || operand.text.bytes == 0) {
            return bad(reader, "a value is missing");
        }
    }
    *ret_operand = operand;
    return OK;
}

static bool read_comparison(struct reader *reader, enum comparison *ret_comparison)
{
    static const struct {
        const char *text;
        enum comparison comparison;
    } all[] = {{"!=", COMPARE_NE}, {"<=", COMPARE_LE}, {">=", COMPARE_GE},
               {"=", COMPARE_EQ},  {"<", COMPARE_LT},  {">", COMPARE_GT}};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (accept(reader, all[i].text)) {
            *ret_comparison = all[i].comparison;
            return true;
        }
    }
    return false;
}

/* [0], [*], ['a name'], ["a name"] */
static status read_bracket(struct reader *reader, struct step *ret_step)
{
    char quote;
    size_t from;

    reader->at++;
    skip_spaces(reader);
    quote = peek(reader);
    from = reader->at;
    if (quote == '*') {
        ret_step->kind = STEP_ANY;
        reader->at++;
    } else if (quote == '\'' || quote == '"') {
        size_t to = str_find(reader->text, quote, from + 1);

        ret_step->kind = STEP_NAME;
        ret_step->name = str_slice(reader->text, from + 1, to);
        reader->at = to < reader->text.bytes ? to + 1 : to;
    } else {
        while (peek(reader) >= '0' && peek(reader) <= '9') {
            reader->at++;
        }
        ret_step->kind = STEP_INDEX;
        if (!str_to_u64(str_slice(reader->text, from, reader->at), &ret_step->index)) {
            return bad(reader, "an index is missing");
        }
    }
    return accept(reader, "]") ? OK : bad(reader, "a ] is missing");
}

static bool ends_name(const struct reader *reader)
{
    char ch = peek(reader);

    return ch == '\0' || is_space(ch) || strchr(".[]=!<>(){},&|\"%", ch) != NULL;
}

static status read_name(struct reader *reader, struct step *ret_step)
{
    size_t from = reader->at;

    while (!ends_name(reader)) {
        reader->at++;
    }
    ret_step->kind = STEP_NAME;
    ret_step->name = str_slice(reader->text, from, reader->at);
    return reader->at > from ? OK : bad(reader, "a name is missing");
}

/* $.a.b[0].['c d'] */
static status read_selector(struct reader *reader, struct selector *ret_selector)
{
    struct step *steps = arena_alloc(reader->filter->arena, FILTER_STEPS_MAX * sizeof(*steps));
    size_t count = 0;
    size_t from;

    skip_spaces(reader);
    from = reader->at;
    if (!accept(reader, "$")) {
        return bad(reader, "a selector begins with $");
    }
    while (peek(reader) == '.' || peek(reader) == '[') {
        if (count == FILTER_STEPS_MAX) {
            return bad(reader, "a selector is too long");
        }
        steps[count] = (struct step){.kind = STEP_NAME};
        if (peek(reader) == '.') {
            reader->at++;
        }
        TRY(peek(reader) == '[' ? read_bracket(reader, &steps[count])
                                : read_name(reader, &steps[count]));
        count++;
    }
    if (count == 0) {
        return bad(reader, "a selector names nothing");
    }
    *ret_selector = (struct selector){str_slice(reader->text, from, reader->at), steps, count};
    return OK;
}

static status read_kind(struct reader *reader, struct test *test)
{
    if (accept_word(reader, "IS")) {
        if (accept_word(reader, "NULL")) {
            test->kind = TEST_IS_NULL;
        } else if (accept_word(reader, "TRUE")) {
            test->kind = TEST_IS_TRUE;
        } else if (accept_word(reader, "FALSE")) {
            test->kind = TEST_IS_FALSE;
        } else {
            return bad(reader, "IS is followed by TRUE, FALSE or NULL");
        }
        return OK;
    }
    if (accept_word(reader, "NOT")) {
        test->kind = TEST_NOT_EXISTS;
        return accept_word(reader, "EXISTS") ? OK : bad(reader, "NOT is followed by EXISTS");
    }
    if (accept_word(reader, "EXISTS")) {
        test->kind = TEST_EXISTS;
        return OK;
    }
    return bad(reader, "a comparison is missing");
}

static status read_any(struct reader *reader, const struct test **ret_test);

static status read_one(struct reader *reader, const struct test **ret_test)
{
    struct test *test;
    struct step name;

    if (accept(reader, "(")) {
        if (++reader->depth > FILTER_DEPTH_MAX) {
            return bad(reader, "too many parentheses");
        }
        TRY(read_any(reader, ret_test));
        reader->depth--;
        return accept(reader, ")") ? OK : bad(reader, "a ) is missing");
    }
    test = ARENA_NEW(reader->filter->arena, struct test);
    test->kind = TEST_COMPARE;
    skip_spaces(reader);
    TRY(reader->fields ? read_name(reader, &name) : read_selector(reader, &test->selector));
    if (!read_comparison(reader, &test->comparison)) {
        TRY(reader->fields ? bad(reader, "a comparison is missing") : read_kind(reader, test));
    } else {
        TRY(read_operand(reader, &test->operand));
        if (test->comparison >= COMPARE_LT && test->operand.kind != OPERAND_NUMBER) {
            return bad(reader, "only numbers are less or more");
        }
    }
    *ret_test = test;
    return OK;
}

static const struct test *joined(struct reader *reader, enum test_kind kind,
                                 const struct test *left, const struct test *right)
{
    struct test *test = ARENA_NEW(reader->filter->arena, struct test);

    *test = (struct test){.kind = kind, .left = left, .right = right};
    return test;
}

static status read_all(struct reader *reader, const struct test **ret_test)
{
    const struct test *left;
    const struct test *right;

    TRY(read_one(reader, &left));
    while (accept(reader, "&&")) {
        TRY(read_one(reader, &right));
        left = joined(reader, TEST_AND, left, right);
    }
    *ret_test = left;
    return OK;
}

static status read_any(struct reader *reader, const struct test **ret_test)
{
    const struct test *left;
    const struct test *right;

    TRY(read_all(reader, &left));
    while (accept(reader, "||")) {
        TRY(read_all(reader, &right));
        left = joined(reader, TEST_OR, left, right);
    }
    *ret_test = left;
    return OK;
}

static status read_end(struct reader *reader)
{
    skip_spaces(reader);
    return reader->at == reader->text.bytes ? OK : bad(reader, "something follows its end");
}

static status read_json(struct reader *reader)
{
    reader->filter->kind = FILTER_JSON;
    reader->at++;
    TRY(read_any(reader, &reader->filter->test));
    if (!accept(reader, "}")) {
        return bad(reader, "a } is missing");
    }
    return read_end(reader);
}

/* ---- fields ---- */

/* The first name between parentheses is the field's. */
static struct str name_ahead(const struct reader *reader)
{
    struct reader ahead = *reader;
    struct why why;
    struct step step = {.name = STR_NONE};

    ahead.why = &why;
    while (accept(&ahead, "(")) {
    }
    skip_spaces(&ahead);
    return read_name(&ahead, &step) == OK ? step.name : STR_NONE;
}

static status read_field(struct reader *reader, struct field *field)
{
    struct reader ahead;
    struct step step;

    skip_spaces(reader);
    *field = (struct field){.name = STR_NONE};
    if (accept(reader, "...")) {
        field->rest = true;
        return OK;
    }
    if (peek(reader) == ',' || peek(reader) == ']') {
        return OK;
    }
    field->name = name_ahead(reader);
    ahead = *reader;
    if (peek(reader) != '(') {
        TRY(read_name(&ahead, &step));
        skip_spaces(&ahead);
        if (peek(&ahead) == ',' || peek(&ahead) == ']') {
            reader->at = ahead.at;
            return OK;
        }
    }
    return read_any(reader, &field->test);
}

static status read_fields(struct reader *reader)
{
    struct filter *filter = reader->filter;
    bool rest = false;

    filter->kind = FILTER_FIELDS;
    filter->fields = arena_alloc(filter->arena, FILTER_FIELDS_MAX * sizeof(struct field));
    reader->fields = true;
    reader->at++;
    do {
        struct field *field = &filter->fields[filter->field_count];

        if (filter->field_count == FILTER_FIELDS_MAX) {
            return bad(reader, "too many fields");
        }
        TRY(read_field(reader, field));
        if (field->rest && rest) {
            return bad(reader, "there can be one ...");
        }
        rest |= field->rest;
        filter->field_count++;
    } while (accept(reader, ","));
    if (!accept(reader, "]")) {
        return bad(reader, "a ] is missing");
    }
    return read_end(reader);
}

/* ---- terms ---- */

static status read_word(struct reader *reader, struct term *term)
{
    size_t from = reader->at;
    bool good = true;

    for (; peek(reader) != '\0' && !is_space(peek(reader)); reader->at++) {
        good &= is_word_letter(peek(reader));
    }
    term->text = str_slice(reader->text, from, reader->at);
    if (!good || term->text.bytes == 0) {
        return why_set(reader->why, &ERR_MALFORMED, "Invalid character(s) in term '%.*s'",
                       STR_ARG(term->text));
    }
    return OK;
}

static status read_term(struct reader *reader, struct term *term)
{
    *term = (struct term){.kind = TERM_MUST};
    if (peek(reader) == '?' || peek(reader) == '-') {
        term->kind = peek(reader) == '?' ? TERM_MAY : TERM_NOT;
        reader->at++;
    }
    if (peek(reader) == '%') {
        return read_regex(reader, &term->regex);
    }
    if (peek(reader) == '"') {
        return read_quoted(reader, &term->text);
    }
    return read_word(reader, term);
}

static status read_terms(struct reader *reader)
{
    struct filter *filter = reader->filter;

    filter->kind = FILTER_TERMS;
    filter->terms = arena_alloc(filter->arena, (reader->text.bytes + 1) * sizeof(struct term));
    filter->any_of = true;
    while (reader->at < reader->text.bytes) {
        struct term *term = &filter->terms[filter->term_count];

        TRY(read_term(reader, term));
        filter->any_of &= term->kind == TERM_MAY;
        filter->term_count++;
        skip_spaces(reader);
    }
    return OK;
}

/* ---- whole patterns ---- */

static status read_pattern(struct reader *reader)
{
    if (reader->text.bytes > FILTER_BYTES_MAX ||
        memchr(reader->text.at, '\0', reader->text.bytes) != NULL) {
        return bad(reader, "too long, or not text");
    }
    skip_spaces(reader);
    switch (peek(reader)) {
    case '\0':
        reader->filter->kind = FILTER_ALL;
        return OK;
    case '{':
        return read_json(reader);
    case '[':
        return read_fields(reader);
    default:
        return read_terms(reader);
    }
}

status filter_new(struct str pattern, struct why *why, struct filter **ret_filter)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct filter *filter = ARENA_NEW(arena, struct filter);
    struct reader reader = {.filter = filter, .why = why};
    status read;

    filter->arena = arena;
    reader.text = arena_dup(arena, pattern.at == NULL ? STR("") : pattern);
    read = read_pattern(&reader);
    if (read != OK) {
        filter_free(filter);
        return read;
    }
    *ret_filter = filter;
    return OK;
}

void filter_free(struct filter *filter)
{
    if (filter != NULL) {
        for (size_t i = 0; i < filter->regex_count; i++) {
            regex_free(filter->regexes[i]);
        }
        arena_free(filter->arena);
    }
}
