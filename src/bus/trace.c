/* SPDX-License-Identifier: Apache-2.0
 *
 * Traces: one log of the store; a record is a hop.
 *
 *   record, version 1: u8 1, str trace, request_id, from, to, via, outcome, about, u8 depth,
 *                      var step; its moment is the log's
 *   ("bus", "traces")  version 1: u8 1, var log
 *
 * A hop is noted when it is over, so after those that it caused; its depth (hand-offs around it)
 * and step (which rises in the order in which they began) give the tree back.
 * Reading goes backwards from the newest by blocks: looking a trace up costs what lies between it
 * and now, at most what is kept.
 */
#include "base/cursor.h"
#include "bus/bus_int.h"
#include "cell/cell.h"

#include <assert.h>

#define VERSION 1
#define HOP_BYTES_MAX (16u * 1024)
#define OUTCOME_BYTES_MAX 512

static struct str traces_key(struct arena *arena)
{
    struct key key = key_of(arena, "bus");

    key_str(&key, STR("traces"));
    return key_end(&key);
}

status traces_open(struct bus *bus)
{
    struct arena *arena = arena_new(1u << 20);
    struct str value;

    if (store_get(cell_store(bus->cell), arena, traces_key(arena), &value)) {
        struct cursor cursor = cursor_of(value);

        if (read_u8(&cursor) != VERSION) {
            arena_free(arena);
            return &ERR_CORRUPT;
        }
        bus->trace_log = read_var(&cursor);
    }
    arena_free(arena);
    return OK;
}

/* Root=… of a header, or the request's id. */
static struct str trace_id(struct call *c)
{
    struct str rest = c->trace;

    while (rest.at != NULL) {
        struct str piece = str_trim(str_split(&rest, ';'));

        if (str_starts(piece, STR("Root="))) {
            return str_slice(piece, 5, piece.bytes);
        }
    }
    return c->request_id;
}

void trace_hop(struct call *c, const struct hop *hop)
{
    trace_hop_step(c, hop, bus_of(c->cell)->step++);
}

void trace_hop_step(struct call *c, const struct hop *hop, uint32_t step)
{
    struct bus *bus = bus_of(c->cell);
    struct buf packed;

    if (bus->trace_log == 0) {
        struct buf row;

        bus->trace_log = txn_log_make(c->txn);
        buf_init(&row, 64);
        write_u8(&row, VERSION);
        write_var(&row, bus->trace_log);
        txn_put(c->txn, traces_key(c->arena), arena_dup(c->arena, buf_str(&row)));
        buf_done(&row);
    }
    buf_init(&packed, HOP_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_str(&packed, str_slice(trace_id(c), 0, 128));
    write_str(&packed, str_slice(c->request_id, 0, 128));
    write_str(&packed, str_slice(hop->from, 0, 2048));
    write_str(&packed, str_slice(hop->to, 0, 2048));
    write_str(&packed, str_slice(hop->via, 0, 2048));
    write_str(&packed, str_slice(hop->outcome, 0, OUTCOME_BYTES_MAX));
    write_str(&packed, str_slice(hop->about, 0, 2048));
    write_u8(&packed, (uint8_t)bus->depth);
    write_var(&packed, step);
    assert(!buf_spent(&packed));
    txn_log_append(c->txn, bus->trace_log, c->now, arena_dup(c->arena, buf_str(&packed)));
    buf_done(&packed);
}

struct str trace_header(struct call *c)
{
    static const char digits[] = "0123456789abcdef";
    char random[24];

    if (c->trace.bytes > 0) {
        return c->trace;
    }
    for (size_t i = 0; i < sizeof(random); i++) {
        random[i] = digits[rand_u64(c->rand) & 15];
    }
    c->trace = arena_printf(c->keep, "Root=1-%08llx-%.24s;Sampled=1",
                            (unsigned long long)(c->now / 1000), random);
    return c->trace;
}

bool hop_read(struct str record, struct read_hop *ret_hop)
{
    struct cursor cursor = cursor_of(record);

    if (read_u8(&cursor) != VERSION) {
        return false;
    }
    ret_hop->trace = read_str(&cursor);
    ret_hop->request_id = read_str(&cursor);
    ret_hop->hop.from = read_str(&cursor);
    ret_hop->hop.to = read_str(&cursor);
    ret_hop->hop.via = read_str(&cursor);
    ret_hop->hop.outcome = read_str(&cursor);
    ret_hop->hop.about = read_str(&cursor);
    ret_hop->depth = read_u8(&cursor);
    ret_hop->step = (uint32_t)read_var(&cursor);
    return cursor_done(&cursor);
}

/* The first hop to keep: by age, and by the bytes of all. */
static uint64_t first_kept(struct call *c, uint64_t log, const struct log_state *state)
{
    uint64_t kept = state->first;
    uint64_t count = state->last + 1 - state->first;

    (void)txn_log_seek(c->txn, log, c->now - TRACE_KEEP_MS, &kept);
    if (state->bytes > TRACE_KEEP_BYTES) {
        double part = (double)(state->bytes - TRACE_KEEP_BYTES) / (double)state->bytes;
        uint64_t first = state->first + (uint64_t)(part * (double)count) + 1;

        kept = first > kept ? first : kept;
    }
    return kept;
}

void traces_tick(struct call *c, struct bus *bus)
{
    struct log_state state = {0};
    uint64_t kept;

    if (bus->trace_log != 0) {
        state = txn_log_state(c->txn, bus->trace_log);
    }
    if (state.last == 0 || state.first > state.last) {
        return;
    }
    kept = first_kept(c, bus->trace_log, &state);
    if (kept > state.first) {
        txn_log_trim(c->txn, bus->trace_log, kept);
    }
}
