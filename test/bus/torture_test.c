/* SPDX-License-Identifier: Apache-2.0
 *
 * Every sync cuts the power in turn, every operation of the disk fails in turn, and every
 * allocation fails in turn, while a small life of the bus goes on: timers that come and go, a hold
 * with events kept and released, deliveries that succeed and that end as dead letters, messages of
 * the outbox. Whatever happens then, after the next start:
 *
 *   - every timer that was set has fired once;
 *   - every event that was sent has been taken once, in its order, whether it was kept or not;
 *   - every delivery that was asked for has been done, at least once, or is a dead letter, once;
 *   - what was held is held, and what was released is not.
 *
 * Each life is a process of its own, and lives on a thread: whichever thread dies (a delivery's,
 * too) stops where it is, and the next start happens beside what is left.
 */
#include "../test/bus/world.h"

#include "sys/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail

#define STEPS 6

/* What a process that died left behind is leaked on purpose. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static int over[2]; /* a pipe: how the life ended, 'd' or 'e' */

/* In a child, where cmocka's own would go on with the next test. */
#define CHECK(truth)                                                                               \
    do {                                                                                           \
        if (!(truth)) {                                                                            \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #truth);                                     \
            fflush(stdout);                                                                        \
            _exit(3);                                                                              \
        }                                                                                          \
    } while (0)

/* How far a life came: steps that were tried and answered. */
struct life {
    volatile int tried, answered;          /* steps */
    volatile bool held, released;          /* answered */
    volatile bool hold_tried, release_tried;
};

static void tell(char how)
{
    if (write(over[1], &how, 1) != 1) {
        _exit(4);
    }
}

static void die(void)
{
    tell('d');
    for (;;) {
        pause();
    }
}

/* One step: an event over the subscription, a timer, two deliveries, a message; one entry. */
static status step_in_cell(struct call *c, void *arg)
{
    struct str text = arena_printf(c->arena, "%d", *(int *)arg);
    struct bus_event event = {.target = TARGET("take-1"), .source = TARGET("test"), .via = VIA,
                              .principal = STR("probe.amazonaws.com"), .body = text};
    struct delivery good = {.carrier = STR("probe"), .target = STR("good"), .payload = text};
    struct delivery never = {.carrier = STR("probe"), .target = STR("never"), .payload = text};
    struct outbox_message message = {STR("email"), TARGET("test"), STR("anna@example.com"),
                                     STR_NONE, text};

    never.dead = (struct bus_event){.target = TARGET("take-2"), .source = TARGET("test"),
                                    .principal = STR("probe.amazonaws.com"),
                                    .body = arena_printf(c->arena, "dead %.*s", STR_ARG(text))};
    (void)bus_send(c, &event);
    bus_timer_set(c, "probe", text, c->now + 1000, STR("payload"));
    TRY(bus_deliver(c, &good));
    TRY(bus_deliver(c, &never));
    outbox_add(c, &message);
    return OK;
}

static status hold_in_cell(struct call *c, void *arg)
{
    struct held held = {HOLD_SUBSCRIPTION, VIA, STR("")};
    bool changed;

    if (arg == NULL) {
        (void)hold_clear(c, &held);
        return OK;
    }
    return hold_set(c, &held, &changed);
}

/* What a life has come to is read by who verifies it while it may still go on. */
static struct lock notes;

static void note(volatile bool *fact)
{
    lock_take(&notes);
    *fact = true;
    lock_give(&notes);
}

static void note_number(volatile int *number, int value)
{
    lock_take(&notes);
    *number = value;
    lock_give(&notes);
}

static status step(struct world *world, struct life *life)
{
    int number = life->tried + 1;

    note_number(&life->tried, number);
    TRY(world_do(world, step_in_cell, &number));
    note_number(&life->answered, number);
    return OK;
}

static status live(struct world *world, struct life *life)
{
    TRY(world_open(world));
    TRY(step(world, life));
    note(&life->hold_tried);
    TRY(world_do(world, hold_in_cell, world));
    note(&life->held);
    while (life->tried < STEPS - 1) {
        TRY(step(world, life));
    }
    TRY(cell_advance(world->cell, 500, &world->why));
    note(&life->release_tried);
    TRY(world_do(world, hold_in_cell, NULL));
    note(&life->released);
    return step(world, life);
}

/* How often the probe took, or fired, a text. */
static int times(struct world *world, const char *kind, const char *format, int number)
{
    struct str wanted = arena_printf(world->arena, format, number);
    size_t count = world_count(world, kind);
    int found = 0;

    for (size_t i = 1; i <= count; i++) {
        found += str_eq(world_text(world, kind, i), wanted);
    }
    return found;
}

static void verify_order(struct world *world)
{
    size_t count = world_count(world, "taken");
    int last = 0;

    for (size_t i = 1; i <= count; i++) {
        struct str text = world_text(world, "taken", i);

        if (!str_starts(text, STR("dead"))) {
            int number = text.at[0] - '0';

            CHECK(number == last + 1);
            last = number;
        }
    }
}

