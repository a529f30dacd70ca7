/* SPDX-License-Identifier: Apache-2.0
 *
 * The promise of one entry: an object that is put, its notification, the topic's fan-out and the
 * messages of five queues are on disk together or not at all.
 *
 * How: the whole server in one process (S3, SNS, SQS and the bus in a cell) on a disk in memory.
 * The life: a bucket that notifies a topic with five queues; objects are put, small, large (in
 * blob files) and over one another; messages are received and deleted in between. Then at every
 * sync of that life the power goes, and at every operation the disk fails, with what was not synced
 * lost, kept or torn by the seed. After each the server starts again and:
 *
 *   - every acknowledged put is there, and each queue got exactly one notification of it;
 *   - a put that was not acknowledged is there with all its five, or with none and not at all;
 *   - no queue tells of an object that is not there; each tells of one key's puts in their order;
 *   - what was received and deleted stays deleted.
 *
 * Each life is a process of its own; its end is a longjmp out of sys_die, then it starts anew.
 */
#include "base/checksum.h"
#include "base/digest.h"
#include "base/mem.h"
#include "cell/cell.h"
#include "svc/services.h"
#include "sys/faulty.h"
#include "sys/log.h"
#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail

#define START_MS INT64_C(1790000000000)
#define QUEUES 5
#define PUTS 12
#define KEYS 4             /* every key is put three times */
#define LARGE 80000        /* above what lies in the index */
#define TAKING (-1)
#define TOPIC STR("arn:aws:sns:us-east-1:000000000000:events")

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

struct world {
    struct faulty *disk;
    struct store *store;
    struct clock clock;
    struct cell *cell;
    struct arena *arena; /* of calls */
    struct why why;      /* of the last call */
};

/* How far a life came. Volatile: read after a longjmp. */
struct life {
    volatile int tried;               /* puts begun: number 1, 2, … */
    volatile int acknowledged;        /* of them, answered */
    volatile int taken[QUEUES];       /* first notification deleted; TAKING: perhaps */
};

static void die(void)
{
    longjmp(died, 1);
}

static status open_world(struct world *world, uint64_t seed)
{
    struct store_options store = {.files = faulty_files(world->disk), .dir = "/d",
                                  .memory_index = true, .keep_bytes = 1u << 30,
                                  .keep_ms = INT64_C(1) << 40};
    struct cell_options cell = {.clock = &world->clock, .services = services, .seed = seed};

    clock_init_manual(&world->clock, START_MS);
    TRY(store_open(&store, &world->why, &world->store));
    cell.store = world->store;
    return cell_open(&cell, &world->why, &world->cell);
}

static void close_world(struct world *world)
{
    cell_close(world->cell);
    store_close(world->store);
}

/* ---- calls ---- */

static struct value *input(struct world *world, const char *service, const char *operation)
{
    return value_struct(world->arena,
                        model_operation(model_service(str_c(service)), str_c(operation))->input);
}

static status call(struct world *world, const char *service, const char *operation,
                   struct value *in, struct value **ret_out)
{
    struct cell_request request = {.service = service, .operation = operation, .input = in};

    return cell_call(world->cell, &request, world->arena, &world->why, ret_out);
}

static struct str queue_name(struct world *world, int queue)
{
    return arena_printf(world->arena, "q%d", queue);
}

static struct str queue_address(struct world *world, int queue)
{
    return arena_printf(world->arena, "http://localhost/000000000000/q%d", queue);
}

static status make_queue(struct world *world, int queue)
{
    struct value *in = input(world, "sqs", "CreateQueue");
    struct value *out;

    set_str(in, "QueueName", queue_name(world, queue));
    map_add_str(set_map(world->arena, in, "Attributes", 1), STR("VisibilityTimeout"), STR("0"));
    TRY(call(world, "sqs", "CreateQueue", in, &out));
    in = input(world, "sns", "Subscribe");
    set_str(in, "TopicArn", TOPIC);
    set_str(in, "Protocol", STR("sqs"));
    set_str(in, "Endpoint", arena_printf(world->arena, "arn:aws:sqs:us-east-1:000000000000:q%d",
                                         queue));
    map_add_str(set_map(world->arena, in, "Attributes", 1), STR("RawMessageDelivery"),
                STR("true"));
    return call(world, "sns", "Subscribe", in, &out);
}

