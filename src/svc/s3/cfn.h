/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource types of S3, see cell/resource.h. AWS's page: "AWS resource and property types
 * reference, Amazon S3".
 */
#ifndef WEIR_SVC_S3_CFN_H
#define WEIR_SVC_S3_CFN_H

#include "cell/resource.h"

#define S3_TYPES 2
extern const struct resource_type *const s3_types[S3_TYPES];

/* A bucket's settings, in cfn_setting.c: of r->want, of what changed from r->had, and as they are
 * now. The bucket is r->id. */
status bucket_settings_put(struct resource *r);
status bucket_settings_now(struct resource *r, struct value *ret_properties);

#endif
