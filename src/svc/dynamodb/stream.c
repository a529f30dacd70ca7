/* SPDX-License-Identifier: Apache-2.0
 *
 * Streams of tables: beginning, ending, finding them by their ARNs.
 */
#include "svc/dynamodb/stream.h"

#include "base/mem.h"
#include "base/time.h"
#include "cell/cell.h"

static const char *const views[] = {
    [VIEW_KEYS_ONLY] = "KEYS_ONLY",
    [VIEW_NEW_IMAGE] = "NEW_IMAGE",
    [VIEW_OLD_IMAGE] = "OLD_IMAGE",
    [VIEW_NEW_AND_OLD_IMAGES] = "NEW_AND_OLD_IMAGES",
};

struct str stream_view_name(uint8_t view)
{
    return str_c(views[view]);
}

bool stream_view_of(struct str name, uint8_t *ret_view)
{
    for (uint8_t view = 0; view < sizeof(views) / sizeof(views[0]); view++) {
        if (str_eq(str_c(views[view]), name)) {
            *ret_view = view;
            return true;
        }
    }
    return false;
}

bool stream_readable(const struct stream *stream, int64_t now_ms)
{
    return stream->ended_ms == 0 || stream->ended_ms > now_ms - STREAM_MS;
}

/* Those that ended more than a day ago; the newest stays, for it is told of for ever. */
static size_t streams_forgotten(const struct table *table, int64_t now_ms)
{
    size_t forgotten = 0;

    while (forgotten + 1 < table->stream_count &&
           !stream_readable(&table->streams[forgotten], now_ms)) {
        forgotten++;
    }
    return forgotten;
}

static uint64_t newest(struct call *c, const struct table *table)
{
    return table->log == 0 ? 0 : txn_log_state(c->txn, table->log).last;
}

status stream_begin(struct call *c, struct table *table, uint8_t view)
{
    size_t forgotten = streams_forgotten(table, c->now);
    size_t kept = table->stream_count - forgotten;
    int64_t label_ms = c->now;

    if (kept >= TABLE_STREAMS_MAX) {
        return fail(c, &DDB_LIMIT, "A table may have had at most %d streams within a day",
                    TABLE_STREAMS_MAX);
    }
    if (kept > 0) {
        int64_t before_ms = table->streams[table->stream_count - 1].label_ms;

        label_ms = label_ms > before_ms ? label_ms : before_ms + 1; /* labels tell them apart */
        memmove(table->streams, &table->streams[forgotten], kept * sizeof(struct stream));
    }
    table->streams = mem_grow(table->streams, (kept + 1) * sizeof(struct stream));
    table->streams[kept] = (struct stream){
        .view = view, .label_ms = label_ms, .first = newest(c, table) + 1};
    table->stream_count = kept + 1;
    return OK;
}

void stream_end(struct call *c, struct table *table)
{
    struct stream *stream = table_stream(table);

    if (stream != NULL) {
        stream->last = newest(c, table);
        stream->ended_ms = c->now;
        waiters_wake(c->cell, &table->changed);
    }
}

uint64_t streams_need(struct call *c, const struct table *table)
{
    uint64_t need = UINT64_MAX;

    for (size_t i = 0; i < table->stream_count; i++) {
        if (stream_readable(&table->streams[i], c->now) && table->streams[i].first < need) {
            need = table->streams[i].first;
        }
    }
    if (need != UINT64_MAX) {
        uint64_t horizon = 0;

        if (txn_log_seek(c->txn, table->log, c->now - STREAM_MS, &horizon) == OK &&
            horizon > need) {
            need = horizon;
        }
    }
    return need;
}

struct str stream_label(struct arena *arena, const struct stream *stream)
{
    struct time_parts at = time_parts_of(stream->label_ms);

    return arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02d.%03d", at.year, at.month, at.day,
                        at.hour, at.minute, at.second, at.ms);
}

static status not_found(struct call *c, struct str arn)
{
    return fail(c, &DDB_NOT_FOUND, "Requested resource not found: Stream: %.*s not found",
                STR_ARG(arn));
}

static bool stream_labelled(struct call *c, const struct table *table, struct str label,
                            struct stream_place *ret_place)
{
    for (size_t i = 0; table != NULL && i < table->stream_count; i++) {
        const struct stream *stream = &table->streams[i];

        if (stream_readable(stream, c->now) && str_eq(stream_label(c->arena, stream), label)) {
            *ret_place = (struct stream_place){table, stream};
            return true;
        }
    }
    return false;
}

status stream_of_arn(struct call *c, struct str text, struct stream_place *ret_place)
{
    const struct dynamodb *dynamodb = cell_state(c->cell, "dynamodb");
    struct arn arn;
    struct str rest, name, label;

    if (!arn_read(text, &arn) || !str_eq(arn.service, STR("dynamodb")) ||
        !str_starts(arn.resource, STR("table/"))) {
        return fail(c, &DDB_VALIDATION, "Invalid StreamArn");
    }
    rest = str_slice(arn.resource, 6, arn.resource.bytes);
    name = str_split(&rest, '/');
    if (!str_starts(rest, STR("stream/"))) {
        return fail(c, &DDB_VALIDATION, "Invalid StreamArn");
    }
    label = str_slice(rest, 7, rest.bytes);
    if (!stream_labelled(c, table_find(dynamodb, arn.account, arn.region, name), label,
                         ret_place)) {
        return not_found(c, text);
    }
    return OK;
}
