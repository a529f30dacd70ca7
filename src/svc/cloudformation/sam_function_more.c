/* SPDX-License-Identifier: Apache-2.0
 *
 * A function's URL, and what happens to asynchronous invocations: destinations that the template
 * does not name are made.
 */
#include "svc/cloudformation/sam_function.h"
#include "svc/cloudformation/sam_policy.h"

/* ---- the URL ---- */

static void check_cors(struct sam *s, const struct value *cors)
{
    static const struct {
        const char *name;
        enum value_kind kind;
        const char *type;
    } known[] = {
        {"AllowOrigins", VALUE_LIST, "list"},  {"AllowMethods", VALUE_LIST, "list"},
        {"AllowCredentials", VALUE_BOOL, "bool"}, {"AllowHeaders", VALUE_LIST, "list"},
        {"ExposeHeaders", VALUE_LIST, "list"}, {"MaxAge", VALUE_INT, "int"},
    };

    if (!node_true(cors) || node_is_intrinsic(cors) ||
        !sam_expect(s, cors, VALUE_MAP, "FunctionUrlConfig.Cors")) {
        return;
    }
    for (uint32_t i = 0; i < cors->count; i++) {
        const struct value *value = &cors->pairs[i].value;
        struct str key = cors->pairs[i].key;
        size_t at = 0;

        while (at < 6 && !str_eq(key, str_c(known[at].name))) {
            at++;
        }
        if (at == 6) {
            sam_refuse(s, s->id, "%.*s is not a valid property for configuring Cors.",
                       STR_ARG(key));
        } else if (!node_is_intrinsic(value) && value->kind != known[at].kind) {
            sam_refuse(s, s->id, "%.*s must be of type %s.", STR_ARG(key), known[at].type);
        }
    }
}

static void make_public(struct sam *s, const struct sam_target *target)
{
    struct sam_made *url = sam_make(s, sam_id(s, "UrlPublicPermissions"),
                                    "AWS::Lambda::Permission", &s->passed);
    struct sam_made *invoke = sam_make(s, sam_id(s, "URLInvokeAllowPublicAccess"),
                                       "AWS::Lambda::Permission", &s->passed);

    url->properties = node_make(s->arena,
                                "{Action: 'lambda:InvokeFunctionUrl', FunctionName: %v, Principal: "
                                "'*', FunctionUrlAuthType: 'NONE'}",
                                &target->name);
    invoke->properties = node_make(s->arena,
                                   "{Action: 'lambda:InvokeFunction', FunctionName: %v, Principal: "
                                   "'*', InvokedViaFunctionUrl: true}",
                                   &target->name);
}

void sam_function_url(struct sam *s, const struct sam_target *target)
{
    const struct value *config = sam_property(s, "FunctionUrlConfig");
    const struct value *auth = node_get(config, "AuthType");
    const struct value *cors = node_get(config, "Cors");
    struct sam_made *made;

    if (!node_true(config)) {
        return;
    }
    if (!node_is_intrinsic(config)) {
        if (!node_is_intrinsic(auth) && !node_is_text(auth, "AWS_IAM") &&
            !node_is_text(auth, "NONE")) {
            sam_refuse(s, s->id,
                       "AuthType is required to configure function property `FunctionUrlConfig`. "
                       "Please provide either AWS_IAM or NONE.");
        }
        check_cors(s, cors);
    }
    made = sam_make(s, sam_id(s, "Url"), "AWS::Lambda::Url", &s->passed);
    sam_set(s, made, "Cors", node_true(cors) ? cors : NULL);
    sam_set(s, made, "AuthType", auth);
    sam_set(s, made, "TargetFunctionArn", &target->name);
    sam_set(s, made, "InvokeMode", node_get(config, "InvokeMode"));
    if (node_is_text(auth, "NONE")) {
        make_public(s, target);
    }
}

/* ---- destinations ---- */

struct value sam_destination_policy(struct sam *s, const struct value *type, struct str id,
                                    const struct value *arn)
{
    static const char *const kinds[][3] = {
        {"SQS", "SQSPolicy", "sqs:SendMessage"},
        {"SNS", "SNSPolicy", "sns:publish"},
        {"EventBridge", "EventBridgePolicy", "events:PutEvents"},
        {"Lambda", "LambdaPolicy", "lambda:InvokeFunction"},
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (node_is_text(type, kinds[i][0])) {
            return sam_inline_policy(s, sam_join(s, id, str_c(kinds[i][1])), kinds[i][2], arn);
        }
    }
    if (node_is_text(type, "S3Bucket") || node_is_text(type, "S3")) {
        return node_make(s->arena,
                         "{PolicyName: %s, PolicyDocument: {Statement: [{Action: 's3:PutObject', "
                         "Effect: 'Allow', Resource: {'Fn::Join': ['/', [%v, '*']]}}, {Action: "
                         "'s3:ListBucket', Effect: 'Allow', Resource: %v}]}}",
                         sam_join(s, id, STR("S3Policy")), arn, arn);
    }
    return (struct value){.kind = VALUE_NONE};
}

/* A destination that is being found or made. */
struct destination {
    struct str id;             /* "FEventInvokeConfigOnSuccess" */
    const struct value *type;  /* "SQS" */
    struct value condition;    /* under which it is made; VALUE_NONE: always */
    struct value other;        /* its ARN where the condition does not hold */
};

static struct str hashed(struct sam *s, struct str name, struct str of)
{
    return sam_join(s, name, node_hash(s->arena, of));
}

