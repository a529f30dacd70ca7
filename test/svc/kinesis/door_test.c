/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole server in one process, without a socket: bytes of HTTP in, bytes of HTTP out, through
 * net, the door, wire, the cell, Kinesis and a store on a disk in memory. What a client sees of
 * good requests, of bad ones, and of many at once.
 */
#include "../test/svc/kinesis/world.h"

#include "base/codec.h"
#include "cell/door.h"
#include "net/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

struct fixture {
    struct world world;
    struct door *door;
    struct loopback *loopback;
    uint32_t connection;
};

static int set_up(void **state)
{
    static struct fixture f;
    struct door_options options = {.version = "test"};

    memset(&f, 0, sizeof(f));
    f.world.disk = faulty_new(1);
    f.world.arena = arena_new(64u << 20);
    assert_ptr_equal(world_open(&f.world), OK);
    options.cell = f.world.cell;
    f.door = door_new(&options);
    f.loopback = loopback_new(door_app(f.door));
    f.connection = loopback_connect(f.loopback);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    loopback_free(f->loopback);
    door_free(f->door);
    cell_close(f->world.cell);
    store_close(f->world.store);
    faulty_free(f->world.disk);
    arena_free(f->world.arena);
    return 0;
}

static struct str request_text(struct fixture *f, const char *operation, struct str body)
{
    return arena_printf(f->world.arena,
                        "POST / HTTP/1.1\r\nHost: kinesis.us-east-1.amazonaws.com\r\n"
                        "X-Amz-Target: Kinesis_20131202.%s\r\n"
                        "Content-Type: application/x-amz-json-1.1\r\n"
                        "Content-Length: %zu\r\n\r\n%.*s",
                        operation, body.bytes, STR_ARG(body));
}

/* Sends, runs until nothing is left to do, and gives all that came back. */
static struct str exchange(struct fixture *f, struct str text)
{
    loopback_forget(f->loopback, f->connection);
    loopback_send(f->loopback, f->connection, text);
    loopback_run(f->loopback);
    return arena_dup(f->world.arena, loopback_received(f->loopback, f->connection));
}

static struct str call(struct fixture *f, const char *operation, const char *body)
{
    return exchange(f, request_text(f, operation, str_c(body)));
}

static void expect(struct str answer, const char *begin, const char *contains)
{
    if (!str_starts(answer, str_c(begin)) ||
        str_find_str(answer, str_c(contains)) == answer.bytes) {
        print_error("wanted %s … %s, got:\n%.*s\n", begin, contains, STR_ARG(answer));
    }
    assert_true(str_starts(answer, str_c(begin)));
    assert_true(str_find_str(answer, str_c(contains)) < answer.bytes);
}

static void a_record_goes_in_and_comes_out(void **state)
{
    struct fixture *f = *state;
    struct str answer;
    size_t at;

    expect(call(f, "CreateStream", "{\"StreamName\":\"s\",\"ShardCount\":1}"), "HTTP/1.1 200 ",
           "x-amzn-requestid: ");
    expect(call(f, "PutRecord",
                "{\"StreamName\":\"s\",\"PartitionKey\":\"k\",\"Data\":\"aGVsbG8=\"}"),
           "HTTP/1.1 200 ", "\"ShardId\":\"shardId-000000000000\"");
    assert_int_equal(journal_durable(store_journal(f->world.store)),
                     journal_last(store_journal(f->world.store)));
    answer = call(f, "GetShardIterator",
                  "{\"StreamName\":\"s\",\"ShardId\":\"shardId-000000000000\","
                  "\"ShardIteratorType\":\"TRIM_HORIZON\"}");
    at = str_find_str(answer, STR("{\"ShardIterator\""));
    answer = exchange(f, request_text(f, "GetRecords", str_slice(answer, at, answer.bytes)));
    expect(answer, "HTTP/1.1 200 ", "\"Data\":\"aGVsbG8=\"");
    expect(answer, "HTTP/1.1 200 ", "\"PartitionKey\":\"k\"");
}

