/* SPDX-License-Identifier: Apache-2.0
 *
 * Every sync cuts the power in turn, and every operation of the disk fails in turn, while a small
 * life of a bucket goes on. Whatever happens then (an error, the end of the process), the next
 * start has everything that was acknowledged, and of the step that was not all or nothing.
 *
 * The life: small and large objects, an upload in parts and its completion, a copy that shares,
 * deletions, versions. The process's end is a longjmp out of sys_die.
 */
#include "svc/s3/s3_core.h"
#include "../test/svc/s3/look.h"

#include "sys/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#undef fail

#define LARGE 80000

/* What a process that died left behind is leaked on purpose. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static jmp_buf died;

/* How far a life came. Volatile: read after a longjmp. */
struct life {
    volatile int acknowledged;         /* steps that were answered */
    volatile int tried;                /* and begun */
    char upload[VERSION_TEXT_BYTES];   /* the upload's id */
};

static void die(void)
{
    longjmp(died, 1);
}

static status put(struct world *world, const char *key, uint64_t number, size_t bytes)
{
    return world_put(world, "bucket", str_c(key), world_bytes(world, number, bytes), NULL);
}

static struct value *about_upload(struct world *world, const char *operation,
                                  const struct life *life)
{
    struct value *in = world_about(world, operation, "bucket", STR("multi"), STR_NONE);

    set_str(in, "UploadId", str_of(life->upload, sizeof(life->upload)));
    return in;
}

static status begin_upload(struct world *world, struct life *life)
{
    struct value *out;

    TRY(world_call(world, "CreateMultipartUpload",
                   world_about(world, "CreateMultipartUpload", "bucket", STR("multi"), STR_NONE),
                   &out));
    memcpy(life->upload, get_str(out, "UploadId").at, sizeof(life->upload));
    return OK;
}

static status send_part(struct world *world, struct life *life)
{
    struct call_body body;
    struct cell_request request = {.operation = "UploadPart",
                                   .input = about_upload(world, "UploadPart", life),
                                   .body = &body};
    struct value *out;

    set_int(request.input, "PartNumber", 1);
    TRY(world_body(world, world_bytes(world, 50, LARGE), &body));
    return world_ask(world, &request, &out);
}

static status complete_upload(struct world *world, struct life *life)
{
    struct value *in = about_upload(world, "CompleteMultipartUpload", life);
    struct value *parts = set_list(world->arena, set_struct(world->arena, in, "MultipartUpload"),
                                   "Parts", 1);
    struct value *part = list_add(world->arena, parts);
    struct value *out;
    uint8_t hash[MD5_BYTES];
    char hex[2 * MD5_BYTES];

    md5(world_bytes(world, 50, LARGE), hash);
    hex_encode(str_of(hash, sizeof(hash)), hex);
    set_int(part, "PartNumber", 1);
    set_str(part, "ETag", arena_dup(world->arena, str_of(hex, sizeof(hex))));
    return world_call(world, "CompleteMultipartUpload", in, &out);
}

enum step {
    STEP_CREATE,
    STEP_SMALL,
    STEP_ROW,
    STEP_LARGE,
    STEP_BEGIN,
    STEP_PART,
    STEP_COMPLETE,
    STEP_COPY,
    STEP_DELETE,
    STEP_REPLACE,
    STEP_ENABLE,
    STEP_VERSION,
    STEP_MARKER,
    STEP_DROP,
    STEP_COUNT,
};

static status take_step(struct world *world, struct life *life, enum step step)
{
    switch (step) {
    case STEP_CREATE:
        return world_create(world, "bucket");
    case STEP_SMALL:
        return put(world, "small", 1, 100);
    case STEP_ROW:
        return put(world, "row", 2, 30000);
    case STEP_LARGE:
        return put(world, "large", 3, LARGE);
    case STEP_BEGIN:
        return begin_upload(world, life);
    case STEP_PART:
        return send_part(world, life);
    case STEP_COMPLETE:
        return complete_upload(world, life);
    case STEP_COPY:
        return world_copy(world, "bucket", STR("large"), STR("copy"));
    case STEP_DELETE:
        return world_delete(world, "bucket", STR("large"), STR_NONE);
    case STEP_REPLACE:
        return put(world, "row", 4, 20000);
    case STEP_ENABLE:
        return world_versioning(world, "bucket", "Enabled");
    case STEP_VERSION:
        return put(world, "small", 5, 200);
    case STEP_MARKER:
        return world_delete(world, "bucket", STR("small"), STR_NONE);
    case STEP_DROP:
        return world_delete(world, "bucket", STR("copy"), STR("null"));
    case STEP_COUNT:
        break;
    }
    return OK;
}

