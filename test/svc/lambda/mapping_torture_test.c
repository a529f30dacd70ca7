/* SPDX-License-Identifier: Apache-2.0
 *
 * Every sync cuts the power in turn, every operation of the disk fails in turn, and every
 * allocation fails in turn, while two mappings drain a FIFO queue and a stream. Whatever happens
 * then, after the next start everything whose sending was acknowledged has been done at least once,
 * nothing was done that was not sent, and each was done for the first time in its order.
 *
 * The life: messages and records are sent by turns, batches end well, badly, or in part. What was
 * done is known outside of the server, as a function's effects are; so it outlives the fault. (The
 * runner here does not wait until what it runs is durable, as run.c does: what was not acknowledged
 * may be done and then be sent by nobody.) The process's end is a longjmp out of sys_die.
 */
#include "base/codec.h"
#include "base/mem.h"
#include "bus/bus.h"
#include "cell/cell.h"
#include "cell/doing.h"
#include "svc/kinesis/kinesis.h"
#include "svc/lambda/lambda.h"
#include "svc/lambda/mapping_ops.h"
#include "svc/sqs/sqs.h"
#include "sys/faulty.h"
#include "sys/log.h"
#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail

#define START_MS INT64_C(1790000000000)
#define STEPS 16             /* numbers 0 to 15 go to the queue, as many to the stream */
#define RUNNING_MAX 16
#define QUEUE "arn:aws:sqs:us-east-1:000000000000:q.fifo"
#define STREAM "arn:aws:kinesis:us-east-1:000000000000:stream/s"

/* What a process that died left behind is leaked on purpose. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static jmp_buf died;

/* In a child, where cmocka's own would go on with the next test. */
#define CHECK(truth)                                                                               \
    do {                                                                                           \
        if (!(truth)) {                                                                            \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #truth);                                     \
            fflush(stdout);                                                                        \
            _exit(3);                                                                              \
        }                                                                                          \
    } while (0)

enum step { SENT = 1, ACKNOWLEDGED = 2, DONE = 4 };

/* How far a life came. Volatile: read after a longjmp. */
struct life {
    volatile uint8_t steps[2][STEPS]; /* enum step, joined; of the queue, of the stream */
    volatile int last[2];             /* the last that was done for the first time */
    int report;                       /* file descriptor that hears of each step; -1: none */
};

struct world {
    struct faulty *disk;     /* NULL: a real one */
    struct store *store;
    struct clock clock;
    struct cell *cell;
    struct arena *arena;     /* of calls */
    struct why why;          /* of the last call */
    struct life *life;       /* what is done */
    int opens;               /* so far */
};

/* Batches that run, of one world at a time. */
static struct {
    struct batch *batches[RUNNING_MAX];
    size_t count;
    int ended;               /* so far: every fifth ends badly */
} running;

static void die(void)
{
    longjmp(died, 1);
}

static void note(struct life *life, int kind, int number, enum step step)
{
    uint8_t bytes[3] = {(uint8_t)kind, (uint8_t)number, (uint8_t)step};

    CHECK(number >= 0 && number < STEPS);
    if (step == DONE && !(life->steps[kind][number] & DONE)) {
        CHECK(number > life->last[kind]); /* in order */
        life->last[kind] = number;
    }
    life->steps[kind][number] |= (uint8_t)step;
    if (life->report >= 0 && write(life->report, bytes, sizeof(bytes)) != sizeof(bytes)) {
        _exit(1);
    }
}

/* ---- the world ---- */

static status may(struct call *c, const struct mapping *mapping, struct version *ret_version)
{
    (void)c;
    (void)mapping;
    (void)ret_version;
    return running.count < RUNNING_MAX ? OK : &LAMBDA_TOO_MANY_REQUESTS;
}

static status start(struct call *c, const struct mapping_wish *wish, struct batch *batch)
{
    (void)c;
    batch->how.answer = arena_dup(batch->arena, wish->event); /* kept for end_one() */
    running.batches[running.count++] = batch;
    return OK;
}

static const struct mapping_runner runner = {may, start};

static status use_runner(struct call *c, void *arg)
{
    (void)arg;
    mappings_of(c)->runner = &runner;
    return OK;
}

static status step(struct world *world, status (*run)(struct call *c, void *arg), void *arg)
{
    struct doing doing = {"lambda", "Test", STR_NONE, STR_NONE, run, arg};

    return cell_do(world->cell, &doing, world->arena, &world->why);
}

