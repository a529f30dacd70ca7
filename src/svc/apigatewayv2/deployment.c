/* SPDX-License-Identifier: Apache-2.0
 *
 * Deployments: what stages serve. A deployment that was asked for has a snapshot of the API; one
 * that AutoDeploy made has none and stands for what the API is now, so that a change of a large
 * API does not write all of it again. When the API changes, stages that deploy by themselves get a
 * new one, and the one before goes, unless a stage that does not deploy by itself was given it
 * meanwhile (deployment_pin() has made its snapshot then).
 */
#include "svc/apigatewayv2/rule.h"

#include <assert.h>

#define AUTOMATIC STR("Automatic deployment triggered by changes to the Api configuration")

static bool has_routes(struct call *c, struct str api)
{
    struct record_scan *scan = record_scan(c, c->arena, KIND_ROUTE, api, STR_NONE);
    struct value *route;
    struct str id;
    bool any = record_next(scan, &id, &route);

    record_scan_close(scan);
    return any;
}

static struct value *deployment_new(struct call *c, struct str api, struct str description)
{
    struct value *deployment = record_new(c->arena, KIND_DEPLOYMENT);

    set_bool(deployment, "AutoDeployed", false);
    set_time(deployment, "CreatedDate", c->now);
    set_str(deployment, "DeploymentId", id_new(c, KIND_DEPLOYMENT, api, OTHER_ID_LETTERS));
    set_str(deployment, "DeploymentStatus", STR("DEPLOYED"));
    if (description.bytes > 0) {
        set_str(deployment, "Description", description);
    }
    return deployment;
}

struct value *deployment_make(struct call *c, const struct api *api, struct str description)
{
    struct value *deployment = deployment_new(c, api->id, description);
    struct str id = get_str(deployment, "DeploymentId");
    struct snapshot snapshot;

    snapshot_now(c, c->arena, api, &snapshot);
    snapshot_put(c, api->id, id, &snapshot);
    record_put(c, KIND_DEPLOYMENT, api->id, id, deployment);
    return deployment;
}

void deployment_pin(struct call *c, const struct api *api, struct str deployment)
{
    struct snapshot snapshot;

    if (!snapshot_is(c, api->id, deployment)) {
        snapshot_now(c, c->arena, api, &snapshot);
        snapshot_put(c, api->id, deployment, &snapshot);
    }
}

void stage_deployed(struct call *c, struct value *stage, struct str deployment)
{
    set_str(stage, "DeploymentId", deployment);
    set_time(stage, "LastUpdatedDate", c->now);
    if (get_bool(stage, "AutoDeploy", false)) {
        set_str(stage, "LastDeploymentStatusMessage",
                arena_printf(c->arena, "Successfully deployed stage with deployment ID '%.*s'",
                             STR_ARG(deployment)));
    }
}

/* The automatic deployment that stands for the API as it is; empty: there is none. */
static struct str current(struct call *c, struct str api)
{
    struct record_scan *scan = record_scan(c, c->arena, KIND_DEPLOYMENT, api, STR_NONE);
    struct value *deployment;
    struct str found = STR_NONE;
    struct str id;

    while (found.bytes == 0 && record_next(scan, &id, &deployment)) {
        if (get_bool(deployment, "AutoDeployed", false) && !snapshot_is(c, api, id)) {
            found = id;
        }
    }
    record_scan_close(scan);
    return found;
}

static struct str automatic(struct call *c, struct str api)
{
    struct value *deployment = deployment_new(c, api, AUTOMATIC);
    struct str id = get_str(deployment, "DeploymentId");

    set_bool(deployment, "AutoDeployed", true);
    record_put(c, KIND_DEPLOYMENT, api, id, deployment);
    return id;
}

void stage_deploy(struct call *c, const struct api *api, struct value *stage)
{
    struct str id;

    if (!has_routes(c, api->id)) {
        set_str(stage, "LastDeploymentStatusMessage", STR("Deployment attempt failed: " NO_ROUTES));
        return;
    }
    id = current(c, api->id);
    stage_deployed(c, stage, id.bytes > 0 ? id : automatic(c, api->id));
}

/* The stages that deploy by themselves, as records. */
static struct value **auto_stages(struct call *c, struct str api, size_t *ret_count)
{
    struct value **stages = arena_zero(c->arena, STAGES_MAX * sizeof(stages[0]));
    struct record_scan *scan = record_scan(c, c->arena, KIND_STAGE, api, STR_NONE);
    struct value *stage;
    size_t count = 0;
    struct str id;

    while (record_next(scan, &id, &stage)) {
        if (get_bool(stage, "AutoDeploy", false)) {
            assert(count < STAGES_MAX);
            stages[count++] = stage;
        }
    }
    record_scan_close(scan);
    *ret_count = count;
    return stages;
}

void api_changed(struct call *c, const struct api *api)
{
    size_t count;
    struct value **stages = auto_stages(c, api->id, &count);
    struct str before = count > 0 ? current(c, api->id) : STR_NONE;

    lives_forget(gateway_of(c), api->id);
    if (count == 0) {
        return;
    }
    if (before.bytes > 0 && has_routes(c, api->id)) {
        record_erase(c, KIND_DEPLOYMENT, api->id, before);
    }
    for (size_t i = 0; i < count; i++) {
        stage_deploy(c, api, stages[i]);
        record_put(c, KIND_STAGE, api->id, get_str(stages[i], "StageName"), stages[i]);
    }
}
