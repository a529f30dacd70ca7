/* SPDX-License-Identifier: Apache-2.0
 *
 * Authorizers: JWT and REQUEST (a function).
 */
#include "svc/apigatewayv2/ops.h"
#include "svc/apigatewayv2/rule.h"

#define TTL_SECONDS_DEFAULT 300

/* ---- rules ---- */

static status sources_check(struct call *c, const struct value *sources)
{
    static const char *const begins[] = {"$request.header.", "$request.querystring.",
                                         "$stageVariables.", "$context."};

    for (uint32_t i = 0; sources != NULL && i < sources->count; i++) {
        struct str source = sources->items[i].str;
        bool good = false;

        for (size_t k = 0; k < sizeof(begins) / sizeof(begins[0]); k++) {
            good = good || (str_starts(source, str_c(begins[k])) &&
                            source.bytes > strlen(begins[k]));
        }
        if (!good) {
            return bad_request(c, "Invalid identity source expression: %.*s. The source must be a "
                               "request header, request querystring, stage variable or context "
                               "parameter", STR_ARG(str_slice(source, 0, 256)));
        }
    }
    return OK;
}

static status jwt_check(struct call *c, const struct value *authorizer)
{
    const struct value *jwt = get(authorizer, "JwtConfiguration");
    const struct value *audience = jwt == NULL ? NULL : get(jwt, "Audience");
    const struct value *sources = get(authorizer, "IdentitySource");
    struct str issuer = jwt == NULL ? STR_NONE : get_str(jwt, "Issuer");

    if (jwt == NULL) {
        return bad_request(c, "JwtConfiguration is a required parameter for JWT authorizer");
    }
    if (!str_starts(issuer, STR("https://")) && !str_starts(issuer, STR("http://"))) {
        return bad_request(c, "Invalid issuer: %.*s. Issuer must have a valid URL",
                           STR_ARG(str_slice(issuer, 0, 512)));
    }
    if (audience != NULL && audience->count > AUDIENCES_MAX) {
        return bad_request(c, "An authorizer can have at most %d audiences", AUDIENCES_MAX);
    }
    if (sources == NULL || sources->count != 1) {
        return bad_request(c, "JWT authorizers must have exactly one identity source");
    }
    return sources_check(c, sources);
}

static status request_check(struct call *c, const struct value *authorizer)
{
    struct str version = get_str(authorizer, "AuthorizerPayloadFormatVersion");
    const struct value *sources = get(authorizer, "IdentitySource");
    int64_t ttl = get_int(authorizer, "AuthorizerResultTtlInSeconds", 0);
    struct str uri = get_str(authorizer, "AuthorizerUri");

    if (version.bytes == 0) {
        return bad_request(c, "AuthorizerPayloadFormatVersion is a required parameter for REQUEST "
                           "authorizer");
    }
    if (!str_eq(version, STR("1.0")) && !str_eq(version, STR("2.0"))) {
        return bad_request(c, "AuthorizerPayloadFormatVersion %.*s is not supported",
                           STR_ARG(str_slice(version, 0, 64)));
    }
    if (get_bool(authorizer, "EnableSimpleResponses", false) && !str_eq(version, STR("2.0"))) {
        return bad_request(c, "EnableSimpleResponses can only be set for "
                           "AuthorizerPayloadFormatVersion \"2.0\".");
    }
    if (ttl < 0 || ttl > 3600) { /* of an imported document */
        return bad_request(c, "Authorizer result TTL outside allowable range. TTL must be between "
                           "0 and 3600 seconds.");
    }
    if (ttl > 0 && (sources == NULL || sources->count == 0)) {
        return bad_request(c, "Identity source must be set if authorizer caching is enabled (TTL "
                           "is greater than 0)");
    }
    if (!str_starts(uri, STR("arn:")) ||
        str_find_str(uri, STR("lambda:path/2015-03-31/functions/")) == uri.bytes ||
        !str_ends(uri, STR("/invocations"))) {
        return bad_request(c, "Invalid Authorizer URI: %.*s. Authorizer URI should be a valid API "
                           "Gateway ARN that represents a Lambda function invocation.",
                           STR_ARG(str_slice(uri, 0, 512)));
    }
    return sources_check(c, sources);
}

static status name_check(struct call *c, struct str api, const struct value *authorizer)
{
    struct record_scan *scan = record_scan(c, c->arena, KIND_AUTHORIZER, api, STR_NONE);
    struct str name = get_str(authorizer, "Name");
    struct value *other;
    bool taken = false;
    struct str id;

    while (!taken && record_next(scan, &id, &other)) {
        taken = str_eq(get_str(other, "Name"), name) &&
                !str_eq(id, get_str(authorizer, "AuthorizerId"));
    }
    record_scan_close(scan);
    if (name.bytes == 0) {
        return bad_request(c, "Authorizer name cannot be empty");
    }
    return taken ? bad_request(c, "Authorizer name must be unique. Authorizer %.*s already exists "
                               "in this RestApi.", STR_ARG(name))
                 : OK;
}

