/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal: the one append-only list of changes, and the only thing that must reach the disk
 * before an answer leaves. Everything else is derived from it. It knows nothing of what an entry's
 * body means (store/entry.h does).
 *
 * Entries are numbered 1, 2, 3, … without gaps: that number is the entry's *position*. Appending
 * copies the body into the group being gathered; a group is whatever arrived during the previous
 * sync and reaches the disk in one write and one fdatasync. One thread appends at a time (the
 * cell's lock); syncing and reading are free for any thread.
 *
 * A failed write or sync ends the process (promise 5). Formats, byte by byte: journal_format.h.
 */
#ifndef WEIR_STORE_JOURNAL_H
#define WEIR_STORE_JOURNAL_H

#include "base/error.h"
#include "base/str.h"
#include "sys/file.h"

#define JOURNAL_BODY_BYTES_MAX (UINT64_C(64) * 1024 * 1024)
#define JOURNAL_PARTS_MAX 262144

struct journal;

struct journal_options {
    const struct files *files;  /* where segments live */
    const char *dir;            /* DIR/journal */
    uint64_t segment_bytes;     /* of a full-size segment: default 64 MiB; the first is smaller */
    uint64_t keep_bytes;        /* older segments are recycled beyond this … */
    int64_t keep_ms;            /* … or when their newest entry is older than this */
    uint64_t reserve_bytes;     /* disk space that stays free: default 256 MiB */
    uint64_t group_bytes_max;   /* an append waits for the sync beyond this: default 32 MiB */
    uint64_t reach_bytes;       /* what the next group may have without being announced, at least:
                                   default 4 MiB (journal_format.h) */
    bool relaxed;               /* never sync: throw-away runs */
    bool thread;                /* start the commit thread (tests may do without) */
};

/* Finds the tail: cuts a torn one, refuses a bad entry before it (ERR_CORRUPT, *why names the
 * position, segment and offset). */
status journal_open(const struct journal_options *options, struct why *why,
                    struct journal **ret_journal);
/* Syncs what is waiting, joins the thread. */
void journal_close(struct journal *journal);
/* For crash tests: frees everything and writes nothing, also after a sys_die_hook. */
void journal_abandon(struct journal *journal);

/* Position of the newest entry, appended or durable; 0 when there is none. */
uint64_t journal_last(const struct journal *journal);
uint64_t journal_durable(const struct journal *journal);
uint64_t journal_first(const struct journal *journal); /* oldest kept entry; last + 1 when empty */

/* Room for an entry of that size without touching the reserve: OK or ERR_FULL. Cheap: free space
 * is looked at when a segment is made and about once a second while it is short. */
status journal_admit(struct journal *journal, uint64_t body_bytes);
/* Appends one entry whose body is the parts one after the other; they are copied (or written)
 * before it returns. Cannot fail: a disk that does ends the process. */
uint64_t journal_append(struct journal *journal, int64_t at_ms, const struct str *parts,
                        size_t part_count);

/* Makes everything appended so far durable, on this thread, now (it may find that another thread
 * just did). */
void journal_sync(struct journal *journal);
/* There is something to sync: wakes the commit thread, or without one syncs here and now. */
void journal_wake(struct journal *journal);
/* Has writing and syncing a group taken less of late than it costs to be woken by another thread
 * when it is done? Then a thread with nothing better to do syncs by itself. Any thread may ask. */
bool journal_is_quick(const struct journal *journal);
/* hook runs on whichever thread synced, after journal_durable() moved on. At most
 * JOURNAL_HOOKS_MAX. */
#define JOURNAL_HOOKS_MAX 4
void journal_on_durable(struct journal *journal, void (*hook)(void *arg), void *arg);
/* Takes it away: once this returns it does not run any more. */
void journal_off_durable(struct journal *journal, void (*hook)(void *arg), void *arg);

/* Everything before position is in a checkpoint: segments wholly before it may be recycled once
 * they are also outside the kept window. */
void journal_release(struct journal *journal, uint64_t position);

/* Reading back, from a position on; also while others append (durable entries only). */
struct journal_reader;
struct journal_entry {
    uint64_t position; /* 1, 2, 3, … */
    int64_t at_ms;     /* as it was appended */
    struct str body;   /* until the next call */
};
status journal_read_open(struct journal *journal, uint64_t from_position, struct why *why,
                         struct journal_reader **ret_reader);
/* ERR_NOT_FOUND at the end; ERR_CORRUPT. */
status journal_read_next(struct journal_reader *reader, struct why *why,
                         struct journal_entry *ret_entry);
void journal_read_close(struct journal_reader *reader);
/* First position whose entry is at or after that moment (last + 1 when all are before). */
status journal_position_at(struct journal *journal, int64_t at_ms, uint64_t *ret_position);

/* Without opening for writing: every segment and entry is checked; report is called for each thing
 * wrong ("segment 000…3.wj, offset 8192: …"). ERR_CORRUPT when there was any. */
status journal_fsck(const struct files *files, const char *dir,
                    void (*report)(void *arg, const char *line), void *arg,
                    uint64_t *ret_entries);

/* For tests and benches: what syncing did. */
struct journal_stats {
    uint64_t groups;         /* writes */
    uint64_t syncs;          /* fdatasyncs */
    uint64_t bytes_written;  /* with padding */
};
void journal_stats(const struct journal *journal, struct journal_stats *ret_stats);

#endif
