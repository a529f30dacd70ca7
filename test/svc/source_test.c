/* SPDX-License-Identifier: Apache-2.0
 *
 * Queues, streams and tables' streams as sources of the bus: who watches is woken by what arrives,
 * gets the records as functions get them, and a queue's messages are in flight until removed.
 */
#include "bus/source.h"
#include "base/mem.h"
#include "cell/cell.h"
#include "cell/doing.h"
#include "svc/services.h"
#include "sys/faulty.h"
#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#undef fail

#define START_MS INT64_C(1790000000000)
#define QUEUE STR("arn:aws:sqs:us-east-1:000000000000:q")
#define FIFO STR("arn:aws:sqs:us-east-1:000000000000:f.fifo")
#define STREAM STR("arn:aws:kinesis:us-east-1:000000000000:stream/s")
#define RECORDS_MAX 100

struct world {
    struct faulty *disk;
    struct store *store;
    struct clock clock;
    struct cell *cell;
    struct arena *arena;     /* of calls */
    struct why why;          /* of the last call */
    struct source_watch watch;
    int woken;               /* times */
};

/* What a step in the cell takes and gives. */
struct drain {
    struct world *world;
    struct source_ask ask;
    struct source_reading reading;
    struct source_record records[RECORDS_MAX];
    size_t count;
    status result;
};

static void woken(struct cell *cell, struct source_watch *watch, bool shards)
{
    (void)cell;
    (void)shards;
    LINK_OWNER(watch, struct world, watch)->woken++;
}

static struct world *begun(void)
{
    struct world *world = MEM_NEW(struct world);

    world->disk = faulty_new(1);
    world->arena = arena_new(256u << 20);
    world->watch.woken = woken;
    clock_init_manual(&world->clock, START_MS);
    struct store_options store = {.files = faulty_files(world->disk), .dir = "/d",
                                  .memory_index = true, .keep_bytes = 1u << 30,
                                  .keep_ms = INT64_C(1) << 40};
    assert_ptr_equal(store_open(&store, &world->why, &world->store), OK);
    struct cell_options cell = {.store = world->store, .clock = &world->clock,
                                .services = services, .seed = 3};
    assert_ptr_equal(cell_open(&cell, &world->why, &world->cell), OK);
    return world;
}

static struct value *call(struct world *world, const char *service, const char *operation,
                          const char *json)
{
    const struct operation *model =
        model_operation(model_service(str_c(service)), str_c(operation));
    struct value *in = ARENA_NEW(world->arena, struct value);
    struct cell_request request = {.service = service, .operation = operation, .input = in};
    struct value *out;

    assert_ptr_equal(json_read(arena_dup(world->arena, str_c(json)), model->input, world->arena,
                               &world->why, in), OK);
    status called = cell_call(world->cell, &request, world->arena, &world->why, &out);
    if (called != OK) {
        print_message("%s: %s\n", operation, world->why.text);
    }
    assert_ptr_equal(called, OK);
    return out;
}

static void step(struct world *world, status (*run)(struct call *c, void *arg), void *arg)
{
    struct doing doing = {"bus", "Test", STR_NONE, STR_NONE, run, arg};

    assert_ptr_equal(cell_do(world->cell, &doing, world->arena, &world->why), OK);
}

static status watch_it(struct call *c, void *arg)
{
    struct drain *drain = arg;

    return bus_source_watch(c->cell, &drain->world->watch, drain->ask.arn);
}

static status unwatch_it(struct call *c, void *arg)
{
    bus_source_unwatch(c->cell, &((struct drain *)arg)->world->watch);
    return OK;
}

static void watch(struct world *world, struct str arn)
{
    struct drain drain = {.world = world, .ask.arn = arn};

    step(world, watch_it, &drain);
}

static void ended(struct world *world)
{
    struct drain drain = {.world = world};

    step(world, unwatch_it, &drain);
    cell_close(world->cell);
    store_close(world->store);
    faulty_free(world->disk);
    arena_free(world->arena);
    mem_free(world);
}

static status take_it(struct call *c, void *arg)
{
    struct drain *drain = arg;

    drain->result = bus_source_take(c, &drain->ask, drain->records, &drain->count);
    return OK;
}

static status read_it(struct call *c, void *arg)
{
    struct drain *drain = arg;

    drain->result = bus_source_read(c, &drain->ask, &drain->reading, drain->records,
                                    &drain->count);
    return OK;
}

static status remove_it(struct call *c, void *arg)
{
    struct drain *drain = arg;

    bus_source_remove(c, drain->ask.arn, drain->records, drain->count);
    return OK;
}

static struct drain take(struct world *world, struct str arn)
{
    struct drain drain = {.world = world, .ask = {.arn = arn, .count_max = 10,
                                                  .bytes_max = 1u << 20}};

    step(world, take_it, &drain);
    return drain;
}

/* A record's text is JSON, and says that. */
static bool says(struct world *world, struct str text, const char *what)
{
    struct value value;
    struct why why;

    assert_ptr_equal(json_read(arena_dup(world->arena, text), 0, world->arena, &why, &value), OK);
    if (str_find_str(text, str_c(what)) == text.bytes) {
        print_message("%.*s\n", STR_ARG(text));
        return false;
    }
    return true;
}

