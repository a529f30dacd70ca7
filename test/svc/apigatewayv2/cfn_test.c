/* SPDX-License-Identifier: Apache-2.0
 *
 * API Gateway's resource types: made with all their properties, told, changed, read for drift and
 * removed, seen by API Gateway's own operations.
 */
#include "../test/svc/resource_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define TYPE "AWS::ApiGatewayV2::"
#define TEXT(...) arena_printf(kit->arena, __VA_ARGS__).at
#define FUNCTION "arn:aws:lambda:us-east-1:" KIT_ACCOUNT ":function:f"

static struct kit *kit;

static int set_up(void **state)
{
    (void)state;
    kit = kit_open();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kit_close(kit);
    return 0;
}

static const char *ask(const char *operation, const char *input)
{
    return kit_call(kit, "apigatewayv2", operation, input, NULL);
}

static void make(struct kit_thing *thing, const char *type, const char *properties)
{
    KIT_OK(kit, kit_make(kit, type, "Thing", properties, thing));
    assert_string_equal(kit_drift(kit, thing), "");
}

static void an_api_has_all_its_properties(void **state)
{
    struct kit_thing api = {.stack_tags = kit_json(kit, "[{\"Key\":\"team\",\"Value\":\"a\"}]")};
    const char *get;

    (void)state;
    make(&api, TYPE "Api",
         "{\"Name\":\"one\",\"ProtocolType\":\"HTTP\",\"Description\":\"d\",\"Version\":\"1\","
         "\"CorsConfiguration\":{\"AllowOrigins\":[\"https://a.example\"],\"MaxAge\":\"60\","
         "\"AllowCredentials\":true},\"DisableExecuteApiEndpoint\":\"true\",\"IpAddressType\":"
         "\"dualstack\",\"Target\":\"" FUNCTION "\",\"RouteKey\":\"GET /x\","
         "\"Tags\":{\"k\":\"v\"}}");
    get = TEXT("{\"ApiId\":\"%s\"}", kit_id(kit, &api));
    assert_string_equal(kit_attribute(kit, &api, "ApiId"), kit_id(kit, &api));
    KIT_HAS(kit_attribute(kit, &api, "ApiEndpoint"), "execute-api");
    KIT_HAS(ask("GetRoutes", get), "GET /x");
    KIT_HAS(ask("GetApi", get), "\"MaxAge\":60");
    KIT_HAS(ask("GetApi", get), "\"team\":\"a\"");
    KIT_HAS(kit_now(kit, &api), "\"Tags\":{\"k\":\"v\"}");
    KIT_OK(kit, kit_change(kit, &api, "{\"Name\":\"two\",\"ProtocolType\":\"HTTP\"}"));
    KIT_HAS(ask("GetApi", get), "\"Name\":\"two\"");
    KIT_HAS_NOT(ask("GetApi", get), "Cors");
    KIT_HAS_NOT(ask("GetApi", get), "Description");
    KIT_HAS_NOT(ask("GetApi", get), "\"k\"");
    KIT_HAS(ask("GetApi", get), "\"IpAddressType\":\"ipv4\"");
    KIT_HAS(ask("GetApi", get), "\"DisableExecuteApiEndpoint\":false");
    KIT_OK(kit, kit_remove(kit, &api));
    assert_true(resource_is_gone(kit_remove(kit, &api)));
}

static const char *definition(const char *path)
{
    return TEXT("{\"openapi\":\"3.0.1\",\"info\":{\"title\":\"t\",\"version\":\"7\"},\"paths\":"
                "{\"%s\":{\"get\":{\"x-amazon-apigateway-integration\":{\"type\":\"http_proxy\","
                "\"httpMethod\":\"GET\",\"uri\":\"https://a.example\","
                "\"payloadFormatVersion\":\"1.0\"}}}}}", path);
}

