/* SPDX-License-Identifier: Apache-2.0
 *
 * Events that the function's mapping fetches: streams, queues, brokers. What the mapping may read
 * is added to the role that was made for the function.
 */
#include "svc/cloudformation/sam_event.h"
#include "svc/cloudformation/sam_policy.h"

/* What all have. */
#define COMMON                                                                                     \
    {"BatchSize", "i"}, {"StartingPosition", "-*"}, {"StartingPositionTimestamp", "-*"},           \
        {"Enabled", "b"}, {"MaximumBatchingWindowInSeconds", "i"}, {"MaximumRetryAttempts", "i"},  \
        {"BisectBatchOnFunctionError", "b"}, {"MaximumRecordAgeInSeconds", "i"},                   \
        {"DestinationConfig", "m"}, {"ParallelizationFactor", "i"}, {"Topics", "l"},               \
        {"Queues", "l"}, {"SourceAccessConfigurations", "l"}, {"SecretsManagerKmsKeyId", "s"},     \
        {"TumblingWindowInSeconds", "i"}, {"FunctionResponseTypes", "l"},                          \
        {"KafkaBootstrapServers", "l"}, {"FilterCriteria", "m"}, {"KmsKeyArn", "-*"},              \
        {"ConsumerGroupId", "s"}, {"ScalingConfig", "m"}, {"ProvisionedPollerConfig", "m"},        \
        {"SchemaRegistryConfig", "m"}, {"MetricsConfig", "m"}, {"LoggingConfig", "m"}

static const struct sam_property stream_properties[] = {
    {"StartingPosition", "!-*"}, COMMON, {"Stream", "!-*"}, {NULL, NULL}};
static const struct sam_property queue_properties[] = {COMMON, {"Queue", "!-*"}, {NULL, NULL}};
static const struct sam_property broker_properties[] = {
    COMMON, {"Broker", "!-*"}, {"DynamicPolicyName", "-b"}, {NULL, NULL}};
static const struct sam_property kafka_properties[] = {COMMON, {NULL, NULL}};
static const struct sam_property cluster_properties[] = {
    COMMON, {"Cluster", "!-*"}, {"DatabaseName", "!-*"}, {"CollectionName", "-*"},
    {"FullDocument", "-*"}, {NULL, NULL}};

/* ---- the role ---- */

static void add_managed(struct sam *s, const struct sam_event *event, const char *name)
{
    struct value *list = node_get(&event->target->role->properties, "ManagedPolicyArns");
    struct value arn = sam_managed_arn(
        s, sam_join(s, STR("service-role/"), str_c(name)).at);

    if (!node_in(list, &arn)) {
        node_push(s->arena, list, arn);
    }
}

/* The same document under another name is enough. */
static void add_inline(struct sam *s, const struct sam_event *event, struct value policy)
{
    struct sam_made *role = event->target->role;
    struct value *list = node_get(&role->properties, "Policies");

    if (policy.kind == VALUE_NONE) {
        return;
    }
    for (uint32_t i = 0; node_is(list, VALUE_LIST) && i < list->count; i++) {
        if (node_eq(node_get(&list->items[i], "PolicyDocument"),
                    node_get(&policy, "PolicyDocument"))) {
            return;
        }
    }
    if (list == NULL) {
        list = node_put(s->arena, &role->properties, "Policies", node_list());
    }
    node_push(s->arena, list, policy);
}

static void allow(struct sam *s, struct value *statements, struct value action,
                  const struct value *resource)
{
    node_push(s->arena, statements,
              node_make(s->arena, "{Action: %v, Effect: 'Allow', Resource: %v}", &action,
                        resource));
}

static void allow_secret(struct sam *s, struct value *statements, const struct value *uri)
{
    if (uri != NULL) {
        allow(s, statements, node_make(s->arena, "['secretsmanager:GetSecretValue']"), uri);
    }
}

static void allow_key(struct sam *s, const struct sam_event *event, struct value *statements,
                      struct value action)
{
    const struct value *key = sam_event_property(event, "SecretsManagerKmsKeyId");
    struct value arn;

