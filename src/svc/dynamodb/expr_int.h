/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the files of the expression engine: lex.c reads tokens, parse.c makes nodes, check.c
 * binds and judges them, condition.c and update.c evaluate.
 */
#ifndef WEIR_SVC_DYNAMODB_EXPR_INT_H
#define WEIR_SVC_DYNAMODB_EXPR_INT_H

#include "svc/dynamodb/expr.h"

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,       /* letter, then letters, digits, _ */
    TOKEN_NAME,       /* #name */
    TOKEN_VALUE,      /* :value */
    TOKEN_INT,        /* digits; a 0 stands alone */
    TOKEN_COMPARATOR, /* = <> < <= > >= */
    TOKEN_SIGN,       /* one of ( ) [ ] , . + - */
    TOKEN_BAD,        /* what begins nothing */
};

struct token {
    uint8_t kind;     /* enum token_kind */
    struct str text;  /* in the expression */
};

struct parser {
    struct terms *terms;       /* arena and why */
    enum expr_kind kind;       /* which expression, for sentences and keywords */
    struct str text;           /* the expression */
    struct token *tokens;      /* the last is TOKEN_END */
    size_t count;              /* of tokens */
    size_t at;                 /* the next one */
    unsigned nesting;          /* parentheses and functions that are open */
    size_t operators;          /* and functions so far */
};

struct str expr_kind_name(enum expr_kind kind); /* "ConditionExpression" */
/* "Invalid ConditionExpression: ..."; EXPR_STATEMENT: the rest alone. */
status expr_refuse(const struct terms *terms, enum expr_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4), returns_nonnull));

/* Checks the length and reads all tokens. */
status parser_begin(struct parser *parser, struct terms *terms, enum expr_kind kind,
                    struct str text);
status parser_refuse_here(const struct parser *parser); /* Syntax error; token: ... */
static inline const struct token *token_now(const struct parser *parser)
{
    return &parser->tokens[parser->at];
}
bool token_is(const struct parser *parser, char sign);
bool token_is_word(const struct parser *parser, const char *word); /* whatever its case */

status parse_condition(struct parser *parser, struct expr **ret_condition);
status parse_paths(struct parser *parser, struct paths *ret_paths);
status parse_update(struct parser *parser, struct update *ret_update);

bool word_is_reserved(struct str word);

/* Functions by name. */
enum function_place { IN_CONDITION, IN_OPERAND, IN_UPDATE };
struct function {
    struct str name;     /* as written; case matters */
    uint8_t op;          /* enum expr_op */
    uint8_t place;       /* enum function_place */
    uint8_t operands;    /* how many it takes */
};
const struct function *function_find(struct str name); /* NULL: none */

status check_condition(struct terms *terms, enum expr_kind kind, struct expr *condition);
status check_paths(struct terms *terms, struct paths *paths);
status check_update(struct terms *terms, struct update *update);
status check_statement_update(struct terms *terms, struct update *update); /* PartiQL's */
/* Sorts; refuses paths that overlap or conflict. */
status paths_apart(const struct terms *terms, enum expr_kind kind, struct paths *paths);

/* Looked up and marked as used; NULL: not defined. */
const struct term *terms_name(struct terms *terms, struct str key);
const struct term *terms_value(struct terms *terms, struct str key);
struct str term_name(const struct term *term);
struct datum term_value(const struct term *term);

struct expr *expr_new(struct arena *arena, enum expr_op op, struct str text);
void expr_add(struct expr *parent, struct expr *child);

/* An operand's value for an item; scratch holds size()'s number. */
struct datum operand_value(const struct expr *operand, struct str attributes, char *scratch);

#endif