static void an_api_is_its_definition(void **state)
{
    struct kit_thing api = {0};
    const char *get;

    (void)state;
    make(&api, TYPE "Api",
         TEXT("{\"Body\":%s,\"FailOnWarnings\":\"true\",\"Description\":\"mine\"}",
              definition("/one")));
    get = TEXT("{\"ApiId\":\"%s\"}", kit_id(kit, &api));
    KIT_HAS(ask("GetApi", get), "\"Name\":\"t\"");
    KIT_HAS(ask("GetApi", get), "\"Description\":\"mine\"");
    KIT_HAS(ask("GetRoutes", get), "GET /one");
    KIT_OK(kit, kit_change(kit, &api, TEXT("{\"Body\":%s,\"Tags\":{\"k\":\"v\"}}",
                                           definition("/two"))));
    KIT_HAS(ask("GetRoutes", get), "GET /two");
    KIT_HAS_NOT(ask("GetRoutes", get), "GET /one");
    KIT_HAS_NOT(ask("GetApi", get), "mine");
    KIT_HAS(ask("GetApi", get), "\"k\":\"v\"");
    KIT_OK(kit, kit_remove(kit, &api));
}

static void routes_and_integrations(void **state)
{
    struct kit_thing api = {0}, integration = {0}, authorizer = {0}, route = {0};
    const char *id;
    const char *get;

    (void)state;
    make(&api, TYPE "Api", "{\"Name\":\"one\",\"ProtocolType\":\"HTTP\"}");
    id = kit_id(kit, &api);
    make(&integration, TYPE "Integration",
         TEXT("{\"ApiId\":\"%s\",\"IntegrationType\":\"HTTP_PROXY\",\"IntegrationMethod\":\"GET\","
              "\"IntegrationUri\":\"https://a.example\",\"PayloadFormatVersion\":\"1.0\","
              "\"TimeoutInMillis\":\"5000\",\"Description\":\"d\",\"RequestParameters\":"
              "{\"append:header.a\":\"x\",\"append:header.b\":\"y\"},\"ResponseParameters\":"
              "{\"500\":{\"ResponseParameters\":[{\"Destination\":\"append:header.c\","
              "\"Source\":\"z\"}]}},\"TlsConfig\":{\"ServerNameToVerify\":\"a.example\"}}", id));
    get = TEXT("{\"ApiId\":\"%s\",\"IntegrationId\":\"%s\"}", id, kit_id(kit, &integration));
    KIT_HAS(ask("GetIntegration", get), "\"append:header.c\":\"z\"");
    KIT_HAS(ask("GetIntegration", get), "\"TimeoutInMillis\":5000");
    KIT_HAS(kit_now(kit, &integration), "\"Source\":\"z\"");
    KIT_OK(kit, kit_change(kit, &integration,
                           TEXT("{\"ApiId\":\"%s\",\"IntegrationType\":\"HTTP_PROXY\","
                                "\"IntegrationMethod\":\"GET\",\"IntegrationUri\":"
                                "\"https://b.example\",\"PayloadFormatVersion\":\"1.0\","
                                "\"RequestParameters\":{\"append:header.b\":\"y\"}}", id)));
    KIT_HAS(ask("GetIntegration", get), "b.example");
    KIT_HAS_NOT(ask("GetIntegration", get), "header.a");
    KIT_HAS_NOT(ask("GetIntegration", get), "header.c");
    KIT_HAS_NOT(ask("GetIntegration", get), "a.example");
    KIT_HAS(ask("GetIntegration", get), "\"TimeoutInMillis\":30000");
    assert_string_equal(kit_drift(kit, &integration), "");
    make(&authorizer, TYPE "Authorizer",
         TEXT("{\"ApiId\":\"%s\",\"AuthorizerType\":\"JWT\",\"Name\":\"j\",\"IdentitySource\":"
              "[\"$request.header.Authorization\"],\"JwtConfiguration\":{\"Audience\":[\"a\"],"
              "\"Issuer\":\"https://id.example\"}}", id));
    make(&route, TYPE "Route",
         TEXT("{\"ApiId\":\"%s\",\"RouteKey\":\"GET /a\",\"AuthorizationType\":\"JWT\","
              "\"AuthorizerId\":\"%s\",\"AuthorizationScopes\":[\"s\"],\"OperationName\":\"op\","
              "\"Target\":\"integrations/%s\"}", id, kit_id(kit, &authorizer),
              kit_id(kit, &integration)));
    get = TEXT("{\"ApiId\":\"%s\",\"RouteId\":\"%s\"}", id, kit_id(kit, &route));
    assert_string_equal(kit_attribute(kit, &route, "RouteId"), kit_id(kit, &route));
    KIT_HAS(ask("GetRoute", get), "\"AuthorizationScopes\":[\"s\"]");
    KIT_HAS(kit_now(kit, &route), TEXT("\"ApiId\":\"%s\"", id));
    KIT_OK(kit, kit_change(kit, &route,
                           TEXT("{\"ApiId\":\"%s\",\"RouteKey\":\"GET /b\",\"Target\":"
                                "\"integrations/%s\"}", id, kit_id(kit, &integration))));
    KIT_HAS(ask("GetRoute", get), "GET /b");
    KIT_HAS(ask("GetRoute", get), "\"AuthorizationType\":\"NONE\"");
    KIT_HAS_NOT(ask("GetRoute", get), "AuthorizerId");
    KIT_HAS_NOT(ask("GetRoute", get), "OperationName");
    KIT_OK(kit, kit_remove(kit, &route));
    KIT_OK(kit, kit_remove(kit, &authorizer));
    KIT_OK(kit, kit_remove(kit, &integration));
}

