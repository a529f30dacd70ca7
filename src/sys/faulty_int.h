/* SPDX-License-Identifier: Apache-2.0
 *
 * The insides of the faulty disk: its two states and what lies between them. The model is
 * faulty_disk.c; the doors of struct files, faults and tests are faulty.c. Everything here is
 * called with the disk's lock held.
 */
#ifndef WEIR_SYS_FAULTY_INT_H
#define WEIR_SYS_FAULTY_INT_H

#include "sys/faulty.h"
#include "sys/rand.h"
#include "sys/thread.h"

/* The bytes of a file. */
struct faulty_bytes {
    char *at;       /* NULL before the first */
    uint64_t bytes; /* of the file */
    uint64_t room;  /* allocated */
};

/* A write or resize that no sync has covered. */
struct faulty_write {
    struct faulty_write *next; /* a later one of the same file */
    uint64_t number;           /* counts every write of the disk */
    uint64_t offset;           /* in the file; of a resize: the new size */
    uint64_t bytes;            /* how many */
    char *at;                  /* what was written; NULL: a resize */
};

/* A file's content, whatever it is called. */
struct faulty_node {
    struct faulty_bytes now;     /* what a running program reads */
    struct faulty_bytes durable; /* what is surely on the plates */
    struct faulty_write *first;  /* between the two, oldest first */
    struct faulty_write *last;   /* the newest, or NULL */
    uint32_t holds;              /* names, pending names and open files */
    bool locked;                 /* by an open file of this life */
};

struct faulty_name {
    char *path;               /* the whole of it, owned */
    struct faulty_node *node; /* held; NULL: a directory */
};

struct faulty_names {
    struct faulty_name *items; /* in no order */
    size_t count;              /* of items */
};

/* A name made, renamed or removed since the last sync_dir of its folder. */
struct faulty_change {
    char *dir;                /* whose sync_dir makes it sure */
    char *from;               /* renamed or removed; NULL: made */
    char *to;                 /* made or renamed to; NULL: removed */
    struct faulty_node *node; /* held */
    bool chosen;              /* to become durable, while that is decided */
};

struct faulty {
    struct files files;            /* its doors; ctx is the disk */
    struct lock lock;              /* guards all that follows */
    struct rand rand;              /* decides */
    struct faulty_names now;       /* what a running program sees; directories too */
    struct faulty_names durable;   /* files whose name is sure; never directories */
    struct faulty_change *changes; /* between the two, oldest first */
    size_t change_count;           /* of changes */
    uint64_t writes;               /* made so far; the newest one's number */
    uint64_t operations;           /* begun so far */
    uint64_t syncs;                /* ended so far, of files and folders */
    uint64_t fail_at;              /* the operation to fail; 0: none */
    status fail_with;              /* what it fails with */
    uint64_t cut_at_sync;          /* the sync in which power goes; 0: none */
    uint64_t space;                /* bytes that fit */
    uint32_t sync_delay_us;        /* how long a sync takes */
    uint64_t life;                 /* counts power; files of earlier lives are dead */
    bool dark;                     /* without power */
};

/* ---- names ---- */

struct faulty_name *faulty_find(struct faulty_names *names, const char *path);
bool faulty_is_dir(struct faulty *disk, const char *path);
/* The folder of a path, owned by the caller: "/" and "." where none is spelled. */
char *faulty_dir_of(const char *path);
/* Where the name of path begins when it lies directly in dir; NULL when it does not. */
const char *faulty_name_in(const char *path, const char *dir);
void faulty_make_dir(struct faulty *disk, const char *path); /* and those above it */
/* One pending change, seen at once: made (from NULL), renamed, removed (to NULL). */
void faulty_change_name(struct faulty *disk, const char *from, const char *to,
                        struct faulty_node *node);
/* The folder's changes become durable, with the earlier changes that they stand on. */
void faulty_sync_names(struct faulty *disk, const char *dir);

/* ---- bytes ---- */

struct faulty_node *faulty_node_hold(struct faulty_node *node);
void faulty_node_drop(struct faulty_node *node);
void faulty_put(struct faulty *disk, struct faulty_node *node, uint64_t offset, struct str bytes);
void faulty_cut_to(struct faulty *disk, struct faulty_node *node, uint64_t bytes);
/* Writes numbered up to last become durable. */
void faulty_sync_bytes(struct faulty_node *node, uint64_t last);
/* A failed sync: of the pending writes some arrived, and the rest is forgotten though it still can
 * be read; no later sync will save it. */
void faulty_spoil(struct faulty *disk, struct faulty_node *node);
uint64_t faulty_used(const struct faulty *disk);

/* ---- power ---- */

/* Decides what survived; that is then what there is. */
void faulty_settle(struct faulty *disk);
void faulty_disk_done(struct faulty *disk);

#endif
