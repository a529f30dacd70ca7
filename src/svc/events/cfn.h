/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource types of EventBridge, see cell/resource.h. AWS's page: "AWS resource and property types
 * reference, Amazon EventBridge".
 */
#ifndef WEIR_SVC_EVENTS_CFN_H
#define WEIR_SVC_EVENTS_CFN_H

#include "cell/resource.h"

#define EVENTS_TYPES 3
extern const struct resource_type *const events_types[EVENTS_TYPES];

#endif
