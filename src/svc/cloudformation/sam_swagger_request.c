/* SPDX-License-Identifier: Apache-2.0
 *
 * What events ask of their methods' requests: a model of the body, parameters, and whether they are
 * checked.
 */
#include "svc/cloudformation/sam_swagger.h"

#define VALIDATORS "x-amazon-apigateway-request-validators"

static void refuse_model(struct sam *s, const struct sam_method_request *r,
                         const struct value *model, const char *why)
{
    sam_refuse_event(s, r->event,
                     "Unable to set %sRequestModel [%.*s] on API method [%.*s] for path [%.*s] %s",
                     why[0] == 'V' ? "Validator to " : "", STR_ARG(node_shown(s->arena, model)),
                     STR_ARG(r->method), STR_ARG(r->path), why);
}

static bool check_model(struct sam *s, const struct sam_method_request *r,
                        const struct value *name)
{
    const struct value *models = node_get(r->api, "Models");

    if (!node_true(models)) {
        refuse_model(s, r, name, "because the related API does not define any Models.");
    } else if (models->kind != VALUE_MAP) {
        refuse_model(s, r, name, "because the related API Models defined is of invalid type.");
    } else if (name->kind != VALUE_STR) {
        refuse_model(s, r, name, "because the related API does not contain valid Models.");
    } else if (!node_true(node_find(models, name->str))) {
        refuse_model(s, r, name, "because it wasn't defined in the API's Models.");
    }
    return !s->refused;
}

static void put_model(struct sam *s, const struct sam_method_request *r, struct value *definition,
                      const struct value *model)
{
    struct str given = node_text(node_get(model, "Model"));
    struct str name = str_eq_nocase(given, STR("any")) ? STR("any") : sam_method(s, given);
    const struct value *required = node_get(model, "Required");
    struct value *list = node_get(definition, "parameters");

    if (node_get(r->body, "swagger") != NULL) {
        if (!node_is(list, VALUE_LIST)) {
            list = node_put(s->arena, definition, "parameters", node_list());
        }
        node_push(s->arena, list,
                  node_make(s->arena, "{in: 'body', name: %s, schema: {'$ref': %s}, required: %v}",
                            name, sam_join(s, STR("#/definitions/"), name), required));
    } else if (sam_is_version_3(s, node_get(r->body, "openapi"))) {
        node_put(s->arena, definition, "requestBody",
                 node_make(s->arena,
                           "{content: {'application/json': {schema: {'$ref': %s}}}, required: %v}",
                           sam_join(s, STR("#/components/schemas/"), name), required));
    }
}

static void put_validator(struct sam *s, const struct sam_method_request *r, bool body,
                          bool parameters)
{
    struct str name = body ? (parameters ? STR("body-and-params") : STR("body-only"))
                           : (parameters ? STR("params-only") : STR("no-validation"));
    struct value *all = node_enter(s->arena, r->body, STR(VALIDATORS));
    struct value yes = node_bool(body);
    struct value too = node_bool(parameters);
    struct value made = node_make(
        s->arena, "{validateRequestBody: %v, validateRequestParameters: %v}", &yes, &too);
    struct value *definitions[SAM_DEFINITIONS_MAX];
    uint32_t count = sam_definitions(s, r->body, r->path, r->method, definitions);

    if (all != NULL && node_find(all, name) == NULL) {
        node_set(s->arena, all, name, &made);
    }
    for (uint32_t i = 0; i < count; i++) {
        node_put(s->arena, definitions[i], "x-amazon-apigateway-request-validator",
                 node_str(name));
    }
}

void sam_swagger_model(struct sam *s, const struct sam_method_request *r,
                       const struct value *model)
{
    const struct value *name = node_get(model, "Model");
    const struct value *body = node_get(model, "ValidateBody");
    const struct value *parameters = node_get(model, "ValidateParameters");
    struct value *definitions[SAM_DEFINITIONS_MAX];
    uint32_t count;

    if (!node_true(model) || !node_true(name) || !check_model(s, r, name)) {
        return;
    }
    count = sam_definitions(s, r->body, r->path, r->method, definitions);
    for (uint32_t i = 0; i < count; i++) {
        put_model(s, r, definitions[i], model);
    }
    if ((body != NULL && body->kind != VALUE_BOOL) ||
        (parameters != NULL && parameters->kind != VALUE_BOOL)) {
        refuse_model(s, r, name, "ValidateBody and ValidateParameters must be a boolean type, "
                                 "strings or intrinsics are not supported.");
    } else if (body != NULL || parameters != NULL) {
        put_validator(s, r, node_true(body), node_true(parameters));
    }
}

