/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs: what was finished is there, whole, also after a power cut; what was not finished is never
 * taken for a blob; changed bytes are noticed. On real files and on the disk in memory.
 */
#include "store/blob.h"

#include "base/mem.h"
#include "sys/faulty.h"
#include "sys/log.h"
#include "sys/rand.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define CONTENT_BYTES (3u * 1024 * 1024)
#define FILE_BYTES 4096 /* of a small blob */

struct fixture {
    struct faulty *disk;       /* NULL: real files */
    const struct files *files; /* of either */
    char dir[64];              /* DIR/blobs */
    struct blobs *blobs;       /* open */
    char *content;             /* CONTENT_BYTES to write from */
    char *read;                /* as many to read into */
};

static struct fixture *fixture_new(bool real, uint64_t seed)
{
    struct fixture *f = MEM_NEW(struct fixture);
    struct rand rand;

    if (real) {
        f->files = files_real();
        snprintf(f->dir, sizeof(f->dir), "/tmp/weir-blobs-XXXXXX");
        assert_non_null(mkdtemp(f->dir));
    } else {
        f->disk = faulty_new(seed);
        f->files = faulty_files(f->disk);
        snprintf(f->dir, sizeof(f->dir), "/d/blobs");
    }
    assert_true(blobs_open(f->files, f->dir, NULL, &f->blobs) == OK);
    f->content = mem_alloc(CONTENT_BYTES);
    f->read = mem_alloc(CONTENT_BYTES);
    rand_init(&rand, seed);
    rand_fill(&rand, f->content, CONTENT_BYTES);
    return f;
}

static void fixture_free(struct fixture *f)
{
    char command[128];

    blobs_close(f->blobs);
    if (f->disk == NULL) {
        snprintf(command, sizeof(command), "rm -rf %s", f->dir);
        assert_int_equal(system(command), 0);
    }
    faulty_free(f->disk);
    mem_free(f->content);
    mem_free(f->read);
    mem_free(f);
}

static struct fixture *start(void **state)
{
    return fixture_new(*(const bool *)*state, 1);
}

static struct str id_of(unsigned number, char text[BLOB_ID_BYTES + 1])
{
    snprintf(text, BLOB_ID_BYTES + 1, "%02x%030x", number % 7, number);
    return str_of(text, BLOB_ID_BYTES);
}

static struct blob_writer *write_some(struct fixture *f, unsigned number, size_t bytes,
                                      size_t piece)
{
    struct blob_writer *writer = NULL;
    char text[BLOB_ID_BYTES + 1];

    assert_true(blob_create(f->blobs, id_of(number, text), &writer) == OK);
    for (size_t at = 0; at < bytes; at += piece) {
        size_t count = bytes - at < piece ? bytes - at : piece;

        assert_true(blob_write(writer, str_of(f->content + at, count)) == OK);
    }
    return writer;
}

static void make(struct fixture *f, unsigned number, size_t bytes, size_t piece)
{
    uint64_t written = 0;

    assert_true(blob_finish(write_some(f, number, bytes, piece), &written) == OK);
    assert_int_equal(written, bytes);
}

/* Reads it whole, in pieces; OK when it is what was written. */
static status check(struct fixture *f, unsigned number, size_t bytes, size_t piece)
{
    struct blob *blob = NULL;
    char text[BLOB_ID_BYTES + 1];
    uint64_t at = 0;
    size_t got = 1;
    status read = OK;

    TRY(blob_open(f->blobs, id_of(number, text), &blob));
    assert_int_equal(blob_bytes(blob), bytes);
    while (read == OK && got > 0) {
        read = blob_read(blob, at, f->read + at, piece, &got);
        at += read == OK ? got : 0;
    }
    blob_close(blob);
    TRY(read);
    assert_int_equal(at, bytes);
    assert_memory_equal(f->read, f->content, bytes);
    return OK;
}