    if (!node_true(key) ||
        !sam_expect_event(s, event->relative, key, VALUE_STR, "SecretsManagerKmsKeyId")) {
        return;
    }
    arn = node_make(s->arena, "{'Fn::Sub': %s}",
                    arena_printf(s->arena,
                                 "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/"
                                 "%.*s",
                                 STR_ARG(key->str)));
    allow(s, statements, action, &arn);
}

static struct value document(struct sam *s, struct str name, const struct value *statements,
                             const char *version)
{
    struct value dated = version == NULL ? (struct value){.kind = VALUE_NONE} : node_c(version);

    return node_make(s->arena, "{PolicyName: %s, PolicyDocument: {Statement: %v, Version: %v}}",
                     name, statements, &dated);
}

static void allow_network(struct sam *s, struct value *statements)
{
    struct value all = node_c("*");

    allow(s, statements,
          node_make(s->arena,
                    "['ec2:CreateNetworkInterface', 'ec2:DescribeNetworkInterfaces', "
                    "'ec2:DeleteNetworkInterface', 'ec2:DescribeVpcs', 'ec2:DescribeSubnets', "
                    "'ec2:DescribeSecurityGroups']"),
          &all);
}

/* ---- schema registries ---- */

static void check_registry(struct sam *s, const struct sam_event *event,
                           const struct value *config)
{
    static const char *const needed[] = {"SchemaRegistryURI", "EventRecordFormat",
                                         "SchemaValidationConfigs"};
    const struct value *format = node_get(config, "EventRecordFormat");

    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (!node_has(config, needed[i])) {
            sam_refuse_event(s, event->relative,
                             "Missing required field %s in SchemaRegistryConfig", needed[i]);
        }
    }
    if (!node_is_text(format, "JSON") && !node_is_text(format, "SOURCE")) {
        sam_refuse_event(s, event->relative, "EventRecordFormat in SchemaRegistryConfig must be "
                                             "either 'JSON' or 'SOURCE'");
    }
    if (!node_is(node_get(config, "SchemaValidationConfigs"), VALUE_LIST)) {
        sam_refuse_event(s, event->relative, "SchemaValidationConfigs must be a list");
    }
}

/* The name in "arn:…:registry/name"; STR_NONE: it is no such ARN. */
static struct str registry_name(struct str arn)
{
    struct str rest = arn;
    struct str part = STR_NONE;

    if (!str_starts(arn, STR("arn"))) {
        return STR_NONE;
    }
    for (int i = 0; i < 6; i++) {
        part = str_split(&rest, ':');
    }
    return str_starts(part, STR("registry/")) ? str_slice(part, 9, part.bytes) : STR_NONE;
}

static void allow_registry(struct sam *s, const struct sam_event *event, struct value *statements)
{
    const struct value *config = sam_event_property(event, "SchemaRegistryConfig");
    const struct value *access = node_get(config, "AccessConfigs");
    const struct value *uri = node_get(config, "SchemaRegistryURI");
    struct value shown = uri == NULL ? node_map() : node_copy(s->arena, uri);
    struct str name;
    struct value schema;

    if (!node_true(config)) {
        return;
    }
    check_registry(s, event, config);
    for (uint32_t i = 0; node_is(access, VALUE_LIST) && i < access->count; i++) {
        allow_secret(s, statements, node_get(&access->items[i], "URI"));
    }
    sam_resolve(s, &shown);
    name = registry_name(shown.kind == VALUE_STR ? shown.str
                                                 : node_text(node_get(&shown, "Fn::Sub")));
    if (name.at == NULL) {
        return;
    }
    allow(s, statements, node_make(s->arena, "['glue:GetRegistry']"), uri);
    schema = node_make(s->arena, "[{'Fn::Sub': %s}]",
                       arena_printf(s->arena,
                                    "arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}:"
                                    "schema/%.*s/*",
                                    STR_ARG(name)));
    allow(s, statements, node_make(s->arena, "['glue:GetSchemaVersion']"), &schema);
}

/* ---- the mapping ---- */

