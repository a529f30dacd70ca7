/* SPDX-License-Identifier: Apache-2.0
 *
 * Insides of the store: what store.c, recovery.c and fsck.c share.
 */
#ifndef WEIR_STORE_STORE_INT_H
#define WEIR_STORE_STORE_INT_H

#include "base/buf.h"
#include "store/kv_int.h"
#include "store/log_int.h"
#include "store/store.h"

#include <stdatomic.h>

#define STORE_FORMAT 2u                   /* of the data directory: DIR/format */
#define STORE_PATH_BYTES_MAX 4096
#define STORE_CACHE_BYTES (UINT64_C(128) << 20)
#define STORE_CHECKPOINT_BYTES_DEFAULT (UINT64_C(256) << 20)
#define STORE_KEEP_BYTES_DEFAULT (UINT64_C(10) << 30)
#define STORE_KEEP_MS_DEFAULT (7 * INT64_C(86400000))
/* Of the index, not flushed: a checkpoint is asked for; and nothing more is admitted. */
#define STORE_DIRTY_BYTES_WANTED (UINT64_C(128) << 20)
#define STORE_DIRTY_BYTES_MAX (UINT64_C(1) << 30)
/* So many blobs waiting to be removed ask for a checkpoint too. */
#define STORE_UNBLOBS_WANTED 256

/* Ids of blobs that nobody needs any more, BLOB_ID_BYTES each. */
struct blob_ids {
    char *at;       /* the digits */
    size_t count;   /* of ids */
    size_t room;    /* of ids, allocated */
};

struct store {
    struct store_options options;    /* dir is our own copy */
    char *dir;                       /* DIR */
    struct file *lock;               /* DIR/weir.lock */
    struct journal *journal;         /* the truth */
    struct kv *kv;                   /* the index */
    struct logs *logs;               /* the records */
    struct blobs *blobs;             /* large bodies */
    struct store_recovery recovery;  /* what opening did */
    struct buf scratch;              /* small pieces of an entry being written */
    struct str *parts;               /* of it */
    size_t part_room;                /* allocated */
    struct kv_write *writes;         /* of the entry, or of recovery's batch */
    size_t write_count;              /* of them */
    size_t write_room;               /* allocated */
    struct arena *keys;              /* keys of blobs; keys and values of recovery's batch */
    uint64_t log_next;               /* number that store_log_new gives next */
    uint64_t noted;                  /* position in DIR/checkpoint; 0: none */
    uint64_t since_bytes;            /* of the journal since the last checkpoint_begin */
    uint64_t checkpoint;             /* position of the one under way */
    atomic_bool under_way;           /* between begin and the end of wait */
    struct blob_ids unblobs;         /* since the last checkpoint_begin */
    struct blob_ids removing;        /* of the checkpoint under way */
};

/* store.c */
/* DIR/name; fails an assert when it is too long. */
void store_path(const char *dir, const char *name, char out[STORE_PATH_BYTES_MAX]);
/* The index's part of a change is added to store->writes; its keys and values live in the entry. */
void store_stage_index(struct store *store, uint64_t position, const struct change *change);
void store_apply_index(struct store *store, uint64_t position);
void store_apply_logs(struct store *store, const struct entry *entry);
void store_blob_ids_add(struct blob_ids *ids, struct str id);
struct str store_blob_key(struct arena *arena, struct str id);

/* store_files.c */
/* ERR_VERSION, ERR_CORRUPT; makes the file in a new directory unless read_only. */
status store_format_check(const struct files *files, const char *dir, bool read_only,
                          struct why *why);
/* 0 when there is none. ERR_CORRUPT. */
status store_note_read(const struct files *files, const char *dir, struct why *why,
                       uint64_t *ret_position);
status store_note_write(const struct files *files, const char *dir, uint64_t position);

/* recovery.c */
status store_recover(struct store *store, struct why *why);
/* Blobs that no entry published go. */
status store_sweep(struct store *store, struct why *why);

#endif
