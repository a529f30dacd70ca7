/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS::Lambda::Function: code and configuration are changed by two operations, concurrency,
 * recursion, runtime management and signing by ones of their own.
 */
#include "svc/lambda/cfn.h"

#define NAME_BYTES_MAX 64

static const struct resource_property properties[] = {
    {"Architectures", NULL, RESOURCE_IN_PLACE, 0},
    {"Code", "", RESOURCE_IN_PLACE, RESOURCE_REQUIRED | RESOURCE_SECRET},
    {"CodeSigningConfigArn", NULL, RESOURCE_IN_PLACE, 0},
    {"DeadLetterConfig", NULL, RESOURCE_IN_PLACE, 0},
    {"Description", NULL, RESOURCE_IN_PLACE, 0},
    {"Environment", NULL, RESOURCE_IN_PLACE, 0},
    {"EphemeralStorage", NULL, RESOURCE_IN_PLACE, 0},
    {"FileSystemConfigs", NULL, RESOURCE_IN_PLACE, 0},
    {"FunctionName", "", RESOURCE_REPLACES, 0},
    {"Handler", NULL, RESOURCE_IN_PLACE, 0},
    {"KmsKeyArn", "KMSKeyArn", RESOURCE_IN_PLACE, 0},
    {"Layers", NULL, RESOURCE_IN_PLACE, 0},
    {"LoggingConfig", NULL, RESOURCE_IN_PLACE, 0},
    {"MemorySize", NULL, RESOURCE_IN_PLACE, 0},
    {"PackageType", NULL, RESOURCE_REPLACES, 0},
    {"RecursiveLoop", "", RESOURCE_IN_PLACE, 0},
    {"ReservedConcurrentExecutions", "", RESOURCE_IN_PLACE, 0},
    {"Role", NULL, RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"Runtime", NULL, RESOURCE_IN_PLACE, 0},
    {"RuntimeManagementConfig", "", RESOURCE_IN_PLACE, 0},
    {"SnapStart", NULL, RESOURCE_IN_PLACE, 0},
    {"Tags", NULL, RESOURCE_IN_PLACE, RESOURCE_TAGS},
    {"Timeout", NULL, RESOURCE_IN_PLACE, 0},
    {"TracingConfig", NULL, RESOURCE_IN_PLACE, 0},
    {"VpcConfig", NULL, RESOURCE_IN_PLACE, 0},
};
static const char *const attributes[] = {"Arn", "SnapStartResponse", "SnapStartResponse.ApplyOn",
                                         "SnapStartResponse.OptimizationStatus", NULL};

/* Properties of UpdateFunctionConfiguration, and what they mean that they were taken away. */
static const char *const configuration[][2] = {
    {"DeadLetterConfig", "{\"TargetArn\":\"\"}"},
    {"Description", "\"\""},
    {"Environment", "{\"Variables\":{}}"},
    {"EphemeralStorage", "{\"Size\":512}"},
    {"FileSystemConfigs", "[]"},
    {"Handler", NULL},
    {"KmsKeyArn", "\"\""},
    {"Layers", "[]"},
    {"MemorySize", "128"},
    {"Role", NULL},
    {"Runtime", NULL},
    {"SnapStart", "{\"ApplyOn\":\"None\"}"},
    {"Timeout", "3"},
    {"TracingConfig", "{\"Mode\":\"PassThrough\"}"},
    {"VpcConfig", "{\"SubnetIds\":[],\"SecurityGroupIds\":[]}"},
};
#define CONFIGURATION (sizeof(configuration) / sizeof(configuration[0]))

static status function_begin(struct resource *r, const char *operation, struct inner *ret_inner)
{
    TRY(resource_begin(r, operation, ret_inner));
    set_str(ret_inner->in, "FunctionName", r->id);
    return OK;
}

/* ---- what has operations of its own ---- */

