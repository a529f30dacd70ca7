/* SPDX-License-Identifier: Apache-2.0
 *
 * What deleted tables leave behind: rows, swept in steps, and a change log, which is dropped. While
 * a stream of it can be read (a day), the log stays, and the table is kept among the gone ones,
 * where only its streams are found.
 *
 *   ("dynamodb", "doomed", number)   u8 version 1, u8 1 when items stay (for a backup), var log:
 *                                    dropped with the rows; 0: it stays
 *   ("dynamodb", "gone", number)     u8 version 1, str account, region, name, the table's record
 *                                    (table_keys.c)
 */
#include "svc/dynamodb/upkeep.h"

#include "base/cursor.h"
#include "cell/cell.h"
#include "cell/doing.h"

#include <assert.h>

#define VERSION 1
#define VALUE_BYTES_MAX (8u << 20)

static struct str row_numbered(struct arena *arena, const char *kind, uint64_t number)
{
    struct key key = row_kind(arena, kind);

    key_u64(&key, number);
    return key_end(&key);
}

/* ---- rows ---- */

static bool table_sweep(struct call *c, uint64_t number, bool items_stay, size_t *left)
{
    static const char *const kinds[] = {"item",       "index", "past",
                                        "collection", "tally", "expiry"};

    for (size_t i = items_stay; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct str rows = rows_of(c->arena, kinds[i], number);

        if (!txn_sweep(c->txn, txn_below(c->txn, rows), &dynamodb_of(c)->swept, left)) {
            return false;
        }
    }
    return true;
}

void doomed_step(struct call *c)
{
    struct key prefix = row_kind(c->arena, "doomed");
    struct str first = key_end(&prefix);
    struct txn_scan *scan = txn_scan_prefix(c->txn, first);
    size_t left = STEP_DELETES;
    struct str key, value;
    bool more;

    while ((more = txn_scan_next(scan, &key, &value)) && left > 0) {
        struct key_reader reader = {row_rest(key, first)};
        struct cursor cursor = cursor_of(value);
        struct str row = arena_dup(c->arena, key);
        uint64_t number = 0;
        bool good = key_read_u64(&reader, &number) && read_u8(&cursor) == VERSION;
        bool items_stay = read_u8(&cursor) == 1;
        uint64_t log = read_var(&cursor);

        assert(good);
        if (!table_sweep(c, number, items_stay, &left)) {
            break;
        }
        if (log != 0) {
            txn_log_drop(c->txn, log);
        }
        txn_delete(c->txn, row);
    }
    txn_scan_close(scan);
    dynamodb_of(c)->doomed = more;
}

/* ---- tables that are gone ---- */

/* Until when some stream of it can be read; 0: it never had one. */
static int64_t streams_until(const struct table *table)
{
    int64_t until_ms = 0;

    for (size_t i = 0; i < table->stream_count; i++) {
        if (table->streams[i].ended_ms + STREAM_MS > until_ms) {
            until_ms = table->streams[i].ended_ms + STREAM_MS;
        }
    }
    return until_ms;
}

static void gone_save(struct call *c, const struct table *table)
{
    struct buf packed, record;

    buf_init(&packed, VALUE_BYTES_MAX);
    buf_init(&record, VALUE_BYTES_MAX);
    table_pack(&record, table);
    write_u8(&packed, VERSION);
    write_str(&packed, table->account);
    write_str(&packed, table->region);
    write_str(&packed, table->name);
    write_str(&packed, buf_str(&record));
    assert(!buf_spent(&packed));
    txn_put(c->txn, row_numbered(c->arena, "gone", table->number),
            arena_dup(c->arena, buf_str(&packed)));
    buf_done(&packed);
    buf_done(&record);
}

void table_doom(struct call *c, struct table *table, bool items_stay)
{
    struct dynamodb *dynamodb = dynamodb_of(c);
    struct buf packed;
    bool gone;

    if (table_stream(table) != NULL) {
        stream_end(c, table);
    }
    gone = streams_until(table) > c->now;
    buf_init(&packed, 64);
    write_u8(&packed, VERSION);
    write_u8(&packed, items_stay);
    write_var(&packed, gone ? 0 : table->log);
    txn_put(c->txn, row_numbered(c->arena, "doomed", table->number),
            arena_dup(c->arena, buf_str(&packed)));
    buf_done(&packed);
    table_erase(c, table);
    dynamodb->doomed = true;
    upkeep_soon(dynamodb);
    if (gone) {
        gone_save(c, table);
        table_detach(dynamodb, table);
        list_push(&dynamodb->gone, &table->place);
    } else {
        table_remove(dynamodb, table);
    }
}

void gone_step(struct call *c)
{
    struct dynamodb *dynamodb = dynamodb_of(c);
    struct link *next;

    for (struct link *at = dynamodb->gone.next; at != &dynamodb->gone; at = next) {
        struct table *table = LINK_OWNER(at, struct table, place);

        next = at->next;
        if (streams_until(table) > c->now || txn_room(c->txn) < STEP_DELETES) {
            continue;
        }
        txn_log_drop(c->txn, table->log);
        txn_delete(c->txn, row_numbered(c->arena, "gone", table->number));
        link_remove(&table->place);
        waiters_wake(c->cell, &table->changed);
        table_free(table);
    }
}

static status gone_load(struct dynamodb *dynamodb, struct str value)
{
    struct cursor cursor = cursor_of(value);
    bool good = read_u8(&cursor) == VERSION;
    struct str account = read_str(&cursor);
    struct str region = read_str(&cursor);
    struct str name = read_str(&cursor);
    struct str record = read_str(&cursor);
    struct table *table =
        good && cursor_done(&cursor) ? table_unpack(account, region, name, record) : NULL;

    if (table == NULL) {
        return &ERR_CORRUPT;
    }
    list_push(&dynamodb->gone, &table->place);
    return OK;
}

status doomed_load(struct dynamodb *dynamodb)
{
    struct arena *arena = arena_new(1u << 20);
    struct key gone = row_kind(arena, "gone");
    struct key doomed = row_kind(arena, "doomed");
    struct str from = key_end(&gone);
    struct kv_scan *scan = store_scan(cell_store(dynamodb->cell), from,
                                      key_after_prefix(arena, from), false);
    struct str key, value;
    status loaded = OK;

    while (loaded == OK && store_scan_next(scan, &key, &value)) {
        loaded = gone_load(dynamodb, value);
    }
    store_scan_close(scan);
    from = key_end(&doomed);
    scan = store_scan(cell_store(dynamodb->cell), from, key_after_prefix(arena, from), false);
    dynamodb->doomed = store_scan_next(scan, &key, &value);
    store_scan_close(scan);
    arena_free(arena);
    return loaded;
}
