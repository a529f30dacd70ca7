/* SPDX-License-Identifier: Apache-2.0
 *
 * Logs (store/log.h) against a model: every record's bytes and moment follow from its log and
 * sequence, so what is read back can be checked anywhere. Run with the spill thread on real files,
 * and without it on a disk that loses what was not synced.
 */
#include "store/log.h"
#include "store/log_int.h"

#include "base/digest.h"
#include "base/mem.h"
#include "sys/faulty.h"
#include "sys/rand.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define ARENA_BYTES (256u * 1024 * 1024)
#define FIRST_MS INT64_C(1790000000000)

struct fixture {
    const struct files *files;  /* real or the faulty disk's */
    struct faulty *disk;        /* NULL: real */
    char dir[64];               /* of the logs */
    struct logs_options options;
    struct logs *logs;          /* open, or NULL */
    struct arena *arena;        /* for reads */
    uint64_t position;          /* of the last checkpoint */
};

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
    (void)info;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static void open_logs(struct fixture *f)
{
    struct why why = {""};

    if (logs_open(&f->options, f->position, &why, &f->logs) != OK) {
        fail_msg("%s", why.text);
    }
}

static struct fixture *fixture_new(bool real)
{
    struct fixture *f = MEM_NEW(struct fixture);

    if (real) {
        f->files = files_real();
        snprintf(f->dir, sizeof(f->dir), "/tmp/weir-logs-XXXXXX");
        assert_non_null(mkdtemp(f->dir));
    } else {
        f->disk = faulty_new(7);
        f->files = faulty_files(f->disk);
        snprintf(f->dir, sizeof(f->dir), "/logs");
    }
    f->options = (struct logs_options){.files = f->files,
                                       .dir = f->dir,
                                       .memory_bytes_max = 1u << 20,
                                       .segment_bytes = 256u << 10,
                                       .thread = real};
    f->arena = arena_new(ARENA_BYTES);
    open_logs(f);
    return f;
}

static int setup_real(void **state)
{
    *state = fixture_new(true);
    return 0;
}

static int setup_faulty(void **state)
{
    *state = fixture_new(false);
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    logs_close(f->logs);
    if (f->disk != NULL) {
        faulty_free(f->disk);
    } else {
        nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
    arena_free(f->arena);
    mem_free(f);
    return 0;
}

/* ---- the model: what record `sequence` of `log` is ---- */

static size_t model_bytes(uint64_t log, uint64_t sequence)
{
    return (size_t)((log * 131 + sequence * 2654435761u) % 900);
}

static int64_t model_ms(uint64_t sequence)
{
    return FIRST_MS + (int64_t)(sequence / 3) * 10; /* three records share a moment */
}

static void model_fill(uint64_t log, uint64_t sequence, char *at, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        at[i] = (char)(log * 7 + sequence * 13 + i);
    }
}

static void append(struct fixture *f, uint64_t log, uint64_t count)
{
    char data[1024];

    for (uint64_t i = 0; i < count; i++) {
        uint64_t sequence = logs_state(f->logs, log).last + 1;
        size_t bytes = model_bytes(log, sequence);

        model_fill(log, sequence, data, bytes);
        logs_append(f->logs, log, sequence, model_ms(sequence), str_of(data, bytes));
    }
}

static void expect_record(const struct log_record *record, uint64_t log, uint64_t sequence)
{
    char data[1024];
    size_t bytes = model_bytes(log, sequence);

    model_fill(log, sequence, data, bytes);
    assert_int_equal(record->sequence, sequence);
    assert_int_equal(record->at_ms, model_ms(sequence));
    assert_int_equal(record->data.bytes, bytes);
    assert_memory_equal(record->data.at, data, bytes);
}

/* Reads everything from `from` on, in pages; the log's records must be exactly [first, last]. */
static void expect_log(struct fixture *f, uint64_t log, uint64_t first, uint64_t last)
{
    struct log_record records[100];
    uint64_t next = first == 0 ? 1 : first; /* 0: it never had a record */
    size_t count = 0;
    struct log_state s = logs_state(f->logs, log);

    assert_int_equal(s.first, first);
    assert_int_equal(s.last, last);
    do {
        assert_int_equal(logs_read(f->logs, &(struct log_range){log, next, 100, 20000}, f->arena,
                  records, &count), OK);
        for (size_t i = 0; i < count; i++) {
            expect_record(&records[i], log, next++);
        }
        arena_clear(f->arena);
    } while (count > 0);
    assert_int_equal(next, last + 1);
}

