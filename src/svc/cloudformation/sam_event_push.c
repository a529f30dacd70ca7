/* SPDX-License-Identifier: Apache-2.0
 *
 * Events of services that call the function: S3, SNS, CloudWatch Logs, IoT, Cognito, Alexa. Where
 * the service's resource is in the template (a bucket, a user pool), it is changed.
 */
#include "svc/cloudformation/sam_event.h"

/* ---- S3 ---- */

static const struct sam_property s3_properties[] = {
    {"Bucket", "!s"}, {"Events", "!-sN"}, {"Filter", "T"}, {NULL, NULL}};

static void s3_look(struct sam *s, struct sam_event *event)
{
    const struct value *bucket = sam_event_property(event, "Bucket");
    const struct value *ref = node_get(bucket, "Ref");

    if (ref != NULL && ref->kind != VALUE_STR) {
        sam_refuse_event(s, event->relative, "'Ref' value in S3 events is not a valid string.");
    } else if (ref == NULL || node_find(s->resources, ref->str) == NULL) {
        sam_refuse_event(s, event->relative,
                         "S3 events must reference an S3 bucket in the same template.");
    }
}

/* The bucket comes after the permission: S3 asks whether it may call when it gets its rules. */
static void depend(struct sam *s, struct value *bucket, struct str id)
{
    struct value *depends = node_get(bucket, "DependsOn");
    struct value list = node_list();
    struct value own = node_str(id);

    if (node_is(depends, VALUE_STR)) {
        node_push(s->arena, &list, *depends);
    }
    node_extend(s->arena, &list, depends);
    if (!node_in(&list, &own)) {
        node_push(s->arena, &list, own);
    }
    node_put(s->arena, bucket, "DependsOn", list);
}

/* DependsOn knows no conditions; a tag whose value refers to the permission does. */
static void depend_by_tag(struct sam *s, struct value *properties, struct str bucket,
                          const struct sam_made *permission)
{
    struct value *tags = node_get(properties, "Tags");
    struct value list = node_list();

    if (tags != NULL && tags->kind != VALUE_LIST) {
        sam_refuse(s, bucket, "Property 'Tags' should be a list.");
    }
    node_extend(s->arena, &list, tags);
    node_push(s->arena, &list,
              node_make(s->arena,
                        "{Key: %s, Value: {'Fn::If': [%v, {Ref: %s}, 'no dependency']}}",
                        sam_join(s, STR("sam:ConditionalDependsOn:"), permission->id),
                        node_get(&permission->attributes, "Condition"), permission->id));
    node_put(s->arena, properties, "Tags", list);
}

/* A resource of the template that was changed is among what the unit made, as it is now. */
static void make_again(struct sam *s, struct str id, const struct value *resource)
{
    static const char *const same[] = {"DeletionPolicy", "UpdatePolicy", "Condition",
                                       "UpdateReplacePolicy", "Metadata"};
    struct str type = arena_dup(s->arena, node_text(node_get(resource, "Type")));
    struct sam_made *made = sam_make(s, id, type.at, NULL);
    const struct value *depends = node_get(resource, "DependsOn");

    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        node_set(s->arena, &made->attributes, str_c(same[i]), node_get(resource, same[i]));
    }
    made->depends = depends != NULL ? *depends : made->depends;
    node_update(s->arena, &made->properties, node_get(resource, "Properties"));
}

static void notify(struct sam *s, const struct sam_event *event, struct value *list,
                   const struct value *when)
{
    const struct value *condition = node_get(&s->attributes, "Condition");
    struct value no = node_make(s->arena, "{Ref: 'AWS::NoValue'}");
    struct value rule = node_make(s->arena, "{Event: %v, Function: %v, Filter: %v}", when,
                                  &event->target->arn, sam_event_property(event, "Filter"));

    if (condition != NULL) {
        rule = sam_if(s, condition, rule, no);
    }
    if (!node_in(list, &rule)) {
        node_push(s->arena, list, rule);
    }
}

static struct value *rules_of(struct sam *s, struct value *properties, struct str bucket)
{
    struct value *notification = node_enter(s->arena, properties, STR("NotificationConfiguration"));
    struct value *list = node_get(notification, "LambdaConfigurations");

