/* SPDX-License-Identifier: Apache-2.0
 *
 * Which service, operation and protocol is this? In this order:
 *
 *   X-Amz-Target            AWS JSON, Kinesis CBOR: prefix.Operation
 *   smithy-protocol         Smithy RPC v2 CBOR: /service/NAME/operation/OPERATION
 *   credential scope, host  the service; then by its protocols
 *     Action                Query and EC2, in the query or the form
 *     method and path       REST: the most specific template whose literals, query literals and
 *                           required headers and parameters are all there
 *
 * A request that says nothing of a service goes to S3, whose objects may be asked for by anybody.
 * Several services share a signing name (apigateway's two versions, DynamoDB and its streams, S3
 * and its control): every one of that name is tried.
 */
#include "base/codec.h"
#include "wire/wire.h"

#include <assert.h>

#define SEGMENTS_MAX 24
#define FORM_BYTES_MAX (2u * 1024 * 1024)

/* ---- by name ---- */

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

static bool speaks(const struct service_model *service, enum protocol protocol)
{
    return (service->protocols >> protocol & 1) != 0;
}

static status unknown_operation(struct why *why)
{
    return why_set(why, &WIRE_UNKNOWN_OPERATION, "%s", "");
}

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
        return unknown_operation(why);
    }
    if (str_starts_nocase(type, STR("application/x-amz-cbor-1.1")) &&
        speaks(route->service, PROTOCOL_CBOR)) {
        route->protocol = PROTOCOL_CBOR;
    }
    route->operation = model_operation(route->service, route->asked);
    return route->operation != NULL ? OK : unknown_operation(why);
}

/* /service/GraniteServiceVersion20100801/operation/PutMetricData */
static status route_rpc(const struct http_request *request, struct why *why, struct route *route)
{
    struct str rest = str_slice(request->path, 1, request->path.bytes);
    struct str parts[4] = {STR_NONE, STR_NONE, STR_NONE, STR_NONE};

    route->protocol = PROTOCOL_RPC_CBOR;
    for (int i = 0; i < 4 && rest.at != NULL; i++) {
        parts[i] = str_split(&rest, '/');
    }
    route->asked = parts[3];
    if (rest.at == NULL && str_eq(parts[0], STR("service")) &&
        str_eq(parts[2], STR("operation"))) {
        route->service = by_target(parts[1]);
    }
    if (route->service == NULL || !speaks(route->service, PROTOCOL_RPC_CBOR)) {
        return unknown_operation(why);
    }
    route->operation = model_operation(route->service, route->asked);
    return route->operation != NULL ? OK : unknown_operation(why);
}

/* ---- Query and EC2 ---- */

/* The decoded value of a form's field; STR_NONE where there is none. */
static struct str form_value(struct str form, struct str name, struct arena *arena)
{
    struct str value;

    while (form.at != NULL) {
        struct str part = str_split(&form, '&');
        size_t equals = str_find(part, '=', 0);

        if (str_eq(str_slice(part, 0, equals), name) &&
            percent_decode(arena, str_slice(part, equals + 1, part.bytes), true, &value)) {
            return value;
        }
    }
    return STR_NONE;
}

static struct str query_field(const struct http_request *request, struct str name,
                              struct arena *arena)
{
    struct str type = http_header(request, STR("content-type"));
    struct str value = form_value(request->query, name, arena);

    if (value.bytes == 0 && request->body.bytes > 0 && request->body.bytes <= FORM_BYTES_MAX &&
        str_starts_nocase(type, STR("application/x-www-form-urlencoded"))) {
        value = form_value(request->body, name, arena);
    }
    return value;
}

static bool takes_action(const struct service_model *service, struct str action,
                         struct route *route)
{
    bool ec2 = speaks(service, PROTOCOL_EC2);

    if (!ec2 && !speaks(service, PROTOCOL_QUERY)) {
        return false;
    }
    route->service = service;
    route->protocol = ec2 ? PROTOCOL_EC2 : PROTOCOL_QUERY;
    route->operation = model_operation(service, action);
    return route->operation != NULL;
}

