/* SPDX-License-Identifier: Apache-2.0
 *
 * Log numbers to logs. Numbers are given out in order, so the number itself, spread by a
 * multiplication, is the hash. At most half full; removing shifts what follows back.
 */
#include "store/log_int.h"

#include "base/mem.h"

#include <assert.h>

#define SLOTS_FIRST 16
#define SPREAD UINT64_C(0x9e3779b97f4a7c15)

static size_t home_of(const struct log_table *table, uint64_t number)
{
    return (size_t)((number * SPREAD) >> 20) & (table->slot_count - 1);
}

static size_t slot_of(const struct log_table *table, uint64_t number)
{
    size_t at = home_of(table, number);

    while (table->slots[at] != NULL && table->slots[at]->number != number) {
        at = (at + 1) & (table->slot_count - 1);
    }
    return at;
}

struct log *log_table_get(const struct log_table *table, uint64_t number)
{
    return table->count == 0 ? NULL : table->slots[slot_of(table, number)];
}

static void table_grow(struct log_table *table)
{
    struct log_table grown = {.count = table->count};

    grown.slot_count = table->slot_count == 0 ? SLOTS_FIRST : 2 * table->slot_count;
    grown.slots = mem_zero(grown.slot_count * sizeof(struct log *));
    for (size_t i = 0; i < table->slot_count; i++) {
        if (table->slots[i] != NULL) {
            grown.slots[slot_of(&grown, table->slots[i]->number)] = table->slots[i];
        }
    }
    mem_free(table->slots);
    *table = grown;
}

void log_table_add(struct log_table *table, struct log *log)
{
    if (2 * (table->count + 1) > table->slot_count) {
        table_grow(table);
    }
    size_t at = slot_of(table, log->number);

    assert(table->slots[at] == NULL);
    table->slots[at] = log;
    table->count++;
}

void log_table_remove(struct log_table *table, uint64_t number)
{
    size_t mask = table->slot_count - 1;
    size_t hole = slot_of(table, number);

    assert(table->slots[hole] != NULL);
    table->slots[hole] = NULL;
    table->count--;
    for (size_t at = (hole + 1) & mask; table->slots[at] != NULL; at = (at + 1) & mask) {
        size_t home = home_of(table, table->slots[at]->number);

        if (((at - home) & mask) >= ((at - hole) & mask)) { /* its home is not behind the hole */
            table->slots[hole] = table->slots[at];
            table->slots[at] = NULL;
            hole = at;
        }
    }
}

bool log_table_next(const struct log_table *table, size_t *position, struct log **ret_log)
{
    for (; *position < table->slot_count; (*position)++) {
        if (table->slots[*position] != NULL) {
            *ret_log = table->slots[(*position)++];
            return true;
        }
    }
    return false;
}

void log_table_done(struct log_table *table)
{
    mem_free(table->slots);
    *table = (struct log_table){0};
}
