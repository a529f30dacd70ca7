/* SPDX-License-Identifier: Apache-2.0
 *
 * A disk in memory that forgets as a real one may. Two states stand beside one another:
 *
 *   now      what a running program sees: names, and each file's bytes
 *   durable  what is surely on the plates: names as of the last sync_dir of their folder, bytes as
 *            of the last sync of their file
 *
 * Between them lie pending writes and resizes of each file, and pending names: made, renamed,
 * removed. When the power goes, the seed decides:
 *
 *   1. Each pending write is kept, dropped, or torn into 512-byte sectors of which some arrive; a
 *      torn one may leave the file at its new size all the same. A dropped write does not keep a
 *      later one from arriving: that is how a disk reorders. Resizes are kept or dropped.
 *   2. Each pending change of a name is kept or dropped, but none without the earlier changes that
 *      it stands on: those of the same name or the same file. Beyond that there is no order.
 *   3. Directories are sure as soon as they are made, as file.h promises.
 *
 * Then durable is what is left, and now becomes durable.
 */
#include "base/mem.h"
#include "sys/faulty_int.h"

#include <assert.h>
#include <string.h>

#define SECTOR_BYTES 512

/* ---- bytes ---- */

static void bytes_resize(struct faulty_bytes *bytes, uint64_t to)
{
    if (to > bytes->room) {
        bytes->room = to > 2 * bytes->room ? to : 2 * bytes->room;
        bytes->at = mem_grow(bytes->at, bytes->room);
    }
    if (to > bytes->bytes) {
        memset(bytes->at + bytes->bytes, 0, to - bytes->bytes);
    }
    bytes->bytes = to;
}

static void bytes_put(struct faulty_bytes *bytes, uint64_t offset, const char *at, uint64_t count)
{
    if (offset + count > bytes->bytes) {
        bytes_resize(bytes, offset + count);
    }
    if (count > 0) {
        memcpy(bytes->at + offset, at, count);
    }
}

static void apply_whole(struct faulty_bytes *bytes, const struct faulty_write *write)
{
    if (write->at == NULL) {
        bytes_resize(bytes, write->offset);
    } else {
        bytes_put(bytes, write->offset, write->at, write->bytes);
    }
}

static void apply_torn(struct faulty *disk, struct faulty_bytes *bytes,
                       const struct faulty_write *write)
{
    uint64_t end = write->offset + write->bytes;

    for (uint64_t at = 0; at < write->bytes;) {
        uint64_t to_edge = SECTOR_BYTES - (write->offset + at) % SECTOR_BYTES;
        uint64_t count = write->bytes - at < to_edge ? write->bytes - at : to_edge;

        if (rand_below(&disk->rand, 2) == 0) {
            bytes_put(bytes, write->offset + at, write->at + at, count);
        }
        at += count;
    }
    if (end > bytes->bytes && rand_below(&disk->rand, 2) == 0) {
        bytes_resize(bytes, end); /* the size arrived without the bytes */
    }
}

/* Drops the oldest pending write. */
static void write_done(struct faulty_node *node)
{
    struct faulty_write *first = node->first;

    node->first = first->next;
    if (node->first == NULL) {
        node->last = NULL;
    }
    mem_free(first->at);
    mem_free(first);
}

static void write_add(struct faulty *disk, struct faulty_node *node, struct faulty_write write)
{
    struct faulty_write *kept = MEM_NEW(struct faulty_write);

    *kept = write;
    kept->number = ++disk->writes;
    if (node->last == NULL) {
        node->first = kept;
    } else {
        node->last->next = kept;
    }
    node->last = kept;
}

void faulty_put(struct faulty *disk, struct faulty_node *node, uint64_t offset, struct str bytes)
{
    if (bytes.bytes > 0) {
        bytes_put(&node->now, offset, bytes.at, bytes.bytes);
        write_add(disk, node, (struct faulty_write){.offset = offset, .bytes = bytes.bytes,
                                                    .at = mem_dup(bytes.at, bytes.bytes)});
    }
}

