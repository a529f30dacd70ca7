/* SPDX-License-Identifier: Apache-2.0
 *
 * What needs a server but no socket: who waits is woken whoever settles the queue, and by what
 * comes back or goes; a caller that has gone takes nothing with it; a queue takes 120,000 messages
 * in flight and no more; what expires goes in steps.
 */
#include "../test/svc/sqs/world.h"

#include "base/codec.h"
#include "cell/door.h"
#include "net/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define IN_FLIGHT_MOST 120000

struct fixture {
    struct world world;            /* with the service */
    struct door *door;             /* into the world */
    struct loopback *loopback;     /* to the door */
    uint32_t connection;           /* of call() */
};

static int set_up(void **state)
{
    static struct fixture f;
    struct door_options options = {.version = "test"};

    memset(&f, 0, sizeof(f));
    f.world.disk = faulty_new(1);
    f.world.arena = arena_new(256u << 20);
    assert_ptr_equal(world_open(&f.world), OK);
    options.cell = f.world.cell;
    f.door = door_new(&options);
    f.loopback = loopback_new(door_app(f.door));
    f.connection = loopback_connect(f.loopback);
    assert_ptr_equal(world_create(&f.world, "work", NULL), OK);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    loopback_free(f->loopback);
    door_free(f->door);
    world_close(&f->world);
    faulty_free(f->world.disk);
    arena_free(f->world.arena);
    return 0;
}

/* Sends a request and does not wait for its answer. */
static void ask(struct fixture *f, uint32_t connection, const char *operation, const char *body)
{
    struct str text = arena_printf(f->world.arena,
                                   "POST / HTTP/1.1\r\nHost: sqs.us-east-1.amazonaws.com\r\n"
                                   "X-Amz-Target: AmazonSQS.%s\r\n"
                                   "Content-Type: application/x-amz-json-1.0\r\n"
                                   "Content-Length: %zu\r\n\r\n%s",
                                   operation, strlen(body), body);

    loopback_forget(f->loopback, connection);
    loopback_send(f->loopback, connection, text);
    loopback_run(f->loopback);
}

static bool answered(struct fixture *f, uint32_t connection, const char *contains)
{
    struct str got = loopback_received(f->loopback, connection);

    return str_find_str(got, str_c(contains)) < got.bytes;
}

/* An answer that somebody else's call brings about comes a moment later, when it is durable. */
static bool answered_soon(struct fixture *f, uint32_t connection, const char *contains)
{
    for (int i = 0; i < 1000000 && !answered(f, connection, contains); i++) {
        loopback_run(f->loopback);
    }
    return answered(f, connection, contains);
}

static void expect(struct fixture *f, const char *operation, const char *body,
                   const char *contains)
{
    ask(f, f->connection, operation, body);
    if (!answered_soon(f, f->connection, contains)) {
        print_error("wanted %s, got:\n%.*s\n", contains,
                    STR_ARG(loopback_received(f->loopback, f->connection)));
    }
    assert_true(answered(f, f->connection, contains));
}

/* A connection whose receive waits, and has no answer yet. */
static uint32_t wait_for_one(struct fixture *f, const char *queue)
{
    uint32_t waiting = loopback_connect(f->loopback);

    ask(f, waiting, "ReceiveMessage",
        arena_printf(f->world.arena, "{\"QueueUrl\":\"%s\",\"WaitTimeSeconds\":20}", queue).at);
    assert_int_equal(loopback_received(f->loopback, waiting).bytes, 0);
    return waiting;
}

static void who_waits_is_woken_by_whoever_settles_the_queue(void **state)
{
    struct fixture *f = *state;
    uint32_t waiting;

    expect(f, "SendMessage", "{\"QueueUrl\":\"work\",\"MessageBody\":\"late\",\"DelaySeconds\":9}",
           "MessageId");
    waiting = wait_for_one(f, "work");
    clock_advance(&f->world.clock, 9000); /* as a rule no timer fires before the next call is in */
    expect(f, "GetQueueAttributes", "{\"QueueUrl\":\"work\",\"AttributeNames\":[\"All\"]}",
           "\"ApproximateNumberOfMessages\":\"");
    assert_true(answered_soon(f, waiting, "\"Body\":\"late\""));
}

