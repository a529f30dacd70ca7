/* SPDX-License-Identifier: Apache-2.0
 *
 * What a power cut leaves on the faulty disk, looked at over many seeds: everything synced, any
 * part of the rest, names surely only after sync_dir; that each outcome really happens, and none
 * that a real disk has not. And that faults come when they were asked for. The contract that it
 * shares with real files is file_test.c's.
 */
#include "sys/faulty.h"

#include "sys/clock.h"
#include "sys/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SEEDS 300
#define OFTEN 20 /* of SEEDS: surely not by accident */

static struct faulty *new_disk(uint64_t seed)
{
    struct faulty *disk = faulty_new(seed);
    const struct files *files = faulty_files(disk);

    assert_ptr_equal(files->dir(files->ctx, "/d/e", NULL, NULL), OK);
    return disk;
}

static struct file *open_file(struct faulty *disk, const char *path, int mode)
{
    struct file *file = NULL;

    assert_ptr_equal(file_open(faulty_files(disk), path, mode, &file), OK);
    return file;
}

static void make_file(struct faulty *disk, const char *path, const char *text)
{
    struct file *file = open_file(disk, path, FILE_WRITE);

    assert_ptr_equal(file_write(file, 0, text, strlen(text)), OK);
    assert_ptr_equal(file_sync(file), OK);
    file_close(file);
}

static bool has_file(struct faulty *disk, const char *path)
{
    struct file *file = NULL;
    bool has = file_open(faulty_files(disk), path, FILE_READ, &file) == OK;

    file_close(file);
    return has;
}

/* The first byte of a file. */
static char first_of(struct faulty *disk, const char *path)
{
    struct file *file = open_file(disk, path, FILE_READ);
    char first = 0;
    size_t bytes = 0;

    assert_ptr_equal(file_read(file, 0, &first, 1, &bytes), OK);
    file_close(file);
    return bytes == 1 ? first : 0;
}

static void sync_dir(struct faulty *disk, const char *dir)
{
    assert_ptr_equal(faulty_files(disk)->sync_dir(faulty_files(disk)->ctx, dir), OK);
}

static void rename_file(struct faulty *disk, const char *from, const char *to)
{
    assert_ptr_equal(faulty_files(disk)->rename(faulty_files(disk)->ctx, from, to), OK);
}

static void remove_file(struct faulty *disk, const char *path)
{
    assert_ptr_equal(faulty_files(disk)->remove(faulty_files(disk)->ctx, path), OK);
}

static void cut_and_power(struct faulty *disk)
{
    faulty_cut(disk);
    assert_true(faulty_dark(disk));
    faulty_power(disk);
    assert_false(faulty_dark(disk));
}

/* ---- bytes ---- */

static void synced_bytes_survive_and_others_may_not(void **state)
{
    int kept = 0, dropped = 0, torn = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct faulty *disk = new_disk(seed);
        struct file *file = open_file(disk, "/d/a", FILE_WRITE);
        char back[2048];
        char fresh[2048];
        size_t bytes;
        int count = 0;

        memset(fresh, 'n', sizeof(fresh));
        memset(back, 'o', sizeof(back));
        assert_ptr_equal(file_write(file, 0, back, sizeof(back)), OK);
        assert_ptr_equal(file_sync(file), OK);
        sync_dir(disk, "/d");
        assert_ptr_equal(file_write(file, 0, fresh, sizeof(fresh)), OK);
        file_close(file);
        cut_and_power(disk);
        file = open_file(disk, "/d/a", FILE_READ);
        assert_ptr_equal(file_read(file, 0, back, sizeof(back), &bytes), OK);
        assert_int_equal(bytes, sizeof(back));
        for (size_t i = 0; i < sizeof(back); i += 512) {
            assert_true(back[i] == 'n' || back[i] == 'o');
            for (size_t j = 1; j < 512; j++) {
                assert_int_equal(back[i], back[i + j]); /* never within a sector */
            }
            count += back[i] == 'n';
        }
        kept += count == 4;
        dropped += count == 0;
        torn += count > 0 && count < 4;
        file_close(file);
        faulty_free(disk);
    }
    assert_true(kept > OFTEN);
    assert_true(dropped > OFTEN);
    assert_true(torn > OFTEN);
}

