/* SPDX-License-Identifier: Apache-2.0
 *
 * CloudFormation: the table of operations, in the order of the API reference, its errors, and the
 * service's life.
 */
#include "base/mem.h"
#include "bus/timer.h"
#include "cell/cell.h"
#include "svc/cloudformation/cfn.h"
#include "svc/cloudformation/changeset.h"
#include "svc/cloudformation/cloudformation_ops.h"
#include "svc/cloudformation/custom.h"
#include "svc/cloudformation/drift.h"
#include "svc/cloudformation/reply.h"

const struct error CFN_VALIDATION = {"ValidationError", NULL, 400, false};
const struct error CFN_EXISTS = {"AlreadyExistsException", NULL, 400, false};
const struct error CFN_CAPABILITIES = {"InsufficientCapabilitiesException", NULL, 400, false};
const struct error CFN_TOKEN = {"TokenAlreadyExistsException", NULL, 400, false};
const struct error CFN_LIMIT = {"LimitExceededException", NULL, 400, false};
const struct error CFN_NO_CHANGE_SET = {"ChangeSetNotFoundException", "ChangeSetNotFound", 404,
                                        false};
const struct error CFN_CHANGE_SET_STATE = {"InvalidChangeSetStatusException",
                                           "InvalidChangeSetStatus", 400, false};
const struct error CFN_NO_STACK_SET = {"StackSetNotFoundException", NULL, 404, false};
const struct error CFN_DENIED = {"AccessDenied", NULL, 403, false};

static const struct op ops[] = {
    {"CancelUpdateStack", cfn_cancel_update},
    {"ContinueUpdateRollback", cfn_continue_rollback},
    {"CreateChangeSet", cfn_create_change_set},
    {"CreateStack", cfn_create_stack},
    {"DeleteChangeSet", cfn_delete_change_set},
    {"DeleteStack", cfn_delete_stack},
    {"DescribeAccountLimits", cfn_account_limits},
    {"DescribeChangeSet", cfn_describe_change_set},
    {"DescribeStackDriftDetectionStatus", cfn_describe_drift_detection},
    {"DescribeStackEvents", cfn_describe_events},
    {"DescribeStackResource", cfn_describe_resource},
    {"DescribeStackResourceDrifts", cfn_describe_resource_drifts},
    {"DescribeStackResources", cfn_describe_resources},
    {"DescribeStacks", cfn_describe_stacks},
    {"DetectStackDrift", cfn_detect_stack_drift},
    {"DetectStackResourceDrift", cfn_detect_stack_resource_drift},
    {"EstimateTemplateCost", cfn_estimate_cost},
    {"ExecuteChangeSet", cfn_execute_change_set},
    {"GetStackPolicy", cfn_get_policy},
    {"GetTemplate", cfn_get_template},
    {"GetTemplateSummary", cfn_template_summary},
    {"ListChangeSets", cfn_list_change_sets},
    {"ListExports", cfn_list_exports},
    {"ListImports", cfn_list_imports},
    {"ListStackResources", cfn_list_resources},
    {"ListStacks", cfn_list_stacks},
    {"RollbackStack", cfn_rollback_stack},
    {"SetStackPolicy", cfn_set_policy},
    {"SignalResource", cfn_signal_resource},
    {"UpdateStack", cfn_update_stack},
    {"UpdateTerminationProtection", cfn_update_protection},
    {"ValidateTemplate", cfn_validate_template},
};

/* A deleted stack's time is over. The timer's name is its id. */
static status purge(struct call *c, struct str name, struct str payload)
{
    struct stack stack;
    struct arn arn;

    (void)payload;
    if (!arn_read(name, &arn)) {
        return OK;
    }
    c->account = arn.account;
    c->region = arn.region;
    if (stack_lookup(c, name, &stack) && stack_is_deleted(&stack) && !stack_purge(c, &stack)) {
        bus_timer_set(c, CFN_SERVICE, name, c->now + 1000, STR(""));
    }
    return OK;
}

static void service_close(void *state)
{
    struct cloudformation *cfn = state;

    deploys_close(cfn);
    shelf_told_done(&cfn->told);
    mem_free(cfn);
}

static status service_open(struct cell *cell, void **ret_state)
{
    struct cloudformation *cfn = MEM_NEW(struct cloudformation);

    cfn->cell = cell;
    bus_timer_owner(cell, CFN_SERVICE, purge);
    cfn_join_policies(cell);
    custom_join_bus(cell);
    waiters_init(&cfn->awaited);
    deploys_open(cfn);
    *ret_state = cfn;
    return OK;
}

const struct service cloudformation_service = {
    .id = CFN_SERVICE,
    .ops = ops,
    .op_count = sizeof(ops) / sizeof(ops[0]),
    .open = service_open,
    .close = service_close,
    .pages = &reply_page,
    .page_count = 1,
    .types = cfn_types,
    .type_count = CFN_TYPES,
};
