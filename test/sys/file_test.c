/* SPDX-License-Identifier: Apache-2.0
 *
 * The contract of sys/file.h, run on both backings: the operating system's files in a temporary
 * folder, and the faulty disk. What only the faulty disk does (losing what was not synced) is in
 * faulty_test.c.
 */
#include "base/mem.h"
#include "sys/faulty.h"
#include "sys/file.h"

#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

struct fixture {
    const struct files *files; /* the backing */
    struct faulty *disk;       /* NULL: the real one */
    char dir[256];             /* a fresh folder */
    char path[300];            /* a name in it */
};

static int set_up(void **state, bool real)
{
    struct fixture *f = MEM_NEW(struct fixture);

    if (real) {
        snprintf(f->dir, sizeof(f->dir), "/tmp/weir-file-test-XXXXXX");
        assert_non_null(mkdtemp(f->dir));
        f->files = files_real();
    } else {
        snprintf(f->dir, sizeof(f->dir), "/disk");
        f->disk = faulty_new(1);
        f->files = faulty_files(f->disk);
        assert_ptr_equal(f->files->dir(f->files->ctx, f->dir, NULL, NULL), OK);
    }
    snprintf(f->path, sizeof(f->path), "%s/a", f->dir);
    *state = f;
    return 0;
}

static int set_up_real(void **state)
{
    return set_up(state, true);
}

static int set_up_faulty(void **state)
{
    return set_up(state, false);
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *at)
{
    (void)about;
    (void)kind;
    (void)at;
    return remove(path);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    if (f->disk == NULL) {
        nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    }
    faulty_free(f->disk);
    mem_free(f);
    return 0;
}

static void what_is_written_is_read_back(void **state)
{
    struct fixture *f = *state;
    struct file *file;
    char back[16] = "";
    size_t bytes;
    uint64_t size;

    assert_ptr_equal(file_open(f->files, f->path, FILE_WRITE, &file), OK);
    assert_ptr_equal(file_write(file, 3, "hello", 5), OK);
    assert_ptr_equal(file_sync(file), OK);
    assert_ptr_equal(file_size(file, &size), OK);
    assert_int_equal(size, 8);
    assert_ptr_equal(file_read(file, 0, back, sizeof(back), &bytes), OK);
    assert_int_equal(bytes, 8);
    assert_memory_equal(back, "\0\0\0hello", 8);
    assert_ptr_equal(file_read(file, 8, back, 4, &bytes), OK);
    assert_int_equal(bytes, 0);
    assert_ptr_equal(file_resize(file, 4), OK);
    assert_ptr_equal(file_read(file, 0, back, sizeof(back), &bytes), OK);
    assert_int_equal(bytes, 4);
    file_close(file);
}

static void a_hole_reads_as_zeros(void **state)
{
    struct fixture *f = *state;
    struct file *file;
    char back[4] = "";
    uint64_t size;
    size_t bytes;

    assert_ptr_equal(file_open(f->files, f->path, FILE_WRITE, &file), OK);
    assert_ptr_equal(file_write(file, 0, "abcd", 4), OK);
    assert_ptr_equal(file_resize(file, 1), OK);
    assert_ptr_equal(file_resize(file, 3), OK); /* what was cut off does not come back */
    assert_ptr_equal(file_read(file, 0, back, 4, &bytes), OK);
    assert_int_equal(bytes, 3);
    assert_memory_equal(back, "a\0\0", 3);
    assert_ptr_equal(file_write(file, 100000, "z", 1), OK);
    assert_ptr_equal(file_size(file, &size), OK);
    assert_int_equal(size, 100001);
    assert_ptr_equal(file_read(file, 99998, back, 4, &bytes), OK);
    assert_int_equal(bytes, 3);
    assert_memory_equal(back, "\0\0z", 3);
    assert_ptr_equal(file_read(file, 100002, back, 4, &bytes), OK); /* behind the end */
    assert_int_equal(bytes, 0);
    assert_ptr_equal(file_write(file, 5, "", 0), OK);
    file_close(file);
}