static void a_later_write_may_arrive_without_an_earlier_one(void **state)
{
    int seen[2][2] = {{0}};

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct faulty *disk = new_disk(seed);
        struct file *file = open_file(disk, "/d/a", FILE_WRITE);
        char back[1024] = "";
        size_t bytes;

        assert_ptr_equal(file_resize(file, sizeof(back)), OK);
        assert_ptr_equal(file_sync(file), OK);
        sync_dir(disk, "/d");
        assert_ptr_equal(file_write(file, 0, "1", 1), OK);
        assert_ptr_equal(file_write(file, 512, "2", 1), OK);
        file_close(file);
        cut_and_power(disk);
        file = open_file(disk, "/d/a", FILE_READ);
        assert_ptr_equal(file_read(file, 0, back, sizeof(back), &bytes), OK);
        seen[back[0] == '1'][back[512] == '2']++;
        file_close(file);
        faulty_free(disk);
    }
    for (int i = 0; i < 4; i++) {
        assert_true(seen[i / 2][i % 2] > OFTEN);
    }
}

static void an_unsynced_file_may_have_any_size_up_to_its_own(void **state)
{
    int empty = 0, whole = 0, between = 0, hollow = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct faulty *disk = new_disk(seed);
        struct file *file = open_file(disk, "/d/a", FILE_WRITE);
        char text[2048];
        uint64_t size;
        size_t bytes;

        memset(text, 'x', sizeof(text));
        sync_dir(disk, "/d");
        assert_ptr_equal(file_write(file, 0, text, sizeof(text)), OK);
        file_close(file);
        cut_and_power(disk);
        file = open_file(disk, "/d/a", FILE_READ);
        assert_ptr_equal(file_size(file, &size), OK);
        assert_true(size <= sizeof(text));
        assert_int_equal(size % 512, 0);
        assert_ptr_equal(file_read(file, 0, text, sizeof(text), &bytes), OK);
        empty += size == 0;
        whole += size == sizeof(text) && memchr(text, 0, sizeof(text)) == NULL;
        between += size > 0 && size < sizeof(text);
        hollow += size == sizeof(text) && text[size - 1] == 0; /* the size without the bytes */
        file_close(file);
        faulty_free(disk);
    }
    assert_true(empty > OFTEN);
    assert_true(whole > OFTEN);
    assert_true(between > OFTEN);
    assert_true(hollow > OFTEN / 2);
}

static void an_unsynced_resize_is_kept_or_not(void **state)
{
    int kept = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct faulty *disk = new_disk(seed);
        struct file *file;
        uint64_t size;

        make_file(disk, "/d/a", "12345678");
        sync_dir(disk, "/d");
        file = open_file(disk, "/d/a", FILE_WRITE);
        assert_ptr_equal(file_resize(file, 3), OK);
        file_close(file);
        cut_and_power(disk);
        file = open_file(disk, "/d/a", FILE_READ);
        assert_ptr_equal(file_size(file, &size), OK);
        assert_true(size == 3 || size == 8);
        kept += size == 3;
        file_close(file);
        faulty_free(disk);
    }
    assert_true(kept > OFTEN);
    assert_true(kept < SEEDS - OFTEN);
}

static void the_same_seed_leaves_the_same(void **state)
{
    char left[2][4096];
    size_t bytes[2];

    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        for (int i = 0; i < 2; i++) {
            struct faulty *disk = new_disk(seed);
            struct file *file = open_file(disk, "/d/a", FILE_WRITE);
            char text[4096];

            sync_dir(disk, "/d");
            memset(text, 'x', sizeof(text));
            assert_ptr_equal(file_write(file, 0, text, sizeof(text)), OK);
            file_close(file);
            cut_and_power(disk);
            file = open_file(disk, "/d/a", FILE_READ);
            memset(left[i], 0, sizeof(left[i]));
            assert_ptr_equal(file_read(file, 0, left[i], sizeof(left[i]), &bytes[i]), OK);
            file_close(file);
            faulty_free(disk);
        }
        assert_int_equal(bytes[0], bytes[1]);
        assert_memory_equal(left[0], left[1], sizeof(left[0]));
    }
}

/* ---- names ---- */