static void check_filter(struct sam *s, const struct sam_event *event)
{
    const struct value *filter = sam_event_property(event, "FilterCriteria");

    if (node_true(filter) && !node_is_intrinsic(filter) &&
        (filter->count != 1 || !node_has(filter, "Filters"))) {
        sam_refuse_event(s, event->relative, "FilterCriteria field has a wrong format");
    }
}

static void set_kafka(struct sam *s, const struct sam_event *event, struct sam_made *made)
{
    const struct value *servers = sam_event_property(event, "KafkaBootstrapServers");
    const struct value *group = sam_event_property(event, "ConsumerGroupId");
    const struct value *registry = sam_event_property(event, "SchemaRegistryConfig");
    bool managed = str_eq(event->type, STR("MSK"));
    bool own = str_eq(event->type, STR("SelfManagedKafka"));

    if (node_true(servers)) {
        sam_put(s, made, "SelfManagedEventSource",
                node_make(s->arena, "{Endpoints: {KafkaBootstrapServers: %v}}", servers));
    }
    if (node_true(group) && !managed && !own) {
        sam_refuse_event(s, event->id,
                         "Property ConsumerGroupId not defined for resource of type %.*s.",
                         STR_ARG(event->type));
    }
    if ((node_true(group) || node_true(registry)) && (managed || own)) {
        sam_put(s, made, managed ? "AmazonManagedKafkaEventSourceConfig"
                                 : "SelfManagedKafkaEventSourceConfig",
                node_make(s->arena, "{ConsumerGroupId: %v, SchemaRegistryConfig: %v}",
                          node_true(group) ? group : NULL, node_true(registry) ? registry : NULL));
    }
}

static void set_destination(struct sam *s, const struct sam_event *event, struct sam_made *made)
{
    struct value *config = sam_event_property(event, "DestinationConfig");
    struct value *failure = node_get(config, "OnFailure");
    const struct value *type = node_get(failure, "Type");
    struct value kept;

    if (!node_true(config)) {
        return;
    }
    if (!sam_expect_event(s, event->id, failure, VALUE_MAP, "DestinationConfig.OnFailure")) {
        return;
    }
    if (node_true(type)) {
        kept = *type;
        node_remove(failure, "Type");
        if (!node_is_text(&kept, "SQS") && !node_is_text(&kept, "SNS") &&
            !node_is_text(&kept, "S3") && !node_is_text(&kept, "Kafka")) {
            sam_refuse_event(s, event->id, "The only valid values for 'Type' are 'SQS', 'SNS', "
                                           "'S3', and 'Kafka'");
        }
        add_inline(s, event,
                   sam_destination_policy(s, &kept, event->id, node_get(failure, "Destination")));
    }
    sam_set(s, made, "DestinationConfig", config);
}

static struct sam_made *make_mapping(struct sam *s, const struct sam_event *event,
                                     const char *source)
{
    static const char *const same[] = {
        "StartingPosition", "StartingPositionTimestamp", "BatchSize", "Enabled",
        "MaximumBatchingWindowInSeconds", "MaximumRetryAttempts", "BisectBatchOnFunctionError",
        "MaximumRecordAgeInSeconds", "ParallelizationFactor", "Topics", "Queues",
        "SourceAccessConfigurations", "TumblingWindowInSeconds", "FunctionResponseTypes",
        "FilterCriteria", "KmsKeyArn", "ScalingConfig", "ProvisionedPollerConfig",
        "MetricsConfig", "LoggingConfig"};
    struct sam_made *made = sam_make(s, event->id, "AWS::Lambda::EventSourceMapping", &s->passed);

    sam_set(s, made, "FunctionName", &event->target->name);
    if (source != NULL) {
        sam_set(s, made, "EventSourceArn", sam_event_property(event, source));
    }
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        sam_set(s, made, same[i], sam_event_property(event, same[i]));
    }
    check_filter(s, event);
    set_kafka(s, event, made);
    return made;
}

/* ---- kinds ---- */

static void kinesis_make(struct sam *s, struct sam_event *event)
{
    struct sam_made *made = make_mapping(s, event, "Stream");

    add_managed(s, event, "AWSLambdaKinesisExecutionRole");
    set_destination(s, event, made);
}

