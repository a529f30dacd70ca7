/* SPDX-License-Identifier: Apache-2.0
 *
 * Configurations: checks and what becomes of them. Sources: CreateFunction and
 * UpdateFunctionConfiguration, AWS Lambda API reference; "Lambda runtimes", "Lambda quotas",
 * "Defined runtime environment variables", AWS Lambda developer guide.
 */
#include "svc/lambda/config.h"

#include "base/codec.h"
#include "cell/authorize.h"
#include "cell/cell.h"
#include "wire/json.h"
#include "wire/wire.h"

#include <assert.h>

#define DEFAULT_TIMEOUT 3
#define DEFAULT_MEMORY_MB 128
#define DEFAULT_STORAGE_MB 512

/* ---- runtimes ---- */

/* No longer for new functions, nor for updates; what AWS says to take instead. */
static const struct {
    const char *runtime;
    const char *instead; /* NULL: "a supported runtime" */
} retired[] = {
    {"dotnet6", "dotnet8"},          {"dotnetcore1.0", NULL},
    {"dotnetcore2.0", NULL},         {"dotnetcore2.1", NULL},
    {"dotnetcore3.1", "dotnet8"},    {"go1.x", "provided.al2023"},
    {"java8", "java21"},             {"nodejs", NULL},
    {"nodejs10.x", NULL},            {"nodejs12.x", "nodejs22.x"},
    {"nodejs14.x", "nodejs22.x"},    {"nodejs4.3", NULL},
    {"nodejs4.3-edge", NULL},        {"nodejs6.10", NULL},
    {"nodejs8.10", NULL},            {"provided", "provided.al2023"},
    {"python2.7", NULL},             {"python3.6", "python3.13"},
    {"python3.7", "python3.13"},     {"ruby2.5", NULL},
    {"ruby2.7", "ruby3.4"},
};

static status runtime_check(struct call *c)
{
    struct str runtime = arg_str(c, "Runtime");

    for (size_t i = 0; i < sizeof(retired) / sizeof(retired[0]); i++) {
        if (!str_eq(runtime, str_c(retired[i].runtime))) {
            continue;
        }
        if (retired[i].instead == NULL) {
            return lambda_fail(c, &LAMBDA_BAD_VALUE,
                               "The runtime parameter of %s is no longer supported for creating or "
                               "updating AWS Lambda functions. We recommend you use a supported "
                               "runtime while creating or updating functions.", retired[i].runtime);
        }
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "The runtime parameter of %s is no longer supported for creating or "
                           "updating AWS Lambda functions. We recommend you use the new runtime "
                           "(%s) while creating or updating functions.",
                           retired[i].runtime, retired[i].instead);
    }
    return OK;
}

/* ---- sizes ---- */

status config_too_large(struct call *c, const char *member, int64_t is, int64_t max)
{
    return is <= max ? OK
                     : lambda_fail(c, &LAMBDA_BAD_VALUE,
                                   "'%s' value failed to satisfy constraint: Member must have "
                                   "value less than or equal to %lld", member, (long long)max);
}

static status sizes_check(struct call *c)
{
    int64_t timeout = arg_int(c, "Timeout", 0);

    if (timeout > TIMEOUT_MAX) {
        return fail(c, &LAMBDA_VALIDATION,
                    "1 validation error detected: Value '%lld' at 'timeout' failed to satisfy "
                    "constraint: Member must have value less than or equal to %d",
                    (long long)timeout, TIMEOUT_MAX);
    }
    TRY(config_too_large(c, "MemorySize", arg_int(c, "MemorySize", 0), MEMORY_MB_MAX));
    if (arg_has(c, "EphemeralStorage")) {
        TRY(config_too_large(c, "EphemeralStorage",
                             get_int(arg(c, "EphemeralStorage"), "Size", 0), STORAGE_MB_MAX));
    }
    return OK;
}

/* ---- environment ---- */

static bool is_reserved(struct str name)
{
    static const char *const names[] = {
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_eq(name, str_c(names[i]))) {
            return true;
        }
    }
    return false;
}

static status reserved_check(struct call *c, const struct value *variables)
{
    struct buf names;
    struct str used;

    buf_init(&names, ROW_BYTES_MAX);
    for (uint32_t i = 0; i < variables->count; i++) {
        if (is_reserved(variables->pairs[i].key)) {
            buf_add(&names, names.bytes > 0 ? STR(", ") : STR_NONE);
            buf_add(&names, variables->pairs[i].key);
        }
    }
    used = arena_dup(c->arena, buf_str(&names));
    buf_done(&names);
    return used.bytes == 0
               ? OK
               : lambda_fail(c, &LAMBDA_BAD_VALUE,
                             "Lambda was unable to configure your environment variables because "
                             "the environment variables you have provided contains reserved keys "
                             "that are currently not supported for modification. Reserved keys "
                             "used in this request: %.*s", STR_ARG(used));
}