static void checkpoint(struct fixture *f, uint64_t position)
{
    logs_checkpoint_begin(f->logs, position);
    assert_int_equal(logs_checkpoint_wait(f->logs), OK);
    logs_checkpoint_noted(f->logs);
    f->position = position;
}

static void crash(struct fixture *f)
{
    if (f->disk != NULL) {
        faulty_cut(f->disk);
    }
    logs_abandon(f->logs);
    f->logs = NULL;
    if (f->disk != NULL) {
        faulty_power(f->disk);
    }
    open_logs(f);
}

static struct str arena_fill(struct fixture *f, size_t bytes, char c)
{
    char *at = arena_alloc(f->arena, bytes);

    memset(at, c, bytes);
    return str_of(at, bytes);
}

/* ---- tests ---- */

static void a_new_log_is_empty(void **state)
{
    struct fixture *f = *state;
    struct log_record record;
    uint64_t sequence = 0;
    size_t count = 9;

    logs_make(f->logs, 3);
    assert_int_equal(logs_state(f->logs, 3).first, 0);
    assert_int_equal(logs_state(f->logs, 3).last, 0);
    assert_int_equal(logs_highest(f->logs), 3);
    assert_int_equal(logs_read(f->logs, &(struct log_range){3, 1, 1, 100}, f->arena,
                  &record, &count), OK);
    assert_int_equal(count, 0);
    assert_int_equal(logs_seek_time(f->logs, 3, FIRST_MS, &sequence), OK);
    assert_int_equal(sequence, 1);
    assert_int_equal(logs_state(f->logs, 99).last, 0); /* and one that does not exist */
}

static void records_come_back_in_order(void **state)
{
    struct fixture *f = *state;

    logs_make(f->logs, 1);
    logs_make(f->logs, 2);
    append(f, 1, 500);
    append(f, 2, 300);
    append(f, 1, 500);
    expect_log(f, 1, 1, 1000);
    expect_log(f, 2, 1, 300);
    assert_true(logs_state(f->logs, 1).bytes > 0);
    assert_int_equal(logs_state(f->logs, 1).last_at_ms, model_ms(1000));
}

static void an_append_that_is_there_already_is_passed_over(void **state)
{
    struct fixture *f = *state;

    logs_make(f->logs, 1);
    append(f, 1, 10);
    logs_make(f->logs, 1);
    logs_append(f->logs, 1, 4, FIRST_MS, STR("other"));
    expect_log(f, 1, 1, 10);
}

static void a_record_in_two_pieces_is_read_as_one(void **state)
{
    static const struct str heads[] = {
        STR_INIT("one "), STR_INIT("three, all of it"), STR_INIT("")};
    static const struct str data[] = {STR_INIT("and two"), STR_INIT(""), STR_INIT("and four")};
    static const char *const whole[] = {"one and two", "three, all of it", "and four"};
    struct fixture *f = *state;
    struct log_record records[3];
    size_t count = 0;

    logs_make(f->logs, 1);
    for (uint64_t i = 0; i < 3; i++) {
        struct log_record record = {i + 1, FIRST_MS, data[i]};

        logs_append_headed(f->logs, 1, heads[i], &record);
        logs_append_headed(f->logs, 1, heads[i], &record); /* passed over */
    }
    logs_read(f->logs, &(struct log_range){1, 1, 3, 10000}, f->arena, records, &count);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        assert_true(str_eq(records[i].data, str_c(whole[i])));
    }
    assert_int_equal(logs_state(f->logs, 1).bytes, 11 + 16 + 8);
}

static void a_read_stops_at_its_limits_but_gives_at_least_one(void **state)
{
    struct fixture *f = *state;
    struct log_record records[10];
    size_t count = 0;

    logs_make(f->logs, 1);
    for (uint64_t i = 1; i <= 10; i++) {
        logs_append(f->logs, 1, i, FIRST_MS, arena_fill(f, 100, (char)('a' + i)));
    }
    logs_read(f->logs, &(struct log_range){1, 1, 3, 10000}, f->arena,
                  records, &count);
    assert_int_equal(count, 3);
    logs_read(f->logs, &(struct log_range){1, 1, 10, 350}, f->arena,
                  records, &count);
    assert_int_equal(count, 3);
    logs_read(f->logs, &(struct log_range){1, 1, 10, 400}, f->arena,
                  records, &count);
    assert_int_equal(count, 4);
    logs_read(f->logs, &(struct log_range){1, 5, 10, 1}, f->arena,
                  records, &count);
    assert_int_equal(count, 1);
    assert_int_equal(records[0].sequence, 5);
    assert_int_equal(records[0].data.at[99], 'f');
    logs_read(f->logs, &(struct log_range){1, 9, 10, 10000}, f->arena,
                  records, &count);
    assert_int_equal(count, 2);
    logs_read(f->logs, &(struct log_range){1, 11, 10, 10000}, f->arena,
                  records, &count);
    assert_int_equal(count, 0);
}

