/* SPDX-License-Identifier: Apache-2.0
 *
 * The job of a bulk operation. Its objects are read as an import's are (import_int.h).
 *
 *   ("dynamodb", "bulk-line", job, report, serial)    lines of a report that are in no file yet
 *
 * Rules
 *  1. An item goes in as by PutItem, with its line's condition: indexes, streams, tallies follow.
 *     Each is judged behind those before it, so of two with one key the last stays.
 *  2. What could not be put leaves a line in the entry that counts it; lines become a file, and go,
 *     in one entry. So after a crash a report tells everything once.
 *  3. The table's throughput is for requests: a bulk operation takes none of it, and is slowed down
 *     by its MaxWriteRequestUnits only.
 *  4. A report that its bucket does not take ends the operation as FAILED.
 */
#include "svc/dynamodb/bulk.h"

#include "base/compress.h"
#include "base/mem.h"
#include "base/time.h"
#include "bus/bucket_file.h"
#include "bus/sink.h"
#include "svc/dynamodb/export.h"
#include "svc/dynamodb/import_int.h"
#include "svc/dynamodb/item_op.h"

#include <assert.h>

#define LIST_COUNT 500               /* objects sized in one step */
#define LINES_BYTES (1u << 20)       /* of lines in a step before it ends … */
#define LINES_BYTES_MAX (32u << 20)  /* … and with the last one's */
#define STEP_WEIGHT (8u << 20)
#define STEP_ROOM 256                /* changes that one item may stage, generously */
#define FILE_ROWS_MAX 500            /* rows of lines that become one file */
#define FILE_BYTES (8u << 20)        /* the same */
#define PACKED_BYTES_MAX (64u << 20)
#define SUMMARY_BYTES_MAX (60u * 1024)

enum report { REPORT_ERROR, REPORT_CONDITION, REPORTS };
static const char *const report_names[REPORTS] = {"error", "condition-check-failure"};

struct bulk_work {
    struct export out;          /* where files go; texts in the work's lasting arena */
    bool wanted[REPORTS];       /* OutputType */
    int64_t units_max;          /* a second; 0: as it comes */
    bool sized;                 /* TotalInputBytes is told */
    struct str sized_to;        /* objects up to that key are counted */
    uint64_t bytes;             /* of them */
    size_t rows;                /* of lines, about */
    bool ended;                 /* all is put that will be */
    status failed;              /* why not all of it */
    struct str why;             /* the sentence */
};

/* What a turn hands into its step, and gets out. */
struct bulk_step {
    struct job *job;            /* whose */
    struct import_work *work;   /* its */
    struct str text;            /* lines of one report */
    struct str *rows;           /* theirs */
    size_t row_count;           /* of them */
    enum report report;         /* which */
    struct bucket_file *file;   /* to be put */
    bool put;                   /* it is in its bucket */
};

/* ---- what is known of it ---- */

struct value *bulk_told(struct call *c, struct str arn)
{
    return told_load(c, "bulk", arn,
                     told_shape("DescribeBulkOperation", "BulkOperationDescription"));
}

void bulk_tell(struct value *about, const struct job *job)
{
    set_int(about, "ProcessedItemCount", (int64_t)(job->items + job->failed + job->refused));
    set_int(about, "ProcessedInputBytes", (int64_t)job->read);
    set_int(about, "FailedItemCount", (int64_t)job->failed);
}

static struct bulk_work *bulk_of(const struct import_work *work)
{
    return work->more;
}

static struct str rows_of_report(struct arena *arena, const struct job *job, enum report report)
{
    struct key key = row_kind(arena, "bulk-line");

    key_u64(&key, job->number);
    key_u64(&key, report);
    return key_end(&key);
}

/* A broken rest of an object is counted only when its line is there. */
static struct str row_of_lines(struct arena *arena, const struct import_step *step,
                               enum report report)
{
    const struct job *job = step->job;
    struct key key = row_kind(arena, "bulk-line");

    key_u64(&key, job->number);
    key_u64(&key, report);
    key_u64(&key, job->items + job->failed + job->refused + step->work->broken);
    return key_end(&key);
}

/* ---- items, in the cell ---- */

/* What one step puts. */
struct putting {
    struct import_step *step;     /* whose records */
    struct table *table;          /* into which */
    struct cost cost;             /* so far */
    size_t weight;                /* of what is staged */
    struct buf lines[REPORTS];    /* of what could not be put */
};

static bool has_condition(const struct value *line)
{
    return has(line, "ConditionExpression") || has(line, "ExpressionAttributeNames") ||
           has(line, "ExpressionAttributeValues");
}

