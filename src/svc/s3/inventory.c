/* SPDX-License-Identifier: Apache-2.0
 *
 * Inventory: reports of what a bucket holds, as objects of another. Source: "Cataloging and
 * analyzing your data with S3 Inventory", AWS documentation.
 *
 *   PREFIX/BUCKET/ID/data/UUID.csv.gz                  lines, at most LINES_BYTES_MAX unpacked
 *   PREFIX/BUCKET/ID/YYYY-MM-DDTHH-MMZ/manifest.json   what the files are
 *   PREFIX/BUCKET/ID/YYYY-MM-DDTHH-MMZ/manifest.checksum   its MD5
 *   PREFIX/BUCKET/ID/hive/dt=YYYY-MM-DD-HH-MM/symlink.txt
 *
 * Rules
 *  1. A configuration has a durable timer at its next midnight (UTC; weekly: a Sunday's). When it
 *     is due, it is set an hour ahead and a *run* stands in line. One thread does all runs, in and
 *     out of the cell. A run's last step sets the timer to the next midnight. So a run that a crash
 *     ended is begun anew.
 *  2. A run has a token, kept as the configuration's progress. One whose token is no longer there
 *     (a later run began, the configuration is gone) ends.
 *  3. Each step in the cell is short: some hundred versions are read, or one file is written. The
 *     report is of no single moment, as S3's is not.
 *  4. The manifest comes last: it names files that are there.
 */
#include "base/codec.h"
#include "base/compress.h"
#include "base/digest.h"
#include "base/mem.h"
#include "bus/timer.h"
#include "cell/doing.h"
#include "svc/s3/inventory_int.h"
#include "wire/json.h"

#include <assert.h>

#define LINES_BYTES_MAX (CONTENT_IN_ROWS_MAX - 256u * 1024)
#define LINE_BYTES_MAX (128u * 1024) /* one more always fits */
#define STEP_VERSIONS 500
#define FILES_MAX 100000
#define ARENA_BYTES_MAX (64u * 1024 * 1024)
#define RUN_MS_MAX MS_PER_HOUR      /* then it is taken for lost */
#define MANIFEST_BYTES_MAX CONTENT_IN_ROWS_MAX

struct file_written {
    char id[36];                /* of its name */
    char md5[2 * MD5_BYTES];    /* hex */
    uint64_t size;              /* bytes, packed */
};

struct inventory_run {
    struct inventory_run *next; /* behind it in line */
    struct cell *cell;          /* where it goes in and out */
    struct str bucket, id;      /* owned: which configuration */
    struct str account, region; /* owned: the bucket's */
    struct str token;           /* owned: rule 2 */
    struct str target, prefix;  /* owned: bucket and keys of the report */
    struct str filter;          /* owned: only keys that start so */
    struct inventory_fields fields; /* columns */
    int64_t started_ms;         /* names the report */
    struct buf lines;           /* of the file being made */
    struct str after;           /* owned: the key of the last version seen */
    uint64_t below;             /* and its sequence */
    bool ended;                 /* every version was seen */
    struct file_written *files; /* written; owned */
    size_t file_count;          /* of them */
};

/* ---- names ---- */

static struct str timer_name(struct call *c, struct str bucket, struct str id)
{
    return arena_printf(c->arena, "inventory/%.*s/%.*s", STR_ARG(bucket), STR_ARG(id));
}

static struct str progress_name(struct call *c, struct str id)
{
    return arena_printf(c->arena, "inventory/%.*s", STR_ARG(id));
}

/* Below PREFIX/BUCKET/ID/. */
static struct str report_key(struct arena *arena, const struct inventory_run *run, struct str rest)
{
    return arena_printf(arena, "%.*s%s%.*s/%.*s/%.*s", STR_ARG(run->prefix),
                        run->prefix.bytes > 0 ? "/" : "", STR_ARG(run->bucket), STR_ARG(run->id),
                        STR_ARG(rest));
}

static struct str data_key(struct arena *arena, const struct inventory_run *run,
                           const struct file_written *file)
{
    return report_key(arena, run,
                      arena_printf(arena, "data/%.*s.csv.gz", 36, file->id));
}

/* ---- when ---- */

static int64_t next_due(int64_t now_ms, bool weekly)
{
    int64_t due_ms = (now_ms / MS_PER_DAY + 1) * MS_PER_DAY;

    while (weekly && time_parts_of(due_ms).weekday != 0) {
        due_ms += MS_PER_DAY;
    }
    return due_ms;
}

