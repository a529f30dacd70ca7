/* SPDX-License-Identifier: Apache-2.0
 *
 * Insides of fsck: one run, shared by fsck.c (the parts) and fsck_compare.c (against the journal).
 */
#ifndef WEIR_STORE_FSCK_INT_H
#define WEIR_STORE_FSCK_INT_H

#include "base/map.h"
#include "store/store_int.h"

#define FSCK_BLOBS_MAX 16000000u
/* Keys compared in one pass over the journal: about 100 MiB. More keys, more passes. */
#define FSCK_KEYS_PER_PASS (UINT64_C(1) << 20)
/* Of keys or records that differ; beyond it they are only counted. */
#define FSCK_LINES_MAX 1000

struct fsck_run {
    const struct files *files;                    /* where the directory is */
    const char *dir;                              /* DIR */
    void (*report)(void *arg, const char *line);  /* the caller's */
    void *arg;                                    /* for it */
    struct store_fsck result;                     /* so far */
    struct file *lock;                            /* held meanwhile; NULL: there is no lock file */
    uint64_t note;                                /* position of the checkpoint; 0: none */
    struct logs *logs;                            /* of the checkpoint, opened to read, or NULL */
    struct kv *kv;                                /* opened to read, or NULL */
    uint64_t kv_position;                         /* of it */
    struct map *blobs;                            /* files: id → &blob_good or &blob_bad */
    char blob_good, blob_bad;                     /* what the map points at */
    bool format_good;                             /* it is a data directory of ours */
    bool note_good;                               /* note was read */
    bool logs_good;                               /* logs may be read */
    bool journal_good;                            /* every entry may be read */
    char journal_dir[STORE_PATH_BYTES_MAX];       /* DIR/journal */
    char logs_dir[STORE_PATH_BYTES_MAX];          /* DIR/logs */
};

void fsck_say(struct fsck_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Oldest position kept, and the newest. */
status fsck_journal_ends(struct fsck_run *run, struct why *why, uint64_t *ret_first,
                         uint64_t *ret_last);
void fsck_compare(struct fsck_run *run);
/* Says every damaged file: where nobody knows what was published. */
void fsck_blobs_all(struct fsck_run *run);

/* fsck_journal.c: every kept entry, in order, without opening anything for writing. each returns
 * false to stop. */
status fsck_journal_each(const struct files *files, const char *dir,
                         bool (*each)(void *arg, const struct journal_entry *entry), void *arg,
                         struct why *why);

#endif