void faulty_cut_to(struct faulty *disk, struct faulty_node *node, uint64_t bytes)
{
    bytes_resize(&node->now, bytes);
    write_add(disk, node, (struct faulty_write){.offset = bytes});
}

void faulty_sync_bytes(struct faulty_node *node, uint64_t last)
{
    while (node->first != NULL && node->first->number <= last) {
        apply_whole(&node->durable, node->first);
        write_done(node);
    }
}

void faulty_spoil(struct faulty *disk, struct faulty_node *node)
{
    while (node->first != NULL) {
        uint64_t luck = rand_below(&disk->rand, 3);

        if (luck == 0 || (luck == 1 && node->first->at == NULL)) {
            apply_whole(&node->durable, node->first);
        } else if (luck == 1) {
            apply_torn(disk, &node->durable, node->first);
        }
        write_done(node);
    }
}

uint64_t faulty_used(const struct faulty *disk)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < disk->now.count; i++) {
        bytes += disk->now.items[i].node == NULL ? 0 : disk->now.items[i].node->now.bytes;
    }
    return bytes;
}

/* ---- nodes and names ---- */

struct faulty_node *faulty_node_hold(struct faulty_node *node)
{
    if (node != NULL) {
        node->holds++;
    }
    return node;
}

void faulty_node_drop(struct faulty_node *node)
{
    if (node == NULL) {
        return;
    }
    assert(node->holds > 0);
    if (--node->holds > 0) {
        return;
    }
    while (node->first != NULL) {
        write_done(node);
    }
    mem_free(node->now.at);
    mem_free(node->durable.at);
    mem_free(node);
}

static char *copy(const char *text)
{
    return text == NULL ? NULL : mem_dup(text, strlen(text));
}

static bool same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

struct faulty_name *faulty_find(struct faulty_names *names, const char *path)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i].path, path) == 0) {
            return &names->items[i];
        }
    }
    return NULL;
}

static void unname(struct faulty_names *names, const char *path)
{
    struct faulty_name *name = faulty_find(names, path);

    if (name != NULL) {
        faulty_node_drop(name->node);
        mem_free(name->path);
        *name = names->items[--names->count];
    }
}

static void set_name(struct faulty_names *names, const char *path, struct faulty_node *node)
{
    (void)faulty_node_hold(node);
    unname(names, path);
    names->items = mem_grow(names->items, (names->count + 1) * sizeof(names->items[0]));
    names->items[names->count++] = (struct faulty_name){mem_dup(path, strlen(path)), node};
}

static void names_done(struct faulty_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        faulty_node_drop(names->items[i].node);
        mem_free(names->items[i].path);
    }
    mem_free(names->items);
    *names = (struct faulty_names){NULL, 0};
}

bool faulty_is_dir(struct faulty *disk, const char *path)
{
    const struct faulty_name *name = faulty_find(&disk->now, path);

    return strcmp(path, "/") == 0 || strcmp(path, ".") == 0 || (name != NULL && name->node == NULL);
}

char *faulty_dir_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL) {
        return mem_dup(".", 1);
    }
    return slash == path ? mem_dup("/", 1) : mem_dup(path, (size_t)(slash - path));
}

const char *faulty_name_in(const char *path, const char *dir)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    char *above = faulty_dir_of(path);
    bool inside = strcmp(above, dir) == 0;

    mem_free(above);
    return inside ? name : NULL;
}

void faulty_make_dir(struct faulty *disk, const char *path)
{
    for (size_t end = 1; path[end - 1] != '\0'; end++) {
        if (path[end] == '/' || path[end] == '\0') {
            char *dir = mem_dup(path, end);

            if (!faulty_is_dir(disk, dir)) {
                set_name(&disk->now, dir, NULL);
            }
            mem_free(dir);
        }
    }
}

/* ---- changes of names ---- */