static const struct value *configuration_of(struct call *c, const struct bucket *bucket,
                                            struct str id)
{
    struct setting setting = {.kind = SETTING_INVENTORY,
                              .text = bucket_setting(bucket, SETTING_INVENTORY, id)};

    return setting.text.bytes == 0
               ? NULL
               : bucket_value(c->arena, &setting, setting_shape(SETTING_INVENTORY));
}

static bool is_enabled(const struct value *configuration)
{
    return configuration != NULL && get_bool(configuration, "IsEnabled", false);
}

static void timer_next(struct call *c, const struct bucket *bucket, struct str id,
                       const struct value *configuration)
{
    bool weekly = str_eq(get_str(get(configuration, "Schedule"), "Frequency"), STR("Weekly"));

    bus_timer_set(c, "s3", timer_name(c, bucket->name, id), next_due(c->now, weekly), STR_NONE);
}

void inventory_set(struct call *c, struct bucket *bucket, const struct value *former)
{
    struct str id = arg_str(c, "Id");
    const struct value *configuration = configuration_of(c, bucket, id);

    (void)former;
    if (is_enabled(configuration)) {
        timer_next(c, bucket, id, configuration);
        return;
    }
    bus_timer_unset(c, "s3", timer_name(c, bucket->name, id));
    bucket_set_setting(c, bucket, SETTING_PROGRESS, progress_name(c, id), STR_NONE);
}

/* ---- a run's life ---- */

static void run_free(struct inventory_run *run)
{
    struct str *const owned[] = {&run->bucket, &run->id,     &run->account, &run->region,
                                 &run->token,  &run->target, &run->prefix,  &run->filter,
                                 &run->after};

    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
        text_keep(owned[i], STR_NONE);
    }
    buf_done(&run->lines);
    mem_free(run->files);
    mem_free(run);
}

static struct inventory_run *run_new(struct call *c, const struct bucket *bucket, struct str id,
                           const struct value *configuration)
{
    const struct value *target =
        get(get(configuration, "Destination"), "S3BucketDestination");
    const struct value *filter = get(configuration, "Filter");
    struct inventory_run *run = MEM_NEW(struct inventory_run);
    char token[36];
    struct arn arn;
    bool read = arn_read(get_str(target, "Bucket"), &arn);

    assert(read); /* inventory_check() */
    rand_uuid(c->rand, token);
    run->cell = c->cell;
    text_keep(&run->bucket, bucket->name);
    text_keep(&run->id, id);
    text_keep(&run->account, bucket->account);
    text_keep(&run->region, bucket->region);
    text_keep(&run->token, str_of(token, sizeof(token)));
    text_keep(&run->target, arn.resource);
    text_keep(&run->prefix, get_str(target, "Prefix"));
    text_keep(&run->filter, filter == NULL ? STR_NONE : get_str(filter, "Prefix"));
    inventory_fields_read(configuration, &run->fields);
    run->started_ms = c->now;
    buf_init(&run->lines, LINES_BYTES_MAX + LINE_BYTES_MAX);
    return run;
}

/* ---- steps ---- */

/* The bucket, if this is still the run of it. */
static struct bucket *bucket_of_run(struct call *c, const struct inventory_run *run)
{
    struct bucket *bucket = bucket_find(s3_of(c), run->bucket);

    if (bucket == NULL ||
        !str_eq(bucket_setting(bucket, SETTING_PROGRESS, progress_name(c, run->id)),
                run->token) ||
        !is_enabled(configuration_of(c, bucket, run->id))) {
        return NULL;
    }
    return bucket;
}

static status fail_ended(struct call *c)
{
    return fail(c, &ERR_CLOSED, "the run is over");
}

static status step_read(struct call *c, void *arg)
{
    struct inventory_run *run = arg;
    struct bucket *bucket = bucket_of_run(c, run);
    struct object_scan_from from = {.prefix = run->filter, .versions = run->fields.versions};
    struct object_scan *scan;
    struct object object;
    struct object last = {.sequence = 0};
    int seen = 0;

    if (bucket == NULL) {
        return fail_ended(c);
    }
    if (run->fields.versions) {
        from.from_key = run->after;
        from.below_sequence = run->below;
    } else {
        from.after_key = run->after;
    }
    scan = object_scan(c, bucket, &from);
    run->ended = true;
    while (object_scan_next(scan, &object)) {
        if (seen == STEP_VERSIONS || run->lines.bytes > LINES_BYTES_MAX) {
            run->ended = false;
            break;
        }
        seen++;
        if (run->fields.versions || !object.delete_marker) {
            inventory_line_add(c, &run->lines, &run->fields, &object);
        }
        last = object;
    }
    object_scan_close(scan);
    if (last.sequence > 0) {
        text_keep(&run->after, last.key);
        run->below = last.sequence;
    }
    return OK;
}

