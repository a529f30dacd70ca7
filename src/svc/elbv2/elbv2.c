/* SPDX-License-Identifier: Apache-2.0
 *
 * Load balancers, listeners, rules and target groups.
 */
#include "svc/elbv2/elbv2.h"

#include "cell/record.h"

/* What of an ARN stands behind a word and a slash: "app/name/50dc6c495c0c9188". */
static struct str full_name(struct str arn, struct str word)
{
    size_t at = str_find_str(arn, word);

    return str_slice(arn, at + word.bytes, arn.bytes);
}

static void balancer_tell(struct resource *r, const struct value *item)
{
    resource_attribute(r, "CanonicalHostedZoneID", get_str(item, "CanonicalHostedZoneId"));
    resource_attribute(r, "LoadBalancerFullName",
                       full_name(get_str(item, "LoadBalancerArn"), STR("loadbalancer/")));
}

static void group_tell(struct resource *r, const struct value *item)
{
    struct str arn = get_str(item, "TargetGroupArn");

    resource_attribute(r, "TargetGroupFullName",
                       arena_printf(r->c->arena, "targetgroup/%.*s",
                                    STR_ARG(full_name(arn, STR("targetgroup/")))));
}

/* ---- kinds ---- */

static const struct error no_balancer = {"LoadBalancerNotFound", NULL, 400, false};
static const struct error no_listener = {"ListenerNotFound", NULL, 400, false};
static const struct error no_rule = {"RuleNotFound", NULL, 400, false};
static const struct error no_group = {"TargetGroupNotFound", NULL, 400, false};

static const struct record_kind balancer = {
    .name = "balancer", .service = "elbv2", .describe = "DescribeLoadBalancers",
    .path = "LoadBalancers", .id = "LoadBalancerArn", .named = "Name", .name_bytes_max = 32,
    .id_form = "arn:aws:elasticloadbalancing:${region}:${account}:loadbalancer/app/${name}/"
               "${hex16}",
    .about = "{\"LoadBalancerName\":\"${name}\",\"DNSName\":\"${name}-${hex8}.${region}.elb."
             "amazonaws.com\",\"CanonicalHostedZoneId\":\"Z35SXDOTRQ7X7K\",\"CreatedTime\":"
             "\"${now}\",\"Scheme\":\"internet-facing\",\"Type\":\"application\","
             "\"IpAddressType\":\"ipv4\",\"State\":{\"Code\":\"active\"}}",
    .missing = &no_balancer, .missing_words = "Load balancers '[%.*s]' not found",
    .tell = balancer_tell,
};
static const struct record_kind listener = {
    .name = "listener", .service = "elbv2", .describe = "DescribeListeners",
    .path = "Listeners", .id = "ListenerArn", .id_form = "${LoadBalancerArn}/${hex16}",
    .missing = &no_listener, .missing_words = "One or more listeners not found: '[%.*s]'",
};
static const struct record_kind rule = {
    .name = "rule", .service = "elbv2", .describe = "DescribeRules", .path = "Rules",
    .id = "RuleArn", .id_form = "${ListenerArn}/${hex16}", .about = "{\"IsDefault\":false}",
    .missing = &no_rule, .missing_words = "One or more rules not found: '[%.*s]'",
};
static const struct record_kind group = {
    .name = "target-group", .service = "elbv2", .describe = "DescribeTargetGroups",
    .path = "TargetGroups", .id = "TargetGroupArn", .named = "Name", .name_bytes_max = 32,
    .id_form = "arn:aws:elasticloadbalancing:${region}:${account}:targetgroup/${name}/${hex16}",
    .about = "{\"TargetGroupName\":\"${name}\",\"HealthCheckProtocol\":\"HTTP\","
             "\"HealthCheckPort\":\"traffic-port\",\"HealthCheckEnabled\":true,"
             "\"HealthCheckIntervalSeconds\":30,\"HealthCheckTimeoutSeconds\":5,"
             "\"HealthyThresholdCount\":5,\"UnhealthyThresholdCount\":2,\"HealthCheckPath\":"
             "\"/\",\"TargetType\":\"instance\",\"IpAddressType\":\"ipv4\","
             "\"LoadBalancerArns\":[]}",
    .missing = &no_group, .missing_words = "One or more target groups not found: '[%.*s]'",
    .tell = group_tell,
};

