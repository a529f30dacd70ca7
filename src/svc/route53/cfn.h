/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource types of Route 53, see cell/resource.h. AWS's page: "AWS resource and property types
 * reference, Amazon Route 53".
 */
#ifndef WEIR_SVC_ROUTE53_CFN_H
#define WEIR_SVC_ROUTE53_CFN_H

#include "cell/resource.h"

#define ROUTE53_TYPES 4
extern const struct resource_type *const route53_types[ROUTE53_TYPES];

/* ---- cfn.c ---- */

/* Ids are told as "/hostedzone/ID". */
struct str cfn_id_of(struct str told);
/* Tags from what they were, of a "hostedzone" or "healthcheck". */
status cfn_tags_change(struct resource *r, const char *property, const char *what);
status cfn_tags_now(struct resource *r, const char *property, const char *what,
                    struct value *ret_properties);

/* ---- cfn_record.c ---- */

extern const struct resource_type cfn_record_set;
extern const struct resource_type cfn_record_set_group;

#endif
