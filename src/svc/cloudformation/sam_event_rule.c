/* SPDX-License-Identifier: Apache-2.0
 *
 * Events by the clock and by EventBridge's rules. A function gives the service its permission, a
 * state machine is started with a role that is made for it.
 */
#include "svc/cloudformation/sam_event.h"
#include "svc/cloudformation/sam_policy.h"

#define TARGET_ID_BYTES_MAX 64

const struct sam_property sam_schedule_properties[] = {
    {"Schedule", "!s"}, {"RuleName", "s"},        {"Input", "s"},       {"Enabled", "b"},
    {"State", "s"},     {"Name", "s"},            {"Description", "s"}, {"DeadLetterConfig", "m"},
    {"RetryPolicy", "m"}, {NULL, NULL}};

const struct sam_property sam_machine_schedule_properties[] = {
    {"Schedule", "!s"}, {"Input", "s"},       {"Enabled", "b"},          {"State", "s"},
    {"Name", "s"},      {"Description", "s"}, {"DeadLetterConfig", "m"}, {"RetryPolicy", "m"},
    {"Target", "-m"},   {"RoleArn", "-s"},    {NULL, NULL}};

const struct sam_property sam_rule_properties[] = {
    {"EventBusName", "s"}, {"RuleName", "s"},  {"Pattern", "m"}, {"DeadLetterConfig", "m"},
    {"RetryPolicy", "m"},  {"Input", "s"},     {"InputPath", "s"}, {"Target", "m"},
    {"Enabled", "b"},      {"State", "s"},     {"InputTransformer", "m"}, {NULL, NULL}};

const struct sam_property sam_machine_rule_properties[] = {
    {"EventBusName", "s"}, {"RuleName", "s"}, {"Pattern", "m"}, {"Input", "s"},
    {"InputPath", "s"},    {"DeadLetterConfig", "m"}, {"RetryPolicy", "m"}, {"State", "s"},
    {"Target", "-m"},      {"InputTransformer", "m"}, {NULL, NULL}};

const struct sam_property sam_schedule_v2_properties[] = {
    {"PermissionsBoundary", "s"}, {"ScheduleExpression", "!s"}, {"FlexibleTimeWindow", "m"},
    {"Name", "s"},       {"State", "s"},    {"Description", "s"}, {"StartDate", "s"},
    {"EndDate", "s"},    {"ScheduleExpressionTimezone", "s"}, {"GroupName", "s"},
    {"KmsKeyArn", "s"},  {"Input", "s"},    {"RoleArn", "s"},     {"DeadLetterConfig", "m"},
    {"RetryPolicy", "m"}, {"OmitName", "-b"}, {NULL, NULL}};

static bool is_machine(const struct sam_event *event)
{
    return event->target->role == NULL;
}

/* ---- dead letters ---- */

static void check_dead(struct sam *s, const struct sam_event *event, const struct value *config)
{
    bool arn = node_has(config, "Arn");
    bool type = node_has(config, "Type");
    const struct value *id = node_get(config, "QueueLogicalId");

    if (arn && type) {
        sam_refuse_event(s, event->id,
                         "You can either define 'Arn' or 'Type' property of DeadLetterConfig.");
    } else if (type && !node_is_text(node_get(config, "Type"), "SQS")) {
        sam_refuse_event(s, event->id, "The only valid value for 'Type' property of "
                                       "DeadLetterConfig is 'SQS'.");
    } else if (!arn && !type) {
        sam_refuse_event(s, event->id,
                         "No 'Arn' or 'Type' property provided for DeadLetterConfig.");
    } else if (node_get(config, "Arn") == NULL && id != NULL && id->kind != VALUE_STR) {
        sam_refuse_event(s, event->id, "QueueLogicalId must be a string");
    }
}

/* The queue's ARN; a queue that is made is one that the rule may send to. VALUE_NONE: no config. */
static struct value dead_letters(struct sam *s, const struct sam_event *event, bool scheduler)
{
    const struct value *config = sam_event_property(event, "DeadLetterConfig");
    const struct value *arn = node_get(config, "Arn");
    struct str id = node_text(node_get(config, "QueueLogicalId"));
    struct sam_made *policy;
    struct value made;
    struct value url;
    struct value rule = sam_attribute(s, event->id, "Arn");

