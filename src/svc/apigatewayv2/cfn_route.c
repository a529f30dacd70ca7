/* SPDX-License-Identifier: Apache-2.0
 *
 * Routes, integrations, authorizers, models and responses in templates.
 */
#include "svc/apigatewayv2/cfn.h"

/* ---- AWS::ApiGatewayV2::Route ---- */

static const struct resource_property route_properties[] = {
    {"ApiId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"ApiKeyRequired", NULL, RESOURCE_IN_PLACE, 0},
    {"AuthorizationScopes", NULL, RESOURCE_IN_PLACE, 0},
    {"AuthorizationType", NULL, RESOURCE_IN_PLACE, 0},
    {"AuthorizerId", NULL, RESOURCE_IN_PLACE, 0},
    {"ModelSelectionExpression", NULL, RESOURCE_IN_PLACE, 0},
    {"OperationName", NULL, RESOURCE_IN_PLACE, 0},
    {"RequestModels", NULL, RESOURCE_IN_PLACE, 0},
    {"RequestParameters", NULL, RESOURCE_IN_PLACE, 0},
    {"RouteKey", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"RouteResponseSelectionExpression", NULL, RESOURCE_IN_PLACE, 0},
    {"Target", NULL, RESOURCE_IN_PLACE, 0},
};
static const char *const route_attributes[] = {"RouteId", NULL};
static const struct resource_default route_defaults[] = {
    {"ApiKeyRequired", "false"},
    {"AuthorizationScopes", "[]"},
    {"AuthorizationType", "NONE"},
    {"AuthorizerId", ""},
    {"ModelSelectionExpression", ""},
    {"OperationName", ""},
    {"RouteResponseSelectionExpression", ""},
    {"Target", ""},
    {NULL, NULL}};
static const struct cfn_part route_part = {
    .create = "CreateRoute", .update = "UpdateRoute", .read = "GetRoute",
    .remove = "DeleteRoute", .id = "RouteId", .parents = {"ApiId"},
    .maps = {"RequestModels"}, .defaults = route_defaults};

static status route_change(struct resource *r)
{
    struct value *gone;
    struct value *more;
    struct inner inner;

    TRY(cfn_part_change(r));
    resource_list_changed(r, "RequestParameters", &gone, &more);
    for (uint32_t i = 0; i < gone->count; i++) {
        TRY(cfn_part_begin(r, "DeleteRouteRequestParameter", &inner));
        set_str(inner.in, "RequestParameterKey", gone->items[i].str);
        TRY(resource_run(r, &inner));
    }
    return OK;
}

const struct resource_type cfn_route = {
    .name = "AWS::ApiGatewayV2::Route",
    .service = "apigatewayv2",
    RESOURCE_TYPE_PROPERTIES(route_properties),
    .attributes = route_attributes,
    .make = cfn_part_make,
    .change = route_change,
    .remove = cfn_part_remove,
    .tell = cfn_part_tell,
    .now = cfn_part_now,
    .own = &route_part,
};

/* ---- AWS::ApiGatewayV2::Integration ---- */

static const struct resource_property integration_properties[] = {
    {"ApiId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"ConnectionId", NULL, RESOURCE_IN_PLACE, 0},
    {"ConnectionType", NULL, RESOURCE_IN_PLACE, 0},
    {"ContentHandlingStrategy", NULL, RESOURCE_IN_PLACE, 0},
    {"CredentialsArn", NULL, RESOURCE_IN_PLACE, 0},
    {"Description", NULL, RESOURCE_IN_PLACE, 0},
    {"IntegrationMethod", NULL, RESOURCE_IN_PLACE, 0},
    {"IntegrationSubtype", NULL, RESOURCE_IN_PLACE, 0},
    {"IntegrationType", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"IntegrationUri", NULL, RESOURCE_IN_PLACE, 0},
    {"PassthroughBehavior", NULL, RESOURCE_IN_PLACE, 0},
    {"PayloadFormatVersion", NULL, RESOURCE_IN_PLACE, 0},
    {"RequestParameters", NULL, RESOURCE_IN_PLACE, 0},
    {"RequestTemplates", NULL, RESOURCE_IN_PLACE, 0},
    {"ResponseParameters", "", RESOURCE_IN_PLACE, 0},
    {"TemplateSelectionExpression", NULL, RESOURCE_IN_PLACE, 0},
    {"TimeoutInMillis", NULL, RESOURCE_IN_PLACE, 0},
    {"TlsConfig", NULL, RESOURCE_IN_PLACE, 0},
};
static const char *const integration_attributes[] = {"IntegrationId", NULL};
static const struct resource_default integration_defaults[] = {
    {"ConnectionId", ""},
    {"ConnectionType", "INTERNET"},
    {"ContentHandlingStrategy", ""},
    {"CredentialsArn", ""},
    {"Description", ""},
    {"PassthroughBehavior", ""},
    {"TemplateSelectionExpression", ""},
    {"TimeoutInMillis", "30000"},
    {NULL, NULL}};
static const struct cfn_part integration_part = {
    .create = "CreateIntegration", .update = "UpdateIntegration", .read = "GetIntegration",
    .remove = "DeleteIntegration", .id = "IntegrationId", .parents = {"ApiId"},
    .maps = {"RequestParameters", "RequestTemplates"}, .defaults = integration_defaults};

/* A template has {"500": {"ResponseParameters": [{"Destination": d, "Source": s}]}}, or what the
 * operation has, {"500": {d: s}}, which is what comes of both. */
static struct value *answers_of(struct resource *r, const struct value *properties)
{
    const struct value *codes = properties == NULL ? NULL
                                                   : doc_get(properties, "ResponseParameters");
    struct value *map = doc_map(r->c->arena);

    for (uint32_t i = 0; codes != NULL && codes->kind == VALUE_MAP && i < codes->count; i++) {
        const struct value *list = doc_get(&codes->pairs[i].value, "ResponseParameters");
        struct value *made = doc_put(r->c->arena, map, codes->pairs[i].key);

        *made = list == NULL ? codes->pairs[i].value : (struct value){.kind = VALUE_MAP};
        for (uint32_t j = 0; list != NULL && list->kind == VALUE_LIST && j < list->count; j++) {
            struct str to = doc_text(r->c->arena, doc_get(&list->items[j], "Destination"));
            struct str from = doc_text(r->c->arena, doc_get(&list->items[j], "Source"));

            if (to.at != NULL && from.at != NULL) {
                doc_put_text(r->c->arena, made, arena_dup(r->c->arena, to).at, from);
            }
        }
    }
    return map;
}

/* Codes that it had and has no more become empty. */
static status answers_set(struct resource *r, struct inner *inner)
{
    struct value *want = answers_of(r, r->want);
    const struct value *had = answers_of(r, r->had);
    struct value *given = doc_copy(r->c->arena, want);

    for (uint32_t i = 0; i < had->count; i++) {
        if (map_find(want, had->pairs[i].key) == NULL) {
            *doc_put(r->c->arena, given, had->pairs[i].key) = (struct value){.kind = VALUE_MAP};
        }
    }
    return resource_set(r, inner, "ResponseParameters", given->count == 0 ? NULL : given);
}

static status integration_make(struct resource *r)
{
    struct inner inner;

    TRY(resource_begin(r, "CreateIntegration", &inner));
    TRY(resource_fill(r, &inner));
    TRY(answers_set(r, &inner));
    TRY(resource_run(r, &inner));
    r->id = get_str(inner.out, "IntegrationId");
    return OK;
}

static status integration_change(struct resource *r)
{
    const struct value *had = doc_get(r->had, "TlsConfig");
    struct value *none = doc_map(r->c->arena);
    struct inner inner;

    TRY(cfn_part_begin(r, "UpdateIntegration", &inner));
    TRY(cfn_part_fill(r, &inner));
    TRY(answers_set(r, &inner));
    if (had != NULL && resource_get(r, "TlsConfig") == NULL) {
        doc_put_text(r->c->arena, none, "ServerNameToVerify", STR(""));
        TRY(resource_set(r, &inner, "TlsConfig", none));
    }
    return resource_run(r, &inner);
}

static status integration_now(struct resource *r, struct value *ret_properties)
{
    const struct value *told;

    TRY(cfn_part_now(r, ret_properties));
    told = doc_get(ret_properties, "ResponseParameters");
    if (told != NULL && resource_get(r, "ResponseParameters") != NULL &&
        doc_same(told, answers_of(r, r->want))) {
        for (uint32_t i = 0; i < ret_properties->count; i++) {
            if (&ret_properties->pairs[i].value == told) {
                ret_properties->pairs[i].value = *resource_get(r, "ResponseParameters");
            }
        }
    }
    return OK;
}

const struct resource_type cfn_integration = {
    .name = "AWS::ApiGatewayV2::Integration",
    .service = "apigatewayv2",
    RESOURCE_TYPE_PROPERTIES(integration_properties),
    .attributes = integration_attributes,
    .make = integration_make,
    .change = integration_change,
    .remove = cfn_part_remove,
    .tell = cfn_part_tell,
    .now = integration_now,
    .own = &integration_part,
};

/* ---- AWS::ApiGatewayV2::Authorizer ---- */

static const struct resource_property authorizer_properties[] = {
    {"ApiId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"AuthorizerCredentialsArn", NULL, RESOURCE_IN_PLACE, 0},
    {"AuthorizerPayloadFormatVersion", NULL, RESOURCE_IN_PLACE, 0},
    {"AuthorizerResultTtlInSeconds", NULL, RESOURCE_IN_PLACE, 0},
    {"AuthorizerType", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"AuthorizerUri", NULL, RESOURCE_IN_PLACE, 0},
    {"EnableSimpleResponses", NULL, RESOURCE_IN_PLACE, 0},
    {"IdentitySource", NULL, RESOURCE_IN_PLACE, 0},
    {"IdentityValidationExpression", NULL, RESOURCE_IN_PLACE, 0},
    {"JwtConfiguration", NULL, RESOURCE_IN_PLACE, 0},
    {"Name", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
};
static const char *const authorizer_attributes[] = {"AuthorizerId", NULL};
static const struct resource_default authorizer_defaults[] = {
    {"AuthorizerCredentialsArn", ""},
    {"AuthorizerResultTtlInSeconds", "300"},
    {"EnableSimpleResponses", "false"},
    {"IdentitySource", "[]"},
    {"IdentityValidationExpression", ""},
    {NULL, NULL}};
static const struct cfn_part authorizer_part = {
    .create = "CreateAuthorizer", .update = "UpdateAuthorizer", .read = "GetAuthorizer",
    .remove = "DeleteAuthorizer", .id = "AuthorizerId", .parents = {"ApiId"},
    .defaults = authorizer_defaults};

/* A property that the operation wants even when a template leaves it out. */
static status authorizer_make(struct resource *r)
{
    struct inner inner;

    TRY(resource_begin(r, "CreateAuthorizer", &inner));
    TRY(resource_fill(r, &inner));
    if (resource_get(r, "IdentitySource") == NULL) {
        (void)set_list(r->c->arena, inner.in, "IdentitySource", 0);
    }
    TRY(resource_run(r, &inner));
    r->id = get_str(inner.out, "AuthorizerId");
    return OK;
}

const struct resource_type cfn_authorizer = {
    .name = "AWS::ApiGatewayV2::Authorizer",
    .service = "apigatewayv2",
    RESOURCE_TYPE_PROPERTIES(authorizer_properties),
    .attributes = authorizer_attributes,
    .make = authorizer_make,
    .change = cfn_part_change,
    .remove = cfn_part_remove,
    .tell = cfn_part_tell,
    .now = cfn_part_now,
    .own = &authorizer_part,
};

/* ---- AWS::ApiGatewayV2::IntegrationResponse ---- */

static const struct resource_property answer_properties[] = {
    {"ApiId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"ContentHandlingStrategy", NULL, RESOURCE_IN_PLACE, 0},
    {"IntegrationId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"IntegrationResponseKey", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"ResponseParameters", NULL, RESOURCE_IN_PLACE, 0},
    {"ResponseTemplates", NULL, RESOURCE_IN_PLACE, 0},
    {"TemplateSelectionExpression", NULL, RESOURCE_IN_PLACE, 0},
};
static const char *const answer_attributes[] = {"IntegrationResponseId", NULL};
static const struct resource_default answer_defaults[] = {
    {"ContentHandlingStrategy", ""}, {"TemplateSelectionExpression", ""}, {NULL, NULL}};
static const struct cfn_part answer_part = {
    .create = "CreateIntegrationResponse", .update = "UpdateIntegrationResponse",
    .read = "GetIntegrationResponse", .remove = "DeleteIntegrationResponse",
    .id = "IntegrationResponseId", .parents = {"ApiId", "IntegrationId"},
    .maps = {"ResponseParameters", "ResponseTemplates"}, .defaults = answer_defaults};

const struct resource_type cfn_integration_response = {
    .name = "AWS::ApiGatewayV2::IntegrationResponse",
    .service = "apigatewayv2",
    RESOURCE_TYPE_PROPERTIES(answer_properties),
    .attributes = answer_attributes,
    .make = cfn_part_make,
    .change = cfn_part_change,
    .remove = cfn_part_remove,
    .tell = cfn_part_tell,
    .now = cfn_part_now,
    .own = &answer_part,
};

/* ---- AWS::ApiGatewayV2::RouteResponse ---- */

static const struct resource_property reply_properties[] = {
    {"ApiId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"ModelSelectionExpression", NULL, RESOURCE_IN_PLACE, 0},
    {"ResponseModels", NULL, RESOURCE_IN_PLACE, 0},
    {"ResponseParameters", NULL, RESOURCE_IN_PLACE, 0},
    {"RouteId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"RouteResponseKey", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
};
static const char *const reply_attributes[] = {"RouteResponseId", NULL};
static const struct resource_default reply_defaults[] = {{"ModelSelectionExpression", ""},
                                                         {NULL, NULL}};
static const struct cfn_part reply_part = {
    .create = "CreateRouteResponse", .update = "UpdateRouteResponse", .read = "GetRouteResponse",
    .remove = "DeleteRouteResponse", .id = "RouteResponseId", .parents = {"ApiId", "RouteId"},
    .maps = {"ResponseModels"}, .defaults = reply_defaults};

const struct resource_type cfn_route_response = {
    .name = "AWS::ApiGatewayV2::RouteResponse",
    .service = "apigatewayv2",
    RESOURCE_TYPE_PROPERTIES(reply_properties),
    .attributes = reply_attributes,
    .make = cfn_part_make,
    .change = cfn_part_change,
    .remove = cfn_part_remove,
    .tell = cfn_part_tell,
    .now = cfn_part_now,
    .own = &reply_part,
};

/* ---- AWS::ApiGatewayV2::Model ---- */

static const struct resource_property model_properties[] = {
    {"ApiId", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"ContentType", NULL, RESOURCE_IN_PLACE, 0},
    {"Description", NULL, RESOURCE_IN_PLACE, 0},
    {"Name", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"Schema", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
};
static const char *const model_attributes[] = {"ModelId", NULL};
static const struct resource_default model_defaults[] = {
    {"ContentType", "application/json"}, {"Description", ""}, {NULL, NULL}};
static const struct cfn_part model_part = {
    .create = "CreateModel", .update = "UpdateModel", .read = "GetModel",
    .remove = "DeleteModel", .id = "ModelId", .parents = {"ApiId"}, .defaults = model_defaults};

static status model_now(struct resource *r, struct value *ret_properties)
{
    TRY(cfn_part_now(r, ret_properties));
    for (uint32_t i = 0; i < ret_properties->count; i++) {
        struct pair *pair = &ret_properties->pairs[i];

        if (str_eq(pair->key, STR("Schema")) && pair->value.kind == VALUE_STR &&
            resource_get(r, "Schema")->kind == VALUE_MAP) {
            pair->value = *resource_tree(r, pair->value.str);
        }
    }
    return OK;
}

const struct resource_type cfn_model = {
    .name = "AWS::ApiGatewayV2::Model",
    .service = "apigatewayv2",
    RESOURCE_TYPE_PROPERTIES(model_properties),
    .attributes = model_attributes,
    .make = cfn_part_make,
    .change = cfn_part_change,
    .remove = cfn_part_remove,
    .tell = cfn_part_tell,
    .now = model_now,
    .own = &model_part,
};