/* ---- REST ---- */

/* How well a template fits: more is more specific. */
struct fit {
    int literals;   /* segments of the path that are spelled out */
    int required;   /* query literals, required parameters and headers, all present */
    int greedy;     /* labels that take the rest: fewer is better */
};

static bool better(const struct fit *a, const struct fit *b)
{
    if (a->required != b->required) {
        return a->required > b->required;
    }
    if (a->literals != b->literals) {
        return a->literals > b->literals;
    }
    return a->greedy < b->greedy;
}

static bool is_label(struct str segment)
{
    return str_starts(segment, STR("{")) && str_ends(segment, STR("}"));
}

/* Segments of the path against those of the template. */
static bool path_fits(struct str template, struct str path, struct fit *fit)
{
    struct str want = str_slice(template, 1, template.bytes);
    struct str have = str_slice(path, 1, path.bytes);

    for (int i = 0; i < SEGMENTS_MAX && want.at != NULL; i++) {
        struct str segment = str_split(&want, '/');

        if (str_ends(segment, STR("+}"))) { /* takes slashes too, up to what follows it */
            size_t tail = want.at == NULL ? 0 : want.bytes + 1;

            fit->greedy++;
            if (have.at == NULL || have.bytes <= tail) {
                return false;
            }
            have = tail == 0 ? STR_NONE : str_slice(have, have.bytes - tail + 1, have.bytes);
            continue;
        }
        if (have.at == NULL) {
            return false;
        }
        struct str piece = str_split(&have, '/');

        if (is_label(segment)) {
            if (piece.bytes == 0) {
                return false;
            }
        } else if (str_eq(segment, piece)) {
            fit->literals += segment.bytes > 0;
        } else {
            return false;
        }
    }
    return have.at == NULL || have.bytes == 0; /* a slash at the end does not matter */
}

/* A parameter is in the query, with that value when one is asked for. */
static bool query_has(struct str query, struct str name, struct str value)
{
    while (query.at != NULL) {
        struct str part = str_split(&query, '&');
        size_t equals = str_find(part, '=', 0);

        if (str_eq(str_slice(part, 0, equals), name) &&
            (value.bytes == 0 || str_eq(str_slice(part, equals + 1, part.bytes), value))) {
            return true;
        }
    }
    return false;
}

static bool query_fits(struct str literals, struct str query, struct fit *fit)
{
    while (literals.at != NULL) {
        struct str part = str_split(&literals, '&');
        size_t equals = str_find(part, '=', 0);

        if (part.bytes == 0) {
            continue;
        }
        if (!query_has(query, str_slice(part, 0, equals),
                       str_slice(part, equals + 1, part.bytes))) {
            return false;
        }
        fit->required++;
    }
    return true;
}

/* Required members in the query and in headers tell operations of one template apart. */
static bool members_fit(const struct operation *operation, const struct http_request *request,
                        struct fit *fit)
{
    const struct shape *input = model_shape(operation->input);

    for (uint32_t i = 0; operation->input != 0 && i < input->count; i++) {
        const struct member *member = &model_members[input->first + i];
        struct str name = model_text(member->wire_name);
        bool there = true;

        if ((member->flags & MEMBER_REQUIRED) == 0) {
            continue;
        }
        if (member->location == AT_QUERY) {
            there = query_has(request->query, name, STR_NONE);
        } else if (member->location == AT_HEADER && str_starts_nocase(name, STR("x-amz-copy"))) {
            char lower[64];

            for (size_t j = 0; j < name.bytes && j < sizeof(lower); j++) {
                lower[j] = (char)(name.at[j] >= 'A' && name.at[j] <= 'Z' ? name.at[j] + 32
                                                                        : name.at[j]);
            }
            there = http_header(request, str_of(lower, name.bytes)).at != NULL;
        } else {
            continue; /* what else is missing the check says, by its name */
        }
        if (!there) {
            return false;
        }
        fit->required++;
    }
    return true;
}