static status make_bucket(struct world *world)
{
    struct value *in = input(world, "s3", "CreateBucket");
    struct value *out;

    set_str(in, "Bucket", STR("events"));
    TRY(call(world, "s3", "CreateBucket", in, &out));
    in = input(world, "s3", "PutBucketNotificationConfiguration");
    set_str(in, "Bucket", STR("events"));
    struct value *list = set_list(
        world->arena, set_struct(world->arena, in, "NotificationConfiguration"),
        "TopicConfigurations", 1);
    struct value *one = list_add(world->arena, list);

    set_str(one, "TopicArn", TOPIC);
    list_add_str(set_list(world->arena, one, "Events", 1), STR("s3:ObjectCreated:*"));
    return call(world, "s3", "PutBucketNotificationConfiguration", in, &out);
}

static status set_up(struct world *world)
{
    struct value *in = input(world, "sns", "CreateTopic");
    struct value *out;

    set_str(in, "Name", STR("events"));
    TRY(call(world, "sns", "CreateTopic", in, &out));
    for (int i = 0; i < QUEUES; i++) {
        TRY(make_queue(world, i));
    }
    return make_bucket(world);
}

/* The content tells the put's number; every third is large. */
static struct str content_of(struct world *world, int number)
{
    size_t bytes = number % 3 == 0 ? LARGE : 100;
    char *at = arena_alloc(world->arena, bytes);

    memset(at, 'a' + number % 26, bytes);
    (void)snprintf(at, bytes, "%d ", number);
    return str_of(at, bytes);
}

static status body_of(struct world *world, struct str content, struct call_body *body)
{
    static uint64_t blobs;
    struct checksum sum;
    struct blob_writer *writer;
    uint64_t bytes;

    *body = (struct call_body){.size = content.bytes, .declared_size = UINT64_MAX,
                               .kind = CHECKSUM_CRC64NVME, .bytes = content};
    md5(content, body->md5);
    checksum_begin(&sum, CHECKSUM_CRC64NVME);
    checksum_add(&sum, content);
    checksum_end(&sum, body->sum);
    if (content.bytes <= CALL_BODY_INLINE_MAX) {
        return OK;
    }
    body->bytes = STR_NONE;
    body->blob = arena_printf(world->arena, "%032llx", (unsigned long long)++blobs);
    TRY(blob_create(store_blobs(world->store), body->blob, &writer));
    status written = blob_write(writer, content);

    if (written != OK) {
        blob_cancel(writer);
        return written;
    }
    return blob_finish(writer, &bytes);
}

static struct str key_of_put(struct world *world, int number)
{
    return arena_printf(world->arena, "key %d", number % KEYS);
}

static status put(struct world *world, struct life *life)
{
    struct call_body body;
    struct value *in = input(world, "s3", "PutObject");
    struct cell_request request = {.service = "s3", .operation = "PutObject", .input = in,
                                   .body = &body};
    struct value *out;
    int number = life->tried + 1;

    set_str(in, "Bucket", STR("events"));
    set_str(in, "Key", key_of_put(world, number));
    life->tried = number;
    TRY(body_of(world, content_of(world, number), &body));
    TRY(cell_call(world->cell, &request, world->arena, &world->why, &out));
    life->acknowledged = number;
    return OK;
}

/* The put's number of a notification, by its object's key and how often that key came before; 0: it
 * is not one of an object. */
static int number_of(struct world *world, struct str text, const int *seen)
{
    struct value document;
    const struct value *records;

    CHECK(json_read(arena_dup(world->arena, text), 0, world->arena, &world->why,
                               &document) == OK);
    records = map_find(&document, STR("Records"));
    if (records == NULL) {
        return 0;
    }
    CHECK(records->count == 1);
    const struct value *s3 = map_find(&records->items[0], STR("s3"));
    struct str key = map_find(map_find(s3, STR("object")), STR("key"))->str;
    int key_number = key.at[key.bytes - 1] - '0'; /* "key+3" */
    int first = key_number == 0 ? KEYS : key_number;

    return first + seen[key_number] * KEYS;
}

