/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves what every answer has in common (ids, types, CORS) and what an error looks like in each of
 * the protocols whose bodies are JSON or CBOR.
 */
#include "tree.h"

#include <stdlib.h>

static struct arena *arena;

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

static const struct error NOT_FOUND = {"ResourceNotFoundException", NULL, 400, false};
static const struct error NO_QUEUE = {
    "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", 400, false};
static const struct error NOT_MODELLED = {"AccessDeniedException", NULL, 400, false};
static const struct error NOT_KNOWN = {"UnrecognizedClientException", "InvalidClientTokenId", 403,
                                       false};

static struct route route_to(const char *service, const char *operation, enum protocol protocol)
{
    struct route route = {.service = model_service(str_c(service)),
                          .operation = operation_of(service, operation),
                          .protocol = (uint8_t)protocol};

    route.json_minor = route.service->json_minor;
    return route;
}

static const char *header_of(const struct answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->header_count; i++) {
        if (str_eq(answer->headers[i].name, str_c(name))) {
            return arena_dup(arena, answer->headers[i].value).at;
        }
    }
    return NULL;
}

static struct answer failed(struct route route, status code, const char *message)
{
    struct fault fault = {.code = code, .message = str_c(message)};
    struct answer answer;

    wire_encode_error(&route, &fault, STR("id"), arena, &answer);
    return answer;
}

/* An exception's members, to be set. */
static struct value *detail_of(const struct route *route, const char *code)
{
    const struct shape *shape = model_error(route->operation, str_c(code));

    assert_non_null(shape);
    return value_struct(arena, (uint32_t)(shape - model_shapes));
}

static void assert_body(const struct answer *answer, const char *expected)
{
    assert_string_equal(arena_dup(arena, answer->body).at, expected);
}

static void an_output_carries_its_type_and_the_request_id(void **state)
{
    struct route route = route_to("kinesis", "ListStreams", PROTOCOL_JSON);
    struct value *out = value_struct(arena, route.operation->output);
    struct answer answer;

    (void)state;
    set_bool(out, "HasMoreStreams", false);
    assert_ptr_equal(wire_encode(&route, out, STR("id"), arena, &answer), OK);
    assert_int_equal(answer.http, 200);
    assert_string_equal(header_of(&answer, "content-type"), "application/x-amz-json-1.1");
    assert_string_equal(header_of(&answer, "x-amzn-requestid"), "id");
    assert_null(header_of(&answer, "access-control-allow-origin"));
    assert_body(&answer, "{\"HasMoreStreams\":false}");
    route.json_minor = 0;
    assert_ptr_equal(wire_encode(&route, out, STR("id"), arena, &answer), OK);
    assert_string_equal(header_of(&answer, "content-type"), "application/x-amz-json-1.0");
}

static void an_operation_without_output_has_no_body(void **state)
{
    struct route route = route_to("kinesis", "CreateStream", PROTOCOL_JSON);
    struct value *out = value_struct(arena, route.operation->output);
    struct answer answer;

    (void)state;
    assert_ptr_equal(wire_encode(&route, out, STR("id"), arena, &answer), OK);
    assert_int_equal(answer.body.bytes, 0);
}

static void cors_headers_come_with_an_origin(void **state)
{
    struct route route = route_to("kinesis", "ListStreams", PROTOCOL_JSON);
    struct answer answer;

    (void)state;
    route.origin = STR("http://localhost:3000");
    answer = failed(route, &NOT_FOUND, "x");
    assert_string_equal(header_of(&answer, "access-control-allow-origin"), "*");
    assert_non_null(header_of(&answer, "access-control-expose-headers"));
}

static void cbor_answers_say_so(void **state)
{
    struct route route = route_to("kinesis", "ListStreams", PROTOCOL_CBOR);
    struct value *out = value_struct(arena, route.operation->output);
    struct answer answer;

    (void)state;
    assert_ptr_equal(wire_encode(&route, out, STR("id"), arena, &answer), OK);
    assert_string_equal(header_of(&answer, "content-type"), "application/x-amz-cbor-1.1");
    assert_memory_equal(answer.body.at, "\xa0", 1);
    route = route_to("cloudwatch", "ListDashboards", PROTOCOL_RPC_CBOR);
    out = value_struct(arena, route.operation->output);
    assert_ptr_equal(wire_encode(&route, out, STR("id"), arena, &answer), OK);
    assert_string_equal(header_of(&answer, "content-type"), "application/cbor");
    assert_string_equal(header_of(&answer, "smithy-protocol"), "rpc-v2-cbor");
}

