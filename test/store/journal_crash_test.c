/* SPDX-License-Identifier: Apache-2.0
 *
 * Tries to make the journal lose, invent or disorder an entry: power cuts at every sync and at
 * random, blocks of the last group that arrive in any combination, old bytes in recycled files,
 * single changed bytes, missing and cut files, and every I/O operation failing once. After each,
 * opening must give back all that was acknowledged, or refuse and name the place.
 */
#include "journal_world.h"

#include "base/digest.h"

#include <fcntl.h>
#include <string.h>

#define ROUNDS 300
#define LIVES 6

static jmp_buf died;
static int quiet_fd = -1;

static void on_die(void)
{
    longjmp(died, 1);
}

/* sys_die() says why on standard error; here it is what is expected. */
static void expect_death(bool expected)
{
    int fd = -1;

    sys_die_hook(expected ? on_die : NULL);
    if (expected) {
        quiet_fd = dup(2);
        fd = open("/dev/null", O_WRONLY);
        dup2(fd, 2);
        close(fd);
    } else {
        dup2(quiet_fd, 2);
        close(quiet_fd);
    }
}

/* ---- bytes ---- */

/* Changes bytes of a closed segment: what a disk may do over the years. */
static void poke(struct world *w, uint64_t generation, uint64_t offset,
                              struct str bytes)
{
    char path[JOURNAL_PATH_BYTES];
    struct file *file = NULL;

    world_path(w, generation, path);
    assert_true(file_open(w->files, path, FILE_WRITE, &file) == OK);
    assert_true(file_write(file, offset, bytes.at, bytes.bytes) == OK);
    assert_true(file_sync(file) == OK);
    file_close(file);
}

static void peek(struct world *w, uint64_t generation, uint64_t offset, void *at,
                              size_t bytes)
{
    char path[JOURNAL_PATH_BYTES];
    struct file *file = NULL;
    size_t got = 0;

    world_path(w, generation, path);
    assert_true(file_open(w->files, path, FILE_READ, &file) == OK);
    assert_true(file_read(file, offset, at, bytes, &got) == OK);
    assert_int_equal(got, bytes);
    file_close(file);
}

static void flip(struct world *w, uint64_t generation, uint64_t offset)
{
    char byte = 0;

    peek(w, generation, offset, &byte, 1);
    byte = (char)(byte ^ (1 << (offset % 8)));
    poke(w, generation, offset, str_of(&byte, 1));
}

/* ---- power ---- */

struct work {
    struct rand rand;      /* what to do next */
    size_t steps;          /* how much */
    size_t bytes_fixed;    /* bodies of that size; 0: of any */
    bool release;          /* let segments go */
};

static size_t some_bytes(struct work *work)
{
    uint64_t kind = rand_below(&work->rand, 20);

    if (work->bytes_fixed != 0) {
        return work->bytes_fixed;
    }
    if (kind == 0) {
        return (size_t)rand_below(&work->rand, 100000);
    }
    return (size_t)rand_below(&work->rand, kind < 5 ? 12000 : 300);
}

static void one_step(struct world *w, struct work *work)
{
    uint64_t kind = rand_below(&work->rand, 10);

    if (kind < 6) {
        struct told told = {rand_u64(&work->rand), some_bytes(work), (int64_t)w->last};

        (void)world_append(w, told);
    } else if (kind < 9) {
        journal_sync(w->journal);
    } else if (work->release) {
        journal_release(w->journal, journal_durable(w->journal) + 1);
    }
    w->acked = journal_durable(w->journal);
}

/* One life: opens, checks, works, until the power goes or the work is done. False: it went. */
static bool one_life(struct world *w, struct work *work)
{
    volatile bool done = false;

    expect_death(true);
    if (setjmp(died) == 0) {
        status opened = world_try_open(w);

        if (opened != OK && !faulty_dark(w->disk)) {
            expect_death(false);
            fail_msg("%s", w->why.text);
        }
        if (opened == OK) {
            expect_death(false);
            if (!faulty_dark(w->disk)) {
                world_check_recovered(w);
            }
            expect_death(true);
            for (size_t i = 0; i < work->steps; i++) {
                one_step(w, work);
            }
            journal_close(w->journal);
            w->journal = NULL;
            w->acked = w->last;
            done = true;
        }
    } else {
        w->acked = w->journal == NULL ? w->acked : journal_durable(w->journal);
    }
    expect_death(false);
    if (!done) {
        world_abandon(w);
        faulty_power(w->disk);
    }
    return done;
}

