/* SPDX-License-Identifier: Apache-2.0
 *
 * Events, in process: what the sink takes and from whom; and a model: events put at random into
 * streams, with times that go back and forth, are read by pages of any size, in both directions,
 * from one stream, some or all, exactly as a sorted list of them would be.
 */
#include "../test/svc/logs/world.h"

#include "sys/rand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#undef fail

#define EVENTS 3000
#define STREAMS 4
#define SPREAD_MS 60000

#define TARGET "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/f:log-stream:2026/[1]x"

static struct world *world_new(void)
{
    struct world *world = MEM_NEW(struct world);

    world->disk = faulty_new(1);
    world->arena = arena_new(256u << 20);
    assert_ptr_equal(world_open(world), OK);
    return world;
}

static void world_free(struct world *world)
{
    world_close(world);
    faulty_free(world->disk);
    arena_free(world->arena);
    mem_free(world);
}

/* All messages of a stream, joined. */
static const char *told(struct world *world, const char *group, const char *stream)
{
    struct value *in = world_input(world, "GetLogEvents", group, stream);
    const struct value *list;
    struct value *out;
    struct buf text;
    struct str joined;

    set_bool(in, "startFromHead", true);
    assert_ptr_equal(world_call(world, "GetLogEvents", in, &out), OK);
    list = get(out, "events");
    buf_init(&text, 1u << 20);
    for (uint32_t i = 0; i < list->count; i++) {
        buf_printf(&text, "%lld:%.*s ",
                   (long long)(get_int(&list->items[i], "timestamp", 0) - WORLD_START_MS),
                   STR_ARG(get_str(&list->items[i], "message")));
    }
    joined = arena_dup(world->arena, buf_str(&text));
    buf_done(&text);
    return joined.bytes == 0 ? "" : joined.at;
}

/* ---- the sink ---- */

static struct bus_event from_lambda(const char *body)
{
    return (struct bus_event){.target = STR(TARGET), .principal = STR("lambda.amazonaws.com"),
                              .source = STR("arn:aws:lambda:us-east-1:000000000000:function:f"),
                              .account = STR("000000000000"), .body = str_c(body), .quiet = true};
}

static void a_functions_output_makes_group_and_stream(void **state)
{
    struct world *world = world_new();
    struct bus_event event = from_lambda("START\n");

    (void)state;
    assert_ptr_equal(world_send(world, &event), OK);
    assert_ptr_equal(world_send(world, &event), OK);
    assert_string_equal(told(world, "/aws/lambda/f", "2026/[1]x"), "0:START\n 0:START\n ");
    world_free(world);
}

static void others_need_a_stream_that_is_there(void **state)
{
    struct world *world = world_new();
    struct bus_event event = from_lambda("x");

    (void)state;
    event.principal = STR("firehose.amazonaws.com");
    assert_ptr_equal(world_send(world, &event), &BUS_NO_TARGET);
    assert_ptr_equal(world_do(world, "CreateLogGroup", "/aws/lambda/f", NULL), OK);
    assert_ptr_equal(world_send(world, &event), &BUS_NO_TARGET);
    assert_ptr_equal(world_do(world, "CreateLogStream", "/aws/lambda/f", "2026/[1]x"), OK);
    assert_ptr_equal(world_send(world, &event), OK);
    assert_string_equal(told(world, "/aws/lambda/f", "2026/[1]x"), "0:x ");
    world_free(world);
}

static void a_batch_is_many_lines_in_the_order_of_their_time(void **state)
{
    struct bus_attribute batch = {STR("batch"), STR("String"), STR("json")};
    struct bus_attribute moment = {STR("timestamp"), STR("Number"), STR("1790000000005")};
    struct world *world = world_new();
    struct bus_event event = from_lambda(
        "[{\"timestamp\":1790000000002,\"message\":\"b\"},{\"message\":\"now\"},"
        "{\"timestamp\":1790000000002,\"message\":\"c\"},{\"timestamp\":1790000000001,"
        "\"message\":\"\"},{\"timestamp\":1790000000001,\"message\":\"a\"}]");

    (void)state;
    event.attributes = &batch;
    event.attribute_count = 1;
    assert_ptr_equal(world_send(world, &event), OK);
    event.attributes = &moment;
    event.body = STR("later");
    assert_ptr_equal(world_send(world, &event), OK);
    assert_string_equal(told(world, "/aws/lambda/f", "2026/[1]x"),
                        "0:now 1:a 2:b 2:c 5:later ");
    event.attributes = &batch;
    event.body = STR("{}");
    assert_ptr_equal(world_send(world, &event), &BUS_REFUSED);
    event.body = STR("[]");
    assert_ptr_equal(world_send(world, &event), OK);
    world_free(world);
}