struct seen {
    size_t good; /* blobs */
    size_t bad;  /* blobs */
};

static void see(void *arg, struct str id, bool good)
{
    struct seen *seen = arg;

    assert_int_equal(id.bytes, BLOB_ID_BYTES);
    *(good ? &seen->good : &seen->bad) += 1;
}

static struct seen look(struct fixture *f)
{
    struct seen seen = {0, 0};

    assert_true(blobs_each(f->blobs, true, see, &seen) == OK);
    return seen;
}

static void blobs_of_every_size_come_back(void **state)
{
    static const size_t sizes[] = {0,       1,       4063,    4064,          4065,    4096,
                                   8160,    8161,    1000000, 1048544,       1048545, 1048576,
                                   1048577, 1052640, 1052641, CONTENT_BYTES};
    static const size_t pieces[] = {7777, 262144, 1048577, CONTENT_BYTES};
    struct fixture *f = start(state);
    unsigned count = sizeof(sizes) / sizeof(sizes[0]);

    for (unsigned i = 0; i < count * 4; i++) {
        make(f, i, sizes[i / 4], pieces[i % 4]);
    }
    for (unsigned i = 0; i < count * 4; i++) {
        assert_true(check(f, i, sizes[i / 4], 100000) == OK);
        assert_true(check(f, i, sizes[i / 4], CONTENT_BYTES) == OK);
    }
    assert_int_equal(look(f).good, count * 4);
    assert_int_equal(look(f).bad, 0);
    fixture_free(f);
}

static void any_part_of_a_blob_can_be_read(void **state)
{
    struct fixture *f = start(state);
    struct blob *blob = NULL;
    char text[BLOB_ID_BYTES + 1];
    size_t got = 0;

    make(f, 1, 100000, 4000);
    assert_true(blob_open(f->blobs, id_of(1, text), &blob) == OK);
    assert_true(blob_read(blob, 99990, f->read, 100, &got) == OK);
    assert_int_equal(got, 10); /* the trailer is not content */
    assert_memory_equal(f->read, f->content + 99990, 10);
    assert_true(blob_read(blob, 100000, f->read, 100, &got) == OK);
    assert_int_equal(got, 0);
    assert_true(blob_read(blob, UINT64_MAX, f->read, 100, &got) == OK);
    assert_int_equal(got, 0);
    assert_true(blob_read(blob, 5, f->read, 1000, &got) == OK);
    assert_memory_equal(f->read, f->content + 5, 1000);
    blob_close(blob);
    fixture_free(f);
}

static void an_id_is_taken_once(void **state)
{
    struct fixture *f = start(state);
    struct blob_writer *writer = NULL;
    char text[BLOB_ID_BYTES + 1];

    make(f, 1, 10, 10);
    assert_true(blob_create(f->blobs, id_of(1, text), &writer) == &ERR_EXISTS);
    assert_null(writer);
    assert_true(check(f, 1, 10, 10) == OK);
    fixture_free(f);
}

static void a_cancelled_blob_is_gone(void **state)
{
    struct fixture *f = start(state);

    blob_cancel(write_some(f, 1, 500000, 1000));
    blob_cancel(NULL);
    assert_true(check(f, 1, 500000, 1000) == &ERR_NOT_FOUND);
    assert_int_equal(look(f).good + look(f).bad, 0);
    make(f, 1, 100, 100); /* the id is free again */
    fixture_free(f);
}

static void an_unfinished_blob_is_no_blob(void **state)
{
    struct fixture *f = start(state);
    struct blob_writer *writer = write_some(f, 1, 500000, 1000);

    assert_true(check(f, 1, 500000, 1000) == &ERR_CORRUPT);
    assert_int_equal(look(f).bad, 1);
    blob_cancel(writer);
    fixture_free(f);
}

