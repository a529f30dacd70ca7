/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves that a REST request's path, query, headers and body become the members they are, that what
 * is broken is refused, and that an answer's members travel where the model has them. (That all of
 * it is as botocore does it is test/e2e/protocol_test.py's.)
 */
#include "tree.h"

#include "wire/rest.h"

#include <stdlib.h>

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

static struct route route_to(const char *service, const char *operation, enum protocol protocol)
{
    return (struct route){.service = model_service(str_c(service)),
                          .operation = operation_of(service, operation),
                          .protocol = (uint8_t)protocol};
}

/* Decodes a request with at most two headers; the tree as text, or "code: sentence". */
struct asked {
    const char *service, *operation; /* of rest-json unless xml */
    bool xml;                        /* rest-xml */
    const char *target;              /* path and query */
    struct http_header headers[2];   /* as many as have a name */
    const char *body;                /* NULL: none */
    const char *bucket;              /* NULL: not in the host */
};

static const char *decode(struct asked asked)
{
    enum protocol protocol = asked.xml ? PROTOCOL_REST_XML : PROTOCOL_REST_JSON;
    struct route route = route_to(asked.service, asked.operation, protocol);
    struct str target = str_c(asked.target);
    size_t question = str_find(target, '?', 0);
    struct http_request request = {
        .path = str_slice(target, 0, question),
        .query = str_slice(target, question + 1, target.bytes),
        .headers = asked.headers,
        .header_count = asked.headers[0].name.at == NULL   ? 0
                        : asked.headers[1].name.at == NULL ? 1
                                                           : 2,
        .body = asked.body == NULL ? STR_NONE : arena_dup(arena, str_c(asked.body)),
    };
    struct value *input = value_struct(arena, route.operation->input);

    route.path = request.path;
    route.bucket = asked.bucket == NULL ? STR_NONE : str_c(asked.bucket);
    why.text[0] = 0;
    status s = rest_decode(&route, &request, arena, &why, input);
    return s == OK ? dump_of(arena, input) : arena_printf(arena, "%s: %s", s->code, why.text).at;
}

#define LAMBDA .service = "lambda", .operation
#define S3 .xml = true, .service = "s3", .operation

static void labels_are_cut_out_of_the_path_and_decoded(void **state)
{
    (void)state;
    assert_string_equal(decode((struct asked){LAMBDA = "GetFunction",
                                              .target = "/2015-03-31/functions/a%2Fb%20c"}),
                        "{\"FunctionName\":\"a/b c\"}");
    assert_string_equal(decode((struct asked){S3 = "GetObject", .target = "/bucket/a/b%2Fc/"}),
                        "{\"Bucket\":\"bucket\",\"Key\":\"a/b/c/\"}");
    assert_string_equal(decode((struct asked){S3 = "GetObject", .target = "/a/b", .bucket = "bu"}),
                        "{\"Bucket\":\"bu\",\"Key\":\"a/b\"}");
    assert_string_equal(
        decode((struct asked){.xml = true,
                              .service = "s3control",
                              .operation = "GetMultiRegionAccessPointPolicy",
                              .target = "/v20180820/mrap/instances/a/b/policy"}),
        "{\"Name\":\"a/b\"}");
    assert_string_equal(decode((struct asked){LAMBDA = "GetFunction",
                                              .target = "/2015-03-31/functions/%zz"}),
                        "SerializationException: ");
    assert_string_equal(decode((struct asked){LAMBDA = "GetFunction",
                                              .target = "/2015-03-31/functions/%ff"}),
                        "SerializationException: STRING_VALUE can not be converted to a String");
}

static void the_query_gives_scalars_lists_and_maps(void **state)
{
    (void)state;
    assert_string_equal(decode((struct asked){LAMBDA = "ListFunctions",
                                              .target = "/x?MaxItems=7&Marker=a%26b+c&Other=1"}),
                        "{\"Marker\":\"a&b c\",\"MaxItems\":7}");
    assert_string_equal(decode((struct asked){LAMBDA = "ListFunctions", .target = "/x?MaxItems=x"}),
                        "SerializationException: STRING_VALUE can not be converted to an Integer");
    assert_string_equal(decode((struct asked){LAMBDA = "UntagResource",
                                              .target = "/2017-03-31/tags/a?tagKeys=a&tagKeys=b"}),
                        "{\"Resource\":\"a\",\"TagKeys\":[\"a\",\"b\"]}");
    assert_string_equal(
        decode((struct asked){.service = "apigateway",
                              .operation = "GetExport",
                              .target = "/restapis/r/stages/s/exports/t?extensions=x&a=b"}),
        "{\"restApiId\":\"r\",\"stageName\":\"s\",\"exportType\":\"t\","
        "\"parameters\":{\"extensions\":\"x\",\"a\":\"b\"}}");
    assert_string_equal(decode((struct asked){LAMBDA = "ListFunctions", .target = "/x?a=%"}),
                        "SerializationException: ");
    assert_string_equal(decode((struct asked){LAMBDA = "ListFunctions", .target = "/x?&&=&"}),
                        "{}");
}

