/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys and their master key when the disk fails: whatever was told of a key is so afterwards.
 *
 * How: KMS in one process on a disk in memory. The life: keys are made, rotated, used. Then at
 * every sync of that life the power goes, and at every operation the disk fails. After each the
 * service opens again: every key that was told is there, and what it sealed opens. When the master
 * key was not yet on the disk, no key is. Each life is a process of its own.
 */
#include "base/mem.h"
#include "bus/bus.h"
#include "cell/cell.h"
#include "svc/kms/kms.h"
#include "sys/faulty.h"
#include "sys/log.h"

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
#define KEYS 3
#define CHECK(truth)                                                                               \
    do {                                                                                           \
        if (!(truth)) {                                                                            \
            printf("line %d: %s\n", __LINE__, #truth);                                             \
            fflush(stdout);                                                                        \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

struct world {
    struct faulty *disk;       /* what it runs on */
    struct store *store;       /* open on it */
    struct clock clock;        /* stands still */
    struct cell *cell;         /* with KMS */
    struct arena *arena;       /* of calls */
    struct why why;            /* of the last call */
};

/* What was told. */
struct life {
    int keys;                  /* of them */
    char ids[KEYS][64];        /* of keys */
    char sealed[KEYS][256];    /* under each: the key's id */
    size_t sealed_bytes[KEYS]; /* of them; 0: none yet */
};

static jmp_buf died;

static void die(void)
{
    longjmp(died, 1);
}

static status open_world(struct world *world, uint64_t seed)
{
    static const struct service *const services[] = {&bus_service, &kms_service, NULL};
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

static struct value *input(struct world *world, const char *operation)
{
    return value_struct(world->arena,
                        model_operation(model_service(STR("kms")), str_c(operation))->input);
}

static status call(struct world *world, const char *operation, struct value *in,
                   struct value **ret_out)
{
    struct cell_request request = {.service = "kms", .operation = operation, .input = in};

    return cell_call(world->cell, &request, world->arena, &world->why, ret_out);
}

static status make_key(struct world *world, struct life *life)
{
    struct value *out;
    struct str id;

    TRY(call(world, "CreateKey", input(world, "CreateKey"), &out));
    id = get_str(get(out, "KeyMetadata"), "KeyId");
    memcpy(life->ids[life->keys], id.at, id.bytes);
    life->keys++;
    return OK;
}

static status use_key(struct world *world, struct life *life, int key)
{
    struct value *in = input(world, "RotateKeyOnDemand");
    struct value *out;
    struct str sealed;

    set_str(in, "KeyId", str_c(life->ids[key]));
    TRY(call(world, "RotateKeyOnDemand", in, &out));
    in = input(world, "Encrypt");
    set_str(in, "KeyId", str_c(life->ids[key]));
    set_blob(in, "Plaintext", str_c(life->ids[key]));
    TRY(call(world, "Encrypt", in, &out));
    sealed = get_str(out, "CiphertextBlob");
    memcpy(life->sealed[key], sealed.at, sealed.bytes);
    life->sealed_bytes[key] = sealed.bytes;
    return OK;
}

static status live(struct world *world, struct life *life)
{
    TRY(open_world(world, 7));
    for (int i = 0; i < KEYS; i++) {
        TRY(make_key(world, life));
        TRY(use_key(world, life, i));
    }
    return OK;
}

static void verify(struct world *world, const struct life *life)
{
    struct value *out;

    for (int i = 0; i < life->keys; i++) {
        struct value *in = input(world, "DescribeKey");

        set_str(in, "KeyId", str_c(life->ids[i]));
        CHECK(call(world, "DescribeKey", in, &out) == OK);
        if (life->sealed_bytes[i] == 0) {
            continue;
        }
        in = input(world, "Decrypt");
        set_blob(in, "CiphertextBlob", str_of(life->sealed[i], life->sealed_bytes[i]));
        CHECK(call(world, "Decrypt", in, &out) == OK);
        CHECK(str_eq(get_str(out, "Plaintext"), str_c(life->ids[i])));
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

static void one_life(uint64_t seed, uint64_t cut_at_sync, uint64_t fail_at, status with)
{
    struct world world = {.arena = NULL};
    struct life life = {.keys = 0};
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

static void measure(uint64_t *ret_operations, uint64_t *ret_syncs)
{
    struct world world = {.disk = faulty_new(1), .arena = arena_new(64u << 20)};
    struct life life = {.keys = 0};

    assert_ptr_equal(live(&world, &life), OK);
    assert_int_equal(life.keys, KEYS);
    verify(&world, &life);
    *ret_operations = faulty_operations(world.disk);
    *ret_syncs = faulty_syncs(world.disk);
    close_world(&world);
    arena_free(world.arena);
    faulty_free(world.disk);
}

static void keys_are_what_was_told_when_the_power_goes_at_any_sync(void **state)
{
    uint64_t operations;
    uint64_t syncs;

    (void)state;
    measure(&operations, &syncs);
    assert_true(syncs > KEYS);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        for (uint64_t at = 1; at <= syncs; at++) {
            one_life(seed * 1000 + at, at, 0, OK);
        }
    }
    print_message("%llu syncs, each cut three times\n", (unsigned long long)syncs);
}

static void keys_are_what_was_told_when_any_operation_of_the_disk_fails(void **state)
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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_what_was_told_when_the_power_goes_at_any_sync),
        cmocka_unit_test(keys_are_what_was_told_when_any_operation_of_the_disk_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
