/* SPDX-License-Identifier: Apache-2.0
 *
 * What store/journal.h promises while nothing goes wrong, on real files and on the disk in memory:
 * what was appended is read back in order, from anywhere, also while others append and after a
 * restart; segments follow each other, are kept as long as asked and recycled after that; space
 * runs out at the admission. When power goes or bytes change: journal_crash_test.c.
 */
#include "journal_world.h"

static const bool on_real = true;
static const bool on_memory = false;

static struct world *start(void **state)
{
    return world_new(*(const bool *)*state, 1);
}

static void a_fresh_journal_is_empty(void **state)
{
    struct world *w = start(state);
    uint64_t position = 0;

    world_open(w);
    assert_int_equal(journal_last(w->journal), 0);
    assert_int_equal(journal_durable(w->journal), 0);
    assert_int_equal(journal_first(w->journal), 1);
    world_check(w);
    assert_true(journal_position_at(w->journal, 5, &position) == OK);
    assert_int_equal(position, 1);
    world_close(w);
    world_open(w);
    assert_int_equal(journal_last(w->journal), 0);
    world_free(w);
}

static void an_entry_is_durable_after_sync_and_not_before(void **state)
{
    struct world *w = start(state);

    world_open(w);
    world_fill(w, 1, 100);
    assert_int_equal(journal_last(w->journal), 1);
    assert_int_equal(journal_durable(w->journal), 0);
    world_check(w); /* a reader does not see it yet */
    world_sync(w);
    assert_int_equal(journal_durable(w->journal), 1);
    world_check(w);
    world_free(w);
}

static void entries_of_every_size_come_back_after_a_restart(void **state)
{
    static const size_t sizes[] = {0,     1,     4007,  4008,  4009,  8192,
                                   16383, 16384, 16385, 40000, 100000};
    struct world *w = start(state);

    world_open(w);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        world_append(w, (struct told){i + 7, sizes[i], (int64_t)i});
        if (i % 3 == 0) {
            world_sync(w);
        }
    }
    world_sync(w);
    world_check(w);
    world_close(w);
    for (int i = 0; i < 3; i++) {
        world_open(w);
        assert_int_equal(journal_last(w->journal), w->last);
        world_check(w);
        world_fill(w, 2, 500);
        world_close(w);
    }
    world_free(w);
}

static void many_entries_fill_many_segments(void **state)
{
    struct world *w = start(state);

    world_open(w);
    for (int i = 0; i < 100; i++) {
        world_fill(w, 10, 700);
        if (i % 4 == 0) {
            world_sync(w);
        }
    }
    world_sync(w);
    world_check(w);
    world_close(w);
    world_open(w);
    assert_int_equal(journal_last(w->journal), 1000);
    world_check(w);
    world_free(w);
}

static void an_entry_larger_than_a_segment_gets_one_of_its_own(void **state)
{
    struct world *w = start(state);

    world_open(w);
    world_fill(w, 3, 100);
    world_fill(w, 1, 200000);
    world_fill(w, 3, 100);
    world_fill(w, 2, 150000);
    world_sync(w);
    world_check(w);
    world_close(w);
    world_open(w);
    world_check(w);
    world_fill(w, 1, 200000);
    world_sync(w);
    world_check(w);
    world_free(w);
}

static void reading_starts_anywhere(void **state)
{
    struct world *w = start(state);
    uint64_t next = 0;

    world_open(w);
    for (int i = 0; i < 60; i++) {
        world_fill(w, 7, 900);
        world_sync(w);
    }
    for (int round = 0; round < 2; round++) {
        for (uint64_t from = 1; from <= w->last; from += 13) {
            assert_true(world_read(w, from, &next) == &ERR_NOT_FOUND);
            assert_int_equal(next, w->last + 1);
        }
        assert_true(world_read(w, w->last + 1, &next) == &ERR_NOT_FOUND);
        assert_int_equal(next, w->last + 1);
        world_close(w);
        world_open(w);
    }
    world_free(w);
}

