/* SPDX-License-Identifier: Apache-2.0
 *
 * Records as they lie in lanes: a head, then the data to the end. The head is
 *
 *   u8 0                                            put directly; arrived when the log says
 *   u8 1, zigzag ms, str shard, str key, str sequence, var sub-sequence      of a stream
 *   u8 2, zigzag ms, str pairs                      processed: partition keys, see below
 *   u8 3, zigzag ms, str kind                       failed: "processing-failed"; data is the line
 *
 * Pairs: u8 (1: of the function), str name, str value, again and again, in the order of the
 * query's or the answer's members; so equal pairs are equal bytes.
 */
#include "base/codec.h"
#include "base/cursor.h"
#include "svc/firehose/firehose_ops.h"

#include <assert.h>

#define HEAD_BYTES_MAX (256u * 1024)
#define ID_BYTES 164

enum head { OF_NOBODY, OF_STREAM, OF_PROCESS, OF_FAILURE };

static struct str taken(struct arena *arena, struct buf *packed)
{
    struct str copy;

    assert(!buf_spent(packed));
    copy = arena_dup(arena, buf_str(packed));
    buf_done(packed);
    return copy;
}

struct str head_of_origin(struct arena *arena, const struct origin *origin, int64_t at_ms)
{
    struct buf packed;

    buf_init(&packed, HEAD_BYTES_MAX);
    write_u8(&packed, OF_STREAM);
    write_zigzag(&packed, at_ms);
    write_str(&packed, origin->shard);
    write_str(&packed, origin->key);
    write_str(&packed, origin->sequence);
    write_var(&packed, origin->sub_sequence);
    return taken(arena, &packed);
}

static struct str head_with(struct arena *arena, enum head head, int64_t at_ms, struct str text)
{
    struct buf packed;

    buf_init(&packed, HEAD_BYTES_MAX);
    write_u8(&packed, (uint8_t)head);
    write_zigzag(&packed, at_ms);
    write_str(&packed, text);
    return taken(arena, &packed);
}

struct str head_ready(struct arena *arena, int64_t at_ms, struct str pairs)
{
    return head_with(arena, OF_PROCESS, at_ms, pairs);
}

struct str head_failed(struct arena *arena, int64_t at_ms, struct str kind)
{
    return head_with(arena, OF_FAILURE, at_ms, kind);
}

bool stored_read(struct str bytes, int64_t at_ms, struct stored *ret_stored)
{
    struct cursor cursor = cursor_of(bytes);
    uint8_t head = read_u8(&cursor);
    struct stored stored = {.at_ms = at_ms};

    if (head != OF_NOBODY) {
        stored.at_ms = read_zigzag(&cursor);
    }
    if (head == OF_STREAM) {
        stored.origin.shard = read_str(&cursor);
        stored.origin.key = read_str(&cursor);
        stored.origin.sequence = read_str(&cursor);
        stored.origin.sub_sequence = read_var(&cursor);
    } else if (head != OF_NOBODY) {
        stored.pairs = read_str(&cursor);
    }
    stored.data = cursor.rest;
    *ret_stored = stored;
    return cursor_ok(&cursor) && head <= OF_FAILURE;
}

struct str pairs_write(struct arena *arena, const struct pair_text *pairs, size_t count)
{
    struct buf packed;

    buf_init(&packed, HEAD_BYTES_MAX);
    for (size_t i = 0; i < count; i++) {
        write_u8(&packed, pairs[i].from_function);
        write_str(&packed, pairs[i].name);
        write_str(&packed, pairs[i].value);
    }
    return taken(arena, &packed);
}

bool pairs_find(struct str packed, bool from_function, struct str name, struct str *ret_value)
{
    struct cursor cursor = cursor_of(packed);

    while (cursor.rest.bytes > 0 && cursor_ok(&cursor)) {
        bool of_function = read_u8(&cursor) != 0;
        struct str found = read_str(&cursor);
        struct str value = read_str(&cursor);

        if (of_function == from_function && str_eq(found, name)) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

struct str record_id(struct call *c)
{
    char *text = arena_alloc(c->arena, base64_encoded_bytes(ID_BYTES));
    char random[ID_BYTES + 8];

    rand_fill(c->rand, random, ID_BYTES);
    base64_encode(str_of(random, ID_BYTES), text);
    return str_of(text, base64_encoded_bytes(ID_BYTES));
}

/* 56 digits as a stream's numbers have, and a sub-sequence of 6. */
struct str record_number(struct arena *arena, uint64_t log, uint64_t sequence, uint64_t sub)
{
    return arena_printf(arena, "496%013llu%020llu%020llu%06llu", (unsigned long long)(log % 10000),
                        (unsigned long long)log, (unsigned long long)sequence,
                        (unsigned long long)(sub % 1000000));
}

void record_put(struct call *c, struct stream *stream, struct str data)
{
    static const struct str head = HEAD_DIRECT;

    lane_append(c, &stream->lanes[LANE_RAW], head, data);
}
