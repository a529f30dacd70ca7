/* SPDX-License-Identifier: Apache-2.0
 *
 * Lambda's types in templates: every property is set, read back, changed and taken away. Functions
 * do not run here (test/e2e/cloudformation_types_lambda_test.py has them run).
 */
#include "../test/svc/resource_kit.h"

#include "../test/svc/lambda/zips.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define HOME "arn:aws:lambda:us-east-1:" KIT_ACCOUNT ":"
#define QUEUE "arn:aws:sqs:us-east-1:" KIT_ACCOUNT ":q"
#define ROLE "\"Role\":\"arn:aws:iam::000000000000:role/r\","
#define INLINE                                                                                     \
    "\"Code\":{\"ZipFile\":\"def handler(e, c):\\n    return 1\\n\"},"                             \
    "\"Handler\":\"index.handler\",\"Runtime\":\"python3.12\""
#define NAMED "\"FunctionName\":\"f\"," ROLE INLINE

static struct kit *kit;

static int set_up(void **state)
{
    const struct zip_entry entries[] = {{"index.py", "def handler(e, c):\n    return 2\n", 0}};

    (void)state;
    kit = kit_open();
    kit_call(kit, "sqs", "CreateQueue", "{\"QueueName\":\"q\"}", NULL);
    kit_call(kit, "s3", "CreateBucket", "{\"Bucket\":\"code\"}", NULL);
    kit_object(kit, "code", "f.zip", zip_make(kit->arena, entries, 1));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kit_close(kit);
    return 0;
}

static struct kit_thing make(const char *type, const char *properties)
{
    struct kit_thing thing = {0};

    KIT_OK(kit, kit_make(kit, type, "X", properties, &thing));
    return thing;
}

static void a_function_has_all_its_properties(void **state)
{
    static const char everything[] =
        "{" NAMED ",\"Architectures\":[\"arm64\"],\"DeadLetterConfig\":{\"TargetArn\":\"" QUEUE
        "\"},\"Description\":\"d\",\"Environment\":{\"Variables\":{\"AA\":\"b\",\"NN\":\"1\"}},"
        "\"EphemeralStorage\":{\"Size\":\"1024\"},\"KmsKeyArn\":\"arn:aws:kms:us-east-1:"
        "000000000000:key/5d1b1a10-8a6e-41f0-9cde-0a1b2c3d4e5f\",\"LoggingConfig\":{"
        "\"LogFormat\":\"JSON\",\"LogGroup\":\"g\",\"ApplicationLogLevel\":\"DEBUG\","
        "\"SystemLogLevel\":\"WARN\"},\"MemorySize\":\"512\",\"PackageType\":\"Zip\","
        "\"RecursiveLoop\":\"Allow\",\"ReservedConcurrentExecutions\":\"5\","
        "\"RuntimeManagementConfig\":{\"UpdateRuntimeOn\":\"FunctionUpdate\"},"
        "\"SnapStart\":{\"ApplyOn\":\"PublishedVersions\"},\"Timeout\":60,"
        "\"TracingConfig\":{\"Mode\":\"Active\"},\"VpcConfig\":{\"SubnetIds\":["
        "\"subnet-0a1b2c3d\"],\"SecurityGroupIds\":[\"sg-0a1b2c3d\"]},"
        "\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}";
    struct kit_thing function = {.stack_tags = kit_json(kit, "[{\"Key\":\"s\",\"Value\":\"t\"}]")};
    const char *told;

    (void)state;
    KIT_OK(kit, kit_make(kit, "AWS::Lambda::Function", "F", everything, &function));
    assert_string_equal(kit_id(kit, &function), "f");
    assert_string_equal(kit_attribute(kit, &function, "Arn"), HOME "function:f");
    assert_string_equal(kit_attribute(kit, &function, "SnapStartResponse.ApplyOn"),
                        "PublishedVersions");
    function.properties = kit_json(kit, everything);
    {
        /* all but its code is read back */
        const char *readable = arena_printf(kit->arena, "{%s",
                                            strstr(everything, "\"Architectures\"")).at;

        KIT_READS_BACK(kit, &function, readable);
    }
    KIT_OK(kit, kit_change(kit, &function, "{" NAMED "}"));
    KIT_READS_BACK(kit, &function,
                   "{\"Architectures\":[\"x86_64\"],\"Description\":\"\",\"MemorySize\":128,"
                   "\"Timeout\":3,\"RecursiveLoop\":\"Terminate\"}");
    told = kit_call(kit, "lambda", "GetFunction", "{\"FunctionName\":\"f\"}", NULL);
    KIT_HAS_NOT(told, "\"Variables\":{\"AA\"");
    KIT_HAS_NOT(told, "KMSKeyArn");
    KIT_HAS_NOT(told, "TargetArn");
    KIT_HAS_NOT(told, "subnet-");
    KIT_HAS_NOT(told, "\"k\"");
    KIT_HAS_NOT(told, "ReservedConcurrentExecutions");
    KIT_HAS(told, "\"LogFormat\":\"Text\",\"LogGroup\":\"/aws/lambda/f\"");
    KIT_HAS(told, "\"Size\":512");
    KIT_HAS(told, "\"PassThrough\"");
    KIT_OK(kit, kit_remove(kit, &function));
    assert_true(resource_is_gone(kit_remove(kit, &function)));
}

