/* SPDX-License-Identifier: Apache-2.0
 *
 * APIs. A record has no ApiEndpoint: where weir is reached is said anew in each answer.
 */
#include "svc/apigatewayv2/ops.h"
#include "svc/apigatewayv2/rule.h"
#include "wire/wire.h"

#define ROUTE_SELECTION STR("$request.method $request.path")
#define KEY_SELECTION STR("$request.header.x-api-key")

static void api_tell(struct call *c, struct value *record)
{
    set_str(record, "ApiEndpoint", api_endpoint(c, get_str(record, "ApiId"), c->region));
}

/* ---- rules ---- */

static bool any_is(const struct value *list, struct str text)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (str_eq(list->items[i].str, text)) {
            return true;
        }
    }
    return false;
}

static status methods_check(struct call *c, const struct value *methods)
{
    static const char *const known[] = {"*",    "GET",   "PUT",    "HEAD",
                                        "POST", "PATCH", "DELETE", "OPTIONS"};

    for (uint32_t i = 0; methods != NULL && i < methods->count; i++) {
        bool good = false;

        for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
            good = good || str_eq(methods->items[i].str, str_c(known[k]));
        }
        if (!good) {
            return bad_request(c, "Invalid method %.*s in allow-methods",
                               STR_ARG(methods->items[i].str));
        }
    }
    return OK;
}

static status origins_check(struct call *c, const struct value *origins)
{
    for (uint32_t i = 0; origins != NULL && i < origins->count; i++) {
        struct str origin = origins->items[i].str;
        size_t scheme = str_find_str(origin, STR("://"));

        if (!str_eq(origin, STR("*")) && (scheme == 0 || scheme == origin.bytes)) {
            return bad_request(c, "Invalid format for origin %.*s. Must be of the form: "
                               "{scheme}://{host}", STR_ARG(str_slice(origin, 0, 256)));
        }
    }
    return OK;
}

static status cors_check(struct call *c, const struct value *cors)
{
    if (cors == NULL) {
        return OK;
    }
    TRY(methods_check(c, get(cors, "AllowMethods")));
    TRY(origins_check(c, get(cors, "AllowOrigins")));
    if (get_bool(cors, "AllowCredentials", false) &&
        any_is(get(cors, "AllowOrigins"), STR("*"))) {
        return bad_request(c, "allow-credentials is not supported if 'allow-origin' is *");
    }
    return OK;
}

status api_check(struct call *c, const struct value *record)
{
    struct str selection = get_str(record, "RouteSelectionExpression");

    if (selection.bytes > 0 && !str_eq(selection, ROUTE_SELECTION) &&
        !str_eq(selection, STR("${request.method} ${request.path}"))) {
        return bad_request(c, "Invalid route selection expression specified. Only "
                           "'$request.method $request.path' is supported for HTTP APIs");
    }
    TRY(tags_check(c, get(record, "Tags")));
    TRY(size_check(c, KIND_API, record));
    return cors_check(c, get(record, "CorsConfiguration"));
}

void api_complete(struct call *c, struct value *record)
{
    set_str(record, "ProtocolType", STR("HTTP"));
    if (!has(record, "ApiKeySelectionExpression")) {
        set_str(record, "ApiKeySelectionExpression", KEY_SELECTION);
    }
    if (!has(record, "RouteSelectionExpression")) {
        set_str(record, "RouteSelectionExpression", ROUTE_SELECTION);
    }
    if (!has(record, "DisableExecuteApiEndpoint")) {
        set_bool(record, "DisableExecuteApiEndpoint", false);
    }
    if (!has(record, "IpAddressType")) {
        set_str(record, "IpAddressType", STR("ipv4"));
    }
    if (!has(record, "Tags")) {
        (void)set_map(c->arena, record, "Tags", 0);
    }
}

struct str api_mapped(struct call *c, struct str api, struct str stage)
{
    const struct gateway *gateway = gateway_of(c);
    struct str name;
    void *first;

