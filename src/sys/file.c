/* SPDX-License-Identifier: Apache-2.0
 *
 * The thin callers of a backing, and what every caller of every backing has to keep to: a direct
 * file's offsets, sizes and addresses are aligned, or it is our own bug.
 */
#include "sys/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static void check_aligned(const struct file *file, uint64_t offset, const void *at, size_t bytes)
{
    assert(offset % file->align == 0);
    assert((uintptr_t)at % file->align == 0);
    assert(bytes % file->align == 0);
}

status file_open(const struct files *files, const char *path, int mode, struct file **ret_file)
{
    assert((mode & (FILE_READ | FILE_WRITE)) != 0);
    assert((mode & FILE_NEW) == 0 || (mode & FILE_WRITE) != 0);
    return files->open(files->ctx, path, mode, ret_file);
}

void file_close(struct file *file)
{
    if (file != NULL) {
        file->files->close(file);
    }
}

status file_read(struct file *file, uint64_t offset, void *at, size_t bytes, size_t *ret_bytes)
{
    check_aligned(file, offset, at, bytes);
    return file->files->read(file, offset, at, bytes, ret_bytes);
}

status file_write(struct file *file, uint64_t offset, const void *at, size_t bytes)
{
    check_aligned(file, offset, at, bytes);
    return file->files->write(file, offset, at, bytes);
}

status file_sync(struct file *file)
{
    return file->files->sync(file);
}

status file_resize(struct file *file, uint64_t bytes)
{
    return file->files->resize(file, bytes);
}

status file_size(struct file *file, uint64_t *ret_bytes)
{
    return file->files->size(file, ret_bytes);
}

int handle_dup(int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

void handle_close(int fd)
{
    (void)close(fd);
}

size_t handle_read(int fd, uint64_t offset, void *at, size_t bytes)
{
    ssize_t got;

    do {
        got = pread(fd, at, bytes, (off_t)offset);
    } while (got < 0 && errno == EINTR);
    return got < 0 ? 0 : (size_t)got;
}

void file_prefetch(struct file *file, uint64_t offset, uint64_t bytes)
{
    if (file->fd >= 0) {
        (void)readahead(file->fd, (off_t)offset, (size_t)bytes);
    }
}
