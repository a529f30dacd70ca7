/* SPDX-License-Identifier: Apache-2.0
 *
 * Insides of the journal, shared by journal*.c:
 *
 *   journal.c           append, admit, release; opening and closing
 *   journal_group.c     gathering entries in memory, sealed and aligned
 *   journal_commit.c    making groups durable: the committer's role and thread
 *   journal_segment.c   segment files: made, recycled, taken into use; their thread
 *   journal_scan.c      walking the groups and entries of one segment file (journal_scan.h)
 *   journal_recover.c   finding the tail at opening
 *   journal_read.c      reading back
 *   journal_fsck.c      looking at everything
 *
 * Rules between them
 *  1. journal->lock guards every field that is not said to be otherwise. No I/O happens under it.
 *  2. One thread at a time is the committer (committing is set). It alone takes segments into use
 *     and writes groups. Group buffers swap when it starts: appends go on into the other one.
 *  3. One thread at a time makes and recycles segments (tending is set): the helper thread, or,
 *     without threads, whoever needs one.
 *  4. A reader holds its segment; segments leave oldest first, so those behind it stay too.
 *  5. journal->durable moves only after the sync returned; hooks run after that, without the lock.
 */
#ifndef WEIR_STORE_JOURNAL_INT_H
#define WEIR_STORE_JOURNAL_INT_H

#include "base/list.h"
#include "store/journal.h"
#include "store/journal_format.h"
#include "sys/rand.h"
#include "sys/thread.h"

#include <stdatomic.h>

#define JOURNAL_PATH_BYTES 4096
#define JOURNAL_MARKS 64 /* per segment: where reading may start */

/* Entries gathered for one write. */
struct group {
    char *at;             /* aligned to a block; header first; NULL while idle */
    size_t room;          /* allocated, whole blocks */
    size_t bytes;         /* used, with the header; 0: nothing gathered */
    uint64_t first;       /* position of the first entry */
    int64_t first_at_ms;  /* its moment */
    uint64_t salt;        /* seals its entries */
    uint32_t seed;        /* CRC32C of the salt */
    uint32_t count;       /* of entries */
};

/* A place inside a segment where a group begins. */
struct segment_mark {
    uint64_t offset;   /* of the group; 0: no mark */
    uint64_t position; /* of its first entry */
    int64_t at_ms;     /* moment of its first entry */
};

struct segment {
    struct link link;                         /* in journal->segments or ->spares */
    struct journal_segment_header header;     /* as on disk */
    struct segment_mark marks[JOURNAL_MARKS]; /* by 64ths of the file; what this process saw */
    struct file *file;                        /* open while spare or current, else NULL */
    uint32_t holds;                           /* readers */
};

struct journal_hook {
    void (*run)(void *arg); /* on whichever thread synced */
    void *arg;              /* its argument */
};

struct journal {
    struct journal_options options; /* with the defaults filled in; never changes */
    char *dir;                      /* of options, copied */

    _Atomic uint64_t last;    /* newest entry appended */
    _Atomic uint64_t durable; /* newest entry on disk */
    _Atomic uint64_t first;   /* oldest entry kept */
    _Atomic uint64_t took_ns; /* to write and sync a group, of late: a running mean */
    _Atomic bool wanted;      /* the commit thread was woken and has not looked yet */

    struct lock lock;    /* see rule 1 */
    struct cond moved;   /* a commit ended, or a segment became ready, or cannot */
    struct cond work;    /* for the commit thread */
    struct cond tidy;    /* for the helper thread */
    struct rand rand;    /* salts */

    struct group groups[2]; /* one fills while the other is written */
    struct group *filling;  /* the one that fills */
    char *announcement;     /* a block for the group that announces one; NULL: not yet needed */
    bool committing;        /* the role of rule 2 is taken */
    bool grown;             /* a buffer is larger than it starts: give it back when idle */
    bool stop;              /* threads end */

    struct link segments;     /* in use, oldest first; the last one is current */
    uint64_t segments_bytes;  /* of them all */
    struct link spares;       /* ready, in the order of their generations */
    struct link passed;       /* spares that were too small when their turn came: to be removed */
    struct segment *in_hand;  /* being made or recycled */
    uint64_t offset;          /* in the current segment, where the next group goes */
    uint64_t reach;           /* how large it may be without being announced */
    uint64_t generation_next; /* for the next segment made */
    uint64_t made_bytes;      /* of the newest made: sizes grow up to segment_bytes */
    uint64_t released;        /* everything before this position is in a checkpoint */
    int64_t newest_at_ms;     /* moment of the newest entry */