/* The next message of a queue, deleted when wanted; STR_NONE: none. */
static status receive(struct world *world, int queue, struct str *ret_text)
{
    struct value *in = input(world, "sqs", "ReceiveMessage");
    struct value *out;

    *ret_text = STR_NONE;
    set_str(in, "QueueUrl", queue_address(world, queue));
    TRY(call(world, "sqs", "ReceiveMessage", in, &out));
    const struct value *list = get(out, "Messages");

    if (list == NULL || list->count == 0) {
        return OK;
    }
    *ret_text = get_str(&list->items[0], "Body");
    in = input(world, "sqs", "DeleteMessage");
    set_str(in, "QueueUrl", queue_address(world, queue));
    set_str(in, "ReceiptHandle", get_str(&list->items[0], "ReceiptHandle"));
    return call(world, "sqs", "DeleteMessage", in, &out);
}

/* In the middle: two messages of each queue are done with (the first is the test event). */
static status take_some(struct world *world, struct life *life)
{
    for (int i = 0; i < QUEUES; i++) {
        static const int none[KEYS] = {0};
        struct str text;

        TRY(receive(world, i, &text));
        life->taken[i] = TAKING;
        TRY(receive(world, i, &text));
        life->taken[i] = text.at == NULL ? 0 : number_of(world, text, none);
    }
    return OK;
}

/* Goes on as far as calls succeed: a refused one ends it, as a client that gives up. */
static status live(struct world *world, struct life *life)
{
    TRY(open_world(world, 7));
    TRY(set_up(world));
    while (life->tried < PUTS / 2) {
        TRY(put(world, life));
    }
    TRY(take_some(world, life));
    while (life->tried < PUTS) {
        TRY(put(world, life));
    }
    return OK;
}

/* ---- looking ---- */

/* The number of the put whose content an object has; 0: there is no object. */
static int object_number(struct world *world, int key)
{
    struct value *in = input(world, "s3", "GetObject");
    struct cell_answer answer;
    struct cell_request request = {.service = "s3", .operation = "GetObject", .input = in,
                                   .answer = &answer};
    struct value *out;
    char text[16] = "";
    size_t got = 0;
    int number;

    set_str(in, "Bucket", STR("events"));
    set_str(in, "Key", arena_printf(world->arena, "key %d", key));
    if (cell_call(world->cell, &request, world->arena, &world->why, &out) != OK) {
        return 0;
    }
    CHECK(answer.extent_count >= 1);
    const struct call_extent *extent = &answer.extents[0];

    if (extent->blob.bytes == 0) {
        memcpy(text, extent->bytes.at + extent->offset, sizeof(text) - 1);
    } else {
        struct blob *blob;

        CHECK(blob_open(store_blobs(world->store), extent->blob, &blob) == OK);
        CHECK(blob_read(blob, extent->offset, text, sizeof(text) - 1, &got) == OK);
        blob_close(blob);
    }
    CHECK(sscanf(text, "%d ", &number) == 1);
    CHECK(number % KEYS == key);
    return number;
}

/* The numbers that a queue tells of are 1 to the newest, each once and in order within its key, but
 * for the one that was done with. */
static int newest_told(struct world *world, const struct life *life, int queue)
{
    int seen[KEYS] = {0};
    int told = 0;
    struct str text;

    if (life->taken[queue] > 0) {
        seen[life->taken[queue] % KEYS]++;
        told++;
    }
    for (;;) {
        CHECK(receive(world, queue, &text) == OK);
        if (text.at == NULL) {
            return told;
        }
        int number = number_of(world, text, seen);

        if (number > 0) {
            seen[number % KEYS]++;
            told++;
        }
    }
}

static void verify(struct world *world, const struct life *life)
{
    int newest = 0;
    struct value *out;
    struct value *in = input(world, "s3", "HeadBucket");

    set_str(in, "Bucket", STR("events"));
    if (call(world, "s3", "HeadBucket", in, &out) != OK) { /* it did not come so far */
        CHECK(life->acknowledged == 0);
        return;
    }
    for (int key = 0; key < KEYS; key++) {
        int number = object_number(world, key);

        newest = number > newest ? number : newest;
    }
    CHECK(newest >= life->acknowledged);
    CHECK(newest <= life->tried);
    for (int key = 0; key < KEYS; key++) { /* and under each key the newest put of it */
        int number = newest - (newest - key + KEYS) % KEYS;

        CHECK(object_number(world, key) == (number > 0 ? number : 0));
    }
    for (int queue = 0; queue < QUEUES && life->tried > 0; queue++) {
        int told = newest_told(world, life, queue);

        CHECK(told <= newest);
        CHECK(told >= newest - (life->taken[queue] == TAKING));
    }
}

