/* SPDX-License-Identifier: Apache-2.0
 *
 * The transform, step by step: what a template gives for all is merged into each resource, events
 * that name no API get the implicit ones, then every Serverless resource is a unit, functions first
 * (their events change APIs), connectors last (they look at what the others made). At the end
 * references are turned to what there is now.
 */
#include "svc/cloudformation/sam_int.h"

#include <stdlib.h>

/* A kind of unit. */
struct unit {
    const char *type;                       /* "AWS::Serverless::Function" */
    void (*make)(struct sam *s);            /* makes what it stands for */
    const struct sam_property *properties;  /* it may have */
    unsigned turn;                          /* units of lower turns come first */
    const char *parts[15];                  /* "Alias", and the type that it stands for; … NULL */
};

static const struct unit units[] = {
    {"AWS::Serverless::Function", sam_function, sam_function_properties, 0,
     {"Alias", "AWS::Lambda::Alias", "Version", "AWS::Lambda::Version", "DestinationTopic",
      "AWS::SNS::Topic", "DestinationQueue", "AWS::SQS::Queue"}},
    {"AWS::Serverless::StateMachine", sam_state_machine, sam_state_machine_properties, 1, {NULL}},
    {"AWS::Serverless::Api", sam_rest_api, sam_rest_api_properties, 2,
     {"Stage", "AWS::ApiGateway::Stage", "Deployment", "AWS::ApiGateway::Deployment",
      "DomainName", "AWS::ApiGateway::DomainName", "DomainNameV2",
      "AWS::ApiGateway::DomainNameV2", "UsagePlan", "AWS::ApiGateway::UsagePlan", "UsagePlanKey",
      "AWS::ApiGateway::UsagePlanKey", "ApiKey", "AWS::ApiGateway::ApiKey"}},
    {"AWS::Serverless::HttpApi", sam_http_api, sam_http_api_properties, 2,
     {"Stage", "AWS::ApiGatewayV2::Stage", "DomainName", "AWS::ApiGatewayV2::DomainName"}},
    {"AWS::Serverless::SimpleTable", sam_simple_table, sam_simple_table_properties, 3, {NULL}},
    {"AWS::Serverless::LayerVersion", sam_layer, sam_layer_properties, 3, {NULL}},
    {"AWS::Serverless::Application", sam_application, sam_application_properties, 3, {NULL}},
    {"AWS::Serverless::Connector", sam_connector, sam_connector_properties, 4, {NULL}},
};

/* Serverless types of AWS's that are not there. */
static const char *const absent[] = {
    "AWS::Serverless::WebFunction",      "AWS::Serverless::WebSocketApi",
    "AWS::Serverless::GraphQLApi",       "AWS::Serverless::CapacityProvider",
    "AWS::Serverless::MicrovmImage",     "AWS::Serverless::NetworkConnector",
};

bool sam_asked(const struct value *template)
{
    const struct value *transform = node_get(template, "Transform");

    for (uint32_t i = 0; node_is(transform, VALUE_LIST) && i < transform->count; i++) {
        if (node_is_text(&transform->items[i], SAM_TRANSFORM)) {
            return true;
        }
    }
    return node_is_text(transform, SAM_TRANSFORM);
}

/* ---- what is wrong ---- */

static void cause(struct sam *s, struct str sort, struct str text)
{
    struct value made = node_make(s->arena, "{Id: %s, Text: %s}", sort, text);

    for (uint32_t i = 0; i < s->causes.count; i++) {
        if (str_eq(node_text(node_get(&s->causes.items[i], "Text")), text)) {
            return;
        }
    }
    node_push(s->arena, &s->causes, made);
}

void sam_refuse(struct sam *s, struct str id, const char *format, ...)
{
    va_list args;
    struct str text;

    if (s->refused || s->stopped) {
        return;
    }
    va_start(args, format);
    text = arena_vprintf(s->arena, format, args);
    va_end(args);
    cause(s, id,
          arena_printf(s->arena, "Resource with id [%.*s] is invalid. %.*s", STR_ARG(id),
                       STR_ARG(text)));
    s->refused = true;
}