/* What operations are looked at for. */
struct sought {
    const struct http_request *request;
    uint8_t method;    /* its index in the model */
    size_t segments;   /* of its path; one more when a slash ends it */
};

static struct sought sought_of(const struct http_request *request, struct str path)
{
    struct sought sought = {request, model_method_index(request->method), 0};

    for (size_t i = 0; i < path.bytes; i++) {
        sought.segments += path.at[i] == '/';
    }
    return sought;
}

/* What most operations fail at, by numbers alone: another method, a query where there is none,
 * fewer or more segments. */
static bool may_fit(const struct operation *operation, const struct sought *sought)
{
    bool greedy = (operation->flags & OPERATION_URI_GREEDY) != 0;

    return operation->method == sought->method &&
           ((operation->flags & OPERATION_URI_QUERY) == 0 || sought->request->query.bytes > 0) &&
           sought->segments >= operation->segments &&
           (greedy || sought->segments <= operation->segments + 1u);
}

/* Path and query literals. */
static bool uri_fits(const struct operation *operation, const struct route *route,
                     const struct http_request *request, struct fit *fit)
{
    struct str uri = model_text(operation->uri);
    size_t mark = (operation->flags & OPERATION_URI_QUERY) != 0 ? str_find(uri, '?', 0)
                                                                : uri.bytes;

    return path_fits(str_slice(uri, 0, mark), route->path, fit) &&
           query_fits(str_slice(uri, mark + 1, uri.bytes), request->query, fit);
}

/* The best operation of a REST service; better than *best replaces it. */
static void match_service(const struct service_model *service, const struct http_request *request,
                          struct route *route, struct fit *best)
{
    struct sought sought = sought_of(request, route->path);

    for (uint32_t i = 0; i < service->operation_count; i++) {
        const struct operation *operation = &model_operations[service->operation_first + i];
        struct fit fit = {0, 0, 0};

        if (!may_fit(operation, &sought) || !uri_fits(operation, route, request, &fit) ||
            !members_fit(operation, request, &fit)) {
            continue;
        }
        if (route->operation == NULL || better(&fit, best)) {
            route->service = service;
            route->operation = operation;
            *best = fit;
        }
    }
}

/* Missing required parameters must not hide an operation: without them, the same once more. */
static void match_loosely(const struct service_model *service, const struct http_request *request,
                          struct route *route)
{
    struct sought sought = sought_of(request, route->path);
    struct fit best = {0, 0, 0};

    for (uint32_t i = 0; i < service->operation_count; i++) {
        const struct operation *operation = &model_operations[service->operation_first + i];
        struct fit fit = {0, 0, 0};

        if (may_fit(operation, &sought) && uri_fits(operation, route, request, &fit) &&
            (route->operation == NULL || better(&fit, &best))) {
            route->service = service;
            route->operation = operation;
            best = fit;
        }
    }
}

static bool is_rest(const struct service_model *service)
{
    return speaks(service, PROTOCOL_REST_JSON) || speaks(service, PROTOCOL_REST_XML);
}

struct str wire_bucket_of_host(struct str authority)
{
    struct str host = str_slice(authority, 0, str_find(authority, ':', 0));
    size_t at = str_find_str(host, STR(".s3."));

    if (at == host.bytes) {
        at = str_find_str(host, STR(".s3-"));
    }
    if (at == host.bytes && str_ends(host, STR(".localhost")) &&
        !str_eq(host, STR("s3.localhost"))) { /* what clients make of an endpoint "localhost" */
        at = host.bytes - STR(".localhost").bytes;
    }
    return at == 0 || at == host.bytes ? STR_NONE : str_slice(host, 0, at);
}

