/* SPDX-License-Identifier: Apache-2.0
 *
 * Logs: append-only lists of records (a Kinesis shard, a table's stream, an archive, traces). A
 * record has a sequence (1, 2, 3, … without gaps within its log), a moment that never goes back,
 * and bytes. The newest are in memory; a spill thread writes older ones to segment files per log,
 * synced at checkpoints, with a sparse index by sequence and by time. All derived from the journal:
 * after a crash, what was not in a checkpoint is appended again.
 *
 * Appending, trimming and dropping happen in the cell, by one thread at a time; so does reading.
 * Memory for tails of all logs together is bounded: an append beyond it waits for the spill.
 *
 * Formats, byte by byte: log_format.h.
 */
#ifndef WEIR_STORE_LOG_H
#define WEIR_STORE_LOG_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "sys/file.h"

#define LOG_RECORD_BYTES_MAX (16u * 1024 * 1024)

struct logs;

struct logs_options {
    const struct files *files;  /* where segments live */
    const char *dir;            /* DIR/logs */
    uint64_t memory_bytes_max;  /* of all tails: default 64 MiB */
    uint64_t segment_bytes;     /* of one segment file: default 32 MiB */
    bool thread;                /* start the spill thread; without it spilling is inline */
};

struct log_record {
    uint64_t sequence; /* in its log */
    int64_t at_ms;     /* when */
    struct str data;   /* copied into the reader's arena */
};

/* What is known of a log; all zero when it has no records. */
struct log_state {
    uint64_t first;     /* sequence of the oldest record kept; last + 1 when all are trimmed */
    uint64_t last;      /* of the newest ever; 0: none yet */
    int64_t last_at_ms; /* moment of the newest */
    uint64_t bytes;     /* of records kept, about */
};

/* Opens what the checkpoint at `position` left; anything newer in the files is cut. */
status logs_open(const struct logs_options *options, uint64_t position, struct why *why,
                 struct logs **ret_logs);
void logs_close(struct logs *logs);

/* A log begins by being made; making one that is there is passed over (recovery). */
void logs_make(struct logs *logs, uint64_t log);
uint64_t logs_highest(const struct logs *logs); /* largest number ever made, dropped ones too */

/* The log exists. sequence must be last + 1; at_ms not before the newest.
 * An append of a sequence that is there already is passed over (recovery). */
void logs_append(struct logs *logs, uint64_t log, uint64_t sequence, int64_t at_ms,
                 struct str data);
/* The same for a record that begins with head and goes on with its data: one copy instead of two
 * for whoever has them in different places. */
void logs_append_headed(struct logs *logs, uint64_t log, struct str head,
                        const struct log_record *record);
void logs_trim(struct logs *logs, uint64_t log, uint64_t before_sequence);
void logs_drop(struct logs *logs, uint64_t log);

struct log_state logs_state(struct logs *logs, uint64_t log);

/* What to read of a log. */
struct log_range {
    uint64_t log;       /* which */
    uint64_t from;      /* first sequence */
    size_t count_max;   /* records at most */
    uint64_t bytes_max; /* of data at most, but at least one record */
};

/* Records from range->from (or the oldest kept, if later) on; fewer at the end of the log.
 * ret_records has room for range->count_max. */
status logs_read(struct logs *logs, const struct log_range *range, struct arena *arena,
                 struct log_record *ret_records, size_t *ret_count);
/* Sequence of the first record at or after that moment (last + 1 when there is none). */
status logs_seek_time(struct logs *logs, uint64_t log, int64_t at_ms, uint64_t *ret_sequence);

/* In the cell: what is to be on disk for a checkpoint at `position`; then, on any thread outside:
 * writes, syncs and notes it. */
void logs_checkpoint_begin(struct logs *logs, uint64_t position);
status logs_checkpoint_wait(struct logs *logs);
/* After the store noted that position durably, on the same thread: files that only earlier
 * checkpoints needed (trimmed, dropped) go. */
void logs_checkpoint_noted(struct logs *logs);

status logs_fsck(const struct files *files, const char *dir,
                 void (*report)(void *arg, const char *line), void *arg, uint64_t *ret_records);

#endif
