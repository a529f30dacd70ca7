/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource types of Secrets Manager, see cell/resource.h. AWS's page: "AWS resource and property
 * types reference, AWS Secrets Manager".
 */
#ifndef WEIR_SVC_SECRETSMANAGER_CFN_H
#define WEIR_SVC_SECRETSMANAGER_CFN_H

#include "cell/resource.h"

#define SECRETSMANAGER_TYPES 4
extern const struct resource_type *const secretsmanager_types[SECRETSMANAGER_TYPES];

#endif