    if (config == NULL) {
        return (struct value){.kind = VALUE_NONE};
    }
    check_dead(s, event, config);
    if (arn != NULL) {
        return *arn;
    }
    id = id.bytes > 0 ? id : sam_join(s, event->id, STR("Queue"));
    made = sam_attribute(s, id, "Arn");
    url = sam_ref(s, id);
    sam_make(s, id, "AWS::SQS::Queue", &s->passed);
    if (!scheduler) {
        policy = sam_make(s, sam_join(s, event->id, STR("QueuePolicy")), "AWS::SQS::QueuePolicy",
                          &s->passed);
        policy->properties = node_make(
            s->arena,
            "{PolicyDocument: {Version: '2012-10-17', Statement: [{Action: 'sqs:SendMessage', "
            "Effect: 'Allow', Principal: {Service: 'events.amazonaws.com'}, Resource: %v, "
            "Condition: {ArnEquals: {'aws:SourceArn': %v}}}]}, Queues: [%v]}",
            &made, &rule, &url);
    }
    return made;
}

/* ---- targets ---- */

struct value sam_machine_role(struct sam *s, const struct sam_event *event, const char *service)
{
    struct str id = sam_join(s, event->id, STR("Role"));
    const struct value *boundary = sam_property(s, "PermissionsBoundary");
    struct sam_made *made = sam_make(s, id, "AWS::IAM::Role", &s->passed);
    struct value policy = sam_inline_policy(s, sam_join(s, id, STR("StartExecutionPolicy")),
                                            "states:StartExecution", &event->target->arn);

    sam_put(s, made, "AssumeRolePolicyDocument", sam_assume(s, service));
    sam_put(s, made, "Policies", node_make(s->arena, "[%v]", &policy));
    sam_set(s, made, "PermissionsBoundary", node_true(boundary) ? boundary : NULL);
    return sam_attribute(s, id, "Arn");
}

static struct value target_id(struct sam *s, const struct sam_event *event)
{
    const struct value *given = node_get(sam_event_property(event, "Target"), "Id");
    struct str suffix = is_machine(event) ? STR("StepFunctionsTarget") : STR("LambdaTarget");
    struct str id = event->id;

    if (given != NULL) {
        return *given;
    }
    return node_str(sam_join(s, str_slice(id, 0, TARGET_ID_BYTES_MAX - suffix.bytes), suffix));
}

static void set_targets(struct sam *s, const struct sam_event *event, struct sam_made *rule,
                        const struct value *role)
{
    struct value dead = dead_letters(s, event, false);
    struct value id = target_id(s, event);
    struct value config = node_make(s->arena, "{Arn: %v}", &dead);

    sam_put(s, rule, "Targets",
            node_make(s->arena,
                      "[{Arn: %v, Id: %v, RoleArn: %v, Input: %v, InputPath: %v, DeadLetterConfig: "
                      "%v, RetryPolicy: %v, InputTransformer: %v}]",
                      &event->target->arn, &id, role, sam_event_property(event, "Input"),
                      sam_event_property(event, "InputPath"),
                      dead.kind == VALUE_NONE ? NULL : &config,
                      sam_event_property(event, "RetryPolicy"),
                      sam_event_property(event, "InputTransformer")));
}

static void set_state(struct sam *s, const struct sam_event *event, struct sam_made *rule)
{
    const struct value *state = sam_event_property(event, "State");
    const struct value *enabled = sam_event_property(event, "Enabled");

    if (node_true(state) && enabled != NULL) {
        sam_refuse_event(s, event->relative,
                         "State and Enabled Properties cannot both be specified.");
    }
    sam_set(s, rule, "State", node_true(state) ? state : NULL);
    if (enabled != NULL) {
        sam_put(s, rule, "State", node_c(node_true(enabled) ? "ENABLED" : "DISABLED"));
    }
}

/* Who may call: a permission of the function, or a role that starts the machine. */
static void finish_rule(struct sam *s, const struct sam_event *event, struct sam_made *rule)
{
    struct sam_made *permission;
    struct value role;

    if (is_machine(event)) {
        const struct value *given = sam_event_property(event, "RoleArn");

        role = given != NULL ? *given : sam_machine_role(s, event, "events.amazonaws.com");
        set_targets(s, event, rule, &role);
        return;
    }
    set_targets(s, event, rule, NULL);
    permission = sam_permission(s, event, "events.amazonaws.com", STR_NONE);
    sam_put(s, permission, "SourceArn", sam_attribute(s, event->id, "Arn"));
}

