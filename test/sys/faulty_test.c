/* SPDX-License-Identifier: Apache-2.0
 *
 * What a power cut leaves on the faulty disk: everything synced, any part of the rest; names only
 * surely after sync_dir. And faults happen when they were asked for.
 */
#include "sys/faulty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SEEDS 200

static struct file *open_file(struct faulty *disk, const char *path, int mode)
{
    struct file *file = NULL;

    assert_ptr_equal(file_open(faulty_files(disk), path, mode, &file), OK);
    return file;
}

static void sync_name(struct faulty *disk)
{
    assert_ptr_equal(faulty_files(disk)->sync_dir(faulty_files(disk)->ctx, "/d"), OK);
}

static void cut_and_power(struct faulty *disk, struct file *open)
{
    char byte;
    size_t bytes;

    faulty_cut(disk);
    assert_true(faulty_dark(disk));
    assert_ptr_equal(file_read(open, 0, &byte, 1, &bytes), &ERR_IO);
    file_close(open);
    faulty_power(disk);
    assert_false(faulty_dark(disk));
}

static void synced_bytes_survive_and_others_may_not(void **state)
{
    int kept = 0, dropped = 0, torn = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct faulty *disk = faulty_new(seed);
        struct file *file = open_file(disk, "/d/a", FILE_WRITE);
        char back[2048];
        char fresh[2048];
        size_t bytes;
        int count = 0;

        memset(fresh, 'n', sizeof(fresh));
        memset(back, 'o', sizeof(back));
        assert_ptr_equal(file_write(file, 0, back, sizeof(back)), OK);
        assert_ptr_equal(file_sync(file), OK);
        sync_name(disk);
        assert_ptr_equal(file_write(file, 0, fresh, sizeof(fresh)), OK);
        cut_and_power(disk, file);
        file = open_file(disk, "/d/a", FILE_READ);
        assert_ptr_equal(file_read(file, 0, back, sizeof(back), &bytes), OK);
        assert_int_equal(bytes, sizeof(back));
        for (size_t i = 0; i < sizeof(back); i += 512) {
            assert_true(back[i] == 'n' || back[i] == 'o');
            assert_int_equal(back[i], back[i + 511]); /* never within a sector */
            count += back[i] == 'n';
        }
        kept += count == 4;
        dropped += count == 0;
        torn += count > 0 && count < 4;
        file_close(file);
        faulty_free(disk);
    }
    assert_true(kept > 20);
    assert_true(dropped > 20);
    assert_true(torn > 20);
}

static void a_name_is_sure_after_its_folder_was_synced(void **state)
{
    int lost = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct faulty *disk = faulty_new(seed);
        const struct files *files = faulty_files(disk);
        struct file *sure = open_file(disk, "/d/sure", FILE_WRITE);
        struct file *maybe;
        struct file *file;

        sync_name(disk);
        maybe = open_file(disk, "/d/maybe", FILE_WRITE);
        assert_ptr_equal(file_sync(maybe), OK);
        file_close(maybe);
        cut_and_power(disk, sure);
        assert_ptr_equal(file_open(files, "/d/sure", FILE_READ, &file), OK);
        file_close(file);
        if (file_open(files, "/d/maybe", FILE_READ, &file) == OK) {
            file_close(file);
        } else {
            lost++;
        }
        faulty_free(disk);
    }
    assert_true(lost > 20);
    assert_true(lost < SEEDS - 20);
}

static void a_cut_at_a_sync_stops_everything_there(void **state)
{
    struct faulty *disk = faulty_new(3);
    struct file *file = open_file(disk, "/d/a", FILE_WRITE);

    (void)state;
    faulty_cut_at_sync(disk, 2);
    assert_ptr_equal(file_sync(file), OK);
    assert_ptr_equal(file_sync(file), &ERR_IO);
    assert_true(faulty_dark(disk));
    assert_ptr_equal(file_write(file, 0, "x", 1), &ERR_IO);
    file_close(file);
    faulty_free(disk);
}

static void an_operation_fails_when_it_was_asked_to(void **state)
{
    struct faulty *disk = faulty_new(3);
    struct file *file = open_file(disk, "/d/a", FILE_WRITE);

    (void)state;
    faulty_fail_at(disk, faulty_operations(disk) + 2, &ERR_IO);
    assert_ptr_equal(file_write(file, 0, "x", 1), OK);
    assert_ptr_equal(file_write(file, 0, "x", 1), &ERR_IO);
    assert_ptr_equal(file_write(file, 0, "x", 1), OK);
    file_close(file);
    faulty_free(disk);
}

static void a_full_disk_takes_no_more_but_overwrites(void **state)
{
    struct faulty *disk = faulty_new(3);
    struct file *file = open_file(disk, "/d/a", FILE_WRITE);
    char block[1000] = "";

    (void)state;
    faulty_space(disk, 1500);
    assert_ptr_equal(file_write(file, 0, block, 1000), OK);
    assert_ptr_equal(file_write(file, 1000, block, 1000), &ERR_FULL);
    assert_ptr_equal(file_write(file, 500, block, 1000), OK);
    assert_ptr_equal(file_write(file, 0, block, 1000), OK);
    file_close(file);
    faulty_free(disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(synced_bytes_survive_and_others_may_not),
        cmocka_unit_test(a_name_is_sure_after_its_folder_was_synced),
        cmocka_unit_test(a_cut_at_a_sync_stops_everything_there),
        cmocka_unit_test(an_operation_fails_when_it_was_asked_to),
        cmocka_unit_test(a_full_disk_takes_no_more_but_overwrites),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
