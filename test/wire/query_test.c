/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves that Query and EC2 forms become the trees they mean, whatever the order of their
 * parameters, that wrong ones get AWS's words, and that answers and errors are AWS's documents.
 */
#include "tree.h"

#include "wire/query.h"

#include <stdio.h>

static struct arena *arena;
static struct why why;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(TREE_ARENA_BYTES_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct route route_of(const char *service, const char *operation, enum protocol protocol)
{
    return (struct route){.service = model_service(str_c(service)),
                          .operation = operation_of(service, operation),
                          .protocol = (uint8_t)protocol};
}

static const char *decode_form(const struct route *route, const struct http_request *request)
{
    struct value *input = value_struct(arena, route->operation->input);
    status s = query_decode(route, request, arena, &why, input);

    return s == OK ? dump_of(arena, input)
                   : arena_printf(arena, "%s: %s", s->code, why.text).at;
}

static const char *decode(const char *service, const char *operation, const char *body)
{
    struct route route = route_of(service, operation, PROTOCOL_QUERY);
    struct http_request request = {.method = STR("POST"), .body = str_c(body)};

    return decode_form(&route, &request);
}

static const char *decode_ec2(const char *operation, const char *body)
{
    struct route route = route_of("ec2", operation, PROTOCOL_EC2);
    struct http_request request = {.method = STR("POST"), .body = str_c(body)};

    return decode_form(&route, &request);
}

/* ---- forms ---- */

static void reads_scalars_of_every_kind(void **state)
{
    (void)state;
    assert_string_equal(
        decode("sns", "Publish",
               "Action=Publish&Version=2010-03-31&TopicArn=a%3Ab&Message=x+y%0Az"),
        "{\"TopicArn\":\"a:b\",\"Message\":\"x y\\nz\"}");
    assert_string_equal(decode("iam", "ListUsers", "MaxItems=12"), "{\"MaxItems\":12}");
    assert_string_equal(decode("iam", "ListUsers", "MaxItems=99999999999"),
                        "{\"MaxItems\":2147483647}");
    assert_string_equal(
        decode("cloudwatch", "GetMetricStatistics",
               "StartTime=2026-11-23T08:55:00Z&EndTime=2026-11-23T08%3A55%3A00.25%2B01%3A00"),
        "{\"StartTime\":1795424100,\"EndTime\":1795420500.250}");
    assert_string_equal(decode("cloudformation", "CreateStack", "DisableRollback=true"),
                        "{\"DisableRollback\":true}");
    assert_string_equal(decode("cloudformation", "CreateStack", "DisableRollback=False"),
                        "{\"DisableRollback\":false}");
    assert_string_equal(
        decode("sns", "Publish", "MessageAttributes.entry.1.Name=b&"
                                 "MessageAttributes.entry.1.Value.BinaryValue=aGk%3D"),
        "{\"MessageAttributes\":{\"b\":{\"BinaryValue\":\"aGk=\"}}}");
    assert_string_equal(decode("cloudwatch", "PutMetricAlarm", "Threshold=1.5"),
                        "{\"Threshold\":1.5}");
}

static void reads_lists_in_the_order_of_their_numbers(void **state)
{
    (void)state;
    assert_string_equal(decode("cloudformation", "CreateStack",
                               "Capabilities.member.10=j&Capabilities.member.2=b&"
                               "StackName=s&Capabilities.member.1=a&Capabilities.member.007=g"),
                        "{\"StackName\":\"s\",\"Capabilities\":[\"a\",\"b\",\"g\",\"j\"]}");
    assert_string_equal(
        decode("cloudformation", "CreateStack",
               "Parameters.member.3.ParameterValue=v3&Parameters.member.1.ParameterKey=k1&"
               "Parameters.member.3.ParameterKey=k3&Parameters.member.1.UsePreviousValue=true"),
        "{\"Parameters\":[{\"ParameterKey\":\"k1\",\"UsePreviousValue\":true},"
        "{\"ParameterKey\":\"k3\",\"ParameterValue\":\"v3\"}]}");
    assert_string_equal(decode("cloudformation", "CreateStack",
                               "Capabilities.member.18446744073709551617=b&"
                               "Capabilities.member.3=a"),
                        "{\"Capabilities\":[\"a\",\"b\"]}");
}

static void reads_empty_lists_structures_and_maps(void **state)
{
    (void)state;
    assert_string_equal(decode("cloudformation", "CreateStack", "Capabilities="),
                        "{\"Capabilities\":[]}");
    assert_string_equal(decode("sns", "CreateTopic", "Attributes="), "{\"Attributes\":{}}");
    assert_string_equal(decode("cloudformation", "CreateStack", "RollbackConfiguration="),
                        "{\"RollbackConfiguration\":{}}");
    assert_string_equal(decode("iam", "ListUsers", ""), "{}");
    assert_string_equal(decode("iam", "ListUsers", "&&=&=x&PathPrefix"), "{\"PathPrefix\":\"\"}");
}

static void reads_maps_with_the_models_names(void **state)
{
    (void)state;
    assert_string_equal(decode("sns", "CreateTopic",
                               "Attributes.entry.2.key=b&Attributes.entry.2.value=2&"
                               "Attributes.entry.1.value=1&Attributes.entry.1.key=a"),
                        "{\"Attributes\":{\"a\":\"1\",\"b\":\"2\"}}");
    assert_string_equal(decode("sns", "Publish",
                               "MessageAttributes.entry.1.Name=n&"
                               "MessageAttributes.entry.1.Value.DataType=String&"
                               "MessageAttributes.entry.1.Value.StringValue=v"),
                        "{\"MessageAttributes\":{\"n\":{\"DataType\":\"String\","
                        "\"StringValue\":\"v\"}}}");
    assert_string_equal(decode("sns", "Publish", "MessageAttributes.entry.1.Name=n"),
                        "{\"MessageAttributes\":{\"n\":{}}}");
    assert_string_equal(decode("sns", "CreateTopic",
                               "Attributes.entry.1.key=a&Attributes.entry.1.value=1&"
                               "Attributes.entry.2.key=a&Attributes.entry.2.value=2"),
                        "{\"Attributes\":{\"a\":\"2\"}}");
}

static void reads_sqs_by_its_old_names(void **state)
{
    (void)state;
    assert_string_equal(
        decode("sqs", "CreateQueue",
               "QueueName=q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=5&Tag.1.Key=k&"
               "Tag.1.Value=v&Attribute.2.Name=Policy&Attribute.2.Value="),
        "{\"QueueName\":\"q\",\"Attributes\":{\"DelaySeconds\":\"5\",\"Policy\":\"\"},"
        "\"tags\":{\"k\":\"v\"}}");
    assert_string_equal(
        decode("sqs", "SendMessageBatch",
               "QueueUrl=u&SendMessageBatchRequestEntry.1.Id=a&"
               "SendMessageBatchRequestEntry.1.MessageBody=m&"
               "SendMessageBatchRequestEntry.1.MessageAttribute.1.Name=n&"
               "SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType=String&"
               "SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringListValue.1=l"),
        "{\"QueueUrl\":\"u\",\"Entries\":[{\"Id\":\"a\",\"MessageBody\":\"m\","
        "\"MessageAttributes\":{\"n\":{\"StringListValues\":[\"l\"],\"DataType\":\"String\"}}}]}");
    assert_string_equal(decode("sqs", "ReceiveMessage",
                               "AttributeName.1=All&MessageAttributeName.2=b&"
                               "MessageAttributeName.1=a&MaxNumberOfMessages=10"),
                        "{\"AttributeNames\":[\"All\"],\"MessageAttributeNames\":[\"a\",\"b\"],"
                        "\"MaxNumberOfMessages\":10}");
    assert_string_equal(decode("sqs", "UntagQueue", "TagKey.1=a&TagKey.2=b"),
                        "{\"TagKeys\":[\"a\",\"b\"]}");
}

static void reads_ec2s_dialect(void **state)
{
    (void)state;
    assert_string_equal(
        decode_ec2("DescribeInstances",
                   "Action=DescribeInstances&Version=2016-11-15&InstanceId.2=i-2&InstanceId.1=i-1&"
                   "Filter.1.Name=vpc-id&Filter.1.Value.1=v1&Filter.1.Value.2=v2&DryRun=false"),
        "{\"InstanceIds\":[\"i-1\",\"i-2\"],\"DryRun\":false,"
        "\"Filters\":[{\"Name\":\"vpc-id\",\"Values\":[\"v1\",\"v2\"]}]}");
    assert_string_equal(decode_ec2("DescribeInstances", "Colour=red"),
                        "UnknownParameter: The parameter Colour is not recognized");
    assert_string_equal(decode_ec2("DescribeInstances", "Filter.1.Colour=red"),
                        "UnknownParameter: The parameter Filter.1.Colour is not recognized");
    assert_string_equal(decode_ec2("DescribeInstances", "Filter.1.Action=red"),
                        "UnknownParameter: The parameter Filter.1.Action is not recognized");
    assert_string_equal(decode_ec2("DescribeInstances", "X-Amz-Date=1&AWSAccessKeyId=a"), "{}");
}

static void passes_over_what_query_does_not_know(void **state)
{
    (void)state;
    assert_string_equal(decode("sns", "Publish", "Colour=red&Message=m&Message.Inner=x"),
                        "{\"Message\":\"m\"}");
    assert_string_equal(decode("cloudformation", "CreateStack",
                               "Parameters.member.1.Colour=red&Parameters.member.1.ParameterKey=k"),
                        "{\"Parameters\":[{\"ParameterKey\":\"k\"}]}");
}

static void the_last_of_two_counts(void **state)
{
    (void)state;
    assert_string_equal(decode("sns", "Publish", "Message=1&Message=2&TopicArn=t&Message=3"),
                        "{\"TopicArn\":\"t\",\"Message\":\"3\"}");
}

static void reads_the_query_of_a_get(void **state)
{
    struct route route = route_of("sns", "Publish", PROTOCOL_QUERY);
    struct http_request request = {.method = STR("GET"),
                                   .query = STR("Action=Publish&Message=%C3%A9")};

    (void)state;
    assert_string_equal(decode_form(&route, &request), "{\"Message\":\"\xc3\xa9\"}");
}

#define BROKEN "SerializationException: "

static void refuses_with_awss_words(void **state)
{
    static const struct {
        const char *service, *operation, *body, *said;
    } cases[] = {
        {"cloudformation", "CreateStack", "Capabilities=CAPABILITY_IAM",
         BROKEN "Unexpected list element termination"},
        {"cloudformation", "CreateStack", "Capabilities.Other=1",
         BROKEN "Unexpected list element termination"},
        {"cloudformation", "CreateStack", "Parameters.member.1=x",
         BROKEN "Unexpected complex element termination"},
        {"cloudformation", "CreateStack", "RollbackConfiguration=x",
         BROKEN "Unexpected complex element termination"},
        {"sns", "CreateTopic", "Attributes=x", BROKEN "Unexpected map element termination"},
        {"sns", "CreateTopic", "Attributes.entry.1.value=x",
         BROKEN "Unexpected map element termination"},
        {"sns", "CreateTopic", "Attributes.Other.1.key=x",
         BROKEN "Unexpected map element termination"},
        {"cloudformation", "CreateStack", "Capabilities.member.one=1",
         BROKEN "Key Capabilities.member.one is not a valid list index"},
        {"cloudformation", "CreateStack", "Capabilities.member=1",
         BROKEN "Unexpected list element termination"},
        {"iam", "ListUsers", "MaxItems=many", BROKEN "many can not be converted to an Integer"},
        {"iam", "ListUsers", "MaxItems=", BROKEN " can not be converted to an Integer"},
        {"iam", "ListUsers", "MaxItems=1.5", BROKEN "1.5 can not be converted to an Integer"},
        {"cloudformation", "CreateStack", "DisableRollback=maybe",
         BROKEN "maybe can not be converted to a Boolean"},
        {"cloudwatch", "GetMetricStatistics", "StartTime=noon",
         BROKEN "noon can not be converted to a Timestamp"},
        {"sns", "Publish",
         "MessageAttributes.entry.1.Name=b&MessageAttributes.entry.1.Value.BinaryValue=a",
         BROKEN "a can not be converted to a Blob"},
        {"sns", "Publish", "Message.Inner=x",
         BROKEN "Start of structure or map found where not expected."},
        {"sns", "Publish", "Message=%zz", BROKEN "The request holds a broken escape sequence."},
        {"sns", "Publish", "Message=%c", BROKEN "The request holds a broken escape sequence."},
        {"sns", "Publish", "Message=%ff", BROKEN "The request is not valid UTF-8."},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(decode(cases[i].service, cases[i].operation, cases[i].body),
                            cases[i].said);
    }
}

static void a_form_has_limits(void **state)
{
    struct buf body;
    struct route route = route_of("cloudformation", "CreateStack", PROTOCOL_QUERY);
    struct http_request request = {.method = STR("POST")};
    struct arena *small = arena_new(256 * 1024);
    struct value *input;

    (void)state;
    buf_init(&body, 8u << 20);
    for (uint32_t i = QUERY_PARAMS_MAX; i > 0; i--) {
        buf_printf(&body, "%sCapabilities.member.%u=x", i < QUERY_PARAMS_MAX ? "&" : "", i);
    }
    request.body = buf_str(&body);
    input = value_struct(arena, route.operation->input);
    assert_ptr_equal(query_decode(&route, &request, arena, &why, input), OK);
    assert_int_equal(get(input, "Capabilities")->count, QUERY_PARAMS_MAX);
    input = value_struct(small, route.operation->input);
    assert_ptr_equal(query_decode(&route, &request, small, &why, input), &ERR_LIMIT);
    buf_add(&body, STR("&a"));
    request.body = buf_str(&body);
    assert_string_equal(decode_form(&route, &request),
                        BROKEN "The request has more than 200000 parameters.");

    buf_clear(&body);
    for (int i = 0; i < QUERY_NAME_BYTES_MAX + 1; i++) {
        buf_add_c(&body, 'a');
    }
    request.body = buf_str(&body);
    assert_string_equal(decode_form(&route, &request),
                        BROKEN "The name of a parameter is longer than 1024 bytes.");
    buf_done(&body);
    arena_free(small);
}

/* ---- answers ---- */

static const char *encode(const struct route *route, const struct value *output)
{
    struct str body;

    assert_ptr_equal(query_encode(route, output, STR("r-1"), arena, &body), OK);
    return arena_dup(arena, body).at;
}

static void answers_in_a_result_with_metadata(void **state)
{
    struct route route = route_of("sns", "CreateTopic", PROTOCOL_QUERY);
    struct value *output = value_struct(arena, route.operation->output);

    (void)state;
    set_str(output, "TopicArn", STR("a<&>\"b"));
    assert_string_equal(encode(&route, output),
                        "<CreateTopicResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">"
                        "<CreateTopicResult><TopicArn>a&lt;&amp;&gt;&quot;b</TopicArn>"
                        "</CreateTopicResult><ResponseMetadata><RequestId>r-1</RequestId>"
                        "</ResponseMetadata></CreateTopicResponse>");
    route = route_of("sns", "DeleteTopic", PROTOCOL_QUERY);
    assert_string_equal(encode(&route, value_struct(arena, 0)),
                        "<DeleteTopicResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">"
                        "<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata>"
                        "</DeleteTopicResponse>");
}

static void answers_sqs_by_its_old_names(void **state)
{
    struct route route = route_of("sqs", "ReceiveMessage", PROTOCOL_QUERY);
    struct value *output = value_struct(arena, route.operation->output);
    struct value *message = list_add(arena, set_list(arena, output, "Messages", 1));

    (void)state;
    set_str(message, "MessageId", STR("m"));
    map_add_str(set_map(arena, message, "Attributes", 1), STR("SenderId"), STR("s"));
    assert_string_equal(encode(&route, output),
                        "<ReceiveMessageResponse xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/"
                        "\"><ReceiveMessageResult><Message><MessageId>m</MessageId><Attribute>"
                        "<Name>SenderId</Name><Value>s</Value></Attribute></Message>"
                        "</ReceiveMessageResult><ResponseMetadata><RequestId>r-1</RequestId>"
                        "</ResponseMetadata></ReceiveMessageResponse>");
}

static void answers_ec2_without_a_result(void **state)
{
    struct route route = route_of("ec2", "DescribeKeyPairs", PROTOCOL_EC2);
    struct value *output = value_struct(arena, route.operation->output);
    struct value *pair = list_add(arena, set_list(arena, output, "KeyPairs", 1));

    (void)state;
    set_str(pair, "KeyName", STR("k"));
    set_time(pair, "CreateTime", 0);
    assert_string_equal(encode(&route, output),
                        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DescribeKeyPairsResponse "
                        "xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15\"><requestId>r-1"
                        "</requestId><keySet><item>"
                        "<createTime>1970-01-01T00:00:00.000Z</createTime><keyName>k</keyName>"
                        "</item></keySet>"
                        "</DescribeKeyPairsResponse>");
}

static void errors_are_the_senders_or_the_receivers(void **state)
{
    static const struct error not_found = {"NotFoundException", "NotFound", 404, false};
    struct fault fault = {.code = &not_found, .message = STR("No <topic>")};
    struct route route = route_of("sns", "Publish", PROTOCOL_QUERY);
    struct str body;

    (void)state;
    assert_ptr_equal(query_encode_error(&route, &fault, STR("r-1"), arena, &body), OK);
    assert_string_equal(arena_dup(arena, body).at,
                        "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error>"
                        "<Type>Sender</Type><Code>NotFound</Code><Message>No &lt;topic&gt;"
                        "</Message></Error><RequestId>r-1</RequestId></ErrorResponse>");
    fault.code = &WIRE_INTERNAL;
    assert_ptr_equal(query_encode_error(&route, &fault, STR("r-1"), arena, &body), OK);
    assert_true(str_find_str(body, STR("<Type>Receiver</Type><Code>InternalFailure</Code>")) <
                body.bytes);
    route = route_of("ec2", "DescribeInstances", PROTOCOL_EC2);
    assert_ptr_equal(query_encode_error(&route, &fault, STR("r-1"), arena, &body), OK);
    assert_string_equal(arena_dup(arena, body).at,
                        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>"
                        "<Code>InternalFailure</Code><Message>No &lt;topic&gt;</Message></Error>"
                        "</Errors><RequestID>r-1</RequestID></Response>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_scalars_of_every_kind),
        cmocka_unit_test(reads_lists_in_the_order_of_their_numbers),
        cmocka_unit_test(reads_empty_lists_structures_and_maps),
        cmocka_unit_test(reads_maps_with_the_models_names),
        cmocka_unit_test(reads_sqs_by_its_old_names),
        cmocka_unit_test(reads_ec2s_dialect),
        cmocka_unit_test(passes_over_what_query_does_not_know),
        cmocka_unit_test(the_last_of_two_counts),
        cmocka_unit_test(reads_the_query_of_a_get),
        cmocka_unit_test(refuses_with_awss_words),
        cmocka_unit_test(a_form_has_limits),
        cmocka_unit_test(answers_in_a_result_with_metadata),
        cmocka_unit_test(answers_sqs_by_its_old_names),
        cmocka_unit_test(answers_ec2_without_a_result),
        cmocka_unit_test(errors_are_the_senders_or_the_receivers),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
