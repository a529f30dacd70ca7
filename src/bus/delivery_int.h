/* SPDX-License-Identifier: Apache-2.0
 *
 * Deliveries as they lie in the store.
 */
#ifndef WEIR_BUS_DELIVERY_INT_H
#define WEIR_BUS_DELIVERY_INT_H

#include "bus/delivery.h"

struct delivery_row {
    struct delivery delivery; /* as it was asked for */
    struct str trace;         /* trace header of the call that caused it */
    int64_t made_ms;          /* when that was */
    uint32_t attempts;        /* tries that failed */
    struct str answer;        /* what the last one said */
};

bool delivery_read(struct str value, struct arena *arena, struct delivery_row *ret_row);
/* Oldest first; *scan NULL at first; false at the end. */
bool delivery_next(struct call *c, struct txn_scan **scan, uint64_t *ret_id,
                   struct delivery_row *ret_row);
/* Everything that waits is tried now. */
status delivery_all_now(struct call *c, uint64_t *ret_count);

#endif
