/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves that whole templates come out as they should, in the style in which tools and people write
 * them: what a CDK application synthesises, what a serverless framework packages, a network by
 * hand.
 */
#include "template_kit.h"

/* A resource's properties as JSON; "no" where it does not exist. */
static const char *properties(struct kit *kit, const char *name)
{
    int32_t index = template_resource_index(&kit->of, str_c(name));
    struct value value;

    assert_true(index >= 0);
    if (!kit->run.exists[index]) {
        return "no";
    }
    if (template_evaluate(&kit->run, kit->of.resources[index].properties, &value, NULL) != OK) {
        return why.text;
    }
    return kit_json(&value);
}

static uint32_t rank(const struct kit *kit, const char *name)
{
    return kit->run.rank[template_resource_index(&kit->of, str_c(name))];
}

static struct kit *used(const char *text, const char *given)
{
    struct kit *kit = ARENA_NEW(arena, struct kit);

    if (kit_begin(kit, text, given) != OK) {
        print_error("%s\n", why.text);
        fail();
    }
    return kit;
}

/* ---- synthesised ---- */

static const char synthesised[] =
    "{\"Resources\":{"
    "\"Inbox5B33\":{\"Type\":\"AWS::S3::Bucket\",\"UpdateReplacePolicy\":\"Retain\","
    "\"DeletionPolicy\":\"Retain\",\"Metadata\":{\"aws:cdk:path\":\"App/Inbox/Resource\"}},"
    "\"WorkerRole1A2B\":{\"Type\":\"AWS::IAM::Role\",\"Properties\":{"
    "\"AssumeRolePolicyDocument\":{\"Statement\":[{\"Action\":\"sts:AssumeRole\",\"Effect\":"
    "\"Allow\",\"Principal\":{\"Service\":\"lambda.amazonaws.com\"}}],\"Version\":\"2012-10-17\"},"
    "\"ManagedPolicyArns\":[{\"Fn::Join\":[\"\",[\"arn:\",{\"Ref\":\"AWS::Partition\"},"
    "\":iam::aws:policy/service-role/AWSLambdaBasicExecutionRole\"]]}]}},"
    "\"WorkerPolicy3C4D\":{\"Type\":\"AWS::IAM::Policy\",\"Properties\":{\"PolicyDocument\":{"
    "\"Statement\":[{\"Action\":[\"s3:GetObject*\"],\"Effect\":\"Allow\",\"Resource\":[{"
    "\"Fn::GetAtt\":[\"Inbox5B33\",\"Arn\"]},{\"Fn::Join\":[\"\",[{\"Fn::GetAtt\":[\"Inbox5B33\","
    "\"Arn\"]},\"/*\"]]}]}]},\"PolicyName\":\"WorkerPolicy3C4D\",\"Roles\":[{\"Ref\":"
    "\"WorkerRole1A2B\"}]}},"
    "\"Worker5E6F\":{\"Type\":\"AWS::Lambda::Function\",\"Properties\":{\"Code\":{\"S3Bucket\":{"
    "\"Fn::Sub\":\"cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}\"},\"S3Key\":"
    "\"0123.zip\"},\"Environment\":{\"Variables\":{\"BUCKET\":{\"Ref\":\"Inbox5B33\"}}},"
    "\"Handler\":\"index.handler\",\"Role\":{\"Fn::GetAtt\":[\"WorkerRole1A2B\",\"Arn\"]},"
    "\"Runtime\":\"provided.al2023\"},\"DependsOn\":[\"WorkerPolicy3C4D\",\"WorkerRole1A2B\"]},"
    "\"CDKMetadata\":{\"Type\":\"AWS::CDK::Metadata\",\"Properties\":{\"Analytics\":\"v2:deflate64:"
    "x\"},\"Condition\":\"CDKMetadataAvailable\"}},"
    "\"Conditions\":{\"CDKMetadataAvailable\":{\"Fn::Or\":[{\"Fn::Or\":[{\"Fn::Equals\":[{\"Ref\":"
    "\"AWS::Region\"},\"af-south-1\"]},{\"Fn::Equals\":[{\"Ref\":\"AWS::Region\"},\"ap-east-1\"]}"
    "]},{\"Fn::Or\":[{\"Fn::Equals\":[{\"Ref\":\"AWS::Region\"},\"us-west-1\"]},{\"Fn::Equals\":["
    "{\"Ref\":\"AWS::Region\"},\"us-west-2\"]}]}]}},"
    "\"Parameters\":{\"BootstrapVersion\":{\"Type\":\"AWS::SSM::Parameter::Value<String>\","
    "\"Default\":\"/cdk-bootstrap/hnb659fds/version\",\"Description\":\"[cdk:skip]\"}},"
    "\"Rules\":{\"CheckBootstrapVersion\":{\"Assertions\":[{\"Assert\":{\"Fn::Not\":[{"
    "\"Fn::Contains\":[[\"1\",\"2\",\"3\",\"4\",\"5\"],{\"Ref\":\"BootstrapVersion\"}]}]},"
    "\"AssertDescription\":\"version 6 required\"}]}},"
    "\"Outputs\":{\"Name\":{\"Value\":{\"Ref\":\"Inbox5B33\"},\"Export\":{\"Name\":"
    "\"App:ExportsOutputRefInbox5B33\"}}}}";

