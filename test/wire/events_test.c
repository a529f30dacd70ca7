/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves that event stream messages are AWS's bytes (vectors of AWS's SDKs and of botocore's
 * decoder), that no changed byte of a message passes, and that events and errors of value trees say
 * what they are in the headers that clients look at.
 */
#include "tree.h"

#include "base/codec.h"
#include "base/digest.h"
#include "wire/events.h"

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

static const char *hex(struct str bytes)
{
    char *text = arena_zero(arena, 2 * bytes.bytes + 1);

    hex_encode(bytes, text);
    return text;
}

static struct str unhex(const char *text)
{
    char *bytes = arena_alloc(arena, strlen(text) / 2 + 1);

    assert_true(hex_decode(str_c(text), bytes));
    return str_of(bytes, strlen(text) / 2);
}

#define EVERY_TYPE                                                                                 \
    "000000890000007267df1d9a0474727565000566616c736501046279746502cf0573686f727403fed407696e7465" \
    "67657204fffeee90046c6f6e6705fffffffed5fa0e0005627974657306000200ff04746578740700036162630474" \
    "696d65080000000000845fed047575696409000102030405060708090a0b0c0d0e0f7061796c6f61644829263b"

static const struct event_header every_type[] = {
    {.name = STR_INIT("true"), .type = EVENT_TRUE, .number = 1},
    {.name = STR_INIT("false"), .type = EVENT_FALSE},
    {.name = STR_INIT("byte"), .type = EVENT_BYTE, .number = -49},
    {.name = STR_INIT("short"), .type = EVENT_SHORT, .number = -300},
    {.name = STR_INIT("integer"), .type = EVENT_INTEGER, .number = -70000},
    {.name = STR_INIT("long"), .type = EVENT_LONG, .number = -5000000000},
    {.name = STR_INIT("bytes"), .type = EVENT_BYTES, .text = STR_INIT("\0\xff")},
    {.name = STR_INIT("text"), .type = EVENT_TEXT, .text = STR_INIT("abc")},
    {.name = STR_INIT("time"), .type = EVENT_TIME, .number = 8675309},
    {.name = STR_INIT("uuid"), .type = EVENT_UUID,
     .text = STR_INIT("\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17")},
};
#define TYPES (sizeof(every_type) / sizeof(every_type[0]))

static void writes_awss_bytes(void **state)
{
    struct buf headers;
    struct str message;

    (void)state;
    assert_ptr_equal(event_compose(STR_NONE, STR_NONE, arena, &message), OK);
    assert_string_equal(hex(message), "000000100000000005c248eb7d98c8ff");
    assert_ptr_equal(event_compose(STR_NONE, STR("{'foo':'bar'}"), arena, &message), OK);
    assert_string_equal(hex(message),
                        "0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936");
    buf_init(&headers, EVENT_HEADERS_BYTES_MAX);
    for (size_t i = 0; i < TYPES; i++) {
        event_header_write(&headers, &every_type[i]);
    }
    assert_ptr_equal(event_compose(buf_str(&headers), STR("payload"), arena, &message), OK);
    assert_string_equal(hex(message), EVERY_TYPE);
    buf_done(&headers);
}

static void reads_awss_bytes(void **state)
{
    static struct event_message message;
    struct str bytes = unhex(EVERY_TYPE);

    (void)state;
    assert_ptr_equal(event_read(bytes, &message), OK);
    assert_int_equal(message.header_count, TYPES);
    for (size_t i = 0; i < TYPES; i++) {
        assert_true(str_eq(message.headers[i].name, every_type[i].name));
        assert_int_equal(message.headers[i].type, every_type[i].type);
        assert_int_equal(message.headers[i].number, every_type[i].number);
        assert_true(str_eq(message.headers[i].text, every_type[i].text));
    }
    assert_true(str_eq(message.payload, STR("payload")));
    assert_non_null(event_header_find(&message, STR("text")));
    assert_null(event_header_find(&message, STR("tex")));
}

static void no_changed_byte_passes(void **state)
{
    static struct event_message message;
    struct str good = unhex(EVERY_TYPE);

    (void)state;
    for (size_t i = 0; i < good.bytes; i++) {
        for (int bit = 0; bit < 8; bit++) {
            char *bytes = malloc(good.bytes);
            memcpy(bytes, good.at, good.bytes);
            bytes[i] = (char)(bytes[i] ^ 1 << bit);
            assert_ptr_equal(event_read(str_of(bytes, good.bytes), &message), &ERR_MALFORMED);
            free(bytes);
        }
    }
    for (size_t i = 0; i < good.bytes; i++) {
        assert_ptr_equal(event_read(str_of(good.at, i), &message), &ERR_MALFORMED);
    }
}

