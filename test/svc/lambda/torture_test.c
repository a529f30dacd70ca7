/* SPDX-License-Identifier: Apache-2.0
 *
 * Every sync cuts the power in turn, every operation of the disk fails in turn, and allocations
 * fail one after the other, while functions and layers are made, changed, published and deleted.
 * Whatever happens then (an error, the end of the process), the next start has everything that was
 * acknowledged, and of the step that was not all or nothing; every package that something needs is
 * there with the bytes it had, held as often as it is needed.
 *
 * Each life is a process of its own: packages are written on threads of the cell's, so the disk's
 * death may be met on any of them. Whoever meets it looks at what the next start finds, and ends
 * the process. (Nothing is unpacked here: there is no engine.)
 */
#include "../test/svc/lambda/zips.h"

#include "base/codec.h"
#include "base/mem.h"
#include "bus/bus.h"
#include "cell/cell_int.h"
#include "cell/doing.h"
#include "fn/part.h"
#include "svc/lambda/config.h"
#include "svc/lambda/lambda.h"
#include "sys/faulty.h"
#include "sys/log.h"
#include "sys/tree.h"

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
#define ROLE "arn:aws:iam::000000000000:role/r"
#define LAYER "arn:aws:lambda:us-east-1:000000000000:layer:l:1"
#define SAID_BYTES 4096

/* What a process that died left behind is leaked on purpose. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

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

static const struct service *const world_services[] = {&bus_service, &fn_service, &lambda_service,
                                                       NULL};

static status world_open_on(struct world *world, const struct store_options *store)
{
    struct cell_options cell = {.clock = &world->clock, .services = world_services, .seed = 7};

    clock_init_manual(&world->clock, START_MS);
    TRY(store_open(store, &world->why, &world->store));
    cell.store = world->store;
    return cell_open(&cell, &world->why, &world->cell);
}

static status world_open(struct world *world)
{
    struct store_options store = {.files = faulty_files(world->disk), .dir = "/d",
                                  .memory_index = true, .keep_bytes = 1u << 30,
                                  .keep_ms = INT64_C(1) << 40};

    return world_open_on(world, &store);
}

static void world_close(struct world *world)
{
    cell_close(world->cell);
    store_close(world->store);
}

/* ---- the life ---- */

static struct value *input(struct world *world, const char *operation)
{
    const struct operation *found =
        model_operation(model_service(STR("lambda")), str_c(operation));

    return value_struct(world->arena, found->input);
}

static status call(struct world *world, const char *operation, struct value *in)
{
    struct cell_request request = {.service = "lambda", .operation = operation, .input = in};
    struct value *out;

    world->why.text[0] = '\0';
    return cell_call(world->cell, &request, world->arena, &world->why, &out);
}

static struct str zip_of(struct world *world, const char *text)
{
    struct zip_entry entry = {"index.py", text, 0};

    return zip_make(world->arena, &entry, 1);
}

static status create(struct world *world, const char *name, const char *text, bool layered)
{
    struct value *in = input(world, "CreateFunction");

    set_str(in, "FunctionName", str_c(name));
    set_str(in, "Role", STR(ROLE));
    set_str(in, "Runtime", STR("python3.12"));
    set_str(in, "Handler", STR("index.handler"));
    set_blob(set_struct(world->arena, in, "Code"), "ZipFile", zip_of(world, text));
    if (layered) {
        list_add_str(set_list(world->arena, in, "Layers", 1), STR(LAYER));
    }
    return call(world, "CreateFunction", in);
}

static status of_function(struct world *world, const char *operation, const char *name)
{
    struct value *in = input(world, operation);

    set_str(in, "FunctionName", str_c(name));
    if (strcmp(operation, "UpdateFunctionCode") == 0) {
        set_blob(in, "ZipFile", zip_of(world, "second"));
    } else if (strcmp(operation, "UpdateFunctionConfiguration") == 0) {
        set_int(in, "Timeout", 9);
    } else if (strcmp(operation, "CreateAlias") == 0) {
        set_str(in, "Name", STR("prod"));
        set_str(in, "FunctionVersion", STR("1"));
    }
    return call(world, operation, in);
}

