/* SPDX-License-Identifier: Apache-2.0
 *
 * The job of an export.
 *
 *   ("dynamodb", "export-file", job, file)    a file's line of manifest-files.json
 *
 * Rules
 *  1. Lines gather in memory, outside the cell; a file of them is put in the entry that notes how
 *     far the items have come and what the manifest says of it. So after a crash the export goes on
 *     behind its last file.
 *  2. The manifests come last, in the entry that ends the job: they name files that are there.
 *  3. A bucket that is not there, or does not take the files, ends the export as FAILED.
 */
#include "svc/dynamodb/export.h"

#include "base/codec.h"
#include "base/compress.h"
#include "base/cursor.h"
#include "base/digest.h"
#include "base/mem.h"
#include "bus/bucket_file.h"
#include "wire/json.h"

#include <assert.h>

#define LINE_BYTES_MAX (16u << 20) /* one more always fits: a change of two large items as JSON */
#define PACKED_BYTES_MAX (64u << 20)
#define MANIFEST_BYTES_MAX (64u << 20)
#define NAME_LETTERS 26

struct export_work {
    struct buf lines;     /* of the file being made */
    uint64_t items;       /* in it */
    struct str after;     /* lines are of items up to this suffix; owned */
    bool ended;           /* of all there are */
    bool started;         /* _started is there */
};

/* ---- what it knows ---- */

struct str export_pack(struct arena *arena, const struct export *export)
{
    struct buf packed;
    struct str text;

    buf_init(&packed, 64u * 1024);
    write_u8(&packed, (uint8_t)(export->incremental | export->old_images << 1));
    write_str(&packed, export->bucket);
    write_str(&packed, export->owner);
    write_str(&packed, export->prefix);
    text = arena_dup(arena, buf_str(&packed));
    buf_done(&packed);
    return text;
}

bool export_unpack(struct str packed, struct export *ret_export)
{
    struct cursor cursor = cursor_of(packed);
    uint8_t flags = read_u8(&cursor);

    ret_export->incremental = (flags & 1) != 0;
    ret_export->old_images = (flags & 2) != 0;
    ret_export->bucket = read_str(&cursor);
    ret_export->owner = read_str(&cursor);
    ret_export->prefix = read_str(&cursor);
    return cursor_done(&cursor);
}

static struct export export_of(const struct job *job)
{
    struct export export;
    bool good = export_unpack(job->about, &export);

    assert(good);
    return export;
}

/* "PREFIX/" or "" */
static struct str prefix_of(struct arena *arena, const struct export *export)
{
    return export->prefix.bytes == 0 || str_ends(export->prefix, STR("/"))
               ? export->prefix
               : arena_printf(arena, "%.*s/", STR_ARG(export->prefix));
}

static struct str id_of(struct str arn)
{
    size_t at = arn.bytes;

    while (at > 0 && arn.at[at - 1] != '/') {
        at--;
    }
    return str_slice(arn, at, arn.bytes);
}

struct str export_key(struct arena *arena, const struct export *export, struct str arn,
                      const char *name)
{
    return arena_printf(arena, "%.*sAWSDynamoDB/%.*s/%s", STR_ARG(prefix_of(arena, export)),
                        STR_ARG(id_of(arn)), name);
}

struct str export_data_key(struct arena *arena, const struct export *export, struct str arn,
                           struct str name)
{
    return export->incremental
               ? arena_printf(arena, "%.*sAWSDynamoDB/data/%.*s.json.gz",
                              STR_ARG(prefix_of(arena, export)), STR_ARG(name))
               : arena_printf(arena, "%.*sAWSDynamoDB/%.*s/data/%.*s.json.gz",
                              STR_ARG(prefix_of(arena, export)), STR_ARG(id_of(arn)),
                              STR_ARG(name));
}

static struct str row_of(struct arena *arena, const struct job *job, uint64_t file)
{
    struct key key = row_kind(arena, "export-file");

    key_u64(&key, job->number);
    key_u64(&key, file);
    return key_end(&key);
}

static struct str rows_of_job(struct arena *arena, const struct job *job)
{
    struct key key = row_kind(arena, "export-file");

    key_u64(&key, job->number);
    return key_end(&key);
}

/* ---- how it ends ---- */