    uint64_t demand_bytes; /* somebody waits for a segment with so much room; 0: nobody */
    bool demand_now;       /* the committer does: the reserve may be used */
    bool tending;          /* the role of rule 3 is taken */
    bool look;             /* space may be there again: try once more */
    bool is_short;         /* there was no space for a segment beside the reserve */
    uint64_t looked_ns;    /* when an admission last asked for a try */
    uint64_t failures;     /* tries that found no space */
    uint64_t failures_now; /* of them, those that could use the reserve */

    struct journal_hook hooks[JOURNAL_HOOKS_MAX]; /* journal_on_durable */
    size_t hook_count;       /* of them */
    uint32_t hooks_running;  /* calls under way */
    uint32_t hooks_leaving;  /* who waits until none is */

    struct journal_stats stats; /* so far */
    bool threaded;              /* both threads run */
    struct thread committer;    /* journal_commit.c */
    struct thread helper;       /* journal_segment.c */
};

static inline struct segment *segment_of(struct link *link)
{
    return LINK_OWNER(link, struct segment, link);
}

/* ---- journal_group.c ---- */

/* The lock is held. How much the group would hold with an entry of that body, padded. */
uint64_t group_bytes_with(const struct group *group, uint64_t body_bytes);
/* The group's buffer grows as it must. */
void group_add(struct journal *journal, struct journal_entry_header *entry,
               const struct str *parts, size_t part_count);
/* A group without entries, for the mark of a clean stop. */
void group_begin_empty(struct journal *journal);
/* Writes the header for a place in that segment, zeros behind the entries; returns the padded
 * bytes. */
struct group_place {
    uint64_t offset; /* of the group */
    uint64_t reach;  /* bytes of the next group, at most */
};
size_t group_seal(struct group *group, const struct segment *segment, struct group_place place);
void group_clear(struct group *group);
void group_done(struct group *group); /* gives the buffer back */
bool group_is_large(const struct group *group);
uint32_t group_header_crc(const struct journal_group_header *header, uint64_t segment_salt);
uint32_t journal_seed(uint64_t salt); /* CRC32C of a salt */

/* ---- journal_commit.c ---- */

/* The lock is held. What announcing a group of that size takes of the current segment. */
static inline uint64_t journal_announce_bytes(const struct journal *journal, uint64_t bytes)
{
    return bytes > journal->reach ? JOURNAL_BLOCK_BYTES : 0;
}

/* The lock is held, and given for a while. Runs one commit, or waits for the end of the one that is
 * running; does nothing when nothing is gathered. */
void journal_commit(struct journal *journal);
void journal_commit_thread(void *arg);
/* An empty group: whatever lies before it is no longer the last write. No thread runs. */
void journal_commit_mark(struct journal *journal);

/* ---- journal_segment.c ---- */

void segment_path(const char *dir, uint64_t generation, const char *ending,
                  char path[JOURNAL_PATH_BYTES]);
/* Past the page cache where that is possible (what is written so is read so), unless relaxed. */
status segment_file_open(const struct journal_options *options, const char *path, int mode,
                         struct file **ret_file);
void segment_free(struct segment *segment); /* closes its file; NULL is fine */
/* The header block, with its checksum, written. Not synced. */
status segment_header_write(struct file *file, struct journal_segment_header *header);
/* The first of all, in use from the next position on. Before threads run. */
status segment_make_first(struct journal *journal, struct segment **ret_segment);
struct segment *segment_current(const struct journal *journal);
/* The segment in use that has, or would have, that position; NULL when it is gone. */
struct segment *segment_find(struct journal *journal, uint64_t position);
void segment_note(struct segment *segment, const struct segment_mark *mark);
/* Where to start reading for that position. */
struct segment_mark segment_seek(const struct segment *segment, uint64_t position);

/* The lock is held, and given for a while. One step of making, recycling or removing; false when
 * there is nothing to do. */
bool journal_tend(struct journal *journal);
/* Waits for (or makes) a spare with that room; false: no space. now: the reserve may be used. */
bool journal_demand(struct journal *journal, uint64_t bytes, bool now);
/* The first spare with that room; NULL when there is none. Taken, it leaves the list, and smaller
 * ones before it are removed. */
struct segment *spare_find(struct journal *journal, uint64_t bytes);
struct segment *spare_take(struct journal *journal, uint64_t bytes);
void journal_helper_thread(void *arg);

/* ---- journal_recover.c ---- */

/* Fills the lists and finds the tail. Before threads run. */
status journal_recover(struct journal *journal, struct why *why);

#endif
