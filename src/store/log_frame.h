/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames as bytes, and the few segment files that are kept open. Format: log_format.h.
 */
#ifndef WEIR_STORE_LOG_FRAME_H
#define WEIR_STORE_LOG_FRAME_H

#include "base/buf.h"
#include "base/error.h"
#include "store/log_format.h"

#include <stdbool.h>
#include <stddef.h>

struct file;
struct logs;

#define LOG_FILES_MAX 16                /* kept open for reading; as many for writing */

/* Open segment files, the least recently used is closed first. */
struct log_files {
    struct {
        struct file *file;   /* NULL: empty */
        uint64_t log;        /* whose segment */
        uint64_t used;       /* tick of its last use */
        uint32_t segment;    /* its number */
    } open[LOG_FILES_MAX];   /* in no order */
    uint64_t tick;           /* counts uses */
};

#define LOG_PATH_BYTES_MAX 4096
void log_frame_put(const struct log_frame *frame, struct buf *out);
/* The header alone; false when it is not one. */
bool log_frame_get(const char at[LOG_FRAME_HEADER_BYTES], struct log_frame *ret_frame);
/* Checksum, slots ascending and ending with the data: NULL, or what is wrong. */
const char *log_frame_fault(const struct log_frame *frame, const char *body);
/* A file from the set, opened when it is not there yet. */
status log_files_get(struct log_files *set, const struct logs *logs, uint64_t log,
                     uint32_t segment, struct file **ret_file);
void log_files_forget(struct log_files *set, uint64_t log, uint32_t segment);
void log_files_close(struct log_files *set);

#endif