void sam_refuse_event(struct sam *s, struct str event, const char *format, ...)
{
    va_list args;
    struct str text;

    va_start(args, format);
    text = arena_vprintf(s->arena, format, args);
    va_end(args);
    if (s->bare_events && !s->refused && !s->stopped) {
        cause(s, arena_printf(s->arena, "('%.*s', '%.*s')", STR_ARG(event), STR_ARG(text)),
              arena_printf(s->arena, "Event with id [%.*s] is invalid. %.*s", STR_ARG(event),
                           STR_ARG(text)));
        s->refused = true;
    }
    sam_refuse(s, s->id, "Event with id [%.*s] is invalid. %.*s", STR_ARG(event), STR_ARG(text));
}

void sam_refuse_shape(struct sam *s, const char *format, ...)
{
    va_list args;
    struct str text;

    if (s->refused || s->stopped) {
        return;
    }
    va_start(args, format);
    text = arena_vprintf(s->arena, format, args);
    va_end(args);
    cause(s, text, sam_join(s, STR("Structure of the SAM template is invalid. "), text));
    s->refused = true;
}

void sam_refuse_template(struct sam *s, const char *format, ...)
{
    va_list args;
    struct str text;

    if (s->stopped) {
        return;
    }
    va_start(args, format);
    text = arena_vprintf(s->arena, format, args);
    va_end(args);
    s->causes = node_list();
    cause(s, text,
          arena_printf(s->arena, "Structure of the SAM template is invalid. %.*s", STR_ARG(text)));
    s->refused = true;
    s->stopped = true;
}

static const char *kind_name(enum value_kind kind)
{
    return kind == VALUE_MAP    ? "map"
           : kind == VALUE_LIST ? "list"
           : kind == VALUE_STR  ? "string"
           : kind == VALUE_BOOL ? "boolean"
                                : "integer";
}

bool sam_expect(struct sam *s, const struct value *value, enum value_kind kind, const char *name)
{
    if (node_is(value, kind)) {
        return true;
    }
    sam_refuse(s, s->id, "Property '%s' should be a %s.", name, kind_name(kind));
    return false;
}

bool sam_expect_event(struct sam *s, struct str event, const struct value *value,
                      enum value_kind kind, const char *name)
{
    if (node_is(value, kind)) {
        return true;
    }
    sam_refuse_event(s, event, "Property '%s' should be a %s.", name, kind_name(kind));
    return false;
}

static int by_id(const void *a, const void *b)
{
    return str_cmp(node_text(node_get(a, "Id")), node_text(node_get(b, "Id")));
}

static status refuse_all(struct sam *s, struct why *why)
{
    struct str text = arena_printf(s->arena,
                                   "Invalid Serverless Application Specification document. Number "
                                   "of errors found: %u.",
                                   s->causes.count);

    qsort(s->causes.items, s->causes.count, sizeof(struct value), by_id);
    for (uint32_t i = 0; i < s->causes.count; i++) {
        text = arena_printf(s->arena, "%.*s %.*s", STR_ARG(text),
                            STR_ARG(node_text(node_get(&s->causes.items[i], "Text"))));
    }
    return why_set(why, &ERR_MALFORMED, "%.*s", STR_ARG(text));
}

/* ---- one unit ---- */

static const struct unit *unit_of(const struct value *resource)
{
    struct str type = node_text(node_get(resource, "Type"));

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (str_eq(type, str_c(units[i].type))) {
            return &units[i];
        }
    }
    return NULL;
}

/* The ids of some generated resources may be there already: of what they stand for, or of what the
 * unit changed. */
static bool may_replace(struct str before, const char *after)
{
    static const char *const pairs[][2] = {
        {"AWS::Lambda::Function", "AWS::Serverless::Function"},
        {"AWS::Lambda::LayerVersion", "AWS::Serverless::LayerVersion"},
        {"AWS::ApiGateway::RestApi", "AWS::Serverless::Api"},
        {"AWS::ApiGatewayV2::Api", "AWS::Serverless::HttpApi"},
        {"AWS::S3::Bucket", "AWS::S3::Bucket"},
        {"AWS::SNS::Topic", "AWS::SNS::Topic"},
        {"AWS::DynamoDB::Table", "AWS::Serverless::SimpleTable"},
        {"AWS::CloudFormation::Stack", "AWS::Serverless::Application"},
        {"AWS::Cognito::UserPool", "AWS::Cognito::UserPool"},
        {"AWS::ApiGateway::DomainName", "AWS::ApiGateway::DomainName"},
        {"AWS::ApiGateway::BasePathMapping", "AWS::ApiGateway::BasePathMapping"},
        {"AWS::ApiGateway::DomainNameV2", "AWS::ApiGateway::DomainNameV2"},
        {"AWS::ApiGateway::BasePathMappingV2", "AWS::ApiGateway::BasePathMappingV2"},
        {"AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine"},
    };

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (str_eq(str_c(after), str_c(pairs[i][0])) && str_eq(before, str_c(pairs[i][1]))) {
            return true;
        }
    }
    return false;
}

