/* SPDX-License-Identifier: Apache-2.0
 *
 * Prefixes of objects, with expressions: "in/!{timestamp:yyyy/MM}/!{partitionKeyFromQuery:card}/".
 */
#ifndef WEIR_SVC_FIREHOSE_PREFIX_H
#define WEIR_SVC_FIREHOSE_PREFIX_H

#include "base/buf.h"
#include "base/date_pattern.h"
#include "base/error.h"
#include "sys/rand.h"

/* What a prefix has in it. */
struct prefix_has {
    bool expressions;        /* any */
    bool timestamp;          /* !{timestamp:…} */
    bool error_type;         /* !{firehose:error-output-type} */
    bool random;             /* !{firehose:random-string} */
    bool from_query;         /* !{partitionKeyFromQuery:…} */
    bool from_function;      /* !{partitionKeyFromLambda:…} */
};

/* ERR_MALFORMED, and why in AWS's manner. */
status prefix_read(struct str prefix, struct why *why, struct prefix_has *ret_has);

/* What it is written for. */
struct prefix_for {
    struct date_at at;       /* arrival of the oldest record */
    struct str error_type;   /* "processing-failed"; empty: no error */
    struct str pairs;        /* of the partition, packed */
    struct rand *rand;       /* of random strings */
};
/* Appends a prefix that prefix_read() took, with what AWS puts behind it by default. */
void prefix_add(struct buf *out, struct str prefix, const struct prefix_for *what);

/* Each partition key that it names: false ends. */
bool prefix_keys(struct str prefix, bool (*each)(void *arg, bool from_function, struct str name),
                 void *arg);

#endif
