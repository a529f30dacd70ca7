/* SPDX-License-Identifier: Apache-2.0
 *
 * The change log: a log by table (store/log.h) with a record for every change of an item.
 *
 *   u8   version = 1
 *   u8   flags: 1 existed before, 2 exists after, 4 the new item is kept, 8 by expiry
 *   str  suffix, principal, operation, request_id, tallies (tally.c)
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
#define HEAD_BYTES_MAX (2 + 7 * 10 + TALLIES_BYTES_MAX) /* without its texts and items */

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

/* All of the record but its last item, which need not be copied to stand behind the rest. */
static struct str head_make(struct call *c, const struct table *table,
                            const struct changed *changed)
{
    char tallies[TALLIES_BYTES_MAX];
    char *tallies_end = tallies_put(tallies, table);
    bool both = changed->existed && changed->has_item;
    char *head = arena_alloc(c->arena, HEAD_BYTES_MAX + changed->suffix.bytes +
                                           changed->principal.bytes + changed->operation.bytes +
                                           changed->request_id.bytes +
                                           (both ? changed->old.packed.bytes : 0));
    char *to = head;

    *to++ = VERSION;
    *to++ = (char)((changed->existed ? FLAG_EXISTED : 0) | (changed->exists ? FLAG_EXISTS : 0) |
                   (changed->has_item ? FLAG_HAS_ITEM : 0) |
                   (changed->expired ? FLAG_EXPIRED : 0));
    to = datum_put_str(to, changed->suffix);
    to = datum_put_str(to, changed->principal);
    to = datum_put_str(to, changed->operation);
    to = datum_put_str(to, changed->request_id);
    to = datum_put_str(to, str_of(tallies, (size_t)(tallies_end - tallies)));
    if (both) {
        to = datum_put_str(to, changed->old.packed);
    }
    if (changed->has_item || changed->existed) {
        to = datum_put_var(to, changed->has_item ? changed->item.packed.bytes
                                           : changed->old.packed.bytes);
    }
    return str_of(head, (size_t)(to - head));
}

uint64_t change_note(struct call *c, struct table *table, const struct changed *changed)
{
    struct str head = head_make(c, table, changed);
    struct str last = changed->has_item  ? changed->item.packed
                      : changed->existed ? changed->old.packed
                                         : STR("");

    table->noted = txn_log_append_headed(c->txn, table->log, changed->at_ms, head, last);
    txn_put(c->txn, row_past(c->arena, table, changed->suffix, table->noted), STR(""));
    return table->noted;
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
    changed.tallies = read_str(&cursor);
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
