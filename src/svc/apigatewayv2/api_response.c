/* SPDX-License-Identifier: Apache-2.0
 *
 * Responses of routes and integrations: records that HTTP APIs keep and do not use. Their ids have
 * two parts, so that a route's are together.
 */
#include "svc/apigatewayv2/ops.h"
#include "svc/apigatewayv2/rule.h"

/* Of the one kind or the other. */
struct sort {
    enum kind kind;            /* of the response */
    enum kind parent_kind;     /* of what it belongs to */
    const char *member;        /* its id */
    const char *parent_member; /* that one's */
    const char *key;           /* its key, of which there is one each */
};

static const struct sort of_route = {KIND_ROUTE_RESPONSE, KIND_ROUTE, "RouteResponseId", "RouteId",
                                     "RouteResponseKey"};
static const struct sort of_integration = {KIND_INTEGRATION_RESPONSE, KIND_INTEGRATION,
                                           "IntegrationResponseId", "IntegrationId",
                                           "IntegrationResponseKey"};

static status parent_of_call(struct call *c, const struct sort *sort, struct api *ret_api)
{
    struct value *parent;

    TRY(api_of_call(c, ret_api));
    return record_of_call(c, sort->parent_kind, ret_api->id, &parent);
}

static struct str whole_id(struct call *c, const struct sort *sort, struct str id)
{
    return arena_printf(c->arena, "%.*s/%.*s", STR_ARG(arg_str(c, sort->parent_member)),
                        STR_ARG(id));
}

static status response_of_call(struct call *c, const struct sort *sort, struct api *ret_api,
                               struct value **ret_response)
{
    struct str id = arg_str(c, sort->member);

    TRY(parent_of_call(c, sort, ret_api));
    return record_get(c, sort->kind, ret_api->id, whole_id(c, sort, id), ret_response)
               ? OK
               : fail(c, &GATEWAY_NOT_FOUND, "Invalid %s identifier specified %.*s",
                      sort->kind == KIND_ROUTE_RESPONSE ? "RouteResponse" : "IntegrationResponse",
                      STR_ARG(str_slice(id, 0, 128)));
}

static status key_free(struct call *c, const struct sort *sort, struct str api,
                       const struct value *response)
{
    struct record_scan *scan = record_scan(c, c->arena, sort->kind, api, STR_NONE);
    struct str prefix = whole_id(c, sort, STR_NONE);
    struct str key = get_str(response, sort->key);
    struct value *other;
    size_t count = 0;
    bool taken = false;
    struct str id;

    while (!taken && record_next(scan, &id, &other)) {
        if (str_starts(id, prefix) &&
            !str_eq(get_str(other, sort->member), get_str(response, sort->member))) {
            count++;
            taken = str_eq(get_str(other, sort->key), key);
        }
    }
    record_scan_close(scan);
    if (taken) {
        return fail(c, &GATEWAY_CONFLICT, "%s with key %.*s already exists",
                    sort->kind == KIND_ROUTE_RESPONSE ? "RouteResponse" : "IntegrationResponse",
                    STR_ARG(key));
    }
    if (count >= RESPONSES_MAX) {
        return bad_request(c, "There cannot be more than %d responses", RESPONSES_MAX);
    }
    return size_check(c, sort->kind, response);
}

static status create(struct call *c, const struct sort *sort)
{
    struct value *response = record_new(c->arena, sort->kind);
    struct str id;
    struct api api;

    TRY(parent_of_call(c, sort, &api));
    TRY(lengths_check(c));
    copy_members(response, c->in);
    TRY(key_free(c, sort, api.id, response));
    id = id_new(c, sort->kind, api.id, ROUTE_ID_LETTERS);
    set_str(response, sort->member, id);
    record_put(c, sort->kind, api.id, whole_id(c, sort, id), response);
    copy_members(c->out, response);
    return OK;
}

static status tell(struct call *c, const struct sort *sort)
{
    struct value *response;
    struct api api;

    TRY(response_of_call(c, sort, &api, &response));
    copy_members(c->out, response);
    return OK;
}

static status list(struct call *c, const struct sort *sort)
{
    struct listing listing = {.kind = sort->kind, .prefix = whole_id(c, sort, STR_NONE)};
    struct api api;

    TRY(parent_of_call(c, sort, &api));
    listing.owner = api.id;
    return list_tell(c, &listing);
}

static status update(struct call *c, const struct sort *sort)
{
    struct value *response;
    struct api api;

    TRY(response_of_call(c, sort, &api, &response));
    TRY(lengths_check(c));
    record_apply(c, response, c->in);
    TRY(key_free(c, sort, api.id, response));
    record_put(c, sort->kind, api.id, whole_id(c, sort, arg_str(c, sort->member)), response);
    copy_members(c->out, response);
    return OK;
}

static status erase(struct call *c, const struct sort *sort)
{
    struct value *response;
    struct api api;

    TRY(response_of_call(c, sort, &api, &response));
    record_erase(c, sort->kind, api.id, whole_id(c, sort, arg_str(c, sort->member)));
    return OK;
}

/* CreateRouteResponse, and the other nine */
status apigw_create_route_response(struct call *c)
{
    return create(c, &of_route);
}

status apigw_get_route_response(struct call *c)
{
    return tell(c, &of_route);
}

status apigw_get_route_responses(struct call *c)
{
    return list(c, &of_route);
}

status apigw_update_route_response(struct call *c)
{
    return update(c, &of_route);
}

status apigw_delete_route_response(struct call *c)
{
    return erase(c, &of_route);
}

status apigw_create_integration_response(struct call *c)
{
    return create(c, &of_integration);
}

status apigw_get_integration_response(struct call *c)
{
    return tell(c, &of_integration);
}

status apigw_get_integration_responses(struct call *c)
{
    return list(c, &of_integration);
}

status apigw_update_integration_response(struct call *c)
{
    return update(c, &of_integration);
}

status apigw_delete_integration_response(struct call *c)
{
    return erase(c, &of_integration);
}

void responses_erase(struct call *c, enum kind kind, struct str api, struct str of)
{
    struct str prefix = arena_printf(c->arena, "%.*s/", STR_ARG(of));
    struct record_scan *scan = record_scan(c, c->arena, kind, api, STR_NONE);
    struct value *response;
    struct str id;

    while (record_next(scan, &id, &response)) {
        if (str_starts(id, prefix)) {
            record_erase(c, kind, api, id);
        }
    }
    record_scan_close(scan);
}
