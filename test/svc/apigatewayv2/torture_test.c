/* SPDX-License-Identifier: Apache-2.0
 *
 * Every sync cuts the power in turn, every operation of the disk fails in turn, and every
 * allocation fails in turn, while a small life of APIs goes on: imported, mapped to a domain name,
 * some deleted again. Whatever happens then (an error, the end of the process), the next start has
 * every API whose making was acknowledged, with all its routes, none whose deletion was, and none
 * by half; and a domain name's mapping when it was acknowledged.
 *
 * The process's end is a longjmp out of sys_die; threads of the cell that was left behind are left
 * too.
 */
#include "base/mem.h"
#include "bus/bus.h"
#include "cell/cell_int.h"
#include "svc/apigatewayv2/apigatewayv2.h"
#include "sys/faulty.h"
#include "sys/log.h"

#include "../test/svc/allocations.h"

#undef fail

#define APIS 8
#define STEPS (APIS + APIS / 2 + 2) /* each made, every second deleted; a domain name, a mapping */
#define ROUTES 3
#define DOMAIN_STEP (STEPS - 2)
#define START_MS INT64_C(1790000000000)

/* What a process that died left behind is leaked on purpose. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static jmp_buf died;

struct world {
    struct faulty *disk;       /* what it runs on; NULL: the real one */
    struct store *store;       /* open on it */
    struct clock clock;        /* stands still */
    struct cell *cell;         /* with its services */
    struct arena *arena;       /* of calls */
    struct why why;            /* of the last call */
    int report;                /* file descriptor that hears of each step; -1: none */
    volatile int done;         /* steps acknowledged; read after a longjmp */
    struct str home;           /* an API's id, for the mapping */
};

static status world_open(struct world *world, const char *dir)
{
    static const struct service *const services[] = {&bus_service, &apigatewayv2_service, NULL};
    bool real = world->disk == NULL;
    struct store_options store = {.files = real ? files_real() : faulty_files(world->disk),
                                  .dir = dir, .memory_index = !real, .keep_bytes = 1u << 30,
                                  .keep_ms = INT64_C(1) << 40};
    struct cell_options cell = {.clock = &world->clock, .services = services, .seed = 7};

    clock_init_manual(&world->clock, START_MS);
    TRY(store_open(&store, &world->why, &world->store));
    cell.store = world->store;
    return cell_open(&cell, &world->why, &world->cell);
}

static void world_close(struct world *world)
{
    cell_close(world->cell);
    store_close(world->store);
}

static struct value *input(struct world *world, const char *operation)
{
    const struct operation *found =
        model_operation(model_service(STR("apigatewayv2")), str_c(operation));

    return value_struct(world->arena, found->input);
}

static status ask(struct world *world, const char *operation, struct value *in,
                  struct value **ret_out)
{
    struct cell_request request = {.service = "apigatewayv2", .operation = operation,
                                   .input = in};

    world->why.text[0] = '\0';
    return cell_call(world->cell, &request, world->arena, &world->why, ret_out);
}

/* ---- a life ---- */

static void note(struct world *world)
{
    world->done++;
    if (world->report >= 0 && write(world->report, "s", 1) != 1) {
        _exit(1);
    }
}

static status make(struct world *world, int number, struct str *ret_id)
{
    struct value *in = input(world, "ImportApi");
    struct str body = arena_printf(world->arena, "openapi: 3.0.1\ninfo: {title: a%d}\npaths:\n",
                                   number);
    struct value *out;

    for (int i = 0; i < ROUTES; i++) {
        body = arena_printf(world->arena, "%.*s  /r%d: {get: {x-amazon-apigateway-integration: "
                            "{type: http_proxy, uri: 'http://a', payloadFormatVersion: 1.0}}}\n",
                            STR_ARG(body), i);
    }
    set_str(in, "Body", body);
    TRY(ask(world, "ImportApi", in, &out));
    *ret_id = get_str(out, "ApiId");
    note(world);
    return OK;
}

static status erase(struct world *world, struct str id)
{
    struct value *in = input(world, "DeleteApi");
    struct value *out;

    set_str(in, "ApiId", id);
    TRY(ask(world, "DeleteApi", in, &out));
    note(world);
    return OK;
}

static status map(struct world *world)
{
    struct value *in = input(world, "CreateDomainName");
    struct value *list = set_list(world->arena, in, "DomainNameConfigurations", 1);
    struct value *out;

    set_str(in, "DomainName", STR("a.example.com"));
    set_str(list_add(world->arena, list), "CertificateArn",
            STR("arn:aws:acm:us-east-1:000000000000:certificate/a"));
    TRY(ask(world, "CreateDomainName", in, &out));
    note(world);
    in = input(world, "CreateStage");
    set_str(in, "ApiId", world->home);
    set_str(in, "StageName", STR("dev"));
    set_bool(in, "AutoDeploy", true);
    TRY(ask(world, "CreateStage", in, &out));
    in = input(world, "CreateApiMapping");
    set_str(in, "DomainName", STR("a.example.com"));
    set_str(in, "ApiId", world->home);
    set_str(in, "Stage", STR("dev"));
    TRY(ask(world, "CreateApiMapping", in, &out));
    note(world);
    return OK;
}