static void a_removed_blob_is_gone_but_open_readers_keep_it(void **state)
{
    struct fixture *f = start(state);
    struct blob *blob = NULL;
    char text[BLOB_ID_BYTES + 1];
    size_t got = 0;

    make(f, 1, 100000, 4000);
    assert_true(blob_open(f->blobs, id_of(1, text), &blob) == OK);
    assert_true(blob_remove(f->blobs, id_of(1, text)) == OK);
    assert_true(blob_remove(f->blobs, id_of(1, text)) == &ERR_NOT_FOUND);
    assert_true(check(f, 1, 100000, 1000) == &ERR_NOT_FOUND);
    assert_true(blob_read(blob, 0, f->read, 100000, &got) == OK);
    assert_int_equal(got, 100000);
    assert_memory_equal(f->read, f->content, 100000);
    blob_close(blob);
    fixture_free(f);
}

static void a_pinned_blob_is_removed_when_its_last_pin_goes(void **state)
{
    struct fixture *f = start(state);
    char text[BLOB_ID_BYTES + 1];
    struct str id = id_of(1, text);

    make(f, 1, 100000, 4000);
    blobs_pin(f->blobs, id);
    blobs_pin(f->blobs, id);
    assert_true(blob_remove(f->blobs, id) == OK);
    assert_true(check(f, 1, 100000, 1000) == OK);
    blobs_unpin(f->blobs, id);
    assert_true(check(f, 1, 100000, 1000) == OK);
    blobs_unpin(f->blobs, id);
    assert_true(check(f, 1, 100000, 1000) == &ERR_NOT_FOUND);
    fixture_free(f);
}

static void an_unpinned_blob_that_nobody_removed_stays(void **state)
{
    struct fixture *f = start(state);
    char text[BLOB_ID_BYTES + 1];

    make(f, 1, 5000, 4000);
    blobs_pin(f->blobs, id_of(1, text));
    blobs_unpin(f->blobs, id_of(1, text));
    assert_true(check(f, 1, 5000, 1000) == OK);
    assert_true(blob_remove(f->blobs, id_of(1, text)) == OK);
    assert_true(check(f, 1, 5000, 1000) == &ERR_NOT_FOUND);
    fixture_free(f);
}

static void a_real_blobs_descriptor_reads_its_content(void **state)
{
    struct fixture *f = start(state);
    struct blob *blob = NULL;
    char text[BLOB_ID_BYTES + 1];
    bool real = f->disk == NULL;

    make(f, 1, 300000, 4000);
    assert_true(blob_open(f->blobs, id_of(1, text), &blob) == OK);
    assert_int_equal(blob_fd(blob) >= 0, real);
    blob_prefetch(blob, 0, 300000);
    if (real) {
        assert_int_equal(pread(blob_fd(blob), f->read, 100000, 200000), 100000);
        assert_memory_equal(f->read, f->content + 200000, 100000);
    }
    blob_close(blob);
    fixture_free(f);
}

static void flip(struct fixture *f, unsigned number, uint64_t offset)
{
    char text[BLOB_ID_BYTES + 1];
    char path[128];
    struct file *file = NULL;
    size_t got = 0;
    char byte = 0;

    (void)id_of(number, text);
    snprintf(path, sizeof(path), "%s/%.2s/%s", f->dir, text, text);
    assert_true(file_open(f->files, path, FILE_WRITE, &file) == OK);
    assert_true(file_read(file, offset, &byte, 1, &got) == OK);
    byte = (char)(byte ^ 16);
    assert_true(file_write(file, offset, &byte, 1) == OK);
    file_close(file);
}

static void any_changed_byte_is_noticed(void **state)
{
    struct fixture *f = start(state);

    make(f, 1, 1000, 100);
    for (uint64_t offset = 0; offset < FILE_BYTES; offset++) {
        bool between = offset >= 1000 && offset < FILE_BYTES - 32; /* seen by fsck only */

        if (between && offset % 100 != 0) {
            continue;
        }
        flip(f, 1, offset);
        assert_true(check(f, 1, 1000, 300) == (between ? OK : &ERR_CORRUPT));
        if (offset % 16 == 0 || between) {
            assert_int_equal(look(f).bad, 1);
        }
        flip(f, 1, offset);
    }
    assert_true(check(f, 1, 1000, 300) == OK);
    fixture_free(f);
}