static void last_look(struct world *w)
{
    uint64_t entries = 0;
    size_t findings = 0;

    faulty_cut_at_sync(w->disk, 0);
    if (world_fsck(w, &entries, &findings) != OK) {
        fail_msg("fsck has %zu findings", findings);
    }
    world_open(w);
    world_check_recovered(w);
    assert_int_equal(entries, w->last + 1 - journal_first(w->journal));
    world_close(w);
}

static void power_may_go_at_every_sync(void **state)
{
    bool finished = false;

    (void)state;
    for (uint64_t cut = 1; !finished; cut++) {
        struct world *w = world_new(false, cut);
        struct work work = {.steps = 250, .release = true};

        w->options.keep_bytes = 2 * WORLD_SEGMENT_BYTES;
        rand_init(&work.rand, 42);
        faulty_cut_at_sync(w->disk, cut);
        finished = one_life(w, &work);
        last_look(w);
        world_free(w);
        assert_true(cut < 1000);
    }
}

static void power_may_go_again_and_again(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        struct world *w = world_new(false, seed);
        struct work work = {.release = seed % 2 == 0};

        rand_init(&work.rand, seed);
        w->options.keep_bytes = rand_below(&work.rand, 5) * WORLD_SEGMENT_BYTES;
        work.bytes_fixed = seed % 3 == 0 ? (size_t)rand_below(&work.rand, 3000) : 0;
        for (int life = 0; life < LIVES; life++) {
            uint64_t soon = 1 + rand_below(&work.rand, 40);

            work.steps = 10 + (size_t)rand_below(&work.rand, 100);
            faulty_cut_at_sync(w->disk, faulty_syncs(w->disk) + soon);
            (void)one_life(w, &work);
        }
        last_look(w);
        world_free(w);
    }
}

/* ---- torn groups ---- */

#define TORN_BLOCKS 6
#define TORN_BYTES (TORN_BLOCKS * JOURNAL_BLOCK_BYTES)

/* What a segment held at a place, before and after a write to it. */
struct torn {
    char before[TORN_BYTES]; /* the blocks before the group was written */
    char after[TORN_BYTES];  /* … and behind */
    uint64_t offset;         /* of the group in segment 1 */
};

/* A group of TORN_BLOCKS blocks, written and never acknowledged. */
static void torn_write(struct world *w, struct torn *torn)
{
    torn->offset = w->journal->offset;
    peek(w, 1, torn->offset, torn->before, TORN_BYTES);
    world_fill(w, 20, 1100);
    world_sync(w);
    assert_int_equal(w->journal->offset, torn->offset + TORN_BYTES);
    peek(w, 1, torn->offset, torn->after, TORN_BYTES);
    world_abandon(w);
    w->acked = w->last - 20;
}

/* Only the blocks of that set arrived. */
static void torn_arrive(struct world *w, const struct torn *torn, unsigned set)
{
    for (unsigned i = 0; i < TORN_BLOCKS; i++) {
        const char *from = (set >> i & 1) != 0 ? torn->after : torn->before;
        uint64_t at = i * JOURNAL_BLOCK_BYTES;

        poke(w, 1, torn->offset + at, str_of(from + at, JOURNAL_BLOCK_BYTES));
    }
}

static void blocks_of_the_last_group_may_arrive_in_any_combination(void **state)
{
    unsigned sets = 1u << TORN_BLOCKS;

    (void)state;
    for (unsigned set = 0; set < sets; set++) {
        struct world *w = world_new(false, 1);
        struct torn torn;
        uint64_t acked = 0;

        world_open(w);
        world_fill(w, 5, 1000);
        world_sync(w);
        torn_write(w, &torn);
        acked = w->acked;
        torn_arrive(w, &torn, set);
        world_open(w);
        assert_int_equal(journal_last(w->journal), set == sets - 1 ? acked + 20 : acked);
        world_check_recovered(w);
        world_fill(w, 3, 50);
        world_close(w);
        last_look(w);
        world_free(w);
    }
}

