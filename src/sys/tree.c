/* SPDX-License-Identifier: Apache-2.0
 *
 * Trees of files. A name is followed part by part, each opened in the folder before it and never
 * through a link. The folder of the last name stays open, for archives are in order of folders;
 * that is safe because a folder, once made, is never taken away (links and files are).
 */
#include "sys/tree.h"

#include "base/mem.h"
#include "sys/file.h"
#include "sys/log.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define WALK_HANDLES 32

struct tree {
    int root;                          /* the folder */
    int folder;                        /* that of the last name; -1: none */
    char folder_name[TREE_NAME_BYTES_MAX]; /* its name, zero-ended */
    int file;                          /* being written; -1: none */
};

static status refused(const char *what, const char *path)
{
    int error = errno;

    if (error == ENOSPC || error == EDQUOT) {
        return &ERR_FULL;
    }
    log_write(LOG_ERROR, "tree", "%s %s: %s", what, path, strerror(error));
    return &ERR_IO;
}

/* ---- names ---- */

bool tree_name_good(struct str name)
{
    struct str rest = name;

    if (name.bytes == 0 || name.bytes >= TREE_NAME_BYTES_MAX ||
        memchr(name.at, 0, name.bytes) != NULL) {
        return false;
    }
    while (rest.at != NULL) {
        struct str part = str_split(&rest, '/');

        if (part.bytes == 0 || part.bytes > 255 || str_eq(part, STR(".")) ||
            str_eq(part, STR(".."))) {
            return false;
        }
    }
    return true;
}

bool tree_link_good(struct str name, struct str to)
{
    struct str rest = name;
    size_t depth = 0;

    if (to.bytes == 0 || to.bytes >= TREE_NAME_BYTES_MAX || to.at[0] == '/' ||
        memchr(to.at, 0, to.bytes) != NULL) {
        return false;
    }
    while (rest.at != NULL) {
        depth += str_split(&rest, '/').bytes > 0;
    }
    depth--; /* the folder that it is in */
    for (rest = to; rest.at != NULL;) {
        struct str part = str_split(&rest, '/');

        if (str_eq(part, STR("..")) && depth-- == 0) {
            return false;
        }
        depth += part.bytes > 0 && !str_eq(part, STR(".")) && !str_eq(part, STR(".."));
    }
    return true;
}

static void zero_ended(struct str s, char out[TREE_NAME_BYTES_MAX])
{
    memcpy(out, s.at, s.bytes);
    out[s.bytes] = 0;
}

/* ---- folders ---- */

status tree_open(const char *path, struct tree **ret_tree)
{
    const struct files *files = files_real();
    struct tree *tree;
    int root;

    TRY(files->dir(files->ctx, path, NULL, NULL));
    root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) {
        return refused("open", path);
    }
    (void)fchmod(root, 0755); /* workers are other users */
    tree = MEM_NEW(struct tree);
    tree->root = root;
    tree->folder = -1;
    tree->file = -1;
    *ret_tree = tree;
    return OK;
}

