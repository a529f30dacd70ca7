/* SPDX-License-Identifier: Apache-2.0
 *
 * API definitions (Swagger 2 for REST APIs, OpenAPI 3 for HTTP APIs), as events and APIs change
 * them: in place, in the API's DefinitionBody. A path or a method may be an Fn::If; what is done to
 * it is done to both branches.
 */
#ifndef WEIR_SVC_CLOUDFORMATION_SAM_API_H
#define WEIR_SVC_CLOUDFORMATION_SAM_API_H

#include "svc/cloudformation/sam_int.h"

#define SAM_ANY_METHOD "x-amazon-apigateway-any-method"
#define SAM_INTEGRATION "x-amazon-apigateway-integration"
#define SAM_DEFINITIONS_MAX 4 /* of one path and method: two branches of each */

/* ---- any definition (sam_openapi.c) ---- */
/* "3", "3.0", "3.0.1" as text or number. */
bool sam_is_version_3(struct sam *s, const struct value *version);
struct str sam_number_text(struct sam *s, const struct value *number); /* "3.0" of 3.0 */
bool sam_is_swagger(struct sam *s, const struct value *body);
bool sam_is_openapi(struct sam *s, const struct value *body);
struct value sam_new_swagger(struct sam *s);
struct value sam_new_openapi(struct sam *s);
/* A method's name in lower case; "any" is SAM_ANY_METHOD. */
struct str sam_method(struct sam *s, struct str name);
/* The item, or what is below its Fn::If without NoValue; at most two. */
uint32_t sam_branches(struct sam *s, struct value *item, struct value *ret_branches[2]);
void sam_add_path(struct sam *s, struct value *body, struct str path, struct str method);
bool sam_has_integration(struct sam *s, struct value *body, struct str path, struct str method);
/* The method's definitions that have an integration. */
uint32_t sam_definitions(struct sam *s, struct value *body, struct str path, struct str method,
                         struct value *ret_definitions[SAM_DEFINITIONS_MAX]);
/* Visits all of a path's methods that have an integration (any is true: all). */
struct sam_visit {
    void (*method)(struct sam *s, struct sam_visit *visit, struct str method,
                   struct value *definition); /* called for each */
    void *self;                               /* the visitor's own */
    struct str path;                          /* where the visit is */
    bool any;                                 /* also those without an integration */
};
void sam_visit_path(struct sam *s, struct value *body, struct sam_visit *visit);
void sam_visit_all(struct sam *s, struct value *body, struct sam_visit *visit);
/* "/a/{id}/" as an ARN has it: "/a/", "*" for parameters. greedy: also {name+}. */
struct str sam_arn_path(struct sam *s, struct str path, bool greedy);
/* Where an integration calls the function: Fn::Sub. */
struct value sam_invoke_uri(struct sam *s, struct str partition, const struct value *arn,
                            bool streams);


/* ---- REST APIs' definitions (sam_swagger.c) ---- */
void sam_swagger_auth(struct sam *s, struct value *api, struct value *body,
                      const struct value *auth);
/* What an event's Auth says of its method. */
struct sam_method_auth {
    struct str api_id;        /* logical id of the API */
    struct value *api;        /* its properties */
    struct value *body;       /* its definition */
    struct str event;         /* the event's id in its resource */
    struct str path;          /* "/cards" */
    struct str method;        /* "get" */
    struct str stage;         /* of the permission */
    const struct value *auth; /* the event's Auth */
};
void sam_swagger_method_auth(struct sam *s, const struct sam_method_auth *m);
/* Where an event's RequestModel and RequestParameters go. */
struct sam_method_request {
    struct value *api;  /* the API's properties */
    struct value *body; /* its definition */
    struct str event;   /* the event's id in its resource */
    struct str path;    /* "/cards" */
    struct str method;  /* "get" */
};
void sam_swagger_model(struct sam *s, const struct sam_method_request *r,
                       const struct value *model);
void sam_swagger_parameters(struct sam *s, const struct sam_method_request *r,
                            const struct value *parameters);

#endif
