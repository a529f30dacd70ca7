/* SPDX-License-Identifier: Apache-2.0
 *
 * OpenAPI definitions from anywhere, in JSON and YAML: what is accepted is bounded, refers only to
 * what is there, and its export is a definition again.
 */
#include "base/buf.h"
#include "svc/apigatewayv2/openapi.h"
#include "wire/json.h"
#include "wire/yaml.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_BYTES_MAX (256u << 20)

static void demand(bool held)
{
    if (!held) {
        abort();
    }
}

static void look(const struct openapi *openapi)
{
    demand(openapi->route_count <= ROUTES_MAX);
    demand(openapi->integration_count <= INTEGRATIONS_MAX);
    demand(openapi->authorizer_count <= AUTHORIZERS_MAX);
    for (size_t i = 0; i < openapi->route_count; i++) {
        demand(openapi->routes[i].integration < (int)openapi->integration_count);
        demand(openapi->routes[i].authorizer < (int)openapi->authorizer_count);
        demand(has(openapi->routes[i].record, "RouteKey"));
    }
}

static void export_again(const struct openapi *openapi, bool yaml, struct arena *arena)
{
    struct live_route *routes =
        arena_zero(arena, (openapi->route_count + 1) * sizeof(routes[0]));
    struct openapi_export export = {.routes = routes, .route_count = openapi->route_count,
                                    .api = openapi->api, .endpoint = STR("http://localhost"),
                                    .extensions = true};
    struct openapi *again = ARENA_NEW(arena, struct openapi);
    struct openapi_text text = {.account = STR("000000000000"), .region = STR("us-east-1")};
    struct buf out;
    struct why why;

    for (size_t i = 0; i < openapi->route_count; i++) {
        const struct openapi_route *route = &openapi->routes[i];

        routes[i].route = route->record;
        routes[i].integration =
            route->integration < 0 ? NULL : openapi->integrations[route->integration];
        routes[i].authorizer =
            route->authorizer < 0 ? NULL : openapi->authorizers[route->authorizer];
    }
    buf_init(&out, OPENAPI_BYTES_MAX);
    if (yaml) {
        yaml_write(&out, openapi_document(&export, arena));
    } else {
        json_write(&out, openapi_document(&export, arena), TIME_ISO);
    }
    text.body = buf_str(&out);
    if (!buf_spent(&out) && !arena_spent(arena)) {
        demand(openapi_read(&text, arena, &why, again) == OK || arena_spent(arena));
        look(again);
    }
    buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const modes[] = {"", "ignore", "prepend", "split"};
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct openapi *openapi = ARENA_NEW(arena, struct openapi);
    struct openapi_text text = {.account = STR("000000000000"), .region = STR("us-east-1")};
    struct why why;

    if (size > 0) {
        text.basepath = str_c(modes[data[0] % 4]);
        text.body = arena_dup(arena, str_of(data + 1, size - 1));
        if (openapi_read(&text, arena, &why, openapi) == OK) {
            look(openapi);
            export_again(openapi, (data[0] & 4) != 0, arena);
        }
    }
    arena_free(arena);
    return 0;
}
