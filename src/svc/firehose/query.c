/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading queries. From the loosest to the tightest: | , // (to the right), or, and, comparisons
 * (one), + -, * / %, then what stands behind a term: .name, [index], ?.
 */
#include "svc/firehose/query_int.h"

#include "base/buf.h"
#include "wire/json.h"

#include <stdarg.h>

struct parser {
    struct str text;             /* all of it */
    size_t at;                   /* what was read */
    struct arena *arena;         /* of nodes */
    struct why *why;             /* what is wrong */
    uint32_t depth;              /* of brackets */
};

static status parse_pipe(struct parser *parser, struct node **ret_node);
static status parse_term(struct parser *parser, struct node **ret_node);

static __attribute__((returns_nonnull)) status wrong(struct parser *parser, const char *what)
{
    return why_set(parser->why, &ERR_MALFORMED, "%s at character %zu", what, parser->at + 1);
}

static struct node *node_new(struct parser *parser, enum node_kind kind)
{
    struct node *node = ARENA_NEW(parser->arena, struct node);

    node->kind = kind;
    return node;
}

/* ---- characters ---- */

static char peek(struct parser *parser)
{
    while (parser->at < parser->text.bytes &&
           strchr(" \t\r\n", parser->text.at[parser->at]) != NULL &&
           parser->text.at[parser->at] != '\0') {
        parser->at++;
    }
    return parser->at < parser->text.bytes ? parser->text.at[parser->at] : '\0';
}

static bool is_letter(char ch)
{
    return ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z') || ch == '_';
}

static bool is_digit(char ch)
{
    return ch >= '0' && ch <= '9';
}

static bool take(struct parser *parser, const char *token)
{
    (void)peek(parser);
    if (!str_starts(str_slice(parser->text, parser->at, parser->text.bytes), str_c(token))) {
        return false;
    }
    parser->at += strlen(token);
    return true;
}

/* A name that stands here; empty: none. */
static struct str name_here(struct parser *parser)
{
    size_t end;

    (void)peek(parser);
    end = parser->at;
    while (end < parser->text.bytes &&
           (is_letter(parser->text.at[end]) ||
            (end > parser->at && is_digit(parser->text.at[end])))) {
        end++;
    }
    return str_slice(parser->text, parser->at, end);
}

static bool take_word(struct parser *parser, const char *word)
{
    if (!str_eq(name_here(parser), str_c(word))) {
        return false;
    }
    parser->at += strlen(word);
    return true;
}

static status expect(struct parser *parser, const char *token)
{
    return take(parser, token)
               ? OK
               : why_set(parser->why, &ERR_MALFORMED, "%s is missing at character %zu", token,
                         parser->at + 1);
}

/* A string as JSON has it; "\(…)" is not known. */
static status parse_string(struct parser *parser, struct value *ret_value)
{
    size_t end = parser->at + 1;
    struct str text;
    struct why why;

    while (end < parser->text.bytes && parser->text.at[end] != '"') {
        end += parser->text.at[end] == '\\' ? 2 : 1;
    }
    if (end >= parser->text.bytes) {
        return wrong(parser, "a text does not end");
    }
    text = arena_dup(parser->arena, str_slice(parser->text, parser->at, end + 1));
    if (json_read(text, 0, parser->arena, &why, ret_value) != OK) {
        return wrong(parser, "a text is not one of JSON (\\( is not supported)");
    }
    parser->at = end + 1;
    return OK;
}

static status parse_number(struct parser *parser, struct node **ret_node)
{
    size_t end = parser->at;
    double number;

    while (end < parser->text.bytes &&
           (is_digit(parser->text.at[end]) || parser->text.at[end] == '.' ||
            (parser->text.at[end] | 0x20) == 'e' ||
            (end > parser->at && (parser->text.at[end - 1] | 0x20) == 'e' &&
             strchr("+-", parser->text.at[end]) != NULL && parser->text.at[end] != '\0'))) {
        end++;
    }
    if (!str_to_double(str_slice(parser->text, parser->at, end), &number)) {
        return wrong(parser, "this is no number");
    }
    parser->at = end;
    *ret_node = node_new(parser, NODE_CONSTANT);
    query_set_number(&(*ret_node)->constant, number);
    return OK;
}

