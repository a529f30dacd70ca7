/* SPDX-License-Identifier: Apache-2.0
 *
 * Loops: a function that is invoked by what it did itself, again and again. The trace header says
 * by its Lineage through which functions an event came, and how often:
 *
 *   Root=1-…;Parent=…;Sampled=0;Lineage=1:6f3a09c1:3|1:b2c01d77:2
 *
 * SDKs hand the header on. Source: "Use Lambda recursive loop detection to prevent infinite loops",
 * Lambda developer guide.
 */
#ifndef WEIR_SVC_LAMBDA_LINEAGE_H
#define WEIR_SVC_LAMBDA_LINEAGE_H

#include "base/arena.h"
#include "svc/lambda/lambda_int.h"

#define LINEAGE_MAX 16            /* invocations of one function in a chain; one more is stopped */
#define LINEAGE_FUNCTIONS_MAX 8   /* of a chain that are remembered, the newest */
#define LINEAGE_BYTES_MAX 1024    /* of a trace header; a longer one is not looked at */

/* The header as a function's invocation hands it on; how often that function is in it now. Pure. */
struct str lineage_next(struct str trace, struct str function_arn, struct arena *arena,
                        uint32_t *ret_count);
/* Whether an invocation with that header is one too many, and its function lets loops end. */
bool lineage_is_loop(struct call *c, const struct target *target, struct str trace);

#endif