static struct value *told_of(struct call *c, const struct job *job)
{
    struct value *about = told_load(c, "export", job->id,
                                    told_shape("DescribeExport", "ExportDescription"));

    assert(about != NULL);
    return about;
}

static void rows_forget(struct call *c, const struct job *job)
{
    struct txn_scan *scan = txn_scan_prefix(c->txn, rows_of_job(c->arena, job));
    struct str key, value;

    while (txn_room(c->txn) > 16 && txn_scan_next(scan, &key, &value)) {
        txn_delete(c->txn, arena_dup(c->arena, key));
    }
    txn_scan_close(scan);
}

/* In a step that put nothing: the export could not be. */
static status end_failed(struct call *c, struct job *job, status refused)
{
    struct value *about = told_of(c, job);

    set_str(about, "ExportStatus", STR("FAILED"));
    set_time(about, "EndTime", c->now);
    set_str(about, "FailureCode", str_c(file_refusal(refused)));
    set_str(about, "FailureMessage", arena_dup(c->arena, str_c(c->why.text)));
    told_save(c, "export", job->id, about);
    rows_forget(c, job);
    job_over(c, job);
    c->why.text[0] = '\0';
    return OK;
}

/* ---- steps in the cell ---- */

/* What a turn hands into its step, and gets out. */
struct export_step {
    struct job *job;              /* whose */
    struct export_work *work;     /* its */
    struct past_step items;       /* read */
    int64_t *at_ms;               /* of the last change of each */
    struct key_schema schema;     /* of the table; names in the step's arena */
    struct bucket_file *file;     /* to be put */
    struct str line;              /* of the manifest */
    struct str manifest;          /* all of its lines */
    bool put;                     /* the first file is in its bucket */
};

static void schema_copy(struct arena *arena, const struct key_schema *from, struct key_schema *to)
{
    *to = *from;
    for (uint8_t i = 0; i < from->count; i++) {
        to->names[i] = arena_dup(arena, from->names[i]);
    }
}

static status moments_read(struct call *c, struct export_step *step)
{
    step->at_ms = arena_zero(c->arena, (step->items.count + 1) * sizeof(int64_t));
    for (size_t i = 0; i < step->items.count; i++) {
        struct log_range range = {step->job->source.log, step->items.items[i].last, 1,
                                  LOG_RECORD_BYTES_MAX};
        struct log_record record;
        size_t count = 0;

        TRY(txn_log_read(c->txn, &range, &record, &count));
        step->at_ms[i] = count == 1 ? record.at_ms : 0;
    }
    return OK;
}

static status step_read(struct call *c, void *arg)
{
    struct export_step *step = arg;
    struct job *job = step->job;
    struct export export = export_of(job);
    struct past_range range = {.of = job->source, .cut = job->cut, .until = job->until,
                               .changes = export.incremental, .after = step->work->after};
    struct table *table = job_table(c, job);

    assert(table != NULL);
    schema_copy(c->arena, &table->schema, &step->schema);
    TRY(past_gather(c, &range, &step->items));
    return export.incremental ? moments_read(c, step) : OK;
}

static status step_start(struct call *c, void *arg)
{
    struct export_step *step = arg;
    status put = file_put(c, step->file, step->job->id);

    call_on(c, step->job->id);
    step->put = put == OK;
    return put == OK ? OK : end_failed(c, step->job, put);
}

static status step_file(struct call *c, void *arg)
{
    struct export_step *step = arg;
    struct job *job = step->job;
    status put = file_put(c, step->file, job->id);

    call_on(c, job->id);
    step->put = put == OK;
    if (put != OK) {
        return end_failed(c, job, put);
    }
    txn_put(c->txn, row_of(c->arena, job, job->files), step->line);
    job->files++;
    job->items += step->work->items;
    job->line = step->work->ended;
    text_set(&job->after, step->work->after);
    job_save(c, job);
    return OK;
}

static status step_gather_manifest(struct call *c, void *arg)
{
    struct export_step *step = arg;
    struct txn_scan *scan = txn_scan_prefix(c->txn, rows_of_job(c->arena, step->job));
    struct str key, value;
    struct buf text;

    buf_init(&text, MANIFEST_BYTES_MAX);
    while (txn_scan_next(scan, &key, &value)) {
        buf_add(&text, value);
    }
    txn_scan_close(scan);
    step->manifest = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    return OK;
}