/* ---- terms ---- */

static struct node *constant_text(struct parser *parser, struct str text)
{
    struct node *node = node_new(parser, NODE_CONSTANT);

    node->constant = (struct value){.kind = VALUE_STR, .str = text};
    return node;
}

static struct node *index_of(struct parser *parser, struct node *of, struct node *key)
{
    struct node *node = node_new(parser, NODE_INDEX);

    node->a = of;
    node->b = key;
    return node;
}

/* Behind a '[' : index or slice. */
static status parse_index(struct parser *parser, struct node *of, struct node **ret_node)
{
    struct node *slice = node_new(parser, NODE_SLICE);

    if (peek(parser) == ']') {
        return wrong(parser, ".[] gives several values, which is not supported,");
    }
    slice->a = of;
    if (peek(parser) != ':') {
        TRY(parse_pipe(parser, &slice->b));
    }
    if (take(parser, ":")) {
        if (peek(parser) != ']') {
            TRY(parse_pipe(parser, &slice->c));
        }
        *ret_node = slice;
    } else {
        *ret_node = index_of(parser, of, slice->b);
    }
    return expect(parser, "]");
}

/* .name or ."name", behind the dot; false: neither. */
static status parse_member(struct parser *parser, struct node *of, struct node **ret_node,
                           bool *ret_is)
{
    struct str name = STR_NONE;
    struct value text;

    *ret_is = true;
    if (parser->at < parser->text.bytes && is_letter(parser->text.at[parser->at])) {
        name = name_here(parser);
        parser->at += name.bytes;
        *ret_node = index_of(parser, of, constant_text(parser, arena_dup(parser->arena, name)));
        return OK;
    }
    if (parser->at < parser->text.bytes && parser->text.at[parser->at] == '"') {
        TRY(parse_string(parser, &text));
        *ret_node = index_of(parser, of, constant_text(parser, text.str));
        return OK;
    }
    *ret_is = false;
    return OK;
}

static status parse_suffixes(struct parser *parser, struct node **node)
{
    uint32_t count = 0;

    for (;; count++) {
        char next = peek(parser);
        struct node *around;
        bool is = false;

        if (count > QUERY_DEPTH_MAX) {
            return wrong(parser, "the path is too long");
        }
        if (next == '?') {
            parser->at++;
            around = node_new(parser, NODE_TRY);
            around->a = *node;
            *node = around;
        } else if (next == '[') {
            parser->at++;
            TRY(parse_index(parser, *node, node));
        } else if (next == '.') {
            parser->at++;
            TRY(parse_member(parser, *node, node, &is));
            if (!is && peek(parser) != '[') {
                return wrong(parser, "a name is missing");
            }
        } else {
            return OK;
        }
    }
}

static status parse_dot(struct parser *parser, struct node **ret_node)
{
    bool is;

    parser->at++;
    *ret_node = node_new(parser, NODE_IDENTITY);
    if (parser->at < parser->text.bytes && parser->text.at[parser->at] == '.') {
        return wrong(parser, ".. gives several values, which is not supported,");
    }
    return parse_member(parser, *ret_node, ret_node, &is);
}

/* An entry of an object: name, "text" or (query), then its value. */
static status parse_entry(struct parser *parser, struct node *entry)
{
    struct str name = name_here(parser);
    struct value text;

    entry->kind = NODE_PIPE; /* a: the key, b: the value */
    if (name.bytes > 0) {
        parser->at += name.bytes;
        entry->a = constant_text(parser, arena_dup(parser->arena, name));
    } else if (peek(parser) == '"') {
        TRY(parse_string(parser, &text));
        entry->a = constant_text(parser, text.str);
    } else {
        TRY(expect(parser, "("));
        TRY(parse_pipe(parser, &entry->a));
        TRY(expect(parser, ")"));
        TRY(expect(parser, ":"));
        return parse_pipe(parser, &entry->b);
    }
    if (take(parser, ":")) {
        return parse_pipe(parser, &entry->b);
    }
    entry->b = index_of(parser, node_new(parser, NODE_IDENTITY), entry->a);
    return OK;
}

