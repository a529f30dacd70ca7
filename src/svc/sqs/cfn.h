/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource types of SQS, see cell/resource.h. AWS's page: "AWS resource and property types
 * reference, Amazon SQS".
 */
#ifndef WEIR_SVC_SQS_CFN_H
#define WEIR_SVC_SQS_CFN_H

#include "cell/resource.h"

#define SQS_TYPES 3
extern const struct resource_type *const sqs_types[SQS_TYPES];

#endif