/* Goes on as far as calls succeed. */
static status live(struct world *world)
{
    for (int i = 0; i < APIS; i++) {
        struct str id;

        TRY(make(world, i, &id));
        if (i % 2 == 1) {
            TRY(erase(world, id));
        } else {
            world->home = id;
        }
    }
    return map(world);
}

/* ---- what is left ---- */

/* The step that makes, and the one that deletes; -1: none does. */
static int made_by(int number)
{
    return number + number / 2;
}

static int deleted_by(int number)
{
    return number % 2 == 1 ? made_by(number) + 1 : -1;
}

static void verify_whole(struct world *world, struct str id)
{
    struct value *in = input(world, "GetRoutes");
    struct value *out;

    set_str(in, "ApiId", id);
    assert_ptr_equal(ask(world, "GetRoutes", in, &out), OK);
    assert_int_equal(get(out, "Items")->count, ROUTES);
}

static void verify_mapping(struct world *world, int done)
{
    struct value *in = input(world, "GetApiMappings");
    struct value *out;
    status asked;

    set_str(in, "DomainName", STR("a.example.com"));
    asked = ask(world, "GetApiMappings", in, &out);
    assert_true(asked == OK || done <= DOMAIN_STEP);
    assert_true(asked != OK || get(out, "Items")->count == 1 || done < STEPS);
}

static void verify(struct world *world, int done)
{
    bool there[APIS] = {false};
    const struct value *items;
    struct value *out;

    assert_ptr_equal(ask(world, "GetApis", input(world, "GetApis"), &out), OK);
    items = get(out, "Items");
    for (uint32_t i = 0; i < items->count; i++) {
        struct str name = get_str(&items->items[i], "Name");
        uint64_t number = APIS;

        assert_true(str_to_u64(str_slice(name, 1, name.bytes), &number) && number < APIS);
        assert_false(there[number]);
        there[number] = true;
        verify_whole(world, get_str(&items->items[i], "ApiId"));
    }
    for (int i = 0; i < APIS; i++) {
        bool gone = deleted_by(i) >= 0 && done > deleted_by(i);
        bool going = deleted_by(i) >= 0 && done == deleted_by(i);

        assert_true(!gone || !there[i]);
        assert_true(there[i] || going || gone || done <= made_by(i));
        assert_true(!there[i] || done >= made_by(i));
    }
    verify_mapping(world, done);
}

/* ---- power and disk ---- */

static void start_again_and_verify(struct world *world)
{
    struct world again = {.disk = world->disk, .arena = world->arena, .report = -1};

    faulty_fail_at(world->disk, 0, OK);
    faulty_cut(world->disk);
    faulty_power(world->disk);
    for (int i = 0; i < 2; i++) {
        assert_ptr_equal(world_open(&again, "/d"), OK);
        verify(&again, world->done);
        world_close(&again);
    }
}

static void die(void)
{
    longjmp(died, 1);
}

/* One life with a fault; what it cost is leaked when it died, on purpose. */
static void one_life(uint64_t seed, uint64_t cut_at_sync, uint64_t fail_at, status with)
{
    struct world *world = MEM_NEW(struct world);

    world->disk = faulty_new(seed);
    world->arena = arena_new(64u << 20);
    world->report = -1;
    faulty_cut_at_sync(world->disk, cut_at_sync);
    faulty_fail_at(world->disk, fail_at, with);
    sys_die_hook(die);
    if (setjmp(died) == 0 && world_open(world, "/d") == OK && live(world) == OK &&
        cut_at_sync == 0) {
        world_close(world);
    }
    sys_die_hook(NULL);
    start_again_and_verify(world);
    arena_free(world->arena);
}

/* How many operations and syncs an undisturbed life takes. */
static void measure(uint64_t *ret_operations, uint64_t *ret_syncs)
{
    struct world world = {.disk = faulty_new(1), .arena = arena_new(64u << 20), .report = -1};

    assert_ptr_equal(world_open(&world, "/d"), OK);
    assert_ptr_equal(live(&world), OK);
    assert_int_equal(world.done, STEPS);
    *ret_operations = faulty_operations(world.disk);
    *ret_syncs = faulty_syncs(world.disk);
    verify(&world, world.done);
    world_close(&world);
    faulty_free(world.disk);
    arena_free(world.arena);
}

static void the_power_goes_at_every_sync(void **state)
{
    uint64_t operations;
    uint64_t syncs;

    (void)state;
    measure(&operations, &syncs);
    assert_true(syncs > STEPS);
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

/* ---- memory ---- */

static void child_life(const char *dir, uint64_t at, int report)
{
    struct world world = {.arena = arena_new(64u << 20), .report = report};

    mem_fail_after(at);
    _exit(world_open(&world, dir) == OK && live(&world) == OK ? 0 : 1);
}

static void parent_verify(const char *dir, int acknowledged)
{
    struct world world = {.arena = arena_new(64u << 20), .report = -1};

    assert_ptr_equal(world_open(&world, dir), OK);
    verify(&world, acknowledged);
    world_close(&world);
    arena_free(world.arena);
}

static void allocations_fail_one_after_the_other(void **state)
{
    (void)state;
    allocations_fail(3000, child_life, parent_verify);
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
