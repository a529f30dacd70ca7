/* SPDX-License-Identifier: Apache-2.0
 *
 * Traces: every hand-off notes a hop in a log of the store, in the same commit: trace, cause,
 * from, to, outcome, moment. "weir trace" and /_weir/trace read them.
 */
#ifndef WEIR_BUS_TRACE_H
#define WEIR_BUS_TRACE_H

#include "cell/call.h"

#define TRACE_KEEP_MS (INT64_C(7) * 24 * 3600 * 1000)
#define TRACE_KEEP_BYTES (UINT64_C(1) << 30) /* the oldest hops go, whatever their age */

struct hop {
    struct str from;    /* ARN */
    struct str to;      /* ARN, URL, address */
    struct str via;     /* subscription, rule, mapping; STR_NONE: none */
    struct str outcome; /* "taken", "held", "delivered", "no match: …", "retry in …", "refused: …",
                         * "dead-letter: …", "lost: …" */
    struct str about;   /* an object's key, a message's id; may be empty */
};
void trace_hop(struct call *c, const struct hop *hop);
/* The trace header this call goes on with ("Root=1-…;Parent=…;Sampled=1"): as it came, or made now
 * for the call; in the call's arena. */
struct str trace_header(struct call *c);

#endif