static const char *digest_of(const char *function)
{
    struct value *told = kit_json(kit, kit_call(kit, "lambda", "GetFunctionConfiguration",
                                                arena_printf(kit->arena,
                                                             "{\"FunctionName\":\"%s\"}",
                                                             function).at, NULL));

    return arena_dup(kit->arena, doc_get(told, "CodeSha256")->str).at;
}

static void code_comes_from_text_or_a_bucket(void **state)
{
    struct kit_thing function = make("AWS::Lambda::Function", "{" NAMED "}"), other = {0};
    const char *first = digest_of("f");

    (void)state;
    KIT_OK(kit, kit_change(kit, &function,
                           "{\"FunctionName\":\"f\"," ROLE "\"Code\":{\"S3Bucket\":\"code\","
                           "\"S3Key\":\"f.zip\"},\"Handler\":\"index.handler\","
                           "\"Runtime\":\"python3.12\"}"));
    assert_string_not_equal(digest_of("f"), first);
    KIT_OK(kit, kit_change(kit, &function, "{" NAMED "}"));
    assert_string_equal(digest_of("f"), first); /* the same text is the same package */
    assert_ptr_equal(kit_make(kit, "AWS::Lambda::Function", "F",
                              "{" ROLE "\"Code\":{\"ImageUri\":\"i\"},\"PackageType\":\"Image\"}",
                              &other), &RESOURCE_INVALID);
    KIT_HAS(kit->why.text, "Encountered unsupported property ImageUri");
    assert_ptr_equal(kit_make(kit, "AWS::Lambda::Function", "F",
                              "{" ROLE "\"Code\":{\"ZipFile\":\"x\"},\"Handler\":\"h\","
                              "\"Runtime\":\"java21\"}", &other), &RESOURCE_INVALID);
    KIT_HAS(kit->why.text, "ZipFile can only be used");
    other = make("AWS::Lambda::Function",
                 "{" ROLE "\"Code\":{\"ZipFile\":\"exports.handler = async () => 1\"},"
                 "\"Handler\":\"index.handler\",\"Runtime\":\"nodejs22.x\"}");
    KIT_HAS(kit_id(kit, &other), KIT_STACK "-X-");
}

static void a_change_that_failed_is_taken_back(void **state)
{
    static const char little[] = "{\"FunctionName\":\"f\",\"MemorySize\":256," ROLE
                                 "\"Handler\":\"index.handler\",\"Runtime\":\"python3.12\"";
    const char *good = arena_printf(kit->arena, "%s,\"Code\":{\"ZipFile\":\"x = 1\"}}", little).at;
    struct kit_thing function = make("AWS::Lambda::Function", good);

    (void)state;
    assert_ptr_not_equal(kit_change(kit, &function,
                                    "{" NAMED ",\"Timeout\":9,\"ReservedConcurrentExecutions\":-5,"
                                    "\"RecursiveLoop\":\"Allow\",\"Environment\":{\"Variables\":{"
                                    "\"AA\":\"b\"}},\"DeadLetterConfig\":{\"TargetArn\":\"" QUEUE
                                    "\"},\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}"), OK);
    KIT_OK(kit, kit_change(kit, &function, good));
    KIT_READS_BACK(kit, &function, "{\"MemorySize\":256,\"Timeout\":3}");
    KIT_HAS_NOT(kit_now(kit, &function), QUEUE);
    KIT_HAS_NOT(kit_now(kit, &function), "\"AA\"");
}

