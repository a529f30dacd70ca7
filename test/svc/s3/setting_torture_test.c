/* SPDX-License-Identifier: Apache-2.0
 *
 * Every sync cuts the power in turn, and every operation of the disk fails in turn, while settings
 * act: requests are logged, a lifecycle's midnight comes, a restore ends. After the next start each
 * acknowledged change has its line in the access log, once; what expired is gone and what did not
 * is there; timers that were due fire.
 *
 * Only what happens in the cell is here: the end of the process is a longjmp out of sys_die, which
 * cannot leave another thread. Inventories and long walks, which have threads, are killed in
 * test/e2e.
 */
#include "svc/s3/s3_core.h"
#include "../test/svc/s3/look.h"

#include "sys/log.h"
#include "wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#undef fail

/* What a process that died left behind is leaked on purpose. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static jmp_buf died;

/* How far a life came. Volatile: read after a longjmp. */
struct life {
    volatile int acknowledged; /* steps that were answered */
    volatile int tried;        /* and begun */
};

static void die(void)
{
    longjmp(died, 1);
}

/* ---- steps ---- */

/* Puts a structure that is told as JSON. */
static status configure(struct world *world, const char *operation, const char *member,
                        const char *json)
{
    struct value *in = world_about(world, operation, "bucket", STR_NONE, STR_NONE);
    const struct shape *shape = model_shape(in->shape);
    int index = model_member_index(shape, str_c(member));
    struct value *out;

    assert_true(index >= 0);
    assert_ptr_equal(json_read(arena_dup(world->arena, str_c(json)),
                               model_members[shape->first + (uint32_t)index].shape, world->arena,
                               NULL, &in->items[index]),
                     OK);
    return world_call(world, operation, in, &out);
}

/* As world_put, but asked over HTTP: so it is logged. */
static status asked_put(struct world *world, const char *key, const char *storage)
{
    struct http_request http = {.method = STR("PUT"), .peer = STR("127.0.0.1"), .version = 11,
                                .target = arena_printf(world->arena, "/bucket/%s", key)};
    struct call_body body;
    struct cell_request request = {
        .operation = "PutObject",
        .input = world_about(world, "PutObject", "bucket", str_c(key), STR_NONE),
        .body = &body,
        .http = &http};
    struct value *out;

    set_str(request.input, "StorageClass", str_c(storage));
    TRY(world_body(world, STR("content"), &body));
    return world_ask(world, &request, &out);
}

static status restore(struct world *world)
{
    struct value *in = world_about(world, "RestoreObject", "bucket", STR("cold"), STR_NONE);
    struct value *out;

    set_int(set_struct(world->arena, in, "RestoreRequest"), "Days", 1);
    return world_call(world, "RestoreObject", in, &out);
}

enum step {
    STEP_CREATE,
    STEP_TARGET,
    STEP_LOGGING,
    STEP_OLD,
    STEP_KEPT,
    STEP_LIFECYCLE,
    STEP_COLD,
    STEP_RESTORE,
    STEP_HOURS,
    STEP_MORE,
    STEP_DAYS,
    STEP_LAST,
    STEP_COUNT,
};

static status take_step(struct world *world, enum step step)
{
    switch (step) {
    case STEP_CREATE:
        return world_create(world, "bucket");
    case STEP_TARGET:
        return world_create(world, "target");
    case STEP_LOGGING:
        return configure(world, "PutBucketLogging", "BucketLoggingStatus",
                         "{\"LoggingEnabled\":{\"TargetBucket\":\"target\","
                         "\"TargetPrefix\":\"\"}}");
    case STEP_OLD:
        return asked_put(world, "old/1", "STANDARD");
    case STEP_KEPT:
        return asked_put(world, "kept", "STANDARD");
    case STEP_LIFECYCLE:
        return configure(world, "PutBucketLifecycleConfiguration", "LifecycleConfiguration",
                         "{\"Rules\":[{\"ID\":\"1\",\"Status\":\"Enabled\",\"Filter\":"
                         "{\"Prefix\":\"old/\"},\"Expiration\":{\"Days\":2}}]}");
    case STEP_COLD:
        return asked_put(world, "cold", "GLACIER");
    case STEP_RESTORE:
        return restore(world);
    case STEP_HOURS:
        return cell_advance(world->cell, 6 * MS_PER_HOUR, &world->why);
    case STEP_MORE:
        return asked_put(world, "old/2", "STANDARD");
    case STEP_DAYS:
        return cell_advance(world->cell, 4 * MS_PER_DAY, &world->why);
    case STEP_LAST:
        return asked_put(world, "last", "STANDARD");
    case STEP_COUNT:
        break;
    }
    return OK;
}

static status live(struct world *world, struct life *life)
{
    TRY(world_open(world));
    for (int i = 0; i < STEP_COUNT; i++) {
        life->tried = i + 1;
        TRY(take_step(world, (enum step)i));
        life->acknowledged = i + 1;
    }
    return OK;
}

