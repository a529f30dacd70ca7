/* SPDX-License-Identifier: Apache-2.0
 *
 * What policies are told of tables and of what a call does with them.
 */
#ifndef WEIR_SVC_DYNAMODB_GUARD_H
#define WEIR_SVC_DYNAMODB_GUARD_H

#include "cell/authorize.h"
#include "svc/dynamodb/partiql.h"
#include "svc/dynamodb/state.h"

#define GUARD_VALUES_MAX 256 /* of one context key; more: the last is one that is none */

/* guard_keys.c: context keys that the call's input tells; false: it does not have that one. hash:
 * the first hash attribute of the table or index. */
bool guard_key_find(struct call *c, const struct table *table, struct str hash, struct str key,
                    struct policy_values *ret_values);

/* guard_statement.c: may the caller run that PartiQL statement? */
status statement_may(struct call *c, const struct statement *statement);

#endif
