/* SPDX-License-Identifier: Apache-2.0
 *
 * Deliveries as they lie in the store.
 */
#ifndef WEIR_BUS_DELIVERY_INT_H
#define WEIR_BUS_DELIVERY_INT_H

#include "bus/delivery.h"

struct bus;

struct delivery_row {
    struct delivery delivery; /* as it was asked for */
    struct str trace;         /* trace header of the call that caused it */
    int64_t made_ms;          /* when that was */
    uint32_t attempts;        /* tries that failed */
    struct str answer;        /* what the last one said */
};

bool delivery_read(struct str value, struct arena *arena, struct delivery_row *ret_row);
/* The row of an id, in that arena; false: none. */
bool delivery_get(struct call *c, uint64_t id, struct arena *arena, struct delivery_row *ret_row);
/* Those with a moment for their next try, soonest first; *scan NULL at first; false at the end. */
bool delivery_next(struct call *c, struct txn_scan **scan, uint64_t *ret_id, int64_t *ret_at_ms);
/* Outside the cell: until no try is under way. */
void deliveries_wait(struct bus *bus);
uint64_t deliveries_count(const struct bus *bus); /* rows */
/* A bounded number of those that wait for another try is due now; 0: none is left. */
uint64_t deliveries_now(struct call *c);
/* A subscription was released: its held deliveries are due, a bounded number of them; true: all. */
bool deliveries_released(struct call *c, struct str via);

#endif