/* The segment may change under a reader that waits at the end. */
static void a_reader_follows_what_is_appended(void **state)
{
    struct world *w = start(state);
    struct journal_reader *reader = NULL;
    struct journal_entry entry;
    uint64_t seen = 0;

    world_open(w);
    world_fill(w, 5, 100);
    world_sync(w);
    assert_true(journal_read_open(w->journal, 6, &w->why, &reader) == OK);
    world_fill(w, 100, 1000); /* reaches into another segment */
    for (int i = 0; i < 200; i++) {
        world_fill(w, (size_t)(i % 3 + 1), 1000);
        world_sync(w);
        while (journal_read_next(reader, &w->why, &entry) == OK) {
            seen++;
            assert_int_equal(entry.position, 5 + seen);
            assert_true(str_eq(entry.body, world_body(w, &w->told[entry.position])));
        }
        assert_int_equal(5 + seen, w->last);
        assert_true(journal_read_next(reader, &w->why, &entry) == &ERR_NOT_FOUND);
    }
    journal_read_close(reader);
    world_free(w);
}

static void a_moment_is_found(void **state)
{
    struct world *w = start(state);
    uint64_t position = 0;

    world_open(w);
    for (int i = 0; i < 40; i++) {
        world_fill(w, 10, 600); /* position p is at 10 p */
        world_sync(w);
    }
    world_fill(w, 3, 10); /* not yet durable: they count too */
    for (int round = 0; round < 2; round++) {
        for (uint64_t p = 1; p <= w->last; p += 7) {
            assert_true(journal_position_at(w->journal, (int64_t)p * 10, &position) == OK);
            assert_int_equal(position, p);
            assert_true(journal_position_at(w->journal, (int64_t)p * 10 - 9, &position) == OK);
            assert_int_equal(position, p);
        }
        assert_true(journal_position_at(w->journal, INT64_MIN, &position) == OK);
        assert_int_equal(position, 1);
        assert_true(journal_position_at(w->journal, INT64_MAX, &position) == OK);
        assert_int_equal(position, w->last + 1);
        world_close(w);
        world_open(w);
    }
    world_free(w);
}

/* ---- window ---- */

static void count_name(void *arg, const char *name)
{
    (void)name;
    ++*(size_t *)arg;
}

static size_t files_in(const struct world *w)
{
    size_t count = 0;

    assert_true(w->files->dir(w->files->ctx, w->dir, count_name, &count) == OK);
    return count;
}

static void released_segments_are_recycled_beyond_the_window(void **state)
{
    struct world *w = start(state);
    uint64_t next = 0;

    w->options.keep_bytes = 3 * WORLD_SEGMENT_BYTES;
    world_open(w);
    for (int i = 0; i < 300; i++) {
        world_fill(w, 10, 900);
        world_sync(w);
        journal_release(w->journal, w->last + 1);
    }
    assert_true(files_in(w) < 16); /* 300 * 9 KB would be 45 segments */
    assert_true(journal_first(w->journal) > 1);
    assert_true(w->last - journal_first(w->journal) >= 100); /* two full segments and the current */
    assert_true(world_read(w, 1, &next) == &ERR_NOT_FOUND);
    assert_non_null(strstr(w->why.text, "no longer kept"));
    world_check(w);
    world_close(w);
    world_open(w);
    world_check(w);
    world_free(w);
}

static void what_is_not_released_stays(void **state)
{
    struct world *w = start(state);

    w->options.keep_bytes = 0;
    world_open(w);
    for (int i = 0; i < 100; i++) {
        world_fill(w, 10, 900);
        world_sync(w);
        journal_release(w->journal, w->last < 50 ? w->last : 50);
    }
    assert_true(journal_first(w->journal) <= 50);
    assert_true(files_in(w) > 14);
    world_check(w);
    world_free(w);
}

static void old_entries_leave_by_age_too(void **state)
{
    struct world *w = start(state);

    w->options.keep_ms = 2000; /* 200 entries: they are 10 ms apart */
    world_open(w);
    for (int i = 0; i < 300; i++) {
        world_fill(w, 10, 900);
        world_sync(w);
        journal_release(w->journal, w->last + 1);
    }
    assert_true(journal_first(w->journal) > 1000);
    assert_true(w->last - journal_first(w->journal) >= 200);
    world_check(w);
    world_free(w);
}

