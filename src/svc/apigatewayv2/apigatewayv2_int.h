/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside API Gateway v2: what operations keep (record.h) and what requests are answered from.
 * Everything here happens in the cell.
 *
 * Invariants between the files:
 *   1. A record is a value tree shaped by its kind's Get operation, kept as a row; it is read when
 *      asked for. Custom domain names alone are in memory, too, because any host may be one.
 *   2. What requests need of a stage is a *live* form in memory: the stage, its API, its routes
 *      with their integrations and authorizers, as of the stage's deployment. It is made when
 *      first asked for and forgotten by whatever changes something of its API (lives_forget());
 *      who holds one goes on with what it was.
 *   3. A deployment that has a snapshot is what the API was when it was made; one without is what
 *      the API is now. Only what AutoDeploy made has none, and it gets one when a stage without
 *      AutoDeploy is to keep it (deployment.c).
 *   4. An API's id is unique among all accounts and regions.
 */
#ifndef WEIR_SVC_APIGATEWAYV2_INT_H
#define WEIR_SVC_APIGATEWAYV2_INT_H

#include "base/map.h"
#include "cell/call.h"
#include "svc/apigatewayv2/apigatewayv2.h"

#define LIVES_MAX 4096               /* in memory; beyond, those that nobody holds are forgotten */
#define LIVE_BYTES_MAX (32u << 20)   /* of one */
#define DOMAINS_MAX 10000
#define TAGS_TOLD 100                /* remembered for policies that are asked */

extern const struct error GATEWAY_BAD_REQUEST, GATEWAY_NOT_FOUND, GATEWAY_CONFLICT,
    GATEWAY_TOO_MANY;

/* The service's state. */
struct gateway {
    struct cell *cell;         /* whose service this is */
    struct map *lives;         /* "api/stage" → struct live */
    struct map *domains;       /* name → struct domain */
    /* ResetAuthorizersCache: what authorizers said of that stage is forgotten. Whoever keeps it
     * sets this when the service opens; NULL: nobody does. */
    void (*authorizers_reset)(struct call *c, struct str api, struct str stage);
    void *run;                 /* of who answers requests; may be NULL */
    struct str told[TAGS_TOLD]; /* guard.c's: tags that policies asked for; owned */
    size_t told_next;          /* how many were told */
};

static inline struct gateway *gateway_of(const struct call *c)
{
    return c->state;
}

/* ---- live.c: what requests are answered from ---- */

struct live_route {
    const struct value *route;       /* GetRoute's output */
    const struct value *integration; /* GetIntegration's output; NULL: the route has no target */
    const struct value *authorizer;  /* GetAuthorizer's output; NULL: none */
};

struct live {
    uint32_t holders;          /* who uses it, the map among them */
    struct arena *arena;       /* all of it */
    struct str account, region, api_id, stage_name;
    const struct value *api;   /* GetApi's output as of the deployment (CorsConfiguration,
                                * DisableExecuteApiEndpoint, …); without ApiEndpoint */
    const struct value *stage; /* GetStage's output as it is now */
    bool deployed;             /* false: nothing was deployed yet, it has no routes */
    struct live_route *routes; /* of the deployment */
    size_t route_count;        /* of them */
    void *plan;                /* what run_*.c make of it, NULL until then */
    void (*plan_free)(void *plan); /* how that is freed; NULL: it lies in the arena */
};

/* The live form of a stage, from memory or made; NULL: there is no such API or stage. Valid until
 * the next live_of() and the end of the turn; live_hold() keeps it longer. */
struct live *live_of(struct call *c, struct str api_id, struct str stage_name);
struct live *live_hold(struct live *live);
void live_drop(struct live *live);
/* Something of that API has changed. */
void lives_forget(struct gateway *gateway, struct str api_id);

/* ---- domain.c: custom domain names ---- */

struct domain_mapping {
    struct str id, key, api_id, stage; /* key: ApiMappingKey, "" for none; owned */
};

struct domain {
    struct domain *next;       /* of the same name in another account or region */
    struct str name, account, region; /* owned */
    struct domain_mapping *mappings; /* longest key first; owned */
    size_t mapping_count;      /* of them */
};

/* Where a request at a custom domain name goes. */
struct domain_match {
    const struct domain *domain;         /* of that host */
    const struct domain_mapping *mapping; /* of the longest key that begins the path; NULL: none */
    struct str rest;           /* the path without the key; "/" when nothing is left */
};

/* host without port. An exact name, or "*.example.com" for one label. False: it is no domain. */
bool domain_find(struct call *c, struct str host, struct str path, struct domain_match *ret_match);

/* ---- live.c: APIs by id ---- */

struct api {
    struct str id, account, region; /* in the call's arena */
    struct value *record;      /* GetApi's output, but for ApiEndpoint */
};
/* Of any account; false: there is none. */
bool api_find(struct call *c, struct str id, struct api *ret_api);

#endif
