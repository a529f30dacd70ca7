/* SPDX-License-Identifier: Apache-2.0
 *
 * Every operation of every service finds back to itself, in each protocol that the service speaks;
 * and what names no operation is answered as AWS does.
 */
#include "wire/wire.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct arena *arena;
static int strays; /* requests that went to another operation */

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(64u << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct str text_of(struct buf *buf)
{
    struct str text = arena_dup(arena, buf_str(buf));

    buf_done(buf);
    return text;
}

/* A path and query that fill the operation's template with samples. */
static struct str sample_target(const struct operation *operation)
{
    struct str uri = model_text(operation->uri);
    const struct shape *input = model_shape(operation->input);
    bool query = str_find(uri, '?', 0) < uri.bytes;
    struct buf out;

    buf_init(&out, 16384);
    for (size_t i = 0; i < uri.bytes; i++) {
        if (uri.at[i] != '{') {
            buf_add_c(&out, uri.at[i]);
            continue;
        }
        size_t end = str_find(uri, '}', i);

        buf_add(&out, uri.at[end - 1] == '+' ? STR("a/b") : STR("x"));
        i = end;
    }
    for (uint32_t i = 0; operation->input != 0 && i < input->count; i++) {
        const struct member *member = &model_members[input->first + i];

        if (member->location == AT_QUERY && (member->flags & MEMBER_REQUIRED) != 0) {
            buf_printf(&out, "%c%.*s=1", query ? '&' : '?', STR_ARG(model_text(member->wire_name)));
            query = true;
        }
    }
    return text_of(&out);
}

static struct http_request request_of(struct str method, struct str target)
{
    size_t mark = str_find(target, '?', 0);

    return (struct http_request){
        .method = method,
        .target = target,
        .path = str_slice(target, 0, mark),
        .query = str_slice(target, mark + 1, target.bytes),
        .authority = STR("127.0.0.1:4566"),
        .version = 11,
        .loopback = true,
    };
}

static bool copies(const struct operation *operation)
{
    struct str name = model_text(operation->name);

    return str_eq(name, STR("CopyObject")) || str_eq(name, STR("UploadPartCopy"));
}

static void expect(const struct http_request *request, const struct operation *operation,
                   enum protocol protocol)
{
    struct str scope = model_text(model_service_of(operation)->signing_name);
    struct why why = {""};
    struct route route;
    status routed = wire_route(request, scope, arena, &why, &route);

    if (routed != OK || route.operation != operation || route.protocol != protocol) {
        print_error("%.*s %.*s of %.*s went to %.*s\n", STR_ARG(request->method),
                 STR_ARG(request->target), STR_ARG(model_text(operation->name)),
                 STR_ARG(route.operation == NULL ? STR("nothing")
                                                 : model_text(route.operation->name)));
        strays++;
    }
}

static void expect_rest(const struct operation *operation, enum protocol protocol)
{
    struct http_header copy = {STR("x-amz-copy-source"), STR("/b/k")};
    struct http_request request = request_of(model_method(operation->method),
                                             sample_target(operation));

    if (copies(operation)) {
        request.headers = &copy;
        request.header_count = 1;
    }
    expect(&request, operation, protocol);
}

static void every_rest_operation_finds_back_to_itself(void **state)
{
    int seen = 0;

    (void)state;
    for (uint32_t i = 0; i < model_operation_count; i++) {
        const struct operation *operation = &model_operations[i];
        const struct service_model *service = model_service_of(operation);

        arena_clear(arena);
        if (str_eq(model_text(operation->name), STR("ListDirectoryBuckets"))) {
            continue; /* ListBuckets at another host, which weir does not serve */
        }
        if (service->protocol == PROTOCOL_REST_JSON || service->protocol == PROTOCOL_REST_XML) {
            expect_rest(operation, service->protocol);
            seen++;
        }
    }
    assert_true(seen > 800);
    assert_int_equal(strays, 0);
}

static void every_action_finds_its_operation(void **state)
{
    int seen = 0;

    (void)state;
    for (uint32_t i = 0; i < model_operation_count; i++) {
        const struct operation *operation = &model_operations[i];
        const struct service_model *service = model_service_of(operation);
        bool ec2 = (service->protocols >> PROTOCOL_EC2 & 1) != 0;
        struct http_header type = {STR("content-type"),
                                   STR("application/x-www-form-urlencoded; charset=utf-8")};
        struct http_request request = request_of(STR("POST"), STR("/"));

        arena_clear(arena);
        if (!ec2 && (service->protocols >> PROTOCOL_QUERY & 1) == 0) {
            continue;
        }
        request.headers = &type;
        request.header_count = 1;
        request.body = arena_printf(arena, "Version=1&Action=%.*s",
                                    STR_ARG(model_text(operation->name)));
        expect(&request, operation, ec2 ? PROTOCOL_EC2 : PROTOCOL_QUERY);
        seen++;
    }
    assert_true(seen > 1000);
    assert_int_equal(strays, 0);
}

static void every_target_finds_its_operation(void **state)
{
    int seen = 0;

    (void)state;
    for (uint32_t i = 0; i < model_operation_count; i++) {
        const struct operation *operation = &model_operations[i];
        const struct service_model *service = model_service_of(operation);
        struct http_header target = {STR("x-amz-target"), STR_NONE};
        struct http_request request = request_of(STR("POST"), STR("/"));

        arena_clear(arena);
        if ((service->protocols >> PROTOCOL_JSON & 1) == 0) {
            continue;
        }
        target.value = arena_printf(arena, "%.*s.%.*s", STR_ARG(model_text(service->target_prefix)),
                                    STR_ARG(model_text(operation->name)));
        request.headers = &target;
        request.header_count = 1;
        expect(&request, operation, PROTOCOL_JSON);
        seen++;
    }
    assert_true(seen > 1000);
    assert_int_equal(strays, 0);
}

static void what_names_no_operation_is_told_so(void **state)
{
    struct http_header target = {STR("x-amz-target"), STR("Kinesis_20131202.Nonsense")};
    struct http_request request = request_of(STR("POST"), STR("/"));
    struct why why = {""};
    struct route route;

    (void)state;
    request.headers = &target;
    request.header_count = 1;
    assert_ptr_equal(wire_route(&request, STR("kinesis"), arena, &why, &route),
                     &WIRE_UNKNOWN_OPERATION);
    assert_true(str_eq(model_text(route.service->id), STR("kinesis")));
    target.value = STR("Nobody_1.PutRecord");
    assert_ptr_equal(wire_route(&request, STR("kinesis"), arena, &why, &route),
                     &WIRE_UNKNOWN_OPERATION);
    request.header_count = 0;
    request.query = STR("Action=Nonsense");
    assert_ptr_equal(wire_route(&request, STR("sns"), arena, &why, &route), &WIRE_INVALID_ACTION);
    assert_string_equal(why.text, "The action Nonsense is not valid for this web service.");
}

static void kinesis_is_spoken_in_cbor_too(void **state)
{
    struct http_header headers[2] = {{STR("x-amz-target"), STR("Kinesis_20131202.PutRecord")},
                                     {STR("content-type"), STR("application/x-amz-cbor-1.1")}};
    struct http_request request = request_of(STR("POST"), STR("/"));
    struct why why = {""};
    struct route route;

    (void)state;
    request.headers = headers;
    request.header_count = 2;
    assert_ptr_equal(wire_route(&request, STR("kinesis"), arena, &why, &route), OK);
    assert_int_equal(route.protocol, PROTOCOL_CBOR);
}

static void a_bucket_may_stand_in_the_host(void **state)
{
    struct http_request request = request_of(STR("GET"), STR("/a/b?acl"));
    struct why why = {""};
    struct route route;

    (void)state;
    request.authority = STR("photos.s3.us-east-1.amazonaws.com");
    assert_ptr_equal(wire_route(&request, STR("s3"), arena, &why, &route), OK);
    assert_true(str_eq(model_text(route.operation->name), STR("GetObjectAcl")));
    assert_true(str_eq(route.bucket, STR("photos")));
    assert_true(str_eq(route.path, STR("/a/b")));
}

static void an_unsigned_request_is_told_by_its_host(void **state)
{
    struct http_request request = request_of(STR("GET"), STR("/?Action=GetCallerIdentity"));
    struct why why = {""};
    struct route route;

    (void)state;
    request.authority = STR("sts.us-east-1.amazonaws.com:443");
    assert_ptr_equal(wire_route(&request, STR_NONE, arena, &why, &route), OK);
    assert_true(str_eq(model_text(route.service->id), STR("sts")));
    request = request_of(STR("GET"), STR("/bucket/key"));
    assert_ptr_equal(wire_route(&request, STR_NONE, arena, &why, &route), OK);
    assert_true(str_eq(model_text(route.operation->name), STR("GetObject")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rest_operation_finds_back_to_itself),
        cmocka_unit_test(every_action_finds_its_operation),
        cmocka_unit_test(every_target_finds_its_operation),
        cmocka_unit_test(what_names_no_operation_is_told_so),
        cmocka_unit_test(kinesis_is_spoken_in_cbor_too),
        cmocka_unit_test(a_bucket_may_stand_in_the_host),
        cmocka_unit_test(an_unsigned_request_is_told_by_its_host),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