static void a_reader_keeps_its_segment(void **state)
{
    struct world *w = start(state);
    struct journal_reader *reader = NULL;
    struct journal_entry entry;
    uint64_t position = 1;

    w->options.keep_bytes = 0;
    world_open(w);
    world_fill(w, 1, 10);
    world_sync(w);
    assert_true(journal_read_open(w->journal, 1, &w->why, &reader) == OK);
    for (int i = 0; i < 200; i++) {
        world_fill(w, 10, 900);
        world_sync(w);
        journal_release(w->journal, w->last + 1);
    }
    assert_int_equal(journal_first(w->journal), 1);
    while (journal_read_next(reader, &w->why, &entry) == OK) {
        assert_int_equal(entry.position, position);
        assert_true(str_eq(entry.body, world_body(w, &w->told[position])));
        position++;
    }
    assert_int_equal(position, w->last + 1);
    journal_read_close(reader);
    world_fill(w, 200, 900);
    world_sync(w);
    journal_release(w->journal, w->last + 1);
    assert_true(journal_first(w->journal) > 1);
    world_free(w);
}

/* ---- groups ---- */

static void one_sync_makes_a_group_of_everything_waiting(void **state)
{
    struct world *w = start(state);
    struct journal_stats before;
    struct journal_stats after;

    world_open(w);
    journal_stats(w->journal, &before);
    world_fill(w, 20, 100);
    world_sync(w);
    world_sync(w);
    journal_stats(w->journal, &after);
    assert_int_equal(after.groups - before.groups, 1);
    assert_int_equal(after.syncs - before.syncs, 1);
    assert_int_equal(after.bytes_written - before.bytes_written, 4096);
    world_free(w);
}

static void a_full_group_is_written_before_more_is_gathered(void **state)
{
    struct world *w = start(state);
    struct journal_stats stats;

    world_open(w);
    world_fill(w, 100, 1000);
    assert_true(journal_durable(w->journal) >= 60); /* 32 KiB fit in a group */
    assert_true(journal_durable(w->journal) < 100);
    journal_stats(w->journal, &stats);
    assert_int_equal(stats.groups, 3);
    world_sync(w);
    world_check(w);
    world_free(w);
}

static void note_call(void *arg)
{
    ++*(int *)arg;
}

static void the_hook_runs_after_each_sync(void **state)
{
    struct world *w = start(state);
    int calls = 0;

    world_open(w);
    journal_on_durable(w->journal, note_call, &calls);
    world_fill(w, 3, 100);
    world_sync(w);
    assert_int_equal(calls, 1);
    world_sync(w);
    assert_int_equal(calls, 1);
    journal_off_durable(w->journal, note_call, &calls);
    world_fill(w, 3, 100);
    world_sync(w);
    assert_int_equal(calls, 1);
    world_free(w);
}

static void a_slow_disk_is_told_from_a_quick_one(void **state)
{
    struct world *w = world_new(false, 2);

    (void)state;
    world_open(w);
    assert_true(journal_is_quick(w->journal)); /* until it shows otherwise */
    faulty_sync_delay(w->disk, 2000);
    for (int i = 0; i < 20; i++) {
        world_fill(w, 1, 100);
        world_sync(w);
    }
    assert_false(journal_is_quick(w->journal));
    faulty_sync_delay(w->disk, 0);
    for (int i = 0; i < 1000 && !journal_is_quick(w->journal); i++) { /* the machine may be busy */
        world_fill(w, 1, 100);
        world_sync(w);
    }
    assert_true(journal_is_quick(w->journal));
    world_free(w);
}

static void relaxed_runs_never_sync_and_survive_a_kill(void **state)
{
    struct world *w = start(state);
    struct journal_stats stats;

    w->options.relaxed = true;
    world_open(w);
    for (int i = 0; i < 50; i++) {
        world_fill(w, 10, 900);
        world_sync(w);
    }
    journal_stats(w->journal, &stats);
    assert_int_equal(stats.syncs, 0);
    world_abandon(w);
    world_open(w);
    assert_int_equal(journal_last(w->journal), 500);
    world_check(w);
    world_free(w);
}

/* ---- space ---- */

