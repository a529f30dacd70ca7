/* SPDX-License-Identifier: Apache-2.0
 *
 * Streams of a table coming and going. A stream is a span of the table's change log: from the first
 * change after it was enabled to the last before it was disabled. Those that ended stay for a day.
 */
#include "svc/dynamodb/tables.h"

#include "base/mem.h"
#include "base/time.h"
#include "bus/source.h"

#include <assert.h>

struct str stream_label(struct arena *arena, const struct stream *stream)
{
    struct time_parts at = time_parts_of(stream->label_ms);

    return arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02d.%03d", at.year, at.month, at.day,
                        at.hour, at.minute, at.second, at.ms);
}

static uint8_t view_of(struct str name)
{
    uint8_t view = VIEW_KEYS_ONLY;

    while (!str_eq(view_name(view), name)) {
        assert(view < VIEW_NEW_AND_OLD_IMAGES);
        view++;
    }
    return view;
}

status stream_read(struct call *c, const struct value *given, bool update, bool *ret_enabled,
                   uint8_t *ret_view)
{
    bool enabled = get_bool(given, "StreamEnabled", false);
    struct str view = get_str(given, "StreamViewType");

    if (enabled == (view.bytes > 0)) {
        *ret_enabled = enabled;
        *ret_view = enabled ? view_of(view) : VIEW_KEYS_ONLY;
        return OK;
    }
    if (update) {
        return fail(c, &DDB_VALIDATION, "One or more parameter values were invalid: %s",
                    enabled ? "If stream is being enabled then UpdateViewType is required"
                            : "If stream is being disabled, then UpdateViewType must not be "
                              "specified");
    }
    return fail(c, &DDB_VALIDATION, "One or more parameter values were invalid: Table is being "
                "created with a stream %s", enabled ? "enabled, UpdateViewType is required"
                                                    : "disabled, UpdateViewType should not be "
                                                      "specified");
}

/* Those that ended more than a day ago; the newest stays, for it is told of for ever. */
static size_t streams_over(const struct table *table, int64_t now_ms)
{
    size_t over = 0;

    while (over + 1 < table->stream_count && table->streams[over].ended_ms + STREAM_MS <= now_ms) {
        over++;
    }
    return over;
}

status stream_begin_check(struct call *c, const struct table *table)
{
    if (table_stream(table) != NULL) {
        return fail(c, &DDB_VALIDATION, "Table already has an enabled stream: TableName: %.*s",
                    STR_ARG(table->name));
    }
    if (table->stream_count - streams_over(table, c->now) >= TABLE_STREAMS_MAX) {
        return fail(c, &DDB_LIMIT, "Subscriber limit exceeded: a table's stream can be enabled at "
                    "most %d times within 24 hours", TABLE_STREAMS_MAX);
    }
    return OK;
}

static int64_t newest_label(const struct table *table)
{
    return table->stream_count > 0 ? table->streams[table->stream_count - 1].label_ms : 0;
}

/* An ARN names one stream, also of a table that comes after one of its name within a moment. */
static int64_t label_take(struct call *c, const struct table *table)
{
    const struct dynamodb *dynamodb = dynamodb_of(c);
    int64_t newest_ms = newest_label(table);

    for (const struct link *at = dynamodb->gone.next; at != &dynamodb->gone; at = at->next) {
        const struct table *gone = LINK_OWNER(at, struct table, place);

        if (str_eq(gone->name, table->name) && str_eq(gone->account, table->account) &&
            str_eq(gone->region, table->region) && newest_label(gone) > newest_ms) {
            newest_ms = newest_label(gone);
        }
    }
    return c->now > newest_ms ? c->now : newest_ms + 1;
}

void stream_begin(struct call *c, struct table *table, uint8_t view)
{
    size_t over = streams_over(table, c->now);
    size_t kept = table->stream_count - over;
    int64_t label_ms = label_take(c, table);

    assert(table_stream(table) == NULL);
    if (kept > 0) {
        memmove(table->streams, &table->streams[over], kept * sizeof(struct stream));
    }
    table->streams = mem_grow(table->streams, (kept + 1) * sizeof(struct stream));
    table->streams[kept] = (struct stream){.view = view, .label_ms = label_ms,
                                           .first = txn_log_state(c->txn, table->log).last + 1};
    table->stream_count = kept + 1;
    text_set(&table->extras[EXTRA_STREAM_POLICY], STR_NONE); /* it was the former stream's */
    text_set(&table->extras[EXTRA_STREAM_POLICY_REVISION], STR_NONE);
    bus_source_ring(c->cell, table->arn, true);
}

void stream_end(struct call *c, struct table *table)
{
    struct stream *stream = table_stream(table);

    assert(stream != NULL);
    stream->last = txn_log_state(c->txn, table->log).last;
    stream->ended_ms = c->now;
    waiters_wake(c->cell, &table->changed);
    bus_source_ring(c->cell, table->arn, true);
}