    if (notification == NULL) {
        sam_refuse(s, bucket, "Property 'NotificationConfiguration' should be a map.");
        return NULL;
    }
    if (list == NULL) {
        list = node_put(s->arena, notification, "LambdaConfigurations", node_list());
    }
    if (list->kind != VALUE_LIST) {
        sam_refuse(s, bucket, "Invalid type for LambdaConfigurations. Must be a list.");
        return NULL;
    }
    return list;
}

static void check_type(struct sam *s, struct str id, const struct value *resource,
                       const char *type)
{
    const struct value *given = node_get(resource, "Type");

    if (!node_has(resource, "Type")) {
        sam_refuse(s, id, "Resource dict missing key 'Type'.");
    } else if (!node_is_text(given, type)) {
        sam_refuse(s, id, "Resource has incorrect Type; expected '%s', got '%.*s'", type,
                   STR_ARG(node_shown(s->arena, given)));
    }
}

static void s3_make(struct sam *s, struct sam_event *event)
{
    struct str id = node_text(node_get(sam_event_property(event, "Bucket"), "Ref"));
    struct value *bucket = node_find(s->resources, id);
    struct value *properties = node_enter(s->arena, bucket, STR("Properties"));
    struct sam_made *permission = sam_permission(s, event, "s3.amazonaws.com", STR_NONE);
    const struct value *events = sam_event_property(event, "Events");
    struct value *rules;

    sam_put(s, permission, "SourceAccount", sam_ref(s, STR("AWS::AccountId")));
    check_type(s, id, bucket, "AWS::S3::Bucket");
    if (properties == NULL) {
        sam_refuse(s, id, "Properties should be a map.");
        return;
    }
    if (node_has(&permission->attributes, "Condition")) {
        depend_by_tag(s, properties, id, permission);
    } else {
        depend(s, bucket, permission->id);
        properties = node_get(bucket, "Properties");
    }
    rules = rules_of(s, properties, id);
    if (rules != NULL && events->kind == VALUE_STR) {
        notify(s, event, rules, events);
    }
    for (uint32_t i = 0; rules != NULL && events->kind == VALUE_LIST && i < events->count; i++) {
        notify(s, event, rules, &events->items[i]);
    }
    make_again(s, id, bucket);
}

/* ---- SNS ---- */

static const struct sam_property sns_properties[] = {
    {"Topic", "!s"},          {"Region", "s"},        {"FilterPolicy", "-*"},
    {"FilterPolicyScope", "-*"}, {"SqsSubscription", "bm"}, {"RedrivePolicy", "m"},
    {NULL, NULL}};

static void subscribe(struct sam *s, const struct sam_event *event, const char *protocol,
                      const struct value *endpoint)
{
    static const char *const same[] = {"Region", "FilterPolicy", "FilterPolicyScope",
                                       "RedrivePolicy"};
    struct sam_made *made = sam_make(s, event->id, "AWS::SNS::Subscription", &s->passed);

    sam_put(s, made, "Protocol", node_c(protocol));
    sam_set(s, made, "Endpoint", endpoint);
    sam_set(s, made, "TopicArn", sam_event_property(event, "Topic"));
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        sam_set(s, made, same[i], sam_event_property(event, same[i]));
    }
}

static void queue_policy(struct sam *s, const struct sam_event *event, struct str id,
                         const struct value *arn, const struct value *url)
{
    struct sam_made *made = sam_make(s, id, "AWS::SQS::QueuePolicy", &s->passed);

    made->properties = node_make(
        s->arena,
        "{PolicyDocument: {Version: '2012-10-17', Statement: [{Action: 'sqs:SendMessage', Effect: "
        "'Allow', Principal: '*', Resource: %v, Condition: {ArnEquals: {'aws:SourceArn': %v}}}]}, "
        "Queues: [%v]}",
        arn, sam_event_property(event, "Topic"), url);
}