/* A new start in this process: everything is let happen, then looked at. */
static void verify(struct world *world, const struct life *life)
{
    int done;

    if (life->held && !life->release_tried) {
        CHECK(world_says(world, "/_weir/holds", "", "\"count\":1"));
    }
    if (life->released) {
        CHECK(world_says(world, "/_weir/holds", "", "\"count\":0"));
    }
    CHECK(world_do(world, hold_in_cell, NULL) == OK);
    for (int i = 0; i < 3; i++) {
        world_advance(world, 2000);
        deliveries_wait(cell_state(world->cell, "bus"));
    }
    done = (int)world_count(world, "fired");
    CHECK(done >= life->answered);
    CHECK(done <= life->tried);
    verify_order(world);
    for (int i = 1; i <= STEPS; i++) {
        int wanted = i <= done;

        CHECK(times(world, "fired", "%d payload", i) == wanted);
        CHECK(times(world, "taken", "%d", i) == wanted);
        CHECK(times(world, "taken", "dead %d", i) == wanted);
    }
    CHECK(deliveries_count(cell_state(world->cell, "bus")) == 0);
    CHECK(((struct bus *)cell_state(world->cell, "bus"))->outbox_count == (uint64_t)done);
}

static void start_again_and_verify(struct world *world, const struct life *life)
{
    struct world again = {.disk = world->disk, .arena = arena_new(64u << 20),
                          .now_ms = WORLD_START_MS, .carried = MEM_NEW(struct carried)};

    lock_init(&again.carried->lock);
    cond_init(&again.carried->free);
    faulty_fail_at(world->disk, 0, OK);
    faulty_cut(world->disk);
    lock_take(&notes);
    struct life then = *life; /* whoever still lives is answered nothing any more */
    lock_give(&notes);

    faulty_power(world->disk);
    CHECK(world_open(&again) == OK);
    verify(&again, &then);
}

struct lived {
    struct world *world;
    struct life life;
    bool whole; /* closed, too */
};

static void live_on_a_thread(void *arg)
{
    struct lived *lived = arg;

    if (live(lived->world, &lived->life) == OK && lived->whole) {
        world_close(lived->world);
    }
    tell('e');
}

/* In a child: one life with a fault, and the next start. */
static void child(uint64_t seed, uint64_t cut_at_sync, uint64_t fail_at, status with)
{
    struct lived lived = {.world = world_new(seed), .whole = cut_at_sync == 0};
    struct thread thread;
    char how;

    if (pipe(over) != 0) {
        _exit(4);
    }
    faulty_cut_at_sync(lived.world->disk, cut_at_sync);
    faulty_fail_at(lived.world->disk, fail_at, with);
    sys_die_hook(die);
    thread_start(&thread, "life", live_on_a_thread, &lived);
    if (read(over[0], &how, 1) != 1) {
        _exit(4);
    }
    start_again_and_verify(lived.world, &lived.life);
    _exit(0);
}

static void one_life(uint64_t seed, uint64_t cut_at_sync, uint64_t fail_at, status with)
{
    pid_t pid = fork();
    int how;

    if (pid == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL) {
            _exit(2);
        }
        child(seed, cut_at_sync, fail_at, with);
    }
    assert_int_equal(waitpid(pid, &how, 0), pid);
    if (!WIFEXITED(how) || WEXITSTATUS(how) != 0) {
        print_error("seed %llu, sync %llu, operation %llu: %x\n", (unsigned long long)seed,
                    (unsigned long long)cut_at_sync, (unsigned long long)fail_at, how);
        assert_true(false);
    }
}

/* How many operations and syncs an undisturbed life takes, about: its deliveries end on threads. */
static void measure(uint64_t *ret_operations, uint64_t *ret_syncs)
{
    struct world *world = world_new(1);
    struct life life = {.tried = 0};

    assert_ptr_equal(live(world, &life), OK);
    assert_int_equal(life.answered, STEPS);
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

/* Without memory the process may end by itself, with 70; never by a signal, and never with the
 * promise broken: here without a disk that survives, so only the end is looked at. */
static void allocations_fail_one_after_the_other(void **state)
{
    (void)state;
    for (uint64_t at = 1; at < 3000; at += 1 + at / 12) {
        pid_t pid = fork();
        int how;

        if (pid == 0) {
            struct world *world = world_new(at);
            struct life life = {.tried = 0};

            if (freopen("/dev/null", "w", stderr) == NULL) {
                _exit(2);
            }
            mem_fail_after(at);
            _exit(live(world, &life) == OK ? 0 : 1);
        }
        assert_int_equal(waitpid(pid, &how, 0), pid);
        assert_true(WIFEXITED(how));
        assert_true(WEXITSTATUS(how) == 0 || WEXITSTATUS(how) == 1 || WEXITSTATUS(how) == 70);
    }
}

int main(void)
{
    lock_init(&notes);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_fail_one_after_the_other),
        cmocka_unit_test(the_power_goes_at_every_sync),
        cmocka_unit_test(every_operation_of_the_disk_fails_in_turn),
    };

    log_set_level(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
