/* SPDX-License-Identifier: Apache-2.0
 *
 * The versions of one item, each with its cause. A record tells what was before it; so what an item
 * became is what its next record says, or what it is now.
 */
#include "svc/dynamodb/past.h"

#define PAGE_VERSIONS 100
#define PAGE_BYTES ((size_t)4 << 20)
#define SEQUENCE_BYTES 9 /* a number part: store/key.h */

struct history {
    struct past_version *versions; /* so far */
    size_t count;                  /* of them */
    size_t bytes;                  /* of their items, about */
};

static status read_change(struct call *c, const struct table *table, uint64_t sequence,
                          struct changed *ret_changed)
{
    struct log_range range = {table->log, sequence, 1, LOG_RECORD_BYTES_MAX};
    struct log_record record;
    size_t count = 0;

    TRY(txn_log_read(c->txn, &range, &record, &count));
    if (count != 1 || record.sequence != sequence || !change_read(record.data, ret_changed)) {
        return &ERR_CORRUPT;
    }
    ret_changed->sequence = record.sequence;
    ret_changed->at_ms = record.at_ms;
    return OK;
}

static void became(struct history *history, struct item item)
{
    if (history->count > 0) {
        history->versions[history->count - 1].item = item;
        history->bytes += item.packed.bytes;
    }
}

static void add_version(struct history *history, const struct changed *changed)
{
    history->versions[history->count++] = (struct past_version){
        .sequence = changed->sequence, .at_ms = changed->at_ms, .expired = changed->expired,
        .item = ITEM_ABSENT, .principal = changed->principal, .operation = changed->operation,
        .request_id = changed->request_id};
}

/* One record: it ends the version before it, and begins one. */
static status history_add(struct call *c, const struct table *table, uint64_t sequence,
                          struct history *history)
{
    struct changed changed;
    struct item old;

    TRY(read_change(c, table, sequence, &changed));
    old = changed.existed ? changed.old : ITEM_ABSENT;
    if (history->count == 0 && changed.existed) {
        history->versions[history->count++] = (struct past_version){.item = old};
    }
    became(history, old);
    add_version(history, &changed);
    return OK;
}

/* The last version is what it is now; without any record that is all that is known. */
static void history_end(struct call *c, const struct table *table, struct str suffix,
                        struct history *history)
{
    struct item now = item_load(c, table, suffix);

    if (history->count == 0 && now.packed.bytes > 0) {
        history->versions[history->count++] = (struct past_version){.item = now};
    }
    became(history, now);
}

/* Goes on page by page: what was before its first record was told by the page before. */
static void forget_base(struct history *history, uint64_t from)
{
    if (from > 0 && history->count > 0 && history->versions[0].sequence == 0) {
        history->versions++;
        history->count--;
    }
}

status past_versions(struct call *c, const struct table *table, struct str suffix, uint64_t from,
                     struct past_versions *ret_versions)
{
    struct history history = {arena_alloc(c->arena, (PAGE_VERSIONS + 3) *
                                                        sizeof(struct past_version)), 0, 0};
    uint64_t first = txn_log_state(c->txn, table->log).first;
    struct str begin = row_past(c->arena, table, suffix, from > first ? from : first);
    struct str all = str_slice(begin, 0, begin.bytes - SEQUENCE_BYTES);
    struct txn_scan *scan = txn_scan(c->txn, begin, key_after_prefix(c->arena, all), false);
    struct str key, value;
    uint64_t next = 0;
    status read = OK;

    while (read == OK && next == 0 && txn_scan_next(scan, &key, &value)) {
        struct key_reader reader = {str_slice(key, key.bytes - SEQUENCE_BYTES, key.bytes)};
        uint64_t sequence = 0;

        (void)key_read_u64(&reader, &sequence);
        read = history_add(c, table, sequence, &history);
        if (history.count > PAGE_VERSIONS + 1 || history.bytes > PAGE_BYTES) {
            next = sequence; /* it was needed for the one before it */
            history.count--;
        }
    }
    txn_scan_close(scan);
    if (next == 0) {
        history_end(c, table, suffix, &history);
    }
    forget_base(&history, from);
    *ret_versions = (struct past_versions){history.versions, history.count, next};
    return read;
}
