/* SPDX-License-Identifier: Apache-2.0
 *
 * DescribeExport, ExportTableToPointInTime, ListExports.
 */
#include "svc/dynamodb/export.h"
#include "svc/dynamodb/ops.h"
#include "svc/dynamodb/restores.h"

#include "base/time.h"
#include "wire/wire.h"

#define LIST_MAX 25
#define LOOKS_MAX 1000
#define WINDOW_MS_MIN (15 * MS_PER_MINUTE)
#define WINDOW_MS_MAX (24 * MS_PER_HOUR)

/* An export as it was asked for. */
struct wish {
    struct table *table;        /* of which */
    bool incremental;           /* INCREMENTAL_EXPORT */
    int64_t at_ms;              /* full: as of when */
    int64_t from_ms, to_ms;     /* incremental: from inclusive, to exclusive */
    struct str view;            /* incremental: NEW_IMAGE, NEW_AND_OLD_IMAGES */
    uint64_t cut, until;        /* as in struct past_range */
};

static status not_then(struct call *c, const char *member)
{
    return fail(c, &DDB_EXPORT_TIME, "The specified %s is outside of the point in time recovery "
                                     "window.", member);
}

static status full_read(struct call *c, struct wish *wish)
{
    if (arg_has(c, "IncrementalExportSpecification")) {
        return fail(c, &DDB_VALIDATION, "IncrementalExportSpecification is only supported for "
                                        "INCREMENTAL_EXPORT");
    }
    wish->at_ms = get_time(c->in, "ExportTime", c->now);
    if (wish->at_ms < pitr_earliest(c, wish->table) || wish->at_ms > c->now) {
        return not_then(c, "ExportTime");
    }
    return past_cut(c, wish->table, wish->at_ms, &wish->cut);
}

static status incremental_read(struct call *c, struct wish *wish)
{
    const struct value *given = arg(c, "IncrementalExportSpecification");

    if (given == NULL || !has(given, "ExportFromTime")) {
        return fail(c, &DDB_VALIDATION, "IncrementalExportSpecification with an ExportFromTime is "
                                        "required for INCREMENTAL_EXPORT");
    }
    if (arg_has(c, "ExportTime")) {
        return fail(c, &DDB_VALIDATION, "ExportTime is not supported for INCREMENTAL_EXPORT");
    }
    wish->from_ms = get_time(given, "ExportFromTime", 0);
    wish->to_ms = get_time(given, "ExportToTime", c->now);
    wish->view = has(given, "ExportViewType") ? get_str(given, "ExportViewType")
                                              : STR("NEW_AND_OLD_IMAGES");
    if (wish->from_ms < pitr_earliest(c, wish->table) || wish->from_ms > c->now) {
        return not_then(c, "ExportFromTime");
    }
    if (wish->to_ms > c->now) {
        return not_then(c, "ExportToTime");
    }
    if (wish->to_ms - wish->from_ms < WINDOW_MS_MIN ||
        wish->to_ms - wish->from_ms > WINDOW_MS_MAX) {
        return fail(c, &DDB_VALIDATION, "The difference between ExportFromTime and ExportToTime "
                                        "must be at least 15 minutes and at most 24 hours");
    }
    if (past_cut(c, wish->table, wish->from_ms - 1, &wish->cut) != OK) {
        return not_then(c, "ExportFromTime");
    }
    return past_cut(c, wish->table, wish->to_ms - 1, &wish->until);
}

static status wish_read(struct call *c, struct wish *wish)
{
    if (arg_has(c, "FilterSpecification")) {
        return fail(c, &WIRE_NOT_IMPLEMENTED,
                    "FilterSpecification of an export is not implemented by weir");
    }
    if (str_eq(arg_str(c, "ExportFormat"), STR("ION"))) {
        return fail(c, &WIRE_NOT_IMPLEMENTED, "ExportFormat ION is not implemented by weir");
    }
    TRY(table_to_back_up(c, arg_str(c, "TableArn"), &wish->table));
    TRY(pitr_check(c, wish->table));
    wish->incremental = str_eq(arg_str(c, "ExportType"), STR("INCREMENTAL_EXPORT"));
    return wish->incremental ? incremental_read(c, wish) : full_read(c, wish);
}

static void copy_str(struct call *c, struct value *about, const char *member)
{
    if (arg_has(c, member)) {
        set_str(about, member, arg_str(c, member));
    }
}