static void who_waits_is_woken_by_a_moment(void **state)
{
    struct fixture *f = *state;
    uint32_t first;
    uint32_t second;

    expect(f, "SendMessage", "{\"QueueUrl\":\"work\",\"MessageBody\":\"m\"}", "MessageId");
    expect(f, "ReceiveMessage", "{\"QueueUrl\":\"work\",\"VisibilityTimeout\":5}", "\"m\"");
    first = wait_for_one(f, "work");
    second = wait_for_one(f, "work");
    assert_ptr_equal(cell_advance(f->world.cell, 4999, &f->world.why), OK);
    loopback_run(f->loopback);
    assert_false(answered(f, first, "HTTP"));
    assert_ptr_equal(cell_advance(f->world.cell, 1, &f->world.why), OK);
    loopback_run(f->loopback);
    assert_true(answered_soon(f, first, "\"Body\":\"m\"")); /* who waited longest */
    assert_false(answered(f, second, "HTTP"));
    assert_ptr_equal(cell_advance(f->world.cell, 15001, &f->world.why), OK);
    loopback_run(f->loopback);
    assert_true(answered_soon(f, second, "HTTP/1.1 200"));
    assert_false(answered(f, second, "Body"));
}

static void a_caller_that_has_gone_passes_the_word_on(void **state)
{
    struct fixture *f = *state;
    uint32_t gone = wait_for_one(f, "work");
    uint32_t second = wait_for_one(f, "work");

    loopback_close(f->loopback, gone);
    loopback_run(f->loopback);
    expect(f, "SendMessage", "{\"QueueUrl\":\"work\",\"MessageBody\":\"m\"}", "MessageId");
    assert_true(answered_soon(f, second, "\"Body\":\"m\""));
}

static void who_waits_hears_that_the_queue_is_gone(void **state)
{
    struct fixture *f = *state;
    uint32_t waiting = wait_for_one(f, "work");

    expect(f, "DeleteQueue", "{\"QueueUrl\":\"work\"}", "HTTP/1.1 200");
    assert_true(answered_soon(f, waiting, "QueueDoesNotExist"));
}

static void a_group_goes_on_for_who_waits(void **state)
{
    struct fixture *f = *state;
    const struct value *list;
    uint32_t waiting;
    status received;

    assert_ptr_equal(world_create(&f->world, "work.fifo", NULL), OK);
    assert_ptr_equal(world_send(&f->world, "work.fifo", "g", STR("1"), 0), OK);
    assert_ptr_equal(world_send(&f->world, "work.fifo", "g", STR("2"), 0), OK);
    list = world_receive(&f->world, "work.fifo", 1, 100, &received);
    waiting = wait_for_one(f, "work.fifo");
    assert_ptr_equal(world_delete(&f->world, "work.fifo",
                                  get_str(&list->items[0], "ReceiptHandle")), OK);
    loopback_run(f->loopback);
    assert_true(answered_soon(f, waiting, "\"Body\":\"2\""));
}

/* ---- many ---- */

static void send_ten(struct world *world, const char *queue)
{
    struct value *in = world_input(world, "SendMessageBatch", queue);
    struct value *list = set_list(world->arena, in, "Entries", 10);
    struct value *out;

    for (int i = 0; i < 10; i++) {
        struct value *entry = list_add(world->arena, list);

        set_str(entry, "Id", arena_printf(world->arena, "%d", i));
        set_str(entry, "MessageBody", STR("m"));
    }
    assert_ptr_equal(world_call(world, "SendMessageBatch", in, &out), OK);
}

static int64_t number_of(struct world *world, const char *queue, const char *attribute)
{
    struct value *in = world_input(world, "GetQueueAttributes", queue);
    struct value *out;
    int64_t number = -1;

    list_add_str(set_list(world->arena, in, "AttributeNames", 1), str_c(attribute));
    assert_ptr_equal(world_call(world, "GetQueueAttributes", in, &out), OK);
    assert_true(str_to_i64(map_find(get(out, "Attributes"), str_c(attribute))->str, &number));
    return number;
}