static void versions_and_aliases(void **state)
{
    struct kit_thing function = make("AWS::Lambda::Function", "{" NAMED "}");
    struct kit_thing version = make("AWS::Lambda::Version",
                                    "{\"FunctionName\":\"f\",\"Description\":\"one\"}");
    struct kit_thing alias, again = {0};
    const char routed[] = "{\"FunctionName\":\"f\",\"FunctionVersion\":\"1\",\"Name\":\"live\","
                          "\"Description\":\"d\",\"RoutingConfig\":{\"AdditionalVersionWeights\":["
                          "{\"FunctionVersion\":\"2\",\"FunctionWeight\":0.5}]}}";

    (void)state;
    assert_string_equal(kit_id(kit, &version), HOME "function:f:1");
    assert_string_equal(kit_attribute(kit, &version, "Version"), "1");
    assert_string_equal(kit_attribute(kit, &version, "FunctionArn"), HOME "function:f:1");
    KIT_READS_BACK(kit, &version, "{\"Description\":\"one\"}");
    assert_ptr_equal(kit_make(kit, "AWS::Lambda::Version", "V", "{\"FunctionName\":\"f\"}",
                              &again), &ERR_EXISTS);
    KIT_HAS(kit->why.text, "A version for this Lambda function exists ( 1 ).");
    KIT_OK(kit, kit_change(kit, &function, "{" NAMED ",\"Timeout\":9}"));
    again = make("AWS::Lambda::Version", "{\"FunctionName\":\"f\"}");
    assert_string_equal(kit_attribute(kit, &again, "Version"), "2");
    alias = make("AWS::Lambda::Alias", routed);
    assert_string_equal(kit_id(kit, &alias), HOME "function:f:live");
    assert_string_equal(kit_attribute(kit, &alias, "AliasArn"), HOME "function:f:live");
    KIT_READS_BACK(kit, &alias, routed);
    KIT_OK(kit, kit_change(kit, &alias, "{\"FunctionName\":\"f\",\"FunctionVersion\":\"2\","
                                        "\"Name\":\"live\"}"));
    KIT_READS_BACK(kit, &alias, "{\"FunctionVersion\":\"2\",\"Description\":\"\"}");
    KIT_HAS_NOT(kit_now(kit, &alias), "RoutingConfig");
    KIT_OK(kit, kit_remove(kit, &alias));
    assert_true(resource_is_gone(kit_remove(kit, &alias)));
    KIT_OK(kit, kit_remove(kit, &version));
    assert_true(resource_is_gone(kit_remove(kit, &version)));
}

static void a_mapping_has_all_its_properties(void **state)
{
    struct kit_thing function = make("AWS::Lambda::Function", "{" NAMED "}");
    struct kit_thing mapping;
    static const char everything[] =
        "{\"FunctionName\":\"f\",\"EventSourceArn\":"
        "\"arn:aws:kinesis:us-east-1:000000000000:stream/s\",\"StartingPosition\":\"LATEST\","
        "\"BatchSize\":\"50\",\"BisectBatchOnFunctionError\":true,\"Enabled\":\"false\","
        "\"DestinationConfig\":{\"OnFailure\":{\"Destination\":\"" QUEUE "\"}},"
        "\"FilterCriteria\":{\"Filters\":[{\"Pattern\":\"{\\\"a\\\":[1]}\"}]},"
        "\"FunctionResponseTypes\":[\"ReportBatchItemFailures\"],"
        "\"MaximumBatchingWindowInSeconds\":5,\"MaximumRecordAgeInSeconds\":300,"
        "\"MaximumRetryAttempts\":2,\"ParallelizationFactor\":3,"
        "\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}";

    (void)state;
    (void)function;
    kit_call(kit, "kinesis", "CreateStream", "{\"StreamName\":\"s\",\"ShardCount\":1}", NULL);
    mapping = make("AWS::Lambda::EventSourceMapping", everything);
    assert_string_equal(kit_attribute(kit, &mapping, "Id"), kit_id(kit, &mapping));
    KIT_HAS(kit_attribute(kit, &mapping, "EventSourceMappingArn"),
            HOME "event-source-mapping:");
    KIT_READS_BACK(kit, &mapping, everything);
    KIT_OK(kit, kit_change(kit, &mapping,
                           "{\"FunctionName\":\"f\",\"EventSourceArn\":"
                           "\"arn:aws:kinesis:us-east-1:000000000000:stream/s\","
                           "\"StartingPosition\":\"LATEST\"}"));
    KIT_READS_BACK(kit, &mapping,
                   "{\"BatchSize\":100,\"BisectBatchOnFunctionError\":false,\"Enabled\":true,"
                   "\"MaximumBatchingWindowInSeconds\":0,\"MaximumRecordAgeInSeconds\":-1,"
                   "\"MaximumRetryAttempts\":-1,\"ParallelizationFactor\":1}");
    KIT_HAS_NOT(kit_now(kit, &mapping), "Pattern");
    KIT_HAS_NOT(kit_now(kit, &mapping), QUEUE);
    KIT_HAS_NOT(kit_now(kit, &mapping), "Tags");
    KIT_OK(kit, kit_remove(kit, &mapping));
    assert_true(resource_is_gone(kit_remove(kit, &mapping)));
    mapping = make("AWS::Lambda::EventSourceMapping",
                   "{\"FunctionName\":\"f\",\"EventSourceArn\":\"" QUEUE
                   "\",\"ScalingConfig\":{\"MaximumConcurrency\":2},\"BatchSize\":1}");
    KIT_OK(kit, kit_change(kit, &mapping,
                           "{\"FunctionName\":\"f\",\"EventSourceArn\":\"" QUEUE "\"}"));
    KIT_HAS(kit_now(kit, &mapping), "\"BatchSize\":10");
    KIT_HAS_NOT(kit_now(kit, &mapping), "MaximumConcurrency");
    KIT_OK(kit, kit_remove(kit, &mapping));
}