static void keep_made(struct sam *s, const struct sam_made *made)
{
    const struct value *before = node_find(s->resources, made->id);
    struct value resource = node_make(s->arena, "{Type: %c, DependsOn: %v}", made->type,
                                      node_true(&made->depends) ? &made->depends : NULL);

    if (before != NULL && !may_replace(node_text(node_get(before, "Type")), made->type)) {
        cause(s, s->id,
              arena_printf(s->arena,
                           "Transforming resource with id [%.*s] attempts to create a new resource "
                           "with id [%.*s] and type \"%s\". A resource with that id already exists "
                           "within this template. Please use a different id for that resource.",
                           STR_ARG(s->id), STR_ARG(made->id), made->type));
        return;
    }
    node_update(s->arena, &resource, &made->attributes);
    node_put(s->arena, &resource, "Properties", made->properties);
    node_set(s->arena, &s->made, made->id, &resource);
}

static void keep_parts(struct sam *s, const struct unit *unit)
{
    for (size_t i = 0; unit->parts[i] != NULL; i += 2) {
        struct value id = {.kind = VALUE_NONE};

        for (const struct sam_made *made = s->first; made != NULL; made = made->next) {
            if (str_eq(str_c(made->type), str_c(unit->parts[i + 1]))) {
                id = node_str(made->id);
            }
        }
        node_set(s->arena, &s->referable,
                 arena_printf(s->arena, "%.*s.%s", STR_ARG(s->id), unit->parts[i]), &id);
    }
}

static bool is_plain_id(struct str id)
{
    for (size_t i = 0; i < id.bytes; i++) {
        char c = id.at[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) {
            return false;
        }
    }
    return id.bytes > 0;
}

static void begin_unit(struct sam *s, struct str id, struct value *resource)
{
    static const char *const all[] = {"DeletionPolicy", "UpdatePolicy", "Condition",
                                      "UpdateReplacePolicy", "Metadata"};

    s->id = id;
    s->resource = resource;
    s->properties = node_enter(s->arena, resource, STR("Properties"));
    s->attributes = node_map();
    s->passed = node_map();
    s->first = NULL;
    s->last = NULL;
    s->refused = false;
    s->bare_events = false;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        const struct value *value = node_get(resource, all[i]);

        node_set(s->arena, &s->attributes, str_c(all[i]), value);
        if (i != 1 && i != 4) {
            node_set(s->arena, &s->passed, str_c(all[i]), value);
        }
    }
}

static void run_unit(struct sam *s, const struct unit *unit, struct str id, struct value *resource)
{
    begin_unit(s, id, resource);
    if (!is_plain_id(id)) {
        sam_refuse(s, id, "Logical ids must be alphanumeric.");
    } else if (s->properties == NULL) {
        sam_refuse(s, id, "Properties of a resource must be an object.");
    } else if (sam_check(s, id, unit->type, s->properties, unit->properties)) {
        unit->make(s);
    }
    for (const struct sam_made *made = s->first; made != NULL && !s->refused; made = made->next) {
        keep_made(s, made);
    }
    if (!s->refused) {
        keep_parts(s, unit);
    }
}

static void run_units(struct sam *s)
{
    for (unsigned turn = 0; turn <= 4; turn++) {
        for (uint32_t i = 0; i < s->resources->count && !s->stopped; i++) {
            struct pair *pair = &s->resources->pairs[i];
            const struct unit *unit = unit_of(&pair->value);

            if (unit != NULL && unit->turn == turn) {
                run_unit(s, unit, pair->key, &pair->value);
            }
        }
    }
}

