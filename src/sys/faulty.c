/* SPDX-License-Identifier: Apache-2.0
 *
 * A disk in memory that forgets as a real one may. Two states stand beside one another:
 *
 *   now      what a running program sees: names, and each file's bytes
 *   durable  what is surely on the plates: names as of the last sync_dir of their folder, bytes as of
 *            the last sync of their file
 *
 * Between them lie the pending changes: writes and resizes of each file, names made, renamed and
 * removed. When the power goes, every pending write is kept, dropped, or torn into 512-byte sectors
 * of which some arrive; of the pending name changes of the disk a prefix is kept (file systems keep
 * their order). All by the seed. Then durable is what is left, and now becomes durable.
 */
#include "sys/faulty.h"

#include "base/mem.h"
#include "sys/rand.h"
#include "sys/thread.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#define SECTOR_BYTES 512
#define DIRECT_ALIGN 4096
#define SPACE_DEFAULT (UINT64_C(1) << 40)

struct bytes {
    char *at;
    uint64_t bytes; /* of the file */
    uint64_t room;
};

/* A change of a file that no sync has covered. */
struct pending {
    struct pending *next;
    uint64_t offset;
    uint64_t bytes;
    char *at;        /* what was written; NULL: a resize to offset */
};

/* A file's content, whatever it is called. */
struct node {
    struct bytes now, durable;
    struct pending *first, *last; /* in order */
    uint32_t names;               /* now and durable names, and open handles */
    bool locked;
};

struct name {
    char *path;
    struct node *node;
};

struct names {
    struct name *items;
    size_t count;
};

struct name_change {
    char *dir;       /* whose sync_dir makes it sure */
    char *from;      /* renamed or removed; NULL: made */
    char *to;        /* made or renamed to; NULL: removed */
    struct node *node;
};

struct faulty {
    struct files files;         /* its vtable, ctx is the disk */
    struct lock lock;
    struct rand rand;
    struct names now, durable;
    struct name_change *changes; /* pending, in order */
    size_t change_count;
    uint64_t operations, syncs;
    uint64_t fail_at;
    status fail_with;
    uint64_t cut_at_sync;
    uint64_t space;
    uint32_t sync_delay_us;
    uint64_t life;              /* of power: handles of earlier lives are dead */
    bool dark;
};

struct faulty_file {
    struct file file; /* first */
    struct faulty *disk;
    struct node *node;
    uint64_t life;
    bool holds_lock;
};

/* ---- bytes ---- */

static void bytes_resize(struct bytes *bytes, uint64_t to)
{
    if (to > bytes->room) {
        bytes->at = mem_grow(bytes->at, to);
        bytes->room = to;
    }
    if (to > bytes->bytes) {
        memset(bytes->at + bytes->bytes, 0, to - bytes->bytes);
    }
    bytes->bytes = to;
}

static void bytes_put(struct bytes *bytes, uint64_t offset, const char *at, uint64_t count)
{
    if (offset + count > bytes->bytes) {
        bytes_resize(bytes, offset + count);
    }
    if (count > 0) {
        memcpy(bytes->at + offset, at, count);
    }
}

static void apply_whole(struct bytes *bytes, const struct pending *change)
{
    if (change->at == NULL) {
        bytes_resize(bytes, change->offset);
    } else {
        bytes_put(bytes, change->offset, change->at, change->bytes);
    }
}

static void apply_torn(struct faulty *disk, struct bytes *bytes, const struct pending *change)
{
    for (uint64_t at = 0; at < change->bytes;) {
        uint64_t to_edge = SECTOR_BYTES - (change->offset + at) % SECTOR_BYTES;
        uint64_t count = change->bytes - at < to_edge ? change->bytes - at : to_edge;

        if (rand_below(&disk->rand, 2) == 0) {
            bytes_put(bytes, change->offset + at, change->at + at, count);
        }
        at += count;
    }
}

static void pending_drop(struct node *node)
{
    while (node->first != NULL) {
        struct pending *next = node->first->next;

        mem_free(node->first->at);
        mem_free(node->first);
        node->first = next;
    }
    node->last = NULL;
}

static void pending_add(struct node *node, uint64_t offset, const void *at, uint64_t bytes)
{
    struct pending *change = MEM_NEW(struct pending);

    change->offset = offset;
    change->bytes = bytes;
    change->at = at == NULL ? NULL : mem_dup(at, bytes);
    if (node->last == NULL) {
        node->first = change;
    } else {
        node->last->next = change;
    }
    node->last = change;
}

/* ---- nodes and names ---- */

static void node_hold(struct node *node)
{
    node->names++;
}