static void admission_knows_the_limit_of_an_entry(void **state)
{
    struct world *w = start(state);

    world_open(w);
    assert_true(journal_admit(w->journal, JOURNAL_BODY_BYTES_MAX + 1) == &ERR_LIMIT);
    assert_true(journal_admit(w->journal, 100) == OK);
    assert_true(journal_admit(w->journal, 200000) == OK);
    world_fill(w, 1, 200000);
    world_sync(w);
    world_check(w);
    world_free(w);
}

static void space_runs_out_at_the_admission_with_the_reserve_untouched(void **state)
{
    struct world *w = world_new(false, 1);
    uint64_t space = 0;
    uint64_t full_at = 0;

    (void)state;
    w->options.reserve_bytes = 3 * WORLD_SEGMENT_BYTES;
    w->options.keep_bytes = 0;
    faulty_space(w->disk, 10 * WORLD_SEGMENT_BYTES);
    world_open(w);
    while (journal_admit(w->journal, 900) == OK) {
        world_fill(w, 1, 900);
        if (w->last % 10 == 0) {
            world_sync(w);
        }
        assert_true(w->last < 2000);
    }
    full_at = w->last;
    assert_true(full_at > 200);
    assert_true(w->files->space(w->files->ctx, w->dir, &space) == OK);
    assert_true(space >= w->options.reserve_bytes);
    world_fill(w, 20, 900); /* what was admitted before still finds its place */
    world_sync(w);
    world_check(w);
    assert_true(journal_admit(w->journal, 1) == &ERR_FULL);

    journal_release(w->journal, w->last + 1); /* old segments may go: there is room again */
    assert_true(journal_admit(w->journal, 900) == OK);
    world_fill(w, 20, 900);
    world_sync(w);
    world_check(w);
    world_free(w);
}

static void a_disk_that_fills_up_while_a_segment_is_made_is_an_admission_refused(void **state)
{
    struct world *w = world_new(false, 1);

    (void)state;
    w->options.reserve_bytes = 4096;
    world_open(w);
    assert_true(journal_admit(w->journal, 900) == OK);
    world_fill(w, 1, 900);
    world_sync(w);
    /* Others take the space that statvfs still promised. */
    faulty_space(w->disk, 3 * WORLD_SEGMENT_BYTES + 8192);
    while (journal_admit(w->journal, 900) == OK) {
        world_fill(w, 1, 900);
        world_sync(w);
        assert_true(w->last < 1000);
    }
    world_check(w);
    world_close(w);
    faulty_space(w->disk, UINT64_C(1) << 40);
    world_open(w);
    world_check(w);
    assert_true(journal_admit(w->journal, 900) == OK);
    world_free(w);
}

#define ON_BOTH(test)                                                                              \
    {#test " (real files)", test, NULL, NULL, (void *)(uintptr_t)&on_real},                        \
    {                                                                                              \
        #test " (in memory)", test, NULL, NULL, (void *)(uintptr_t)&on_memory                      \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(a_fresh_journal_is_empty),
        ON_BOTH(an_entry_is_durable_after_sync_and_not_before),
        ON_BOTH(entries_of_every_size_come_back_after_a_restart),
        ON_BOTH(many_entries_fill_many_segments),
        ON_BOTH(an_entry_larger_than_a_segment_gets_one_of_its_own),
        ON_BOTH(reading_starts_anywhere),
        ON_BOTH(a_reader_follows_what_is_appended),
        ON_BOTH(a_moment_is_found),
        ON_BOTH(released_segments_are_recycled_beyond_the_window),
        ON_BOTH(what_is_not_released_stays),
        ON_BOTH(old_entries_leave_by_age_too),
        ON_BOTH(a_reader_keeps_its_segment),
        ON_BOTH(one_sync_makes_a_group_of_everything_waiting),
        ON_BOTH(a_full_group_is_written_before_more_is_gathered),
        ON_BOTH(the_hook_runs_after_each_sync),
        cmocka_unit_test(a_slow_disk_is_told_from_a_quick_one),
        ON_BOTH(relaxed_runs_never_sync_and_survive_a_kill),
        ON_BOTH(admission_knows_the_limit_of_an_entry),
        cmocka_unit_test(space_runs_out_at_the_admission_with_the_reserve_untouched),
        cmocka_unit_test(a_disk_that_fills_up_while_a_segment_is_made_is_an_admission_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