static void close_one(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

void tree_close(struct tree *tree)
{
    if (tree == NULL) {
        return;
    }
    close_one(&tree->file);
    close_one(&tree->folder);
    close_one(&tree->root);
    mem_free(tree);
}

status tree_sync(struct tree *tree)
{
    return syncfs(tree->root) == 0 ? OK : refused("sync", "a tree");
}

/* The folder of that name in another, made where there is none; what else has its name goes. */
static int step_into(int parent, const char *part)
{
    int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(parent, part, flags);

    if (fd >= 0) {
        return fd;
    }
    if (errno == ENOTDIR || errno == ELOOP) {
        (void)unlinkat(parent, part, 0);
    } else if (errno != ENOENT) {
        return -1;
    }
    return mkdirat(parent, part, 0755) == 0 ? openat(parent, part, flags) : -1;
}

/* The folder of that name, part by part from the root; empty: the root. */
static status walk(const struct tree *tree, struct str name, int *ret_fd)
{
    int at = openat(tree->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    while (at >= 0 && name.bytes > 0) {
        char part[TREE_NAME_BYTES_MAX];
        int next;

        zero_ended(str_split(&name, '/'), part);
        next = step_into(at, part);
        if (next < 0) {
            status failed = refused("make folder", part);

            close(at);
            return failed;
        }
        close(at);
        at = next;
    }
    *ret_fd = at;
    return at >= 0 ? OK : refused("open", "a tree");
}

/* The folder that name is in becomes tree->folder. */
static status enter(struct tree *tree, struct str name, struct str *ret_last)
{
    char folder[TREE_NAME_BYTES_MAX];
    size_t end = name.bytes;

    while (end > 0 && name.at[end - 1] != '/') {
        end--;
    }
    *ret_last = str_slice(name, end, name.bytes);
    name = str_slice(name, 0, end > 0 ? end - 1 : 0);
    zero_ended(name, folder);
    if (tree->folder >= 0 && strcmp(folder, tree->folder_name) == 0) {
        return OK;
    }
    close_one(&tree->folder);
    TRY(walk(tree, name, &tree->folder));
    memcpy(tree->folder_name, folder, sizeof(folder));
    return OK;
}

/* Goes into its folder and takes away what is of that name there. */
static status make_way(struct tree *tree, struct str name, char last[TREE_NAME_BYTES_MAX])
{
    struct str part;

    if (!tree_name_good(name)) {
        return &ERR_MALFORMED;
    }
    TRY(enter(tree, name, &part));
    zero_ended(part, last);
    if (unlinkat(tree->folder, last, 0) == 0 || errno == ENOENT) {
        return OK;
    }
    return errno == EISDIR ? &ERR_MALFORMED : refused("remove", last);
}

status tree_folder(struct tree *tree, struct str name)
{
    int fd;

    if (!tree_name_good(name)) {
        return &ERR_MALFORMED;
    }
    TRY(walk(tree, name, &fd));
    close(fd);
    return OK;
}

status tree_link(struct tree *tree, struct str name, struct str to)
{
    char last[TREE_NAME_BYTES_MAX];
    char text[TREE_NAME_BYTES_MAX];

    if (!tree_link_good(name, to)) {
        return &ERR_MALFORMED;
    }
    TRY(make_way(tree, name, last));
    zero_ended(to, text);
    return symlinkat(text, tree->folder, last) == 0 ? OK : refused("link", last);
}

/* ---- files ---- */

status tree_file_begin(struct tree *tree, struct str name, bool runs)
{
    char last[TREE_NAME_BYTES_MAX];

    TRY(make_way(tree, name, last));
    tree->file = openat(tree->folder, last, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                        0600);
    if (tree->file < 0 || fchmod(tree->file, runs ? 0755 : 0644) != 0) {
        return refused("make file", last);
    }
    return OK;
}

status tree_file_add(struct tree *tree, struct str piece)
{
    while (piece.bytes > 0) {
        ssize_t wrote = write(tree->file, piece.at, piece.bytes);

        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote < 0) {
            return refused("write", "a file");
        }
        piece = str_slice(piece, (size_t)wrote, piece.bytes);
    }
    return OK;
}

status tree_file_end(struct tree *tree)
{
    close_one(&tree->file);
    return OK;
}

/* ---- whole folders ---- */

status tree_move(const char *from, const char *to)
{
    if (rename(from, to) == 0) {
        return OK;
    }
    if (errno == EEXIST || errno == ENOTEMPTY) {
        return &ERR_EXISTS;
    }
    return errno == ENOENT ? &ERR_NOT_FOUND : refused("move", from);
}

bool tree_is_there(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st;
    (void)kind;
    (void)walk;
    (void)remove(path);
    return 0;
}

void tree_remove(const char *path)
{
    (void)nftw(path, remove_one, WALK_HANDLES, FTW_DEPTH | FTW_PHYS);
}