/* The description as it will be. */
static struct value *complete(struct call *c, const struct job *job)
{
    struct export export = export_of(job);
    struct value *about = told_of(c, job);

    set_str(about, "ExportStatus", STR("COMPLETED"));
    set_time(about, "EndTime", c->now);
    set_int(about, "ItemCount", (int64_t)job->items);
    set_int(about, "BilledSizeBytes", (int64_t)job->bytes);
    set_str(about, "ExportManifest",
            export_key(c->arena, &export, job->id, "manifest-summary.json"));
    return about;
}

static void small_file(struct call *c, struct bucket_file *file, const char *name,
                       const char *type, struct str bytes)
{
    const struct job *job = c->kept;
    struct export export = export_of(job);
    status made;

    *file = (struct bucket_file){.bucket = export.bucket, .owner = export.owner,
                                 .key = export_key(c->arena, &export, job->id, name),
                                 .type = type, .principal = DDB_PRINCIPAL};
    assert(bytes.bytes <= CALL_BODY_INLINE_MAX);
    made = file_make(c->cell, bytes, file); /* in memory: nothing is written */
    assert(made == OK);
}

static struct str checksum_text(struct arena *arena, struct str bytes)
{
    uint8_t sum[MD5_BYTES];
    char *text = arena_alloc(arena, base64_encoded_bytes(MD5_BYTES));

    md5(bytes, sum);
    base64_encode(str_of((const char *)sum, MD5_BYTES), text);
    return str_of(text, base64_encoded_bytes(MD5_BYTES));
}

/* The manifest of files was made outside; the summary and sums are small. */
static status step_end(struct call *c, void *arg)
{
    struct export_step *step = arg;
    struct job *job = step->job;
    struct value *about = complete(c, job);
    struct bucket_file files[3];
    struct buf text;
    struct str summary;
    status put = file_put(c, step->file, job->id);

    call_on(c, job->id);
    step->put = put == OK;
    if (put != OK) {
        return end_failed(c, job, put);
    }
    buf_init(&text, 64u * 1024);
    export_summary(&text, about, step->file->key);
    summary = arena_dup(c->arena, buf_str(&text));
    buf_done(&text);
    c->kept = job;
    small_file(c, &files[0], "manifest-files.checksum", "text/plain",
               checksum_text(c->arena, step->manifest));
    small_file(c, &files[1], "manifest-summary.json", "application/json", summary);
    small_file(c, &files[2], "manifest-summary.checksum", "text/plain",
               checksum_text(c->arena, summary));
    for (int i = 0; i < 3; i++) {
        put = file_put(c, &files[i], job->id);
        assert(put == OK); /* the same bucket took one a moment ago */
    }
    told_save(c, "export", job->id, about);
    rows_forget(c, job);
    job_over(c, job);
    return OK;
}

/* ---- on the thread ---- */

static void work_free(void *arg)
{
    struct export_work *work = arg;

    buf_done(&work->lines);
    text_set(&work->after, STR_NONE);
    mem_free(work);
}

static struct export_work *work_of(struct job *job)
{
    struct export_work *work = job->work;

    if (work == NULL) {
        work = MEM_NEW(struct export_work);
        buf_init(&work->lines, EXPORT_FILE_BYTES + LINE_BYTES_MAX);
        text_set(&work->after, job->after);
        work->started = job->files > 0;
        job->work = work;
    }
    return work;
}

static void render(struct export_step *step, struct arena *arena)
{
    struct export export = export_of(step->job);
    struct export_work *work = step->work;

    for (size_t i = 0; i < step->items.count; i++) {
        const struct past_item *item = &step->items.items[i];

        if (export.incremental) {
            struct export_change change = {&step->schema, item, step->at_ms[i],
                                           export.old_images};

            work->items += export_change_line(&work->lines, arena, &change);
        } else {
            export_line(&work->lines, arena, &item->before);
            work->items++;
        }
    }
}

static status turn_read(struct job *job, struct cell *cell, struct arena *arena)
{
    struct export_step step = {.job = job, .work = job->work};

    TRY(job_do(job, cell, arena, step_read, &step));
    render(&step, arena);
    step.work->ended = step.items.ended;
    text_set(&step.work->after, step.items.after);
    return buf_spent(&step.work->lines) ? &ERR_LIMIT : OK;
}

