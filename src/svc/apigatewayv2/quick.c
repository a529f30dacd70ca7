/* SPDX-License-Identifier: Apache-2.0
 *
 * Quick create: an API with one integration, one route and the stage $default that deploys by
 * itself; all three managed by API Gateway (ApiGatewayManaged).
 */
#include "svc/apigatewayv2/rule.h"

static bool is_function(struct str target)
{
    return str_starts(target, STR("arn:"));
}

/* The integration that a target asks for. */
static void target_apply(struct value *integration, struct str target)
{
    bool function = is_function(target);

    set_str(integration, "IntegrationType", function ? STR("AWS_PROXY") : STR("HTTP_PROXY"));
    set_str(integration, "IntegrationMethod", function ? STR("POST") : STR("ANY"));
    set_str(integration, "PayloadFormatVersion", function ? STR("2.0") : STR("1.0"));
    set_str(integration, "IntegrationUri", target);
}

static struct value *integration_of(struct call *c)
{
    struct value *integration = record_new(c->arena, KIND_INTEGRATION);

    target_apply(integration, arg_str(c, "Target"));
    if (arg_str(c, "CredentialsArn").bytes > 0) {
        set_str(integration, "CredentialsArn", arg_str(c, "CredentialsArn"));
    }
    integration_complete(integration);
    return integration;
}

static struct str key_wanted(struct call *c)
{
    return arg_str(c, "RouteKey").bytes > 0 ? arg_str(c, "RouteKey") : STR("$default");
}

status quick_check(struct call *c)
{
    if (!arg_has(c, "Target")) {
        return arg_has(c, "RouteKey") || arg_has(c, "CredentialsArn")
                   ? bad_request(c, "Target must be specified when RouteKey or CredentialsArn is")
                   : OK;
    }
    TRY(route_key_check(c, key_wanted(c)));
    return integration_check(c, integration_of(c));
}

static void stage_create(struct call *c, const struct api *api)
{
    struct value *stage = record_new(c->arena, KIND_STAGE);

    set_str(stage, "StageName", STR("$default"));
    set_bool(stage, "ApiGatewayManaged", true);
    set_bool(stage, "AutoDeploy", true);
    set_time(stage, "CreatedDate", c->now);
    set_time(stage, "LastUpdatedDate", c->now);
    set_bool(set_struct(c->arena, stage, "DefaultRouteSettings"), "DetailedMetricsEnabled", false);
    (void)set_map(c->arena, stage, "RouteSettings", 0);
    (void)set_map(c->arena, stage, "StageVariables", 0);
    (void)set_map(c->arena, stage, "Tags", 0);
    stage_deploy(c, api, stage);
    record_put(c, KIND_STAGE, api->id, STR("$default"), stage);
}

void quick_create(struct call *c, const struct api *api)
{
    struct str integration_id = id_new(c, KIND_INTEGRATION, api->id, ROUTE_ID_LETTERS);
    struct str route_id = id_new(c, KIND_ROUTE, api->id, ROUTE_ID_LETTERS);
    struct value *route = record_new(c->arena, KIND_ROUTE);
    struct value *integration;

    if (!arg_has(c, "Target")) {
        return;
    }
    integration = integration_of(c);
    set_str(integration, "IntegrationId", integration_id);
    set_bool(integration, "ApiGatewayManaged", true);
    record_put(c, KIND_INTEGRATION, api->id, integration_id, integration);
    set_str(route, "RouteId", route_id);
    set_str(route, "RouteKey", key_wanted(c));
    set_str(route, "Target",
            arena_printf(c->arena, "integrations/%.*s", STR_ARG(integration_id)));
    set_bool(route, "ApiGatewayManaged", true);
    route_complete(route);
    record_put(c, KIND_ROUTE, api->id, route_id, route);
    stage_create(c, api);
}

/* The one that quick create has made; NULL: none. */
static struct value *managed(struct call *c, enum kind kind, struct str api)
{
    struct record_scan *scan = record_scan(c, c->arena, kind, api, STR_NONE);
    struct value *record;
    struct value *found = NULL;
    struct str id;

    while (found == NULL && record_next(scan, &id, &record)) {
        found = get_bool(record, "ApiGatewayManaged", false) ? record : NULL;
    }
    record_scan_close(scan);
    return found;
}

status quick_update(struct call *c, const struct api *api)
{
    bool integrates = arg_has(c, "Target") || arg_has(c, "CredentialsArn");
    struct value *integration = integrates ? managed(c, KIND_INTEGRATION, api->id) : NULL;
    struct value *route = arg_has(c, "RouteKey") ? managed(c, KIND_ROUTE, api->id) : NULL;

    if ((integrates && integration == NULL) || (arg_has(c, "RouteKey") && route == NULL)) {
        return bad_request(c, "Target, RouteKey and CredentialsArn can be updated only for APIs "
                           "that were created using quick create");
    }
    if (route != NULL) {
        set_str(route, "RouteKey", key_wanted(c));
        TRY(route_check(c, api->id, route));
    }
    if (integration != NULL) {
        if (arg_str(c, "Target").bytes > 0) {
            target_apply(integration, arg_str(c, "Target"));
        }
        if (arg_has(c, "CredentialsArn")) {
            set_str(integration, "CredentialsArn", arg_str(c, "CredentialsArn"));
        }
        if (get_str(integration, "CredentialsArn").bytes == 0) {
            unset_member(integration, "CredentialsArn");
        }
        TRY(integration_check(c, integration));
        record_put(c, KIND_INTEGRATION, api->id, get_str(integration, "IntegrationId"),
                   integration);
    }
    if (route != NULL) {
        record_put(c, KIND_ROUTE, api->id, get_str(route, "RouteId"), route);
    }
    return OK;
}
