/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves that a request's body reaches the reader of its protocol, packed or not, and what a body
 * that is missing means.
 */
#include "tree.h"

#include "wire/gunzip.h"

#include <stdlib.h>
#include <zlib.h>

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

/* The tree as text, or "code: sentence". coding may be NULL. */
static const char *decode(const char *service, const char *operation, enum protocol protocol,
                          struct str body, const char *coding)
{
    struct http_header headers[1] = {{STR("content-encoding"), STR_NONE}};
    struct route route = {.service = model_service(str_c(service)),
                          .operation = operation_of(service, operation),
                          .protocol = (uint8_t)protocol,
                          .path = STR("/2015-03-31/functions/f/invocations")};
    struct http_request request = {.path = route.path, .headers = headers, .body = body};
    struct value *input;

    if (coding != NULL) {
        headers[0].value = str_c(coding);
        request.header_count = 1;
    }
    why.text[0] = 0;
    status s = wire_decode(&route, &request, arena, &why, &input);
    return s == OK ? dump_of(arena, input) : arena_printf(arena, "%s: %s", s->code, why.text).at;
}

static struct str copy_of(const char *text)
{
    return arena_dup(arena, str_c(text));
}

static struct str packed(const char *text, size_t bytes)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)text, .avail_in = (uInt)bytes};
    uLong room = compressBound(bytes) + 64;
    char *to = arena_alloc(arena, room);

    stream.next_out = (Bytef *)to;
    stream.avail_out = (uInt)room;
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    struct str result = str_of(to, stream.total_out);
    assert_int_equal(deflateEnd(&stream), Z_OK);
    return result;
}

static void the_protocol_says_how_a_body_is_read(void **state)
{
    (void)state;
    assert_string_equal(decode("kinesis", "ListStreams", PROTOCOL_JSON,
                               copy_of("{\"Limit\":7}"), NULL),
                        "{\"Limit\":7}");
    assert_string_equal(decode("kinesis", "ListStreams", PROTOCOL_CBOR,
                               copy_of("\xa1\x65Limit\x07"), NULL),
                        "{\"Limit\":7}");
    assert_string_equal(decode("cloudwatch", "ListDashboards", PROTOCOL_RPC_CBOR,
                               copy_of("\xbf\x69NextToken\x61t\xff"), NULL),
                        "{\"NextToken\":\"t\"}");
    assert_string_equal(decode("kinesis", "ListStreams", PROTOCOL_CBOR, copy_of("{}"), NULL),
                        "SerializationException: ");
}

static void no_body_is_broken_unless_there_is_no_input(void **state)
{
    (void)state;
    assert_string_equal(decode("kinesis", "ListStreams", PROTOCOL_JSON, STR_NONE, NULL),
                        "SerializationException: ");
    assert_string_equal(decode("kinesis", "ListStreams", PROTOCOL_CBOR, STR_NONE, NULL),
                        "SerializationException: ");
    assert_string_equal(decode("kinesis", "ListStreams", PROTOCOL_JSON, copy_of("null"), NULL),
                        "SerializationException: ");
    assert_string_equal(decode("lambda", "Invoke", PROTOCOL_REST_JSON, STR_NONE, NULL),
                        "{\"FunctionName\":\"f\"}");
}

static void packed_bodies_are_unpacked(void **state)
{
    (void)state;
    assert_string_equal(decode("kinesis", "ListStreams", PROTOCOL_JSON,
                               packed("{\"Limit\":7}", 11), "gzip"),
                        "{\"Limit\":7}");
    assert_string_equal(decode("kinesis", "ListStreams", PROTOCOL_JSON,
                               packed("{\"Limit\":7}", 11), NULL),
                        "SerializationException: ");
    assert_string_equal(decode("kinesis", "ListStreams", PROTOCOL_JSON,
                               copy_of("{\"Limit\":7}"), "gzip"),
                        "SerializationException: ");
    /* The caller's own bytes stay as they are. */
    assert_string_equal(decode("lambda", "Invoke", PROTOCOL_REST_JSON, copy_of("abc"), "gzip"),
                        "{\"FunctionName\":\"f\",\"Payload\":\"YWJj\"}");
}

static void whatever_is_packed_comes_out_the_same(void **state)
{
    static char text[300000];

    (void)state;
    for (size_t bytes = 0; bytes < sizeof(text); bytes = bytes * 3 + 1) {
        struct str plain;
        for (size_t i = 0; i < bytes; i++) {
            text[i] = (char)(i * i >> 7);
        }
        assert_ptr_equal(gunzip(packed(text, bytes), sizeof(text), arena, &why, &plain), OK);
        assert_int_equal(plain.bytes, bytes);
        assert_memory_equal(plain.at, text, bytes);
    }
}

static void a_bomb_is_noticed_while_it_goes_off(void **state)
{
    size_t bytes = 64u << 20;
    char *zeros = calloc(1, bytes);
    struct arena *small = arena_new(4u << 20);
    struct str plain;

    (void)state;
    struct str bomb = packed(zeros, bytes);
    assert_ptr_equal(gunzip(bomb, 1u << 20, small, &why, &plain), &WIRE_TOO_LARGE);
    arena_clear(small);
    assert_ptr_equal(gunzip(bomb, 64u << 20, small, &why, &plain), &ERR_LIMIT);
    arena_free(small);
    free(zeros);
}

static void exactly_as_much_as_allowed_comes_out(void **state)
{
    static char text[10000];
    struct str plain;

    (void)state;
    assert_ptr_equal(gunzip(packed(text, 10000), 10000, arena, &why, &plain), OK);
    assert_ptr_equal(gunzip(packed(text, 10000), 9999, arena, &why, &plain), &WIRE_TOO_LARGE);
}

static void what_is_cut_or_has_something_behind_it_is_refused(void **state)
{
    struct str whole = packed("hello hello hello", 17);
    char *longer = arena_alloc(arena, whole.bytes + 1);
    struct str plain;

    (void)state;
    for (size_t bytes = 0; bytes < whole.bytes; bytes++) {
        assert_ptr_equal(gunzip(str_slice(whole, 0, bytes), 1000, arena, &why, &plain),
                         &WIRE_SERIALIZATION);
    }
    memcpy(longer, whole.at, whole.bytes);
    longer[whole.bytes] = 0;
    assert_ptr_equal(gunzip(str_of(longer, whole.bytes + 1), 1000, arena, &why, &plain),
                     &WIRE_SERIALIZATION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_protocol_says_how_a_body_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_body_is_broken_unless_there_is_no_input, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(packed_bodies_are_unpacked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(whatever_is_packed_comes_out_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_bomb_is_noticed_while_it_goes_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exactly_as_much_as_allowed_comes_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_cut_or_has_something_behind_it_is_refused, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