/* The same sizes at the same places: an entry of the earlier torn group would fit exactly. */
static void a_torn_group_does_not_mix_with_one_torn_before(void **state)
{
    unsigned sets = 1u << TORN_BLOCKS;

    (void)state;
    for (unsigned set = 0; set < sets; set++) {
        struct world *w = world_new(false, 1);
        struct torn torn;
        uint64_t acked = 0;

        world_open(w);
        world_fill(w, 5, 1000);
        world_sync(w);
        torn_write(w, &torn);
        acked = w->acked;
        torn_arrive(w, &torn, (sets - 1) & ~(1u << set % TORN_BLOCKS)); /* one block is missing */
        world_open(w);
        assert_int_equal(journal_last(w->journal), acked);
        world_check_recovered(w);
        for (uint64_t p = acked + 1; p <= acked + 20; p++) {
            w->told[p].seed = 0; /* other entries take the positions */
        }
        torn_write(w, &torn);
        torn_arrive(w, &torn, set);
        world_open(w);
        assert_int_equal(journal_last(w->journal), set == sets - 1 ? acked + 20 : acked);
        world_check_recovered(w);
        world_close(w);
        world_free(w);
    }
}

/* ---- changed bytes ---- */

/* Opens and reads all; what was refused is in w->why. */
static status open_and_read(struct world *w)
{
    uint64_t next = 0;
    status read = world_try_open(w);

    if (read == OK) {
        read = world_read(w, journal_first(w->journal), &next);
        if (read == &ERR_NOT_FOUND) {
            assert_int_equal(next, w->last + 1); /* nothing was cut */
        }
        world_abandon(w);
    }
    return read;
}

static void assert_is_noticed(struct world *w, uint64_t generation, uint64_t offset)
{
    uint64_t entries = 0;
    size_t findings = 0;
    char name[64];

    snprintf(name, sizeof(name), "segment %016llu.wj", (unsigned long long)generation);
    if (open_and_read(w) != &ERR_CORRUPT) {
        fail_msg("%s, offset %llu: a change was not noticed", name, (unsigned long long)offset);
    }
    assert_non_null(strstr(w->why.text, name));
    assert_non_null(strstr(w->why.text, offset < JOURNAL_BLOCK_BYTES ? "offset" : "position"));
    assert_true(world_fsck(w, &entries, &findings) == &ERR_CORRUPT);
    assert_true(findings >= 1);
}

/* Where the groups of a segment lie. */
struct used {
    uint64_t offsets[1024]; /* of each group; one more: the end */
    size_t count;           /* of groups */
};

static void used_find(struct world *w, const struct segment *segment, struct used *ret_used)
{
    const struct segment_mark start = {JOURNAL_BLOCK_BYTES, segment->header.first_position, 0};
    char path[JOURNAL_PATH_BYTES];
    struct journal_entry entry;
    struct scan scan;
    struct file *file = NULL;

    world_path(w, segment->header.generation, path);
    assert_true(file_open(w->files, path, FILE_READ, &file) == OK);
    scan_init(&scan);
    scan_start(&scan, file, &segment->header, start);
    ret_used->count = 0;
    while (scan_group(&scan, NULL) == OK) {
        ret_used->offsets[ret_used->count++] = scan.group.offset;
        while (scan.left > 0) {
            assert_true(scan_entry(&scan, NULL, &entry) == OK);
        }
        ret_used->offsets[ret_used->count] = scan.offset;
    }
    scan_done(&scan);
    file_close(file);
}