static void opening_says_what_is_there(void **state)
{
    struct fixture *f = *state;
    char lost[400];
    struct file *file = NULL;
    struct file *other = NULL;

    assert_ptr_equal(file_open(f->files, f->path, FILE_READ, &file), &ERR_NOT_FOUND);
    assert_null(file); /* untouched */
    assert_ptr_equal(file_open(f->files, f->path, FILE_WRITE | FILE_NEW, &file), OK);
    assert_int_equal(file->align, 1);
    assert_ptr_equal(file_open(f->files, f->path, FILE_WRITE | FILE_NEW, &other), &ERR_EXISTS);
    assert_ptr_equal(file_open(f->files, f->path, FILE_WRITE | FILE_NEW | FILE_DIRECT, &other),
                     &ERR_EXISTS);
    assert_null(other);
    file_close(file);
    file_close(NULL);
    snprintf(lost, sizeof(lost), "%s/none/a", f->dir);
    assert_ptr_equal(file_open(f->files, lost, FILE_WRITE, &file), &ERR_NOT_FOUND);
}

static void a_file_opened_for_reading_is_not_written(void **state)
{
    struct fixture *f = *state;
    struct file *file;
    char back[2] = "";
    size_t bytes;

    assert_ptr_equal(file_open(f->files, f->path, FILE_WRITE, &file), OK);
    assert_ptr_equal(file_write(file, 0, "a", 1), OK);
    file_close(file);
    assert_ptr_equal(file_open(f->files, f->path, FILE_READ, &file), OK);
    assert_ptr_equal(file_write(file, 0, "b", 1), &ERR_IO);
    assert_ptr_equal(file_resize(file, 0), &ERR_IO);
    assert_ptr_equal(file_read(file, 0, back, 2, &bytes), OK);
    assert_int_equal(bytes, 1);
    assert_int_equal(back[0], 'a');
    file_close(file);
}

static void a_lock_is_held_until_it_is_closed(void **state)
{
    struct fixture *f = *state;
    struct file *file;
    struct file *other;

    assert_ptr_equal(file_open(f->files, f->path, FILE_WRITE | FILE_LOCK, &file), OK);
    assert_ptr_equal(file_open(f->files, f->path, FILE_WRITE | FILE_LOCK, &other), &ERR_BUSY);
    assert_ptr_equal(file_open(f->files, f->path, FILE_READ, &other), OK); /* it is advice */
    file_close(other);
    assert_ptr_equal(file_open(f->files, f->path, FILE_WRITE | FILE_LOCK, &other), &ERR_BUSY);
    file_close(file);
    assert_ptr_equal(file_open(f->files, f->path, FILE_WRITE | FILE_LOCK, &other), OK);
    file_close(other);
}

struct listing {
    char names[8][32]; /* what was told */
    int count;         /* of names */
};

static void list_one(void *arg, const char *name)
{
    struct listing *listing = arg;

    assert_in_range(listing->count, 0, 7);
    snprintf(listing->names[listing->count++], sizeof(listing->names[0]), "%s", name);
}