static status environment_check(struct call *c)
{
    const struct value *environment = arg(c, "Environment");
    const struct value *variables =
        environment == NULL ? NULL : get(environment, "Variables");
    struct buf text;
    struct str json;

    if (variables == NULL) {
        return OK;
    }
    TRY(reserved_check(c, variables));
    buf_init(&text, HTTP_BODY_BYTES_MAX);
    json_write(&text, variables, TIME_EPOCH);
    json = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return json.bytes <= ENVIRONMENT_BYTES_MAX
               ? OK
               : lambda_fail(c, &LAMBDA_BAD_VALUE,
                             "Lambda was unable to configure your environment variables because "
                             "the environment variables you have provided exceeded the 4KB limit. "
                             "String measured: %.*s", STR_ARG(json));
}

/* ---- logging ---- */

/* As asked for, else as it was. */
static struct str logging_text(const struct value *asked, const struct value *was,
                               const char *member)
{
    if (asked != NULL && has(asked, member)) {
        return get_str(asked, member);
    }
    return was != NULL ? get_str(was, member) : STR_NONE;
}

static const struct value *logging_of(const struct value *config)
{
    return config == NULL ? NULL : get(config, "LoggingConfig");
}

static status logging_check(struct call *c, const struct value *before)
{
    const struct value *logging = arg(c, "LoggingConfig");

    if (logging == NULL ||
        str_eq(logging_text(logging, logging_of(before), "LogFormat"), STR("JSON"))) {
        return OK;
    }
    if (has(logging, "ApplicationLogLevel") || has(logging, "SystemLogLevel")) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "You can only configure log levels for functions that use the JSON log "
                           "format.");
    }
    return OK;
}

static void logging_level(struct value *logging, const char *member, struct str level)
{
    set_str(logging, member, level.bytes > 0 ? level : STR("INFO"));
}

static void logging_apply(struct call *c, struct value *config)
{
    const struct value *asked = arg(c, "LoggingConfig");
    const struct value *was = get(config, "LoggingConfig");
    struct str group = logging_text(asked, was, "LogGroup");
    bool json = str_eq(logging_text(asked, was, "LogFormat"), STR("JSON"));
    struct str application = logging_text(asked, was, "ApplicationLogLevel");
    struct str system = logging_text(asked, was, "SystemLogLevel");
    struct value *logging = set_struct(c->arena, config, "LoggingConfig");

    if (group.bytes == 0) {
        group = arena_printf(c->arena, "/aws/lambda/%.*s",
                             STR_ARG(get_str(config, "FunctionName")));
    }
    set_str(logging, "LogFormat", json ? STR("JSON") : STR("Text"));
    if (json) {
        logging_level(logging, "ApplicationLogLevel", application);
        logging_level(logging, "SystemLogLevel", system);
    }
    set_str(logging, "LogGroup", group);
}

/* ---- roles ---- */

/* With auth on a role must be there, and let Lambda assume it. */
static status role_check(struct call *c)
{
    struct service_wish wish = {.service = STR("lambda.amazonaws.com"),
                                .action = "sts:AssumeRole",
                                .resource = arg_str(c, "Role"),
                                .source_account = c->account};

    return !arg_has(c, "Role") || !cell_auth(c->cell) || service_may(c, &wish)
               ? OK
               : lambda_fail(c, &LAMBDA_BAD_VALUE,
                             "The role defined for the function cannot be assumed by Lambda.");
}

/* ---- where events go that fail ---- */

static status dead_check(struct call *c, const struct value *before)
{
    const struct value *dead = arg(c, "DeadLetterConfig");
    struct str target = dead == NULL ? STR_NONE : get_str(dead, "TargetArn");
    struct str role = arg_has(c, "Role") ? arg_str(c, "Role")
                                         : get_str(before, "Role");
    struct arn arn;
    bool queue;

    if (target.bytes == 0) {
        return OK;
    }
    queue = arn_read(target, &arn) && str_eq(arn.service, STR("sqs"));
    if (!queue && !(arn_read(target, &arn) && str_eq(arn.service, STR("sns")))) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "Invalid dead letter ARN: %.*s is neither an SQS queue nor an SNS topic",
                           STR_ARG(str_slice(target, 0, 512)));
    }
    return role_may(c, role, queue ? "sqs:SendMessage" : "sns:Publish", target)
               ? OK
               : lambda_fail(c, &LAMBDA_BAD_VALUE,
                             "The provided execution role does not have permissions to call %s",
                             queue ? "SendMessage on SQS" : "Publish on SNS");
}

