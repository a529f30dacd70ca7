/* SPDX-License-Identifier: Apache-2.0
 *
 * Integrations.
 */
#include "svc/apigatewayv2/ops.h"
#include "svc/apigatewayv2/rule.h"

#define TIMEOUT_MS_DEFAULT 30000

/* ---- rules ---- */

static bool is_function_uri(struct str uri)
{
    struct str path = STR("lambda:path/2015-03-31/functions/");
    struct arn arn;

    if (!arn_read(uri, &arn)) {
        return false;
    }
    if (str_eq(arn.service, STR("apigateway"))) { /* "…:lambda:path/…/FUNCTION/invocations" */
        return str_find_str(uri, path) < uri.bytes && str_ends(uri, STR("/invocations"));
    }
    return str_eq(arn.service, STR("lambda")) && str_starts(arn.resource, STR("function:"));
}

static status function_check(struct call *c, const struct value *integration)
{
    struct str uri = get_str(integration, "IntegrationUri");

    return is_function_uri(uri) ? OK : bad_request(c, "Invalid function ARN or invalid uri");
}

static status service_check(struct call *c, const struct value *integration)
{
    if (has(integration, "IntegrationUri")) {
        return bad_request(c, "URI should not be specified for AWS_PROXY integrations with an "
                           "integration subtype");
    }
    if (!has(integration, "CredentialsArn")) {
        return bad_request(c, "Credentials must be specified for AWS_PROXY integrations with an "
                           "integration subtype");
    }
    return service_parameters_check(c, integration);
}

static status link_check(struct call *c, const struct value *integration)
{
    if (!str_eq(get_str(integration, "ConnectionType"), STR("VPC_LINK"))) {
        return OK;
    }
    if (!has(integration, "ConnectionId")) {
        return bad_request(c, "ConnectionId must be specified for connection type VPC_LINK");
    }
    return record_is(c, KIND_VPC_LINK, owner_of(c), get_str(integration, "ConnectionId"))
               ? OK
               : bad_request(c, "Invalid VpcLink identifier specified");
}

static status http_check(struct call *c, const struct value *integration)
{
    struct str uri = get_str(integration, "IntegrationUri");
    bool link = str_eq(get_str(integration, "ConnectionType"), STR("VPC_LINK"));

    if (str_eq(get_str(integration, "PayloadFormatVersion"), STR("2.0"))) {
        return bad_request(c, "PayloadFormatVersion 2.0 is not supported for HTTP_PROXY "
                           "integrations");
    }
    TRY(link_check(c, integration));
    return str_starts_nocase(uri, STR("http://")) || str_starts_nocase(uri, STR("https://")) ||
                   (link && str_starts(uri, STR("arn:")))
               ? OK
               : bad_request(c, "Invalid HTTP endpoint specified for URI");
}

static status method_check(struct call *c, struct str method)
{
    static const char *const known[] = {"ANY",     "DELETE", "GET",  "HEAD",
                                        "OPTIONS", "PATCH",  "POST", "PUT"};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (str_eq(method, str_c(known[i]))) {
            return OK;
        }
    }
    return method.bytes == 0 ? OK
                             : bad_request(c, "Invalid HTTP method specified: %.*s",
                                           STR_ARG(str_slice(method, 0, 64)));
}

status integration_check(struct call *c, const struct value *integration)
{
    struct str type = get_str(integration, "IntegrationType");
    struct str version = get_str(integration, "PayloadFormatVersion");
    int64_t timeout_ms = get_int(integration, "TimeoutInMillis", TIMEOUT_MS_DEFAULT);

    if (!str_eq(type, STR("AWS_PROXY")) && !str_eq(type, STR("HTTP_PROXY"))) {
        return bad_request(c, "Currently, an API with a protocol type of HTTP may only be "
                           "associated with proxy integrations (AWS_PROXY, HTTP_PROXY)");
    }
    if (version.bytes == 0) {
        return bad_request(c, "PayloadFormatVersion is a required parameter for integration");
    }
    if (!str_eq(version, STR("1.0")) && !str_eq(version, STR("2.0"))) {
        return bad_request(c, "PayloadFormatVersion %.*s is not supported",
                           STR_ARG(str_slice(version, 0, 64)));
    }
    if (timeout_ms < 50 || timeout_ms > 30000) { /* of an imported document */
        return bad_request(c, "Timeout should be between 50 ms and 30000 ms");
    }
    TRY(size_check(c, KIND_INTEGRATION, integration));
    TRY(method_check(c, get_str(integration, "IntegrationMethod")));
    TRY(parameters_check(c, integration));
    if (str_eq(type, STR("HTTP_PROXY"))) {
        return http_check(c, integration);
    }
    return has(integration, "IntegrationSubtype") ? service_check(c, integration)
                                                  : function_check(c, integration);
}

