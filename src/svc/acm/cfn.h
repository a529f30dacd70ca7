/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource types of Certificate Manager, see cell/resource.h. AWS's page:
 * "AWS::CertificateManager::Certificate".
 */
#ifndef WEIR_SVC_ACM_CFN_H
#define WEIR_SVC_ACM_CFN_H

#include "cell/resource.h"

#define ACM_TYPES 2
extern const struct resource_type *const acm_types[ACM_TYPES];

#endif
