/* SPDX-License-Identifier: Apache-2.0
 *
 * Handlers of CloudFormation's operations, and what they have in common.
 */
#ifndef WEIR_SVC_CLOUDFORMATION_OPS_H
#define WEIR_SVC_CLOUDFORMATION_OPS_H

#include "svc/cloudformation/deploy.h"

/* ---- pages: NextToken in and out; 0: from the first ---- */

status page_begin(struct call *c, uint64_t *ret_at);
void page_end(struct call *c, uint64_t at);
/* All of the region, the newest first; also those that are deleted. */
size_t stacks_all(struct call *c, bool deleted, struct stack **ret_stacks);

/* ---- api_stack.c ---- */

status cfn_create_stack(struct call *c);
status cfn_update_stack(struct call *c);
status cfn_delete_stack(struct call *c);
status cfn_cancel_update(struct call *c);
status cfn_continue_rollback(struct call *c);
status cfn_rollback_stack(struct call *c);
status cfn_update_protection(struct call *c);
status cfn_signal_resource(struct call *c);

/* ---- api_read.c ---- */

status cfn_describe_stacks(struct call *c);
/* DescribeStacks' answer about one. */
status stack_tell(struct call *c, const struct stack *stack);
/* awaited.c: true: who asks is a waiter, and is answered later. */
bool stack_await(struct call *c, const struct stack *stack);
status cfn_list_stacks(struct call *c);
status cfn_describe_events(struct call *c);
status cfn_describe_resource(struct call *c);
status cfn_describe_resources(struct call *c);
status cfn_list_resources(struct call *c);

/* ---- api_template.c ---- */

status cfn_get_template(struct call *c);
status cfn_validate_template(struct call *c);
status cfn_template_summary(struct call *c);
status cfn_estimate_cost(struct call *c);

/* ---- api_list.c, policy.c ---- */

status cfn_list_exports(struct call *c);
status cfn_list_imports(struct call *c);
status cfn_account_limits(struct call *c);
status cfn_set_policy(struct call *c);
status cfn_get_policy(struct call *c);

#endif