/* A piece of the report, to be put. */
struct piece_of_report {
    struct inventory_run *run;
    struct str key, type, content; /* of the object */
};

static status step_write(struct call *c, void *arg)
{
    struct piece_of_report *piece = arg;
    struct bucket *target = bucket_find(s3_of(c), piece->run->target);

    if (bucket_of_run(c, piece->run) == NULL || target == NULL) {
        return fail_ended(c);
    }
    call_on(c, object_arn(c->arena, target->name, piece->key));
    return object_write(c, target, piece->key, piece->type, piece->content);
}

static status step_end(struct call *c, void *arg)
{
    struct inventory_run *run = arg;
    struct bucket *bucket = bucket_of_run(c, run);

    if (bucket == NULL) {
        return fail_ended(c);
    }
    bucket_set_setting(c, bucket, SETTING_PROGRESS, progress_name(c, run->id), STR_NONE);
    timer_next(c, bucket, run->id, configuration_of(c, bucket, run->id));
    call_on(c, bucket_arn(c->arena, bucket->name));
    return OK;
}

/* ---- a run ---- */

static status step(struct inventory_run *run, status (*doing)(struct call *c, void *arg), void *arg)
{
    struct doing step = {"s3", "Inventory", run->account, run->region, doing, arg};
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct why why;
    status done = cell_do(run->cell, &step, arena, &why);

    arena_free(arena);
    return done;
}

static status put(struct inventory_run *run, struct str key, struct str type, struct str content)
{
    struct piece_of_report piece = {run, key, type, content};

    return step(run, step_write, &piece);
}

/* The lines gathered, as a file; none when there are no lines. */
static status write_file(struct inventory_run *run, struct arena *arena)
{
    struct file_written *file;
    uint8_t hash[MD5_BYTES];
    struct rand rand;
    struct buf packed;
    status done;

    if (run->lines.bytes == 0) {
        return OK;
    }
    if (run->file_count == FILES_MAX) {
        return &ERR_LIMIT;
    }
    buf_init(&packed, CONTENT_IN_ROWS_MAX);
    done = compress_add(&packed, COMPRESSION_GZIP, buf_str(&run->lines));
    if (done == OK) {
        run->files = mem_grow(run->files, (run->file_count + 1) * sizeof(*run->files));
        file = &run->files[run->file_count++];
        rand_init_system(&rand);
        rand_uuid(&rand, file->id);
        md5(buf_str(&packed), hash);
        hex_encode(str_of(hash, sizeof(hash)), file->md5);
        file->size = packed.bytes;
        done = put(run, data_key(arena, run, file), STR("application/octet-stream"),
                   buf_str(&packed));
    }
    buf_done(&packed);
    buf_clear(&run->lines);
    return done;
}

static void manifest_write(const struct inventory_run *run, struct arena *arena, struct buf *text)
{
    buf_printf(text,
               "{\n  \"sourceBucket\" : \"%.*s\",\n"
               "  \"destinationBucket\" : \"arn:aws:s3:::%.*s\",\n"
               "  \"version\" : \"2016-11-30\",\n  \"creationTimestamp\" : \"%lld\",\n"
               "  \"fileFormat\" : \"CSV\",\n  \"fileSchema\" : \"",
               STR_ARG(run->bucket), STR_ARG(run->target), (long long)run->started_ms);
    inventory_schema_add(text, &run->fields);
    buf_add(text, STR("\",\n  \"files\" : [ "));
    for (size_t i = 0; i < run->file_count; i++) {
        const struct file_written *file = &run->files[i];

        buf_printf(text, "%s{\n    \"key\" : ", i > 0 ? ", " : "");
        json_write_str(text, data_key(arena, run, file));
        buf_printf(text, ",\n    \"size\" : %llu,\n    \"MD5checksum\" : \"%.*s\"\n  }",
                   (unsigned long long)file->size, 2 * MD5_BYTES, file->md5);
    }
    buf_add(text, STR(" ]\n}"));
}

static void symlink_write(const struct inventory_run *run, struct arena *arena, struct buf *text)
{
    for (size_t i = 0; i < run->file_count; i++) {
        buf_printf(text, "%ss3://%.*s/", i > 0 ? "\n" : "", STR_ARG(run->target));
        buf_add(text, data_key(arena, run, &run->files[i]));
    }
}

