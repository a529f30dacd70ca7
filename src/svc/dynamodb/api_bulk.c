/* SPDX-License-Identifier: Apache-2.0
 *
 * CancelBulkOperation, DescribeBulkOperation, ListBulkOperations, StartBulkPutItems.
 */
#include "svc/dynamodb/bulk.h"
#include "svc/dynamodb/import.h"
#include "svc/dynamodb/ops.h"

#include "wire/wire.h"

#include <stdlib.h>

#define LIST_MAX 10
#define TOLD_MAX 10000 /* of 90 days that are looked at */

/* ---- the start ---- */

static status input_read(struct call *c, struct import *import)
{
    const struct value *input = arg(c, "InputS3Configuration");
    const struct value *output = arg(c, "OutputS3Configuration");
    struct str owner = get_str(input, "S3BucketOwner");

    if (str_eq(get_str(input, "InputFormat"), STR("ION"))) {
        return fail(c, &WIRE_NOT_IMPLEMENTED, "InputFormat ION is not implemented by weir");
    }
    if (!has(output, "S3Bucket") || get(output, "OutputType")->count == 0) {
        return fail(c, &DDB_VALIDATION,
                    "OutputS3Configuration must have an S3Bucket and an OutputType");
    }
    *import = (struct import){
        .bucket = get_str(input, "S3Bucket"),
        .owner = owner.bytes > 0 ? owner : c->account,
        .prefix = get_str(input, "S3KeyPrefix"),
        .compression = (uint8_t)import_compression(get_str(input, "InputCompressionType"))};
    return OK;
}

static status table_read(struct call *c, struct table **ret_table)
{
    struct table *table;

    TRY(table_of_name(c, arg_str(c, "TableName"), &table));
    for (size_t i = 0; i < table->index_count; i++) {
        if (table->indexes[i]->state == INDEX_CREATING) {
            return fail(c, &DDB_IN_USE, "Attempt to change a resource which is still in use: "
                        "Table: %.*s has an index that is being created", STR_ARG(table->name));
        }
    }
    *ret_table = table;
    return jobs_room(c);
}

static void describe(struct call *c, struct value *about, const struct table *table,
                     struct str arn)
{
    static const char *const given[] = {"ClientToken", "InputS3Configuration",
                                        "OutputS3Configuration", "MaxWriteRequestUnits"};
    struct value *detail = list_add(c->arena, set_list(c->arena, about, "TableDetails", 1));

    set_str(detail, "TableName", arena_dup(c->arena, table->name));
    set_str(detail, "TableId", arena_dup(c->arena, str_of(table->id, TABLE_ID_BYTES)));
    set_str(about, "BulkOperationArn", arn);
    set_str(about, "BulkOperationStatus", STR("IN_PROGRESS"));
    for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
        if (arg_has(c, given[i])) {
            set_value(about, given[i], arg(c, given[i]));
        }
    }
    set_time(about, "StartTime", c->now);
    set_str(about, "PerformanceTier",
            arg_has(c, "PerformanceTier") ? arg_str(c, "PerformanceTier") : STR("STANDARD"));
    bulk_tell(about, &(struct job){0});
}

/* With what a running one has done so far. */
static struct value *told(struct call *c, struct str arn)
{
    struct value *about = bulk_told(c, arn);
    const struct job *job = about == NULL ? NULL : job_of(dynamodb_of(c), arn);

    if (job != NULL) {
        bulk_tell(about, job);
    }
    return about;
}

static void begin(struct call *c, const struct table *table, const struct import *import)
{
    struct value *about = put_struct(c, "BulkOperationDescription");
    struct str arn = arena_printf(c->arena, "%.*s/bulk-operation/%.*s",
                                  STR_ARG(table_arn(c->arena, table)), STR_ARG(told_id(c)));
    struct job job = {.kind = JOB_BULK, .id = arn, .table = table->name,
                      .account = table->account, .region = table->region,
                      .target = table->number, .about = import_pack(c->arena, import)};

    describe(c, about, table, arn);
    told_save(c, "bulk", arn, about);
    told_token_save(c, "bulk", arn);
    job_begin(c, &job);
    call_on(c, arn);
}