/* ---- types ---- */

static const struct resource_property load_balancer_properties[] = {
    {"EnablePrefixForIpv6SourceNat", NULL, RESOURCE_IN_PLACE, 0},
    {"EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic", NULL, RESOURCE_IN_PLACE, 0},
    {"IpAddressType", NULL, RESOURCE_IN_PLACE, 0},
    {"Ipv4IpamPoolId", "", RESOURCE_IN_PLACE, 0},
    {"LoadBalancerAttributes", "", RESOURCE_IN_PLACE, 0},
    {"MinimumLoadBalancerCapacity", "", RESOURCE_IN_PLACE, 0},
    {"Name", "", RESOURCE_REPLACES, 0},
    {"Scheme", NULL, RESOURCE_REPLACES, 0},
    {"SecurityGroups", NULL, RESOURCE_IN_PLACE, 0},
    {"SubnetMappings", "", RESOURCE_IN_PLACE, 0},
    {"Subnets", "", RESOURCE_IN_PLACE, 0},
    {"Tags", "", RESOURCE_IN_PLACE, 0},
    {"Type", NULL, RESOURCE_REPLACES, 0},
};
static const char *const load_balancer_attributes[] = {
    "CanonicalHostedZoneID", "DNSName", "LoadBalancerArn", "LoadBalancerFullName",
    "LoadBalancerName", "SecurityGroups", NULL,
};

static const struct resource_property listener_properties[] = {
    {"AlpnPolicy", NULL, RESOURCE_IN_PLACE, 0},
    {"Certificates", NULL, RESOURCE_IN_PLACE, 0},
    {"DefaultActions", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"ListenerAttributes", "", RESOURCE_IN_PLACE, 0},
    {"LoadBalancerArn", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"MutualAuthentication", NULL, RESOURCE_IN_PLACE, 0},
    {"Port", NULL, RESOURCE_IN_PLACE, 0},
    {"Protocol", NULL, RESOURCE_IN_PLACE, 0},
    {"SslPolicy", NULL, RESOURCE_IN_PLACE, 0},
};
static const char *const listener_attributes[] = {"ListenerArn", NULL};

static const struct resource_property listener_rule_properties[] = {
    {"Actions", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"Conditions", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"ListenerArn", "", RESOURCE_REPLACES, 0},
    {"Priority", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"Transforms", NULL, RESOURCE_IN_PLACE, 0},
};
static const char *const listener_rule_attributes[] = {"IsDefault", "RuleArn", NULL};

static const struct resource_property target_group_properties[] = {
    {"HealthCheckEnabled", NULL, RESOURCE_IN_PLACE, 0},
    {"HealthCheckIntervalSeconds", NULL, RESOURCE_IN_PLACE, 0},
    {"HealthCheckPath", NULL, RESOURCE_IN_PLACE, 0},
    {"HealthCheckPort", NULL, RESOURCE_IN_PLACE, 0},
    {"HealthCheckProtocol", NULL, RESOURCE_IN_PLACE, 0},
    {"HealthCheckTimeoutSeconds", NULL, RESOURCE_IN_PLACE, 0},
    {"HealthyThresholdCount", NULL, RESOURCE_IN_PLACE, 0},
    {"IpAddressType", NULL, RESOURCE_REPLACES, 0},
    {"Matcher", NULL, RESOURCE_IN_PLACE, 0},
    {"Name", "", RESOURCE_REPLACES, 0},
    {"Port", NULL, RESOURCE_REPLACES, 0},
    {"Protocol", NULL, RESOURCE_REPLACES, 0},
    {"ProtocolVersion", NULL, RESOURCE_REPLACES, 0},
    {"Tags", "", RESOURCE_IN_PLACE, 0},
    {"TargetControlPort", NULL, RESOURCE_REPLACES, 0},
    {"TargetGroupAttributes", "", RESOURCE_IN_PLACE, 0},
    {"TargetType", NULL, RESOURCE_REPLACES, 0},
    {"Targets", "", RESOURCE_IN_PLACE, 0},
    {"UnhealthyThresholdCount", NULL, RESOURCE_IN_PLACE, 0},
    {"VpcId", NULL, RESOURCE_REPLACES, 0},
};
static const char *const target_group_attributes[] = {
    "LoadBalancerArns", "TargetGroupArn", "TargetGroupFullName", "TargetGroupName", NULL,
};

