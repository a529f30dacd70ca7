/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource types of CloudFormation's own, but for nested stacks (nested.h); cfn.c lists them.
 */
#ifndef WEIR_SVC_CLOUDFORMATION_CUSTOM_H
#define WEIR_SVC_CLOUDFORMATION_CUSTOM_H

#include "cell/resource.h"

extern const struct resource_type cdk_type, custom_type, wait_type, wait_handle_type, macro_type,
    nested_type;

/* In open(): the bus tells of requests to functions that were given up. */
void custom_join_bus(struct cell *cell);

#endif