static void describe(struct call *c, struct value *about, const struct wish *wish, struct str arn)
{
    set_str(about, "ExportArn", arn);
    set_str(about, "ExportStatus", STR("IN_PROGRESS"));
    set_time(about, "StartTime", c->now);
    set_str(about, "TableArn", table_arn(c->arena, wish->table));
    set_str(about, "TableId", arena_dup(c->arena, str_of(wish->table->id, TABLE_ID_BYTES)));
    copy_str(c, about, "ClientToken");
    copy_str(c, about, "S3Bucket");
    copy_str(c, about, "S3BucketOwner");
    copy_str(c, about, "S3Prefix");
    set_str(about, "S3SseAlgorithm",
            arg_has(c, "S3SseAlgorithm") ? arg_str(c, "S3SseAlgorithm") : STR("AES256"));
    copy_str(c, about, "S3SseKmsKeyId");
    set_str(about, "ExportFormat", STR("DYNAMODB_JSON"));
    set_str(about, "ExportType",
            wish->incremental ? STR("INCREMENTAL_EXPORT") : STR("FULL_EXPORT"));
    if (wish->incremental) {
        struct value *span = set_struct(c->arena, about, "IncrementalExportSpecification");

        set_time(span, "ExportFromTime", wish->from_ms);
        set_time(span, "ExportToTime", wish->to_ms);
        set_str(span, "ExportViewType", wish->view);
    } else {
        set_time(about, "ExportTime", wish->at_ms);
    }
}

static void begin(struct call *c, const struct wish *wish, struct str arn)
{
    struct export export = {.incremental = wish->incremental,
                            .old_images = str_eq(wish->view, STR("NEW_AND_OLD_IMAGES")),
                            .bucket = arg_str(c, "S3Bucket"),
                            .owner = arg_str(c, "S3BucketOwner"),
                            .prefix = arg_str(c, "S3Prefix")};
    struct job job = {.kind = JOB_EXPORT,
                      .id = arn,
                      .account = wish->table->account,
                      .region = wish->table->region,
                      .table = wish->table->name,
                      .target = wish->table->number,
                      .source = past_of_table(wish->table),
                      .cut = wish->cut,
                      .until = wish->until,
                      .bytes = wish->table->tally.bytes,
                      .about = export_pack(c->arena, &export)};

    job_begin(c, &job);
}

static struct value *told(struct call *c, struct str arn)
{
    return told_load(c, "export", arn, told_shape("DescribeExport", "ExportDescription"));
}

/* ExportTableToPointInTime */
status ddb_export_table_to_point_in_time(struct call *c)
{
    struct wish wish = {0};
    struct value *about;
    struct str arn;

    TRY(told_token(c, "export", &DDB_EXPORT_CONFLICT, &arn));
    if (arn.bytes > 0 && told(c, arn) != NULL) {
        set_value(c->out, "ExportDescription", told(c, arn));
        return OK;
    }
    TRY(wish_read(c, &wish));
    TRY(jobs_room(c));
    arn = arena_printf(c->arena, "%.*s/export/%.*s", STR_ARG(table_arn(c->arena, wish.table)),
                       STR_ARG(told_id(c)));
    about = put_struct(c, "ExportDescription");
    describe(c, about, &wish, arn);
    told_save(c, "export", arn, about);
    told_token_save(c, "export", arn);
    begin(c, &wish, arn);
    call_on(c, arn);
    return OK;
}

/* DescribeExport */
status ddb_describe_export(struct call *c)
{
    struct value *about = told(c, arg_str(c, "ExportArn"));

    if (about == NULL) {
        return fail(c, &DDB_EXPORT_NOT_FOUND, "Export not found: %.*s",
                    STR_ARG(arg_str(c, "ExportArn")));
    }
    set_value(c->out, "ExportDescription", about);
    return OK;
}

/* ListExports: the newest first. NextToken is the ARN of the last one told. */
status ddb_list_exports(struct call *c)
{
    int64_t max = arg_int(c, "MaxResults", LIST_MAX);
    struct value *list = put_list(c, "ExportSummaries", (size_t)max);
    struct str of = arg_str(c, "TableArn");
    struct txn_scan *scan = NULL;
    struct str arn, last = STR_NONE;

    for (int looks = 0; told_next(c, "export", arg_str(c, "NextToken"), &scan, &arn); looks++) {
        const struct value *about = told(c, arn);
        struct value *one;

        if (list->count == (uint32_t)max || looks == LOOKS_MAX) {
            put_str(c, "NextToken", last);
            txn_scan_close(scan);
            break;
        }
        last = arn;
        if (of.bytes > 0 && !str_eq(of, get_str(about, "TableArn"))) {
            continue;
        }
        one = list_add(c->arena, list);
        set_str(one, "ExportArn", arn);
        set_str(one, "ExportStatus", get_str(about, "ExportStatus"));
        set_str(one, "ExportType", get_str(about, "ExportType"));
    }
    return OK;
}