static void a_reader_without_memory_is_told(void **state)
{
    struct fixture *f = *state;
    struct arena *small = arena_new(4096);
    struct log_record record;
    size_t count = 7;

    logs_make(f->logs, 1);
    logs_append(f->logs, 1, 1, FIRST_MS, arena_fill(f, 100000, 'x'));
    assert_int_equal(logs_read(f->logs, &(struct log_range){1, 1, 1, 1000000}, small,
                  &record, &count), &ERR_LIMIT);
    assert_int_equal(count, 7);
    arena_free(small);
}

/* Ten times the bound goes in; all of it is there, and memory never held more than the bound. */
static void memory_stays_within_its_bound_and_nothing_is_lost(void **state)
{
    struct fixture *f = *state;

    for (uint64_t log = 1; log <= 4; log++) {
        logs_make(f->logs, log);
    }
    for (int round = 0; round < 60; round++) {
        for (uint64_t log = 1; log <= 4; log++) {
            append(f, log, 100);
            assert_true(f->logs->memory_bytes <= f->options.memory_bytes_max);
        }
    }
    for (uint64_t log = 1; log <= 4; log++) {
        expect_log(f, log, 1, 6000);
        assert_true(log_find(f->logs, log)->segment_count > 5);
        assert_true(log_find(f->logs, log)->chunks[0]->frame.first > 1000);
    }
    assert_true(f->logs->cache_bytes <= LOG_CACHE_BYTES_MAX);
}

static void a_sequential_reader_reads_each_frame_once(void **state)
{
    struct fixture *f = *state;
    struct log_record record;
    size_t count = 0;
    uint64_t before = 0;
    uint64_t frames = 0;

    if (f->disk == NULL) {
        return; /* only the faulty disk counts */
    }
    logs_make(f->logs, 1);
    append(f, 1, 8000);
    for (uint32_t i = 0; i < log_find(f->logs, 1)->segment_count; i++) {
        frames += log_find(f->logs, 1)->segments[i]->place_count;
    }
    before = faulty_operations(f->disk);
    for (uint64_t sequence = 1; sequence <= 6000; sequence++) {
        assert_int_equal(logs_read(f->logs, &(struct log_range){1, sequence, 1, 10000}, f->arena,
                  &record, &count), OK);
        expect_record(&record, 1, sequence);
        arena_clear(f->arena);
    }
    /* a header, a body, an open and a close now and then */
    assert_true(faulty_operations(f->disk) - before <= 5 * frames);
}

static void a_checkpoint_brings_everything_back(void **state)
{
    struct fixture *f = *state;

    logs_make(f->logs, 1);
    logs_make(f->logs, 2);
    logs_make(f->logs, 7);
    append(f, 1, 4000);
    append(f, 2, 1);
    checkpoint(f, 55);
    crash(f);
    assert_int_equal(logs_highest(f->logs), 7);
    expect_log(f, 1, 1, 4000);
    expect_log(f, 2, 1, 1);
    assert_int_equal(logs_state(f->logs, 7).last, 0);
    append(f, 1, 1000); /* and goes on */
    append(f, 2, 1000);
    append(f, 7, 10);
    checkpoint(f, 56);
    append(f, 7, 10);
    checkpoint(f, 60);
    checkpoint(f, 60); /* the same position again */
    crash(f);
    expect_log(f, 1, 1, 5000);
    expect_log(f, 2, 1, 1001);
    expect_log(f, 7, 1, 20);
    assert_int_equal(logs_state(f->logs, 7).last_at_ms, model_ms(20));
}

