/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource types of CloudFormation's own.
 */
#include "svc/cloudformation/cfn.h"

#include "svc/cloudformation/custom.h"

const struct resource_type *const cfn_types[CFN_TYPES] = {
    &cdk_type,
    &custom_type,
    &macro_type,
    &nested_type,
    &wait_type,
    &wait_handle_type,
};
