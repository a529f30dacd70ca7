/* SPDX-License-Identifier: Apache-2.0
 *
 * Putting events: they are cut into chunks, which go into the group's log and the index; then the
 * group's subscription filters see them, and who waits is woken.
 */
#include "base/cursor.h"
#include "svc/logs/event.h"
#include "svc/logs/keys.h"

#include <assert.h>

#define VERSION 1
#define HEAD_BYTES_MAX 64   /* before the events of a chunk */
#define EXTRA_BYTES_MAX 24  /* before each message */

static uint64_t second_of(int64_t ms)
{
    return (uint64_t)ms / 1000;
}

/* How many events from there on make one chunk; at least one. */
static size_t chunk_count(const struct put *put, size_t from)
{
    size_t bytes = 0;
    size_t i = from;

    while (i < put->count && second_of(put->events[i].ms) == second_of(put->events[from].ms) &&
           (i == from || bytes + put->events[i].message.bytes <= CHUNK_BYTES)) {
        bytes += put->events[i].message.bytes + EXTRA_BYTES_MAX;
        i++;
    }
    return i - from;
}

static struct str chunk_pack(struct call *c, const struct put *put, size_t from, size_t count)
{
    size_t room = HEAD_BYTES_MAX;
    int64_t before = put->events[from].ms;
    struct buf packed;
    struct str text;

    for (size_t i = from; i < from + count; i++) {
        room += put->events[i].message.bytes + EXTRA_BYTES_MAX;
    }
    buf_init(&packed, room);
    write_u8(&packed, VERSION);
    write_var(&packed, put->stream->number);
    write_var(&packed, count);
    write_zigzag(&packed, before);
    for (size_t i = from; i < from + count; i++) {
        write_var(&packed, (uint64_t)(put->events[i].ms - before));
        write_str(&packed, put->events[i].message);
        before = put->events[i].ms;
    }
    assert(!buf_spent(&packed));
    text = arena_dup(c->arena, buf_str(&packed));
    buf_done(&packed);
    return text;
}

static void chunk_put(struct call *c, struct put *put, size_t from, size_t count)
{
    struct group *group = put->stream->group;
    struct chunk_row row = {
        .second = second_of(put->events[from].ms),
        .first_ms = put->events[from].ms,
        .last_ms = put->events[from + count - 1].ms,
        .stream = put->stream->number,
        .sequence = txn_log_append(c->txn, group->log, c->now, chunk_pack(c, put, from, count)),
    };

    chunk_index(c, group, &row);
    for (size_t i = 0; i < count; i++) {
        put->places[from + i] = (struct place){put->events[from + i].ms, row.sequence, i};
    }
}

/* What it has to expire may be due sooner now. */
static void expiry_note(struct group *group, int64_t first_ms)
{
    int64_t due_ms = first_ms + group->retention_days * MS_PER_DAY;

    if (due_ms < group->expires_ms) {
        group->expires_ms = due_ms;
    }
}

void events_put(struct call *c, struct put *put)
{
    struct stream *stream = put->stream;
    int64_t last_ms = put->events[put->count - 1].ms;
    size_t done = 0;

    assert(put->count > 0);
    put->places = arena_alloc(c->arena, put->count * sizeof(*put->places));
    while (done < put->count) {
        size_t count = chunk_count(put, done);

        chunk_put(c, put, done, count);
        done += count;
    }
    if (last_ms > stream->last_ms || stream->ingested_ms != c->now) {
        stream->last_ms = last_ms > stream->last_ms ? last_ms : stream->last_ms;
        stream->ingested_ms = c->now;
        stream_save(c, stream);
    }
    expiry_note(stream->group, put->events[0].ms);
    subscriptions_give(c, put);
    waiters_wake(c->cell, &groups_of(c)->tails);
}

/* ---- chunks ---- */

bool chunk_read(struct str data, struct chunk *ret_chunk)
{
    struct cursor cursor = cursor_of(data);
    bool known = read_u8(&cursor) == VERSION;

    ret_chunk->stream = read_var(&cursor);
    ret_chunk->count = read_var(&cursor);
    ret_chunk->index = 0;
    ret_chunk->ms = read_zigzag(&cursor);
    ret_chunk->rest = cursor.rest;
    return known && cursor_ok(&cursor);
}

bool chunk_next(struct chunk *chunk, struct event *ret_event)
{
    struct cursor cursor = cursor_of(chunk->rest);

    if (chunk->count == 0) {
        return false;
    }
    ret_event->ms = chunk->ms + (int64_t)read_var(&cursor);
    ret_event->message = read_str(&cursor);
    if (!cursor_ok(&cursor)) {
        return false;
    }
    chunk->ms = ret_event->ms;
    chunk->rest = cursor.rest;
    chunk->count--;
    chunk->index++;
    return true;
}