static void node_drop(struct node *node)
{
    assert(node->names > 0);
    if (--node->names == 0) {
        pending_drop(node);
        mem_free(node->now.at);
        mem_free(node->durable.at);
        mem_free(node);
    }
}

static struct name *find(struct names *names, const char *path)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i].path, path) == 0) {
            return &names->items[i];
        }
    }
    return NULL;
}

static void unname(struct names *names, const char *path)
{
    struct name *name = find(names, path);

    if (name == NULL) {
        return;
    }
    node_drop(name->node);
    mem_free(name->path);
    *name = names->items[--names->count];
}

static void set_name(struct names *names, const char *path, struct node *node)
{
    node_hold(node);
    unname(names, path);
    names->items = mem_grow(names->items, (names->count + 1) * sizeof(struct name));
    names->items[names->count++] = (struct name){mem_dup(path, strlen(path)), node};
}

static void names_done(struct names *names)
{
    while (names->count > 0) {
        unname(names, names->items[0].path);
    }
    mem_free(names->items);
    names->items = NULL;
}

static void names_copy(struct names *to, const struct names *from)
{
    names_done(to);
    for (size_t i = 0; i < from->count; i++) {
        set_name(to, from->items[i].path, from->items[i].node);
    }
}

static char *copy(const char *text)
{
    return text == NULL ? NULL : mem_dup(text, strlen(text));
}

static char *dir_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? mem_dup(".", 1) : mem_dup(path, (size_t)(slash - path));
}

static void change_names(struct faulty *disk, const char *from, const char *to, struct node *node)
{
    disk->changes =
        mem_grow(disk->changes, (disk->change_count + 1) * sizeof(struct name_change));
    node_hold(node);
    disk->changes[disk->change_count++] =
        (struct name_change){dir_of(to != NULL ? to : from), copy(from), copy(to), node};
}

static void change_done(struct name_change *change)
{
    node_drop(change->node);
    mem_free(change->dir);
    mem_free(change->from);
    mem_free(change->to);
}

static void apply_names(struct names *names, const struct name_change *change)
{
    if (change->from != NULL) {
        unname(names, change->from);
    }
    if (change->to != NULL) {
        set_name(names, change->to, change->node);
    }
}

/* ---- faults ---- */

/* Counts an operation; what it is to fail with, or OK. */
static status begin(struct faulty *disk)
{
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

static status begin_file(struct faulty_file *file)
{
    status begun = begin(file->disk);

    return begun == OK && file->life != file->disk->life ? &ERR_IO : begun;
}

static bool cut_now(struct faulty *disk)
{
    disk->syncs++;
    if (disk->cut_at_sync != 0 && disk->syncs == disk->cut_at_sync) {
        disk->dark = true;
    }
    return disk->dark;
}

static uint64_t used(const struct faulty *disk)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < disk->now.count; i++) {
        bytes += disk->now.items[i].node->now.bytes;
    }
    return bytes;
}

/* ---- the twelve doors ---- */

static struct faulty_file *of(struct file *file)
{
    return (struct faulty_file *)(void *)file;
}

static status open_locked(struct faulty *disk, const char *path, int mode, struct file **ret_file)
{
    struct name *name = find(&disk->now, path);
    struct faulty_file *file;

    if (name == NULL) {
        if ((mode & FILE_WRITE) == 0) {
            return &ERR_NOT_FOUND;
        }
        struct node *node = MEM_NEW(struct node);

        set_name(&disk->now, path, node);
        change_names(disk, NULL, path, node);
        name = find(&disk->now, path);
    } else if ((mode & FILE_NEW) != 0) {
        return &ERR_EXISTS;
    }
    if ((mode & FILE_LOCK) != 0 && name->node->locked) {
        return &ERR_BUSY;
    }
    file = MEM_NEW(struct faulty_file);
    file->file.files = &disk->files;
    file->file.align = (mode & FILE_DIRECT) != 0 ? DIRECT_ALIGN : 1;
    file->disk = disk;
    file->node = name->node;
    file->life = disk->life;
    file->holds_lock = (mode & FILE_LOCK) != 0;
    name->node->locked |= file->holds_lock;
    node_hold(name->node);
    *ret_file = &file->file;
    return OK;
}

static status faulty_open(void *ctx, const char *path, int mode, struct file **ret_file)
{
    struct faulty *disk = ctx;
    status opened;

    lock_take(&disk->lock);
    opened = begin(disk);
    if (opened == OK) {
        opened = open_locked(disk, path, mode, ret_file);
    }
    lock_give(&disk->lock);
    return opened;
}

static void faulty_close(struct file *any)
{
    struct faulty_file *file = of(any);
    struct faulty *disk = file->disk;

    lock_take(&disk->lock);
    if (file->holds_lock && file->life == disk->life) {
        file->node->locked = false;
    }
    node_drop(file->node);
    lock_give(&disk->lock);
    mem_free(file);
}