static void dynamodb_make(struct sam *s, struct sam_event *event)
{
    struct sam_made *made = make_mapping(s, event, "Stream");

    add_managed(s, event, "AWSLambdaDynamoDBExecutionRole");
    set_destination(s, event, made);
}

static void sqs_make(struct sam *s, struct sam_event *event)
{
    struct sam_made *made = make_mapping(s, event, "Queue");

    add_managed(s, event, "AWSLambdaSQSQueueExecutionRole");
    set_destination(s, event, made);
}

void sam_queue_mapping(struct sam *s, const struct sam_event *event, const struct value *queue,
                       const struct value *batch)
{
    struct sam_event mapping = *event;
    struct value ten = {.kind = VALUE_INT, .number = 10};
    struct value properties = node_make(s->arena, "{Queue: %v, BatchSize: %v, Enabled: true}",
                                        queue, node_true(batch) ? batch : &ten);

    mapping.id = sam_join(s, event->id, STR("EventSourceMapping"));
    mapping.properties = &properties;
    sqs_make(s, &mapping);
}

static void msk_make(struct sam *s, struct sam_event *event)
{
    struct sam_made *made = make_mapping(s, event, "Stream");
    const struct value *access = sam_event_property(event, "SourceAccessConfigurations");
    struct value statements = node_list();

    add_managed(s, event, "AWSLambdaMSKExecutionRole");
    allow_registry(s, event, &statements);
    for (uint32_t i = 0; node_is(access, VALUE_LIST) && i < access->count; i++) {
        const struct value *uri = node_get(&access->items[i], "URI");

        if (node_is_text(node_get(&access->items[i], "Type"), "CLIENT_CERTIFICATE_TLS_AUTH")) {
            allow_secret(s, &statements, node_true(uri) ? uri : NULL);
        }
    }
    if (statements.count > 0) {
        add_inline(s, event, document(s, STR("MSKExecutionRolePolicy"), &statements, NULL));
    }
    set_destination(s, event, made);
}

/* The one BASIC_AUTH of a broker's or cluster's configurations. */
static const struct value *basic_auth(struct sam *s, const struct sam_event *event, bool host)
{
    const struct value *access = sam_event_property(event, "SourceAccessConfigurations");
    const struct value *found = NULL;

    if (!node_true(access)) {
        sam_refuse_event(s, event->relative,
                         "No SourceAccessConfigurations for Amazon %.*s event provided.",
                         STR_ARG(event->type));
    }
    for (uint32_t i = 0; node_is(access, VALUE_LIST) && i < access->count; i++) {
        const struct value *type = node_get(&access->items[i], "Type");
        const struct value *uri = node_get(&access->items[i], "URI");

        if (node_is_text(type, "VIRTUAL_HOST") && host) {
            continue;
        }
        if (!node_is_text(type, "BASIC_AUTH")) {
            sam_refuse_event(s, event->relative,
                             "Invalid property Type specified in SourceAccessConfigurations. The "
                             "supported values are: ['BASIC_AUTH'%s].",
                             host ? ", 'VIRTUAL_HOST'" : "");
        } else if (found != NULL) {
            sam_refuse_event(s, event->relative, "Multiple BASIC_AUTH properties specified in "
                                                 "SourceAccessConfigurations.");
        } else if (!node_true(uri)) {
            sam_refuse_event(s, event->relative, "No BASIC_AUTH URI property specified in "
                                                 "SourceAccessConfigurations.");
        }
        found = uri;
    }
    if (found == NULL) {
        sam_refuse_event(s, event->relative,
                         "No BASIC_AUTH property specified in SourceAccessConfigurations.");
    }
    return found;
}

static void mq_make(struct sam *s, struct sam_event *event)
{
    struct sam_made *made = make_mapping(s, event, "Broker");
    struct value statements = node_list();
    bool own = node_true(sam_event_property(event, "DynamicPolicyName"));

    allow_secret(s, &statements, basic_auth(s, event, true));
    allow(s, &statements, node_make(s->arena, "['mq:DescribeBroker']"),
          sam_event_property(event, "Broker"));
    allow_key(s, event, &statements, node_c("kms:Decrypt"));
    add_inline(s, event,
               document(s,
                        own ? sam_join(s, event->id, STR("AMQPolicy"))
                            : STR("SamAutoGeneratedAMQPolicy"),
                        &statements, NULL));
    set_destination(s, event, made);
}