static void headers_are_found_in_any_case_and_by_prefix(void **state)
{
    (void)state;
    assert_string_equal(
        decode((struct asked){S3 = "PutObject",
                              .target = "/b/k",
                              .headers = {{STR("content-type"), STR("text/plain")},
                                          {STR("x-amz-meta-color"), STR("blue")}}}),
        "{\"Bucket\":\"b\",\"ContentType\":\"text/plain\",\"Key\":\"k\","
        "\"Metadata\":{\"color\":\"blue\"}}");
    assert_string_equal(
        decode((struct asked){S3 = "GetObject",
                              .target = "/b/k",
                              .headers = {{STR("if-modified-since"),
                                           STR("Sat, 23 Nov 2024 08:55:00 GMT")}}}),
        "{\"Bucket\":\"b\",\"IfModifiedSince\":1732352100,\"Key\":\"k\"}");
    assert_string_equal(
        decode((struct asked){S3 = "GetObjectAttributes",
                              .target = "/b/k",
                              .headers = {{STR("x-amz-object-attributes"),
                                           STR("ETag, \"quo\\\"ted, one\" ,StorageClass")}}}),
        "{\"Bucket\":\"b\",\"Key\":\"k\","
        "\"ObjectAttributes\":[\"ETag\",\"quo\\\"ted, one\",\"StorageClass\"]}");
    assert_string_equal(
        decode((struct asked){S3 = "GetObject",
                              .target = "/b/k",
                              .headers = {{STR("if-modified-since"), STR("yesterday")}}}),
        "{\"Bucket\":\"b\",\"Key\":\"k\"}");
}

static void a_header_beyond_utf8_is_iso_8859_1(void **state)
{
    (void)state;
    assert_string_equal(decode((struct asked){S3 = "PutObject",
                                              .target = "/b/k",
                                              .headers = {{STR("x-amz-meta-a"), STR("\xc4M")}}}),
                        "{\"Bucket\":\"b\",\"Key\":\"k\",\"Metadata\":{\"a\":\"\xc3\x84M\"}}");
}

static void s3_takes_an_empty_number_for_none(void **state)
{
    (void)state;
    assert_string_equal(decode((struct asked){S3 = "ListObjects", .target = "/b?max-keys="}),
                        "{\"Bucket\":\"b\"}");
    assert_string_equal(decode((struct asked){S3 = "ListObjects", .target = "/b?max-keys=x"}),
                        "InvalidArgument: Provided max-keys not an integer or within integer "
                        "range");
}

static void the_body_gives_the_members_that_are_nowhere_else(void **state)
{
    (void)state;
    assert_string_equal(
        decode((struct asked){LAMBDA = "UpdateFunctionConfiguration",
                              .target = "/2015-03-31/functions/f/configuration",
                              .body = "{\"FunctionName\":\"other\",\"Timeout\":3}"}),
        "{\"FunctionName\":\"f\",\"Timeout\":3}");
    assert_string_equal(decode((struct asked){LAMBDA = "UpdateFunctionConfiguration",
                                              .target = "/2015-03-31/functions/f/configuration"}),
                        "{\"FunctionName\":\"f\"}");
    assert_string_equal(decode((struct asked){LAMBDA = "UpdateFunctionConfiguration",
                                              .target = "/2015-03-31/functions/f/configuration",
                                              .body = "{"}),
                        "SerializationException: ");
    assert_string_equal(decode((struct asked){LAMBDA = "UpdateFunctionConfiguration",
                                              .target = "/2015-03-31/functions/f/configuration",
                                              .body = "null"}),
                        "SerializationException: ");
    assert_string_equal(decode((struct asked){LAMBDA = "GetFunction",
                                              .target = "/2015-03-31/functions/f",
                                              .body = "not looked at"}),
                        "{\"FunctionName\":\"f\"}");
}

static void a_payload_is_the_whole_body(void **state)
{
    (void)state;
    assert_string_equal(decode((struct asked){LAMBDA = "Invoke",
                                              .target = "/2015-03-31/functions/f/invocations",
                                              .body = "{\"a\": 1}"}),
                        "{\"FunctionName\":\"f\",\"Payload\":\"eyJhIjogMX0=\"}");
    assert_string_equal(decode((struct asked){LAMBDA = "Invoke",
                                              .target = "/2015-03-31/functions/f/invocations"}),
                        "{\"FunctionName\":\"f\"}");
}

/* ---- answers ---- */

static const char *header_of(const struct answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->header_count; i++) {
        if (str_eq(answer->headers[i].name, str_c(name))) {
            return arena_dup(arena, answer->headers[i].value).at;
        }
    }
    return NULL;
}

static const char *body_of(const struct answer *answer)
{
    return arena_dup(arena, answer->body).at;
}

