/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal with its threads: several appenders under one lock (as the cell has it), some syncing
 * by themselves and some waiting for the commit thread, readers beside them, segments made ahead
 * and recycled behind. Also what it gives back when nobody asks anything. Meant to run under
 * -fsanitize=thread too.
 */
#include "journal_world.h"

#include "sys/clock.h"
#include "sys/thread.h"

#include <assert.h>

#define APPENDERS 4
#define ENTRIES_EACH 1500

struct crowd {
    struct world *world;        /* its told list is guarded by cell */
    struct lock cell;           /* the cell's */
    struct lock gate;           /* for waiting until durable */
    struct cond opened;         /* durable moved on */
    _Atomic uint32_t working;   /* appenders left */
    _Atomic uint64_t hooks;     /* calls of the hook */
};

struct appender {
    struct crowd *crowd;   /* all of them */
    struct thread thread;  /* its own */
    uint64_t seed;         /* what it appends */
    bool syncs;            /* by itself, or waits for the thread */
};

static void on_durable(void *arg)
{
    struct crowd *crowd = arg;

    atomic_fetch_add(&crowd->hooks, 1);
    lock_take(&crowd->gate);
    cond_wake_all(&crowd->opened);
    lock_give(&crowd->gate);
}

static void wait_durable(struct crowd *crowd, uint64_t position)
{
    struct journal *journal = crowd->world->journal;

    journal_wake(journal);
    lock_take(&crowd->gate);
    while (journal_durable(journal) < position) {
        cond_wait(&crowd->opened, &crowd->gate);
    }
    lock_give(&crowd->gate);
}

static uint64_t append_in_cell(struct appender *appender, struct rand *rand)
{
    struct world *w = appender->crowd->world;
    struct told told = {rand_u64(rand), (size_t)rand_below(rand, 3000), 0};
    uint64_t position = 0;

    lock_take(&appender->crowd->cell);
    assert(journal_admit(w->journal, told.bytes) == OK);
    told.at_ms = (int64_t)w->last;
    position = world_append(w, told);
    if (position % 100 == 0) {
        journal_release(w->journal, journal_durable(w->journal) + 1);
    }
    lock_give(&appender->crowd->cell);
    return position;
}

static void appender_run(void *arg)
{
    struct appender *appender = arg;
    struct crowd *crowd = appender->crowd;
    struct rand rand;

    rand_init(&rand, appender->seed);
    for (size_t i = 0; i < ENTRIES_EACH; i++) {
        uint64_t position = append_in_cell(appender, &rand);

        if (i % 4 != 0) {
            continue;
        }
        if (appender->syncs) {
            journal_sync(crowd->world->journal);
        } else {
            wait_durable(crowd, position);
        }
        assert(journal_durable(crowd->world->journal) >= position);
    }
    atomic_fetch_sub(&crowd->working, 1);
}

/* Positions without a gap, again and again from some kept place. */
static void reader_run(void *arg)
{
    struct crowd *crowd = arg;
    struct journal *journal = crowd->world->journal;
    struct why why = {""};

    while (atomic_load(&crowd->working) > 0) {
        struct journal_reader *reader = NULL;
        struct journal_entry entry;
        uint64_t first = journal_first(journal);
        uint64_t next = first + (journal_durable(journal) - first) / 2;
        status read = journal_read_open(journal, next, &why, &reader);

        if (read != OK) {
            assert(read == &ERR_NOT_FOUND); /* recycled in between */
            continue;
        }
        while ((read = journal_read_next(reader, &why, &entry)) == OK) {
            assert(entry.position == next);
            next++;
        }
        assert(read == &ERR_NOT_FOUND);
        journal_read_close(reader);
    }
}

static void appenders_and_readers_work_together(void **state)
{
    bool real = *(const bool *)*state;
    struct world *w = world_new(real, 1);
    struct crowd crowd = {.world = w, .working = APPENDERS};
    struct appender appenders[APPENDERS];
    struct thread reader;

    w->options.thread = true;
    w->options.segment_bytes = 512u * 1024;
    w->options.keep_bytes = 4 * w->options.segment_bytes;
    world_open(w);
    lock_init(&crowd.cell);
    lock_init(&crowd.gate);
    cond_init(&crowd.opened);
    journal_on_durable(w->journal, on_durable, &crowd);
    for (size_t i = 0; i < APPENDERS; i++) {
        appenders[i] = (struct appender){.crowd = &crowd, .seed = i + 1, .syncs = i % 2 == 0};
        thread_start(&appenders[i].thread, "appender", appender_run, &appenders[i]);
    }
    thread_start(&reader, "reader", reader_run, &crowd);
    for (size_t i = 0; i < APPENDERS; i++) {
        thread_join(&appenders[i].thread);
    }
    thread_join(&reader);
    journal_off_durable(w->journal, on_durable, &crowd);
    assert_true(crowd.hooks > 0);
    world_sync(w);
    world_check(w);
    world_close(w);
    world_open(w);
    assert_int_equal(w->last, APPENDERS * ENTRIES_EACH);
    assert_int_equal(journal_last(w->journal), w->last);
    assert_true(journal_first(w->journal) > 1);
    world_check(w);
    lock_done(&crowd.cell);
    lock_done(&crowd.gate);
    cond_done(&crowd.opened);
    world_free(w);
}