/* ---- parameters ---- */

/* "method.request.header.X" without what all begin with; STR_NONE: it is none. */
static struct str parameter_name(struct str name)
{
    struct str rest = str_slice(name, 15, name.bytes);

    if (!str_starts(name, STR("method.request.")) ||
        (!str_starts(rest, STR("querystring.")) && !str_starts(rest, STR("path.")) &&
         !str_starts(rest, STR("header.")))) {
        return STR_NONE;
    }
    return rest;
}

static void put_parameter(struct sam *s, struct value *definition, struct str name,
                          const struct value *settings)
{
    struct str rest = parameter_name(name);
    struct str place = str_split(&rest, '.');
    const struct value *required = node_get(settings, "Required");
    struct value no = node_bool(false);
    struct value *list = node_get(definition, "parameters");
    struct value *integration = node_get(definition, SAM_INTEGRATION);

    if (!node_is(list, VALUE_LIST)) {
        list = node_put(s->arena, definition, "parameters", node_list());
    }
    node_push(s->arena, list,
              node_make(s->arena, "{in: %s, name: %s, required: %v, type: 'string'}",
                        str_eq(place, STR("querystring")) ? STR("query") : place, rest,
                        required != NULL ? required : &no));
    if (node_true(node_get(settings, "Caching"))) {
        list = node_get(integration, "cacheKeyParameters");
        if (!node_is(list, VALUE_LIST)) {
            list = node_put(s->arena, integration, "cacheKeyParameters", node_list());
        }
        node_push(s->arena, list, node_str(name));
    }
}

static bool check_parameter(struct sam *s, const struct sam_method_request *r, struct str name,
                            const struct value *settings)
{
    if (parameter_name(name).at == NULL) {
        sam_refuse_event(s, r->event,
                         "Invalid value for 'RequestParameters' property. Keys must be in the "
                         "format 'method.request.[querystring|path|header].{value}', e.g "
                         "'method.request.header.Authorization'.");
    }
    for (uint32_t i = 0; node_is(settings, VALUE_MAP) && i < settings->count; i++) {
        struct str key = settings->pairs[i].key;

        if (!str_eq(key, STR("Required")) && !str_eq(key, STR("Caching"))) {
            settings = NULL;
        }
    }
    if (!node_is(settings, VALUE_MAP)) {
        sam_refuse_event(s, r->event, "Invalid value for 'RequestParameters' property. Values must "
                                      "be an object, e.g { Required: true, Caching: false }");
    }
    return !s->refused;
}

void sam_swagger_parameters(struct sam *s, const struct sam_method_request *r,
                            const struct value *parameters)
{
    struct value *definitions[SAM_DEFINITIONS_MAX];
    struct value none = node_map();
    uint32_t count = node_true(parameters)
                         ? sam_definitions(s, r->body, r->path, r->method, definitions)
                         : 0;

    for (uint32_t i = 0; node_is(parameters, VALUE_LIST) && i < parameters->count; i++) {
        const struct value *one = &parameters->items[i];
        bool map = one->kind == VALUE_MAP && one->count > 0;
        struct str name = map ? one->pairs[0].key : node_text(one);
        const struct value *settings = map ? &one->pairs[0].value : &none;

        if (!map && one->kind != VALUE_STR) {
            sam_refuse_event(s, r->event, "Invalid value for 'RequestParameters' property. "
                                          "Property must be either a string or an object");
            return;
        }
        for (uint32_t k = 0; check_parameter(s, r, name, settings) && k < count; k++) {
            put_parameter(s, definitions[k], name, settings);
        }
    }
}