static void permissions_urls_and_invoke_configs(void **state)
{
    struct kit_thing function = make("AWS::Lambda::Function", "{" NAMED "}");
    struct kit_thing permission, url, config;
    static const char config_one[] =
        "{\"FunctionName\":\"f\",\"Qualifier\":\"$LATEST\",\"MaximumEventAgeInSeconds\":60,"
        "\"MaximumRetryAttempts\":1,\"DestinationConfig\":{\"OnFailure\":{\"Destination\":\""
        QUEUE "\"}}}";

    (void)state;
    (void)function;
    permission = make("AWS::Lambda::Permission",
                      "{\"FunctionName\":\"" HOME "function:f\",\"Action\":"
                      "\"lambda:InvokeFunction\",\"Principal\":\"s3.amazonaws.com\","
                      "\"SourceAccount\":\"000000000000\",\"SourceArn\":\"arn:aws:s3:::code\"}");
    assert_string_equal(kit_attribute(kit, &permission, "Id"), kit_id(kit, &permission));
    KIT_HAS(kit_call(kit, "lambda", "GetPolicy", "{\"FunctionName\":\"f\"}", NULL),
            kit_id(kit, &permission));
    KIT_OK(kit, kit_remove(kit, &permission));
    assert_true(resource_is_gone(kit_remove(kit, &permission)));
    url = make("AWS::Lambda::Url", "{\"TargetFunctionArn\":\"f\",\"AuthType\":\"NONE\","
                                   "\"InvokeMode\":\"RESPONSE_STREAM\",\"Cors\":{"
                                   "\"AllowOrigins\":[\"*\"],\"MaxAge\":\"60\"}}");
    assert_string_equal(kit_id(kit, &url), HOME "function:f");
    KIT_HAS(kit_attribute(kit, &url, "FunctionUrl"), ".lambda-url.us-east-1.");
    KIT_READS_BACK(kit, &url, "{\"InvokeMode\":\"RESPONSE_STREAM\",\"Cors\":{\"AllowOrigins\":"
                              "[\"*\"],\"MaxAge\":60}}");
    KIT_OK(kit, kit_change(kit, &url, "{\"TargetFunctionArn\":\"f\",\"AuthType\":\"AWS_IAM\"}"));
    KIT_READS_BACK(kit, &url, "{\"InvokeMode\":\"BUFFERED\",\"AuthType\":\"AWS_IAM\"}");
    KIT_HAS_NOT(kit_now(kit, &url), "AllowOrigins");
    KIT_OK(kit, kit_remove(kit, &url));
    assert_true(resource_is_gone(kit_remove(kit, &url)));
    config = make("AWS::Lambda::EventInvokeConfig", config_one);
    assert_string_equal(kit_id(kit, &config), "f|$LATEST");
    KIT_HAS(kit_now(kit, &config), QUEUE);
    KIT_OK(kit, kit_change(kit, &config,
                           "{\"FunctionName\":\"f\",\"Qualifier\":\"$LATEST\","
                           "\"MaximumRetryAttempts\":0}"));
    KIT_HAS_NOT(kit_now(kit, &config), QUEUE);
    KIT_OK(kit, kit_remove(kit, &config));
    assert_true(resource_is_gone(kit_remove(kit, &config)));
}

