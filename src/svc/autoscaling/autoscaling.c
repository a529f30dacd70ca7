/* SPDX-License-Identifier: Apache-2.0
 *
 * Auto Scaling: groups, launch configurations and policies.
 */
#include "svc/autoscaling/autoscaling.h"

#include "cell/record.h"

/* A list of subnets is one text with commas between them; tags say whether they go on. */
static status group_filled(struct resource *r, struct value *item)
{
    const struct value *subnets = resource_get(r, "VPCZoneIdentifier");
    const struct value *tags = resource_get(r, "Tags");
    struct str joined = STR("");
    struct value *list;

    for (uint32_t i = 0; subnets != NULL && i < subnets->count; i++) {
        joined = arena_printf(r->c->arena, "%.*s%s%.*s", STR_ARG(joined), i == 0 ? "" : ",",
                              STR_ARG(doc_text(r->c->arena, &subnets->items[i])));
    }
    if (joined.bytes > 0) {
        set_str(item, "VPCZoneIdentifier", joined);
    }
    if (tags == NULL || tags->kind != VALUE_LIST) {
        return OK;
    }
    list = set_list(r->c->arena, item, "Tags", tags->count);
    for (uint32_t i = 0; i < tags->count; i++) {
        struct value *tag = list_add(r->c->arena, list);
        const struct value *on = doc_get(&tags->items[i], "PropagateAtLaunch");

        set_str(tag, "ResourceId", get_str(item, "AutoScalingGroupName"));
        set_str(tag, "ResourceType", STR("auto-scaling-group"));
        set_str(tag, "Key", doc_text(r->c->arena, doc_get(&tags->items[i], "Key")));
        set_str(tag, "Value", doc_text(r->c->arena, doc_get(&tags->items[i], "Value")));
        set_bool(tag, "PropagateAtLaunch",
                 str_eq_nocase(doc_text(r->c->arena, on), STR("true")));
    }
    return OK;
}

/* ---- kinds ---- */

static const struct error not_found = {"ValidationError", NULL, 400, false};

static const struct record_kind group = {
    .name = "group", .service = "autoscaling", .describe = "DescribeAutoScalingGroups",
    .path = "AutoScalingGroups", .id = "AutoScalingGroupName", .id_form = "${name}",
    .named = "AutoScalingGroupName", .name_bytes_max = 255,
    .about = "{\"AutoScalingGroupARN\":\"arn:aws:autoscaling:${region}:${account}:"
             "autoScalingGroup:${hex8}-${hex16}:autoScalingGroupName/${name}\","
             "\"CreatedTime\":\"${now}\",\"DefaultCooldown\":300,\"HealthCheckType\":"
             "\"EC2\",\"HealthCheckGracePeriod\":0,\"DesiredCapacity\":\"${MinSize}\","
             "\"Instances\":[],\"TerminationPolicies\":[\"Default\"],"
             "\"NewInstancesProtectedFromScaleIn\":false,\"AvailabilityZones\":"
             "[\"${region}a\"]}",
    .missing = &not_found, .missing_words = "AutoScalingGroup name not found - %.*s",
    .filled = group_filled,
};
static const struct record_kind configuration = {
    .name = "configuration", .service = "autoscaling",
    .describe = "DescribeLaunchConfigurations", .path = "LaunchConfigurations",
    .id = "LaunchConfigurationName", .id_form = "${name}", .named = "LaunchConfigurationName",
    .name_bytes_max = 255,
    .about = "{\"LaunchConfigurationARN\":\"arn:aws:autoscaling:${region}:${account}:"
             "launchConfiguration:${hex8}-${hex16}:launchConfigurationName/${name}\","
             "\"CreatedTime\":\"${now}\",\"EbsOptimized\":false}",
    .missing = &not_found, .missing_words = "Launch configuration name not found - %.*s",
};
static const struct record_kind policy = {
    .name = "policy", .service = "autoscaling", .describe = "DescribePolicies",
    .path = "ScalingPolicies", .id = "PolicyARN", .named = "PolicyName", .name_bytes_max = 255,
    .id_form = "arn:aws:autoscaling:${region}:${account}:scalingPolicy:${hex8}-${hex16}:"
               "autoScalingGroupName/${AutoScalingGroupName}:policyName/${name}",
    .about = "{\"PolicyName\":\"${name}\",\"PolicyType\":\"SimpleScaling\",\"Alarms\":[],"
             "\"Enabled\":true}",
    .missing = &not_found, .missing_words = "Policy not found - %.*s",
};