static void any_changed_byte_before_the_tail_is_noticed(void **state)
{
    struct world *w = world_new(false, 1);
    struct used used[8];
    uint64_t generations[8];
    size_t count = 0;
    struct rand rand;

    (void)state;
    rand_init(&rand, 3);
    world_open(w);
    for (int i = 0; i < 24; i++) {
        world_fill(w, 7, 900);
        world_sync(w);
    }
    for (struct link *at = w->journal->segments.next; at != &w->journal->segments; at = at->next) {
        assert_true(count < 8);
        generations[count] = segment_of(at)->header.generation;
        used_find(w, segment_of(at), &used[count++]);
    }
    world_close(w); /* leaves a mark behind the last group */
    assert_int_equal(count, 4);
    for (size_t i = 0; i < 1500; i++) {
        size_t segment = i % count;
        uint64_t end = used[segment].offsets[used[segment].count];
        uint64_t offset = i < 128 ? JOURNAL_BLOCK_BYTES + i / 2 : rand_below(&rand, end);

        if (i % 5 == 0) {
            /* A header: of the segment, or of one of its groups. */
            size_t group = (size_t)rand_below(&rand, used[segment].count + 1);

            offset = group == 0 ? 0 : used[segment].offsets[group - 1];
            offset += rand_below(&rand, 64);
        }
        flip(w, generations[segment], offset);
        assert_is_noticed(w, generations[segment], offset);
        flip(w, generations[segment], offset);
    }
    assert_true(open_and_read(w) == &ERR_NOT_FOUND);
    world_free(w);
}

/* Whole blocks go bad: become zeros, or what was there before the segment was recycled. */
static void a_lost_block_before_the_tail_is_noticed(void **state)
{
    static const char zeros[JOURNAL_BLOCK_BYTES];
    struct world *w = world_new(false, 1);
    char block[JOURNAL_BLOCK_BYTES];

    (void)state;
    world_open(w);
    for (int i = 0; i < 4; i++) {
        world_fill(w, 7, 900);
        world_sync(w);
    }
    world_abandon(w);
    for (uint64_t i = 1; i <= 6; i++) { /* three groups of two blocks; the fourth is the tail */
        uint64_t offset = i * JOURNAL_BLOCK_BYTES;

        peek(w, 1, offset, block, sizeof(block));
        poke(w, 1, offset, str_of(zeros, sizeof(zeros)));
        assert_is_noticed(w, 1, offset);
        poke(w, 1, offset, str_of(block, sizeof(block)));
    }
    assert_true(open_and_read(w) == &ERR_NOT_FOUND);
    world_free(w);
}

/* Groups from one block to 25 times what may come unannounced. */
static void a_lost_header_is_noticed_however_far_the_next_group_begins(void **state)
{
    static const size_t bytes[] = {100, 100, 200000, 100, 30000, 200000, 200000, 100, 100};
    static const char zeros[JOURNAL_BLOCK_BYTES];
    struct world *w = world_new(false, 1);
    char block[JOURNAL_BLOCK_BYTES];
    struct used used;

    (void)state;
    w->options.segment_bytes = 2u * 1024 * 1024;
    world_open(w);
    for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
        world_fill(w, 1, bytes[i]);
        world_sync(w);
    }
    used_find(w, segment_current(w->journal), &used);
    assert_int_equal(used.count, sizeof(bytes) / sizeof(bytes[0]));
    world_abandon(w);
    for (size_t i = 0; i + 1 < used.count; i++) { /* the last one may be a torn write */
        peek(w, 1, used.offsets[i], block, sizeof(block));
        poke(w, 1, used.offsets[i], str_of(zeros, sizeof(zeros)));
        assert_is_noticed(w, 1, used.offsets[i]);
        poke(w, 1, used.offsets[i], str_of(block, sizeof(block)));
    }
    assert_true(open_and_read(w) == &ERR_NOT_FOUND);
    world_free(w);
}

/* A group that nobody wrote tells how far opening looks: through twice what the last good group
 * promised, and fsck through everything. */