static status open_at(struct world *world, const char *dir)
{
    static const struct service *const services[] = {&bus_service, &kinesis_service, &sqs_service,
                                                     &lambda_service, NULL};
    bool real = world->disk == NULL;
    struct store_options store = {.files = real ? files_real() : faulty_files(world->disk),
                                  .dir = dir, .memory_index = !real, .keep_bytes = 1u << 30,
                                  .keep_ms = INT64_C(1) << 40};
    struct cell_options cell = {.clock = &world->clock, .services = services,
                                .seed = 7 + (uint64_t)world->opens++};

    running.count = 0;
    clock_init_manual(&world->clock, START_MS);
    TRY(store_open(&store, &world->why, &world->store));
    cell.store = world->store;
    TRY(cell_open(&cell, &world->why, &world->cell));
    return step(world, use_runner, NULL);
}

static void close_world(struct world *world)
{
    cell_close(world->cell);
    store_close(world->store);
}

static status call(struct world *world, const char *service, const char *operation,
                   const char *json)
{
    const struct operation *model =
        model_operation(model_service(str_c(service)), str_c(operation));
    struct value *in = ARENA_NEW(world->arena, struct value);
    struct cell_request request = {.service = service, .operation = operation, .input = in};
    struct value *out;

    TRY(json_read(arena_dup(world->arena, str_c(json)), model->input, world->arena, &world->why,
                  in));
    return cell_call(world->cell, &request, world->arena, &world->why, &out);
}

/* ---- mappings ---- */

struct wanted {
    const char *uuid, *source, *more; /* more: members of the configuration */
};

static status make_mapping(struct call *c, void *arg)
{
    const struct wanted *wanted = arg;
    struct mapping *mapping = mapping_new(mappings_of(c), str_c(wanted->uuid));

    if (mapping == NULL) {
        return &ERR_LIMIT;
    }
    mapping_text_set(&mapping->target.account, STR("000000000000"));
    mapping_text_set(&mapping->target.region, STR("us-east-1"));
    mapping_text_set(&mapping->target.name, STR("f"));
    mapping->enabled = true;
    TRY(mapping_configure(
        c, mapping,
        arena_printf(c->arena,
                     "{\"EventSourceArn\":\"%s\",\"EventSourceMappingArn\":\"arn:aws:lambda:"
                     "us-east-1:000000000000:event-source-mapping:%s\",%s}",
                     wanted->source, wanted->uuid, wanted->more)));
    mapping_save(c, mapping);
    if (mapping->table->kind == SOURCE_SHARDS) {
        (void)shards_list(c, mapping);
    }
    mapping_resume(c->cell, mapping);
    return OK;
}

static status prepare(struct world *world)
{
    struct wanted queue = {"11111111-1111-1111-1111-111111111111", QUEUE, "\"BatchSize\":2"};
    struct wanted stream = {"22222222-2222-2222-2222-222222222222", STREAM,
                            "\"StartingPosition\":\"TRIM_HORIZON\",\"BatchSize\":3,"
                            "\"FunctionResponseTypes\":[\"ReportBatchItemFailures\"]"};

    TRY(call(world, "sqs", "CreateQueue",
             "{\"QueueName\":\"q.fifo\",\"Attributes\":{\"FifoQueue\":\"true\"}}"));
    TRY(call(world, "kinesis", "CreateStream", "{\"StreamName\":\"s\",\"ShardCount\":1}"));
    TRY(step(world, make_mapping, &queue));
    return step(world, make_mapping, &stream);
}

/* ---- batches ---- */

/* What its sender said, in a record of the event. */
static int number_in(const struct value *record, int *ret_kind, struct arena *arena)
{
    const struct value *kinesis = map_find(record, STR("kinesis"));
    struct str text = kinesis == NULL ? map_find(record, STR("body"))->str
                                      : map_find(kinesis, STR("data"))->str;
    uint64_t number = STEPS;
    size_t bytes;

    *ret_kind = kinesis != NULL;
    if (kinesis != NULL) {
        char *plain = arena_alloc(arena, text.bytes + 1);
        bool good = base64_decode(text, plain, &bytes);

        CHECK(good);
        text = str_of(plain, bytes);
    }
    CHECK(str_to_u64(text, &number));
    return (int)number;
}

struct ending {
    struct batch *batch;
    struct ran_how how;
};

static status end_in_cell(struct call *c, void *arg)
{
    const struct ending *ending = arg;

    batch_done(c->cell, ending->batch, &ending->how);
    return OK;
}