static void an_output_goes_into_status_headers_and_payload(void **state)
{
    struct route route = route_to("lambda", "Invoke", PROTOCOL_REST_JSON);
    struct value *out = value_struct(arena, route.operation->output);
    struct answer answer = {.header_count = 0};

    (void)state;
    set_int(out, "StatusCode", 202);
    set_str(out, "ExecutedVersion", STR("$LATEST"));
    set_blob(out, "Payload", STR("\"done\""));
    assert_ptr_equal(rest_encode(&route, out, arena, &answer), OK);
    assert_int_equal(answer.http, 202);
    assert_string_equal(header_of(&answer, "x-amz-executed-version"), "$LATEST");
    assert_string_equal(header_of(&answer, "content-type"), "application/octet-stream");
    assert_string_equal(body_of(&answer), "\"done\"");
}

static void an_object_keeps_its_own_type_and_metadata(void **state)
{
    struct route route = route_to("s3", "GetObject", PROTOCOL_REST_XML);
    struct value *out = value_struct(arena, route.operation->output);
    struct answer answer = {.header_count = 0};

    (void)state;
    set_str(out, "ContentType", STR("image/png"));
    set_int(out, "ContentLength", 3);
    set_time(out, "LastModified", 1732352100000);
    map_add_str(set_map(arena, out, "Metadata", 1), STR("Color"), STR("blue"));
    set_blob(out, "Body", STR("abc"));
    assert_ptr_equal(rest_encode(&route, out, arena, &answer), OK);
    assert_string_equal(header_of(&answer, "content-type"), "image/png");
    assert_string_equal(header_of(&answer, "last-modified"), "Sat, 23 Nov 2024 08:55:00 GMT");
    assert_string_equal(header_of(&answer, "x-amz-meta-color"), "blue");
    assert_null(header_of(&answer, "content-length"));
    assert_string_equal(body_of(&answer), "abc");
}

static void an_answer_to_head_says_its_length(void **state)
{
    struct route route = route_to("s3", "HeadObject", PROTOCOL_REST_XML);
    struct value *out = value_struct(arena, route.operation->output);
    struct answer answer = {.header_count = 0};

    (void)state;
    set_int(out, "ContentLength", 3);
    assert_ptr_equal(rest_encode(&route, out, arena, &answer), OK);
    assert_string_equal(header_of(&answer, "content-length"), "3");
    assert_int_equal(answer.body.bytes, 0);
}

static void nothing_in_the_body_is_no_body(void **state)
{
    struct route route = route_to("lambda", "DeleteFunctionConcurrency", PROTOCOL_REST_JSON);
    struct value *out = value_struct(arena, route.operation->output);
    struct answer answer = {.header_count = 0};

    (void)state;
    assert_ptr_equal(rest_encode(&route, out, arena, &answer), OK);
    assert_int_equal(answer.http, 204);
    assert_int_equal(answer.body.bytes, 0);
    assert_null(header_of(&answer, "content-type"));
}

/* A header that would end the head early is our answer's, not the caller's, to lose. */
static void a_header_cannot_carry_a_line_break(void **state)
{
    struct route route = route_to("s3", "GetObject", PROTOCOL_REST_XML);
    struct value *out = value_struct(arena, route.operation->output);
    struct answer answer = {.header_count = 0};

    (void)state;
    map_add_str(set_map(arena, out, "Metadata", 1), STR("a"), STR("b\r\nset-cookie: c"));
    assert_ptr_equal(rest_encode(&route, out, arena, &answer), OK);
    assert_null(header_of(&answer, "x-amz-meta-a"));
    set_str(out, "ETag", STR("a\nb"));
    assert_ptr_equal(rest_encode(&route, out, arena, &answer), &ERR_LIMIT);
}

static void too_many_headers_are_a_limit(void **state)
{
    struct route route = route_to("s3", "GetObject", PROTOCOL_REST_XML);
    struct value *out = value_struct(arena, route.operation->output);
    struct answer answer = {.header_count = 0};
    struct value *metadata = set_map(arena, out, "Metadata", WIRE_HEADERS_MAX + 1);

    (void)state;
    for (int i = 0; i <= WIRE_HEADERS_MAX; i++) {
        map_add_str(metadata, arena_printf(arena, "key-%d", i), STR("v"));
    }
    assert_ptr_equal(rest_encode(&route, out, arena, &answer), &ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(labels_are_cut_out_of_the_path_and_decoded, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_query_gives_scalars_lists_and_maps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(headers_are_found_in_any_case_and_by_prefix, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_header_beyond_utf8_is_iso_8859_1, set_up, tear_down),
        cmocka_unit_test_setup_teardown(s3_takes_an_empty_number_for_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_body_gives_the_members_that_are_nowhere_else, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_payload_is_the_whole_body, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_output_goes_into_status_headers_and_payload, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_object_keeps_its_own_type_and_metadata, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_answer_to_head_says_its_length, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_in_the_body_is_no_body, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_header_cannot_carry_a_line_break, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_many_headers_are_a_limit, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