static void opening_looks_as_far_as_the_last_group_promised(void **state)
{
    struct world *w = world_new(false, 1);
    char block[JOURNAL_BLOCK_BYTES] = {0};
    struct journal_group_header group;
    struct journal_segment_header segment;
    uint64_t entries = 0;
    size_t findings = 0;

    (void)state;
    w->options.segment_bytes = 1024u * 1024;
    world_open(w);
    world_fill(w, 1, 100);
    world_sync(w);
    world_abandon(w);
    peek(w, 1, 0, block, sizeof(block));
    memcpy(&segment, block, sizeof(segment));
    peek(w, 1, JOURNAL_BLOCK_BYTES, block, sizeof(block));
    memcpy(&group, block, sizeof(group));
    assert_int_equal(group.reach, 4); /* grows from one block */
    for (uint64_t at = 3; at < 40; at++) {
        static const char zeros[JOURNAL_BLOCK_BYTES];
        bool near = at < 3 + 2 * (uint64_t)group.reach;

        group.offset = at * JOURNAL_BLOCK_BYTES;
        group.crc = group_header_crc(&group, segment.salt);
        memcpy(block, &group, sizeof(group));
        poke(w, 1, group.offset, str_of(block, sizeof(block)));
        assert_true(world_fsck(w, &entries, &findings) == &ERR_CORRUPT);
        assert_true(world_try_open(w) == (near ? &ERR_CORRUPT : OK));
        world_abandon(w);
        poke(w, 1, group.offset, str_of(zeros, sizeof(zeros)));
    }
    world_free(w);
}

static void make_three_segments(struct world *w)
{
    world_open(w);
    for (int i = 0; i < 12; i++) {
        world_fill(w, 10, 1100);
        world_sync(w);
    }
    assert_int_equal(segment_current(w->journal)->header.generation, 3);
    world_close(w);
}

static void a_missing_segment_is_noticed(void **state)
{
    struct world *w = world_new(false, 1);
    char path[JOURNAL_PATH_BYTES];
    uint64_t entries = 0;
    size_t findings = 0;

    (void)state;
    make_three_segments(w);
    world_path(w, 2, path);
    assert_true(w->files->remove(w->files->ctx, path) == OK);
    assert_true(world_try_open(w) == &ERR_CORRUPT);
    assert_non_null(strstr(w->why.text, "segment 0000000000000002.wj"));
    assert_non_null(strstr(w->why.text, "is missing"));
    assert_true(world_fsck(w, &entries, &findings) == &ERR_CORRUPT);
    assert_int_equal(findings, 2); /* it is missing, and the one before does not reach the next */
    world_free(w);
}

static void a_shortened_segment_is_noticed(void **state)
{
    struct world *w = world_new(false, 1);

    (void)state;
    make_three_segments(w);
    for (uint64_t generation = 1; generation <= 3; generation++) {
        static const uint64_t to[] = {0, 100, JOURNAL_BLOCK_BYTES, 3 * JOURNAL_BLOCK_BYTES};
        static char whole[WORLD_SEGMENT_BYTES];
        struct file *file = NULL;
        char path[JOURNAL_PATH_BYTES];

        peek(w, generation, 0, whole, sizeof(whole));
        world_path(w, generation, path);
        for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
            assert_true(file_open(w->files, path, FILE_WRITE, &file) == OK);
            assert_true(file_resize(file, to[i]) == OK);
            file_close(file);
            assert_true(world_try_open(w) == &ERR_CORRUPT);
            poke(w, generation, 0, str_of(whole, sizeof(whole)));
        }
    }
    assert_true(open_and_read(w) == &ERR_NOT_FOUND);
    world_free(w);
}

static void a_newer_format_is_refused_by_name(void **state)
{
    struct world *w = world_new(false, 1);
    struct journal_segment_header header;
    struct file *file = NULL;
    char path[JOURNAL_PATH_BYTES];

    (void)state;
    world_open(w);
    header = segment_current(w->journal)->header;
    world_close(w);
    header.version = 2;
    world_path(w, 1, path);
    assert_true(file_open(w->files, path, FILE_WRITE, &file) == OK);
    assert_true(segment_header_write(file, &header) == OK);
    file_close(file);
    assert_true(world_try_open(w) == &ERR_VERSION);
    assert_non_null(strstr(w->why.text, "format 2"));
    world_free(w);
}

/* What a crash leaves of a segment that was being made. */
static void half_made_segments_are_put_away(void **state)
{
    struct world *w = world_new(false, 1);
    char path[JOURNAL_PATH_BYTES];
    struct file *file = NULL;

    (void)state;
    make_three_segments(w);
    segment_path(w->dir, 77, "new", path);
    assert_true(file_open(w->files, path, FILE_WRITE, &file) == OK);
    assert_true(file_write(file, 0, "half", 4) == OK);
    file_close(file);
    assert_true(open_and_read(w) == &ERR_NOT_FOUND);
    assert_true(file_open(w->files, path, FILE_READ, &file) == &ERR_NOT_FOUND);
    world_free(w);
}