/* The oldest that runs has its effects, all or one of them, and ends. */
static status end_one(struct world *world)
{
    struct ending ending = {running.batches[0], {RAN_OK, STR("null"), STR("r"), STR("1")}};
    struct arena *arena = arena_new(4u << 20);
    const struct value *event = pattern_document(ending.batch->how.answer, arena);
    const struct value *records = map_find(event, STR("Records"));
    uint32_t count = records->count;
    int how = ++running.ended % 5;
    int kind = 0;

    if (how == 0) {
        ending.how.ran = RAN_FAILED;
        count = 1;
    }
    for (uint32_t i = 0; i < count; i++) {
        int number = number_in(&records->items[i], &kind, arena);

        note(world->life, kind, number, DONE);
    }
    arena_free(arena);
    running.count--;
    memmove(&running.batches[0], &running.batches[1],
            running.count * sizeof(running.batches[0]));
    return step(world, end_in_cell, &ending);
}

static status end_all(struct world *world)
{
    while (running.count > 0) {
        TRY(end_one(world));
    }
    return OK;
}

/* ---- the life ---- */

static status send_one(struct world *world, int kind, int number)
{
    char json[256];
    char raw[16];
    char packed[32];
    struct str text;

    (void)snprintf(raw, sizeof(raw), "%d", number);
    text = str_c(raw);
    base64_encode(text, packed);
    packed[base64_encoded_bytes(text.bytes)] = '\0';
    note(world->life, kind, number, SENT);
    if (kind == 0) {
        (void)snprintf(json, sizeof(json),
                       "{\"QueueUrl\":\"http://localhost/000000000000/q.fifo\",\"MessageBody\":"
                       "\"%d\",\"MessageGroupId\":\"g\",\"MessageDeduplicationId\":\"%d\"}",
                       number, number);
        TRY(call(world, "sqs", "SendMessage", json));
    } else {
        (void)snprintf(json, sizeof(json),
                       "{\"StreamName\":\"s\",\"PartitionKey\":\"k\",\"Data\":\"%s\"}", packed);
        TRY(call(world, "kinesis", "PutRecord", json));
    }
    note(world->life, kind, number, ACKNOWLEDGED);
    return OK;
}

/* Goes on as far as calls succeed. */
static status live(struct world *world)
{
    TRY(prepare(world));
    for (int i = 0; i < STEPS; i++) {
        TRY(send_one(world, 0, i));
        TRY(send_one(world, 1, i));
        if (i % 3 == 2 && running.count > 0) {
            TRY(end_one(world));
        }
        if (i % 5 == 4) {
            TRY(end_all(world));
            TRY(cell_advance(world->cell, 31000, &world->why));
        }
    }
    return end_all(world);
}

static bool all_done(const struct life *life)
{
    for (int i = 0; i < 2 * STEPS; i++) {
        uint8_t was = life->steps[i / STEPS][i % STEPS];

        if ((was & ACKNOWLEDGED) && !(was & DONE)) {
            return false;
        }
    }
    return true;
}

/* After a start: what is there is done; then all that was acknowledged is. */
static void verify(struct world *world)
{
    const struct life *life = world->life;

    for (int i = 0; i < 20 && !all_done(life); i++) {
        assert_ptr_equal(cell_advance(world->cell, 31000, &world->why), OK);
        assert_ptr_equal(end_all(world), OK);
    }
    for (int kind = 0; kind < 2; kind++) {
        for (int i = 0; i < STEPS; i++) {
            uint8_t was = life->steps[kind][i];

            assert_true(!(was & ACKNOWLEDGED) || (was & DONE));
            assert_true(!(was & DONE) || (was & SENT));
        }
    }
}

static void one_life(uint64_t seed, uint64_t cut_at_sync, uint64_t fail_at, status with)
{
    struct world *world = MEM_NEW(struct world);
    struct life *life = MEM_NEW(struct life);

    *life = (struct life){.last = {-1, -1}, .report = -1};
    world->disk = faulty_new(seed);
    world->arena = arena_new(256u << 20);
    world->life = life;
    faulty_cut_at_sync(world->disk, cut_at_sync);
    faulty_fail_at(world->disk, fail_at, with);
    sys_die_hook(die);
    if (setjmp(died) == 0 && open_at(world, "/d") == OK && live(world) == OK &&
        cut_at_sync == 0) {
        close_world(world);
    }
    sys_die_hook(NULL);
    struct world again = {.disk = world->disk, .arena = world->arena, .life = life};

    faulty_fail_at(world->disk, 0, OK);
    faulty_cut(world->disk);
    faulty_power(world->disk);
    assert_ptr_equal(open_at(&again, "/d"), OK);
    verify(&again);
    close_world(&again);
    arena_free(world->arena); /* the disk stays: files of the life that died are open on it */
}