void integration_complete(struct value *integration)
{
    bool function = str_eq(get_str(integration, "IntegrationType"), STR("AWS_PROXY")) &&
                    !has(integration, "IntegrationSubtype");

    if (!has(integration, "ConnectionType")) {
        set_str(integration, "ConnectionType", STR("INTERNET"));
    }
    if (!has(integration, "TimeoutInMillis")) {
        set_int(integration, "TimeoutInMillis", TIMEOUT_MS_DEFAULT);
    }
    if (function) { /* functions are always asked so */
        set_str(integration, "IntegrationMethod", STR("POST"));
    } else if (!has(integration, "IntegrationMethod") && !has(integration, "IntegrationSubtype")) {
        set_str(integration, "IntegrationMethod", STR("ANY"));
    }
}

/* ---- operations ---- */

static status integration_of_call(struct call *c, struct api *ret_api,
                                  struct value **ret_integration)
{
    TRY(api_of_call(c, ret_api));
    return record_of_call(c, KIND_INTEGRATION, ret_api->id, ret_integration);
}

static void integration_put(struct call *c, const struct api *api, struct value *integration)
{
    integration_complete(integration);
    record_put(c, KIND_INTEGRATION, api->id, get_str(integration, "IntegrationId"), integration);
    api_changed(c, api);
}

/* CreateIntegration */
status apigw_create_integration(struct call *c)
{
    struct value *integration = record_new(c->arena, KIND_INTEGRATION);
    struct api api;

    TRY(api_of_call(c, &api));
    TRY(lengths_check(c));
    copy_members(integration, c->in);
    TRY(integration_check(c, integration));
    TRY(room_check(c, KIND_INTEGRATION, api.id, INTEGRATIONS_MAX));
    set_str(integration, "IntegrationId",
            id_new(c, KIND_INTEGRATION, api.id, ROUTE_ID_LETTERS));
    integration_put(c, &api, integration);
    copy_members(c->out, integration);
    return OK;
}

/* GetIntegration */
status apigw_get_integration(struct call *c)
{
    struct value *integration;
    struct api api;

    TRY(integration_of_call(c, &api, &integration));
    copy_members(c->out, integration);
    return OK;
}

/* GetIntegrations */
status apigw_get_integrations(struct call *c)
{
    return list_of_api(c, KIND_INTEGRATION);
}

/* UpdateIntegration */
status apigw_update_integration(struct call *c)
{
    struct value *integration;
    struct api api;

    TRY(integration_of_call(c, &api, &integration));
    TRY(lengths_check(c));
    record_apply(c, integration, c->in);
    TRY(integration_check(c, integration));
    integration_put(c, &api, integration);
    copy_members(c->out, integration);
    return OK;
}

/* The ids of routes whose target it is, with commas between; empty: none. */
static struct str users_of(struct call *c, struct str api, struct str integration)
{
    struct str target = arena_printf(c->arena, "integrations/%.*s", STR_ARG(integration));
    struct record_scan *scan = record_scan(c, c->arena, KIND_ROUTE, api, STR_NONE);
    struct str users = STR_NONE;
    struct value *route;
    struct str id;

    while (record_next(scan, &id, &route)) {
        if (str_eq(get_str(route, "Target"), target)) {
            users = arena_printf(c->arena, "%.*s%s%.*s", STR_ARG(users),
                                 users.bytes > 0 ? ", " : "", STR_ARG(id));
        }
    }
    record_scan_close(scan);
    return users;
}

/* DeleteIntegration */
status apigw_delete_integration(struct call *c)
{
    struct value *integration;
    struct str users;
    struct str id;
    struct api api;

    TRY(integration_of_call(c, &api, &integration));
    id = get_str(integration, "IntegrationId");
    if (get_bool(integration, "ApiGatewayManaged", false)) {
        return bad_request(c, "An integration that is managed by API Gateway cannot be deleted");
    }
    users = users_of(c, api.id, id);
    if (users.bytes > 0) {
        return fail(c, &GATEWAY_CONFLICT, "Cannot delete Integration because it is referenced by "
                    "the following Routes with Ids: [%.*s]", STR_ARG(str_slice(users, 0, 1024)));
    }
    responses_erase(c, KIND_INTEGRATION_RESPONSE, api.id, id);
    record_erase(c, KIND_INTEGRATION, api.id, id);
    api_changed(c, &api);
    return OK;
}