/* {"Fn::If": [C, NoValue, arn]}: made where C holds; the other way round a condition is needed. */
static void find_condition(struct sam *s, const struct value *given, struct destination *d)
{
    const struct value *items;

    if (!node_is_function(given, "Fn::If")) {
        return;
    }
    if (!sam_is_if(given)) {
        sam_refuse(s, sam_id(s, "EventInvokeConfig"),
                   "Malformed 'Destination' property: Fn::If requires 3 arguments.");
        return;
    }
    items = given->pairs[0].value.items;
    if (node_is_no_value(&items[1]) == node_is_no_value(&items[2])) {
        return;
    }
    if (node_is_no_value(&items[1])) {
        d->condition = items[0];
        d->other = items[2];
    } else {
        struct str name = hashed(s, sam_join(s, STR("NOT"), node_text(&items[0])),
                                 sam_id(s, "EventInvokeConfig"));

        d->condition = node_str(name);
        d->other = items[1];
        sam_condition(s, name, node_make(s->arena, "{'Fn::Not': [{Condition: %v}]}", &items[0]));
    }
}

/* The function's condition and the destination's. */
static struct value both(struct sam *s, const struct destination *d)
{
    const struct value *own = node_get(&s->passed, "Condition");
    struct str name;

    if (own == NULL || d->condition.kind == VALUE_NONE) {
        return own == NULL ? d->condition : *own;
    }
    name = hashed(s, arena_printf(s->arena, "%.*sAND%.*s", STR_ARG(node_text(own)),
                                  STR_ARG(node_text(&d->condition))),
                  s->id);
    sam_condition(s, name,
                  node_make(s->arena,
                            "{'Fn::And': [{Condition: {Condition: %v}}, {Condition: {Condition: "
                            "%v}}]}",
                            own, &d->condition));
    return node_str(name);
}

static struct value make_destination(struct sam *s, const struct destination *d)
{
    bool queue = node_is_text(d->type, "SQS");
    struct value condition = both(s, d);
    struct sam_made *made;
    struct value arn;

    if (!queue && !node_is_text(d->type, "SNS")) {
        sam_refuse(s, s->id, "Destination is required if Type is not ['SQS', 'SNS']");
        return (struct value){.kind = VALUE_NONE};
    }
    made = sam_make(s, sam_join(s, d->id, queue ? STR("Queue") : STR("Topic")),
                    queue ? "AWS::SQS::Queue" : "AWS::SNS::Topic", &s->passed);
    if (condition.kind != VALUE_NONE) {
        node_put(s->arena, &made->attributes, "Condition", condition);
    }
    arn = queue ? sam_attribute(s, made->id, "Arn") : sam_ref(s, made->id);
    return d->condition.kind == VALUE_NONE ? arn : sam_if(s, &d->condition, arn, d->other);
}

static struct value destination(struct sam *s, const char *when, const struct value *config,
                                struct value *documents)
{
    static const char *const types[] = {"SQS", "SNS", "EventBridge", "Lambda", "S3Bucket"};
    struct destination d = {.id = sam_join(s, sam_id(s, "EventInvokeConfig"), str_c(when)),
                            .type = node_get(config, "Type")};
    const struct value *given = node_get(config, "Destination");
    struct value arn;
    struct value policy;
    bool known = false;

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        known = known || node_is_text(d.type, types[i]);
    }
    if (!known) {
        sam_refuse(s, s->id,
                   "'Type: %.*s' must be one of ['SQS', 'SNS', 'EventBridge', 'Lambda', "
                   "'S3Bucket']",
                   STR_ARG(node_shown(s->arena, d.type)));
    }
    find_condition(s, given, &d);
    arn = given == NULL || d.condition.kind != VALUE_NONE ? make_destination(s, &d) : *given;
    policy = sam_destination_policy(s, d.type, d.id, &arn);
    node_push(s->arena, documents, policy);
    return arn;
}

void sam_function_invoke_config(struct sam *s, const struct sam_made *alias,
                                struct value *documents)
{
    static const char *const whens[] = {"OnSuccess", "OnFailure"};
    struct value config = sam_resolved(s, sam_property(s, "EventInvokeConfig"));
    const struct value *given = node_get(&config, "DestinationConfig");
    struct value to = node_map();
    struct sam_made *made;

    if (!node_true(sam_property(s, "EventInvokeConfig"))) {
        return;
    }
    if (node_true(given)) {
        sam_expect(s, given, VALUE_MAP, "EventInvokeConfig.DestinationConfig");
    }
    for (size_t i = 0; i < 2; i++) {
        const struct value *one = node_get(given, whens[i]);
        struct str name = arena_printf(s->arena, "EventInvokeConfig.DestinationConfig.%s",
                                       whens[i]);

        if (one != NULL && sam_expect(s, one, VALUE_MAP, name.at)) {
            struct value arn = destination(s, whens[i], one, documents);

            node_put(s->arena, &to, whens[i], node_make(s->arena, "{Destination: %v}", &arn));
        }
    }
    made = sam_make(s, sam_id(s, "EventInvokeConfig"), "AWS::Lambda::EventInvokeConfig",
                    &s->attributes);
    if (alias != NULL) {
        made->depends = node_make(s->arena, "[%s]", alias->id);
    }
    sam_put(s, made, "FunctionName", sam_ref(s, s->id));
    sam_put(s, made, "Qualifier",
            alias != NULL ? *node_get(&alias->properties, "Name") : node_c("$LATEST"));
    sam_put(s, made, "DestinationConfig", to);
    sam_set(s, made, "MaximumEventAgeInSeconds", node_get(&config, "MaximumEventAgeInSeconds"));
    sam_set(s, made, "MaximumRetryAttempts", node_get(&config, "MaximumRetryAttempts"));
}