/* Behind the opening bracket, to the closing one. */
static status parse_list(struct parser *parser, bool object, struct node **ret_node)
{
    const char *end = object ? "}" : "]";
    struct node *node = node_new(parser, object ? NODE_OBJECT : NODE_ARRAY);
    struct node **last = &node->a;

    *ret_node = node;
    if (take(parser, end)) {
        return OK;
    }
    do {
        struct node *entry = node_new(parser, NODE_PIPE);

        if (object) {
            TRY(parse_entry(parser, entry));
        } else {
            TRY(parse_pipe(parser, &entry->b));
        }
        *last = entry;
        last = &entry->next;
    } while (take(parser, ","));
    return expect(parser, end);
}

/* Behind if or elif. */
static status parse_if(struct parser *parser, struct node **ret_node)
{
    struct node *node = node_new(parser, NODE_IF);

    *ret_node = node;
    TRY(parse_pipe(parser, &node->a));
    if (!take_word(parser, "then")) {
        return wrong(parser, "then is missing");
    }
    TRY(parse_pipe(parser, &node->b));
    if (take_word(parser, "elif")) {
        if (++parser->depth > QUERY_DEPTH_MAX) {
            return wrong(parser, "too much in one another");
        }
        status parsed = parse_if(parser, &node->c);

        parser->depth--;
        return parsed;
    }
    if (take_word(parser, "else")) {
        TRY(parse_pipe(parser, &node->c));
    }
    return take_word(parser, "end") ? OK : wrong(parser, "end is missing");
}

static status parse_word(struct parser *parser, struct node **ret_node)
{
    struct str name = name_here(parser);
    struct node *node;
    size_t arguments = 0;
    int function;

    if (take_word(parser, "if")) {
        return parse_if(parser, ret_node);
    }
    if (str_eq(name, STR("true")) || str_eq(name, STR("false")) || str_eq(name, STR("null"))) {
        parser->at += name.bytes;
        *ret_node = node_new(parser, NODE_CONSTANT);
        (*ret_node)->constant =
            str_eq(name, STR("null"))
                ? (struct value){.kind = VALUE_NULL}
                : (struct value){.kind = VALUE_BOOL, .truth = str_eq(name, STR("true"))};
        return OK;
    }
    node = node_new(parser, NODE_CALL);
    parser->at += name.bytes;
    if (take(parser, "(")) {
        TRY(parse_pipe(parser, &node->a));
        TRY(expect(parser, ")"));
        arguments = 1;
    }
    function = query_function(name, arguments);
    if (function < 0) {
        return why_set(parser->why, &ERR_MALFORMED, "%.*s/%zu is not supported", STR_ARG(name),
                       arguments);
    }
    node->function = (uint16_t)function;
    *ret_node = node;
    return OK;
}

static status parse_primary(struct parser *parser, struct node **ret_node)
{
    char first = peek(parser);
    struct value text;

    if (first == '.' && !(parser->at + 1 < parser->text.bytes &&
                          is_digit(parser->text.at[parser->at + 1]))) {
        return parse_dot(parser, ret_node);
    }
    if (is_digit(first) || first == '.') {
        return parse_number(parser, ret_node);
    }
    if (first == '"') {
        TRY(parse_string(parser, &text));
        *ret_node = constant_text(parser, text.str);
        return OK;
    }
    if (first == '(') {
        parser->at++;
        TRY(parse_pipe(parser, ret_node));
        return expect(parser, ")");
    }
    if (first == '{' || first == '[') {
        parser->at++;
        return parse_list(parser, first == '{', ret_node);
    }
    if (first == '-') {
        parser->at++;
        *ret_node = node_new(parser, NODE_NEGATE);
        return parse_term(parser, &(*ret_node)->a);
    }
    return is_letter(first) ? parse_word(parser, ret_node)
                            : wrong(parser, "something else is expected");
}

static status parse_term(struct parser *parser, struct node **ret_node)
{
    status parsed;

    if (++parser->depth > QUERY_DEPTH_MAX) {
        return wrong(parser, "too much in one another");
    }
    parsed = parse_primary(parser, ret_node);
    if (parsed == OK) {
        parsed = parse_suffixes(parser, ret_node);
    }
    parser->depth--;
    return parsed;
}

/* ---- operators ---- */

