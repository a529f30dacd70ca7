/* SPDX-License-Identifier: Apache-2.0
 *
 * The service: what describes records, and the zones of the region.
 */
#include "svc/ec2/ec2.h"

#include "svc/ec2/ec2_int.h"

static status describe_zones(struct call *c)
{
    struct value *list = put_list(c, "AvailabilityZones", 3);

    for (int i = 0; i < 3; i++) {
        struct value *zone = list_add(c->arena, list);

        set_str(zone, "OptInStatus", STR("opt-in-not-required"));
        set_str(zone, "RegionName", c->region);
        set_str(zone, "ZoneName", arena_printf(c->arena, "%.*s%c", STR_ARG(c->region), 'a' + i));
        set_str(zone, "ZoneId", arena_printf(c->arena, "%.*s-az%d", STR_ARG(c->region), i + 1));
        set_str(zone, "GroupName", c->region);
        set_str(zone, "NetworkBorderGroup", c->region);
        set_str(zone, "ZoneType", STR("availability-zone"));
        set_str(zone, "State", STR("available"));
    }
    return OK;
}

static const struct op ops[] = {
    {"DescribeAddresses", record_describe},
    {"DescribeAvailabilityZones", describe_zones},
    {"DescribeInstances", record_describe},
    {"DescribeInternetGateways", record_describe},
    {"DescribeKeyPairs", record_describe},
    {"DescribeLaunchTemplates", record_describe},
    {"DescribeManagedPrefixLists", record_describe},
    {"DescribeNatGateways", record_describe},
    {"DescribeNetworkAcls", record_describe},
    {"DescribeRouteTables", record_describe},
    {"DescribeSecurityGroups", record_describe},
    {"DescribeSubnets", record_describe},
    {"DescribeVolumes", record_describe},
    {"DescribeVpcEndpoints", record_describe},
    {"DescribeVpcPeeringConnections", record_describe},
    {"DescribeVpcs", record_describe},
};

static status open_tables(struct cell *cell, void **ret_state)
{
    (void)cell;
    return record_asks_open(&ec2_asks, ret_state);
}

const struct service ec2_service = {
    .id = "ec2",
    OPS(ops),
    .open = open_tables,
    .close = record_asks_close,
    .types = ec2_types,
    .type_count = EC2_TYPES,
};
