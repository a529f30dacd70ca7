/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves what the SAM transform makes: a template for each kind of resource and event, and parts of
 * what comes out of it, as AWS's transform has them; sentences of refusals; that what came in stays
 * as it was. (test/e2e/sam_transform_test.py compares whole templates with AWS's own program.)
 */
#include "svc/cloudformation/sam.h"
#include "svc/cloudformation/sam_node.h"
#include "svc/cloudformation/template.h"
#include "wire/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define ARENA_BYTES_MAX (64u << 20)
#define PARTS_MAX 12

static struct arena *arena;
static struct why why;

/* A template, and parts of the transformed one. */
struct golden {
    const char *name;     /* what is shown when it fails */
    const char *template; /* YAML */
    const char *parts[PARTS_MAX][2]; /* "Resources/F/Type", and YAML; NULL: nothing is there */
};

static struct value read(const char *text)
{
    struct value document;

    if (template_document(str_c(text), arena, &why, &document) != OK) {
        print_error("%s\n%s\n", why.text, text);
        fail();
    }
    return document;
}

static const struct value *key_value(const void *self, struct str name)
{
    (void)self;
    return str_eq(name, STR("Key")) ? node_new(arena, node_c("given.zip")) : NULL;
}

static status transform(const struct value *template, struct value *ret_made)
{
    struct sam_place place = {.region = STR("eu-central-1"), .partition = STR("aws"),
                              .parameter = key_value};

    return sam_transform(template, &place, arena, &why, ret_made);
}

/* What is at "Resources/F/Properties"; NULL: nothing. */
static const struct value *at(const struct value *document, struct str path)
{
    while (document != NULL && path.at != NULL) {
        struct str key = str_split(&path, '/');
        uint64_t index = 0;

        if (document->kind == VALUE_LIST && str_to_u64(key, &index)) {
            document = index < document->count ? &document->items[index] : NULL;
        } else {
            document = node_find(document, key);
        }
    }
    return document;
}

static bool expect(const struct value *made, const char *const part[2])
{
    const struct value *found = at(made, str_c(part[0]));
    struct value wanted;

    if (part[1] == NULL) {
        return found == NULL;
    }
    wanted = read(part[1]);
    if (!node_eq(found, at(&wanted, STR("is")))) {
        struct str shown = found == NULL ? STR("not there") : doc_json(arena, found);

        print_error("%s is %.*s\n", part[0], STR_ARG(shown));
        return false;
    }
    return true;
}

static const struct golden goldens[] = {
    {"a function gets a role and its tag",
     "Transform: AWS::Serverless-2016-10-31\n"
     "Globals: {Function: {Runtime: python3.12, Timeout: 3, Tags: {team: a}}}\n"
     "Resources:\n"
     "  F:\n"
     "    Type: AWS::Serverless::Function\n"
     "    Condition: C\n"
     "    Properties: {Handler: h, CodeUri: 's3://b/k?versionId=7', Timeout: 5}\n",
     {{"Resources/F/Properties/Code", "is: {S3Bucket: b, S3Key: k, S3ObjectVersion: '7'}"},
      {"Resources/F/Properties/Timeout", "is: 5"},
      {"Resources/F/Properties/Role", "is: {Fn::GetAtt: [FRole, Arn]}"},
      {"Resources/F/Properties/Tags",
       "is: [{Key: 'lambda:createdBy', Value: SAM}, {Key: team, Value: a}]"},
      {"Resources/FRole/Condition", "is: C"},
      {"Resources/FRole/Properties/ManagedPolicyArns",
       "is: ['arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole']"},
      {"Resources/FRole/Properties/Policies", NULL},
      {"Globals", NULL},
      {"Transform", NULL}}},
    {"policies are names, documents and templates",
     "Resources:\n"
     "  F:\n"
     "    Type: AWS::Serverless::Function\n"
     "    Properties:\n"
     "      {Handler: h, Runtime: r, InlineCode: x, Policies: [AWSLambdaRole, {Statement: []},\n"
     "       {SQSPollerPolicy: {QueueName: !GetAtt Q.QueueName}}]}\n",
     {{"Resources/FRole/Properties/ManagedPolicyArns/1",
       "is: arn:aws:iam::aws:policy/service-role/AWSLambdaRole"},
      {"Resources/FRole/Properties/Policies/0",
       "is: {PolicyName: FRolePolicy1, PolicyDocument: {Statement: []}}"},
      {"Resources/FRole/Properties/Policies/1/PolicyDocument/Statement/0/Resource",
       "is: {Fn::Sub: ['arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${queueName}', "
       "{queueName: {Fn::GetAtt: [Q, QueueName]}}]}"}}},
    {"a version's id has a hash of the code's place, with parameters filled in",
     "Parameters: {Key: {Type: String}}\n"
     "Resources:\n"
     "  F:\n"
     "    Type: AWS::Serverless::Function\n"
     "    Properties:\n"
     "      {Handler: h, Runtime: r, CodeUri: {Bucket: b, Key: !Ref Key}, AutoPublishAlias: live}\n"
     "Outputs: {A: {Value: !Ref F.Alias}, B: {Value: !Sub '${F.Version.Version}'}}\n",
     {{"Resources/F/Properties/Code/S3Key", "is: given.zip"},
      {"Resources/FVersionfa12f2504b/DeletionPolicy", "is: Retain"},
      {"Resources/FAliaslive/Properties/FunctionVersion",
       "is: {Fn::GetAtt: [FVersionfa12f2504b, Version]}"},
      {"Outputs/A/Value", "is: {Ref: FAliaslive}"},
      {"Outputs/B/Value", "is: {Fn::Sub: '${FVersionfa12f2504b.Version}'}"}}},
    {"a bucket of the template notifies the function",
     "Resources:\n"
     "  B: {Type: AWS::S3::Bucket}\n"
     "  F:\n"
     "    Type: AWS::Serverless::Function\n"
     "    Properties:\n"
     "      Handler: h\n"
     "      Runtime: r\n"
     "      InlineCode: x\n"
     "      Events: {U: {Type: S3, Properties: {Bucket: !Ref B, Events: 's3:ObjectCreated:*'}}}\n",
     {{"Resources/B/DependsOn", "is: [FUPermission]"},
      {"Resources/B/Properties/NotificationConfiguration/LambdaConfigurations",
       "is: [{Event: 's3:ObjectCreated:*', Function: {Fn::GetAtt: [F, Arn]}}]"},
      {"Resources/FUPermission/Properties",
       "is: {Action: 'lambda:InvokeFunction', FunctionName: {Ref: F}, Principal: s3.amazonaws.com, "
       "SourceAccount: {Ref: 'AWS::AccountId'}}"}}},
    {"mappings add to the role what they read",
     "Resources:\n"
     "  F:\n"
     "    Type: AWS::Serverless::Function\n"
     "    Properties:\n"
     "      Handler: h\n"
     "      Runtime: r\n"
     "      InlineCode: x\n"
     "      Events:\n"
     "        Q: {Type: SQS, Properties: {Queue: !GetAtt Q.Arn, BatchSize: 2}}\n"
     "        K: {Type: Kinesis, Properties: {Stream: arn:k, StartingPosition: LATEST}}\n",
     {{"Resources/FQ/Properties",
       "is: {BatchSize: 2, EventSourceArn: {Fn::GetAtt: [Q, Arn]}, FunctionName: {Ref: F}}"},
      {"Resources/FRole/Properties/ManagedPolicyArns/1",
       "is: arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole"},
      {"Resources/FRole/Properties/ManagedPolicyArns/2",
       "is: arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"}}},
    {"events of HTTP APIs make the implicit one",
     "Globals: {HttpApi: {CorsConfiguration: true}}\n"
     "Resources:\n"
     "  F:\n"
     "    Type: AWS::Serverless::Function\n"
     "    Properties:\n"
     "      Handler: h\n"
     "      Runtime: r\n"
     "      InlineCode: x\n"
     "      Events: {G: {Type: HttpApi, Properties: {Path: '/cards/{id}', Method: GET}}}\n",
     {{"Resources/ServerlessHttpApi/Properties/Body/paths/~1cards", NULL},
      {"Resources/ServerlessHttpApi/Properties/Body/x-amazon-apigateway-cors",
       "is: {allowOrigins: ['*']}"},
      {"Resources/ServerlessHttpApi/Properties/Body/tags",
       "is: [{name: 'httpapi:createdBy', x-amazon-apigateway-tag-value: SAM}]"},
      {"Resources/ServerlessHttpApiApiGatewayDefaultStage/Properties",
       "is: {ApiId: {Ref: ServerlessHttpApi}, StageName: $default, AutoDeploy: true, Tags: "
       "{'httpapi:createdBy': SAM}}"},
      {"Resources/FGPermission/Properties/SourceArn",
       "is: {Fn::Sub: ['arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:"
       "${__ApiId__}/${__Stage__}/GET/cards/*', {__ApiId__: {Ref: ServerlessHttpApi}, __Stage__: "
       "'*'}]}"},
      {"Resources/ServerlessRestApi", NULL}}},
    {"events of REST APIs make the implicit one",
     "Resources:\n"
     "  F:\n"
     "    Type: AWS::Serverless::Function\n"
     "    Properties:\n"
     "      Handler: h\n"
     "      Runtime: r\n"
     "      InlineCode: x\n"
     "      Events: {G: {Type: Api, Properties: {Path: /a, Method: get}}}\n",
     {{"Resources/ServerlessRestApi/Properties/Body/swagger", "is: '2.0'"},
      {"Resources/ServerlessRestApiProdStage/Properties/StageName", "is: Prod"},
      {"Resources/FGPermissionProd/Properties/Principal", "is: apigateway.amazonaws.com"}}},
    {"rules, schedules and topics",
     "Resources:\n"
     "  F:\n"
     "    Type: AWS::Serverless::Function\n"
     "    Properties:\n"
     "      Handler: h\n"
     "      Runtime: r\n"
     "      InlineCode: x\n"
     "      Events:\n"
     "        S: {Type: Schedule, Properties: {Schedule: rate(1 minute), Enabled: false}}\n"
     "        E: {Type: EventBridgeRule, Properties: {Pattern: {source: [a]}}}\n"
     "        N: {Type: SNS, Properties: {Topic: !Ref T, FilterPolicy: {a: [b]}}}\n"
     "        V: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 day)}}\n",
     {{"Resources/FS/Properties",
       "is: {ScheduleExpression: rate(1 minute), State: DISABLED, Targets: [{Arn: {Fn::GetAtt: [F, "
       "Arn]}, Id: FSLambdaTarget}]}"},
      {"Resources/FSPermission/Properties/SourceArn", "is: {Fn::GetAtt: [FS, Arn]}"},
      {"Resources/FE/Properties/EventPattern", "is: {source: [a]}"},
      {"Resources/FN/Properties",
       "is: {Protocol: lambda, Endpoint: {Fn::GetAtt: [F, Arn]}, TopicArn: {Ref: T}, FilterPolicy: "
       "{a: [b]}}"},
      {"Resources/FV/Properties/Name", "is: FV"},
      {"Resources/FVRole/Properties/Policies/0/PolicyName", "is: FVLambdaPolicy"}}},
    {"tables, layers and applications",
     "Resources:\n"
     "  T: {Type: AWS::Serverless::SimpleTable}\n"
     "  L: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: 's3://b/k'}}\n"
     "  A: {Type: AWS::Serverless::Application, Properties: {Location: 'https://x/y.yaml'}}\n"
     "  W: {Type: AWS::SSM::Parameter, DependsOn: L, Properties: {Value: !Ref L}}\n",
     {{"Resources/T/Properties",
       "is: {AttributeDefinitions: [{AttributeName: id, AttributeType: S}], KeySchema: "
       "[{AttributeName: id, KeyType: HASH}], BillingMode: PAY_PER_REQUEST}"},
      {"Resources/L", NULL},
      {"Resources/L0fe3d22673/Properties",
       "is: {LayerName: L, Content: {S3Bucket: b, S3Key: k}}"},
      {"Resources/W/DependsOn", "is: L0fe3d22673"},
      {"Resources/W/Properties/Value", "is: {Ref: L0fe3d22673}"},
      {"Resources/A/Type", "is: AWS::CloudFormation::Stack"},
      {"Resources/A/Properties/TemplateURL", "is: https://x/y.yaml"}}},
    {"a connector lets a function use a table",
     "Resources:\n"
     "  T: {Type: AWS::Serverless::SimpleTable}\n"
     "  F:\n"
     "    Type: AWS::Serverless::Function\n"
     "    Connectors: {Use: {Properties: {Destination: {Id: T}, Permissions: [Read]}}}\n"
     "    Properties: {Handler: h, Runtime: r, InlineCode: x}\n",
     {{"Resources/FUsePolicy/Type", "is: AWS::IAM::ManagedPolicy"},
      {"Resources/FUsePolicy/Properties/Roles", "is: [{Ref: FRole}]"},
      {"Resources/FUsePolicy/Properties/PolicyDocument/Statement/0/Resource",
       "is: [{Fn::GetAtt: [T, Arn]}, {Fn::Sub: ['${DestinationArn}/index/*', {DestinationArn: "
       "{Fn::GetAtt: [T, Arn]}}]}]"},
      {"Resources/F/Connectors", NULL}}},
    {"a state machine's functions are substitutions",
     "Resources:\n"
     "  S:\n"
     "    Type: AWS::Serverless::StateMachine\n"
     "    Properties:\n"
     "      Definition: {StartAt: A, States: {A: {Type: Task, Resource: !GetAtt F.Arn}}}\n"
     "      Policies: [{LambdaInvokePolicy: {FunctionName: f}}]\n",
     {{"Resources/S/Properties/DefinitionSubstitutions",
       "is: {definition_substitution_1: {Fn::GetAtt: [F, Arn]}}"},
      {"Resources/S/Properties/DefinitionString/Fn::Join/1/1", "is: '    \"StartAt\": \"A\",'"},
      {"Resources/S/Properties/RoleArn", "is: {Fn::GetAtt: [SRole, Arn]}"}}},
};

static void templates_become_what_aws_makes_of_them(void **state)
{
    bool held = true;

    (void)state;
    for (size_t i = 0; i < sizeof(goldens) / sizeof(goldens[0]); i++) {
        struct value template = read(goldens[i].template);
        struct value made;

        if (transform(&template, &made) != OK) {
            print_error("%s: %s\n", goldens[i].name, why.text);
            fail();
        }
        for (size_t k = 0; k < PARTS_MAX && goldens[i].parts[k][0] != NULL; k++) {
            if (!expect(&made, goldens[i].parts[k])) {
                print_error("%s: %s\n", goldens[i].name, goldens[i].parts[k][0]);
                held = false;
            }
        }
    }
    assert_true(held);
}

/* ---- refusals ---- */

static const char *const refusals[][2] = {
    {"{F: {Type: AWS::Serverless::Function, Properties: {Handler: a, Runtime: b, Foo: 1}}}",
     "1. Resource with id [F] is invalid. property Foo not defined for resource of type "
     "AWS::Serverless::Function"},
    {"{F: {Type: AWS::Serverless::Function, Properties: {Handler: a, Runtime: b, CodeUri: ./src}}}",
     "1. Resource with id [F] is invalid. 'CodeUri' is not a valid S3 Uri of the form "
     "'s3://bucket/key' with optional versionId query parameter."},
    {"{F: {Type: AWS::Serverless::Function, Properties: {Handler: a, Runtime: b, InlineCode: x, "
     "Events: {E: {Type: Foo}}}}}",
     "1. Resource with id [F] is invalid. Event with id [E] is invalid. Resource dict has missing "
     "or invalid value for key Type. Event Type is: Foo."},
    {"{F: {Type: AWS::Serverless::Function, Properties: {Handler: a, Runtime: b, InlineCode: x, "
     "Policies: [{SQSPollerPolicy: {}}]}}}",
     "1. Resource with id [F] is invalid. Following required parameters of template "
     "'SQSPollerPolicy' don't have values: ['QueueName']"},
    {"{F: {Type: AWS::Serverless::Function, Properties: {Handler: a, Runtime: b, InlineCode: x}}, "
     "FRole: {Type: AWS::IAM::Role}}",
     "1. Transforming resource with id [F] attempts to create a new resource with id [FRole] and "
     "type \"AWS::IAM::Role\". A resource with that id already exists within this template. Please "
     "use a different id for that resource."},
    {"{T: {Type: AWS::Serverless::LayerVersion, Properties: {}}, A: {Type: AWS::Serverless::Api, "
     "Properties: {}}}",
     "2. Resource with id [A] is invalid. Missing required property 'StageName'. Resource with id "
     "[T] is invalid. Missing required property 'ContentUri'."},
    {"{G: {Type: AWS::Serverless::GraphQLApi}}",
     "1. Resource with id [G] is invalid. AWS::Serverless::GraphQLApi is not supported."},
    {"{}", "1. Structure of the SAM template is invalid. 'Resources' section is required"},
};

static void what_is_wrong_is_said_in_sams_words(void **state)
{
    static const char begin[] =
        "Invalid Serverless Application Specification document. Number of errors found: ";

    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct value template = read(
            arena_printf(arena, "Resources: %s\n", refusals[i][0]).at);
        struct value made;

        assert_ptr_equal(transform(&template, &made), &ERR_MALFORMED);
        assert_string_equal(why.text, arena_printf(arena, "%s%s", begin, refusals[i][1]).at);
    }
}

