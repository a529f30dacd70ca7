/* SPDX-License-Identifier: Apache-2.0
 *
 * The index: ordered keys and values, derived from the journal. It is changed by one thread at a
 * time (in the cell), read likewise, and flushed to disk only at a checkpoint: never in between, so
 * what is on disk is exactly the state at one journal position, which it records.
 *
 * Two backings: kv_rocks_open (a tree in memory in front of RocksDB without its log) and
 * kv_mem_open (the tree alone, which survives nothing; for tests). test/store/kv_test.c is the
 * contract.
 */
#ifndef WEIR_STORE_KV_H
#define WEIR_STORE_KV_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

struct kv;
struct kv_scan;

struct kv_write {
    struct str key;   /* not empty; its first byte is not 0 */
    struct str value; /* at NULL: delete */
};

struct kv_ops {
    void (*close)(struct kv *kv);
    /* Position up to which (at least) entries with writes are in it; from disk right after open. */
    uint64_t (*position)(struct kv *kv);
    /* All writes of an entry, as one; position is that entry's. */
    void (*apply)(struct kv *kv, uint64_t position, const struct kv_write *writes, size_t count);
    /* The value, copied into the arena; false when there is none. */
    bool (*get)(struct kv *kv, struct arena *arena, struct str key, struct str *ret_value);
    /* Keys in [from, to), ascending, or descending from just before to. What is applied while it is
     * open may show or not; the order holds, and the end comes. */
    struct kv_scan *(*scan)(struct kv *kv, struct str from, struct str to, bool descending);
    /* The next pair, valid until the next call; false at the end. */
    bool (*scan_next)(struct kv_scan *scan, struct str *ret_key, struct str *ret_value);
    void (*scan_close)(struct kv_scan *scan);
    /* In the cell, with everything up to position durable in the journal: marks the state as of
     * now, and that position, for flushing (cheap) … */
    void (*checkpoint_begin)(struct kv *kv, uint64_t position);
    /* … and, on any thread outside the cell: waits until it is on disk. */
    status (*checkpoint_wait)(struct kv *kv);
    /* Behind it, so that its memory goes: what it wrote is read from disk from now on (in the cell,
     * cheap), and what was kept of it is freed (outside). begin does both where nobody did. */
    void (*checkpoint_end)(struct kv *kv);
    void (*checkpoint_clear)(struct kv *kv);
    uint64_t (*dirty_bytes)(struct kv *kv); /* held in memory and not flushed */
};

struct kv {
    const struct kv_ops *ops; /* first in every backing's struct */
};

/* cache_bytes bounds the block cache. Opens in about 10 ms. */
status kv_rocks_open(const char *dir, uint64_t cache_bytes, struct why *why, struct kv **ret_kv);
status kv_mem_open(struct kv **ret_kv);

#endif
