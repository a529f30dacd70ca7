/* SPDX-License-Identifier: Apache-2.0
 *
 * APIs in templates: made of properties, or of a definition, which the properties then complete.
 */
#include "bus/depot.h"
#include "svc/apigatewayv2/cfn.h"

#define BODY_BYTES_MAX (6u << 20) /* of a definition in a bucket */

static const struct resource_property api_properties[] = {
    {"ApiKeySelectionExpression", NULL, RESOURCE_IN_PLACE, 0},
    {"BasePath", "", RESOURCE_IN_PLACE, RESOURCE_SECRET},
    {"Body", "", RESOURCE_IN_PLACE, RESOURCE_SECRET},
    {"BodyS3Location", "", RESOURCE_IN_PLACE, RESOURCE_SECRET},
    {"CorsConfiguration", NULL, RESOURCE_IN_PLACE, 0},
    {"CredentialsArn", NULL, RESOURCE_IN_PLACE, RESOURCE_SECRET},
    {"Description", NULL, RESOURCE_IN_PLACE, 0},
    {"DisableExecuteApiEndpoint", NULL, RESOURCE_IN_PLACE, 0},
    {"DisableSchemaValidation", NULL, RESOURCE_IN_PLACE, 0},
    {"FailOnWarnings", "", RESOURCE_IN_PLACE, RESOURCE_SECRET},
    {"IpAddressType", NULL, RESOURCE_IN_PLACE, 0},
    {"Name", NULL, RESOURCE_IN_PLACE, 0},
    {"ProtocolType", NULL, RESOURCE_REPLACES, 0},
    {"RouteKey", NULL, RESOURCE_IN_PLACE, RESOURCE_SECRET},
    {"RouteSelectionExpression", NULL, RESOURCE_IN_PLACE, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"Target", NULL, RESOURCE_IN_PLACE, RESOURCE_SECRET},
    {"Version", NULL, RESOURCE_IN_PLACE, 0},
};
static const char *const api_attributes[] = {"ApiEndpoint", "ApiId", NULL};
static const struct resource_default api_defaults[] = {
    {"ApiKeySelectionExpression", "$request.header.x-api-key"},
    {"Description", ""},
    {"DisableExecuteApiEndpoint", "false"},
    {"DisableSchemaValidation", "false"},
    {"IpAddressType", "ipv4"},
    {"RouteSelectionExpression", "$request.method $request.path"},
    {"Version", ""},
    {NULL, NULL}};

/* ---- definitions ---- */

/* The bytes of an object that r->caller may read. */
static status object_read(struct resource *r, struct str bucket, struct str key,
                          struct str version, struct str *ret_text)
{
    struct depot_ask ask = {
        .target = arena_printf(r->c->arena, "arn:%.*s:s3:::%.*s",
                               STR_ARG(arn_partition(r->c->region)), STR_ARG(bucket)),
        .principal = STR("cloudformation.amazonaws.com"),
        .account = r->c->account,
    };
    struct depot_span span = {.prefix = key, .count_max = 1, .version = version};
    struct depot_piece piece = {.offset = 0};
    struct depot_bytes bytes;
    size_t count = 0;
    char *text;

    if (bus_list(r->c, &ask, &span, &piece.thing, &count) != OK || count == 0 ||
        !str_eq(piece.thing.key, key)) {
        return resource_fail(r, &RESOURCE_INVALID, "The specified key does not exist.");
    }
    if (piece.thing.bytes > BODY_BYTES_MAX) {
        return resource_fail(r, &RESOURCE_INVALID, "The definition exceeds %u bytes.",
                             BODY_BYTES_MAX);
    }
    piece.bytes = piece.thing.bytes;
    text = arena_alloc(r->c->arena, piece.bytes + 1);
    if (bus_read(r->c, &ask, &piece, &bytes) != OK ||
        bus_fetch(r->c->cell, &bytes, text) != OK) {
        return resource_fail(r, &RESOURCE_INVALID, "The definition could not be read.");
    }
    *ret_text = str_of(text, piece.bytes);
    return OK;
}

static status object_body(struct resource *r, const struct value *location, struct str *ret_text)
{
    struct str bucket = doc_text(r->c->arena, doc_get(location, "Bucket"));
    struct str key = doc_text(r->c->arena, doc_get(location, "Key"));
    struct str version = doc_text(r->c->arena, doc_get(location, "Version"));
    struct str etag = doc_text(r->c->arena, doc_get(location, "Etag"));
    struct inner inner;

    TRY(resource_begin_of(r, "s3", "HeadObject", &inner));
    if (bucket.at != NULL) {
        set_str(inner.in, "Bucket", bucket);
    }
    if (key.at != NULL) {
        set_str(inner.in, "Key", key);
    }
    if (version.at != NULL) {
        set_str(inner.in, "VersionId", version);
    }
    if (etag.at != NULL) {
        set_str(inner.in, "IfMatch", etag);
    }
    TRY(resource_run(r, &inner));
    r->c->more_count = 0;
    return object_read(r, bucket, key, version, ret_text);
}

