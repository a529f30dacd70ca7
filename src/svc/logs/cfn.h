/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource types of CloudWatch Logs, see cell/resource.h. AWS's page: "AWS resource and property
 * types reference, Amazon CloudWatch Logs".
 */
#ifndef WEIR_SVC_LOGS_CFN_H
#define WEIR_SVC_LOGS_CFN_H

#include "cell/resource.h"

#define LOGS_TYPES 7
extern const struct resource_type *const logs_types[LOGS_TYPES];

/* In cfn_group.c. */
extern const struct resource_type logs_group_type, logs_stream_type;

#endif