static void a_full_disk_is_an_answer(void **state)
{
    struct fixture *f = fixture_new(false, 1);
    struct blob_writer *writer = NULL;
    char text[BLOB_ID_BYTES + 1];
    status wrote = OK;
    uint64_t bytes = 0;

    (void)state;
    make(f, 1, 100000, 1000);
    faulty_space(f->disk, 1000000);
    assert_true(blob_create(f->blobs, id_of(2, text), &writer) == OK);
    for (size_t i = 0; i < 3 && wrote == OK; i++) {
        wrote = blob_write(writer, str_of(f->content, 500000));
    }
    assert_true(wrote == &ERR_FULL);
    blob_cancel(writer);
    faulty_space(f->disk, 104000);
    assert_true(blob_finish(write_some(f, 3, 100, 100), &bytes) == &ERR_FULL);
    assert_true(check(f, 3, 100, 100) == &ERR_NOT_FOUND);
    assert_true(check(f, 1, 100000, 1000) == OK);
    fixture_free(f);
}

/* ---- power ---- */

static jmp_buf died;

static void on_die(void)
{
    longjmp(died, 1);
}

static void finished_blobs_survive_power_cuts(void **state)
{
    int real_stderr = dup(2);
    int null = open("/dev/null", O_WRONLY);

    (void)state;
    for (unsigned seed = 1; seed <= 200; seed++) {
        struct fixture *f = fixture_new(false, seed);
        volatile unsigned finished = 0;
        struct blob_writer *volatile writer = NULL;
        uint64_t bytes = 0;

        faulty_cut_at_sync(f->disk, 1 + seed % 40);
        dup2(null, 2);
        sys_die_hook(on_die);
        if (setjmp(died) == 0) {
            for (unsigned i = 0; i < 15; i++) {
                writer = write_some(f, i, 1000 + i * 1000, 700);
                assert_true(blob_finish(writer, &bytes) == OK);
                writer = NULL;
                finished = i + 1;
            }
        }
        sys_die_hook(NULL);
        dup2(real_stderr, 2);
        blob_cancel(writer);
        faulty_cut(f->disk);
        faulty_power(f->disk);
        for (unsigned i = 0; i < finished; i++) {
            assert_true(check(f, i, 1000 + i * 1000, 700) == OK);
        }
        assert_true(look(f).good >= finished);
        fixture_free(f);
    }
    close(null);
    close(real_stderr);
}

#define ON_BOTH(test)                                                                              \
    {#test " (real files)", test, NULL, NULL, &on_real},                                           \
    {                                                                                              \
        #test " (in memory)", test, NULL, NULL, &on_memory                                         \
    }

int main(void)
{
    static bool on_real = true;
    static bool on_memory = false;
    const struct CMUnitTest tests[] = {
        ON_BOTH(blobs_of_every_size_come_back),
        ON_BOTH(any_part_of_a_blob_can_be_read),
        ON_BOTH(an_id_is_taken_once),
        ON_BOTH(a_cancelled_blob_is_gone),
        ON_BOTH(an_unfinished_blob_is_no_blob),
        ON_BOTH(a_removed_blob_is_gone_but_open_readers_keep_it),
        ON_BOTH(a_pinned_blob_is_removed_when_its_last_pin_goes),
        ON_BOTH(an_unpinned_blob_that_nobody_removed_stays),
        ON_BOTH(a_real_blobs_descriptor_reads_its_content),
        ON_BOTH(any_changed_byte_is_noticed),
        cmocka_unit_test(a_full_disk_is_an_answer),
        cmocka_unit_test(finished_blobs_survive_power_cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
