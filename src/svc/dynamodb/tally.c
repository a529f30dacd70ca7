/* SPDX-License-Identifier: Apache-2.0
 *
 * Tallies: how many items a table and its indexes have, and what AWS counts for them, exactly, also
 * after a crash.
 *
 *   tallies   var items, var bytes; then for each index var number, items, bytes
 *   row       u8 version 1, var: sequence of the change log's newest record then, tallies
 *
 * Every record of the change log ends with the tallies after its change, so that a change needs no
 * row for them. A row is written where they change without a record (an index is filled, a table is
 * restored), and before records are trimmed. What is newer counts.
 */
#include "base/cursor.h"
#include "cell/cell.h"
#include "svc/dynamodb/change.h"

#include <assert.h>

#define VERSION 1
#define VAR_BYTES_MAX 10
#define LOAD_BYTES_MAX (64u << 20)

char *tallies_put(char *to, const struct table *table)
{
    to = datum_put_var(to, table->tally.items);
    to = datum_put_var(to, table->tally.bytes);
    for (size_t i = 0; i < table->index_count; i++) {
        const struct index *index = table->indexes[i];

        to = datum_put_var(to, index->number);
        to = datum_put_var(to, index->tally.items);
        to = datum_put_var(to, index->tally.bytes);
    }
    return to;
}

void tally_save(struct call *c, const struct table *table)
{
    char *packed = arena_alloc(c->arena, 1 + VAR_BYTES_MAX + TALLIES_BYTES_MAX);
    char *to = packed;

    *to++ = VERSION;
    to = datum_put_var(to, table->noted);
    to = tallies_put(to, table);
    txn_put(c->txn, rows_of(c->arena, "tally", table->number),
            str_of(packed, (size_t)(to - packed)));
}

static struct tally read_tally(struct cursor *cursor)
{
    uint64_t items = read_var(cursor);

    return (struct tally){items, read_var(cursor)};
}

static void tallies_take(struct table *table, struct cursor cursor)
{
    table->tally = read_tally(&cursor);
    while (cursor_ok(&cursor) && cursor.rest.bytes > 0) {
        uint64_t number = read_var(&cursor);
        struct tally tally = read_tally(&cursor);

        for (size_t i = 0; i < table->index_count; i++) {
            if (table->indexes[i]->number == number) {
                table->indexes[i]->tally = tally;
            }
        }
    }
}

/* The newest record's. */
static void tallies_of_log(struct dynamodb *dynamodb, struct table *table, struct arena *arena)
{
    struct log_range range = {table->log, table->noted, 1, LOAD_BYTES_MAX};
    struct log_record record;
    struct changed changed;
    size_t count = 0;

    if (logs_read(store_logs(cell_store(dynamodb->cell)), &range, arena, &record, &count) == OK &&
        count == 1 && change_read(record.data, &changed)) {
        tallies_take(table, cursor_of(changed.tallies));
    }
}

void tally_load(struct dynamodb *dynamodb, struct table *table)
{
    struct store *store = cell_store(dynamodb->cell);
    struct arena *arena = arena_new(LOAD_BYTES_MAX);
    uint64_t saved = 0;
    struct str packed;

    table->noted = logs_state(store_logs(store), table->log).last;
    if (store_get(store, arena, rows_of(arena, "tally", table->number), &packed)) {
        struct cursor cursor = cursor_of(packed);

        if (read_u8(&cursor) == VERSION) {
            saved = read_var(&cursor);
            tallies_take(table, cursor);
        }
    }
    if (table->noted > saved) {
        tallies_of_log(dynamodb, table, arena);
    }
    arena_free(arena);
}