static status concurrency_put(struct resource *r)
{
    const struct value *wanted = resource_get(r, "ReservedConcurrentExecutions");
    struct inner inner;

    if (!resource_changed(r, "ReservedConcurrentExecutions")) {
        return OK;
    }
    TRY(function_begin(r, wanted == NULL ? "DeleteFunctionConcurrency" : "PutFunctionConcurrency",
                       &inner));
    if (wanted != NULL) {
        TRY(resource_set(r, &inner, "ReservedConcurrentExecutions", wanted));
    }
    return resource_run(r, &inner);
}

static status recursion_put(struct resource *r)
{
    struct inner inner;

    if (!resource_changed(r, "RecursiveLoop")) {
        return OK;
    }
    TRY(function_begin(r, "PutFunctionRecursionConfig", &inner));
    TRY(resource_set_or(r, &inner, "RecursiveLoop", "RecursiveLoop", "\"Terminate\""));
    return resource_run(r, &inner);
}

static status management_put(struct resource *r)
{
    const struct value *wanted = resource_get(r, "RuntimeManagementConfig");
    struct inner inner;

    if (!resource_changed(r, "RuntimeManagementConfig")) {
        return OK;
    }
    TRY(function_begin(r, "PutRuntimeManagementConfig", &inner));
    if (wanted == NULL) {
        set_str(inner.in, "UpdateRuntimeOn", STR("Auto"));
    } else {
        TRY(resource_set(r, &inner, "UpdateRuntimeOn", doc_get(wanted, "UpdateRuntimeOn")));
        TRY(resource_set(r, &inner, "RuntimeVersionArn", doc_get(wanted, "RuntimeVersionArn")));
    }
    return resource_run(r, &inner);
}

static status signing_put(struct resource *r)
{
    const struct value *wanted = resource_get(r, "CodeSigningConfigArn");
    struct inner inner;

    if (r->had == NULL || !resource_changed(r, "CodeSigningConfigArn")) {
        return OK;
    }
    TRY(function_begin(r, wanted == NULL ? "DeleteFunctionCodeSigningConfig"
                                         : "PutFunctionCodeSigningConfig", &inner));
    if (wanted != NULL) {
        TRY(resource_set(r, &inner, "CodeSigningConfigArn", wanted));
    }
    return resource_run(r, &inner);
}

static status settings_put(struct resource *r)
{
    TRY(concurrency_put(r));
    TRY(recursion_put(r));
    TRY(management_put(r));
    return signing_put(r);
}

/* ---- a function's life ---- */

static status function_make(struct resource *r)
{
    struct str name = resource_name(r, "FunctionName", NAME_BYTES_MAX, false);
    struct inner inner;

    TRY(resource_begin(r, "CreateFunction", &inner));
    TRY(resource_fill(r, &inner));
    set_str(inner.in, "FunctionName", name);
    TRY(cfn_code_set(r, set_struct(r->c->arena, inner.in, "Code")));
    TRY(resource_run(r, &inner));
    r->id = name;
    return settings_put(r);
}

/* Inline text is packed as the runtime wants it, so another language is other code. */
static status code_put(struct resource *r)
{
    const struct value *code = resource_get(r, "Code");
    bool text = doc_get(code, "ZipFile") != NULL && resource_changed(r, "Runtime");
    struct inner inner;

    if (!text && !resource_any_changed(r, "Code Architectures")) {
        return OK;
    }
    TRY(function_begin(r, "UpdateFunctionCode", &inner));
    TRY(cfn_code_set(r, inner.in));
    TRY(resource_set_or(r, &inner, "Architectures", "Architectures", "[\"x86_64\"]"));
    return resource_run(r, &inner);
}

/* Lambda keeps the members that it is not told, so all of them are told. */
static status logging_set(struct resource *r, struct inner *inner)
{
    static const char *const levels[] = {"ApplicationLogLevel", "SystemLogLevel"};
    struct arena *arena = r->c->arena;
    const struct value *given = resource_get(r, "LoggingConfig");
    struct value *made = given == NULL ? doc_map(arena) : doc_copy(arena, given);

    if (doc_get(made, "LogFormat") == NULL) {
        doc_put_text(arena, made, "LogFormat", STR("Text"));
    }
    if (doc_get(made, "LogGroup") == NULL) {
        doc_put_text(arena, made, "LogGroup",
                     arena_printf(arena, "/aws/lambda/%.*s", STR_ARG(r->id)));
    }
    for (size_t i = 0; i < 2; i++) {
        if (str_eq(doc_text(arena, doc_get(made, "LogFormat")), STR("JSON")) &&
            doc_get(made, levels[i]) == NULL) {
            doc_put_text(arena, made, levels[i], STR("INFO"));
        }
    }
    return resource_set(r, inner, "LoggingConfig", made);
}

