/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements of PartiQL at work, for the operations in api_partiql.c: a SELECT's page, a read of
 * one item, a write.
 */
#ifndef WEIR_SVC_DYNAMODB_PARTIQL_RUN_H
#define WEIR_SVC_DYNAMODB_PARTIQL_RUN_H

#include "svc/dynamodb/item_op.h"
#include "svc/dynamodb/partiql_plan.h"

/* From a request's Statement and Parameters. */
status statement_of_request(struct call *c, const struct value *in,
                            struct statement *ret_statement);

/* ---- partiql_select.c ---- */

/* One page of a SELECT into the call's output: Items, NextToken, LastEvaluatedKey,
 * ConsumedCapacity. */
status select_page(struct call *c, const struct statement *statement);

/* ---- partiql_token.c ---- */

/* Where a SELECT goes on. */
struct select_token {
    uint64_t partition;  /* of the plan: the next one, or the one that is not yet read out */
    struct item last;    /* key of the last one looked at there; ITEM_ABSENT: it was not begun */
};
/* Texts of statement and parameters make the token's statement. */
struct str select_token_text(struct call *c, const struct select_token *token);
/* DDB_VALIDATION: no token, or of another statement. The key is sound, but whose is not checked. */
status select_token_read(struct call *c, struct str text, struct select_token *ret_token);

/* ---- partiql_one.c: statements about one item ---- */

struct one_read {
    struct item_read read;              /* table and suffix */
    const struct statement *statement;  /* its columns */
};
/* A SELECT that binds the whole key and nothing else; refusal is for any other. */
status one_read_bind(struct call *c, const struct statement *statement, const char *refusal,
                     struct one_read *ret_read);
/* The item as shown; ITEM_ABSENT: there is none. */
status one_read_item(struct call *c, const struct one_read *read, struct item *ret_item,
                     size_t *ret_bytes);

/* An INSERT, UPDATE, DELETE or EXISTS against its table: up to write_bind(). */
status one_write_bind(struct call *c, const struct statement *statement,
                      struct item_write *ret_write);
/* What RETURNING asks for; ITEM_ABSENT: nothing. */
status one_write_returns(struct call *c, const struct statement *statement,
                         const struct item_write *write, struct item *ret_item);

#endif
