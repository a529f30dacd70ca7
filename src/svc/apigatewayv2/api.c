/* SPDX-License-Identifier: Apache-2.0
 *
 * Amazon API Gateway v2: the table of operations, in the order of the API reference, its errors,
 * and the service's life.
 */
#include "base/mem.h"
#include "cell/cell.h"
#include "svc/apigatewayv2/cfn.h"
#include "svc/apigatewayv2/domain.h"
#include "svc/apigatewayv2/ops.h"
#include "svc/apigatewayv2/record.h"
#include "svc/apigatewayv2/run.h"

const struct error GATEWAY_BAD_REQUEST = {"BadRequestException", NULL, 400, false};
const struct error GATEWAY_NOT_FOUND = {"NotFoundException", NULL, 404, false};
const struct error GATEWAY_CONFLICT = {"ConflictException", NULL, 409, false};
const struct error GATEWAY_TOO_MANY = {"TooManyRequestsException", NULL, 429, true};

static const struct op ops[] = {
    {"CreateApi", apigw_create_api},
    {"CreateApiMapping", apigw_create_mapping},
    {"CreateAuthorizer", apigw_create_authorizer},
    {"CreateDeployment", apigw_create_deployment},
    {"CreateDomainName", apigw_create_domain},
    {"CreateIntegration", apigw_create_integration},
    {"CreateIntegrationResponse", apigw_create_integration_response},
    {"CreateModel", apigw_create_model},
    {"CreateRoute", apigw_create_route},
    {"CreateRouteResponse", apigw_create_route_response},
    {"CreateStage", apigw_create_stage},
    {"CreateVpcLink", apigw_create_vpc_link},
    {"DeleteAccessLogSettings", apigw_delete_access_log},
    {"DeleteApi", apigw_delete_api},
    {"DeleteApiMapping", apigw_delete_mapping},
    {"DeleteAuthorizer", apigw_delete_authorizer},
    {"DeleteCorsConfiguration", apigw_delete_cors},
    {"DeleteDeployment", apigw_delete_deployment},
    {"DeleteDomainName", apigw_delete_domain},
    {"DeleteIntegration", apigw_delete_integration},
    {"DeleteIntegrationResponse", apigw_delete_integration_response},
    {"DeleteModel", apigw_delete_model},
    {"DeleteRoute", apigw_delete_route},
    {"DeleteRouteRequestParameter", apigw_delete_route_parameter},
    {"DeleteRouteResponse", apigw_delete_route_response},
    {"DeleteRouteSettings", apigw_delete_route_settings},
    {"DeleteStage", apigw_delete_stage},
    {"DeleteVpcLink", apigw_delete_vpc_link},
    {"ExportApi", apigw_export_api},
    {"GetApi", apigw_get_api},
    {"GetApiMapping", apigw_get_mapping},
    {"GetApiMappings", apigw_get_mappings},
    {"GetApis", apigw_get_apis},
    {"GetAuthorizer", apigw_get_authorizer},
    {"GetAuthorizers", apigw_get_authorizers},
    {"GetDeployment", apigw_get_deployment},
    {"GetDeployments", apigw_get_deployments},
    {"GetDomainName", apigw_get_domain},
    {"GetDomainNames", apigw_get_domains},
    {"GetIntegration", apigw_get_integration},
    {"GetIntegrationResponse", apigw_get_integration_response},
    {"GetIntegrationResponses", apigw_get_integration_responses},
    {"GetIntegrations", apigw_get_integrations},
    {"GetModel", apigw_get_model},
    {"GetModels", apigw_get_models},
    {"GetRoute", apigw_get_route},
    {"GetRouteResponse", apigw_get_route_response},
    {"GetRouteResponses", apigw_get_route_responses},
    {"GetRoutes", apigw_get_routes},
    {"GetStage", apigw_get_stage},
    {"GetStages", apigw_get_stages},
    {"GetTags", apigw_get_tags},
    {"GetVpcLink", apigw_get_vpc_link},
    {"GetVpcLinks", apigw_get_vpc_links},
    {"ImportApi", apigw_import_api},
    {"ReimportApi", apigw_reimport_api},
    {"ResetAuthorizersCache", apigw_reset_authorizers},
    {"TagResource", apigw_tag},
    {"UntagResource", apigw_untag},
    {"UpdateApi", apigw_update_api},
    {"UpdateApiMapping", apigw_update_mapping},
    {"UpdateAuthorizer", apigw_update_authorizer},
    {"UpdateDeployment", apigw_update_deployment},
    {"UpdateDomainName", apigw_update_domain},
    {"UpdateIntegration", apigw_update_integration},
    {"UpdateIntegrationResponse", apigw_update_integration_response},
    {"UpdateModel", apigw_update_model},
    {"UpdateRoute", apigw_update_route},
    {"UpdateRouteResponse", apigw_update_route_response},
    {"UpdateStage", apigw_update_stage},
    {"UpdateVpcLink", apigw_update_vpc_link},
};

static const struct page pages[] = {
    {"/_aws/execute-api/*", PAGE_TOLD | PAGE_CHANGES, page_execute},
    {".execute-api.", PAGE_TOLD | PAGE_CHANGES, page_execute},
};

static void service_close(void *state)
{
    struct gateway *gateway = state;

    run_close(gateway);
    for (size_t i = 0; i < TAGS_TOLD; i++) {
        text_keep(&gateway->told[i], STR_NONE);
    }
    lives_free(gateway);
    domains_free(gateway);
    mem_free(gateway);
}

static status service_open(struct cell *cell, void **ret_state)
{
    struct gateway *gateway = MEM_NEW(struct gateway);

    gateway->cell = cell;
    gateway->lives = map_new(LIVES_MAX);
    gateway->domains = map_new(DOMAINS_MAX);
    run_open(gateway);
    gateway_join_policies(cell);
    *ret_state = gateway; /* closed by the cell also when loading failed */
    return domains_load(gateway);
}

const struct service apigatewayv2_service = {
    .id = "apigatewayv2",
    .ops = ops,
    .op_count = sizeof(ops) / sizeof(ops[0]),
    .open = service_open,
    .close = service_close,
    .pages = pages,
    .page_count = sizeof(pages) / sizeof(pages[0]),
    .types = apigatewayv2_types,
    .type_count = APIGATEWAYV2_TYPES,
};
