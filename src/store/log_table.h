/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding a log by its number.
 */
#ifndef WEIR_STORE_LOG_TABLE_H
#define WEIR_STORE_LOG_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log;

/* Numbers to logs: open addressing, linear probing, no tombstones. */
struct log_table {
    struct log **slots; /* a power of two of them */
    size_t slot_count;  /* of slots; 0 at first */
    size_t count;       /* of logs */
};

struct log *log_table_get(const struct log_table *table, uint64_t number);
void log_table_add(struct log_table *table, struct log *log);
void log_table_remove(struct log_table *table, uint64_t number);
/* for (size_t i = 0; log_table_next(table, &i, &log);) */
bool log_table_next(const struct log_table *table, size_t *position, struct log **ret_log);
void log_table_done(struct log_table *table);

#endif