/* STR_NONE: there is none. */
static status body_of(struct resource *r, struct str *ret_text)
{
    const struct value *location = resource_get(r, "BodyS3Location");

    *ret_text = resource_policy(r, "Body");
    if (ret_text->at != NULL && location != NULL) {
        return resource_fail(r, &RESOURCE_INVALID,
                             "Body and BodyS3Location cannot both be specified");
    }
    return location == NULL ? OK : object_body(r, location, ret_text);
}

/* By ImportApi, or by ReimportApi of what there is. */
static status import(struct resource *r, struct str body)
{
    const struct value *fail_on = resource_get(r, "FailOnWarnings");
    struct inner inner;

    TRY(resource_begin(r, r->id.bytes == 0 ? "ImportApi" : "ReimportApi", &inner));
    if (r->id.bytes > 0) {
        set_str(inner.in, "ApiId", r->id);
    }
    set_str(inner.in, "Body", body);
    if (resource_get(r, "BasePath") != NULL) {
        set_str(inner.in, "Basepath", resource_str(r, "BasePath"));
    }
    TRY(resource_set(r, &inner, "FailOnWarnings", fail_on));
    TRY(resource_run(r, &inner));
    r->id = get_str(inner.out, "ApiId");
    return OK;
}

/* ---- AWS::ApiGatewayV2::Api ---- */

static bool has_more_than_a_body(const struct resource *r)
{
    static const char *const properties[] = {
        "ApiKeySelectionExpression", "CorsConfiguration", "Description",
        "DisableExecuteApiEndpoint", "DisableSchemaValidation", "IpAddressType", "Name",
        "RouteSelectionExpression", "Version"};

    for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
        if (resource_get(r, properties[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static status api_update(struct resource *r, bool back)
{
    struct inner inner;

    TRY(resource_begin(r, "UpdateApi", &inner));
    TRY(resource_fill(r, &inner));
    if (back) {
        TRY(resource_fill_back(r, &inner, api_defaults));
    }
    set_str(inner.in, "ApiId", r->id);
    return resource_run(r, &inner);
}

static status tags_change(struct resource *r)
{
    return cfn_tags_change(r, arena_printf(r->c->arena, "/apis/%.*s", STR_ARG(r->id)).at);
}

static status api_make(struct resource *r)
{
    struct str body = STR_NONE;

    TRY(body_of(r, &body));
    if (body.at == NULL) {
        return resource_make_by(r, "CreateApi", "ApiId");
    }
    TRY(import(r, body));
    if (has_more_than_a_body(r)) {
        TRY(api_update(r, false));
    }
    return tags_change(r);
}

static status api_change(struct resource *r)
{
    bool imports = resource_any_changed(r, "Body BodyS3Location BasePath FailOnWarnings");
    struct str body = STR_NONE;
    struct inner inner;

    if (imports) {
        TRY(body_of(r, &body));
    }
    if (body.at != NULL) {
        TRY(import(r, body));
    }
    if (body.at == NULL || has_more_than_a_body(r)) {
        TRY(api_update(r, body.at == NULL));
    }
    if (body.at == NULL && resource_changed(r, "CorsConfiguration") &&
        resource_get(r, "CorsConfiguration") == NULL) {
        TRY(resource_ask(r, "DeleteCorsConfiguration", RESOURCE_ARGS({"ApiId", r->id}), &inner));
    }
    return tags_change(r);
}

static status api_remove(struct resource *r)
{
    return resource_remove_by(r, "DeleteApi", "ApiId");
}

static status api_tell(struct resource *r)
{
    struct inner inner;

    TRY(resource_ask(r, "GetApi", RESOURCE_ARGS({"ApiId", r->id}), &inner));
    resource_attribute(r, "ApiEndpoint", get_str(inner.out, "ApiEndpoint"));
    resource_attribute(r, "ApiId", r->id);
    return OK;
}

static status api_now(struct resource *r, struct value *ret_properties)
{
    struct inner inner;

    TRY(resource_ask(r, "GetApi", RESOURCE_ARGS({"ApiId", r->id}), &inner));
    resource_now_of(r, inner.out, ret_properties);
    return OK;
}

const struct resource_type cfn_api = {
    .name = "AWS::ApiGatewayV2::Api",
    .service = "apigatewayv2",
    RESOURCE_TYPE_PROPERTIES(api_properties),
    .attributes = api_attributes,
    .make = api_make,
    .change = api_change,
    .remove = api_remove,
    .tell = api_tell,
    .now = api_now,
};