static void a_crash_loses_what_no_checkpoint_has_and_it_is_appended_again(void **state)
{
    struct fixture *f = *state;

    logs_make(f->logs, 1);
    append(f, 1, 3000);
    checkpoint(f, 10);
    append(f, 1, 3000); /* spilled in part, beyond what the manifest says */
    logs_make(f->logs, 2);
    append(f, 2, 3000);
    logs_drop(f->logs, 2);
    logs_make(f->logs, 3);
    append(f, 3, 3000);
    crash(f);
    expect_log(f, 1, 1, 3000);
    assert_int_equal(logs_state(f->logs, 3).last, 0);
    append(f, 1, 2000);
    logs_make(f->logs, 3);
    append(f, 3, 10);
    expect_log(f, 1, 1, 5000);
    checkpoint(f, 11);
    crash(f);
    expect_log(f, 1, 1, 5000);
    expect_log(f, 3, 1, 10);
}

static void a_checkpoint_is_as_of_its_beginning(void **state)
{
    struct fixture *f = *state;

    logs_make(f->logs, 1);
    logs_make(f->logs, 2);
    append(f, 1, 2000);
    append(f, 2, 2000);
    logs_checkpoint_begin(f->logs, 20);
    append(f, 1, 2000);
    logs_trim(f->logs, 1, 1500);
    logs_drop(f->logs, 2);
    assert_int_equal(logs_checkpoint_wait(f->logs), OK);
    logs_checkpoint_noted(f->logs);
    f->position = 20;
    crash(f);
    expect_log(f, 1, 1, 2000);
    expect_log(f, 2, 1, 2000);
}

/* The manifest of 30 is written, but the store died before it noted 30: 20 must still open. */
static void the_former_checkpoint_stays_until_the_next_is_noted(void **state)
{
    struct fixture *f = *state;

    logs_make(f->logs, 1);
    logs_make(f->logs, 2);
    append(f, 1, 3000);
    append(f, 2, 3000);
    checkpoint(f, 20);
    logs_trim(f->logs, 1, 2500);
    logs_drop(f->logs, 2);
    append(f, 1, 3000);
    logs_checkpoint_begin(f->logs, 30);
    assert_int_equal(logs_checkpoint_wait(f->logs), OK);
    crash(f);
    expect_log(f, 1, 1, 3000);
    expect_log(f, 2, 1, 3000);
}

static void trimmed_records_are_gone_and_their_files_too(void **state)
{
    struct fixture *f = *state;
    struct log_record record;
    size_t count = 0;
    uint32_t segments = 0;

    logs_make(f->logs, 1);
    append(f, 1, 6000);
    uint64_t bytes = logs_state(f->logs, 1).bytes;

    checkpoint(f, 1);
    segments = log_find(f->logs, 1)->segment_count;
    logs_trim(f->logs, 1, 5000);
    expect_log(f, 1, 5000, 6000);
    assert_true(logs_state(f->logs, 1).bytes < bytes / 2);
    assert_true(log_find(f->logs, 1)->segment_count < segments);
    logs_read(f->logs, &(struct log_range){1, 1, 1, 1000}, f->arena,
                  &record, &count);
    assert_int_equal(count, 1);
    assert_int_equal(record.sequence, 5000);
    logs_trim(f->logs, 1, 100); /* backwards: nothing */
    expect_log(f, 1, 5000, 6000);
    checkpoint(f, 2);
    crash(f);
    expect_log(f, 1, 5000, 6000);
    logs_trim(f->logs, 1, 99999); /* everything */
    expect_log(f, 1, 6001, 6000);
    assert_int_equal(logs_state(f->logs, 1).bytes, 0);
    checkpoint(f, 3);
    crash(f);
    expect_log(f, 1, 6001, 6000);
    append(f, 1, 50);
    expect_log(f, 1, 6001, 6050);
    checkpoint(f, 4);
    crash(f);
    expect_log(f, 1, 6001, 6050);
}

static void count_file(void *arg, const char *name)
{
    (void)name;
    ++*(int *)arg;
}

static int files_there(struct fixture *f)
{
    int count = 0;

    assert_int_equal(f->files->dir(f->files->ctx, f->dir, count_file, &count), OK);
    return count;
}

static void a_dropped_log_leaves_no_file_behind(void **state)
{
    struct fixture *f = *state;

    logs_make(f->logs, 1);
    append(f, 1, 6000);
    checkpoint(f, 1);
    assert_true(files_there(f) > 2);
    logs_drop(f->logs, 1);
    logs_drop(f->logs, 1); /* again: nothing */
    assert_int_equal(logs_state(f->logs, 1).last, 0);
    checkpoint(f, 2);
    assert_int_equal(files_there(f), 1); /* the manifest */
    assert_int_equal(f->logs->memory_bytes, 0);
    crash(f);
    assert_int_equal(logs_highest(f->logs), 1); /* its number is not given again */
}

