/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource types of Parameter Store, see cell/resource.h. AWS's page: "AWS::SSM::Parameter".
 */
#ifndef WEIR_SVC_SSM_CFN_H
#define WEIR_SVC_SSM_CFN_H

#include "cell/resource.h"

#define SSM_TYPES 1
extern const struct resource_type *const ssm_types[SSM_TYPES];

#endif
