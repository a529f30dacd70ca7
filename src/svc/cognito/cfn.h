/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource types of Cognito's user pools, see cell/resource.h. AWS's page: "AWS resource and
 * property types reference, Amazon Cognito".
 */
#ifndef WEIR_SVC_COGNITO_CFN_H
#define WEIR_SVC_COGNITO_CFN_H

#include "cell/resource.h"

#define COGNITO_TYPES 7
extern const struct resource_type *const cognito_types[COGNITO_TYPES];

/* ---- cfn_pool.c ---- */

extern const struct resource_type cfn_user_pool;

#endif
