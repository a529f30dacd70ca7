/* SPDX-License-Identifier: Apache-2.0
 *
 * How far back the past goes. Records of a change log that are older than that go together with the
 * rows that find them, some hundred in an entry, others in between.
 *
 * Kept is what the journal keeps (--keep), a day at least (a stream's life), where point-in-time
 * recovery is on its RecoveryPeriodInDays, and 35 days at most. What a running job reads from its
 * cut on stays as long as it runs.
 */
#include "base/time.h"
#include "cell/cell.h"
#include "svc/dynamodb/job.h"

#define TRIM_RECORDS 500
#define TRIM_BYTES (2u << 20)

int64_t past_keep_ms(const struct call *c, const struct table *table)
{
    int64_t keep_ms = store_keep_ms(cell_store(c->cell));
    int64_t days_ms = table->pitr ? (int64_t)table->pitr_days * MS_PER_DAY : 0;

    keep_ms = keep_ms > STREAM_MS ? keep_ms : STREAM_MS;
    keep_ms = keep_ms > days_ms ? keep_ms : days_ms;
    return keep_ms < PAST_KEEP_MS_MAX ? keep_ms : PAST_KEEP_MS_MAX;
}

int64_t past_earliest(const struct table *table)
{
    int64_t trimmed_ms = table->trimmed_ms;

    return trimmed_ms > table->created_ms ? trimmed_ms : table->created_ms;
}

/* One step of one table; false: there is more. */
static bool trim_table(struct call *c, struct table *table)
{
    struct log_state state = txn_log_state(c->txn, table->log);
    struct log_record *records = arena_alloc(c->arena, TRIM_RECORDS * sizeof(*records));
    struct log_range range = {table->log, state.first, TRIM_RECORDS, TRIM_BYTES};
    uint64_t before = 0;
    uint64_t pinned = jobs_pin(dynamodb_of(c), table);
    size_t count = 0;

    if (state.last == 0 || state.first > state.last ||
        txn_log_seek(c->txn, table->log, c->now - past_keep_ms(c, table), &before) != OK) {
        return true;
    }
    before = before < pinned ? before : pinned;
    if (before <= state.first) {
        return true;
    }
    if (before - state.first < TRIM_RECORDS) {
        range.count_max = (size_t)(before - state.first);
    }
    if (txn_log_read(c->txn, &range, records, &count) != OK || count == 0) {
        return true; /* it is said where it could not be read */
    }
    for (size_t i = 0; i < count; i++) {
        struct changed changed;

        if (change_read(records[i].data, &changed)) {
            txn_delete(c->txn,
                       row_past(c->arena, table, changed.suffix, records[i].sequence));
        }
    }
    tally_save(c, table); /* the newest record's are not to be missed */
    txn_log_trim(c->txn, table->log, records[count - 1].sequence + 1);
    table->trimmed_ms = records[count - 1].at_ms;
    table_save(c, table);
    return records[count - 1].sequence + 1 >= before;
}

bool past_trim(struct call *c)
{
    struct str key;
    void *table;
    bool all = true;

    for (size_t i = 0; map_next(dynamodb_of(c)->tables, &i, &key, &table);) {
        if (txn_room(c->txn) < TXN_CHANGES_MAX / 2 || arena_bytes(c->arena) > (16u << 20)) {
            return false;
        }
        all &= trim_table(c, table);
    }
    return all;
}