static void a_name_is_sure_after_its_folder_was_synced(void **state)
{
    int lost = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct faulty *disk = new_disk(seed);

        make_file(disk, "/d/sure", "s");
        sync_dir(disk, "/d");
        make_file(disk, "/d/maybe", "m"); /* its bytes are synced, its name is not */
        cut_and_power(disk);
        assert_int_equal(first_of(disk, "/d/sure"), 's');
        if (has_file(disk, "/d/maybe")) {
            assert_int_equal(first_of(disk, "/d/maybe"), 'm');
        } else {
            lost++;
        }
        faulty_free(disk);
    }
    assert_true(lost > OFTEN);
    assert_true(lost < SEEDS - OFTEN);
}

static void a_removed_name_may_come_back(void **state)
{
    int back = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct faulty *disk = new_disk(seed);

        make_file(disk, "/d/gone", "g");
        make_file(disk, "/d/maybe", "m");
        sync_dir(disk, "/d");
        remove_file(disk, "/d/gone");
        sync_dir(disk, "/d");
        remove_file(disk, "/d/maybe");
        cut_and_power(disk);
        assert_false(has_file(disk, "/d/gone"));
        if (has_file(disk, "/d/maybe")) {
            assert_int_equal(first_of(disk, "/d/maybe"), 'm');
            back++;
        }
        faulty_free(disk);
    }
    assert_true(back > OFTEN);
    assert_true(back < SEEDS - OFTEN);
}

static void a_replaced_name_is_the_old_file_or_the_new_one(void **state)
{
    int fresh = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct faulty *disk = new_disk(seed);
        char first;

        make_file(disk, "/d/a", "o");
        sync_dir(disk, "/d");
        make_file(disk, "/d/a.new", "n");
        rename_file(disk, "/d/a.new", "/d/a");
        cut_and_power(disk);
        first = first_of(disk, "/d/a"); /* it is always there */
        assert_true(first == 'o' || first == 'n');
        assert_false(first == 'n' && has_file(disk, "/d/a.new")); /* never under two names */
        fresh += first == 'n';
        faulty_free(disk);
    }
    assert_true(fresh > OFTEN);
    assert_true(fresh < SEEDS - OFTEN);
}

static void names_do_not_keep_their_order(void **state)
{
    int seen[2][2] = {{0}};

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct faulty *disk = new_disk(seed);

        make_file(disk, "/d/1", "1");
        make_file(disk, "/d/2", "2");
        cut_and_power(disk);
        seen[has_file(disk, "/d/1")][has_file(disk, "/d/2")]++;
        faulty_free(disk);
    }
    for (int i = 0; i < 4; i++) {
        assert_true(seen[i / 2][i % 2] > OFTEN);
    }
}

static void syncing_a_folder_is_no_help_for_another(void **state)
{
    int lost = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct faulty *disk = new_disk(seed);

        make_file(disk, "/d/e/a", "a");
        sync_dir(disk, "/d");
        cut_and_power(disk);
        lost += !has_file(disk, "/d/e/a");
        faulty_free(disk);
    }
    assert_true(lost > OFTEN);
}

static void a_file_moved_between_folders_leaves_no_ghost(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct faulty *disk = new_disk(seed);

        make_file(disk, "/d/e/a.new", "a"); /* its folder is never synced */
        rename_file(disk, "/d/e/a.new", "/d/a");
        sync_dir(disk, "/d");
        cut_and_power(disk);
        assert_int_equal(first_of(disk, "/d/a"), 'a');
        assert_false(has_file(disk, "/d/e/a.new"));
        faulty_free(disk);
    }
}

static void a_made_directory_is_sure(void **state)
{
    struct faulty *disk = faulty_new(1);
    const struct files *files = faulty_files(disk);

    (void)state;
    assert_ptr_equal(files->dir(files->ctx, "/x/y", NULL, NULL), OK);
    cut_and_power(disk);
    make_file(disk, "/x/y/a", "a");
    faulty_free(disk);
}

/* ---- power ---- */

