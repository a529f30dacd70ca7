/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of the operating system. O_DIRECT is tried when asked for and quietly left out where the
 * file system refuses it (tmpfs); then align is 1.
 */
#include "base/mem.h"
#include "sys/file.h"
#include "sys/log.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define DIRECT_ALIGN 4096

struct real_file {
    struct file file; /* first */
    int fd;
};

static int fd_of(const struct file *file)
{
    return ((const struct real_file *)(const void *)file)->fd;
}

static status failed(const char *what, const char *path)
{
    int error = errno;

    if (error == ENOENT) {
        return &ERR_NOT_FOUND;
    }
    if (error == EEXIST) {
        return &ERR_EXISTS;
    }
    if (error == ENOSPC || error == EDQUOT) {
        return &ERR_FULL;
    }
    log_write(LOG_ERROR, "file", "%s %s: %s", what, path, strerror(error));
    return &ERR_IO;
}

static int open_flags(int mode)
{
    int flags = O_CLOEXEC;

    if ((mode & FILE_WRITE) == 0) {
        return flags | O_RDONLY;
    }
    flags |= O_RDWR | O_CREAT;
    return (mode & FILE_NEW) != 0 ? flags | O_EXCL : flags;
}

static status real_open(void *ctx, const char *path, int mode, struct file **ret_file)
{
    bool direct = (mode & FILE_DIRECT) != 0;
    struct real_file *real;
    int fd = open(path, open_flags(mode) | (direct ? O_DIRECT : 0), 0600);

    (void)ctx;
    if (fd < 0 && direct && errno == EINVAL) {
        direct = false;
        /* The refused attempt may have made the file. */
        fd = open(path, open_flags(mode) & ~O_EXCL, 0600);
    }
    if (fd < 0) {
        return failed("opening", path);
    }
    if ((mode & FILE_LOCK) != 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return errno == EWOULDBLOCK ? &ERR_BUSY : failed("locking", path);
    }
    real = MEM_NEW(struct real_file);
    real->file.files = files_real();
    real->file.align = direct ? DIRECT_ALIGN : 1;
    real->fd = fd;
    *ret_file = &real->file;
    return OK;
}

static void real_close(struct file *file)
{
    close(fd_of(file));
    mem_free(file);
}

static status real_read(struct file *file, uint64_t offset, void *at, size_t bytes,
                        size_t *ret_bytes)
{
    size_t done = 0;

    while (done < bytes) {
        ssize_t got = pread(fd_of(file), (char *)at + done, bytes - done, (off_t)(offset + done));

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return failed("reading", "a file");
        }
        done += (size_t)got;
        if (got == 0 || (file->align > 1 && done % file->align != 0)) {
            break; /* the end of the file */
        }
    }
    *ret_bytes = done;
    return OK;
}

static status real_write(struct file *file, uint64_t offset, const void *at, size_t bytes)
{
    size_t done = 0;

    while (done < bytes) {
        ssize_t put = pwrite(fd_of(file), (const char *)at + done, bytes - done,
                             (off_t)(offset + done));

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return failed("writing", "a file");
        }
        done += (size_t)put;
    }
    return OK;
}

static status real_sync(struct file *file)
{
    return fdatasync(fd_of(file)) == 0 ? OK : failed("syncing", "a file");
}

static status real_resize(struct file *file, uint64_t bytes)
{
    return ftruncate(fd_of(file), (off_t)bytes) == 0 ? OK : failed("resizing", "a file");
}

static status real_size(struct file *file, uint64_t *ret_bytes)
{
    struct stat about;

    if (fstat(fd_of(file), &about) != 0) {
        return failed("looking at", "a file");
    }
    *ret_bytes = (uint64_t)about.st_size;
    return OK;
}

static status real_rename(void *ctx, const char *from, const char *to)
{
    (void)ctx;
    return rename(from, to) == 0 ? OK : failed("renaming", from);
}

static status real_remove(void *ctx, const char *path)
{
    (void)ctx;
    return unlink(path) == 0 ? OK : failed("removing", path);
}

/* Makes the directory and those above it. */
static status make_dirs(const char *path)
{
    char *copy = mem_dup(path, strlen(path));
    status made = OK;

    for (char *at = copy + 1; made == OK; at++) {
        char ended = *at;

        if (ended != '/' && ended != '\0') {
            continue;
        }
        *at = '\0';
        if (mkdir(copy, 0700) != 0 && errno != EEXIST) {
            made = failed("making directory", path);
        }
        *at = ended;
        if (ended == '\0') {
            break;
        }
    }
    mem_free(copy);
    return made;
}

static status real_dir(void *ctx, const char *path, void (*each)(void *arg, const char *name),
                       void *arg)
{
    struct dirent *entry;
    DIR *dir;

    (void)ctx;
    if (each == NULL) {
        return make_dirs(path);
    }
    dir = opendir(path);
    if (dir == NULL) {
        return failed("listing", path);
    }
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            each(arg, entry->d_name);
        }
    }
    closedir(dir);
    return OK;
}

static status real_sync_dir(void *ctx, const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    status synced;

    (void)ctx;
    if (fd < 0) {
        return failed("opening", path);
    }
    synced = fsync(fd) == 0 ? OK : failed("syncing", path);
    close(fd);
    return synced;
}

static status real_space(void *ctx, const char *path, uint64_t *ret_bytes)
{
    struct statvfs about;

    (void)ctx;
    if (statvfs(path, &about) != 0) {
        return failed("looking at", path);
    }
    *ret_bytes = (uint64_t)about.f_bavail * about.f_frsize;
    return OK;
}

const struct files *files_real(void)
{
    static const struct files files = {
        .ctx = NULL,
        .open = real_open,
        .close = real_close,
        .read = real_read,
        .write = real_write,
        .sync = real_sync,
        .resize = real_resize,
        .size = real_size,
        .rename = real_rename,
        .remove = real_remove,
        .dir = real_dir,
        .sync_dir = real_sync_dir,
        .space = real_space,
    };

    return &files;
}