static void start_again_and_verify(struct faulty *disk, const struct life *life)
{
    struct world again = {.disk = disk, .arena = arena_new(64u << 20)};

    faulty_fail_at(disk, 0, OK);
    faulty_cut(disk);
    faulty_power(disk);
    CHECK(open_world(&again, 8) == OK);
    verify(&again, life);
    close_world(&again);
    arena_free(again.arena);
}

/* One life with a fault, in a process of its own, which takes what the life leaves along. */
static void one_life(uint64_t seed, uint64_t cut_at_sync, uint64_t fail_at, status with)
{
    struct world world = {.arena = NULL};
    struct life life = {.tried = 0};
    pid_t child = fork();
    int how;

    if (child != 0) {
        assert_int_equal(waitpid(child, &how, 0), child);
        if (!WIFEXITED(how) || WEXITSTATUS(how) != 0) {
            print_error("seed %llu, sync %llu, operation %llu\n", (unsigned long long)seed,
                        (unsigned long long)cut_at_sync, (unsigned long long)fail_at);
            assert_true(false);
        }
        return;
    }
    world.disk = faulty_new(seed);
    world.arena = arena_new(64u << 20);
    faulty_cut_at_sync(world.disk, cut_at_sync);
    faulty_fail_at(world.disk, fail_at, with);
    if (freopen("/dev/null", "w", stderr) == NULL) {
        _exit(2);
    }
    sys_die_hook(die);
    if (setjmp(died) == 0 && live(&world, &life) == OK && cut_at_sync == 0) {
        close_world(&world);
    }
    sys_die_hook(NULL);
    start_again_and_verify(world.disk, &life);
    _exit(0);
}

/* How many operations and syncs an undisturbed life takes. */
static void measure(uint64_t *ret_operations, uint64_t *ret_syncs)
{
    struct world world = {.disk = faulty_new(1), .arena = arena_new(64u << 20)};
    struct life life = {.tried = 0};

    assert_ptr_equal(live(&world, &life), OK);
    assert_int_equal(life.acknowledged, PUTS);
    for (int i = 0; i < QUEUES; i++) {
        assert_int_equal(life.taken[i], 1);
    }
    verify(&world, &life);
    *ret_operations = faulty_operations(world.disk);
    *ret_syncs = faulty_syncs(world.disk);
    close_world(&world);
    arena_free(world.arena);
    faulty_free(world.disk);
}

static void all_of_it_or_nothing_when_the_power_goes_at_any_sync(void **state)
{
    uint64_t operations;
    uint64_t syncs;

    (void)state;
    measure(&operations, &syncs);
    assert_true(syncs > PUTS);
    for (uint64_t seed = 1; seed <= 2; seed++) {
        for (uint64_t at = 1; at <= syncs; at++) {
            one_life(seed * 1000 + at, at, 0, OK);
        }
    }
    print_message("%llu syncs, each cut twice\n", (unsigned long long)syncs);
}

static void all_of_it_or_nothing_when_any_operation_of_the_disk_fails(void **state)
{
    uint64_t operations;
    uint64_t syncs;

    (void)state;
    measure(&operations, &syncs);
    for (uint64_t at = 1; at <= operations; at++) {
        one_life(at, 0, at, at % 2 == 0 ? &ERR_IO : &ERR_FULL);
    }
    print_message("%llu operations, each failed once\n", (unsigned long long)operations);
}

/* An acknowledged put costs one entry of the journal, whatever it causes. */
static void a_put_and_its_fan_out_are_one_entry(void **state)
{
    struct world world = {.disk = faulty_new(1), .arena = arena_new(64u << 20)};
    struct life life = {.tried = 0};

    (void)state;
    assert_ptr_equal(open_world(&world, 7), OK);
    assert_ptr_equal(set_up(&world), OK);
    uint64_t before = journal_last(store_journal(world.store));
    uint64_t syncs = faulty_syncs(world.disk);

    assert_ptr_equal(put(&world, &life), OK);
    assert_int_equal(journal_last(store_journal(world.store)), before + 1);
    assert_int_equal(faulty_syncs(world.disk), syncs + 1);
    close_world(&world);
    arena_free(world.arena);
    faulty_free(world.disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_put_and_its_fan_out_are_one_entry),
        cmocka_unit_test(all_of_it_or_nothing_when_the_power_goes_at_any_sync),
        cmocka_unit_test(all_of_it_or_nothing_when_any_operation_of_the_disk_fails),
    };

    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