static void without_power_everything_fails_and_open_files_stay_dead(void **state)
{
    struct faulty *disk = new_disk(5);
    const struct files *files = faulty_files(disk);
    struct file *file = open_file(disk, "/d/a", FILE_WRITE | FILE_LOCK);
    struct file *other = NULL;
    uint64_t number = 77;
    char byte = 'k';
    size_t bytes = 78;

    (void)state;
    assert_ptr_equal(file_sync(file), OK);
    sync_dir(disk, "/d");
    faulty_cut(disk);
    assert_ptr_equal(file_open(files, "/d/a", FILE_READ, &other), &ERR_IO);
    assert_ptr_equal(files->rename(files->ctx, "/d/a", "/d/b"), &ERR_IO);
    assert_ptr_equal(files->remove(files->ctx, "/d/a"), &ERR_IO);
    assert_ptr_equal(files->dir(files->ctx, "/d/f", NULL, NULL), &ERR_IO);
    assert_ptr_equal(files->sync_dir(files->ctx, "/d"), &ERR_IO);
    assert_ptr_equal(files->space(files->ctx, "/d", &number), &ERR_IO);
    for (int powered = 0; powered < 2; powered++) {
        assert_ptr_equal(file_read(file, 0, &byte, 1, &bytes), &ERR_IO);
        assert_ptr_equal(file_write(file, 0, "x", 1), &ERR_IO);
        assert_ptr_equal(file_resize(file, 9), &ERR_IO);
        assert_ptr_equal(file_sync(file), &ERR_IO);
        assert_ptr_equal(file_size(file, &number), &ERR_IO);
        faulty_power(disk);
    }
    assert_int_equal(number, 77); /* what is returned was not touched */
    assert_int_equal(bytes, 78);
    other = open_file(disk, "/d/a", FILE_WRITE | FILE_LOCK); /* the dead one's lock is gone */
    file_close(file);
    assert_ptr_equal(file_open(files, "/d/a", FILE_WRITE | FILE_LOCK, &file), &ERR_BUSY);
    file_close(other);
    faulty_free(disk);
}

static void the_sync_in_which_power_goes_may_have_done_its_work(void **state)
{
    int arrived = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct faulty *disk = new_disk(seed);
        struct file *file = open_file(disk, "/d/a", FILE_WRITE);

        sync_dir(disk, "/d");
        faulty_cut_at_sync(disk, faulty_syncs(disk) + 2);
        assert_ptr_equal(file_sync(file), OK);
        assert_ptr_equal(file_write(file, 0, "x", 1), OK);
        assert_ptr_equal(file_sync(file), &ERR_IO);
        assert_true(faulty_dark(disk));
        assert_ptr_equal(file_write(file, 0, "y", 1), &ERR_IO);
        file_close(file);
        faulty_power(disk);
        arrived += first_of(disk, "/d/a") == 'x';
        assert_true(first_of(disk, "/d/a") != 'y');
        make_file(disk, "/d/a", "z"); /* only once */
        faulty_free(disk);
    }
    assert_true(arrived > OFTEN);
    assert_true(arrived < SEEDS - OFTEN);
}

static void power_may_go_at_the_sync_of_a_folder(void **state)
{
    int arrived = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct faulty *disk = new_disk(seed);
        const struct files *files = faulty_files(disk);

        make_file(disk, "/d/a", "a");
        faulty_cut_at_sync(disk, 2);
        assert_ptr_equal(files->sync_dir(files->ctx, "/d"), &ERR_IO);
        faulty_power(disk);
        arrived += has_file(disk, "/d/a");
        faulty_free(disk);
    }
    assert_true(arrived > OFTEN);
    assert_true(arrived < SEEDS - OFTEN);
}

/* ---- faults ---- */

static void an_operation_fails_when_it_was_asked_to(void **state)
{
    struct faulty *disk = new_disk(3);
    struct file *file = open_file(disk, "/d/a", FILE_WRITE);

    (void)state;
    faulty_fail_at(disk, faulty_operations(disk) + 2, &ERR_FULL);
    assert_ptr_equal(file_write(file, 0, "x", 1), OK);
    assert_ptr_equal(file_write(file, 0, "x", 1), &ERR_FULL);
    assert_ptr_equal(file_write(file, 0, "x", 1), OK); /* once */
    faulty_fail_at(disk, faulty_operations(disk) + 1, &ERR_IO);
    faulty_fail_at(disk, 0, OK); /* never mind */
    assert_ptr_equal(file_write(file, 0, "x", 1), OK);
    file_close(file);
    faulty_free(disk);
}

