/* SPDX-License-Identifier: Apache-2.0
 *
 * Staging. Changes are kept in order; the newest change of a key is found by a small
 * open-addressing table once there are more than a few. Invariants: `changes` only grows; `slots`
 * (when made) holds 1 + the index of the newest PUT or DELETE of each key; appends of a log have
 * ascending sequences.
 */
#include "cell/txn.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

#define LINEAR_MAX 12 /* below it a walk backwards is faster than a table */

struct txn {
    struct store *store;    /* what is under it */
    struct arena *arena;    /* of the call */
    struct change *changes; /* staged, in order */
    size_t count, room;     /* of changes */
    uint32_t *slots;        /* key table: 1 + index, 0 empty; NULL while few */
    size_t slot_count;      /* a power of two */
    size_t keyed;           /* PUTs and DELETEs among the changes */
    struct log_tail *tails; /* logs that were appended to */
    size_t tail_count, tail_room;
    size_t summed;          /* changes whose bytes are counted */
    size_t bytes;           /* of them */
};

/* Where a log that this call appends to now ends. */
struct log_tail {
    uint64_t log;
    uint64_t last; /* sequence of its newest staged record */
};

struct txn *txn_new(struct store *store, struct arena *arena)
{
    struct txn *txn = ARENA_NEW(arena, struct txn);

    txn->store = store;
    txn->arena = arena;
    return txn;
}

bool txn_empty(const struct txn *txn)
{
    return txn->count == 0;
}

size_t txn_room(const struct txn *txn)
{
    return TXN_CHANGES_MAX - txn->count;
}

size_t txn_bytes(struct txn *txn)
{
    for (; txn->summed < txn->count; txn->summed++) {
        txn->bytes += txn->changes[txn->summed].key.bytes + txn->changes[txn->summed].data.bytes;
    }
    return txn->bytes;
}

static bool is_keyed(const struct change *change)
{
    return change->kind == CHANGE_PUT || change->kind == CHANGE_DELETE;
}

static void slot_put(struct txn *txn, size_t index)
{
    struct str key = txn->changes[index].key;
    size_t at = str_hash(key) & (txn->slot_count - 1);

    while (txn->slots[at] != 0 && !str_eq(txn->changes[txn->slots[at] - 1].key, key)) {
        at = (at + 1) & (txn->slot_count - 1);
    }
    txn->slots[at] = (uint32_t)index + 1;
}

static void slots_make(struct txn *txn)
{
    size_t count = 64;

    while (count < 4 * txn->keyed) {
        count *= 2;
    }
    txn->slots = arena_zero(txn->arena, count * sizeof(uint32_t));
    txn->slot_count = count;
    for (size_t i = 0; i < txn->count; i++) {
        if (is_keyed(&txn->changes[i])) {
            slot_put(txn, i);
        }
    }
}

static struct change *stage(struct txn *txn, uint8_t kind)
{
    assert(txn->count < TXN_CHANGES_MAX);
    if (txn->count == txn->room) {
        size_t room = txn->room == 0 ? 8 : 2 * txn->room;
        struct change *grown = arena_alloc(txn->arena, room * sizeof(struct change));

        if (txn->count > 0) {
            memcpy(grown, txn->changes, txn->count * sizeof(struct change));
        }
        txn->changes = grown;
        txn->room = room;
    }
    struct change *change = &txn->changes[txn->count++];

    *change = (struct change){.kind = kind};
    return change;
}

static void stage_key(struct txn *txn, uint8_t kind, struct str key, struct str value)
{
    assert(key.bytes > 0);
    assert(key.bytes <= KEY_BYTES_MAX);
    struct change *change = stage(txn, kind);

    change->key = key;
    change->data = value;
    txn->keyed++;
    if (txn->slots != NULL && 2 * txn->keyed < txn->slot_count) {
        slot_put(txn, txn->count - 1);
    } else if (txn->keyed > LINEAR_MAX) {
        slots_make(txn);
    }
}

void txn_put(struct txn *txn, struct str key, struct str value)
{
    if (value.at == NULL) {
        value.at = ""; /* an empty value is a value */
    }
    stage_key(txn, CHANGE_PUT, key, value);
}

void txn_put_packed(struct txn *txn, struct str key, struct buf *packed)
{
    assert(!buf_spent(packed));
    txn_put(txn, key, arena_dup(txn->arena, buf_str(packed)));
    buf_done(packed);
}

void txn_delete(struct txn *txn, struct str key)
{
    stage_key(txn, CHANGE_DELETE, key, STR_NONE);
}