static void dropping_while_chunks_are_being_written_is_safe(void **state)
{
    struct fixture *f = *state;

    for (uint64_t log = 1; log <= 40; log++) {
        logs_make(f->logs, log);
        append(f, log, 1500);
        if (log % 2 == 0) {
            logs_drop(f->logs, log);
        } else {
            logs_trim(f->logs, log, 1000);
        }
        if (log % 10 == 0) {
            checkpoint(f, log);
        }
    }
    for (uint64_t log = 1; log <= 40; log += 2) {
        expect_log(f, log, 1000, 1500);
    }
    checkpoint(f, 41);
    crash(f);
    for (uint64_t log = 1; log <= 40; log += 2) {
        expect_log(f, log, 1000, 1500);
    }
}

static void expect_seek(struct fixture *f, uint64_t log, int64_t at_ms)
{
    struct log_state s = logs_state(f->logs, log);
    uint64_t got = 0;
    uint64_t expected = s.first;

    while (expected <= s.last && model_ms(expected) < at_ms) {
        expected++;
    }
    assert_int_equal(logs_seek_time(f->logs, log, at_ms, &got), OK);
    assert_int_equal(got, expected);
}

static void a_moment_finds_its_first_record(void **state)
{
    struct fixture *f = *state;

    logs_make(f->logs, 1);
    append(f, 1, 7000);
    for (int pass = 0; pass < 3; pass++) {
        struct log_state s = logs_state(f->logs, 1);

        expect_seek(f, 1, 0);
        expect_seek(f, 1, INT64_MAX);
        for (uint64_t sequence = s.first; sequence <= s.last; sequence += 97) {
            expect_seek(f, 1, model_ms(sequence));
            expect_seek(f, 1, model_ms(sequence) + 1);
            expect_seek(f, 1, model_ms(sequence) - 1);
        }
        expect_seek(f, 1, s.last_at_ms);
        expect_seek(f, 1, s.last_at_ms + 1);
        logs_trim(f->logs, 1, pass == 0 ? 3001 : 6990);
        if (pass == 0) {
            checkpoint(f, 5);
            crash(f);
        }
    }
    logs_trim(f->logs, 1, 8000);
    expect_seek(f, 1, FIRST_MS);
}

static void big_records_come_back_whole(void **state)
{
    struct fixture *f = *state;
    static const size_t sizes[] = {1u << 20, 10u << 20, 5, LOG_RECORD_BYTES_MAX, 0, 300000};
    struct log_record record;
    size_t count = 0;

    logs_make(f->logs, 1);
    for (uint64_t i = 0; i < 6; i++) {
        logs_append(f->logs, 1, i + 1, FIRST_MS, arena_fill(f, sizes[i], (char)('a' + i)));
        arena_clear(f->arena);
    }
    for (int pass = 0; pass < 2; pass++) {
        for (uint64_t i = 0; i < 6; i++) {
            assert_int_equal(logs_read(f->logs, &(struct log_range){1, i + 1, 1, 1}, f->arena,
                  &record, &count), OK);
            assert_int_equal(count, 1);
            assert_int_equal(record.data.bytes, sizes[i]);
            for (size_t b = 0; b < sizes[i]; b += 4001) {
                assert_int_equal(record.data.at[b], 'a' + (int)i);
            }
            arena_clear(f->arena);
        }
        checkpoint(f, 9);
        crash(f);
    }
}

static void a_log_that_was_quiet_for_years_goes_on(void **state)
{
    struct fixture *f = *state;
    struct log_record records[3];
    size_t count = 0;
    uint64_t sequence = 0;
    int64_t later_ms = FIRST_MS + INT64_C(86400000) * 365 * 3;

    logs_make(f->logs, 1);
    logs_append(f->logs, 1, 1, 0, STR("a")); /* 1970 */
    logs_append(f->logs, 1, 2, FIRST_MS, STR("b"));
    logs_append(f->logs, 1, 3, later_ms, STR("c"));
    for (int pass = 0; pass < 2; pass++) {
        assert_int_equal(logs_read(f->logs, &(struct log_range){1, 1, 3, 10}, f->arena,
                  records, &count), OK);
        assert_int_equal(count, 3);
        assert_int_equal(records[0].at_ms, 0);
        assert_int_equal(records[1].at_ms, FIRST_MS);
        assert_int_equal(records[2].at_ms, later_ms);
        assert_int_equal(logs_seek_time(f->logs, 1, FIRST_MS + 1, &sequence), OK);
        assert_int_equal(sequence, 3);
        checkpoint(f, 1);
        crash(f);
    }
}