static void a_large_body_with_many_escapes_fits(void **state)
{
    struct route route = route_to("kinesis", "ListStreams", PROTOCOL_JSON);
    struct value *out = value_struct(arena, route.operation->output);
    struct answer answer;
    char *text = arena_alloc(arena, 100000);

    (void)state;
    memset(text, 1, 100000);
    set_str(out, "NextToken", str_of(text, 100000));
    assert_ptr_equal(wire_encode(&route, out, STR("id"), arena, &answer), OK);
    assert_int_equal(answer.body.bytes, 600000 + strlen("{\"NextToken\":\"\"}"));
}

static void errors_in_json_1_1_are_bare_names(void **state)
{
    struct route route = route_to("kinesis", "DescribeStream", PROTOCOL_JSON);
    struct answer answer = failed(route, &NOT_FOUND, "Stream s not \"found\".");

    (void)state;
    assert_int_equal(answer.http, 400);
    assert_string_equal(header_of(&answer, "content-type"), "application/x-amz-json-1.1");
    assert_body(&answer, "{\"__type\":\"ResourceNotFoundException\","
                         "\"message\":\"Stream s not \\\"found\\\".\"}");
    answer = failed(route, &WIRE_SERIALIZATION, "Expected null");
    assert_body(&answer, "{\"__type\":\"SerializationException\",\"Message\":\"Expected null\"}");
    answer = failed(route, &WIRE_SERIALIZATION, "");
    assert_body(&answer, "{\"__type\":\"SerializationException\"}");
}

static void errors_in_json_1_0_have_name_spaces(void **state)
{
    struct answer answer =
        failed(route_to("dynamodb", "PutItem", PROTOCOL_JSON), &NOT_FOUND, "No.");

    (void)state;
    assert_body(&answer,
                "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException\","
                "\"message\":\"No.\"}");
    answer = failed(route_to("dynamodb", "PutItem", PROTOCOL_JSON), &WIRE_VALIDATION, "No.");
    assert_body(&answer, "{\"__type\":\"com.amazon.coral.validate#ValidationException\","
                         "\"message\":\"No.\"}");
    answer = failed(route_to("dynamodb", "PutItem", PROTOCOL_JSON), &NOT_MODELLED, "No.");
    assert_body(&answer, "{\"__type\":\"com.amazon.coral.service#AccessDeniedException\","
                         "\"message\":\"No.\"}");
}

static void who_is_not_known_is_400_where_only_json_was_ever_spoken(void **state)
{
    (void)state;
    assert_int_equal(failed(route_to("kinesis", "ListStreams", PROTOCOL_JSON), &NOT_KNOWN, "").http,
                     400);
    assert_int_equal(failed(route_to("kinesis", "ListStreams", PROTOCOL_CBOR), &NOT_KNOWN, "").http,
                     400);
    assert_int_equal(failed(route_to("sqs", "ListQueues", PROTOCOL_JSON), &NOT_KNOWN, "").http,
                     403);
    assert_int_equal(failed(route_to("sqs", "ListQueues", PROTOCOL_QUERY), &NOT_KNOWN, "").http,
                     403);
    assert_int_equal(
        failed(route_to("lambda", "ListFunctions", PROTOCOL_REST_JSON), &NOT_KNOWN, "").http, 403);
}

static void errors_of_services_once_in_query_carry_their_old_code(void **state)
{
    struct answer answer =
        failed(route_to("sqs", "GetQueueUrl", PROTOCOL_JSON), &NO_QUEUE, "No.");

    (void)state;
    assert_string_equal(header_of(&answer, "x-amzn-query-error"),
                        "AWS.SimpleQueueService.NonExistentQueue;Sender");
    assert_body(&answer,
                "{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\",\"message\":\"No.\"}");
    answer = failed(route_to("sqs", "GetQueueUrl", PROTOCOL_JSON), &WIRE_INTERNAL, "");
    assert_string_equal(header_of(&answer, "x-amzn-query-error"), "InternalFailure;Receiver");
    assert_int_equal(answer.http, 500);
}

