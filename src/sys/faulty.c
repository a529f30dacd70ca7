/* SPDX-License-Identifier: Apache-2.0
 *
 * The doors of the faulty disk: the twelve of struct files, and those that a test turns. What the
 * disk is made of, and what a power cut leaves of it, is faulty_disk.c.
 *
 * Faults, beyond what was not synced:
 *
 *   1. A write that fails, as asked or for want of space, may have written some of its sectors.
 *   2. A sync covers what was written before it began, not what came while it was under way.
 *   3. A sync of a file that fails has lost what it was to save: some of it arrived, the rest never
 *      will, and a second sync says OK all the same. That is what Linux does.
 *   4. In the sync in which the power goes, the data may arrive or not.
 *
 * In one thing it is kinder than file_real.c: a folder that was never made lists as empty.
 */
#include "base/mem.h"
#include "sys/faulty_int.h"

#include <assert.h>
#include <string.h>
#include <time.h>

#define SECTOR_BYTES 512
#define DIRECT_ALIGN 4096
#define SPACE_DEFAULT (UINT64_C(1) << 40)

struct faulty_file {
    struct file file;         /* first */
    struct faulty *disk;      /* whose it is */
    struct faulty_node *node; /* held */
    uint64_t life;            /* of the disk when it was opened */
    bool writable;            /* opened with FILE_WRITE */
    bool holds_lock;          /* opened with FILE_LOCK */
};

static struct faulty_file *of(struct file *file)
{
    return (struct faulty_file *)(void *)file;
}

/* ---- faults ---- */

/* Counts an operation; what it is to fail with, or OK. The lock is taken. */
static status begin(struct faulty *disk)
{
    lock_take(&disk->lock);
    disk->operations++;
    if (disk->dark) {
        return &ERR_IO;
    }
    if (disk->fail_at != 0 && disk->operations == disk->fail_at) {
        disk->fail_at = 0;
        return disk->fail_with;
    }
    return OK;
}

static bool is_dead(const struct faulty_file *file)
{
    return file->disk->dark || file->life != file->disk->life;
}

/* The same for an open file, which may be of an earlier life. */
static status begin_file(struct faulty_file *file)
{
    status begun = begin(file->disk);

    return is_dead(file) ? &ERR_IO : begun;
}

static status end(struct faulty *disk, status went)
{
    lock_give(&disk->lock);
    return went;
}

/* Counts a sync; whether the power goes in it. */
static bool cut_now(struct faulty *disk)
{
    disk->syncs++;
    if (disk->cut_at_sync != 0 && disk->syncs == disk->cut_at_sync) {
        disk->dark = true;
    }
    return disk->dark;
}

/* How long a sync takes; the disk is free meanwhile. */
static void delay(struct faulty *disk)
{
    uint32_t delay_us = disk->sync_delay_us;
    struct timespec left = {delay_us / 1000000, (long)(delay_us % 1000000) * 1000};

    if (delay_us > 0) {
        lock_give(&disk->lock);
        nanosleep(&left, NULL);
        lock_take(&disk->lock);
    }
}

/* Whether a file that grows from bytes to bytes has room. */
static bool has_space(const struct faulty *disk, uint64_t from, uint64_t to)
{
    return to <= from || faulty_used(disk) + (to - from) <= disk->space;
}

/* ---- the doors of a file ---- */

static struct faulty_file *file_new(struct faulty *disk, struct faulty_node *node, int mode)
{
    struct faulty_file *file = MEM_NEW(struct faulty_file);

    file->file.files = &disk->files;
    file->file.align = (mode & FILE_DIRECT) != 0 ? DIRECT_ALIGN : 1;
    file->file.fd = -1;
    file->disk = disk;
    file->node = faulty_node_hold(node);
    file->life = disk->life;
    file->writable = (mode & FILE_WRITE) != 0;
    file->holds_lock = (mode & FILE_LOCK) != 0;
    node->locked |= file->holds_lock;
    return file;
}

static status make_file(struct faulty *disk, const char *path)
{
    char *dir = faulty_dir_of(path);
    bool has_dir = faulty_is_dir(disk, dir);

    mem_free(dir);
    if (!has_dir) {
        return &ERR_NOT_FOUND;
    }
    faulty_change_name(disk, NULL, path, MEM_NEW(struct faulty_node));
    return OK;
}

static status open_begun(struct faulty *disk, const char *path, int mode, struct file **ret_file)
{
    const struct faulty_name *name = faulty_find(&disk->now, path);

    if (name != NULL && (mode & FILE_NEW) != 0) {
        return &ERR_EXISTS;
    }
    if (name == NULL) {
        if ((mode & FILE_WRITE) == 0) {
            return &ERR_NOT_FOUND;
        }
        TRY(make_file(disk, path));
        name = faulty_find(&disk->now, path);
    }
    if (name->node == NULL) {
        return &ERR_IO; /* a directory */
    }
    if ((mode & FILE_LOCK) != 0 && name->node->locked) {
        return &ERR_BUSY;
    }
    *ret_file = &file_new(disk, name->node, mode)->file;
    return OK;
}

