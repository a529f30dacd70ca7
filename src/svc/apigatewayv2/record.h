/* SPDX-License-Identifier: Apache-2.0
 *
 * Records: everything that operations make, get, update and delete, one row each. keys.c is the
 * only file that knows their keys and bytes.
 *
 * A record is named by its *owner* and its id: "account/region" owns APIs, domain names and VPC
 * links; an API's id what is of that API; "account/region/name" the mappings of a domain name.
 * Responses have ids of two parts, "route/response".
 */
#ifndef WEIR_SVC_APIGATEWAYV2_RECORD_H
#define WEIR_SVC_APIGATEWAYV2_RECORD_H

#include "svc/apigatewayv2/apigatewayv2_int.h"

#define RECORD_BYTES_MAX (8u << 20)
#define SNAPSHOT_BYTES_MAX (48u << 20) /* of all that is deployed, at its largest */

enum kind {
    KIND_API,
    KIND_DOMAIN,
    KIND_VPC_LINK,
    KIND_MAPPING,
    KIND_ROUTE,
    KIND_INTEGRATION,
    KIND_AUTHORIZER,
    KIND_STAGE,
    KIND_DEPLOYMENT,
    KIND_MODEL,
    KIND_ROUTE_RESPONSE,
    KIND_INTEGRATION_RESPONSE,
    KIND_COUNT,
};

/* The shape of a kind's records: the output of its Get operation. */
uint32_t record_shape(enum kind kind);
/* A new, empty one. */
struct value *record_new(struct arena *arena, enum kind kind);

/* False: it is not there. */
bool record_get(struct call *c, enum kind kind, struct str owner, struct str id,
                struct value **ret_record);
/* The same into another arena than the call's. */
struct record_name {
    enum kind kind;            /* what it is */
    struct str owner, id;      /* whose, and which */
};
bool record_read(struct call *c, const struct record_name *name, struct arena *arena,
                 struct value **ret_record);
bool record_is(struct call *c, enum kind kind, struct str owner, struct str id);
void record_put(struct call *c, enum kind kind, struct str owner, struct str id,
                const struct value *record);
void record_erase(struct call *c, enum kind kind, struct str owner, struct str id);
/* All records of that kind that the owner has. */
void records_erase(struct call *c, enum kind kind, struct str owner);
size_t records_count(struct call *c, enum kind kind, struct str owner);

/* In the order of their ids, those behind after ("": all). */
struct record_scan;
struct record_scan *record_scan(struct call *c, struct arena *arena, enum kind kind,
                                struct str owner, struct str after);
bool record_next(struct record_scan *scan, struct str *ret_id, struct value **ret_record);
void record_scan_close(struct record_scan *scan);

/* The same as committed, outside of a call. */
bool record_peek(struct cell *cell, const struct record_name *name, struct arena *arena,
                 struct value **ret_record);

/* The owner of an API or a VPC link by its id: "account/region" apart. */
bool api_where(struct call *c, struct str id, struct str *ret_account, struct str *ret_region);
bool api_where_peek(struct cell *cell, struct str id, struct arena *arena, struct str *ret_owner);
void api_where_put(struct call *c, struct str id);
void api_where_erase(struct call *c, struct str id);

/* What an API is, kept with a deployment. */
struct snapshot {
    struct value *api;                                /* its record */
    struct value **routes, **integrations, **authorizers; /* theirs */
    size_t route_count, integration_count, authorizer_count; /* of them */
};
bool snapshot_get(struct call *c, struct arena *arena, struct str api, struct str deployment,
                  struct snapshot *ret_snapshot);
bool snapshot_is(struct call *c, struct str api, struct str deployment);
void snapshot_put(struct call *c, struct str api, struct str deployment,
                  const struct snapshot *snapshot);
void snapshot_erase(struct call *c, struct str api, struct str deployment);
/* What the API is now. */
void snapshot_now(struct call *c, struct arena *arena, const struct api *api,
                  struct snapshot *ret_snapshot);

/* live.c: routes with what they lead to, in the arena of the snapshot. */
struct live_route *live_routes(struct arena *arena, const struct snapshot *snapshot);

/* Before the service closes. */
void lives_free(struct gateway *gateway);
/* guard.c: policies may ask for tags. */
void gateway_join_policies(struct cell *cell);
/* Domain names and their mappings into memory. */
status domains_load(struct gateway *gateway);

/* ---- text ---- */

/* The owner of what stands alone, of an API, and of a domain's mappings. */
struct str owner_of(struct call *c);
struct str api_owner(struct call *c, const struct api *api);
struct str domain_owner(struct call *c, struct str name);
void text_keep(struct str *owned, struct str text); /* frees what was, copies what is */
/* Members of the same name, where from has them set. */
void copy_members(struct value *to, const struct value *from);

#endif