/* ---- what is not there ---- */

status absent_check(struct call *c)
{
    static const char *const members[] = {"CapacityProviderConfig", "DurableConfig",
                                          "TenancyConfig", "RuntimeConfig", "AcceleratorConfig",
                                          "PublishTo"};

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (model_member_index(model_shape(c->operation->input), str_c(members[i])) >= 0 &&
            arg_has(c, members[i])) {
            return fail(c, &WIRE_NOT_IMPLEMENTED, "%s is not implemented by weir", members[i]);
        }
    }
    return model_member_index(model_shape(c->operation->input), STR("ImageConfig")) >= 0 &&
                   arg_has(c, "ImageConfig")
               ? fail(c, &WIRE_NOT_IMPLEMENTED, "container images are not implemented by weir")
               : OK;
}

/* SnapStart is recorded; weir takes no snapshots. For which runtimes it may be. */
static status snap_check(struct call *c, struct str runtime)
{
    static const char *const families[] = {"java", "python3.", "dotnet"};
    static const char *const before[] = {"java8",     "java8.al2", "java8.al2023", "python3.8",
                                         "python3.9", "python3.10", "python3.11",  "dotnet6"};
    const struct value *snap = arg(c, "SnapStart");
    bool good = false;

    if (snap == NULL || !str_eq(get_str(snap, "ApplyOn"), STR("PublishedVersions"))) {
        return OK;
    }
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        good = good || str_starts(runtime, str_c(families[i]));
    }
    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
        good = good && !str_eq(runtime, str_c(before[i]));
    }
    return good ? OK
                : lambda_fail(c, &LAMBDA_BAD_VALUE,
                              "%.*s is not supported for SnapStart enabled functions.",
                              STR_ARG(runtime));
}

status config_check(struct call *c, const struct value *before)
{
    struct str runtime = arg_has(c, "Runtime") ? arg_str(c, "Runtime")
                                               : get_str(before, "Runtime");

    TRY(absent_check(c));
    TRY(runtime_check(c));
    TRY(snap_check(c, runtime));
    TRY(sizes_check(c));
    TRY(environment_check(c));
    TRY(role_check(c));
    TRY(dead_check(c, before));
    return logging_check(c, before);
}

status source_check(struct call *c, const struct value *source)
{
    bool object = has(source, "S3Bucket") || has(source, "S3Key") || has(source, "S3ObjectVersion");

    if (model_member_index(model_shape(source->shape), STR("ImageUri")) >= 0 &&
        has(source, "ImageUri")) {
        return fail(c, &WIRE_NOT_IMPLEMENTED, "container images are not implemented by weir");
    }
    if (has(source, "ZipFile")) {
        if (object) {
            return lambda_fail(c, &LAMBDA_BAD_VALUE,
                               "Please do not provide other FunctionCode parameters when providing "
                               "a ZipFile.");
        }
        if (get_str(source, "ZipFile").bytes > ZIP_BYTES_MAX) {
            return fail(c, &LAMBDA_ENTITY_TOO_LARGE, "Zipped size must be smaller than %d bytes",
                        ZIP_BYTES_MAX);
        }
        return OK;
    }
    if (!has(source, "S3Bucket") || !has(source, "S3Key")) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE, "Please provide a source for function code.");
    }
    return str_eq(get_str(source, "S3ObjectStorageMode"), STR("REFERENCE"))
               ? fail(c, &WIRE_NOT_IMPLEMENTED,
                      "packages that stay in their bucket are not implemented by weir")
               : OK;
}

/* ---- what becomes of it ---- */

/* weir has one version of each runtime; its name is made of the runtime's. */
static void runtime_apply(struct call *c, struct value *config)
{
    struct str runtime = get_str(config, "Runtime");
    struct str partition = arn_partition(c->region);
    uint8_t sum[SHA256_BYTES];
    char hex[2 * SHA256_BYTES];

    sha256(runtime, sum);
    hex_encode(str_of(sum, sizeof(sum)), hex);
    set_str(set_struct(c->arena, config, "RuntimeVersionConfig"), "RuntimeVersionArn",
            arena_printf(c->arena, "arn:%.*s:lambda:%.*s::runtime:%.64s", STR_ARG(partition),
                         STR_ARG(c->region), hex));
}