static struct str name_new(struct arena *arena)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint8_t random[NAME_LETTERS];
    char *name = arena_alloc(arena, NAME_LETTERS);

    rand_secret(random, sizeof(random));
    for (int i = 0; i < NAME_LETTERS; i++) {
        name[i] = letters[random[i] % 32];
    }
    return str_of(name, NAME_LETTERS);
}

static struct bucket_file file_of(const struct job *job, struct str key, const char *type)
{
    struct export export = export_of(job);

    return (struct bucket_file){.bucket = export.bucket, .owner = export.owner, .key = key,
                                .type = type, .principal = DDB_PRINCIPAL};
}

static struct str manifest_line(struct arena *arena, const struct bucket_file *file,
                                uint64_t items)
{
    char sum[32];
    char hex[2 * MD5_BYTES];
    struct buf text;
    struct str line;

    base64_encode(str_of((const char *)file->content.md5, MD5_BYTES), sum);
    hex_encode(str_of((const char *)file->content.md5, MD5_BYTES), hex);
    buf_init(&text, 64u * 1024);
    buf_printf(&text,
               "{\"itemCount\":%llu,\"md5Checksum\":\"%.*s\",\"etag\":\"%.*s\","
               "\"dataFileS3Key\":",
               (unsigned long long)items, (int)base64_encoded_bytes(MD5_BYTES), sum,
               2 * MD5_BYTES, hex);
    json_write_str(&text, file->key);
    buf_add(&text, STR("}\n"));
    line = arena_dup(arena, buf_str(&text));
    buf_done(&text);
    return line;
}

/* Puts what was made; its blob goes when that did not come about. */
static status put(struct export_step *step, struct cell *cell, struct arena *arena,
                  status (*run)(struct call *c, void *arg))
{
    status done = job_do(step->job, cell, arena, run, step);

    if (!step->put) {
        file_drop(cell, step->file);
    }
    return done;
}

static status turn_file(struct job *job, struct cell *cell, struct arena *arena)
{
    struct export export = export_of(job);
    struct export_work *work = job->work;
    struct bucket_file file = file_of(
        job, export_data_key(arena, &export, job->id, name_new(arena)), "binary/octet-stream");
    struct export_step step = {.job = job, .work = work, .file = &file};
    struct buf packed;
    status done;

    buf_init(&packed, PACKED_BYTES_MAX);
    done = compress_add(&packed, COMPRESSION_GZIP, buf_str(&work->lines));
    if (done == OK) {
        done = file_make(cell, buf_str(&packed), &file);
    }
    if (done == OK) {
        step.line = manifest_line(arena, &file, work->items);
        done = put(&step, cell, arena, step_file);
    }
    buf_done(&packed);
    if (done == OK) {
        buf_clear(&work->lines);
        work->items = 0;
    }
    return done;
}

static status turn_start(struct job *job, struct cell *cell, struct arena *arena)
{
    struct export export = export_of(job);
    struct export_work *work = job->work;
    struct bucket_file file =
        file_of(job, export_key(arena, &export, job->id, "_started"), "application/octet-stream");
    struct export_step step = {.job = job, .work = work, .file = &file};

    TRY(file_make(cell, STR(""), &file));
    TRY(put(&step, cell, arena, step_start));
    work->started = true;
    return OK;
}

static status turn_end(struct job *job, struct cell *cell, struct arena *arena)
{
    struct export export = export_of(job);
    struct bucket_file file = file_of(
        job, export_key(arena, &export, job->id, "manifest-files.json"), "application/json");
    struct export_step step = {.job = job, .work = job->work, .file = &file};

    TRY(job_do(job, cell, arena, step_gather_manifest, &step));
    TRY(file_make(cell, step.manifest, &file));
    return put(&step, cell, arena, step_end);
}

static status export_turn(struct job *job, struct cell *cell, struct arena *arena)
{
    struct export_work *work = work_of(job);

    if (!work->started) {
        return turn_start(job, cell, arena);
    }
    if (job->line != 0) {
        return turn_end(job, cell, arena);
    }
    if (!work->ended && work->lines.bytes < EXPORT_FILE_BYTES) {
        return turn_read(job, cell, arena);
    }
    return turn_file(job, cell, arena);
}

const struct job_way job_export = {"Export", NULL, export_turn, work_free};