static void what_is_wrong_is_said_in_awss_words(void **state)
{
    static const struct {
        const char *operation, *body, *begin, *contains;
    } cases[] = {
        {"PutRecord", "{", "HTTP/1.1 400 ", "SerializationException"},
        {"PutRecord", "[]", "HTTP/1.1 400 ", "SerializationException"},
        {"PutRecord", "{\"StreamName\":7}", "HTTP/1.1 400 ", "SerializationException"},
        {"PutRecord", "{\"StreamName\":\"s\",\"PartitionKey\":\"k\",\"Data\":\"*\"}",
         "HTTP/1.1 400 ", "SerializationException"},
        {"PutRecord", "{\"StreamName\":\"s\"}", "HTTP/1.1 400 ",
         "1 validation error detected: Value null at 'data' failed to satisfy constraint: Member "
         "must not be null"},
        {"PutRecord", "{\"StreamName\":\"a b\",\"PartitionKey\":\"k\",\"Data\":\"\"}",
         "HTTP/1.1 400 ",
         "Value 'a b' at 'streamName' failed to satisfy constraint: Member must satisfy regular "
         "expression pattern: [a-zA-Z0-9_.-]+"},
        {"PutRecord", "{\"StreamName\":\"none\",\"PartitionKey\":\"k\",\"Data\":\"\"}",
         "HTTP/1.1 400 ", "Stream none under account 000000000000 not found."},
        {"Nonsense", "{}", "HTTP/1.1 4", "UnknownOperationException"},
        {"CreateChannel", "{}", "HTTP/1.1 400 ", "3 validation errors detected"},
        {"GetRecords", "{\"ShardIterator\":\"AAAA\"}", "HTTP/1.1 400 ", "Invalid ShardIterator."},
        {"CreateStream", "{\"StreamName\":\"s\",\"ShardCount\":0}", "HTTP/1.1 400 ",
         "Value '0' at 'shardCount' failed to satisfy constraint: Member must have value greater "
         "than or equal to 1"},
    };
    struct fixture *f = *state;
    uint64_t before = journal_last(store_journal(f->world.store));

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        expect(call(f, cases[i].operation, cases[i].body), cases[i].begin, cases[i].contains);
    }
    assert_int_equal(journal_last(store_journal(f->world.store)), before);
}

static void many_requests_in_one_turn_share_a_sync(void **state)
{
    struct fixture *f = *state;
    struct str one;
    struct str all = STR("");
    uint64_t syncs;
    struct str answer;
    int count = 0;

    call(f, "CreateStream", "{\"StreamName\":\"s\",\"ShardCount\":1}");
    one = request_text(f, "PutRecord",
                       STR("{\"StreamName\":\"s\",\"PartitionKey\":\"k\",\"Data\":\"aGVsbG8=\"}"));
    for (int i = 0; i < 20; i++) {
        all = arena_printf(f->world.arena, "%.*s%.*s", STR_ARG(all), STR_ARG(one));
    }
    syncs = faulty_syncs(f->world.disk);
    answer = exchange(f, all);
    for (size_t at = 0; (at = str_find_str(answer, STR("HTTP/1.1 200"))) < answer.bytes; count++) {
        answer = str_slice(answer, at + 1, answer.bytes);
    }
    assert_int_equal(count, 20);
    assert_true(faulty_syncs(f->world.disk) - syncs <= 2);
}

static void health_and_the_journal_are_told(void **state)
{
    struct fixture *f = *state;

    call(f, "CreateStream", "{\"StreamName\":\"s\",\"ShardCount\":1}");
    expect(exchange(f, STR("GET /_weir/health HTTP/1.1\r\nHost: x\r\n\r\n")), "HTTP/1.1 200 ",
           "\"status\":\"ok\"");
    expect(exchange(f, STR("GET /_weir/journal?service=kinesis HTTP/1.1\r\nHost: x\r\n\r\n")),
           "HTTP/1.1 200 ", "\"operation\":\"CreateStream\"");
    expect(exchange(f, STR("GET /_weir/journal HTTP/1.1\r\nHost: x\r\nOrigin: https://evil\r\n"
                           "\r\n")), "HTTP/1.1 403 ", "message");
    expect(exchange(f, STR("GET /_weir/nothing HTTP/1.1\r\nHost: x\r\n\r\n")), "HTTP/1.1 404 ",
           "/_weir/health");
}

