/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading logs: the newest records from memory, older ones by frames from their segment. Records of
 * one chunk lie one behind the other, so a run of them is one copy.
 */
#include "store/log_int.h"

#include <assert.h>

/* Where to find the record with that sequence, which the log has. */
static status view_of(struct logs *logs, struct log *log, uint64_t sequence,
                      struct log_view *ret_view)
{
    size_t low = 0;

    if (log->chunk_count > 0 && sequence >= log->chunks[0]->frame.first) {
        for (size_t high = log->chunk_count; high - low > 1;) {
            size_t middle = low + (high - low) / 2;

            *(log->chunks[middle]->frame.first <= sequence ? &low : &high) = middle;
        }
        *ret_view = log_chunk_view(log->chunks[low]);
        return OK;
    }
    assert(log->segment_count > 0);
    for (size_t high = log->segment_count; high - low > 1;) {
        size_t middle = low + (high - low) / 2;

        *(log->segments[middle]->first <= sequence ? &low : &high) = middle;
    }
    return log_segment_view(logs, log->segments[low], sequence, ret_view);
}

static uint32_t start_of(const struct log_view *view, size_t index)
{
    return index == 0 ? 0 : view->slots[index - 1].end;
}

/* A read under way. */
struct reading {
    struct arena *arena;        /* takes the copies */
    struct log_record *records; /* where the next one goes */
    size_t count_left;          /* of records wanted */
    uint64_t bytes_left;        /* of data wanted */
};

/* How many of the view's records from index on are wanted, at least one. */
static size_t view_count(const struct log_view *view, size_t index, const struct reading *reading)
{
    uint32_t start = start_of(view, index);
    size_t end = index + 1;

    while (end < view->frame->count && end - index < reading->count_left &&
           view->slots[end].end - start <= reading->bytes_left) {
        end++;
    }
    return end - index;
}

/* Takes count records of the view from index on, in one piece. */
static status view_take(const struct log_view *view, size_t index, size_t count,
                        struct reading *reading)
{
    uint32_t start = start_of(view, index);
    uint32_t bytes = view->slots[index + count - 1].end - start;
    char *at = arena_try(reading->arena, (size_t)bytes + 1);

    if (at == NULL) {
        return &ERR_LIMIT;
    }
    memcpy(at, view->data + start, bytes);
    for (size_t i = index; i < index + count; i++) {
        uint32_t begin = start_of(view, i);

        *reading->records++ =
            (struct log_record){view->frame->first + i,
                                view->frame->first_at_ms + view->slots[i].after_ms,
                                str_of(at + (begin - start), view->slots[i].end - begin)};
    }
    reading->count_left -= count;
    reading->bytes_left -= bytes < reading->bytes_left ? bytes : reading->bytes_left;
    return OK;
}

status logs_read(struct logs *logs, const struct log_range *range, struct arena *arena,
                 struct log_record *ret_records, size_t *ret_count)
{
    struct log *log = log_find(logs, range->log);
    struct reading reading = {arena, ret_records, range->count_max, range->bytes_max};
    uint64_t from = range->from;
    bool whole = true; /* the views so far were taken to their ends */

    if (log == NULL || log->state.last == 0) {
        *ret_count = 0;
        return OK;
    }
    from = from < log->state.first ? log->state.first : from;
    while (whole && from <= log->state.last && reading.count_left > 0) {
        struct log_view view;
        size_t index = 0;
        size_t count = 0;

        TRY(view_of(logs, log, from, &view));
        index = (size_t)(from - view.frame->first);
        if (reading.records != ret_records &&
            view.slots[index].end - start_of(&view, index) > reading.bytes_left) {
            break;
        }
        count = view_count(&view, index, &reading);
        TRY(view_take(&view, index, count, &reading));
        whole = index + count == view.frame->count;
        from += count;
    }
    *ret_count = (size_t)(reading.records - ret_records);
    return OK;
}

/* Sequence of the view's first record at or after that moment; behind the view when it has none. */
static uint64_t view_seek(const struct log_view *view, int64_t at_ms)
{
    size_t low = 0;
    size_t high = view->frame->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (view->frame->first_at_ms + view->slots[middle].after_ms < at_ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return view->frame->first + low;
}

/* The first record at or after a moment stands in the last chunk that begins before it, or is the
 * one right behind that chunk. */
static status seek(struct logs *logs, struct log *log, int64_t at_ms, uint64_t *ret_sequence)
{
    struct log_view view;
    size_t low = 0;

    if (log->chunk_count > 0 && log->chunks[0]->frame.first_at_ms < at_ms) {
        for (size_t high = log->chunk_count; high - low > 1;) {
            size_t middle = low + (high - low) / 2;

            *(log->chunks[middle]->frame.first_at_ms < at_ms ? &low : &high) = middle;
        }
        view = log_chunk_view(log->chunks[low]);
    } else if (log->segment_count > 0 && log->segments[0]->first_at_ms < at_ms) {
        for (size_t high = log->segment_count; high - low > 1;) {
            size_t middle = low + (high - low) / 2;

            *(log->segments[middle]->first_at_ms < at_ms ? &low : &high) = middle;
        }
        TRY(log_segment_view_before(logs, log->segments[low], at_ms, &view));
    } else {
        *ret_sequence = log->state.first;
        return OK;
    }
    *ret_sequence = view_seek(&view, at_ms);
    return OK;
}

status logs_seek_time(struct logs *logs, uint64_t number, int64_t at_ms, uint64_t *ret_sequence)
{
    struct log *log = log_find(logs, number);
    uint64_t sequence = 0;

    if (log == NULL || log->state.last == 0) {
        *ret_sequence = log == NULL ? 1 : log->state.last + 1;
        return OK;
    }
    if (at_ms > log->state.last_at_ms) {
        *ret_sequence = log->state.last + 1;
        return OK;
    }
    TRY(seek(logs, log, at_ms, &sequence));
    *ret_sequence = sequence < log->state.first ? log->state.first : sequence;
    return OK;
}
