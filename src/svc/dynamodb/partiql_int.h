/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the files that read PartiQL: partiql_lex.c reads tokens, partiql_literal.c values,
 * partiql_expr.c paths and conditions, partiql_read.c statements.
 */
#ifndef WEIR_SVC_DYNAMODB_PARTIQL_INT_H
#define WEIR_SVC_DYNAMODB_PARTIQL_INT_H

#include "svc/dynamodb/errors.h"
#include "svc/dynamodb/expr_int.h"
#include "svc/dynamodb/partiql.h"

enum lexeme_kind {
    LEXEME_END,
    LEXEME_WORD,    /* a name that is no keyword */
    LEXEME_KEYWORD, /* a word that SQL keeps for itself */
    LEXEME_QUOTED,  /* "name" */
    LEXEME_STRING,  /* 'text' */
    LEXEME_NUMBER,  /* digits, point, exponent; no sign */
    LEXEME_SIGN,    /* one of ( ) [ ] { } , . : ; + - * / % ? = <> != < <= > >= << >> || */
    LEXEME_BAD,     /* what begins nothing, or does not end */
};

struct lexeme {
    uint8_t kind;     /* enum lexeme_kind */
    struct str text;  /* as written */
    struct str name;  /* without quotes; else text */
    uint32_t line;    /* from 1 */
    uint32_t column;  /* in characters, from 1 */
};

/* Where a value stands inside a literal, for the sentences about numbers: "root.a[1]". */
struct place {
    const struct place *outer; /* NULL: the root */
    struct str name;           /* of the pair; empty: an element */
    uint32_t index;            /* of the element */
};

struct reader {
    struct terms terms;           /* arena and why, as the checks of expressions want them */
    struct str text;              /* the statement */
    size_t at;                    /* behind next */
    uint32_t line, column;        /* there */
    struct lexeme now;            /* to be read */
    struct lexeme next;           /* behind it */
    const struct values *values;  /* for ? */
    size_t values_used;           /* so far */
    unsigned nesting;             /* parentheses, brackets, NOTs and functions that are open */
    size_t operators;             /* and functions so far */
};

/* ---- partiql_lex.c ---- */

void reader_begin(struct reader *r, struct str text);
void reader_step(struct reader *r);
/* "Statement wasn't well formed, can't be processed: ...", or nothing behind the colon when what
 * stands here is no token at all. */
status reader_refuse(const struct reader *r, const char *detail) __attribute__((returns_nonnull));
/* By what stands here, where an operand should begin. */
status reader_refuse_term(const struct reader *r) __attribute__((returns_nonnull));
/* A sentence of its own; " at line:column:length" of the lexeme behind it. */
status reader_refuse_at(const struct reader *r, const struct lexeme *where, const char *format,
                        ...) __attribute__((format(printf, 3, 4), returns_nonnull));
bool lexeme_is(const struct lexeme *lexeme, const char *sign_or_word); /* words: any case */
static inline bool now_is(const struct reader *r, const char *sign_or_word)
{
    return lexeme_is(&r->now, sign_or_word);
}
/* Reads it when it stands here. */
bool reader_skip(struct reader *r, const char *sign_or_word);
/* Opens one more level. */
status reader_nest(struct reader *r);
bool word_is_keyword(struct str word);

/* ---- partiql_literal.c ---- */

bool literal_begins(const struct reader *r);
status literal_read(struct reader *r, const struct place *place, struct datum *ret_datum);
/* {'name': value, ...}: the pairs of an item, each value a root. */
status literal_item(struct reader *r, struct item *ret_item);
/* A list's values, or a set's members. */
struct datum *datum_elements(struct arena *arena, struct datum many, size_t *ret_count);

/* ---- partiql_expr.c ---- */

status path_read(struct reader *r, struct path **ret_path);
/* Operands with + and -. */
status operand_read(struct reader *r, struct expr **ret_expr);
/* At most EXPR_OPERATORS_MAX so far. */
status operators_check(const struct reader *r);
/* WHERE's condition, checked. */
status where_read(struct reader *r, struct expr **ret_where);

#endif