static void what_is_only_kept(void **state)
{
    struct kit_thing api = {0}, integration = {0}, route = {0}, answer = {0}, reply = {0};
    struct kit_thing model = {0}, link = {0};
    const char *id;

    (void)state;
    make(&api, TYPE "Api", "{\"Name\":\"one\",\"ProtocolType\":\"HTTP\"}");
    id = kit_id(kit, &api);
    make(&integration, TYPE "Integration",
         TEXT("{\"ApiId\":\"%s\",\"IntegrationType\":\"AWS_PROXY\",\"IntegrationUri\":\"" FUNCTION
              "\",\"PayloadFormatVersion\":\"2.0\"}", id));
    make(&route, TYPE "Route", TEXT("{\"ApiId\":\"%s\",\"RouteKey\":\"$default\"}", id));
    make(&answer, TYPE "IntegrationResponse",
         TEXT("{\"ApiId\":\"%s\",\"IntegrationId\":\"%s\",\"IntegrationResponseKey\":\"/200/\","
              "\"ResponseTemplates\":{\"a\":\"b\"}}", id, kit_id(kit, &integration)));
    KIT_OK(kit, kit_change(kit, &answer,
                           TEXT("{\"ApiId\":\"%s\",\"IntegrationId\":\"%s\","
                                "\"IntegrationResponseKey\":\"/400/\"}", id,
                                kit_id(kit, &integration))));
    KIT_HAS(kit_now(kit, &answer), "/400/");
    KIT_HAS_NOT(kit_now(kit, &answer), "\"a\"");
    make(&reply, TYPE "RouteResponse",
         TEXT("{\"ApiId\":\"%s\",\"RouteId\":\"%s\",\"RouteResponseKey\":\"$default\"}", id,
              kit_id(kit, &route)));
    KIT_HAS(kit_now(kit, &reply), "$default");
    KIT_OK(kit, kit_remove(kit, &reply));
    KIT_OK(kit, kit_remove(kit, &answer));
    make(&model, TYPE "Model",
         TEXT("{\"ApiId\":\"%s\",\"Name\":\"m\",\"Schema\":{\"type\":\"object\"},"
              "\"Description\":\"d\"}", id));
    KIT_HAS(kit_now(kit, &model), "\"Schema\":{\"type\":\"object\"}");
    KIT_OK(kit, kit_change(kit, &model,
                           TEXT("{\"ApiId\":\"%s\",\"Name\":\"n\",\"Schema\":{}}", id)));
    KIT_HAS_NOT(kit_now(kit, &model), "Description");
    KIT_OK(kit, kit_remove(kit, &model));
    make(&link, TYPE "VpcLink", "{\"Name\":\"l\",\"SubnetIds\":[\"subnet-1\"]}");
    KIT_OK(kit, kit_change(kit, &link,
                           "{\"Name\":\"m\",\"SubnetIds\":[\"subnet-1\"],\"Tags\":{\"a\":\"b\"}}"));
    KIT_HAS(kit_now(kit, &link), "\"Tags\":{\"a\":\"b\"}");
    KIT_OK(kit, kit_remove(kit, &link));
}