/* Quiet logs stay in memory and in the manifest; none gets a file for a handful of records. */
static void ten_thousand_small_logs_need_little(void **state)
{
    struct fixture *f = *state;

    logs_close(f->logs);
    f->options.memory_bytes_max = 32u << 20;
    open_logs(f);
    for (uint64_t log = 1; log <= 10000; log++) {
        logs_make(f->logs, log);
        logs_append(f->logs, log, 1, model_ms(1), STR(""));
    }
    assert_true(f->logs->memory_bytes <= 10000u * 1024);
    logs_make(f->logs, 20000);
    append(f, 20000, 200000); /* 90 MB through the bound beside them */
    assert_true(f->logs->memory_bytes <= f->options.memory_bytes_max);
    checkpoint(f, 77);
    assert_true(files_there(f) < 1000);
    crash(f);
    for (uint64_t log = 1; log <= 10000; log += 501) {
        assert_int_equal(logs_state(f->logs, log).last, 1);
    }
    expect_log(f, 20000, 1, 200000);
}

static void when_there_are_only_small_logs_they_are_written_too(void **state)
{
    struct fixture *f = *state;

    for (uint64_t log = 1; log <= 3000; log++) { /* 3,000 x 600 bytes and more against 1 MiB */
        logs_make(f->logs, log);
        append(f, log, 2);
        assert_true(f->logs->memory_bytes <= f->options.memory_bytes_max);
    }
    for (uint64_t log = 1; log <= 3000; log++) {
        expect_log(f, log, 1, 2);
    }
    checkpoint(f, 3);
    crash(f);
    for (uint64_t log = 1; log <= 3000; log++) {
        expect_log(f, log, 1, 2);
    }
}

/* ---- refusals ---- */

static void flip(struct fixture *f, const char *path, uint64_t offset)
{
    struct file *file = NULL;
    char byte = 0;
    size_t got = 0;

    assert_int_equal(file_open(f->files, path, FILE_WRITE, &file), OK);
    assert_int_equal(file_read(file, offset, &byte, 1, &got), OK);
    assert_int_equal(got, 1);
    byte = (char)(byte ^ 0x10);
    assert_int_equal(file_write(file, offset, &byte, 1), OK);
    assert_int_equal(file_sync(file), OK);
    file_close(file);
}

struct findings {
    int count;        /* lines */
    char last[4096];  /* the newest */
};

static void note_finding(void *arg, const char *line)
{
    struct findings *findings = arg;

    findings->count++;
    snprintf(findings->last, sizeof(findings->last), "%s", line);
}

static void expect_fsck(struct fixture *f, int findings_expected, const char *mentions)
{
    struct findings findings = {0};
    uint64_t records = 0;
    status checked = logs_fsck(f->files, f->dir, note_finding, &findings, &records);

    assert_int_equal(checked, findings_expected > 0 ? &ERR_CORRUPT : OK);
    if ((findings_expected > 0) != (findings.count > 0) ||
        (mentions != NULL && strstr(findings.last, mentions) == NULL)) {
        fail_msg("%d findings, the last: %s", findings.count, findings.last);
    }
}

static void a_damaged_manifest_stops_the_opening(void **state)
{
    struct fixture *f = *state;
    struct why why = {""};
    char path[LOG_PATH_BYTES_MAX];

    logs_make(f->logs, 1);
    append(f, 1, 10);
    checkpoint(f, 5);
    logs_close(f->logs);
    f->logs = NULL;
    expect_fsck(f, 0, NULL);
    log_manifest_path(f->dir, 5, path, sizeof(path));
    for (uint64_t offset = 0; offset < 60; offset++) {
        flip(f, path, offset);
        status opened = logs_open(&f->options, 5, &why, &f->logs);

        assert_true(opened == &ERR_CORRUPT || opened == &ERR_VERSION);
        assert_non_null(strstr(why.text, path));
        expect_fsck(f, 1, "manifest");
        flip(f, path, offset);
    }
    assert_int_equal(logs_open(&f->options, 6, &why, &f->logs), &ERR_CORRUPT);
    assert_null(f->logs);
}

