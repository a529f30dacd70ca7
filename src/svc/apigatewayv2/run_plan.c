/* SPDX-License-Identifier: Apache-2.0
 *
 * A stage, compiled: once after something of its API changed, so that a request compares and copies
 * and reads no configuration.
 */
#include "svc/apigatewayv2/run.h"

static struct bucket bucket_of(const struct value *settings)
{
    struct bucket bucket = {.at_ms = 0};

    if (settings != NULL &&
        (has(settings, "ThrottlingRateLimit") || has(settings, "ThrottlingBurstLimit"))) {
        bucket.limited = true;
        bucket.rate = get_double(settings, "ThrottlingRateLimit", 10000);
        bucket.burst = (double)get_int(settings, "ThrottlingBurstLimit", 5000);
    }
    return bucket;
}

static void parameters_read(struct run_route *route, const struct value *map, struct arena *arena)
{
    struct parameter *parameters;

    if (map == NULL) {
        return;
    }
    parameters = arena_alloc(arena, (map->count + 1) * sizeof(*parameters));
    for (uint32_t i = 0; i < map->count; i++) {
        parameters[i].name = map->pairs[i].key;
        parameters[i].source = map->pairs[i].value.str;
        parameters[i].text = text_read(map->pairs[i].value.str, false, arena);
    }
    route->parameters = parameters;
    route->parameter_count = map->count;
}

/* {"200": {"overwrite:header.a": "b"}}; the model says the inner one is a map of texts. */
static void answers_read(struct run_route *route, const struct value *map, struct arena *arena)
{
    struct mappings *answers;

    if (map == NULL) {
        return;
    }
    answers = arena_alloc(arena, (map->count + 1) * sizeof(*answers));
    for (uint32_t i = 0; i < map->count; i++) {
        int64_t http = 0;

        answers[i] = mappings_read(&map->pairs[i].value, arena);
        (void)str_to_i64(map->pairs[i].key, &http);
        answers[i].http = (int)http;
    }
    route->answers = answers;
    route->answer_count = map->count;
}

static void identity_read(struct run_route *route, const struct value *authorizer,
                          struct arena *arena)
{
    const struct value *sources =
        authorizer == NULL ? NULL : get(authorizer, "IdentitySource");
    struct text *identity;

    if (sources == NULL) {
        return;
    }
    identity = arena_alloc(arena, (sources->count + 1) * sizeof(*identity));
    for (uint32_t i = 0; i < sources->count; i++) {
        identity[i] = text_read(sources->items[i].str, false, arena);
    }
    route->identity = identity;
    route->identity_count = sources->count;
}

static void route_read(struct run_route *route, const struct live_route *live,
                       const struct value *settings, struct arena *arena)
{
    const struct value *integration = live->integration;

    route->live = live;
    route->key_text = get_str(live->route, "RouteKey");
    route->key = route_key_read(route->key_text, arena);
    route->bucket =
        bucket_of(settings == NULL ? NULL : map_find(settings, route->key_text));
    identity_read(route, live->authorizer, arena);
    if (integration == NULL) {
        return;
    }
    if (has(integration, "IntegrationSubtype")) {
        parameters_read(route, get(integration, "RequestParameters"), arena);
    } else if (has(integration, "RequestParameters")) {
        route->request = mappings_read(get(integration, "RequestParameters"), arena);
    }
    answers_read(route, get(integration, "ResponseParameters"), arena);
}

static void variables_read(struct plan *plan, const struct value *map, struct arena *arena)
{
    if (map == NULL) {
        return;
    }
    plan->variables = arena_alloc(arena, (map->count + 1) * sizeof(plan->variables[0]));
    for (uint32_t i = 0; i < map->count; i++) {
        plan->variables[i] = (struct http_pair){map->pairs[i].key, map->pairs[i].value.str};
    }
    plan->variable_count = map->count;
}

struct plan *plan_of(struct live *live)
{
    struct plan *plan = live->plan;
    const struct value *log;

    if (plan != NULL) {
        return plan;
    }
    plan = ARENA_NEW(live->arena, struct plan);
    plan->routes = arena_zero(live->arena, (live->route_count + 1) * sizeof(struct run_route));
    plan->route_count = live->route_count;
    for (size_t i = 0; i < live->route_count; i++) {
        route_read(&plan->routes[i], &live->routes[i], get(live->stage, "RouteSettings"),
                   live->arena);
    }
    plan->cors = live->api == NULL ? NULL : get(live->api, "CorsConfiguration");
    plan->bucket = bucket_of(get(live->stage, "DefaultRouteSettings"));
    variables_read(plan, get(live->stage, "StageVariables"), live->arena);
    log = get(live->stage, "AccessLogSettings");
    if (log != NULL) {
        plan->log_target = get_str(log, "DestinationArn");
        plan->log_format = text_read(get_str(log, "Format"), true, live->arena);
    }
    live->plan = plan;
    return plan;
}