static status publish_layer(struct world *world)
{
    struct value *in = input(world, "PublishLayerVersion");

    set_str(in, "LayerName", STR("l"));
    set_blob(set_struct(world->arena, in, "Content"), "ZipFile", zip_of(world, "layer"));
    return call(world, "PublishLayerVersion", in);
}

static status delete_layer(struct world *world)
{
    struct value *in = input(world, "DeleteLayerVersion");

    set_str(in, "LayerName", STR("l"));
    set_int(in, "VersionNumber", 1);
    return call(world, "DeleteLayerVersion", in);
}

enum { STEPS = 12 };

static status take_step(struct world *world, int step)
{
    switch (step) {
    case 0:
        return create(world, "a", "first", false);
    case 1:
        return of_function(world, "PublishVersion", "a");
    case 2:
        return of_function(world, "UpdateFunctionCode", "a");
    case 3:
        return publish_layer(world);
    case 4:
        return create(world, "b", "first", true); /* whose packages are there */
    case 5:
        return of_function(world, "CreateAlias", "a");
    case 6:
        return of_function(world, "UpdateFunctionConfiguration", "a");
    case 7:
        return of_function(world, "PublishVersion", "a");
    case 8:
        return delete_layer(world); /* b keeps it */
    case 9:
        return of_function(world, "DeleteFunction", "b");
    case 10:
        return create(world, "c", "second", false);
    default:
        return of_function(world, "DeleteFunction", "a");
    }
}

/* ---- looking ---- */

struct look {
    struct world *world;
    char *said;          /* SAID_BYTES: what there is */
    size_t holders;      /* needs of packages */
};

static void say(struct look *look, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct look *look, const char *format, ...)
{
    size_t at = strlen(look->said);
    va_list args;

    va_start(args, format);
    int bytes = vsnprintf(look->said + at, SAID_BYTES - at, format, args);

    CHECK(bytes > 0 && at + (size_t)bytes < SAID_BYTES);
    va_end(args);
}

static void look_at_function(struct call *c, struct look *look, const struct target *target)
{
    struct version_scan *versions = version_scan(c, target, 0);
    struct setting_scan *aliases = setting_scan(c, "alias", target);
    struct target found;
    struct version version;
    struct str json;

    while (version_scan_next(versions, &version)) {
        say(look, "%.*s:%llu %.12s timeout %lld layers %zu\n", STR_ARG(target->name),
            (unsigned long long)version.number, version.code.at,
            (long long)get_int(version.config, "Timeout", 0), version.layer_count);
        look->holders += 1 + version.layer_count;
    }
    version_scan_close(versions);
    while (setting_scan_next(aliases, &found, &json)) {
        CHECK(version_is(c, target, 1));
        say(look, "%.*s:%.*s\n", STR_ARG(found.name), STR_ARG(found.qualifier));
    }
    setting_scan_close(aliases);
}

static void check_blob(struct call *c, const struct package *package)
{
    char *bytes = arena_alloc(c->arena, package->zip_bytes + 1);
    uint8_t sum[SHA256_BYTES];
    char hex[2 * SHA256_BYTES];
    struct blob *blob;
    size_t got = 0;

    CHECK(blob_open(store_blobs(cell_store(c->cell)), package->blob, &blob) == OK);
    CHECK(blob_bytes(blob) == package->zip_bytes);
    CHECK(blob_read(blob, 0, bytes, package->zip_bytes, &got) == OK);
    CHECK(got == package->zip_bytes);
    blob_close(blob);
    sha256(str_of(bytes, got), sum);
    hex_encode(str_of(sum, sizeof(sum)), hex);
    CHECK(str_eq(str_of(hex, sizeof(hex)), package->sha256));
}