static status faulty_open(void *ctx, const char *path, int mode, struct file **ret_file)
{
    struct faulty *disk = ctx;
    status went = begin(disk);

    if (went == OK) {
        went = open_begun(disk, path, mode, ret_file);
    }
    return end(disk, went);
}

static void faulty_close(struct file *any)
{
    struct faulty_file *file = of(any);
    struct faulty *disk = file->disk;

    lock_take(&disk->lock);
    if (file->holds_lock && file->life == disk->life) {
        file->node->locked = false;
    }
    faulty_node_drop(file->node);
    lock_give(&disk->lock);
    mem_free(file);
}

static status faulty_read(struct file *any, uint64_t offset, void *at, size_t bytes,
                          size_t *ret_bytes)
{
    struct faulty_file *file = of(any);
    status went = begin_file(file);

    if (went == OK) {
        const struct faulty_bytes *now = &file->node->now;
        size_t there = offset >= now->bytes ? 0 : (size_t)(now->bytes - offset);

        *ret_bytes = there < bytes ? there : bytes;
        if (*ret_bytes > 0) {
            memcpy(at, now->at + offset, *ret_bytes);
        }
    }
    return end(file->disk, went);
}

/* Some first sectors of a write that fails, as many as there is room for. */
static void write_part(struct faulty_file *file, uint64_t offset, const void *at, size_t bytes)
{
    struct faulty *disk = file->disk;
    size_t part = (size_t)rand_below(&disk->rand, bytes / SECTOR_BYTES + 1) * SECTOR_BYTES;

    if (has_space(disk, file->node->now.bytes, offset + part)) {
        faulty_put(disk, file->node, offset, str_of(at, part));
    }
}

static status faulty_write(struct file *any, uint64_t offset, const void *at, size_t bytes)
{
    struct faulty_file *file = of(any);
    status went = begin_file(file);

    if (!file->writable || is_dead(file)) {
        return end(file->disk, &ERR_IO);
    }
    if (went == OK && !has_space(file->disk, file->node->now.bytes, offset + bytes)) {
        went = &ERR_FULL;
    }
    if (went == OK) {
        faulty_put(file->disk, file->node, offset, str_of(at, bytes));
    } else {
        write_part(file, offset, at, bytes);
    }
    return end(file->disk, went);
}

static status faulty_sync(struct file *any)
{
    struct faulty_file *file = of(any);
    struct faulty *disk = file->disk;
    status went = begin_file(file);
    uint64_t last = disk->writes;

    if (went == OK) {
        delay(disk);
        went = is_dead(file) || cut_now(disk) ? &ERR_IO : OK;
    }
    if (went == OK) {
        faulty_sync_bytes(file->node, last);
    } else if (!is_dead(file)) {
        faulty_spoil(disk, file->node);
        went = &ERR_IO; /* as file.h promises, whatever the test asked for */
    }
    return end(disk, went);
}

static status faulty_resize(struct file *any, uint64_t bytes)
{
    struct faulty_file *file = of(any);
    status went = begin_file(file);

    if (went == OK && !file->writable) {
        went = &ERR_IO;
    }
    if (went == OK && !has_space(file->disk, file->node->now.bytes, bytes)) {
        went = &ERR_FULL;
    }
    if (went == OK) {
        faulty_cut_to(file->disk, file->node, bytes);
    }
    return end(file->disk, went);
}

static status faulty_size(struct file *any, uint64_t *ret_bytes)
{
    struct faulty_file *file = of(any);
    status went = begin_file(file);

    if (went == OK) {
        *ret_bytes = file->node->now.bytes;
    }
    return end(file->disk, went);
}

/* ---- the doors of names ---- */

static status rename_begun(struct faulty *disk, const char *from, const char *to)
{
    const struct faulty_name *name = faulty_find(&disk->now, from);
    char *dir = faulty_dir_of(to);
    bool has_dir = faulty_is_dir(disk, dir);

    mem_free(dir);
    if (name == NULL || !has_dir) {
        return &ERR_NOT_FOUND;
    }
    if (name->node == NULL || faulty_is_dir(disk, to)) {
        return &ERR_IO; /* directories are not renamed here */
    }
    if (strcmp(from, to) != 0) {
        faulty_change_name(disk, from, to, name->node);
    }
    return OK;
}

static status faulty_rename(void *ctx, const char *from, const char *to)
{
    struct faulty *disk = ctx;
    status went = begin(disk);

    if (went == OK) {
        went = rename_begun(disk, from, to);
    }
    return end(disk, went);
}

static status faulty_remove(void *ctx, const char *path)
{
    struct faulty *disk = ctx;
    status went = begin(disk);
    const struct faulty_name *name = faulty_find(&disk->now, path);

    if (went == OK && name == NULL) {
        went = &ERR_NOT_FOUND;
    } else if (went == OK && name->node == NULL) {
        went = &ERR_IO;
    } else if (went == OK) {
        faulty_change_name(disk, path, NULL, name->node);
    }
    return end(disk, went);
}