static void a_failed_write_may_have_written_some_sectors(void **state)
{
    int none = 0, all = 0, some = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct faulty *disk = new_disk(seed);
        struct file *file = open_file(disk, "/d/a", FILE_WRITE);
        char text[2048] = "";
        uint64_t size;

        faulty_fail_at(disk, faulty_operations(disk) + 1, &ERR_IO);
        assert_ptr_equal(file_write(file, 0, text, sizeof(text)), &ERR_IO);
        assert_ptr_equal(file_size(file, &size), OK);
        assert_int_equal(size % 512, 0);
        none += size == 0;
        all += size == sizeof(text);
        some += size > 0 && size < sizeof(text);
        file_close(file);
        faulty_free(disk);
    }
    assert_true(none > OFTEN);
    assert_true(all > OFTEN);
    assert_true(some > OFTEN);
}

/* Whoever syncs again after a failed sync is told OK and has lost it: promise 5's reason. */
static void a_sync_after_a_failed_one_saves_nothing(void **state)
{
    int lost = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct faulty *disk = new_disk(seed);
        struct file *file = open_file(disk, "/d/a", FILE_WRITE);

        sync_dir(disk, "/d");
        assert_ptr_equal(file_write(file, 0, "x", 1), OK);
        faulty_fail_at(disk, faulty_operations(disk) + 1, &ERR_FULL);
        assert_ptr_equal(file_sync(file), &ERR_IO); /* never ERR_FULL */
        assert_ptr_equal(file_sync(file), OK);
        assert_int_equal(first_of(disk, "/d/a"), 'x'); /* as if nothing were wrong */
        file_close(file);
        cut_and_power(disk);
        lost += first_of(disk, "/d/a") != 'x';
        faulty_free(disk);
    }
    assert_true(lost > OFTEN);
    assert_true(lost < SEEDS - OFTEN);
}

static void a_full_disk_takes_no_more_but_overwrites(void **state)
{
    struct faulty *disk = new_disk(3);
    struct file *file = open_file(disk, "/d/a", FILE_WRITE);
    const struct files *files = faulty_files(disk);
    char block[1000] = "";
    uint64_t bytes = 0;

    (void)state;
    faulty_space(disk, 1500);
    assert_ptr_equal(file_write(file, 0, block, 1000), OK);
    assert_ptr_equal(files->space(files->ctx, "/d", &bytes), OK);
    assert_int_equal(bytes, 500);
    assert_ptr_equal(file_write(file, 1000, block, 1000), &ERR_FULL);
    assert_ptr_equal(file_resize(file, 1501), &ERR_FULL);
    assert_ptr_equal(file_write(file, 500, block, 1000), OK);
    assert_ptr_equal(file_write(file, 0, block, 1000), OK);
    assert_ptr_equal(file_resize(file, 100), OK);
    assert_ptr_equal(files->space(files->ctx, "/d", &bytes), OK);
    assert_int_equal(bytes, 1400);
    file_close(file);
    remove_file(disk, "/d/a");
    assert_ptr_equal(files->space(files->ctx, "/d", &bytes), OK);
    assert_int_equal(bytes, 1500);
    faulty_free(disk);
}

static void syncs_and_operations_are_counted(void **state)
{
    struct faulty *disk = new_disk(3);
    struct file *file = open_file(disk, "/d/a", FILE_WRITE);
    uint64_t before = faulty_operations(disk);

    (void)state;
    assert_int_equal(faulty_syncs(disk), 0);
    assert_ptr_equal(file_write(file, 0, "x", 1), OK);
    assert_ptr_equal(file_sync(file), OK);
    sync_dir(disk, "/d");
    assert_int_equal(faulty_syncs(disk), 2);
    assert_int_equal(faulty_operations(disk), before + 3);
    file_close(file);
    faulty_free(disk);
}

/* ---- threads ---- */

static void sync_it(void *arg)
{
    struct file *file = arg;

    assert_ptr_equal(file_sync(file), OK);
}

/* What is written while a sync is under way is not covered by it, though it takes its time. */
static void a_sync_covers_what_was_there_when_it_began(void **state)
{
    int lost = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct faulty *disk = new_disk(seed);
        struct file *file = open_file(disk, "/d/a", FILE_WRITE);
        struct thread thread;
        uint64_t before;

        sync_dir(disk, "/d");
        assert_ptr_equal(file_write(file, 512, "s", 1), OK);
        faulty_sync_delay(disk, 20000);
        before = faulty_operations(disk);
        thread_start(&thread, "syncer", sync_it, file);
        while (faulty_operations(disk) == before) { /* until it has begun */
        }
        assert_ptr_equal(file_write(file, 0, "l", 1), OK);
        thread_join(&thread);
        file_close(file);
        cut_and_power(disk);
        lost += first_of(disk, "/d/a") != 'l';
        faulty_free(disk);
    }
    assert_in_range(lost, 5, 35);
}

