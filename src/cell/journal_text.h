/* SPDX-License-Identifier: Apache-2.0
 *
 * Journal entries for people and programs: what `weir journal` and GET /_weir/journal print.
 */
#ifndef WEIR_CELL_JOURNAL_TEXT_H
#define WEIR_CELL_JOURNAL_TEXT_H

#include "base/buf.h"
#include "store/store.h"

struct journal_filter {
    uint64_t from;            /* first position; 0: the oldest */
    uint64_t to;              /* last position; 0: the newest */
    int64_t from_ms, to_ms;   /* moments, inclusive; 0: open */
    struct str service;       /* equal; empty: any */
    struct str resource;      /* contained in the resource's ARN; empty: any */
    size_t count_max;         /* entries at most */
};

/* Where a span begins or ends, as people say it: a position (42), a moment (2026-11-23T08:55:00Z),
 * or how long ago (10m, before now_ms). Empty: open. Sets one of both; false: none of these. */
bool journal_place_read(struct str text, int64_t now_ms, uint64_t *ret_position, int64_t *ret_ms);

/* One JSON object a line. *ret_next: where to go on; 0: the end was reached. */
status journal_text(struct journal *journal, const struct journal_filter *filter, struct buf *out,
                    struct why *why, uint64_t *ret_next);

#endif
