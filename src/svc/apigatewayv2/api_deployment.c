/* SPDX-License-Identifier: Apache-2.0
 *
 * Deployments that are asked for.
 */
#include "svc/apigatewayv2/ops.h"
#include "svc/apigatewayv2/rule.h"

static bool has_routes_now(struct call *c, struct str api)
{
    return records_count(c, KIND_ROUTE, api) > 0;
}

/* CreateDeployment */
status apigw_create_deployment(struct call *c)
{
    struct value *deployment;
    struct value *stage = NULL;
    struct api api;

    TRY(api_of_call(c, &api));
    TRY(lengths_check(c));
    if (arg_has(c, "StageName")) {
        TRY(record_of_call(c, KIND_STAGE, api.id, &stage));
    }
    if (!has_routes_now(c, api.id)) {
        return bad_request(c, NO_ROUTES);
    }
    TRY(room_check(c, KIND_DEPLOYMENT, api.id, DEPLOYMENTS_MAX));
    deployment = deployment_make(c, &api, arg_str(c, "Description"));
    if (stage != NULL) {
        stage_deployed(c, stage, get_str(deployment, "DeploymentId"));
        record_put(c, KIND_STAGE, api.id, get_str(stage, "StageName"), stage);
        lives_forget(gateway_of(c), api.id);
    }
    copy_members(c->out, deployment);
    return OK;
}

static status deployment_of_call(struct call *c, struct api *ret_api,
                                 struct value **ret_deployment)
{
    TRY(api_of_call(c, ret_api));
    return record_of_call(c, KIND_DEPLOYMENT, ret_api->id, ret_deployment);
}

/* GetDeployment */
status apigw_get_deployment(struct call *c)
{
    struct value *deployment;
    struct api api;

    TRY(deployment_of_call(c, &api, &deployment));
    copy_members(c->out, deployment);
    return OK;
}

/* GetDeployments */
status apigw_get_deployments(struct call *c)
{
    return list_of_api(c, KIND_DEPLOYMENT);
}

/* UpdateDeployment */
status apigw_update_deployment(struct call *c)
{
    struct value *deployment;
    struct api api;

    TRY(deployment_of_call(c, &api, &deployment));
    TRY(lengths_check(c));
    record_apply(c, deployment, c->in);
    record_put(c, KIND_DEPLOYMENT, api.id, arg_str(c, "DeploymentId"), deployment);
    copy_members(c->out, deployment);
    return OK;
}

static bool is_served(struct call *c, struct str api, struct str deployment)
{
    struct record_scan *scan = record_scan(c, c->arena, KIND_STAGE, api, STR_NONE);
    struct value *stage;
    bool served = false;
    struct str id;

    while (!served && record_next(scan, &id, &stage)) {
        served = str_eq(get_str(stage, "DeploymentId"), deployment);
    }
    record_scan_close(scan);
    return served;
}

/* DeleteDeployment */
status apigw_delete_deployment(struct call *c)
{
    struct value *deployment;
    struct api api;

    TRY(deployment_of_call(c, &api, &deployment));
    if (is_served(c, api.id, arg_str(c, "DeploymentId"))) {
        return bad_request(c, "Active stages pointing to this deployment must be moved or "
                           "deleted");
    }
    record_erase(c, KIND_DEPLOYMENT, api.id, arg_str(c, "DeploymentId"));
    snapshot_erase(c, api.id, arg_str(c, "DeploymentId"));
    return OK;
}