static status configuration_put(struct resource *r)
{
    struct inner inner;
    bool any = resource_changed(r, "LoggingConfig");

    TRY(function_begin(r, "UpdateFunctionConfiguration", &inner));
    if (any) {
        TRY(logging_set(r, &inner));
    }
    for (size_t i = 0; i < CONFIGURATION; i++) {
        const char *property = configuration[i][0];
        bool key = strcmp(property, "KmsKeyArn") == 0;

        if (resource_changed(r, property)) {
            TRY(resource_set_or(r, &inner, key ? "KMSKeyArn" : property, property,
                                configuration[i][1]));
            any = true;
        }
    }
    return any ? resource_run(r, &inner) : OK;
}

static struct str function_arn(const struct resource *r)
{
    return arena_printf(r->c->arena, "arn:%.*s:lambda:%.*s:%.*s:function:%.*s",
                        STR_ARG(arn_partition(r->caller.region)), STR_ARG(r->caller.region),
                        STR_ARG(r->caller.account), STR_ARG(r->id));
}

static status function_change(struct resource *r)
{
    static const struct resource_tagging tagging = {"TagResource", "UntagResource", "Resource",
                                                    "Tags", "TagKeys"};

    TRY(configuration_put(r));
    TRY(code_put(r));
    TRY(settings_put(r));
    return resource_tag_by(r, "Tags", &tagging, function_arn(r));
}

static status function_remove(struct resource *r)
{
    return resource_remove_by(r, "DeleteFunction", "FunctionName");
}

static status function_told(struct resource *r, const struct value **ret_configuration)
{
    struct inner inner;

    TRY(function_begin(r, "GetFunctionConfiguration", &inner));
    TRY(resource_run(r, &inner));
    *ret_configuration = inner.out;
    return OK;
}

static status function_settled(struct resource *r)
{
    const struct value *told = NULL;

    TRY(function_told(r, &told));
    if (str_eq(get_str(told, "State"), STR("Failed")) ||
        str_eq(get_str(told, "LastUpdateStatus"), STR("Failed"))) {
        return resource_fail(r, &RESOURCE_INVALID, "Function %.*s failed to stabilize: %.*s",
                             STR_ARG(r->id), STR_ARG(get_str(told, "StateReason")));
    }
    return str_eq(get_str(told, "State"), STR("Pending")) ||
                   str_eq(get_str(told, "LastUpdateStatus"), STR("InProgress"))
               ? &RESOURCE_WAITS
               : OK;
}

static status function_tell(struct resource *r)
{
    const struct value *told = NULL;
    const struct value *snap = NULL;

    TRY(function_told(r, &told));
    resource_attribute(r, "Arn", get_str(told, "FunctionArn"));
    snap = get(told, "SnapStart");
    if (snap != NULL) {
        resource_attribute_of(r, "SnapStartResponse", resource_document(r->c->arena, snap));
        resource_attribute(r, "SnapStartResponse.ApplyOn", get_str(snap, "ApplyOn"));
        resource_attribute(r, "SnapStartResponse.OptimizationStatus",
                           get_str(snap, "OptimizationStatus"));
    }
    return OK;
}

/* ---- as it is ---- */

/* Of a map what the template says of it: answers say more (a VPC's id, SnapStart's state). */
static void now_map(struct resource *r, const struct value *told, const char *property,
                    struct value *ret_properties)
{
    const struct value *wanted = resource_get(r, property);
    const struct value *now = doc_get(told, property);
    struct value *map = NULL;