static status look_run(struct call *c, void *arg)
{
    struct target own = {c->account, c->region, STR_NONE, STR_NONE};
    struct look *look = arg;
    struct function_scan *functions = function_scan(c, STR_NONE);
    struct setting_scan *layers = setting_scan(c, "layer", &own);
    struct package_scan *packages = package_scan(c, STR_NONE);
    struct function function;
    struct package package;
    struct target target;
    struct usage usage = usage_get(c, &own);
    size_t holders = 0;
    struct str json;

    while (function_scan_next(functions, &target, &function)) {
        say(look, "%.*s last %llu\n", STR_ARG(target.name),
            (unsigned long long)function.last_version);
        look_at_function(c, look, &target);
    }
    function_scan_close(functions);
    while (setting_scan_next(layers, &target, &json)) {
        say(look, "layer %.*s %.*s\n", STR_ARG(target.name), STR_ARG(target.qualifier));
        look->holders++;
    }
    setting_scan_close(layers);
    while (package_scan_next(packages, &package)) {
        holders += package.holders;
        check_blob(c, &package);
    }
    package_scan_close(packages);
    CHECK(holders == look->holders);
    say(look, "%lld functions of %lld bytes\n", (long long)usage.functions,
        (long long)usage.code_bytes);
    return OK;
}

static void look_at(struct world *world, char said[SAID_BYTES])
{
    struct look look = {.world = world, .said = said};
    struct doing doing = {.service = "lambda", .name = "Look", .run = look_run, .arg = &look};
    struct arena *arena = arena_new(64u << 20);
    struct why why = {""};

    said[0] = 0;
    CHECK(cell_do(world->cell, &doing, arena, &why) == OK);
    arena_free(arena);
}

/* ---- lives ---- */

static char wanted[STEPS + 1][SAID_BYTES]; /* what there is after so many steps */

/* Of this process's life. */
static struct world *the_world;
static volatile int acknowledged;
static volatile int tried;

static void start_again_and_look(void)
{
    struct world again = {.disk = the_world->disk, .arena = arena_new(64u << 20)};
    static char said[SAID_BYTES];
    status opened;

    faulty_fail_at(again.disk, 0, OK);
    faulty_cut(again.disk);
    faulty_power(again.disk);
    opened = world_open(&again);
    if (opened != OK) {
        printf("%s: %s\n", opened->code, again.why.text);
    }
    CHECK(opened == OK);
    look_at(&again, said);
    if (strcmp(said, wanted[acknowledged]) != 0) { /* as before the step, or after it */
        printf("after %d steps (%d tried):\n%s", acknowledged, tried, said);
        CHECK(strcmp(said, wanted[tried]) == 0);
    }
}

/* The disk is dead, on whatever thread. */
static void die(void)
{
    static int once;

    if (__atomic_fetch_add(&once, 1, __ATOMIC_ACQ_REL) > 0) {
        for (;;) { /* another thread looks already, and ends the process */
            (void)pause();
        }
    }
    sys_die_hook(NULL);
    start_again_and_look();
    _exit(0);
}

static void child_life(uint64_t seed, uint64_t cut_at_sync, uint64_t fail_at, status with)
{
    struct world world = {.disk = faulty_new(seed), .arena = arena_new(64u << 20)};
    bool alive;

    the_world = &world;
    faulty_cut_at_sync(world.disk, cut_at_sync);
    faulty_fail_at(world.disk, fail_at, with);
    sys_die_hook(die);
    alive = world_open(&world) == OK;
    for (int step = 0; alive && step < STEPS; step++) {
        tried = step + 1;
        alive = take_step(&world, step) == OK;
        acknowledged = alive ? step + 1 : acknowledged;
    }
    if (alive && cut_at_sync == 0) {
        world_close(&world);
    }
    sys_die_hook(NULL);
    start_again_and_look();
    _exit(0);
}