/* ---- types ---- */

static const struct resource_property auto_scaling_group_properties[] = {
    {"AutoScalingGroupName", "", RESOURCE_REPLACES, 0},
    {"AvailabilityZoneDistribution", NULL, RESOURCE_IN_PLACE, 0},
    {"AvailabilityZoneImpairmentPolicy", NULL, RESOURCE_IN_PLACE, 0},
    {"AvailabilityZones", NULL, RESOURCE_IN_PLACE, 0},
    {"CapacityRebalance", NULL, RESOURCE_IN_PLACE, 0},
    {"CapacityReservationSpecification", NULL, RESOURCE_IN_PLACE, 0},
    {"Context", NULL, RESOURCE_IN_PLACE, 0},
    {"Cooldown", "DefaultCooldown", RESOURCE_IN_PLACE, 0},
    {"DefaultInstanceWarmup", NULL, RESOURCE_IN_PLACE, 0},
    {"DesiredCapacity", NULL, RESOURCE_IN_PLACE, 0},
    {"DesiredCapacityType", NULL, RESOURCE_IN_PLACE, 0},
    {"HealthCheckGracePeriod", NULL, RESOURCE_IN_PLACE, 0},
    {"HealthCheckType", NULL, RESOURCE_IN_PLACE, 0},
    {"InstanceId", "", RESOURCE_REPLACES, 0},
    {"InstanceMaintenancePolicy", NULL, RESOURCE_IN_PLACE, 0},
    {"LaunchConfigurationName", NULL, RESOURCE_IN_PLACE, 0},
    {"LaunchTemplate", "", RESOURCE_IN_PLACE, 0},
    {"LifecycleHookSpecificationList", "", RESOURCE_IN_PLACE, 0},
    {"LoadBalancerNames", NULL, RESOURCE_IN_PLACE, 0},
    {"MaxInstanceLifetime", NULL, RESOURCE_IN_PLACE, 0},
    {"MaxSize", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"MetricsCollection", "", RESOURCE_IN_PLACE, 0},
    {"MinSize", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"MixedInstancesPolicy", NULL, RESOURCE_IN_PLACE, 0},
    {"NewInstancesProtectedFromScaleIn", NULL, RESOURCE_IN_PLACE, 0},
    {"NotificationConfiguration", "", RESOURCE_IN_PLACE, 0},
    {"NotificationConfigurations", "", RESOURCE_IN_PLACE, 0},
    {"PlacementGroup", NULL, RESOURCE_IN_PLACE, 0},
    {"ServiceLinkedRoleARN", NULL, RESOURCE_IN_PLACE, 0},
    {"SkipZonalShiftValidation", "", RESOURCE_IN_PLACE, 0},
    {"Tags", "", RESOURCE_IN_PLACE, 0},
    {"TargetGroupARNs", NULL, RESOURCE_IN_PLACE, 0},
    {"TerminationPolicies", NULL, RESOURCE_IN_PLACE, 0},
    {"TrafficSources", NULL, RESOURCE_IN_PLACE, 0},
    {"VPCZoneIdentifier", "", RESOURCE_IN_PLACE, 0},
};
static const char *const auto_scaling_group_attributes[] = {NULL};