static void what_came_in_stays_as_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(goldens) / sizeof(goldens[0]); i++) {
        struct value template = read(goldens[i].template);
        struct str before = doc_json(arena, &template);
        struct value made;

        assert_ptr_equal(transform(&template, &made), OK);
        assert_true(str_eq(before, doc_json(arena, &template)));
    }
}

static void other_transforms_stay(void **state)
{
    struct value template = read("Transform: [AWS::LanguageExtensions, "
                                 "AWS::Serverless-2016-10-31]\n"
                                 "Resources: {Q: {Type: AWS::SQS::Queue}}\n");
    struct value wanted = read("is: [AWS::LanguageExtensions]");
    struct value made;

    (void)state;
    assert_true(sam_asked(&template));
    assert_ptr_equal(transform(&template, &made), OK);
    assert_true(node_eq(node_get(&made, "Transform"), node_get(&wanted, "is")));
    assert_false(sam_asked(&made));
}

static void local_paths_stay_for_who_packages(void **state)
{
    struct sam_place place = {.region = STR("r"), .partition = STR("aws"), .keeps_paths = true};
    struct value template = read("Resources: {F: {Type: AWS::Serverless::Function, Properties: "
                                 "{Handler: a, Runtime: b, CodeUri: ./src}}}\n");
    struct value made;

    (void)state;
    assert_ptr_equal(sam_transform(&template, &place, arena, &why, &made), OK);
    assert_true(node_is_text(at(&made, STR("Resources/F/Properties/Code")), "./src"));
}

static int up(void **state)
{
    (void)state;
    arena = arena_new(ARENA_BYTES_MAX);
    return 0;
}

static int down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(templates_become_what_aws_makes_of_them, up, down),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_said_in_sams_words, up, down),
        cmocka_unit_test_setup_teardown(what_came_in_stays_as_it_was, up, down),
        cmocka_unit_test_setup_teardown(other_transforms_stay, up, down),
        cmocka_unit_test_setup_teardown(local_paths_stay_for_who_packages, up, down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
