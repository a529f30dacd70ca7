/* SPDX-License-Identifier: Apache-2.0
 *
 * Every sync cuts the power in turn, every operation of the disk fails in turn, and every
 * allocation fails in turn, while users are made, join a group, get policies and access keys, and
 * assume a role. Whatever happens then (an error, the end of the process), the next start has what
 * the first so many steps made, all of them that were acknowledged, and nothing of a later one;
 * what is derived (members, attachments) agrees with it, and so do the cell's keys.
 *
 * The process's end is a longjmp out of sys_die; threads of the cell that was left behind are left
 * too.
 */
#include "../test/svc/iam/world.h"

#include "base/mem.h"
#include "cell/identity.h"
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

#include "../test/svc/allocations.h" /* behind cmocka, whose fail() others do not want */
#undef fail

#define USERS 4
#define EACH 6          /* steps of a user */
#define FIRST 3         /* steps before */
#define ALL (FIRST + USERS * EACH)
#define ALLOW                                                                                      \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\","        \
    "\"Resource\":\"*\"}]}"
#define TRUST                                                                                      \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":"                 \
    "\"sts:AssumeRole\",\"Principal\":{\"AWS\":\"000000000000\"}}]}"

/* What a process that died left behind is leaked on purpose. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static jmp_buf died;

/* How far a life came: steps acknowledged, and begun at all. Volatile: read after a longjmp. */
struct life {
    volatile int acknowledged;
    volatile int begun;
    int report; /* file descriptor that hears of each acknowledgement; -1: none */
};

static void die(void)
{
    longjmp(died, 1);
}

static struct str user_name(struct world *world, int user)
{
    return arena_printf(world->arena, "u%d", user);
}

/* ---- the steps ---- */

static status first_step(struct world *world, int step)
{
    switch (step) {
    case 0:
        return world_iam(world, "CreatePolicy",
                         (struct world_member[3]){{"PolicyName", STR("p")},
                                                  {"PolicyDocument", STR(ALLOW)}},
                         NULL);
    case 1:
        return world_iam(world, "CreateGroup",
                         (struct world_member[3]){{"GroupName", STR("g")}}, NULL);
    default:
        return world_iam(world, "CreateRole",
                         (struct world_member[3]){{"RoleName", STR("r")},
                                                  {"AssumeRolePolicyDocument", STR(TRUST)}},
                         NULL);
    }
}

static status assume(struct world *world, int user)
{
    struct value *in = world_input(world, "sts", "AssumeRole");
    struct value *out;

    set_str(in, "RoleArn", STR(WORLD_IAM "role/r"));
    set_str(in, "RoleSessionName", user_name(world, user));
    return world_call(world, "sts", "AssumeRole", in, &out);
}

static status user_step(struct world *world, int user, int step)
{
    struct world_member members[3] = {{"UserName", user_name(world, user)}};

    switch (step) {
    case 0:
        return world_iam(world, "CreateUser", members, NULL);
    case 1:
        members[1] = (struct world_member){"GroupName", STR("g")};
        return world_iam(world, "AddUserToGroup", members, NULL);
    case 2:
        members[1] = (struct world_member){"PolicyArn", STR(WORLD_IAM "policy/p")};
        return world_iam(world, "AttachUserPolicy", members, NULL);
    case 3:
        members[1] = (struct world_member){"PolicyName", STR("i")};
        members[2] = (struct world_member){"PolicyDocument", STR(ALLOW)};
        return world_iam(world, "PutUserPolicy", members, NULL);
    case 4:
        return world_iam(world, "CreateAccessKey", members, NULL);
    default:
        return assume(world, user);
    }
}

static status take_step(struct world *world, struct life *life)
{
    char byte = 'a';
    int step = life->begun++;

    if (step < FIRST) {
        TRY(first_step(world, step));
    } else {
        TRY(user_step(world, (step - FIRST) / EACH, (step - FIRST) % EACH));
    }
    life->acknowledged++;
    if (life->report >= 0 && write(life->report, &byte, 1) != 1) {
        return &ERR_IO;
    }
    return OK;
}