static const struct resource_property launch_configuration_properties[] = {
    {"AssociatePublicIpAddress", NULL, RESOURCE_REPLACES, 0},
    {"BlockDeviceMappings", NULL, RESOURCE_REPLACES, 0},
    {"ClassicLinkVPCId", NULL, RESOURCE_REPLACES, 0},
    {"ClassicLinkVPCSecurityGroups", NULL, RESOURCE_REPLACES, 0},
    {"EbsOptimized", NULL, RESOURCE_REPLACES, 0},
    {"IamInstanceProfile", NULL, RESOURCE_REPLACES, 0},
    {"ImageId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"InstanceId", "", RESOURCE_REPLACES, 0},
    {"InstanceMonitoring", "", RESOURCE_REPLACES, 0},
    {"InstanceType", NULL, RESOURCE_REPLACES, 0},
    {"KernelId", NULL, RESOURCE_REPLACES, 0},
    {"KeyName", NULL, RESOURCE_REPLACES, 0},
    {"LaunchConfigurationName", "", RESOURCE_REPLACES, 0},
    {"MetadataOptions", NULL, RESOURCE_REPLACES, 0},
    {"PlacementTenancy", NULL, RESOURCE_REPLACES, 0},
    {"RamDiskId", "RamdiskId", RESOURCE_REPLACES, 0},
    {"SecurityGroups", NULL, RESOURCE_REPLACES, 0},
    {"SpotPrice", NULL, RESOURCE_REPLACES, 0},
    {"UserData", NULL, RESOURCE_REPLACES, 0},
};
static const char *const launch_configuration_attributes[] = {NULL};

static const struct resource_property scaling_policy_properties[] = {
    {"AdjustmentType", NULL, RESOURCE_IN_PLACE, 0},
    {"AutoScalingGroupName", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"Cooldown", NULL, RESOURCE_IN_PLACE, 0},
    {"EstimatedInstanceWarmup", NULL, RESOURCE_IN_PLACE, 0},
    {"MetricAggregationType", NULL, RESOURCE_IN_PLACE, 0},
    {"MinAdjustmentMagnitude", NULL, RESOURCE_IN_PLACE, 0},
    {"PolicyType", NULL, RESOURCE_IN_PLACE, 0},
    {"PredictiveScalingConfiguration", NULL, RESOURCE_IN_PLACE, 0},
    {"ScalingAdjustment", NULL, RESOURCE_IN_PLACE, 0},
    {"StepAdjustments", NULL, RESOURCE_IN_PLACE, 0},
    {"TargetTrackingConfiguration", NULL, RESOURCE_IN_PLACE, 0},
};
static const char *const scaling_policy_attributes[] = {"Arn", "PolicyName", NULL};

/* ---- operations ---- */

static const struct record_select describe_auto_scaling_groups_selects[] = {
    {"AutoScalingGroupNames", "AutoScalingGroupName", false}};
static const struct record_select describe_launch_configurations_selects[] = {
    {"LaunchConfigurationNames", "LaunchConfigurationName", false}};
static const struct record_select describe_policies_selects[] = {
    {"AutoScalingGroupName", "AutoScalingGroupName", false},
    {"PolicyNames", "PolicyName", false},
    {"PolicyTypes", "PolicyType", false}};

static const struct record_ask asks[] = {
    {"DescribeAutoScalingGroups", "AutoScalingGroups", NULL, &group,
     describe_auto_scaling_groups_selects,
     sizeof(describe_auto_scaling_groups_selects) /
         sizeof(describe_auto_scaling_groups_selects[0])},
    {"DescribeLaunchConfigurations", "LaunchConfigurations", NULL, &configuration,
     describe_launch_configurations_selects,
     sizeof(describe_launch_configurations_selects) /
         sizeof(describe_launch_configurations_selects[0])},
    {"DescribePolicies", "ScalingPolicies", NULL, &policy,
     describe_policies_selects,
     sizeof(describe_policies_selects) / sizeof(describe_policies_selects[0])},
};
static const struct record_asks all_asks = {asks, sizeof(asks) / sizeof(asks[0])};

static const struct op ops[] = {
    {"DescribeAutoScalingGroups", record_describe},
    {"DescribeLaunchConfigurations", record_describe},
    {"DescribePolicies", record_describe},
};

/* ---- the service ---- */

#define TYPE(name_) .name = "AWS::AutoScaling::" name_, .service = "autoscaling"

static const struct resource_type types[] = {
    {TYPE("AutoScalingGroup"),
     RECORD_TYPE(&group, auto_scaling_group_properties, auto_scaling_group_attributes)},
    {TYPE("LaunchConfiguration"),
     RECORD_TYPE(&configuration, launch_configuration_properties, launch_configuration_attributes)},
    {TYPE("ScalingPolicy"),
     RECORD_TYPE(&policy, scaling_policy_properties, scaling_policy_attributes)},
};

static const struct resource_type *const type_list[] = {
    &types[0], &types[1], &types[2]};

static status open_tables(struct cell *cell, void **ret_state)
{
    (void)cell;
    return record_asks_open(&all_asks, ret_state);
}

const struct service autoscaling_service = {
    .id = "autoscaling",
    OPS(ops),
    .open = open_tables,
    .close = record_asks_close,
    .types = type_list,
    .type_count = sizeof(type_list) / sizeof(type_list[0]),
};