static void a_browser_may_ask_first(void **state)
{
    struct fixture *f = *state;

    expect(exchange(f, STR("OPTIONS / HTTP/1.1\r\nHost: x\r\nOrigin: http://localhost:3000\r\n"
                           "Access-Control-Request-Method: POST\r\n"
                           "Access-Control-Request-Headers: x-amz-target\r\n\r\n")),
           "HTTP/1.1 200 ", "access-control-allow-headers: x-amz-target");
}

static void a_clock_that_is_moved_moves_retention(void **state)
{
    struct fixture *f = *state;

    call(f, "CreateStream", "{\"StreamName\":\"s\",\"ShardCount\":1}");
    call(f, "PutRecord", "{\"StreamName\":\"s\",\"PartitionKey\":\"k\",\"Data\":\"aGVsbG8=\"}");
    assert_int_equal(world_records(&f->world, "s", "shardId-000000000000")->count, 1);
    expect(exchange(f, STR("POST /_weir/clock?advance=25h HTTP/1.1\r\nHost: x\r\n"
                           "Content-Length: 0\r\n\r\n")), "HTTP/1.1 200 ", "\"manual\"");
    assert_int_equal(world_records(&f->world, "s", "shardId-000000000000")->count, 0);
}

static void a_peer_that_leaves_a_stream_is_forgotten(void **state)
{
    struct fixture *f = *state;
    uint32_t other;
    struct str answer;

    call(f, "CreateStream", "{\"StreamName\":\"s\",\"ShardCount\":1}");
    answer = call(f, "RegisterStreamConsumer",
                  "{\"StreamARN\":\"arn:aws:kinesis:us-east-1:000000000000:stream/s\","
                  "\"ConsumerName\":\"c\"}");
    expect(answer, "HTTP/1.1 200 ", "consumer/c:1790000000");
    struct str subscribe = request_text(
        f, "SubscribeToShard",
        STR("{\"ConsumerARN\":\"arn:aws:kinesis:us-east-1:000000000000:stream/s/consumer/"
            "c:1790000000\",\"ShardId\":\"shardId-000000000000\","
            "\"StartingPosition\":{\"Type\":\"LATEST\"}}"));

    other = loopback_connect(f->loopback);
    loopback_send(f->loopback, other, subscribe);
    loopback_run(f->loopback);
    expect(loopback_received(f->loopback, other), "HTTP/1.1 200 ", "initial-response");
    loopback_forget(f->loopback, other);
    call(f, "PutRecord", "{\"StreamName\":\"s\",\"PartitionKey\":\"k\",\"Data\":\"aGVsbG8=\"}");
    loopback_run(f->loopback);
    assert_true(str_find_str(loopback_received(f->loopback, other), STR("aGVsbG8=")) <
                loopback_received(f->loopback, other).bytes);
    expect(exchange(f, subscribe), "HTTP/1.1 400 ", "ResourceInUseException");
    loopback_close(f->loopback, other);
    loopback_run(f->loopback);
    loopback_forget(f->loopback, f->connection);
    loopback_send(f->loopback, f->connection, subscribe);
    loopback_run(f->loopback);
    expect(loopback_received(f->loopback, f->connection), "HTTP/1.1 200 ", "initial-response");
    loopback_close(f->loopback, f->connection);
    loopback_run(f->loopback);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(a_record_goes_in_and_comes_out),
        CASE(what_is_wrong_is_said_in_awss_words),
        CASE(many_requests_in_one_turn_share_a_sync),
        CASE(health_and_the_journal_are_told),
        CASE(a_browser_may_ask_first),
        CASE(a_clock_that_is_moved_moves_retention),
        CASE(a_peer_that_leaves_a_stream_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
