/* SPDX-License-Identifier: Apache-2.0
 *
 * Routes.
 */
#include "svc/apigatewayv2/ops.h"
#include "svc/apigatewayv2/rule.h"

#define TARGET "integrations/"

/* ---- rules ---- */

/* No other route has that key, or one that cannot be told from it: ConflictException. */
static status key_free(struct call *c, struct str api, const struct value *route)
{
    struct record_scan *scan = record_scan(c, c->arena, KIND_ROUTE, api, STR_NONE);
    struct str key = get_str(route, "RouteKey");
    struct value *other;
    status checked = OK;
    struct str id;

    while (checked == OK && record_next(scan, &id, &other)) {
        struct str taken = get_str(other, "RouteKey");

        if (str_eq(id, get_str(route, "RouteId"))) {
            continue;
        }
        if (str_eq(taken, key)) {
            checked = fail(c, &GATEWAY_CONFLICT, "Route with key %.*s already exists for this API",
                           STR_ARG(key));
        } else if (route_keys_clash(taken, key)) {
            checked = fail(c, &GATEWAY_CONFLICT, "The provided route key \"%.*s\" has a "
                           "conflicting variable on the same hierarchical level as \"%.*s\"",
                           STR_ARG(key), STR_ARG(taken));
        }
    }
    record_scan_close(scan);
    return checked;
}

static status target_check(struct call *c, struct str api, struct str target)
{
    if (target.bytes == 0) {
        return OK;
    }
    if (!str_starts(target, STR(TARGET)) ||
        !record_is(c, KIND_INTEGRATION, api,
                   str_slice(target, sizeof(TARGET) - 1, target.bytes))) {
        return bad_request(c, "Invalid Integration identifier specified");
    }
    return OK;
}

static status access_check(struct call *c, struct str api, const struct value *route)
{
    struct str type = get_str(route, "AuthorizationType");
    struct str wanted = str_eq(type, STR("JWT")) ? STR("JWT") : STR("REQUEST");
    const struct value *scopes = get(route, "AuthorizationScopes");
    bool asks = str_eq(type, STR("JWT")) || str_eq(type, STR("CUSTOM"));
    struct value *authorizer;

    if (asks && (!record_get(c, KIND_AUTHORIZER, api, get_str(route, "AuthorizerId"),
                             &authorizer) ||
                 !str_eq(get_str(authorizer, "AuthorizerType"), wanted))) {
        return bad_request(c, "Invalid authorizer ID specified. Setting the authorization type to "
                           "%.*s requires a valid %.*s authorizer.", STR_ARG(type),
                           STR_ARG(wanted));
    }
    if (scopes != NULL && scopes->count > 0 && !str_eq(type, STR("JWT"))) {
        return bad_request(c, "Authorization scopes are only supported with the authorization "
                           "type JWT");
    }
    if (scopes != NULL && scopes->count > SCOPES_MAX) {
        return bad_request(c, "A route can have at most %d authorization scopes", SCOPES_MAX);
    }
    return OK;
}

status route_check(struct call *c, struct str api, const struct value *route)
{
    TRY(route_key_check(c, get_str(route, "RouteKey")));
    if (get_bool(route, "ApiKeyRequired", false)) {
        return bad_request(c, "ApiKeyRequired is not currently supported for HTTP APIs.");
    }
    TRY(size_check(c, KIND_ROUTE, route));
    TRY(target_check(c, api, get_str(route, "Target")));
    TRY(access_check(c, api, route));
    return key_free(c, api, route);
}

void route_complete(struct value *route)
{
    if (!has(route, "ApiKeyRequired")) {
        set_bool(route, "ApiKeyRequired", false);
    }
    if (!has(route, "AuthorizationType")) {
        set_str(route, "AuthorizationType", STR("NONE"));
    }
    if (!str_eq(get_str(route, "AuthorizationType"), STR("JWT")) &&
        !str_eq(get_str(route, "AuthorizationType"), STR("CUSTOM"))) {
        unset_member(route, "AuthorizerId");
    }
}

/* ---- operations ---- */

static status route_of_call(struct call *c, struct api *ret_api, struct value **ret_route)
{
    TRY(api_of_call(c, ret_api));
    return record_of_call(c, KIND_ROUTE, ret_api->id, ret_route);
}

static void route_put(struct call *c, const struct api *api, struct value *route)
{
    route_complete(route);
    record_put(c, KIND_ROUTE, api->id, get_str(route, "RouteId"), route);
    api_changed(c, api);
}

/* CreateRoute */
status apigw_create_route(struct call *c)
{
    struct value *route = record_new(c->arena, KIND_ROUTE);
    struct api api;

    TRY(api_of_call(c, &api));
    TRY(lengths_check(c));
    copy_members(route, c->in);
    TRY(route_check(c, api.id, route));
    TRY(room_check(c, KIND_ROUTE, api.id, ROUTES_MAX));
    set_str(route, "RouteId", id_new(c, KIND_ROUTE, api.id, ROUTE_ID_LETTERS));
    route_put(c, &api, route);
    copy_members(c->out, route);
    return OK;
}

/* GetRoute */
status apigw_get_route(struct call *c)
{
    struct value *route;
    struct api api;

    TRY(route_of_call(c, &api, &route));
    copy_members(c->out, route);
    return OK;
}

/* GetRoutes */
status apigw_get_routes(struct call *c)
{
    return list_of_api(c, KIND_ROUTE);
}

/* UpdateRoute */
status apigw_update_route(struct call *c)
{
    struct value *route;
    struct api api;
    struct str key;

    TRY(route_of_call(c, &api, &route));
    TRY(lengths_check(c));
    key = get_str(route, "RouteKey");
    if (get_bool(route, "ApiGatewayManaged", false) && arg_has(c, "RouteKey") &&
        !str_eq(key, arg_str(c, "RouteKey"))) {
        return bad_request(c, "The route key of a route that is managed by API Gateway cannot be "
                           "modified");
    }
    record_apply(c, route, c->in);
    TRY(route_check(c, api.id, route));
    route_put(c, &api, route);
    copy_members(c->out, route);
    return OK;
}

/* DeleteRoute */
status apigw_delete_route(struct call *c)
{
    struct value *route;
    struct api api;

    TRY(route_of_call(c, &api, &route));
    responses_erase(c, KIND_ROUTE_RESPONSE, api.id, get_str(route, "RouteId"));
    record_erase(c, KIND_ROUTE, api.id, get_str(route, "RouteId"));
    api_changed(c, &api);
    return OK;
}

/* DeleteRouteRequestParameter */
status apigw_delete_route_parameter(struct call *c)
{
    struct str key = arg_str(c, "RequestParameterKey");
    const struct value *had;
    struct value *route;
    struct value *left;
    struct api api;

    TRY(route_of_call(c, &api, &route));
    had = get(route, "RequestParameters");
    if (had == NULL || map_find(had, key) == NULL) {
        return fail(c, &GATEWAY_NOT_FOUND, "Invalid request parameter key specified %.*s",
                    STR_ARG(str_slice(key, 0, 256)));
    }
    struct value before = *had;

    left = set_map(c->arena, route, "RequestParameters", before.count);
    for (uint32_t i = 0; i < before.count; i++) {
        if (!str_eq(before.pairs[i].key, key)) {
            *map_add(c->arena, left, before.pairs[i].key) = before.pairs[i].value;
        }
    }
    route_put(c, &api, route);
    return OK;
}