static status live(struct world *world, struct life *life)
{
    while (life->begun < ALL) {
        TRY(take_step(world, life));
    }
    return OK;
}

/* ---- what is there ---- */

static uint32_t count_in(struct world *world, const char *operation, const char *member,
                         struct world_member named)
{
    struct value *out;

    if (world_iam(world, operation, (struct world_member[3]){named}, &out) != OK) {
        return 0;
    }
    return get(out, member) == NULL ? 0 : get(out, member)->count;
}

static bool is_there(struct world *world, const char *operation, struct world_member named)
{
    return world_iam(world, operation, (struct world_member[3]){named}, NULL) == OK;
}

/* A key that a user has is the cell's too, and the user's. */
static bool has_key(struct world *world, struct world_member named)
{
    struct value *out;
    const struct identity *identity;
    struct str id;
    bool good;

    assert_ptr_equal(world_iam(world, "ListAccessKeys", (struct world_member[3]){named}, &out),
                     OK);
    if (get(out, "AccessKeyMetadata")->count == 0) {
        return false;
    }
    id = get_str(&get(out, "AccessKeyMetadata")->items[0], "AccessKeyId");
    identity = identity_find(cell_identities(world->cell), id);
    assert_non_null(identity);
    good = identity->kind == IDENTITY_USER &&
           str_ends(identity->principal, arena_printf(world->arena, "/%.*s", STR_ARG(named.text)));
    identity_drop(identity);
    assert_true(good);
    return true;
}

/* How many of a user's steps but the last (which makes nothing that IAM shows) are there: the first
 * so many, and none behind. */
static int steps_of(struct world *world, int user)
{
    struct world_member named = {"UserName", user_name(world, user)};
    bool there[EACH] = {false};
    int count = 0;

    there[0] = is_there(world, "GetUser", named);
    if (there[0]) {
        there[1] = count_in(world, "ListGroupsForUser", "Groups", named) == 1;
        there[2] = count_in(world, "ListAttachedUserPolicies", "AttachedPolicies", named) == 1;
        there[3] = count_in(world, "ListUserPolicies", "PolicyNames", named) == 1;
        there[4] = has_key(world, named);
    }
    while (count < EACH && there[count]) {
        count++;
    }
    for (int i = count; i < EACH; i++) {
        assert_false(there[i]);
    }
    return count;
}

static int steps_there(struct world *world, int *ret_members, int *ret_attached)
{
    int first = is_there(world, "GetPolicy",
                         (struct world_member){"PolicyArn", STR(WORLD_IAM "policy/p")}) +
                is_there(world, "GetGroup", (struct world_member){"GroupName", STR("g")}) +
                is_there(world, "GetRole", (struct world_member){"RoleName", STR("r")});
    int count = first;

    *ret_members = *ret_attached = 0;
    for (int user = 0; user < USERS; user++) {
        int steps = steps_of(world, user);

        assert_true(steps == 0 || count == FIRST + user * EACH);
        *ret_members += steps > 1;
        *ret_attached += steps > 2;
        count += steps == EACH - 1 ? EACH : steps;
    }
    return count;
}

static void verify(struct world *world, const struct life *life)
{
    struct value *out;
    int members;
    int attached;
    int there = steps_there(world, &members, &attached);

    assert_true(there >= life->acknowledged);
    assert_true(there <= life->begun + 1); /* the last step of a user cannot be seen */
    if (there < FIRST) {
        return;
    }
    assert_int_equal(
        count_in(world, "GetGroup", "Users", (struct world_member){"GroupName", STR("g")}),
        members);
    assert_ptr_equal(
        world_iam(world, "GetPolicy",
                  (struct world_member[3]){{"PolicyArn", STR(WORLD_IAM "policy/p")}}, &out),
        OK);
    assert_int_equal(get_int(get(out, "Policy"), "AttachmentCount", -1), attached);
}

static void life_free(struct world *world)
{
    cell_close(world->cell);
    store_close(world->store);
}

/* After whatever happened: power off and on, and a new start. */
static void start_again_and_verify(struct world *world, const struct life *life)
{
    struct world again = {.disk = world->disk, .arena = world->arena};

    faulty_fail_at(world->disk, 0, OK);
    faulty_cut(world->disk);
    faulty_power(world->disk);
    assert_ptr_equal(world_open(&again), OK);
    verify(&again, life);
    life_free(&again);
}

