/* SPDX-License-Identifier: Apache-2.0
 *
 * Drift: whether resources still are what their stack made of them. Each resource's service says
 * what it is now (resource_type.now); what was found stays with the resource's row
 * ("drift" in more) until it is looked at again.
 *
 *   ("cloudformation", "detection", account, region, id)   as DescribeStackDriftDetectionStatus
 */
#ifndef WEIR_SVC_CLOUDFORMATION_DRIFT_H
#define WEIR_SVC_CLOUDFORMATION_DRIFT_H

#include "svc/cloudformation/stack.h"

#define DETECTIONS_MAX 20    /* remembered of a stack */
#define DIFFERENCES_MAX 200  /* told of a resource */

/* ---- drift_compare.c ---- */

/* What of expected is another in actual: a list of maps with path, expected, actual, type. What
 * only actual has counts only inside of lists. */
struct value *drift_compare(struct arena *arena, const struct value *expected,
                            const struct value *actual);

/* ---- drift.c ---- */

/* A resource's DriftInformation: its StackResourceDriftStatus, and when it was found; "NOT_CHECKED"
 * and 0 without. */
struct str drift_status(const struct stack_resource *own, int64_t *ret_at_ms);
/* The stack is going. */
void drift_drop(struct call *c, const struct stack *stack);

status cfn_detect_stack_drift(struct call *c);
status cfn_detect_stack_resource_drift(struct call *c);
status cfn_describe_drift_detection(struct call *c);
status cfn_describe_resource_drifts(struct call *c);

#endif