/* Goes on as far as calls succeed: a refused one ends it, as a client that gives up. */
static status live(struct world *world, struct life *life)
{
    TRY(world_open(world));
    for (int i = 0; i < STEP_COUNT; i++) {
        life->tried = i + 1;
        TRY(take_step(world, life, (enum step)i));
        life->acknowledged = i + 1;
    }
    return OK;
}

/* ---- what must be there ---- */

/* A key's content between the step that makes it and the one that takes it away. */
struct fact {
    const char *key;       /* whose */
    const char *version;   /* NULL: the newest */
    uint64_t number;       /* of world_bytes() */
    size_t bytes;          /* of them */
    int from, to;          /* there from that step on, before that step */
};

static const struct fact facts[] = {
    {"small", NULL, 1, 100, STEP_SMALL, STEP_VERSION},
    {"small", NULL, 5, 200, STEP_VERSION, STEP_MARKER},
    {"small", "null", 1, 100, STEP_SMALL, STEP_COUNT + 1},
    {"row", NULL, 2, 30000, STEP_ROW, STEP_REPLACE},
    {"row", NULL, 4, 20000, STEP_REPLACE, STEP_COUNT + 1},
    {"large", NULL, 3, LARGE, STEP_LARGE, STEP_DELETE},
    {"copy", NULL, 3, LARGE, STEP_COPY, STEP_DROP},
    {"multi", NULL, 50, LARGE, STEP_COMPLETE, STEP_COUNT + 1},
};

static void verify_fact(struct world *world, const struct life *life, const struct fact *fact)
{
    bool must = life->acknowledged > fact->from && life->tried <= fact->to;
    bool may = life->tried > fact->from && life->acknowledged <= fact->to;
    struct str content = STR_NONE;
    status got = world_get(world, "bucket", str_c(fact->key),
                           fact->version == NULL ? STR_NONE : str_c(fact->version), &content);
    bool there = got == OK && str_eq(content, world_bytes(world, fact->number, fact->bytes));

    if (must) {
        assert_true(there);
    }
    if (!may) {
        assert_false(there);
    }
}

static void verify(struct world *world, struct life *life)
{
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        verify_fact(world, life, &facts[i]);
    }
    if (life->acknowledged > STEP_BEGIN && life->tried <= STEP_COMPLETE) {
        struct value *out;
        struct value *in = about_upload(world, "ListParts", life);

        assert_ptr_equal(world_call(world, "ListParts", in, &out), OK);
        assert_true(get(out, "Parts")->count >= (life->acknowledged > STEP_PART ? 1u : 0u));
    }
}

/* What goes on after the fault: the rest of the life, on what is there. */
static void go_on(struct world *world, struct life *life)
{
    if (life->acknowledged > STEP_CREATE) {
        assert_ptr_equal(put(world, "afterwards", 9, LARGE), OK);
        assert_ptr_equal(world_copy(world, "bucket", STR("afterwards"), STR("copy")), OK);
    }
}

/* After whatever happened: power off and on, and a new start. */
static void start_again_and_verify(struct world *world, struct life *life)
{
    struct world again = {.disk = world->disk, .arena = world->arena, .opens = world->opens,
                          .blobs = world->blobs};

    faulty_fail_at(world->disk, 0, OK);
    faulty_cut(world->disk);
    faulty_power(world->disk);
    assert_ptr_equal(world_open(&again), OK);
    verify(&again, life);
    go_on(&again, life);
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
    verify(world, &life);
    *ret_operations = faulty_operations(world->disk);
    *ret_syncs = faulty_syncs(world->disk);
    world_free(world);
}

static void the_power_goes_at_every_sync(void **state)
{
    uint64_t operations;
    uint64_t syncs;

    (void)state;
    measure(&operations, &syncs);
    assert_true(syncs > 15);
    for (uint64_t seed = 1; seed <= 2; seed++) {
        for (uint64_t at = 1; at <= syncs; at++) {
            one_life(seed * 1000 + at, at, 0, OK);
        }
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