static void output_is_made_text(void **state)
{
    struct bus_attribute moment = {STR("timestamp"), STR("Number"), STR("9223372036854775807")};
    struct world *world = world_new();
    struct bus_event event = from_lambda("a\xff\xfe z");

    (void)state;
    event.attributes = &moment;
    event.attribute_count = 1;
    assert_ptr_equal(world_send(world, &event), OK);
    assert_string_equal(told(world, "/aws/lambda/f", "2026/[1]x"), "0:a?? z ");
    world_free(world);
}

static void what_is_no_streams_arn_is_refused(void **state)
{
    static const char *const wrong[] = {
        "arn:aws:logs:us-east-1:000000000000:log-group:g",
        "arn:aws:logs:us-east-1:000000000000:log-group:a b:log-stream:s",
        "arn:aws:logs:us-east-1:000000000000:log-group::log-stream:s",
        "arn:aws:logs:us-east-1:000000000000:log-group:g:log-stream:",
        "arn:aws:logs:us-east-1:000000000000:log-group:g:log-stream:a*",
        "arn:aws:logs:us-east-1:000000000000:destination:d",
    };
    struct world *world = world_new();
    struct bus_event event = from_lambda("x");

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        event.target = str_c(wrong[i]);
        assert_ptr_equal(world_send(world, &event), &BUS_NO_TARGET);
    }
    world_free(world);
}

/* ---- the model ---- */

struct modelled {
    int64_t ms;      /* its time */
    int arrival;     /* number of its coming, which is its message */
    int stream;      /* whose */
};

static struct modelled model[EVENTS];

static int compare(const void *a, const void *b)
{
    const struct modelled *left = a;
    const struct modelled *right = b;

    if (left->ms != right->ms) {
        return left->ms < right->ms ? -1 : 1;
    }
    return left->arrival - right->arrival;
}

static const char *const names[STREAMS] = {"a1", "a2", "b", "c"};

static void put_batch(struct world *world, struct rand *rand, int from, int count)
{
    int stream = (int)rand_below(rand, STREAMS);
    struct value *list;
    struct value *in = world_batch(world, "g", names[stream], (size_t)count, &list);
    struct value *out;

    for (int i = from; i < from + count; i++) {
        model[i] = (struct modelled){
            WORLD_START_MS - (int64_t)rand_below(rand, SPREAD_MS) / 7 * 7, i, stream};
    }
    qsort(&model[from], (size_t)count, sizeof(model[0]), compare);
    for (int i = from; i < from + count; i++) {
        model[i].arrival = i;
        world_event(world, list, model[i].ms, arena_printf(world->arena, "%d", i));
    }
    assert_ptr_equal(world_call(world, "PutLogEvents", in, &out), OK);
}

static void fill(struct world *world, struct rand *rand)
{
    int done = 0;

    assert_ptr_equal(world_do(world, "CreateLogGroup", "g", NULL), OK);
    for (int i = 0; i < STREAMS; i++) {
        assert_ptr_equal(world_do(world, "CreateLogStream", "g", names[i]), OK);
    }
    while (done < EVENTS) {
        int count = 1 + (int)rand_below(rand, 20);

        count = count < EVENTS - done ? count : EVENTS - done;
        put_batch(world, rand, done, count);
        done += count;
        arena_clear(world->arena);
    }
    qsort(model, EVENTS, sizeof(model[0]), compare);
}

/* What a reading should give. */
struct look {
    const char *prefix;     /* of streams; NULL: of all */
    int64_t from_ms, to_ms; /* both included */
    bool backwards;         /* the newest first */
    int64_t limit;          /* of a page */
};

static bool is_in(const struct modelled *event, const struct look *look)
{
    return event->ms >= look->from_ms && event->ms <= look->to_ms &&
           (look->prefix == NULL || str_starts(str_c(names[event->stream]), str_c(look->prefix)));
}

/* The next that should come, from a place in the sorted list on; -1: none. */
static int next_of(const struct look *look, int *place)
{
    while (*place < EVENTS) {
        const struct modelled *event = &model[look->backwards ? EVENTS - 1 - *place : *place];

        (*place)++;
        if (is_in(event, look)) {
            return event->arrival;
        }
    }
    return -1;
}

