/* SPDX-License-Identifier: Apache-2.0
 *
 * The contract of sys/file.h, run on both backings: the operating system's files in a temporary
 * folder, and the faulty disk. What only the faulty disk does (losing what was not synced) is in
 * faulty_test.c.
 */
#include "base/mem.h"
#include "sys/faulty.h"
#include "sys/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    const struct files *files;
    struct faulty *disk; /* NULL: the real one */
    char dir[256];
    char path[300];
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

static void remove_one(void *arg, const char *name)
{
    struct fixture *f = arg;
    char path[600];

    snprintf(path, sizeof(path), "%s/%s", f->dir, name);
    remove(path);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    if (f->disk == NULL) {
        f->files->dir(f->files->ctx, f->dir, remove_one, f);
        remove(f->dir);
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

static void opening_says_what_is_there(void **state)
{
    struct fixture *f = *state;
    struct file *file;
    struct file *other;

    assert_ptr_equal(file_open(f->files, f->path, FILE_READ, &file), &ERR_NOT_FOUND);
    assert_ptr_equal(file_open(f->files, f->path, FILE_WRITE | FILE_NEW, &file), OK);
    assert_ptr_equal(file_open(f->files, f->path, FILE_WRITE | FILE_NEW, &other), &ERR_EXISTS);
    file_close(file);
    file_close(NULL);
}

static void a_lock_is_held_until_it_is_closed(void **state)
{
    struct fixture *f = *state;
    struct file *file;
    struct file *other;

    assert_ptr_equal(file_open(f->files, f->path, FILE_WRITE | FILE_LOCK, &file), OK);
    assert_ptr_equal(file_open(f->files, f->path, FILE_WRITE | FILE_LOCK, &other), &ERR_BUSY);
    file_close(file);
    assert_ptr_equal(file_open(f->files, f->path, FILE_WRITE | FILE_LOCK, &other), OK);
    file_close(other);
}

static void count_one(void *arg, const char *name)
{
    (void)name;
    (*(int *)arg)++;
}

static void names_are_renamed_removed_and_listed(void **state)
{
    struct fixture *f = *state;
    const struct files *files = f->files;
    char to[300];
    struct file *file;
    int count = 0;

    snprintf(to, sizeof(to), "%s/b", f->dir);
    assert_ptr_equal(file_open(files, f->path, FILE_WRITE, &file), OK);
    file_close(file);
    assert_ptr_equal(files->rename(files->ctx, f->path, to), OK);
    assert_ptr_equal(file_open(files, f->path, FILE_READ, &file), &ERR_NOT_FOUND);
    assert_ptr_equal(files->dir(files->ctx, f->dir, count_one, &count), OK);
    assert_int_equal(count, 1);
    assert_ptr_equal(files->sync_dir(files->ctx, f->dir), OK);
    assert_ptr_equal(files->remove(files->ctx, to), OK);
    assert_ptr_equal(files->remove(files->ctx, to), &ERR_NOT_FOUND);
    assert_ptr_equal(files->rename(files->ctx, to, f->path), &ERR_NOT_FOUND);
}

static void direct_files_take_aligned_pieces(void **state)
{
    struct fixture *f = *state;
    char *block = mem_aligned(4096, 8192);
    struct file *file;
    size_t bytes;

    memset(block, 'x', 8192);
    assert_ptr_equal(file_open(f->files, f->path, FILE_WRITE | FILE_DIRECT, &file), OK);
    assert_true(file->align == 1 || file->align == 4096);
    assert_ptr_equal(file_write(file, 4096, block, 4096), OK);
    assert_ptr_equal(file_sync(file), OK);
    assert_ptr_equal(file_read(file, 0, block, 8192, &bytes), OK);
    assert_int_equal(bytes, 8192);
    assert_int_equal(block[0], 0);
    assert_int_equal(block[4096], 'x');
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

int main(void)
{
#define BOTH(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, set_up_real, tear_down),                                 \
        cmocka_unit_test_setup_teardown(name, set_up_faulty, tear_down)
    const struct CMUnitTest tests[] = {
        BOTH(what_is_written_is_read_back),
        BOTH(opening_says_what_is_there),
        BOTH(a_lock_is_held_until_it_is_closed),
        BOTH(names_are_renamed_removed_and_listed),
        BOTH(direct_files_take_aligned_pieces),
        BOTH(space_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
