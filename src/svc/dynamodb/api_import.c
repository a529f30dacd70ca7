/* SPDX-License-Identifier: Apache-2.0
 *
 * DescribeImport, ImportTable, ListImports.
 */
#include "svc/dynamodb/import.h"
#include "svc/dynamodb/ops.h"
#include "svc/dynamodb/tables.h"

#include "base/cursor.h"
#include "wire/wire.h"

#define LIST_MAX 25
#define LOOKS_MAX 1000
#define HEADER_BYTES_MAX (512u * 1024)
#define TOKEN_BYTES_MIN 112 /* of a NextToken, as the model has it */

enum compression import_compression(struct str type)
{
    return str_eq(type, STR("GZIP"))   ? COMPRESSION_GZIP
           : str_eq(type, STR("ZSTD")) ? COMPRESSION_ZSTD
                                       : COMPRESSION_NONE;
}

static struct str header_pack(struct call *c, const struct value *names)
{
    struct buf packed;
    struct str text;

    buf_init(&packed, HEADER_BYTES_MAX);
    for (uint32_t i = 0; i < names->count; i++) {
        write_str(&packed, names->items[i].str);
    }
    text = buf_spent(&packed) ? STR_NONE : arena_dup(c->arena, buf_str(&packed));
    buf_done(&packed);
    return text;
}

static status source_read(struct call *c, struct import *import)
{
    const struct value *source = arg(c, "S3BucketSource");
    const struct value *options = arg(c, "InputFormatOptions");
    const struct value *csv = options == NULL ? NULL : get(options, "Csv");
    struct str format = arg_str(c, "InputFormat");

    if (str_eq(format, STR("ION"))) {
        return fail(c, &WIRE_NOT_IMPLEMENTED, "InputFormat ION is not implemented by weir");
    }
    *import = (struct import){.bucket = get_str(source, "S3Bucket"),
                              .owner = get_str(source, "S3BucketOwner"),
                              .prefix = get_str(source, "S3KeyPrefix"),
                              .compression = (uint8_t)import_compression(
                                  arg_str(c, "InputCompressionType"))};
    if (!str_eq(format, STR("CSV"))) {
        return csv == NULL ? OK
                           : fail(c, &DDB_VALIDATION, "Csv options can only be specified for the "
                                                      "CSV input format");
    }
    import->delimiter = ',';
    if (csv != NULL && has(csv, "Delimiter")) {
        import->delimiter = get_str(csv, "Delimiter").at[0];
    }
    if (csv != NULL && has(csv, "HeaderList")) {
        import->header = header_pack(c, get(csv, "HeaderList"));
        if (import->header.bytes == 0) {
            return fail(c, &DDB_VALIDATION, "The HeaderList is too long");
        }
    }
    return OK;
}

/* The new table, in memory only. */
static status table_wanted(struct call *c, struct table **ret_table)
{
    const struct value *given = arg(c, "TableCreationParameters");
    const struct value *sse = get(given, "SSESpecification");
    struct table_wish wish = {.attributes = get(given, "AttributeDefinitions"),
                              .schema = get(given, "KeySchema"),
                              .globals = get(given, "GlobalSecondaryIndexes"),
                              .vectors = get(given, "VectorIndexes"),
                              .provisioned = get(given, "ProvisionedThroughput"),
                              .on_demand = get(given, "OnDemandThroughput"),
                              .billing = get_str(given, "BillingMode")};
    struct str name = get_str(given, "TableName");
    struct table *table = table_new(c->account, c->region, name);
    struct str kept = STR_NONE;
    status read;

    table->created_ms = c->now;
    table->filling = true;
    read = table_read(c, &wish, table);
    if (read == OK && sse != NULL) {
        read = sse_read(c, sse, &kept);
    }
    if (read != OK) {
        table_free(table);
        return read;
    }
    text_set(&table->extras[EXTRA_SSE], kept);
    rand_uuid(c->rand, table->id);
    *ret_table = table;
    return OK;
}

static status name_free(struct call *c)
{
    const struct value *given = arg(c, "TableCreationParameters");
    struct str account, region, name;

    TRY(table_name_read(c, get_str(given, "TableName"), &account, &region, &name));
    if (table_find(dynamodb_of(c), c->account, c->region, name) != NULL) {
        return fail(c, &DDB_IN_USE, "Table already exists: %.*s", STR_ARG(name));
    }
    if (map_count(dynamodb_of(c)->tables) >= TABLES_MAX) {
        return fail(c, &DDB_LIMIT, "Subscriber limit exceeded: There is a limit of %d tables per "
                    "subscriber", TABLES_MAX);
    }
    return jobs_room(c);
}

