/* SPDX-License-Identifier: Apache-2.0
 *
 * EC2's tables: kinds of records (kinds.c) and resource types (cfn.c).
 */
#ifndef WEIR_SVC_EC2_INT_H
#define WEIR_SVC_EC2_INT_H

#include "cell/record.h"

extern const struct record_kind ec2_vpc, ec2_subnet, ec2_route_table, ec2_internet_gateway,
    ec2_nat_gateway, ec2_address, ec2_group, ec2_endpoint, ec2_prefix_list, ec2_peering, ec2_key,
    ec2_launch_template, ec2_instance, ec2_acl, ec2_volume;
extern const struct record_asks ec2_asks;

/* ec2/hooks.c: what records have beside their properties. */
status ec2_vpc_filled(struct resource *r, struct value *item);
void ec2_vpc_tell(struct resource *r, const struct value *item);
status ec2_vpc_make(struct resource *r);
status ec2_vpc_remove(struct resource *r);
status ec2_group_filled(struct resource *r, struct value *item);
status ec2_address_filled(struct resource *r, struct value *item);
status ec2_subnet_filled(struct resource *r, struct value *item);
status ec2_instance_filled(struct resource *r, struct value *item);
void ec2_instance_tell(struct resource *r, const struct value *item);
status ec2_rule_filled(struct resource *r, struct value *entry);
status ec2_association_make(struct resource *r);
status ec2_association_remove(struct resource *r);
void ec2_template_tell(struct resource *r, const struct value *item);

#define EC2_TYPES 24
extern const struct resource_type *const ec2_types[EC2_TYPES];

#endif
