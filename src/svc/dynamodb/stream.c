/* SPDX-License-Identifier: Apache-2.0
 *
 * Streams of tables, found by their ARNs.
 */
#include "svc/dynamodb/stream.h"

#include "cell/cell.h"
#include "svc/dynamodb/tables.h"

bool stream_readable(const struct stream *stream, int64_t now_ms)
{
    return stream->ended_ms == 0 || stream->ended_ms > now_ms - STREAM_MS;
}

static status not_found(struct call *c, struct str arn)
{
    return fail(c, &DDB_NOT_FOUND, "Requested resource not found: Stream: %.*s not found",
                STR_ARG(arn));
}

static bool find_labelled(struct call *c, struct table *table, struct str label,
                          struct stream_place *ret_place)
{
    for (size_t i = 0; table != NULL && i < table->stream_count; i++) {
        const struct stream *stream = &table->streams[i];

        if (stream_readable(stream, c->now) &&
            str_eq(stream_label(c->arena, stream), label)) {
            *ret_place = (struct stream_place){table, stream};
            return true;
        }
    }
    return false;
}

/* Of a table that was deleted within a day. */
static bool find_gone(struct call *c, const struct arn *arn, struct str name, struct str label,
                      struct stream_place *ret_place)
{
    const struct dynamodb *dynamodb = cell_state(c->cell, "dynamodb");

    for (struct link *at = dynamodb->gone.next; at != &dynamodb->gone; at = at->next) {
        struct table *table = LINK_OWNER(at, struct table, place);

        if (str_eq(table->account, arn->account) && str_eq(table->region, arn->region) &&
            str_eq(table->name, name) && find_labelled(c, table, label, ret_place)) {
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
    if (find_labelled(c, table_find(dynamodb, arn.account, arn.region, name), label, ret_place) ||
        find_gone(c, &arn, name, label, ret_place)) {
        return OK;
    }
    return not_found(c, text);
}
