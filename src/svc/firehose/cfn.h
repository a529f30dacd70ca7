/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource types of Firehose, see cell/resource.h. AWS's page: "AWS resource and property types
 * reference, Amazon Data Firehose".
 */
#ifndef WEIR_SVC_FIREHOSE_CFN_H
#define WEIR_SVC_FIREHOSE_CFN_H

#include "cell/resource.h"

#define FIREHOSE_TYPES 1
extern const struct resource_type *const firehose_types[FIREHOSE_TYPES];

#endif