static void measure(uint64_t *ret_operations, uint64_t *ret_syncs)
{
    struct life life = {.last = {-1, -1}, .report = -1};
    struct world world = {.disk = faulty_new(1), .arena = arena_new(256u << 20), .life = &life};

    running.ended = 0;
    assert_ptr_equal(open_at(&world, "/d"), OK);
    assert_ptr_equal(live(&world), OK);
    *ret_operations = faulty_operations(world.disk);
    *ret_syncs = faulty_syncs(world.disk);
    verify(&world);
    assert_int_equal(life.last[0], STEPS - 1);
    assert_int_equal(life.last[1], STEPS - 1);
    close_world(&world);
    faulty_free(world.disk);
    arena_free(world.arena);
}

static void the_power_goes_at_every_sync(void **state)
{
    uint64_t operations;
    uint64_t syncs;

    (void)state;
    measure(&operations, &syncs);
    assert_true(syncs > 40);
    for (uint64_t at = 1; at <= syncs; at++) {
        running.ended = 0;
        one_life(1000 + at, at, 0, OK);
    }
}

static void every_operation_of_the_disk_fails_in_turn(void **state)
{
    uint64_t operations;
    uint64_t syncs;

    (void)state;
    measure(&operations, &syncs);
    for (uint64_t at = 1; at <= operations; at++) {
        running.ended = 0;
        one_life(at, 0, at, at % 2 == 0 ? &ERR_IO : &ERR_FULL);
    }
}

/* ---- allocations ---- */

/* In a child: a life in which the at-th allocation fails; what it notes comes through the pipe, the
 * disk is real. */
static void child_life(const char *dir, uint64_t at, int report)
{
    struct life life = {.last = {-1, -1}, .report = report};
    struct world world = {.arena = arena_new(256u << 20), .life = &life};

    mem_fail_after(at);
    _exit(open_at(&world, dir) == OK && live(&world) == OK ? 0 : 1);
}

static void listen_to(int from, struct life *life)
{
    uint8_t bytes[3];

    while (read(from, bytes, sizeof(bytes)) == sizeof(bytes)) { /* a pipe's writes are whole */
        note(life, bytes[0], bytes[1], (enum step)bytes[2]);
    }
    close(from);
}

static void remove_tree(const char *dir)
{
    char command[512];

    (void)snprintf(command, sizeof(command), "rm -rf '%s'", dir);
    if (system(command) != 0) {
        print_error("could not remove %s\n", dir);
    }
}

static void allocations_fail_one_after_the_other(void **state)
{
    (void)state;
    for (uint64_t at = 1; at < 12000; at += 1 + at / 4) {
        char dir[] = "/tmp/weir-torture-XXXXXX";
        struct life life = {.last = {-1, -1}, .report = -1};
        struct world world = {.arena = arena_new(256u << 20), .life = &life};
        int ends[2];
        int how;

        assert_non_null(mkdtemp(dir));
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();

        if (child == 0) {
            close(ends[0]);
            if (freopen("/dev/null", "w", stderr) == NULL) {
                _exit(1);
            }
            child_life(dir, at, ends[1]);
        }
        close(ends[1]);
        listen_to(ends[0], &life);
        assert_int_equal(waitpid(child, &how, 0), child);
        if (!WIFEXITED(how)) { /* an assert, or worse */
            print_error("allocation %llu: ended by signal %d\n", (unsigned long long)at,
                        WTERMSIG(how));
        }
        assert_true(WIFEXITED(how));
        assert_true(WEXITSTATUS(how) == 0 || WEXITSTATUS(how) == 1 || WEXITSTATUS(how) == 70);
        assert_ptr_equal(open_at(&world, dir), OK);
        verify(&world);
        close_world(&world);
        arena_free(world.arena);
        remove_tree(dir);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_fail_one_after_the_other), /* forks: before threads are left */
        cmocka_unit_test(the_power_goes_at_every_sync),
        cmocka_unit_test(every_operation_of_the_disk_fails_in_turn),
    };

    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
