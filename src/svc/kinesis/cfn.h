/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource types of Kinesis, see cell/resource.h. AWS's page: "AWS resource and property types
 * reference, Amazon Kinesis".
 */
#ifndef WEIR_SVC_KINESIS_CFN_H
#define WEIR_SVC_KINESIS_CFN_H

#include "cell/resource.h"

#define KINESIS_TYPES 3
extern const struct resource_type *const kinesis_types[KINESIS_TYPES];

#endif
