/* SPDX-License-Identifier: Apache-2.0
 *
 * What APIs have besides their definition: domain names with their mappings and DNS records, the
 * ids of stages, permissions of authorizers.
 */
#ifndef WEIR_SVC_CLOUDFORMATION_SAM_DOMAIN_H
#define WEIR_SVC_CLOUDFORMATION_SAM_DOMAIN_H

#include "svc/cloudformation/sam_api.h"

void sam_http_domain(struct sam *s);
void sam_rest_domain(struct sam *s);
/* "ApiprodStage"; a hash of the name where it is not alphanumeric, nothing where it is no text. */
struct str sam_stage_id(struct sam *s, const struct value *name);
/* {"Bucket", "Key", "Version"} of DefinitionUri. */
struct value sam_definition_location(struct sam *s, const struct value *uri);
/* API Gateway may call an authorizer's function. */
void sam_permit_authorizer(struct sam *s, struct str name, struct str partition,
                           const struct value *function);

#endif