static bool is_fifo(struct sam *s, const struct value *topic)
{
    const struct value *resource = node_find(s->resources, node_named(topic));
    struct value fifo = sam_resolved(s, node_get(node_get(resource, "Properties"), "FifoTopic"));

    return node_true(&fifo);
}

static void sns_own_queue(struct sam *s, const struct sam_event *event)
{
    struct str id = sam_join(s, event->id, STR("Queue"));
    struct value arn = sam_attribute(s, id, "Arn");
    struct value url = sam_ref(s, id);
    struct sam_made *queue;

    sam_queue_mapping(s, event, &arn, NULL);
    queue = sam_make(s, id, "AWS::SQS::Queue", &s->passed);
    if (is_fifo(s, sam_event_property(event, "Topic"))) {
        sam_put(s, queue, "FifoQueue", node_bool(true));
    }
    queue_policy(s, event, sam_join(s, event->id, STR("QueuePolicy")), &arn, &url);
    subscribe(s, event, "sqs", &arn);
}

static void sns_given_queue(struct sam *s, const struct sam_event *event,
                            const struct value *subscription)
{
    const struct value *arn = node_get(subscription, "QueueArn");
    const struct value *url = node_get(subscription, "QueueUrl");
    const struct value *id = node_get(subscription, "QueuePolicyLogicalId");

    if (!node_true(arn) || !node_true(url)) {
        sam_refuse_event(s, event->relative, "No QueueARN or QueueURL provided.");
        return;
    }
    sam_queue_mapping(s, event, arn, node_get(subscription, "BatchSize"));
    queue_policy(s, event,
                 node_true(id) ? node_text(id) : sam_join(s, event->id, STR("QueuePolicy")), arn,
                 url);
    subscribe(s, event, "sqs", arn);
}

static void sns_make(struct sam *s, struct sam_event *event)
{
    const struct value *subscription = sam_event_property(event, "SqsSubscription");

    if (!node_true(subscription)) {
        struct sam_made *made = sam_permission(s, event, "sns.amazonaws.com", STR_NONE);

        sam_set(s, made, "SourceArn", sam_event_property(event, "Topic"));
        subscribe(s, event, "lambda", &event->target->arn);
    } else if (subscription->kind == VALUE_BOOL) {
        sns_own_queue(s, event);
    } else {
        sns_given_queue(s, event, subscription);
    }
}

/* ---- CloudWatch Logs ---- */

static const struct sam_property logs_properties[] = {
    {"LogGroupName", "!s"}, {"FilterPattern", "!s"}, {NULL, NULL}};

static void logs_make(struct sam *s, struct sam_event *event)
{
    struct sam_made *permission = sam_permission(s, event, "logs.amazonaws.com", STR_NONE);
    const struct value *group = sam_event_property(event, "LogGroupName");
    struct sam_made *made;

    sam_put(s, permission, "SourceArn",
            sam_sub(s,
                    arena_printf(s->arena,
                                 "arn:%.*s:logs:${AWS::Region}:${AWS::AccountId}:log-group:"
                                 "${__LogGroupName__}:*",
                                 STR_ARG(s->place->partition)),
                    "__LogGroupName__", group));
    made = sam_make(s, event->id, "AWS::Logs::SubscriptionFilter", &s->passed);
    made->depends = node_make(s->arena, "[%s]", permission->id);
    sam_set(s, made, "LogGroupName", group);
    sam_set(s, made, "FilterPattern", sam_event_property(event, "FilterPattern"));
    sam_set(s, made, "DestinationArn", &event->target->arn);
}

/* ---- IoT ---- */

static const struct sam_property iot_properties[] = {
    {"Sql", "!s"}, {"AwsIotSqlVersion", "s"}, {NULL, NULL}};

