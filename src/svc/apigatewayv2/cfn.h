/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource types of API Gateway v2, see cell/resource.h. AWS's page: "AWS resource and property
 * types reference, Amazon API Gateway V2".
 *
 * What lies in an API (or a domain name) is made alike: its properties are members of its Create
 * and Update operations, and those that say in what it lies are properties, too. So such a type is
 * a struct cfn_part and tables.
 */
#ifndef WEIR_SVC_APIGATEWAYV2_CFN_H
#define WEIR_SVC_APIGATEWAYV2_CFN_H

#include "cell/resource.h"

#define APIGATEWAYV2_TYPES 12
extern const struct resource_type *const apigatewayv2_types[APIGATEWAYV2_TYPES];

/* What lies in something; a type's own. */
struct cfn_part {
    const char *create;  /* its operations */
    const char *update;  /* the same */
    const char *read;    /* the same */
    const char *remove;  /* the same */
    const char *id;      /* the member with what Ref gives: "RouteId" */
    const char *parents[2]; /* members that say in what it lies; NULL: no more */
    const char *maps[3]; /* properties whose keys are taken away one by one; NULL: no more */
    const struct resource_default *defaults; /* what properties are without being there */
    const char *arn;     /* what it is called in ARNs, for tags: "stages"; NULL: it has none */
};

/* ---- cfn.c ---- */

status cfn_part_make(struct resource *r);
status cfn_part_change(struct resource *r);
status cfn_part_remove(struct resource *r);
/* Says the id under its member's name. */
status cfn_part_tell(struct resource *r);
status cfn_part_now(struct resource *r, struct value *ret_properties);
/* Its operation's input: in what it lies, and its id. */
status cfn_part_begin(struct resource *r, const char *operation, struct inner *ret_inner);
/* Update's input, of everything. */
status cfn_part_fill(struct resource *r, struct inner *inner);
/* A map, with empty values for keys that it had. */
status cfn_map_set(struct resource *r, struct inner *inner, const char *property);
/* Tags of what has that ARN's end: "/apis/ID". */
status cfn_tags_change(struct resource *r, const char *path);

extern const struct resource_type cfn_api;
extern const struct resource_type cfn_route;
extern const struct resource_type cfn_integration;
extern const struct resource_type cfn_stage;
extern const struct resource_type cfn_deployment;
extern const struct resource_type cfn_authorizer;
extern const struct resource_type cfn_domain_name;
extern const struct resource_type cfn_api_mapping;
extern const struct resource_type cfn_integration_response;
extern const struct resource_type cfn_route_response;
extern const struct resource_type cfn_model;
extern const struct resource_type cfn_vpc_link;

#endif