static void a_short_or_missing_segment_stops_the_opening(void **state)
{
    struct fixture *f = *state;
    struct why why = {""};
    char path[LOG_PATH_BYTES_MAX];
    struct file *file = NULL;
    uint64_t bytes = 0;

    logs_make(f->logs, 1);
    append(f, 1, 1000);
    checkpoint(f, 5);
    logs_close(f->logs);
    f->logs = NULL;
    log_segment_path(f->dir, 1, 0, path, sizeof(path));
    assert_int_equal(file_open(f->files, path, FILE_WRITE, &file), OK);
    assert_int_equal(file_size(file, &bytes), OK);
    assert_int_equal(file_resize(file, bytes - 1), OK);
    file_close(file);
    assert_int_equal(logs_open(&f->options, 5, &why, &f->logs), &ERR_CORRUPT);
    assert_non_null(strstr(why.text, path));
    expect_fsck(f, 1, "0000000000000001-00000000.seg");
    assert_int_equal(f->files->remove(f->files->ctx, path), OK);
    assert_int_equal(logs_open(&f->options, 5, &why, &f->logs), &ERR_CORRUPT);
    assert_non_null(strstr(why.text, "missing"));
    expect_fsck(f, 1, "0000000000000001-00000000.seg");
}

/* Turns the frame at the start of a file into what data format 1 had there: slots in front. */
static void make_first_format(struct fixture *f, const char *path, uint64_t bytes)
{
    char *image = mem_alloc(bytes);
    char *former = mem_zero(bytes);
    struct file *file = NULL;
    struct log_frame frame;
    size_t got = 0;

    assert_int_equal(file_open(f->files, path, FILE_WRITE, &file), OK);
    assert_int_equal(file_read(file, 0, image, bytes, &got), OK);
    assert_true(log_frame_get(image, &frame));
    assert_int_equal(log_frame_bytes(&frame), bytes);
    memcpy(former, image, LOG_FRAME_HEADER_BYTES);
    memcpy(former, &(uint32_t){LOG_FRAME_MAGIC_1}, 4);
    char *from = image + LOG_FRAME_HEADER_BYTES;
    char *to = former + LOG_FRAME_HEADER_BYTES;
    size_t slots = frame.count * sizeof(struct log_slot);

    memcpy(to, from + log_frame_slots_at(&frame), slots);
    memcpy(to + slots, from, frame.data_bytes);
    uint32_t crc = crc32c(0, str_of(to, slots + frame.data_bytes));

    memcpy(former + 8, &crc, 4);
    crc = crc32c(0, str_of(former + 8, LOG_FRAME_HEADER_BYTES - 8));
    memcpy(former + 4, &crc, 4);
    assert_int_equal(file_write(file, 0, former, bytes), OK);
    assert_int_equal(file_sync(file), OK);
    file_close(file);
    mem_free(image);
    mem_free(former);
}

static void a_segment_of_the_first_format_is_read(void **state)
{
    struct fixture *f = *state;
    char path[LOG_PATH_BYTES_MAX];

    logs_make(f->logs, 1);
    append(f, 1, 100);
    checkpoint(f, 5);
    log_segment_path(f->dir, 1, 0, path, sizeof(path));
    make_first_format(f, path, log_find(f->logs, 1)->segments[0]->bytes);
    expect_fsck(f, 0, NULL);
    crash(f);
    expect_log(f, 1, 1, 100);
    append(f, 1, 100); /* and goes on in the second */
    checkpoint(f, 6);
    crash(f);
    expect_log(f, 1, 1, 200);
    expect_fsck(f, 0, NULL);
}

/* Wherever a byte of a segment is flipped: fsck names the file, no wrong record is given out. */
static void a_damaged_segment_is_found(void **state)
{
    struct fixture *f = *state;
    char path[LOG_PATH_BYTES_MAX];
    struct log_record record;
    size_t count = 0;
    uint64_t bytes = 0;
    uint64_t used = 0;

    logs_make(f->logs, 1);
    append(f, 1, 100);
    checkpoint(f, 5);
    bytes = log_find(f->logs, 1)->segments[0]->bytes;
    used = LOG_FRAME_HEADER_BYTES + 100 * sizeof(struct log_slot) +
           (log_find(f->logs, 1)->segments[0]->data_bytes + 7) / 8 * 8;
    log_segment_path(f->dir, 1, 0, path, sizeof(path));
    for (uint64_t offset = 0; offset < bytes; offset += offset < 100 ? 1 : 611) {
        flip(f, path, offset);
        expect_fsck(f, 1, "0000000000000001-00000000.seg");
        crash(f);
        for (uint64_t sequence = 1; sequence <= 100; sequence += 33) {
            status read = logs_read(f->logs, &(struct log_range){1, sequence, 1, 9999}, f->arena,
                  &record, &count);

            /* One frame: all of it is doubtful; what stands behind it is nobody's. */
            assert_int_equal(read, offset < used ? &ERR_CORRUPT : OK);
        }
        arena_clear(f->arena);
        flip(f, path, offset);
    }
    expect_fsck(f, 0, NULL);
    crash(f);
    expect_log(f, 1, 1, 100);
}

