/* SPDX-License-Identifier: Apache-2.0
 *
 * The change log: a log by table (store/log.h) with a record for every change of an item.
 *
 *   u8   version = 1
 *   u8   flags: 1 existed before, 2 exists after, 4 the new item is kept, 8 by expiry
 *   str  suffix, principal, operation, request_id
 *   str  packed item before    existed before
 *   str  packed item after     the new item is kept
 *
 * What an item was before each change is what it was after the change before, so old items alone
 * tell everything; new ones are kept only while a stream shows them.
 */
#include "svc/dynamodb/change.h"

#include "base/cursor.h"

#include <assert.h>

#define VERSION 1
#define HEAD_BYTES_MAX (64u * 1024)

enum flag {
    FLAG_EXISTED = 1,
    FLAG_EXISTS = 2,
    FLAG_HAS_ITEM = 4,
    FLAG_EXPIRED = 8,
};

bool table_keeps_new(const struct table *table)
{
    const struct stream *stream = table_stream(table);

    return stream != NULL &&
           (stream->view == VIEW_NEW_IMAGE || stream->view == VIEW_NEW_AND_OLD_IMAGES);
}

uint64_t change_note(struct call *c, struct table *table, const struct changed *changed)
{
    uint64_t sequence;
    struct buf packed;

    buf_init(&packed, HEAD_BYTES_MAX + 2 * ITEM_PACKED_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_u8(&packed, (uint8_t)((changed->existed ? FLAG_EXISTED : 0) |
                                (changed->exists ? FLAG_EXISTS : 0) |
                                (changed->has_item ? FLAG_HAS_ITEM : 0) |
                                (changed->expired ? FLAG_EXPIRED : 0)));
    write_str(&packed, changed->suffix);
    write_str(&packed, changed->principal);
    write_str(&packed, changed->operation);
    write_str(&packed, changed->request_id);
    if (changed->existed) {
        write_str(&packed, changed->old.packed);
    }
    if (changed->has_item) {
        write_str(&packed, changed->item.packed);
    }
    assert(!buf_spent(&packed));
    sequence = txn_log_append(c->txn, table->log, changed->at_ms,
                              arena_dup(c->arena, buf_str(&packed)));
    buf_done(&packed);
    txn_put(c->txn, row_past(c->arena, table, changed->suffix, sequence), STR(""));
    return sequence;
}

bool change_read(struct str data, struct changed *ret_changed)
{
    struct cursor cursor = cursor_of(data);
    struct changed changed = {0};
    bool good = read_u8(&cursor) == VERSION;
    uint8_t flags = read_u8(&cursor);

    changed.existed = (flags & FLAG_EXISTED) != 0;
    changed.exists = (flags & FLAG_EXISTS) != 0;
    changed.has_item = (flags & FLAG_HAS_ITEM) != 0;
    changed.expired = (flags & FLAG_EXPIRED) != 0;
    changed.suffix = read_str(&cursor);
    changed.principal = read_str(&cursor);
    changed.operation = read_str(&cursor);
    changed.request_id = read_str(&cursor);
    if (changed.existed) {
        good = item_open(read_str(&cursor), &changed.old) && good;
    }
    if (changed.has_item) {
        good = item_open(read_str(&cursor), &changed.item) && good;
    }
    if (!good || !cursor_done(&cursor)) {
        return false;
    }
    *ret_changed = changed;
    return true;
}
