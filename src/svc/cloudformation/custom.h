/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource types of CloudFormation's own, but for nested stacks (nested.h); cfn.c lists them.
 */
#ifndef WEIR_SVC_CLOUDFORMATION_CUSTOM_H
#define WEIR_SVC_CLOUDFORMATION_CUSTOM_H

#include "bus/sink.h"
#include "cell/resource.h"

extern const struct resource_type custom_type, wait_type, wait_handle_type, macro_type,
    nested_type;

/* A request to a function was given up. */
void custom_given_up(struct call *c, const struct bus_event *event, struct str why);

#endif