/* For matching, the bucket belongs before the path. */
static void bucket_of_host(const struct http_request *request, struct arena *arena,
                           struct route *route)
{
    route->bucket = wire_bucket_of_host(request->authority);
    if (route->bucket.bytes > 0) {
        route->path =
            arena_printf(arena, "/%.*s%.*s", STR_ARG(route->bucket), STR_ARG(request->path));
    }
}

/* ---- which service ---- */

static bool names_service(const struct service_model *service, struct str scope, struct str host)
{
    if (scope.bytes > 0) {
        return str_eq(model_text(service->signing_name), scope);
    }
    return str_eq(model_text(service->endpoint_prefix), host);
}

/* kinesis.us-east-1.amazonaws.com, streams.dynamodb.us-east-1.…, kinesis.localhost: the prefix. */
static struct str host_prefix(const struct http_request *request)
{
    struct str host = str_slice(request->authority, 0, str_find(request->authority, ':', 0));
    struct str longest = STR_NONE;

    for (uint32_t i = 0; i < model_service_count; i++) {
        struct str prefix = model_text(model_services[i].endpoint_prefix);

        if (prefix.bytes > longest.bytes && str_starts(host, prefix) &&
            host.bytes > prefix.bytes && host.at[prefix.bytes] == '.') {
            longest = prefix;
        }
    }
    return longest;
}

static status route_named(const struct http_request *request, struct str scope,
                          struct arena *arena, struct route *route)
{
    struct str host = host_prefix(request);
    struct str action = query_field(request, STR("Action"), arena);
    struct fit best = {0, 0, 0};
    bool any = scope.bytes > 0 || host.bytes > 0;

    route->asked = action;
    if (!any && action.bytes > 0) { /* a link that people follow: ?Action=ConfirmSubscription */
        for (uint32_t i = 0; i < model_service_count; i++) {
            if (takes_action(&model_services[i], action, route)) {
                route->service = &model_services[i];
                return OK;
            }
        }
    }
    if (!any) {
        scope = STR("s3");
    }
    if (str_eq(scope, STR("s3")) || str_eq(host, STR("s3"))) {
        bucket_of_host(request, arena, route);
    }
    for (int loosely = 0; loosely < 2; loosely++) {
        for (uint32_t i = 0; i < model_service_count; i++) {
            const struct service_model *service = &model_services[i];

            if (!names_service(service, scope, host)) {
                continue;
            }
            if (route->service == NULL) {
                route->service = service;
                route->protocol = service->protocol;
            }
            if (action.bytes > 0 && takes_action(service, action, route)) {
                return OK;
            }
            if (is_rest(service) && loosely == 0) {
                match_service(service, request, route, &best);
            } else if (is_rest(service)) {
                match_loosely(service, request, route);
            }
        }
        if (route->operation != NULL) {
            route->protocol = route->service->protocol;
            break;
        }
    }
    if (route->bucket.bytes > 0) { /* what is left for the labels behind the bucket */
        route->path = request->path;
    }
    return route->operation != NULL ? OK : &WIRE_UNKNOWN_OPERATION;
}

status wire_route(const struct http_request *request, struct str scope, struct arena *arena,
                  struct why *why, struct route *ret_route)
{
    struct str target = http_header(request, STR("x-amz-target"));
    struct route route = {.protocol = PROTOCOL_JSON, .path = request->path};
    status routed;

    if (target.bytes > 0) {
        routed = route_target(request, target, why, &route);
    } else if (str_eq(http_header(request, STR("smithy-protocol")), STR("rpc-v2-cbor"))) {
        routed = route_rpc(request, why, &route);
    } else {
        routed = route_named(request, scope, arena, &route);
        if (routed != OK && route.asked.bytes > 0) {
            routed = why_set(why, &WIRE_INVALID_ACTION,
                             "The action %.*s is not valid for this web service.",
                             STR_ARG(str_slice(route.asked, 0, 128)));
        } else if (routed != OK) {
            routed = unknown_operation(why);
        }
    }
    *ret_route = route;
    return routed;
}