static void filtered_as_the_model_says(struct world *world, const struct look *look)
{
    struct str token = STR_NONE;
    int place = 0;

    do {
        struct value *in = world_input(world, "FilterLogEvents", "g", NULL);
        const struct value *list;
        struct value *out;

        set_int(in, "startTime", look->from_ms);
        set_int(in, "endTime", look->to_ms);
        set_int(in, "limit", look->limit);
        set_bool(in, "startFromHead", !look->backwards);
        if (look->prefix != NULL) {
            set_str(in, "logStreamNamePrefix", str_c(look->prefix));
        }
        if (token.bytes > 0) {
            set_str(in, "nextToken", token);
        }
        assert_ptr_equal(world_call(world, "FilterLogEvents", in, &out), OK);
        list = get(out, "events");
        assert_true((int64_t)list->count <= look->limit);
        for (uint32_t i = 0; i < list->count; i++) {
            int64_t arrival = -2;

            assert_true(str_to_i64(get_str(&list->items[i], "message"), &arrival));
            assert_int_equal(arrival, next_of(look, &place));
        }
        token = get_str(out, "nextToken");
    } while (token.bytes > 0);
    assert_int_equal(next_of(look, &place), -1);
    arena_clear(world->arena);
}

static void pages_are_what_a_sorted_list_is(void **state)
{
    static const char *const prefixes[] = {NULL, "a", "b", "zzz", ""};
    struct world *world = world_new();
    struct rand rand;

    (void)state;
    rand_init(&rand, 11);
    fill(world, &rand);
    for (int round = 0; round < 150; round++) {
        int64_t a = WORLD_START_MS - (int64_t)rand_below(&rand, SPREAD_MS + 10);
        int64_t b = WORLD_START_MS - (int64_t)rand_below(&rand, SPREAD_MS + 10);
        struct look look = {prefixes[rand_below(&rand, 4)], a < b ? a : b, a < b ? b : a,
                            rand_below(&rand, 2) == 0, 1 + (int64_t)rand_below(&rand, 700)};

        filtered_as_the_model_says(world, &look);
    }
    world_free(world);
}

static void it_is_the_same_after_a_new_start(void **state)
{
    struct look look = {NULL, 0, INT64_MAX - 1, false, 1000};
    struct world *world = world_new();
    struct rand rand;

    (void)state;
    rand_init(&rand, 12);
    fill(world, &rand);
    world_close(world);
    assert_ptr_equal(world_open(world), OK);
    filtered_as_the_model_says(world, &look);
    world_free(world);
}

/* More chunks and bytes in one second than are gathered at once. */
static void a_crowded_second_is_paged_through(void **state)
{
    struct world *world = world_new();
    struct str filler = str_of(arena_zero(world->arena, 200000), 200000);
    struct str token = STR_NONE;
    int seen = 0;

    (void)state;
    memset((char *)(uintptr_t)filler.at, 'x', filler.bytes);
    assert_ptr_equal(world_do(world, "CreateLogGroup", "g", NULL), OK);
    assert_ptr_equal(world_do(world, "CreateLogStream", "g", "s"), OK);
    for (int i = 0; i < 60; i++) {
        assert_ptr_equal(world_put(world, "g", "s", WORLD_START_MS + 59 - i, filler), OK);
    }
    do {
        struct value *in = world_input(world, "FilterLogEvents", "g", NULL);
        const struct value *list;
        struct value *out;

        if (token.bytes > 0) {
            set_str(in, "nextToken", token);
        }
        assert_ptr_equal(world_call(world, "FilterLogEvents", in, &out), OK);
        list = get(out, "events");
        assert_in_range(list->count, 1, 5);
        for (uint32_t i = 0; i < list->count; i++) {
            assert_int_equal(get_int(&list->items[i], "timestamp", 0), WORLD_START_MS + seen++);
        }
        token = get_str(out, "nextToken");
    } while (token.bytes > 0);
    assert_int_equal(seen, 60);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_functions_output_makes_group_and_stream),
        cmocka_unit_test(others_need_a_stream_that_is_there),
        cmocka_unit_test(a_batch_is_many_lines_in_the_order_of_their_time),
        cmocka_unit_test(output_is_made_text),
        cmocka_unit_test(what_is_no_streams_arn_is_refused),
        cmocka_unit_test(pages_are_what_a_sorted_list_is),
        cmocka_unit_test(it_is_the_same_after_a_new_start),
        cmocka_unit_test(a_crowded_second_is_paged_through),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
