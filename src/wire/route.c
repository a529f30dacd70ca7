/* SPDX-License-Identifier: Apache-2.0
 *
 * Which service, operation and protocol is this? By the credential scope, X-Amz-Target, the action or
 * the path, and the host, in this order.
 */
#include "base/codec.h"
#include "wire/wire.h"

#include <assert.h>

static const struct service_model *by_target(struct str prefix)
{
    for (uint32_t i = 0; i < model_service_count; i++) {
        if (model_services[i].target_prefix != 0 &&
            str_eq(model_text(model_services[i].target_prefix), prefix)) {
            return &model_services[i];
        }
    }
    return NULL;
}

static bool is_cbor(struct str type)
{
    return str_starts_nocase(type, STR("application/x-amz-cbor-1.1"));
}

/* AWS JSON and Kinesis CBOR: X-Amz-Target is prefix.Operation. */
static status route_target(const struct http_request *request, struct str target, struct why *why,
                           struct route *route)
{
    struct str type = http_header(request, STR("content-type"));
    size_t dot = target.bytes;

    while (dot > 0 && target.at[dot - 1] != '.') {
        dot--;
    }
    route->asked = str_slice(target, dot, target.bytes);
    route->service = by_target(str_slice(target, 0, dot == 0 ? 0 : dot - 1));
    route->protocol = PROTOCOL_JSON;
    route->json_minor = str_starts_nocase(type, STR("application/x-amz-json-1.0")) ? 0 : 1;
    if (route->service == NULL) {
        return why_set(why, &WIRE_UNKNOWN_OPERATION, "%s", "");
    }
    if (is_cbor(type) && (route->service->protocols >> PROTOCOL_CBOR & 1) != 0) {
        route->protocol = PROTOCOL_CBOR;
    }
    route->operation = model_operation(route->service, route->asked);
    return route->operation != NULL ? OK : why_set(why, &WIRE_UNKNOWN_OPERATION, "%s", "");
}

static const struct service_model *by_signing_name(struct str scope)
{
    for (uint32_t i = 0; i < model_service_count; i++) {
        if (str_eq(model_text(model_services[i].signing_name), scope)) {
            return &model_services[i];
        }
    }
    return NULL;
}

status wire_route(const struct http_request *request, struct str scope, struct arena *arena,
                  struct why *why, struct route *ret_route)
{
    struct str target = http_header(request, STR("x-amz-target"));
    struct route route = {.protocol = PROTOCOL_JSON, .path = request->path};
    status routed;

    (void)arena;
    if (target.bytes > 0) {
        routed = route_target(request, target, why, &route);
    } else {
        route.service = by_signing_name(scope);
        if (route.service != NULL) {
            route.protocol = route.service->protocol;
        }
        routed = why_set(why, &WIRE_UNKNOWN_OPERATION, "%s", "");
    }
    *ret_route = route;
    return routed;
}
