/* SPDX-License-Identifier: Apache-2.0
 *
 * What invokes functions, in templates: event source mappings, URLs; and what asynchronous
 * invocations are tried by.
 */
#include "svc/lambda/cfn.h"

/* ---- AWS::Lambda::EventSourceMapping ---- */

static const struct resource_property mapping_properties[] = {
    {"BatchSize", NULL, RESOURCE_IN_PLACE, 0},
    {"BisectBatchOnFunctionError", NULL, RESOURCE_IN_PLACE, 0},
    {"DestinationConfig", NULL, RESOURCE_IN_PLACE, 0},
    {"Enabled", NULL, RESOURCE_IN_PLACE, 0},
    {"EventSourceArn", NULL, RESOURCE_REPLACES, 0},
    {"FilterCriteria", NULL, RESOURCE_IN_PLACE, 0},
    {"FunctionName", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"FunctionResponseTypes", NULL, RESOURCE_IN_PLACE, 0},
    {"KmsKeyArn", "KMSKeyArn", RESOURCE_IN_PLACE, 0},
    {"MaximumBatchingWindowInSeconds", NULL, RESOURCE_IN_PLACE, 0},
    {"MaximumRecordAgeInSeconds", NULL, RESOURCE_IN_PLACE, 0},
    {"MaximumRetryAttempts", NULL, RESOURCE_IN_PLACE, 0},
    {"MetricsConfig", NULL, RESOURCE_IN_PLACE, 0},
    {"ParallelizationFactor", NULL, RESOURCE_IN_PLACE, 0},
    {"ScalingConfig", NULL, RESOURCE_IN_PLACE, 0},
    {"StartingPosition", NULL, RESOURCE_REPLACES, 0},
    {"StartingPositionTimestamp", NULL, RESOURCE_REPLACES, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"TumblingWindowInSeconds", NULL, RESOURCE_IN_PLACE, 0},
};
static const char *const mapping_attributes[] = {"EventSourceMappingArn", "Id", NULL};

/* What a property means that was taken away, where UpdateEventSourceMapping has it. */
static const char *const mapping_without[][2] = {
    {"BisectBatchOnFunctionError", "false"},
    {"DestinationConfig", "{\"OnFailure\":{}}"},
    {"Enabled", "true"},
    {"FilterCriteria", "{}"},
    {"FunctionResponseTypes", "[]"},
    {"MaximumBatchingWindowInSeconds", "0"},
    {"MaximumRecordAgeInSeconds", "-1"},
    {"MaximumRetryAttempts", "-1"},
    {"MetricsConfig", "{\"Metrics\":[]}"},
    {"ParallelizationFactor", "1"},
    {"ScalingConfig", "{}"},
    {"TumblingWindowInSeconds", "0"},
};

static status mapping_make(struct resource *r)
{
    return resource_make_by(r, "CreateEventSourceMapping", "UUID");
}

static bool is_queue(struct resource *r)
{
    return str_find_str(resource_str(r, "EventSourceArn"), STR(":sqs:")) <
           resource_str(r, "EventSourceArn").bytes;
}

static struct str mapping_arn(const struct resource *r)
{
    return arena_printf(r->c->arena, "arn:%.*s:lambda:%.*s:%.*s:event-source-mapping:%.*s",
                        STR_ARG(arn_partition(r->caller.region)), STR_ARG(r->caller.region),
                        STR_ARG(r->caller.account), STR_ARG(r->id));
}

