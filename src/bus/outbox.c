/* SPDX-License-Identifier: Apache-2.0
 *
 * The outbox: messages that would have been sent.
 *
 *   ("bus", "outbox", sequence)   version 1: u8 1, zigzag at_ms, str kind, from, to, u8 has
 *   subject,
 *                                 str subject, str body
 */
#include "base/cursor.h"
#include "bus/bus_int.h"
#include "cell/cell.h"

#include <assert.h>

#define VERSION 1
#define MESSAGE_BYTES_MAX (2u * 1024 * 1024)

static struct key outbox_prefix(struct arena *arena)
{
    struct key key = key_of(arena, "bus");

    key_str(&key, STR("outbox"));
    return key;
}

static uint64_t sequence_of(struct arena *arena, struct str key)
{
    struct key_reader reader = {key};
    struct str skipped;
    uint64_t sequence = 0;
    bool good = key_read_str(&reader, arena, &skipped) && key_read_str(&reader, arena, &skipped) &&
                key_read_u64(&reader, &sequence);

    assert(good);
    return sequence;
}

status outbox_open(struct bus *bus)
{
    struct arena *arena = arena_new(64u << 20);
    struct key prefix = outbox_prefix(arena);
    struct str key;
    struct str value;

    struct kv_scan *scan =
        store_scan(cell_store(bus->cell), key_end(&prefix),
                   key_after_prefix(arena, key_end(&prefix)), false);

    while (store_scan_next(scan, &key, &value)) {
        bus->outbox_last = sequence_of(arena, key);
        bus->outbox_count++;
    }
    store_scan_close(scan);
    arena_free(arena);
    return OK;
}

static void drop_oldest(struct call *c)
{
    struct key prefix = outbox_prefix(c->arena);
    struct txn_scan *scan = txn_scan_prefix(c->txn, key_end(&prefix));
    struct str key;
    struct str value;

    if (txn_scan_next(scan, &key, &value)) {
        txn_delete(c->txn, arena_dup(c->arena, key));
    }
    txn_scan_close(scan);
}

void outbox_add(struct call *c, const struct outbox_message *message)
{
    struct bus *bus = bus_of(c->cell);
    struct key key = outbox_prefix(c->arena);
    struct buf packed;

    key_u64(&key, ++bus->outbox_last);
    buf_init(&packed, MESSAGE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_zigzag(&packed, c->now);
    write_str(&packed, message->kind);
    write_str(&packed, message->from);
    write_str(&packed, message->to);
    write_u8(&packed, message->subject.at != NULL);
    write_str(&packed, message->subject);
    write_str(&packed, str_slice(message->body, 0, MESSAGE_BYTES_MAX / 2));
    assert(!buf_spent(&packed));
    txn_put(c->txn, key_end(&key), arena_dup(c->arena, buf_str(&packed)));
    buf_done(&packed);
    if (bus->outbox_count == OUTBOX_KEEP_MAX) {
        drop_oldest(c);
    } else {
        bus->outbox_count++;
    }
}

bool outbox_next(struct call *c, struct txn_scan **scan, struct outbox_read *ret_read)
{
    struct key prefix = outbox_prefix(c->arena);
    struct str key;
    struct str value;

    if (*scan == NULL) {
        *scan = txn_scan(c->txn, key_end(&prefix), key_after_prefix(c->arena, key_end(&prefix)),
                         true);
    }
    if (!txn_scan_next(*scan, &key, &value)) {
        txn_scan_close(*scan);
        return false;
    }
    struct cursor cursor = cursor_of(arena_dup(c->arena, value));
    bool has_subject;

    (void)read_u8(&cursor);
    ret_read->sequence = sequence_of(c->arena, key);
    ret_read->at_ms = read_zigzag(&cursor);
    ret_read->message.kind = read_str(&cursor);
    ret_read->message.from = read_str(&cursor);
    ret_read->message.to = read_str(&cursor);
    has_subject = read_u8(&cursor) != 0;
    ret_read->message.subject = read_str(&cursor);
    if (!has_subject) {
        ret_read->message.subject = STR_NONE;
    }
    ret_read->message.body = read_str(&cursor);
    assert(cursor_done(&cursor));
    return true;
}