/* The newest staged change of key; NULL: none. */
static const struct change *staged(const struct txn *txn, struct str key)
{
    if (txn->slots != NULL) {
        size_t at = str_hash(key) & (txn->slot_count - 1);

        while (txn->slots[at] != 0) {
            const struct change *change = &txn->changes[txn->slots[at] - 1];

            if (str_eq(change->key, key)) {
                return change;
            }
            at = (at + 1) & (txn->slot_count - 1);
        }
        return NULL;
    }
    for (size_t i = txn->count; i-- > 0;) {
        if (is_keyed(&txn->changes[i]) && str_eq(txn->changes[i].key, key)) {
            return &txn->changes[i];
        }
    }
    return NULL;
}

bool txn_get(struct txn *txn, struct str key, struct str *ret_value)
{
    const struct change *change = staged(txn, key);

    if (change != NULL) {
        if (change->kind == CHANGE_DELETE) {
            return false;
        }
        *ret_value = change->data;
        return true;
    }
    return store_get(txn->store, txn->arena, key, ret_value);
}

uint64_t txn_log_make(struct txn *txn)
{
    struct change *change = stage(txn, CHANGE_LOG);

    change->log = store_log_new(txn->store);
    return change->log;
}

static struct log_tail *tail_of(struct txn *txn, uint64_t log)
{
    for (size_t i = txn->tail_count; i-- > 0;) {
        if (txn->tails[i].log == log) {
            return &txn->tails[i];
        }
    }
    if (txn->tail_count == txn->tail_room) {
        size_t room = txn->tail_room == 0 ? 4 : 2 * txn->tail_room;
        struct log_tail *grown = arena_alloc(txn->arena, room * sizeof(struct log_tail));

        if (txn->tail_count > 0) {
            memcpy(grown, txn->tails, txn->tail_count * sizeof(struct log_tail));
        }
        txn->tails = grown;
        txn->tail_room = room;
    }
    struct log_tail *tail = &txn->tails[txn->tail_count++];

    *tail = (struct log_tail){log, logs_state(store_logs(txn->store), log).last};
    return tail;
}

uint64_t txn_log_append(struct txn *txn, uint64_t log, int64_t at_ms, struct str data)
{
    return txn_log_append_headed(txn, log, at_ms, STR_NONE, data);
}

uint64_t txn_log_append_headed(struct txn *txn, uint64_t log, int64_t at_ms, struct str head,
                               struct str data)
{
    assert(head.bytes + data.bytes <= LOG_RECORD_BYTES_MAX);
    struct log_tail *tail = tail_of(txn, log);
    struct change *change = stage(txn, CHANGE_APPEND);

    change->log = log;
    change->sequence = ++tail->last;
    change->at_ms = at_ms;
    change->head = head;
    change->data = data;
    return change->sequence;
}

struct log_state txn_log_state(struct txn *txn, uint64_t log)
{
    return logs_state(store_logs(txn->store), log);
}

status txn_log_read(struct txn *txn, const struct log_range *range, struct log_record *ret_records,
                    size_t *ret_count)
{
    return logs_read(store_logs(txn->store), range, txn->arena, ret_records, ret_count);
}

status txn_log_seek(struct txn *txn, uint64_t log, int64_t at_ms, uint64_t *ret_sequence)
{
    return logs_seek_time(store_logs(txn->store), log, at_ms, ret_sequence);
}

void txn_log_trim(struct txn *txn, uint64_t log, uint64_t before_sequence)
{
    struct change *change = stage(txn, CHANGE_TRIM);

    change->log = log;
    change->sequence = before_sequence;
}

void txn_log_drop(struct txn *txn, uint64_t log)
{
    stage(txn, CHANGE_DROP)->log = log;
}

void txn_blob_keep(struct txn *txn, struct str id)
{
    stage(txn, CHANGE_BLOB)->key = id;
}

void txn_blob_drop(struct txn *txn, struct str id)
{
    stage(txn, CHANGE_UNBLOB)->key = id;
}

bool txn_keeps_blob(const struct txn *txn, struct str id)
{
    bool kept = false;

    for (size_t i = 0; i < txn->count && !kept; i++) {
        kept = txn->changes[i].kind == CHANGE_BLOB && str_eq(txn->changes[i].key, id);
    }
    return kept;
}

uint64_t txn_commit(struct txn *txn, struct entry *entry)
{
    assert(txn->count > 0);
    entry->changes = txn->changes;
    entry->change_count = txn->count;
    return store_commit(txn->store, entry);
}

/* ---- scanning: the staged keys of the range, sorted, merged over the store's ---- */