static void cluster_make(struct sam *s, struct sam_event *event)
{
    struct sam_made *made = make_mapping(s, event, "Cluster");
    struct value statements = node_list();
    struct value groups = node_make(s->arena, "{'Fn::Sub': 'arn:${AWS::Partition}:rds:"
                                              "${AWS::Region}:${AWS::AccountId}:cluster-pg:*'}");
    struct value subnets = node_make(s->arena, "{'Fn::Sub': 'arn:${AWS::Partition}:rds:"
                                               "${AWS::Region}:${AWS::AccountId}:subgrp:*'}");
    const struct value *name = sam_event_property(event, "CollectionName");
    const struct value *full = sam_event_property(event, "FullDocument");

    sam_put(s, made, "DocumentDBEventSourceConfig",
            node_make(s->arena, "{DatabaseName: %v, CollectionName: %v, FullDocument: %v}",
                      sam_event_property(event, "DatabaseName"), node_true(name) ? name : NULL,
                      node_true(full) ? full : NULL));
    allow_secret(s, &statements, basic_auth(s, event, false));
    allow(s, &statements, node_make(s->arena, "['rds:DescribeDBClusterParameters']"), &groups);
    allow(s, &statements, node_make(s->arena, "['rds:DescribeDBSubnetGroups']"), &subnets);
    allow(s, &statements, node_make(s->arena, "['rds:DescribeDBClusters']"),
          sam_event_property(event, "Cluster"));
    allow_network(s, &statements);
    allow_key(s, event, &statements, node_make(s->arena, "['kms:Decrypt']"));
    add_inline(s, event,
               document(s, STR("SamAutoGeneratedDocumentDBPolicy"), &statements, NULL));
    set_destination(s, event, made);
}

/* ---- Kafka of one's own ---- */

/* What its configurations say. */
struct kafka {
    const struct value *auth;        /* secret to sign in with */
    const struct value *certificate; /* the root certificate's secret */
    bool has_auth;                   /* a way to sign in is given */
    bool has_subnet;                 /* a subnet is */
    bool has_group;                  /* a security group is */
};

static bool is_one_of(const struct value *type, const char *names)
{
    struct str rest = str_c(names);

    while (rest.at != NULL) {
        struct str name = str_split(&rest, ' ');

        if (node_is(type, VALUE_STR) && str_eq(type->str, name)) {
            return true;
        }
    }
    return false;
}

static void need_uri(struct sam *s, const struct sam_event *event, const struct value *uri,
                     struct str what)
{
    if (!node_true(uri)) {
        sam_refuse_event(s, event->relative,
                         "No %.*s URI property specified in SourceAccessConfigurations for self "
                         "managed kafka event.",
                         STR_ARG(what));
    } else if (uri->kind != VALUE_STR && !node_is_intrinsic(uri)) {
        sam_refuse_event(s, event->relative,
                         "Wrong Type for %.*s URI property specified in SourceAccessConfigurations "
                         "for self managed kafka event.",
                         STR_ARG(what));
    }
}

static void read_auth(struct sam *s, const struct sam_event *event, const struct value *config,
                      struct kafka *kafka)
{
    const struct value *type = node_get(config, "Type");

    if (kafka->has_auth) {
        sam_refuse_event(s, event->relative,
                         "Multiple auth mechanism properties specified in "
                         "SourceAccessConfigurations for self managed kafka event.");
    }
    kafka->has_auth = true;
    if (!is_one_of(type, "IAM_AUTH IAM_OAUTHBEARER_AUTH")) {
        kafka->auth = node_get(config, "URI");
        need_uri(s, event, kafka->auth, STR("auth mechanism"));
    }
}

static void read_kafka(struct sam *s, const struct sam_event *event, const struct value *config,
                       struct kafka *kafka)
{
    const struct value *type = node_get(config, "Type");
    const struct value *uri = node_get(config, "URI");