/* ---- queues ---- */

#define URL(name) "\"QueueUrl\":\"http://localhost/000000000000/" name "\""

static void a_queues_messages_are_taken_and_removed(void **state)
{
    struct world *world = begun();
    struct drain drain;

    (void)state;
    call(world, "sqs", "CreateQueue", "{\"QueueName\":\"q\"}");
    watch(world, QUEUE);
    call(world, "sqs", "SendMessage",
         "{" URL("q") ",\"MessageBody\":\"a \\\"b\\\"\",\"MessageAttributes\":{\"k\":"
         "{\"DataType\":\"Number\",\"StringValue\":\"7\"}}}");
    assert_int_equal(world->woken, 1);
    drain = take(world, QUEUE);
    assert_int_equal(drain.count, 1);
    assert_true(says(world, drain.records[0].text, "\"body\":\"a \\\"b\\\"\""));
    assert_true(says(world, drain.records[0].text,
                     "\"messageAttributes\":{\"k\":{\"stringValue\":\"7\",\"stringListValues\":[],"
                     "\"binaryListValues\":[],\"dataType\":\"Number\"}}"));
    assert_true(says(world, drain.records[0].text,
                     "\"attributes\":{\"ApproximateReceiveCount\":\"1\",\"SentTimestamp\":\""
                     "1790000000000\",\"SenderId\":"));
    assert_true(says(world, drain.records[0].text,
                     "\"eventSource\":\"aws:sqs\",\"eventSourceARN\":\"arn:aws:sqs:us-east-1:"
                     "000000000000:q\",\"awsRegion\":\"us-east-1\"}"));
    assert_int_equal(take(world, QUEUE).count, 0); /* in flight */
    step(world, remove_it, &drain);
    assert_ptr_equal(cell_advance(world->cell, 31000, &world->why), OK);
    assert_int_equal(take(world, QUEUE).count, 0); /* gone */
    ended(world);
}

static void a_message_that_comes_back_wakes_who_watches(void **state)
{
    struct world *world = begun();
    struct drain first;
    struct drain again;

    (void)state;
    call(world, "sqs", "CreateQueue", "{\"QueueName\":\"q\"}");
    watch(world, QUEUE);
    call(world, "sqs", "SendMessage", "{" URL("q") ",\"MessageBody\":\"a\"}");
    first = take(world, QUEUE);
    assert_int_equal(first.count, 1);
    world->woken = 0;
    assert_ptr_equal(cell_advance(world->cell, 30000, &world->why), OK);
    assert_int_equal(world->woken, 1);
    again = take(world, QUEUE);
    assert_int_equal(again.count, 1);
    assert_int_equal(again.records[0].receipt, 2);
    step(world, remove_it, &first); /* it was received again since: it stays */
    assert_ptr_equal(cell_advance(world->cell, 30000, &world->why), OK);
    assert_int_equal(take(world, QUEUE).count, 1);
    ended(world);
}

static bool not_b(void *arg, struct str key)
{
    (void)arg;
    return !str_eq(key, STR("b"));
}

static void groups_of_a_fifo_queue_wait_for_their_first_and_may_be_passed_over(void **state)
{
    static const char *const sends[] = {"a1", "b1", "a2", "c1"};
    struct world *world = begun();
    struct drain drain;

    (void)state;
    call(world, "sqs", "CreateQueue",
         "{\"QueueName\":\"f.fifo\",\"Attributes\":{\"FifoQueue\":\"true\","
         "\"ContentBasedDeduplication\":\"true\"}}");
    for (size_t i = 0; i < 4; i++) {
        char json[200];

        (void)snprintf(json, sizeof(json),
                       "{" URL("f.fifo") ",\"MessageBody\":\"%s\",\"MessageGroupId\":\"%.1s\"}",
                       sends[i], sends[i]);
        call(world, "sqs", "SendMessage", json);
    }
    drain = (struct drain){.world = world, .ask = {.arn = FIFO, .count_max = 10,
                                                   .bytes_max = 1u << 20, .wanted = not_b}};
    step(world, take_it, &drain);
    assert_int_equal(drain.count, 3);
    assert_true(str_eq(drain.records[1].data, STR("a2")));
    assert_true(says(world, drain.records[2].text, "\"MessageGroupId\":\"c\""));
    drain = take(world, FIFO);
    assert_int_equal(drain.count, 1);
    assert_true(str_eq(drain.records[0].data, STR("b1")));
    ended(world);
}

/* ---- shards ---- */

