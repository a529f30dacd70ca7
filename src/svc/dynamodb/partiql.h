/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements of PartiQL, read: a text and its parameters become a struct statement, whose
 * conditions, updates and items are those of every other operation (expr.h, item.h). Nothing here
 * knows tables; partiql_plan.h says what a statement does to one.
 *
 * Every refusal is DDB_VALIDATION with AWS's sentence in why, as far as it is known. Sources:
 * developer guide, "PartiQL - a SQL-compatible query language for Amazon DynamoDB" and its pages.
 */
#ifndef WEIR_SVC_DYNAMODB_PARTIQL_H
#define WEIR_SVC_DYNAMODB_PARTIQL_H

#include "svc/dynamodb/expr.h"

#define STATEMENT_BYTES_MAX (4 * 8192) /* the model counts 8192 characters */
#define STATEMENT_COLUMNS_MAX 1024
#define STATEMENT_ORDERS_MAX 8

enum statement_kind {
    STATEMENT_SELECT,
    STATEMENT_INSERT,
    STATEMENT_UPDATE,
    STATEMENT_DELETE,
    STATEMENT_EXISTS, /* EXISTS(SELECT ...): a condition of a transaction */
};

enum returning {
    RETURNING_NOTHING,
    RETURNING_ALL_OLD,
    RETURNING_ALL_NEW,
    RETURNING_MODIFIED_OLD,
    RETURNING_MODIFIED_NEW,
};

/* A path of SELECT's list, and the name of what it finds: "b" of a.b, "b[1]" of a.b[1]. */
struct column {
    struct path *path;   /* what is shown */
    struct str name;     /* as what */
};

struct order {
    struct str name;   /* attribute */
    bool down;         /* DESC */
};

struct statement {
    uint8_t kind;            /* enum statement_kind */
    uint8_t returning;       /* enum returning */
    struct str table;        /* name or ARN, as written */
    struct str index;        /* empty: none */
    struct column *columns;  /* SELECT's; none: * */
    size_t column_count;     /* of them */
    struct expr *where;      /* NULL: none */
    struct order *orders;    /* ORDER BY */
    size_t order_count;      /* of them */
    struct item item;        /* INSERT's */
    struct update update;    /* UPDATE's */
};

/* The values of ?, in their order. */
struct values {
    struct datum *at;  /* one a ? */
    size_t count;      /* of them */
};

/* list: AttributeValues, or NULL. */
status statement_values_read(struct arena *arena, const struct value *list, struct why *why,
                             struct values *ret_values);
/* What it gives lives in the arena and points into text and values. */
status statement_read(struct arena *arena, struct str text, const struct values *values,
                      struct why *why, struct statement *ret_statement);

/* The statement does not write. EXISTS goes with writes. */
static inline bool statement_reads(const struct statement *statement)
{
    return statement->kind == STATEMENT_SELECT;
}

#endif