static void errors_in_rest_json_are_named_in_a_header(void **state)
{
    struct route route = route_to("lambda", "GetFunction", PROTOCOL_REST_JSON);
    struct fault fault = {.code = &NOT_FOUND, .message = STR("Function not found: f")};
    struct value *detail;
    struct answer answer;

    (void)state;
    detail = detail_of(&route, "ResourceNotFoundException");
    set_str(detail, "Type", STR("User"));
    fault.detail = detail;
    wire_encode_error(&route, &fault, STR("id"), arena, &answer);
    assert_string_equal(header_of(&answer, "x-amzn-errortype"), "ResourceNotFoundException");
    assert_string_equal(header_of(&answer, "content-type"), "application/json");
    assert_body(&answer, "{\"Message\":\"Function not found: f\",\"Type\":\"User\"}");
}

static void members_of_an_exception_travel_in_its_headers(void **state)
{
    static const struct error too_many = {"TooManyRequestsException", NULL, 429, true};
    struct route route = route_to("lambda", "GetFunction", PROTOCOL_REST_JSON);
    struct fault fault = {.code = &too_many, .message = STR("Rate exceeded")};
    struct value *detail;
    struct answer answer;

    (void)state;
    detail = detail_of(&route, "TooManyRequestsException");
    set_str(detail, "retryAfterSeconds", STR("1"));
    fault.detail = detail;
    wire_encode_error(&route, &fault, STR("id"), arena, &answer);
    assert_int_equal(answer.http, 429);
    assert_string_equal(header_of(&answer, "retry-after"), "1");
    assert_body(&answer, "{\"message\":\"Rate exceeded\"}");
}

static void errors_in_cbor_are_maps(void **state)
{
    struct answer answer =
        failed(route_to("kinesis", "DescribeStream", PROTOCOL_CBOR), &NOT_FOUND, "No.");
    const char expected[] = "\xbf\x66__type\x78\x19ResourceNotFoundException\x67message\x63No.\xff";

    (void)state;
    assert_int_equal(answer.body.bytes, sizeof(expected) - 1);
    assert_memory_equal(answer.body.at, expected, sizeof(expected) - 1);
}

static void who_spoke_no_protocol_of_ours_gets_plain_xml(void **state)
{
    struct route route = {.service = NULL};
    static const struct error denied = {"AccessDeniedException", NULL, 403, false};
    struct answer answer = failed(route, &denied, "Unable to determine <it> & more");

    (void)state;
    assert_int_equal(answer.http, 403);
    assert_body(&answer, "<AccessDeniedException>\n"
                         "  <Message>Unable to determine &lt;it&gt; &amp; more</Message>\n"
                         "</AccessDeniedException>\n");
}

static void an_error_without_room_still_has_its_status(void **state)
{
    struct arena *small = arena_new(1);
    struct route route = route_to("kinesis", "DescribeStream", PROTOCOL_JSON);
    struct fault fault = {.code = &NOT_FOUND, .message = STR("No.")};
    struct answer answer;

    (void)state;
    wire_encode_error(&route, &fault, STR("id"), small, &answer);
    assert_int_equal(answer.http, 400);
    assert_int_equal(answer.body.bytes, 0);
    arena_free(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_output_carries_its_type_and_the_request_id, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_operation_without_output_has_no_body, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cors_headers_come_with_an_origin, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cbor_answers_say_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_large_body_with_many_escapes_fits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(errors_in_json_1_1_are_bare_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(errors_in_json_1_0_have_name_spaces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_is_not_known_is_400_where_only_json_was_ever_spoken,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(errors_of_services_once_in_query_carry_their_old_code,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(errors_in_rest_json_are_named_in_a_header, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(members_of_an_exception_travel_in_its_headers, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(errors_in_cbor_are_maps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_spoke_no_protocol_of_ours_gets_plain_xml, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_error_without_room_still_has_its_status, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