struct operator {
    const char *token;           /* as it is written */
    enum node_kind kind;         /* what it makes */
    char arithmetic;             /* NODE_ARITHMETIC */
    enum compare compare;        /* NODE_COMPARE */
};

#define OPERATORS_MAX 6 /* of one level */

/* By how tightly they hold; those of a level end with a NULL token. */
static const struct operator levels[][OPERATORS_MAX + 1] = {
    {{"or", NODE_OR, 0, 0}},
    {{"and", NODE_AND, 0, 0}},
    {{"==", NODE_COMPARE, 0, COMPARE_EQ}, {"!=", NODE_COMPARE, 0, COMPARE_NE},
     {"<=", NODE_COMPARE, 0, COMPARE_LE}, {">=", NODE_COMPARE, 0, COMPARE_GE},
     {"<", NODE_COMPARE, 0, COMPARE_LT}, {">", NODE_COMPARE, 0, COMPARE_GT}},
    {{"+", NODE_ARITHMETIC, '+', 0}, {"-", NODE_ARITHMETIC, '-', 0}},
    {{"*", NODE_ARITHMETIC, '*', 0}, {"/", NODE_ARITHMETIC, '/', 0},
     {"%", NODE_ARITHMETIC, '%', 0}},
};
#define LEVELS (sizeof(levels) / sizeof(levels[0]))

static const struct operator *operator_here(struct parser *parser, size_t level)
{
    for (const struct operator *operator = levels[level]; operator->token != NULL; operator++) {
        bool word = is_letter(operator->token[0]);

        if (!word && str_starts(str_slice(parser->text, parser->at, parser->text.bytes),
                                STR("//"))) {
            (void)peek(parser);
            return NULL;
        }
        if (word ? take_word(parser, operator->token) : take(parser, operator->token)) {
            return operator;
        }
    }
    return NULL;
}

static status parse_level(struct parser *parser, size_t level, struct node **ret_node)
{
    const struct operator *operator;
    uint32_t count = 0;

    if (level == LEVELS) {
        return parse_term(parser, ret_node);
    }
    TRY(parse_level(parser, level + 1, ret_node));
    (void)peek(parser);
    while ((operator = operator_here(parser, level)) != NULL) {
        struct node *node = node_new(parser, operator->kind);

        if (++count > QUERY_DEPTH_MAX) {
            return wrong(parser, "too many operators");
        }
        node->a = *ret_node;
        node->operation = operator->arithmetic;
        node->compare = operator->compare;
        TRY(parse_level(parser, level + 1, &node->b));
        *ret_node = node;
        (void)peek(parser);
    }
    return OK;
}

static status parse_otherwise(struct parser *parser, struct node **ret_node)
{
    struct node *node;
    status parsed;

    TRY(parse_level(parser, 0, ret_node));
    if (!take(parser, "//")) {
        return OK;
    }
    node = node_new(parser, NODE_OTHERWISE);
    node->a = *ret_node;
    if (++parser->depth > QUERY_DEPTH_MAX) {
        return wrong(parser, "too much in one another");
    }
    parsed = parse_otherwise(parser, &node->b);
    parser->depth--;
    *ret_node = node;
    return parsed;
}

static status parse_pipe(struct parser *parser, struct node **ret_node)
{
    uint32_t count = 0;

    TRY(parse_otherwise(parser, ret_node));
    while (peek(parser) == '|') {
        struct node *node = node_new(parser, NODE_PIPE);

        if (++count > QUERY_DEPTH_MAX) {
            return wrong(parser, "too many pipes");
        }
        parser->at++;
        node->a = *ret_node;
        TRY(parse_otherwise(parser, &node->b));
        *ret_node = node;
    }
    return OK;
}

status query_parse(struct str text, struct arena *arena, struct why *why,
                   struct query **ret_query)
{
    struct parser parser = {.text = text, .arena = arena, .why = why};
    struct query *query = ARENA_NEW(arena, struct query);

    TRY(parse_pipe(&parser, &query->root));
    if (peek(&parser) == ',') {
        return wrong(&parser, "a comma gives several values, which is not supported,");
    }
    if (parser.at < text.bytes) {
        return wrong(&parser, "something else is expected");
    }
    *ret_query = query;
    return OK;
}
