/* SPDX-License-Identifier: Apache-2.0
 *
 * What an export's files say.
 */
#include "svc/dynamodb/export.h"

#include "base/time.h"
#include "wire/json.h"

void item_text(struct buf *lines, struct arena *arena, const struct item *item)
{
    static uint32_t shape; /* of GetItem's output: a structure with an Item */
    struct value *holder;

    if (shape == 0) {
        shape = model_operation(model_service(STR("dynamodb")), STR("GetItem"))->output;
    }
    holder = value_struct(arena, shape);
    item_to_value(arena, item, holder, "Item");
    json_write(lines, get(holder, "Item"), TIME_EPOCH);
}

void export_line(struct buf *lines, struct arena *arena, const struct item *item)
{
    buf_add(lines, STR("{\"Item\":"));
    item_text(lines, arena, item);
    buf_add(lines, STR("}\n"));
}

bool export_change_line(struct buf *lines, struct arena *arena, const struct export_change *change)
{
    const struct past_item *item = change->item;
    struct item keys = item_of_suffix(arena, change->schema, item->suffix);
    bool before = item->before.packed.bytes > 0;
    bool after = item->after.packed.bytes > 0;

    if (!before && !after) {
        return false;
    }
    buf_printf(lines, "{\"Metadata\":{\"WriteTimestampMicros\":{\"N\":\"%lld000\"}},\"Keys\":",
               (long long)change->at_ms);
    item_text(lines, arena, &keys);
    if (before && change->old_images) {
        buf_add(lines, STR(",\"OldImage\":"));
        item_text(lines, arena, &item->before);
    }
    if (after) {
        buf_add(lines, STR(",\"NewImage\":"));
        item_text(lines, arena, &item->after);
    }
    buf_add(lines, STR("}\n"));
    return true;
}

/* ---- the summary ---- */

static void add_name(struct buf *text, const char *name)
{
    buf_printf(text, "%s\"%s\":", text->bytes > 1 ? "," : "", name);
}

static void add_text(struct buf *text, const char *name, struct str value)
{
    add_name(text, name);
    if (value.at == NULL) {
        buf_add(text, STR("null"));
    } else {
        json_write_str(text, value);
    }
}

static void add_moment(struct buf *text, const char *name, int64_t moment_ms)
{
    struct time_parts at = time_parts_of(moment_ms);

    add_name(text, name);
    buf_printf(text, "\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\"", at.year, at.month, at.day,
               at.hour, at.minute, at.second, at.ms);
}

static void add_number(struct buf *text, const char *name, int64_t number)
{
    add_name(text, name);
    buf_add_i64(text, number);
}

static struct str or_null(const struct value *about, const char *member)
{
    return has(about, member) ? get_str(about, member) : STR_NONE;
}

void export_summary(struct buf *text, const struct value *about, struct str manifest_key)
{
    bool incremental = str_eq(get_str(about, "ExportType"), STR("INCREMENTAL_EXPORT"));
    const struct value *span = get(about, "IncrementalExportSpecification");

    buf_add_c(text, '{');
    add_text(text, "version", incremental ? STR("2023-08-01") : STR("2020-06-30"));
    add_text(text, "exportArn", get_str(about, "ExportArn"));
    add_moment(text, "startTime", get_time(about, "StartTime", 0));
    add_moment(text, "endTime", get_time(about, "EndTime", 0));
    add_text(text, "tableArn", get_str(about, "TableArn"));
    add_text(text, "tableId", get_str(about, "TableId"));
    if (incremental) {
        add_moment(text, "exportFromTime", get_time(span, "ExportFromTime", 0));
        add_moment(text, "exportToTime", get_time(span, "ExportToTime", 0));
    } else {
        add_moment(text, "exportTime", get_time(about, "ExportTime", 0));
    }
    add_text(text, "s3Bucket", get_str(about, "S3Bucket"));
    add_text(text, "s3Prefix", or_null(about, "S3Prefix"));
    add_text(text, "s3SseAlgorithm", get_str(about, "S3SseAlgorithm"));
    add_text(text, "s3SseKmsKeyId", or_null(about, "S3SseKmsKeyId"));
    add_text(text, "manifestFilesS3Key", manifest_key);
    add_number(text, "billedSizeBytes", get_int(about, "BilledSizeBytes", 0));
    add_number(text, "itemCount", get_int(about, "ItemCount", 0));
    add_text(text, "outputFormat", get_str(about, "ExportFormat"));
    if (incremental) {
        add_text(text, "outputView", get_str(span, "ExportViewType"));
        add_text(text, "exportType", STR("INCREMENTAL_EXPORT"));
    }
    buf_add_c(text, '}');
}