/* ---- random work with power cuts, against the model's first and last of every log ---- */

#define RANDOM_LOGS 8

static void random_step(struct fixture *f, struct rand *rand)
{
    uint64_t log = 1 + rand_below(rand, RANDOM_LOGS);
    struct log_state s;

    logs_make(f->logs, log);
    s = logs_state(f->logs, log);
    switch (rand_below(rand, 12)) {
    case 0:
        logs_trim(f->logs, log, s.first + rand_below(rand, s.last - s.first + 2));
        break;
    case 1:
        append(f, log, 2000);
        break;
    default:
        append(f, log, rand_below(rand, 60));
        break;
    }
}

static void power_cuts_at_any_time_leave_the_noted_checkpoint(void **state)
{
    struct fixture *f = *state;
    struct log_state noted[RANDOM_LOGS + 1] = {{0}};
    struct rand rand;

    rand_init(&rand, 99);
    for (int round = 0; round < 120; round++) {
        for (uint64_t steps = rand_below(&rand, 40); steps > 0; steps--) {
            random_step(f, &rand);
        }
        logs_checkpoint_begin(f->logs, f->position + 1);
        struct log_state begun[RANDOM_LOGS + 1];

        for (uint64_t log = 1; log <= RANDOM_LOGS; log++) {
            begun[log] = logs_state(f->logs, log);
        }
        for (uint64_t steps = rand_below(&rand, 10); steps > 0; steps--) {
            random_step(f, &rand);
        }
        assert_int_equal(logs_checkpoint_wait(f->logs), OK);
        if (rand_below(&rand, 3) > 0) { /* else the power goes before the store's note */
            logs_checkpoint_noted(f->logs);
            f->position++;
            memcpy(noted, begun, sizeof(noted));
        }
        if (f->logs->checkpoint != NULL || rand_below(&rand, 2) == 0) {
            crash(f);
            for (uint64_t log = 1; log <= RANDOM_LOGS; log++) {
                expect_log(f, log, noted[log].first, noted[log].last);
            }
        }
        expect_fsck(f, 0, NULL);
    }
}

#define BOTH(test)                                                                                 \
    cmocka_unit_test_setup_teardown(test, setup_real, teardown),                                   \
        cmocka_unit_test_setup_teardown(test, setup_faulty, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_new_log_is_empty),
        BOTH(records_come_back_in_order),
        BOTH(an_append_that_is_there_already_is_passed_over),
        BOTH(a_record_in_two_pieces_is_read_as_one),
        BOTH(a_read_stops_at_its_limits_but_gives_at_least_one),
        BOTH(a_reader_without_memory_is_told),
        BOTH(memory_stays_within_its_bound_and_nothing_is_lost),
        BOTH(a_sequential_reader_reads_each_frame_once),
        BOTH(a_checkpoint_brings_everything_back),
        BOTH(a_crash_loses_what_no_checkpoint_has_and_it_is_appended_again),
        BOTH(a_checkpoint_is_as_of_its_beginning),
        BOTH(the_former_checkpoint_stays_until_the_next_is_noted),
        BOTH(trimmed_records_are_gone_and_their_files_too),
        BOTH(a_dropped_log_leaves_no_file_behind),
        BOTH(dropping_while_chunks_are_being_written_is_safe),
        BOTH(a_moment_finds_its_first_record),
        BOTH(big_records_come_back_whole),
        BOTH(a_log_that_was_quiet_for_years_goes_on),
        BOTH(ten_thousand_small_logs_need_little),
        BOTH(when_there_are_only_small_logs_they_are_written_too),
        BOTH(a_damaged_manifest_stops_the_opening),
        BOTH(a_short_or_missing_segment_stops_the_opening),
        BOTH(a_segment_of_the_first_format_is_read),
        BOTH(a_damaged_segment_is_found),
        BOTH(power_cuts_at_any_time_leave_the_noted_checkpoint),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