static status judge(struct call *c, struct putting *putting, const struct import_record *record,
                    struct item_write *write)
{
    *write = (struct item_write){.kind = WRITE_PUT, .given = record->item};
    if (record->item.packed.bytes == 0) {
        return fail(c, &DDB_VALIDATION, "%.*s", STR_ARG(record->why));
    }
    if (has_condition(record->put)) {
        TRY(write_read(c, record->put, WRITE_PUT, false, write));
    }
    write->table = putting->table;
    TRY(write_bind(c, write));
    return write_judge(c, write);
}

static void put_one(struct call *c, struct putting *putting, const struct import_record *record)
{
    struct job *job = putting->step->job;
    const struct bulk_work *bulk = bulk_of(putting->step->work);
    struct bulk_place place = {putting->step->work->thing.key, record->number};
    struct item_write write;
    status judged = judge(c, putting, record, &write);

    if (judged == OK) {
        write_stage(c, &write, &putting->cost);
        putting->weight += write_weight(&write);
        job->items++;
        job->bytes += write.item.bytes;
    } else if (judged == &DDB_CONDITION_FAILED) {
        job->refused++;
        if (bulk->wanted[REPORT_CONDITION]) {
            bulk_condition_line(&putting->lines[REPORT_CONDITION], c->arena, &place,
                                &write.given, &write.old);
        }
    } else {
        job->failed++;
        if (bulk->wanted[REPORT_ERROR]) {
            bulk_error_line(&putting->lines[REPORT_ERROR], &place, str_c(c->why.text));
        }
    }
    c->why.text[0] = '\0';
}

static bool has_room(struct call *c, const struct putting *putting)
{
    return putting->weight < STEP_WEIGHT && txn_room(c->txn) > STEP_ROOM &&
           putting->lines[REPORT_ERROR].bytes + putting->lines[REPORT_CONDITION].bytes <
               LINES_BYTES;
}

static void lines_save(struct call *c, struct putting *putting)
{
    struct import_step *step = putting->step;

    for (int i = 0; i < REPORTS; i++) {
        assert(!buf_spent(&putting->lines[i]));
        if (putting->lines[i].bytes > 0) {
            txn_put(c->txn, row_of_lines(c->arena, step, (enum report)i),
                    arena_dup(c->arena, buf_str(&putting->lines[i])));
            bulk_of(step->work)->rows++;
        }
        buf_done(&putting->lines[i]);
    }
}

/* As many units as were written are to take their time. */
static void slow_down(struct call *c, struct job *job, const struct putting *putting)
{
    const struct bulk_work *bulk = bulk_of(putting->step->work);
    int64_t from_ms = job->paused_until_ms > c->now ? job->paused_until_ms : c->now;
    uint64_t units = putting->cost.write_units;

    for (size_t i = 0; i < putting->table->index_count; i++) {
        units += putting->table->indexes[i]->kind == INDEX_VECTOR
                     ? 0
                     : putting->cost.index_write_units[i];
    }
    if (bulk->units_max > 0) {
        job->paused_until_ms = from_ms + (int64_t)units * MS_PER_SECOND / bulk->units_max;
    }
}

static void bulk_put(struct call *c, struct import_step *step)
{
    struct putting putting = {.step = step, .table = job_table(c, step->job)};
    struct bulk_place rest = {step->work->thing.key, 0};

    assert(putting.table != NULL); /* jobs_use() */
    putting.cost.table = putting.table;
    buf_init(&putting.lines[REPORT_ERROR], LINES_BYTES_MAX);
    buf_init(&putting.lines[REPORT_CONDITION], LINES_BYTES_MAX);
    job_cause(c, step->job);
    c->limits = false;
    for (; step->at < step->count && has_room(c, &putting); step->at++) {
        put_one(c, &putting, &step->records[step->at]);
    }
    if (step->done && step->at == step->count && step->work->broken &&
        bulk_of(step->work)->wanted[REPORT_ERROR]) {
        bulk_error_line(&putting.lines[REPORT_ERROR], &rest,
                        STR("The rest of the object cannot be read"));
    }
    slow_down(c, step->job, &putting);
    lines_save(c, &putting);
}

static void bulk_end(struct call *c, struct import_step *step, status failed)
{
    struct bulk_work *bulk = bulk_of(step->work);

    bulk->ended = true;
    bulk->failed = failed;
    bulk->why = arena_dup(step->work->lasting, str_c(c->why.text));
    c->why.text[0] = '\0';
}

static const struct import_way way_of_bulk = {import_put_line, bulk_end, bulk_put};

/* ---- its beginning ---- */