static void check_aligned(const struct file *file, uint64_t offset, const void *at, size_t bytes)
{
    assert(offset % file->align == 0);
    assert(bytes % file->align == 0);
    assert((uintptr_t)at % file->align == 0);
}

static status faulty_read(struct file *any, uint64_t offset, void *at, size_t bytes,
                          size_t *ret_bytes)
{
    struct faulty_file *file = of(any);
    status begun;

    check_aligned(any, offset, at, bytes);
    lock_take(&file->disk->lock);
    begun = begin_file(file);
    if (begun == OK) {
        const struct bytes *now = &file->node->now;
        size_t there = offset >= now->bytes ? 0 : (size_t)(now->bytes - offset);

        *ret_bytes = there < bytes ? there : bytes;
        if (*ret_bytes > 0) {
            memcpy(at, now->at + offset, *ret_bytes);
        }
    }
    lock_give(&file->disk->lock);
    return begun;
}

static status faulty_write(struct file *any, uint64_t offset, const void *at, size_t bytes)
{
    struct faulty_file *file = of(any);
    status begun;

    check_aligned(any, offset, at, bytes);
    lock_take(&file->disk->lock);
    begun = begin_file(file);
    if (begun == OK && offset + bytes > file->node->now.bytes &&
        used(file->disk) + offset + bytes - file->node->now.bytes > file->disk->space) {
        begun = &ERR_FULL;
    }
    if (begun == OK && bytes > 0) {
        bytes_put(&file->node->now, offset, at, bytes);
        pending_add(file->node, offset, at, bytes);
    }
    lock_give(&file->disk->lock);
    return begun;
}

static status faulty_sync(struct file *any)
{
    struct faulty_file *file = of(any);
    struct faulty *disk = file->disk;
    status begun;

    if (disk->sync_delay_us > 0) {
        usleep(disk->sync_delay_us);
    }
    lock_take(&disk->lock);
    begun = begin_file(file);
    if (begun == OK && cut_now(disk)) {
        begun = &ERR_IO;
    }
    if (begun == OK) {
        for (const struct pending *at = file->node->first; at != NULL; at = at->next) {
            apply_whole(&file->node->durable, at);
        }
        pending_drop(file->node);
    }
    lock_give(&disk->lock);
    return begun;
}

static status faulty_resize(struct file *any, uint64_t bytes)
{
    struct faulty_file *file = of(any);
    status begun;

    lock_take(&file->disk->lock);
    begun = begin_file(file);
    if (begun == OK && bytes > file->node->now.bytes &&
        used(file->disk) + bytes - file->node->now.bytes > file->disk->space) {
        begun = &ERR_FULL;
    }
    if (begun == OK) {
        bytes_resize(&file->node->now, bytes);
        pending_add(file->node, bytes, NULL, 0);
    }
    lock_give(&file->disk->lock);
    return begun;
}

static status faulty_size(struct file *any, uint64_t *ret_bytes)
{
    struct faulty_file *file = of(any);
    status begun;

    lock_take(&file->disk->lock);
    begun = begin_file(file);
    if (begun == OK) {
        *ret_bytes = file->node->now.bytes;
    }
    lock_give(&file->disk->lock);
    return begun;
}

static status faulty_rename(void *ctx, const char *from, const char *to)
{
    struct faulty *disk = ctx;
    struct name *name;
    status begun;

    lock_take(&disk->lock);
    begun = begin(disk);
    name = find(&disk->now, from);
    if (begun == OK && name == NULL) {
        begun = &ERR_NOT_FOUND;
    }
    if (begun == OK) {
        struct node *node = name->node;

        change_names(disk, from, to, node);
        apply_names(&disk->now, &disk->changes[disk->change_count - 1]);
    }
    lock_give(&disk->lock);
    return begun;
}

static status faulty_remove(void *ctx, const char *path)
{
    struct faulty *disk = ctx;
    struct name *name;
    status begun;

    lock_take(&disk->lock);
    begun = begin(disk);
    name = find(&disk->now, path);
    if (begun == OK && name == NULL) {
        begun = &ERR_NOT_FOUND;
    }
    if (begun == OK) {
        change_names(disk, path, NULL, name->node);
        unname(&disk->now, path);
    }
    lock_give(&disk->lock);
    return begun;
}

/* The name of path within dir, when it lies directly in it or in a folder of it. */
static bool within(const char *path, const char *dir, char *ret_name, size_t room)
{
    size_t bytes = strlen(dir);
    const char *rest = path + bytes + 1;
    size_t name = strcspn(strncmp(path, dir, bytes) == 0 && path[bytes] == '/' ? rest : "", "/");

    if (name == 0 || name >= room) {
        return false;
    }
    memcpy(ret_name, rest, name);
    ret_name[name] = '\0';
    return true;
}

