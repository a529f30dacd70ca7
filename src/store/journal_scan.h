/* SPDX-License-Identifier: Apache-2.0
 *
 * Walking what lies on disk: one segment file (journal_scan.c), and the directory with its end
 * (journal_recover.c). Shared by opening, reading and fsck.
 */
#ifndef WEIR_STORE_JOURNAL_SCAN_H
#define WEIR_STORE_JOURNAL_SCAN_H

#include "store/journal_int.h"

/* A walk over one segment file through a window of memory. */
struct scan {
    struct file *file;                          /* the walker's */
    struct journal_segment_header header;       /* of the segment */
    struct journal_group_header group;          /* the present one */
    uint64_t offset;                            /* of what comes next */
    uint64_t next;                              /* position that comes next */
    uint64_t skip_before;                       /* groups wholly before it are stepped over */
    uint64_t reach;                             /* bytes of the next group, at most; 0: unknown */
    uint64_t reach_before;                      /* the same for the present group */
    uint32_t left;                              /* entries left in the group; 0: between groups */
    uint32_t seed;                              /* of its entries */
    char *window;                               /* what was read, aligned */
    size_t window_room;                         /* allocated */
    size_t window_bytes;                        /* valid */
    size_t ahead;                               /* how much the next read asks for */
    uint64_t window_at;                         /* its offset in the file */
};

void scan_init(struct scan *scan);
void scan_done(struct scan *scan);
/* From a place between groups. */
void scan_start(struct scan *scan, struct file *file, const struct journal_segment_header *header,
                struct segment_mark from);
void scan_forget(struct scan *scan); /* the window is no longer true */
/* Between groups: enters the next one with entries. ERR_NOT_FOUND where no group begins,
 * ERR_CORRUPT, ERR_IO. */
status scan_group(struct scan *scan, struct why *why);
/* Within a group: its next entry. ERR_CORRUPT, ERR_IO. */
status scan_entry(struct scan *scan, struct why *why, struct journal_entry *ret_entry);
/* Does any group begin in [from, to)? salted: its checksum is asked too. */
struct scan_range {
    uint64_t from; /* offset, of a block */
    uint64_t to;   /* offset, cut at the end of the file */
};
status scan_group_within(struct scan *scan, struct scan_range range, bool salted, bool *ret_found);

/* Reads and checks a header block: OK, ERR_VERSION, ERR_IO; ERR_MALFORMED: its checksum is wrong;
 * ERR_CORRUPT: it is right, but the file is not the one it describes. */
status scan_header(struct file *file, uint64_t generation, struct why *why,
                   struct journal_segment_header *ret_header);

/* ---- a whole directory, journal_recover.c ---- */

/* A segment file found in the directory. */
struct found {
    uint64_t generation;                  /* from the name */
    struct file *file;                    /* open between found_open and the next one */
    struct journal_segment_header header; /* when good */
    status good;                          /* OK, or what is wrong with the header */
    struct why why;                       /* the sentence for it */
};

struct found_list {
    const struct files *files; /* where */
    const char *dir;           /* of the journal */
    struct found *at;          /* sorted by generation */
    size_t count;              /* of them */
    size_t room;               /* allocated */
    uint64_t *making;          /* generations of .new files */
    size_t making_count;       /* of them */
    size_t making_room;        /* allocated */
};

/* Lists the directory and reads the header of every segment. */
status found_load(struct found_list *list, struct why *why);
/* Opens one segment's file for reading, and closes the one opened before: there may be more
 * segments than a process may have open files. */
status found_open(struct found_list *list, size_t index, struct why *why);
void found_done(struct found_list *list);
/* Index of the newest segment in use; count when there is none. */
size_t found_newest(const struct found_list *list);
/* Is one that is not good, or not in use, allowed where it stands? ERR_CORRUPT when not. */
status found_check(const struct found_list *list, size_t index, struct why *why);
/* Where a segment's groups end. */
struct tail {
    uint64_t entries;     /* seen */
    uint64_t offset;      /* where the next group goes */
    uint64_t next;        /* position of the next entry */
    int64_t newest_at_ms; /* moment of the newest entry seen; 0: none */
    uint64_t reach;       /* how large the next group may be; 0: as it likes */
    bool torn;            /* an incomplete group lies there */
};
/* Walks a segment to its end, from a scan that stands at its start. OK, also when a torn group lies
 * there, or ERR_CORRUPT. Groups are noted in the segment; without one (NULL) nobody waits, and all
 * that lies behind the end is looked through. */
status tail_find(struct scan *scan, struct segment *segment, struct why *why,
                 struct tail *ret_tail);

#endif