static void a_group_is_what_arrived_during_the_sync_before(void **state)
{
    struct world *w = world_new(false, 1);
    struct journal_stats stats;

    (void)state;
    w->options.thread = true;
    faulty_sync_delay(w->disk, 2000);
    world_open(w);
    for (int i = 0; i < 500; i++) {
        world_fill(w, 1, 10);
        journal_wake(w->journal);
    }
    world_sync(w);
    journal_stats(w->journal, &stats);
    assert_true(stats.groups >= 1);
    assert_true(stats.groups < 100);
    world_check(w);
    world_free(w);
}

static void the_commit_thread_syncs_when_woken(void **state)
{
    struct world *w = world_new(false, 1);
    struct crowd crowd = {.world = w};

    (void)state;
    w->options.thread = true;
    world_open(w);
    lock_init(&crowd.gate);
    cond_init(&crowd.opened);
    journal_on_durable(w->journal, on_durable, &crowd);
    for (int i = 0; i < 100; i++) {
        world_fill(w, 1, 10);
        wait_durable(&crowd, w->last);
    }
    journal_off_durable(w->journal, on_durable, &crowd);
    assert_int_equal(journal_durable(w->journal), 100);
    world_check(w);
    world_free(w);
    lock_done(&crowd.gate);
    cond_done(&crowd.opened);
}

static void large_buffers_go_back_when_nobody_asks(void **state)
{
    struct world *w = world_new(false, 1);
    uint64_t until = clock_monotonic_ns() + UINT64_C(10000000000);
    bool large = true;

    (void)state;
    w->options.thread = true;
    w->options.group_bytes_max = 1u << 20;
    w->options.segment_bytes = 4u << 20;
    world_open(w);
    world_fill(w, 1, 200000);
    world_sync(w);
    while (large) {
        struct lock *lock = &w->journal->lock;

        lock_take(lock);
        (void)cond_wait_ms(&w->journal->moved, lock, 100); /* nothing wakes it: a pause */
        large = group_is_large(&w->journal->groups[0]) || group_is_large(&w->journal->groups[1]);
        lock_give(lock);
        assert_true(clock_monotonic_ns() < until);
    }
    world_fill(w, 3, 1000);
    world_sync(w);
    world_check(w);
    world_free(w);
}

/* With threads: the helper finds no space, then some. */
static void admission_waits_for_the_helper_and_hears_its_answer(void **state)
{
    struct world *w = world_new(false, 1);

    (void)state;
    w->options.thread = true;
    w->options.keep_bytes = 0;
    w->options.reserve_bytes = 2 * WORLD_SEGMENT_BYTES;
    faulty_space(w->disk, 8 * WORLD_SEGMENT_BYTES);
    world_open(w);
    while (journal_admit(w->journal, 900) == OK) {
        world_fill(w, 1, 900);
        world_sync(w);
        assert_true(w->last < 2000);
    }
    assert_true(w->last > 50);
    world_check(w);
    journal_release(w->journal, w->last + 1);
    while (journal_admit(w->journal, 900) != OK) {
        /* The helper is recycling what was released. */
    }
    world_fill(w, 1, 900);
    world_sync(w);
    world_check(w);
    world_free(w);
}

int main(void)
{
    static bool on_real = true;
    static bool on_memory = false;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(appenders_and_readers_work_together, &on_real),
        cmocka_unit_test_prestate(appenders_and_readers_work_together, &on_memory),
        cmocka_unit_test(a_group_is_what_arrived_during_the_sync_before),
        cmocka_unit_test(the_commit_thread_syncs_when_woken),
        cmocka_unit_test(large_buffers_go_back_when_nobody_asks),
        cmocka_unit_test(admission_waits_for_the_helper_and_hears_its_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
