/* SPDX-License-Identifier: Apache-2.0
 *
 * A REST API's definition, piece by piece.
 */
#ifndef WEIR_SVC_CLOUDFORMATION_SAM_SWAGGER_H
#define WEIR_SVC_CLOUDFORMATION_SAM_SWAGGER_H

#include "svc/cloudformation/sam_api.h"

/* ---- sam_swagger.c ---- */
void sam_swagger_define_iam(struct sam *s, struct value *body);
void sam_swagger_define_key(struct sam *s, struct value *body);
/* The default authorizer and API keys, on all methods. authorizers: map of their definitions. */
void sam_swagger_defaults(struct sam *s, struct value *body, const struct value *auth,
                          const struct value *authorizers);

/* ---- sam_swagger_policy.c ---- */
/* x-amazon-apigateway-policy, for a path's methods. */
void sam_swagger_policy(struct sam *s, struct value *body, const struct value *policy,
                        struct str path, const struct value *stage);
void sam_swagger_statements(struct sam *s, struct value *body, const struct value *statements);

/* ---- sam_swagger_part.c ---- */
void sam_swagger_cors(struct sam *s, struct value *body);
void sam_swagger_authorizers(struct sam *s, struct value *body);
void sam_swagger_responses(struct sam *s, struct value *body);
void sam_swagger_models(struct sam *s, struct value *body);
/* What Swagger 2 has is put where OpenAPI 3 has it, if the API is one. */
void sam_swagger_modernize(struct sam *s, struct value *body);

#endif
