/* SPDX-License-Identifier: Apache-2.0
 *
 * The store of one cell: journal, index, logs and blobs as one thing that commits entries, reads
 * state, makes checkpoints, and recovers.
 *
 *   DIR/weir.lock      held while open
 *   DIR/format         "weir data 1\n": a newer number is refused by name, an older one is read
 *   DIR/checkpoint     position of the last complete checkpoint, with a checksum (renamed there)
 *   DIR/journal/       journal.h
 *   DIR/kv/            RocksDB, behind what is fresh in memory (kv.h)
 *   DIR/logs/          log.h
 *   DIR/blobs/         blob.h
 *   DIR/NAME.secret    store_secret()
 *
 * Recovery: open the index and logs as the checkpoint left them, then apply every later entry. The
 * index may be ahead of the checkpoint note (its flush was done, the note was not): entries it has
 * are applied to the logs only, and the other way round. It is never ahead of the journal; if it
 * is, the start is refused.
 *
 * Everything here is called in the cell (one thread at a time), except where it says otherwise.
 */
#ifndef WEIR_STORE_STORE_H
#define WEIR_STORE_STORE_H

#include "store/blob.h"
#include "store/entry.h"
#include "store/journal.h"
#include "store/kv.h"
#include "store/log.h"

struct store;

struct store_options {
    const struct files *files;   /* files_real(), or a faulty disk */
    const char *dir;             /* made when missing */
    bool memory_index;           /* kv_mem: nothing of the index survives; recovery replays all */
    bool relaxed;                /* --durability=relaxed */
    bool threads;                /* commit, spill and checkpoint threads; tests may do without */
    uint64_t keep_bytes;         /* journal window */
    int64_t keep_ms;
    uint64_t reserve_bytes;      /* 0: default */
    uint64_t checkpoint_bytes;   /* of journal since the last one; 0: default (256 MiB) */
    void (*locked)(void *arg);   /* called when the directory is ours and the rest is still to be
                                    opened, so that others may open theirs meanwhile; or NULL */
    void *locked_arg;            /* its argument */
};

struct store_recovery {
    uint64_t checkpoint;   /* position it started from */
    uint64_t entries;      /* applied after it */
    uint64_t bytes;        /* of them */
    uint64_t took_ms;
};

status store_open(const struct store_options *options, struct why *why, struct store **ret_store);
/* Syncs, makes a checkpoint, closes. */
void store_close(struct store *store);
/* For crash tests: closes everything without syncing or checkpoint. */
void store_abandon(struct store *store);
const struct store_recovery *store_recovered(const struct store *store);

struct journal *store_journal(struct store *store);
/* How long the journal is kept, when it does not grow too large before: the window within which
 * services, too, keep what is over. */
int64_t store_keep_ms(const struct store *store);
struct blobs *store_blobs(struct store *store);

/* A secret of the data directory's own, never in the journal: chance from the kernel, in a file
 * that only its owner may read. Made when missing and `make` says so, and then on the disk before
 * this returns. ERR_NOT_FOUND; ERR_CORRUPT: the file is not as it was written. */
#define STORE_SECRET_BYTES 32
status store_secret(struct store *store, const char *name, bool make,
                    uint8_t out[STORE_SECRET_BYTES], struct why *why);

/* May an entry of about that size be committed: OK or ERR_FULL. Asked before a call changes
 * anything. */
status store_admit(struct store *store, uint64_t bytes);
/* Appends the entry to the journal and applies its changes. Returns its position; durable later. */
uint64_t store_commit(struct store *store, const struct entry *entry);

/* Reading the state as committed (durable or not; answers wait at the gate). */
bool store_get(struct store *store, struct arena *arena, struct str key, struct str *ret_value);
struct kv_scan *store_scan(struct store *store, struct str from, struct str to, bool descending);
bool store_scan_next(struct kv_scan *scan, struct str *ret_key, struct str *ret_value);
void store_scan_close(struct kv_scan *scan);
struct logs *store_logs(struct store *store);
/* A log number never used before, different at each call; taken for good by a CHANGE_LOG. */
uint64_t store_log_new(struct store *store);

/* Checkpoints. The store asks for one by store_wants_checkpoint(); the cell then calls begin under
 * its lock and a thread calls wait outside it. begin first makes the journal durable. */
bool store_wants_checkpoint(const struct store *store);
void store_checkpoint_begin(struct store *store);
status store_checkpoint_wait(struct store *store);
/* Behind it, so that its memory goes: end in the cell, then clear outside. */
void store_checkpoint_end(struct store *store);
void store_checkpoint_clear(struct store *store);

/* The whole directory, nothing opened for writing: every checksum, every index against the journal.
 * ERR_CORRUPT when something is wrong; each finding is reported with its place. */
struct store_fsck {
    uint64_t entries, keys, records, blobs; /* looked at */
    uint64_t findings;
};
status store_fsck(const struct files *files, const char *dir,
                  void (*report)(void *arg, const char *line), void *arg,
                  struct store_fsck *ret_result);

#endif
