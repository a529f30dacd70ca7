/* SPDX-License-Identifier: Apache-2.0
 *
 * Files: the seam between weir's storage and the operating system. Two backings: files_real() and
 * the faulty one of sys/faulty.h, which loses what was not synced, tears sectors, and fails on
 * demand. test/sys/file_test.c is the contract, run on both.
 *
 * Errors: ERR_NOT_FOUND, ERR_EXISTS, ERR_BUSY (lock), ERR_FULL (no space), ERR_IO for the rest; the
 * reason is logged where it happens. A failed sync is final: the caller must stop the process
 * (promise 5), see sys_die().
 */
#ifndef WEIR_SYS_FILE_H
#define WEIR_SYS_FILE_H

#include "base/error.h"
#include "base/str.h"

struct file;

/* How a file is opened; flags may be joined. */
enum file_mode {
    FILE_READ = 1,      /* read only, must exist */
    FILE_WRITE = 2,     /* read and write, made when missing */
    FILE_NEW = 4,       /* with FILE_WRITE: ERR_EXISTS when it is there */
    FILE_DIRECT = 8,    /* O_DIRECT where the file system has it (file_align says) */
    FILE_LOCK = 16,     /* exclusive advisory lock for as long as it is open, ERR_BUSY */
};

/* Twelve doors. Paths are plain C strings made by weir itself, never by a client. */
struct files {
    void *ctx; /* the backing's own */
    status (*open)(void *ctx, const char *path, int mode, struct file **ret_file);
    void (*close)(struct file *file);
    /* Reads up to bytes; fewer only at the end of the file. */
    status (*read)(struct file *file, uint64_t offset, void *at, size_t bytes, size_t *ret_bytes);
    /* Writes all of it; when it fails, any part of it may have arrived. */
    status (*write)(struct file *file, uint64_t offset, const void *at, size_t bytes);
    /* fdatasync: what was written before it began. Never ERR_FULL. */
    status (*sync)(struct file *file);
    status (*resize)(struct file *file, uint64_t bytes);
    status (*size)(struct file *file, uint64_t *ret_bytes);
    status (*rename)(void *ctx, const char *from, const char *to); /* replaces to */
    status (*remove)(void *ctx, const char *path);
    /* When each is NULL: makes a directory and those above it (fine when it exists; ERR_EXISTS when
     * its name is a file's); what was made is then sure. Else calls each for every name in it, in
     * no order, without "." and ".."; each may open, rename and remove. */
    status (*dir)(void *ctx, const char *path, void (*each)(void *arg, const char *name),
                  void *arg);
    status (*sync_dir)(void *ctx, const char *path);
    /* Bytes that may still be written on the file system of path. */
    status (*space)(void *ctx, const char *path, uint64_t *ret_bytes);
};

/* Every backing's struct file starts with this. */
struct file {
    const struct files *files; /* whose it is */
    uint32_t align;            /* offsets, sizes, addresses must be multiples: 1, more if DIRECT */
    int fd;                    /* the kernel's handle, for sendfile(2); -1: there is none */
};

const struct files *files_real(void);

/* Thin callers. */
status file_open(const struct files *files, const char *path, int mode, struct file **ret_file);
void file_close(struct file *file); /* NULL is fine */
status file_read(struct file *file, uint64_t offset, void *at, size_t bytes, size_t *ret_bytes);
status file_write(struct file *file, uint64_t offset, const void *at, size_t bytes);
status file_sync(struct file *file);
status file_resize(struct file *file, uint64_t bytes);
status file_size(struct file *file, uint64_t *ret_bytes);
/* Handles by themselves, for what outlives its file. A second one; -1: there is none left. */
int handle_dup(int fd);
void handle_close(int fd);
/* How much was read, at most bytes; 0 at the end, or when it cannot be read. */
size_t handle_read(int fd, uint64_t offset, void *at, size_t bytes);
/* Reads a part into the system's cache and may wait for that; nothing without a handle. */
void file_prefetch(struct file *file, uint64_t offset, uint64_t bytes);

#endif