static void copy(struct call *c, struct value *about, const char *member)
{
    if (arg_has(c, member)) {
        set_value(about, member, arg(c, member));
    }
}

static void describe(struct call *c, struct value *about, const struct table *table,
                     struct str arn)
{
    set_str(about, "ImportArn", arn);
    set_str(about, "ImportStatus", STR("IN_PROGRESS"));
    set_str(about, "TableArn", table_arn(c->arena, table));
    set_str(about, "TableId", arena_dup(c->arena, str_of(table->id, TABLE_ID_BYTES)));
    copy(c, about, "ClientToken");
    copy(c, about, "S3BucketSource");
    set_int(about, "ErrorCount", 0);
    copy(c, about, "InputFormat");
    copy(c, about, "InputFormatOptions");
    set_str(about, "InputCompressionType",
            arg_has(c, "InputCompressionType") ? arg_str(c, "InputCompressionType") : STR("NONE"));
    copy(c, about, "TableCreationParameters");
    set_time(about, "StartTime", c->now);
}

/* With what a running job has done so far. */
static struct value *told(struct call *c, struct str arn)
{
    struct value *about =
        told_load(c, "import", arn, told_shape("DescribeImport", "ImportTableDescription"));
    const struct job *job = about == NULL ? NULL : job_of(dynamodb_of(c), arn);

    if (job != NULL) {
        set_int(about, "ErrorCount", (int64_t)job->failed);
        set_int(about, "ProcessedSizeBytes", (int64_t)job->read);
        set_int(about, "ProcessedItemCount", (int64_t)(job->items + job->failed));
        set_int(about, "ImportedItemCount", (int64_t)job->items);
    }
    return about;
}

/* ImportTable: a new table, which is CREATING until it has all items. */
status ddb_import_table(struct call *c)
{
    struct table *table;
    struct import import;
    struct job job = {.kind = JOB_IMPORT};
    struct str arn;

    TRY(told_token(c, "import", &DDB_IMPORT_CONFLICT, &arn));
    if (arn.bytes > 0 && told(c, arn) != NULL) {
        set_value(c->out, "ImportTableDescription", told(c, arn));
        return OK;
    }
    TRY(source_read(c, &import));
    TRY(name_free(c));
    TRY(table_wanted(c, &table));
    table_make(c, table);
    tally_save(c, table);
    arn = arena_printf(c->arena, "%.*s/import/%.*s", STR_ARG(table_arn(c->arena, table)),
                       STR_ARG(told_id(c)));
    describe(c, put_struct(c, "ImportTableDescription"), table, arn);
    told_save(c, "import", arn, get(c->out, "ImportTableDescription"));
    told_token_save(c, "import", arn);
    job.id = arn;
    job.table = table->name;
    job.target = table->number;
    job.about = import_pack(c->arena, &import);
    job_begin(c, &job);
    call_on(c, arn);
    return OK;
}

/* DescribeImport */
status ddb_describe_import(struct call *c)
{
    struct value *about = told(c, arg_str(c, "ImportArn"));

    if (about == NULL) {
        return fail(c, &DDB_IMPORT_NOT_FOUND, "Import not found: %.*s",
                    STR_ARG(arg_str(c, "ImportArn")));
    }
    set_value(c->out, "ImportTableDescription", about);
    return OK;
}

/* ---- the list ---- */

static void put_summary(struct call *c, struct value *one, const struct value *about)
{
    static const char *const members[] = {"ImportArn",   "ImportStatus", "TableArn",
                                          "S3BucketSource", "InputFormat", "StartTime", "EndTime"};

    (void)c;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (has(about, members[i])) {
            set_value(one, members[i], get(about, members[i]));
        }
    }
}

/* ListImports: the newest first. */
status ddb_list_imports(struct call *c)
{
    int64_t max = arg_int(c, "PageSize", LIST_MAX);
    struct value *list = put_list(c, "ImportSummaryList", (size_t)max);
    struct str of = arg_str(c, "TableArn");
    struct txn_scan *scan = NULL;
    struct str before, arn, last = STR_NONE;

    TRY(told_page_read(c, &before));
    for (int looks = 0; told_next(c, "import", before, &scan, &arn); looks++) {
        const struct value *about = told(c, arn);

        if (list->count == (uint32_t)max || looks == LOOKS_MAX) {
            put_str(c, "NextToken", told_page(c, last, TOKEN_BYTES_MIN));
            txn_scan_close(scan);
            break;
        }
        last = arn;
        if (of.bytes == 0 || str_eq(of, get_str(about, "TableArn"))) {
            put_summary(c, list_add(c->arena, list), about);
        }
    }
    return OK;
}