/* ---- kinds ---- */

void sam_schedule(struct sam *s, struct sam_event *event)
{
    struct sam_made *rule = sam_make(s, event->id, "AWS::Events::Rule", &s->passed);

    sam_set(s, rule, "ScheduleExpression", sam_event_property(event, "Schedule"));
    set_state(s, event, rule);
    sam_set(s, rule, "Name", sam_event_property(event, "Name"));
    sam_set(s, rule, "Description", sam_event_property(event, "Description"));
    finish_rule(s, event, rule);
}

void sam_rule(struct sam *s, struct sam_event *event)
{
    struct sam_made *rule = sam_make(s, event->id, "AWS::Events::Rule", &s->passed);

    sam_set(s, rule, "EventBusName", sam_event_property(event, "EventBusName"));
    sam_set(s, rule, "EventPattern", sam_event_property(event, "Pattern"));
    sam_set(s, rule, "Name", sam_event_property(event, "RuleName"));
    set_state(s, event, rule);
    finish_rule(s, event, rule);
}

static void scheduler_name(struct sam *s, const struct sam_event *event, struct sam_made *made)
{
    const struct value *name = sam_event_property(event, "Name");

    if (!node_true(sam_event_property(event, "OmitName"))) {
        sam_put(s, made, "Name", node_true(name) ? *name : node_str(event->id));
    } else if (node_true(name)) {
        sam_refuse_event(s, event->id, "Name cannot be set when OmitName is True");
    }
}

static struct value scheduler_role(struct sam *s, const struct sam_event *event,
                                   const struct value *dead)
{
    const struct value *given = sam_event_property(event, "RoleArn");
    const struct value *boundary = sam_event_property(event, "PermissionsBoundary");
    struct str id = sam_join(s, event->id, STR("Role"));
    struct sam_made *made;
    struct value policies = node_list();
    bool machine = is_machine(event);

    if (node_true(given)) {
        return *given;
    }
    node_push(s->arena, &policies,
              sam_inline_policy(s,
                                sam_join(s, event->id, machine ? STR("StartExecutionPolicy")
                                                               : STR("LambdaPolicy")),
                                machine ? "states:StartExecution" : "lambda:InvokeFunction",
                                &event->target->arn));
    if (node_true(dead)) {
        node_push(s->arena, &policies,
                  sam_inline_policy(s, sam_join(s, event->id, STR("SQSPolicy")),
                                    "sqs:SendMessage", dead));
    }
    made = sam_make(s, id, "AWS::IAM::Role", &s->passed);
    sam_put(s, made, "AssumeRolePolicyDocument", sam_assume(s, "scheduler.amazonaws.com"));
    sam_put(s, made, "Policies", policies);
    sam_set(s, made, "PermissionsBoundary", node_true(boundary) ? boundary : NULL);
    return sam_attribute(s, id, "Arn");
}

void sam_schedule_v2(struct sam *s, struct sam_event *event)
{
    static const char *const same[] = {"ScheduleExpression", "Description", "StartDate", "EndDate",
                                       "ScheduleExpressionTimezone", "GroupName", "KmsKeyArn"};
    struct sam_made *made = sam_make(s, event->id, "AWS::Scheduler::Schedule", &s->passed);
    const struct value *window = sam_event_property(event, "FlexibleTimeWindow");
    const struct value *state = sam_event_property(event, "State");
    struct value dead;
    struct value config;
    struct value role;

    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        sam_set(s, made, same[i], sam_event_property(event, same[i]));
    }
    sam_set(s, made, "State", node_true(state) ? state : NULL);
    scheduler_name(s, event, made);
    sam_put(s, made, "FlexibleTimeWindow",
            node_true(window) ? *window : node_make(s->arena, "{Mode: 'OFF'}"));
    dead = dead_letters(s, event, true);
    config = node_make(s->arena, "{Arn: %v}", &dead);
    role = scheduler_role(s, event, &dead);
    sam_put(s, made, "Target",
            node_make(s->arena,
                      "{Arn: %v, RoleArn: %v, Input: %v, DeadLetterConfig: %v, RetryPolicy: %v}",
                      &event->target->arn, &role, sam_event_property(event, "Input"),
                      dead.kind == VALUE_NONE ? NULL : &config,
                      sam_event_property(event, "RetryPolicy")));
}