/* ---- all of it ---- */

static void refuse_absent(struct sam *s, struct str id, const struct value *resource)
{
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
        if (node_is_text(node_get(resource, "Type"), absent[i])) {
            s->refused = false;
            sam_refuse(s, id, "%s is not supported.", absent[i]);
        }
    }
}

static void check_shape(struct sam *s)
{
    s->resources = node_get(s->template, "Resources");
    if (!node_is(s->resources, VALUE_MAP) || s->resources->count == 0) {
        sam_refuse_template(s, "'Resources' section is required");
        return;
    }
    s->resources = node_new(s->arena, *s->resources);
    for (uint32_t i = 0; i < s->resources->count; i++) {
        if (s->resources->pairs[i].value.kind != VALUE_MAP) {
            sam_refuse_template(s, "All 'Resources' must be Objects. If you're using YAML, this "
                                   "may be an indentation issue.");
            return;
        }
    }
    for (uint32_t i = 0; i < s->resources->count; i++) {
        const struct pair *pair = &s->resources->pairs[i];
        const struct value *properties = node_get(&pair->value, "Properties");

        refuse_absent(s, pair->key, &pair->value);
        if (unit_of(&pair->value) == NULL ||
            node_is_text(node_get(&pair->value, "Type"), "AWS::Serverless::Connector")) {
            continue;
        }
        if (node_has(&pair->value, "Properties") && !node_is(properties, VALUE_MAP)) {
            s->causes = node_list();
            s->refused = false;
            sam_refuse(s, pair->key, "Attribute 'Properties' should be a map.");
            s->stopped = true;
            return;
        }
        if (node_true(node_get(&pair->value, "Condition")) &&
            !node_is(node_get(&pair->value, "Condition"), VALUE_STR)) {
            sam_refuse_template(s, "Every Condition member must be a string.");
            return;
        }
    }
}

/* The template without what only SAM reads. */
static void finish(struct sam *s)
{
    struct value kept = node_map();
    struct value *transform = node_get(s->template, "Transform");

    for (uint32_t i = 0; i < s->resources->count; i++) {
        const struct pair *pair = &s->resources->pairs[i];

        if (unit_of(&pair->value) == NULL) {
            node_set(s->arena, &kept, pair->key, &pair->value);
        }
    }
    node_update(s->arena, &kept, &s->made);
    node_put(s->arena, s->template, "Resources", kept);
    if (node_is(transform, VALUE_LIST)) {
        struct value others = node_list();

        for (uint32_t i = 0; i < transform->count; i++) {
            if (!node_is_text(&transform->items[i], SAM_TRANSFORM)) {
                node_push(s->arena, &others, transform->items[i]);
            }
        }
        *transform = others;
    }
    if (!node_is(transform, VALUE_LIST) || transform->count == 0) {
        node_remove(s->template, "Transform");
    }
    sam_resolve_references(s, s->template);
}

static void run(struct sam *s)
{
    static void (*const steps[])(struct sam *s) = {
        check_shape, sam_default_bodies,      sam_implicit_rest, sam_implicit_http,
        sam_globals, sam_embedded_connectors, run_units,         sam_deployments};

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && !s->stopped; i++) {
        s->refused = false;
        steps[i](s);
    }
}

status sam_transform(const struct value *template, const struct sam_place *place,
                     struct arena *arena, struct why *why, struct value *ret_template)
{
    struct sam *s = ARENA_NEW(arena, struct sam);

    *s = (struct sam){.arena = arena, .place = place, .made = node_map(), .changed = node_map(),
                      .referable = node_map(), .causes = node_list(),
                      .record_groups = node_map(), .preferences = node_map(),
                      .plan = node_map(), .names = node_map()};
    s->template = node_new(arena, node_copy(arena, template));
    if (s->template->kind != VALUE_MAP) {
        *s->template = node_map();
    }
    run(s);
    if (s->causes.count == 0) {
        finish(s);
    }
    if (arena_spent(arena)) {
        return why_set(why, &ERR_LIMIT, "The template is too large to be transformed.");
    }
    if (s->causes.count > 0) {
        return refuse_all(s, why);
    }
    *ret_template = *s->template;
    return OK;
}