static void one_life(uint64_t seed, uint64_t cut_at_sync, uint64_t fail_at, status with)
{
    int how;
    pid_t child = fork();

    if (child == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL) {
            _exit(1);
        }
        child_life(seed, cut_at_sync, fail_at, with);
    }
    assert_int_equal(waitpid(child, &how, 0), child);
    if (!WIFEXITED(how) || WEXITSTATUS(how) != 0) {
        print_error("seed %llu, sync %llu, operation %llu\n", (unsigned long long)seed,
                    (unsigned long long)cut_at_sync, (unsigned long long)fail_at);
    }
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 0);
}

/* What an undisturbed life takes, and what there is after each of its steps. */
static void measure(uint64_t *ret_operations, uint64_t *ret_syncs)
{
    struct world world = {.disk = faulty_new(1), .arena = arena_new(64u << 20)};

    assert_ptr_equal(world_open(&world), OK);
    for (int step = 0; step < STEPS; step++) {
        look_at(&world, wanted[step]);
        assert_ptr_equal(take_step(&world, step), OK);
    }
    look_at(&world, wanted[STEPS]);
    *ret_operations = faulty_operations(world.disk);
    *ret_syncs = faulty_syncs(world.disk);
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

/* ---- allocations ---- */

static struct store_options real_store(const char *dir)
{
    return (struct store_options){.files = files_real(), .dir = dir, .keep_bytes = 1u << 30,
                                  .keep_ms = INT64_C(1) << 40};
}

/* In a child: a life in which the at-th allocation fails; it tells of each step answered. */
static void child_without_memory(const char *dir, uint64_t at, int report)
{
    struct store_options store = real_store(dir);
    struct world world = {.arena = arena_new(64u << 20)};

    mem_fail_after(at);
    if (world_open_on(&world, &store) != OK) {
        _exit(1);
    }
    for (int step = 0; step < STEPS; step++) {
        if (take_step(&world, step) != OK || write(report, "a", 1) != 1) {
            _exit(1);
        }
    }
    _exit(0);
}

static void look_at_dir(const char *dir, int steps)
{
    struct store_options store = real_store(dir);
    struct world world = {.arena = arena_new(64u << 20)};
    static char said[SAID_BYTES];

    assert_ptr_equal(world_open_on(&world, &store), OK);
    look_at(&world, said);
    if (strcmp(said, wanted[steps]) != 0) {
        assert_string_equal(said, wanted[steps < STEPS ? steps + 1 : steps]);
    }
    world_close(&world);
    arena_free(world.arena);
}

static void one_life_without_memory(uint64_t at)
{
    char dir[] = "/tmp/weir-torture-XXXXXX";
    char bytes[STEPS + 1];
    int ends[2];
    int steps = 0;
    ssize_t got;
    int how;

    assert_non_null(mkdtemp(dir));
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();

    if (child == 0) {
        close(ends[0]);
        if (freopen("/dev/null", "w", stderr) == NULL) {
            _exit(1);
        }
        child_without_memory(dir, at, ends[1]);
    }
    close(ends[1]);
    while ((got = read(ends[0], bytes, sizeof(bytes))) > 0) {
        steps += (int)got;
    }
    close(ends[0]);
    assert_int_equal(waitpid(child, &how, 0), child);
    /* It went on, answered an error, or ended by itself with 70; never a signal. */
    if (!WIFEXITED(how)) {
        print_error("allocation %llu: ended by signal %d\n", (unsigned long long)at,
                    WTERMSIG(how));
    }
    assert_true(WIFEXITED(how));
    assert_true(WEXITSTATUS(how) == 0 || WEXITSTATUS(how) == 1 || WEXITSTATUS(how) == 70);
    look_at_dir(dir, steps);
    tree_remove(dir);
}

static void allocations_fail_one_after_the_other(void **state)
{
    uint64_t operations;
    uint64_t syncs;

    (void)state;
    measure(&operations, &syncs);
    for (uint64_t at = 1; at < 4000; at += 1 + at / 8) {
        one_life_without_memory(at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_fail_one_after_the_other),
        cmocka_unit_test(the_power_goes_at_every_sync),
        cmocka_unit_test(every_operation_of_the_disk_fails_in_turn),
    };

    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