static void what_a_cdk_application_synthesises(void **state)
{
    struct kit *kit = used(synthesised, NULL);
    struct value value;

    (void)state;
    assert_string_equal(
        properties(kit, "Worker5E6F"),
        "{\"Code\":{\"S3Bucket\":\"cdk-hnb659fds-assets-123456789012-eu-central-1\",\"S3Key\":"
        "\"0123.zip\"},\"Environment\":{\"Variables\":{\"BUCKET\":\"id-Inbox5B33\"}},\"Handler\":"
        "\"index.handler\",\"Role\":\"WorkerRole1A2B/Arn\",\"Runtime\":\"provided.al2023\"}");
    assert_non_null(strstr(properties(kit, "WorkerPolicy3C4D"),
                           "[\"Inbox5B33/Arn\",\"Inbox5B33/Arn/*\"]"));
    assert_non_null(strstr(properties(kit, "WorkerRole1A2B"),
                           "\"arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole\""));
    assert_string_equal(properties(kit, "CDKMetadata"), "no");
    assert_int_equal(rank(kit, "Inbox5B33"), 0);
    assert_int_equal(rank(kit, "WorkerPolicy3C4D"), 1);
    assert_int_equal(rank(kit, "Worker5E6F"), 2);
    assert_null(template_evaluate_text(&kit->run, kit->of.outputs[0].value, &value));
    assert_string_equal(kit_json(&value), "\"id-Inbox5B33\"");
}

/* ---- packaged ---- */

static const char packaged[] =
    "AWSTemplateFormatVersion: '2010-09-09'\n"
    "Description: Orders\n"
    "Parameters:\n"
    "  Stage: {Type: String, Default: dev, AllowedValues: [dev, prod]}\n"
    "Mappings:\n"
    "  Stages:\n"
    "    dev: {Memory: 128, Origins: ['*']}\n"
    "    prod: {Memory: 1024, Origins: ['https://shop.example', 'https://www.shop.example']}\n"
    "Conditions:\n"
    "  IsProd: !Equals [!Ref Stage, prod]\n"
    "Resources:\n"
    "  Table:\n"
    "    Type: AWS::DynamoDB::Table\n"
    "    DeletionPolicy: Retain\n"
    "    Properties:\n"
    "      TableName: !Sub '${AWS::StackName}-orders-${Stage}'\n"
    "      BillingMode: PAY_PER_REQUEST\n"
    "      PointInTimeRecoverySpecification: !If\n"
    "        - IsProd\n"
    "        - PointInTimeRecoveryEnabled: true\n"
    "        - !Ref AWS::NoValue\n"
    "  Dead: {Type: AWS::SQS::Queue}\n"
    "  Queue:\n"
    "    Type: AWS::SQS::Queue\n"
    "    Properties:\n"
    "      VisibilityTimeout: 60\n"
    "      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}\n"
    "  Function:\n"
    "    Type: AWS::Lambda::Function\n"
    "    Properties:\n"
    "      MemorySize: !FindInMap [Stages, !Ref Stage, Memory]\n"
    "      Environment:\n"
    "        Variables:\n"
    "          TABLE: !Ref Table\n"
    "          SECRET: '{{resolve:secretsmanager:orders:SecretString:key}}'\n"
    "          QUEUE: !Ref Queue\n"
    "  Api:\n"
    "    Type: AWS::ApiGatewayV2::Api\n"
    "    Properties:\n"
    "      Name: !Join ['-', [!Ref AWS::StackName, api]]\n"
    "      CorsConfiguration: {AllowOrigins: !FindInMap [Stages, !Ref Stage, Origins]}\n"
    "  Integration:\n"
    "    Type: AWS::ApiGatewayV2::Integration\n"
    "    Properties:\n"
    "      ApiId: !Ref Api\n"
    "      IntegrationUri: !Sub\n"
    "        - arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/${F}/invocations\n"
    "        - F: !GetAtt Function.Arn\n"
    "  Route:\n"
    "    Type: AWS::ApiGatewayV2::Route\n"
    "    Properties: {ApiId: !Ref Api, Target: !Sub 'integrations/${Integration}'}\n"
    "  Alarm:\n"
    "    Type: AWS::SNS::Topic\n"
    "    Condition: IsProd\n"
    "    Properties: {TopicName: !Select [1, !Split ['/', 'a/b/c']]}\n"
    "Outputs:\n"
    "  Url: {Value: !Sub 'https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/'}\n"
    "  Topic: {Condition: IsProd, Value: !Ref Alarm}\n";

