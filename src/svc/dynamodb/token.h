/* SPDX-License-Identifier: Apache-2.0
 *
 * ClientRequestToken: what was done once is not done again within ten minutes of weir's clock, also
 * after a restart. A token is kept with what it asked for, in the entry of the transaction itself.
 * Source: API reference, TransactWriteItems and ExecuteTransaction.
 */
#ifndef WEIR_SVC_DYNAMODB_TOKEN_H
#define WEIR_SVC_DYNAMODB_TOKEN_H

#include "svc/dynamodb/dynamodb_int.h"

#define TOKEN_MS (INT64_C(10) * 60 * 1000)

/* Whether the call's ClientRequestToken did the same before; asked: what it asks for now.
 * DDB_IDEMPOTENT_MISMATCH. */
status token_check(struct call *c, const struct value *asked, bool *ret_done);
/* It has been done; nothing without a token. */
void token_keep(struct call *c, const struct value *asked);
/* In the service's tick: those that are over. */
void tokens_sweep(struct call *c);

#endif