/* One life with a fault; what it cost is leaked when it died, on purpose. */
static void one_life(uint64_t seed, uint64_t cut_at_sync, uint64_t fail_at, status with)
{
    struct world *world = MEM_NEW(struct world);
    struct life life = {.report = -1};

    world->disk = faulty_new(seed);
    world->arena = arena_new(64u << 20);
    faulty_cut_at_sync(world->disk, cut_at_sync);
    faulty_fail_at(world->disk, fail_at, with);
    sys_die_hook(die);
    if (setjmp(died) == 0 && world_open(world) == OK && live(world, &life) == OK &&
        cut_at_sync == 0) {
        life_free(world);
        world->cell = NULL;
    }
    sys_die_hook(NULL);
    start_again_and_verify(world, &life);
    arena_free(world->arena);
    faulty_free(NULL); /* the disk stays: files of the life that died are open on it */
}

/* How many operations and syncs an undisturbed life takes. */
static void measure(uint64_t *ret_operations, uint64_t *ret_syncs)
{
    struct world world = {.disk = faulty_new(1), .arena = arena_new(64u << 20)};
    struct life life = {.report = -1};

    assert_ptr_equal(world_open(&world), OK);
    assert_ptr_equal(live(&world, &life), OK);
    assert_int_equal(life.acknowledged, ALL);
    *ret_operations = faulty_operations(world.disk);
    *ret_syncs = faulty_syncs(world.disk);
    verify(&world, &life);
    life_free(&world);
    faulty_free(world.disk);
    arena_free(world.arena);
}

static void the_power_goes_at_every_sync(void **state)
{
    uint64_t operations;
    uint64_t syncs;

    (void)state;
    measure(&operations, &syncs);
    assert_true(syncs >= ALL);
    for (uint64_t seed = 1; seed <= 3; seed++) {
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

static void a_full_disk_refuses_and_harms_nothing(void **state)
{
    struct world world = {.disk = faulty_new(9), .arena = arena_new(64u << 20)};
    struct life life = {.report = -1};

    (void)state;
    faulty_space(world.disk, 64u << 20); /* less than the reserve, from the start */
    assert_ptr_equal(world_open(&world), OK);
    assert_ptr_equal(first_step(&world, 1), &ERR_FULL);
    faulty_space(world.disk, UINT64_C(1) << 40);
    life_free(&world);
    start_again_and_verify(&world, &life);
    faulty_free(world.disk);
    arena_free(world.arena);
}

static struct store_options real_store(const char *dir)
{
    return (struct store_options){.files = files_real(), .dir = dir, .keep_bytes = 1u << 30,
                                  .keep_ms = INT64_C(1) << 40};
}

/* In a child: a life in which the at-th allocation fails; its acknowledgements come through the
 * pipe, the disk is real. */
static void child_life(const char *dir, uint64_t at, int report)
{
    struct store_options store = real_store(dir);
    struct world world = {.arena = arena_new(64u << 20)};
    struct life life = {.report = report};

    mem_fail_after(at);
    if (world_open_store(&world, &store) != OK || live(&world, &life) != OK) {
        _exit(1);
    }
    _exit(0);
}

static void parent_verify(const char *dir, int acknowledged)
{
    struct store_options store = real_store(dir);
    struct world world = {.arena = arena_new(64u << 20)};
    struct life life = {.acknowledged = acknowledged, .begun = ALL, .report = -1};

    assert_ptr_equal(world_open_store(&world, &store), OK);
    verify(&world, &life);
    life_free(&world);
    arena_free(world.arena);
}

static void allocations_fail_one_after_the_other(void **state)
{
    (void)state;
    allocations_fail(6000, child_life, parent_verify);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_fail_one_after_the_other), /* forks: before threads are left */
        cmocka_unit_test(a_full_disk_refuses_and_harms_nothing),
        cmocka_unit_test(the_power_goes_at_every_sync),
        cmocka_unit_test(every_operation_of_the_disk_fails_in_turn),
    };

    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
