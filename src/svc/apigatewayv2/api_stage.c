/* SPDX-License-Identifier: Apache-2.0
 *
 * Stages.
 */
#include "svc/apigatewayv2/ops.h"
#include "svc/apigatewayv2/rule.h"

/* ---- rules ---- */

static status name_check(struct call *c, struct str name)
{
    for (size_t i = 0; i < name.bytes && !str_eq(name, STR("$default")); i++) {
        char letter = name.at[i];

        if (!((letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
              (letter >= '0' && letter <= '9') || letter == '_' || letter == '-')) {
            return bad_request(c, "Stage name only allows a-zA-Z0-9_-");
        }
    }
    return OK;
}

static status settings_check(struct call *c, const struct value *settings)
{
    if (settings == NULL) {
        return OK;
    }
    if (get_bool(settings, "DataTraceEnabled", false) ||
        (has(settings, "LoggingLevel") &&
         !str_eq(get_str(settings, "LoggingLevel"), STR("OFF")))) {
        return bad_request(c, "Execution logs are not supported on protocolType HTTP");
    }
    if (get_int(settings, "ThrottlingBurstLimit", 0) < 0 ||
        get_double(settings, "ThrottlingRateLimit", 0) < 0) {
        return bad_request(c, "Throttling limits must not be negative");
    }
    return OK;
}

static bool is_route(struct call *c, struct str api, struct str key)
{
    struct record_scan *scan = record_scan(c, c->arena, KIND_ROUTE, api, STR_NONE);
    struct value *route;
    bool found = false;
    struct str id;

    while (!found && record_next(scan, &id, &route)) {
        found = str_eq(get_str(route, "RouteKey"), key);
    }
    record_scan_close(scan);
    return found;
}

/* Those that are asked for; what a stage already had may name routes that are gone. */
static status route_settings_check(struct call *c, struct str api)
{
    const struct value *settings = arg(c, "RouteSettings");

    for (uint32_t i = 0; settings != NULL && i < settings->count; i++) {
        TRY(settings_check(c, &settings->pairs[i].value));
        if (!is_route(c, api, settings->pairs[i].key)) {
            return fail(c, &GATEWAY_NOT_FOUND, "Unable to find Route by key %.*s within the "
                        "provided RouteSettings",
                        STR_ARG(str_slice(settings->pairs[i].key, 0, 512)));
        }
    }
    return OK;
}

static status log_check(struct call *c, const struct value *log)
{
    struct str format = log == NULL ? STR_NONE : get_str(log, "Format");
    struct str destination = log == NULL ? STR_NONE : get_str(log, "DestinationArn");
    size_t line = str_find(format, '\n', 0);
    struct arn arn;

    if (destination.bytes > 0 &&
        (!arn_read(destination, &arn) || (!str_eq(arn.service, STR("logs")) &&
                                          !str_eq(arn.service, STR("firehose"))))) {
        return bad_request(c, "Invalid ARN specified in the request. ARNs must start with "
                           "'arn:aws:' and name a CloudWatch Logs log group or a Firehose "
                           "delivery stream");
    }
    return line + 1 >= format.bytes
               ? OK
               : bad_request(c, "AccessLog format must be single line, new line character is "
                             "allowed only at end of the format.");
}

static status variables_check(struct call *c, const struct value *variables)
{
    if (variables != NULL && variables->count > STAGE_VARIABLES_MAX) {
        return bad_request(c, "A stage can have at most %d stage variables", STAGE_VARIABLES_MAX);
    }
    for (uint32_t i = 0; variables != NULL && i < variables->count; i++) {
        struct str name = variables->pairs[i].key;

        for (size_t k = 0; k < name.bytes || name.bytes == 0; k++) {
            char letter = name.bytes == 0 ? ' ' : name.at[k];

            if (!((letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                  (letter >= '0' && letter <= '9') || letter == '_')) {
                return bad_request(c, "Stage variable name %.*s only allows a-zA-Z0-9_",
                                   STR_ARG(str_slice(name, 0, 128)));
            }
        }
    }
    return OK;
}

static status deployment_check(struct call *c, const struct api *api, const struct value *stage)
{
    struct str deployment = arg_str(c, "DeploymentId");

    if (deployment.bytes == 0) {
        return OK;
    }
    if (get_bool(stage, "AutoDeploy", false)) {
        return bad_request(c, "Deployment ID cannot be set on a stage that has AutoDeploy enabled");
    }
    return record_is(c, KIND_DEPLOYMENT, api->id, deployment)
               ? OK
               : bad_request(c, "Deployment id does not exist");
}

static status stage_check(struct call *c, const struct api *api, const struct value *stage)
{
    TRY(size_check(c, KIND_STAGE, stage));
    TRY(settings_check(c, get(stage, "DefaultRouteSettings")));
    TRY(route_settings_check(c, api->id));
    TRY(log_check(c, get(stage, "AccessLogSettings")));
    TRY(variables_check(c, get(stage, "StageVariables")));
    TRY(tags_check(c, get(stage, "Tags")));
    return deployment_check(c, api, stage);
}

/* ---- operations ---- */

static void settings_complete(struct value *settings)
{
    if (!has(settings, "DetailedMetricsEnabled")) {
        set_bool(settings, "DetailedMetricsEnabled", false);
    }
}

static void stage_complete(struct call *c, struct value *stage)
{
    static const char *const maps[] = {"RouteSettings", "StageVariables", "Tags"};
    int settings = model_member_index(model_shape(stage->shape), STR("DefaultRouteSettings"));

    if (!has(stage, "DefaultRouteSettings")) {
        (void)set_struct(c->arena, stage, "DefaultRouteSettings");
    }
    settings_complete(&stage->items[settings]);
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
        if (!has(stage, maps[i])) {
            (void)set_map(c->arena, stage, maps[i], 0);
        }
    }
    set_time(stage, "LastUpdatedDate", c->now);
}

static void stage_put(struct call *c, const struct api *api, struct value *stage)
{
    stage_complete(c, stage);
    record_put(c, KIND_STAGE, api->id, get_str(stage, "StageName"), stage);
    lives_forget(gateway_of(c), api->id);
}

static status stage_of_call(struct call *c, struct api *ret_api, struct value **ret_stage)
{
    TRY(api_of_call(c, ret_api));
    call_on(c, apigw_arn(c, "/apis/%.*s/stages/%.*s", STR_ARG(ret_api->id),
                         STR_ARG(str_slice(arg_str(c, "StageName"), 0, 128))));
    return record_of_call(c, KIND_STAGE, ret_api->id, ret_stage);
}

/* CreateStage */
status apigw_create_stage(struct call *c)
{
    struct value *stage = record_new(c->arena, KIND_STAGE);
    struct str name = arg_str(c, "StageName");
    struct api api;

    TRY(api_of_call(c, &api));
    TRY(lengths_check(c));
    TRY(name_check(c, name));
    copy_members(stage, c->in);
    TRY(stage_check(c, &api, stage));
    if (record_is(c, KIND_STAGE, api.id, name)) {
        return fail(c, &GATEWAY_CONFLICT, "Stage already exists");
    }
    TRY(room_check(c, KIND_STAGE, api.id, STAGES_MAX));
    set_time(stage, "CreatedDate", c->now);
    if (get_bool(stage, "AutoDeploy", false)) {
        stage_deploy(c, &api, stage);
    } else if (has(stage, "DeploymentId")) {
        deployment_pin(c, &api, get_str(stage, "DeploymentId"));
    }
    stage_put(c, &api, stage);
    copy_members(c->out, stage);
    return OK;
}

/* GetStage */
status apigw_get_stage(struct call *c)
{
    struct value *stage;
    struct api api;

    TRY(stage_of_call(c, &api, &stage));
    copy_members(c->out, stage);
    return OK;
}

/* GetStages */
status apigw_get_stages(struct call *c)
{
    return list_of_api(c, KIND_STAGE);
}

/* UpdateStage */
status apigw_update_stage(struct call *c)
{
    struct value *stage;
    struct api api;
    bool was;
    bool is;

    TRY(stage_of_call(c, &api, &stage));
    TRY(lengths_check(c));
    was = get_bool(stage, "AutoDeploy", false);
    record_apply(c, stage, c->in);
    is = get_bool(stage, "AutoDeploy", false);
    TRY(stage_check(c, &api, stage));
    if (is && !was) {
        stage_deploy(c, &api, stage);
    } else if (!is && has(stage, "DeploymentId")) {
        deployment_pin(c, &api, get_str(stage, "DeploymentId"));
    }
    stage_put(c, &api, stage);
    copy_members(c->out, stage);
    return OK;
}

/* DeleteStage */
status apigw_delete_stage(struct call *c)
{
    struct value *stage;
    struct str domain;
    struct api api;

    TRY(stage_of_call(c, &api, &stage));
    domain = api_mapped(c, api.id, arg_str(c, "StageName"));
    if (domain.bytes > 0) {
        return bad_request(c, "Please remove all base path mappings related to the stage in your "
                           "domain: %.*s", STR_ARG(domain));
    }
    record_erase(c, KIND_STAGE, api.id, arg_str(c, "StageName"));
    lives_forget(gateway_of(c), api.id);
    return OK;
}

/* DeleteAccessLogSettings */
status apigw_delete_access_log(struct call *c)
{
    struct value *stage;
    struct api api;

    TRY(stage_of_call(c, &api, &stage));
    unset_member(stage, "AccessLogSettings");
    stage_put(c, &api, stage);
    return OK;
}

/* DeleteRouteSettings */
status apigw_delete_route_settings(struct call *c)
{
    struct str key = arg_str(c, "RouteKey");
    struct value *stage;
    struct value *left;
    struct value had;
    struct api api;

    TRY(stage_of_call(c, &api, &stage));
    had = *get(stage, "RouteSettings");
    if (map_find(&had, key) == NULL) {
        return fail(c, &GATEWAY_NOT_FOUND, "Unable to find Route by key %.*s within the provided "
                    "RouteSettings", STR_ARG(str_slice(key, 0, 512)));
    }
    left = set_map(c->arena, stage, "RouteSettings", had.count);
    for (uint32_t i = 0; i < had.count; i++) {
        if (!str_eq(had.pairs[i].key, key)) {
            *map_add(c->arena, left, had.pairs[i].key) = had.pairs[i].value;
        }
    }
    stage_put(c, &api, stage);
    return OK;
}

/* ResetAuthorizersCache */
status apigw_reset_authorizers(struct call *c)
{
    struct gateway *gateway = gateway_of(c);
    struct value *stage;
    struct api api;

    TRY(stage_of_call(c, &api, &stage));
    if (gateway->authorizers_reset != NULL) {
        gateway->authorizers_reset(c, api.id, arg_str(c, "StageName"));
    }
    return OK;
}
