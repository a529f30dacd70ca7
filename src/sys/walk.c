/* SPDX-License-Identifier: Apache-2.0
 *
 * Walks. Names of a folder are read first, sorted, then visited.
 */
#include "sys/walk.h"

#include "base/mem.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define PATH_BYTES_MAX 4096

struct walk {
    size_t root_bytes;                                    /* of the folder's path, with a slash */
    void (*each)(void *arg, const struct walked *one);    /* the caller's */
    void *arg;                                            /* for it */
    size_t files;                                         /* so far */
    int depth;                                            /* folders in one another */
};

struct names {
    char **at;           /* owned */
    size_t count, room;  /* of them */
};

static status visit(struct walk *walk, const char *path);

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool names_read(const char *path, struct names *names)
{
    DIR *dir = opendir(path);
    struct dirent *one = NULL;

    if (dir == NULL) {
        return false;
    }
    while ((one = readdir(dir)) != NULL) {
        if (strcmp(one->d_name, ".") == 0 || strcmp(one->d_name, "..") == 0) {
            continue;
        }
        if (names->count == names->room) {
            names->room = names->room == 0 ? 32 : 2 * names->room;
            names->at = mem_grow(names->at, names->room * sizeof(names->at[0]));
        }
        names->at[names->count++] = mem_dup(one->d_name, strlen(one->d_name));
    }
    closedir(dir);
    if (names->count > 0) {
        qsort(names->at, names->count, sizeof(names->at[0]), by_name);
    }
    return true;
}

static void names_done(struct names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        mem_free(names->at[i]);
    }
    mem_free(names->at);
}

static status visit_folder(struct walk *walk, const char *path)
{
    struct names names = {0};
    status visited = OK;

    if (walk->depth >= WALK_DEPTH_MAX || !names_read(path, &names)) {
        return walk->depth >= WALK_DEPTH_MAX ? &ERR_LIMIT : OK;
    }
    walk->depth++;
    for (size_t i = 0; i < names.count && visited == OK; i++) {
        char below[PATH_BYTES_MAX];
        int bytes = snprintf(below, sizeof(below), "%s/%s", path, names.at[i]);

        visited = bytes > 0 && bytes < (int)sizeof(below) ? visit(walk, below) : &ERR_LIMIT;
    }
    walk->depth--;
    names_done(&names);
    return visited;
}

static void told_of(const char *path, const struct stat *about, struct walked *ret_one)
{
    *ret_one = (struct walked){
        .path = path,
        .name = str_c(path),
        .bytes = (uint64_t)about->st_size,
        .changed_ns = (int64_t)about->st_mtim.tv_sec * 1000000000 + about->st_mtim.tv_nsec,
        .runs = (about->st_mode & 0111) != 0,
    };
}

static status visit(struct walk *walk, const char *path)
{
    struct walked one;
    struct stat about;

    if (stat(path, &about) != 0) {
        return OK; /* a link to nowhere, or gone meanwhile */
    }
    if (S_ISDIR(about.st_mode)) {
        return visit_folder(walk, path);
    }
    if (!S_ISREG(about.st_mode)) {
        return OK;
    }
    if (++walk->files > WALK_FILES_MAX) {
        return &ERR_LIMIT;
    }
    told_of(path, &about, &one);
    one.name = str_slice(one.name, walk->root_bytes, one.name.bytes);
    walk->each(walk->arg, &one);
    return OK;
}

status walk_folder(const char *path, void (*each)(void *arg, const struct walked *one), void *arg)
{
    struct walk walk = {.root_bytes = strlen(path) + 1, .each = each, .arg = arg};

    return walk_is_folder(path) ? visit_folder(&walk, path) : &ERR_NOT_FOUND;
}

status walk_file(const char *path, struct walked *ret_one)
{
    struct stat about;

    if (stat(path, &about) != 0 || !S_ISREG(about.st_mode)) {
        return &ERR_NOT_FOUND;
    }
    told_of(path, &about, ret_one);
    return OK;
}

bool walk_is_folder(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}
