/* SPDX-License-Identifier: Apache-2.0
 *
 * What operations have in common: finding what is named, checking what is asked for, making ids,
 * applying what came to a record, telling lists; and the rules of each kind of record, which an
 * imported document must keep as well. Every …_check() says BadRequestException, but where it says
 * otherwise.
 */
#ifndef WEIR_SVC_APIGATEWAYV2_RULE_H
#define WEIR_SVC_APIGATEWAYV2_RULE_H

#include "svc/apigatewayv2/record.h"

/* Quotas. Source: "Quotas for configuring and running an HTTP API", API Gateway developer guide. */
#define APIS_MAX 600                 /* of an account in a region */
#define ROUTES_MAX 300               /* of an API, as those that follow */
#define INTEGRATIONS_MAX 300
#define STAGES_MAX 10
#define AUTHORIZERS_MAX 10
#define AUDIENCES_MAX 50             /* of an authorizer */
#define SCOPES_MAX 10                /* of a route */
#define DOMAIN_NAMES_MAX 120         /* of an account in a region */
#define MAPPINGS_MAX 200             /* of a domain name */
#define VPC_LINKS_MAX 10             /* of an account in a region */
#define TAGS_MAX 50                  /* of a resource */
#define STAGE_VARIABLES_MAX 100      /* of a stage */
/* Not AWS's, but a limit all the same. */
#define DEPLOYMENTS_MAX 1000
#define MODELS_MAX 100
#define RESPONSES_MAX 100            /* of a route or integration */
#define DEPLOYED_BYTES_MAX (64u * 1024) /* of a route, integration or authorizer as it is kept:
                                         * so many of them fit into a snapshot */
#define OTHER_BYTES_MAX (512u * 1024)   /* of any other record */
#define API_ID_LETTERS 10
#define ROUTE_ID_LETTERS 7
#define OTHER_ID_LETTERS 6

/* ---- rule.c ---- */

status bad_request(struct call *c, const char *format, ...)
    __attribute__((format(printf, 2, 3), returns_nonnull));
/* An id that no record of that kind and owner has. */
struct str id_new(struct call *c, enum kind kind, struct str owner, size_t letters);
/* By the input's ApiId: NotFoundException. */
status api_of_call(struct call *c, struct api *ret_api);
/* Of the call's API or account, by that member of the input: NotFoundException. */
status record_of_call(struct call *c, enum kind kind, struct str owner, struct value **ret_record);
/* Whether there is room for one more, in AWS's words: ConflictException, 429. */
status room_check(struct call *c, enum kind kind, struct str owner, size_t count_max);
/* Texts have the lengths that their shapes' names say. */
status lengths_check(struct call *c);
status record_lengths_check(struct call *c, const struct value *record); /* the same of a record */
/* Whether the record is small enough to be kept. */
status size_check(struct call *c, enum kind kind, const struct value *record);
/* A tree of some other shape into the record's members: empty texts take away, maps are merged key
 * by key, structures member by member. */
void record_apply(struct call *c, struct value *record, const struct value *in);
struct str apigw_arn(struct call *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* An API's or a stage's invoke URL at this weir. */
struct str api_endpoint(struct call *c, struct str api_id, struct str region);
void unset_member(struct value *record, const char *member);

/* ---- list.c ---- */

struct listing {
    enum kind kind;            /* of what */
    struct str owner;          /* whose */
    struct str prefix;         /* of ids; empty: all */
    void (*tell)(struct call *c, struct value *record); /* completes an item; NULL: it is whole */
};
/* Items and NextToken of the output. */
status list_tell(struct call *c, const struct listing *listing);
/* The common case: what the call's API has of a kind. */
status list_of_api(struct call *c, enum kind kind);

/* api_response.c: the responses of a route or an integration go with it. */
void responses_erase(struct call *c, enum kind kind, struct str api, struct str of);

/* ---- by kind: the record as it would become ---- */

status api_check(struct call *c, const struct value *record);
status route_check(struct call *c, struct str api, const struct value *route);
status integration_check(struct call *c, const struct value *integration);
/* but for its name, which must be the only one of its API */
status authorizer_check(struct call *c, const struct value *authorizer);
status tags_check(struct call *c, const struct value *tags);
/* What AWS fills in. */
void api_complete(struct call *c, struct value *record);
void route_complete(struct value *route);
void integration_complete(struct value *integration);
void authorizer_complete(struct value *authorizer);

/* parameter.c: parameter mapping of an integration: RequestParameters, ResponseParameters. */
status parameters_check(struct call *c, const struct value *integration);
status service_parameters_check(struct call *c, const struct value *integration);

/* path.c: route keys. */
bool route_key_fits(struct str key);
status route_key_check(struct call *c, struct str key);
/* Whether both name a variable differently at the same place: AWS refuses the second. */
bool route_keys_clash(struct str one, struct str other);

/* ---- deployment.c ---- */

/* Routes, integrations, authorizers or the API itself have changed (all is staged): stages that
 * deploy by themselves do, and live forms are forgotten. */
void api_changed(struct call *c, const struct api *api);
/* A stage deploys by itself from now on, or again; the record is changed, not put. */
void stage_deploy(struct call *c, const struct api *api, struct value *stage);
/* A deployment of what the API is now, put. */
struct value *deployment_make(struct call *c, const struct api *api, struct str description);
/* A stage without AutoDeploy is to keep it: it must not follow the API any more. */
void deployment_pin(struct call *c, const struct api *api, struct str deployment);
void stage_deployed(struct call *c, struct value *stage, struct str deployment);
/* Everything of an API but its record and stages goes (to be imported anew). */
void api_clear(struct call *c, struct str api);
/* A domain name's mapping leads to that API (or stage, if not empty): the domain name. */
struct str api_mapped(struct call *c, struct str api, struct str stage);
#define NO_ROUTES "Unable to deploy API because no routes exist in this API"

/* ---- quick.c ---- */

/* CreateApi and UpdateApi with Target, RouteKey, CredentialsArn. */
status quick_check(struct call *c);
void quick_create(struct call *c, const struct api *api);
status quick_update(struct call *c, const struct api *api);

#endif
