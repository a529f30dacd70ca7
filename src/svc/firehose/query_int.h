/* SPDX-License-Identifier: Apache-2.0
 *
 * Queries as trees.
 */
#ifndef WEIR_SVC_FIREHOSE_QUERY_INT_H
#define WEIR_SVC_FIREHOSE_QUERY_INT_H

#include "svc/firehose/query.h"

#define QUERY_DEPTH_MAX 64       /* of brackets, and of operators one after the other */
#define QUERY_ARGUMENTS_MAX 1
#define QUERY_BYTES_MAX (8u << 20) /* of texts made by one run */

enum node_kind {
    NODE_IDENTITY, NODE_CONSTANT, NODE_INDEX, NODE_SLICE, NODE_TRY, NODE_PIPE, NODE_OTHERWISE,
    NODE_OR, NODE_AND, NODE_COMPARE, NODE_ARITHMETIC, NODE_NEGATE, NODE_IF, NODE_OBJECT,
    NODE_ARRAY, NODE_CALL,
};

enum compare { COMPARE_EQ, COMPARE_NE, COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE };

/* a, b, c as the kind says: NODE_INDEX a[b], NODE_SLICE a[b:c], NODE_IF a then b else c. */
struct node {
    enum node_kind kind;         /* what it does */
    struct node *a, *b, *c;      /* of what; may be NULL */
    struct node *next;           /* in an object's or array's list */
    struct value constant;       /* NODE_CONSTANT */
    char operation;              /* NODE_ARITHMETIC: + - * / % */
    enum compare compare;        /* NODE_COMPARE */
    uint16_t function;           /* NODE_CALL: query_function()'s */
};

struct query {
    struct node *root;           /* what it does */
};

/* A run of a query. */
struct query_run {
    struct arena *arena;         /* of what it makes */
    size_t bytes;                /* of texts made */
    struct why *why;             /* what went wrong */
};

/* query_call.c: functions by name and number of arguments; -1: there is none such. */
int query_function(struct str name, size_t argument_count);
status query_call(struct query_run *run, uint16_t function, const struct value *input,
                  const struct value *argument, struct value *ret_value);

/* query_run.c, for both. */
status query_wrong(struct query_run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3), returns_nonnull));
bool query_number(const struct value *value, double *ret_number);
void query_set_number(struct value *value, double number);
status query_text(struct query_run *run, const char *at, size_t bytes, struct value *ret_value);
const char *query_type(const struct value *value);

#endif
