/* SPDX-License-Identifier: Apache-2.0
 *
 * A map as it was read, made into a map as value.h promises it.
 */
#ifndef WEIR_WIRE_PAIRS_H
#define WEIR_WIRE_PAIRS_H

#include "wire/value.h"

/* Of pairs with the same key the first stays, with the last one's value; pairs without a value
 * (null, unless keep_null) go. Whatever the keys, this takes linear time. False without memory. */
bool pairs_settle(struct value *map, struct arena *arena, bool keep_null);

#endif
