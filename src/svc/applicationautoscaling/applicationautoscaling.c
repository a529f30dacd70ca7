/* SPDX-License-Identifier: Apache-2.0
 *
 * Application Auto Scaling: targets and policies.
 */
#include "svc/applicationautoscaling/applicationautoscaling.h"

#include "cell/record.h"

static void target_tell(struct resource *r, const struct value *item)
{
    (void)item;
    resource_attribute(r, "Id", r->id);
}

static const struct record_kind target;

/* One that names a target is about what the target is about. */
static status policy_filled(struct resource *r, struct value *item)
{
    static const char *const members[] = {"ResourceId", "ScalableDimension", "ServiceNamespace"};
    struct str id = resource_str(r, "ScalingTargetId");
    const struct value *of = id.at == NULL ? NULL : record_get(r->c, &target, id);

    for (size_t i = 0; of != NULL && i < sizeof(members) / sizeof(members[0]); i++) {
        set_str(item, members[i], get_str(of, members[i]));
    }
    return OK;
}

/* ---- kinds ---- */

static const struct error not_found = {"ObjectNotFoundException", NULL, 400, false};

static const struct record_kind target = {
    .name = "target", .service = "application-autoscaling",
    .describe = "DescribeScalableTargets", .path = "ScalableTargets", .id = "ScalableTargetARN",
    .id_form = "arn:aws:application-autoscaling:${region}:${account}:scalable-target/"
               "${hex8}${hex16}",
    .about = "{\"CreationTime\":\"${now}\"}",
    .missing = &not_found, .missing_words = "No scalable target found: %.*s",
    .tell = target_tell,
};
static const struct record_kind policy = {
    .name = "policy", .service = "application-autoscaling",
    .describe = "DescribeScalingPolicies", .path = "ScalingPolicies", .id = "PolicyARN",
    .id_form = "arn:aws:autoscaling:${region}:${account}:scalingPolicy:${hex8}-${hex16}:"
               "resource/${ServiceNamespace}/${ResourceId}:policyName/${PolicyName}",
    .about = "{\"CreationTime\":\"${now}\",\"Alarms\":[]}",
    .missing = &not_found, .missing_words = "No scaling policy found: %.*s",
    .filled = policy_filled,
};

/* ---- types ---- */

static const struct resource_property scalable_target_properties[] = {
    {"MaxCapacity", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"MinCapacity", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"ResourceId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"RoleARN", NULL, RESOURCE_IN_PLACE, 0},
    {"ScalableDimension", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"ScheduledActions", "", RESOURCE_IN_PLACE, 0},
    {"ServiceNamespace", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"SuspendedState", NULL, RESOURCE_IN_PLACE, 0},
};
static const char *const scalable_target_attributes[] = {"Id", NULL};

static const struct resource_property scaling_policy_properties[] = {
    {"PolicyName", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"PolicyType", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"PredictiveScalingPolicyConfiguration", NULL, RESOURCE_IN_PLACE, 0},
    {"ResourceId", NULL, RESOURCE_REPLACES, 0},
    {"ScalableDimension", NULL, RESOURCE_REPLACES, 0},
    {"ScalingTargetId", "", RESOURCE_REPLACES, 0},
    {"ServiceNamespace", NULL, RESOURCE_REPLACES, 0},
    {"StepScalingPolicyConfiguration", NULL, RESOURCE_IN_PLACE, 0},
    {"TargetTrackingScalingPolicyConfiguration", NULL, RESOURCE_IN_PLACE, 0},
};
static const char *const scaling_policy_attributes[] = {"Arn", NULL};

/* ---- operations ---- */

static const struct record_select describe_scalable_targets_selects[] = {
    {"ResourceIds", "ResourceId", false},
    {"ScalableDimension", "ScalableDimension", false},
    {"ServiceNamespace", "ServiceNamespace", false}};
static const struct record_select describe_scaling_policies_selects[] = {
    {"PolicyNames", "PolicyName", false},
    {"ResourceId", "ResourceId", false},
    {"ScalableDimension", "ScalableDimension", false},
    {"ServiceNamespace", "ServiceNamespace", false}};

static const struct record_ask asks[] = {
    {"DescribeScalableTargets", "ScalableTargets", NULL, &target,
     describe_scalable_targets_selects,
     sizeof(describe_scalable_targets_selects) / sizeof(describe_scalable_targets_selects[0])},
    {"DescribeScalingPolicies", "ScalingPolicies", NULL, &policy,
     describe_scaling_policies_selects,
     sizeof(describe_scaling_policies_selects) / sizeof(describe_scaling_policies_selects[0])},
};
static const struct record_asks all_asks = {asks, sizeof(asks) / sizeof(asks[0])};

static const struct op ops[] = {
    {"DescribeScalableTargets", record_describe},
    {"DescribeScalingPolicies", record_describe},
};

/* ---- the service ---- */

#define TYPE(name_)                                                                                \
    .name = "AWS::ApplicationAutoScaling::" name_, .service = "application-autoscaling"

static const struct resource_type types[] = {
    {TYPE("ScalableTarget"),
     RECORD_TYPE(&target, scalable_target_properties, scalable_target_attributes)},
    {TYPE("ScalingPolicy"),
     RECORD_TYPE(&policy, scaling_policy_properties, scaling_policy_attributes)},
};

static const struct resource_type *const type_list[] = {
    &types[0], &types[1]};

static status open_tables(struct cell *cell, void **ret_state)
{
    (void)cell;
    return record_asks_open(&all_asks, ret_state);
}

const struct service applicationautoscaling_service = {
    .id = "application-autoscaling",
    OPS(ops),
    .open = open_tables,
    .close = record_asks_close,
    .types = type_list,
    .type_count = sizeof(type_list) / sizeof(type_list[0]),
};