static status step_load(struct call *c, void *arg)
{
    struct bulk_step *step = arg;
    struct arena *lasting = step->work->lasting;
    struct bulk_work *bulk = bulk_of(step->work);
    const struct value *about = bulk_told(c, step->job->id);
    const struct value *out = get(about, "OutputS3Configuration");
    const struct value *types = get(out, "OutputType");
    struct str owner = get_str(out, "S3BucketOwner");

    bulk->out = (struct export){
        .bucket = arena_dup(lasting, get_str(out, "S3Bucket")),
        .owner = arena_dup(lasting, owner.bytes > 0 ? owner : c->account),
        .prefix = arena_dup(lasting, get_str(out, "S3KeyPrefix"))};
    for (uint32_t i = 0; i < types->count; i++) {
        bool error = str_eq(types->items[i].str, STR("ERROR"));

        bulk->wanted[error ? REPORT_ERROR : REPORT_CONDITION] = true;
    }
    bulk->units_max = get_int(about, "MaxWriteRequestUnits", 0);
    bulk->sized = has(about, "TotalInputBytes");
    return OK;
}

/* Some more objects are counted. What cannot be listed is told when the first is to be read. */
static status step_size(struct call *c, void *arg)
{
    struct bulk_step *step = arg;
    struct bulk_work *bulk = bulk_of(step->work);
    struct import import = import_of(step->job);
    struct depot_ask ask = import_ask(c, &import);
    struct depot_span span = {
        .prefix = import.prefix, .after = bulk->sized_to, .count_max = LIST_COUNT};
    struct depot_thing *things = arena_alloc(c->arena, LIST_COUNT * sizeof(*things));
    struct value *about;
    size_t count = 0;
    status listed = bus_list(c, &ask, &span, things, &count);

    c->why.text[0] = '\0';
    for (size_t i = 0; listed == OK && i < count; i++) {
        bulk->bytes += things[i].bytes;
    }
    bulk->sized = listed != OK || count < LIST_COUNT;
    if (!bulk->sized) {
        bulk->sized_to = arena_dup(step->work->lasting, things[count - 1].key);
    } else if (listed == OK) {
        call_on(c, step->job->id);
        about = bulk_told(c, step->job->id);
        set_int(about, "TotalInputBytes", (int64_t)bulk->bytes);
        told_save(c, "bulk", step->job->id, about);
    }
    return OK;
}

/* ---- its reports ---- */

/* Lines of the first report that has some. */
static status step_gather(struct call *c, void *arg)
{
    struct bulk_step *step = arg;
    struct buf text;
    struct str key, value;

    buf_init(&text, FILE_BYTES + LINES_BYTES_MAX);
    step->rows = arena_alloc(c->arena, FILE_ROWS_MAX * sizeof(struct str));
    for (int i = 0; i < REPORTS && step->row_count == 0; i++) {
        struct txn_scan *scan =
            txn_scan_prefix(c->txn, rows_of_report(c->arena, step->job, (enum report)i));

        step->report = (enum report)i;
        while (step->row_count < FILE_ROWS_MAX && text.bytes < FILE_BYTES &&
               txn_scan_next(scan, &key, &value)) {
            step->rows[step->row_count++] = arena_dup(c->arena, key);
            buf_add(&text, value);
        }
        txn_scan_close(scan);
    }
    step->text = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return OK;
}

/* The lines go; those of a report that cannot be written, too. */
static status step_report(struct call *c, void *arg)
{
    struct bulk_step *step = arg;
    struct bulk_work *bulk = bulk_of(step->work);
    status put = step->file != NULL ? file_put(c, step->file, step->job->id) : OK;

    call_on(c, step->job->id);
    step->put = put == OK;
    if (put != OK) {
        bulk->ended = true;
        bulk->failed = put;
        bulk->why = arena_dup(step->work->lasting, str_c(c->why.text));
        c->why.text[0] = '\0';
    }
    for (size_t i = 0; i < step->row_count; i++) {
        txn_delete(c->txn, step->rows[i]);
    }
    step->job->files += step->put && step->file != NULL;
    job_save(c, step->job);
    return OK;
}

static struct str name_of_file(struct arena *arena, const struct bulk_step *step)
{
    const struct bulk_work *bulk = bulk_of(step->work);
    const char *name = arena_printf(arena, "%s/%06llu.json.gz%c", report_names[step->report],
                                    (unsigned long long)step->job->files, '\0').at;

    return export_key(arena, &bulk->out, step->job->id, name);
}

static status report_write(struct bulk_step *step, struct cell *cell, struct arena *arena)
{
    const struct bulk_work *bulk = bulk_of(step->work);
    struct bucket_file file = {.bucket = bulk->out.bucket, .owner = bulk->out.owner,
                               .key = name_of_file(arena, step), .type = "application/gzip",
                               .principal = DDB_PRINCIPAL};
    struct buf packed;
    status done;

    buf_init(&packed, PACKED_BYTES_MAX);
    done = compress_add(&packed, COMPRESSION_GZIP, step->text);
    if (done == OK) {
        done = file_make(cell, buf_str(&packed), &file);
    }
    if (done == OK) {
        step->file = &file;
        done = job_do(step->job, cell, arena, step_report, step);
        step->file = NULL;
        if (!step->put) {
            file_drop(cell, &file);
        }
    }
    buf_done(&packed);
    return done;
}

