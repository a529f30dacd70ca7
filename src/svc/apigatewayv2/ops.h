/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations' handlers, by the files they are in.
 */
#ifndef WEIR_SVC_APIGATEWAYV2_OPS_H
#define WEIR_SVC_APIGATEWAYV2_OPS_H

#include "cell/call.h"

/* ---- api_api.c ---- */

status apigw_create_api(struct call *c);
status apigw_delete_api(struct call *c);
status apigw_delete_cors(struct call *c);
status apigw_get_api(struct call *c);
status apigw_get_apis(struct call *c);
status apigw_update_api(struct call *c);

/* ---- api_authorizer.c ---- */

status apigw_create_authorizer(struct call *c);
status apigw_delete_authorizer(struct call *c);
status apigw_get_authorizer(struct call *c);
status apigw_get_authorizers(struct call *c);
status apigw_update_authorizer(struct call *c);

/* ---- api_deployment.c ---- */

status apigw_create_deployment(struct call *c);
status apigw_delete_deployment(struct call *c);
status apigw_get_deployment(struct call *c);
status apigw_get_deployments(struct call *c);
status apigw_update_deployment(struct call *c);

/* ---- api_domain.c ---- */

status apigw_create_domain(struct call *c);
status apigw_delete_domain(struct call *c);
status apigw_get_domain(struct call *c);
status apigw_get_domains(struct call *c);
status apigw_update_domain(struct call *c);

/* ---- api_integration.c ---- */

status apigw_create_integration(struct call *c);
status apigw_delete_integration(struct call *c);
status apigw_get_integration(struct call *c);
status apigw_get_integrations(struct call *c);
status apigw_update_integration(struct call *c);

/* ---- api_mapping.c ---- */

status apigw_create_mapping(struct call *c);
status apigw_delete_mapping(struct call *c);
status apigw_get_mapping(struct call *c);
status apigw_get_mappings(struct call *c);
status apigw_update_mapping(struct call *c);

/* ---- api_model.c ---- */

status apigw_create_model(struct call *c);
status apigw_delete_model(struct call *c);
status apigw_get_model(struct call *c);
status apigw_get_models(struct call *c);
status apigw_update_model(struct call *c);

/* ---- api_openapi.c ---- */

status apigw_export_api(struct call *c);
status apigw_import_api(struct call *c);
status apigw_reimport_api(struct call *c);

/* ---- api_response.c ---- */

status apigw_create_integration_response(struct call *c);
status apigw_create_route_response(struct call *c);
status apigw_delete_integration_response(struct call *c);
status apigw_delete_route_response(struct call *c);
status apigw_get_integration_response(struct call *c);
status apigw_get_integration_responses(struct call *c);
status apigw_get_route_response(struct call *c);
status apigw_get_route_responses(struct call *c);
status apigw_update_integration_response(struct call *c);
status apigw_update_route_response(struct call *c);

/* ---- api_route.c ---- */

status apigw_create_route(struct call *c);
status apigw_delete_route(struct call *c);
status apigw_delete_route_parameter(struct call *c);
status apigw_get_route(struct call *c);
status apigw_get_routes(struct call *c);
status apigw_update_route(struct call *c);

/* ---- api_stage.c ---- */

status apigw_create_stage(struct call *c);
status apigw_delete_access_log(struct call *c);
status apigw_delete_route_settings(struct call *c);
status apigw_delete_stage(struct call *c);
status apigw_get_stage(struct call *c);
status apigw_get_stages(struct call *c);
status apigw_reset_authorizers(struct call *c);
status apigw_update_stage(struct call *c);

/* ---- api_tag.c ---- */

status apigw_get_tags(struct call *c);
status apigw_tag(struct call *c);
status apigw_untag(struct call *c);

/* ---- api_vpc_link.c ---- */

status apigw_create_vpc_link(struct call *c);
status apigw_delete_vpc_link(struct call *c);
status apigw_get_vpc_link(struct call *c);
status apigw_get_vpc_links(struct call *c);
status apigw_update_vpc_link(struct call *c);

#endif
