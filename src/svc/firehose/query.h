/* SPDX-License-Identifier: Apache-2.0
 *
 * MetadataExtraction's queries: the part of jq that gives one value for one value. Paths, objects
 * and arrays, pipes, //, arithmetic, comparisons, and, or, if, and functions of texts, numbers and
 * times. What gives none or several values (.[], the comma, recursion, definitions) is refused by
 * name; so a query ends in time that its text and the record bound.
 */
#ifndef WEIR_SVC_FIREHOSE_QUERY_H
#define WEIR_SVC_FIREHOSE_QUERY_H

#include "base/arena.h"
#include "base/error.h"
#include "wire/value.h"

struct query;

/* Both, one behind the other, whatever bytes they have. */
static inline struct str str_join(struct arena *arena, struct str a, struct str b)
{
    char *at = arena_alloc(arena, a.bytes + b.bytes + 1);

    if (a.bytes > 0) {
        memcpy(at, a.at, a.bytes);
    }
    if (b.bytes > 0) {
        memcpy(at + a.bytes, b.at, b.bytes);
    }
    return str_of(at, a.bytes + b.bytes);
}

/* In the arena. ERR_MALFORMED, and what is wrong where. */
status query_parse(struct str text, struct arena *arena, struct why *why,
                   struct query **ret_query);
/* ERR_MALFORMED: the value is not such that the query can be asked of it. */
status query_run(const struct query *query, const struct value *input, struct arena *arena,
                 struct why *why, struct value *ret_value);

/* A number as jq writes it, 3.0 as 3; other values as they are. */
struct value query_plain(const struct value *value);

#endif