/* StartBulkPutItems */
status ddb_start_bulk_put(struct call *c)
{
    struct import import;
    struct table *table;
    struct value *before;
    struct str arn;

    TRY(told_token(c, "bulk", &DDB_IDEMPOTENT_MISMATCH, &arn));
    before = arn.bytes > 0 ? told(c, arn) : NULL;
    if (before != NULL) {
        set_value(c->out, "BulkOperationDescription", before);
        return OK;
    }
    TRY(input_read(c, &import));
    TRY(table_read(c, &table));
    begin(c, table, &import);
    return OK;
}

/* ---- what became of it ---- */

static status not_found(struct call *c, struct str arn)
{
    return fail(c, &DDB_NOT_FOUND, "Bulk operation not found: %.*s", STR_ARG(arn));
}

/* DescribeBulkOperation */
status ddb_describe_bulk(struct call *c)
{
    struct str arn = arg_str(c, "BulkOperationArn");
    struct value *about = told(c, arn);

    if (about == NULL) {
        return not_found(c, arn);
    }
    set_value(c->out, "BulkOperationDescription", about);
    return OK;
}

/* CancelBulkOperation: what was put stays. */
status ddb_cancel_bulk(struct call *c)
{
    struct str arn = arg_str(c, "BulkOperationArn");
    struct value *about = bulk_told(c, arn);
    struct job *job = job_of(dynamodb_of(c), arn);

    if (about == NULL) {
        return not_found(c, arn);
    }
    if (job == NULL) {
        return fail(c, &DDB_VALIDATION, "The bulk operation is not in progress: %.*s",
                    STR_ARG(arn));
    }
    set_str(about, "BulkOperationStatus", STR("CANCELLING"));
    told_save(c, "bulk", arn, about);
    job_cancel(c, job);
    call_on(c, arn);
    put_str(c, "BulkOperationArn", arn);
    put_str(c, "BulkOperationStatus", STR("CANCELLING"));
    return OK;
}

/* ---- the list ---- */

/* The end of an ARN, which begins with when it was. */
static struct str id_of(struct str arn)
{
    size_t at = arn.bytes;

    while (at > 0 && arn.at[at - 1] != '/') {
        at--;
    }
    return str_slice(arn, at, arn.bytes);
}

static int newest_first(const void *a, const void *b)
{
    return str_cmp(id_of(*(const struct str *)b), id_of(*(const struct str *)a));
}

/* ARNs of all that are older than before (empty: of all), sorted. */
static size_t gather(struct call *c, struct str before, struct str *ret_arns)
{
    struct txn_scan *scan = NULL;
    size_t count = 0;
    struct str arn;

    while (told_next(c, "bulk", STR_NONE, &scan, &arn)) {
        if (count == TOLD_MAX) {
            txn_scan_close(scan);
            break;
        }
        if (before.bytes == 0 || str_cmp(id_of(arn), id_of(before)) < 0) {
            ret_arns[count++] = arn;
        }
    }
    qsort(ret_arns, count, sizeof(ret_arns[0]), newest_first);
    return count;
}

/* ListBulkOperations: the newest first. */
status ddb_list_bulks(struct call *c)
{
    static const char *const members[] = {"BulkOperationArn", "BulkOperationStatus", "StartTime",
                                          "EndTime"};
    size_t max = (size_t)arg_int(c, "MaxResults", LIST_MAX);
    struct value *list = put_list(c, "BulkOperationsSummaryList", max);
    struct str *arns = arena_alloc(c->arena, TOLD_MAX * sizeof(struct str));
    struct str before;
    size_t count;

    TRY(told_page_read(c, &before));
    count = gather(c, before, arns);
    for (size_t i = 0; i < count && i < max; i++) {
        const struct value *about = bulk_told(c, arns[i]);
        struct value *one = list_add(c->arena, list);

        for (size_t m = 0; m < sizeof(members) / sizeof(members[0]); m++) {
            if (has(about, members[m])) {
                set_value(one, members[m], get(about, members[m]));
            }
        }
    }
    if (count > max) {
        put_str(c, "NextToken", told_page(c, arns[max - 1], 0));
    }
    return OK;
}
