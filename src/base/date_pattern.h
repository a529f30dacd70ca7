/* SPDX-License-Identifier: Apache-2.0
 *
 * Moments written by a pattern of letters, as Java's DateTimeFormatter understands it: yyyy/MM/dd,
 * EEE, hh:mm a, 'literal'. Names are English, weeks begin on Sunday.
 */
#ifndef WEIR_BASE_DATE_PATTERN_H
#define WEIR_BASE_DATE_PATTERN_H

#include "base/buf.h"
#include "base/zone.h"

struct date_at {
    int64_t moment_ms;         /* when */
    const struct zone *zone;   /* where; NULL: UTC */
    struct str zone_name;      /* "Europe/Berlin"; empty: UTC */
};

/* What Java would refuse, or is not known here: padding (p) and zones' full names (zzzz, v). */
bool date_pattern_is(struct str pattern);
/* Appends the moment; of a pattern that is none what was understood before its fault. */
void date_pattern_add(struct buf *out, struct str pattern, const struct date_at *at);

#endif
