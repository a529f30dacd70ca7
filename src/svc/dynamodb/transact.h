/* SPDX-License-Identifier: Apache-2.0
 *
 * Transactions' common part, for TransactWriteItems, TransactGetItems and PartiQL's
 * ExecuteTransaction: cancellation with a reason for each action, and the size of it all.
 */
#ifndef WEIR_SVC_DYNAMODB_TRANSACT_H
#define WEIR_SVC_DYNAMODB_TRANSACT_H

#include "svc/dynamodb/item_op.h"

#define TRANSACTION_ACTIONS_MAX 100
#define TRANSACTION_BYTES_MAX ((size_t)4 << 20) /* of its items together */
#define TRANSACTION_TIMES 2 /* what it costs: all is prepared, then done */

/* What one action came to. */
struct reason {
    status code;              /* OK: it is not the reason */
    struct str message;       /* its sentence, in the call's arena */
    const struct item *item;  /* to be shown; NULL: none */
};

/* What write_judge or another function said just now: its sentence is in c->why. */
struct reason reason_of(struct call *c, status code);
/* Whether a transaction may be cancelled for that; other statuses (no memory) fail the call. */
bool is_reason(status code);
/* DDB_TRANSACTION_CANCELED with its CancellationReasons, if there is any; else OK. */
status transaction_cancel(struct call *c, const struct reason *reasons, size_t count);

/* All of the writes, bound and apart: judged, and if no one objects, staged, each in its table's
 * cost. show: by write, whether a condition's failure shows the item. */
status transaction_write(struct call *c, struct item_write *writes, const bool *show, size_t count,
                         struct costs *costs);
/* All of them were done before, under the same token: what it costs now is reading the items. */
void transaction_again(struct call *c, const struct item_write *writes, size_t count,
                       struct costs *costs);

#endif