    for (size_t i = 0; map_next(gateway->domains, &i, &name, &first);) {
        for (const struct domain *domain = first; domain != NULL; domain = domain->next) {
            for (size_t k = 0; k < domain->mapping_count; k++) {
                const struct domain_mapping *mapping = &domain->mappings[k];

                if (str_eq(mapping->api_id, api) &&
                    (stage.bytes == 0 || str_eq(mapping->stage, stage))) {
                    return domain->name;
                }
            }
        }
    }
    return STR_NONE;
}

/* ---- operations ---- */

/* CreateApi */
status apigw_create_api(struct call *c)
{
    struct value *record = record_new(c->arena, KIND_API);
    struct api api = {STR_NONE, c->account, c->region, record};

    if (str_eq(arg_str(c, "ProtocolType"), STR("WEBSOCKET"))) {
        return fail(c, &WIRE_NOT_IMPLEMENTED,
                    "WebSocket APIs (ProtocolType WEBSOCKET) are not implemented by weir");
    }
    TRY(lengths_check(c));
    copy_members(record, c->in);
    TRY(api_check(c, record));
    TRY(quick_check(c));
    TRY(room_check(c, KIND_API, owner_of(c), APIS_MAX));
    api.id = id_new(c, KIND_API, owner_of(c), API_ID_LETTERS);
    set_str(record, "ApiId", api.id);
    set_time(record, "CreatedDate", c->now);
    api_complete(c, record);
    call_on(c, apigw_arn(c, "/apis/%.*s", STR_ARG(api.id)));
    api_where_put(c, api.id);
    record_put(c, KIND_API, owner_of(c), api.id, record);
    quick_create(c, &api);
    api_tell(c, record);
    copy_members(c->out, record);
    return OK;
}

/* GetApi */
status apigw_get_api(struct call *c)
{
    struct api api;

    TRY(api_of_call(c, &api));
    api_tell(c, api.record);
    copy_members(c->out, api.record);
    return OK;
}

/* GetApis */
status apigw_get_apis(struct call *c)
{
    return list_tell(c, &(struct listing){
                            .kind = KIND_API, .owner = owner_of(c), .tell = api_tell});
}

/* UpdateApi */
status apigw_update_api(struct call *c)
{
    struct api api;

    TRY(api_of_call(c, &api));
    TRY(lengths_check(c));
    record_apply(c, api.record, c->in);
    if (!has(api.record, "Name")) {
        return bad_request(c, "Invalid Name specified. The length must be between 1 and 128 "
                           "characters.");
    }
    TRY(api_check(c, api.record));
    TRY(quick_update(c, &api));
    api_complete(c, api.record);
    record_put(c, KIND_API, owner_of(c), api.id, api.record);
    api_changed(c, &api);
    api_tell(c, api.record);
    copy_members(c->out, api.record);
    return OK;
}

void api_clear(struct call *c, struct str api)
{
    static const enum kind kinds[] = {KIND_ROUTE,          KIND_INTEGRATION,
                                      KIND_AUTHORIZER,     KIND_MODEL,
                                      KIND_ROUTE_RESPONSE, KIND_INTEGRATION_RESPONSE};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        records_erase(c, kinds[i], api);
    }
}

/* DeleteApi */
status apigw_delete_api(struct call *c)
{
    struct str domain;
    struct api api;

    TRY(api_of_call(c, &api));
    domain = api_mapped(c, api.id, STR_NONE);
    if (domain.bytes > 0) {
        return bad_request(c, "Please remove all base path mappings related to the API in your "
                           "domain: %.*s", STR_ARG(domain));
    }
    api_clear(c, api.id);
    records_erase(c, KIND_STAGE, api.id);
    records_erase(c, KIND_DEPLOYMENT, api.id);
    record_erase(c, KIND_API, owner_of(c), api.id);
    api_where_erase(c, api.id);
    lives_forget(gateway_of(c), api.id);
    return OK;
}

/* DeleteCorsConfiguration */
status apigw_delete_cors(struct call *c)
{
    struct api api;

    TRY(api_of_call(c, &api));
    unset_member(api.record, "CorsConfiguration");
    record_put(c, KIND_API, owner_of(c), api.id, api.record);
    api_changed(c, &api);
    return OK;
}