static void says_how_long_a_message_is(void **state)
{
    struct str good = unhex(EVERY_TYPE);
    size_t bytes = 1;

    (void)state;
    assert_ptr_equal(event_bytes(str_of(good.at, 11), &bytes), OK);
    assert_int_equal(bytes, 0);
    assert_ptr_equal(event_bytes(str_of(good.at, 12), &bytes), OK);
    assert_int_equal(bytes, good.bytes);
    assert_ptr_equal(event_bytes(unhex("000000100000000005c248ec"), &bytes), &ERR_MALFORMED);
}

/* A message with these bytes as headers, right in everything else. */
static status read_headers(const char *text)
{
    static struct event_message message;
    struct str composed;

    assert_ptr_equal(event_compose(unhex(text), STR("p"), arena, &composed), OK);
    return event_read(composed, &message);
}

static void refuses_headers_that_are_none(void **state)
{
    static const char *const bad[] = {
        "00",         /* no name */
        "0500",       /* less than the name says */
        "0161",       /* no type */
        "01610a",     /* no such type */
        "016107",     /* no length */
        "0161070002", /* less than the length says */
        "01610400",   /* less than an integer */
        "016109ffff", /* less than a UUID */
        "01610000",   /* something behind */
    };
    char many[EVENT_HEADERS_MAX * 6 + 7] = "";

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_ptr_equal(read_headers(bad[i]), &ERR_MALFORMED);
    }
    for (size_t i = 0; i < EVENT_HEADERS_MAX; i++) {
        memcpy(many + 6 * i, "016100", 7);
    }
    assert_ptr_equal(read_headers(many), OK);
    memcpy(many + 6 * EVENT_HEADERS_MAX, "016100", 7);
    assert_ptr_equal(read_headers(many), &ERR_LIMIT);
}

static void what_is_too_large_is_not_written(void **state)
{
    struct str large = str_of(arena_zero(arena, EVENT_MESSAGE_BYTES_MAX), EVENT_MESSAGE_BYTES_MAX);
    struct str message;
    struct buf headers;

    (void)state;
    assert_ptr_equal(event_compose(STR_NONE, large, arena, &message), &ERR_LIMIT);
    assert_ptr_equal(event_compose(str_slice(large, 0, EVENT_HEADERS_BYTES_MAX + 1), STR_NONE,
                                   arena, &message),
                     &ERR_LIMIT);
    buf_init(&headers, EVENT_HEADERS_BYTES_MAX);
    event_header_text(&headers, STR("n"), str_slice(large, 0, EVENT_TEXT_BYTES_MAX));
    assert_false(buf_spent(&headers));
    event_header_text(&headers, STR("n"), str_slice(large, 0, EVENT_TEXT_BYTES_MAX + 1));
    assert_true(buf_spent(&headers));
    buf_clear(&headers);
    event_header_text(&headers, str_slice(large, 0, 256), STR(""));
    assert_true(buf_spent(&headers));
    buf_done(&headers);
}

/* ---- value trees ---- */

static struct route route_of(const char *service, const char *operation, enum protocol protocol)
{
    return (struct route){.service = model_service(str_c(service)),
                          .operation = operation_of(service, operation),
                          .protocol = (uint8_t)protocol,
                          .json_minor = 1};
}

/* An empty structure of an event of the operation's stream. */
static struct value *event_of(const struct route *route, const char *event)
{
    const struct shape *output = model_shape(route->operation->output);

    for (uint32_t i = 0; i < output->count; i++) {
        uint32_t stream = model_members[output->first + i].shape;
        if (model_shape(stream)->flags & SHAPE_EVENTSTREAM) {
            return value_struct(arena, member_shape_of(stream, event));
        }
    }
    fail();
    return NULL;
}

/* The headers as "name=text;…" and the payload behind "|". */
static const char *told(struct str bytes)
{
    static struct event_message message;
    struct buf out;

    assert_ptr_equal(event_read(bytes, &message), OK);
    buf_init(&out, 1u << 20);
    for (size_t i = 0; i < message.header_count; i++) {
        assert_int_equal(message.headers[i].type, EVENT_TEXT);
        buf_printf(&out, "%.*s=%.*s;", STR_ARG(message.headers[i].name),
                   STR_ARG(message.headers[i].text));
    }
    buf_add_c(&out, '|');
    buf_add(&out, message.payload);
    const char *text = arena_dup(arena, buf_str(&out)).at;
    buf_done(&out);
    return text;
}