/* ---- operations ---- */

static const struct record_select describe_listeners_selects[] = {
    {"ListenerArns", "ListenerArn", true},
    {"LoadBalancerArn", "LoadBalancerArn", false}};
static const struct record_select describe_load_balancers_selects[] = {
    {"LoadBalancerArns", "LoadBalancerArn", true},
    {"Names", "LoadBalancerName", true}};
static const struct record_select describe_rules_selects[] = {{"RuleArns", "RuleArn", true}};
static const struct record_select describe_target_groups_selects[] = {
    {"TargetGroupArns", "TargetGroupArn", true},
    {"Names", "TargetGroupName", true}};

static const struct record_ask asks[] = {
    {"DescribeListeners", "Listeners", NULL, &listener,
     describe_listeners_selects,
     sizeof(describe_listeners_selects) / sizeof(describe_listeners_selects[0])},
    {"DescribeLoadBalancers", "LoadBalancers", NULL, &balancer,
     describe_load_balancers_selects,
     sizeof(describe_load_balancers_selects) / sizeof(describe_load_balancers_selects[0])},
    {"DescribeRules", "Rules", NULL, &rule,
     describe_rules_selects,
     sizeof(describe_rules_selects) / sizeof(describe_rules_selects[0])},
    {"DescribeTargetGroups", "TargetGroups", NULL, &group,
     describe_target_groups_selects,
     sizeof(describe_target_groups_selects) / sizeof(describe_target_groups_selects[0])},
};
static const struct record_asks all_asks = {asks, sizeof(asks) / sizeof(asks[0])};

static const struct op ops[] = {
    {"DescribeListeners", record_describe},
    {"DescribeLoadBalancers", record_describe},
    {"DescribeRules", record_describe},
    {"DescribeTargetGroups", record_describe},
};

/* ---- the service ---- */

#define TYPE(name_) .name = "AWS::ElasticLoadBalancingV2::" name_, .service = "elbv2"

static const struct resource_type types[] = {
    {TYPE("LoadBalancer"),
     RECORD_TYPE(&balancer, load_balancer_properties, load_balancer_attributes)},
    {TYPE("Listener"), RECORD_TYPE(&listener, listener_properties, listener_attributes)},
    {TYPE("ListenerRule"), RECORD_TYPE(&rule, listener_rule_properties, listener_rule_attributes)},
    {TYPE("TargetGroup"), RECORD_TYPE(&group, target_group_properties, target_group_attributes)},
};

static const struct resource_type *const type_list[] = {
    &types[0], &types[1], &types[2], &types[3]};

static status open_tables(struct cell *cell, void **ret_state)
{
    (void)cell;
    return record_asks_open(&all_asks, ret_state);
}

const struct service elbv2_service = {
    .id = "elbv2",
    OPS(ops),
    .open = open_tables,
    .close = record_asks_close,
    .types = type_list,
    .type_count = sizeof(type_list) / sizeof(type_list[0]),
};
