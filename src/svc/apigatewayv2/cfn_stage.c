/* SPDX-License-Identifier: Apache-2.0
 *
 * Stages, deployments, domain names, mappings and VPC links in templates.
 */
#include "svc/apigatewayv2/cfn.h"

/* ---- AWS::ApiGatewayV2::Stage ---- */

static const struct resource_property stage_properties[] = {
    {"AccessLogSettings", NULL, RESOURCE_IN_PLACE, 0},
    {"ApiId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"AutoDeploy", NULL, RESOURCE_IN_PLACE, 0},
    {"ClientCertificateId", NULL, RESOURCE_IN_PLACE, 0},
    {"DefaultRouteSettings", NULL, RESOURCE_IN_PLACE, 0},
    {"DeploymentId", NULL, RESOURCE_IN_PLACE, 0},
    {"Description", NULL, RESOURCE_IN_PLACE, 0},
    {"RouteSettings", NULL, RESOURCE_IN_PLACE, 0},
    {"StageName", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"StageVariables", NULL, RESOURCE_IN_PLACE, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
};
static const struct resource_default stage_defaults[] = {
    {"AutoDeploy", "false"}, {"ClientCertificateId", ""}, {"Description", ""}, {NULL, NULL}};
static const struct cfn_part stage_part = {
    .create = "CreateStage", .update = "UpdateStage", .read = "GetStage",
    .remove = "DeleteStage", .id = "StageName", .parents = {"ApiId"},
    .maps = {"StageVariables"}, .defaults = stage_defaults, .arn = "stages"};

/* Settings are merged member by member, so what was taken away is said; limits are then those that
 * an account has. */
static status settings_back(struct resource *r, struct inner *inner)
{
    static const char *const members[][2] = {
        {"DataTraceEnabled", "false"}, {"DetailedMetricsEnabled", "false"},
        {"LoggingLevel", "OFF"}, {"ThrottlingBurstLimit", "5000"},
        {"ThrottlingRateLimit", "10000"}};
    const struct value *had = doc_get(r->had, "DefaultRouteSettings");
    const struct value *want = resource_get(r, "DefaultRouteSettings");
    struct value *made = want == NULL ? doc_map(r->c->arena) : doc_copy(r->c->arena, want);

    for (size_t i = 0; had != NULL && i < sizeof(members) / sizeof(members[0]); i++) {
        if (doc_get(had, members[i][0]) != NULL && doc_get(want, members[i][0]) == NULL) {
            doc_put_text(r->c->arena, made, members[i][0], str_c(members[i][1]));
        }
    }
    return resource_set(r, inner, "DefaultRouteSettings", made->count == 0 ? NULL : made);
}

/* A stage that came to deploy by itself says no deployment, nor does one that did. */
static status stage_change(struct resource *r)
{
    struct value *gone;
    struct value *more;
    struct inner inner;

    if (doc_get(r->had, "AccessLogSettings") != NULL &&
        resource_get(r, "AccessLogSettings") == NULL) {
        TRY(cfn_part_begin(r, "DeleteAccessLogSettings", &inner));
        TRY(resource_run(r, &inner));
    }
    resource_list_changed(r, "RouteSettings", &gone, &more);
    for (uint32_t i = 0; i < gone->count; i++) {
        status deleted;

        TRY(cfn_part_begin(r, "DeleteRouteSettings", &inner));
        set_str(inner.in, "RouteKey", gone->items[i].str);
        deleted = resource_run(r, &inner);
        if (deleted != OK && !resource_is_gone(deleted)) {
            return deleted;
        }
    }
    TRY(cfn_part_begin(r, "UpdateStage", &inner));
    TRY(cfn_part_fill(r, &inner));
    TRY(settings_back(r, &inner));
    TRY(resource_run(r, &inner));
    return cfn_tags_change(r, arena_printf(r->c->arena, "/apis/%.*s/stages/%.*s",
                                           STR_ARG(resource_str(r, "ApiId")),
                                           STR_ARG(r->id)).at);
}

const struct resource_type cfn_stage = {
    .name = "AWS::ApiGatewayV2::Stage",
    .service = "apigatewayv2",
    RESOURCE_TYPE_PROPERTIES(stage_properties),
    .make = cfn_part_make,
    .change = stage_change,
    .remove = cfn_part_remove,
    .now = cfn_part_now,
    .own = &stage_part,
};

/* ---- AWS::ApiGatewayV2::Deployment ---- */

static const struct resource_property deployment_properties[] = {
    {"ApiId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"Description", NULL, RESOURCE_IN_PLACE, 0},
    {"StageName", NULL, RESOURCE_IN_PLACE, RESOURCE_SECRET},
};
static const char *const deployment_attributes[] = {"DeploymentId", NULL};
static const struct resource_default deployment_defaults[] = {{"Description", ""}, {NULL, NULL}};
static const struct cfn_part deployment_part = {
    .create = "CreateDeployment", .update = "UpdateDeployment", .read = "GetDeployment",
    .remove = "DeleteDeployment", .id = "DeploymentId", .parents = {"ApiId"},
    .defaults = deployment_defaults};

/* Another stage gets it. */
static status deployment_change(struct resource *r)
{
    struct inner inner;

    TRY(cfn_part_change(r));
    if (!resource_changed(r, "StageName") || resource_get(r, "StageName") == NULL) {
        return OK;
    }
    return resource_ask(r, "UpdateStage",
                        RESOURCE_ARGS({"ApiId", resource_str(r, "ApiId")},
                                      {"StageName", resource_str(r, "StageName")},
                                      {"DeploymentId", r->id}),
                        &inner);
}

const struct resource_type cfn_deployment = {
    .name = "AWS::ApiGatewayV2::Deployment",
    .service = "apigatewayv2",
    RESOURCE_TYPE_PROPERTIES(deployment_properties),
    .attributes = deployment_attributes,
    .make = cfn_part_make,
    .change = deployment_change,
    .remove = cfn_part_remove,
    .tell = cfn_part_tell,
    .now = cfn_part_now,
    .own = &deployment_part,
};

/* ---- AWS::ApiGatewayV2::DomainName ---- */

static const struct resource_property domain_properties[] = {
    {"DomainName", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"DomainNameConfigurations", NULL, RESOURCE_IN_PLACE, 0},
    {"MutualTlsAuthentication", NULL, RESOURCE_IN_PLACE, 0},
    {"RoutingMode", NULL, RESOURCE_IN_PLACE, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
};
static const char *const domain_attributes[] = {"DomainNameArn", "RegionalDomainName",
                                                "RegionalHostedZoneId", NULL};
static const struct resource_default domain_defaults[] = {{"RoutingMode", "API_MAPPING_ONLY"},
                                                          {NULL, NULL}};
static const struct cfn_part domain_part = {
    .create = "CreateDomainName", .update = "UpdateDomainName", .read = "GetDomainName",
    .remove = "DeleteDomainName", .id = "DomainName", .parents = {NULL},
    .defaults = domain_defaults, .arn = "domainnames"};

static status domain_change(struct resource *r)
{
    struct value *none = doc_map(r->c->arena);
    struct inner inner;

    TRY(cfn_part_begin(r, "UpdateDomainName", &inner));
    TRY(cfn_part_fill(r, &inner));
    if (doc_get(r->had, "MutualTlsAuthentication") != NULL &&
        resource_get(r, "MutualTlsAuthentication") == NULL) {
        doc_put_text(r->c->arena, none, "TruststoreUri", STR(""));
        TRY(resource_set(r, &inner, "MutualTlsAuthentication", none));
    }
    TRY(resource_run(r, &inner));
    return cfn_tags_change(
        r, arena_printf(r->c->arena, "/domainnames/%.*s", STR_ARG(r->id)).at);
}

static status domain_read(struct resource *r, struct inner *ret_inner,
                          const struct value **ret_configuration)
{
    const struct value *list;

    TRY(resource_ask(r, "GetDomainName", RESOURCE_ARGS({"DomainName", r->id}), ret_inner));
    list = get(ret_inner->out, "DomainNameConfigurations");
    *ret_configuration = list == NULL || list->count == 0 ? NULL : &list->items[0];
    return OK;
}

static status domain_settled(struct resource *r)
{
    const struct value *configuration = NULL;
    struct inner inner;
    struct str state;

    TRY(domain_read(r, &inner, &configuration));
    state = configuration == NULL ? STR_NONE : get_str(configuration, "DomainNameStatus");
    return state.at == NULL || str_eq(state, STR("AVAILABLE")) ? OK : &RESOURCE_WAITS;
}

static status domain_tell(struct resource *r)
{
    const struct value *configuration = NULL;
    struct inner inner;

    TRY(domain_read(r, &inner, &configuration));
    if (has(inner.out, "DomainNameArn")) {
        resource_attribute(r, "DomainNameArn", get_str(inner.out, "DomainNameArn"));
    }
    if (configuration != NULL) {
        resource_attribute(r, "RegionalDomainName",
                           get_str(configuration, "ApiGatewayDomainName"));
        resource_attribute(r, "RegionalHostedZoneId", get_str(configuration, "HostedZoneId"));
    }
    return OK;
}

/* Of a configuration only what the template's says. */
static status domain_now(struct resource *r, struct value *ret_properties)
{
    const struct value *want = resource_get(r, "DomainNameConfigurations");
    const struct value *told;
    struct value *made;

    TRY(cfn_part_now(r, ret_properties));
    told = doc_get(ret_properties, "DomainNameConfigurations");
    if (want == NULL || told == NULL || want->kind != VALUE_LIST || want->count == 0 ||
        told->count == 0 || want->items[0].kind != VALUE_MAP) {
        return OK;
    }
    made = doc_map(r->c->arena);
    for (uint32_t i = 0; i < want->items[0].count; i++) {
        struct str key = want->items[0].pairs[i].key;
        const struct value *value = map_find(&told->items[0], key);

        if (value != NULL) {
            *doc_put(r->c->arena, made, key) = *value;
        }
    }
    told->items[0] = *made;
    return OK;
}

const struct resource_type cfn_domain_name = {
    .name = "AWS::ApiGatewayV2::DomainName",
    .service = "apigatewayv2",
    RESOURCE_TYPE_PROPERTIES(domain_properties),
    .attributes = domain_attributes,
    .make = cfn_part_make,
    .change = domain_change,
    .remove = cfn_part_remove,
    .settled = domain_settled,
    .tell = domain_tell,
    .now = domain_now,
    .own = &domain_part,
};

/* ---- AWS::ApiGatewayV2::ApiMapping ---- */

static const struct resource_property mapping_properties[] = {
    {"ApiId", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"ApiMappingKey", NULL, RESOURCE_IN_PLACE, 0},
    {"DomainName", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"Stage", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
};
static const char *const mapping_attributes[] = {"ApiMappingId", NULL};
static const struct resource_default mapping_defaults[] = {{"ApiMappingKey", ""}, {NULL, NULL}};
static const struct cfn_part mapping_part = {
    .create = "CreateApiMapping", .update = "UpdateApiMapping", .read = "GetApiMapping",
    .remove = "DeleteApiMapping", .id = "ApiMappingId", .parents = {"DomainName"},
    .defaults = mapping_defaults};

const struct resource_type cfn_api_mapping = {
    .name = "AWS::ApiGatewayV2::ApiMapping",
    .service = "apigatewayv2",
    RESOURCE_TYPE_PROPERTIES(mapping_properties),
    .attributes = mapping_attributes,
    .make = cfn_part_make,
    .change = cfn_part_change,
    .remove = cfn_part_remove,
    .tell = cfn_part_tell,
    .now = cfn_part_now,
    .own = &mapping_part,
};

/* ---- AWS::ApiGatewayV2::VpcLink ---- */

static const struct resource_property link_properties[] = {
    {"Name", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"SecurityGroupIds", NULL, RESOURCE_REPLACES, 0},
    {"SubnetIds", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
};
static const char *const link_attributes[] = {"VpcLinkId", NULL};
static const struct cfn_part link_part = {
    .create = "CreateVpcLink", .update = "UpdateVpcLink", .read = "GetVpcLink",
    .remove = "DeleteVpcLink", .id = "VpcLinkId", .parents = {NULL}, .arn = "vpclinks"};

static status link_settled(struct resource *r)
{
    struct inner inner;

    TRY(resource_ask(r, "GetVpcLink", RESOURCE_ARGS({"VpcLinkId", r->id}), &inner));
    return str_eq(get_str(inner.out, "VpcLinkStatus"), STR("AVAILABLE")) ? OK : &RESOURCE_WAITS;
}

const struct resource_type cfn_vpc_link = {
    .name = "AWS::ApiGatewayV2::VpcLink",
    .service = "apigatewayv2",
    RESOURCE_TYPE_PROPERTIES(link_properties),
    .attributes = link_attributes,
    .make = cfn_part_make,
    .change = cfn_part_change,
    .remove = cfn_part_remove,
    .settled = link_settled,
    .tell = cfn_part_tell,
    .now = cfn_part_now,
    .own = &link_part,
    .record_only = true,
};