static void what_a_serverless_framework_packages(void **state)
{
    struct kit *kit = used(packaged, NULL);
    struct value value;

    (void)state;
    assert_string_equal(properties(kit, "Table"),
                        "{\"TableName\":\"s-orders-dev\",\"BillingMode\":\"PAY_PER_REQUEST\"}");
    assert_string_equal(properties(kit, "Function"),
                        "{\"MemorySize\":128,\"Environment\":{\"Variables\":{"
                        "\"TABLE\":\"id-Table\",\"SECRET\":\"<secretsmanager|orders|key||>\","
                        "\"QUEUE\":\"id-Queue\"}}}");
    assert_string_equal(properties(kit, "Integration"),
                        "{\"ApiId\":\"id-Api\",\"IntegrationUri\":\"arn:aws:apigateway:"
                        "eu-central-1:lambda:path/Function/Arn/invocations\"}");
    assert_string_equal(properties(kit, "Alarm"), "no");
    assert_int_equal(rank(kit, "Route"), 4);
    assert_null(template_evaluate_text(&kit->run, kit->of.outputs[0].value, &value));
    assert_string_equal(kit_json(&value),
                        "\"https://id-Api.execute-api.eu-central-1.amazonaws.com/\"");
    kit = used(packaged, "Stage=prod");
    assert_string_equal(properties(kit, "Alarm"), "{\"TopicName\":\"b\"}");
    assert_string_equal(properties(kit, "Api"),
                        "{\"Name\":\"s-api\",\"CorsConfiguration\":{\"AllowOrigins\":"
                        "[\"https://shop.example\",\"https://www.shop.example\"]}}");
    assert_non_null(strstr(properties(kit, "Table"), "\"PointInTimeRecoveryEnabled\":true"));
}

/* ---- by hand ---- */

static const char network[] =
    "Parameters:\n"
    "  Block: {Type: String, Default: 10.20.0.0/16, AllowedPattern: '[0-9./]+'}\n"
    "  Peers: {Type: CommaDelimitedList, Default: ''}\n"
    "Conditions:\n"
    "  HasPeers: !Not [!Equals [!Join ['', !Ref Peers], '']]\n"
    "Resources:\n"
    "  Vpc:\n"
    "    Type: AWS::EC2::VPC\n"
    "    Properties: &tagged\n"
    "      CidrBlock: !Ref Block\n"
    "      Tags: &tags [{Key: Name, Value: !Ref AWS::StackName}]\n"
    "  SubnetA:\n"
    "    Type: AWS::EC2::Subnet\n"
    "    Properties:\n"
    "      VpcId: !Ref Vpc\n"
    "      CidrBlock: !Select [0, !Cidr [!GetAtt Vpc.CidrBlock, 4, 8]]\n"
    "      AvailabilityZone: !Select [0, !GetAZs '']\n"
    "      Tags: *tags\n"
    "  SubnetB:\n"
    "    Type: AWS::EC2::Subnet\n"
    "    Properties:\n"
    "      VpcId: !Ref Vpc\n"
    "      CidrBlock: !Select [3, !Cidr [!Ref Block, 4, 8]]\n"
    "      AvailabilityZone: !Select [1, !GetAZs {Ref: AWS::Region}]\n"
    "  Script:\n"
    "    Type: AWS::EC2::Instance\n"
    "    Properties:\n"
    "      SubnetId: !If [HasPeers, !Ref SubnetA, !Ref SubnetB]\n"
    "      UserData:\n"
    "        Fn::Base64: !Sub |\n"
    "          #!/bin/sh\n"
    "          echo ${AWS::Region} ${!HOME}\n";

static void a_network_by_hand(void **state)
{
    struct kit *kit = used(network, NULL);

    (void)state;
    assert_string_equal(properties(kit, "Vpc"),
                        "{\"CidrBlock\":\"10.20.0.0/16\",\"Tags\":[{\"Key\":\"Name\",\"Value\":"
                        "\"s\"}]}");
    assert_string_equal(properties(kit, "SubnetB"),
                        "{\"VpcId\":\"id-Vpc\",\"CidrBlock\":\"10.20.3.0/24\","
                        "\"AvailabilityZone\":\"eu-central-1b\"}");
    assert_string_equal(properties(kit, "SubnetA"),
                        "Template error: Fn::Cidr requires a valid IP block");
    assert_string_equal(properties(kit, "Script"),
                        "{\"SubnetId\":\"id-SubnetB\",\"UserData\":"
                        "\"IyEvYmluL3NoCmVjaG8gZXUtY2VudHJhbC0xICR7SE9NRX0K\"}");
    kit = used(network, "Peers=a,b");
    assert_non_null(strstr(properties(kit, "Script"), "id-SubnetA"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_cdk_application_synthesises, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(what_a_serverless_framework_packages, kit_up, kit_down),
        cmocka_unit_test_setup_teardown(a_network_by_hand, kit_up, kit_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