static void layers_policies_and_signing(void **state)
{
    struct kit_thing function = make("AWS::Lambda::Function", "{" NAMED "}");
    struct kit_thing layer, permission, signing, policy;
    static const char layer_one[] =
        "{\"LayerName\":\"l\",\"Content\":{\"S3Bucket\":\"code\",\"S3Key\":\"f.zip\"},"
        "\"Description\":\"d\",\"LicenseInfo\":\"MIT\",\"CompatibleRuntimes\":[\"python3.12\"],"
        "\"CompatibleArchitectures\":[\"x86_64\"]}";
    static const char signing_one[] =
        "{\"Description\":\"d\",\"AllowedPublishers\":{\"SigningProfileVersionArns\":["
        "\"arn:aws:signer:us-east-1:000000000000:/signing-profiles/p/0123456789\"]},"
        "\"CodeSigningPolicies\":{\"UntrustedArtifactOnDeployment\":\"Enforce\"}}";

    (void)state;
    layer = make("AWS::Lambda::LayerVersion", layer_one);
    assert_string_equal(kit_id(kit, &layer), HOME "layer:l:1");
    assert_string_equal(kit_attribute(kit, &layer, "LayerVersionArn"), HOME "layer:l:1");
    KIT_READS_BACK(kit, &layer, "{\"Description\":\"d\",\"LicenseInfo\":\"MIT\","
                                "\"CompatibleRuntimes\":[\"python3.12\"]}");
    permission = make("AWS::Lambda::LayerVersionPermission",
                      "{\"LayerVersionArn\":\"" HOME "layer:l:1\",\"Action\":"
                      "\"lambda:GetLayerVersion\",\"Principal\":\"*\"}");
    KIT_HAS(kit_id(kit, &permission), HOME "layer:l:1#" KIT_STACK "-X-");
    KIT_OK(kit, kit_change(kit, &function, "{" NAMED ",\"Layers\":[\"" HOME "layer:l:1\"]}"));
    KIT_READS_BACK(kit, &function, "{\"Layers\":[\"" HOME "layer:l:1\"]}");
    KIT_OK(kit, kit_change(kit, &function, "{" NAMED "}"));
    KIT_HAS_NOT(kit_now(kit, &function), "Layers");
    KIT_OK(kit, kit_remove(kit, &permission));
    KIT_OK(kit, kit_remove(kit, &layer));
    assert_true(resource_is_gone(kit_remove(kit, &layer)));
    signing = make("AWS::Lambda::CodeSigningConfig", signing_one);
    KIT_HAS(kit_id(kit, &signing), HOME "code-signing-config:csc-");
    KIT_HAS(kit_attribute(kit, &signing, "CodeSigningConfigId"), "csc-");
    KIT_READS_BACK(kit, &signing, signing_one);
    KIT_OK(kit, kit_change(kit, &function,
                           arena_printf(kit->arena, "{" NAMED ",\"CodeSigningConfigArn\":\"%s\"}",
                                        kit_id(kit, &signing)).at));
    KIT_HAS(kit_now(kit, &function), "code-signing-config");
    KIT_OK(kit, kit_change(kit, &function, "{" NAMED "}"));
    KIT_OK(kit, kit_remove(kit, &signing));
    assert_true(resource_is_gone(kit_remove(kit, &signing)));
    policy = make("AWS::Lambda::ResourcePolicy",
                  "{\"ResourceArn\":\"" HOME "function:f\",\"PolicyDocument\":{\"Version\":"
                  "\"2012-10-17\",\"Statement\":[{\"Sid\":\"one\",\"Effect\":\"Allow\","
                  "\"Principal\":{\"Service\":\"s3.amazonaws.com\"},\"Action\":"
                  "\"lambda:InvokeFunction\",\"Resource\":\"" HOME "function:f\"}]}}");
    KIT_HAS(kit_now(kit, &policy), "\"Sid\":\"one\"");
    KIT_OK(kit, kit_remove(kit, &policy));
    assert_true(resource_is_gone(kit_step(kit, &policy, KIT_NOW, NULL)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_function_has_all_its_properties, set_up, tear_down),
        cmocka_unit_test_setup_teardown(code_comes_from_text_or_a_bucket, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_change_that_failed_is_taken_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(versions_and_aliases, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_mapping_has_all_its_properties, set_up, tear_down),
        cmocka_unit_test_setup_teardown(permissions_urls_and_invoke_configs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(layers_policies_and_signing, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