/* Copies of the names in a folder; owned by the caller. */
static char **list(struct faulty *disk, const char *dir, size_t *ret_count)
{
    char **names = mem_alloc((disk->now.count + 1) * sizeof(char *));
    size_t count = 0;

    for (size_t i = 0; i < disk->now.count; i++) {
        const char *name = faulty_name_in(disk->now.items[i].path, dir);

        if (name != NULL) {
            names[count++] = mem_dup(name, strlen(name));
        }
    }
    *ret_count = count;
    return names;
}

static status make_dir(struct faulty *disk, const char *path)
{
    const struct faulty_name *name = faulty_find(&disk->now, path);

    if (name != NULL && name->node != NULL) {
        return &ERR_EXISTS;
    }
    faulty_make_dir(disk, path);
    return OK;
}

static status faulty_dir(void *ctx, const char *path, void (*each)(void *arg, const char *name),
                         void *arg)
{
    struct faulty *disk = ctx;
    status went = begin(disk);
    char **names = NULL;
    size_t count = 0;

    if (went == OK && each == NULL) {
        went = make_dir(disk, path);
    } else if (went == OK) {
        names = list(disk, path, &count);
    }
    lock_give(&disk->lock);
    for (size_t i = 0; i < count; i++) {
        each(arg, names[i]); /* may use the disk */
        mem_free(names[i]);
    }
    mem_free(names);
    return went;
}

static status faulty_sync_dir(void *ctx, const char *path)
{
    struct faulty *disk = ctx;
    status went = begin(disk);

    if (went == OK && !faulty_is_dir(disk, path)) {
        went = &ERR_NOT_FOUND;
    } else if (went == OK && cut_now(disk)) {
        went = &ERR_IO;
    } else if (went == OK) {
        faulty_sync_names(disk, path);
    }
    return end(disk, went);
}

static status faulty_space_left(void *ctx, const char *path, uint64_t *ret_bytes)
{
    struct faulty *disk = ctx;
    status went = begin(disk);

    (void)path;
    if (went == OK) {
        uint64_t used = faulty_used(disk);

        *ret_bytes = used > disk->space ? 0 : disk->space - used;
    }
    return end(disk, went);
}

/* ---- life ---- */

struct faulty *faulty_new(uint64_t seed)
{
    struct faulty *disk = MEM_NEW(struct faulty);

    disk->files = (struct files){
        .ctx = disk,
        .open = faulty_open,
        .close = faulty_close,
        .read = faulty_read,
        .write = faulty_write,
        .sync = faulty_sync,
        .resize = faulty_resize,
        .size = faulty_size,
        .rename = faulty_rename,
        .remove = faulty_remove,
        .dir = faulty_dir,
        .sync_dir = faulty_sync_dir,
        .space = faulty_space_left,
    };
    lock_init(&disk->lock);
    rand_init(&disk->rand, seed);
    disk->space = SPACE_DEFAULT;
    return disk;
}

void faulty_free(struct faulty *disk)
{
    if (disk != NULL) {
        faulty_disk_done(disk);
        lock_done(&disk->lock);
        mem_free(disk);
    }
}

const struct files *faulty_files(struct faulty *disk)
{
    return &disk->files;
}

/* ---- the test's doors ---- */

void faulty_fail_at(struct faulty *disk, uint64_t operation, status with)
{
    lock_take(&disk->lock);
    disk->fail_at = operation;
    disk->fail_with = with;
    lock_give(&disk->lock);
}

void faulty_cut_at_sync(struct faulty *disk, uint64_t sync)
{
    lock_take(&disk->lock);
    disk->cut_at_sync = sync;
    lock_give(&disk->lock);
}

void faulty_space(struct faulty *disk, uint64_t bytes)
{
    lock_take(&disk->lock);
    disk->space = bytes;
    lock_give(&disk->lock);
}

void faulty_sync_delay(struct faulty *disk, uint32_t delay_us)
{
    lock_take(&disk->lock);
    disk->sync_delay_us = delay_us;
    lock_give(&disk->lock);
}

/* One of the disk's counters. The lock is no part of what const protects. */
static uint64_t counter(const struct faulty *disk, const uint64_t *of_disk)
{
    struct lock *lock = (struct lock *)(uintptr_t)&disk->lock;
    uint64_t value;

    lock_take(lock);
    value = *of_disk;
    lock_give(lock);
    return value;
}

uint64_t faulty_operations(const struct faulty *disk)
{
    return counter(disk, &disk->operations);
}

uint64_t faulty_syncs(const struct faulty *disk)
{
    return counter(disk, &disk->syncs);
}

bool faulty_dark(const struct faulty *disk)
{
    struct lock *lock = (struct lock *)(uintptr_t)&disk->lock;
    bool dark;

    lock_take(lock);
    dark = disk->dark;
    lock_give(lock);
    return dark;
}

void faulty_cut(struct faulty *disk)
{
    lock_take(&disk->lock);
    disk->dark = true;
    lock_give(&disk->lock);
}

void faulty_power(struct faulty *disk)
{
    lock_take(&disk->lock);
    faulty_settle(disk);
    disk->dark = false;
    disk->cut_at_sync = 0;
    disk->life++;
    lock_give(&disk->lock);
}
