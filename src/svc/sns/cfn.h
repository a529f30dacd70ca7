/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource types of SNS, see cell/resource.h. AWS's page: "AWS resource and property types
 * reference, Amazon SNS".
 */
#ifndef WEIR_SVC_SNS_CFN_H
#define WEIR_SVC_SNS_CFN_H

#include "cell/resource.h"

#define SNS_TYPES 4
extern const struct resource_type *const sns_types[SNS_TYPES];

/* AWS::SNS::Subscription, in cfn_subscription.c. */
status sns_subscription_make(struct resource *r);
status sns_subscription_change(struct resource *r);
status sns_subscription_remove(struct resource *r);
status sns_subscription_tell(struct resource *r);
status sns_subscription_now(struct resource *r, struct value *ret_properties);

#endif
