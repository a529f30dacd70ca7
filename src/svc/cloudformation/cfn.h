/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource types of CloudFormation's own, see cell/resource.h. Those of stacks within stacks are in
 * nested.h, the others in custom.h.
 */
#ifndef WEIR_SVC_CLOUDFORMATION_CFN_H
#define WEIR_SVC_CLOUDFORMATION_CFN_H

#include "cell/resource.h"

#define CFN_TYPES 6

extern const struct resource_type *const cfn_types[CFN_TYPES];

#endif