static void change_apply(struct faulty_names *names, const struct faulty_change *change)
{
    if (change->from != NULL) {
        unname(names, change->from);
    }
    if (change->to != NULL) {
        set_name(names, change->to, change->node);
    }
}

static void change_done(struct faulty_change *change)
{
    faulty_node_drop(change->node);
    mem_free(change->dir);
    mem_free(change->from);
    mem_free(change->to);
}

void faulty_change_name(struct faulty *disk, const char *from, const char *to,
                        struct faulty_node *node)
{
    struct faulty_change *change;

    disk->changes =
        mem_grow(disk->changes, (disk->change_count + 1) * sizeof(disk->changes[0]));
    change = &disk->changes[disk->change_count++];
    *change = (struct faulty_change){
        .dir = faulty_dir_of(to != NULL ? to : from),
        .from = copy(from),
        .to = copy(to),
        .node = faulty_node_hold(node),
    };
    change_apply(&disk->now, change);
}

/* Whether the later change means something else without the earlier one. */
static bool stands_on(const struct faulty_change *later, const struct faulty_change *earlier)
{
    return later->node == earlier->node || same(later->from, earlier->from) ||
           same(later->from, earlier->to) || same(later->to, earlier->from) ||
           same(later->to, earlier->to);
}

/* The chosen changes become durable; the rest stays pending, or is dropped. */
static void changes_apply(struct faulty *disk, bool drop_rest)
{
    size_t kept = 0;

    for (size_t i = 0; i < disk->change_count; i++) {
        struct faulty_change *change = &disk->changes[i];

        if (change->chosen) {
            change_apply(&disk->durable, change);
        }
        if (change->chosen || drop_rest) {
            change_done(change);
        } else {
            disk->changes[kept++] = *change;
        }
    }
    disk->change_count = kept;
}

void faulty_sync_names(struct faulty *disk, const char *dir)
{
    for (size_t i = disk->change_count; i-- > 0;) {
        struct faulty_change *change = &disk->changes[i];

        change->chosen = strcmp(change->dir, dir) == 0;
        for (size_t j = i + 1; !change->chosen && j < disk->change_count; j++) {
            change->chosen = disk->changes[j].chosen && stands_on(&disk->changes[j], change);
        }
    }
    changes_apply(disk, false);
}

/* ---- power ---- */

static void settle_names(struct faulty *disk)
{
    for (size_t i = 0; i < disk->change_count; i++) {
        struct faulty_change *change = &disk->changes[i];

        change->chosen = rand_below(&disk->rand, 2) == 0;
        for (size_t j = 0; change->chosen && j < i; j++) {
            change->chosen = disk->changes[j].chosen || !stands_on(change, &disk->changes[j]);
        }
    }
    changes_apply(disk, true);
}

/* Now becomes durable; directories stay. */
static void restore_names(struct faulty *disk)
{
    size_t kept = 0;

    for (size_t i = 0; i < disk->now.count; i++) {
        struct faulty_name *name = &disk->now.items[i];

        if (name->node == NULL) {
            disk->now.items[kept++] = *name;
        } else {
            faulty_node_drop(name->node);
            mem_free(name->path);
        }
    }
    disk->now.count = kept;
    for (size_t i = 0; i < disk->durable.count; i++) {
        set_name(&disk->now, disk->durable.items[i].path, disk->durable.items[i].node);
    }
}

void faulty_settle(struct faulty *disk)
{
    settle_names(disk);
    for (size_t i = 0; i < disk->durable.count; i++) {
        struct faulty_node *node = disk->durable.items[i].node;

        faulty_spoil(disk, node);
        node->locked = false;
        bytes_resize(&node->now, 0);
        bytes_put(&node->now, 0, node->durable.at, node->durable.bytes);
    }
    restore_names(disk);
}

void faulty_disk_done(struct faulty *disk)
{
    for (size_t i = 0; i < disk->change_count; i++) {
        change_done(&disk->changes[i]);
    }
    mem_free(disk->changes);
    names_done(&disk->now);
    names_done(&disk->durable);
}
