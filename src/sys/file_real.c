/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of the operating system, by these rules:
 *
 *   1. O_DIRECT is tried when asked for and quietly left out where the file system refuses it; then
 *      align is 1. Else align is what the kernel says the file needs, or 4096 where it cannot say.
 *   2. An interrupted call is made again, a short write is gone on with.
 *   3. A failed sync is ERR_IO whatever the reason, also for want of space: the kernel may have
 *      forgotten what it could not write, so no caller may take it for a full disk and go on.
 *   4. A directory that was made here is also sure in the one above it.
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

#define DIRECT_ALIGN 4096 /* where the kernel does not say */
#define STUCK_MAX 3       /* pieces of a direct write that came to nothing */

struct real_file {
    struct file file; /* first */
    char *path;       /* as it was opened, for the log */
};

static int fd_of(const struct file *file)
{
    return file->fd;
}

static const char *path_of(const struct file *file)
{
    return ((const struct real_file *)(const void *)file)->path;
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
    log_write(LOG_ERROR, "file", "%s %s: %s", what, path, strerror(error));
    return error == ENOSPC || error == EDQUOT ? &ERR_FULL : &ERR_IO;
}

/* Rule 3. */
static status sync_fd(int fd, int (*sync)(int fd), const char *path)
{
    int synced;

    do {
        synced = sync(fd);
    } while (synced != 0 && errno == EINTR);
    if (synced != 0) {
        log_write(LOG_ERROR, "file", "syncing %s: %s", path, strerror(errno));
        return &ERR_IO;
    }
    return OK;
}

static int open_again(const char *path, int flags)
{
    int fd;

    do {
        fd = open(path, flags, 0600);
    } while (fd < 0 && errno == EINTR);
    return fd;
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

/* What a direct file's offsets, sizes and addresses must be multiples of; 1 when it is not really
 * direct. */
static uint32_t direct_align(int fd)
{
#ifdef STATX_DIOALIGN
    struct statx about;

    if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &about) == 0 &&
        (about.stx_mask & STATX_DIOALIGN) != 0) {
        uint32_t memory = about.stx_dio_mem_align;
        uint32_t offset = about.stx_dio_offset_align;

        return memory == 0 || offset == 0 ? 1 : memory > offset ? memory : offset;
    }
#else
    (void)fd;
#endif
    return DIRECT_ALIGN;
}

static status lock_fd(int fd, const char *path)
{
    int locked;

    do {
        locked = flock(fd, LOCK_EX | LOCK_NB);
    } while (locked != 0 && errno == EINTR);
    if (locked == 0) {
        return OK;
    }
    return errno == EWOULDBLOCK ? &ERR_BUSY : failed("locking", path);
}

static status real_open(void *ctx, const char *path, int mode, struct file **ret_file)
{
    bool direct = (mode & FILE_DIRECT) != 0;
    struct real_file *real;
    int fd = open_again(path, open_flags(mode) | (direct ? O_DIRECT : 0));
    status locked;

    (void)ctx;
    if (fd < 0 && direct && errno == EINVAL) {
        direct = false;
        /* The refused attempt may have made the file; it was not there before, or the first attempt
         * had said so. */
        fd = open_again(path, open_flags(mode) & ~O_EXCL);
    }
    if (fd < 0) {
        return failed("opening", path);
    }
    locked = (mode & FILE_LOCK) != 0 ? lock_fd(fd, path) : OK;
    if (locked != OK) {
        close(fd);
        return locked;
    }
    real = MEM_NEW(struct real_file);
    real->file.files = files_real();
    real->file.align = direct ? direct_align(fd) : 1;
    real->file.fd = fd;
    real->path = mem_dup(path, strlen(path));
    *ret_file = &real->file;
    return OK;
}

static void real_close(struct file *file)
{
    struct real_file *real = (struct real_file *)(void *)file;

    close(real->file.fd);
    mem_free(real->path);
    mem_free(real);
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
            return failed("reading", path_of(file));
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
    int stuck = 0;

    while (done < bytes) {
        ssize_t put = pwrite(fd_of(file), (const char *)at + done, bytes - done,
                             (off_t)(offset + done));

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return failed("writing", path_of(file));
        }
        /* A short piece's odd end is written again, from where a direct write may begin. */
        put -= put % (ssize_t)file->align;
        stuck = put == 0 ? stuck + 1 : 0;
        if (stuck == STUCK_MAX) {
            errno = EIO;
            return failed("writing", path_of(file));
        }
        done += (size_t)put;
    }
    return OK;
}

static status real_sync(struct file *file)
{
    return sync_fd(fd_of(file), fdatasync, path_of(file));
}

static status real_resize(struct file *file, uint64_t bytes)
{
    int resized;

    do {
        resized = ftruncate(fd_of(file), (off_t)bytes);
    } while (resized != 0 && errno == EINTR);
    return resized == 0 ? OK : failed("resizing", path_of(file));
}

static status real_size(struct file *file, uint64_t *ret_bytes)
{
    struct stat about;

    if (fstat(fd_of(file), &about) != 0) {
        return failed("looking at", path_of(file));
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

static status real_sync_dir(void *ctx, const char *path)
{
    int fd = open_again(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    status synced;

    (void)ctx;
    if (fd < 0) {
        return failed("opening", path);
    }
    synced = sync_fd(fd, fsync, path);
    close(fd);
    return synced;
}

/* Makes one directory; path[bytes] is its end and is put back. */
static status make_dir(char *path, size_t bytes)
{
    char ended = path[bytes];
    size_t above = bytes;
    struct stat about;
    status made = OK;

    path[bytes] = '\0';
    if (mkdir(path, 0700) == 0) {
        while (above > 0 && path[above - 1] != '/') {
            above--;
        }
        char first = path[above];

        path[above] = '\0';
        made = real_sync_dir(NULL, above == 0 ? "." : path);
        path[above] = first;
    } else if (errno != EEXIST) {
        made = failed("making directory", path);
    } else if (stat(path, &about) == 0 && !S_ISDIR(about.st_mode)) {
        made = &ERR_EXISTS; /* something else has its name */
    }
    path[bytes] = ended;
    return made;
}

/* Makes the directory and those above it. */
static status make_dirs(const char *path)
{
    size_t bytes = strlen(path);
    char *copy = mem_dup(path, bytes);
    status made = OK;

    for (size_t end = 1; made == OK && end <= bytes; end++) {
        bool is_end = copy[end] == '/' || copy[end] == '\0';

        if (is_end && copy[end - 1] != '/') {
            made = make_dir(copy, end);
        }
    }
    mem_free(copy);
    return made;
}

static status real_dir(void *ctx, const char *path, void (*each)(void *arg, const char *name),
                       void *arg)
{
    struct dirent *entry;
    int error;
    DIR *dir;

    (void)ctx;
    if (each == NULL) {
        return make_dirs(path);
    }
    dir = opendir(path);
    if (dir == NULL) {
        return failed("listing", path);
    }
    for (errno = 0; (entry = readdir(dir)) != NULL; errno = 0) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            each(arg, entry->d_name);
        }
    }
    error = errno;
    closedir(dir);
    errno = error;
    return error == 0 ? OK : failed("listing", path);
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