/* ---- what must be there ---- */

static bool is_there(struct world *world, const char *key)
{
    struct value *out;

    return world_call(world, "HeadObject",
                      world_about(world, "HeadObject", "bucket", str_c(key), STR_NONE),
                      &out) == OK;
}

/* Lines of all objects of the target that name that request. */
static int lines_of(struct world *world, const char *key)
{
    struct value *in = world_about(world, "ListObjectsV2", "target", STR_NONE, STR_NONE);
    struct str wanted = arena_printf(world->arena, " REST.PUT.OBJECT %s ", key);
    struct value *out;
    const struct value *objects;
    int count = 0;

    assert_ptr_equal(world_call(world, "ListObjectsV2", in, &out), OK);
    objects = get(out, "Contents");
    for (uint32_t i = 0; objects != NULL && i < objects->count; i++) {
        struct str text;

        assert_ptr_equal(world_get(world, "target", get_str(&objects->items[i], "Key"), STR_NONE,
                                   &text),
                         OK);
        while (text.bytes > 0) {
            struct str line = str_split(&text, '\n');

            count += str_find_str(line, wanted) < line.bytes;
        }
    }
    return count;
}

static const struct {
    const char *key;  /* of a logged put */
    int step;         /* that does it */
} logged[] = {{"old/1", STEP_OLD},  {"kept", STEP_KEPT}, {"cold", STEP_COLD},
            {"old/2", STEP_MORE}, {"last", STEP_LAST}};

/* After days: whatever was due has happened. */
static void verify(struct world *world, const struct life *life)
{
    for (int i = 0; i < 4; i++) { /* what fires may set a timer more */
        assert_ptr_equal(cell_advance(world->cell, 2 * MS_PER_DAY, &world->why), OK);
    }
    for (size_t i = 0; life->acknowledged > STEP_LOGGING && i < sizeof(logged) / sizeof(logged[0]);
         i++) {
        int lines = lines_of(world, logged[i].key);

        assert_true(lines <= (life->tried > logged[i].step ? 1 : 0));
        assert_true(lines >= (life->acknowledged > logged[i].step ? 1 : 0));
    }
    if (life->acknowledged > STEP_KEPT) {
        assert_true(is_there(world, "kept"));
    }
    if (life->acknowledged > STEP_LIFECYCLE) {
        assert_false(is_there(world, "old/1"));
        assert_false(is_there(world, "old/2"));
    } else if (life->acknowledged > STEP_OLD && life->tried <= STEP_LIFECYCLE) {
        assert_true(is_there(world, "old/1"));
    }
    if (life->acknowledged > STEP_COLD) { /* archived again, if it ever was restored */
        struct str content;

        assert_true(is_there(world, "cold"));
        assert_true(world_failed(world_get(world, "bucket", STR("cold"), STR_NONE, &content),
                                 "InvalidObjectState"));
    }
}

static void start_again_and_verify(struct world *world, struct life *life)
{
    struct world again = {.disk = world->disk, .arena = world->arena, .opens = world->opens,
                          .blobs = world->blobs};

    faulty_fail_at(world->disk, 0, OK);
    faulty_cut(world->disk);
    faulty_power(world->disk);
    assert_ptr_equal(world_open(&again), OK);
    verify(&again, life);
    world_close(&again);
}

/* One life with a fault; what it cost is leaked when it died, on purpose. */
static void one_life(uint64_t seed, uint64_t cut_at_sync, uint64_t fail_at, status with)
{
    struct world *world = world_new(seed);
    struct life life = {.acknowledged = 0};

    faulty_cut_at_sync(world->disk, cut_at_sync);
    faulty_fail_at(world->disk, fail_at, with);
    sys_die_hook(die);
    if (setjmp(died) == 0 && live(world, &life) == OK && cut_at_sync == 0) {
        world_close(world);
    }
    sys_die_hook(NULL);
    start_again_and_verify(world, &life);
    arena_free(world->arena); /* the disk stays: files of the life that died are open on it */
}

/* How many operations and syncs an undisturbed life takes. */
static void measure(uint64_t *ret_operations, uint64_t *ret_syncs)
{
    struct world *world = world_new(1);
    struct life life = {.acknowledged = 0};

    assert_ptr_equal(live(world, &life), OK);
    assert_int_equal(life.acknowledged, STEP_COUNT);
    *ret_operations = faulty_operations(world->disk);
    *ret_syncs = faulty_syncs(world->disk);
    verify(world, &life);
    world_free(world);
}

static void the_power_goes_at_every_sync(void **state)
{
    uint64_t operations;
    uint64_t syncs;

    (void)state;
    measure(&operations, &syncs);
    assert_true(syncs > 12);
    for (uint64_t at = 1; at <= syncs; at++) {
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
        one_life(at, 0, at, at % 2 == 0 ? &ERR_IO : &ERR_FULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_power_goes_at_every_sync),
        cmocka_unit_test(every_operation_of_the_disk_fails_in_turn),
    };

    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