static void a_streams_records_are_read_from_a_position(void **state)
{
    struct world *world = begun();
    struct drain drain = {.world = world, .ask = {.arn = STREAM, .count_max = 2,
                                                  .bytes_max = 1u << 20,
                                                  .identity = STR("arn:aws:iam::0:role/r")},
                          .reading = {.shard = 0, .next = 1}};

    (void)state;
    call(world, "kinesis", "CreateStream", "{\"StreamName\":\"s\",\"ShardCount\":1}");
    watch(world, STREAM);
    for (int i = 0; i < 3; i++) {
        call(world, "kinesis", "PutRecord",
             "{\"StreamName\":\"s\",\"PartitionKey\":\"k\",\"Data\":\"aGVsbG8=\"}");
    }
    assert_int_equal(world->woken, 3);
    step(world, read_it, &drain);
    assert_ptr_equal(drain.result, OK);
    assert_int_equal(drain.count, 2);
    assert_int_equal(drain.reading.next, 3);
    assert_int_equal(drain.reading.there, 1);
    assert_true(says(world, drain.records[0].text,
                     "{\"kinesis\":{\"kinesisSchemaVersion\":\"1.0\",\"partitionKey\":\"k\","
                     "\"sequenceNumber\":\""));
    assert_true(says(world, drain.records[0].text,
                     "\",\"data\":\"aGVsbG8=\",\"approximateArrivalTimestamp\":1790000000.000},"
                     "\"eventSource\":\"aws:kinesis\",\"eventVersion\":\"1.0\",\"eventID\":"
                     "\"shardId-000000000000:"));
    assert_true(says(world, drain.records[0].text,
                     "\"invokeIdentityArn\":\"arn:aws:iam::0:role/r\",\"awsRegion\":\"us-east-1\","
                     "\"eventSourceARN\":\"arn:aws:kinesis:us-east-1:000000000000:stream/s\"}"));
    ended(world);
}

/* Children name the shards they came from, also the third. */
static status list_them(struct call *c, void *arg)
{
    struct source_shard *shards;
    size_t count;

    (void)arg;
    assert_ptr_equal(bus_source_shards(c, STREAM, &shards, &count), OK);
    assert_int_equal(count, 5);
    assert_true(shards[0].closed);
    assert_int_equal(shards[3].parent_count, 2);
    assert_int_equal(shards[4].parent_count, 2);
    assert_false(shards[4].closed);
    return OK;
}

static void shards_tell_their_parents_and_a_reshard_wakes(void **state)
{
    struct world *world = begun();

    (void)state;
    call(world, "kinesis", "CreateStream", "{\"StreamName\":\"s\",\"ShardCount\":3}");
    watch(world, STREAM);
    call(world, "kinesis", "UpdateShardCount",
         "{\"StreamName\":\"s\",\"TargetShardCount\":2,\"ScalingType\":\"UNIFORM_SCALING\"}");
    assert_true(world->woken > 0);
    step(world, list_them, NULL);
    ended(world);
}

static void a_tables_stream_tells_of_its_items(void **state)
{
    struct world *world = begun();
    struct drain drain = {.world = world, .ask = {.count_max = 10, .bytes_max = 1u << 20},
                          .reading = {.shard = 0, .next = 1}};
    struct value *out;

    (void)state;
    out = call(world, "dynamodb", "CreateTable",
               "{\"TableName\":\"tab\",\"BillingMode\":\"PAY_PER_REQUEST\","
               "\"AttributeDefinitions\":[{\"AttributeName\":\"pk\",\"AttributeType\":\"N\"}],"
               "\"KeySchema\":[{\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"}],"
               "\"StreamSpecification\":{\"StreamEnabled\":true,\"StreamViewType\":"
               "\"NEW_AND_OLD_IMAGES\"}}");
    drain.ask.arn = get_str(get(out, "TableDescription"), "LatestStreamArn");
    watch(world, drain.ask.arn);
    call(world, "dynamodb", "PutItem",
         "{\"TableName\":\"tab\",\"Item\":{\"pk\":{\"N\":\"12\"},\"b\":{\"B\":\"AAE=\"}}}");
    assert_int_equal(world->woken, 1);
    step(world, read_it, &drain);
    assert_ptr_equal(drain.result, OK);
    assert_int_equal(drain.count, 1);
    assert_true(str_eq(drain.records[0].key, STR("12")));
    assert_true(says(world, drain.records[0].text,
                     "\"eventName\":\"INSERT\",\"eventVersion\":\"1.1\",\"eventSource\":"
                     "\"aws:dynamodb\",\"awsRegion\":\"us-east-1\",\"dynamodb\":{"));
    assert_true(says(world, drain.records[0].text, "\"Keys\":{\"pk\":{\"N\":\"12\"}}"));
    assert_true(says(world, drain.records[0].text, "\"b\":{\"B\":\"AAE=\"}"));
    assert_true(says(world, drain.records[0].text,
                     "\"eventSourceARN\":\"arn:aws:dynamodb:us-east-1:000000000000:table/tab/"));
    assert_false(drain.reading.ended);
    assert_int_equal(drain.reading.until_ms, START_MS + INT64_C(4) * 3600 * 1000);
    ended(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_queues_messages_are_taken_and_removed),
        cmocka_unit_test(a_message_that_comes_back_wakes_who_watches),
        cmocka_unit_test(groups_of_a_fifo_queue_wait_for_their_first_and_may_be_passed_over),
        cmocka_unit_test(a_streams_records_are_read_from_a_position),
        cmocka_unit_test(shards_tell_their_parents_and_a_reshard_wakes),
        cmocka_unit_test(a_tables_stream_tells_of_its_items),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