static void stages_and_names(void **state)
{
    struct kit_thing api = {0}, stage = {0}, route = {0}, deployment = {0}, second = {0};
    struct kit_thing name = {0}, mapping = {0};
    const char *id;
    const char *get;

    (void)state;
    make(&api, TYPE "Api", "{\"Name\":\"one\",\"ProtocolType\":\"HTTP\",\"Target\":\"" FUNCTION
         "\"}");
    id = kit_id(kit, &api);
    make(&route, TYPE "Route", TEXT("{\"ApiId\":\"%s\",\"RouteKey\":\"GET /a\"}", id));
    make(&stage, TYPE "Stage",
         TEXT("{\"ApiId\":\"%s\",\"StageName\":\"live\",\"AutoDeploy\":\"true\",\"Description\":"
              "\"d\",\"StageVariables\":{\"a\":\"1\",\"b\":\"2\"},\"AccessLogSettings\":"
              "{\"DestinationArn\":\"arn:aws:logs:us-east-1:" KIT_ACCOUNT ":log-group:g\","
              "\"Format\":\"$context.requestId\"},\"DefaultRouteSettings\":"
              "{\"ThrottlingBurstLimit\":7,\"ThrottlingRateLimit\":\"3.5\"},\"RouteSettings\":"
              "{\"GET /a\":{\"ThrottlingBurstLimit\":1}},\"Tags\":{\"k\":\"v\"}}", id));
    assert_string_equal(kit_id(kit, &stage), "live");
    get = TEXT("{\"ApiId\":\"%s\",\"StageName\":\"live\"}", id);
    KIT_HAS(ask("GetStage", get), "\"ThrottlingRateLimit\":3.5");
    KIT_OK(kit, kit_change(kit, &stage,
                           TEXT("{\"ApiId\":\"%s\",\"StageName\":\"live\",\"StageVariables\":"
                                "{\"b\":\"2\"},\"Tags\":{\"k\":\"w\"}}", id)));
    KIT_HAS_NOT(ask("GetStage", get), "AccessLog");
    KIT_HAS_NOT(ask("GetStage", get), "\"a\":\"1\"");
    KIT_HAS(ask("GetStage", get), "\"RouteSettings\":{}");
    KIT_HAS(ask("GetStage", get), "\"ThrottlingBurstLimit\":5000");
    KIT_HAS(ask("GetStage", get), "\"AutoDeploy\":false");
    KIT_HAS(ask("GetStage", get), "\"k\":\"w\"");
    make(&deployment, TYPE "Deployment",
         TEXT("{\"ApiId\":\"%s\",\"Description\":\"d\",\"StageName\":\"live\"}", id));
    KIT_HAS(ask("GetStage", get), kit_id(kit, &deployment));
    make(&second, TYPE "Deployment", TEXT("{\"ApiId\":\"%s\",\"StageName\":\"live\"}", id));
    KIT_OK(kit, kit_change(kit, &deployment, TEXT("{\"ApiId\":\"%s\"}", id)));
    KIT_HAS_NOT(kit_now(kit, &deployment), "Description");
    KIT_OK(kit, kit_remove(kit, &deployment));
    make(&name, TYPE "DomainName",
         "{\"DomainName\":\"api.example.com\",\"DomainNameConfigurations\":[{\"CertificateArn\":"
         "\"arn:aws:acm:us-east-1:" KIT_ACCOUNT ":certificate/a\",\"EndpointType\":\"REGIONAL\"}],"
         "\"Tags\":{\"k\":\"v\"}}");
    assert_string_equal(kit_id(kit, &name), "api.example.com");
    assert_string_equal(kit_attribute(kit, &name, "RegionalHostedZoneId"), "Z1UJRXOUMOOFQ8");
    KIT_HAS(kit_attribute(kit, &name, "RegionalDomainName"), "execute-api");
    KIT_HAS_NOT(kit_now(kit, &name), "AVAILABLE");
    make(&mapping, TYPE "ApiMapping",
         TEXT("{\"ApiId\":\"%s\",\"DomainName\":\"api.example.com\",\"Stage\":\"live\","
              "\"ApiMappingKey\":\"k\"}", id));
    KIT_OK(kit, kit_change(kit, &mapping,
                           TEXT("{\"ApiId\":\"%s\",\"DomainName\":\"api.example.com\","
                                "\"Stage\":\"live\"}", id)));
    KIT_HAS_NOT(kit_now(kit, &mapping), "\"ApiMappingKey\":\"k\"");
    KIT_OK(kit, kit_remove(kit, &mapping));
    KIT_OK(kit, kit_remove(kit, &name));
    KIT_OK(kit, kit_remove(kit, &stage));
    KIT_OK(kit, kit_remove(kit, &second));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_api_has_all_its_properties, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_api_is_its_definition, set_up, tear_down),
        cmocka_unit_test_setup_teardown(routes_and_integrations, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_only_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stages_and_names, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
