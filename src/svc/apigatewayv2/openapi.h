/* SPDX-License-Identifier: Apache-2.0
 *
 * OpenAPI 3.0 definitions of HTTP APIs, with API Gateway's extensions (x-amazon-apigateway-…), as
 * records and back. Reading knows no call: it may run outside of the cell; what it gives still has
 * to be checked by the rules of each kind (rule.h). Sources: "Use OpenAPI definitions for HTTP
 * APIs", "OpenAPI extensions for API Gateway", API Gateway developer guide.
 */
#ifndef WEIR_SVC_APIGATEWAYV2_OPENAPI_H
#define WEIR_SVC_APIGATEWAYV2_OPENAPI_H

#include "base/error.h"
#include "svc/apigatewayv2/rule.h"
#include "wire/document.h"

#define NOTES_MAX 50                 /* that an answer tells of each sort */
#define OPENAPI_BYTES_MAX (6u << 20)
#define OPENAPI_ARENA_BYTES_MAX (128u << 20)

/* A definition and how it is to be read. */
struct openapi_text {
    struct str body;           /* JSON or YAML */
    struct str basepath;       /* "ignore", "prepend", "split"; empty: ignore */
    struct str account, region; /* for ${AWS::AccountId}, ${AWS::Region} */
};

struct openapi_route {
    struct value *record;      /* GetRoute's output, without ids, Target, AuthorizerId */
    int integration;           /* its place among the integrations; -1: none */
    int authorizer;            /* its place among the authorizers; -1: none */
};

struct notes {
    struct str texts[NOTES_MAX]; /* for ImportInfo or Warnings */
    size_t count;              /* of them */
};

/* A definition as records without ids. */
struct openapi {
    struct value *api;         /* GetApi's output */
    struct openapi_route routes[ROUTES_MAX];
    size_t route_count;        /* of them */
    struct value *integrations[INTEGRATIONS_MAX];
    size_t integration_count;  /* of them */
    struct value *authorizers[AUTHORIZERS_MAX];
    size_t authorizer_count;   /* of them */
    struct notes info, warnings;
};

/* GATEWAY_BAD_REQUEST with the sentence; also for more of something than there may be. */
status openapi_read(const struct openapi_text *text, struct arena *arena, struct why *why,
                    struct openapi *ret_openapi);

/* A document to be exported. */
struct openapi_export {
    const struct live_route *routes; /* what is told */
    size_t route_count;        /* of them */
    const struct value *api;   /* its record */
    struct str endpoint;       /* its invoke URL, without a stage */
    struct str stage;          /* empty: what the API is now */
    bool extensions;           /* with x-amazon-apigateway-… */
};
struct value *openapi_document(const struct openapi_export *export, struct arena *arena);

#endif