static void a_slow_sync_takes_its_time(void **state)
{
    struct faulty *disk = new_disk(1);
    struct file *file = open_file(disk, "/d/a", FILE_WRITE);
    uint64_t before_ns = clock_monotonic_ns();

    (void)state;
    faulty_sync_delay(disk, 15000);
    assert_ptr_equal(file_sync(file), OK);
    assert_true(clock_monotonic_ns() - before_ns >= 15000000u);
    file_close(file);
    faulty_free(disk);
}

struct worker {
    struct file *file;    /* its own, on the shared disk */
    struct thread thread; /* itself */
    char path[32];        /* of its file */
    uint32_t count;       /* rounds done when the power went */
};

static void work(void *arg)
{
    struct worker *worker = arg;
    status went = OK;

    for (uint32_t i = 1; went == OK; i++) {
        went = file_write(worker->file, 0, &i, sizeof(i));
        went = went == OK ? file_sync(worker->file) : went;
        if (went == OK) {
            worker->count = i;
        }
    }
    file_close(worker->file);
}

static void threads_share_a_disk_and_each_keeps_what_it_synced(void **state)
{
    struct faulty *disk = new_disk(9);
    struct worker workers[4];
    uint32_t total = 0;

    (void)state;
    for (int i = 0; i < 4; i++) {
        workers[i].count = 0;
        snprintf(workers[i].path, sizeof(workers[i].path), "/d/%d", i);
        workers[i].file = open_file(disk, workers[i].path, FILE_WRITE);
    }
    sync_dir(disk, "/d");
    faulty_cut_at_sync(disk, 4001);
    for (int i = 0; i < 4; i++) {
        thread_start(&workers[i].thread, "worker", work, &workers[i]);
    }
    for (int i = 0; i < 4; i++) {
        thread_join(&workers[i].thread);
        total += workers[i].count;
    }
    assert_int_equal(total, 3999); /* the folder's sync came before, the cut one after */
    faulty_power(disk);
    for (int i = 0; i < 4; i++) {
        struct file *file = open_file(disk, workers[i].path, FILE_READ);
        uint32_t count = 0;
        size_t bytes;

        assert_ptr_equal(file_read(file, 0, &count, sizeof(count), &bytes), OK);
        assert_in_range(count, workers[i].count, workers[i].count + 1);
        file_close(file);
    }
    faulty_free(disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(synced_bytes_survive_and_others_may_not),
        cmocka_unit_test(a_later_write_may_arrive_without_an_earlier_one),
        cmocka_unit_test(an_unsynced_file_may_have_any_size_up_to_its_own),
        cmocka_unit_test(an_unsynced_resize_is_kept_or_not),
        cmocka_unit_test(the_same_seed_leaves_the_same),
        cmocka_unit_test(a_name_is_sure_after_its_folder_was_synced),
        cmocka_unit_test(a_removed_name_may_come_back),
        cmocka_unit_test(a_replaced_name_is_the_old_file_or_the_new_one),
        cmocka_unit_test(names_do_not_keep_their_order),
        cmocka_unit_test(syncing_a_folder_is_no_help_for_another),
        cmocka_unit_test(a_file_moved_between_folders_leaves_no_ghost),
        cmocka_unit_test(a_made_directory_is_sure),
        cmocka_unit_test(without_power_everything_fails_and_open_files_stay_dead),
        cmocka_unit_test(the_sync_in_which_power_goes_may_have_done_its_work),
        cmocka_unit_test(power_may_go_at_the_sync_of_a_folder),
        cmocka_unit_test(an_operation_fails_when_it_was_asked_to),
        cmocka_unit_test(a_failed_write_may_have_written_some_sectors),
        cmocka_unit_test(a_sync_after_a_failed_one_saves_nothing),
        cmocka_unit_test(a_full_disk_takes_no_more_but_overwrites),
        cmocka_unit_test(syncs_and_operations_are_counted),
        cmocka_unit_test(a_sync_covers_what_was_there_when_it_began),
        cmocka_unit_test(a_slow_sync_takes_its_time),
        cmocka_unit_test(threads_share_a_disk_and_each_keeps_what_it_synced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