    if (is_one_of(type, "SASL_SCRAM_256_AUTH SASL_SCRAM_512_AUTH BASIC_AUTH "
                        "CLIENT_CERTIFICATE_TLS_AUTH OAUTHBEARER_AUTH IAM_AUTH "
                        "IAM_OAUTHBEARER_AUTH")) {
        read_auth(s, event, config, kafka);
        return;
    }
    if (!is_one_of(type, "VPC_SUBNET VPC_SECURITY_GROUP SERVER_ROOT_CA_CERTIFICATE "
                         "OAUTHBEARER_SCOPE OAUTHBEARER_AUDIENCE OAUTHBEARER_LOGICAL_CLUSTER "
                         "OAUTHBEARER_IDENTITY_POOL")) {
        sam_refuse_event(s, event->relative, "Invalid SourceAccessConfigurations Type provided for "
                                             "self managed kafka event.");
        return;
    }
    need_uri(s, event, uri, type->str);
    kafka->has_subnet = kafka->has_subnet || node_is_text(type, "VPC_SUBNET");
    kafka->has_group = kafka->has_group || node_is_text(type, "VPC_SECURITY_GROUP");
    if (node_is_text(type, "SERVER_ROOT_CA_CERTIFICATE")) {
        kafka->certificate = uri;
    }
}

static void check_kafka(struct sam *s, const struct sam_event *event)
{
    const struct value *topics = sam_event_property(event, "Topics");

    if (!node_true(sam_event_property(event, "KafkaBootstrapServers"))) {
        sam_refuse_event(s, event->relative, "No KafkaBootstrapServers provided for self managed "
                                             "kafka as an event source");
    } else if (!node_true(topics)) {
        sam_refuse_event(s, event->relative,
                         "No Topics provided for self managed kafka as an event source");
    } else if (topics->count != 1) {
        sam_refuse_event(s, event->relative, "Topics for self managed kafka only supports single "
                                             "configuration entry.");
    } else if (!node_true(sam_event_property(event, "SourceAccessConfigurations"))) {
        sam_refuse_event(s, event->relative, "No SourceAccessConfigurations for self managed kafka "
                                             "event provided.");
    }
}

static void kafka_make(struct sam *s, struct sam_event *event)
{
    struct sam_made *made = make_mapping(s, event, NULL);
    const struct value *access = sam_event_property(event, "SourceAccessConfigurations");
    struct kafka kafka = {.has_auth = false};
    struct value statements = node_list();

    check_kafka(s, event);
    for (uint32_t i = 0; node_is(access, VALUE_LIST) && i < access->count; i++) {
        read_kafka(s, event, &access->items[i], &kafka);
    }
    if (kafka.has_subnet != kafka.has_group) {
        sam_refuse_event(s, event->relative,
                         "VPC_SUBNET and VPC_SECURITY_GROUP in SourceAccessConfigurations for "
                         "SelfManagedKafka must be both provided.");
    }
    allow_secret(s, &statements, kafka.auth);
    allow_secret(s, &statements, kafka.certificate);
    if (kafka.has_subnet) {
        allow_network(s, &statements);
    }
    allow_key(s, event, &statements, node_make(s->arena, "['kms:Decrypt']"));
    allow_registry(s, event, &statements);
    if (statements.count > 0) {
        add_inline(s, event, document(s, STR("SelfManagedKafkaExecutionRolePolicy"), &statements,
                                      "2012-10-17"));
    }
    set_destination(s, event, made);
}

const struct sam_event_kind sam_pull_kinds[] = {
    {"Kinesis", stream_properties, NULL, kinesis_make},
    {"DynamoDB", stream_properties, NULL, dynamodb_make},
    {"SQS", queue_properties, NULL, sqs_make},
    {"MSK", stream_properties, NULL, msk_make},
    {"MQ", broker_properties, NULL, mq_make},
    {"SelfManagedKafka", kafka_properties, NULL, kafka_make},
    {"DocumentDB", cluster_properties, NULL, cluster_make},
    {NULL, NULL, NULL, NULL},
};