/* ---- its end ---- */

static void tell_usage(struct call *c, struct value *about, const struct job *job)
{
    struct value *usage = list_add(c->arena, set_list(c->arena, about, "BulkOperationUsage", 1));

    set_str(usage, "TableName", arena_dup(c->arena, job->table));
    set_int(set_struct(c->arena, usage, "Table"), "BulkPutBytes", (int64_t)job->bytes);
}

static void tell_failure(struct value *about, struct str code, struct str message)
{
    set_str(about, "FailureCode", code);
    set_str(about, "FailureMessage", message);
}

static void tell_end(struct call *c, const struct bulk_step *step, struct value *about)
{
    const struct job *job = step->job;
    const struct bulk_work *bulk = bulk_of(step->work);

    bulk_tell(about, job);
    tell_usage(c, about, job);
    set_time(about, "EndTime", c->now);
    if (job->cancelled) {
        set_str(about, "BulkOperationStatus", STR("CANCELLED"));
        tell_failure(about, STR("Cancelled"), STR("The bulk operation was cancelled"));
    } else if (bulk->failed != OK) {
        set_str(about, "BulkOperationStatus", STR("FAILED"));
        tell_failure(about,
                     bulk->failed == &ERR_NOT_FOUND ? STR("S3NoSuchKey")
                                                    : str_c(file_refusal(bulk->failed)),
                     arena_dup(c->arena, bulk->why));
    } else {
        set_str(about, "BulkOperationStatus",
                job->failed > 0 ? STR("COMPLETED_WITH_ERRORS") : STR("COMPLETED"));
    }
}

/* The summary, which is small; in memory, nothing is written. */
static status summary_put(struct call *c, const struct bulk_step *step, const struct value *about)
{
    const struct bulk_work *bulk = bulk_of(step->work);
    struct bucket_file file = {
        .bucket = bulk->out.bucket, .owner = bulk->out.owner, .type = "application/json",
        .principal = DDB_PRINCIPAL,
        .key = export_key(c->arena, &bulk->out, step->job->id, "manifest-summary.json")};
    struct buf text;
    status made;

    buf_init(&text, SUMMARY_BYTES_MAX);
    bulk_summary(&text, about);
    assert(!buf_spent(&text));
    made = file_make(c->cell, arena_dup(c->arena, buf_str(&text)), &file);
    buf_done(&text);
    assert(made == OK);
    return file_put(c, &file, step->job->id);
}

static status step_over(struct call *c, void *arg)
{
    struct bulk_step *step = arg;
    const struct bulk_work *bulk = bulk_of(step->work);
    struct value *about = bulk_told(c, step->job->id);
    status put;

    call_on(c, step->job->id);
    tell_end(c, step, about);
    put = summary_put(c, step, about);
    if (put != OK && bulk->failed == OK && !step->job->cancelled) {
        set_str(about, "BulkOperationStatus", STR("FAILED"));
        tell_failure(about, str_c(file_refusal(put)),
                     arena_dup(c->arena, str_c(c->why.text)));
    }
    c->why.text[0] = '\0';
    told_save(c, "bulk", step->job->id, about);
    job_over(c, step->job);
    return OK;
}

/* ---- on the thread ---- */

static void bulk_free(void *arg)
{
    struct import_work *work = arg;

    mem_free(work->more);
    import_work_free(work);
}

static status turn_report(struct bulk_step *step, struct cell *cell, struct arena *arena)
{
    struct bulk_work *bulk = bulk_of(step->work);

    bulk->rows = 0;
    TRY(job_do(step->job, cell, arena, step_gather, step));
    if (step->row_count == 0) {
        return bulk->ended ? job_do(step->job, cell, arena, step_over, step) : OK;
    }
    return bulk->failed == OK ? report_write(step, cell, arena)
                              : job_do(step->job, cell, arena, step_report, step);
}

static status bulk_turn(struct job *job, struct cell *cell, struct arena *arena)
{
    struct bulk_step step = {.job = job};
    struct bulk_work *bulk;

    if (job->work == NULL) {
        TRY(import_begin(job, cell, arena, &way_of_bulk));
    }
    step.work = job->work;
    if (step.work->more == NULL) {
        step.work->more = MEM_NEW(struct bulk_work);
        TRY(job_do(job, cell, arena, step_load, &step));
    }
    bulk = bulk_of(step.work);
    if (!bulk->sized) {
        return job_do(job, cell, arena, step_size, &step);
    }
    if (bulk->ended || bulk->rows >= FILE_ROWS_MAX) {
        return turn_report(&step, cell, arena);
    }
    return import_read(job, cell, arena);
}

const struct job_way job_bulk = {"BulkPutItems", NULL, bulk_turn, bulk_free};