status authorizer_check(struct call *c, const struct value *authorizer)
{
    TRY(size_check(c, KIND_AUTHORIZER, authorizer));
    return str_eq(get_str(authorizer, "AuthorizerType"), STR("JWT"))
               ? jwt_check(c, authorizer)
               : request_check(c, authorizer);
}

void authorizer_complete(struct value *authorizer)
{
    const struct value *sources = get(authorizer, "IdentitySource");

    if (str_eq(get_str(authorizer, "AuthorizerType"), STR("JWT"))) {
        return;
    }
    if (!has(authorizer, "AuthorizerResultTtlInSeconds")) {
        set_int(authorizer, "AuthorizerResultTtlInSeconds",
                sources != NULL && sources->count > 0 ? TTL_SECONDS_DEFAULT : 0);
    }
    if (!has(authorizer, "EnableSimpleResponses")) {
        set_bool(authorizer, "EnableSimpleResponses", false);
    }
}

/* ---- operations ---- */

static status authorizer_of_call(struct call *c, struct api *ret_api,
                                 struct value **ret_authorizer)
{
    TRY(api_of_call(c, ret_api));
    return record_of_call(c, KIND_AUTHORIZER, ret_api->id, ret_authorizer);
}

static void authorizer_put(struct call *c, const struct api *api, struct value *authorizer)
{
    authorizer_complete(authorizer);
    record_put(c, KIND_AUTHORIZER, api->id, get_str(authorizer, "AuthorizerId"), authorizer);
    api_changed(c, api);
}

/* CreateAuthorizer */
status apigw_create_authorizer(struct call *c)
{
    struct value *authorizer = record_new(c->arena, KIND_AUTHORIZER);
    struct api api;

    TRY(api_of_call(c, &api));
    TRY(lengths_check(c));
    copy_members(authorizer, c->in);
    TRY(authorizer_check(c, authorizer));
    TRY(name_check(c, api.id, authorizer));
    TRY(room_check(c, KIND_AUTHORIZER, api.id, AUTHORIZERS_MAX));
    set_str(authorizer, "AuthorizerId", id_new(c, KIND_AUTHORIZER, api.id, OTHER_ID_LETTERS));
    authorizer_put(c, &api, authorizer);
    copy_members(c->out, authorizer);
    return OK;
}

/* GetAuthorizer */
status apigw_get_authorizer(struct call *c)
{
    struct value *authorizer;
    struct api api;

    TRY(authorizer_of_call(c, &api, &authorizer));
    copy_members(c->out, authorizer);
    return OK;
}

/* GetAuthorizers */
status apigw_get_authorizers(struct call *c)
{
    return list_of_api(c, KIND_AUTHORIZER);
}

/* UpdateAuthorizer */
status apigw_update_authorizer(struct call *c)
{
    struct value *authorizer;
    struct api api;

    TRY(authorizer_of_call(c, &api, &authorizer));
    TRY(lengths_check(c));
    record_apply(c, authorizer, c->in);
    TRY(authorizer_check(c, authorizer));
    TRY(name_check(c, api.id, authorizer));
    authorizer_put(c, &api, authorizer);
    copy_members(c->out, authorizer);
    return OK;
}

/* The key of a route that asks it; empty: none. */
static struct str user_of(struct call *c, struct str api, struct str authorizer)
{
    struct record_scan *scan = record_scan(c, c->arena, KIND_ROUTE, api, STR_NONE);
    struct str user = STR_NONE;
    struct value *route;
    struct str id;

    while (user.bytes == 0 && record_next(scan, &id, &route)) {
        if (str_eq(get_str(route, "AuthorizerId"), authorizer)) {
            user = get_str(route, "RouteKey");
        }
    }
    record_scan_close(scan);
    return user;
}

/* DeleteAuthorizer */
status apigw_delete_authorizer(struct call *c)
{
    struct value *authorizer;
    struct str user;
    struct api api;

    TRY(authorizer_of_call(c, &api, &authorizer));
    user = user_of(c, api.id, get_str(authorizer, "AuthorizerId"));
    if (user.bytes > 0) {
        return fail(c, &GATEWAY_CONFLICT, "Cannot delete authorizer '%.*s', is referenced in "
                    "route: %.*s", STR_ARG(get_str(authorizer, "Name")),
                    STR_ARG(str_slice(user, 0, 512)));
    }
    record_erase(c, KIND_AUTHORIZER, api.id, get_str(authorizer, "AuthorizerId"));
    api_changed(c, &api);
    return OK;
}