/* A spare's header, torn while the power went as it was taken into use. */
static void a_torn_header_of_an_unused_segment_loses_nothing(void **state)
{
    struct world *w = world_new(false, 1);
    uint64_t spare = 0;

    (void)state;
    make_three_segments(w);
    world_open(w);
    assert_true(journal_admit(w->journal, 60000) == OK); /* makes one if there is none */
    spare = segment_of(w->journal->spares.next)->header.generation;
    world_abandon(w);
    flip(w, spare, 41);
    world_open(w);
    world_check_recovered(w);
    world_fill(w, 200, 1000);
    world_sync(w);
    world_check(w);
    world_free(w);
}

/* ---- failing operations ---- */

static void a_failed_write_or_sync_ends_the_process(void **state)
{
    (void)state;
    for (volatile uint64_t k = 1; k <= 2; k++) { /* the write, the sync */
        struct world *w = world_new(false, 1);
        volatile bool ended = false;

        world_open(w);
        world_fill(w, 5, 100);
        world_sync(w);
        world_fill(w, 5, 100);
        faulty_fail_at(w->disk, faulty_operations(w->disk) + k, &ERR_IO);
        expect_death(true);
        if (setjmp(died) == 0) {
            journal_sync(w->journal);
        } else {
            ended = true;
        }
        expect_death(false);
        assert_true(ended);
        assert_int_equal(journal_durable(w->journal), 5); /* nothing was promised */
        world_abandon(w);
        faulty_cut(w->disk);
        faulty_power(w->disk);
        w->acked = 5;
        world_open(w);
        world_check_recovered(w);
        world_free(w);
    }
}

/* One life in which the n-th operation fails. True: it was never reached. */
static bool life_with_failure(struct world *w, uint64_t operation, status with)
{
    struct work work = {.steps = 150, .release = true};
    volatile bool reached = false;

    rand_init(&work.rand, 7);
    faulty_fail_at(w->disk, operation, with);
    expect_death(true);
    if (setjmp(died) == 0) {
        if (world_try_open(w) == OK) {
            for (size_t i = 0; i < work.steps; i++) {
                one_step(w, &work);
            }
            journal_close(w->journal);
            w->journal = NULL;
            w->acked = w->last;
        }
    } else {
        w->acked = journal_durable(w->journal);
    }
    expect_death(false);
    reached = faulty_operations(w->disk) >= operation;
    world_abandon(w);
    faulty_fail_at(w->disk, 0, OK);
    return !reached;
}

static void every_operation_may_fail(void **state)
{
    static const status with[] = {&ERR_IO, &ERR_FULL};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        bool finished = false;

        for (uint64_t operation = 1; !finished; operation++) {
            struct world *w = world_new(false, operation);

            w->options.keep_bytes = WORLD_SEGMENT_BYTES;
            finished = life_with_failure(w, operation, with[i]);
            last_look(w);
            world_free(w);
            assert_true(operation < 5000);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_may_go_at_every_sync),
        cmocka_unit_test(power_may_go_again_and_again),
        cmocka_unit_test(blocks_of_the_last_group_may_arrive_in_any_combination),
        cmocka_unit_test(a_torn_group_does_not_mix_with_one_torn_before),
        cmocka_unit_test(any_changed_byte_before_the_tail_is_noticed),
        cmocka_unit_test(a_lost_block_before_the_tail_is_noticed),
        cmocka_unit_test(a_lost_header_is_noticed_however_far_the_next_group_begins),
        cmocka_unit_test(opening_looks_as_far_as_the_last_group_promised),
        cmocka_unit_test(a_missing_segment_is_noticed),
        cmocka_unit_test(a_shortened_segment_is_noticed),
        cmocka_unit_test(a_newer_format_is_refused_by_name),
        cmocka_unit_test(half_made_segments_are_put_away),
        cmocka_unit_test(a_torn_header_of_an_unused_segment_loses_nothing),
        cmocka_unit_test(a_failed_write_or_sync_ends_the_process),
        cmocka_unit_test(every_operation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