struct value *config_new(struct call *c, const struct target *target)
{
    struct value *config = value_struct(c->arena, config_shape());
    struct target latest = target_with(target, STR_NONE);
    struct value *snap = set_struct(c->arena, config, "SnapStart");

    set_str(config, "FunctionName", target->name);
    set_str(config, "FunctionArn", target_arn(c->arena, &latest));
    set_str(config, "Description", STR(""));
    set_int(config, "Timeout", DEFAULT_TIMEOUT);
    set_int(config, "MemorySize", DEFAULT_MEMORY_MB);
    set_str(config, "Version", STR("$LATEST"));
    set_str(set_struct(c->arena, config, "TracingConfig"), "Mode", STR("PassThrough"));
    set_str(config, "State", STR("Active"));
    set_str(config, "LastUpdateStatus", STR("Successful"));
    set_str(config, "PackageType", STR("Zip"));
    list_add_str(set_list(c->arena, config, "Architectures", 1), STR("x86_64"));
    set_int(set_struct(c->arena, config, "EphemeralStorage"), "Size", DEFAULT_STORAGE_MB);
    set_str(snap, "ApplyOn", STR("None"));
    set_str(snap, "OptimizationStatus", STR("Off"));
    return config;
}

static void take(struct call *c, struct value *config, const char *member)
{
    if (arg_has(c, member)) {
        set_value(config, member, arg(c, member));
    }
}

/* A structure of one list of members, copied into the output's shape. */
static void network_apply(struct call *c, struct value *config)
{
    const struct value *asked = arg(c, "VpcConfig");
    const struct value *subnets = asked == NULL ? NULL : get(asked, "SubnetIds");
    struct value *network;

    if (asked == NULL) {
        return;
    }
    network = set_struct(c->arena, config, "VpcConfig");
    (void)set_list(c->arena, network, "SubnetIds", 0);
    (void)set_list(c->arena, network, "SecurityGroupIds", 0);
    if (subnets != NULL) {
        set_value(network, "SubnetIds", subnets);
    }
    if (has(asked, "SecurityGroupIds")) {
        set_value(network, "SecurityGroupIds", get(asked, "SecurityGroupIds"));
    }
    set_bool(network, "Ipv6AllowedForDualStack", get_bool(asked, "Ipv6AllowedForDualStack", false));
    set_str(network, "VpcId",
            subnets != NULL && subnets->count > 0 ? STR("vpc-00000000") : STR(""));
}

static void unset(struct value *config, const char *member)
{
    set_value(config, member, &(struct value){.kind = VALUE_NONE});
}

static void structures_apply(struct call *c, struct value *config)
{
    const struct value *environment = arg(c, "Environment");
    const struct value *dead = arg(c, "DeadLetterConfig");

    if (environment != NULL && has(environment, "Variables")) {
        set_value(set_struct(c->arena, config, "Environment"), "Variables",
                  get(environment, "Variables"));
    } else if (environment != NULL) {
        unset(config, "Environment");
    }
    if (dead != NULL && get_str(dead, "TargetArn").bytes > 0) {
        set_value(config, "DeadLetterConfig", dead);
    } else if (dead != NULL) {
        unset(config, "DeadLetterConfig");
    }
    if (arg_has(c, "TracingConfig") && has(arg(c, "TracingConfig"), "Mode")) {
        set_str(set_struct(c->arena, config, "TracingConfig"), "Mode",
                get_str(arg(c, "TracingConfig"), "Mode"));
    }
    if (arg_has(c, "SnapStart") && has(arg(c, "SnapStart"), "ApplyOn")) {
        struct value *snap = set_struct(c->arena, config, "SnapStart");

        set_str(snap, "ApplyOn", get_str(arg(c, "SnapStart"), "ApplyOn"));
        set_str(snap, "OptimizationStatus", STR("Off"));
    }
}

void config_apply(struct call *c, struct value *config)
{
    static const char *const members[] = {"Role",       "Handler",          "Description",
                                          "Timeout",    "MemorySize",       "Runtime",
                                          "EphemeralStorage", "FileSystemConfigs"};

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        take(c, config, members[i]);
    }
    if (arg_has(c, "KMSKeyArn") && arg_str(c, "KMSKeyArn").bytes > 0) {
        take(c, config, "KMSKeyArn");
    } else if (arg_has(c, "KMSKeyArn")) {
        unset(config, "KMSKeyArn");
    }
    network_apply(c, config);
    structures_apply(c, config);
    logging_apply(c, config);
    runtime_apply(c, config);
}