static void iot_make(struct sam *s, struct sam_event *event)
{
    struct sam_made *permission = sam_permission(s, event, "iot.amazonaws.com", STR_NONE);
    const struct value *version = sam_event_property(event, "AwsIotSqlVersion");
    struct value rule = sam_ref(s, event->id);
    struct sam_made *made;

    sam_put(s, permission, "SourceArn",
            sam_sub(s,
                    arena_printf(s->arena,
                                 "arn:%.*s:iot:${AWS::Region}:${AWS::AccountId}:rule/${RuleName}",
                                 STR_ARG(s->place->partition)),
                    "RuleName", &rule));
    sam_put(s, permission, "SourceAccount",
            node_make(s->arena, "{'Fn::Sub': '${AWS::AccountId}'}"));
    made = sam_make(s, event->id, "AWS::IoT::TopicRule", &s->passed);
    sam_put(s, made, "TopicRulePayload",
            node_make(s->arena,
                      "{Sql: %v, RuleDisabled: false, Actions: [{Lambda: {FunctionArn: %v}}], "
                      "AwsIotSqlVersion: %v}",
                      sam_event_property(event, "Sql"), &event->target->arn,
                      node_true(version) ? version : NULL));
}

/* ---- Cognito ---- */

static const struct sam_property cognito_properties[] = {
    {"UserPool", "!s"}, {"Trigger", "!-sN"}, {NULL, NULL}};

static void cognito_look(struct sam *s, struct sam_event *event)
{
    const struct value *ref = node_get(sam_event_property(event, "UserPool"), "Ref");

    if (ref != NULL && ref->kind != VALUE_STR) {
        sam_refuse_event(s, event->id, "Ref in Userpool is not a string.");
    } else if (ref == NULL || node_find(s->resources, ref->str) == NULL) {
        sam_refuse_event(s, event->relative,
                         "Cognito events must reference a Cognito UserPool in the same template.");
    }
}

static void trigger(struct sam *s, const struct sam_event *event, struct value *config,
                    const struct value *name)
{
    if (node_find(config, node_text(name)) != NULL) {
        sam_refuse_event(s, event->relative, "Cognito trigger \"%.*s\" defined multiple times.",
                         STR_ARG(node_shown(s->arena, sam_event_property(event, "Trigger"))));
    }
    node_set(s->arena, config, node_text(name), &event->target->arn);
}

static void cognito_make(struct sam *s, struct sam_event *event)
{
    struct str id = node_text(node_get(sam_event_property(event, "UserPool"), "Ref"));
    struct value *pool = node_find(s->resources, id);
    struct value *properties = node_enter(s->arena, pool, STR("Properties"));
    struct value *config = properties == NULL
                               ? NULL
                               : node_enter(s->arena, properties, STR("LambdaConfig"));
    const struct value *triggers = sam_event_property(event, "Trigger");
    struct sam_event named = *event;
    struct sam_made *permission;

    named.id = sam_join(s, event->target->id, STR("Cognito"));
    permission = sam_permission(s, &named, "cognito-idp.amazonaws.com", STR_NONE);
    sam_put(s, permission, "SourceArn", sam_attribute(s, id, "Arn"));
    if (config == NULL) {
        sam_refuse(s, id, "Property 'LambdaConfig' should be a map.");
        return;
    }
    check_type(s, id, pool, "AWS::Cognito::UserPool");
    if (triggers->kind == VALUE_STR) {
        trigger(s, event, config, triggers);
    }
    for (uint32_t i = 0; triggers->kind == VALUE_LIST && i < triggers->count; i++) {
        trigger(s, event, config, &triggers->items[i]);
    }
    make_again(s, id, pool);
}

/* ---- Alexa ---- */

static const struct sam_property alexa_properties[] = {{"SkillId", "s"}, {NULL, NULL}};

static void alexa_make(struct sam *s, struct sam_event *event)
{
    struct sam_made *made = sam_permission(s, event, "alexa-appkit.amazon.com", STR_NONE);

    sam_set(s, made, "EventSourceToken", sam_event_property(event, "SkillId"));
}

const struct sam_event_kind sam_push_kinds[] = {
    {"S3", s3_properties, s3_look, s3_make},
    {"SNS", sns_properties, NULL, sns_make},
    {"CloudWatchLogs", logs_properties, NULL, logs_make},
    {"IoTRule", iot_properties, NULL, iot_make},
    {"Cognito", cognito_properties, cognito_look, cognito_make},
    {"AlexaSkill", alexa_properties, NULL, alexa_make},
    {NULL, NULL, NULL, NULL},
};