static void an_events_members_are_its_payload(void **state)
{
    struct route route = route_of("kinesis", "SubscribeToShard", PROTOCOL_JSON);
    struct value *event = event_of(&route, "SubscribeToShardEvent");
    struct str message;

    (void)state;
    set_int(event, "MillisBehindLatest", 5);
    set_str(event, "ContinuationSequenceNumber", STR("49"));
    assert_ptr_equal(wire_encode_event(&route, "SubscribeToShardEvent", event, arena, &message),
                     OK);
    assert_string_equal(told(message),
                        ":event-type=SubscribeToShardEvent;"
                        ":content-type=application/x-amz-json-1.1;:message-type=event;"
                        "|{\"ContinuationSequenceNumber\":\"49\",\"MillisBehindLatest\":5}");
    assert_ptr_equal(wire_encode_event_first(&route, value_struct(arena, route.operation->output),
                                             arena, &message),
                     OK);
    assert_string_equal(told(message), ":event-type=initial-response;"
                                       ":content-type=application/x-amz-json-1.1;"
                                       ":message-type=event;|{}");
    route = route_of("s3", "SelectObjectContent", PROTOCOL_REST_XML);
    assert_ptr_equal(wire_encode_event_first(&route, value_struct(arena, route.operation->output),
                                             arena, &message),
                     OK);
    assert_int_equal(message.bytes, 0);
}

static void a_payload_member_is_the_payload(void **state)
{
    struct route route = route_of("s3", "SelectObjectContent", PROTOCOL_REST_XML);
    struct value *event = event_of(&route, "Records");
    struct str message;

    (void)state;
    set_blob(event, "Payload", STR("a,b\n"));
    assert_ptr_equal(wire_encode_event(&route, "Records", event, arena, &message), OK);
    assert_string_equal(told(message), ":event-type=Records;"
                                       ":content-type=application/octet-stream;"
                                       ":message-type=event;|a,b\n");
    event = event_of(&route, "Stats");
    set_int(set_struct(arena, event, "Details"), "BytesScanned", 7);
    assert_ptr_equal(wire_encode_event(&route, "Stats", event, arena, &message), OK);
    assert_string_equal(told(message), ":event-type=Stats;:content-type=text/xml;"
                                       ":message-type=event;"
                                       "|<Stats><BytesScanned>7</BytesScanned></Stats>");
    assert_ptr_equal(wire_encode_event(&route, "End", event_of(&route, "End"), arena, &message),
                     OK);
    assert_string_equal(told(message), ":event-type=End;:message-type=event;|");
}

static void an_error_of_the_stream_is_an_exception(void **state)
{
    static const struct error line = {"ResourceNotFoundException", NULL, 400, false};
    struct route route = route_of("kinesis", "SubscribeToShard", PROTOCOL_JSON);
    struct fault fault = {.code = &line, .message = STR("No \"shard\"")};
    struct str message;

    (void)state;
    assert_ptr_equal(wire_encode_event_error(&route, &fault, arena, &message), OK);
    assert_string_equal(told(message), ":exception-type=ResourceNotFoundException;"
                                       ":content-type=application/x-amz-json-1.1;"
                                       ":message-type=exception;"
                                       "|{\"message\":\"No \\\"shard\\\"\"}");
}

static void any_other_error_is_an_error(void **state)
{
    struct route route = route_of("kinesis", "SubscribeToShard", PROTOCOL_JSON);
    struct fault fault = {.code = &WIRE_UNAVAILABLE, .message = STR("Later")};
    struct str message;

    (void)state;
    assert_ptr_equal(wire_encode_event_error(&route, &fault, arena, &message), OK);
    assert_string_equal(told(message), ":error-message=Later;:error-code=ServiceUnavailable;"
                                       ":message-type=error;|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_awss_bytes),
        cmocka_unit_test(reads_awss_bytes),
        cmocka_unit_test(no_changed_byte_passes),
        cmocka_unit_test(says_how_long_a_message_is),
        cmocka_unit_test(refuses_headers_that_are_none),
        cmocka_unit_test(what_is_too_large_is_not_written),
        cmocka_unit_test(an_events_members_are_its_payload),
        cmocka_unit_test(a_payload_member_is_the_payload),
        cmocka_unit_test(an_error_of_the_stream_is_an_exception),
        cmocka_unit_test(any_other_error_is_an_error),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