    if (now == NULL) {
        return;
    }
    if (wanted == NULL || wanted->kind != VALUE_MAP || now->kind != VALUE_MAP) {
        *doc_put(r->c->arena, ret_properties, str_c(property)) = *now;
        return;
    }
    map = doc_put_map(r->c->arena, ret_properties, str_c(property));
    for (uint32_t i = 0; i < wanted->count; i++) {
        struct str key = arena_dup(r->c->arena, wanted->pairs[i].key);

        if (doc_get(now, key.at) != NULL) {
            *doc_put(r->c->arena, map, key) = *doc_get(now, key.at);
        }
    }
}

static void now_configuration(struct resource *r, const struct value *told,
                              struct value *ret_properties)
{
    static const char *const plain[] = {"Architectures", "Description", "FileSystemConfigs",
                                        "FunctionName", "Handler", "MemorySize", "PackageType",
                                        "Role", "Runtime", "Timeout"};
    static const char *const maps[] = {"DeadLetterConfig", "Environment", "EphemeralStorage",
                                       "LoggingConfig", "SnapStart", "TracingConfig", "VpcConfig"};
    struct arena *arena = r->c->arena;
    const struct value *layers = doc_get(told, "Layers");

    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        if (doc_get(told, plain[i]) != NULL) {
            *doc_put(arena, ret_properties, str_c(plain[i])) = *doc_get(told, plain[i]);
        }
    }
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
        now_map(r, told, maps[i], ret_properties);
    }
    if (doc_get(told, "KMSKeyArn") != NULL) {
        *doc_put(arena, ret_properties, STR("KmsKeyArn")) = *doc_get(told, "KMSKeyArn");
    }
    if (layers != NULL && layers->count > 0) {
        struct value *list = doc_put_list(arena, ret_properties, "Layers");

        for (uint32_t i = 0; i < layers->count; i++) {
            *doc_add(arena, list) = *doc_get(&layers->items[i], "Arn");
        }
    }
}

/* An answer's member, when the operation has one. */
static void now_of(struct resource *r, const char *operation, const char *member,
                   struct value *ret_properties)
{
    struct inner inner;

    if (function_begin(r, operation, &inner) == OK && resource_run(r, &inner) == OK &&
        get(inner.out, member) != NULL) {
        *doc_put(r->c->arena, ret_properties, str_c(member)) =
            *resource_document(r->c->arena, get(inner.out, member));
    }
}

static status function_now(struct resource *r, struct value *ret_properties)
{
    const struct value *told = NULL;
    struct inner inner;

    TRY(function_told(r, &told));
    now_configuration(r, resource_document(r->c->arena, told), ret_properties);
    now_of(r, "GetFunctionConcurrency", "ReservedConcurrentExecutions", ret_properties);
    now_of(r, "GetFunctionRecursionConfig", "RecursiveLoop", ret_properties);
    now_of(r, "GetFunctionCodeSigningConfig", "CodeSigningConfigArn", ret_properties);
    if (resource_get(r, "RuntimeManagementConfig") != NULL) {
        TRY(function_begin(r, "GetRuntimeManagementConfig", &inner));
        TRY(resource_run(r, &inner));
        struct value *map = doc_map(r->c->arena);

        *doc_put(r->c->arena, map, STR("RuntimeManagementConfig")) =
            *resource_document(r->c->arena, inner.out);
        now_map(r, map, "RuntimeManagementConfig", ret_properties);
    }
    TRY(resource_ask(r, "ListTags",
                     (struct resource_arg[]){{"Resource", function_arn(r)}, {NULL, r->id}},
                     &inner));
    if (get(inner.out, "Tags") != NULL) {
        resource_now_tags(r, ret_properties, "Tags",
                          resource_document(r->c->arena, get(inner.out, "Tags")));
    }
    return OK;
}

const struct resource_type cfn_function_type = {
    .name = "AWS::Lambda::Function",
    .service = "lambda",
    RESOURCE_TYPE_PROPERTIES(properties),
    .attributes = attributes,
    .make = function_make,
    .change = function_change,
    .remove = function_remove,
    .settled = function_settled,
    .tell = function_tell,
    .now = function_now,
};