/* symlink.txt, manifest.json and its checksum. */
static status write_manifest(struct inventory_run *run, struct arena *arena)
{
    struct time_parts at = time_parts_of(run->started_ms);
    struct str folder = arena_printf(arena, "%04d-%02d-%02dT%02d-%02dZ", at.year, at.month,
                                     at.day, at.hour, at.minute);
    struct str hive = arena_printf(arena, "hive/dt=%04d-%02d-%02d-%02d-%02d/symlink.txt", at.year,
                                   at.month, at.day, at.hour, at.minute);
    struct str manifest = arena_printf(arena, "%.*s/manifest.json", STR_ARG(folder));
    struct str checksum = arena_printf(arena, "%.*s/manifest.checksum", STR_ARG(folder));
    uint8_t hash[MD5_BYTES];
    char hex[2 * MD5_BYTES];
    struct buf text;
    status done;

    buf_init(&text, MANIFEST_BYTES_MAX);
    symlink_write(run, arena, &text);
    done = buf_spent(&text) ? &ERR_LIMIT
                            : put(run, report_key(arena, run, hive), STR("text/plain"),
                                  buf_str(&text));
    buf_clear(&text);
    manifest_write(run, arena, &text);
    if (done == OK) {
        done = buf_spent(&text) ? &ERR_LIMIT
                                : put(run, report_key(arena, run, manifest),
                                      STR("application/json"), buf_str(&text));
    }
    if (done == OK) {
        md5(buf_str(&text), hash);
        hex_encode(str_of(hash, sizeof(hash)), hex);
        done = put(run, report_key(arena, run, checksum), STR("text/plain"),
                   str_of(hex, sizeof(hex)));
    }
    buf_done(&text);
    return done;
}

static status run_all(struct inventory_run *run, struct arena *arena)
{
    while (!run->ended) {
        if (cell_ending(run->cell)) {
            return &ERR_CLOSED;
        }
        TRY(step(run, step_read, run));
        if (run->lines.bytes > LINES_BYTES_MAX) {
            TRY(write_file(run, arena));
        }
    }
    TRY(write_file(run, arena));
    TRY(write_manifest(run, arena));
    return step(run, step_end, run);
}

/* ---- the line ---- */

/* The next run, or the end of the thread. */
static status step_next(struct call *c, void *arg)
{
    struct inventory_run **ret_run = arg;
    struct s3 *s3 = s3_of(c);

    *ret_run = s3->inventories;
    if (*ret_run == NULL) {
        s3->reporting = false;
    } else {
        s3->inventories = (*ret_run)->next;
    }
    return OK;
}

/* A run that fails is begun anew by its timer. */
static void runs_thread(struct cell *cell, void *arg)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct inventory_run *run;
    struct doing next = {"s3", "Inventory", STR_NONE, STR_NONE, step_next, &run};
    struct s3 *s3 = arg;
    struct why why;

    do {
        run = NULL;
        if (cell_do(cell, &next, arena, &why) != OK) {
            s3->reporting = false; /* whoever comes next in line starts another thread */
        }
        arena_clear(arena);
        if (run != NULL) {
            (void)run_all(run, arena);
            run_free(run);
            arena_clear(arena);
        }
    } while (run != NULL && !cell_ending(cell));
    arena_free(arena);
}

void inventories_close(struct s3 *s3)
{
    while (s3->inventories != NULL) {
        struct inventory_run *run = s3->inventories;

        s3->inventories = run->next;
        run_free(run);
    }
}

static void stand_in_line(struct s3 *s3, struct inventory_run *run)
{
    struct inventory_run **last = &s3->inventories;

    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = run;
    if (!s3->reporting) {
        s3->reporting = true;
        cell_spawn(s3->cell, runs_thread, s3);
    }
}

/* ---- the timer ---- */

status inventory_timer(struct call *c, struct str name)
{
    struct str id = str_slice(name, sizeof("inventory/") - 1, name.bytes);
    struct bucket *bucket = bucket_find(s3_of(c), str_split(&id, '/'));
    const struct value *configuration =
        bucket == NULL ? NULL : configuration_of(c, bucket, id);
    struct inventory_run *run;

    if (!is_enabled(configuration)) {
        return OK;
    }
    run = run_new(c, bucket, id, configuration);
    bucket_set_setting(c, bucket, SETTING_PROGRESS, progress_name(c, id), run->token);
    bus_timer_set(c, "s3", name, c->now + RUN_MS_MAX, STR_NONE);
    call_on(c, bucket_arn(c->arena, bucket->name));
    stand_in_line(s3_of(c), run);
    return OK;
}