static bool lists(const struct fixture *f, const char *name)
{
    struct listing listing = {.count = 0};

    assert_ptr_equal(f->files->dir(f->files->ctx, f->dir, list_one, &listing), OK);
    for (int i = 0; i < listing.count; i++) {
        if (strcmp(listing.names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void names_are_renamed_removed_and_listed(void **state)
{
    struct fixture *f = *state;
    const struct files *files = f->files;
    char to[300];
    struct file *file;

    snprintf(to, sizeof(to), "%s/b", f->dir);
    assert_false(lists(f, "a"));
    assert_ptr_equal(file_open(files, f->path, FILE_WRITE, &file), OK);
    assert_true(lists(f, "a"));
    file_close(file);
    assert_ptr_equal(files->rename(files->ctx, f->path, to), OK);
    assert_ptr_equal(file_open(files, f->path, FILE_READ, &file), &ERR_NOT_FOUND);
    assert_true(lists(f, "b"));
    assert_false(lists(f, "a"));
    assert_ptr_equal(files->rename(files->ctx, to, to), OK);
    assert_true(lists(f, "b"));
    assert_ptr_equal(files->sync_dir(files->ctx, f->dir), OK);
    assert_ptr_equal(files->remove(files->ctx, to), OK);
    assert_false(lists(f, "b"));
    assert_ptr_equal(files->remove(files->ctx, to), &ERR_NOT_FOUND);
    assert_ptr_equal(files->rename(files->ctx, to, f->path), &ERR_NOT_FOUND);
}

static void renaming_replaces_what_was_there(void **state)
{
    struct fixture *f = *state;
    const struct files *files = f->files;
    char to[300];
    struct file *old;
    struct file *file;
    char back = 0;
    size_t bytes;

    snprintf(to, sizeof(to), "%s/b", f->dir);
    assert_ptr_equal(file_open(files, to, FILE_WRITE, &old), OK);
    assert_ptr_equal(file_write(old, 0, "o", 1), OK);
    assert_ptr_equal(file_open(files, f->path, FILE_WRITE, &file), OK);
    assert_ptr_equal(file_write(file, 0, "n", 1), OK);
    file_close(file);
    assert_ptr_equal(files->rename(files->ctx, f->path, to), OK);
    assert_ptr_equal(file_open(files, to, FILE_READ, &file), OK);
    assert_ptr_equal(file_read(file, 0, &back, 1, &bytes), OK);
    assert_int_equal(back, 'n');
    assert_ptr_equal(file_read(old, 0, &back, 1, &bytes), OK); /* open files keep what they had */
    assert_int_equal(back, 'o');
    file_close(file);
    file_close(old);
}

static void directories_are_made_with_those_above(void **state)
{
    struct fixture *f = *state;
    const struct files *files = f->files;
    char deep[400];
    char path[500];
    struct file *file;

    snprintf(deep, sizeof(deep), "%s/x/y/z", f->dir);
    snprintf(path, sizeof(path), "%s/a", deep);
    assert_ptr_equal(files->dir(files->ctx, deep, NULL, NULL), OK);
    assert_ptr_equal(files->dir(files->ctx, deep, NULL, NULL), OK); /* fine when it exists */
    assert_ptr_equal(file_open(files, path, FILE_WRITE, &file), OK);
    file_close(file);
    assert_true(lists(f, "x"));
    assert_false(lists(f, "y")); /* not of this folder */
    assert_false(lists(f, "."));
    assert_false(lists(f, ".."));
    assert_ptr_equal(files->dir(files->ctx, path, NULL, NULL), &ERR_EXISTS); /* a file's name */
    snprintf(deep, sizeof(deep), "%s/none", f->dir);
    assert_ptr_equal(files->sync_dir(files->ctx, deep), &ERR_NOT_FOUND);
}

struct clearing {
    const struct fixture *f; /* whose folder */
    int count;               /* files removed */
};

static void remove_listed(void *arg, const char *name)
{
    struct clearing *clearing = arg;
    const struct files *files = clearing->f->files;
    char path[600];

    snprintf(path, sizeof(path), "%s/%s", clearing->f->dir, name);
    assert_ptr_equal(files->remove(files->ctx, path), OK);
    clearing->count++;
}

static void what_is_listed_may_be_removed_meanwhile(void **state)
{
    struct fixture *f = *state;
    struct clearing clearing = {f, 0};
    struct listing listing = {.count = 0};

    for (int i = 0; i < 50; i++) {
        char path[300];
        struct file *file;

        snprintf(path, sizeof(path), "%s/%d", f->dir, i);
        assert_ptr_equal(file_open(f->files, path, FILE_WRITE | FILE_NEW, &file), OK);
        file_close(file);
    }
    assert_ptr_equal(f->files->dir(f->files->ctx, f->dir, remove_listed, &clearing), OK);
    assert_int_equal(clearing.count, 50);
    assert_ptr_equal(f->files->dir(f->files->ctx, f->dir, list_one, &listing), OK);
    assert_int_equal(listing.count, 0);
}

static void direct_files_take_aligned_pieces(void **state)
{
    struct fixture *f = *state;
    char *block = mem_aligned(4096, 8192);
    struct file *file;
    size_t bytes;

    memset(block, 'x', 8192);
    assert_ptr_equal(file_open(f->files, f->path, FILE_WRITE | FILE_DIRECT, &file), OK);
    assert_true(file->align >= 1);
    assert_int_equal(4096 % file->align, 0);
    assert_ptr_equal(file_write(file, 4096, block, 4096), OK);
    assert_ptr_equal(file_sync(file), OK);
    assert_ptr_equal(file_read(file, 0, block, 8192, &bytes), OK);
    assert_int_equal(bytes, 8192);
    assert_int_equal(block[0], 0);
    assert_int_equal(block[4096], 'x');
    assert_ptr_equal(file_resize(file, 5000), OK); /* reading stops there, aligned or not */
    assert_ptr_equal(file_read(file, 4096, block, 8192 - 4096, &bytes), OK);
    assert_int_equal(bytes, 5000 - 4096);
    file_close(file);
    mem_free(block);
}

static void space_is_told(void **state)
{
    struct fixture *f = *state;
    uint64_t bytes = 0;

    assert_ptr_equal(f->files->space(f->files->ctx, f->dir, &bytes), OK);
    assert_true(bytes > 0);
}

/* ---- what only the operating system's files do ---- */

static void a_full_device_says_full(void **state)
{
    struct file *file;

    (void)state;
    assert_ptr_equal(file_open(files_real(), "/dev/full", FILE_WRITE, &file), OK);
    assert_ptr_equal(file_write(file, 0, "x", 1), &ERR_FULL);
    file_close(file);
}

static void a_failed_sync_is_an_io_error(void **state)
{
    struct file *file;

    (void)state;
    assert_ptr_equal(file_open(files_real(), "/dev/null", FILE_WRITE, &file), OK);
    assert_ptr_equal(file_sync(file), &ERR_IO); /* it cannot be synced */
    file_close(file);
}

static void a_write_cut_short_is_gone_on_with_until_it_cannot(void **state)
{
    struct fixture *f = *state;
    struct rlimit before;
    struct rlimit small;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    static char bytes[20000];
    struct file *file;
    status wrote;
    uint64_t size;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 10000; /* the kernel writes up to there, then refuses */
    assert_ptr_equal(file_open(f->files, f->path, FILE_WRITE, &file), OK);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    wrote = file_write(file, 0, bytes, sizeof(bytes));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_ptr_equal(wrote, &ERR_IO);
    assert_ptr_equal(file_size(file, &size), OK);
    assert_int_equal(size, 10000);
    file_close(file);
}

int main(void)
{
#define BOTH(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, set_up_real, tear_down),                                 \
        cmocka_unit_test_setup_teardown(name, set_up_faulty, tear_down)
    const struct CMUnitTest tests[] = {
        BOTH(what_is_written_is_read_back),
        BOTH(a_hole_reads_as_zeros),
        BOTH(opening_says_what_is_there),
        BOTH(a_file_opened_for_reading_is_not_written),
        BOTH(a_lock_is_held_until_it_is_closed),
        BOTH(names_are_renamed_removed_and_listed),
        BOTH(renaming_replaces_what_was_there),
        BOTH(directories_are_made_with_those_above),
        BOTH(what_is_listed_may_be_removed_meanwhile),
        BOTH(direct_files_take_aligned_pieces),
        BOTH(space_is_told),
        cmocka_unit_test(a_full_device_says_full),
        cmocka_unit_test(a_failed_sync_is_an_io_error),
        cmocka_unit_test_setup_teardown(a_write_cut_short_is_gone_on_with_until_it_cannot,
                                        set_up_real, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