struct txn_scan {
    struct kv_scan *under;  /* the store's */
    struct str key, value;  /* the store's next pair, when have */
    bool have;              /* key and value are set */
    bool used;              /* and were given out: step before the next look */
    bool descending;
    struct change *over;    /* staged changes in the range, newest per key, in scan order */
    size_t over_count;      /* of them */
    size_t over_at;         /* the next */
};

static int by_key(const void *a, const void *b)
{
    return str_cmp(((const struct change *)a)->key, ((const struct change *)b)->key);
}

static void collect(struct txn *txn, struct str from, struct str to, struct txn_scan *scan)
{
    scan->over = arena_alloc(txn->arena, (txn->keyed + 1) * sizeof(struct change));
    for (size_t i = 0; i < txn->count; i++) {
        const struct change *change = &txn->changes[i];

        if (is_keyed(change) && staged(txn, change->key) == change &&
            str_cmp(change->key, from) >= 0 && str_cmp(change->key, to) < 0) {
            scan->over[scan->over_count++] = *change;
        }
    }
    qsort(scan->over, scan->over_count, sizeof(struct change), by_key);
    if (scan->descending) {
        for (size_t i = 0; 2 * i + 1 < scan->over_count; i++) {
            struct change swapped = scan->over[i];

            scan->over[i] = scan->over[scan->over_count - 1 - i];
            scan->over[scan->over_count - 1 - i] = swapped;
        }
    }
}

static void step_under(struct txn_scan *scan)
{
    scan->have = store_scan_next(scan->under, &scan->key, &scan->value);
    scan->used = false;
}

struct txn_scan *txn_scan(struct txn *txn, struct str from, struct str to, bool descending)
{
    struct txn_scan *scan = ARENA_NEW(txn->arena, struct txn_scan);

    scan->descending = descending;
    if (txn->keyed > 0) {
        collect(txn, from, to, scan);
    }
    scan->under = store_scan(txn->store, from, to, descending);
    scan->used = true;
    return scan;
}

struct txn_scan *txn_scan_prefix(struct txn *txn, struct str prefix)
{
    return txn_scan(txn, prefix, key_after_prefix(txn->arena, prefix), false);
}

bool txn_scan_next(struct txn_scan *scan, struct str *ret_key, struct str *ret_value)
{
    if (scan->used) {
        step_under(scan);
    }
    for (;;) {
        const struct change *over =
            scan->over_at < scan->over_count ? &scan->over[scan->over_at] : NULL;
        int order = 0;

        if (over == NULL && !scan->have) {
            return false;
        }
        if (over == NULL || !scan->have) {
            order = over == NULL ? -1 : 1;
        } else {
            order = str_cmp(scan->key, over->key);
            order = scan->descending ? -order : order;
        }
        if (order < 0) { /* the store's pair stands before any staged one */
            *ret_key = scan->key;
            *ret_value = scan->value;
            scan->used = true;
            return true;
        }
        scan->over_at++;
        if (order == 0) { /* replaced or deleted by what is staged */
            step_under(scan);
        }
        if (over->kind == CHANGE_PUT) {
            *ret_key = over->key;
            *ret_value = over->data;
            return true;
        }
    }
}

void txn_scan_close(struct txn_scan *scan)
{
    store_scan_close(scan->under);
}

/* ---- sweeping ---- */

void txn_mark_done(struct txn_mark *mark)
{
    mem_free(mark->key);
    *mark = (struct txn_mark){NULL, 0};
}

struct txn_span txn_below(struct txn *txn, struct str prefix)
{
    return (struct txn_span){prefix, key_after_prefix(txn->arena, prefix)};
}

bool txn_sweep(struct txn *txn, struct txn_span span, struct txn_mark *mark, size_t *left)
{
    struct str stopped = str_of(mark->key, mark->key_bytes);
    bool goes_on = str_cmp(stopped, span.from) > 0 && str_cmp(stopped, span.to) < 0;
    struct txn_scan *scan = txn_scan(txn, goes_on ? stopped : span.from, span.to, false);
    struct str last = STR_NONE;
    struct str key;
    struct str value;
    bool more;

    while ((more = txn_scan_next(scan, &key, &value)) && *left > 0) {
        last = arena_dup(txn->arena, key);
        txn_delete(txn, last);
        (*left)--;
    }
    txn_scan_close(scan);
    if (!more) {
        txn_mark_done(mark);
    } else if (last.at != NULL) {
        txn_mark_done(mark);
        *mark = (struct txn_mark){mem_dup(last.at, last.bytes), last.bytes};
    }
    return !more;
}