static void a_queue_takes_so_many_in_flight_and_no_more(void **state)
{
    struct fixture *f = *state;
    const struct value *list = NULL;
    char handle[64] = "";
    uint32_t waiting;
    status received;

    for (int i = 0; i < IN_FLIGHT_MOST / 10 + 1; i++) {
        send_ten(&f->world, "work");
        arena_clear(f->world.arena);
    }
    for (int i = 0; i < IN_FLIGHT_MOST / 10; i++) {
        arena_clear(f->world.arena);
        list = world_receive(&f->world, "work", 10, 43200, &received);
        assert_int_equal(list->count, 10);
    }
    memcpy(handle, get_str(&list->items[0], "ReceiptHandle").at,
           get_str(&list->items[0], "ReceiptHandle").bytes);
    assert_null(world_receive(&f->world, "work", 10, 43200, &received));
    assert_true(world_failed(received, "OverLimit"));
    waiting = wait_for_one(f, "work"); /* is not refused, and gets what there is room for */
    assert_ptr_equal(world_delete(&f->world, "work", str_c(handle)), OK);
    loopback_run(f->loopback);
    assert_true(answered_soon(f, waiting, "\"Body\":\"m\""));
    assert_int_equal(number_of(&f->world, "work", "ApproximateNumberOfMessagesNotVisible"),
                     IN_FLIGHT_MOST);
    assert_ptr_equal(cell_advance(f->world.cell, INT64_C(43200000), &f->world.why), OK);
    assert_int_equal(number_of(&f->world, "work", "ApproximateNumberOfMessages"),
                     IN_FLIGHT_MOST + 9);
}

static void what_is_too_old_goes_in_steps_until_nothing_is_left(void **state)
{
    struct fixture *f = *state;
    const struct value *list;
    status received;

    for (int i = 0; i < 1000; i++) {
        send_ten(&f->world, "work");
        arena_clear(f->world.arena);
    }
    assert_ptr_equal(cell_advance(f->world.cell, INT64_C(4) * 86400000, &f->world.why), OK);
    list = world_receive(&f->world, "work", 10, 0, &received);
    assert_true(list == NULL || list->count == 0);
    assert_ptr_equal(cell_advance(f->world.cell, 120000, &f->world.why), OK);
    assert_int_equal(number_of(&f->world, "work", "ApproximateNumberOfMessages"), 0);
}

static void a_large_purge_leaves_no_rows_behind(void **state)
{
    struct fixture *f = *state;
    struct value *out;
    struct kv_scan *scan;
    struct str key;
    struct str value;
    size_t rows = 0;

    for (int i = 0; i < 1500; i++) {
        send_ten(&f->world, "work");
        arena_clear(f->world.arena);
    }
    assert_ptr_equal(world_call(&f->world, "PurgeQueue",
                                world_input(&f->world, "PurgeQueue", "work"), &out), OK);
    assert_ptr_equal(world_send(&f->world, "work", NULL, STR("afterwards"), 0), OK);
    assert_ptr_equal(cell_advance(f->world.cell, 60000, &f->world.why), OK);
    scan = store_scan(f->world.store, STR("\1"), STR("\xff"), false);
    while (store_scan_next(scan, &key, &value)) {
        rows += str_find_str(key, STR("message")) < key.bytes;
    }
    store_scan_close(scan);
    assert_int_equal(rows, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(who_waits_is_woken_by_whoever_settles_the_queue),
        CASE(who_waits_is_woken_by_a_moment),
        CASE(a_caller_that_has_gone_passes_the_word_on),
        CASE(who_waits_hears_that_the_queue_is_gone),
        CASE(a_group_goes_on_for_who_waits),
        CASE(a_queue_takes_so_many_in_flight_and_no_more),
        CASE(what_is_too_old_goes_in_steps_until_nothing_is_left),
        CASE(a_large_purge_leaves_no_rows_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
