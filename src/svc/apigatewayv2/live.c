/* SPDX-License-Identifier: Apache-2.0
 *
 * Stages in memory, as requests meet them: made when first asked for, from rows; forgotten when
 * anything of their API changes.
 */
#include "base/mem.h"
#include "svc/apigatewayv2/record.h"

#include <assert.h>

#define KEY_ROOM 256

bool api_find(struct call *c, struct str id, struct api *ret_api)
{
    struct api api = {.id = arena_dup(c->arena, id)};

    if (!api_where(c, id, &api.account, &api.region)) {
        return false;
    }
    if (!record_get(c, KIND_API, api_owner(c, &api), id, &api.record)) {
        return false;
    }
    *ret_api = api;
    return true;
}

/* ---- making ---- */

static const struct value *by_id(struct value *const *records, size_t count, const char *member,
                                 struct str id)
{
    for (size_t i = 0; id.bytes > 0 && i < count; i++) {
        if (str_eq(get_str(records[i], member), id)) {
            return records[i];
        }
    }
    return NULL;
}

struct live_route *live_routes(struct arena *arena, const struct snapshot *snapshot)
{
    struct live_route *routes =
        arena_zero(arena, (snapshot->route_count + 1) * sizeof(routes[0]));

    for (size_t i = 0; i < snapshot->route_count; i++) {
        struct live_route *route = &routes[i];
        struct str target = get_str(snapshot->routes[i], "Target");

        route->route = snapshot->routes[i];
        if (str_starts(target, STR("integrations/"))) {
            route->integration = by_id(snapshot->integrations, snapshot->integration_count,
                                       "IntegrationId",
                                       str_slice(target, strlen("integrations/"), target.bytes));
        }
        route->authorizer = by_id(snapshot->authorizers, snapshot->authorizer_count,
                                  "AuthorizerId", get_str(route->route, "AuthorizerId"));
    }
    return routes;
}

/* As of its deployment, or as the API is now. */
static void live_deployment(struct call *c, struct live *live, const struct api *api)
{
    struct str deployment = get_str(live->stage, "DeploymentId");
    struct snapshot snapshot;

    if (deployment.bytes == 0 && !get_bool(live->stage, "AutoDeploy", false)) {
        struct record_name name = {KIND_API, api_owner(c, api), api->id};
        struct value *record = NULL;

        (void)record_read(c, &name, live->arena, &record);
        live->api = record;
        return;
    }
    if (get_bool(live->stage, "AutoDeploy", false) ||
        !snapshot_get(c, live->arena, api->id, deployment, &snapshot)) {
        snapshot_now(c, live->arena, api, &snapshot);
    }
    live->api = snapshot.api;
    live->deployed = true;
    live->routes = live_routes(live->arena, &snapshot);
    live->route_count = snapshot.route_count;
}

static struct live *live_new(struct call *c, struct str api_id, struct str stage_name)
{
    struct live *live;
    struct value *stage;
    struct arena *arena;
    struct api api;

    if (!record_is(c, KIND_STAGE, api_id, stage_name) || !api_find(c, api_id, &api)) {
        return NULL;
    }
    arena = arena_new(LIVE_BYTES_MAX);
    live = ARENA_NEW(arena, struct live);
    live->arena = arena;
    live->holders = 1;
    live->account = arena_dup(arena, api.account);
    live->region = arena_dup(arena, api.region);
    live->api_id = arena_dup(arena, api.id);
    live->stage_name = arena_dup(arena, stage_name);
    (void)record_read(c, &(struct record_name){KIND_STAGE, api_id, stage_name}, arena, &stage);
    live->stage = stage;
    live_deployment(c, live, &api);
    return live;
}

/* ---- holding ---- */

struct live *live_hold(struct live *live)
{
    live->holders++;
    return live;
}

void live_drop(struct live *live)
{
    if (live == NULL || --live->holders > 0) {
        return;
    }
    if (live->plan_free != NULL) {
        live->plan_free(live->plan);
    }
    arena_free(live->arena);
}

static struct str live_key(char *room, struct str api_id, struct str stage_name)
{
    if (api_id.bytes + stage_name.bytes + 1 > KEY_ROOM) {
        return STR_NONE;
    }
    memcpy(room, api_id.at, api_id.bytes);
    room[api_id.bytes] = '/';
    if (stage_name.bytes > 0) {
        memcpy(room + api_id.bytes + 1, stage_name.at, stage_name.bytes);
    }
    return str_of(room, api_id.bytes + 1 + stage_name.bytes);
}

/* All that begin with prefix. */
static void forget(struct gateway *gateway, struct str prefix)
{
    size_t count = 0;
    struct live **found = mem_alloc((map_count(gateway->lives) + 1) * sizeof(found[0]));
    char room[KEY_ROOM];
    struct str key;
    void *live;

    for (size_t i = 0; map_next(gateway->lives, &i, &key, &live);) {
        if (str_starts(key, prefix)) {
            found[count++] = live;
        }
    }
    for (size_t i = 0; i < count; i++) {
        (void)map_remove(gateway->lives, live_key(room, found[i]->api_id, found[i]->stage_name));
        live_drop(found[i]);
    }
    mem_free(found);
}

void lives_forget(struct gateway *gateway, struct str api_id)
{
    char room[KEY_ROOM];

    forget(gateway, live_key(room, api_id, STR_NONE));
}

void lives_free(struct gateway *gateway)
{
    forget(gateway, STR_NONE);
    map_free(gateway->lives);
}

struct live *live_of(struct call *c, struct str api_id, struct str stage_name)
{
    struct gateway *gateway = gateway_of(c);
    char room[KEY_ROOM];
    struct str key = live_key(room, api_id, stage_name);
    struct live *live;

    if (key.bytes == 0 || api_id.bytes == 0 || stage_name.bytes == 0) {
        return NULL;
    }
    live = map_get(gateway->lives, key);
    if (live != NULL) {
        return live;
    }
    live = live_new(c, api_id, stage_name);
    if (live == NULL) {
        return NULL;
    }
    if (map_count(gateway->lives) >= LIVES_MAX) {
        forget(gateway, STR_NONE);
    }
    bool kept = map_set(gateway->lives, key, live, NULL);

    assert(kept);
    return live;
}
