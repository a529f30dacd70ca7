/* SPDX-License-Identifier: Apache-2.0
 *
 * What a call is about to change. A handler checks everything first, then stages its changes here;
 * when it returns OK they become one journal entry, and are applied as one. A handler that fails
 * has staged nothing (asserted).
 *
 * Reading goes through the txn too, so that a call sees what it staged itself: txn_get and txn_scan
 * put the staged keys over the store's.
 */
#ifndef WEIR_CELL_TXN_H
#define WEIR_CELL_TXN_H

#include "base/arena.h"
#include "base/buf.h"
#include "store/key.h"
#include "store/store.h"

#define TXN_CHANGES_MAX 65000 /* staged by one call */

struct txn;

/* Keys and values must live until the call ends (its arena, or longer). */
void txn_put(struct txn *txn, struct str key, struct str value);
/* The same for a record written into a buffer, within its bounds: copied, the buffer done with. */
void txn_put_packed(struct txn *txn, struct str key, struct buf *packed);
void txn_delete(struct txn *txn, struct str key);
/* The value as this call sees it; false when there is none. */
bool txn_get(struct txn *txn, struct str key, struct str *ret_value);

/* Keys in [from, to) as this call sees them; pairs are valid until the next step. */
struct txn_scan;
struct txn_scan *txn_scan(struct txn *txn, struct str from, struct str to, bool descending);
bool txn_scan_next(struct txn_scan *scan, struct str *ret_key, struct str *ret_value);
void txn_scan_close(struct txn_scan *scan);
/* All keys that start with prefix, ascending. */
struct txn_scan *txn_scan_prefix(struct txn *txn, struct str prefix);

/* Deletes the keys in a span, at most *left of them, which it counts down; true: none is left. The
 * mark says where the last step of the same sweep stopped: the store would step over all that was
 * deleted behind the span's begin, and the sweep take quadratic time. Nothing may be
 * put there before the sweep has ended. A mark begins as zeros. */
struct txn_mark {
    char *key;        /* the last that was deleted, owned; NULL: at the begin */
    size_t key_bytes; /* of it */
};
struct txn_span {
    struct str from, to; /* [from, to) */
};
bool txn_sweep(struct txn *txn, struct txn_span span, struct txn_mark *mark, size_t *left);
struct txn_span txn_below(struct txn *txn, struct str prefix); /* all that start with it */
void txn_mark_done(struct txn_mark *mark); /* back at the begin; frees what it holds */

/* Logs. A new log's number; the sequence an append will have (the log's last + 1, counting what
 * this call staged). at_ms may not be before the log's newest. */
uint64_t txn_log_make(struct txn *txn);
uint64_t txn_log_append(struct txn *txn, uint64_t log, int64_t at_ms, struct str data);
/* The same for a record that is head and data one after the other: large data need not be copied
 * to stand behind its head. Both must live until the call ends. */
uint64_t txn_log_append_headed(struct txn *txn, uint64_t log, int64_t at_ms, struct str head,
                               struct str data);
/* The log as committed: what this call staged is not in it yet. */
struct log_state txn_log_state(struct txn *txn, uint64_t log);
/* As logs_read(); data lies in the call's arena. */
status txn_log_read(struct txn *txn, const struct log_range *range, struct log_record *ret_records,
                    size_t *ret_count);
/* First record at or after that moment; the last + 1 when there is none. */
status txn_log_seek(struct txn *txn, uint64_t log, int64_t at_ms, uint64_t *ret_sequence);
void txn_log_trim(struct txn *txn, uint64_t log, uint64_t before_sequence);
void txn_log_drop(struct txn *txn, uint64_t log);

/* Blobs that were finished outside the cell. */
void txn_blob_keep(struct txn *txn, struct str id);
void txn_blob_drop(struct txn *txn, struct str id);

/* Whether this call has staged that. */
bool txn_keeps_blob(const struct txn *txn, struct str id);

/* Changes that may still be staged: what sweeps many things stops before it runs out. */
size_t txn_room(const struct txn *txn);
/* Bytes that it has staged: what causes much puts the rest off, for an entry has its limit. */
size_t txn_bytes(struct txn *txn);

/* For the cell. */
struct txn *txn_new(struct store *store, struct arena *arena);
bool txn_empty(const struct txn *txn);
/* Commits what is staged as the given entry (whose changes it fills in). Its position. */
uint64_t txn_commit(struct txn *txn, struct entry *entry);

#endif