static status mapping_change(struct resource *r)
{
    static const struct resource_tagging tagging = {"TagResource", "UntagResource", "Resource",
                                                    "Tags", "TagKeys"};
    struct inner inner;

    TRY(resource_begin(r, "UpdateEventSourceMapping", &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "UUID", r->id);
    for (size_t i = 0; i < sizeof(mapping_without) / sizeof(mapping_without[0]); i++) {
        TRY(resource_set_or(r, &inner, mapping_without[i][0], mapping_without[i][0],
                            mapping_without[i][1]));
    }
    TRY(resource_set_or(r, &inner, "BatchSize", "BatchSize", is_queue(r) ? "10" : "100"));
    TRY(resource_run(r, &inner));
    return resource_tag_by(r, "Tags", &tagging, mapping_arn(r));
}

static status mapping_told(struct resource *r, const struct value **ret_mapping)
{
    struct inner inner;

    TRY(resource_ask(r, "GetEventSourceMapping",
                     (struct resource_arg[]){{"UUID", r->id}, {NULL, r->id}}, &inner));
    *ret_mapping = inner.out;
    return OK;
}

static bool is_moving(struct str state)
{
    return str_ends(state, STR("ing")); /* Creating, Enabling, Disabling, Updating, Deleting */
}

static status mapping_settled(struct resource *r)
{
    const struct value *told = NULL;

    TRY(mapping_told(r, &told));
    return is_moving(get_str(told, "State")) ? &RESOURCE_WAITS : OK;
}

static status mapping_remove(struct resource *r)
{
    return resource_remove_by(r, "DeleteEventSourceMapping", "UUID");
}

static status mapping_gone(struct resource *r)
{
    const struct value *told = NULL;

    return mapping_told(r, &told) == OK ? &RESOURCE_WAITS : OK;
}

static status mapping_tell(struct resource *r)
{
    resource_attribute(r, "Id", r->id);
    resource_attribute(r, "EventSourceMappingArn", mapping_arn(r));
    return OK;
}

static status mapping_now(struct resource *r, struct value *ret_properties)
{
    const struct value *told = NULL;
    struct inner inner;

    TRY(mapping_told(r, &told));
    resource_now_of(r, told, ret_properties);
    doc_put_text(r->c->arena, ret_properties, "FunctionName", resource_str(r, "FunctionName"));
    doc_put_bool(r->c->arena, ret_properties, "Enabled",
                 str_eq(get_str(told, "State"), STR("Enabled")));
    TRY(resource_ask(r, "ListTags",
                     (struct resource_arg[]){{"Resource", mapping_arn(r)}, {NULL, r->id}},
                     &inner));
    if (get(inner.out, "Tags") != NULL) {
        resource_now_tags(r, ret_properties, "Tags",
                          resource_document(r->c->arena, get(inner.out, "Tags")));
    }
    return OK;
}

/* ---- AWS::Lambda::Url ---- */

static const struct resource_property url_properties[] = {
    {"AuthType", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"Cors", NULL, RESOURCE_IN_PLACE, 0},
    {"InvokeMode", NULL, RESOURCE_IN_PLACE, 0},
    {"Qualifier", NULL, RESOURCE_REPLACES, 0},
    {"TargetFunctionArn", "FunctionName", RESOURCE_REPLACES, RESOURCE_REQUIRED},
};
static const char *const url_attributes[] = {"FunctionArn", "FunctionUrl", NULL};

static status url_make(struct resource *r)
{
    return resource_make_by(r, "CreateFunctionUrlConfig", "FunctionArn");
}

static status url_change(struct resource *r)
{
    struct inner inner;

    TRY(resource_begin(r, "UpdateFunctionUrlConfig", &inner));
    TRY(resource_fill(r, &inner));
    TRY(resource_set_or(r, &inner, "Cors", "Cors", "{}"));
    TRY(resource_set_or(r, &inner, "InvokeMode", "InvokeMode", "\"BUFFERED\""));
    return resource_run(r, &inner);
}

static status url_ask(struct resource *r, const char *operation, struct inner *ret_inner)
{
    return resource_ask(r, operation,
                        (struct resource_arg[]){
                            {"FunctionName", resource_str(r, "TargetFunctionArn")},
                            {"Qualifier", resource_str(r, "Qualifier")},
                            {NULL, r->id}},
                        ret_inner);
}

static status url_remove(struct resource *r)
{
    struct inner inner;

    return url_ask(r, "DeleteFunctionUrlConfig", &inner);
}

static status url_tell(struct resource *r)
{
    struct inner inner;

    TRY(url_ask(r, "GetFunctionUrlConfig", &inner));
    resource_attribute(r, "FunctionArn", get_str(inner.out, "FunctionArn"));
    resource_attribute(r, "FunctionUrl", get_str(inner.out, "FunctionUrl"));
    return OK;
}

static status url_now(struct resource *r, struct value *ret_properties)
{
    struct inner inner;

    TRY(url_ask(r, "GetFunctionUrlConfig", &inner));
    resource_now_of(r, inner.out, ret_properties);
    doc_put_text(r->c->arena, ret_properties, "TargetFunctionArn",
                 resource_str(r, "TargetFunctionArn"));
    if (resource_get(r, "Qualifier") != NULL) {
        doc_put_text(r->c->arena, ret_properties, "Qualifier", resource_str(r, "Qualifier"));
    }
    return OK;
}

/* ---- AWS::Lambda::EventInvokeConfig ---- */

static const struct resource_property invoke_properties[] = {
    {"DestinationConfig", NULL, RESOURCE_IN_PLACE, 0},
    {"FunctionName", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"MaximumEventAgeInSeconds", NULL, RESOURCE_IN_PLACE, 0},
    {"MaximumRetryAttempts", NULL, RESOURCE_IN_PLACE, 0},
    {"Qualifier", NULL, RESOURCE_REPLACES, RESOURCE_REQUIRED},
};

/* Put says all of it anew, so nothing is left of what was taken away. */
static status invoke_put(struct resource *r)
{
    struct inner inner;

    TRY(resource_begin(r, "PutFunctionEventInvokeConfig", &inner));
    TRY(resource_fill(r, &inner));
    return resource_run(r, &inner);
}

static status invoke_ask(struct resource *r, const char *operation, struct inner *ret_inner)
{
    return resource_ask(r, operation,
                        (struct resource_arg[]){{"FunctionName", resource_str(r, "FunctionName")},
                                                {"Qualifier", resource_str(r, "Qualifier")},
                                                {NULL, r->id}},
                        ret_inner);
}

static status invoke_make(struct resource *r)
{
    struct str id = arena_printf(r->c->arena, "%.*s|%.*s",
                                 STR_ARG(resource_str(r, "FunctionName")),
                                 STR_ARG(resource_str(r, "Qualifier")));
    struct inner inner;

    if (invoke_ask(r, "GetFunctionEventInvokeConfig", &inner) == OK) {
        return resource_exists(r, id);
    }
    TRY(invoke_put(r));
    r->id = id;
    return OK;
}

static status invoke_remove(struct resource *r)
{
    struct inner inner;

    return invoke_ask(r, "DeleteFunctionEventInvokeConfig", &inner);
}

static status invoke_now(struct resource *r, struct value *ret_properties)
{
    struct inner inner;

    TRY(invoke_ask(r, "GetFunctionEventInvokeConfig", &inner));
    resource_now_of(r, inner.out, ret_properties);
    doc_put_text(r->c->arena, ret_properties, "FunctionName", resource_str(r, "FunctionName"));
    doc_put_text(r->c->arena, ret_properties, "Qualifier", resource_str(r, "Qualifier"));
    return OK;
}

const struct resource_type cfn_mapping_type = {
    .name = "AWS::Lambda::EventSourceMapping",
    .service = "lambda",
    RESOURCE_TYPE_PROPERTIES(mapping_properties),
    .attributes = mapping_attributes,
    .make = mapping_make,
    .change = mapping_change,
    .remove = mapping_remove,
    .settled = mapping_settled,
    .gone = mapping_gone,
    .tell = mapping_tell,
    .now = mapping_now,
};

const struct resource_type cfn_url_type = {
    .name = "AWS::Lambda::Url",
    .service = "lambda",
    RESOURCE_TYPE_PROPERTIES(url_properties),
    .attributes = url_attributes,
    .make = url_make,
    .change = url_change,
    .remove = url_remove,
    .tell = url_tell,
    .now = url_now,
};

const struct resource_type cfn_invoke_config_type = {
    .name = "AWS::Lambda::EventInvokeConfig",
    .service = "lambda",
    RESOURCE_TYPE_PROPERTIES(invoke_properties),
    .make = invoke_make,
    .change = invoke_put,
    .remove = invoke_remove,
    .now = invoke_now,
};
