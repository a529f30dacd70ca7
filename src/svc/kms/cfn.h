/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource types of KMS, see cell/resource.h. AWS's page: "AWS resource and property types
 * reference, AWS Key Management Service".
 */
#ifndef WEIR_SVC_KMS_CFN_H
#define WEIR_SVC_KMS_CFN_H

#include "cell/resource.h"

#define KMS_TYPES 3
extern const struct resource_type *const kms_types[KMS_TYPES];

#endif