static status faulty_dir(void *ctx, const char *path, void (*each)(void *arg, const char *name),
                         void *arg)
{
    struct faulty *disk = ctx;
    struct names seen = {NULL, 0};
    status begun;
    char name[512];

    lock_take(&disk->lock);
    begun = begin(disk);
    if (begun == OK && each != NULL) {
        for (size_t i = 0; i < disk->now.count; i++) {
            if (within(disk->now.items[i].path, path, name, sizeof(name)) &&
                find(&seen, name) == NULL) {
                set_name(&seen, name, disk->now.items[i].node);
            }
        }
    }
    lock_give(&disk->lock);
    for (size_t i = 0; i < seen.count; i++) {
        each(arg, seen.items[i].path); /* may use the disk */
    }
    lock_take(&disk->lock);
    names_done(&seen);
    lock_give(&disk->lock);
    return begun;
}

static status faulty_sync_dir(void *ctx, const char *path)
{
    struct faulty *disk = ctx;
    size_t kept = 0;
    status begun;

    lock_take(&disk->lock);
    begun = begin(disk);
    if (begun == OK && cut_now(disk)) {
        begun = &ERR_IO;
    }
    for (size_t i = 0; begun == OK && i < disk->change_count; i++) {
        struct name_change *change = &disk->changes[i];

        if (strcmp(change->dir, path) == 0) {
            apply_names(&disk->durable, change);
            change_done(change);
        } else {
            disk->changes[kept++] = *change;
        }
    }
    disk->change_count = begun == OK ? kept : disk->change_count;
    lock_give(&disk->lock);
    return begun;
}

static status faulty_space_left(void *ctx, const char *path, uint64_t *ret_bytes)
{
    struct faulty *disk = ctx;
    uint64_t bytes;
    status begun;

    (void)path;
    lock_take(&disk->lock);
    begun = begin(disk);
    bytes = used(disk);
    if (begun == OK) {
        *ret_bytes = bytes > disk->space ? 0 : disk->space - bytes;
    }
    lock_give(&disk->lock);
    return begun;
}

/* ---- power ---- */

static void settle(struct faulty *disk, struct node *node)
{
    for (const struct pending *at = node->first; at != NULL; at = at->next) {
        uint64_t luck = rand_below(&disk->rand, 3);

        if (luck == 0) {
            apply_whole(&node->durable, at);
        } else if (luck == 1 && at->at != NULL) {
            apply_torn(disk, &node->durable, at);
        }
    }
    pending_drop(node);
    node->locked = false;
    bytes_resize(&node->now, 0);
    bytes_put(&node->now, 0, node->durable.at == NULL ? "" : node->durable.at,
              node->durable.bytes);
}

void faulty_cut(struct faulty *disk)
{
    lock_take(&disk->lock);
    disk->dark = true;
    lock_give(&disk->lock);
}

void faulty_power(struct faulty *disk)
{
    size_t keep;

    lock_take(&disk->lock);
    keep = (size_t)rand_below(&disk->rand, disk->change_count + 1);
    for (size_t i = 0; i < disk->change_count; i++) {
        if (i < keep) {
            apply_names(&disk->durable, &disk->changes[i]);
        }
        change_done(&disk->changes[i]);
    }
    disk->change_count = 0;
    names_copy(&disk->now, &disk->durable);
    for (size_t i = 0; i < disk->now.count; i++) {
        settle(disk, disk->now.items[i].node);
    }
    disk->dark = false;
    disk->cut_at_sync = 0;
    disk->life++;
    lock_give(&disk->lock);
}

bool faulty_dark(const struct faulty *disk)
{
    return __atomic_load_n(&disk->dark, __ATOMIC_SEQ_CST);
}

/* ---- the test's doors ---- */

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
    if (disk == NULL) {
        return;
    }
    for (size_t i = 0; i < disk->change_count; i++) {
        change_done(&disk->changes[i]);
    }
    mem_free(disk->changes);
    names_done(&disk->now);
    names_done(&disk->durable);
    lock_done(&disk->lock);
    mem_free(disk);
}

const struct files *faulty_files(struct faulty *disk)
{
    return &disk->files;
}

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
    disk->sync_delay_us = delay_us;
}

uint64_t faulty_operations(const struct faulty *disk)
{
    return __atomic_load_n(&disk->operations, __ATOMIC_SEQ_CST);
}

uint64_t faulty_syncs(const struct faulty *disk)
{
    return __atomic_load_n(&disk->syncs, __ATOMIC_SEQ_CST);
}