void config_set_code(struct call *c, struct version *version, const struct package *package)
{
    char raw[SHA256_BYTES];
    char *text = arena_alloc(c->arena, base64_encoded_bytes(sizeof(raw)));
    bool good = hex_decode(package->sha256, raw);

    assert(good);
    base64_encode(str_of(raw, sizeof(raw)), text);
    version->code = package->sha256;
    version->code_blob = package->blob;
    set_int(version->config, "CodeSize", (int64_t)package->zip_bytes);
    set_str(version->config, "CodeSha256", str_of(text, base64_encoded_bytes(sizeof(raw))));
}

/* ---- layers ---- */

/* arn:…:layer:NAME of arn:…:layer:NAME:VERSION */
static struct str layer_of_version(struct str arn)
{
    size_t end = arn.bytes;

    while (end > 0 && arn.at[end - 1] != ':') {
        end--;
    }
    return str_slice(arn, 0, end > 0 ? end - 1 : 0);
}

static status twins_check(struct call *c, const struct value *arns)
{
    for (uint32_t i = 0; i < arns->count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (str_eq(layer_of_version(arns->items[i].str),
                       layer_of_version(arns->items[j].str))) {
                return lambda_fail(c, &LAMBDA_BAD_VALUE,
                                   "Two different versions of the same layer are not allowed to be "
                                   "referenced in the same function. %.*s and %.*s are versions of "
                                   "the same layer.", STR_ARG(arns->items[j].str),
                                   STR_ARG(arns->items[i].str));
            }
        }
    }
    return OK;
}

static uint64_t layers_bytes(struct call *c, const struct version *version)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < version->layer_count; i++) {
        struct package package;
        bool there = package_get(c, version->layers[i], &package);

        assert(there);
        bytes += package.bytes;
    }
    return bytes;
}

static status layers_take(struct call *c, const struct value *arns, struct version *version)
{
    struct value *list;

    if (arns->count > LAYERS_MAX) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE, "Cannot reference more than %d layers.",
                           LAYERS_MAX);
    }
    TRY(twins_check(c, arns));
    list = set_list(c->arena, version->config, "Layers", LAYERS_MAX);
    version->layer_count = 0;
    for (uint32_t i = 0; i < arns->count; i++) {
        struct layer layer;
        struct value *item;

        if (!layer_find(c, arns->items[i].str, &layer)) {
            return lambda_fail(c, &LAMBDA_BAD_VALUE, "Layer version %.*s does not exist.",
                               STR_ARG(arns->items[i].str));
        }
        item = list_add(c->arena, list);
        set_str(item, "Arn", arns->items[i].str);
        set_int(item, "CodeSize", (int64_t)layer.package.zip_bytes);
        version->layers[version->layer_count] = layer.sha256;
        version->layer_blobs[version->layer_count++] = layer.package.blob;
    }
    if (arns->count == 0) {
        unset(version->config, "Layers");
    }
    return OK;
}

status config_layers(struct call *c, struct version *version, uint64_t code_bytes)
{
    uint64_t bytes;

    if (model_member_index(model_shape(c->operation->input), STR("Layers")) >= 0 &&
        arg_has(c, "Layers")) {
        TRY(layers_take(c, arg(c, "Layers"), version));
    }
    bytes = layers_bytes(c, version);
    if (bytes > UNZIPPED_BYTES_MAX) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE,
                           "Layers consume more than the available size of %d bytes",
                           UNZIPPED_BYTES_MAX);
    }
    bytes += code_bytes;
    return bytes <= UNZIPPED_BYTES_MAX
               ? OK
               : lambda_fail(c, &LAMBDA_BAD_VALUE,
                             "Function code combined with layers exceeds the maximum allowed size "
                             "of %d bytes. The actual size is %llu bytes.", UNZIPPED_BYTES_MAX,
                             (unsigned long long)bytes);
}

void version_hold_layers(struct call *c, const struct version *version)
{
    for (size_t i = 0; i < version->layer_count; i++) {
        package_hold(c, version->layers[i]);
    }
}

void version_drop_layers(struct call *c, const struct version *version)
{
    for (size_t i = 0; i < version->layer_count; i++) {
        package_drop(c, version->layers[i]);
    }
}

/* ---- pages of lists ---- */

size_t page_size(struct call *c, size_t max)
{
    int64_t asked = arg_int(c, "MaxItems", (int64_t)max);

    return asked < (int64_t)max ? (size_t)asked : max;
}

status marker_read(struct call *c, struct str *ret_marker)
{
    struct str marker = arg_str(c, "Marker");

    if (marker.bytes > WORD_BYTES_MAX) {
        return lambda_fail(c, &LAMBDA_BAD_VALUE, "Invalid Marker");
    }
    *ret_marker = marker;
    return OK;
}
